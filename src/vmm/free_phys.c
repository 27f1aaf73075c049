// Physical pages as drivers may handle them: which exist, pages of their own in a memory block, and free physical
// regions, whose pages a driver takes from the free list and gives back when it is asked. Win95 DDK S31FC-S3201; VDAG31
// Free_Physical_Memory_Management.
#include "vmm/defs.h"
#include "vmm/regions.h"

enum { FIRST_EXTENDED = 0x110, BLOCK_BITS = VMM_PTE_WRITE | VMM_PTE_USER };

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

// _GetPhysPageInfo(page, pages, 0): which of them the memory manager knows (S31FF).
static void get_phys_page_info(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 1), end = page + pages, known = 0;
    if (vmm_arg(v, 2) || page > 0x100000 || pages > 0x100000 - page) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31FF", "_GetPhysPageInfo: pages %Xh + %u, flags %08Xh",
                   (unsigned)page, (unsigned)pages, (unsigned)vmm_arg(v, 2));
        answer(v, KIT_PHYSINFO_NONE);
        return;
    }
    for (; page < end; page++)
        known += page < v->s.phys_pages && (page < 0xA0 || page >= 0x100);
    answer(v, !known ? KIT_PHYSINFO_NONE : known == pages ? KIT_PHYSINFO_ALL : KIT_PHYSINFO_SOME);
}

// Memory that the memory manager does not know of, and that is memory.
static bool foreign(struct vmm *v, uint32_t page)
{
    return page >= FIRST_EXTENDED && page < 0x100000 && page >= v->s.phys_pages &&
           x86_memory_kind(v->memory, page) != X86_NOTHING;
}

// _PageResetHandlePAddr(hMem, offset, pages, physical page, 0): S3201.
static void page_reset_handle_paddr(struct vmm *v)
{
    uint32_t first = (vmm_arg(v, 0) >> 12) + vmm_arg(v, 1), pages = vmm_arg(v, 2), phys = vmm_arg(v, 3);
    uint32_t region = vmm_region_find(v, vmm_arg(v, 0) >> 12);
    const struct vmm_region *r = region ? vmm_region_at(v, region) : NULL;
    bool block = r && r->kind == VMM_REGION_PAGES && r->page << 12 == vmm_arg(v, 0);
    bool inside = block && vmm_arg(v, 1) < r->pages && pages <= r->pages - vmm_arg(v, 1) && !vmm_arg(v, 4);
    answer(v, 0);
    for (uint32_t i = 0; inside && i < pages; i++)
        inside = foreign(v, phys + i);
    for (uint32_t i = 0; inside && i < pages; i++) {
        vmm_page_decommit(v, region, first + i);
        inside = vmm_page_commit(v, region, first + i, phys + i, BLOCK_BITS, VMM_PAGE_FIXED);
    }
    answer(v, inside && pages);
}

// --- free physical regions: blocks of _PageAllocate with PAGEMAPFREEPHYSREG, empty at first

uint32_t vmm_free_phys_allocate(struct vmm *v, uint32_t pages)
{
    uint32_t region = vmm_region_reserve(v, VMM_ARENA_SYSTEM, pages, 1, VMM_REGION_PAGES);
    if (region) {
        vmm_region_at(v, region)->type = KIT_PG_SYS;
        vmm_region_at(v, region)->flags = VMM_REGION_FREE_PHYS;
    }
    return region;
}

// The region of the pages in arguments 0 and 1, if all of them are present or absent as wanted; 0 = none.
static uint32_t pages_of_caller(struct vmm *v, bool present)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), region = vmm_region_holding(v, first, pages);
    if (!region || !(vmm_region_at(v, region)->flags & VMM_REGION_FREE_PHYS))
        return 0;
    for (uint32_t i = 0; i < pages; i++) {
        uint16_t state = *vmm_page_state(v, region, first + i);
        if (((state & VMM_PAGE_COMMITTED) != 0) != present || (present && state & VMM_PAGE_FIXED))
            return 0;
    }
    return region;
}

static void map_free_phys_reg(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), pages = vmm_arg(v, 1), flags = vmm_arg(v, 2), region = pages_of_caller(v, false);
    bool done = region && !(flags & ~(uint32_t)KIT_PAGEFIXED) && pages <= vmm_phys_free_count(v);
    uint16_t state = flags & KIT_PAGEFIXED ? VMM_PAGE_FIXED : 0;
    for (uint32_t i = 0; done && i < pages; i++)
        done = vmm_page_commit(v, region, first + i, 0, BLOCK_BITS, state);
    for (uint32_t i = 0; region && !done && i < pages; i++)
        vmm_page_decommit(v, region, first + i);
    answer(v, done);
}

static void unmap_free_phys_reg(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), region = pages_of_caller(v, true);
    for (uint32_t i = 0; region && i < vmm_arg(v, 1); i++)
        vmm_page_decommit(v, region, first + i);
    answer(v, region != 0);
}

