// The registers of a VGA (vga.h), as the IBM PS/2 Hardware Interface Technical Reference describes them. Extensions of
// other makers beyond the standard indices are not there: reads give all ones, writes are lost.
#include "pc/vga.h"

#include <string.h>

enum { PROTECT_INDEX = 0x11, PROTECT = 0x80, LINE_COMPARE = 0x10, ADDRESS_SOURCE = 0x20, ATTRIBUTE_INDEX = 0x3F };

// Mode 3: 80 x 25 cells of 9 x 16 dots.
static const uint8_t mode_3_crtc[PC_VGA_CRTC] = {0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00,
                                                 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
                                                 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF};
static const uint8_t mode_3_sequencer[PC_VGA_SEQUENCER] = {0x03, 0x00, 0x03, 0x00, 0x02};
static const uint8_t mode_3_graphics[PC_VGA_GRAPHICS] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF};
static const uint8_t mode_3_attribute[PC_VGA_ATTRIBUTE] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14,
                                                           0x07, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D,
                                                           0x3E, 0x3F, 0x0C, 0x00, 0x0F, 0x08, 0x00};

// The 64 colours of an EGA, two bits for each of red, green and blue.
static void init_palette(struct pc_vga *g)
{
    for (unsigned i = 0; i < 64; i++) {
        for (unsigned c = 0; c < 3; c++) {
            unsigned high = i >> (2 - c) & 1, low = i >> (5 - c) & 1;
            g->palette[3 * i + c] = (uint8_t)(high * 0x2A + low * 0x15);
        }
    }
}

void pc_vga_init(struct pc_vga *g)
{
    memset(g, 0, sizeof *g);
    memcpy(g->crtc, mode_3_crtc, sizeof g->crtc);
    memcpy(g->sequencer, mode_3_sequencer, sizeof g->sequencer);
    memcpy(g->graphics, mode_3_graphics, sizeof g->graphics);
    memcpy(g->attribute, mode_3_attribute, sizeof g->attribute);
    g->attribute_index = ADDRESS_SOURCE;
    g->misc = 0x67;
    g->enabled = 1;
    g->mask = 0xFF;
    init_palette(g);
}

bool pc_vga_has(uint16_t port)
{
    return (port >= PC_VGA_FIRST && port <= 0x3CF && port != 0x3CB && port != 0x3CD) || port == 0x3D4 ||
           port == 0x3D5 || port == 0x3DA;
}

static uint8_t indexed(const uint8_t *registers, unsigned count, unsigned index)
{
    return index < count ? registers[index] : 0xFF;
}

static void set_indexed(uint8_t *registers, unsigned count, unsigned index, uint8_t value)
{
    if (index < count)
        registers[index] = value;
}

// 449 lines of 31,778 ns, 400 of them shown; vertical retrace in lines 412 and 413. Bit 0: nothing is shown now.
static uint8_t status(struct pc_vga *g, uint64_t now)
{
    enum { LINE_NS = 31778, SHOWN_NS = 25422, LINES = 449, SHOWN = 400, RETRACE = 412 };
    unsigned line = (unsigned)(now / LINE_NS % LINES), at = (unsigned)(now % LINE_NS);
    bool retrace = line == RETRACE || line == RETRACE + 1;
    g->attribute_data = 0;
    return (uint8_t)((line >= SHOWN || at >= SHOWN_NS) | retrace << 3);
}

static uint8_t palette_in(struct pc_vga *g)
{
    uint8_t value = g->palette[g->palette_read % PC_VGA_PALETTE];
    g->palette_read = (uint16_t)((g->palette_read + 1) % PC_VGA_PALETTE);
    return value;
}

uint8_t pc_vga_in(struct pc_vga *g, uint16_t port, uint64_t now)
{
    switch (port) {
    case 0x3C0:
        return g->attribute_index;
    case 0x3C1:
        return indexed(g->attribute, PC_VGA_ATTRIBUTE, g->attribute_index & 0x1Fu);
    case 0x3C2: // input status 0: a colour screen is there
        return 0x10;
    case 0x3C3:
        return g->enabled;
    case 0x3C4:
        return g->sequencer_index;
    case 0x3C5:
        return indexed(g->sequencer, PC_VGA_SEQUENCER, g->sequencer_index);
    case 0x3C6:
        return g->mask;
    case 0x3C7:
        return g->palette_reading ? 3 : 0;
    case 0x3C8:
        return (uint8_t)(g->palette_write / 3);
    case 0x3C9:
        return palette_in(g);
    case 0x3CA:
        return g->feature;
    case 0x3CC:
        return g->misc;
    case 0x3CE:
        return g->graphics_index;
    case 0x3CF:
        return indexed(g->graphics, PC_VGA_GRAPHICS, g->graphics_index);
    case 0x3D4:
        return g->crtc_index;
    case 0x3D5:
        return indexed(g->crtc, PC_VGA_CRTC, g->crtc_index);
    case 0x3DA:
        return status(g, now);
    default:
        return 0xFF;
    }
}

// Index and data take turns; reading 3DAh begins again with the index.
static void attribute_out(struct pc_vga *g, uint8_t value)
{
    if (g->attribute_data)
        set_indexed(g->attribute, PC_VGA_ATTRIBUTE, g->attribute_index & 0x1Fu, value);
    else
        g->attribute_index = value & ATTRIBUTE_INDEX;
    g->attribute_data ^= 1;
}

// Bit 7 of index 11h protects the first eight, but for the bit of the line compare in index 7.
static void crtc_out(struct pc_vga *g, uint8_t value)
{
    if (!(g->crtc[PROTECT_INDEX] & PROTECT) || g->crtc_index > 7)
        set_indexed(g->crtc, PC_VGA_CRTC, g->crtc_index, value);
    else if (g->crtc_index == 7)
        g->crtc[7] = (uint8_t)((g->crtc[7] & ~LINE_COMPARE) | (value & LINE_COMPARE));
}

static void palette_out(struct pc_vga *g, uint8_t value)
{
    g->palette[g->palette_write % PC_VGA_PALETTE] = value & 0x3F;
    g->palette_write = (uint16_t)((g->palette_write + 1) % PC_VGA_PALETTE);
}

void pc_vga_out(struct pc_vga *g, uint16_t port, uint8_t value)
{
    switch (port) {
    case 0x3C0:
        attribute_out(g, value);
        break;
    case 0x3C2:
        g->misc = value;
        break;
    case 0x3C3:
        g->enabled = value & 1;
        break;
    case 0x3C4:
        g->sequencer_index = value;
        break;
    case 0x3C5:
        set_indexed(g->sequencer, PC_VGA_SEQUENCER, g->sequencer_index, value);
        break;
    case 0x3C6:
        g->mask = value;
        break;
    case 0x3C7:
        g->palette_read = (uint16_t)(3u * value);
        g->palette_reading = 1;
        break;
    case 0x3C8:
        g->palette_write = (uint16_t)(3u * value);
        g->palette_reading = 0;
        break;
    case 0x3C9:
        palette_out(g, value);
        break;
    case 0x3CE:
        g->graphics_index = value;
        break;
    case 0x3CF:
        set_indexed(g->graphics, PC_VGA_GRAPHICS, g->graphics_index, value);
        break;
    case 0x3D4:
        g->crtc_index = value;
        break;
    case 0x3D5:
        crtc_out(g, value);
        break;
    case 0x3DA:
        g->feature = value;
        break;
    default:
        break;
    }
}
