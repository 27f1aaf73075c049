// Pagers: who moves the contents of pages in and out of memory (Win95 DDK S3235-S323D). pager.c keeps them and chooses,
// pager_walk.c calls them, page after page.
#ifndef VXDKIT_VMM_PAGER_H
#define VXDKIT_VMM_PAGER_H

#include "vmm/backing.h"

// The functions of a pager in the order of the PD structure; each takes the address of the page's datum, the address at
// which ring 0 sees its contents, and a linear page number.
enum vmm_pager_function {
    VMM_PAGER_VIRGIN_IN,
    VMM_PAGER_TAINTED_IN,
    VMM_PAGER_CLEAN_OUT,
    VMM_PAGER_DIRTY_OUT,
    VMM_PAGER_VIRGIN_FREE,
    VMM_PAGER_TAINTED_FREE,
    VMM_PAGER_DIRTY,
    VMM_PAGER_FUNCTIONS
};

uint32_t vmm_pager_find(struct vmm *v, uint32_t handle) BASE_MUST_USE; // row, 0 = no such pager
uint32_t vmm_pager_proc(struct vmm *v, uint32_t pager, enum vmm_pager_function function);
bool vmm_pager_keeps(struct vmm *v, uint32_t pager) BASE_MUST_USE; // PD_PAGERONLY: its pages stay in memory

// A walk over linear pages, with whatever their pagers have to be asked; pages without a pager are passed over.
enum vmm_walk_op {
    VMM_WALK_IN,     // brings absent ones in
    VMM_WALK_COMMIT, // the same for pages just committed: when one cannot be, all of them go
    VMM_WALK_FLUSH,  // the pager gets their contents
    VMM_WALK_OUT,    // and they leave memory
    VMM_WALK_FREE,   // decommits them
    VMM_WALK_CHANGE, // another pager or datum (PCP_*)
};
enum { VMM_WALK_AGAIN = 2 }; // instead of an answer in EAX: the service, or the access that faulted, runs again

struct vmm_walk {
    enum vmm_walk_op op;
    uint32_t first, pages;
    uint32_t answer;             // EAX at the end; VMM_WALK_AGAIN
    uint32_t pager, data, flags; // of VMM_WALK_CHANGE
};
void vmm_walk_begin(struct vmm *v, const struct vmm_walk *walk);

bool vmm_pager_fault_begin(struct vmm *v, const struct vmm_fault *fault); // false: not a page of a pager
// Before a service decommits pages. True: their pagers are asked first and the service runs again, or it has failed.
bool vmm_pager_frees_begin(struct vmm *v, uint32_t first, uint32_t pages);
// Before a service needs so many physical pages. True: some are being paged out, then the service runs again.
bool vmm_pager_room_begin(struct vmm *v, uint32_t pages);
// Before a service locks pages. True: they are being paged in, then the service runs again; or it has failed.
bool vmm_pager_in_begin(struct vmm *v, uint32_t first, uint32_t pages);

#endif
