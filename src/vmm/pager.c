// Pagers as drivers register them, and the services that write pages to them or give pages to another one. Win95 DDK
// S3237, S3239-S323D. There is no swap file: pages without a registered pager are always in memory, and pages with one
// leave it when there is no other physical page left.
#include "vmm/pager.h"

#include "vmm/defs.h"

struct pager {
    uint32_t link; // of released rows
    uint32_t handle;
    uint32_t proc[VMM_PAGER_FUNCTIONS]; // 0: nothing to be called
    uint32_t type;                      // PD_SWAPPER, PD_PAGERONLY
};

static struct base_table *pagers(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_pager, 0);
}

static struct pager *pager_at(struct vmm *v, uint32_t row)
{
    return base_table_at(pagers(v), row);
}

uint32_t vmm_pager_find(struct vmm *v, uint32_t handle)
{
    for (uint32_t i = 1; handle && i < pagers(v)->count; i++)
        if (pager_at(v, i)->handle == handle)
            return i;
    return 0;
}

uint32_t vmm_pager_proc(struct vmm *v, uint32_t pager, enum vmm_pager_function function)
{
    return pager ? pager_at(v, pager)->proc[function] : 0;
}

bool vmm_pager_keeps(struct vmm *v, uint32_t pager)
{
    return pager && pager_at(v, pager)->type == KIT_PD_PAGERONLY;
}

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

// --- registering: the handle is a small block of guest memory, so that it looks like no page number and no other
// handle

static uint32_t register_pager(struct vmm *v, const uint8_t pd[KIT_SIZE_pd_s])
{
    uint32_t row = base_table_new(pagers(v)), handle = row ? vmm_heap_get(v, KIT_SIZE_pd_s) : 0;
    if (!handle) {
        if (row)
            base_table_release(pagers(v), row);
        return 0;
    }
    struct pager *p = pager_at(v, row);
    p->handle = handle;
    p->type = base_get32(pd + KIT_pd_type);
    for (unsigned i = 0; i < VMM_PAGER_FUNCTIONS; i++)
        p->proc[i] = base_get32(pd + 4 * i);
    return handle;
}

static void pager_register(struct vmm *v)
{
    uint8_t pd[KIT_SIZE_pd_s];
    if (!vmm_get(v, vmm_arg(v, 0), pd, sizeof pd))
        return;
    uint32_t type = base_get32(pd + KIT_pd_type);
    bool known = type == KIT_PD_SWAPPER || type == KIT_PD_PAGERONLY;
    if (!known)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S323D", "_PagerRegister: pd_type %08Xh",
                   (unsigned)type);
    answer(v, known ? register_pager(v, pd) : 0);
}

static uint32_t pager_of_caller(struct vmm *v, const char *service)
{
    uint32_t pager = vmm_pager_find(v, vmm_arg(v, 0));
    if (!pager)
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S323C", "%s: %08Xh is not a registered pager", service,
                   (unsigned)vmm_arg(v, 0));
    return pager;
}

static void pager_query(struct vmm *v)
{
    uint32_t pager = pager_of_caller(v, "_PagerQuery");
    uint8_t pd[KIT_SIZE_pd_s];
    for (unsigned i = 0; pager && i < VMM_PAGER_FUNCTIONS; i++)
        base_put32(pd + 4 * i, pager_at(v, pager)->proc[i]);
    if (pager)
        base_put32(pd + KIT_pd_type, pager_at(v, pager)->type);
    if (pager && !vmm_put(v, vmm_arg(v, 1), pd, sizeof pd))
        return;
    answer(v, pager != 0);
}

static void pager_deregister(struct vmm *v)
{
    uint32_t pager = pager_of_caller(v, "_PagerDeregister");
    bool used = pager && vmm_backing_used(v, pager);
    if (used)
        vmm_report(v, "left-behind", v->call.caller, "Win95 DDK S323A",
                   "_PagerDeregister: pages of the pager are committed");
    answer(v, pager && !used);
    if (!pager || used)
        return;
    (void)!vmm_heap_give(v, pager_at(v, pager)->handle);
    base_table_release(pagers(v), pager);
}

// --- what asks pagers

static bool all_committed(struct vmm *v, uint32_t first, uint32_t pages)
{
    uint32_t region = vmm_region_holding(v, first, pages);
    for (uint32_t i = 0; region && i < pages; i++)
        if (!(*vmm_page_state(v, region, first + i) & VMM_PAGE_COMMITTED))
            return false;
    return region != 0;
}

// _PageFlush(page, npages): S3239.
static void page_flush(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1);
    bool valid = all_committed(v, first, pages);
    if (!valid)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3239",
                   "_PageFlush: pages %05Xh + %u are not committed", (unsigned)first, (unsigned)pages);
    answer(v, 0);
    if (valid)
        vmm_walk_begin(v, &(struct vmm_walk){VMM_WALK_FLUSH, first, pages, .answer = 1});
}

static bool change_valid(struct vmm *v, uint32_t first, uint32_t pages, uint32_t hpd, uint32_t flags)
{
    const uint32_t known = KIT_PCP_CHANGEPAGER | KIT_PCP_CHANGEPAGERDATA | KIT_PCP_VIRGINONLY | KIT_PC_INCR;
    bool pager =
        !(flags & KIT_PCP_CHANGEPAGER) || vmm_pager_find(v, hpd) || hpd == KIT_PD_ZEROINIT || hpd == KIT_PD_NOINIT;
    if (all_committed(v, first, pages) && pager && !(flags & ~known))
        return true;
    vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3237",
               "_PageChangePager: pages %05Xh + %u, pager %08Xh, flags %08Xh", (unsigned)first, (unsigned)pages,
               (unsigned)hpd, (unsigned)flags);
    return false;
}

