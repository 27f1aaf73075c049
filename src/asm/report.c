// Messages and the end of the line for them: errors with caret and the chain of expansions, warnings by table, and the
// way out when memory, work or patience is exhausted. Also the memory of the assembler, which never returns NULL: a
// refusal is a fatal error and leaves through asm_assemble.
#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "asm/defs.h"

static const struct {
    const char *id;
    uint8_t level;
} warnings[] = {
#define WARNING(symbol, id, level, manual) {id, level},
#include "asm/warnings.def"
#undef WARNING
};

static bool quiet(const struct assembler *a)
{
    return a->quiet || (a->pass <= 1 ? a->forward_seen : !a->final);
}

// ---- messages wait until all passes are done, so that they come out in the order of the source ----

struct asm_message {
    uint32_t order; // of its statement
    uint32_t number;
    enum base_severity severity;
    struct base_place place;
    const char *text;
};

enum { MESSAGES_KEPT = 4096 }; // then what there is goes out

static uint32_t order_now(const struct assembler *a)
{
    if (a->pass <= 1)
        return (uint32_t)a->statement_count;
    return a->statement ? (uint32_t)(a->statement - a->statements) : UINT32_MAX;
}

static void keep_message(struct assembler *a, enum base_severity severity, const struct base_place *place,
                         const char *format, va_list args) BASE_PRINTF(4, 0);

static void keep_message(struct assembler *a, enum base_severity severity, const struct base_place *place,
                         const char *format, va_list args)
{
    struct base_buf text;
    if (a->message_count == MESSAGES_KEPT)
        asm_flush_messages(a);
    base_buf_init(&text, &a->limited);
    base_buf_vprintf(&text, format, args);
    struct asm_message m = {order_now(a), (uint32_t)a->message_count, severity, *place, asm_keep_buf(a, &text).at};
    base_buf_free(&text);
    if (m.place.source)
        m.place.source = asm_text_copy(a, m.place.source, m.place.source_length);
    a->messages = asm_grow(a, a->messages, &a->message_capacity, a->message_count, sizeof *a->messages);
    a->messages[a->message_count++] = m;
}

static void keep_note(struct assembler *a, const struct base_place *place, const char *format, ...) BASE_PRINTF(3, 4);

static void keep_note(struct assembler *a, const struct base_place *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keep_message(a, BASE_NOTE, place, format, args);
    va_end(args);
}

static int by_order(const void *x, const void *y)
{
    const struct asm_message *m = x, *n = y;
    if (m->order != n->order)
        return m->order < n->order ? -1 : 1;
    return m->number < n->number ? -1 : m->number > n->number;
}

void asm_flush_messages(struct assembler *a)
{
    if (a->message_count)
        qsort(a->messages, a->message_count, sizeof *a->messages, by_order);
    for (size_t i = 0; i < a->message_count; i++)
        base_diag_report(a->diag, a->messages[i].severity, &a->messages[i].place, "%s", a->messages[i].text);
    a->message_count = 0;
}

// ---- where ----

static bool inside(const char *at, const char *text, size_t length)
{
    return at && text && at >= text && at <= text + length;
}

static void strip_end(struct base_place *p)
{
    while (p->source_length && (p->source[p->source_length - 1] == '\r' || p->source[p->source_length - 1] == '\n'))
        p->source_length--;
}

// The source line. Where text macros were replaced in it the place `at` has none there: then it is the line's
// beginning.
static struct base_place place_of(const struct assembler *a, const char *at)
{
    struct base_place p = {.file = a->origin.file < a->file_count ? a->files[a->origin.file].path : NULL,
                           .line = a->origin.line,
                           .source = a->origin.text.at,
                           .source_length = a->origin.text.length};
    if (p.source && !inside(at, p.source, p.source_length))
        at = asm_skip_blanks(p.source, p.source + p.source_length);
    if (p.source)
        p.column = (uint32_t)(at - p.source) + 1;
    strip_end(&p);
    return p;
}

