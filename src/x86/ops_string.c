// String instructions and port I/O. A REP instruction ends its block and runs iteration by iteration, each counted;
// MOVS and STOS move whole stretches of a page at once where nothing can go wrong in between.
#include "x86/decode.h"

// op: src = segment of the source, size = element, mask = address size, dst = prefix (0, F2h, F3h).
struct strings {
    struct x86_private *c;
    struct x86_op *op;
    uint32_t *si, *di, *cx;
};

typedef bool element(struct strings *s); // one iteration; false: fault, nothing changed

static uint32_t step_of(const struct strings *s)
{
    return s->c->pub.state.eflags & X86_DF ? 0u - s->op->size : s->op->size;
}

static void advance(const struct strings *s, uint32_t *reg, uint32_t by)
{
    *reg = (*reg & ~s->op->mask) | ((*reg + by) & s->op->mask);
}

static bool source(struct strings *s, uint32_t *v)
{
    uint32_t offset = *s->si & s->op->mask;
    if (!x86_check_span(s->c, s->op->src, offset, s->op->size, false))
        return false;
    uint64_t got = x86_load(s->c, offset + s->c->base[s->op->src], s->op->size);
    *v = (uint32_t)got;
    return !(got & X86_BAD);
}

static bool destination(struct strings *s, uint32_t *v)
{
    uint32_t offset = *s->di & s->op->mask;
    if (!x86_check_span(s->c, X86_ES, offset, s->op->size, false))
        return false;
    uint64_t got = x86_load(s->c, offset + s->c->base[X86_ES], s->op->size);
    *v = (uint32_t)got;
    return !(got & X86_BAD);
}

static bool put(struct strings *s, uint32_t v)
{
    uint32_t offset = *s->di & s->op->mask;
    return x86_check_span(s->c, X86_ES, offset, s->op->size, true) &&
           x86_store(s->c, offset + s->c->base[X86_ES], s->op->size, v);
}

static void compare(struct x86_private *c, uint32_t a, uint32_t b, unsigned size)
{
    uint32_t r = a - b, borrow = (~a & b) | ((~a | b) & r);
    c->res = x86_extend(r, size);
    c->aux = size == 4 ? x86_pack_32(borrow) : size == 2 ? x86_pack_16(borrow) : x86_pack_8(borrow);
}

static bool movs(struct strings *s)
{
    uint32_t v;
    if (!source(s, &v) || !put(s, v))
        return false;
    advance(s, s->si, step_of(s));
    advance(s, s->di, step_of(s));
    return true;
}

static bool stos(struct strings *s)
{
    if (!put(s, s->c->pub.state.reg[X86_EAX]))
        return false;
    advance(s, s->di, step_of(s));
    return true;
}

static bool lods(struct strings *s)
{
    uint32_t v;
    if (!source(s, &v))
        return false;
    x86_set(s->c, s->op->size == 1 ? X86_BYTE_INDEX(0) : X86_EAX, s->op->size, v);
    advance(s, s->si, step_of(s));
    return true;
}

// When both operands fault, silicon reports the destination's.
static bool cmps(struct strings *s)
{
    uint32_t a, b;
    if (!destination(s, &b) || !source(s, &a))
        return false;
    compare(s->c, a, b, s->op->size);
    advance(s, s->si, step_of(s));
    advance(s, s->di, step_of(s));
    return true;
}

static uint32_t accumulator(const struct strings *s)
{
    uint32_t eax = s->c->pub.state.reg[X86_EAX];
    return s->op->size == 4 ? eax : s->op->size == 2 ? eax & 0xffff : eax & 0xff;
}

static bool scas(struct strings *s)
{
    uint32_t v;
    if (!destination(s, &v))
        return false;
    compare(s->c, accumulator(s), v, s->op->size);
    advance(s, s->di, step_of(s));
    return true;
}

// The destination is probed before the port is read: a device must not be asked twice.
static bool ins(struct strings *s)
{
    struct x86_private *c = s->c;
    uint16_t port = (uint16_t)c->pub.state.reg[X86_EDX];
    uint32_t offset = *s->di & s->op->mask;
    if (!x86_io_allowed(c, port, s->op->size) || !x86_check_span(c, X86_ES, offset, s->op->size, true) ||
        !x86_probe(c, offset + c->base[X86_ES], s->op->size, X86_WRITE | (c->cpl == 3 ? X86_USER : 0u)))
        return false;
    if (!put(s, x86_port_in(c, port, s->op->size)))
        return false;
    advance(s, s->di, step_of(s));
    return true;
}

