// The services of the virtual devices (tests/service_tests.h).
#include "devices/devices.h"

#define SERVICE_FOLDER "tests/devices/services"
#define SERVICE_DEVICES(v) devices_add_all(v)
#include "service_tests.h"

int main(void)
{
    return service_tests();
}
