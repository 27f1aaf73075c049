// V86 pages of a VM as the rest of the room needs them (v86mem.c).
#ifndef VXDKIT_VMM_V86MEM_H
#define VXDKIT_VMM_V86MEM_H

#include "vmm/guest.h"

enum { VMM_V86_PAGES = 0x110 }; // 1 MB and the high memory area

// Callback of Hook_V86_Page for a page, 0 = none. The page-fault handler calls it with EAX = page, EBX = VM.
uint32_t vmm_v86_page_hook(struct vmm *v, uint32_t page);
// The nul page: handle as _GetNulPageHandle gives it, and its physical page. 0 = no memory.
uint32_t vmm_nul_page(struct vmm *v, uint32_t *phys);

// Where _MapIntoV86 shows the nul page from now on; what is mapped stays.
void vmm_nul_page_set(struct vmm *v, uint32_t phys);
// Whether some device owns a page: in all VMs, or in this one (its handle).
bool vmm_v86_assigned(struct vmm *v, uint32_t vm, uint32_t page) BASE_MUST_USE;

// A page for the exclusive use of a driver (real-mode initialisation): no longer memory of programs. False: it is
// taken.
bool vmm_v86_reserve(struct vmm *v, uint32_t page) BASE_MUST_USE;

// Shows the page of memory at `linear` (present, the VMM's or a driver's) as a V86 page of a VM (handle); 0: the VM's
// own page again. False: no memory.
bool vmm_v86_map(struct vmm *v, uint32_t vm, uint32_t page, uint32_t linear) BASE_MUST_USE;

// Whether a VM (handle) wrote into a page since this was asked the last time.
bool vmm_v86_page_written(struct vmm *v, uint32_t vm, uint32_t page) BASE_MUST_USE;

#endif
