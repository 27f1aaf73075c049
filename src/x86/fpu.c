// The coprocessor: register stack, exceptions, environment, and the handler all of its instructions go through.
#include <string.h>

#include "x86/fpu.h"

enum { CR0_MP = 2, CR0_EM = 4, CR0_TS = 8, CR0_NE = 32 };

// ---------------------------------------------------------------------------------------------------------------------
// Registers

static unsigned tag_of(struct x86_float v)
{
    if ((v.sign_exponent & 0x7fff) == 0 && v.mantissa == 0)
        return 1;
    unsigned biased = v.sign_exponent & 0x7fff;
    return biased == 0 || biased == 0x7fff || !(v.mantissa >> 63) ? 2 : 0;
}

static void set_tag(struct x86_private *c, unsigned physical, unsigned tag)
{
    c->pub.state.ftw = (uint16_t)((c->pub.state.ftw & ~(3u << (2 * physical))) | tag << (2 * physical));
}

void x86_fpu_set(struct x86_private *c, unsigned i, struct x86_float v)
{
    unsigned at = x86_fpu_index(c, i);
    c->pub.state.st[at] = v;
    set_tag(c, at, tag_of(v));
}

void x86_fpu_free(struct x86_private *c, unsigned i)
{
    set_tag(c, x86_fpu_index(c, i), 3);
}

void x86_fpu_turn(struct x86_private *c, int by)
{
    unsigned top = x86_fpu_index(c, (unsigned)by);
    c->pub.state.fsw = (uint16_t)((c->pub.state.fsw & ~0x3800u) | top << 11);
}

