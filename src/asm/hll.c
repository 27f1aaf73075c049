// .IF, .WHILE, .REPEAT and their relatives: conditions become a small tree, the tree becomes compares and jumps, which
// run as lines of source.
#include <string.h>

#include "asm/defs.h"

struct asm_hll {
    int kind; // HLL_IF, HLL_WHILE, HLL_REPEAT
    uint32_t next, end, start, test;
    struct condition *condition; // WHILE: NULL for a constant that is true
    bool has_else;
    struct asm_origin origin;
    struct asm_hll *below;
};

enum node_kind { NODE_OR, NODE_AND, NODE_NOT, NODE_COMPARE, NODE_FLAG, NODE_CONSTANT };

enum { CONDITION_LIMIT = 2000 }; // nodes: code is made by recursion

struct condition {
    int kind;
    uint32_t size; // nodes
    struct condition *left, *right;
    const char *compare;  // the line that sets the flags, "" for none
    const char *yes, *no; // jumps when the condition holds, and when not
    bool truth;           // NODE_CONSTANT
};

// ---- conditions ----

static struct condition *parse_or(struct assembler *a);

static struct condition *node(struct assembler *a, int kind, struct condition *left, struct condition *right)
{
    struct condition *c = asm_get(a, sizeof *c);
    c->size = 1 + (left ? left->size : 0) + (right ? right->size : 0);
    if (c->size > CONDITION_LIMIT)
        asm_fatal(a, "condition with more than %d parts", CONDITION_LIMIT);
    c->kind = kind;
    c->left = left;
    c->right = right;
    return c;
}

static bool pair(const struct asm_token *t, char first, char second)
{
    return asm_is_punct(t, first) && asm_is_punct(t + 1, second) && !t[1].blank;
}

static bool ends_operand(const struct asm_token *t)
{
    return t->kind == TOKEN_END || pair(t, '&', '&') || pair(t, '|', '|') || pair(t, '=', '=') || pair(t, '!', '=') ||
           asm_is_punct(t, '<') || asm_is_punct(t, '>') || asm_is_punct(t, '&');
}

struct operand {
    const char *text;
    struct asm_value value;
};

static bool parse_operand(struct assembler *a, struct operand *o)
{
    const struct asm_token *first = a->token, *t = first;
    int depth = 0;
    for (; t->kind != TOKEN_END; t++) {
        if (depth == 0 && ends_operand(t))
            break;
        depth += asm_is_punct(t, '(') || asm_is_punct(t, '[')   ? 1
                 : asm_is_punct(t, ')') || asm_is_punct(t, ']') ? -1
                                                                : 0;
        if (depth < 0)
            break;
    }
    if (t == first) {
        asm_error(a, t->text, "operand expected in the condition");
        return false;
    }
    o->text = asm_text_copy(a, first->text, (size_t)(t[-1].text + t[-1].length - first->text));
    if (!asm_try_expression(a, &o->value))
        o->value = asm_number(1);
    a->token = t;
    return true;
}

static struct condition *flag_condition(struct assembler *a)
{
    static const struct {
        const char *word, *yes, *no;
    } flags[] = {{"carry?", "jc", "jnc"},
                 {"zero?", "jz", "jnz"},
                 {"sign?", "js", "jns"},
                 {"parity?", "jp", "jnp"},
                 {"overflow?", "jo", "jno"}};
    for (size_t i = 0; i < BASE_COUNT(flags); i++)
        if (asm_accept_word(a, flags[i].word)) {
            struct condition *c = node(a, NODE_FLAG, NULL, NULL);
            c->yes = flags[i].yes;
            c->no = flags[i].no;
            return c;
        }
    return NULL;
}

enum relation {
    RELATION_EQ,
    RELATION_NE,
    RELATION_LT,
    RELATION_LE,
    RELATION_GT,
    RELATION_GE,
    RELATION_BITS,
    RELATION_NONE
};

