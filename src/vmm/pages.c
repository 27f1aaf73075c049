// Page blocks: _PageAllocate and its family, locks of block pages, and how much memory there is. A page without a pager
// is present as long as it is committed: there is no paging to disk, and "locked" is a count that the services keep
// honest. Win95 DDK S3211-S3214, S322D.
#include "kit/services.h"
#include "vmm/defs.h"
#include "vmm/pager.h"

#include <string.h>

enum { BLOCK_BITS = VMM_PTE_WRITE | VMM_PTE_USER };

struct request { // of _PageAllocate
    uint32_t pages, type, vm, align, low, high, phys_at, flags;
};

static void answer(struct vmm *v, uint32_t eax, uint32_t edx)
{
    vmm_regs(v)[X86_EAX] = eax;
    vmm_regs(v)[X86_EDX] = edx;
}

static const char *problem_of(struct vmm *v, const struct request *r)
{
    const uint32_t known =
        KIT_PAGEZEROINIT | KIT_PAGEUSEALIGN | KIT_PAGECONTIG | KIT_PAGEFIXED | KIT_PAGELOCKED | KIT_PAGELOCKEDIFDP;
    if (!r->pages)
        return "no pages asked for";
    if (r->type != KIT_PG_VM && r->type != KIT_PG_SYS && r->type != KIT_PG_HOOKED)
        return "pType is none of PG_VM, PG_SYS, PG_HOOKED";
    if (r->type == KIT_PG_SYS ? r->vm != 0 : !vmm_valid_vm(v, r->vm))
        return "VM must be 0 for PG_SYS and a VM handle otherwise";
    if (r->flags & ~known)
        return "reserved flags";
    if ((r->flags & (KIT_PAGELOCKED | KIT_PAGELOCKEDIFDP)) == (KIT_PAGELOCKED | KIT_PAGELOCKEDIFDP))
        return "PAGELOCKED excludes PAGELOCKEDIFDP";
    if ((r->flags & KIT_PAGEUSEALIGN) && !(r->flags & KIT_PAGEFIXED))
        return "PAGEUSEALIGN needs PAGEFIXED";
    if ((r->flags & KIT_PAGEUSEALIGN) && ((r->align & (r->align + 1)) || r->align > 0x1F))
        return "AlignMask is none of 0, 1, 3, 7, 0Fh, 1Fh";
    return NULL;
}

static uint16_t state_of_flags(uint32_t flags)
{
    return (uint16_t)((flags & KIT_PAGEFIXED ? VMM_PAGE_FIXED : 0) |
                      (flags & (KIT_PAGELOCKED | KIT_PAGELOCKEDIFDP) ? 1 : 0));
}

// Whether pages are locked on condition is not known before the paging device is.
static void check_early(struct vmm *v, uint32_t flags, const char *service)
{
    if (flags & KIT_PAGELOCKEDIFDP && v->s.phase < KIT_SYSSTATE_PREINITCOMPLETE)
        vmm_report(v, "init-only", v->call.caller, "Win95 DDK S3211", "%s: PAGELOCKEDIFDP before Init_Complete",
                   service);
}

// --- making

// Contents of fresh pages are free where zeros were not asked for.
static bool prepare(struct vmm *v, uint32_t page, uint32_t flags)
{
    if ((flags & (KIT_PAGEZEROINIT | KIT_PAGEZEROREINIT)) || vmm_choose(v, "page-contents", 2) == 0)
        return true; // fresh physical pages are zero
    return vmm_page_fill(v, page, 0xA5);
}

static bool commit_any(struct vmm *v, uint32_t region, uint32_t from, uint32_t pages, uint32_t flags)
{
    uint32_t first = vmm_region_at(v, region)->page;
    for (uint32_t i = from; i < pages; i++)
        if (!vmm_page_commit(v, region, first + i, 0, BLOCK_BITS, state_of_flags(flags)) ||
            !prepare(v, first + i, flags))
            return false;
    return true;
}

