// Conditional assembly, and the .ERR directives that share its tests.
#include <string.h>

#include "asm/input.h"

// A number that must be known in the first pass: conditions, counts, sizes of structures.
bool asm_known_constant(struct assembler *a, struct asm_text text, int64_t *number)
{
    struct asm_line_state state;
    asm_save_line(a, &state);
    a->forward_seen = false;
    a->line_failed = false;
    asm_tokens(a, text);
    struct asm_value v;
    const char *at = a->token->text;
    bool ok = asm_expression(a, &v);
    a->forward_seen = false;
    if (ok && v.forward)
        asm_error(a, at, "this depends on a symbol that is not defined yet");
    else if (ok && !asm_is_constant(&v))
        asm_error(a, at, "constant expected");
    else if (ok)
        asm_expect_end(a);
    else if (!a->line_failed)
        asm_error(a, at, "constant expected");
    ok = ok && !a->line_failed;
    *number = ok ? v.value : 0;
    asm_restore_line(a, &state);
    a->line_failed |= !ok;
    return ok;
}

// The same where failure is an answer.
bool asm_try_constant(struct assembler *a, struct asm_text text, int64_t *number)
{
    struct asm_line_state state;
    asm_save_line(a, &state);
    a->forward_seen = true;
    a->quiet++;
    asm_tokens(a, text);
    struct asm_value v;
    bool ok = a->token->kind != TOKEN_END && asm_try_expression(a, &v) && a->token->kind == TOKEN_END && !v.forward &&
              asm_is_constant(&v);
    a->quiet--;
    *number = ok ? v.value : 0;
    asm_restore_line(a, &state);
    return ok;
}

// ---- tests ----

static bool is_defined(struct assembler *a)
{
    const char *end = a->rest.at + a->rest.length;
    const char *p = asm_skip_blanks(a->rest.at, end);
    const char *q = p;
    while (q < end && (asm_is_name_char(*q) || *q == '.'))
        q++;
    const struct asm_name *n = asm_name_get(a, p, (size_t)(q - p));
    const struct asm_symbol *s = asm_lookup(n);
    return (s && s->kind != SYMBOL_UNDEFINED) || n->keyword.keyword_class == KEYWORD_REGISTER;
}

static bool two_texts(struct assembler *a, bool ignore_case, bool *same)
{
    struct base_buf x, y;
    base_buf_init(&x, &a->limited);
    base_buf_init(&y, &a->limited);
    const char *p = a->rest.at, *end = p + a->rest.length;
    bool ok = asm_text_argument(a, &p, end, &x);
    if (ok && (p >= end || *p != ',')) {
        asm_error(a, p, "',' and a second text expected");
        ok = false;
    }
    if (ok) {
        p++;
        ok = asm_text_argument(a, &p, end, &y);
    }
    if (ok) {
        struct asm_text s = asm_trim(x.data ? (char *)x.data : "", x.data ? (char *)x.data + x.size : "");
        struct asm_text t = asm_trim(y.data ? (char *)y.data : "", y.data ? (char *)y.data + y.size : "");
        *same = asm_same_text(s.at, s.length, t.at, t.length, !ignore_case);
        a->rest = (struct asm_text){p, (size_t)(end - p)};
    }
    base_buf_free(&x);
    base_buf_free(&y);
    return ok;
}

static bool is_blank(struct assembler *a, bool *blank)
{
    struct base_buf x;
    base_buf_init(&x, &a->limited);
    const char *p = a->rest.at, *end = p + a->rest.length;
    p = asm_skip_blanks(p, end);
    bool ok = p >= end || *p == ';' || asm_text_argument(a, &p, end, &x);
    *blank = x.size == 0 || asm_trim((char *)x.data, (char *)x.data + x.size).length == 0;
    a->rest = (struct asm_text){p, (size_t)(end - p)};
    base_buf_free(&x);
    return ok;
}

// What stands behind IF, ELSEIF and .ERR in one word: `test` is one of enum asm_test.
static bool evaluate(struct assembler *a, int test, bool *result)
{
    int64_t number;
    bool same = false;
    switch (test) {
    case TEST_TRUE:
    case TEST_FALSE:
        if (!asm_known_constant(a, a->rest, &number))
            return false;
        *result = (number != 0) == (test == TEST_TRUE);
        return true;
    case TEST_DEFINED:
        *result = is_defined(a);
        return true;
    case TEST_UNDEFINED:
        *result = !is_defined(a);
        return true;
    case TEST_BLANK:
    case TEST_NOT_BLANK:
        if (!is_blank(a, &same))
            return false;
        *result = same == (test == TEST_BLANK);
        return true;
    case TEST_SAME:
    case TEST_SAME_IGNORING_CASE:
    case TEST_DIFFERENT:
    case TEST_DIFFERENT_IGNORING_CASE:
        if (!two_texts(a, test == TEST_SAME_IGNORING_CASE || test == TEST_DIFFERENT_IGNORING_CASE, &same))
            return false;
        *result = same == (test == TEST_SAME || test == TEST_SAME_IGNORING_CASE);
        return true;
    case TEST_PASS1:
    case TEST_PASS2:
        if (!a->option.setif2)
            asm_error(a, NULL, "IF1 and IF2 need OPTION SETIF2:TRUE (or OPTION M510)");
        *result = true;
        return true;
    default:
        *result = true;
        return true;
    }
}

