// What an assembly yields beside code: symbols, line numbers, directives for the linker, the listing, messages to the
// console; and that work and memory are bounded, whatever the source says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "asm/asm.h"
#include "failing_alloc.h"
#include "image/coff.h"

struct result {
    bool ok;
    struct base_buf object, listing, messages, echoed;
    struct base_arena arena;
    struct coff_object coff;
};

static void collect(void *user, enum base_severity severity, const char *text)
{
    (void)severity;
    base_buf_text(user, text);
}

static void collect_echo(void *user, const char *text)
{
    base_buf_printf(user, "%s\n", text);
}

static void assemble(struct result *r, struct asm_options *o, const char *text, bool listing)
{
    struct base_diag diag;
    base_buf_init(&r->object, &base_heap);
    base_buf_init(&r->listing, &base_heap);
    base_buf_init(&r->messages, &base_heap);
    base_buf_init(&r->echoed, &base_heap);
    base_arena_init(&r->arena, &base_heap);
    o->alloc = o->alloc ? o->alloc : &base_heap;
    o->echo = collect_echo;
    o->echo_user = &r->echoed;
    base_diag_init(&diag, &base_heap, collect, &r->messages);
    r->ok = asm_assemble(o, "test.asm", text, strlen(text), &diag, &r->object, listing ? &r->listing : NULL);
    if (r->ok)
        assert_true(coff_read(r->object.data, r->object.size, "test.obj", &r->arena, &diag, &r->coff));
    base_diag_free(&diag);
}

static void result_free(struct result *r)
{
    base_buf_free(&r->object);
    base_buf_free(&r->listing);
    base_buf_free(&r->messages);
    base_buf_free(&r->echoed);
    base_arena_free(&r->arena);
}

static const struct coff_symbol *find_symbol(const struct result *r, const char *name)
{
    for (uint32_t i = 0; i < r->coff.symbol_count; i++)
        if (strcmp(r->coff.symbols[i].name, name) == 0)
            return &r->coff.symbols[i];
    return NULL;
}

static void test_symbols(void **state)
{
    (void)state;
    struct result r;
    struct asm_options o = {.case_map = ASM_CASE_NOT_PUBLIC};
    static const char text[] =
        ".386\npublic here, five\nextrn far1:near, unused:dword\nexterndef never:byte\nfive equ 5\nS segment use32\n"
        "here: call far1\ninside: nop\nS ends\ncomm buf:dword:4\nend here\n";
    assemble(&r, &o, text, false);
    assert_true(r.ok);
    assert_int_equal(find_symbol(&r, "here")->storage, COFF_EXTERNAL);
    assert_int_equal(find_symbol(&r, "here")->section, 1);
    assert_int_equal(find_symbol(&r, "five")->section, COFF_ABSOLUTE);
    assert_int_equal(find_symbol(&r, "five")->value, 5);
    assert_int_equal(find_symbol(&r, "far1")->section, COFF_UNDEFINED);
    assert_int_equal(find_symbol(&r, "buf")->value, 16);
    assert_null(find_symbol(&r, "never"));
    assert_null(find_symbol(&r, "inside"));
    result_free(&r);
    o.symbols = true;
    assemble(&r, &o, text, false);
    assert_int_equal(find_symbol(&r, "inside")->value, 5);
    result_free(&r);
    o.case_map = ASM_CASE_ALL;
    assemble(&r, &o, text, false);
    assert_non_null(find_symbol(&r, "HERE"));
    result_free(&r);
}

// A macro's code belongs to the line that called it.
static void test_line_numbers(void **state)
{
    (void)state;
    struct result r;
    struct asm_options o = {.line_numbers = true};
    assemble(&r, &o, ".386\nm macro\nnop\nnop\nendm\nS segment use32\nx: mov eax, ebx\nm\nret\ndd 5\nS ends\nend\n",
             false);
    assert_true(r.ok);
    const struct coff_section *s = &r.coff.sections[0];
    static const uint32_t wanted[][2] = {{0, 7}, {2, 8}, {4, 9}, {5, 10}};
    assert_int_equal(s->line_count, BASE_COUNT(wanted));
    for (uint32_t i = 0; i < s->line_count; i++) {
        assert_int_equal(s->lines[i].offset, wanted[i][0]);
        assert_int_equal(s->lines[i].line, wanted[i][1]);
    }
    result_free(&r);
}

static void test_directives(void **state)
{
    (void)state;
    struct result r;
    struct asm_options o = {.alloc = NULL};
    assemble(&r, &o,
             ".386\nincludelib vxd.lib\n_LTEXT segment dword public use32 'LCODE'\nnop\n_LTEXT ends\n_RCODE segment "
             "word use16 'RCODE'\nnop\n_RCODE ends\nend\n",
             false);
    assert_true(r.ok);
    assert_string_equal(
        r.coff.directives,
        "-defaultlib:vxd.lib -segment:_LTEXT,class=LCODE,align=4,use=32 -segment:_RCODE,class=RCODE,align=2,use=16 "
        "-combine:_RCODE=private ");
    assert_int_equal(r.coff.sections[0].align, 4);
    assert_true(r.coff.sections[1].flags & COFF_16BIT);
    assert_false(r.coff.sections[0].flags & COFF_16BIT);
    result_free(&r);
}

