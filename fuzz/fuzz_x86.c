// Arbitrary bytes as code and state of the processor: never a crash, never a hang, and the count is honoured.
// Byte 0: mode (bits 0-1: real, ring 0, ring 3, V86), paging (bit 2), 16-bit code (bit 3), model (bits 4-5), step (bit
// 6). Byte 1: how many bytes after it fill the registers; the rest is code. Descriptor and page tables lie in RAM that
// the code may change.
#include <stdlib.h>
#include <string.h>

#include "x86/x86.h"

enum {
    RAM_PAGES = 64,
    GDT = 0x1000,
    IDT = 0x2000,
    TSS = 0x3000,
    PAGES = 0x4000,
    CODE = 0x9000,
    STACK = 0x20000,
    BUDGET = 20000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void gate(void *user, struct x86 *cpu, uint16_t number)
{
    (void)user, (void)number;
    cpu->state.eip += 4;
}

static uint32_t in(void *user, uint16_t port, unsigned size)
{
    struct x86 **cpu = user;
    (void)size;
    x86_set_intr(*cpu, port & 1);
    return port;
}

static void out(void *user, uint16_t port, unsigned size, uint32_t value)
{
    struct x86 **cpu = user;
    (void)size, (void)value;
    if (port & 2)
        x86_pulse_nmi(*cpu);
}

static uint32_t mmio_read(void *user, uint32_t phys, unsigned size)
{
    (void)user, (void)size;
    return phys;
}

static void mmio_write(void *user, uint32_t phys, unsigned size, uint32_t value)
{
    (void)user, (void)phys, (void)size, (void)value;
}

static uint8_t vector(void *user)
{
    (void)user;
    return 0x30;
}

static void put32(struct x86_memory *m, uint32_t at, uint32_t v)
{
    uint8_t b[4];
    base_put32(b, v);
    if (!x86_memory_store(m, at, b, 4))
        abort();
}

static void make_tables(struct x86_memory *m)
{
    static const uint32_t gdt[][2] = {{0, 0},
                                      {0xffff, 0xcf9b00},
                                      {0xffff, 0xcf9300},
                                      {0xffff, 0xcffb00},
                                      {0xffff, 0xcff300},
                                      {TSS << 16 | 0x67, 0x8900},
                                      {0xffff, 0x9b00},
                                      {0xffff, 0xfb00},
                                      {0x0fff, 0x40f300},
                                      {0x0008 << 16 | CODE, 0xec02}};
    for (unsigned i = 0; i < sizeof gdt / sizeof *gdt; i++)
        put32(m, GDT + i * 8, gdt[i][0]), put32(m, GDT + i * 8 + 4, gdt[i][1]);
    for (unsigned i = 0; i < 64; i++)
        put32(m, IDT + i * 8, 8u << 16 | (CODE + 0x800 + i)), put32(m, IDT + i * 8 + 4, i & 1 ? 0xee00 : 0x8e00);
    put32(m, TSS + 4, STACK);
    put32(m, TSS + 8, 0x10);
    put32(m, PAGES, (PAGES + 0x1000) | 7);
    for (uint32_t i = 0; i < 128; i++)
        put32(m, PAGES + 0x1000 + i * 4, i << 12 | 7);
}

static void load(struct x86 *cpu, enum x86_seg seg, uint16_t selector)
{
    if (!x86_load_segment(cpu, seg, selector, NULL))
        abort();
}

static void enter_mode(struct x86 *cpu, unsigned mode, bool code16)
{
    struct x86_state *s = &cpu->state;
    s->idtr.limit = 0x1ff;
    if (mode != 0) {
        s->cr0 |= 1;
        s->gdtr = (struct x86_table){GDT, 0x4f};
        s->idtr.base = IDT;
        x86_flush(cpu);
        load(cpu, X86_TR, 0x28);
        load(cpu, X86_CS, mode == 2 ? code16 ? 0x3b : 0x1b : code16 ? 0x30 : 0x08);
    }
    if (mode == 3) {
        s->eflags |= X86_VM;
        x86_flush(cpu);
    }
    for (unsigned seg = 0; seg < 6; seg++)
        if (mode == 0 || mode == 3)
            load(cpu, (enum x86_seg)seg, seg == X86_CS ? CODE >> 4 : seg == X86_SS ? 0x1000 : 0x2000);
        else if (seg != X86_CS)
            load(cpu, (enum x86_seg)seg, mode == 2 ? 0x23 : 0x10);
    s->eip = mode == 0 || mode == 3 ? 0 : CODE;
}

static void run(struct x86 *cpu, const uint8_t *data, size_t size)
{
    struct x86_state *s = &cpu->state;
    size_t registers = data[1] < size - 2 ? data[1] : size - 2;
    enter_mode(cpu, data[0] & 3, data[0] & 8);
    memcpy(s->reg, data + 2, registers < sizeof s->reg ? registers : sizeof s->reg);
    s->reg[X86_ESP] = (s->reg[X86_ESP] & 0xff) + STACK - 0x1000;
    if ((data[0] & 4) && (data[0] & 3)) {
        s->cr3 = PAGES;
        s->cr0 |= 0x80000000u;
        x86_flush(cpu);
    }
    if (data[0] & 0x40)
        s->eflags |= X86_TF;
    size_t code = size - 2 - registers;
    if (!x86_memory_store(cpu->memory, CODE, data + 2 + registers, (uint32_t)(code < 0x800 ? code : 0x800)))
        abort();
    for (unsigned i = 0; i < 4; i++) {
        enum x86_stop_reason why = x86_run(cpu, BUDGET);
        if (s->count > BUDGET || (why == X86_STOP_COUNT && s->count != BUDGET))
            abort();
        if (why != X86_STOP_HALT)
            break;
        x86_set_intr(cpu, true);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x86 *cpu = NULL;
    struct x86_owner owner = {.user = &cpu,
                              .gate = gate,
                              .port_in = in,
                              .port_out = out,
                              .mmio_read = mmio_read,
                              .mmio_write = mmio_write,
                              .interrupt_vector = vector};
    struct x86_memory *m = x86_memory_new(&base_heap);
    if (size < 2 || !m)
        return x86_memory_free(m), 0;
    cpu = x86_new(&base_heap, m, &owner, (enum x86_model)(data[0] >> 4 & 3));
    if (!cpu || !x86_memory_set_kind(m, 0, RAM_PAGES, X86_RAM) || !x86_memory_set_kind(m, 60, 1, X86_MMIO) ||
        !x86_memory_set_kind(m, 9, 1, X86_RAM) || !x86_memory_set_kind(m, 61, 1, X86_GATES))
        abort();
    make_tables(m);
    run(cpu, data, size);
    x86_free(cpu);
    x86_memory_free(m);
    return 0;
}
