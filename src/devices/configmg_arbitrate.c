// CONFIGMG: from the filtered configurations of a node to an allocated one. The first one, in order of priority, for
// which all arbitrators can satisfy what it asks for is taken: those of drivers are asked with ARB_TEST_ALLOC and hear
// ARB_SET_ALLOC or ARB_RELEASE_ALLOC then (Win95 DDK S2561-S2565), the four that are always there are in
// configmg_alloc.c. When there is no such configuration, a device that runs and may be stopped is moved: both are
// arbitrated together, its driver is asked (CONFIG_TEST, S2574), stopped, and started later with other resources.
#include "devices/configmg.h"

#include "kit/services.h"
#include "kit/structures.h"

// Frame. The mover is the device that is moved for the node's sake.
enum {
    NODE,       // a[...]: handle
    MOVER,      // row, 0 = none
    CONF,       // of the node, row
    MOVER_CONF, // row
    ARBITRATOR, // row of the one that is or was called
    LIST,       // guest address of the node list
    ASKED,      // bits of the arbitrators that have tested
    RESULT,     // when nothing helps
    FORCED,     // the last resort of a forced configuration
};

enum { TRY, TESTED, FORCED_TEST, MAY_STOP, TOLD, STOPPED, SETTING, RELEASING };

enum { LIST_BYTES = KIT_SIZE_NODELISTHEADER_S + 2 * KIT_SIZE_NODELIST_S };

