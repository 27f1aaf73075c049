// Scripted devices: what an access to a cell does, and the actions that follow from it at once or later.
#include "pc/script.h"

#include <string.h>

int pc_script_at(const struct pc_script *s, bool memory, uint32_t address)
{
    for (uint32_t i = 0; i < s->spaces; i++) {
        const struct pc_space *p = &s->space[i];
        if (p->present && p->memory == memory && address - p->base < p->bytes)
            return (int)i;
    }
    return -1;
}

static int cell_at(const struct pc_script *s, unsigned space, uint32_t offset)
{
    for (uint32_t i = 0; i < s->cells; i++) {
        const struct pc_cell *c = &s->cell[i];
        if (c->space == space && offset - c->offset < c->bytes)
            return (int)i;
    }
    return -1;
}

static uint32_t ones(unsigned bytes)
{
    return bytes >= 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;
}

// ---------------------------------------------------------------------------------------------------------------------
// Actions

bool pc_script_push(struct pc_script *s, unsigned cell, uint32_t value)
{
    struct pc_cell *c = &s->cell[cell];
    if (c->used == c->room)
        return false;
    uint8_t *at = s->bytes + c->first + 4 * ((c->head + c->used++) % c->room);
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
    return true;
}

static uint32_t take(struct pc_script *s, struct pc_cell *c)
{
    if (!c->used)
        return c->value;
    const uint8_t *at = s->bytes + c->first + 4 * c->head;
    c->head = (c->head + 1) % c->room;
    c->used--;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void act_on_line(struct pc_script *s, const struct pc_action *a)
{
    bool own = a->space < s->spaces;
    uint16_t *lines = own ? &s->space[a->space].lines : &s->lines;
    unsigned line = a->line == PC_OWN_LINE && own ? s->space[a->space].line : a->line;
    if (line > 15)
        return; // the card has no interrupt now
    uint16_t bit = (uint16_t)(1u << line);
    if (a->kind == PC_PULSE)
        s->pulses |= bit;
    else
        *lines = (uint16_t)(a->kind == PC_RAISE ? *lines | bit : *lines & ~bit);
}

static void act(struct pc_script *s, const struct pc_action *a)
{
    struct pc_cell *c = &s->cell[a->cell];
    switch (a->kind) {
    case PC_SET:
        c->value |= a->value;
        break;
    case PC_CLEAR:
        c->value &= ~a->value;
        break;
    case PC_ASSIGN:
        c->value = a->value;
        break;
    case PC_PUSH:
        (void)!pc_script_push(s, a->cell, a->value); // a full FIFO loses it, as hardware does
        break;
    default:
        act_on_line(s, a);
    }
}

static void act_later(struct pc_script *s, const struct pc_action *a, uint64_t at)
{
    if (s->delayed == PC_DELAYED) {
        s->lost++;
        return;
    }
    uint32_t i = s->delayed++;
    for (; i > 0 && s->waiting[i - 1].at > at; i--)
        s->waiting[i] = s->waiting[i - 1];
    s->waiting[i] = (struct pc_delayed){at, *a};
}

static void apply_rules(struct pc_script *s, unsigned cell, enum pc_occasion on, uint32_t value, uint64_t now)
{
    for (uint32_t i = 0; i < s->rules; i++) {
        const struct pc_rule *r = &s->rule[i];
        if (r->cell != cell || r->on != on || (value & r->mask) != r->match)
            continue;
        if (r->after)
            act_later(s, &r->action, now + r->after);
        else
            act(s, &r->action);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Cells. `byte` and `bytes` say which part of a cell of up to four bytes is meant.

static uint32_t read_memory(const struct pc_script *s, const struct pc_cell *c, uint32_t byte, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)s->bytes[c->first + byte + i] << 8 * i;
    return value;
}

static uint32_t whole_value(struct pc_script *s, struct pc_cell *c)
{
    uint32_t value = c->value;
    if (c->kind == PC_CELL_FIFO)
        return take(s, c);
    if (c->kind == PC_CELL_LEVEL)
        return s->cell[c->first].used;
    if (c->kind == PC_CELL_COUNTER)
        c->value += c->step;
    if (c->clear_on_read)
        c->value &= ~c->mask;
    return value;
}

static uint32_t read_cell(struct pc_script *s, unsigned cell, uint32_t byte, unsigned bytes, uint64_t now)
{
    struct pc_cell *c = &s->cell[cell];
    uint32_t value =
        c->kind == PC_CELL_MEMORY ? read_memory(s, c, byte, bytes) : whole_value(s, c) >> 8 * byte & ones(bytes);
    apply_rules(s, cell, PC_ON_READ, value, now);
    return value;
}

static void write_memory(struct pc_script *s, const struct pc_cell *c, uint32_t byte, unsigned bytes, uint32_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        s->bytes[c->first + byte + i] = (uint8_t)(value >> 8 * i);
}

static void change(struct pc_script *s, unsigned cell, uint32_t value, uint32_t touched)
{
    struct pc_cell *c = &s->cell[cell];
    switch (c->kind) {
    case PC_CELL_FIFO:
        (void)!pc_script_push(s, cell, value);
        break;
    case PC_CELL_COUNTER:
    case PC_CELL_REGISTER:
        c->value = (c->value & ~(c->mask & touched)) | (value & c->mask & touched);
        break;
    case PC_CELL_STATUS:
        c->value &= ~(value & c->mask & touched);
        break;
    default:
        break;
    }
}

static void write_cell(struct pc_script *s, unsigned cell, uint32_t byte, unsigned bytes, uint32_t value, uint64_t now)
{
    const struct pc_cell *c = &s->cell[cell];
    value &= ones(bytes);
    if (c->kind == PC_CELL_MEMORY && !c->read_only)
        write_memory(s, c, byte, bytes, value);
    else if (!c->read_only)
        change(s, cell, value << 8 * byte, ones(bytes) << 8 * byte);
    apply_rules(s, cell, PC_ON_WRITE, value, now);
}

// ---------------------------------------------------------------------------------------------------------------------
// Accesses: as many cells as they cover

static void note(struct pc_script *s, unsigned space, uint32_t address, unsigned size, bool write, uint32_t value)
{
    if (s->logged < PC_LOGGED)
        s->log[s->logged++] = (struct pc_logged){address, value & ones(size), (uint8_t)space, (uint8_t)size, write};
}

static unsigned part(const struct pc_cell *c, uint32_t offset, unsigned left)
{
    uint32_t room = c->bytes - (offset - c->offset);
    return room < left ? (unsigned)room : left;
}

uint32_t pc_script_read(struct pc_script *s, unsigned space, uint32_t address, unsigned size, uint64_t now)
{
    uint32_t offset = address - s->space[space].base, value = 0;
    bool log = false;
    for (unsigned done = 0; done < size;) {
        int cell = cell_at(s, space, offset + done);
        unsigned bytes = cell < 0 ? 1 : part(&s->cell[cell], offset + done, size - done);
        uint32_t got = cell < 0 ? 0xFF : read_cell(s, (unsigned)cell, offset + done - s->cell[cell].offset, bytes, now);
        log |= cell >= 0 && s->cell[cell].log;
        value |= got << 8 * done;
        done += bytes;
    }
    if (log)
        note(s, space, address, size, false, value);
    return value;
}

void pc_script_write(struct pc_script *s, unsigned space, uint32_t address, unsigned size, uint32_t value, uint64_t now)
{
    uint32_t offset = address - s->space[space].base;
    bool log = false;
    for (unsigned done = 0; done < size;) {
        int cell = cell_at(s, space, offset + done);
        unsigned bytes = cell < 0 ? 1 : part(&s->cell[cell], offset + done, size - done);
        if (cell >= 0)
            write_cell(s, (unsigned)cell, offset + done - s->cell[cell].offset, bytes, value >> 8 * done, now);
        log |= cell >= 0 && s->cell[cell].log;
        done += bytes;
    }
    if (log)
        note(s, space, address, size, true, value);
}

// ---------------------------------------------------------------------------------------------------------------------
// DMA: a cell is read and written as by an access to the whole of it

bool pc_script_wants_dma(const struct pc_script *s, const struct pc_script_dma *d)
{
    const struct pc_cell *c = &s->cell[d->cell];
    if (d->enable != PC_NO_CELL && !(s->cell[d->enable].value & d->mask))
        return false;
    if (c->kind != PC_CELL_FIFO)
        return true;
    return d->to_cell ? c->used < c->room : c->used > 0;
}

// A device that is not there, or whose cell has another width than the channel, has none.
unsigned pc_script_dma_channel(const struct pc_script *s, const struct pc_script_dma *d)
{
    const struct pc_cell *c = &s->cell[d->cell];
    const struct pc_space *p = &s->space[c->space];
    unsigned channel = d->channel == PC_OWN_CHANNEL ? p->channel : d->channel;
    return p->present && c->bytes == (channel < 4 ? 1 : 2) ? channel : PC_OWN_CHANNEL;
}

// The next value comes a period after this one was due, or after it came if it was late.
static void pace(struct pc_script_dma *d, uint64_t now)
{
    d->ready = now - d->ready < d->period ? d->ready + d->period : now + d->period;
}

static void note_dma(struct pc_script *s, const struct pc_cell *c, bool write, uint32_t value)
{
    if (c->log)
        note(s, c->space, s->space[c->space].base + c->offset, (unsigned)c->bytes, write, value);
}

uint32_t pc_script_dma_take(struct pc_script *s, struct pc_script_dma *d, bool moves, uint64_t now)
{
    pace(d, now);
    if (!moves || d->to_cell)
        return UINT32_MAX;
    uint32_t value = read_cell(s, d->cell, 0, (unsigned)s->cell[d->cell].bytes, now);
    note_dma(s, &s->cell[d->cell], false, value);
    return value;
}

void pc_script_dma_give(struct pc_script *s, struct pc_script_dma *d, uint32_t value, uint64_t now)
{
    pace(d, now);
    if (!d->to_cell)
        return;
    write_cell(s, d->cell, 0, (unsigned)s->cell[d->cell].bytes, value, now);
    note_dma(s, &s->cell[d->cell], true, value);
}

void pc_script_dma_ended(struct pc_script *s, const struct pc_script_dma *d, uint64_t now)
{
    apply_rules(s, d->cell, PC_ON_END, 0, now);
}

// ---------------------------------------------------------------------------------------------------------------------
// Time

static void run_timer(struct pc_script *s, struct pc_timer *t, uint64_t now)
{
    while (t->left && t->next <= now) {
        act(s, &t->action);
        if (t->left != UINT32_MAX)
            t->left--;
        if (!t->period)
            t->left = 0;
        // A line that rises and rises shows as one: what lies in the past is not made up for one by one.
        uint64_t behind = t->period ? (now - t->next) / t->period : 0;
        if (t->left != UINT32_MAX)
            t->left -= behind < t->left ? (uint32_t)behind : t->left;
        t->next += t->period * (behind + 1);
    }
}

void pc_script_advance(struct pc_script *s, uint64_t now)
{
    uint32_t due = 0;
    for (; due < s->delayed && s->waiting[due].at <= now; due++)
        act(s, &s->waiting[due].action);
    s->delayed -= due;
    memmove(s->waiting, s->waiting + due, s->delayed * sizeof s->waiting[0]);
    for (uint32_t i = 0; i < s->timers; i++)
        run_timer(s, &s->timer[i], now);
}

uint64_t pc_script_next(const struct pc_script *s)
{
    uint64_t next = s->delayed ? s->waiting[0].at : UINT64_MAX;
    for (uint32_t i = 0; i < s->timers; i++)
        if (s->timer[i].left && s->timer[i].next < next)
            next = s->timer[i].next;
    return next;
}

static unsigned level_line(const struct pc_script *s, const struct pc_level *l)
{
    uint32_t bits = s->cell[l->status].value & l->mask;
    unsigned line = l->line == PC_OWN_LINE ? s->space[l->space].line : l->line;
    if (l->enable != PC_NO_CELL)
        bits &= s->cell[l->enable].value;
    return bits && line < 16 ? 1u << line : 0;
}

uint16_t pc_script_lines(const struct pc_script *s)
{
    unsigned lines = s->lines;
    for (uint32_t i = 0; i < s->levels; i++)
        lines |= level_line(s, &s->level[i]);
    for (uint32_t i = 0; i < s->spaces; i++)
        lines |= s->space[i].lines;
    return (uint16_t)lines;
}
