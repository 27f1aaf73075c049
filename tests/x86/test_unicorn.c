// Differential test against Unicorn for what the host's processor cannot run under Linux: virtual-8086 mode, entered by
// IRETD from ring 0 on both sides. Random 16-bit code runs to its HLT or its first fault; vector, registers, flags,
// segments and memory are compared. x86_test_unicorn [CASES [SEED]]; a failing case prints the seed that repeats it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <unicorn/unicorn.h>

#include "random_code.h"
#include "x86/x86.h"

enum {
    DEFAULT_CASES = 1000,
    MEMORY = 0x100000,
    GDT = 0x1000,
    IDT = 0x2000,
    HANDLERS = 0x3000,
    TSS = 0x4000,
    STACK0 = 0x6000,
    ENTRY = 0x7000,
    CODE = 0x40000,
    DATA = 0x20000,
    DATA_BYTES = 0x800,
    STACK = 0x30000,
    UNKNOWN = 0xff, // Unicorn stopped for an exception; it does not tell which
    ARITHMETIC = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF,
};

struct outcome {
    uint32_t reg[8], eip, eflags, vector;
    uint8_t data[DATA_BYTES], stack[DATA_BYTES];
};

struct plan {
    uint64_t seed;
    uint32_t ip, cs, undefined, reg[8], frame[9]; // what IRETD pops
    struct random_code code;
    uint8_t data[DATA_BYTES];
};

struct rig {
    struct x86_memory *memory;
    struct x86 *cpu;
    struct x86_owner owner;
    struct x86_state start;
    uc_engine *uc;
    uint32_t vector;
};

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "x86_test_unicorn: %s\n", what);
    exit(2);
}

// Both memories get the same bytes.
static void put(struct rig *r, uint32_t at, const void *bytes, uint32_t n)
{
    require(x86_memory_store(r->memory, at, bytes, n), "store");
    require(uc_mem_write(r->uc, at, bytes, n) == UC_ERR_OK, "Unicorn store");
}

static void put32(struct rig *r, uint32_t at, uint32_t v)
{
    uint8_t b[4];
    base_put32(b, v);
    put(r, at, b, 4);
}

static void on_exception(uc_engine *uc, uint32_t vector, void *user)
{
    struct rig *r = user;
    r->vector = vector;
    uc_emu_stop(uc);
}

static void make_tables(struct rig *r)
{
    static const uint32_t gdt[][2] = {{0, 0}, {0xffff, 0xcf9b00}, {0xffff, 0xcf9300}, {TSS << 16 | 0x67, 0x8900}};
    static const uint8_t hlt = 0xf4, iretd = 0xcf;
    for (unsigned i = 0; i < 4; i++)
        put32(r, GDT + i * 8, gdt[i][0]), put32(r, GDT + i * 8 + 4, gdt[i][1]);
    for (unsigned v = 0; v < 32; v++) {
        put32(r, IDT + v * 8, 8u << 16 | (HANDLERS + v * 16));
        put32(r, IDT + v * 8 + 4, 0xee00);
        put(r, HANDLERS + v * 16, &hlt, 1);
    }
    put32(r, TSS + 4, STACK0);
    put32(r, TSS + 8, 0x10);
    put32(r, TSS + 0x64, 0x68 << 16);
    put(r, ENTRY, &iretd, 1);
}

static void start_ours(struct rig *r)
{
    r->memory = x86_memory_new(&base_heap);
    require(r->memory && x86_memory_set_kind(r->memory, 0, MEMORY / X86_PAGE_SIZE, X86_RAM), "memory");
    r->cpu = x86_new(&base_heap, r->memory, &r->owner, X86_P6);
    require(r->cpu != NULL, "processor");
}

static void finish_ours(struct rig *r)
{
    struct x86_state *s = &r->cpu->state;
    static const uint8_t order[] = {X86_CS, X86_SS, X86_DS, X86_ES, X86_TR};
    s->gdtr = (struct x86_table){GDT, 0x1f};
    s->idtr = (struct x86_table){IDT, 0xff};
    s->cr0 |= 1;
    x86_flush(r->cpu);
    for (unsigned i = 0; i < 5; i++)
        require(x86_load_segment(r->cpu, (enum x86_seg)order[i],
                                 i == 0   ? 0x08
                                 : i == 4 ? 0x18
                                          : 0x10,
                                 NULL),
                "segment");
    r->start = *s;
}

static void start_unicorn(struct rig *r)
{
    uc_hook hook;
    uc_x86_mmr gdtr = {.base = GDT, .limit = 0x1f}, idtr = {.base = IDT, .limit = 0xff};
    uc_x86_mmr tr = {.selector = 0x18, .base = TSS, .limit = 0x67, .flags = 0x8b00};
    require(uc_open(UC_ARCH_X86, UC_MODE_32, &r->uc) == UC_ERR_OK, "Unicorn");
    require(uc_mem_map(r->uc, 0, MEMORY, UC_PROT_ALL) == UC_ERR_OK, "Unicorn memory");
    uc_reg_write(r->uc, UC_X86_REG_GDTR, &gdtr);
    uc_reg_write(r->uc, UC_X86_REG_IDTR, &idtr);
    uc_reg_write(r->uc, UC_X86_REG_TR, &tr);
    require(uc_hook_add(r->uc, &hook, UC_HOOK_INTR, (void *)on_exception, r, 1, 0) == UC_ERR_OK, "Unicorn hook");
}

