// The one hardware task switch there is: through a task gate of the IDT, as systems use it to catch double faults on a
// stack that works. 32-bit task state segments only; JMP, CALL and IRET between tasks are a clear stop.
#include "x86/flags.h"

// Offsets in a task state segment (386 manual 7.1).
enum {
    TSS_LINK = 0,
    TSS_CR3 = 0x1c,
    TSS_EIP = 0x20,
    TSS_EFLAGS = 0x24,
    TSS_REGISTERS = 0x28,
    TSS_SEGMENTS = 0x48,
    TSS_LDT = 0x60,
    TSS_LIMIT = 0x67
};
enum { BUSY = 0x200, CR0_TS = 8 };

static bool save_task(struct x86_private *c)
{
    const struct x86_state *s = &c->pub.state;
    uint32_t at = s->seg[X86_TR].base;
    bool ok = x86_store_system(c, at + TSS_EIP, 4, s->eip) && x86_store_system(c, at + TSS_EFLAGS, 4, s->eflags);
    for (unsigned i = 0; ok && i < 8; i++)
        ok = x86_store_system(c, at + TSS_REGISTERS + 4 * i, 4, s->reg[i]);
    for (unsigned i = 0; ok && i < 6; i++)
        ok = x86_store_system(c, at + TSS_SEGMENTS + 4 * i, 4, s->seg[i].selector);
    return ok;
}

// The words of the new task from EIP to the LDT selector, read before anything changes.
enum { WORDS = 17, WORD_EFLAGS = 1, WORD_REGISTERS = 2, WORD_SEGMENTS = 10, WORD_LDT = 16 };

static bool read_task(struct x86_private *c, uint32_t base, uint32_t *cr3, uint32_t words[WORDS])
{
    uint64_t v = x86_load_system(c, base + TSS_CR3, 4);
    *cr3 = (uint32_t)v;
    for (unsigned i = 0; i < WORDS && !(v & X86_BAD); i++) {
        v = x86_load_system(c, base + TSS_EIP + 4 * i, 4);
        words[i] = (uint32_t)v;
    }
    return !(v & X86_BAD);
}

static bool load_segments(struct x86_private *c, const uint32_t *selectors, uint16_t ldt)
{
    static const uint8_t order[] = {X86_CS, X86_SS, X86_ES, X86_DS, X86_FS, X86_GS};
    bool ok = x86_load_for_owner(c, X86_LDTR, ldt);
    for (unsigned i = 0; ok && i < 6; i++) {
        ok = x86_load_for_owner(c, order[i], (uint16_t)selectors[order[i]]);
        x86_update_mode(c); // SS is checked against the new CS's privilege
    }
    if (!ok && (c->fault.vector == 13 || c->fault.vector == 11))
        c->fault.vector = 10; // what is wrong inside a task state segment is #TS
    return ok;
}

static bool enter_task(struct x86_private *c, uint32_t cr3, const uint32_t words[WORDS])
{
    struct x86_state *s = &c->pub.state;
    s->cr3 = cr3;
    s->cr0 |= CR0_TS;
    s->eip = words[0];
    s->eflags = (words[WORD_EFLAGS] & x86_known_eflags(c) & ~(uint32_t)X86_VM) | X86_NT | 2;
    memcpy(s->reg, words + WORD_REGISTERS, sizeof s->reg);
    x86_flush_tlb(c);
    x86_new_generation(c);
    return load_segments(c, words + WORD_SEGMENTS, (uint16_t)words[WORD_LDT]);
}

bool x86_task_gate(struct x86_private *c, uint16_t selector, bool has_error, uint32_t error)
{
    struct x86_state *s = &c->pub.state;
    uint32_t d[2], at, cr3, words[WORDS], old = s->seg[X86_TR].selector;
    struct x86_segment tss;
    if ((selector & 4) || !(selector & 0xfffc))
        return x86_fail_code(c, 10, selector & 0xfffcu);
    if (!x86_read_descriptor(c, selector, d, &at, 10))
        return false;
    x86_fill_segment(&tss, selector, d);
    if ((tss.access & 0x1f) == 1)
        return x86_fail_missing(c, "task switch to a 16-bit task state segment");
    if ((tss.access & 0x1f) != 9 || tss.limit < TSS_LIMIT)
        return x86_fail_code(c, 10, selector & 0xfffcu);
    if (!(tss.access & 0x80))
        return x86_fail_code(c, 11, selector & 0xfffcu);
    if (!read_task(c, tss.base, &cr3, words) || !save_task(c) || !x86_store_system(c, tss.base + TSS_LINK, 2, old) ||
        !x86_store_system(c, at + 4, 4, d[1] | BUSY))
        return false;
    d[1] |= BUSY;
    x86_set_segment(c, X86_TR, selector, d);
    if (!enter_task(c, cr3, words))
        return false;
    uint32_t esp = s->reg[X86_ESP];
    if (has_error && !x86_push_at(c, &esp, 4, error))
        return false;
    s->reg[X86_ESP] = esp;
    return true;
}

// IRET with NT set: back to the task that the link of this one names. A link that names none is #TS.
bool x86_task_return(struct x86_private *c)
{
    uint64_t link = x86_load_system(c, c->pub.state.seg[X86_TR].base + TSS_LINK, 2);
    uint32_t d[2], at;
    if (link & X86_BAD)
        return false;
    uint16_t selector = (uint16_t)link;
    if ((selector & 4) || !(selector & 0xfffc))
        return x86_fail_code(c, 10, selector & 0xfffcu);
    if (!x86_read_descriptor(c, selector, d, &at, 10))
        return false;
    if ((d[1] >> 8 & 0x17) != 3) // a busy task state segment of either size
        return x86_fail_code(c, 10, selector & 0xfffcu);
    return x86_fail_missing(c, "hardware task switch by IRET (NT is set)");
}
