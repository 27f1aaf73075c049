// CONFIGMG: from a new device node to a working device. Its loader (registry value DevLoader) is loaded and told by
// PNP_New_Devnode; the driver that registers filters the configurations, gets one without conflict, and is started
// (Win95 DDK S343B, S2548, S256B; handlers are C functions). The tree is gone through from the root down, until nothing
// waits any more: enumerators add nodes on the way.
#include "devices/configmg.h"

#include "kit/services.h"

#include <string.h>

// ---------------------------------------------------------------------------------------------------------------------
// The work on the tree. Frame: a[0] node, a[1] whether EAX shall be CR_SUCCESS at the end (a service's work),
// a[2] the ancestor that filters.

enum step {
    FIND,
    LOAD_LOADER,
    LOADER_LOADED,
    LOAD_ENUMERATOR,
    FILTER,
    FILTER_ANCESTORS,
    ASSIGNED,
    START,
    STARTED,
    ENUMERATE,
};

static uint32_t problem_of(uint32_t result)
{
    switch (result) {
    case KIT_CR_DLVXD_NOT_FOUND:
        return KIT_CM_PROB_DEVLOADER_NOT_FOUND;
    case KIT_CR_DEVLOADER_NOT_READY:
        return KIT_CM_PROB_DEVLOADER_NOT_READY;
    case KIT_CR_OUT_OF_MEMORY:
        return KIT_CM_PROB_OUT_OF_MEMORY;
    default:
        return KIT_CM_PROB_DEVLOADER_FAILED;
    }
}

// Steps give true when the next one follows at once, false when something was called, or all is done.

static bool give_up(struct vmm *v, struct vmm_frame *f, uint32_t problem)
{
    configmg_problem(v, f->a[0], problem);
    f->step = FIND;
    return true;
}

static void work_over(struct vmm *v, struct vmm_frame *f)
{
    bool answer = f->a[1];
    configmg_state(v)->scheduled = 0;
    vmm_frame_pop_all(v);
    if (answer)
        vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
}

static bool disabled_in_profile(struct vmm *v, uint32_t node)
{
    char id[HARDWARE_ID];
    configmg_id(v, node, id);
    return configmg_profile_flags(v, id) & KIT_CSCONFIGFLAG_DISABLE;
}

static bool find(struct vmm *v, struct vmm_frame *f)
{
    f->a[0] = configmg_waiting(v);
    if (!f->a[0]) {
        work_over(v, f);
        return false;
    }
    struct configmg_node *n = &configmg_state(v)->node[f->a[0]];
    bool fresh = n->new_node && n->id && !n->disabled;
    n->waits = n->new_node = 0;
    if (fresh && disabled_in_profile(v, f->a[0]))
        return give_up(v, f, KIT_CM_PROB_DISABLED);
    f->step = fresh ? LOAD_LOADER : FILTER;
    if (fresh)
        configmg_announce(v, f->a[0], "is new");
    return true;
}

// A value of the driver's key that names VxDs is loaded. False: there is none.
static bool load_value_begin(struct vmm *v, const struct vmm_frame *f, const char *value, uint32_t type)
{
    char names[CONFIGMG_NAMES];
    uint32_t node = f->a[0];
    if (!configmg_driver_text(v, node, NULL, value, names, sizeof names))
        return false;
    vmm_frame_wait(v);
    configmg_load_begin(v, node, names, type, true);
    return true;
}

static bool load_loader(struct vmm *v, struct vmm_frame *f)
{
    const struct configmg_node *n = &configmg_state(v)->node[f->a[0]];
    f->step = LOADER_LOADED;
    if (load_value_begin(v, f, "DevLoader", KIT_DLVXD_LOAD_DEVLOADER))
        return false;
    f->step = LOAD_ENUMERATOR;
    if (!(n->status & (KIT_DN_DRIVER_LOADED | KIT_DN_ENUM_LOADED)) && !n->child)
        return give_up(v, f, KIT_CM_PROB_NOT_CONFIGURED); // nobody is responsible for it
    return true;
}

static bool loader_loaded(struct vmm *v, struct vmm_frame *f)
{
    uint32_t result = vmm_regs(v)[X86_EAX];
    f->step = LOAD_ENUMERATOR;
    return result == KIT_CR_SUCCESS || give_up(v, f, problem_of(result));
}

