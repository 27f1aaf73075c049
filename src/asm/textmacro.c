// Text macros and equates: EQU, =, TEXTEQU, CATSTR, SUBSTR, INSTR, SIZESTR and their function forms, ECHO.
#include <string.h>

#include "asm/input.h"

static const char *chars(const struct base_buf *b)
{
    return b->data ? (const char *)b->data : "";
}

static struct asm_symbol *text_symbol(struct assembler *a, struct asm_name *name)
{
    struct asm_symbol *s = asm_symbol_get(a, name);
    if ((s->kind == SYMBOL_TEXT && !s->predefined) || s->kind == SYMBOL_UNDEFINED)
        return s;
    asm_error_redefined(a, s, a->origin.text.at);
    return NULL;
}

// name CATSTR item, item ...; TEXTEQU is the same.
void asm_catstr(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    const char *p = a->rest.at, *end = p + a->rest.length;
    bool ok = true;
    if (asm_skip_blanks(p, end) < end && *asm_skip_blanks(p, end) != ';')
        while ((ok = asm_text_argument(a, &p, end, &text)) && p < end && *p == ',')
            p++;
    struct asm_symbol *s = ok ? text_symbol(a, name) : NULL;
    if (s && text.size > ASM_LINE_LIMIT)
        asm_error(a, a->rest.at, "the text is longer than %u characters", ASM_LINE_LIMIT);
    else if (s)
        asm_define_text(a, s, chars(&text), text.size);
    base_buf_free(&text);
}

// ---- EQU ----

static bool mentions_location(const struct asm_token *t)
{
    for (; t->kind != TOKEN_END; t++)
        if (asm_is_operator(t, OPERATOR_HERE) || asm_is_operator(t, OPERATOR_THIS))
            return true;
    return false;
}

// A number, or an address made with $ or THIS, is a value; everything else becomes a text macro.
static bool value_of_equ(struct assembler *a, struct asm_value *v)
{
    const struct asm_token *first = a->token;
    if (first->kind == TOKEN_END || !asm_try_expression(a, v) || a->token->kind != TOKEN_END || v->forward)
        return false;
    if (v->kind == VALUE_NUMBER && v->token && v->value > UINT32_MAX)
        return false; // a long string
    if (asm_is_constant(v) && v->kind == VALUE_NUMBER && !v->bracket)
        return true;
    return (v->kind == VALUE_MEMORY || v->kind == VALUE_NUMBER) && v->base < 0 && v->index < 0 &&
           mentions_location(first);
}

static void equ_value(struct assembler *a, struct asm_name *name, const struct asm_value *v)
{
    struct asm_symbol *s = asm_symbol_get(a, name);
    bool free_name = s->kind == SYMBOL_UNDEFINED || (s->kind == SYMBOL_EXTERN && s->weak_extern);
    bool same = s->kind == SYMBOL_EQUATE && !s->redefinable && s->value->value == v->value;
    if (!free_name && !same) {
        asm_error_redefined(a, s, a->origin.text.at);
        return;
    }
    struct asm_value value = *v;
    value.token = NULL;
    asm_define_value(a, s, &value, false, !a->unstable_seen);
    if (a->unstable_seen)
        asm_keep_equate(a, s);
}

void asm_equ(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    const char *end = a->rest.at + a->rest.length;
    const char *p = asm_skip_blanks(a->rest.at, end);
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (p < end && *p == '<') {
        asm_catstr(a, name, 0);
        return;
    }
    if (s->kind != SYMBOL_TEXT) {
        struct asm_text rest = a->rest;
        struct asm_value v;
        a->quiet++;
        asm_tokens(a, rest);
        bool number = value_of_equ(a, &v);
        a->quiet--;
        a->line_failed = false;
        a->rest = rest;
        if (number) {
            asm_tokens(a, rest);
            equ_value(a, name, &v);
            return;
        }
    }
    s = text_symbol(a, name);
    const char *stop = p;
    while (stop < end && *stop != ';')
        stop = *stop == '"' || *stop == '\'' ? asm_skip_string(stop, end) : stop + 1;
    struct asm_text text = asm_trim(p, stop);
    if (s)
        asm_define_text(a, s, text.at, text.length);
}

