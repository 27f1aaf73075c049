// Descriptors and selectors: the global table and one local table for each VM that asks for local selectors, both in
// guest memory. Which entries are taken is kept on the host side. Win95 DDK S3242, S3244; VDAG31 GDT_sl_LDT_Management.
#include "vmm/selectors.h"
#include "vmm/machine.h"
#include "vmm/paging.h"

#include <string.h>

enum {
    ENTRIES = 8192,
    FIRST_LOCAL = 16, // those before it are for who names the selector (DPMI 0.9, function 000Dh)
    LDT_PAGES = ENTRIES * 8 / X86_PAGE_SIZE,
    LDT_ACCESS = 0x82, // system descriptor: present local table
};

struct entries { // which are taken
    uint32_t taken[ENTRIES / 32];
};

struct ldt {
    uint32_t vm;
    uint32_t linear;
    uint32_t alias; // global data selector that shows the table
    uint32_t shown; // local one for applications, 0 = none has asked
    struct entries entries;
};

struct selectors_state {
    struct entries gdt;
    uint32_t gdt_alias; // data selector that shows the global table, 0 = not made yet
    uint32_t app_flat;
};

static const char gdt_page[] = "Win95 DDK S3242", ldt_page[] = "VDAG31 GDT_sl_LDT_Management";

static struct selectors_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_selectors);
}

static struct base_table *ldts(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_selectors, 0);
}

// --- which entries are taken

static bool is_taken(const struct entries *e, uint32_t i)
{
    return e->taken[i / 32] >> (i % 32) & 1;
}

static void mark(struct entries *e, uint32_t i, bool on)
{
    uint32_t bit = 1u << (i % 32);
    e->taken[i / 32] = on ? e->taken[i / 32] | bit : e->taken[i / 32] & ~bit;
}

static bool run_free(const struct entries *e, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (first + i >= ENTRIES || is_taken(e, first + i))
            return false;
    return true;
}

// The first of `count` consecutive free entries, now taken; 0 = none (entry 0 is never given out).
static uint32_t take_run(struct entries *e, uint32_t from, uint32_t count)
{
    for (uint32_t first = from; count && count <= ENTRIES - first; first++) {
        if (!run_free(e, first, count))
            continue;
        for (uint32_t i = 0; i < count; i++)
            mark(e, first + i, true);
        return first;
    }
    return 0;
}

// --- tables in guest memory

static void put_descriptor(struct vmm *v, uint32_t table, uint32_t index, uint32_t high, uint32_t low)
{
    vmm_poke32(v, table + 8 * index, low);
    vmm_poke32(v, table + 8 * index + 4, high);
}

void vmm_data_descriptor(uint32_t base, uint32_t limit, uint32_t *high, uint32_t *low)
{
    uint32_t pages = limit > 0xFFFFF, units = pages ? limit >> 12 : limit;
    *low = base << 16 | (units & 0xFFFF);
    *high = (base & 0xFF000000) | pages << 23 | 1u << 22 | (units & 0xF0000) | 0xF200 | (base >> 16 & 0xFF);
}

static uint32_t dpl_of(uint32_t high)
{
    return high >> 13 & 3;
}

uint32_t vmm_gdt_selector_take(struct vmm *v, uint32_t high, uint32_t low)
{
    uint32_t index = take_run(&state_of(v)->gdt, 1, 1);
    if (!index)
        return 0;
    put_descriptor(v, v->s.gdt, index, high, low);
    return index * 8 | dpl_of(high);
}

// A ring-0 data selector for a descriptor table.
static uint32_t table_alias(struct vmm *v, uint32_t linear)
{
    uint32_t high, low;
    vmm_data_descriptor(linear, 0xFFFF, &high, &low);
    return vmm_gdt_selector_take(v, high & ~0x6000u, low);
}

static struct ldt *find_ldt(struct vmm *v, uint32_t vm)
{
    for (uint32_t row = 1; row < ldts(v)->count; row++) {
        struct ldt *l = base_table_at(ldts(v), row);
        if (l->linear && l->vm == vm)
            return l;
    }
    return NULL;
}

