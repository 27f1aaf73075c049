// asm_assemble: sets an assembler up, runs it, hands over the results and takes everything down again, also when it
// gave up.
#include "asm/asm.h"

#include <string.h>
#include <time.h>

#include "asm/input.h"

enum { DEFAULT_WORK = 1 << 24 };
static const size_t default_memory = (size_t)1 << 30;

static struct asm_symbol *predefined(struct assembler *a, const char *name)
{
    struct asm_symbol *s = asm_symbol_get(a, asm_name_of(a, name));
    s->predefined = true;
    return s;
}

static struct asm_symbol *predefined_number(struct assembler *a, const char *name, int64_t number)
{
    struct asm_symbol *s = predefined(a, name);
    struct asm_value v = asm_number(number);
    asm_define_value(a, s, &v, true, true);
    return s;
}

static struct asm_symbol *predefined_text(struct assembler *a, const char *name, const char *text, size_t length)
{
    struct asm_symbol *s = predefined(a, name);
    asm_define_text(a, s, text, length);
    return s;
}

// File name without directory and extension.
static struct asm_text stem(const char *path)
{
    const char *p = path + strlen(path);
    while (p > path && p[-1] != '/' && p[-1] != '\\')
        p--;
    const char *dot = strrchr(p, '.');
    return (struct asm_text){p, dot ? (size_t)(dot - p) : strlen(p)};
}

// The object must not depend on the day it was made: @Date and @Time are fixed.
static void predefine(struct assembler *a, const char *path)
{
    struct asm_text name = stem(path);
    predefined_text(a, "@Version", a->options->masm51 ? "510" : "614", 3);
    a->line_symbol = predefined_number(a, "@Line", 0);
    a->line_symbol->stable = false;
    a->wordsize_symbol = predefined_number(a, "@WordSize", 2);
    a->cpu_symbol = predefined_number(a, "@Cpu", 0);
    predefined_text(a, "@Date", "01/01/95", 8);
    predefined_text(a, "@Time", "00:00:00", 8);
    predefined_text(a, "@FileName", name.at, name.length);
    predefined_text(a, "@FileCur", path, strlen(path));
    a->curseg_symbol = predefined_text(a, "@CurSeg", "", 0);
    a->flat = predefined(a, "FLAT");
    a->flat->kind = SYMBOL_GROUP;
    a->flat->group = asm_get(a, sizeof *a->flat->group);
    *a->flat->group = (struct asm_group){a->flat, true};
    asm_builtins_init(a);
}

void asm_predefine_model(struct assembler *a)
{
    bool far_code = a->model == MODEL_MEDIUM || a->model == MODEL_LARGE || a->model == MODEL_HUGE;
    bool far_data = a->model == MODEL_COMPACT || a->model == MODEL_LARGE;
    predefined_number(a, "@Model", a->model);
    predefined_number(a, "@CodeSize", far_code);
    predefined_number(a, "@DataSize", a->model == MODEL_HUGE ? 2 : far_data);
    predefined_number(a, "@Interface", a->option.language);
    predefined_text(a, "@code", "_TEXT", 5);
    predefined_text(a, "@data", a->model == MODEL_FLAT ? "FLAT" : "DGROUP", a->model == MODEL_FLAT ? 4 : 6);
}

static void define_from_options(struct assembler *a)
{
    for (size_t i = 0; i < a->options->definition_count; i++) {
        const struct asm_definition *d = &a->options->definitions[i];
        const char *value = d->value ? d->value : "";
        int64_t number;
        struct asm_symbol *s = asm_symbol_get(a, asm_name_of(a, d->name));
        if (*value && asm_try_constant(a, (struct asm_text){value, strlen(value)}, &number)) {
            struct asm_value v = asm_number(number);
            asm_define_value(a, s, &v, false, true);
        } else {
            asm_define_text(a, s, value, strlen(value));
        }
    }
}

static void init(struct assembler *a, const struct asm_options *options, struct base_diag *diag,
                 struct base_buf *listing)
{
    *a = (struct assembler){.options = options, .diag = diag, .listing = listing};
    a->memory_limit = options->memory_limit ? options->memory_limit : default_memory;
    a->work_limit = options->work_limit ? options->work_limit : DEFAULT_WORK;
    asm_memory_init(a);
    a->symbol_tail = &a->symbols;
    a->segment_tail = &a->segments;
    a->radix = 10;
    a->cpu = CPU_8086 | CPU_FPU;
    static const uint8_t languages[] = {LANGUAGE_NONE, LANGUAGE_PASCAL, LANGUAGE_C, LANGUAGE_STDCALL};
    a->option = (struct asm_option_set){.language = languages[options->convention],
                                        .scoped = true,
                                        .ljmp = true,
                                        .pack = options->pack,
                                        .case_sensitive = options->case_map == ASM_CASE_NONE,
                                        .case_upper = options->case_map == ASM_CASE_ALL};
    a->listing_conditions = true;
    base_buf_init(&a->directives, &a->limited);
    base_buf_init(&a->result, &a->limited);
}

// Everything the assembler ever asked for goes back, whatever it was doing.
static void run(struct assembler *a, const char *path, const char *text, size_t size)
{
    asm_names_init(a);
    predefine(a, path);
    if (a->options->masm51)
        asm_option_m510(a);
    define_from_options(a);
    asm_push_file(a, path, text, size);
    a->files[0].from_file = 0;
    asm_run_passes(a);
}

bool asm_assemble(const struct asm_options *options, const char *path, const char *text, size_t size,
                  struct base_diag *diag, struct base_buf *object, struct base_buf *listing)
{
    struct assembler *a = base_alloc_zero(options->alloc, sizeof *a);
    if (!a) {
        base_diag_report(diag, BASE_FATAL, NULL, "out of memory");
        return false;
    }
    volatile bool ok = false;
    init(a, options, diag, listing);
    if (setjmp(a->fatal) == 0) {
        run(a, path, text, size);
        ok = asm_write_object(a, object);
        if (a->error_count == 0)
            asm_write_listing(a);
        asm_flush_messages(a);
    }
    asm_memory_free(a);
    base_alloc_free(options->alloc, a, sizeof *a);
    return ok;
}
