// Sparse memory: reserve, commit, decommit, permissions, query. Win95 DDK S3209-S320E, S3232, S3233.
#include "kit/services.h"
#include "vmm/defs.h"
#include "vmm/pager.h"

#include <string.h>

static const uint32_t NO_ADDRESS = UINT32_MAX;

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

static void report_range(struct vmm *v, const char *service, const char *page, uint32_t first, uint32_t pages)
{
    vmm_report(v, "input-range", v->call.caller, page, "%s: pages %05Xh to %05Xh are not inside one reservation",
               service, (unsigned)first, (unsigned)(first + pages - 1));
}

static uint32_t bits_of(uint32_t flags)
{
    return (flags & KIT_PC_WRITEABLE ? VMM_PTE_WRITE : 0) | (flags & KIT_PC_USER ? VMM_PTE_USER : 0);
}

static uint16_t state_of(uint32_t flags)
{
    return (uint16_t)((flags & KIT_PAGEFIXED ? VMM_PAGE_FIXED : 0) |
                      (flags & (KIT_PAGELOCKED | KIT_PAGELOCKEDIFDP) ? 1 : 0) |
                      (flags & KIT_PC_STATIC ? VMM_PAGE_STATIC : 0));
}

// --- _PageReserve

static uint32_t reserve(struct vmm *v, uint32_t where, uint32_t pages, uint32_t flags)
{
    uint32_t align = flags & KIT_PR_4MEG ? 0x400 : 1;
    if (where == KIT_PR_PRIVATE)
        return vmm_region_reserve(v, VMM_ARENA_PRIVATE, pages, align, VMM_REGION_PAGES);
    if (where == KIT_PR_SHARED)
        return vmm_region_reserve(v, VMM_ARENA_SHARED, pages, align, VMM_REGION_PAGES);
    if (where == KIT_PR_SYSTEM)
        return vmm_region_reserve(v, VMM_ARENA_SYSTEM, pages, align, VMM_REGION_PAGES);
    return where < 0x100000 && pages <= 0x100000 - where ? vmm_region_reserve_at(v, where, pages) : 0;
}

static void page_reserve(struct vmm *v)
{
    uint32_t where = vmm_arg(v, 0), pages = vmm_arg(v, 1), flags = vmm_arg(v, 2), region = 0;
    if (!pages || (flags & ~(uint32_t)(KIT_PR_FIXED | KIT_PR_4MEG | KIT_PR_STATIC)))
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S320E", "_PageReserve: %u pages with flags %08Xh",
                   (unsigned)pages, (unsigned)flags);
    else
        region = reserve(v, where, pages, flags);
    if (region) {
        vmm_region_at(v, region)->flags = flags;
        vmm_region_at(v, region)->type = KIT_PG_SYS;
    }
    answer(v, region ? vmm_region_at(v, region)->page << 12 : NO_ADDRESS);
}

// --- committing

// The region that a commit or decommit may work on: one reservation, opened with the static flag where it is static.
static uint32_t region_for(struct vmm *v, const char *service, const char *page, uint32_t flags)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), region = vmm_region_holding(v, first, pages);
    if (!region)
        report_range(v, service, page, first, pages);
    if (region && (vmm_region_at(v, region)->flags & KIT_PR_STATIC) && !(flags & KIT_PC_STATIC))
        return 0;
    if (region && vmm_region_at(v, region)->flags & VMM_REGION_FREE_PHYS)
        return 0; // its pages come and go by services of their own
    return region;
}

static bool all_uncommitted(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        if (*vmm_page_state(v, region, first + i) & VMM_PAGE_COMMITTED)
            return false;
    return true;
}

static void decommit(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        vmm_page_decommit(v, region, first + i);
}

// The contents of a page that the driver's own pager does not give it.
static bool commit_page(struct vmm *v, uint32_t region, uint32_t page, uint32_t hpd, uint32_t flags)
{
    bool zero = hpd == KIT_PD_ZEROINIT || hpd == KIT_PD_FIXEDZERO;
    return vmm_page_commit(v, region, page, 0, bits_of(flags), state_of(flags)) &&
           (zero || !vmm_choose(v, "page-contents", 2) || vmm_page_fill(v, page, 0xA5));
}

// Commits what is not committed yet. On failure the pages of this call go again.
static bool commit(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages, uint32_t hpd, uint32_t flags)
{
    bool fresh = all_uncommitted(v, region, first, pages);
    uint32_t pager = vmm_pager_find(v, hpd), data = vmm_arg(v, 3), step = flags & KIT_PC_INCR ? 1 : 0;
    for (uint32_t i = 0; i < pages; i++) {
        if (*vmm_page_state(v, region, first + i) & VMM_PAGE_COMMITTED)
            continue;
        if (pager ? vmm_backing_commit(v, region, first + i, pager, data + i * step, bits_of(flags), state_of(flags))
                  : commit_page(v, region, first + i, hpd, flags))
            continue;
        if (fresh)
            decommit(v, region, first, pages);
        return false;
    }
    return true;
}

