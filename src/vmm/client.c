// Between ring 0 and ring 3. While ring-3 code runs, the processor owns the client registers; otherwise the structure
// at the top of the thread's ring-0 stack does. Only vmm_client_enter and client_leave copy.
#include "vmm/defs.h"
#include "vmm/pmode.h"

enum { SINGLE_STEP = 1, STACK_FAULT = 12, GENERAL_PROTECTION = 13 };

// ESP for ring-0 code that was entered from ring 3: below the innermost nested execution, else below the structure.
uint32_t vmm_ring0_base(struct vmm *v)
{
    const struct vmm_thread *t = vmm_current(v);
    return t->nest ? vmm_frame_at(v, t->nest)->esp : t->crs;
}

static void load_flat(struct vmm *v)
{
    for (unsigned seg = X86_ES; seg <= X86_GS; seg++)
        if (seg != X86_CS && seg != X86_SS && v->cpu->state.seg[seg].selector != VMM_DS &&
            !x86_load_segment(v->cpu, (enum x86_seg)seg, VMM_DS, NULL))
            vmm_stop(v, VMM_END_FAULT, "the flat data descriptor %04X in the GDT is broken", VMM_DS);
}

// Ring 3 runs with IF on and IOPL 0; the client's own are virtual. The trap flag may be ours.
static uint32_t virtual_flags(struct vmm *v, struct vmm_thread *t, uint32_t flags, uint32_t cs, uint32_t eip)
{
    flags = (flags & ~(uint32_t)(X86_IF | X86_IOPL)) | t->iopl | (vmm_vm_at(v, t->vm)->interrupts ? X86_IF : 0);
    t->stepped = t->stepping;
    if (t->stepping)
        flags &= ~(uint32_t)X86_TF;
    t->stepping = 0;
    if (t->shadow && (cs << 16 | (eip & 0xFFFF)) != t->shadow_at)
        t->shadow = 0;
    return flags;
}

// The instruction behind STI that ran with the processor's trap flag: is this the trap behind it?
bool vmm_stepped(struct vmm *v)
{
    struct vmm_thread *t = vmm_current(v);
    if (t->stepped)
        t->shadow = 0;
    return t->stepped;
}

// An interrupt that waits for the end of STI's shadow has to come right behind the next instruction.
static uint32_t step_flag(struct vmm *v, struct vmm_thread *t, uint32_t flags)
{
    if (!t->shadow || flags & X86_TF)
        return 0;
    t->shadow = 0;
    t->stepping = vmm_event_waits_for(v, v->s.current, false);
    t->shadow = 1;
    return t->stepping ? X86_TF : 0;
}

