// Devices written in C: their device descriptor block and service table lie in guest memory like any driver's, every
// slot pointing at a gate.
#include "vmm/defs.h"

#include <string.h>

static uint16_t newest_service(const struct vmm *v)
{
    return v->config.profile == VMM_PROFILE_31 ? 310 : v->config.profile == VMM_PROFILE_95 ? 403 : UINT16_MAX;
}

static uint32_t table_size(struct vmm *v, const struct kit_device *kit, uint32_t least)
{
    uint32_t size = least;
    for (uint32_t i = 0; i < kit->service_count; i++)
        if (kit->services[i].since <= newest_service(v) && kit->services[i].ordinal >= size)
            size = kit->services[i].ordinal + 1u;
    return size;
}

static bool add_gates(struct vmm *v, struct vmm_device_slot *slot, const struct kit_device *kit)
{
    for (uint32_t ordinal = 0; ordinal < slot->services; ordinal++) {
        const struct vmm_gate gate = {.device = kit,
                                      .service = kit_service_by_ordinal(kit, (uint16_t)ordinal),
                                      .ranges = kit->id == 1 ? kit_ranges_of((uint16_t)ordinal) : NULL};
        uint32_t number = vmm_gate_add(v, &gate);
        if (!number)
            return false;
        if (ordinal == 0)
            slot->first_gate = number;
    }
    return true;
}

static void nothing_to_do(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, false);
}

static bool fill_ddb(struct vmm *v, uint32_t ddb, struct vmm_device_slot *slot, const struct kit_device *kit)
{
    const struct vmm_gate control = {.fn = slot->device->control ? slot->device->control : nothing_to_do};
    uint32_t gate = vmm_gate_add(v, &control), table = slot->services ? vmm_kernel_get(v, 4 * slot->services) : 0;
    if (!gate || (slot->services && !table))
        return false;
    slot->table = table;
    char name[9];
    memset(name, ' ', 8);
    for (size_t i = 0; i < 8 && kit->name[i]; i++)
        name[i] = kit->name[i] >= 'a' && kit->name[i] <= 'z' ? (char)(kit->name[i] - 32) : kit->name[i];
    if (!x86_write_linear(v->cpu, ddb + KIT_DDB_Name, name, 8, X86_WRITE, NULL))
        return false;
    vmm_poke16(v, ddb + KIT_DDB_SDK_Version, (uint16_t)v->config.profile);
    vmm_poke16(v, ddb + KIT_DDB_Req_Device_Number, kit->id);
    vmm_poke16(v, ddb + KIT_DDB_Dev_Major_Version, (uint16_t)(slot->device->version >> 8 | slot->device->version << 8));
    vmm_poke32(v, ddb + KIT_DDB_Init_Order, kit->init_order);
    vmm_poke32(v, ddb + KIT_DDB_Control_Proc, vmm_gate_address(gate));
    if (slot->device->api) {
        uint32_t api = vmm_gate_add(v, &(struct vmm_gate){.fn = slot->device->api});
        vmm_poke32(v, ddb + KIT_DDB_V86_API_Proc, api ? vmm_gate_address(api) : 0);
        vmm_poke32(v, ddb + KIT_DDB_PM_API_Proc, api ? vmm_gate_address(api) : 0);
    }
    vmm_poke32(v, ddb + KIT_DDB_Service_Table_Ptr, table);
    vmm_poke32(v, ddb + KIT_DDB_Service_Table_Size, slot->services);
    vmm_poke32(v, ddb + KIT_DDB_Prev, 0x50726576);
    vmm_poke32(v, ddb + KIT_DDB_Size, KIT_SIZE_VxD_Desc_Block);
    for (uint32_t i = 0; i < slot->services; i++)
        if (vmm_gate_of(v, slot->first_gate + i)->service)
            vmm_poke32(v, table + 4 * i, vmm_gate_address(slot->first_gate + i));
    return true;
}

static struct vmm_device_slot *new_slot(struct vmm *v)
{
    if (v->device_count == v->device_capacity) {
        size_t want = base_alloc_grow(v->device_capacity, v->device_count + 1, sizeof *v->devices);
        struct vmm_device_slot *slots =
            want ? base_alloc_resize(v->alloc, v->devices, v->device_capacity * sizeof *slots, want * sizeof *slots)
                 : NULL;
        if (!slots)
            return NULL;
        v->devices = slots;
        v->device_capacity = (uint32_t)want;
    }
    return memset(&v->devices[v->device_count], 0, sizeof *v->devices);
}

