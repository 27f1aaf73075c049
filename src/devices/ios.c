// IOS, the I/O supervisor of Windows 95 and, under the same id, BLOCKDEV of Windows 3.1.
#include "devices/ios.h"

#include "kit/services.h"

struct ios *ios_state(struct vmm *v)
{
    return vmm_device_state(v, &ios_device);
}

static const struct vmm_binding bindings[] = {
    {KIT_IOS_Get_Version, devices_version},
    {KIT_IOS_SendCommand, ios_blockdev_send_begin},
    {0, NULL},
};

const struct vmm_device ios_device = {
    .id = KIT_IOS_Device_ID, .version = 0x0400, .bindings = bindings, .state_size = sizeof(struct ios)};

static bool create(struct vmm *v)
{
    return ios_blockdev_create(v);
}

static const struct vmm_binding *const more[] = {ios_blockdev_bindings, NULL};

const struct devices_entry ios_entry = {&ios_device, create, false, more};
