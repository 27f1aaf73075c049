// LE images: any bytes are read into a sound model or refused; what was read is listed and written again.
#include <stdlib.h>

#include "dis/dis.h"
#include "image/le.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void list(const struct le_image *image)
{
    struct dis_image_options options = {.alloc = &base_heap, .path = "fuzz.vxd"};
    struct base_buf out;
    uint64_t total = 0;
    for (uint32_t i = 0; i < image->object_count; i++)
        total += image->objects[i].size;
    if (total > 1 << 20)
        return; // a fixed time for each input
    base_buf_init(&out, &base_heap);
    if (!dis_image(&options, image, &out) || !dis_info(&options, image, &out))
        abort();
    base_buf_free(&out);
}

// A model that was read can be written, and reads the same way again.
static void write_and_read(const struct le_image *image, struct base_diag *diag)
{
    struct base_buf first, second;
    struct base_arena arena;
    struct le_image again;
    base_buf_init(&first, &base_heap);
    base_buf_init(&second, &base_heap);
    base_arena_init(&arena, &base_heap);
    if (!le_write(image, NULL, 0, &first, diag) || !le_read(first.data, first.size, "fuzz.vxd", &arena, diag, &again) ||
        !le_write(&again, NULL, 0, &second, diag) || first.size != second.size)
        abort();
    base_arena_free(&arena);
    base_buf_free(&first);
    base_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct base_arena arena;
    struct base_diag diag;
    struct le_image image;
    uint32_t object, offset;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, NULL, NULL);
    bool read = le_read(data, size, "fuzz.vxd", &arena, &diag, &image);
    if (read == (diag.errors != 0))
        abort();
    if (read) {
        list(&image);
        write_and_read(&image, &diag);
        if (!le_check_vxd(&image, "fuzz.vxd", &diag, &object, &offset) && !diag.errors)
            abort();
    }
    base_diag_free(&diag);
    base_arena_free(&arena);
    return 0;
}
