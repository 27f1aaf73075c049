// VCOMM as the loader of port drivers (Win95 DDK S2744, S2745, S2795): a device node whose DevLoader is *VCOMM gets a
// name when it starts. The driver that the registry has behind the name is loaded when somebody opens it, registers,
// is told of its ports, and is unloaded when the last one is closed. The Enumerator is loaded by CONFIGMG.
#include "devices/vcomm.h"

#include "devices/configmg.h"
#include "devices/vxdldr.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/names.h"
#include "kit/services.h"

#include <string.h>

enum { FILE_BYTES = 64 };

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

static struct vcomm_driver *driver_of(struct vmm *v, uint32_t vxd)
{
    struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; i < VCOMM_DRIVERS; i++)
        if (s->driver[i].control && s->driver[i].vxd == vxd)
            return &s->driver[i];
    return NULL;
}

// Whether the node's PortName, or its FriendlyName, is that driver's.
static bool is_behind(struct vmm *v, uint32_t vxd, uint32_t node, bool friendly)
{
    char file[FILE_BYTES], name[VCOMM_NAME];
    return vxd && vcomm_node_text(v, node, friendly ? "FriendlyName" : "PortName", name, sizeof name) &&
           vcomm_node_file(v, node, friendly, file, sizeof file) && vmm_device_named(v, vxdldr_base_name(file)) == vxd;
}

static struct vcomm_port *port_of(struct vmm *v, uint32_t vxd, uint32_t node)
{
    struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; i < VCOMM_PORTS; i++)
        if (*s->port[i].name && s->port[i].node == node && s->port[i].vxd == vxd)
            return &s->port[i];
    return NULL;
}

// A copy in guest memory, 0 = no room.
static uint32_t guest_text(struct vmm *v, const char *text)
{
    uint32_t n = (uint32_t)strlen(text) + 1, to = vmm_heap_get(v, n);
    if (to && !vmm_store(v, to, text, n)) {
        (void)!vmm_heap_give(v, to);
        to = 0;
    }
    return to;
}

