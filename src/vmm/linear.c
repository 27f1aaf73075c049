// Linear pages by number: locks with global aliases, device memory, page tables as a driver may read them.
// Win95 DDK S3200, S322A, S322C.
#include "kit/services.h"
#include "vmm/pager.h"
#include "vmm/window.h"

static const uint32_t NO_ADDRESS = UINT32_MAX;

static bool range_valid(uint32_t page, uint32_t pages)
{
    return pages && page < 0x100000 && pages <= 0x100000 - page;
}

static uint32_t committed_pages(struct vmm *v, uint32_t page, uint32_t pages)
{
    uint32_t n = 0;
    while (n < pages && page + n < 0x100000 && vmm_page_committed(v, page + n))
        n++;
    return n;
}

// Locks or unlocks a range; pages outside the drivers' regions (V86 memory, the VMM's own) are present at all times.
static bool lock_range(struct vmm *v, uint32_t page, uint32_t pages, bool unlock)
{
    for (uint32_t done = 0; done < pages;) {
        uint32_t region = vmm_region_holding(v, page + done, 1), n = 1;
        if (region) {
            const struct vmm_region *r = vmm_region_at(v, region);
            n = r->page + r->pages - (page + done);
            n = n < pages - done ? n : pages - done;
            if (!vmm_pages_lock(v, region, page + done, n, unlock)) {
                if (!unlock && done)
                    (void)!lock_range(v, page, done, true);
                return false;
            }
        }
        done += n;
    }
    return true;
}

static void mark_dirty(struct vmm *v, uint32_t page, uint32_t pages)
{
    uint32_t pte;
    for (uint32_t i = 0; i < pages; i++)
        if (vmm_pte_get(v, (page + i) << 12, &pte))
            (void)!vmm_pte_set(v, (page + i) << 12, pte | VMM_PTE_DIRTY);
}

// Shows the pages at a new address of the shared arena; the region, 0 = no room.
static uint32_t make_alias(struct vmm *v, uint32_t page, uint32_t pages)
{
    uint32_t alias = vmm_region_reserve(v, VMM_ARENA_SHARED, pages, 1, VMM_REGION_ALIAS), pte;
    if (!alias)
        return 0;
    vmm_region_at(v, alias)->source = page;
    uint32_t first = vmm_region_at(v, alias)->page;
    for (uint32_t i = 0; i < pages; i++) {
        if (vmm_pte_get(v, (page + i) << 12, &pte) && vmm_pte_set(v, (first + i) << 12, pte))
            continue;
        vmm_region_drop(v, alias);
        return 0;
    }
    return alias;
}

static bool lock_valid(struct vmm *v, uint32_t page, uint32_t pages, uint32_t flags)
{
    bool both = (flags & KIT_PAGEMAPGLOBAL) && (flags & KIT_PAGELOCKEDIFDP);
    if (range_valid(page, pages) && !both && committed_pages(v, page, pages) == pages)
        return true;
    vmm_report(v, "input-range", v->call.caller, "Win95 DDK S322A",
               "_LinPageLock: pages %05Xh + %u are not all committed, or flags %08Xh", (unsigned)page, (unsigned)pages,
               (unsigned)flags);
    return false;
}

static void lin_page_lock(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 1), flags = vmm_arg(v, 2), *eax = &vmm_regs(v)[X86_EAX];
    *eax = 0;
    if (!lock_valid(v, page, pages, flags) || vmm_pager_in_begin(v, page, pages) || !lock_range(v, page, pages, false))
        return;
    *eax = 1;
    if (flags & KIT_PAGEMAPGLOBAL) {
        uint32_t alias = make_alias(v, page, pages);
        *eax = alias ? vmm_region_at(v, alias)->page << 12 : 0;
        if (!alias)
            (void)!lock_range(v, page, pages, true);
    }
    if (*eax && (flags & KIT_PAGEMARKDIRTY))
        mark_dirty(v, page, pages);
}

// The alias that begins at `page` with so many pages, 0 = none.
static uint32_t alias_at(struct vmm *v, uint32_t page, uint32_t pages)
{
    uint32_t alias = vmm_region_find(v, page);
    const struct vmm_region *r = alias ? vmm_region_at(v, alias) : NULL;
    return r && r->kind == VMM_REGION_ALIAS && r->page == page && r->pages == pages ? alias : 0;
}

