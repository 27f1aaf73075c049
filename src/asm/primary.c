// The atoms of expressions: numbers, strings, registers, symbols, $, and the operators that look at a symbol (SIZE,
// LENGTH, TYPE, MASK, WIDTH). How they are combined is in expr.c.
#include "asm/defs.h"

// ---- symbols ----

static struct asm_value location(struct assembler *a, struct asm_segment *segment, int64_t offset,
                                 const struct asm_type *type)
{
    struct asm_value v = asm_number(offset);
    v.kind = VALUE_MEMORY;
    v.segment = segment;
    v.type = type;
    a->unstable_seen = true;
    return v;
}

// Something not defined yet: taken as a label right here, so that a jump starts short and grows when it must.
static struct asm_value forward_value(struct assembler *a)
{
    struct asm_value v = location(a, a->segment, a->segment ? a->segment->location : 0, NULL);
    v.forward = true;
    a->forward_seen = true;
    return v;
}

static void report_undefined(struct assembler *a, const char *text, size_t length, const char *at)
{
    const struct asm_symbol *near = a->final ? asm_near_symbol(a, text, length) : NULL;
    asm_error(a, at, "'%.*s' is not defined%s%s%s", (int)length, text, near ? "; is '" : "",
              near ? near->name->text : "", near ? "' meant?" : "");
}

static struct asm_value stack_value(const struct asm_symbol *s, const struct assembler *a)
{
    struct asm_value v = asm_number(s->offset);
    v.kind = VALUE_MEMORY;
    v.base = 5;
    v.address_size = a->segment && a->segment->word_size == 2 ? 2 : 4;
    v.bracket = true;
    v.type = s->type;
    return v;
}

static struct asm_value external_value(struct assembler *a, struct asm_symbol *s)
{
    s->used = true;
    struct asm_value v = location(a, NULL, 0, s->type);
    v.external = s;
    if (s->type && s->type->kind == TYPE_ABS) {
        v.kind = VALUE_NUMBER;
        v.type = NULL;
    }
    return v;
}

static struct asm_value equate_value(struct assembler *a, const struct asm_symbol *s)
{
    if (!s->stable)
        a->unstable_seen = true;
    if (s->value->forward)
        a->forward_seen = true;
    return *s->value;
}

static struct asm_value field_value(const struct asm_symbol *s)
{
    struct asm_value v = asm_number(s->offset);
    v.type = s->type;
    v.field = s->field;
    return v;
}

// A segment or group as a number: its selector or frame, which later passes and the linker know.
static struct asm_value frame_value(struct assembler *a, struct asm_symbol *s)
{
    struct asm_value v = asm_number(0);
    v.part = 's';
    v.frame = s;
    v.segment = s->kind == SYMBOL_SEGMENT ? s->segment : NULL;
    a->unstable_seen = true;
    return v;
}

static struct asm_value type_value(const struct asm_symbol *s)
{
    struct asm_value v = asm_number(s->type->size);
    v.kind = VALUE_TYPE;
    v.type = s->type;
    return v;
}

static bool symbol_value(struct assembler *a, struct asm_value *v, struct asm_symbol *s, const char *at)
{
    switch (s->kind) {
    case SYMBOL_UNDEFINED:
        *v = forward_value(a);
        if (a->pass > 1 && a->final && !s->broken)
            report_undefined(a, s->name->text, s->name->length, at);
        break;
    case SYMBOL_LABEL:
        *v = location(a, s->segment, s->offset, s->type);
        s->used = true;
        break;
    case SYMBOL_EQUATE:
        *v = equate_value(a, s);
        break;
    case SYMBOL_FIELD:
        *v = field_value(s);
        break;
    case SYMBOL_BITS:
        *v = asm_number(s->offset);
        break;
    case SYMBOL_EXTERN:
    case SYMBOL_COMMUNAL:
        *v = external_value(a, s);
        break;
    case SYMBOL_STACK:
        *v = stack_value(s, a);
        s->used = true;
        break;
    case SYMBOL_SEGMENT:
    case SYMBOL_GROUP:
        *v = frame_value(a, s);
        break;
    case SYMBOL_TYPE:
        *v = type_value(s);
        return true;
    default:
        asm_error(a, at, "a %s cannot stand in an expression", asm_kind_name(s));
        return false;
    }
    v->symbol = s;
    return true;
}

static bool anonymous_value(struct assembler *a, struct asm_value *v, const struct asm_token *t)
{
    bool next = (t->text[1] | 0x20) == 'f';
    struct asm_symbol *s = asm_anonymous(a, a->anonymous_count + next);
    if (s && s->kind == SYMBOL_LABEL)
        return symbol_value(a, v, s, t->text);
    *v = forward_value(a);
    if (a->pass > 1 || !next)
        a->forward_seen = a->pass == 1 && next,
        asm_error(a, t->text, next ? "no @@: follows" : "no @@: stands before this");
    return true;
}

static bool is_anonymous(const struct asm_token *t)
{
    return t->length == 2 && t->text[0] == '@' && ((t->text[1] | 0x20) == 'f' || (t->text[1] | 0x20) == 'b');
}

