// The entry table and the two name tables of an LE image: what it exports. Used by le_read.c.
#include <stdlib.h>
#include <string.h>

#include "image/le_format.h"

enum { ORDINALS = 65535 };

// ---------------------------------------------------------------------------------------------------------------------
// Entries: bundles of places, numbered from 1

struct cursor {
    uint64_t at;
    const char *what;
};

// The next n bytes of a table, NULL and a message when the file ends before.
static const uint8_t *take(struct le_reader *r, struct cursor *c, uint32_t n)
{
    if (!le_in_file(r, c->at, n)) {
        le_fail(r, "the %s goes beyond the end of the file", c->what);
        return NULL;
    }
    const uint8_t *p = r->bytes + c->at;
    c->at += n;
    return p;
}

static bool count_entries(struct le_reader *r, struct cursor c, uint32_t *count)
{
    static const uint8_t sizes[] = {0, 3, 5, 5, 7};
    *count = 0;
    for (;;) {
        const uint8_t *p = take(r, &c, 1);
        if (!p)
            return false;
        uint32_t n = p[0];
        if (n == 0)
            return true;
        p = take(r, &c, 1);
        if (!p)
            return false;
        if (p[0] > LE_ENTRY_FORWARD)
            return le_fail(r, "the entry table has a bundle of unknown kind %u", p[0]);
        if (!take(r, &c, (p[0] ? 2u : 0u) + n * sizes[p[0]]))
            return false;
        *count += n;
        if (*count > ORDINALS)
            return le_fail(r, "the entry table has more than %d entries", ORDINALS);
    }
}

static bool set_entry(struct le_reader *r, uint32_t index, uint32_t object, uint32_t offset)
{
    if (object == 0 || object > r->image->object_count)
        return le_fail(r, "entry %u lies in object %u of %u", index + 1, object, r->image->object_count);
    if (offset > r->image->objects[object - 1].size)
        return le_fail(r, "entry %u lies at %xh, outside object %u of %xh bytes", index + 1, offset, object,
                       r->image->objects[object - 1].size);
    r->entries[index] = (struct le_entry){object - 1, offset, true, false};
    return true;
}

// One bundle's entries; p points behind its count.
static bool read_bundle(struct le_reader *r, const uint8_t *p, uint32_t first, uint32_t n)
{
    uint8_t type = p[0];
    if (type == LE_ENTRY_SKIP)
        return true;
    if (type == LE_ENTRY_GATE || type == LE_ENTRY_FORWARD)
        return le_fail(r, "entry %u is a %s: not implemented", first + 1,
                       type == LE_ENTRY_GATE ? "call gate" : "forwarder to another module");
    uint32_t object = base_get16(p + 1), size = type == LE_ENTRY_16 ? 3 : 5;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *e = p + 3 + (size_t)i * size;
        if (!set_entry(r, first + i, object, type == LE_ENTRY_16 ? base_get16(e + 1) : base_get32(e + 1)))
            return false;
    }
    return true;
}

bool le_read_entries(struct le_reader *r)
{
    static const uint8_t sizes[] = {0, 3, 5, 5, 7};
    uint32_t offset = base_get32(r->header + LE_H_ENTRIES);
    struct cursor c = {r->base + (uint64_t)offset, "entry table"};
    if (!offset)
        return true;
    if (!count_entries(r, c, &r->entry_count))
        return false;
    r->entries = le_array(r, r->entry_count, sizeof *r->entries);
    if (!r->entries)
        return false;
    const uint8_t *p = r->bytes + c.at;
    for (uint32_t done = 0; p[0]; done += p[0], p += (p[1] ? 4u : 2u) + (size_t)p[0] * sizes[p[1]])
        if (!read_bundle(r, p + 1, done, p[0]))
            return false;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Names: length, text, ordinal

struct name_table {
    struct cursor cursor;
    uint32_t index; // of the next name
};

// The next name; *text NULL at the end of the table.
static bool next_name(struct le_reader *r, struct name_table *t, const uint8_t **text, uint32_t *length,
                      uint16_t *ordinal)
{
    const uint8_t *p = take(r, &t->cursor, 1);
    *text = NULL;
    if (!p)
        return false;
    if (p[0] == 0)
        return true;
    *length = p[0];
    p = take(r, &t->cursor, *length + 2);
    if (!p)
        return false;
    *text = p;
    *ordinal = base_get16(p + *length);
    t->index++;
    return true;
}

static void add_export(struct le_reader *r, const char *name, uint32_t entry)
{
    const struct le_entry *e = &r->entries[entry];
    r->image->exports[r->image->export_count++] = (struct le_export){name, (uint16_t)(entry + 1), e->object, e->offset};
}

// Some images list the DDB under ordinal 0, which means its entry, the first.
static bool name_entry(struct le_reader *r, const char *name, uint16_t ordinal)
{
    uint32_t entry = ordinal ? ordinal - 1u : 0;
    if (entry >= r->entry_count || !r->entries[entry].used)
        return le_fail(r, "the name '%s' has ordinal %u, which is no entry", name, ordinal);
    r->entries[entry].named = true;
    add_export(r, name, entry);
    return true;
}

// The first name of a table is no export: the module's name in the resident one, the description in the other.
static bool read_table(struct le_reader *r, struct name_table t, const char **first)
{
    const uint8_t *text;
    uint32_t length;
    uint16_t ordinal;
    for (;;) {
        if (!next_name(r, &t, &text, &length, &ordinal))
            return false;
        if (!text)
            return true;
        const char *name = base_arena_text(r->arena, (const char *)text, length);
        if (!name)
            return le_fail(r, "out of memory");
        if (t.index == 1 && ordinal == 0)
            *first = name;
        else if (!name_entry(r, name, ordinal))
            return false;
    }
}

static bool count_names(struct le_reader *r, struct name_table t, uint32_t *count)
{
    const uint8_t *text;
    uint32_t length;
    uint16_t ordinal;
    do {
        if (!next_name(r, &t, &text, &length, &ordinal))
            return false;
        *count += text != NULL;
    } while (text);
    return true;
}

static int compare_exports(const void *a, const void *b)
{
    const struct le_export *x = a, *y = b;
    return x->ordinal != y->ordinal ? (x->ordinal < y->ordinal ? -1 : 1) : strcmp(x->name, y->name);
}

bool le_read_names(struct le_reader *r)
{
    uint32_t resident = base_get32(r->header + LE_H_RESIDENT), outside = base_get32(r->header + LE_H_NONRESIDENT);
    struct name_table tables[2] = {{{r->base + (uint64_t)resident, "resident name table"}, 0},
                                   {{outside, "non-resident name table"}, 0}};
    bool present[2] = {resident != 0, outside != 0 && base_get32(r->header + LE_H_NONRESIDENT_SIZE) != 0};
    const char **first[2] = {&r->image->module_name, &r->image->description};
    uint32_t names = 0;
    for (int i = 0; i < 2; i++)
        if (present[i] && !count_names(r, tables[i], &names))
            return false;
    r->image->exports = le_array(r, (uint64_t)names + r->entry_count, sizeof *r->image->exports);
    if (!r->image->exports)
        return false;
    for (int i = 0; i < 2; i++)
        if (present[i] && !read_table(r, tables[i], first[i]))
            return false;
    for (uint32_t i = 0; i < r->entry_count; i++)
        if (r->entries[i].used && !r->entries[i].named)
            add_export(r, "", i);
    qsort(r->image->exports, r->image->export_count, sizeof *r->image->exports, compare_exports);
    return true;
}
