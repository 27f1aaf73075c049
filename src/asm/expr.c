// Expressions, by the precedence table of the language: each level is one function or one row of binary_level. What the
// operators do to values is in value.c.
#include <string.h>

#include "asm/defs.h"

static bool parse_level(struct assembler *a, struct asm_value *v, int level);
static bool parse_unary(struct assembler *a, struct asm_value *v);

// Calls a parser that may lead back to its caller: hostile lines nest as deep as they are long.
bool asm_parse_deeper(struct assembler *a, bool (*parse)(struct assembler *a, struct asm_value *v), struct asm_value *v)
{
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "expression nested too deeply");
    bool ok = parse(a, v);
    a->depth--;
    return ok;
}

enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_RELATION, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_UNARY };

static int operator_of(const struct asm_token *t)
{
    if (t->kind == TOKEN_PUNCT)
        return t->punct;
    return t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_OPERATOR ? t->name->keyword.value : 0;
}

// ---- fields ----

static const struct asm_type *structure_of(const struct asm_value *v)
{
    if (v->type && v->type->kind == TYPE_POINTER && asm_is_structure(v->type->target) && v->base >= 0)
        return v->type->target;
    return asm_is_structure(v->type) ? v->type : NULL;
}

static bool member(struct assembler *a, struct asm_value *v, const struct asm_type *type)
{
    uint32_t offset = 0;
    const struct asm_field *f = asm_type_field(type, a->token->name, &offset);
    if (!f)
        return false;
    a->token++;
    if (v->kind == VALUE_TYPE)
        *v = asm_number(0);
    struct asm_value distance = asm_number(offset);
    if (!asm_add(a, v, &distance, a->token[-1].text))
        return false;
    v->type = f->type;
    v->typed = false;
    v->field = f;
    return true;
}

// Sources for MASM 5.1 use fields without naming the structure.
static void no_field(struct assembler *a, const struct asm_token *t, const struct asm_type *type)
{
    const struct asm_symbol *s = a->symbols;
    uint32_t offset = 0;
    while (s && !(s->kind == SYMBOL_TYPE && asm_is_structure(s->type) && asm_type_field(s->type, t->name, &offset)))
        s = s->next;
    asm_error(a, t->text, "'%.*s' is no field%s%s%s%s%s", (int)t->length, t->text, type ? " of " : "",
              type && type->name ? type->name->text : "", s ? "; " : "", s ? s->name->text : "",
              s ? " has one, which OPTION OLDSTRUCTS would find" : "");
}

// x.y: a member when x has a structure type that knows y, a type cast when y is a structure, else an addition.
static bool parse_dot(struct assembler *a, struct asm_value *v)
{
    const struct asm_token *t = a->token;
    if (t->kind == TOKEN_NAME) {
        const struct asm_type *type = structure_of(v);
        if (type && member(a, v, type))
            return true;
        const struct asm_symbol *s = asm_lookup(t->name);
        if (s && s->kind == SYMBOL_TYPE && asm_is_structure(s->type)) {
            a->token++;
            v->type = s->type;
            return true;
        }
        if (!s && (type || a->pass > 1)) {
            no_field(a, t, type);
            return false;
        }
    }
    struct asm_value right;
    if (!asm_parse_primary(a, &right))
        return false;
    struct asm_value left = *v;
    const struct asm_field *field = right.field;
    if (right.type && left.kind != VALUE_TYPE)
        left.type = NULL, left.typed = false;
    if (!asm_add(a, &left, &right, t->text))
        return false;
    *v = left;
    v->field = field;
    return true;
}

static bool parse_index(struct assembler *a, struct asm_value *v)
{
    const char *at = a->token->text;
    struct asm_value inner;
    if (!asm_parse_bracket(a, &inner))
        return false;
    if (!asm_add(a, v, &inner, at))
        return false;
    v->bracket = true;
    return true;
}

bool asm_parse_postfix(struct assembler *a, struct asm_value *v)
{
    if (!asm_parse_primary(a, v))
        return false;
    for (;;) {
        if (asm_accept(a, '.')) {
            if (!parse_dot(a, v))
                return false;
        } else if (asm_is_punct(a->token, '[')) {
            a->token++;
            if (!parse_index(a, v))
                return false;
        } else {
            return true;
        }
    }
}

