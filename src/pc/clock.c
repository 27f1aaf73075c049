// Motorola MC146818A clock chip, after its datasheet: time, alarm, periodic and update interrupts, BCD or binary, 12 or
// 24 hours, and the memory behind it. The time of day follows from virtual time and the date it was set to.
#include "pc/parts.h"

#include <string.h>

enum { REG_A = 10, REG_B, REG_C, REG_D };
enum { B_24 = 0x02, B_BINARY = 0x04, B_UPDATE = 0x10, B_ALARM = 0x20, B_PERIODIC = 0x40, B_SET = 0x80 };
enum { C_UPDATE = 0x10, C_ALARM = 0x20, C_PERIODIC = 0x40 };

#define SECOND UINT64_C(1000000000)

static bool leap(unsigned year)
{
    return year % 4 == 0; // 1980-2079: 2000 is one
}

static unsigned days_in_month(unsigned month, unsigned year)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[(month - 1) % 12] + (month == 2 && leap(year) ? 1u : 0u);
}

static uint64_t date_to_seconds(const struct pc_config *d)
{
    uint64_t days = d->day ? d->day - 1u : 0;
    for (unsigned year = 1980; year < d->year; year++)
        days += leap(year) ? 366 : 365;
    for (unsigned month = 1; month < d->month && month <= 12; month++)
        days += days_in_month(month, d->year);
    return ((days * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

static void seconds_to_date(uint64_t seconds, struct pc_config *d)
{
    d->second = (uint8_t)(seconds % 60);
    d->minute = (uint8_t)(seconds / 60 % 60);
    d->hour = (uint8_t)(seconds / 3600 % 24);
    uint64_t days = seconds / 86400 % 36525; // the chip's two-digit year comes round after a century
    d->year = 1980;
    for (; days >= (leap(d->year) ? 366u : 365u); d->year++)
        days -= leap(d->year) ? 366 : 365;
    d->month = 1;
    for (; days >= days_in_month(d->month, d->year); d->month++)
        days -= days_in_month(d->month, d->year);
    d->day = (uint8_t)(days + 1);
}

static uint64_t seconds_at(const struct pc_clock *c, uint64_t now)
{
    return c->seconds + (now - c->origin) / SECOND;
}

static uint8_t encode(const struct pc_clock *c, unsigned n)
{
    return (uint8_t)(c->ram[REG_B] & B_BINARY ? n : n / 10 << 4 | n % 10);
}

static unsigned decode(const struct pc_clock *c, uint8_t n)
{
    return c->ram[REG_B] & B_BINARY ? n : (n >> 4) * 10u + (n & 15u);
}

static uint8_t encode_hour(const struct pc_clock *c, unsigned hour)
{
    if (c->ram[REG_B] & B_24)
        return encode(c, hour);
    uint8_t twelve = encode(c, hour % 12 ? hour % 12 : 12);
    return (uint8_t)(hour >= 12 ? twelve | 0x80 : twelve);
}

static unsigned decode_hour(const struct pc_clock *c, uint8_t value)
{
    if (c->ram[REG_B] & B_24)
        return decode(c, value);
    return decode(c, value & 0x7F) % 12 + (value & 0x80 ? 12 : 0);
}

// The ten bytes of time, alarm and date as the chip would show them at `now`.
static void show_time(struct pc_clock *c, uint64_t now)
{
    if (c->ram[REG_B] & B_SET)
        return;
    struct pc_config d;
    uint64_t seconds = seconds_at(c, now);
    seconds_to_date(seconds, &d);
    c->ram[0] = encode(c, d.second);
    c->ram[2] = encode(c, d.minute);
    c->ram[4] = encode_hour(c, d.hour);
    c->ram[6] = encode(c, (unsigned)((seconds / 86400 + 2) % 7 + 1)); // 1 = Sunday; 1980 began on a Tuesday
    c->ram[7] = encode(c, d.day);
    c->ram[8] = encode(c, d.month);
    c->ram[9] = encode(c, d.year % 100u);
}

// Values that no clock shows come round as they would in its counters.
static void take_time(struct pc_clock *c, uint64_t now)
{
    struct pc_config d;
    unsigned year = decode(c, c->ram[9]) % 100;
    d.year = (uint16_t)(year < 80 ? 2000 + year : 1900 + year);
    d.month = (uint8_t)((decode(c, c->ram[8]) + 11) % 12 + 1);
    d.day = (uint8_t)((decode(c, c->ram[7]) + 30) % 31 + 1);
    d.hour = (uint8_t)(decode_hour(c, c->ram[4]) % 24);
    d.minute = (uint8_t)(decode(c, c->ram[2]) % 60);
    d.second = (uint8_t)(decode(c, c->ram[0]) % 60);
    c->seconds = date_to_seconds(&d);
    c->origin = now;
}

void pc_clock_init(struct pc_clock *c, const struct pc_config *config)
{
    memset(c, 0, sizeof *c);
    c->seconds = date_to_seconds(config);
    c->ram[REG_A] = 0x26; // 32,768 Hz crystal, periodic rate 1,024 Hz
    c->ram[REG_B] = B_24;
    c->ram[REG_D] = 0x80; // battery good
    c->ram[0x10] = 0x00;  // no diskette drive
    c->ram[0x14] = 0x20;  // equipment: colour 80 columns, no coprocessor reported
    base_put16(&c->ram[0x15], config->base_kilobytes);
    uint32_t extended = config->extended_kilobytes < 65535 ? config->extended_kilobytes : 65535;
    base_put16(&c->ram[0x17], (uint16_t)extended);
    base_put16(&c->ram[0x30], (uint16_t)extended);
    c->ram[0x32] = encode(c, config->year / 100u);
}

static bool alarm_matches(const struct pc_clock *c, unsigned reg, unsigned value)
{
    uint8_t set = c->ram[reg];
    if (set >= 0xC0)
        return true; // don't care
    return reg == 5 ? decode_hour(c, set) == value : decode(c, set) == value;
}

// First second after `after` at which the alarm goes off; skips whole hours and minutes that cannot match.
static uint64_t next_alarm(const struct pc_clock *c, uint64_t after)
{
    uint64_t s = after + 1, last = after + 2 * 86400;
    while (s < last) {
        if (!alarm_matches(c, 5, (unsigned)(s / 3600 % 24)))
            s = (s / 3600 + 1) * 3600;
        else if (!alarm_matches(c, 3, (unsigned)(s / 60 % 60)))
            s = (s / 60 + 1) * 60;
        else if (!alarm_matches(c, 1, (unsigned)(s % 60)))
            s++;
        else
            return s;
    }
    return PC_NEVER;
}

// Nanoseconds between periodic interrupts are no whole number: count periods of the 32,768 Hz crystal instead. 0 = off.
static uint32_t periodic_cycles(const struct pc_clock *c)
{
    unsigned rate = c->ram[REG_A] & 15;
    if (rate == 0)
        return 0;
    return 1u << (rate < 3 ? rate + 6 : rate - 1); // rates 1 and 2 are 256 and 128 Hz
}

static uint64_t crystal_cycles(uint64_t ns)
{
    return ns / SECOND * 32768 + ns % SECOND * 32768 / SECOND;
}

static uint64_t crystal_time(uint64_t cycles)
{
    return cycles / 32768 * SECOND + (cycles % 32768 * SECOND + 32767) / 32768;
}

void pc_clock_advance(struct pc_clock *c, uint64_t from, uint64_t to)
{
    uint32_t every = periodic_cycles(c);
    if (every && crystal_cycles(from) / every != crystal_cycles(to) / every)
        c->ram[REG_C] |= C_PERIODIC;
    if (c->ram[REG_B] & B_SET)
        return;
    uint64_t before = seconds_at(c, from), after = seconds_at(c, to);
    if (before == after)
        return;
    c->ram[REG_C] |= C_UPDATE;
    if (next_alarm(c, before) <= after)
        c->ram[REG_C] |= C_ALARM;
}

bool pc_clock_line(const struct pc_clock *c)
{
    return (c->ram[REG_B] & c->ram[REG_C] & (B_UPDATE | B_ALARM | B_PERIODIC)) != 0;
}

uint64_t pc_clock_next(const struct pc_clock *c, uint64_t now)
{
    if (pc_clock_line(c))
        return PC_NEVER; // it is up already
    uint64_t next = PC_NEVER, second = seconds_at(c, now);
    uint32_t every = periodic_cycles(c);
    if (c->ram[REG_B] & B_PERIODIC && every)
        next = crystal_time((crystal_cycles(now) / every + 1) * every);
    if (c->ram[REG_B] & B_SET)
        return next;
    if (c->ram[REG_B] & B_UPDATE)
        next = pc_earlier(next, c->origin + (second + 1 - c->seconds) * SECOND);
    if (c->ram[REG_B] & B_ALARM) {
        uint64_t alarm = next_alarm(c, second);
        if (alarm != PC_NEVER)
            next = pc_earlier(next, c->origin + (alarm - c->seconds) * SECOND);
    }
    return next;
}

// Update in progress: the last 2,228 us of a second (1,984 us of updating, announced 244 us ahead).
static bool updating(const struct pc_clock *c, uint64_t now)
{
    return !(c->ram[REG_B] & B_SET) && (now - c->origin) % SECOND >= SECOND - 2228000;
}

static uint8_t read_register(struct pc_clock *c, unsigned index, uint64_t now)
{
    uint8_t value = c->ram[index];
    switch (index) {
    case REG_A:
        return (uint8_t)(value | (updating(c, now) ? 0x80 : 0));
    case REG_C:
        value = (uint8_t)(value | (pc_clock_line(c) ? 0x80 : 0));
        c->ram[REG_C] = 0;
        return value;
    default:
        return value;
    }
}

uint8_t pc_clock_in(struct pc *pc, unsigned port)
{
    if (port == 0)
        return 0xFF; // the index register cannot be read back on an AT
    show_time(&pc->clock, pc->now);
    return read_register(&pc->clock, pc->clock.index, pc->now);
}

// The time stops while SET is on and goes on from what the registers hold then.
static void write_register_b(struct pc_clock *c, uint8_t value, uint64_t now)
{
    bool was_set = c->ram[REG_B] & B_SET;
    if (value & B_SET)
        value &= (uint8_t)~B_UPDATE;
    if (value & B_SET && !was_set) {
        c->seconds = seconds_at(c, now);
        c->origin = now;
    }
    c->ram[REG_B] = value;
    if (was_set && !(value & B_SET))
        take_time(c, now);
}

void pc_clock_out(struct pc *pc, unsigned port, uint8_t value)
{
    struct pc_clock *c = &pc->clock;
    if (port == 0) {
        c->index = value & 0x7F;
        pc->nmi_masked = value >> 7;
        return;
    }
    show_time(c, pc->now);
    switch (c->index) {
    case REG_A:
        c->ram[REG_A] = value & 0x7F;
        break;
    case REG_B:
        write_register_b(c, value, pc->now);
        break;
    case REG_C:
    case REG_D:
        break; // read-only
    default:
        c->ram[c->index] = value;
        if (c->index < 10 && c->index != 1 && c->index != 3 && c->index != 5 && !(c->ram[REG_B] & B_SET))
            take_time(c, pc->now);
    }
}

void pc_date(const struct pc *pc, uint64_t now, struct pc_config *date)
{
    struct pc_clock c = pc->clock;
    uint64_t seconds = c.ram[REG_B] & B_SET ? c.seconds : seconds_at(&c, now);
    seconds_to_date(seconds, date);
}
