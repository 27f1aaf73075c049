// The primary scheduler (spec: scheduling): the thread with the highest execution priority among those that can run
// always runs. Threads wait in BLOCK frames; a wait belongs to its frame, not to the thread, because event callbacks
// that run above it may wait themselves.
#include "vmm/defs.h"
#include "vmm/pmode.h"
#include "vmm/window.h"

#include <stdio.h>
#include <string.h>

int64_t vmm_priority(struct vmm *v, uint32_t thread)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    return (int64_t)t->boost + vmm_vm_at(v, t->vm)->boost;
}

// --- who can run

// The BLOCK frame that a thread is in; NULL: it is not waiting (an event's frame may lie above an older wait).
static struct vmm_frame *wait_of(struct vmm *v, uint32_t thread)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    struct vmm_frame *f = t->top && t->top == t->wait ? vmm_frame_at(v, t->top) : NULL;
    return f && !f->a[VMM_WAIT_OVER] ? f : NULL;
}

// May events be serviced while this thread waits (Win95 DDK S33B8)?
bool vmm_wait_takes_events(struct vmm *v, uint32_t thread)
{
    const struct vmm_frame *f = wait_of(v, thread);
    uint32_t flags = f ? f->a[VMM_WAIT_FLAGS] : 0;
    bool asked = flags & KIT_Block_Svc_Ints;
    if (flags & KIT_Block_Svc_If_Ints_Locked) {
        uint32_t cb = vmm_vm_at(v, vmm_thread_at(v, thread)->vm)->cb;
        asked = asked || vmm_peek32(v, cb + KIT_CB_VM_Status) & KIT_VMStat_V86IntsLocked;
    }
    bool section = !v->s.crit_owner || v->s.crit_owner == thread;
    return asked && (section || flags & KIT_Block_Force_Svc_Ints || f->a[VMM_WAIT_KIND] != VMM_BLOCK_SEMAPHORE);
}

// In HLT, and nothing waits for it: as most threads of many VMs are most of the time.
static bool sleeps(struct vmm *v, uint32_t thread)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    bool events = v->s.late_events || v->s.global_events || t->events || vmm_vm_at(v, t->vm)->events;
    return t->idle && !t->top && !events && thread != v->s.system_thread;
}

// There is no other thread: nothing to choose, as often in a machine that runs one driver.
static bool alone(struct vmm *v)
{
    return vmm_table(v, VMM_TABLE_thread)->live == 1;
}

// On the way to ring 3, where idleness begins: nested execution may halt there, too.
static bool at_leave(struct vmm *v, uint32_t thread)
{
    uint32_t eip = thread == v->s.current ? v->cpu->state.eip : vmm_thread_at(v, thread)->eip;
    return eip == vmm_gate_address(VMM_GATE_LEAVE);
}

static bool runnable(struct vmm *v, uint32_t thread)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    const struct vmm_vm *vm = vmm_vm_at(v, t->vm);
    if (sleeps(v, thread))
        return false;
    if (!t->id || t->dead || t->suspended || vm->suspended || vm->creating || vmm_slice_refused(v, thread))
        return false;
    const struct vmm_frame *wait = wait_of(v, thread);
    if (wait && wait->a[VMM_WAIT_FLAGS] & KIT_Block_Poll)
        return true; // nobody of lower priority runs meanwhile (Win95 DDK S33B8)
    if (wait)
        return vmm_event_waits_for(v, thread, !vmm_wait_takes_events(v, thread));
    return !t->idle || !at_leave(v, thread) || (v->s.destroy_due && thread == v->s.system_thread) ||
           vmm_event_waits_for(v, thread, false);
}

// Threads that the primary scheduler holds equal and that are boosted take turns: the current one keeps its slice, then
// whoever waited longest.
static bool turn_before(struct vmm *v, uint32_t a, uint32_t b)
{
    bool over = v->s.yield || vmm_time(v) >= vmm_slice_end(v);
    if (!over && (a == v->s.current || b == v->s.current))
        return a == v->s.current;
    return vmm_thread_at(v, a)->last_run < vmm_thread_at(v, b)->last_run;
}

static bool before(struct vmm *v, uint32_t a, uint32_t b)
{
    int64_t p = vmm_priority(v, a), q = vmm_priority(v, b);
    if (p != q)
        return p > q;
    return vmm_sliced(v, a) ? vmm_slice_before(v, a, b) : turn_before(v, a, b);
}

