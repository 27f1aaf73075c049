// A processor's life: made, reset, freed; breakpoints and watches; flags between their lazy form and EFLAGS.
#include "x86/flags.h"

void x86_settle_flags(struct x86_private *c)
{
    uint32_t f = c->pub.state.eflags & ~(uint32_t)X86_ARITHMETIC;
    f |= (x86_cf(c) ? X86_CF : 0u) | (x86_pf(c) ? X86_PF : 0u) | (x86_af(c) ? X86_AF : 0u) | (x86_zf(c) ? X86_ZF : 0u) |
         (x86_sf(c) ? X86_SF : 0u) | (x86_of(c) ? X86_OF : 0u);
    c->pub.state.eflags = f | 2;
}

void x86_adopt_flags(struct x86_private *c)
{
    uint32_t f = c->pub.state.eflags;
    bool zf = f & X86_ZF, pf = f & X86_PF; // res 0 has even parity, res 1 odd
    c->res = zf ? 0 : 1;
    c->aux = (f & X86_SF ? X86_AUX_SF : 0u) | (f & X86_AF ? X86_AUX_AF : 0u) | (zf != pf ? 0x100u : 0u);
    x86_set_cf_of(c, f & X86_CF, f & X86_OF);
}

static void clear_tlb(struct x86_private *c)
{
    c->tlb_filled = X86_TLB_ENTRIES * 8; // more than the log holds: all entries
    x86_flush_tlb(c);
}

struct x86 *x86_new(const struct base_alloc *alloc, struct x86_memory *memory, const struct x86_owner *owner,
                    enum x86_model model)
{
    struct x86_private *c = base_alloc_zero(alloc, sizeof *c);
    if (!c)
        return NULL;
    c->alloc = alloc;
    c->generation = 1; // 0 is the key of unused links
    c->pub.memory = memory;
    c->pub.owner = owner;
    c->pub.private = c;
    c->pub.owner_read = c->tlbs[0].read;
    c->pub.owner_write = c->tlbs[0].write;
    c->pub.state.model = (uint8_t)model;
    clear_tlb(c);
    x86_memory_attach(memory, c);
    x86_reset(&c->pub);
    return &c->pub;
}

void x86_free(struct x86 *cpu)
{
    if (!cpu)
        return;
    struct x86_private *c = cpu->private;
    x86_memory_detach(cpu->memory, c);
    x86_drop_code(c);
    base_alloc_free(c->alloc, c->hash, x86_hash_bytes(c));
    base_alloc_free(c->alloc, c->breaks, c->break_capacity * sizeof *c->breaks);
    base_alloc_free(c->alloc, c, sizeof *c);
}

void x86_reset(struct x86 *cpu)
{
    static const uint16_t signature[] = {0x0308, 0x0435, 0x052c, 0x0619}; // EDX: family, model, stepping
    struct x86_state *s = &cpu->state;
    uint8_t model = s->model;
    *s = (struct x86_state){.model = model, .eip = 0xfff0, .eflags = 2, .a20 = 1, .fcw = 0x37f, .ftw = 0xffff};
    for (unsigned i = 0; i < X86_SEGS; i++)
        s->seg[i] = (struct x86_segment){.access = 0x93, .limit = 0xffff};
    s->seg[X86_CS].selector = 0xf000;
    s->seg[X86_CS].base = 0xffff0000;
    s->seg[X86_LDTR].access = 0x82;
    s->seg[X86_TR].access = 0x8b;
    s->gdtr.limit = s->idtr.limit = 0xffff;
    s->cr0 = model == X86_386 ? 0 : 0x60000010;
    s->dr[6] = 0xffff0ff0;
    s->dr[7] = 0x400;
    s->reg[X86_EDX] = signature[model & 3];
    x86_flush(cpu);
}

bool x86_break_set(struct x86 *cpu, uint32_t linear)
{
    struct x86_private *c = cpu->private;
    for (uint32_t i = 0; i < c->break_count; i++)
        if (c->breaks[i] == linear)
            return true;
    if (c->break_count == c->break_capacity) {
        size_t want = base_alloc_grow(c->break_capacity, c->break_count + 1, sizeof *c->breaks);
        uint32_t *grown =
            want ? base_alloc_resize(c->alloc, c->breaks, c->break_capacity * sizeof *grown, want * sizeof *grown)
                 : NULL;
        if (!grown)
            return false;
        c->breaks = grown;
        c->break_capacity = (uint32_t)want;
    }
    c->breaks[c->break_count++] = linear;
    c->wrapped = true; // blocks that run across it must go
    x86_attend(c);
    return true;
}

void x86_break_clear(struct x86 *cpu, uint32_t linear)
{
    struct x86_private *c = cpu->private;
    for (uint32_t i = 0; i < c->break_count; i++)
        if (c->breaks[i] == linear) {
            c->breaks[i] = c->breaks[--c->break_count];
            c->wrapped = true;
            x86_attend(c);
            return;
        }
}

void x86_watch_instructions(struct x86 *cpu, void (*fn)(void *user, struct x86 *cpu), void *user)
{
    cpu->private->watch = fn;
    cpu->private->watch_user = user;
    x86_attend(cpu->private);
}

bool x86_load_segment(struct x86 *cpu, enum x86_seg seg, uint16_t selector, struct x86_fault *fault)
{
    struct x86_private *c = cpu->private;
    struct x86_fault saved = c->fault;
    bool ok = x86_load_for_owner(c, seg, selector);
    if (!ok && fault)
        *fault = c->fault;
    c->fault = saved;
    x86_update_mode(c);
    return ok;
}

bool x86_deliver(struct x86 *cpu, const struct x86_fault *fault)
{
    struct x86_private *c = cpu->private;
    if (!c->running)
        x86_adopt_flags(c);
    c->fault = *fault;
    bool ok = x86_exception(c);
    x86_settle_flags(c);
    x86_update_mode(c);
    return ok;
}
