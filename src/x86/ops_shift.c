// Shifts and rotates, BT and its kin, BSF, BSR, CMPXCHG, XADD, CMPXCHG8B.
#include "x86/decode.h"

static void set_zsp(struct x86_private *c, uint32_t r, unsigned size, bool cf, bool of)
{
    c->res = x86_extend(r, size);
    c->aux = 0;
    x86_set_cf_of(c, cf, of);
}

static uint32_t mask_of(unsigned size)
{
    return size == 4 ? 0xffffffff : size == 2 ? 0xffff : 0xff;
}

static uint32_t rotate(struct x86_private *c, unsigned kind, uint32_t v, unsigned count, unsigned size)
{
    unsigned bits = size * 8, n = count % bits;
    uint64_t w = v;
    uint32_t r;
    if (kind == 0) { // ROL
        r = (uint32_t)(w << n | w >> (bits - n)) & mask_of(size);
        x86_set_cf_of(c, r & 1, (r >> (bits - 1) ^ r) & 1);
    } else {
        r = (uint32_t)(w >> n | w << (bits - n)) & mask_of(size);
        x86_set_cf_of(c, r >> (bits - 1) & 1, (r >> (bits - 1) ^ r >> (bits - 2)) & 1);
    }
    return r;
}

// Through carry: a rotation of size * 8 + 1 bits.
static uint32_t rotate_carry(struct x86_private *c, unsigned kind, uint32_t v, unsigned count, unsigned size)
{
    unsigned bits = size * 8 + 1, n = count % bits;
    uint64_t w = v | (uint64_t)x86_cf(c) << (bits - 1), all = ((uint64_t)1 << bits) - 1;
    if (n == 0)
        return v;
    w = kind == 2 ? (w << n | w >> (bits - n)) & all : (w >> n | w << (bits - n)) & all;
    uint32_t r = (uint32_t)(w & mask_of(size));
    bool cf = w >> (bits - 1) & 1, top = r >> (bits - 2) & 1, next = r >> (bits - 3) & 1;
    x86_set_cf_of(c, cf, kind == 2 ? cf != top : top != next);
    return r;
}

static uint32_t shift(struct x86_private *c, unsigned kind, uint32_t v, unsigned n, unsigned size)
{
    unsigned bits = size * 8;
    uint32_t r;
    bool cf, of;
    if (kind == 4 || kind == 6) { // SHL
        uint64_t w = (uint64_t)v << n;
        r = (uint32_t)w & mask_of(size);
        cf = w >> bits & 1;
        of = cf != (r >> (bits - 1) & 1);
    } else if (kind == 5) { // SHR
        r = v >> n;
        cf = v >> (n - 1) & 1;
        of = v >> (bits - 1) & 1;
    } else {
        int32_t s = (int32_t)x86_extend(v, size);
        r = (uint32_t)(s >> n) & mask_of(size);
        cf = s >> (n - 1) & 1;
        of = false;
    }
    set_zsp(c, r, size, cf, of);
    return r;
}

static uint32_t rotate_or_shift(struct x86_private *c, unsigned kind, uint32_t v, unsigned count, unsigned size)
{
    if (kind < 2)
        return rotate(c, kind, v, count, size);
    return kind < 4 ? rotate_carry(c, kind, v, count, size) : shift(c, kind, v, count, size);
}

#define DEFINE_SHIFT(name, kind)                                                                                       \
    X86_SLOW(name)                                                                                                     \
    {                                                                                                                  \
        unsigned count = (op->src ? c->pub.state.reg[X86_ECX] : op->imm) & 31;                                         \
        uint32_t v;                                                                                                    \
        if (!x86_get_rm_to_write(c, op, op->size, &v))                                                                 \
            return false;                                                                                              \
        return count == 0 || x86_put_rm(c, op, op->size, rotate_or_shift(c, kind, v, count, op->size));                \
    }

