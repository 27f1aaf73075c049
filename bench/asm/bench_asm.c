// bench-asm [VMM.INC DIRECTORY] [NASM]: lines and macro calls a second, a whole driver with vmm.inc, and nasm on the
// same plain code in the same run. Prints one line a measurement: the best of a few rounds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asm/asm.h"
#include "base/arena.h"

enum { LINES = 1000000, ROUNDS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *include_dir;

static bool open_include(void *user, const char *name, const char *from, const char **path, const char **text,
                         size_t *size)
{
    (void)from;
    struct base_arena *arena = user;
    char full[1024];
    snprintf(full, sizeof full, "%s/%s", include_dir, name);
    FILE *f = fopen(full, "rb");
    if (!f)
        return false;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *p = base_arena_get(arena, (size_t)n + 1);
    *size = p ? fread(p, 1, (size_t)n, f) : 0;
    fclose(f);
    *text = p;
    *path = base_arena_text(arena, full, strlen(full));
    return p != NULL;
}

// Seconds for one assembly, the best of several; below 0 when it fails.
static double assemble(const char *text, size_t size)
{
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        struct base_arena arena;
        base_arena_init(&arena, &base_heap);
        struct asm_options o = {.alloc = &base_heap, .open_include = open_include, .include_user = &arena};
        struct base_diag diag;
        struct base_buf object;
        base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
        base_buf_init(&object, &base_heap);
        double start = now();
        bool ok = asm_assemble(&o, "bench.asm", text, size, &diag, &object, NULL);
        double took = now() - start;
        base_buf_free(&object);
        base_diag_free(&diag);
        base_arena_free(&arena);
        if (!ok)
            return -1;
        best = took < best ? took : best;
    }
    return best;
}

static void plain_lines(struct base_buf *b)
{
    static const char *const lines[] = {"mov eax, ebx",   "add eax, 12",  "mov ecx, [ebx+4]", "xor edx, edx",
                                        "push eax",       "pop ecx",      "inc esi",          "shl eax, 3",
                                        "mov [edi], eax", "cmp eax, 1000"};
    for (int i = 0; i < LINES; i++)
        base_buf_printf(b, "    %s\n", lines[i % 10]);
}

static void jump_lines(struct base_buf *b)
{
    for (int i = 0; i < LINES / 4; i++)
        base_buf_printf(b, "label%d:\n    cmp eax, %d\n    jz label%d\n    dec ecx\n", i, i % 100,
                        i + 3 < LINES / 4 ? i + 3 : i);
}

static void macro_lines(struct base_buf *b)
{
    base_buf_text(b, "store macro dst, src\n    mov dst, src\n    endm\n");
    for (int i = 0; i < LINES; i++)
        base_buf_text(b, "    store eax, ebx\n");
}

static void measure(const char *what, void (*fill)(struct base_buf *b))
{
    struct base_buf b;
    base_buf_init(&b, &base_heap);
    base_buf_text(&b, ".386\ncode segment para use32 public 'CODE'\nassume cs:code, ds:flat\n");
    fill(&b);
    base_buf_text(&b, "code ends\nend\n");
    double t = assemble((const char *)b.data, b.size);
    printf("%-32s %10.0f a second\n", what, LINES / t);
    base_buf_free(&b);
}

static void measure_driver(void)
{
    static const char text[] = ".386p\ninclude vmm.inc\nDeclare_Virtual_Device BENCH, 1, 0, BENCH_Control, "
                               "Undefined_Device_ID, Undefined_Init_Order\n"
                               "VxD_LOCKED_CODE_SEG\nBeginProc BENCH_Control\nControl_Dispatch Device_Init, "
                               "BENCH_Init\nclc\nret\nEndProc BENCH_Control\n"
                               "BeginProc BENCH_Init\nVMMCall Get_Cur_VM_Handle\nVMMCall _HeapAllocate, <100, "
                               "0>\nclc\nret\nEndProc BENCH_Init\nVxD_LOCKED_CODE_ENDS\nend\n";
    printf("%-32s %10.2f ms\n", "driver with vmm.inc", assemble(text, sizeof text - 1) * 1000);
}

static void measure_nasm(const char *nasm, const char *what, void (*fill)(struct base_buf *b))
{
    struct base_buf b;
    char command[512];
    base_buf_init(&b, &base_heap);
    base_buf_text(&b, "bits 32\n%macro store 2\n    mov %1, %2\n%endmacro\n");
    fill(&b);
    FILE *f = fopen("/tmp/bench_nasm.asm", "wb");
    if (!f)
        return;
    fwrite(b.data, 1, b.size, f);
    fclose(f);
    base_buf_free(&b);
    snprintf(command, sizeof command, "%s -O1 -f coff -o /tmp/bench_nasm.obj /tmp/bench_nasm.asm", nasm);
    double best = 1e9;
    for (int i = 0; i < 2; i++) {
        double start = now();
        if (system(command) != 0)
            return;
        double took = now() - start;
        best = took < best ? took : best;
    }
    printf("%-32s %10.0f a second\n", what, LINES / best);
    remove("/tmp/bench_nasm.asm");
    remove("/tmp/bench_nasm.obj");
}

static void nasm_macro_lines(struct base_buf *b)
{
    for (int i = 0; i < LINES; i++)
        base_buf_text(b, "    store eax, ebx\n");
}

int main(int argc, char **argv)
{
    include_dir = argc > 1 ? argv[1] : "ddk/inc";
    measure("plain lines", plain_lines);
    measure("lines with labels and jumps", jump_lines);
    measure("macro calls", macro_lines);
    measure_driver();
    const char *nasm = argc > 2 ? argv[2] : "nasm";
    if (system("command -v nasm > /dev/null") == 0 || argc > 2) {
        measure_nasm(nasm, "nasm: plain lines", plain_lines);
        measure_nasm(nasm, "nasm: labels and jumps", jump_lines);
        measure_nasm(nasm, "nasm: macro calls", nasm_macro_lines);
    }
    return 0;
}
