// Mapping into V86 memory, hooks of V86 pages, and who owns which device page. Page tables of a VM are reached at its
// high linear address, current or not. VDAG31 V86_Address_Space_Mapping_and_Allocation, Device_V86_Page_Management.
#include "vmm/v86mem.h"
#include "vmm/defs.h"
#include "vmm/pager.h"
#include "vmm/v86data.h"
#include "vmm/window.h"

enum { BITMAP = 9, FIRST_MAPPABLE = 0x10 };

struct v86_vm { // a VM with pages mapped over its own
    uint32_t vm;
    uint32_t mapped[BITMAP];
    uint32_t assigned[BITMAP];        // local device pages
    uint32_t original[VMM_V86_PAGES]; // page-table entries under the mapped ones
};

struct v86mem_state {
    uint32_t nul_region;
    uint32_t assigned[BITMAP]; // global device pages
    uint32_t hook[VMM_V86_PAGES];
};

static struct v86mem_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_v86mem);
}

static struct base_table *vms(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_v86mem, 0);
}

static uint32_t find_vm(struct vmm *v, uint32_t vm)
{
    for (uint32_t row = 1; row < vms(v)->count; row++)
        if (((struct v86_vm *)base_table_at(vms(v), row))->vm == vm && vm)
            return row;
    return 0;
}

// The VM's row, made at the first need; NULL = no memory.
static struct v86_vm *row_of_vm(struct vmm *v, uint32_t vm)
{
    uint32_t row = find_vm(v, vm);
    if (!row) {
        row = base_table_new(vms(v));
        if (!row)
            return NULL;
        ((struct v86_vm *)base_table_at(vms(v), row))->vm = vm;
    }
    return base_table_at(vms(v), row);
}

static bool bit(const uint32_t map[BITMAP], uint32_t page)
{
    return map[page / 32] >> (page % 32) & 1;
}

static void set_bit(uint32_t map[BITMAP], uint32_t page, bool on)
{
    uint32_t mask = 1u << (page % 32);
    map[page / 32] = on ? map[page / 32] | mask : map[page / 32] & ~mask;
}

// --- page-table entries of a VM

static void set_entry(struct vmm *v, uint32_t vm, uint32_t page, uint32_t pte)
{
    vmm_window_entry_set(v, vmm_vm_row(v, vm), page, pte);
}

static uint32_t entry_now(struct vmm *v, uint32_t vm, uint32_t page)
{
    return vmm_window_entry(v, vmm_vm_row(v, vm), page);
}

bool vmm_v86_page_written(struct vmm *v, uint32_t vm, uint32_t page)
{
    uint32_t row = vmm_vm_row(v, vm), pte = row ? vmm_window_entry(v, row, page) : 0;
    if (!(pte & VMM_PTE_DIRTY))
        return false;
    vmm_window_entry_set(v, row, page, pte & ~(uint32_t)VMM_PTE_DIRTY);
    return true;
}

// Puts an entry over the VM's own page, which is remembered at the first time. False: no memory.
static bool map_over(struct vmm *v, uint32_t vm, uint32_t page, uint32_t pte)
{
    struct v86_vm *m = row_of_vm(v, vm);
    if (!m)
        return false;
    if (!bit(m->mapped, page)) {
        m->original[page] = entry_now(v, vm, page);
        set_bit(m->mapped, page, true);
    }
    set_entry(v, vm, page, pte);
    return true;
}

static uint32_t entry(uint32_t phys, uint32_t type)
{
    return phys << 12 | VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER | (type & 7) << 9;
}

bool vmm_v86_map(struct vmm *v, uint32_t vm, uint32_t page, uint32_t linear)
{
    uint32_t pte, row = find_vm(v, vm);
    struct v86_vm *m = row ? base_table_at(vms(v), row) : NULL;
    if (linear)
        return vmm_pte_get(v, linear, &pte) && map_over(v, vm, page, entry(pte >> 12, KIT_PG_SYS));
    if (m && bit(m->mapped, page)) {
        set_entry(v, vm, page, m->original[page]);
        set_bit(m->mapped, page, false);
    }
    return true;
}

