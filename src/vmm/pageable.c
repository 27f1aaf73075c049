// What only the paging device and the memory manager's own drivers ask (spec: memory; VDAG31
// System-Internal_Memory_Management): which V86 pages of a VM may be paged, how many dirty pages were written, pages
// whose contents nobody needs. Nothing is ever paged out here: the notes are kept and the counts are true.
#include "vmm/backing.h"
#include "vmm/defs.h"
#include "vmm/v86mem.h"
#include "vmm/window.h"

enum { V86_PAGES = 0x100 };

struct pageable { // of a VM
    uint32_t vm;  // control block, 0: free row
    uint8_t bits[V86_PAGES / 8];
};

struct pageable_state {
    uint32_t page_out_count; // _GetSetPageOutCount
};

static struct base_table *rows(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_pageable, 0);
}

static struct pageable *row_of(struct vmm *v, uint32_t vm, bool make)
{
    for (uint32_t i = 1; i < rows(v)->count; i++)
        if (((struct pageable *)base_table_at(rows(v), i))->vm == vm)
            return base_table_at(rows(v), i);
    uint32_t row = make ? base_table_new(rows(v)) : 0;
    if (!row)
        return NULL;
    struct pageable *p = base_table_at(rows(v), row);
    p->vm = vm;
    return p;
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    for (uint32_t i = 1; i < rows(v)->count; i++) {
        struct pageable *p = base_table_at(rows(v), i);
        if (p->vm != vm)
            continue;
        p->vm = 0;
        base_table_release(rows(v), i);
        return;
    }
}

static void set_bits(struct pageable *p, uint32_t page, uint32_t pages, bool on)
{
    for (uint32_t i = page; i < page + pages; i++) {
        uint8_t bit = (uint8_t)(1u << i % 8);
        p->bits[i / 8] = (uint8_t)(on ? p->bits[i / 8] | bit : p->bits[i / 8] & ~bit);
    }
}

static void set_status(struct vmm *v, uint32_t cb, const struct pageable *p, uint32_t flags)
{
    uint32_t status = vmm_peek32(v, cb + KIT_CB_VM_Status) & ~(uint32_t)KIT_VMStat_PageableV86;
    for (unsigned i = 0; i < sizeof p->bits; i++)
        if (p->bits[i])
            status |= KIT_VMStat_PageableV86;
    if (flags & KIT_PAGESETV86INTSLOCKED)
        status |= KIT_VMStat_V86IntsLocked;
    if (flags & KIT_PAGECLEARV86INTSLOCKED)
        status &= ~(uint32_t)KIT_VMStat_V86IntsLocked;
    vmm_poke32(v, cb + KIT_CB_VM_Status, status);
}

// _SetResetV86Pageable(VM, page, pages, flags): one of the four flags, or one of each kind.
static void set_reset_v86_pageable(struct vmm *v)
{
    const uint32_t pageable = KIT_PAGESETV86PAGEABLE | KIT_PAGECLEARV86PAGEABLE;
    const uint32_t locked = KIT_PAGESETV86INTSLOCKED | KIT_PAGECLEARV86INTSLOCKED;
    uint32_t vm = vmm_vm_row_or_report(v, vmm_arg(v, 0), "VDAG31 _SetResetV86Pageable"), page = vmm_arg(v, 1);
    uint32_t pages = vmm_arg(v, 2), flags = vmm_arg(v, 3);
    bool range = page < V86_PAGES && pages <= V86_PAGES - page;
    bool known =
        flags && !(flags & ~(pageable | locked)) && (flags & pageable) != pageable && (flags & locked) != locked;
    vmm_regs(v)[X86_EAX] = 0;
    struct pageable *p = vm && range && known ? row_of(v, vmm_arg(v, 0), true) : NULL;
    if (!p)
        return;
    if (flags & pageable)
        set_bits(p, page, pages, flags & KIT_PAGESETV86PAGEABLE);
    set_status(v, vmm_arg(v, 0), p, flags);
    vmm_regs(v)[X86_EAX] = 1;
}