// ---- seg:x ----

static bool set_override(struct assembler *a, struct asm_value *v, const struct asm_value *prefix, const char *at)
{
    if (prefix->kind == VALUE_REGISTER) {
        if (prefix->register_class != REGISTER_SEGMENT) {
            asm_error(a, at, "segment register expected before ':'");
            return false;
        }
        if (v->segment_override >= 0) {
            asm_error(a, at, "the operand has a segment override already");
            return false;
        }
        v->segment_override = (int8_t)prefix->value;
    } else {
        v->frame = prefix->frame;
    }
    if (v->kind == VALUE_NUMBER && prefix->kind == VALUE_REGISTER)
        v->kind = VALUE_MEMORY;
    return true;
}

static bool is_frame(const struct asm_value *v)
{
    return v->kind == VALUE_REGISTER || (v->part == 's' && v->frame);
}

bool asm_parse_colon(struct assembler *a, struct asm_value *v)
{
    if (!asm_parse_postfix(a, v))
        return false;
    while (asm_is_punct(a->token, ':')) {
        const char *at = a->token->text;
        if (!is_frame(v) && !(v->forward && a->pass == 1)) {
            asm_error(a, at, "segment register, segment or group expected before ':'");
            return false;
        }
        struct asm_value prefix = *v;
        a->token++;
        if (!asm_parse_deeper(a, asm_parse_colon, v) || !set_override(a, v, &prefix, at))
            return false;
    }
    return true;
}

// ---- PTR, OFFSET, SEG, THIS, TYPE ----

static bool apply_type(struct assembler *a, struct asm_value *v, const struct asm_type *type, const char *at)
{
    if (v->kind == VALUE_REGISTER) {
        if (asm_type_size(a, type) != v->size && !v->bracket) {
            asm_error(a, at, "the register has another size");
            return false;
        }
        v->type = type->is_signed ? type : NULL;
        return true;
    }
    v->type = type;
    v->typed = true;
    v->field = NULL;
    if (v->kind == VALUE_TYPE)
        v->kind = VALUE_NUMBER;
    return true;
}

static bool parse_offset(struct assembler *a, struct asm_value *v, int operator, const char * at)
{
    if (!asm_parse_colon(a, v))
        return false;
    if (v->kind == VALUE_REGISTER || v->base >= 0 || v->index >= 0) {
        asm_error(a, at, "the offset of a register is no constant");
        return false;
    }
    v->kind = VALUE_NUMBER;
    v->bracket = false;
    v->type = NULL;
    v->typed = false;
    v->offset = true;
    if (operator== OPERATOR_IMAGEREL)
        v->part = 'i';
    if (operator== OPERATOR_SECTIONREL)
        v->part = 'r';
    return true;
}

static bool parse_seg(struct assembler *a, struct asm_value *v)
{
    if (!asm_parse_colon(a, v))
        return false;
    const struct asm_group *group = v->segment ? v->segment->group : NULL;
    struct asm_symbol *frame = v->frame ? v->frame : group ? group->symbol : v->segment ? v->segment->symbol : NULL;
    struct asm_value seg = asm_number(0);
    seg.part = 's';
    seg.frame = frame;
    seg.segment = v->segment;
    seg.external = v->external;
    seg.forward = v->forward;
    *v = seg;
    return true;
}

static bool parse_this(struct assembler *a, struct asm_value *v)
{
    const char *at = a->token->text;
    const struct asm_type *type = asm_parse_type(a);
    if (!type) {
        asm_error(a, at, "type expected after THIS");
        return false;
    }
    if (!asm_here_value(a, v, at))
        return false;
    return apply_type(a, v, type, at);
}

static bool parse_opattr(struct assembler *a, struct asm_value *v)
{
    struct asm_value x;
    bool ok = asm_try_expression(a, &x);
    a->unstable_seen |= ok && x.forward; // a later pass knows better
    if (!ok || x.forward) {
        *v = asm_number(0);
        return true;
    }
    bool code = x.type && asm_is_code_type(x.type);
    bool memory = x.kind == VALUE_MEMORY;
    int64_t bits = (memory && code ? 1 | 4 : 0) | (memory && !code ? 2 : 0) |
                   ((x.kind == VALUE_NUMBER && x.part != 's') || x.kind == VALUE_TYPE ? 4 : 0) |
                   (memory && !code && x.base < 0 && x.index < 0 ? 8 : 0) | (x.kind == VALUE_REGISTER ? 16 : 0) | 32 |
                   (memory && x.base >= 0 && (x.base == 5 || x.base == 4) ? 64 : 0) | (x.external ? 128 : 0);
    *v = asm_number(bits);
    return true;
}

