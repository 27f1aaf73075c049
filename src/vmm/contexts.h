// Memory contexts: which pages the private arena, 4 MB to 2 GB, shows (Win95 DDK S3223-S3228).
#ifndef VXDKIT_VMM_CONTEXTS_H
#define VXDKIT_VMM_CONTEXTS_H

#include "vmm/regions.h"

uint32_t vmm_context_current(struct vmm *v); // row, 0 = the system's
// Whether a linear page of a context can be reached now.
bool vmm_context_sees(struct vmm *v, uint32_t context, uint32_t page) BASE_MUST_USE;

#endif
