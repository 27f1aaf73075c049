// Finds the coprocessor's instructions, and those that control it. op->src is the stack register named, op->dst the reg
// field.
#include "x86/fpu_ops.h"

// ---------------------------------------------------------------------------------------------------------------------
// Control

bool x86_fpu_fldcw(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!x86_get_rm(c, op, 2, &v))
        return false;
    c->pub.state.fcw = (uint16_t)((v & 0x1f3f) | 0x40);
    x86_fpu_check_pending(c);
    return true;
}

bool x86_fpu_fnstcw(struct x86_private *c, struct x86_op *op)
{
    return x86_put_rm(c, op, 2, c->pub.state.fcw);
}
bool x86_fpu_fnstsw(struct x86_private *c, struct x86_op *op)
{
    return x86_put_rm(c, op, 2, c->pub.state.fsw);
}

bool x86_fpu_fnstsw_ax(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_set_16(c, X86_EAX, c->pub.state.fsw);
    return true;
}

bool x86_fpu_fldenv(struct x86_private *c, struct x86_op *op)
{
    uint32_t at;
    return x86_fpu_probe_operand(c, op, op->size * 7u, false, &at) && x86_fpu_load_environment(c, op, &at);
}

bool x86_fpu_fnstenv(struct x86_private *c, struct x86_op *op)
{
    uint32_t at;
    if (!x86_fpu_probe_operand(c, op, op->size * 7u, true, &at) || !x86_fpu_store_environment(c, op, &at))
        return false;
    c->pub.state.fcw |= FSW_EXCEPTIONS;
    x86_fpu_check_pending(c);
    return true;
}

bool x86_fpu_fnsave(struct x86_private *c, struct x86_op *op)
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

bool x86_fpu_frstor(struct x86_private *c, struct x86_op *op)
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

bool x86_fpu_fnclex(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    c->pub.state.fsw &= 0x7f00;
    x86_fpu_check_pending(c);
    return true;
}

