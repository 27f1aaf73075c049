// The fixups of an LE image, read page by page into one list by object and offset. A field that crosses a page boundary
// is listed on both pages, on the second with a negative offset: it becomes one fixup here. Used by le_read.c.
#include <stdlib.h>
#include <string.h>

#include "image/le_format.h"

uint32_t le_source_width(uint8_t source)
{
    switch (source) {
    case LE_BYTE:
        return 1;
    case LE_SELECTOR:
    case LE_OFFSET16:
        return 2;
    case LE_FAR32:
        return 6;
    default:
        return 4;
    }
}

static bool known_source(uint8_t source)
{
    return source <= LE_SELF32 && source != 1 && source != 4;
}

struct page_fixups {
    struct le_reader *r;
    uint32_t page; // 1-based
    const uint8_t *at, *end;
    struct base_buf *out; // of struct le_fixup
};

static const uint8_t *take(struct page_fixups *p, size_t n)
{
    if ((size_t)(p->end - p->at) < n) {
        le_fail(p->r, "page %u: a fixup goes beyond the page's records", p->page);
        return NULL;
    }
    const uint8_t *bytes = p->at;
    p->at += n;
    return bytes;
}

// A word or a dword. False and a message when the records end before.
static bool take_number(struct page_fixups *p, bool wide, uint32_t *value)
{
    const uint8_t *b = take(p, wide ? 4 : 2);
    if (b)
        *value = wide ? base_get32(b) : base_get16(b);
    return b != NULL;
}

static bool take_short_number(struct page_fixups *p, bool wide, uint32_t *value)
{
    const uint8_t *b = take(p, wide ? 2 : 1);
    if (b)
        *value = wide ? base_get16(b) : b[0];
    return b != NULL;
}

static bool take_internal(struct page_fixups *p, uint8_t flags, struct le_fixup *f)
{
    uint32_t object;
    if (!take_short_number(p, flags & LE_FIX_OBJECT16, &object))
        return false;
    if (object == 0 || object > p->r->image->object_count)
        return le_fail(p->r, "page %u: a fixup to object %u of %u", p->page, object, p->r->image->object_count);
    f->target_object = object - 1;
    return f->source == LE_SELECTOR || take_number(p, flags & LE_FIX_OFFSET32, &f->target_offset);
}

static bool take_entry(struct page_fixups *p, uint8_t flags, struct le_fixup *f)
{
    uint32_t ordinal;
    if (!take_short_number(p, !(flags & LE_FIX_ORDINAL8), &ordinal))
        return false;
    if (ordinal == 0 || ordinal > p->r->entry_count || !p->r->entries[ordinal - 1].used)
        return le_fail(p->r, "page %u: a fixup to entry %u, which does not exist", p->page, ordinal);
    f->target_object = p->r->entries[ordinal - 1].object;
    f->target_offset = p->r->entries[ordinal - 1].offset;
    return true;
}

static bool take_target(struct page_fixups *p, uint8_t flags, struct le_fixup *f)
{
    uint32_t additive = 0;
    switch (flags & LE_TARGET_MASK) {
    case LE_TARGET_INTERNAL:
        if (!take_internal(p, flags, f))
            return false;
        break;
    case LE_TARGET_ENTRY:
        if (!take_entry(p, flags, f))
            return false;
        break;
    default:
        return le_fail(p->r, "page %u: a fixup to another module; a driver imports nothing", p->page);
    }
    if ((flags & LE_FIX_ADDITIVE) && !take_number(p, flags & LE_FIX_ADDITIVE32, &additive))
        return false;
    f->target_offset += additive;
    return true;
}

// `place` is relative to the page and may begin up to width - 1 bytes before it.
static bool add_fixup(struct page_fixups *p, struct le_fixup f, uint16_t place)
{
    uint32_t page = p->r->page_index[p->page - 1], width = le_source_width(f.source);
    int64_t offset = (int64_t)page * LE_PAGE + (int16_t)place;
    if ((int16_t)place >= LE_PAGE || (int16_t)place + (int64_t)width <= 0 || offset < 0)
        return le_fail(p->r, "page %u: a fixup at %d, outside the page", p->page, (int16_t)place);
    if (offset + width > p->r->image->objects[f.object].size)
        return le_fail(p->r, "page %u: a fixup at %llxh goes beyond object %u", p->page, (unsigned long long)offset,
                       f.object + 1);
    f.offset = (uint32_t)offset;
    base_buf_add(p->out, &f, sizeof f);
    return base_buf_ok(p->out) || le_fail(p->r, "out of memory");
}

