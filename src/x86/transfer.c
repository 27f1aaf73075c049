// Far transfers: JMP, CALL and RET between segments and rings, call gates, IRET. Everything is checked and read before
// the first register changes.
#include "x86/flags.h"

struct target {
    uint16_t selector;
    uint32_t eip, d[2], at;
};

static bool gp(struct x86_private *c, uint32_t selector)
{
    return x86_fail_code(c, 13, selector & 0xfffc);
}

static unsigned dpl_of(const uint32_t d[2])
{
    return d[1] >> 13 & 3;
}

static bool is_code(const uint32_t d[2])
{
    return (d[1] & 0x1800) == 0x1800;
}

static uint32_t limit_of(const uint32_t d[2])
{
    struct x86_segment s;
    x86_fill_segment(&s, 0, d);
    return s.limit;
}

static bool within(struct x86_private *c, const struct target *t)
{
    return t->eip <= limit_of(t->d) || x86_fail_code(c, 13, 0);
}

static bool read_target(struct x86_private *c, uint16_t selector, struct target *t)
{
    t->selector = selector;
    return (selector & 0xfffc) ? x86_read_descriptor(c, selector, t->d, &t->at, 13) : gp(c, 0);
}

static bool present(struct x86_private *c, const struct target *t)
{
    return (t->d[1] & 0x8000) || x86_fail_code(c, 11, t->selector & 0xfffcu);
}

// CS becomes the target's with the given CPL.
static bool enter_code(struct x86_private *c, struct target *t, unsigned cpl)
{
    if (!x86_mark_accessed(c, t->at, t->d))
        return false;
    x86_set_segment(c, X86_CS, (uint16_t)((t->selector & 0xfffc) | cpl), t->d);
    c->pub.state.eip = t->eip;
    return true;
}

// Rules of a direct JMP or CALL to a code segment: the CPL stays.
static bool may_go_directly(struct x86_private *c, const struct target *t)
{
    bool conforming = t->d[1] & 0x400;
    bool ok = conforming ? dpl_of(t->d) <= c->cpl : (t->selector & 3) <= c->cpl && dpl_of(t->d) == c->cpl;
    return (ok || gp(c, t->selector)) && present(c, t);
}

static void real_jump(struct x86_private *c, uint16_t selector, uint32_t eip)
{
    x86_set_real_segment(c, X86_CS, selector);
    c->pub.state.eip = eip;
}

// Reads what a call gate leads to; `t` becomes the target.
static bool through_gate(struct x86_private *c, struct target *t, unsigned *size, unsigned *params)
{
    unsigned type = t->d[1] >> 8 & 0x1f;
    uint16_t gate = t->selector;
    if (dpl_of(t->d) < c->cpl || dpl_of(t->d) < (gate & 3u))
        return gp(c, gate);
    if (!present(c, t))
        return false;
    *size = type == 0x0c ? 4 : 2;
    *params = t->d[1] & 31;
    uint32_t eip = *size == 4 ? (t->d[0] & 0xffff) | (t->d[1] & 0xffff0000) : t->d[0] & 0xffff;
    if (!read_target(c, (uint16_t)(t->d[0] >> 16), t))
        return false;
    t->eip = eip;
    if (!is_code(t->d) || dpl_of(t->d) > c->cpl)
        return gp(c, t->selector);
    return present(c, t);
}

static bool is_call_gate(const uint32_t d[2])
{
    unsigned type = d[1] >> 8 & 0x1f;
    return type == 0x0c || type == 4;
}

static bool is_task(const uint32_t d[2])
{
    unsigned type = d[1] >> 8 & 0x1f;
    return type == 1 || type == 9 || type == 5;
}

bool x86_far_jump(struct x86_private *c, uint16_t selector, uint32_t eip, unsigned size, uint32_t next_eip)
{
    struct target t = {.eip = size == 2 ? eip & 0xffff : eip};
    if (!x86_protected(c)) {
        if (t.eip > c->pub.state.seg[X86_CS].limit)
            return x86_fail_code(c, 13, 0);
        real_jump(c, selector, t.eip);
        return true;
    }
    if (!read_target(c, selector, &t))
        return false;
    if (is_task(t.d))
        return x86_task_far(c, selector, t.d, false, next_eip);
    if (is_call_gate(t.d)) {
        unsigned gate_size, params;
        if (!through_gate(c, &t, &gate_size, &params))
            return false;
        if (!(t.d[1] & 0x400) && dpl_of(t.d) != c->cpl)
            return gp(c, t.selector);
    } else if (!is_code(t.d)) {
        return gp(c, selector);
    } else if (!may_go_directly(c, &t)) {
        return false;
    }
    return within(c, &t) && enter_code(c, &t, c->cpl);
}

static bool call_same_ring(struct x86_private *c, struct target *t, unsigned size, uint32_t return_eip)
{
    uint32_t esp = c->pub.state.reg[X86_ESP];
    if (!within(c, t) || !x86_push_at(c, &esp, size, c->pub.state.seg[X86_CS].selector) ||
        !x86_push_at(c, &esp, size, return_eip) || !enter_code(c, t, c->cpl))
        return false;
    x86_set_esp(c, esp);
    return true;
}

