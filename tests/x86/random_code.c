// See random_code.h. Instructions are made from a table of opcodes; Zydis then says which flags they read and leave
// undefined, so that no sequence depends on an undefined one.
#include "random_code.h"

#include <Zydis/Zydis.h>
#include <string.h>

uint32_t random_next(struct random *r)
{
    r->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = r->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z ^ z >> 31);
}

uint32_t random_below(struct random *r, uint32_t n)
{
    return random_next(r) % n;
}

uint32_t random_value(struct random *r)
{
    static const uint32_t edges[] = {
        0,          1,          2,          0x7f,       0x80,       0xff,       0x100, 0x7fff, 0x8000, 0xffff, 0x10000,
        0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0xffffff80, 0xffff8000, 0x99,  0x9a,   31,     32,     33};
    return random_below(r, 3) ? random_next(r) : edges[random_below(r, sizeof edges / sizeof *edges)];
}

enum {
    MODRM = 1,
    IMM8 = 2,
    IMMZ = 4,
    REL8 = 8,
    RELZ = 16,
    NO_REG_FORM = 32,
    NO_MEM_FORM = 64,
    STRING = 128,
    STACK = 256,
    IMM16 = 512
};

struct opcode {
    uint16_t first, last; // 1xx: behind 0F
    unsigned flags;
};

static const struct opcode opcodes[] = {
    {0x00, 0x03, MODRM},
    {0x04, 0x04, IMM8},
    {0x05, 0x05, IMMZ},
    {0x08, 0x0b, MODRM},
    {0x0c, 0x0c, IMM8},
    {0x10, 0x13, MODRM},
    {0x15, 0x15, IMMZ},
    {0x18, 0x1b, MODRM},
    {0x1d, 0x1d, IMMZ},
    {0x20, 0x23, MODRM},
    {0x27, 0x27, 0},
    {0x28, 0x2b, MODRM},
    {0x2f, 0x2f, 0},
    {0x30, 0x33, MODRM},
    {0x37, 0x37, 0},
    {0x38, 0x3b, MODRM},
    {0x3c, 0x3c, IMM8},
    {0x3f, 0x3f, 0},
    {0x40, 0x4f, 0},
    {0x50, 0x53, STACK},
    {0x55, 0x5b, STACK},
    {0x5d, 0x5f, STACK},
    {0x60, 0x61, STACK},
    {0x62, 0x62, MODRM | NO_REG_FORM},
    {0x68, 0x68, IMMZ | STACK},
    {0x69, 0x69, MODRM | IMMZ},
    {0x6a, 0x6a, IMM8 | STACK},
    {0x6b, 0x6b, MODRM | IMM8},
    {0x70, 0x7f, REL8},
    {0x80, 0x80, MODRM | IMM8},
    {0x81, 0x81, MODRM | IMMZ},
    {0x83, 0x83, MODRM | IMM8},
    {0x84, 0x8b, MODRM},
    {0x8c, 0x8c, MODRM},
    {0x8d, 0x8d, MODRM | NO_REG_FORM},
    {0x8f, 0x8f, MODRM | STACK},
    {0x90, 0x99, 0},
    {0x9e, 0x9f, 0},
    {0xa4, 0xa7, STRING},
    {0xa8, 0xa8, IMM8},
    {0xa9, 0xa9, IMMZ},
    {0xaa, 0xaf, STRING},
    {0xb0, 0xb7, IMM8},
    {0xb8, 0xbf, IMMZ},
    {0xc0, 0xc1, MODRM | IMM8},
    {0xc6, 0xc6, MODRM | IMM8},
    {0xc7, 0xc7, MODRM | IMMZ},
    {0xc9, 0xc9, STACK},
    {0xd0, 0xd3, MODRM},
    {0xd4, 0xd5, IMM8},
    {0xd6, 0xd7, 0},
    {0xe0, 0xe3, REL8},
    {0xeb, 0xeb, REL8},
    {0xe9, 0xe9, RELZ},
    {0xf5, 0xf5, 0},
    {0xf6, 0xf7, MODRM},
    {0xf8, 0xf9, 0},
    {0xfc, 0xfd, 0},
    {0xfe, 0xfe, MODRM},
    {0xff, 0xff, MODRM},
    {0x140, 0x14f, MODRM},
    {0x180, 0x18f, RELZ},
    {0x190, 0x19f, MODRM},
    {0x1a3, 0x1a3, MODRM},
    {0x1a4, 0x1a4, MODRM | IMM8},
    {0x1a5, 0x1a5, MODRM},
    {0x1ab, 0x1ab, MODRM},
    {0x1ac, 0x1ac, MODRM | IMM8},
    {0x1ad, 0x1ad, MODRM},
    {0x1af, 0x1af, MODRM},
    {0x1b0, 0x1b1, MODRM},
    {0x1b3, 0x1b3, MODRM},
    {0x1b6, 0x1b7, MODRM},
    {0x1ba, 0x1ba, MODRM | IMM8},
    {0x1bb, 0x1bf, MODRM},
    {0x1c0, 0x1c1, MODRM},
    {0x1c7, 0x1c7, MODRM | NO_REG_FORM},
    {0x1c8, 0x1cf, 0},
    {0xfa, 0xfb, 0},
    {0xf4, 0xf4, 0},
    {0xc8, 0xc8, IMM16 | STACK},
};

