// The non-maskable interrupt (spec: faults-io; VDAG31 Set_NMI_Handler_Addr, Hook_NMI_Event): raw handlers first, last
// set first, each jumping to the one before it; then, when the chain has come to the VMM's own end of it, the NMI event
// procedures in the order in which they were installed, at interrupt time.
//
// A raw handler may call no service at all: gate.c reports it while s.in_nmi is set. It must not execute IRET either:
// the stack holds a return address that leads to a gate which says so.
#include "vmm/defs.h"

struct nmi {
    uint32_t handler; // the last one set; 0: the VMM's own, the gate
};

static struct nmi *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_nmi);
}

static uint32_t own_handler(void)
{
    return vmm_gate_address(VMM_GATE_NMI_END);
}

void vmm_pulse_nmi(struct vmm *v)
{
    x86_pulse_nmi(v->cpu);
}

// What the processor pushed for an IRET that nobody may execute.
static bool push_return(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    uint8_t bytes[12];
    base_put32(bytes, vmm_gate_address(VMM_GATE_NMI_IRET));
    base_put32(bytes + 4, VMM_CS);
    base_put32(bytes + 8, s->eflags);
    if (!x86_write_linear(v->cpu, s->reg[X86_ESP] - 12, bytes, sizeof bytes, X86_WRITE, NULL))
        return false;
    s->reg[X86_ESP] -= 12;
    return true;
}

// The processor has accepted one; EIP and ESP are where the interrupted code goes on. NMI frame, a: 0 sequence number
// of the event procedure called last.
void vmm_nmi_begin(struct vmm *v)
{
    uint32_t handler = state_of(v)->handler;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_NMI);
    if (!f)
        return;
    vmm_reenter(v);
    v->s.waiting = v->s.idle_told = 0;
    v->s.reschedule = 1;
    v->cpu->state.eflags &= ~(uint32_t)(X86_IF | X86_DF | X86_TF | X86_NT);
    f->contract = VMM_DIRECTION_UP;
    vmm_frame_wait(v);
    f->callee = 0;
    if (!handler) {
        v->cpu->state.nmi_blocked = 0;
        return; // the frame's gate calls the event procedures
    }
    if (!push_return(v)) {
        vmm_stop(v, VMM_END_FAULT, "the ring-0 stack is exhausted when an NMI comes in");
        return;
    }
    v->s.in_nmi = 1;
    v->cpu->state.eip = handler;
}

// A handler has jumped to the end of the chain, or (`by_iret`) returned to the interrupted code by itself.
void vmm_nmi_chain_ended(struct vmm *v, bool by_iret)
{
    struct vmm_frame *f = vmm_frame_top(v);
    if (!v->s.in_nmi || !f || f->kind != VMM_FRAME_NMI) {
        vmm_stop(v, VMM_END_FAULT, "code reached the end of the NMI handlers, but no NMI is being handled");
        return;
    }
    uint32_t handler = state_of(v)->handler, expect = f->expect - (by_iret ? 0 : 12);
    if (by_iret)
        vmm_report(v, "callback-contract", handler, "VDAG31 Set_NMI_Handler_Addr",
                   "an NMI handler executed IRET instead of jumping to the previous handler");
    if (v->cpu->state.reg[X86_ESP] != expect)
        vmm_report(v, "callback-stack", handler, "VDAG31 Set_NMI_Handler_Addr",
                   "an NMI handler went on with ESP %08X instead of %08X", v->cpu->state.reg[X86_ESP], expect);
    v->s.in_nmi = 0;
    v->cpu->state.nmi_blocked = 0; // event procedures may be interrupted by another one
    vmm_frame_wait(v);
}

static void nmi_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t row = vmm_chain_next(v, VMM_CHAIN_NMI, f->a[0], true);
    if (!row) {
        vmm_unreenter(v);
        vmm_frame_pop_all(v);
        return;
    }
    f->a[0] = vmm_callback_at(v, row)->sequence;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EBP] = vmm_client(v);
    v->cpu->state.eflags &= ~(uint32_t)(X86_IF | X86_DF);
    vmm_frame_call_begin(v, vmm_callback_at(v, row)->proc);
}

static void nmi_abandon(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    v->s.in_nmi = 0;
    vmm_unreenter(v);
}

const struct vmm_frame_kind vmm_nmi_frame = {"the NMI event procedure", nmi_resume, nmi_abandon};

// --- services

static void get_nmi_handler_addr(struct vmm *v)
{
    uint32_t handler = state_of(v)->handler;
    vmm_regs(v)[X86_ESI] = handler ? handler : own_handler();
}

static void set_nmi_handler_addr(struct vmm *v)
{
    uint32_t handler = vmm_regs(v)[X86_ESI];
    state_of(v)->handler = handler == own_handler() ? 0 : handler;
}

static void hook_nmi_event(struct vmm *v)
{
    if (!vmm_chain_add(v, VMM_CHAIN_NMI, vmm_regs(v)[X86_ESI], 0, false))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for an NMI event procedure");
}

static void unhook_nmi_event(struct vmm *v)
{
    uint32_t row = vmm_chain_find(v, VMM_CHAIN_NMI, vmm_regs(v)[X86_ESI]);
    if (row)
        vmm_chain_remove(v, VMM_CHAIN_NMI, row);
    else
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S331D", "%08X is no installed NMI event procedure",
                   vmm_regs(v)[X86_ESI]);
}

uint32_t vmm_nmi_handler(struct vmm *v)
{
    return state_of(v)->handler;
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_NMI_Handler_Addr, get_nmi_handler_addr},
    {KIT_Set_NMI_Handler_Addr, set_nmi_handler_addr},
    {KIT_Hook_NMI_Event, hook_nmi_event},
    {KIT_Unhook_NMI_Event, unhook_nmi_event},
    {0, NULL},
};

const struct vmm_chapter vmm_nmi_chapter = {.bindings = bindings, .state_size = sizeof(struct nmi)};
