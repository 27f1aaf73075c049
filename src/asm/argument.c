// Reading texts: macro arguments, items of FOR lists, and the text items of TEXTEQU, CATSTR, IFB and their like. Also
// the replacement of text macros in a stretch of text.
#include <string.h>

#include "asm/input.h"

// Copies what stands between < and its matching >, one pair stripped; p is behind the '<'. ! makes the next character
// plain. In arguments of macros a string hides what it holds; in texts of directives quotes are characters like others.
static const char *copy_literal(const char *p, const char *end, bool strings, struct base_buf *out)
{
    int depth = 1;
    char quote = 0;
    for (; p < end; p++) {
        if (*p == '!' && p + 1 < end && !quote) {
            if (depth > 1)
                base_buf_add8(out, (uint8_t)*p);
            base_buf_add8(out, (uint8_t) * ++p);
            continue;
        }
        if (strings && quote == *p)
            quote = 0;
        else if (strings && !quote && (*p == '"' || *p == '\'') && memchr(p + 1, *p, (size_t)(end - p - 1)))
            quote = *p;
        depth += quote ? 0 : *p == '<' ? 1 : *p == '>' ? -1 : 0;
        if (depth == 0)
            return p + 1;
        base_buf_add8(out, (uint8_t)*p);
    }
    return NULL;
}

static const char *argument_end(const char *p, const char *end, struct asm_argument_rules rules)
{
    int depth = 0;
    for (; p < end; p++) {
        if ((*p == '"' || *p == '\'') && memchr(p + 1, *p, (size_t)(end - p - 1)))
            p = asm_skip_string(p, end) - 1;
        else if (*p == '(')
            depth++;
        else if (*p == ')' && depth-- == 0 && rules.function)
            break;
        else if ((*p == ',' && depth <= 0) || *p == ';' || (rules.old && depth <= 0 && asm_is_blank(*p)))
            break;
    }
    return p;
}

// The number in the current radix, as % prints it.
void asm_print_number(const struct assembler *a, int64_t number, struct base_buf *out)
{
    char digits[72];
    size_t n = sizeof digits;
    uint64_t v = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        unsigned d = (unsigned)(v % a->radix);
        digits[--n] = (char)(d < 10 ? '0' + d : 'A' + d - 10);
        v /= a->radix;
    } while (v);
    if (number < 0)
        digits[--n] = '-';
    base_buf_add(out, digits + n, sizeof digits - n);
}

static bool is_one_text_macro(struct assembler *a, struct asm_text t)
{
    if (t.length == 0 || !asm_is_name_first(*t.at) || asm_skip_name(t.at, t.at + t.length) != t.at + t.length)
        return false;
    const struct asm_symbol *s = asm_name_get(a, t.at, t.length)->symbol;
    return s && s->kind == SYMBOL_TEXT;
}

// %x: the text of a text macro, else the value of a constant expression, else the text with all text macros replaced.
static void percent(struct assembler *a, struct asm_text t, struct base_buf *out)
{
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    bool single = is_one_text_macro(a, t);
    asm_expand_fully(a, t, &text);
    asm_check(a, &text);
    int64_t number;
    if (!single && asm_try_constant(a, (struct asm_text){text.data ? (const char *)text.data : "", text.size}, &number))
        asm_print_number(a, number, out);
    else
        base_buf_add(out, text.data, text.size);
    base_buf_free(&text);
}

static void trim_end(struct base_buf *out, size_t keep)
{
    while (out->size > keep && asm_is_blank((char)out->data[out->size - 1]))
        out->size--;
}

// A macro function's call at p yields its text; other names stay as they are.
static const char *copy_name(struct assembler *a, const char *p, const char *end, struct base_buf *out)
{
    const char *q = asm_skip_name(p, end), *r = asm_skip_blanks(q, end);
    if (asm_is_name_first(*p) && r < end && *r == '(') {
        struct asm_symbol *s = asm_name_get(a, p, (size_t)(q - p))->symbol;
        if (s && s->kind == SYMBOL_MACRO && s->macro->is_function)
            return asm_call_function(a, s, r + 1, end, out);
    }
    base_buf_add(out, p, (size_t)(q - p));
    return q;
}

struct argument_state {
    size_t keep; // blanks inside a literal stay
    int depth;   // of parentheses in a function's arguments
};

