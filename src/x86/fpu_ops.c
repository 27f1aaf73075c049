// The coprocessor's instructions. op->src is the stack register named, op->dst the reg field, op->imm the number of the
// function in the table at the end.
#include "x86/fpu.h"
#include "x86/soft_math.h"

static const struct x86_float one = {(uint64_t)1 << 63, 0x3fff};

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic: kinds are the reg field: ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR

static struct x86_float calculate(struct x86_soft *s, unsigned kind, struct x86_float a, struct x86_float b)
{
    switch (kind) {
    case 0: return x86_soft_add(s, a, b);
    case 1: return x86_soft_multiply(s, a, b);
    case 4: return x86_soft_subtract(s, a, b);
    case 5: return x86_soft_subtract(s, b, a);
    case 6: return x86_soft_divide(s, a, b);
    default: return x86_soft_divide(s, b, a);
    }
}

static bool is_nan(struct x86_float f)
{
    return x86_soft_unpack(f).class >= SOFT_QNAN;
}

// A NaN or an invalid operation comes before a denormal operand (Intel SDM 1, 4.9.2).
static void settle_denormal(struct x86_soft *s, struct x86_float r)
{
    if ((s->flags & (SOFT_IE | SOFT_ZE)) || is_nan(r))
        s->flags &= (uint8_t)~SOFT_DE;
}

// ST(to) = ST(0) kind b; false when the result is not written.
static bool arithmetic(struct x86_private *c, struct x86_soft *s, unsigned kind, struct x86_float b, unsigned to)
{
    struct x86_float r = calculate(s, kind, *x86_fpu_st(c, 0), b);
    settle_denormal(s, r);
    if (!x86_fpu_commit(c, s))
        return false;
    x86_fpu_set(c, to, r);
    return true;
}

static void set_condition(struct x86_private *c, enum x86_soft_order o)
{
    static const uint16_t code[] = {[SOFT_GREATER] = 0, [SOFT_LESS] = FSW_C0, [SOFT_EQUAL] = FSW_C3,
                                    [SOFT_UNORDERED] = FSW_C0 | FSW_C2 | FSW_C3};
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~(FSW_C0 | FSW_C2 | FSW_C3)) | code[o]);
}

// False: an exception that is not masked, so nothing is popped.
static bool compare_with(struct x86_private *c, struct x86_soft *s, struct x86_float b, bool quiet)
{
    enum x86_soft_order o = x86_soft_compare(s, *x86_fpu_st(c, 0), b, quiet);
    if (o == SOFT_UNORDERED)
        s->flags &= (uint8_t)~SOFT_DE;
    bool done = x86_fpu_commit(c, s);
    set_condition(c, o); // as silicon does, masked or not
    return done;
}

static bool compare_empty(struct x86_private *c)
{
    bool done = x86_fpu_underflow(c);
    set_condition(c, SOFT_UNORDERED);
    return done;
}

// D8, DA, DC, DE with memory: ST(0) and a number of the kind the opcode names.
static void with_operand(struct x86_private *c, struct x86_op *op, struct x86_soft *s, struct x86_float b)
{
    bool compares = op->dst == 2 || op->dst == 3, done;
    if (x86_fpu_empty(c, 0)) {
        done = compares ? compare_empty(c) : x86_fpu_underflow(c);
        if (done && !compares)
            x86_fpu_set(c, 0, x86_soft_indefinite);
    } else {
        done = compares ? compare_with(c, s, b, false) : arithmetic(c, s, op->dst, b, 0);
    }
    if (done && op->dst == 3)
        x86_fpu_pop(c);
}

static bool load_32(struct x86_private *c, struct x86_op *op, uint32_t *v)
{
    return x86_get_rm(c, op, 4, v);
}

static bool load_64(struct x86_private *c, struct x86_op *op, uint64_t *v)
{
    uint32_t lin;
    if (!x86_address(c, op, 8, false, &lin))
        return false;
    uint64_t low = x86_load(c, lin, 4), high = low & X86_BAD ? low : x86_load(c, lin + 4, 4);
    *v = low | high << 32;
    return !(high & X86_BAD);
}

static bool arith_m32(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!load_32(c, op, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_32(&s, v));
    return true;
}

