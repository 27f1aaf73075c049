// Looks at the first words of a line and decides who gets it: a skipped conditional branch, the preprocessor's
// directives, a macro call, a label, or, cut into tokens with text macros replaced, a statement.
#include <string.h>

#include "asm/input.h"

// ---- rooms: buffers for the line in work, one set per level of recursion ----

static struct asm_line_room *room(struct assembler *a)
{
    struct asm_line_room **r = &a->rooms[a->room_depth];
    if (!*r) {
        *r = asm_get(a, sizeof **r);
        base_buf_init(&(*r)->text, &a->limited);
        base_buf_init(&(*r)->spare, &a->limited);
    }
    return *r;
}

void asm_rooms_free(struct assembler *a)
{
    for (size_t i = 0; i < BASE_COUNT(a->rooms); i++)
        if (a->rooms[i]) {
            base_buf_free(&a->rooms[i]->text);
            base_buf_free(&a->rooms[i]->spare);
            base_alloc_free(&a->limited, a->rooms[i]->tokens,
                            a->rooms[i]->token_capacity * sizeof *a->rooms[i]->tokens);
        }
}

void asm_save_line(struct assembler *a, struct asm_line_state *s)
{
    *s = (struct asm_line_state){a->origin,        a->line,        a->rest,  a->token,       a->forward_seen,
                                 a->unstable_seen, a->line_failed, a->depth, a->list_current};
    a->room_depth++;
}

void asm_restore_line(struct assembler *a, const struct asm_line_state *s)
{
    a->room_depth--;
    a->origin = s->origin;
    a->line = s->line;
    a->rest = s->rest;
    a->token = s->token;
    a->forward_seen = s->forward_seen;
    a->unstable_seen = s->unstable_seen;
    a->line_failed = s->line_failed;
    a->depth = s->depth;
    a->list_current = s->list_current;
}

// ---- tokens with text macros replaced ----

static bool needs_expansion(const struct asm_token *t)
{
    if (t->kind != TOKEN_NAME)
        return false;
    const struct asm_symbol *s = t->name->symbol;
    if (!s || t->name->local)
        return false;
    return s->kind == SYMBOL_TEXT || (s->kind == SYMBOL_MACRO && s->macro->is_function && asm_is_punct(t + 1, '('));
}

static bool any_expansion(const struct asm_token *t)
{
    for (; t->kind != TOKEN_END; t++)
        if (needs_expansion(t))
            return true;
    return false;
}

// Cuts text into tokens of the current room, replacing text macros and macro functions until none is left.
const struct asm_token *asm_tokens(struct assembler *a, struct asm_text text)
{
    struct asm_line_room *r = room(a);
    a->line = text;
    asm_lex(a, r, text.at, text.length);
    for (int round = 0; any_expansion(r->tokens); round++) {
        if (round == ASM_EXPAND_LIMIT) {
            asm_error(a, text.at, "text macros replace each other for ever");
            r->tokens[0].kind = TOKEN_END;
            break;
        }
        base_buf_clear(&r->spare);
        asm_expand_once(a, a->line, &r->spare);
        asm_check(a, &r->spare);
        struct base_buf swap = r->text;
        r->text = r->spare;
        r->spare = swap;
        a->line = (struct asm_text){r->text.data ? (const char *)r->text.data : "", r->text.size};
        asm_lex(a, r, a->line.at, a->line.length);
    }
    a->token = r->tokens;
    return a->token;
}

// Tokens without any replacement, for names that must stay names.
void asm_lex_plain(struct assembler *a, struct asm_text text)
{
    struct asm_line_room *r = room(a);
    a->line = text;
    asm_lex(a, r, text.at, text.length);
    a->token = r->tokens;
}

static bool ends_with_comma(const struct asm_token *t)
{
    const struct asm_token *last = t;
    for (; t->kind != TOKEN_END; t++)
        last = t;
    return asm_is_punct(last, ',');
}

