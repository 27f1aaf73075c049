// The coprocessor's functions of one and two operands and its trigonometry.
#include "x86/fpu_ops.h"
#include "x86/soft_math.h"

static const struct x86_float one = {(uint64_t)1 << 63, 0x3fff};

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

bool x86_fpu_fchs(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return sign_op(c, 0xffff, 0x8000);
}
bool x86_fpu_fabs(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return sign_op(c, 0x7fff, 0);
}

bool x86_fpu_ftst(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (x86_fpu_empty(c, 0))
        (void)x86_fpu_compare_empty(c);
    else
        (void)x86_fpu_compare_with(c, &s, (struct x86_float){0, 0}, false);
    return true;
}

bool x86_fpu_fxam(struct x86_private *c, struct x86_op *op)
{
    static const uint16_t code[] = {[SOFT_ZERO] = FSW_C3, [SOFT_FINITE] = FSW_C2, [SOFT_INFINITE] = FSW_C2 | FSW_C0,
                                    [SOFT_QNAN] = FSW_C0, [SOFT_SNAN] = FSW_C0,   [SOFT_UNSUPPORTED] = 0};
    struct x86_soft_parts p = x86_soft_unpack(*x86_fpu_st(c, 0));
    uint16_t cc = p.denormal ? FSW_C3 | FSW_C2 : code[p.class];
    (void)op;
    if (x86_fpu_empty(c, 0))
        cc = FSW_C3 | FSW_C0;
    c->pub.state.fsw =
        (uint16_t)((c->pub.state.fsw & ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)) | cc | (p.sign ? FSW_C1 : 0));
    return true;
}

static void finish_unary(struct x86_private *c, struct x86_soft *s, struct x86_float r)
{
    x86_fpu_settle_denormal(s, r);
    if (x86_fpu_commit(c, s))
        x86_fpu_set(c, 0, r);
}

bool x86_fpu_fsqrt(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_st0(c))
        finish_unary(c, &s, x86_soft_root(&s, *x86_fpu_st(c, 0)));
    return true;
}

bool x86_fpu_frndint(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_st0(c))
        finish_unary(c, &s, x86_soft_integral(&s, *x86_fpu_st(c, 0)));
    return true;
}

bool x86_fpu_f2xm1(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    (void)op;
    if (have_st0(c))
        finish_unary(c, &s, x86_soft_2xm1(&s, *x86_fpu_st(c, 0)));
    return true;
}

bool x86_fpu_fxtract(struct x86_private *c, struct x86_op *op)
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
    if (!x86_fpu_either_empty(c, 1))
        return true;
    if (x86_fpu_underflow(c)) {
        x86_fpu_set(c, to, x86_soft_indefinite);
        x86_fpu_pop_if(c, to == 1, 1);
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
    x86_fpu_settle_denormal(&s, r);
    if (!x86_fpu_commit(c, &s))
        return true;
    x86_fpu_set(c, 1, r);
    x86_fpu_pop(c);
    return true;
}

bool x86_fpu_fyl2x(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return into_st1(c, x86_soft_yl2x);
}
bool x86_fpu_fyl2xp1(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return into_st1(c, x86_soft_yl2xp1);
}
bool x86_fpu_fpatan(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return into_st1(c, x86_soft_patan);
}

bool x86_fpu_fscale(struct x86_private *c, struct x86_op *op)
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
    x86_fpu_settle_denormal(&s, r);
    if (!x86_fpu_commit(c, &s))
        return true;
    x86_fpu_set(c, 0, r);
    uint16_t cc =
        (uint16_t)((complete ? 0 : FSW_C2) | (q & 4 ? FSW_C0 : 0) | (q & 2 ? FSW_C3 : 0) | (q & 1 ? FSW_C1 : 0));
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~(FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3)) | cc);
    return true;
}

bool x86_fpu_fprem(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return remainder_by(c, false);
}
bool x86_fpu_fprem1(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return remainder_by(c, true);
}

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

bool x86_fpu_fsin(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return trigonometric(c, SOFT_SIN);
}
bool x86_fpu_fcos(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return trigonometric(c, SOFT_COS);
}

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
    struct x86_float b = push_one ? (x86_fpu_is_nan(a) ? a : one) : x86_soft_trigonometric(&t, SOFT_COS, v, &in_range);
    s.flags |= push_one ? 0 : t.flags;
    s.up = push_one ? s.up : t.up;
    x86_fpu_settle_denormal(&s, a);
    if (!x86_fpu_commit(c, &s))
        return true;
    x86_fpu_set(c, 0, a);
    x86_fpu_turn(c, -1);
    x86_fpu_set(c, 0, b);
    return true;
}

bool x86_fpu_fsincos(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return two_results(c, SOFT_SIN, false);
}
bool x86_fpu_fptan(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    return two_results(c, SOFT_TAN, true);
}
