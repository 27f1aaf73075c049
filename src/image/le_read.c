// Reads an LE image: finds the header, takes objects with their pages; fixups, entries and names are in le_fixups.c and
// le_names.c. Nothing that a file says is believed before it is checked against the file's size.
#include <string.h>

#include "image/le_format.h"

bool le_fail(struct le_reader *r, const char *format, ...)
{
    struct base_place place = {.file = r->name};
    va_list args;
    va_start(args, format);
    base_diag_vreport(r->diag, BASE_ERROR, &place, format, args);
    va_end(args);
    return false;
}

bool le_in_file(const struct le_reader *r, uint64_t offset, uint64_t n)
{
    return offset <= r->size && n <= r->size - offset;
}

void *le_array(struct le_reader *r, uint64_t count, size_t size)
{
    void *p = count < SIZE_MAX / size - 1 ? base_arena_zero(r->arena, (size_t)(count + 1) * size) : NULL;
    if (!p)
        le_fail(r, "out of memory");
    return p;
}

static uint32_t field(const struct le_reader *r, enum le_header_field f)
{
    return base_get32(r->header + f);
}

// ---------------------------------------------------------------------------------------------------------------------
// The header

static const struct {
    char signature[3];
    const char *what;
} other_kinds[] = {
    {"W3", "a W3 collection of drivers (WIN386.EXE), not one driver: vxd info --extract takes it apart"},
    {"W4", "a W4 collection of drivers (VMM32.VXD), not one driver: vxd info --extract takes it apart"},
    {"LX", "an LX image (OS/2), not a virtual device driver"},
    {"NE", "a 16-bit Windows or OS/2 program (NE), not a virtual device driver"},
    {"PE", "a Win32 or WDM image (PE), not a virtual device driver"},
};

static bool refuse_signature(struct le_reader *r, const uint8_t *p)
{
    for (size_t i = 0; i < BASE_COUNT(other_kinds); i++)
        if (!memcmp(p, other_kinds[i].signature, 2))
            return le_fail(r, "%s", other_kinds[i].what);
    return le_fail(r, "no LE image: the signature is %02xh %02xh", p[0], p[1]);
}

static bool find_header(struct le_reader *r)
{
    if (r->size == 0)
        return le_fail(r, "the file is empty");
    if (r->size < 2)
        return le_fail(r, "no LE image: one byte");
    if (r->bytes[0] == 'M' && r->bytes[1] == 'Z') {
        if (r->size < 0x40)
            return le_fail(r, "the file ends inside its MZ header, after %zu bytes", r->size);
        r->base = base_get32(r->bytes + 0x3c);
        if (!le_in_file(r, r->base, 2))
            return le_fail(
                r, "no LE image: an MZ program whose new header would be at %zxh, beyond the end of the file", r->base);
    }
    if (memcmp(r->bytes + r->base, "LE", 2) != 0)
        return refuse_signature(r, r->bytes + r->base);
    if (!le_in_file(r, r->base, LE_HEADER_SIZE))
        return le_fail(r, "the file ends inside its LE header");
    r->header = r->bytes + r->base;
    return true;
}

static bool read_header(struct le_reader *r)
{
    struct le_image *m = r->image;
    if (!find_header(r))
        return false;
    if (base_get16(r->header + LE_H_BYTE_ORDER) != 0 || field(r, LE_H_LEVEL) != 0)
        return le_fail(r, "LE header: unknown byte order or format level");
    if (field(r, LE_H_PAGE_SIZE) != LE_PAGE)
        return le_fail(r, "LE header: page size %xh, expected 1000h", field(r, LE_H_PAGE_SIZE));
    if (field(r, LE_H_LAST_PAGE) > LE_PAGE)
        return le_fail(r, "LE header: %xh bytes in the last page of 1000h", field(r, LE_H_LAST_PAGE));
    m->cpu = base_get16(r->header + LE_H_CPU);
    m->os = base_get16(r->header + LE_H_OS);
    m->module_version = field(r, LE_H_VERSION);
    m->flags = field(r, LE_H_FLAGS);
    m->import_count = field(r, LE_H_IMPORT_COUNT);
    m->device_id = base_get16(r->header + LE_H_DEVICE_ID);
    m->ddk_version = base_get16(r->header + LE_H_DDK_VERSION);
    r->page_count = field(r, LE_H_PAGES);
    m->object_count = field(r, LE_H_OBJECT_COUNT);
    if (!le_in_file(r, r->base + (uint64_t)field(r, LE_H_OBJECTS), (uint64_t)m->object_count * LE_OBJECT_SIZE))
        return le_fail(r, "the table of %u objects goes beyond the end of the file", m->object_count);
    if (!le_in_file(r, r->base + (uint64_t)field(r, LE_H_PAGE_MAP), (uint64_t)r->page_count * 4))
        return le_fail(r, "the map of %u pages goes beyond the end of the file", r->page_count);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Objects and pages

// Four characters, when they are ones a person can read.
static void read_object_name(struct le_object *o, const uint8_t *p)
{
    for (int i = 0; i < 4 && p[i]; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e) {
            memset(o->name, 0, sizeof o->name);
            return;
        }
        o->name[i] = (char)p[i];
    }
}

