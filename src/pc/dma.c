// Intel 8237A, after its datasheet (order number 231466), as an AT wires two of them: channels 0 to 3 move bytes and
// hang below channel 4, channels 5 to 7 move words. A cycle moves one value between memory and a cell of a scripted
// device, or from memory to memory. Rotating priority, compressed timing and the polarities are not there: nothing
// shows them.
#include "pc/parts.h"

#include <string.h>

void pc_dma_reset(struct pc_dma *d)
{
    d->command = d->status = d->request = d->temporary = d->ended = 0;
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
        d->ended &= (uint8_t) ~(1u << (reg >> 1));
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

// ---------------------------------------------------------------------------------------------------------------------
// Cycles

enum { CASCADE = 4, CHANNELS = 8, MEMORY_TO_MEMORY = 1, DISABLED = 4 }; // the last two: of the command
enum { AUTO_INIT = 0x10, DOWN = 0x20, TRANSFER_MODE = 0xC0, BLOCK = 0x80, CASCADED = 0xC0 }; // of a mode

static struct pc_dma_channel *channel_of(struct pc *pc, unsigned n)
{
    return &pc->dma[n >> 2].channel[n & 3];
}

static uint8_t mode_of(const struct pc *pc, unsigned n)
{
    return pc->dma[n >> 2].channel[n & 3].mode;
}

static bool enabled(const struct pc *pc, unsigned n)
{
    const struct pc_dma *d = &pc->dma[n >> 2];
    if (n == CASCADE || d->command & DISABLED)
        return false;
    if (n > CASCADE)
        return true;
    const struct pc_dma *above = &pc->dma[1];
    return !(above->command & DISABLED) && !(above->mask & 1) && mode_of(pc, CASCADE) >= CASCADED;
}

// A device's request counts when the channel is not masked, one by software always; a mode that cascades moves nothing.
static bool open_to_devices(const struct pc *pc, unsigned n)
{
    return enabled(pc, n) && !(pc->dma[n >> 2].mask >> (n & 3) & 1) && (mode_of(pc, n) & TRANSFER_MODE) != CASCADED;
}

static bool asked_by_software(const struct pc *pc, unsigned n)
{
    return enabled(pc, n) && pc->dma[n >> 2].request >> (n & 3) & 1;
}

// The device (from 0) that has the channel now, -1 = none.
static int device_of(const struct pc *pc, unsigned n, bool wanting)
{
    for (uint32_t i = 0; i < pc->script.dmas; i++) {
        const struct pc_script_dma *d = &pc->script.dma[i];
        if (pc_script_dma_channel(&pc->script, d) == n && (!wanting || pc_script_wants_dma(&pc->script, d)))
            return (int)i;
    }
    return -1;
}

// Neither a device nor software can ask for anything.
static bool nobody_asks(const struct pc *pc)
{
    return !pc->script.dmas && !pc->dma[0].request && !pc->dma[1].request;
}

void pc_dma_update(struct pc *pc)
{
    for (unsigned n = 0; n < CHANNELS; n++) {
        uint8_t bit = (uint8_t)(0x10u << (n & 3)), *status = &pc->dma[n >> 2].status;
        *status = (uint8_t)(device_of(pc, n, true) >= 0 ? *status | bit : *status & ~bit);
    }
}

uint64_t pc_dma_next(const struct pc *pc)
{
    uint64_t next = PC_NEVER;
    for (unsigned n = 0; n < CHANNELS && pc->script.dmas; n++) {
        int device = open_to_devices(pc, n) ? device_of(pc, n, true) : -1;
        if (device >= 0)
            next = pc_earlier(next, pc->script.dma[device].ready);
    }
    return next == PC_NEVER || next > pc->now ? next : pc->now;
}

// Channels 5 to 7 drive address lines 1 to 16, and their page registers those from 17 on.
static uint32_t physical(const struct pc *pc, unsigned n)
{
    static const uint8_t pages[CHANNELS] = {7, 3, 1, 2, 15, 11, 9, 10};
    uint32_t address = pc->dma[n >> 2].channel[n & 3].address, page = pc->page[pages[n]];
    return n < CASCADE ? page << 16 | address : (page & 0xFE) << 16 | address << 1;
}

static void describe(struct pc *pc, unsigned n, int device, struct pc_dma_cycle *c)
{
    c->channel = (uint8_t)n;
    c->kind = mode_of(pc, n) >> 2 & 3;
    c->bytes = n < CASCADE ? 1 : 2;
    c->address = physical(pc, n);
    c->device = (uint8_t)(device + 1);
    c->value = UINT32_MAX;
    if (c->kind > PC_DMA_READ)
        c->kind = PC_DMA_VERIFY; // "illegal"
    if (c->kind != PC_DMA_READ && device >= 0)
        c->value = pc_script_dma_take(&pc->script, &pc->script.dma[device], c->kind == PC_DMA_WRITE, pc->now);
}

// Channel 0 gives the address to read from, channel 1 the one to write to.
static bool copies(struct pc *pc, struct pc_dma_cycle *c)
{
    if (!(pc->dma[0].command & MEMORY_TO_MEMORY) || !asked_by_software(pc, 0))
        return false;
    describe(pc, 1, -1, c);
    c->kind = PC_DMA_COPY;
    c->from = physical(pc, 0);
    return true;
}

bool pc_dma_next_cycle(struct pc *pc, struct pc_dma_cycle *c)
{
    memset(c, 0, sizeof *c);
    if (nobody_asks(pc))
        return false;
    if (copies(pc, c))
        return true;
    for (unsigned n = 0; n < CHANNELS; n++) {
        if (asked_by_software(pc, n)) {
            describe(pc, n, device_of(pc, n, false), c);
            return true;
        }
        int device = open_to_devices(pc, n) ? device_of(pc, n, true) : -1;
        if (device < 0 || pc->script.dma[device].ready > pc->now)
            continue;
        if ((mode_of(pc, n) & TRANSFER_MODE) == BLOCK)
            pc->dma[n >> 2].request |= (uint8_t)(1u << (n & 3)); // once begun it goes on to its end
        describe(pc, n, device, c);
        return true;
    }
    return false;
}

// Moves on to the next value; true when that was the last one.
static bool count_down(struct pc_dma_channel *ch)
{
    ch->address = (uint16_t)(ch->mode & DOWN ? ch->address - 1 : ch->address + 1);
    return ch->count-- == 0;
}

static void terminal_count(struct pc *pc, unsigned n)
{
    struct pc_dma *d = &pc->dma[n >> 2];
    struct pc_dma_channel *ch = channel_of(pc, n);
    uint8_t bit = (uint8_t)(1u << (n & 3));
    d->status |= bit;
    d->request &= (uint8_t)~bit;
    if (!(ch->mode & AUTO_INIT)) {
        d->mask |= bit;
        d->ended |= bit;
        return;
    }
    ch->address = ch->base_address;
    ch->count = ch->base_count;
}

static void end_copy(struct pc *pc)
{
    (void)count_down(channel_of(pc, 0));
    if (!count_down(channel_of(pc, 1)))
        return;
    pc->dma[0].request &= (uint8_t)~1u;
    terminal_count(pc, 1);
}

void pc_dma_finish(struct pc *pc, const struct pc_dma_cycle *c)
{
    struct pc_script_dma *device = c->device ? &pc->script.dma[c->device - 1] : NULL;
    if (c->kind == PC_DMA_COPY) {
        end_copy(pc);
        return;
    }
    if (device && c->kind == PC_DMA_READ)
        pc_script_dma_give(&pc->script, device, c->value, pc->now);
    if (!count_down(channel_of(pc, c->channel)))
        return;
    terminal_count(pc, c->channel);
    if (device)
        pc_script_dma_ended(&pc->script, device, pc->now);
}

bool pc_dma_done(const struct pc *pc, unsigned channel)
{
    return pc->dma[channel >> 2].ended >> (channel & 3) & 1;
}
