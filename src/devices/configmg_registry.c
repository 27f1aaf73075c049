// CONFIGMG: where a device node keeps its settings in the registry. The device's own ("hardware") key is
// HKEY_LOCAL_MACHINE\Enum\IDENTIFIER; its value Driver names the driver's ("software") key below
// System\CurrentControlSet\Services\Class (Win95 DDK: device registry keys and values; services S2524, S2544).
#include "devices/configmg.h"

#include "kit/services.h"

#include <stdio.h>
#include <string.h>

enum { LARGEST_VALUE = 4096 };

static const char class_path[] = "System\\CurrentControlSet\\Services\\Class";
static const uint32_t KEY_USER = 0x80000001u, KEY_MACHINE = 0x80000002u, KEY_CONFIG = 0x80000005u;

// The key that a predefined handle and a path below it designate; 0 = absent, or no memory when it is to be made.
static uint32_t key_at(struct vmm *v, uint32_t predefined, const char *path, bool make)
{
    struct vmm_hive hive = vmm_registry(v);
    char place[VMM_HIVE_PLACE];
    uint32_t top = vmm_registry_place(v, predefined, place);
    uint32_t base = make ? vmm_hive_create(&hive, top, place) : vmm_hive_open(&hive, top, place);
    return !base ? 0 : make ? vmm_hive_create(&hive, base, path) : vmm_hive_open(&hive, base, path);
}

uint32_t configmg_machine_key(struct vmm *v, const char *path, bool make)
{
    return key_at(v, KEY_MACHINE, path, make);
}

// A text value, cut to `size` bytes with its terminator; its length. 0: no such key or value.
uint32_t configmg_key_text(struct vmm *v, uint32_t key, const char *name, char *to, uint32_t size)
{
    struct vmm_hive hive = vmm_registry(v);
    uint8_t data[LARGEST_VALUE];
    uint32_t row = key ? vmm_hive_find(&hive, key, name) : 0;
    const struct vmm_hive_value *value = row ? vmm_hive_value_at(&hive, row) : NULL;
    to[0] = 0;
    if (!value || value->type != KIT_REG_SZ || value->data.size > sizeof data)
        return 0;
    vmm_hive_data(&hive, &value->data, data);
    uint32_t n = value->data.size < size ? value->data.size : size - 1;
    memcpy(to, data, n);
    to[n] = 0;
    return (uint32_t)strlen(to);
}

static void hardware_path(struct vmm *v, uint32_t node, char path[CONFIGMG_PATH])
{
    char id[HARDWARE_ID];
    configmg_id(v, node, id);
    snprintf(path, CONFIGMG_PATH, "Enum\\%s", id);
}

// False: the device has no driver's key.
static bool software_path(struct vmm *v, uint32_t node, char path[CONFIGMG_PATH])
{
    char driver[64];
    hardware_path(v, node, path);
    if (!configmg_key_text(v, key_at(v, KEY_MACHINE, path, false), "Driver", driver, sizeof driver))
        return false;
    snprintf(path, CONFIGMG_PATH, "%s\\%s", class_path, driver);
    return true;
}

uint32_t configmg_driver_text(struct vmm *v, uint32_t node, const char *sub, const char *name, char *to, uint32_t size)
{
    char path[CONFIGMG_PATH + 64], driver[CONFIGMG_PATH];
    to[0] = 0;
    if (!software_path(v, node, driver))
        return 0;
    snprintf(path, sizeof path, sub ? "%s\\%s" : "%s", driver, sub);
    return configmg_key_text(v, key_at(v, KEY_MACHINE, path, false), name, to, size);
}

// ---------------------------------------------------------------------------------------------------------------------
// Keys from a hardware description

static bool set_text(struct vmm *v, uint32_t key, const char *name, const char *text)
{
    struct vmm_hive hive = vmm_registry(v);
    return !text || vmm_hive_set(&hive, key, name, KIT_REG_SZ, text, (uint32_t)strlen(text) + 1);
}

