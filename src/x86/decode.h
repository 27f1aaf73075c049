// What the decoder tells the files that own the handlers: each opcode's row names a function that picks the handler for
// the operands at hand. Whatever can be decided once is decided there.
#ifndef VXDKIT_X86_DECODE_H
#define VXDKIT_X86_DECODE_H

#include "x86/flags.h"

enum x86_form {
    X86_FORM_BASE, // flat address: register or nothing, plus displacement
    X86_FORM_SIB,  // flat address with an index
    X86_FORM_SEG,  // 16-bit address or a segment with limits
    X86_FORM_REG,  // no memory operand
    X86_FORMS = X86_FORM_REG,
};

enum { X86_NO_MEMORY = 9 }; // op->seg of register operands

struct x86_decode {
    struct x86_private *c;
    const uint8_t *bytes;
    unsigned available; // bytes that can be read
    unsigned mode;      // enum x86_mode
    bool gates;         // the escape opcode is valid here

    uint16_t opcode; // 0F xx as 1xx
    uint8_t mod, reg, rm;
    uint8_t size;    // operand size of the word forms: 2 or 4
    uint8_t rep;     // F2h, F3h or 0, whichever came last
    uint8_t segment; // of string and XLAT operands, override applied
    bool override, lock, address32;
    enum x86_form form;
    uint32_t imm, imm2;
    unsigned length;
    uint32_t offset; // of the instruction in its block

    // Set by the picking function:
    bool ends;      // the block ends behind this instruction
    unsigned links; // places for links behind it
};

typedef x86_handler *x86_pick(struct x86_decode *d, struct x86_op *op);

X86_INLINE uint8_t x86_reg_index(unsigned r, unsigned size)
{
    return (uint8_t)(size == 1 ? X86_BYTE_INDEX(r) : r);
}
// The usual operands: dst = r/m register if any, src = reg field.
X86_INLINE void x86_take_operands(const struct x86_decode *d, struct x86_op *op, unsigned size)
{
    op->size = (uint8_t)size;
    op->dst = x86_reg_index(d->rm, size);
    op->src = x86_reg_index(d->reg, size);
}
X86_INLINE unsigned x86_size_index(unsigned size)
{
    return size >> 1; // 1, 2, 4 -> 0, 1, 2
}

x86_pick x86_pick_alu, x86_pick_alu_group, x86_pick_test, x86_pick_incdec, x86_pick_incdec_rm, x86_pick_group3;
x86_pick x86_pick_mov, x86_pick_mov_imm, x86_pick_mov_reg_imm, x86_pick_mov_moffs, x86_pick_extend, x86_pick_lea;
x86_pick x86_pick_xchg, x86_pick_xchg_acc, x86_pick_bswap, x86_pick_cmov, x86_pick_xlat, x86_pick_simple,
    x86_pick_setcc;
x86_pick x86_pick_push_reg, x86_pick_pop_reg, x86_pick_push_imm, x86_pick_pop_rm, x86_pick_push_rm, x86_pick_stack;
x86_pick x86_pick_push_seg, x86_pick_pop_seg, x86_pick_jcc, x86_pick_jmp, x86_pick_call, x86_pick_ret, x86_pick_loop;
x86_pick x86_pick_group5, x86_pick_far, x86_pick_int, x86_pick_shift, x86_pick_shift_double, x86_pick_bits,
    x86_pick_scan;
x86_pick x86_pick_cmpxchg, x86_pick_imul, x86_pick_adjust, x86_pick_string, x86_pick_io, x86_pick_system,
    x86_pick_mov_seg;
x86_pick x86_pick_muldiv, x86_pick_load_far, x86_pick_flag, x86_pick_group6, x86_pick_group7, x86_pick_control,
    x86_pick_fpu, x86_pick_bound;

