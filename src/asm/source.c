// Delivers logical lines: from files, from macro bodies with arguments put in, from the rounds of loops. Joins lines
// continued with a backslash.
#include <string.h>

#include "asm/input.h"

// ---- the stack ----

struct asm_input *asm_push_input(struct assembler *a, int kind)
{
    if (a->input && a->input->depth >= ASM_NESTING_LIMIT)
        asm_fatal(a, "macros and includes are nested more than %u deep (does a macro call itself for ever?)",
                  ASM_NESTING_LIMIT);
    struct asm_input *in = a->free_inputs;
    if (in) {
        a->free_inputs = in->below;
        struct base_buf keep = in->buffer;
        *in = (struct asm_input){.buffer = keep};
    } else {
        in = asm_get(a, sizeof *in);
        base_buf_init(&in->buffer, &a->limited);
        in->below_all = a->all_inputs;
        a->all_inputs = in;
    }
    in->kind = (uint8_t)kind;
    in->below = a->input;
    in->depth = a->input ? a->input->depth + 1 : 1;
    in->conditionals = a->conditional_count;
    a->input = in;
    return in;
}

void asm_pop_input(struct assembler *a)
{
    struct asm_input *in = a->input;
    a->input = in->below;
    in->below = a->free_inputs;
    a->free_inputs = in;
}

void asm_inputs_free(struct assembler *a)
{
    for (struct asm_input *in = a->all_inputs; in; in = in->below_all)
        base_buf_free(&in->buffer);
}

uint32_t asm_add_file(struct assembler *a, const char *path)
{
    a->files = asm_grow(a, a->files, &a->file_capacity, a->file_count, sizeof *a->files);
    a->files[a->file_count] = (struct asm_file){.path = path, .from_file = a->origin.file, .from_line = a->origin.line};
    return (uint32_t)a->file_count++;
}

void asm_push_file(struct assembler *a, const char *path, const char *text, size_t size)
{
    uint32_t file = asm_add_file(a, path);
    struct asm_input *in = asm_push_input(a, INPUT_FILE);
    in->p = in->start = text;
    in->end = text + size;
    in->file = file;
    in->expansion = a->origin.expansion;
}

// ---- lines of files ----

static struct asm_text file_line(struct asm_input *in)
{
    const char *start = in->p;
    const char *nl = memchr(start, '\n', (size_t)(in->end - start));
    const char *end = nl ? nl : in->end;
    in->p = nl ? nl + 1 : in->end;
    in->line++;
    if (end > start && end[-1] == '\r')
        end--;
    return (struct asm_text){start, (size_t)(end - start)};
}

// Position of a backslash that continues the line: outside quotes, with nothing but blanks or a comment behind it.
static const char *continuation(struct asm_text line)
{
    const char *end = line.at + line.length;
    if (!memchr(line.at, '\\', line.length))
        return NULL;
    for (const char *p = line.at; p < end; p++) {
        if (*p == ';')
            return NULL;
        if (*p == '"' || *p == '\'') {
            p = asm_skip_string(p, end) - 1;
        } else if (*p == '\\') {
            const char *q = asm_skip_blanks(p + 1, end);
            if (q >= end || *q == ';')
                return p;
        }
    }
    return NULL;
}

static struct asm_text macro_line(struct assembler *a, struct asm_input *in);

static bool raw_line(struct assembler *a, struct asm_input *in, struct asm_text *line)
{
    if (in->kind == INPUT_FILE) {
        if (in->p >= in->end)
            return false;
        *line = file_line(in);
        return true;
    }
    if (in->next_line >= in->macro->body.line_count)
        return false;
    *line = macro_line(a, in);
    return true;
}

static void join(struct assembler *a, struct asm_input *in, struct asm_text *line)
{
    struct base_buf joined;
    base_buf_init(&joined, &a->limited);
    const char *cut;
    while ((cut = continuation(*line)) != NULL) {
        base_buf_add(&joined, line->at, (size_t)(cut - line->at));
        base_buf_add8(&joined, ' ');
        if (!raw_line(a, in, line)) {
            *line = (struct asm_text){"", 0};
            break;
        }
        if (joined.size > ASM_LINE_LIMIT)
            asm_fatal(a, "line longer than %u characters", ASM_LINE_LIMIT);
    }
    base_buf_add(&joined, line->at, line->length);
    *line = asm_keep_buf(a, &joined);
    base_buf_free(&joined);
}

// ---- lines of macros ----

static struct asm_text macro_line(struct assembler *a, struct asm_input *in)
{
    const struct asm_body *b = &in->macro->body;
    const struct asm_body_line *l = &b->lines[in->next_line++];
    in->file = l->file;
    in->line = l->line;
    const struct asm_piece *p = &b->pieces[l->first];
    if (l->count == 1 && p->parameter < 0)
        return (struct asm_text){p->text, p->length};
    base_buf_clear(&in->buffer);
    for (uint32_t i = 0; i < l->count; i++, p++) {
        const struct asm_text *argument = p->parameter >= 0 ? &in->arguments[p->parameter] : NULL;
        base_buf_add(&in->buffer, argument ? argument->at : p->text, argument ? argument->length : p->length);
        if (in->buffer.size > ASM_LINE_LIMIT)
            asm_fatal(a, "line longer than %u characters", ASM_LINE_LIMIT);
    }
    asm_check(a, &in->buffer);
    return (struct asm_text){in->buffer.data ? (const char *)in->buffer.data : "", in->buffer.size};
}