// The line as it is after replacement, when that is where `at` points.
static void report_replaced(struct assembler *a, const char *at)
{
    if (inside(at, a->origin.text.at, a->origin.text.length) || !inside(at, a->line.at, a->line.length))
        return;
    struct base_place p = {.source = a->line.at,
                           .source_length = a->line.length,
                           .file = a->files[a->origin.file].path,
                           .line = a->origin.line,
                           .column = (uint32_t)(at - a->line.at) + 1};
    strip_end(&p);
    keep_note(a, &p, "with its text macros replaced:");
}

enum { CHAIN_SHOWN = 16 };

static void report_chain(struct assembler *a)
{
    uint32_t file = a->origin.file;
    uint32_t shown = 0;
    for (const struct asm_expansion *e = a->origin.expansion; e && shown < CHAIN_SHOWN; e = e->outer, shown++) {
        struct base_place p = {.file = a->files[e->file].path, .line = e->line};
        keep_note(a, &p, "in expansion of %s", e->what);
        file = e->file;
    }
    for (; file && shown < CHAIN_SHOWN; file = a->files[file].from_file, shown++) {
        struct base_place p = {.file = a->files[a->files[file].from_file].path, .line = a->files[file].from_line};
        keep_note(a, &p, "included from here");
    }
}

// ---- errors and warnings ----

static void give_up_after_too_many(struct assembler *a)
{
    if (a->error_count < ASM_ERROR_LIMIT && !base_diag_full(a->diag))
        return;
    asm_flush_messages(a);
    base_diag_report(a->diag, BASE_FATAL, NULL, "too many errors, giving up");
    longjmp(a->fatal, 1);
}

void asm_verror(struct assembler *a, const char *at, const char *format, va_list args)
{
    a->line_failed = true;
    if (quiet(a))
        return;
    struct base_place p = place_of(a, at);
    keep_message(a, BASE_ERROR, &p, format, args);
    report_replaced(a, at);
    report_chain(a);
    a->error_count++;
    give_up_after_too_many(a);
}

void asm_error(struct assembler *a, const char *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    asm_verror(a, at, format, args);
    va_end(args);
}

// What needs a segment stands outside of any. Said once, until a segment is opened: every line behind a forgotten one
// would say it again.
void asm_error_outside(struct assembler *a, const char *at, const char *format, ...)
{
    va_list args;
    a->line_failed = true;
    if (a->outside_reported)
        return;
    va_start(args, format);
    asm_verror(a, at, format, args);
    va_end(args);
    a->outside_reported = !quiet(a);
}

// The end, which the memory for waiting messages may have brought: this one does not wait.
void asm_fatal(struct assembler *a, const char *format, ...)
{
    struct base_place p = place_of(a, NULL);
    asm_flush_messages(a);
    va_list args;
    va_start(args, format);
    base_diag_vreport(a->diag, BASE_FATAL, &p, format, args);
    va_end(args);
    for (const struct asm_expansion *e = a->origin.expansion; e; e = e->depth <= CHAIN_SHOWN ? e->outer : NULL) {
        struct base_place call = {.file = a->files[e->file].path, .line = e->line};
        base_diag_report(a->diag, BASE_NOTE, &call, "in expansion of %s", e->what);
    }
    longjmp(a->fatal, 1);
}

void asm_warn(struct assembler *a, enum asm_warning warning, const char *at, const char *format, ...)
{
    if (warnings[warning].level > a->options->warning_level || quiet(a))
        return;
    va_list args;
    va_start(args, format);
    struct base_place p = place_of(a, at);
    bool error = a->options->warnings_are_errors;
    keep_message(a, error ? BASE_ERROR : BASE_WARNING, &p, asm_format(a, "%s [%s]", format, warnings[warning].id),
                 args);
    va_end(args);
    report_chain(a);
    a->error_count += error;
    give_up_after_too_many(a);
}

// ---- memory ----

// Blocks are chained so that all of them can be given back after a fatal error, wherever it struck.
struct asm_block {
    struct asm_block *next, *previous;
    size_t size;
    alignas(max_align_t) uint8_t bytes[];
};

