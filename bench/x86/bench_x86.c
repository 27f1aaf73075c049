// Benchmark of the processor: compiled kernels (kernels.c) and hand-made loops on ours and on Unicorn in the same run,
// and what an owner pays: gates, calls, ports, page-table changes, snapshots. Ratios first, absolute figures beside
// them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "x86/x86.h"

#if VXDKIT_BENCH_UNICORN
#include <unicorn/unicorn.h>
#endif

enum {
    IMAGE = 0x100000,
    MEMORY = 0x1000000,
    STACK = 0xf00000,
    GDT = 0x1000,
    IDT = 0x2000,
    TSS = 0x3000,
    GATES = 0x5000,
    CODE = 0x8000,
    V86_CODE = 0x9000,
    REPEATS = 3
};

static const char *const kernel_names[] = {
    "integer sort",  "sieve",           "CRC-32",    "matrix product",       "rep movsd", "copy by hand",
    "string search", "recursive calls", "list walk", "bytecode interpreter", "x87 loop"};

static const uint8_t v86_loop[] = {0xbd, 0x28, 0x00, 0xb9, 0x50, 0xc3, 0x8b, 0x04, 0x01, 0xc8,
                                   0x89, 0x05, 0x01, 0xc2, 0xe2, 0xf6, 0x4d, 0x75, 0xf0, 0xf4};

struct figures {
    double mips, seconds;
    uint32_t check;
};

