// DOSMGR, the manager of MS-DOS in virtual machines (VDAG31 Virtual_MS-DOS_Manager, Win95 DDK S348A-S3497): what
// drivers ask about the DOS of src/dos. Each VM has a DOS of its own, whose functions run in one go; DOS lies low.
#include "devices/call.h"
#include "devices/common.h"

#include "dos/dos.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { LOW_MEMORY = 0x100000, BIOS_SEGMENT = 0x70, MOST_DEVICES = 64 };
enum { TAIL_MOST = 128, LONGEST_NAME = 128, LONGEST_DIRECTORY = 65 };
enum { HEADER_NEXT = 0, HEADER_ATTRIBUTES = 4, HEADER_NAME = 10, CHARACTER_DEVICE = 0x8000 }; // of a device driver
static const uint32_t CHAIN_END = 0xFFFFFFFFu;

struct dosmgr {
    uint8_t polling, initialised;
};

extern const struct vmm_device dosmgr_device;

static struct dosmgr *state(struct vmm *v)
{
    return vmm_device_state(v, &dosmgr_device);
}

static void get_indos_ptr(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = dos_flags_address();
}

static void get_dos_crit_status(struct vmm *v)
{
    uint32_t flags = vmm_peek32(v, vmm_current_vm(v) + KIT_CB_High_Linear) + dos_flags_address();
    vmm_set_flag(v, X86_ZF, vmm_peek16(v, flags) == 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// The chain of device drivers of a VM

static uint32_t far_linear(uint32_t pointer)
{
    return (pointer >> 16) * 16 + (pointer & 0xFFFF);
}

// Address (in the VM's memory at `base`) of the pointer that holds `wanted`; the chain bites its tail nowhere.
static uint32_t link_to(struct vmm *v, uint32_t base, uint32_t wanted)
{
    uint32_t at = dos_first_device();
    for (unsigned i = 0; i < MOST_DEVICES; i++) {
        uint32_t next = vmm_peek32(v, base + at + HEADER_NEXT);
        if (next == wanted || (next != CHAIN_END && wanted != CHAIN_END && far_linear(next) == far_linear(wanted)))
            return base + at + HEADER_NEXT;
        if (next == CHAIN_END)
            return 0;
        at = far_linear(next);
    }
    return 0;
}

// EBX = VM or 0, EAX = header: where the VM's memory is. False: one of them is wrong.
static bool device_argument(struct vmm *v, const char *page, uint32_t *base)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = r[X86_EBX] ? r[X86_EBX] : vmm_system_vm(v);
    devices_carry(v, true);
    if (!devices_vm_or_report(v, vm, page))
        return false;
    *base = vmm_peek32(v, vm + KIT_CB_High_Linear);
    if (r[X86_EAX] < LOW_MEMORY)
        return true;
    vmm_report(v, "input-range", vmm_cpu(v)->state.eip, page, "the device header at %08X is not below 1 MB",
               r[X86_EAX]);
    return false;
}

static uint32_t far_of(uint32_t linear)
{
    return (linear >> 4 & 0xFFFF) << 16 | (linear & 0xF);
}

// At the end of the chain; for all VMs only while the initial state of VMs is made.
static void add_device(struct vmm *v)
{
    static const char page[] = "VDAG31 DOSMGR_Add_Device";
    const uint32_t *r = vmm_regs(v);
    uint32_t base, header = r[X86_EAX];
    if (!device_argument(v, page, &base))
        return;
    if (!r[X86_EBX] && state(v)->initialised) {
        vmm_report(v, "init-only", vmm_cpu(v)->state.eip, page, "a global device is added after Device_Init");
        return;
    }
    uint32_t last = link_to(v, base, CHAIN_END);
    if (!last || link_to(v, base, far_of(header)) ||
        !(vmm_peek16(v, base + header + HEADER_ATTRIBUTES) & CHARACTER_DEVICE))
        return;
    vmm_poke32(v, base + header + HEADER_NEXT, CHAIN_END);
    vmm_poke32(v, last, far_of(header));
    devices_carry(v, false);
}

static void remove_device(struct vmm *v)
{
    uint32_t base, header = vmm_regs(v)[X86_EAX];
    if (!device_argument(v, "VDAG31 DOSMGR_Remove_Device", &base))
        return;
    uint32_t link = link_to(v, base, far_of(header));
    if (!link)
        return;
    vmm_poke32(v, link, vmm_peek32(v, base + header + HEADER_NEXT));
    devices_carry(v, false);
}

// ESI -> name. There are no installed drivers beside those that drivers add, which this service is not for, and those
// of DOS itself, which it refuses.
static void instance_device(struct vmm *v)
{
    char name[8];
    if (vmm_get(v, vmm_regs(v)[X86_ESI], name, sizeof name))
        devices_carry(v, true);
}

// ---------------------------------------------------------------------------------------------------------------------

// Text of a driver, up to size - 1 characters; false: it is missing (a page fault was noted) or longer.
static bool driver_text(struct vmm *v, uint32_t linear, char *to, size_t size)
{
    return vmm_get_text(v, linear, to, size) && strlen(to) < size - 1;
}

static void exec_trouble(struct vmm *v, const char *what)
{
    vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 _DOSMGR_Set_Exec_VM_Data", "%s", what);
}

// (VM, CommTail, PRGName, InitDrvDir): the tail begins with its length and ends with 0Dh.
static void set_exec_vm_data(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0), tail_at = vmm_arg(v, 1), directory_at = vmm_arg(v, 3);
    uint8_t tail[TAIL_MOST] = {0};
    char text[TAIL_MOST], path[LONGEST_NAME], directory[LONGEST_DIRECTORY];
    if (!devices_vm_or_report(v, vm, "VDAG31 _DOSMGR_Set_Exec_VM_Data") || !vmm_get(v, tail_at, tail, 1))
        return;
    if (tail[0] > TAIL_MOST - 2) {
        exec_trouble(v, "the command tail is longer than 126 bytes");
        return;
    }
    if (!vmm_get(v, tail_at + 1, text, tail[0]))
        return;
    text[tail[0]] = 0;
    if (!driver_text(v, vmm_arg(v, 2), path, sizeof path) ||
        (directory_at && !driver_text(v, directory_at, directory, sizeof directory)))
        return;
    if (!dos_set_exec(v, vm, path, text, directory_at ? directory : NULL))
        exec_trouble(v, "the program's name is too long, or too many programs run");
}

