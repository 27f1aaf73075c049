// IOS end to end: what comes from outside.
#include "devices/rig.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_interrupt_ends_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