static uint32_t pick(struct vmm *v)
{
    uint32_t best = 0, count = vmm_table(v, VMM_TABLE_thread)->count;
    for (uint32_t i = 1; i < count; i++) {
        struct vmm_thread *t = vmm_thread_at(v, i);
        if (!runnable(v, i)) {
            t->queued = 0;
            continue;
        }
        if (!t->queued)
            vmm_slice_join(v, t);
        if (!best || before(v, i, best))
            best = i;
    }
    v->s.yield = 0;
    if (best)
        vmm_slice_chosen(v, best);
    return best;
}

// --- switching

static void account(struct vmm *v)
{
    uint64_t now = vmm_time(v), ran = now - v->s.switched_at;
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    t->run_ns += ran - v->s.waited_ns;
    vmm_vm_at(v, t->vm)->run_ns += ran - v->s.waited_ns;
    vmm_slice_ran(v, v->s.current, ran > v->s.still_ns ? ran - v->s.still_ns : 0);
    v->s.still_ns = v->s.waited_ns = 0;
    v->s.switched_at = now;
}

static void announce_switch(struct vmm *v, uint32_t from, uint32_t to)
{
    if (!base_sink_heard(&v->sink))
        return;
    struct vmm_switch_record r = {.from = vmm_thread_at(v, from)->id, .to = vmm_thread_at(v, to)->id};
    vmm_announce(v, &r.head, VMM_RECORD_SWITCH, sizeof r);
}

static void switch_x87(struct vmm *v, struct vmm_thread *old, const struct vmm_thread *new)
{
    x86_fpu_read(v->cpu, &old->x87);
    old->x87_kept = 1;
    x86_fpu_write(v->cpu, new->x87_kept ? &new->x87 : NULL);
}

// The processor's registers of the current thread go into its row, those of `to` come back.
void vmm_switch_to_begin(struct vmm *v, uint32_t to)
{
    struct x86_state *s = &v->cpu->state;
    uint32_t from = v->s.current, vm = vmm_thread_at(v, from)->vm;
    struct vmm_thread *old = vmm_thread_at(v, from), *new = vmm_thread_at(v, to);
    account(v);
    old->eip = s->eip;
    old->esp = s->reg[X86_ESP];
    old->eflags = s->eflags;
    memcpy(old->reg, s->reg, sizeof old->reg);
    s->eip = new->eip;
    s->eflags = new->eflags;
    memcpy(s->reg, new->reg, sizeof new->reg);
    s->reg[X86_ESP] = new->esp;
    switch_x87(v, old, new);
    new->last_run = ++v->s.order;
    v->s.current = to;
    if (vmm_vm_at(v, new->vm)->thread_count > 1) {
        vmm_poke32(v, vmm_vm_at(v, new->vm)->cb + KIT_CB_Client_Pointer, new->crs);
        vmm_exec_mode_show(v);
    }
    v->s.turn_at = vmm_time(v);
    announce_switch(v, from, to);
    vmm_wake_sooner(v);
    if (new->vm != vm && !vmm_window_show(v, new->vm))
        vmm_stop(v, VMM_END_MEMORY, "no host memory to switch to another virtual machine");
    if (new->vm != vm)
        vmm_chapters_vm_switched(v, vmm_vm_at(v, vm)->cb, vmm_vm_at(v, new->vm)->cb);
    vmm_switched_begin(v, from, to, vm != new->vm);
}

bool vmm_reschedule_begin(struct vmm *v)
{
    if (v->s.reenter)
        return false; // looked at again on the way out of the interrupt
    v->s.reschedule = 0;
    if (alone(v))
        return false;
    account(v);
    uint32_t best = pick(v);
    if (vmm_time(v) >= vmm_slice_end(v))
        vmm_slice_over(v);
    if (!best || best == v->s.current)
        return false;
    vmm_switch_to_begin(v, best);
    return true;
}

// Must another thread run at once? When the current one cannot, or has fallen below another (VDAG31
// Adjust_Exec_Priority); the end of a time slice can wait until the way to ring 3.
bool vmm_outranked(struct vmm *v)
{
    if (alone(v))
        return false;
    if (v->s.yield || !runnable(v, v->s.current))
        return true;
    int64_t own = vmm_priority(v, v->s.current);
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++)
        if (vmm_thread_at(v, i)->id && vmm_priority(v, i) > own && runnable(v, i))
            return true;
    return false;
}