// Before the VM's memory is freed its own pages come back under the mappings, so that nobody else's are freed with it.
static void vm_gone(struct vmm *v, uint32_t vm)
{
    uint32_t row = find_vm(v, vm);
    if (!row)
        return;
    const struct v86_vm *m = base_table_at(vms(v), row);
    for (uint32_t page = 0; page < VMM_V86_PAGES; page++)
        if (bit(m->mapped, page))
            set_entry(v, vm, page, m->original[page]);
    base_table_release(vms(v), row);
}

// --- arguments

static bool mappable(struct vmm *v, uint32_t vm, uint32_t page, uint32_t pages, const char *service)
{
    uint32_t first = vmm_first_v86_page(v);
    bool inside = pages && page >= FIRST_MAPPABLE && page < VMM_V86_PAGES && pages <= VMM_V86_PAGES - page;
    bool crosses = inside && page < first && page + pages > first;
    if (inside && !crosses && vmm_valid_vm(v, vm))
        return true;
    vmm_report(v, "input-range", v->call.caller, "VDAG31 V86_Address_Space_Mapping_and_Allocation",
               "%s: VM %08Xh, pages %Xh + %u (the first V86 page is %Xh)", service, (unsigned)vm, (unsigned)page,
               (unsigned)pages, (unsigned)first);
    return false;
}

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

// --- the nul page

uint32_t vmm_nul_page(struct vmm *v, uint32_t *phys)
{
    struct v86mem_state *s = state_of(v);
    uint32_t pte = 0;
    if (!s->nul_region) {
        uint32_t region = vmm_region_reserve(v, VMM_ARENA_SYSTEM, 1, 1, VMM_REGION_PAGES);
        if (region && !vmm_page_commit(v, region, vmm_region_at(v, region)->page, 0, VMM_PTE_WRITE | VMM_PTE_USER,
                                       VMM_PAGE_FIXED)) {
            vmm_region_drop(v, region);
            region = 0;
        }
        if (!region)
            return 0;
        vmm_region_at(v, region)->type = KIT_PG_SYS;
        vmm_region_at(v, region)->flags = KIT_PR_STATIC; // no driver frees it by accident
        vmm_region_at(v, region)->module = 0;
        s->nul_region = region;
    }
    uint32_t linear = vmm_region_at(v, s->nul_region)->page << 12;
    (void)!vmm_pte_get(v, linear, &pte);
    *phys = pte >> 12;
    return linear;
}

void vmm_nul_page_set(struct vmm *v, uint32_t phys)
{
    uint32_t old, linear = vmm_nul_page(v, &old), region = state_of(v)->nul_region;
    if (!linear)
        return;
    *vmm_page_state(v, region, linear >> 12) &= (uint16_t) ~(unsigned)VMM_PAGE_OWNED; // VMs may show the old one
    if (!vmm_pte_set(v, linear, entry(phys, KIT_PG_SYS)))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for page tables");
}

static void get_nul_page_handle(struct vmm *v)
{
    uint32_t phys;
    answer(v, vmm_nul_page(v, &phys));
}

// --- mapping

// Physical page `i` of what _MapIntoV86 maps; false: outside the block, or not committed.
static bool source_page(struct vmm *v, uint32_t handle, uint32_t offset, uint32_t i, uint32_t *phys, uint32_t *type)
{
    uint32_t pte, nul = vmm_nul_page(v, phys);
    *type = KIT_PG_SYS;
    if (handle == nul)
        return nul != 0; // one page for all
    uint32_t region = vmm_region_holding(v, (handle >> 12) + offset + i, 1);
    if (!region || vmm_region_at(v, region)->page != handle >> 12 || !vmm_page_present(v, (handle >> 12) + offset + i))
        return false;
    *type = vmm_region_at(v, region)->type;
    bool mapped = vmm_pte_get(v, handle + ((offset + i) << 12), &pte);
    *phys = pte >> 12;
    return mapped;
}