// What stands before PTR: a type, or a size as a number (4 PTR [x]). NULL: neither.
static const struct asm_type *pointed_type(const struct asm_value *v)
{
    if (v->kind == VALUE_TYPE)
        return v->type;
    if (v->kind != VALUE_NUMBER)
        return NULL;
    if (!asm_is_constant(v))
        return v->type;
    switch (v->value) {
    case 1:
        return &asm_type_byte;
    case 2:
        return &asm_type_word;
    case 4:
        return &asm_type_dword;
    case 8:
        return &asm_type_qword;
    default:
        return NULL;
    }
}

static bool parse_typed(struct assembler *a, struct asm_value *v);

static bool parse_pointer(struct assembler *a, struct asm_value *v)
{
    if (!asm_parse_colon(a, v))
        return false;
    if (!asm_is_operator(a->token, OPERATOR_PTR))
        return true;
    const char *at = (a->token++)->text;
    struct asm_value right;
    const struct asm_type *type = pointed_type(v);
    if (!type && v->kind != VALUE_TYPE) {
        asm_error(a, at, "type expected before PTR");
        return false;
    }
    if (!asm_parse_deeper(a, parse_typed, &right) || !apply_type(a, &right, type, at))
        return false;
    *v = right;
    return true;
}

static bool parse_short(struct assembler *a, struct asm_value *v)
{
    if (!asm_parse_deeper(a, parse_typed, v))
        return false;
    v->short_jump = true;
    return true;
}

static bool parse_typed(struct assembler *a, struct asm_value *v)
{
    const struct asm_token *t = a->token;
    int operator= operator_of(t);
    switch (t->kind == TOKEN_NAME ? operator : 0) {
    case OPERATOR_OFFSET:
    case OPERATOR_IMAGEREL:
    case OPERATOR_SECTIONREL:
        a->token++;
        return parse_offset(a, v, operator, t->text);
    case OPERATOR_SEG:
        a->token++;
        return parse_seg(a, v);
    case OPERATOR_THIS:
        a->token++;
        return parse_this(a, v);
    case OPERATOR_TYPE:
        a->token++;
        return asm_parse_measure(a, v, OPERATOR_TYPE);
    case OPERATOR_SHORT:
        a->token++;
        return parse_short(a, v);
    default:
        return parse_pointer(a, v);
    }
}

static bool parse_part(struct assembler *a, struct asm_value *v)
{
    int operator= a->token->kind == TOKEN_NAME ? operator_of(a->token) : 0;
    if (operator<OPERATOR_HIGH || operator> OPERATOR_LOWWORD)
        return parse_typed(a, v);
    const char *at = (a->token++)->text;
    return asm_parse_deeper(a, parse_unary, v) && asm_part(a, operator, v, at); // also LOW NOT x, HIGH -1
}

// ---- signs and binary operators ----

static bool negate(struct assembler *a, struct asm_value *v, bool complement, const char *at)
{
    if (v->kind == VALUE_REAL && !complement) {
        v->negative = !v->negative;
        return true;
    }
    if (!asm_is_constant(v) && !v->forward) {
        asm_error(a, at, "constant expected");
        return false;
    }
    bool forward = v->forward;
    *v = asm_number(complement ? ~v->value : (int64_t)(0 - (uint64_t)v->value));
    v->forward = forward;
    return true;
}

static bool parse_sign(struct assembler *a, struct asm_value *v, char sign)
{
    const char *at = (a->token++)->text;
    return asm_parse_deeper(a, parse_unary, v) && (sign == '+' || negate(a, v, false, at));
}

static bool parse_relation(struct assembler *a, struct asm_value *v)
{
    return parse_level(a, v, LEVEL_RELATION);
}

