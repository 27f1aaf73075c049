// Segment register moves, flag instructions, and the instructions of operating systems: descriptor tables, control,
// debug and test registers, MSRs, CPUID, HLT.
#include "x86/decode.h"

enum { CR0_PE = 1, CR0_MP = 2, CR0_EM = 4, CR0_TS = 8, CR0_ET = 16 };
#define CR0_PG 0x80000000u

// ---------------------------------------------------------------------------------------------------------------------
// MOV, PUSH and POP of segment registers, LDS and its kin

X86_SLOW(mov_from_seg)
{
    unsigned size = x86_in_memory(op) ? 2 : op->size; // a 32-bit register is zero-extended
    return x86_put_rm(c, op, size, c->pub.state.seg[op->src].selector);
}

// Loading SS keeps interrupts and traps off for one instruction, so that ESP can follow.
static bool after_segment_load(struct x86_private *c, unsigned seg)
{
    if (seg == X86_SS) {
        c->pub.state.inhibit = X86_INHIBIT_ALL;
        x86_attend(c);
    }
    x86_update_mode(c); // a new mode has a new key: the link behind does not match
    return true;
}

X86_SLOW_LINK(mov_to_seg)
{
    uint32_t v;
    return x86_get_rm(c, op, 2, &v) && x86_load_data_segment(c, op->src, (uint16_t)v) && after_segment_load(c, op->src);
}

x86_handler *x86_pick_mov_seg(struct x86_decode *d, struct x86_op *op)
{
    bool load = d->opcode == 0x8e;
    x86_take_operands(d, op, d->size);
    op->src = d->reg;
    d->links = load ? 1 : 0;
    if (d->reg > X86_GS || (load && d->reg == X86_CS))
        return NULL;
    return load ? mov_to_seg : mov_from_seg;
}

X86_SLOW(push_seg)
{
    uint32_t esp = c->pub.state.reg[X86_ESP];
    if (!x86_push_at(c, &esp, op->size, c->pub.state.seg[op->src].selector))
        return false;
    x86_set_esp(c, esp);
    return true;
}

X86_SLOW_LINK(pop_seg)
{
    uint32_t esp = c->pub.state.reg[X86_ESP], v;
    if (!x86_pop_at(c, &esp, op->size, &v))
        return false;
    uint32_t mask = x86_stack_mask(c); // of the old SS
    if (!x86_load_data_segment(c, op->src, (uint16_t)v))
        return false;
    c->pub.state.reg[X86_ESP] = (c->pub.state.reg[X86_ESP] & ~mask) | (esp & mask);
    return after_segment_load(c, op->src);
}

x86_handler *x86_pick_push_seg(struct x86_decode *d, struct x86_op *op)
{
    op->src = d->opcode >> 3 & 7;
    op->size = d->size;
    return push_seg;
}

x86_handler *x86_pick_pop_seg(struct x86_decode *d, struct x86_op *op)
{
    op->src = d->opcode >> 3 & 7;
    op->size = d->size;
    d->links = 1;
    return pop_seg;
}

X86_SLOW_LINK(load_far)
{
    uint32_t lin;
    unsigned size = op->size;
    if (!x86_address(c, op, size + 2, false, &lin))
        return false;
    uint64_t low = x86_load(c, lin, size), high = low & X86_BAD ? low : x86_load(c, lin + size, 2);
    if ((high & X86_BAD) || !x86_load_data_segment(c, op->dst, (uint16_t)high))
        return false;
    x86_set(c, op->src, size, (uint32_t)low);
    return after_segment_load(c, op->dst);
}

x86_handler *x86_pick_load_far(struct x86_decode *d, struct x86_op *op)
{
    op->src = d->reg;
    op->size = d->size;
    op->dst = d->opcode == 0xc4 ? X86_ES : d->opcode == 0xc5 ? X86_DS : d->opcode & 7;
    d->links = 1;
    return load_far;
}

