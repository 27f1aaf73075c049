// From bytes to blocks. Zydis finds the length, the ModRM byte, displacements and immediates; the table at the end says
// which function picks the handler of an opcode. What Zydis reads otherwise than a 386 does is caught before it.
#include <Zydis/Zydis.h>

#include "x86/decode.h"

enum {
    LOCK = 1, // takes LOCK with a memory operand
    M486 = 2, // models that have it
    M586 = 4,
    M686 = 8,
    MEMORY = 16, // no register operand
    ENDS = 32,   // ends its block
};

struct row {
    x86_pick *pick;
    unsigned flags;
};

static const struct row one_byte[256], two_byte[256];

enum result { DECODED, TRUNCATED, TOO_LONG, INVALID };

// ---------------------------------------------------------------------------------------------------------------------
// One instruction

static bool take_prefix(struct x86_decode *d, uint8_t b)
{
    switch (b) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        d->segment = b >> 3 & 3;
        d->override = true;
        return true;
    case 0x64:
    case 0x65:
        d->segment = b & 7;
        d->override = true;
        return true;
    case 0x66:
        d->size = d->mode & X86_MODE_CODE32 ? 2 : 4;
        return true;
    case 0x67:
        d->address32 = !(d->mode & X86_MODE_CODE32);
        return true;
    case 0xf0:
        d->lock = true;
        return true;
    case 0xf2:
    case 0xf3:
        d->rep = b;
        return true;
    default:
        return false;
    }
}

// Prefixes and opcode; *n is where they end.
static enum result read_opcode(struct x86_decode *d, unsigned *n)
{
    d->segment = X86_DS;
    d->size = d->mode & X86_MODE_CODE32 ? 4 : 2;
    d->address32 = d->mode & X86_MODE_CODE32;
    unsigned i = 0;
    while (i < d->available && i < 15 && take_prefix(d, d->bytes[i]))
        i++;
    if (i >= 15)
        return TOO_LONG;
    if (i >= d->available)
        return TRUNCATED;
    d->opcode = d->bytes[i++];
    if (d->opcode == 0x0f) {
        if (i >= d->available)
            return i >= 15 ? TOO_LONG : TRUNCATED;
        d->opcode = (uint16_t)(0x100 | d->bytes[i++]);
    }
    *n = i;
    return DECODED;
}

// Encodings that are register-only or unknown to Zydis: ModRM alone follows.
static bool is_plain_modrm(const struct x86_decode *d, unsigned at)
{
    bool test_register = d->opcode == 0x124 || d->opcode == 0x126 || (d->opcode >= 0x120 && d->opcode <= 0x123);
    bool x87_register = d->opcode >= 0xd8 && d->opcode <= 0xdf && d->bytes[at] >= 0xc0;
    return test_register || x87_register;
}

// VEX, EVEX and XOP took over encodings that a 386 finds invalid: LES, LDS and BOUND of registers, POP with reg not 0.
static bool is_taken_over(const struct x86_decode *d, uint8_t modrm)
{
    if (d->opcode == 0xc4 || d->opcode == 0xc5 || d->opcode == 0x62)
        return modrm >= 0xc0;
    return d->opcode == 0x8f && (modrm & 0x38);
}

static void split_modrm(struct x86_decode *d, uint8_t b)
{
    d->mod = b >> 6;
    d->reg = b >> 3 & 7;
    d->rm = b & 7;
}

static enum result ask_zydis(struct x86_decode *d, ZydisDecodedInstruction *z)
{
    ZydisDecoder decoder;
    bool wide = d->mode & X86_MODE_CODE32;
    ZydisDecoderInit(&decoder, wide ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
                     wide ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_LZCNT, ZYAN_FALSE);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_TZCNT, ZYAN_FALSE);
    ZyanStatus status =
        ZydisDecoderDecodeInstruction(&decoder, NULL, d->bytes, d->available < 15 ? d->available : 15, z);
    if (ZYAN_SUCCESS(status))
        return DECODED;
    if (status == ZYDIS_STATUS_NO_MORE_DATA)
        return d->available >= 15 ? TOO_LONG : TRUNCATED;
    return status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ? TOO_LONG : INVALID;
}

