// Interrupts and exceptions: through the vector table of real mode or the IDT, with stack switches from the TSS; double
// and triple faults; the I/O permission map.
#include <stdio.h>

#include "x86/flags.h"

struct gate {
    uint16_t selector;
    uint32_t offset;
    unsigned type, dpl, size;
    uint32_t error; // for faults about this IDT entry
};

static bool gp(struct x86_private *c, uint32_t error)
{
    return x86_fail_code(c, 13, error);
}

// ---------------------------------------------------------------------------------------------------------------------
// Inner stacks

// SS:ESP for a ring from the TSS. Faults name `selector` only where the TSS itself is at fault.
static bool read_tss_stack(struct x86_private *c, unsigned ring, uint16_t *ss, uint32_t *esp)
{
    const struct x86_segment *tr = &c->pub.state.seg[X86_TR];
    bool wide = tr->access & 8;
    uint32_t at = wide ? 4 + ring * 8 : 2 + ring * 4, size = wide ? 4 : 2;
    if (at + size + 1 > tr->limit)
        return x86_fail_code(c, 10, tr->selector & 0xfffcu);
    uint64_t sp = x86_load_system(c, tr->base + at, size);
    uint64_t sel = sp & X86_BAD ? sp : x86_load_system(c, tr->base + at + size, 2);
    if (sel & X86_BAD)
        return false;
    *esp = (uint32_t)sp;
    *ss = (uint16_t)sel;
    return true;
}

bool x86_inner_stack(struct x86_private *c, unsigned ring, struct x86_stack *to, uint16_t target)
{
    uint16_t ss = 0;
    (void)target;
    if (!read_tss_stack(c, ring, &ss, &to->esp))
        return false;
    uint32_t error = ss & 0xfffcu;
    if (!error)
        return x86_fail_code(c, 10, 0);
    if (!x86_read_descriptor(c, ss, to->d, &to->at, 10))
        return false;
    if ((ss & 3u) != ring || (to->d[1] >> 13 & 3) != ring || (to->d[1] & 0x1a00) != 0x1200)
        return x86_fail_code(c, 10, error);
    if (!(to->d[1] & 0x8000))
        return x86_fail_code(c, 12, error);
    to->selector = ss;
    x86_fill_segment(&to->seg, ss, to->d);
    to->mask = to->seg.access & 0x4000 ? 0xffffffff : 0xffff;
    to->ring = ring;
    return true;
}

static bool fits(const struct x86_segment *s, uint32_t at, unsigned size)
{
    bool down = (s->access & 0x0c) == 4;
    uint32_t last = at + size - 1, top = s->access & 0x4000 ? 0xffffffff : 0xffff;
    if (last < at)
        return false;
    return down ? at > s->limit && last <= top : last <= s->limit;
}

bool x86_push_to(struct x86_private *c, struct x86_stack *to, unsigned size, uint32_t v)
{
    uint32_t at = (to->esp - size) & to->mask;
    if (!fits(&to->seg, at, size))
        return x86_fail_code(c, 12, to->selector & 0xfffcu);
    bool ok =
        to->ring == 3 ? x86_store(c, at + to->seg.base, size, v) : x86_store_system(c, at + to->seg.base, size, v);
    to->esp = (to->esp & ~to->mask) | at;
    return ok;
}

// The switch itself; the pushes have been done.
void x86_adopt_stack(struct x86_private *c, const struct x86_stack *to)
{
    x86_set_segment(c, X86_SS, to->selector, to->d);
    c->pub.state.reg[X86_ESP] =
        to->mask == 0xffff ? (c->pub.state.reg[X86_ESP] & 0xffff0000) | (to->esp & 0xffff) : to->esp;
}

// ---------------------------------------------------------------------------------------------------------------------
// Delivery

