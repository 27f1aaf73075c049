// INVOKE: pushes the arguments in the order of the callee's language, calls, and cleans up for C. Runs as lines of
// source.
#include <string.h>

#include "asm/defs.h"

enum { ARGUMENT_LIMIT = 64 };

struct argument {
    const char *text;
    bool address; // ADDR x
    struct asm_value value;
};

struct call {
    const char *target;
    const struct asm_type *prototype;
    struct argument arguments[ARGUMENT_LIMIT];
    int count;
    bool accumulator_used; // EAX no longer holds what the caller put there
    uint32_t bytes;
    uint32_t word;
};

static void run(struct assembler *a, const char *line)
{
    asm_run_line(a, line, "INVOKE");
}

// ---- parsing ----

static const struct asm_token *argument_end(const struct asm_token *t)
{
    int depth = 0;
    for (; t->kind != TOKEN_END; t++) {
        if (depth == 0 && asm_is_punct(t, ','))
            break;
        depth += asm_is_punct(t, '(') || asm_is_punct(t, '[')   ? 1
                 : asm_is_punct(t, ')') || asm_is_punct(t, ']') ? -1
                                                                : 0;
    }
    return t;
}

static bool parse_argument(struct assembler *a, struct argument *x)
{
    x->address = asm_is_operator(a->token, OPERATOR_ADDR);
    a->token += x->address;
    const struct asm_token *first = a->token, *end = argument_end(first);
    if (end == first) {
        asm_error(a, first->text, "argument expected");
        return false;
    }
    x->text = asm_text_copy(a, first->text, (size_t)(end[-1].text + end[-1].length - first->text));
    if (!asm_expression(a, &x->value))
        return false;
    if (a->token != end) {
        asm_error(a, a->token->text, "unexpected '%.*s' in an argument", (int)a->token->length, a->token->text);
        return false;
    }
    return true;
}

static const struct asm_type *prototype_of(const struct asm_value *v)
{
    if (v->symbol && v->symbol->prototype && v->kind == VALUE_MEMORY && v->base < 0)
        return v->symbol->prototype;
    const struct asm_type *t = v->type;
    if (t && t->kind == TYPE_POINTER && t->target)
        t = t->target;
    return t && t->kind == TYPE_PROTO ? t : NULL;
}

static bool parse_call(struct assembler *a, struct call *c)
{
    const struct asm_token *first = a->token;
    struct asm_value target;
    if (!asm_expression(a, &target))
        return false;
    c->target = asm_text_copy(a, first->text, (size_t)(a->token[-1].text + a->token[-1].length - first->text));
    c->prototype = prototype_of(&target);
    if (!c->prototype) {
        a->forward_seen = false; // what comes later cannot help
        asm_error(a, first->text, "INVOKE needs a procedure with PROTO or PROC in front of it");
        return false;
    }
    while (asm_accept(a, ',')) {
        if (c->count == ARGUMENT_LIMIT) {
            asm_error(a, a->token->text, "more than %d arguments", ARGUMENT_LIMIT);
            return false;
        }
        if (!parse_argument(a, &c->arguments[c->count++]))
            return false;
    }
    return true;
}

static bool check_count(struct assembler *a, const struct call *c)
{
    int want = 0;
    for (const struct asm_parameter *p = c->prototype->parameters; p; p = p->next)
        want += !p->vararg;
    if (c->count == want || (c->prototype->vararg && c->count > want))
        return true;
    asm_error(a, a->line.at, "'%s' takes %d argument%s, not %d", c->target, want, want == 1 ? "" : "s", c->count);
    return false;
}

// ---- pushing ----

static const char *accumulator(const struct call *c)
{
    return c->word == 4 ? "eax" : "ax";
}

static void push_address(struct assembler *a, struct call *c, const struct argument *x)
{
    bool direct = x->value.base < 0 && x->value.index < 0;
    if (direct && (c->word == 4 || (a->cpu & CPU_LEVEL) >= CPU_186)) {
        run(a, asm_format(a, "push offset %s", x->text));
    } else {
        run(a, asm_format(a, "lea %s, %s", accumulator(c), x->text));
        run(a, asm_format(a, "push %s", accumulator(c)));
        c->accumulator_used = true;
    }
    c->bytes += c->word;
}

static bool sign_extends(const struct asm_type *parameter, const struct asm_value *v)
{
    return (parameter && parameter->is_signed) || (v->type && v->type->is_signed);
}

