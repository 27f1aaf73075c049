// BeginProc's attributes together: every legal pair in both orders, and triples drawn from a fixed sequence, in retail
// and in a debug build. What each procedure must look like (what lies before the entry, where the entry is, its checks,
// its public name) is worked out here from the rules of docs/ddk.md, not taken from an assembler's output.
//
// With arguments it prints such a source for other assemblers: ddk_test_attributes pairs|reversed|triples
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "asm/asm.h"
#include "base/buf.h"
#include "image/coff.h"
#include "kit/constants.h"
#include "kit/ddk.h"

enum {
    HIGH_FREQ = 1 << 0,
    PUBLIC = 1 << 1,
    LOCAL = 1 << 2,
    PCALL = 1 << 3,
    CCALL = 1 << 4,
    SCALL = 1 << 5,
    FASTCALL = 1 << 6,
    ESP = 1 << 7,
    HOOK_PROC = 1 << 8,
    SERVICE = 1 << 9,
    ASYNC_SERVICE = 1 << 10,
    NO_LOG = 1 << 11,
    NO_PROFILE = 1 << 12,
    NO_TEST_CLD = 1 << 13,
    NO_PROLOG = 1 << 14,
    TEST_BLOCK = 1 << 15,
    TEST_REENTER = 1 << 16,
    NEVER_REENTER = 1 << 17,
    NOT_SWAPPING = 1 << 18,
    LOCKED = 1 << 19,   // segment types; locked code is where asynchronous services may lie
    PAGEABLE = 1 << 20, // pageable code
    LOCKABLE = 1 << 21, // lockable code
    UNPAGED = 1 << 22,  // neither pageable nor locked for good
    CONVENTIONS = PCALL | CCALL | SCALL | FASTCALL,
    SEGMENTS = LOCKED | PAGEABLE | LOCKABLE | UNPAGED,
};

static const struct attribute {
    const char *name;
    unsigned bit;
} attributes[] = {
    {"HIGH_FREQ", HIGH_FREQ},
    {"PUBLIC", PUBLIC},
    {"LOCAL", LOCAL},
    {"PCALL", PCALL},
    {"CCALL", CCALL},
    {"SCALL", SCALL},
    {"FASTCALL", FASTCALL},
    {"ESP", ESP},
    {"HOOK_PROC, Previous", HOOK_PROC},
    {"SERVICE", SERVICE},
    {"ASYNC_SERVICE", ASYNC_SERVICE},
    {"NO_LOG", NO_LOG},
    {"NO_PROFILE", NO_PROFILE},
    {"NO_TEST_CLD", NO_TEST_CLD},
    {"NO_PROLOG", NO_PROLOG},
    {"TEST_BLOCK", TEST_BLOCK},
    {"TEST_REENTER", TEST_REENTER},
    {"NEVER_REENTER", NEVER_REENTER},
    {"NOT_SWAPPING", NOT_SWAPPING},
    {"LOCKED", LOCKED},
    {"INIT", UNPAGED},
    {"PAGEABLE", PAGEABLE},
    {"STATIC", LOCKED},
    {"DEBUG_ONLY", UNPAGED},
    {"SYSEXIT", PAGEABLE},
    {"INT21", PAGEABLE},
    {"RARE", PAGEABLE},
    {"W16", PAGEABLE},
    {"W32", PAGEABLE},
    {"VMCREATE", PAGEABLE},
    {"VMDESTROY", PAGEABLE},
    {"THCREATE", PAGEABLE},
    {"THDESTROY", PAGEABLE},
    {"VMSUSPEND", PAGEABLE},
    {"VMRESUME", PAGEABLE},
    {"PNP", PAGEABLE},
    {"DOSVM", PAGEABLE},
    {"LOCKABLE", LOCKABLE},
};
enum { ATTRIBUTE_COUNT = BASE_COUNT(attributes), COMBINATIONS_MAX = 2048 };

// One procedure: up to three attributes, by number, in the order written.
struct combination {
    int count, attribute[3];
};

static unsigned bits_of(const struct combination *c)
{
    unsigned bits = 0;
    for (int i = 0; i < c->count; i++)
        bits |= attributes[c->attribute[i]].bit;
    return bits;
}

