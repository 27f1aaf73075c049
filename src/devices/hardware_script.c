// Hardware descriptions: the cells and rules of scripted ports and memory, and interrupt lines with a timetable.
#include "devices/hardware_text.h"

#include <stdio.h>
#include <string.h>

enum { SHORTEST_PERIOD = 10000 }; // ns: an idle machine has to look at each

struct block { // of a space
    unsigned space;
    uint32_t first_cell;
    char names[PC_CELLS][PC_SPACE_NAME]; // of the cells from first_cell on, "" = none
};

static struct pc_script *script(struct hardware_reader *r)
{
    return &r->to->script;
}

// ---------------------------------------------------------------------------------------------------------------------
// Cells

static bool pool(struct hardware_reader *r, const struct hardware_token *where, uint32_t bytes, uint32_t *first)
{
    struct pc_script *s = script(r);
    if (bytes > PC_SCRIPT_BYTES - s->pool)
        return hw_fail_at(r, where, "FIFOs and memory: %u bytes in all, %u are left", (unsigned)PC_SCRIPT_BYTES,
                          (unsigned)(PC_SCRIPT_BYTES - s->pool));
    *first = s->pool;
    s->pool += bytes;
    return true;
}

static bool overlaps(struct hardware_reader *r, const struct pc_cell *c)
{
    for (uint32_t i = 0; i < script(r)->cells; i++) {
        const struct pc_cell *o = &script(r)->cell[i];
        if (o->space == c->space && (c->offset - o->offset < o->bytes || o->offset - c->offset < c->bytes))
            return true;
    }
    return false;
}

// Whether `bytes` at c->offset lie inside the space and touch no other cell.
static bool fits(struct hardware_reader *r, const struct hardware_token *where, struct pc_cell *c, uint32_t bytes)
{
    const struct pc_space *p = &script(r)->space[c->space];
    c->bytes = bytes;
    if (c->offset >= p->bytes || bytes > p->bytes - c->offset)
        return hw_fail_at(r, where, "the range has only 0x%X bytes", (unsigned)p->bytes);
    if (overlaps(r, c))
        return hw_fail_at(r, where, "a cell lies there already");
    return true;
}

static int find_cell(struct hardware_reader *r, const struct block *b)
{
    const struct pc_script *s = script(r);
    for (uint32_t i = b->first_cell; i < s->cells; i++) {
        const char *name = b->names[i - b->first_cell];
        if (*name && strlen(name) == r->token.length && !memcmp(name, r->token.text, r->token.length))
            return (int)i;
    }
    return -1;
}

static bool cell_name(struct hardware_reader *r, const struct block *b, uint16_t *cell)
{
    int found = r->token.kind == HW_WORD ? find_cell(r, b) : -1;
    if (found < 0)
        return hw_fail(r, "the name of a cell above in this block expected");
    *cell = (uint16_t)found;
    hw_next(r);
    return true;
}

static uint32_t widest(const struct pc_cell *c)
{
    return c->bytes >= 4 ? UINT32_MAX : (1u << 8 * c->bytes) - 1;
}

static bool optional(struct hardware_reader *r, const struct pc_cell *c, const char *word, uint32_t *value)
{
    return !hw_accept(r, word) || hw_number(r, widest(c), value, word);
}

static bool value_first(struct hardware_reader *r, struct pc_cell *c)
{
    return !hw_is_number(r) || hw_number(r, widest(c), &c->value, "the value");
}

static bool read_constant(struct hardware_reader *r, struct block *b, struct pc_cell *c)
{
    (void)b;
    return hw_number(r, widest(c), &c->value, "the value");
}

static bool read_counter(struct hardware_reader *r, struct block *b, struct pc_cell *c)
{
    (void)b;
    c->step = 1;
    return value_first(r, c) && optional(r, c, "step", &c->step);
}

static bool read_register(struct hardware_reader *r, struct block *b, struct pc_cell *c)
{
    (void)b;
    return value_first(r, c) && optional(r, c, "mask", &c->mask);
}

