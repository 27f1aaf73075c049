// What the XMS driver in V86MMGR asks: whether a VM has memory from 1 MB on, which, and where the nul page lies; and
// the view of the System VM's memory for interrupt handlers at ring 0. Win95 DDK S3250, S3252, S32C7; VDAG31
// _GetGlblRng0V86IntBase. VMs begin with the high memory area on and one area for all of them, as a V86MMGR with a
// global HMA leaves them.
#include "vmm/defs.h"
#include "vmm/regions.h"
#include "vmm/v86mem.h"
#include "vmm/window.h"

enum { HMA_PAGE = 0x100, HMA_PAGES = VMM_V86_PAGES - HMA_PAGE };

struct hma_state {
    uint32_t alias[HMA_PAGES]; // page-table entries of Set_Physical_HMA_Alias
    uint8_t has_alias;
    uint32_t base; // region of the ring-0 view, 0 = nobody has asked
};

static struct hma_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_hma);
}

static uint32_t physical_entry(struct vmm *v, uint32_t i)
{
    const struct hma_state *s = state_of(v);
    uint32_t bits = VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER | KIT_PG_SYS << 9;
    return s->has_alias ? s->alias[i] : (HMA_PAGE + i) << 12 | bits;
}

// --- _MMGR_Toggle_HMA(VM, flags)

static void toggle(struct vmm *v, uint32_t vm, uint32_t flags)
{
    bool off = flags & KIT_MMGRHMADisable;
    vmm_vm_at(v, vm)->hma_off = off;
    for (uint32_t i = 0; i < HMA_PAGES; i++) {
        uint32_t absent = KIT_PG_SYS << 9; // until its driver maps something: a fault
        uint32_t on = flags & KIT_MMGRHMAPhysical ? physical_entry(v, i) : absent;
        vmm_window_entry_set(v, vm, HMA_PAGE + i, off ? vmm_window_entry(v, vm, i) : on);
    }
}

static bool assigned(struct vmm *v, uint32_t vm)
{
    for (uint32_t page = HMA_PAGE; page < VMM_V86_PAGES; page++)
        if (!vmm_v86_assigned(v, vm, page))
            return false;
    return true;
}

static void toggle_hma(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_arg(v, 0), "Win95 DDK S3250"), flags = vmm_arg(v, 1), *eax;
    uint32_t what = flags & ~(uint32_t)KIT_MMGRHMAPhysical;
    bool query = flags == KIT_MMGRHMAQuery, known = query || what == KIT_MMGRHMAEnable || flags == KIT_MMGRHMADisable;
    eax = &vmm_regs(v)[X86_EAX];
    *eax = 0;
    if (!vm)
        return;
    bool owned = query || assigned(v, vmm_arg(v, 0));
    if (!known || !owned) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3250", "_MMGR_Toggle_HMA: %s",
                   known ? "pages 100h to 10Fh are nobody's (_Assign_Device_V86_Pages)" : "reserved flags");
        return;
    }
    if (!query)
        toggle(v, vm, flags);
    *eax = query ? !vmm_vm_at(v, vm)->hma_off : 1;
}

static void set_physical_hma_alias(struct vmm *v)
{
    struct hma_state *s = state_of(v);
    uint8_t entries[4 * HMA_PAGES];
    if (!vmm_get(v, vmm_regs(v)[X86_ESI], entries, sizeof entries))
        return;
    for (uint32_t i = 0; i < HMA_PAGES; i++)
        s->alias[i] = base_get32(entries + 4 * i);
    s->has_alias = 1;
}

static void set_nul_page_addr(struct vmm *v)
{
    vmm_nul_page_set(v, vmm_regs(v)[X86_EAX] >> 12);
}

// --- _GetGlblRng0V86IntBase

static uint32_t make_view(struct vmm *v)
{
    uint32_t region = vmm_region_reserve(v, VMM_ARENA_SYSTEM, VMM_V86_PAGES, 1, VMM_REGION_ALIAS);
    uint32_t first = region ? vmm_region_at(v, region)->page : 0;
    if (region)
        vmm_region_at(v, region)->module = 0;
    for (uint32_t page = 0; region && page < VMM_V86_PAGES; page++) {
        (void)!vmm_window_touch(v, vmm_window(v->s.system_vm) + (page << 12));
        uint32_t pte = page < HMA_PAGE ? vmm_window_entry(v, v->s.system_vm, page) : physical_entry(v, page - HMA_PAGE);
        if (vmm_pte_set(v, (first + page) << 12, pte))
            continue;
        vmm_region_drop(v, region);
        return 0;
    }
    return region;
}

// A page with instance data has one physical page, wherever it is present: here it is at all times.
static void get_glbl_rng0_v86_int_base(struct vmm *v)
{
    struct hma_state *s = state_of(v);
    bool early = v->s.phase < KIT_SYSSTATE_PREDEVICEINIT;
    if (!early && !s->base)
        s->base = make_view(v);
    vmm_regs(v)[X86_EAX] = early || !s->base ? 0 : vmm_region_at(v, s->base)->page << 12;
}

static const struct vmm_binding bindings[] = {
    {KIT__MMGR_Toggle_HMA, toggle_hma},
    {KIT_Set_Physical_HMA_Alias, set_physical_hma_alias},
    {KIT_MMGR_SetNULPageAddr, set_nul_page_addr},
    {KIT__GetGlblRng0V86IntBase, get_glbl_rng0_v86_int_base},
    {0, NULL},
};

const struct vmm_chapter vmm_hma_chapter = {.bindings = bindings, .state_size = sizeof(struct hma_state)};