static void give(struct vmm *v, struct vmm_frame *f, unsigned n)
{
    if (f->a[n])
        (void)!vmm_heap_give(v, f->a[n]);
    f->a[n] = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Telling a driver of a port (S27A1). All frames here have the guest copy of a name in a[TEXT].

enum { TEXT = 0 };

static void text_abandon(struct vmm *v, struct vmm_frame *f)
{
    give(v, f, TEXT);
}

static void over(struct vmm *v, struct vmm_frame *f, uint32_t result)
{
    give(v, f, TEXT);
    vmm_frame_pop_all(v);
    answer(v, result);
}

// node 0: a driver without device nodes, which knows its ports. False: no room, nothing was called.
static bool tell_begin(struct vmm *v, struct vmm_frame *f, const struct vcomm_driver *d, uint32_t node)
{
    char name[VCOMM_NAME] = "";
    uint32_t row = node ? configmg_row(v, CONFIGMG_NODE, node) : 0, base = 0, irq = 0;
    if (row) {
        (void)!vcomm_node_text(v, node, is_behind(v, d->vxd, node, false) ? "PortName" : "FriendlyName", name,
                               sizeof name);
        (void)!configmg_allocated(v, row, KIT_ResType_IO, &base);
        (void)!configmg_allocated(v, row, KIT_ResType_IRQ, &irq);
    }
    give(v, f, TEXT);
    f->a[TEXT] = guest_text(v, name);
    if (!f->a[TEXT])
        return false;
    const uint32_t args[6] = {KIT_DC_InitializePort, node, node, f->a[TEXT], base, irq};
    vmm_frame_call_c_begin(v, d->control, 6, args);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Registration. Frame: a[1] row of the driver, a[2] next row of the nodes, a[3] how many it was told of

enum { DRIVER = 1, NEXT, TOLD };

static void register_next_begin(struct vmm *v, struct vmm_frame *f)
{
    const struct vcomm *s = vcomm_state(v);
    const struct vcomm_driver *d = &s->driver[f->a[DRIVER]];
    while (f->a[NEXT] < VCOMM_NODES) {
        uint32_t node = s->node[f->a[NEXT]++];
        if (!node || !(is_behind(v, d->vxd, node, false) || is_behind(v, d->vxd, node, true)))
            continue;
        f->a[TOLD]++;
        if (!tell_begin(v, f, d, node))
            over(v, f, false);
        return;
    }
    if (f->a[TOLD]++)
        over(v, f, true);
    else if (!tell_begin(v, f, d, 0))
        over(v, f, false);
}

static const struct vmm_frame_kind register_kind = {"DriverControl", register_next_begin, text_abandon};

static struct vcomm_driver *row_for(struct vmm *v, uint32_t control)
{
    struct vcomm *s = vcomm_state(v);
    struct vcomm_driver *room = NULL;
    for (unsigned i = 0; i < VCOMM_DRIVERS; i++) {
        struct vcomm_driver *d = &s->driver[i];
        if (vxdldr_driver_at(v, d->control) != d->vxd)
            *d = (struct vcomm_driver){.control = 0}; // unloaded by others
        if (d->control == control)
            return d;
        if (!d->control && !room)
            room = d;
    }
    return room;
}

// Register_Port_Driver(DriverControl): S275B.
void vcomm_register_begin(struct vmm *v)
{
    uint32_t control = vmm_arg(v, 0);
    struct vcomm_driver *d = control ? row_for(v, control) : NULL;
    struct vmm_frame *f = d ? vmm_frame_push(v, vcomm_state(v)->register_kind) : NULL;
    if (!f) {
        answer(v, false);
        return;
    }
    *d = (struct vcomm_driver){.control = control, .vxd = vxdldr_driver_at(v, control), .loaded = d->loaded};
    f->a[TEXT] = f->a[NEXT] = f->a[TOLD] = 0;
    f->a[DRIVER] = (uint32_t)(d - vcomm_state(v)->driver);
    register_next_begin(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------
// Opening by a node's name. Frame: a[1] node, a[2] VM, a[3] the driver's DDB, a[4] whether it is the friendly name

enum { NODE = 1, VM, VXD, FRIENDLY };
enum { LOADED, INFORMED, OPENED, UNLOADED };

static void fail_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = UNLOADED;
    vmm_frame_wait(v);
    vcomm_unload_begin(v, f->a[VXD], KIT_IE_HARDWARE);
}

// The driver is there: its port is opened, after it was told of the node when it does not know it.
static void reach_begin(struct vmm *v, struct vmm_frame *f, bool may_tell)
{
    struct vcomm_port *p = port_of(v, f->a[VXD], f->a[NODE]);
    const struct vcomm_driver *d = driver_of(v, f->a[VXD]);
    if (p) {
        f->step = OPENED;
        vmm_frame_wait(v);
        vcomm_open_begin(v, p, f->a[VM]);
        return;
    }
    f->step = INFORMED;
    if (!d || !may_tell || !tell_begin(v, f, d, f->a[NODE]))
        fail_begin(v, f);
}

static void loaded(struct vmm *v, struct vmm_frame *f)
{
    char id[HARDWARE_ID], file[FILE_BYTES];
    uint32_t row = configmg_row(v, CONFIGMG_NODE, f->a[NODE]);
    if (vmm_flag(v, X86_CF)) {
        configmg_id(v, row, id);
        (void)!vcomm_node_file(v, f->a[NODE], f->a[FRIENDLY], file, sizeof file);
        vmm_report(v, "load-refused", vmm_device_named(v, "VCOMM"), "Win95 DDK S2745",
                   "device %s: its port driver %s cannot be loaded", id, file);
        over(v, f, KIT_IE_HARDWARE);
        return;
    }
    f->a[VXD] = vmm_regs(v)[X86_EAX];
    struct vcomm_driver *d = driver_of(v, f->a[VXD]);
    if (d)
        d->loaded = 1;
    reach_begin(v, f, false);
}

static void load_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t result = vmm_regs(v)[X86_EAX];
    switch (f->step) {
    case LOADED:
        loaded(v, f);
        break;
    case INFORMED:
        reach_begin(v, f, false);
        break;
    case OPENED: // it may not have opened
        f->step = UNLOADED;
        vmm_frame_wait(v);
        vcomm_unload_begin(v, f->a[VXD], result);
        break;
    default:
        over(v, f, result);
        break;
    }
}

static const struct vmm_frame_kind load_kind = {"a port driver of a device node", load_resume, text_abandon};

// PortName goes before FriendlyName. 0: nobody has that name.
static uint32_t find_node(struct vmm *v, const char *name, bool *friendly)
{
    const struct vcomm *s = vcomm_state(v);
    char text[VCOMM_NAME];
    for (unsigned n = 0; n < 2 * VCOMM_NODES; n++) {
        uint32_t node = s->node[n % VCOMM_NODES];
        *friendly = n >= VCOMM_NODES;
        if (node && vcomm_node_text(v, node, *friendly ? "FriendlyName" : "PortName", text, sizeof text) &&
            kit_same_name(text, name))
            return node;
    }
    return 0;
}

void vcomm_open_node_begin(struct vmm *v, const char *name, uint32_t vm)
{
    char file[FILE_BYTES];
    bool friendly;
    uint32_t node = *name ? find_node(v, name, &friendly) : 0;
    if (!node || !vcomm_node_file(v, node, friendly, file, sizeof file)) {
        answer(v, KIT_IE_BADID);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, vcomm_state(v)->load_kind);
    if (!f)
        return;
    f->a[TEXT] = 0;
    f->a[NODE] = node;
    f->a[VM] = vm;
    f->a[VXD] = vmm_device_named(v, vxdldr_base_name(file));
    f->a[FRIENDLY] = friendly;
    if (f->a[VXD]) {
        reach_begin(v, f, true);
        return;
    }
    uint32_t target = vmm_service_address(v, KIT_VXDLDR_Device_ID, KIT_VXDLDR_LoadDevice);
    f->a[TEXT] = guest_text(v, file);
    if (!target || !f->a[TEXT]) {
        over(v, f, KIT_IE_MEMORY);
        return;
    }
    f->step = LOADED;
    vmm_regs(v)[X86_EDX] = f->a[TEXT];
    vmm_regs(v)[X86_EAX] = KIT_VXDLDR_INIT_DEVICE;
    vmm_frame_call_begin(v, target);
}

// ---------------------------------------------------------------------------------------------------------------------
// Unloading. Frame: a[1] the driver's DDB, a[2] the answer

enum { GOING = 1, ANSWER };

static void forget(struct vmm *v, uint32_t vxd)
{
    struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; i < VCOMM_PORTS; i++)
        if (*s->port[i].name && s->port[i].vxd == vxd)
            vcomm_port_free(v, &s->port[i]);
    for (unsigned i = 0; i < VCOMM_DRIVERS; i++)
        if (s->driver[i].vxd == vxd)
            s->driver[i] = (struct vcomm_driver){.control = 0};
}

static bool is_used(struct vmm *v, uint32_t vxd)
{
    const struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; i < VCOMM_PORTS; i++)
        if ((s->port[i].info || s->port[i].opening) && s->port[i].vxd == vxd)
            return true;
    return false;
}

