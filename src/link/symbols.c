// Public names: who defines them, who wants them. Duplicates are reported when the symbols are collected, absent ones
// by the relocations that want them, once for each name and object.
#include <string.h>

#include "link/defs.h"

struct link_symbol *link_find_symbol(struct linker *l, const char *name)
{
    return base_map_get(&l->symbols, name, strlen(name));
}

static struct link_symbol *intern(struct linker *l, const char *name)
{
    struct link_symbol *s = link_find_symbol(l, name);
    if (s)
        return s;
    s = link_get(l, 1, sizeof *s);
    if (!s)
        return NULL;
    s->name = name;
    s->file = s->weak_file = LINK_NONE;
    if (base_map_set(&l->symbols, name, strlen(name), s))
        return s;
    link_error(l, "out of memory");
    return NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Collecting

static void report_duplicate(struct linker *l, const struct link_symbol *s, uint32_t file, const struct coff_symbol *c)
{
    const struct coff_symbol *first = &l->files[s->file].coff.symbols[s->symbol];
    const char *where = l->files[s->file].path;
    if (first->section > 0)
        where = link_describe(l, s->file, (uint32_t)first->section - 1, first->value);
    if (c->section > 0) {
        link_report_at(l, BASE_ERROR, file, (uint32_t)c->section - 1, c->value,
                       "the symbol '%.99s' in %s is already defined in %s", c->name,
                       link_describe(l, file, (uint32_t)c->section - 1, c->value), where);
        return;
    }
    struct base_place place = {.file = l->files[file].path};
    base_diag_report(l->diag, BASE_ERROR, &place, "the symbol '%.99s' is already defined in %s", c->name, where);
}

static bool add_definition(struct linker *l, struct link_symbol *s, uint32_t file, uint32_t index)
{
    const struct coff_symbol *c = &l->files[file].coff.symbols[index];
    struct link_piece *piece = c->section > 0 ? l->files[file].pieces[c->section - 1] : NULL;
    if (c->section > 0 && !piece)
        return true; // in a section that was left out
    if (s->kind == LINK_DEFINED || s->kind == LINK_ABSOLUTE) {
        bool same_number = s->kind == LINK_ABSOLUTE && c->section == COFF_ABSOLUTE && s->value == c->value;
        if (!same_number)
            report_duplicate(l, s, file, c);
        return true;
    }
    s->kind = piece ? LINK_DEFINED : LINK_ABSOLUTE;
    s->file = file;
    s->symbol = index;
    s->value = c->value;
    s->piece = piece;
    return true;
}

// A communal is as large as the largest wish; a definition beats it.
static void add_communal(struct link_symbol *s, uint32_t file, uint32_t index, uint32_t size)
{
    if (s->kind == LINK_UNDEFINED) {
        s->kind = LINK_COMMUNAL;
        s->file = file;
        s->symbol = index;
        s->value = 0;
    }
    if (s->kind == LINK_COMMUNAL && size > s->value)
        s->value = size;
}

static bool collect_symbol(struct linker *l, uint32_t file, uint32_t index)
{
    const struct coff_symbol *c = &l->files[file].coff.symbols[index];
    if (c->storage != COFF_EXTERNAL && c->storage != COFF_WEAK)
        return true;
    struct link_symbol *s = intern(l, c->name);
    if (!s)
        return false;
    if (c->storage == COFF_WEAK && s->weak_file == LINK_NONE)
        s->weak_file = file, s->weak_symbol = index;
    if (c->storage == COFF_WEAK)
        return true;
    if (c->section != COFF_UNDEFINED)
        return add_definition(l, s, file, index);
    if (c->value)
        add_communal(s, file, index, c->value);
    return true;
}

bool link_collect_symbols(struct linker *l)
{
    for (uint32_t file = 0; file < l->file_count; file++)
        for (uint32_t i = 0; i < l->files[file].coff.symbol_count; i++)
            if (l->diag->errors >= LINK_ERRORS || !collect_symbol(l, file, i))
                return false;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Communals get room behind everything else in locked memory

static struct link_piece *new_communal(struct linker *l, struct link_segment *segment, const struct link_symbol *s)
{
    struct link_piece *p = link_get(l, 1, sizeof *p);
    if (!p)
        return NULL;
    uint32_t align = 1;
    while (align < 16 && align < s->value)
        align *= 2;
    *p = (struct link_piece){.file = LINK_NONE,
                             .section = s->symbol,
                             .segment = segment,
                             .suffix = "",
                             .size = s->value,
                             .align = align,
                             .order = l->piece_count};
    l->pieces[l->piece_count++] = p;
    return p;
}

bool link_place_communals(struct linker *l)
{
    uint32_t count = 0;
    for (size_t i = 0; i < l->symbols.count; i++)
        count += ((struct link_symbol *)l->symbols.entries[i].value)->kind == LINK_COMMUNAL;
    if (count == 0)
        return true;
    struct link_segment *segment = link_communal_segment(l);
    struct link_piece **pieces = link_get(l, (uint64_t)l->piece_count + count, sizeof(struct link_piece *));
    if (!segment || !pieces)
        return false;
    if (l->piece_count)
        memcpy(pieces, l->pieces, l->piece_count * sizeof(struct link_piece *));
    l->pieces = pieces;
    for (size_t i = 0; i < l->symbols.count; i++) {
        struct link_symbol *s = l->symbols.entries[i].value;
        if (s->kind != LINK_COMMUNAL)
            continue;
        s->piece = new_communal(l, segment, s);
        if (!s->piece)
            return false;
        s->kind = LINK_DEFINED;
        s->value = 0;
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Resolving

// The same name as another calling convention writes it, when somebody defines that: the usual reason for an absence.
static const char *near_miss(struct linker *l, const char *name)
{
    struct base_buf text;
    base_buf_init(&text, l->options->alloc);
    base_buf_printf(&text, "_%s", name);
    struct link_symbol *s = link_find_symbol(l, base_buf_cstr(&text));
    if ((!s || s->kind == LINK_UNDEFINED) && name[0] == '_')
        s = link_find_symbol(l, name + 1);
    base_buf_free(&text);
    return s && s->kind != LINK_UNDEFINED ? s->name : NULL;
}

static void report_undefined(struct linker *l, struct link_symbol *s, uint32_t file, uint32_t section, uint32_t offset)
{
    if (s->reported_for == file + 1)
        return;
    s->reported_for = file + 1;
    l->undefined = true;
    const char *near = near_miss(l, s->name);
    link_report_at(l, BASE_ERROR, file, section, offset, "undefined symbol '%.99s', wanted by %s%s%.99s%s", s->name,
                   link_describe(l, file, section, offset), near ? "; there is a '" : "", near ? near : "",
                   near ? "' (another calling convention?)" : "");
}

static bool set_target(struct link_target *t, const struct link_piece *piece, uint32_t value)
{
    *t = (struct link_target){.group = piece->segment->group, .value = piece->offset + value};
    return true;
}

static bool set_absolute(struct link_target *t, uint32_t value)
{
    *t = (struct link_target){.absolute = true, .value = value};
    return true;
}

struct wish { // a relocation and where it stands
    uint32_t file, section, offset;
};

static bool resolve(struct linker *l, uint32_t file, uint32_t symbol, const struct wish *w, int depth,
                    struct link_target *t);

// A weak external that nobody defines: its stand-in, which may be weak itself.
static bool resolve_weak(struct linker *l, const struct link_symbol *s, const struct wish *w, int depth,
                         struct link_target *t)
{
    enum { CHAIN = 16 };
    uint32_t fallback = l->files[s->weak_file].coff.symbols[s->weak_symbol].fallback;
    if (depth == CHAIN) {
        link_report_at(l, BASE_ERROR, w->file, w->section, w->offset,
                       "the weak external '%.99s' leads through more than %d others", s->name, CHAIN);
        return false;
    }
    return fallback ? resolve(l, s->weak_file, fallback - 1, w, depth + 1, t) : set_absolute(t, 0);
}

static bool resolve_public(struct linker *l, const char *name, const struct wish *w, int depth, struct link_target *t)
{
    struct link_symbol *s = link_find_symbol(l, name);
    if (s->kind == LINK_UNDEFINED && s->weak_file != LINK_NONE)
        return resolve_weak(l, s, w, depth, t);
    if (s->kind == LINK_UNDEFINED) {
        report_undefined(l, s, w->file, w->section, w->offset);
        return false;
    }
    return s->kind == LINK_ABSOLUTE ? set_absolute(t, s->value) : set_target(t, s->piece, s->value);
}

static bool resolve(struct linker *l, uint32_t file, uint32_t symbol, const struct wish *w, int depth,
                    struct link_target *t)
{
    const struct coff_symbol *c = &l->files[file].coff.symbols[symbol];
    const struct link_piece *piece = c->section > 0 ? l->files[file].pieces[c->section - 1] : NULL;
    if (c->storage == COFF_WEAK || (c->storage == COFF_EXTERNAL && (c->section <= 0 || !piece)))
        return resolve_public(l, c->name, w, depth, t);
    if (c->section == COFF_ABSOLUTE)
        return set_absolute(t, c->value);
    if (piece)
        return set_target(t, piece, c->value);
    link_report_at(l, BASE_ERROR, w->file, w->section, w->offset,
                   "%s refers to '%.99s', which is not part of the image",
                   link_describe(l, w->file, w->section, w->offset), c->name);
    return false;
}

bool link_resolve(struct linker *l, uint32_t file, uint32_t section, const struct coff_relocation *r,
                  struct link_target *t)
{
    const struct wish w = {file, section, r->offset};
    return resolve(l, file, r->symbol, &w, 0, t);
}
