// ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST, INC, DEC, NEG, NOT: every operand form a handler of its own.
#include "x86/decode.h"

// ---------------------------------------------------------------------------------------------------------------------
// The operations. Carries of an addition are (a & b) | ((a | b) & ~sum), borrows (~a & b) | ((~a | b) & difference).

// INC and DEC leave CF alone: the old bit 31 comes back, and bit 30 turns with it so that OF stays right.
X86_INLINE uint32_t keep_carry(uint32_t aux, uint32_t old)
{
    uint32_t differs = (aux ^ old) & X86_AUX_CF;
    return aux ^ (differs | differs >> 1);
}

#define DEFINE_OPERATIONS(SZ)                                                                                          \
    X86_INLINE uint32_t sum_##SZ(struct x86_private *c, uint32_t a, uint32_t b, uint32_t r)                            \
    {                                                                                                                  \
        c->res = x86_extend_##SZ(r);                                                                                   \
        c->aux = x86_pack_##SZ((a & b) | ((a | b) & ~r));                                                              \
        return r;                                                                                                      \
    }                                                                                                                  \
    X86_INLINE uint32_t difference_##SZ(struct x86_private *c, uint32_t a, uint32_t b, uint32_t r)                     \
    {                                                                                                                  \
        c->res = x86_extend_##SZ(r);                                                                                   \
        c->aux = x86_pack_##SZ((~a & b) | ((~a | b) & r));                                                             \
        return r;                                                                                                      \
    }                                                                                                                  \
    X86_INLINE uint32_t logic_##SZ(struct x86_private *c, uint32_t r)                                                  \
    {                                                                                                                  \
        c->res = x86_extend_##SZ(r);                                                                                   \
        c->aux = 0;                                                                                                    \
        return r;                                                                                                      \
    }                                                                                                                  \
    X86_INLINE uint32_t do_add_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                     \
    {                                                                                                                  \
        return sum_##SZ(c, a, b, a + b);                                                                               \
    }                                                                                                                  \
    X86_INLINE uint32_t do_adc_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                     \
    {                                                                                                                  \
        return sum_##SZ(c, a, b, a + b + x86_cf(c));                                                                   \
    }                                                                                                                  \
    X86_INLINE uint32_t do_sub_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                     \
    {                                                                                                                  \
        return difference_##SZ(c, a, b, a - b);                                                                        \
    }                                                                                                                  \
    X86_INLINE uint32_t do_sbb_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                     \
    {                                                                                                                  \
        return difference_##SZ(c, a, b, a - b - x86_cf(c));                                                            \
    }                                                                                                                  \
    X86_INLINE uint32_t do_or_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                      \
    {                                                                                                                  \
        return logic_##SZ(c, a | b);                                                                                   \
    }                                                                                                                  \
    X86_INLINE uint32_t do_and_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                     \
    {                                                                                                                  \
        return logic_##SZ(c, a & b);                                                                                   \
    }                                                                                                                  \
    X86_INLINE uint32_t do_xor_##SZ(struct x86_private *c, uint32_t a, uint32_t b)                                     \
    {                                                                                                                  \
        return logic_##SZ(c, a ^ b);                                                                                   \
    }                                                                                                                  \
    X86_INLINE uint32_t do_inc_##SZ(struct x86_private *c, uint32_t a)                                                 \
    {                                                                                                                  \
        uint32_t old = c->aux, r = sum_##SZ(c, a, 1, a + 1);                                                           \
        c->aux = keep_carry(c->aux, old);                                                                              \
        return r;                                                                                                      \
    }                                                                                                                  \
    X86_INLINE uint32_t do_dec_##SZ(struct x86_private *c, uint32_t a)                                                 \
    {                                                                                                                  \
        uint32_t old = c->aux, r = difference_##SZ(c, a, 1, a - 1);                                                    \
        c->aux = keep_carry(c->aux, old);                                                                              \
        return r;                                                                                                      \
    }                                                                                                                  \
    X86_INLINE uint32_t do_neg_##SZ(struct x86_private *c, uint32_t a)                                                 \
    {                                                                                                                  \
        return do_sub_##SZ(c, 0, a);                                                                                   \
    }                                                                                                                  \
    X86_INLINE uint32_t do_not_##SZ(struct x86_private *c, uint32_t a)                                                 \
    {                                                                                                                  \
        (void)c;                                                                                                       \
        return ~a;                                                                                                     \
    }

DEFINE_OPERATIONS(8)
DEFINE_OPERATIONS(16)
DEFINE_OPERATIONS(32)

// ---------------------------------------------------------------------------------------------------------------------
// Handlers of two operands that write their result