// The address of a 16-bit ModRM: base, index and the default segment.
static uint8_t address16(const struct x86_decode *d, struct x86_op *op)
{
    static const uint8_t base[] = {X86_EBX, X86_EBX, X86_EBP, X86_EBP, X86_ESI, X86_EDI, X86_EBP, X86_EBX};
    static const uint8_t index[] = {X86_ESI, X86_EDI, X86_ESI, X86_EDI};
    op->mask = 0xffff;
    op->base = op->index = X86_ZERO;
    if (d->mod == 0 && d->rm == 6)
        return X86_DS;
    op->base = X86_REG_OFFSET(base[d->rm]);
    if (d->rm < 4)
        op->index = X86_REG_OFFSET(index[d->rm]);
    return base[d->rm] == X86_EBP ? X86_SS : X86_DS;
}

static uint8_t address32(const struct x86_decode *d, struct x86_op *op, const ZydisDecodedInstruction *z)
{
    unsigned base = d->rm, index = 4;
    op->mask = 0xffffffff;
    if (d->rm == 4) {
        base = z->raw.sib.base;
        index = z->raw.sib.index;
        op->scale = z->raw.sib.scale;
    }
    bool no_base = d->mod == 0 && base == 5;
    op->base = no_base ? X86_ZERO : X86_REG_OFFSET(base);
    op->index = index == 4 ? X86_ZERO : X86_REG_OFFSET(index);
    return !no_base && (base == X86_ESP || base == X86_EBP) ? X86_SS : X86_DS;
}

static bool is_flat(const struct x86_decode *d, uint8_t seg)
{
    return (d->mode & X86_MODE_FLAT) && (seg == X86_DS || seg == X86_ES || seg == X86_SS);
}

static void take_address(struct x86_decode *d, struct x86_op *op, const ZydisDecodedInstruction *z)
{
    op->disp = (uint32_t)z->raw.disp.value;
    op->scale = 0;
    uint8_t seg = d->address32 ? address32(d, op, z) : address16(d, op);
    seg = d->override ? d->segment : seg;
    op->seg = is_flat(d, seg) ? X86_FLAT : seg;
    d->form = op->seg != X86_FLAT || !d->address32 ? X86_FORM_SEG
              : op->index == X86_ZERO              ? X86_FORM_BASE
                                                   : X86_FORM_SIB;
}

static void take_moffs(struct x86_decode *d, struct x86_op *op, const ZydisDecodedInstruction *z)
{
    op->disp = (uint32_t)z->raw.disp.value;
    op->base = op->index = X86_ZERO;
    op->mask = d->address32 ? 0xffffffff : 0xffff;
    op->seg = is_flat(d, d->segment) ? X86_FLAT : d->segment;
    d->form = op->seg == X86_FLAT && d->address32 ? X86_FORM_BASE : X86_FORM_SEG;
}

static bool is_moffs(unsigned opcode)
{
    return opcode >= 0xa0 && opcode <= 0xa3;
}

static void take_fields(struct x86_decode *d, struct x86_op *op, const ZydisDecodedInstruction *z)
{
    d->length = z->length;
    d->imm = (uint32_t)z->raw.imm[0].value.u;
    d->imm2 = (uint32_t)z->raw.imm[1].value.u;
    if (is_moffs(d->opcode)) {
        take_moffs(d, op, z);
        return;
    }
    if (!z->raw.modrm.offset)
        return;
    split_modrm(d, d->bytes[z->raw.modrm.offset]);
    if (d->mod != 3)
        take_address(d, op, z);
}

