// VXDLDR, the loader of dynamic drivers (Win95 DDK S3505-S3511), for drivers that load others. A device handle is the
// address of the device descriptor block.
#include "devices/vxdldr.h"
#include "devices/vxdldr_api.h"
#include "devices/vxdldr_list.h"

#include "devices/call.h"
#include "devices/common.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

struct vxdldr {
    uint32_t source_proc; // host code that places the file whose name EDX points to: EAX = DDB or 0, ECX = error
    uint32_t remove_proc; // event: EDX = DDB of a driver that has unloaded itself
    struct vxdldr_list list;
    uint16_t load_kind, unload_kind, api_kind;
};

extern const struct vmm_device vxdldr_device;

static struct vxdldr *state(struct vmm *v)
{
    return vmm_device_state(v, &vxdldr_device);
}

static void fail(struct vmm *v, uint32_t error)
{
    vmm_regs(v)[X86_EAX] = error;
    devices_carry(v, true);
}

// ---------------------------------------------------------------------------------------------------------------------
// Loading. Frame: a[0] flags, a[1] DDB.

enum { PLACING, INITIALISING };

const char *vxdldr_base_name(const char *path)
{
    const char *name = path;
    for (; *path; path++) {
        if (*path == '\\' || *path == '/' || *path == ':')
            name = path + 1;
    }
    return name;
}

static bool lies_in(struct vmm *v, uint32_t ddb, uint32_t address)
{
    struct vmm_driver_object o;
    for (uint32_t n = 0; vmm_driver_object(v, ddb, n, &o); n++)
        if (o.linear && address - o.linear < o.size)
            return true;
    return false;
}

uint32_t vxdldr_driver_at(struct vmm *v, uint32_t address)
{
    struct vmm_driver d;
    for (uint32_t n = 0; vmm_driver_nth(v, n, &d); n++)
        if (lies_in(v, d.ddb, address))
            return d.ddb;
    return 0;
}

// A driver of this file's name that is there already; names of modules are upper case.
static bool already_there(struct vmm *v, const char *name)
{
    char module[9] = "";
    for (size_t i = 0; i < 8 && name[i] && name[i] != '.'; i++)
        module[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    return vmm_driver_find(v, 0, module) != 0;
}

// A file of another name may hold a driver that is there: one with its id, or without one, with its name.
static bool twin_of(struct vmm *v, uint32_t ddb, uint32_t other)
{
    uint16_t id = vmm_peek16(v, ddb + KIT_DDB_Req_Device_Number);
    if (id != KIT_Undefined_Device_ID)
        return vmm_peek16(v, other + KIT_DDB_Req_Device_Number) == id;
    return vmm_peek32(v, other + KIT_DDB_Name) == vmm_peek32(v, ddb + KIT_DDB_Name) &&
           vmm_peek32(v, other + KIT_DDB_Name + 4) == vmm_peek32(v, ddb + KIT_DDB_Name + 4);
}

static bool has_twin(struct vmm *v, uint32_t ddb)
{
    struct vmm_driver other;
    for (uint32_t n = 0; vmm_driver_nth(v, n, &other); n++) {
        if (other.ddb != ddb && twin_of(v, ddb, other.ddb))
            return true;
    }
    return false;
}

static uint32_t place(struct vmm *v, const struct vxdldr_source *source, const char *path, uint32_t *error)
{
    const uint8_t *bytes;
    size_t size;
    *error = KIT_VXDLDR_ERR_DUPLICATE_DEVICE;
    if (already_there(v, vxdldr_base_name(path)))
        return 0;
    uint32_t waiting = vmm_driver_take(v, path); // given to the machine, and its turn has not come
    if (waiting)
        return waiting;
    *error = KIT_VXDLDR_ERR_FILE_OPEN_ERROR;
    if (!source || !source->find(source->user, path, &bytes, &size))
        return 0;
    *error = KIT_VXDLDR_ERR_BAD_DEVICE_FILE;
    struct base_diag diag;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    uint32_t ddb = vmm_driver_place(v, path, bytes, size, &diag);
    base_diag_free(&diag);
    if (ddb && has_twin(v, ddb)) {
        vmm_driver_remove(v, ddb);
        *error = KIT_VXDLDR_ERR_DUPLICATE_DEVICE;
        return 0;
    }
    return ddb;
}

static void place_from_source(void *user, struct vmm *v)
{
    uint32_t *r = vmm_regs(v), error;
    char path[260];
    if (!vmm_get_text(v, r[X86_EDX], path, sizeof path))
        return;
    r[X86_EAX] = place(v, user, path, &error);
    r[X86_ECX] = error;
}

bool vxdldr_set_source(struct vmm *v, const struct vxdldr_source *source)
{
    struct vxdldr *s = state(v);
    if (!s)
        return true; // Windows 3.1: nobody will ask
    s->source_proc = vmm_host_proc(v, place_from_source, (void *)(uintptr_t)source);
    return s->source_proc != 0;
}

static void loaded(struct vmm *v, uint32_t ddb)
{
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = vmm_regs(v)[X86_EDX] = ddb;
    devices_carry(v, false);
}

static void initialise_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t *r = vmm_regs(v), error = r[X86_ECX];
    f->a[1] = r[X86_EAX];
    if (!f->a[1]) {
        vmm_frame_pop_all(v);
        fail(v, error);
        return;
    }
    if (!(f->a[0] & KIT_VXDLDR_INIT_DEVICE)) {
        loaded(v, f->a[1]); // the caller sends Sys_Dynamic_Device_Init itself
        return;
    }
    f->step = INITIALISING;
    r[X86_EAX] = KIT_Sys_Dynamic_Device_Init;
    r[X86_EBX] = vmm_system_vm(v);
    r[X86_ECX] = f->a[1];
    r[X86_EDX] = r[X86_ESI] = r[X86_EDI] = 0;
    devices_call_begin(v, KIT_Directed_Sys_Control);
}

