// The keyboard controller, the keyboard behind it, and keys from outside.
#include "pc/board.h"

#define MS UINT64_C(1000000)

static void keys_arrive_one_by_one_with_irq_1(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xFD);
    assert_true(pc_type(pc, "aB", 5 * MS));
    static const uint8_t expect[] = {0x1E, 0x9E, 0x2A, 0x30, 0xB0, 0xAA};
    for (size_t i = 0; i < sizeof expect; i++) {
        pc_advance(pc, pc_next_event(pc));
        assert_true(pc->now >= 5 * MS);
        assert_int_equal(pc_acknowledge(pc), 0x09);
        assert_int_equal(in8(pc, 0x64) & 1, 1);
        assert_int_equal(in8(pc, 0x60), expect[i]);
        assert_int_equal(in8(pc, 0x64) & 1, 0);
        out8(pc, 0x20, 0x20);
    }
    assert_true(pc_next_event(pc) == PC_NEVER);
}

static void unread_byte_holds_the_next_one_back(void **state)
{
    struct pc *pc = *state;
    assert_true(pc_type(pc, "ab", 0));
    pc_advance(pc, 100 * MS);
    assert_int_equal(in8(pc, 0x60), 0x1E);
    assert_int_equal(in8(pc, 0x60), 0x1E); // nothing new: the wire takes its time
    pc_advance(pc, 101 * MS);
    assert_int_equal(in8(pc, 0x60), 0x9E);
}

static void disabled_interface_delivers_nothing(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x64, 0xAD);
    assert_true(pc_type(pc, "a", 0));
    pc_advance(pc, 10 * MS);
    assert_int_equal(in8(pc, 0x64) & 1, 0);
    out8(pc, 0x64, 0xAE);
    pc_advance(pc, 20 * MS);
    assert_int_equal(in8(pc, 0x60), 0x1E);
}

static void controller_commands_answer(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x64, 0x20);
    assert_int_equal(in8(pc, 0x60), 0x65);
    out8(pc, 0x64, 0xAA);
    assert_int_equal(in8(pc, 0x60), 0x55);
    out8(pc, 0x64, 0xAB);
    assert_int_equal(in8(pc, 0x60), 0x00);
    out8(pc, 0x64, 0xD2);
    out8(pc, 0x60, 0x99);
    assert_int_equal(in8(pc, 0x60), 0x99);
    out8(pc, 0x64, 0xD4);
    out8(pc, 0x60, 0xFF);
    assert_int_equal(in8(pc, 0x64) & 0x21, 0x21); // from the auxiliary side
    assert_int_equal(in8(pc, 0x60), 0xFE);
}

static void a20_follows_output_port_and_port_92(void **state)
{
    struct pc *pc = *state;
    assert_false(pc_a20(pc));
    out8(pc, 0x64, 0xD1);
    out8(pc, 0x60, 0xDF);
    assert_true(pc_a20(pc));
    out8(pc, 0x64, 0xD1);
    out8(pc, 0x60, 0xDD);
    assert_false(pc_a20(pc));
    out8(pc, 0x92, 0x02);
    assert_true(pc_a20(pc));
    assert_false(pc_take_reset(pc));
}

static void reset_is_asked_in_three_ways(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x64, 0xFE);
    assert_true(pc_take_reset(pc));
    assert_false(pc_take_reset(pc));
    out8(pc, 0x92, 0x01);
    assert_true(pc_take_reset(pc));
    out8(pc, 0x64, 0xD1);
    out8(pc, 0x60, 0xDE);
    assert_true(pc_take_reset(pc));
}

static void expect_replies(struct pc *pc, const uint8_t *expect, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pc_advance(pc, pc->now + 2 * MS);
        assert_int_equal(in8(pc, 0x64) & 1, 1);
        assert_int_equal(in8(pc, 0x60), expect[i]);
    }
    pc_advance(pc, pc->now + 2 * MS);
    assert_int_equal(in8(pc, 0x64) & 1, 0);
}

static void keyboard_commands_answer(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x60, 0xFF);
    expect_replies(pc, (const uint8_t[]){0xFA, 0xAA}, 2);
    out8(pc, 0x60, 0xED);
    expect_replies(pc, (const uint8_t[]){0xFA}, 1);
    out8(pc, 0x60, 0x02);
    expect_replies(pc, (const uint8_t[]){0xFA}, 1);
    assert_int_equal(pc->keyboard.leds, 2);
    out8(pc, 0x60, 0xF2);
    expect_replies(pc, (const uint8_t[]){0xFA, 0xAB, 0x41}, 3);
    out8(pc, 0x60, 0xEE);
    expect_replies(pc, (const uint8_t[]){0xEE}, 1);
    out8(pc, 0x60, 0xF5);
    expect_replies(pc, (const uint8_t[]){0xFA}, 1);
    assert_true(pc_type(pc, "a", 0));
    expect_replies(pc, NULL, 0); // not scanning
    out8(pc, 0x60, 0xF4);
    expect_replies(pc, (const uint8_t[]){0xFA, 0x1E, 0x9E}, 3);
}

static void key_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t codes[16];
        unsigned count;
    } cases[] = {
        {"a", {0x1E, 0x9E}, 2},
        {"F10", {0x44, 0xC4}, 2},
        {"up", {0xE0, 0x48, 0xE0, 0xC8}, 4},
        {"Ctrl+Alt+Del", {0x1D, 0x38, 0xE0, 0x53, 0xE0, 0xD3, 0xB8, 0x9D}, 8},
        {"Ctrl++", {0x1D, 0x0D, 0x8D, 0x9D}, 4},
        {"Alt+Keypad+", {0x38, 0x4E, 0xCE, 0xB8}, 4},
        {"RightCtrl+RightAlt+Ctrl+Up",
         {0xE0, 0x1D, 0xE0, 0x38, 0x1D, 0xE0, 0x48, 0xE0, 0xC8, 0x9D, 0xE0, 0xB8, 0xE0, 0x9D},
         14},
        {"RightCtrl+RightAlt+Up+Down",
         {0xE0, 0x1D, 0xE0, 0x38, 0xE0, 0x48, 0xE0, 0x50, 0xE0, 0xD0, 0xE0, 0xC8, 0xE0, 0xB8, 0xE0, 0x9D},
         16},
        {"", {0}, 0},
        {"+", {0x0D, 0x8D}, 2},
        {"NoSuchKey", {0}, 0},
        {"Ctrl+", {0}, 0},
        {"Ctrl+Shift+Alt+a+b", {0}, 0},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        uint8_t codes[16] = {0};
        assert_int_equal(pc_key_codes(cases[i].name, codes), cases[i].count);
        if (cases[i].count)
            assert_memory_equal(codes, cases[i].codes, cases[i].count);
    }
}

static void schedule_fills_up_and_says_so(void **state)
{
    struct pc *pc = *state;
    for (unsigned i = 0; i < PC_SCHEDULED; i++)
        assert_true(pc_schedule_key(pc, 1, PC_SCHEDULED - i));
    assert_false(pc_schedule_key(pc, 1, 0));
    assert_false(pc_type(pc, "\x80", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(keys_arrive_one_by_one_with_irq_1),
        BOARD_TEST(unread_byte_holds_the_next_one_back),
        BOARD_TEST(disabled_interface_delivers_nothing),
        BOARD_TEST(controller_commands_answer),
        BOARD_TEST(a20_follows_output_port_and_port_92),
        BOARD_TEST(reset_is_asked_in_three_ways),
        BOARD_TEST(keyboard_commands_answer),
        BOARD_TEST(key_names),
        BOARD_TEST(schedule_fills_up_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
