// What the case files must reach: every message that src/asm can report is said in some case, every directive and every
// operator stands in a case that assembles. The messages are read from the sources themselves, so that a new one
// without a case fails here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>

#include "asm/run_case.h"
#include "golden.h"

static const char *const case_files[] = {"errors",  "messages", "options",        "language",      "flow",
                                         "sources", "words",    "instructions16", "instructions32"};

// Nobody can provoke these from a source: memory that is refused (tests/failing_alloc.h has that), addresses that never
// settle.
static const char *const out_of_reach[] = {"out of memory", "addresses do not settle after %u passes",
                                           "segment %s is larger than %u MiB", "generated code is nested too deeply"};

struct reached {
    struct base_buf messages; // of all cases
    struct base_buf sources;  // of those that assemble, in lower case
};

static void run_case(struct test_case *c, void *user)
{
    struct reached *r = user;
    struct base_diag diag;
    struct base_buf object;
    base_buf_init(&object, &base_heap);
    bool ok = assemble_case(c, &diag, &r->messages, &object);
    for (size_t i = 0; ok && i < c->source.size; i++) {
        char letter = (char)c->source.data[i];
        base_buf_add8(&r->sources, (uint8_t)(letter >= 'A' && letter <= 'Z' ? letter + 0x20 : letter));
    }
    base_diag_free(&diag);
    base_buf_free(&object);
}

static int run_all_cases(void **state)
{
    static struct reached r;
    base_buf_init(&r.messages, &base_heap);
    base_buf_init(&r.sources, &base_heap);
    for (size_t i = 0; i < BASE_COUNT(case_files); i++) {
        char path[64];
        snprintf(path, sizeof path, "tests/asm/%s.txt", case_files[i]);
        if (for_each_case(path, run_case, &r) == 0)
            return -1;
    }
    *state = &r;
    return 0;
}

static int free_all(void **state)
{
    struct reached *r = *state;
    base_buf_free(&r->messages);
    base_buf_free(&r->sources);
    return 0;
}

// ---- messages ----

// The text between quotes from *p on, neighbouring literals joined; *p moves behind it.
static bool read_literal(const char **p, struct base_buf *out)
{
    base_buf_clear(out);
    const char *q = *p;
    while (*q == '"') {
        for (q++; *q && *q != '"'; q++) {
            q += *q == '\\';
            base_buf_add8(out, (uint8_t)*q);
        }
        q += *q == '"';
        *p = q;
        q += strspn(q, " \n");
    }
    return out->size > 0;
}

static size_t conversion_length(const char *p)
{
    size_t n = 1 + strspn(p + 1, "-0123456789.*lz");
    return n + (p[n] != 0);
}

// Does a line of the text have the pieces of the format in their order?
static bool line_matches(const char *line, const char *end, const char *format)
{
    bool anywhere = true;
    while (*format) {
        if (*format == '%' && format[1] != '%') {
            format += conversion_length(format);
            anywhere = true;
            continue;
        }
        format += *format == '%';
        size_t n = 1 + strcspn(format + 1, "%");
        const char *found = line;
        while (found + n <= end && memcmp(found, format, n) != 0 && anywhere)
            found++;
        if (found + n > end || memcmp(found, format, n) != 0)
            return false;
        line = found + n;
        format += n;
        anywhere = false;
    }
    return true;
}

static bool is_said(const char *text, const char *format)
{
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        if (line_matches(text, end, format))
            return true;
    return false;
}

static bool is_out_of_reach(const char *format)
{
    for (size_t i = 0; i < BASE_COUNT(out_of_reach); i++)
        if (strncmp(format, out_of_reach[i], strlen(out_of_reach[i])) == 0)
            return true;
    return false;
}

// The end of a call's arguments.
static const char *call_end(const char *p)
{
    int depth = 1;
    for (; *p && depth; p++) {
        if (*p == '\'' && p[1] && p[2])
            p += p[1] == '\\' ? 3 : 2;
        else if (*p == '"')
            for (p++; *p && *p != '"'; p++)
                p += *p == '\\';
        else
            depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
    }
    return p;
}

// The first literal of each call is its format, or, where the format is chosen, one of the formats.
static size_t check_calls(const char *path, const char *source, const char *said)
{
    static const char *const calls[] = {"asm_error(a,", "asm_error_outside(a,", "asm_fatal(a,", "asm_warn(a,"};
    struct base_buf format;
    size_t missing = 0;
    base_buf_init(&format, &base_heap);
    for (size_t k = 0; k < BASE_COUNT(calls); k++)
        for (const char *p = source; (p = strstr(p, calls[k])) != NULL;) {
            const char *q = p + strlen(calls[k]), *end = call_end(q);
            while (q < end && *q != '"')
                q += *q == '\'' ? (q[1] == '\\' ? 4 : 3) : 1;
            p = end;
            if (q >= end || !read_literal(&q, &format) || is_out_of_reach(base_buf_cstr(&format)) ||
                is_said(said, base_buf_cstr(&format)))
                continue;
            print_error("no case says: %s (%s)\n", base_buf_cstr(&format), path);
            missing++;
        }
    base_buf_free(&format);
    return missing;
}

static void every_message_is_said_in_some_case(void **state)
{
    struct reached *r = *state;
    DIR *directory = opendir("src/asm");
    size_t missing = 0, files = 0;
    assert_non_null(directory);
    for (struct dirent *e; (e = readdir(directory)) != NULL;) {
        char path[300];
        size_t size;
        if (!strstr(e->d_name, ".c"))
            continue;
        snprintf(path, sizeof path, "src/asm/%s", e->d_name);
        char *source = golden_read(path, &size);
        assert_non_null(source);
        missing += check_calls(path, source, base_buf_cstr(&r->messages));
        files++;
        free(source);
    }
    closedir(directory);
    assert_true(files > 30);
    assert_int_equal(missing, 0);
}

// ---- words ----

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("_@$?.", c);
}

static bool stands_in(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; (p = strstr(p, word)) != NULL; p += n)
        if ((p == text || !is_name_char(p[-1])) && !is_name_char(p[n]))
            return true;
    return false;
}

static void every_directive_and_operator_stands_in_some_case(void **state)
{
    static const char *const words[] = {
#define DIRECTIVE(text, stage, name, function, argument) text,
#include "asm/directives.def"
#undef DIRECTIVE
#define REGISTER(text, class, number) text,
#define OPERATOR(text, operator)      text,
#define TYPE(text, type)              text,
#define PREFIX(text, byte)            text,
#define LANGUAGE(text, language)      text,
#include "asm/keywords.def"
    };
    struct reached *r = *state;
    size_t missing = 0;
    for (size_t i = 0; i < BASE_COUNT(words); i++)
        if (!stands_in(base_buf_cstr(&r->sources), words[i])) {
            print_error("in no case: %s\n", words[i]);
            missing++;
        }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_said_in_some_case),
        cmocka_unit_test(every_directive_and_operator_stands_in_some_case),
    };
    return cmocka_run_group_tests(tests, run_all_cases, free_all);
}
