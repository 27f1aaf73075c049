// cpu-conformance DIR: runs every test of DIR's op*.txt (format: single-instruction tests, one a line; the README
// beside the data describes it) on a 386 in real mode. Prints each failing form with its first case, then "N passed, M
// failed".
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x86/x86.h"

enum { AX, BX, CX, DX, CS, SS, DS, ES, SP, BP, SI, DI, IP, FLAGS, NREG };
enum { MEMORY = 0x110000, CELLS = 512, LINE = 4096 };

struct cell {
    uint32_t address;
    uint8_t value;
};

struct test {
    char form[8];
    unsigned index, mask;
    bool applicable;
    int exception;         // -1: none
    uint32_t pushed_flags; // address of the FLAGS word an exception pushed
    uint32_t before[NREG], after[NREG];
    struct cell first[CELLS], last[CELLS];
    unsigned firsts, lasts;
};

struct bench {
    struct x86_memory *memory;
    struct x86 *cpu;
    uint8_t *image; // what memory must hold
    unsigned passed, failed, skipped;
    char failed_form[8];
};

// ---------------------------------------------------------------------------------------------------------------------
// Reading

static uint32_t hex(const char *s, unsigned n)
{
    char text[16] = {0};
    memcpy(text, s, n < 15 ? n : 15);
    return (uint32_t)strtoul(text, NULL, 16);
}

static int read_cells(const char *s, struct cell *cells)
{
    unsigned n = 0;
    if (*s == '-')
        return 0;
    for (;;) {
        uint32_t address = hex(s, 6);
        if (strlen(s) < 7)
            return -1;
        for (s += 7; *s && *s != ','; s += 2) {
            if (n == CELLS || !s[1])
                return -1;
            cells[n++] = (struct cell){address++, (uint8_t)hex(s, 2)};
        }
        if (!*s++)
            return (int)n;
    }
}

static bool read_registers(const char *initial, const char *changed, struct test *t)
{
    if (strlen(initial) != 4 * NREG || strlen(changed) < 5)
        return false;
    uint32_t set = hex(changed, 4);
    const char *p = changed + 5;
    for (unsigned i = 0; i < NREG; i++) {
        t->before[i] = t->after[i] = hex(initial + 4 * i, 4);
        if (!(set >> i & 1))
            continue;
        if (strlen(p) < 4)
            return false;
        t->after[i] = hex(p, 4);
        p += 4;
    }
    return true;
}

// 1: a test, 0: a comment or nothing, -1: malformed.
static int parse(char *line, struct test *t)
{
    char *field[14], *p = line;
    line[strcspn(line, "\r\n")] = 0;
    if (!*line || *line == '#')
        return 0;
    for (unsigned i = 0; i < 13; i++) {
        field[i] = p;
        p = strchr(p, ' ');
        if (!p)
            return -1;
        *p++ = 0;
    }
    snprintf(t->form, sizeof t->form, "%.7s", field[0]);
    t->index = (unsigned)strtoul(field[1], NULL, 10);
    t->applicable = field[2][0] == '1';
    t->mask = hex(field[5], 4);
    t->exception = field[6][0] == '-' ? -1 : (int)hex(field[6], 2);
    t->pushed_flags = t->exception < 0 ? 0 : hex(field[6] + 3, 6);
    int firsts = read_cells(field[10], t->first), lasts = read_cells(field[11], t->last);
    if (firsts < 0 || lasts < 0 || !read_registers(field[8], field[9], t))
        return -1;
    t->firsts = (unsigned)firsts;
    t->lasts = (unsigned)lasts;
    return 1;
}

// ---------------------------------------------------------------------------------------------------------------------
// Running

static uint32_t *general(struct x86 *cpu, unsigned i)
{
    static const uint8_t map[] = {[AX] = X86_EAX, [BX] = X86_EBX, [CX] = X86_ECX, [DX] = X86_EDX,
                                  [SP] = X86_ESP, [BP] = X86_EBP, [SI] = X86_ESI, [DI] = X86_EDI};
    return &cpu->state.reg[map[i]];
}

