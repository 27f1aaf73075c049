// Chains of hook procedures. The VMM alone writes the variables; the procedures only jump through them. Win95 DDK
// S31A8.
#include "vmm/hook.h"

static bool preamble(struct vmm *v, uint32_t at, uint8_t jump, uint32_t *variable)
{
    uint8_t code[8];
    if (!x86_read_linear(vmm_cpu(v), at, code, sizeof code, X86_READ, NULL))
        return false;
    *variable = base_get32(code + 4);
    return code[0] == 0xEB && code[1] == jump && code[2] == 0xFF && code[3] == 0x25;
}

uint32_t vmm_hook_variable(struct vmm *v, uint32_t proc)
{
    uint32_t variable;
    if (preamble(v, proc - 8, 0x06, &variable) || preamble(v, proc - 12, 0x0A, &variable))
        return variable;
    return 0;
}

uint32_t vmm_hook_step(struct vmm *v, uint32_t *link)
{
    uint8_t at[4];
    if (!x86_read_linear(vmm_cpu(v), *link, at, sizeof at, X86_READ, NULL))
        return *link = 0;
    *link = vmm_hook_variable(v, base_get32(at));
    return base_get32(at);
}

bool vmm_hook_present(struct vmm *v, uint32_t slot, uint32_t proc)
{
    uint32_t link = slot;
    for (unsigned n = 0; link && n < VMM_LONGEST_CHAIN; n++)
        if (vmm_hook_step(v, &link) == proc)
            return true;
    return false;
}

bool vmm_hook_insert(struct vmm *v, uint32_t slot, uint32_t proc, uint32_t *previous)
{
    uint32_t variable = vmm_hook_variable(v, proc);
    if (!vmm_get32(v, slot, previous) || (variable && !vmm_probe(v, variable, 4, true)))
        return false;
    return (!variable || vmm_put32(v, variable, *previous)) && vmm_put32(v, slot, proc);
}

enum vmm_unhook vmm_hook_remove(struct vmm *v, uint32_t slot, uint32_t proc)
{
    uint32_t link = slot, at, after, variable = vmm_hook_variable(v, proc);
    if (!variable)
        return VMM_UNHOOK_REFUSED;
    for (unsigned n = 0; n < VMM_LONGEST_CHAIN; n++) {
        if (!vmm_get32(v, link, &at))
            return VMM_UNHOOK_FAULT;
        if (at == proc)
            return vmm_get32(v, variable, &after) && vmm_put32(v, link, after) ? VMM_UNHOOKED : VMM_UNHOOK_FAULT;
        link = vmm_hook_variable(v, at);
        if (!link)
            return VMM_UNHOOK_REFUSED;
    }
    return VMM_UNHOOK_REFUSED;
}