// BOUND: signed index against the two words in memory.
X86_SLOW(bound)
{
    uint32_t lin;
    unsigned size = op->size;
    if (!x86_address(c, op, size, false, &lin))
        return false;
    uint64_t bound = x86_load(c, lin, size);
    int32_t v = (int32_t)x86_extend(x86_get(c, op->src, size), size);
    bool inside = !(bound & X86_BAD) && v >= (int32_t)x86_extend((uint32_t)bound, size);
    if (bound & X86_BAD)
        return false;
    if (inside) { // the upper bound is not read when the lower one decides
        if (!x86_check_span(c, op->seg, lin - c->base[op->seg] + size, size, false))
            return false;
        bound = x86_load(c, lin + size, size);
        if (bound & X86_BAD)
            return false;
        inside = v <= (int32_t)x86_extend((uint32_t)bound, size);
    }
    if (!inside)
        return x86_fail(c, 5);
    return true;
}

x86_handler *x86_pick_bound(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->size);
    return bound;
}

// ---------------------------------------------------------------------------------------------------------------------
// Flags

X86_HOT(cmc)
{
    x86_set_cf(c, !x86_cf(c));
    X86_NEXT;
}
X86_HOT(clc)
{
    x86_set_cf(c, false);
    X86_NEXT;
}
X86_HOT(stc)
{
    x86_set_cf(c, true);
    X86_NEXT;
}
X86_HOT(cld)
{
    c->pub.state.eflags &= ~(uint32_t)X86_DF;
    X86_NEXT;
}
X86_HOT(std)
{
    c->pub.state.eflags |= X86_DF;
    X86_NEXT;
}

static bool may_change_if(const struct x86_private *c)
{
    return !(c->pub.state.cr0 & CR0_PE) || c->cpl <= (c->pub.state.eflags >> 12 & 3);
}

X86_HOT(cli)
{
    if (!may_change_if(c))
        return x86_raise_gp0(c, op);
    c->pub.state.eflags &= ~(uint32_t)X86_IF;
    X86_JUMP(x86_next_eip(c, op), 1, x86_follow);
}

X86_HOT(sti)
{
    if (!may_change_if(c))
        return x86_raise_gp0(c, op);
    if (!(c->pub.state.eflags & X86_IF))
        c->pub.state.inhibit = X86_INHIBIT_INTERRUPTS;
    c->pub.state.eflags |= X86_IF;
    return x86_leave(c, x86_next_eip(c, op));
}

x86_handler *x86_pick_flag(struct x86_decode *d, struct x86_op *op)
{
    (void)op;
    d->links = d->opcode == 0xfa;
    switch (d->opcode) {
    case 0xf5:
        return cmc;
    case 0xf8:
        return clc;
    case 0xf9:
        return stc;
    case 0xfa:
        return cli;
    case 0xfb:
        return sti;
    case 0xfc:
        return cld;
    default:
        return std;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Descriptor tables and selectors

static bool privileged(struct x86_private *c)
{
    return c->cpl == 0 || x86_fail_code(c, 13, 0);
}

static bool needs_protected(struct x86_private *c)
{
    return x86_protected(c) || x86_fail(c, 6);
}

static struct x86_op *finish(struct x86_private *c, struct x86_op *op, bool ok)
{
    return ok ? x86_leave(c, x86_next_eip(c, op)) : x86_raise(c, op);
}

static bool group6(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!needs_protected(c))
        return false;
    if (op->src < 2) { // SLDT, STR
        v = c->pub.state.seg[X86_LDTR + op->src].selector;
        return x86_put_rm(c, op, x86_in_memory(op) ? 2 : op->size, v);
    }
    if (op->src < 4) // LLDT, LTR
        return privileged(c) && x86_get_rm(c, op, 2, &v) && x86_load_for_owner(c, X86_LDTR + op->src - 2u, (uint16_t)v);
    bool ok;
    if (!x86_get_rm(c, op, 2, &v) || !x86_verify(c, (uint16_t)v, op->src == 5, &ok))
        return false;
    x86_set_zf(c, ok);
    return true;
}

X86_HOT(group6_any)
{
    c->op = op;
    return finish(c, op, group6(c, op));
}

x86_handler *x86_pick_group6(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->size);
    op->src = d->reg;
    return d->reg < 6 ? group6_any : NULL;
}

