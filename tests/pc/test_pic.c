// The interrupt controllers against the 8259A's datasheet.
#include "pc/board.h"

#include <string.h>

static void initialisation_words_set_vectors_and_clear_the_mask(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x20, 0x11);
    assert_int_equal(in8(pc, 0x21), 0x00);
    out8(pc, 0x21, 0x53); // the low three bits of ICW2 are not part of the vector
    out8(pc, 0x21, 0x04);
    out8(pc, 0x21, 0x01);
    out8(pc, 0x21, 0xDF); // OCW1 again
    assert_int_equal(in8(pc, 0x21), 0xDF);
    pc_raise_irq(pc, 5, true);
    assert_true(pc_intr(pc));
    assert_int_equal(pc_acknowledge(pc), 0x55);
}

static void single_without_icw4_takes_two_words(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x20, 0x12);
    out8(pc, 0x21, 0x40);
    out8(pc, 0x21, 0xFE);
    assert_int_equal(in8(pc, 0x21), 0xFE);
    assert_int_equal(pc->pic[0].base, 0x40);
}

static void masked_requests_wait(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFF);
    pc_raise_irq(pc, 5, true);
    assert_false(pc_intr(pc));
    assert_int_equal(in8(pc, 0x20), 0x20); // IRR is read by default
    out8(pc, 0x21, 0xDF);
    assert_true(pc_intr(pc));
}

static void service_holds_back_equal_and_lower_lines(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0x00);
    pc_raise_irq(pc, 5, true);
    assert_int_equal(pc_acknowledge(pc), 0x0D);
    out8(pc, 0x20, 0x0B); // OCW3: read ISR
    assert_int_equal(in8(pc, 0x20), 0x20);
    pc_raise_irq(pc, 7, true);
    assert_false(pc_intr(pc));
    pc_raise_irq(pc, 3, true);
    assert_int_equal(pc_acknowledge(pc), 0x0B);
    out8(pc, 0x20, 0x20); // non-specific EOI ends IRQ 3, the higher one
    assert_int_equal(in8(pc, 0x20), 0x20);
    out8(pc, 0x20, 0x65); // specific EOI of IRQ 5
    assert_int_equal(in8(pc, 0x20), 0x00);
    assert_int_equal(pc_acknowledge(pc), 0x0F);
}

static void edges_are_latched_once(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xDF);
    pc_raise_irq(pc, 5, true);
    pc_acknowledge(pc);
    out8(pc, 0x20, 0x20);
    assert_false(pc_intr(pc)); // still up, but no new edge
    pc_raise_irq(pc, 5, false);
    pc_raise_irq(pc, 5, true);
    assert_true(pc_intr(pc));
}

static void level_lines_ask_again_until_they_fall(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x4D0, 0x20);
    out8(pc, 0x21, 0xDF);
    pc_raise_irq(pc, 5, true);
    pc_acknowledge(pc);
    assert_false(pc_intr(pc));
    out8(pc, 0x20, 0x20);
    assert_true(pc_intr(pc));
    pc_raise_irq(pc, 5, false);
    assert_false(pc_intr(pc));
}

static void elcr_keeps_system_lines_edge_triggered(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x4D0, 0xFF);
    out8(pc, 0x4D1, 0xFF);
    assert_int_equal(in8(pc, 0x4D0), 0xF8);
    assert_int_equal(in8(pc, 0x4D1), 0xDE);
}

static void request_that_goes_away_is_line_seven(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0x00);
    pc_raise_irq(pc, 5, true);
    pc_raise_irq(pc, 5, false);
    assert_false(pc_intr(pc));
    assert_int_equal(pc_acknowledge(pc), 0x0F);
    out8(pc, 0x20, 0x0B);
    assert_int_equal(in8(pc, 0x20), 0x00); // and is not in service
}

static void slave_requests_come_through_line_two(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0xA1, 0x00);
    pc_raise_irq(pc, 12, true);
    assert_int_equal(pc_acknowledge(pc), 0x74);
    assert_true(pc_irq_in_service(pc, 12));
    assert_true(pc_irq_in_service(pc, 2));
    out8(pc, 0xA0, 0x20);
    out8(pc, 0x20, 0x20);
    assert_false(pc_irq_in_service(pc, 12));
    assert_false(pc_irq_in_service(pc, 2));
}

static void slave_line_waits_for_the_masters_eoi(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0xA1, 0x00);
    pc_raise_irq(pc, 12, true);
    pc_raise_irq(pc, 14, true);
    assert_int_equal(pc_acknowledge(pc), 0x74);
    out8(pc, 0xA0, 0x20); // the slave goes on with IRQ 14
    assert_false(pc_intr(pc));
    out8(pc, 0x20, 0x20);
    assert_int_equal(pc_acknowledge(pc), 0x76);
}

