// Symbols shared between objects: PUBLIC, EXTRN, EXTERNDEF, COMM, PROTO, INCLUDELIB.
#include <string.h>

#include "asm/defs.h"

static uint8_t accept_language(struct assembler *a)
{
    const struct asm_token *t = a->token;
    bool language =
        t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_LANGUAGE && t[1].kind == TOKEN_NAME;
    if (!language)
        return a->option.language;
    a->token++;
    return (uint8_t)t->name->keyword.value;
}

void asm_public(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    do {
        uint8_t language = accept_language(a);
        const struct asm_token *t = a->token;
        struct asm_name *n = asm_expect_name(a);
        if (!n)
            return;
        asm_spell(a, n, t->text);
        struct asm_symbol *s = asm_symbol_get(a, n);
        if (s->kind == SYMBOL_TEXT || s->kind == SYMBOL_MACRO || s->kind == SYMBOL_TYPE || s->kind == SYMBOL_SEGMENT) {
            asm_error(a, t->text, "a %s cannot be public", asm_kind_name(s));
            return;
        }
        s->is_public = true;
        s->announced_public = true;
        if (language)
            s->language = language;
    } while (asm_accept(a, ','));
}

// ---- EXTRN, EXTERNDEF ----

static const struct asm_type *extern_type(struct assembler *a)
{
    if (asm_is_word(a->token, "proc")) {
        a->token++;
        return &asm_type_near;
    }
    if (asm_is_word(a->token, "proto")) {
        a->token++;
        return asm_parse_prototype(a);
    }
    const char *at = a->token->text;
    const struct asm_type *type = asm_parse_type(a);
    if (!type)
        asm_error(a, at, "type expected");
    return type;
}

static bool compatible(const struct asm_symbol *s, const struct asm_type *type)
{
    return !s->type || s->type == type || (asm_is_code_type(s->type) && asm_is_code_type(type)) ||
           s->type->size == type->size;
}

static void declare_extern(struct assembler *a, struct asm_symbol *s, const struct asm_type *type, bool weak,
                           uint8_t language)
{
    s->kind = SYMBOL_EXTERN;
    s->type = type;
    s->weak_extern = weak;
    s->segment = a->segment;
    s->language = language;
    s->file = a->origin.file;
    s->line = a->origin.line;
}

static void one_extern(struct assembler *a, bool weak)
{
    uint8_t language = accept_language(a);
    const struct asm_token *t = a->token;
    struct asm_name *n = asm_expect_name(a);
    if (!n)
        return;
    asm_spell(a, n, t->text);
    struct asm_name *stand_in = NULL; // a(b): b is taken where nobody defines a
    if (asm_accept(a, '(') && !((stand_in = asm_expect_name(a)) && asm_expect(a, ')')))
        return;
    const struct asm_type *type = &asm_type_near;
    if (!asm_expect(a, ':') || !(type = extern_type(a)))
        return;
    if (asm_accept(a, ':')) {
        int64_t count;
        if (!asm_constant(a, &count))
            return;
    }
    struct asm_symbol *s = asm_symbol_get(a, n);
    if (s->kind == SYMBOL_UNDEFINED && !(weak && s->is_public))
        declare_extern(a, s, type, weak, language);
    else if (s->kind == SYMBOL_UNDEFINED)
        s->type = type;
    else if (s->kind == SYMBOL_EXTERN && compatible(s, type))
        s->weak_extern &= weak, s->only_proto = false;
    else if (weak && (s->kind == SYMBOL_LABEL || s->kind == SYMBOL_EQUATE || s->kind == SYMBOL_COMMUNAL))
        s->is_public |= s->kind == SYMBOL_LABEL;
    else
        asm_error_redefined(a, s, t->text);
    if (stand_in)
        s->stand_in = asm_symbol_get(a, stand_in);
}

void asm_extrn(struct assembler *a, struct asm_name *name, int weak)
{
    (void)name;
    do
        one_extern(a, weak);
    while (!a->line_failed && asm_accept(a, ','));
}