// One character, name, string or literal from q on; NULL with a message when a literal is not closed.
static const char *copy_piece(struct assembler *a, const char *q, const char *end, struct asm_argument_rules rules,
                              struct argument_state *state, struct base_buf *out)
{
    if (*q == '<') {
        const char *r = copy_literal(q + 1, end, true, out);
        state->keep = out->size;
        return r;
    }
    if (*q == '!' && q + 1 < end) {
        base_buf_add8(out, (uint8_t)q[1]);
        state->keep = out->size;
        return q + 2;
    }
    if ((*q == '"' || *q == '\'') && memchr(q + 1, *q, (size_t)(end - q - 1))) {
        const char *r = asm_skip_string(q, end);
        base_buf_add(out, q, (size_t)(r - q));
        return r;
    }
    if (asm_is_name_char(*q))
        return copy_name(a, q, end, out);
    state->depth += rules.function ? (*q == '(') - (*q == ')') : 0;
    base_buf_add8(out, (uint8_t)*q);
    return q + 1;
}

bool asm_read_argument(struct assembler *a, const char **p, const char *end, struct asm_argument_rules rules,
                       struct base_buf *out)
{
    const char *q = asm_skip_blanks(*p, end);
    bool any = q < end && *q != ';';
    struct argument_state state = {.keep = out->size};
    if (any && *q == '%') {
        const char *stop = argument_end(q + 1, end, rules);
        percent(a, asm_trim(q + 1, stop), out);
        state.keep = out->size;
        q = stop;
    }
    while (q < end && *q != ';') {
        if ((*q == ',' && state.depth <= 0) || (rules.function && *q == ')' && state.depth == 0) ||
            (rules.old && state.depth <= 0 && asm_is_blank(*q)))
            break;
        const char *r = copy_piece(a, q, end, rules, &state, out);
        if (!r)
            asm_error(a, q, "'>' is missing");
        q = r ? r : end;
    }
    trim_end(out, state.keep);
    if (rules.old) { // blanks, then perhaps a comma, separate
        const char *r = asm_skip_blanks(q, end);
        q = r < end && *r == ',' ? r : q;
    }
    *p = q;
    return any;
}

// ---- text items ----

static const char *named_item(struct assembler *a, const char *p, const char *end, struct base_buf *out)
{
    const char *q = asm_skip_name(p, end);
    struct asm_symbol *s = asm_name_get(a, p, (size_t)(q - p))->symbol;
    const char *r = asm_skip_blanks(q, end);
    if (s && s->kind == SYMBOL_MACRO && s->macro->is_function && r < end && *r == '(')
        return asm_call_function(a, s, r + 1, end, out);
    if (s && s->kind == SYMBOL_TEXT) {
        asm_expand_fully(a, s->text, out);
        return q;
    }
    return NULL;
}

bool asm_is_text_item(struct assembler *a, const char *p, const char *end)
{
    p = asm_skip_blanks(p, end);
    if (p >= end || *p == '<' || *p == '%')
        return p < end;
    const struct asm_symbol *s =
        asm_is_name_first(*p) ? asm_name_get(a, p, (size_t)(asm_skip_name(p, end) - p))->symbol : NULL;
    return s && (s->kind == SYMBOL_TEXT || s->kind == SYMBOL_MACRO);
}

// <literal>, %expression, a text macro or a macro function's call. *p moves behind it. False with a message: no text
// item.
bool asm_text_argument(struct assembler *a, const char **p, const char *end, struct base_buf *out)
{
    const char *q = asm_skip_blanks(*p, end);
    const char *r = NULL;
    if (q < end && *q == '<') {
        r = copy_literal(q + 1, end, false, out);
    } else if (q < end && *q == '%') {
        r = argument_end(q + 1, end, (struct asm_argument_rules){.function = true});
        percent(a, asm_trim(q + 1, r), out);
    } else if (q < end && asm_is_name_first(*q)) {
        r = named_item(a, q, end, out);
    }
    if (!r) {
        asm_error(a, q,
                  q < end && *q == '<' ? "'>' is missing" : "text expected: <text>, %%expression or a text macro");
        *p = end;
        return false;
    }
    *p = asm_skip_blanks(r, end);
    return true;
}

// ---- replacement ----

