// INT 2Fh: DOS's internal functions (AX=12xxh), which resident programs and file managers call, and what else of the
// multiplex interrupt is DOS's own (RBIL INT 2F). AX=16xxh is the VMM's. What nobody knows comes back unchanged, as
// under DOS.
#include "dos/defs.h"

#include <string.h>

static uint32_t far_data(uint16_t offset)
{
    return (uint32_t)DOS_DATA << 16 | offset;
}

static void give(struct dos_call *c, enum dos_reg segment, enum dos_reg offset, uint32_t value)
{
    dos_set(c, segment, (uint16_t)(value >> 16));
    dos_set(c, offset, (uint16_t)value);
}

// The word that the caller has pushed; it stays there.
static uint16_t argument(struct dos_call *c)
{
    return dos_read16(c, dos_get(c, DOS_SS), (uint16_t)(dos_get(c, DOS_SP) + 6));
}

static void installed(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, 0xFF);
}

static void interrupt_address(struct dos_call *c)
{
    give(c, DOS_ES, DOS_BX, (argument(c) & 0xFFu) * 4);
}

static void data_segment(struct dos_call *c)
{
    dos_set(c, DOS_DS, DOS_DATA);
}

static char normal(char ch)
{
    return ch == '/' ? '\\' : dos_upper(ch);
}

static void separator(struct dos_call *c)
{
    char ch = (char)argument(c);
    dos_set_low(c, DOS_AX, (uint8_t)(ch == '/' ? '\\' : ch));
    dos_flag(c, X86_ZF, ch == '/' || ch == '\\');
}

static void print(struct dos_call *c)
{
    const char ch = (char)argument(c);
    dos_con_print(c, &ch, 1);
}

static void closing_time(struct dos_call *c)
{
    struct dos_time now = dos_now(c);
    dos_set(c, DOS_AX, dos_packed_date(&now));
    dos_set(c, DOS_DX, dos_packed_time(&now));
}

static void normal_name(struct dos_call *c)
{
    uint16_t si = dos_get(c, DOS_SI), di = dos_get(c, DOS_DI);
    char ch = 1;
    for (uint32_t i = 0; ch && i < 0x10000 && !c->faulted; i++) {
        ch = normal((char)dos_read8(c, dos_get(c, DOS_DS), (uint16_t)(si + i)));
        dos_write8(c, dos_get(c, DOS_ES), (uint16_t)(di + i), (uint8_t)ch);
    }
}

// With its zero.
static void length_of(struct dos_call *c, uint16_t segment, uint16_t offset)
{
    uint32_t n = 0;
    while (n < 0xFFFF && dos_read8(c, segment, (uint16_t)(offset + n)) && !c->faulted)
        n++;
    dos_set(c, DOS_CX, (uint16_t)(n + 1));
}

static void length_at_es(struct dos_call *c)
{
    length_of(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI));
}

static void length_at_ds(struct dos_call *c)
{
    length_of(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI));
}

static void upper(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, (uint8_t)dos_upper((char)argument(c)));
}

static void compare_pointers(struct dos_call *c)
{
    bool same = dos_get(c, DOS_DS) == dos_get(c, DOS_ES) && dos_get(c, DOS_SI) == dos_get(c, DOS_DI);
    dos_flag(c, X86_ZF, same);
    dos_flag(c, X86_CF, !same);
}

static void file_entry(struct dos_call *c)
{
    uint16_t number = dos_get(c, DOS_BX);
    dos_flag(c, X86_CF, number >= DOS_VM_FILES);
    if (number < DOS_VM_FILES)
        give(c, DOS_ES, DOS_DI, dos_file_entry((uint8_t)number));
}

static void directory_entry(struct dos_call *c)
{
    uint16_t drive = argument(c) & 0xFF;
    dos_flag(c, X86_CF, drive > DOS_DRIVE);
    if (drive <= DOS_DRIVE)
        give(c, DOS_DS, DOS_SI, far_data((uint16_t)(DATA_DIRECTORIES + 0x58 * drive)));
}

static void drive_of_name(struct dos_call *c)
{
    char text[3];
    uint16_t si = dos_get(c, DOS_SI);
    dos_read_text(c, dos_get(c, DOS_DS), si, text, sizeof text);
    bool named = text[0] && text[1] == ':';
    uint8_t drive = named ? (uint8_t)(dos_upper(text[0]) - 'A' + 1) : 0;
    dos_set_low(c, DOS_AX, drive == 0 || drive == DOS_DRIVE + 1 ? drive : 0xFF);
    if (named)
        dos_set(c, DOS_SI, (uint16_t)(si + 2));
}

static void compare_names(struct dos_call *c)
{
    char a[128], b[128];
    size_t i = 0;
    dos_read_text(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), a, sizeof a);
    dos_read_text(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), b, sizeof b);
    while (a[i] && normal(a[i]) == normal(b[i]))
        i++;
    dos_flag(c, X86_ZF, normal(a[i]) == normal(b[i]));
}

static void handle_entry(struct dos_call *c)
{
    uint32_t at = dos_handle_entry(c, dos_get(c, DOS_BX));
    dos_flag(c, X86_CF, !at);
    if (at)
        give(c, DOS_ES, DOS_DI, at);
    else
        dos_set_low(c, DOS_AX, DOS_BAD_HANDLE);
}

static void device_chain(struct dos_call *c)
{
    give(c, DOS_BX, DOS_AX, dos_read32(c, DOS_DATA, DATA_NUL));
}

static void last_error(struct dos_call *c)
{
    dos_set(c, DOS_AX, dos_read16(c, DOS_DATA, DATA_ERROR));
}

static void open_file(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, dos_low(c, DOS_CX));
    dos_open(c);
}

static void seek_file(struct dos_call *c)
{
    dos_set(c, DOS_AX, dos_get(c, DOS_BP));
    dos_seek(c);
}

static dos_fn *const functions[] = {
    [0x00] = installed,     [0x02] = interrupt_address, [0x03] = data_segment, [0x04] = separator,
    [0x05] = print,         [0x0D] = closing_time,      [0x11] = normal_name,  [0x12] = length_at_es,
    [0x13] = upper,         [0x14] = compare_pointers,  [0x16] = file_entry,   [0x17] = directory_entry,
    [0x1A] = drive_of_name, [0x1E] = compare_names,     [0x20] = handle_entry, [0x21] = dos_true_name,
    [0x25] = length_at_ds,  [0x26] = open_file,         [0x27] = dos_close,    [0x28] = seek_file,
    [0x29] = dos_read,      [0x2C] = device_chain,      [0x2D] = last_error,
};

// AX=4A01h: DOS is not in the high memory area and gives nothing of it away.
static void high_memory(struct dos_call *c)
{
    dos_set(c, DOS_BX, 0);
    give(c, DOS_ES, DOS_DI, UINT32_MAX);
}

void dos_int2f(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    dos_fn *fn = function < BASE_COUNT(functions) ? functions[function] : NULL;
    if (dos_high(c, DOS_AX) == 0x12 && fn)
        fn(c);
    else if (dos_get(c, DOS_AX) == 0x4300) // is there an XMS driver?
        dos_set_low(c, DOS_AX, 0x80);
    else if (dos_get(c, DOS_AX) == 0x4310)
        give(c, DOS_ES, DOS_BX, (uint32_t)DOS_ROM << 16 | c->s->xms);
    else if (dos_get(c, DOS_AX) == 0x4A01)
        high_memory(c);
}
