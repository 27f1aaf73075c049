// The timer against the 8254's datasheet: every mode's output and value, latching, read-back, and the edges IRQ 0 sees.
#include "pc/board.h"
#include "pc/parts.h"

// The board's counter 2 with its gate open, programmed at tick 0 of the test; at(pc, n): n ticks after the load.
static uint64_t loaded;

static void program(struct pc *pc, uint8_t control, uint16_t count)
{
    out8(pc, 0x61, 0x01);
    out8(pc, 0x43, (uint8_t)(0xB0 | control));
    out8(pc, 0x42, (uint8_t)count);
    out8(pc, 0x42, (uint8_t)(count >> 8));
    loaded = pc_ticks(pc->now) + 1;
}

static void at(struct pc *pc, uint64_t n)
{
    pc_advance(pc, pc_tick_time(loaded + n));
}

static bool output(struct pc *pc)
{
    return in8(pc, 0x61) & 0x20;
}

static uint16_t value(struct pc *pc)
{
    out8(pc, 0x43, 0x80); // latch counter 2
    uint16_t low = in8(pc, 0x42);
    return (uint16_t)(low | in8(pc, 0x42) << 8);
}

static void ticks_and_times_agree(void **state)
{
    (void)state;
    uint64_t zero = pc_ticks(0);
    assert_int_equal(pc_ticks(UINT64_C(1000000000)) - zero, 1193181);
    for (uint64_t tick = zero; tick < zero + 100000; tick += 37) {
        uint64_t ns = pc_tick_time(tick);
        assert_int_equal(pc_ticks(ns), tick);
        if (ns)
            assert_int_equal(pc_ticks(ns - 1), tick - 1);
    }
    assert_true(pc_ticks(PC_NEVER - 1) > pc_ticks(PC_NEVER / 2));
}

static void mode_0_rises_at_terminal_count_and_counts_on(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x00, 10);
    assert_false(output(pc));
    at(pc, 0);
    assert_int_equal(value(pc), 10);
    at(pc, 9);
    assert_int_equal(value(pc), 1);
    assert_false(output(pc));
    at(pc, 10);
    assert_true(output(pc));
    assert_int_equal(value(pc), 0);
    at(pc, 11);
    assert_int_equal(value(pc), 0xFFFF);
    assert_true(output(pc));
}

static void mode_0_gate_pauses(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x00, 10);
    at(pc, 4);
    out8(pc, 0x61, 0x00);
    at(pc, 20);
    assert_int_equal(value(pc), 6);
    assert_false(output(pc));
    out8(pc, 0x61, 0x01);
    at(pc, 25);
    assert_int_equal(value(pc), 1);
    at(pc, 26);
    assert_true(output(pc));
}

static void mode_1_is_triggered_by_the_gate(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x02, 5);
    at(pc, 20);
    assert_true(output(pc));
    out8(pc, 0x61, 0x00);
    out8(pc, 0x61, 0x01); // loads on the next tick
    at(pc, 21);
    assert_false(output(pc));
    at(pc, 24);
    out8(pc, 0x61, 0x00); // a fall changes nothing
    assert_false(output(pc));
    at(pc, 26);
    assert_true(output(pc));
}

static void mode_2_is_low_for_one_tick(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x04, 4);
    static const uint8_t outputs[] = {1, 1, 1, 0, 1, 1, 1, 0, 1}, values[] = {4, 3, 2, 1, 4, 3, 2, 1, 4};
    for (unsigned i = 0; i < BASE_COUNT(outputs); i++) {
        at(pc, i);
        assert_int_equal(output(pc), outputs[i]);
        assert_int_equal(value(pc), values[i]);
    }
}

static void mode_2_takes_a_new_count_after_the_cycle(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x04, 10);
    at(pc, 3);
    uint64_t start = loaded;
    out8(pc, 0x42, 4);
    out8(pc, 0x42, 0);
    loaded = start;
    at(pc, 9);
    assert_int_equal(value(pc), 1);
    at(pc, 10);
    assert_int_equal(value(pc), 4);
    at(pc, 13);
    assert_false(output(pc));
    at(pc, 14);
    assert_true(output(pc));
}

static void mode_3_halves_the_cycle(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x06, 6);
    static const uint8_t even[] = {1, 1, 1, 0, 0, 0, 1}, even_values[] = {6, 4, 2, 6, 4, 2, 6};
    for (unsigned i = 0; i < BASE_COUNT(even); i++) {
        at(pc, i);
        assert_int_equal(output(pc), even[i]);
        assert_int_equal(value(pc), even_values[i]);
    }
    program(pc, 0x06, 5); // odd: one tick longer high than low
    static const uint8_t odd[] = {1, 1, 1, 0, 0, 1}, odd_values[] = {4, 2, 0, 4, 2, 4};
    for (unsigned i = 0; i < BASE_COUNT(odd); i++) {
        at(pc, i);
        assert_int_equal(output(pc), odd[i]);
        assert_int_equal(value(pc), odd_values[i]);
    }
}

static void mode_3_takes_a_new_count_after_the_half_cycle(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x06, 10);
    uint64_t start = loaded;
    at(pc, 2);
    out8(pc, 0x42, 4);
    out8(pc, 0x42, 0);
    loaded = start;
    static const uint8_t outputs[] = {1, 0, 0, 1, 1, 0, 0, 1}; // ticks 4 to 11
    for (unsigned i = 0; i < BASE_COUNT(outputs); i++) {
        at(pc, 4 + i);
        assert_int_equal(output(pc), outputs[i]);
    }
}

