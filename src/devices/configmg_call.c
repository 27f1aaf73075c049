// CONFIGMG: calls of the handlers that drivers and enumerators have registered (Win95 DDK S255E, S255F). What concerns
// a device is told to its driver, and to the enumerator of its parent as news about a child (S248F).
#include "devices/configmg.h"

// A driver's handler: (CONFIGFUNC, SUBCONFIGFUNC, DEVNODE, reference data, flags).
void configmg_call_begin(struct vmm *v, uint32_t node, uint32_t function, uint32_t sub)
{
    const struct configmg_node *n = &configmg_state(v)->node[node];
    const uint32_t args[5] = {function, sub, configmg_handle(v, CONFIGMG_NODE, node), n->reference, 0};
    vmm_frame_call_c_begin(v, n->handler, 5, args);
}

// An enumerator's handler: (CONFIGFUNC, SUBCONFIGFUNC, DEVNODE of its own, DEVNODE that it is about, flags).
void configmg_call_enumerator_begin(struct vmm *v, uint32_t node, uint32_t about, uint32_t function, uint32_t sub)
{
    const uint32_t args[5] = {function, sub, configmg_handle(v, CONFIGMG_NODE, node),
                              configmg_handle(v, CONFIGMG_NODE, about), 0};
    vmm_frame_call_c_begin(v, configmg_state(v)->node[node].enumerator, 5, args);
}

bool configmg_agreed(struct vmm *v)
{
    uint32_t result = vmm_regs(v)[X86_EAX];
    return result == KIT_CR_SUCCESS || result == KIT_CR_DEFAULT;
}

// ---------------------------------------------------------------------------------------------------------------------
// Frame: a[0] handle of the node, a[1] function, a[2] subfunction, a[3] the answer so far.

enum { DRIVER, ENUMERATOR, TAKEN_BACK };

static void over(struct vmm *v, uint32_t result)
{
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = result;
}

static void tell_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, f->a[0]), result = vmm_regs(v)[X86_EAX];
    const struct configmg *s = configmg_state(v);
    uint32_t parent = s->node[node].parent;
    if (f->step == DRIVER && node && configmg_agreed(v) && s->node[parent].enumerator) {
        f->step = ENUMERATOR;
        configmg_call_enumerator_begin(v, parent, node, f->a[1], f->a[2]);
    } else if (f->step == ENUMERATOR && node && !configmg_agreed(v) && f->a[1] == KIT_CONFIG_TEST &&
               s->node[node].handler) {
        f->step = TAKEN_BACK; // its driver had agreed
        f->a[3] = result;
        configmg_call_begin(v, node, KIT_CONFIG_TEST_FAILED, f->a[2]);
    } else {
        over(v, f->step == TAKEN_BACK ? f->a[3] : result);
    }
}

static const struct vmm_frame_kind tell_kind = {"a configuration handler", tell_resume, NULL};

bool configmg_has_listener(struct vmm *v, uint32_t node)
{
    const struct configmg *s = configmg_state(v);
    return s->node[node].handler || s->node[s->node[node].parent].enumerator;
}

void configmg_tell_begin(struct vmm *v, uint32_t node, uint32_t function, uint32_t sub)
{
    vmm_frame_wait(v);
    struct vmm_frame *f = vmm_frame_push(v, configmg_state(v)->hear_kind);
    if (!f)
        return;
    f->step = DRIVER;
    f->a[0] = configmg_handle(v, CONFIGMG_NODE, node);
    f->a[1] = function;
    f->a[2] = sub;
    vmm_regs(v)[X86_EAX] = KIT_CR_SUCCESS;
    if (configmg_state(v)->node[node].handler)
        configmg_call_begin(v, node, function, sub);
    else
        tell_resume(v, f);
}

void configmg_call_create(struct vmm *v)
{
    configmg_state(v)->hear_kind = vmm_frame_kind_add(v, &tell_kind);
}
