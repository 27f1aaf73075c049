// CONFIGMG: hardware profiles (Win95 DDK S2494, S2528, S2529, S2552, S2553). A profile is a number; its settings lie in
// HKEY_LOCAL_MACHINE\Config\NUMBER, which HKEY_CURRENT_CONFIG is for the current one: below Enum\IDENTIFIER the value
// CSConfigFlags says what a device is there. Names and the current one are in Control\IDConfigDB.
#include "devices/configmg.h"

#include "kit/services.h"
#include "kit/structures.h"

#include <stdio.h>
#include <string.h>

enum { WM_DEVICECHANGE = 0x219, DBT_CONFIGCHANGED = 0x18 };
enum { PROFILES = 10000 }; // numbers have four digits

static const char database[] = "System\\CurrentControlSet\\Control\\IDConfigDB";

static bool exists(struct vmm *v, uint32_t profile)
{
    char path[32];
    if (!profile || profile >= PROFILES)
        return false;
    snprintf(path, sizeof path, "Config\\%04u", (unsigned)profile);
    return profile == vmm_registry_profile(v) || configmg_machine_key(v, path, false);
}

static uint32_t flags_key(struct vmm *v, const char *id, uint32_t profile, bool make)
{
    char path[CONFIGMG_PATH];
    snprintf(path, sizeof path, "Config\\%04u\\Enum\\%s", (unsigned)(profile ? profile : vmm_registry_profile(v)), id);
    return configmg_machine_key(v, path, make);
}

static uint32_t flags_of(struct vmm *v, const char *id, uint32_t profile)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t key = flags_key(v, id, profile, false), row = key ? vmm_hive_find(&hive, key, "CSConfigFlags") : 0;
    uint8_t data[4];
    if (!row || vmm_hive_value_at(&hive, row)->data.size != sizeof data)
        return 0;
    vmm_hive_data(&hive, &vmm_hive_value_at(&hive, row)->data, data);
    return base_get32(data);
}