static bool deliver_real(struct x86_private *c, uint8_t vector)
{
    struct x86_state *s = &c->pub.state;
    uint32_t esp = s->reg[X86_ESP];
    if (vector * 4u + 3 > s->idtr.limit)
        return gp(c, vector * 8u + 2);
    uint64_t entry = x86_load_system(c, s->idtr.base + vector * 4u, 4);
    if (entry & X86_BAD)
        return false;
    if (!x86_push_at(c, &esp, 2, s->eflags) || !x86_push_at(c, &esp, 2, s->seg[X86_CS].selector) ||
        !x86_push_at(c, &esp, 2, s->eip))
        return false;
    x86_set_esp(c, esp);
    s->eflags &= ~(uint32_t)(X86_IF | X86_TF | X86_AC | X86_RF);
    x86_set_real_segment(c, X86_CS, (uint16_t)(entry >> 16));
    s->eip = entry & 0xffff;
    return true;
}

static bool read_gate(struct x86_private *c, uint8_t vector, enum x86_event event, struct gate *g)
{
    const struct x86_state *s = &c->pub.state;
    g->error = vector * 8u + 2 + (event == X86_EVENT_SOFTWARE ? 0u : 1u);
    if (vector * 8u + 7 > s->idtr.limit)
        return gp(c, g->error);
    uint64_t low = x86_load_system(c, s->idtr.base + vector * 8u, 4);
    uint64_t high = low & X86_BAD ? low : x86_load_system(c, s->idtr.base + vector * 8u + 4, 4);
    if (high & X86_BAD)
        return false;
    g->selector = (uint16_t)(low >> 16);
    g->offset = (uint32_t)(low & 0xffff) | ((uint32_t)high & 0xffff0000);
    g->type = (uint32_t)high >> 8 & 0x1f;
    g->dpl = (uint32_t)high >> 13 & 3;
    g->size = g->type & 8 ? 4 : 2;
    if (g->size == 2)
        g->offset &= 0xffff;
    if (g->type != 5 && g->type != 6 && g->type != 7 && g->type != 14 && g->type != 15)
        return gp(c, g->error);
    if (event == X86_EVENT_SOFTWARE && g->dpl < c->cpl)
        return gp(c, g->error);
    return ((uint32_t)high & 0x8000) || x86_fail_code(c, 11, g->error);
}

// Which ring the handler runs in; false where the gate's code segment is unfit.
static bool check_handler(struct x86_private *c, const struct gate *g, uint32_t d[2], uint32_t *at, unsigned *ring,
                          unsigned external)
{
    uint32_t error = (g->selector & 0xfffcu) | external;
    if (!(g->selector & 0xfffc))
        return gp(c, external);
    if (!x86_read_descriptor(c, g->selector, d, at, 13)) {
        if (c->fault.vector == 13)
            c->fault.error = error;
        return false;
    }
    unsigned dpl = d[1] >> 13 & 3;
    if ((d[1] & 0x1800) != 0x1800 || dpl > c->cpl)
        return gp(c, error);
    if (!(d[1] & 0x8000))
        return x86_fail_code(c, 11, error);
    *ring = d[1] & 0x400 ? c->cpl : dpl;
    if ((c->pub.state.eflags & X86_VM) && *ring != 0)
        return gp(c, error);
    struct x86_segment cs;
    x86_fill_segment(&cs, g->selector, d);
    return g->offset <= cs.limit || gp(c, 0);
}

static bool push_v86_segments(struct x86_private *c, struct x86_stack *to, unsigned size)
{
    static const uint8_t order[] = {X86_GS, X86_FS, X86_DS, X86_ES};
    for (unsigned i = 0; i < 4; i++)
        if (!x86_push_to(c, to, size, c->pub.state.seg[order[i]].selector))
            return false;
    return true;
}

static void current_stack(const struct x86_private *c, struct x86_stack *to)
{
    to->seg = c->pub.state.seg[X86_SS];
    to->selector = 0; // faults on the present stack carry error code 0
    to->esp = c->pub.state.reg[X86_ESP];
    to->mask = x86_stack_mask(c);
    to->ring = c->cpl;
}