static void set_up(struct bench *b, const struct test *t)
{
    static const uint8_t seg[] = {[CS] = X86_CS, [SS] = X86_SS, [DS] = X86_DS, [ES] = X86_ES};
    struct x86 *cpu = b->cpu;
    x86_reset(cpu);
    for (unsigned i = 0; i < NREG; i++) {
        if (i >= CS && i <= ES) {
            if (!x86_load_segment(cpu, (enum x86_seg)seg[i], (uint16_t)t->before[i], NULL))
                abort();
        } else if (i < IP) {
            *general(cpu, i) = t->before[i];
        }
    }
    cpu->state.eip = t->before[IP];
    cpu->state.eflags = (t->before[FLAGS] & 0xfff) | 2;
    cpu->state.idtr.base = 0;
    cpu->state.idtr.limit = 0x3ff;
    cpu->state.cr0 |= 4; // EM: no coprocessor
    x86_flush(cpu);
    for (unsigned i = 0; i < t->firsts; i++)
        if (!x86_memory_store(b->memory, t->first[i].address, &t->first[i].value, 1))
            abort();
}

static uint32_t result(const struct x86 *cpu, unsigned i)
{
    static const uint8_t seg[] = {[CS] = X86_CS, [SS] = X86_SS, [DS] = X86_DS, [ES] = X86_ES};
    if (i >= CS && i <= ES)
        return cpu->state.seg[seg[i]].selector;
    if (i == IP)
        return cpu->state.eip & 0xffff;
    if (i == FLAGS)
        return cpu->state.eflags & 0xfff;
    return *general((struct x86 *)cpu, i) & 0xffff;
}

static bool compare_registers(const struct bench *b, const struct test *t, char *why, size_t n)
{
    static const char *const name[] = {"AX", "BX", "CX", "DX", "CS", "SS", "DS",
                                       "ES", "SP", "BP", "SI", "DI", "IP", "FLAGS"};
    for (unsigned i = 0; i < NREG; i++) {
        uint32_t mask = i == FLAGS ? t->mask & 0xfff : 0xffff, got = result(b->cpu, i), want = t->after[i];
        if (((got ^ want) & mask) == 0)
            continue;
        snprintf(why, n, "%s is %04X, silicon had %04X", name[i], (unsigned)got, (unsigned)want);
        return false;
    }
    return true;
}

// The bytes that may differ: undefined bits of a pushed FLAGS word.
static uint8_t mask_at(const struct test *t, uint32_t address)
{
    if (t->exception < 0 || address - t->pushed_flags > 1)
        return 0xff;
    unsigned shift = address == t->pushed_flags ? 0 : 8;
    return (uint8_t)((t->mask & 0xfff) >> shift);
}

static bool compare_byte(struct bench *b, const struct test *t, uint32_t address, uint8_t want, char *why, size_t n)
{
    uint8_t got = 0;
    if (!x86_memory_load(b->memory, address, &got, 1))
        return false;
    if (((got ^ want) & mask_at(t, address)) == 0)
        return true;
    snprintf(why, n, "byte %06X is %02X, silicon had %02X", (unsigned)address, got, want);
    return false;
}

static bool compare_memory(struct bench *b, const struct test *t, char *why, size_t n)
{
    for (unsigned i = 0; i < t->firsts; i++)
        b->image[t->first[i].address] = t->first[i].value;
    for (unsigned i = 0; i < t->lasts; i++)
        b->image[t->last[i].address] = t->last[i].value;
    bool ok = true;
    for (unsigned i = 0; ok && i < t->firsts; i++)
        ok = compare_byte(b, t, t->first[i].address, b->image[t->first[i].address], why, n);
    for (unsigned i = 0; ok && i < t->lasts; i++)
        ok = compare_byte(b, t, t->last[i].address, t->last[i].value, why, n);
    return ok;
}

static bool nothing_else_written(struct bench *b, const struct test *t, char *why, size_t n);

