// CONFIGMG: device nodes that are disabled, enabled, set up and removed, callbacks once for each node, and the end of
// the system. Win95 DDK S2512, S2556, S250C, S250D, S2571, S2574; KB Q247251.
#include "devices/configmg.h"

#include "kit/services.h"

#include <string.h>

// Frame: a[0] job, a[1] the node at the top, a[2] the node that was called last, a[3] phase, a[4] the handler that is
// looked for, or who refused; a[5] handle of the subtree that goes, a[6] an arbitrator that hears of it.
enum job { DISABLE, QUERY_REMOVE, REMOVE, REMOVE_UNMARKED, CALL_DRIVER, CALL_ENUMERATOR, SET_UP, SHUT_DOWN };

static void over(struct vmm *v, int result)
{
    bool service = vmm_frame_top(v)->a[0] != SHUT_DOWN;
    vmm_frame_pop_all(v);
    if (service)
        vmm_regs(v)[X86_EAX] = (uint32_t)result;
}

static void stopped(struct vmm *v, uint32_t node)
{
    configmg_confs_free(v, node, KIT_ALLOC_LOG_CONF);
    configmg_place_spaces(v, node, KIT_ALLOC_LOG_CONF);
    configmg_state(v)->node[node].status &= ~(uint32_t)KIT_DN_STARTED;
    configmg_state(v)->node[node].assigned = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Disabling: CONFIG_TEST and CONFIG_TEST_SUCCEEDED unless it is absolute, then CONFIG_STOP

enum { MAY_STOP, TOLD, STOPPED };

static void disabled(struct vmm *v, uint32_t node)
{
    stopped(v, node);
    configmg_state(v)->node[node].disabled++;
    configmg_problem(v, node, KIT_CM_PROB_DISABLED);
    over(v, KIT_CR_SUCCESS);
}

static void disable_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t node = f->a[1];
    if (f->a[3] == STOPPED) {
        disabled(v, node);
    } else if (f->a[3] == MAY_STOP && !configmg_agreed(v)) {
        over(v, KIT_CR_NOT_DISABLEABLE);
    } else if (f->a[3]++ == MAY_STOP) {
        configmg_tell_begin(v, node, KIT_CONFIG_TEST_SUCCEEDED, KIT_CONFIG_TEST_CAN_STOP);
    } else {
        configmg_tell_begin(v, node, KIT_CONFIG_STOP, KIT_CONFIG_STOP_DYNAMIC_STOP);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Removing. Everybody in the subtree is asked; if one refuses, those that agreed hear of it, else all hear that they
// may prepare.

enum { ASKING, TELLING_FAILURE, TELLING_SUCCESS };

static uint32_t next_listener(struct vmm *v, uint32_t top, uint32_t node)
{
    do
        node = configmg_next_in_tree(v, top, node);
    while (node && !configmg_has_listener(v, node));
    return node;
}

// The walk starts again with another message; the first node is the top.
static void tell_from_top(struct vmm *v, struct vmm_frame *f, uint32_t phase)
{
    uint32_t node = f->a[1];
    f->a[3] = phase;
    f->a[2] = configmg_has_listener(v, node) ? node : next_listener(v, node, node);
}

static void query_next(struct vmm *v, struct vmm_frame *f)
{
    static const uint16_t messages[] = {KIT_CONFIG_TEST, KIT_CONFIG_TEST_FAILED, KIT_CONFIG_TEST_SUCCEEDED};
    if (f->a[3] == ASKING && !f->a[2])
        tell_from_top(v, f, TELLING_SUCCESS);
    if (!f->a[2] || (f->a[3] == TELLING_FAILURE && f->a[2] == f->a[4]))
        over(v, f->a[3] == TELLING_FAILURE ? KIT_CR_REMOVE_VETOED : KIT_CR_SUCCESS);
    else
        configmg_tell_begin(v, f->a[2], messages[f->a[3]], KIT_CONFIG_TEST_CAN_REMOVE);
}

static void query_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[3] == ASKING && !configmg_agreed(v)) {
        f->a[4] = f->a[2]; // who refused
        tell_from_top(v, f, TELLING_FAILURE);
    } else {
        f->a[2] = next_listener(v, f->a[1], f->a[2]);
    }
    query_next(v, f);
}