static void unlink_block(struct assembler *a, struct asm_block *b)
{
    if (b->previous)
        b->previous->next = b->next;
    else
        a->blocks = b->next;
    if (b->next)
        b->next->previous = b->previous;
}

static void *link_block(struct assembler *a, struct asm_block *b)
{
    b->previous = NULL;
    b->next = a->blocks;
    if (b->next)
        b->next->previous = b;
    a->blocks = b;
    return b->bytes;
}

static struct asm_block *block_of(void *ptr)
{
    return ptr ? (struct asm_block *)((uint8_t *)ptr - offsetof(struct asm_block, bytes)) : NULL;
}

static void *limited(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct assembler *a = user;
    struct asm_block *b = block_of(ptr);
    const size_t head = sizeof(struct asm_block);
    if (new_size > old_size && new_size - old_size > a->memory_limit - a->memory_used)
        return NULL;
    if (b)
        unlink_block(a, b);
    if (new_size == 0) {
        a->memory_used -= b ? old_size : 0;
        base_alloc_free(a->options->alloc, b, head + old_size);
        return NULL;
    }
    struct asm_block *grown = new_size > SIZE_MAX - head
                                  ? NULL
                                  : base_alloc_resize(a->options->alloc, b, b ? head + old_size : 0, head + new_size);
    if (!grown) {
        if (b)
            link_block(a, b);
        return NULL;
    }
    grown->size = new_size;
    a->memory_used = a->memory_used - (b ? old_size : 0) + new_size;
    return link_block(a, grown);
}

void asm_memory_init(struct assembler *a)
{
    a->limited = (struct base_alloc){limited, a};
    base_arena_init(&a->arena, &a->limited);
}

void asm_memory_free(struct assembler *a)
{
    while (a->blocks) {
        struct asm_block *b = a->blocks;
        a->blocks = b->next;
        base_alloc_free(a->options->alloc, b, sizeof *b + b->size);
    }
}

static void no_memory(struct assembler *a)
{
    asm_fatal(a, "out of memory (limit %zu MiB)", a->memory_limit >> 20);
}

void *asm_get(struct assembler *a, size_t size)
{
    void *p = base_arena_zero(&a->arena, size);
    if (!p)
        no_memory(a);
    return p;
}

char *asm_text_copy(struct assembler *a, const char *text, size_t length)
{
    char *p = base_arena_text(&a->arena, length ? text : "", length);
    if (!p)
        no_memory(a);
    return p;
}

// A buffer's content, for keeping.
struct asm_text asm_keep_buf(struct assembler *a, const struct base_buf *b)
{
    asm_check(a, b);
    return (struct asm_text){asm_text_copy(a, (const char *)b->data, b->size), b->size};
}

const char *asm_format(struct assembler *a, const char *format, ...)
{
    struct base_buf b;
    base_buf_init(&b, &a->limited);
    va_list args;
    va_start(args, format);
    base_buf_vprintf(&b, format, args);
    va_end(args);
    const char *p = asm_keep_buf(a, &b).at;
    base_buf_free(&b);
    return p;
}

void asm_check(struct assembler *a, const struct base_buf *b)
{
    if (!base_buf_ok(b))
        no_memory(a);
}

// Makes room for one more element in a plain array that lives in the allocator.
void *asm_grow(struct assembler *a, void *array, size_t *capacity, size_t count, size_t element)
{
    if (count < *capacity)
        return array;
    size_t want = base_alloc_grow(*capacity, count + 1, element);
    void *p = want ? base_alloc_resize(&a->limited, array, *capacity * element, want * element) : NULL;
    if (!p)
        no_memory(a);
    *capacity = want;
    return p;
}

// One unit of work: a line read, a round of a loop. The bound makes endless macros end.
void asm_count_work(struct assembler *a)
{
    if (++a->work > a->work_limit)
        asm_fatal(a, "too many lines: the work limit of %llu is reached (a macro or loop without end?)",
                  (unsigned long long)a->work_limit);
}
