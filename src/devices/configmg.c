// CONFIGMG, the configuration manager (Win95 DDK S2505-S2588): the tree of device nodes and the services that walk it.
#include "devices/configmg.h"

#include "devices/observe.h"
#include "kit/messages.h"
#include "kit/services.h"

#include <string.h>

extern const struct vmm_device configmg_device;

struct configmg *configmg_state(struct vmm *v)
{
    return vmm_device_state(v, &configmg_device);
}

// ---------------------------------------------------------------------------------------------------------------------
// Handles: F0000000h + kind, generation and row

static uint32_t generation_of(const struct configmg *s, uint32_t kind, uint32_t row)
{
    switch (kind) {
    case CONFIGMG_NODE:
        return row < CONFIGMG_NODES ? s->node[row].generation : 0;
    case CONFIGMG_CONF:
        return row < CONFIGMG_CONFS ? s->conf[row].generation : 0;
    case CONFIGMG_ARBITRATOR:
        return row < CONFIGMG_ARBITRATORS ? s->arbitrator[row].generation : 0;
    case CONFIGMG_LIST:
        return row < CONFIGMG_LISTS ? s->list[row].generation : 0;
    case CONFIGMG_RANGE:
        return row < CONFIGMG_RANGES ? s->range[row].generation : 0;
    default:
        return row < CONFIGMG_DESCRIPTORS ? s->descriptor[row].generation : 0;
    }
}

uint32_t configmg_handle(struct vmm *v, enum configmg_kind kind, uint32_t row)
{
    uint32_t generation = generation_of(configmg_state(v), kind, row);
    return row ? 0xF0000000u | (uint32_t)kind << 24 | (generation & 0xFFF) << 12 | row : 0;
}

uint32_t configmg_row(struct vmm *v, enum configmg_kind kind, uint32_t handle)
{
    uint32_t row = handle & 0xFFF, generation = generation_of(configmg_state(v), kind, row);
    return row && generation && handle == configmg_handle(v, kind, row) ? row : 0;
}

void configmg_answer(struct vmm *v, int result)
{
    if (result != CONFIGMG_FAULTED)
        vmm_regs(v)[X86_EAX] = (uint32_t)result;
}

