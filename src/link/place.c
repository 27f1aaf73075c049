// Where in the source an offset of a section comes from, for messages: the line records of the object, if it has any.
#include "link/defs.h"

static const struct coff_line *find_line(const struct coff_section *s, uint32_t offset)
{
    const struct coff_line *best = NULL;
    for (uint32_t i = 0; i < s->line_count; i++)
        if (s->lines[i].offset <= offset && (!best || s->lines[i].offset >= best->offset))
            best = &s->lines[i];
    return best;
}

void link_report_at(struct linker *l, enum base_severity severity, uint32_t file, uint32_t section, uint32_t offset,
                    const char *format, ...)
{
    const struct link_file *f = &l->files[file];
    struct base_place place = {.file = f->path};
    const struct coff_line *line = find_line(&f->coff.sections[section], offset);
    if (line) {
        place.file = f->coff.files[line->file];
        place.line = line->line;
    }
    va_list args;
    va_start(args, format);
    base_diag_vreport(l->diag, severity, &place, format, args);
    va_end(args);
}

const char *link_describe(struct linker *l, uint32_t file, uint32_t section, uint32_t offset)
{
    struct base_buf text;
    base_buf_init(&text, l->options->alloc);
    base_buf_printf(&text, "%.99s+%xh of %s", l->files[file].coff.sections[section].name, offset, l->files[file].path);
    const char *copy = base_arena_text(&l->arena, base_buf_cstr(&text), text.size);
    base_buf_free(&text);
    return copy ? copy : "?";
}
