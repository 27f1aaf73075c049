// The result as a COFF model: one section a segment, symbols for what others may see and what fixups need, and the
// classes of segments as linker directives because COFF sections have none.
#include <string.h>

#include "asm/defs.h"

struct builder {
    struct assembler *a;
    struct coff_object object;
    size_t symbol_capacity;
};

static uint32_t add_symbol(struct builder *b, const char *name, uint32_t value, int32_t section, uint8_t storage,
                           bool function)
{
    size_t capacity = b->symbol_capacity;
    b->object.symbols = asm_grow(b->a, b->object.symbols, &capacity, b->object.symbol_count, sizeof *b->object.symbols);
    b->symbol_capacity = capacity;
    b->object.symbols[b->object.symbol_count] = (struct coff_symbol){
        .name = name, .value = value, .section = section, .storage = storage, .function = function};
    return b->object.symbol_count++;
}

static bool is_bss(const struct asm_segment *s)
{
    return !s->initialised && s->size > 0;
}

static uint32_t section_flags(const struct asm_segment *s)
{
    static const char *const code_classes[] = {"CODE", "RARE", "PNP", "INT21", "SYSEXIT"};
    bool code = s->has_code;
    size_t n = strlen(s->class_name);
    for (size_t i = 0; i < BASE_COUNT(code_classes); i++)
        code |= n >= 4 && asm_same_text(s->class_name, n, code_classes[i], strlen(code_classes[i]), false);
    uint32_t flags = COFF_READ;
    if (code)
        flags |= COFF_CODE | COFF_EXECUTE;
    else
        flags |= (is_bss(s) ? COFF_BSS : COFF_DATA) | (s->readonly ? 0 : (uint32_t)COFF_WRITE);
    return flags | (s->word_size == 2 ? COFF_16BIT : 0);
}

// A segment's bytes end where its reserved tail begins; sections that are not BSS carry the whole.
static const uint8_t *section_data(struct assembler *a, const struct asm_segment *s)
{
    if (is_bss(s) || s->size == 0)
        return NULL;
    uint8_t *data = asm_get(a, s->size);
    memcpy(data, s->bytes.data, s->bytes.size < s->size ? s->bytes.size : s->size);
    return data;
}

// The four segments of the memory models have COFF's names, as with ml -coff.
static const char *section_name(const struct asm_segment *s)
{
    static const struct {
        const char *segment, *section;
    } names[] = {{"_TEXT", ".text"}, {"_DATA", ".data"}, {"CONST", ".rdata"}, {"_BSS", ".bss"}};
    const char *name = s->symbol->name->text;
    for (size_t i = 0; i < BASE_COUNT(names); i++)
        if (strcmp(name, names[i].segment) == 0)
            return names[i].section;
    return name;
}

static void add_section(struct builder *b, struct coff_section *c, struct asm_segment *s)
{
    c->name = section_name(s);
    c->flags = section_flags(s);
    c->align = s->align;
    c->size = s->size;
    c->data = section_data(b->a, s);
    c->lines = s->lines;
    c->line_count = (uint32_t)s->line_count;
    s->symbol->coff_index = (int32_t)add_symbol(b, c->name, 0, s->number, COFF_STATIC, false) + 1;
}

static void add_directive(struct builder *b, const struct asm_segment *s)
{
    static const char *const combine[] = {
        [COMBINE_PRIVATE] = "private", [COMBINE_STACK] = "stack", [COMBINE_COMMON] = "common", [COMBINE_AT] = NULL};
    if (s->class_given)
        base_buf_printf(&b->a->directives, "-segment:%s,class=%s,align=%u,use=%u ", section_name(s), s->class_name,
                        s->align, s->word_size * 8u);
    if (s->word_size == 2 && combine[s->combine])
        base_buf_printf(&b->a->directives, "-combine:%s=%s ", section_name(s), combine[s->combine]);
}

static bool is_member(const struct asm_segment *s, const struct asm_symbol *group)
{
    return s->group == group->group && s->word_size == 2 && s->combine != COMBINE_AT;
}

// "-group:DGROUP=.data,STACK" for a group of 16-bit segments.
static void add_group(struct builder *b, const struct asm_symbol *g)
{
    struct base_buf *to = &b->a->directives;
    bool any = false;
    for (const struct asm_segment *s = b->a->segments; s; s = s->next) {
        if (!is_member(s, g))
            continue;
        if (!any)
            base_buf_printf(to, "-group:%s=", g->name->text);
        base_buf_printf(to, "%s%s", any ? "," : "", section_name(s));
        any = true;
    }
    if (any)
        base_buf_text(to, " ");
}

// A group whose paragraph somebody wants has a symbol that the linker knows it by.
static void add_groups(struct builder *b)
{
    for (struct asm_symbol *g = b->a->symbols; g; g = g->next) {
        if (g->kind != SYMBOL_GROUP || g->group->flat)
            continue;
        add_group(b, g);
        if (g->used)
            g->coff_index = (int32_t)add_symbol(b, g->name->text, 0, COFF_UNDEFINED, COFF_EXTERNAL, false) + 1;
    }
    if (b->a->dosseg)
        base_buf_text(&b->a->directives, "-dosseg ");
}

static bool visible(const struct assembler *a, const struct asm_symbol *s)
{
    if (s->is_public)
        return s->kind == SYMBOL_LABEL || s->kind == SYMBOL_EQUATE;
    if (s->kind == SYMBOL_EXTERN)
        return s->used || (!s->weak_extern && !s->local_scope);
    if (s->kind == SYMBOL_COMMUNAL)
        return true;
    return a->options->symbols && s->kind == SYMBOL_LABEL && !s->local_scope && s->name->text[0] != '?';
}