static bool load_enumerator(struct vmm *v, struct vmm_frame *f)
{
    f->step = FILTER;
    return configmg_state(v)->node[f->a[0]].status & KIT_DN_ENUM_LOADED ||
           !load_value_begin(v, f, "Enumerator", KIT_DLVXD_LOAD_ENUMERATOR);
}

static bool copy_basic(struct vmm *v, uint32_t node)
{
    const struct configmg *s = configmg_state(v);
    const uint16_t *conf = s->node[node].conf;
    configmg_confs_free(v, node, KIT_FILTERED_LOG_CONF);
    for (uint32_t c = conf[conf[KIT_FORCED_LOG_CONF] ? KIT_FORCED_LOG_CONF : KIT_BASIC_LOG_CONF]; c;
         c = s->conf[c].next)
        if (!configmg_conf_copy(v, c, KIT_FILTERED_LOG_CONF))
            return false;
    return true;
}

// Only a node whose driver has registered is configured.
static bool filter(struct vmm *v, struct vmm_frame *f)
{
    struct configmg_node *n = &configmg_state(v)->node[f->a[0]];
    f->step = ENUMERATE;
    n->waits = 0;                      // its driver may just have registered
    if (n->assigned && !n->disabled) { // it was stopped to be moved
        f->step = ASSIGNED;
        n->assigned = 0;
        vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
        return true;
    }
    if (!(n->status & KIT_DN_DRIVER_LOADED) || n->status & KIT_DN_STARTED || n->disabled)
        return true;
    if (!copy_basic(v, f->a[0]))
        return give_up(v, f, KIT_CM_PROB_OUT_OF_MEMORY);
    f->step = FILTER_ANCESTORS;
    f->a[2] = f->a[0];
    vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
    if (n->handler)
        configmg_call_begin(v, f->a[0], KIT_CONFIG_FILTER, 0);
    return !n->handler;
}

// Then all ancestors (S255E), the nearest one first: a[2] is the one that was asked last.
static bool filter_ancestors(struct vmm *v, struct vmm_frame *f)
{
    const struct configmg *s = configmg_state(v);
    if (!configmg_agreed(v))
        return give_up(v, f, KIT_CM_PROB_FAILED_FILTER);
    do
        f->a[2] = s->node[f->a[2]].parent;
    while (f->a[2] && !s->node[f->a[2]].enumerator);
    if (f->a[2]) {
        configmg_call_enumerator_begin(v, f->a[2], f->a[0], KIT_CONFIG_FILTER, 0);
        return false;
    }
    configmg_state(v)->node[f->a[0]].status |= KIT_DN_FILTERED;
    f->step = ASSIGNED;
    configmg_assign_begin(v, f->a[0]);
    return false;
}

static uint32_t start_sub(struct vmm *v, uint32_t node)
{
    return configmg_state(v)->node[node].status & KIT_DN_NOT_FIRST_TIME ? KIT_CONFIG_START_DYNAMIC_START
                                                                        : KIT_CONFIG_START_FIRST_START;
}

static bool assigned(struct vmm *v, struct vmm_frame *f)
{
    uint32_t parent = configmg_state(v)->node[f->a[0]].parent, result = vmm_regs(v)[X86_EAX];
    if (result)
        return give_up(v, f,
                       result == KIT_CR_NO_ARBITRATOR   ? KIT_CM_PROB_LACKED_ARBITRATOR
                       : result == KIT_CR_OUT_OF_MEMORY ? KIT_CM_PROB_OUT_OF_MEMORY
                                                        : KIT_CM_PROB_NORMAL_CONFLICT);
    f->step = START;
    if (!configmg_state(v)->node[parent].enumerator)
        return true;
    configmg_call_enumerator_begin(v, parent, f->a[0], KIT_CONFIG_START, start_sub(v, f->a[0]));
    return false;
}

static bool start(struct vmm *v, struct vmm_frame *f)
{
    bool handler = configmg_state(v)->node[f->a[0]].handler;
    f->step = STARTED;
    vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
    if (handler)
        configmg_call_begin(v, f->a[0], KIT_CONFIG_START, start_sub(v, f->a[0]));
    return !handler;
}

