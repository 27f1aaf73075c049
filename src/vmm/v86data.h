// The V86 global area below the first V86 page, and instance data in it (v86data.c, instance.c).
#ifndef VXDKIT_VMM_V86DATA_H
#define VXDKIT_VMM_V86DATA_H

#include "vmm/guest.h"

enum {
    VMM_OWN_LOW_PAGES = 3,         // of every VM: interrupt vectors, BIOS and DOS data, and
    VMM_DRIVERS_PAGE = 2,          // what drivers show DOS by Exec_VxD_Int
    VMM_HIGHEST_FIRST_PAGE = 0x60, // the first V86 page is never above; programs need the rest
};
enum { VMM_LAST_V86_PAGE = 0x9F }; // until _SetLastV86Page says otherwise: video memory follows

uint32_t vmm_first_v86_page(struct vmm *v); // pages below it are the same in all VMs
uint32_t vmm_last_v86_page(struct vmm *v);
bool vmm_v86_give_up(struct vmm *v, uint32_t page) BASE_MUST_USE; // the last one only: programs end below it

// Remembers [linear, linear + bytes) as instance data. False: no memory.
bool vmm_instance_add(struct vmm *v, uint32_t linear, uint32_t bytes, uint32_t type) BASE_MUST_USE;
// How much of [linear, linear + bytes) is instanced: 0 nothing, 1 something.
bool vmm_instance_touches(struct vmm *v, uint32_t linear, uint32_t bytes) BASE_MUST_USE;
void vmm_instance_snapshot(struct vmm *v); // after Init_Complete: what new VMs begin with
// A global page with instance data is present in one VM at a time: bring makes it this one. Fill: the data that lies in
// a page of the VM's own, as it begins. False: no memory.
bool vmm_instance_page(struct vmm *v, uint32_t page);
bool vmm_instance_bring(struct vmm *v, uint32_t vm, uint32_t page) BASE_MUST_USE;
bool vmm_instance_fill(struct vmm *v, uint32_t page, uint32_t phys) BASE_MUST_USE;

#endif