static bool call_inner(struct x86_private *c, struct target *t, unsigned size, unsigned params, uint32_t return_eip)
{
    struct x86_state *s = &c->pub.state;
    struct x86_stack inner;
    uint32_t old_esp = s->reg[X86_ESP], words[31];
    for (unsigned i = 0; i < params; i++) {
        uint32_t at = old_esp + i * size;
        if (!x86_pop_at(c, &at, size, &words[i]))
            return false;
    }
    if (!x86_inner_stack(c, dpl_of(t->d), &inner, t->selector) || !within(c, t))
        return false;
    bool ok = x86_push_to(c, &inner, size, s->seg[X86_SS].selector) && x86_push_to(c, &inner, size, old_esp);
    for (unsigned i = params; ok && i-- > 0;)
        ok = x86_push_to(c, &inner, size, words[i]);
    ok = ok && x86_push_to(c, &inner, size, s->seg[X86_CS].selector) && x86_push_to(c, &inner, size, return_eip);
    if (!ok || !enter_code(c, t, dpl_of(t->d)))
        return false;
    x86_adopt_stack(c, &inner);
    return true;
}

bool x86_far_call(struct x86_private *c, uint16_t selector, uint32_t eip, unsigned size, uint32_t return_eip)
{
    struct target t = {.eip = size == 2 ? eip & 0xffff : eip};
    uint32_t esp = c->pub.state.reg[X86_ESP];
    if (!x86_protected(c)) {
        if (t.eip > c->pub.state.seg[X86_CS].limit)
            return x86_fail_code(c, 13, 0);
        if (!x86_push_at(c, &esp, size, c->pub.state.seg[X86_CS].selector) || !x86_push_at(c, &esp, size, return_eip))
            return false;
        real_jump(c, selector, t.eip);
        x86_set_esp(c, esp);
        return true;
    }
    if (!read_target(c, selector, &t))
        return false;
    if (is_task(t.d))
        return x86_task_far(c, selector, t.d, true, return_eip);
    if (!is_call_gate(t.d))
        return is_code(t.d) ? may_go_directly(c, &t) && call_same_ring(c, &t, size, return_eip) : gp(c, selector);
    unsigned params;
    if (!through_gate(c, &t, &size, &params))
        return false;
    if (!(t.d[1] & 0x400) && dpl_of(t.d) < c->cpl)
        return call_inner(c, &t, size, params, return_eip);
    return call_same_ring(c, &t, size, return_eip);
}

// ---------------------------------------------------------------------------------------------------------------------
// Returns

// Data segments that the outer ring may not have become null (386 manual, RET).
static void drop_inner_segments(struct x86_private *c)
{
    static const uint8_t data[] = {X86_ES, X86_DS, X86_FS, X86_GS};
    for (unsigned i = 0; i < 4; i++) {
        struct x86_segment *s = &c->pub.state.seg[data[i]];
        bool conforming = (s->access & 0x1c) == 0x1c;
        if (conforming || (s->access >> 5 & 3) >= c->cpl)
            continue;
        *s = (struct x86_segment){0};
        x86_update_segment(c, data[i]);
    }
}

static bool check_return_code(struct x86_private *c, struct target *t)
{
    unsigned rpl = t->selector & 3;
    if (!read_target(c, t->selector, t))
        return false;
    bool fits = (t->d[1] & 0x400) ? dpl_of(t->d) <= rpl : dpl_of(t->d) == rpl;
    if (rpl < c->cpl || !is_code(t->d) || !fits)
        return gp(c, t->selector);
    return present(c, t) && within(c, t);
}

static bool check_outer_stack(struct x86_private *c, struct target *ss, unsigned rpl)
{
    if (!read_target(c, ss->selector, ss))
        return false;
    if ((ss->selector & 3u) != rpl || (ss->d[1] & 0x1a00) != 0x1200 || dpl_of(ss->d) != rpl)
        return gp(c, ss->selector);
    if (!(ss->d[1] & 0x8000))
        return x86_fail_code(c, 12, ss->selector & 0xfffcu);
    return true;
}

// Common end of RET and IRET to an outer ring: esp stands at the saved ESP and SS.
static bool return_outer(struct x86_private *c, struct target *t, unsigned size, uint32_t esp, uint32_t release)
{
    unsigned rpl = t->selector & 3;
    uint32_t outer_esp, outer_ss;
    if (!x86_pop_at(c, &esp, size, &outer_esp) || !x86_pop_at(c, &esp, size, &outer_ss))
        return false;
    struct target ss = {.selector = (uint16_t)outer_ss};
    if (!check_outer_stack(c, &ss, rpl) || !x86_mark_accessed(c, ss.at, ss.d) || !enter_code(c, t, rpl))
        return false;
    x86_set_segment(c, X86_SS, ss.selector, ss.d);
    x86_set_esp(c, outer_esp + release);
    x86_update_mode(c);
    drop_inner_segments(c);
    return true;
}