// In tail position of a service that changed who should run: the switch happens before it returns to its caller, while
// the system boots too.
void vmm_settle_begin(struct vmm *v)
{
    if (v->s.reschedule && !vmm_thread_at(v, v->s.current)->ring0_depth && !v->s.reenter && vmm_outranked(v))
        (void)vmm_reschedule_begin(v);
}

// --- waiting

static const char *const wait_names[] = {
    "nothing", "the critical section", "semaphore", "mutex", "block id", "a time", "resumption"};

void vmm_block_begin(struct vmm *v, enum vmm_block_kind kind, uint32_t object, uint32_t flags, uint32_t extra)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (t->no_block)
        vmm_report(v, "blocked-in-no-block", v->call.caller, "Win95 DDK S31BA",
                   "the thread waits for %s inside ENTER_NOBLOCK ... EXIT_NOBLOCK", wait_names[kind]);
    if (t->ring0_depth)
        vmm_report(v, "blocked-in-ring0-event", v->call.caller, "Win95 DDK S31E8",
                   "an event marked PEF_Ring0_Event waits for %s", wait_names[kind]);
    if (v->s.reenter) {
        vmm_stop(v, VMM_END_FAULT, "%s waits for %s at interrupt time: nothing could ever run again",
                 vmm_module_name(v, v->call.caller), wait_names[kind]);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_BLOCK);
    if (!f)
        return;
    t = vmm_thread_at(v, v->s.current);
    f->a[VMM_WAIT_KIND] = kind;
    f->a[VMM_WAIT_OBJECT] = object;
    f->a[VMM_WAIT_FLAGS] = flags;
    f->a[VMM_WAIT_ORDER] = (uint32_t)++v->s.order;
    f->a[VMM_WAIT_OUTER] = t->wait;
    f->a[VMM_WAIT_EXTRA] = extra;
    t->wait = t->top;
    vmm_poke32(v, t->tcb + KIT_TCB_Flags, vmm_peek32(v, t->tcb + KIT_TCB_Flags) | KIT_THFLAG_THREAD_BLOCKED);
    vmm_wait_begin(v);
}

static void unwait(struct vmm *v, struct vmm_frame *f)
{
    struct vmm_thread *t = vmm_thread_at(v, f->thread);
    t->wait = f->a[VMM_WAIT_OUTER];
    if (!t->wait)
        vmm_poke32(v, t->tcb + KIT_TCB_Flags,
                   vmm_peek32(v, t->tcb + KIT_TCB_Flags) & ~(uint32_t)KIT_THFLAG_THREAD_BLOCKED);
}

static void block_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_wait_begin(v);
}

static void block_abandon(struct vmm *v, struct vmm_frame *f)
{
    vmm_wait_given_up(v, f);
    unwait(v, f);
}

const struct vmm_frame_kind vmm_block_frame = {"a wait", block_resume, block_abandon};

// Nothing runs and a waiting thread is the current one: the idle callbacks, if any, are the System VM's to call.
static bool idle_callbacks_elsewhere(struct vmm *v, const struct vmm_frame *wait)
{
    uint32_t system = v->s.system_thread;
    bool there = v->s.chain[VMM_CHAIN_IDLE] && !v->s.idle_told && !(wait->a[VMM_WAIT_FLAGS] & KIT_Block_Poll) &&
                 system != v->s.current && vmm_thread_at(v, system)->idle && !vmm_thread_at(v, system)->top;
    if (there)
        vmm_switch_to_begin(v, system);
    return there;
}

// Where a waiting thread stands: its wait is over, or an event can be serviced, or another thread runs, or the clock
// moves.
void vmm_wait_begin(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    struct vmm_frame *f = vmm_frame_top(v);
    if (!f || f->kind != VMM_FRAME_BLOCK) { // a driver has jumped to the gate
        vmm_stop(v, VMM_END_FAULT, "code reached the gate of waiting threads, but the thread waits for nothing");
        return;
    }
    s->eip = vmm_gate_address(VMM_GATE_WAIT);
    s->reg[X86_ESP] = f->expect = f->esp;
    s->eflags = (s->eflags & ~(uint32_t)X86_DF) | X86_IF;
    if (f->a[VMM_WAIT_OVER]) {
        bool woken = f->a[VMM_WAIT_KIND] == VMM_BLOCK_SLEEP && f->a[VMM_WAIT_EXTRA];
        unwait(v, f);
        vmm_frame_pop_all(v);
        if (woken)
            vmm_set_flag(v, X86_ZF, true);
        vmm_settle_begin(v);
        return;
    }
    if (vmm_outranked(v) && vmm_reschedule_begin(v))
        return; // an event does not run before its thread is chosen (Win95 DDK S31D5)
    if (vmm_event_begin(v, f))
        return;
    v->s.reschedule = 1;
    if (!vmm_reschedule_begin(v) && !idle_callbacks_elsewhere(v, f))
        vmm_stand_still(v);
}

