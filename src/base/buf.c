#include "base/buf.h"

#include <stdio.h>
#include <string.h>

void base_buf_init(struct base_buf *b, const struct base_alloc *alloc)
{
    *b = (struct base_buf){.alloc = alloc};
}

void base_buf_free(struct base_buf *b)
{
    base_alloc_free(b->alloc, b->data, b->capacity);
    base_buf_init(b, b->alloc);
}

void base_buf_clear(struct base_buf *b)
{
    b->size = 0;
    b->failed = false;
}

bool base_buf_ok(const struct base_buf *b)
{
    return !b->failed;
}

uint8_t *base_buf_reserve(struct base_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (b->capacity - b->size < n) {
        size_t want = n <= SIZE_MAX - b->size ? base_alloc_grow(b->capacity, b->size + n, 1) : 0;
        uint8_t *data = want ? base_alloc_resize(b->alloc, b->data, b->capacity, want) : NULL;
        if (!data) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->capacity = want;
    }
    return b->data + b->size;
}

void base_buf_add(struct base_buf *b, const void *data, size_t n)
{
    uint8_t *p = n ? base_buf_reserve(b, n) : NULL;
    if (p) {
        memcpy(p, data, n);
        b->size += n;
    }
}

void base_buf_fill(struct base_buf *b, uint8_t value, size_t n)
{
    uint8_t *p = n ? base_buf_reserve(b, n) : NULL;
    if (p) {
        memset(p, value, n);
        b->size += n;
    }
}

void base_buf_add8(struct base_buf *b, uint8_t v)
{
    base_buf_add(b, &v, 1);
}

void base_buf_add16(struct base_buf *b, uint16_t v)
{
    uint8_t p[2];
    base_put16(p, v);
    base_buf_add(b, p, 2);
}

void base_buf_add32(struct base_buf *b, uint32_t v)
{
    uint8_t p[4];
    base_put32(p, v);
    base_buf_add(b, p, 4);
}

void base_buf_put32(struct base_buf *b, size_t at, uint32_t v)
{
    if (!b->failed && at + 4 <= b->size)
        base_put32(b->data + at, v);
}

void base_buf_text(struct base_buf *b, const char *text)
{
    base_buf_add(b, text, strlen(text));
}

void base_buf_vprintf(struct base_buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    uint8_t *p = n >= 0 ? base_buf_reserve(b, (size_t)n + 1) : NULL;
    if (p) {
        vsnprintf((char *)p, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
}

void base_buf_printf(struct base_buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    base_buf_vprintf(b, format, args);
    va_end(args);
}

const char *base_buf_cstr(struct base_buf *b)
{
    uint8_t *p = base_buf_reserve(b, 1);
    if (!p)
        return "";
    *p = 0;
    return (const char *)b->data;
}

void base_buf_json(struct base_buf *b, const char *text, size_t n)
{
    base_buf_add8(b, '"');
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c == '"' || c == '\\')
            base_buf_printf(b, "\\%c", c);
        else if (c == '\n')
            base_buf_text(b, "\\n");
        else if (c < 0x20 || c >= 0x7f)
            base_buf_printf(b, "\\u%04x", c);
        else
            base_buf_add8(b, c);
    }
    base_buf_add8(b, '"');
}
