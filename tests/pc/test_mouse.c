// The PS/2 mouse behind the 8042.
#include "board.h"

enum { MS = 1000000, AUX = 0x21 };

// The next byte of the mouse, at most 5 ms later.
static uint8_t from_mouse(struct pc *pc)
{
    for (unsigned i = 0; i < 5 && !(in8(pc, 0x64) & 1); i++)
        pc_advance(pc, pc->now + MS);
    assert_int_equal(in8(pc, 0x64) & AUX, AUX);
    return in8(pc, 0x60);
}

static void to_mouse(struct pc *pc, uint8_t byte)
{
    out8(pc, 0x64, 0xD4);
    out8(pc, 0x60, byte);
}

static void expect_packet(struct pc *pc, uint8_t first, uint8_t across, uint8_t up)
{
    assert_int_equal(from_mouse(pc), first);
    assert_int_equal(from_mouse(pc), across);
    assert_int_equal(from_mouse(pc), up);
}

static void nobody_answers_without_a_mouse(void **state)
{
    struct pc *pc = *state;
    to_mouse(pc, 0xF2);
    assert_int_equal(from_mouse(pc), 0xFE);
}

static void commands_are_answered(void **state)
{
    struct pc *pc = *state;
    assert_true(pc_schedule_mouse(pc, 1, 1, 0, 900 * (uint64_t)MS));
    to_mouse(pc, 0xFF);
    assert_int_equal(from_mouse(pc), 0xFA);
    assert_int_equal(from_mouse(pc), 0xAA);
    assert_int_equal(from_mouse(pc), 0x00);
    to_mouse(pc, 0xF3);
    assert_int_equal(from_mouse(pc), 0xFA);
    to_mouse(pc, 100);
    assert_int_equal(from_mouse(pc), 0xFA);
    to_mouse(pc, 0xE8);
    assert_int_equal(from_mouse(pc), 0xFA);
    to_mouse(pc, 3);
    assert_int_equal(from_mouse(pc), 0xFA);
    to_mouse(pc, 0xF4);
    assert_int_equal(from_mouse(pc), 0xFA);
    to_mouse(pc, 0xE9);
    assert_int_equal(from_mouse(pc), 0xFA);
    assert_int_equal(from_mouse(pc), 0x20);
    assert_int_equal(from_mouse(pc), 3);
    assert_int_equal(from_mouse(pc), 100);
    to_mouse(pc, 0x77);
    assert_int_equal(from_mouse(pc), 0xFE);
}

static void movements_are_reported_in_packets(void **state)
{
    struct pc *pc = *state;
    assert_true(pc_schedule_mouse(pc, 300, -10, 1, 2 * MS));
    assert_true(pc_schedule_mouse(pc, -5, 7, 6, MS)); // earlier, so it comes first
    pc_advance(pc, 10 * MS);
    assert_int_equal(in8(pc, 0x64) & 1, 0); // reporting is off
    to_mouse(pc, 0xF4);
    assert_int_equal(from_mouse(pc), 0xFA);
    expect_packet(pc, 0x08 | 6 | 0x10 | 0x20, 0xFB, 0xF9);
    expect_packet(pc, 0x08 | 1, 255, 10);
    expect_packet(pc, 0x08 | 1, 45, 0);
    pc_advance(pc, 100 * MS);
    assert_int_equal(in8(pc, 0x64) & 1, 0);
}

static void its_interrupt_is_irq_12(void **state)
{
    struct pc *pc = *state;
    assert_true(pc_schedule_mouse(pc, 1, 0, 0, 50 * MS));
    out8(pc, 0x64, 0x60);
    out8(pc, 0x60, 0x47);
    to_mouse(pc, 0xF4);
    assert_int_equal(from_mouse(pc), 0xFA);
    out8(pc, 0xA1, 0xEF);
    assert_true(pc_next_event(pc) <= 50 * MS); // the timer may be earlier
    pc_advance(pc, 50 * MS);
    assert_true(pc_irq_requested(pc, 12));
    (void)in8(pc, 0x60);
    pc_advance(pc, 100 * MS);
    out8(pc, 0x64, 0xA7);
    (void)in8(pc, 0x60);
    pc_advance(pc, 200 * MS);
    assert_int_equal(in8(pc, 0x64) & 1, 0); // its wire is off
}

static void what_is_too_much_is_refused(void **state)
{
    struct pc *pc = *state;
    assert_false(pc_schedule_mouse(pc, 40000, 0, 0, 0));
    assert_false(pc_schedule_mouse(pc, 0, -40000, 0, 0));
    assert_false(pc_schedule_mouse(pc, 0, 0, 8, 0));
    for (unsigned i = 0; i < PC_MOUSE_EVENTS; i++)
        assert_true(pc_schedule_mouse(pc, 0, 0, 0, i));
    assert_false(pc_schedule_mouse(pc, 0, 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(nobody_answers_without_a_mouse),    BOARD_TEST(commands_are_answered),
        BOARD_TEST(movements_are_reported_in_packets), BOARD_TEST(its_interrupt_is_irq_12),
        BOARD_TEST(what_is_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
