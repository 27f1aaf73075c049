// Reclaimable items: V86 memory that drivers have no more use for and want back, if at all, before Windows exits. The
// system uses none of it, which leaves nothing to restore: it keeps the list and tells the owners at the end. Win95 DDK
// S32B2, S32B9, S32CC.
#include "kit/services.h"
#include "vmm/defs.h"

struct item {
    uint32_t link; // of released rows
    uint32_t at;   // guest address of the system's copy, 0: free row
    uint32_t linear;
};

static struct base_table *items(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_reclaim, 0);
}

static struct item *item_at(struct vmm *v, uint32_t row)
{
    return base_table_at(items(v), row);
}

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

static bool flags_valid(struct vmm *v, uint32_t flags, const char *service)
{
    if (flags)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S32B2", "%s: the flags must be 0", service);
    return !flags;
}

static void keep(struct vmm *v, uint32_t row, const uint8_t bytes[KIT_SIZE_ReclaimStruc])
{
    item_at(v, row)->linear = base_get32(bytes + KIT_RS_Linear);
    if (!x86_write_linear(v->cpu, item_at(v, row)->at, bytes, KIT_SIZE_ReclaimStruc, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the list of reclaimable items is not mapped");
}

static void add_reclaimable_item(struct vmm *v)
{
    uint8_t bytes[KIT_SIZE_ReclaimStruc];
    if (!vmm_get(v, vmm_arg(v, 0), bytes, sizeof bytes))
        return;
    answer(v, 0);
    if (!flags_valid(v, vmm_arg(v, 1), "_AddReclaimableItem"))
        return;
    uint32_t row = base_table_new(items(v)), at = row ? vmm_heap_get(v, KIT_SIZE_ReclaimStruc) : 0;
    if (!at) {
        if (row)
            base_table_release(items(v), row);
        return;
    }
    item_at(v, row)->at = at;
    keep(v, row, bytes);
    answer(v, 1);
}

// The item behind a key in ascending order of addresses, 0 = none; items at one address in order of arrival.
static uint32_t next_item(struct vmm *v, uint32_t key)
{
    uint32_t best = 0, from = key ? item_at(v, key)->linear : 0;
    for (uint32_t i = 1; i < items(v)->count; i++) {
        const struct item *it = item_at(v, i);
        bool behind = it->linear > from || (it->linear == from && i > key);
        if (it->at && behind && (!best || it->linear < item_at(v, best)->linear))
            best = i;
    }
    return best;
}

static bool is_key(struct vmm *v, uint32_t key)
{
    return key && key < items(v)->count && item_at(v, key)->at;
}

static void enum_reclaimable_item(struct vmm *v)
{
    uint32_t key = vmm_arg(v, 0), row = 0;
    uint8_t bytes[KIT_SIZE_ReclaimStruc];
    if (flags_valid(v, vmm_arg(v, 2), "_EnumReclaimableItem") && (!key || is_key(v, key)))
        row = next_item(v, key);
    if (row && (!x86_read_linear(v->cpu, item_at(v, row)->at, bytes, sizeof bytes, X86_READ, NULL) ||
                !vmm_put(v, vmm_arg(v, 1), bytes, sizeof bytes)))
        return;
    answer(v, row);
}

// _SetReclaimableItem(key, pReclaim, 0): a key of the enumeration, or 0 for the item at the address in the structure.
static void set_reclaimable_item(struct vmm *v)
{
    uint32_t key = vmm_arg(v, 0);
    uint8_t bytes[KIT_SIZE_ReclaimStruc];
    if (!vmm_get(v, vmm_arg(v, 1), bytes, sizeof bytes))
        return;
    for (uint32_t i = 1; !key && i < items(v)->count; i++)
        if (item_at(v, i)->at && item_at(v, i)->linear == base_get32(bytes + KIT_RS_Linear))
            key = i;
    bool valid = flags_valid(v, vmm_arg(v, 2), "_SetReclaimableItem") && is_key(v, key);
    if (valid)
        keep(v, key, bytes);
    answer(v, valid);
}

// --- before System_Exit. RECLAIM frame, a: 0 the item told last

static void reclaim_resume(struct vmm *v, struct vmm_frame *f)
{
    for (uint32_t row; (row = next_item(v, f->a[0])) != 0;) {
        uint32_t at = item_at(v, row)->at, proc = vmm_peek32(v, at + KIT_RS_CallBack);
        f->a[0] = row;
        if (!proc || !(vmm_peek32(v, at + KIT_RS_Flags) & KIT_RS_RECLAIM))
            continue;
        f->contract = VMM_DIRECTION_UP;
        v->cpu->state.eflags &= ~(uint32_t)X86_DF;
        vmm_frame_call_c_begin(v, proc, 1, &at);
        return;
    }
    vmm_frame_pop_all(v);
}

const struct vmm_frame_kind vmm_reclaim_frame = {"the callback of a reclaimable item", reclaim_resume, NULL};

void vmm_reclaim_begin(struct vmm *v)
{
    if (vmm_frame_push(v, VMM_FRAME_RECLAIM))
        vmm_frame_wait(v);
}

static const struct vmm_binding bindings[] = {
    {KIT__AddReclaimableItem, add_reclaimable_item},
    {KIT__SetReclaimableItem, set_reclaimable_item},
    {KIT__EnumReclaimableItem, enum_reclaimable_item},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct item), 0};

const struct vmm_chapter vmm_reclaim_chapter = {.bindings = bindings, .tables = tables};
