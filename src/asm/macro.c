// Macros: definition, arguments, calls, EXITM, GOTO, PURGE. Bodies are cut at their parameters when they are defined,
// so that a call only glues pieces together.
#include <string.h>

#include "asm/input.h"

// ---- bodies ----

static void add_piece(struct assembler *a, struct asm_body *b, const char *text, size_t length, int32_t parameter)
{
    if (length == 0 && parameter < 0)
        return;
    b->pieces = asm_grow(a, b->pieces, &b->piece_capacity, b->piece_count, sizeof *b->pieces);
    b->pieces[b->piece_count++] = (struct asm_piece){text, (uint32_t)length, parameter};
    b->lines[b->line_count - 1].count++;
}

static int32_t find_parameter(const struct asm_macro *m, const struct asm_name *name)
{
    for (uint32_t i = 0; i < m->parameter_count + m->local_count; i++)
        if (m->parameters[i].name == name)
            return (int32_t)i;
    return -1;
}

struct cutter {
    struct asm_macro *m;
    const char *done; // everything before this is stored
    const char *p, *end;
    char quote;
    int angle; // depth of <>
};

// Ampersands before p. MASM 6 takes away the one that touches a parameter; MASM 5 one of each run, whatever it touches.
static void cut_name(struct assembler *a, struct cutter *c)
{
    const char *start = c->p;
    c->p = asm_skip_name(c->p, c->end);
    bool before = start > c->done && start[-1] == '&';
    bool after = c->p < c->end && *c->p == '&';
    if (c->quote && !before && !after)
        return;
    int32_t i = find_parameter(c->m, asm_name_get(a, start, (size_t)(c->p - start)));
    if (i < 0)
        return;
    add_piece(a, &c->m->body, c->done, (size_t)(start - c->done) - before, -1);
    add_piece(a, &c->m->body, NULL, 0, i);
    if (after && !(a->option.old_macros && c->p + 1 < c->end && c->p[1] == '&'))
        c->p++;
    else if (after) { // a run: one goes, the others belong to inner levels
        c->p++;
        c->done = c->p;
        while (c->p < c->end && *c->p == '&')
            c->p++;
        return;
    }
    c->done = c->p;
}

static bool touches_parameter(struct assembler *a, const struct cutter *c, const char *p)
{
    if (p >= c->end || !asm_is_name_first(*p))
        return false;
    const char *q = asm_skip_name(p, c->end);
    return find_parameter(c->m, asm_name_get(a, p, (size_t)(q - p))) >= 0;
}

static void cut_ampersands(struct assembler *a, struct cutter *c)
{
    const char *start = c->p;
    while (c->p < c->end && *c->p == '&')
        c->p++;
    if (!a->option.old_macros || touches_parameter(a, c, c->p))
        return;
    add_piece(a, &c->m->body, c->done, (size_t)(start - c->done), -1);
    c->done = start + 1;
}

// A quote opens a string where another closes it, inside <> before the bracket ends: <'>,<p>,<'> holds no string.
static void cut_quote(struct cutter *c)
{
    const char *close = memchr(c->p + 1, *c->p, (size_t)(c->end - c->p - 1));
    if (c->quote == *c->p)
        c->quote = 0;
    else if (c->quote == 0 && close && !(c->angle && memchr(c->p, '>', (size_t)(close - c->p))))
        c->quote = *c->p;
    c->p++;
}

static void cut_punct(struct cutter *c)
{
    if (!c->quote && *c->p == '<')
        c->angle++;
    else if (!c->quote && *c->p == '>')
        c->angle -= c->angle > 0;
    c->p += *c->p == '!' && c->angle && c->end - c->p > 1 ? 2 : 1;
}

static void cut_line(struct assembler *a, struct asm_macro *m, struct asm_text line)
{
    struct asm_body *b = &m->body;
    b->lines = asm_grow(a, b->lines, &b->line_capacity, b->line_count, sizeof *b->lines);
    b->lines[b->line_count++] =
        (struct asm_body_line){.first = (uint32_t)b->piece_count, .file = a->origin.file, .line = a->origin.line};
    const char *text = asm_text_copy(a, line.at, line.length);
    struct cutter c = {.m = m, .done = text, .p = text, .end = text + line.length};
    while (c.p < c.end) {
        if (*c.p == ';' && c.quote == 0 && c.p + 1 < c.end && c.p[1] == ';')
            c.end = c.p;
        else if (*c.p == '"' || *c.p == '\'')
            cut_quote(&c);
        else if (*c.p == '&')
            cut_ampersands(a, &c);
        else if (asm_is_name_first(*c.p))
            cut_name(a, &c);
        else if (asm_is_name_char(*c.p))
            c.p = asm_skip_name(c.p, c.end);
        else
            cut_punct(&c);
    }
    add_piece(a, b, c.done, (size_t)(c.end - c.done), -1);
}

