// The run loop: everything that happens between instructions. Stops, interrupts, traps, single steps, breakpoints and
// the counting of instructions are decided here; handlers only leave the chain when something may have changed.
#include "x86/flags.h"

enum { DR6_BS = 1 << 14, DR6_BT = 1 << 15, DR7_GD = 1 << 13 };

// ---------------------------------------------------------------------------------------------------------------------
// Failing and leaving

bool x86_fail(struct x86_private *c, uint8_t vector)
{
    c->fault = (struct x86_fault){.vector = vector};
    return false;
}

bool x86_fail_code(struct x86_private *c, uint8_t vector, uint32_t error)
{
    c->fault = (struct x86_fault){.vector = vector, .has_error = true, .error = error};
    return false;
}

bool x86_fail_missing(struct x86_private *c, const char *what)
{
    size_t n = strlen(what);
    n = n < sizeof c->missing ? n : sizeof c->missing - 1;
    memcpy(c->missing, what, n);
    c->missing[n] = 0;
    c->exit = X86_EXIT_MISSING;
    return false;
}

// A failed instruction counts too: a handler that faults at once would run for ever otherwise.
X86_OP(x86_raise)
{
    c->pub.state.eip += op->offset;
    c->left += op->rest - 1;
    if (c->exit == X86_EXIT_NONE)
        c->exit = X86_EXIT_FAULT;
    return NULL;
}

X86_OP(x86_raise_gp0)
{
    x86_fail_code(c, 13, 0);
    return x86_raise(c, op);
}

X86_OP(x86_raise_segment)
{
    x86_fail_code(c, op->seg == X86_SS ? 12 : 13, 0);
    return x86_raise(c, op);
}

X86_OP(x86_op_invalid)
{
    x86_fail(c, 6);
    return x86_raise(c, op);
}

static void unpatch(struct x86_private *c)
{
    if (c->patched)
        c->patched->run = c->patched_run;
    c->patched = NULL;
}

// Takes the place of the handler that would have run next.
X86_OP(x86_op_leave)
{
    unpatch(c);
    c->left += op->rest;
    c->pub.state.eip += op->offset;
    return NULL;
}

void x86_attend(struct x86_private *c)
{
    c->attention = true;
    c->key = X86_NO_KEY;
    if (!c->op || c->op->rest <= 1 || c->patched)
        return;
    c->patched = c->op + 1;
    c->patched_run = c->patched->run;
    c->patched->run = x86_op_leave;
}

uint32_t x86_sync(struct x86_private *c)
{
    uint32_t block_eip = c->pub.state.eip;
    if (!c->running)
        return block_eip;
    x86_settle_flags(c);
    c->pub.state.count = c->limit - (uint64_t)c->left;
    if (c->op) {
        c->pub.state.eip += c->op->offset;
        c->pub.state.count -= c->op->rest;
    }
    return block_eip;
}

void x86_unsync(struct x86_private *c, uint32_t block_eip)
{
    c->pub.state.eip = block_eip;
}

// ---------------------------------------------------------------------------------------------------------------------
// From block to block

static struct x86_op *enter(struct x86_private *c, struct x86_block *b)
{
    if ((c->left -= b->count) < 0) {
        c->left += b->count; // the loop goes on in single steps
        return NULL;
    }
    X86_ENTER(b->ops);
}

static bool within_limit(const struct x86_private *c, const struct x86_block *b)
{
    return (uint64_t)c->pub.state.eip + b->size <= (uint64_t)c->pub.state.seg[X86_CS].limit + 1;
}

static struct x86_block *next_block(struct x86_private *c)
{
    if (c->attention)
        return NULL;
    uint64_t key = c->key + (uint32_t)(c->pub.state.eip + c->cs_base);
    struct x86_link *slot = &c->jumps[X86_JUMP_SLOT(key)];
    if (slot->key == key && within_limit(c, slot->block))
        return slot->block;
    struct x86_block *b = x86_find_block(c, c->mode);
    if (b && !(b->mode & X86_MODE_STEP) && !c->break_count)
        *slot = (struct x86_link){key, b};
    return b;
}

