// What `vxd info` tells of a collection of drivers: its kind, and of each driver its name, id, kind and size.
#include <string.h>

#include "dis/dis.h"

struct row {
    const struct collection_driver *driver;
    size_t size; // as a file of its own
    bool readable, dynamic;
    uint16_t device_id;
    uint32_t objects;
};

// A damaged driver has its own message and a row with what the collection's table says.
static bool look_at(const struct dis_image_options *options, const struct collection *c, struct row *row,
                    struct base_diag *diag)
{
    struct base_arena arena;
    struct base_buf file;
    struct le_image image;
    base_arena_init(&arena, options->alloc);
    base_buf_init(&file, options->alloc);
    row->readable = collection_extract(c, row->driver, row->driver->name, &file, diag) &&
                    le_read(file.data, file.size, row->driver->name, &arena, diag, &image);
    row->size = file.size;
    if (row->readable) {
        row->dynamic = (image.flags & LE_DYNAMIC_VXD) == LE_DYNAMIC_VXD;
        row->device_id = image.device_id;
        row->objects = image.object_count;
    }
    base_buf_free(&file);
    base_arena_free(&arena);
    return row->readable;
}

static void text_head(const struct dis_image_options *options, const struct collection *c, struct base_buf *out)
{
    base_buf_printf(out, "%s: a %s collection of %u drivers for Windows %u.%02u", options->path,
                    c->packed ? "W4" : "W3", c->driver_count, c->version >> 8, c->version & 0xff);
    if (c->packed)
        base_buf_printf(out, ", packed in %u chunks", c->chunk_count);
    base_buf_text(out, "\n\ndriver    id    kind     objects  header at    bytes  as a file\n");
}

static void text_row(struct base_buf *out, const struct row *row)
{
    const struct collection_driver *d = row->driver;
    if (row->readable)
        base_buf_printf(out, "%-8s  %04X  %-7s  %7u   %08X  %6u  %9zu\n", d->name, row->device_id,
                        row->dynamic ? "dynamic" : "static", row->objects, d->offset, d->header_size, row->size);
    else
        base_buf_printf(out, "%-8s  damaged                  %08X  %6u\n", d->name, d->offset, d->header_size);
}

static void json_head(const struct dis_image_options *options, const struct collection *c, struct base_buf *out)
{
    base_buf_text(out, "{\"file\":");
    base_buf_json(out, options->path, strlen(options->path));
    base_buf_printf(out, ",\"collection\":\"%s\",\"version\":%u,\"chunks\":%u,\"drivers\":[", c->packed ? "W4" : "W3",
                    c->version, c->chunk_count);
}

static void json_row(struct base_buf *out, const struct row *row, bool first)
{
    const struct collection_driver *d = row->driver;
    base_buf_text(out, first ? "{\"name\":" : ",{\"name\":");
    base_buf_json(out, d->name, strlen(d->name));
    base_buf_printf(out, ",\"header\":%u,\"header_bytes\":%u,\"readable\":%s", d->offset, d->header_size,
                    row->readable ? "true" : "false");
    if (row->readable)
        base_buf_printf(out, ",\"device_id\":%u,\"kind\":\"%s\",\"objects\":%u,\"bytes\":%zu", row->device_id,
                        row->dynamic ? "dynamic" : "static", row->objects, row->size);
    base_buf_text(out, "}");
}

bool dis_collection(const struct dis_image_options *options, const struct collection *c, struct base_diag *diag,
                    struct base_buf *out)
{
    bool sound = true;
    (options->json ? json_head : text_head)(options, c, out);
    for (uint32_t i = 0; i < c->driver_count; i++) {
        struct row row = {.driver = &c->drivers[i]};
        sound &= look_at(options, c, &row, diag);
        if (options->json)
            json_row(out, &row, i == 0);
        else
            text_row(out, &row);
    }
    base_buf_text(out, options->json ? "]}\n" : "");
    return sound && base_buf_ok(out);
}
