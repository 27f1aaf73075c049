// Time-slice priorities (spec: scheduling; Win95 DDK S3386-S338C, S3394-S339B): the Win32 base priority of a thread, 0
// to 31, boosts with and without decay, thread groups, and the priority inversion list. The primary scheduler's
// execution priorities are another matter (sched.c).
//
// The pages call the boosts' amounts milliseconds, a slip from Adjust_Execution_Time: what they adjust is "the
// time-slice priority", and S3398 adds the decaying one to the Win32 base.
#include "vmm/defs.h"

enum { REAL_TIME = 16, HIGHEST = 31, INHERIT_DEPTH = 8 };

// An entry of the priority inversion list.
struct inversion {
    uint32_t id; // 0: free
    uint32_t thread, booster;
    uint32_t boost_id;
    uint32_t priority;
};

static struct base_table *inversions(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_win32pri, 0);
}

static struct inversion *inversion_at(struct vmm *v, uint32_t row)
{
    return base_table_at(inversions(v), row);
}

// The highest priority that the list gives to the thread; 0 = none.
static uint32_t inversion_of(struct vmm *v, uint32_t thread)
{
    uint32_t highest = 0;
    for (uint32_t i = 1; i < inversions(v)->count; i++) {
        const struct inversion *e = inversion_at(v, i);
        if (e->id && e->thread == thread && e->priority > highest)
            highest = e->priority;
    }
    return highest;
}

// Base and boosts. Boosts stay below the real-time class (S3377).
static uint32_t boosted(struct vmm *v, const struct vmm_thread *t)
{
    const struct vmm_vm *vm = vmm_vm_at(v, t->vm);
    bool high_back = t->vm != v->s.focus && vmm_peek32(v, vm->cb + KIT_CB_VM_Status) & KIT_VMStat_High_Pri_Back;
    int64_t p = (int64_t)t->win32_base + t->decay_boost + t->slice_boost + t->group_boost + vm->slice_boost + high_back;
    if (t->win32_base >= REAL_TIME)
        return t->win32_base;
    return p < 0 ? 0 : p < REAL_TIME ? (uint32_t)p : REAL_TIME - 1;
}

static uint32_t own_priority(struct vmm *v, uint32_t thread)
{
    uint32_t p = boosted(v, vmm_thread_at(v, thread)), q = inversion_of(v, thread);
    return p > q ? p : q;
}

static uint32_t inherited(struct vmm *v, uint32_t thread, unsigned depth)
{
    uint32_t highest = own_priority(v, thread);
    for (uint32_t i = 1; depth && i < vmm_table(v, VMM_TABLE_thread)->count; i++) {
        if (!vmm_thread_at(v, i)->id || i == thread || vmm_waits_for_thread(v, i) != thread)
            continue;
        uint32_t p = inherited(v, i, depth - 1);
        highest = p > highest ? p : highest;
    }
    return highest;
}

// A thread that holds what others wait for has at least their priority (S3372).
uint32_t vmm_win32_priority(struct vmm *v, uint32_t thread)
{
    return inherited(v, thread, INHERIT_DEPTH);
}

// A slice has been used: what decays goes a step towards nothing (S3386).
void vmm_priority_decays(struct vmm *v, struct vmm_thread *t)
{
    if (!t->decay_boost)
        return;
    int64_t left = (int64_t)t->decay_boost - t->decay_step;
    t->decay_boost = (left > 0) == (t->decay_boost > 0) ? (int32_t)left : 0;
    v->s.reschedule = 1;
}

static void changed_begin(struct vmm *v)
{
    v->s.uneven = v->s.reschedule = 1;
    vmm_settle_begin(v);
}

// --- base and boosts

static uint32_t thread_in(struct vmm *v, enum x86_reg reg, const char *page)
{
    return vmm_thread_row_or_report(v, vmm_regs(v)[reg], page);
}

