// The registers of a VGA, ports 3C0h-3DFh in colour: what was written can be read, the retrace bits follow from the
// clock. The picture does not depend on them (the text screen is memory at B8000h).
#ifndef VXDKIT_PC_VGA_H
#define VXDKIT_PC_VGA_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PC_VGA_FIRST = 0x3C0, // its ports
    PC_VGA_LAST = 0x3DF,
    PC_VGA_CRTC = 25, // registers behind each index
    PC_VGA_SEQUENCER = 5,
    PC_VGA_GRAPHICS = 9,
    PC_VGA_ATTRIBUTE = 21,
    PC_VGA_PALETTE = 3 * 256,
};

struct pc_vga {
    uint8_t crtc[PC_VGA_CRTC], sequencer[PC_VGA_SEQUENCER], graphics[PC_VGA_GRAPHICS], attribute[PC_VGA_ATTRIBUTE];
    uint8_t crtc_index, sequencer_index, graphics_index, attribute_index;
    uint8_t attribute_data; // the next write to 3C0h is data
    uint8_t misc, feature, enabled, mask;
    uint8_t palette[PC_VGA_PALETTE]; // red, green, blue of 6 bits each
    uint16_t palette_read, palette_write;
    uint8_t palette_reading;
};

void pc_vga_init(struct pc_vga *g); // mode 3, as the BIOS leaves it
bool pc_vga_has(uint16_t port);     // whether anything answers there
uint8_t pc_vga_in(struct pc_vga *g, uint16_t port, uint64_t now);
void pc_vga_out(struct pc_vga *g, uint16_t port, uint8_t value);

#endif