// ---- the interface ----

static void close_conditionals(struct assembler *a, const struct asm_input *in)
{
    if (a->conditional_count <= in->conditionals)
        return;
    a->origin = a->conditionals[a->conditional_count - 1].origin;
    asm_error(a, NULL, "this IF has no ENDIF before the end of the %s", in->kind == INPUT_FILE ? "file" : "macro");
    a->conditional_count = in->conditionals;
    a->skipping = 0;
}

static void set_origin(struct assembler *a, const struct asm_input *in, struct asm_text line)
{
    a->origin = (struct asm_origin){in->file, in->line, in->expansion, line};
}

// The next line of any input above `stop`; NULL reads to the very end. False: nothing is left there.
bool asm_next_line(struct assembler *a, const struct asm_input *stop, struct asm_text *line)
{
    while (a->input != stop) {
        struct asm_input *in = a->input;
        if (raw_line(a, in, line)) {
            set_origin(a, in, *line);
            if (continuation(*line)) {
                uint32_t number = in->line;
                join(a, in, line);
                set_origin(a, in, *line);
                a->origin.line = number;
            }
            asm_count_work(a);
            return true;
        }
        close_conditionals(a, in);
        if (in->loop == LOOP_NONE || !asm_loop_again(a, in))
            asm_pop_input(a);
    }
    return false;
}

// The origin of the line in work, for keeping: its text only if that outlives the line. A macro's line buffer does not.
struct asm_origin asm_lasting_origin(const struct assembler *a)
{
    struct asm_origin o = a->origin;
    const struct asm_input *in = a->input;
    bool in_file = in && in->kind == INPUT_FILE && o.text.at >= in->start && o.text.at <= in->end;
    if (!in_file)
        o.text = (struct asm_text){0};
    return o;
}

// Ends the innermost macro or loop (EXITM). The conditionals it opened are closed with it.
bool asm_leave_macro(struct assembler *a)
{
    struct asm_input *in = a->input;
    if (!in || in->kind == INPUT_FILE)
        return false;
    a->conditional_count = in->conditionals;
    a->skipping = 0;
    asm_pop_input(a);
    return true;
}

void asm_include(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_text file = asm_trim(a->rest.at, a->rest.at + a->rest.length);
    const char *comment = memchr(file.at, ';', file.length);
    if (comment)
        file = asm_trim(file.at, comment);
    if (file.length >= 2 && (*file.at == '<' || *file.at == '"'))
        file = asm_trim(file.at + 1, file.at + file.length - 1);
    if (file.length == 0) {
        asm_error(a, a->rest.at, "file name expected after INCLUDE");
        return;
    }
    const char *path = NULL, *text = NULL;
    size_t size = 0;
    const char *wanted = asm_text_copy(a, file.at, file.length);
    const struct asm_options *o = a->options;
    if (!o->open_include ||
        !o->open_include(o->include_user, wanted, a->files[a->origin.file].path, &path, &text, &size)) {
        asm_error(a, file.at, "include file '%s' not found", wanted);
        return;
    }
    asm_push_file(a, path, text, size);
}

// Puts a line into the assembler as if it stood in the source right here, and everything it leads to.
void asm_run_line(struct assembler *a, const char *text, const char *what)
{
    if (a->room_depth >= ASM_FUNCTION_LIMIT)
        asm_fatal(a, "generated code is nested too deeply");
    struct asm_line_state state;
    asm_save_line(a, &state);
    const struct asm_input *stop = a->input;
    struct asm_expansion *e = asm_get(a, sizeof *e);
    *e = (struct asm_expansion){.what = what,
                                .file = a->origin.file,
                                .line = a->origin.line,
                                .outer = a->origin.expansion,
                                .depth = a->origin.expansion ? a->origin.expansion->depth + 1 : 1};
    a->origin.expansion = e;
    struct asm_text line = {text, strlen(text)};
    a->origin.text = line;
    asm_process_line(a, line);
    while (asm_next_line(a, stop, &line))
        asm_process_line(a, line);
    asm_restore_line(a, &state);
}

const struct asm_input *asm_input_below(const struct assembler *a)
{
    return a->input ? a->input->below : NULL;
}

// At the end of the source: what is still open.
void asm_check_closed(struct assembler *a)
{
    if (!a->ended)
        asm_warn(a, WARN_UNTERMINATED, NULL, "END is missing");
    while (a->input)
        asm_pop_input(a);
    asm_hll_check_closed(a);
    a->line_failed = a->forward_seen = false;
    if (a->structure)
        asm_error(a, NULL, "the structure %s is not closed",
                  a->structure->name ? a->structure->name->text : "inside another");
    if (a->proc_symbol)
        asm_error(a, NULL, "procedure %s is not closed by ENDP", a->proc_symbol->name->text);
    if (a->segment && a->segment_stack_count && !a->model)
        asm_error(a, NULL, "segment %s is not closed by ENDS", a->segment->symbol->name->text);
    for (size_t i = a->conditional_count; i-- > 0;) {
        a->origin = a->conditionals[i].origin;
        asm_error(a, NULL, "this IF has no ENDIF");
    }
}
