// Collections of drivers: any bytes are opened and every driver taken out, or refused with a message; what comes out is
// read as any driver image is.
#include <stdlib.h>

#include "dis/dis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The list says of each driver whether it is sound, and looks into it to know.
static void list(const struct collection *c, bool json, struct base_diag *diag)
{
    struct dis_image_options options = {.alloc = &base_heap, .path = "fuzz.vxd", .json = json};
    struct base_buf out;
    uint32_t before = diag->errors;
    base_buf_init(&out, &base_heap);
    if (dis_collection(&options, c, diag, &out) != (diag->errors == before))
        abort();
    base_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct base_arena arena;
    struct base_diag diag;
    struct collection c;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, NULL, NULL);
    bool read = collection_read(data, size, "fuzz.vxd", &arena, &diag, &c);
    if (read == (diag.errors != 0) || (read && !collection_signed(data, size)))
        abort();
    for (uint32_t i = 0; read && i < c.driver_count; i++)
        if (collection_find(&c, c.drivers[i].name) != &c.drivers[i])
            abort();
    if (read) {
        list(&c, false, &diag);
        list(&c, true, &diag);
    }
    base_diag_free(&diag);
    base_arena_free(&arena);
    return 0;
}
