// Symbols: making, finding and defining them. A definition in a later pass that differs from the one before asks for
// one more pass.
#include <string.h>

#include "asm/defs.h"

static struct asm_symbol *new_symbol(struct assembler *a, struct asm_name *name)
{
    struct asm_symbol *s = asm_get(a, sizeof *s);
    s->name = name;
    s->language = LANGUAGE_NONE;
    s->file = a->origin.file;
    s->line = a->origin.line;
    *a->symbol_tail = s;
    a->symbol_tail = &s->next;
    return s;
}

struct asm_symbol *asm_symbol_get(struct assembler *a, struct asm_name *name)
{
    if (!name->symbol)
        name->symbol = new_symbol(a, name);
    return name->symbol;
}

struct asm_symbol *asm_symbol_local(struct assembler *a, struct asm_name *name)
{
    struct asm_symbol *s = new_symbol(a, name);
    s->local_scope = true;
    name->local = s;
    asm_proc_add_local(a, s);
    return s;
}

struct asm_symbol *asm_lookup(const struct asm_name *name)
{
    return name->local ? name->local : name->symbol;
}

// ---- what was perhaps meant ----

enum { MISTAKES = 2, NEAR_LENGTH = 48 };

static bool same_letter(char x, char y)
{
    return asm_same_text(&x, 1, &y, 1, false);
}

// Letters to change, drop or add, at most MISTAKES of them; two neighbours changed round count as one.
static bool is_near(const char *x, size_t n, const char *y, size_t m, int mistakes)
{
    while (n && m && same_letter(*x, *y))
        x++, y++, n--, m--;
    if (n == 0 || m == 0)
        return (int)(n + m) <= mistakes;
    if (mistakes == 0)
        return false;
    bool turned = n > 1 && m > 1 && same_letter(x[0], y[1]) && same_letter(x[1], y[0]);
    return (turned && is_near(x + 2, n - 2, y + 2, m - 2, mistakes - 1)) ||
           is_near(x + 1, n - 1, y + 1, m - 1, mistakes - 1) || is_near(x + 1, n - 1, y, m, mistakes - 1) ||
           is_near(x, n, y + 1, m - 1, mistakes - 1);
}

// A defined symbol whose name differs little, for messages. NULL: none.
const struct asm_symbol *asm_near_symbol(const struct assembler *a, const char *text, size_t length)
{
    if (length < 5 || length > NEAR_LENGTH)
        return NULL;
    int mistakes = length < 8 ? 1 : MISTAKES;
    for (const struct asm_symbol *s = a->symbols; s; s = s->next)
        if (s->kind != SYMBOL_UNDEFINED && !s->local_scope && s->name->length <= NEAR_LENGTH &&
            is_near(text, length, s->name->text, s->name->length, mistakes))
            return s;
    return NULL;
}

static const char *const kind_names[] = {
    [SYMBOL_UNDEFINED] = "undefined symbol",
    [SYMBOL_LABEL] = "label",
    [SYMBOL_EQUATE] = "constant",
    [SYMBOL_TEXT] = "text macro",
    [SYMBOL_MACRO] = "macro",
    [SYMBOL_SEGMENT] = "segment",
    [SYMBOL_GROUP] = "group",
    [SYMBOL_TYPE] = "type",
    [SYMBOL_FIELD] = "structure field",
    [SYMBOL_BITS] = "record field",
    [SYMBOL_EXTERN] = "external symbol",
    [SYMBOL_COMMUNAL] = "communal",
    [SYMBOL_STACK] = "local variable",
};

const char *asm_kind_name(const struct asm_symbol *s)
{
    return kind_names[s->kind];
}

void asm_error_redefined(struct assembler *a, const struct asm_symbol *s, const char *at)
{
    const char *file = s->file < a->file_count ? a->files[s->file].path : "?";
    if (s->predefined)
        asm_error(a, at, "'%s' is predefined", s->name->text);
    else
        asm_error(a, at, "'%s' is already defined as a %s (%s:%u)", s->name->text, kind_names[s->kind], file, s->line);
}

// A symbol that may still become `kind`: new, or only announced by PUBLIC, EXTERNDEF, PROTO. NULL with a message:
// taken.
struct asm_symbol *asm_symbol_claim(struct assembler *a, struct asm_name *name, int kind, const char *at)
{
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind == SYMBOL_UNDEFINED) {
        s->kind = (uint8_t)kind;
        s->file = a->origin.file;
        s->line = a->origin.line;
        return s;
    }
    asm_error_redefined(a, s, at);
    return NULL;
}

