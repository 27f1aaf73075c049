// CONFIGMG: VxDs that are loaded for a device node and told by PNP_New_Devnode: those that the registry names, and
// those that a driver asks for. Which ones they were can be asked afterwards. Win95 DDK S2537, S251F, S343B.
#include "devices/configmg.h"

#include "devices/vxdldr.h"
#include "kit/messages.h"
#include "kit/services.h"

#include <string.h>

// Frame: a[0] node, a[1] DLVXD_LOAD_*, a[2] guest copy of the names, each terminated, a[3] offset of the one that is
// next, a[4] offset of the present one, a[5] whether the registry asks, not a driver.

enum { LOADING, TELLING };
enum { ALIVE = 16 }; // VxDs of one kind that a node remembers

static const char *value_name(uint32_t type)
{
    return type == KIT_DLVXD_LOAD_ENUMERATOR ? "Enumerator" : "DevLoader";
}

static void load_over(struct vmm *v, int result)
{
    struct vmm_frame *f = vmm_frame_top(v);
    if (f->a[2])
        (void)!vmm_heap_give(v, f->a[2]);
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = (uint32_t)result;
}

static bool name_at(struct vmm *v, const struct vmm_frame *f, uint32_t offset, char name[CONFIGMG_NAMES])
{
    memset(name, 0, CONFIGMG_NAMES);
    return f->a[2] && offset < CONFIGMG_NAMES &&
           x86_read_linear(vmm_cpu(v), f->a[2] + offset, name, CONFIGMG_NAMES - offset, X86_READ, NULL) && name[0];
}

// A file that is not there or cannot be loaded. A driver that asked has the answer; what the registry names, nobody
// else would tell of.
static void load_failed(struct vmm *v, const struct vmm_frame *f, int result, const char *why)
{
    char id[HARDWARE_ID], name[CONFIGMG_NAMES];
    if (f->a[5] && name_at(v, f, f->a[4], name)) {
        configmg_id(v, f->a[0], id);
        vmm_report(v, "load-refused", vmm_device_named(v, "CONFIGMG"), "Win95 DDK S2537", "device %s: its %s %s %s", id,
                   value_name(f->a[1]), name, why);
    }
    load_over(v, result);
}

// ---------------------------------------------------------------------------------------------------------------------
// What was loaded, for Get_DDBs: an array in guest memory for each kind

static unsigned kind_of(uint32_t type)
{
    return type == KIT_DLVXD_LOAD_ENUMERATOR ? 0 : type == KIT_DLVXD_LOAD_DEVLOADER ? 1 : 2;
}

static bool is_type(uint32_t type)
{
    return type == KIT_DLVXD_LOAD_ENUMERATOR || type == KIT_DLVXD_LOAD_DEVLOADER || type == KIT_DLVXD_LOAD_DRIVER;
}

static bool is_alive(struct vmm *v, uint32_t ddb)
{
    struct vmm_driver d;
    for (uint32_t n = 0; vmm_driver_nth(v, n, &d); n++)
        if (d.ddb == ddb)
            return true;
    return false;
}

// Takes unloaded ones out; how many are left.
static uint32_t tidy(struct vmm *v, struct configmg_node *n, unsigned kind)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < n->ddb_count[kind]; i++) {
        uint32_t ddb = vmm_peek32(v, n->ddbs[kind] + 4 * i);
        if (is_alive(v, ddb))
            vmm_poke32(v, n->ddbs[kind] + 4 * left++, ddb);
    }
    n->ddb_count[kind] = (uint8_t)left;
    return left;
}

static void remember(struct vmm *v, uint32_t node, uint32_t type, uint32_t ddb)
{
    struct configmg_node *n = &configmg_state(v)->node[node];
    unsigned kind = kind_of(type);
    if (!n->ddbs[kind])
        n->ddbs[kind] = vmm_heap_get(v, 4 * ALIVE);
    uint32_t count = n->ddbs[kind] ? tidy(v, n, kind) : ALIVE;
    for (uint32_t i = 0; i < count && count < ALIVE; i++)
        if (vmm_peek32(v, n->ddbs[kind] + 4 * i) == ddb)
            return;
    if (count == ALIVE)
        return;
    vmm_poke32(v, n->ddbs[kind] + 4 * count, ddb);
    n->ddb_count[kind]++;
}

// Get_DDBs(pppDDB, pulCount, LoadType, dnDevNode, ulFlags), S251F: a null pointer when none was loaded.
static int ddbs(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 3)), to = vmm_arg(v, 0), count_to = vmm_arg(v, 1);
    if (!node)
        return KIT_CR_INVALID_DEVNODE;
    if (!is_type(vmm_arg(v, 2)))
        return KIT_CR_INVALID_LOAD_TYPE;
    if (vmm_arg(v, 4))
        return KIT_CR_INVALID_FLAG;
    if (!to || !count_to)
        return KIT_CR_INVALID_POINTER;
    struct configmg_node *n = &configmg_state(v)->node[node];
    unsigned kind = kind_of(vmm_arg(v, 2));
    if (!vmm_probe(v, to, 4, true) || !vmm_probe(v, count_to, 4, true))
        return CONFIGMG_FAULTED;
    uint32_t count = tidy(v, n, kind);
    return vmm_put32(v, to, count ? n->ddbs[kind] : 0) && vmm_put32(v, count_to, count) ? KIT_CR_SUCCESS
                                                                                        : CONFIGMG_FAULTED;
}

static void get_ddbs(struct vmm *v)
{
    configmg_answer(v, ddbs(v));
}

