// Physical pages, page tables, linear ranges. Page tables are written through physical memory, so that they can be
// built before the processor pages and for virtual machines that are not current.
#include "vmm/paging.h"

#include <assert.h>
#include <string.h>

// --- physical pages: a bit map in rows of 32

enum { FIRST_FREE_PAGE = 0x110 }; // the first megabyte and the 64 KB above it belong to the System VM

static uint32_t *phys_word(struct vmm *v, uint32_t page)
{
    return &vmm_phys_at(v, page / 32 + 1)->taken;
}

static bool phys_taken(struct vmm *v, uint32_t page)
{
    return *phys_word(v, page) >> (page % 32) & 1;
}

static void phys_mark(struct vmm *v, uint32_t page, bool taken)
{
    uint32_t bit = 1u << (page % 32);
    *phys_word(v, page) = taken ? *phys_word(v, page) | bit : *phys_word(v, page) & ~bit;
}

bool vmm_phys_create(struct vmm *v)
{
    uint32_t pages = v->config.ram_megabytes * 256;
    for (uint32_t i = 0; i < pages; i += 32) {
        uint32_t row = vmm_phys_new(v);
        if (!row)
            return false;
        assert(row == i / 32 + 1);
        vmm_phys_at(v, row)->taken = i < 0x100 ? UINT32_MAX : i == 0x100 ? 0xFFFF : 0;
    }
    v->s.phys_pages = pages;
    v->s.phys_free = pages - FIRST_FREE_PAGE;
    v->s.phys_hint = FIRST_FREE_PAGE;
    return x86_memory_set_kind(v->memory, 0, 0xA0, X86_RAM) && x86_memory_set_kind(v->memory, 0xC0, 0x40, X86_ROM) &&
           x86_memory_set_kind(v->memory, 0x100, pages - 0x100, X86_RAM);
}

static bool phys_run_free(struct vmm *v, uint32_t page, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        if (phys_taken(v, page + i))
            return false;
    return true;
}

uint32_t vmm_phys_take(struct vmm *v, uint32_t pages, uint32_t align, uint32_t low, uint32_t high)
{
    if (high > v->s.phys_pages)
        high = v->s.phys_pages;
    if (!pages || pages > v->s.phys_free || low >= high || pages > high - low)
        return 0;
    for (uint32_t page = (low + align - 1) / align * align; page <= high - pages; page += align) {
        if (!phys_run_free(v, page, pages))
            continue;
        for (uint32_t i = 0; i < pages; i++)
            phys_mark(v, page + i, true);
        v->s.phys_free -= pages;
        return page;
    }
    return 0;
}

uint32_t vmm_phys_take_one(struct vmm *v)
{
    for (uint32_t n = 0, words = v->s.phys_pages / 32; n < words; n++) {
        uint32_t word = (v->s.phys_hint / 32 + n) % words;
        uint32_t taken = vmm_phys_at(v, word + 1)->taken;
        if (taken == UINT32_MAX)
            continue;
        uint32_t bit = 0;
        while (taken >> bit & 1)
            bit++;
        uint32_t page = word * 32 + bit;
        if (!vmm_phys_zero(v, page))
            return 0;
        phys_mark(v, page, true);
        v->s.phys_free--;
        v->s.phys_hint = page;
        return page;
    }
    return 0;
}

void vmm_phys_give(struct vmm *v, uint32_t page, uint32_t pages)
{
    // The numbers come out of page-table entries, which a driver can overwrite: what cannot have been taken stays.
    for (uint32_t i = page; i < page + pages; i++) {
        if (i < FIRST_FREE_PAGE || i >= v->s.phys_pages || !phys_taken(v, i))
            continue;
        phys_mark(v, i, false);
        v->s.phys_free++;
    }
    if (page < v->s.phys_hint)
        v->s.phys_hint = page;
}

bool vmm_phys_is_ram(struct vmm *v, uint32_t page)
{
    return page < v->s.phys_pages && x86_memory_kind(v->memory, page) != X86_NOTHING;
}

bool vmm_phys_zero(struct vmm *v, uint32_t page)
{
    // Setting the kind to nothing drops the content, setting it to RAM makes it zero until the first write.
    return x86_memory_set_kind(v->memory, page, 1, X86_NOTHING) && x86_memory_set_kind(v->memory, page, 1, X86_RAM);
}

uint32_t vmm_phys_free_count(struct vmm *v)
{
    return v->s.phys_free;
}

// --- page tables

static uint32_t phys_get32(struct vmm *v, uint32_t phys)
{
    uint8_t bytes[4];
    if (!x86_memory_load(v->memory, phys, bytes, 4))
        return 0;
    return base_get32(bytes);
}

static bool phys_put32(struct vmm *v, uint32_t phys, uint32_t value)
{
    uint8_t bytes[4];
    base_put32(bytes, value);
    return x86_memory_store(v->memory, phys, bytes, 4);
}

uint32_t vmm_pte_place(struct vmm *v, uint32_t linear)
{
    uint32_t pde = phys_get32(v, v->s.page_directory * X86_PAGE_SIZE + (linear >> 22) * 4);
    if (!(pde & VMM_PTE_PRESENT))
        return 0;
    return (pde & ~0xFFFu) + (linear >> 12 & 0x3FF) * 4;
}

bool vmm_pde_set(struct vmm *v, uint32_t linear, uint32_t table_page)
{
    uint32_t pde = table_page ? table_page * X86_PAGE_SIZE | VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER : 0;
    return phys_put32(v, v->s.page_directory * X86_PAGE_SIZE + (linear >> 22) * 4, pde);
}