struct maker {
    struct random *r;
    struct random_code *c;
    uint8_t b[20];
    unsigned n;
    bool code32; // operand size
    bool address32;
};

static void put(struct maker *m, uint32_t v, unsigned n)
{
    for (; n > 0; n--, v >>= 8)
        m->b[m->n++] = (uint8_t)v;
}

static void put_prefixes(struct maker *m, unsigned flags)
{
    static const uint8_t segments[] = {0x26, 0x2e, 0x36, 0x3e};
    m->code32 = m->address32 = m->c->code32;
    if (random_below(m->r, 4) == 0) {
        put(m, 0x66, 1);
        m->code32 = !m->code32;
    }
    if (m->c->addresses && random_below(m->r, 6) == 0) {
        put(m, 0x67, 1);
        m->address32 = !m->address32;
    }
    if (m->c->addresses && random_below(m->r, 5) == 0)
        put(m, segments[random_below(m->r, 4)], 1);
    if ((flags & STRING) && random_below(m->r, 2))
        put(m, 0xf2 + random_below(m->r, 2), 1);
    if ((flags & MODRM) && random_below(m->r, 40) == 0)
        put(m, 0xf0, 1);
}

// A memory operand that hits the target whatever the registers hold.
static void put_aimed(struct maker *m, unsigned reg)
{
    const uint32_t *value = m->c->reg;
    uint32_t to = m->c->target + random_below(m->r, m->c->room), at = 0;
    unsigned base = random_below(m->r, 8);
    if (base == 4) { // with an index
        unsigned index = random_below(m->r, 8), scale = random_below(m->r, 4);
        base = random_below(m->r, 8);
        at = value[base] + (index == 4 ? 0 : value[index] << scale);
        put(m, 0x84 | reg << 3, 1);
        put(m, scale << 6 | index << 3 | base, 1);
    } else if (random_below(m->r, 4) == 0) {
        put(m, 0x05 | reg << 3, 1);
    } else {
        at = value[base];
        put(m, 0x80 | reg << 3 | base, 1);
    }
    put(m, to - at, 4);
}

static void put_any_address(struct maker *m, unsigned reg)
{
    unsigned mod = random_below(m->r, 3), rm = random_below(m->r, 8);
    put(m, mod << 6 | reg << 3 | rm, 1);
    if (m->address32) {
        unsigned sib = random_below(m->r, 256);
        if (rm == 4)
            put(m, sib, 1);
        if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (sib & 7) == 5))))
            put(m, random_below(m->r, 0x240), 4);
    } else if (mod == 2 || (mod == 0 && rm == 6)) {
        put(m, random_below(m->r, 0x240), 2);
    }
    if (mod == 1)
        put(m, random_next(m->r) & 0x3f, 1);
}

static void put_modrm(struct maker *m, unsigned flags)
{
    unsigned reg = random_below(m->r, 8);
    bool memory = (flags & NO_REG_FORM) ? random_below(m->r, 30) : random_below(m->r, 2);
    if (!memory)
        put(m, 0xc0 | reg << 3 | random_below(m->r, 8), 1);
    else if (m->c->addresses || !m->c->code32)
        put_any_address(m, reg);
    else
        put_aimed(m, reg);
}

// To the next instruction or behind the sequence, never into the middle of something.
static uint32_t jump_distance(struct maker *m)
{
    return random_below(m->r, 3) ? RANDOM_CODE_MAX + random_below(m->r, 20) : 0;
}

static void put_immediates(struct maker *m, unsigned opcode, unsigned flags, unsigned modrm_reg)
{
    bool test = (opcode == 0xf6 || opcode == 0xf7) && modrm_reg < 2;
    if ((flags & IMM8) || (test && opcode == 0xf6))
        put(m, random_value(m->r), 1);
    if ((flags & IMMZ) || (test && opcode == 0xf7))
        put(m, random_value(m->r), m->code32 ? 4 : 2);
    if (flags & IMM16) { // ENTER: a small frame, few levels
        put(m, random_below(m->r, 64), 2);
        put(m, random_below(m->r, 4), 1);
    }
    if (flags & REL8)
        put(m, jump_distance(m), 1);
    if (flags & RELZ)
        put(m, jump_distance(m), m->code32 ? 4 : 2);
}

