// Intel 8237A, after its datasheet: the registers of a controller as software sees them. Transfers are not there, since
// no device of the board asks for one; a driver's view of mask, mode, address and count is.
#include "pc/parts.h"

#include <string.h>

void pc_dma_reset(struct pc_dma *d)
{
    d->command = d->status = d->request = d->temporary = 0;
    d->high_byte = 0;
    d->mask = 15;
}

static uint8_t half(struct pc_dma *d, uint16_t value)
{
    uint8_t byte = (uint8_t)(d->high_byte ? value >> 8 : value);
    d->high_byte ^= 1;
    return byte;
}

uint8_t pc_dma_in(struct pc_dma *d, unsigned reg)
{
    if (reg < 8) {
        const struct pc_dma_channel *c = &d->channel[reg >> 1];
        return half(d, reg & 1 ? c->count : c->address);
    }
    if (reg == 8) {
        uint8_t status = d->status;
        d->status &= 0xF0; // terminal counts are reset by reading them
        return status;
    }
    if (reg == 13)
        return d->temporary;
    return reg == 15 ? d->mask : 0; // 15: readable on the controllers of later boards
}

static void merge(struct pc_dma *d, uint16_t *base, uint16_t *current, uint8_t value)
{
    if (d->high_byte)
        *base = (uint16_t)((*base & 0x00FF) | value << 8);
    else
        *base = (uint16_t)((*base & 0xFF00) | value);
    *current = *base;
    d->high_byte ^= 1;
}

static void set_bit(uint8_t *bits, uint8_t value)
{
    uint8_t bit = (uint8_t)(1u << (value & 3));
    *bits = (uint8_t)(value & 4 ? *bits | bit : *bits & ~bit);
}

void pc_dma_out(struct pc_dma *d, unsigned reg, uint8_t value)
{
    if (reg < 8) {
        struct pc_dma_channel *c = &d->channel[reg >> 1];
        if (reg & 1)
            merge(d, &c->base_count, &c->count, value);
        else
            merge(d, &c->base_address, &c->address, value);
        return;
    }
    switch (reg) {
    case 8:
        d->command = value;
        break;
    case 9:
        set_bit(&d->request, value);
        break;
    case 10:
        set_bit(&d->mask, value);
        break;
    case 11:
        d->channel[value & 3].mode = value & 0xFC;
        break;
    case 12:
        d->high_byte = 0;
        break;
    case 13:
        pc_dma_reset(d);
        break;
    case 14:
        d->mask = 0;
        break;
    case 15:
        d->mask = value & 15;
        break;
    }
}