// MASM 6: a comma at the end continues initialisers, PROTO, INVOKE and PROC.
static void join_after_comma(struct assembler *a, struct asm_text text)
{
    const struct asm_token *t = asm_tokens(a, text);
    bool instruction = t->kind == TOKEN_NAME && t->name->mnemonic;
    if (instruction || !ends_with_comma(t))
        return;
    struct base_buf joined;
    base_buf_init(&joined, &a->limited);
    struct asm_origin origin = a->origin;
    struct asm_text more;
    do {
        const struct asm_token *end = a->token;
        while (end->kind != TOKEN_END)
            end++;
        base_buf_clear(&joined);
        base_buf_add(&joined, a->line.at, (size_t)(end->text - a->line.at));
        if (joined.size > ASM_LINE_LIMIT || !a->input || !asm_next_line(a, a->input->below, &more))
            break;
        base_buf_add8(&joined, ' ');
        base_buf_add(&joined, more.at, more.length);
        if (!base_buf_ok(&joined))
            break;
        text = (struct asm_text){asm_text_copy(a, (const char *)joined.data, joined.size), joined.size};
        a->origin = origin;
        a->origin.text = text;
        t = asm_tokens(a, text);
    } while (ends_with_comma(t));
    base_buf_free(&joined);
}

// ---- the first words ----

struct words {
    const char *p, *end; // behind the first word
    const char *start;
    struct asm_name *first, *second;
    const char *second_end;
    char punct; // what follows the first word if that is no name
};

static struct asm_name *word(struct assembler *a, const char **p, const char *end)
{
    const char *start = *p;
    const char *q = start < end && *start == '.' ? start + 1 : start;
    if (q >= end || !(*start == '.' ? asm_is_name_char(*q) : asm_is_name_first(*q)))
        return NULL;
    *p = asm_skip_name(q, end);
    return asm_name_get(a, start, (size_t)(*p - start));
}

static void read_words(struct assembler *a, struct words *w, const char *p, const char *end)
{
    *w = (struct words){.start = p, .end = end};
    w->first = word(a, &p, end);
    w->p = p;
    if (!w->first)
        return;
    const char *q = asm_skip_blanks(p, end);
    if (q >= end)
        return;
    w->punct = *q;
    if (w->first->mnemonic && !w->first->directive && !(w->first->symbol && w->first->symbol->kind == SYMBOL_MACRO))
        return; // an instruction: what follows is its operands
    if (asm_is_name_first(*q)) {
        w->second = word(a, &q, end);
        w->second_end = q;
        w->punct = 0;
    }
}

static bool is_text_stage(const struct asm_name *n)
{
    return n && n->directive && n->directive->stage == STAGE_TEXT;
}

static void run_text_directive(struct assembler *a, const struct asm_directive *d, struct asm_name *name, const char *p,
                               const char *end)
{
    a->line = a->origin.text;
    a->rest = (struct asm_text){p, (size_t)(end - p)};
    d->run(a, name, d->argument);
}

// `% text`: everything in the line is expanded first, quoted strings included where & marks it.
static void percent_line(struct assembler *a, const char *p, const char *end)
{
    struct base_buf out;
    base_buf_init(&out, &a->limited);
    asm_expand_fully(a, (struct asm_text){p, (size_t)(end - p)}, &out);
    struct asm_text text = asm_keep_buf(a, &out);
    base_buf_free(&out);
    asm_continue_line(a, text.at, text.length);
}

static bool is_out_directive(const char *p, const char *end)
{
    return end - p >= 4 && asm_same_text(p, 4, "%out", 4, false) && (end - p == 4 || !asm_is_name_char(p[4]));
}

// A label in front; afterwards the rest of the line is looked at anew.
static const char *leading_label(struct assembler *a, const struct words *w)
{
    const char *p = asm_skip_blanks(w->p, w->end);
    bool global = p + 1 < w->end && p[1] == ':';
    if (*w->start == '.' && !a->option.dotname)
        asm_error(a, w->start, "'%s' begins with a dot; OPTION DOTNAME allows that", w->first->text);
    asm_before_code(a);
    asm_code_label(a, w->first, global, w->start);
    return p + 1 + global;
}

static bool is_text_macro(const struct asm_name *n)
{
    return n->symbol && n->symbol->kind == SYMBOL_TEXT && !n->local;
}

static bool is_macro(const struct asm_name *n)
{
    return n->symbol && n->symbol->kind == SYMBOL_MACRO;
}

// Old sources call data fields NAME, TITLE or PAGE.
static bool names_data(const struct words *w)
{
    return w->first->directive->run == asm_title && w->second &&
           (w->second->keyword.keyword_class == KEYWORD_TYPE ||
            (w->second->directive && w->second->directive->run == asm_data_directive));
}

static void statement(struct assembler *a, const char *p, const char *end)
{
    join_after_comma(a, (struct asm_text){p, (size_t)(end - p)});
    if (a->token->kind != TOKEN_END && !a->line_failed)
        asm_statement(a);
}

