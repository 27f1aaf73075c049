// STRUC, STRUCT, UNION and RECORD: definitions, and instances <...> of them. A field keeps the tokens of its
// initialiser; an instance runs them, or the override, as data of the field's type.
#include <string.h>

#include "asm/defs.h"

struct asm_structure_frame { // a structure being defined inside another
    struct asm_type *outer;
    struct asm_name *field_name;
    uint32_t depth;
    struct asm_structure_frame *below;
};

// ---- definition ----

static struct asm_type *new_structure(struct assembler *a, struct asm_name *name, int kind)
{
    struct asm_type *t = asm_get(a, sizeof *t);
    t->kind = (uint8_t)kind;
    t->name = name;
    t->align = 1;
    t->pack = a->option.pack ? a->option.pack : 1;
    return t;
}

static void parse_alignment(struct assembler *a, struct asm_type *t)
{
    int64_t n;
    const char *at = a->token->text;
    if (asm_accept_word(a, "nonunique") || a->token->kind == TOKEN_END)
        return;
    if (!asm_constant(a, &n))
        return;
    if (n != 1 && n != 2 && n != 4 && n != 8 && n != 16 && n != 32)
        asm_error(a, at, "structure alignment must be 1, 2, 4, 8, 16 or 32");
    else
        t->pack = (uint8_t)n;
    if (asm_accept(a, ','))
        asm_accept_word(a, "nonunique");
}

void asm_struct(struct assembler *a, struct asm_name *name, int kind)
{
    struct asm_symbol *s = asm_symbol_get(a, name);
    struct asm_type *t = new_structure(a, name, kind);
    parse_alignment(a, t);
    if (s->kind == SYMBOL_TYPE && asm_is_structure(s->type)) {
        t->again = s->type; // repeated definitions must be alike
    } else {
        s = asm_symbol_claim(a, name, SYMBOL_TYPE, a->origin.text.at);
        if (s)
            s->type = t;
    }
    a->structure = t;
}

static void add_field(struct assembler *a, struct asm_type *t, struct asm_field *f, uint32_t bytes, uint32_t natural)
{
    uint32_t align = natural < t->pack ? natural : t->pack;
    if (align > 1 && t->kind == TYPE_STRUCT)
        t->size = (t->size + align - 1) / align * align;
    if (natural > t->align)
        t->align = natural;
    f->offset = t->kind == TYPE_UNION ? 0 : t->size;
    if (bytes > ASM_SEGMENT_LIMIT || t->size > ASM_SEGMENT_LIMIT)
        asm_fatal(a, "structure too large");
    if (t->kind == TYPE_UNION)
        t->size = bytes > t->size ? bytes : t->size;
    else
        t->size += bytes;
    if (t->last_field)
        t->last_field->next = f;
    else
        t->fields = f;
    t->last_field = f;
}

// Old rules: a field is a global constant; two structures may share it when offset and type agree.
static void publish_field(struct assembler *a, struct asm_field *f, uint32_t base, const char *at)
{
    struct asm_symbol *s = asm_symbol_get(a, f->name);
    if (s->kind == SYMBOL_FIELD && s->offset == (int64_t)(base + f->offset))
        return;
    if (s->kind != SYMBOL_UNDEFINED) {
        asm_error_redefined(a, s, at);
        return;
    }
    s->kind = SYMBOL_FIELD;
    s->offset = base + f->offset;
    s->type = f->type;
    s->field = f;
    s->stable = true;
    s->file = a->origin.file;
    s->line = a->origin.line;
}

static void publish_fields(struct assembler *a, const struct asm_type *t, uint32_t base)
{
    for (struct asm_field *f = t->fields; f; f = f->next) {
        if (f->name)
            publish_field(a, f, base, a->origin.text.at);
        if (f->anonymous)
            publish_fields(a, f->type, base + f->offset);
    }
}

static void check_new_name(struct assembler *a, const struct asm_type *t, const struct asm_name *name, const char *at)
{
    uint32_t offset = 0;
    if (name && asm_type_field(t, name, &offset))
        asm_error(a, at, "the structure has a field '%s' already", name->text);
}

static void define_field(struct assembler *a, struct asm_name *name, const struct asm_type *type,
                         const struct asm_token *initial)
{
    check_new_name(a, a->structure, name, a->origin.text.at);
    struct asm_field *f = asm_get(a, sizeof *f);
    f->name = name;
    f->type = type;
    f->initial = asm_copy_tokens(a, initial);
    struct asm_data d = {.type = type, .size = asm_type_size(a, type), .dry = true, .inside_field = true};
    a->token = initial;
    if (!asm_data_items(a, &d, 0))
        return;
    asm_expect_end(a);
    f->count = (uint32_t)d.count;
    f->first_dup = d.first_dup ? d.first_dup : 1;
    if (d.count * d.size > ASM_SEGMENT_LIMIT)
        asm_fatal(a, "structure too large");
    add_field(a, a->structure, f, (uint32_t)d.count * d.size, type->align ? type->align : 1);
}

