// Writes the model of coff.h as an i386 COFF object: header, sections with their data, relocations and lines, symbols,
// names. Line numbers take the classic form (function symbol with .bf, .lf, .ef) that MASM -Zd writes; what is
// particular to ours (lines beyond 65535, many files) is told in docs/images.md.
#include <stdlib.h>
#include <string.h>

#include "image/coff.h"
#include "image/coff_format.h"

enum { NONE = UINT32_MAX, OWNER_RECORDS = 7 }; // symbol, aux, .bf, aux, .lf, .ef, aux

struct line_group {
    uint32_t section;      // index
    uint32_t first, count; // in the section's lines
    uint32_t owner;        // index of a model symbol, NONE: one is made
    uint32_t base;         // line number that the group's entries count from
    uint32_t file;
    uint32_t raw;      // index of the owner in the symbol table
    uint32_t position; // of its entries in the object
};

struct function_start {
    uint32_t section, value, symbol;
};

struct writer {
    const struct coff_object *object;
    struct base_buf *out;
    struct base_diag *diag;
    struct base_arena arena;
    struct base_buf symbols, strings;
    struct base_buf groups; // of struct line_group, by section
    uint32_t *first_group;  // by section; one more for the end
    struct base_buf starts; // of struct function_start, sorted
    uint32_t *raw_of;       // model symbol to its index in the symbol table
    uint32_t *group_of;     // model symbol to the group it owns + 1
    const char *directives; // with the entry point
    struct base_buf directive_text;
    uint32_t raw_count;
    uint32_t current_file; // of the last .file record
};

static bool fail(struct writer *w, const char *format, ...) BASE_PRINTF(2, 3);

