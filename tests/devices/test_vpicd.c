// VPICD end to end: lines of the board are raised, drivers in assembly serve them.
#include "devices/rig.h"

static void raise_irq(struct rig *r, unsigned irq, uint64_t at_ms)
{
    assert_true(pc_schedule_irq(devices_board(r->v), irq, at_ms * MS));
    devices_board_changed(r->v);
}

static void line_reaches_the_driver_and_eoi_lets_the_next_one_in(void **state)
{
    (void)state;
    struct rig *r = rig_new("irq");
    rig_expect(r, 10,
               "IRQ 16 CF=1\n"
               "IRQ 5 CF=0\n"
               "IRQ 5 again CF=1\n"
               "handle is IRQ 00000005\n"
               "vector 0000000D CF=0\n"
               "IRQ 00000005 CF=0\n"
               "status 00000014 CF=1\n");
    raise_irq(r, 5, 20);
    raise_irq(r, 5, 30);
    rig_expect(r, 25, "Hw_Int ref=00001234 IF=00000000\nstatus 00000018\nevent 00000077\n");
    rig_expect(r, 40, "Hw_Int ref=00001234 IF=00000000\nstatus 00000018\nevent 00000077\n");
    rig_free(r);
}

static void sharers_are_asked_until_one_takes_it(void **state)
{
    (void)state;
    struct rig *r = rig_new("share");
    rig_expect(r, 10, "first CF=0\nalone CF=1\nsecond CF=0\n");
    raise_irq(r, 10, 20);
    raise_irq(r, 10, 30);
    raise_irq(r, 10, 40);
    rig_expect(r, 25, "every interrupt\nfirst\nsecond\n");
    rig_expect(r, 35, "every interrupt\nfirst\nsecond\n"); // declined by both: ended all the same
    rig_expect(r, 45, "every interrupt\nfirst\nsecond\n");
    rig_free(r);
}

static void request_reaches_the_vms_handler_and_comes_back(void **state)
{
    (void)state;
    struct rig *r = rig_new("virtual");
    rig_expect(r, 10, "mask 00000000\nunmasked: status 00000000\n");
    raise_irq(r, 5, 20);
    raise_irq(r, 5, 30);
    rig_expect(r, 25, "Hw_Int\nVirt_Int status 00000000\nEOI\nIRET CF=0\nstatus 00000000\n");
    rig_expect(r, 35, "Hw_Int\nVirt_Int status 00000000\nEOI\nIRET CF=0\nstatus 00000000\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_reaches_the_driver_and_eoi_lets_the_next_one_in),
        cmocka_unit_test(sharers_are_asked_until_one_takes_it),
        cmocka_unit_test(request_reaches_the_vms_handler_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