// Goes on at EIP `to`: straight to the block the link remembers, else by look-up. AT is the link's place behind op.
#define X86_JUMP(to_eip, AT, FOLLOW)                                                                                   \
    do {                                                                                                               \
        uint32_t to_ = (to_eip);                                                                                       \
        const struct x86_link *link_ = (const struct x86_link *)(const void *)(op + (AT));                             \
        if (BASE_UNLIKELY(to_ > c->pub.state.seg[X86_CS].limit))                                                       \
            X86_TAIL x86_raise_gp0(c, op);                                                                             \
        c->pub.state.eip = to_;                                                                                        \
        if (BASE_UNLIKELY(link_->key != c->key + (uint32_t)(to_ + c->cs_base)))                                        \
            X86_TAIL FOLLOW(c, op);                                                                                    \
        struct x86_block *b_ = link_->block;                                                                           \
        if (BASE_UNLIKELY((uint64_t)to_ + b_->size > (uint64_t)c->pub.state.seg[X86_CS].limit + 1))                    \
            X86_TAIL FOLLOW(c, op);                                                                                    \
        if (BASE_UNLIKELY((c->left -= b_->count) < 0)) {                                                               \
            c->left += b_->count;                                                                                      \
            return NULL;                                                                                               \
        }                                                                                                              \
        X86_GO(b_->ops);                                                                                               \
    } while (0)

// Goes on at state.eip through the jump cache: returns and indirect jumps.
#define X86_JUMP_FOUND()                                                                                               \
    do {                                                                                                               \
        uint64_t key_ = c->key + (uint32_t)(c->pub.state.eip + c->cs_base);                                            \
        const struct x86_link *slot_ = &c->jumps[X86_JUMP_SLOT(key_)];                                                 \
        if (BASE_UNLIKELY(slot_->key != key_ || !(c->mode & X86_MODE_UNLIMITED)))                                      \
            X86_TAIL x86_follow_jump(c, op);                                                                           \
        struct x86_block *b_ = slot_->block;                                                                           \
        if (BASE_UNLIKELY((c->left -= b_->count) < 0)) {                                                               \
            c->left += b_->count;                                                                                      \
            return NULL;                                                                                               \
        }                                                                                                              \
        X86_GO(b_->ops);                                                                                               \
    } while (0)

