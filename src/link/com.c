// Objects into a .COM program of DOS: one segment of 64 KB whose byte 100h is the entry. Nothing is relocated when it
// is loaded, so offsets are all that one part may know of another.
#include <string.h>

#include "image/coff.h"
#include "link/link.h"

enum { COM_ENTRY = 0x100, COM_MOST = 0xFF00 };

struct com_section {
    uint32_t file, section, at; // place in the segment
};

struct com {
    struct base_arena arena;
    struct base_diag *diag;
    const struct link_input *inputs;
    struct coff_object *files;
    size_t file_count;
    struct com_section *sections;
    uint32_t section_count;
    uint32_t data_end, end; // behind the last byte of code and data, and of memory without content
    uint8_t *segment;
};

static bool complain(const struct com *c, uint32_t file, const char *format, const char *name)
{
    const struct base_place place = {.file = c->inputs[file].path};
    base_diag_report(c->diag, BASE_ERROR, &place, format, name);
    return false;
}

static bool is_kept(const struct coff_section *s)
{
    return s->flags & (COFF_CODE | COFF_DATA | COFF_BSS) &&
           !(s->flags & (COFF_INFO | COFF_REMOVE | COFF_DISCARDABLE)) && s->size;
}

static unsigned rank_of(const struct coff_section *s)
{
    return s->flags & COFF_CODE ? 0 : s->flags & COFF_BSS || !s->data ? 2 : 1;
}

static bool read_files(struct com *c)
{
    c->files = base_arena_zero(&c->arena, (c->file_count + 1) * sizeof *c->files);
    if (!c->files)
        return false;
    uint32_t sections = 0;
    for (size_t i = 0; i < c->file_count; i++) {
        const struct link_input *in = &c->inputs[i];
        if (!coff_read(in->bytes, in->size, in->path, &c->arena, c->diag, &c->files[i]))
            return false;
        sections += c->files[i].section_count;
    }
    c->sections = base_arena_zero(&c->arena, (sections + 1) * sizeof *c->sections);
    return c->sections != NULL;
}

// Code first, then data, then what has no content; within each in the order given.
static bool place_sections(struct com *c)
{
    for (unsigned rank = 0; rank < 3; rank++) {
        for (uint32_t f = 0; f < c->file_count; f++) {
            for (uint32_t i = 0; i < c->files[f].section_count; i++) {
                const struct coff_section *s = &c->files[f].sections[i];
                if (!is_kept(s) || rank_of(s) != rank)
                    continue;
                uint32_t align = s->align ? s->align : 1;
                c->end = (c->end + align - 1) & ~(align - 1);
                c->sections[c->section_count++] = (struct com_section){f, i, c->end};
                if (s->size > 0x10000 - c->end)
                    return complain(c, f, "the program does not fit into one segment (section %s)", s->name);
                c->end += s->size;
            }
        }
        c->data_end = rank < 2 ? c->end : c->data_end;
    }
    return true;
}

static const struct com_section *section_of(const struct com *c, uint32_t file, int32_t number)
{
    for (uint32_t i = 0; i < c->section_count; i++)
        if (c->sections[i].file == file && c->sections[i].section + 1 == (uint32_t)number)
            return &c->sections[i];
    return NULL;
}

static bool defines(const struct coff_symbol *s, const char *name)
{
    return s->storage == COFF_EXTERNAL && s->section != COFF_UNDEFINED && strcmp(s->name, name) == 0;
}

// Where a symbol of a file is in the segment. False after a message: nobody defines it.
static bool find_symbol(const struct com *c, uint32_t file, const struct coff_symbol *s, uint32_t *value)
{
    const char *name = s->name;
    for (uint32_t f = 0; s->section == COFF_UNDEFINED && f < c->file_count; f++)
        for (uint32_t i = 0; s->section == COFF_UNDEFINED && i < c->files[f].symbol_count; i++)
            if (defines(&c->files[f].symbols[i], name)) {
                s = &c->files[f].symbols[i];
                file = f;
            }
    *value = s->value;
    if (s->section == COFF_ABSOLUTE)
        return true;
    const struct com_section *at = s->section > 0 ? section_of(c, file, s->section) : NULL;
    if (!at)
        return complain(c, file, "nobody defines '%s'", name);
    *value += at->at;
    return true;
}

static bool relocate(const struct com *c, const struct com_section *at, const struct coff_relocation *r)
{
    const struct coff_object *o = &c->files[at->file];
    const struct coff_symbol *symbol = &o->symbols[r->symbol];
    uint8_t *field = c->segment + at->at + r->offset;
    uint32_t value;
    if (!find_symbol(c, at->file, symbol, &value))
        return false;
    switch (r->type) {
    case COFF_DIR16:
        base_put16(field, (uint16_t)(base_get16(field) + value));
        return true;
    case COFF_REL16:
        base_put16(field, (uint16_t)(base_get16(field) + value - (at->at + r->offset + 2)));
        return true;
    case COFF_DIR32:
        base_put32(field, base_get32(field) + value);
        return true;
    case COFF_REL32:
        base_put32(field, base_get32(field) + value - (at->at + r->offset + 4));
        return true;
    default:
        return complain(c, at->file, "a .COM program has no segments to refer to ('%s')", symbol->name);
    }
}

static bool fill(struct com *c)
{
    bool ok = true;
    c->segment = base_arena_zero(&c->arena, 0x10000 + 4);
    if (!c->segment)
        return false;
    for (uint32_t i = 0; i < c->section_count; i++) {
        const struct com_section *at = &c->sections[i];
        const struct coff_section *s = &c->files[at->file].sections[at->section];
        if (s->data)
            memcpy(c->segment + at->at, s->data, s->size);
    }
    for (uint32_t i = 0; i < c->section_count; i++) {
        const struct com_section *at = &c->sections[i];
        const struct coff_section *s = &c->files[at->file].sections[at->section];
        for (uint32_t n = 0; n < s->relocation_count; n++)
            ok = relocate(c, at, &s->relocations[n]) && ok;
    }
    return ok;
}

// END names the entry of one of the files.
static bool check_entry(const struct com *c)
{
    for (uint32_t f = 0; f < c->file_count; f++) {
        const struct coff_object *o = &c->files[f];
        uint32_t value;
        if (!o->start)
            continue;
        if (!find_symbol(c, f, &o->symbols[o->start - 1], &value))
            return false;
        return value == COM_ENTRY || complain(c, f, "the entry '%s' does not lie at 100h (ORG 100h in front of it)",
                                              o->symbols[o->start - 1].name);
    }
    return complain(c, 0, "no entry: END has to name %s", "it");
}

static bool make(struct com *c, struct base_buf *image)
{
    if (!read_files(c) || !place_sections(c) || !fill(c) || !check_entry(c))
        return false;
    if (c->data_end > COM_MOST)
        return complain(c, 0, "the program is larger than %s bytes", "65,280");
    base_buf_add(image, c->segment + COM_ENTRY, c->data_end - COM_ENTRY);
    return base_buf_ok(image);
}

bool link_com(const struct link_options *options, const struct link_input *inputs, size_t input_count,
              struct base_diag *diag, struct base_buf *image)
{
    struct com c = {.diag = diag, .inputs = inputs, .file_count = input_count};
    base_arena_init(&c.arena, options->alloc);
    uint32_t before = diag->errors;
    bool ok = input_count > 0 && make(&c, image);
    if (!ok && diag->errors == before)
        base_diag_report(diag, BASE_ERROR, NULL, "out of memory");
    base_arena_free(&c.arena);
    return ok;
}
