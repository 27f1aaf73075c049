// Segments, groups, ASSUME, the processor directives, .MODEL and the simplified segment directives.
#include <string.h>

#include "asm/defs.h"

// ---- opening and closing ----

uint8_t asm_default_word(const struct assembler *a)
{
    if (a->option.segment_word)
        return a->option.segment_word;
    if (a->model == MODEL_FLAT)
        return 4;
    return (a->cpu & CPU_LEVEL) >= CPU_386 && !a->model ? 4 : 2;
}

static struct asm_segment *new_segment(struct assembler *a, struct asm_symbol *s)
{
    struct asm_segment *g = asm_get(a, sizeof *g);
    g->symbol = s;
    g->class_name = "";
    g->align = 16;
    g->word_size = asm_default_word(a);
    g->flat = a->option.segment_flat || a->model == MODEL_FLAT;
    base_buf_init(&g->bytes, &a->limited);
    *a->segment_tail = g;
    a->segment_tail = &g->next;
    s->segment = g;
    return g;
}

struct asm_segment *asm_segment_get(struct assembler *a, struct asm_name *name, const char *at)
{
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind == SYMBOL_SEGMENT)
        return s->segment;
    s = asm_symbol_claim(a, name, SYMBOL_SEGMENT, at);
    return s ? new_segment(a, s) : NULL;
}

static void show_current(struct assembler *a)
{
    const char *name = a->segment ? a->segment->symbol->name->text : "";
    if (a->pass == 1)
        asm_define_text(a, a->curseg_symbol, name, strlen(name));
    if (a->wordsize_symbol)
        a->wordsize_symbol->value->value = a->segment ? a->segment->word_size : asm_default_word(a);
}

void asm_enter_segment(struct assembler *a, struct asm_segment *s)
{
    a->segment_stack =
        asm_grow(a, a->segment_stack, &a->segment_stack_capacity, a->segment_stack_count, sizeof *a->segment_stack);
    a->segment_stack[a->segment_stack_count++] = a->segment;
    a->segment = s;
    a->outside_reported = false;
    if (s->flat || s->word_size == 4)
        asm_assume_flat_default(a);
    show_current(a);
}

static void leave_segment(struct assembler *a)
{
    a->segment = a->segment_stack[--a->segment_stack_count];
    show_current(a);
}

// ---- SEGMENT ----

static bool align_word(struct assembler *a, uint32_t *align)
{
    static const struct {
        const char *word;
        uint32_t align;
    } words[] = {{"byte", 1}, {"word", 2}, {"dword", 4}, {"qword", 8}, {"para", 16}, {"page", 256}};
    for (size_t i = 0; i < BASE_COUNT(words); i++)
        if (asm_accept_word(a, words[i].word)) {
            *align = words[i].align;
            return true;
        }
    if (!asm_accept_word(a, "align"))
        return false;
    const char *at = a->token->text;
    int64_t n;
    if (asm_expect(a, '(') && asm_constant(a, &n) && asm_expect(a, ')')) {
        if (n < 1 || n > 8192 || (n & (n - 1)))
            asm_error(a, at, "ALIGN needs a power of two up to 8192");
        else
            *align = (uint32_t)n;
    }
    return true;
}

static bool combine_word(struct assembler *a, struct asm_segment *s)
{
    static const char *const words[] = {"private", "public", "stack", "common", "memory"};
    for (size_t i = 0; i < BASE_COUNT(words); i++)
        if (asm_accept_word(a, words[i])) {
            s->combine = (uint8_t)i;
            return true;
        }
    if (!asm_accept_word(a, "at"))
        return false;
    s->combine = COMBINE_AT;
    return asm_constant(a, &s->at) || true;
}

static bool use_word(struct assembler *a, uint8_t *word, bool *flat)
{
    if (asm_accept_word(a, "use16"))
        *word = 2;
    else if (asm_accept_word(a, "use32"))
        *word = 4;
    else if (asm_accept_word(a, "flat")) {
        *word = 4;
        *flat = true;
    } else {
        return false;
    }
    return true;
}

static bool class_word(struct assembler *a, struct asm_segment *s)
{
    if (a->token->kind != TOKEN_STRING)
        return false;
    const struct asm_token *t = a->token++;
    if (a->pass == 1) {
        s->class_name = asm_text_copy(a, t->text + 1, t->length - 2);
        s->class_given = true;
    }
    return true;
}

