// INT 31h, functions 0500h-0604h, 0702h, 0703h, 0800h and 0801h: memory above 1 MB in the shared arena, which is
// present at all times (locking is a formality), and device memory.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/regions.h"

enum { RESERVE = 64, INFO_BYTES = 0x30, FIRST_MB_PAGES = 0x110 }; // pages that applications leave to the system

static const uint32_t USER_PAGE = VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER;

struct memory_block {   // the handle is the linear address
    uint32_t free_link; // of released rows; all else is zero there
    uint32_t app;       // row
    uint32_t page;      // of its region
    uint32_t device;    // shows device memory
};

static struct base_table *blocks(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_dpmi_memory, 0);
}

static struct memory_block *find(struct vmm *v, uint32_t linear)
{
    uint32_t app = vmm_pm_app_row(v);
    for (uint32_t i = 1; i < blocks(v)->count; i++) {
        struct memory_block *b = base_table_at(blocks(v), i);
        if (b->app == app && b->page << 12 == linear && !b->device)
            return b;
    }
    return NULL;
}

static uint32_t free_pages(struct vmm *v)
{
    uint32_t pages = vmm_phys_free_count(v);
    return pages > RESERVE ? pages - RESERVE : 0;
}

// Commits the pages of a region from number `from` on. False: memory is exhausted.
static bool commit(struct vmm *v, uint32_t region, uint32_t from)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    for (uint32_t i = from; i < r.pages; i++)
        if (!vmm_page_commit(v, region, r.page + i, 0, VMM_PTE_WRITE | VMM_PTE_USER, VMM_PAGE_FIXED))
            return false;
    return true;
}

static uint32_t new_region(struct vmm *v, uint32_t pages)
{
    uint32_t region = pages <= free_pages(v) ? vmm_region_reserve(v, VMM_ARENA_SHARED, pages, 1, VMM_REGION_PAGES) : 0;
    if (region && !commit(v, region, 0)) {
        vmm_region_drop(v, region);
        region = 0;
    }
    return region;
}

static void drop_region(struct vmm *v, uint32_t page)
{
    uint32_t region = vmm_region_find(v, page);
    if (region)
        vmm_region_drop(v, region);
}

static uint32_t pages_of(uint32_t bytes)
{
    return (bytes >> 12) + ((bytes & 0xFFF) != 0);
}

static void put(uint8_t *info, unsigned n, uint32_t value)
{
    base_put32(info + 4 * n, value);
}

static uint32_t information(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t linear, unused = free_pages(v), room = vmm_region_largest(v, VMM_ARENA_SHARED);
    uint8_t info[INFO_BYTES];
    (void)app;
    uint32_t largest = unused < room ? unused : room;
    put(info, 0, largest << 12);
    put(info, 1, largest);
    put(info, 2, largest);
    put(info, 3, room);
    put(info, 4, unused);
    put(info, 5, unused);
    put(info, 6, v->s.phys_pages);
    put(info, 7, room);
    for (unsigned i = 8; i < INFO_BYTES / 4; i++) // no paging file; the rest is reserved
        put(info, i, i == 8 ? 0 : UINT32_MAX);
    bool there = vmm_pm_linear(v, vmm_dpmi_word(v, KIT_Client_ES), vmm_dpmi_offset(v, KIT_Client_EDI), sizeof info,
                               true, &linear);
    return there && vmm_user_put(v, linear, info, sizeof info) ? 0 : VMM_DPMI_INVALID_LINEAR;
}

static void answer_block(struct vmm *v, uint32_t linear)
{
    vmm_dpmi_set_pair(v, KIT_Client_EBX, KIT_Client_ECX, linear);
    vmm_dpmi_set_pair(v, KIT_Client_ESI, KIT_Client_EDI, linear);
}

