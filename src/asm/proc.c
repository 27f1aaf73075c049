// Procedures: PROC with arguments, LOCAL, USES, the prologue in front of the first statement and the epilogue at RET,
// both the default ones and the user's macros.
#include <string.h>

#include "asm/input.h"

enum { USES_LIMIT = 16 };

struct asm_local { // every symbol whose scope is the procedure
    struct asm_symbol *symbol;
    struct asm_local *next;
};

struct asm_proc {
    struct asm_symbol *symbol;
    struct asm_type *prototype;
    struct asm_local *locals;
    struct asm_name *uses[USES_LIMIT];
    int uses_count;
    uint32_t local_bytes;
    bool prologue_done, has_locals;
    const char *prologue_argument; // <...>
    uint8_t word;
};

uint32_t asm_proc_bytes(const struct asm_symbol *s)
{
    return s->prototype ? s->prototype->parameter_bytes : 0;
}

void asm_proc_add_local(struct assembler *a, struct asm_symbol *s)
{
    if (!a->proc)
        return;
    struct asm_local *l = asm_get(a, sizeof *l);
    *l = (struct asm_local){s, a->proc->locals};
    a->proc->locals = l;
}

// ---- the PROC line ----

static void accept_distance(struct assembler *a, const struct asm_type **type)
{
    const struct asm_token *t = a->token;
    if (t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_TYPE &&
        asm_is_code_type(t->name->keyword.type)) {
        *type = t->name->keyword.type;
        a->token++;
    }
}

static void accept_language(struct assembler *a, struct asm_symbol *s)
{
    const struct asm_token *t = a->token;
    s->language = s->language ? s->language : a->option.language;
    if (t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_LANGUAGE) {
        s->language = (uint8_t)t->name->keyword.value;
        a->token++;
    }
}

static void accept_visibility(struct assembler *a, struct asm_symbol *s)
{
    bool is_public = a->option.proc_visibility != 1;
    s->is_private = asm_accept_word(a, "private");
    if (s->is_private)
        is_public = false;
    else if (asm_accept_word(a, "public") || asm_accept_word(a, "export"))
        is_public = true;
    s->is_public = is_public || s->announced_public;
}

static void accept_prologue_argument(struct assembler *a, struct asm_proc *p)
{
    p->prologue_argument = "";
    if (!asm_accept(a, '<'))
        return;
    const char *start = a->token->text;
    while (a->token->kind != TOKEN_END && !asm_is_punct(a->token, '>'))
        a->token++;
    p->prologue_argument = asm_text_copy(a, start, (size_t)(a->token->text - start));
    asm_expect(a, '>');
}

static void accept_uses(struct assembler *a, struct asm_proc *p)
{
    if (!asm_accept_word(a, "uses"))
        return;
    while (a->token->kind == TOKEN_NAME && a->token->name->keyword.keyword_class == KEYWORD_REGISTER) {
        if (p->uses_count == USES_LIMIT) {
            asm_error(a, a->token->text, "more than %d registers", USES_LIMIT);
            return;
        }
        p->uses[p->uses_count++] = (a->token++)->name;
    }
}

static struct asm_symbol *stack_symbol(struct assembler *a, struct asm_name *name, const struct asm_type *type,
                                       int64_t offset)
{
    if (name->local) {
        asm_error(a, a->line.at, "'%s' is declared twice", name->text);
        return name->local;
    }
    struct asm_symbol *s = asm_symbol_local(a, name);
    s->kind = SYMBOL_STACK;
    s->type = type;
    s->offset = offset;
    s->count = s->first_dup = 1;
    s->stable = true;
    return s;
}

static void read_parameters(struct assembler *a, struct asm_proc *p)
{
    struct asm_parameter **tail = &p->prototype->parameters;
    asm_accept(a, ',');
    while (a->token->kind == TOKEN_NAME) {
        struct asm_parameter *q = asm_get(a, sizeof *q);
        q->name = (a->token++)->name;
        q->type = p->word == 4 ? &asm_type_dword : &asm_type_word;
        if (asm_accept(a, ':')) {
            const char *at = a->token->text;
            q->vararg = asm_accept_word(a, "vararg");
            if (!q->vararg && !(q->type = asm_parse_type(a))) {
                asm_error(a, at, "type expected");
                return;
            }
        }
        p->prototype->vararg |= q->vararg;
        *tail = q;
        tail = &q->next;
        if (!asm_accept(a, ','))
            break;
    }
    p->prototype->parameter_bytes = asm_parameter_bytes(a, p->prototype->parameters);
}

