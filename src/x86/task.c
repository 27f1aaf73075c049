// Hardware task switches (SDM 3, chapter 7): JMP and CALL to a task state segment or task gate, a task gate of the IDT,
// and IRET with NT set; task state segments of 286 and 386. A switch has two halves. Whatever is wrong up to the
// loading of TR is a fault of the old task, and nothing has changed; whatever is wrong with what the new task's segment
// holds is a fault of the new one.
#include "x86/flags.h"

enum how { BY_JUMP, BY_CALL, BY_GATE, BY_RETURN };
enum { BUSY = 0x200, CR0_TS = 8, CR0_PG = 1u << 31, DR7_LOCAL = 0x155, TASK_TRAP = 1, TRAP_WORD = 0x64, CR3_AT = 0x1c };
enum { TS = 10, NP = 11, GP = 13 };

// Where things lie in a task state segment: `first` is (E)IP, behind it come (E)FLAGS, the registers and the segments.
struct layout {
    uint8_t size, first, segments, segment_step, segment_count, ldt, limit;
};
static const struct layout narrow = {2, 0x0e, 0x22, 2, 4, 0x2a, 0x2b}, wide = {4, 0x20, 0x48, 4, 6, 0x60, 0x67};

struct task {
    uint16_t selector;
    uint32_t d[2], at; // descriptor, and where it lies
    struct x86_segment tss;
    const struct layout *layout;
    uint32_t cr3, eip, eflags, reg[8], trap;
    uint16_t seg[6], ldt, link;
};

static const struct layout *layout_of(const struct x86_segment *tss)
{
    return tss->access & 8 ? &wide : &narrow;
}

static bool is_task(const uint32_t d[2])
{
    return (d[1] >> 8 & 0x15) == 1;
}

// --- the first half: the old task's faults

// `external`: of the error code. A task that is jumped to, called or given an interrupt must be free; one that is
// returned to must be waiting.
static bool find_task(struct x86_private *c, uint16_t selector, enum how how, uint32_t external, struct task *t)
{
    uint32_t error = (selector & 0xfffcu) | external;
    uint8_t bad = how == BY_RETURN ? TS : GP;
    t->selector = selector;
    if ((selector & 4) || !(selector & 0xfffc))
        return x86_fail_code(c, bad, error);
    if (!x86_read_descriptor(c, selector, t->d, &t->at, bad)) {
        c->fault.error |= c->fault.vector == bad ? external : 0;
        return false;
    }
    if (!is_task(t->d) || !(t->d[1] & BUSY) != (how != BY_RETURN))
        return x86_fail_code(c, bad, error);
    if (!(t->d[1] & 0x8000))
        return x86_fail_code(c, NP, error);
    x86_fill_segment(&t->tss, selector, t->d);
    t->layout = layout_of(&t->tss);
    return t->tss.limit >= t->layout->limit || x86_fail_code(c, TS, error);
}

// Bytes of a task state segment that end with *at.
static bool take(struct x86_private *c, uint32_t *at, unsigned size, uint32_t *value)
{
    uint64_t v = x86_load_system(c, *at, size);
    *value = (uint32_t)v;
    *at += size;
    return !(v & X86_BAD);
}

static bool take_word(struct x86_private *c, uint32_t at, uint16_t *value)
{
    uint32_t v;
    bool ok = take(c, &at, 2, &v);
    *value = (uint16_t)v;
    return ok;
}

// A 286 segment has no upper halves: those of registers read as ones, FS and GS are null, CR3 stays.
static bool read_task(struct x86_private *c, struct task *t)
{
    const struct layout *l = t->layout;
    uint32_t base = t->tss.base, at = base + l->first, upper = l->size == 2 ? 0xffff0000 : 0, cr3_at = base + CR3_AT,
             trap_at = base + TRAP_WORD;
    bool ok = take(c, &at, l->size, &t->eip) && take(c, &at, l->size, &t->eflags);
    for (unsigned i = 0; ok && i < 8; i++) {
        ok = take(c, &at, l->size, &t->reg[i]);
        t->reg[i] |= upper;
    }
    for (unsigned i = 0; ok && i < l->segment_count; i++)
        ok = take_word(c, base + l->segments + i * l->segment_step, &t->seg[i]);
    t->cr3 = c->pub.state.cr3;
    return ok && take_word(c, base + l->ldt, &t->ldt) &&
           (l->size == 2 || (take(c, &cr3_at, 4, &t->cr3) && take(c, &trap_at, 2, &t->trap)));
}