// The processor's view of the current VM's local table.
static void load_ldt(struct vmm *v, uint32_t vm)
{
    const struct ldt *l = find_ldt(v, vm);
    if (l) {
        put_descriptor(v, v->s.gdt, VMM_LDT / 8, (l->linear & 0xFF000000) | LDT_ACCESS << 8 | (l->linear >> 16 & 0xFF),
                       l->linear << 16 | 0xFFFF);
        if (x86_load_segment(v->cpu, X86_LDTR, VMM_LDT, NULL))
            return;
        vmm_stop(v, VMM_END_FAULT, "the local descriptor table cannot be loaded: a driver broke the global one");
    } else if (!x86_load_segment(v->cpu, X86_LDTR, 0, NULL)) {
        vmm_stop(v, VMM_END_FAULT, "the local descriptor table cannot be unloaded");
    }
}

static void vm_switched(struct vmm *v, uint32_t from, uint32_t to)
{
    if (find_ldt(v, from) || find_ldt(v, to))
        load_ldt(v, to);
}

// The VM's table, made at the first need; NULL = no memory.
static struct ldt *ldt_of(struct vmm *v, uint32_t vm)
{
    struct ldt *l = find_ldt(v, vm);
    if (l)
        return l;
    uint32_t row = base_table_new(ldts(v)), linear = row ? vmm_take_pages(v, LDT_PAGES) : 0;
    if (!linear) {
        if (row)
            base_table_release(ldts(v), row);
        return NULL;
    }
    l = base_table_at(ldts(v), row);
    l->vm = vm;
    l->linear = linear;
    l->alias = table_alias(v, linear);
    if (vm == vmm_current_vm(v))
        load_ldt(v, vm);
    return l;
}

static void free_gdt_entry(struct vmm *v, uint32_t index)
{
    mark(&state_of(v)->gdt, index, false);
    put_descriptor(v, v->s.gdt, index, 0, 0);
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    struct ldt *l = find_ldt(v, vm);
    if (!l)
        return;
    vmm_give_pages(v, l->linear, LDT_PAGES);
    if (l->alias)
        free_gdt_entry(v, l->alias / 8);
    for (uint32_t row = 1; row < ldts(v)->count; row++)
        if (base_table_at(ldts(v), row) == (void *)l)
            base_table_release(ldts(v), row);
}

uint32_t vmm_ldt_selector_take(struct vmm *v, uint32_t vm, uint32_t high, uint32_t low, uint32_t count)
{
    struct ldt *l = ldt_of(v, vm);
    uint32_t first = l ? take_run(&l->entries, FIRST_LOCAL, count) : 0;
    for (uint32_t i = 0; first && i < count; i++)
        put_descriptor(v, l->linear, first + i, high, low);
    return first ? first * 8 | 4 | dpl_of(high) : 0;
}

// The pages of a local table become the applications'.
static bool open_table(struct vmm *v, uint32_t linear)
{
    for (uint32_t i = 0; i < LDT_PAGES; i++) {
        uint32_t at = linear + i * X86_PAGE_SIZE, pte;
        if (!vmm_pte_get(v, at, &pte) || !vmm_pte_set(v, at, pte | VMM_PTE_USER))
            return false;
    }
    return true;
}

uint32_t vmm_ldt_show(struct vmm *v, uint32_t vm)
{
    struct ldt *l = ldt_of(v, vm);
    uint32_t high, low;
    if (!l || l->shown || !open_table(v, l->linear))
        return l ? l->shown : 0;
    vmm_data_descriptor(l->linear, 0xFFFF, &high, &low);
    return l->shown = vmm_ldt_selector_take(v, vm, high & ~(uint32_t)VMM_DESCRIPTOR_WIDE, low, 1);
}

// Table and index of a selector; false: out of the tables or not taken.
static bool place_of(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *table, uint32_t *index)
{
    const struct ldt *l = selector & 4 ? find_ldt(v, vm) : NULL;
    const struct entries *e = selector & 4 ? (l ? &l->entries : NULL) : &state_of(v)->gdt;
    *table = selector & 4 ? (l ? l->linear : 0) : v->s.gdt;
    *index = (selector & 0xFFFF) / 8;
    return e && *index && is_taken(e, *index);
}

bool vmm_descriptor(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *high, uint32_t *low)
{
    uint32_t table, index;
    if (!place_of(v, vm, selector, &table, &index))
        return false;
    *low = vmm_peek32(v, table + 8 * index);
    *high = vmm_peek32(v, table + 8 * index + 4);
    return true;
}