static void get_thread_win32_pri(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), thread = thread_in(v, X86_EDI, "Win95 DDK S335D");
    if (!thread)
        return;
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    r[X86_EAX] = t->win32_base;
    r[X86_ECX] = vmm_win32_priority(v, thread);
    r[X86_EDX] = (uint32_t)t->decay_boost;
    r[X86_ESI] = inversion_of(v, thread);
}

static bool set_base(struct vmm *v)
{
    uint32_t thread = thread_in(v, X86_EDI, "Win95 DDK S338A"), priority = vmm_regs(v)[X86_EAX];
    bool ok = thread && priority <= HIGHEST;
    vmm_set_flag(v, X86_CF, !ok);
    if (!ok)
        return false;
    struct vmm_thread *t = vmm_thread_at(v, thread);
    t->win32_base = (uint8_t)priority;
    t->decay_boost = t->decay_step = 0;
    return true;
}

static void set_thread_win32_pri(struct vmm *v)
{
    if (set_base(v))
        changed_begin(v);
}

// The same, and the thread goes on until its slice is over.
static void set_thread_win32_pri_no_yield(struct vmm *v)
{
    if (set_base(v))
        v->s.uneven = v->s.reschedule = 1;
}

static void boost_with_decay(struct vmm *v)
{
    uint32_t thread = thread_in(v, X86_EDI, "Win95 DDK S3386");
    int32_t amount = (int32_t)vmm_regs(v)[X86_EAX], step = (int32_t)vmm_regs(v)[X86_ECX];
    if ((amount > 0 && step < 0) || (amount < 0 && step > 0)) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3386",
                   "Boost_With_Decay: boost %d and decay %d must have the same sign", amount, step);
        return;
    }
    if (!thread)
        return;
    vmm_thread_at(v, thread)->decay_boost = amount;
    vmm_thread_at(v, thread)->decay_step = step;
    changed_begin(v);
}

static void set_thread_static_boost(struct vmm *v)
{
    uint32_t thread = thread_in(v, X86_EDI, "Win95 DDK S3389");
    if (!thread)
        return;
    vmm_thread_at(v, thread)->slice_boost = (int32_t)vmm_regs(v)[X86_EAX];
    changed_begin(v);
}

static void set_vm_static_boost(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "Win95 DDK S338C");
    if (!vm)
        return;
    vmm_vm_at(v, vm)->slice_boost = (int32_t)vmm_regs(v)[X86_EAX];
    changed_begin(v);
}

// --- groups

static void attach_thread_to_group(struct vmm *v)
{
    uint32_t member = thread_in(v, X86_EAX, "Win95 DDK S3394"), thread = thread_in(v, X86_EDI, "Win95 DDK S3394");
    if (!member || !thread)
        return;
    struct vmm_thread *m = vmm_thread_at(v, member), *t = vmm_thread_at(v, thread);
    if (!m->group)
        m->group = ++v->s.ids_group; // the first member of a new group
    t->group = m->group;
    t->group_boost = m->group_boost;
    changed_begin(v);
}

static void detach_thread_from_group(struct vmm *v)
{
    uint32_t thread = thread_in(v, X86_EDI, "Win95 DDK S3395");
    if (!thread)
        return;
    vmm_thread_at(v, thread)->group = 0;
    vmm_thread_at(v, thread)->group_boost = 0;
    changed_begin(v);
}

static void set_group_static_boost(struct vmm *v)
{
    uint32_t thread = thread_in(v, X86_EDI, "Win95 DDK S3396"), group = thread ? vmm_thread_at(v, thread)->group : 0;
    for (uint32_t i = 1; group && i < vmm_table(v, VMM_TABLE_thread)->count; i++)
        if (vmm_thread_at(v, i)->id && vmm_thread_at(v, i)->group == group)
            vmm_thread_at(v, i)->group_boost = (int32_t)vmm_regs(v)[X86_EAX];
    changed_begin(v);
}

// --- the priority inversion list. A handle is the entry's number, never used twice.

static uint32_t entry_or_report(struct vmm *v, uint32_t handle, const char *page)
{
    for (uint32_t i = 1; handle && i < inversions(v)->count; i++)
        if (inversion_at(v, i)->id == handle)
            return i;
    vmm_report(v, "dead-handle", v->call.caller, page, "%08X is no entry of the priority inversion list", handle);
    return 0;
}