static bool arith_m64(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint64_t v;
    if (!load_64(c, op, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_64(&s, v));
    return true;
}

static bool arith_i32(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!load_32(c, op, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_int((int32_t)v));
    return true;
}

static bool arith_i16(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!x86_get_rm(c, op, 2, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_int((int16_t)v));
    return true;
}

static bool either_empty(const struct x86_private *c, unsigned i)
{
    return x86_fpu_empty(c, 0) || x86_fpu_empty(c, i);
}

// Registers: the result goes to ST(to). True when it was written.
static bool arith_registers(struct x86_private *c, const struct x86_op *op, unsigned to)
{
    struct x86_soft s = x86_fpu_begin(c);
    if (!either_empty(c, op->src))
        return arithmetic(c, &s, op->dst, *x86_fpu_st(c, op->src), to);
    if (!x86_fpu_underflow(c))
        return false;
    x86_fpu_set(c, to, x86_soft_indefinite);
    return true;
}

static bool arith_to_st0(struct x86_private *c, struct x86_op *op)
{
    (void)arith_registers(c, op, 0);
    return true;
}

static bool arith_to_sti(struct x86_private *c, struct x86_op *op)
{
    (void)arith_registers(c, op, op->src);
    return true;
}

static bool arith_pop(struct x86_private *c, struct x86_op *op)
{
    if (arith_registers(c, op, op->src))
        x86_fpu_pop(c);
    return true;
}

static bool compare_registers(struct x86_private *c, const struct x86_op *op, bool quiet)
{
    struct x86_soft s = x86_fpu_begin(c);
    return either_empty(c, op->src) ? compare_empty(c) : compare_with(c, &s, *x86_fpu_st(c, op->src), quiet);
}

static void pop_if(struct x86_private *c, bool done, unsigned times)
{
    for (; done && times > 0; times--)
        x86_fpu_pop(c);
}

static bool com(struct x86_private *c, struct x86_op *op) { pop_if(c, compare_registers(c, op, false), 0); return true; }
static bool comp(struct x86_private *c, struct x86_op *op) { pop_if(c, compare_registers(c, op, false), 1); return true; }
static bool compp(struct x86_private *c, struct x86_op *op) { pop_if(c, compare_registers(c, op, false), 2); return true; }
static bool ucom(struct x86_private *c, struct x86_op *op) { pop_if(c, compare_registers(c, op, true), 0); return true; }
static bool ucomp(struct x86_private *c, struct x86_op *op) { pop_if(c, compare_registers(c, op, true), 1); return true; }
static bool ucompp(struct x86_private *c, struct x86_op *op) { pop_if(c, compare_registers(c, op, true), 2); return true; }

// FCOMI and its kin put the order into EFLAGS. The condition codes other than C1 stay.
static void compare_to_flags(struct x86_private *c, const struct x86_op *op, bool quiet, bool pop)
{
    static const uint32_t flags[] = {[SOFT_GREATER] = 0, [SOFT_LESS] = X86_CF, [SOFT_EQUAL] = X86_ZF,
                                     [SOFT_UNORDERED] = X86_CF | X86_PF | X86_ZF};
    struct x86_soft s = x86_fpu_begin(c);
    enum x86_soft_order o = SOFT_UNORDERED;
    bool done;
    if (either_empty(c, op->src)) {
        done = x86_fpu_underflow(c);
    } else {
        o = x86_soft_compare(&s, *x86_fpu_st(c, 0), *x86_fpu_st(c, op->src), quiet);
        if (o == SOFT_UNORDERED)
            s.flags &= (uint8_t)~SOFT_DE;
        done = x86_fpu_commit(c, &s);
    }
    x86_settle_flags(c);
    c->pub.state.eflags = (c->pub.state.eflags & ~(uint32_t)X86_ARITHMETIC) | flags[o];
    x86_adopt_flags(c);
    pop_if(c, done && pop, 1);
}

static bool comi(struct x86_private *c, struct x86_op *op) { compare_to_flags(c, op, false, false); return true; }
static bool comip(struct x86_private *c, struct x86_op *op) { compare_to_flags(c, op, false, true); return true; }
static bool ucomi(struct x86_private *c, struct x86_op *op) { compare_to_flags(c, op, true, false); return true; }
static bool ucomip(struct x86_private *c, struct x86_op *op) { compare_to_flags(c, op, true, true); return true; }

// ---------------------------------------------------------------------------------------------------------------------
// Loads

static void push_converted(struct x86_private *c, struct x86_soft *s, struct x86_float v)
{
    bool full = !x86_fpu_empty(c, 7); // found before the operand is looked at
    if (!full && !x86_fpu_commit(c, s) && (s->flags & SOFT_IE))
        return; // a denormal operand is loaded even when that exception is not masked
    x86_fpu_push(c, v);
}

static bool fld_m32(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!load_32(c, op, &v))
        return false;
    push_converted(c, &s, x86_soft_from_32(&s, v));
    return true;
}

