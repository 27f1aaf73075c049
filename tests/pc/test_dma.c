// The DMA controllers against the 8237A's datasheet, with cells of scripted devices at their request lines.
#include "pc/board.h"

enum { MEMORY = 0x20000, US = 1000 };

static uint8_t memory[MEMORY];

// What the owner of the board does; gives the number of cycles.
static unsigned serve(struct pc *pc)
{
    struct pc_dma_cycle c;
    unsigned cycles = 0;
    for (; pc_dma_next_cycle(pc, &c); cycles++) {
        uint8_t *at = memory + c.address % MEMORY;
        assert_true(cycles < 0x20000);
        if (c.kind == PC_DMA_READ)
            c.value = at[0] | (c.bytes == 2 ? (uint32_t)at[1] << 8 : 0);
        for (unsigned i = 0; c.kind == PC_DMA_WRITE && i < c.bytes; i++)
            at[i] = (uint8_t)(c.value >> 8 * i);
        if (c.kind == PC_DMA_COPY)
            at[0] = memory[c.from % MEMORY];
        pc_dma_end_cycle(pc, &c);
    }
    return cycles;
}

static unsigned serve_until(struct pc *pc, uint64_t ns)
{
    unsigned cycles = serve(pc);
    while (pc_next_event(pc) <= ns) {
        pc_advance(pc, pc_next_event(pc));
        cycles += serve(pc);
    }
    pc_advance(pc, ns);
    return cycles;
}

// A card with a cell that moves by DMA, behind ports 300h; room > 0: a FIFO.
static struct pc_cell *add_card(struct pc *pc, unsigned channel, bool to_cell, unsigned room)
{
    struct pc_script *s = &pc->script;
    s->space[s->spaces++] = (struct pc_space){.base = 0x300,
                                              .bytes = 16,
                                              .present = 1,
                                              .function = PC_NO_FUNCTION,
                                              .line = PC_OWN_LINE,
                                              .channel = PC_OWN_CHANNEL};
    s->cell[s->cells] = (struct pc_cell){.bytes = channel < 4 ? 1 : 2,
                                         .kind = room ? PC_CELL_FIFO : PC_CELL_COUNTER,
                                         .mask = 0xFFFF,
                                         .step = 1,
                                         .room = room};
    s->dma[s->dmas++] = (struct pc_script_dma){.cell = (uint16_t)s->cells,
                                               .enable = PC_NO_CELL,
                                               .channel = (uint8_t)channel,
                                               .to_cell = to_cell,
                                               .mask = UINT32_MAX,
                                               .period = 10 * US};
    return &s->cell[s->cells++];
}

// Registers of the first controller; `count` is one less than what moves.
static void program(struct pc *pc, unsigned channel, uint8_t mode, uint16_t address, uint16_t count)
{
    out8(pc, 0x0C, 0);
    out8(pc, 0x0B, (uint8_t)(mode | channel));
    out8(pc, (uint16_t)(2 * channel), (uint8_t)address);
    out8(pc, (uint16_t)(2 * channel), (uint8_t)(address >> 8));
    out8(pc, (uint16_t)(2 * channel + 1), (uint8_t)count);
    out8(pc, (uint16_t)(2 * channel + 1), (uint8_t)(count >> 8));
}

static unsigned current(struct pc *pc, uint16_t port)
{
    out8(pc, 0x0C, 0);
    unsigned low = in8(pc, port);
    return low | (unsigned)in8(pc, port) << 8;
}

static void single_transfers_to_a_device(void **state)
{
    struct pc *pc = *state;
    const struct pc_cell *fifo = add_card(pc, 1, true, 8);
    pc->script.rule[pc->script.rules++] =
        (struct pc_rule){.on = PC_ON_END, .action = {.kind = PC_RAISE, .line = 5, .space = 0}};
    memcpy(memory + 0x11234, "sound", 5);
    out8(pc, 0x83, 1);
    program(pc, 1, 0x48, 0x1234, 4);
    assert_int_equal(serve_until(pc, 100 * US), 0); // masked
    assert_int_equal(in8(pc, 8), 0x20);             // but asked for
    out8(pc, 0x0A, 1);
    assert_int_equal(serve_until(pc, 125 * US), 3); // at 100, 110, 120 us
    assert_int_equal(fifo->used, 3);
    assert_int_equal(current(pc, 2), 0x1237);
    assert_int_equal(current(pc, 3), 1);
    assert_false(pc_irq_requested(pc, 5));
    assert_false(pc_dma_done(pc, 1));
    assert_int_equal(serve_until(pc, 500 * US), 2);
    assert_int_equal(current(pc, 3), 0xFFFF);
    assert_int_equal(in8(pc, 0x0F), 0x0F); // masked by its end
    assert_true(pc_dma_done(pc, 1));
    assert_true(pc_irq_requested(pc, 5));
    assert_int_equal(in8(pc, 8), 0x22);
    assert_int_equal(in8(pc, 8), 0x20);
    const char *sent = "sound";
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(pc->script.bytes[4 * i], sent[i]);
}