struct machine {
    struct x86_memory *memory;
    struct x86 *cpu;
    struct x86_owner owner;
    uint32_t return_to;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench-x86: %s\n", what);
    exit(2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Our machine

static void put32(struct machine *m, uint32_t at, uint32_t v)
{
    uint8_t b[4];
    base_put32(b, v);
    require(x86_memory_store(m->memory, at, b, 4), "store");
}

static void descriptor(struct machine *m, unsigned selector, uint32_t low, uint32_t high)
{
    put32(m, GDT + selector, low);
    put32(m, GDT + selector + 4, high);
}

// A gate plays `ret`, as a service does that returns to its caller.
static void on_gate(void *user, struct x86 *cpu, uint16_t number)
{
    struct machine *m = user;
    uint8_t b[4];
    (void)number;
    require(x86_read_linear(cpu, cpu->state.reg[X86_ESP], b, 4, X86_READ, NULL), "stack");
    cpu->state.reg[X86_ESP] += 4;
    cpu->state.eip = m->return_to ? m->return_to : base_get32(b);
}

static uint32_t on_in(void *user, uint16_t port, unsigned size)
{
    (void)user, (void)port, (void)size;
    return 0;
}

static void machine_start(struct machine *m)
{
    m->memory = x86_memory_new(&base_heap);
    require(m->memory && x86_memory_set_kind(m->memory, 0, MEMORY / X86_PAGE_SIZE, X86_RAM), "memory");
    require(x86_memory_set_kind(m->memory, GATES / X86_PAGE_SIZE, 1, X86_GATES), "gates");
    m->owner = (struct x86_owner){.user = m, .gate = on_gate, .port_in = on_in};
    m->cpu = x86_new(&base_heap, m->memory, &m->owner, X86_PENTIUM);
    require(m->cpu != NULL, "processor");
    descriptor(m, 0x08, 0x0000ffff, 0x00cf9b00);
    descriptor(m, 0x10, 0x0000ffff, 0x00cf9300);
    descriptor(m, 0x18, TSS << 16 | 0x67, 0x00008900);
    put32(m, TSS + 4, STACK);
    put32(m, TSS + 8, 0x10);
    put32(m, IDT + 13 * 8, 0x08 << 16 | CODE), put32(m, IDT + 13 * 8 + 4, 0x8e00);
    put32(m, IDT + 0x20 * 8, 0x08 << 16 | (GATES + 16)), put32(m, IDT + 0x20 * 8 + 4, 0x8e00);
    static const uint8_t hlt = 0xf4, gate[] = {0x0f, 0x3f, 1, 0};
    require(x86_memory_store(m->memory, CODE, &hlt, 1) && x86_memory_store(m->memory, GATES, gate, sizeof gate) &&
                x86_memory_store(m->memory, GATES + 16, gate, sizeof gate),
            "code");
    m->cpu->state.reg[X86_EDX] = 0; // the signature; Unicorn starts with 0
    m->cpu->state.gdtr = (struct x86_table){GDT, 0x1f};
    m->cpu->state.idtr = (struct x86_table){IDT, 0x7ff};
    m->cpu->state.cr0 |= 1;
    x86_flush(m->cpu);
    static const uint8_t order[] = {X86_CS, X86_SS, X86_DS, X86_ES, X86_TR};
    static const uint16_t selector[] = {0x08, 0x10, 0x10, 0x10, 0x18};
    for (unsigned i = 0; i < 5; i++)
        require(x86_load_segment(m->cpu, (enum x86_seg)order[i], selector[i], NULL), "segments");
    m->cpu->state.reg[X86_ESP] = STACK;
}

static void machine_stop(struct machine *m)
{
    x86_free(m->cpu);
    x86_memory_free(m->memory);
}

static struct figures measure(struct machine *m)
{
    struct figures f;
    uint64_t before = m->cpu->state.count;
    double start = now();
    require(x86_run(m->cpu, UINT64_MAX) == X86_STOP_HALT, "kernel did not halt");
    f.seconds = now() - start;
    f.mips = (double)(m->cpu->state.count - before) / f.seconds / 1e6;
    f.check = m->cpu->state.reg[X86_EAX];
    return f;
}

static struct figures our_kernel(const uint8_t *image, uint32_t size, unsigned which)
{
    struct machine m = {0};
    machine_start(&m);
    require(x86_memory_store(m.memory, IMAGE, image, size), "image");
    m.cpu->state.reg[X86_EAX] = which;
    m.cpu->state.eip = IMAGE;
    struct figures f = measure(&m);
    machine_stop(&m);
    return f;
}

static struct figures our_v86(void)
{
    struct machine m = {0};
    machine_start(&m);
    require(x86_memory_store(m.memory, V86_CODE, v86_loop, sizeof v86_loop), "code");
    m.cpu->state.eflags |= X86_VM | X86_IOPL;
    x86_flush(m.cpu);
    for (unsigned seg = 0; seg < 6; seg++)
        require(x86_load_segment(m.cpu, (enum x86_seg)seg, seg == X86_CS ? V86_CODE >> 4 : 0x4000, NULL), "segment");
    m.cpu->state.reg[X86_ESI] = 0x100, m.cpu->state.reg[X86_EDI] = 0x200;
    m.cpu->state.eip = 0;
    struct figures f = measure(&m);
    f.check = m.cpu->state.reg[X86_EDX] & 0xffff;
    machine_stop(&m);
    return f;
}

// ---------------------------------------------------------------------------------------------------------------------
// Unicorn

#if VXDKIT_BENCH_UNICORN
static struct figures rival(uc_mode mode, uint32_t at, const uint8_t *image, uint32_t size, unsigned which)
{
    struct figures f = {0};
    uc_engine *uc;
    uint32_t esp = mode == UC_MODE_16 ? 0x1000 : STACK, eax = which, si = 0x100, di = 0x200;
    require(uc_open(UC_ARCH_X86, mode, &uc) == UC_ERR_OK && uc_mem_map(uc, 0, MEMORY, UC_PROT_ALL) == UC_ERR_OK,
            "Unicorn");
    uc_mem_write(uc, at, image, size);
    uc_reg_write(uc, UC_X86_REG_ESP, &esp);
    uc_reg_write(uc, UC_X86_REG_EAX, &eax);
    uc_reg_write(uc, UC_X86_REG_ESI, &si);
    uc_reg_write(uc, UC_X86_REG_EDI, &di);
    double start = now();
    uc_emu_start(uc, at, 0xffffffff, 0, 0);
    f.seconds = now() - start;
    uc_reg_read(uc, mode == UC_MODE_16 ? UC_X86_REG_EDX : UC_X86_REG_EAX, &f.check);
    uc_close(uc);
    return f;
}
#endif

static void print_row(const char *name, struct figures mine, struct figures other, double *log_ratio, unsigned *rows)
{
    double ratio = other.seconds / mine.seconds;
    printf("%-22s %8.0f MIPS %8.1f ms", name, mine.mips, mine.seconds * 1e3);
    if (other.seconds > 0) {
        printf("   Unicorn %8.1f ms   ratio %5.2f%s", other.seconds * 1e3, ratio,
               (mine.check ^ other.check) & 0xffff ? "   RESULTS DIFFER" : "");
        *log_ratio += log(ratio);
        ++*rows;
    }
    printf("\n");
}

static struct figures best_of(struct figures (*run)(const uint8_t *, uint32_t, unsigned), const uint8_t *image,
                              uint32_t size, unsigned which)
{
    struct figures best = {0};
    for (unsigned i = 0; i < REPEATS; i++) {
        struct figures f = run(image, size, which);
        if (i == 0 || f.seconds < best.seconds)
            best = f;
    }
    return best;
}

#if VXDKIT_BENCH_UNICORN
static struct figures rival_kernel(const uint8_t *image, uint32_t size, unsigned which)
{
    return rival(UC_MODE_32, IMAGE, image, size, which);
}

static struct figures rival_v86(const uint8_t *image, uint32_t size, unsigned which)
{
    return rival(UC_MODE_16, V86_CODE, image, size, which);
}
#else
static struct figures rival_kernel(const uint8_t *image, uint32_t size, unsigned which)
{
    (void)image, (void)size, (void)which;
    return (struct figures){0};
}

static struct figures rival_v86(const uint8_t *image, uint32_t size, unsigned which)
{
    return rival_kernel(image, size, which);
}
#endif

static struct figures our_v86_kernel(const uint8_t *image, uint32_t size, unsigned which)
{
    (void)image, (void)size, (void)which;
    return our_v86();
}

static void run_kernels(const uint8_t *image, uint32_t size)
{
    double log_ratio = 0, log_mips = 0;
    unsigned rows = 0, compiled = size ? sizeof kernel_names / sizeof *kernel_names : 0;
    for (unsigned i = 0; i < compiled; i++) {
        struct figures mine = best_of(our_kernel, image, size, i);
        print_row(kernel_names[i], mine, best_of(rival_kernel, image, size, i), &log_ratio, &rows);
        log_mips += log(mine.mips);
    }
    print_row("V86 loop (16 bit)", best_of(our_v86_kernel, v86_loop, 0, 0),
              best_of(rival_v86, v86_loop, sizeof v86_loop, 0), &log_ratio, &rows);
    if (compiled)
        printf("geometric mean of the compiled kernels: %.0f MIPS\n", exp(log_mips / compiled));
    if (rows)
        printf("geometric mean of the ratios to Unicorn: %.2f\n", exp(log_ratio / rows));
}

// ---------------------------------------------------------------------------------------------------------------------
// What an owner pays. Each loop runs COUNT times; the same loop without the thing measured is subtracted.

enum { COUNT = 2000000 };

static double time_code(struct machine *m, const uint8_t *code, uint32_t n, uint32_t rounds)
{
    double best = 1e9;
    for (unsigned i = 0; i < REPEATS; i++) {
        require(x86_memory_store(m->memory, CODE + 0x100, code, n), "code");
        m->cpu->state.reg[X86_ECX] = rounds;
        m->cpu->state.reg[X86_EBX] = GATES;
        m->cpu->state.reg[X86_ESP] = STACK;
        m->cpu->state.eip = CODE + 0x100;
        m->cpu->state.halted = 0;
        double start = now();
        require(x86_run(m->cpu, UINT64_MAX) == X86_STOP_HALT, "loop did not halt");
        double t = now() - start;
        best = t < best ? t : best;
    }
    return best / rounds * 1e9;
}

#define TIME(m, ...) time_code((m), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), COUNT)

static void print_cost(const char *what, double ns)
{
    printf("%-58s %9.1f ns\n", what, ns);
}

static void guest_costs(struct machine *m)
{
    double empty = TIME(m, 0x49, 0x75, 0xfd, 0xf4); // dec ecx; jnz; hlt
    print_cost("loop of dec and jnz", empty);
    print_cost("gate round trip (call, gate, return by the owner)",
               TIME(m, 0xff, 0xd3, 0x49, 0x75, 0xfb, 0xf4) - empty);
    print_cost("int 20h to a gate before snapping",
               TIME(m, 0xcd, 0x20, 0x83, 0xc4, 0x08, 0x49, 0x75, 0xf8, 0xf4) - empty);
    put32(m, CODE + 0x80, GATES);
    print_cost("the same snapped: call [table] to a gate",
               TIME(m, 0xff, 0x15, 0x80, 0x80, 0, 0, 0x49, 0x75, 0xf7, 0xf4) - empty);
    print_cost("port access (in al,dx)", TIME(m, 0xec, 0x49, 0x75, 0xfc, 0xf4) - empty);
    print_cost("store to a page without code", TIME(m, 0xa3, 0, 0, 0x20, 0, 0x49, 0x75, 0xf8, 0xf4) - empty);
    print_cost("store next to code", TIME(m, 0xa3, 0, 0x84, 0, 0, 0x49, 0x75, 0xf8, 0xf4) - empty);
    print_cost("invlpg and a store to that page",
               TIME(m, 0x0f, 0x01, 0x3d, 0, 0, 0x20, 0, 0xa3, 0, 0, 0x20, 0, 0x49, 0x75, 0xf1, 0xf4) - empty);
}

// The owner points EIP at guest code that returns through a gate, and runs until it did.
static void stop_gate(void *user, struct x86 *cpu, uint16_t number)
{
    (void)user, (void)number;
    cpu->state.eip += 4;
    x86_stop(cpu);
}

static void call_cost(struct machine *m)
{
    static const uint8_t code[] = {0x40, 0xc3};
    double best = 1e9;
    require(x86_memory_store(m->memory, CODE + 0x100, code, sizeof code), "code");
    put32(m, STACK - 16, GATES);
    m->owner.gate = stop_gate;
    for (unsigned r = 0; r < REPEATS; r++) {
        double start = now();
        for (unsigned i = 0; i < COUNT / 4; i++) {
            m->cpu->state.reg[X86_ESP] = STACK - 16;
            m->cpu->state.eip = CODE + 0x100;
            m->cpu->state.halted = 0;
            require(x86_run(m->cpu, UINT64_MAX) == X86_STOP_ASKED, "call");
        }
        double t = (now() - start) / (COUNT / 4) * 1e9;
        best = t < best ? t : best;
    }
    m->owner.gate = on_gate;
    print_cost("call into guest code and back (inc; ret; gate; stop)", best);
}

static void machine_costs(void)
{
    double start = now();
    const unsigned n = 200;
    for (unsigned i = 0; i < n; i++) {
        struct x86_memory *memory = x86_memory_new(&base_heap);
        struct x86_owner owner = {0};
        require(memory && x86_memory_set_kind(memory, 0, MEMORY / X86_PAGE_SIZE, X86_RAM), "memory");
        struct x86 *cpu = x86_new(&base_heap, memory, &owner, X86_PENTIUM);
        require(cpu != NULL, "processor");
        x86_free(cpu);
        x86_memory_free(memory);
    }
    print_cost("new machine with 16 MB, and its end", (now() - start) / n * 1e9);
    struct machine m = {0};
    machine_start(&m);
    for (uint32_t at = 0x200000; at < 0xa00000; at += X86_PAGE_SIZE)
        put32(&m, at, at);
    printf("%-58s %9.0f KB\n", "host memory of that machine beyond the 8 MB touched",
           (double)(x86_memory_host_bytes(m.memory) - 0x800000) / 1024);
    start = now();
    for (unsigned i = 0; i < n; i++)
        x86_memory_free(x86_memory_share(m.memory));
    print_cost("snapshot with 8 MB touched", (now() - start) / n * 1e9);
    machine_stop(&m);
}

int main(int argc, char **argv)
{
    static uint8_t image[1 << 16];
    const char *path = argc > 1 ? argv[1] : VXDKIT_BENCH_IMAGE;
    FILE *f = fopen(path, "rb");
    uint32_t size = f ? (uint32_t)fread(image, 1, sizeof image, f) : 0;
    if (f)
        fclose(f);
    if (!size)
        printf("compiled kernels left out: %s is not there (it takes a compiler for 32-bit x86)\n", path);
    run_kernels(image, size);
    struct machine m = {0};
    machine_start(&m);
    guest_costs(&m);
    call_cost(&m);
    machine_stop(&m);
    machine_costs();
    return 0;
}