// Pages of pagers come into memory before they are shown in a VM, and stay there. True: the service runs again.
static bool pagers_begin(struct vmm *v, uint32_t linear_page, uint32_t pages)
{
    bool inside = pages && linear_page < 0x100000 && pages <= 0x100000 - linear_page;
    if (!inside || vmm_pager_in_begin(v, linear_page, pages))
        return inside;
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t backing = vmm_backing_of(v, linear_page + i);
        if (backing)
            vmm_backing_at(v, backing)->stuck = 1;
    }
    return false;
}

static void map_into_v86(struct vmm *v)
{
    uint32_t handle = vmm_arg(v, 0), vm = vmm_arg(v, 1), page = vmm_arg(v, 2), pages = vmm_arg(v, 3);
    uint32_t offset = vmm_arg(v, 4), phys, type;
    answer(v, 0);
    if (!mappable(v, vm, page, pages, "_MapIntoV86") || pagers_begin(v, (handle >> 12) + offset, pages))
        return;
    for (uint32_t i = 0; i < pages; i++) {
        if (source_page(v, handle, offset, i, &phys, &type))
            continue;
        vmm_report(v, "input-range", v->call.caller, "VDAG31 _MapIntoV86",
                   "_MapIntoV86: page %u of block %08Xh is not committed", (unsigned)(offset + i), (unsigned)handle);
        return;
    }
    for (uint32_t i = 0; i < pages; i++)
        if (!source_page(v, handle, offset, i, &phys, &type) || !map_over(v, vm, page + i, entry(phys, type)))
            return;
    answer(v, 1);
}

static void phys_into_v86(struct vmm *v)
{
    uint32_t phys = vmm_arg(v, 0), vm = vmm_arg(v, 1), page = vmm_arg(v, 2), pages = vmm_arg(v, 3);
    answer(v, 0);
    if (!mappable(v, vm, page, pages, "_PhysIntoV86") || phys > 0xFFFFF || pages > 0x100000 - phys)
        return;
    for (uint32_t i = 0; i < pages; i++)
        if (!map_over(v, vm, page + i, entry(phys + i, KIT_PG_SYS)))
            return;
    answer(v, 1);
}

static bool linear_committed(struct vmm *v, uint32_t linear_page, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        if (linear_page + i > 0xFFFFF || !vmm_page_present(v, linear_page + i))
            return false;
    return true;
}

// EAX = 0 error; EDX = V86 page used: a source in V86 memory is there already and is answered unchanged.
static void lin_map_into_v86(struct vmm *v)
{
    uint32_t from = vmm_arg(v, 0), vm = vmm_arg(v, 1), page = vmm_arg(v, 2), pages = vmm_arg(v, 3), pte;
    answer(v, 0);
    vmm_regs(v)[X86_EDX] = 0;
    bool below = from < VMM_V86_PAGES;
    if (!below && pagers_begin(v, from, pages))
        return;
    if (!below && (!mappable(v, vm, page, pages, "_LinMapIntoV86") || !linear_committed(v, from, pages)))
        return;
    for (uint32_t i = 0; !below && i < pages; i++)
        if (!vmm_pte_get(v, (from + i) << 12, &pte) || !map_over(v, vm, page + i, entry(pte >> 12, pte >> 9)))
            return;
    answer(v, 1);
    vmm_regs(v)[X86_EDX] = below ? from : page;
}

// --- bits

static bool bits_changeable(struct vmm *v, uint32_t page, uint32_t pages, uint32_t keep, uint32_t set, uint32_t type)
{
    const uint32_t bits = VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER;
    if ((set & VMM_PTE_PRESENT) || (set & ~bits) || (~keep & ~bits) || (type != KIT_PG_HOOKED && type != KIT_PG_IGNORE))
        return false;
    for (uint32_t i = 0; !(keep & VMM_PTE_PRESENT) && i < pages; i++)
        if (type != KIT_PG_HOOKED || !vmm_v86_page_hook(v, page + i))
            return false; // nobody would bring the page back
    return true;
}

