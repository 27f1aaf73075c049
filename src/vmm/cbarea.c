// Device areas in the VM control blocks: the same offset in every one, present and future. Win95 DDK page of
// _Allocate_Device_CB_Area; VDAG31 V86_Address_Space_Mapping_and_Allocation.
#include "vmm/cbarea.h"
#include "vmm/defs.h"
#include "vmm/spans.h"

struct cbarea_state {
    uint32_t root;
};

static struct vmm_spans spans_of(struct vmm *v)
{
    struct cbarea_state *state = vmm_chapter_state(v, VMM_CHAPTER_cbarea);
    return (struct vmm_spans){vmm_chapter_table(v, VMM_CHAPTER_cbarea, 0), &state->root};
}

static bool create(struct vmm *v)
{
    struct vmm_spans spans = spans_of(v);
    return vmm_spans_open(&spans, VMM_CB_FIRST_AREA, VMM_CB_BYTES - VMM_CB_FIRST_AREA);
}

// Fresh control blocks are zero; those that exist may hold what a former owner of the area left.
static void clear_everywhere(struct vmm *v, uint32_t offset, uint32_t bytes)
{
    const struct base_table *vms = vmm_table(v, VMM_TABLE_vm);
    for (uint32_t row = 1; row < vms->count; row++)
        for (uint32_t i = 0; vmm_vm_at(v, row)->id && vmm_vm_at(v, row)->cb && i < bytes; i += 4)
            vmm_poke32(v, vmm_vm_at(v, row)->cb + offset + i, 0);
}

uint32_t vmm_cb_area_take(struct vmm *v, uint32_t bytes)
{
    struct vmm_spans spans = spans_of(v);
    if (!bytes || bytes > VMM_CB_BYTES)
        return 0;
    bytes = (bytes + 3) & ~3u;
    uint32_t row = vmm_spans_take(&spans, bytes, 4, 1);
    if (!row)
        return 0;
    uint32_t offset = vmm_span_at(&spans, row)->start;
    vmm_span_at(&spans, row)->module = vmm_module_calling(v);
    clear_everywhere(v, offset, bytes);
    return offset;
}

bool vmm_cb_area_give(struct vmm *v, uint32_t offset)
{
    struct vmm_spans spans = spans_of(v);
    uint32_t row = vmm_spans_find(&spans, offset);
    if (!row || vmm_span_at(&spans, row)->start != offset || vmm_span_at(&spans, row)->tag == VMM_SPAN_FREE)
        return false;
    vmm_spans_release(&spans, row);
    return true;
}

static void module_gone(struct vmm *v, uint32_t module)
{
    struct vmm_spans spans = spans_of(v);
    for (uint32_t row = vmm_spans_after(&spans, 0); row;) {
        const struct vmm_span *s = vmm_span_at(&spans, row);
        if (s->tag != VMM_SPAN_FREE && s->module == module)
            vmm_report(v, "left-behind", vmm_module_at(v, module)->ddb, "Win95 DDK S3507",
                       "the driver is unloaded, but the control-block area at %Xh is its", (unsigned)s->start);
        row = vmm_spans_after(&spans, s->start + s->size);
    }
}

static void allocate_device_cb_area(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_cb_area_take(v, vmm_arg(v, 0));
}

static void deallocate_device_cb_area(struct vmm *v)
{
    uint32_t offset = vmm_arg(v, 0);
    bool done = vmm_cb_area_give(v, offset);
    if (!done)
        vmm_report(v, "dead-handle", v->call.caller, "VDAG31 _Allocate_Device_CB_Area",
                   "_Deallocate_Device_CB_Area: %Xh is not the offset of an area", (unsigned)offset);
    vmm_regs(v)[X86_EAX] = done;
}

static const struct vmm_binding bindings[] = {
    {KIT__Allocate_Device_CB_Area, allocate_device_cb_area},
    {KIT__Deallocate_Device_CB_Area, deallocate_device_cb_area},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct vmm_span), 0};

const struct vmm_chapter vmm_cbarea_chapter = {.bindings = bindings,
                                               .state_size = sizeof(struct cbarea_state),
                                               .tables = tables,
                                               .create = create,
                                               .module_gone = module_gone};
