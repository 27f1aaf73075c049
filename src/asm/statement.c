// Statements: what is left of a line when the preprocessor is done. Pass 1 runs each once and keeps what later passes
// need: its bytes when nothing about them can change, else its tokens.
#include <string.h>

#include "asm/defs.h"

static struct asm_statement *keep(struct assembler *a, int kind)
{
    a->statements = asm_grow(a, a->statements, &a->statement_capacity, a->statement_count, sizeof *a->statements);
    struct asm_statement *s = &a->statements[a->statement_count++];
    *s = (struct asm_statement){.kind = (uint8_t)kind, .list = a->list_current, .origin = asm_lasting_origin(a)};
    return s;
}

static bool inside(struct asm_text t, const char *p)
{
    return p >= t.at && p <= t.at + t.length;
}

// A statement that may still have to be shown in a message keeps its text.
static void settle_origin(struct assembler *a, struct asm_statement *s)
{
    if (!s->origin.text.at)
        s->origin.text =
            (struct asm_text){asm_text_copy(a, a->origin.text.at, a->origin.text.length), a->origin.text.length};
}

static void keep_tokens(struct assembler *a, struct asm_statement *s, const struct asm_token *first)
{
    size_t n = 1;
    while (first[n - 1].kind != TOKEN_END)
        n++;
    struct asm_token *t = asm_get(a, n * sizeof *t);
    memcpy(t, first, n * sizeof *t);
    settle_origin(a, s);
    struct asm_text line = s->origin.text;
    const char *from = a->origin.text.at;
    if (!inside(a->origin.text, first->text)) { // text macros were replaced: the tokens point into another text
        line = (struct asm_text){asm_text_copy(a, a->line.at, a->line.length), a->line.length};
        from = a->line.at;
    }
    for (size_t i = 0; i < n; i++)
        t[i].text = line.at + (t[i].text - from);
    s->tokens = t;
    s->line = line;
}

// Tokens and the text they point into, to be run later (defaults of structure fields).
struct asm_token *asm_copy_tokens(struct assembler *a, const struct asm_token *first)
{
    size_t n = 1;
    while (first[n - 1].kind != TOKEN_END)
        n++;
    struct asm_token *t = asm_get(a, n * sizeof *t);
    memcpy(t, first, n * sizeof *t);
    size_t length = (size_t)(first[n - 1].text - first->text);
    const char *text = asm_text_copy(a, first->text, length);
    for (size_t i = 0; i < n; i++)
        t[i].text = text + (first[i].text - first->text);
    return t;
}

void asm_keep_line(struct assembler *a, const struct asm_token *first, struct asm_symbol *symbol)
{
    struct asm_statement *s = keep(a, STATEMENT_LINE);
    s->symbol = symbol;
    s->location = a->here;
    keep_tokens(a, s, first);
}

void asm_keep_label(struct assembler *a, struct asm_symbol *symbol)
{
    keep(a, STATEMENT_LABEL)->symbol = symbol;
}

void asm_keep_assignment(struct assembler *a, struct asm_symbol *symbol)
{
    struct asm_statement *last = a->statement_count ? &a->statements[a->statement_count - 1] : NULL;
    if (last && last->kind == STATEMENT_ASSIGN && last->symbol == symbol) { // nobody saw the value before
        *last->value = *symbol->value;
        return;
    }
    struct asm_statement *s = keep(a, STATEMENT_ASSIGN);
    s->symbol = symbol;
    s->value = asm_get(a, sizeof *s->value);
    *s->value = *symbol->value;
}

void asm_keep_equate(struct assembler *a, struct asm_symbol *symbol)
{
    struct asm_statement *s = keep(a, STATEMENT_EQUATE);
    s->symbol = symbol;
    s->location = a->here;
    keep_tokens(a, s, a->token);
}

enum { BYTES_KEPT = 64 }; // longer data is cheaper to make again

// Bytes that follow other kept bytes join them, unless the listing or line numbers want to tell lines apart.
static void keep_bytes(struct assembler *a, const uint8_t *bytes, uint32_t count, bool code)
{
    struct asm_statement *last = a->statement_count ? &a->statements[a->statement_count - 1] : NULL;
    bool separate = a->listing || a->options->line_numbers;
    if (!separate && last && last->kind == STATEMENT_BYTES && last->count + count <= last->capacity) {
        memcpy(last->buffer + last->count, bytes, count);
        last->count += count;
        last->code |= code;
        return;
    }
    struct asm_statement *s = keep(a, STATEMENT_BYTES);
    s->capacity = separate ? count : 4 * BYTES_KEPT;
    s->buffer = asm_get(a, s->capacity);
    memcpy(s->buffer, bytes, count);
    s->count = count;
    s->code = code;
    s->origin.text = (struct asm_text){0};
}

