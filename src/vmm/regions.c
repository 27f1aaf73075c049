// Reservations of linear address space and the state of their pages.
#include "vmm/regions.h"
#include "vmm/window.h"

#include "vmm/backing.h"
#include "vmm/defs.h"
#include "vmm/spans.h"

#include <assert.h>
#include <string.h>

static const uint32_t PRIVATE_ARENA = 0x00400000u, SHARED_ARENA = 0x80000000u;

enum { CHUNK_PAGES = 62 };

struct chunk { // states of CHUNK_PAGES pages of one region
    uint32_t next;
    uint16_t state[CHUNK_PAGES];
    uint32_t backing[CHUNK_PAGES];
};

struct regions_state {
    uint32_t root[VMM_ARENAS]; // spans of page numbers; value = region
    struct {                   // where the last page was found: walks over a region cost one step a page
        uint32_t region, index, chunk;
    } last;
};

static struct base_table *chunks(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_regions, 2);
}

static struct chunk *chunk_at(struct vmm *v, uint32_t row)
{
    return base_table_at(chunks(v), row);
}

static struct regions_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_regions);
}

static struct vmm_spans spans_of(struct vmm *v, enum vmm_arena arena)
{
    return (struct vmm_spans){vmm_chapter_table(v, VMM_CHAPTER_regions, 0), &state_of(v)->root[arena]};
}

static struct base_table *regions(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_regions, 1);
}

struct vmm_region *vmm_region_at(struct vmm *v, uint32_t region)
{
    return base_table_at(regions(v), region);
}

enum vmm_arena vmm_arena_of(uint32_t page)
{
    return page < SHARED_ARENA >> 12       ? VMM_ARENA_PRIVATE
           : page < VMM_SYSTEM_ARENA >> 12 ? VMM_ARENA_SHARED
                                           : VMM_ARENA_SYSTEM;
}

// --- chains of chunks

static void drop_chunks(struct vmm *v, uint32_t chunk)
{
    state_of(v)->last.region = 0;
    while (chunk) {
        uint32_t next = chunk_at(v, chunk)->next;
        base_table_release(chunks(v), chunk);
        chunk = next;
    }
}

// A chain for so many pages; 0 = no memory.
static uint32_t new_chunks(struct vmm *v, uint32_t pages)
{
    uint32_t first = 0;
    for (uint32_t done = 0; done < pages; done += CHUNK_PAGES) {
        uint32_t row = base_table_new(chunks(v));
        if (!row) {
            drop_chunks(v, first);
            return 0;
        }
        chunk_at(v, row)->next = first;
        first = row;
    }
    return first;
}

// Its chunk is state_of(v)->last.chunk then; the place in it.
static uint32_t find_page(struct vmm *v, uint32_t region, uint32_t page)
{
    struct regions_state *s = state_of(v);
    const struct vmm_region *r = vmm_region_at(v, region);
    assert(r->kind == VMM_REGION_PAGES && page - r->page < r->pages);
    uint32_t index = (page - r->page) / CHUNK_PAGES;
    if (s->last.region != region || s->last.index > index) {
        s->last.region = region;
        s->last.index = 0;
        s->last.chunk = r->chunk;
    }
    for (; s->last.index < index; s->last.index++)
        s->last.chunk = chunk_at(v, s->last.chunk)->next;
    return (page - r->page) % CHUNK_PAGES;
}

uint16_t *vmm_page_state(struct vmm *v, uint32_t region, uint32_t page)
{
    uint32_t place = find_page(v, region, page);
    return &chunk_at(v, state_of(v)->last.chunk)->state[place];
}

uint32_t *vmm_page_backing(struct vmm *v, uint32_t region, uint32_t page)
{
    uint32_t place = find_page(v, region, page);
    return &chunk_at(v, state_of(v)->last.chunk)->backing[place];
}

// --- reservations

static uint32_t span_of_page(struct vmm *v, uint32_t page)
{
    struct vmm_spans spans = spans_of(v, vmm_arena_of(page));
    return vmm_spans_find(&spans, page);
}

// Makes the span a region; undoes the span when memory is exhausted.
static uint32_t adopt(struct vmm *v, struct vmm_spans *spans, uint32_t span, enum vmm_region_kind kind)
{
    uint32_t row = span ? base_table_new(regions(v)) : 0;
    uint32_t pages = span ? vmm_span_at(spans, span)->size : 0;
    uint32_t chunk = row && kind == VMM_REGION_PAGES ? new_chunks(v, pages) : 0;
    if (!row || (kind == VMM_REGION_PAGES && !chunk)) {
        if (row)
            base_table_release(regions(v), row);
        if (span)
            vmm_spans_release(spans, span);
        return 0;
    }
    vmm_span_at(spans, span)->value = row;
    *vmm_region_at(v, row) = (struct vmm_region){.page = vmm_span_at(spans, span)->start,
                                                 .pages = pages,
                                                 .kind = kind,
                                                 .chunk = chunk,
                                                 .module = vmm_module_calling(v)};
    return row;
}

