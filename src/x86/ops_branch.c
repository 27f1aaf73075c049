// Jumps, calls, returns, loops, interrupts, and the gate opcode.
#include "x86/decode.h"

X86_OP(x86_op_continue)
{
    X86_JUMP(c->pub.state.eip + op->offset, 1, x86_follow);
}

// imm: target, disp: what follows, both relative to the block's EIP.
static void take_target(struct x86_decode *d, struct x86_op *op, unsigned links)
{
    op->disp = d->offset + d->length;
    op->imm = op->disp + d->imm;
    op->mask = d->size == 2 ? 0xffff : 0xffffffff;
    op->size = d->size;
    d->ends = true;
    d->links = links;
}

#define DEFINE_JCC(cc, condition)                                                                                      \
    X86_HOT(jcc_##cc)                                                                                                  \
    {                                                                                                                  \
        if (condition)                                                                                                 \
            X86_JUMP((c->pub.state.eip + op->imm) & op->mask, 1, x86_follow);                                          \
        X86_JUMP(c->pub.state.eip + op->disp, 2, x86_follow_second);                                                   \
    }

DEFINE_JCC(o, x86_of(c))
DEFINE_JCC(no, !x86_of(c))
DEFINE_JCC(b, x86_cf(c))
DEFINE_JCC(nb, !x86_cf(c))
DEFINE_JCC(z, x86_zf(c))
DEFINE_JCC(nz, !x86_zf(c))
DEFINE_JCC(be, x86_cf(c) || x86_zf(c))
DEFINE_JCC(nbe, !x86_cf(c) && !x86_zf(c))
DEFINE_JCC(s, x86_sf(c))
DEFINE_JCC(ns, !x86_sf(c))
DEFINE_JCC(p, x86_pf(c))
DEFINE_JCC(np, !x86_pf(c))
DEFINE_JCC(l, x86_less(c))
DEFINE_JCC(nl, !x86_less(c))
DEFINE_JCC(le, x86_less(c) || x86_zf(c))
DEFINE_JCC(nle, !x86_less(c) && !x86_zf(c))

x86_handler *x86_pick_jcc(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const handlers[] = {jcc_o, jcc_no, jcc_b, jcc_nb, jcc_z, jcc_nz, jcc_be, jcc_nbe,
                                            jcc_s, jcc_ns, jcc_p, jcc_np, jcc_l, jcc_nl, jcc_le, jcc_nle};
    take_target(d, op, 2);
    return handlers[d->opcode & 15];
}

X86_HOT(jmp)
{
    X86_JUMP((c->pub.state.eip + op->imm) & op->mask, 1, x86_follow);
}

x86_handler *x86_pick_jmp(struct x86_decode *d, struct x86_op *op)
{
    take_target(d, op, 1);
    return jmp;
}

static bool push(struct x86_private *c, unsigned size, uint32_t v)
{
    uint32_t esp = c->pub.state.reg[X86_ESP];
    if (!x86_push_at(c, &esp, size, v))
        return false;
    x86_set_esp(c, esp);
    return true;
}

static bool within_code(const struct x86_private *c, uint32_t eip)
{
    return eip <= c->pub.state.seg[X86_CS].limit;
}

// Pushes the return address; the jump itself is checked before.
static __attribute__((noinline)) bool push_return(struct x86_private *c, struct x86_op *op, uint32_t to)
{
    if (!within_code(c, to))
        return x86_fail_code(c, 13, 0);
    return push(c, op->size, x86_next_eip(c, op));
}

X86_HOT(call_cold)
{
    c->op = op;
    if (!push_return(c, op, (c->pub.state.eip + op->imm) & op->mask))
        X86_TAIL x86_raise(c, op);
    X86_JUMP((c->pub.state.eip + op->imm) & op->mask, 1, x86_follow);
}

X86_HOT(call_flat)
{
    uint32_t lin = c->pub.state.reg[X86_ESP] - 4;
    X86_HIT(write, 4u, call_cold)
    if (BASE_UNLIKELY(!within_code(c, c->pub.state.eip + op->imm)))
        X86_TAIL x86_raise_gp0(c, op);
    x86_host_store_32(host, c->pub.state.eip + op->disp);
    c->pub.state.reg[X86_ESP] = lin;
    X86_JUMP(c->pub.state.eip + op->imm, 1, x86_follow);
}

static bool flat_stack(const struct x86_decode *d)
{
    return (d->mode & X86_MODE_FLAT) && (d->mode & X86_MODE_STACK32) && d->size == 4;
}

x86_handler *x86_pick_call(struct x86_decode *d, struct x86_op *op)
{
    take_target(d, op, 1);
    return flat_stack(d) ? call_flat : call_cold;
}

X86_SLOW_JUMP(ret_cold)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], to;
    if (!x86_pop_at(c, &esp, op->size, &to))
        return false;
    if (!within_code(c, to))
        return x86_fail_code(c, 13, 0);
    x86_set_esp(c, esp + op->imm);
    c->pub.state.eip = to;
    return true;
}

