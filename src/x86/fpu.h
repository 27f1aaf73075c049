// The coprocessor's register stack, status and exceptions: shared by fpu.c (the machinery and the environment) and
// fpu_*.c (the instructions; fpu_ops.h).
#ifndef VXDKIT_X86_FPU_H
#define VXDKIT_X86_FPU_H

#include "x86/decode.h"
#include "x86/soft.h"

enum {
    FSW_SF = 0x40,
    FSW_ES = 0x80,
    FSW_C0 = 0x100,
    FSW_C1 = 0x200,
    FSW_C2 = 0x400,
    FSW_C3 = 0x4000,
    FSW_B = 0x8000,
    FSW_EXCEPTIONS = 0x3f,
    FSW_BEFORE = SOFT_IE | SOFT_DE | SOFT_ZE, // found before the operation: it does not happen
};

X86_INLINE unsigned x86_fpu_index(const struct x86_private *c, unsigned i)
{
    return ((c->pub.state.fsw >> 11) + i) & 7;
}
X86_INLINE struct x86_float *x86_fpu_st(struct x86_private *c, unsigned i)
{
    return &c->pub.state.st[x86_fpu_index(c, i)];
}
X86_INLINE bool x86_fpu_empty(const struct x86_private *c, unsigned i)
{
    return (c->pub.state.ftw >> (2 * x86_fpu_index(c, i)) & 3) == 3;
}
X86_INLINE void x86_fpu_c1(struct x86_private *c, bool v)
{
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~FSW_C1) | (v ? FSW_C1 : 0));
}

void x86_fpu_set(struct x86_private *c, unsigned i, struct x86_float v); // writes ST(i) and its tag
void x86_fpu_free(struct x86_private *c, unsigned i);
void x86_fpu_pop(struct x86_private *c);
void x86_fpu_turn(struct x86_private *c, int by);             // TOP
bool x86_fpu_raise(struct x86_private *c, unsigned flags);    // true: one of them is not masked
bool x86_fpu_underflow(struct x86_private *c);                // reading an empty register: true when masked
bool x86_fpu_push(struct x86_private *c, struct x86_float v); // false: overflow that is not masked
void x86_fpu_check_pending(struct x86_private *c);            // ES and B from flags and masks
void x86_fpu_init(struct x86_private *c);
struct x86_soft x86_fpu_begin(const struct x86_private *c); // rounding, precision and masks of now
// Raises what `s` collected. True: the result is to be written.
bool x86_fpu_commit(struct x86_private *c, const struct x86_soft *s);

bool x86_fpu_load_environment(struct x86_private *c, struct x86_op *op, uint32_t *next);
bool x86_fpu_store_environment(struct x86_private *c, struct x86_op *op, uint32_t *next);
bool x86_fpu_probe_operand(struct x86_private *c, struct x86_op *op, unsigned n, bool write, uint32_t *lin);
bool x86_fpu_load_80(struct x86_private *c, uint32_t lin, struct x86_float *v);
bool x86_fpu_store_80(struct x86_private *c, uint32_t lin, const struct x86_float *v);

typedef bool x86_fpu_function(struct x86_private *c, struct x86_op *op); // false: fault
// Whether an instruction waits for errors of earlier ones, and whether it records its address.
enum x86_fpu_kind { X86_FPU_CONTROLS, X86_FPU_WAITS, X86_FPU_COMPUTES };

// Finds the instruction of d; op->imm, dst and src then name it to x86_fpu_call. False: there is none.
bool x86_fpu_find(const struct x86_decode *d, struct x86_op *op, enum x86_fpu_kind *kind);
bool x86_fpu_call(struct x86_private *c, struct x86_op *op);

#endif
