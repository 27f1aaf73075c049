// Libraries in the layouts of GNU ar and Microsoft's LIB (tests/image/objects/library.c says how they were made): what
// is found in them, and that truncated or corrupted ones are refused or give members inside the file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "golden.h"
#include "image/archive.h"

static const char *const libraries[] = {"tests/image/objects/library.lib", "tests/image/objects/library.a"};

static void check_members(const struct archive *a, const uint8_t *bytes, size_t size)
{
    for (uint32_t i = 0; i < a->member_count; i++) {
        assert_true(a->members[i].bytes >= bytes);
        assert_true(a->members[i].bytes + a->members[i].size <= bytes + size);
        assert_true(strlen(a->members[i].name) < 256);
    }
    for (size_t i = 0; i < a->index.count; i++)
        assert_in_range((struct archive_member *)a->index.entries[i].value - a->members, 0, a->member_count - 1);
}

// What archive_read says: "" and the archive checked, or its message.
static const char *try(const void *bytes, size_t size, struct base_buf *message)
{
    struct base_arena arena;
    struct base_diag diag;
    struct archive a;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_clear(message);
    if (archive_read(bytes, size, "t.lib", &arena, &diag, &a))
        check_members(&a, bytes, size);
    else
        assert_int_equal(diag.errors, 1);
    base_buf_text(message, base_buf_cstr(&diag.first));
    base_map_free(&a.index);
    base_diag_free(&diag);
    base_arena_free(&arena);
    return base_buf_cstr(message);
}

static const char *owner(const struct archive *a, const char *name)
{
    const struct archive_member *m = base_map_get(&a->index, name, strlen(name));
    return m ? m->name : "nobody";
}

static void members_are_found_by_the_names_they_define(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(libraries); i++) {
        size_t size;
        char *bytes = golden_read(libraries[i], &size);
        struct base_arena arena;
        struct base_diag diag;
        struct archive a;
        assert_non_null(bytes);
        base_arena_init(&arena, &base_heap);
        base_diag_init(&diag, &base_heap, NULL, NULL);
        assert_true(archive_is((const uint8_t *)bytes, size));
        assert_true(archive_read((const uint8_t *)bytes, size, libraries[i], &arena, &diag, &a));
        assert_int_equal(a.member_count, 3);
        assert_string_equal(owner(&a, "_first"), "part1.obj");
        assert_string_equal(owner(&a, "_the_second_one_with_a_long_name"), "part2.obj");
        assert_string_equal(owner(&a, "_counter"), "part2.obj");
        assert_string_equal(owner(&a, "_nobody_wants_this"), "a_member_with_a_long_name.obj");
        assert_string_equal(owner(&a, "_nobody_has_this"), "nobody");
        base_map_free(&a.index);
        base_diag_free(&diag);
        base_arena_free(&arena);
        free(bytes);
    }
}

static void every_truncation_and_corrupted_byte_is_survived(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x10};
    struct base_buf message;
    base_buf_init(&message, &base_heap);
    for (size_t i = 0; i < BASE_COUNT(libraries); i++) {
        size_t size;
        char *bytes = golden_read(libraries[i], &size);
        assert_non_null(bytes);
        for (size_t n = 8; n < size; n++) {
            char *copy = malloc(n); // its own block, so that sanitizers see a read beyond it
            memcpy(copy, bytes, n);
            (void)try(copy, n, &message);
            free(copy);
        }
        for (size_t at = 8; at < size; at++)
            for (size_t k = 0; k < BASE_COUNT(changes); k++) {
                bytes[at] = (char)(bytes[at] ^ changes[k]);
                (void)try(bytes, size, &message);
                bytes[at] = (char)(bytes[at] ^ changes[k]);
            }
        free(bytes);
    }
    base_buf_free(&message);
}

#define HEADER(name, size) name "0           0     0     644     " size "`\n"

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *message; // "" = none
    } rows[] = {
#define ROW(text, message) {"!<arch>\n" text, sizeof("!<arch>\n" text) - 1, message}
        ROW("", ""),
        ROW("garbage", "no archive member at 8h"),
        ROW(HEADER("a.obj/          ", "2         ") "xx", "no index of its symbols"),
        ROW(HEADER("a.obj/          ", "9999999999") "xx", "claims 9999999999 bytes"),
        ROW(HEADER("a.obj/          ", "          ") "xx", "no archive member"),
        ROW(HEADER("/7              ", "2         ") "xx", "outside the table of long names"),
        ROW(HEADER("/               ", "2         ") "\0\0", "index is cut off"),
        ROW(HEADER("/               ", "8         ") "\0\0\0\2\0\0\0\0", "index is cut off"),
        ROW(HEADER("/               ", "9         ") "\0\0\0\1\0\0\0\7x", "index is cut off"),
        ROW(HEADER("/               ", "10        ") "\0\0\0\1\0\0\0\7x\0", "a member at 7h, where none is"),
#undef ROW
    };
    struct base_buf message;
    base_buf_init(&message, &base_heap);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        const char *said = try(rows[i].bytes, rows[i].size, &message);
        if (rows[i].message[0] ? !strstr(said, rows[i].message) : said[0] != 0)
            fail_msg("row %zu: '%s' where '%s' was expected", i, said, rows[i].message);
    }
    base_buf_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_the_names_they_define),
        cmocka_unit_test(every_truncation_and_corrupted_byte_is_survived),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