bool x86_far_return(struct x86_private *c, unsigned size, uint32_t release)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], eip, cs;
    if (!x86_pop_at(c, &esp, size, &eip) || !x86_pop_at(c, &esp, size, &cs))
        return false;
    if (!x86_protected(c)) {
        if (eip > c->pub.state.seg[X86_CS].limit)
            return x86_fail_code(c, 13, 0);
        real_jump(c, (uint16_t)cs, eip);
        x86_set_esp(c, esp + release);
        return true;
    }
    struct target t = {.selector = (uint16_t)cs, .eip = eip};
    if (!check_return_code(c, &t))
        return false;
    if ((cs & 3) != c->cpl)
        return return_outer(c, &t, size, esp + release, release);
    if (!enter_code(c, &t, c->cpl))
        return false;
    x86_set_esp(c, esp + release);
    return true;
}

uint32_t x86_known_eflags(const struct x86_private *c)
{
    uint32_t known = X86_ARITHMETIC | X86_TF | X86_IF | X86_DF | X86_IOPL | X86_NT | X86_RF | X86_VM;
    if (c->pub.state.model >= X86_486)
        known |= X86_AC;
    return c->pub.state.model >= X86_PENTIUM ? known | X86_ID : known;
}

uint32_t x86_set_eflags_mask(const struct x86_private *c, unsigned size)
{
    uint32_t iopl = c->pub.state.eflags >> 12 & 3;
    uint32_t mask = X86_ARITHMETIC | X86_TF | X86_DF | X86_NT | X86_AC | X86_ID;
    bool v86 = c->pub.state.eflags & X86_VM;
    mask |= c->cpl <= iopl ? X86_IF : 0;
    mask |= c->cpl == 0 && !v86 ? X86_IOPL : 0;
    return mask & x86_known_eflags(c) & (size == 2 ? 0xffff : 0xffffffff);
}

static void set_eflags(struct x86_private *c, uint32_t v, uint32_t mask)
{
    x86_settle_flags(c);
    c->pub.state.eflags = (c->pub.state.eflags & ~mask) | (v & mask) | 2;
    x86_adopt_flags(c);
}

// To V86 mode: the frame holds EIP, CS, EFLAGS, ESP, SS, ES, DS, FS, GS (386 manual 15.3).
static bool return_to_v86(struct x86_private *c, uint32_t esp, uint32_t eip, uint32_t cs, uint32_t flags)
{
    static const uint8_t order[] = {X86_SS, X86_ES, X86_DS, X86_FS, X86_GS};
    uint32_t new_esp, seg[5];
    if (!x86_pop_at(c, &esp, 4, &new_esp))
        return false;
    for (unsigned i = 0; i < 5; i++)
        if (!x86_pop_at(c, &esp, 4, &seg[i]))
            return false;
    set_eflags(c, flags, x86_known_eflags(c));
    c->pub.state.reg[X86_ESP] = new_esp;
    c->pub.state.eip = eip;
    x86_set_real_segment(c, X86_CS, (uint16_t)cs);
    for (unsigned i = 0; i < 5; i++)
        x86_set_real_segment(c, order[i], (uint16_t)seg[i]);
    return true;
}

static bool return_in_real(struct x86_private *c, unsigned size, uint32_t esp, uint32_t eip, uint32_t cs,
                           uint32_t flags)
{
    if (eip > c->pub.state.seg[X86_CS].limit)
        return x86_fail_code(c, 13, 0);
    uint32_t mask = x86_set_eflags_mask(c, size) | (size == 4 ? X86_RF : 0u);
    real_jump(c, (uint16_t)cs, eip);
    x86_set_esp(c, esp);
    set_eflags(c, flags, mask);
    return true;
}

bool x86_interrupt_return(struct x86_private *c, unsigned size, uint32_t next_eip)
{
    struct x86_state *s = &c->pub.state;
    uint32_t esp = s->reg[X86_ESP], eip, cs, flags;
    if ((s->eflags & X86_VM) && (s->eflags & X86_IOPL) != X86_IOPL)
        return x86_fail_code(c, 13, 0);
    if (x86_protected(c) && (s->eflags & X86_NT))
        return x86_task_return(c, next_eip);
    if (!x86_pop_at(c, &esp, size, &eip) || !x86_pop_at(c, &esp, size, &cs) || !x86_pop_at(c, &esp, size, &flags))
        return false;
    if (!x86_protected(c))
        return return_in_real(c, size, esp, eip, cs, flags);
    if ((flags & X86_VM) && size == 4 && c->cpl == 0)
        return return_to_v86(c, esp, eip, cs, flags);
    struct target t = {.selector = (uint16_t)cs, .eip = eip};
    uint32_t mask = x86_set_eflags_mask(c, size) | (size == 4 ? X86_RF : 0u);
    if (!check_return_code(c, &t))
        return false;
    if ((cs & 3) != c->cpl) {
        if (!return_outer(c, &t, size, esp, 0))
            return false;
    } else {
        if (!enter_code(c, &t, c->cpl))
            return false;
        x86_set_esp(c, esp);
    }
    set_eflags(c, flags, mask);
    return true;
}