// ---- = ----

static bool assign(struct assembler *a, struct asm_symbol *s)
{
    struct asm_value v;
    const char *at = a->token->text;
    if (!asm_expression(a, &v))
        return false;
    asm_expect_end(a);
    if (v.kind == VALUE_REGISTER || v.kind > VALUE_TYPE || v.base >= 0 || v.index >= 0) {
        asm_error(a, at, "a number or an address expected");
        return false;
    }
    if (v.kind == VALUE_TYPE)
        v.kind = VALUE_NUMBER;
    v.token = NULL;
    asm_define_value(a, s, &v, s->kind == SYMBOL_EQUATE ? s->redefinable : true, !(a->unstable_seen || v.forward));
    return true;
}

void asm_equal(struct assembler *a, struct asm_name *name, const char *p, const char *end)
{
    asm_tokens(a, (struct asm_text){p, (size_t)(end - p)});
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind != SYMBOL_UNDEFINED && !(s->kind == SYMBOL_EQUATE && s->redefinable && !s->predefined)) {
        asm_error_redefined(a, s, p);
        return;
    }
    const struct asm_token *first = a->token;
    if (!assign(a, s) && !a->forward_seen)
        return;
    a->token = first;
    if (s->stable)
        asm_keep_assignment(a, s);
    else
        asm_keep_equate(a, s);
}

// In later passes: the tokens of an EQU or = again.
void asm_rerun_equate(struct assembler *a, struct asm_symbol *s)
{
    (void)assign(a, s);
}

// ---- SUBSTR, INSTR, SIZESTR ----

static bool read_number(struct assembler *a, const char **p, const char *end, int64_t *number)
{
    const char *start = *p, *q = start;
    int depth = 0;
    for (; q < end && *q != ';' && !(*q == ',' && depth == 0); q++)
        depth += (*q == '(') - (*q == ')');
    *p = q;
    return asm_known_constant(a, (struct asm_text){start, (size_t)(q - start)}, number);
}

static bool cut(struct assembler *a, struct asm_text t, int64_t position, int64_t length, struct asm_text *out)
{
    int64_t size = (int64_t)t.length;
    if (position < 1 || position > size + 1 || length < 0 || length > size - position + 1) {
        asm_error(a, a->rest.at, "position or length lies outside of the text (%lld characters)", (long long)size);
        return false;
    }
    *out = (struct asm_text){t.at + position - 1, (size_t)length};
    return true;
}

void asm_substr(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    const char *p = a->rest.at, *end = p + a->rest.length;
    int64_t position = 0, length = -1;
    bool ok = asm_text_argument(a, &p, end, &text);
    if (ok && (p >= end || *p++ != ',')) {
        asm_error(a, a->rest.at, "SUBSTR needs a text and a position");
        ok = false;
    }
    ok = ok && read_number(a, &p, end, &position);
    if (ok && p < end && *p == ',') {
        p++;
        ok = read_number(a, &p, end, &length);
    } else {
        length = (int64_t)text.size - position + 1;
    }
    struct asm_text part;
    struct asm_symbol *s =
        ok && cut(a, (struct asm_text){chars(&text), text.size}, position, length, &part) ? text_symbol(a, name) : NULL;
    if (s)
        asm_define_text(a, s, part.at, part.length);
    base_buf_free(&text);
}

static int64_t find(struct asm_text t, struct asm_text wanted, int64_t start)
{
    if (start < 1)
        start = 1;
    for (size_t i = (size_t)start - 1; wanted.length <= t.length && i <= t.length - wanted.length; i++)
        if (memcmp(t.at + i, wanted.at, wanted.length) == 0)
            return wanted.length ? (int64_t)i + 1 : 0;
    return 0;
}

static void define_result(struct assembler *a, struct asm_name *name, int64_t number)
{
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind != SYMBOL_UNDEFINED && !(s->kind == SYMBOL_EQUATE && s->redefinable)) {
        asm_error_redefined(a, s, a->origin.text.at);
        return;
    }
    struct asm_value v = asm_number(number);
    asm_define_value(a, s, &v, true, true);
    asm_keep_assignment(a, s);
}

