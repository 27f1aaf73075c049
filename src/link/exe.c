// Objects into an .EXE program of DOS (MZ, RBIL table 01594): segments of any number, in the order in which they appear
// with those of a class together, as DOS linkers place them, or in the order of DOSSEG; groups; a stack; a table of the
// places that hold segment numbers.
#include "link/program.h"

#include <string.h>

enum { HEADER = 0x1E, PAGE = 512, MOST_FIXUPS = 0xFFFF, MOST_IMAGE = 0x100000 };
enum { RANK_CODE, RANK_OTHER, RANK_BEGIN, RANK_DATA, RANK_BSS, RANK_STACK, RANKS }; // of DOSSEG

// ---------------------------------------------------------------------------------------------------------------------
// What our assembler tells beside the sections: -segment:S,class=C,..., -combine:S=K, -group:G=S,T, -dosseg

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool same_letters(char a, char b)
{
    return a == b || (is_letter(a) && is_letter(b) && (a ^ b) == 0x20);
}

// Up to `length` characters of text, in any case.
static bool is_text(const char *text, size_t length, const char *wanted)
{
    if (strlen(wanted) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!same_letters(text[i], wanted[i]))
            return false;
    return true;
}

struct word {
    const char *text;
    size_t length;
};

// The next directive of an object that begins with `option`, without it. False: there are no more.
static bool next_directive(const char **at, const char *option, struct word *w)
{
    size_t n = strlen(option);
    while (**at) {
        *at += strspn(*at, " ");
        size_t length = strcspn(*at, " ");
        *w = (struct word){*at + n, length - n};
        *at += length;
        if (length >= n && is_text(w->text - n, n, option))
            return true;
    }
    return false;
}

// What stands behind "NAME" and one character, for the segment `name`; length 0: it is about another one.
static struct word about(struct word w, const char *name)
{
    size_t n = strlen(name);
    if (w.length <= n || strncmp(w.text, name, n) != 0 || !strchr(",=", w.text[n]))
        return (struct word){"", 0};
    return (struct word){w.text + n + 1, w.length - n - 1};
}

static const char *class_of(struct program *p, const struct coff_object *o, const char *name)
{
    const char *at = o->directives;
    struct word w;
    while (next_directive(&at, "-segment:", &w)) {
        struct word rest = about(w, name);
        if (rest.length > 6 && strncmp(rest.text, "class=", 6) == 0)
            return base_arena_text(&p->arena, rest.text + 6, strcspn(rest.text + 6, ", "));
    }
    return "";
}

static uint8_t combine_of(const struct coff_object *o, const char *name)
{
    static const char *const kinds[] = {"public", "private", "stack", "common"};
    const char *at = o->directives;
    struct word w;
    while (next_directive(&at, "-combine:", &w)) {
        struct word kind = about(w, name);
        for (uint8_t i = 0; i < BASE_COUNT(kinds); i++)
            if (is_text(kind.text, kind.length, kinds[i]))
                return i;
    }
    return PROGRAM_PUBLIC;
}