static bool take_record(struct page_fixups *p)
{
    const uint8_t *head = take(p, 2);
    if (!head)
        return false;
    uint8_t flags = head[1];
    bool list = head[0] & LE_SOURCE_LIST;
    struct le_fixup f = {.object = p->r->page_object[p->page - 1] - 1, .source = head[0] & LE_SOURCE_MASK};
    if (!known_source(f.source) || (head[0] & ~(LE_SOURCE_MASK | LE_SOURCE_LIST)))
        return le_fail(p->r, "page %u: a fixup of unknown source type %02xh", p->page, head[0]);
    const uint8_t *place = take(p, list ? 1 : 2);
    if (!place || !take_target(p, flags, &f))
        return false;
    if (!list)
        return add_fixup(p, f, base_get16(place));
    uint32_t count = place[0];
    const uint8_t *places = take(p, (size_t)count * 2);
    for (uint32_t i = 0; places && i < count; i++)
        if (!add_fixup(p, f, base_get16(places + (size_t)i * 2)))
            return false;
    return places != NULL;
}

static bool read_page_fixups(struct le_reader *r, uint32_t page, uint64_t records, struct base_buf *out)
{
    const uint8_t *table = r->header + base_get32(r->header + LE_H_FIXUP_PAGES) + (size_t)(page - 1) * 4;
    uint32_t from = base_get32(table), to = base_get32(table + 4);
    if (from > to || !le_in_file(r, records + from, to - from))
        return le_fail(r, "page %u: its fixups (%xh to %xh) lie outside the file", page, from, to);
    if (from != to && !r->page_object[page - 1])
        return le_fail(r, "page %u has fixups but belongs to no object", page);
    struct page_fixups p = {r, page, r->bytes + records + from, r->bytes + records + to, out};
    while (p.at < p.end)
        if (!take_record(&p))
            return false;
    return true;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_fixups(const void *a, const void *b)
{
    const struct le_fixup *x = a, *y = b;
    int c = compare_numbers(x->object, y->object);
    c = c ? c : compare_numbers(x->offset, y->offset);
    c = c ? c : compare_numbers(x->source, y->source);
    c = c ? c : compare_numbers(x->target_object, y->target_object);
    return c ? c : compare_numbers(x->target_offset, y->target_offset);
}

// Sorts and makes one of two equal ones. Selector and offset of one far pointer may stand at their own places; what may
// not be is two answers for the same field.
static bool merge(struct le_reader *r, struct base_buf *list)
{
    struct le_fixup *f = (void *)list->data;
    uint32_t n = (uint32_t)(list->size / sizeof *f), kept = 0;
    if (n)
        qsort(f, n, sizeof *f, compare_fixups);
    struct le_fixup *out = le_array(r, n, sizeof *out);
    if (!out)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (i && compare_fixups(&f[i], &f[i - 1]) == 0)
            continue;
        if (kept && f[i].object == out[kept - 1].object && f[i].offset == out[kept - 1].offset)
            return le_fail(r, "object %u has two different fixups at %xh", f[i].object + 1, f[i].offset);
        out[kept++] = f[i];
    }
    r->image->fixups = out;
    r->image->fixup_count = kept;
    return true;
}

static bool read_all(struct le_reader *r, struct base_buf *list)
{
    uint64_t table = r->base + (uint64_t)base_get32(r->header + LE_H_FIXUP_PAGES);
    uint64_t records = r->base + (uint64_t)base_get32(r->header + LE_H_FIXUPS);
    if (r->page_count && !le_in_file(r, table, ((uint64_t)r->page_count + 1) * 4))
        return le_fail(r, "the fixup page table goes beyond the end of the file");
    for (uint32_t page = 1; page <= r->page_count; page++)
        if (!read_page_fixups(r, page, records, list))
            return false;
    return merge(r, list);
}

bool le_read_fixups(struct le_reader *r)
{
    struct base_buf list;
    base_buf_init(&list, r->arena->alloc);
    bool ok = read_all(r, &list);
    base_buf_free(&list);
    return ok;
}
