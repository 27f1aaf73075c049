// The time slicer (spec: scheduling; Win95 DDK S3377-S3392): who goes next among threads that the primary scheduler
// holds equal, and for how long. It decides about threads that nobody has boosted; boosted ones take turns (S3377,
// sched.c).
//
// The higher time-slice priority goes first (win32pri.c). Among equals every thread has a tag: the time it has had,
// divided by its VM's weight. Who has the smallest tag runs for a slice, so that in the long run each has time in
// proportion to its weight. The documentation gives the weights and their meaning, not the algorithm.
#include "vmm/defs.h"

enum { DEFAULT_FOREGROUND = 100, DEFAULT_BACKGROUND = 50, TIME_CRITICAL = 10000, MOST_SLICE_MS = 250 };

static const uint32_t SLICE_FLAGS = KIT_VMStat_Exclusive | KIT_VMStat_Background | KIT_VMStat_High_Pri_Back;
static const uint64_t NS_PER_MS = 1000000;

// There is no PIF to say otherwise: a VM runs in the background too until a driver takes that away.
void vmm_timeslice_new_vm(struct vmm *v, struct vmm_vm *vm)
{
    vm->foreground = DEFAULT_FOREGROUND;
    vm->background = DEFAULT_BACKGROUND;
    uint32_t at = vm->cb + KIT_CB_VM_Status;
    vmm_poke32(v, at, vmm_peek32(v, at) | KIT_VMStat_Background);
}

static uint32_t flags_of(struct vmm *v, uint32_t vm)
{
    return vmm_peek32(v, vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status);
}

static uint32_t weight(struct vmm *v, const struct vmm_thread *t)
{
    const struct vmm_vm *vm = vmm_vm_at(v, t->vm);
    uint32_t w = t->vm == v->s.focus ? vm->foreground : vm->background;
    return w ? w : 1;
}

// --- who

bool vmm_sliced(struct vmm *v, uint32_t thread)
{
    return vmm_priority(v, thread) == KIT_Reserved_Low_Boost;
}

// Is the VM on the time-slice list?
static bool on_list(struct vmm *v, uint32_t vm)
{
    const struct vmm_vm *m = vmm_vm_at(v, vm);
    if (!m->id || m->suspended || m->dead)
        return false;
    return m->system || vm == v->s.focus || flags_of(v, vm) & KIT_VMStat_Background;
}

// Neither in the foreground nor allowed in the background: it gets no slice (S337B). What is under way in ring 0, its
// beginning and its end go on.
bool vmm_slice_refused(struct vmm *v, uint32_t thread)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    const struct vmm_vm *vm = vmm_vm_at(v, t->vm);
    if (on_list(v, t->vm) || t->top || vm->end_flags || !vmm_sliced(v, thread))
        return false;
    return !(flags_of(v, t->vm) & KIT_VMStat_Creating);
}

// It can run again: it has no claim to time that it has not used.
void vmm_slice_join(struct vmm *v, struct vmm_thread *t)
{
    t->queued = 1;
    if (t->slice_tag < v->s.slice_clock)
        t->slice_tag = v->s.slice_clock;
}

// Something that must go before all slices: what is asked for from outside, and a VM that runs to the exclusion of
// others.
static unsigned rank(struct vmm *v, uint32_t thread)
{
    if (v->s.first_ticket && thread == v->s.system_thread && !vmm_thread_at(v, thread)->top)
        return 2;
    uint32_t vm = vmm_thread_at(v, thread)->vm;
    return vm == v->s.focus && flags_of(v, vm) & KIT_VMStat_Exclusive;
}

static uint64_t slice_ns(const struct vmm *v, const struct vmm_thread *t)
{
    int64_t ns = (int64_t)(v->s.slice_ms * NS_PER_MS) + t->slice_extra;
    return ns > 0 ? (uint64_t)ns : 0;
}

// Slices end at ticks. One that began shortly behind a tick ends with the tick, not with the next: parts of a
// millisecond do not count.
uint64_t vmm_slice_end(struct vmm *v)
{
    uint64_t end = v->s.turn_at + slice_ns(v, vmm_thread_at(v, v->s.current));
    return end - v->s.turn_at > NS_PER_MS ? end - NS_PER_MS : end;
}

