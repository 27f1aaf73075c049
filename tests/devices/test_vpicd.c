// VPICD end to end: lines of the board are raised, drivers in assembly serve them.
#include "devices/rig.h"

#include "kit/messages.h"

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

#define KEPT "check callback-contract: a procedure of a virtualized IRQ changed EDI\n"

static void sharers_are_asked_until_one_takes_it(void **state)
{
    (void)state;
    struct rig *r = rig_new("share");
    rig_expect(r, 10, "first CF=0\nalone CF=1\nsecond CF=0\n");
    raise_irq(r, 10, 20);
    raise_irq(r, 10, 30);
    raise_irq(r, 10, 40);
    rig_expect(r, 25, "every interrupt\nfirst\n" KEPT "second\n");
    rig_expect(r, 35, "every interrupt\nfirst\n" KEPT "second\n"); // declined by both: ended all the same
    rig_expect(r, 45, "every interrupt\nfirst\n" KEPT "second\n");
    rig_free(r);
}

static void request_reaches_the_vms_handler_and_comes_back(void **state)
{
    (void)state;
    struct rig *r = rig_new("virtual");
    rig_expect(r, 10, "mask 00000000\nunmasked: status 00000000\n");
    raise_irq(r, 5, 20);
    raise_irq(r, 5, 30);
    rig_expect(r, 25,
               "Hw_Int\nVirt_Int status 00000000\nEOI\nIRET CF=0\nstatus 00000000\n"
               "no interrupt is simulated any more\n");
    rig_expect(r, 35,
               "Hw_Int\nVirt_Int status 00000000\nEOI\nIRET CF=0\nstatus 00000000\n"
               "no interrupt is simulated any more\n");
    rig_free(r);
}

static void irq_without_a_driver_goes_to_its_vm(void **state)
{
    (void)state;
    struct rig *r = rig_new("default");
    uint32_t ticket;
    for (unsigned i = 0; i < 3; i++)
        raise_irq(r, 7, 20 + i);
    rig_expect(r, 40, "owner CF=0\nowner of IRQ 16 CF=1\n");
    assert_true(vmm_send_control(r->v, "DEFAULT", KIT_Debug_Query, 0, 0, 0, 0, &ticket));
    rig_expect(r, 50, "interrupts 00000003\nstatus 00000000 CF=0\n");
    rig_free(r);
}

// The line falls between the processor's wish and the controller's answer: nobody has an interrupt of IRQ 7 or 15.
static void spurious_interrupts_are_nobodys(void **state)
{
    static const unsigned lines[] = {5, 10};
    (void)state;
    struct rig *r = rig_new("spurious");
    rig_expect(r, 10, "IRQ 7 CF=0\nIRQ 15 CF=0\nIRQ 5 CF=0\nIRQ 10 CF=0\n");
    for (unsigned i = 0; i < BASE_COUNT(lines); i++) {
        pc_raise_irq(devices_board(r->v), lines[i], true);
        devices_board_changed(r->v);
        pc_raise_irq(devices_board(r->v), lines[i], false);
        rig_expect(r, 20 + 10 * i, "");
        assert_int_equal(devices_board(r->v)->pic[0].isr, 0);
    }
    raise_irq(r, 15, 50);
    raise_irq(r, 7, 60);
    rig_expect(r, 70, "interrupt of IRQ 0000000F\ninterrupt of IRQ 00000007\n");
    rig_free(r);
}

// Win95 DDK S34AE: the VM that unmasks an IRQ first gets it, whichever is current; the next one that tries is
// terminated.
static void irq_belongs_to_the_vm_that_unmasked_it_first(void **state)
{
    (void)state;
    struct rig *r = rig_new("owner");
    uint32_t ticket;
    raise_irq(r, 5, 50);
    raise_irq(r, 5, 60);
    rig_expect(r, 80, "unmasked in the first VM\n");
    assert_true(vmm_send_control(r->v, "OWNER", KIT_Debug_Query, 0, 0, 0, 0, &ticket));
    rig_expect(r, 90, "first 00000002 second 00000000\n");
    rig_expect(r, 200, "IRQ 7 unmasked in the second VM\nthe second VM ends, flags 00000001\n");
    assert_true(vmm_send_control(r->v, "OWNER", KIT_Debug_Query, 1, 0, 0, 0, &ticket));
    rig_expect(r, 205, "suspended CF=0\n");
    raise_irq(r, 5, 210); // never ended by its owner: the line must not stay masked for that
    rig_expect(r, 220, "");
    assert_true(vmm_send_control(r->v, "OWNER", KIT_Debug_Query, 2, 0, 0, 0, &ticket));
    rig_expect(r, 230, "status 00000018\nstatus without its owner 00000014\n");
    rig_free(r);
}

// IRQ 13 is a line like any other: a driver that virtualizes it serves x87 errors of ring 0.
static void x87_error_of_ring_0_reaches_the_driver_of_irq_13(void **state)
{
    (void)state;
    struct rig *r = rig_new("coprocessor");
    rig_expect(r, 10,
               "IRQ 13 CF=0\n"
               "Hw_Int status 00000084\n"
               "behind FWAIT status 00000000\n"
               "Hw_Int status 00000084\n"
               "ignored status 00000084\n");
    rig_free(r);
}