static bool read_fifo(struct hardware_reader *r, struct block *b, struct pc_cell *c)
{
    unsigned cell = (unsigned)(c - script(r)->cell);
    const struct hardware_token where = r->token;
    uint32_t value;
    (void)b;
    if (!hw_number(r, 4096, &c->room, "how many elements the FIFO holds"))
        return false;
    if (!c->room)
        return hw_fail(r, "a FIFO holds at least one element");
    if (!optional(r, c, "empty", &c->value) || !pool(r, &where, 4 * c->room, &c->first))
        return false;
    if (r->token.kind != HW_EQUALS)
        return true;
    hw_next(r);
    while (hw_is_number(r)) {
        const struct hardware_token element = r->token;
        if (!hw_number(r, widest(c), &value, "an element"))
            return false;
        if (!pc_script_push(script(r), cell, value))
            return hw_fail_at(r, &element, "the FIFO holds only %u elements", (unsigned)c->room);
    }
    return true;
}

static bool read_level(struct hardware_reader *r, struct block *b, struct pc_cell *c)
{
    uint16_t fifo = 0;
    const struct hardware_token where = r->token;
    if (!cell_name(r, b, &fifo))
        return false;
    if (script(r)->cell[fifo].kind != PC_CELL_FIFO)
        return hw_fail_at(r, &where, "that cell is no FIFO");
    c->first = fifo;
    return true;
}

static const struct {
    const char *word;
    uint8_t kind;
    bool (*read)(struct hardware_reader *r, struct block *b, struct pc_cell *c);
} kinds[] = {
    {"constant", PC_CELL_CONSTANT, read_constant},
    {"counter", PC_CELL_COUNTER, read_counter},
    {"fifo", PC_CELL_FIFO, read_fifo},
    {"register", PC_CELL_REGISTER, read_register},
    {"status", PC_CELL_STATUS, read_register},
    {"level", PC_CELL_LEVEL, read_level},
};

static bool read_kind(struct hardware_reader *r, struct block *b, struct pc_cell *c)
{
    for (size_t i = 0; i < BASE_COUNT(kinds); i++) {
        if (!hw_accept(r, kinds[i].word))
            continue;
        c->kind = kinds[i].kind;
        return kinds[i].read(r, b, c);
    }
    return hw_fail(r, "constant, counter, fifo, register, status or level expected");
}

static void read_flags(struct hardware_reader *r, struct pc_cell *c)
{
    for (;;) {
        if (hw_accept(r, "log"))
            c->log = 1;
        else if (hw_accept(r, "read-only"))
            c->read_only = 1;
        else if (hw_accept(r, "clear-on-read"))
            c->clear_on_read = 1;
        else
            return;
    }
}

static bool is_kind(struct hardware_reader *r)
{
    for (size_t i = 0; i < BASE_COUNT(kinds); i++)
        if (hw_is(r, kinds[i].word))
            return true;
    return false;
}

// A cell may have the name of a kind: "dword 4 status status".
static bool kind_follows(const struct hardware_reader *r)
{
    struct hardware_reader ahead = *r;
    hw_next(&ahead);
    return is_kind(&ahead);
}

// The name that may stand before the kind.
static bool take_name(struct hardware_reader *r, struct block *b, uint32_t cell)
{
    char *to = b->names[cell - b->first_cell];
    if (r->token.kind != HW_WORD || (is_kind(r) && !kind_follows(r)))
        return true;
    if (r->token.length >= PC_SPACE_NAME)
        return hw_fail(r, "the name of a cell: at most %u characters", (unsigned)PC_SPACE_NAME - 1);
    if (find_cell(r, b) >= 0)
        return hw_fail(r, "a cell has that name already");
    memcpy(to, r->token.text, r->token.length);
    hw_next(r);
    return true;
}

// A row for a cell at the offset that comes next; NULL = a mistake.
static struct pc_cell *new_cell(struct hardware_reader *r, struct block *b)
{
    struct pc_script *s = script(r);
    struct pc_cell *c = &s->cell[s->cells];
    if (s->cells == PC_CELLS) {
        hw_fail(r, "at most %u cells", (unsigned)PC_CELLS);
        return NULL;
    }
    memset(c, 0, sizeof *c);
    memset(b->names[s->cells - b->first_cell], 0, PC_SPACE_NAME);
    c->space = (uint8_t)b->space;
    return hw_number(r, UINT32_MAX, &c->offset, "the offset") ? c : NULL;
}

