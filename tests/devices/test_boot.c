// A machine with all devices and no driver boots, idles and shuts down.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/devices.h"

static void machine_with_devices_boots_and_shuts_down(void **state)
{
    (void)state;
    struct vmm_config config;
    vmm_default_config(&config);
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    assert_true(devices_add_all(v));
    vmm_boot(v);
    enum vmm_end end = vmm_run(v, UINT64_C(100000000), 10000000);
    assert_string_equal(vmm_end_message(v), "");
    assert_int_equal(end, VMM_END_IDLE);
    vmm_shutdown(v);
    assert_int_equal(vmm_run(v, UINT64_C(200000000), 20000000), VMM_END_SHUTDOWN);
    vmm_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(machine_with_devices_boots_and_shuts_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
