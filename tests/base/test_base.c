// Tables, maps, buffers and diagnostics: what every room builds on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/table.h"

static void table_reuses_rows_and_copies(void **state)
{
    (void)state;
    struct base_table a, b;
    base_table_init(&a, &base_heap, 8);
    base_table_init(&b, &base_heap, 8);
    uint32_t first = base_table_new(&a);
    uint32_t second = base_table_new(&a);
    assert_int_equal(first, 1);
    assert_int_equal(second, 2);
    base_table_release(&a, first);
    assert_true(base_table_copy(&b, &a));
    assert_int_equal(base_table_new(&a), 1);
    assert_int_equal(base_table_new(&b), 1);
    assert_int_equal(base_table_new(&b), 3);
    assert_int_equal(a.live, 2);
    base_table_free(&a);
    base_table_free(&b);
}

static void map_finds_what_was_set(void **state)
{
    (void)state;
    struct base_map m;
    base_map_init(&m, &base_heap, true);
    char names[1000][8];
    for (size_t i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof names[i], "Name%zu", i);
        assert_true(base_map_set(&m, names[i], strlen(names[i]), names[i]));
    }
    assert_ptr_equal(base_map_get(&m, "nAME777", 7), names[777]);
    base_map_remove(&m, "Name777", 7);
    assert_null(base_map_get(&m, "Name777", 7));
    assert_null(base_map_get(&m, "Name1000", 8));
    assert_true(base_map_set_number(&m, 0, names[0]));
    assert_ptr_equal(base_map_get_number(&m, 0), names[0]);
    base_map_free(&m);
}

static void caret_lines_up_and_nothing_reaches_the_terminal(void **state)
{
    (void)state;
    struct base_diag d;
    base_diag_init(&d, &base_heap, NULL, NULL);
    struct base_place p = {"a.asm", 3, 6, "\tmov\teax\033", 9, 3};
    base_diag_report(&d, BASE_ERROR, &p, "bad %s", "operand");
    assert_string_equal(base_buf_cstr(&d.first), "a.asm:3:6: error: bad operand\n\tmov\teax.\n\t   \t^~~\n");
    assert_int_equal(d.errors, 1);
    base_diag_free(&d);
}

static void *refuse(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)ptr, (void)old_size, (void)new_size;
    return NULL;
}

static void buffer_failure_is_sticky(void **state)
{
    (void)state;
    const struct base_alloc none = {refuse, NULL};
    struct base_buf b;
    base_buf_init(&b, &none);
    base_buf_text(&b, "x");
    assert_false(base_buf_ok(&b));
    assert_string_equal(base_buf_cstr(&b), "");
    struct base_arena a;
    base_arena_init(&a, &none);
    assert_null(base_arena_get(&a, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_reuses_rows_and_copies),
        cmocka_unit_test(map_finds_what_was_set),
        cmocka_unit_test(caret_lines_up_and_nothing_reaches_the_terminal),
        cmocka_unit_test(buffer_failure_is_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
