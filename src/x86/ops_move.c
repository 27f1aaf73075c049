// Data movement: MOV, MOVZX, MOVSX, LEA, XCHG, BSWAP, CMOVcc, SETcc, XLAT, conversions, flags to and from AH.
#include "x86/decode.h"

#define DEFINE_MOV(SZ)                                                                                                 \
    X86_HOT(mov_rr_##SZ)                                                                                               \
    {                                                                                                                  \
        x86_set_##SZ(c, op->dst, x86_get_##SZ(c, op->src));                                                            \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_HOT(mov_ri_##SZ)                                                                                               \
    {                                                                                                                  \
        x86_set_##SZ(c, op->dst, op->imm);                                                                             \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_COLD_READ(mov_rm_##SZ, X86_N_##SZ, x86_set_##SZ(c, op->src, v);)                                               \
    X86_MEMORY_FORMS(mov_rm_##SZ, read, X86_N_##SZ, x86_set_##SZ(c, op->src, x86_host_load_##SZ(host));)               \
    X86_COLD_WRITE(mov_mr_##SZ, X86_N_##SZ, x86_get_##SZ(c, op->src))                                                  \
    X86_MEMORY_FORMS(mov_mr_##SZ, write, X86_N_##SZ, x86_host_store_##SZ(host, x86_get_##SZ(c, op->src));)             \
    X86_COLD_WRITE(mov_mi_##SZ, X86_N_##SZ, op->imm)                                                                   \
    X86_MEMORY_FORMS(mov_mi_##SZ, write, X86_N_##SZ, x86_host_store_##SZ(host, op->imm);)

DEFINE_MOV(8)
DEFINE_MOV(16)
DEFINE_MOV(32)

static x86_handler *const mov_rr[] = {mov_rr_8, mov_rr_16, mov_rr_32};
static x86_handler *const mov_ri[] = {mov_ri_8, mov_ri_16, mov_ri_32};
static x86_handler *const mov_rm[][X86_FORMS] = {X86_FORM_LIST(mov_rm_8), X86_FORM_LIST(mov_rm_16),
                                                 X86_FORM_LIST(mov_rm_32)};
static x86_handler *const mov_mr[][X86_FORMS] = {X86_FORM_LIST(mov_mr_8), X86_FORM_LIST(mov_mr_16),
                                                 X86_FORM_LIST(mov_mr_32)};
static x86_handler *const mov_mi[][X86_FORMS] = {X86_FORM_LIST(mov_mi_8), X86_FORM_LIST(mov_mi_16),
                                                 X86_FORM_LIST(mov_mi_32)};

x86_handler *x86_pick_mov(struct x86_decode *d, struct x86_op *op)
{
    unsigned size = d->opcode & 1 ? d->size : 1, i = x86_size_index(size);
    bool to_reg = d->opcode & 2;
    x86_take_operands(d, op, size);
    if (d->form != X86_FORM_REG)
        return to_reg ? mov_rm[i][d->form] : mov_mr[i][d->form];
    if (to_reg) {
        op->dst = x86_reg_index(d->reg, size);
        op->src = x86_reg_index(d->rm, size);
    }
    return mov_rr[i];
}

x86_handler *x86_pick_mov_imm(struct x86_decode *d, struct x86_op *op)
{
    unsigned size = d->opcode & 1 ? d->size : 1, i = x86_size_index(size);
    if (d->reg != 0)
        return NULL;
    x86_take_operands(d, op, size);
    return d->form == X86_FORM_REG ? mov_ri[i] : mov_mi[i][d->form];
}

x86_handler *x86_pick_mov_reg_imm(struct x86_decode *d, struct x86_op *op)
{
    unsigned size = d->opcode & 8 ? d->size : 1;
    op->dst = x86_reg_index(d->opcode & 7, size);
    return mov_ri[x86_size_index(size)];
}

x86_handler *x86_pick_mov_moffs(struct x86_decode *d, struct x86_op *op)
{
    unsigned i = x86_size_index(d->opcode & 1 ? d->size : 1);
    op->src = x86_reg_index(X86_EAX, d->opcode & 1 ? d->size : 1);
    return d->opcode & 2 ? mov_mr[i][d->form] : mov_rm[i][d->form];
}

// ---------------------------------------------------------------------------------------------------------------------
// MOVZX and MOVSX

#define DEFINE_EXTEND(name, FROM, TO, convert)                                                                         \
    X86_HOT(name##_rr)                                                                                                 \
    {                                                                                                                  \
        x86_set_##TO(c, op->src, convert(x86_get_##FROM(c, op->dst)));                                                 \
        X86_NEXT;                                                                                                      \
    }                                                                                                                  \
    X86_COLD_READ(name##_rm, X86_N_##FROM, x86_set_##TO(c, op->src, convert(v));)                                      \
    X86_MEMORY_FORMS(name##_rm, read, X86_N_##FROM, x86_set_##TO(c, op->src, convert(x86_host_load_##FROM(host)));)

DEFINE_EXTEND(movzx_8_16, 8, 16, )
DEFINE_EXTEND(movzx_8_32, 8, 32, )
DEFINE_EXTEND(movzx_16_16, 16, 16, )
DEFINE_EXTEND(movzx_16_32, 16, 32, )
DEFINE_EXTEND(movsx_8_16, 8, 16, x86_extend_8)
DEFINE_EXTEND(movsx_8_32, 8, 32, x86_extend_8)
DEFINE_EXTEND(movsx_16_32, 16, 32, x86_extend_16)

struct extend {
    x86_handler *rr, *rm[X86_FORMS];
};
#define EXTEND(name)                                                                                                   \
    {                                                                                                                  \
        name##_rr, X86_FORM_LIST(name##_rm)                                                                            \
    }

static const struct extend extends[2][2][2] = {
    // signed, from 16, to 32
    {{EXTEND(movzx_8_16), EXTEND(movzx_8_32)}, {EXTEND(movzx_16_16), EXTEND(movzx_16_32)}},
    {{EXTEND(movsx_8_16), EXTEND(movsx_8_32)}, {EXTEND(movzx_16_16), EXTEND(movsx_16_32)}},
};

x86_handler *x86_pick_extend(struct x86_decode *d, struct x86_op *op)
{
    unsigned from = d->opcode & 1 ? 2 : 1;
    const struct extend *e = &extends[d->opcode >> 3 & 1][from == 2][d->size == 4];
    op->dst = x86_reg_index(d->rm, from);
    op->src = d->reg;
    return d->form == X86_FORM_REG ? e->rr : e->rm[d->form];
}

// ---------------------------------------------------------------------------------------------------------------------
// LEA, XCHG, BSWAP, CMOVcc, SETcc, XLAT

X86_HOT(lea_32)
{
    x86_set_32(c, op->src, x86_offset(c, op));
    X86_NEXT;
}

X86_HOT(lea_base)
{
    x86_set_32(c, op->src, X86_WORD(c, op->base) + op->disp);
    X86_NEXT;
}

X86_HOT(lea_16)
{
    x86_set_16(c, op->src, x86_offset(c, op));
    X86_NEXT;
}

x86_handler *x86_pick_lea(struct x86_decode *d, struct x86_op *op)
{
    op->src = d->reg;
    if (d->size == 2)
        return lea_16;
    return op->index == X86_ZERO && op->mask == 0xffffffff ? lea_base : lea_32;
}

X86_SLOW(xchg)
{
    uint32_t v;
    if (!x86_get_rm_to_write(c, op, op->size, &v) || !x86_put_rm(c, op, op->size, x86_get(c, op->src, op->size)))
        return false;
    x86_set(c, op->src, op->size, v);
    return true;
}

X86_HOT(xchg_acc_32)
{
    uint32_t v = c->pub.state.reg[op->dst];
    c->pub.state.reg[op->dst] = c->pub.state.reg[X86_EAX];
    c->pub.state.reg[X86_EAX] = v;
    X86_NEXT;
}

X86_HOT(nop)
{
    (void)c;
    X86_NEXT;
}

x86_handler *x86_pick_xchg(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->opcode & 1 ? d->size : 1);
    return xchg;
}

x86_handler *x86_pick_xchg_acc(struct x86_decode *d, struct x86_op *op)
{
    op->dst = d->opcode & 7;
    op->src = X86_EAX;
    op->size = d->size;
    return op->dst == X86_EAX ? nop : d->size == 4 ? xchg_acc_32 : xchg;
}

X86_HOT(bswap)
{
    uint32_t v = c->pub.state.reg[op->dst];
    v = v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
    x86_set(c, op->dst, op->size, op->size == 4 ? v : 0); // undefined for 16 bits; processors give 0
    X86_NEXT;
}

x86_handler *x86_pick_bswap(struct x86_decode *d, struct x86_op *op)
{
    op->dst = d->opcode & 7;
    op->size = d->size;
    return bswap;
}

// Memory is read whether the condition holds or not.
X86_SLOW(cmov)
{
    uint32_t v;
    if (!x86_get_rm(c, op, op->size, &v))
        return false;
    if (x86_condition(c, op->imm))
        x86_set(c, op->src, op->size, v);
    return true;
}

x86_handler *x86_pick_cmov(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->size);
    op->imm = d->opcode & 15;
    return cmov;
}

X86_HOT(setcc)
{
    c->op = op;
    if (!x86_put_rm(c, op, 1, x86_condition(c, op->imm)))
        return x86_raise(c, op);
    X86_NEXT;
}

x86_handler *x86_pick_setcc(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, 1);
    op->imm = d->opcode & 15;
    return setcc;
}

X86_HOT(xlat)
{
    uint32_t offset = (c->pub.state.reg[X86_EBX] + (c->pub.state.reg[X86_EAX] & 0xff)) & op->mask;
    c->op = op;
    if (!x86_check_span(c, op->src, offset, 1, false))
        return x86_raise(c, op);
    uint64_t v = x86_load(c, offset + c->base[op->src], 1);
    if (v & X86_BAD)
        return x86_raise(c, op);
    x86_set_8(c, X86_BYTE_INDEX(0), (uint32_t)v);
    X86_NEXT;
}

x86_handler *x86_pick_xlat(struct x86_decode *d, struct x86_op *op)
{
    op->src = d->segment;
    return xlat;
}

// ---------------------------------------------------------------------------------------------------------------------
// CBW, CWDE, CWD, CDQ, SAHF, LAHF, SALC

X86_HOT(cbw)
{
    x86_set_16(c, X86_EAX, x86_extend_8(c->pub.state.reg[X86_EAX]));
    X86_NEXT;
}

X86_HOT(cwde)
{
    c->pub.state.reg[X86_EAX] = x86_extend_16(c->pub.state.reg[X86_EAX]);
    X86_NEXT;
}

X86_HOT(cwd)
{
    x86_set_16(c, X86_EDX, c->pub.state.reg[X86_EAX] & 0x8000 ? 0xffff : 0);
    X86_NEXT;
}

X86_HOT(cdq)
{
    c->pub.state.reg[X86_EDX] = c->pub.state.reg[X86_EAX] & 0x80000000u ? 0xffffffff : 0;
    X86_NEXT;
}

X86_HOT(sahf)
{
    const uint32_t low = X86_SF | X86_ZF | X86_AF | X86_PF | X86_CF;
    x86_settle_flags(c);
    c->pub.state.eflags = (c->pub.state.eflags & ~low) | (x86_get_8(c, X86_BYTE_INDEX(4)) & low);
    x86_adopt_flags(c);
    X86_NEXT;
}

X86_HOT(lahf)
{
    x86_settle_flags(c);
    x86_set_8(c, X86_BYTE_INDEX(4), c->pub.state.eflags);
    X86_NEXT;
}

X86_HOT(salc)
{
    x86_set_8(c, X86_BYTE_INDEX(0), x86_cf(c) ? 0xff : 0);
    X86_NEXT;
}

x86_handler *x86_pick_simple(struct x86_decode *d, struct x86_op *op)
{
    (void)op;
    switch (d->opcode) {
    case 0x98:
        return d->size == 4 ? cwde : cbw;
    case 0x99:
        return d->size == 4 ? cdq : cwd;
    case 0x9e:
        return sahf;
    case 0x9f:
        return lahf;
    default:
        return salc;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Operands for everybody

bool x86_get_rm(struct x86_private *c, struct x86_op *op, unsigned size, uint32_t *v)
{
    if (!x86_in_memory(op)) {
        *v = x86_get(c, op->dst, size);
        return true;
    }
    uint32_t lin;
    if (!x86_address(c, op, size, false, &lin))
        return false;
    uint64_t got = x86_load(c, lin, size);
    *v = (uint32_t)got;
    return !(got & X86_BAD);
}

bool x86_get_rm_to_write(struct x86_private *c, struct x86_op *op, unsigned size, uint32_t *v)
{
    if (!x86_in_memory(op))
        return x86_get_rm(c, op, size, v);
    uint32_t lin;
    if (!x86_address(c, op, size, true, &lin) || !x86_check_span(c, op->seg, lin - c->base[op->seg], size, false))
        return false;
    uint64_t got = x86_load_to_write(c, lin, size);
    *v = (uint32_t)got;
    return !(got & X86_BAD);
}

bool x86_put_rm(struct x86_private *c, struct x86_op *op, unsigned size, uint32_t v)
{
    uint32_t lin;
    if (x86_in_memory(op))
        return x86_address(c, op, size, true, &lin) && x86_store(c, lin, size, v);
    x86_set(c, op->dst, size, v);
    return true;
}
