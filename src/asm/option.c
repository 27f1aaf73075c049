// OPTION and the context stack (PUSHCONTEXT, POPCONTEXT), .RADIX.
#include <string.h>

#include "asm/defs.h"

enum option_kind {
    OPTION_FLAG,
    OPTION_CASEMAP,
    OPTION_LANGUAGE,
    OPTION_SEGMENT,
    OPTION_OFFSET,
    OPTION_PROC,
    OPTION_PROLOGUE,
    OPTION_EPILOGUE,
    OPTION_SETIF2,
    OPTION_NOKEYWORD,
    OPTION_M510,
    OPTION_EXPR
};

static const struct {
    const char *word;
    uint8_t kind;
    size_t flag;
    bool value;
} options[] = {
#define FLAG(word, member, value)                                                                                      \
    {                                                                                                                  \
        word, OPTION_FLAG, offsetof(struct asm_option_set, member), value                                              \
    }
    FLAG("oldstructs", old_structs, true),
    FLAG("nooldstructs", old_structs, false),
    FLAG("oldmacros", old_macros, true),
    FLAG("nooldmacros", old_macros, false),
    FLAG("dotname", dotname, true),
    FLAG("nodotname", dotname, false),
    FLAG("scoped", scoped, true),
    FLAG("noscoped", scoped, false),
    FLAG("ljmp", ljmp, true),
    FLAG("noljmp", ljmp, false),
    FLAG("nosignextend", no_sign_extend, true),
    FLAG("emulator", emulator, true),
    FLAG("noemulator", emulator, false),
    FLAG("readonly", readonly, true),
    FLAG("noreadonly", readonly, false),
    FLAG("nom510", m510, false),
#undef FLAG
    {"casemap", OPTION_CASEMAP, 0, false},
    {"language", OPTION_LANGUAGE, 0, false},
    {"segment", OPTION_SEGMENT, 0, false},
    {"offset", OPTION_OFFSET, 0, false},
    {"proc", OPTION_PROC, 0, false},
    {"prologue", OPTION_PROLOGUE, 0, false},
    {"epilogue", OPTION_EPILOGUE, 0, false},
    {"setif2", OPTION_SETIF2, 0, false},
    {"nokeyword", OPTION_NOKEYWORD, 0, false},
    {"m510", OPTION_M510, 0, false},
    {"expr16", OPTION_EXPR, 0, false},
    {"expr32", OPTION_EXPR, 0, true},
};

static bool choose(struct assembler *a, const char *const *words, int *chosen)
{
    const struct asm_token *t = a->token;
    for (int i = 0; words[i]; i++)
        if (asm_accept_word(a, words[i])) {
            *chosen = i;
            return true;
        }
    asm_error(a, t->text, "'%.*s' is no value of this option", (int)t->length, t->text);
    return false;
}

// MASM 5.1 behaviour altogether.
void asm_option_m510(struct assembler *a)
{
    struct asm_option_set *o = &a->option;
    o->m510 = o->old_structs = o->old_macros = o->dotname = o->setif2 = true;
    if (!a->model)
        o->offset_mode = 1;
    if (!o->language) {
        o->scoped = false;
        o->proc_visibility = 1;
    }
}

static void set_prologue(struct assembler *a, bool *none, struct asm_name **macro, const char *standard)
{
    const struct asm_token *t = a->token;
    struct asm_name *n = asm_expect_name(a);
    if (!n)
        return;
    *none = asm_is_word(t, "none");
    *macro = *none || asm_is_word(t, standard) ? NULL : n;
}

static void set_no_keyword(struct assembler *a)
{
    if (!asm_expect(a, '<'))
        return;
    while (a->token->kind == TOKEN_NAME) {
        struct asm_name *n = (a->token++)->name;
        n->keyword = (struct asm_keyword){0};
        n->mnemonic = 0;
        n->directive = NULL;
        asm_accept(a, ',');
    }
    asm_expect(a, '>');
}

static void set_casemap(struct assembler *a)
{
    static const char *const words[] = {"none", "notpublic", "all", NULL};
    int chosen;
    if (choose(a, words, &chosen))
        a->option.case_sensitive = chosen == 0, a->option.case_upper = chosen == 2;
}

static void set_segment(struct assembler *a)
{
    static const char *const words[] = {"use16", "use32", "flat", NULL};
    int chosen;
    if (!choose(a, words, &chosen))
        return;
    a->option.segment_word = chosen ? 4 : 2;
    a->option.segment_flat = chosen == 2;
}

static void set_choice(struct assembler *a, uint8_t *value, const char *const *words)
{
    int chosen;
    if (choose(a, words, &chosen))
        *value = (uint8_t)chosen;
}

static void set_language(struct assembler *a)
{
    const struct asm_token *t = a->token;
    if (t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_LANGUAGE)
        a->option.language = (uint8_t)(a->token++)->name->keyword.value;
    else
        asm_error(a, t->text, "language expected: C, SYSCALL, STDCALL, PASCAL, FORTRAN or BASIC");
}

static void set_if2(struct assembler *a)
{
    static const char *const words[] = {"false", "true", NULL};
    int chosen = 0;
    if (choose(a, words, &chosen))
        a->option.setif2 = chosen;
}

