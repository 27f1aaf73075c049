#include "base/diag.h"

#include <stdio.h>

void base_diag_init(struct base_diag *d, const struct base_alloc *alloc, base_diag_sink *sink, void *user)
{
    *d = (struct base_diag){.alloc = alloc, .sink = sink, .user = user};
    base_buf_init(&d->first, alloc);
}

void base_diag_free(struct base_diag *d)
{
    base_buf_free(&d->first);
}

static const char *const severity_names[] = {"note", "warning", "error", "fatal error"};

static void add_place(struct base_buf *b, const struct base_place *p)
{
    if (!p->file)
        return;
    base_buf_text(b, p->file);
    if (p->line)
        base_buf_printf(b, ":%u", p->line);
    if (p->line && p->column)
        base_buf_printf(b, ":%u", p->column);
    base_buf_text(b, ": ");
}

// The source line with the caret line; tabs are repeated in the caret line so that it lines up on any terminal. Other
// control characters could do anything to a terminal: they are shown as dots.
static void add_source(struct base_buf *b, const struct base_place *p)
{
    for (size_t i = 0; i < p->source_length; i++) {
        uint8_t c = (uint8_t)p->source[i];
        base_buf_add8(b, (c < ' ' && c != '\t') || c == 0x7f ? '.' : c);
    }
    base_buf_add8(b, '\n');
    if (p->column == 0)
        return;
    for (uint32_t i = 0; i + 1 < p->column; i++)
        base_buf_add8(b, i < p->source_length && p->source[i] == '\t' ? '\t' : ' ');
    base_buf_add8(b, '^');
    if (p->width > 1)
        base_buf_fill(b, '~', p->width - 1);
    base_buf_add8(b, '\n');
}

void base_diag_vreport(struct base_diag *d, enum base_severity severity, const struct base_place *place,
                       const char *format, va_list args)
{
    struct base_buf text;
    base_buf_init(&text, d->alloc);
    if (place)
        add_place(&text, place);
    base_buf_printf(&text, "%s: ", severity_names[severity]);
    base_buf_vprintf(&text, format, args);
    base_buf_add8(&text, '\n');
    if (place && place->source)
        add_source(&text, place);
    if (severity == BASE_WARNING)
        d->warnings++;
    if (severity >= BASE_ERROR && d->errors++ == 0)
        base_buf_text(&d->first, base_buf_cstr(&text));
    if (d->sink)
        d->sink(d->user, severity, text.failed ? "fatal error: out of memory\n" : base_buf_cstr(&text));
    base_buf_free(&text);
}

void base_diag_report(struct base_diag *d, enum base_severity severity, const struct base_place *place,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    base_diag_vreport(d, severity, place, format, args);
    va_end(args);
}

bool base_diag_fail(struct base_diag *d, const char *file, const char *format, ...)
{
    struct base_place place = {.file = file};
    va_list args;
    va_start(args, format);
    base_diag_vreport(d, BASE_ERROR, &place, format, args);
    va_end(args);
    return false;
}

bool base_diag_full(const struct base_diag *d)
{
    return d->error_limit && d->errors >= d->error_limit;
}

void base_diag_to_file(void *user, enum base_severity severity, const char *text)
{
    (void)severity;
    fputs(text, user);
}