struct first_words {
    const struct asm_name *first, *second;
    bool labelled; // the first is a label
    struct asm_text rest;
};

static struct first_words first_words(struct assembler *a, struct asm_text line)
{
    struct first_words w = {0};
    const char *end = line.at + line.length;
    const char *p = asm_skip_blanks(line.at, end);
    while (p < end && *p == '%') // % FOR x, <list> is a loop like any other
        p = asm_skip_blanks(p + 1, end);
    for (int i = 0; i < 2; i++) {
        const char *q = p;
        while (q < end && (asm_is_name_char(*q) || *q == '&')) // a name may still be glued from parameters
            q++;
        if (q == p || !(asm_is_name_first(*p) || *p == '&'))
            break;
        *(i ? &w.second : &w.first) = asm_name_get(a, p, (size_t)(q - p));
        if (i == 0)
            w.rest = (struct asm_text){q, (size_t)(end - q)};
        p = asm_skip_blanks(q, end);
        w.labelled |= i == 0 && p < end && *p == ':';
        if (i == 0 && w.labelled)
            p = asm_skip_blanks(p + 1, end);
    }
    return w;
}

static bool is_run_by(const struct asm_name *n, asm_directive_function *f)
{
    return n && n->directive && n->directive->run == f;
}

static bool opens_body(const struct asm_name *n)
{
    return is_run_by(n, asm_repeat) || is_run_by(n, asm_for) || is_run_by(n, asm_forc) || is_run_by(n, asm_while_loop);
}

// `name MACRO`, but not `ECHO macro ...`.
static bool defines_macro(const struct first_words *w)
{
    return is_run_by(w->second, asm_macro) && !w->labelled && !(w->first->directive && w->first->directive->name == 0);
}

static bool exits_with_text(const struct first_words *w)
{
    if (!is_run_by(w->first, asm_exitm))
        return false;
    struct asm_text t = asm_trim(w->rest.at, w->rest.at + w->rest.length);
    return t.length > 0 && *t.at != ';';
}

static void declare_locals(struct assembler *a, struct asm_macro *m, struct asm_text list)
{
    const char *p = list.at, *end = list.at + list.length;
    for (;;) {
        p = asm_skip_blanks(p, end);
        const char *q = asm_skip_name(p, end);
        if (q == p)
            break;
        size_t n = m->parameter_count + m->local_count;
        struct asm_macro_parameter *grown = asm_get(a, (n + 1) * sizeof *grown);
        if (n)
            memcpy(grown, m->parameters, n * sizeof *grown);
        grown[n] = (struct asm_macro_parameter){.name = asm_name_get(a, p, (size_t)(q - p))};
        m->parameters = grown;
        m->local_count++;
        p = asm_skip_blanks(q, end);
        if (p < end && *p == ',')
            p++;
    }
}

static bool is_comment(struct asm_text line)
{
    struct asm_text t = asm_trim(line.at, line.at + line.length);
    return t.length == 0 || *t.at == ';';
}

// Reads up to the matching ENDM. The lines come from the input that holds the definition.
bool asm_read_body(struct assembler *a, struct asm_macro *m)
{
    struct asm_origin start = asm_lasting_origin(a);
    const struct asm_input *stop = a->input ? a->input->below : NULL;
    struct asm_text line;
    int depth = 0;
    bool in_front = true;
    while (asm_next_line(a, stop, &line)) {
        asm_list_line(a);
        struct first_words w = first_words(a, line);
        if (is_run_by(w.first, asm_endm) && depth-- == 0)
            return true;
        if (opens_body(w.first) || (w.labelled && opens_body(w.second)) || defines_macro(&w))
            depth++;
        if (depth == 0 && in_front && w.first && asm_same_text(w.first->text, w.first->length, "local", 5, false)) {
            declare_locals(a, m, w.rest);
            continue;
        }
        in_front = in_front && is_comment(line);
        m->is_function |= depth == 0 ? exits_with_text(&w) : m->is_function || exits_with_text(&w);
        cut_line(a, m, line);
    }
    a->origin = start;
    asm_error(a, NULL, "ENDM is missing");
    return false;
}

// ---- MACRO ----