bool vmm_selector_base(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t *base)
{
    uint32_t high, low;
    if (!vmm_descriptor(v, vm, selector, &high, &low) || !(high & 0x8000))
        return false;
    *base = vmm_descriptor_base(high, low);
    return true;
}

// --- services

static void answer(struct vmm *v, uint32_t eax, uint32_t edx)
{
    vmm_regs(v)[X86_EAX] = eax;
    vmm_regs(v)[X86_EDX] = edx;
}

// _BuildDescriptorDWORDs(base, limit, type, size, flags); applications run at ring 3.
static void build_descriptor_dwords(struct vmm *v)
{
    uint32_t base = vmm_arg(v, 0), limit = vmm_arg(v, 1), type = vmm_arg(v, 2), size = vmm_arg(v, 3),
             flags = vmm_arg(v, 4);
    if (limit > 0xFFFFF || (flags & ~(uint32_t)KIT_BDDExplicitDPL))
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3244",
                   "_BuildDescriptorDWORDs: limit %08Xh, flags %08Xh", (unsigned)limit, (unsigned)flags);
    if (!(flags & KIT_BDDExplicitDPL))
        type |= KIT_D_DPL3;
    answer(v, base << 16 | (limit & 0xFFFF),
           (base & 0xFF000000) | (size & 0xF0) << 16 | (limit & 0xF0000) | (type & 0xFF) << 8 | (base >> 16 & 0xFF));
}

// EDX: count in the high word, data selector of the table in the low one.
static void allocate_gdt_selector(struct vmm *v)
{
    struct selectors_state *s = state_of(v);
    if (!s->gdt_alias)
        s->gdt_alias = table_alias(v, v->s.gdt);
    uint32_t selector = s->gdt_alias ? vmm_gdt_selector_take(v, vmm_arg(v, 0), vmm_arg(v, 1)) : 0;
    answer(v, selector, selector ? 1u << 16 | s->gdt_alias : 0);
}

static void free_gdt_selector(struct vmm *v)
{
    uint32_t selector = vmm_arg(v, 0), index = (selector & 0xFFFF) / 8;
    const struct selectors_state *s = state_of(v);
    bool system = index < VMM_FIRST_FREE_SELECTOR / 8 || index == s->gdt_alias / 8 || index == s->app_flat / 8;
    bool valid = !(selector & 4) && !system && is_taken(&s->gdt, index);
    if (valid)
        free_gdt_entry(v, index);
    else
        vmm_report(v, "dead-handle", v->call.caller, gdt_page, "_Free_GDT_Selector: %04Xh was not allocated",
                   (unsigned)(selector & 0xFFFF));
    vmm_regs(v)[X86_EAX] = valid;
}

static bool valid_vm(struct vmm *v, uint32_t vm, const char *service)
{
    if (vmm_valid_vm(v, vm))
        return true;
    vmm_report(v, "dead-handle", v->call.caller, ldt_page, "%s: %08Xh is not the handle of a virtual machine", service,
               (unsigned)vm);
    return false;
}

bool vmm_ldt_selector_take_at(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t high, uint32_t low)
{
    struct ldt *l = ldt_of(v, vm);
    uint32_t index = (selector & 0xFFFF) / 8;
    if (!l || !index || !(selector & 4) || is_taken(&l->entries, index))
        return false;
    mark(&l->entries, index, true);
    put_descriptor(v, l->linear, index, high, low);
    return true;
}

// With ALDTSpecSel the count is the selector wanted.
static uint32_t take_wanted(struct vmm *v, uint32_t vm, uint32_t high, uint32_t low, uint32_t selector)
{
    bool taken = vmm_ldt_selector_take_at(v, vm, selector, high, low);
    return taken ? (selector & 0xFFFC) | dpl_of(high) : 0;
}

static void allocate_ldt_selector(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0), high = vmm_arg(v, 1), low = vmm_arg(v, 2), count = vmm_arg(v, 3), selector = 0;
    if (valid_vm(v, vm, "_Allocate_LDT_Selector"))
        selector = vmm_arg(v, 4) & KIT_ALDTSpecSel ? take_wanted(v, vm, high, low, count)
                                                   : vmm_ldt_selector_take(v, vm, high, low, count);
    const struct ldt *l = selector ? find_ldt(v, vm) : NULL;
    answer(v, selector, l ? (uint32_t)ENTRIES << 16 | l->alias : 0);
}

