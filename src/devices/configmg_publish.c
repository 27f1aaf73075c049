// CONFIGMG: the tree as HKEY_DYN_DATA\Config Manager\Enum shows it (KB Q250568: "provided when this key is displayed,
// so it is never out of date"): a key for each device node, named by its handle, with the identifier in HardWareKey,
// and as binary values Status, Problem, Parent, Child and Sibling (names as Windows 95's registry has them; Allocation,
// whose format is not documented, is left out).
#include "devices/configmg.h"

#include "vmm/registry.h"

#include <stdio.h>
#include <string.h>

static const char place[] = "Config Manager\\Enum";

static void name_of(uint32_t handle, char name[16])
{
    snprintf(name, 16, "%08X", (unsigned)handle);
}

static bool is_current(struct vmm *v, const char *name)
{
    char own[16];
    for (uint32_t i = 1; i < CONFIGMG_NODES; i++) {
        if (!configmg_state(v)->node[i].generation)
            continue;
        name_of(configmg_handle(v, CONFIGMG_NODE, i), own);
        if (strcmp(own, name) == 0)
            return true;
    }
    return false;
}

static void remove_old(struct vmm *v, uint32_t top)
{
    struct vmm_hive hive = vmm_registry(v);
    char name[VMM_HIVE_NAME];
    for (uint32_t n = 0, key; (key = vmm_hive_nth_key(&hive, top, n)) != 0;) {
        vmm_hive_name(&hive, &vmm_hive_key_at(&hive, key)->name, name);
        if (is_current(v, name) || vmm_hive_key_at(&hive, key)->first_key)
            n++;
        else
            vmm_registry_delete(v, key);
    }
}

static bool set(struct vmm *v, uint32_t key, const char *name, uint32_t value)
{
    struct vmm_hive hive = vmm_registry(v);
    uint8_t data[4];
    base_put32(data, value);
    return vmm_hive_set(&hive, key, name, KIT_REG_BINARY, data, sizeof data);
}

static bool publish_node(struct vmm *v, uint32_t top, uint32_t node)
{
    struct vmm_hive hive = vmm_registry(v);
    const struct configmg_node *n = &configmg_state(v)->node[node];
    char name[16], id[HARDWARE_ID];
    name_of(configmg_handle(v, CONFIGMG_NODE, node), name);
    configmg_id(v, node, id);
    uint32_t key = vmm_hive_create(&hive, top, name);
    return key && vmm_hive_set(&hive, key, "HardWareKey", KIT_REG_SZ, id, (uint32_t)strlen(id) + 1) &&
           set(v, key, "Status", n->status) && set(v, key, "Problem", n->problem) &&
           set(v, key, "Parent", configmg_handle(v, CONFIGMG_NODE, n->parent)) &&
           set(v, key, "Child", configmg_handle(v, CONFIGMG_NODE, n->child)) &&
           set(v, key, "Sibling", configmg_handle(v, CONFIGMG_NODE, n->sibling));
}

// Where memory is short some of it is missing, as everywhere in the registry.
void configmg_publish(struct vmm *v)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t top = vmm_hive_create(&hive, VMM_HIVE_DYNAMIC, place);
    if (!top)
        return;
    remove_old(v, top);
    for (uint32_t i = 1; i < CONFIGMG_NODES; i++)
        if (configmg_state(v)->node[i].generation && !publish_node(v, top, i))
            return;
}