static bool read_cell(struct hardware_reader *r, struct block *b, uint32_t bytes)
{
    const struct hardware_token where = r->token;
    struct pc_cell *c = new_cell(r, b);
    if (!c || !fits(r, &where, c, bytes) || !take_name(r, b, script(r)->cells))
        return false;
    c->mask = widest(c);
    if (!read_kind(r, b, c))
        return false;
    read_flags(r, c);
    script(r)->cells++;
    return true;
}

static bool read_byte(struct hardware_reader *r, void *b)
{
    return read_cell(r, b, 1);
}

static bool read_word(struct hardware_reader *r, void *b)
{
    return read_cell(r, b, 2);
}

static bool read_dword(struct hardware_reader *r, void *b)
{
    return read_cell(r, b, 4);
}

static bool initial_bytes(struct hardware_reader *r, const struct pc_cell *c)
{
    uint32_t value;
    hw_next(r);
    for (uint32_t i = 0; hw_is_number(r); i++) {
        if (i == c->bytes)
            return hw_fail(r, "the memory has only %u bytes", (unsigned)c->bytes);
        if (!hw_number(r, 0xFF, &value, "a byte"))
            return false;
        script(r)->bytes[c->first + i] = (uint8_t)value;
    }
    return true;
}

// ram OFFSET BYTES [= B B ...]
static bool read_ram(struct hardware_reader *r, void *context)
{
    const struct hardware_token where = r->token;
    uint32_t bytes;
    struct pc_cell *c = new_cell(r, context);
    if (!c || !hw_number(r, PC_SCRIPT_BYTES, &bytes, "how many bytes"))
        return false;
    if (!bytes)
        return hw_fail_at(r, &where, "memory of no bytes");
    if (!fits(r, &where, c, bytes) || !pool(r, &where, bytes, &c->first))
        return false;
    c->kind = PC_CELL_MEMORY;
    if (r->token.kind == HW_EQUALS && !initial_bytes(r, c))
        return false;
    read_flags(r, c);
    script(r)->cells++;
    return true;
}

