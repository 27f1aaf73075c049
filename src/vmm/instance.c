// Instance data: places in global V86 memory whose contents belong to each VM. A page with such places is present in
// one VM at a time, its owner; when another VM's is touched, at 0 or at a high linear address, the contents change
// places with a block of the system arena. VDAG31 _AddInstanceItem.
#include "vmm/defs.h"
#include "vmm/v86data.h"
#include "vmm/v86mem.h"
#include "vmm/window.h"

struct item { // inside one page
    uint32_t linear, bytes;
    uint32_t offset; // in the VMs' blocks
};

struct copy { // of all items, for a VM that has been an owner
    uint32_t vm;
    uint32_t linear;
};

struct instance_state {
    uint32_t bytes;   // of all items
    uint32_t initial; // what a new VM begins with, 0 = no snapshot yet
    uint32_t owner[VMM_V86_PAGES];
};

static struct base_table *items(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_instance, 0);
}

static struct base_table *copies(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_instance, 1);
}

static struct instance_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_instance);
}

bool vmm_instance_add(struct vmm *v, uint32_t linear, uint32_t bytes, uint32_t type)
{
    (void)type; // INDOS_Field or ALWAYS_Field: when DOS may switch them makes no difference here
    struct instance_state *s = state_of(v);
    while (bytes) {
        uint32_t room = X86_PAGE_SIZE - linear % X86_PAGE_SIZE, part = bytes < room ? bytes : room;
        uint32_t row = s->initial ? 0 : base_table_new(items(v)); // the copies have their size by then
        if (!row)
            return false;
        *(struct item *)base_table_at(items(v), row) = (struct item){linear, part, s->bytes};
        s->bytes += part;
        linear += part;
        bytes -= part;
    }
    return true;
}

bool vmm_instance_touches(struct vmm *v, uint32_t linear, uint32_t bytes)
{
    for (uint32_t row = 1; row < items(v)->count; row++) {
        const struct item *i = base_table_at(items(v), row);
        if (linear < i->linear + i->bytes && i->linear < linear + bytes)
            return true;
    }
    return false;
}

// Whether one byte is in an item.
static bool instanced(struct vmm *v, uint32_t linear)
{
    return vmm_instance_touches(v, linear, 1);
}

// _GetInstanceInfo(V86 address, bytes): Win98 DDK kernel_8zg7.
static void get_instance_info(struct vmm *v)
{
    uint32_t linear = vmm_arg(v, 0), bytes = vmm_arg(v, 1), in = 0;
    bool inside = linear < VMM_V86_PAGES * X86_PAGE_SIZE && bytes <= VMM_V86_PAGES * X86_PAGE_SIZE - linear;
    if (!inside)
        vmm_report(v, "input-range", v->call.caller, "Win98 DDK kernel_8zg7", "_GetInstanceInfo: %u bytes at %08Xh",
                   (unsigned)bytes, (unsigned)linear);
    for (uint32_t i = 0; inside && i < bytes; i++)
        in += instanced(v, linear + i);
    vmm_regs(v)[X86_EAX] = !in ? KIT_INSTINFO_NONE : in == bytes ? KIT_INSTINFO_ALL : KIT_INSTINFO_SOME;
}

bool vmm_instance_page(struct vmm *v, uint32_t page)
{
    return state_of(v)->owner[page] != 0;
}

// Moves the items of a page from physical memory into a block, or back.
static bool transfer(struct vmm *v, uint32_t page, uint32_t phys, uint32_t block, bool out)
{
    uint8_t bytes[X86_PAGE_SIZE];
    for (uint32_t row = 1; row < items(v)->count; row++) {
        const struct item *i = base_table_at(items(v), row);
        uint32_t at = phys * X86_PAGE_SIZE + i->linear % X86_PAGE_SIZE;
        if (i->linear / X86_PAGE_SIZE != page)
            continue;
        bool ok = out ? x86_memory_load(v->memory, at, bytes, i->bytes) &&
                            x86_write_linear(v->cpu, block + i->offset, bytes, i->bytes, X86_WRITE, NULL)
                      : x86_read_linear(v->cpu, block + i->offset, bytes, i->bytes, X86_READ, NULL) &&
                            x86_memory_store(v->memory, at, bytes, i->bytes);
        if (!ok)
            return false;
    }
    return true;
}