// ---- what kind of statement? ----

struct verb {
    const struct asm_directive *directive;
    const struct asm_type *type; // data of this type
    struct asm_name *name;       // in front
    const struct asm_token *operands;
    bool instruction;
};

static const struct asm_type *data_type(const struct asm_token *t)
{
    if (t->kind != TOKEN_NAME)
        return NULL;
    if (t->name->keyword.keyword_class == KEYWORD_TYPE && t->name->keyword.type->kind == TYPE_SCALAR)
        return t->name->keyword.type;
    const struct asm_symbol *s = asm_lookup(t->name);
    return s && s->kind == SYMBOL_TYPE && t->name->local == NULL ? s->type : NULL;
}

static bool is_instruction(const struct asm_token *t)
{
    return t->kind == TOKEN_NAME && (t->name->mnemonic || t->name->keyword.keyword_class == KEYWORD_PREFIX);
}

// The type a data definition names at t, as a directive or as a type. NULL: no data.
const struct asm_type *asm_data_type(const struct asm_token *t)
{
    if (t->kind == TOKEN_NAME && t->name->directive && t->name->directive->run == asm_data_directive)
        return asm_data_directive_type(t->name->directive);
    return data_type(t);
}

static const struct asm_directive *directive_of(const struct asm_token *t)
{
    return t->kind == TOKEN_NAME && t->name->directive && t->name->directive->stage != STAGE_TEXT ? t->name->directive
                                                                                                  : NULL;
}

static bool second_is_verb(const struct asm_token *t)
{
    const struct asm_directive *d = directive_of(&t[1]);
    return (d && d->name > 0) || data_type(&t[1]);
}

// `sysexit SEGMENT`: a word of a later processor's instructions is a name where a directive follows that wants one.
static bool is_named_by_next(const struct asm_token *t)
{
    const struct asm_directive *d = directive_of(&t[1]);
    return d && d->name > 0 && d->run != asm_data_directive;
}

static bool find_verb(const struct asm_token *t, struct verb *v)
{
    *v = (struct verb){0};
    const struct asm_directive *first = directive_of(t);
    bool leads = first && first->name < 2;
    bool instruction = is_instruction(t) && !is_named_by_next(t);
    if (!leads && !instruction && t->kind == TOKEN_NAME && t[1].kind == TOKEN_NAME && second_is_verb(t)) {
        bool two_types = data_type(t) && data_type(&t[1]) && !directive_of(&t[1]);
        if (!two_types) {
            v->name = t->name;
            v->directive = directive_of(&t[1]);
            v->type = v->directive ? NULL : data_type(&t[1]);
            v->operands = t + 2;
            return true;
        }
    }
    v->operands = t + 1;
    if (leads)
        v->directive = first;
    else if (data_type(t))
        v->type = data_type(t);
    else if (is_instruction(t))
        v->instruction = true;
    else
        return false;
    return true;
}

static void unknown(struct assembler *a, const struct asm_token *t)
{
    if (t->kind != TOKEN_NAME)
        asm_error(a, t->text, "instruction, directive or name expected");
    else if (t[1].kind == TOKEN_NAME)
        asm_error(a, t->text, "'%.*s' is no instruction, directive or macro", (int)t->length, t->text);
    else
        asm_error(a, t->text, "'%.*s' is no instruction, directive or macro%s", (int)t->length, t->text,
                  t[1].kind == TOKEN_END ? "; a label needs a colon" : "");
}

// ---- running ----

static void run_verb(struct assembler *a, const struct asm_token *first, const struct verb *v)
{
    a->token = v->instruction ? first : v->operands;
    if (v->instruction)
        asm_instruction(a);
    else if (v->directive)
        v->directive->run(a, v->name, v->directive->argument);
    else
        asm_data(a, v->type);
    if (!v->instruction && !a->line_failed)
        asm_expect_end(a);
}

static bool emits(const struct verb *v)
{
    return v->instruction || v->type || (v->directive && v->directive->run == asm_data_directive);
}

static void first_run(struct assembler *a, const struct asm_token *first, const struct verb *v,
                      struct asm_symbol *label)
{
    struct asm_segment *segment = a->segment;
    uint32_t start = segment ? segment->location : 0;
    a->here = start;
    a->data_label = label;
    size_t emitted = a->emitted;
    uint32_t errors = a->error_count;
    bool in_structure = a->structure != NULL;
    run_verb(a, first, v);
    a->data_label = NULL;
    if (in_structure || (v->directive && v->directive->stage == STAGE_ONCE))
        return;
    if (a->line_failed && (!a->forward_seen || a->error_count > errors)) // reported; a later pass would say it again
        return;
    uint32_t count = segment ? segment->location - start : 0;
    bool fixed = emits(v) && !a->unstable_seen && !a->forward_seen && count && a->emitted - emitted == count &&
                 count <= BYTES_KEPT;
    if (fixed)
        keep_bytes(a, segment->bytes.data + start, count, v->instruction);
    else if (!(emits(v) && count == 0 && !a->forward_seen && !a->unstable_seen))
        asm_keep_line(a, first, label);
}

