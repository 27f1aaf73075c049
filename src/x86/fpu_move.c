// Loads, stores, packed decimal and the housekeeping of the coprocessor's register stack.
#include "x86/fpu_ops.h"

// ---------------------------------------------------------------------------------------------------------------------
// Loads

static void push_converted(struct x86_private *c, struct x86_soft *s, struct x86_float v)
{
    bool full = !x86_fpu_empty(c, 7); // found before the operand is looked at
    if (!full && !x86_fpu_commit(c, s) && (s->flags & SOFT_IE))
        return; // a denormal operand is loaded even when that exception is not masked
    x86_fpu_push(c, v);
}

bool x86_fpu_fld_m32(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!x86_fpu_load_32(c, op, &v))
        return false;
    push_converted(c, &s, x86_soft_from_32(&s, v));
    return true;
}

bool x86_fpu_fld_m64(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint64_t v;
    if (!x86_fpu_load_64(c, op, &v))
        return false;
    push_converted(c, &s, x86_soft_from_64(&s, v));
    return true;
}

static void push_exact(struct x86_private *c, struct x86_float v)
{
    x86_fpu_c1(c, false);
    x86_fpu_push(c, v);
}

bool x86_fpu_fld_m80(struct x86_private *c, struct x86_op *op)
{
    struct x86_float v;
    uint32_t lin;
    if (!x86_address(c, op, 10, false, &lin) || !x86_fpu_load_80(c, lin, &v))
        return false;
    push_exact(c, v);
    return true;
}

bool x86_fpu_fild_16(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!x86_get_rm(c, op, 2, &v))
        return false;
    push_exact(c, x86_soft_from_int((int16_t)v));
    return true;
}

bool x86_fpu_fild_32(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!x86_fpu_load_32(c, op, &v))
        return false;
    push_exact(c, x86_soft_from_int((int32_t)v));
    return true;
}

bool x86_fpu_fild_64(struct x86_private *c, struct x86_op *op)
{
    uint64_t v;
    if (!x86_fpu_load_64(c, op, &v))
        return false;
    push_exact(c, x86_soft_from_int((int64_t)v));
    return true;
}

bool x86_fpu_fld_st(struct x86_private *c, struct x86_op *op)
{
    struct x86_float v = *x86_fpu_st(c, op->src);
    if (x86_fpu_empty(c, op->src)) {
        if (!x86_fpu_underflow(c))
            return true;
        v = x86_soft_indefinite;
    } else {
        x86_fpu_c1(c, false);
    }
    x86_fpu_push(c, v);
    return true;
}

// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: 66-bit constants of the silicon, so rounding control matters.
bool x86_fpu_fld_constant(struct x86_private *c, struct x86_op *op)
{
    static const struct {
        struct x86_float below; // rounded towards zero
        bool nearest_is_above, exact;
    } constants[] = {
        {{UINT64_C(0x8000000000000000), 0x3fff}, false, true},
        {{UINT64_C(0xd49a784bcd1b8afe), 0x4000}, false, false}, // log2(10)
        {{UINT64_C(0xb8aa3b295c17f0bb), 0x3fff}, true, false},  // log2(e)
        {{UINT64_C(0xc90fdaa22168c234), 0x4000}, true, false},  // pi
        {{UINT64_C(0x9a209a84fbcff798), 0x3ffd}, true, false},  // log10(2)
        {{UINT64_C(0xb17217f7d1cf79ab), 0x3ffe}, true, false},  // ln(2)
        {{0, 0}, false, true},
    };
    unsigned rounding = c->pub.state.fcw >> 10 & 3, i = op->src;
    struct x86_float v = constants[i].below;
    bool up = rounding == SOFT_NEAREST ? constants[i].nearest_is_above : rounding == SOFT_UP;
    if (up && !constants[i].exact)
        v.mantissa++;
    push_exact(c, v);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Stores. Memory is probed first; an exception that is not masked leaves memory and stack alone.

static bool store_wide(struct x86_private *c, uint32_t lin, unsigned size, uint64_t v)
{
    if (size <= 4)
        return x86_store(c, lin, size, (uint32_t)v);
    return x86_store(c, lin, 4, (uint32_t)v) && x86_store(c, lin + 4, 4, (uint32_t)(v >> 32));
}

enum store_kind { STORE_FLOAT, STORE_INT, STORE_INT_CHOP };

static uint64_t convert(struct x86_soft *s, struct x86_float v, enum store_kind kind, unsigned size)
{
    if (kind == STORE_FLOAT)
        return size == 4 ? x86_soft_to_32(s, v) : x86_soft_to_64(s, v);
    return (uint64_t)x86_soft_to_int(s, v, size * 8);
}

static uint64_t indefinite(enum store_kind kind, unsigned size)
{
    if (kind == STORE_FLOAT)
        return size == 4 ? 0xffc00000 : UINT64_C(0xfff8000000000000);
    return (uint64_t)1 << (size * 8 - 1);
}

// Overflow and underflow of a store to memory count as found before it when not masked.
static bool commit_store(struct x86_private *c, struct x86_soft *s)
{
    unsigned stopping = s->flags & ~(unsigned)c->pub.state.fcw & (SOFT_OE | SOFT_UE);
    if (!stopping)
        return x86_fpu_commit(c, s);
    x86_fpu_c1(c, false);
    x86_fpu_raise(c, stopping);
    return false;
}

static bool store(struct x86_private *c, struct x86_op *op, enum store_kind kind, unsigned size, bool pop)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t lin;
    uint64_t v = indefinite(kind, size);
    if (!x86_fpu_probe_operand(c, op, size, true, &lin))
        return false;
    if (x86_fpu_empty(c, 0)) {
        if (!x86_fpu_underflow(c))
            return true;
    } else {
        v = convert(&s, *x86_fpu_st(c, 0), kind, size);
        if (!commit_store(c, &s))
            return true;
    }
    if (!store_wide(c, lin, size, v))
        return false;
    x86_fpu_pop_if(c, pop, 1);
    return true;
}

bool x86_fpu_fst_m32(struct x86_private *c, struct x86_op *op)
{
    return store(c, op, STORE_FLOAT, 4, op->dst & 1);
}
bool x86_fpu_fst_m64(struct x86_private *c, struct x86_op *op)
{
    return store(c, op, STORE_FLOAT, 8, op->dst & 1);
}
bool x86_fpu_fist_16(struct x86_private *c, struct x86_op *op)
{
    return store(c, op, STORE_INT, 2, op->dst & 1);
}
bool x86_fpu_fist_32(struct x86_private *c, struct x86_op *op)
{
    return store(c, op, STORE_INT, 4, op->dst & 1);
}
bool x86_fpu_fist_64(struct x86_private *c, struct x86_op *op)
{
    return store(c, op, STORE_INT, 8, true);
}

bool x86_fpu_fstp_m80(struct x86_private *c, struct x86_op *op)
{
    uint32_t lin;
    struct x86_float v = *x86_fpu_st(c, 0);
    if (!x86_fpu_probe_operand(c, op, 10, true, &lin))
        return false;
    if (x86_fpu_empty(c, 0)) {
        if (!x86_fpu_underflow(c))
            return true;
        v = x86_soft_indefinite;
    } else {
        x86_fpu_c1(c, false);
    }
    if (!x86_fpu_store_80(c, lin, &v))
        return false;
    x86_fpu_pop(c);
    return true;
}

static bool store_register(struct x86_private *c, const struct x86_op *op)
{
    struct x86_float v = *x86_fpu_st(c, 0);
    if (x86_fpu_empty(c, 0)) {
        if (!x86_fpu_underflow(c))
            return false;
        v = x86_soft_indefinite;
    } else {
        x86_fpu_c1(c, false);
    }
    x86_fpu_set(c, op->src, v);
    return true;
}

bool x86_fpu_fst_st(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, store_register(c, op), 0);
    return true;
}
bool x86_fpu_fstp_st(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, store_register(c, op), 1);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Packed decimal: 18 digits, sign in the tenth byte