DEFINE_SHIFT(rol, 0)
DEFINE_SHIFT(ror, 1)
DEFINE_SHIFT(rcl, 2)
DEFINE_SHIFT(rcr, 3)
DEFINE_SHIFT(shl, 4)
DEFINE_SHIFT(shr, 5)
DEFINE_SHIFT(sar, 7)

// Shifts of 32-bit registers by a count that is not 0, and of CL: common enough for handlers of their own.
X86_HOT(shl_r32)
{
    uint32_t v = c->pub.state.reg[op->dst], r = v << op->imm, cf = v >> (32 - op->imm) & 1;
    c->pub.state.reg[op->dst] = c->res = r;
    c->aux = cf << 31 | (r >> 31) << 30;
    X86_NEXT;
}

X86_HOT(shr_r32)
{
    uint32_t v = c->pub.state.reg[op->dst], r = v >> op->imm, cf = v >> (op->imm - 1) & 1;
    c->pub.state.reg[op->dst] = c->res = r;
    c->aux = cf << 31 | (cf ^ v >> 31) << 30;
    X86_NEXT;
}

X86_HOT(sar_r32)
{
    int32_t v = (int32_t)c->pub.state.reg[op->dst];
    uint32_t r = (uint32_t)(v >> op->imm), cf = (uint32_t)(v >> (op->imm - 1)) & 1;
    c->pub.state.reg[op->dst] = c->res = r;
    c->aux = cf << 31 | cf << 30;
    X86_NEXT;
}

static x86_handler *pick_fast_shift(const struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const handlers[8] = {[4] = shl_r32, [5] = shr_r32, [6] = shl_r32, [7] = sar_r32};
    if (d->form != X86_FORM_REG || op->size != 4 || op->src || !(op->imm & 31))
        return NULL;
    op->imm &= 31;
    return handlers[d->reg];
}

x86_handler *x86_pick_shift(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const handlers[] = {rol, ror, rcl, rcr, shl, shr, shl, sar};
    x86_take_operands(d, op, d->opcode & 1 ? d->size : 1);
    op->src = d->opcode == 0xd2 || d->opcode == 0xd3; // count in CL
    if (d->opcode == 0xd0 || d->opcode == 0xd1)
        op->imm = 1;
    x86_handler *fast = pick_fast_shift(d, op);
    return fast ? fast : handlers[d->reg];
}

// SHLD, SHRD. Counts above the operand size (16-bit operands) are undefined; as the processors do, three words rotate.
static uint32_t shift_double(struct x86_private *c, uint32_t v, uint32_t in, unsigned n, unsigned size, bool right)
{
    unsigned bits = size * 8;
    uint64_t w;
    uint32_t r;
    bool cf;
    if (size == 4) {
        w = right ? (uint64_t)in << 32 | v : (uint64_t)v << 32 | in;
        r = right ? (uint32_t)(w >> n) : (uint32_t)(w << n >> 32);
        cf = right ? w >> (n - 1) & 1 : w >> (64 - n) & 1;
    } else {
        w = (uint64_t)v << 32 | (uint64_t)in << 16 | v;
        r = right ? (uint32_t)(w >> n) & 0xffff : (uint32_t)(w << n >> 32) & 0xffff;
        cf = right ? w >> (n - 1) & 1 : w >> (48 - n) & 1;
    }
    set_zsp(c, r, size, cf, ((r ^ v) >> (bits - 1)) & 1);
    return r;
}

#define DEFINE_SHIFT_DOUBLE(name, right, amount)                                                                       \
    X86_SLOW(name)                                                                                                     \
    {                                                                                                                  \
        unsigned count = (amount)&31;                                                                                  \
        uint32_t v, in = x86_get(c, op->src, op->size);                                                                \
        if (!x86_get_rm_to_write(c, op, op->size, &v))                                                                 \
            return false;                                                                                              \
        return count == 0 || x86_put_rm(c, op, op->size, shift_double(c, v, in, count, op->size, right));              \
    }

