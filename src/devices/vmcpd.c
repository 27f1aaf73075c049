// VMCPD, the virtual math coprocessor (VDAG31 Virtual_Math_Coprocessor_Device): which coprocessor there is, and the
// bits MP and EM of CR0 as every VM has them. What a thread has in the coprocessor is exchanged by the VMM, which needs
// no device for it.
#include "devices/call.h"
#include "devices/common.h"

#include "kit/messages.h"
#include "kit/services.h"

enum { HAS_80387 = 3 };                    // ECX of VMCPD_Get_Version
enum { MPV = 1, BITS = 3, CR0_SHIFT = 1 }; // the virtual state; the same bits are 1 and 2 of CR0
enum { VMCPD_STATE = 0, VMCPD_AREA = 4 };  // of a VM, in its control block
static const char page[] = "VDAG31 VMCPD_Set_Virt_State";

struct vmcpd {
    uint32_t area, switched_proc;
    uint8_t watching; // switches of VMs
};

extern const struct vmm_device vmcpd_device;

static struct vmcpd *state(struct vmm *v)
{
    return vmm_device_state(v, &vmcpd_device);
}

static uint32_t bits_at(struct vmm *v, uint32_t vm)
{
    return vm + state(v)->area + VMCPD_STATE;
}

// CR0 as the current VM has it. With EM its coprocessor instructions are exception 7.
static void load(struct vmm *v)
{
    uint32_t *cr0 = &vmm_cpu(v)->state.cr0, bits = vmm_peek32(v, bits_at(v, vmm_current_vm(v)));
    *cr0 = (*cr0 & ~(uint32_t)(BITS << CR0_SHIFT)) | bits << CR0_SHIFT;
}

static void switched(void *user, struct vmm *v)
{
    (void)user;
    load(v);
}

static void get_version(struct vmm *v)
{
    vmm_regs(v)[X86_ECX] = HAS_80387;
    devices_version(v);
}

static void get_virt_state(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    if (devices_vm_or_report(v, r[X86_EBX], page))
        r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | vmm_peek32(v, bits_at(v, r[X86_EBX]));
}

// The first VM that differs from the others makes every switch count.
static void set_virt_state_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    if (!devices_vm_or_report(v, r[X86_EBX], page))
        return;
    vmm_poke32(v, bits_at(v, r[X86_EBX]), r[X86_EAX] & BITS);
    load(v);
    if (state(v)->watching || !devices_aside_push(v))
        return;
    state(v)->watching = 1;
    vmm_regs(v)[X86_ESI] = state(v)->switched_proc;
    devices_aside_begin(v, KIT_Call_When_Task_Switched);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        state(v)->area = devices_cb_area(v, VMCPD_AREA);
        vmm_poke32(v, bits_at(v, vmm_system_vm(v)), MPV);
        load(v);
        break;
    case KIT_Create_VM:
        vmm_poke32(v, bits_at(v, r[X86_EBX]), MPV);
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VMCPD_Get_Version, get_version},
    {KIT_VMCPD_Get_Virt_State, get_virt_state},
    {KIT_VMCPD_Set_Virt_State, set_virt_state_begin},
    {0, NULL},
};

const struct vmm_device vmcpd_device = {
    .id = 0x11, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct vmcpd)};

static bool create(struct vmm *v)
{
    state(v)->switched_proc = vmm_host_proc(v, switched, NULL);
    return state(v)->switched_proc != 0;
}

const struct devices_entry vmcpd_entry = {&vmcpd_device, create, false, NULL};