static struct x86_op *follow(struct x86_private *c, struct x86_link *link)
{
    struct x86_block *b = next_block(c);
    if (!b)
        return NULL;
    if (!(b->mode & X86_MODE_STEP) && !c->break_count)
        *link = (struct x86_link){c->key + (uint32_t)(c->pub.state.eip + c->cs_base), b};
    return enter(c, b);
}

X86_OP(x86_follow)
{
    return follow(c, (struct x86_link *)(void *)(op + 1));
}

X86_OP(x86_follow_second)
{
    return follow(c, (struct x86_link *)(void *)(op + 2));
}

X86_OP(x86_follow_jump)
{
    (void)op;
    struct x86_block *b = next_block(c);
    if (!b)
        return NULL;
    return enter(c, b);
}

static void run_chain(struct x86_private *c, struct x86_block *b)
{
    struct x86_op *op = enter(c, b);
    while (X86_LOOP && op)
        op = op->run(c, op);
    c->op = NULL;
    unpatch(c);
}

// ---------------------------------------------------------------------------------------------------------------------
// What code depends on

bool x86_check_fetch(struct x86_private *c, uint32_t n)
{
    uint32_t eip = c->pub.state.eip, limit = c->pub.state.seg[X86_CS].limit;
    if (eip <= limit && limit - eip >= n - 1)
        return true;
    return x86_fail_code(c, 13, 0);
}

static struct x86_span span_of(const struct x86_segment *s)
{
    bool down = (s->access & 0x0c) == 4; // expand-down data
    if (!down)
        return (struct x86_span){0, s->limit == 0xffffffff ? UINT64_MAX : s->limit};
    return s->limit == 0xffffffff ? (struct x86_span){1, 0}
                                  : (struct x86_span){s->limit + 1, s->access & 0x4000 ? UINT64_MAX : 0xffff};
}

void x86_update_segment(struct x86_private *c, unsigned seg)
{
    static const struct x86_span none = {1, 0};
    const struct x86_segment *s = &c->pub.state.seg[seg];
    bool usable = (s->access & 0x90) == 0x90, code = s->access & 8, bit = s->access & 2;
    bool real = !x86_protected(c);
    c->base[seg] = s->base;
    c->read[seg] = usable && (!code || bit || real) ? span_of(s) : none;
    c->write[seg] = usable && ((!code && bit) || real) ? span_of(s) : none;
    if (seg == X86_CS)
        c->cs_base = s->base;
}

static bool flat(const struct x86_private *c, unsigned seg)
{
    const struct x86_span *w = &c->write[seg];
    return c->base[seg] == 0 && w->first == 0 && w->last == UINT64_MAX;
}

void x86_update_mode(struct x86_private *c)
{
    const struct x86_state *s = &c->pub.state;
    const struct x86_segment *cs = &s->seg[X86_CS];
    bool code_descriptor = (cs->access & 0x18) == 0x18; // not so between setting CR0.PE and the first far jump
    c->cpl = !(s->cr0 & 1) ? 0 : s->eflags & X86_VM ? 3 : code_descriptor ? cs->selector & 3 : 0;
    unsigned mode = cs->access & 0x4000 ? X86_MODE_CODE32 : 0;
    mode |= s->seg[X86_SS].access & 0x4000 ? X86_MODE_STACK32 : 0;
    mode |= flat(c, X86_DS) && flat(c, X86_ES) && flat(c, X86_SS) ? X86_MODE_FLAT : 0;
    mode |= cs->limit == 0xffffffff ? X86_MODE_UNLIMITED : 0;
    x86_known_mode(c, c->cpl, mode | (c->cpl == 3 ? X86_MODE_USER : 0));
}

void x86_flush(struct x86 *cpu)
{
    struct x86_private *c = cpu->private;
    for (unsigned seg = 0; seg < 6; seg++)
        x86_update_segment(c, seg);
    c->read[X86_FLAT] = c->write[X86_FLAT] = (struct x86_span){0, UINT64_MAX};
    x86_flush_tlb(c);
    x86_new_generation(c);
    if (c->running)
        x86_adopt_flags(c);
}

// ---------------------------------------------------------------------------------------------------------------------
// The loop

static bool code_break_enabled(const struct x86_state *s)
{
    for (unsigned i = 0; i < 4; i++)
        if ((s->dr[7] >> (2 * i) & 3) && !(s->dr[7] >> (16 + 4 * i) & 3))
            return true;
    return false;
}

