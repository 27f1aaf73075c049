// Segment registers: descriptors are fetched, checked and loaded here (386 manual, chapter 6); and the stack as
// instructions use it.
#include <string.h>

#include "x86/flags.h"

static uint32_t error_of(uint16_t selector)
{
    return selector & 0xfffcu;
}

bool x86_read_descriptor(struct x86_private *c, uint16_t selector, uint32_t d[2], uint32_t *at, uint8_t vector)
{
    const struct x86_state *s = &c->pub.state;
    bool local = selector & 4;
    uint32_t base = local ? s->seg[X86_LDTR].base : s->gdtr.base;
    uint32_t limit = local ? s->seg[X86_LDTR].limit : s->gdtr.limit;
    if ((local && !(s->seg[X86_LDTR].access & 0x80)) || (selector | 7u) > limit)
        return x86_fail_code(c, vector, error_of(selector));
    *at = base + (selector & 0xfff8u);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t v = x86_load_system(c, *at + 4 * i, 4);
        if (v & X86_BAD)
            return false;
        d[i] = (uint32_t)v;
    }
    return true;
}

void x86_fill_segment(struct x86_segment *s, uint16_t selector, const uint32_t d[2])
{
    s->selector = selector;
    s->access = (uint16_t)(d[1] >> 8 & 0xf0ff);
    s->base = d[0] >> 16 | (d[1] & 0xff) << 16 | (d[1] & 0xff000000);
    s->limit = (d[0] & 0xffff) | (d[1] & 0xf0000);
    if (s->access & 0x8000)
        s->limit = s->limit << 12 | 0xfff;
}

void x86_set_segment(struct x86_private *c, unsigned seg, uint16_t selector, const uint32_t d[2])
{
    x86_fill_segment(&c->pub.state.seg[seg], selector, d);
    if (seg < 6)
        x86_update_segment(c, seg);
}

static void set_null(struct x86_private *c, unsigned seg, uint16_t selector)
{
    c->pub.state.seg[seg] = (struct x86_segment){.selector = selector};
    if (seg < 6)
        x86_update_segment(c, seg);
}

// Real mode keeps limit and size, so that "big real mode" works; V86 mode has its fixed ones.
void x86_set_real_segment(struct x86_private *c, unsigned seg, uint16_t selector)
{
    struct x86_segment *s = &c->pub.state.seg[seg];
    s->selector = selector;
    s->base = (uint32_t)selector << 4;
    if (c->pub.state.eflags & X86_VM) {
        s->limit = 0xffff;
        s->access = 0xf3;
    } else {
        s->access = (uint16_t)((s->access & 0xf000) | 0x93);
    }
    x86_update_segment(c, seg);
}

bool x86_mark_accessed(struct x86_private *c, uint32_t at, uint32_t d[2])
{
    if (d[1] & 0x100)
        return true;
    d[1] |= 0x100;
    return x86_store_system(c, at + 4, 4, d[1]);
}

static unsigned dpl_of(const uint32_t d[2])
{
    return d[1] >> 13 & 3;
}

// Type checks of MOV and POP to SS: writable data whose DPL and RPL are the CPL.
static bool may_be_stack(const struct x86_private *c, uint16_t selector, const uint32_t d[2])
{
    bool writable_data = (d[1] & 0x1a00) == 0x1200;
    return writable_data && dpl_of(d) == c->cpl && (selector & 3) == c->cpl;
}

static bool may_be_data(const struct x86_private *c, uint16_t selector, const uint32_t d[2])
{
    if (!(d[1] & 0x1000) || (d[1] & 0xa00) == 0x800) // system, or code that cannot be read
        return false;
    bool conforming = (d[1] & 0xc00) == 0xc00;
    return conforming || (dpl_of(d) >= c->cpl && dpl_of(d) >= (selector & 3));
}

bool x86_load_data_segment(struct x86_private *c, unsigned seg, uint16_t selector)
{
    uint32_t d[2], at;
    if (!x86_protected(c)) {
        x86_set_real_segment(c, seg, selector);
        return true;
    }
    if (!(selector & 0xfffc)) {
        if (seg == X86_SS)
            return x86_fail_code(c, 13, 0);
        set_null(c, seg, selector);
        return true;
    }
    if (!x86_read_descriptor(c, selector, d, &at, 13))
        return false;
    if (!(seg == X86_SS ? may_be_stack(c, selector, d) : may_be_data(c, selector, d)))
        return x86_fail_code(c, 13, error_of(selector));
    if (!(d[1] & 0x8000))
        return x86_fail_code(c, seg == X86_SS ? 12 : 11, error_of(selector));
    if (!x86_mark_accessed(c, at, d))
        return false;
    x86_set_segment(c, seg, selector, d);
    return true;
}

