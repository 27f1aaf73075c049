// Symbols and line numbers of all objects as the image's debug information.
#include <stdlib.h>
#include <string.h>

#include "link/defs.h"

static int compare_places(uint32_t object_a, uint32_t offset_a, uint32_t object_b, uint32_t offset_b)
{
    if (object_a != object_b)
        return object_a < object_b ? -1 : 1;
    return (offset_a > offset_b) - (offset_a < offset_b);
}

// ---------------------------------------------------------------------------------------------------------------------
// Symbols

// What a person did not name: sections, MASM's labels of macro expansions (??0001), JWasm's owners of lines ($$$00001).
static bool is_nameless(const struct coff_section *section, const struct coff_symbol *s)
{
    if (s->value == 0 && !strcmp(s->name, section->name))
        return true;
    if (!strncmp(s->name, "$$$", 3))
        return true;
    return s->name[0] == '?' && s->name[1] == '?' &&
           strspn(s->name + 2, "0123456789ABCDEFabcdef") == strlen(s->name + 2);
}

static bool symbol_place(const struct link_file *f, const struct coff_symbol *s, struct le_symbol *out)
{
    const struct link_piece *p = s->section > 0 ? f->pieces[s->section - 1] : NULL;
    if (!p || s->value > p->size || is_nameless(&f->coff.sections[s->section - 1], s))
        return false;
    *out = (struct le_symbol){p->segment->group->object, p->offset + s->value, s->name, s->storage == COFF_LABEL};
    return true;
}

static int compare_symbols(const void *a, const void *b)
{
    const struct le_symbol *x = a, *y = b;
    int c = compare_places(x->object, x->offset, y->object, y->offset);
    return c ? c : strcmp(x->name, y->name);
}

// Communals belong to no section of an object.
static uint32_t add_communals(struct linker *l, struct le_symbol *out)
{
    uint32_t count = 0;
    for (size_t i = 0; i < l->symbols.count; i++) {
        const struct link_symbol *s = l->symbols.entries[i].value;
        if (s->kind == LINK_DEFINED && s->piece->file == LINK_NONE)
            out[count++] = (struct le_symbol){s->piece->segment->group->object, s->piece->offset, s->name, false};
    }
    return count;
}

bool link_list_symbols(struct linker *l, struct le_symbol **list, uint32_t *list_count)
{
    uint64_t most = l->symbols.count;
    for (uint32_t i = 0; i < l->file_count; i++)
        most += l->files[i].coff.symbol_count;
    struct le_symbol *out = link_get(l, most, sizeof *out);
    if (!out)
        return false;
    uint32_t count = add_communals(l, out);
    for (uint32_t i = 0; i < l->file_count; i++)
        for (uint32_t k = 0; k < l->files[i].coff.symbol_count; k++)
            count += symbol_place(&l->files[i], &l->files[i].coff.symbols[k], &out[count]);
    if (count)
        qsort(out, count, sizeof *out, compare_symbols);
    *list = out;
    *list_count = count;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Lines

struct line {
    struct le_line line;
    uint32_t order;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int c = compare_places(x->line.object, x->line.offset, y->line.object, y->line.offset);
    if (c == 0)
        c = (x->line.line != 0) - (y->line.line != 0); // the end of one piece comes before the start of the next
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static bool intern_file(struct linker *l, struct base_map *files, const char *name, uint32_t *index)
{
    *index = (uint32_t)(uintptr_t)base_map_get(files, name, strlen(name));
    if (*index == 0) {
        *index = (uint32_t)files->count + 1;
        if (!base_map_set(files, name, strlen(name), (void *)(uintptr_t)*index)) {
            link_error(l, "out of memory");
            return false;
        }
    }
    --*index;
    return true;
}

static bool add_piece_lines(struct linker *l, const struct link_piece *p, struct base_map *files,
                            struct base_buf *lines)
{
    const struct coff_object *o = &l->files[p->file].coff;
    const struct coff_section *s = &o->sections[p->section];
    struct line x = {.line = {.object = p->segment->group->object}};
    for (uint32_t i = 0; i < s->line_count; i++) {
        x.order = i;
        x.line.offset = p->offset + s->lines[i].offset;
        x.line.line = s->lines[i].line;
        if (!intern_file(l, files, o->files[s->lines[i].file], &x.line.file))
            return false;
        base_buf_add(lines, &x, sizeof x);
    }
    if (s->line_count) {
        x.line.offset = p->offset + p->size;
        x.line.line = 0;
        base_buf_add(lines, &x, sizeof x);
    }
    return true;
}

static bool keep_lines(struct linker *l, const struct base_map *files, struct base_buf *lines)
{
    struct line *all = (void *)lines->data;
    uint32_t count = (uint32_t)(lines->size / sizeof *all);
    struct le_image *m = &l->image;
    m->lines = link_get(l, count, sizeof *m->lines);
    m->files = link_get(l, files->count, sizeof *m->files);
    if (!base_buf_ok(lines) || !m->lines || !m->files)
        return false;
    if (count)
        qsort(all, count, sizeof *all, compare_lines);
    for (uint32_t i = 0; i < count; i++)
        m->lines[i] = all[i].line;
    for (size_t i = 0; i < files->count; i++)
        m->files[i] = files->entries[i].key;
    m->line_count = count;
    m->file_count = (uint32_t)files->count;
    return true;
}

static bool add_lines(struct linker *l)
{
    struct base_map files;
    struct base_buf lines;
    bool ok = true;
    base_map_init(&files, l->options->alloc, false);
    base_buf_init(&lines, l->options->alloc);
    for (uint32_t i = 0; ok && i < l->piece_count; i++)
        if (l->pieces[i]->file != LINK_NONE)
            ok = add_piece_lines(l, l->pieces[i], &files, &lines);
    ok = ok && keep_lines(l, &files, &lines);
    base_map_free(&files);
    base_buf_free(&lines);
    return ok;
}

bool link_add_debug(struct linker *l)
{
    return link_list_symbols(l, &l->image.symbols, &l->image.symbol_count) && add_lines(l);
}