X86_HOT(ret_flat)
{
    uint32_t lin = c->pub.state.reg[X86_ESP];
    X86_HIT(read, 4u, ret_cold)
    uint32_t to = x86_host_load_32(host);
    if (BASE_UNLIKELY(!within_code(c, to)))
        X86_TAIL x86_raise_gp0(c, op);
    c->pub.state.reg[X86_ESP] = lin + 4 + op->imm;
    c->pub.state.eip = to;
    X86_JUMP_FOUND();
}

x86_handler *x86_pick_ret(struct x86_decode *d, struct x86_op *op)
{
    op->size = d->size;
    op->imm = d->opcode == 0xc2 ? d->imm & 0xffff : 0;
    return flat_stack(d) ? ret_flat : ret_cold;
}

// ---------------------------------------------------------------------------------------------------------------------
// LOOPNE, LOOPE, LOOP, JCXZ: the counter has the size of addresses, dst says which.

static bool loop_taken(struct x86_private *c, const struct x86_op *op)
{
    uint32_t *ecx = &c->pub.state.reg[X86_ECX], mask = op->src == 2 ? 0xffff : 0xffffffff, v;
    if (op->dst == 3)
        return (*ecx & mask) == 0;
    v = (*ecx - 1) & mask;
    *ecx = (*ecx & ~mask) | v;
    if (op->dst == 2)
        return v != 0;
    return v != 0 && x86_zf(c) == (op->dst == 1);
}

X86_HOT(loop)
{
    uint32_t to = (c->pub.state.eip + op->imm) & op->mask, ecx = c->pub.state.reg[X86_ECX];
    if (!loop_taken(c, op))
        X86_JUMP(c->pub.state.eip + op->disp, 2, x86_follow_second);
    if (BASE_UNLIKELY(!within_code(c, to)))
        c->pub.state.reg[X86_ECX] = ecx;
    X86_JUMP(to, 1, x86_follow);
}

x86_handler *x86_pick_loop(struct x86_decode *d, struct x86_op *op)
{
    op->dst = d->opcode & 3;
    op->src = d->address32 ? 4 : 2;
    take_target(d, op, 2);
    return loop;
}

// ---------------------------------------------------------------------------------------------------------------------
// FF: INC, DEC, CALL, CALL FAR, JMP, JMP FAR, PUSH

X86_SLOW_JUMP(call_rm)
{
    uint32_t to;
    if (!x86_get_rm(c, op, op->size, &to) || !push_return(c, op, to))
        return false;
    c->pub.state.eip = to;
    return true;
}

X86_SLOW_JUMP(jmp_rm)
{
    uint32_t to;
    if (!x86_get_rm(c, op, op->size, &to))
        return false;
    if (!within_code(c, to))
        return x86_fail_code(c, 13, 0);
    c->pub.state.eip = to;
    return true;
}