bool vmm_table_make(struct vmm *v, uint32_t linear)
{
    uint32_t page = vmm_pte_place(v, linear) ? 0 : vmm_phys_take_one(v);
    if (vmm_pte_place(v, linear))
        return true;
    if (!page)
        return false;
    if (vmm_pde_set(v, linear, page))
        return true;
    vmm_phys_give(v, page, 1);
    return false;
}

bool vmm_pte_get(struct vmm *v, uint32_t linear, uint32_t *pte)
{
    uint32_t at = vmm_pte_place(v, linear);
    *pte = at ? phys_get32(v, at) : 0;
    return at != 0;
}

bool vmm_pte_set(struct vmm *v, uint32_t linear, uint32_t pte)
{
    if (!vmm_table_make(v, linear))
        return false;
    if (!phys_put32(v, vmm_pte_place(v, linear), pte))
        return false;
    if (v->cpu)
        x86_invalidate_page(v->cpu, linear);
    return true;
}

// --- linear ranges: rows in a chain sorted by address, first fit

static uint32_t range_insert(struct vmm *v, uint32_t after, uint32_t page, uint32_t pages)
{
    uint32_t row = vmm_range_new(v);
    if (!row)
        return 0;
    uint32_t *link = after ? &vmm_range_at(v, after)->next : &v->s.first_range;
    struct vmm_range *r = vmm_range_at(v, row);
    r->page = page;
    r->pages = pages;
    r->next = *link;
    *link = row;
    return row;
}

uint32_t vmm_range_take(struct vmm *v, uint32_t first_page, uint32_t end_page, uint32_t pages, uint32_t align_pages)
{
    uint32_t page = (first_page + align_pages - 1) / align_pages * align_pages, before = 0;
    if (!pages)
        return 0;
    for (uint32_t i = v->s.first_range; i; i = vmm_range_at(v, i)->next) {
        const struct vmm_range *r = vmm_range_at(v, i);
        if (r->page + r->pages > page) {
            if (r->page >= page && r->page - page >= pages)
                break;
            page = (r->page + r->pages + align_pages - 1) / align_pages * align_pages;
        }
        before = i;
    }
    if (page >= end_page || pages > end_page - page)
        return 0;
    return range_insert(v, before, page, pages);
}

uint32_t vmm_range_next(struct vmm *v, uint32_t page)
{
    uint32_t i = v->s.first_range;
    while (i && vmm_range_at(v, i)->page + vmm_range_at(v, i)->pages <= page)
        i = vmm_range_at(v, i)->next;
    return i;
}

uint32_t vmm_range_find(struct vmm *v, uint32_t page)
{
    uint32_t i = vmm_range_next(v, page);
    return i && vmm_range_at(v, i)->page <= page ? i : 0;
}

uint32_t vmm_range_take_at(struct vmm *v, uint32_t page, uint32_t pages)
{
    uint32_t next = vmm_range_next(v, page), before = 0;
    if (!pages || (next && vmm_range_at(v, next)->page < page + pages))
        return 0;
    for (uint32_t i = v->s.first_range; i != next; i = vmm_range_at(v, i)->next)
        before = i;
    return range_insert(v, before, page, pages);
}

void vmm_range_give(struct vmm *v, uint32_t range)
{
    uint32_t *link = &v->s.first_range;
    while (*link != range) {
        assert(*link);
        link = &vmm_range_at(v, *link)->next;
    }
    *link = vmm_range_at(v, range)->next;
    vmm_range_free(v, range);
}

// --- pages for the VMM's own use

static void unmap(struct vmm *v, uint32_t linear, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t pte;
        if (!vmm_pte_get(v, linear + i * X86_PAGE_SIZE, &pte) || !(pte & VMM_PTE_PRESENT))
            continue;
        vmm_phys_give(v, pte >> 12, 1);
        (void)!vmm_pte_set(v, linear + i * X86_PAGE_SIZE, 0);
    }
}

bool vmm_map_fresh(struct vmm *v, uint32_t linear, uint32_t pages, uint32_t bits)
{
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t page = vmm_phys_take_one(v);
        if (page && vmm_pte_set(v, linear + i * X86_PAGE_SIZE, page * X86_PAGE_SIZE | VMM_PTE_PRESENT | bits))
            continue;
        if (page)
            vmm_phys_give(v, page, 1);
        unmap(v, linear, i);
        return false;
    }
    return true;
}

static uint32_t take_pages(struct vmm *v, uint32_t pages, uint32_t bits)
{
    uint32_t range = vmm_range_take(v, VMM_SYSTEM_ARENA >> 12, VMM_KERNEL_END >> 12, pages, 1);
    if (!range)
        return 0;
    uint32_t linear = vmm_range_at(v, range)->page * X86_PAGE_SIZE;
    if (vmm_map_fresh(v, linear, pages, bits))
        return linear;
    vmm_range_give(v, range);
    return 0;
}

uint32_t vmm_take_pages(struct vmm *v, uint32_t pages)
{
    return take_pages(v, pages, VMM_PTE_WRITE);
}

uint32_t vmm_take_driver_pages(struct vmm *v, uint32_t pages)
{
    return take_pages(v, pages, VMM_PTE_WRITE | VMM_PTE_USER);
}

void vmm_give_pages(struct vmm *v, uint32_t linear, uint32_t pages)
{
    uint32_t range = vmm_range_find(v, linear >> 12);
    assert(range && vmm_range_at(v, range)->page == linear >> 12 && vmm_range_at(v, range)->pages == pages);
    unmap(v, linear, pages);
    vmm_range_give(v, range);
}
