// CONFIGMG: values that drivers and enumerators keep at device nodes (Win95 DDK S252E, S2554, S2521, S2551), and a
// driver's own problem (S2555).
#include "devices/configmg.h"

#include "kit/services.h"

static bool is_ancestor(const struct configmg *s, uint32_t ancestor, uint32_t node)
{
    while (node && node != ancestor)
        node = s->node[node].parent;
    return node != 0;
}

// The row of a pair, or a free one; NULL = there is none.
static struct configmg_private *find(struct configmg *s, uint32_t in, uint32_t of)
{
    struct configmg_private *free_row = NULL;
    for (uint32_t i = 0; i < CONFIGMG_PRIVATES; i++) {
        struct configmg_private *p = &s->private[i];
        if (p->in == in && p->of == of)
            return p;
        if (!p->in)
            free_row = p;
    }
    return free_row;
}

void configmg_privates_free(struct vmm *v, uint32_t node)
{
    struct configmg *s = configmg_state(v);
    for (uint32_t i = 0; i < CONFIGMG_PRIVATES; i++)
        if (s->private[i].in == node || s->private[i].of == node)
            s->private[i] = (struct configmg_private){0};
}

// dnInDevNode, then dnForDevNode, which is the same or an ancestor; neither is the root.
static int pair(struct vmm *v, unsigned first, unsigned flags, uint32_t *in, uint32_t *of)
{
    int error = configmg_node_argument(v, first, flags, in);
    if (!error)
        error = configmg_node_argument(v, first + 1, flags, of);
    if (error)
        return error;
    bool fits = *in != CONFIGMG_ROOT && *of != CONFIGMG_ROOT && is_ancestor(configmg_state(v), *of, *in);
    return fits ? KIT_CR_SUCCESS : KIT_CR_INVALID_DEVNODE;
}

// Get_Private_DWord(pulPrivate, dnInDevNode, dnForDevNode, ulFlags): 0 before it is set.
static void get_private_dword(struct vmm *v)
{
    uint32_t in, of;
    int error = pair(v, 1, 3, &in, &of);
    const struct configmg_private *p = error ? NULL : find(configmg_state(v), in, of);
    configmg_answer(v, error ? error : configmg_deliver(v, vmm_arg(v, 0), p && p->in ? p->value : 0));
}

// Set_Private_DWord(dnInDevNode, dnForDevNode, ulValue, ulFlags)
static void set_private_dword(struct vmm *v)
{
    uint32_t in, of;
    int error = pair(v, 0, 3, &in, &of);
    struct configmg_private *p = error ? NULL : find(configmg_state(v), in, of);
    if (p)
        *p = (struct configmg_private){.in = (uint16_t)in, .of = (uint16_t)of, .value = vmm_arg(v, 2)};
    configmg_answer(v, error ? error : p ? KIT_CR_SUCCESS : KIT_CR_OUT_OF_MEMORY);
}

static void get_driver_dword(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 0, 2, &node);
    configmg_answer(v, error ? error : configmg_deliver(v, vmm_arg(v, 1), configmg_state(v)->node[node].driver_dword));
}

// The page calls the second argument a pointer, in the words of the other service; it is taken as the value.
static void set_driver_dword(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 0, 2, &node);
    if (!error)
        configmg_state(v)->node[node].driver_dword = vmm_arg(v, 1);
    configmg_answer(v, error);
}

// The device node stays enabled (S2555).
static void set_private_problem(struct vmm *v)
{
    uint32_t node;
    int error = configmg_node_argument(v, 0, 2, &node);
    if (!error) {
        configmg_state(v)->node[node].status |= KIT_DN_PRIVATE_PROBLEM;
        configmg_problem(v, node, vmm_arg(v, 1));
    }
    configmg_answer(v, error);
}

const struct vmm_binding configmg_private_bindings[] = {
    {KIT__CONFIGMG_Get_Private_DWord, get_private_dword},
    {KIT__CONFIGMG_Set_Private_DWord, set_private_dword},
    {KIT__CONFIGMG_Get_Device_Driver_Private_DWord, get_driver_dword},
    {KIT__CONFIGMG_Set_Device_Driver_Private_DWord, set_driver_dword},
    {KIT__CONFIGMG_Set_Private_Problem, set_private_problem},
    {0, NULL},
};