// A full FIFO does not ask; the rest comes when there is room.
static void a_device_asks_while_it_can_take_or_give(void **state)
{
    struct pc *pc = *state;
    struct pc_cell *fifo = add_card(pc, 3, true, 2);
    program(pc, 3, 0x48, 0, 9);
    out8(pc, 0x0A, 3);
    assert_int_equal(serve_until(pc, 100 * US), 2);
    assert_int_equal(in8(pc, 8), 0);
    assert_int_equal(pc_next_event(pc) > 1000 * US, true);
    fifo->used = 0;
    assert_int_equal(serve_until(pc, 105 * US), 1); // at once: the device was ready long before
    assert_int_equal(serve_until(pc, 200 * US), 1);
}

static void automatic_initialisation_begins_again(void **state)
{
    struct pc *pc = *state;
    add_card(pc, 1, false, 0);
    program(pc, 1, 0x74, 7, 2); // downwards
    out8(pc, 0x0A, 1);
    assert_int_equal(serve_until(pc, 35 * US), 4); // 0, 10, 20, 30 us
    assert_int_equal(memory[7], 3);
    assert_int_equal(memory[6], 1);
    assert_int_equal(memory[5], 2);
    assert_int_equal(current(pc, 3), 1);
    assert_int_equal(in8(pc, 8) & 2, 2); // one end has been
    assert_int_equal(in8(pc, 0x0F) & 2, 0);
    assert_false(pc_dma_done(pc, 1));
}

static void channel_5_moves_words(void **state)
{
    struct pc *pc = *state;
    struct pc_cell *cell = add_card(pc, 5, false, 0);
    cell->value = 0xABCD;
    out8(pc, 0x8B, 0x01); // its lowest bit is the address's
    out8(pc, 0xD8, 0);
    out8(pc, 0xD6, 0x45);
    out8(pc, 0xC4, 0x80);
    out8(pc, 0xC4, 0x81);
    out8(pc, 0xC6, 1);
    out8(pc, 0xC6, 0);
    out8(pc, 0xD4, 1);
    assert_int_equal(serve_until(pc, 100 * US), 2);
    static const uint8_t words[] = {0xCD, 0xAB, 0xCE, 0xAB};
    assert_memory_equal(memory + 0x10300, words, sizeof words);
    assert_int_equal(in8(pc, 0xD0) & 0x0F, 2);
}

static void nothing_moves_unless_all_are_open(void **state)
{
    struct pc *pc = *state;
    add_card(pc, 1, false, 0);
    program(pc, 1, 0x54, 0, 0xFFFF);
    out8(pc, 0x0A, 1);
    assert_int_equal(serve_until(pc, 5 * US), 1);
    out8(pc, 8, 4); // the controller
    assert_int_equal(serve_until(pc, 50 * US), 0);
    out8(pc, 8, 0);
    out8(pc, 0xD4, 4); // the cascade
    assert_int_equal(serve_until(pc, 100 * US), 0);
    out8(pc, 0xD4, 0);
    assert_int_equal(serve_until(pc, 105 * US), 1);
    pc->script.space[0].present = 0; // the device
    assert_int_equal(serve_until(pc, 200 * US), 0);
}

// Verifying counts and moves nothing; a block goes on to its end once it has begun.
static void modes(void **state)
{
    struct pc *pc = *state;
    const struct pc_cell *cell = add_card(pc, 2, false, 0);
    program(pc, 2, 0x40, 0x40, 1);
    memory[0x40] = 0x77;
    out8(pc, 0x0A, 2);
    assert_int_equal(serve_until(pc, 100 * US), 2);
    assert_int_equal(memory[0x40], 0x77);
    assert_int_equal(cell->value, 0);
    program(pc, 2, 0x84, 0x40, 99);
    out8(pc, 0x0A, 2);
    assert_int_equal(serve(pc), 100);
    assert_int_equal(memory[0x40 + 99], 99);
    program(pc, 2, 0xC4, 0x40, 99); // cascade: the bus belongs to somebody else
    out8(pc, 0x0A, 2);
    assert_int_equal(serve_until(pc, 300 * US), 0);
}

static void requests_by_software(void **state)
{
    struct pc *pc = *state;
    memory[0x500] = 1;
    program(pc, 3, 0x84, 0x500, 0);
    out8(pc, 9, 7); // nobody answers: ones
    assert_int_equal(serve(pc), 1);
    assert_int_equal(memory[0x500], 0xFF);
    memcpy(memory + 0x600, "from memory to memory", 22);
    program(pc, 0, 0x88, 0x600, 0);
    program(pc, 1, 0x84, 0x700, 21);
    out8(pc, 8, 1);
    out8(pc, 9, 4);
    assert_int_equal(serve(pc), 22);
    assert_string_equal((char *)memory + 0x700, "from memory to memory");
    assert_int_equal(in8(pc, 8) & 0x0F, 0x0A);
}

static int fresh(void **state)
{
    memset(memory, 0, sizeof memory);
    return board_new(state);
}

#define DMA_TEST(name) cmocka_unit_test_setup_teardown(name, fresh, board_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DMA_TEST(single_transfers_to_a_device),
        DMA_TEST(a_device_asks_while_it_can_take_or_give),
        DMA_TEST(automatic_initialisation_begins_again),
        DMA_TEST(channel_5_moves_words),
        DMA_TEST(nothing_moves_unless_all_are_open),
        DMA_TEST(modes),
        DMA_TEST(requests_by_software),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