static uint32_t pages_of(uint32_t bytes)
{
    return (bytes + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE;
}

static uint32_t copy_of(struct vmm *v, uint32_t vm)
{
    for (uint32_t row = 1; row < copies(v)->count; row++) {
        const struct copy *c = base_table_at(copies(v), row);
        if (c->linear && c->vm == vm)
            return row;
    }
    return 0;
}

// Where a VM's contents lie while others own the pages, made when the VM first loses one; 0 = no memory.
static uint32_t block_to_save(struct vmm *v, uint32_t vm)
{
    uint32_t row = copy_of(v, vm);
    if (!row) {
        uint8_t bytes[X86_PAGE_SIZE];
        row = base_table_new(copies(v));
        uint32_t n = state_of(v)->bytes, linear = row ? vmm_take_pages(v, pages_of(n)) : 0;
        if (!linear)
            return 0;
        for (uint32_t done = 0; done < n; done += X86_PAGE_SIZE) // pages it has never had begin as in all VMs
            if (!x86_read_linear(v->cpu, state_of(v)->initial + done, bytes, sizeof bytes, X86_READ, NULL) ||
                !x86_write_linear(v->cpu, linear + done, bytes, sizeof bytes, X86_WRITE, NULL))
                return 0;
        *(struct copy *)base_table_at(copies(v), row) = (struct copy){vm, linear};
    }
    return ((struct copy *)base_table_at(copies(v), row))->linear;
}

static uint32_t block_to_load(struct vmm *v, uint32_t vm)
{
    uint32_t row = copy_of(v, vm);
    return row ? ((struct copy *)base_table_at(copies(v), row))->linear : state_of(v)->initial;
}

bool vmm_instance_bring(struct vmm *v, uint32_t vm, uint32_t page)
{
    struct instance_state *s = state_of(v);
    uint32_t owner = s->owner[page], block = owner ? block_to_save(v, owner) : 0;
    if (!block || !transfer(v, page, page, block, true) || !transfer(v, page, page, block_to_load(v, vm), false)) {
        vmm_stop(v, VMM_END_FAULT, "no memory for a VM's %u bytes of instance data", (unsigned)s->bytes);
        return false;
    }
    s->owner[page] = vm;
    vmm_window_entry_set(v, owner, page, (uint32_t)KIT_PG_INSTANCE << 9);
    vmm_window_entry_set(v, vm, page, page << 12 | VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER);
    return true;
}

bool vmm_instance_fill(struct vmm *v, uint32_t page, uint32_t phys)
{
    uint32_t block = state_of(v)->initial;
    return !block || transfer(v, page, phys, block, false);
}

// The lowest pages and those above the global area are each VM's own anyway: instance data in them needs no owner.
void vmm_instance_snapshot(struct vmm *v)
{
    struct instance_state *s = state_of(v);
    if (!s->bytes || s->initial)
        return;
    s->initial = vmm_take_pages(v, pages_of(s->bytes));
    bool ok = s->initial != 0;
    for (uint32_t row = 1; ok && row < items(v)->count; row++) {
        uint32_t page = ((struct item *)base_table_at(items(v), row))->linear / X86_PAGE_SIZE;
        ok = transfer(v, page, page, s->initial, true);
        if (page >= VMM_OWN_LOW_PAGES && page < vmm_first_v86_page(v))
            s->owner[page] = v->s.system_vm;
    }
    if (!ok)
        vmm_stop(v, VMM_END_FAULT, "no memory for the snapshot of %u bytes of instance data", (unsigned)s->bytes);
}

// Its pages go back to the System VM.
static void vm_gone(struct vmm *v, uint32_t cb)
{
    uint32_t vm = vmm_vm_row(v, cb), row;
    for (uint32_t page = 0; page < VMM_V86_PAGES; page++)
        if (state_of(v)->owner[page] == vm && !vmm_instance_bring(v, v->s.system_vm, page))
            return;
    if (!(row = copy_of(v, vm)))
        return;
    vmm_give_pages(v, ((struct copy *)base_table_at(copies(v), row))->linear, pages_of(state_of(v)->bytes));
    base_table_release(copies(v), row);
}

// _AddInstanceItem(InstDataStruc, flags), until Sys_VM_Init.
static void add_instance_item(struct vmm *v)
{
    uint32_t at = vmm_arg(v, 0), linear, bytes, type;
    if (!vmm_get32(v, at + KIT_InstLinAddr, &linear) || !vmm_get32(v, at + KIT_InstSize, &bytes) ||
        !vmm_get32(v, at + KIT_InstType, &type))
        return;
    bool inside = bytes && linear < 0x110000 && bytes <= 0x110000 - linear;
    bool type_known = type == KIT_INDOS_Field || type == KIT_ALWAYS_Field;
    if (!inside || !type_known || vmm_arg(v, 1))
        vmm_report(v, "input-range", v->call.caller, "VDAG31 _AddInstanceItem",
                   "_AddInstanceItem: %u bytes at %08Xh, type %Xh, flags %Xh", (unsigned)bytes, (unsigned)linear,
                   (unsigned)type, (unsigned)vmm_arg(v, 1));
    vmm_regs(v)[X86_EAX] = inside && type_known && vmm_instance_add(v, linear, bytes, type);
}

static const struct vmm_binding bindings[] = {
    {KIT__AddInstanceItem, add_instance_item},
    {KIT__GetInstanceInfo, get_instance_info},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct item), sizeof(struct copy), 0};

const struct vmm_chapter vmm_instance_chapter = {
    .bindings = bindings, .state_size = sizeof(struct instance_state), .tables = tables, .vm_gone = vm_gone};
