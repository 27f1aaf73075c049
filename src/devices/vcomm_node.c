// VCOMM: names of device nodes in the registry (Win95 DDK S2744, S2745, S2795). The device's key has PortName and
// FriendlyName, the driver's key the VxDs behind them: PortDriver and FriendlyDriver.
#include "devices/vcomm.h"

#include "devices/configmg.h"
#include "kit/names.h"
#include "kit/structures.h"

#include <stdio.h>
#include <string.h>

enum { LPT = 0, BIOS_LPT = 0x408, BIOS_LPTS = 3, FIRST_OTHER = 5, LAST_OTHER = 128 };

static const struct {
    uint16_t base;
    const char *name;
} standard[] = {{0x3F8, "COM1"}, {0x2F8, "COM2"}, {0x3E8, "COM3"}, {0x2E8, "COM4"}, {0x3220, "COM3"}};

static uint32_t hardware_key(struct vmm *v, uint32_t node, bool make)
{
    char id[HARDWARE_ID], path[CONFIGMG_PATH];
    configmg_id(v, configmg_row(v, CONFIGMG_NODE, node), id);
    snprintf(path, sizeof path, "Enum\\%s", id);
    return configmg_machine_key(v, path, make);
}

bool vcomm_node_text(struct vmm *v, uint32_t node, const char *value, char *to, uint32_t size)
{
    return configmg_key_text(v, hardware_key(v, node, false), value, to, size) > 0;
}

bool vcomm_node_file(struct vmm *v, uint32_t node, bool friendly, char *to, uint32_t size)
{
    uint32_t row = configmg_row(v, CONFIGMG_NODE, node);
    return row && ((friendly && configmg_driver_text(v, row, NULL, "FriendlyDriver", to, size)) ||
                   configmg_driver_text(v, row, NULL, "PortDriver", to, size));
}

static bool is_taken(struct vmm *v, const char *name)
{
    const struct vcomm *s = vcomm_state(v);
    char other[VCOMM_NAME];
    for (unsigned i = 0; i < VCOMM_NODES; i++)
        if (s->node[i] && vcomm_node_text(v, s->node[i], "PortName", other, sizeof other) && kit_same_name(other, name))
            return true;
    return vcomm_named(v, name);
}

// LPTn: the port's place among those that the BIOS has found; "" when it is not among them.
static void lpt_name(struct vmm *v, uint32_t base, char name[VCOMM_NAME])
{
    uint32_t table = vmm_peek32(v, vmm_system_vm(v) + KIT_CB_High_Linear) + BIOS_LPT;
    for (unsigned n = 0; n < BIOS_LPTS; n++)
        if (vmm_peek16(v, table + 2 * n) == base)
            snprintf(name, VCOMM_NAME, "LPT%u", n + 1);
}

static void com_name(struct vmm *v, uint32_t base, char name[VCOMM_NAME])
{
    for (size_t i = 0; i < BASE_COUNT(standard); i++)
        if (standard[i].base == base)
            snprintf(name, VCOMM_NAME, "%s", standard[i].name);
    for (unsigned n = FIRST_OTHER; !*name && n <= LAST_OTHER; n++) {
        snprintf(name, VCOMM_NAME, "COM%u", n);
        if (is_taken(v, name))
            *name = 0;
    }
}

// S2744 names the values of PortSubClass as texts; without one it is a serial port.
static bool is_lpt(struct vmm *v, uint32_t node)
{
    char kind[8];
    uint32_t row = configmg_row(v, CONFIGMG_NODE, node);
    return configmg_driver_text(v, row, NULL, "PortSubClass", kind, sizeof kind) && !strcmp(kind, "00");
}

static void set(struct vmm *v, uint32_t node, const char *value, const char *text)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t key = hardware_key(v, node, true);
    // Where memory is short it is missing, as everywhere in the registry.
    (void)!(key && vmm_hive_set(&hive, key, value, KIT_REG_SZ, text, (uint32_t)strlen(text) + 1));
}

void vcomm_node_name(struct vmm *v, uint32_t node)
{
    uint32_t row = configmg_row(v, CONFIGMG_NODE, node), base;
    char name[VCOMM_NAME] = "", description[VCOMM_NAME], friendly[2 * VCOMM_NAME + 4];
    if (!row || !configmg_allocated(v, row, KIT_ResType_IO, &base))
        return;
    if (!vcomm_node_text(v, node, "PortName", name, sizeof name)) {
        if (is_lpt(v, node))
            lpt_name(v, base, name);
        else
            com_name(v, base, name);
        if (!*name)
            return;
        set(v, node, "PortName", name);
    }
    if (!configmg_driver_text(v, row, NULL, "DriverDesc", description, sizeof description))
        return;
    snprintf(friendly, sizeof friendly, "%s (%s)", description, name);
    set(v, node, "FriendlyName", friendly);
    set(v, node, "DeviceDesc", friendly);
}