uint32_t configmg_profile_flags(struct vmm *v, const char *id)
{
    return flags_of(v, id, 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Flags of a device in a profile: (szDevNodeName, ulConfig, pulValue or ulValue, ulFlags)

static int flags_arguments(struct vmm *v, char id[HARDWARE_ID])
{
    if (vmm_arg(v, 3))
        return KIT_CR_INVALID_FLAG;
    if (!vmm_arg(v, 0))
        return KIT_CR_INVALID_POINTER;
    if (!vmm_get_text(v, vmm_arg(v, 0), id, HARDWARE_ID))
        return CONFIGMG_FAULTED;
    bool valid = vmm_hive_path_valid(id) && (!vmm_arg(v, 1) || exists(v, vmm_arg(v, 1)));
    return valid ? KIT_CR_SUCCESS : KIT_CR_REGISTRY_ERROR;
}

static void get_hw_prof_flags(struct vmm *v)
{
    char id[HARDWARE_ID];
    int error = flags_arguments(v, id);
    configmg_answer(v, error ? error : configmg_deliver(v, vmm_arg(v, 2), flags_of(v, id, vmm_arg(v, 1))));
}

static int set_flags(struct vmm *v, const char *id, uint32_t value)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t key = flags_key(v, id, vmm_arg(v, 1), true);
    uint8_t data[4];
    base_put32(data, value);
    return key && vmm_hive_set(&hive, key, "CSConfigFlags", KIT_REG_BINARY, data, sizeof data) ? KIT_CR_SUCCESS
                                                                                               : KIT_CR_REGISTRY_ERROR;
}

// In the current profile a device that shall not be there goes, and where that is taken back everybody enumerates again
// (S2553).
static void set_hw_prof_flags_begin(struct vmm *v)
{
    char id[HARDWARE_ID] = "";
    uint32_t profile = vmm_arg(v, 1), value = vmm_arg(v, 2);
    int error = flags_arguments(v, id);
    if (!error && !configmg_in_system_vm(v))
        error = KIT_CR_NOT_SYSTEM_VM;
    uint32_t before = error ? 0 : flags_of(v, id, profile);
    if (!error)
        error = set_flags(v, id, value);
    bool current = !error && (!profile || profile == vmm_registry_profile(v));
    uint32_t node = current ? configmg_find(v, id) : 0, changed = before ^ value;
    if (current && changed & before & KIT_CSCONFIGFLAG_DO_NOT_CREATE)
        configmg_enumerate_all(v);
    if (node > CONFIGMG_ROOT && value & KIT_CSCONFIGFLAG_DO_NOT_CREATE)
        configmg_remove_begin(v, node);
    else
        configmg_answer(v, error);
}

// ---------------------------------------------------------------------------------------------------------------------
// The current profile

static void tell_change_begin(void *user, struct vmm *v)
{
    uint32_t target = vmm_service_address(v, KIT_SHELL_Device_ID, KIT__SHELL_BroadcastSystemMessage);
    (void)user;
    if (vmm_frame_push(v, configmg_state(v)->tell_kind))
        vmm_frame_call_c_begin(v, target, 5, (const uint32_t[]){0, 0, WM_DEVICECHANGE, DBT_CONFIGCHANGED, 0});
}

static void tell_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind tell_kind = {"a broadcast of CONFIGMG", tell_resume, NULL};

static bool store_current(struct vmm *v, uint32_t profile)
{
    struct vmm_hive hive = vmm_registry(v);
    char number[8], path[32];
    int n = snprintf(number, sizeof number, "%04u", (unsigned)profile % PROFILES);
    snprintf(path, sizeof path, "Config\\%s", number);
    uint32_t key = configmg_machine_key(v, database, true);
    return key && configmg_machine_key(v, path, true) &&
           vmm_hive_set(&hive, key, "CurrentConfig", KIT_REG_SZ, number, (uint32_t)n + 1);
}

// Set_HW_Prof(ulConfig, ulFlags), S2552: HKEY_CURRENT_CONFIG is another key, DBT_CONFIGCHANGED is broadcast, the tree
// is enumerated again.
static void set_hw_prof_begin(struct vmm *v)
{
    uint32_t profile = vmm_arg(v, 0);
    int error = vmm_arg(v, 1)                ? KIT_CR_INVALID_FLAG
                : !configmg_in_system_vm(v)  ? KIT_CR_NOT_SYSTEM_VM
                : !exists(v, profile)        ? KIT_CR_FAILURE
                : !store_current(v, profile) ? KIT_CR_REGISTRY_ERROR
                                             : KIT_CR_SUCCESS;
    if (error) {
        configmg_answer(v, error);
        return;
    }
    vmm_registry_set_profile(v, profile);
    configmg_enumerate_all(v);
    configmg_at_appy_time_begin(v, configmg_state(v)->tell_proc, 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Get_Hardware_Profile_Info(ulIndex, pHWProfileInfo, ulFlags), S2528; the structure is unverified

static uint32_t nth_profile(struct vmm *v, uint32_t n)
{
    if (n == UINT32_MAX)
        return vmm_registry_profile(v);
    for (uint32_t profile = 1; profile < PROFILES; profile++)
        if (exists(v, profile) && !n--)
            return profile;
    return 0;
}

static int profile_info(struct vmm *v)
{
    uint8_t info[KIT_SIZE_HWPROFILEINFO] = {0};
    char name[32];
    uint32_t profile = nth_profile(v, vmm_arg(v, 0));
    if (vmm_arg(v, 2))
        return KIT_CR_INVALID_FLAG;
    if (!vmm_arg(v, 1))
        return KIT_CR_INVALID_POINTER;
    if (!profile)
        return KIT_CR_NO_MORE_HW_PROFILES;
    base_put32(info + KIT_HWPI_ulHWProfile, profile);
    snprintf(name, sizeof name, "FriendlyName%04u", (unsigned)profile);
    if (!configmg_key_text(v, configmg_machine_key(v, database, false), name, (char *)info + KIT_HWPI_szFriendlyName,
                           80))
        memcpy(info + KIT_HWPI_szFriendlyName, "Original Configuration", sizeof "Original Configuration");
    base_put32(info + KIT_HWPI_dwFlags, KIT_CM_HWPI_NOT_DOCKABLE);
    return vmm_put(v, vmm_arg(v, 1), info, sizeof info) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static void get_hardware_profile_info(struct vmm *v)
{
    configmg_answer(v, profile_info(v));
}

bool configmg_profile_create(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    s->tell_kind = vmm_frame_kind_add(v, &tell_kind);
    s->tell_proc = vmm_host_proc(v, tell_change_begin, NULL);
    return s->tell_proc != 0;
}

const struct vmm_binding configmg_profile_bindings[] = {
    {KIT__CONFIGMG_Get_HW_Prof_Flags, get_hw_prof_flags},
    {KIT__CONFIGMG_Set_HW_Prof_Flags, set_hw_prof_flags_begin},
    {KIT__CONFIGMG_Set_HW_Prof, set_hw_prof_begin},
    {KIT__CONFIGMG_Get_Hardware_Profile_Info, get_hardware_profile_info},
    {0, NULL},
};