static void spurious_slave_request_leaves_only_the_master_in_service(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0xA1, 0x00);
    pc_raise_irq(pc, 12, true);
    struct pc_pic *slave = &pc->pic[1];
    slave->irr = 0; // withdrawn between the processor's decision and INTA
    assert_int_equal(pc_acknowledge(pc), 0x77);
    assert_int_equal(slave->isr, 0);
    assert_int_equal(pc->pic[0].isr, 0x04);
}

static void special_fully_nested_lets_higher_slave_lines_in(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x20, 0x11);
    out8(pc, 0x21, 0x08);
    out8(pc, 0x21, 0x04);
    out8(pc, 0x21, 0x11);
    out8(pc, 0x21, 0x00);
    out8(pc, 0xA1, 0x00);
    pc_raise_irq(pc, 14, true);
    assert_int_equal(pc_acknowledge(pc), 0x76);
    pc_raise_irq(pc, 9, true);
    assert_int_equal(pc_acknowledge(pc), 0x71);
}

static void automatic_eoi_leaves_nothing_in_service(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x20, 0x11);
    out8(pc, 0x21, 0x08);
    out8(pc, 0x21, 0x04);
    out8(pc, 0x21, 0x03);
    out8(pc, 0x21, 0x00);
    out8(pc, 0x20, 0x80); // rotate in automatic EOI
    pc_raise_irq(pc, 5, true);
    assert_int_equal(pc_acknowledge(pc), 0x0D);
    assert_int_equal(pc->pic[0].isr, 0);
    pc_raise_irq(pc, 4, true);
    pc_raise_irq(pc, 6, true);
    assert_int_equal(pc_acknowledge(pc), 0x0E); // 5 is lowest now, 6 highest
}

static void rotation_moves_the_lowest_priority(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0x00);
    pc_raise_irq(pc, 3, true);
    pc_raise_irq(pc, 4, true);
    pc_acknowledge(pc);
    out8(pc, 0x20, 0xA0); // rotate on non-specific EOI: 3 becomes lowest
    assert_int_equal(pc->pic[0].lowest, 3);
    out8(pc, 0x20, 0xC5); // set priority: 5 lowest, 6 highest
    pc_raise_irq(pc, 6, true);
    assert_int_equal(pc_acknowledge(pc), 0x0E);
    out8(pc, 0x20, 0xE6); // rotate on specific EOI
    assert_int_equal(pc->pic[0].lowest, 6);
    assert_int_equal(pc->pic[0].isr, 0);
}

static void special_mask_mode_lets_lower_lines_in(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0x00);
    pc_raise_irq(pc, 3, true);
    pc_acknowledge(pc);
    pc_raise_irq(pc, 7, true);
    assert_false(pc_intr(pc));
    out8(pc, 0x21, 0x08);
    out8(pc, 0x20, 0x68); // set special mask mode
    assert_true(pc_intr(pc));
    out8(pc, 0x20, 0x20); // does not end a masked line
    assert_int_equal(pc->pic[0].isr, 0x08);
    out8(pc, 0x20, 0x48);
    assert_false(pc_intr(pc));
}

static void poll_acknowledges(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0x00);
    out8(pc, 0x20, 0x0C);
    assert_int_equal(in8(pc, 0x20), 0x00);
    pc_raise_irq(pc, 6, true);
    out8(pc, 0x20, 0x0C);
    assert_int_equal(in8(pc, 0x20), 0x86);
    assert_true(pc_irq_in_service(pc, 6));
    assert_false(pc_intr(pc));
}

static void controllers_are_silent_before_initialisation(void **state)
{
    struct pc *pc = *state;
    struct pc_config config;
    pc_default_config(&config);
    memset(pc, 0, sizeof *pc);
    pc_init(pc, &config);
    pc_raise_irq(pc, 5, true);
    assert_false(pc_intr(pc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(initialisation_words_set_vectors_and_clear_the_mask),
        BOARD_TEST(single_without_icw4_takes_two_words),
        BOARD_TEST(masked_requests_wait),
        BOARD_TEST(service_holds_back_equal_and_lower_lines),
        BOARD_TEST(edges_are_latched_once),
        BOARD_TEST(level_lines_ask_again_until_they_fall),
        BOARD_TEST(elcr_keeps_system_lines_edge_triggered),
        BOARD_TEST(request_that_goes_away_is_line_seven),
        BOARD_TEST(slave_requests_come_through_line_two),
        BOARD_TEST(slave_line_waits_for_the_masters_eoi),
        BOARD_TEST(spurious_slave_request_leaves_only_the_master_in_service),
        BOARD_TEST(special_fully_nested_lets_higher_slave_lines_in),
        BOARD_TEST(automatic_eoi_leaves_nothing_in_service),
        BOARD_TEST(rotation_moves_the_lowest_priority),
        BOARD_TEST(special_mask_mode_lets_lower_lines_in),
        BOARD_TEST(poll_acknowledges),
        BOARD_TEST(controllers_are_silent_before_initialisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