static bool fld_m64(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint64_t v;
    if (!load_64(c, op, &v))
        return false;
    push_converted(c, &s, x86_soft_from_64(&s, v));
    return true;
}

static void push_exact(struct x86_private *c, struct x86_float v)
{
    x86_fpu_c1(c, false);
    x86_fpu_push(c, v);
}

static bool fld_m80(struct x86_private *c, struct x86_op *op)
{
    struct x86_float v;
    uint32_t lin;
    if (!x86_address(c, op, 10, false, &lin) || !x86_fpu_load_80(c, lin, &v))
        return false;
    push_exact(c, v);
    return true;
}

static bool fild_16(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!x86_get_rm(c, op, 2, &v))
        return false;
    push_exact(c, x86_soft_from_int((int16_t)v));
    return true;
}

static bool fild_32(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!load_32(c, op, &v))
        return false;
    push_exact(c, x86_soft_from_int((int32_t)v));
    return true;
}

static bool fild_64(struct x86_private *c, struct x86_op *op)
{
    uint64_t v;
    if (!load_64(c, op, &v))
        return false;
    push_exact(c, x86_soft_from_int((int64_t)v));
    return true;
}

static bool fld_st(struct x86_private *c, struct x86_op *op)
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
static bool fld_constant(struct x86_private *c, struct x86_op *op)
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
    pop_if(c, pop, 1);
    return true;
}

static bool fst_m32(struct x86_private *c, struct x86_op *op) { return store(c, op, STORE_FLOAT, 4, op->dst & 1); }
static bool fst_m64(struct x86_private *c, struct x86_op *op) { return store(c, op, STORE_FLOAT, 8, op->dst & 1); }
static bool fist_16(struct x86_private *c, struct x86_op *op) { return store(c, op, STORE_INT, 2, op->dst & 1); }
static bool fist_32(struct x86_private *c, struct x86_op *op) { return store(c, op, STORE_INT, 4, op->dst & 1); }
static bool fist_64(struct x86_private *c, struct x86_op *op) { return store(c, op, STORE_INT, 8, true); }

static bool fstp_m80(struct x86_private *c, struct x86_op *op)
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

static bool fst_st(struct x86_private *c, struct x86_op *op) { pop_if(c, store_register(c, op), 0); return true; }
static bool fstp_st(struct x86_private *c, struct x86_op *op) { pop_if(c, store_register(c, op), 1); return true; }

// ---------------------------------------------------------------------------------------------------------------------
// Packed decimal: 18 digits, sign in the tenth byte

static bool fbld(struct x86_private *c, struct x86_op *op)
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

static bool fbstp(struct x86_private *c, struct x86_op *op)
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