// Some services answer CR_NOT_SYSTEM_VM in others.
bool configmg_in_system_vm(struct vmm *v)
{
    return vmm_current_vm(v) == vmm_system_vm(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// The tree

void configmg_id(struct vmm *v, uint32_t node, char id[HARDWARE_ID])
{
    uint32_t at = configmg_state(v)->node[node].id;
    id[0] = 0;
    if (at && !x86_read_linear(vmm_cpu(v), at, id, HARDWARE_ID, X86_READ, NULL))
        id[0] = 0;
    id[HARDWARE_ID - 1] = 0;
}

uint32_t configmg_find(struct vmm *v, const char *id)
{
    struct configmg *s = configmg_state(v);
    char other[HARDWARE_ID];
    for (uint32_t i = 1; i < CONFIGMG_NODES; i++) {
        if (!s->node[i].generation || !s->node[i].id || s->node[i].status & KIT_DN_MOVED)
            continue;
        configmg_id(v, i, other);
        if (hardware_same_id(id, other))
            return i;
    }
    return 0;
}

static uint32_t keep_id(struct vmm *v, const char *id)
{
    uint32_t at = vmm_heap_get(v, HARDWARE_ID);
    if (at && x86_write_linear(vmm_cpu(v), at, id, (uint32_t)strlen(id) + 1, X86_WRITE, NULL))
        return at;
    return 0;
}

// The youngest child is the last sibling.
static void link_node(struct configmg *s, uint32_t parent, uint32_t node)
{
    uint16_t *link = &s->node[parent].child;
    s->node[node].parent = (uint16_t)parent;
    while (*link)
        link = &s->node[*link].sibling;
    *link = (uint16_t)node;
}

uint32_t configmg_node_new(struct vmm *v, uint32_t parent, const char *id)
{
    struct configmg *s = configmg_state(v);
    uint32_t row = 1;
    while (row < CONFIGMG_NODES && s->node[row].generation)
        row++;
    uint32_t text = row < CONFIGMG_NODES && id ? keep_id(v, id) : 0;
    if (row == CONFIGMG_NODES || (id && !text))
        return 0;
    s->generation = s->generation % 0xFFF + 1;
    s->node[row] = (struct configmg_node){.generation = s->generation, .id = text, .waits = 1, .new_node = 1};
    if (parent)
        link_node(s, parent, row);
    return row;
}

void configmg_node_free(struct vmm *v, uint32_t node)
{
    struct configmg *s = configmg_state(v);
    struct configmg_node *n = &s->node[node];
    uint16_t *link = &s->node[n->parent].child;
    for (unsigned type = 0; type < CONFIGMG_TYPES; type++)
        configmg_confs_free(v, node, type);
    configmg_loads_free(v, node);
    configmg_privates_free(v, node);
    while (*link != node)
        link = &s->node[*link].sibling;
    *link = n->sibling;
    if (n->id)
        (void)!vmm_heap_give(v, n->id);
    if (n->bus_info)
        (void)!vmm_heap_give(v, n->bus_info);
    n->generation = 0;
}

uint32_t configmg_next_in_tree(struct vmm *v, uint32_t top, uint32_t node)
{
    const struct configmg *s = configmg_state(v);
    if (s->node[node].child)
        return s->node[node].child;
    for (; node != top; node = s->node[node].parent)
        if (s->node[node].sibling)
            return s->node[node].sibling;
    return 0;
}

void configmg_announce(struct vmm *v, uint32_t node, const char *what)
{
    char id[HARDWARE_ID];
    struct devices_devnode_record r = {.id = id, .what = what, .problem = configmg_state(v)->node[node].problem};
    if (!base_sink_heard(vmm_sink(v)))
        return;
    configmg_id(v, node, id);
    devices_announce(v, &r.head, DEVICES_RECORD_DEVNODE, sizeof r);
}

void configmg_problem(struct vmm *v, uint32_t node, uint32_t problem)
{
    struct configmg_node *n = &configmg_state(v)->node[node];
    n->problem = problem;
    n->status = problem ? n->status | KIT_DN_HAS_PROBLEM : n->status & ~(uint32_t)KIT_DN_HAS_PROBLEM;
    if (problem)
        configmg_announce(v, node, "has a problem");
}

// ---------------------------------------------------------------------------------------------------------------------
// Services that walk the tree. The pages say "must be zero" of ulFlags: CR_INVALID_FLAG.

int configmg_node_argument(struct vmm *v, unsigned n, unsigned flags, uint32_t *node)
{
    *node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, n));
    if (!*node)
        return KIT_CR_INVALID_DEVNODE;
    return vmm_arg(v, flags) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS;
}

int configmg_deliver(struct vmm *v, uint32_t to, uint32_t value)
{
    if (!to)
        return KIT_CR_INVALID_POINTER;
    return vmm_put32(v, to, value) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static int deliver_node(struct vmm *v, uint32_t node)
{
    if (!vmm_arg(v, 0))
        return KIT_CR_INVALID_POINTER;
    return node ? configmg_deliver(v, vmm_arg(v, 0), configmg_handle(v, CONFIGMG_NODE, node)) : KIT_CR_NO_SUCH_DEVNODE;
}

static void get_version(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_profile(v);
    vmm_set_flag(v, X86_CF, false);
}

// The identifier that the driver points to; "" and success for a null pointer.
static int read_id(struct vmm *v, uint32_t at, char id[HARDWARE_ID])
{
    unsigned parts = 1;
    id[0] = 0;
    if (at && !vmm_get_text(v, at, id, HARDWARE_ID))
        return CONFIGMG_FAULTED;
    for (const char *c = id; *c; c++) {
        parts += *c == '\\';
        if (*c <= ' ' || *c > '~')
            return KIT_CR_INVALID_DEVICE_ID;
    }
    return id[0] && (parts != 3 || !vmm_hive_path_valid(id)) ? KIT_CR_INVALID_DEVICE_ID : KIT_CR_SUCCESS;
}

static int locate(struct vmm *v)
{
    char id[HARDWARE_ID];
    if (vmm_arg(v, 2))
        return KIT_CR_INVALID_FLAG;
    int error = read_id(v, vmm_arg(v, 1), id);
    return error ? error : deliver_node(v, id[0] ? configmg_find(v, id) : CONFIGMG_ROOT);
}

static void locate_devnode(struct vmm *v)
{
    configmg_answer(v, locate(v));
}

static void get_parent(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 1, 2, &node);
    configmg_answer(v, error ? error : deliver_node(v, configmg_state(v)->node[node].parent));
}

static void get_child(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 1, 2, &node);
    configmg_answer(v, error ? error : deliver_node(v, configmg_state(v)->node[node].child));
}

