// What the macros of ddk/inc emit, case by case: tests/ddk/*.txt hold sources and the objects another assembler makes
// of them (oracle.c), or the error that must be reported.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "asm/asm.h"
#include "ddk/cases.h"
#include "ddk/object_text.h"
#include "kit/ddk.h"

// The include file of tests/ddk/sources that its sources share.
static bool open_beside(struct base_buf *to, const char *name, const char **path, const char **text, size_t *size)
{
    static const char shared[] = "tests/ddk/sources/provide.inc";
    char part[4096];
    FILE *file = strcmp(name, "provide.inc") == 0 ? fopen(shared, "r") : NULL;
    if (!file)
        return false;
    base_buf_clear(to);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        base_buf_add(to, part, n);
    fclose(file);
    *path = shared;
    *text = base_buf_cstr(to);
    *size = to->size;
    return true;
}

static bool open_include(void *user, const char *name, const char *from, const char **path, const char **text,
                         size_t *size)
{
    struct base_buf *beside = user;
    (void)from;
    const struct kit_file *file = kit_ddk_file(name);
    if (!file)
        return open_beside(beside, name, path, text, size);
    *path = file->name;
    *text = file->text;
    *size = file->size;
    return true;
}

static void collect(void *user, enum base_severity severity, const char *text)
{
    (void)severity;
    base_buf_text(user, text);
}

struct outcome {
    bool good;
    struct base_buf object, messages;
    struct base_buf beside; // the include file read last
};

static void assemble(const struct test_case *c, bool masm51, struct outcome *o)
{
    struct asm_definition definitions[8];
    for (size_t i = 0; i < c->symbol_count; i++)
        definitions[i] = (struct asm_definition){c->symbols[i], c->values[i]};
    struct asm_options options = {.alloc = &base_heap,
                                  .open_include = open_include,
                                  .include_user = &o->beside,
                                  .definitions = definitions,
                                  .definition_count = c->symbol_count,
                                  .case_map = ASM_CASE_NOT_PUBLIC,
                                  .masm51 = masm51,
                                  .pack = 1};
    struct base_diag diag;
    struct base_buf source;
    base_buf_init(&o->object, &base_heap);
    base_buf_init(&o->messages, &base_heap);
    base_buf_init(&o->beside, &base_heap);
    base_buf_init(&source, &base_heap);
    base_diag_init(&diag, &base_heap, collect, &o->messages);
    base_buf_printf(&source, "%s%.*s%s", *c->file ? "" : ".386p\ninclude vmm.inc\ninclude debug.inc\n",
                    (int)c->source.size, (const char *)c->source.data, *c->file ? "" : "END\n");
    o->good = asm_assemble(&options, c->name, base_buf_cstr(&source), source.size, &diag, &o->object, NULL);
    base_buf_free(&source);
    base_diag_free(&diag);
}

static void outcome_free(struct outcome *o)
{
    base_buf_free(&o->object);
    base_buf_free(&o->messages);
    base_buf_free(&o->beside);
}

static bool expect_object(struct test_case *c, struct outcome *o)
{
    struct base_buf text;
    struct base_diag diag;
    base_buf_init(&text, &base_heap);
    base_diag_init(&diag, &base_heap, collect, &o->messages);
    bool readable = o->good && object_text(o->object.data, o->object.size, &diag, &text);
    bool same = readable && strcmp(base_buf_cstr(&text), base_buf_cstr(&c->object)) == 0;
    if (!same)
        fprintf(stderr, "%s\n-- expected\n%s-- found\n%s%s", c->name, base_buf_cstr(&c->object), base_buf_cstr(&text),
                base_buf_cstr(&o->messages));
    base_buf_free(&text);
    base_diag_free(&diag);
    return same;
}

static bool expect_errors(struct test_case *c, struct outcome *o)
{
    bool all = true;
    char *part = (char *)base_buf_cstr(&c->errors);
    for (char *end; (end = strchr(part, '\n')) != NULL; part = end + 1) {
        *end = '\0';
        bool found = !o->good && strstr(base_buf_cstr(&o->messages), part);
        *end = '\n';
        if (found)
            continue;
        fprintf(stderr, "%s\n-- expected error\n%.*s\n-- found\n%s", c->name, (int)(end - part), part,
                base_buf_cstr(&o->messages));
        all = false;
    }
    return all;
}

static bool check_under(struct test_case *c, bool masm51)
{
    struct outcome o;
    assemble(c, masm51, &o);
    bool good = c->errors.size ? expect_errors(c, &o) : expect_object(c, &o);
    outcome_free(&o);
    return good;
}

// The same source gives the same object under the rules of MASM 6 and of MASM 5.
static void check_case(struct test_case *c, void *user)
{
    size_t *failures = user;
    if (!check_under(c, false) || (!c->masm6 && !check_under(c, true)))
        ++*failures;
}

static void check_file(const char *path)
{
    size_t failures = 0;
    assert_true(for_each_case(path, check_case, &failures) > 0);
    assert_int_equal(failures, 0);
}

static void procedures(void **state)
{
    (void)state;
    check_file("tests/ddk/procedures.txt");
}

static void frames(void **state)
{
    (void)state;
    check_file("tests/ddk/frames.txt");
}

static void calls_and_tables(void **state)
{
    (void)state;
    check_file("tests/ddk/calls.txt");
}

static void debug_macros(void **state)
{
    (void)state;
    check_file("tests/ddk/debug.txt");
}

static void whole_driver(void **state)
{
    (void)state;
    check_file("tests/ddk/driver.txt");
}

static void sources(void **state)
{
    (void)state;
    check_file("tests/ddk/sources.txt");
}

static void errors(void **state)
{
    (void)state;
    check_file("tests/ddk/errors.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(procedures),   cmocka_unit_test(frames),       cmocka_unit_test(calls_and_tables),
        cmocka_unit_test(debug_macros), cmocka_unit_test(whole_driver), cmocka_unit_test(errors),
        cmocka_unit_test(sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