static void load_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == PLACING) {
        initialise_begin(v, f);
        return;
    }
    uint32_t ddb = f->a[1];
    if (!vmm_flag(v, X86_CF)) {
        loaded(v, ddb);
        return;
    }
    vmm_frame_pop_all(v);
    vmm_driver_remove(v, ddb);
    fail(v, KIT_VXDLDR_ERR_DEVICE_REFUSED);
}

static const struct vmm_frame_kind load_kind = {"Sys_Dynamic_Device_Init", load_resume, NULL};

static void load_device_begin(struct vmm *v)
{
    struct vmm_frame *f = vmm_frame_push(v, state(v)->load_kind);
    if (!f)
        return;
    f->a[0] = vmm_regs(v)[X86_EAX];
    f->step = PLACING;
    vmm_frame_call_begin(v, state(v)->source_proc);
}

static void dev_init_succeeded(struct vmm *v)
{
    devices_carry(v, false); // the device stays as it is; nothing is held back for the case that it fails
}

static void dev_init_failed(struct vmm *v)
{
    vmm_driver_remove(v, vmm_regs(v)[X86_EDX]);
    devices_carry(v, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// Unloading. A device that exports services stays, since their callers could not be told; and one that refuses
// Sys_Dynamic_Device_Exit. Hooks of VXDLDR_Notify hear of every object. Frame: a[0] DDB, a[1] object, a[2] it unloads
// itself: its memory goes later, when its code has been left.

enum { EXITING, NOTIFYING, SCHEDULING };

static void unloaded(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t ddb = f->a[0];
    bool itself = f->a[2];
    vmm_frame_pop_all(v);
    if (!itself)
        vmm_driver_remove(v, ddb);
    devices_carry(v, false);
}

static void notify_next_begin(struct vmm *v, struct vmm_frame *f)
{
    struct vmm_driver_object o;
    uint32_t *r = vmm_regs(v), info = vxdldr_list_info(&state(v)->list, f->a[0]);
    if (info && vmm_driver_object(v, f->a[0], f->a[1], &o)) {
        f->step = NOTIFYING;
        r[X86_EAX] = KIT_VXDLDR_NOTIFY_OBJECTUNLOAD;
        r[X86_EDI] = info;
        r[X86_EBX] = vmm_peek32(v, info + KIT_DI_ObjInfo) + f->a[1] * KIT_SIZE_ObjectInfo;
        r[X86_EDX] = ++f->a[1]; // objects are numbered from 1
        vmm_frame_call_begin(v, vmm_service_address(v, vxdldr_device.id, KIT_VXDLDR_Notify));
    } else if (f->a[2]) {
        f->step = SCHEDULING;
        r[X86_EDX] = f->a[0];
        r[X86_ESI] = state(v)->remove_proc;
        devices_call_begin(v, KIT_Schedule_Global_Event);
    } else {
        unloaded(v, f);
    }
}

static void unload_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == SCHEDULING) {
        unloaded(v, f);
    } else if (f->step == EXITING && vmm_flag(v, X86_CF)) {
        vmm_frame_pop_all(v);
        fail(v, KIT_VXDLDR_ERR_DEVICE_REFUSED);
    } else {
        notify_next_begin(v, f);
    }
}

