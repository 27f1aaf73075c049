// A small machine for tests of the processor: RAM, descriptor tables with one of everything, an owner that records what
// reaches it. Code is given as hex text; faults end in a HLT at HANDLERS + 16 * vector.
#ifndef VXDKIT_TESTS_X86_MACHINE_H
#define VXDKIT_TESTS_X86_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "x86/x86.h"

enum {
    GDT = 0x1000,
    IDT = 0x2000,
    HANDLERS = 0x3000,
    TSS = 0x4000,
    CODE = 0x8000,
    STACK0 = 0x20000,
    STACK3 = 0x28000,
    DATA = 0x30000,
    PAGES = 0x100000,
    GATES = 0x40000,
    RAM_PAGES = 0x400,
    SEL_CODE0 = 0x08,
    SEL_DATA0 = 0x10,
    SEL_CODE3 = 0x1b,
    SEL_DATA3 = 0x23,
    SEL_TSS = 0x28,
    SEL_CODE16 = 0x30,
    SEL_SMALL = 0x3b,
    SEL_DOWN = 0x43,
    SEL_READONLY = 0x4b,
    SEL_CONFORMING = 0x50,
    SEL_ABSENT = 0x5b,
    SEL_GATE0 = 0x63,
    SEL_EXECUTE_ONLY = 0x6b,
    SEL_TSS2 = 0x70,
    SEL_STACK16 = 0x7b,
    SEL_LDT = 0x80,
};

struct machine {
    struct x86_memory *memory;
    struct x86 *cpu;
    struct x86_owner owner;
    unsigned gates, reads, writes, vectors;
    uint16_t last_gate, last_port;
    uint32_t last_address, last_value, answer;
    unsigned last_size;
    uint64_t seen_count;
    uint32_t seen_eip;
    void (*on_gate)(struct machine *m, uint16_t number);
    void (*on_port)(struct machine *m, uint16_t port);
};

static inline void machine_gate(void *user, struct x86 *cpu, uint16_t number)
{
    struct machine *m = user;
    m->gates++;
    m->last_gate = number;
    m->seen_count = cpu->state.count;
    m->seen_eip = cpu->state.eip;
    if (m->on_gate)
        m->on_gate(m, number);
    else
        cpu->state.eip += 4;
}

static inline void machine_note(struct machine *m, uint32_t at, unsigned size, uint32_t value)
{
    m->last_address = at;
    m->last_port = (uint16_t)at;
    m->last_size = size;
    m->last_value = value;
    m->seen_count = m->cpu->state.count;
    m->seen_eip = m->cpu->state.eip;
}

static inline uint32_t machine_in(void *user, uint16_t port, unsigned size)
{
    struct machine *m = user;
    m->reads++;
    machine_note(m, port, size, 0);
    if (m->on_port)
        m->on_port(m, port);
    return m->answer;
}

static inline void machine_out(void *user, uint16_t port, unsigned size, uint32_t value)
{
    struct machine *m = user;
    m->writes++;
    machine_note(m, port, size, value);
    if (m->on_port)
        m->on_port(m, port);
}

static inline uint32_t machine_mmio_read(void *user, uint32_t phys, unsigned size)
{
    struct machine *m = user;
    m->reads++;
    machine_note(m, phys, size, 0);
    return m->answer;
}

static inline void machine_mmio_write(void *user, uint32_t phys, unsigned size, uint32_t value)
{
    struct machine *m = user;
    m->writes++;
    machine_note(m, phys, size, value);
}

static inline uint8_t machine_vector(void *user)
{
    struct machine *m = user;
    m->vectors++;
    x86_set_intr(m->cpu, false);
    return 0x50;
}

static inline void machine_put(struct machine *m, uint32_t at, const void *bytes, uint32_t n)
{
    assert_true(x86_memory_store(m->memory, at, bytes, n));
}

static inline void machine_put32(struct machine *m, uint32_t at, uint32_t v)
{
    uint8_t b[4];
    base_put32(b, v);
    machine_put(m, at, b, 4);
}

static inline uint32_t machine_get32(struct machine *m, uint32_t at)
{
    uint8_t b[4];
    assert_true(x86_memory_load(m->memory, at, b, 4));
    return base_get32(b);
}

