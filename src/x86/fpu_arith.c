// The coprocessor's arithmetic and comparisons. In all fpu_*.c: op->src is the stack register named, op->dst the reg
// field.
#include "x86/fpu_ops.h"

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic: kinds are the reg field: ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR

static struct x86_float calculate(struct x86_soft *s, unsigned kind, struct x86_float a, struct x86_float b)
{
    switch (kind) {
    case 0:
        return x86_soft_add(s, a, b);
    case 1:
        return x86_soft_multiply(s, a, b);
    case 4:
        return x86_soft_subtract(s, a, b);
    case 5:
        return x86_soft_subtract(s, b, a);
    case 6:
        return x86_soft_divide(s, a, b);
    default:
        return x86_soft_divide(s, b, a);
    }
}

bool x86_fpu_is_nan(struct x86_float f)
{
    return x86_soft_unpack(f).class >= SOFT_QNAN;
}

// A NaN or an invalid operation comes before a denormal operand (Intel SDM 1, 4.9.2).
void x86_fpu_settle_denormal(struct x86_soft *s, struct x86_float r)
{
    if ((s->flags & (SOFT_IE | SOFT_ZE)) || x86_fpu_is_nan(r))
        s->flags &= (uint8_t)~SOFT_DE;
}

// ST(to) = ST(0) kind b; false when the result is not written.
static bool arithmetic(struct x86_private *c, struct x86_soft *s, unsigned kind, struct x86_float b, unsigned to)
{
    struct x86_float r = calculate(s, kind, *x86_fpu_st(c, 0), b);
    x86_fpu_settle_denormal(s, r);
    if (!x86_fpu_commit(c, s))
        return false;
    x86_fpu_set(c, to, r);
    return true;
}

static void set_condition(struct x86_private *c, enum x86_soft_order o)
{
    static const uint16_t code[] = {
        [SOFT_GREATER] = 0, [SOFT_LESS] = FSW_C0, [SOFT_EQUAL] = FSW_C3, [SOFT_UNORDERED] = FSW_C0 | FSW_C2 | FSW_C3};
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~(FSW_C0 | FSW_C2 | FSW_C3)) | code[o]);
}

// False: an exception that is not masked, so nothing is popped.
bool x86_fpu_compare_with(struct x86_private *c, struct x86_soft *s, struct x86_float b, bool quiet)
{
    enum x86_soft_order o = x86_soft_compare(s, *x86_fpu_st(c, 0), b, quiet);
    if (o == SOFT_UNORDERED)
        s->flags &= (uint8_t)~SOFT_DE;
    bool done = x86_fpu_commit(c, s);
    set_condition(c, o); // as silicon does, masked or not
    return done;
}

bool x86_fpu_compare_empty(struct x86_private *c)
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
        done = compares ? x86_fpu_compare_empty(c) : x86_fpu_underflow(c);
        if (done && !compares)
            x86_fpu_set(c, 0, x86_soft_indefinite);
    } else {
        done = compares ? x86_fpu_compare_with(c, s, b, false) : arithmetic(c, s, op->dst, b, 0);
    }
    if (done && op->dst == 3)
        x86_fpu_pop(c);
}

bool x86_fpu_load_32(struct x86_private *c, struct x86_op *op, uint32_t *v)
{
    return x86_get_rm(c, op, 4, v);
}

bool x86_fpu_load_64(struct x86_private *c, struct x86_op *op, uint64_t *v)
{
    uint32_t lin;
    if (!x86_address(c, op, 8, false, &lin))
        return false;
    uint64_t low = x86_load(c, lin, 4), high = low & X86_BAD ? low : x86_load(c, lin + 4, 4);
    *v = low | high << 32;
    return !(high & X86_BAD);
}

bool x86_fpu_arith_m32(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!x86_fpu_load_32(c, op, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_32(&s, v));
    return true;
}

