// VCD, the virtual communications ports (VDAG31 Virtual_Communications_Device): a serial port belongs to the virtual
// machine that used it first, and so does its interrupt; when another one wants it, SHELL is asked. Ports that a driver
// looks after itself are global. What is not there: ports virtualized by other drivers (VCD_Virtualize_Port), since the
// layout of the structures that they share with VCD is not documented.
#include "devices/call.h"
#include "devices/common.h"
#include "devices/vpicd.h"

#include "kit/messages.h"
#include "kit/services.h"

enum { PORTS = 2, REGISTERS = 8 };     // the board's; COM3 and COM4 do not exist
enum { VCD_DENIED = 0, VCD_AREA = 4 }; // of a VM, in its control block: bit n = it was refused port n

static const struct {
    uint16_t base;
    uint8_t irq;
    char name[9];
} board_ports[PORTS] = {{0x3F8, 4, "COM1    "}, {0x2F8, 3, "COM2    "}};

struct vcd {
    struct {
        uint32_t owner; // VM, 0 = nobody
        uint8_t global;
    } port[PORTS];
    uint32_t area;
    uint32_t names; // guest address of the names
    uint32_t io_proc;
    uint16_t contention_kind;
    uint8_t trapped;
};

extern const struct vmm_device vcd_device;

static struct vcd *state(struct vmm *v)
{
    return vmm_device_state(v, &vcd_device);
}

static void give(struct vmm *v, unsigned n, uint32_t vm)
{
    state(v)->port[n].owner = vm;
    if (!vpicd_state(v)->irq[board_ports[n].irq].owners)
        vpicd_state(v)->irq[board_ports[n].irq].default_vm = vm;
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports. Frame of contention: a[0] port, a[1] VM, a[2] kind of access, a[3] register, a[4] data.

static void access(struct vmm *v, uint32_t kind, uint32_t port)
{
    const struct x86_owner *bus = vmm_cpu(v)->owner; // what the embedding program provides comes before the board
    uint32_t *eax = &vmm_regs(v)[X86_EAX];
    if (kind == DEVICES_BYTE_IN)
        *eax = (*eax & ~0xFFu) | (bus->port_in(bus->user, (uint16_t)port, 1) & 0xFF);
    else
        bus->port_out(bus->user, (uint16_t)port, 1, *eax & 0xFF);
}

// The loser of a contended port finds nothing there.
static void nothing_there(struct vmm *v, uint32_t kind)
{
    if (kind == DEVICES_BYTE_IN)
        vmm_regs(v)[X86_EAX] |= 0xFF;
}

static void contention_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t winner = vmm_regs(v)[X86_EBX], n = f->a[0], vm = f->a[1], kind = f->a[2], port = f->a[3];
    bool won = !vmm_flag(v, X86_CF) && winner == vm;
    vmm_frame_pop_all(v);
    if (won) {
        give(v, n, vm);
        access(v, kind, port);
        return;
    }
    uint32_t denied = vm + state(v)->area + VCD_DENIED;
    vmm_poke32(v, denied, vmm_peek32(v, denied) | 1u << n);
    nothing_there(v, kind);
}

static const struct vmm_frame_kind contention_kind = {"contention for a serial port", contention_resume, NULL};

static void contend_begin(struct vmm *v, unsigned n)
{
    struct vmm_frame *f = vmm_frame_push(v, state(v)->contention_kind);
    if (!f)
        return;
    uint32_t *r = vmm_regs(v);
    f->a[0] = n;
    f->a[1] = r[X86_EBX];
    f->a[2] = r[X86_ECX];
    f->a[3] = r[X86_EDX];
    r[X86_EAX] = state(v)->port[n].owner;
    r[X86_ESI] = state(v)->names + 8 * n;
    vmm_frame_call_begin(v, vmm_service_address(v, KIT_SHELL_Device_ID, KIT_SHELL_Resolve_Contention));
}