// Physical pages chosen by number: one run, or each for itself. The first begins at the alignment.
static bool commit_placed(struct vmm *v, uint32_t region, const struct request *r, uint32_t *phys)
{
    uint32_t first = vmm_region_at(v, region)->page, step = r->flags & KIT_PAGECONTIG ? r->pages : 1;
    for (uint32_t i = 0; i < r->pages; i += step) {
        uint32_t run = vmm_phys_take(v, step, i ? 1 : r->align + 1, r->low, r->high);
        if (!run || !vmm_region_commit_run(v, region, first + i, step, run, BLOCK_BITS, VMM_PAGE_FIXED))
            return false;
        if (i == 0)
            *phys = run << 12;
    }
    return true;
}

static uint32_t allocate(struct vmm *v, const struct request *r, uint32_t *phys)
{
    enum vmm_arena arena = r->type == KIT_PG_SYS ? VMM_ARENA_SYSTEM : VMM_ARENA_SHARED;
    uint32_t region = vmm_region_reserve(v, arena, r->pages, 1, VMM_REGION_PAGES);
    if (!region)
        return 0;
    vmm_region_at(v, region)->type = r->type;
    vmm_region_at(v, region)->vm = r->vm;
    vmm_region_at(v, region)->flags = r->flags & KIT_PAGEUSEALIGN ? VMM_REGION_PLACED : 0;
    if (r->flags & KIT_PAGEUSEALIGN ? commit_placed(v, region, r, phys) : commit_any(v, region, 0, r->pages, r->flags))
        return region;
    vmm_region_drop(v, region);
    return 0;
}

static void page_allocate(struct vmm *v)
{
    struct request r = {vmm_arg(v, 0), vmm_arg(v, 1), vmm_arg(v, 2), vmm_arg(v, 3),
                        vmm_arg(v, 4), vmm_arg(v, 5), vmm_arg(v, 6), vmm_arg(v, 7)};
    const char *problem = problem_of(v, &r);
    check_early(v, r.flags, "_PageAllocate");
    uint32_t phys = 0, region = 0;
    if (r.flags == KIT_PAGEMAPFREEPHYSREG && r.pages && r.type == KIT_PG_SYS && !r.vm && !r.align && !r.low &&
        !r.high) {
        region = vmm_free_phys_allocate(v, r.pages);
        answer(v, region ? vmm_region_at(v, region)->page << 12 : 0, region ? vmm_region_at(v, region)->page << 12 : 0);
        return;
    }
    bool tell =
        !problem && r.phys_at && (r.flags & (KIT_PAGECONTIG | KIT_PAGEUSEALIGN)) == (KIT_PAGECONTIG | KIT_PAGEUSEALIGN);
    if (tell && !vmm_probe(v, r.phys_at, 4, true))
        return;
    if (!problem && vmm_pager_room_begin(v, r.pages))
        return;
    if (problem)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3211", "_PageAllocate: %s", problem);
    else if (r.pages <= vmm_phys_free_count(v))
        region = allocate(v, &r, &phys);
    if (region && tell)
        vmm_poke32(v, r.phys_at, phys);
    uint32_t linear = region ? vmm_region_at(v, region)->page << 12 : 0;
    answer(v, linear, linear);
}

// --- blocks that a driver hands in

// The block whose first page `handle` is; a report and 0 when there is none.
static uint32_t block_of(struct vmm *v, uint32_t handle, const char *service)
{
    uint32_t region = vmm_region_find(v, handle >> 12);
    if (region && !(handle & 0xFFF) && vmm_region_at(v, region)->page == handle >> 12 &&
        vmm_region_at(v, region)->kind == VMM_REGION_PAGES)
        return region;
    vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3211", "%s: %08Xh is not the handle of a memory block",
               service, (unsigned)handle);
    return 0;
}

static void page_free(struct vmm *v)
{
    uint32_t region = block_of(v, vmm_arg(v, 0), "_PageFree"), flags = vmm_arg(v, 1);
    const struct vmm_region *r = region ? vmm_region_at(v, region) : NULL;
    bool done = r && !(r->flags & VMM_REGION_FREE_PHYS) && (!(r->flags & KIT_PR_STATIC) || (flags & KIT_PR_STATIC));
    if (done && vmm_pager_frees_begin(v, r->page, r->pages))
        return;
    if (done)
        vmm_region_drop(v, region);
    vmm_regs(v)[X86_EAX] = done;
    if (done)
        vmm_free_phys_available_begin(v);
}

