// What would happen to a protected-mode client if it executed an instruction: pushes, returns, interrupts on its own
// stack, in words or dwords as the client is a 16- or 32-bit one (spec: nested-exec, simulation). The V86 half is
// simulate.c.
#include "vmm/defs.h"
#include "vmm/pmode.h"

enum { STACK_FAULT = 12 };

static uint32_t client(struct vmm *v, uint32_t offset)
{
    return vmm_peek32(v, vmm_client(v) + offset);
}

bool vmm_pm_interrupt(struct vmm *v, uint32_t selector, uint32_t offset)
{
    const uint32_t frame[] = {client(v, KIT_Client_EFlags) & ~(uint32_t)(X86_VM | X86_RF),
                              client(v, KIT_Client_CS) & 0xFFFF, client(v, KIT_Client_EIP)};
    if (!vmm_pm_push(v, frame, BASE_COUNT(frame)))
        return false;
    vmm_client_flags(v, 0, X86_TF);
    vmm_client_jump(v, selector, offset);
    return true;
}

bool vmm_pm_iret(struct vmm *v)
{
    uint32_t frame[3];
    if (!vmm_pm_pop(v, frame, BASE_COUNT(frame)))
        return false;
    vmm_client_flags(v, frame[2], vmm_pm_wide(v) ? 0x003FFFFF : 0xFFFF);
    vmm_client_jump(v, frame[1], frame[0]);
    return true;
}

bool vmm_pm_far_call(struct vmm *v, uint32_t selector, uint32_t offset)
{
    const uint32_t frame[] = {client(v, KIT_Client_CS) & 0xFFFF, client(v, KIT_Client_EIP)};
    if (!vmm_pm_push(v, frame, BASE_COUNT(frame)))
        return false;
    vmm_client_jump(v, selector, offset);
    return true;
}

bool vmm_pm_far_ret(struct vmm *v, uint32_t bytes)
{
    uint32_t frame[2];
    if (!vmm_pm_pop(v, frame, BASE_COUNT(frame)))
        return false;
    vmm_pm_set_sp(v, vmm_pm_sp(v) + bytes);
    vmm_client_jump(v, frame[1], frame[0]);
    return true;
}

// A noted page fault is served first, and the caller runs again.
void vmm_pm_no_stack_begin(struct vmm *v)
{
    if (!v->call.faulted)
        vmm_pm_exception_begin(v, STACK_FAULT, 0);
}
