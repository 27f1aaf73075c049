// The board as a whole: ownership of ports, wide accesses, schedule, DMA registers, snapshots, random traffic.
#include "pc/board.h"

static void unowned_ports_say_so(void **state)
{
    struct pc *pc = *state;
    uint32_t value = 0;
    assert_false(pc_port_in(pc, 0x300, 1, 0, &value));
    assert_int_equal(value, 0xFF);
    assert_false(pc_port_in(pc, 0x300, 4, 0, &value));
    assert_int_equal(value, 0xFFFFFFFF);
    assert_false(pc_port_out(pc, 0x300, 2, 0, 0x1234));
}

static void wide_accesses_reach_consecutive_ports(void **state)
{
    struct pc *pc = *state;
    uint32_t value;
    assert_true(pc_port_out(pc, 0x81, 2, 0, 0xABCD));
    assert_true(pc_port_in(pc, 0x80, 4, 0, &value));
    assert_int_equal(value, 0x00ABCD00);
    assert_false(pc_port_in(pc, 0x65, 4, 0, &value));
}

static void scheduled_irq_stays_up_until_acknowledged(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFB);
    out8(pc, 0xA1, 0xF7);
    assert_true(pc_schedule_irq(pc, 11, 2000));
    assert_true(pc_schedule_irq(pc, 11, 1000));
    assert_false(pc_schedule_irq(pc, 2, 1000));
    assert_false(pc_schedule_irq(pc, 16, 1000));
    assert_int_equal(pc_next_event(pc), 1000);
    pc_advance(pc, 1000);
    assert_int_equal(pc_take_raised(pc), 1 << 11);
    assert_int_equal(pc_take_raised(pc), 0);
    assert_true(pc_irq_requested(pc, 11));
    assert_int_equal(pc_acknowledge(pc), 0x73);
    assert_false(pc_irq_requested(pc, 11));
    out8(pc, 0xA0, 0x20);
    out8(pc, 0x20, 0x20);
    assert_int_equal(pc_next_event(pc), 2000);
    pc_advance(pc, 2500);
    assert_int_equal(pc_acknowledge(pc), 0x73);
}

static void masked_schedule_happens_and_is_told_of(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFF);
    assert_true(pc_schedule_irq(pc, 5, 1000));
    assert_true(pc_schedule_irq(pc, 6, 2000));
    assert_int_equal(pc_next_event(pc), 1000);
    pc_advance(pc, 1500);
    assert_int_equal(pc_take_raised(pc), 1 << 5);
    assert_int_equal(pc_next_event(pc), 2000);
    assert_false(pc_intr(pc));
    out8(pc, 0x21, 0xDF);
    assert_true(pc_intr(pc));
}

static void dma_registers_use_the_flip_flop(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x0C, 0);
    out8(pc, 0x04, 0x34);
    out8(pc, 0x04, 0x12);
    out8(pc, 0x05, 0xFF);
    assert_int_equal(in8(pc, 0x05), 0x00); // now the high byte
    out8(pc, 0x0C, 0);
    assert_int_equal(in8(pc, 0x04), 0x34);
    assert_int_equal(in8(pc, 0x04), 0x12);
    assert_int_equal(in8(pc, 0x0F), 0x0F);
    out8(pc, 0x0A, 0x02);
    assert_int_equal(in8(pc, 0x0F), 0x0B);
    out8(pc, 0xDC, 0); // second controller: clear all masks
    assert_int_equal(pc->dma[1].mask, 0);
    out8(pc, 0x0D, 0);
    assert_int_equal(in8(pc, 0x0F), 0x0F);
    out8(pc, 0x81, 0x0A);
    assert_int_equal(in8(pc, 0x81), 0x0A);
}

static void port_61_shows_refresh_and_speaker(void **state)
{
    struct pc *pc = *state;
    unsigned toggles = 0, before = in8(pc, 0x61) & 0x10;
    for (unsigned i = 1; i <= 1000; i++) {
        pc_advance(pc, i * 1000u);
        unsigned now = in8(pc, 0x61) & 0x10;
        toggles += now != before;
        before = now;
    }
    assert_int_equal(toggles, 66); // every 15 us
    out8(pc, 0x61, 0x03);
    assert_int_equal(in8(pc, 0x61) & 0x0F, 0x03);
}