// Everything that will be written, so that no page fault comes between two halves of a task.
static bool may_write(struct x86_private *c, const struct task *t, uint32_t old_at)
{
    const struct x86_segment *old = &c->pub.state.seg[X86_TR];
    const struct layout *l = layout_of(old);
    return x86_probe(c, old->base + l->first, l->ldt - l->first + 0u, X86_WRITE) &&
           x86_probe(c, t->tss.base, 2, X86_WRITE) && x86_probe(c, t->at + 4, 4, X86_WRITE) &&
           x86_probe(c, old_at + 4, 4, X86_WRITE);
}

static bool save_task(struct x86_private *c, uint32_t eflags)
{
    const struct x86_state *s = &c->pub.state;
    const struct layout *l = layout_of(&s->seg[X86_TR]);
    uint32_t base = s->seg[X86_TR].base, at = base + l->first;
    bool ok = x86_store_system(c, at, l->size, s->eip) && x86_store_system(c, at + l->size, l->size, eflags);
    for (unsigned i = 0; ok && i < 8; i++)
        ok = x86_store_system(c, at + (2 + i) * l->size, l->size, s->reg[i]);
    for (unsigned i = 0; ok && i < l->segment_count; i++)
        ok = x86_store_system(c, base + l->segments + i * l->segment_step, l->segment_step, s->seg[i].selector);
    return ok;
}

static bool set_busy(struct x86_private *c, uint32_t at, bool busy)
{
    uint64_t v = x86_load_system(c, at + 4, 4);
    return !(v & X86_BAD) && x86_store_system(c, at + 4, 4, busy ? (uint32_t)v | BUSY : (uint32_t)v & ~(uint32_t)BUSY);
}

// The old task's state, its busy bit, the link and the new one's busy bit.
static bool change_tasks(struct x86_private *c, struct task *t, enum how how, bool fault)
{
    struct x86_state *s = &c->pub.state;
    uint16_t old = s->seg[X86_TR].selector;
    uint32_t old_at = s->gdtr.base + (old & 0xfff8u), eflags = s->eflags;
    bool nested = how == BY_CALL || how == BY_GATE;
    if (s->seg[X86_TR].limit < layout_of(&s->seg[X86_TR])->limit)
        return x86_fail_code(c, TS, old & 0xfffcu);
    if (how == BY_RETURN)
        eflags &= ~(uint32_t)X86_NT;
    if (fault)
        eflags |= X86_RF;
    if (!may_write(c, t, old_at) || !save_task(c, eflags) || (!nested && !set_busy(c, old_at, false)) ||
        (nested && !x86_store_system(c, t->tss.base, 2, old)) || !set_busy(c, t->at, true))
        return false;
    t->d[1] |= BUSY;
    if (nested)
        t->eflags |= X86_NT;
    x86_set_segment(c, X86_TR, t->selector, t->d);
    return true;
}

// --- the second half: the new task's faults

// What is wrong with a selector inside a task state segment is #TS, but a segment that is not present.
static bool as_task_fault(struct x86_private *c, bool ok)
{
    if (!ok && c->fault.vector == GP)
        c->fault.vector = TS;
    return ok;
}

static bool load_ldt(struct x86_private *c, uint16_t selector)
{
    c->pub.state.seg[X86_LDTR] = (struct x86_segment){.selector = selector};
    bool ok = as_task_fault(c, x86_load_for_owner(c, X86_LDTR, selector));
    if (!ok && c->fault.vector == NP)
        c->fault.vector = TS;
    return ok;
}

static bool load_code(struct x86_private *c, uint16_t selector)
{
    uint32_t d[2], at;
    if (!(selector & 0xfffc))
        return x86_fail_code(c, TS, 0);
    if (!x86_read_descriptor(c, selector, d, &at, TS))
        return false;
    unsigned dpl = d[1] >> 13 & 3, rpl = selector & 3;
    bool conforming = d[1] & 0x400;
    if ((d[1] & 0x1800) == 0x1800 && (conforming ? dpl > rpl : dpl != rpl))
        return x86_fail_code(c, TS, selector & 0xfffcu);
    return as_task_fault(c, x86_load_for_owner(c, X86_CS, selector));
}

// Selectors without descriptors, until these are loaded: CS has its privilege from the beginning.
static void forget_descriptors(struct x86_private *c, const struct task *t)
{
    enum { CODE_ABSENT = 0x18 };
    for (unsigned i = 0; i < 6; i++) {
        c->pub.state.seg[i] = (struct x86_segment){.selector = t->seg[i], .access = i == X86_CS ? CODE_ABSENT : 0};
        x86_update_segment(c, i);
    }
    x86_update_mode(c);
}