// Notes which pages belong to the object; each page has one owner.
static bool claim_pages(struct le_reader *r, uint32_t index, uint32_t first, uint32_t count)
{
    const struct le_object *o = &r->image->objects[index];
    if (count == 0)
        return true;
    if (first == 0 || first > r->page_count || count > r->page_count - first + 1)
        return le_fail(r, "object %u: pages %u to %llu of %u", index + 1, first, (unsigned long long)first + count - 1,
                       r->page_count);
    if (count > ((uint64_t)o->size + LE_PAGE - 1) / LE_PAGE)
        return le_fail(r, "object %u: %u pages for a size of %xh", index + 1, count, o->size);
    for (uint32_t i = 0; i < count; i++) {
        if (r->page_object[first - 1 + i])
            return le_fail(r, "page %u belongs to objects %u and %u", first + i, r->page_object[first - 1 + i],
                           index + 1);
        r->page_object[first - 1 + i] = index + 1;
        r->page_index[first - 1 + i] = i;
    }
    return true;
}

static bool read_object(struct le_reader *r, uint32_t index, uint64_t *total)
{
    const uint8_t *p = r->header + field(r, LE_H_OBJECTS) + (size_t)index * LE_OBJECT_SIZE;
    struct le_object *o = &r->image->objects[index];
    o->size = base_get32(p);
    o->flags = base_get32(p + 8);
    read_object_name(o, p + 20);
    *total += o->size;
    if (*total > LE_SIZE_LIMIT)
        return le_fail(r, "object %u: a size of %xh makes the image larger than %d MB", index + 1, o->size,
                       LE_SIZE_LIMIT >> 20);
    if (base_get32(p + 4) != 0)
        return le_fail(r, "object %u: a base address of %xh, expected 0", index + 1, base_get32(p + 4));
    return claim_pages(r, index, base_get32(p + 12), base_get32(p + 16));
}

static const uint8_t *page_entry(const struct le_reader *r, uint32_t page)
{
    return r->header + field(r, LE_H_PAGE_MAP) + (size_t)(page - 1) * 4;
}

static uint32_t page_number(const uint8_t *entry)
{
    return (uint32_t)entry[0] << 16 | (uint32_t)entry[1] << 8 | entry[2]; // big-endian, the only such field
}

// The file's last page may be short: the one with the highest number.
uint32_t le_last_page(const struct le_reader *r)
{
    uint32_t last = 0;
    for (uint32_t page = 1; page <= r->page_count; page++) {
        const uint8_t *e = page_entry(r, page);
        if (e[3] == LE_PAGE_VALID && page_number(e) > last)
            last = page_number(e);
    }
    return last;
}

