// Repeat blocks: REPEAT, FOR, FORC, WHILE and their older names. A loop is an input that starts its body again.
#include <string.h>

#include "asm/input.h"

static struct asm_input *begin_loop(struct assembler *a, struct asm_macro *m, int loop, const char *what)
{
    struct asm_expansion *e = asm_get(a, sizeof *e);
    *e = (struct asm_expansion){.what = what,
                                .file = a->origin.file,
                                .line = a->origin.line,
                                .outer = a->origin.expansion,
                                .depth = a->origin.expansion ? a->origin.expansion->depth + 1 : 1};
    struct asm_input *in = asm_push_input(a, INPUT_LOOP);
    in->loop = (uint8_t)loop;
    in->macro = m;
    in->arguments = asm_new_arguments(a, m);
    in->expansion = e;
    in->next_line = m->body.line_count; // the first round begins like every other
    return in;
}

// Reads the body behind the loop's own line. The origin of the loop stays that of its first line.
static bool body(struct assembler *a, struct asm_macro *m)
{
    struct asm_origin origin = asm_lasting_origin(a);
    bool ok = asm_collect_body(a, m);
    a->origin = origin;
    return ok;
}

void asm_repeat(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    int64_t count = 0;
    bool ok = asm_known_constant(a, a->rest, &count);
    if (ok && count < 0) {
        asm_error(a, a->rest.at, "REPEAT needs a count of 0 or more");
        ok = false;
    }
    struct asm_macro *m = asm_get(a, sizeof *m);
    if (body(a, m) && ok)
        begin_loop(a, m, LOOP_REPEAT, "REPEAT")->rounds_left = (uint64_t)count;
}

void asm_while_loop(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_text condition = {asm_text_copy(a, a->rest.at, a->rest.length), a->rest.length};
    struct asm_macro *m = asm_get(a, sizeof *m);
    if (body(a, m))
        begin_loop(a, m, LOOP_WHILE, "WHILE")->text = condition;
}

// `parameter[:REQ|:=<default>],` in front of a FOR list.
static const char *loop_parameter(struct assembler *a, struct asm_macro *m)
{
    const char *end = a->rest.at + a->rest.length;
    const char *p = asm_skip_blanks(a->rest.at, end);
    const char *q = asm_skip_name(p, end);
    struct base_buf text;
    m->parameters = asm_get(a, sizeof *m->parameters);
    m->parameter_count = 1;
    if (q == p) {
        asm_error(a, p, "parameter name expected");
        return NULL;
    }
    m->parameters[0].name = asm_name_get(a, p, (size_t)(q - p));
    p = asm_skip_blanks(q, end);
    if (p < end && *p == ':') {
        p = asm_skip_blanks(p + 1, end);
        if (p < end && *p == '=') {
            p++;
            base_buf_init(&text, &a->limited);
            asm_read_argument(a, &p, end, (struct asm_argument_rules){0}, &text);
            m->parameters[0].value = asm_keep_buf(a, &text);
            m->parameters[0].has_default = true;
            base_buf_free(&text);
        } else {
            m->parameters[0].required = true;
            p = asm_skip_name(p, end);
        }
        p = asm_skip_blanks(p, end);
    }
    if (p < end && *p == ',')
        p++;
    else if (!a->option.old_macros) {
        asm_error(a, p, "',' expected after the parameter");
        return NULL;
    }
    return p;
}

static struct asm_text *split_items(struct assembler *a, const struct asm_macro *m, struct asm_text list,
                                    uint64_t *count)
{
    size_t capacity = 0;
    struct asm_text *items = NULL;
    struct base_buf text;
    base_buf_init(&text, &a->limited);
    const char *p = list.at, *end = list.at + list.length;
    *count = 0;
    bool more = asm_skip_blanks(p, end) < end;
    while (more) {
        base_buf_clear(&text);
        const char *at = p;
        asm_read_argument(a, &p, end, (struct asm_argument_rules){.old = a->option.old_macros}, &text);
        items = asm_grow(a, items, &capacity, *count, sizeof *items);
        struct asm_text *item = &items[(*count)++];
        *item = asm_keep_buf(a, &text);
        if (item->length == 0 && m->parameters[0].has_default)
            *item = m->parameters[0].value;
        if (item->length == 0 && m->parameters[0].required)
            asm_error(a, at, "FOR needs a value for '%s'", m->parameters[0].name->text);
        more = p < end && (*p == ',' || p > at);
        if (p < end && *p == ',')
            p++;
        else
            more = a->option.old_macros && asm_skip_blanks(p, end) < end;
    }
    base_buf_free(&text);
    struct asm_text *settled = asm_get(a, (*count + 1) * sizeof *settled);
    if (*count)
        memcpy(settled, items, *count * sizeof *settled);
    base_alloc_free(&a->limited, items, capacity * sizeof *items);
    return settled;
}

void asm_for(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_macro *m = asm_get(a, sizeof *m);
    const char *p = loop_parameter(a, m);
    uint64_t count = 0;
    struct asm_text *items = NULL;
    struct base_buf list;
    base_buf_init(&list, &a->limited);
    bool ok = p && asm_text_argument(a, &p, a->rest.at + a->rest.length, &list);
    if (ok)
        items = split_items(a, m, (struct asm_text){list.data ? (const char *)list.data : "", list.size}, &count);
    base_buf_free(&list);
    if (!body(a, m) || !ok)
        return;
    struct asm_input *in = begin_loop(a, m, LOOP_FOR, "FOR");
    in->items = items;
    in->rounds_left = count;
}

void asm_forc(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_macro *m = asm_get(a, sizeof *m);
    const char *p = loop_parameter(a, m), *end = a->rest.at + a->rest.length;
    struct base_buf list;
    base_buf_init(&list, &a->limited);
    if (p) {
        const char *q = asm_skip_blanks(p, end);
        if (q < end && *q == '<')
            asm_text_argument(a, &q, end, &list);
        else // MASM 5: the text stands bare
            asm_read_argument(a, &q, end, (struct asm_argument_rules){0}, &list);
    }
    struct asm_text text = asm_keep_buf(a, &list);
    base_buf_free(&list);
    if (body(a, m) && p)
        begin_loop(a, m, LOOP_FORC, "FORC")->text = text;
}

static bool next_round(struct assembler *a, struct asm_input *in)
{
    int64_t condition;
    switch (in->loop) {
    case LOOP_REPEAT:
        if (in->rounds_left == 0)
            return false;
        in->rounds_left--;
        return true;
    case LOOP_FOR:
        if (in->rounds_left == 0)
            return false;
        in->rounds_left--;
        in->arguments[0] = *in->items++;
        return true;
    case LOOP_FORC:
        if (in->text.length == 0)
            return false;
        in->arguments[0] = (struct asm_text){in->text.at++, 1};
        in->text.length--;
        return true;
    default:
        return asm_known_constant(a, in->text, &condition) && condition != 0;
    }
}

bool asm_loop_again(struct assembler *a, struct asm_input *in)
{
    asm_count_work(a);
    if (!next_round(a, in))
        return false;
    in->next_line = 0;
    if (in->macro->local_count) {
        struct asm_text *fresh = asm_new_arguments(a, in->macro);
        if (in->macro->parameter_count)
            fresh[0] = in->arguments[0];
        in->arguments = fresh;
        asm_new_locals(a, in->macro, fresh);
    }
    return true;
}