static void read_attributes(struct assembler *a, struct asm_segment *s, bool reopened)
{
    struct asm_segment given = *s;
    while (a->token->kind != TOKEN_END) {
        const char *at = a->token->text;
        if (align_word(a, &given.align) || combine_word(a, &given) || use_word(a, &given.word_size, &given.flat) ||
            class_word(a, &given))
            continue;
        if (asm_accept_word(a, "readonly")) {
            given.readonly = true;
            continue;
        }
        asm_error(a, at, "'%.*s' is no segment attribute", (int)a->token->length, at);
        return;
    }
    if (reopened && a->pass == 1 && (given.word_size != s->word_size || given.align != s->align))
        asm_warn(a, WARN_SEGMENT_ATTRIBUTES, a->line.at,
                 "segment %s is opened again with other attributes; the first ones stay", s->symbol->name->text);
    if (reopened && given.word_size != s->word_size)
        asm_error(a, a->line.at, "segment %s cannot be both USE16 and USE32", s->symbol->name->text);
    if (reopened)
        return;
    s->align = given.align;
    s->combine = given.combine;
    s->word_size = given.word_size;
    s->flat = given.flat;
    s->class_name = given.class_name;
    s->class_given = given.class_given;
    s->at = given.at;
    s->readonly = given.readonly;
}

void asm_segment_directive(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    const struct asm_symbol *known = name->symbol;
    bool reopened = known && known->kind == SYMBOL_SEGMENT && (a->pass > 1 || !known->announced);
    struct asm_segment *s = asm_segment_get(a, name, a->line.at);
    if (!s)
        return;
    s->symbol->announced = false;
    read_attributes(a, s, reopened && a->pass == 1);
    if (a->pass > 1)
        while (a->token->kind != TOKEN_END)
            a->token++;
    asm_enter_segment(a, s);
}

void asm_ends(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    if (a->structure) {
        asm_end_structure(a, name);
        return;
    }
    if (!a->segment || (name && a->segment->symbol->name != name)) {
        asm_error(a, a->line.at, a->segment ? "ENDS of segment %s expected" : "ENDS without SEGMENT or STRUC%s",
                  a->segment ? a->segment->symbol->name->text : "");
        return;
    }
    leave_segment(a);
}

// ---- GROUP ----

void asm_group(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    struct asm_symbol *s = asm_symbol_get(a, name);
    if (s->kind != SYMBOL_GROUP) {
        s = asm_symbol_claim(a, name, SYMBOL_GROUP, a->line.at);
        if (!s)
            return;
        s->group = asm_get(a, sizeof *s->group);
        s->group->symbol = s;
    }
    if (asm_is_operator(a->token, OPERATOR_FLAT) && a->token[1].kind == TOKEN_END)
        a->token++;
    while (a->token->kind == TOKEN_NAME) {
        const struct asm_token *t = a->token++;
        bool known = t->name->symbol && t->name->symbol->kind == SYMBOL_SEGMENT;
        struct asm_segment *member = asm_segment_get(a, t->name, t->text);
        if (member) {
            member->symbol->announced |= !known;
            member->group = s->group;
        }
        if (!asm_accept(a, ','))
            break;
    }
}

// ---- ASSUME ----

static bool assume_segment(struct assembler *a, struct asm_assume *as)
{
    const struct asm_token *t = a->token;
    if (asm_accept_word(a, "nothing")) {
        *as = (struct asm_assume){0};
        return true;
    }
    if (asm_accept_word(a, "error")) {
        *as = (struct asm_assume){.error = true};
        return true;
    }
    if (asm_is_operator(t, OPERATOR_FLAT)) {
        a->token++;
        *as = (struct asm_assume){.group = a->flat};
        return true;
    }
    struct asm_value v;
    if (!asm_expression(a, &v))
        return false;
    *as = (struct asm_assume){0};
    if (v.kind == VALUE_REGISTER && v.register_class == REGISTER_SEGMENT)
        *as = a->assume[v.value];
    else if (v.frame && v.frame->kind == SYMBOL_GROUP)
        as->group = v.frame;
    else if (v.segment)
        as->segment = v.segment;
    else if (!v.forward) {
        asm_error(a, t->text, "segment, group, FLAT or NOTHING expected");
        return false;
    }
    return true;
}