// Does a go before b? Both can run and are sliced.
bool vmm_slice_before(struct vmm *v, uint32_t a, uint32_t b)
{
    unsigned ra = rank(v, a), rb = rank(v, b);
    if (ra != rb)
        return ra > rb;
    if (v->s.uneven) {
        uint32_t p = vmm_win32_priority(v, a), q = vmm_win32_priority(v, b);
        if (p != q)
            return p > q;
    }
    bool over = v->s.yield || vmm_time(v) >= vmm_slice_end(v);
    if (a == v->s.current || b == v->s.current) {
        if (!over || v->s.yield)
            return (a == v->s.current) == !over;
    }
    const struct vmm_thread *x = vmm_thread_at(v, a), *y = vmm_thread_at(v, b);
    return x->slice_tag != y->slice_tag ? x->slice_tag < y->slice_tag : x->last_run < y->last_run;
}

void vmm_slice_chosen(struct vmm *v, uint32_t thread)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    if (t->slice_tag > v->s.slice_clock)
        v->s.slice_clock = t->slice_tag;
}

void vmm_slice_ran(struct vmm *v, uint32_t thread, uint64_t ns)
{
    struct vmm_thread *t = vmm_thread_at(v, thread);
    t->slice_tag += ns * DEFAULT_FOREGROUND / weight(v, t);
}

// The slice of the current thread is over.
void vmm_slice_over(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    t->slice_extra = 0;
    vmm_priority_decays(v, t);
    v->s.turn_at = vmm_time(v);
}

// --- services

static uint32_t percent_of(struct vmm *v, uint32_t vm)
{
    uint64_t all = vmm_time(v);
    return all ? (uint32_t)(vmm_vm_run_ns(v, vm) * 100 / all) : 0;
}

// From Windows 95 on the numbers are no longer given back (S3388).
static void get_time_slice_priority(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = vmm_vm_row_or_report(v, r[X86_EBX], "Win95 DDK S3388");
    if (!vm)
        return;
    bool numbers = v->config.profile == VMM_PROFILE_31;
    const struct vmm_vm *m = vmm_vm_at(v, vm);
    uint32_t foreground = m->foreground < TIME_CRITICAL ? DEFAULT_FOREGROUND : TIME_CRITICAL;
    r[X86_EAX] = flags_of(v, vm) & SLICE_FLAGS;
    r[X86_ECX] = numbers ? m->foreground : foreground;
    r[X86_EDX] = numbers ? m->background : DEFAULT_BACKGROUND;
    r[X86_ESI] = numbers ? percent_of(v, vm) : 100;
}

static void set_time_slice_priority(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = vmm_vm_row_or_report(v, r[X86_EBX], "Win95 DDK S338B");
    bool ok = vm && !(r[X86_EAX] & ~SLICE_FLAGS) && r[X86_ECX] <= 0xFFFF && r[X86_EDX] <= 0xFFFF;
    vmm_set_flag(v, X86_CF, !ok);
    if (!ok)
        return;
    uint32_t at = vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status;
    vmm_poke32(v, at, (vmm_peek32(v, at) & ~SLICE_FLAGS) | r[X86_EAX]);
    v->s.uneven |= (r[X86_EAX] & KIT_VMStat_High_Pri_Back) != 0;
    vmm_vm_at(v, vm)->foreground = (uint16_t)r[X86_ECX];
    vmm_vm_at(v, vm)->background = (uint16_t)r[X86_EDX];
    v->s.reschedule = 1;
    vmm_settle_begin(v);
}

// A longer slice, now or the next time, that need not be paid back; negative: a shorter one that counts in full
// (S338E).
static void adjust_thread(struct vmm *v, struct vmm_thread *t, int32_t ms)
{
    int64_t ns = (int64_t)ms * (int64_t)NS_PER_MS, tag = ns * DEFAULT_FOREGROUND / weight(v, t);
    t->slice_extra += ns;
    t->slice_tag = tag > 0 && (uint64_t)tag > t->slice_tag ? 0 : t->slice_tag - (uint64_t)tag;
}

static void adjust_execution_time(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "Win95 DDK S338E");
    for (uint32_t i = 1; vm && on_list(v, vm) && i < vmm_table(v, VMM_TABLE_thread)->count; i++)
        if (vmm_thread_at(v, i)->id && vmm_thread_at(v, i)->vm == vm)
            adjust_thread(v, vmm_thread_at(v, i), (int32_t)vmm_regs(v)[X86_EAX]);
    v->s.reschedule = 1;
}