bool vmm_ldt_selector_give(struct vmm *v, uint32_t vm, uint32_t selector)
{
    uint32_t index = (selector & 0xFFFF) / 8;
    struct ldt *l = find_ldt(v, vm);
    if (!l || !(selector & 4) || !index || !is_taken(&l->entries, index))
        return false;
    mark(&l->entries, index, false);
    put_descriptor(v, l->linear, index, 0, 0);
    return true;
}

static void free_ldt_selector(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0), selector = vmm_arg(v, 1);
    bool valid = valid_vm(v, vm, "_Free_LDT_Selector") && vmm_ldt_selector_give(v, vm, selector);
    if (!valid)
        vmm_report(v, "dead-handle", v->call.caller, ldt_page, "_Free_LDT_Selector: %04Xh was not allocated",
                   (unsigned)(selector & 0xFFFF));
    vmm_regs(v)[X86_EAX] = valid;
}

static void get_descriptor(struct vmm *v)
{
    uint32_t high = 0, low = 0;
    if (!vmm_descriptor(v, vmm_arg(v, 1), vmm_arg(v, 0), &high, &low))
        high = low = 0;
    answer(v, low, high);
}

bool vmm_descriptor_set(struct vmm *v, uint32_t vm, uint32_t selector, uint32_t high, uint32_t low)
{
    uint32_t table, index;
    if (!place_of(v, vm, selector, &table, &index) || (table == v->s.gdt && index < VMM_FIRST_FREE_SELECTOR / 8))
        return false;
    put_descriptor(v, table, index, high, low);
    return true;
}

static void set_descriptor(struct vmm *v)
{
    bool valid = vmm_descriptor_set(v, vmm_arg(v, 1), vmm_arg(v, 0), vmm_arg(v, 2), vmm_arg(v, 3));
    if (!valid)
        vmm_report(v, "dead-handle", v->call.caller, ldt_page, "_SetDescriptor: %04Xh was not allocated",
                   (unsigned)(vmm_arg(v, 0) & 0xFFFF));
    vmm_regs(v)[X86_EAX] = valid;
}

static void selector_map_flat(struct vmm *v)
{
    uint32_t base;
    bool valid = vmm_selector_base(v, vmm_arg(v, 0), vmm_arg(v, 1), &base);
    vmm_regs(v)[X86_EAX] = valid ? base : UINT32_MAX;
}

// A flat selector that applications may read through, the same for all.
static void get_app_flat_ds_alias(struct vmm *v)
{
    struct selectors_state *s = state_of(v);
    if (!s->app_flat)
        s->app_flat = vmm_gdt_selector_take(v, 0x00CFF000, 0x0000FFFF);
    vmm_regs(v)[X86_EAX] = s->app_flat;
}

static bool create(struct vmm *v)
{
    for (uint32_t i = 0; i < VMM_FIRST_FREE_SELECTOR / 8; i++)
        mark(&state_of(v)->gdt, i, true);
    return true;
}

static const struct vmm_binding bindings[] = {
    {KIT__BuildDescriptorDWORDs, build_descriptor_dwords},
    {KIT__Allocate_GDT_Selector, allocate_gdt_selector},
    {KIT__Free_GDT_Selector, free_gdt_selector},
    {KIT__Allocate_LDT_Selector, allocate_ldt_selector},
    {KIT__Free_LDT_Selector, free_ldt_selector},
    {KIT__GetDescriptor, get_descriptor},
    {KIT__SetDescriptor, set_descriptor},
    {KIT__SelectorMapFlat, selector_map_flat},
    {KIT__GetAppFlatDSAlias, get_app_flat_ds_alias},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct ldt), 0};

const struct vmm_chapter vmm_selectors_chapter = {.bindings = bindings,
                                                  .state_size = sizeof(struct selectors_state),
                                                  .tables = tables,
                                                  .create = create,
                                                  .vm_gone = vm_gone,
                                                  .vm_switched = vm_switched};
