// One interrupt controller by itself: the board has a pair, and a virtual machine's virtual controllers are such pairs
// too.
#ifndef VXDKIT_PC_PIC_H
#define VXDKIT_PC_PIC_H

#include "base/status.h"

// Intel 8259A. Bit n of a byte is input IRn.
struct pc_pic {
    uint8_t irr, isr, imr;
    uint8_t input;     // levels of the eight lines
    uint8_t elcr;      // lines that are level triggered one by one (ports 4D0h, 4D1h)
    uint8_t all_level; // ICW1 LTIM
    uint8_t base;      // ICW2: vector of IR0
    uint8_t cascade;   // ICW3
    uint8_t lowest;    // the line with the lowest priority; 7 after initialisation
    uint8_t expects;   // initialisation word that the next write to the odd port is: 2, 3, 4, or 0 = OCW1
    uint8_t wants_icw4, single, auto_eoi, rotate_auto, special_mask, special_nested;
    uint8_t read_isr, poll;
};

void pc_pic_input(struct pc_pic *pic, unsigned line, bool level);
int pc_pic_pending(const struct pc_pic *pic); // line that wants service now, -1 = none
void pc_pic_acknowledge(struct pc_pic *pic, unsigned line);
// Port 0 or 1. *polled: line that a poll command served, else -1.
uint8_t pc_pic_in(struct pc_pic *pic, unsigned port, int *polled);
void pc_pic_out(struct pc_pic *pic, unsigned port, uint8_t value);
void pc_pic_set_elcr(struct pc_pic *pic, uint8_t lines);

#endif