static void get_time_slice_info(struct vmm *v)
{
    uint32_t scheduled = 0, idle = 0;
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_vm)->count; i++) {
        const struct vmm_vm *vm = vmm_vm_at(v, i);
        if (!on_list(v, i))
            continue;
        scheduled++;
        idle += vmm_thread_at(v, vm->first_thread)->idle;
    }
    vmm_regs(v)[X86_EAX] = scheduled;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_ECX] = idle;
}

static void yield_begin(struct vmm *v)
{
    v->s.yield = v->s.reschedule = 1;
    vmm_settle_begin(v);
}

// The only one that takes slices has nobody to give the rest to (VDAG31 Release_Time_Slice).
static bool alone(struct vmm *v)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_vm)->count; i++)
        if (i != vmm_thread_at(v, v->s.current)->vm && on_list(v, i))
            return false;
    return true;
}

// What the service means has changed from 3.1 to 95 (S3380). Idleness begins at the next return to ring 3.
static void release_time_slice(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    bool old = v->config.profile == VMM_PROFILE_31;
    if (old && alone(v))
        return;
    if (!old && vmm_vm_at(v, t->vm)->system && v->s.current != v->s.system_thread) {
        yield_begin(v);
        return;
    }
    if (old && t->vm != v->s.focus && !(flags_of(v, t->vm) & KIT_VMStat_High_Pri_Back))
        t->slice_tag += 500 * NS_PER_MS * DEFAULT_FOREGROUND / weight(v, t);
    vmm_idle_set(v, v->s.current, true);
    v->s.reschedule = 1;
}

// Idle for a while: until Wake_Up_VM (ZF=1) or the time is over (ZF=0; S3381).
static void time_slice_sleep(struct vmm *v)
{
    int32_t ms = (int32_t)vmm_regs(v)[X86_EAX];
    if (v->s.crit_owner == v->s.current)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3381",
                   "Time_Slice_Sleep while owning the critical section");
    uint32_t time = ms < 0 ? 0u - (uint32_t)ms : (uint32_t)ms;
    vmm_set_flag(v, X86_ZF, false);
    if (!time)
        yield_begin(v);
    else if (vmm_timeout_start(v, VMM_TIMEOUT_WAKE, time, v->s.current, 0, 0))
        vmm_block_begin(v, VMM_BLOCK_SLEEP, v->s.current, KIT_Block_Svc_Ints, 0);
    else
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a thread to sleep");
}

static void wake_up_begin(struct vmm *v, uint32_t vm)
{
    vmm_idle_wake(v, vm);
    vmm_settle_begin(v);
}

static void wake_up_vm(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "Win95 DDK S3384");
    if (vm)
        wake_up_begin(v, vm);
}

static void wake_sys_vm(struct vmm *v)
{
    wake_up_begin(v, v->s.system_vm);
}

static void get_granularity(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = v->s.slice_ms;
}

static void set_granularity(struct vmm *v)
{
    uint32_t ms = vmm_regs(v)[X86_EAX];
    if (ms)
        v->s.slice_ms = ms < MOST_SLICE_MS ? ms : MOST_SLICE_MS;
}

// A VM other than the System VM may only name itself (S337B).
static void set_execution_focus(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "Win95 DDK S337B");
    uint32_t own = vmm_thread_at(v, v->s.current)->vm;
    bool ok = vm && (vmm_vm_at(v, own)->system || vm == own);
    vmm_set_flag(v, X86_CF, !ok);
    if (!ok)
        return;
    v->s.focus = vm;
    v->s.reschedule = 1;
    vmm_settle_begin(v);
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_Time_Slice_Priority, get_time_slice_priority},
    {KIT_Set_Time_Slice_Priority, set_time_slice_priority},
    {KIT_Adjust_Execution_Time, adjust_execution_time},
    {KIT_Get_Time_Slice_Info, get_time_slice_info},
    {KIT_Set_Execution_Focus, set_execution_focus},
    {KIT_Time_Slice_Sleep, time_slice_sleep},
    {KIT_Wake_Up_VM, wake_up_vm},
    {KIT_Time_Slice_Wake_Sys_VM, wake_sys_vm},
    {KIT_Release_Time_Slice, release_time_slice},
    {KIT_Get_Time_Slice_Granularity, get_granularity},
    {KIT_Set_Time_Slice_Granularity, set_granularity},
    {0, NULL},
};

const struct vmm_chapter vmm_timeslice_chapter = {.bindings = bindings};
