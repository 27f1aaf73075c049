// Descriptors as other chapters need them (selectors.c).
#ifndef VXDKIT_VMM_SELECTORS_H
#define VXDKIT_VMM_SELECTORS_H

#include "vmm/guest.h"

// The descriptor that a selector of the VM designates (global or of its local table). False: there is none.
bool vmm_descriptor(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *high, uint32_t *low) BASE_MUST_USE;
bool vmm_selector_base(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *base) BASE_MUST_USE;
// Global selectors for the VMM and devices, and local ones of a VM. 0 = none left, no memory.
uint32_t vmm_gdt_selector_take(struct vmm *v, uint32_t high, uint32_t low) BASE_MUST_USE;
uint32_t vmm_ldt_selector_take(struct vmm *v, uint32_t vm, uint32_t high, uint32_t low, uint32_t count) BASE_MUST_USE;

static inline uint32_t vmm_descriptor_base(uint32_t high, uint32_t low)
{
    return (high & 0xFF000000) | (high & 0xFF) << 16 | low >> 16;
}
// High and low dword of a data segment of `limit + 1` bytes for ring 3, writeable.
void vmm_data_descriptor(uint32_t base, uint32_t limit, uint32_t *high, uint32_t *low);

#endif
