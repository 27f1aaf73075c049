// The linker's order of work: read the .def file, the objects and what they want from libraries, cut them into pieces,
// collect the public names, lay the pieces out, apply relocations, check the device descriptor block, write the image.
#include <string.h>

#include "link/defs.h"

void link_error(struct linker *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    base_diag_vreport(l->diag, BASE_ERROR, NULL, format, args);
    va_end(args);
}

void *link_get(struct linker *l, uint64_t count, size_t size)
{
    void *p = count < SIZE_MAX / size - 1 ? base_arena_zero(&l->arena, (size_t)(count + 1) * size) : NULL;
    if (!p)
        link_error(l, "out of memory");
    return p;
}

// The characters of DDB_Name without the blanks behind them.
static const char *device_name(struct linker *l)
{
    enum { DDB_NAME = 0x0c };
    const char *name = (const char *)l->groups[l->ddb_object]->data + l->ddb_offset + DDB_NAME;
    size_t n = 8;
    while (n && name[n - 1] == ' ')
        n--;
    return base_arena_text(&l->arena, name, n);
}

static bool fill_image(struct linker *l)
{
    struct le_image *m = &l->image;
    m->cpu = 2;
    m->os = 4;
    m->flags = l->dynamic ? LE_DYNAMIC_VXD : LE_STATIC_VXD;
    m->module_name = l->options->name ? l->options->name : l->def.name ? l->def.name : device_name(l);
    m->description = l->def.description ? l->def.description : "";
    m->objects = link_get(l, l->group_count, sizeof *m->objects);
    if (!m->objects || !m->module_name)
        return false;
    m->object_count = l->group_count;
    for (uint32_t i = 0; i < l->group_count; i++) {
        const struct link_group *g = l->groups[i];
        m->objects[i] =
            (struct le_object){.flags = g->flags, .size = g->size, .data = g->data, .data_size = g->data_size};
        memcpy(m->objects[i].name, g->class_name, strnlen(g->class_name, 4));
    }
    return true;
}

static bool read_inputs(struct linker *l, const struct link_input *inputs, size_t count)
{
    bool ok = !l->options->def || link_read_def(l, l->options->def);
    l->dynamic = l->options->kind == LINK_KIND_DEFAULT ? l->def.dynamic : l->options->kind == LINK_KIND_DYNAMIC;
    return link_read_objects(l, inputs, count) && ok && link_make_pieces(l);
}

// Errors of one step that the next can live with are collected: absent symbols, missing classes and a missing device
// descriptor block come out together.
static bool link_all(struct linker *l, const struct link_input *inputs, size_t count, struct base_buf *image,
                     struct base_buf *map)
{
    uint32_t before = l->diag->errors;
    if (!read_inputs(l, inputs, count) || !link_collect_symbols(l))
        return false;
    bool has_ddb = link_find_ddb(l);
    if (!link_place_communals(l) || !link_layout(l))
        return false;
    if (!link_relocate(l) || !has_ddb || l->diag->errors != before)
        return false;
    if (!link_check_driver(l) || !fill_image(l) || (l->options->debug && !link_add_debug(l)))
        return false;
    return le_write(&l->image, NULL, 0, image, l->diag) && (!map || link_write_map(l, map));
}

bool link_image(const struct link_options *options, const struct link_input *inputs, size_t input_count,
                struct base_diag *diag, struct base_buf *image, struct base_buf *map)
{
    struct linker l = {.options = options, .diag = diag};
    base_arena_init(&l.arena, options->alloc);
    base_map_init(&l.segments, options->alloc, true);
    base_map_init(&l.symbols, options->alloc, false);
    base_map_init(&l.default_libraries, options->alloc, true);
    base_buf_init(&l.fixups, options->alloc);
    uint32_t before = diag->errors;
    bool ok = link_all(&l, inputs, input_count, image, map);
    if (!ok && diag->errors == before)
        link_error(&l, "out of memory"); // what else fails says so itself
    if (l.undefined)
        link_mention_libraries(&l);
    link_free_inputs(&l);
    base_map_free(&l.default_libraries);
    base_map_free(&l.segments);
    base_map_free(&l.symbols);
    base_buf_free(&l.fixups);
    base_arena_free(&l.arena);
    return ok;
}