// The next free CLASS\0000; its key. What the registry's text holds already is kept: a description adds to it.
static uint32_t driver_key(struct vmm *v, uint32_t hardware_key, const char *class_name)
{
    char path[CONFIGMG_PATH], driver[64];
    if (configmg_key_text(v, hardware_key, "Driver", driver, sizeof driver)) {
        snprintf(path, sizeof path, "%s\\%s", class_path, driver);
        return key_at(v, KEY_MACHINE, path, true);
    }
    for (unsigned n = 0; n < 10000; n++) {
        snprintf(driver, sizeof driver, "%.32s\\%04u", class_name, n);
        snprintf(path, sizeof path, "%s\\%s", class_path, driver);
        if (!key_at(v, KEY_MACHINE, path, false))
            return set_text(v, hardware_key, "Driver", driver) ? key_at(v, KEY_MACHINE, path, true) : 0;
    }
    return 0;
}

static bool set_values(struct vmm *v, const struct hardware_node *n, uint32_t hardware_key, uint32_t software_key)
{
    struct vmm_hive hive = vmm_registry(v);
    for (const struct hardware_value *i = n->values; i; i = i->next)
        if (!vmm_hive_set(&hive, i->hardware ? hardware_key : software_key, i->name, i->type, i->data, i->size))
            return false;
    return true;
}

static bool has_software(const struct hardware_node *n)
{
    bool values = false;
    for (const struct hardware_value *i = n->values; i; i = i->next)
        values |= !i->hardware;
    return values || n->loader || n->enumerator;
}

bool configmg_describe_key(struct vmm *v, const struct hardware_node *n)
{
    char path[CONFIGMG_PATH];
    const char *class_name = n->class_name ? n->class_name : "Unknown";
    snprintf(path, sizeof path, "Enum\\%s", n->id);
    uint32_t hardware = key_at(v, KEY_MACHINE, path, true), software = 0;
    if (!hardware || !set_text(v, hardware, "DeviceDesc", n->description) ||
        !set_text(v, hardware, "Class", n->class_name))
        return false;
    if (has_software(n) && !(software = driver_key(v, hardware, class_name)))
        return false;
    return !software
               ? set_values(v, n, hardware, hardware)
               : set_text(v, software, "DevLoader", n->loader) && set_text(v, software, "Enumerator", n->enumerator) &&
                     set_text(v, software, "DriverDesc", n->description) && set_values(v, n, hardware, software);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

struct place {
    uint32_t predefined;
    char path[CONFIGMG_PATH + 256];
};

// The key that a device node, a subkey's pointer and CM_REGISTRY_ flags designate.
static int find_place(struct vmm *v, uint32_t handle, uint32_t subkey, uint32_t flags, struct place *to)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, handle);
    char sub[200] = "";
    const uint32_t known = KIT_CM_REGISTRY_SOFTWARE | KIT_CM_REGISTRY_USER | KIT_CM_REGISTRY_CONFIG;
    if (!node)
        return KIT_CR_INVALID_DEVNODE;
    if (flags & ~known || (flags & known) > (KIT_CM_REGISTRY_CONFIG | KIT_CM_REGISTRY_SOFTWARE))
        return KIT_CR_INVALID_FLAG;
    if (subkey && !vmm_get_text(v, subkey, sub, sizeof sub))
        return CONFIGMG_FAULTED;
    to->predefined = flags & KIT_CM_REGISTRY_USER     ? KEY_USER
                     : flags & KIT_CM_REGISTRY_CONFIG ? KEY_CONFIG
                                                      : KEY_MACHINE;
    if (!configmg_state(v)->node[node].id)
        return KIT_CR_NO_REGISTRY_HANDLE;
    if (!(flags & KIT_CM_REGISTRY_SOFTWARE))
        hardware_path(v, node, to->path);
    else if (!software_path(v, node, to->path))
        return KIT_CR_NO_REGISTRY_HANDLE;
    size_t n = strlen(to->path);
    if (sub[0])
        snprintf(to->path + n, sizeof to->path - n, "\\%s", sub);
    return vmm_hive_path_valid(to->path) ? KIT_CR_SUCCESS : KIT_CR_NO_REGISTRY_HANDLE;
}

