// Linear address space that drivers own, page by page: what stands behind _PageAllocate, _PageReserve, _MapPhysToLinear
// and _LinPageLock. Reservations lie in three arenas (spec: memory, address space); the state of each page lies in a
// table of this file's chapter, its physical page and permissions in the real page table.
#ifndef VXDKIT_VMM_REGIONS_H
#define VXDKIT_VMM_REGIONS_H

#include "vmm/paging.h"

enum vmm_arena { VMM_ARENA_PRIVATE, VMM_ARENA_SHARED, VMM_ARENA_SYSTEM, VMM_ARENAS };

enum vmm_region_kind {
    VMM_REGION_PAGES = 1, // reserved by a driver; pages have a state
    VMM_REGION_PHYSICAL,  // _MapPhysToLinear
    VMM_REGION_ALIAS,     // _LinPageLock with PAGEMAPGLOBAL
};

static const uint32_t VMM_REGION_PLACED = 0x80000000u;    // made with PAGEUSEALIGN: never reallocated
static const uint32_t VMM_REGION_FREE_PHYS = 0x40000000u; // made with PAGEMAPFREEPHYSREG (free_phys.c)

struct vmm_region {
    uint32_t page, pages; // linear page numbers
    uint32_t kind;        // enum vmm_region_kind
    uint32_t flags;       // PR_*, VMM_REGION_PLACED, VMM_REGION_FREE_PHYS
    uint32_t type;        // PG_*
    uint32_t vm;          // control block that the pages belong to, 0 = none
    uint32_t module;      // driver that asked for it, 0 = none
    uint32_t chunk;       // first row of page states
    uint32_t source;      // linear page that an alias shows, physical page of a mapping
};

enum vmm_page_bits {          // state of a page in a VMM_REGION_PAGES region
    VMM_PAGE_LOCKS = 0x0FFF,  // lock count
    VMM_PAGE_FIXED = 0x1000,  // locked for good
    VMM_PAGE_STATIC = 0x2000, // PC_STATIC: decommitting asks for the flag
    VMM_PAGE_OWNED = 0x4000,  // its physical page goes back on decommit
    VMM_PAGE_COMMITTED = 0x8000,
};

enum vmm_arena vmm_arena_of(uint32_t page);

// A reservation: in an arena at a multiple of `align` pages, or at one page. 0 = no room, no memory.
uint32_t vmm_region_reserve(struct vmm *v, enum vmm_arena arena, uint32_t pages, uint32_t align,
                            enum vmm_region_kind kind) BASE_MUST_USE;
uint32_t vmm_region_reserve_at(struct vmm *v, uint32_t page, uint32_t pages) BASE_MUST_USE; // of kind PAGES
void vmm_region_drop(struct vmm *v, uint32_t region); // unmaps, decommits, gives the reservation back
// Grows or shrinks where it lies; pages that go are decommitted. False: no room, no memory.
bool vmm_region_resize(struct vmm *v, uint32_t region, uint32_t pages) BASE_MUST_USE;

struct vmm_region *vmm_region_at(struct vmm *v, uint32_t region);
uint32_t vmm_region_find(struct vmm *v, uint32_t page) BASE_MUST_USE; // that contains the page, 0 = none
uint32_t vmm_region_next(struct vmm *v, enum vmm_arena arena,
                         uint32_t page) BASE_MUST_USE;            // first that begins at or after
uint32_t vmm_region_largest(struct vmm *v, enum vmm_arena arena); // pages of the widest free room

// The VMM_REGION_PAGES region that contains [page, page + pages), 0 = none.
uint32_t vmm_region_holding(struct vmm *v, uint32_t page, uint32_t pages) BASE_MUST_USE;
// State of one page of a region; the pointer is valid until the next reservation.
uint16_t *vmm_page_state(struct vmm *v, uint32_t region, uint32_t page);

// What stands behind a committed page, a row and a mark of its own (backing.h); 0 = plain memory.
uint32_t *vmm_page_backing(struct vmm *v, uint32_t region, uint32_t page);

// Commits one page of a region: a fresh physical page when `phys` is 0 (contents zero), else that one. `bits` are
// page-table bits, `state` VMM_PAGE_* beside COMMITTED and OWNED. False: no memory.
bool vmm_page_commit(struct vmm *v, uint32_t region, uint32_t page, uint32_t phys, uint32_t bits,
                     uint16_t state) BASE_MUST_USE;
// Commits pages with a run of physical pages just taken, which are zeroed and become theirs. False: no memory; what
// could not be committed has been given back.
bool vmm_region_commit_run(struct vmm *v, uint32_t region, uint32_t page, uint32_t pages, uint32_t phys, uint32_t bits,
                           uint16_t state) BASE_MUST_USE;
void vmm_page_decommit(struct vmm *v, uint32_t region, uint32_t page);
bool vmm_page_present(struct vmm *v, uint32_t page) BASE_MUST_USE;   // in memory, by the page table
bool vmm_page_committed(struct vmm *v, uint32_t page) BASE_MUST_USE; // or with its pager

// The reservations of the private arena, of which every memory context has its own (contexts.c). Another context's come
// in the place of the current ones, which are returned; a new, empty set (0 = no memory); one that is empty goes.
uint32_t vmm_regions_private(struct vmm *v, uint32_t root);
uint32_t vmm_regions_private_new(struct vmm *v) BASE_MUST_USE;
void vmm_regions_private_drop(struct vmm *v, uint32_t root);

// Fills a committed page; false: host memory is exhausted.
bool vmm_page_fill(struct vmm *v, uint32_t page, uint8_t value) BASE_MUST_USE;

// Counts locks up or down (pages.c); fixed pages are left alone. False: not committed, or unlocked without a lock.
bool vmm_pages_lock(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages, bool unlock) BASE_MUST_USE;

#endif
