// bench-vm: what V86 execution, nested execution, trapped ports, interrupts and switches of virtual machines cost, and
// what a virtual machine weighs. Rivals in the same run: Unicorn's 16-bit mode with its hooks for instructions, ports
// and interrupts; for round trips a system call and a signal of the host, for switches two threads of the host.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#if HAVE_UNICORN
#include <unicorn/unicorn.h>
#endif

#include "driver.h"

enum work { INSTRUCTIONS, EXEC_INT, PORT_IN, PORT_OUT, HOOKED_INT, CALL_BACK, HW_INT, REFLECTED, SWITCHES };
enum { TURNS = 200, LOOP = 7 * 65536, CALLS = 200000, INTERRUPTS = 50000 };

static struct bench_result measure(enum work work, unsigned count, unsigned vms)
{
    char numbers[3][16];
    snprintf(numbers[0], sizeof numbers[0], "%d", (int)work);
    snprintf(numbers[1], sizeof numbers[1], "%u", count);
    snprintf(numbers[2], sizeof numbers[2], "%u", vms);
    const struct vxd_define defines[] = {{"WORK", numbers[0]}, {"COUNT", numbers[1]}, {"VMS", numbers[2]}};
    return bench_measure(bench_build(VM_ASM, defines, 3), count);
}

// ---------------------------------------------------------------------------------------------------------------------
// Rivals

static double best_of(double (*fn)(void))
{
    double best = fn();
    for (int i = 1; i < BENCH_ROUNDS; i++) {
        double t = fn();
        best = t < best ? t : best;
    }
    return best;
}

static double measure_system_call(void)
{
    double start = bench_now();
    for (int i = 0; i < CALLS; i++)
        (void)getppid();
    return (bench_now() - start) / CALLS;
}

static void nothing(int number)
{
    (void)number;
}

static double measure_signal(void)
{
    const struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    double start = bench_now();
    for (int i = 0; i < CALLS; i++)
        raise(SIGUSR1);
    return (bench_now() - start) / CALLS;
}

static void *answer(void *user)
{
    const int *ends = user;
    char byte;
    while (read(ends[0], &byte, 1) == 1)
        if (write(ends[3], &byte, 1) != 1)
            break;
    return NULL;
}

static double measure_host_switch(void)
{
    enum { TRIPS = 20000 };
    int ends[4];
    pthread_t other;
    char byte = 0;
    if (pipe(ends) != 0 || pipe(ends + 2) != 0 || pthread_create(&other, NULL, answer, ends) != 0)
        return 0;
    double start = bench_now();
    for (int i = 0; i < TRIPS; i++)
        if (write(ends[1], &byte, 1) != 1 || read(ends[2], &byte, 1) != 1)
            return 0;
    double took = (bench_now() - start) / (2 * TRIPS);
    close(ends[1]);
    pthread_join(other, NULL);
    close(ends[0]);
    close(ends[2]);
    close(ends[3]);
    return took;
}

#if HAVE_UNICORN
static uint32_t unicorn_in(uc_engine *uc, uint32_t port, int size, void *user)
{
    (void)uc, (void)port, (void)size, (void)user;
    return 0x5A;
}

static void unicorn_interrupt(uc_engine *uc, uint32_t number, void *user)
{
    (void)uc, (void)number, (void)user;
}

static double unicorn_runs(const uint8_t *code, size_t size, uint32_t ecx, void *hook, int kind)
{
    uc_engine *uc;
    uc_hook handle;
    uint32_t si = 0x1000, di = 0x1800, dx = 0x3E8, sp = 0xFFF0, ds = 0x100;
    if (uc_open(UC_ARCH_X86, UC_MODE_16, &uc) != UC_ERR_OK || uc_mem_map(uc, 0, 0x100000, UC_PROT_ALL) != UC_ERR_OK)
        return 0;
    uc_mem_write(uc, 0x7000, code, size);
    uc_reg_write(uc, UC_X86_REG_SI, &si);
    uc_reg_write(uc, UC_X86_REG_DI, &di);
    uc_reg_write(uc, UC_X86_REG_DX, &dx);
    uc_reg_write(uc, UC_X86_REG_SP, &sp);
    uc_reg_write(uc, UC_X86_REG_DS, &ds);
    uc_reg_write(uc, UC_X86_REG_ECX, &ecx);
    if (hook && kind == UC_HOOK_INSN)
        uc_hook_add(uc, &handle, kind, hook, NULL, 1, 0, UC_X86_INS_IN);
    else if (hook)
        uc_hook_add(uc, &handle, kind, hook, NULL, 1, 0);
    double start = bench_now();
    if (uc_emu_start(uc, 0x7000, 0x7000 + size - 1, 0, 0) != UC_ERR_OK)
        return 0;
    double took = bench_now() - start;
    uc_close(uc);
    return took;
}

