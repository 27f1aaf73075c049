// VCOMM, the virtual communications driver (Win95 DDK S2739-S27BD): port drivers register and add their ports, clients
// open them by name, and every other service is the port driver's function of that name. A handle is the address of
// what the port driver's PortOpen has given, because port drivers pass it to clients' callbacks.
//
// What is not there: requests with time-outs (Win32), contention handlers, the API for programs.
#include "devices/vcomm.h"

#include "devices/configmg.h"
#include "devices/vcd.h"
#include "devices/vxdldr.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/names.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { TIMEOUTS = 20 };
enum { FIRST_HANDLE = 0x56430000 }; // of _VCOMM_Acquire_Port
enum { DRIVER_VXD = -1 };           // in place of a VM: the owner is a driver

extern const struct vmm_device vcomm_device;

struct vcomm *vcomm_state(struct vmm *v)
{
    return vmm_device_state(v, &vcomm_device);
}

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports

struct vcomm_port *vcomm_named(struct vmm *v, const char *name)
{
    struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; i < VCOMM_PORTS; i++)
        if (kit_same_name(s->port[i].name, name))
            return &s->port[i];
    return NULL;
}

void vcomm_port_free(struct vmm *v, struct vcomm_port *p)
{
    (void)!vmm_heap_give(v, p->text);
    *p = (struct vcomm_port){.name = ""};
}

static bool is_node(struct vmm *v, uint32_t reference)
{
    for (unsigned i = 0; reference && i < VCOMM_NODES; i++)
        if (vcomm_state(v)->node[i] == reference)
            return true;
    return false;
}

// Add_Port(ReferenceData, PortOpen, PortName): of a device node, what DriverControl was given is the node (S2758).
static void add_port(struct vmm *v)
{
    char name[VCOMM_NAME] = "";
    if (!vmm_get_text(v, vmm_arg(v, 2), name, sizeof name))
        return;
    struct vcomm_port *p = *name && !vcomm_named(v, name) ? vcomm_named(v, "") : NULL;
    uint32_t text = p ? vmm_heap_get(v, sizeof name) : 0;
    answer(v, text && vmm_store(v, text, name, sizeof name));
    if (!text)
        return;
    memcpy(p->name, name, sizeof name);
    p->text = text;
    p->open = vmm_arg(v, 1);
    p->vxd = vxdldr_driver_at(v, p->open);
    p->node = is_node(v, vmm_arg(v, 0)) ? vmm_arg(v, 0) : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Opening and closing. Frames: a[0] row of the port.

static void open_resume(struct vmm *v, struct vmm_frame *f)
{
    struct vcomm_port *p = &vcomm_state(v)->port[f->a[0]];
    uint32_t info = vmm_regs(v)[X86_EAX], error = vmm_peek32(v, vcomm_state(v)->error);
    p->opening = 0;
    p->info = info;
    vmm_frame_pop_all(v);
    answer(v, info ? info : error ? error : KIT_IE_DEFAULT);
}

static void open_abandon(struct vmm *v, struct vmm_frame *f)
{
    vcomm_state(v)->port[f->a[0]].opening = 0;
}

static const struct vmm_frame_kind open_kind = {"PortOpen", open_resume, open_abandon};

void vcomm_open_begin(struct vmm *v, struct vcomm_port *p, uint32_t vm)
{
    struct vcomm *s = vcomm_state(v);
    if (!s->error)
        s->error = vmm_heap_get(v, 4);
    if (p->info || p->opening || !s->error) {
        answer(v, s->error ? KIT_IE_OPEN : KIT_IE_MEMORY);
        return;
    }
    const uint32_t args[3] = {p->text, vm, s->error};
    struct vmm_frame *f = vmm_frame_push(v, s->open_kind);
    if (!f)
        return;
    f->a[0] = (uint32_t)(p - s->port);
    p->opening = 1;
    vmm_poke32(v, s->error, 0);
    vmm_frame_call_c_begin(v, p->open, 3, args);
}

// OpenComm(PortName, VMId) -> handle, or an IE_* value
static void open_comm_begin(struct vmm *v)
{
    char name[VCOMM_NAME];
    if (!vmm_get_text(v, vmm_arg(v, 0), name, sizeof name))
        return;
    struct vcomm_port *p = *name ? vcomm_named(v, name) : NULL;
    if (p)
        vcomm_open_begin(v, p, vmm_arg(v, 1));
    else
        vcomm_open_node_begin(v, name, vmm_arg(v, 1));
}

static struct vcomm_port *port_of(struct vmm *v, uint32_t handle)
{
    struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; handle && i < VCOMM_PORTS; i++)
        if (s->port[i].info == handle)
            return &s->port[i];
    return NULL;
}