static void drop_entry(struct vmm *v, uint32_t row)
{
    inversion_at(v, row)->id = 0;
    base_table_release(inversions(v), row);
}

static void set_inversion_pri(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), thread = thread_in(v, X86_EDI, "Win95 DDK S339B");
    uint32_t booster = r[X86_EBX] ? thread_in(v, X86_EBX, "Win95 DDK S339B") : 0;
    bool ok = thread && (booster || !r[X86_EBX]) && r[X86_EAX] <= HIGHEST && inversions(v)->live < VMM_MOST_ROWS;
    uint32_t row = ok ? base_table_new(inversions(v)) : 0;
    vmm_set_flag(v, X86_CF, !row);
    if (!row)
        return;
    *inversion_at(v, row) = (struct inversion){.id = ++v->s.ids_inversion,
                                               .thread = thread,
                                               .booster = booster,
                                               .boost_id = r[X86_EDX],
                                               .priority = r[X86_EAX]};
    r[X86_EAX] = v->s.ids_inversion;
    changed_begin(v);
}

static void reset_inversion_pri(struct vmm *v)
{
    uint32_t row = entry_or_report(v, vmm_regs(v)[X86_EDX], "Win95 DDK S339A"), priority = vmm_regs(v)[X86_EAX];
    if (!row)
        return;
    inversion_at(v, row)->priority = priority < HIGHEST ? priority : HIGHEST;
    changed_begin(v);
}

static void release_inversion_pri(struct vmm *v)
{
    uint32_t row = entry_or_report(v, vmm_regs(v)[X86_EAX], "Win95 DDK S3398");
    vmm_set_flag(v, X86_CF, !row);
    if (!row)
        return;
    drop_entry(v, row);
    changed_begin(v);
}

static void release_inversion_pri_id(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), booster = r[X86_EDI] ? thread_in(v, X86_EDI, "Win95 DDK S3399") : 0;
    uint32_t boost_id = r[X86_EAX], removed = 0;
    for (uint32_t i = 1; i < inversions(v)->count; i++) {
        const struct inversion *e = inversion_at(v, i);
        if (!e->id || e->boost_id != boost_id || e->booster != booster)
            continue;
        drop_entry(v, i);
        removed++;
    }
    r[X86_EAX] = removed;
    changed_begin(v);
}

// A thread that is gone is on no list, and nobody has boosted for it.
static void thread_gone(struct vmm *v, uint32_t handle)
{
    uint32_t thread = vmm_thread_row(v, handle);
    for (uint32_t i = 1; i < inversions(v)->count; i++) {
        const struct inversion *e = inversion_at(v, i);
        if (e->id && (e->thread == thread || e->booster == thread))
            drop_entry(v, i);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_Thread_Win32_Pri, get_thread_win32_pri},
    {KIT_Set_Thread_Win32_Pri, set_thread_win32_pri},
    {KIT_Set_Thread_Win32_Pri_NoYield, set_thread_win32_pri_no_yield},
    {KIT_Boost_With_Decay, boost_with_decay},
    {KIT_Set_Thread_Static_Boost, set_thread_static_boost},
    {KIT_Set_VM_Static_Boost, set_vm_static_boost},
    {KIT_Attach_Thread_To_Group, attach_thread_to_group},
    {KIT_Detach_Thread_From_Group, detach_thread_from_group},
    {KIT_Set_Group_Static_Boost, set_group_static_boost},
    {KIT_Set_Inversion_Pri, set_inversion_pri},
    {KIT_Reset_Inversion_Pri, reset_inversion_pri},
    {KIT_Release_Inversion_Pri, release_inversion_pri},
    {KIT_Release_Inversion_Pri_ID, release_inversion_pri_id},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct inversion), 0};

const struct vmm_chapter vmm_win32pri_chapter = {.bindings = bindings, .tables = tables, .thread_gone = thread_gone};
