// Objects of a DOS program: read, their symbols found, their fields filled in. Every address is the paragraph of a
// frame and an offset from it; a .COM program has one frame, an .EXE program one for each segment or group.
#include "link/program.h"

#include <string.h>

bool program_complain(const struct program *p, uint32_t file, const char *format, const char *name)
{
    const struct base_place place = {.file = p->inputs[file].path};
    base_diag_report(p->diag, BASE_ERROR, &place, format, name);
    return false;
}

void program_begin(struct program *p, const struct link_options *options, const struct link_input *inputs, size_t count,
                   struct base_diag *diag)
{
    *p = (struct program){.diag = diag, .inputs = inputs, .file_count = count};
    base_arena_init(&p->arena, options->alloc);
}

bool program_end(struct program *p, bool ok, uint32_t errors_before)
{
    if (!ok && p->diag->errors == errors_before)
        base_diag_report(p->diag, BASE_ERROR, NULL, "out of memory");
    base_arena_free(&p->arena);
    return ok;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

static bool is_kept(const struct coff_section *s)
{
    return s->flags & (COFF_CODE | COFF_DATA | COFF_BSS) && !(s->flags & (COFF_INFO | COFF_REMOVE | COFF_DISCARDABLE));
}

const struct coff_section *program_section_of(const struct program *p, uint32_t section)
{
    const struct program_section *s = &p->sections[section];
    return &p->files[s->file].sections[s->section];
}

bool program_read(struct program *p)
{
    uint32_t sections = 0, relocations = 0;
    p->files = base_arena_zero(&p->arena, (p->file_count + 1) * sizeof *p->files);
    for (size_t i = 0; p->files && i < p->file_count; i++) {
        const struct link_input *in = &p->inputs[i];
        if (!coff_read(in->bytes, in->size, in->path, &p->arena, p->diag, &p->files[i]))
            return false;
        sections += p->files[i].section_count;
        for (uint32_t k = 0; k < p->files[i].section_count; k++)
            relocations += p->files[i].sections[k].relocation_count;
    }
    p->sections = base_arena_zero(&p->arena, (sections + 1) * sizeof *p->sections);
    p->fixups = base_arena_zero(&p->arena, (relocations + 1) * sizeof *p->fixups);
    p->segments = base_arena_zero(&p->arena, (sections + 1) * sizeof *p->segments);
    if (!p->files || !p->sections || !p->fixups || !p->segments)
        return false;
    for (uint32_t f = 0; f < p->file_count; f++)
        for (uint32_t i = 0; i < p->files[f].section_count; i++)
            if (is_kept(&p->files[f].sections[i]))
                p->sections[p->section_count++] = (struct program_section){.file = f, .section = i};
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Symbols

struct target {
    uint32_t frame, at; // both in the image
    bool absolute;
};

static const struct program_section *find_section(const struct program *p, uint32_t file, int32_t number)
{
    for (uint32_t i = 0; i < p->section_count; i++)
        if (p->sections[i].file == file && p->sections[i].section + 1 == (uint32_t)number)
            return &p->sections[i];
    return NULL;
}

static bool defines(const struct coff_symbol *s, const char *name)
{
    return s->storage == COFF_EXTERNAL && s->section != COFF_UNDEFINED && strcmp(s->name, name) == 0;
}

// The definition of an undefined symbol; the symbol itself when nobody has one.
static const struct coff_symbol *defined(const struct program *p, const struct coff_symbol *s, uint32_t *file)
{
    const char *name = s->name;
    for (uint32_t f = 0; s->section == COFF_UNDEFINED && f < p->file_count; f++)
        for (uint32_t i = 0; s->section == COFF_UNDEFINED && i < p->files[f].symbol_count; i++)
            if (defines(&p->files[f].symbols[i], name)) {
                s = &p->files[f].symbols[i];
                *file = f;
            }
    return s;
}

static const struct program_group *group_named(const struct program *p, const char *name)
{
    for (uint32_t i = 0; i < p->group_count; i++)
        if (strcmp(p->groups[i].name, name) == 0)
            return &p->groups[i];
    return NULL;
}

// Offsets count from the group of a segment, if it has one; the segment's own name means its own paragraph.
static bool find_target(const struct program *p, uint32_t file, const struct coff_symbol *symbol, struct target *t)
{
    const struct coff_symbol *s = defined(p, symbol, &file);
    const struct program_group *group = s->section == COFF_UNDEFINED ? group_named(p, s->name) : NULL;
    *t = (struct target){.at = s->value, .absolute = s->section == COFF_ABSOLUTE};
    if (group)
        t->frame = t->at = group->frame;
    if (group || t->absolute)
        return true;
    const struct program_section *at = s->section > 0 ? find_section(p, file, s->section) : NULL;
    if (!at)
        return program_complain(p, file, "nobody defines '%s'", s->name);
    const struct program_segment *segment = &p->segments[at->segment];
    t->at += at->at;
    t->frame = segment->group ? p->groups[segment->group - 1].frame : segment->frame;
    return true;
}

static bool names_segment(const struct program *p, uint32_t file, const struct coff_symbol *s)
{
    return s->storage == COFF_STATIC && s->section > 0 && s->value == 0 &&
           strcmp(s->name, p->files[file].sections[s->section - 1].name) == 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Fields

static bool put_paragraph(struct program *p, const struct program_section *at, uint32_t place,
                          const struct coff_symbol *s, const struct target *t)
{
    const struct program_section *section =
        names_segment(p, at->file, s) ? find_section(p, at->file, s->section) : NULL;
    uint32_t frame = section ? p->segments[section->segment].frame : t->frame;
    uint8_t *field = p->image + place;
    if (!p->relocatable)
        return program_complain(p, at->file, "a .COM program has no segments to refer to ('%s')", s->name);
    base_put16(field, (uint16_t)(base_get16(field) + frame / PROGRAM_PARAGRAPH));
    p->fixups[p->fixup_count++] = place;
    return true;
}

static bool relocate(struct program *p, const struct program_section *at, const struct coff_relocation *r)
{
    const struct coff_symbol *symbol = &p->files[at->file].symbols[r->symbol];
    uint32_t place = at->at + r->offset;
    uint8_t *field = p->image + place;
    struct target t;
    if (!find_target(p, at->file, symbol, &t))
        return false;
    switch (r->type) {
    case COFF_DIR16:
        base_put16(field, (uint16_t)(base_get16(field) + t.at - t.frame));
        return true;
    case COFF_REL16:
        base_put16(field, (uint16_t)(base_get16(field) + t.at - (place + 2)));
        return true;
    case COFF_DIR32:
        base_put32(field, base_get32(field) + t.at - t.frame);
        return true;
    case COFF_REL32:
        base_put32(field, base_get32(field) + t.at - (place + 4));
        return true;
    case COFF_SECTION:
        return put_paragraph(p, at, place, symbol, &t);
    default:
        return program_complain(p, at->file, "the address of '%s' is of a kind that DOS programs do not have",
                                symbol->name);
    }
}

// Sections of a common segment lie over each other: what one of them skips (zeros) does not cover another's.
static void copy_section(struct program *p, uint32_t i)
{
    const struct coff_section *s = program_section_of(p, i);
    uint8_t *to = p->image + p->sections[i].at;
    for (uint32_t n = 0; s->data && n < s->size; n++)
        if (s->data[n])
            to[n] = s->data[n];
}

bool program_fill(struct program *p)
{
    bool ok = true;
    p->image = base_arena_zero(&p->arena, p->end + 4);
    if (!p->image)
        return false;
    for (uint32_t i = 0; i < p->section_count; i++)
        copy_section(p, i);
    for (uint32_t i = 0; i < p->section_count; i++) {
        const struct coff_section *s = program_section_of(p, i);
        for (uint32_t n = 0; n < s->relocation_count; n++)
            ok = relocate(p, &p->sections[i], &s->relocations[n]) && ok;
    }
    return ok;
}

bool program_entry(const struct program *p, uint32_t *frame, uint32_t *offset, uint32_t *file)
{
    for (uint32_t f = 0; f < p->file_count; f++) {
        const struct coff_object *o = &p->files[f];
        struct target t;
        if (!o->start)
            continue;
        if (!find_target(p, f, &o->symbols[o->start - 1], &t))
            return false;
        *frame = t.frame;
        *offset = t.at - t.frame;
        *file = f;
        return true;
    }
    return program_complain(p, 0, "no entry: END has to name %s", "it");
}