// The last node of a subtree: it has no children.
static uint32_t last_of(struct vmm *v, uint32_t top)
{
    uint32_t last = top;
    for (uint32_t n = top; (n = configmg_next_in_tree(v, top, n)) != 0;)
        last = n;
    return last;
}

// The first child that its enumerator has not found again; 0 = there is none.
static uint32_t unmarked_child(struct vmm *v, uint32_t parent)
{
    const struct configmg *s = configmg_state(v);
    uint32_t n = s->node[parent].child;
    while (n && s->node[n].status & KIT_DN_HAS_MARK)
        n = s->node[n].sibling;
    return n;
}

// CONFIG_PREREMOVE and CONFIG_PREREMOVE2 go to the whole subtree, from the top; CONFIG_REMOVE from the bottom, where
// each node goes when it and its arbitrators have heard.
enum { PREREMOVE, PREREMOVE2, REMOVING, ARBITRATORS };

static uint32_t arbitrator_at(const struct configmg *s, uint32_t node)
{
    for (uint32_t i = 1; i < CONFIGMG_ARBITRATORS; i++)
        if (s->arbitrator[i].generation && s->arbitrator[i].node == node)
            return i;
    return 0;
}

static void subtree_begin(struct vmm *v, struct vmm_frame *f, uint32_t top)
{
    if (!top) {
        over(v, KIT_CR_SUCCESS);
        return;
    }
    f->a[5] = configmg_handle(v, CONFIGMG_NODE, top);
    f->a[2] = top;
    f->a[3] = PREREMOVE;
    configmg_tell_begin(v, top, KIT_CONFIG_PREREMOVE, 0);
}

static void remove_last(struct vmm *v, struct vmm_frame *f, uint32_t top)
{
    f->a[2] = last_of(v, top);
    f->a[3] = REMOVING;
    configmg_tell_begin(v, f->a[2], KIT_CONFIG_REMOVE, KIT_CONFIG_REMOVE_DYNAMIC);
}

static void preremove_next(struct vmm *v, struct vmm_frame *f, uint32_t top)
{
    f->a[2] = configmg_next_in_tree(v, top, f->a[2]);
    if (!f->a[2] && f->a[3] == PREREMOVE2) {
        remove_last(v, f, top);
        return;
    }
    if (!f->a[2]) {
        f->a[2] = top;
        f->a[3] = PREREMOVE2;
    }
    configmg_tell_begin(v, f->a[2], f->a[3] == PREREMOVE ? KIT_CONFIG_PREREMOVE : KIT_CONFIG_PREREMOVE2, 0);
}

static void arbitrator_begin(struct vmm *v, struct vmm_frame *f, uint32_t arbitrator)
{
    const struct configmg_arbitrator *a = &configmg_state(v)->arbitrator[arbitrator];
    f->a[3] = ARBITRATORS;
    f->a[6] = configmg_handle(v, CONFIGMG_ARBITRATOR, arbitrator);
    vmm_frame_call_c_begin(
        v, a->handler, 4,
        (const uint32_t[]){KIT_ARB_REMOVE, a->reference, configmg_handle(v, CONFIGMG_NODE, f->a[2]), 0});
}

// The node that was told last goes, unless it has got children in the meantime.
static void node_goes(struct vmm *v, struct vmm_frame *f, uint32_t top)
{
    uint32_t gone = f->a[2], parent = f->a[0] == REMOVE_UNMARKED ? f->a[1] : 0;
    if (configmg_state(v)->node[gone].generation && !configmg_state(v)->node[gone].child) {
        configmg_announce(v, gone, "has been removed");
        configmg_node_free(v, gone);
    }
    if (configmg_state(v)->node[top].generation)
        remove_last(v, f, top);
    else
        subtree_begin(v, f, parent ? unmarked_child(v, parent) : 0);
}

static void remove_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t top = configmg_row(v, CONFIGMG_NODE, f->a[5]);
    if (!top) { // a handler has removed it
        over(v, KIT_CR_SUCCESS);
        return;
    }
    if (f->a[3] < REMOVING) {
        preremove_next(v, f, top);
        return;
    }
    uint32_t heard = f->a[3] == ARBITRATORS ? configmg_row(v, CONFIGMG_ARBITRATOR, f->a[6]) : 0;
    if (heard)
        configmg_state(v)->arbitrator[heard].generation = 0;
    uint32_t next = arbitrator_at(configmg_state(v), f->a[2]);
    if (next)
        arbitrator_begin(v, f, next);
    else
        node_goes(v, f, top);
}

