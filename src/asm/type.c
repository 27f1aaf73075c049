// Types: the scalar ones, and what is common to all.
#include "asm/defs.h"

const struct asm_type asm_type_byte = {.kind = TYPE_SCALAR, .size = 1, .align = 1};
const struct asm_type asm_type_sbyte = {.kind = TYPE_SCALAR, .size = 1, .align = 1, .is_signed = true};
const struct asm_type asm_type_word = {.kind = TYPE_SCALAR, .size = 2, .align = 2};
const struct asm_type asm_type_sword = {.kind = TYPE_SCALAR, .size = 2, .align = 2, .is_signed = true};
const struct asm_type asm_type_dword = {.kind = TYPE_SCALAR, .size = 4, .align = 4};
const struct asm_type asm_type_sdword = {.kind = TYPE_SCALAR, .size = 4, .align = 4, .is_signed = true};
const struct asm_type asm_type_fword = {.kind = TYPE_SCALAR, .size = 6, .align = 2};
const struct asm_type asm_type_qword = {.kind = TYPE_SCALAR, .size = 8, .align = 8};
const struct asm_type asm_type_tbyte = {.kind = TYPE_SCALAR, .size = 10, .align = 2};
const struct asm_type asm_type_oword = {.kind = TYPE_SCALAR, .size = 16, .align = 16};
const struct asm_type asm_type_real4 = {.kind = TYPE_SCALAR, .size = 4, .align = 4, .is_real = true};
const struct asm_type asm_type_real8 = {.kind = TYPE_SCALAR, .size = 8, .align = 8, .is_real = true};
const struct asm_type asm_type_real10 = {.kind = TYPE_SCALAR, .size = 10, .align = 2, .is_real = true};
const struct asm_type asm_type_near = {.kind = TYPE_NEAR};
const struct asm_type asm_type_near16 = {.kind = TYPE_NEAR, .size = 2};
const struct asm_type asm_type_near32 = {.kind = TYPE_NEAR, .size = 4};
const struct asm_type asm_type_far = {.kind = TYPE_FAR, .far = true};
const struct asm_type asm_type_far16 = {.kind = TYPE_FAR, .size = 4, .far = true};
const struct asm_type asm_type_far32 = {.kind = TYPE_FAR, .size = 6, .far = true};
const struct asm_type asm_type_abs = {.kind = TYPE_ABS};

// Members of anonymous nested structures count as the outer one's own.
const struct asm_field *asm_type_field(const struct asm_type *type, const struct asm_name *name, uint32_t *offset)
{
    for (const struct asm_field *f = type->fields; f; f = f->next) {
        if (f->name == name) {
            *offset += f->offset;
            return f;
        }
        uint32_t inner = *offset + f->offset;
        const struct asm_field *found = f->anonymous ? asm_type_field(f->type, name, &inner) : NULL;
        if (found) {
            *offset = inner;
            return found;
        }
    }
    return NULL;
}

bool asm_is_code_type(const struct asm_type *type)
{
    return type && (type->kind == TYPE_NEAR || type->kind == TYPE_FAR || type->kind == TYPE_PROTO);
}

static uint32_t word_size(const struct assembler *a)
{
    return a->segment ? a->segment->word_size : asm_default_word(a);
}

// Pointers and NEAR, FAR without a given size take that of the current segment.
uint32_t asm_type_size(const struct assembler *a, const struct asm_type *type)
{
    if (type->size)
        return type->size;
    switch (type->kind) {
    case TYPE_NEAR:
        return word_size(a);
    case TYPE_FAR:
        return word_size(a) + 2;
    case TYPE_POINTER:
        return word_size(a) + (type->far ? 2 : 0);
    case TYPE_PROTO:
        return word_size(a);
    default:
        return 0;
    }
}

bool asm_is_structure(const struct asm_type *type)
{
    return type && (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION);
}

// A type name in front of the cursor: BYTE, NEAR, a structure, PTR type, FAR PTR type. NULL and no message: none.
static const struct asm_type *type_word(const struct asm_token *t)
{
    if (t->kind != TOKEN_NAME)
        return NULL;
    if (t->name->keyword.keyword_class == KEYWORD_TYPE)
        return t->name->keyword.type;
    const struct asm_symbol *s = t->name->symbol;
    return s && s->kind == SYMBOL_TYPE ? s->type : NULL;
}

static const struct asm_type *parse_pointer(struct assembler *a, const struct asm_type *distance)
{
    struct asm_type *p = asm_get(a, sizeof *p);
    p->kind = TYPE_POINTER;
    p->far = distance && distance->kind == TYPE_FAR;
    p->size = distance && distance->size ? distance->size : 0;
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "type nested too deeply");
    p->target = asm_parse_type(a);
    a->depth--;
    if (!p->size && p->target && asm_is_code_type(p->target))
        p->size = 0;
    p->align = 4;
    return p;
}

const struct asm_type *asm_parse_type(struct assembler *a)
{
    if (asm_is_operator(a->token, OPERATOR_PTR)) {
        a->token++;
        return parse_pointer(a, NULL);
    }
    const struct asm_type *type = type_word(a->token);
    if (!type)
        return NULL;
    a->token++;
    if (asm_is_code_type(type) && asm_is_operator(a->token, OPERATOR_PTR)) {
        a->token++;
        return parse_pointer(a, type);
    }
    return type;
}
