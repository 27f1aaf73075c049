// Differential test against the host's own processor: random integer and x87 code with random states runs in ring 3 of
// ours and, through native_helper.c, natively; registers, flags, memory, faults are compared.
// x86_test_native [CASES [SEED]]: a failing case prints the seed that repeats it alone. Exit 77: this host cannot.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native.h"
#include "random_code.h"
#include "x86/x86.h"

enum {
    SKIPPED = 77,
    DEFAULT_CASES = 199000,
    GDT = 0x1000,
    LDT = 0x1100,
    IDT = 0x2000,
    HANDLERS = 0x3000,
    TSS = 0x4000,
    STACK0 = 0x6000,
    DIRECTORY = 0x10000,
    TABLES = 0x11000,
    CODE_PAGE = 0x20000,
    DATA_PAGE = 0x21000,
    ARITHMETIC = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF,
};

struct helper {
    pid_t pid;
    int to, from;
    struct native_case *batch;
};

struct ours {
    struct x86_memory *memory;
    struct x86 *cpu;
    struct x86_owner owner;
    struct x86_state start;
};

struct plan { // what the comparison has to know about a case
    uint64_t seed;
    uint32_t undefined;
    bool x87;
    struct native_case before;
};

// ---------------------------------------------------------------------------------------------------------------------
// The helper