static bool model_has(const struct x86_decode *d, unsigned flags)
{
    unsigned model = d->c->pub.state.model;
    unsigned need = flags & M686 ? X86_P6 : flags & M586 ? X86_PENTIUM : flags & M486 ? X86_486 : X86_386;
    return model >= need;
}

static x86_handler *pick_handler(struct x86_decode *d, struct x86_op *op)
{
    const struct row *row = d->opcode & 0x100 ? &two_byte[d->opcode & 0xff] : &one_byte[d->opcode];
    if (!row->pick || !model_has(d, row->flags))
        return NULL;
    if ((row->flags & MEMORY) && d->form == X86_FORM_REG)
        return NULL;
    if (d->lock && !((row->flags & LOCK) && d->form != X86_FORM_REG))
        return NULL;
    d->ends = row->flags & ENDS;
    op->imm = d->imm;
    return row->pick(d, op);
}

static x86_handler *invalid(struct x86_decode *d)
{
    d->ends = true;
    d->links = 0;
    return x86_op_invalid;
}

// The escape opcode 0F 3F nn nn.
static enum result decode_gate(struct x86_decode *d, struct x86_op *op, unsigned n)
{
    if (d->available < n + 2)
        return TRUNCATED;
    op->imm = base_get16(d->bytes + n);
    d->length = n + 2;
    d->ends = true;
    op->run = x86_op_gate;
    return DECODED;
}

static enum result decode_fields(struct x86_decode *d, struct x86_op *op)
{
    unsigned n;
    enum result r = read_opcode(d, &n);
    if (r != DECODED)
        return r;
    if (d->opcode == 0x13f)
        return d->gates && n == 2 ? decode_gate(d, op, n) : INVALID;
    if (n < d->available && is_plain_modrm(d, n)) {
        split_modrm(d, d->bytes[n]);
        d->mod = 3;
        d->length = n + 1;
        return n + 1 > 15 ? TOO_LONG : DECODED;
    }
    if (n < d->available && is_taken_over(d, d->bytes[n]))
        return INVALID;
    ZydisDecodedInstruction z;
    r = ask_zydis(d, &z);
    if (r == DECODED)
        take_fields(d, op, &z);
    return r;
}

static enum result decode_one(struct x86_decode *d, struct x86_op *op)
{
    *op = (struct x86_op){.base = X86_ZERO, .index = X86_ZERO, .seg = X86_NO_MEMORY, .mask = 0xffffffff};
    d->form = X86_FORM_REG;
    d->rep = 0;
    d->override = d->lock = d->ends = false;
    d->links = 0;
    op->offset = (uint16_t)d->offset;
    d->length = 1;
    d->imm = d->imm2 = 0;
    d->mod = 3, d->reg = d->rm = 0;
    enum result r = decode_fields(d, op);
    if (r == TRUNCATED)
        return r;
    if (r != DECODED) // all bytes that decided it: a write to any of them must be noticed
        d->length = d->available < 15 ? d->available : 15;
    if (r == TOO_LONG) {
        op->run = x86_raise_gp0;
        d->ends = true;
    } else if (r == INVALID) {
        op->run = invalid(d);
    } else if (!op->run) {
        op->mask = d->form == X86_FORM_REG ? d->address32 ? 0xffffffff : 0xffff : op->mask;
        x86_handler *run = pick_handler(d, op);
        op->run = run ? run : invalid(d);
    }
    op->length = (uint8_t)d->length;
    return DECODED;
}

// ---------------------------------------------------------------------------------------------------------------------
// Blocks

static bool break_at(const struct x86_private *c, uint32_t linear)
{
    for (uint32_t i = 0; i < c->break_count; i++)
        if (((c->breaks[i] ^ linear) & X86_PAGE_MASK) == 0) // aliases of the page share the block
            return true;
    return false;
}