// _ModifyPageBits(VM, page, nPages, and, or, pType, flags). Dirty and accessed are cleared always.
static void modify_page_bits(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0), page = vmm_arg(v, 1), pages = vmm_arg(v, 2), keep = vmm_arg(v, 3), set = vmm_arg(v, 4);
    uint32_t type = vmm_arg(v, 5);
    answer(v, 0);
    if (!mappable(v, vm, page, pages, "_ModifyPageBits"))
        return;
    if (!bits_changeable(v, page, pages, keep, set, type)) {
        vmm_report(v, "input-range", v->call.caller, "VDAG31 _ModifyPageBits",
                   "_ModifyPageBits: and %08Xh, or %08Xh, type %Xh", (unsigned)keep, (unsigned)set, (unsigned)type);
        return;
    }
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t pte = ((entry_now(v, vm, page + i) & keep) | set) & ~(uint32_t)(VMM_PTE_DIRTY | VMM_PTE_ACCESSED);
        if (type == KIT_PG_HOOKED)
            pte = (pte & ~(uint32_t)VMM_PTE_TYPE) | KIT_PG_HOOKED << 9;
        if (!map_over(v, vm, page + i, pte))
            return;
    }
    answer(v, 1);
}

// --- hooks of pages

uint32_t vmm_v86_page_hook(struct vmm *v, uint32_t page)
{
    return page < VMM_V86_PAGES ? state_of(v)->hook[page] : 0;
}

// EAX = page from the last V86 page to FFh, ESI = callback. One owner a page.
static void hook_v86_page(struct vmm *v)
{
    uint32_t page = vmm_regs(v)[X86_EAX], callback = vmm_regs(v)[X86_ESI], *hook = state_of(v)->hook;
    bool valid = page >= vmm_last_v86_page(v) && page <= 0xFF;
    if (!valid)
        vmm_report(v, "input-range", v->call.caller, "VDAG31 Hook_V86_Page", "Hook_V86_Page: page %Xh", (unsigned)page);
    bool done = valid && (!hook[page] || hook[page] == callback);
    if (done)
        hook[page] = callback;
    vmm_set_flag(v, X86_CF, !done);
}

static void unhook_v86_page(struct vmm *v)
{
    uint32_t page = vmm_regs(v)[X86_EAX], callback = vmm_regs(v)[X86_ESI], *hook = state_of(v)->hook;
    bool done = page < VMM_V86_PAGES && callback && hook[page] == callback;
    if (done)
        hook[page] = 0;
    vmm_set_flag(v, X86_CF, !done);
}

// --- device pages

static bool device_range(struct vmm *v, uint32_t page, uint32_t pages, uint32_t vm, const char *service)
{
    bool valid = pages && page < VMM_V86_PAGES && pages <= VMM_V86_PAGES - page && (!vm || vmm_valid_vm(v, vm));
    bool early = vm && v->s.phase < KIT_SYSSTATE_VXDINITCOMPLETED;
    if (valid && !early)
        return true;
    vmm_report(v, "input-range", v->call.caller, "VDAG31 Device_V86_Page_Management",
               "%s: pages %Xh + %u of VM %08Xh%s", service, (unsigned)page, (unsigned)pages, (unsigned)vm,
               early ? " before initialisation is over" : "");
    return false;
}

// The bit map to work on: global, or the VM's. NULL = no memory.
static uint32_t *assigned_map(struct vmm *v, uint32_t vm)
{
    struct v86_vm *m = vm ? row_of_vm(v, vm) : NULL;
    return vm ? (m ? m->assigned : NULL) : state_of(v)->assigned;
}

// Taken globally, or locally: in this VM, or for a global request in any.
static bool taken(struct vmm *v, uint32_t vm, uint32_t page)
{
    if (bit(state_of(v)->assigned, page))
        return true;
    for (uint32_t row = 1; row < vms(v)->count; row++) {
        const struct v86_vm *m = base_table_at(vms(v), row);
        if (m->vm && (!vm || m->vm == vm) && bit(m->assigned, page))
            return true;
    }
    return false;
}