// The open port that a service is about. NULL: FALSE was answered.
static struct vcomm_port *argument(struct vmm *v)
{
    struct vcomm_port *p = port_of(v, vmm_arg(v, 0));
    if (!p)
        answer(v, false);
    return p;
}

// A function of the open port's driver; 0: it has none, FALSE was answered and the error noted.
static uint32_t function(struct vmm *v, uint32_t at)
{
    const struct vcomm_port *p = argument(v);
    if (!p)
        return 0;
    uint32_t table = vmm_peek32(v, p->info + KIT_PDfunctions), proc = table ? vmm_peek32(v, table + at) : 0;
    if (!proc) {
        vmm_poke32(v, p->info + KIT_dwLastError, KIT_IE_DEFAULT);
        answer(v, false);
    }
    return proc;
}

enum { CLOSED, UNLOADED };

// Its driver may go when it is the last open port (S2745); a port whose device node is gone goes too.
static void close_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t closed = vmm_regs(v)[X86_EAX];
    struct vcomm_port *p = &vcomm_state(v)->port[f->a[0]];
    if (f->step == UNLOADED || !closed) {
        vmm_frame_pop_all(v);
        answer(v, closed);
        return;
    }
    uint32_t vxd = p->vxd;
    p->info = 0;
    if (p->node && !is_node(v, p->node))
        vcomm_port_free(v, p);
    f->step = UNLOADED;
    vmm_frame_wait(v);
    vcomm_unload_begin(v, vxd, closed);
}

static const struct vmm_frame_kind close_kind = {"PortClose", close_resume, NULL};

static void close_comm_begin(struct vmm *v)
{
    uint32_t proc = function(v, KIT_pPortClose), handle = vmm_arg(v, 0);
    struct vmm_frame *f = proc ? vmm_frame_push(v, vcomm_state(v)->close_kind) : NULL;
    if (!f)
        return;
    f->step = CLOSED;
    f->a[0] = (uint32_t)(port_of(v, handle) - vcomm_state(v)->port);
    vmm_frame_call_c_begin(v, proc, 1, &handle);
}

// ---------------------------------------------------------------------------------------------------------------------
// The others: the port driver's function takes the caller's place, with the same arguments.

static void pass_on(struct vmm *v, uint32_t at)
{
    uint32_t proc = function(v, at);
    if (!proc)
        return;
    vmm_regs(v)[X86_ESP] -= 4; // the return address is still there
    vmm_cpu(v)->state.eip = proc;
}