bool vmm_add_resident(struct vmm *v, const struct vmm_device *resident)
{
    struct vmm_device_slot *slot = new_slot(v);
    if (!slot)
        return false;
    slot->device = resident;
    if (resident->state_size && !(slot->state = base_alloc_zero(v->alloc, resident->state_size)))
        return false;
    v->device_count++;
    return true;
}

bool vmm_add_device(struct vmm *v, const struct vmm_device *device)
{
    const struct kit_device *kit = kit_device_by_id(device->id);
    if (!kit || !vmm_add_resident(v, device))
        return false;
    struct vmm_device_slot *slot = &v->devices[v->device_count - 1];
    slot->services = table_size(v, kit, device->services);
    uint32_t ddb = add_gates(v, slot, kit) ? vmm_kernel_get(v, KIT_SIZE_VxD_Desc_Block) : 0;
    uint32_t module = ddb && fill_ddb(v, ddb, slot, kit) ? vmm_module_new(v) : 0;
    if (!module)
        return false;
    vmm_module_at(v, module)->ddb = ddb;
    vmm_module_at(v, module)->is_c = 1;
    vmm_module_list(v, module);
    return !device->bindings || vmm_bind(v, device->id, device->bindings);
}

bool vmm_bind(struct vmm *v, uint16_t device, const struct vmm_binding *bindings)
{
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct vmm_device_slot *slot = &v->devices[i];
        if (slot->device->id != device)
            continue;
        for (; bindings->fn; bindings++)
            if (bindings->ordinal < slot->services)
                vmm_gate_of(v, slot->first_gate + bindings->ordinal)->fn = bindings->fn;
        return true;
    }
    return false;
}

bool vmm_has_device(const struct vmm *v, uint16_t id)
{
    for (uint32_t i = 0; i < v->device_count; i++)
        if (v->devices[i].device->id == id)
            return true;
    return false;
}

static struct vmm_device_slot *slot_of(struct vmm *v, const struct vmm_device *device)
{
    uint32_t *hint = &v->device_hint[(uintptr_t)device / 16 % BASE_COUNT(v->device_hint)];
    if (*hint < v->device_count && v->devices[*hint].device == device)
        return &v->devices[*hint];
    for (uint32_t i = 0; i < v->device_count; i++)
        if (v->devices[i].device == device) {
            *hint = i;
            return &v->devices[i];
        }
    return NULL;
}

void *vmm_device_state(struct vmm *v, const struct vmm_device *device)
{
    const struct vmm_device_slot *slot = slot_of(v, device);
    return slot ? slot->state : NULL;
}

void vmm_bind_resident(struct vmm *v, const struct vmm_device *device, const void *host)
{
    struct vmm_device_slot *slot = slot_of(v, device);
    if (slot)
        slot->host = host;
}

const void *vmm_resident_binding(struct vmm *v, const struct vmm_device *device)
{
    const struct vmm_device_slot *slot = slot_of(v, device);
    return slot ? slot->host : NULL;
}

void vmm_residents_vm_created(struct vmm *v, uint32_t vm)
{
    for (uint32_t i = 0; i < v->device_count; i++)
        if (v->devices[i].device->vm_created)
            v->devices[i].device->vm_created(v, vm);
}

void vmm_residents_publish(struct vmm *v)
{
    for (size_t i = 0; i < v->device_count; i++) {
        if (v->devices[i].device->publish)
            v->devices[i].device->publish(v);
    }
}

void vmm_residents_vm_gone(struct vmm *v, uint32_t vm)
{
    for (uint32_t i = 0; i < v->device_count; i++)
        if (v->devices[i].device->vm_gone)
            v->devices[i].device->vm_gone(v, vm);
}

void vmm_residents_vm_started(struct vmm *v, uint32_t vm, uint32_t reference)
{
    for (uint32_t i = 0; i < v->device_count; i++)
        if (v->devices[i].device->vm_started)
            v->devices[i].device->vm_started(v, vm, reference);
}