bool vmm_v86_assigned(struct vmm *v, uint32_t vm, uint32_t page)
{
    uint32_t row = find_vm(v, vm);
    return bit(state_of(v)->assigned, page) ||
           (row && bit(((struct v86_vm *)base_table_at(vms(v), row))->assigned, page));
}

bool vmm_v86_reserve(struct vmm *v, uint32_t page)
{
    if (page > 0xFF || taken(v, 0, page) || (page <= vmm_last_v86_page(v) && !vmm_v86_give_up(v, page)))
        return false;
    set_bit(state_of(v)->assigned, page, true);
    return true;
}

static void assign_device_v86_pages(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 1), vm = vmm_arg(v, 2);
    answer(v, 0);
    if (!device_range(v, page, pages, vm, "_Assign_Device_V86_Pages"))
        return;
    uint32_t *map = assigned_map(v, vm);
    for (uint32_t i = 0; map && i < pages; i++)
        if (taken(v, vm, page + i))
            return;
    for (uint32_t i = 0; map && i < pages; i++)
        set_bit(map, page + i, true);
    answer(v, map != NULL);
}

static void deassign_device_v86_pages(struct vmm *v)
{
    uint32_t page = vmm_arg(v, 0), pages = vmm_arg(v, 1), vm = vmm_arg(v, 2);
    answer(v, 0);
    if (!device_range(v, page, pages, vm, "_DeAssign_Device_V86_Pages"))
        return;
    uint32_t *map = assigned_map(v, vm);
    for (uint32_t i = 0; map && i < pages; i++)
        if (!bit(map, page + i))
            return;
    for (uint32_t i = 0; map && i < pages; i++)
        set_bit(map, page + i, false);
    answer(v, map != NULL);
}

static void get_device_v86_pages_array(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0), row = find_vm(v, vm);
    uint8_t bytes[4 * BITMAP] = {0};
    const uint32_t *map = vm ? NULL : state_of(v)->assigned;
    if (vm && !device_range(v, 0, 1, vm, "_Get_Device_V86_Pages_Array")) {
        answer(v, 0);
        return;
    }
    if (row)
        map = ((struct v86_vm *)base_table_at(vms(v), row))->assigned;
    for (unsigned i = 0; map && i < BITMAP; i++)
        base_put32(bytes + 4 * i, map[i]);
    if (vmm_put(v, vmm_arg(v, 1), bytes, sizeof bytes))
        answer(v, 1);
}

static void module_gone(struct vmm *v, uint32_t module)
{
    for (uint32_t page = 0; page < VMM_V86_PAGES; page++) {
        uint32_t hook = vmm_v86_page_hook(v, page);
        if (hook && vmm_module_of(v, hook, NULL) == module)
            vmm_report(v, "left-behind", hook, "Win95 DDK S3507",
                       "the driver is unloaded, but the hook of V86 page %Xh still leads into it", (unsigned)page);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT__GetNulPageHandle, get_nul_page_handle},
    {KIT__MapIntoV86, map_into_v86},
    {KIT__PhysIntoV86, phys_into_v86},
    {KIT__LinMapIntoV86, lin_map_into_v86},
    {KIT__ModifyPageBits, modify_page_bits},
    {KIT_Hook_V86_Page, hook_v86_page},
    {KIT_Unhook_V86_Page, unhook_v86_page},
    {KIT__Assign_Device_V86_Pages, assign_device_v86_pages},
    {KIT__DeAssign_Device_V86_Pages, deassign_device_v86_pages},
    {KIT__Get_Device_V86_Pages_Array, get_device_v86_pages_array},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct v86_vm), 0};

const struct vmm_chapter vmm_v86mem_chapter = {.bindings = bindings,
                                               .state_size = sizeof(struct v86mem_state),
                                               .tables = tables,
                                               .vm_gone = vm_gone,
                                               .module_gone = module_gone};