// The processor has just pushed the client's SS:ESP, EFLAGS and CS:EIP (and from V86 mode its segment registers) into
// the structure; the rest is stored here.
void vmm_client_enter(struct vmm *v)
{
    struct vmm_thread *t = vmm_current(v);
    struct x86_state *s = &v->cpu->state;
    static const uint8_t order[8] = {X86_EDI, X86_ESI, X86_EBP, X86_ESP, X86_EBX, X86_EDX, X86_ECX, X86_EAX};
    uint8_t bytes[32];
    for (unsigned i = 0; i < 8; i++)
        base_put32(bytes + 4 * i, order[i] == X86_ESP ? t->crs + KIT_Client_Error : s->reg[order[i]]);
    if (!x86_write_linear(v->cpu, t->crs, bytes, sizeof bytes, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", t->crs);
    uint32_t flags = vmm_peek32(v, t->crs + KIT_Client_EFlags);
    if (!(flags & X86_VM) && t->ring3) { // not when the entry runs again after a page fault
        static const uint8_t seg[4] = {X86_ES, X86_DS, X86_FS, X86_GS};
        for (unsigned i = 0; i < 4; i++)
            vmm_poke32(v, t->crs + KIT_Client_ES + 4 * i, s->seg[seg[i]].selector);
    }
    vmm_poke32(
        v, t->crs + KIT_Client_EFlags,
        virtual_flags(v, t, flags, vmm_peek32(v, t->crs + KIT_Client_CS), vmm_peek32(v, t->crs + KIT_Client_EIP)));
    t->ring3 = 0;
    vmm_dpmi_watch_leave(v);
    load_flat(v);
    s->reg[X86_ESP] = vmm_ring0_base(v);
}

static void put_registers(uint8_t *client, const struct x86_state *s, uint32_t esp)
{
    base_put32(client + KIT_Client_EDI, s->reg[X86_EDI]);
    base_put32(client + KIT_Client_ESI, s->reg[X86_ESI]);
    base_put32(client + KIT_Client_EBP, s->reg[X86_EBP]);
    base_put32(client + KIT_Client_EBP + 4, esp);
    base_put32(client + KIT_Client_EBX, s->reg[X86_EBX]);
    base_put32(client + KIT_Client_EDX, s->reg[X86_EDX]);
    base_put32(client + KIT_Client_ECX, s->reg[X86_ECX]);
    base_put32(client + KIT_Client_EAX, s->reg[X86_EAX]);
}

// All of it at once: the processor has stopped in V86 code and has pushed nothing. Leaves it in ring 0.
void vmm_client_capture(struct vmm *v, uint32_t error)
{
    static const struct x86_segment code = {VMM_CS, VMM_FLAT_CODE, 0, UINT32_MAX};
    static const struct x86_segment data = {VMM_DS, VMM_FLAT_DATA, 0, UINT32_MAX};
    struct vmm_thread *t = vmm_current(v);
    struct x86_state *s = &v->cpu->state;
    uint8_t copy[VMM_CLIENT_BYTES], *place = x86_owner_bytes(v->cpu, t->crs, VMM_CLIENT_BYTES, true);
    uint8_t *client = place ? place : copy;
    put_registers(client, s, t->crs + KIT_Client_Error);
    base_put32(client + KIT_Client_Error, error);
    base_put32(client + KIT_Client_EIP, s->eip);
    base_put32(client + KIT_Client_CS, s->seg[X86_CS].selector);
    base_put32(client + KIT_Client_EFlags, virtual_flags(v, t, s->eflags, s->seg[X86_CS].selector, s->eip));
    base_put32(client + KIT_Client_ESP, s->reg[X86_ESP]);
    base_put32(client + KIT_Client_SS, s->seg[X86_SS].selector);
    base_put32(client + KIT_Client_ES, s->seg[X86_ES].selector);
    base_put32(client + KIT_Client_DS, s->seg[X86_DS].selector);
    base_put32(client + KIT_Client_FS, s->seg[X86_FS].selector);
    base_put32(client + KIT_Client_GS, s->seg[X86_GS].selector);
    if (!place && !x86_write_linear(v->cpu, t->crs, copy, VMM_CLIENT_BYTES, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", t->crs);
    t->ring3 = 0;
    vmm_dpmi_watch_leave(v);
    x86_v86_leave(v->cpu, &code, &data);
}

// To V86 code, as an IRETD from the structure would.
static void v86_leave(struct vmm *v, const uint8_t *client, uint32_t flags)
{
    const struct x86_v86_frame frame = {
        .eip = base_get32(client + KIT_Client_EIP),
        .cs = base_get32(client + KIT_Client_CS),
        .eflags = v->cpu->state.dr[7] & 0xFF ? flags : flags & ~(uint32_t)X86_RF, // it matters to breakpoints alone
        .esp = base_get32(client + KIT_Client_ESP),
        .ss = base_get32(client + KIT_Client_SS),
        .es = base_get32(client + KIT_Client_ES),
        .ds = base_get32(client + KIT_Client_DS),
        .fs = base_get32(client + KIT_Client_FS),
        .gs = base_get32(client + KIT_Client_GS),
    };
    x86_v86_enter(v->cpu, &frame);
}

// A selector that cannot be loaded (any more) is as the null selector: the client faults when it uses it.
static void load_client_segments(struct vmm *v, const uint8_t *client, uint32_t crs)
{
    static const struct {
        uint8_t seg, offset;
    } list[] = {{X86_ES, KIT_Client_ES}, {X86_DS, KIT_Client_DS}, {X86_FS, KIT_Client_FS}, {X86_GS, KIT_Client_GS}};
    for (unsigned i = 0; i < BASE_COUNT(list); i++)
        if (!x86_load_segment(v->cpu, (enum x86_seg)list[i].seg, base_get16(client + list[i].offset), NULL)) {
            (void)!x86_load_segment(v->cpu, (enum x86_seg)list[i].seg, 0, NULL);
            vmm_poke32(v, crs + list[i].offset, 0);
        }
}

static void client_leave(struct vmm *v)
{
    struct vmm_thread *t = vmm_current(v);
    struct x86_state *s = &v->cpu->state;
    uint8_t copy[VMM_CLIENT_BYTES];
    const uint8_t *place = x86_owner_bytes(v->cpu, t->crs, VMM_CLIENT_BYTES, false);
    bool direct = place && base_get32(place + KIT_Client_EFlags) & X86_VM; // nothing is written to it meanwhile
    const uint8_t *client = direct ? place : copy;
    if (!direct && !x86_read_linear(v->cpu, t->crs, copy, VMM_CLIENT_BYTES, X86_READ, NULL)) {
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", t->crs);
        return;
    }
    uint32_t flags = base_get32(client + KIT_Client_EFlags);
    bool v86 = flags & X86_VM;
    if (!v86 && !vmm_pm_may_run(v, base_get16(client + KIT_Client_CS), base_get32(client + KIT_Client_EIP))) {
        vmm_pm_exception_begin(v, GENERAL_PROTECTION, base_get16(client + KIT_Client_CS) & 0xFFFCu);
        return;
    }
    if (!v86 && !vmm_pm_may_be_stack(v, base_get16(client + KIT_Client_SS))) {
        vmm_pm_exception_begin(v, STACK_FAULT, base_get16(client + KIT_Client_SS) & 0xFFFCu);
        return;
    }
    if (!v86)
        load_client_segments(v, client, t->crs);
    vmm_vm_at(v, t->vm)->interrupts = flags & X86_IF ? 1 : 0;
    t->iopl = flags & X86_IOPL;
    flags = (flags & ~(uint32_t)X86_IOPL) | X86_IF | 2 | step_flag(v, t, flags);
    static const uint8_t order[8] = {X86_EDI, X86_ESI, X86_EBP, X86_ESP, X86_EBX, X86_EDX, X86_ECX, X86_EAX};
    for (unsigned i = 0; i < 8; i++)
        if (order[i] != X86_ESP)
            s->reg[order[i]] = base_get32(client + 4 * i);
    vmm_layout_stack(v, t->crs + (v86 ? KIT_Client_GS + 4 : KIT_Client_ES));
    t->ring3 = 1;
    vmm_dpmi_watch_enter(v);
    if (v86) {
        v86_leave(v, client, flags);
        return;
    }
    vmm_poke32(v, t->crs + KIT_Client_EFlags, flags);
    s->reg[X86_ESP] = t->crs + KIT_Client_EIP;
    s->eip = vmm_gate_address(VMM_GATE_IRET);
    s->eflags &= ~(uint32_t)(X86_IF | X86_NT | X86_TF);
}

// An emulated instruction of a client with the trap flag on: true when something is in between.
static bool single_step_begin(struct vmm *v)
{
    struct vmm_thread *t = vmm_current(v);
    if (!t->step_due)
        return false;
    t->step_due = 0;
    if (vmm_client_v86(v))
        vmm_v86_int_begin(v, SINGLE_STEP);
    else
        vmm_pm_exception_begin(v, SINGLE_STEP, 0);
    return v->call.framed || v->call.faulted || v->s.end;
}

// What the questions of between_begin look at first, at once: as a rule none of it is so.
static bool nothing_to_ask(const struct vmm *v)
{
    const struct vmm_state *s = &v->s;
    const struct vmm_thread *t = vmm_current(v);
    const struct vmm_vm *vm = vmm_vm_at(v, t->vm);
    return !(s->end | s->reschedule | s->not_critical | s->tickets_due | s->destroy_due | s->late_events |
             s->global_events | vm->events | vm->close_due | vm->end_flags | t->events | t->step_due | t->idle);
}

// True: something comes before the client, or there is nothing more to come.
static bool between_begin(struct vmm *v)
{
    if (v->s.end || single_step_begin(v))
        return true;
    if (v->s.reschedule && vmm_outranked(v) && vmm_reschedule_begin(v))
        return true;
    if (vmm_not_critical_begin(v) || vmm_event_begin(v, NULL))
        return true;
    if (vmm_postponed_end_begin(v) || (v->s.tickets_due && vmm_ticket_begin(v)))
        return true;
    if (v->s.reschedule && vmm_reschedule_begin(v))
        return true;
    if (!vmm_current(v)->idle)
        return false;
    vmm_idle_begin(v);
    return true;
}

// The way back to ring 3, a processing point: a thread that must run first, then events, then the end of time
// slices, then the client. EIP stays at the LEAVE
// gate for whatever is put in between, so that the same questions are asked again afterwards.
void vmm_leave_begin(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    s->eip = vmm_gate_address(VMM_GATE_LEAVE);
    s->reg[X86_ESP] = vmm_ring0_base(v);
    s->eflags = (s->eflags & ~(uint32_t)X86_DF) | X86_IF;
    if (nothing_to_ask(v) || !between_begin(v))
        client_leave(v);
}
