// Writes the model of le.h as an LE image behind an MZ stub: header, objects, page map, names, entries, fixups, pages,
// non-resident names, version resource, debug information, in this order.
#include <stdlib.h>
#include <string.h>

#include "image/le_format.h"

enum { LIST_MAX = 255, NAME_MAX_LENGTH = 255 };

struct writer {
    const struct le_image *image;
    struct base_buf *out;
    struct base_diag *diag;
    struct base_buf records;     // fixup records of all pages
    struct base_buf page_fixups; // of struct source, those of the page at hand
    size_t base;                 // of the LE header
    uint32_t page_count, last_page, preload_pages;
    uint32_t *pages; // file pages of each object
};

static bool fail(struct writer *w, const char *format, ...) BASE_PRINTF(2, 3);

static bool fail(struct writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    base_diag_vreport(w->diag, BASE_ERROR, NULL, format, args);
    va_end(args);
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// What the model must satisfy

static bool check_fixup(struct writer *w, const struct le_fixup *f, const struct le_fixup *before)
{
    const struct le_image *m = w->image;
    if (f->object >= m->object_count || f->target_object >= m->object_count)
        return fail(w, "a fixup names an object that does not exist");
    if ((uint64_t)f->offset + le_source_width(f->source) > m->objects[f->object].size)
        return fail(w, "a fixup at %xh goes beyond object %u", f->offset, f->object + 1);
    if (before && (before->object > f->object || (before->object == f->object && before->offset >= f->offset)))
        return fail(w, "fixups must be sorted by object and offset");
    return true;
}

static bool check_export(struct writer *w, const struct le_export *e, const struct le_export *before)
{
    const struct le_image *m = w->image;
    if (e->object >= m->object_count || e->offset > m->objects[e->object].size || e->ordinal == 0)
        return fail(w, "the export %s lies in no object", e->name);
    if (before && e->ordinal < before->ordinal)
        return fail(w, "exports must be sorted by ordinal");
    if (strlen(e->name) > NAME_MAX_LENGTH)
        return fail(w, "the export %.40s... has a name longer than %d characters", e->name, NAME_MAX_LENGTH);
    return true;
}

static bool check_model(struct writer *w)
{
    const struct le_image *m = w->image;
    uint64_t total = 0;
    if (strlen(m->module_name) > NAME_MAX_LENGTH || strlen(m->description) > NAME_MAX_LENGTH)
        return fail(w, "module name and description may have %d characters", NAME_MAX_LENGTH);
    for (uint32_t i = 0; i < m->object_count; i++) {
        total += m->objects[i].size;
        if (m->objects[i].data_size > m->objects[i].size)
            return fail(w, "object %u has more bytes than its size", i + 1);
    }
    if (total > LE_SIZE_LIMIT || m->object_count > UINT16_MAX)
        return fail(w, "the image is too large: %u objects, %llu bytes; the limit is %d MB", m->object_count,
                    (unsigned long long)total, LE_SIZE_LIMIT >> 20);
    for (uint32_t i = 0; i < m->fixup_count; i++)
        if (!check_fixup(w, &m->fixups[i], i ? &m->fixups[i - 1] : NULL))
            return false;
    for (uint32_t i = 0; i < m->export_count; i++)
        if (!check_export(w, &m->exports[i], i ? &m->exports[i - 1] : NULL))
            return false;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The stub

// Prints its message and ends with exit code 1 when DOS starts the file.
const uint8_t le_stub[LE_STUB_SIZE] = {
    'M',
    'Z',
    0x80,
    0,
    1,
    0,
    0,
    0,
    4,
    0,
    0,
    0,
    0xff,
    0xff,
    0,
    0, // 80h bytes in
       // one page,
       // header of 4
       // paragraphs
    0xb8,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0x40, // SP; relocations at 40h: a new header follows
    [0x40] = 0x0e,
    0x1f,
    0xba,
    0x0e,
    0x00,
    0xb4,
    0x09,
    0xcd,
    0x21,
    0xb8,
    0x01,
    0x4c,
    0xcd,
    0x21, // print, exit
    'A',
    ' ',
    'W',
    'i',
    'n',
    'd',
    'o',
    'w',
    's',
    ' ',
    'd',
    'e',
    'v',
    'i',
    'c',
    'e',
    ' ',
    'd',
    'r',
    'i',
    'v',
    'e',
    'r',
    ';',
    ' ',
    'n',
    'o',
    't',
    ' ',
    'a',
    ' ',
    'p',
    'r',
    'o',
    'g',
    'r',
    'a',
    'm',
    '.',
    13,
    10,
    '$',
};

static bool put_stub(struct writer *w, const uint8_t *stub, size_t size)
{
    if (!stub) {
        stub = le_stub;
        size = sizeof le_stub;
    }
    if (size < 0x40 || stub[0] != 'M' || stub[1] != 'Z' || base_get16(stub + 0x18) < 0x40)
        return fail(w, "the stub is no MZ program with room for the address of a new header at 3Ch");
    base_buf_add(w->out, stub, size);
    base_buf_fill(w->out, 0, (0 - size) & 15);
    w->base = w->out->size;
    base_buf_put32(w->out, 0x3c, (uint32_t)w->base);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Objects and pages

// Bytes of an object that must be in the file: its data, and every field that a fixup fills.
static bool plan_pages(struct writer *w)
{
    const struct le_image *m = w->image;
    w->pages = base_alloc_zero(w->out->alloc, (m->object_count + 1) * sizeof *w->pages);
    uint32_t *bytes = base_alloc_zero(w->out->alloc, (m->object_count + 1) * sizeof *bytes);
    if (w->pages && bytes) {
        for (uint32_t i = 0; i < m->object_count; i++)
            bytes[i] = m->objects[i].data_size;
        for (uint32_t i = 0; i < m->fixup_count; i++) {
            const struct le_fixup *f = &m->fixups[i];
            uint32_t end = f->offset + le_source_width(f->source);
            if (end > bytes[f->object])
                bytes[f->object] = end;
        }
        for (uint32_t i = 0; i < m->object_count; i++) {
            w->pages[i] = (bytes[i] + LE_PAGE - 1) / LE_PAGE;
            w->page_count += w->pages[i];
            w->preload_pages += m->objects[i].flags & LE_PRELOAD ? w->pages[i] : 0;
            if (bytes[i])
                w->last_page = (bytes[i] - 1) % LE_PAGE + 1;
        }
    }
    bool ok = w->pages && bytes;
    base_alloc_free(w->out->alloc, bytes, (m->object_count + 1) * sizeof *bytes);
    return ok || fail(w, "out of memory");
}

static void set_field(struct writer *w, enum le_header_field f, size_t value)
{
    base_buf_put32(w->out, w->base + f, (uint32_t)value);
}

static void set_here(struct writer *w, enum le_header_field f)
{
    set_field(w, f, w->out->size - w->base);
}

static void put_objects(struct writer *w)
{
    const struct le_image *m = w->image;
    uint32_t page = 1;
    set_here(w, LE_H_OBJECTS);
    for (uint32_t i = 0; i < m->object_count; i++) {
        base_buf_add32(w->out, m->objects[i].size);
        base_buf_add32(w->out, 0);
        base_buf_add32(w->out, m->objects[i].flags);
        base_buf_add32(w->out, page);
        base_buf_add32(w->out, w->pages[i]);
        base_buf_add(w->out, m->objects[i].name, 4);
        page += w->pages[i];
    }
    set_here(w, LE_H_PAGE_MAP);
    for (uint32_t n = 1; n <= w->page_count; n++) {
        const uint8_t entry[4] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, LE_PAGE_VALID};
        base_buf_add(w->out, entry, 4);
    }
}

static void put_pages(struct writer *w)
{
    const struct le_image *m = w->image;
    base_buf_fill(w->out, 0, (0 - w->out->size) & (LE_DATA_ALIGN - 1));
    set_field(w, LE_H_DATA, w->out->size);
    uint32_t left = w->page_count;
    for (uint32_t i = 0; i < m->object_count; i++) {
        left -= w->pages[i];
        uint32_t room = w->pages[i] * LE_PAGE - (left == 0 && w->pages[i] ? LE_PAGE - w->last_page : 0);
        if (m->objects[i].data_size)
            base_buf_add(w->out, m->objects[i].data, m->objects[i].data_size);
        base_buf_fill(w->out, 0, room - m->objects[i].data_size);
        if (left == 0)
            break;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Names and entries

static void put_name(struct writer *w, const char *name, uint16_t ordinal)
{
    base_buf_add8(w->out, (uint8_t)strlen(name));
    base_buf_text(w->out, name);
    base_buf_add16(w->out, ordinal);
}

static void put_entries(struct writer *w)
{
    const struct le_image *m = w->image;
    uint32_t done = 0; // last ordinal written
    set_here(w, LE_H_ENTRIES);
    for (uint32_t i = 0; i < m->export_count; i++) {
        const struct le_export *e = &m->exports[i];
        for (uint32_t skip; e->ordinal > done + 1; done += skip) {
            skip = e->ordinal - done - 1 < 255 ? e->ordinal - done - 1 : 255;
            base_buf_add8(w->out, (uint8_t)skip);
            base_buf_add8(w->out, LE_ENTRY_SKIP);
        }
        if (e->ordinal == done)
            continue; // a second name of the same entry
        base_buf_add8(w->out, 1);
        base_buf_add8(w->out, LE_ENTRY_32);
        base_buf_add16(w->out, (uint16_t)(e->object + 1));
        base_buf_add8(w->out, LE_ENTRY_EXPORTED);
        base_buf_add32(w->out, e->offset);
        done = e->ordinal;
    }
    base_buf_add8(w->out, 0);
}

static void put_names(struct writer *w)
{
    const struct le_image *m = w->image;
    set_here(w, LE_H_RESIDENT);
    put_name(w, m->module_name, 0);
    for (uint32_t i = 0; i < m->export_count; i++)
        if (m->exports[i].name[0])
            put_name(w, m->exports[i].name, m->exports[i].ordinal);
    base_buf_add8(w->out, 0);
}

static void put_description(struct writer *w)
{
    size_t start = w->out->size;
    if (!w->image->description[0])
        return;
    put_name(w, w->image->description, 0);
    base_buf_add8(w->out, 0);
    set_field(w, LE_H_NONRESIDENT, start);
    set_field(w, LE_H_NONRESIDENT_SIZE, w->out->size - start);
}

// ---------------------------------------------------------------------------------------------------------------------
// Fixups: those of a page with the same target share one record

struct source {
    const struct le_fixup *fixup;
    int16_t place; // relative to the page
    bool alone;    // crosses a page boundary: the one form that every loader takes is a record of its own
};

static int compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_sources(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int c = compare_numbers(x->fixup->source, y->fixup->source);
    c = c ? c : compare_numbers(x->fixup->target_object, y->fixup->target_object);
    c = c ? c : compare_numbers(x->fixup->target_offset, y->fixup->target_offset);
    c = c ? c : (int)x->alone - (int)y->alone;
    return c ? c : (int)x->place - (int)y->place;
}

static bool same_target(const struct source *x, const struct source *y)
{
    return x->fixup->source == y->fixup->source && x->fixup->target_object == y->fixup->target_object &&
           x->fixup->target_offset == y->fixup->target_offset && !x->alone && !y->alone;
}

static void put_record(struct writer *w, const struct source *s, uint32_t count)
{
    const struct le_fixup *f = s->fixup;
    bool wide_object = f->target_object + 1 > UINT8_MAX, wide_offset = f->target_offset > UINT16_MAX;
    base_buf_add8(&w->records, (uint8_t)(f->source | (count > 1 ? LE_SOURCE_LIST : 0)));
    base_buf_add8(&w->records, (uint8_t)((wide_object ? LE_FIX_OBJECT16 : 0) | (wide_offset ? LE_FIX_OFFSET32 : 0)));
    if (count > 1)
        base_buf_add8(&w->records, (uint8_t)count);
    else
        base_buf_add16(&w->records, (uint16_t)s->place);
    base_buf_add8(&w->records, (uint8_t)(f->target_object + 1));
    if (wide_object)
        base_buf_add8(&w->records, (uint8_t)((f->target_object + 1) >> 8));
    if (f->source != LE_SELECTOR && wide_offset)
        base_buf_add32(&w->records, f->target_offset);
    else if (f->source != LE_SELECTOR)
        base_buf_add16(&w->records, (uint16_t)f->target_offset);
    for (uint32_t i = 0; count > 1 && i < count; i++)
        base_buf_add16(&w->records, (uint16_t)s[i].place);
}

static void put_page_records(struct writer *w)
{
    struct source *s = (void *)w->page_fixups.data;
    uint32_t n = (uint32_t)(w->page_fixups.size / sizeof *s);
    if (n)
        qsort(s, n, sizeof *s, compare_sources);
    for (uint32_t i = 0, count; i < n; i += count) {
        count = 1;
        while (count < LIST_MAX && i + count < n && same_target(&s[i], &s[i + count]))
            count++;
        put_record(w, &s[i], count);
    }
}

// Collects the fixups that touch a page. *next is the first fixup not wholly before it.
static void collect_page(struct writer *w, uint32_t object, uint32_t page, uint32_t *next)
{
    const struct le_image *m = w->image;
    int64_t start = (int64_t)page * LE_PAGE;
    base_buf_clear(&w->page_fixups);
    for (uint32_t i = *next; i < m->fixup_count; i++) {
        const struct le_fixup *f = &m->fixups[i];
        int64_t place = (int64_t)f->offset - start, end = place + le_source_width(f->source);
        if (f->object != object || place >= LE_PAGE)
            break;
        if (end <= 0) {
            *next = i + 1;
            continue;
        }
        struct source s = {f, (int16_t)place, place < 0 || end > LE_PAGE};
        base_buf_add(&w->page_fixups, &s, sizeof s);
    }
}

static void put_fixups(struct writer *w)
{
    const struct le_image *m = w->image;
    size_t start = w->out->size;
    uint32_t next = 0;
    set_here(w, LE_H_FIXUP_PAGES);
    for (uint32_t i = 0; i < m->object_count; i++) {
        while (next < m->fixup_count && m->fixups[next].object < i)
            next++;
        for (uint32_t page = 0; page < w->pages[i]; page++) {
            base_buf_add32(w->out, (uint32_t)w->records.size);
            collect_page(w, i, page, &next);
            put_page_records(w);
        }
    }
    base_buf_add32(w->out, (uint32_t)w->records.size);
    set_here(w, LE_H_FIXUPS);
    base_buf_add(w->out, w->records.data, w->records.size);
    set_here(w, LE_H_IMPORTS);
    set_here(w, LE_H_IMPORT_NAMES);
    set_field(w, LE_H_FIXUP_SIZE, w->out->size - start);
}

// ---------------------------------------------------------------------------------------------------------------------
// The whole

static void put_header(struct writer *w)
{
    const struct le_image *m = w->image;
    base_buf_fill(w->out, 0, LE_HEADER_SIZE);
    if (!base_buf_ok(w->out))
        return;
    uint8_t *h = w->out->data + w->base;
    h[0] = 'L';
    h[1] = 'E';
    base_put16(h + LE_H_CPU, m->cpu);
    base_put16(h + LE_H_OS, m->os);
    base_put32(h + LE_H_VERSION, m->module_version);
    base_put32(h + LE_H_FLAGS, m->flags);
    base_put32(h + LE_H_PAGES, w->page_count);
    base_put32(h + LE_H_PAGE_SIZE, LE_PAGE);
    base_put32(h + LE_H_LAST_PAGE, w->last_page);
    base_put32(h + LE_H_OBJECT_COUNT, m->object_count);
    base_put32(h + LE_H_PRELOAD_PAGES, w->preload_pages);
    base_put16(h + LE_H_DEVICE_ID, m->device_id);
    base_put16(h + LE_H_DDK_VERSION, m->ddk_version);
}

static bool put_debug(struct writer *w)
{
    size_t start = w->out->size;
    if (!w->image->symbol_count && !w->image->line_count)
        return true;
    if (!le_write_debug(w->image, w->out, w->diag))
        return false;
    set_field(w, LE_H_DEBUG, start);
    set_field(w, LE_H_DEBUG_SIZE, w->out->size - start);
    return true;
}

static bool write_image(struct writer *w, const uint8_t *stub, size_t stub_size)
{
    if (!check_model(w) || !plan_pages(w) || !put_stub(w, stub, stub_size))
        return false;
    put_header(w);
    size_t loader = w->out->size;
    put_objects(w);
    put_names(w);
    put_entries(w);
    set_field(w, LE_H_LOADER_SIZE, w->out->size - loader);
    put_fixups(w);
    put_pages(w);
    put_description(w);
    if (w->image->version_resource_size) {
        set_field(w, LE_H_RESOURCE, w->out->size);
        set_field(w, LE_H_RESOURCE_SIZE, w->image->version_resource_size);
        base_buf_add(w->out, w->image->version_resource, w->image->version_resource_size);
    }
    if (!put_debug(w))
        return false;
    return (base_buf_ok(w->out) && base_buf_ok(&w->records) && base_buf_ok(&w->page_fixups)) ||
           fail(w, "out of memory");
}

bool le_write(const struct le_image *image, const uint8_t *stub, size_t stub_size, struct base_buf *out,
              struct base_diag *diag)
{
    struct writer w = {.image = image, .out = out, .diag = diag};
    base_buf_clear(out);
    base_buf_init(&w.records, out->alloc);
    base_buf_init(&w.page_fixups, out->alloc);
    bool ok = write_image(&w, stub, stub_size);
    base_buf_free(&w.records);
    base_buf_free(&w.page_fixups);
    base_alloc_free(out->alloc, w.pages, w.pages ? (image->object_count + 1) * sizeof *w.pages : 0);
    return ok;
}
