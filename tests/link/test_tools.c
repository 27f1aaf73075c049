// Objects of other tools linked into one driver: the sources are in tests/image/objects.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "golden.h"
#include "link/link.h"

static bool link_with(const char *third, struct base_diag *diag, struct base_buf *map)
{
    const char *const names[] = {"jwasm", "nasm", third};
    struct link_input inputs[3];
    char paths[3][100], *bytes[3];
    struct base_buf image;
    struct link_options options = {.alloc = &base_heap, .debug = true};
    for (int i = 0; i < 3; i++) {
        size_t size;
        snprintf(paths[i], sizeof paths[i], "tests/image/objects/%s.obj", names[i]);
        bytes[i] = golden_read(paths[i], &size);
        assert_non_null(bytes[i]);
        inputs[i] = (struct link_input){paths[i], (const uint8_t *)bytes[i], size};
    }
    base_buf_init(&image, &base_heap);
    bool ok = link_image(&options, inputs, 3, diag, &image, map);
    base_buf_free(&image);
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
    return ok;
}

static void objects_of_four_tools_make_a_driver(void **state)
{
    (void)state;
    static const char *const third[] = {"clang-gnu", "clang-msvc", "gas"};
    for (size_t i = 0; i < BASE_COUNT(third); i++) {
        struct base_diag diag;
        struct base_buf map;
        char golden[100];
        base_diag_init(&diag, &base_heap, NULL, NULL);
        base_buf_init(&map, &base_heap);
        if (!link_with(third[i], &diag, &map))
            fail_msg("%s", base_buf_cstr(&diag.first));
        snprintf(golden, sizeof golden, "tests/link/%s.map", third[i]);
        assert_golden(golden, base_buf_cstr(&map), map.size);
        base_buf_free(&map);
        base_diag_free(&diag);
    }
}

static void a_weak_external_is_refused(void **state)
{
    (void)state;
    struct base_diag diag;
    struct base_buf map;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&map, &base_heap);
    assert_false(link_with("weak", &diag, &map));
    assert_string_equal(
        base_buf_cstr(&diag.first),
        "tests/image/objects/weak.obj: error: the symbol '_perhaps' is a weak external: not implemented\n");
    base_buf_free(&map);
    base_diag_free(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_four_tools_make_a_driver),
        cmocka_unit_test(a_weak_external_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