// Get_DevNode_Key(dnDevNode, pszSubKey, Buffer, BufferLen, ulFlags)
static int devnode_key(struct vmm *v)
{
    struct place place;
    int error = find_place(v, vmm_arg(v, 0), vmm_arg(v, 1), vmm_arg(v, 4), &place);
    if (error)
        return error;
    if (!vmm_arg(v, 2))
        return KIT_CR_INVALID_POINTER;
    uint32_t bytes = (uint32_t)strlen(place.path) + 1;
    if (vmm_arg(v, 3) < bytes)
        return KIT_CR_BUFFER_SMALL;
    return vmm_put(v, vmm_arg(v, 2), place.path, bytes) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static void get_devnode_key(struct vmm *v)
{
    configmg_answer(v, devnode_key(v));
}

// Get_DevNode_Key_Size(pulLen, dnDevNode, pszSubKey, ulFlags): without the terminator, as Get_Device_ID_Size.
static int devnode_key_size(struct vmm *v)
{
    struct place place;
    int error = find_place(v, vmm_arg(v, 1), vmm_arg(v, 2), vmm_arg(v, 3), &place);
    if (error)
        return error;
    if (!vmm_arg(v, 0))
        return KIT_CR_INVALID_POINTER;
    return vmm_put32(v, vmm_arg(v, 0), (uint32_t)strlen(place.path)) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static void get_devnode_key_size(struct vmm *v)
{
    configmg_answer(v, devnode_key_size(v));
}

// A four-byte value that an editor wrote as REG_DWORD is binary data too.
static bool type_fits(uint32_t expected, uint32_t type)
{
    return expected == type || (expected == KIT_REG_BINARY && type == KIT_REG_DWORD);
}

static int deliver_value(struct vmm *v, const struct vmm_hive_value *value, uint32_t to, uint32_t size_at)
{
    struct vmm_hive hive = vmm_registry(v);
    uint8_t data[LARGEST_VALUE];
    uint32_t room, size = value->data.size;
    if (!vmm_get32(v, size_at, &room) || !vmm_probe(v, size_at, 4, true))
        return CONFIGMG_FAULTED;
    bool fits = room >= size && size <= sizeof data;
    if (to && fits) {
        vmm_hive_data(&hive, &value->data, data);
        if (size && !vmm_put(v, to, data, size))
            return CONFIGMG_FAULTED;
    }
    if (!vmm_put32(v, size_at, size))
        return CONFIGMG_FAULTED;
    return !to || fits ? KIT_CR_SUCCESS : KIT_CR_BUFFER_SMALL;
}

// Read_Registry_Value(dnDevNode, pszSubKey, pszValueName, ulExpectedType, Buffer, pulLength, ulFlags)
static int read_value(struct vmm *v)
{
    struct vmm_hive hive = vmm_registry(v);
    struct place place;
    char name[VMM_HIVE_NAME] = "";
    int error = find_place(v, vmm_arg(v, 0), vmm_arg(v, 1), vmm_arg(v, 6), &place);
    if (error)
        return error == KIT_CR_NO_REGISTRY_HANDLE ? KIT_CR_NO_SUCH_VALUE : error;
    if (!vmm_arg(v, 5))
        return KIT_CR_INVALID_POINTER;
    if (vmm_arg(v, 2) && !vmm_get_text(v, vmm_arg(v, 2), name, sizeof name))
        return CONFIGMG_FAULTED;
    uint32_t key = key_at(v, place.predefined, place.path, false), row = key ? vmm_hive_find(&hive, key, name) : 0;
    if (!row)
        return KIT_CR_NO_SUCH_VALUE;
    if (!type_fits(vmm_arg(v, 3), vmm_hive_value_at(&hive, row)->type))
        return KIT_CR_WRONG_TYPE;
    return deliver_value(v, vmm_hive_value_at(&hive, row), vmm_arg(v, 4), vmm_arg(v, 5));
}

static void read_registry_value(struct vmm *v)
{
    configmg_answer(v, read_value(v));
}

// Write_Registry_Value(dnDevNode, pszSubKey, pszValueName, ulType, Buffer, ulLength, ulFlags); length 0 of a text is
// the text's own.
static int write_value(struct vmm *v)
{
    struct vmm_hive hive = vmm_registry(v);
    struct place place;
    char name[VMM_HIVE_NAME] = "";
    uint8_t data[LARGEST_VALUE];
    uint32_t type = vmm_arg(v, 3), size = vmm_arg(v, 5);
    int error = find_place(v, vmm_arg(v, 0), vmm_arg(v, 1), vmm_arg(v, 6), &place);
    if (error)
        return error;
    if (!vmm_arg(v, 4))
        return KIT_CR_INVALID_POINTER;
    if (size > sizeof data || (type != KIT_REG_SZ && type != KIT_REG_BINARY && type != KIT_REG_DWORD))
        return KIT_CR_INVALID_DATA;
    if (vmm_arg(v, 2) && !vmm_get_text(v, vmm_arg(v, 2), name, sizeof name))
        return CONFIGMG_FAULTED;
    if (type == KIT_REG_SZ) {
        if (!vmm_get_text(v, vmm_arg(v, 4), (char *)data, sizeof data))
            return CONFIGMG_FAULTED;
        size = (uint32_t)strlen((const char *)data) + 1;
    } else if (size && !vmm_get(v, vmm_arg(v, 4), data, size)) {
        return CONFIGMG_FAULTED;
    }
    uint32_t key = key_at(v, place.predefined, place.path, true);
    return key && vmm_hive_set(&hive, key, name, type, data, size) ? KIT_CR_SUCCESS : KIT_CR_REGISTRY_ERROR;
}

static void write_registry_value(struct vmm *v)
{
    configmg_answer(v, write_value(v));
}

// Add_ID(dnDevNode, pszID, ulFlags), S2507: behind those that the device's key has, separated by commas.
static int append_id(struct vmm *v)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 0)), flags = vmm_arg(v, 2);
    char path[CONFIGMG_PATH], id[HARDWARE_ID], all[LARGEST_VALUE];
    if (!node || !configmg_state(v)->node[node].id)
        return KIT_CR_INVALID_DEVNODE;
    if (flags > KIT_CM_ADD_ID_COMPATIBLE)
        return KIT_CR_INVALID_FLAG;
    if (!vmm_arg(v, 1))
        return KIT_CR_INVALID_POINTER;
    if (!vmm_get_text(v, vmm_arg(v, 1), id, sizeof id))
        return CONFIGMG_FAULTED;
    const char *name = flags == KIT_CM_ADD_ID_HARDWARE ? "HardwareID" : "CompatibleIDs";
    hardware_path(v, node, path);
    uint32_t key = configmg_machine_key(v, path, true), n = configmg_key_text(v, key, name, all, sizeof all - 256);
    snprintf(all + n, sizeof all - n, "%s%s", n ? "," : "", id);
    return key && vmm_hive_set(&hive, key, name, KIT_REG_SZ, all, (uint32_t)strlen(all) + 1) ? KIT_CR_SUCCESS
                                                                                             : KIT_CR_OUT_OF_MEMORY;
}