static void page_get_size_addr(struct vmm *v)
{
    uint32_t region = block_of(v, vmm_arg(v, 0), "_PageGetSizeAddr");
    answer(v, region ? vmm_region_at(v, region)->pages : 0, region ? vmm_region_at(v, region)->page << 12 : 0);
}

// Committed pages at the start of a block.
static uint32_t committed(struct vmm *v, uint32_t region)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    uint32_t n = 0;
    while (n < r.pages && (*vmm_page_state(v, region, r.page + n) & VMM_PAGE_COMMITTED))
        n++;
    return n;
}

// Gives the pages of `from` to `to`, mappings and states alike: what they contain need not move.
static bool move_pages(struct vmm *v, uint32_t from, uint32_t to, uint32_t pages)
{
    uint32_t first = vmm_region_at(v, from)->page, target = vmm_region_at(v, to)->page, pte;
    for (uint32_t i = 0; i < pages; i++) // tables first: what may fail comes before what changes
        if (!vmm_pte_set(v, (target + i) << 12, 0))
            return false;
    for (uint32_t i = 0; i < pages; i++) {
        uint16_t state = *vmm_page_state(v, from, first + i);
        uint32_t backing = *vmm_page_backing(v, from, first + i);
        if (!vmm_pte_get(v, (first + i) << 12, &pte) || !vmm_pte_set(v, (target + i) << 12, pte))
            return false;
        *vmm_page_state(v, to, target + i) = state;
        *vmm_page_state(v, from, first + i) = 0;
        *vmm_page_backing(v, to, target + i) = backing;
        *vmm_page_backing(v, from, first + i) = 0;
        (void)!vmm_pte_set(v, (first + i) << 12, 0);
    }
    return true;
}

// Whether the committed pages lie contiguously from the start on (S3214), with room only behind them.
static bool contiguous(struct vmm *v, uint32_t region)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    for (uint32_t i = committed(v, region); i < r.pages; i++)
        if (*vmm_page_state(v, region, r.page + i) & VMM_PAGE_COMMITTED)
            return false;
    return true;
}

static uint32_t moved(struct vmm *v, uint32_t region, uint32_t pages, uint32_t flags)
{
    uint32_t had = committed(v, region);
    uint32_t to = vmm_region_reserve(v, vmm_arena_of(vmm_region_at(v, region)->page), pages, 1, VMM_REGION_PAGES);
    if (!to)
        return 0;
    const struct vmm_region *from = vmm_region_at(v, region);
    vmm_region_at(v, to)->type = from->type;
    vmm_region_at(v, to)->flags = from->flags;
    vmm_region_at(v, to)->vm = from->vm;
    vmm_region_at(v, to)->module = from->module;
    if (!commit_any(v, to, had, pages, flags) || !move_pages(v, region, to, had)) {
        vmm_region_drop(v, to);
        return 0;
    }
    vmm_region_drop(v, region);
    return to;
}

// As the block was before it was resized.
static void restore(struct vmm *v, uint32_t region, uint32_t committed_before, uint32_t pages_before)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    for (uint32_t i = committed_before; i < r.pages; i++)
        vmm_page_decommit(v, region, r.page + i);
    (void)!vmm_region_resize(v, region, pages_before); // into the room that it had
}

// The number of committed pages changes, and with it the size (S3214): new ones are fixed where the block is.
static uint32_t reallocated(struct vmm *v, uint32_t region, uint32_t pages, uint32_t flags)
{
    const struct vmm_region *r = vmm_region_at(v, region);
    uint32_t size = r->pages, had = committed(v, region);
    uint32_t fixed_pages = *vmm_page_state(v, region, r->page) & VMM_PAGE_FIXED ? KIT_PAGEFIXED : 0;
    bool fixed = (r->flags & KIT_PR_FIXED) || fixed_pages;
    if (pages > had && pages - had > vmm_phys_free_count(v))
        return 0;
    if (pages > size && !fixed && vmm_choose(v, "page-realloc-moves", 2))
        return moved(v, region, pages, flags);
    if (!vmm_region_resize(v, region, pages))
        return pages > size && !fixed ? moved(v, region, pages, flags) : 0;
    if (pages <= had || commit_any(v, region, had, pages, flags | fixed_pages))
        return region;
    restore(v, region, had, size);
    return 0;
}