static void get_sibling(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 1, 2, &node);
    configmg_answer(v, error ? error : deliver_node(v, configmg_state(v)->node[node].sibling));
}

static void get_depth(struct vmm *v)
{
    uint32_t node, depth = 0;
    int error = configmg_node_argument(v, 1, 2, &node);
    for (uint32_t n = error ? 0 : configmg_state(v)->node[node].parent; n; n = configmg_state(v)->node[n].parent)
        depth++;
    configmg_answer(v, error ? error : configmg_deliver(v, vmm_arg(v, 0), depth));
}

// The length does not count the terminator (Win95 DDK S2523: MAX_DEVICE_ID_LEN is the most, 0 = no identifier).
static void get_device_id_size(struct vmm *v)
{
    uint32_t node;
    char id[HARDWARE_ID] = "";
    int error = configmg_node_argument(v, 1, 2, &node);
    if (!error)
        configmg_id(v, node, id);
    configmg_answer(v, error ? error : configmg_deliver(v, vmm_arg(v, 0), (uint32_t)strlen(id)));
}

// Get_Device_ID(dnDevNode, Buffer, BufferLen, ulFlags): cut to the buffer; the terminator only when there is room.
static int device_id(struct vmm *v)
{
    uint32_t node, room = vmm_arg(v, 2);
    char id[HARDWARE_ID];
    int error = configmg_node_argument(v, 0, 3, &node);
    if (error)
        return error;
    if (!vmm_arg(v, 1))
        return KIT_CR_INVALID_POINTER;
    configmg_id(v, node, id);
    uint32_t length = (uint32_t)strlen(id), n = length + 1 < room ? length + 1 : room;
    if (n && !vmm_put(v, vmm_arg(v, 1), id, n))
        return CONFIGMG_FAULTED;
    return room < length ? KIT_CR_BUFFER_SMALL : KIT_CR_SUCCESS;
}

static void get_device_id(struct vmm *v)
{
    configmg_answer(v, device_id(v));
}

static int status(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 2, 3, &node);
    const struct configmg_node *n = &configmg_state(v)->node[node];
    if (error)
        return error;
    if (!vmm_arg(v, 0) || !vmm_arg(v, 1))
        return KIT_CR_INVALID_POINTER;
    if (!vmm_put32(v, vmm_arg(v, 0), n->status) || !vmm_put32(v, vmm_arg(v, 1), n->problem))
        return CONFIGMG_FAULTED;
    return KIT_CR_SUCCESS;
}

static void get_devnode_status(struct vmm *v)
{
    configmg_answer(v, status(v));
}

// ---------------------------------------------------------------------------------------------------------------------
// Growing the tree

// Create_DevNode(pdnDevNode, pDeviceID, dnParent, ulFlags). One that is there already is handed out.
static int create_devnode(struct vmm *v)
{
    uint32_t parent, to = vmm_arg(v, 0);
    char id[HARDWARE_ID];
    int error = configmg_node_argument(v, 2, 3, &parent);
    if (!error)
        error = read_id(v, vmm_arg(v, 1), id);
    if (error)
        return error;
    if (to && !vmm_probe(v, to, 4, true))
        return CONFIGMG_FAULTED;
    uint32_t there = id[0] ? configmg_find(v, id) : 0, node = there;
    if (id[0] && !there && configmg_profile_flags(v, id) & KIT_CSCONFIGFLAG_DO_NOT_CREATE)
        return KIT_CR_CREATE_BLOCKED;
    if (!there)
        node = configmg_node_new(v, parent, id[0] ? id : NULL);
    if (!node)
        return KIT_CR_OUT_OF_MEMORY;
    configmg_state(v)->node[node].status |= KIT_DN_HAS_MARK; // its enumerator has found it
    if (!there)
        configmg_schedule(v);
    if (to && !vmm_put32(v, to, configmg_handle(v, CONFIGMG_NODE, node)))
        return CONFIGMG_FAULTED;
    return there ? KIT_CR_ALREADY_SUCH_DEVNODE : KIT_CR_SUCCESS;
}

static void create_devnode_service(struct vmm *v)
{
    configmg_answer(v, create_devnode(v));
}