// ---------------------------------------------------------------------------------------------------------------------
// Once for each node

static uint32_t handler_of(struct vmm *v, uint32_t node, uint32_t job)
{
    const struct configmg_node *n = &configmg_state(v)->node[node];
    return job == CALL_ENUMERATOR ? n->enumerator : n->handler;
}

static bool wanted(struct vmm *v, uint32_t node, const struct vmm_frame *f)
{
    if (f->a[0] == SHUT_DOWN)
        return configmg_state(v)->node[node].handler && configmg_state(v)->node[node].status & KIT_DN_STARTED;
    return handler_of(v, node, f->a[0]) == f->a[4];
}

static void each_next(struct vmm *v, struct vmm_frame *f)
{
    uint32_t node = f->a[2];
    do
        node = configmg_next_in_tree(v, CONFIGMG_ROOT, node);
    while (node && !wanted(v, node, f));
    f->a[2] = node;
    if (!node) {
        over(v, KIT_CR_SUCCESS);
    } else if (f->a[0] == CALL_ENUMERATOR) {
        uint32_t handle = configmg_handle(v, CONFIGMG_NODE, node);
        vmm_frame_call_c_begin(v, f->a[4], 5, (const uint32_t[]){KIT_CONFIG_CALLBACK, 0, handle, handle, 0});
    } else {
        configmg_call_begin(v, node, f->a[0] == SHUT_DOWN ? KIT_CONFIG_SHUTDOWN : KIT_CONFIG_CALLBACK, 0);
    }
}

static void change_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->a[0]) {
    case DISABLE:
        disable_resume(v, f);
        break;
    case QUERY_REMOVE:
        query_resume(v, f);
        break;
    case REMOVE:
    case REMOVE_UNMARKED:
        remove_resume(v, f);
        break;
    case SET_UP:
        over(v, configmg_agreed(v) ? KIT_CR_SUCCESS : KIT_CR_FAILURE);
        break;
    default:
        each_next(v, f);
    }
}

static const struct vmm_frame_kind change_kind = {"a configuration handler", change_resume, NULL};

static struct vmm_frame *push(struct vmm *v, enum job job, uint32_t node)
{
    struct vmm_frame *f = vmm_frame_push(v, configmg_state(v)->change_kind);
    if (f) {
        f->a[0] = job;
        f->a[1] = f->a[2] = node;
        f->a[3] = f->a[4] = f->a[5] = f->a[6] = 0;
    }
    return f;
}

void configmg_shut_down_begin(struct vmm *v)
{
    struct vmm_frame *f = push(v, SHUT_DOWN, CONFIGMG_ROOT);
    if (f)
        each_next(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

// A node, and flags up to `most`. 0: answered.
static uint32_t node_and_flags(struct vmm *v, uint32_t most)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0));
    if (node && vmm_arg(v, 1) <= most)
        return node;
    configmg_answer(v, node ? KIT_CR_INVALID_FLAG : KIT_CR_INVALID_DEVNODE);
    return 0;
}

// Disable_DevNode(dnDevNode, ulFlags), S2512: counted; only the first one stops the device.
static void disable_devnode_begin(struct vmm *v)
{
    uint32_t node = node_and_flags(v, KIT_CM_DISABLE_ABSOLUTE), absolute = vmm_arg(v, 1);
    struct configmg_node *n = &configmg_state(v)->node[node];
    if (!node)
        return;
    if (n->disabled) {
        n->disabled++;
        configmg_answer(v, KIT_CR_SUCCESS);
        return;
    }
    if (!absolute && n->status & KIT_DN_STARTED && !(n->status & KIT_DN_DISABLEABLE)) {
        configmg_answer(v, KIT_CR_NOT_DISABLEABLE);
        return;
    }
    struct vmm_frame *f = push(v, DISABLE, node);
    if (!f)
        return;
    f->a[3] = absolute ? STOPPED : MAY_STOP;
    if (!(n->status & KIT_DN_STARTED))
        disabled(v, node);
    else if (absolute)
        configmg_tell_begin(v, node, KIT_CONFIG_STOP, KIT_CONFIG_STOP_DYNAMIC_STOP);
    else
        configmg_tell_begin(v, node, KIT_CONFIG_TEST, KIT_CONFIG_TEST_CAN_STOP);
}