static bool fxch(struct x86_private *c, struct x86_op *op)
{
    struct x86_float a = *x86_fpu_st(c, 0), b = *x86_fpu_st(c, op->src);
    bool empty = either_empty(c, op->src);
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

static bool ffree(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_free(c, op->src);
    return true;
}

static bool ffreep(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_free(c, op->src);
    x86_fpu_pop(c);
    return true;
}

static bool fincstp(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_fpu_c1(c, false);
    x86_fpu_turn(c, 1);
    return true;
}

static bool fdecstp(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_fpu_c1(c, false);
    x86_fpu_turn(c, -1);
    return true;
}

static bool fnop(struct x86_private *c, struct x86_op *op)
{
    (void)c, (void)op;
    return true;
}

static bool fcmov(struct x86_private *c, struct x86_op *op)
{
    static const uint8_t conditions[] = {2, 4, 6, 10}; // B, E, BE, U
    unsigned negate = op->imm >> 24 & 1;               // DB: the opposite ones
    if (either_empty(c, op->src)) {
        if (x86_fpu_underflow(c))
            x86_fpu_set(c, 0, x86_soft_indefinite);
        return true;
    }
    x86_fpu_c1(c, false);
    if (x86_condition(c, conditions[op->dst & 3] | negate))
        x86_fpu_set(c, 0, *x86_fpu_st(c, op->src));
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// One operand

// ST(0) is there. Otherwise the masked answer is given, and false.
static bool have_st0(struct x86_private *c)
{
    if (!x86_fpu_empty(c, 0))
        return true;
    if (x86_fpu_underflow(c))
        x86_fpu_set(c, 0, x86_soft_indefinite);
    return false;
}

static bool sign_op(struct x86_private *c, uint16_t keep, uint16_t flip)
{
    if (!have_st0(c))
        return true;
    struct x86_float v = *x86_fpu_st(c, 0);
    v.sign_exponent = (v.sign_exponent & keep) ^ flip;
    x86_fpu_c1(c, false);
    x86_fpu_set(c, 0, v);
    return true;
}

static bool fchs(struct x86_private *c, struct x86_op *op) { (void)op; return sign_op(c, 0xffff, 0x8000); }
static bool fabs_(struct x86_private *c, struct x86_op *op) { (void)op; return sign_op(c, 0x7fff, 0); }

static bool ftst(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (x86_fpu_empty(c, 0))
        (void)compare_empty(c);
    else
        (void)compare_with(c, &s, (struct x86_float){0, 0}, false);
    return true;
}

static bool fxam(struct x86_private *c, struct x86_op *op)
{
    static const uint16_t code[] = {[SOFT_ZERO] = FSW_C3, [SOFT_FINITE] = FSW_C2, [SOFT_INFINITE] = FSW_C2 | FSW_C0,
                                    [SOFT_QNAN] = FSW_C0, [SOFT_SNAN] = FSW_C0, [SOFT_UNSUPPORTED] = 0};
    struct x86_soft_parts p = x86_soft_unpack(*x86_fpu_st(c, 0));
    uint16_t cc = p.denormal ? FSW_C3 | FSW_C2 : code[p.class];
    (void)op;
    if (x86_fpu_empty(c, 0))
        cc = FSW_C3 | FSW_C0;
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)) | cc | (p.sign ? FSW_C1 : 0));
    return true;
}

static void finish_unary(struct x86_private *c, struct x86_soft *s, struct x86_float r)
{
    settle_denormal(s, r);
    if (x86_fpu_commit(c, s))
        x86_fpu_set(c, 0, r);
}

static bool fsqrt_(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_st0(c))
        finish_unary(c, &s, x86_soft_root(&s, *x86_fpu_st(c, 0)));
    return true;
}

static bool frndint(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_st0(c))
        finish_unary(c, &s, x86_soft_integral(&s, *x86_fpu_st(c, 0)));
    return true;
}

static bool f2xm1(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_st0(c))
        finish_unary(c, &s, x86_soft_2xm1(&s, *x86_fpu_st(c, 0)));
    return true;
}