static void second_vm_has_controllers_of_its_own(void **state)
{
    (void)state;
    struct rig *r = rig_new("second");
    rig_expect(r, 100,
               "create CF=0\n"
               "mask 00000000 (second VM)\n"
               "system VM's status 00000010\n"
               "Virt_Int (second VM)\n"
               "EOI (second VM)\n"
               "IRET (second VM)\n");
    rig_free(r);
}

static void requests_are_levels(void **state)
{
    (void)state;
    struct rig *r = rig_new("level");
    rig_expect(r, 10,
               "masked, requested: 000000B4\n"
               "as the second sees it: 00000034\n"
               "first, time 00000001\n"
               "first, time 00000002\n"
               "first, time 00000003\n"
               "cleared\n"
               "interrupts off\n"
               "still requested: 000000A0\n"
               "never came\n"
               "given up CF=0\n"
               "check dead-handle: 00028500 is not the handle of a virtualized IRQ\n");
    rig_free(r);
}

// IRET_Time_Out: the VM's handler takes longer than the driver allows.
static void slow_handler_times_out(void **state)
{
    (void)state;
    struct rig *r = rig_new("slow");
    raise_irq(r, 5, 20);
    rig_expect(r, 200, "Hw_Int\nIRET CF=1\n");
    rig_free(r);
}

// A sum over memory, computed again and again while interrupts come in at random; the driver counts them.
static void run_sums(const uint64_t *at_us, unsigned count)
{
    struct rig *r = rig_new("sum");
    for (unsigned i = 0; i < count; i++)
        assert_true(pc_schedule_irq(devices_board(r->v), 9, at_us[i] * 1000));
    devices_board_changed(r->v);
    char expected[64];
    snprintf(expected, sizeof expected, "sum 00007F80 interrupts %08X\n", count);
    rig_expect(r, 50, expected);
    rig_free(r);
}

static void interrupts_at_any_time_do_not_change_what_a_driver_computes(void **state)
{
    (void)state;
    uint32_t seed = 1;
    run_sums(NULL, 0);
    for (unsigned run = 0; run < 20; run++) {
        uint64_t at_us[40];
        uint64_t now = 20;
        for (unsigned i = 0; i < BASE_COUNT(at_us); i++) {
            seed = seed * 1664525 + 1013904223;
            at_us[i] = now += 3 + (seed >> 16) % 50;
        }
        run_sums(at_us, BASE_COUNT(at_us));
    }
}

static uint64_t digest_of(struct rig *r)
{
    uint64_t digest = vmm_time(r->v);
    for (size_t i = 0; i < r->length; i++)
        digest = digest * 31 + (uint8_t)r->out[i];
    return digest;
}

static void snapshot_goes_on_alike_with_interrupts_under_way(void **state)
{
    (void)state;
    struct rig *a = rig_new("virtual"), *b = rig_new("virtual");
    raise_irq(a, 5, 20);
    size_t printed = 0;
    for (uint64_t count = 0; count < 40; count++) { // also in the middle of callbacks and of the VM's handler
        enum vmm_end end = vmm_run(a->v, 19999 * MS / 1000 + count * 200, UINT64_MAX);
        assert_true(end == VMM_END_TIME || end == VMM_END_IDLE);
        struct vmm_snapshot *s = vmm_snapshot_take(a->v);
        assert_non_null(s);
        struct rig *c = rig_new("virtual");
        assert_true(vmm_snapshot_restore(c->v, s));
        assert_true(vmm_snapshot_restore(b->v, s));
        b->length = c->length = 0;
        assert_int_equal(vmm_run(b->v, 100 * MS, UINT64_MAX), VMM_END_IDLE);
        assert_int_equal(vmm_run(c->v, 100 * MS, UINT64_MAX), VMM_END_IDLE);
        printed += b->length;
        assert_true(digest_of(b) == digest_of(c));
        vmm_snapshot_free(s);
        rig_free(c);
    }
    assert_true(printed > 500); // most of the snapshots were taken before the end of it all
    rig_free(a);
    rig_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_reaches_the_driver_and_eoi_lets_the_next_one_in),
        cmocka_unit_test(sharers_are_asked_until_one_takes_it),
        cmocka_unit_test(request_reaches_the_vms_handler_and_comes_back),
        cmocka_unit_test(irq_without_a_driver_goes_to_its_vm),
        cmocka_unit_test(spurious_interrupts_are_nobodys),
        cmocka_unit_test(irq_belongs_to_the_vm_that_unmasked_it_first),
        cmocka_unit_test(x87_error_of_ring_0_reaches_the_driver_of_irq_13),
        cmocka_unit_test(second_vm_has_controllers_of_its_own),
        cmocka_unit_test(requests_are_levels),
        cmocka_unit_test(slow_handler_times_out),
        cmocka_unit_test(interrupts_at_any_time_do_not_change_what_a_driver_computes),
        cmocka_unit_test(snapshot_goes_on_alike_with_interrupts_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