uint32_t vmm_region_reserve(struct vmm *v, enum vmm_arena arena, uint32_t pages, uint32_t align,
                            enum vmm_region_kind kind)
{
    struct vmm_spans spans = spans_of(v, arena);
    return adopt(v, &spans, vmm_spans_take(&spans, pages, align, 1), kind);
}

uint32_t vmm_region_reserve_at(struct vmm *v, uint32_t page, uint32_t pages)
{
    struct vmm_spans spans = spans_of(v, vmm_arena_of(page));
    return adopt(v, &spans, vmm_spans_take_at(&spans, page, pages, 1), VMM_REGION_PAGES);
}

static void unmap_from(struct vmm *v, uint32_t region, uint32_t page)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    for (; page < r.page + r.pages; page++) {
        if (r.kind == VMM_REGION_PAGES)
            vmm_page_decommit(v, region, page);
        else
            (void)!vmm_pte_set(v, page << 12, 0); // its table exists: cannot fail
    }
}

void vmm_region_drop(struct vmm *v, uint32_t region)
{
    uint32_t page = vmm_region_at(v, region)->page;
    struct vmm_spans spans = spans_of(v, vmm_arena_of(page));
    unmap_from(v, region, page);
    drop_chunks(v, vmm_region_at(v, region)->chunk);
    vmm_spans_release(&spans, vmm_spans_find(&spans, page));
    base_table_release(regions(v), region);
}

static uint32_t last_chunk(struct vmm *v, uint32_t chunk)
{
    while (chunk_at(v, chunk)->next)
        chunk = chunk_at(v, chunk)->next;
    return chunk;
}

// Chunks for `pages` pages; a region that shrank may have them already.
static bool extend_chunks(struct vmm *v, uint32_t region, uint32_t pages)
{
    uint32_t have = 0;
    for (uint32_t c = vmm_region_at(v, region)->chunk; c; c = chunk_at(v, c)->next)
        have += CHUNK_PAGES;
    if (pages <= have)
        return true;
    uint32_t more = new_chunks(v, pages - have);
    if (more)
        chunk_at(v, last_chunk(v, vmm_region_at(v, region)->chunk))->next = more;
    return more != 0;
}

bool vmm_region_resize(struct vmm *v, uint32_t region, uint32_t pages)
{
    struct vmm_region *r = vmm_region_at(v, region);
    struct vmm_spans spans = spans_of(v, vmm_arena_of(r->page));
    if (!extend_chunks(v, region, pages))
        return false;
    if (!vmm_spans_resize(&spans, vmm_spans_find(&spans, r->page), pages))
        return false;
    if (pages < r->pages)
        unmap_from(v, region, r->page + pages);
    vmm_region_at(v, region)->pages = pages;
    return true;
}

uint32_t vmm_region_find(struct vmm *v, uint32_t page)
{
    struct vmm_spans spans = spans_of(v, vmm_arena_of(page));
    uint32_t span = span_of_page(v, page);
    return span ? vmm_span_at(&spans, span)->value : 0;
}

uint32_t vmm_region_next(struct vmm *v, enum vmm_arena arena, uint32_t page)
{
    struct vmm_spans spans = spans_of(v, arena);
    uint32_t span = vmm_spans_after(&spans, page);
    while (span && vmm_span_at(&spans, span)->tag == VMM_SPAN_FREE)
        span = vmm_spans_after(&spans, vmm_span_at(&spans, span)->start + 1);
    return span ? vmm_span_at(&spans, span)->value : 0;
}

uint32_t vmm_region_largest(struct vmm *v, enum vmm_arena arena)
{
    struct vmm_spans spans = spans_of(v, arena);
    return vmm_spans_widest(&spans);
}

uint32_t vmm_region_holding(struct vmm *v, uint32_t page, uint32_t pages)
{
    uint32_t region = pages ? vmm_region_find(v, page) : 0;
    if (!region || vmm_region_at(v, region)->kind != VMM_REGION_PAGES)
        return 0;
    const struct vmm_region *r = vmm_region_at(v, region);
    return pages <= r->pages - (page - r->page) ? region : 0;
}

// --- pages

bool vmm_page_commit(struct vmm *v, uint32_t region, uint32_t page, uint32_t phys, uint32_t bits, uint16_t state)
{
    uint32_t owned = phys ? 0 : vmm_phys_take_one(v);
    if (!phys && !owned)
        return false;
    uint32_t pte = (phys ? phys : owned) << 12 | VMM_PTE_PRESENT | bits | vmm_region_at(v, region)->type << 9;
    if (!vmm_pte_set(v, page << 12, pte)) {
        if (owned)
            vmm_phys_give(v, owned, 1);
        return false;
    }
    *vmm_page_state(v, region, page) = (uint16_t)(state | VMM_PAGE_COMMITTED | (owned ? VMM_PAGE_OWNED : 0));
    return true;
}

bool vmm_region_commit_run(struct vmm *v, uint32_t region, uint32_t page, uint32_t pages, uint32_t phys, uint32_t bits,
                           uint16_t state)
{
    for (uint32_t i = 0; i < pages; i++) {
        if (vmm_phys_zero(v, phys + i) &&
            vmm_page_commit(v, region, page + i, phys + i, bits, (uint16_t)(state | VMM_PAGE_OWNED)))
            continue;
        vmm_phys_give(v, phys + i, pages - i);
        return false;
    }
    return true;
}