static bool left_to_right(uint8_t language)
{
    return language == LANGUAGE_PASCAL || language == LANGUAGE_FORTRAN || language == LANGUAGE_BASIC;
}

static void place_parameters(struct assembler *a, struct asm_proc *p)
{
    bool far = p->symbol->type->kind == TYPE_FAR;
    uint32_t base = 2u * p->word + (far ? p->word : 0);
    bool pascal = left_to_right(p->symbol->language);
    uint32_t offset = pascal ? base + p->prototype->parameter_bytes : base;
    for (const struct asm_parameter *q = p->prototype->parameters; q; q = q->next) {
        uint32_t size = (asm_type_size(a, q->type) + p->word - 1u) / p->word * p->word;
        if (pascal)
            offset -= size;
        stack_symbol(a, q->name, q->type, offset);
        if (!pascal)
            offset += size;
    }
}

static void begin_first_time(struct assembler *a, struct asm_symbol *s)
{
    struct asm_proc *p = asm_get(a, sizeof *p);
    const struct asm_type *type =
        a->model == MODEL_MEDIUM || a->model == MODEL_LARGE || a->model == MODEL_HUGE ? &asm_type_far : &asm_type_near;
    p->symbol = s;
    p->word = a->segment ? a->segment->word_size : 4;
    p->prototype = asm_get(a, sizeof *p->prototype);
    p->prototype->kind = TYPE_PROTO;
    accept_distance(a, &type);
    accept_language(a, s);
    accept_visibility(a, s);
    accept_prologue_argument(a, p);
    accept_uses(a, p);
    if (!asm_define_label(a, s, type, a->line.at))
        return;
    s->procedure = true;
    s->proc = p;
    a->proc = p;
    a->proc_symbol = s;
    read_parameters(a, p);
    p->prototype->language = s->language;
    p->prototype->far = type->kind == TYPE_FAR;
    s->prototype = p->prototype;
    place_parameters(a, p);
}

static void show_locals(const struct asm_proc *p)
{
    for (const struct asm_local *l = p->locals; l; l = l->next)
        l->symbol->name->local = l->symbol;
}

void asm_proc(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    if (a->pass == 1) {
        if (a->proc_symbol && a->option.scoped && a->proc->locals)
            asm_error(a, a->line.at, "procedure %s is not closed by ENDP", a->proc_symbol->name->text);
        struct asm_symbol *outer = a->proc_symbol;
        struct asm_symbol *s = asm_symbol_get(a, name);
        begin_first_time(a, s);
        s->outer = outer != s ? outer : NULL;
        if (a->segment)
            a->segment->has_code = true;
        return;
    }
    struct asm_symbol *s = name->symbol;
    while (a->token->kind != TOKEN_END)
        a->token++;
    if (!s || !s->procedure || !a->segment)
        return;
    a->segment->has_code = true;
    asm_place_label(a, s);
    a->proc = s->proc;
    a->proc_symbol = s;
    show_locals(s->proc);
}

void asm_endp(struct assembler *a, struct asm_name *name, int argument)
{
    (void)argument;
    if (!a->proc_symbol && name && name->symbol && name->symbol->broken)
        return; // of a PROC that was refused
    if (!a->proc_symbol || (name && a->proc_symbol->name != name)) {
        asm_error(a, a->line.at, a->proc_symbol ? "ENDP of %s expected" : "ENDP without PROC%s",
                  a->proc_symbol ? a->proc_symbol->name->text : "");
        return;
    }
    for (const struct asm_local *l = a->proc->locals; l; l = l->next) {
        l->symbol->name->local = NULL;
        if (a->pass == 1 && l->symbol->kind == SYMBOL_STACK && !l->symbol->used)
            asm_warn(a, WARN_UNREFERENCED, NULL, "'%s' of procedure %s is never used", l->symbol->name->text,
                     a->proc_symbol->name->text);
    }
    a->proc_symbol->bytes = a->segment ? a->segment->location - (uint32_t)a->proc_symbol->offset : 0;
    a->proc_symbol = a->proc_symbol->outer;
    a->proc = a->proc_symbol ? a->proc_symbol->proc : NULL;
    if (a->proc) // names that the procedure inside hid
        show_locals(a->proc);
}

