// IOS end to end: what comes from outside.
#include "devices/rig.h"

#include "devices/hardware.h"

static void disk_interrupt_ends_a_command(void **state)
{
    (void)state;
    struct rig *r = rig_new("disk_irq");
    rig_expect(r, 10, "to the device\n");
    assert_true(pc_schedule_irq(devices_board(r->v), 14, 20 * MS));
    devices_board_changed(r->v);
    rig_expect(r, 25, "first EDI=00000000\nsecond EDI=00000000\ncomplete 00000000\n");
    rig_free(r);
}

// The driver is loaded for the first adapter, initialised again for the second, and hears when one is removed.
static void port_driver_of_two_adapters(void **state)
{
    (void)state;
    struct rig *r = rig_begin();
    size_t size;
    uint8_t *text = rig_read("tests/devices/adapter.hw", &size);
    assert_true(devices_provide_hardware(r->v, "adapter.hw", (const char *)text, size, &r->diag));
    free(text);
    rig_load(r, "adapter", VMM_LOAD_DYNAMIC);
    vmm_boot(r->v);
    rig_expect(r, 100,
               "loaded\n"
               "initialize: resources 00 at 0300\ninquiry: unit 0 at 0300 is 0A\nevent 03\nregistered: 00000001\n"
               "initialize: resources 00 at 0308\ninquiry: unit 0 at 0308 is 0B\nevent 03\n"
               "event 02\n"
               "event 15\nevent 04\nevent 0F\nremoved: 00 00\n");
    rig_free(r);
}

static void a_request_that_takes_too_long(void **state)
{
    (void)state;
    struct rig *r = rig_new("late");
    rig_expect(r, 14000, "taken\n");
    rig_expect(r, 16000, "too late: request 00000000, seconds left 00\ncalled back in second 0F\n");
    assert_int_equal(vmm_run(r->v, 60000 * MS, 1000000), VMM_END_IDLE); // the clock does not go on
    rig_free(r);
}

static void odd_drivers_and_arguments(void **state)
{
    (void)state;
    struct rig *r = rig_new("layers");
    rig_expect(r, 10,
               "upper: event 00, layer 0C\n"
               "upper: event 00, layer 07\n"
               "upper: 01\n"
               "port: target 02, unit 01\n"
               "port: target 02, unit 00\n"
               "port: target 01, unit 01\n"
               "upper: event 03, layer 0C\n"
               "upper: event 03, layer 07\n"
               "port: target 01, unit 00\n"
               "upper: event 03, layer 0C\n"
               "upper: event 03, layer 07\n"
               "port: target 00, unit 01\n"
               "port: target 00, unit 00\n"
               "port: 01\n"
               "DDB of nobody: 0000FFFF\n"
               "check dead-handle: 12345678 is not a DCB with a calldown list\n"
               "check dead-handle: 00000000, 00000077 are not an IOP and a DCB\n"
               "check dead-handle: 00000000 is not a DCB\n"
               "queue of nothing: 00000000\n"
               "check dead-handle: 87654321 is not a registered block device\n"
               "upper: event 02, layer 0C\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_interrupt_ends_a_command),
        cmocka_unit_test(port_driver_of_two_adapters),
        cmocka_unit_test(a_request_that_takes_too_long),
        cmocka_unit_test(odd_drivers_and_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