// ---- IF ... ENDIF ----

void asm_if(struct assembler *a, struct asm_name *name, int test)
{
    (void)name;
    struct asm_origin origin = asm_lasting_origin(a);
    bool result = false;
    evaluate(a, test, &result);
    a->conditionals =
        asm_grow(a, a->conditionals, &a->conditional_capacity, a->conditional_count, sizeof *a->conditionals);
    a->conditionals[a->conditional_count++] =
        (struct asm_conditional){.taken = result, .active = result, .origin = origin};
    if (!result)
        a->skipping = 1;
}

static struct asm_conditional *innermost(struct assembler *a, const char *word)
{
    if (a->conditional_count > (a->input ? a->input->conditionals : 0))
        return &a->conditionals[a->conditional_count - 1];
    asm_error(a, NULL, "%s without IF", word);
    return NULL;
}

static void activate(struct assembler *a, struct asm_conditional *c, bool active)
{
    c->active = active;
    c->taken |= active;
    a->skipping = active ? 0 : 1;
}

void asm_else(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_conditional *c = innermost(a, "ELSE");
    if (!c)
        return;
    if (c->in_else)
        asm_error(a, NULL, "this IF has an ELSE already");
    c->in_else = true;
    activate(a, c, !c->taken);
}

void asm_elseif(struct assembler *a, struct asm_name *name, int test)
{
    (void)name;
    struct asm_conditional *c = innermost(a, "ELSEIF");
    if (!c)
        return;
    if (c->in_else)
        asm_error(a, NULL, "ELSEIF after ELSE");
    bool result = false;
    if (!c->taken) {
        a->skipping = 0;
        evaluate(a, test, &result);
        c = &a->conditionals[a->conditional_count - 1];
    }
    activate(a, c, result);
}

void asm_endif(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    if (innermost(a, "ENDIF")) {
        a->conditional_count--;
        a->skipping = 0;
    }
}

// A line inside a branch that is not assembled: only the words that could end it count.
void asm_skip_conditional(struct assembler *a, const char *p, const char *end)
{
    const char *q = asm_skip_name(p, end);
    if (q == p)
        return;
    const struct asm_directive *d = asm_name_get(a, p, (size_t)(q - p))->directive;
    if (!d)
        return;
    if (d->run == asm_if) {
        a->skipping++;
    } else if (d->run == asm_endif && a->skipping > 1) {
        a->skipping--;
    } else if (a->skipping == 1 && (d->run == asm_endif || d->run == asm_else || d->run == asm_elseif)) {
        a->line = a->origin.text;
        a->rest = (struct asm_text){q, (size_t)(end - q)};
        d->run(a, NULL, d->argument);
    }
}

// ---- .ERR ----

static void fail(struct assembler *a, const char *what)
{
    const char *end = a->rest.at + a->rest.length;
    const char *p = asm_skip_blanks(a->rest.at, end);
    if (p < end && *p == ',')
        p++;
    p = asm_skip_blanks(p, end);
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    if (p < end && (*p == '<' || *p == '%'))
        asm_text_argument(a, &p, end, &text);
    const char *message = text.size ? asm_format(a, "%s: %s", what, base_buf_cstr(&text)) : what;
    base_buf_free(&text);
    asm_error(a, a->origin.text.at, "%s", message);
}

void asm_err(struct assembler *a, struct asm_name *name, int test)
{
    (void)name;
    if (test == TEST_ALWAYS) {
        fail(a, "forced error");
        return;
    }
    bool result = false;
    if (evaluate(a, test, &result) && result)
        fail(a, test == TEST_PASS1 || test == TEST_PASS2 ? "forced error" : "forced error, the tested condition holds");
}

// The message of .ERRE and .ERRNZ, ", <text>": read whether or not it is needed.
static struct asm_text error_message(struct assembler *a)
{
    if (!asm_accept(a, ',') || !asm_accept(a, '<'))
        return (struct asm_text){"", 0};
    const char *at = a->token->text;
    while (a->token->kind != TOKEN_END && !asm_is_punct(a->token, '>'))
        a->token++;
    struct asm_text text = {at, (size_t)(a->token->text - at)};
    asm_accept(a, '>');
    return text;
}

// .ERRE and .ERRNZ look at values, which may depend on addresses: they are statements and speak in the last pass.
void asm_err_value(struct assembler *a, struct asm_name *name, int test)
{
    (void)name;
    struct asm_value v;
    const char *at = a->token->text;
    if (!asm_expression(a, &v))
        return;
    struct asm_text text = error_message(a);
    a->unstable_seen = true;
    if (a->pass == 1)
        return;
    if (!asm_is_constant(&v))
        asm_error(a, at, "constant expected");
    else if ((v.value == 0) == (test == TEST_FALSE))
        asm_error(a, at, "forced error, the value is %lld%s%.*s", (long long)v.value, text.length ? ": " : "",
                  (int)text.length, text.at);
}
