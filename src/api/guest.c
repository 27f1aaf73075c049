// Guest memory and registers.
#include "api/machine.h"

bool vxd_read(struct vxd_machine *m, uint32_t address, void *to, size_t size)
{
    if (size <= UINT32_MAX && vmm_load(m->vmm, address, to, (uint32_t)size))
        return true;
    return api_fail(m, "guest memory cannot be read: %zu bytes at %08Xh", size, address);
}

bool vxd_write(struct vxd_machine *m, uint32_t address, const void *from, size_t size)
{
    if (size <= UINT32_MAX && vmm_store(m->vmm, address, from, (uint32_t)size))
        return true;
    return api_fail(m, "guest memory cannot be written: %zu bytes at %08Xh", size, address);
}

uint32_t vxd_get_register(const struct vxd_machine *m, enum vxd_register which)
{
    const struct x86_state *s = &vmm_cpu(m->vmm)->state;
    if ((unsigned)which <= VXD_EDI)
        return s->reg[which];
    if (which >= VXD_ES && which <= VXD_GS)
        return s->seg[which - VXD_ES].selector;
    switch (which) {
    case VXD_EIP:
        return s->eip;
    case VXD_EFLAGS:
        return s->eflags;
    case VXD_CR0:
        return s->cr0;
    case VXD_CR2:
        return s->cr2;
    case VXD_CR3:
        return s->cr3;
    case VXD_CR4:
        return s->cr4;
    default:
        return 0;
    }
}

bool vxd_set_register(struct vxd_machine *m, enum vxd_register which, uint32_t value)
{
    const uint32_t kept = X86_VM | X86_IOPL;
    struct x86_state *s = &vmm_cpu(m->vmm)->state;
    if ((unsigned)which <= VXD_EDI)
        s->reg[which] = value;
    else if (which == VXD_EIP)
        s->eip = value;
    else if (which == VXD_EFLAGS)
        s->eflags = (value & ~kept) | (s->eflags & kept);
    else
        return api_fail(m, "register %d is read only", (int)which);
    return true;
}

void vxd_describe_address(struct vxd_machine *m, uint32_t address, char *to, size_t size)
{
    vmm_describe_address(m->vmm, address, to, size);
}