void asm_spell(struct assembler *a, struct asm_name *n, const char *text)
{
    bool defined = n->symbol && n->symbol->kind != SYMBOL_UNDEFINED;
    if (a->pass == 1 && !defined && memcmp(text, n->text, n->length) != 0)
        n->text = asm_text_copy(a, text, n->length);
}

// A data definition's name is a label of its own, so that the bytes behind it can be kept as bytes.
static struct asm_symbol *data_label(struct assembler *a, const struct verb *v, const struct asm_token *t)
{
    const struct asm_type *type = v->type ? v->type : asm_data_directive_type(v->directive);
    struct asm_symbol *s = asm_define_label(a, asm_symbol_get(a, v->name), type, t->text);
    if (s) {
        s->data = true;
        asm_keep_label(a, s);
    }
    return s;
}

void asm_statement(struct assembler *a)
{
    const struct asm_token *t = a->token;
    struct verb v;
    if (a->structure && asm_structure_line(a, t))
        return;
    if (!find_verb(t, &v)) {
        unknown(a, t);
        return;
    }
    if (v.name)
        asm_spell(a, v.name, t->text);
    if (v.instruction || v.type || (v.directive && v.directive->stage == STAGE_EACH && v.directive->run != asm_endp))
        asm_before_code(a);
    if (v.instruction && asm_procedure_return(a, t))
        return;
    struct asm_symbol *label = NULL;
    bool failed = false;
    if (v.name && emits(&v)) {
        label = data_label(a, &v, t);
        failed = !label;
        t++;
        v.name = NULL;
    }
    a->token = t;
    if (!failed)
        first_run(a, t, &v, label);
}

// name: and name:: and @@:
void asm_code_label(struct assembler *a, struct asm_name *name, bool global, const char *at)
{
    struct asm_symbol *s;
    if (name->length == 2 && name->text[0] == '@' && name->text[1] == '@')
        s = asm_define_anonymous(a);
    else if (!global && a->proc_symbol && a->option.scoped)
        s = name->local ? name->local : asm_symbol_local(a, name);
    else
        s = asm_symbol_get(a, name);
    asm_spell(a, name, at);
    if (a->segment)
        a->segment->has_code = true;
    s = asm_define_label(a, s, &asm_type_near, at);
    if (!s)
        return;
    asm_keep_label(a, s);
    a->statements[a->statement_count - 1].anonymous = name->length == 2 && name->text[0] == '@' && name->text[1] == '@';
}

// ---- later passes ----

static void rerun_bytes(struct assembler *a, const struct asm_statement *s)
{
    if (!a->segment)
        return;
    a->segment->has_code |= s->code;
    asm_emit(a, s->buffer, s->count);
}

static void rerun_line(struct assembler *a, struct asm_statement *s)
{
    struct verb v;
    if (!find_verb(s->tokens, &v))
        return;
    uint32_t before = a->segment ? a->segment->location : 0;
    a->drift = (int64_t)before - s->location;
    s->location = before;
    a->here = before;
    a->data_label = s->symbol;
    a->line = s->line;
    run_verb(a, s->tokens, &v);
    a->data_label = NULL;
}

void asm_rerun(struct assembler *a, struct asm_statement *s)
{
    a->statement = s;
    a->origin = s->origin;
    a->line_failed = false;
    a->depth = 0;
    a->line_symbol->value->value = s->origin.line;
    asm_list_again(a, s);
    switch (s->kind) {
    case STATEMENT_BYTES:
        rerun_bytes(a, s);
        break;
    case STATEMENT_LABEL:
        a->anonymous_count += s->anonymous;
        if (!a->segment)
            break;
        asm_place_label(a, s->symbol);
        a->segment->has_code |= !s->symbol->data;
        break;
    case STATEMENT_ASSIGN:
        asm_define_value(a, s->symbol, s->value, true, true);
        break;
    case STATEMENT_EQUATE:
        a->token = s->tokens;
        a->line = s->line;
        a->here = a->segment ? a->segment->location : 0;
        a->drift = (int64_t)a->here - s->location;
        s->location = a->here;
        a->unstable_seen = a->forward_seen = false;
        asm_rerun_equate(a, s->symbol);
        break;
    default:
        rerun_line(a, s);
        break;
    }
    asm_list_end(a, s);
    a->statement = NULL;
}