static void begin_nested(struct assembler *a, struct asm_name *name, int kind)
{
    struct asm_structure_frame *frame = asm_get(a, sizeof *frame);
    uint32_t depth = a->structure_frames ? a->structure_frames->depth + 1 : 1;
    if (depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "structures nested too deeply");
    *frame = (struct asm_structure_frame){a->structure, name, depth, a->structure_frames};
    a->structure_frames = frame;
    uint8_t pack = a->structure->pack;
    a->structure = new_structure(a, NULL, kind);
    a->structure->pack = pack;
}

// Its own packing limits the padding of a structure; where it is a field, the one around it limits its alignment.
static void settle_size(struct asm_type *t)
{
    uint32_t align = t->align < t->pack ? t->align : t->pack;
    if (align > 1)
        t->size = (t->size + align - 1) / align * align;
    t->closed = true;
}

static void end_nested(struct assembler *a)
{
    struct asm_structure_frame *frame = a->structure_frames;
    struct asm_type *inner = a->structure;
    settle_size(inner);
    struct asm_field *f = asm_get(a, sizeof *f);
    f->name = frame->field_name;
    f->type = inner;
    f->count = f->first_dup = 1;
    f->anonymous = f->name == NULL;
    a->structure = frame->outer;
    a->structure_frames = frame->below;
    check_new_name(a, a->structure, f->name, a->origin.text.at);
    add_field(a, a->structure, f, inner->size, inner->align);
}

static bool same_layout(const struct asm_type *x, const struct asm_type *y)
{
    const struct asm_field *f = x->fields, *g = y->fields;
    for (; f && g; f = f->next, g = g->next)
        if (f->name != g->name || f->offset != g->offset || f->count != g->count)
            return false;
    return !f && !g && x->size == y->size;
}

void asm_end_structure(struct assembler *a, const struct asm_name *name)
{
    if (a->structure_frames) {
        end_nested(a);
        return;
    }
    struct asm_type *t = a->structure;
    if (name != t->name)
        asm_error(a, a->origin.text.at, "ENDS of '%s' expected", t->name->text);
    settle_size(t);
    a->structure = NULL;
    if (t->again && !same_layout(t, t->again))
        asm_error(a, a->origin.text.at, "'%s' is defined again with another layout", t->name->text);
    else if (!t->again && a->option.old_structs)
        publish_fields(a, t, 0);
}

// A statement inside STRUC ... ENDS. False: it is no field and means the same as elsewhere.
bool asm_structure_line(struct assembler *a, const struct asm_token *t)
{
    const struct asm_directive *first = t->kind == TOKEN_NAME ? t->name->directive : NULL;
    if (first && first->run == asm_struct) {
        struct asm_name *name = t[1].kind == TOKEN_NAME ? t[1].name : NULL;
        begin_nested(a, name, first->argument);
        return true;
    }
    const struct asm_directive *second = t[1].kind == TOKEN_NAME ? t[1].name->directive : NULL;
    if (second && second->run == asm_ends)
        return false;
    const struct asm_type *type = asm_data_type(t);
    if (type) {
        define_field(a, NULL, type, t + 1);
        return true;
    }
    if (t->kind != TOKEN_NAME || t[1].kind != TOKEN_NAME)
        return false;
    if (t[1].name->directive && t[1].name->directive->run == asm_struct) {
        begin_nested(a, t->name, t[1].name->directive->argument);
        return true;
    }
    type = asm_data_type(&t[1]);
    if (!type)
        return false;
    define_field(a, t->name, type, t + 2);
    return true;
}

// ---- instances ----

static void run_default(struct assembler *a, const struct asm_field *f, struct asm_data *d)
{
    const struct asm_token *token = a->token;
    if (f->initial) {
        a->token = f->initial;
        asm_data_items(a, d, 0);
    } else if (!d->dry) {
        asm_instance_default(a, f->type);
    }
    a->token = token;
}