static bool pager_valid(struct vmm *v, uint32_t hpd, uint32_t data, uint32_t flags)
{
    bool fixed = hpd == KIT_PD_FIXED || hpd == KIT_PD_FIXEDZERO;
    if (vmm_pager_find(v, hpd))
        return true;
    bool valid = hpd >= KIT_PD_ZEROINIT && hpd <= KIT_PD_FIXED && data == 0 && fixed == ((flags & KIT_PAGEFIXED) != 0);
    if (!valid)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3209",
                   "_PageCommit: pager %08Xh with data %08Xh and flags %08Xh", (unsigned)hpd, (unsigned)data,
                   (unsigned)flags);
    return valid;
}

static void page_commit(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), hpd = vmm_arg(v, 2), flags = vmm_arg(v, 4);
    uint32_t region = region_for(v, "_PageCommit", "Win95 DDK S3209", flags);
    bool whole = flags & (KIT_PAGEFIXED | KIT_PAGELOCKED | KIT_PAGELOCKEDIFDP);
    bool possible =
        region && pager_valid(v, hpd, vmm_arg(v, 3), flags) && (!whole || all_uncommitted(v, region, first, pages));
    uint32_t pager = vmm_pager_find(v, hpd);
    bool at_once = whole || vmm_pager_keeps(v, pager), needed = !pager || at_once;
    if (possible && needed && vmm_pager_room_begin(v, pages))
        return;
    bool done = possible && (!needed || pages <= vmm_phys_free_count(v)) && commit(v, region, first, pages, hpd, flags);
    answer(v, done);
    if (done && pager && at_once)
        vmm_walk_begin(v, &(struct vmm_walk){VMM_WALK_COMMIT, first, pages, .answer = 1});
}

// _PageCommitPhys(page, nPages, physpg, flags): one physical page for all, or ascending ones with PC_INCR.
static void page_commit_phys(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), phys = vmm_arg(v, 2), flags = vmm_arg(v, 3);
    uint32_t region = region_for(v, "_PageCommitPhys", "Win95 DDK S320B", flags);
    bool ok = region && phys && phys < 0x100000 && all_uncommitted(v, region, first, pages);
    for (uint32_t i = 0; ok && i < pages; i++) {
        uint32_t to = flags & KIT_PC_INCR ? phys + i : phys;
        ok = to < 0x100000 &&
             vmm_page_commit(v, region, first + i, to, bits_of(flags), state_of(flags) | VMM_PAGE_FIXED);
        if (!ok)
            decommit(v, region, first, pages);
    }
    answer(v, ok);
}

// _PageCommitContig(page, nPages, flags, alignmask, minphys, maxphys): EAX = physical base, -1 on error.
static void page_commit_contig(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), flags = vmm_arg(v, 2), mask = vmm_arg(v, 3);
    bool unmapped = flags & KIT_PCC_NOLIN, combined = unmapped && flags != KIT_PCC_NOLIN;
    uint32_t region = unmapped ? 0 : region_for(v, "_PageCommitContig", "Win95 DDK S320A", flags);
    answer(v, NO_ADDRESS);
    if ((mask & (mask + 1)) || mask > 0xFFFF || combined) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S320A",
                   "_PageCommitContig: alignment mask %08Xh, flags %08Xh", (unsigned)mask, (unsigned)flags);
        return;
    }
    if (!unmapped && (!region || !all_uncommitted(v, region, first, pages)))
        return;
    uint32_t high = vmm_arg(v, 5) ? vmm_arg(v, 5) : UINT32_MAX;
    uint32_t run = vmm_phys_take(v, pages, mask + 1, vmm_arg(v, 4), high);
    if (!run)
        return;
    if (unmapped ||
        vmm_region_commit_run(v, region, first, pages, run, bits_of(flags), state_of(flags) | VMM_PAGE_FIXED))
        answer(v, run << 12);
    else
        decommit(v, region, first, pages);
}

static void page_decommit(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), flags = vmm_arg(v, 2);
    uint32_t region = region_for(v, "_PageDecommit", "Win95 DDK S320C", flags);
    for (uint32_t i = 0; region && i < pages; i++)
        if ((*vmm_page_state(v, region, first + i) & VMM_PAGE_STATIC) && !(flags & KIT_PC_STATIC))
            region = 0;
    if (region && vmm_pager_frees_begin(v, first, pages))
        return;
    if (region)
        decommit(v, region, first, pages);
    answer(v, region != 0);
    if (region)
        vmm_free_phys_available_begin(v);
}

// --- permissions

static uint32_t permissions(struct vmm *v, uint32_t region, uint32_t page)
{
    uint32_t pte = 0;
    uint16_t state = *vmm_page_state(v, region, page);
    (void)!vmm_pte_get(v, page << 12, &pte);
    return (pte & VMM_PTE_WRITE ? KIT_PC_WRITEABLE : 0) | (pte & VMM_PTE_USER ? KIT_PC_USER : 0) |
           (pte & VMM_PTE_DIRTY ? KIT_PC_DIRTY : 0) | (pte & VMM_PTE_PRESENT ? KIT_PC_PRESENT : 0) |
           (state & VMM_PAGE_FIXED ? KIT_PAGEFIXED : 0) | (state & VMM_PAGE_STATIC ? KIT_PC_STATIC : 0) |
           (state & VMM_PAGE_LOCKS ? KIT_PAGELOCKED : 0);
}