static uint32_t start_problem(uint32_t result)
{
    switch (result) {
    case KIT_CR_DEVICE_NOT_THERE:
        return KIT_CM_PROB_DEVICE_NOT_THERE;
    case KIT_CR_NEED_RESTART:
        return KIT_CM_PROB_NEED_RESTART;
    case KIT_CR_CANT_SHARE_IRQ:
        return KIT_CM_PROB_CANT_SHARE_IRQ;
    case KIT_CR_OUT_OF_MEMORY:
        return KIT_CM_PROB_OUT_OF_MEMORY;
    default:
        return KIT_CM_PROB_FAILED_START;
    }
}

// The enumerator of its parent hears that the driver has failed (S2573).
static bool start_failed(struct vmm *v, struct vmm_frame *f)
{
    uint32_t parent = configmg_state(v)->node[f->a[0]].parent;
    give_up(v, f, start_problem(vmm_regs(v)[X86_EAX]));
    configmg_confs_free(v, f->a[0], KIT_ALLOC_LOG_CONF);
    configmg_place_spaces(v, f->a[0], KIT_ALLOC_LOG_CONF);
    if (!configmg_state(v)->node[parent].enumerator)
        return true;
    configmg_call_enumerator_begin(v, parent, f->a[0], KIT_CONFIG_STOP, KIT_CONFIG_STOP_CHILD_FAILED_START);
    return false;
}

static bool started(struct vmm *v, struct vmm_frame *f)
{
    if (!configmg_agreed(v))
        return start_failed(v, f);
    configmg_state(v)->node[f->a[0]].status |= KIT_DN_STARTED | KIT_DN_NOT_FIRST_TIME;
    configmg_problem(v, f->a[0], 0);
    configmg_announce_started(v, f->a[0]);
    f->step = ENUMERATE;
    return true;
}

// The enumerator's handler adds the children, or the driver's where there is none.
static bool enumerate(struct vmm *v, struct vmm_frame *f)
{
    struct configmg_node *n = &configmg_state(v)->node[f->a[0]];
    bool due = n->to_enumerate && (n->enumerator || n->handler);
    f->step = FIND;
    n->to_enumerate = 0;
    n->status &= ~(uint32_t)KIT_DN_NEED_TO_ENUM;
    if (due && n->enumerator)
        configmg_call_enumerator_begin(v, f->a[0], f->a[0], KIT_CONFIG_ENUMERATE, 0);
    else if (due)
        configmg_call_begin(v, f->a[0], KIT_CONFIG_ENUMERATE, 0);
    return !due;
}

static void go_on(struct vmm *v)
{
    static bool (*const steps[])(struct vmm * v, struct vmm_frame * f) = {
        [FIND] = find,
        [LOAD_LOADER] = load_loader,
        [LOADER_LOADED] = loader_loaded,
        [LOAD_ENUMERATOR] = load_enumerator,
        [FILTER] = filter,
        [FILTER_ANCESTORS] = filter_ancestors,
        [ASSIGNED] = assigned,
        [START] = start,
        [STARTED] = started,
        [ENUMERATE] = enumerate,
    };
    struct vmm_frame *f;
    do
        f = vmm_frame_top(v);
    while (steps[f->step](v, f));
}

// A node may have been removed by what was called on its behalf.
static void work_resume(struct vmm *v, struct vmm_frame *f)
{
    if (!configmg_state(v)->node[f->a[0]].generation)
        f->step = FIND;
    go_on(v);
}

static void work_abandon(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    configmg_state(v)->scheduled = 0;
}

static const struct vmm_frame_kind work_kind = {"a configuration handler", work_resume, work_abandon};

static void begin(struct vmm *v, bool answer)
{
    struct vmm_frame *f = vmm_frame_push(v, configmg_state(v)->work_kind);
    if (!f)
        return;
    f->step = FIND;
    f->a[0] = CONFIGMG_ROOT;
    f->a[1] = answer;
    go_on(v);
}

void configmg_work_begin(struct vmm *v)
{
    configmg_state(v)->scheduled = !configmg_state(v)->locked;
    if (!configmg_state(v)->locked)
        begin(v, false);
}

void configmg_work_answer_begin(struct vmm *v)
{
    begin(v, true);
}