static void enable_devnode_begin(struct vmm *v)
{
    uint32_t node = node_and_flags(v, 0);
    struct configmg_node *n = &configmg_state(v)->node[node];
    if (!node)
        return;
    if (!n->disabled || --n->disabled) {
        configmg_answer(v, KIT_CR_SUCCESS);
        return;
    }
    configmg_problem(v, node, 0);
    n->waits = 1;
    configmg_work_answer_begin(v);
}

// Setup_DevNode(dnDevNode, ulFlags), S2556.
static void setup_devnode_begin(struct vmm *v)
{
    uint32_t node = node_and_flags(v, KIT_CM_SETUP_DOWNLOAD);
    struct configmg_node *n = &configmg_state(v)->node[node];
    if (!node)
        return;
    if (vmm_arg(v, 1) == KIT_CM_SETUP_DEVNODE_READY) {
        configmg_problem(v, node, 0);
        n->waits = 1;
        n->new_node = !(n->status & KIT_DN_DRIVER_LOADED);
        configmg_work_answer_begin(v);
    } else if (!n->handler) {
        configmg_answer(v, KIT_CR_FAILURE);
    } else if (push(v, SET_UP, node)) {
        configmg_call_begin(v, node, KIT_CONFIG_SETUP, 0);
    }
}

// The same, and only the system VM may.
static uint32_t node_for_system(struct vmm *v, uint32_t most)
{
    uint32_t node = node_and_flags(v, most);
    if (!node || configmg_in_system_vm(v))
        return node;
    configmg_answer(v, KIT_CR_NOT_SYSTEM_VM);
    return 0;
}

static void query_remove_begin(struct vmm *v)
{
    uint32_t node = node_for_system(v, KIT_CM_QUERY_REMOVE_UI_NOT_OK);
    if (!node)
        return;
    if (node == CONFIGMG_ROOT) {
        configmg_answer(v, KIT_CR_REMOVE_VETOED);
        return;
    }
    struct vmm_frame *f = push(v, QUERY_REMOVE, node);
    if (!f)
        return;
    tell_from_top(v, f, ASKING);
    query_next(v, f);
}

void configmg_remove_begin(struct vmm *v, uint32_t node)
{
    struct vmm_frame *f = push(v, REMOVE, node);
    if (f)
        subtree_begin(v, f, node);
}

static void remove_subtree_begin(struct vmm *v)
{
    uint32_t node = node_for_system(v, KIT_CM_REMOVE_UI_NOT_OK);
    if (!node)
        return;
    if (node == CONFIGMG_ROOT) {
        configmg_answer(v, KIT_CR_INVALID_DEVNODE);
        return;
    }
    configmg_remove_begin(v, node);
}

static void remove_unmarked_begin(struct vmm *v)
{
    uint32_t node = node_for_system(v, 0);
    struct vmm_frame *f = node ? push(v, REMOVE_UNMARKED, node) : NULL;
    if (f)
        subtree_begin(v, f, unmarked_child(v, node));
}

static void call_back_begin(struct vmm *v, enum job job)
{
    uint32_t handler = vmm_arg(v, 0);
    if (vmm_arg(v, 1)) {
        configmg_answer(v, KIT_CR_INVALID_FLAG);
        return;
    }
    if (!handler) {
        configmg_answer(v, KIT_CR_SUCCESS);
        return;
    }
    struct vmm_frame *f = push(v, job, CONFIGMG_ROOT);
    if (!f)
        return;
    f->a[4] = handler;
    each_next(v, f);
}

static void call_back_device_driver_begin(struct vmm *v)
{
    call_back_begin(v, CALL_DRIVER);
}

static void call_back_enumerator_begin(struct vmm *v)
{
    call_back_begin(v, CALL_ENUMERATOR);
}

// ---------------------------------------------------------------------------------------------------------------------
// Call_Enumerator_Function(dnDevNode, efFunc, ulRefData, pBuffer, ulBufferSize, ulFlags), S250B: the function that the
// parent registered. The PCI bus's own reads (0) and writes (1) configuration space from offset ulRefData on
// [numbers unverified].

