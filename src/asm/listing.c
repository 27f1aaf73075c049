// The listing: every line with address, bytes and macro level, from the last pass; then the symbols. Also the
// directives that steer it.
#include <string.h>

#include "asm/defs.h"

struct asm_list_entry {
    struct asm_text text;
    uint32_t level; // of macro expansion
    bool generated, skipped, has_address;
    struct asm_segment *segment;
    uint32_t offset, size;
};

enum { LIST_BYTES = 8 };

void asm_list_line(struct assembler *a)
{
    a->list_current = 0;
    if (!a->listing || a->listing_off)
        return;
    uint32_t level = a->origin.expansion ? a->origin.expansion->depth : 0;
    if (level && a->listing_no_macros)
        return;
    if (a->skipping && !a->listing_conditions)
        return;
    a->list = asm_grow(a, a->list, &a->list_capacity, a->list_count, sizeof *a->list);
    struct asm_list_entry *e = &a->list[a->list_count++];
    *e = (struct asm_list_entry){.level = level, .skipped = a->skipping};
    e->text = (struct asm_text){asm_text_copy(a, a->origin.text.at, a->origin.text.length), a->origin.text.length};
    a->list_current = (uint32_t)a->list_count;
}

// The current line's entry waits while lines are made that stand in front of it. NULL: it has none.
struct asm_list_entry *asm_list_hold(struct assembler *a)
{
    if (a->list_current == 0 || a->list_current != a->list_count)
        return NULL;
    struct asm_list_entry *e = asm_get(a, sizeof *e);
    *e = a->list[--a->list_count];
    return e;
}

void asm_list_resume(struct assembler *a, const struct asm_list_entry *e)
{
    if (!e)
        return;
    a->list = asm_grow(a, a->list, &a->list_capacity, a->list_count, sizeof *a->list);
    a->list[a->list_count++] = *e;
    a->list_current = (uint32_t)a->list_count;
}

void asm_list_again(struct assembler *a, const struct asm_statement *s)
{
    if (!a->final || !s->list || !a->segment)
        return;
    struct asm_list_entry *e = &a->list[s->list - 1];
    if (e->has_address)
        return;
    e->segment = a->segment;
    e->offset = a->segment->location;
    e->has_address = s->kind != STATEMENT_ASSIGN && s->kind != STATEMENT_EQUATE;
}

void asm_list_end(struct assembler *a, const struct asm_statement *s)
{
    if (!a->final || !s->list || !a->segment)
        return;
    struct asm_list_entry *e = &a->list[s->list - 1];
    if (e->has_address && e->segment == a->segment && a->segment->location > e->offset)
        e->size = a->segment->location - e->offset;
}

// ---- writing ----

static bool is_fixed_up(const struct asm_segment *s, uint32_t offset, size_t *next)
{
    while (*next < s->fixup_count && s->fixups[*next].offset + 4 <= offset)
        ++*next;
    return *next < s->fixup_count && offset >= s->fixups[*next].offset && offset < s->fixups[*next].offset + 4;
}

static void write_entry(struct base_buf *out, const struct asm_list_entry *e)
{
    size_t start = out->size, next = 0;
    if (e->has_address)
        base_buf_printf(out, " %08X ", e->offset);
    else
        base_buf_text(out, "          ");
    uint32_t shown = e->size < LIST_BYTES ? e->size : LIST_BYTES;
    for (uint32_t i = 0; i < shown; i++)
        base_buf_printf(out, "%02X",
                        e->offset + i < e->segment->bytes.size ? e->segment->bytes.data[e->offset + i] : 0);
    if (e->size > LIST_BYTES)
        base_buf_text(out, "+");
    if (e->size && is_fixed_up(e->segment, e->offset + shown - 1, &next))
        base_buf_text(out, "r");
    while (out->size - start < 30)
        base_buf_add8(out, ' ');
    if (e->level)
        base_buf_printf(out, "%2u", e->level);
    else
        base_buf_text(out, "  ");
    base_buf_text(out, "  ");
    base_buf_add(out, e->text.at, e->text.length);
    base_buf_add8(out, '\n');
}

static void write_symbol(struct assembler *a, struct base_buf *out, struct asm_symbol *s)
{
    if (s->predefined || s->local_scope)
        return;
    base_buf_printf(out, "%-32s %-16s", s->name->text, asm_kind_name(s));
    if (s->kind == SYMBOL_LABEL)
        base_buf_printf(out, " %s:%08X", s->segment->symbol->name->text, (uint32_t)s->offset);
    else if (s->kind == SYMBOL_EQUATE)
        base_buf_printf(out, " %08X", (uint32_t)s->value->value);
    else if (s->kind == SYMBOL_FIELD || s->kind == SYMBOL_BITS)
        base_buf_printf(out, " %08X", (uint32_t)s->offset);
    else if (s->kind == SYMBOL_TEXT)
        base_buf_printf(out, " %.*s", (int)s->text.length, s->text.at);
    else if (s->kind == SYMBOL_SEGMENT)
        base_buf_printf(out, " size %08X align %u use%u class '%s'", s->segment->size, s->segment->align,
                        s->segment->word_size * 8u, s->segment->class_name);
    else if (s->kind == SYMBOL_TYPE)
        base_buf_printf(out, " size %08X", asm_type_size(a, s->type));
    if (s->is_public)
        base_buf_text(out, " public");
    base_buf_add8(out, '\n');
}

void asm_write_listing(struct assembler *a)
{
    if (!a->listing)
        return;
    if (a->title.length)
        base_buf_printf(a->listing, "%.*s\n\n", (int)a->title.length, a->title.at);
    for (size_t i = 0; i < a->list_count; i++)
        write_entry(a->listing, &a->list[i]);
    base_buf_text(a->listing, "\nSymbols\n\n");
    for (struct asm_symbol *s = a->symbols; s; s = s->next)
        if (s->kind != SYMBOL_UNDEFINED)
            write_symbol(a, a->listing, s);
}

void asm_list_free(struct assembler *a)
{
    base_alloc_free(&a->limited, a->list, a->list_capacity * sizeof *a->list);
}

// ---- directives ----

void asm_title(struct assembler *a, struct asm_name *name, int is_title)
{
    (void)name;
    struct asm_text t = asm_trim(a->rest.at, a->rest.at + a->rest.length);
    if (is_title)
        a->title = (struct asm_text){asm_text_copy(a, t.at, t.length), t.length};
}

void asm_listing_directive(struct assembler *a, struct asm_name *name, int what)
{
    (void)name;
    switch (what) {
    case LISTING_ON:
    case LISTING_ALL:
        a->listing_off = false;
        break;
    case LISTING_OFF:
        a->listing_off = true;
        break;
    case LISTING_MACROS:
        a->listing_no_macros = false;
        break;
    case LISTING_NO_MACROS:
        a->listing_no_macros = true;
        break;
    case LISTING_CONDITIONS:
        a->listing_conditions = true;
        break;
    case LISTING_NO_CONDITIONS:
        a->listing_conditions = false;
        break;
    case LISTING_TOGGLE_CONDITIONS:
        a->listing_conditions = !a->listing_conditions;
        break;
    default:
        break;
    }
}