static void mode_4_strobes_once(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x08, 5);
    for (unsigned i = 0; i < 12; i++) {
        at(pc, i);
        assert_int_equal(output(pc), i != 5);
    }
}

static void mode_5_strobes_after_a_trigger(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x0A, 3);
    at(pc, 10);
    out8(pc, 0x61, 0x00);
    out8(pc, 0x61, 0x01);
    for (unsigned i = 11; i < 18; i++) {
        at(pc, i);
        assert_int_equal(output(pc), i != 14);
    }
}

static void bcd_counts_in_decimal(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x01, 0x1000);
    at(pc, 1);
    assert_int_equal(value(pc), 0x0999);
    program(pc, 0x01, 0);
    at(pc, 1);
    assert_int_equal(value(pc), 0x9999);
}

static void zero_counts_65536(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x04, 0);
    at(pc, 65535);
    assert_false(output(pc));
    at(pc, 65536);
    assert_true(output(pc));
    assert_int_equal(value(pc), 0);
}

static void latch_holds_until_it_is_read(void **state)
{
    struct pc *pc = *state;
    program(pc, 0x00, 100);
    at(pc, 10);
    out8(pc, 0x43, 0x80);
    at(pc, 20);
    out8(pc, 0x43, 0x80); // ignored: the first latch is still there
    assert_int_equal(in8(pc, 0x42), 90);
    assert_int_equal(in8(pc, 0x42), 0);
    assert_int_equal(value(pc), 80);
}

static void read_back_gives_status_then_count(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x61, 0x01);
    out8(pc, 0x43, 0xB4);                                // counter 2, mode 2, both bytes
    out8(pc, 0x43, 0xE8);                                // status only
    assert_int_equal(in8(pc, 0x42), 0x80 | 0x40 | 0x34); // output high, no count yet
    out8(pc, 0x42, 50);
    out8(pc, 0x42, 0);
    loaded = pc_ticks(pc->now) + 1;
    at(pc, 20);
    out8(pc, 0x43, 0xC8); // both
    assert_int_equal(in8(pc, 0x42), 0x80 | 0x34);
    assert_int_equal(in8(pc, 0x42), 30);
    assert_int_equal(in8(pc, 0x42), 0);
}

static void single_byte_access_reads_and_writes_one_half(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x61, 0x01);
    out8(pc, 0x43, 0xA0); // high byte only, mode 0
    out8(pc, 0x42, 0x02);
    loaded = pc_ticks(pc->now) + 1;
    at(pc, 0x10);
    out8(pc, 0x43, 0x80);
    assert_int_equal(in8(pc, 0x42), 0x01);
    at(pc, 0x1FF);
    assert_false(output(pc));
    at(pc, 0x200);
    assert_true(output(pc));
}

static unsigned irq0_count(struct pc *pc, uint64_t until)
{
    unsigned count = 0;
    while (pc_next_event(pc) <= until) {
        pc_advance(pc, pc_next_event(pc));
        if (!pc_intr(pc))
            continue;
        assert_int_equal(pc_acknowledge(pc), 0x08);
        out8(pc, 0x20, 0x20);
        count++;
    }
    pc_advance(pc, until);
    return count;
}

static void bios_setup_ticks_18_times_a_second(void **state)
{
    struct pc *pc = *state;
    assert_int_equal(irq0_count(pc, UINT64_C(10000000000)), 182);
}

static void rate_generator_interrupts_every_millisecond(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x43, 0x34);
    out8(pc, 0x40, 0xA9); // 1193
    out8(pc, 0x40, 0x04);
    assert_int_equal(irq0_count(pc, UINT64_C(1000000000)), 1000);
}

static void late_advance_sees_one_edge(void **state)
{
    struct pc *pc = *state;
    pc_advance(pc, UINT64_C(1000000000));
    assert_true(pc_intr(pc));
    assert_int_equal(pc_acknowledge(pc), 0x08);
    out8(pc, 0x20, 0x20);
    assert_false(pc_intr(pc));
}

static void masked_timer_is_no_event(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFF);
    assert_true(pc_next_event(pc) == PC_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(ticks_and_times_agree),
        BOARD_TEST(mode_0_rises_at_terminal_count_and_counts_on),
        BOARD_TEST(mode_0_gate_pauses),
        BOARD_TEST(mode_1_is_triggered_by_the_gate),
        BOARD_TEST(mode_2_is_low_for_one_tick),
        BOARD_TEST(mode_2_takes_a_new_count_after_the_cycle),
        BOARD_TEST(mode_3_halves_the_cycle),
        BOARD_TEST(mode_3_takes_a_new_count_after_the_half_cycle),
        BOARD_TEST(mode_4_strobes_once),
        BOARD_TEST(mode_5_strobes_after_a_trigger),
        BOARD_TEST(bcd_counts_in_decimal),
        BOARD_TEST(zero_counts_65536),
        BOARD_TEST(latch_holds_until_it_is_read),
        BOARD_TEST(read_back_gives_status_then_count),
        BOARD_TEST(single_byte_access_reads_and_writes_one_half),
        BOARD_TEST(bios_setup_ticks_18_times_a_second),
        BOARD_TEST(rate_generator_interrupts_every_millisecond),
        BOARD_TEST(late_advance_sees_one_edge),
        BOARD_TEST(masked_timer_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