void asm_instr(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct base_buf x, y;
    base_buf_init(&x, &a->limited);
    base_buf_init(&y, &a->limited);
    const char *p = asm_skip_blanks(a->rest.at, a->rest.at + a->rest.length), *end = a->rest.at + a->rest.length;
    int64_t start = 1;
    bool ok = true;
    if (!asm_is_text_item(a, p, end)) {
        ok = read_number(a, &p, end, &start);
        p += p < end;
    }
    ok = ok && asm_text_argument(a, &p, end, &x);
    if (ok && (p >= end || *p++ != ',')) {
        asm_error(a, a->rest.at, "INSTR needs two texts");
        ok = false;
    }
    ok = ok && asm_text_argument(a, &p, end, &y);
    if (ok)
        define_result(a, name, find((struct asm_text){chars(&x), x.size}, (struct asm_text){chars(&y), y.size}, start));
    base_buf_free(&x);
    base_buf_free(&y);
}

void asm_sizestr(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    const char *p = a->rest.at;
    if (asm_text_argument(a, &p, p + a->rest.length, &text))
        define_result(a, name, (int64_t)text.size);
    base_buf_free(&text);
}

// ---- function forms ----

static void builtin_catstr(struct assembler *a, const struct asm_text *arguments, size_t count, struct base_buf *result)
{
    (void)a;
    for (size_t i = 0; i < count; i++)
        base_buf_add(result, arguments[i].at, arguments[i].length);
}

static bool number_argument(struct assembler *a, struct asm_text t, int64_t *number)
{
    return asm_known_constant(a, t, number);
}

static void builtin_substr(struct assembler *a, const struct asm_text *arguments, size_t count, struct base_buf *result)
{
    int64_t position, length;
    struct asm_text part;
    if (count < 2 || !number_argument(a, arguments[1], &position))
        return;
    length = (int64_t)arguments[0].length - position + 1;
    if (count > 2 && arguments[2].length && !number_argument(a, arguments[2], &length))
        return;
    if (cut(a, arguments[0], position, length, &part))
        base_buf_add(result, part.at, part.length);
}

static void builtin_sizestr(struct assembler *a, const struct asm_text *arguments, size_t count,
                            struct base_buf *result)
{
    asm_print_number(a, count ? (int64_t)arguments[0].length : 0, result);
}

static void builtin_instr(struct assembler *a, const struct asm_text *arguments, size_t count, struct base_buf *result)
{
    int64_t start = 1;
    if (count < 3) {
        asm_error(a, NULL, "@InStr needs a start (may be empty) and two texts");
        return;
    }
    if (arguments[0].length && !number_argument(a, arguments[0], &start))
        return;
    asm_print_number(a, find(arguments[1], arguments[2], start), result);
}

void asm_builtins_init(struct assembler *a)
{
    static const struct {
        const char *name;
        asm_builtin *run;
    } list[] = {{"@CatStr", builtin_catstr},
                {"@SubStr", builtin_substr},
                {"@SizeStr", builtin_sizestr},
                {"@InStr", builtin_instr}};
    for (size_t i = 0; i < BASE_COUNT(list); i++) {
        struct asm_symbol *s = asm_symbol_get(a, asm_name_of(a, list[i].name));
        struct asm_macro *m = asm_get(a, sizeof *m);
        *m = (struct asm_macro){.name = s->name, .is_function = true, .builtin = list[i].run};
        s->kind = SYMBOL_MACRO;
        s->macro = m;
        s->predefined = true;
    }
}

// ---- ECHO ----

void asm_echo(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_text t = asm_trim(a->rest.at, a->rest.at + a->rest.length);
    const char *text = asm_text_copy(a, t.at, t.length);
    if (a->options->echo)
        a->options->echo(a->options->echo_user, text);
    else
        base_diag_report(a->diag, BASE_NOTE, NULL, "%s", text);
}