DEFINE_SHIFT_DOUBLE(shld_imm, false, op->imm)
DEFINE_SHIFT_DOUBLE(shld_cl, false, c->pub.state.reg[X86_ECX])
DEFINE_SHIFT_DOUBLE(shrd_imm, true, op->imm)
DEFINE_SHIFT_DOUBLE(shrd_cl, true, c->pub.state.reg[X86_ECX])

x86_handler *x86_pick_shift_double(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->size);
    if (d->opcode & 8)
        return d->opcode & 1 ? shrd_cl : shrd_imm;
    return d->opcode & 1 ? shld_cl : shld_imm;
}

// ---------------------------------------------------------------------------------------------------------------------
// BT, BTS, BTR, BTC

enum { BT, BTS, BTR, BTC };

// A register bit number reaches beyond the operand in memory: by whole operands, signed.
static bool bit_operand(struct x86_private *c, struct x86_op *op, int32_t bit, bool change, uint32_t *lin, uint32_t *v)
{
    unsigned size = op->size;
    if (!x86_in_memory(op)) {
        *v = x86_get(c, op->dst, size);
        return true;
    }
    int32_t step = size == 4 ? (bit >> 5) * 4 : (bit >> 4) * 2;
    uint32_t base = X86_WORD(c, op->base) + (X86_WORD(c, op->index) << op->scale) + op->disp;
    uint32_t offset = (base + (uint32_t)step) & op->mask;
    *lin = offset + c->base[op->seg];
    if (!x86_check_span(c, op->seg, offset, size, change))
        return false;
    uint64_t got = change ? x86_load_to_write(c, *lin, size) : x86_load(c, *lin, size);
    *v = (uint32_t)got;
    return !(got & X86_BAD);
}

static bool bit_op(struct x86_private *c, struct x86_op *op, unsigned kind, int32_t bit)
{
    uint32_t v, lin = 0, m = 1u << ((uint32_t)bit & (op->size * 8u - 1));
    if (!bit_operand(c, op, bit, kind != BT, &lin, &v))
        return false;
    uint32_t r = kind == BTS ? v | m : kind == BTR ? v & ~m : v ^ m;
    if (kind != BT && x86_in_memory(op) && !x86_store(c, lin, op->size, r))
        return false;
    if (kind != BT && !x86_in_memory(op))
        x86_set(c, op->dst, op->size, r);
    x86_set_cf(c, v & m);
    return true;
}

static int32_t bit_number(const struct x86_private *c, const struct x86_op *op)
{
    uint32_t v = x86_get(c, op->src, op->size);
    return (int32_t)(op->size == 2 ? x86_extend_16(v) : v);
}

