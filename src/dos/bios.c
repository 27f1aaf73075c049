// The BIOS beside screen and keyboard: equipment, memory, clock, and what an AT's BIOS answers for hardware that is not
// there (RBIL INT 11 to 1A).
#include "dos/defs.h"

enum { RTC_INDEX = 0x70, RTC_DATA = 0x71, RTC_STATUS_B = 0x0B, RTC_SET = 0x80, RTC_CENTURY = 0x32 };
enum { FIRST_MB = 0x110000 };
static const uint32_t NOWHERE = UINT32_MAX;

void dos_nothing(struct dos_call *c)
{
    (void)c;
}

// INT 0: DOS prints this and ends the program.
void dos_int00(struct dos_call *c)
{
    static const char text[] = "\r\nDivide overflow\r\n";
    dos_video_print(c, text, sizeof text - 1);
    dos_end_process(c, DOS_BY_ERROR, 0xFF);
}

void dos_int05(struct dos_call *c) // print screen: there is no printer
{
    dos_write8(c, 0x50, 0, 0xFF);
}

void dos_int11(struct dos_call *c)
{
    dos_set(c, DOS_AX, dos_read16(c, DOS_BDA, BDA_EQUIPMENT));
}

void dos_int12(struct dos_call *c)
{
    dos_set(c, DOS_AX, dos_read16(c, DOS_BDA, BDA_MEMORY));
}

// No disks below the file system: reset succeeds, everything else finds no drive.
void dos_int13(struct dos_call *c)
{
    uint8_t function = dos_high(c, DOS_AX);
    bool reset = function == 0x00 || function == 0x0D;
    dos_flag(c, X86_CF, !reset);
    dos_set_high(c, DOS_AX, reset ? 0 : 1); // invalid function or parameter
    if (function == 0x08)
        dos_set_low(c, DOS_DX, 0);
    if (function == 0x15)
        dos_set_high(c, DOS_AX, 0); // no such drive
}

// Serial ports by the BIOS: line and modem status say that nobody is there.
void dos_int14(struct dos_call *c)
{
    dos_set(c, DOS_AX, 0x8000);
}

void dos_int17(struct dos_call *c)
{
    dos_set_high(c, DOS_AX, 0x01); // time-out
}

void dos_int18(struct dos_call *c)
{
    dos_missing(c);
}

void dos_int19(struct dos_call *c)
{
    dos_missing(c);
}

// --- INT 15h

static void not_there(struct dos_call *c)
{
    dos_flag(c, X86_CF, true);
    dos_set_high(c, DOS_AX, 0x86);
}

// AH=86h: CX:DX microseconds. The end is noted in DOS's data, because the call is made again after every interrupt.
static void wait_time(struct dos_call *c)
{
    uint64_t wanted = ((uint32_t)dos_get(c, DOS_CX) << 16 | dos_get(c, DOS_DX)) * UINT64_C(1000);
    uint32_t until = dos_read32(c, DOS_DATA, DATA_WAIT), now = (uint32_t)(vmm_time(c->v) / 1000000) + 1;
    uint32_t ms = (uint32_t)((wanted + 999999) / 1000000);
    if (!until) {
        until = now + ms;
        if (ms && !vmm_client_wake_in(c->v, ms))
            return;
    }
    bool over = (int32_t)(now - until) >= 0;
    dos_write32(c, DOS_DATA, DATA_WAIT, over ? 0 : until);
    if (over)
        dos_done(c);
    else
        dos_wait(c);
}

// A descriptor of the table at ES:SI as linear memory; 0 with all bits set: outside of the first megabyte, the high
// memory area and the program's locked blocks of extended memory.
static uint32_t described(struct dos_call *c, uint32_t descriptor, uint32_t bytes)
{
    uint8_t d[8];
    if (!dos_copy_in(c, dos_get(c, DOS_ES), dos_get(c, DOS_SI) + descriptor, d, sizeof d))
        return NOWHERE;
    uint32_t base = base_get16(d + 2) | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24, limit = base_get16(d);
    if (bytes && limit < bytes - 1)
        return NOWHERE;
    if (base < FIRST_MB && bytes <= FIRST_MB - base)
        return c->base + base;
    return dos_xms_owns(c, base, bytes) ? base : NOWHERE;
}

// AH=87h: CX words from the third to the fourth descriptor (RBIL INT 15/AH=87h).
static void move_block(struct dos_call *c)
{
    uint8_t part[512];
    uint32_t bytes = dos_get(c, DOS_CX) * 2u, from = described(c, 0x10, bytes), to = described(c, 0x18, bytes);
    if (c->faulted || (from != NOWHERE && to != NOWHERE && bytes && !vmm_probe(c->v, to, bytes, true))) {
        c->faulted = true;
        return;
    }
    bool ok = from != NOWHERE && to != NOWHERE && bytes <= 0x10000;
    for (uint32_t done = 0, n; ok && done < bytes; done += n) {
        n = bytes - done < sizeof part ? bytes - done : (uint32_t)sizeof part;
        if (!vmm_get(c->v, from + done, part, n) || !vmm_put(c->v, to + done, part, n)) {
            c->faulted = true;
            return;
        }
    }
    c->work += bytes / 16;
    dos_flag(c, X86_CF, !ok);
    dos_flag(c, X86_ZF, ok);
    dos_set_high(c, DOS_AX, ok ? 0 : 2); // an exception
}

