// Opens W3 and W4 collections: finds the header behind the MZ program, unpacks chunks, reads the list of drivers.
#include "image/collection.h"

#include <string.h>
#include <strings.h>

#include "image/le.h"

// Header fields, from the signature. Both kinds have a version word at 02h and the table at 10h.
enum {
    H_VERSION = 0x02,
    W3_DRIVERS = 0x04, // word: how many
    W4_CHUNK_SIZE = 0x04,
    W4_CHUNKS = 0x06,
    W4_METHOD = 0x08,
    H_TABLE = 0x10,
    W3_ENTRY_SIZE = 0x10,
    W3_ENTRY_OFFSET = 0x08,
    W3_ENTRY_HEADER_SIZE = 0x0C,
    W4_ENTRY_SIZE = 4,
};
enum { CHUNK = 0x2000, CHUNKS_MAX = 1023 }; // what the loader of Windows takes
enum { DRIVERS_MAX = 1024 };                // Windows 95 has 42

struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t base; // of the signature
    const char *name;
    struct base_arena *arena;
    struct base_diag *diag;
    struct collection *c;
};

// Where the header behind an MZ program is; 0: nowhere.
static size_t find_header(const uint8_t *bytes, size_t size)
{
    if (size < 0x40 || bytes[0] != 'M' || bytes[1] != 'Z')
        return 0;
    size_t base = base_get32(bytes + 0x3C);
    return base < size && size - base >= H_TABLE ? base : 0;
}

bool collection_signed(const uint8_t *bytes, size_t size)
{
    size_t base = find_header(bytes, size);
    return base && bytes[base] == 'W' && (bytes[base + 1] == '3' || bytes[base + 1] == '4');
}

// ---------------------------------------------------------------------------------------------------------------------
// W4: chunks

static const uint8_t *chunk_entry(const struct reader *r, uint32_t chunk)
{
    return r->bytes + r->base + H_TABLE + (size_t)chunk * W4_ENTRY_SIZE;
}

// A chunk reaches to the next one, the last to the end of the file.
static bool find_chunk(struct reader *r, uint32_t chunk, size_t *at, size_t *size)
{
    size_t end = chunk + 1 < r->c->chunk_count ? base_get32(chunk_entry(r, chunk + 1)) : r->size;
    *at = base_get32(chunk_entry(r, chunk));
    if (*at > end || end > r->size)
        return base_diag_fail(r->diag, r->name, "chunk %u lies from %zxh to %zxh in a file of %zxh bytes", chunk + 1,
                              *at, end, r->size);
    *size = end - *at;
    return true;
}

static bool unpack_chunk(struct reader *r, uint32_t chunk, uint8_t *to, size_t *made)
{
    size_t at = 0, size = 0;
    if (!find_chunk(r, chunk, &at, &size))
        return false;
    const char *problem = collection_unpack(r->bytes + at, size, to, CHUNK, made);
    if (problem && size == CHUNK)
        return base_diag_fail(
            r->diag, r->name,
            "chunk %u is as long as what it holds and not packed (%s): such chunks are described nowhere and "
            "not implemented",
            chunk + 1, problem);
    if (problem)
        return base_diag_fail(r->diag, r->name, "chunk %u is damaged: %s", chunk + 1, problem);
    if (*made < CHUNK && chunk + 1 < r->c->chunk_count)
        return base_diag_fail(r->diag, r->name, "chunk %u is damaged: it holds %zxh bytes, not %xh", chunk + 1, *made,
                              CHUNK);
    return true;
}

static bool check_w4_header(struct reader *r)
{
    const uint8_t *h = r->bytes + r->base;
    r->c->chunk_count = base_get16(h + W4_CHUNKS);
    if (memcmp(h + W4_METHOD, "DS", 2) != 0)
        return base_diag_fail(r->diag, r->name, "packed by the method %02xh %02xh, not DS: not implemented",
                              h[W4_METHOD], h[W4_METHOD + 1]);
    if (base_get16(h + W4_CHUNK_SIZE) != CHUNK)
        return base_diag_fail(r->diag, r->name, "a chunk size of %xh, expected %xh", base_get16(h + W4_CHUNK_SIZE),
                              CHUNK);
    if (r->c->chunk_count == 0 || r->c->chunk_count > CHUNKS_MAX)
        return base_diag_fail(r->diag, r->name, "%u chunks, expected 1 to %d", r->c->chunk_count, CHUNKS_MAX);
    if (r->size - r->base - H_TABLE < (size_t)r->c->chunk_count * W4_ENTRY_SIZE)
        return base_diag_fail(r->diag, r->name, "the table of %u chunks goes beyond the end of the file",
                              r->c->chunk_count);
    return true;
}