static void port_io_begin(void *user, struct vmm *v)
{
    (void)user;
    struct vcd *s = state(v);
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = r[X86_EBX], kind = r[X86_ECX];
    unsigned n = r[X86_EDX] - board_ports[0].base < REGISTERS ? 0 : 1;
    if (kind != DEVICES_BYTE_IN && kind != DEVICES_BYTE_OUT) {
        devices_split_io(v);
        return;
    }
    bool denied = vmm_peek32(v, vm + s->area + VCD_DENIED) >> n & 1;
    if (!s->port[n].owner && !s->port[n].global)
        give(v, n, vm);
    if (s->port[n].global || s->port[n].owner == vm)
        access(v, kind, r[X86_EDX]);
    else if (denied || !vmm_service_address(v, KIT_SHELL_Device_ID, KIT_SHELL_Resolve_Contention))
        nothing_there(v, kind);
    else
        contend_begin(v, n);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

// EAX = port from 1 -> its row; PORTS and CF = there is none.
static unsigned port_argument(struct vmm *v)
{
    uint32_t n = vmm_regs(v)[X86_EAX] - 1;
    devices_carry(v, n >= PORTS);
    return n < PORTS ? n : PORTS;
}

// EDX = 0: global, no contention.
static void set_port_global(struct vmm *v)
{
    unsigned n = port_argument(v);
    if (n < PORTS)
        state(v)->port[n].global = vmm_regs(v)[X86_EDX] == 0;
}

static void get_focus(struct vmm *v)
{
    unsigned n = port_argument(v);
    if (n < PORTS)
        vmm_regs(v)[X86_EBX] = state(v)->port[n].owner;
}

// ---------------------------------------------------------------------------------------------------------------------

// A second virtual machine comes: from now on there can be contention. Before, drivers may take the ports; 3.1 allows
// nobody to trap ports after initialisation.
static void trap_begin(struct vmm *v)
{
    static const struct devices_ports ports[PORTS] = {{0x3F8, REGISTERS, 1}, {0x2F8, REGISTERS, 1}};
    struct vcd *s = state(v);
    if (s->trapped)
        return;
    s->trapped = 1;
    s->names = vmm_heap_get(v, 8 * PORTS);
    for (unsigned n = 0; n < PORTS; n++)
        if (!s->names || !vmm_put(v, s->names + 8 * n, board_ports[n].name, 8))
            return;
    devices_trap_free_begin(v, s->io_proc, PORTS, ports);
}

static void vm_destroyed(struct vmm *v, uint32_t vm)
{
    for (unsigned n = 0; n < PORTS; n++)
        if (state(v)->port[n].owner == vm)
            give(v, n, 0);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        state(v)->area = devices_cb_area(v, VCD_AREA);
        for (unsigned n = 0; n < PORTS; n++)
            vpicd_state(v)->irq[board_ports[n].irq].arbitrated = 1;
        break;
    case KIT_Init_Complete:
        if (vmm_profile(v) == VMM_PROFILE_31)
            trap_begin(v);
        break;
    case KIT_Create_VM:
        trap_begin(v);
        break;
    case KIT_Destroy_VM:
        vm_destroyed(v, r[X86_EBX]);
        break;
    case KIT_Set_Device_Focus: // who gets the interrupts of global ports
        for (unsigned n = 0; r[X86_EDX] == vcd_device.id && n < PORTS; n++)
            if (state(v)->port[n].global)
                give(v, n, r[X86_EBX]);
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VCD_Get_Version, devices_version},
    {KIT_VCD_Set_Port_Global, set_port_global},
    {KIT_VCD_Get_Focus, get_focus},
    {0, NULL},
};

const struct vmm_device vcd_device = {
    .id = 0x0E, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct vcd)};

static bool create(struct vmm *v)
{
    state(v)->contention_kind = vmm_frame_kind_add(v, &contention_kind);
    state(v)->io_proc = vmm_host_proc(v, port_io_begin, NULL);
    return state(v)->io_proc != 0;
}

const struct devices_entry vcd_entry = {&vcd_device, create, false, NULL};