// ---- LOCAL ----

static bool one_local(struct assembler *a, struct asm_proc *p)
{
    struct asm_name *name = asm_expect_name(a);
    int64_t count = 1;
    const struct asm_type *type = p->word == 4 ? &asm_type_dword : &asm_type_word;
    if (!name)
        return false;
    if (asm_accept(a, '[') && !(asm_constant(a, &count) && asm_expect(a, ']')))
        return false;
    if (asm_accept(a, ':')) {
        const char *at = a->token->text;
        type = asm_parse_type(a);
        if (!type) {
            asm_error(a, at, "type expected");
            return false;
        }
    }
    if (count < 1 || count > 1 << 20) {
        asm_error(a, a->line.at, "the count of a local array must be positive");
        return false;
    }
    uint32_t size = asm_type_size(a, type);
    uint32_t align = size >= 4 && p->word == 4 ? 4 : size >= 2 ? 2 : 1;
    p->local_bytes += size * (uint32_t)count;
    p->local_bytes = (p->local_bytes + align - 1) / align * align;
    struct asm_symbol *s = stack_symbol(a, name, type, -(int64_t)p->local_bytes);
    s->count = (uint32_t)count;
    s->bytes = size * (uint32_t)count;
    p->has_locals = true;
    return true;
}

void asm_local_directive(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    if (!a->proc || a->proc->prologue_done) {
        asm_error(a, a->line.at, "LOCAL stands right behind PROC or first in a macro");
        return;
    }
    do
        if (!one_local(a, a->proc))
            return;
    while (asm_accept(a, ','));
}

// ---- prologue and epilogue ----

static bool has_frame(const struct asm_proc *p)
{
    return p->prototype->parameters || p->local_bytes;
}

static const char *register_list(struct assembler *a, const struct asm_proc *p)
{
    const char *list = "";
    for (int i = 0; i < p->uses_count; i++)
        list = asm_format(a, "%s%s%s", list, i ? "," : "", p->uses[i]->text);
    return list;
}

// Bits 0-2 language, 4 caller removes the arguments, 5 FAR, 6 private, 7 exported: what MASM hands to such macros.
static unsigned macro_flags(const struct asm_proc *p)
{
    static const uint8_t languages[] = {
        [LANGUAGE_NONE] = 0,   [LANGUAGE_C] = 1,       [LANGUAGE_SYSCALL] = 2, [LANGUAGE_STDCALL] = 3,
        [LANGUAGE_PASCAL] = 4, [LANGUAGE_FORTRAN] = 5, [LANGUAGE_BASIC] = 6};
    unsigned flags = languages[p->symbol->language];
    flags |= p->symbol->language == LANGUAGE_C || p->symbol->language == LANGUAGE_SYSCALL ? 0x10 : 0;
    flags |= p->symbol->type->kind == TYPE_FAR ? 0x20 : 0;
    return flags | (p->symbol->is_public ? 0 : 0x40);
}

// A prologue macro returns how many bytes it took for locals: what it took beyond them lies above them.
static void move_locals(struct asm_proc *p, int64_t more)
{
    for (struct asm_local *l = p->locals; l; l = l->next)
        if (l->symbol->kind == SYMBOL_STACK && l->symbol->offset < 0)
            l->symbol->offset -= more;
}

static void user_prologue(struct assembler *a, struct asm_proc *p)
{
    struct asm_symbol *m = a->option.prologue->symbol;
    if (!m || m->kind != SYMBOL_MACRO) {
        asm_error(a, a->line.at, "the prologue macro '%s' is not defined", a->option.prologue->text);
        return;
    }
    const char *call =
        asm_format(a, "%s, %u, %u, %u, <%s>, <%s>)", p->symbol->name->text, macro_flags(p),
                   p->prototype->parameter_bytes, p->local_bytes, register_list(a, p), p->prologue_argument);
    if (!m->macro->is_function) {
        char *line = asm_text_copy(a, call, strlen(call) - 1);
        asm_run_line(a, asm_format(a, "%s %s", m->name->text, line), "prologue");
        return;
    }
    struct base_buf result;
    base_buf_init(&result, &a->limited);
    asm_call_function(a, m, call, call + strlen(call), &result);
    int64_t bytes;
    if (result.size && asm_known_constant(a, (struct asm_text){(const char *)result.data, result.size}, &bytes))
        move_locals(p, bytes - p->local_bytes);
    base_buf_free(&result);
}