static void lin_page_unlock(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 1), flags = vmm_arg(v, 2), alias = 0;
    bool valid = range_valid(page, pages);
    if (valid && (flags & KIT_PAGEMAPGLOBAL)) {
        alias = alias_at(v, page, pages);
        valid = alias != 0;
        page = alias ? vmm_region_at(v, alias)->source : page;
    }
    bool done = valid && lock_range(v, page, pages, true);
    if (done && (flags & KIT_PAGEMARKDIRTY))
        mark_dirty(v, page, pages);
    if (alias)
        vmm_region_drop(v, alias);
    if (!done)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S322A",
                   "_LinPageUnLock: pages %05Xh + %u are not locked so", (unsigned)page, (unsigned)pages);
    vmm_regs(v)[X86_EAX] = done;
}

static void page_check_lin_range(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = committed_pages(v, vmm_arg(v, 0), vmm_arg(v, 1));
}

// --- device memory

// A mapping made before that shows these physical pages; mappings are never undone, so they can be shared.
static uint32_t existing_mapping(struct vmm *v, uint32_t phys, uint32_t pages)
{
    for (uint32_t row = vmm_region_next(v, VMM_ARENA_SYSTEM, 0); row;) {
        const struct vmm_region *r = vmm_region_at(v, row);
        if (r->kind == VMM_REGION_PHYSICAL && phys >= r->source && phys - r->source + pages <= r->pages)
            return r->page + (phys - r->source);
        row = vmm_region_next(v, VMM_ARENA_SYSTEM, r->page + 1);
    }
    return 0;
}

static uint32_t new_mapping(struct vmm *v, uint32_t phys, uint32_t pages)
{
    uint32_t region = vmm_region_reserve(v, VMM_ARENA_SYSTEM, pages, 1, VMM_REGION_PHYSICAL);
    if (!region)
        return 0;
    uint32_t first = vmm_region_at(v, region)->page;
    vmm_region_at(v, region)->source = phys;
    for (uint32_t i = 0; i < pages; i++) {
        if (vmm_pte_set(v, (first + i) << 12,
                        (phys + i) << 12 | VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER | KIT_PG_SYS << 9))
            continue;
        vmm_region_drop(v, region);
        return 0;
    }
    return first;
}

static void map_phys_to_linear(struct vmm *v)
{
    uint32_t phys = vmm_arg(v, 0), bytes = vmm_arg(v, 1), page = phys >> 12;
    bool valid = bytes && bytes - 1 <= UINT32_MAX - phys && !vmm_arg(v, 2);
    if (!valid)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3200",
                   "_MapPhysToLinear: %u bytes at %08Xh, flags %08Xh", (unsigned)bytes, (unsigned)phys,
                   (unsigned)vmm_arg(v, 2));
    uint32_t pages = valid ? ((phys + (bytes - 1)) >> 12) - page + 1 : 0;
    uint32_t linear = valid ? existing_mapping(v, page, pages) : 0;
    if (valid && !linear)
        linear = new_mapping(v, page, pages);
    vmm_regs(v)[X86_EAX] = linear ? linear << 12 | (phys & 0xFFF) : NO_ADDRESS;
}

// --- page tables

// _CopyPageTable(page, nPages, pBuf, flags): entries as they are now; EAX = 0 when a directory entry is absent.
static void copy_page_table(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 1), to = vmm_arg(v, 2), pte;
    bool whole = true;
    if (!range_valid(page, pages) || vmm_arg(v, 3)) {
        vmm_report(v, "input-range", v->call.caller, "VDAG31 _CopyPageTable",
                   "_CopyPageTable: pages %08Xh + %u, flags %08Xh", (unsigned)page, (unsigned)pages,
                   (unsigned)vmm_arg(v, 3));
        vmm_regs(v)[X86_EAX] = 0;
        return;
    }
    if (!vmm_probe(v, to, pages * 4, true))
        return;
    vmm_window_merge(v);
    for (uint32_t i = 0; i < pages; i++) {
        whole = vmm_pte_get(v, (page + i) << 12, &pte) && whole;
        if (!vmm_put32(v, to + 4 * i, pte))
            return;
    }
    vmm_regs(v)[X86_EAX] = whole;
}

static const struct vmm_binding bindings[] = {
    {KIT__LinPageLock, lin_page_lock},
    {KIT__LinPageUnLock, lin_page_unlock},
    {KIT__PageCheckLinRange, page_check_lin_range},
    {KIT__MapPhysToLinear, map_phys_to_linear},
    {KIT__CopyPageTable, copy_page_table},
    {0, NULL},
};

const struct vmm_chapter vmm_linear_chapter = {.bindings = bindings};
