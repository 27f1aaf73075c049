// MUL, IMUL, DIV, IDIV and the decimal adjustments.
#include "x86/decode.h"

// After a multiplication CF = OF = "the upper half matters"; SF, ZF and PF follow the lower half as on the P6.
static void product_flags(struct x86_private *c, uint32_t low, unsigned size, bool upper)
{
    c->res = x86_extend(low, size);
    c->aux = 0;
    x86_set_cf_of(c, upper, upper);
}

static void set_pair(struct x86_private *c, unsigned size, uint32_t low, uint32_t high)
{
    if (size == 1) {
        x86_set_16(c, X86_EAX, (low & 0xff) | high << 8);
        return;
    }
    x86_set(c, X86_EAX, size, low);
    x86_set(c, X86_EDX, size, high);
}

static uint32_t accumulator(const struct x86_private *c, unsigned size)
{
    return size == 1 ? c->pub.state.reg[X86_EAX] & 0xff : x86_get(c, X86_EAX, size);
}

X86_SLOW(mul)
{
    unsigned size = op->size, bits = size * 8;
    uint32_t v;
    if (!x86_get_rm(c, op, size, &v))
        return false;
    uint64_t p = (uint64_t)accumulator(c, size) * v;
    set_pair(c, size, (uint32_t)p, (uint32_t)(p >> bits));
    product_flags(c, (uint32_t)p, size, p >> bits);
    return true;
}

static int64_t signed_of(uint32_t v, unsigned size)
{
    return (int32_t)x86_extend(v, size);
}

static bool overflows(int64_t p, unsigned size)
{
    return p != signed_of((uint32_t)p, size);
}

X86_SLOW(imul)
{
    unsigned size = op->size, bits = size * 8;
    uint32_t v;
    if (!x86_get_rm(c, op, size, &v))
        return false;
    int64_t p = signed_of(accumulator(c, size), size) * signed_of(v, size);
    set_pair(c, size, (uint32_t)p, (uint32_t)((uint64_t)p >> bits));
    product_flags(c, (uint32_t)p, size, overflows(p, size));
    return true;
}

static bool imul_to(struct x86_private *c, struct x86_op *op, bool immediate)
{
    uint32_t v;
    if (!x86_get_rm(c, op, op->size, &v))
        return false;
    uint32_t other = immediate ? op->imm : x86_get(c, op->src, op->size);
    int64_t p = signed_of(v, op->size) * signed_of(other, op->size);
    x86_set(c, op->src, op->size, (uint32_t)p);
    product_flags(c, (uint32_t)p, op->size, overflows(p, op->size));
    return true;
}

X86_SLOW(imul_rm)
{
    return imul_to(c, op, false);
}
X86_SLOW(imul_imm)
{
    return imul_to(c, op, true);
}

// The 32-bit forms that compilers make.
X86_INLINE void imul_32(struct x86_private *c, unsigned to, uint32_t a, uint32_t b)
{
    int64_t p = (int64_t)(int32_t)a * (int32_t)b;
    bool upper = p != (int32_t)p;
    c->pub.state.reg[to] = c->res = (uint32_t)p;
    c->aux = upper ? X86_AUX_CF : 0; // CF and OF
}

X86_HOT(imul_rr_32)
{
    imul_32(c, op->src, c->pub.state.reg[op->src], c->pub.state.reg[op->dst]);
    X86_NEXT;
}

X86_HOT(imul_ri_32)
{
    imul_32(c, op->src, c->pub.state.reg[op->dst], op->imm);
    X86_NEXT;
}

X86_COLD_READ(imul_rm_32, 4u, imul_32(c, op->src, c->pub.state.reg[op->src], v);)
X86_MEMORY_FORMS(imul_rm_32, read, 4u, imul_32(c, op->src, c->pub.state.reg[op->src], x86_host_load_32(host));)

x86_handler *x86_pick_imul(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const from_memory[] = X86_FORM_LIST(imul_rm_32);
    bool two = d->opcode == 0x1af;
    x86_take_operands(d, op, d->size);
    if (d->size == 4 && d->form == X86_FORM_REG)
        return two ? imul_rr_32 : imul_ri_32;
    if (d->size == 4 && two)
        return from_memory[d->form];
    return d->opcode == 0x1af ? imul_rm : imul_imm;
}

static uint64_t dividend(const struct x86_private *c, unsigned size)
{
    const uint32_t *reg = c->pub.state.reg;
    if (size == 1)
        return reg[X86_EAX] & 0xffff;
    if (size == 2)
        return (reg[X86_EAX] & 0xffff) | reg[X86_EDX] << 16;
    return reg[X86_EAX] | (uint64_t)reg[X86_EDX] << 32;
}