static bool read_log(struct hardware_reader *r, void *context)
{
    const struct block *b = context;
    for (uint32_t i = b->first_cell; i < script(r)->cells; i++)
        script(r)->cell[i].log = 1;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Rules

static bool read_line_number(struct hardware_reader *r, uint8_t *line)
{
    uint32_t number;
    const struct hardware_token where = r->token;
    if (!hw_number(r, 15, &number, "an interrupt line (0-15)"))
        return false;
    if (number == 2)
        return hw_fail_at(r, &where, "line 2 is the cascade of the interrupt controllers");
    *line = (uint8_t)number;
    return true;
}

static bool line_word(struct hardware_reader *r, uint8_t *kind)
{
    if (hw_accept(r, "raise"))
        *kind = PC_RAISE;
    else if (hw_accept(r, "lower"))
        *kind = PC_LOWER;
    else if (hw_accept(r, "pulse"))
        *kind = PC_PULSE;
    else
        return false;
    return true;
}

static bool cell_word(struct hardware_reader *r, uint8_t *kind)
{
    if (hw_accept(r, "set"))
        *kind = PC_SET;
    else if (hw_accept(r, "clear"))
        *kind = PC_CLEAR;
    else if (hw_accept(r, "assign"))
        *kind = PC_ASSIGN;
    else if (hw_accept(r, "push"))
        *kind = PC_PUSH;
    else
        return false;
    return true;
}

static bool own_or_given_line(struct hardware_reader *r, unsigned space, uint8_t *line)
{
    *line = PC_OWN_LINE;
    if (hw_is_number(r))
        return read_line_number(r, line);
    if (script(r)->space[space].function == PC_NO_FUNCTION && !script(r)->space[space].owner)
        return hw_fail(r, "the number of an interrupt line expected (a range at a fixed place has none of its own)");
    return true;
}

static bool read_action(struct hardware_reader *r, struct block *b, struct pc_action *a)
{
    a->space = (uint8_t)b->space;
    if (line_word(r, &a->kind))
        return own_or_given_line(r, b->space, &a->line);
    if (!cell_word(r, &a->kind))
        return hw_fail(r, "raise, lower, pulse, set, clear, assign or push expected");
    const struct hardware_token where = r->token;
    if (!cell_name(r, b, &a->cell))
        return false;
    bool fifo = script(r)->cell[a->cell].kind == PC_CELL_FIFO;
    if (fifo != (a->kind == PC_PUSH))
        return hw_fail_at(r, &where, fifo ? "a FIFO takes only push" : "only a FIFO takes push");
    return hw_number(r, UINT32_MAX, &a->value, "the value");
}

static bool occasion(struct hardware_reader *r, uint8_t *on)
{
    static const char *const words[] = {[PC_ON_READ] = "read", [PC_ON_WRITE] = "write", [PC_ON_END] = "end"};
    for (*on = 0; *on < BASE_COUNT(words); ++*on)
        if (hw_accept(r, words[*on]))
            return true;
    return hw_fail(r, "read, write or end expected");
}

// on read|write CELL [= VALUE [mask MASK]] [after TIME] ACTION; on end CELL [after TIME] ACTION
static bool read_rule(struct hardware_reader *r, void *context)
{
    struct block *b = context;
    struct pc_rule rule = {.on = PC_ON_READ};
    if (!occasion(r, &rule.on) || !cell_name(r, b, &rule.cell))
        return false;
    if (r->token.kind == HW_EQUALS && rule.on != PC_ON_END) {
        hw_next(r);
        rule.mask = UINT32_MAX;
        if (!hw_number(r, UINT32_MAX, &rule.match, "the value") ||
            (hw_accept(r, "mask") && !hw_number(r, UINT32_MAX, &rule.mask, "the mask")))
            return false;
    }
    if ((hw_accept(r, "after") && !hw_time(r, &rule.after)) || !read_action(r, b, &rule.action))
        return false;
    if (script(r)->rules == PC_RULES)
        return hw_fail(r, "at most %u rules", (unsigned)PC_RULES);
    script(r)->rule[script(r)->rules++] = rule;
    return true;
}

// interrupt [LINE] while CELL [and CELL] [mask MASK]
static bool read_interrupt(struct hardware_reader *r, void *context)
{
    struct block *b = context;
    struct pc_level level = {.enable = PC_NO_CELL, .space = (uint8_t)b->space, .mask = UINT32_MAX};
    if (!own_or_given_line(r, b->space, &level.line))
        return false;
    if (!hw_accept(r, "while"))
        return hw_fail(r, "'while' expected");
    if (!cell_name(r, b, &level.status) || (hw_accept(r, "and") && !cell_name(r, b, &level.enable)) ||
        (hw_accept(r, "mask") && !hw_number(r, UINT32_MAX, &level.mask, "the mask")))
        return false;
    if (script(r)->levels == PC_LEVELS)
        return hw_fail(r, "at most %u such interrupts", (unsigned)PC_LEVELS);
    if (level.line != PC_OWN_LINE)
        r->to->level_lines |= (uint16_t)(1u << level.line);
    script(r)->level[script(r)->levels++] = level;
    return true;
}

// A number, or nothing: then it is the one that the device was given.
static bool dma_channel(struct hardware_reader *r, unsigned space, uint8_t *channel)
{
    const struct hardware_token where = r->token;
    uint32_t number;
    *channel = PC_OWN_CHANNEL;
    if (!hw_is_number(r))
        return script(r)->space[space].owner || hw_fail(r, "the number of a DMA channel expected (only the ranges of a "
                                                           "device have one of their own)");
    if (!hw_number(r, 7, &number, "a DMA channel (0-7)"))
        return false;
    *channel = (uint8_t)number;
    return number != 4 || hw_fail_at(r, &where, "channel 4 is the cascade of the DMA controllers");
}

// The cell that a channel serves must be as wide as what the channel moves.
static bool dma_cell(struct hardware_reader *r, const struct block *b, struct pc_script_dma *d)
{
    const struct hardware_token where = r->token;
    if (!cell_name(r, b, &d->cell))
        return false;
    const struct pc_cell *c = &script(r)->cell[d->cell];
    if (c->kind == PC_CELL_MEMORY || c->bytes > 2)
        return hw_fail_at(r, &where, "DMA moves bytes or words: the cell must be one");
    if (d->channel != PC_OWN_CHANNEL && c->bytes != (d->channel < 4 ? 1 : 2))
        return hw_fail_at(r, &where, "channel %u moves %s: the cell must be one", (unsigned)d->channel,
                          d->channel < 4 ? "bytes" : "words");
    return true;
}

static bool dma_pace(struct hardware_reader *r, struct pc_script_dma *d)
{
    enum { FASTEST = 1000 }; // ns
    const struct hardware_token where = r->token;
    d->period = FASTEST;
    if (hw_accept(r, "every") && !hw_time(r, &d->period))
        return false;
    return d->period >= FASTEST || hw_fail_at(r, &where, "the shortest time between two values is 1us");
}

// dma [CHANNEL] to|from CELL [while CELL [mask MASK]] [every TIME]
static bool read_dma(struct hardware_reader *r, void *context)
{
    struct block *b = context;
    struct pc_script_dma d = {.enable = PC_NO_CELL, .mask = UINT32_MAX};
    if (!dma_channel(r, b->space, &d.channel))
        return false;
    d.to_cell = hw_accept(r, "to");
    if (!d.to_cell && !hw_accept(r, "from"))
        return hw_fail(r, "'to' or 'from' expected");
    if (!dma_cell(r, b, &d) || (hw_accept(r, "while") && !cell_name(r, b, &d.enable)) ||
        (hw_accept(r, "mask") && !hw_number(r, UINT32_MAX, &d.mask, "the mask")) || !dma_pace(r, &d))
        return false;
    if (script(r)->dmas == PC_SCRIPT_DMAS)
        return hw_fail(r, "at most %u cells that move by DMA", (unsigned)PC_SCRIPT_DMAS);
    script(r)->dma[script(r)->dmas++] = d;
    return true;
}

static const struct hardware_statement space_statements[] = {
    {"byte", read_byte}, {"word", read_word}, {"dword", read_dword},         {"ram", read_ram}, {"log", read_log},
    {"on", read_rule},   {"dma", read_dma},   {"interrupt", read_interrupt}, {NULL, NULL}};

bool hw_space_block(struct hardware_reader *r, unsigned space)
{
    struct block *b = base_arena_zero(r->arena, sizeof *b);
    if (!b)
        return hw_fail(r, "memory is exhausted");
    b->space = space;
    b->first_cell = script(r)->cells;
    return hw_block(r, space_statements, b);
}

// ---------------------------------------------------------------------------------------------------------------------
// Lines with a timetable

static bool read_every(struct hardware_reader *r, struct pc_timer *t)
{
    const struct hardware_token where = r->token;
    uint32_t times = UINT32_MAX;
    if (!hw_time(r, &t->period))
        return false;
    if (t->period < SHORTEST_PERIOD)
        return hw_fail_at(r, &where, "the shortest period is 10us");
    t->next = t->period;
    if ((hw_accept(r, "from") && !hw_time(r, &t->next)) ||
        (hw_accept(r, "times") && !hw_number(r, UINT32_MAX - 1, &times, "how many times")))
        return false;
    t->left = times;
    return true;
}

// irq LINE level | raise|lower|pulse at TIME | raise|lower|pulse every TIME [from TIME] [times N]
bool hw_irq(struct hardware_reader *r, void *context)
{
    struct pc_timer t = {.left = 1, .action.space = PC_NO_FUNCTION};
    (void)context;
    if (!read_line_number(r, &t.action.line))
        return false;
    if (hw_accept(r, "level")) {
        r->to->level_lines |= (uint16_t)(1u << t.action.line);
        return true;
    }
    if (!line_word(r, &t.action.kind))
        return hw_fail(r, "level, raise, lower or pulse expected");
    if (hw_accept(r, "at") ? !hw_time(r, &t.next)
                           : !(hw_accept(r, "every") ? read_every(r, &t) : hw_fail(r, "'at' or 'every' expected")))
        return false;
    if (script(r)->timers == PC_TIMERS)
        return hw_fail(r, "at most %u timetables of interrupt lines", (unsigned)PC_TIMERS);
    script(r)->timer[script(r)->timers++] = t;
    return true;
}