static int count_in(const struct combination *c, unsigned kinds)
{
    int n = 0;
    for (int i = 0; i < c->count; i++)
        n += (attributes[c->attribute[i]].bit & kinds) != 0;
    return n;
}

static bool distinct(const struct combination *c)
{
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < i; k++)
            if (c->attribute[i] == c->attribute[k])
                return false;
    return true;
}

static bool legal(const struct combination *c)
{
    unsigned bits = bits_of(c);
    return distinct(c) && count_in(c, CONVENTIONS) <= 1 && count_in(c, SEGMENTS) <= 1 &&
           !((bits & ASYNC_SERVICE) && (bits & (PAGEABLE | LOCKABLE | UNPAGED)));
}

struct sample {
    struct combination list[COMBINATIONS_MAX];
    int count;
};

static void consider(struct sample *s, struct combination c)
{
    if (legal(&c) && s->count < COMBINATIONS_MAX)
        s->list[s->count++] = c;
}

static void pairs(struct sample *s, bool reversed)
{
    s->count = 0;
    for (int i = 0; i < ATTRIBUTE_COUNT; i++)
        for (int k = i + 1; k < ATTRIBUTE_COUNT; k++)
            consider(s, reversed ? (struct combination){2, {k, i}} : (struct combination){2, {i, k}});
}

static int draw(uint32_t *state)
{
    *state = *state * 1103515245u + 12345u;
    return (int)(*state >> 16) % ATTRIBUTE_COUNT;
}

static void triples(struct sample *s)
{
    uint32_t state = 7;
    s->count = 0;
    for (int i = 0; i < 1200; i++) {
        int a = draw(&state), b = draw(&state), c = draw(&state);
        consider(s, (struct combination){3, {a, b, c}});
    }
}

static const char *segment_of(const struct combination *c)
{
    for (int i = 0; i < c->count; i++)
        if (attributes[c->attribute[i]].bit & SEGMENTS)
            return attributes[c->attribute[i]].name;
    return NULL;
}

// Start<n> and Stop<n> stand around the procedure, in its segment. One byte follows the aligned start, so that an entry
// that has to be aligned needs padding.
static void procedure_source(struct base_buf *out, const struct combination *c, int n)
{
    const char *typed = segment_of(c), *segment = typed ? typed : "LOCKED";
    base_buf_printf(out, "VxD_%s_CODE_SEG\nALIGN 4\nPUBLIC Start%d\nStart%d LABEL NEAR\nnop\n", segment, n, n);
    if (typed)
        base_buf_printf(out, "VxD_%s_CODE_ENDS\n", segment);
    base_buf_printf(out, "BeginProc Proc%d", n);
    for (int i = 0; i < c->count; i++)
        base_buf_printf(out, ", %s", attributes[c->attribute[i]].name);
    base_buf_printf(out, "\nEnterProc\nLeaveProc\nReturn\nEndProc Proc%d\n", n);
    if (typed)
        base_buf_printf(out, "VxD_%s_CODE_SEG\n", segment);
    base_buf_printf(out, "PUBLIC Stop%d\nStop%d LABEL NEAR\nVxD_%s_CODE_ENDS\n", n, n, segment);
}

static void sample_source(struct base_buf *out, const struct sample *s)
{
    base_buf_text(out, ".386p\ninclude vmm.inc\nVxD_LOCKED_DATA_SEG\nPrevious DD 0\nVxD_LOCKED_DATA_ENDS\n");
    for (int i = 0; i < s->count; i++)
        procedure_source(out, &s->list[i], i);
    base_buf_text(out, "END\n");
}

// ---- What must come out
// -------------------------------------------------------------------------------------------------

enum { ANY = 0x100 }; // a byte that a relocation fills

struct code {
    int byte[64], size;
    int entry; // where the procedure's name lies
};

static void emit(struct code *c, int count, const int *bytes)
{
    for (int i = 0; i < count; i++)
        c->byte[c->size++] = bytes[i];
}
#define EMIT(c, ...) emit(c, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__})

static bool has_counter(unsigned bits, bool debug)
{
    return debug && (bits & (SERVICE | ASYNC_SERVICE | HOOK_PROC)) && !(bits & NO_PROFILE);
}

