// COFF objects and a .def file behind them: any bytes link into an image that reads back, or are refused.
// The input: bytes up to a NUL are the .def file, the rest is the object, with a library behind it where one begins.
#include <stdlib.h>
#include <string.h>

#include "image/archive.h"
#include "image/coff.h"
#include "image/le.h"
#include "link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(const struct base_buf *image, struct base_diag *diag)
{
    struct base_arena arena;
    struct le_image model;
    uint32_t object, offset;
    base_arena_init(&arena, &base_heap);
    if (!le_read(image->data, image->size, "fuzz.vxd", &arena, diag, &model) ||
        !le_check_vxd(&model, "fuzz.vxd", diag, &object, &offset))
        abort();
    base_arena_free(&arena);
}

// What was read as an object can be written as one, unless it holds what only other tools write.
static void write_object(const uint8_t *data, size_t size)
{
    struct base_arena arena;
    struct base_diag diag;
    struct base_buf out;
    struct coff_object object, again;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&out, &base_heap);
    if (coff_read(data, size, "fuzz.obj", &arena, &diag, &object) && coff_write(&object, &out, &diag) &&
        !coff_read(out.data, out.size, "fuzz.obj", &arena, &diag, &again))
        abort();
    base_buf_free(&out);
    base_diag_free(&diag);
    base_arena_free(&arena);
}

// The same objects as programs of DOS.
static void link_programs(const struct link_options *options, const struct link_input *input)
{
    bool (*const link[])(const struct link_options *, const struct link_input *, size_t, struct base_diag *,
                         struct base_buf *) = {link_com, link_exe};
    for (size_t i = 0; i < BASE_COUNT(link); i++) {
        struct base_diag diag;
        struct base_buf image;
        base_diag_init(&diag, &base_heap, NULL, NULL);
        base_buf_init(&image, &base_heap);
        if (!link[i](options, input, 1, &diag, &image) && diag.errors == 0)
            abort();
        base_buf_free(&image);
        base_diag_free(&diag);
    }
}

static size_t library_start(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size && !archive_is(data + at, size - at))
        at++;
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t def_size = end ? (size_t)(end - data) : 0, skip = end ? def_size + 1 : 0;
    struct link_input def = {"fuzz.def", data, def_size};
    size_t library = skip + library_start(data + skip, size - skip);
    struct link_input inputs[2] = {{"fuzz.obj", data + skip, library - skip},
                                   {"fuzz.lib", data + library, size - library}};
    struct link_options options = {.alloc = &base_heap, .def = def_size ? &def : NULL, .debug = true};
    struct base_diag diag;
    struct base_buf image, map;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&image, &base_heap);
    base_buf_init(&map, &base_heap);
    if (link_image(&options, inputs, library < size ? 2 : 1, &diag, &image, &map))
        read_back(&image, &diag);
    else if (diag.errors == 0)
        abort();
    write_object(inputs[0].bytes, inputs[0].size);
    link_programs(&options, &inputs[0]);
    base_buf_free(&image);
    base_buf_free(&map);
    base_diag_free(&diag);
    return 0;
}
