// The VMM's own services (tests/service_tests.h).
#define SERVICE_FOLDER "tests/vmm/services"
#include "service_tests.h"

int main(void)
{
    return service_tests();
}