// Handlers whose work needs local variables in memory: it stands in a function of its own (false: fault), because a
// compiler makes no tail call past a variable whose address went elsewhere. What follows the work: the next operation,
// a jump to state.eip, or the link to the next instruction at the end of a block.
#define X86_SLOW_THEN(name, THEN)                                                                                      \
    static __attribute__((noinline)) bool name##_body(struct x86_private *c, struct x86_op *op);                       \
    X86_HOT(name)                                                                                                      \
    {                                                                                                                  \
        c->op = op;                                                                                                    \
        if (BASE_UNLIKELY(!name##_body(c, op)))                                                                        \
            X86_TAIL x86_raise(c, op);                                                                                 \
        THEN;                                                                                                          \
    }                                                                                                                  \
    static bool name##_body(struct x86_private *c, struct x86_op *op)
#define X86_SLOW(name)      X86_SLOW_THEN(name, X86_NEXT)
#define X86_SLOW_JUMP(name) X86_SLOW_THEN(name, X86_JUMP_FOUND())
#define X86_SLOW_LINK(name) X86_SLOW_THEN(name, X86_JUMP(x86_next_eip(c, op), 1, x86_follow))

// Operands of handlers that are not in a hurry: memory, or the register op->dst.
X86_INLINE bool x86_in_memory(const struct x86_op *op)
{
    return op->seg != X86_NO_MEMORY;
}
bool x86_get_rm(struct x86_private *c, struct x86_op *op, unsigned size, uint32_t *v);
bool x86_get_rm_to_write(struct x86_private *c, struct x86_op *op, unsigned size, uint32_t *v);
bool x86_put_rm(struct x86_private *c, struct x86_op *op, unsigned size, uint32_t v);

// ---------------------------------------------------------------------------------------------------------------------
// Memory operands of fast handlers. Each is made three times, for the forms _b, _x and _s; a TLB miss goes to a _cold
// twin that does everything through function calls, so that the fast ones need no stack frame.

#define X86_N_8             1u
#define X86_N_16            2u
#define X86_N_32            4u

#define X86_AT_b(ACCESS, N) uint32_t lin = X86_WORD(c, op->base) + op->disp;
#define X86_AT_x(ACCESS, N) uint32_t lin = X86_WORD(c, op->base) + (X86_WORD(c, op->index) << op->scale) + op->disp;
#define X86_AT_s(ACCESS, N)                                                                                            \
    uint32_t lin = x86_offset(c, op);                                                                                  \
    const struct x86_span *span = &c->ACCESS[op->seg];                                                                 \
    if (BASE_UNLIKELY(lin < span->first || (uint64_t)lin + ((N)-1) > span->last))                                      \
        X86_TAIL x86_raise_segment(c, op);                                                                             \
    lin += c->base[op->seg];

#define X86_HIT(ACCESS, N, COLD)                                                                                       \
    const struct x86_tlb_entry *entry = &c->tlb->ACCESS[lin / X86_PAGE_SIZE % X86_TLB_ENTRIES];                        \
    if (BASE_UNLIKELY(entry->tag != ((lin + ((N)-1)) & ~(uint32_t)X86_PAGE_MASK)))                                     \
        X86_TAIL COLD(c, op);                                                                                          \
    uint8_t *host = (uint8_t *)(entry->addend + lin);

#define X86_MEMORY_FORM(name, form, ACCESS, N, BODY)                                                                   \
    X86_HOT(name##_##form)                                                                                             \
    {                                                                                                                  \
        X86_AT_##form(ACCESS, N) X86_HIT(ACCESS, N, name##_cold) BODY X86_NEXT;                                        \
    }
#define X86_MEMORY_FORMS(name, ACCESS, N, BODY)                                                                        \
    X86_MEMORY_FORM(name, b, ACCESS, N, BODY)                                                                          \
    X86_MEMORY_FORM(name, x, ACCESS, N, BODY)                                                                          \
    X86_MEMORY_FORM(name, s, ACCESS, N, BODY)

// Reads memory into `v`, then BODY.
#define X86_COLD_READ(name, N, BODY)                                                                                   \
    X86_SLOW(name##_cold)                                                                                              \
    {                                                                                                                  \
        uint32_t lin, v;                                                                                               \
        if (!x86_address(c, op, N, false, &lin))                                                                       \
            return false;                                                                                              \
        uint64_t got = x86_load(c, lin, N);                                                                            \
        if (got & X86_BAD)                                                                                             \
            return false;                                                                                              \
        v = (uint32_t)got;                                                                                             \
        BODY return true;                                                                                              \
    }
// Reads memory that will be written into `v`, BODY makes `r` of it.
#define X86_COLD_CHANGE(name, N, BODY)                                                                                 \
    X86_SLOW(name##_cold)                                                                                              \
    {                                                                                                                  \
        uint32_t lin, v, r;                                                                                            \
        if (!x86_address(c, op, N, true, &lin) || !x86_check_span(c, op->seg, lin - c->base[op->seg], N, false))       \
            return false;                                                                                              \
        uint64_t got = x86_load_to_write(c, lin, N);                                                                   \
        if (got & X86_BAD)                                                                                             \
            return false;                                                                                              \
        v = (uint32_t)got;                                                                                             \
        BODY return x86_store(c, lin, N, r);                                                                           \
    }
// Writes `value`.
#define X86_COLD_WRITE(name, N, value)                                                                                 \
    X86_SLOW(name##_cold)                                                                                              \
    {                                                                                                                  \
        uint32_t lin;                                                                                                  \
        return x86_address(c, op, N, true, &lin) && x86_store(c, lin, N, value);                                       \
    }
#define X86_FORM_LIST(name)                                                                                            \
    {                                                                                                                  \
        name##_b, name##_x, name##_s                                                                                   \
    }

#endif
