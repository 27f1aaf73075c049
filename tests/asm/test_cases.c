// The case files of tests/asm: source, and what the object or the messages must say. The bytes come from JWasm or the
// manual (tests/asm/oracle.c prints them), never from our own output. Format: tests/ddk/cases.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "asm/asm.h"
#include "ddk/cases.h"
#include "ddk/object_text.h"

struct tally {
    size_t cases, failures;
    struct base_buf messages;
};

static void collect(void *user, enum base_severity severity, const char *text)
{
    (void)severity;
    base_buf_text(user, text);
}

static bool all_found(struct base_buf *wanted, const char *text)
{
    char *line = (char *)base_buf_cstr(wanted);
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = 0;
        if (!strstr(text, line)) {
            print_error("missing: %s\n", line);
            return false;
        }
    }
    return true;
}

static void show_difference(const char *got, const char *wanted)
{
    size_t same = 0;
    while (got[same] && got[same] == wanted[same])
        same++;
    size_t from = same > 30 ? same - 30 : 0;
    print_error("at %zu: got    ...%.70s\n", same, got + from);
    print_error("at %zu: wanted ...%.70s\n", same, wanted + from);
}

static bool check_result(struct test_case *c, bool ok, struct base_buf *object, struct base_diag *diag,
                         struct base_buf *messages)
{
    if (c->errors.size)
        return all_found(&c->errors, base_buf_cstr(messages));
    if (!ok)
        return false;
    struct base_buf text;
    base_buf_init(&text, &base_heap);
    bool good = object_text(object->data, object->size, diag, &text) &&
                strcmp(base_buf_cstr(&text), base_buf_cstr(&c->object)) == 0;
    if (!good)
        show_difference(base_buf_cstr(&text), base_buf_cstr(&c->object));
    base_buf_free(&text);
    return good;
}

static void run_case(struct test_case *c, void *user)
{
    struct tally *tally = user;
    struct asm_definition definitions[8];
    struct asm_options options = {
        .alloc = &base_heap, .definitions = definitions, .case_map = ASM_CASE_NOT_PUBLIC, .warning_level = 3};
    for (size_t i = 0; i < c->symbol_count; i++) {
        char *value = strchr(c->symbols[i], '=');
        if (strcmp(c->symbols[i], "-Zm") == 0)
            options.masm51 = true;
        else if (strcmp(c->symbols[i], "-Cp") == 0)
            options.case_map = ASM_CASE_NONE;
        else {
            if (value)
                *value++ = 0;
            definitions[options.definition_count++] = (struct asm_definition){c->symbols[i], value};
        }
    }
    struct base_buf messages, object;
    struct base_diag diag;
    base_buf_init(&messages, &base_heap);
    base_buf_init(&object, &base_heap);
    base_diag_init(&diag, &base_heap, collect, &messages);
    base_buf_text(&c->source, "end\n");
    bool ok = asm_assemble(&options, "case.asm", (const char *)c->source.data, c->source.size, &diag, &object, NULL);
    base_buf_printf(&messages, "(%u errors)\n", diag.errors);
    tally->cases++;
    if (!check_result(c, ok, &object, &diag, &messages)) {
        print_error("case %s\n%s\n", c->name, base_buf_cstr(&messages));
        tally->failures++;
    }
    base_diag_free(&diag);
    base_buf_free(&object);
    base_buf_free(&messages);
}

static void run_file(const char *path)
{
    struct tally tally = {0};
    for_each_case(path, run_case, &tally);
    print_message("%s: %zu cases, %zu failures\n", path, tally.cases, tally.failures);
    assert_true(tally.cases > 0);
    assert_int_equal(tally.failures, 0);
}

#define CASES(name)                                                                                                    \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        run_file("tests/asm/" #name ".txt");                                                                           \
    }
CASES(instructions32)
CASES(instructions16)
CASES(language)
CASES(flow)
CASES(options)
CASES(sources)
CASES(errors)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instructions32), cmocka_unit_test(test_instructions16), cmocka_unit_test(test_language),
        cmocka_unit_test(test_flow),           cmocka_unit_test(test_options),        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