X86_SLOW(div)
{
    unsigned size = op->size;
    uint32_t v;
    if (!x86_get_rm(c, op, size, &v))
        return false;
    uint64_t n = dividend(c, size);
    if (v == 0 || n / v >> (size * 8) != 0)
        return x86_fail(c, 0);
    set_pair(c, size, (uint32_t)(n / v), (uint32_t)(n % v));
    return true;
}

static bool divide_signed(int64_t n, int64_t v, unsigned size, int64_t *q, int64_t *r)
{
    if (v == 0 || (v == -1 && n == INT64_MIN))
        return false;
    *q = n / v;
    *r = n % v;
    return !overflows(*q, size);
}

X86_SLOW(idiv)
{
    unsigned size = op->size;
    uint32_t v;
    int64_t q, r;
    if (!x86_get_rm(c, op, size, &v))
        return false;
    uint64_t raw = dividend(c, size);
    int64_t n = size == 4 ? (int64_t)raw : size == 2 ? (int32_t)raw : (int16_t)raw;
    if (!divide_signed(n, signed_of(v, size), size, &q, &r))
        return x86_fail(c, 0);
    set_pair(c, size, (uint32_t)q, (uint32_t)r);
    return true;
}

x86_handler *x86_pick_muldiv(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const handlers[] = {mul, imul, div, idiv};
    x86_take_operands(d, op, d->opcode & 1 ? d->size : 1);
    return handlers[d->reg & 3];
}

// ---------------------------------------------------------------------------------------------------------------------
// DAA, DAS, AAA, AAS, AAM, AAD (the manual's pseudo code; what it leaves undefined is as silicon does)

static void set_al(struct x86_private *c, uint32_t al)
{
    x86_set_8(c, X86_BYTE_INDEX(0), al);
}

static void adjust_flags(struct x86_private *c, uint32_t al, bool cf, bool af)
{
    c->res = x86_extend_8(al);
    c->aux = af ? X86_AUX_AF : 0;
    x86_set_cf_of(c, cf, false);
}

static void decimal(struct x86_private *c, bool subtract)
{
    uint32_t old = c->pub.state.reg[X86_EAX] & 0xff, al = old;
    bool cf = x86_cf(c), low = (al & 15) > 9 || x86_af(c), carry = false;
    if (low) {
        uint32_t v = subtract ? al - 6 : al + 6;
        carry = cf || (v >> 8 & 1);
        al = v & 0xff;
    }
    if (old > 0x99 || cf) {
        al = (subtract ? al - 0x60 : al + 0x60) & 0xff;
        carry = true;
    }
    set_al(c, al);
    adjust_flags(c, al, carry, low);
}

static void ascii(struct x86_private *c, bool subtract)
{
    uint32_t ax = c->pub.state.reg[X86_EAX] & 0xffff;
    bool adjust = (ax & 15) > 9 || x86_af(c);
    if (adjust)
        ax = subtract ? ax - 0x106 : ax + 0x106;
    x86_set_16(c, X86_EAX, ax & 0xff0f);
    adjust_flags(c, ax & 15, adjust, adjust);
}

X86_HOT(daa)
{
    decimal(c, false);
    X86_NEXT;
}
X86_HOT(das)
{
    decimal(c, true);
    X86_NEXT;
}
X86_HOT(aaa)
{
    ascii(c, false);
    X86_NEXT;
}
X86_HOT(aas)
{
    ascii(c, true);
    X86_NEXT;
}

X86_HOT(aam)
{
    uint32_t al = c->pub.state.reg[X86_EAX] & 0xff, base = op->imm & 0xff;
    if (base == 0) {
        x86_fail(c, 0);
        return x86_raise(c, op);
    }
    x86_set_16(c, X86_EAX, al / base << 8 | al % base);
    adjust_flags(c, al % base, false, false);
    X86_NEXT;
}

X86_HOT(aad)
{
    uint32_t ax = c->pub.state.reg[X86_EAX] & 0xffff, al = ((ax >> 8) * (op->imm & 0xff) + ax) & 0xff;
    x86_set_16(c, X86_EAX, al);
    adjust_flags(c, al, false, false);
    X86_NEXT;
}

x86_handler *x86_pick_adjust(struct x86_decode *d, struct x86_op *op)
{
    (void)op;
    switch (d->opcode) {
    case 0x27:
        return daa;
    case 0x2f:
        return das;
    case 0x37:
        return aaa;
    case 0x3f:
        return aas;
    case 0xd4:
        return aam;
    default:
        return aad;
    }
}
