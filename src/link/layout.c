// Cuts the sections of all inputs into pieces, sorts them into the objects of the image and gives each its place.
// Objects come in this order: locked, resident, pageable, init, 16-bit init, real-mode init; within an object segments
// in the order that segments.c knows, and within a segment pieces in the order of the inputs.
#include <stdlib.h>
#include <string.h>

#include "link/defs.h"

// ---------------------------------------------------------------------------------------------------------------------
// Pieces

// The first public symbol of a COMDAT section names it; copies under the same name are dropped.
static bool is_known_comdat(struct linker *l, struct base_map *comdats, uint32_t file, uint32_t section, bool *failed)
{
    const struct coff_object *o = &l->files[file].coff;
    const char *name = l->files[file].comdat_names[section];
    if (!o->sections[section].comdat || !name)
        return false;
    void *owner = base_map_get(comdats, name, strlen(name));
    if (!owner) {
        *failed = !base_map_set(comdats, name, strlen(name), (void *)(uintptr_t)(file + 1));
        return false;
    }
    enum { NO_DUPLICATES = 1 };
    if (o->sections[section].comdat == NO_DUPLICATES) {
        struct base_place place = {.file = l->files[file].path};
        base_diag_report(l->diag, BASE_ERROR, &place, "the symbol '%.99s' is already defined in %s", name,
                         l->files[(uintptr_t)owner - 1].path);
    }
    return true;
}

static bool make_piece(struct linker *l, uint32_t file, uint32_t section)
{
    const struct coff_section *c = &l->files[file].coff.sections[section];
    struct link_segment *segment = link_segment_of(l, file, section);
    if (!segment)
        return true; // empty, or reported
    struct link_piece *p = link_get(l, 1, sizeof *p);
    if (!p)
        return false;
    *p = (struct link_piece){.file = file,
                             .section = section,
                             .segment = segment,
                             .size = c->size,
                             .align = c->align,
                             .order = l->piece_count,
                             .has_data = c->data != NULL};
    p->suffix = c->name + strlen(segment->name);
    l->files[file].pieces[section] = p;
    l->pieces[l->piece_count++] = p;
    return true;
}

static bool note_names(struct linker *l, struct link_file *f)
{
    const struct coff_object *o = &f->coff;
    f->pieces = link_get(l, o->section_count, sizeof(struct link_piece *));
    f->named = link_get(l, o->section_count, sizeof *f->named);
    f->comdat_names = link_get(l, o->section_count, sizeof(const char *));
    if (!f->pieces || !f->named || !f->comdat_names)
        return false;
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        const struct coff_symbol *s = &o->symbols[i];
        if (s->section <= 0)
            continue;
        uint32_t section = (uint32_t)s->section - 1;
        if (strcmp(s->name, o->sections[section].name) != 0)
            f->named[section] = true;
        if (s->storage == COFF_EXTERNAL && !f->comdat_names[section])
            f->comdat_names[section] = s->name;
    }
    return true;
}

// An associative COMDAT shares the fate of the section that it belongs to.
static bool lost_its_master(const struct link_file *f, uint32_t section)
{
    enum { ASSOCIATIVE = 5 };
    const struct coff_section *c = &f->coff.sections[section];
    return c->comdat == ASSOCIATIVE && c->associate && c->associate <= section && !f->pieces[c->associate - 1];
}

static bool make_file_pieces(struct linker *l, uint32_t file, struct base_map *comdats)
{
    struct link_file *f = &l->files[file];
    bool failed = false;
    if (!note_names(l, f))
        return false;
    for (uint32_t i = 0; i < f->coff.section_count; i++) {
        if (link_is_left_out(&f->coff.sections[i]) || lost_its_master(f, i))
            continue;
        if (is_known_comdat(l, comdats, file, i, &failed))
            continue;
        if (failed || !make_piece(l, file, i))
            return false;
    }
    return true;
}

