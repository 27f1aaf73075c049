// The case files of tests/asm: source, and what the object or the messages must say. The bytes come from JWasm or the
// manual (tests/asm/oracle.c prints them), never from our own output. Format: tests/ddk/cases.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "asm/run_case.h"
#include "ddk/object_text.h"

struct tally {
    size_t cases, failures;
    struct base_buf messages;
};

// In their order: that of the source.
static bool all_found(struct base_buf *wanted, const char *text)
{
    char *line = (char *)base_buf_cstr(wanted);
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = 0;
        const char *found = strstr(text, line);
        if (!found) {
            print_error("missing: %s\n", line);
            return false;
        }
        text = found;
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
    struct base_buf messages, object;
    struct base_diag diag;
    base_buf_init(&messages, &base_heap);
    base_buf_init(&object, &base_heap);
    bool ok = assemble_case(c, &diag, &messages, &object);
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
CASES(words)
CASES(errors)
CASES(messages)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instructions32), cmocka_unit_test(test_instructions16), cmocka_unit_test(test_language),
        cmocka_unit_test(test_flow),           cmocka_unit_test(test_options),        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_words),          cmocka_unit_test(test_errors),         cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