// Where nested execution lies above the wait, the client runs anyway.
bool vmm_in_wait(struct vmm *v)
{
    uint32_t row = vmm_thread_at(v, v->s.current)->top;
    while (row && vmm_frame_at(v, row)->kind != VMM_FRAME_BLOCK && vmm_frame_at(v, row)->kind != VMM_FRAME_NEST)
        row = vmm_frame_at(v, row)->below;
    return row && vmm_frame_at(v, row)->kind == VMM_FRAME_BLOCK;
}

void vmm_wait_over(struct vmm *v, struct vmm_frame *f)
{
    f->a[VMM_WAIT_OVER] = 1;
    v->s.reschedule = 1;
}

// The waiter of highest priority, oldest first among equals; NULL = none. (A thread may wait in several frames.)
struct vmm_frame *vmm_first_waiter(struct vmm *v, enum vmm_block_kind kind, uint32_t object)
{
    struct vmm_frame *best = NULL;
    uint32_t count = vmm_table(v, VMM_TABLE_thread)->count;
    for (uint32_t i = 1; i < count; i++) {
        if (!vmm_thread_at(v, i)->id)
            continue;
        for (uint32_t w = vmm_thread_at(v, i)->wait; w; w = vmm_frame_at(v, w)->a[VMM_WAIT_OUTER]) {
            struct vmm_frame *f = vmm_frame_at(v, w);
            if (f->a[VMM_WAIT_OVER] || f->a[VMM_WAIT_KIND] != (uint32_t)kind || f->a[VMM_WAIT_OBJECT] != object)
                continue;
            int64_t p = vmm_priority(v, i), q = best ? vmm_priority(v, best->thread) : 0;
            if (!best || p > q || (p == q && f->a[VMM_WAIT_ORDER] < best->a[VMM_WAIT_ORDER]))
                best = f;
        }
    }
    return best;
}

// --- nothing to do

// Nothing runs until the clock moves on or an interrupt comes in.
void vmm_stand_still(struct vmm *v)
{
    v->s.waiting = 1;
    x86_stop(v->cpu);
}

// VMStat_Idle tells about the VM's initial thread.
void vmm_idle_set(struct vmm *v, uint32_t thread, bool idle)
{
    struct vmm_thread *t = vmm_thread_at(v, thread);
    t->idle = idle;
    if (vmm_vm_at(v, t->vm)->first_thread != thread)
        return;
    uint32_t at = vmm_vm_at(v, t->vm)->cb + KIT_CB_VM_Status, status = vmm_peek32(v, at) & ~(uint32_t)KIT_VMStat_Idle;
    vmm_poke32(v, at, idle ? status | KIT_VMStat_Idle : status);
}

// A sleep is over before its time, or (`in_time`) with it.
static void end_sleep(struct vmm *v, uint32_t thread, bool in_time)
{
    struct vmm_frame *f = vmm_first_waiter(v, VMM_BLOCK_SLEEP, thread);
    if (!f)
        return;
    f->a[VMM_WAIT_EXTRA] = !in_time;
    vmm_wait_over(v, f);
}

bool vmm_client_wake_in(struct vmm *v, uint32_t milliseconds)
{
    return vmm_timeout_start(v, VMM_TIMEOUT_WAKE, milliseconds, v->s.current, 0, 0) != 0;
}

void vmm_sleep_over(struct vmm *v, uint32_t thread)
{
    vmm_idle_set(v, thread, false); // of vmm_client_wake_in
    v->s.reschedule = 1;
    end_sleep(v, thread, true);
}

// Ends the idleness of all threads of a VM.
void vmm_idle_wake(struct vmm *v, uint32_t vm)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++) {
        if (!vmm_thread_at(v, i)->id || vmm_thread_at(v, i)->vm != vm)
            continue;
        vmm_idle_set(v, i, false);
        end_sleep(v, i, false);
    }
    v->s.reschedule = 1;
}

void vmm_vm_wake(struct vmm *v, uint32_t vm)
{
    uint32_t row = vmm_vm_row(v, vm);
    if (row)
        vmm_idle_wake(v, row);
}

