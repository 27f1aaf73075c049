// VCD, the virtual communications ports (VDAG31 Virtual_Communications_Device): a serial port belongs to the virtual
// machine that used it first, and so does its interrupt; when another one wants it, SHELL is asked. Ports that a driver
// looks after itself are global.
#include "devices/vcd.h"

#include "devices/vpicd.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { VCD_DENIED = 0, VCD_AREA = 4 }; // of a VM, in its control block: bit n = it was refused port n

const struct vcd_board_port vcd_board_ports[VCD_PORTS] = {{0x3F8, 4, "COM1    "}, {0x2F8, 3, "COM2    "}};

struct vcd *vcd_state(struct vmm *v)
{
    return vmm_device_state(v, &vcd_device);
}

void vcd_set_owner(struct vmm *v, unsigned n, uint32_t vm)
{
    struct vpicd_irq *irq = &vpicd_state(v)->irq[vcd_board_ports[n].irq];
    vcd_state(v)->port[n].owner = vm;
    if (!irq->owners)
        irq->default_vm = vm;
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports. Frame: a[0] port, a[1] VM, a[2] kind of access, a[3] register; its registers are those of the access.

enum { CONTENDING, OWNING, ACCESSING, TELLING };

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

// The access itself: by the procedure of the driver that has the port, else at the board.
static void carry_out_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t *r = vmm_regs(v), kind = f->a[2], port = f->a[3], n = f->a[0], data = f->reg[X86_EAX];
    uint32_t proc = vcd_io_procedure(v, n, port, kind == DEVICES_BYTE_OUT);
    if (!proc) {
        vmm_frame_pop_all(v);
        access(v, kind, port);
        return;
    }
    f->step = ACCESSING;
    r[X86_EAX] = data;
    r[X86_EBX] = f->a[1];
    r[X86_ECX] = kind;
    r[X86_EDX] = port;
    r[X86_ESI] = vcd_state(v)->port[n].com;
    vmm_frame_call_begin(v, proc);
}

static void owner_told_begin(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == OWNING)
        carry_out_begin(v, f);
    else
        vmm_frame_pop_all(v);
}

// The port changes hands, and a driver that virtualized it hears of it. f->step: OWNING, or TELLING without an access.
static void change_owner_begin(struct vmm *v, struct vmm_frame *f, unsigned step)
{
    uint32_t *r = vmm_regs(v), n = f->a[0], proc = vcd_procedure(v, n, KIT_VPS_Control_Proc);
    f->step = (uint16_t)step;
    r[X86_EAX] = KIT_VCD_Control_Set_Owner;
    r[X86_EBX] = f->a[1];
    r[X86_EDX] = vcd_state(v)->port[n].owner;
    r[X86_ESI] = vcd_state(v)->port[n].com;
    vcd_set_owner(v, n, f->a[1]);
    if (proc)
        vmm_frame_call_begin(v, proc);
    else
        owner_told_begin(v, f);
}

static void lost(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t denied = f->a[1] + vcd_state(v)->area + VCD_DENIED, n = f->a[0], kind = f->a[2];
    vmm_poke32(v, denied, vmm_peek32(v, denied) | 1u << n);
    vmm_frame_pop_all(v);
    nothing_there(v, kind);
}

static void port_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t data = vmm_regs(v)[X86_EAX] & 0xFF, kind = f->a[2];
    switch (f->step) {
    case CONTENDING:
        if (!vmm_flag(v, X86_CF) && vmm_regs(v)[X86_EBX] == f->a[1])
            change_owner_begin(v, f, OWNING);
        else
            lost(v, f);
        break;
    case ACCESSING:
        vmm_frame_pop_all(v);
        if (kind == DEVICES_BYTE_IN)
            vmm_regs(v)[X86_EAX] = (vmm_regs(v)[X86_EAX] & ~0xFFu) | data;
        break;
    default:
        owner_told_begin(v, f);
    }
}

static const struct vmm_frame_kind port_kind = {"an access to a serial port", port_resume, NULL};

static struct vmm_frame *port_push(struct vmm *v, unsigned n, uint32_t vm)
{
    struct vmm_frame *f = vmm_frame_push(v, vcd_state(v)->port_kind);
    if (!f)
        return NULL;
    f->a[0] = n;
    f->a[1] = vm;
    f->a[2] = vmm_regs(v)[X86_ECX];
    f->a[3] = vmm_regs(v)[X86_EDX];
    return f;
}

void vcd_own_begin(struct vmm *v, unsigned n, uint32_t vm)
{
    struct vmm_frame *f = port_push(v, n, vm);
    if (f)
        change_owner_begin(v, f, TELLING);
}

static void contend_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t *r = vmm_regs(v);
    f->step = CONTENDING;
    r[X86_EAX] = vcd_state(v)->port[f->a[0]].owner;
    r[X86_ESI] = vcd_state(v)->names + 8 * f->a[0];
    vmm_frame_call_begin(v, vmm_service_address(v, KIT_SHELL_Device_ID, KIT_SHELL_Resolve_Contention));
}