static void add_id(struct vmm *v)
{
    configmg_answer(v, append_id(v));
}

// Read_Registry_Log_Confs(dnDevNode, ulFlags), S2543: from the subkey LogConfig of the device's key.
static void read_registry_log_confs(struct vmm *v)
{
    uint32_t node;
    char path[CONFIGMG_PATH];
    int error = configmg_node_argument(v, 0, 1, &node);
    if (!error) {
        hardware_path(v, node, path);
        size_t n = strlen(path);
        snprintf(path + n, sizeof path - n, "\\LogConfig");
        uint32_t key = configmg_machine_key(v, path, false);
        struct vmm_hive hive = vmm_registry(v);
        if (key && vmm_hive_nth_value(&hive, key, 0)) {
            vmm_stop(v, VMM_END_MISSING,
                     "_CONFIGMG_Read_Registry_Log_Confs: how HKEY_LOCAL_MACHINE\\%s describes "
                     "logical configurations is not documented",
                     path);
            return;
        }
    }
    configmg_answer(v, error);
}

const struct vmm_binding configmg_registry_bindings[] = {
    {KIT__CONFIGMG_Add_ID, add_id},
    {KIT__CONFIGMG_Read_Registry_Log_Confs, read_registry_log_confs},
    {KIT__CONFIGMG_Get_DevNode_Key, get_devnode_key},
    {KIT__CONFIGMG_Get_DevNode_Key_Size, get_devnode_key_size},
    {KIT__CONFIGMG_Read_Registry_Value, read_registry_value},
    {KIT__CONFIGMG_Write_Registry_Value, write_registry_value},
    {0, NULL},
};