// A driver that refuses stays, with its ports.
static void unload_resume(struct vmm *v, struct vmm_frame *f)
{
    struct vcomm_driver *d = driver_of(v, f->a[GOING]);
    if (!vmm_flag(v, X86_CF))
        forget(v, f->a[GOING]);
    else if (d)
        d->going = 0;
    over(v, f, f->a[ANSWER]);
}

static const struct vmm_frame_kind unload_kind = {"unloading of a port driver", unload_resume, text_abandon};

static uint32_t module_name(struct vmm *v, uint32_t vxd)
{
    struct vmm_driver d;
    for (uint32_t n = 0; vmm_driver_nth(v, n, &d); n++)
        if (d.ddb == vxd)
            return guest_text(v, d.name);
    return 0;
}

void vcomm_unload_begin(struct vmm *v, uint32_t vxd, uint32_t result)
{
    struct vcomm_driver *d = vxd ? driver_of(v, vxd) : NULL;
    uint32_t target = vmm_service_address(v, KIT_VXDLDR_Device_ID, KIT_VXDLDR_UnloadDevice);
    struct vmm_frame *f = d && d->loaded && !d->going && target && !is_used(v, vxd)
                              ? vmm_frame_push(v, vcomm_state(v)->unload_kind)
                              : NULL;
    answer(v, result);
    if (!f)
        return;
    f->a[GOING] = vxd;
    f->a[ANSWER] = result;
    f->a[TEXT] = module_name(v, vxd);
    if (!f->a[TEXT]) {
        over(v, f, result);
        return;
    }
    d->going = 1;
    vmm_regs(v)[X86_EBX] = 0xFFFFFFFF;
    vmm_regs(v)[X86_EDX] = f->a[TEXT];
    vmm_frame_call_begin(v, target);
}

