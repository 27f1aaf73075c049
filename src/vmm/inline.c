// The functions that inline.h has in line for this room, for the rooms above.
#include "vmm/machine.h"

#undef vmm_regs
#undef vmm_set_flag
#undef vmm_flag
#undef vmm_current_vm
#undef vmm_current_thread
#undef vmm_client
#undef vmm_frame_top
#undef vmm_peek32
#undef vmm_peek16
#undef vmm_poke32
#undef vmm_poke16

uint32_t *vmm_regs(struct vmm *v)
{
    return vmm_regs_here(v);
}

void vmm_set_flag(struct vmm *v, uint32_t flag, bool on)
{
    vmm_set_flag_here(v, flag, on);
}

bool vmm_flag(struct vmm *v, uint32_t flag)
{
    return vmm_flag_here(v, flag);
}

uint32_t vmm_current_vm(struct vmm *v)
{
    return vmm_current_vm_here(v);
}

uint32_t vmm_current_thread(struct vmm *v)
{
    return vmm_current_thread_here(v);
}

uint32_t vmm_client(struct vmm *v)
{
    return vmm_client_here(v);
}

struct vmm_frame *vmm_frame_top(struct vmm *v)
{
    return vmm_frame_top_here(v);
}

uint32_t vmm_peek32(struct vmm *v, uint32_t linear)
{
    return vmm_peek32_here(v, linear);
}

uint16_t vmm_peek16(struct vmm *v, uint32_t linear)
{
    return vmm_peek16_here(v, linear);
}

void vmm_poke32(struct vmm *v, uint32_t linear, uint32_t value)
{
    vmm_poke32_here(v, linear, value);
}

void vmm_poke16(struct vmm *v, uint32_t linear, uint16_t value)
{
    vmm_poke16_here(v, linear, value);
}