static bool may_become_label(const struct assembler *a, const struct asm_symbol *s)
{
    if (s->kind == SYMBOL_UNDEFINED)
        return true;
    if (s->kind == SYMBOL_EXTERN)
        return s->weak_extern;
    return s->kind == SYMBOL_LABEL && s->pass != a->pass && a->pass > 1;
}

// Puts an already claimed label here.
void asm_place_label(struct assembler *a, struct asm_symbol *s)
{
    if (s->offset != a->segment->location || s->segment != a->segment)
        a->moved = true;
    s->offset = a->segment->location;
    s->segment = a->segment;
    s->pass = a->pass;
}

struct asm_symbol *asm_define_label(struct assembler *a, struct asm_symbol *s, const struct asm_type *type,
                                    const char *at)
{
    if (a->structure || !a->segment) {
        if (a->structure)
            asm_error(a, at, "'%s' stands inside a structure, which has fields only", s->name->text);
        else
            asm_error_outside(a, at, "'%s' stands outside of any segment", s->name->text);
        s->broken = true;
        return NULL;
    }
    if (!may_become_label(a, s)) {
        asm_error_redefined(a, s, at);
        return NULL;
    }
    if (s->kind == SYMBOL_EXTERN && s->weak_extern && !s->is_private && !s->only_proto)
        s->is_public = true;
    if (s->kind != SYMBOL_LABEL) {
        s->file = a->origin.file;
        s->line = a->origin.line;
    }
    s->kind = SYMBOL_LABEL;
    s->type = type;
    asm_place_label(a, s);
    return s;
}

// ---- @@ ----

struct asm_symbol *asm_anonymous(struct assembler *a, uint32_t number)
{
    return number && number <= a->anonymous_known ? a->anonymous[number - 1] : NULL;
}

struct asm_symbol *asm_define_anonymous(struct assembler *a)
{
    if (a->anonymous_count == a->anonymous_known) {
        a->anonymous = asm_grow(a, a->anonymous, &a->anonymous_capacity, a->anonymous_known, sizeof *a->anonymous);
        a->anonymous[a->anonymous_known++] = new_symbol(a, asm_name_of(a, "@@"));
        a->anonymous[a->anonymous_known - 1]->local_scope = true;
    }
    return a->anonymous[a->anonymous_count++];
}

// ---- equates ----

void asm_define_value(struct assembler *a, struct asm_symbol *s, const struct asm_value *v, bool redefinable,
                      bool stable)
{
    if (s->kind != SYMBOL_EQUATE) {
        s->kind = SYMBOL_EQUATE;
        s->value = asm_get(a, sizeof *s->value);
        s->file = a->origin.file;
        s->line = a->origin.line;
    } else if (!redefinable && (s->value->value != v->value || s->value->segment != v->segment)) {
        a->moved = true;
    }
    *s->value = *v;
    s->value->symbol = s;
    s->redefinable = redefinable;
    s->stable = stable;
    s->pass = a->pass;
}

void asm_define_number(struct assembler *a, const char *name, int64_t number)
{
    struct asm_symbol *s = asm_symbol_get(a, asm_name_of(a, name));
    struct asm_value v = asm_number(number);
    asm_define_value(a, s, &v, true, true);
}

void asm_define_text(struct assembler *a, struct asm_symbol *s, const char *text, size_t length)
{
    if (s->kind != SYMBOL_TEXT) {
        s->kind = SYMBOL_TEXT;
        s->file = a->origin.file;
        s->line = a->origin.line;
    }
    s->text = (struct asm_text){asm_text_copy(a, text, length), length};
}

// ---- decorated names ----

static const char *upper_copy(struct assembler *a, const char *text)
{
    char *upper = asm_text_copy(a, text, strlen(text));
    for (char *p = upper; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 0x20) : *p;
    return upper;
}

const char *asm_public_name(struct assembler *a, struct asm_symbol *s)
{
    if (s->public_name)
        return s->public_name;
    const char *text = a->option.case_upper ? upper_copy(a, s->name->text) : s->name->text;
    switch (s->language) {
    case LANGUAGE_C:
        text = asm_format(a, "_%s", text);
        break;
    case LANGUAGE_STDCALL:
        text = s->procedure || s->prototype ? asm_format(a, "_%s@%u", text, asm_proc_bytes(s))
                                            : asm_format(a, "_%s", text);
        break;
    case LANGUAGE_PASCAL:
    case LANGUAGE_FORTRAN:
    case LANGUAGE_BASIC:
        text = upper_copy(a, text);
        break;
    default:
        break;
    }
    s->public_name = text;
    return text;
}