// The current thread has executed HLT or given its time away.
void vmm_idle_begin(struct vmm *v)
{
    v->s.reschedule = 1;
    if (vmm_reschedule_begin(v))
        return;
    if (!v->s.idle_told && v->s.chain[VMM_CHAIN_IDLE]) {
        v->s.idle_told = 1;
        vmm_idle_callbacks_begin(v);
        return;
    }
    vmm_stand_still(v);
}

static size_t describe_wait(struct vmm *v, uint32_t thread, char *to, size_t size)
{
    const struct vmm_frame *f = wait_of(v, thread);
    if (!f)
        return 0;
    uint32_t kind = f->a[VMM_WAIT_KIND], holder = vmm_wait_holder(v, f);
    char held[40] = "", object[16] = "";
    if (holder)
        snprintf(held, sizeof held, ", held by thread %u", vmm_thread_at(v, holder)->id);
    if (kind != VMM_BLOCK_CRITICAL && kind < VMM_BLOCK_SLEEP)
        snprintf(object, sizeof object, " %08X", vmm_wait_handle(v, f));
    char where[96];
    vmm_describe_address(v, f->eip, where, sizeof where);
    int n = snprintf(to, size, "; thread %u waits for %s%s at %s%s", vmm_thread_at(v, thread)->id, wait_names[kind],
                     object, where, held);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

// Nothing is due: is that a deadlock? It is when the System VM waits, or somebody waits for what another waiting thread
// holds. Any other thread may wait for ever, as one that waits for work does.
bool vmm_deadlocked(struct vmm *v)
{
    if (vmm_waits(v, v->s.system_thread))
        return true;
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++) {
        const struct vmm_frame *f = vmm_thread_at(v, i)->id ? wait_of(v, i) : NULL;
        uint32_t holder = f ? vmm_wait_holder(v, f) : 0;
        if (holder && vmm_waits(v, holder))
            return true;
    }
    return false;
}

// Nothing can ever run again: says who waits for what and who holds it.
void vmm_deadlock(struct vmm *v)
{
    char text[400] = "";
    size_t used = 0;
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++)
        if (vmm_thread_at(v, i)->id && used + 1 < sizeof text)
            used += describe_wait(v, i, text + used, sizeof text - used);
    vmm_stop(v, VMM_END_FAULT, "deadlock: no thread can run and nothing is due%s", text);
}

bool vmm_waits(struct vmm *v, uint32_t thread)
{
    return wait_of(v, thread) != NULL;
}

uint32_t vmm_waits_for_thread(struct vmm *v, uint32_t thread)
{
    const struct vmm_frame *f = wait_of(v, thread);
    return f ? vmm_wait_holder(v, f) : 0;
}

// --- services

// Would this be a legal execution priority? Reported when not.
bool vmm_priority_in_range(struct vmm *v, int64_t p)
{
    if (p >= KIT_Reserved_Low_Boost && p <= KIT_Reserved_High_Boost)
        return true;
    vmm_report(v, "input-range", v->call.caller, "VDAG31 Adjust_Exec_Priority",
               "the execution priority would be %lld, outside Reserved_Low_Boost to Reserved_High_Boost", (long long)p);
    return false;
}

static void adjust_exec_priority(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Adjust_Exec_Priority");
    if (!vm)
        return;
    int64_t boost = (int64_t)vmm_vm_at(v, vm)->boost + (int32_t)vmm_regs(v)[X86_EAX];
    if (!vmm_priority_in_range(v, boost))
        return;
    vmm_vm_at(v, vm)->boost = (int32_t)boost;
    v->s.reschedule = 1;
    vmm_settle_begin(v);
}

static void adjust_thread_exec_priority(struct vmm *v)
{
    uint32_t thread = vmm_thread_row_or_report(v, vmm_regs(v)[X86_EDI], "Win95 DDK S3339");
    if (!thread || !vmm_priority_in_range(v, vmm_priority(v, thread) + (int32_t)vmm_regs(v)[X86_EAX]))
        return;
    vmm_thread_at(v, thread)->boost += (int32_t)vmm_regs(v)[X86_EAX];
    v->s.reschedule = 1;
    vmm_settle_begin(v);
}

static const struct vmm_binding bindings[] = {
    {KIT_Adjust_Exec_Priority, adjust_exec_priority},
    {KIT_Adjust_Thread_Exec_Priority, adjust_thread_exec_priority},
    {0, NULL},
};

const struct vmm_chapter vmm_sched_chapter = {.bindings = bindings};
