// What every room shares about success and failure. Not a list of error codes: a function that can fail returns bool
// (true = done) or a pointer, and says why through diag.h or its own enum. Used by all rooms.
#ifndef VXDKIT_BASE_STATUS_H
#define VXDKIT_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define BASE_MUST_USE            __attribute__((warn_unused_result))
#define BASE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define BASE_UNLIKELY(x)         __builtin_expect(!!(x), 0)
#else
#define BASE_MUST_USE
#define BASE_PRINTF(text, first)
#define BASE_UNLIKELY(x) (x)
#endif

#define BASE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Little-endian access to bytes that come from outside or belong to the guest; alignment does not matter. One access
// where the host allows it: halves would hold up whoever reads the whole next, and not every compiler joins them.
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint16_t base_get16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint32_t base_get32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void base_put16(void *p, uint16_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline void base_put32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}
#else
static inline uint16_t base_get16(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}
static inline uint32_t base_get32(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
static inline void base_put16(void *p, uint16_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
}
static inline void base_put32(void *p, uint32_t v)
{
    base_put16(p, (uint16_t)v);
    base_put16((uint8_t *)p + 2, (uint16_t)(v >> 16));
}
#endif

#endif
