// Objects of other tools linked into one driver: the sources are in tests/image/objects.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "golden.h"
#include "link/link.h"

enum { MOST = 4 };

// Links the driver in jwasm.obj and nasm.obj with what defines the C procedure it calls, and perhaps a library.
static bool link_with(const char *third, const char *library, struct base_diag *diag, struct base_buf *map)
{
    const char *const names[MOST] = {"jwasm.obj", "nasm.obj", third, library};
    struct link_input inputs[MOST];
    char paths[MOST][100], *bytes[MOST];
    struct base_buf image;
    struct link_options options = {.alloc = &base_heap, .debug = true};
    int count = library ? MOST : MOST - 1;
    for (int i = 0; i < count; i++) {
        size_t size;
        snprintf(paths[i], sizeof paths[i], "tests/image/objects/%s", names[i]);
        bytes[i] = golden_read(paths[i], &size);
        assert_non_null(bytes[i]);
        inputs[i] = (struct link_input){paths[i], (const uint8_t *)bytes[i], size};
    }
    base_buf_init(&image, &base_heap);
    bool ok = link_image(&options, inputs, (size_t)count, diag, &image, map);
    base_buf_free(&image);
    for (int i = 0; i < count; i++)
        free(bytes[i]);
    return ok;
}

static void assert_links(const char *third, const char *library, const char *golden)
{
    struct base_diag diag;
    struct base_buf map;
    char path[100];
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&map, &base_heap);
    if (!link_with(third, library, &diag, &map))
        fail_msg("%s", base_buf_cstr(&diag.first));
    snprintf(path, sizeof path, "tests/link/%s.map", golden);
    assert_golden(path, base_buf_cstr(&map), map.size);
    base_buf_free(&map);
    base_diag_free(&diag);
}

static void objects_of_four_tools_make_a_driver(void **state)
{
    (void)state;
    assert_links("clang-gnu.obj", NULL, "clang-gnu");
    assert_links("clang-msvc.obj", NULL, "clang-msvc");
    assert_links("gas.obj", NULL, "gas");
}

// tests/image/objects/weak.c calls _perhaps, which nobody has.
static void a_weak_external_that_nobody_defines_is_its_stand_in(void **state)
{
    (void)state;
    assert_links("weak.obj", NULL, "weak");
}

// Two members are taken, one because the other wants it; the third, which would miss a symbol, is not.
static void members_of_a_library_come_in_when_they_are_wanted(void **state)
{
    (void)state;
    assert_links("wants.obj", "library.lib", "library-lib");
    assert_links("wants.obj", "library.a", "library-a");
    assert_links("clang-gnu.obj", "library.a", "library-unused");
}

static void what_no_library_has_is_an_error(void **state)
{
    (void)state;
    struct base_diag diag;
    struct base_buf map;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&map, &base_heap);
    assert_false(link_with("wants.obj", NULL, &diag, &map));
    assert_non_null(strstr(base_buf_cstr(&diag.first), "undefined symbol '_first'"));
    base_buf_free(&map);
    base_diag_free(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_four_tools_make_a_driver),
        cmocka_unit_test(a_weak_external_that_nobody_defines_is_its_stand_in),
        cmocka_unit_test(members_of_a_library_come_in_when_they_are_wanted),
        cmocka_unit_test(what_no_library_has_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