static void configuration(struct dos_call *c)
{
    dos_set(c, DOS_ES, DOS_ROM);
    dos_set(c, DOS_BX, 0xE6F5);
    dos_set_high(c, DOS_AX, 0);
    dos_done(c);
}

void dos_int15(struct dos_call *c)
{
    switch (dos_high(c, DOS_AX)) {
    case 0x4F: // a key: as it is, with carry as it came
        break;
    case 0x80: // device open and close, program termination, SysReq: hooks for multitaskers
    case 0x81:
    case 0x82:
    case 0x85:
    case 0x90: // device busy and ready
    case 0x91:
        dos_set_high(c, DOS_AX, 0);
        dos_done(c);
        break;
    case 0x86:
        wait_time(c);
        break;
    case 0x87:
        move_block(c);
        break;
    case 0x88: // extended memory is the XMS driver's
        dos_set(c, DOS_AX, 0);
        dos_done(c);
        break;
    case 0xC0:
        configuration(c);
        break;
    default:
        not_there(c);
    }
}

// --- date and time of the clock chip

static uint8_t clock_in(struct dos_call *c, uint8_t index)
{
    vmm_board_out(c->v, RTC_INDEX, index);
    return vmm_board_in(c->v, RTC_DATA);
}

static void clock_out(struct dos_call *c, uint8_t index, uint8_t value)
{
    vmm_board_out(c->v, RTC_INDEX, index);
    vmm_board_out(c->v, RTC_DATA, value);
}

static uint8_t from_bcd(uint8_t bcd)
{
    return (uint8_t)((bcd >> 4) * 10 + (bcd & 15));
}

static uint8_t to_bcd(unsigned n)
{
    return (uint8_t)(n / 10 % 10 << 4 | n % 10);
}

static unsigned weekday(const struct dos_time *t) // Zeller, 0 = Sunday
{
    unsigned m = t->month < 3 ? t->month + 12u : t->month, y = t->month < 3 ? t->year - 1u : t->year;
    return (t->day + 13 * (m + 1) / 5 + y + y / 4 - y / 100 + y / 400 + 6) % 7;
}

struct dos_time dos_now(struct dos_call *c)
{
    struct dos_time t = {.second = from_bcd(clock_in(c, 0)),
                         .minute = from_bcd(clock_in(c, 2)),
                         .hour = from_bcd(clock_in(c, 4)),
                         .day = from_bcd(clock_in(c, 7)),
                         .month = from_bcd(clock_in(c, 8)),
                         .year = from_bcd(clock_in(c, 9)),
                         .hundredth = (uint8_t)(vmm_time(c->v) / 10000000 % 100)};
    t.year = (uint16_t)(t.year + (t.year < 80 ? 2000 : 1900));
    t.weekday = (uint8_t)weekday(&t);
    return t;
}

static bool possible(const struct dos_time *t)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (t->year < 1980 || t->year > 2079 || t->month < 1 || t->month > 12 || t->day < 1)
        return false;
    unsigned leap = t->month == 2 && t->year % 4 == 0;
    return t->day <= days[t->month - 1] + leap && t->hour < 24 && t->minute < 60 && t->second < 60 &&
           t->hundredth < 100;
}

uint32_t dos_stamp(struct vmm *v)
{
    struct dos_call c = {.v = v};
    struct dos_time now = dos_now(&c);
    return (uint32_t)dos_packed_date(&now) << 16 | dos_packed_time(&now);
}

bool dos_set_now(struct dos_call *c, const struct dos_time *t, bool date, bool time)
{
    if (!possible(t))
        return false;
    uint8_t b = clock_in(c, RTC_STATUS_B);
    clock_out(c, RTC_STATUS_B, b | RTC_SET);
    if (date) {
        clock_out(c, 7, to_bcd(t->day));
        clock_out(c, 8, to_bcd(t->month));
        clock_out(c, 9, to_bcd(t->year));
    }
    if (time) {
        clock_out(c, 0, to_bcd(t->second));
        clock_out(c, 2, to_bcd(t->minute));
        clock_out(c, 4, to_bcd(t->hour));
    }
    clock_out(c, RTC_STATUS_B, (uint8_t)(b & ~RTC_SET));
    dos_refresh_ticks(c);
    return true;
}

uint16_t dos_packed_time(const struct dos_time *t)
{
    return (uint16_t)(t->hour << 11 | t->minute << 5 | t->second / 2);
}

