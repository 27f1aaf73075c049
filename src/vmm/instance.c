// Instance data: places in global V86 memory whose contents belong to each VM. The contents of the VMs that are not
// current lie in blocks of the system arena and change places at every VM switch. VDAG31 _AddInstanceItem.
#include "vmm/machine.h"
#include "vmm/v86data.h"

struct item {
    uint32_t linear, bytes;
    uint32_t type;
};

struct copy { // of all items in their order, for a VM that is not current
    uint32_t vm;
    uint32_t linear;
};

struct instance_state {
    uint32_t bytes;   // of all items
    uint32_t initial; // what a new VM begins with, 0 = no snapshot yet
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
    uint32_t row = state_of(v)->initial ? 0 : base_table_new(items(v)); // the copies have their size by then
    if (!row)
        return false;
    *(struct item *)base_table_at(items(v), row) = (struct item){linear, bytes, type};
    state_of(v)->bytes += bytes;
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

// Moves the items' bytes out of V86 memory into a block, or back.
static void transfer(struct vmm *v, uint32_t block, bool out)
{
    uint8_t bytes[256];
    for (uint32_t row = 1; row < items(v)->count; row++) {
        const struct item i = *(const struct item *)base_table_at(items(v), row);
        for (uint32_t done = 0; done < i.bytes;) {
            uint32_t n = i.bytes - done < sizeof bytes ? i.bytes - done : (uint32_t)sizeof bytes;
            uint32_t from = out ? i.linear + done : block, to = out ? block : i.linear + done;
            if (!x86_read_linear(v->cpu, from, bytes, n, X86_READ, NULL) ||
                !x86_write_linear(v->cpu, to, bytes, n, X86_WRITE, NULL)) {
                vmm_stop(v, VMM_END_FAULT, "instance data at %08Xh is not mapped any more", (unsigned)i.linear);
                return;
            }
            block += n;
            done += n;
        }
    }
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

void vmm_instance_snapshot(struct vmm *v)
{
    struct instance_state *s = state_of(v);
    if (!s->bytes || s->initial)
        return;
    s->initial = vmm_take_pages(v, pages_of(s->bytes));
    if (s->initial)
        transfer(v, s->initial, true);
    else
        vmm_stop(v, VMM_END_FAULT, "no memory for the snapshot of %u bytes of instance data", (unsigned)s->bytes);
}

// The outgoing VM's block is made at its first switch away; a VM without one begins with the snapshot.
static void vm_switched(struct vmm *v, uint32_t from, uint32_t to)
{
    const struct instance_state *s = state_of(v);
    if (!s->initial || from == to)
        return;
    uint32_t row = copy_of(v, from), back = copy_of(v, to);
    if (!row) {
        row = base_table_new(copies(v));
        uint32_t linear = row ? vmm_take_pages(v, pages_of(s->bytes)) : 0;
        if (!linear) {
            vmm_stop(v, VMM_END_FAULT, "no memory for a VM's %u bytes of instance data", (unsigned)s->bytes);
            return;
        }
        *(struct copy *)base_table_at(copies(v), row) = (struct copy){from, linear};
    }
    transfer(v, ((struct copy *)base_table_at(copies(v), row))->linear, true);
    transfer(v, back ? ((struct copy *)base_table_at(copies(v), back))->linear : s->initial, false);
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    uint32_t row = copy_of(v, vm);
    if (!row)
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
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct item), sizeof(struct copy), 0};

const struct vmm_chapter vmm_instance_chapter = {.bindings = bindings,
                                                 .state_size = sizeof(struct instance_state),
                                                 .tables = tables,
                                                 .vm_gone = vm_gone,
                                                 .vm_switched = vm_switched};