// Calls and jumps through registers and memory in flat 32-bit code.
X86_HOT(call_reg_flat)
{
    uint32_t lin = c->pub.state.reg[X86_ESP] - 4, to = c->pub.state.reg[op->dst];
    X86_HIT(write, 4u, call_rm)
    if (BASE_UNLIKELY(!within_code(c, to)))
        X86_TAIL x86_raise_gp0(c, op);
    x86_host_store_32(host, x86_next_eip(c, op));
    c->pub.state.reg[X86_ESP] = lin;
    c->pub.state.eip = to;
    X86_JUMP_FOUND();
}

X86_HOT(call_memory_flat)
{
    uint32_t lin = x86_offset(c, op), stack = c->pub.state.reg[X86_ESP] - 4;
    X86_HIT(read, 4u, call_rm)
    const struct x86_tlb_entry *top = &c->tlb->write[stack / X86_PAGE_SIZE % X86_TLB_ENTRIES];
    uint32_t to = x86_host_load_32(host);
    if (BASE_UNLIKELY(top->tag != ((stack + 3) & ~(uint32_t)X86_PAGE_MASK) || !within_code(c, to)))
        X86_TAIL call_rm(c, op);
    x86_host_store_32((uint8_t *)(top->addend + stack), x86_next_eip(c, op));
    c->pub.state.reg[X86_ESP] = stack;
    c->pub.state.eip = to;
    X86_JUMP_FOUND();
}

X86_HOT(jmp_memory_flat)
{
    uint32_t lin = x86_offset(c, op);
    X86_HIT(read, 4u, jmp_rm)
    uint32_t to = x86_host_load_32(host);
    if (BASE_UNLIKELY(!within_code(c, to)))
        X86_TAIL x86_raise_gp0(c, op);
    c->pub.state.eip = to;
    X86_JUMP_FOUND();
}

static x86_handler *pick_indirect(const struct x86_decode *d)
{
    bool call = d->reg == 2, fast = flat_stack(d) && d->form != X86_FORM_SEG;
    if (!fast)
        return call ? call_rm : jmp_rm;
    if (d->form == X86_FORM_REG)
        return call ? call_reg_flat : jmp_rm;
    return call ? call_memory_flat : jmp_memory_flat;
}

// A far pointer: offset, then selector.
static bool read_far(struct x86_private *c, struct x86_op *op, uint16_t *selector, uint32_t *offset)
{
    uint32_t lin;
    if (!x86_address(c, op, op->size + 2u, false, &lin))
        return false;
    uint64_t low = x86_load(c, lin, op->size), high = low & X86_BAD ? low : x86_load(c, lin + op->size, 2);
    *offset = (uint32_t)low;
    *selector = (uint16_t)high;
    return !(high & X86_BAD);
}

static struct x86_op *go_far(struct x86_private *c, struct x86_op *op, bool call, uint16_t selector, uint32_t offset)
{
    uint32_t block_eip = c->pub.state.eip;
    bool ok = call ? x86_far_call(c, selector, offset, op->size, x86_next_eip(c, op))
                   : x86_far_jump(c, selector, offset, op->size, x86_next_eip(c, op));
    if (ok)
        return NULL;
    c->pub.state.eip = block_eip;
    return x86_raise(c, op);
}

X86_HOT(far_memory)
{
    uint16_t selector;
    uint32_t offset;
    c->op = op;
    if (!read_far(c, op, &selector, &offset))
        return x86_raise(c, op);
    return go_far(c, op, op->src == 3, selector, offset);
}

X86_HOT(far_direct)
{
    c->op = op;
    return go_far(c, op, op->dst, (uint16_t)op->disp, op->imm);
}

X86_HOT(ret_far)
{
    c->op = op;
    if (!x86_far_return(c, op->size, op->imm))
        return x86_raise(c, op);
    return NULL;
}

