// VMD, the virtual mouse (VDAG31 Virtual_Mouse_Device): who has the mouse, and what kind it is said to be. The board
// has no mouse; a driver that brings one tells VMD its interrupt.
#include "devices/call.h"
#include "devices/common.h"
#include "devices/vpicd.h"

#include "kit/messages.h"
#include "kit/services.h"

enum { ALREADY = 0, NO_INTERRUPT = 1 }; // errors of VMD_Set_Mouse_Type
enum { ON_COM_PORT = 0x80 };

struct vmd {
    uint32_t owner; // VM, 0 = the system VM
    uint8_t type, irq, com_port, present;
};

extern const struct vmm_device vmd_device;

static struct vmd *state(struct vmm *v)
{
    return vmm_device_state(v, &vmd_device);
}

// EAX = IRQ, or minus a vector of the VMs; ECX = type, DL = COM port when the type says so.
static void set_mouse_type(struct vmm *v)
{
    struct vmd *s = state(v);
    uint32_t *r = vmm_regs(v), irq = r[X86_EAX];
    if (irq & 0x80000000u) { // the virtual controllers' bases: VPICD_Convert_Int_To_IRQ would say the same
        uint32_t vector = 0u - irq;
        irq = vector - 8 < 8 ? vector - 8 : vector - 0x70 < 8 ? vector - 0x70 + 8 : PC_IRQS;
    }
    devices_carry(v, true);
    if (s->present || irq >= PC_IRQS || irq == VPICD_CASCADE) {
        r[X86_EAX] = s->present ? ALREADY : NO_INTERRUPT;
        return;
    }
    *s = (struct vmd){.owner = s->owner,
                      .type = (uint8_t)(r[X86_ECX] & ~(uint32_t)ON_COM_PORT),
                      .irq = (uint8_t)irq,
                      .com_port = r[X86_ECX] & ON_COM_PORT ? (uint8_t)r[X86_EDX] : 0,
                      .present = 1};
    devices_carry(v, false);
}

static void get_mouse_owner(struct vmm *v)
{
    uint32_t owner = state(v)->owner;
    vmm_regs(v)[X86_EBX] = owner && vmm_valid_vm(v, owner) ? owner : vmm_system_vm(v);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    if (r[X86_EAX] == KIT_Set_Device_Focus && (r[X86_EDX] == 0 || r[X86_EDX] == vmd_device.id))
        state(v)->owner = r[X86_EBX];
}

static const struct vmm_binding bindings[] = {
    {KIT_VMD_Get_Version, devices_version},
    {KIT_VMD_Set_Mouse_Type, set_mouse_type},
    {KIT_VMD_Get_Mouse_Owner, get_mouse_owner},
    {0, NULL},
};

const struct vmm_device vmd_device = {
    .id = 0x0C, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct vmd)};

const struct devices_entry vmd_entry = {&vmd_device, NULL, false, NULL};