static bool outs(struct strings *s)
{
    struct x86_private *c = s->c;
    uint16_t port = (uint16_t)c->pub.state.reg[X86_EDX];
    uint32_t v;
    if (!x86_io_allowed(c, port, s->op->size) || !source(s, &v))
        return false;
    x86_port_out(c, port, s->op->size, v);
    advance(s, s->si, step_of(s));
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Stretches: how many of `n` iterations fit before a page or the segment ends; 0: one at a time.

static uint32_t stretch(struct strings *s, unsigned seg, uint32_t offset, uint32_t n, bool write, uint8_t **host)
{
    struct x86_private *c = s->c;
    unsigned size = s->op->size;
    uint32_t linear = offset + c->base[seg], room = (X86_PAGE_SIZE - (linear & X86_PAGE_MASK)) / size;
    const struct x86_span *span = write ? &c->write[seg] : &c->read[seg];
    n = n < room ? n : room;
    if (n < 2 || offset < span->first || (uint64_t)offset + n * size - 1 > span->last ||
        offset + n * size - 1 > s->op->mask)
        return 0;
    *host = x86_direct(c, linear, n * size, write);
    return *host ? n : 0;
}

static void copy_forward(uint8_t *to, const uint8_t *from, uint32_t n, unsigned size)
{
    uintptr_t gap = (uintptr_t)to - (uintptr_t)from;
    if (gap >= n * size) {
        memmove(to, from, n * size);
        return;
    }
    for (uint32_t i = 0; i < n; i++) // a destination ahead of its source repeats the pattern
        memmove(to + i * size, from + i * size, size);
}

static uint32_t movs_many(struct strings *s, uint32_t n)
{
    uint8_t *from, *to;
    n = stretch(s, s->op->src, *s->si & s->op->mask, n, false, &from);
    n = n ? stretch(s, X86_ES, *s->di & s->op->mask, n, true, &to) : 0;
    if (!n)
        return 0;
    copy_forward(to, from, n, s->op->size);
    advance(s, s->si, n * s->op->size);
    advance(s, s->di, n * s->op->size);
    return n;
}

static uint32_t stos_many(struct strings *s, uint32_t n)
{
    uint8_t *to = NULL; // stays so when n is 0
    uint32_t v = s->c->pub.state.reg[X86_EAX];
    n = stretch(s, X86_ES, *s->di & s->op->mask, n, true, &to);
    if (s->op->size == 1 && n)
        memset(to, (int)(v & 0xff), n);
    for (uint32_t i = 0; s->op->size == 2 && i < n; i++)
        x86_host_store_16(to + 2 * i, v);
    for (uint32_t i = 0; s->op->size == 4 && i < n; i++)
        x86_host_store_32(to + 4 * i, v);
    advance(s, s->di, n * s->op->size);
    return n;
}

// ---------------------------------------------------------------------------------------------------------------------
// Repetition

typedef uint32_t many(struct strings *s, uint32_t n); // up to n iterations at once

static uint32_t count_of(const struct strings *s)
{
    return *s->cx & s->op->mask;
}

static uint32_t at_once(struct strings *s, many *fn)
{
    uint32_t n = count_of(s);
    if (!fn || n < 4 || (s->c->pub.state.eflags & X86_DF) || s->c->attention || s->c->left < 4)
        return 0;
    return fn(s, (int64_t)n <= s->c->left ? n : (uint32_t)s->c->left);
}

enum outcome { FAULTED, STOPPED, DONE };

// The first iteration is paid for by the block; `left` is what the others may take.
static __attribute__((noinline)) enum outcome repeat(struct x86_private *c, struct x86_op *op, element *one, many *fn,
                                                     bool compares)
{
    struct strings s = {c, op, &c->pub.state.reg[X86_ESI], &c->pub.state.reg[X86_EDI], &c->pub.state.reg[X86_ECX]};
    uint32_t res = c->res, aux = c->aux;
    c->op = op;
    if (count_of(&s) == 0)
        return DONE;
    for (c->left++;;) {
        uint32_t n = at_once(&s, fn);
        if (n == 0) {
            if (!one(&s)) {
                c->left--;
                c->res = res; // a fault inside REP CMPS or SCAS leaves the flags from before (Intel SDM 2, REP)
                c->aux = aux;
                return FAULTED;
            }
            n = 1;
        }
        c->left -= n;
        advance(&s, s.cx, 0u - n);
        bool done = count_of(&s) == 0 || (compares && x86_zf(c) != (op->dst == 0xf3));
        if (done)
            return DONE;
        if (c->attention || c->left <= 0)
            return c->repeating = true, STOPPED;
    }
}

static bool once(struct x86_private *c, struct x86_op *op, element *one)
{
    struct strings s = {c, op, &c->pub.state.reg[X86_ESI], &c->pub.state.reg[X86_EDI], &c->pub.state.reg[X86_ECX]};
    return one(&s);
}

// An instruction that stopped between two iterations stays where it is.
#define DEFINE_REPEAT(name, one, many, compares)                                                                       \
    X86_HOT(name)                                                                                                      \
    {                                                                                                                  \
        enum outcome outcome = repeat(c, op, one, many, compares);                                                     \
        if (outcome == DONE)                                                                                           \
            X86_JUMP(x86_next_eip(c, op), 1, x86_follow);                                                              \
        if (outcome == STOPPED)                                                                                        \
            return x86_leave(c, x86_start_eip(c, op));                                                                 \
        X86_TAIL x86_raise(c, op);                                                                                     \
    }

X86_SLOW(movs_once)
{
    return once(c, op, movs);
}
X86_SLOW(cmps_once)
{
    return once(c, op, cmps);
}
X86_SLOW(stos_once)
{
    return once(c, op, stos);
}
X86_SLOW(lods_once)
{
    return once(c, op, lods);
}
X86_SLOW(scas_once)
{
    return once(c, op, scas);
}
X86_SLOW_LINK(ins_once)
{
    return once(c, op, ins);
}
X86_SLOW_LINK(outs_once)
{
    return once(c, op, outs);
}
DEFINE_REPEAT(movs_rep, movs, movs_many, false)
DEFINE_REPEAT(cmps_rep, cmps, NULL, true)
DEFINE_REPEAT(stos_rep, stos, stos_many, false)
DEFINE_REPEAT(lods_rep, lods, NULL, false)
DEFINE_REPEAT(scas_rep, scas, NULL, true)
DEFINE_REPEAT(ins_rep, ins, NULL, false)
DEFINE_REPEAT(outs_rep, outs, NULL, false)

x86_handler *x86_pick_string(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const handlers[8][2] = {
        {ins_once, ins_rep},   {outs_once, outs_rep}, {movs_once, movs_rep}, {cmps_once, cmps_rep},
        {stos_once, stos_rep}, {lods_once, lods_rep}, {scas_once, scas_rep}, {NULL, NULL},
    };
    static const uint8_t which[16] = {
        [0x4] = 2, [0x5] = 2, [0x6] = 3, [0x7] = 3, [0xa] = 4, [0xb] = 4, [0xc] = 5, [0xd] = 5, [0xe] = 6, [0xf] = 6};
    bool io = d->opcode < 0x70;
    unsigned i = io ? (d->opcode >> 1 & 1) : which[d->opcode & 15];
    op->size = d->opcode & 1 ? d->size : 1;
    op->src = d->segment;
    op->dst = d->rep;
    if (io && op->size == 4 && d->size == 2)
        op->size = 2;
    d->ends = d->rep != 0 || io;
    d->links = d->ends ? 1 : 0;
    return handlers[i][d->rep != 0];
}

// ---------------------------------------------------------------------------------------------------------------------
// IN and OUT. The block ends behind them: the owner may have raised an interrupt.

static uint16_t port_of(const struct x86_private *c, const struct x86_op *op)
{
    return (uint16_t)(op->src ? c->pub.state.reg[X86_EDX] : op->imm & 0xff);
}

X86_SLOW_LINK(in)
{
    uint16_t port = port_of(c, op);
    if (!x86_io_allowed(c, port, op->size))
        return false;
    x86_set(c, op->size == 1 ? X86_BYTE_INDEX(0) : X86_EAX, op->size, x86_port_in(c, port, op->size));
    return true;
}

X86_SLOW_LINK(out)
{
    uint16_t port = port_of(c, op);
    if (!x86_io_allowed(c, port, op->size))
        return false;
    x86_port_out(c, port, op->size, c->pub.state.reg[X86_EAX]);
    return true;
}

x86_handler *x86_pick_io(struct x86_decode *d, struct x86_op *op)
{
    op->size = d->opcode & 1 ? d->size : 1;
    op->src = d->opcode >> 3 & 1; // port in DX
    d->links = 1;
    return d->opcode & 2 ? out : in;
}