static bool read_parameter(struct assembler *a, struct asm_macro_parameter *p)
{
    const struct asm_token *t = a->token;
    p->name = asm_expect_name(a);
    if (!p->name)
        return false;
    if (!asm_accept(a, ':'))
        return true;
    if (asm_accept_word(a, "req"))
        p->required = true;
    else if (asm_accept_word(a, "vararg"))
        p->vararg = true;
    else if (asm_accept_word(a, "label"))
        p->label = true;
    else if (asm_accept(a, '=')) {
        const char *at = a->token->text;
        struct base_buf text;
        base_buf_init(&text, &a->limited);
        const char *q = at;
        asm_read_argument(a, &q, a->line.at + a->line.length, (struct asm_argument_rules){0}, &text);
        p->value = asm_keep_buf(a, &text);
        p->has_default = true;
        base_buf_free(&text);
        while (a->token->kind != TOKEN_END && a->token->text < q)
            a->token++;
    } else {
        asm_error(a, t->text, "REQ, VARARG or =<default> expected after the parameter's colon");
        return false;
    }
    return true;
}

static bool read_parameters(struct assembler *a, struct asm_macro *m)
{
    size_t capacity = 0;
    struct asm_macro_parameter *list = NULL;
    bool ok = true;
    while (ok && a->token->kind != TOKEN_END) {
        list = asm_grow(a, list, &capacity, m->parameter_count, sizeof *list);
        list[m->parameter_count] = (struct asm_macro_parameter){0};
        ok = read_parameter(a, &list[m->parameter_count++]);
        asm_accept(a, ',');
    }
    m->parameters = asm_get(a, (m->parameter_count + 1) * sizeof *list);
    if (m->parameter_count)
        memcpy(m->parameters, list, m->parameter_count * sizeof *list);
    base_alloc_free(&a->limited, list, capacity * sizeof *list);
    return ok;
}

// Bodies keep their exact size in the arena; a running expansion holds on to the old one when its macro is redefined.
static void settle_body(struct assembler *a, struct asm_body *b)
{
    struct asm_piece *pieces = asm_get(a, (b->piece_count + 1) * sizeof *pieces);
    struct asm_body_line *lines = asm_get(a, (b->line_count + 1) * sizeof *lines);
    if (b->piece_count)
        memcpy(pieces, b->pieces, b->piece_count * sizeof *pieces);
    if (b->line_count)
        memcpy(lines, b->lines, b->line_count * sizeof *lines);
    base_alloc_free(&a->limited, b->pieces, b->piece_capacity * sizeof *pieces);
    base_alloc_free(&a->limited, b->lines, b->line_capacity * sizeof *lines);
    b->pieces = pieces;
    b->lines = lines;
    b->piece_capacity = b->line_capacity = 0;
}

bool asm_collect_body(struct assembler *a, struct asm_macro *m)
{
    bool ok = asm_read_body(a, m);
    settle_body(a, &m->body);
    return ok;
}

void asm_macro(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct asm_macro *m = asm_get(a, sizeof *m);
    m->name = name;
    struct asm_symbol *s = asm_symbol_get(a, name);
    asm_lex_plain(a, a->rest);
    bool ok = read_parameters(a, m);
    if (s->kind != SYMBOL_MACRO && s->kind != SYMBOL_UNDEFINED) {
        asm_error_redefined(a, s, a->origin.text.at);
        ok = false;
    }
    if (!asm_collect_body(a, m) || !ok)
        return;
    s->kind = SYMBOL_MACRO;
    s->macro = m;
    s->file = a->origin.file;
    s->line = a->origin.line;
}

void asm_purge(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    asm_lex_plain(a, a->rest);
    do {
        const struct asm_token *t = a->token;
        struct asm_name *n = asm_expect_name(a);
        if (!n)
            return;
        if (!n->symbol || n->symbol->kind != SYMBOL_MACRO)
            asm_error(a, t->text, "'%s' is no macro", n->text);
        else
            n->symbol->kind = SYMBOL_UNDEFINED;
    } while (asm_accept(a, ','));
}

void asm_endm(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    asm_error(a, a->rest.at, "ENDM without MACRO or a loop");
}

// ---- calls ----

struct asm_text *asm_new_arguments(struct assembler *a, const struct asm_macro *m)
{
    return asm_get(a, (m->parameter_count + m->local_count + 1) * sizeof(struct asm_text));
}

