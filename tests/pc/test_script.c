// Scripted devices and PCI configuration spaces by themselves: cells, rules, time, placement, random traffic.
#include "pc/board.h"

static unsigned add_space(struct pc *pc, bool memory, uint32_t base, uint32_t bytes)
{
    struct pc_script *s = &pc->script;
    s->space[s->spaces] = (struct pc_space){
        .base = base, .bytes = bytes, .memory = memory, .present = 1, .function = PC_NO_FUNCTION, .line = PC_OWN_LINE};
    return s->spaces++;
}

static unsigned add_cell(struct pc *pc, unsigned space, enum pc_cell_kind kind, uint32_t offset, uint32_t bytes,
                         uint32_t value)
{
    struct pc_script *s = &pc->script;
    s->cell[s->cells] = (struct pc_cell){.space = (uint8_t)space,
                                         .kind = (uint8_t)kind,
                                         .offset = offset,
                                         .bytes = bytes,
                                         .value = value,
                                         .mask = UINT32_MAX,
                                         .step = 1};
    return s->cells++;
}

static uint32_t in(struct pc *pc, uint16_t port, unsigned size)
{
    uint32_t value;
    assert_true(pc_port_in(pc, port, size, pc->now, &value));
    return value;
}

static void out(struct pc *pc, uint16_t port, unsigned size, uint32_t value)
{
    assert_true(pc_port_out(pc, port, size, pc->now, value));
}

static void narrow_and_wide_accesses(void **state)
{
    struct pc *pc = *state;
    unsigned space = add_space(pc, false, 0x300, 16);
    add_cell(pc, space, PC_CELL_REGISTER, 0, 4, 0x11223344);
    add_cell(pc, space, PC_CELL_CONSTANT, 4, 1, 0x55);
    assert_int_equal(in(pc, 0x301, 1), 0x33);
    assert_int_equal(in(pc, 0x302, 2), 0x1122);
    assert_int_equal(in(pc, 0x302, 4), 0xFF551122);
    out(pc, 0x301, 2, 0xABCD);
    assert_int_equal(in(pc, 0x300, 4), 0x11ABCD44);
    out(pc, 0x303, 2, 0xEE99); // the constant does not change
    assert_int_equal(in(pc, 0x303, 2), 0x5599);
}

static void status_bits_are_cleared_by_ones(void **state)
{
    struct pc *pc = *state;
    unsigned space = add_space(pc, false, 0x300, 4), cell = add_cell(pc, space, PC_CELL_STATUS, 0, 2, 0xF0F);
    pc->script.cell[cell].mask = 0xFF;
    out(pc, 0x300, 2, 0x705);
    assert_int_equal(in(pc, 0x300, 2), 0xF0A);
    pc->script.cell[cell].clear_on_read = 1;
    assert_int_equal(in(pc, 0x300, 2), 0xF0A);
    assert_int_equal(in(pc, 0x300, 2), 0xF00);
}

// A level that a status and an enable register make; it falls when either does.
static void level_follows_status_and_enable(void **state)
{
    struct pc *pc = *state;
    unsigned space = add_space(pc, false, 0x300, 8);
    unsigned status = add_cell(pc, space, PC_CELL_STATUS, 0, 1, 1),
             enable = add_cell(pc, space, PC_CELL_REGISTER, 1, 1, 0);
    pc->script.level[pc->script.levels++] = (struct pc_level){
        .status = (uint16_t)status, .enable = (uint16_t)enable, .space = (uint8_t)space, .line = 5, .mask = 1};
    assert_false(pc->pic[0].input >> 5 & 1);
    out(pc, 0x301, 1, 1);
    assert_true(pc->pic[0].input >> 5 & 1);
    out(pc, 0x301, 1, 0);
    assert_false(pc->pic[0].input >> 5 & 1);
    out(pc, 0x301, 1, 1);
    out(pc, 0x300, 1, 1);
    assert_false(pc->pic[0].input >> 5 & 1);
}

static void delayed_actions_come_in_order_of_time(void **state)
{
    struct pc *pc = *state;
    unsigned space = add_space(pc, false, 0x300, 8);
    unsigned go = add_cell(pc, space, PC_CELL_REGISTER, 0, 1, 0), seen = add_cell(pc, space, PC_CELL_REGISTER, 1, 1, 0);
    for (uint32_t i = 0; i < 2; i++)
        pc->script.rule[pc->script.rules++] = (struct pc_rule){.cell = (uint16_t)go,
                                                               .on = PC_ON_WRITE,
                                                               .after = 2000 - 1000 * i,
                                                               .action = {PC_ASSIGN, 0, 0, (uint16_t)seen, i + 1}};
    out(pc, 0x300, 1, 1);
    assert_int_equal(pc_next_event(pc), pc->now + 1000);
    pc_advance(pc, 1500);
    assert_int_equal(in(pc, 0x301, 1), 2);
    pc_advance(pc, 2500);
    assert_int_equal(in(pc, 0x301, 1), 1);
}