static bool run(struct bench *b, const struct test *t, char *why, size_t n)
{
    set_up(b, t);
    enum x86_stop_reason reason = x86_run(b->cpu, b->cpu->state.count + 100000);
    if (reason != X86_STOP_HALT) {
        snprintf(why, n, "the run ended for reason %d at %04X", (int)reason, (unsigned)b->cpu->state.eip);
        return false;
    }
    return compare_registers(b, t, why, n) && compare_memory(b, t, why, n) && nothing_else_written(b, t, why, n);
}

static void clear_cells(struct bench *b, const struct cell *cells, unsigned count)
{
    static const uint8_t zero;
    for (unsigned i = 0; i < count; i++)
        if (!x86_memory_store(b->memory, cells[i].address, &zero, 1))
            abort();
}

// Memory outside the lists was zero and must be again once the lists are cleared.
static bool nothing_else_written(struct bench *b, const struct test *t, char *why, size_t n)
{
    static uint8_t page[X86_PAGE_SIZE];
    static const uint8_t zero[X86_PAGE_SIZE];
    clear_cells(b, t->first, t->firsts);
    clear_cells(b, t->last, t->lasts);
    for (uint32_t at = 0; at < MEMORY; at += sizeof page) {
        if (!x86_memory_load(b->memory, at, page, sizeof page))
            return false;
        if (memcmp(page, zero, sizeof page) == 0)
            continue;
        snprintf(why, n, "something on page %06X was written", (unsigned)at);
        return false;
    }
    return true;
}

static void wipe(struct bench *b)
{
    memset(b->image, 0, MEMORY);
    if (!x86_memory_set_kind(b->memory, 0, MEMORY / X86_PAGE_SIZE, X86_NOTHING) ||
        !x86_memory_set_kind(b->memory, 0, MEMORY / X86_PAGE_SIZE, X86_RAM))
        abort();
}

static void run_line(struct bench *b, char *line, const char *file)
{
    static struct test t;
    char why[120] = "";
    int kind = parse(line, &t);
    if (kind == 0)
        return;
    if (kind < 0) {
        printf("%s: malformed line\n", file);
        b->failed++;
        return;
    }
    if (!t.applicable) {
        b->skipped++;
        return;
    }
    if (run(b, &t, why, sizeof why)) {
        b->passed++;
        return;
    }
    b->failed++;
    if (strcmp(b->failed_form, t.form) != 0)
        printf("form %s: first failing case %u: %s\n", t.form, t.index, why);
    snprintf(b->failed_form, sizeof b->failed_form, "%s", t.form);
    wipe(b);
}

// ---------------------------------------------------------------------------------------------------------------------
// Files

static void run_file(struct bench *b, const char *path)
{
    static char line[LINE];
    FILE *f = fopen(path, "r");
    if (!f) {
        printf("%s: cannot be read\n", path);
        b->failed++;
        return;
    }
    while (fgets(line, sizeof line, f))
        run_line(b, line, path);
    fclose(f);
}

static int is_test_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && strcmp(e->d_name + n - 4, ".txt") == 0 && strcmp(e->d_name, "forms.txt") != 0;
}

static bool run_directory(struct bench *b, const char *dir)
{
    struct dirent **names;
    int n = scandir(dir, &names, is_test_file, alphasort);
    if (n < 0)
        return false;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        run_file(b, path);
        free(names[i]);
    }
    free(names);
    return n > 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: cpu-conformance DIR\n");
        return 2;
    }
    struct x86_owner owner = {0};
    struct bench b = {.memory = x86_memory_new(&base_heap), .image = calloc(1, MEMORY)};
    b.cpu = b.memory ? x86_new(&base_heap, b.memory, &owner, X86_386) : NULL;
    if (!b.cpu || !b.image)
        return 2;
    wipe(&b);
    if (!run_directory(&b, argv[1])) {
        fprintf(stderr, "cpu-conformance: no test files in %s\n", argv[1]);
        return 2;
    }
    printf("%u passed, %u failed", b.passed, b.failed);
    printf(b.skipped ? " (%u not applicable)\n" : "\n", b.skipped);
    x86_free(b.cpu);
    x86_memory_free(b.memory);
    free(b.image);
    return b.failed != 0;
}