void asm_new_locals(struct assembler *a, const struct asm_macro *m, struct asm_text *arguments)
{
    for (uint32_t i = 0; i < m->local_count; i++) {
        static const char digits[] = "0123456789ABCDEF";
        char *text = asm_get(a, 12);
        uint32_t number = a->next_local++;
        size_t n = 0;
        text[n++] = '?';
        text[n++] = '?';
        for (int shift = number > 0xffff ? 28 : 12; shift >= 0; shift -= 4)
            text[n++] = digits[number >> shift & 15];
        arguments[m->parameter_count + i] = (struct asm_text){text, n};
    }
}

// End of the text that belongs to a call: a comment, or the parenthesis that closes a function's arguments.
static const char *rest_of_arguments(const char *p, const char *end, bool function)
{
    int depth = 0, angle = 0;
    for (; p < end; p++) {
        if ((*p == '"' || *p == '\'') && memchr(p + 1, *p, (size_t)(end - p - 1)))
            p = asm_skip_string(p, end) - 1;
        else if (*p == '!' && p + 1 < end)
            p++;
        else if (*p == '<')
            angle++;
        else if (*p == '>')
            angle -= angle > 0;
        else if (*p == ';' && angle == 0)
            break;
        else if (*p == '(')
            depth++;
        else if (*p == ')' && depth-- == 0 && function)
            break;
    }
    return p;
}

static void check_argument(struct assembler *a, const struct asm_macro *m, uint32_t i, struct asm_text *argument,
                           const char *at, const char *end)
{
    const struct asm_macro_parameter *p = &m->parameters[i];
    bool written = asm_skip_blanks(at, end) < end; // <> is an argument, an empty one
    if (!written && p->has_default)
        *argument = p->value;
    if (argument->length == 0 && p->required)
        asm_error(a, at, "macro %s needs a value for '%s'", m->name->text, p->name->text);
}

// What is left, each argument read like any other and all joined by commas: a VARARG parameter. MASM 5 has none; under
// its rules the text is passed on as it is, since blanks would cut it at every level.
static void read_all(struct assembler *a, const char **p, const char *end, struct asm_argument_rules rules,
                     struct base_buf *text)
{
    if (rules.old) {
        const char *stop = rest_of_arguments(*p, end, false);
        struct asm_text t = asm_trim(*p, stop);
        base_buf_add(text, t.at, t.length);
        *p = stop;
        return;
    }
    while (asm_read_argument(a, p, end, rules, text) && *p < end && **p == ',') {
        base_buf_add8(text, ',');
        ++*p;
    }
}

// Arguments from p on; returns where they end.
static const char *read_arguments(struct assembler *a, const struct asm_macro *m, const char *p, const char *end,
                                  bool function, struct asm_text *arguments)
{
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    struct asm_argument_rules rules = {function, a->option.old_macros && !function};
    for (uint32_t i = 0; i < m->parameter_count; i++) {
        base_buf_clear(&text);
        const char *at = p;
        if (m->parameters[i].vararg)
            read_all(a, &p, end, rules, &text);
        else
            asm_read_argument(a, &p, end, rules, &text);
        arguments[i] = asm_keep_buf(a, &text);
        check_argument(a, m, i, &arguments[i], at, p);
        if (p < end && *p == ',' && i + 1 < m->parameter_count)
            p++;
    }
    base_buf_free(&text);
    p = asm_skip_blanks(p, end);
    const char *stop = rest_of_arguments(p, end, function);
    if (stop > p && !(m->parameter_count == 0 && function))
        asm_warn(a, WARN_TOO_MANY_ARGUMENTS, p, "macro %s takes %u argument%s; the rest is ignored", m->name->text,
                 m->parameter_count, m->parameter_count == 1 ? "" : "s");
    return stop;
}

static void begin_call(struct assembler *a, const struct asm_macro *m, struct asm_text *arguments)
{
    asm_new_locals(a, m, arguments);
    struct asm_expansion *e = asm_get(a, sizeof *e);
    *e = (struct asm_expansion){.what = m->name->text,
                                .file = a->origin.file,
                                .line = a->origin.line,
                                .outer = a->origin.expansion,
                                .depth = a->origin.expansion ? a->origin.expansion->depth + 1 : 1};
    struct asm_input *in = asm_push_input(a, INPUT_MACRO);
    in->macro = m;
    in->arguments = arguments;
    in->expansion = e;
}