static bool load_segments(struct x86_private *c, const struct task *t)
{
    static const uint8_t order[] = {X86_SS, X86_ES, X86_DS, X86_FS, X86_GS};
    bool v86 = c->pub.state.eflags & X86_VM;
    if (v86)
        for (unsigned i = 0; i < 6; i++)
            x86_set_real_segment(c, i, t->seg[i]);
    bool ok = load_ldt(c, t->ldt);
    if (!ok || v86)
        return ok;
    ok = load_code(c, t->seg[X86_CS]);
    x86_update_mode(c);
    for (unsigned i = 0; ok && i < BASE_COUNT(order); i++)
        ok = as_task_fault(c, x86_load_data_segment(c, order[i], t->seg[order[i]]));
    return ok;
}

static bool enter_task(struct x86_private *c, const struct task *t)
{
    struct x86_state *s = &c->pub.state;
    if (s->cr0 & CR0_PG)
        s->cr3 = t->cr3;
    s->cr0 |= CR0_TS;
    s->dr[7] &= ~(uint32_t)DR7_LOCAL;
    s->eip = t->eip;
    s->eflags = (t->eflags & x86_known_eflags(c)) | 2;
    x86_adopt_flags(c);
    memcpy(s->reg, t->reg, sizeof s->reg);
    x86_flush_tlb(c);
    x86_new_generation(c);
    c->stepping_into = true; // TF is the new task's: its first instruction comes first
    forget_descriptors(c, t);
    if (!load_segments(c, t))
        return false;
    s->traps = (uint8_t)(t->trap & TASK_TRAP ? X86_TRAP_TASK : 0);
    return true;
}

// *entered: what is wrong from then on is wrong in the new task.
static bool change(struct x86_private *c, struct task *t, enum how how, bool fault, bool *entered)
{
    x86_settle_flags(c);
    if (!read_task(c, t) || !change_tasks(c, t, how, fault))
        return false;
    *entered = true;
    return enter_task(c, t);
}

// For instructions: they are over when the new task has begun, with a fault or without.
static bool change_by_instruction(struct x86_private *c, struct task *t, enum how how, uint32_t next_eip)
{
    bool entered = false;
    uint32_t eip = c->pub.state.eip;
    c->pub.state.eip = next_eip;
    if (change(c, t, how, false, &entered))
        return true;
    if (entered)
        c->exit = X86_EXIT_FAULT;
    else
        c->pub.state.eip = eip;
    return entered;
}

// `selector` names a task state segment, or a task gate where `gate` says so; both are reached by DPL as data is.
bool x86_task_far(struct x86_private *c, uint16_t selector, const uint32_t d[2], bool call, uint32_t next_eip)
{
    struct task t = {0};
    unsigned dpl = d[1] >> 13 & 3;
    bool gate = (d[1] >> 8 & 0x1f) == 5;
    if (dpl < c->cpl || dpl < (selector & 3u))
        return x86_fail_code(c, GP, selector & 0xfffcu);
    if (gate && !(d[1] & 0x8000))
        return x86_fail_code(c, NP, selector & 0xfffcu);
    enum how how = call ? BY_CALL : BY_JUMP;
    return find_task(c, gate ? (uint16_t)(d[0] >> 16) : selector, how, 0, &t) &&
           change_by_instruction(c, &t, how, next_eip);
}

// IRET with NT set: back to the task that the link of this one names.
bool x86_task_return(struct x86_private *c, uint32_t next_eip)
{
    struct task t = {0};
    return take_word(c, c->pub.state.seg[X86_TR].base, &t.link) && find_task(c, t.link, BY_RETURN, 0, &t) &&
           change_by_instruction(c, &t, BY_RETURN, next_eip);
}

static bool push_error(struct x86_private *c, const struct task *t, uint32_t error)
{
    uint32_t esp = c->pub.state.reg[X86_ESP];
    if (!x86_push_at(c, &esp, t->layout->size, error))
        return false;
    x86_set_esp(c, esp);
    return true;
}

bool x86_task_gate(struct x86_private *c, uint16_t selector, enum x86_event event, bool has_error, uint32_t error)
{
    struct task t = {0};
    bool entered = false;
    if (find_task(c, selector, BY_GATE, event != X86_EVENT_SOFTWARE, &t) &&
        change(c, &t, BY_GATE, event == X86_EVENT_FAULT, &entered) && (!has_error || push_error(c, &t, error)))
        return true;
    if (entered && event == X86_EVENT_SOFTWARE)
        c->exit = X86_EXIT_FAULT;
    return entered && event == X86_EVENT_SOFTWARE;
}
