// An LE image out of a collection as a file of its own: its header and tables as they are, its pages behind them, and
// an MZ stub in front. In a collection the pages' offset counts from the start of the whole file.
#include <string.h>

#include "image/le_format.h"

static uint32_t field(const struct le_reader *r, enum le_header_field f)
{
    return base_get32(r->header + f);
}

static bool find_parts(struct le_reader *r, uint64_t header_size, size_t *pages)
{
    if (header_size < LE_HEADER_SIZE || memcmp(r->header, "LE", 2) != 0)
        return le_fail(r, "no LE header of %llxh bytes at %zxh", (unsigned long long)header_size, r->base);
    r->page_count = field(r, LE_H_PAGES);
    if (field(r, LE_H_PAGE_SIZE) != LE_PAGE || field(r, LE_H_LAST_PAGE) > LE_PAGE)
        return le_fail(r, "LE header: page size %xh with %xh bytes in the last page, expected 1000h",
                       field(r, LE_H_PAGE_SIZE), field(r, LE_H_LAST_PAGE));
    if (field(r, LE_H_PAGE_MAP) > header_size || r->page_count > (header_size - field(r, LE_H_PAGE_MAP)) / 4)
        return le_fail(r, "the map of %u pages is not inside its header of %llxh bytes", r->page_count,
                       (unsigned long long)header_size);
    uint32_t last = le_last_page(r), short_length = field(r, LE_H_LAST_PAGE);
    *pages = last ? (size_t)(last - 1) * LE_PAGE + (short_length ? short_length : LE_PAGE) : 0;
    if (!le_in_file(r, field(r, LE_H_DATA), *pages))
        return le_fail(r, "its pages (%zxh bytes at %xh) go beyond the end of the file", *pages, field(r, LE_H_DATA));
    return true;
}

// What a collection keeps of the parts behind the pages is described nowhere: the file goes without them.
static void drop_rest(struct base_buf *out, size_t base)
{
    static const enum le_header_field fields[] = {LE_H_NONRESIDENT, LE_H_NONRESIDENT_SIZE, LE_H_DEBUG,
                                                  LE_H_DEBUG_SIZE,  LE_H_RESOURCE,         LE_H_RESOURCE_SIZE};
    for (size_t i = 0; i < BASE_COUNT(fields); i++)
        base_buf_put32(out, base + fields[i], 0);
}

bool le_extract(const uint8_t *bytes, size_t size, uint64_t header, uint64_t header_size, const char *name,
                struct base_buf *out, struct base_diag *diag)
{
    struct le_reader r = {.bytes = bytes, .size = size, .name = name, .diag = diag};
    size_t pages = 0;
    if (!le_in_file(&r, header, header_size))
        return le_fail(&r, "its header goes beyond the end of the file");
    r.base = (size_t)header;
    r.header = bytes + r.base;
    if (!find_parts(&r, header_size, &pages))
        return false;
    base_buf_add(out, le_stub, LE_STUB_SIZE);
    size_t base = out->size;
    base_buf_add(out, r.header, (size_t)header_size);
    base_buf_fill(out, 0, (0 - out->size) & (LE_DATA_ALIGN - 1));
    size_t data = out->size;
    base_buf_add(out, bytes + field(&r, LE_H_DATA), pages);
    if (!base_buf_ok(out))
        return le_fail(&r, "out of memory");
    base_buf_put32(out, 0x3c, LE_STUB_SIZE);
    base_buf_put32(out, base + LE_H_DATA, (uint32_t)data);
    drop_rest(out, base);
    return true;
}