void asm_macro_call(struct assembler *a, struct asm_symbol *s, const char *p, const char *end)
{
    const struct asm_macro *m = s->macro;
    struct asm_text *arguments = asm_new_arguments(a, m);
    const char *q = asm_skip_blanks(p, end);
    bool parentheses = m->is_function && q < end && *q == '(';
    if (m->builtin) {
        asm_error(a, p, "%s is a function; its result must be used", s->name->text);
        return;
    }
    read_arguments(a, m, parentheses ? q + 1 : p, end, parentheses, arguments);
    if (!a->line_failed)
        begin_call(a, m, arguments);
}

enum { BUILTIN_ARGUMENTS = 64 };

static const char *call_builtin(struct assembler *a, const struct asm_macro *m, const char *p, const char *end,
                                struct base_buf *out)
{
    struct asm_text arguments[BUILTIN_ARGUMENTS];
    size_t count = 0;
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    while (count < BUILTIN_ARGUMENTS) {
        base_buf_clear(&text);
        const char *q = asm_skip_blanks(p, end);
        if (q < end && *q != '<' && asm_is_text_item(a, p, end))
            asm_text_argument(a, &p, end, &text);
        else
            asm_read_argument(a, &p, end, (struct asm_argument_rules){.function = true}, &text);
        arguments[count++] = asm_keep_buf(a, &text);
        if (p >= end || *p != ',')
            break;
        p++;
    }
    base_buf_free(&text);
    m->builtin(a, arguments, count, out);
    return p;
}

// A macro function's call: p stands behind '('. The text it yields is appended to out. Returns what follows ')'.
const char *asm_call_function(struct assembler *a, struct asm_symbol *s, const char *p, const char *end,
                              struct base_buf *out)
{
    const struct asm_macro *m = s->macro;
    const char *stop;
    if (m->builtin) {
        stop = call_builtin(a, m, p, end, out);
    } else {
        if (a->room_depth >= ASM_FUNCTION_LIMIT)
            asm_fatal(a, "macro functions are nested more than %u deep", ASM_FUNCTION_LIMIT);
        struct asm_text *arguments = asm_new_arguments(a, m);
        stop = read_arguments(a, m, p, end, true, arguments);
        struct asm_line_state state;
        const struct asm_input *below = a->input;
        asm_save_line(a, &state);
        begin_call(a, m, arguments);
        base_buf_clear(&a->result);
        a->has_result = false;
        struct asm_text line;
        while (asm_next_line(a, below, &line))
            asm_process_line(a, line);
        asm_restore_line(a, &state);
        base_buf_add(out, a->result.data, a->result.size);
    }
    if (stop >= end || *stop != ')') {
        asm_error(a, p, "')' expected after the arguments of %s", s->name->text);
        return stop;
    }
    return stop + 1;
}

// ---- leaving ----

void asm_exitm(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    const char *end = a->rest.at + a->rest.length;
    const char *p = asm_skip_blanks(a->rest.at, end);
    bool text = p < end && *p != ';';
    struct base_buf result;
    base_buf_init(&result, &a->limited);
    if (text)
        asm_text_argument(a, &p, end, &result);
    while (text && a->input && a->input->kind == INPUT_LOOP)
        asm_leave_macro(a);
    if (!asm_leave_macro(a))
        asm_error(a, a->rest.at, "EXITM outside of a macro");
    base_buf_free(&a->result);
    a->result = result;
    a->has_result = text;
}

void asm_goto(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_text tag = asm_trim(a->rest.at, asm_skip_name(asm_skip_blanks(a->rest.at, a->rest.at + a->rest.length),
                                                             a->rest.at + a->rest.length));
    while (a->input && a->input->kind == INPUT_LOOP)
        asm_leave_macro(a);
    struct asm_input *in = a->input;
    if (!in || in->kind != INPUT_MACRO) {
        asm_error(a, a->rest.at, "GOTO outside of a macro");
        return;
    }
    const struct asm_body *b = &in->macro->body;
    for (size_t i = 0; i < b->line_count; i++) {
        const struct asm_piece *p = &b->pieces[b->lines[i].first];
        if (b->lines[i].count == 0 || p->parameter >= 0)
            continue;
        const char *q = asm_skip_blanks(p->text, p->text + p->length), *end = p->text + p->length;
        if (q >= end || *q++ != ':')
            continue;
        q = asm_skip_blanks(q, end);
        if (asm_same_text(q, (size_t)(asm_skip_name(q, end) - q), tag.at, tag.length, false)) {
            in->next_line = i + 1;
            a->conditional_count = in->conditionals;
            return;
        }
    }
    asm_error(a, tag.at, "macro %s has no line ':%.*s'", in->macro->name->text, (int)tag.length, tag.at);
}
