// The APIs that devices have for programs: INT 2Fh with AX = 1684h gives the address to call, a call-back in V86 or
// protected mode, and the call reaches DDB_V86_API_Proc or DDB_PM_API_Proc with EBX = VM and EBP = client registers
// (spec: callbacks; Win95 DDK S32BF, S32C0). The client's far return is made before the procedure runs.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/selectors.h"

enum { GET_API = 0x1684 };

// The procedure for the client's mode.
uint32_t vmm_device_api_of(struct vmm *v, uint32_t ddb)
{
    return vmm_peek32(v, ddb + (vmm_client_v86(v) ? (uint32_t)KIT_DDB_V86_API_Proc : (uint32_t)KIT_DDB_PM_API_Proc));
}

bool vmm_device_api_entered_begin(struct vmm *v, uint32_t ddb)
{
    uint32_t crs = vmm_client(v), cs = vmm_peek32(v, crs + KIT_Client_CS), eip = vmm_peek32(v, crs + KIT_Client_EIP);
    vmm_client_far_ret_n(v, 0);
    bool returned = cs != vmm_peek32(v, crs + KIT_Client_CS) || eip != vmm_peek32(v, crs + KIT_Client_EIP);
    return returned && !v->call.faulted && !v->call.framed && vmm_device_api_of(v, ddb);
}

// The address of a device's API in the current mode, made at the first question; 0 = it has none.
static uint32_t address_of(struct vmm *v, uint32_t module)
{
    uint32_t ddb = vmm_module_at(v, module)->ddb;
    bool v86 = vmm_client_v86(v);
    uint32_t at = ddb + (v86 ? (uint32_t)KIT_DDB_V86_API_CSIP : (uint32_t)KIT_DDB_PM_API_CSIP);
    uint32_t address = vmm_peek32(v, at);
    if (!vmm_device_api_of(v, ddb) || address)
        return address;
    address = v86 ? vmm_v86_call_back(v, 0, ddb) : vmm_pm_call_back(v, 0, ddb);
    uint32_t row = address ? vmm_trap_find(v, address) : 0;
    if (!row)
        return 0;
    vmm_trap_at(v, row)->kind = VMM_TRAP_API;
    vmm_poke32(v, at, address);
    return address;
}

// The device that the client asks for: BX = its id, or ES:(E)DI = its name in eight characters when BX is 0.
static uint32_t device_asked_for(struct vmm *v)
{
    uint32_t crs = vmm_client(v), linear = (uint32_t)vmm_peek16(v, crs + KIT_Client_ES) << 4, n;
    uint16_t id = vmm_peek16(v, crs + KIT_Client_EBX);
    char name[9] = "";
    if (id)
        return vmm_module_by_id(v, id);
    if (vmm_client_v86(v))
        linear += vmm_peek16(v, crs + KIT_Client_EDI);
    else if (!vmm_pm_linear(v, vmm_peek16(v, crs + KIT_Client_ES), vmm_dpmi_offset(v, KIT_Client_EDI), 8, false,
                            &linear))
        return 0;
    if (!vmm_user_get(v, linear, name, 8))
        return 0;
    for (n = 8; n > 0 && (name[n - 1] == ' ' || !name[n - 1]); n--)
        name[n - 1] = 0;
    return name[0] ? vmm_module_by_name(v, name) : 0;
}

// True: it was the question. ES:(E)DI = 0:0 when the device has no API.
static bool answer(struct vmm *v)
{
    if (vmm_peek16(v, vmm_client(v) + KIT_Client_EAX) != GET_API)
        return false;
    uint32_t module = device_asked_for(v), address = module ? address_of(v, module) : 0;
    if (v->call.faulted)
        return true;
    vmm_poke16(v, vmm_client(v) + KIT_Client_ES, (uint16_t)(address >> 16));
    vmm_dpmi_set_offset(v, KIT_Client_EDI, address & 0xFFFF);
    return true;
}

// A hook of INT 2Fh, the last one asked. CF = 1: not its question.
static void v86_asked(void *user, struct vmm *v)
{
    (void)user;
    vmm_set_flag(v, X86_CF, !answer(v) && !vmm_dpmi_v86_asked(v));
}

static bool pm_asked(struct vmm *v, uint8_t vector)
{
    (void)vector;
    return answer(v) || vmm_dpmi_pm_asked(v);
}

static void hook(struct vmm *v, uint32_t field)
{
    uint32_t *r = vmm_regs(v), module = vmm_module_by_id(v, (uint16_t)r[X86_EAX]);
    uint32_t at = module ? vmm_module_at(v, module)->ddb + field : 0, previous = at ? vmm_peek32(v, at) : 0;
    vmm_set_flag(v, X86_CF, !previous);
    if (!previous)
        return;
    vmm_poke32(v, at, r[X86_ESI]);
    r[X86_ESI] = previous;
}

static void hook_device_v86_api(struct vmm *v)
{
    hook(v, KIT_DDB_V86_API_Proc);
}

static void hook_device_pm_api(struct vmm *v)
{
    hook(v, KIT_DDB_PM_API_Proc);
}

// A driver that is unloaded takes its API along: its addresses are nobody's from now on.
static void module_gone(struct vmm *v, uint32_t module)
{
    uint32_t ddb = vmm_module_at(v, module)->ddb;
    for (uint32_t i = 1; ddb && i < vmm_table(v, VMM_TABLE_trap)->count; i++) {
        const struct vmm_trap *t = vmm_trap_at(v, i);
        if (t->used && t->kind == VMM_TRAP_API && t->reference == ddb)
            vmm_trap_free(v, i);
    }
}

static bool create(struct vmm *v)
{
    uint32_t proc = vmm_host_proc(v, v86_asked, NULL);
    vmm_on_pm_int(v, 0x2F, pm_asked);
    return proc && vmm_chain_add(v, VMM_CHAINS_V86_INT + 0x2F, proc, 0, true);
}

static const struct vmm_binding bindings[] = {
    {KIT_Hook_Device_V86_API, hook_device_v86_api},
    {KIT_Hook_Device_PM_API, hook_device_pm_api},
    {0, NULL},
};

const struct vmm_chapter vmm_device_api_chapter = {.bindings = bindings, .create = create, .module_gone = module_gone};