static bool store_table(struct x86_private *c, struct x86_op *op, const struct x86_table *t)
{
    uint32_t lin;
    unsigned access = X86_WRITE | (c->cpl == 3 ? X86_USER : 0u);
    return x86_address(c, op, 6, true, &lin) && x86_probe(c, lin, 6, access) && x86_store(c, lin, 2, t->limit) &&
           x86_store(c, lin + 2, 4, t->base);
}

static bool load_table(struct x86_private *c, struct x86_op *op, struct x86_table *t)
{
    uint32_t lin;
    if (!privileged(c) || !x86_address(c, op, 6, false, &lin))
        return false;
    uint64_t limit = x86_load(c, lin, 2), base = limit & X86_BAD ? limit : x86_load(c, lin + 2, 4);
    if (base & X86_BAD)
        return false;
    t->limit = (uint16_t)limit;
    t->base = (uint32_t)base & (op->size == 2 ? 0xffffff : 0xffffffff);
    return true;
}

static void set_cr0(struct x86_private *c, uint32_t v)
{
    uint32_t known = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_PG;
    if (c->pub.state.model >= X86_486)
        known |= 0x60050020; // CD, NW, AM, WP, NE
    c->pub.state.cr0 = (v & known) | CR0_ET;
    x86_flush(&c->pub);
}

// LMSW sets PE but cannot clear it.
static bool lmsw(struct x86_private *c, struct x86_op *op)
{
    uint32_t v;
    if (!privileged(c) || !x86_get_rm(c, op, 2, &v))
        return false;
    uint32_t cr0 = c->pub.state.cr0;
    x86_settle_flags(c);
    set_cr0(c, (cr0 & ~14u) | (v & 15));
    return true;
}

static bool group7(struct x86_private *c, struct x86_op *op)
{
    switch (op->src) {
    case 0:
        return store_table(c, op, &c->pub.state.gdtr);
    case 1:
        return store_table(c, op, &c->pub.state.idtr);
    case 2:
        return load_table(c, op, &c->pub.state.gdtr);
    case 3:
        return load_table(c, op, &c->pub.state.idtr);
    case 4:
        return x86_put_rm(c, op, x86_in_memory(op) ? 2 : op->size, c->pub.state.cr0);
    case 6:
        return lmsw(c, op);
    default:
        break;
    }
    if (!privileged(c))
        return false;
    x86_invalidate_page(&c->pub, x86_offset(c, op) + c->base[op->seg]);
    return true;
}

X86_HOT(group7_any)
{
    c->op = op;
    return finish(c, op, group7(c, op));
}

x86_handler *x86_pick_group7(struct x86_decode *d, struct x86_op *op)
{
    bool memory_only = d->reg < 4 || d->reg == 7;
    x86_take_operands(d, op, d->size);
    op->src = d->reg;
    if (d->reg == 5 || (memory_only && d->form == X86_FORM_REG) || (d->reg == 7 && d->c->pub.state.model < X86_486))
        return NULL;
    return group7_any;
}

static bool lar_lsl(struct x86_private *c, struct x86_op *op, bool limit)
{
    uint32_t v, result;
    bool ok;
    if (!needs_protected(c) || !x86_get_rm(c, op, 2, &v))
        return false;
    if (!x86_inspect(c, (uint16_t)v, limit, &ok, &result))
        return false;
    if (ok)
        x86_set(c, op->src, op->size, result);
    x86_set_zf(c, ok);
    return true;
}

X86_SLOW(lar)
{
    return lar_lsl(c, op, false);
}
X86_SLOW(lsl)
{
    return lar_lsl(c, op, true);
}

