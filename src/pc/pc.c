// The board as a whole: which part owns which port, the interrupt lines between the parts, and the schedule of what
// comes from outside.
#include "pc/parts.h"

#include <string.h>

enum { CASCADE = 2, COPROCESSOR = 13 };

void pc_default_config(struct pc_config *config)
{
    *config = (struct pc_config){
        .year = 1998, .month = 6, .day = 25, .hour = 12, .base_kilobytes = 640, .extended_kilobytes = 15 * 1024};
}

void pc_init(struct pc *pc, const struct pc_config *config)
{
    for (unsigned i = 0; i < 2; i++) {
        pc->pic[i].lowest = 7;
        pc->pic[i].expects = 2; // silent until ICW1 came
        pc_dma_reset(&pc->dma[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        pc->counter[i] = (struct pc_counter){.start = PC_NEVER, .gate = i != 2, .access = 3};
    pc_clock_init(&pc->clock, config);
    pc_keyboard_init(&pc->keyboard);
    for (unsigned i = 0; i < PC_SERIAL_PORTS; i++)
        pc_uart_init(&pc->uart[i]);
    pc_vga_init(&pc->vga);
}

static void out(struct pc *pc, uint16_t port, uint8_t value)
{
    if (!pc_port_out(pc, port, 1, pc->now, value))
        return; // every port below is one of ours
}

void pc_bios_setup(struct pc *pc)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } setup[] = {
        {0x43, 0x36}, {0x40, 0x00}, {0x40, 0x00}, // 18.2 ticks; the edge this makes is forgotten by ICW1 below
        {0x43, 0x54}, {0x41, 0x12},               // memory refresh
        {0x20, 0x11}, {0x21, 0x08}, {0x21, 0x04}, {0x21, 0x01}, {0x21, 0xF8}, // master: vectors 08h-0Fh
        {0xA0, 0x11}, {0xA1, 0x70}, {0xA1, 0x02}, {0xA1, 0x01}, {0xA1, 0xDF}, // slave: 70h-77h
        {0x64, 0x60}, {0x60, 0x65},                                           // keyboard interrupt and translation on
        {0xD6, 0xC0}, {0xD4, 0x00},                                           // DMA cascade
    };
    for (size_t i = 0; i < BASE_COUNT(setup); i++)
        out(pc, setup[i].port, setup[i].value);
    pc->raised = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Lines

static void set_line(struct pc *pc, unsigned irq, bool level)
{
    struct pc_pic *pic = &pc->pic[irq >> 3];
    if (level && !(pic->input >> (irq & 7) & 1))
        pc->raised |= (uint16_t)(1u << irq);
    pc_pic_input(pic, irq & 7, level);
}

static uint16_t line_levels(const struct pc *pc)
{
    unsigned lines = pc->external | pc->pulses | pc_script_lines(&pc->script);
    lines |= (unsigned)pc_counter_output(&pc->counter[0], pc_ticks(pc->now));
    lines |= (unsigned)pc_keyboard_line(&pc->keyboard) << 1;
    lines |= (unsigned)pc_mouse_line(pc) << 12;
    lines |= (unsigned)pc_uart_line(&pc->uart[1]) << 3;
    lines |= (unsigned)pc_uart_line(&pc->uart[0]) << 4;
    lines |= (unsigned)pc_clock_line(&pc->clock) << 8;
    lines |= (unsigned)pc->ferr_latch << COPROCESSOR;
    return (uint16_t)lines;
}

static void update_lines(struct pc *pc)
{
    unsigned levels = line_levels(pc), inputs = pc->pic[0].input | (unsigned)pc->pic[1].input << 8;
    unsigned changed = (levels ^ inputs) & ~(1u << CASCADE);
    for (unsigned irq = 0; changed >> irq; irq++)
        if (changed >> irq & 1)
            set_line(pc, irq, levels >> irq & 1);
    pc_pic_input(&pc->pic[0], CASCADE, pc_pic_pending(&pc->pic[1]) >= 0);
}

bool pc_intr(const struct pc *pc)
{
    return pc_pic_pending(&pc->pic[0]) >= 0;
}

// What scheduled pulses and the cascade do when a controller was asked for its line. A slave drops its INT during the
// acknowledge; with more to come it rises again, which the master's edge input must see.
static void acknowledged(struct pc *pc, unsigned irq)
{
    pc->pulses &= (uint16_t) ~(1u << irq);
    if (irq >= 8)
        pc_pic_input(&pc->pic[0], CASCADE, false);
    update_lines(pc);
}

static uint8_t acknowledge_slave(struct pc *pc)
{
    struct pc_pic *slave = &pc->pic[1];
    int line = pc_pic_pending(slave);
    if (line < 0)
        return (uint8_t)(slave->base + 7); // the request went away: default IR7
    pc_pic_acknowledge(slave, (unsigned)line);
    acknowledged(pc, (unsigned)line + 8);
    return (uint8_t)(slave->base + line);
}

uint8_t pc_acknowledge(struct pc *pc)
{
    struct pc_pic *master = &pc->pic[0];
    int line = pc_pic_pending(master);
    if (line < 0)
        return (uint8_t)(master->base + 7);
    pc_pic_acknowledge(master, (unsigned)line);
    if (line == CASCADE && !master->single)
        return acknowledge_slave(pc);
    acknowledged(pc, (unsigned)line);
    return (uint8_t)(master->base + line);
}

void pc_raise_irq(struct pc *pc, unsigned irq, bool level)
{
    if (irq >= PC_IRQS || irq == CASCADE)
        return;
    uint16_t bit = (uint16_t)(1u << irq);
    pc->external = (uint16_t)(level ? pc->external | bit : pc->external & ~bit);
    update_lines(pc);
}

uint16_t pc_take_raised(struct pc *pc)
{
    uint16_t raised = pc->raised;
    pc->raised = 0;
    return raised;
}

bool pc_irq_requested(const struct pc *pc, unsigned irq)
{
    return irq < PC_IRQS && pc->pic[irq >> 3].irr >> (irq & 7) & 1;
}

bool pc_irq_in_service(const struct pc *pc, unsigned irq)
{
    return irq < PC_IRQS && pc->pic[irq >> 3].isr >> (irq & 7) & 1;
}

bool pc_irq_masked(const struct pc *pc, unsigned irq)
{
    return irq >= PC_IRQS || pc->pic[irq >> 3].imr >> (irq & 7) & 1 || (irq >= 8 && pc->pic[0].imr >> CASCADE & 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Time and the schedule

enum { NMI = PC_IRQS }; // in the schedule

static bool schedule(struct pc *pc, unsigned irq, uint64_t at)
{
    if (pc->scheduled_irqs == PC_SCHEDULED)
        return false;
    uint32_t i = pc->scheduled_irqs++;
    for (; i > 0 && pc->scheduled_irq[i - 1].at > at; i--)
        pc->scheduled_irq[i] = pc->scheduled_irq[i - 1];
    pc->scheduled_irq[i].at = at;
    pc->scheduled_irq[i].irq = (uint8_t)irq;
    return true;
}

bool pc_schedule_irq(struct pc *pc, unsigned irq, uint64_t at)
{
    return irq < PC_IRQS && irq != CASCADE && schedule(pc, irq, at);
}

bool pc_schedule_nmi(struct pc *pc, uint64_t at)
{
    return schedule(pc, NMI, at);
}

bool pc_take_nmi(struct pc *pc)
{
    bool up = pc->nmi && !pc->nmi_masked;
    if (up)
        pc->nmi = 0;
    return up;
}

static void raise_scheduled(struct pc *pc)
{
    uint32_t due = 0;
    for (; due < pc->scheduled_irqs && pc->scheduled_irq[due].at <= pc->now; due++) {
        pc->nmi |= pc->scheduled_irq[due].irq == NMI;
        pc->pulses |= (uint16_t)(1u << pc->scheduled_irq[due].irq);
    }
    pc->scheduled_irqs -= due;
    memmove(pc->scheduled_irq, pc->scheduled_irq + due, pc->scheduled_irqs * sizeof pc->scheduled_irq[0]);
}

// What the scripted devices have done to their lines: pulses, and levels that update_lines asks for.
static void update_script(struct pc *pc)
{
    pc->pulses |= pc->script.pulses & (uint16_t) ~(1u << CASCADE);
    pc->script.pulses = 0;
    update_lines(pc);
}

void pc_dma_end_cycle(struct pc *pc, const struct pc_dma_cycle *cycle)
{
    pc_dma_finish(pc, cycle);
    update_script(pc);
}

// The timer's output may have fallen and risen since the board last looked: the controller must see the edge.
static void advance_timer(struct pc *pc, uint64_t from)
{
    uint64_t before = pc_ticks(from), tick = pc_ticks(pc->now);
    if (pc_counter_next_rise(&pc->counter[0], before) <= tick) {
        set_line(pc, 0, false);
        set_line(pc, 0, true);
    }
    for (unsigned i = 0; i < 3; i++)
        pc_counter_settle(&pc->counter[i], tick);
}

void pc_advance(struct pc *pc, uint64_t now)
{
    if (now <= pc->now)
        return;
    uint64_t from = pc->now;
    pc->now = now;
    advance_timer(pc, from);
    pc_clock_advance(&pc->clock, from, now);
    pc_keyboard_advance(&pc->keyboard, now);
    pc_mouse_advance(pc, now);
    for (unsigned i = 0; i < PC_SERIAL_PORTS; i++)
        pc_uart_advance(&pc->uart[i], now);
    raise_scheduled(pc);
    pc_script_advance(&pc->script, now);
    update_script(pc);
}

static uint64_t unmasked(const struct pc *pc, unsigned irq, uint64_t when)
{
    return pc_irq_masked(pc, irq) ? PC_NEVER : when;
}

uint64_t pc_next_event(const struct pc *pc)
{
    uint64_t rise = pc_counter_next_rise(&pc->counter[0], pc_ticks(pc->now));
    uint64_t next = unmasked(pc, 0, rise == PC_NEVER ? rise : pc_tick_time(rise));
    next = pc_earlier(next, unmasked(pc, 1, pc_keyboard_next(&pc->keyboard)));
    next = pc_earlier(next, unmasked(pc, 12, pc_mouse_next(pc)));
    next = pc_earlier(next, unmasked(pc, 3, pc_uart_next(&pc->uart[1], pc->now)));
    next = pc_earlier(next, unmasked(pc, 4, pc_uart_next(&pc->uart[0], pc->now)));
    next = pc_earlier(next, unmasked(pc, 8, pc_clock_next(&pc->clock, pc->now)));
    next = pc_earlier(next, pc_script_next(&pc->script));
    next = pc_earlier(next, pc_dma_next(pc));
    // What was asked for from outside happens and is told of, whether anybody listens to the line or not.
    return pc->scheduled_irqs ? pc_earlier(next, pc->scheduled_irq[0].at) : next;
}

bool pc_schedule_key(struct pc *pc, uint8_t scan_byte, uint64_t at)
{
    struct pc_keyboard *k = &pc->keyboard;
    if (k->keys == PC_SCHEDULED)
        return false;
    uint32_t i = k->keys++;
    for (; i > 0 && k->key[i - 1].at > at; i--)
        k->key[i] = k->key[i - 1];
    k->key[i].at = at;
    k->key[i].byte = scan_byte;
    return true;
}

bool pc_serial_receive(struct pc *pc, unsigned port, uint8_t byte, uint64_t at)
{
    if (port >= PC_SERIAL_PORTS || pc->uart[port].wire_in_count == PC_SERIAL_BYTES)
        return false;
    struct pc_uart *u = &pc->uart[port];
    uint32_t i = u->wire_in_count++;
    for (; i > 0 && u->wire_in[i - 1].at > at; i--)
        u->wire_in[i] = u->wire_in[i - 1];
    u->wire_in[i].at = at;
    u->wire_in[i].byte = byte;
    return true;
}

size_t pc_serial_take(struct pc *pc, unsigned port, uint8_t *to, size_t size)
{
    if (port >= PC_SERIAL_PORTS)
        return 0;
    struct pc_uart *u = &pc->uart[port];
    size_t n = u->wire_out_count < size ? u->wire_out_count : size;
    memcpy(to, u->wire_out, n);
    u->wire_out_count -= (uint32_t)n;
    memmove(u->wire_out, u->wire_out + n, u->wire_out_count);
    return n;
}

// ---------------------------------------------------------------------------------------------------------------------
// System control

bool pc_a20(const struct pc *pc)
{
    return (pc->port_92 | pc->keyboard.output_port) & 2;
}

bool pc_take_reset(struct pc *pc)
{
    bool asked = pc->reset_asked;
    pc->reset_asked = 0;
    return asked;
}

// Port 61h: bits 0 and 1 gate the speaker, 4 toggles with every memory refresh (15 us), 5 is the speaker's counter.
static uint8_t read_61(const struct pc *pc)
{
    unsigned refresh = (unsigned)(pc->now / 15085 & 1) << 4;
    unsigned speaker = (unsigned)pc_counter_output(&pc->counter[2], pc_ticks(pc->now)) << 5;
    return (uint8_t)(pc->port_61 | refresh | speaker);
}

static void write_61(struct pc *pc, uint8_t value)
{
    pc->port_61 = value & 0x0F;
    pc_counter_gate(&pc->counter[2], value & 1, pc_ticks(pc->now));
}

void pc_coprocessor_error(struct pc *pc, bool ferr)
{
    pc->ferr_latch |= ferr && !pc->ferr;
    pc->ferr = ferr;
    pc->ignne &= pc->ferr;
    update_lines(pc);
}

bool pc_ignne(const struct pc *pc)
{
    return pc->ignne;
}

static void write_92(struct pc *pc, uint8_t value)
{
    if (value & 1 && !(pc->port_92 & 1))
        pc->reset_asked = 1;
    pc->port_92 = value & 3;
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports

enum part {
    NOBODY,
    DMA_LOW,
    DMA_HIGH,
    DMA_PAGES,
    PIC_MASTER,
    PIC_SLAVE,
    ELCR,
    PIT,
    KEYBOARD,
    CLOCK,
    CONTROL_61,
    CONTROL_92,
    COPROCESSOR_F0,
    COM1,
    COM2,
    VGA
};

static const struct {
    uint16_t first, last;
    uint8_t part; // enum part
} port_map[] = {
    {0x000, 0x00F, DMA_LOW},   {0x020, 0x021, PIC_MASTER}, {0x040, 0x043, PIT},
    {0x060, 0x060, KEYBOARD},  {0x061, 0x061, CONTROL_61}, {0x064, 0x064, KEYBOARD},
    {0x070, 0x071, CLOCK},     {0x080, 0x08F, DMA_PAGES},  {0x092, 0x092, CONTROL_92},
    {0x0A0, 0x0A1, PIC_SLAVE}, {0x0C0, 0x0DF, DMA_HIGH},   {0x2F8, 0x2FF, COM2},
    {0x3F8, 0x3FF, COM1},      {0x4D0, 0x4D1, ELCR},       {0x0F0, 0x0F0, COPROCESSOR_F0},
};

static enum part port_part(uint16_t port)
{
    for (size_t i = 0; i < BASE_COUNT(port_map); i++) {
        if (port >= port_map[i].first && port <= port_map[i].last)
            return (enum part)port_map[i].part;
    }
    return pc_vga_has(port) ? VGA : NOBODY;
}

static uint8_t read_pic(struct pc *pc, unsigned which, uint16_t port)
{
    int polled;
    uint8_t value = pc_pic_in(&pc->pic[which], port & 1, &polled);
    if (polled >= 0)
        acknowledged(pc, (unsigned)polled + which * 8);
    return value;
}

static uint8_t read_byte(struct pc *pc, enum part part, uint16_t port)
{
    switch (part) {
    case DMA_LOW:
        pc_dma_update(pc);
        return pc_dma_in(&pc->dma[0], port);
    case DMA_HIGH:
        pc_dma_update(pc);
        return pc_dma_in(&pc->dma[1], (port - 0xC0u) / 2);
    case DMA_PAGES:
        return pc->page[port & 15];
    case PIC_MASTER:
        return read_pic(pc, 0, port);
    case PIC_SLAVE:
        return read_pic(pc, 1, port);
    case ELCR:
        return pc->pic[port & 1].elcr;
    case PIT:
        return pc_pit_in(pc, port & 3);
    case KEYBOARD:
        return pc_keyboard_in(pc, port);
    case CLOCK:
        return pc_clock_in(pc, port & 1);
    case CONTROL_61:
        return read_61(pc);
    case CONTROL_92:
        return pc->port_92;
    case COM1:
        return pc_uart_in(&pc->uart[0], port & 7, pc->now);
    case COM2:
        return pc_uart_in(&pc->uart[1], port & 7, pc->now);
    case VGA:
        return pc_vga_in(&pc->vga, port, pc->now);
    default:
        return 0xFF;
    }
}

static void write_byte(struct pc *pc, enum part part, uint16_t port, uint8_t value)
{
    switch (part) {
    case DMA_LOW:
        pc_dma_out(&pc->dma[0], port, value);
        break;
    case DMA_HIGH:
        pc_dma_out(&pc->dma[1], (port - 0xC0u) / 2, value);
        break;
    case DMA_PAGES:
        pc->page[port & 15] = value;
        break;
    case PIC_MASTER:
        pc_pic_out(&pc->pic[0], port & 1, value);
        break;
    case PIC_SLAVE:
        pc_pic_out(&pc->pic[1], port & 1, value);
        break;
    case ELCR: // timer, keyboard and cascade, clock and coprocessor are always edge triggered
        pc_pic_set_elcr(&pc->pic[port & 1], value & (port & 1 ? 0xDE : 0xF8));
        break;
    case PIT:
        pc_pit_out(pc, port & 3, value);
        break;
    case KEYBOARD:
        pc_keyboard_out(pc, port, value);
        break;
    case CLOCK:
        pc_clock_out(pc, port & 1, value);
        break;
    case CONTROL_61:
        write_61(pc, value);
        break;
    case CONTROL_92:
        write_92(pc, value);
        break;
    case COPROCESSOR_F0: // whatever is written
        pc->ferr_latch = 0;
        pc->ignne = pc->ferr;
        break;
    case COM1:
        pc_uart_out(&pc->uart[0], port & 7, value, pc->now);
        break;
    case COM2:
        pc_uart_out(&pc->uart[1], port & 7, value, pc->now);
        break;
    case VGA:
        pc_vga_out(&pc->vga, port, value);
        break;
    default:
        break;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Configuration spaces and scripted devices come before the parts of the board: a description may stand for one of them

void pc_spaces_changed(struct pc *pc)
{
    (void)pc_pci_place(&pc->pci, &pc->script);
    pc->spaces_moved = 1;
    update_lines(pc);
}

bool pc_take_moved(struct pc *pc)
{
    bool moved = pc->spaces_moved;
    pc->spaces_moved = 0;
    return moved;
}

static bool script_in(struct pc *pc, bool memory, uint32_t address, unsigned size, uint32_t *value)
{
    int space = pc_script_at(&pc->script, memory, address);
    if (space < 0)
        return false;
    *value = pc_script_read(&pc->script, (unsigned)space, address, size, pc->now);
    update_script(pc);
    return true;
}

static bool script_out(struct pc *pc, bool memory, uint32_t address, unsigned size, uint32_t value)
{
    int space = pc_script_at(&pc->script, memory, address);
    if (space < 0)
        return false;
    pc_script_write(&pc->script, (unsigned)space, address, size, value, pc->now);
    update_script(pc);
    return true;
}

bool pc_memory_read(struct pc *pc, uint32_t address, unsigned size, uint64_t now, uint32_t *value)
{
    pc_advance(pc, now);
    *value = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
    return script_in(pc, true, address, size, value);
}

bool pc_memory_write(struct pc *pc, uint32_t address, unsigned size, uint64_t now, uint32_t value)
{
    pc_advance(pc, now);
    return script_out(pc, true, address, size, value);
}

static bool pci_out(struct pc *pc, uint16_t port, unsigned size, uint32_t value)
{
    if (!pc_pci_out(&pc->pci, port, size, value))
        return false;
    if (pc_pci_place(&pc->pci, &pc->script))
        pc->spaces_moved = 1;
    update_lines(pc);
    return true;
}

bool pc_port_in(struct pc *pc, uint16_t port, unsigned size, uint64_t now, uint32_t *value)
{
    pc_advance(pc, now);
    if (pc_pci_in(&pc->pci, port, size, value) || script_in(pc, false, port, size, value))
        return true;
    bool owned = false;
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        uint16_t at = (uint16_t)(port + i);
        enum part part = port_part(at);
        owned |= part != NOBODY;
        *value |= (uint32_t)read_byte(pc, part, at) << (8 * i);
    }
    update_lines(pc);
    return owned;
}

bool pc_port_out(struct pc *pc, uint16_t port, unsigned size, uint64_t now, uint32_t value)
{
    pc_advance(pc, now);
    if (pci_out(pc, port, size, value) || script_out(pc, false, port, size, value))
        return true;
    bool owned = false;
    for (unsigned i = 0; i < size; i++) {
        uint16_t at = (uint16_t)(port + i);
        enum part part = port_part(at);
        owned |= part != NOBODY;
        write_byte(pc, part, at, (uint8_t)(value >> (8 * i)));
    }
    update_lines(pc);
    return owned;
}