static double measure_unicorn_instructions(void)
{
    static const uint8_t loop[] = {0xBB, TURNS & 0xFF, TURNS >> 8, 0x33, 0xC9, 0x03, 0x04, 0x31, 0xC2, 0x46, 0x81, 0xE6,
                                   0xFF, 0x0F,         0x89,       0x15, 0x49, 0x75, 0xF2, 0x4B, 0x75, 0xED, 0xCB};
    return unicorn_runs(loop, sizeof loop, 0, NULL, 0) / TURNS;
}

static double measure_unicorn_port(void)
{
    static const uint8_t loop[] = {0xEC, 0x66, 0x49, 0x75, 0xFB, 0xCB};
    return unicorn_runs(loop, sizeof loop, CALLS, (void *)(uintptr_t)unicorn_in, UC_HOOK_INSN) / CALLS;
}

static double measure_unicorn_interrupt(void)
{
    static const uint8_t loop[] = {0xCD, 0x61, 0x66, 0x49, 0x75, 0xFA, 0xCB};
    return unicorn_runs(loop, sizeof loop, CALLS, (void *)(uintptr_t)unicorn_interrupt, UC_HOOK_INTR) / CALLS;
}
#else
#define measure_unicorn_instructions NULL
#define measure_unicorn_port         NULL
#define measure_unicorn_interrupt    NULL
#endif

static void print_cost(const char *what, double ns, const char *rival, double (*fn)(void))
{
    printf("  %-52s %8.0f ns", what, ns);
    double t = fn ? best_of(fn) : 0;
    if (t > 0)
        printf("   %s %8.0f ns   ratio %.2f", rival, t, t / ns);
    printf("\n");
}

static void print_instructions(void)
{
    double ours = LOOP / measure(INSTRUCTIONS, TURNS, 1).ns * 1e3;
    printf("  %-52s %8.0f MIPS", "V86 instructions, with the VMM around them", ours);
    double (*rival)(void) = measure_unicorn_instructions;
    if (rival) {
        double t = LOOP / best_of(rival) * 1e3;
        printf(" Unicorn     %8.0f MIPS ratio %.2f", t, ours / t);
    }
    printf("\n");
}

static void print_machines(void)
{
    static const unsigned vms[] = {2, 64, 1024};
    size_t one = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct bench_result r = measure(SWITCHES, CALLS, vms[i]);
        char what[64];
        snprintf(what, sizeof what, "a switch to another VM and an event in it, of %u", vms[i]);
        print_cost(what, r.ns, "threads    ", i == 0 ? measure_host_switch : NULL);
        if (i == 0)
            one = r.held;
        else
            printf("  %-52s %8.1f KB\n", "  host memory for each, before it runs a program",
                   (double)(r.held - one) / (vms[i] - 2) / 1024);
    }
}

int main(void)
{
    print_instructions();
    print_cost("Exec_Int of an IRET and back", measure(EXEC_INT, CALLS, 1).ns, "system call", measure_system_call);
    print_cost("a trapped IN to a driver's handler", measure(PORT_IN, CALLS, 1).ns, "Unicorn    ",
               measure_unicorn_port);
    print_cost("a trapped OUT to a driver's handler", measure(PORT_OUT, CALLS, 1).ns, "", NULL);
    print_cost("an INT to a driver's hook", measure(HOOKED_INT, CALLS, 1).ns, "Unicorn    ", measure_unicorn_interrupt);
    print_cost("a far call to a driver's V86 call-back", measure(CALL_BACK, CALLS, 1).ns, "", NULL);
    print_cost("a hardware interrupt to a driver", measure(HW_INT, INTERRUPTS, 1).ns, "signal     ", measure_signal);
    print_machines();
    return 0;
}