static bool load_system_segment(struct x86_private *c, unsigned seg, uint16_t selector)
{
    uint32_t d[2], at, type;
    if (!(selector & 0xfffc) && seg == X86_LDTR) {
        set_null(c, seg, selector);
        return true;
    }
    if ((selector & 4) || !(selector & 0xfffc))
        return x86_fail_code(c, 13, error_of(selector));
    if (!x86_read_descriptor(c, selector, d, &at, 13))
        return false;
    type = d[1] >> 8 & 0x1f;
    if (seg == X86_LDTR ? type != 2 : type != 1 && type != 9)
        return x86_fail_code(c, 13, error_of(selector));
    if (!(d[1] & 0x8000))
        return x86_fail_code(c, 11, error_of(selector));
    if (seg == X86_TR) {
        d[1] |= 0x200; // busy
        if (!x86_store_system(c, at + 4, 4, d[1]))
            return false;
    }
    x86_set_segment(c, seg, selector, d);
    return true;
}

static bool load_code_for_owner(struct x86_private *c, uint16_t selector)
{
    uint32_t d[2], at;
    if (!x86_protected(c)) {
        x86_set_real_segment(c, X86_CS, selector);
        return true;
    }
    if (!(selector & 0xfffc))
        return x86_fail_code(c, 13, 0);
    if (!x86_read_descriptor(c, selector, d, &at, 13))
        return false;
    if ((d[1] & 0x1800) != 0x1800)
        return x86_fail_code(c, 13, error_of(selector));
    if (!(d[1] & 0x8000))
        return x86_fail_code(c, 11, error_of(selector));
    if (!x86_mark_accessed(c, at, d))
        return false;
    x86_set_segment(c, X86_CS, selector, d);
    return true;
}

bool x86_load_for_owner(struct x86_private *c, unsigned seg, uint16_t selector)
{
    if (seg == X86_CS)
        return load_code_for_owner(c, selector);
    return seg >= X86_LDTR ? load_system_segment(c, seg, selector) : x86_load_data_segment(c, seg, selector);
}

// ---------------------------------------------------------------------------------------------------------------------
// V86 mode entered and left by the owner

enum { SEGMENTS = X86_GS + 1 };

// Copied whole: a mode changes twice for every trapped instruction, and single stores are what it costs.
static const struct x86_span low[SEGMENTS] = {{0, 0xffff}, {0, 0xffff}, {0, 0xffff},
                                              {0, 0xffff}, {0, 0xffff}, {0, 0xffff}};
static const struct x86_span everything[SEGMENTS] = {{0, UINT64_MAX}, {0, UINT64_MAX}, {0, UINT64_MAX},
                                                     {0, UINT64_MAX}, {0, UINT64_MAX}, {0, UINT64_MAX}};

static void set_spans(struct x86_private *c, const struct x86_span spans[SEGMENTS])
{
    memcpy(c->read, spans, SEGMENTS * sizeof *spans);
    memcpy(c->write, spans, SEGMENTS * sizeof *spans);
}

static bool is_flat(const struct x86_segment *code, const struct x86_segment *data)
{
    return !(data->base | code->base) && (data->access & code->access & 0x4000) &&
           (data->limit & code->limit) == 0xffffffff;
}

void x86_v86_leave(struct x86 *cpu, const struct x86_segment *code, const struct x86_segment *data)
{
    struct x86_private *c = cpu->private;
    const struct x86_segment d = *data;
    cpu->state.eflags &= ~(uint32_t)(X86_VM | X86_TF | X86_NT | X86_RF);
    for (unsigned seg = 0; seg < SEGMENTS; seg++)
        cpu->state.seg[seg] = d;
    cpu->state.seg[X86_CS] = *code;
    if (is_flat(code, data)) {
        set_spans(c, everything);
        memset(c->base, 0, SEGMENTS * sizeof *c->base);
        c->write[X86_CS] = (struct x86_span){1, 0};
        c->cs_base = 0;
        x86_known_mode(c, 0, X86_MODE_CODE32 | X86_MODE_STACK32 | X86_MODE_FLAT | X86_MODE_UNLIMITED);
        return;
    }
    for (unsigned seg = 0; seg < SEGMENTS; seg++)
        x86_update_segment(c, seg);
    x86_update_mode(c);
}