static bool has_dosseg(const struct program *p)
{
    struct word w;
    for (size_t i = 0; i < p->file_count; i++) {
        const char *at = p->files[i].directives;
        if (next_directive(&at, "-dosseg", &w))
            return true;
    }
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments and groups

static struct program_segment *segment_of(struct program *p, const struct program_section *s)
{
    const struct coff_object *o = &p->files[s->file];
    const char *name = o->sections[s->section].name, *class_name = class_of(p, o, name);
    uint8_t combine = combine_of(o, name);
    if (!class_name)
        return NULL;
    for (uint32_t i = 0; combine != PROGRAM_PRIVATE && i < p->segment_count; i++) {
        struct program_segment *known = &p->segments[i];
        if (known->combine == combine && strcmp(known->name, name) == 0 && strcmp(known->class_name, class_name) == 0)
            return known;
    }
    struct program_segment *made = &p->segments[p->segment_count++];
    *made = (struct program_segment){.name = name, .class_name = class_name, .combine = combine, .zero = true};
    return made;
}

static bool make_segments(struct program *p)
{
    for (uint32_t i = 0; i < p->section_count; i++) {
        const struct coff_section *c = program_section_of(p, i);
        struct program_segment *s = segment_of(p, &p->sections[i]);
        if (!s)
            return false;
        p->sections[i].segment = (uint32_t)(s - p->segments);
        s->code |= (c->flags & COFF_CODE) != 0;
        s->zero &= !c->data;
    }
    return true;
}

static struct program_group *group_of(struct program *p, struct word name)
{
    for (uint32_t i = 0; i < p->group_count; i++)
        if (strlen(p->groups[i].name) == name.length && strncmp(p->groups[i].name, name.text, name.length) == 0)
            return &p->groups[i];
    struct program_group *made = &p->groups[p->group_count];
    *made = (struct program_group){.name = base_arena_text(&p->arena, name.text, name.length)};
    p->group_count += made->name != NULL;
    return made->name ? made : NULL;
}

static void add_members(struct program *p, uint32_t file, uint32_t group, struct word members)
{
    for (size_t at = 0; at < members.length; at++) {
        size_t n = strcspn(members.text + at, ", ");
        for (uint32_t i = 0; i < p->section_count; i++) {
            const char *name = program_section_of(p, i)->name;
            if (p->sections[i].file == file && strlen(name) == n && strncmp(name, members.text + at, n) == 0)
                p->segments[p->sections[i].segment].group = group + 1;
        }
        at += n;
    }
}

static bool make_groups(struct program *p)
{
    uint32_t count = 0;
    struct word w;
    for (size_t f = 0; f < p->file_count; f++)
        for (const char *at = p->files[f].directives; next_directive(&at, "-group:", &w);)
            count++;
    p->groups = base_arena_zero(&p->arena, (count + 1) * sizeof *p->groups);
    for (uint32_t f = 0; p->groups && f < p->file_count; f++)
        for (const char *at = p->files[f].directives; next_directive(&at, "-group:", &w);) {
            size_t n = strcspn(w.text, "= ");
            const struct program_group *g = n < w.length ? group_of(p, (struct word){w.text, n}) : NULL;
            if (!g)
                return false;
            add_members(p, f, (uint32_t)(g - p->groups), (struct word){w.text + n + 1, w.length - n - 1});
        }
    return p->groups != NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Order and places

static bool place_segment(struct program *p, uint32_t number)
{
    struct program_segment *s = &p->segments[number];
    bool first = true;
    for (uint32_t i = 0; i < p->section_count; i++) {
        const struct coff_section *c = program_section_of(p, i);
        uint32_t align = c->align ? c->align : 1, at = (p->end + align - 1) & ~(align - 1);
        if (p->sections[i].segment != number)
            continue;
        at = s->combine == PROGRAM_COMMON && !first ? s->start : at;
        p->sections[i].at = at;
        s->start = first ? at : s->start;
        first = false;
        if (at > MOST_IMAGE || c->size > MOST_IMAGE - at)
            return program_complain(p, p->sections[i].file, "the program does not fit into 1 MB (segment %s)", s->name);
        p->end = p->end > at + c->size ? p->end : at + c->size;
        p->data_end = c->data && p->data_end < at + c->size ? at + c->size : p->data_end;
    }
    s->end = p->end;
    s->frame = s->start & ~(uint32_t)(PROGRAM_PARAGRAPH - 1);
    return s->end - s->frame <= PROGRAM_SEGMENT_MOST ||
           program_complain(p, 0, "the segment %s is larger than 64 KB", s->name);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && is_text(text + n - m, m, end);
}

static unsigned dosseg_rank(const struct program *p, const struct program_segment *s)
{
    if (ends_with(s->class_name, "CODE"))
        return RANK_CODE;
    if (!s->group || strcmp(p->groups[s->group - 1].name, "DGROUP") != 0)
        return RANK_OTHER;
    return is_text(s->class_name, strlen(s->class_name), "BEGDATA") ? RANK_BEGIN
           : is_text(s->class_name, strlen(s->class_name), "BSS")   ? RANK_BSS
           : is_text(s->class_name, strlen(s->class_name), "STACK") ? RANK_STACK
                                                                    : RANK_DATA;
}

// The segments that follow `from` in their class and rank; each is placed once, which `placed` remembers.
static bool place_class(struct program *p, uint32_t from, unsigned rank, bool *placed)
{
    for (uint32_t i = from; i < p->segment_count; i++) {
        const struct program_segment *s = &p->segments[i];
        bool mine = strcmp(s->class_name, p->segments[from].class_name) == 0;
        if (placed[i] || !mine || (rank < RANKS && dosseg_rank(p, s) != rank))
            continue;
        placed[i] = true;
        if (!place_segment(p, i))
            return false;
    }
    return true;
}

static bool place_segments(struct program *p)
{
    bool *placed = base_arena_zero(&p->arena, p->segment_count + 1), dosseg = has_dosseg(p);
    for (unsigned rank = dosseg ? 0 : RANKS; placed && rank <= RANKS; rank++)
        for (uint32_t i = 0; i < p->segment_count; i++) {
            bool now = rank == RANKS || dosseg_rank(p, &p->segments[i]) == rank;
            if (now && !placed[i] && !place_class(p, i, rank, placed))
                return false;
        }
    return placed != NULL;
}

static bool place_groups(struct program *p)
{
    for (uint32_t g = 0; g < p->group_count; g++) {
        struct program_group *group = &p->groups[g];
        group->frame = p->end & ~(uint32_t)(PROGRAM_PARAGRAPH - 1);
        for (uint32_t i = 0; i < p->segment_count; i++) {
            const struct program_segment *s = &p->segments[i];
            if (s->group != g + 1)
                continue;
            group->frame = s->frame < group->frame ? s->frame : group->frame;
            group->end = s->end > group->end ? s->end : group->end;
        }
        if (group->end > group->frame && group->end - group->frame > PROGRAM_SEGMENT_MOST)
            return program_complain(p, 0, "the group %s is larger than 64 KB", group->name);
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The file

static const struct program_segment *stack_of(const struct program *p)
{
    for (uint32_t i = 0; i < p->segment_count; i++)
        if (p->segments[i].combine == PROGRAM_STACK && p->segments[i].end > p->segments[i].start)
            return &p->segments[i];
    return NULL;
}

// The segment in which a place of the image lies, whose paragraph the table of fixups names.
static uint32_t frame_at(const struct program *p, uint32_t place)
{
    for (uint32_t i = 0; i < p->segment_count; i++)
        if (place >= p->segments[i].start && place < p->segments[i].end)
            return p->segments[i].frame;
    return place & ~0xFFFFu;
}

static void put_fixups(const struct program *p, struct base_buf *image)
{
    for (uint32_t i = 0; i < p->fixup_count; i++) {
        uint32_t frame = frame_at(p, p->fixups[i]);
        base_buf_add16(image, (uint16_t)(p->fixups[i] - frame));
        base_buf_add16(image, (uint16_t)(frame / PROGRAM_PARAGRAPH));
    }
}

static void put_header(const struct program *p, uint32_t header, uint32_t entry_frame, uint32_t entry,
                       struct base_buf *image)
{
    const struct program_segment *stack = stack_of(p);
    uint32_t size = header + p->data_end;
    uint8_t h[HEADER] = {'M', 'Z'};
    base_put16(h + 2, (uint16_t)(size % PAGE));
    base_put16(h + 4, (uint16_t)((size + PAGE - 1) / PAGE));
    base_put16(h + 6, (uint16_t)p->fixup_count);
    base_put16(h + 8, (uint16_t)(header / PROGRAM_PARAGRAPH));
    base_put16(h + 0x0A, (uint16_t)((p->end - p->data_end + PROGRAM_PARAGRAPH - 1) / PROGRAM_PARAGRAPH));
    base_put16(h + 0x0C, 0xFFFF);
    base_put16(h + 0x0E, (uint16_t)(stack ? stack->frame / PROGRAM_PARAGRAPH : 0));
    base_put16(h + 0x10, (uint16_t)(stack ? stack->end - stack->frame : 0));
    base_put16(h + 0x14, (uint16_t)entry);
    base_put16(h + 0x16, (uint16_t)(entry_frame / PROGRAM_PARAGRAPH));
    base_put16(h + 0x18, HEADER);
    base_buf_add(image, h, sizeof h);
}

static bool make(struct program *p, struct base_buf *image)
{
    uint32_t frame, entry, file;
    p->relocatable = true;
    if (!program_read(p) || !make_segments(p) || !make_groups(p) || !place_segments(p) || !place_groups(p) ||
        !program_fill(p) || !program_entry(p, &frame, &entry, &file))
        return false;
    if (p->fixup_count > MOST_FIXUPS)
        return program_complain(p, 0, "more than %s segment numbers", "65,535");
    if (!stack_of(p))
        base_diag_report(p->diag, BASE_WARNING, NULL, "no stack: a segment with the combine type STACK, or .STACK");
    uint32_t header = (HEADER + 4 * p->fixup_count + PROGRAM_PARAGRAPH - 1) & ~(uint32_t)(PROGRAM_PARAGRAPH - 1);
    size_t start = image->size;
    put_header(p, header, frame, entry, image);
    put_fixups(p, image);
    if (base_buf_ok(image))
        base_buf_fill(image, 0, header - (image->size - start));
    base_buf_add(image, p->image, p->data_end);
    return base_buf_ok(image);
}

bool link_exe(const struct link_options *options, const struct link_input *inputs, size_t input_count,
              struct base_diag *diag, struct base_buf *image)
{
    struct program p;
    program_begin(&p, options, inputs, input_count, diag);
    uint32_t before = diag->errors;
    return program_end(&p, input_count > 0 && make(&p, image), before);
}