static void clear_v86(struct x86_private *c)
{
    static const uint8_t data[] = {X86_ES, X86_DS, X86_FS, X86_GS};
    c->pub.state.eflags &= ~(uint32_t)X86_VM;
    for (unsigned i = 0; i < 4; i++) {
        c->pub.state.seg[data[i]] = (struct x86_segment){0};
        x86_update_segment(c, data[i]);
    }
}

static bool push_frame(struct x86_private *c, struct x86_stack *to, unsigned size, uint32_t flags, bool has_error,
                       uint32_t error)
{
    const struct x86_state *s = &c->pub.state;
    return x86_push_to(c, to, size, flags) && x86_push_to(c, to, size, s->seg[X86_CS].selector) &&
           x86_push_to(c, to, size, s->eip) && (!has_error || x86_push_to(c, to, size, error));
}

static bool push_outer_stack(struct x86_private *c, struct x86_stack *to, unsigned size)
{
    const struct x86_state *s = &c->pub.state;
    if ((s->eflags & X86_VM) && !push_v86_segments(c, to, size))
        return false;
    return x86_push_to(c, to, size, s->seg[X86_SS].selector) && x86_push_to(c, to, size, s->reg[X86_ESP]);
}

static bool deliver_gate(struct x86_private *c, const struct gate *g, enum x86_event event, bool has_error,
                         uint32_t error)
{
    struct x86_state *s = &c->pub.state;
    struct x86_stack to;
    uint32_t d[2], at, flags = s->eflags;
    unsigned ring = 0, external = event != X86_EVENT_SOFTWARE;
    if (!check_handler(c, g, d, &at, &ring, external))
        return false;
    bool inner = ring < c->cpl;
    if (event == X86_EVENT_FAULT)
        flags |= X86_RF;
    if (inner ? !x86_inner_stack(c, ring, &to, g->selector) : (current_stack(c, &to), false))
        return false;
    if (inner && !push_outer_stack(c, &to, g->size))
        return false;
    if (!push_frame(c, &to, g->size, flags, has_error, error) || !x86_mark_accessed(c, at, d))
        return false;
    if (s->eflags & X86_VM)
        clear_v86(c);
    if (inner)
        x86_adopt_stack(c, &to);
    else
        x86_set_esp(c, to.esp);
    x86_set_segment(c, X86_CS, (uint16_t)((g->selector & 0xfffc) | ring), d);
    s->eip = g->offset;
    s->eflags &= ~(uint32_t)(X86_TF | X86_NT | X86_RF | (g->type & 1 ? 0 : X86_IF));
    return true;
}

bool x86_interrupt(struct x86_private *c, uint8_t vector, enum x86_event event, bool has_error, uint32_t error)
{
    struct gate g = {0};
    bool ok;
    x86_settle_flags(c);
    c->stepping_into = true;
    x86_update_mode(c);
    if (!(c->pub.state.cr0 & 1))
        ok = deliver_real(c, vector);
    else
        ok = read_gate(c, vector, event, &g) && (g.type == 5 ? x86_task_gate(c, g.selector, event, has_error, error)
                                                             : deliver_gate(c, &g, event, has_error, error));
    x86_update_mode(c);
    return ok;
}

// ---------------------------------------------------------------------------------------------------------------------
// Double and triple faults

enum fault_class { BENIGN, CONTRIBUTORY, PAGE, DOUBLE };

static enum fault_class class_of(unsigned vector)
{
    if (vector == 8)
        return DOUBLE;
    if (vector == 14)
        return PAGE;
    return vector == 0 || (vector >= 10 && vector <= 13) ? CONTRIBUTORY : BENIGN;
}