// A string over an array of bytes is padded with blanks when the default was one string, else with zeros.
static bool string_override(struct assembler *a, const struct asm_field *f, struct asm_data *d)
{
    const struct asm_token *t = a->token;
    if (t->kind != TOKEN_STRING || f->count < 2 || d->size != 1)
        return false;
    asm_data_items_one(a, d);
    if (d->count > f->count) {
        asm_error(a, t->text, "the string is longer than the field (%u)", f->count);
        return true;
    }
    uint8_t pad = f->initial && f->initial[0].kind == TOKEN_STRING ? ' ' : 0;
    for (uint64_t i = d->count; !d->dry && i < f->count; i++)
        asm_emit(a, &pad, 1);
    d->count = f->count;
    return true;
}

static bool opens_list(const struct asm_token *t)
{
    return asm_is_punct(t, '<') || asm_is_punct(t, '{');
}

static bool fits_field(struct assembler *a, const struct asm_field *f, const struct asm_data *d, const char *at)
{
    if (d->count > f->count)
        asm_error(a, at, "too many values for this field (%u)", f->count);
    return true;
}

static bool run_override(struct assembler *a, const struct asm_field *f, struct asm_data *d)
{
    const struct asm_token *t = a->token;
    if (string_override(a, f, d))
        return true;
    if (f->count > 1 && asm_is_structure(f->type) && opens_list(t) && opens_list(t + 1)) { // <<1>,<2>>: elements
        char close = asm_is_punct(t, '<') ? '>' : '}';
        a->token++;
        return asm_data_items(a, d, close) && asm_expect(a, close) && fits_field(a, f, d, t->text);
    }
    bool list = opens_list(t) && !asm_is_structure(f->type) && f->type->kind != TYPE_RECORD;
    if (list && (asm_is_punct(t + 1, '>') || asm_is_punct(t + 1, '}'))) {
        a->token += 2;
        run_default(a, f, d);
        return true;
    }
    return asm_data_items_one(a, d) && fits_field(a, f, d, t->text);
}

static bool field_is_default(const struct asm_token *t, char close)
{
    return t->kind == TOKEN_END || asm_is_punct(t, ',') || asm_is_punct(t, close);
}

static bool run_field(struct assembler *a, const struct asm_field *f, bool dry, char close)
{
    struct asm_data d = {.type = f->type, .size = asm_type_size(a, f->type), .dry = dry, .inside_field = true};
    uint32_t start = a->segment ? a->segment->location : 0;
    if (field_is_default(a->token, close))
        run_default(a, f, &d);
    else if (!run_override(a, f, &d))
        return false;
    uint32_t size = f->count * d.size;
    uint32_t done = dry ? size : a->segment->location - start;
    for (; !dry && done < size; done++)
        asm_emit(a, "", 1);
    return true;
}

static void skip_to(struct assembler *a, uint32_t target)
{
    while (a->segment->location < target)
        asm_emit(a, "", 1);
}

// Runs the fields from the values in front of the cursor up to `close`; 0: all defaults.
static bool run_fields(struct assembler *a, const struct asm_type *t, bool dry, char close)
{
    uint32_t start = a->segment ? a->segment->location : 0;
    bool ok = true;
    for (const struct asm_field *f = t->fields; f && ok; f = f->next) {
        if (!dry)
            skip_to(a, start + f->offset);
        ok = run_field(a, f, dry, close);
        if (t->kind == TYPE_UNION)
            break;
        if (f->next && close)
            asm_accept(a, ',');
    }
    if (ok && !dry)
        skip_to(a, start + t->size);
    return ok;
}

void asm_instance_default(struct assembler *a, const struct asm_type *t)
{
    static const struct asm_token end = {.kind = TOKEN_END, .text = ""};
    const struct asm_token *token = a->token;
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "initialiser nested too deeply");
    a->token = &end;
    run_fields(a, t, false, 0);
    a->token = token;
    a->depth--;
}

bool asm_instance(struct assembler *a, const struct asm_type *t, bool dry)
{
    if (t->kind == TYPE_RECORD) {
        struct asm_value v;
        if (!asm_record_constant(a, t, &v))
            return false;
        if (!dry)
            asm_emit_number(a, (uint64_t)v.value, t->size);
        return true;
    }
    char close = asm_is_punct(a->token, '<') ? '>' : '}';
    const char *at = a->token->text;
    a->token++;
    if (!t->closed && t->kind != TYPE_RECORD) {
        asm_error(a, at, "the structure is not complete yet");
        return false;
    }
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "initialiser nested too deeply");
    bool ok = run_fields(a, t, dry, close);
    a->depth--;
    if (ok && !asm_is_punct(a->token, close)) {
        asm_error(a, a->token->text, "too many values, or '%c' is missing", close);
        return false;
    }
    return ok && asm_expect(a, close);
}

// ---- records ----

