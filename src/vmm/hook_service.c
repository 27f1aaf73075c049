// Hooks of device services: the slot of the service table is the head of the chain, so that patched and unpatched
// callers reach the hook alike. Win95 DDK S32BF, S31A8.
#include "vmm/defs.h"
#include "vmm/hook.h"

// Guest address of the slot of (device << 16) | ordinal; 0 = no such device, ordinal or service.
static uint32_t slot_of(struct vmm *v, uint32_t service)
{
    uint32_t module = service >> 16 ? vmm_module_by_id(v, (uint16_t)(service >> 16)) : 0;
    if (!module)
        return 0;
    uint32_t ddb = vmm_module_at(v, module)->ddb, ordinal = service & 0x7FFF;
    uint32_t table = vmm_peek32(v, ddb + KIT_DDB_Service_Table_Ptr);
    if (!table || ordinal >= vmm_peek32(v, ddb + KIT_DDB_Service_Table_Size))
        return 0;
    return table + 4 * ordinal;
}

static uint32_t slot_of_caller(struct vmm *v, const char *service)
{
    uint32_t slot = slot_of(v, vmm_regs(v)[X86_EAX]);
    if (!slot)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S32BF", "%s: there is no service %04X:%04X", service,
                   (unsigned)(vmm_regs(v)[X86_EAX] >> 16), (unsigned)(vmm_regs(v)[X86_EAX] & 0xFFFF));
    return slot;
}

static void hook_device_service(struct vmm *v)
{
    uint32_t slot = slot_of_caller(v, "Hook_Device_Service"), previous = 0;
    if (slot && vmm_hook_present(v, slot, vmm_regs(v)[X86_ESI])) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31A8",
                   "Hook_Device_Service: %08X hooks this service already", vmm_regs(v)[X86_ESI]);
        slot = 0;
    }
    if (slot && !vmm_hook_insert(v, slot, vmm_regs(v)[X86_ESI], &previous))
        return;
    if (slot)
        vmm_regs(v)[X86_ESI] = previous;
    vmm_set_flag(v, X86_CF, !slot);
}

static void unhook_device_service(struct vmm *v)
{
    uint32_t slot = slot_of_caller(v, "Unhook_Device_Service");
    enum vmm_unhook done = slot ? vmm_hook_remove(v, slot, vmm_regs(v)[X86_ESI]) : VMM_UNHOOK_REFUSED;
    if (done != VMM_UNHOOK_FAULT)
        vmm_set_flag(v, X86_CF, done == VMM_UNHOOK_REFUSED);
}

// Hook_Device_V86_API and Hook_Device_PM_API: EAX = device id, ESI = callback; the DDB's field is the head.
static void hook_api(struct vmm *v, uint32_t field)
{
    uint32_t module = vmm_module_by_id(v, (uint16_t)vmm_regs(v)[X86_EAX]);
    uint32_t at = module ? vmm_module_at(v, module)->ddb + field : 0, previous = at ? vmm_peek32(v, at) : 0;
    if (previous) {
        vmm_poke32(v, at, vmm_regs(v)[X86_ESI]);
        vmm_regs(v)[X86_ESI] = previous;
    }
    vmm_set_flag(v, X86_CF, !previous);
}

static void hook_device_v86_api(struct vmm *v)
{
    hook_api(v, KIT_DDB_V86_API_Proc);
}

static void hook_device_pm_api(struct vmm *v)
{
    hook_api(v, KIT_DDB_PM_API_Proc);
}

static const struct vmm_binding bindings[] = {
    {KIT_Hook_Device_Service, hook_device_service},
    {KIT_Unhook_Device_Service, unhook_device_service},
    {KIT_Hook_Device_V86_API, hook_device_v86_api},
    {KIT_Hook_Device_PM_API, hook_device_pm_api},
    {0, NULL},
};

const struct vmm_chapter vmm_hook_service_chapter = {.bindings = bindings};
