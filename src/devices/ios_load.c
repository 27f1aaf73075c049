// IOS as the loader of port drivers: a device node whose DevLoader is *IOS gets the driver named by PortDriver in its
// driver's key when it starts (Win95 DDK S2F5B; Windows 98 DDK, Device Loading). The driver registers while it is
// loaded; one that is there already goes through its initialisation again for the new controller.
#include "devices/ios.h"

#include "devices/configmg.h"
#include "devices/vxdldr.h"
#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { NAME_BYTES = 64 };

// Frame: a[0] device node, a[1] guest address of the driver's name, a[2] its DDB, a[3] answer. The steps of a node that
// starts, and of one that goes.
enum { NODE, NAME, VXD, ANSWER };
enum { REGISTERED, LOADED, WALKED, GOING };

static void over(struct vmm *v, struct vmm_frame *f, uint32_t answer)
{
    if (f->a[NAME])
        (void)!vmm_heap_give(v, f->a[NAME]);
    ios_state(v)->node = 0;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = answer;
}

static struct vmm_frame *node_push(struct vmm *v, uint32_t node, uint16_t step)
{
    struct vmm_frame *f = vmm_frame_push(v, ios_state(v)->node_kind);
    if (!f)
        return NULL;
    f->step = step;
    f->a[NODE] = node;
    f->a[NAME] = f->a[VXD] = 0;
    return f;
}

// ---------------------------------------------------------------------------------------------------------------------
// Starting

// The next row of a driver of this VxD from `row` on; IOS_DRIVERS: none.
static uint32_t row_of(struct vmm *v, uint32_t vxd, uint32_t row)
{
    const struct ios *s = ios_state(v);
    while (row < IOS_DRIVERS && !(s->driver[row].dvt && vxdldr_driver_at(v, s->driver[row].aer) == vxd))
        row++;
    return row;
}

static void load_begin(struct vmm *v, struct vmm_frame *f, const char *name)
{
    uint32_t target = vmm_service_address(v, KIT_VXDLDR_Device_ID, KIT_VXDLDR_LoadDevice);
    f->a[NAME] = vmm_heap_get(v, NAME_BYTES);
    if (!target || !f->a[NAME] || !vmm_store(v, f->a[NAME], name, NAME_BYTES)) {
        over(v, f, KIT_CR_OUT_OF_MEMORY);
        return;
    }
    f->step = LOADED;
    vmm_regs(v)[X86_EDX] = f->a[NAME];
    vmm_regs(v)[X86_EAX] = KIT_VXDLDR_INIT_DEVICE;
    vmm_frame_call_begin(v, target);
}

static void start_begin(struct vmm *v, uint32_t node)
{
    char name[NAME_BYTES] = "";
    uint32_t row = configmg_row(v, CONFIGMG_NODE, node);
    struct vmm_frame *f = node_push(v, node, LOADED);
    if (!f)
        return;
    if (!row || !configmg_driver_text(v, row, NULL, "PortDriver", name, sizeof name)) {
        over(v, f, KIT_CR_FAILURE); // a miniport driver is no VxD
        return;
    }
    ios_state(v)->node = node;
    uint32_t vxd = vmm_device_named(v, vxdldr_base_name(name)), driver = vxd ? row_of(v, vxd, 0) : IOS_DRIVERS;
    if (!vxd) {
        load_begin(v, f, name);
        return;
    }
    if (driver == IOS_DRIVERS) {
        over(v, f, KIT_CR_FAILURE);
        return;
    }
    f->step = WALKED;
    f->a[VXD] = vxd;
    vmm_frame_wait(v);
    ios_initialize_again_begin(v, driver);
}

static void loaded(struct vmm *v, struct vmm_frame *f)
{
    bool there = !vmm_flag(v, X86_CF) && row_of(v, vmm_regs(v)[X86_EAX], 0) < IOS_DRIVERS;
    over(v, f, there ? KIT_CR_SUCCESS : KIT_CR_FAILURE);
}

// ---------------------------------------------------------------------------------------------------------------------
// Going: the devices of the node's controllers, then the controllers

static uint32_t ddb_of_node(struct vmm *v, uint32_t node)
{
    const struct ios *s = ios_state(v);
    for (unsigned i = 0; i < IOS_DRIVERS; i++) {
        uint32_t ddb = s->driver[i].dvt ? vmm_peek32(v, s->driver[i].dvt + KIT_DVT_ddb) : 0;
        for (unsigned n = 0; ddb && n < IOS_DEVICES; n++, ddb = vmm_peek32(v, ddb + KIT_DDB_Next_DDB))
            if (vmm_peek32(v, ddb + KIT_DDB_devnode_ptr) == node)
                return ddb;
    }
    return 0;
}

static void go_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t ddb = ddb_of_node(v, f->a[NODE]), dcb = ddb ? vmm_peek32(v, ddb + KIT_DDB_dcb_ptr) : 0;
    if (!ddb) {
        over(v, f, KIT_CR_SUCCESS);
        return;
    }
    vmm_frame_wait(v);
    if (dcb && ios_is_dcb(v, dcb))
        ios_destroy_dcb_begin(v, dcb);
    else
        ios_free_ddb_begin(v, ddb);
}

static void node_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case REGISTERED:
        over(v, f, vmm_regs(v)[X86_EAX]);
        break;
    case LOADED:
        loaded(v, f);
        break;
    case WALKED:
        over(v, f, ios_state(v)->initialized ? KIT_CR_SUCCESS : KIT_CR_FAILURE);
        break;
    default:
        go_begin(v, f);
        break;
    }
}

static void node_abandon(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    ios_state(v)->node = 0;
}

static const struct vmm_frame_kind node_kind = {"a port driver of a device node", node_resume, node_abandon};

// ---------------------------------------------------------------------------------------------------------------------

// PNP_New_Devnode: EBX = device node, EDX = why.
void ios_new_node_begin(struct vmm *v)
{
    uint32_t node = vmm_regs(v)[X86_EBX];
    uint32_t target = vmm_service_address(v, KIT_CONFIGMG_Device_ID, KIT__CONFIGMG_Register_Device_Driver);
    const uint32_t args[4] = {node, ios_state(v)->node_proc, 0, KIT_CM_REGISTER_DEVICE_DRIVER_REMOVABLE};
    if (vmm_regs(v)[X86_EDX] != KIT_DLVXD_LOAD_DEVLOADER || !target)
        return;
    if (node_push(v, node, REGISTERED))
        vmm_frame_call_c_begin(v, target, 4, args);
}

// The node's handler: (CONFIGFUNC, SUBCONFIGFUNC, DEVNODE, reference data, flags).
static void handler_begin(void *user, struct vmm *v)
{
    (void)user;
    uint32_t function = vmm_arg(v, 0), node = vmm_arg(v, 2);
    if (function == KIT_CONFIG_START) {
        start_begin(v, node);
    } else if (function == KIT_CONFIG_STOP || function == KIT_CONFIG_REMOVE) {
        struct vmm_frame *f = node_push(v, node, GOING);
        if (f)
            go_begin(v, f);
    } else {
        vmm_regs(v)[X86_EAX] = KIT_CR_DEFAULT;
    }
}

bool ios_load_create(struct vmm *v)
{
    struct ios *s = ios_state(v);
    s->node_kind = vmm_frame_kind_add(v, &node_kind);
    s->node_proc = vmm_host_proc(v, handler_begin, NULL);
    return s->node_proc != 0;
}
