// Descriptors as other chapters need them (selectors.c).
#ifndef VXDKIT_VMM_SELECTORS_H
#define VXDKIT_VMM_SELECTORS_H

#include "vmm/guest.h"

enum {                                    // bits of a descriptor's high dword
    VMM_DESCRIPTOR_WRITE = 1u << 9,       // data may be written, code may be read
    VMM_DESCRIPTOR_CONFORMING = 1u << 10, // code; data expands down
    VMM_DESCRIPTOR_CODE = 1u << 11,
    VMM_DESCRIPTOR_MEMORY = 1u << 12, // no system descriptor
    VMM_DESCRIPTOR_RING3 = 3u << 13,
    VMM_DESCRIPTOR_PRESENT = 1u << 15,
    VMM_DESCRIPTOR_WIDE = 1u << 22,  // 32-bit code, or a stack addressed through ESP
    VMM_DESCRIPTOR_PAGES = 1u << 23, // the limit counts pages
};

// The descriptor that a selector of the VM designates (global or of its local table). False: there is none.
bool vmm_descriptor(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *high, uint32_t *low) BASE_MUST_USE;
bool vmm_selector_base(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *base) BASE_MUST_USE;
// Global selectors for the VMM and devices, and local ones of a VM. 0 = none left, no memory.
uint32_t vmm_gdt_selector_take(struct vmm *v, uint32_t high, uint32_t low) BASE_MUST_USE;
uint32_t vmm_ldt_selector_take(struct vmm *v, uint32_t vm, uint32_t high, uint32_t low, uint32_t count) BASE_MUST_USE;
// A certain local selector. False: taken already, no memory.
bool vmm_ldt_selector_take_at(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t high, uint32_t low) BASE_MUST_USE;
bool vmm_ldt_selector_give(struct vmm *v, uint32_t vm, uint32_t selector); // false: not a local selector in use
// A selector through which applications of the VM read and write the whole local table; 0 = no memory, none left.
uint32_t vmm_ldt_show(struct vmm *v, uint32_t vm) BASE_MUST_USE;
// Replaces the descriptor of a selector in use. False: it is not, or the descriptor is the system's.
bool vmm_descriptor_set(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t high, uint32_t low) BASE_MUST_USE;

static inline uint32_t vmm_descriptor_base(uint32_t high, uint32_t low)
{
    return (high & 0xFF000000) | (high & 0xFF) << 16 | low >> 16;
}
static inline uint32_t vmm_descriptor_limit(uint32_t high, uint32_t low)
{
    uint32_t limit = (high & 0xF0000) | (low & 0xFFFF);
    return high & VMM_DESCRIPTOR_PAGES ? limit << 12 | 0xFFF : limit;
}
// High and low dword of a data segment of `limit + 1` bytes for ring 3, writeable.
void vmm_data_descriptor(uint32_t base, uint32_t limit, uint32_t *high, uint32_t *low);

#endif