bool x86_fpu_fninit(struct x86_private *c, struct x86_op *op)
{
    (void)op;
    x86_fpu_init(c);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The table: by opcode and reg field; where rm decides too, a second one

#define ARITH(f) f, f, f, f, f, f, f, f

static x86_fpu_function *const with_memory[8][8] = {
    {ARITH(x86_fpu_arith_m32)},
    {x86_fpu_fld_m32, NULL, x86_fpu_fst_m32, x86_fpu_fst_m32, x86_fpu_fldenv, x86_fpu_fldcw, x86_fpu_fnstenv,
     x86_fpu_fnstcw},
    {ARITH(x86_fpu_arith_i32)},
    {x86_fpu_fild_32, NULL, x86_fpu_fist_32, x86_fpu_fist_32, NULL, x86_fpu_fld_m80, NULL, x86_fpu_fstp_m80},
    {ARITH(x86_fpu_arith_m64)},
    {x86_fpu_fld_m64, NULL, x86_fpu_fst_m64, x86_fpu_fst_m64, x86_fpu_frstor, NULL, x86_fpu_fnsave, x86_fpu_fnstsw},
    {ARITH(x86_fpu_arith_i16)},
    {x86_fpu_fild_16, NULL, x86_fpu_fist_16, x86_fpu_fist_16, x86_fpu_fbld, x86_fpu_fild_64, x86_fpu_fbstp,
     x86_fpu_fist_64},
};

static x86_fpu_function *const with_registers[8][8] = {
    {x86_fpu_arith_to_st0, x86_fpu_arith_to_st0, x86_fpu_com, x86_fpu_comp, x86_fpu_arith_to_st0, x86_fpu_arith_to_st0,
     x86_fpu_arith_to_st0, x86_fpu_arith_to_st0},
    {x86_fpu_fld_st, x86_fpu_fxch, NULL, x86_fpu_fstp_st, NULL, NULL, NULL, NULL},
    {x86_fpu_fcmov, x86_fpu_fcmov, x86_fpu_fcmov, x86_fpu_fcmov, NULL, NULL, NULL, NULL},
    {x86_fpu_fcmov, x86_fpu_fcmov, x86_fpu_fcmov, x86_fpu_fcmov, NULL, x86_fpu_ucomi, x86_fpu_comi, NULL},
    {x86_fpu_arith_to_sti, x86_fpu_arith_to_sti, x86_fpu_com, x86_fpu_comp, x86_fpu_arith_to_sti, x86_fpu_arith_to_sti,
     x86_fpu_arith_to_sti, x86_fpu_arith_to_sti},
    {x86_fpu_ffree, x86_fpu_fxch, x86_fpu_fst_st, x86_fpu_fstp_st, x86_fpu_ucom, x86_fpu_ucomp, NULL, NULL},
    {x86_fpu_arith_pop, x86_fpu_arith_pop, x86_fpu_comp, NULL, x86_fpu_arith_pop, x86_fpu_arith_pop, x86_fpu_arith_pop,
     x86_fpu_arith_pop},
    {x86_fpu_ffreep, x86_fpu_fxch, x86_fpu_fstp_st, x86_fpu_fstp_st, NULL, x86_fpu_ucomip, x86_fpu_comip, NULL},
};

static x86_fpu_function *const group_d9[4][8] = {
    {x86_fpu_fchs, x86_fpu_fabs, NULL, NULL, x86_fpu_ftst, x86_fpu_fxam, NULL, NULL},
    {x86_fpu_fld_constant, x86_fpu_fld_constant, x86_fpu_fld_constant, x86_fpu_fld_constant, x86_fpu_fld_constant,
     x86_fpu_fld_constant, x86_fpu_fld_constant, NULL},
    {x86_fpu_f2xm1, x86_fpu_fyl2x, x86_fpu_fptan, x86_fpu_fpatan, x86_fpu_fxtract, x86_fpu_fprem1, x86_fpu_fdecstp,
     x86_fpu_fincstp},
    {x86_fpu_fprem, x86_fpu_fyl2xp1, x86_fpu_fsqrt, x86_fpu_fsincos, x86_fpu_frndint, x86_fpu_fscale, x86_fpu_fsin,
     x86_fpu_fcos},
};

// FNENI, FNDISI, FNCLEX, FNINIT, FNSETPM: what the 8087 and 80287 needed does nothing since the 387.
static x86_fpu_function *const group_db[8] = {x86_fpu_fnop, x86_fpu_fnop, x86_fpu_fnclex, x86_fpu_fninit,
                                              x86_fpu_fnop, NULL,         NULL,           NULL};

static x86_fpu_function *find(unsigned esc, bool memory, unsigned reg, unsigned rm)
{
    if (memory)
        return with_memory[esc][reg];
    if (esc == 1 && reg == 2)
        return rm == 0 ? x86_fpu_fnop : NULL;
    if (esc == 1 && reg >= 4)
        return group_d9[reg - 4][rm];
    if (esc == 2 && reg == 5)
        return rm == 1 ? x86_fpu_ucompp : NULL;
    if (esc == 3 && reg == 4)
        return group_db[rm];
    if (esc == 6 && reg == 3)
        return rm == 1 ? x86_fpu_compp : NULL;
    if (esc == 7 && reg == 4)
        return rm == 0 ? x86_fpu_fnstsw_ax : NULL;
    return with_registers[esc][reg];
}

static bool is_control(x86_fpu_function *fn)
{
    return fn == x86_fpu_fldcw || fn == x86_fpu_fnstcw || fn == x86_fpu_fnstsw || fn == x86_fpu_fnstsw_ax ||
           fn == x86_fpu_fldenv || fn == x86_fpu_fnstenv || fn == x86_fpu_fnsave || fn == x86_fpu_frstor ||
           fn == x86_fpu_fnclex || fn == x86_fpu_fninit;
}

// FLDCW, FLDENV and FRSTOR are control instructions that wait.
static bool waits(x86_fpu_function *fn)
{
    return fn == x86_fpu_fldcw || fn == x86_fpu_fldenv || fn == x86_fpu_frstor;
}

static bool needs_p6(x86_fpu_function *fn)
{
    return fn == x86_fpu_fcmov || fn == x86_fpu_comi || fn == x86_fpu_comip || fn == x86_fpu_ucomi ||
           fn == x86_fpu_ucomip;
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
