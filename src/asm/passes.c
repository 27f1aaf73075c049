// The passes: the first reads the source, the others run the statements until nothing moves, the last one makes the
// result.
#include <string.h>

#include "asm/defs.h"

static void reset_segments(struct assembler *a)
{
    for (struct asm_segment *s = a->segments; s; s = s->next) {
        if (s->size != s->last_size)
            a->moved = true;
        s->last_size = s->size;
        s->location = s->size = 0;
        s->bytes.size = 0;
        s->fixup_count = 0;
        s->line_count = 0;
        s->initialised = false;
        s->has_code = false;
    }
}

static void begin_pass(struct assembler *a)
{
    a->pass++;
    reset_segments(a);
    a->segment = NULL;
    a->segment_stack_count = 0;
    a->proc = NULL;
    a->proc_symbol = NULL;
    a->contexts = NULL;
    a->anonymous_count = 0;
    a->flat_assumed = false;
    memset(a->assume, 0, sizeof a->assume);
    memset(a->assume_general, 0, sizeof a->assume_general);
    a->option = a->first_option;
    a->cpu = a->first_cpu;
    a->model = a->last_model;
    if (a->model == MODEL_FLAT)
        asm_assume_flat_default(a);
    a->moved = false;
}

static void add_line_number(struct assembler *a, const struct asm_statement *s, uint32_t before)
{
    struct asm_segment *g = a->segment;
    if (!a->options->line_numbers || !g || g->location == before || !g->has_code || s->kind == STATEMENT_LABEL)
        return;
    struct asm_expansion *e = s->origin.expansion;
    uint32_t file = s->origin.file, line = s->origin.line;
    for (; e; e = e->outer)
        file = e->file, line = e->line;
    if (g->line_count && g->lines[g->line_count - 1].line == line && g->lines[g->line_count - 1].file == file)
        return;
    g->lines = asm_grow(a, g->lines, &g->line_capacity, g->line_count, sizeof *g->lines);
    g->lines[g->line_count++] = (struct coff_line){.offset = before, .line = line, .file = file};
}

static void run_all(struct assembler *a)
{
    for (size_t i = 0; i < a->statement_count; i++) {
        const struct asm_segment *segment = a->segment;
        uint32_t before = segment ? segment->location : 0;
        asm_rerun(a, &a->statements[i]);
        if (a->final && a->segment == segment) // a statement that changes the segment makes no bytes
            add_line_number(a, &a->statements[i], before);
    }
    for (struct asm_segment *s = a->segments; s; s = s->next)
        if (s->size != s->last_size)
            a->moved = true;
}

// Reads the whole source. What later passes start from is remembered before the first line.
static void first_pass(struct assembler *a)
{
    a->pass = 1;
    a->first_option = a->option;
    a->first_cpu = a->cpu;
    struct asm_text line;
    while (!a->ended && asm_next_line(a, NULL, &line))
        asm_process_line(a, line);
    asm_check_closed(a);
    a->last_model = a->model;
}

bool asm_run_passes(struct assembler *a)
{
    first_pass(a);
    do {
        begin_pass(a);
        run_all(a);
    } while (a->moved && a->pass < ASM_PASS_LIMIT);
    if (a->moved)
        asm_fatal(a, "addresses do not settle after %u passes", a->pass);
    a->final = true;
    begin_pass(a);
    run_all(a);
    return a->error_count == 0;
}