static bool parse_unary(struct assembler *a, struct asm_value *v)
{
    if (asm_is_punct(a->token, '-') || asm_is_punct(a->token, '+'))
        return parse_sign(a, v, (char)a->token->punct);
    const char *at = a->token->text;
    if (asm_is_operator(a->token, OPERATOR_NOT)) {
        a->token++;
        return asm_parse_deeper(a, parse_relation, v) && negate(a, v, true, at);
    }
    if (asm_is_operator(a->token, OPERATOR_OPATTR)) {
        a->token++;
        return parse_opattr(a, v);
    }
    return parse_part(a, v);
}

static int binary_level(const struct asm_token *t)
{
    switch (operator_of(t)) {
    case OPERATOR_OR:
    case OPERATOR_XOR:
        return LEVEL_OR;
    case OPERATOR_AND:
        return LEVEL_AND;
    case OPERATOR_EQ:
    case OPERATOR_NE:
    case OPERATOR_LT:
    case OPERATOR_LE:
    case OPERATOR_GT:
    case OPERATOR_GE:
        return LEVEL_RELATION;
    case '+':
    case '-':
        return LEVEL_SUM;
    case '*':
    case '/':
    case OPERATOR_MOD:
    case OPERATOR_SHL:
    case OPERATOR_SHR:
        return LEVEL_PRODUCT;
    default:
        return 0;
    }
}

// EXPR16: 16 bits and a sign, as MASM 5.1 calculates. M510 means it unless the processor is a 386.
static void narrow(const struct assembler *a, struct asm_value *v)
{
    bool m510 = a->option.m510 && !a->option.expr32 && (a->cpu & CPU_LEVEL) < CPU_386;
    if (!(a->option.expr16 || m510) || v->kind != VALUE_NUMBER || asm_has_base(v))
        return;
    uint64_t bits = v->value < 0 ? 0 - (uint64_t)v->value : (uint64_t)v->value;
    v->value = v->value < 0 ? -(int64_t)(bits & 0xffff) : (int64_t)(bits & 0xffff);
}

static bool compute(struct assembler *a, const struct asm_token *t, struct asm_value *v, const struct asm_value *right)
{
    if (t->kind == TOKEN_PUNCT && t->punct == '+')
        return asm_add(a, v, right, t->text);
    if (t->kind == TOKEN_PUNCT && t->punct == '-')
        return asm_subtract(a, v, right, t->text);
    return asm_binary(a, operator_of(t), v, right, t->text);
}

static bool apply_binary(struct assembler *a, const struct asm_token *t, struct asm_value *v,
                         const struct asm_value *right)
{
    bool ok = compute(a, t, v, right);
    if (ok)
        narrow(a, v);
    return ok;
}

static bool parse_level(struct assembler *a, struct asm_value *v, int level)
{
    if (!parse_unary(a, v))
        return false;
    for (;;) {
        const struct asm_token *t = a->token;
        int found = t->kind == TOKEN_END ? 0 : binary_level(t);
        if (found < level || found == 0)
            return true;
        a->token++;
        struct asm_value right;
        if (!parse_level(a, &right, found + 1) || !apply_binary(a, t, v, &right))
            return false;
    }
}

// ---- the interface ----

bool asm_expression(struct assembler *a, struct asm_value *v)
{
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "expression nested too deeply");
    bool ok = parse_level(a, v, LEVEL_OR);
    a->depth--;
    return ok;
}

// Evaluates where failure is an answer (OPATTR, IFDEF-like tests, %x): no message comes out and nothing counts as
// forward.
bool asm_try_expression(struct assembler *a, struct asm_value *v)
{
    bool forward = a->forward_seen, failed = a->line_failed, final = a->final;
    uint32_t pass = a->pass;
    a->forward_seen = true;
    a->pass = 1;
    a->final = false;
    bool ok = asm_expression(a, v);
    a->pass = pass;
    a->final = final;
    a->forward_seen = forward;
    a->line_failed = failed;
    return ok;
}

// A number known now. With `forward` set the value may depend on later lines and is 0 while it is unknown.
bool asm_constant(struct assembler *a, int64_t *number)
{
    struct asm_value v;
    const char *at = a->token->text;
    if (!asm_expression(a, &v))
        return false;
    if (!asm_is_constant(&v) && !v.forward) {
        asm_error(a, at, "constant expected");
        return false;
    }
    *number = v.forward && !asm_is_constant(&v) ? 0 : v.value;
    return true;
}
