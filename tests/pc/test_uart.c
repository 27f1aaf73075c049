// The serial ports against the 16550A's datasheet.
#include "pc/board.h"

#define CHARACTER UINT64_C(1041666) // ten bits at 9,600

static void open_port(struct pc *pc, uint8_t ier, uint8_t fcr)
{
    out8(pc, 0x21, 0xEF);
    out8(pc, 0x3FB, 0x80);
    out8(pc, 0x3F8, 12);
    out8(pc, 0x3F9, 0);
    out8(pc, 0x3FB, 0x03);
    out8(pc, 0x3FA, fcr);
    out8(pc, 0x3FC, 0x0B);
    out8(pc, 0x3F9, ier);
}

static void divisor_latch_hides_data_and_ier(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0x05, 0);
    out8(pc, 0x3FB, 0x83);
    assert_int_equal(in8(pc, 0x3F8), 12);
    assert_int_equal(in8(pc, 0x3F9), 0);
    out8(pc, 0x3FB, 0x03);
    assert_int_equal(in8(pc, 0x3F9), 0x05);
}

static void transmitted_bytes_take_their_time(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0, 0);
    uint8_t sent[4];
    out8(pc, 0x3F8, 'H');
    assert_int_equal(in8(pc, 0x3FD), 0x20); // holding register empty, shifting
    out8(pc, 0x3F8, 'i');
    assert_int_equal(in8(pc, 0x3FD), 0x00);
    pc_advance(pc, CHARACTER + 1);
    assert_int_equal(in8(pc, 0x3FD), 0x20);
    assert_int_equal(pc_serial_take(pc, 0, sent, sizeof sent), 1);
    pc_advance(pc, 2 * CHARACTER + 1);
    assert_int_equal(in8(pc, 0x3FD), 0x60);
    assert_int_equal(pc_serial_take(pc, 0, sent, sizeof sent), 1);
    assert_int_equal(sent[0], 'i');
}

static void transmitter_interrupt_ends_when_shown(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0x02, 0);
    assert_true(pc_intr(pc)); // enabling it with an empty register asks at once
    assert_int_equal(in8(pc, 0x3FA), 0x02);
    assert_int_equal(in8(pc, 0x3FA), 0x01);
    assert_false(pc_intr(pc));
    out8(pc, 0x3F8, 'x');
    assert_true(pc_intr(pc));
}

static void received_byte_interrupts_and_overruns(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0x05, 0);
    assert_true(pc_serial_receive(pc, 0, 'a', 5000));
    assert_true(pc_serial_receive(pc, 0, 'b', 5000));
    assert_int_equal(pc_next_event(pc), 5000);
    pc_advance(pc, 5000);
    assert_int_equal(pc_acknowledge(pc), 0x0C);
    assert_int_equal(in8(pc, 0x3FA), 0x04);
    pc_advance(pc, 5000 + 2 * CHARACTER);
    assert_int_equal(in8(pc, 0x3FA), 0x06); // the error comes first
    assert_int_equal(in8(pc, 0x3FD), 0x63);
    assert_int_equal(in8(pc, 0x3F8), 'b');
    assert_int_equal(in8(pc, 0x3FA), 0x01);
}

static void fifo_interrupts_at_its_level_and_after_silence(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0x01, 0x41); // level 4
    for (unsigned i = 0; i < 5; i++)
        assert_true(pc_serial_receive(pc, 0, (uint8_t)i, 0));
    pc_advance(pc, 3 * CHARACTER - 10);
    assert_int_equal(in8(pc, 0x3FA), 0xC1);
    pc_advance(pc, 3 * CHARACTER + 10);
    assert_int_equal(in8(pc, 0x3FA), 0xC4);
    pc_advance(pc, 5 * CHARACTER);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(in8(pc, 0x3F8), i);
    assert_int_equal(in8(pc, 0x3FA), 0xC1);
    pc_advance(pc, 10 * CHARACTER);
    assert_int_equal(in8(pc, 0x3FA), 0xCC); // four characters of silence
    assert_int_equal(in8(pc, 0x3F8), 4);
    assert_int_equal(in8(pc, 0x3FA), 0xC1);
}

static void fifo_keeps_old_bytes_when_it_overruns(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0, 0xC1);
    for (unsigned i = 0; i < 20; i++)
        assert_true(pc_serial_receive(pc, 0, (uint8_t)i, 0));
    pc_advance(pc, 40 * CHARACTER);
    assert_int_equal(in8(pc, 0x3FD) & 0x03, 0x03);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(in8(pc, 0x3F8), i);
    assert_int_equal(in8(pc, 0x3FD) & 0x03, 0x00);
}

static void loopback_turns_data_and_modem_lines_round(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0, 0);
    assert_int_equal(in8(pc, 0x3FE), 0xB0);
    out8(pc, 0x3FC, 0x1A); // RTS and OUT2
    assert_int_equal(in8(pc, 0x3FE), 0x90 | 0x02);
    out8(pc, 0x3F8, 0x5A);
    pc_advance(pc, CHARACTER + 1);
    assert_int_equal(in8(pc, 0x3F8), 0x5A);
    uint8_t sent[1];
    assert_int_equal(pc_serial_take(pc, 0, sent, 1), 0);
}

static void out2_connects_the_interrupt(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0x02, 0);
    out8(pc, 0x3FC, 0x03);
    assert_false(pc_intr(pc));
    out8(pc, 0x3FC, 0x0B);
    assert_true(pc_intr(pc));
}

static void scratch_tells_a_uart_is_there(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x2FF, 0x3C);
    assert_int_equal(in8(pc, 0x2FF), 0x3C);
}

static void zero_divisor_sends_nothing(void **state)
{
    struct pc *pc = *state;
    open_port(pc, 0x02, 0);
    out8(pc, 0x3FB, 0x83);
    out8(pc, 0x3F8, 0);
    out8(pc, 0x3FB, 0x03);
    out8(pc, 0x3F8, 'x');
    pc_advance(pc, UINT64_C(3600000000000));
    uint8_t sent[1];
    assert_int_equal(pc_serial_take(pc, 0, sent, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(divisor_latch_hides_data_and_ier),
        BOARD_TEST(transmitted_bytes_take_their_time),
        BOARD_TEST(transmitter_interrupt_ends_when_shown),
        BOARD_TEST(received_byte_interrupts_and_overruns),
        BOARD_TEST(fifo_interrupts_at_its_level_and_after_silence),
        BOARD_TEST(fifo_keeps_old_bytes_when_it_overruns),
        BOARD_TEST(loopback_turns_data_and_modem_lines_round),
        BOARD_TEST(out2_connects_the_interrupt),
        BOARD_TEST(scratch_tells_a_uart_is_there),
        BOARD_TEST(zero_divisor_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