void configmg_loads_free(struct vmm *v, uint32_t node)
{
    struct configmg_node *n = &configmg_state(v)->node[node];
    for (unsigned kind = 0; kind < CONFIGMG_LOADS; kind++)
        if (n->ddbs[kind])
            (void)!vmm_heap_give(v, n->ddbs[kind]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Loading

static void tell_begin(struct vmm *v, struct vmm_frame *f, uint32_t ddb)
{
    uint32_t *r = vmm_regs(v);
    remember(v, f->a[0], f->a[1], ddb);
    f->step = TELLING;
    r[X86_EAX] = KIT_PNP_New_Devnode;
    r[X86_EBX] = configmg_handle(v, CONFIGMG_NODE, f->a[0]);
    r[X86_ECX] = ddb;
    r[X86_EDX] = f->a[1];
    devices_call_begin(v, KIT_Directed_Sys_Control);
}

// The next name of the list: a device that is there is told at once, others are loaded by VXDLDR. *NAME is one that has
// to be there.
static void next_name_begin(struct vmm *v, struct vmm_frame *f)
{
    char name[CONFIGMG_NAMES];
    if (!name_at(v, f, f->a[3], name)) {
        load_over(v, KIT_CR_SUCCESS);
        return;
    }
    uint32_t ddb = vmm_device_named(v, vxdldr_base_name(name + (name[0] == '*')));
    f->a[4] = f->a[3];
    f->a[3] += (uint32_t)strlen(name) + 1;
    if (ddb) {
        tell_begin(v, f, ddb);
        return;
    }
    uint32_t target = vmm_service_address(v, KIT_VXDLDR_Device_ID, KIT_VXDLDR_LoadDevice);
    if (name[0] == '*' || !target) {
        load_failed(v, f, KIT_CR_DLVXD_NOT_FOUND, "is no device of this system");
        return;
    }
    f->step = LOADING;
    vmm_regs(v)[X86_EDX] = f->a[2] + f->a[4];
    vmm_regs(v)[X86_EAX] = KIT_VXDLDR_INIT_DEVICE;
    vmm_frame_call_begin(v, target);
}

static void load_resume(struct vmm *v, struct vmm_frame *f)
{
    const uint32_t *r = vmm_regs(v);
    bool carry = vmm_flag(v, X86_CF);
    if (f->step == LOADING && carry && r[X86_EAX] == KIT_VXDLDR_ERR_FILE_OPEN_ERROR)
        load_failed(v, f, KIT_CR_DLVXD_NOT_FOUND, "is not there: no driver given to the run has that file name");
    else if (f->step == LOADING && carry)
        load_failed(v, f, KIT_CR_FAILURE, "cannot be loaded");
    else if (f->step == LOADING)
        tell_begin(v, f, r[X86_EAX]);
    else if (!carry && r[X86_EAX] == KIT_PNP_New_Devnode)
        load_failed(v, f, KIT_CR_FAILURE, "does not know the message PNP_New_Devnode");
    else if (r[X86_EAX] != KIT_CR_SUCCESS)
        load_over(v, (int)r[X86_EAX]);
    else
        next_name_begin(v, f);
}

static const struct vmm_frame_kind load_kind = {"PNP_New_Devnode", load_resume, NULL};

// Names are separated by blanks or commas (S2537).
void configmg_load_begin(struct vmm *v, uint32_t node, const char *names, uint32_t type, bool registry)
{
    char list[CONFIGMG_NAMES] = "";
    uint32_t n = 0;
    for (const char *c = names; *c && n < CONFIGMG_NAMES - 2; c++) {
        bool between = *c == ' ' || *c == ',';
        if (!between || (n && list[n - 1]))
            list[n++] = between ? '\0' : *c;
    }
    struct vmm_frame *f = vmm_frame_push(v, configmg_state(v)->load_kind);
    if (!f)
        return;
    f->a[0] = node;
    f->a[1] = type;
    f->a[2] = vmm_heap_get(v, CONFIGMG_NAMES);
    f->a[3] = f->a[4] = 0;
    f->a[5] = registry;
    if (!f->a[2] || !x86_write_linear(vmm_cpu(v), f->a[2], list, CONFIGMG_NAMES, X86_WRITE, NULL))
        load_over(v, KIT_CR_OUT_OF_MEMORY);
    else
        next_name_begin(v, f);
}

// Load_DLVxDs(dnDevNode, FileNames, LoadType, ulFlags)
static void load_dlvxds_begin(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0)), type = vmm_arg(v, 2);
    char names[CONFIGMG_NAMES];
    int error = !node                       ? KIT_CR_INVALID_DEVNODE
                : vmm_arg(v, 3)             ? KIT_CR_INVALID_FLAG
                : !vmm_arg(v, 1)            ? KIT_CR_INVALID_POINTER
                : !is_type(type)            ? KIT_CR_INVALID_LOAD_TYPE
                : !configmg_in_system_vm(v) ? KIT_CR_NOT_SYSTEM_VM
                                            : KIT_CR_SUCCESS;
    if (error)
        configmg_answer(v, error);
    else if (vmm_get_text(v, vmm_arg(v, 1), names, sizeof names))
        configmg_load_begin(v, node, names, type, false);
}

void configmg_load_create(struct vmm *v)
{
    configmg_state(v)->load_kind = vmm_frame_kind_add(v, &load_kind);
}

const struct vmm_binding configmg_load_bindings[] = {
    {KIT__CONFIGMG_Load_DLVxDs, load_dlvxds_begin},
    {KIT__CONFIGMG_Get_DDBs, get_ddbs},
    {0, NULL},
};