static int parse_relation(struct assembler *a)
{
    static const struct {
        char first, second;
        int relation;
    } rows[] = {{'=', '=', RELATION_EQ}, {'!', '=', RELATION_NE}, {'<', '=', RELATION_LE}, {'>', '=', RELATION_GE}};
    for (size_t i = 0; i < BASE_COUNT(rows); i++)
        if (pair(a->token, rows[i].first, rows[i].second)) {
            a->token += 2;
            return rows[i].relation;
        }
    if (asm_accept(a, '<'))
        return RELATION_LT;
    if (asm_accept(a, '>'))
        return RELATION_GT;
    if (asm_is_punct(a->token, '&') && !pair(a->token, '&', '&')) {
        a->token++;
        return RELATION_BITS;
    }
    return RELATION_NONE;
}

static bool is_signed(const struct asm_value *v)
{
    return v->type && v->type->is_signed;
}

static bool is_zero(const struct asm_value *v)
{
    return v->kind == VALUE_NUMBER && asm_is_constant(v) && v->value == 0;
}

static void set_jumps(struct condition *c, int relation, bool with_sign)
{
    static const char *const unsigned_jumps[][2] = {{"jz", "jnz"}, {"jnz", "jz"}, {"jb", "jnb"}, {"jbe", "ja"},
                                                    {"ja", "jbe"}, {"jnb", "jb"}, {"jnz", "jz"}};
    static const char *const signed_jumps[][2] = {{"jz", "jnz"}, {"jnz", "jz"}, {"jl", "jnl"}, {"jle", "jg"},
                                                  {"jg", "jle"}, {"jnl", "jl"}, {"jnz", "jz"}};
    c->yes = with_sign ? signed_jumps[relation][0] : unsigned_jumps[relation][0];
    c->no = with_sign ? signed_jumps[relation][1] : unsigned_jumps[relation][1];
}

static struct condition *single_operand(struct assembler *a, const struct operand *o)
{
    struct condition *c = node(a, NODE_COMPARE, NULL, NULL);
    if (o->value.kind == VALUE_NUMBER && asm_is_constant(&o->value)) {
        c->kind = NODE_CONSTANT;
        c->truth = o->value.value != 0;
        return c;
    }
    c->compare = o->value.kind == VALUE_REGISTER ? asm_format(a, "or %s, %s", o->text, o->text)
                                                 : asm_format(a, "cmp %s, 0", o->text);
    set_jumps(c, RELATION_NE, false);
    return c;
}

static struct condition *parse_comparison(struct assembler *a)
{
    struct condition *c = flag_condition(a);
    struct operand x, y;
    if (c)
        return c;
    if (!parse_operand(a, &x))
        return NULL;
    int relation = parse_relation(a);
    if (relation == RELATION_NONE)
        return single_operand(a, &x);
    if (!parse_operand(a, &y))
        return NULL;
    c = node(a, NODE_COMPARE, NULL, NULL);
    bool zero_test =
        (relation == RELATION_EQ || relation == RELATION_NE) && x.value.kind == VALUE_REGISTER && is_zero(&y.value);
    if (zero_test)
        c->compare = asm_format(a, "or %s, %s", x.text, x.text);
    else
        c->compare = asm_format(a, "%s %s, %s", relation == RELATION_BITS ? "test" : "cmp", x.text, y.text);
    set_jumps(c, relation, is_signed(&x.value) || is_signed(&y.value));
    return c;
}

// A parenthesis opens a condition, unless it only groups part of an operand: (x+1) < y.
static bool opens_condition(const struct asm_token *t)
{
    int depth = 0;
    bool relation = false;
    do {
        depth += asm_is_punct(t, '(') ? 1 : asm_is_punct(t, ')') ? -1 : 0;
        relation |= depth > 0 && t->kind == TOKEN_PUNCT && !asm_is_punct(t, '(') && !asm_is_punct(t, ')') &&
                    (ends_operand(t) || asm_is_punct(t, '!'));
        relation |= t->kind == TOKEN_NAME && t->length > 0 && t->text[t->length - 1] == '?' && t->length > 1;
        t++;
    } while (depth > 0 && t->kind != TOKEN_END);
    return relation || t->kind == TOKEN_END || pair(t, '&', '&') || pair(t, '|', '|') || asm_is_punct(t, ')');
}