bool x86_fpu_fbld(struct x86_private *c, struct x86_op *op)
{
    uint32_t lin;
    struct x86_float raw;
    if (!x86_address(c, op, 10, false, &lin) || !x86_fpu_load_80(c, lin, &raw))
        return false;
    uint64_t v = (raw.sign_exponent >> 4 & 15) * 10u + (raw.sign_exponent & 15);
    for (unsigned i = 16; i-- > 0;)
        v = v * 10 + (raw.mantissa >> (4 * i) & 15);
    struct x86_float f = x86_soft_from_int((int64_t)v);
    f.sign_exponent |= raw.sign_exponent & 0x8000;
    push_exact(c, f);
    return true;
}

static struct x86_float to_decimal(int64_t v, bool sign)
{
    uint64_t m = v < 0 ? (uint64_t)-v : (uint64_t)v, low = 0;
    for (unsigned i = 0; i < 16; i++, m /= 10)
        low |= (m % 10) << (4 * i);
    return (struct x86_float){low, (uint16_t)((sign ? 0x8000u : 0u) | (m / 10 % 10) << 4 | m % 10)};
}

bool x86_fpu_fbstp(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    struct x86_float v = {UINT64_C(0xc000000000000000), 0xffff};
    uint32_t lin;
    if (!x86_fpu_probe_operand(c, op, 10, true, &lin))
        return false;
    if (x86_fpu_empty(c, 0)) {
        if (!x86_fpu_underflow(c))
            return true;
    } else {
        const int64_t most = INT64_C(999999999999999999);
        int64_t n = x86_soft_to_int(&s, *x86_fpu_st(c, 0), 64);
        if (n > most || n < -most)
            s.flags = SOFT_IE;
        if (!x86_fpu_commit(c, &s))
            return true;
        if (!(s.flags & SOFT_IE))
            v = to_decimal(n, x86_fpu_st(c, 0)->sign_exponent >> 15);
    }
    if (!x86_fpu_store_80(c, lin, &v))
        return false;
    x86_fpu_pop(c);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Register housekeeping

bool x86_fpu_fxch(struct x86_private *c, struct x86_op *op)
{
    struct x86_float a = *x86_fpu_st(c, 0), b = *x86_fpu_st(c, op->src);
    bool empty = x86_fpu_either_empty(c, op->src);
    if (empty) {
        if (!x86_fpu_underflow(c))
            return true;
        a = x86_fpu_empty(c, 0) ? x86_soft_indefinite : a;
        b = x86_fpu_empty(c, op->src) ? x86_soft_indefinite : b;
    } else {
        x86_fpu_c1(c, false);
    }
    x86_fpu_set(c, 0, b);
    x86_fpu_set(c, op->src, a);
    return true;
}

bool x86_fpu_ffree(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_free(c, op->src);
    return true;
}

bool x86_fpu_ffreep(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_free(c, op->src);
    x86_fpu_pop(c);
    return true;
}

bool x86_fpu_fincstp(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_fpu_c1(c, false);
    x86_fpu_turn(c, 1);
    return true;
}

bool x86_fpu_fdecstp(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_fpu_c1(c, false);
    x86_fpu_turn(c, -1);
    return true;
}

bool x86_fpu_fnop(struct x86_private *c, struct x86_op *op)
{
    (void)c, (void)op;
    return true;
}

bool x86_fpu_fcmov(struct x86_private *c, struct x86_op *op)
{
    static const uint8_t conditions[] = {2, 4, 6, 10}; // B, E, BE, U
    unsigned negate = op->imm >> 24 & 1;               // DB: the opposite ones
    if (x86_fpu_either_empty(c, op->src)) {
        if (x86_fpu_underflow(c))
            x86_fpu_set(c, 0, x86_soft_indefinite);
        return true;
    }
    x86_fpu_c1(c, false);
    if (x86_condition(c, conditions[op->dst & 3] | negate))
        x86_fpu_set(c, 0, *x86_fpu_st(c, op->src));
    return true;
}