static inline uint32_t machine_code(struct machine *m, uint32_t at, const char *hex)
{
    for (; *hex; hex++) {
        char digits[3] = {hex[0], hex[1], 0};
        if (*hex == ' ')
            continue;
        uint8_t b = (uint8_t)strtoul(digits, NULL, 16);
        machine_put(m, at++, &b, 1);
        hex++;
    }
    return at;
}

static inline void machine_descriptor(struct machine *m, uint32_t table, unsigned selector, uint32_t base,
                                      uint32_t limit, unsigned access, unsigned flags)
{
    machine_put32(m, table + (selector & ~7u), base << 16 | (limit & 0xffff));
    machine_put32(m, table + (selector & ~7u) + 4,
                  (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff));
}

static inline void machine_idt(struct machine *m, unsigned vector, uint16_t selector, uint32_t offset, unsigned access)
{
    machine_put32(m, IDT + vector * 8, (uint32_t)selector << 16 | (offset & 0xffff));
    machine_put32(m, IDT + vector * 8 + 4, (offset & 0xffff0000) | access << 8);
}

static inline void machine_tables(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_CODE0, 0, 0xfffff, 0x9b, 0xc);
    machine_descriptor(m, GDT, SEL_DATA0, 0, 0xfffff, 0x93, 0xc);
    machine_descriptor(m, GDT, SEL_CODE3, 0, 0xfffff, 0xfb, 0xc);
    machine_descriptor(m, GDT, SEL_DATA3, 0, 0xfffff, 0xf3, 0xc);
    machine_descriptor(m, GDT, SEL_TSS, TSS, 0x2067, 0x89, 0);
    machine_descriptor(m, GDT, SEL_CODE16, 0, 0xffff, 0x9b, 0);
    machine_descriptor(m, GDT, SEL_SMALL, DATA, 0x0fff, 0xf3, 4);
    machine_descriptor(m, GDT, SEL_DOWN, DATA, 0x0fff, 0xf7, 4);
    machine_descriptor(m, GDT, SEL_READONLY, DATA, 0x0fff, 0xf1, 4);
    machine_descriptor(m, GDT, SEL_CONFORMING, 0, 0xfffff, 0x9f, 0xc);
    machine_descriptor(m, GDT, SEL_ABSENT, DATA, 0x0fff, 0x73, 4);
    machine_put32(m, GDT + (SEL_GATE0 & ~7u), SEL_CODE0 << 16 | ((CODE + 0x800) & 0xffff));
    machine_put32(m, GDT + (SEL_GATE0 & ~7u) + 4, ((CODE + 0x800) & 0xffff0000u) | 0xec00 | 2);
    machine_descriptor(m, GDT, SEL_EXECUTE_ONLY, 0, 0xfffff, 0xf9, 0xc);
    machine_descriptor(m, GDT, SEL_TSS2, TSS + 0x3000, 0x67, 0x89, 0);
    machine_descriptor(m, GDT, SEL_STACK16, STACK3 & ~0xffff, 0xffff, 0xf3, 0);
    machine_descriptor(m, GDT, SEL_LDT, GDT + 0x800, 0x7f, 0x82, 0);
    for (unsigned v = 0; v < 256; v++) {
        machine_idt(m, v, SEL_CODE0, HANDLERS + 16 * v, v == 3 || v == 4 || v >= 0x30 ? 0xee : 0x8e);
        machine_code(m, HANDLERS + 16 * v, "F4");
    }
    machine_put32(m, TSS + 4, STACK0);
    machine_put32(m, TSS + 8, SEL_DATA0);
    machine_put32(m, TSS + 0x64, 0x68 << 16);
    machine_put32(m, TSS + 0x68 + 0x80 / 8, 0xffffffff); // ports 80h-9Fh are denied
}