x86_handler *x86_pick_far(struct x86_decode *d, struct x86_op *op)
{
    op->size = d->size;
    if (d->opcode == 0x9a || d->opcode == 0xea) {
        op->dst = d->opcode == 0x9a;
        op->disp = d->imm2;
        return far_direct;
    }
    op->imm = d->opcode == 0xca ? d->imm & 0xffff : 0;
    return ret_far;
}

x86_handler *x86_pick_group5(struct x86_decode *d, struct x86_op *op)
{
    if (d->reg < 2)
        return x86_pick_incdec_rm(d, op);
    if (d->lock || d->reg == 7)
        return NULL;
    if (d->reg == 6)
        return x86_pick_push_rm(d, op);
    op->size = d->size;
    op->dst = d->rm;
    op->src = d->reg;
    d->ends = true;
    if (d->reg == 2 || d->reg == 4)
        return pick_indirect(d);
    return d->form == X86_FORM_REG ? NULL : far_memory;
}

// ---------------------------------------------------------------------------------------------------------------------
// INT n, INT3, INTO, INT1, IRET

X86_HOT(int_n)
{
    struct x86_state *s = &c->pub.state;
    uint32_t block_eip = s->eip;
    c->op = op;
    if (op->src == X86_EVENT_SOFTWARE && op->dst && (s->eflags & X86_VM) && (s->eflags & X86_IOPL) != X86_IOPL)
        return x86_raise_gp0(c, op);
    s->eip = x86_next_eip(c, op);
    if (x86_interrupt(c, (uint8_t)op->imm, (enum x86_event)op->src, false, 0)) {
        x86_adopt_flags(c);
        return NULL;
    }
    s->eip = block_eip;
    return x86_raise(c, op);
}

X86_HOT(into)
{
    if (x86_of(c))
        X86_TAIL int_n(c, op);
    return x86_leave(c, x86_next_eip(c, op));
}

X86_HOT(iret)
{
    uint32_t block_eip = c->pub.state.eip;
    c->op = op;
    if (!x86_interrupt_return(c, op->size, x86_next_eip(c, op))) {
        c->pub.state.eip = block_eip;
        return x86_raise(c, op);
    }
    c->pub.state.nmi_blocked = 0;
    return NULL;
}

x86_handler *x86_pick_int(struct x86_decode *d, struct x86_op *op)
{
    op->size = d->size;
    op->src = d->opcode == 0xf1 ? X86_EVENT_TRAP : X86_EVENT_SOFTWARE;
    op->dst = d->opcode == 0xcd; // the form that IOPL governs in V86 mode
    op->imm = d->opcode == 0xcc ? 3 : d->opcode == 0xce ? 4 : d->opcode == 0xf1 ? 1 : d->imm & 0xff;
    return d->opcode == 0xcf ? iret : d->opcode == 0xce ? into : int_n;
}

// ---------------------------------------------------------------------------------------------------------------------
// The gate: the owner acts as if the processor stood between two instructions.

X86_OP(x86_op_gate)
{
    struct x86_state *s = &c->pub.state;
    c->op = op;
    if (!c->pub.owner || !c->pub.owner->gate)
        return x86_op_invalid(c, op);
    uint16_t number = (uint16_t)op->imm;
    s->eip += op->offset;
    s->count = c->limit - (uint64_t)c->left - op->rest;
    x86_settle_flags(c);
    const uint32_t flags = s->eflags;
    c->op = NULL;
    c->running = false;
    c->pub.owner->gate(c->pub.owner->user, &c->pub, number); // may drop all blocks: op is not touched any more
    c->running = true;
    c->left = (int64_t)(c->limit - s->count) - 1;
    if ((s->eflags ^ flags) & X86_ARITHMETIC)
        x86_adopt_flags(c);
    if (s->intr && (s->eflags & X86_IF))
        x86_attend(c); // the owner may have let interrupts in
    if (c->attention || c->left < 0)
        return NULL;
    X86_TAIL x86_follow_jump(c, NULL);
}