static struct condition *parse_not(struct assembler *a)
{
    if (++a->depth > ASM_DEPTH_LIMIT)
        asm_fatal(a, "condition nested too deeply");
    struct condition *c;
    if (asm_is_punct(a->token, '!') && !pair(a->token, '!', '=')) {
        a->token++;
        struct condition *inner = parse_not(a);
        c = inner ? node(a, NODE_NOT, inner, NULL) : NULL;
    } else if (asm_is_punct(a->token, '(') && opens_condition(a->token)) {
        a->token++;
        c = parse_or(a);
        if (c && !asm_expect(a, ')'))
            c = NULL;
    } else {
        c = parse_comparison(a);
    }
    a->depth--;
    return c;
}

static struct condition *parse_and(struct assembler *a)
{
    struct condition *c = parse_not(a);
    while (c && pair(a->token, '&', '&')) {
        a->token += 2;
        struct condition *right = parse_not(a);
        c = right ? node(a, NODE_AND, c, right) : NULL;
    }
    return c;
}

static struct condition *parse_or(struct assembler *a)
{
    struct condition *c = parse_and(a);
    while (c && pair(a->token, '|', '|')) {
        a->token += 2;
        struct condition *right = parse_and(a);
        c = right ? node(a, NODE_OR, c, right) : NULL;
    }
    return c;
}

// ---- code ----

static uint32_t new_label(struct assembler *a)
{
    return ++a->hll_labels;
}

static void jump(struct assembler *a, const char *jump, uint32_t label)
{
    asm_run_line(a, asm_format(a, "%s @C%04X", jump, label), "generated code");
}

static void label(struct assembler *a, uint32_t number)
{
    asm_run_line(a, asm_format(a, "@C%04X:", number), "generated code");
}

// Jumps to `target` when the condition is `sense`, else falls through.
static void generate(struct assembler *a, const struct condition *c, bool sense, uint32_t target)
{
    uint32_t skip;
    switch (c->kind) {
    case NODE_NOT:
        generate(a, c->left, !sense, target);
        return;
    case NODE_CONSTANT:
        if (c->truth == sense)
            jump(a, "jmp", target);
        return;
    case NODE_AND:
    case NODE_OR:
        if (sense == (c->kind == NODE_OR)) {
            generate(a, c->left, sense, target);
            generate(a, c->right, sense, target);
            return;
        }
        skip = new_label(a);
        generate(a, c->left, !sense, skip);
        generate(a, c->right, sense, target);
        label(a, skip);
        return;
    default:
        if (c->compare)
            asm_run_line(a, c->compare, "generated code");
        jump(a, sense ? c->yes : c->no, target);
        return;
    }
}

// The condition on the rest of the line, complete before code is made of it: making code reads other lines.
static struct condition *whole_condition(struct assembler *a)
{
    struct condition *c = parse_or(a);
    if (c && a->token->kind != TOKEN_END) {
        asm_error(a, a->token->text, "unexpected '%.*s' in the condition", (int)a->token->length, a->token->text);
        return NULL;
    }
    return c;
}

static struct asm_hll *push(struct assembler *a, int kind)
{
    struct asm_hll *h = asm_get(a, sizeof *h);
    h->kind = kind;
    h->origin = asm_lasting_origin(a);
    h->below = a->hll;
    a->hll = h;
    return h;
}

static struct asm_hll *top(struct assembler *a, int kind, const char *word)
{
    if (a->hll && a->hll->kind == kind)
        return a->hll;
    asm_error(a, a->line.at, "%s without its beginning", word);
    return NULL;
}

static void begin_if(struct assembler *a)
{
    struct condition *c = whole_condition(a);
    struct asm_hll *h = push(a, HLL_IF);
    h->next = new_label(a);
    if (c)
        generate(a, c, false, h->next);
}

static void else_if(struct assembler *a, bool last)
{
    struct asm_hll *h = top(a, HLL_IF, last ? ".ELSE" : ".ELSEIF");
    struct condition *c = h && !last ? whole_condition(a) : NULL;
    if (!h || (!last && !c))
        return;
    if (h->has_else)
        asm_error(a, a->line.at, "this .IF has an .ELSE already");
    h->has_else = last;
    h->end = h->end ? h->end : new_label(a);
    jump(a, "jmp", h->end);
    label(a, h->next);
    h->next = 0;
    if (c) {
        h->next = new_label(a);
        generate(a, c, false, h->next);
    }
}

