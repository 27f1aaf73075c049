// The display adapter's device node, whose DevLoader VDD is (Win95 DDK S23EA): the mini-VDD named in its driver's key
// is loaded, and DISPLAYINFO tells what the registry says (S28A3). Monitors have no device nodes here.
#include "devices/vdd.h"

#include "devices/configmg.h"
#include "devices/vxdldr.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char defaults[] = "DEFAULT"; // the key below the driver's
enum { NAME_BYTES = 64 };

static struct vdd *state(struct vmm *v)
{
    return vdd_state(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Loading. Frame: a[0] device node, a[1] guest address of a file's name.

enum { REGISTERING, LOADING_MINI, LOADING_CARD };

static void node_over(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[1])
        (void)!vmm_heap_give(v, f->a[1]);
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
}

// False: nothing is named, or the driver is there already.
static bool load_begin(struct vmm *v, struct vmm_frame *f, const char *value, uint16_t step)
{
    char name[NAME_BYTES];
    uint32_t node = configmg_row(v, CONFIGMG_NODE, f->a[0]);
    uint32_t target = vmm_service_address(v, KIT_VXDLDR_Device_ID, KIT_VXDLDR_LoadDevice);
    f->step = step;
    if (!node || !target || !configmg_driver_text(v, node, defaults, value, name, sizeof name) ||
        vmm_device_named(v, vxdldr_base_name(name)))
        return false;
    if (!f->a[1] && !(f->a[1] = vmm_heap_get(v, NAME_BYTES)))
        return false;
    if (!vmm_store(v, f->a[1], name, sizeof name))
        return false;
    vmm_regs(v)[X86_EDX] = f->a[1];
    vmm_regs(v)[X86_EAX] = KIT_VXDLDR_INIT_DEVICE;
    vmm_frame_call_begin(v, target);
    return true;
}

static void node_resume(struct vmm *v, struct vmm_frame *f)
{
    bool failed = vmm_flag(v, X86_CF);
    if (f->step == REGISTERING) {
        if (load_begin(v, f, "minivdd", LOADING_MINI))
            return;
        failed = false;
    }
    if (f->step == LOADING_MINI) {
        state(v)->mini_failed |= failed;
        if (load_begin(v, f, "cardvdd", LOADING_CARD))
            return;
    } else {
        state(v)->card_loaded |= !failed;
    }
    node_over(v, f);
}

static const struct vmm_frame_kind load_kind = {"loading a mini-VDD", node_resume, NULL};

// PNP_New_Devnode: EBX = device node. Its resources are whatever CONFIGMG gives it.
void vdd_node_begin(struct vmm *v)
{
    uint32_t node = vmm_regs(v)[X86_EBX];
    uint32_t target = vmm_service_address(v, KIT_CONFIGMG_Device_ID, KIT__CONFIGMG_Register_Device_Driver);
    struct vmm_frame *f = target ? vmm_frame_push(v, state(v)->load_kind) : NULL;
    if (!f)
        return;
    state(v)->node = node;
    f->a[0] = node;
    f->a[1] = 0;
    f->step = REGISTERING;
    vmm_frame_call_c_begin(v, target, 4, (const uint32_t[]){node, state(v)->node_proc, 0, 0});
}

// The driver's handler of CONFIGMG: everything is all right.
static void node_handler(void *user, struct vmm *v)
{
    (void)user;
    vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
}

// ---------------------------------------------------------------------------------------------------------------------
// DISPLAYINFO

static uint32_t text(struct vmm *v, const char *name, char *to, uint32_t size)
{
    uint32_t node = state(v)->node ? configmg_row(v, CONFIGMG_NODE, state(v)->node) : 0;
    to[0] = 0;
    return node ? configmg_driver_text(v, node, defaults, name, to, size) : 0;
}

// "8,640,480": bits, columns, rows. The flags say what is missing.
static uint32_t read_mode(struct vmm *v, uint8_t *info)
{
    char mode[NAME_BYTES];
    unsigned bits = 0, columns = 0, rows = 0;
    int found = text(v, "Mode", mode, sizeof mode) ? sscanf(mode, "%3u,%5u,%5u", &bits, &columns, &rows) : 0;
    if (found >= 1) {
        info[KIT_diPlanes] = bits == 4 ? 4 : 1; // sixteen colours are a VGA's four planes
        info[KIT_diBpp] = (uint8_t)(bits == 4 ? 1 : bits);
    }
    if (found == 3) {
        base_put16(info + KIT_diXRes, (uint16_t)columns);
        base_put16(info + KIT_diYRes, (uint16_t)rows);
    }
    return (found >= 1 ? 0 : KIT_REGISTRY_BPP_NOT_VALID) | (found == 3 ? 0 : KIT_REGISTRY_RESOLUTION_NOT_VALID);
}

// Without a monitor's node the value RefreshRate is all there is; -1 asks for the monitor's own (S281D).
static uint32_t read_rate(struct vmm *v, uint8_t *info)
{
    char value[NAME_BYTES];
    const uint32_t unknown = KIT_MONITOR_DEVNODE_NOT_ACTIVE | KIT_MONITOR_INFO_NOT_VALID;
    long rate = text(v, "RefreshRate", value, sizeof value) ? strtol(value, NULL, 10) : -1;
    if (rate == -1)
        return unknown;
    if (rate <= 0 || rate > UINT16_MAX)
        return unknown | KIT_MONITOR_INFO_DISABLED_BY_USER;
    base_put16(info + KIT_diRefreshRateMax, (uint16_t)rate);
    return KIT_MONITOR_DEVNODE_NOT_ACTIVE | KIT_REFRESH_RATE_MAX_ONLY;
}

void vdd_info(struct vmm *v, uint8_t info[KIT_SIZE_DISPLAYINFO])
{
    const struct vdd *s = vdd_state(v);
    char driver[16];
    memset(info, 0, KIT_SIZE_DISPLAYINFO);
    uint32_t flags = KIT_REGISTRY_DPI_NOT_VALID | read_mode(v, info) | read_rate(v, info);
    flags |= (s->mini_failed ? KIT_MINIVDD_FAILED_TO_LOAD : 0) | (s->card_loaded ? KIT_CARD_VDD_LOADED_OK : 0);
    if (text(v, "drv", driver, sizeof driver))
        memcpy(info + KIT_diDriverName, driver, sizeof driver);
    base_put16(info + KIT_diHdrSize, KIT_SIZE_DISPLAYINFO);
    base_put16(info + KIT_diInfoFlags, (uint16_t)flags);
    base_put32(info + KIT_diDevNodeHandle, s->node);
}

// EAX -> DISPLAYINFO, ECX = its bytes. EAX = 0, or -1.
static void get_displayinfo(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), room = r[X86_ECX];
    uint8_t info[KIT_SIZE_DISPLAYINFO];
    vdd_info(v, info);
    if (room >= 4 && !vmm_put(v, r[X86_EAX], info, room < sizeof info ? room : (uint32_t)sizeof info))
        return;
    r[X86_EAX] = room >= 4 ? 0 : UINT32_MAX;
}

const struct vmm_binding vdd_info_bindings[] = {
    {KIT_VDD_Get_DISPLAYINFO, get_displayinfo},
    {0, NULL},
};

bool vdd_info_create(struct vmm *v)
{
    state(v)->load_kind = vmm_frame_kind_add(v, &load_kind);
    state(v)->node_proc = vmm_host_proc(v, node_handler, NULL);
    return state(v)->node_proc != 0;
}