// The VM may use the port, or tries to.
static void use_begin(struct vmm *v, unsigned n, uint32_t vm)
{
    const struct vcd_port *p = &vcd_state(v)->port[n];
    struct vmm_frame *f = port_push(v, n, vm);
    if (!f)
        return;
    if (!p->owner)
        change_owner_begin(v, f, OWNING);
    else if (p->owner == vm)
        carry_out_begin(v, f);
    else
        contend_begin(v, f);
}

static void port_io_begin(void *user, struct vmm *v)
{
    (void)user;
    const struct vcd *s = vcd_state(v);
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = r[X86_EBX], kind = r[X86_ECX];
    unsigned n = r[X86_EDX] - vcd_board_ports[0].base < VCD_REGISTERS ? 0 : 1;
    const struct vcd_port *p = &s->port[n];
    if (kind != DEVICES_BYTE_IN && kind != DEVICES_BYTE_OUT) {
        devices_split_io(v);
        return;
    }
    bool denied = vmm_peek32(v, vm + s->area + VCD_DENIED) >> n & 1;
    bool contended = !p->global && p->owner && p->owner != vm;
    if (p->taken)
        nothing_there(v, kind);
    else if (p->global || (p->owner == vm && !p->list))
        access(v, kind, r[X86_EDX]);
    else if (contended && (denied || !vmm_service_address(v, KIT_SHELL_Device_ID, KIT_SHELL_Resolve_Contention)))
        nothing_there(v, kind);
    else
        use_begin(v, n, vm);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

// EAX = port from 1 -> its row; VCD_PORTS and CF = there is none.
static unsigned port_argument(struct vmm *v)
{
    uint32_t n = vmm_regs(v)[X86_EAX] - 1;
    devices_carry(v, n >= VCD_PORTS);
    return n < VCD_PORTS ? n : VCD_PORTS;
}

// EDX = 0: global, no contention.
static void set_port_global(struct vmm *v)
{
    unsigned n = port_argument(v);
    if (n < VCD_PORTS)
        vcd_state(v)->port[n].global = vmm_regs(v)[X86_EDX] == 0;
}

static void get_focus(struct vmm *v)
{
    unsigned n = port_argument(v);
    if (n < VCD_PORTS)
        vmm_regs(v)[X86_EBX] = vcd_state(v)->port[n].owner;
}

// ---------------------------------------------------------------------------------------------------------------------

// A second virtual machine comes: from now on there can be contention. Before, drivers may take the ports; 3.1 allows
// nobody to trap ports after initialisation.
void vcd_trap_begin(struct vmm *v)
{
    static const struct devices_ports ports[VCD_PORTS] = {{0x3F8, VCD_REGISTERS, 1}, {0x2F8, VCD_REGISTERS, 1}};
    struct vcd *s = vcd_state(v);
    if (s->trapped)
        return;
    s->trapped = 1;
    s->names = vmm_heap_get(v, 8 * VCD_PORTS);
    for (unsigned n = 0; n < VCD_PORTS; n++)
        if (!s->names || !vmm_put(v, s->names + 8 * n, vcd_board_ports[n].name, 8))
            return;
    devices_trap_free_begin(v, s->io_proc, VCD_PORTS, ports);
}

void vcd_trap_port_begin(struct vmm *v, unsigned n)
{
    const struct devices_ports ports = {vcd_board_ports[n].base, VCD_REGISTERS, 1};
    devices_trap_begin(v, vcd_state(v)->io_proc, 1, &ports);
}

// Nobody owns what the VM had.
static void vm_destroyed_begin(struct vmm *v, uint32_t vm)
{
    for (unsigned n = 0; n < VCD_PORTS; n++)
        if (vcd_state(v)->port[n].owner == vm)
            vcd_own_begin(v, n, 0);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        vcd_state(v)->area = devices_cb_area(v, VCD_AREA);
        for (unsigned n = 0; n < VCD_PORTS; n++)
            vpicd_state(v)->irq[vcd_board_ports[n].irq].arbitrated = 1;
        break;
    case KIT_Init_Complete:
        if (vmm_profile(v) == VMM_PROFILE_31)
            vcd_trap_begin(v);
        break;
    case KIT_Create_VM:
        vcd_trap_begin(v);
        break;
    case KIT_Destroy_VM:
        vm_destroyed_begin(v, r[X86_EBX]);
        break;
    case KIT_Set_Device_Focus: // who gets the interrupts of global ports
        for (unsigned n = 0; r[X86_EDX] == vcd_device.id && n < VCD_PORTS; n++)
            if (vcd_state(v)->port[n].global)
                vcd_set_owner(v, n, r[X86_EBX]);
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VCD_Get_Version, devices_version},
    {KIT_VCD_Set_Port_Global, set_port_global},
    {KIT_VCD_Get_Focus, get_focus},
    {KIT_VCD_Virtualize_Port, vcd_virtualize_port_begin},
    {0, NULL},
};

const struct vmm_device vcd_device = {
    .id = 0x0E, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct vcd)};

static bool create(struct vmm *v)
{
    vcd_state(v)->port_kind = vmm_frame_kind_add(v, &port_kind);
    vcd_state(v)->io_proc = vmm_host_proc(v, port_io_begin, NULL);
    return vcd_state(v)->io_proc && vcd_virt_create(v);
}

const struct devices_entry vcd_entry = {&vcd_device, create, false, NULL};
