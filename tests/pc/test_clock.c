// The clock chip against the MC146818A's datasheet.
#include "pc/board.h"

#define SECOND UINT64_C(1000000000)

static uint8_t get(struct pc *pc, uint8_t reg)
{
    out8(pc, 0x70, reg);
    return in8(pc, 0x71);
}

static void set(struct pc *pc, uint8_t reg, uint8_t value)
{
    out8(pc, 0x70, reg);
    out8(pc, 0x71, value);
}

static void shows_the_configured_date_in_bcd(void **state)
{
    struct pc *pc = *state;
    pc_advance(pc, 61 * SECOND);
    static const uint8_t expect[10] = {0x01, 0, 0x01, 0, 0x12, 0, 5, 0x25, 0x06, 0x98}; // a Thursday
    for (uint8_t i = 0; i < 10; i++)
        assert_int_equal(get(pc, i), expect[i]);
    assert_int_equal(get(pc, 0x32), 0x19);
    assert_int_equal(get(pc, 13), 0x80);
}

static void binary_and_twelve_hours(void **state)
{
    struct pc *pc = *state;
    set(pc, 11, 0x04);
    assert_int_equal(get(pc, 4), 0x8C); // 12 PM
    assert_int_equal(get(pc, 7), 25);
    set(pc, 4, 12); // 12 AM
    set(pc, 11, 0x06);
    assert_int_equal(get(pc, 4), 0);
}

static void time_stops_while_set_and_goes_on_from_there(void **state)
{
    struct pc *pc = *state;
    set(pc, 11, 0x82);
    static const uint8_t to[][2] = {{0, 0x58}, {2, 0x59}, {4, 0x23}, {7, 0x28}, {8, 0x02}, {9, 0x00}};
    for (size_t i = 0; i < BASE_COUNT(to); i++)
        set(pc, to[i][0], to[i][1]);
    pc_advance(pc, 10 * SECOND);
    assert_int_equal(get(pc, 0), 0x58);
    set(pc, 11, 0x02);
    pc_advance(pc, 13 * SECOND);
    assert_int_equal(get(pc, 0), 0x01);
    assert_int_equal(get(pc, 7), 0x29); // 2000 was a leap year
    assert_int_equal(get(pc, 8), 0x02);
    struct pc_config date;
    pc_date(pc, pc->now, &date);
    assert_int_equal(date.year, 2000);
    assert_int_equal(date.day, 29);
}

static void nonsense_in_the_time_registers_is_survived(void **state)
{
    struct pc *pc = *state;
    for (unsigned value = 0; value < 256; value++) {
        set(pc, 11, (uint8_t)(0x80 | (value & 6)));
        for (uint8_t reg = 0; reg < 10; reg++)
            set(pc, reg, (uint8_t)value);
        set(pc, 11, (uint8_t)(0x20 | (value & 6)));
        uint64_t next = pc_next_event(pc);
        assert_true(next > pc->now);
        pc_advance(pc, pc->now + SECOND);
    }
}

static void periodic_interrupt_keeps_its_rate(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFB);
    out8(pc, 0xA1, 0xFE);
    set(pc, 11, 0x42);
    unsigned count = 0;
    while (pc_next_event(pc) <= SECOND) {
        pc_advance(pc, pc_next_event(pc));
        assert_true(pc_intr(pc));
        assert_int_equal(pc_acknowledge(pc), 0x70);
        assert_int_equal(get(pc, 12) & 0xC0, 0xC0);
        out8(pc, 0xA0, 0x20);
        out8(pc, 0x20, 0x20);
        count++;
    }
    assert_int_equal(count, 1024);
}

static void line_stays_up_until_register_c_is_read(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFB);
    out8(pc, 0xA1, 0xFE);
    set(pc, 11, 0x12); // update-ended interrupt
    pc_advance(pc, SECOND);
    assert_true(pc_intr(pc));
    pc_acknowledge(pc);
    out8(pc, 0xA0, 0x20);
    out8(pc, 0x20, 0x20);
    pc_advance(pc, 2 * SECOND);
    assert_false(pc_intr(pc)); // no new edge
    assert_int_equal(get(pc, 12), 0x80 | 0x40 | 0x10);
    assert_int_equal(get(pc, 12), 0);
    pc_advance(pc, 3 * SECOND);
    assert_true(pc_intr(pc));
}

static void alarm_rings_when_all_three_match(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFB);
    out8(pc, 0xA1, 0xFE);
    set(pc, 1, 0x30);
    set(pc, 3, 0x15);
    set(pc, 5, 0x09); // next morning
    set(pc, 11, 0x22);
    assert_int_equal(pc_next_event(pc), (21 * 3600 + 15 * 60 + 30) * SECOND);
    set(pc, 5, 0xFF); // every hour
    assert_int_equal(pc_next_event(pc), (15 * 60 + 30) * SECOND);
    pc_advance(pc, pc_next_event(pc));
    assert_true(pc_intr(pc));
    assert_int_equal(get(pc, 12) & 0xA0, 0xA0);
    set(pc, 1, 0xC0);
    set(pc, 3, 0xC0);
    assert_int_equal(pc_next_event(pc), (15 * 60 + 31) * SECOND);
}

static void update_in_progress_at_the_end_of_a_second(void **state)
{
    struct pc *pc = *state;
    pc_advance(pc, SECOND - 3000000);
    assert_int_equal(get(pc, 10), 0x26);
    pc_advance(pc, SECOND - 1000000);
    assert_int_equal(get(pc, 10), 0xA6);
    pc_advance(pc, SECOND);
    assert_int_equal(get(pc, 10), 0x26);
}

static void memory_keeps_what_is_written(void **state)
{
    struct pc *pc = *state;
    assert_int_equal(get(pc, 0x15) | get(pc, 0x16) << 8, 640);
    assert_int_equal(get(pc, 0x17) | get(pc, 0x18) << 8, 15360);
    set(pc, 0x7F, 0xA5);
    assert_int_equal(get(pc, 0xFF), 0xA5); // bit 7 of the index is the NMI mask
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(shows_the_configured_date_in_bcd),
        BOARD_TEST(binary_and_twelve_hours),
        BOARD_TEST(time_stops_while_set_and_goes_on_from_there),
        BOARD_TEST(nonsense_in_the_time_registers_is_survived),
        BOARD_TEST(periodic_interrupt_keeps_its_rate),
        BOARD_TEST(line_stays_up_until_register_c_is_read),
        BOARD_TEST(alarm_rings_when_all_three_match),
        BOARD_TEST(update_in_progress_at_the_end_of_a_second),
        BOARD_TEST(memory_keeps_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
