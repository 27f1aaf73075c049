// The registers of the VGA.
#include "board.h"

static uint8_t indexed(struct pc *pc, uint16_t port, uint8_t index)
{
    out8(pc, port, index);
    return in8(pc, port + 1);
}

static void a_vga_keeps_its_registers(void **state)
{
    struct pc *pc = *state;
    assert_int_equal(indexed(pc, 0x3D4, 0x13), 0x28);
    assert_int_equal(indexed(pc, 0x3D4, 0x30), 0xFF); // no extensions
    out8(pc, 0x3D5, 0x12);
    out8(pc, 0x3D4, 0x00); // protected by index 11h
    out8(pc, 0x3D5, 0x12);
    assert_int_equal(in8(pc, 0x3D5), 0x5F);
    out8(pc, 0x3D4, 0x07);
    out8(pc, 0x3D5, 0x00);
    assert_int_equal(in8(pc, 0x3D5), 0x0F); // but for one bit
    out8(pc, 0x3D4, 0x11);
    out8(pc, 0x3D5, 0x0E);
    out8(pc, 0x3D4, 0x00);
    out8(pc, 0x3D5, 0x12);
    assert_int_equal(in8(pc, 0x3D5), 0x12);
    assert_int_equal(indexed(pc, 0x3C4, 4), 0x02);
    assert_int_equal(indexed(pc, 0x3CE, 8), 0xFF);
    out8(pc, 0x3C2, 0x63);
    assert_int_equal(in8(pc, 0x3CC), 0x63);
    (void)in8(pc, 0x3DA);
    out8(pc, 0x3C0, 0x31);
    out8(pc, 0x3C0, 0x05);
    assert_int_equal(in8(pc, 0x3C0), 0x31);
    assert_int_equal(in8(pc, 0x3C1), 0x05);
    out8(pc, 0x3C8, 255);
    for (uint8_t i = 1; i <= 4; i++)
        out8(pc, 0x3C9, i); // the fourth is the first colour's red
    out8(pc, 0x3C7, 255);
    for (uint8_t i = 1; i <= 4; i++)
        assert_int_equal(in8(pc, 0x3C9), i);
    uint32_t value;
    assert_false(pc_port_in(pc, 0x3B4, 1, pc->now, &value));
}

static void a_vga_retraces(void **state)
{
    struct pc *pc = *state;
    unsigned retraces = 0, hidden = 0;
    bool before = false;
    for (unsigned i = 0; i < 10000; i++) { // 100 ms
        pc_advance(pc, (uint64_t)i * 10000);
        bool now = in8(pc, 0x3DA) & 8;
        hidden += in8(pc, 0x3DA) & 1;
        retraces += now && !before;
        before = now;
    }
    assert_int_equal(retraces, 7);
    assert_true(hidden > 2000 && hidden < 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {BOARD_TEST(a_vga_keeps_its_registers), BOARD_TEST(a_vga_retraces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
