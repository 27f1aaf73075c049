// The two views of a VM's first megabyte and 64 KB (window.c).
#ifndef VXDKIT_VMM_WINDOW_H
#define VXDKIT_VMM_WINDOW_H

#include "vmm/guest.h"

uint32_t vmm_window(uint32_t vm); // row of a VM -> CB_High_Linear; 0 = no window left
uint32_t vmm_window_vm(struct vmm *v, uint32_t linear, uint32_t *page); // the VM whose V86 page it is, 0 = nobody's

bool vmm_window_create(struct vmm *v, uint32_t vm) BASE_MUST_USE; // false: no window, or no memory
void vmm_window_free(struct vmm *v, uint32_t vm);                 // with the pages that are the VM's own
bool vmm_window_show(struct vmm *v, uint32_t vm) BASE_MUST_USE;   // at 0, when the VM becomes the current one

// The page-table entry of a VM's page, with what either view knows of accesses; and setting it in both.
uint32_t vmm_window_entry(struct vmm *v, uint32_t vm, uint32_t page);
void vmm_window_entry_set(struct vmm *v, uint32_t vm, uint32_t page, uint32_t pte);
void vmm_window_merge(struct vmm *v); // accessed and dirty bits of both views, before a driver reads entries

// A V86 page that is not there yet: brought in. False: it is nobody's, present, or a hook's business.
bool vmm_window_touch(struct vmm *v, uint32_t linear);
void vmm_window_pattern(struct vmm *v); // the lowest pages as they are now are what new VMs begin with

#endif
