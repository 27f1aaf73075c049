// What stands behind a committed page that has a pager, or that several memory contexts share: its contents may be in
// memory or with the pager, and it goes when the last linear page that is committed to it does. Other pages have no
// backing: they are always in memory and belong to one place (regions.h). Win95 DDK S3228, S3235-S323D.
#ifndef VXDKIT_VMM_BACKING_H
#define VXDKIT_VMM_BACKING_H

#include "vmm/regions.h"

struct vmm_backing {
    uint32_t link;          // of released rows
    uint32_t refs;          // linear pages committed to it
    uint32_t shown;         // of them, present ones
    uint32_t pager;         // row, 0 = memory only
    uint32_t data;          // the pager's
    uint32_t phys;          // physical page, 0 = not in memory
    uint32_t context, page; // where it was shown last
    uint8_t borrowed;       // the physical page is somebody else's
    uint8_t tainted;        // written since it was committed
    uint8_t dirty;          // written since its pager saw it last
    uint8_t busy;           // its pager works on it
    uint8_t refused;        // the pager could not page it in: the fault is nobody's
    uint8_t stuck;          // it does not leave memory: its pager could not page it out, or V86 memory shows it
};

struct vmm_backing *vmm_backing_at(struct vmm *v, uint32_t backing);
uint32_t vmm_backing_of(struct vmm *v, uint32_t page) BASE_MUST_USE; // of a linear page, 0 = none

// Commits a page of a region to a pager; it is not present yet. False: no memory.
bool vmm_backing_commit(struct vmm *v, uint32_t region, uint32_t page, uint32_t pager, uint32_t data, uint32_t bits,
                        uint16_t state) BASE_MUST_USE;
// The backing of a committed page, made when there is none; 0 = no memory.
uint32_t vmm_backing_adopt(struct vmm *v, uint32_t region, uint32_t page) BASE_MUST_USE;
// Commits a page to a backing that has a page already. False: no memory.
bool vmm_backing_share(struct vmm *v, uint32_t region, uint32_t page, uint32_t backing, uint32_t bits,
                       uint16_t state) BASE_MUST_USE;
void vmm_backing_leave(struct vmm *v, uint32_t region, uint32_t page); // the page is decommitted

void vmm_backing_show(struct vmm *v, uint32_t page, uint32_t backing); // its contents are in memory
void vmm_backing_hide(struct vmm *v, uint32_t page, uint32_t backing); // and leave it
// Looks whether the page was written. True: for the first time since its pager was told or saw its contents.
bool vmm_backing_note(struct vmm *v, uint32_t page, uint32_t backing) BASE_MUST_USE;
void vmm_backing_clean(struct vmm *v, uint32_t page, uint32_t backing);   // the pager has the contents now
void vmm_backing_discard(struct vmm *v, uint32_t page, uint32_t backing); // virgin again, when the page is its only one
uint32_t vmm_backing_victim(struct vmm *v) BASE_MUST_USE;                 // one that can be paged out, 0 = none
bool vmm_backing_used(struct vmm *v, uint32_t pager) BASE_MUST_USE;       // some page has this pager

#endif
