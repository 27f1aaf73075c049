// Call_When_*: chains of callbacks for task and thread switches, idleness, the critical section and the client's
// interrupt flag (spec: callbacks). A CHAIN frame walks a chain by sequence numbers, so that entries may come and go
// meanwhile.
#include "vmm/defs.h"

// --- chains

uint32_t vmm_chain_add(struct vmm *v, uint32_t chain, uint32_t proc, uint32_t reference, bool first)
{
    uint32_t row = vmm_callback_new(v);
    if (!row)
        return 0;
    *vmm_callback_at(v, row) =
        (struct vmm_callback){.proc = proc, .reference = reference, .sequence = ++v->s.chain_sequence};
    uint32_t *link = &v->s.chain[chain];
    while (*link && !first)
        link = &vmm_callback_at(v, *link)->next;
    vmm_callback_at(v, row)->next = *link;
    *link = row;
    return row;
}

void vmm_chain_remove(struct vmm *v, uint32_t chain, uint32_t row)
{
    uint32_t *link = &v->s.chain[chain];
    while (*link != row)
        link = &vmm_callback_at(v, *link)->next;
    *link = vmm_callback_at(v, row)->next;
    vmm_callback_free(v, row);
}

uint32_t vmm_chain_find(struct vmm *v, uint32_t chain, uint32_t proc)
{
    uint32_t row = v->s.chain[chain];
    while (row && vmm_callback_at(v, row)->proc != proc)
        row = vmm_callback_at(v, row)->next;
    return row;
}

// The entry after the one with this sequence number in the direction of the chain; `up`: the chain is in order of
// installation, else newest first. start: 0 up, UINT32_MAX down.
uint32_t vmm_chain_next(struct vmm *v, uint32_t chain, uint32_t sequence, bool up)
{
    uint32_t row = v->s.chain[chain];
    for (; row; row = vmm_callback_at(v, row)->next)
        if (up ? vmm_callback_at(v, row)->sequence > sequence : vmm_callback_at(v, row)->sequence < sequence)
            return row;
    return 0;
}

// --- after a switch: every callback in order of installation. SWITCH frame, a: 0 chain, 1 sequence, 2 previous, 3 both

static void switch_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t row = vmm_chain_next(v, f->a[0], f->a[1], true);
    if (!row && f->a[0] == VMM_CHAIN_TASK_SWITCHED) {
        f->a[0] = VMM_CHAIN_THREAD_SWITCHED;
        f->a[1] = 0;
        row = vmm_chain_next(v, f->a[0], 0, true);
    }
    if (!row) {
        vmm_frame_pop_all(v);
        return;
    }
    bool task = f->a[0] == VMM_CHAIN_TASK_SWITCHED;
    f->a[1] = vmm_callback_at(v, row)->sequence;
    vmm_regs(v)[X86_EAX] = task ? f->a[2] : f->a[3];
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EDI] = vmm_current_thread(v);
    vmm_regs(v)[X86_EBP] = f->a[11] = vmm_client(v);
    f->contract = VMM_EVENT_CONTRACT;
    vmm_frame_call_begin(v, vmm_callback_at(v, row)->proc);
}

const struct vmm_frame_kind vmm_switch_frame = {"the task-switched callback", switch_resume, NULL};

void vmm_switched_begin(struct vmm *v, uint32_t from, uint32_t to, bool other_vm)
{
    (void)to;
    bool any = v->s.chain[VMM_CHAIN_THREAD_SWITCHED] || (other_vm && v->s.chain[VMM_CHAIN_TASK_SWITCHED]);
    struct vmm_frame *f = any ? vmm_frame_push(v, VMM_FRAME_SWITCH) : NULL;
    if (!f)
        return;
    f->a[0] = other_vm ? VMM_CHAIN_TASK_SWITCHED : VMM_CHAIN_THREAD_SWITCHED;
    f->a[2] = vmm_vm_at(v, vmm_thread_at(v, from)->vm)->cb;
    f->a[3] = vmm_thread_at(v, from)->tcb;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_wait(v);
}

enum { MOST_IDLE_ASKS = 1000 };

// --- idleness and the critical section. CHAIN frame, a: 0 chain, 1 sequence

static void one_shot(struct vmm *v, struct vmm_frame *f, uint32_t row)
{
    const struct vmm_callback c = *vmm_callback_at(v, row);
    vmm_chain_remove(v, f->a[0], row);
    vmm_regs(v)[X86_EDX] = c.reference;
    vmm_frame_call_begin(v, c.proc);
}