// Move_DevNode(dnFromDevNode, dnToDevNode, ulFlags), S253C: what the root enumerated turns out to be the device that a
// bus found. It is known by that one's identifier from now on, and has a problem.
static int move(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t from, to;
    char id[HARDWARE_ID];
    int error = configmg_node_argument(v, 0, 2, &from);
    if (!error)
        error = configmg_node_argument(v, 1, 2, &to);
    if (error)
        return error;
    bool fits = from > CONFIGMG_ROOT && s->node[from].status & KIT_DN_ROOT_ENUMERATED &&
                !(s->node[to].status & KIT_DN_ROOT_ENUMERATED) && s->node[from].id && s->node[to].id;
    if (!fits || !configmg_in_system_vm(v))
        return configmg_in_system_vm(v) ? KIT_CR_INVALID_DEVNODE : KIT_CR_NOT_SYSTEM_VM;
    configmg_id(v, to, id);
    if (!x86_write_linear(vmm_cpu(v), s->node[from].id, id, (uint32_t)strlen(id) + 1, X86_WRITE, NULL))
        return KIT_CR_OUT_OF_MEMORY;
    s->node[from].status |= KIT_DN_MOVED;
    configmg_problem(v, from, KIT_CM_PROB_MOVED);
    return KIT_CR_SUCCESS;
}

static void move_devnode(struct vmm *v)
{
    configmg_answer(v, move(v));
}

static void reset_children_marks(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t node;
    int error = configmg_node_argument(v, 0, 1, &node);
    for (uint32_t n = error ? 0 : s->node[node].child; n; n = s->node[n].sibling)
        s->node[n].status &= ~(uint32_t)KIT_DN_HAS_MARK;
    configmg_answer(v, error);
}

// ---------------------------------------------------------------------------------------------------------------------
// What bus a device is on. Get_Bus_Info(dnDevNode, pbtBusType, pulSizeOfInfo, pInfo, ulFlags), Win95 DDK S251C.

static int bus_info(struct vmm *v)
{
    uint32_t node, room, type = vmm_arg(v, 1), size = vmm_arg(v, 2);
    uint8_t info[256];
    int error = configmg_node_argument(v, 0, 4, &node);
    const struct configmg_node *n = &configmg_state(v)->node[node];
    if (error)
        return error;
    if (!type || !size)
        return KIT_CR_INVALID_POINTER;
    if (!vmm_get32(v, size, &room) || !vmm_probe(v, size, 4, true) || !vmm_put32(v, type, n->bus_type))
        return CONFIGMG_FAULTED;
    uint32_t bytes = room && room < n->bus_bytes ? room : n->bus_bytes;
    if (room && bytes && (!vmm_get(v, n->bus_info, info, bytes) || !vmm_put(v, vmm_arg(v, 3), info, bytes)))
        return CONFIGMG_FAULTED;
    if (!vmm_put32(v, size, bytes))
        return CONFIGMG_FAULTED;
    return room && room < n->bus_bytes ? KIT_CR_BUFFER_SMALL : KIT_CR_SUCCESS;
}

static void get_bus_info(struct vmm *v)
{
    configmg_answer(v, bus_info(v));
}

