// The map file: objects, sections and symbols with their places. An address is object:offset, as in the image and in
// debuggers of the time.
#include <stdlib.h>
#include <string.h>

#include "link/defs.h"

static void put_flags(struct base_buf *b, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {LE_EXECUTE, " code"},          {LE_WRITE, " writable"},
        {LE_PRELOAD, " preload"},       {LE_DISCARDABLE, " discardable"},
        {LE_RESIDENT, " resident"},     {LE_SHARED, " shared"},
        {LE_CONFORMING, " conforming"}, {LE_IOPL, " iopl"},
        {LE_ALIAS16, " 16-bit"},
    };
    for (size_t i = 0; i < BASE_COUNT(names); i++)
        if (flags & names[i].flag)
            base_buf_text(b, names[i].name);
}

static void put_objects(const struct linker *l, struct base_buf *b)
{
    base_buf_text(b, "\nObject  Size      In file   Flags     Class\n");
    for (uint32_t i = 0; i < l->group_count; i++) {
        const struct link_group *g = l->groups[i];
        base_buf_printf(b, "%04x    %08x  %08x  %08x  %s:", i + 1, g->size, g->data_size, g->flags, g->class_name);
        put_flags(b, g->flags);
        base_buf_text(b, "\n");
    }
}

static void put_pieces(const struct linker *l, struct base_buf *b)
{
    base_buf_text(b, "\nStart          Length    Section           From\n");
    for (uint32_t i = 0; i < l->piece_count; i++) {
        const struct link_piece *p = l->pieces[i];
        bool communal = p->file == LINK_NONE;
        base_buf_printf(b, "%04x:%08x  %08x  %-16s  %s\n", p->segment->group->object + 1, p->offset, p->size,
                        communal ? p->segment->name : l->files[p->file].coff.sections[p->section].name,
                        communal ? "" : l->files[p->file].path);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct le_symbol *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    if (c == 0)
        c = x->object != y->object ? (x->object < y->object ? -1 : 1)
                                   : (x->offset > y->offset) - (x->offset < y->offset);
    return c;
}

static void put_symbols(const struct le_symbol *symbols, uint32_t count, const char *order, struct base_buf *b)
{
    base_buf_printf(b, "\nAddress        Symbols by %s\n", order);
    for (uint32_t i = 0; i < count; i++)
        base_buf_printf(b, "%04x:%08x  %s\n", symbols[i].object + 1, symbols[i].offset, symbols[i].name);
}

bool link_write_map(struct linker *l, struct base_buf *map)
{
    struct le_symbol *symbols;
    uint32_t count;
    if (!link_list_symbols(l, &symbols, &count))
        return false;
    base_buf_clear(map);
    base_buf_printf(
        map, "%s: %s driver, device id %04xh, version %u.%02u of the kit\nDevice descriptor block at %04x:%08x\n",
        l->image.module_name, l->dynamic ? "dynamic" : "static", l->image.device_id, l->image.ddk_version >> 8,
        l->image.ddk_version & 0xff, l->ddb_object + 1, l->ddb_offset);
    put_objects(l, map);
    put_pieces(l, map);
    put_symbols(symbols, count, "address", map);
    qsort(symbols, count, sizeof *symbols, compare_names);
    put_symbols(symbols, count, "name", map);
    if (!base_buf_ok(map))
        link_error(l, "out of memory");
    return base_buf_ok(map);
}