static void report_undefined_public(struct assembler *a, struct asm_symbol *s)
{
    a->origin = (struct asm_origin){.file = s->file, .line = s->line};
    asm_error(a, NULL, "'%s' is public but not defined", s->name->text);
}

static void add_named(struct builder *b, struct asm_symbol *s)
{
    struct assembler *a = b->a;
    const char *name = asm_public_name(a, s);
    bool code = s->type && asm_is_code_type(s->type), function = s->kind == SYMBOL_LABEL && s->procedure;
    bool external = s->is_public || s->kind == SYMBOL_EXTERN || s->kind == SYMBOL_COMMUNAL;
    uint8_t storage = external ? COFF_EXTERNAL : code && !function ? COFF_LABEL : COFF_STATIC;
    uint32_t value = 0;
    int32_t section = COFF_UNDEFINED;
    if (s->kind == SYMBOL_LABEL) {
        value = (uint32_t)s->offset;
        section = s->segment->number;
    } else if (s->kind == SYMBOL_EQUATE) {
        value = (uint32_t)s->value->value;
        section = s->value->segment ? s->value->segment->number : COFF_ABSOLUTE;
    } else if (s->kind == SYMBOL_COMMUNAL) {
        value = s->bytes;
    }
    s->coff_index = (int32_t)add_symbol(b, name, value, section, storage, function) + 1;
}

// A weak external points at its stand-in, which has to be in the object then.
static void set_stand_in(struct builder *b, const struct asm_symbol *s)
{
    struct assembler *a = b->a;
    struct asm_symbol *other = s->stand_in;
    if (other->coff_index == 0 && (other->kind == SYMBOL_EXTERN || other->kind == SYMBOL_LABEL))
        add_named(b, other);
    if (other->coff_index == 0) {
        a->origin = (struct asm_origin){.file = s->file, .line = s->line};
        asm_error(a, NULL, "'%s', which stands in for '%s', is not defined", other->name->text, s->name->text);
        return;
    }
    struct coff_symbol *c = &b->object.symbols[s->coff_index - 1];
    c->storage = COFF_WEAK;
    c->search_libraries = true;
    c->fallback = (uint32_t)other->coff_index;
}

static void add_symbols(struct builder *b)
{
    for (struct asm_symbol *s = b->a->symbols; s; s = s->next) {
        if (s->is_public && s->kind == SYMBOL_UNDEFINED && !s->broken)
            report_undefined_public(b->a, s);
        else if (s->kind != SYMBOL_SEGMENT && visible(b->a, s))
            add_named(b, s);
    }
    for (const struct asm_symbol *s = b->a->symbols; s; s = s->next)
        if (s->stand_in && s->kind == SYMBOL_EXTERN && s->coff_index)
            set_stand_in(b, s);
}

static void add_relocations(struct builder *b, struct coff_section *c, const struct asm_segment *s)
{
    if (s->fixup_count == 0)
        return;
    c->relocations = asm_get(b->a, s->fixup_count * sizeof *c->relocations);
    for (size_t i = 0; i < s->fixup_count; i++) {
        const struct asm_fixup *f = &s->fixups[i];
        const struct asm_symbol *target = f->group      ? f->group
                                          : f->external ? f->external
                                          : f->segment  ? f->segment->symbol
                                                        : NULL;
        if (!target || target->coff_index == 0) // reported as an error before
            continue;
        c->relocations[c->relocation_count++] =
            (struct coff_relocation){.offset = f->offset, .symbol = (uint32_t)target->coff_index - 1, .type = f->type};
    }
}

static void add_files(struct builder *b)
{
    struct assembler *a = b->a;
    b->object.files = asm_get(a, (a->file_count + 1) * sizeof *b->object.files);
    for (size_t i = 0; i < a->file_count; i++)
        b->object.files[i] = a->files[i].path;
    b->object.file_count = (uint32_t)a->file_count;
}

// AT segments only name addresses: they are no sections, their symbols are absolute.
static void number_sections(struct builder *b)
{
    for (struct asm_segment *s = b->a->segments; s; s = s->next)
        s->number = s->combine == COMBINE_AT ? COFF_ABSOLUTE : (int32_t)++b->object.section_count;
}

bool asm_write_object(struct assembler *a, struct base_buf *out)
{
    struct builder b = {.a = a};
    number_sections(&b);
    b.object.sections = asm_get(a, (b.object.section_count + 1) * sizeof *b.object.sections);
    for (struct asm_segment *s = a->segments; s; s = s->next) {
        if (s->combine == COMBINE_AT)
            continue;
        add_section(&b, &b.object.sections[s->number - 1], s);
        add_directive(&b, s);
    }
    add_groups(&b);
    add_symbols(&b);
    for (struct asm_segment *s = a->segments; s; s = s->next)
        if (s->combine != COMBINE_AT)
            add_relocations(&b, &b.object.sections[s->number - 1], s);
    add_files(&b);
    if (a->start && a->start->coff_index == 0)
        add_named(&b, a->start);
    b.object.start = a->start ? (uint32_t)a->start->coff_index : 0;
    b.object.directives = base_buf_cstr(&a->directives);
    bool ok = a->error_count == 0 && coff_write(&b.object, out, a->diag);
    base_alloc_free(&a->limited, b.object.symbols, b.symbol_capacity * sizeof *b.object.symbols);
    return ok;
}