static const char *replace_name(struct assembler *a, const char *p, const char *end, struct base_buf *out,
                                bool *changed)
{
    const char *q = asm_skip_name(p, end);
    const struct asm_name *n = asm_name_get(a, p, (size_t)(q - p));
    struct asm_symbol *s = n->local ? NULL : n->symbol;
    const char *r = asm_skip_blanks(q, end);
    if (s && s->kind == SYMBOL_TEXT) {
        base_buf_add(out, s->text.at, s->text.length);
        *changed = true;
        return q;
    }
    if (s && s->kind == SYMBOL_MACRO && s->macro->is_function && r < end && *r == '(') {
        *changed = true;
        return asm_call_function(a, s, r + 1, end, out);
    }
    base_buf_add(out, p, (size_t)(q - p));
    return q;
}

// Inside quotes a text macro counts only where & touches it.
static const char *replace_string(struct assembler *a, const char *p, const char *end, struct base_buf *out,
                                  bool *changed)
{
    const char *stop = asm_skip_string(p, end);
    while (p < stop) {
        const char *q = p + (*p == '&');
        const char *r = q < stop && asm_is_name_first(*q) ? asm_skip_name(q, stop) : q;
        const struct asm_symbol *s = r > q ? asm_name_get(a, q, (size_t)(r - q))->symbol : NULL;
        if (s && s->kind == SYMBOL_TEXT && (q > p || (r < stop && *r == '&'))) {
            base_buf_add(out, s->text.at, s->text.length);
            *changed = true;
            p = r + (r < stop && *r == '&');
        } else {
            r = r > p ? r : p + 1;
            base_buf_add(out, p, (size_t)(r - p));
            p = r;
        }
    }
    return stop;
}

static bool is_text_name(struct assembler *a, const char *p, const char *end)
{
    const char *q = asm_skip_name(p, end);
    const struct asm_symbol *s = q > p && asm_is_name_first(*p) ? asm_name_get(a, p, (size_t)(q - p))->symbol : NULL;
    return s && s->kind == SYMBOL_TEXT;
}

static bool replace(struct assembler *a, struct asm_text text, struct base_buf *out, bool percent_line)
{
    bool changed = false;
    const char *p = text.at, *end = text.at + text.length;
    while (p < end && *p != ';') {
        if (*p == '"' || *p == '\'') {
            const char *q = asm_skip_string(p, end);
            if (percent_line)
                p = replace_string(a, p, end, out, &changed);
            else
                base_buf_add(out, p, (size_t)(q - p));
            p = q;
        } else if (*p == '&' && percent_line && is_text_name(a, p + 1, end)) {
            p++;
        } else if (asm_is_name_first(*p)) {
            bool was = changed;
            changed = false;
            p = replace_name(a, p, end, out, &changed);
            if (changed && percent_line && p < end && *p == '&')
                p++;
            changed |= was;
        } else {
            const char *q = asm_is_name_char(*p) ? asm_skip_name(p, end) : p + 1;
            base_buf_add(out, p, (size_t)(q - p));
            p = q;
        }
    }
    return changed;
}

void asm_expand_once(struct assembler *a, struct asm_text text, struct base_buf *out)
{
    replace(a, text, out, false);
}

void asm_expand_fully(struct assembler *a, struct asm_text text, struct base_buf *out)
{
    struct base_buf now, next;
    base_buf_init(&now, &a->limited);
    base_buf_init(&next, &a->limited);
    base_buf_add(&now, text.at, text.length);
    bool again = true;
    for (int round = 0; again && round < ASM_EXPAND_LIMIT && now.size <= ASM_LINE_LIMIT; round++) {
        base_buf_clear(&next);
        again = now.size && replace(a, (struct asm_text){(const char *)now.data, now.size}, &next, true);
        struct base_buf swap = now;
        now = next;
        next = swap;
    }
    base_buf_add(out, now.data, now.size);
    base_buf_free(&now);
    base_buf_free(&next);
    if (again)
        asm_error(a, text.at, "text macros replace each other for ever");
}

// Replaces the first occurrence of one text macro.
void asm_expand_first(struct assembler *a, struct asm_text text, const struct asm_name *name, struct base_buf *out)
{
    const char *p = text.at, *end = text.at + text.length;
    while (p < end) {
        const char *q = asm_is_name_char(*p) ? asm_skip_name(p, end) : p + 1;
        if (asm_is_name_first(*p) && asm_name_get(a, p, (size_t)(q - p)) == name) {
            base_buf_add(out, text.at, (size_t)(p - text.at));
            base_buf_add(out, name->symbol->text.at, name->symbol->text.length);
            base_buf_add(out, q, (size_t)(end - q));
            return;
        }
        p = q;
    }
    base_buf_add(out, text.at, text.length);
}