static void default_prologue(struct assembler *a, struct asm_proc *p)
{
    bool wide = p->word == 4;
    p->local_bytes = (p->local_bytes + p->word - 1u) / p->word * p->word;
    if (has_frame(p)) {
        asm_run_line(a, wide ? "push ebp" : "push bp", "prologue");
        asm_run_line(a, wide ? "mov ebp, esp" : "mov bp, sp", "prologue");
    }
    if (p->local_bytes)
        asm_run_line(
            a, wide ? asm_format(a, "add esp, -%ut", p->local_bytes) : asm_format(a, "add sp, -%ut", p->local_bytes),
            "prologue");
    for (int i = 0; i < p->uses_count; i++)
        asm_run_line(a, asm_format(a, "push %s", p->uses[i]->text), "prologue");
}

// Before the first statement of a procedure that makes code.
void asm_before_code(struct assembler *a)
{
    struct asm_proc *p = a->proc;
    if (a->pass > 1 || !p || p->prologue_done || a->structure)
        return;
    p->prologue_done = true;
    if (a->option.prologue_none || !(has_frame(p) || p->uses_count || a->option.prologue))
        return;
    struct asm_list_entry *line = asm_list_hold(a);
    if (a->option.prologue)
        user_prologue(a, p);
    else
        default_prologue(a, p);
    asm_list_resume(a, line);
}

static void user_epilogue(struct assembler *a, struct asm_proc *p)
{
    asm_run_line(a,
                 asm_format(a, "%s %s, %u, %u, %u, <%s>, <%s>", a->option.epilogue->text, p->symbol->name->text,
                            macro_flags(p), p->prototype->parameter_bytes, p->local_bytes, register_list(a, p),
                            p->prologue_argument),
                 "epilogue");
}

// LEAVE where MASM uses it: in 32-bit code and for the 286.
static void undo_prologue(struct assembler *a, struct asm_proc *p)
{
    for (int i = p->uses_count; i-- > 0;)
        asm_run_line(a, asm_format(a, "pop %s", p->uses[i]->text), "epilogue");
    if (has_frame(p) && (p->word == 4 || (a->cpu & CPU_LEVEL) == CPU_286)) {
        asm_run_line(a, "leave", "epilogue");
    } else if (has_frame(p)) {
        if (p->local_bytes)
            asm_run_line(a, "mov sp, bp", "epilogue");
        asm_run_line(a, "pop bp", "epilogue");
    }
}

// RETN or RETF with the bytes that the source says, or those of the arguments where the callee removes them.
static void leave(struct assembler *a, const struct asm_proc *p, const char *bytes, size_t length)
{
    const char *ret = p->symbol->type->kind == TYPE_FAR ? "retf" : "retn";
    uint8_t language = p->symbol->language;
    bool caller = language == LANGUAGE_C || language == LANGUAGE_SYSCALL || p->prototype->vararg ||
                  p->prototype->parameter_bytes == 0;
    asm_run_line(a,
                 length   ? asm_format(a, "%s %.*s", ret, (int)length, bytes)
                 : caller ? ret
                          : asm_format(a, "%s %ut", ret, p->prototype->parameter_bytes),
                 "epilogue");
}

// RET and IRET inside a procedure that has a prologue. False: the instruction itself is still to come.
bool asm_procedure_return(struct assembler *a, const struct asm_token *t)
{
    struct asm_proc *p = a->proc;
    if (!p || a->option.epilogue_none || !(has_frame(p) || p->uses_count || a->option.epilogue))
        return false;
    bool iret = asm_is_word(t, "iret") || asm_is_word(t, "iretd");
    if (!iret && !asm_is_word(t, "ret"))
        return false;
    bool bytes = t[1].kind != TOKEN_END;
    if (a->option.epilogue) {
        if (!bytes)
            user_epilogue(a, p);
        return !bytes;
    }
    undo_prologue(a, p);
    if (!iret)
        leave(a, p, t[1].text, bytes ? (size_t)(a->line.at + a->line.length - t[1].text) : 0);
    return !iret;
}
