// The 32-bit helper of the differential test: a freestanding Linux program (no library, -m32 -nostdlib). It is given a
// file on descriptor 3, runs the batch in it for every byte that arrives on standard input and answers with a byte.
// A case starts by returning from a signal with its registers and ends in the next signal.
#include "native.h"

enum {
    SYS_EXIT = 1,
    SYS_READ = 3,
    SYS_WRITE = 4,
    SYS_MMAP2 = 192,
    SYS_SIGACTION = 174,
    SYS_SIGALTSTACK = 186,
    SYS_MODIFY_LDT = 123
};
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11 };

struct context { // ucontext of a 32-bit signal frame: sigcontext behind flags, link and stack
    uint32_t flags, link, stack[3];
    uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip, cs, eflags, esp_at_signal, ss;
    uint32_t fpstate, oldmask, cr2;
};

struct action {
    void (*handler)(int, void *, struct context *);
    uint32_t flags;
    void (*restorer)(void);
    uint32_t mask[2];
};

struct descriptor {
    uint32_t number, base, limit, bits;
};

static struct native_case *batch;
static unsigned next = NATIVE_BATCH;
static int running; // a case of the batch, not the start
static uint8_t signal_stack[65536];
static uint8_t *const code = (uint8_t *)NATIVE_CODE, *const data = (uint8_t *)NATIVE_DATA;

static int32_t call(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
    int32_t r;
    __asm__ volatile("int $0x80" : "=a"(r) : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return r;
}

static void copy(void *to, const void *from, uint32_t n)
{
    __asm__ volatile("cld; rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static void quit(void)
{
    call(SYS_EXIT, 0, 0, 0, 0, 0);
}

static void wait_for_batch(void)
{
    uint8_t byte;
    if (running) {
        byte = 1;
        call(SYS_WRITE, 1, (uint32_t)&byte, 1, 0, 0);
    }
    if (call(SYS_READ, 0, (uint32_t)&byte, 1, 0, 0) != 1)
        quit();
    next = 0;
}

static void save(struct native_case *k, const struct context *x)
{
    const uint32_t reg[8] = {x->eax, x->ecx, x->edx, x->ebx, x->esp, x->ebp, x->esi, x->edi};
    const uint32_t seg[6] = {x->es & 0xffff, x->cs & 0xffff, x->ss & 0xffff,
                             x->ds & 0xffff, x->fs & 0xffff, x->gs & 0xffff};
    copy(k->reg, reg, sizeof reg);
    copy(k->seg, seg, sizeof seg);
    k->eip = x->eip;
    k->eflags = x->eflags;
    k->vector = x->trapno;
    k->error = x->err;
    k->address = x->cr2;
    copy(k->data, data, NATIVE_DATA_BYTES);
}

static void load(const struct native_case *k, struct context *x)
{
    x->eax = k->reg[0], x->ecx = k->reg[1], x->edx = k->reg[2], x->ebx = k->reg[3];
    x->esp = x->esp_at_signal = k->reg[4], x->ebp = k->reg[5], x->esi = k->reg[6], x->edi = k->reg[7];
    x->es = k->seg[0], x->cs = k->seg[1], x->ss = k->seg[2], x->ds = k->seg[3], x->fs = k->seg[4], x->gs = k->seg[5];
    x->eip = k->eip;
    x->eflags = k->eflags;
    copy(code, k->code, NATIVE_CODE_BYTES);
    copy(data, k->data, NATIVE_DATA_BYTES);
}

static void on_signal(int signal, void *info, struct context *x)
{
    (void)signal, (void)info;
    if (running)
        save(&batch[next++], x);
    if (next >= NATIVE_BATCH)
        wait_for_batch();
    running = 1;
    load(&batch[next], x);
}

static void set_descriptor(uint32_t number, uint32_t base, uint32_t limit, uint32_t bits)
{
    struct descriptor d = {number, base, limit, bits};
    if (call(SYS_MODIFY_LDT, 0x11, (uint32_t)&d, sizeof d, 0, 0) < 0)
        call(SYS_EXIT, 3, 0, 0, 0, 0);
}

__asm__(".globl restore_context\nrestore_context: mov $173, %eax; int $0x80");
void restore_context(void);

static void handle(uint32_t signal)
{
    const struct action a = {on_signal, 0x4 | 0x04000000 | 0x08000000 | 0x40000000, restore_context, {0, 0}};
    call(SYS_SIGACTION, signal, (uint32_t)&a, 0, 8, 0);
}

static uint32_t map(uint32_t at, uint32_t n, uint32_t flags, uint32_t fd)
{
    register uint32_t result;
    // mmap2 has six arguments: the sixth goes through EBP
    __asm__ volatile("push %%ebp; xor %%ebp, %%ebp; int $0x80; pop %%ebp"
                     : "=a"(result)
                     : "0"(SYS_MMAP2), "b"(at), "c"(n), "d"(7), "S"(flags), "D"(fd)
                     : "memory");
    return result;
}

void _start(void);
void _start(void)
{
    const uint32_t stack[3] = {(uint32_t)signal_stack, 0, sizeof signal_stack};
    call(SYS_SIGALTSTACK, (uint32_t)stack, 0, 0, 0, 0);
    uint32_t shared = map(0, sizeof(struct native_case) * NATIVE_BATCH, 1, 3);
    batch = (struct native_case *)shared;
    map(NATIVE_CODE, 4096, 0x32, 0xffffffff);
    map(NATIVE_DATA, 4096, 0x32, 0xffffffff);
    // seg_32bit 1, contents << 1 (0 data, 1 expand-down, 2 code), read_exec_only 8, limit_in_pages 16, not present 32
    set_descriptor(NATIVE_SMALL >> 3, NATIVE_DATA, 0x1ff, 0x41);
    set_descriptor(NATIVE_DOWN >> 3, NATIVE_DATA - 0x1000, 0x10ff, 0x43);
    set_descriptor(NATIVE_READONLY >> 3, NATIVE_DATA, 0x1ff, 0x49);
    set_descriptor(NATIVE_CODE16 >> 3, NATIVE_CODE, 0xffff, 0x44);
    set_descriptor(NATIVE_STACK16 >> 3, NATIVE_DATA, 0x1ff, 0x40);
    handle(SIGILL), handle(SIGTRAP), handle(SIGBUS), handle(SIGFPE), handle(SIGSEGV);
    __asm__ volatile("int3");
    quit();
}