void asm_comm(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    do {
        uint8_t language = accept_language(a);
        if (asm_is_word(a->token, "near") || asm_is_word(a->token, "far"))
            a->token++;
        const struct asm_token *t = a->token;
        struct asm_name *n = asm_expect_name(a);
        if (!n || !asm_expect(a, ':'))
            return;
        asm_spell(a, n, t->text);
        const struct asm_type *type = asm_parse_type(a);
        int64_t size = 0, count = 1;
        if (!type && !asm_constant(a, &size))
            return;
        if (asm_accept(a, ':') && !asm_constant(a, &count))
            return;
        struct asm_symbol *s = asm_symbol_claim(a, n, SYMBOL_COMMUNAL, t->text);
        if (!s)
            return;
        s->type = type ? type : &asm_type_byte;
        s->bytes = (uint32_t)((type ? asm_type_size(a, type) : size) * count);
        s->language = language;
        s->used = true;
    } while (asm_accept(a, ','));
}

void asm_includelib(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_text t = asm_trim(a->rest.at, a->rest.at + a->rest.length);
    const char *comment = memchr(t.at, ';', t.length);
    if (comment)
        t = asm_trim(t.at, comment);
    if (t.length >= 2 && (*t.at == '<' || *t.at == '"'))
        t = asm_trim(t.at + 1, t.at + t.length - 1);
    if (t.length == 0)
        asm_error(a, a->rest.at, "library name expected");
    else
        base_buf_printf(&a->directives, "-defaultlib:%.*s ", (int)t.length, t.at);
}

// ---- PROTO ----

static bool prototype_parameter(struct assembler *a, struct asm_type *t, struct asm_parameter ***tail)
{
    struct asm_parameter *p = asm_get(a, sizeof *p);
    if (a->token->kind == TOKEN_NAME && !asm_is_punct(a->token, ':'))
        p->name = (a->token++)->name;
    if (!asm_expect(a, ':'))
        return false;
    const char *at = a->token->text;
    p->vararg = asm_accept_word(a, "vararg");
    p->type = p->vararg ? &asm_type_dword : asm_parse_type(a);
    if (!p->type) {
        asm_error(a, at, "type expected");
        return false;
    }
    t->vararg |= p->vararg;
    **tail = p;
    *tail = &p->next;
    return true;
}

uint32_t asm_parameter_bytes(const struct assembler *a, const struct asm_parameter *p)
{
    uint32_t word = a->segment ? a->segment->word_size : asm_default_word(a);
    uint32_t bytes = 0;
    for (; p; p = p->next)
        if (!p->vararg)
            bytes += (asm_type_size(a, p->type) + word - 1) / word * word;
    return bytes;
}

// [NEAR|FAR] [language] [name]:type, ...
const struct asm_type *asm_parse_prototype(struct assembler *a)
{
    struct asm_type *t = asm_get(a, sizeof *t);
    t->kind = TYPE_PROTO;
    t->language = a->option.language;
    const struct asm_token *token = a->token;
    if (token->kind == TOKEN_NAME && token->name->keyword.keyword_class == KEYWORD_TYPE &&
        asm_is_code_type(token->name->keyword.type)) {
        t->far = token->name->keyword.type->kind == TYPE_FAR;
        token = ++a->token;
    }
    if (token->kind == TOKEN_NAME && token->name->keyword.keyword_class == KEYWORD_LANGUAGE) {
        t->language = (uint8_t)token->name->keyword.value;
        a->token++;
    }
    asm_accept(a, ',');
    struct asm_parameter **tail = &t->parameters;
    while (a->token->kind != TOKEN_END) {
        if (!prototype_parameter(a, t, &tail))
            return NULL;
        if (!asm_accept(a, ','))
            break;
    }
    t->parameter_bytes = asm_parameter_bytes(a, t->parameters);
    return t;
}

void asm_proto(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    const struct asm_type *type = NULL;
    const struct asm_token *t = a->token;
    if (t->kind == TOKEN_NAME && t->name->symbol && t->name->symbol->kind == SYMBOL_TYPE &&
        t->name->symbol->type->kind == TYPE_PROTO)
        type = asm_parse_type(a);
    else
        type = asm_parse_prototype(a);
    if (!type)
        return;
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind == SYMBOL_UNDEFINED) {
        declare_extern(a, s, type, true, type->language);
        s->procedure = s->only_proto = true;
        s->segment = NULL;
    } else if (s->kind == SYMBOL_EXTERN) {
        s->type = type;
        s->language = type->language;
        s->procedure = true;
    } else if (s->kind != SYMBOL_LABEL) {
        asm_error_redefined(a, s, a->line.at);
    }
    s->prototype = type;
}