static uint32_t node_of(struct vmm *v, const struct vmm_frame *f)
{
    return configmg_row(v, CONFIGMG_NODE, f->a[NODE]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Configurations that are tried

static void drop(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t node = node_of(v, f);
    if (node)
        configmg_confs_free(v, node, CONFIGMG_TRIED);
    if (f->a[MOVER] && configmg_state(v)->node[f->a[MOVER]].generation)
        configmg_confs_free(v, f->a[MOVER], CONFIGMG_TRIED);
}

static void commit(struct vmm *v, uint32_t node)
{
    struct configmg *s = configmg_state(v);
    uint16_t *conf = s->node[node].conf;
    configmg_confs_free(v, node, KIT_ALLOC_LOG_CONF);
    s->conf[conf[CONFIGMG_TRIED]].type = KIT_ALLOC_LOG_CONF;
    conf[KIT_ALLOC_LOG_CONF] = conf[CONFIGMG_TRIED];
    conf[CONFIGMG_TRIED] = 0;
    configmg_place_spaces(v, node, KIT_ALLOC_LOG_CONF);
}

static bool is_needed(struct vmm *v, uint32_t node, uint32_t arbitrator)
{
    const struct configmg *s = configmg_state(v);
    uint32_t conf = s->node[node].conf[CONFIGMG_TRIED];
    for (uint32_t d = conf ? s->conf[conf].first : 0; d; d = s->descriptor[d].next)
        if (configmg_arbitrator_of(v, node, s->descriptor[d].type) == arbitrator)
            return true;
    return false;
}

static bool put_element(struct vmm *v, uint32_t at, uint32_t next, uint32_t previous, uint32_t node)
{
    uint8_t e[KIT_SIZE_NODELIST_S] = {0};
    base_put32(e + KIT_nl_Next, next);
    base_put32(e + KIT_nl_Previous, previous);
    base_put32(e + KIT_nl_ItsDevNode, configmg_handle(v, CONFIGMG_NODE, node));
    base_put32(e + KIT_nl_Test_Req,
               configmg_handle(v, CONFIGMG_CONF, configmg_state(v)->node[node].conf[CONFIGMG_TRIED]));
    return x86_write_linear(vmm_cpu(v), at, e, sizeof e, X86_WRITE, NULL);
}

// The node list of the two: what arbitrators sort and go through.
static bool make_list(struct vmm *v, struct vmm_frame *f)
{
    uint8_t header[KIT_SIZE_NODELISTHEADER_S];
    if (!f->a[LIST])
        f->a[LIST] = vmm_heap_get(v, LIST_BYTES);
    uint32_t one = f->a[LIST] + KIT_SIZE_NODELISTHEADER_S, two = f->a[MOVER] ? one + KIT_SIZE_NODELIST_S : 0;
    base_put32(header + KIT_nlh_Head, one);
    base_put32(header + KIT_nlh_Tail, two ? two : one);
    return f->a[LIST] && x86_write_linear(vmm_cpu(v), f->a[LIST], header, sizeof header, X86_WRITE, NULL) &&
           put_element(v, one, two, 0, node_of(v, f)) && (!two || put_element(v, two, 0, one, f->a[MOVER]));
}

// Both are copied and the resources that no driver arbitrates are found for them. CR_*.
static int prepare(struct vmm *v, struct vmm_frame *f)
{
    uint32_t node = node_of(v, f), mover = f->a[MOVER];
    if (!configmg_conf_copy(v, f->a[CONF], CONFIGMG_TRIED) ||
        (mover && !configmg_conf_copy(v, f->a[MOVER_CONF], CONFIGMG_TRIED)) || !make_list(v, f))
        return KIT_CR_OUT_OF_MEMORY;
    if (is_needed(v, node, CONFIGMG_NOBODY))
        return KIT_CR_NO_ARBITRATOR;
    bool done = configmg_solve(v, node, mover, f->a[FORCED]) && (!mover || configmg_solve(v, mover, node, false));
    return done ? KIT_CR_SUCCESS : KIT_CR_FAILURE;
}

// ---------------------------------------------------------------------------------------------------------------------
// What comes next when a try has failed

static bool is_above(const struct configmg *s, uint32_t node, uint32_t below)
{
    while (below && below != node)
        below = s->node[below].parent;
    return below != 0;
}

static bool can_move(const struct configmg *s, uint32_t mover, uint32_t node)
{
    const struct configmg_node *m = &s->node[mover];
    const uint32_t needed = KIT_DN_STARTED | KIT_DN_DISABLEABLE;
    return m->generation && (m->status & needed) == needed && m->handler && m->conf[KIT_ALLOC_LOG_CONF] &&
           m->conf[KIT_FILTERED_LOG_CONF] && !is_above(s, mover, node);
}

static void next_mover(const struct configmg *s, struct vmm_frame *f, uint32_t node)
{
    do
        f->a[MOVER]++;
    while (f->a[MOVER] < CONFIGMG_NODES && !can_move(s, f->a[MOVER], node));
    if (f->a[MOVER] == CONFIGMG_NODES)
        f->a[MOVER] = 0;
    f->a[CONF] = s->node[node].conf[KIT_FILTERED_LOG_CONF];
    f->a[MOVER_CONF] = s->node[f->a[MOVER]].conf[KIT_FILTERED_LOG_CONF];
}

// All of the mover's configurations for each of the node's.
static bool next_pair(struct vmm *v, struct vmm_frame *f)
{
    const struct configmg *s = configmg_state(v);
    uint32_t node = node_of(v, f), mover = f->a[MOVER];
    if (f->a[FORCED])
        return false;
    f->a[MOVER_CONF] = mover ? s->conf[f->a[MOVER_CONF]].next : 0;
    if (!f->a[MOVER_CONF]) {
        f->a[CONF] = s->conf[f->a[CONF]].next;
        f->a[MOVER_CONF] = s->node[mover].conf[KIT_FILTERED_LOG_CONF];
    }
    if (!f->a[CONF]) {
        next_mover(s, f, node);
        f->a[FORCED] = !f->a[MOVER] && s->node[node].conf[KIT_FORCED_LOG_CONF];
        return f->a[MOVER] || f->a[FORCED];
    }
    return true;
}

static void over(struct vmm *v, struct vmm_frame *f, uint32_t result)
{
    if (f->a[LIST])
        (void)!vmm_heap_give(v, f->a[LIST]);
    drop(v, f);
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = result;
}

// ---------------------------------------------------------------------------------------------------------------------
// Arbitrators of drivers

static void arbitrator_begin(struct vmm *v, struct vmm_frame *f, uint32_t function, uint32_t step)
{
    const struct configmg_arbitrator *a = &configmg_state(v)->arbitrator[f->a[ARBITRATOR]];
    const uint32_t args[4] = {function, a->reference, configmg_handle(v, CONFIGMG_NODE, a->node), f->a[LIST]};
    f->step = (uint16_t)step;
    vmm_frame_call_c_begin(v, a->handler, 4, args);
}

// The next one that arbitrates something of the two, or, after the tests, that has been asked. False: there is none.
static bool next_arbitrator(struct vmm *v, struct vmm_frame *f, bool asked)
{
    const struct configmg *s = configmg_state(v);
    for (uint32_t i = f->a[ARBITRATOR] + 1; i < CONFIGMG_ARBITRATORS; i++) {
        bool wanted = asked ? f->a[ASKED] >> i & 1
                            : is_needed(v, node_of(v, f), i) || (f->a[MOVER] && is_needed(v, f->a[MOVER], i));
        if (!s->arbitrator[i].generation || !wanted)
            continue;
        f->a[ARBITRATOR] = i;
        return true;
    }
    f->a[ARBITRATOR] = 0;
    return false;
}

static void set_next(struct vmm *v, struct vmm_frame *f)
{
    if (next_arbitrator(v, f, true)) {
        arbitrator_begin(v, f, KIT_ARB_SET_ALLOC, SETTING);
        return;
    }
    struct configmg_node *mover = &configmg_state(v)->node[f->a[MOVER]];
    commit(v, node_of(v, f));
    if (f->a[MOVER]) {
        commit(v, f->a[MOVER]);
        mover->assigned = mover->waits = 1;
    }
    over(v, f, KIT_CR_SUCCESS);
}

// True: the next try follows.
static bool release_next(struct vmm *v, struct vmm_frame *f)
{
    if (next_arbitrator(v, f, true)) {
        arbitrator_begin(v, f, KIT_ARB_RELEASE_ALLOC, RELEASING);
        return false;
    }
    drop(v, f);
    f->step = TRY;
    if (next_pair(v, f))
        return true;
    over(v, f, f->a[RESULT]);
    return false;
}

static bool failed(struct vmm *v, struct vmm_frame *f)
{
    f->a[ARBITRATOR] = 0;
    return release_next(v, f);
}

static void all_agreed(struct vmm *v, struct vmm_frame *f)
{
    if (!f->a[MOVER]) {
        set_next(v, f);
        return;
    }
    f->step = MAY_STOP;
    configmg_tell_begin(v, f->a[MOVER], KIT_CONFIG_TEST, KIT_CONFIG_TEST_CAN_STOP);
}

static void test_next(struct vmm *v, struct vmm_frame *f)
{
    if (next_arbitrator(v, f, false))
        arbitrator_begin(v, f, KIT_ARB_TEST_ALLOC, TESTED);
    else
        all_agreed(v, f);
}

// One try. True: the next one follows at once.
static bool try_pair(struct vmm *v, struct vmm_frame *f)
{
    int error = prepare(v, f);
    f->a[ASKED] = f->a[ARBITRATOR] = 0;
    if (error == KIT_CR_OUT_OF_MEMORY) {
        over(v, f, KIT_CR_OUT_OF_MEMORY);
        return false;
    }
    if (error == KIT_CR_NO_ARBITRATOR)
        f->a[RESULT] = KIT_CR_NO_ARBITRATOR;
    if (error)
        return failed(v, f);
    test_next(v, f);
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------

static bool tested(struct vmm *v, struct vmm_frame *f)
{
    bool agreed = configmg_agreed(v) || f->step == FORCED_TEST;
    f->a[ASKED] |= 1u << f->a[ARBITRATOR];
    if (agreed)
        test_next(v, f);
    else if (f->a[FORCED])
        arbitrator_begin(v, f, KIT_ARB_FORCE_ALLOC, FORCED_TEST);
    else
        return failed(v, f);
    return false;
}

// A driver that does not let its device be stopped is not asked again.
static bool refused_to_stop(struct vmm *v, struct vmm_frame *f)
{
    const struct configmg *s = configmg_state(v);
    while (s->conf[f->a[MOVER_CONF]].next)
        f->a[MOVER_CONF] = s->conf[f->a[MOVER_CONF]].next;
    while (s->conf[f->a[CONF]].next)
        f->a[CONF] = s->conf[f->a[CONF]].next;
    return failed(v, f);
}

static bool step(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case TRY:
        return try_pair(v, f);
    case TESTED:
    case FORCED_TEST:
        return tested(v, f);
    case MAY_STOP:
        if (!configmg_agreed(v))
            return refused_to_stop(v, f);
        f->step = TOLD;
        configmg_tell_begin(v, f->a[MOVER], KIT_CONFIG_TEST_SUCCEEDED, KIT_CONFIG_TEST_CAN_STOP);
        return false;
    case TOLD:
        f->step = STOPPED;
        configmg_tell_begin(v, f->a[MOVER], KIT_CONFIG_STOP, KIT_CONFIG_STOP_DYNAMIC_STOP);
        return false;
    case STOPPED:
        configmg_state(v)->node[f->a[MOVER]].status &= ~(uint32_t)KIT_DN_STARTED;
        configmg_announce(v, f->a[MOVER], "has been stopped, its resources are needed");
        set_next(v, f);
        return false;
    case SETTING:
        set_next(v, f);
        return false;
    default:
        return release_next(v, f);
    }
}

static bool is_filtered(const struct configmg *s, uint32_t conf, uint32_t node)
{
    return s->conf[conf].generation && s->conf[conf].node == node && s->conf[conf].type == KIT_FILTERED_LOG_CONF;
}

// Drivers may have removed nodes and configurations while they were called.
static bool still_there(struct vmm *v, const struct vmm_frame *f)
{
    const struct configmg *s = configmg_state(v);
    uint32_t node = node_of(v, f), mover = f->a[MOVER];
    bool tried = f->step == TRY || (node && s->node[node].conf[CONFIGMG_TRIED]);
    if (!node || !is_filtered(s, f->a[CONF], node) || !tried)
        return false;
    return !mover || (s->node[mover].generation && is_filtered(s, f->a[MOVER_CONF], mover) &&
                      (f->step == TRY || s->node[mover].conf[CONFIGMG_TRIED]));
}

static void assign_resume(struct vmm *v, struct vmm_frame *f)
{
    do {
        if (!still_there(v, f)) {
            over(v, f, KIT_CR_FAILURE);
            return;
        }
    } while (step(v, f));
}

static void assign_abandon(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[LIST])
        (void)!vmm_heap_give(v, f->a[LIST]);
    drop(v, f);
}

static const struct vmm_frame_kind assign_kind = {"an arbitrator", assign_resume, assign_abandon};

void configmg_assign_begin(struct vmm *v, uint32_t node)
{
    const struct configmg *s = configmg_state(v);
    vmm_frame_wait(v);
    if (!s->node[node].conf[KIT_FILTERED_LOG_CONF]) { // it needs nothing
        configmg_confs_free(v, node, KIT_ALLOC_LOG_CONF);
        configmg_place_spaces(v, node, KIT_ALLOC_LOG_CONF);
        vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, s->assign_kind);
    if (!f)
        return;
    for (unsigned i = NODE; i <= FORCED; i++)
        f->a[i] = 0;
    f->a[NODE] = configmg_handle(v, CONFIGMG_NODE, node);
    f->a[CONF] = s->node[node].conf[KIT_FILTERED_LOG_CONF];
    f->a[RESULT] = KIT_CR_FAILURE;
    f->step = TRY;
    assign_resume(v, f);
}

void configmg_arbitrate_create(struct vmm *v)
{
    configmg_state(v)->assign_kind = vmm_frame_kind_add(v, &assign_kind);
}