// Copies one page; *length receives how many bytes the file has of it.
static bool read_page(struct le_reader *r, uint32_t page, uint32_t last, uint8_t *to, uint32_t *length)
{
    const uint8_t *e = page_entry(r, page);
    uint32_t n = page_number(e), short_length = field(r, LE_H_LAST_PAGE);
    *length = LE_PAGE;
    if (e[3] == LE_PAGE_INVALID || e[3] == LE_PAGE_ZERO)
        return true;
    if (e[3] == LE_PAGE_ITERATED)
        return le_fail(r, "page %u is compressed (iterated): not implemented yet", page);
    if (e[3] != LE_PAGE_VALID || n == 0)
        return le_fail(r, "page %u: the page map has number %u, kind %u", page, n, e[3]);
    if (n == last && short_length)
        *length = short_length;
    uint64_t at = field(r, LE_H_DATA) + (uint64_t)(n - 1) * LE_PAGE;
    if (!le_in_file(r, at, *length))
        return le_fail(r, "page %u would be at %llxh, beyond the end of the file", page, (unsigned long long)at);
    memcpy(to, r->bytes + at, *length);
    return true;
}

static bool read_object_data(struct le_reader *r, uint32_t index, uint32_t first, uint32_t count, uint32_t last)
{
    struct le_object *o = &r->image->objects[index];
    uint8_t *data = count ? le_array(r, count, LE_PAGE) : NULL;
    uint32_t length = 0;
    if (count && !data)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!read_page(r, first + i, last, data + (size_t)i * LE_PAGE, &length))
            return false;
    o->data = data;
    o->data_size = count ? (count - 1) * LE_PAGE + length : 0;
    if (o->data_size > o->size)
        o->data_size = o->size;
    return true;
}

// No page of the file may be mapped twice: memory stays proportional to the file.
static bool check_page_numbers(struct le_reader *r)
{
    uint32_t last = le_last_page(r), in_use = 0;
    for (uint32_t page = 1; page <= r->page_count; page++)
        in_use += page_entry(r, page)[3] == LE_PAGE_VALID;
    if (in_use > last)
        return le_fail(r, "the page map uses %u pages, but numbers only %u", in_use, last);
    return true;
}

static bool read_objects(struct le_reader *r)
{
    struct le_image *m = r->image;
    uint64_t total = 0;
    m->objects = le_array(r, m->object_count, sizeof *m->objects);
    r->page_object = le_array(r, r->page_count, sizeof *r->page_object);
    r->page_index = le_array(r, r->page_count, sizeof *r->page_index);
    if (!m->objects || !r->page_object || !r->page_index || !check_page_numbers(r))
        return false;
    for (uint32_t i = 0; i < m->object_count; i++)
        if (!read_object(r, i, &total))
            return false;
    uint32_t last = le_last_page(r);
    for (uint32_t i = 0; i < m->object_count; i++) {
        const uint8_t *p = r->header + field(r, LE_H_OBJECTS) + (size_t)i * LE_OBJECT_SIZE;
        if (!read_object_data(r, i, base_get32(p + 12), base_get32(p + 16), last))
            return false;
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Parts that a loader does without, but a file that lacks its end is damaged

static bool read_resource(struct le_reader *r)
{
    uint32_t at = field(r, LE_H_RESOURCE), size = field(r, LE_H_RESOURCE_SIZE);
    if (!at || !size)
        return true;
    if (!le_in_file(r, at, size))
        return le_fail(r, "the version resource (%xh bytes at %xh) goes beyond the end of the file", size, at);
    uint8_t *copy = le_array(r, size, 1);
    if (!copy)
        return false;
    memcpy(copy, r->bytes + at, size);
    r->image->version_resource = copy;
    r->image->version_resource_size = size;
    return true;
}

static bool read_debug(struct le_reader *r)
{
    uint32_t at = field(r, LE_H_DEBUG), size = field(r, LE_H_DEBUG_SIZE);
    if (!at || !size)
        return true;
    if (!le_in_file(r, at, size))
        return le_fail(r, "the debug information (%xh bytes at %xh) goes beyond the end of the file", size, at);
    return le_read_debug(r, r->bytes + at, size);
}

bool le_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena, struct base_diag *diag,
             struct le_image *image)
{
    struct le_reader r = {.bytes = bytes, .size = size, .name = name, .arena = arena, .diag = diag, .image = image};
    *image = (struct le_image){.module_name = "", .description = ""};
    return read_header(&r) && read_objects(&r) && le_read_entries(&r) && le_read_names(&r) && le_read_fixups(&r) &&
           read_resource(&r) && read_debug(&r);
}