// (VM, V86Size, CallBack, RefData)
static void exec_vm(struct vmm *v)
{
    uint32_t vm = vmm_arg(v, 0);
    if (!devices_vm_or_report(v, vm, "VDAG31 _DOSMGR_Exec_VM"))
        return;
    if (vm != vmm_current_vm(v))
        exec_trouble(v, "_DOSMGR_Exec_VM is for the current virtual machine");
    else if (!dos_exec_vm(v, vm, vmm_arg(v, 1), vmm_arg(v, 2), vmm_arg(v, 3)))
        exec_trouble(v, "_DOSMGR_Exec_VM without _DOSMGR_Set_Exec_VM_Data");
}

// EBX = VM that gets the current directories of the VM in ESI.
static void copy_vm_drive_state(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    if (devices_vm_or_report(v, r[X86_EBX], "Win95 DDK S348C") &&
        devices_vm_or_report(v, r[X86_ESI], "Win95 DDK S348C"))
        dos_copy_directories(v, r[X86_EBX], r[X86_ESI]);
}

// DOS functions run in one go here, so the flag says all there is to know without polling.
static void enable_indos_polling(struct vmm *v)
{
    devices_carry(v, state(v)->polling);
    state(v)->polling = 1;
}

static void backfill_allowed(struct vmm *v)
{
    devices_carry(v, false); // DOS is not high
}

static void local_global_reg(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = 3; // no local high DOS region (Win95 DDK S3495)
}

static void control(struct vmm *v)
{
    devices_carry(v, false);
    if (vmm_regs(v)[X86_EAX] == KIT_Init_Complete)
        state(v)->initialised = 1;
}

static const struct vmm_binding bindings[] = {
    {KIT_DOSMGR_Get_Version, devices_version},
    {KIT__DOSMGR_Set_Exec_VM_Data, set_exec_vm_data},
    {KIT__DOSMGR_Exec_VM, exec_vm},
    {KIT_DOSMGR_Copy_VM_Drive_State, copy_vm_drive_state},
    {KIT_DOSMGR_Get_IndosPtr, get_indos_ptr},
    {KIT_DOSMGR_Add_Device, add_device},
    {KIT_DOSMGR_Remove_Device, remove_device},
    {KIT_DOSMGR_Instance_Device, instance_device},
    {KIT_DOSMGR_Get_DOS_Crit_Status, get_dos_crit_status},
    {KIT_DOSMGR_Enable_Indos_Polling, enable_indos_polling},
    {KIT_DOSMGR_BackFill_Allowed, backfill_allowed},
    {KIT_DOSMGR_LocalGlobalReg, local_global_reg},
    {0, NULL},
};

const struct vmm_device dosmgr_device = {
    .id = 0x15, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct dosmgr)};

const struct devices_entry dosmgr_entry = {&dosmgr_device, NULL, false, NULL};