// ---------------------------------------------------------------------------------------------------------------------
// Device nodes

static void node_resume(struct vmm *v, struct vmm_frame *f)
{
    over(v, f, vmm_regs(v)[X86_EAX]);
}

static const struct vmm_frame_kind node_kind = {"a device node of VCOMM", node_resume, text_abandon};

// EBX = device node, EDX = why.
void vcomm_new_node_begin(struct vmm *v)
{
    uint32_t target = vmm_service_address(v, KIT_CONFIGMG_Device_ID, KIT__CONFIGMG_Register_Device_Driver);
    const uint32_t args[4] = {vmm_regs(v)[X86_EBX], vcomm_state(v)->node_proc, 0,
                              KIT_CM_REGISTER_DEVICE_DRIVER_REMOVABLE};
    if (vmm_regs(v)[X86_EDX] != KIT_DLVXD_LOAD_DEVLOADER || !target)
        return;
    struct vmm_frame *f = vmm_frame_push(v, vcomm_state(v)->node_kind);
    if (!f)
        return;
    f->a[TEXT] = 0;
    vmm_frame_call_c_begin(v, target, 4, args);
}

static uint32_t *row_of(struct vmm *v, uint32_t node) // 0: a free one
{
    struct vcomm *s = vcomm_state(v);
    for (unsigned i = 0; i < VCOMM_NODES; i++)
        if (s->node[i] == node)
            return &s->node[i];
    return NULL;
}

static uint32_t start(struct vmm *v, uint32_t node)
{
    uint32_t *row = row_of(v, node);
    if (!row)
        row = row_of(v, 0);
    if (!row)
        return KIT_CR_OUT_OF_MEMORY;
    vcomm_node_name(v, node);
    *row = node;
    return KIT_CR_SUCCESS;
}

// Its ports go; one that is open goes when it is closed.
static uint32_t stop(struct vmm *v, uint32_t node)
{
    struct vcomm *s = vcomm_state(v);
    uint32_t *row = row_of(v, node);
    if (row)
        *row = 0;
    for (unsigned i = 0; i < VCOMM_PORTS; i++)
        if (*s->port[i].name && s->port[i].node == node && !s->port[i].info && !s->port[i].opening)
            vcomm_port_free(v, &s->port[i]);
    return KIT_CR_SUCCESS;
}

// The nodes' handler: (CONFIGFUNC, SUBCONFIGFUNC, DEVNODE, reference data, flags).
static void handler(void *user, struct vmm *v)
{
    (void)user;
    uint32_t function = vmm_arg(v, 0), node = vmm_arg(v, 2);
    answer(v, function == KIT_CONFIG_START                                   ? start(v, node)
              : function == KIT_CONFIG_STOP || function == KIT_CONFIG_REMOVE ? stop(v, node)
                                                                             : (uint32_t)KIT_CR_DEFAULT);
}

bool vcomm_load_create(struct vmm *v)
{
    struct vcomm *s = vcomm_state(v);
    s->register_kind = vmm_frame_kind_add(v, &register_kind);
    s->load_kind = vmm_frame_kind_add(v, &load_kind);
    s->unload_kind = vmm_frame_kind_add(v, &unload_kind);
    s->node_kind = vmm_frame_kind_add(v, &node_kind);
    s->node_proc = vmm_host_proc(v, handler, NULL);
    return s->node_proc != 0;
}