static void end_if(struct assembler *a)
{
    struct asm_hll *h = top(a, HLL_IF, ".ENDIF");
    if (!h)
        return;
    if (h->next)
        label(a, h->next);
    if (h->end)
        label(a, h->end);
    a->hll = h->below;
}

static void begin_while(struct assembler *a)
{
    struct condition *c = whole_condition(a);
    struct asm_hll *h = push(a, HLL_WHILE);
    h->start = new_label(a);
    h->test = new_label(a);
    h->end = new_label(a);
    h->condition = c;
    if (!c)
        return;
    if (c->kind == NODE_CONSTANT && c->truth)
        h->test = h->start; // no test: .CONTINUE goes straight back
    else
        jump(a, "jmp", h->test);
    label(a, h->start);
}

static void end_while(struct assembler *a)
{
    struct asm_hll *h = top(a, HLL_WHILE, ".ENDW");
    if (!h)
        return;
    if (h->test != h->start)
        label(a, h->test);
    if (h->condition)
        generate(a, h->condition, true, h->start);
    label(a, h->end);
    a->hll = h->below;
}

static void begin_repeat(struct assembler *a)
{
    struct asm_hll *h = push(a, HLL_REPEAT);
    h->start = new_label(a);
    h->test = new_label(a);
    h->end = new_label(a);
    label(a, h->start);
}

static void count_down(struct assembler *a, const struct asm_hll *h, const struct condition *c)
{
    if (c && (c->kind != NODE_COMPARE || (strcmp(c->yes, "jz") != 0 && strcmp(c->yes, "jnz") != 0))) {
        asm_error(a, a->line.at, ".UNTILCXZ takes == or != only");
        return;
    }
    if (c)
        asm_run_line(a, c->compare, "generated code");
    jump(a, !c ? "loop" : strcmp(c->yes, "jz") == 0 ? "loopnz" : "loopz", h->start);
}

static void until(struct assembler *a, bool counted)
{
    struct asm_hll *h = top(a, HLL_REPEAT, ".UNTIL");
    struct condition *c = h && (!counted || a->token->kind != TOKEN_END) ? whole_condition(a) : NULL;
    if (!h || a->line_failed)
        return;
    label(a, h->test);
    if (counted)
        count_down(a, h, c);
    else
        generate(a, c, false, h->start);
    label(a, h->end);
    a->hll = h->below;
}

static void leave_loop(struct assembler *a, bool leave)
{
    struct asm_hll *h = a->hll;
    while (h && h->kind == HLL_IF)
        h = h->below;
    if (!h) {
        asm_error(a, a->line.at, ".BREAK or .CONTINUE outside of a loop");
        return;
    }
    uint32_t target = leave ? h->end : h->test;
    if (!asm_accept_word(a, ".if")) {
        jump(a, "jmp", target);
        return;
    }
    struct condition *c = whole_condition(a);
    if (c)
        generate(a, c, true, target);
}

void asm_hll(struct assembler *a, struct asm_name *name, int which)
{
    (void)name;
    asm_before_code(a);
    switch (which) {
    case HLL_IF:
        begin_if(a);
        break;
    case HLL_ELSEIF:
        else_if(a, false);
        break;
    case HLL_ELSE:
        else_if(a, true);
        break;
    case HLL_ENDIF:
        end_if(a);
        break;
    case HLL_WHILE:
        begin_while(a);
        break;
    case HLL_ENDW:
        end_while(a);
        break;
    case HLL_REPEAT:
        begin_repeat(a);
        break;
    case HLL_UNTIL:
        until(a, false);
        break;
    case HLL_UNTILCXZ:
        until(a, true);
        break;
    case HLL_BREAK:
        leave_loop(a, true);
        break;
    default:
        leave_loop(a, false);
        break;
    }
    while (a->token->kind != TOKEN_END && !a->line_failed)
        a->token++;
}

void asm_hll_check_closed(struct assembler *a)
{
    if (!a->hll)
        return;
    a->origin = a->hll->origin;
    asm_error(a, NULL, "this %s is never closed",
              a->hll->kind == HLL_IF      ? ".IF"
              : a->hll->kind == HLL_WHILE ? ".WHILE"
                                          : ".REPEAT");
}