// ---------------------------------------------------------------------------------------------------------------------
// Cases

static void make_case(uint64_t seed, struct plan *p)
{
    struct random r = {seed};
    memset(p, 0, sizeof *p);
    p->seed = seed;
    for (unsigned i = 0; i < 8; i++)
        p->reg[i] = random_below(&r, 3) ? random_below(&r, 0x500) : random_value(&r) & 0x7ffff;
    p->reg[X86_ECX] = random_below(&r, 64);
    for (unsigned i = 0; i < DATA_BYTES; i++)
        p->data[i] = (uint8_t)random_value(&r);
    p->code = (struct random_code){.code32 = false, .addresses = true, .reg = p->reg};
    random_integer_code(&r, &p->code, 3);
    p->undefined = p->code.undefined;
    uint32_t flags =
        (random_next(&r) & (ARITHMETIC | X86_DF)) | 2 | X86_VM | X86_IF | (random_below(&r, 2) ? X86_IOPL : 0);
    p->ip = 0x100;
    p->cs = CODE >> 4;
    const uint32_t frame[9] = {p->ip,     p->cs,     flags,    0x200 + random_below(&r, 0x200), STACK >> 4, DATA >> 4,
                               DATA >> 4, DATA >> 4, DATA >> 4};
    memcpy(p->frame, frame, sizeof frame);
}

static void load_case(struct rig *r, const struct plan *p)
{
    uint8_t code[RANDOM_CODE_MAX + 160];
    static const uint8_t zero[DATA_BYTES];
    memset(code, 0xf4, sizeof code); // HLT faults in V86 mode and ends the case
    memcpy(code, p->code.bytes, p->code.length);
    put(r, p->cs * 16 + p->ip, code, sizeof code);
    put(r, DATA, p->data, DATA_BYTES);
    put(r, STACK, zero, DATA_BYTES);
    for (unsigned i = 0; i < 9; i++)
        put32(r, STACK0 - 0x100 + 4 * i, p->frame[i]);
}

static uint32_t get32(struct rig *r, uint32_t at)
{
    uint8_t b[4];
    require(x86_memory_load(r->memory, at, b, 4), "load");
    return base_get32(b);
}

static bool run_ours(struct rig *r, const struct plan *p, struct outcome *o)
{
    struct x86_state *s = &r->cpu->state;
    *s = r->start;
    memcpy(s->reg, p->reg, sizeof s->reg);
    s->reg[X86_ESP] = STACK0 - 0x100;
    s->eip = ENTRY;
    x86_flush(r->cpu);
    if (x86_run(r->cpu, 100000) != X86_STOP_HALT)
        return false;
    memcpy(o->reg, s->reg, sizeof o->reg);
    o->vector = (s->eip - HANDLERS) >> 4;
    uint32_t frame = s->reg[X86_ESP] + (o->vector >= 10 && o->vector <= 14 ? 4 : 0);
    o->eip = get32(r, frame);
    o->eflags = get32(r, frame + 8);
    o->reg[X86_ESP] = get32(r, frame + 12);
    return x86_memory_load(r->memory, DATA, o->data, DATA_BYTES) &&
           x86_memory_load(r->memory, STACK, o->stack, DATA_BYTES);
}

static void run_unicorn(struct rig *r, const struct plan *p, struct outcome *o)
{
    static const int id[] = {UC_X86_REG_EAX, UC_X86_REG_ECX, UC_X86_REG_EDX, UC_X86_REG_EBX,
                             UC_X86_REG_ESP, UC_X86_REG_EBP, UC_X86_REG_ESI, UC_X86_REG_EDI};
    uint32_t flat[2] = {0x08, 0x10}, eflags = 2, esp = STACK0 - 0x100;
    uc_reg_write(r->uc, UC_X86_REG_EFLAGS, &eflags); // out of V86 mode first
    uc_reg_write(r->uc, UC_X86_REG_CS, &flat[0]);
    uc_reg_write(r->uc, UC_X86_REG_SS, &flat[1]);
    uc_reg_write(r->uc, UC_X86_REG_DS, &flat[1]);
    uc_reg_write(r->uc, UC_X86_REG_ES, &flat[1]);
    for (unsigned i = 0; i < 8; i++)
        uc_reg_write(r->uc, id[i], i == X86_ESP ? &esp : &p->reg[i]);
    r->vector = UNKNOWN;
    uc_emu_start(r->uc, ENTRY, 0xffffffff, 0, 100000);
    for (unsigned i = 0; i < 8; i++)
        uc_reg_read(r->uc, id[i], &o->reg[i]);
    uc_reg_read(r->uc, UC_X86_REG_IP, &o->eip);
    uc_reg_read(r->uc, UC_X86_REG_EFLAGS, &o->eflags);
    o->vector = r->vector;
    uc_mem_read(r->uc, DATA, o->data, DATA_BYTES);
    uc_mem_read(r->uc, STACK, o->stack, DATA_BYTES);
}