static void chain_resume(struct vmm *v, struct vmm_frame *f)
{
    bool idle = f->a[0] == VMM_CHAIN_IDLE;
    if (idle && f->callee && !vmm_flag(v, X86_CF)) {
        // It did significant work and is asked again, but not before a tick: else the clock would stand still for ever.
        // Somebody who always finds work while nothing else happens does not keep the system from being idle.
        if (v->s.idle_asks++ < MOST_IDLE_ASKS && !vmm_timeout_start(v, VMM_TIMEOUT_WAKE, 1, v->s.current, 0, 0))
            vmm_stop(v, VMM_END_MEMORY, "no host memory to ask an idle callback again");
        vmm_frame_pop_all(v);
        return;
    }
    // Only the newest Call_When_Not_Critical callback is called per release.
    uint32_t row = !idle && f->callee ? 0 : vmm_chain_next(v, f->a[0], f->a[1], idle);
    if (!row) {
        vmm_frame_pop_all(v);
        return;
    }
    f->a[1] = vmm_callback_at(v, row)->sequence;
    vmm_regs(v)[X86_EBX] = idle ? vmm_system_vm(v) : vmm_current_vm(v);
    vmm_regs(v)[X86_EDI] = vmm_current_thread(v);
    vmm_regs(v)[X86_EBP] = f->a[11] = vmm_client(v);
    f->contract = VMM_EVENT_CONTRACT;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)(X86_DF | X86_CF);
    if (idle)
        vmm_frame_call_begin(v, vmm_callback_at(v, row)->proc);
    else
        one_shot(v, f, row);
}

const struct vmm_frame_kind vmm_chain_frame = {"the callback", chain_resume, NULL};

static void chain_begin(struct vmm *v, uint32_t chain)
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_CHAIN);
    if (!f)
        return;
    f->a[0] = chain;
    f->a[1] = chain == VMM_CHAIN_IDLE ? 0 : UINT32_MAX;
    vmm_frame_wait(v);
}

void vmm_idle_callbacks_begin(struct vmm *v)
{
    chain_begin(v, VMM_CHAIN_IDLE);
}

// On the way to ring 3: true when a Call_When_Not_Critical callback is about to run.
bool vmm_not_critical_begin(struct vmm *v)
{
    if (!v->s.not_critical || vmm_priority(v, v->s.current) >= KIT_Critical_Section_Boost)
        return false;
    v->s.not_critical = 0;
    if (!v->s.chain[VMM_CHAIN_NOT_CRITICAL])
        return false;
    chain_begin(v, VMM_CHAIN_NOT_CRITICAL);
    return true;
}

// A release of the section lets one callback of Call_When_Not_Critical through.
void vmm_section_freed(struct vmm *v)
{
    v->s.not_critical = v->s.chain[VMM_CHAIN_NOT_CRITICAL] != 0;
}

// --- Call_When_VM_Ints_Enabled: one shot, when the client's interrupt flag comes on; as events of the VM

void vmm_interrupts_enabled(struct vmm *v)
{
    v->s.reschedule = 1; // what waits for STI is looked at on the way to ring 3
}

// --- services

static void install(struct vmm *v, uint32_t chain, bool first)
{
    if (!vmm_chain_add(v, chain, vmm_regs(v)[X86_ESI], vmm_regs(v)[X86_EDX], first))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a callback");
}

static bool cancel(struct vmm *v, uint32_t chain)
{
    uint32_t row = vmm_chain_find(v, chain, vmm_regs(v)[X86_ESI]);
    if (row)
        vmm_chain_remove(v, chain, row);
    else
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S33A3", "%08X is no installed callback",
                   vmm_regs(v)[X86_ESI]);
    return row != 0;
}

static void call_when_task_switched(struct vmm *v)
{
    install(v, VMM_CHAIN_TASK_SWITCHED, false);
}

static void cancel_task_switched(struct vmm *v)
{
    (void)cancel(v, VMM_CHAIN_TASK_SWITCHED);
}

static void call_when_thread_switched(struct vmm *v)
{
    install(v, VMM_CHAIN_THREAD_SWITCHED, false);
}

static void cancel_thread_switched(struct vmm *v)
{
    (void)cancel(v, VMM_CHAIN_THREAD_SWITCHED);
}

static void call_when_idle(struct vmm *v)
{
    install(v, VMM_CHAIN_IDLE, false);
    vmm_set_flag(v, X86_CF, false);
}

static void cancel_idle(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, !cancel(v, VMM_CHAIN_IDLE));
}

static void call_when_not_critical(struct vmm *v)
{
    install(v, VMM_CHAIN_NOT_CRITICAL, true);
    v->s.not_critical = v->s.not_critical || !v->s.crit_owner;
}

static void cancel_not_critical(struct vmm *v)
{
    (void)cancel(v, VMM_CHAIN_NOT_CRITICAL);
}

static const struct vmm_binding bindings[] = {
    {KIT_Call_When_Task_Switched, call_when_task_switched},
    {KIT_Cancel_Call_When_Task_Switched, cancel_task_switched},
    {KIT_Call_When_Thread_Switched, call_when_thread_switched},
    {KIT_Cancel_Call_When_Thread_Switched, cancel_thread_switched},
    {KIT_Call_When_Idle, call_when_idle},
    {KIT_Cancel_Call_When_Idle, cancel_idle},
    {KIT_Call_When_Not_Critical, call_when_not_critical},
    {KIT_Cancel_Call_When_Not_Critical, cancel_not_critical},
    {0, NULL},
};

const struct vmm_chapter vmm_callwhen_chapter = {.bindings = bindings};
