// PUSH and POP in all forms, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE. Flat 32-bit stacks have fast handlers; the others
// go through x86_push_at and x86_pop_at.
#include "x86/decode.h"

static bool push(struct x86_private *c, unsigned size, uint32_t v)
{
    uint32_t esp = c->pub.state.reg[X86_ESP];
    if (!x86_push_at(c, &esp, size, v))
        return false;
    x86_set_esp(c, esp);
    return true;
}

X86_SLOW(push_reg_cold)
{
    if (!push(c, op->size, c->pub.state.reg[op->dst]))
        return false;
    return true;
}

X86_SLOW(push_imm_cold)
{
    if (!push(c, op->size, op->imm))
        return false;
    return true;
}

X86_SLOW(pop_reg_cold)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], v;
    if (!x86_pop_at(c, &esp, op->size, &v))
        return false;
    x86_set_esp(c, esp);
    x86_set(c, op->dst, op->size, v);
    return true;
}

X86_HOT(push_reg_flat)
{
    uint32_t lin = c->pub.state.reg[X86_ESP] - 4;
    X86_HIT(write, 4u, push_reg_cold)
    x86_host_store_32(host, c->pub.state.reg[op->dst]);
    c->pub.state.reg[X86_ESP] = lin;
    X86_NEXT;
}

X86_HOT(push_imm_flat)
{
    uint32_t lin = c->pub.state.reg[X86_ESP] - 4;
    X86_HIT(write, 4u, push_imm_cold)
    x86_host_store_32(host, op->imm);
    c->pub.state.reg[X86_ESP] = lin;
    X86_NEXT;
}

X86_HOT(pop_reg_flat)
{
    uint32_t lin = c->pub.state.reg[X86_ESP];
    X86_HIT(read, 4u, pop_reg_cold)
    c->pub.state.reg[X86_ESP] = lin + 4;
    c->pub.state.reg[op->dst] = x86_host_load_32(host);
    X86_NEXT;
}

static bool flat_stack(const struct x86_decode *d)
{
    return (d->mode & X86_MODE_FLAT) && (d->mode & X86_MODE_STACK32) && d->size == 4;
}

x86_handler *x86_pick_push_reg(struct x86_decode *d, struct x86_op *op)
{
    op->dst = d->opcode & 7;
    op->size = d->size;
    return flat_stack(d) ? push_reg_flat : push_reg_cold;
}

x86_handler *x86_pick_pop_reg(struct x86_decode *d, struct x86_op *op)
{
    op->dst = d->opcode & 7;
    op->size = d->size;
    return flat_stack(d) ? pop_reg_flat : pop_reg_cold;
}

x86_handler *x86_pick_push_imm(struct x86_decode *d, struct x86_op *op)
{
    op->size = d->size;
    return flat_stack(d) ? push_imm_flat : push_imm_cold;
}

X86_SLOW(push_rm)
{
    uint32_t v;
    if (!x86_get_rm(c, op, op->size, &v) || !push(c, op->size, v))
        return false;
    return true;
}

x86_handler *x86_pick_push_rm(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->size);
    return push_rm;
}

// The address of POP [ESP + n] is computed with the ESP after the pop.
X86_SLOW(pop_rm)
{
    uint32_t before = c->pub.state.reg[X86_ESP], esp = before, v;
    if (!x86_pop_at(c, &esp, op->size, &v))
        return false;
    x86_set_esp(c, esp);
    if (!x86_put_rm(c, op, op->size, v)) {
        c->pub.state.reg[X86_ESP] = before;
        return false;
    }
    return true;
}

x86_handler *x86_pick_pop_rm(struct x86_decode *d, struct x86_op *op)
{
    if (d->reg != 0)
        return NULL;
    x86_take_operands(d, op, d->size);
    return pop_rm;
}

// ---------------------------------------------------------------------------------------------------------------------
// PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE

X86_SLOW(pusha)
{
    uint32_t esp = c->pub.state.reg[X86_ESP];
    for (unsigned r = 0; r < 8; r++)
        if (!x86_push_at(c, &esp, op->size, c->pub.state.reg[r]))
            return false;
    x86_set_esp(c, esp);
    return true;
}