uint16_t dos_packed_date(const struct dos_time *t)
{
    return (uint16_t)((t->year - 1980) << 9 | t->month << 5 | t->day);
}

// --- the tick count: 1193182 / 65536 a second

enum { TICKS_OF_A_DAY = 0x1800B0 };

static uint32_t ticks_of(uint64_t ms)
{
    return (uint32_t)(ms * 1193182 / 65536000);
}

static uint32_t ticks_now(struct dos_call *c)
{
    return ticks_of(vmm_time(c->v) / 1000000);
}

// Since midnight.
void dos_refresh_ticks(struct dos_call *c)
{
    struct dos_time t = dos_now(c);
    uint64_t ms = ((t.hour * 60u + t.minute) * 60u + t.second) * UINT64_C(1000) + vmm_time(c->v) / 1000000 % 1000;
    dos_write32(c, DOS_BDA, BDA_TICKS, ticks_of(ms));
    dos_write32(c, DOS_DATA, DATA_TICKED, ticks_now(c));
}

static void add_ticks(struct dos_call *c, uint32_t n)
{
    uint32_t ticks = dos_read32(c, DOS_BDA, BDA_TICKS);
    ticks = ticks > UINT32_MAX - n ? n : ticks + n;
    if (ticks >= TICKS_OF_A_DAY) {
        ticks %= TICKS_OF_A_DAY;
        dos_write8(c, DOS_BDA, BDA_MIDNIGHT, 1);
    }
    dos_write32(c, DOS_BDA, BDA_TICKS, ticks);
}

uint32_t dos_pass_ticks(struct dos_call *c)
{
    uint32_t now = ticks_now(c), passed = now - dos_read32(c, DOS_DATA, DATA_TICKED);
    if (passed > INT32_MAX)
        passed = 0; // a program wrote there
    if (passed)
        add_ticks(c, passed);
    dos_write32(c, DOS_DATA, DATA_TICKED, now);
    return passed;
}

// INT 8. A program may have made the timer faster: then every interrupt counts, as on a real machine.
void dos_tick(struct dos_call *c)
{
    if (!dos_pass_ticks(c))
        add_ticks(c, 1);
    dos_far_return(c);
}

static void get_ticks(struct dos_call *c)
{
    (void)dos_pass_ticks(c);
    uint32_t ticks = dos_read32(c, DOS_BDA, BDA_TICKS);
    dos_set(c, DOS_CX, (uint16_t)(ticks >> 16));
    dos_set(c, DOS_DX, (uint16_t)ticks);
    dos_set_low(c, DOS_AX, dos_read8(c, DOS_BDA, BDA_MIDNIGHT));
    dos_write8(c, DOS_BDA, BDA_MIDNIGHT, 0);
}

static void set_ticks(struct dos_call *c)
{
    dos_write32(c, DOS_BDA, BDA_TICKS, (uint32_t)dos_get(c, DOS_CX) << 16 | dos_get(c, DOS_DX));
    dos_write8(c, DOS_BDA, BDA_MIDNIGHT, 0);
}

static void get_clock(struct dos_call *c, bool date)
{
    struct dos_time t = dos_now(c);
    dos_set(
        c, DOS_CX,
        (uint16_t)(date ? to_bcd(t.year / 100u) << 8 | to_bcd(t.year % 100u) : to_bcd(t.hour) << 8 | to_bcd(t.minute)));
    dos_set(c, DOS_DX, (uint16_t)(date ? to_bcd(t.month) << 8 | to_bcd(t.day) : to_bcd(t.second) << 8));
    dos_done(c);
}

static void set_clock(struct dos_call *c, bool date)
{
    struct dos_time t = dos_now(c);
    uint16_t cx = dos_get(c, DOS_CX), dx = dos_get(c, DOS_DX);
    uint8_t first = from_bcd((uint8_t)(cx >> 8)), second = from_bcd((uint8_t)cx), third = from_bcd((uint8_t)(dx >> 8));
    if (date) {
        t.year = (uint16_t)(first * 100 + second);
        t.month = third;
        t.day = from_bcd((uint8_t)dx);
    } else {
        t.hour = first;
        t.minute = second;
        t.second = third;
    }
    dos_flag(c, X86_CF, !dos_set_now(c, &t, date, !date));
}

void dos_int1a(struct dos_call *c)
{
    switch (dos_high(c, DOS_AX)) {
    case 0:
        get_ticks(c);
        break;
    case 1:
        set_ticks(c);
        break;
    case 2:
    case 4:
        get_clock(c, dos_high(c, DOS_AX) == 4);
        break;
    case 3:
    case 5:
        set_clock(c, dos_high(c, DOS_AX) == 5);
        break;
    case 6: // the alarm
    case 7:
        dos_missing(c);
        break;
    default: // PCI BIOS and the like: AH stays, carry set
        dos_flag(c, X86_CF, true);
    }
}