static bool undefined(struct assembler *a, struct asm_value *v, const struct asm_token *t)
{
    *v = forward_value(a);
    if (a->pass > 1) {
        report_undefined(a, t->text, t->length, t->text);
        return false;
    }
    return true;
}

// ---- primaries ----

static bool register_value(struct assembler *a, struct asm_value *v, const struct asm_keyword *k)
{
    static const uint8_t sizes[] = {1, 2, 4, 2, 4, 4, 4, 10, 8, 16};
    *v = asm_number(k->value);
    v->kind = VALUE_REGISTER;
    v->register_class = k->register_class;
    v->size = sizes[k->register_class];
    if (k->register_class != REGISTER_FLOAT || !asm_accept(a, '('))
        return true;
    struct asm_value n;
    const char *at = a->token->text;
    if (!asm_expression(a, &n))
        return false;
    if (!asm_is_constant(&n) || n.value < 0 || n.value > 7) {
        asm_error(a, at, "ST(0) to ST(7) expected");
        return false;
    }
    v->value = n.value;
    v->bracket = true; // ST(0) is not the same form as ST for some assemblers; kept for the listing
    return asm_expect(a, ')');
}

static bool string_value(struct assembler *a, struct asm_value *v, const struct asm_token *t)
{
    struct base_buf bytes;
    base_buf_init(&bytes, &a->limited);
    asm_string_bytes(t, &bytes);
    *v = asm_number(0);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.size && i < 8; i++)
        number = number << 8 | bytes.data[i];
    v->value = (int64_t)number;
    v->token = t;
    if (bytes.size > 8 || bytes.size == 0)
        v->kind = VALUE_STRING;
    asm_check(a, &bytes);
    base_buf_free(&bytes);
    return true;
}

bool asm_here_value(struct assembler *a, struct asm_value *v, const char *at)
{
    if (a->structure) {
        *v = asm_number(a->structure->size);
        return true;
    }
    if (!a->segment) {
        asm_error_outside(a, at, "'$' stands outside of any segment");
        return false;
    }
    *v = location(a, a->segment, a->here, &asm_type_near);
    return true;
}

// What SIZE, LENGTH, TYPE and their relatives look at.
static uint32_t first_dup(const struct asm_value *v)
{
    if (v->field)
        return v->field->first_dup;
    if (v->symbol && v->symbol->first_dup)
        return v->symbol->first_dup;
    return 1;
}

static uint32_t element_count(const struct asm_value *v)
{
    if (v->field)
        return v->field->count;
    return v->symbol && v->symbol->count ? v->symbol->count : 1;
}

static int64_t code_size(const struct assembler *a, const struct asm_type *type)
{
    return type->kind == TYPE_FAR        ? asm_type_size(a, type) == 6 ? 0xff06 : 0xff05
           : asm_type_size(a, type) == 4 ? 0xff04
                                         : 0xff02;
}

static int64_t type_of(const struct assembler *a, const struct asm_value *v)
{
    if (v->kind == VALUE_REGISTER)
        return v->size;
    if (v->type && asm_is_code_type(v->type))
        return code_size(a, v->type);
    return v->type ? asm_type_size(a, v->type) : 0;
}

static int64_t measure(struct assembler *a, int operator, const struct asm_value * v)
{
    int64_t size = type_of(a, v);
    bool plain = v->kind == VALUE_MEMORY || v->field;
    switch (operator) {
    case OPERATOR_LENGTH:
        return first_dup(v);
    case OPERATOR_LENGTHOF:
        return element_count(v);
    case OPERATOR_SIZE:
        return plain && !asm_is_code_type(v->type) ? size * first_dup(v) : size;
    case OPERATOR_SIZEOF:
        if (v->kind == VALUE_MEMORY && v->symbol && v->symbol->bytes && !v->field)
            return v->symbol->bytes;
        return plain && !asm_is_code_type(v->type) ? size * element_count(v) : size;
    default:
        return size;
    }
}

bool asm_parse_measure(struct assembler *a, struct asm_value *v, int operator)
{
    struct asm_value inner;
    bool member = asm_is_punct(a->token + (a->token->kind != TOKEN_END), '.'); // SIZEOF Type.Field
    const struct asm_type *type = a->token->kind == TOKEN_NAME && !member ? asm_parse_type(a) : NULL;
    if (type && asm_is_operator(a->token, OPERATOR_PTR)) { // TYPE DWORD PTR x
        a->token++;
        if (!asm_parse_deeper(a, asm_parse_colon, &inner))
            return false;
    }
    if (type) {
        inner = asm_number(0);
        inner.type = type;
        inner.kind = VALUE_TYPE;
    } else if (!asm_parse_deeper(a, operator== OPERATOR_TYPE ? asm_parse_colon : asm_parse_postfix, &inner)) {
        return false;
    }
    if (inner.kind == VALUE_STRING || (inner.kind == VALUE_NUMBER && inner.token && operator== OPERATOR_SIZEOF))
        inner = asm_number(0), inner.type = NULL;
    *v = asm_number(measure(a, operator, & inner));
    v->forward = inner.forward;
    return true;
}