static uint8_t code_breaks_here(const struct x86_private *c)
{
    const struct x86_state *s = &c->pub.state;
    uint8_t hit = 0;
    for (unsigned i = 0; i < 4; i++)
        if ((s->dr[7] >> (2 * i) & 3) && !(s->dr[7] >> (16 + 4 * i) & 3) && s->dr[i] == s->eip + c->cs_base)
            hit |= (uint8_t)(1u << i);
    return hit;
}

static bool must_step(const struct x86_private *c)
{
    const struct x86_state *s = &c->pub.state;
    return (s->eflags & (X86_TF | X86_RF)) || s->inhibit || c->watch || ((s->dr[7] & 0xff) && code_break_enabled(s));
}

static void call_watch(struct x86_private *c)
{
    x86_sync(c);
    c->watch(c->watch_user, &c->pub);
}

// Runs exactly one instruction (or one piece of a string instruction).
static void step(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    uint32_t before = s->eflags;
    bool looks = (s->dr[7] & 0xff) && !(before & X86_RF) && s->inhibit != X86_INHIBIT_ALL;
    uint8_t hit = looks ? code_breaks_here(c) : 0;
    if (hit) {
        s->dr[6] |= hit;
        s->dr[7] &= ~(uint32_t)DR7_GD;
        x86_fail(c, 1);
        c->exit = X86_EXIT_FAULT;
        c->left--;
        return;
    }
    c->attention = true; // no handler goes on to another block
    c->key = X86_NO_KEY;
    struct x86_block *b = x86_find_block(c, c->mode | X86_MODE_STEP);
    if (!b) {
        c->left -= c->exit == X86_EXIT_FAULT;
        return;
    }
    if (c->watch)
        call_watch(c);
    s->eflags &= ~(uint32_t)X86_RF;
    s->inhibit = 0;
    c->stepping_into = c->repeating = false;
    run_chain(c, b);
    if (c->exit == X86_EXIT_WAIT || c->repeating)
        s->eflags |= before & X86_RF; // the rest of it: its breakpoint was taken
    if ((before & X86_TF) && c->exit == X86_EXIT_NONE && s->inhibit != X86_INHIBIT_ALL && !c->stepping_into)
        c->single_step = true;
}

static bool deliver(struct x86_private *c, uint8_t vector, enum x86_event event)
{
    if (x86_interrupt(c, vector, event, false, 0))
        return true;
    return c->exit != X86_EXIT_MISSING && x86_exception(c);
}

// The owner is asked as at a gate, which counts 1.
static bool owner_takes_fault(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    const struct x86_fault fault = c->fault;
    if (!(s->eflags & X86_VM) || !c->pub.owner || !c->pub.owner->v86_fault)
        return false;
    if (fault.vector == 14)
        s->cr2 = fault.address;
    x86_settle_flags(c);
    s->count = c->limit - (uint64_t)c->left;
    c->running = false;
    bool taken = c->pub.owner->v86_fault(c->pub.owner->user, &c->pub, &fault);
    c->running = true;
    c->left = (int64_t)(c->limit - s->count) - taken;
    x86_adopt_flags(c);
    return taken;
}

// What the last instruction, or the entry into a task, has left to be told. False: shut down or missing.
static bool take_traps(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    if ((!s->traps && !c->single_step) || s->inhibit == X86_INHIBIT_ALL)
        return true;
    s->dr[6] |= (s->traps & 15u) | (s->traps & X86_TRAP_TASK ? DR6_BT : 0u) | (c->single_step ? DR6_BS : 0u);
    s->dr[7] &= ~(uint32_t)DR7_GD;
    s->traps = s->halted = 0;
    c->single_step = false;
    return deliver(c, 1, X86_EVENT_TRAP);
}