// Intel 386 manual table 9-4: which pairs make a double fault.
static bool doubles(enum fault_class first, enum fault_class second)
{
    if (first == BENIGN || second == BENIGN)
        return false;
    return first == PAGE || second == CONTRIBUTORY;
}

static bool shut_down(struct x86_private *c, const uint8_t *causes, unsigned n)
{
    const struct x86_state *s = &c->pub.state;
    snprintf(c->shutdown, sizeof c->shutdown, "triple fault at %04x:%08x: exception %u, then %u, then %u",
             (unsigned)s->seg[X86_CS].selector, (unsigned)s->eip, causes[0], n > 1 ? causes[1] : 0u, c->fault.vector);
    c->pub.state.shutdown = 1;
    return false;
}

bool x86_exception(struct x86_private *c)
{
    uint8_t causes[8];
    unsigned n = 0;
    struct x86_fault f = c->fault;
    for (;;) {
        causes[n++] = f.vector;
        if (f.vector == 14)
            c->pub.state.cr2 = f.address;
        enum x86_event event = f.vector == 3 || f.vector == 4 ? X86_EVENT_TRAP : X86_EVENT_FAULT;
        bool has_error = f.has_error && (c->pub.state.cr0 & 1);
        if (x86_interrupt(c, f.vector, event, has_error, f.error))
            return true;
        if (c->exit == X86_EXIT_MISSING)
            return false;
        if (class_of(f.vector) == DOUBLE || n == BASE_COUNT(causes))
            return shut_down(c, causes, n);
        if (doubles(class_of(f.vector), class_of(c->fault.vector)))
            f = (struct x86_fault){.vector = 8, .has_error = true};
        else
            f = c->fault;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports

static uint64_t load_word(struct x86_private *c, uint32_t linear)
{
    const uint8_t *at = x86_owner_bytes(&c->pub, linear, 2, false);
    return at ? base_get16(at) : x86_load_system(c, linear, 2);
}

static bool map_allows(struct x86_private *c, uint16_t port, unsigned size)
{
    const struct x86_segment *tr = &c->pub.state.seg[X86_TR];
    if ((tr->access & 0x9d) != 0x89 || tr->limit < 0x67) // not a present 32-bit TSS
        return gp(c, 0);
    uint64_t start = load_word(c, tr->base + 0x66);
    if (start & X86_BAD)
        return false;
    uint32_t at = (uint32_t)start + port / 8;
    if (at + 1 > tr->limit) // two bytes are always read
        return gp(c, 0);
    uint64_t bits = load_word(c, tr->base + at);
    if (bits & X86_BAD)
        return false;
    return (bits >> (port & 7) & ((1u << size) - 1)) == 0 || gp(c, 0);
}

bool x86_io_allowed(struct x86_private *c, uint16_t port, unsigned size)
{
    uint32_t flags = c->pub.state.eflags;
    if (!(c->pub.state.cr0 & 1))
        return true;
    if (!(flags & X86_VM) && c->cpl <= (flags >> 12 & 3))
        return true;
    return map_allows(c, port, size);
}

uint32_t x86_port_in(struct x86_private *c, uint16_t port, unsigned size)
{
    uint32_t ones = size == 4 ? 0xffffffff : size == 2 ? 0xffff : 0xff;
    x86_note_port(c, port, size);
    if (!c->pub.owner || !c->pub.owner->port_in)
        return ones;
    uint32_t eip = x86_sync(c), v = c->pub.owner->port_in(c->pub.owner->user, port, size);
    x86_unsync(c, eip);
    return v & ones;
}

void x86_port_out(struct x86_private *c, uint16_t port, unsigned size, uint32_t v)
{
    x86_note_port(c, port, size);
    if (!c->pub.owner || !c->pub.owner->port_out)
        return;
    uint32_t eip = x86_sync(c);
    c->pub.owner->port_out(c->pub.owner->user, port, size, size == 4 ? v : v & ((1u << 8 * size) - 1));
    x86_unsync(c, eip);
}