#define PASS_ON(service, field)                                                                                        \
    static void service(struct vmm *v)                                                                                 \
    {                                                                                                                  \
        pass_on(v, KIT_##field);                                                                                       \
    }

PASS_ON(set_comm_state, pPortSetState)
PASS_ON(get_comm_state, pPortGetState)
PASS_ON(setup_comm, pPortSetup)
PASS_ON(transmit_comm_char, pPortTransmitChar)
PASS_ON(get_comm_queue_status, pPortGetQueueStatus)
PASS_ON(clear_comm_error, pPortClearError)
PASS_ON(get_modem_status, pPortGetModemStatus)
PASS_ON(get_comm_properties, pPortGetProperties)
PASS_ON(escape_comm_function, pPortEscapeFunction)
PASS_ON(purge_comm, pPortPurge)
PASS_ON(get_comm_event_mask, pPortGetEventMask)
PASS_ON(write_comm, pPortWrite)
PASS_ON(read_comm, pPortRead)
PASS_ON(enable_comm_notification, pPortEnableNotification)
PASS_ON(set_read_callback, pPortSetReadCallback)
PASS_ON(set_write_callback, pPortSetWriteCallback)

// SetCommEventMask(hPort, dwMask, dwEvents): VCOMM keeps the mask (S27A4).
static void set_comm_event_mask(struct vmm *v)
{
    const struct vcomm_port *p = port_of(v, vmm_arg(v, 0));
    if (p)
        vmm_poke32(v, p->info + KIT_dwClientEventMask, vmm_arg(v, 1));
    pass_on(v, KIT_pPortSetEventMask);
}

static void get_last_error(struct vmm *v)
{
    const struct vcomm_port *p = argument(v);
    if (p)
        answer(v, vmm_peek32(v, p->info + KIT_dwLastError));
}

// GetSetCommTimeouts(hPort, cmto, dwAction)
static void get_set_comm_timeouts(struct vmm *v)
{
    const struct vcomm_port *p = argument(v);
    uint32_t cmto = vmm_arg(v, 1), action = vmm_arg(v, 2);
    if (!p)
        return;
    if (action > 1) {
        answer(v, false);
        return;
    }
    uint32_t own = p->info + KIT_cmto;
    if (vmm_probe(v, cmto, TIMEOUTS, !action) && devices_copy(v, action ? own : cmto, action ? cmto : own, TIMEOUTS))
        answer(v, true);
}

// ---------------------------------------------------------------------------------------------------------------------
// Keeping virtual machines away from a port (S278F-S2791). VCD knows the board's ports; a handle for others does
// nothing.

static struct vcomm_acquired *acquired(struct vmm *v, uint32_t handle)
{
    uint32_t row = handle - FIRST_HANDLE;
    return row < VCOMM_ACQUIRED && vcomm_state(v)->acquired[row].used ? &vcomm_state(v)->acquired[row] : NULL;
}

static bool take(struct vmm *v, const struct vcomm_acquired *a, bool steal)
{
    if (a->number >= VCD_PORTS)
        return true;
    struct vcd_port *p = &vcd_state(v)->port[a->number];
    bool driver = a->vm == (uint32_t)DRIVER_VXD;
    if (!steal && (p->taken || (p->owner && (driver || p->owner != a->vm))))
        return false;
    p->taken = driver;
    vcd_set_owner(v, a->number, driver ? 0 : a->vm);
    return true;
}

// Acquire_Port(szVxDName, lPortNum, VMId, lFlags) -> handle, 0 = in use. Tail position: VCD begins to trap the ports.
static void acquire_port_begin(struct vmm *v)
{
    struct vcomm *s = vcomm_state(v);
    uint32_t row = 0, vm = vmm_arg(v, 2);
    while (row < VCOMM_ACQUIRED && s->acquired[row].used)
        row++;
    answer(v, 0);
    if (row == VCOMM_ACQUIRED || vmm_arg(v, 3))
        return;
    if (vm != (uint32_t)DRIVER_VXD && !devices_vm_or_report(v, vm, "Win95 DDK S278F"))
        return;
    const struct vcomm_acquired a = {.used = 1, .number = vmm_arg(v, 1), .vm = vm};
    if (!take(v, &a, false))
        return;
    s->acquired[row] = a;
    answer(v, FIRST_HANDLE + row);
    if (a.number < VCD_PORTS)
        vcd_trap_begin(v);
}

static void release_port(struct vmm *v)
{
    struct vcomm_acquired *a = acquired(v, vmm_arg(v, 0));
    if (!a)
        return;
    if (a->number < VCD_PORTS) {
        struct vcd_port *p = &vcd_state(v)->port[a->number];
        bool driver = a->vm == (uint32_t)DRIVER_VXD;
        if (driver)
            p->taken = 0;
        else if (p->owner == a->vm)
            vcd_set_owner(v, a->number, 0);
    }
    a->used = 0;
}

static void steal_port(struct vmm *v)
{
    const struct vcomm_acquired *a = acquired(v, vmm_arg(v, 0));
    answer(v, a && take(v, a, true));
}

// ---------------------------------------------------------------------------------------------------------------------

// Procedures of port drivers; VCOMM itself takes them out of memory with their ports.
static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    const struct vcomm *s = vcomm_state(v);
    if (n >= VCOMM_PORTS)
        return false;
    *proc = *s->port[n].name ? s->port[n].open : 0;
    *what = "the PortOpen procedure of a port";
    for (unsigned i = 0; i < VCOMM_DRIVERS; i++)
        if (s->driver[i].going && s->driver[i].vxd == s->port[n].vxd)
            *proc = 0;
    return true;
}

