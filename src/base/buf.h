// A growable byte buffer: files being written, text being formatted. Failure is sticky: after the allocator has refused
// once, appends do nothing and base_buf_ok says so, so that a writer checks once at its end.
#ifndef VXDKIT_BASE_BUF_H
#define VXDKIT_BASE_BUF_H

#include <stdarg.h>

#include "base/alloc.h"

struct base_buf {
    const struct base_alloc *alloc;
    uint8_t *data;
    size_t size, capacity;
    bool failed;
};

void base_buf_init(struct base_buf *b, const struct base_alloc *alloc);
void base_buf_free(struct base_buf *b);
void base_buf_clear(struct base_buf *b); // empty, keeps its memory and forgets a failure
bool base_buf_ok(const struct base_buf *b) BASE_MUST_USE;

// Room for n more bytes at the end, which the caller fills; size is not changed. NULL on failure.
uint8_t *base_buf_reserve(struct base_buf *b, size_t n) BASE_MUST_USE;

void base_buf_add(struct base_buf *b, const void *data, size_t n);
void base_buf_fill(struct base_buf *b, uint8_t value, size_t n);
void base_buf_add8(struct base_buf *b, uint8_t v);
void base_buf_add16(struct base_buf *b, uint16_t v); // little-endian
void base_buf_add32(struct base_buf *b, uint32_t v);
void base_buf_put32(struct base_buf *b, size_t at, uint32_t v); // overwrite; at + 4 <= size

void base_buf_text(struct base_buf *b, const char *text);
void base_buf_printf(struct base_buf *b, const char *format, ...) BASE_PRINTF(2, 3);
void base_buf_vprintf(struct base_buf *b, const char *format, va_list args) BASE_PRINTF(2, 0);

// The content as a C string: a NUL is kept behind the end, not counted in size. "" when the buffer has failed.
const char *base_buf_cstr(struct base_buf *b);

// A JSON string literal, quotes included; bytes that are no ASCII come out as \u00XX (the code page is the driver's).
void base_buf_json(struct base_buf *b, const char *text, size_t n);

#endif