static uint32_t allocate(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t bytes = vmm_dpmi_pair(v, KIT_Client_EBX, KIT_Client_ECX), row = bytes ? base_table_new(blocks(v)) : 0;
    (void)app;
    if (!row)
        return bytes ? VMM_DPMI_NO_MEMORY : VMM_DPMI_INVALID_VALUE;
    uint32_t region = new_region(v, pages_of(bytes));
    if (!region) {
        base_table_release(blocks(v), row);
        return VMM_DPMI_NO_MEMORY;
    }
    uint32_t page = vmm_region_at(v, region)->page;
    *(struct memory_block *)base_table_at(blocks(v), row) =
        (struct memory_block){.app = vmm_pm_app_row(v), .page = page};
    answer_block(v, page << 12);
    return 0;
}

static void drop_block(struct vmm *v, uint32_t row)
{
    drop_region(v, ((struct memory_block *)base_table_at(blocks(v), row))->page);
    base_table_release(blocks(v), row);
}

static uint32_t release(struct vmm *v, struct vmm_pm_app *app)
{
    struct memory_block *b = find(v, vmm_dpmi_pair(v, KIT_Client_ESI, KIT_Client_EDI));
    (void)app;
    if (!b)
        return VMM_DPMI_INVALID_HANDLE;
    for (uint32_t i = 1; i < blocks(v)->count; i++)
        if (base_table_at(blocks(v), i) == (void *)b) {
            drop_block(v, i);
            break;
        }
    return 0;
}

// Another region with the contents of the first pages of this one; the old one goes. 0 = no memory.
static uint32_t move(struct vmm *v, uint32_t region, uint32_t pages)
{
    uint32_t from = vmm_region_at(v, region)->page, had = vmm_region_at(v, region)->pages, to = new_region(v, pages);
    uint8_t bytes[X86_PAGE_SIZE];
    if (!to)
        return 0;
    uint32_t target = vmm_region_at(v, to)->page;
    for (uint32_t i = 0; i < had && i < pages; i++)
        if (!x86_read_linear(v->cpu, (from + i) << 12, bytes, sizeof bytes, X86_READ, NULL) ||
            !x86_write_linear(v->cpu, (target + i) << 12, bytes, sizeof bytes, X86_WRITE, NULL)) {
            vmm_region_drop(v, to);
            return 0;
        }
    vmm_region_drop(v, region);
    return to;
}

// The block where it lies if there is room, else elsewhere.
static uint32_t resized(struct vmm *v, uint32_t region, uint32_t pages)
{
    uint32_t had = vmm_region_at(v, region)->pages;
    if (pages > had && pages - had > free_pages(v))
        return 0;
    if (!vmm_region_resize(v, region, pages))
        return move(v, region, pages);
    if (pages <= had || commit(v, region, had))
        return region;
    (void)!vmm_region_resize(v, region, had);
    return 0;
}

static uint32_t resize(struct vmm *v, struct vmm_pm_app *app)
{
    struct memory_block *b = find(v, vmm_dpmi_pair(v, KIT_Client_ESI, KIT_Client_EDI));
    uint32_t bytes = vmm_dpmi_pair(v, KIT_Client_EBX, KIT_Client_ECX), region = b ? vmm_region_find(v, b->page) : 0;
    (void)app;
    if (!region)
        return VMM_DPMI_INVALID_HANDLE;
    if (!bytes)
        return VMM_DPMI_INVALID_VALUE;
    uint32_t now = resized(v, region, pages_of(bytes));
    if (!now)
        return VMM_DPMI_NO_MEMORY;
    b->page = vmm_region_at(v, now)->page;
    answer_block(v, b->page << 12);
    return 0;
}

// Locking, unlocking, paging out and discarding: nothing is ever paged out. The range must be the application's.
static uint32_t range(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t linear = vmm_dpmi_pair(v, KIT_Client_EBX, KIT_Client_ECX),
             bytes = vmm_dpmi_pair(v, KIT_Client_ESI, KIT_Client_EDI), last = linear + (bytes ? bytes - 1 : 0), pte;
    (void)app;
    if (last < linear)
        return VMM_DPMI_INVALID_LINEAR;
    for (uint32_t page = linear >> 12; bytes && page <= last >> 12; page++)
        if (!vmm_pte_get(v, page << 12, &pte) || (pte & USER_PAGE) != USER_PAGE)
            return VMM_DPMI_INVALID_LINEAR;
    return 0;
}

