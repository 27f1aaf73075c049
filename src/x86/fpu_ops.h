// The coprocessor's instructions by name, one group a file, for the table in fpu_ops.c.
#ifndef VXDKIT_X86_FPU_OPS_H
#define VXDKIT_X86_FPU_OPS_H

#include "x86/fpu.h"

// Shared by the groups
void x86_fpu_pop_if(struct x86_private *c, bool done, unsigned times); // so many pops when done
bool x86_fpu_load_32(struct x86_private *c, struct x86_op *op, uint32_t *v);
bool x86_fpu_load_64(struct x86_private *c, struct x86_op *op, uint64_t *v);
bool x86_fpu_either_empty(const struct x86_private *c, unsigned i); // ST(0) or ST(i)
bool x86_fpu_compare_empty(struct x86_private *c); // a comparison with an empty register: true when the error is masked
bool x86_fpu_compare_with(struct x86_private *c, struct x86_soft *s, struct x86_float b,
                          bool quiet); // ST(0) with b into C0, C2, C3
void x86_fpu_settle_denormal(struct x86_soft *s, struct x86_float r);
bool x86_fpu_is_nan(struct x86_float f);

// fpu_arith.c
x86_fpu_function x86_fpu_arith_m32, x86_fpu_arith_m64, x86_fpu_arith_i32, x86_fpu_arith_i16, x86_fpu_arith_to_st0,
    x86_fpu_arith_to_sti, x86_fpu_arith_pop, x86_fpu_com, x86_fpu_comp, x86_fpu_compp, x86_fpu_ucom, x86_fpu_ucomp,
    x86_fpu_ucompp, x86_fpu_comi, x86_fpu_comip, x86_fpu_ucomi, x86_fpu_ucomip;

// fpu_move.c
x86_fpu_function x86_fpu_fld_m32, x86_fpu_fld_m64, x86_fpu_fld_m80, x86_fpu_fild_16, x86_fpu_fild_32, x86_fpu_fild_64,
    x86_fpu_fld_st, x86_fpu_fld_constant, x86_fpu_fst_m32, x86_fpu_fst_m64, x86_fpu_fist_16, x86_fpu_fist_32,
    x86_fpu_fist_64, x86_fpu_fstp_m80, x86_fpu_fst_st, x86_fpu_fstp_st, x86_fpu_fbld, x86_fpu_fbstp, x86_fpu_fxch,
    x86_fpu_ffree, x86_fpu_ffreep, x86_fpu_fincstp, x86_fpu_fdecstp, x86_fpu_fnop, x86_fpu_fcmov;

// fpu_math.c
x86_fpu_function x86_fpu_fchs, x86_fpu_fabs, x86_fpu_ftst, x86_fpu_fxam, x86_fpu_fsqrt, x86_fpu_frndint, x86_fpu_f2xm1,
    x86_fpu_fxtract, x86_fpu_fyl2x, x86_fpu_fyl2xp1, x86_fpu_fpatan, x86_fpu_fscale, x86_fpu_fprem, x86_fpu_fprem1,
    x86_fpu_fsin, x86_fpu_fcos, x86_fpu_fsincos, x86_fpu_fptan;

// fpu_ops.c
x86_fpu_function x86_fpu_fldcw, x86_fpu_fnstcw, x86_fpu_fnstsw, x86_fpu_fnstsw_ax, x86_fpu_fldenv, x86_fpu_fnstenv,
    x86_fpu_fnsave, x86_fpu_frstor, x86_fpu_fnclex, x86_fpu_fninit;

#endif