static bool fxtract(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    struct x86_float v = *x86_fpu_st(c, 0), exponent, significand = v;
    struct x86_soft_parts p = x86_soft_unpack(v);
    (void)op;
    if (x86_fpu_empty(c, 0) || !x86_fpu_empty(c, 7)) {
        x86_fpu_c1(c, !x86_fpu_empty(c, 0));
        if (x86_fpu_raise(c, SOFT_IE | FSW_SF))
            return true;
        exponent = significand = x86_soft_indefinite;
    } else {
        if (x86_soft_nan(&s, v, v, &significand)) {
            exponent = significand;
        } else if (p.class == SOFT_ZERO) {
            s.flags |= SOFT_ZE;
            exponent = (struct x86_float){(uint64_t)1 << 63, 0xffff};
        } else if (p.class == SOFT_INFINITE) {
            exponent = (struct x86_float){(uint64_t)1 << 63, 0x7fff};
        } else {
            s.flags |= p.denormal ? SOFT_DE : 0;
            exponent = x86_soft_from_int(p.exp);
            significand = (struct x86_float){p.m, (uint16_t)((p.sign ? 0x8000u : 0u) | 0x3fff)};
        }
        if (!x86_fpu_commit(c, &s))
            return true;
    }
    x86_fpu_set(c, 0, exponent);
    x86_fpu_turn(c, -1);
    x86_fpu_set(c, 0, significand);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Two operands on the stack

static bool have_both(struct x86_private *c, unsigned to)
{
    if (!either_empty(c, 1))
        return true;
    if (x86_fpu_underflow(c)) {
        x86_fpu_set(c, to, x86_soft_indefinite);
        pop_if(c, to == 1, 1);
    }
    return false;
}

typedef struct x86_float binary(struct x86_soft *s, struct x86_float x, struct x86_float y);

static bool into_st1(struct x86_private *c, binary *fn)
{
    struct x86_soft s = x86_fpu_begin(c);
    if (!have_both(c, 1))
        return true;
    struct x86_float r = fn(&s, *x86_fpu_st(c, 0), *x86_fpu_st(c, 1));
    settle_denormal(&s, r);
    if (!x86_fpu_commit(c, &s))
        return true;
    x86_fpu_set(c, 1, r);
    x86_fpu_pop(c);
    return true;
}

static bool fyl2x(struct x86_private *c, struct x86_op *op) { (void)op; return into_st1(c, x86_soft_yl2x); }
static bool fyl2xp1(struct x86_private *c, struct x86_op *op) { (void)op; return into_st1(c, x86_soft_yl2xp1); }
static bool fpatan(struct x86_private *c, struct x86_op *op) { (void)op; return into_st1(c, x86_soft_patan); }

static bool fscale(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_both(c, 0))
        finish_unary(c, &s, x86_soft_scale(&s, *x86_fpu_st(c, 0), *x86_fpu_st(c, 1)));
    return true;
}

static bool remainder_by(struct x86_private *c, bool nearest)
{
    struct x86_soft s = x86_fpu_begin(c);
    bool complete;
    unsigned q;
    if (!have_both(c, 0))
        return true;
    struct x86_float r = x86_soft_remainder(&s, *x86_fpu_st(c, 0), *x86_fpu_st(c, 1), nearest, &complete, &q);
    settle_denormal(&s, r);
    if (!x86_fpu_commit(c, &s))
        return true;
    x86_fpu_set(c, 0, r);
    uint16_t cc = (uint16_t)((complete ? 0 : FSW_C2) | (q & 4 ? FSW_C0 : 0) | (q & 2 ? FSW_C3 : 0) | (q & 1 ? FSW_C1 : 0));
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)) | cc);
    return true;
}

static bool fprem(struct x86_private *c, struct x86_op *op) { (void)op; return remainder_by(c, false); }
static bool fprem1(struct x86_private *c, struct x86_op *op) { (void)op; return remainder_by(c, true); }

// ---------------------------------------------------------------------------------------------------------------------
// Trigonometry: C2 says that the argument is out of range

static void set_c2(struct x86_private *c, bool v)
{
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~FSW_C2) | (v ? FSW_C2 : 0));
}

static bool trigonometric(struct x86_private *c, enum x86_soft_trig which)
{
    struct x86_soft s = x86_fpu_begin(c);
    bool in_range;
    if (!have_st0(c))
        return true;
    struct x86_float r = x86_soft_trigonometric(&s, which, *x86_fpu_st(c, 0), &in_range);
    set_c2(c, !in_range);
    if (in_range)
        finish_unary(c, &s, r);
    else
        x86_fpu_c1(c, false);
    return true;
}

static bool fsin_(struct x86_private *c, struct x86_op *op) { (void)op; return trigonometric(c, SOFT_SIN); }
static bool fcos_(struct x86_private *c, struct x86_op *op) { (void)op; return trigonometric(c, SOFT_COS); }