static void screen_rows_become_text(void **state)
{
    (void)state;
    uint8_t cells[160] = {0};
    static const char text[] = "C:\\>\x01 x";
    for (unsigned i = 0; i < 7; i++)
        cells[2 * i] = (uint8_t)text[i];
    char row[81];
    pc_screen_row(cells, 80, row);
    assert_string_equal(row, "C:\\>. x");
    memset(cells, 0, sizeof cells);
    pc_screen_row(cells, 80, row);
    assert_string_equal(row, "");
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

// Some traffic on every port, time going on; returns a digest of what was read.
static uint32_t traffic(struct pc *pc, uint32_t seed, unsigned steps)
{
    static const uint16_t ports[] = {0x00,  0x08,  0x20,  0x21,  0x40,  0x42,  0x43, 0x60, 0x61,
                                     0x64,  0x70,  0x71,  0x80,  0x92,  0xA0,  0xA1, 0xC0, 0x2F8,
                                     0x3F8, 0x3F9, 0x3FA, 0x3FB, 0x3FC, 0x3FD, 0x4D0};
    uint32_t digest = 0;
    for (unsigned i = 0; i < steps; i++) {
        uint16_t port = (uint16_t)(ports[next_random(&seed) % BASE_COUNT(ports)] + next_random(&seed) % 4);
        uint64_t now = pc->now + next_random(&seed) % 100000;
        uint32_t value = next_random(&seed);
        unsigned size = 1u << next_random(&seed) % 3;
        if (next_random(&seed) & 1)
            digest += pc_port_out(pc, port, size, now, value);
        else if (pc_port_in(pc, port, size, now, &value))
            digest = digest * 31 + value;
        if (pc_intr(pc) && next_random(&seed) & 1)
            digest = digest * 31 + pc_acknowledge(pc);
        uint64_t next = pc_next_event(pc);
        assert_true(next > pc->now);
        if (!(next_random(&seed) & 7) && next != PC_NEVER)
            pc_advance(pc, next);
        pc_raise_irq(pc, next_random(&seed) % 20, next_random(&seed) & 1);
    }
    return digest;
}

static void random_traffic_is_survived_and_copies_go_on_alike(void **state)
{
    struct pc *pc = *state;
    struct pc *copy = malloc(sizeof *copy);
    for (uint32_t seed = 0; seed < 200; seed++) {
        if (seed >= 100) // with a mouse, from here on
            (void)!pc_schedule_mouse(pc, (int)seed * 3, -20, seed & 7, pc->now + seed * 10000);
        traffic(pc, seed, 200);
        *copy = *pc;
        assert_int_equal(traffic(pc, seed + 1000, 100), traffic(copy, seed + 1000, 100));
    }
    free(copy);
}

static void coprocessor_error_is_latched_until_port_f0(void **state)
{
    struct pc *pc = *state;
    assert_false(pc_irq_masked(pc, 13));
    pc_coprocessor_error(pc, true);
    assert_true(pc_intr(pc));
    assert_int_equal(pc_take_raised(pc), 1 << 13);
    assert_int_equal(pc_acknowledge(pc), 0x75);
    pc_coprocessor_error(pc, false); // the latch stays, so that the edge is not lost
    pc_coprocessor_error(pc, true);
    assert_int_equal(pc_take_raised(pc), 0);
    assert_false(pc_ignne(pc));
    out8(pc, 0xF0, 0);
    assert_true(pc_ignne(pc));
    pc_coprocessor_error(pc, false);
    assert_false(pc_ignne(pc));
    out8(pc, 0xA0, 0x20);
    out8(pc, 0x20, 0x20);
    assert_false(pc_intr(pc));
    out8(pc, 0xF0, 0x55); // without an error there is nothing to ignore
    assert_false(pc_ignne(pc));
    pc_coprocessor_error(pc, true);
    assert_int_equal(pc_acknowledge(pc), 0x75);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(unowned_ports_say_so),
        BOARD_TEST(wide_accesses_reach_consecutive_ports),
        BOARD_TEST(scheduled_irq_stays_up_until_acknowledged),
        BOARD_TEST(masked_schedule_happens_and_is_told_of),
        BOARD_TEST(dma_registers_use_the_flip_flop),
        BOARD_TEST(port_61_shows_refresh_and_speaker),
        BOARD_TEST(coprocessor_error_is_latched_until_port_f0),
        BOARD_TEST(screen_rows_become_text),
        BOARD_TEST(random_traffic_is_survived_and_copies_go_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