X86_SLOW(popa)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], v[8];
    for (unsigned r = 8; r-- > 0;)
        if (!x86_pop_at(c, &esp, op->size, &v[r]))
            return false;
    x86_set_esp(c, esp);
    for (unsigned r = 0; r < 8; r++)
        if (r != X86_ESP)
            x86_set(c, r, op->size, v[r]);
    return true;
}

static bool iopl_denies(const struct x86_private *c)
{
    return (c->pub.state.eflags & X86_VM) && (c->pub.state.eflags & X86_IOPL) != X86_IOPL;
}

X86_SLOW(pushf)
{
    if (iopl_denies(c))
        return x86_fail_code(c, 13, 0);
    x86_settle_flags(c);
    if (!push(c, op->size, c->pub.state.eflags & ~(uint32_t)(X86_RF | X86_VM)))
        return false;
    return true;
}

X86_HOT(popf)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], v;
    c->op = op;
    if (iopl_denies(c))
        return x86_raise_gp0(c, op);
    if (!x86_pop_at(c, &esp, op->size, &v))
        return x86_raise(c, op);
    x86_set_esp(c, esp);
    uint32_t mask = x86_set_eflags_mask(c, op->size);
    x86_settle_flags(c);
    c->pub.state.eflags = (c->pub.state.eflags & ~mask) | (v & mask) | 2;
    x86_adopt_flags(c);
    return x86_leave(c, x86_next_eip(c, op)); // IF and TF are looked at between blocks
}

static bool copy_frame_pointers(struct x86_private *c, uint32_t *esp, unsigned size, unsigned level)
{
    uint32_t ebp = c->pub.state.reg[X86_EBP];
    for (unsigned i = 1; i < level; i++) {
        uint32_t at = (ebp - i * size) & x86_stack_mask(c), v = at;
        uint32_t from = at;
        if (!x86_pop_at(c, &from, size, &v) || !x86_push_at(c, esp, size, v))
            return false;
    }
    return true;
}

X86_SLOW(enter)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], frame;
    unsigned size = op->size, level = op->dst;
    if (!x86_push_at(c, &esp, size, c->pub.state.reg[X86_EBP]))
        return false;
    frame = (c->pub.state.reg[X86_ESP] & ~x86_stack_mask(c)) | esp;
    if (level > 0 && (!copy_frame_pointers(c, &esp, size, level) || !x86_push_at(c, &esp, size, frame)))
        return false;
    esp -= op->imm;
    // The processor writes-probes the new top of the stack (386 manual, ENTER).
    if (!x86_check_span(c, X86_SS, esp & x86_stack_mask(c), 1, true) ||
        !x86_probe(c, (esp & x86_stack_mask(c)) + c->base[X86_SS], 1, X86_WRITE | (c->cpl == 3 ? X86_USER : 0u)))
        return false;
    x86_set_esp(c, esp);
    x86_set(c, X86_EBP, size, frame);
    return true;
}

X86_SLOW(leave_cold)
{
    uint32_t esp = c->pub.state.reg[X86_EBP], v;
    if (!x86_pop_at(c, &esp, op->size, &v))
        return false;
    x86_set_esp(c, esp);
    x86_set(c, X86_EBP, op->size, v);
    return true;
}

X86_HOT(leave_flat)
{
    uint32_t lin = c->pub.state.reg[X86_EBP];
    X86_HIT(read, 4u, leave_cold)
    c->pub.state.reg[X86_ESP] = lin + 4;
    c->pub.state.reg[X86_EBP] = x86_host_load_32(host);
    X86_NEXT;
}

x86_handler *x86_pick_stack(struct x86_decode *d, struct x86_op *op)
{
    op->size = d->size;
    switch (d->opcode) {
    case 0x60:
        return pusha;
    case 0x61:
        return popa;
    case 0x9c:
        return pushf;
    case 0x9d:
        return popf;
    case 0xc9:
        return flat_stack(d) ? leave_flat : leave_cold;
    default:
        op->dst = d->imm2 & 31;
        op->imm = d->imm & 0xffff;
        return enter;
    }
}