#define DEFINE_BIT(name, kind)                                                                                         \
    X86_SLOW(name##_reg)                                                                                               \
    {                                                                                                                  \
        return bit_op(c, op, kind, bit_number(c, op));                                                                 \
    }                                                                                                                  \
    X86_SLOW(name##_imm)                                                                                               \
    {                                                                                                                  \
        return bit_op(c, op, kind, (int32_t)(op->imm & (op->size * 8u - 1)));                                          \
    }

DEFINE_BIT(bt, BT)
DEFINE_BIT(bts, BTS)
DEFINE_BIT(btr, BTR)
DEFINE_BIT(btc, BTC)

x86_handler *x86_pick_bits(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const by_reg[] = {bt_reg, bts_reg, btr_reg, btc_reg};
    static x86_handler *const by_imm[] = {bt_imm, bts_imm, btr_imm, btc_imm};
    x86_take_operands(d, op, d->size);
    if (d->opcode != 0x1ba)
        return by_reg[d->opcode >> 3 & 3];
    if (d->reg < 4 || (d->lock && d->reg == 4))
        return NULL;
    return by_imm[d->reg & 3];
}

// ---------------------------------------------------------------------------------------------------------------------
// BSF, BSR: of zero the destination stays (as all processors do; the manual calls it undefined)

static bool scan(struct x86_private *c, struct x86_op *op, bool reverse)
{
    uint32_t v;
    if (!x86_get_rm(c, op, op->size, &v))
        return false;
    unsigned n = reverse ? 31 : 0;
    for (uint32_t m = reverse ? 0x80000000u : 1; v && !(v & m); m = reverse ? m >> 1 : m << 1)
        n = reverse ? n - 1 : n + 1;
    if (v)
        x86_set(c, op->src, op->size, n);
    c->res = v;
    c->aux = 0;
    return true;
}

X86_SLOW(bsf)
{
    return scan(c, op, false);
}
X86_SLOW(bsr)
{
    return scan(c, op, true);
}

x86_handler *x86_pick_scan(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->size);
    return d->opcode & 1 ? bsr : bsf;
}

// ---------------------------------------------------------------------------------------------------------------------
// CMPXCHG, XADD, CMPXCHG8B

static void compare_flags(struct x86_private *c, uint32_t a, uint32_t b, unsigned size)
{
    uint32_t r = a - b, borrow = (~a & b) | ((~a | b) & r);
    c->res = x86_extend(r, size);
    c->aux = size == 4 ? x86_pack_32(borrow) : size == 2 ? x86_pack_16(borrow) : x86_pack_8(borrow);
}

X86_SLOW(cmpxchg)
{
    unsigned size = op->size, acc = size == 1 ? X86_BYTE_INDEX(0) : X86_EAX;
    uint32_t v, a = x86_get(c, acc, size);
    if (!x86_get_rm_to_write(c, op, size, &v))
        return false;
    if (!x86_put_rm(c, op, size, v == a ? x86_get(c, op->src, size) : v)) // it always writes
        return false;
    if (v != a)
        x86_set(c, acc, size, v);
    compare_flags(c, a, v, size);
    return true;
}

X86_SLOW(xadd)
{
    unsigned size = op->size;
    uint32_t v, b = x86_get(c, op->src, size), r;
    if (!x86_get_rm_to_write(c, op, size, &v))
        return false;
    r = v + b;
    uint32_t carry = (v & b) | ((v | b) & ~r);
    if (x86_in_memory(op)) {
        if (!x86_put_rm(c, op, size, r))
            return false;
        x86_set(c, op->src, size, v);
    } else {
        x86_set(c, op->src, size, v);
        x86_set(c, op->dst, size, r);
    }
    c->res = x86_extend(r, size);
    c->aux = size == 4 ? x86_pack_32(carry) : size == 2 ? x86_pack_16(carry) : x86_pack_8(carry);
    return true;
}

X86_SLOW(cmpxchg8b)
{
    uint32_t lin, *reg = c->pub.state.reg;
    if (!x86_address(c, op, 8, true, &lin) || !x86_check_span(c, op->seg, lin - c->base[op->seg], 8, false))
        return false;
    uint64_t low = x86_load_to_write(c, lin, 4), high = low & X86_BAD ? low : x86_load_to_write(c, lin + 4, 4);
    if (high & X86_BAD)
        return false;
    bool same = low == reg[X86_EAX] && high == reg[X86_EDX];
    if (!x86_store(c, lin, 4, same ? reg[X86_EBX] : (uint32_t)low) ||
        !x86_store(c, lin + 4, 4, same ? reg[X86_ECX] : (uint32_t)high))
        return false;
    if (!same) {
        reg[X86_EAX] = (uint32_t)low;
        reg[X86_EDX] = (uint32_t)high;
    }
    x86_settle_flags(c);
    c->pub.state.eflags = same ? c->pub.state.eflags | X86_ZF : c->pub.state.eflags & ~(uint32_t)X86_ZF;
    x86_adopt_flags(c);
    return true;
}

x86_handler *x86_pick_cmpxchg(struct x86_decode *d, struct x86_op *op)
{
    if (d->opcode == 0x1c7)
        return d->reg == 1 ? cmpxchg8b : NULL;
    x86_take_operands(d, op, d->opcode & 1 ? d->size : 1);
    return d->opcode < 0x1c0 ? cmpxchg : xadd;
}
