// The interrupt descriptor table's entries: dynamic links, hardware interrupts, processor faults by origin.
#include "vmm/defs.h"
#include "vmm/window.h"

enum { NMI_VECTOR = 2, DYNALINK_VECTOR = 0x20, PAGE_FAULT = 14 };

static bool pushes_error(uint8_t vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

// --- dynamic links (spec: dynalink)

// The device's service-table slot; 0 and *why when there is none.
static uint32_t find_slot(struct vmm *v, uint16_t device, uint16_t ordinal, const char **why)
{
    uint32_t m = vmm_module_by_id(v, device);
    *why = "the device is not loaded";
    if (!m)
        return 0;
    uint32_t ddb = vmm_module_at(v, m)->ddb;
    uint32_t table = vmm_peek32(v, ddb + KIT_DDB_Service_Table_Ptr);
    *why = "the device has no such service";
    if (!table || ordinal >= vmm_peek32(v, ddb + KIT_DDB_Service_Table_Size))
        return 0;
    uint32_t proc;
    *why = "the service is reserved";
    if (!x86_read_linear(v->cpu, table + 4 * (uint32_t)ordinal, &(uint8_t[4]){0}, 4, X86_READ, NULL))
        return 0;
    proc = vmm_peek32(v, table + 4 * (uint32_t)ordinal);
    return proc ? table + 4 * (uint32_t)ordinal : 0;
}

uint32_t vmm_service_address(struct vmm *v, uint16_t device, uint16_t ordinal)
{
    const char *why;
    uint32_t slot = find_slot(v, device, ordinal, &why);
    return slot ? vmm_peek32(v, slot) : 0;
}

static void link_missing(struct vmm *v, uint32_t at, uint16_t device, uint16_t ordinal, const char *why)
{
    const struct kit_device *d = kit_device_by_id(device);
    const struct kit_service *s = d ? kit_service_by_ordinal(d, ordinal) : NULL;
    char where[96];
    vmm_describe_address(v, at, where, sizeof where);
    vmm_stop(v, VMM_END_MISSING, "%s: invalid dynamic link to device %04X (%s), service %04X (%s) at %s: %s",
             vmm_module_name(v, at), device, d ? d->name : "unknown", ordinal, s ? s->name : "unknown", where, why);
}

// `int 20h` at ring 0: the six bytes become an indirect call or jump through the slot, and are executed again.
static void dynalink(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    uint32_t esp = s->reg[X86_ESP], behind, flags, service;
    if (!vmm_get32(v, esp, &behind) || !vmm_get32(v, esp + 8, &flags) || !vmm_get32(v, behind, &service))
        return;
    uint16_t device = (uint16_t)(service >> 16), ordinal = (uint16_t)(service & 0x7FFF);
    bool jump = service & 0x8000;
    s->reg[X86_ESP] = esp + 12;
    s->eflags = flags;
    const char *why;
    uint32_t slot = find_slot(v, device, ordinal, &why);
    if (!slot && ordinal == 0 && !vmm_module_by_id(v, device)) { // Get_Version of an absent device: CF=1, AX=0
        s->reg[X86_EAX] &= 0xFFFF0000;
        s->eflags |= X86_CF;
        s->eip = behind + 4;
        if (jump && !vmm_return_to(v, 0))
            return;
        return;
    }
    s->eip = behind - 2;
    if (!slot) {
        link_missing(v, behind - 2, device, ordinal, why);
        return;
    }
    uint8_t bytes[6] = {0xFF, jump ? 0x25 : 0x15};
    base_put32(bytes + 2, slot);
    if (!x86_write_linear(v->cpu, behind - 2, bytes, sizeof bytes, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the dynamic link at %08X cannot be patched", behind - 2);
}

// --- entries

static bool is_interrupt(struct vmm *v, uint8_t vector)
{
    return vector == VMM_TICK_VECTOR || v->vector[vector];
}

static void stand_at_leave(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    s->eip = vmm_gate_address(VMM_GATE_LEAVE);
    s->eflags = (s->eflags | X86_IF) & ~(uint32_t)(X86_DF | X86_TF | X86_NT);
}

void vmm_vector_begin(struct vmm *v, const struct vmm_fault *fault)
{
    stand_at_leave(v);
    v->cpu->state.reg[X86_ESP] = vmm_ring0_base(v);
    if (fault->vector != PAGE_FAULT || !vmm_window_touch(v, v->cpu->state.cr2)) // then the access runs again
        vmm_fault_begin(v, fault);
}

void vmm_vector_entered(struct vmm *v, uint8_t vector)
{
    struct x86_state *s = &v->cpu->state;
    uint32_t esp = s->reg[X86_ESP], error = 0, eip, cs, flags;
    bool has_error = pushes_error(vector);
    if (has_error) {
        error = vmm_peek32(v, esp);
        esp += 4;
    }
    eip = vmm_peek32(v, esp);
    cs = vmm_peek32(v, esp + 4);
    flags = vmm_peek32(v, esp + 8);
    bool ring3 = flags & X86_VM || cs & 3, brought_in = vector == PAGE_FAULT && vmm_window_touch(v, s->cr2);
    if (vector == DYNALINK_VECTOR && !ring3) {
        dynalink(v);
        return;
    }
    if (ring3) {
        vmm_client_enter(v);
        stand_at_leave(v);
    } else {
        s->reg[X86_ESP] = esp + 12;
        s->eip = eip;
        s->eflags = flags;
    }
    if (brought_in) // the access runs again
        return;
    if (vector == NMI_VECTOR)
        vmm_nmi_begin(v);
    else if (is_interrupt(v, vector))
        vmm_interrupt_begin(v, vector);
    else
        vmm_fault_begin(v, &(struct vmm_fault){vector, ring3, (flags & X86_VM) != 0, error, eip, (uint16_t)cs, flags});
}