#define DEFINE_TWO(name, SZ)                                                                                           \
    X86_HOT(name##_rr_##SZ)                                                                                            \
    {                                                                                                                  \
        x86_set_##SZ(c, op->dst, do_##name##_##SZ(c, x86_get_##SZ(c, op->dst), x86_get_##SZ(c, op->src)));             \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_HOT(name##_ri_##SZ)                                                                                            \
    {                                                                                                                  \
        x86_set_##SZ(c, op->dst, do_##name##_##SZ(c, x86_get_##SZ(c, op->dst), op->imm));                              \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_COLD_READ(name##_rm_##SZ, X86_N_##SZ,                                                                          \
                  x86_set_##SZ(c, op->src, do_##name##_##SZ(c, x86_get_##SZ(c, op->src), v));)                         \
    X86_MEMORY_FORMS(                                                                                                  \
        name##_rm_##SZ, read, X86_N_##SZ,                                                                              \
        x86_set_##SZ(c, op->src, do_##name##_##SZ(c, x86_get_##SZ(c, op->src), x86_host_load_##SZ(host)));)            \
    X86_COLD_CHANGE(name##_mr_##SZ, X86_N_##SZ, r = do_##name##_##SZ(c, v, x86_get_##SZ(c, op->src));)                 \
    X86_MEMORY_FORMS(                                                                                                  \
        name##_mr_##SZ, write, X86_N_##SZ,                                                                             \
        x86_host_store_##SZ(host, do_##name##_##SZ(c, x86_host_load_##SZ(host), x86_get_##SZ(c, op->src)));)           \
    X86_COLD_CHANGE(name##_mi_##SZ, X86_N_##SZ, r = do_##name##_##SZ(c, v, op->imm);)                                  \
    X86_MEMORY_FORMS(name##_mi_##SZ, write, X86_N_##SZ,                                                                \
                     x86_host_store_##SZ(host, do_##name##_##SZ(c, x86_host_load_##SZ(host), op->imm));)

#define DEFINE_TWO_ALL(name) DEFINE_TWO(name, 8) DEFINE_TWO(name, 16) DEFINE_TWO(name, 32)

DEFINE_TWO_ALL(add)
DEFINE_TWO_ALL(or)
DEFINE_TWO_ALL(adc)
DEFINE_TWO_ALL(sbb)
DEFINE_TWO_ALL(and)
DEFINE_TWO_ALL(sub)
DEFINE_TWO_ALL(xor)

// CMP and TEST write nothing.
#define DEFINE_COMPARE(name, what, SZ)                                                                                 \
    X86_HOT(name##_rr_##SZ)                                                                                            \
    {                                                                                                                  \
        do_##what##_##SZ(c, x86_get_##SZ(c, op->dst), x86_get_##SZ(c, op->src));                                       \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_HOT(name##_ri_##SZ)                                                                                            \
    {                                                                                                                  \
        do_##what##_##SZ(c, x86_get_##SZ(c, op->dst), op->imm);                                                        \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_COLD_READ(name##_rm_##SZ, X86_N_##SZ, do_##what##_##SZ(c, x86_get_##SZ(c, op->src), v);)                       \
    X86_MEMORY_FORMS(name##_rm_##SZ, read, X86_N_##SZ,                                                                 \
                     do_##what##_##SZ(c, x86_get_##SZ(c, op->src), x86_host_load_##SZ(host));)                         \
    X86_COLD_READ(name##_mr_##SZ, X86_N_##SZ, do_##what##_##SZ(c, v, x86_get_##SZ(c, op->src));)                       \
    X86_MEMORY_FORMS(name##_mr_##SZ, read, X86_N_##SZ,                                                                 \
                     do_##what##_##SZ(c, x86_host_load_##SZ(host), x86_get_##SZ(c, op->src));)                         \
    X86_COLD_READ(name##_mi_##SZ, X86_N_##SZ, do_##what##_##SZ(c, v, op->imm);)                                        \
    X86_MEMORY_FORMS(name##_mi_##SZ, read, X86_N_##SZ, do_##what##_##SZ(c, x86_host_load_##SZ(host), op->imm);)

#define DEFINE_COMPARE_ALL(name, what)                                                                                 \
    DEFINE_COMPARE(name, what, 8) DEFINE_COMPARE(name, what, 16) DEFINE_COMPARE(name, what, 32)

DEFINE_COMPARE_ALL(cmp, sub)
DEFINE_COMPARE_ALL(test, and)

// One operand.
#define DEFINE_ONE(name, SZ)                                                                                           \
    X86_HOT(name##_r_##SZ)                                                                                             \
    {                                                                                                                  \
        x86_set_##SZ(c, op->dst, do_##name##_##SZ(c, x86_get_##SZ(c, op->dst)));                                       \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_COLD_CHANGE(name##_m_##SZ, X86_N_##SZ, r = do_##name##_##SZ(c, v);)                                            \
    X86_MEMORY_FORMS(name##_m_##SZ, write, X86_N_##SZ,                                                                 \
                     x86_host_store_##SZ(host, do_##name##_##SZ(c, x86_host_load_##SZ(host)));)

#define DEFINE_ONE_ALL(name) DEFINE_ONE(name, 8) DEFINE_ONE(name, 16) DEFINE_ONE(name, 32)

DEFINE_ONE_ALL(inc)
DEFINE_ONE_ALL(dec)
DEFINE_ONE_ALL(neg)
DEFINE_ONE_ALL(not )

// ---------------------------------------------------------------------------------------------------------------------
// Picking

struct two {
    x86_handler *rr[3], *ri[3];
    x86_handler *rm[3][X86_FORMS], *mr[3][X86_FORMS], *mi[3][X86_FORMS];
};

#define SIZED(name)                                                                                                    \
    {                                                                                                                  \
        name##_8, name##_16, name##_32                                                                                 \
    }
#define SIZED_FORMS(name)                                                                                              \
    {                                                                                                                  \
        X86_FORM_LIST(name##_8), X86_FORM_LIST(name##_16), X86_FORM_LIST(name##_32)                                    \
    }
#define TWO(name)                                                                                                      \
    {                                                                                                                  \
        SIZED(name##_rr), SIZED(name##_ri), SIZED_FORMS(name##_rm), SIZED_FORMS(name##_mr), SIZED_FORMS(name##_mi)     \
    }

// In the order of the opcodes; TEST behind them.
static const struct two twos[] = {TWO(add), TWO(or),  TWO(adc), TWO(sbb), TWO(and),
                                  TWO(sub), TWO(xor), TWO(cmp), TWO(test)};

struct one {
    x86_handler *r[3], *m[3][X86_FORMS];
};

#define ONE(name)                                                                                                      \
    {                                                                                                                  \
        SIZED(name##_r), SIZED_FORMS(name##_m)                                                                         \
    }
enum { INC, DEC, NOT, NEG };
static const struct one ones[] = {[INC] = ONE(inc), [DEC] = ONE(dec), [NOT] = ONE(not ), [NEG] = ONE(neg)};

static x86_handler *pick_rm_reg(const struct x86_decode *d, struct x86_op *op, const struct two *t, unsigned size)
{
    x86_take_operands(d, op, size);
    return d->form == X86_FORM_REG ? t->rr[x86_size_index(size)] : t->mr[x86_size_index(size)][d->form];
}

static x86_handler *pick_reg_rm(const struct x86_decode *d, struct x86_op *op, const struct two *t, unsigned size)
{
    x86_take_operands(d, op, size);
    if (d->form != X86_FORM_REG)
        return t->rm[x86_size_index(size)][d->form];
    uint8_t reg = op->src;
    op->src = op->dst;
    op->dst = reg;
    return t->rr[x86_size_index(size)];
}

static x86_handler *pick_rm_imm(const struct x86_decode *d, struct x86_op *op, const struct two *t, unsigned size)
{
    x86_take_operands(d, op, size);
    if (size < 4)
        op->imm &= size == 1 ? 0xff : 0xffff;
    return d->form == X86_FORM_REG ? t->ri[x86_size_index(size)] : t->mi[x86_size_index(size)][d->form];
}

x86_handler *x86_pick_alu(struct x86_decode *d, struct x86_op *op)
{
    const struct two *t = &twos[d->opcode >> 3 & 7];
    unsigned size = d->opcode & 1 ? d->size : 1;
    switch (d->opcode & 7) {
    case 0:
    case 1:
        return pick_rm_reg(d, op, t, size);
    case 2:
    case 3:
        return pick_reg_rm(d, op, t, size);
    default:
        return pick_rm_imm(d, op, t, size); // rm is 0: the accumulator
    }
}

x86_handler *x86_pick_alu_group(struct x86_decode *d, struct x86_op *op)
{
    if (d->lock && d->reg == 7) // CMP
        return NULL;
    return pick_rm_imm(d, op, &twos[d->reg], d->opcode & 1 ? d->size : 1);
}

x86_handler *x86_pick_test(struct x86_decode *d, struct x86_op *op)
{
    unsigned size = d->opcode & 1 ? d->size : 1;
    return d->opcode < 0xa8 ? pick_rm_reg(d, op, &twos[8], size) : pick_rm_imm(d, op, &twos[8], size);
}

static x86_handler *pick_one(const struct x86_decode *d, struct x86_op *op, const struct one *t, unsigned size)
{
    x86_take_operands(d, op, size);
    return d->form == X86_FORM_REG ? t->r[x86_size_index(size)] : t->m[x86_size_index(size)][d->form];
}

x86_handler *x86_pick_incdec(struct x86_decode *d, struct x86_op *op)
{
    op->dst = d->opcode & 7;
    return ones[d->opcode >> 3 & 1].r[x86_size_index(d->size)];
}

x86_handler *x86_pick_incdec_rm(struct x86_decode *d, struct x86_op *op)
{
    if (d->reg > 1)
        return NULL;
    return pick_one(d, op, &ones[d->reg], d->opcode & 1 ? d->size : 1);
}

// F6 and F7: TEST, TEST, NOT, NEG, MUL, IMUL, DIV, IDIV.
x86_handler *x86_pick_group3(struct x86_decode *d, struct x86_op *op)
{
    unsigned size = d->opcode & 1 ? d->size : 1;
    if (d->lock && d->reg != 2 && d->reg != 3)
        return NULL;
    if (d->reg < 2)
        return pick_rm_imm(d, op, &twos[8], size);
    if (d->reg < 4)
        return pick_one(d, op, &ones[d->reg], size);
    return x86_pick_muldiv(d, op);
}