// Only what ran to its HLT can be compared: of a fault Unicorn tells neither the vector nor the place, it wraps at the
// end of a segment where the manual has a fault, and it leaves half-done instructions behind.
static bool comparable(const struct plan *p, const struct outcome *mine)
{
    return mine->vector == 13 && mine->eip >= p->ip + p->code.length;
}

// F6 and F7 with reg 1 are TEST on silicon (the captures of a 286 have them); Unicorn stops there.
static bool stopped_at_alias(const struct plan *p, const struct outcome *other)
{
    uint32_t at = (other->eip & 0xffff) - p->ip;
    while (at + 1 < p->code.length && strchr("\x26\x2e\x36\x3e\x66\x67\xf2\xf3", p->code.bytes[at]) &&
           p->code.bytes[at])
        at++;
    return at + 1 < p->code.length && (p->code.bytes[at] & 0xfe) == 0xf6 && (p->code.bytes[at + 1] & 0x38) == 8;
}

static bool same(const struct plan *p, const struct outcome *mine, const struct outcome *other, char *why, size_t n)
{
    uint32_t flags = (ARITHMETIC | X86_DF) & ~p->undefined;
    if (other->vector != UNKNOWN && mine->vector != other->vector)
        return snprintf(why, n, "vector %u, Unicorn %u", mine->vector, other->vector), false;
    if ((mine->eip ^ other->eip) & 0xffff)
        return snprintf(why, n, "IP %x, Unicorn %x", mine->eip, other->eip), false;
    // ENTER with a 32-bit operand on a 16-bit stack: silicon (test_native.c) sets all of EBP, Unicorn its lower half.
    bool enter = memchr(p->code.bytes, 0xc8, p->code.length) != NULL;
    for (unsigned i = 0; i < 8; i++)
        if ((mine->reg[i] ^ other->reg[i]) & (enter && i == X86_EBP ? 0xffffu : 0xffffffffu))
            return snprintf(why, n, "register %u is %08x, Unicorn %08x", i, mine->reg[i], other->reg[i]), false;
    if ((mine->eflags ^ other->eflags) & flags)
        return snprintf(why, n, "flags %x, Unicorn %x", mine->eflags & flags, other->eflags & flags), false;
    if (memcmp(mine->data, other->data, DATA_BYTES) != 0 || memcmp(mine->stack, other->stack, DATA_BYTES) != 0)
        return snprintf(why, n, "memory differs"), false;
    return true;
}

static void print_failure(const struct plan *p, const char *why)
{
    printf("seed %llu: %s\n  code", (unsigned long long)p->seed, why);
    for (unsigned i = 0; i < p->code.length; i++)
        printf(" %02X", p->code.bytes[i]);
    printf("\n ");
    for (unsigned i = 0; i < 8; i++)
        printf(" %08x", p->reg[i]);
    printf(" flags %x sp %x\n", p->frame[2], p->frame[3]);
}

enum { SAME, DIFFERS, BROKEN, NOT_COMPARABLE };

// One case in a process of its own: this Unicorn aborts on some code, keeps traces of faults and does not notice that
// code has changed.
static int run_case(uint64_t seed)
{
    static struct plan p;
    static struct outcome mine, other;
    struct rig r = {0};
    char why[100];
    start_ours(&r);
    start_unicorn(&r);
    make_tables(&r);
    finish_ours(&r);
    make_case(seed, &p);
    load_case(&r, &p);
    require(run_ours(&r, &p, &mine), "ours did not end in a handler");
    if (!comparable(&p, &mine))
        return NOT_COMPARABLE;
    load_case(&r, &p);
    run_unicorn(&r, &p, &other);
    if (stopped_at_alias(&p, &other))
        return NOT_COMPARABLE;
    if (same(&p, &mine, &other, why, sizeof why))
        return SAME;
    print_failure(&p, why);
    fflush(stdout);
    return DIFFERS;
}

int main(int argc, char **argv)
{
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_CASES;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    unsigned counts[5] = {0}; // by outcome; the last: Unicorn aborted
    for (unsigned long i = 0; i < cases && counts[DIFFERS] < 10; i++) {
        pid_t child = fork();
        int status = 0;
        if (child == 0) {
            if (!freopen("/dev/null", "w", stderr))
                _exit(BROKEN);
            _exit(run_case(seed + i));
        }
        require(child > 0 && waitpid(child, &status, 0) == child, "fork");
        counts[WIFEXITED(status) ? WEXITSTATUS(status) & 3 : 4]++;
    }
    printf("V86 mode: %u as Unicorn, %u differ, %u not comparable, %u made Unicorn abort\n", counts[SAME],
           counts[DIFFERS], counts[NOT_COMPARABLE], counts[4]);
    return counts[DIFFERS] != 0 || counts[BROKEN] != 0 || counts[SAME] == 0;
}