// The line goes on as what its beginning, at `at`, was replaced by.
static void continue_expanded(struct assembler *a, const char *at, const struct base_buf *out)
{
    asm_check(a, out);
    if (++a->expand_rounds > ASM_EXPAND_LIMIT)
        asm_error(a, at, "text macros replace each other for ever");
    else if (!a->line_failed)
        asm_continue_line(a, asm_keep_buf(a, out).at, out->size);
}

// A macro function at the beginning of a line: its text is the beginning of the line.
static void expand_leading_call(struct assembler *a, const struct words *w)
{
    struct base_buf *out = &room(a)->spare;
    base_buf_clear(out);
    const char *p = asm_call_function(a, w->first->symbol, asm_skip_blanks(w->p, w->end) + 1, w->end, out);
    base_buf_add(out, p, (size_t)(w->end - p));
    continue_expanded(a, w->start, out);
}

static void expand_leading_text(struct assembler *a, const struct words *w, struct asm_text line)
{
    struct base_buf *out = &room(a)->spare;
    base_buf_clear(out);
    asm_expand_first(a, line, is_text_macro(w->first) ? w->first : w->second, out);
    continue_expanded(a, line.at, out);
}

static bool is_leading_text(const struct words *w)
{
    return is_text_macro(w->first) ||
           (w->second && is_text_macro(w->second) && !w->first->mnemonic && !w->first->directive);
}

// NAME EQU, TEXTEQU, MACRO, CATSTR ...: a directive of the text stage behind the name that it defines.
static bool defines_text(const struct words *w)
{
    return is_text_stage(w->second) && w->second->directive->name > 0 &&
           !(is_text_stage(w->first) && w->first->directive->name == 0);
}

// True when the line is done; false: *p moved behind a label and the rest is still to be seen.
static bool dispatch(struct assembler *a, const char **p, const char *end)
{
    struct words w;
    read_words(a, &w, *p, end);
    if (!w.first) {
        statement(a, *p, end);
    } else if (defines_text(&w)) {
        run_text_directive(a, w.second->directive, w.first, w.second_end, end);
    } else if (w.punct == '=' && !is_macro(w.first)) {
        asm_equal(a, w.first, asm_skip_blanks(w.p, end) + 1, end);
    } else if (w.punct == ':' && !is_text_stage(w.first) && w.first->keyword.keyword_class != KEYWORD_REGISTER) {
        *p = leading_label(a, &w);
        return false;
    } else if (is_macro(w.first) && w.first->symbol->macro->is_function && w.punct == '(') {
        expand_leading_call(a, &w);
    } else if (is_macro(w.first)) {
        asm_macro_call(a, w.first->symbol, w.p, end);
    } else if (is_text_stage(w.first) && w.first->directive->name < 2 && !names_data(&w)) {
        run_text_directive(a, w.first->directive, NULL, w.p, end);
    } else if (is_leading_text(&w)) {
        expand_leading_text(a, &w, (struct asm_text){*p, (size_t)(end - *p)});
    } else {
        statement(a, *p, end);
    }
    return true;
}

// The line goes on as `text` instead.
void asm_continue_line(struct assembler *a, const char *text, size_t length)
{
    const char *p = text, *end = text + length;
    a->line = (struct asm_text){text, length};
    do
        p = asm_skip_blanks(p, end);
    while (p < end && *p != ';' && !a->line_failed && !dispatch(a, &p, end));
}

void asm_process_line(struct assembler *a, struct asm_text line)
{
    const char *end = line.at + line.length;
    const char *p = asm_skip_blanks(line.at, end);
    a->line = line;
    a->line_failed = false;
    a->forward_seen = false;
    a->unstable_seen = false;
    a->depth = 0;
    a->expand_rounds = 0;
    a->here = a->segment ? a->segment->location : 0;
    if (a->line_symbol)
        a->line_symbol->value->value = a->origin.line;
    asm_list_line(a);
    if (a->skipping) {
        asm_skip_conditional(a, p, end);
        return;
    }
    if (p >= end || *p == ';')
        return;
    if (*p == '%' && !is_out_directive(p, end)) {
        while (p < end && (*p == '%' || asm_is_blank(*p)))
            p++;
        percent_line(a, p, end);
        return;
    }
    if (*p == ':' && a->input && a->input->kind == INPUT_MACRO)
        return; // a tag for GOTO
    if (*p == '%') {
        a->rest = (struct asm_text){p + 4, (size_t)(end - p - 4)};
        asm_echo(a, NULL, 0);
        return;
    }
    asm_continue_line(a, p, (size_t)(end - p));
}