// Takes what is pending. False: shut down or missing.
static bool take_events(struct x86_private *c)
{
    struct x86_state *s = &c->pub.state;
    if (c->exit == X86_EXIT_FAULT) {
        c->exit = X86_EXIT_NONE;
        s->traps = 0; // what it touched before it failed
        if (!owner_takes_fault(c) && !x86_exception(c))
            return false;
    }
    if (!take_traps(c))
        return false;
    if (s->inhibit)
        return true;
    if (s->nmi && !s->nmi_blocked) {
        s->nmi = 0;
        s->nmi_blocked = 1;
        s->halted = 0;
        return deliver(c, 2, X86_EVENT_EXTERNAL) && take_traps(c);
    }
    if (s->intr && (s->eflags & X86_IF) && c->pub.owner && c->pub.owner->interrupt_vector) {
        x86_sync(c);
        uint8_t vector = c->pub.owner->interrupt_vector(c->pub.owner->user);
        s->halted = 0;
        if (!deliver(c, vector, X86_EVENT_EXTERNAL) || !take_traps(c))
            return false;
        s->inhibit =
            X86_INHIBIT_INTERRUPTS; // a level that stays up must not keep the handler from its first instruction
    }
    return true;
}

static bool reason_to_stop(struct x86_private *c, enum x86_stop_reason *why)
{
    const struct x86_state *s = &c->pub.state;
    if (s->shutdown)
        *why = X86_STOP_SHUTDOWN;
    else if (c->exit == X86_EXIT_MISSING)
        *why = X86_STOP_MISSING;
    else if (c->exit == X86_EXIT_MEMORY || c->host_short)
        *why = X86_STOP_MEMORY;
    else if (c->exit == X86_EXIT_BREAK)
        *why = X86_STOP_BREAK;
    else if (c->stop)
        *why = X86_STOP_ASKED;
    else if (s->halted)
        *why = X86_STOP_HALT;
    else if (c->left <= 0)
        *why = X86_STOP_COUNT;
    else
        return false;
    return true;
}

static void run_some(struct x86_private *c)
{
    if (must_step(c)) {
        step(c);
        return;
    }
    struct x86_block *b = next_block(c);
    if (!b)
        c->left -= c->exit == X86_EXIT_FAULT;
    else if (b->count > c->left)
        step(c);
    else
        run_chain(c, b);
}

static enum x86_stop_reason run_loop(struct x86_private *c)
{
    enum x86_stop_reason why;
    for (;;) {
        c->attention = false;
        if (c->exit == X86_EXIT_WAIT)
            c->exit = X86_EXIT_NONE;
        if (c->exit != X86_EXIT_FAULT) // which sets it
            x86_update_mode(c);
        if (c->exit == X86_EXIT_NONE || c->exit == X86_EXIT_FAULT)
            (void)take_events(c);
        if (reason_to_stop(c, &why))
            return why;
        if (x86_code_is_full(c))
            x86_drop_code(c);
        run_some(c);
    }
}

enum x86_stop_reason x86_run(struct x86 *cpu, uint64_t limit)
{
    struct x86_private *c = cpu->private;
    struct x86_state *s = &cpu->state;
    const uint64_t most = (uint64_t)1 << 62;
    if (s->shutdown)
        return X86_STOP_SHUTDOWN;
    if (s->count >= limit)
        return X86_STOP_COUNT;
    c->limit = limit - s->count > most ? s->count + most : limit;
    c->left = (int64_t)(c->limit - s->count);
    c->exit = X86_EXIT_NONE;
    c->stop = c->host_short = false;
    c->running = true;
    x86_adopt_flags(c);
    enum x86_stop_reason why = run_loop(c);
    x86_settle_flags(c);
    c->running = false;
    s->count = c->limit - (uint64_t)c->left;
    c->broke = why == X86_STOP_BREAK;
    c->broke_linear = s->eip + c->cs_base;
    c->broke_count = s->count;
    return why;
}

void x86_stop(struct x86 *cpu)
{
    cpu->private->stop = true;
    x86_attend(cpu->private);
}

void x86_set_intr(struct x86 *cpu, bool level)
{
    cpu->state.intr = level;
    if (level)
        x86_attend(cpu->private);
}

void x86_pulse_nmi(struct x86 *cpu)
{
    cpu->state.nmi = 1;
    x86_attend(cpu->private);
}

void x86_set_ignne(struct x86 *cpu, bool level)
{
    cpu->state.ignne = level;
    if (level && cpu->state.halted == X86_HALT_X87)
        cpu->state.halted = X86_NOT_HALTED;
}

const char *x86_missing(const struct x86 *cpu)
{
    return cpu->private->missing;
}

const char *x86_describe_shutdown(const struct x86 *cpu)
{
    return cpu->private->shutdown;
}