static void place_bits(struct assembler *a, struct asm_type *t, const char *at)
{
    uint32_t width = asm_record_width(t);
    if (width > 32)
        asm_error(a, at, "a record has at most 32 bits, this one %u", width);
    t->size = width <= 8 ? 1 : width <= 16 ? 2 : 4;
    t->align = t->size;
    uint32_t shift = width;
    for (struct asm_field *f = t->fields; f; f = f->next) {
        shift -= f->width;
        f->offset = shift;
        if (f->name && f->name->symbol && f->name->symbol->kind == SYMBOL_BITS)
            f->name->symbol->offset = shift;
    }
}

static bool record_field(struct assembler *a, struct asm_type *t)
{
    const struct asm_token *token = a->token;
    struct asm_name *name = asm_expect_name(a);
    int64_t width = 0;
    if (!name || !asm_expect(a, ':') || !asm_constant(a, &width))
        return false;
    if (width < 1 || width > 32) {
        asm_error(a, token->text, "a record field is 1 to 32 bits wide");
        return false;
    }
    struct asm_field *f = asm_get(a, sizeof *f);
    f->name = name;
    f->width = (uint32_t)width;
    f->type = &asm_type_dword;
    if (asm_accept(a, '=')) {
        const struct asm_token *start = a->token;
        int64_t value;
        if (!asm_constant(a, &value))
            return false;
        f->initial = asm_copy_tokens(a, start);
    }
    struct asm_symbol *s = asm_symbol_claim(a, name, SYMBOL_BITS, token->text);
    if (!s)
        return false;
    s->field = f;
    s->record = t;
    s->stable = true;
    if (t->last_field)
        t->last_field->next = f;
    else
        t->fields = f;
    t->last_field = f;
    return true;
}

void asm_record(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct asm_type *t = asm_get(a, sizeof *t);
    t->kind = TYPE_RECORD;
    t->name = name;
    const char *at = a->token->text;
    do
        if (!record_field(a, t))
            return;
    while (asm_accept(a, ','));
    place_bits(a, t, at);
    t->closed = true;
    struct asm_symbol *s = asm_symbol_claim(a, name, SYMBOL_TYPE, at);
    if (s)
        s->type = t;
}

uint32_t asm_record_width(const struct asm_type *t)
{
    uint32_t width = 0;
    for (const struct asm_field *f = t->fields; f; f = f->next)
        width += f->width;
    return width;
}

static bool record_value(struct assembler *a, const struct asm_field *f, bool given, int64_t *value)
{
    const struct asm_token *token = a->token;
    *value = 0;
    if (given)
        return asm_constant(a, value);
    if (!f->initial)
        return true;
    a->token = f->initial;
    bool ok = asm_constant(a, value);
    a->token = token;
    return ok;
}

// R <1,2>: a number. The cursor stands at the bracket.
bool asm_record_constant(struct assembler *a, const struct asm_type *t, struct asm_value *v)
{
    char close = asm_is_punct(a->token, '<') ? '>' : '}';
    a->token++;
    uint64_t bits = 0;
    for (const struct asm_field *f = t->fields; f; f = f->next) {
        int64_t value;
        const char *at = a->token->text;
        if (!record_value(a, f, !field_is_default(a->token, close), &value))
            return false;
        uint64_t mask = f->width >= 32 ? UINT32_MAX : (UINT64_C(1) << f->width) - 1;
        if ((uint64_t)value > mask && value >= 0)
            asm_error(a, at, "the value does not fit %u bits", f->width);
        bits |= ((uint64_t)value & mask) << f->offset;
        if (f->next)
            asm_accept(a, ',');
    }
    *v = asm_number((int64_t)bits);
    return asm_expect(a, close);
}

// ---- TYPEDEF ----

void asm_typedef(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    const char *at = a->token->text;
    const struct asm_type *type = NULL;
    if (asm_is_word(a->token, "proto")) {
        a->token++;
        type = asm_parse_prototype(a);
    } else if (asm_is_operator(a->token, OPERATOR_PTR) &&
               (a->token[1].kind == TOKEN_END || asm_is_word(&a->token[1], "proto"))) {
        a->token++;
        struct asm_type *p = asm_get(a, sizeof *p);
        p->kind = TYPE_POINTER;
        p->align = 4;
        if (a->token->kind != TOKEN_END) {
            a->token++;
            p->target = asm_parse_prototype(a);
        }
        type = p;
    } else {
        type = asm_parse_type(a);
    }
    if (!type) {
        asm_error(a, at, "type expected");
        return;
    }
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind == SYMBOL_TYPE)
        return; // said again
    s = asm_symbol_claim(a, name, SYMBOL_TYPE, at);
    if (s)
        s->type = type;
}