// FSINCOS and FPTAN leave two results, the second pushed.
static bool two_results(struct x86_private *c, enum x86_soft_trig first, bool push_one)
{
    struct x86_soft s = x86_fpu_begin(c), t = s;
    bool in_range;
    if (x86_fpu_empty(c, 0) || !x86_fpu_empty(c, 7)) {
        x86_fpu_c1(c, !x86_fpu_empty(c, 0));
        if (x86_fpu_raise(c, SOFT_IE | FSW_SF))
            return true;
        set_c2(c, false);
        x86_fpu_set(c, 0, x86_soft_indefinite);
        x86_fpu_turn(c, -1);
        x86_fpu_set(c, 0, x86_soft_indefinite);
        return true;
    }
    struct x86_float v = *x86_fpu_st(c, 0), a = x86_soft_trigonometric(&s, first, v, &in_range);
    set_c2(c, !in_range);
    if (!in_range) {
        x86_fpu_c1(c, false);
        return true;
    }
    struct x86_float b = push_one ? (is_nan(a) ? a : one) : x86_soft_trigonometric(&t, SOFT_COS, v, &in_range);
    s.flags |= push_one ? 0 : t.flags;
    s.up = push_one ? s.up : t.up;
    settle_denormal(&s, a);
    if (!x86_fpu_commit(c, &s))
        return true;
    x86_fpu_set(c, 0, a);
    x86_fpu_turn(c, -1);
    x86_fpu_set(c, 0, b);
    return true;
}

static bool fsincos(struct x86_private *c, struct x86_op *op) { (void)op; return two_results(c, SOFT_SIN, false); }
static bool fptan(struct x86_private *c, struct x86_op *op) { (void)op; return two_results(c, SOFT_TAN, true); }

// ---------------------------------------------------------------------------------------------------------------------
// Control

static bool fldcw(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!x86_get_rm(c, op, 2, &v))
        return false;
    c->pub.state.fcw = (uint16_t)((v & 0x1f3f) | 0x40);
    x86_fpu_check_pending(c);
    return true;
}

static bool fnstcw(struct x86_private *c, struct x86_op *op) { return x86_put_rm(c, op, 2, c->pub.state.fcw); }
static bool fnstsw(struct x86_private *c, struct x86_op *op) { return x86_put_rm(c, op, 2, c->pub.state.fsw); }

static bool fnstsw_ax(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_set_16(c, X86_EAX, c->pub.state.fsw);
    return true;
}

static bool fldenv(struct x86_private *c, struct x86_op *op)
{
    uint32_t at;
    return x86_fpu_probe_operand(c, op, op->size * 7u, false, &at) && x86_fpu_load_environment(c, op, &at);
}

static bool fnstenv(struct x86_private *c, struct x86_op *op)
{
    uint32_t at;
    if (!x86_fpu_probe_operand(c, op, op->size * 7u, true, &at) || !x86_fpu_store_environment(c, op, &at))
        return false;
    c->pub.state.fcw |= FSW_EXCEPTIONS;
    x86_fpu_check_pending(c);
    return true;
}

static bool fnsave(struct x86_private *c, struct x86_op *op)
{
    uint32_t at;
    if (!x86_fpu_probe_operand(c, op, op->size * 7u + 80, true, &at) || !x86_fpu_store_environment(c, op, &at))
        return false;
    for (unsigned i = 0; i < 8; i++, at += 10)
        if (!x86_fpu_store_80(c, at, x86_fpu_st(c, i)))
            return false;
    x86_fpu_init(c);
    return true;
}

static bool frstor(struct x86_private *c, struct x86_op *op)
{
    uint32_t at;
    struct x86_float st[8];
    if (!x86_fpu_probe_operand(c, op, op->size * 7u + 80, false, &at))
        return false;
    for (unsigned i = 0; i < 8; i++)
        if (!x86_fpu_load_80(c, at + op->size * 7u + 10 * i, &st[i]))
            return false;
    uint64_t fsw = x86_load(c, at + op->size, 2); // TOP of the saved environment places the registers
    if (fsw & X86_BAD)
        return false;
    for (unsigned i = 0; i < 8; i++)
        c->pub.state.st[((fsw >> 11) + i) & 7] = st[i];
    return x86_fpu_load_environment(c, op, &at);
}

static bool fnclex(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    c->pub.state.fsw &= 0x7f00;
    return true;
}