static bool all_changeable(struct vmm *v, uint32_t region, uint32_t first, uint32_t pages, uint32_t set)
{
    for (uint32_t i = 0; i < pages; i++) {
        uint16_t state = *vmm_page_state(v, region, first + i);
        if (!(state & VMM_PAGE_COMMITTED) || ((state & VMM_PAGE_STATIC) && !(set & KIT_PC_STATIC)))
            return false;
    }
    return true;
}

static void page_modify_permissions(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), keep = vmm_arg(v, 2), set = vmm_arg(v, 3);
    uint32_t region = vmm_region_holding(v, first, pages);
    answer(v, NO_ADDRESS);
    if (!region) {
        report_range(v, "_PageModifyPermissions", "Win95 DDK S3232", first, pages);
        return;
    }
    if (!all_changeable(v, region, first, pages, set))
        return;
    uint32_t old = permissions(v, region, first), pte;
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t now = (permissions(v, region, first + i) & keep) | (set & (KIT_PC_USER | KIT_PC_WRITEABLE));
        if (vmm_pte_get(v, (first + i) << 12, &pte))
            (void)!vmm_pte_set(v, (first + i) << 12, (pte & ~(uint32_t)(VMM_PTE_WRITE | VMM_PTE_USER)) | bits_of(now));
    }
    answer(v, old);
}

// --- _PageQuery

enum { MEM_COMMIT = 0x1000, MEM_RESERVE = 0x2000, MEM_FREE = 0x10000, MEM_PRIVATE = 0x20000 };
enum { PAGE_NOACCESS = 1, PAGE_READONLY = 2, PAGE_READWRITE = 4 };

static uint32_t protection(struct vmm *v, uint32_t region, uint32_t page)
{
    if (!(*vmm_page_state(v, region, page) & VMM_PAGE_COMMITTED))
        return 0;
    uint32_t has = permissions(v, region, page);
    return !(has & KIT_PC_USER) ? PAGE_NOACCESS : has & KIT_PC_WRITEABLE ? PAGE_READWRITE : PAGE_READONLY;
}

// How many pages from `page` on are in the same state with the same access.
static uint32_t alike(struct vmm *v, uint32_t region, uint32_t page)
{
    const struct vmm_region r = *vmm_region_at(v, region);
    uint16_t state = *vmm_page_state(v, region, page) & VMM_PAGE_COMMITTED;
    uint32_t access = protection(v, region, page), n = 1;
    while (page + n < r.page + r.pages && (*vmm_page_state(v, region, page + n) & VMM_PAGE_COMMITTED) == state &&
           protection(v, region, page + n) == access)
        n++;
    return n;
}

// Free pages from `page` on: up to the next reservation, or to the end of what can be reserved there.
static uint32_t free_pages(struct vmm *v, uint32_t page)
{
    static const uint32_t ends[] = {0x400, 0x80000, VMM_HIGH_BASE >> 12, 0xC0000, VMM_HIGH_BASE_2 >> 12, 0x100000};
    uint32_t next = vmm_region_next(v, vmm_arena_of(page), page), end = 0x100000;
    for (size_t i = BASE_COUNT(ends); i-- > 0 && page < ends[i];)
        end = ends[i];
    return (next && vmm_region_at(v, next)->page < end ? vmm_region_at(v, next)->page : end) - page;
}

static void page_query(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0) >> 12, size = vmm_arg(v, 2), region = vmm_region_holding(v, page, 1);
    uint8_t info[0x1C] = {0};
    answer(v, 0);
    if (size < sizeof info) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3233", "_PageQuery: buffer of %u bytes",
                   (unsigned)size);
        return;
    }
    base_put32(info, page << 12);
    base_put32(info + 0x0C, (region ? alike(v, region, page) : free_pages(v, page)) << 12);
    bool committed = region && (*vmm_page_state(v, region, page) & VMM_PAGE_COMMITTED);
    base_put32(info + 0x10, committed ? MEM_COMMIT : region ? MEM_RESERVE : MEM_FREE);
    base_put32(info + 0x14, region ? protection(v, region, page) : PAGE_NOACCESS);
    if (region) {
        base_put32(info + 0x04, vmm_region_at(v, region)->page << 12);
        base_put32(info + 0x08, PAGE_READWRITE);
        base_put32(info + 0x18, MEM_PRIVATE);
    }
    if (vmm_put(v, vmm_arg(v, 1), info, sizeof info))
        answer(v, sizeof info);
}

static const struct vmm_binding bindings[] = {
    {KIT__PageReserve, page_reserve},
    {KIT__PageCommit, page_commit},
    {KIT__PageCommitPhys, page_commit_phys},
    {KIT__PageCommitContig, page_commit_contig},
    {KIT__PageDecommit, page_decommit},
    {KIT__PageModifyPermissions, page_modify_permissions},
    {KIT__PageQuery, page_query},
    {0, NULL},
};

const struct vmm_chapter vmm_reserve_chapter = {.bindings = bindings};