// The unpacked file is the MZ program and what the chunks hold, a W3 header first.
static bool unpack(struct reader *r)
{
    if (!check_w4_header(r))
        return false;
    uint8_t *file = base_arena_zero(r->arena, r->base + (size_t)r->c->chunk_count * CHUNK);
    size_t size = r->base, made;
    if (!file)
        return base_diag_fail(r->diag, r->name, "out of memory");
    memcpy(file, r->bytes, r->base);
    for (uint32_t i = 0; i < r->c->chunk_count; i++, size += made)
        if (!unpack_chunk(r, i, file + size, &made))
            return false;
    r->c->packed = true;
    r->bytes = file;
    r->size = size;
    if (size - r->base < H_TABLE || memcmp(file + r->base, "W3", 2) != 0)
        return base_diag_fail(r->diag, r->name, "what is packed in it is no W3 collection");
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// W3: drivers

static bool good_in_names(uint8_t c)
{
    return c > 0x20 && c < 0x7F && !strchr("/\\.:*?\"<>|", c);
}

static bool read_name(struct reader *r, uint32_t index, const uint8_t *p, char name[9])
{
    size_t n = 8;
    while (n && (p[n - 1] == ' ' || p[n - 1] == 0))
        n--;
    for (size_t i = 0; i < n; i++)
        if (!good_in_names(p[i]))
            return base_diag_fail(r->diag, r->name, "driver %u: its name has the character %02xh", index + 1, p[i]);
    if (n == 0)
        return base_diag_fail(r->diag, r->name, "driver %u has no name", index + 1);
    memcpy(name, p, n);
    name[n] = '\0';
    return true;
}

static bool read_driver(struct reader *r, uint32_t index)
{
    const uint8_t *p = r->bytes + r->base + H_TABLE + (size_t)index * W3_ENTRY_SIZE;
    struct collection_driver d = {.offset = base_get32(p + W3_ENTRY_OFFSET),
                                  .header_size = base_get32(p + W3_ENTRY_HEADER_SIZE)};
    if (!read_name(r, index, p, d.name))
        return false;
    if (collection_find(r->c, d.name))
        return base_diag_fail(r->diag, r->name, "two drivers are called %s", d.name);
    if (d.offset > r->size || d.header_size > r->size - d.offset)
        return base_diag_fail(r->diag, r->name, "%s: a header of %xh bytes at %xh goes beyond the end of the file",
                              d.name, d.header_size, d.offset);
    r->c->drivers[r->c->driver_count++] = d;
    return true;
}

static bool read_drivers(struct reader *r)
{
    uint32_t count = base_get16(r->bytes + r->base + W3_DRIVERS);
    if (count > DRIVERS_MAX)
        return base_diag_fail(r->diag, r->name, "%u drivers, the limit is %d", count, DRIVERS_MAX);
    if (r->size - r->base - H_TABLE < (size_t)count * W3_ENTRY_SIZE)
        return base_diag_fail(r->diag, r->name, "the table of %u drivers goes beyond the end of the file", count);
    r->c->drivers = base_arena_zero(r->arena, ((size_t)count + 1) * sizeof *r->c->drivers);
    if (!r->c->drivers)
        return base_diag_fail(r->diag, r->name, "out of memory");
    for (uint32_t i = 0; i < count; i++)
        if (!read_driver(r, i))
            return false;
    return true;
}

bool collection_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena,
                     struct base_diag *diag, struct collection *c)
{
    struct reader r = {.bytes = bytes, .size = size, .name = name, .arena = arena, .diag = diag, .c = c};
    *c = (struct collection){.packed = false};
    if (!collection_signed(bytes, size))
        return base_diag_fail(r.diag, r.name, "no W3 or W4 collection of drivers");
    r.base = find_header(bytes, size);
    c->version = base_get16(bytes + r.base + H_VERSION);
    if (bytes[r.base + 1] == '4' && !unpack(&r))
        return false;
    c->bytes = r.bytes;
    c->size = r.size;
    return read_drivers(&r);
}

const struct collection_driver *collection_find(const struct collection *c, const char *name)
{
    for (uint32_t i = 0; i < c->driver_count; i++)
        if (strcasecmp(c->drivers[i].name, name) == 0)
            return &c->drivers[i];
    return NULL;
}

bool collection_extract(const struct collection *c, const struct collection_driver *driver, const char *name,
                        struct base_buf *out, struct base_diag *diag)
{
    return le_extract(c->bytes, c->size, driver->offset, driver->header_size, name, out, diag);
}
