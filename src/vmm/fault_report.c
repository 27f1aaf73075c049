// Log_Fault_Call_Out (Win95 DDK S32C4): before the VMM reports a fault of ring-0 code that nobody handled, it calls
// this service of its own, so that a driver which hooks it can log the fault. When the fault happened in an event or a
// time-out, the hook may say that it has told the user itself: then the event is over, and Windows goes on.
#include "kit/services.h"
#include "vmm/defs.h"

#include <string.h>

// a[] of a LOG frame: the fault, ESP at it, CR2, and the EVENT frame it happened in, 0 = none
enum { L_VECTOR, L_ERROR, L_EIP, L_CS, L_EFLAGS, L_CR2, L_ESP, L_EVENT };
// On the stack, from EBP - 16 up: GS, FS, ES, DS, the registers as PUSHAD leaves them, error code, EIP, CS, flags.
enum { SEGMENT_BYTES = 16, REGISTER_BYTES = 32, STATE_BYTES = SEGMENT_BYTES + REGISTER_BYTES + 16 };

// The innermost event that the current thread runs; 0 = none, or hardware interrupts have come since.
static uint32_t event_of(struct vmm *v)
{
    uint32_t row = v->s.reenter ? 0 : vmm_thread_at(v, v->s.current)->top;
    while (row && vmm_frame_at(v, row)->kind != VMM_FRAME_EVENT)
        row = vmm_frame_at(v, row)->below;
    return row;
}

static bool push_state(struct vmm *v, const struct vmm_fault *fault)
{
    static const uint8_t segments[4] = {X86_GS, X86_FS, X86_ES, X86_DS};
    uint32_t *r = vmm_regs(v);
    uint8_t bytes[STATE_BYTES];
    for (unsigned i = 0; i < 4; i++)
        base_put32(bytes + 4 * i, v->cpu->state.seg[segments[i]].selector);
    for (unsigned i = 0; i < 8; i++) // EDI first, EAX last
        base_put32(bytes + SEGMENT_BYTES + 4 * i, r[X86_EDI - i]);
    const uint32_t rest[4] = {fault->error, fault->eip, fault->cs, fault->eflags};
    for (unsigned i = 0; i < 4; i++)
        base_put32(bytes + SEGMENT_BYTES + REGISTER_BYTES + 4 * i, rest[i]);
    if (!x86_write_linear(v->cpu, r[X86_ESP] - STATE_BYTES, bytes, sizeof bytes, X86_WRITE, NULL))
        return false;
    r[X86_ESP] -= STATE_BYTES;
    return true;
}

bool vmm_fault_call_out_begin(struct vmm *v, const struct vmm_fault *fault)
{
    uint32_t *r = vmm_regs(v), esp = r[X86_ESP], service = vmm_service_address(v, 1, KIT_Log_Fault_Call_Out);
    uint32_t event = event_of(v), top = vmm_thread_at(v, v->s.current)->top;
    bool hooked = service && service - VMM_GATE_BASE >= 16u * VMM_GATES;
    bool again = top && vmm_frame_at(v, top)->kind == VMM_FRAME_LOG; // the hook itself has faulted
    uint32_t before[8];
    memcpy(before, r, sizeof before);
    if (!hooked || again || v->s.in_nmi || !push_state(v, fault))
        return false;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_LOG);
    if (!f)
        return true;
    memcpy(f->reg, before, sizeof before);
    const uint32_t a[] = {fault->vector, fault->error,      fault->eip, fault->cs,
                          fault->eflags, v->cpu->state.cr2, esp,        event};
    memcpy(f->a, a, sizeof a);
    r[X86_EBX] = vmm_current_vm(v);
    r[X86_EDI] = vmm_current_thread(v);
    r[X86_ESI] = fault->vector;
    r[X86_EAX] = event ? vmm_event_at(v, vmm_frame_at(v, event)->a[0])->callback : 0;
    r[X86_EDX] = event ? vmm_frame_at(v, event)->expect : 0;
    r[X86_EBP] = f->esp + SEGMENT_BYTES;
    v->cpu->state.eflags &= ~(uint32_t)(X86_DF | X86_CF);
    vmm_frame_call_begin(v, service);
    return true;
}

static void log_resume(struct vmm *v, struct vmm_frame *f)
{
    const struct vmm_fault fault = {.vector = (uint8_t)f->a[L_VECTOR],
                                    .error = f->a[L_ERROR],
                                    .eip = f->a[L_EIP],
                                    .cs = (uint16_t)f->a[L_CS],
                                    .eflags = f->a[L_EFLAGS]};
    uint32_t event = f->a[L_EVENT], esp = f->a[L_ESP], cr2 = f->a[L_CR2];
    bool told = vmm_flag(v, X86_CF);
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_ESP] = esp;
    v->cpu->state.cr2 = cr2;
    if (!event || !told) {
        vmm_report_fault(v, &fault);
        return;
    }
    v->s.rules_broken = 1; // a driver has faulted, whoever says so
    vmm_frames_abandon(v, v->s.current, event);
    vmm_event_frame.resume(v, vmm_frame_at(v, event));
}

const struct vmm_frame_kind vmm_log_frame = {"the hook of Log_Fault_Call_Out", log_resume, NULL};

// Nobody has hooked it, or the last hook passes it on: not told.
static void log_fault_call_out(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, false);
}

static const struct vmm_binding bindings[] = {
    {KIT_Log_Fault_Call_Out, log_fault_call_out},
    {0, NULL},
};

const struct vmm_chapter vmm_fault_report_chapter = {.bindings = bindings};