// _GetV86PageableArray(VM, buffer, 0): 100h bits.
static void get_v86_pageable_array(struct vmm *v)
{
    static const uint8_t none[V86_PAGES / 8];
    uint32_t vm = vmm_vm_row_or_report(v, vmm_arg(v, 0), "VDAG31 _GetV86PageableArray");
    const struct pageable *p = vm ? row_of(v, vmm_arg(v, 0), false) : NULL;
    if (vm && !vmm_put(v, vmm_arg(v, 1), p ? p->bits : none, sizeof none))
        return;
    vmm_regs(v)[X86_EAX] = vm != 0;
}

// There is no backing store: no page was ever written to one, and none is waiting to be.
static void page_out_dirty_pages(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = 0;
}

static void get_set_page_out_count(struct vmm *v)
{
    struct pageable_state *s = vmm_chapter_state(v, VMM_CHAPTER_pageable);
    if (!(vmm_arg(v, 1) & KIT_GSPOC_F_Get))
        s->page_out_count = vmm_arg(v, 0);
    vmm_regs(v)[X86_EAX] = s->page_out_count;
}

// --- _PageDiscardPages(page, VM, pages, flags): S3238

// A page that could be paged out: one of a driver's that is not locked.
static bool demand_paged(struct vmm *v, uint32_t page)
{
    uint32_t region = vmm_region_holding(v, page, 1);
    uint16_t state = region ? *vmm_page_state(v, region, page) : 0;
    return state & VMM_PAGE_COMMITTED && !(state & (VMM_PAGE_LOCKS | VMM_PAGE_FIXED));
}

// The linear page at which the caller's pages begin; UINT32_MAX: they are not what may be discarded.
static uint32_t discard_from(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 2), flags = vmm_arg(v, 3);
    bool zero = (flags & (KIT_PAGEDISCARD | KIT_PAGEZEROINIT)) == (KIT_PAGEDISCARD | KIT_PAGEZEROINIT);
    if (!pages || page > UINT32_MAX >> 12 || pages > (UINT32_MAX >> 12) - page)
        return UINT32_MAX;
    if (page < VMM_V86_PAGES) {
        uint32_t vm = vmm_vm_row_or_report(v, vmm_arg(v, 1), "Win95 DDK S3238");
        return vm ? (vmm_window(vm) >> 12) + page : UINT32_MAX;
    }
    for (uint32_t i = page; i < page + pages; i++) {
        uint32_t backing = vmm_backing_of(v, i);
        bool foreign = zero && backing && vmm_backing_at(v, backing)->pager; // its pager would not know what to do
        if (foreign || !vmm_page_committed(v, i))
            return UINT32_MAX;
    }
    return page;
}

// A pager's page is virgin again; what has no pager stays where it is, because there is no backing store.
static void discard(struct vmm *v, uint32_t page, uint32_t flags)
{
    uint32_t backing = vmm_backing_of(v, page), pte;
    if (!(flags & KIT_PAGEDISCARD)) {
        if (vmm_pte_get(v, page << 12, &pte) && pte & VMM_PTE_PRESENT)
            (void)!vmm_pte_set(v, page << 12, pte & ~(uint32_t)VMM_PTE_ACCESSED);
    } else if (backing && vmm_backing_at(v, backing)->pager) {
        vmm_backing_discard(v, page, backing);
    } else if (flags & KIT_PAGEZEROINIT) {
        (void)!vmm_page_fill(v, page, 0);
    }
}

static void page_discard_pages(struct vmm *v)
{
    uint32_t first = discard_from(v);
    for (uint32_t i = 0; first != UINT32_MAX && i < vmm_arg(v, 2); i++)
        if (demand_paged(v, first + i))
            discard(v, first + i, vmm_arg(v, 3));
    vmm_regs(v)[X86_EAX] = first != UINT32_MAX;
}

// All RAM is the memory manager's from the beginning: there is nothing that could be added.
static void add_free_phys_page(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = 0;
}

static const struct vmm_binding bindings[] = {
    {KIT__SetResetV86Pageable, set_reset_v86_pageable},
    {KIT__GetV86PageableArray, get_v86_pageable_array},
    {KIT__PageOutDirtyPages, page_out_dirty_pages},
    {KIT__PageDiscardPages, page_discard_pages},
    {KIT__GetSetPageOutCount, get_set_page_out_count},
    {KIT__AddFreePhysPage, add_free_phys_page},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct pageable), 0};

const struct vmm_chapter vmm_pageable_chapter = {
    .bindings = bindings, .state_size = sizeof(struct pageable_state), .tables = tables, .vm_gone = vm_gone};