void x86_fpu_pop(struct x86_private *c)
{
    x86_fpu_free(c, 0);
    x86_fpu_turn(c, 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Exceptions

static void set_ferr(struct x86_private *c, bool level)
{
    c->pub.state.ferr = level;
    if (!c->pub.owner || !c->pub.owner->coprocessor_error)
        return;
    uint32_t eip = x86_sync(c);
    c->pub.owner->coprocessor_error(c->pub.owner->user, level);
    x86_unsync(c, eip);
}

void x86_fpu_check_pending(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    bool pending = s->fsw & ~s->fcw & FSW_EXCEPTIONS;
    s->fsw = (uint16_t)(pending ? s->fsw | FSW_ES | FSW_B : s->fsw & ~(FSW_ES | FSW_B));
    if (s->ferr && !pending)
        set_ferr(c, false);
}

bool x86_fpu_raise(struct x86_private *c, unsigned flags)
{
    c->pub.state.fsw = (uint16_t)(c->pub.state.fsw | flags);
    x86_fpu_check_pending(c);
    return flags & ~(unsigned)c->pub.state.fcw & FSW_EXCEPTIONS;
}

bool x86_fpu_underflow(struct x86_private *c)
{
    x86_fpu_c1(c, false);
    return !x86_fpu_raise(c, SOFT_IE | FSW_SF);
}

bool x86_fpu_push(struct x86_private *c, struct x86_float v)
{
    if (!x86_fpu_empty(c, 7)) {
        x86_fpu_c1(c, true);
        if (x86_fpu_raise(c, SOFT_IE | FSW_SF))
            return false;
        v = x86_soft_indefinite;
    }
    x86_fpu_turn(c, -1);
    x86_fpu_set(c, 0, v);
    return true;
}

struct x86_soft x86_fpu_begin(const struct x86_private *c)
{
    static const uint8_t bits[] = {24, 64, 53, 64}; // 1 is reserved
    uint16_t fcw = c->pub.state.fcw;
    return (struct x86_soft){.rounding = fcw >> 10 & 3, .precision = bits[fcw >> 8 & 3], .masks = fcw & FSW_EXCEPTIONS};
}

bool x86_fpu_commit(struct x86_private *c, const struct x86_soft *s)
{
    unsigned before = s->flags & FSW_BEFORE;
    x86_fpu_c1(c, false);
    if (before & ~(unsigned)c->pub.state.fcw) {
        x86_fpu_raise(c, before);
        return false;
    }
    x86_fpu_c1(c, s->up && (s->flags & SOFT_PE));
    if (s->flags)
        x86_fpu_raise(c, s->flags);
    return true;
}

void x86_fpu_init(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    s->fcw = 0x37f;
    s->fsw = 0;
    s->ftw = 0xffff;
    s->fop = s->fcs = s->fds = 0;
    s->fip = s->fdp = 0;
    x86_fpu_check_pending(c);
}

void x86_fpu_read(const struct x86 *cpu, struct x86_fpu *to)
{
    const struct x86_state *s = &cpu->state;
    *to = (struct x86_fpu){.fcw = s->fcw,
                           .fsw = s->fsw,
                           .ftw = s->ftw,
                           .fop = s->fop,
                           .fcs = s->fcs,
                           .fds = s->fds,
                           .fip = s->fip,
                           .fdp = s->fdp};
    memcpy(to->st, s->st, sizeof to->st);
}

void x86_fpu_write(struct x86 *cpu, const struct x86_fpu *from)
{
    struct x86_state *s = &cpu->state;
    if (!from) {
        x86_fpu_init(cpu->private);
        return;
    }
    memcpy(s->st, from->st, sizeof s->st);
    s->fcw = from->fcw;
    s->fsw = from->fsw;
    s->ftw = from->ftw;
    s->fop = from->fop;
    s->fcs = from->fcs;
    s->fds = from->fds;
    s->fip = from->fip;
    s->fdp = from->fdp;
    x86_fpu_check_pending(cpu->private);
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

bool x86_fpu_probe_operand(struct x86_private *c, struct x86_op *op, unsigned n, bool write, uint32_t *lin)
{
    unsigned access = (write ? X86_WRITE : X86_READ) | (c->cpl == 3 ? X86_USER : 0u);
    return x86_address(c, op, n, write, lin) && x86_probe(c, *lin, n, access);
}

bool x86_fpu_load_80(struct x86_private *c, uint32_t lin, struct x86_float *v)
{
    uint64_t low = x86_load(c, lin, 4), high = low & X86_BAD ? low : x86_load(c, lin + 4, 4);
    uint64_t top = high & X86_BAD ? high : x86_load(c, lin + 8, 2);
    *v = (struct x86_float){low | high << 32, (uint16_t)top};
    return !(top & X86_BAD);
}

bool x86_fpu_store_80(struct x86_private *c, uint32_t lin, const struct x86_float *v)
{
    return x86_store(c, lin, 4, (uint32_t)v->mantissa) && x86_store(c, lin + 4, 4, (uint32_t)(v->mantissa >> 32)) &&
           x86_store(c, lin + 8, 2, v->sign_exponent);
}

// The environment's seven words, in one of four layouts (Intel SDM 1, 8.1.10).
static void pack_environment(const struct x86_private *c, unsigned size, uint32_t w[7])
{
    const struct x86_state *s = &c->pub.state;
    bool real = !x86_protected(c);
    uint32_t high = size == 4 ? 0xffff0000 : 0;
    w[0] = s->fcw | high;
    w[1] = s->fsw | high;
    w[2] = s->ftw | high;
    if (!real) {
        w[3] = s->fip;
        w[4] = s->fcs | (size == 4 ? (uint32_t)s->fop << 16 : 0);
        w[5] = s->fdp;
        w[6] = s->fds | high;
        return;
    }
    uint32_t ip = s->fip + (uint32_t)s->fcs * 16, dp = s->fdp + (uint32_t)s->fds * 16;
    w[3] = (ip & 0xffff) | high;
    w[4] = (size == 4 ? ip >> 16 << 12 : ip >> 4 & 0xf000) | (s->fop & 0x7ff);
    w[5] = (dp & 0xffff) | high;
    w[6] = size == 4 ? dp >> 16 << 12 : dp >> 4 & 0xf000;
}

static void unpack_environment(struct x86_private *c, unsigned size, const uint32_t w[7])
{
    struct x86_state *s = &c->pub.state;
    s->fcw = (uint16_t)((w[0] & 0x1f3f) | 0x40);
    s->fsw = (uint16_t)w[1];
    for (unsigned i = 0; i < 8; i++)
        set_tag(c, i, (w[2] >> (2 * i) & 3) == 3 ? 3 : tag_of(s->st[i]));
    if (x86_protected(c)) {
        s->fip = w[3];
        s->fcs = (uint16_t)w[4];
        s->fop = size == 4 ? w[4] >> 16 & 0x7ff : 0;
        s->fdp = w[5];
        s->fds = (uint16_t)w[6];
    } else {
        s->fip = (w[3] & 0xffff) | (size == 4 ? w[4] << 4 & 0xffff0000 : w[4] << 4 & 0xf0000);
        s->fop = w[4] & 0x7ff;
        s->fdp = (w[5] & 0xffff) | (size == 4 ? w[6] << 4 & 0xffff0000 : w[6] << 4 & 0xf0000);
        s->fcs = s->fds = 0;
    }
    x86_fpu_check_pending(c);
}

bool x86_fpu_store_environment(struct x86_private *c, struct x86_op *op, uint32_t *next)
{
    uint32_t w[7];
    pack_environment(c, op->size, w);
    for (unsigned i = 0; i < 7; i++, *next += op->size)
        if (!x86_store(c, *next, op->size, w[i]))
            return false;
    return true;
}

bool x86_fpu_load_environment(struct x86_private *c, struct x86_op *op, uint32_t *next)
{
    uint32_t w[7];
    for (unsigned i = 0; i < 7; i++, *next += op->size) {
        uint64_t v = x86_load(c, *next, op->size);
        if (v & X86_BAD)
            return false;
        w[i] = (uint32_t)v;
    }
    unpack_environment(c, op->size, w);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Handlers

static bool available(struct x86_private *c)
{
    return !(c->pub.state.cr0 & (CR0_EM | CR0_TS)) || x86_fail(c, 7);
}

// The way of the PC (SDM 1, appendix D): FERR# rises at the waiting instruction, as with the P6, and there the
// processor stays until the board's interrupt, or any other, is taken. The board answers the handler's write to port
// F0h with IGNNE#, which lets x87 instructions pass although the error is still there.
static X86_COLD bool wait_for_board(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    if (s->ignne)
        return true;
    if (!s->ferr)
        set_ferr(c, true);
    s->halted = X86_HALT_X87;
    c->exit = X86_EXIT_WAIT;
    return false;
}

// An unmasked exception of an earlier instruction is reported by the next waiting one.
static bool no_error(struct x86_private *c)
{
    const struct x86_state *s = &c->pub.state;
    if (!(s->fsw & FSW_ES))
        return true;
    bool wired = c->pub.owner && c->pub.owner->coprocessor_error;
    if (s->model == X86_386 ? !wired : (s->cr0 & CR0_NE) != 0)
        return x86_fail(c, 16);
    return wired ? wait_for_board(c)
                 : x86_fail_missing(c, "coprocessor error with CR0.NE clear (needs a board behind FERR#)");
}

// Control instructions neither wait nor move the instruction pointers.
X86_HOT(control)
{
    c->op = op;
    if (!available(c) || !x86_fpu_call(c, op))
        return x86_raise(c, op);
    X86_NEXT;
}

X86_HOT(control_waiting)
{
    c->op = op;
    if (!available(c) || !no_error(c) || !x86_fpu_call(c, op))
        return x86_raise(c, op);
    X86_NEXT;
}

X86_HOT(compute)
{
    struct x86_state *s = &c->pub.state;
    c->op = op;
    if (!available(c) || !no_error(c))
        return x86_raise(c, op);
    uint32_t offset = x86_in_memory(op) ? x86_offset(c, op) : 0;
    if (!x86_fpu_call(c, op))
        return x86_raise(c, op);
    s->fip = x86_start_eip(c, op);
    s->fcs = s->seg[X86_CS].selector;
    s->fop = op->imm >> 16 & 0x7ff;
    if (x86_in_memory(op)) {
        s->fdp = offset;
        s->fds = s->seg[op->seg == X86_FLAT ? X86_DS : op->seg].selector;
    }
    X86_NEXT;
}

X86_HOT(wait)
{
    c->op = op;
    if ((c->pub.state.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
        x86_fail(c, 7);
        return x86_raise(c, op);
    }
    if (!no_error(c))
        return x86_raise(c, op);
    X86_NEXT;
}

x86_handler *x86_pick_fpu(struct x86_decode *d, struct x86_op *op)
{
    static x86_handler *const handlers[] = {control, control_waiting, compute};
    enum x86_fpu_kind kind;
    if (d->opcode == 0x9b)
        return wait;
    op->size = d->size;
    op->dst = d->reg;
    op->src = d->rm;
    unsigned modrm = (unsigned)d->mod << 6 | (unsigned)d->reg << 3 | d->rm;
    op->imm = (d->opcode & 7u) << 24 | modrm << 16;
    return x86_fpu_find(d, op, &kind) ? handlers[kind] : NULL;
}