bool x86_fpu_arith_m64(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint64_t v;
    if (!x86_fpu_load_64(c, op, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_64(&s, v));
    return true;
}

bool x86_fpu_arith_i32(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!x86_fpu_load_32(c, op, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_int((int32_t)v));
    return true;
}

bool x86_fpu_arith_i16(struct x86_private *c, struct x86_op *op)
{
    struct x86_soft s = x86_fpu_begin(c);
    uint32_t v;
    if (!x86_get_rm(c, op, 2, &v))
        return false;
    with_operand(c, op, &s, x86_soft_from_int((int16_t)v));
    return true;
}

bool x86_fpu_either_empty(const struct x86_private *c, unsigned i)
{
    return x86_fpu_empty(c, 0) || x86_fpu_empty(c, i);
}

// Registers: the result goes to ST(to). True when it was written.
static bool arith_registers(struct x86_private *c, const struct x86_op *op, unsigned to)
{
    struct x86_soft s = x86_fpu_begin(c);
    if (!x86_fpu_either_empty(c, op->src))
        return arithmetic(c, &s, op->dst, *x86_fpu_st(c, op->src), to);
    if (!x86_fpu_underflow(c))
        return false;
    x86_fpu_set(c, to, x86_soft_indefinite);
    return true;
}

bool x86_fpu_arith_to_st0(struct x86_private *c, struct x86_op *op)
{
    (void)arith_registers(c, op, 0);
    return true;
}

bool x86_fpu_arith_to_sti(struct x86_private *c, struct x86_op *op)
{
    (void)arith_registers(c, op, op->src);
    return true;
}

bool x86_fpu_arith_pop(struct x86_private *c, struct x86_op *op)
{
    if (arith_registers(c, op, op->src))
        x86_fpu_pop(c);
    return true;
}

static bool compare_registers(struct x86_private *c, const struct x86_op *op, bool quiet)
{
    struct x86_soft s = x86_fpu_begin(c);
    return x86_fpu_either_empty(c, op->src) ? x86_fpu_compare_empty(c)
                                            : x86_fpu_compare_with(c, &s, *x86_fpu_st(c, op->src), quiet);
}

void x86_fpu_pop_if(struct x86_private *c, bool done, unsigned times)
{
    for (; done && times > 0; times--)
        x86_fpu_pop(c);
}

bool x86_fpu_com(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, compare_registers(c, op, false), 0);
    return true;
}
bool x86_fpu_comp(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, compare_registers(c, op, false), 1);
    return true;
}
bool x86_fpu_compp(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, compare_registers(c, op, false), 2);
    return true;
}
bool x86_fpu_ucom(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, compare_registers(c, op, true), 0);
    return true;
}
bool x86_fpu_ucomp(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, compare_registers(c, op, true), 1);
    return true;
}
bool x86_fpu_ucompp(struct x86_private *c, struct x86_op *op)
{
    x86_fpu_pop_if(c, compare_registers(c, op, true), 2);
    return true;
}

// FCOMI and its kin put the order into EFLAGS. The condition codes other than C1 stay.
static void compare_to_flags(struct x86_private *c, const struct x86_op *op, bool quiet, bool pop)
{
    static const uint32_t flags[] = {
        [SOFT_GREATER] = 0, [SOFT_LESS] = X86_CF, [SOFT_EQUAL] = X86_ZF, [SOFT_UNORDERED] = X86_CF | X86_PF | X86_ZF};
    struct x86_soft s = x86_fpu_begin(c);
    enum x86_soft_order o = SOFT_UNORDERED;
    bool done;
    if (x86_fpu_either_empty(c, op->src)) {
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
    x86_fpu_pop_if(c, done && pop, 1);
}

bool x86_fpu_comi(struct x86_private *c, struct x86_op *op)
{
    compare_to_flags(c, op, false, false);
    return true;
}
bool x86_fpu_comip(struct x86_private *c, struct x86_op *op)
{
    compare_to_flags(c, op, false, true);
    return true;
}
bool x86_fpu_ucomi(struct x86_private *c, struct x86_op *op)
{
    compare_to_flags(c, op, true, false);
    return true;
}
bool x86_fpu_ucomip(struct x86_private *c, struct x86_op *op)
{
    compare_to_flags(c, op, true, true);
    return true;
}