static uint32_t page_size(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    vmm_dpmi_set_pair(v, KIT_Client_EBX, KIT_Client_ECX, X86_PAGE_SIZE);
    return 0;
}

// --- device memory: RAM, where everybody's pages lie, is not to be had

static bool is_device(struct vmm *v, uint32_t page, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        if (page + i < FIRST_MB_PAGES || vmm_phys_is_ram(v, page + i) ||
            x86_memory_kind(v->memory, page + i) == X86_GATES || x86_memory_kind(v->memory, page + i) == X86_RAM)
            return false;
    return pages != 0;
}

static bool show(struct vmm *v, uint32_t region, uint32_t phys)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    vmm_region_at(v, region)->source = phys;
    for (uint32_t i = 0; i < r.pages; i++)
        if (!vmm_pte_set(v, (r.page + i) << 12, (phys + i) << 12 | USER_PAGE))
            return false;
    return true;
}

static uint32_t map_device(struct vmm *v, struct vmm_pm_app *app)
{
    enum { MOST = 0x4000 }; // 64 MB
    uint32_t phys = vmm_dpmi_pair(v, KIT_Client_EBX, KIT_Client_ECX),
             bytes = vmm_dpmi_pair(v, KIT_Client_ESI, KIT_Client_EDI), last = phys + (bytes - 1);
    (void)app;
    if (!bytes || last < phys)
        return VMM_DPMI_INVALID_VALUE;
    uint32_t pages = (last >> 12) - (phys >> 12) + 1;
    if (pages > MOST || !is_device(v, phys >> 12, pages))
        return VMM_DPMI_SYSTEM_INTEGRITY;
    uint32_t row = base_table_new(blocks(v)),
             region = row ? vmm_region_reserve(v, VMM_ARENA_SHARED, pages, 1, VMM_REGION_PHYSICAL) : 0;
    if (!region || !show(v, region, phys >> 12)) {
        if (region)
            vmm_region_drop(v, region);
        if (row)
            base_table_release(blocks(v), row);
        return VMM_DPMI_NO_LINEAR;
    }
    uint32_t page = vmm_region_at(v, region)->page;
    *(struct memory_block *)base_table_at(blocks(v), row) =
        (struct memory_block){.app = vmm_pm_app_row(v), .page = page, .device = 1};
    vmm_dpmi_set_pair(v, KIT_Client_EBX, KIT_Client_ECX, page << 12 | (phys & 0xFFF));
    return 0;
}

// 0801h (DPMI 1.0): a mapping of 0800h, by the linear address that it gave.
static uint32_t unmap_device(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t linear = vmm_dpmi_pair(v, KIT_Client_EBX, KIT_Client_ECX), owner = vmm_pm_app_row(v);
    (void)app;
    for (uint32_t i = 1; i < blocks(v)->count; i++) {
        const struct memory_block *b = base_table_at(blocks(v), i);
        if (b->app == owner && b->device && b->page == linear >> 12) {
            drop_block(v, i);
            return 0;
        }
    }
    return VMM_DPMI_INVALID_LINEAR;
}

void vmm_dpmi_memory_forget(struct vmm *v, uint32_t app)
{
    for (uint32_t i = 1; i < blocks(v)->count; i++)
        if (((struct memory_block *)base_table_at(blocks(v), i))->app == app)
            drop_block(v, i);
}

const struct vmm_dpmi_function vmm_dpmi_memory[] = {
    {0x0500, information}, {0x0501, allocate},   {0x0502, release},      {0x0503, resize},    {0x0600, range},
    {0x0601, range},       {0x0602, range},      {0x0603, range},        {0x0604, page_size}, {0x0702, range},
    {0x0703, range},       {0x0800, map_device}, {0x0801, unmap_device}, {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct memory_block), 0};

const struct vmm_chapter vmm_dpmi_memory_chapter = {.tables = tables};
