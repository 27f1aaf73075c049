// INT 21h beside files and processes: vectors, date and time, version, country, pointers to DOS's data.
#include "dos/defs.h"

#include <string.h>

static uint32_t far_data(uint16_t offset)
{
    return (uint32_t)DOS_DATA << 16 | offset;
}

static void give_pointer(struct dos_call *c, enum dos_reg segment, enum dos_reg offset, uint32_t value)
{
    dos_set(c, segment, (uint16_t)(value >> 16));
    dos_set(c, offset, (uint16_t)value);
}

void dos_reset_disk(struct dos_call *c) // nothing is buffered
{
    (void)c;
}

void dos_set_dta(struct dos_call *c)
{
    dos_write32(c, DOS_DATA, DATA_DTA, (uint32_t)dos_get(c, DOS_DS) << 16 | dos_get(c, DOS_DX));
}

void dos_get_dta(struct dos_call *c)
{
    give_pointer(c, DOS_ES, DOS_BX, dos_read32(c, DOS_DATA, DATA_DTA));
}

void dos_set_vector(struct dos_call *c)
{
    dos_write32(c, 0, 4u * dos_low(c, DOS_AX), (uint32_t)dos_get(c, DOS_DS) << 16 | dos_get(c, DOS_DX));
}

void dos_get_vector(struct dos_call *c)
{
    give_pointer(c, DOS_ES, DOS_BX, dos_read32(c, 0, 4u * dos_low(c, DOS_AX)));
}

// --- date and time

void dos_get_date(struct dos_call *c)
{
    struct dos_time t = dos_now(c);
    dos_set(c, DOS_CX, t.year);
    dos_set(c, DOS_DX, (uint16_t)(t.month << 8 | t.day));
    dos_set_low(c, DOS_AX, t.weekday);
}

void dos_get_time(struct dos_call *c)
{
    struct dos_time t = dos_now(c);
    dos_set(c, DOS_CX, (uint16_t)(t.hour << 8 | t.minute));
    dos_set(c, DOS_DX, (uint16_t)(t.second << 8 | t.hundredth));
}

void dos_set_date(struct dos_call *c)
{
    struct dos_time t = dos_now(c);
    t.year = dos_get(c, DOS_CX);
    t.month = dos_high(c, DOS_DX);
    t.day = dos_low(c, DOS_DX);
    dos_set_low(c, DOS_AX, dos_set_now(c, &t, true, false) ? 0 : 0xFF);
}

void dos_set_time(struct dos_call *c)
{
    struct dos_time t = dos_now(c);
    t.hour = dos_high(c, DOS_CX);
    t.minute = dos_low(c, DOS_CX);
    t.second = dos_high(c, DOS_DX);
    t.hundredth = dos_low(c, DOS_DX);
    dos_set_low(c, DOS_AX, dos_set_now(c, &t, false, true) ? 0 : 0xFF);
}

// --- settings

void dos_verify(struct dos_call *c)
{
    dos_write8(c, DOS_DATA, DATA_VERIFY, dos_low(c, DOS_AX) & 1);
}

void dos_get_verify(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, dos_read8(c, DOS_DATA, DATA_VERIFY));
}

// The DOS that comes with the Windows in question; BH = FFh: MS-DOS.
void dos_version(struct dos_call *c)
{
    uint16_t version = vmm_profile(c->v) == VMM_PROFILE_31   ? 0x1606  // 6.22
                       : vmm_profile(c->v) == VMM_PROFILE_95 ? 0x0007  // 7.0
                                                             : 0x0A07; // 7.10
    dos_set(c, DOS_AX, version);
    dos_set(c, DOS_BX, 0xFF00);
    dos_set(c, DOS_CX, 0);
}

static void true_version(struct dos_call *c)
{
    uint16_t ax = dos_get(c, DOS_AX), cx = dos_get(c, DOS_CX);
    dos_version(c);
    dos_set(c, DOS_BX, dos_get(c, DOS_AX));
    dos_set(c, DOS_DX, 0);
    dos_set(c, DOS_CX, cx);
    dos_set(c, DOS_AX, ax);
}

void dos_break(struct dos_call *c)
{
    uint8_t on = dos_low(c, DOS_DX);
    switch (dos_low(c, DOS_AX)) {
    case 0:
        dos_set_low(c, DOS_DX, dos_read8(c, DOS_DATA, DATA_BREAK));
        break;
    case 1:
        dos_write8(c, DOS_DATA, DATA_BREAK, on & 1);
        break;
    case 2:
        dos_set_low(c, DOS_DX, dos_read8(c, DOS_DATA, DATA_BREAK));
        dos_write8(c, DOS_DATA, DATA_BREAK, on & 1);
        break;
    case 5:
        dos_set_low(c, DOS_DX, DOS_DRIVE + 1); // boot drive
        break;
    case 6: // true version, AX and CX as they are
        true_version(c);
        break;
    default:
        dos_set_low(c, DOS_AX, 0xFF);
    }
}

void dos_in_dos(struct dos_call *c)
{
    give_pointer(c, DOS_ES, DOS_BX, far_data(DATA_IN_DOS));
}