static const char *wide_register(struct assembler *a, const struct asm_value *v)
{
    static const char *const names[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    return asm_format(a, "%s", names[v->value & 7]);
}

static void push_small(struct assembler *a, struct call *c, const struct asm_type *parameter, const struct argument *x,
                       uint32_t size)
{
    bool is_register = x->value.kind == VALUE_REGISTER;
    if (is_register && size == 2 && c->word == 4 && !sign_extends(parameter, &x->value) && parameter &&
        parameter->size <= 2) {
        run(a, asm_format(a, "push %s", wide_register(a, &x->value)));
    } else if (!is_register && size == 2 && c->word == 4 && !sign_extends(parameter, &x->value)) {
        run(a, "pushw 0");
        run(a, asm_format(a, "push word ptr %s", x->text));
    } else if ((a->cpu & CPU_LEVEL) >= CPU_386) {
        run(a, asm_format(a, "%s %s, %s", sign_extends(parameter, &x->value) ? "movsx" : "movzx", accumulator(c),
                          x->text));
        run(a, asm_format(a, "push %s", accumulator(c)));
        c->accumulator_used = true;
    } else {
        run(a, asm_format(a, "mov al, %s", x->text));
        run(a, sign_extends(parameter, &x->value) ? "cbw" : "xor ah, ah");
        run(a, "push ax");
        c->accumulator_used = true;
    }
    c->bytes += c->word;
}

static void push_pieces(struct assembler *a, struct call *c, const struct argument *x, uint32_t size)
{
    const char *type = c->word == 4 ? "dword" : "word";
    for (uint32_t at = (size + c->word - 1) / c->word * c->word; at > 0; at -= c->word)
        run(a, at == c->word ? asm_format(a, "push %s ptr %s", type, x->text)
                             : asm_format(a, "push %s ptr %s[%u]", type, x->text, at - c->word));
    c->bytes += (size + c->word - 1) / c->word * c->word;
}

static bool uses_accumulator(const struct asm_value *v)
{
    return (v->kind == VALUE_REGISTER && v->register_class <= REGISTER_32 &&
            (v->size == 1 ? v->value % 4 == 0 : v->value == 0)) ||
           v->base == 0 || v->index == 0;
}

static void push_argument(struct assembler *a, struct call *c, const struct asm_parameter *p, const struct argument *x)
{
    const struct asm_type *parameter = p && !p->vararg ? p->type : NULL;
    if (c->accumulator_used && uses_accumulator(&x->value)) {
        asm_error(a, a->line.at, "INVOKE has overwritten the accumulator that argument '%s' needs", x->text);
        return;
    }
    if (x->address) {
        push_address(a, c, x);
        return;
    }
    uint32_t size = x->value.kind == VALUE_NUMBER || x->value.kind == VALUE_TYPE ? 0 : asm_value_size(a, &x->value);
    if (x->value.kind == VALUE_MEMORY && size == 0)
        size = parameter ? asm_type_size(a, parameter) : c->word;
    uint32_t want = parameter ? (asm_type_size(a, parameter) + c->word - 1) / c->word * c->word : size;
    if (size > want && want) {
        asm_error(a, a->line.at, "argument '%s' has %u bytes, the parameter only %u", x->text, size,
                  asm_type_size(a, parameter));
    } else if (size == 0 || size == c->word) {
        bool constant_wide = size == 0 && want > c->word;
        if (constant_wide)
            run(a, x->value.value < 0 ? "push -1" : "push 0");
        run(a, asm_format(a, "push %s", x->text));
        c->bytes += constant_wide ? 2 * c->word : c->word;
    } else if (size < c->word) {
        push_small(a, c, parameter, x, size);
    } else if (x->value.kind == VALUE_REGISTER) {
        run(a, asm_format(a, "push %s", x->text));
        c->bytes += size;
    } else {
        push_pieces(a, c, x, size);
    }
}

static void push_all(struct assembler *a, struct call *c)
{
    const struct asm_parameter *list[ARGUMENT_LIMIT] = {0};
    const struct asm_parameter *p = c->prototype->parameters;
    for (int i = 0; i < c->count; i++) {
        list[i] = p;
        p = p && !p->vararg ? p->next : p;
    }
    uint8_t language = c->prototype->language;
    bool forward = language == LANGUAGE_PASCAL || language == LANGUAGE_FORTRAN || language == LANGUAGE_BASIC;
    for (int i = 0; i < c->count; i++) {
        int k = forward ? i : c->count - 1 - i;
        push_argument(a, c, list[k], &c->arguments[k]);
    }
}

void asm_invoke(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    asm_before_code(a);
    if (!a->segment) {
        asm_error(a, a->line.at, "INVOKE outside of any segment");
        return;
    }
    struct call *c = asm_get(a, sizeof *c);
    c->word = a->segment->word_size;
    bool ok = parse_call(a, c) && check_count(a, c);
    const struct asm_token *end = a->token;
    a->forward_seen = false;
    if (!ok)
        return;
    push_all(a, c);
    run(a, asm_format(a, "call %s", c->target));
    uint8_t language = c->prototype->language;
    bool caller = language == LANGUAGE_C || language == LANGUAGE_SYSCALL ||
                  (language == LANGUAGE_STDCALL && c->prototype->vararg);
    if (caller && c->bytes)
        run(a, asm_format(a, "add %s, %ut", c->word == 4 ? "esp" : "sp", c->bytes));
    a->token = end;
}