static bool parse_mask(struct assembler *a, struct asm_value *v, int operator)
{
    const struct asm_token *t = a->token;
    struct asm_symbol *s = t->kind == TOKEN_NAME ? asm_lookup(t->name) : NULL;
    bool parenthesis = asm_is_punct(t, '(');
    if (parenthesis) {
        t = ++a->token;
        s = t->kind == TOKEN_NAME ? asm_lookup(t->name) : NULL;
    }
    if (!s) {
        bool ok = undefined(a, v, t);
        a->token += t->kind != TOKEN_END;
        v->kind = VALUE_NUMBER;
        return ok;
    }
    a->token++;
    uint32_t width = 0, shift = 0;
    if (s->kind == SYMBOL_BITS)
        width = s->field->width, shift = s->field->offset;
    else if (s->kind == SYMBOL_TYPE && s->type->kind == TYPE_RECORD)
        width = asm_record_width(s->type);
    else {
        asm_error(a, t->text, "'%s' is no record and no field of one", s->name->text);
        return false;
    }
    uint32_t all = width >= 32 ? UINT32_MAX : (1u << width) - 1;
    *v = asm_number(operator== OPERATOR_WIDTH ? width : all << shift);
    return !parenthesis || asm_expect(a, ')');
}

static bool name_value(struct assembler *a, struct asm_value *v, const struct asm_token *t)
{
    struct asm_symbol *s = asm_lookup(t->name);
    if (s && s->kind == SYMBOL_TYPE && s->type->kind == TYPE_RECORD &&
        (asm_is_punct(a->token, '<') || asm_is_punct(a->token, '{')))
        return asm_record_constant(a, s->type, v);
    if (s)
        return symbol_value(a, v, s, t->text);
    if (is_anonymous(t))
        return anonymous_value(a, v, t);
    if (t->name->mnemonic || (t->name->directive && !a->final)) {
        asm_error(a, t->text, "'%.*s' is a reserved word", (int)t->length, t->text);
        return false;
    }
    return undefined(a, v, t);
}

static bool keyword_value(struct assembler *a, struct asm_value *v, const struct asm_token *t)
{
    const struct asm_keyword *k = &t->name->keyword;
    if (k->keyword_class == KEYWORD_REGISTER)
        return register_value(a, v, k);
    if (k->keyword_class == KEYWORD_TYPE) {
        *v = asm_number(asm_is_code_type(k->type) ? code_size(a, k->type) : asm_type_size(a, k->type));
        v->kind = VALUE_TYPE;
        v->type = k->type;
        return true;
    }
    if (k->keyword_class != KEYWORD_OPERATOR)
        return name_value(a, v, t);
    switch (k->value) {
    case OPERATOR_HERE:
        return asm_here_value(a, v, t->text);
    case OPERATOR_LENGTH:
    case OPERATOR_SIZE:
    case OPERATOR_LENGTHOF:
    case OPERATOR_SIZEOF:
        return asm_parse_measure(a, v, k->value);
    case OPERATOR_MASK:
    case OPERATOR_WIDTH:
        return parse_mask(a, v, k->value);
    case OPERATOR_FLAT:
        return symbol_value(a, v, a->flat, t->text);
    default:
        asm_error(a, t->text, "an operand is missing before '%.*s'", (int)t->length, t->text);
        return false;
    }
}

static bool parse_group(struct assembler *a, struct asm_value *v, char close)
{
    return asm_expression(a, v) && asm_expect(a, close);
}

// [x]: registers become addresses; a plain constant stays one, as MASM has it.
bool asm_parse_bracket(struct assembler *a, struct asm_value *v)
{
    const char *at = a->token->text;
    if (!parse_group(a, v, ']'))
        return false;
    if (v->kind == VALUE_REGISTER) {
        struct asm_value zero = asm_number(0);
        if (!asm_add(a, v, &zero, at))
            return false;
    }
    v->bracket = true;
    return true;
}

bool asm_parse_primary(struct assembler *a, struct asm_value *v)
{
    const struct asm_token *t = a->token++;
    switch (t->kind) {
    case TOKEN_NUMBER:
        *v = asm_number((int64_t)t->number);
        v->token = NULL;
        return true;
    case TOKEN_REAL:
        *v = asm_number(0);
        v->kind = VALUE_REAL;
        v->token = t;
        return true;
    case TOKEN_STRING:
        return string_value(a, v, t);
    case TOKEN_NAME:
        return t->name->keyword.keyword_class ? keyword_value(a, v, t) : name_value(a, v, t);
    default:
        break;
    }
    if (asm_is_punct(t, '('))
        return parse_group(a, v, ')');
    if (asm_is_punct(t, '['))
        return asm_parse_bracket(a, v);
    a->token--;
    if (t->kind == TOKEN_END)
        asm_error(a, t->text, "operand expected");
    else
        asm_error(a, t->text, "operand expected before '%.*s'", (int)t->length, t->text);
    return false;
}
