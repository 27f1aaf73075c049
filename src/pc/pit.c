// Intel 8254, after its datasheet (order number 231164): three counters, six modes, binary and BCD, counter latch and
// read-back. A counter is not stepped, it is a function of time: `start` says when its count was loaded, value and
// output follow from the ticks since.
#include "pc/parts.h"

// Ticks are counted from here at time 0, so that the (imaginary) start of a cycle never lies before tick 0.
enum { FIRST_TICK = 0x20000 };

// The clock is 14.31818 MHz / 12 = 105/88 MHz; split so that no product overflows at the far end of virtual time.
uint64_t pc_ticks(uint64_t ns)
{
    return ns / 88000 * 105 + ns % 88000 * 105 / 88000 + FIRST_TICK;
}

uint64_t pc_tick_time(uint64_t tick)
{
    if (tick <= FIRST_TICK)
        return 0;
    tick -= FIRST_TICK;
    if (tick > PC_NEVER / 88000 * 105)
        return PC_NEVER;
    return tick / 105 * 88000 + (tick % 105 * 88000 + 104) / 105;
}

static bool periodic(const struct pc_counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

static bool triggered(const struct pc_counter *c)
{
    return c->mode == 1 || c->mode == 5;
}

// Mode 3: ticks of the high half of a cycle, the longer one when the count is odd.
static uint32_t high_half(uint32_t reload)
{
    return (reload + 1) / 2;
}

static uint64_t ticks_counted(const struct pc_counter *c, uint64_t tick)
{
    if (c->halted)
        return c->elapsed;
    return c->start != PC_NEVER && tick > c->start ? tick - c->start : 0;
}

// A count written while modes 2 and 3 run takes over at the end of the cycle, in mode 3 of the half cycle.
static uint64_t takeover(const struct pc_counter *c, uint64_t tick)
{
    uint64_t since = ticks_counted(c, tick), cycle = since - since % c->reload;
    if (c->mode == 3 && since - cycle < high_half(c->reload))
        return c->start + cycle + high_half(c->reload);
    return c->start + cycle + c->reload;
}

void pc_counter_settle(struct pc_counter *c, uint64_t tick)
{
    if (!c->pending || !periodic(c) || c->halted || c->start == PC_NEVER || tick < c->switch_at)
        return;
    bool in_low_half = (c->switch_at - c->start) % c->reload != 0;
    c->start = c->switch_at - (in_low_half ? high_half(c->pending) : 0);
    c->reload = c->pending;
    c->pending = 0;
}

bool pc_counter_output(const struct pc_counter *c, uint64_t tick)
{
    if (!c->halted && (c->start == PC_NEVER || tick < c->start))
        return c->mode != 0;
    uint64_t since = ticks_counted(c, tick);
    switch (c->mode) {
    case 0:
    case 1:
        return since >= c->reload;
    case 2:
        return c->halted || since % c->reload != c->reload - 1u;
    case 3:
        return c->halted || since % c->reload < high_half(c->reload);
    default:
        return since != c->reload;
    }
}

// First rise of the output after `tick`, as long as nobody writes to the counter.
uint64_t pc_counter_next_rise(const struct pc_counter *c, uint64_t tick)
{
    if (c->halted || c->start == PC_NEVER)
        return PC_NEVER;
    if (!periodic(c)) {
        uint64_t rise = c->start + c->reload + (c->mode >= 4);
        return rise > tick ? rise : PC_NEVER;
    }
    if (c->reload == 1)
        return PC_NEVER; // not allowed by the datasheet: the output never moves
    uint64_t rise = c->start + (ticks_counted(c, tick) / c->reload + 1) * c->reload;
    if (!c->pending || rise <= c->switch_at)
        return rise;
    struct pc_counter after = *c;
    pc_counter_settle(&after, c->switch_at);
    return pc_counter_next_rise(&after, tick > c->switch_at ? tick : c->switch_at);
}

// Gate low halts modes 0, 2, 3 and 4; its rise reloads 2 and 3 and triggers 1 and 5.
void pc_counter_gate(struct pc_counter *c, bool level, uint64_t tick)
{
    bool rise = level && !c->gate, fall = !level && c->gate;
    c->gate = level;
    if (fall && !triggered(c) && c->start != PC_NEVER) {
        c->elapsed = ticks_counted(c, tick);
        c->halted = 1;
    }
    if (!rise)
        return;
    if (triggered(c) || periodic(c)) {
        if (c->pending)
            c->reload = c->pending;
        c->pending = 0;
        c->start = c->reload ? tick + 1 : PC_NEVER;
    } else if (c->halted) {
        c->start = tick - c->elapsed;
    }
    c->halted = 0;
}

static uint32_t modulus(const struct pc_counter *c)
{
    return c->bcd ? 10000 : 65536;
}

static uint16_t to_bcd(uint32_t n)
{
    return (uint16_t)(n % 10 | n / 10 % 10 << 4 | n / 100 % 10 << 8 | n / 1000 % 10 << 12);
}

static uint32_t from_bcd(uint32_t n)
{
    return (n & 15) + (n >> 4 & 15) * 10 + (n >> 8 & 15) * 100 + (n >> 12 & 15) * 1000;
}

// Mode 3 counts down by two, twice a cycle; an odd count starts from one less.
static uint32_t square_value(const struct pc_counter *c, uint64_t since)
{
    uint32_t at = (uint32_t)(since % c->reload), high = high_half(c->reload);
    return (c->reload & ~1u) - 2 * (at < high ? at : at - high);
}

static uint16_t counter_value(const struct pc_counter *c, uint64_t tick)
{
    if (!c->reload)
        return 0;
    uint64_t since = ticks_counted(c, tick);
    uint32_t value;
    if (c->mode == 3)
        value = square_value(c, since);
    else if (c->mode == 2)
        value = c->reload - (uint32_t)(since % c->reload);
    else
        value = (uint32_t)(c->reload + modulus(c) - since % modulus(c)) % modulus(c);
    return c->bcd ? to_bcd(value) : (uint16_t)value;
}

static void load_count(struct pc_counter *c, uint32_t written, uint64_t tick)
{
    uint32_t count = c->bcd ? from_bcd(written) : written;
    if (!count)
        count = modulus(c);
    if (triggered(c) || (periodic(c) && c->start != PC_NEVER && !c->halted)) {
        c->pending = count;
        c->switch_at = triggered(c) ? PC_NEVER : takeover(c, tick);
        return;
    }
    c->reload = count;
    c->elapsed = 0;
    c->halted = !c->gate;
    c->start = tick + 1;
}

static void counter_write(struct pc_counter *c, uint8_t value, uint64_t tick)
{
    if (c->access == 3 && !c->half_written) {
        c->low_byte = value;
        c->half_written = 1;
        if (c->mode == 0)
            c->start = PC_NEVER; // the first byte stops counting, the output goes low
        return;
    }
    uint32_t count = c->access == 1 ? value : (uint32_t)value << 8;
    if (c->access == 3)
        count |= c->low_byte;
    c->half_written = 0;
    load_count(c, count, tick);
}

static uint8_t counter_read(struct pc_counter *c, uint64_t tick)
{
    if (c->status_latched) {
        c->status_latched = 0;
        return c->status;
    }
    uint16_t value = c->latched ? c->latch : counter_value(c, tick);
    if (c->latched)
        c->latched--;
    bool high = c->access == 2;
    if (c->access == 3) {
        high = c->half_read;
        c->half_read ^= 1;
    }
    return (uint8_t)(high ? value >> 8 : value);
}

static void latch_count(struct pc_counter *c, uint64_t tick)
{
    if (c->latched)
        return; // the first latch holds until it is read
    c->latch = counter_value(c, tick);
    c->latched = c->access == 3 ? 2 : 1;
}

static void latch_status(struct pc_counter *c, uint64_t tick)
{
    if (c->status_latched)
        return;
    bool loaded = c->halted || (c->start != PC_NEVER && tick >= c->start);
    bool null_count = !loaded || c->pending;
    c->status = (uint8_t)(pc_counter_output(c, tick) << 7 | null_count << 6 | c->access << 4 | c->mode << 1 | c->bcd);
    c->status_latched = 1;
}

static void set_mode(struct pc_counter *c, uint8_t control)
{
    uint8_t mode = control >> 1 & 7;
    *c = (struct pc_counter){.start = PC_NEVER, .gate = c->gate, .bcd = control & 1, .access = control >> 4 & 3};
    c->mode = mode > 5 ? mode - 4 : mode; // modes 6 and 7 are 2 and 3
}

static void control_word(struct pc_counter counter[3], uint8_t value, uint64_t tick)
{
    if (value >> 6 != 3) {
        struct pc_counter *c = &counter[value >> 6];
        if (value & 0x30)
            set_mode(c, value);
        else
            latch_count(c, tick);
        return;
    }
    for (unsigned i = 0; i < 3; i++) { // read-back
        if (!(value & 2u << i))
            continue;
        if (!(value & 0x20))
            latch_count(&counter[i], tick);
        if (!(value & 0x10))
            latch_status(&counter[i], tick);
    }
}

uint8_t pc_counters_in(struct pc_counter counter[3], unsigned port, uint64_t now)
{
    return port == 3 ? 0xFF : counter_read(&counter[port], pc_ticks(now));
}

void pc_counters_out(struct pc_counter counter[3], unsigned port, uint8_t value, uint64_t now)
{
    if (port == 3)
        control_word(counter, value, pc_ticks(now));
    else
        counter_write(&counter[port], value, pc_ticks(now));
}

bool pc_counter_rose(const struct pc_counter *c, uint64_t from, uint64_t to)
{
    return pc_counter_next_rise(c, pc_ticks(from)) <= pc_ticks(to);
}

uint8_t pc_pit_in(struct pc *pc, unsigned port)
{
    return pc_counters_in(pc->counter, port, pc->now);
}

void pc_pit_out(struct pc *pc, unsigned port, uint8_t value)
{
    pc_counters_out(pc->counter, port, value, pc->now);
}