static const struct vmm_frame_kind unload_kind = {"Sys_Dynamic_Device_Exit", unload_resume, NULL};

static void remove_driver(void *user, struct vmm *v)
{
    (void)user;
    vmm_driver_remove(v, vmm_regs(v)[X86_EDX]);
}

// The driver with this id, or with the module name at EDX. False: its name is not there, the service runs again.
static bool named_driver(struct vmm *v, bool by_name, uint32_t *ddb)
{
    const uint32_t *r = vmm_regs(v);
    char name[16];
    if (!by_name) {
        *ddb = vmm_driver_find(v, (uint16_t)r[X86_EBX], NULL);
        return true;
    }
    if (!vmm_get_text(v, r[X86_EDX], name, sizeof name))
        return false;
    *ddb = vmm_driver_find(v, 0, name);
    return true;
}

static void exit_begin(struct vmm *v, uint32_t ddb, bool itself)
{
    (void)vxdldr_list_refresh(v, &state(v)->list);
    struct vmm_frame *f = vmm_frame_push(v, state(v)->unload_kind);
    if (!f)
        return;
    f->step = EXITING;
    f->a[0] = ddb;
    f->a[1] = 0;
    f->a[2] = itself;
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = KIT_Sys_Dynamic_Device_Exit;
    r[X86_EBX] = vmm_system_vm(v);
    r[X86_ECX] = ddb;
    devices_call_begin(v, KIT_Directed_Sys_Control);
}

static void unload_begin(struct vmm *v, bool by_name, bool itself)
{
    uint32_t ddb;
    if (!named_driver(v, by_name, &ddb))
        return;
    if (!ddb)
        fail(v, KIT_VXDLDR_ERR_NO_SUCH_DEVICE);
    else if (vmm_peek32(v, ddb + KIT_DDB_Service_Table_Size))
        fail(v, KIT_VXDLDR_ERR_DEVICE_UNLOADABLE);
    else
        exit_begin(v, ddb, itself);
}

// EBX = id, or -1 with EDX = module name.
static void unload_device_begin(struct vmm *v)
{
    unload_begin(v, vmm_regs(v)[X86_EBX] == 0xFFFFFFFFu, false);
}

// BX = id, or no id with EDX = module name. The caller goes on behind the call and leaves; an event removes it from
// memory (Win95 DDK S3512).
static void unload_me_begin(struct vmm *v)
{
    uint32_t ebx = vmm_regs(v)[X86_EBX];
    unload_begin(v, (ebx & 0xFFFF) == KIT_Undefined_Device_ID || ebx == 0xFFFFFFFFu, true);
}

static void get_device_list(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vxdldr_list_refresh(v, &state(v)->list);
}

// A hook point: drivers that want to hear of loads and unloads hook it, and chain on to here (Win95 DDK S3510).
static void notify(struct vmm *v)
{
    (void)v;
}

static const struct vmm_binding bindings[] = {
    {KIT_VXDLDR_Get_Version, devices_version},
    {KIT_VXDLDR_LoadDevice, load_device_begin},
    {KIT_VXDLDR_UnloadDevice, unload_device_begin},
    {KIT_VXDLDR_DevInitSucceeded, dev_init_succeeded},
    {KIT_VXDLDR_DevInitFailed, dev_init_failed},
    {KIT_VXDLDR_GetDeviceList, get_device_list},
    {KIT_VXDLDR_UnloadMe, unload_me_begin},
    {KIT_VXDLDR_Notify, notify},
    {0, NULL},
};

static void api_begin(struct vmm *v)
{
    vxdldr_api_begin(v, state(v)->api_kind);
}

const struct vmm_device vxdldr_device = {
    .id = 0x27, .version = 0x0400, .bindings = bindings, .state_size = sizeof(struct vxdldr), .api = api_begin};

static bool create(struct vmm *v)
{
    state(v)->load_kind = vmm_frame_kind_add(v, &load_kind);
    state(v)->unload_kind = vmm_frame_kind_add(v, &unload_kind);
    state(v)->api_kind = vxdldr_api_create(v);
    state(v)->remove_proc = vmm_host_proc(v, remove_driver, NULL);
    state(v)->source_proc = vmm_host_proc(v, place_from_source, NULL); // drivers that the machine was given already
    return state(v)->remove_proc && state(v)->source_proc;
}

const struct devices_entry vxdldr_entry = {&vxdldr_device, create, true, NULL};