// An instruction whose bytes go on behind the page. False: the second page cannot be fetched, or there is no more.
static bool gather(struct x86_private *c, uint32_t linear, const uint8_t *page, uint8_t bytes[16], uint32_t *phys2)
{
    uint32_t offset = linear & X86_PAGE_MASK, room = X86_PAGE_SIZE - offset;
    const uint8_t *second;
    if (!x86_fetch_page(c, linear + room, phys2))
        return false;
    second = x86_memory_read_page(c->pub.memory, *phys2 / X86_PAGE_SIZE);
    memcpy(bytes, page + offset, room);
    if (second)
        memcpy(bytes + room, second, 16 - room);
    else
        memset(bytes + room, 0xff, 16 - room);
    return true;
}

static void number(struct x86_block *b, unsigned count)
{
    struct x86_op *op = b->ops;
    b->count = (uint16_t)count;
    for (unsigned i = 0; i < count; i++)
        op[i].rest = (uint16_t)(count - i);
}

// Behind the last operation: its links, or the jump to what follows.
static void close_block(struct x86_block *b, unsigned n, bool ended, unsigned links)
{
    struct x86_op *op = &b->ops[n];
    if (!ended) {
        *op = (struct x86_op){.run = x86_op_continue, .offset = b->size};
        links = 1;
        op++;
    }
    memset(op, 0, links * sizeof *op);
    b->end = op + links;
    number(b, n);
}

static bool decode_crossing(struct x86_decode *d, struct x86_block *b, const uint8_t *page, uint32_t linear)
{
    uint8_t bytes[16];
    if (!gather(d->c, linear, page, bytes, &b->phys2))
        return false;
    d->bytes = bytes;
    d->available = sizeof bytes;
    (void)decode_one(d, &b->ops[0]);
    b->size = (uint16_t)d->length;
    b->crosses = b->phys2 != (b->phys & ~(uint32_t)X86_PAGE_MASK);
    close_block(b, 1, d->ends, d->links);
    return true;
}

struct x86_block *x86_decode_block(struct x86_private *c, uint32_t linear, uint32_t phys, unsigned mode,
                                   struct x86_block *into)
{
    struct x86_decode d = {.c = c, .mode = mode};
    const uint8_t *page = x86_memory_read_page(c->pub.memory, phys / X86_PAGE_SIZE);
    uint8_t ones[16];
    uint32_t first = phys & X86_PAGE_MASK, offset = 0;
    unsigned n = 0, most = mode & X86_MODE_STEP ? 1 : X86_BLOCK_OPS;
    *into = (struct x86_block){.phys = phys, .phys2 = X86_ONE_PAGE, .mode = (uint8_t)mode};
    if (!page) { // devices and nothing read as ones, which is no instruction
        memset(ones, 0xff, sizeof ones);
        d.bytes = ones, d.available = sizeof ones;
        (void)decode_one(&d, &into->ops[0]);
        into->size = 1;
        close_block(into, 1, true, 0);
        return into;
    }
    d.gates = x86_memory_kind(c->pub.memory, phys / X86_PAGE_SIZE) == X86_GATES;
    do {
        if (first + offset >= X86_PAGE_SIZE || (n && c->break_count && break_at(c, linear + offset)))
            break;
        d.bytes = page + first + offset;
        d.offset = offset;
        d.available = X86_PAGE_SIZE - first - offset;
        if (decode_one(&d, &into->ops[n]) == TRUNCATED) {
            if (n)
                break;
            return decode_crossing(&d, into, page, linear) ? into : NULL;
        }
        offset += d.length;
        n++;
    } while (!d.ends && n < most);
    into->size = (uint16_t)offset;
    close_block(into, n, d.ends, d.links);
    return into;
}

// ---------------------------------------------------------------------------------------------------------------------
// The opcodes. Ranges in the array designators are written out by these.

