// Areas in every VM control block (cbarea.c).
#ifndef VXDKIT_VMM_CBAREA_H
#define VXDKIT_VMM_CBAREA_H

#include "vmm/guest.h"

// Offset of an area of `bytes` bytes in every control block, zero in all of them; 0 = no room.
uint32_t vmm_cb_area_take(struct vmm *v, uint32_t bytes) BASE_MUST_USE;
bool vmm_cb_area_give(struct vmm *v, uint32_t offset) BASE_MUST_USE; // false: no such area

#endif