// A timetable whose machine slept through many periods raises the line once and counts them all.
static void periods_slept_through_count(void **state)
{
    struct pc *pc = *state;
    out8(pc, 0x21, 0xDF);
    pc->script.timer[pc->script.timers++] = (struct pc_timer){
        .next = 1000, .period = 1000, .left = 10, .action = {.kind = PC_PULSE, .line = 5, .space = PC_NO_FUNCTION}};
    pc_advance(pc, 4500);
    assert_true(pc_intr(pc));
    assert_int_equal(pc_acknowledge(pc), 0x0D);
    out8(pc, 0x20, 0x20);
    assert_int_equal(pc->script.timer[0].left, 6);
    assert_int_equal(pc_next_event(pc), 5000);
    pc_advance(pc, 100000);
    assert_int_equal(pc->script.timer[0].left, 0);
}

static void ranges_come_before_the_boards_own_parts(void **state)
{
    struct pc *pc = *state;
    unsigned space = add_space(pc, false, 0x60, 1);
    add_cell(pc, space, PC_CELL_CONSTANT, 0, 1, 0x77);
    assert_int_equal(in(pc, 0x60, 1), 0x77);
    pc->script.space[space].present = 0;
    assert_int_not_equal(in(pc, 0x60, 1), 0x77);
}

// ---------------------------------------------------------------------------------------------------------------------
// PCI

static void select_register(struct pc *pc, uint32_t place, uint32_t offset)
{
    out(pc, 0xCF8, 4, 0x80000000u | place | offset);
}

static void without_functions_there_is_no_mechanism(void **state)
{
    struct pc *pc = *state;
    uint32_t value;
    assert_false(pc_port_out(pc, 0xCF8, 4, 0, 0x80000000));
    assert_false(pc_port_in(pc, 0xCF8, 4, 0, &value));
    assert_int_equal(value, 0xFFFFFFFF);
}

static void a_register_tells_its_size_and_moves_its_range(void **state)
{
    struct pc *pc = *state;
    uint32_t value;
    int f = pc_pci_add(&pc->pci, 0, 3, 1);
    assert_int_equal(f, 0);
    assert_int_equal(pc_pci_add(&pc->pci, 0, 3, 1), -1);
    unsigned space = add_space(pc, true, 0, 0x100);
    pc->script.space[space].function = 0;
    add_cell(pc, space, PC_CELL_CONSTANT, 0, 4, 0xCAFE);
    pc_pci_set_bar(&pc->pci.function[0], 0, false, 0x100, 0xE0000000, true);
    pc_spaces_changed(pc);
    assert_true(pc_take_moved(pc));
    assert_true(pc_memory_read(pc, 0xE0000000, 4, 0, &value));
    select_register(pc, 3 << 11 | 1 << 8, 0x10);
    assert_int_equal(in(pc, 0xCFC, 4), 0xE0000008);
    out(pc, 0xCFC, 4, 0xFFFFFFFF);
    assert_int_equal(in(pc, 0xCFC, 4), 0xFFFFFF08);
    out(pc, 0xCFC, 4, 0xE1234567);
    assert_true(pc_take_moved(pc));
    assert_true(pc_memory_read(pc, 0xE1234500, 4, 0, &value));
    assert_int_equal(value, 0xCAFE);
    assert_false(pc_memory_read(pc, 0xE0000000, 4, 0, &value));
    select_register(pc, 3 << 11 | 1 << 8, 4);
    out(pc, 0xCFC, 2, 0); // decoding off
    assert_false(pc_memory_read(pc, 0xE1234500, 4, 0, &value));
    select_register(pc, 4 << 11, 0); // nobody there
    assert_int_equal(in(pc, 0xCFC, 4), 0xFFFFFFFF);
    assert_int_equal(in(pc, 0xCFE, 2), 0xFFFF);
}

static void random_traffic(void **state)
{
    struct pc *pc = *state;
    uint32_t seed = 1, value;
    unsigned space = add_space(pc, false, 0x300, 0x100);
    for (unsigned i = 0; i < 40; i++) {
        unsigned cell = add_cell(pc, space, (enum pc_cell_kind)(i % 5), 4 * i, 1u << i % 3, i);
        if (pc->script.cell[cell].kind == PC_CELL_FIFO) {
            pc->script.cell[cell].room = 3;
            pc->script.cell[cell].first = 16 * i;
        }
    }
    pc_pci_add(&pc->pci, 0, 0, 0);
    for (unsigned i = 0; i < 100000; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint16_t port = (uint16_t)(seed & 1 ? 0x2F0 + (seed >> 8) % 0x120 : 0xCF0 + (seed >> 8) % 0x20);
        bool owned = seed & 2 ? pc_port_out(pc, port, 1u << (seed >> 4) % 3, pc->now + 10, seed)
                              : pc_port_in(pc, port, 1u << (seed >> 4) % 3, pc->now + 10, &value);
        (void)owned;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(narrow_and_wide_accesses),
        BOARD_TEST(status_bits_are_cleared_by_ones),
        BOARD_TEST(level_follows_status_and_enable),
        BOARD_TEST(delayed_actions_come_in_order_of_time),
        BOARD_TEST(periods_slept_through_count),
        BOARD_TEST(ranges_come_before_the_boards_own_parts),
        BOARD_TEST(without_functions_there_is_no_mechanism),
        BOARD_TEST(a_register_tells_its_size_and_moves_its_range),
        BOARD_TEST(random_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