// Set_Bus_Info(dnDevNode, btBusType, ulSizeOfInfo, pInfo, ulFlags)
static int set_bus(struct vmm *v)
{
    uint32_t node, bytes = vmm_arg(v, 2);
    uint8_t info[256];
    int error = configmg_node_argument(v, 0, 4, &node);
    struct configmg_node *n = &configmg_state(v)->node[node];
    if (error)
        return error;
    if (bytes > sizeof info)
        return KIT_CR_INVALID_DATA;
    if (bytes && !vmm_get(v, vmm_arg(v, 3), info, bytes))
        return CONFIGMG_FAULTED;
    uint32_t at = bytes ? vmm_heap_get(v, bytes) : 0;
    if (bytes && !at)
        return KIT_CR_OUT_OF_MEMORY;
    if (n->bus_info)
        (void)!vmm_heap_give(v, n->bus_info);
    n->bus_info = at;
    n->bus_bytes = bytes;
    n->bus_type = vmm_arg(v, 1);
    return !bytes || vmm_put(v, at, info, bytes) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static void set_bus_info(struct vmm *v)
{
    configmg_answer(v, set_bus(v));
}

// ---------------------------------------------------------------------------------------------------------------------

// The first node in the tree for which something is to be done.
uint32_t configmg_waiting(struct vmm *v)
{
    uint32_t node = CONFIGMG_ROOT;
    while (node && !configmg_state(v)->node[node].waits)
        node = configmg_next_in_tree(v, CONFIGMG_ROOT, node);
    return node;
}

static void control(struct vmm *v)
{
    uint32_t message = vmm_regs(v)[X86_EAX];
    devices_carry(v, false);
    if (message == KIT_Init_Complete) {
        configmg_state(v)->up = 1;
        if (configmg_waiting(v))
            configmg_schedule(v);
    }
    if (message == DEVICES_MESSAGE_TREE)
        configmg_work_begin(v);
    if (message == KIT_PNP_New_Devnode)
        vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS; // DevLoader=*CONFIGMG: the value Enumerator is loaded, no more
    if (message == KIT_Sys_VM_Terminate) {
        configmg_state(v)->up = 0;
        configmg_state(v)->shutting_down = 1;
        configmg_shut_down_begin(v);
    }
}

// The tree is processed by the System VM's thread when it has nothing else to do, which is application time; what
// happens during boot waits for its end.
void configmg_schedule(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    if (!s->scheduled && !s->locked)
        s->scheduled = vmm_send_control_first(v, "CONFIGMG", DEVICES_MESSAGE_TREE);
}

static const struct vmm_binding bindings[] = {
    {KIT__CONFIGMG_Get_Version, get_version},
    {KIT__CONFIGMG_Locate_DevNode, locate_devnode},
    {KIT__CONFIGMG_Get_Parent, get_parent},
    {KIT__CONFIGMG_Get_Child, get_child},
    {KIT__CONFIGMG_Get_Sibling, get_sibling},
    {KIT__CONFIGMG_Get_Depth, get_depth},
    {KIT__CONFIGMG_Get_Device_ID_Size, get_device_id_size},
    {KIT__CONFIGMG_Get_Device_ID, get_device_id},
    {KIT__CONFIGMG_Get_DevNode_Status, get_devnode_status},
    {KIT__CONFIGMG_Create_DevNode, create_devnode_service},
    {KIT__CONFIGMG_Move_DevNode, move_devnode},
    {KIT__CONFIGMG_Reset_Children_Marks, reset_children_marks},
    {KIT__CONFIGMG_Get_Bus_Info, get_bus_info},
    {KIT__CONFIGMG_Set_Bus_Info, set_bus_info},
    {0, NULL},
};

static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    const struct configmg *s = configmg_state(v);
    if (n >= 2 * CONFIGMG_NODES + CONFIGMG_ARBITRATORS)
        return false;
    if (n >= 2 * CONFIGMG_NODES) {
        const struct configmg_arbitrator *a = &s->arbitrator[n - 2 * CONFIGMG_NODES];
        *what = "an arbitrator";
        *proc = a->generation ? a->handler : 0;
        return true;
    }
    const struct configmg_node *node = &s->node[n / 2];
    *what = n % 2 ? "an enumerator of a device node" : "the configuration handler of a device node";
    *proc = !node->generation ? 0 : n % 2 ? node->enumerator : node->handler;
    return true;
}

const struct vmm_device configmg_device = {.id = 0x33,
                                           .version = 0x0400,
                                           .bindings = bindings,
                                           .control = control,
                                           .state_size = sizeof(struct configmg),
                                           .holds = holds,
                                           .publish = configmg_publish};

static bool create(struct vmm *v)
{
    configmg_call_create(v);
    configmg_load_create(v);
    configmg_arbitrator_create(v);
    configmg_arbitrate_create(v);
    configmg_start_create(v);
    configmg_change_create(v);
    if (!configmg_system_create(v) || !configmg_profile_create(v))
        return false;
    if (configmg_node_new(v, 0, "HTREE\\ROOT\\0") != CONFIGMG_ROOT)
        return false;
    struct configmg_node *root = &configmg_state(v)->node[CONFIGMG_ROOT];
    root->status = KIT_DN_ROOT_ENUMERATED | KIT_DN_DRIVER_LOADED | KIT_DN_ENUM_LOADED | KIT_DN_STARTED;
    root->waits = root->new_node = 0;
    return true;
}

static const struct vmm_binding *const more[] = {configmg_conf_bindings,
                                                 configmg_arbitrator_bindings,
                                                 configmg_alloc_bindings,
                                                 configmg_registry_bindings,
                                                 configmg_start_bindings,
                                                 configmg_change_bindings,
                                                 configmg_range_bindings,
                                                 configmg_load_bindings,
                                                 configmg_system_bindings,
                                                 configmg_profile_bindings,
                                                 configmg_isapnp_bindings,
                                                 configmg_private_bindings,
                                                 NULL};

const struct devices_entry configmg_entry = {&configmg_device, create, true, more};