static bool assume_type(struct assembler *a, struct asm_assume *as)
{
    const char *at = a->token->text;
    if (asm_accept_word(a, "nothing") || asm_accept_word(a, "error")) {
        *as = (struct asm_assume){0};
        return true;
    }
    const struct asm_type *type = asm_parse_type(a);
    if (!type) {
        asm_error(a, at, "type or NOTHING expected");
        return false;
    }
    *as = (struct asm_assume){.type = type};
    return true;
}

void asm_assume(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    if (asm_accept_word(a, "nothing")) {
        memset(a->assume, 0, sizeof a->assume);
        memset(a->assume_general, 0, sizeof a->assume_general);
        return;
    }
    do {
        const struct asm_token *t = a->token;
        const struct asm_keyword *k = t->kind == TOKEN_NAME ? &t->name->keyword : NULL;
        if (!k || k->keyword_class != KEYWORD_REGISTER) {
            asm_error(a, t->text, "register expected");
            return;
        }
        a->token++;
        if (!asm_expect(a, ':'))
            return;
        bool ok = k->register_class == REGISTER_SEGMENT ? assume_segment(a, &a->assume[k->value])
                                                        : assume_type(a, &a->assume_general[k->value & 7]);
        if (!ok)
            return;
    } while (asm_accept(a, ','));
}

// A FLAT segment presumes flat registers until the source says otherwise.
void asm_assume_flat_default(struct assembler *a)
{
    if (a->model != MODEL_FLAT || a->flat_assumed)
        return;
    a->flat_assumed = true;
    for (int i = 0; i < REGISTER_FS; i++)
        a->assume[i] = (struct asm_assume){.group = a->flat};
}

// ---- processors ----

void asm_cpu(struct assembler *a, struct asm_name *name, int cpu)
{
    (void)name;
    uint32_t c = (uint32_t)cpu;
    if (c & CPU_LEVEL || c == 0 || c == CPU_P)
        a->cpu = (a->cpu & ~(uint32_t)(CPU_LEVEL | CPU_P)) | c | CPU_FPU | CPU_TR;
    else if (c == CPU_NO87)
        a->cpu &= ~(uint32_t)CPU_FPU;
    else
        a->cpu |= c;
    asm_show_cpu(a);
}

// @Cpu: a bit for each processor up to the current one, 7 privileged, 8 8087, 10 80287, 11 80387.
void asm_show_cpu(struct assembler *a)
{
    uint32_t level = a->cpu & CPU_LEVEL;
    uint32_t fpu = !(a->cpu & CPU_FPU) ? 0 : level < CPU_286 ? 0x100 : level < CPU_386 ? 0x500 : 0xd00;
    if (a->pass == 1)
        a->cpu_symbol->value->value = ((2u << level) - 1) | (a->cpu & CPU_P ? 0x80 : 0) | fpu;
}

// ---- .MODEL, .CODE, .DATA ... ----

static struct asm_segment *simple_segment(struct assembler *a, const char *text, const char *class_name, int combine,
                                          uint32_t align)
{
    struct asm_name *name = asm_name_of(a, text);
    bool known = name->symbol && name->symbol->kind == SYMBOL_SEGMENT && !name->symbol->announced;
    struct asm_segment *s = asm_segment_get(a, name, a->line.at);
    if (!s || known)
        return s;
    s->symbol->announced = false;
    s->word_size = asm_default_word(a);
    s->class_name = class_name;
    s->class_given = true;
    s->combine = (uint8_t)combine;
    s->align = align ? align : s->word_size;
    s->flat = a->model == MODEL_FLAT;
    return s;
}

static void join_group(struct assembler *a, struct asm_segment *s)
{
    if (a->model == MODEL_FLAT || !s)
        return;
    struct asm_symbol *g = asm_symbol_get(a, asm_name_of(a, "DGROUP"));
    if (g->kind != SYMBOL_GROUP) {
        g->kind = SYMBOL_GROUP;
        g->group = asm_get(a, sizeof *g->group);
        g->group->symbol = g;
    }
    s->group = g->group;
}