static void control(struct vmm *v)
{
    devices_carry(v, false);
    if (vmm_regs(v)[X86_EAX] == KIT_PNP_New_Devnode)
        vcomm_new_node_begin(v);
}

static const struct vmm_binding bindings[] = {
    {KIT_VCOMM_Get_Version, devices_version},
    {KIT__VCOMM_Register_Port_Driver, vcomm_register_begin},
    {KIT__VCOMM_Add_Port, add_port},
    {KIT__VCOMM_Acquire_Port, acquire_port_begin},
    {KIT__VCOMM_Release_Port, release_port},
    {KIT__VCOMM_Steal_Port, steal_port},
    {KIT__VCOMM_OpenComm, open_comm_begin},
    {KIT__VCOMM_CloseComm, close_comm_begin},
    {KIT__VCOMM_SetCommState, set_comm_state},
    {KIT__VCOMM_GetCommState, get_comm_state},
    {KIT__VCOMM_SetupComm, setup_comm},
    {KIT__VCOMM_TransmitCommChar, transmit_comm_char},
    {KIT__VCOMM_GetCommQueueStatus, get_comm_queue_status},
    {KIT__VCOMM_ClearCommError, clear_comm_error},
    {KIT__VCOMM_GetModemStatus, get_modem_status},
    {KIT__VCOMM_GetCommProperties, get_comm_properties},
    {KIT__VCOMM_EscapeCommFunction, escape_comm_function},
    {KIT__VCOMM_PurgeComm, purge_comm},
    {KIT__VCOMM_SetCommEventMask, set_comm_event_mask},
    {KIT__VCOMM_GetCommEventMask, get_comm_event_mask},
    {KIT__VCOMM_WriteComm, write_comm},
    {KIT__VCOMM_ReadComm, read_comm},
    {KIT__VCOMM_EnableCommNotification, enable_comm_notification},
    {KIT__VCOMM_GetLastError, get_last_error},
    {KIT__VCOMM_SetReadCallBack, set_read_callback},
    {KIT__VCOMM_SetWriteCallBack, set_write_callback},
    {KIT__VCOMM_GetSetCommTimeouts, get_set_comm_timeouts},
    {0, NULL},
};

const struct vmm_device vcomm_device = {.id = KIT_VCOMM_Device_ID,
                                        .version = 0x0400,
                                        .bindings = bindings,
                                        .control = control,
                                        .holds = holds,
                                        .state_size = sizeof(struct vcomm)};

static bool create(struct vmm *v)
{
    struct vcomm *s = vcomm_state(v);
    s->open_kind = vmm_frame_kind_add(v, &open_kind);
    s->close_kind = vmm_frame_kind_add(v, &close_kind);
    return vcomm_load_create(v);
}

const struct devices_entry vcomm_entry = {&vcomm_device, create, true, NULL};