// _XchgFreePhysReg(page, physical address, 0): the driver keeps the page that it gets back, until it puts it somewhere.
static void xchg_free_phys_reg(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), phys = vmm_arg(v, 1) >> 12, region = vmm_region_holding(v, page, 1), old = 0, pte;
    uint16_t *state = region ? vmm_page_state(v, region, page) : NULL;
    bool valid = region && vmm_region_at(v, region)->flags & VMM_REGION_FREE_PHYS && !vmm_arg(v, 2);
    if (!valid || (phys && !vmm_phys_is_ram(v, phys)) || (!phys && *state & VMM_PAGE_FIXED)) {
        answer(v, UINT32_MAX);
        return;
    }
    if (*state & VMM_PAGE_COMMITTED && vmm_pte_get(v, page << 12, &pte))
        old = pte & ~0xFFFu;
    *state = (uint16_t)(phys ? (*state & VMM_PAGE_FIXED) | VMM_PAGE_COMMITTED | VMM_PAGE_OWNED : 0);
    pte = phys ? phys << 12 | VMM_PTE_PRESENT | BLOCK_BITS | KIT_PG_SYS << 9 : 0;
    if (!vmm_pte_set(v, page << 12, pte))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for page tables");
    answer(v, old);
}

// --- who takes free pages and gives them back. a[] of a FREE_PHYS frame:

enum { F_REQUEST, F_COUNT, F_SEQUENCE, F_BEFORE };
enum { AVAILABLE, NEEDED };

static void set_free_phys_reg_callback(struct vmm *v)
{
    bool done = !vmm_arg(v, 1) && vmm_arg(v, 0) && vmm_chain_add(v, VMM_CHAIN_FREE_PHYS, vmm_arg(v, 0), 0, false);
    answer(v, done);
}

// Callbacks allocate and free themselves: nobody is asked while one of them runs.
static bool asking(struct vmm *v)
{
    for (uint32_t row = vmm_thread_at(v, v->s.current)->top; row; row = vmm_frame_at(v, row)->below)
        if (vmm_frame_at(v, row)->kind == VMM_FRAME_FREE_PHYS)
            return true;
    return false;
}

static bool ask_begin(struct vmm *v, uint32_t request, uint32_t count, bool again)
{
    bool early = v->s.phase < KIT_SYSSTATE_VXDINITCOMPLETED; // VDAG31: not before Sys_VM_Init
    if (!v->s.chain[VMM_CHAIN_FREE_PHYS] || early || v->s.reenter || asking(v))
        return false;
    if (again)
        vmm_service_rewind(v);
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_FREE_PHYS);
    if (!f)
        return true;
    f->a[F_REQUEST] = request;
    f->a[F_COUNT] = count;
    f->a[F_BEFORE] = vmm_phys_free_count(v);
    f->contract = VMM_DIRECTION_UP;
    vmm_frame_wait(v);
    return true;
}

static void free_phys_resume(struct vmm *v, struct vmm_frame *f)
{
    bool satisfied = f->callee && vmm_flag(v, X86_CF);
    uint32_t row = satisfied ? 0 : vmm_chain_next(v, VMM_CHAIN_FREE_PHYS, f->a[F_SEQUENCE], true);
    if (!row) {
        v->s.asked_in_vain = f->a[F_REQUEST] == NEEDED && vmm_phys_free_count(v) <= f->a[F_BEFORE];
        vmm_frame_pop_all(v);
        return;
    }
    f->a[F_SEQUENCE] = vmm_callback_at(v, row)->sequence;
    vmm_regs(v)[X86_EAX] = f->a[F_REQUEST];
    vmm_regs(v)[X86_ECX] = f->a[F_COUNT];
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)(X86_DF | X86_CF);
    vmm_frame_call_begin(v, vmm_callback_at(v, row)->proc);
}

const struct vmm_frame_kind vmm_free_phys_frame = {"the free physical region's callback", free_phys_resume, NULL};

bool vmm_free_phys_needed_begin(struct vmm *v, uint32_t pages)
{
    uint32_t unused = vmm_phys_free_count(v);
    bool vain = v->s.asked_in_vain; // and the service has come back
    v->s.asked_in_vain = 0;
    if (pages <= unused || pages > v->s.phys_pages || vain)
        return false;
    return ask_begin(v, NEEDED, pages - unused, true);
}

void vmm_free_phys_available_begin(struct vmm *v)
{
    (void)ask_begin(v, AVAILABLE, vmm_phys_free_count(v), false);
}

static const struct vmm_binding bindings[] = {
    {KIT__GetPhysPageInfo, get_phys_page_info},
    {KIT__PageResetHandlePAddr, page_reset_handle_paddr},
    {KIT__MapFreePhysReg, map_free_phys_reg},
    {KIT__UnmapFreePhysReg, unmap_free_phys_reg},
    {KIT__XchgFreePhysReg, xchg_free_phys_reg},
    {KIT__SetFreePhysRegCalBk, set_free_phys_reg_callback},
    {0, NULL},
};

const struct vmm_chapter vmm_free_phys_chapter = {.bindings = bindings};