static void assume_data(struct assembler *a)
{
    struct asm_symbol *g = asm_name_of(a, "DGROUP")->symbol;
    if (a->model == MODEL_FLAT || !g)
        return;
    a->assume[REGISTER_DS] = (struct asm_assume){.group = g};
    a->assume[REGISTER_SS] = (struct asm_assume){.group = g};
}

void asm_simple_segment(struct assembler *a, struct asm_name *name, int which)
{
    (void)name;
    static const struct {
        const char *segment, *class_name;
        int combine;
        uint32_t align;
        bool group;
    } rows[] = {
        [SIMPLE_CODE] = {"_TEXT", "CODE", COMBINE_PUBLIC, 0, false},
        [SIMPLE_DATA] = {"_DATA", "DATA", COMBINE_PUBLIC, 0, true},
        [SIMPLE_BSS] = {"_BSS", "BSS", COMBINE_PUBLIC, 0, true},
        [SIMPLE_CONST] = {"CONST", "CONST", COMBINE_PUBLIC, 0, true},
        [SIMPLE_STACK] = {"STACK", "STACK", COMBINE_STACK, 16, true},
        [SIMPLE_FARDATA] = {"FAR_DATA", "FAR_DATA", COMBINE_PRIVATE, 16, false},
        [SIMPLE_FARBSS] = {"FAR_BSS", "FAR_BSS", COMBINE_PRIVATE, 16, false},
    };
    if (!a->model) {
        asm_error(a, a->line.at, ".MODEL must come first");
        return;
    }
    int64_t bytes = 1024;
    if (which == SIMPLE_STACK && a->token->kind != TOKEN_END && !asm_constant(a, &bytes))
        return;
    const char *segment = rows[which].segment;
    if (which != SIMPLE_STACK && a->token->kind == TOKEN_NAME)
        segment = (a->token++)->name->text;
    if (a->segment_stack_count)
        leave_segment(a);
    struct asm_segment *s = simple_segment(a, segment, rows[which].class_name, rows[which].combine, rows[which].align);
    if (!s)
        return;
    bool tiny_code = which == SIMPLE_CODE && a->model == MODEL_TINY; // data in it is reached through DS
    if (rows[which].group || tiny_code)
        join_group(a, s);
    asm_enter_segment(a, s);
    if (which == SIMPLE_CODE && a->model != MODEL_FLAT)
        a->assume[REGISTER_CS] = tiny_code ? (struct asm_assume){.group = asm_name_of(a, "DGROUP")->symbol}
                                           : (struct asm_assume){.segment = s};
    assume_data(a);
    if (which == SIMPLE_STACK) {
        if (a->pass == 1 || s->location == 0)
            asm_reserve(a, bytes > 0 ? (uint64_t)bytes : 0);
        leave_segment(a);
    }
}

void asm_model(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    static const char *const models[] = {"tiny", "small", "compact", "medium", "large", "huge", "flat"};
    const char *at = a->token->text;
    int model = 0;
    for (int i = 0; i < (int)BASE_COUNT(models); i++)
        if (asm_accept_word(a, models[i]))
            model = i + 1;
    if (!model) {
        asm_error(a, at, "memory model expected: TINY, SMALL, COMPACT, MEDIUM, LARGE, HUGE or FLAT");
        return;
    }
    a->model = (uint8_t)model;
    while (asm_accept(a, ',')) {
        const struct asm_token *t = a->token++;
        a->far_stack |= asm_is_word(t, "farstack");
        if (t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_LANGUAGE)
            a->option.language = (uint8_t)t->name->keyword.value;
        else if (!asm_is_word(t, "nearstack") && !asm_is_word(t, "farstack") && !asm_is_word(t, "os_dos")) {
            asm_error(a, t->text, "language or stack distance expected");
            return;
        }
    }
    if (a->model == MODEL_FLAT)
        asm_assume_flat_default(a);
    asm_predefine_model(a);
}

void asm_dosseg(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    a->dosseg = true;
}

void asm_end(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    if (a->token->kind == TOKEN_NAME) {
        const struct asm_token *t = a->token++;
        struct asm_symbol *s = asm_lookup(t->name);
        if (s && (s->kind == SYMBOL_LABEL || s->kind == SYMBOL_EXTERN))
            a->start = s;
        else
            asm_error(a, t->text, "'%s' is no label", t->name->text);
    } else {
        a->start = a->startup;
    }
    a->ended = true;
}