static unsigned checks(unsigned bits)
{
    unsigned mask = bits & NO_LOG ? 0 : KIT_DFS_LOG;
    if (bits & (SERVICE | ASYNC_SERVICE)) {
        mask |= bits & NO_PROFILE ? 0 : KIT_DFS_PROFILE;
        mask |= bits & NO_TEST_CLD ? 0 : KIT_DFS_TEST_CLD;
        mask |= bits & ASYNC_SERVICE ? 0 : KIT_DFS_TEST_REENTER;
    }
    mask |= bits & TEST_REENTER ? KIT_DFS_TEST_REENTER : 0;
    mask |= bits & NEVER_REENTER ? KIT_DFS_NEVER_REENTER : 0;
    mask |= bits & NOT_SWAPPING ? KIT_DFS_NOT_SWAPPING : 0;
    mask |= bits & (TEST_BLOCK | PAGEABLE) ? KIT_DFS_TEST_BLOCK : 0;
    return mask;
}

static void expect_before_entry(struct code *c, unsigned bits, bool debug)
{
    bool counter = has_counter(bits, debug);
    EMIT(c, 0x90);
    if (bits & HIGH_FREQ)
        EMIT(c, 0x8D, 0x40, 0x00);
    if ((bits & HIGH_FREQ) && counter && !(bits & HOOK_PROC))
        EMIT(c, 0x90, 0x90);
    if (bits & HOOK_PROC)
        EMIT(c, 0xEB, counter ? 10 : 6, 0xFF, 0x25, ANY, ANY, ANY, ANY);
    else if (counter)
        EMIT(c, 0xEB, 4);
    if (counter)
        EMIT(c, 0, 0, 0, 0);
    c->entry = c->size;
}

static void expect_lockable_checks(struct code *c, unsigned mask)
{
    if (mask)
        EMIT(c, 0x50, 0xA1, ANY, ANY, ANY, ANY, 0x8D, 0x40, (int)mask, 0x87, 0x04, 0x24);
    else
        EMIT(c, 0xFF, 0x35, ANY, ANY, ANY, ANY);
    EMIT(c, 0xCD, 0x20, 0xF5, 0, 1, 0);
}

static void expect_checks(struct code *c, unsigned bits)
{
    unsigned mask = checks(bits);
    if ((bits & LOCKABLE) && !(bits & TEST_BLOCK))
        expect_lockable_checks(c, mask);
    else if (mask == KIT_DFS_LOG)
        EMIT(c, 0xCD, 0x20, 0xCB, 0, 1, 0);
    else if (mask == KIT_DFS_TEST_REENTER)
        EMIT(c, 0xCD, 0x20, 0xC9, 0, 1, 0);
    else if (mask)
        EMIT(c, 0x6A, (int)mask, 0xCD, 0x20, 0xF5, 0, 1, 0);
}

static void expect_code(struct code *c, unsigned bits, bool debug)
{
    *c = (struct code){.size = 0};
    expect_before_entry(c, bits, debug);
    if (debug && !(bits & NO_PROLOG))
        expect_checks(c, bits);
    if (debug && !(bits & ESP))
        EMIT(c, 0x55, 0x8B, 0xEC, 0xC9);
    EMIT(c, 0xC3);
}

static void expect_name(char *name, size_t size, unsigned bits, int n)
{
    const char *stem = bits & PCALL ? "PROC" : "Proc";
    const char *prefix = bits & (CCALL | SCALL) ? "_" : bits & FASTCALL ? "@" : "";
    snprintf(name, size, "%s%s%d%s", prefix, stem, n, bits & (SCALL | FASTCALL) ? "@0" : "");
}

// ---- What came out
// ------------------------------------------------------------------------------------------------------

static bool open_include(void *user, const char *name, const char *from, const char **path, const char **text,
                         size_t *size)
{
    (void)user, (void)from;
    const struct kit_file *file = kit_ddk_file(name);
    if (!file)
        return false;
    *path = file->name;
    *text = file->text;
    *size = file->size;
    return true;
}

static const struct coff_symbol *symbol_named(const struct coff_object *o, const char *name)
{
    for (uint32_t i = 0; i < o->symbol_count; i++)
        if (o->symbols[i].storage == COFF_EXTERNAL && o->symbols[i].section > 0 &&
            strcmp(o->symbols[i].name, name) == 0)
            return &o->symbols[i];
    return NULL;
}