enum { PCI_GET_INFO, PCI_SET_INFO };

static void call_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t result = vmm_regs(v)[X86_EAX];
    (void)f;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = result;
}

static const struct vmm_frame_kind call_kind = {"an enumerator's function", call_resume, NULL};

static struct pc_pci_function *pci_function(struct vmm *v, const struct configmg_node *n)
{
    struct pc_pci *pci = &devices_board(v)->pci;
    uint8_t info[4];
    if (n->bus_type != KIT_BusType_PCI || n->bus_bytes < sizeof info ||
        !x86_read_linear(vmm_cpu(v), n->bus_info, info, sizeof info, X86_READ, NULL))
        return NULL;
    for (uint32_t i = 0; i < pci->functions; i++) {
        struct pc_pci_function *f = &pci->function[i];
        if (f->bus == info[0] && (f->device << 3 | f->function) == info[1])
            return f;
    }
    return NULL;
}

static int pci_call(struct vmm *v, struct pc_pci_function *f)
{
    uint32_t offset = vmm_arg(v, 2), buffer = vmm_arg(v, 3), bytes = vmm_arg(v, 4);
    uint8_t data[256];
    if (offset >= sizeof data || bytes > sizeof data - offset)
        return KIT_CR_INVALID_DATA;
    if (vmm_arg(v, 1) == PCI_GET_INFO)
        return vmm_put(v, buffer, f->config + offset, bytes) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
    if (!vmm_get(v, buffer, data, bytes))
        return CONFIGMG_FAULTED;
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t mask = f->writable[offset + i];
        f->config[offset + i] = (uint8_t)((f->config[offset + i] & ~mask) | (data[i] & mask));
    }
    pc_spaces_changed(devices_board(v));
    devices_board_changed(v);
    return KIT_CR_SUCCESS;
}

static void call_enumerator_function_begin(struct vmm *v)
{
    const struct configmg *s = configmg_state(v);
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0));
    const struct configmg_node *n = &s->node[node];
    if (!node || vmm_arg(v, 5) || !vmm_arg(v, 3)) {
        configmg_answer(v, !node           ? KIT_CR_INVALID_DEVNODE
                           : vmm_arg(v, 5) ? KIT_CR_INVALID_FLAG
                                           : KIT_CR_INVALID_POINTER);
        return;
    }
    uint32_t function = s->node[n->parent].function;
    struct pc_pci_function *pci = pci_function(v, n);
    const uint32_t args[6] = {vmm_arg(v, 1), vmm_arg(v, 2), vmm_arg(v, 0), vmm_arg(v, 3), vmm_arg(v, 4), 0};
    if (function) {
        if (vmm_frame_push(v, s->call_kind))
            vmm_frame_call_c_begin(v, function, 6, args);
    } else if (pci && args[0] <= PCI_SET_INFO) {
        configmg_answer(v, pci_call(v, pci));
    } else {
        configmg_answer(v, KIT_CR_FAILURE);
    }
}

void configmg_change_create(struct vmm *v)
{
    configmg_state(v)->change_kind = vmm_frame_kind_add(v, &change_kind);
    configmg_state(v)->call_kind = vmm_frame_kind_add(v, &call_kind);
}

const struct vmm_binding configmg_change_bindings[] = {
    {KIT__CONFIGMG_Disable_DevNode, disable_devnode_begin},
    {KIT__CONFIGMG_Enable_DevNode, enable_devnode_begin},
    {KIT__CONFIGMG_Setup_DevNode, setup_devnode_begin},
    {KIT__CONFIGMG_Query_Remove_SubTree, query_remove_begin},
    {KIT__CONFIGMG_Remove_SubTree, remove_subtree_begin},
    {KIT__CONFIGMG_Remove_Unmarked_Children, remove_unmarked_begin},
    {KIT__CONFIGMG_CallBack_Device_Driver, call_back_device_driver_begin},
    {KIT__CONFIGMG_CallBack_Enumerator, call_back_enumerator_begin},
    {KIT__CONFIGMG_Call_Enumerator_Function, call_enumerator_function_begin},
    {0, NULL},
};