void dos_list_of_lists(struct dos_call *c)
{
    give_pointer(c, DOS_ES, DOS_BX, far_data(DATA_LISTS));
}

void dos_swap_area(struct dos_call *c) // AH=5Dh: the swappable data area, the last error; the rest is network
{
    if (dos_low(c, DOS_AX) == 0x0A) {
        dos_set_extended_error(c);
        return;
    }
    if (dos_low(c, DOS_AX) != 6) {
        dos_fail(c, DOS_BAD_FUNCTION);
        return;
    }
    give_pointer(c, DOS_DS, DOS_SI, far_data(DATA_SDA));
    dos_set(c, DOS_CX, 0x20);
    dos_set(c, DOS_DX, 0x18);
    dos_done(c);
}

// AL = 0 get, 1 set: '/' always.
void dos_switch_char(struct dos_call *c)
{
    if (dos_low(c, DOS_AX) == 0)
        dos_set_low(c, DOS_DX, '/');
    dos_set_low(c, DOS_AX, dos_low(c, DOS_AX) == 0 ? 0 : 0xFF);
}

void dos_network(struct dos_call *c)
{
    dos_fail(c, DOS_BAD_FUNCTION);
}

// --- country

enum { COUNTRY_BYTES = 34, CASE_MAP = 0x12, US = 1 };

void dos_country(struct dos_call *c)
{
    uint8_t bytes[COUNTRY_BYTES];
    uint8_t which = dos_low(c, DOS_AX);
    if (dos_get(c, DOS_DX) == 0xFFFF || (which != 0 && which != US)) {
        dos_fail(c, DOS_NO_FILE); // there is but one
        return;
    }
    dos_copy_in(c, DOS_DATA, DATA_COUNTRY, bytes, sizeof bytes);
    base_put32(bytes + CASE_MAP, far_data(DATA_RETF));
    dos_copy_out(c, dos_get(c, DOS_DS), dos_get(c, DOS_DX), bytes, sizeof bytes);
    dos_set(c, DOS_BX, US);
    dos_set(c, DOS_AX, US);
    dos_done(c);
}

static void upper_text(struct dos_call *c, uint16_t n, bool to_zero)
{
    uint16_t ds = dos_get(c, DOS_DS), dx = dos_get(c, DOS_DX);
    for (uint32_t i = 0; (to_zero ? i < 0x10000 : i < n) && !c->faulted; i++) {
        char ch = (char)dos_read8(c, ds, (uint16_t)(dx + i));
        if (to_zero && !ch)
            break;
        dos_write8(c, ds, (uint16_t)(dx + i), (uint8_t)dos_upper(ch));
    }
    dos_done(c);
}

static void extended_country(struct dos_call *c, uint8_t what)
{
    uint8_t bytes[5 + COUNTRY_BYTES + 4] = {what};
    uint32_t n = 5;
    if (what == 1) {
        base_put16(bytes + 1, COUNTRY_BYTES + 4);
        base_put16(bytes + 3, US);
        base_put16(bytes + 5, 437);
        dos_copy_in(c, DOS_DATA, DATA_COUNTRY, bytes + 7, COUNTRY_BYTES);
        base_put32(bytes + 7 + CASE_MAP, far_data(DATA_RETF));
        n = sizeof bytes;
    } else {
        base_put32(bytes + 1, far_data(what == 7   ? DATA_DBCS
                                       : what == 6 ? DATA_COLLATE
                                       : what == 5 ? DATA_FILENAMES
                                                   : DATA_UPPER));
    }
    uint16_t room = dos_get(c, DOS_CX);
    if (room < 5) {
        dos_fail(c, DOS_BAD_FUNCTION);
        return;
    }
    n = n < room ? n : room;
    dos_copy_out(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), bytes, n);
    dos_set(c, DOS_CX, (uint16_t)n);
    dos_done(c);
}

void dos_country_table(struct dos_call *c)
{
    uint8_t what = dos_low(c, DOS_AX);
    switch (what) {
    case 1:
    case 2:
    case 4:
    case 5:
    case 6:
    case 7:
        extended_country(c, what);
        break;
    case 0x20:
    case 0xA0:
        dos_set_low(c, DOS_DX, (uint8_t)dos_upper((char)dos_low(c, DOS_DX)));
        dos_done(c);
        break;
    case 0x21:
    case 0xA1:
        upper_text(c, dos_get(c, DOS_CX), false);
        break;
    case 0x22:
    case 0xA2:
        upper_text(c, 0, true);
        break;
    default:
        dos_fail(c, DOS_BAD_FUNCTION);
    }
}

void dos_code_page(struct dos_call *c)
{
    bool known = dos_low(c, DOS_AX) == 1 || (dos_low(c, DOS_AX) == 2 && dos_get(c, DOS_BX) == 437);
    if (dos_low(c, DOS_AX) == 1) {
        dos_set(c, DOS_BX, 437);
        dos_set(c, DOS_DX, 437);
    }
    dos_answer(c, known ? DOS_OK : DOS_NO_FILE);
}
