// Physical pages, page tables and linear ranges: what the memory chapters (pages, heap, V86 memory) stand on. Page
// tables are real and lie in guest memory; everything here keeps the processor's view right.
#ifndef VXDKIT_VMM_PAGING_H
#define VXDKIT_VMM_PAGING_H

#include "vmm/machine.h"

enum { // page-table entry bits, Win95 DDK S3232
    VMM_PTE_PRESENT = 1,
    VMM_PTE_WRITE = 2,
    VMM_PTE_USER = 4,
    VMM_PTE_ACCESSED = 0x20,
    VMM_PTE_DIRTY = 0x40,
    VMM_PTE_TYPE = 0xE00, // three bits for the page's type
};

// Physical pages of RAM. `align` in pages (1, 2, 4...), page numbers in [low, high), contiguous. 0 = none left.
uint32_t vmm_phys_take(struct vmm *v, uint32_t pages, uint32_t align, uint32_t low, uint32_t high) BASE_MUST_USE;
uint32_t vmm_phys_take_one(struct vmm *v) BASE_MUST_USE; // zeroed
void vmm_phys_give(struct vmm *v, uint32_t page, uint32_t pages);
bool vmm_phys_is_ram(struct vmm *v, uint32_t page) BASE_MUST_USE; // handed out by the allocator or free in it
bool vmm_phys_zero(struct vmm *v, uint32_t page);
uint32_t vmm_phys_free_count(struct vmm *v);

// The page-table entry of a linear page; a missing page table is made when `make`. False: no table, or no memory.
bool vmm_pte_get(struct vmm *v, uint32_t linear, uint32_t *pte) BASE_MUST_USE;
bool vmm_pte_set(struct vmm *v, uint32_t linear, uint32_t pte) BASE_MUST_USE; // makes the table, drops the TLB entry
uint32_t vmm_pte_place(struct vmm *v, uint32_t linear);            // physical address of the entry; 0 = no table
bool vmm_table_make(struct vmm *v, uint32_t linear) BASE_MUST_USE; // the page table, if there is none yet

// The kernel's part of the system arena in ranges, lowest fit. (The arenas of the page services are the memory
// chapter's.)
uint32_t vmm_range_take(struct vmm *v, uint32_t first_page, uint32_t end_page, uint32_t pages,
                        uint32_t align_pages) BASE_MUST_USE; // row of the new range; 0 = no room
uint32_t vmm_range_take_at(struct vmm *v, uint32_t page, uint32_t pages) BASE_MUST_USE; // 0 = taken
uint32_t vmm_range_find(struct vmm *v, uint32_t page); // the range that holds this page, 0 = none
uint32_t vmm_range_next(struct vmm *v, uint32_t page); // the first range that ends behind this page, 0 = none
void vmm_range_give(struct vmm *v, uint32_t range);    // only the reservation: unmap first

#endif