// The size of expressions is chosen once (MASM 6.1 Programmer's Guide, appendix A).
static void set_expr(struct assembler *a, bool wide)
{
    bool *other = wide ? &a->option.expr16 : &a->option.expr32;
    if (*other)
        asm_error(a, a->token[-1].text, "OPTION %s was given before", wide ? "EXPR16" : "EXPR32");
    else
        *(wide ? &a->option.expr32 : &a->option.expr16) = true;
}

static bool takes_value(int kind)
{
    return kind != OPTION_FLAG && kind != OPTION_M510 && kind != OPTION_EXPR;
}

static void apply(struct assembler *a, size_t i)
{
    static const char *const offsets[] = {"group", "segment", "flat", NULL};
    static const char *const visibilities[] = {"public", "private", "export", NULL};
    if (takes_value(options[i].kind) && !asm_expect(a, ':'))
        return;
    switch (options[i].kind) {
    case OPTION_FLAG:
        *(bool *)((char *)&a->option + options[i].flag) = options[i].value;
        break;
    case OPTION_CASEMAP:
        set_casemap(a);
        break;
    case OPTION_LANGUAGE:
        set_language(a);
        break;
    case OPTION_SEGMENT:
        set_segment(a);
        break;
    case OPTION_OFFSET:
        set_choice(a, &a->option.offset_mode, offsets);
        break;
    case OPTION_PROC:
        set_choice(a, &a->option.proc_visibility, visibilities);
        break;
    case OPTION_PROLOGUE:
        set_prologue(a, &a->option.prologue_none, &a->option.prologue, "prologuedef");
        break;
    case OPTION_EPILOGUE:
        set_prologue(a, &a->option.epilogue_none, &a->option.epilogue, "epiloguedef");
        break;
    case OPTION_SETIF2:
        set_if2(a);
        break;
    case OPTION_NOKEYWORD:
        set_no_keyword(a);
        break;
    case OPTION_M510:
        asm_option_m510(a);
        break;
    default:
        set_expr(a, options[i].value);
        break;
    }
}

static size_t find_option(const struct asm_token *t)
{
    for (size_t i = 0; i < BASE_COUNT(options); i++)
        if (asm_is_word(t, options[i].word))
            return i;
    return BASE_COUNT(options);
}

void asm_option(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    do {
        const struct asm_token *t = a->token;
        size_t i = find_option(t);
        if (i == BASE_COUNT(options)) {
            asm_error(a, t->text, "'%.*s' is no option", (int)t->length, t->text);
            return;
        }
        a->token++;
        apply(a, i);
    } while (!a->line_failed && asm_accept(a, ','));
}

void asm_radix(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    uint8_t radix = a->radix;
    int64_t n;
    a->radix = 10; // the operand is always decimal
    bool ok = asm_known_constant(a, a->rest, &n);
    a->radix = radix;
    if (ok && (n < 2 || n > 16))
        asm_error(a, a->rest.at, ".RADIX takes 2 to 16");
    else if (ok)
        a->radix = (uint8_t)n;
}

// ---- contexts ----

enum { CONTEXT_ASSUMES = 1, CONTEXT_RADIX = 2, CONTEXT_LISTING = 4, CONTEXT_CPU = 8 };

struct asm_context {
    int parts;
    struct asm_assume assume[6], assume_general[8];
    uint8_t radix;
    uint32_t cpu;
    bool listing_off, listing_no_macros, listing_conditions;
    struct asm_context *below;
};

static int context_parts(struct assembler *a)
{
    static const char *const words[] = {"assumes", "radix", "listing", "cpu", "all", NULL};
    int parts = 0, chosen;
    do {
        if (!choose(a, words, &chosen))
            return 0;
        parts |= chosen == 4 ? 15 : 1 << chosen;
    } while (asm_accept(a, ','));
    return parts;
}

void asm_push_context(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_context *c = asm_get(a, sizeof *c);
    c->parts = context_parts(a);
    memcpy(c->assume, a->assume, sizeof c->assume);
    memcpy(c->assume_general, a->assume_general, sizeof c->assume_general);
    c->radix = a->radix;
    c->cpu = a->cpu;
    c->listing_off = a->listing_off;
    c->listing_no_macros = a->listing_no_macros;
    c->listing_conditions = a->listing_conditions;
    c->below = a->contexts;
    a->contexts = c;
}

void asm_pop_context(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    int parts = context_parts(a);
    struct asm_context *c = a->contexts;
    if (!c) {
        asm_error(a, a->line.at, "POPCONTEXT without PUSHCONTEXT");
        return;
    }
    a->contexts = c->below;
    parts &= c->parts;
    if (parts & CONTEXT_ASSUMES) {
        memcpy(a->assume, c->assume, sizeof a->assume);
        memcpy(a->assume_general, c->assume_general, sizeof a->assume_general);
    }
    if (parts & CONTEXT_RADIX)
        a->radix = c->radix;
    if (parts & CONTEXT_CPU) {
        a->cpu = c->cpu;
        asm_show_cpu(a);
    }
    if (parts & CONTEXT_LISTING) {
        a->listing_off = c->listing_off;
        a->listing_no_macros = c->listing_no_macros;
        a->listing_conditions = c->listing_conditions;
    }
}
