// The execution mode of the current client (spec: nested-exec, mode, stack, state; Win95 DDK S330E, S330F): V86 or
// protected mode. The client registers hold the set of the mode that runs, Client_Alt_* that of the other one; general
// registers belong to both.
#include "vmm/defs.h"
#include "vmm/pmode.h"
#include "vmm/selectors.h"

#include <string.h>

enum { SET = KIT_Client_EIP, ALT = KIT_Client_Alt_EIP, SET_BYTES = ALT - SET };

static void show(struct vmm *v, bool v86)
{
    uint32_t at = vmm_current_vm(v) + KIT_CB_VM_Status, status = vmm_peek32(v, at);
    vmm_poke32(v, at, v86 ? status & ~(uint32_t)KIT_VMStat_PM_Exec : status | KIT_VMStat_PM_Exec);
}

void vmm_exec_mode_show(struct vmm *v)
{
    show(v, vmm_client_v86(v));
}

// Swaps the two sets. All flags but VM, IOPL and NT stay: programs that look for a 286 leave NT set in V86 mode, where
// it does nothing; in protected mode their next IRET would look for a task.
void vmm_set_exec_mode(struct vmm *v, bool v86)
{
    uint8_t sets[2 * SET_BYTES], swapped[2 * SET_BYTES];
    uint32_t crs = vmm_client(v);
    if (vmm_client_v86(v) == v86)
        return;
    if (!x86_read_linear(v->cpu, crs + SET, sets, sizeof sets, X86_READ, NULL)) {
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", crs);
        return;
    }
    memcpy(swapped, sets + SET_BYTES, SET_BYTES);
    memcpy(swapped + SET_BYTES, sets, SET_BYTES);
    uint32_t flags = base_get32(sets + KIT_Client_EFlags - SET) & ~(uint32_t)(X86_VM | X86_IOPL | X86_NT);
    flags |= base_get32(swapped + KIT_Client_EFlags - SET) & X86_IOPL;
    base_put32(swapped + KIT_Client_EFlags - SET, flags | (v86 ? X86_VM : 0));
    if (!x86_write_linear(v->cpu, crs + SET, swapped, sizeof swapped, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", crs);
    show(v, v86);
}

// The whole structure, for whoever keeps a client's state and puts it back.
void vmm_client_load(struct vmm *v, uint8_t client[KIT_SIZE_Client_Reg_Struc])
{
    if (!x86_read_linear(v->cpu, vmm_client(v), client, KIT_SIZE_Client_Reg_Struc, X86_READ, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
}

// A state of either mode becomes the client's.
void vmm_client_store(struct vmm *v, const uint8_t client[KIT_SIZE_Client_Reg_Struc])
{
    uint32_t old = vmm_peek32(v, vmm_client(v) + KIT_Client_EFlags), flags = base_get32(client + KIT_Client_EFlags);
    if (!x86_write_linear(v->cpu, vmm_client(v), client, KIT_SIZE_Client_Reg_Struc, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
    show(v, flags & X86_VM);
    if (flags & X86_IF && !(old & X86_IF))
        vmm_interrupts_enabled(v);
}

bool vmm_pm_app_runs(struct vmm *v)
{
    return vmm_peek32(v, vmm_current_vm(v) + KIT_CB_VM_Status) & KIT_VMStat_PM_App;
}

// Interrupt frames, pushes and far calls of a 32-bit client are dwords.
bool vmm_pm_wide(struct vmm *v)
{
    return vmm_peek32(v, vmm_current_vm(v) + KIT_CB_VM_Status) & KIT_VMStat_Use32Mask;
}

static bool ring3_descriptor(struct vmm *v, uint32_t selector, uint32_t *high, uint32_t *low)
{
    const uint32_t need = VMM_DESCRIPTOR_PRESENT | VMM_DESCRIPTOR_MEMORY;
    return (selector & 3) == 3 && vmm_descriptor(v, vmm_current_vm(v), selector, high, low) && (*high & need) == need;
}

bool vmm_pm_may_run(struct vmm *v, uint32_t cs, uint32_t eip)
{
    uint32_t high, low;
    if (!ring3_descriptor(v, cs, &high, &low) || !(high & VMM_DESCRIPTOR_CODE))
        return false;
    bool conforming = high & VMM_DESCRIPTOR_CONFORMING, ring3 = (high & VMM_DESCRIPTOR_RING3) == VMM_DESCRIPTOR_RING3;
    return (conforming || ring3) && eip <= vmm_descriptor_limit(high, low);
}

bool vmm_pm_may_be_stack(struct vmm *v, uint32_t ss)
{
    uint32_t high, low;
    return ring3_descriptor(v, ss, &high, &low) && (high & VMM_DESCRIPTOR_RING3) == VMM_DESCRIPTOR_RING3 &&
           !(high & VMM_DESCRIPTOR_CODE) && high & VMM_DESCRIPTOR_WRITE;
}

static void set_v86_exec_mode(struct vmm *v)
{
    vmm_set_exec_mode(v, true);
}

static void set_pm_exec_mode(struct vmm *v)
{
    vmm_set_exec_mode(v, false);
}

static const struct vmm_binding bindings[] = {
    {KIT_Set_V86_Exec_Mode, set_v86_exec_mode},
    {KIT_Set_PM_Exec_Mode, set_pm_exec_mode},
    {0, NULL},
};

const struct vmm_chapter vmm_pm_mode_chapter = {.bindings = bindings};
