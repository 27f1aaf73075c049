// Where devices keep what is theirs in the registry. Win95 DDK S3324, S3325.
#include "kit/services.h"
#include "vmm/registry.h"

#include <stdio.h>
#include <string.h>

static const char vxds[] = "System\\CurrentControlSet\\Services\\VxD\\";
static const char classes[] = "System\\CurrentControlSet\\Services\\Class\\";
static const char nodes[] = "Enum\\";

// _GetRegistryPath(pDDB, pBuffer, cbBuffer): where the device keeps its settings below HKEY_LOCAL_MACHINE (S3325). EAX
// = length copied, or the size that the buffer should have; 0 = no device.
static void get_registry_path(struct vmm *v)
{
    uint32_t module = vmm_module_by_ddb(v, vmm_arg(v, 0)), to = vmm_arg(v, 1), size = vmm_arg(v, 2);
    char path[sizeof vxds + sizeof((struct vmm_module){0}.name)];
    vmm_regs(v)[X86_EAX] = 0;
    if (!module) {
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3325",
                   "_GetRegistryPath: %08Xh is not the DDB of a device", (unsigned)vmm_arg(v, 0));
        return;
    }
    uint32_t length = (uint32_t)snprintf(path, sizeof path, "%s%s", vxds, vmm_module_at(v, module)->name);
    if (length >= size)
        vmm_regs(v)[X86_EAX] = length + 1;
    else if (vmm_put(v, to, path, length + 1))
        vmm_regs(v)[X86_EAX] = length;
}

// --- _GetRegistryKey(type, pszDevice, flags, phKey)

static const char *branch_of(uint32_t type)
{
    return type == KIT_REGTYPE_VXD     ? vxds
           : type == KIT_REGTYPE_CLASS ? classes
           : type == KIT_REGTYPE_ENUM  ? nodes
                                       : NULL;
}

static void get_registry_key(struct vmm *v)
{
    struct vmm_hive hive = vmm_registry(v);
    const char *branch = branch_of(vmm_arg(v, 0)), *top;
    uint32_t flags = vmm_arg(v, 2), to = vmm_arg(v, 3), *eax = &vmm_regs(v)[X86_EAX];
    char name[VMM_REGISTRY_PATH], path[VMM_REGISTRY_PATH + sizeof classes];
    if (!branch || (flags != KIT_REGKEY_OPEN && flags != KIT_REGKEY_CREATE_IFNOTEXIST)) {
        *eax = KIT_ERROR_INVALID_PARAMETER;
        return;
    }
    if (!vmm_get_text(v, vmm_arg(v, 1), name, sizeof name) || !vmm_probe(v, to, 4, true))
        return;
    snprintf(path, sizeof path, "%s%s", branch, name);
    uint32_t machine = vmm_hive_predefined(KIT_HKEY_LOCAL_MACHINE, &top);
    bool create = flags == KIT_REGKEY_CREATE_IFNOTEXIST;
    uint32_t key = create ? vmm_hive_create(&hive, machine, path) : vmm_hive_open(&hive, machine, path);
    uint32_t handle = key ? vmm_registry_handle(v, key) : 0;
    *eax = handle ? KIT_ERROR_SUCCESS : key || create ? KIT_ERROR_OUTOFMEMORY : KIT_ERROR_FILE_NOT_FOUND;
    if (handle)
        (void)!vmm_put32(v, to, handle);
}

static const struct vmm_binding bindings[] = {
    {KIT__GetRegistryPath, get_registry_path},
    {KIT__GetRegistryKey, get_registry_key},
    {0, NULL},
};

const struct vmm_chapter vmm_registry_path_chapter = {.bindings = bindings};