#define R2(at, ...)   [(at)] = __VA_ARGS__, [(at) + 1] = __VA_ARGS__
#define R4(at, ...)   R2(at, __VA_ARGS__), R2((at) + 2, __VA_ARGS__)
#define R8(at, ...)   R4(at, __VA_ARGS__), R4((at) + 4, __VA_ARGS__)
#define R16(at, ...)  R8(at, __VA_ARGS__), R8((at) + 8, __VA_ARGS__)
#define ALU(at, lock) R2(at, {x86_pick_alu, lock}), R4((at) + 2, {x86_pick_alu, 0})

static const struct row one_byte[256] = {
    ALU(0x00, LOCK),
    ALU(0x08, LOCK),
    ALU(0x10, LOCK),
    ALU(0x18, LOCK),
    ALU(0x20, LOCK),
    ALU(0x28, LOCK),
    ALU(0x30, LOCK),
    ALU(0x38, 0),
    [0x06] = {x86_pick_push_seg, 0},
    [0x0e] = {x86_pick_push_seg, 0},
    [0x16] = {x86_pick_push_seg, 0},
    [0x1e] = {x86_pick_push_seg, 0},
    [0x07] = {x86_pick_pop_seg, ENDS},
    [0x17] = {x86_pick_pop_seg, ENDS},
    [0x1f] = {x86_pick_pop_seg, ENDS},
    [0x27] = {x86_pick_adjust, 0},
    [0x2f] = {x86_pick_adjust, 0},
    [0x37] = {x86_pick_adjust, 0},
    [0x3f] = {x86_pick_adjust, 0},
    R16(0x40, {x86_pick_incdec, 0}),
    R8(0x50, {x86_pick_push_reg, 0}),
    R8(0x58, {x86_pick_pop_reg, 0}),
    R2(0x60, {x86_pick_stack, 0}),
    [0x62] = {x86_pick_bound, MEMORY},
    [0x63] = {x86_pick_system, 0}, // ARPL
    [0x68] = {x86_pick_push_imm, 0},
    [0x6a] = {x86_pick_push_imm, 0},
    [0x69] = {x86_pick_imul, 0},
    [0x6b] = {x86_pick_imul, 0},
    R4(0x6c, {x86_pick_string, ENDS}),
    R16(0x70, {x86_pick_jcc, ENDS}),
    R4(0x80, {x86_pick_alu_group, LOCK}),
    R2(0x84, {x86_pick_test, 0}),
    R2(0x86, {x86_pick_xchg, LOCK}),
    R4(0x88, {x86_pick_mov, 0}),
    [0x8c] = {x86_pick_mov_seg, 0},
    [0x8e] = {x86_pick_mov_seg, ENDS},
    [0x8d] = {x86_pick_lea, MEMORY},
    [0x8f] = {x86_pick_pop_rm, 0},
    R8(0x90, {x86_pick_xchg_acc, 0}),
    R2(0x98, {x86_pick_simple, 0}),
    [0x9a] = {x86_pick_far, ENDS},
    [0x9b] = {x86_pick_fpu, 0},
    [0x9c] = {x86_pick_stack, 0},
    [0x9d] = {x86_pick_stack, ENDS},
    R2(0x9e, {x86_pick_simple, 0}),
    R4(0xa0, {x86_pick_mov_moffs, 0}),
    R4(0xa4, {x86_pick_string, 0}),
    R2(0xa8, {x86_pick_test, 0}),
    R4(0xaa, {x86_pick_string, 0}),
    R2(0xae, {x86_pick_string, 0}),
    R16(0xb0, {x86_pick_mov_reg_imm, 0}),
    R2(0xc0, {x86_pick_shift, 0}),
    R2(0xc2, {x86_pick_ret, ENDS}),
    R2(0xc4, {x86_pick_load_far, MEMORY | ENDS}),
    R2(0xc6, {x86_pick_mov_imm, 0}),
    R2(0xc8, {x86_pick_stack, 0}),
    R2(0xca, {x86_pick_far, ENDS}),
    R4(0xcc, {x86_pick_int, ENDS}),
    R4(0xd0, {x86_pick_shift, 0}),
    R2(0xd4, {x86_pick_adjust, 0}),
    [0xd6] = {x86_pick_simple, 0}, // SALC
    [0xd7] = {x86_pick_xlat, 0},
    R8(0xd8, {x86_pick_fpu, 0}),
    R4(0xe0, {x86_pick_loop, ENDS}),
    R4(0xe4, {x86_pick_io, ENDS}),
    [0xe8] = {x86_pick_call, ENDS},
    [0xe9] = {x86_pick_jmp, ENDS},
    [0xea] = {x86_pick_far, ENDS},
    [0xeb] = {x86_pick_jmp, ENDS},
    R4(0xec, {x86_pick_io, ENDS}),
    [0xf1] = {x86_pick_int, ENDS}, // INT1
    [0xf4] = {x86_pick_system, ENDS},
    [0xf5] = {x86_pick_flag, 0},
    R2(0xf6, {x86_pick_group3, LOCK}),
    R2(0xf8, {x86_pick_flag, 0}),
    R2(0xfa, {x86_pick_flag, ENDS}),
    R2(0xfc, {x86_pick_flag, 0}),
    [0xfe] = {x86_pick_incdec_rm, LOCK},
    [0xff] = {x86_pick_group5, LOCK},
};