static void make_one(struct maker *m)
{
    const struct opcode *o = &opcodes[random_below(m->r, sizeof opcodes / sizeof *opcodes)];
    unsigned opcode = o->first + random_below(m->r, o->last - o->first + 1u), reg = 0;
    m->n = 0;
    put_prefixes(m, o->flags);
    if (opcode & 0x100)
        put(m, 0x0f, 1);
    put(m, opcode & 0xff, 1);
    if (o->flags & MODRM) {
        unsigned at = m->n;
        put_modrm(m, o->flags);
        reg = m->b[at] >> 3 & 7;
    }
    put_immediates(m, opcode, o->flags, reg);
}

// Whether the instruction may stand here, given the flags that are undefined before it; those behind it.
static bool acceptable(const struct maker *m, bool code32, uint32_t *undefined)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction z;
    ZydisDecoderInit(&decoder, code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
                     code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_TZCNT, ZYAN_FALSE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_LZCNT, ZYAN_FALSE);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, m->b, m->n, &z)))
        return *undefined == 0; // invalid on both sides, one hopes; nothing may follow that reads flags
    // far transfers, INT and the like are for other tests
    if (z.mnemonic == ZYDIS_MNEMONIC_CALL || z.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
        (z.mnemonic == ZYDIS_MNEMONIC_JMP && z.opcode == 0xff))
        return false;
    if (z.mnemonic == ZYDIS_MNEMONIC_RDSEED || z.mnemonic == ZYDIS_MNEMONIC_RDRAND ||
        z.mnemonic == ZYDIS_MNEMONIC_RDPID || z.mnemonic == ZYDIS_MNEMONIC_XSAVEC ||
        z.mnemonic == ZYDIS_MNEMONIC_XRSTORS || z.mnemonic == ZYDIS_MNEMONIC_POPCNT ||
        z.mnemonic == ZYDIS_MNEMONIC_XSAVES ||
        (z.opcode_map == ZYDIS_OPCODE_MAP_0F && z.opcode == 0xc7 && z.raw.modrm.reg != 1))
        return false;
    if (z.mnemonic == ZYDIS_MNEMONIC_XABORT || z.mnemonic == ZYDIS_MNEMONIC_XBEGIN)
        return false;
    if (!z.cpu_flags)
        return true;
    if (z.cpu_flags->tested & *undefined)
        return false;
    bool shift =
        z.mnemonic == ZYDIS_MNEMONIC_SHL || z.mnemonic == ZYDIS_MNEMONIC_SHR || z.mnemonic == ZYDIS_MNEMONIC_SAR ||
        z.mnemonic == ZYDIS_MNEMONIC_SHLD || z.mnemonic == ZYDIS_MNEMONIC_SHRD || z.mnemonic == ZYDIS_MNEMONIC_ROL ||
        z.mnemonic == ZYDIS_MNEMONIC_ROR || z.mnemonic == ZYDIS_MNEMONIC_RCL || z.mnemonic == ZYDIS_MNEMONIC_RCR;
    if (shift) // OF of counts above 1, CF of counts beyond the operand; with a count of 0 nothing changes
        *undefined |= ZYDIS_CPUFLAG_OF | ZYDIS_CPUFLAG_AF | ((z.operand_width < 32) ? ZYDIS_CPUFLAG_CF : 0);
    else // what is undefined stays so: a jump or a fault may skip what defines it again
        *undefined |= z.cpu_flags->undefined;
    bool scan = z.mnemonic == ZYDIS_MNEMONIC_BSF || z.mnemonic == ZYDIS_MNEMONIC_BSR;
    if (scan)
        *undefined |= ZYDIS_CPUFLAG_CF | ZYDIS_CPUFLAG_OF | ZYDIS_CPUFLAG_SF | ZYDIS_CPUFLAG_AF | ZYDIS_CPUFLAG_PF;
    bool double16 = (z.mnemonic == ZYDIS_MNEMONIC_SHLD || z.mnemonic == ZYDIS_MNEMONIC_SHRD) && z.operand_width == 16;
    return !(double16 || (z.mnemonic == ZYDIS_MNEMONIC_BSWAP && z.operand_width == 16)); // undefined results
}

void random_integer_code(struct random *r, struct random_code *c, unsigned most)
{
    unsigned want = 1 + random_below(r, most);
    c->length = 0;
    c->undefined = 0;
    for (unsigned i = 0; i < want && c->length < RANDOM_CODE_MAX - 20; i++) {
        struct maker m = {.r = r, .c = c};
        uint32_t undefined = c->undefined;
        make_one(&m);
        if (!acceptable(&m, c->code32, &undefined)) {
            i--;
            continue;
        }
        c->undefined = undefined;
        memcpy(c->bytes + c->length, m.b, m.n);
        c->length += m.n;
    }
}
