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

static const struct asm_type *prototype_in(const struct asm_type *t)
{
    if (t && t->kind == TYPE_POINTER && t->target)
        t = t->target;
    return t && t->kind == TYPE_PROTO ? t : NULL;
}

static const struct asm_type *prototype_of(const struct asm_value *v)
{
    if (v->symbol && v->symbol->prototype && v->kind == VALUE_MEMORY && v->base < 0)
        return v->symbol->prototype;
    return prototype_in(v->type);
}

// `INVOKE PFN PTR ebx`: the type tells the arguments, the register is called.
static const struct asm_type *prototype_of_register(struct assembler *a)
{
    const struct asm_token *start = a->token;
    const struct asm_type *type = prototype_in(asm_parse_type(a));
    const struct asm_token *t = a->token;
    if (type && asm_is_operator(t, OPERATOR_PTR) && t[1].kind == TOKEN_NAME &&
        t[1].name->keyword.keyword_class == KEYWORD_REGISTER) {
        a->token++;
        return type;
    }
    a->token = start;
    return NULL;
}

static bool parse_call(struct assembler *a, struct call *c)
{
    c->prototype = prototype_of_register(a);
    const struct asm_token *first = a->token;
    struct asm_value target;
    if (!asm_expression(a, &target))
        return false;
    c->target = asm_text_copy(a, first->text, (size_t)(a->token[-1].text + a->token[-1].length - first->text));
    if (!c->prototype)
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

static bool has_cpu(const struct assembler *a, uint32_t level)
{
    return (a->cpu & CPU_LEVEL) >= level;
}

static const char *accumulator(const struct call *c)
{
    return c->word == 4 ? "eax" : "ax";
}

static void push_address(struct assembler *a, struct call *c, uint32_t psize, const struct argument *x)
{
    if (psize && psize == c->word + 2u) { // a far pointer: its segment first
        bool stack = x->value.base == 5 || x->value.base == 4;
        run(a, stack ? "push ss" : "push ds");
        c->bytes += c->word;
    } else if (psize && psize != c->word) {
        asm_error(a, a->line.at, "the argument '%s' has %u bytes, the parameter %u", x->text, c->word, psize);
        return;
    }
    bool direct = x->value.base < 0 && x->value.index < 0;
    if (direct && has_cpu(a, CPU_186)) {
        run(a, asm_format(a, "push offset %s", x->text));
    } else {
        run(a, asm_format(a, direct ? "mov %s, offset %s" : "lea %s, %s", accumulator(c), x->text));
        run(a, asm_format(a, "push %s", accumulator(c)));
        c->accumulator_used = true;
    }
    c->bytes += c->word;
}

static const char *wide_register(const struct asm_value *v)
{
    static const char *const names[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    return names[v->value & 7];
}

static void through_accumulator(struct assembler *a, struct call *c, const char *move, const char *text)
{
    run(a, asm_format(a, "%s %s, %s", move, accumulator(c), text));
    run(a, asm_format(a, "push %s", accumulator(c)));
    c->accumulator_used = true;
}

// A byte for a BYTE parameter: what lies above it does not matter.
static void push_byte(struct assembler *a, struct call *c, const struct argument *x)
{
    if (x->value.kind == VALUE_REGISTER && x->value.value < 4) {
        run(a, asm_format(a, "push %s", c->word == 4 ? wide_register(&x->value) : wide_register(&x->value) + 1));
        return;
    }
    run(a, asm_format(a, "mov al, %s", x->text));
    run(a, asm_format(a, "push %s", accumulator(c)));
    c->accumulator_used = true;
}

// A word where 32 bits are pushed: a WORD parameter's upper half does not matter.
static void push_word(struct assembler *a, uint32_t parameter_size, const struct argument *x)
{
    if (x->value.kind == VALUE_REGISTER && x->value.register_class == REGISTER_SEGMENT) {
        run(a, asm_format(a, "push %s", x->text));
        return;
    }
    if (x->value.kind == VALUE_REGISTER && parameter_size == 2) {
        run(a, asm_format(a, "push %s", wide_register(&x->value)));
        return;
    }
    run(a, parameter_size == 2 ? "sub esp, 2" : "pushw 0");
    run(a, asm_format(a, x->value.kind == VALUE_REGISTER ? "push %s" : "push word ptr %s", x->text));
}

static bool is_al(const struct asm_value *v)
{
    return v->kind == VALUE_REGISTER && v->register_class == REGISTER_8 && v->value == 0;
}

// A number in 16-bit code; the 8086 has no PUSH of one.
static void push_number16(struct assembler *a, struct call *c, int64_t number)
{
    if (has_cpu(a, CPU_186)) {
        run(a, asm_format(a, "push %lld", (long long)(int16_t)number));
        return;
    }
    run(a, number ? asm_format(a, "mov ax, %lld", (long long)(int16_t)number) : "xor ax, ax");
    run(a, "push ax");
    c->accumulator_used = true;
}

// A byte made a word in AX.
static void widen_byte16(struct assembler *a, struct call *c, const struct argument *x, bool is_signed)
{
    c->accumulator_used = true;
    if (x->value.kind == VALUE_REGISTER && has_cpu(a, CPU_386)) {
        run(a, asm_format(a, "%s ax, %s", is_signed ? "movsx" : "movzx", x->text));
        return;
    }
    if (!is_al(&x->value))
        run(a, asm_format(a, "mov al, %s", x->text));
    run(a, is_signed ? "cbw" : "mov ah, 0");
}

// A byte or word for a parameter of two words.
static void push_long16(struct assembler *a, struct call *c, const struct argument *x, uint32_t size, bool is_signed)
{
    if (is_signed && has_cpu(a, CPU_386)) {
        run(a, asm_format(a, "movsx eax, %s", x->text));
        run(a, "push eax");
        c->accumulator_used = true;
        return;
    }
    if (!is_signed) {
        push_number16(a, c, 0);
        if (size == 1 && !has_cpu(a, CPU_186)) // AH is 0 already
            run(a, asm_format(a, "mov al, %s", x->text));
        else if (size == 1)
            widen_byte16(a, c, x, false);
        run(a, size == 1 ? "push ax" : asm_format(a, "push %s", x->text));
        return;
    }
    if (size == 1)
        widen_byte16(a, c, x, true);
    else
        run(a, asm_format(a, "mov ax, %s", x->text));
    run(a, "cwd");
    run(a, "push dx");
    run(a, "push ax");
    c->accumulator_used = true;
}

// The argument's own sign counts, as MASM has it.
static void push_small(struct assembler *a, struct call *c, uint32_t parameter_size, const struct argument *x,
                       uint32_t size)
{
    bool is_signed = x->value.type && x->value.type->is_signed;
    if (size == 1 && parameter_size == 1) {
        push_byte(a, c, x);
    } else if (c->word == 2 && parameter_size == 4) {
        push_long16(a, c, x, size, is_signed);
        c->bytes += 2;
    } else if (c->word == 2) {
        widen_byte16(a, c, x, is_signed);
        run(a, "push ax");
    } else if (size == 2 && !is_signed) {
        push_word(a, parameter_size, x);
    } else {
        through_accumulator(a, c, is_signed ? "movsx" : "movzx", x->text);
    }
    c->bytes += c->word;
}

// From the end; what is no multiple of a push is pushed first, on a word of its own.
static void push_pieces(struct assembler *a, struct call *c, const struct argument *x, uint32_t size)
{
    uint32_t piece = has_cpu(a, CPU_386) && size >= 4 ? 4 : c->word;
    uint32_t at = size / piece * piece;
    if (at != size && c->word == 4)
        run(a, "sub esp, 2");
    if (at != size)
        run(a, asm_format(a, "push word ptr %s[%u]", x->text, at));
    for (const char *type = piece == 4 ? "dword" : "word"; at > 0; at -= piece)
        run(a, at == piece ? asm_format(a, "push %s ptr %s", type, x->text)
                           : asm_format(a, "push %s ptr %s[%u]", type, x->text, at - piece));
    c->bytes += (size + c->word - 1) / c->word * c->word;
}

static void push_real(struct assembler *a, struct call *c, uint32_t parameter_size, const struct argument *x)
{
    uint32_t size = parameter_size == 8 ? 8 : 4;
    uint8_t bytes[8];
    if (!asm_real_bytes(x->value.token, x->value.negative, size, bytes)) {
        asm_error(a, a->line.at, "this real number does not fit %u bytes", size);
        return;
    }
    bool wide = has_cpu(a, CPU_386);
    for (uint32_t at = size; at > 0; at -= wide ? 4 : 2)
        if (wide)
            run(a, asm_format(a, "pushd %ut", base_get32(bytes + at - 4)));
        else
            push_number16(a, c, base_get16(bytes + at - 2));
    c->bytes += size;
}

// A constant, the upper words of a larger parameter first.
static void push_constant(struct assembler *a, struct call *c, uint32_t want, const struct argument *x)
{
    int64_t number = x->value.value;
    bool address = !asm_is_constant(&x->value);
    bool pushd = c->word == 2 && want == 4 && has_cpu(a, CPU_386);
    uint32_t bytes = (want + c->word - 1) / c->word * c->word;
    if ((address && !pushd) || bytes < c->word)
        bytes = c->word;
    c->bytes += bytes;
    if (address || (c->word == 4 && bytes == 4)) {
        run(a, asm_format(a, pushd ? "pushd %s" : "push %s", x->text));
    } else if (pushd) {
        run(a, asm_format(a, "pushd %lld", (long long)(int32_t)number));
    } else {
        for (uint32_t at = bytes; at > 0; at -= c->word) {
            int64_t part = at > 8 ? -(number < 0) : number >> (at - c->word) * 8;
            if (c->word == 4)
                run(a, asm_format(a, "push %lld", (long long)(int32_t)part));
            else
                push_number16(a, c, part);
        }
    }
}

static bool uses_accumulator(const struct asm_value *v)
{
    return (v->kind == VALUE_REGISTER && v->register_class <= REGISTER_32 &&
            (v->size == 1 ? v->value % 4 == 0 : v->value == 0)) ||
           v->base == 0 || v->index == 0;
}

static bool is_number(const struct asm_value *v)
{
    return v->kind == VALUE_NUMBER || v->kind == VALUE_TYPE || v->kind == VALUE_REAL;
}

static bool is_too_large(const struct asm_value *v, uint32_t size)
{
    int64_t limit = size < 8 ? INT64_C(1) << 8 * size : 0;
    return limit && asm_is_constant(v) && (v->value >= limit || v->value < -limit);
}

// The argument must not be larger than its parameter, and fill one that takes several words.
static bool mismatch(struct assembler *a, const struct call *c, uint32_t psize, const struct argument *x, uint32_t size)
{
    if (psize && is_too_large(&x->value, psize)) {
        asm_error(a, a->line.at, "the argument '%s' does not fit %u byte%s", x->text, psize, psize == 1 ? "" : "s");
        return true;
    }
    bool widened = psize <= 4; // a DWORD parameter is filled in 16-bit code, too
    bool wrong = psize && size && (size > psize || (psize > c->word && size <= c->word && !widened));
    wrong |= x->value.kind == VALUE_REAL && psize && psize != 4 && psize != 8;
    if (wrong)
        asm_error(a, a->line.at, "the argument '%s' has %u byte%s, the parameter %u", x->text, size,
                  size == 1 ? "" : "s", psize);
    return wrong;
}

static void push_argument(struct assembler *a, struct call *c, const struct asm_parameter *p, const struct argument *x)
{
    const struct asm_type *parameter = p && !p->vararg ? p->type : NULL;
    if (c->accumulator_used && uses_accumulator(&x->value)) {
        asm_error(a, a->line.at, "INVOKE has overwritten the accumulator that argument '%s' needs", x->text);
        return;
    }
    uint32_t psize = parameter ? asm_type_size(a, parameter) : 0;
    if (x->address) {
        push_address(a, c, psize, x);
        return;
    }
    uint32_t size = is_number(&x->value) ? 0 : asm_value_size(a, &x->value);
    if (x->value.kind == VALUE_MEMORY && size == 0)
        size = psize ? psize : c->word;
    if (mismatch(a, c, psize, x, size))
        return;
    if (x->value.kind == VALUE_REAL) {
        push_real(a, c, psize, x);
    } else if (size == 0) {
        push_constant(a, c, psize, x);
    } else if (size < c->word || (psize == 4 && size <= 2)) {
        push_small(a, c, psize, x, size);
    } else if (size == c->word || x->value.kind == VALUE_REGISTER) {
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
        asm_error_outside(a, a->line.at, "INVOKE outside of any segment");
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