static bool fail(struct writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    base_diag_vreport(w->diag, BASE_ERROR, NULL, format, args);
    va_end(args);
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// What the model must satisfy to be expressible

static bool check_section(struct writer *w, const struct coff_section *s)
{
    if (s->align == 0 || s->align > 8192 || (s->align & (s->align - 1)))
        return fail(w, "section '%s': alignment %u cannot be written to a COFF object", s->name, s->align);
    for (uint32_t i = 0; i < s->relocation_count; i++)
        if (s->relocations[i].symbol >= w->object->symbol_count)
            return fail(w, "section '%s': relocation %u names no symbol", s->name, i);
    for (uint32_t i = 0; i < s->line_count; i++)
        if (s->lines[i].line == 0 || s->lines[i].file >= w->object->file_count)
            return fail(w, "section '%s': line record %u names no line of a source file", s->name, i);
    return true;
}

static bool check_symbol(struct writer *w, const struct coff_symbol *s)
{
    if (s->section > (int32_t)w->object->section_count || s->section < COFF_ABSOLUTE)
        return fail(w, "symbol '%s': there is no section %d", s->name, s->section);
    bool weak = s->storage == COFF_WEAK;
    if (s->storage != COFF_EXTERNAL && s->storage != COFF_STATIC && s->storage != COFF_LABEL && !weak)
        return fail(w, "symbol '%s': storage class %u cannot be written", s->name, s->storage);
    if (weak && (s->section != COFF_UNDEFINED || s->fallback == 0 || s->fallback > w->object->symbol_count))
        return fail(w, "symbol '%s': a weak external needs another symbol that stands in for it", s->name);
    if (!strcmp(s->name, COFF_LINE_OWNER))
        return fail(w, "symbol '%s': the name is reserved", s->name);
    return true;
}

static bool check_model(struct writer *w)
{
    const struct coff_object *o = w->object;
    if (o->section_count >= COFF_MAX_SECTIONS)
        return fail(w, "%u sections are too many for a COFF object", o->section_count);
    if (o->start > o->symbol_count)
        return fail(w, "the start address names no symbol");
    for (uint32_t i = 0; i < o->file_count; i++)
        if (strlen(o->files[i]) > COFF_FILE_NAME_MAX)
            return fail(w, "the source file's name is longer than %d characters", COFF_FILE_NAME_MAX);
    for (uint32_t i = 0; i < o->section_count; i++)
        if (!check_section(w, &o->sections[i]))
            return false;
    for (uint32_t i = 0; i < o->symbol_count; i++)
        if (!check_symbol(w, &o->symbols[i]))
            return false;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Line groups and the numbering of the symbol table

static int compare_starts(const void *a, const void *b)
{
    const struct function_start *x = a, *y = b;
    if (x->section != y->section)
        return x->section < y->section ? -1 : 1;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

static void collect_starts(struct writer *w)
{
    for (uint32_t i = 0; i < w->object->symbol_count; i++) {
        const struct coff_symbol *s = &w->object->symbols[i];
        if (!s->function || s->section <= 0)
            continue;
        struct function_start start = {(uint32_t)s->section - 1, s->value, i};
        base_buf_add(&w->starts, &start, sizeof start);
    }
    if (base_buf_ok(&w->starts) && w->starts.size)
        qsort(w->starts.data, w->starts.size / sizeof(struct function_start), sizeof(struct function_start),
              compare_starts);
}

// The first function symbol at exactly this place that owns no group yet; NONE when there is none.
static uint32_t free_start(const struct writer *w, uint32_t section, uint32_t offset)
{
    const struct function_start *starts = (const void *)w->starts.data;
    size_t low = 0, high = w->starts.size / sizeof *starts, count = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct function_start *s = &starts[middle];
        if (s->section < section || (s->section == section && s->value < offset))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < count && starts[low].section == section && starts[low].value == offset &&
        !w->group_of[starts[low].symbol])
        return starts[low].symbol;
    return NONE;
}

static void group_section_lines(struct writer *w, uint32_t section)
{
    const struct coff_section *s = &w->object->sections[section];
    struct line_group *g = NULL;
    for (uint32_t i = 0; i < s->line_count; i++) {
        const struct coff_line *l = &s->lines[i];
        uint32_t owner = free_start(w, section, l->offset);
        if (g && owner == NONE && g->file == l->file && l->line > g->base && l->line - g->base < COFF_LINE_SAME) {
            g->count++;
            continue;
        }
        struct line_group fresh = {section, i, 1, owner, l->line - 1, l->file, 0, 0};
        base_buf_add(&w->groups, &fresh, sizeof fresh);
        if (!base_buf_ok(&w->groups))
            return;
        uint32_t count = (uint32_t)(w->groups.size / sizeof fresh);
        g = (struct line_group *)(void *)w->groups.data + (count - 1);
        if (owner != NONE)
            w->group_of[owner] = count;
    }
}

static uint32_t group_count(const struct writer *w)
{
    return (uint32_t)(w->groups.size / sizeof(struct line_group));
}

static struct line_group *group_at(const struct writer *w, uint32_t index)
{
    return (struct line_group *)(void *)w->groups.data + index;
}

// A symbol standing for its section carries the section's record, as MASM writes it.
static bool is_section_symbol(const struct writer *w, const struct coff_symbol *s)
{
    return s->storage == COFF_STATIC && s->value == 0 && s->section > 0 && !s->function &&
           !strcmp(s->name, w->object->sections[s->section - 1].name);
}

static uint32_t file_records(const char *name)
{
    size_t n = strlen(name);
    return 1 + (n ? (uint32_t)((n + COFF_SYMBOL_SIZE - 1) / COFF_SYMBOL_SIZE) : 1);
}

// The .file record a group needs before its owner when another file was the last one named.
static uint32_t number_group(struct writer *w, struct line_group *g)
{
    uint32_t switches = 0;
    if (g->file != w->current_file)
        switches = file_records(w->object->files[g->file]);
    w->current_file = g->file;
    g->raw = w->raw_count + switches;
    w->raw_count += switches + OWNER_RECORDS;
    return g->raw;
}

static void number_symbols(struct writer *w)
{
    const struct coff_object *o = w->object;
    w->current_file = o->file_count - 1;
    for (uint32_t i = 0; i < o->file_count; i++)
        w->raw_count += file_records(o->files[i]);
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        if (w->group_of[i]) {
            w->raw_of[i] = number_group(w, group_at(w, w->group_of[i] - 1));
            continue;
        }
        w->raw_of[i] = w->raw_count;
        w->raw_count += is_section_symbol(w, &o->symbols[i]) || o->symbols[i].storage == COFF_WEAK ? 2 : 1;
    }
    for (uint32_t i = 0; i < group_count(w); i++)
        if (group_at(w, i)->owner == NONE)
            number_group(w, group_at(w, i));
}

static bool plan(struct writer *w)
{
    const struct coff_object *o = w->object;
    w->raw_of = base_arena_zero(&w->arena, ((size_t)o->symbol_count + 1) * sizeof(uint32_t));
    w->group_of = base_arena_zero(&w->arena, ((size_t)o->symbol_count + 1) * sizeof(uint32_t));
    w->first_group = base_arena_zero(&w->arena, ((size_t)o->section_count + 1) * sizeof(uint32_t));
    if (!w->raw_of || !w->group_of || !w->first_group)
        return fail(w, "out of memory");
    collect_starts(w);
    for (uint32_t i = 0; i < o->section_count; i++) {
        group_section_lines(w, i);
        w->first_group[i + 1] = group_count(w);
    }
    if (!base_buf_ok(&w->groups) || !base_buf_ok(&w->starts))
        return fail(w, "out of memory");
    number_symbols(w);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Sections

// Offsets of up to seven digits are written in decimal, larger ones in base 64 (PE/COFF specification, section names).
static void put_long_section_name(uint8_t *field, uint32_t offset)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    field[0] = '/';
    if (offset > 9999999) {
        field[1] = '/';
        for (int i = 7; i >= 2; i--, offset /= 64)
            field[i] = (uint8_t)digits[offset % 64];
        return;
    }
    uint8_t text[7];
    int n = 0;
    do
        text[n++] = (uint8_t)('0' + offset % 10);
    while (offset /= 10);
    for (int i = 0; i < n; i++)
        field[1 + i] = text[n - 1 - i];
}

static uint32_t add_string(struct writer *w, const char *name)
{
    uint32_t offset = (uint32_t)w->strings.size;
    base_buf_add(&w->strings, name, strlen(name) + 1);
    return offset;
}

static uint32_t align_bits(uint32_t align)
{
    uint32_t bits = 1;
    for (; align > 1; align >>= 1)
        bits++;
    return bits << COFF_ALIGN_SHIFT;
}

static uint16_t saturate(uint32_t count)
{
    return (uint16_t)(count < COFF_COUNT_MAX ? count : COFF_COUNT_MAX);
}

// Each group has an entry of its own in front of its lines.
static uint32_t line_entries(const struct writer *w, uint32_t section)
{
    return w->object->sections[section].line_count + w->first_group[section + 1] - w->first_group[section];
}

// The section's header; *position advances over its data, relocations and lines.
static void put_section_header(struct writer *w, const struct coff_section *s, uint32_t lines, uint64_t *position)
{
    uint8_t h[COFF_SECTION_SIZE] = {0};
    size_t length = strlen(s->name);
    if (length <= 8)
        memcpy(h, s->name, length);
    else
        put_long_section_name(h, add_string(w, s->name));
    base_put32(h + 16, s->size);
    if (s->data && s->size) {
        base_put32(h + 20, (uint32_t)*position);
        *position += s->size;
    }
    bool many = s->relocation_count >= COFF_COUNT_MAX;
    if (s->relocation_count) {
        base_put32(h + 24, (uint32_t)*position);
        *position += ((uint64_t)s->relocation_count + many) * COFF_RELOCATION_SIZE;
    }
    if (lines) {
        base_put32(h + 28, (uint32_t)*position);
        *position += (uint64_t)lines * COFF_LINE_SIZE;
    }
    base_put16(h + 32, saturate(s->relocation_count));
    base_put16(h + 34, saturate(lines));
    base_put32(h + 36, s->flags | align_bits(s->align) | (many ? COFF_MANY_RELOCATIONS : 0));
    base_buf_add(w->out, h, sizeof h);
}

static void put_relocation(struct writer *w, uint32_t offset, uint32_t symbol, uint16_t type)
{
    base_buf_add32(w->out, offset);
    base_buf_add32(w->out, symbol);
    base_buf_add16(w->out, type);
}

static void put_section_content(struct writer *w, const struct coff_section *s)
{
    if (s->data)
        base_buf_add(w->out, s->data, s->size);
    if (s->relocation_count >= COFF_COUNT_MAX)
        put_relocation(w, s->relocation_count + 1, 0, 0);
    for (uint32_t i = 0; i < s->relocation_count; i++) {
        const struct coff_relocation *r = &s->relocations[i];
        put_relocation(w, r->offset, w->raw_of[r->symbol], r->type);
    }
}

static void put_lines(struct writer *w, uint32_t section)
{
    const struct coff_section *s = &w->object->sections[section];
    for (uint32_t i = w->first_group[section]; i < w->first_group[section + 1]; i++) {
        struct line_group *g = group_at(w, i);
        g->position = (uint32_t)w->out->size;
        base_buf_add32(w->out, g->raw);
        base_buf_add16(w->out, 0);
        for (uint32_t k = g->first; k < g->first + g->count; k++) {
            base_buf_add32(w->out, s->lines[k].offset);
            base_buf_add16(w->out, (uint16_t)(s->lines[k].line - g->base));
        }
    }
}

// The text of .drectve: the model's own and the start address, which MASM passes on in the same way.
static bool make_directives(struct writer *w)
{
    const struct coff_object *o = w->object;
    base_buf_text(&w->directive_text, o->directives ? o->directives : "");
    if (o->start)
        base_buf_printf(&w->directive_text, "%s-entry:%s", w->directive_text.size ? " " : "",
                        o->symbols[o->start - 1].name);
    w->directives = base_buf_cstr(&w->directive_text);
    return base_buf_ok(&w->directive_text) || fail(w, "out of memory");
}

// False: larger than a COFF object's 32-bit offsets reach.
static bool put_sections(struct writer *w)
{
    const struct coff_object *o = w->object;
    struct coff_section directives = {.name = COFF_DIRECTIVES,
                                      .flags = COFF_INFO | COFF_REMOVE,
                                      .align = 1,
                                      .data = (const uint8_t *)w->directives,
                                      .size = (uint32_t)strlen(w->directives)};
    uint32_t count = o->section_count + (directives.size != 0);
    uint64_t position = COFF_HEADER_SIZE + (uint64_t)count * COFF_SECTION_SIZE;
    for (uint32_t i = 0; i < o->section_count; i++)
        put_section_header(w, &o->sections[i], line_entries(w, i), &position);
    if (directives.size)
        put_section_header(w, &directives, 0, &position);
    if (position > UINT32_MAX)
        return fail(w, "the object would be larger than 4 GB");
    for (uint32_t i = 0; i < o->section_count; i++) {
        put_section_content(w, &o->sections[i]);
        put_lines(w, i);
    }
    if (directives.size)
        put_section_content(w, &directives);
    uint8_t *header = w->out->data;
    if (base_buf_ok(w->out)) {
        base_put16(header + 2, (uint16_t)count);
        base_put32(header + 8, (uint32_t)position);
        base_put32(header + 12, w->raw_count);
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Symbols

struct symbol_record {
    const char *name;
    uint32_t value;
    int32_t section;
    uint16_t type;
    uint8_t storage, aux_count;
};

static void put_symbol(struct writer *w, struct symbol_record s)
{
    uint8_t r[COFF_SYMBOL_SIZE] = {0};
    size_t length = strlen(s.name);
    if (length <= 8)
        memcpy(r, s.name, length);
    else
        base_put32(r + 4, add_string(w, s.name));
    base_put32(r + 8, s.value);
    base_put16(r + 12, (uint16_t)s.section);
    base_put16(r + 14, s.type);
    r[16] = s.storage;
    r[17] = s.aux_count;
    base_buf_add(&w->symbols, r, sizeof r);
}

static void put_file(struct writer *w, uint32_t file)
{
    const char *name = w->object->files[file];
    uint32_t aux = file_records(name) - 1;
    put_symbol(w, (struct symbol_record){".file", 0, COFF_SECTION_DEBUG, 0, COFF_CLASS_FILE, (uint8_t)aux});
    base_buf_add(&w->symbols, name, strlen(name));
    base_buf_fill(&w->symbols, 0, aux * COFF_SYMBOL_SIZE - strlen(name));
    w->current_file = file;
}

// The auxiliary record of .bf and .ef. The specification gives the line 16 bits and leaves the next two bytes unused;
// they hold the upper half here.
static void put_boundary_aux(struct writer *w, uint32_t line)
{
    uint8_t aux[COFF_SYMBOL_SIZE] = {0};
    base_put32(aux + 4, line);
    base_buf_add(&w->symbols, aux, sizeof aux);
}

// The owner of a line group with everything that follows it.
static void put_owner(struct writer *w, const struct line_group *g, struct symbol_record owner)
{
    const struct coff_line *last = &w->object->sections[g->section].lines[g->first + g->count - 1];
    if (g->file != w->current_file)
        put_file(w, g->file);
    owner.type = COFF_TYPE_FUNCTION;
    owner.aux_count = 1;
    put_symbol(w, owner);
    uint8_t aux[COFF_SYMBOL_SIZE] = {0};
    base_put32(aux, g->raw + 2); // .bf
    base_put32(aux + 8, g->position);
    base_buf_add(&w->symbols, aux, sizeof aux);
    int32_t section = (int32_t)g->section + 1;
    put_symbol(w, (struct symbol_record){".bf", owner.value, section, 0, COFF_CLASS_FUNCTION, 1});
    put_boundary_aux(w, g->base);
    put_symbol(w, (struct symbol_record){".lf", g->count + 1, section, 0, COFF_CLASS_FUNCTION, 0});
    put_symbol(w, (struct symbol_record){".ef", last->offset, section, 0, COFF_CLASS_FUNCTION, 1});
    put_boundary_aux(w, last->line);
}

static void put_section_aux(struct writer *w, uint32_t section)
{
    const struct coff_section *s = &w->object->sections[section];
    uint8_t aux[COFF_SYMBOL_SIZE] = {0};
    base_put32(aux, s->size);
    base_put16(aux + 4, saturate(s->relocation_count));
    base_put16(aux + 6, saturate(line_entries(w, section)));
    base_put16(aux + 12, (uint16_t)s->associate);
    aux[14] = s->comdat;
    base_buf_add(&w->symbols, aux, sizeof aux);
}

static void put_weak_aux(struct writer *w, const struct coff_symbol *s)
{
    uint8_t aux[COFF_SYMBOL_SIZE] = {0};
    base_put32(aux, w->raw_of[s->fallback - 1]);
    base_put32(aux + 4, s->search_libraries ? COFF_WEAK_LIBRARY : COFF_WEAK_NO_LIBRARY);
    base_buf_add(&w->symbols, aux, sizeof aux);
}

static void put_model_symbol(struct writer *w, uint32_t index)
{
    const struct coff_symbol *s = &w->object->symbols[index];
    bool section = is_section_symbol(w, s);
    bool weak = s->storage == COFF_WEAK;
    struct symbol_record r = {s->name,    s->value,       s->section, s->function ? COFF_TYPE_FUNCTION : 0,
                              s->storage, section || weak};
    if (w->group_of[index]) {
        put_owner(w, group_at(w, w->group_of[index] - 1), r);
        return;
    }
    put_symbol(w, r);
    if (section)
        put_section_aux(w, (uint32_t)s->section - 1);
    if (weak)
        put_weak_aux(w, s);
}

static void put_symbols(struct writer *w)
{
    for (uint32_t i = 0; i < w->object->file_count; i++)
        put_file(w, i);
    for (uint32_t i = 0; i < w->object->symbol_count; i++)
        put_model_symbol(w, i);
    for (uint32_t i = 0; i < group_count(w); i++) {
        const struct line_group *g = group_at(w, i);
        const struct coff_line *first = &w->object->sections[g->section].lines[g->first];
        if (g->owner == NONE)
            put_owner(
                w, g,
                (struct symbol_record){COFF_LINE_OWNER, first->offset, (int32_t)g->section + 1, 0, COFF_STATIC, 0});
    }
}

static bool write_object(struct writer *w)
{
    if (!check_model(w) || !make_directives(w) || !plan(w))
        return false;
    base_buf_add32(&w->strings, 0);
    base_buf_add16(w->out, COFF_MACHINE_I386);
    base_buf_fill(w->out, 0, COFF_HEADER_SIZE - 2); // time stamp 0: equal sources give equal objects
    if (!put_sections(w))
        return false;
    put_symbols(w);
    base_buf_put32(&w->strings, 0, (uint32_t)w->strings.size);
    base_buf_add(w->out, w->symbols.data, w->symbols.size);
    base_buf_add(w->out, w->strings.data, w->strings.size);
    return (base_buf_ok(w->out) && base_buf_ok(&w->symbols) && base_buf_ok(&w->strings)) || fail(w, "out of memory");
}

bool coff_write(const struct coff_object *object, struct base_buf *out, struct base_diag *diag)
{
    struct writer w = {.object = object, .out = out, .diag = diag};
    base_arena_init(&w.arena, out->alloc);
    struct base_buf *all[] = {&w.symbols, &w.strings, &w.groups, &w.starts, &w.directive_text};
    for (size_t i = 0; i < BASE_COUNT(all); i++)
        base_buf_init(all[i], out->alloc);
    base_buf_clear(out);
    bool ok = write_object(&w);
    for (size_t i = 0; i < BASE_COUNT(all); i++)
        base_buf_free(all[i]);
    base_arena_free(&w.arena);
    return ok;
}
