// Objects into a .COM program of DOS: one segment of 64 KB whose byte 100h is the entry. Nothing is relocated when it
// is loaded, so offsets are all that one part may know of another.
#include "link/program.h"

enum { COM_ENTRY = 0x100, COM_MOST = 0xFF00 };

static unsigned rank_of(const struct coff_section *s)
{
    return s->flags & COFF_CODE ? 0 : s->flags & COFF_BSS || !s->data ? 2 : 1;
}

static bool place_section(struct program *p, uint32_t i)
{
    const struct coff_section *s = program_section_of(p, i);
    uint32_t align = s->align ? s->align : 1;
    p->end = (p->end + align - 1) & ~(align - 1);
    p->sections[i].at = p->end;
    if (p->end > PROGRAM_SEGMENT_MOST || s->size > PROGRAM_SEGMENT_MOST - p->end)
        return program_complain(p, p->sections[i].file, "the program does not fit into one segment (section %s)",
                                s->name);
    p->end += s->size;
    return true;
}

// Code first, then data, then what has no content; within each in the order given.
static bool place_sections(struct program *p)
{
    p->segment_count = 1;
    for (unsigned rank = 0; rank < 3; rank++) {
        for (uint32_t i = 0; i < p->section_count; i++)
            if (rank_of(program_section_of(p, i)) == rank && !place_section(p, i))
                return false;
        p->data_end = rank < 2 ? p->end : p->data_end;
    }
    return true;
}

static bool check_entry(const struct program *p)
{
    uint32_t frame, offset, file;
    if (!program_entry(p, &frame, &offset, &file))
        return false;
    const struct coff_object *o = &p->files[file];
    return offset == COM_ENTRY ||
           program_complain(p, file, "the entry '%s' does not lie at 100h (ORG 100h in front of it)",
                            o->symbols[o->start - 1].name);
}

static bool make(struct program *p, struct base_buf *image)
{
    if (!program_read(p) || !place_sections(p) || !program_fill(p) || !check_entry(p))
        return false;
    if (p->data_end > COM_MOST)
        return program_complain(p, 0, "the program is larger than %s bytes", "65,280");
    if (p->data_end > COM_ENTRY)
        base_buf_add(image, p->image + COM_ENTRY, p->data_end - COM_ENTRY);
    return base_buf_ok(image);
}

bool link_com(const struct link_options *options, const struct link_input *inputs, size_t input_count,
              struct base_diag *diag, struct base_buf *image)
{
    struct program p;
    program_begin(&p, options, inputs, input_count, diag);
    uint32_t before = diag->errors;
    return program_end(&p, input_count > 0 && make(&p, image), before);
}