bool link_make_pieces(struct linker *l)
{
    struct base_map comdats;
    uint64_t count = 0;
    bool ok = true;
    for (uint32_t i = 0; i < l->file_count; i++)
        count += l->files[i].coff.section_count;
    l->pieces = link_get(l, count, sizeof(struct link_piece *));
    if (!l->pieces)
        return false;
    base_map_init(&comdats, l->options->alloc, false);
    for (uint32_t i = 0; ok && i < l->file_count; i++)
        ok = make_file_pieces(l, i, &comdats);
    base_map_free(&comdats);
    return ok;
}

// ---------------------------------------------------------------------------------------------------------------------
// Order

static int group_phase(const struct link_group *g)
{
    if (!strcmp(g->class_name, "RCODE"))
        return 5;
    if (!(g->flags & LE_BIG))
        return 4;
    if (g->flags & LE_DISCARDABLE)
        return 3;
    return g->flags & LE_PRELOAD ? 0 : g->flags & LE_RESIDENT ? 1 : 2;
}

static int compare_groups(const struct link_group *a, const struct link_group *b)
{
    int c = group_phase(a) - group_phase(b);
    if (c == 0)
        c = link_class_rank(a->class_name) - link_class_rank(b->class_name);
    return c ? c : (a->appeared > b->appeared) - (a->appeared < b->appeared);
}

static void sort_groups(struct linker *l)
{
    for (uint32_t i = 1; i < l->group_count; i++) {
        struct link_group *g = l->groups[i];
        uint32_t k = i;
        for (; k && compare_groups(l->groups[k - 1], g) > 0; k--)
            l->groups[k] = l->groups[k - 1];
        l->groups[k] = g;
    }
    for (uint32_t i = 0; i < l->group_count; i++)
        l->groups[i]->object = i;
}

static int compare_pieces(const void *a, const void *b)
{
    const struct link_piece *x = *(struct link_piece *const *)a, *y = *(struct link_piece *const *)b;
    const struct link_segment *s = x->segment, *t = y->segment;
    if (s->group != t->group)
        return s->group->object < t->group->object ? -1 : 1;
    if (s->rank != t->rank)
        return s->rank < t->rank ? -1 : 1;
    if (s != t)
        return s->appeared < t->appeared ? -1 : 1;
    int c = strcmp(x->suffix, y->suffix);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

// ---------------------------------------------------------------------------------------------------------------------
// Places

static bool place_piece(struct linker *l, struct link_piece *p)
{
    struct link_group *g = p->segment->group;
    uint64_t at = ((uint64_t)g->size + p->align - 1) & ~(uint64_t)(p->align - 1), end = at + p->size;
    if (end > LE_SIZE_LIMIT) {
        link_error(l, "the segments of class %s take more than %d MB", g->class_name, LE_SIZE_LIMIT >> 20);
        return false;
    }
    enum { PAGE = 0x1000 };
    if (p->align > PAGE) {
        link_error(l, "%s: an alignment of %u cannot be kept: objects begin at pages of 4096 bytes",
                   link_describe(l, p->file, p->section, 0), p->align);
        return false;
    }
    p->offset = (uint32_t)at;
    g->size = (uint32_t)end;
    if (p->has_data)
        g->data_size = g->size;
    return true;
}

static bool fill_group(struct linker *l, struct link_group *g)
{
    g->data = link_get(l, g->data_size, 1);
    return g->data != NULL;
}

bool link_layout(struct linker *l)
{
    sort_groups(l);
    if (l->piece_count)
        qsort(l->pieces, l->piece_count, sizeof(struct link_piece *), compare_pieces);
    for (uint32_t i = 0; i < l->piece_count; i++)
        if (!place_piece(l, l->pieces[i]))
            return false;
    for (uint32_t i = 0; i < l->group_count; i++)
        if (!fill_group(l, l->groups[i]))
            return false;
    for (uint32_t i = 0; i < l->piece_count; i++) {
        const struct link_piece *p = l->pieces[i];
        if (p->has_data)
            memcpy(p->segment->group->data + p->offset, l->files[p->file].coff.sections[p->section].data, p->size);
    }
    return true;
}
