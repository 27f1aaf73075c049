// IOS, the I/O supervisor of Windows 95, and under the same id BLOCKDEV of Windows 3.1.
#include "devices/ios.h"

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"

struct ios *ios_state(struct vmm *v)
{
    return vmm_device_state(v, &ios_device);
}

void ios_stop_missing(struct vmm *v, const char *what, const char *page)
{
    char where[96];
    vmm_describe_address(v, vmm_cpu(v)->state.eip, where, sizeof where);
    vmm_stop(v, VMM_END_MISSING, "%s is not implemented (%s), called from %s", what, page, where);
}

static void control(struct vmm *v)
{
    uint32_t message = vmm_regs(v)[X86_EAX];
    devices_carry(v, false);
    if (vmm_profile(v) == VMM_PROFILE_31)
        return;
    if (message == KIT_Init_Complete)
        ios_tell_boot_complete_begin(v);
    else if (message == KIT_PNP_New_Devnode)
        ios_new_node_begin(v);
    else if (message == KIT_System_Exit)
        ios_tell_all_begin(v, ios_aep(v, KIT_AEP_SYSTEM_SHUTDOWN, 0), 0);
    else if (message == KIT_Sys_Critical_Exit)
        ios_tell_all_begin(v, ios_aep(v, KIT_AEP_SYSTEM_CRIT_SHUTDOWN, 0), 0);
}

// Procedures of drivers: asynchronous event routines.
static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    if (n >= IOS_DRIVERS)
        return false;
    const struct ios_driver *d = &ios_state(v)->driver[n];
    *proc = d->dvt ? d->aer : 0;
    *what = "an asynchronous event routine";
    return true;
}

static const struct vmm_binding bindings[] = {
    {KIT_IOS_Get_Version, devices_version},
    {KIT_IOS_Register, ios_register_begin},
    {0, NULL},
};

const struct vmm_device ios_device = {.id = KIT_IOS_Device_ID,
                                      .version = 0x0400,
                                      .bindings = bindings,
                                      .control = control,
                                      .holds = holds,
                                      .state_size = sizeof(struct ios)};

static bool create(struct vmm *v)
{
    return ios_blockdev_create(v) && ios_register_create(v) && ios_service_create(v) && ios_request_create(v) &&
           ios_load_create(v) && ios_timeout_create(v);
}

static const struct vmm_binding *const more[] = {ios_blockdev_bindings, ios_request_bindings, NULL};

const struct devices_entry ios_entry = {&ios_device, create, false, more};