// Pagers first: those of pages that go, and for PAGEZEROREINIT those of absent ones.
static bool ask_pagers_begin(struct vmm *v, uint32_t region, uint32_t pages, uint32_t flags)
{
    const struct vmm_region *r = vmm_region_at(v, region);
    if (pages < r->pages && vmm_pager_frees_begin(v, r->page + pages, r->pages - pages))
        return true;
    return flags & KIT_PAGEZEROREINIT && vmm_pager_in_begin(v, r->page, pages < r->pages ? pages : r->pages);
}

static void page_reallocate(struct vmm *v)
{
    uint32_t pages = vmm_arg(v, 1), flags = vmm_arg(v, 2);
    uint32_t region = block_of(v, vmm_arg(v, 0), "_PageReAllocate");
    const struct vmm_region *r = region ? vmm_region_at(v, region) : NULL;
    bool possible =
        r && pages && !(r->flags & (KIT_PR_STATIC | VMM_REGION_PLACED | VMM_REGION_FREE_PHYS)) && contiguous(v, region);
    check_early(v, flags, "_PageReAllocate");
    if (possible && ask_pagers_begin(v, region, pages, flags))
        return;
    uint32_t now = possible ? reallocated(v, region, pages, flags) : 0;
    for (uint32_t i = 0; now && (flags & KIT_PAGEZEROREINIT) && i < pages; i++)
        (void)!vmm_page_fill(v, vmm_region_at(v, now)->page + i, 0);
    uint32_t linear = now ? vmm_region_at(v, now)->page << 12 : 0;
    answer(v, linear, linear);
}

// --- locks

static bool lockable(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages, bool unlock)
{
    for (uint32_t i = 0; i < pages; i++) {
        uint16_t state = *vmm_page_state(v, region, first + i), locks = state & VMM_PAGE_LOCKS;
        if (!(state & VMM_PAGE_COMMITTED))
            return false;
        if (!(state & VMM_PAGE_FIXED) && locks == (unlock ? 0 : VMM_PAGE_LOCKS))
            return false;
    }
    return true;
}

bool vmm_pages_lock(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages, bool unlock)
{
    if (!lockable(v, region, first, pages, unlock))
        return false;
    for (uint32_t i = 0; i < pages; i++) {
        uint16_t *state = vmm_page_state(v, region, first + i);
        if (!(*state & VMM_PAGE_FIXED))
            *state = (uint16_t)(unlock ? *state - 1 : *state + 1);
    }
    return true;
}

static void lock_block(struct vmm *v, bool unlock)
{
    uint32_t pages = vmm_arg(v, 1), offset = vmm_arg(v, 2);
    uint32_t region = block_of(v, vmm_arg(v, 0), unlock ? "_PageUnLock" : "_PageLock");
    const struct vmm_region *r = region ? vmm_region_at(v, region) : NULL;
    check_early(v, vmm_arg(v, 3), unlock ? "_PageUnLock" : "_PageLock");
    bool inside = r && pages && offset < r->pages && pages <= r->pages - offset;
    if (r && !inside)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S322D", "%s: pages %u to %u of a block of %u",
                   unlock ? "_PageUnLock" : "_PageLock", (unsigned)offset, (unsigned)(offset + pages),
                   (unsigned)r->pages);
    if (inside && !unlock && vmm_pager_in_begin(v, r->page + offset, pages))
        return;
    vmm_regs(v)[X86_EAX] = inside && vmm_pages_lock(v, region, r->page + offset, pages, unlock);
}

static void page_lock(struct vmm *v)
{
    lock_block(v, false);
}

static void page_unlock(struct vmm *v)
{
    lock_block(v, true);
}

