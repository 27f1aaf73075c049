// INT 10h AH=10h: the palette registers and colours of a VGA, kept for programs that save and restore them (RBIL INT
// 10/AH=10h). Nobody looks through them: the text screen shows attributes.
#include "dos/defs.h"

enum {
    REGISTERS = 17, // of the palette, the border's last
    COLOURS = 256,  // red, green, blue each
    AT = 0,         // offsets in DOS_PALETTE
    COLOURS_AT = 0x20,
    INTENSITY = 0x15,
    BRIGHT = 0x2A,
};

void dos_palette_reset(struct dos_call *c)
{
    static const uint8_t registers[REGISTERS] = {0,    1,    2,    3,    4,    5,    0x14, 7,
                                                 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F};
    uint8_t colours[3 * COLOURS] = {0};
    for (unsigned i = 0; i < 64; i++) // 6 bits: intense red, green, blue, then plain ones
        for (unsigned k = 0; k < 3; k++)
            colours[3 * i + k] = (uint8_t)((i >> (2 - k) & 1 ? BRIGHT : 0) + (i >> (5 - k) & 1 ? INTENSITY : 0));
    dos_copy_out(c, DOS_PALETTE, AT, registers, sizeof registers);
    dos_copy_out(c, DOS_PALETTE, COLOURS_AT, colours, sizeof colours);
}

// To or from ES:DX. Registers and colours are told apart by where they lie.
static void copy(struct dos_call *c, uint32_t at, uint32_t n, bool set)
{
    uint16_t es = dos_get(c, DOS_ES), dx = dos_get(c, DOS_DX);
    for (uint32_t i = 0; i < n && !c->faulted; i++) {
        uint16_t theirs = (uint16_t)(dx + i);
        if (set)
            dos_write8(c, DOS_PALETTE, at + i, dos_read8(c, es, theirs));
        else
            dos_write8(c, es, theirs, dos_read8(c, DOS_PALETTE, at + i));
    }
}

static void colour_block(struct dos_call *c, bool set)
{
    uint32_t first = dos_get(c, DOS_BX) % COLOURS, n = dos_get(c, DOS_CX);
    n = n < COLOURS - first ? n : COLOURS - first;
    copy(c, COLOURS_AT + 3 * first, 3 * n, set);
}

static void one_colour(struct dos_call *c, bool set)
{
    uint32_t at = COLOURS_AT + 3u * (dos_get(c, DOS_BX) % COLOURS);
    if (set) {
        dos_write8(c, DOS_PALETTE, at, dos_high(c, DOS_DX) & 0x3F);
        dos_write8(c, DOS_PALETTE, at + 1, dos_high(c, DOS_CX) & 0x3F);
        dos_write8(c, DOS_PALETTE, at + 2, dos_low(c, DOS_CX) & 0x3F);
    } else {
        dos_set_high(c, DOS_DX, dos_read8(c, DOS_PALETTE, at));
        dos_set(c, DOS_CX, (uint16_t)(dos_read8(c, DOS_PALETTE, at + 1) << 8 | dos_read8(c, DOS_PALETTE, at + 2)));
    }
}

void dos_palette(struct dos_call *c)
{
    uint32_t one = AT + dos_low(c, DOS_BX) % REGISTERS, border = AT + REGISTERS - 1;
    switch (dos_low(c, DOS_AX)) {
    case 0x00:
        dos_write8(c, DOS_PALETTE, one, dos_high(c, DOS_BX));
        break;
    case 0x01:
        dos_write8(c, DOS_PALETTE, border, dos_high(c, DOS_BX));
        break;
    case 0x02:
    case 0x09:
        copy(c, AT, REGISTERS, dos_low(c, DOS_AX) == 2);
        break;
    case 0x07:
        dos_set_high(c, DOS_BX, dos_read8(c, DOS_PALETTE, one));
        break;
    case 0x08:
        dos_set_high(c, DOS_BX, dos_read8(c, DOS_PALETTE, border));
        break;
    case 0x10:
    case 0x15:
        one_colour(c, dos_low(c, DOS_AX) == 0x10);
        break;
    case 0x12:
    case 0x17:
        colour_block(c, dos_low(c, DOS_AX) == 0x12);
        break;
    default: // blinking or bright backgrounds, pages of colours, masks: nothing that could be read again
        break;
    }
}