static inline struct machine *machine_new(enum x86_model model)
{
    struct machine *m = calloc(1, sizeof *m);
    m->owner = (struct x86_owner){
        m, machine_gate, machine_in, machine_out, machine_mmio_read, machine_mmio_write, machine_vector, NULL, NULL};
    m->memory = x86_memory_new(&base_heap);
    assert_non_null(m->memory);
    m->cpu = x86_new(&base_heap, m->memory, &m->owner, model);
    assert_non_null(m->cpu);
    assert_true(x86_memory_set_kind(m->memory, 0, RAM_PAGES, X86_RAM));
    machine_tables(m);
    m->cpu->state.gdtr = (struct x86_table){GDT, 0xfff};
    m->cpu->state.idtr = (struct x86_table){IDT, 0x7ff};
    return m;
}

static inline void machine_free(struct machine *m)
{
    x86_free(m->cpu);
    x86_memory_free(m->memory);
    free(m);
}

static inline void machine_segment(struct machine *m, enum x86_seg seg, uint16_t selector)
{
    assert_true(x86_load_segment(m->cpu, seg, selector, NULL));
}

// Flat protected mode in ring 0 or 3.
static inline void machine_protected(struct machine *m, unsigned ring)
{
    struct x86_state *s = &m->cpu->state;
    s->cr0 |= 1;
    x86_flush(m->cpu);
    machine_segment(m, X86_TR, SEL_TSS);
    machine_segment(m, X86_CS, ring ? SEL_CODE3 : SEL_CODE0);
    for (unsigned seg = 0; seg < 6; seg++)
        if (seg != X86_CS)
            machine_segment(m, (enum x86_seg)seg, ring ? SEL_DATA3 : SEL_DATA0);
    s->reg[X86_ESP] = ring ? STACK3 : STACK0 - 0x100;
    s->eip = CODE;
}

// Identity page tables for the first 4 MB: page directory at PAGES, one table behind it, all user and writable.
static inline void machine_paging(struct machine *m)
{
    machine_put32(m, PAGES, (PAGES + 0x1000) | 7);
    for (uint32_t i = 0; i < 1024; i++)
        machine_put32(m, PAGES + 0x1000 + 4 * i, i << 12 | 7);
    m->cpu->state.cr3 = PAGES;
    m->cpu->state.cr0 |= 0x80000000u;
    x86_flush(m->cpu);
}

static inline void machine_set_pte(struct machine *m, uint32_t linear, uint32_t pte)
{
    machine_put32(m, PAGES + 0x1000 + (linear >> 12) * 4, pte);
}

static inline uint32_t machine_pte(struct machine *m, uint32_t linear)
{
    return machine_get32(m, PAGES + 0x1000 + (linear >> 12) * 4);
}

static inline void machine_real(struct machine *m)
{
    for (unsigned seg = 0; seg < 6; seg++)
        machine_segment(m, (enum x86_seg)seg, seg == X86_CS ? CODE >> 4 : seg == X86_SS ? 0x2000 : DATA >> 4);
    m->cpu->state.reg[X86_ESP] = 0x1000;
    m->cpu->state.eip = 0;
    m->cpu->state.idtr = (struct x86_table){0, 0x3ff};
}

static inline void machine_v86(struct machine *m, unsigned iopl)
{
    machine_protected(m, 0);
    m->cpu->state.eflags |= X86_VM | iopl << 12;
    x86_flush(m->cpu);
    for (unsigned seg = 0; seg < 6; seg++)
        machine_segment(m, (enum x86_seg)seg, seg == X86_CS ? CODE >> 4 : seg == X86_SS ? 0x2000 : DATA >> 4);
    m->cpu->state.reg[X86_ESP] = 0x1000;
    m->cpu->state.eip = 0;
}

static inline enum x86_stop_reason machine_run(struct machine *m, uint64_t instructions)
{
    return x86_run(m->cpu, m->cpu->state.count + instructions);
}

// Runs until HLT; the vector whose handler halted, or -1 for a HLT elsewhere.
static inline int machine_vector_reached(struct machine *m)
{
    assert_int_equal(machine_run(m, 10000), X86_STOP_HALT);
    uint32_t eip = m->cpu->state.eip;
    return eip > HANDLERS && eip < HANDLERS + 0x1000 && m->cpu->state.seg[X86_CS].selector == SEL_CODE0
               ? (int)((eip - HANDLERS) >> 4)
               : -1;
}

#endif
