// Addresses of the current VM's code translated: Map_Flat and Map_Lin_To_VM_Addr. Win95 DDK S32C6.
#include "vmm/defs.h"
#include "vmm/selectors.h"

enum { NO_OFFSET = 0xFF };

static bool uses_32_bit_offsets(struct vmm *v)
{
    return vmm_peek32(v, vmm_current_vm(v) + KIT_CB_VM_Status) & KIT_VMStat_Use32Mask;
}

// AH = offset of the segment's field in the client registers, AL = that of the offset's field, FFh = offset 0.
static void map_flat(struct vmm *v)
{
    uint32_t eax = vmm_regs(v)[X86_EAX], crs = vmm_client(v), base, offset = 0;
    uint32_t segment_field = eax >> 8 & 0xFF, offset_field = eax & 0xFF;
    if (segment_field > KIT_SIZE_Client_Reg_Struc - 2 ||
        (offset_field != NO_OFFSET && offset_field > KIT_SIZE_Client_Reg_Struc - 4)) {
        vmm_report(v, "input-range", v->call.caller, "VDAG31 Map_Flat", "Map_Flat: fields %02Xh and %02Xh",
                   (unsigned)segment_field, (unsigned)offset_field);
        vmm_regs(v)[X86_EAX] = UINT32_MAX;
        return;
    }
    bool protected_mode = !vmm_client_v86(v);
    uint16_t segment = vmm_peek16(v, crs + segment_field);
    if (offset_field != NO_OFFSET)
        offset = protected_mode && uses_32_bit_offsets(v) ? vmm_peek32(v, crs + offset_field)
                                                          : vmm_peek16(v, crs + offset_field);
    base = (uint32_t)segment << 4;
    bool valid = !protected_mode || vmm_selector_base(v, vmm_current_vm(v), segment, &base);
    vmm_regs(v)[X86_EAX] = valid ? base + offset : UINT32_MAX;
}

// V86: the address must be in the VM's first megabyte and 64 KB, low or high.
static bool v86_address(struct vmm *v, uint32_t linear, uint32_t limit, uint32_t *segment, uint32_t *offset)
{
    uint32_t high = vmm_peek32(v, vmm_current_vm(v) + KIT_CB_High_Linear);
    if (linear >= high && linear - high < 0x110000)
        linear -= high;
    if (linear >= 0x110000 || limit >= 0x110000 - linear)
        return false;
    *segment = linear >= 0x100000 ? 0xFFFF : linear >> 4;
    *offset = linear - (*segment << 4);
    return true;
}

struct alias { // selectors made here are kept: callers must not free them, so equal requests share one
    uint32_t vm;
    uint32_t linear, limit, selector;
};

static uint32_t pm_selector(struct vmm *v, uint32_t linear, uint32_t limit)
{
    struct base_table *aliases = vmm_chapter_table(v, VMM_CHAPTER_address, 0);
    uint32_t vm = vmm_current_vm(v), high, low;
    for (uint32_t row = 1; row < aliases->count; row++) {
        const struct alias *a = base_table_at(aliases, row);
        if (a->selector && a->vm == vm && a->linear == linear && a->limit == limit)
            return a->selector;
    }
    uint32_t row = base_table_new(aliases);
    if (!row)
        return 0;
    vmm_data_descriptor(linear, limit, &high, &low);
    uint32_t selector = vmm_ldt_selector_take(v, vm, high, low, 1);
    if (selector)
        *(struct alias *)base_table_at(aliases, row) = (struct alias){vm, linear, limit, selector};
    else
        base_table_release(aliases, row);
    return selector;
}

static void map_lin_to_vm_addr(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), segment = 0, offset = 0;
    bool valid = vmm_client_v86(v) ? v86_address(v, r[X86_EAX], r[X86_ECX], &segment, &offset)
                                   : (segment = pm_selector(v, r[X86_EAX], r[X86_ECX])) != 0;
    if (valid) {
        r[X86_ECX] = (r[X86_ECX] & 0xFFFF0000) | segment;
        r[X86_EDX] = offset;
    }
    vmm_set_flag(v, X86_CF, !valid);
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    struct base_table *aliases = vmm_chapter_table(v, VMM_CHAPTER_address, 0);
    for (uint32_t row = 1; row < aliases->count; row++) {
        const struct alias *a = base_table_at(aliases, row);
        if (a->selector && a->vm == vm)
            base_table_release(aliases, row);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_Map_Flat, map_flat},
    {KIT_Map_Lin_To_VM_Addr, map_lin_to_vm_addr},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct alias), 0};

const struct vmm_chapter vmm_address_chapter = {.bindings = bindings, .tables = tables, .vm_gone = vm_gone};