void configmg_start_create(struct vmm *v)
{
    configmg_state(v)->work_kind = vmm_frame_kind_add(v, &work_kind);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services by which drivers take part

// Register_Device_Driver(dnDevNode, Handler, ulRefData, ulFlags), S2548. Windows 98 has more flags (KB Q247251).
static void register_device_driver(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0)), flags = vmm_arg(v, 3);
    struct configmg_node *n = &configmg_state(v)->node[node];
    uint32_t known = vmm_profile(v) == VMM_PROFILE_98 ? 0x1Fu : 3u;
    if (!node || flags & ~known) {
        configmg_answer(v, node ? KIT_CR_INVALID_FLAG : KIT_CR_INVALID_DEVNODE);
        return;
    }
    n->handler = vmm_arg(v, 1);
    n->reference = vmm_arg(v, 2);
    n->status &= ~(uint32_t)(KIT_DN_DISABLEABLE | KIT_DN_REMOVABLE);
    n->status |= KIT_DN_DRIVER_LOADED | (flags & KIT_CM_REGISTER_DEVICE_DRIVER_DISABLEABLE ? KIT_DN_DISABLEABLE : 0) |
                 (flags & KIT_CM_REGISTER_DEVICE_DRIVER_REMOVABLE ? KIT_DN_REMOVABLE : 0);
    n->waits = 1;
    configmg_schedule(v);
    configmg_answer(v, KIT_CR_SUCCESS);
}

// Register_Enumerator(dnDevNode, Handler, ulFlags), S254A.
static void register_enumerator(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0));
    struct configmg_node *n = &configmg_state(v)->node[node];
    uint32_t known = vmm_profile(v) == VMM_PROFILE_98 ? 3u : 1u;
    if (!node || vmm_arg(v, 2) & ~known) {
        configmg_answer(v, node ? KIT_CR_INVALID_FLAG : KIT_CR_INVALID_DEVNODE);
        return;
    }
    n->enumerator = vmm_arg(v, 1);
    n->status |= KIT_DN_ENUM_LOADED;
    n->to_enumerate = n->waits = 1;
    configmg_schedule(v);
    configmg_answer(v, KIT_CR_SUCCESS);
}

static void register_enumerator_function(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0));
    if (node && !vmm_arg(v, 2))
        configmg_state(v)->node[node].function = vmm_arg(v, 1);
    configmg_answer(v, !node ? KIT_CR_INVALID_DEVNODE : vmm_arg(v, 2) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS);
}

// Register_DevLoader(pDDB, ulFlags), S2549: what waited for a static loader is tried again.
static void register_devloader(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    for (uint32_t i = 1; i < CONFIGMG_NODES; i++) {
        if (!s->node[i].generation || s->node[i].problem != KIT_CM_PROB_DEVLOADER_NOT_READY)
            continue;
        s->node[i].waits = s->node[i].new_node = 1;
        configmg_schedule(v);
    }
    configmg_answer(v, vmm_arg(v, 1) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS);
}

static void to_enumerate(struct configmg_node *n)
{
    n->status |= KIT_DN_NEED_TO_ENUM;
    n->to_enumerate = n->waits = 1;
}

void configmg_enumerate_all(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    for (uint32_t i = 1; i < CONFIGMG_NODES; i++)
        if (s->node[i].generation && s->node[i].status & KIT_DN_ENUM_LOADED)
            to_enumerate(&s->node[i]);
    configmg_schedule(v);
}

// Reenumerate_DevNode(dnDevNode, ulFlags), S2546: whether the node is there is looked at when its turn comes.
static void reenumerate_devnode(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0));
    if (!node || vmm_arg(v, 1) > KIT_CM_REENUMERATE_SYNCHRONOUS) {
        configmg_answer(v, vmm_arg(v, 1) > KIT_CM_REENUMERATE_SYNCHRONOUS ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS);
        return;
    }
    to_enumerate(&configmg_state(v)->node[node]);
    if (vmm_arg(v, 1)) {
        configmg_work_answer_begin(v);
        return;
    }
    configmg_schedule(v);
    configmg_answer(v, KIT_CR_SUCCESS);
}

const struct vmm_binding configmg_start_bindings[] = {
    {KIT__CONFIGMG_Register_Device_Driver, register_device_driver},
    {KIT__CONFIGMG_Register_Enumerator, register_enumerator},
    {KIT__CONFIGMG_Register_Enumerator_Function, register_enumerator_function},
    {KIT__CONFIGMG_Register_DevLoader, register_devloader},
    {KIT__CONFIGMG_Reenumerate_DevNode, reenumerate_devnode},
    {0, NULL},
};