// --- how much there is

static uint32_t lockable_pages(struct vmm *v)
{
    uint32_t unused = vmm_phys_free_count(v);
    return unused > 16 ? unused - 16 : 0; // the last pages are for the pager
}

static void get_free_page_count(struct vmm *v)
{
    answer(v, vmm_phys_free_count(v), lockable_pages(v));
}

static void page_get_alloc_info(struct vmm *v)
{
    uint32_t room = vmm_region_largest(v, VMM_ARENA_SYSTEM), unused = vmm_phys_free_count(v);
    answer(v, room < unused ? room : unused, lockable_pages(v));
}

// Calls `fn` for every region of the arenas; returns the sum.
static uint32_t sum_regions(struct vmm *v, uint32_t vm, uint32_t (*fn)(const struct vmm_region *r, uint32_t vm))
{
    uint32_t sum = 0;
    for (enum vmm_arena a = VMM_ARENA_PRIVATE; a < VMM_ARENAS; a++)
        for (uint32_t row = vmm_region_next(v, a, 0); row; row = vmm_region_next(v, a, vmm_region_at(v, row)->page + 1))
            sum += fn(vmm_region_at(v, row), vm);
    return sum;
}

static uint32_t pages_of_vm(const struct vmm_region *r, uint32_t vm)
{
    return r->kind == VMM_REGION_PAGES && r->vm == vm ? r->pages : 0;
}

static void get_sys_page_count(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = v->s.phys_pages - vmm_phys_free_count(v) - 0x110; // all but the first megabyte
}

// EAX = pages that belong to the VM, EDX = of them not mapped below 1 MB.
static void get_vm_page_count(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0);
    bool valid = vmm_valid_vm(v, vm);
    uint32_t extra = valid ? sum_regions(v, vm, pages_of_vm) : 0;
    answer(v, valid ? extra + 0x100 : 0, extra);
}

static uint32_t pages_of_all(const struct vmm_region *r, uint32_t vm)
{
    (void)vm;
    return r->pages;
}

// DemandInfoStruc (spec: structures): counts in pages.
static void get_demand_page_info(struct vmm *v)
{
    uint8_t info[0x40] = {0};
    uint32_t total = (VMM_SYSTEM_END - VMM_KERNEL_END) >> 12, used = sum_regions(v, 0, pages_of_all);
    base_put32(info + 0x00, total);
    base_put32(info + 0x04, v->s.phys_pages);
    base_put32(info + 0x08, vmm_phys_free_count(v));
    base_put32(info + 0x0C, lockable_pages(v));
    base_put32(info + 0x10, VMM_KERNEL_END);
    base_put32(info + 0x14, used < total ? total - used : 0);
    (void)!vmm_put(v, vmm_arg(v, 0), info, sizeof info);
}

// Pages of a VM go with it; their owner should have freed them (spec: memory, "free them when the VM dies").
static void vm_gone(struct vmm *v, uint32_t vm)
{
    for (uint32_t row = vmm_region_next(v, VMM_ARENA_SHARED, 0); row;) {
        const struct vmm_region r = *vmm_region_at(v, row);
        if (r.kind == VMM_REGION_PAGES && r.vm == vm)
            vmm_region_drop(v, row);
        row = vmm_region_next(v, VMM_ARENA_SHARED, r.page + 1);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT__PageAllocate, page_allocate},
    {KIT__PageReAllocate, page_reallocate},
    {KIT__PageFree, page_free},
    {KIT__PageLock, page_lock},
    {KIT__PageUnLock, page_unlock},
    {KIT__PageGetSizeAddr, page_get_size_addr},
    {KIT__PageGetAllocInfo, page_get_alloc_info},
    {KIT__GetFreePageCount, get_free_page_count},
    {KIT__GetSysPageCount, get_sys_page_count},
    {KIT__GetVMPgCount, get_vm_page_count},
    {KIT__GetDemandPageInfo, get_demand_page_info},
    {0, NULL},
};

const struct vmm_chapter vmm_pages_chapter = {.bindings = bindings, .vm_gone = vm_gone};