void x86_v86_enter(struct x86 *cpu, const struct x86_v86_frame *f)
{
    struct x86_private *c = cpu->private;
    struct x86_state *s = &cpu->state;
    const uint32_t selector[SEGMENTS] = {f->es, f->cs, f->ss, f->ds, f->fs, f->gs};
    set_spans(c, low);
    for (unsigned seg = 0; seg < SEGMENTS; seg++) {
        uint16_t value = (uint16_t)selector[seg];
        s->seg[seg] = (struct x86_segment){value, 0xf3, (uint32_t)value << 4, 0xffff};
        c->base[seg] = (uint32_t)value << 4;
    }
    c->cs_base = c->base[X86_CS];
    s->eip = f->eip;
    s->reg[X86_ESP] = f->esp;
    s->eflags = (f->eflags & x86_known_eflags(c)) | X86_VM | 2;
    x86_known_mode(c, 3, X86_MODE_USER);
    if ((s->eflags & (X86_TF | X86_RF)) || s->intr || s->nmi)
        x86_attend(c);
}

// ---------------------------------------------------------------------------------------------------------------------
// The stack

bool x86_push_at(struct x86_private *c, uint32_t *esp, unsigned size, uint32_t v)
{
    uint32_t at = (*esp - size) & x86_stack_mask(c);
    if (!x86_check_span(c, X86_SS, at, size, true) || !x86_store(c, at + c->base[X86_SS], size, v))
        return false;
    *esp = at;
    return true;
}

bool x86_pop_at(struct x86_private *c, uint32_t *esp, unsigned size, uint32_t *v)
{
    uint32_t at = *esp & x86_stack_mask(c);
    if (!x86_check_span(c, X86_SS, at, size, false))
        return false;
    uint64_t got = x86_load(c, at + c->base[X86_SS], size);
    if (got & X86_BAD)
        return false;
    *v = (uint32_t)got;
    *esp = at + size;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Inspection: LAR, LSL, VERR, VERW. A selector that cannot be inspected is an answer, not a fault.

static bool inspectable(const struct x86_private *c, uint16_t selector, const uint32_t d[2], uint32_t system_types)
{
    unsigned type = d[1] >> 8 & 0x1f;
    bool conforming = (type & 0x1c) == 0x1c;
    if (!(type & 0x10) && !(system_types >> type & 1))
        return false;
    return conforming || (dpl_of(d) >= c->cpl && dpl_of(d) >= (selector & 3u));
}

// Reads a descriptor; *found says whether there is one. False only for page faults.
static bool look_up(struct x86_private *c, uint16_t selector, uint32_t d[2], bool *found)
{
    uint32_t at;
    *found = (selector & 0xfffc) && x86_read_descriptor(c, selector, d, &at, 13);
    return *found || !(selector & 0xfffc) || c->fault.vector == 13;
}

bool x86_inspect(struct x86_private *c, uint16_t selector, bool limit, bool *ok, uint32_t *result)
{
    uint32_t d[2] = {0};
    if (!look_up(c, selector, d, ok))
        return false;
    // System types with a limit: TSS and LDT; LAR also takes the gates it can describe.
    *ok = *ok && inspectable(c, selector, d, limit ? 0x0a0e : 0x1a3e);
    if (!*ok)
        return true;
    struct x86_segment s;
    x86_fill_segment(&s, selector, d);
    *result = limit ? s.limit : d[1] & 0xffff00;
    return true;
}

bool x86_verify(struct x86_private *c, uint16_t selector, bool write, bool *ok)
{
    uint32_t d[2] = {0};
    if (!look_up(c, selector, d, ok))
        return false;
    *ok = *ok && inspectable(c, selector, d, 0) && (write ? (d[1] & 0xa00) == 0x200 : (d[1] & 0xa00) != 0x800);
    return true;
}