static const struct row two_byte[256] = {
    [0x00] = {x86_pick_group6, ENDS},
    [0x01] = {x86_pick_group7, ENDS},
    R2(0x02, {x86_pick_system, 0}), // LAR, LSL
    [0x06] = {x86_pick_system, ENDS},
    R2(0x08, {x86_pick_system, M486 | ENDS}), // INVD, WBINVD
    [0x0b] = {x86_pick_system, ENDS},
    R4(0x20, {x86_pick_control, ENDS}),
    [0x24] = {x86_pick_control, ENDS},
    [0x26] = {x86_pick_control, ENDS},
    [0x30] = {x86_pick_system, M586 | ENDS},
    [0x31] = {x86_pick_system, M586},
    [0x32] = {x86_pick_system, M586 | ENDS},
    [0x33] = {x86_pick_system, M686},
    R16(0x40, {x86_pick_cmov, M686}),
    R16(0x80, {x86_pick_jcc, ENDS}),
    R16(0x90, {x86_pick_setcc, 0}),
    [0xa0] = {x86_pick_push_seg, 0},
    [0xa8] = {x86_pick_push_seg, 0},
    [0xa1] = {x86_pick_pop_seg, ENDS},
    [0xa9] = {x86_pick_pop_seg, ENDS},
    [0xa2] = {x86_pick_system, M486}, // CPUID
    [0xa3] = {x86_pick_bits, 0},
    [0xab] = {x86_pick_bits, LOCK},
    [0xb3] = {x86_pick_bits, LOCK},
    [0xbb] = {x86_pick_bits, LOCK},
    [0xba] = {x86_pick_bits, LOCK},
    R2(0xa4, {x86_pick_shift_double, 0}),
    R2(0xac, {x86_pick_shift_double, 0}),
    [0xaf] = {x86_pick_imul, 0},
    R2(0xb0, {x86_pick_cmpxchg, M486 | LOCK}),
    R2(0xc0, {x86_pick_cmpxchg, M486 | LOCK}),
    [0xc7] = {x86_pick_cmpxchg, M586 | LOCK | MEMORY},
    [0xb2] = {x86_pick_load_far, MEMORY | ENDS},
    R2(0xb4, {x86_pick_load_far, MEMORY | ENDS}),
    R2(0xb6, {x86_pick_extend, 0}),
    R2(0xbe, {x86_pick_extend, 0}),
    R2(0xbc, {x86_pick_scan, 0}),
    R8(0xc8, {x86_pick_bswap, M486}),
};