X86_SLOW(arpl)
{
    uint32_t v, rpl = x86_get_16(c, op->src) & 3;
    if (!needs_protected(c) || !x86_get_rm_to_write(c, op, 2, &v))
        return false;
    bool lower = (v & 3) < rpl;
    if (lower && !x86_put_rm(c, op, 2, (v & ~3u) | rpl))
        return false;
    x86_set_zf(c, lower);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Control, debug and test registers

static bool mov_to_cr(struct x86_private *c, unsigned n, uint32_t v)
{
    struct x86_state *s = &c->pub.state;
    x86_settle_flags(c);
    switch (n) {
    case 0:
        if ((v & CR0_PG) && !(v & CR0_PE))
            return x86_fail_code(c, 13, 0);
        set_cr0(c, v);
        return true;
    case 2:
        s->cr2 = v;
        return true;
    case 3:
        s->cr3 = v;
        break;
    default:
        if (v & ~0x1fu) // VME and PVI are not offered; TSD, DE, PSE are
            return x86_fail_code(c, 13, 0);
        s->cr4 = v;
        break;
    }
    x86_flush_tlb(c);
    x86_new_generation(c);
    return true;
}

static bool control(struct x86_private *c, struct x86_op *op)
{
    uint32_t *reg = &c->pub.state.reg[op->dst];
    if (!privileged(c))
        return false;
    if (op->size) // to CR
        return mov_to_cr(c, op->src, *reg);
    const struct x86_state *s = &c->pub.state;
    *reg = op->src == 0 ? s->cr0 : op->src == 2 ? s->cr2 : op->src == 3 ? s->cr3 : s->cr4;
    return true;
}

static bool debug(struct x86_private *c, struct x86_op *op)
{
    struct x86_state *s = &c->pub.state;
    unsigned n = op->src == 4 || op->src == 5 ? op->src + 2u : op->src;
    uint32_t *reg = &s->reg[op->dst];
    if (!privileged(c))
        return false;
    if (n != op->src && (s->cr4 & X86_CR4_DE))
        return x86_fail(c, 6);
    if (s->dr[7] & 0x2000) { // GD
        s->dr[6] |= 0x2000;
        s->dr[7] &= ~0x2000u;
        return x86_fail(c, 1);
    }
    if (!op->size) {
        *reg = s->dr[n];
        return true;
    }
    s->dr[n] = n == 6 ? (*reg & ~0x1000u) | 0xffff0ff0 : n == 7 ? (*reg & ~0xd000u) | 0x400 : *reg;
    x86_flush_tlb(c); // pages with data breakpoints must not be in it
    return true;
}

X86_HOT(control_any)
{
    c->op = op;
    return finish(c, op, control(c, op));
}

X86_HOT(debug_any)
{
    c->op = op;
    return finish(c, op, debug(c, op));
}

// TR6 and TR7 of 386 and 486 test the TLB, TR3 to TR5 of the 486 the cache: there is nothing to test.
X86_HOT(test_register)
{
    c->op = op;
    if (privileged(c) && !op->size)
        c->pub.state.reg[op->dst] = 0;
    return finish(c, op, privileged(c));
}

x86_handler *x86_pick_control(struct x86_decode *d, struct x86_op *op)
{
    unsigned model = d->c->pub.state.model;
    op->dst = d->rm;
    op->src = d->reg;
    op->size = d->opcode & 2;
    switch (d->opcode & 5) {
    case 0:
        return d->reg == 0 || d->reg == 2 || d->reg == 3 || (d->reg == 4 && model >= X86_PENTIUM) ? control_any : NULL;
    case 1:
        return debug_any;
    default:
        return model < X86_PENTIUM && (d->reg >= 6 || (model == X86_486 && d->reg >= 3)) ? test_register : NULL;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// HLT, CLTS, INVD, WBINVD, CPUID, RDTSC, MSRs

X86_HOT(hlt)
{
    c->op = op;
    if (!privileged(c))
        return x86_raise(c, op);
    c->pub.state.halted = X86_HALT_HLT;
    return x86_leave(c, x86_next_eip(c, op));
}

X86_HOT(clts)
{
    c->op = op;
    if (!privileged(c))
        return x86_raise(c, op);
    c->pub.state.cr0 &= ~(uint32_t)CR0_TS;
    return x86_leave(c, x86_next_eip(c, op));
}

X86_HOT(invd)
{
    c->op = op;
    return finish(c, op, privileged(c));
}

X86_HOT(cpuid)
{
    static const uint32_t signature[] = {0x0308, 0x0435, 0x052c, 0x0619};
    // FPU, DE, PSE, TSC, MSR, CX8, CMOV by model
    static const uint32_t features[] = {0, 0x1, 0x13d, 0x813d};
    uint32_t *reg = c->pub.state.reg, leaf = reg[X86_EAX];
    unsigned model = c->pub.state.model & 3;
    if (leaf == 0) {
        reg[X86_EAX] = 1;
        reg[X86_EBX] = 0x756e6547, reg[X86_EDX] = 0x49656e69, reg[X86_ECX] = 0x6c65746e; // "GenuineIntel"
    } else {
        reg[X86_EAX] = signature[model];
        reg[X86_EBX] = reg[X86_ECX] = 0;
        reg[X86_EDX] = features[model];
    }
    X86_NEXT;
}

// The time-stamp counter is the instruction count: the only clock that is the same on every host.
X86_HOT(rdtsc)
{
    c->op = op;
    if ((c->pub.state.cr4 & 4) && !privileged(c)) // TSD
        return x86_raise(c, op);
    uint32_t eip = x86_sync(c);
    uint64_t t = c->pub.state.count;
    x86_unsync(c, eip);
    c->pub.state.reg[X86_EAX] = (uint32_t)t;
    c->pub.state.reg[X86_EDX] = (uint32_t)(t >> 32);
    X86_NEXT;
}

static uint64_t *msr_of(struct x86_private *c)
{
    uint32_t n = c->pub.state.reg[X86_ECX];
    if (c->pub.state.model >= X86_P6 && n >= 0x174 && n <= 0x176)
        return &c->pub.state.msr_sysenter[n - 0x174];
    return NULL;
}

static bool rdmsr(struct x86_private *c)
{
    uint32_t *reg = c->pub.state.reg, n = reg[X86_ECX];
    uint64_t v = 0;
    if (!privileged(c))
        return false;
    const uint64_t *msr = msr_of(c);
    if (msr)
        v = *msr;
    else if (n == 0x10)
        v = c->limit - (uint64_t)c->left - 1;
    else if (n > 1) // 0 and 1: machine check address and type of the Pentium
        return x86_fail_code(c, 13, 0);
    reg[X86_EAX] = (uint32_t)v;
    reg[X86_EDX] = (uint32_t)(v >> 32);
    return true;
}

static bool wrmsr(struct x86_private *c)
{
    const uint32_t *reg = c->pub.state.reg;
    if (!privileged(c))
        return false;
    uint64_t *msr = msr_of(c);
    if (!msr)
        return reg[X86_ECX] <= 1 || x86_fail_code(c, 13, 0);
    *msr = reg[X86_EAX] | (uint64_t)reg[X86_EDX] << 32;
    return true;
}

X86_HOT(rdmsr_any)
{
    c->op = op;
    return finish(c, op, rdmsr(c));
}

X86_HOT(wrmsr_any)
{
    c->op = op;
    return finish(c, op, wrmsr(c));
}

x86_handler *x86_pick_system(struct x86_decode *d, struct x86_op *op)
{
    x86_take_operands(d, op, d->opcode == 0x63 ? 2 : d->size);
    switch (d->opcode) {
    case 0x63:
        return arpl;
    case 0xf4:
        return hlt;
    case 0x102:
        return lar;
    case 0x103:
        return lsl;
    case 0x106:
        return clts;
    case 0x108:
    case 0x109:
        return invd;
    case 0x130:
        return wrmsr_any;
    case 0x131:
        return rdtsc;
    case 0x132:
        return rdmsr_any;
    case 0x1a2:
        return cpuid;
    default:
        return NULL;
    }
}