static bool same_code(const struct coff_object *o, const struct code *want, const struct coff_symbol *start,
                      const struct coff_symbol *stop)
{
    const struct coff_section *section = &o->sections[start->section - 1];
    bool same = start->section == stop->section && stop->value - start->value == (uint32_t)want->size;
    for (int i = 0; same && i < want->size; i++)
        same = want->byte[i] == ANY || section->data[start->value + (uint32_t)i] == want->byte[i];
    return same;
}

static void complain(const struct combination *c, bool debug, const char *what)
{
    fprintf(stderr, "BeginProc Proc");
    for (int i = 0; i < c->count; i++)
        fprintf(stderr, ", %s", attributes[c->attribute[i]].name);
    fprintf(stderr, "%s: %s\n", debug ? " (debug)" : "", what);
}

static int check_procedure(const struct coff_object *o, const struct combination *c, int n, bool debug)
{
    struct code want;
    char name[32], around[32];
    unsigned bits = bits_of(c);
    expect_code(&want, bits, debug);
    expect_name(name, sizeof name, bits, n);
    snprintf(around, sizeof around, "Start%d", n);
    const struct coff_symbol *start = symbol_named(o, around);
    snprintf(around, sizeof around, "Stop%d", n);
    const struct coff_symbol *stop = symbol_named(o, around), *proc = symbol_named(o, name);
    assert_non_null(start);
    assert_non_null(stop);
    if (!same_code(o, &want, start, stop))
        return complain(c, debug, "other bytes"), 1;
    if ((bits & LOCAL) != 0 ? proc != NULL : !proc || proc->value != start->value + (uint32_t)want.entry)
        return complain(c, debug, "not public, or at another place"), 1;
    return 0;
}

static void check_sample(const struct sample *s, bool debug)
{
    struct asm_definition definition = {"DEBUG", ""};
    struct asm_options options = {.alloc = &base_heap,
                                  .open_include = open_include,
                                  .definitions = &definition,
                                  .definition_count = debug,
                                  .case_map = ASM_CASE_NOT_PUBLIC,
                                  .pack = 1};
    struct base_buf source, bytes;
    struct base_diag diag;
    struct base_arena arena;
    struct coff_object object;
    int failures = 0;
    base_buf_init(&source, &base_heap);
    base_buf_init(&bytes, &base_heap);
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    sample_source(&source, s);
    assert_true(asm_assemble(&options, "attributes", base_buf_cstr(&source), source.size, &diag, &bytes, NULL));
    assert_true(coff_read(bytes.data, bytes.size, "object", &arena, &diag, &object));
    for (int i = 0; i < s->count; i++)
        failures += check_procedure(&object, &s->list[i], i, debug);
    assert_int_equal(failures, 0);
    base_arena_free(&arena);
    base_buf_free(&source);
    base_buf_free(&bytes);
    base_diag_free(&diag);
}

static struct sample sample;

static void every_pair(void **state)
{
    (void)state;
    pairs(&sample, false);
    assert_in_range(sample.count, 450, COMBINATIONS_MAX - 1);
    check_sample(&sample, false);
    check_sample(&sample, true);
}

static void every_pair_in_the_other_order(void **state)
{
    (void)state;
    pairs(&sample, true);
    check_sample(&sample, false);
    check_sample(&sample, true);
}

static void some_triples(void **state)
{
    (void)state;
    triples(&sample);
    assert_in_range(sample.count, 300, COMBINATIONS_MAX - 1);
    check_sample(&sample, false);
    check_sample(&sample, true);
}

static int print_sample(const char *which)
{
    struct base_buf source;
    base_buf_init(&source, &base_heap);
    if (strcmp(which, "triples") == 0)
        triples(&sample);
    else
        pairs(&sample, strcmp(which, "reversed") == 0);
    sample_source(&source, &sample);
    fputs(base_buf_cstr(&source), stdout);
    base_buf_free(&source);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair),
        cmocka_unit_test(every_pair_in_the_other_order),
        cmocka_unit_test(some_triples),
    };
    if (argc == 2)
        return print_sample(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
