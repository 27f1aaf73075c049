// The smallest functions of guest.h, v86.h and frame.h, in line for this room: a trapped instruction of a client needs
// dozens of them, and the calls cost more than what they do. They are masked as the C library masks its own
// (C17 7.1.4): in this room a name means the body below, the other rooms call the function of that name in inline.c.
#ifndef VXDKIT_VMM_INLINE_H
#define VXDKIT_VMM_INLINE_H

#include "vmm/frame.h"
#include "vmm/v86.h"

#define vmm_regs           vmm_regs_here
#define vmm_set_flag       vmm_set_flag_here
#define vmm_flag           vmm_flag_here
#define vmm_current_vm     vmm_current_vm_here
#define vmm_current_thread vmm_current_thread_here
#define vmm_client         vmm_client_here
#define vmm_frame_top      vmm_frame_top_here
#define vmm_peek32         vmm_peek32_here
#define vmm_peek16         vmm_peek16_here
#define vmm_poke32         vmm_poke32_here
#define vmm_poke16         vmm_poke16_here

static inline uint32_t *vmm_regs(struct vmm *v)
{
    return v->cpu->state.reg;
}

static inline void vmm_set_flag(struct vmm *v, uint32_t flag, bool on)
{
    v->cpu->state.eflags = on ? v->cpu->state.eflags | flag : v->cpu->state.eflags & ~flag;
}

static inline bool vmm_flag(struct vmm *v, uint32_t flag)
{
    return v->cpu->state.eflags & flag;
}

static inline uint32_t vmm_current_vm(struct vmm *v)
{
    return vmm_vm_at(v, vmm_current(v)->vm)->cb;
}

static inline uint32_t vmm_current_thread(struct vmm *v)
{
    return vmm_current(v)->tcb;
}

static inline uint32_t vmm_client(struct vmm *v)
{
    return vmm_current(v)->crs;
}

static inline struct vmm_frame *vmm_frame_top(struct vmm *v)
{
    uint32_t top = vmm_current(v)->top;
    return top ? vmm_frame_at(v, top) : NULL;
}

// Structures that are on a page which was accessed before, as a rule; guest.c has the rest.
void vmm_peek_far(struct vmm *v, uint32_t linear, uint8_t *bytes, uint32_t n);
void vmm_poke_far(struct vmm *v, uint32_t linear, const uint8_t *bytes, uint32_t n);

enum { VMM_CLIENT_BYTES = KIT_Client_GS + 4 }; // of the client registers, without the other mode's

// The current client's registers, all at once, for a function that changes none of them: themselves, or a copy.
static inline const uint8_t *vmm_client_bytes(struct vmm *v, uint8_t copy[VMM_CLIENT_BYTES])
{
    const uint8_t *at = x86_owner_bytes(v->cpu, vmm_client(v), VMM_CLIENT_BYTES, false);
    if (at)
        return at;
    vmm_peek_far(v, vmm_client(v), copy, VMM_CLIENT_BYTES);
    return copy;
}

static inline uint32_t vmm_peek32(struct vmm *v, uint32_t linear)
{
    const uint8_t *at = x86_owner_bytes(v->cpu, linear, 4, false);
    uint8_t bytes[4];
    if (at)
        return base_get32(at);
    vmm_peek_far(v, linear, bytes, 4);
    return base_get32(bytes);
}

static inline uint16_t vmm_peek16(struct vmm *v, uint32_t linear)
{
    const uint8_t *at = x86_owner_bytes(v->cpu, linear, 2, false);
    uint8_t bytes[2];
    if (at)
        return base_get16(at);
    vmm_peek_far(v, linear, bytes, 2);
    return base_get16(bytes);
}

static inline void vmm_poke32(struct vmm *v, uint32_t linear, uint32_t value)
{
    uint8_t *at = x86_owner_bytes(v->cpu, linear, 4, true), bytes[4];
    base_put32(at ? at : bytes, value);
    if (!at)
        vmm_poke_far(v, linear, bytes, 4);
}

static inline void vmm_poke16(struct vmm *v, uint32_t linear, uint16_t value)
{
    uint8_t *at = x86_owner_bytes(v->cpu, linear, 2, true), bytes[2];
    base_put16(at ? at : bytes, value);
    if (!at)
        vmm_poke_far(v, linear, bytes, 2);
}

#endif
