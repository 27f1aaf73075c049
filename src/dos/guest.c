// Registers and memory of a virtual machine as BIOS and DOS see them.
#include "dos/defs.h"

enum { WORK_BYTES = 16 }; // that one instruction stands for

uint16_t dos_get(const struct dos_call *c, enum dos_reg r)
{
    return vmm_peek16(c->v, c->crs + (uint32_t)r);
}

void dos_set(const struct dos_call *c, enum dos_reg r, uint16_t value)
{
    vmm_poke16(c->v, c->crs + (uint32_t)r, value);
}

uint8_t dos_low(const struct dos_call *c, enum dos_reg r)
{
    return (uint8_t)dos_get(c, r);
}

uint8_t dos_high(const struct dos_call *c, enum dos_reg r)
{
    return (uint8_t)(dos_get(c, r) >> 8);
}

void dos_set_low(const struct dos_call *c, enum dos_reg r, uint8_t value)
{
    dos_set(c, r, (uint16_t)((dos_get(c, r) & 0xFF00) | value));
}

void dos_set_high(const struct dos_call *c, enum dos_reg r, uint8_t value)
{
    dos_set(c, r, (uint16_t)((dos_get(c, r) & 0xFF) | value << 8));
}

static uint32_t linear(const struct dos_call *c, uint16_t segment, uint32_t offset)
{
    return c->base + segment * 16u + offset;
}

bool dos_copy_in(struct dos_call *c, uint16_t segment, uint32_t offset, void *to, uint32_t n)
{
    c->work += 1 + n / WORK_BYTES;
    if (!vmm_get(c->v, linear(c, segment, offset), to, n))
        c->faulted = true;
    return !c->faulted;
}

bool dos_copy_out(struct dos_call *c, uint16_t segment, uint32_t offset, const void *from, uint32_t n)
{
    c->work += 1 + n / WORK_BYTES;
    if (!c->faulted && !vmm_put(c->v, linear(c, segment, offset), from, n))
        c->faulted = true;
    return !c->faulted;
}

bool dos_probe(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t n)
{
    if (!vmm_probe(c->v, linear(c, segment, offset), n, true))
        c->faulted = true;
    return !c->faulted;
}

uint8_t dos_read8(struct dos_call *c, uint16_t segment, uint32_t offset)
{
    uint8_t byte;
    dos_copy_in(c, segment, offset, &byte, 1);
    return byte;
}

uint16_t dos_read16(struct dos_call *c, uint16_t segment, uint32_t offset)
{
    uint8_t bytes[2];
    dos_copy_in(c, segment, offset, bytes, 2);
    return base_get16(bytes);
}

uint32_t dos_read32(struct dos_call *c, uint16_t segment, uint32_t offset)
{
    uint8_t bytes[4];
    dos_copy_in(c, segment, offset, bytes, 4);
    return base_get32(bytes);
}

void dos_write8(struct dos_call *c, uint16_t segment, uint32_t offset, uint8_t value)
{
    dos_copy_out(c, segment, offset, &value, 1);
}

void dos_write16(struct dos_call *c, uint16_t segment, uint32_t offset, uint16_t value)
{
    uint8_t bytes[2];
    base_put16(bytes, value);
    dos_copy_out(c, segment, offset, bytes, 2);
}

void dos_write32(struct dos_call *c, uint16_t segment, uint32_t offset, uint32_t value)
{
    uint8_t bytes[4];
    base_put32(bytes, value);
    dos_copy_out(c, segment, offset, bytes, 4);
}

void dos_read_text(struct dos_call *c, uint16_t segment, uint32_t offset, char *to, size_t size)
{
    if (!vmm_get_text(c->v, linear(c, segment, offset), to, size))
        c->faulted = true;
}

// The third word of the interrupt's frame on the caller's stack.
void dos_flag(struct dos_call *c, uint16_t flag, bool on)
{
    uint16_t ss = dos_get(c, DOS_SS), at = (uint16_t)(dos_get(c, DOS_SP) + 4), flags = dos_read16(c, ss, at);
    dos_write16(c, ss, at, (uint16_t)(on ? flags | flag : flags & ~flag));
}