static bool start_helper(struct helper *h)
{
    char name[] = "/tmp/vxdkit-native-XXXXXX";
    int fd = mkstemp(name), down[2], up[2];
    size_t size = sizeof(struct native_case) * NATIVE_BATCH;
    if (fd < 0 || unlink(name) != 0 || ftruncate(fd, (off_t)size) != 0 || pipe(down) != 0 || pipe(up) != 0)
        return false;
    h->batch = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    h->pid = fork();
    if (h->batch == MAP_FAILED || h->pid < 0)
        return false;
    if (h->pid == 0) {
        close(down[1]); // else it would never see the end of its input
        close(up[0]);
        dup2(down[0], 0);
        dup2(up[1], 1);
        dup2(fd, 3);
        execl(VXDKIT_NATIVE_HELPER, "native-helper", (char *)NULL);
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    h->to = down[1];
    h->from = up[0];
    return true;
}

static bool run_batch(struct helper *h)
{
    uint8_t byte = 1;
    return write(h->to, &byte, 1) == 1 && read(h->from, &byte, 1) == 1;
}

// ---------------------------------------------------------------------------------------------------------------------
// Ours

static void put32(struct ours *o, uint32_t at, uint32_t v)
{
    uint8_t b[4];
    base_put32(b, v);
    if (!x86_memory_store(o->memory, at, b, 4))
        abort();
}

static void descriptor(struct ours *o, uint32_t at, uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    put32(o, at, base << 16 | (limit & 0xffff));
    put32(o, at + 4, (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff));
}

static void make_tables(struct ours *o)
{
    static const uint8_t hlt = 0xf4;
    descriptor(o, GDT + 0x08, 0, 0xfffff, 0x9b, 0xc);
    descriptor(o, GDT + 0x10, 0, 0xfffff, 0x93, 0xc);
    descriptor(o, GDT + 0x18, TSS, 0x67, 0x89, 0);
    descriptor(o, GDT + 0x20, 0, 0xfffff, 0xfb, 0xc);
    descriptor(o, GDT + 0x28, 0, 0xfffff, 0xf3, 0xc);
    descriptor(o, GDT + 0x30, LDT, 0x27, 0x82, 0);
    descriptor(o, LDT + 0x00, NATIVE_DATA, 0x1ff, 0xf3, 4);
    descriptor(o, LDT + 0x08, NATIVE_DATA - 0x1000, 0x10ff, 0xf7, 4);
    descriptor(o, LDT + 0x10, NATIVE_DATA, 0x1ff, 0xf1, 4);
    descriptor(o, LDT + 0x18, NATIVE_CODE, 0xffff, 0xfb, 0);
    descriptor(o, LDT + 0x20, NATIVE_DATA, 0x1ff, 0xf3, 0);
    for (uint32_t v = 0; v < 64; v++) {
        put32(o, IDT + v * 8, 0x08 << 16 | (HANDLERS + v * 16));
        put32(o, IDT + v * 8 + 4, v == 3 || v == 4 || v == 5 ? 0xee00 : 0x8e00);
        if (!x86_memory_store(o->memory, HANDLERS + v * 16, &hlt, 1))
            abort();
    }
    put32(o, TSS + 4, STACK0);
    put32(o, TSS + 8, 0x10);
    put32(o, TSS + 0x64, 0x68 << 16);
    put32(o, DIRECTORY, TABLES | 7);
    put32(o, DIRECTORY + (NATIVE_CODE >> 22) * 4, (TABLES + 0x1000) | 7);
    put32(o, DIRECTORY + (NATIVE_DATA >> 22) * 4, (TABLES + 0x2000) | 7);
    for (uint32_t i = 0; i < 16; i++)
        put32(o, TABLES + i * 4, i << 12 | 3);
    put32(o, TABLES + 0x1000, CODE_PAGE | 7);
    put32(o, TABLES + 0x2000, DATA_PAGE | 7);
}

static bool start_ours(struct ours *o)
{
    o->memory = x86_memory_new(&base_heap);
    if (!o->memory || !x86_memory_set_kind(o->memory, 0, 64, X86_RAM))
        return false;
    o->cpu = x86_new(&base_heap, o->memory, &o->owner, X86_P6);
    if (!o->cpu)
        return false;
    make_tables(o);
    struct x86_state *s = &o->cpu->state;
    s->gdtr = (struct x86_table){GDT, 0x37};
    s->idtr = (struct x86_table){IDT, 0x1ff};
    s->cr3 = DIRECTORY;
    s->cr0 |= 0x80000021u;
    x86_flush(o->cpu);
    bool ok = x86_load_segment(o->cpu, X86_TR, 0x18, NULL) && x86_load_segment(o->cpu, X86_LDTR, 0x30, NULL) &&
              x86_load_segment(o->cpu, X86_CS, NATIVE_FLAT_CODE, NULL) &&
              x86_load_segment(o->cpu, X86_SS, NATIVE_FLAT_DATA, NULL);
    o->start = *s;
    return ok;
}

static uint32_t get32(struct ours *o, uint32_t at)
{
    uint8_t b[4];
    if (!x86_memory_load(o->memory, at, b, 4))
        abort();
    return base_get32(b);
}

// Registers as they were when the handler was entered, from the frame on the ring-0 stack.
static void collect(struct ours *o, struct native_case *k)
{
    const struct x86_state *s = &o->cpu->state;
    static const uint8_t has_error[32] = {[8] = 1, [10] = 1, [11] = 1, [12] = 1, [13] = 1, [14] = 1, [17] = 1};
    uint32_t esp = s->reg[X86_ESP];
    k->vector = (s->eip - HANDLERS) >> 4;
    k->error = 0;
    if (k->vector < 32 && has_error[k->vector]) {
        k->error = get32(o, esp);
        esp += 4;
    }
    memcpy(k->reg, s->reg, sizeof k->reg);
    k->eip = get32(o, esp);
    k->eflags = get32(o, esp + 8);
    k->reg[X86_ESP] = get32(o, esp + 12);
    for (unsigned i = 0; i < 6; i++)
        k->seg[i] = s->seg[i].selector;
    k->seg[X86_CS] = get32(o, esp + 4) & 0xffff;
    k->seg[X86_SS] = get32(o, esp + 16) & 0xffff;
    k->address = s->cr2;
    if (!x86_memory_load(o->memory, DATA_PAGE, k->data, NATIVE_DATA_BYTES))
        abort();
}

static bool run_ours(struct ours *o, const struct native_case *before, struct native_case *after)
{
    struct x86_state *s = &o->cpu->state;
    *after = *before;
    *s = o->start;
    x86_flush(o->cpu);
    if (!x86_memory_store(o->memory, CODE_PAGE, before->code, NATIVE_CODE_BYTES) ||
        !x86_memory_store(o->memory, DATA_PAGE, before->data, NATIVE_DATA_BYTES))
        return false;
    bool ok = x86_load_segment(o->cpu, X86_CS, (uint16_t)before->seg[X86_CS], NULL);
    for (unsigned i = 0; ok && i < 6; i++)
        ok = i == X86_CS || x86_load_segment(o->cpu, (enum x86_seg)i, (uint16_t)before->seg[i], NULL);
    memcpy(s->reg, before->reg, sizeof s->reg);
    s->eip = before->eip;
    s->eflags = before->eflags;
    s->halted = 0;
    enum x86_stop_reason why = ok ? x86_run(o->cpu, s->count + 100000) : X86_STOP_COUNT;
    if (why != X86_STOP_HALT) {
        printf("stopped for reason %d at %x: %s\n", (int)why, s->eip, x86_describe_shutdown(o->cpu));
        return false;
    }
    collect(o, after);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Cases

static void set_segments(struct random *r, struct native_case *k, bool flat)
{
    static const uint16_t data[] = {NATIVE_SMALL, NATIVE_SMALL,    NATIVE_SMALL,
                                    NATIVE_DOWN,  NATIVE_READONLY, NATIVE_STACK16};
    for (unsigned i = 0; i < 6; i++)
        k->seg[i] = i == X86_CS ? NATIVE_FLAT_CODE : NATIVE_FLAT_DATA;
    k->seg[X86_FS] = k->seg[X86_GS] = 0;
    if (flat)
        return;
    k->seg[X86_DS] = data[random_below(r, 6)];
    k->seg[X86_ES] = data[random_below(r, 6)];
    k->seg[X86_SS] = random_below(r, 2) ? NATIVE_STACK16 : NATIVE_SMALL;
}

static void set_registers(struct random *r, struct native_case *k, bool flat)
{
    for (unsigned i = 0; i < 8; i++)
        k->reg[i] = flat ? random_value(r) : random_below(r, 4) ? random_below(r, 0x220) : random_value(r);
    k->reg[X86_ESP] = flat ? NATIVE_DATA + 0x800 + random_below(r, 256) : 0x80 + random_below(r, 0x180);
    if (random_below(r, 2)) // string instructions and LEAVE find something
        k->reg[X86_ESI] = 0x100 + random_below(r, 64), k->reg[X86_EDI] = 0x100 + random_below(r, 64),
        k->reg[X86_EBP] = 0x100 + random_below(r, 64), k->reg[X86_ECX] = random_below(r, 40);
    if (flat) {
        k->reg[X86_ESI] = NATIVE_DATA + 0x400 + random_below(r, 512);
        k->reg[X86_EDI] = NATIVE_DATA + 0x400 + random_below(r, 512);
        k->reg[X86_EBP] = NATIVE_DATA + 0x400 + random_below(r, 512);
    }
    k->eflags = (random_next(r) & (ARITHMETIC | X86_DF)) | X86_IF | 2;
}

static void fill_data(struct random *r, struct native_case *k)
{
    for (unsigned i = 0; i < NATIVE_DATA_BYTES; i += 4) {
        uint32_t v = random_value(r);
        memcpy(k->data + i, &v, 4);
    }
}

static void integer_case(struct random *r, struct plan *p)
{
    struct native_case *k = &p->before;
    struct random_code code = {.code32 = true, .target = NATIVE_DATA + 0x200, .room = 0x600, .reg = k->reg};
    unsigned kind = random_below(r, 3); // flat, segmented, 16-bit code
    code.addresses = kind != 0;
    set_segments(r, k, kind == 0);
    set_registers(r, k, kind == 0);
    code.code32 = kind != 2;
    if (kind == 2)
        k->seg[X86_CS] = NATIVE_CODE16;
    random_integer_code(r, &code, kind == 0 ? 1 + random_below(r, 4) : 2);
    memcpy(k->code + 8, code.bytes, code.length);
    k->eip = kind == 2 ? 8 : NATIVE_CODE + 8;
    p->undefined = code.undefined;
}

// frstor of empty registers; fldcw; two operands; one instruction; fnstsw ax; fnsave.
static void x87_case(struct random *r, struct plan *p);

static void make_case(uint64_t seed, struct plan *p)
{
    struct random r = {seed};
    memset(p, 0, sizeof *p);
    p->seed = seed;
    memset(p->before.code, 0xcc, NATIVE_CODE_BYTES);
    fill_data(&r, &p->before);
    p->x87 = random_below(&r, 3) == 0;
    if (p->x87)
        x87_case(&r, p);
    else
        integer_case(&r, p);
}

static void random_float(struct random *r, uint8_t *to)
{
    static const uint16_t exponents[] = {0,      1,      0x3ffe, 0x3fff, 0x4000, 0x3fbf,
                                         0x403e, 0x7ffe, 0x7fff, 0x3c00, 0x43ff, 0x3f80};
    uint64_t m = (uint64_t)random_next(r) << 32 | random_next(r);
    uint16_t e = random_below(r, 3) ? (uint16_t)(0x3fe0 + random_below(r, 0x60)) : exponents[random_below(r, 12)];
    if (random_below(r, 3) == 0)
        m &= ~UINT64_C(0) << random_below(r, 64);
    if (random_below(r, 12) == 0)
        m = 0;
    if (random_below(r, 20))
        m = e == 0 && random_below(r, 2) ? m & (UINT64_MAX >> 1) : m | (uint64_t)1 << 63;
    if (random_below(r, 40) == 0)
        e = (uint16_t)random_below(r, 0x8000);
    e |= (uint16_t)(random_below(r, 2) << 15);
    memcpy(to, &m, 8);
    memcpy(to + 8, &e, 2);
}

static unsigned emit(uint8_t *b, unsigned n, uint32_t v, unsigned size)
{
    memcpy(b + n, &v, size);
    return n + size;
}

static unsigned emit_memory(uint8_t *b, unsigned n, unsigned esc, unsigned reg, uint32_t at)
{
    n = emit(b, n, 0xd8 + esc, 1);
    n = emit(b, n, reg << 3 | 5, 1);
    return emit(b, n, at, 4);
}

// Not the transcendental ones: silicon is not correctly rounded (test_x87.c has those).
static unsigned emit_x87(struct random *r, uint8_t *b, unsigned n)
{
    static const uint8_t d9[] = {0xc0, 0xc1, 0xc8, 0xc9, 0xd0, 0xe0, 0xe1, 0xe4, 0xe5, 0xe8,
                                 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xf4, 0xf5, 0xf6, 0xf7,
                                 0xf8, 0xfa, 0xfa, 0xfc, 0xfc, 0xfd, 0xfd, 0xf5, 0xf8};
    // reg fields by escape: no environment, no FISTTP
    static const uint8_t memory[8] = {0xff, 0x0d, 0xff, 0xad, 0xff, 0x0d, 0xff, 0xfd};
    unsigned esc = random_below(r, 8), reg = random_below(r, 8), i = random_below(r, 3);
    if (random_below(r, 3) == 0) {
        while (!(memory[esc] >> reg & 1))
            esc = random_below(r, 8), reg = random_below(r, 8);
        return emit_memory(b, n, esc, reg, NATIVE_DATA + 0x100 + 8 * random_below(r, 8));
    }
    if (random_below(r, 3) == 0) {
        n = emit(b, n, 0xd9, 1);
        return emit(b, n, d9[random_below(r, sizeof d9)], 1);
    }
    if (esc == 1 || (esc == 3 && reg == 4) || (esc == 7 && reg == 4) || (esc == 2 && reg > 4))
        esc = 0;
    if (esc == 6 && reg == 3)
        i = 1;
    n = emit(b, n, 0xd8 + esc, 1);
    return emit(b, n, 0xc0 | reg << 3 | i, 1);
}

static void x87_case(struct random *r, struct plan *p)
{
    struct native_case *k = &p->before;
    uint8_t *b = k->code;
    unsigned n = 8;
    set_segments(r, k, true);
    set_registers(r, k, true);
    k->eip = NATIVE_CODE + 8;
    uint16_t fcw = (uint16_t)(0x40 | random_below(r, 4) << 10 | (random_below(r, 3) ? 3 : random_below(r, 2) * 2) << 8 |
                              (random_below(r, 4) ? 0x3f : random_below(r, 64)));
    memcpy(k->data, &fcw, 2);
    random_float(r, k->data + 16);
    random_float(r, k->data + 32);
    random_float(r, k->data + 0x100 + 16);
    memset(k->data + 0x600, 0, 108);
    memset(k->data + 0x600 + 8, 0xff, 2); // tags: all empty
    n = emit_memory(b, n, 5, 4, NATIVE_DATA + 0x600);
    n = emit_memory(b, n, 1, 5, NATIVE_DATA);
    for (unsigned i = random_below(r, 8) ? 2 : random_below(r, 3); i > 0; i--)
        n = emit_memory(b, n, 3, 5, NATIVE_DATA + 16 * i);
    n = emit_x87(r, b, n);
    n = emit(b, n, 0xe0df, 2);
    (void)emit_memory(b, n, 5, 6, NATIVE_DATA + 0x800);
}

// ---------------------------------------------------------------------------------------------------------------------
// Comparing

static void hide_pointers(struct native_case *k)
{
    memset(k->data + 0x800 + 12, 0, 16); // FIP, FCS, FOP, FDP, FDS: newer processors keep them only for errors
}

// A POPA that faults leaves newer processors with some registers loaded; the manual and we have it restartable.
static bool half_done(const struct plan *p, const struct native_case *host)
{
    const uint8_t *code = p->before.code;
    uint32_t base = p->before.seg[X86_CS] == NATIVE_CODE16 ? 0 : NATIVE_CODE, at = host->eip - base;
    if (host->vector == 3 || at > NATIVE_CODE_BYTES - 16)
        return false;
    while (code[at] == 0x66 || code[at] == 0x67 || code[at] == 0x26 || code[at] == 0x2e || code[at] == 0x36 ||
           code[at] == 0x3e)
        at++;
    return code[at] == 0x61;
}

static bool same(const struct plan *p, struct native_case *host, struct native_case *mine, char *why, size_t n)
{
    uint32_t flags = (ARITHMETIC | X86_DF) & ~p->undefined;
    if (p->x87) {
        hide_pointers(host);
        hide_pointers(mine);
    }
    if (host->vector != mine->vector)
        return snprintf(why, n, "vector %u, host %u", mine->vector, host->vector), false;
    if (host->vector != 3 && host->vector != 14 && host->error != mine->error)
        return snprintf(why, n, "error code %x, host %x", mine->error, host->error), false;
    if (host->vector == 14 && host->address != mine->address)
        return snprintf(why, n, "CR2 %x, host %x", mine->address, host->address), false;
    if (host->eip != mine->eip)
        return snprintf(why, n, "EIP %x, host %x", mine->eip, host->eip), false;
    for (unsigned i = 0; i < 8 && !half_done(p, host); i++)
        if (host->reg[i] != mine->reg[i])
            return snprintf(why, n, "register %u is %08x, host %08x", i, mine->reg[i], host->reg[i]), false;
    if ((host->eflags ^ mine->eflags) & flags)
        return snprintf(why, n, "flags %x, host %x", mine->eflags & flags, host->eflags & flags), false;
    for (unsigned i = 0; i < NATIVE_DATA_BYTES; i++)
        if (host->data[i] != mine->data[i])
            return snprintf(why, n, "byte %03x is %02x, host %02x", i, mine->data[i], host->data[i]), false;
    return true;
}

// Wild addresses may hit the helper's own memory where ours has nothing.
static bool hit_the_helper(const struct native_case *host, const struct native_case *mine)
{
    return mine->vector == 14 && mine->address - NATIVE_DATA >= 4096 &&
           (host->vector != 14 || host->address != mine->address);
}

static void print_failure(const struct plan *p, const char *why)
{
    printf("seed %llu: %s\n  code", (unsigned long long)p->seed, why);
    for (unsigned i = 8; i < 44; i++)
        printf(" %02X", p->before.code[i]);
    printf("\n  eax %08x ecx %08x edx %08x ebx %08x esp %08x ebp %08x esi %08x edi %08x flags %x ds %x es %x ss %x cs "
           "%x\n",
           p->before.reg[0], p->before.reg[1], p->before.reg[2], p->before.reg[3], p->before.reg[4], p->before.reg[5],
           p->before.reg[6], p->before.reg[7], p->before.eflags, p->before.seg[X86_DS], p->before.seg[X86_ES],
           p->before.seg[X86_SS], p->before.seg[X86_CS]);
}

static unsigned compare_batch(struct helper *h, struct ours *o, const struct plan *plans, unsigned n)
{
    unsigned failures = 0;
    static struct native_case mine;
    char why[120];
    for (unsigned i = 0; i < n; i++) {
        if (!run_ours(o, &plans[i].before, &mine)) {
            print_failure(&plans[i], "did not end in a handler");
            failures++;
        } else if (!hit_the_helper(&h->batch[i], &mine) && !same(&plans[i], &h->batch[i], &mine, why, sizeof why)) {
            if (failures < 20)
                print_failure(&plans[i], why);
            failures++;
        }
    }
    return failures;
}

int main(int argc, char **argv)
{
    static struct plan plans[NATIVE_BATCH];
    struct helper h;
    struct ours o = {0};
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_CASES;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    unsigned failures = 0;
    signal(SIGPIPE, SIG_IGN);
    if (!start_ours(&o))
        return 2;
    if (!start_helper(&h))
        return SKIPPED;
    for (unsigned long done = 0; done < cases && failures < 20; done += NATIVE_BATCH) {
        unsigned n = cases - done < NATIVE_BATCH ? (unsigned)(cases - done) : NATIVE_BATCH;
        for (unsigned i = 0; i < NATIVE_BATCH; i++) {
            make_case(seed + done + (i < n ? i : 0), &plans[i]);
            h.batch[i] = plans[i].before;
        }
        if (!run_batch(&h)) {
            int status = 0;
            waitpid(h.pid, &status, 0);
            printf("skipped: the 32-bit helper does not run here (status %x)\n", (unsigned)status);
            x86_free(o.cpu);
            x86_memory_free(o.memory);
            return done ? 1 : SKIPPED;
        }
        failures += compare_batch(&h, &o, plans, n);
    }
    printf("%lu cases, %u differ from the host's processor\n", cases, failures);
    close(h.to);
    waitpid(h.pid, NULL, 0);
    x86_free(o.cpu);
    x86_memory_free(o.memory);
    return failures != 0;
}