static void test_definitions_and_echo(void **state)
{
    (void)state;
    struct result r;
    static const struct asm_definition definitions[] = {{"DEBUG", NULL}, {"LEVEL", "2"}, {"TEXT", "mov eax"}};
    struct asm_options o = {.definitions = definitions, .definition_count = 3};
    assemble(&r, &o,
             ".386\nifdef DEBUG\n%out debug\nendif\nif LEVEL eq 2\necho two\nendif\n%echo TEXT\n% echo TEXT\nS segment "
             "use32\nTEXT, LEVEL\nS ends\nend\n",
             false);
    assert_true(r.ok);
    assert_string_equal(base_buf_cstr(&r.echoed), "debug\ntwo\nmov eax\nmov eax\n");
    assert_memory_equal(r.coff.sections[0].data, "\xb8\x02\0\0\0", 5);
    result_free(&r);
}

static void test_listing(void **state)
{
    (void)state;
    struct result r;
    struct asm_options o = {.alloc = NULL};
    assemble(&r, &o,
             "title a listing\n.386\nm macro x\nmov eax, x\nendm\nS segment use32\na: m 5\nif 0\nnop\nendif\nd dd "
             "offset a, 1, 2\n.if eax\n.endif\nS ends\nend\n",
             true);
    assert_true(r.ok);
    assert_string_equal(base_buf_cstr(&r.listing),
                        "a listing\n\n"
                        "                                  title a listing\n"
                        "                                  .386\n"
                        "                                  m macro x\n"
                        "                                  mov eax, x\n"
                        "                                  endm\n"
                        "                                  S segment use32\n"
                        " 00000000                         a: m 5\n"
                        " 00000000 B805000000           1  mov eax, 5\n"
                        "                                  if 0\n"
                        "                                  nop\n"
                        "                                  endif\n"
                        " 00000005 0000000001000000+       d dd offset a, 1, 2\n"
                        "                                  .if eax\n"
                        " 00000011 0BC0                 1  or eax, eax\n"
                        " 00000013 7400                 1  jz @C0001\n"
                        "                                  .endif\n"
                        " 00000015                      1  @C0001:\n"
                        " 00000015                         S ends\n"
                        "                                  end\n"
                        "\nSymbols\n\n"
                        "m                                macro           \n"
                        "S                                segment          size 00000015 align 16 use32 class ''\n"
                        "a                                label            S:00000000\n"
                        "d                                label            S:00000005\n"
                        "@C0001                           label            S:00000015\n");
    result_free(&r);
}

static void test_identical_objects(void **state)
{
    (void)state;
    struct result x, y;
    struct asm_options o = {.line_numbers = true};
    static const char text[] = ".386\nS segment use32\nx: mov eax, offset x\njmp y\ny: nop\nS ends\nend\n";
    assemble(&x, &o, text, false);
    assemble(&y, &o, text, false);
    assert_int_equal(x.object.size, y.object.size);
    assert_memory_equal(x.object.data, y.object.data, x.object.size);
    result_free(&x);
    result_free(&y);
}

static void test_limits(void **state)
{
    (void)state;
    struct result r;
    struct asm_options o = {.work_limit = 1000};
    assemble(&r, &o, "i = 0\nwhile 1\ni = i + 1\nendm\nend\n", false);
    assert_false(r.ok);
    assert_non_null(strstr(base_buf_cstr(&r.messages), "the work limit of 1000 is reached"));
    result_free(&r);
    o = (struct asm_options){.memory_limit = 1 << 20};
    assemble(&r, &o, "S segment\nrept 1000000\ndd $\nendm\nS ends\nend\n", false);
    assert_false(r.ok);
    assert_non_null(strstr(base_buf_cstr(&r.messages), "out of memory"));
    result_free(&r);
}

// ---- every request for memory made to fail in turn ----

static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] =
        ".386\nm macro x\nlocal l\nl: mov eax, x\nendm\nS segment use32\nm 5\nfor y, <1,2>\ndd y\nendm\nS ends\nend\n";
    bool ok = false;
    size_t n = 0;
    for (; !ok && n < 2000; n++) {
        struct failing_alloc f = {.left = (long)n};
        struct base_alloc alloc = {failing_alloc_fn, &f};
        struct base_diag diag;
        struct base_buf object;
        struct asm_options o = {.alloc = &alloc};
        base_diag_init(&diag, &base_heap, NULL, NULL);
        base_buf_init(&object, &base_heap);
        ok = asm_assemble(&o, "test.asm", text, sizeof text - 1, &diag, &object, NULL);
        assert_int_equal(f.held, 0);
        assert_true(ok || diag.errors > 0);
        base_buf_free(&object);
        base_diag_free(&diag);
    }
    assert_true(ok);
    assert_true(n > 20);
}

static void test_listing_of_a_prologue(void **state)
{
    (void)state;
    struct asm_options o = {0};
    struct result r;
    assemble(&r, &o, ".386\nS segment use32\np proc c uses ebx, x:dword\nmov eax, x\nret\np endp\nS ends\nend\n", true);
    assert_true(r.ok);
    const char *list = base_buf_cstr(&r.listing);
    const char *push = strstr(list, "push ebp"), *mov = strstr(list, "mov eax, x"), *pop = strstr(list, "pop ebx");
    assert_true(push && mov && pop && push < mov && mov < pop);
    assert_non_null(strstr(list, "00000004 8B4508"));
    result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),           cmocka_unit_test(test_line_numbers),
        cmocka_unit_test(test_directives),        cmocka_unit_test(test_definitions_and_echo),
        cmocka_unit_test(test_listing),           cmocka_unit_test(test_listing_of_a_prologue),
        cmocka_unit_test(test_identical_objects), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