// _PageChangePager(page, npages, hpd, pagerdata, flags): S3237.
static void page_change_pager(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), hpd = vmm_arg(v, 2), flags = vmm_arg(v, 4);
    uint32_t region = vmm_region_holding(v, first, pages);
    answer(v, 0);
    if (!change_valid(v, first, pages, hpd, flags))
        return;
    for (uint32_t i = 0; i < pages; i++)
        if (!vmm_backing_adopt(v, region, first + i))
            return;
    vmm_walk_begin(v, &(struct vmm_walk){VMM_WALK_CHANGE, first, pages, .answer = 1, .pager = vmm_pager_find(v, hpd),
                                         .data = vmm_arg(v, 3), .flags = flags});
}

// --- for other chapters

// One page for each run of the service: the service comes back until there is room or nobody can leave.
static bool evict_begin(struct vmm *v)
{
    uint32_t victim = vmm_backing_victim(v);
    if (!victim)
        return false;
    vmm_walk_begin(v, &(struct vmm_walk){VMM_WALK_OUT, vmm_backing_at(v, victim)->page, 1, .answer = VMM_WALK_AGAIN});
    return true;
}

bool vmm_pager_room_begin(struct vmm *v, uint32_t pages)
{
    bool short_of = !v->s.reenter && pages > vmm_phys_free_count(v) && pages <= v->s.phys_pages;
    return short_of && (vmm_free_phys_needed_begin(v, pages) || evict_begin(v));
}

bool vmm_pager_fault_begin(struct vmm *v, const struct vmm_fault *fault)
{
    uint32_t page = v->cpu->state.cr2 >> 12, backing = vmm_backing_of(v, page);
    if (!backing || fault->error & VMM_PTE_PRESENT || v->s.reenter || vmm_backing_at(v, backing)->busy)
        return false;
    struct vmm_backing *b = vmm_backing_at(v, backing);
    bool refused = b->refused;
    b->refused = 0;
    if (refused)
        return false;
    if (b->phys) // by way of another linear page
        vmm_backing_show(v, page, backing);
    else if (vmm_phys_free_count(v) || !evict_begin(v))
        vmm_walk_begin(v, &(struct vmm_walk){VMM_WALK_IN, page, 1, .answer = VMM_WALK_AGAIN});
    return true;
}

// Whether a walk over the pages has to ask somebody; *busy: about a page that its pager works on.
static bool any(struct vmm *v, uint32_t first, uint32_t pages, bool absent, bool *busy)
{
    bool found = *busy = false;
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t backing = vmm_backing_of(v, first + i), pte;
        const struct vmm_backing *b = backing ? vmm_backing_at(v, backing) : NULL;
        if (!b || !b->pager || (absent && vmm_pte_get(v, (first + i) << 12, &pte) && pte & VMM_PTE_PRESENT))
            continue;
        found = true;
        *busy = *busy || b->busy;
    }
    return found;
}

static bool walk_first_begin(struct vmm *v, enum vmm_walk_op op, uint32_t first, uint32_t pages)
{
    bool busy, found = any(v, first, pages, op == VMM_WALK_IN, &busy);
    if (!found)
        return false;
    if (!busy) {
        vmm_walk_begin(v, &(struct vmm_walk){op, first, pages, .answer = VMM_WALK_AGAIN});
        return true;
    }
    vmm_report(v, "input-range", v->call.caller, "Win95 DDK S323D", "a pager asks for the page it is working on");
    answer(v, 0);
    return true;
}

bool vmm_pager_frees_begin(struct vmm *v, uint32_t first, uint32_t pages)
{
    return walk_first_begin(v, VMM_WALK_FREE, first, pages);
}

bool vmm_pager_in_begin(struct vmm *v, uint32_t first, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t backing = vmm_backing_of(v, first + i);
        if (!backing || !vmm_backing_at(v, backing)->refused)
            continue;
        vmm_backing_at(v, backing)->refused = 0;
        answer(v, 0);
        return true;
    }
    return walk_first_begin(v, VMM_WALK_IN, first, pages);
}

// A driver that is unloaded must have taken its pagers back.
static void module_gone(struct vmm *v, uint32_t module)
{
    for (uint32_t i = 1; i < pagers(v)->count; i++)
        for (unsigned n = 0; pager_at(v, i)->handle && n < VMM_PAGER_FUNCTIONS; n++)
            if (pager_at(v, i)->proc[n] && vmm_module_of(v, pager_at(v, i)->proc[n], NULL) == module) {
                vmm_report(v, "left-behind", pager_at(v, i)->proc[n], "Win95 DDK S323A",
                           "the driver is unloaded, but it is the pager of handle %08Xh",
                           (unsigned)pager_at(v, i)->handle);
                break;
            }
}

static const struct vmm_binding bindings[] = {
    {KIT__PagerRegister, pager_register},      {KIT__PagerQuery, pager_query},
    {KIT__PagerDeregister, pager_deregister},  {KIT__PageFlush, page_flush},
    {KIT__PageChangePager, page_change_pager}, {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct pager), 0};

const struct vmm_chapter vmm_pager_chapter = {.bindings = bindings, .tables = tables, .module_gone = module_gone};