static bool fninit(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_fpu_init(c);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The table: by opcode and reg field; where rm decides too, a second one

#define ARITH(f) f, f, f, f, f, f, f, f

static x86_fpu_function *const with_memory[8][8] = {
    {ARITH(arith_m32)},
    {fld_m32, NULL, fst_m32, fst_m32, fldenv, fldcw, fnstenv, fnstcw},
    {ARITH(arith_i32)},
    {fild_32, NULL, fist_32, fist_32, NULL, fld_m80, NULL, fstp_m80},
    {ARITH(arith_m64)},
    {fld_m64, NULL, fst_m64, fst_m64, frstor, NULL, fnsave, fnstsw},
    {ARITH(arith_i16)},
    {fild_16, NULL, fist_16, fist_16, fbld, fild_64, fbstp, fist_64},
};

static x86_fpu_function *const with_registers[8][8] = {
    {arith_to_st0, arith_to_st0, com, comp, arith_to_st0, arith_to_st0, arith_to_st0, arith_to_st0},
    {fld_st, fxch, NULL, fstp_st, NULL, NULL, NULL, NULL},
    {fcmov, fcmov, fcmov, fcmov, NULL, NULL, NULL, NULL},
    {fcmov, fcmov, fcmov, fcmov, NULL, ucomi, comi, NULL},
    {arith_to_sti, arith_to_sti, com, comp, arith_to_sti, arith_to_sti, arith_to_sti, arith_to_sti},
    {ffree, fxch, fst_st, fstp_st, ucom, ucomp, NULL, NULL},
    {arith_pop, arith_pop, comp, NULL, arith_pop, arith_pop, arith_pop, arith_pop},
    {ffreep, fxch, fstp_st, fstp_st, NULL, ucomip, comip, NULL},
};

static x86_fpu_function *const group_d9[4][8] = {
    {fchs, fabs_, NULL, NULL, ftst, fxam, NULL, NULL},
    {fld_constant, fld_constant, fld_constant, fld_constant, fld_constant, fld_constant, fld_constant, NULL},
    {f2xm1, fyl2x, fptan, fpatan, fxtract, fprem1, fdecstp, fincstp},
    {fprem, fyl2xp1, fsqrt_, fsincos, frndint, fscale, fsin_, fcos_},
};

// FNENI, FNDISI, FNCLEX, FNINIT, FNSETPM: what the 8087 and 80287 needed does nothing since the 387.
static x86_fpu_function *const group_db[8] = {fnop, fnop, fnclex, fninit, fnop, NULL, NULL, NULL};

static x86_fpu_function *find(unsigned esc, bool memory, unsigned reg, unsigned rm)
{
    if (memory)
        return with_memory[esc][reg];
    if (esc == 1 && reg == 2)
        return rm == 0 ? fnop : NULL;
    if (esc == 1 && reg >= 4)
        return group_d9[reg - 4][rm];
    if (esc == 2 && reg == 5)
        return rm == 1 ? ucompp : NULL;
    if (esc == 3 && reg == 4)
        return group_db[rm];
    if (esc == 6 && reg == 3)
        return rm == 1 ? compp : NULL;
    if (esc == 7 && reg == 4)
        return rm == 0 ? fnstsw_ax : NULL;
    return with_registers[esc][reg];
}

static bool is_control(x86_fpu_function *fn)
{
    return fn == fldcw || fn == fnstcw || fn == fnstsw || fn == fnstsw_ax || fn == fldenv || fn == fnstenv || fn == fnsave ||
           fn == frstor || fn == fnclex || fn == fninit;
}

// FLDCW, FLDENV and FRSTOR are control instructions that wait.
static bool waits(x86_fpu_function *fn)
{
    return fn == fldcw || fn == fldenv || fn == frstor;
}

static bool needs_p6(x86_fpu_function *fn)
{
    return fn == fcmov || fn == comi || fn == comip || fn == ucomi || fn == ucomip;
}

enum { IS_MEMORY = 1 << 6 };

bool x86_fpu_find(const struct x86_decode *d, struct x86_op *op, enum x86_fpu_kind *kind)
{
    bool memory = d->form != X86_FORM_REG;
    x86_fpu_function *fn = find(d->opcode & 7, memory, d->reg, d->rm);
    if (!fn || (needs_p6(fn) && d->c->pub.state.model < X86_P6))
        return false;
    op->imm |= (memory ? IS_MEMORY : 0u);
    *kind = !is_control(fn) ? X86_FPU_COMPUTES : waits(fn) ? X86_FPU_WAITS : X86_FPU_CONTROLS;
    return true;
}

bool x86_fpu_call(struct x86_private *c, struct x86_op *op)
{
    return find(op->imm >> 24 & 7, op->imm & IS_MEMORY, op->dst, op->src)(c, op);
}