void vmm_page_decommit(struct vmm *v, uint32_t region, uint32_t page)
{
    uint16_t *state = vmm_page_state(v, region, page);
    uint32_t pte;
    if (!(*state & VMM_PAGE_COMMITTED))
        return;
    if (*vmm_page_backing(v, region, page))
        vmm_backing_leave(v, region, page);
    else if ((*state & VMM_PAGE_OWNED) && vmm_pte_get(v, page << 12, &pte) && vmm_phys_is_ram(v, pte >> 12))
        vmm_phys_give(v, pte >> 12, 1);
    *state = 0;
    (void)!vmm_pte_set(v, page << 12, 0); // its table exists: cannot fail
}

bool vmm_page_present(struct vmm *v, uint32_t page)
{
    uint32_t pte;
    if (vmm_window_touch(v, page << 12)) // a VM's own pages count as committed, touched or not
        return true;
    return vmm_pte_get(v, page << 12, &pte) && (pte & VMM_PTE_PRESENT);
}

bool vmm_page_committed(struct vmm *v, uint32_t page)
{
    uint32_t region = vmm_region_holding(v, page, 1);
    return region ? *vmm_page_state(v, region, page) & VMM_PAGE_COMMITTED : vmm_page_present(v, page);
}

bool vmm_page_fill(struct vmm *v, uint32_t page, uint8_t value)
{
    uint8_t block[X86_PAGE_SIZE];
    uint32_t pte;
    memset(block, value, sizeof block);
    return vmm_pte_get(v, page << 12, &pte) && pte & VMM_PTE_PRESENT &&
           x86_memory_store(v->memory, pte & ~0xFFFu, block, sizeof block);
}

// --- the private arena of another context

uint32_t vmm_regions_private(struct vmm *v, uint32_t root)
{
    uint32_t old = state_of(v)->root[VMM_ARENA_PRIVATE];
    state_of(v)->root[VMM_ARENA_PRIVATE] = root;
    return old;
}

uint32_t vmm_regions_private_new(struct vmm *v)
{
    uint32_t root = 0;
    struct vmm_spans spans = {vmm_chapter_table(v, VMM_CHAPTER_regions, 0), &root};
    return vmm_spans_open(&spans, PRIVATE_ARENA >> 12, (SHARED_ARENA - PRIVATE_ARENA) >> 12) ? root : 0;
}

void vmm_regions_private_drop(struct vmm *v, uint32_t root)
{
    struct vmm_spans spans = {vmm_chapter_table(v, VMM_CHAPTER_regions, 0), &root};
    assert(vmm_span_at(&spans, root)->tag == VMM_SPAN_FREE); // all of it is one free span again
    base_table_release(spans.rows, root);
}

// Pages that an unloaded driver did not give back; mappings of device memory stay by contract (Win95 DDK S3200, S3507).
static void module_gone(struct vmm *v, uint32_t module)
{
    uint32_t pages = 0;
    for (enum vmm_arena a = VMM_ARENA_PRIVATE; a < VMM_ARENAS; a++)
        for (uint32_t row = vmm_region_next(v, a, 0); row;
             row = vmm_region_next(v, a, vmm_region_at(v, row)->page + 1)) {
            const struct vmm_region *r = vmm_region_at(v, row);
            pages += r->module == module && r->kind != VMM_REGION_PHYSICAL ? r->pages : 0;
        }
    if (pages)
        vmm_report(v, "left-behind", vmm_module_at(v, module)->ddb, "Win95 DDK S3507",
                   "the driver is unloaded, but %u pages are its", (unsigned)pages);
}

// The parts of the arenas that are neither the kernel's nor the windows of VMs (window.c).
static bool create(struct vmm *v)
{
    const struct {
        enum vmm_arena arena;
        uint32_t from, to;
    } parts[] = {
        {VMM_ARENA_PRIVATE, PRIVATE_ARENA, SHARED_ARENA},
        {VMM_ARENA_SHARED, SHARED_ARENA, VMM_HIGH_BASE},
        {VMM_ARENA_SHARED, VMM_HIGH_END, VMM_SYSTEM_ARENA},
        {VMM_ARENA_SYSTEM, VMM_KERNEL_END, VMM_HIGH_BASE_2},
    };
    for (size_t i = 0; i < BASE_COUNT(parts); i++) {
        struct vmm_spans spans = spans_of(v, parts[i].arena);
        if (!vmm_spans_open(&spans, parts[i].from >> 12, (parts[i].to - parts[i].from) >> 12))
            return false;
    }
    return true;
}

static const uint32_t tables[] = {sizeof(struct vmm_span), sizeof(struct vmm_region), sizeof(struct chunk), 0};

const struct vmm_chapter vmm_regions_chapter = {
    .state_size = sizeof(struct regions_state), .tables = tables, .create = create, .module_gone = module_gone};
