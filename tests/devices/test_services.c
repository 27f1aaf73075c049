// The services of the virtual devices (tests/service_tests.h).
#include "devices/devices.h"
#include "devices/vwin32.h"

// The Win32 program outside has two events and passed their handles on: 101h is reset by hand, 202h by itself.
static bool add_devices(struct vmm *v)
{
    return devices_add_all(v) && vwin32_event_new(v, false, false) == 0x101 && vwin32_event_new(v, true, true) == 0x202;
}

#define SERVICE_FOLDER     "tests/devices/services"
#define SERVICE_DEVICES(v) add_devices(v)
#include "service_tests.h"

int main(void)
{
    return service_tests();
}
