// Objects are linked, the image is read, listed and written again while each request for memory in turn is refused: no
// step crashes or leaks, and a failure is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dis/dis.h"
#include "failing_alloc.h"
#include "golden.h"
#include "image/coff.h"
#include "link/link.h"

struct input {
    const uint8_t *bytes;
    size_t size;
};

typedef bool step(const struct base_alloc *alloc, struct base_diag *diag, struct input input);

static bool link_object(const struct base_alloc *alloc, struct base_diag *diag, struct input input)
{
    static const char def[] = "VXD OTHER\nSEGMENTS\n _LTEXT CLASS 'LCODE' PRELOAD\nEXPORTS RESTRICT_DDB @1\n";
    struct link_input object = {"t.obj", input.bytes, input.size},
                      def_input = {"t.def", (const void *)def, sizeof def - 1};
    struct link_options options = {.alloc = alloc, .def = &def_input, .debug = true};
    struct base_buf image, map;
    base_buf_init(&image, alloc);
    base_buf_init(&map, alloc);
    bool ok = link_image(&options, &object, 1, diag, &image, &map);
    base_buf_free(&image);
    base_buf_free(&map);
    return ok;
}

static bool rewrite_object(const struct base_alloc *alloc, struct base_diag *diag, struct input input)
{
    struct base_arena arena;
    struct coff_object object;
    struct base_buf out;
    base_arena_init(&arena, alloc);
    base_buf_init(&out, alloc);
    bool ok = coff_read(input.bytes, input.size, "t.obj", &arena, diag, &object) && coff_write(&object, &out, diag);
    base_buf_free(&out);
    base_arena_free(&arena);
    return ok;
}

static bool list_image(const struct base_alloc *alloc, struct base_diag *diag, struct input input)
{
    struct base_arena arena;
    struct le_image image;
    struct base_buf out;
    struct dis_image_options options = {.alloc = alloc, .path = "t.vxd"};
    base_arena_init(&arena, alloc);
    base_buf_init(&out, alloc);
    bool ok = le_read(input.bytes, input.size, "t.vxd", &arena, diag, &image) && le_write(&image, NULL, 0, &out, diag);
    if (ok && !(dis_image(&options, &image, &out) && dis_info(&options, &image, &out))) {
        base_diag_report(diag, BASE_ERROR, NULL, "out of memory");
        ok = false;
    }
    base_buf_free(&out);
    base_arena_free(&arena);
    return ok;
}

static void refuse_each(step *fn, const char *path, size_t skip)
{
    size_t size;
    char *bytes = golden_read(path, &size);
    struct input input = {(const uint8_t *)bytes + skip, size - skip};
    assert_non_null(bytes);
    for (long n = 0;; n++) {
        struct failing_alloc state = {.left = n};
        const struct base_alloc alloc = {failing_alloc_fn, &state};
        struct base_diag diag;
        base_diag_init(&diag, &alloc, NULL, NULL);
        bool ok = fn(&alloc, &diag, input);
        if (ok != (diag.errors == 0))
            fail_msg("%s: request %ld: %s, %u messages", path, n, ok ? "done" : "failed", diag.errors);
        base_diag_free(&diag);
        assert_int_equal(state.held, 0);
        if (!state.refused) {
            assert_true(ok && n > 10);
            break;
        }
        assert_true(n < 100000);
    }
    free(bytes);
}

static void any_refused_request_is_survived(void **state)
{
    (void)state;
    refuse_each(link_object, "fuzz/seeds/link/restricted.bin", 1);
    refuse_each(rewrite_object, "fuzz/seeds/link/restricted.bin", 1);
    refuse_each(list_image, "fuzz/seeds/image/restricted-debug.vxd", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_refused_request_is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
