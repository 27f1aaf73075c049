// 128-bit integer pieces and formats, shared by the soft*.c files.
#ifndef VXDKIT_X86_SOFT_WIDE_H
#define VXDKIT_X86_SOFT_WIDE_H

#include "x86/soft.h"

enum { SOFT_BIAS = 16383, SOFT_WRAP = 24576 }; // exponent adjustment of unmasked overflow and underflow

struct soft_format {
    unsigned bits; // of the significand
    int32_t bias, biased_max;
};

struct soft_rounded {
    uint64_t m;
    int32_t biased;
    bool sign;
};

struct soft_rounded soft_round_to(struct x86_soft *s, const struct soft_format *f, bool sign, int32_t exp, uint64_t m,
                                  uint64_t low);
struct x86_float soft_zero(bool sign);
struct x86_float soft_infinity(bool sign);
struct x86_float soft_invalid(struct x86_soft *s);

static inline unsigned soft_leading_zeros(uint64_t v)
{
#if defined(__GNUC__)
    return v ? (unsigned)__builtin_clzll(v) : 64;
#else
    unsigned n = 0;
    for (; n < 64 && !(v >> 63); n++)
        v <<= 1;
    return n;
#endif
}

// high:low >> by; bits shifted out stay visible in the lowest one.
static inline void soft_shift_right_jam(uint64_t *high, uint64_t *low, uint32_t by)
{
    if (by == 0)
        return;
    if (by < 64) {
        uint64_t lost = *low << (64 - by);
        *low = *high << (64 - by) | *low >> by | (lost != 0);
        *high >>= by;
    } else if (by < 128) {
        uint64_t lost = by == 64 ? *low : *high << (128 - by) | *low;
        *low = (by == 64 ? *high : *high >> (by - 64)) | (lost != 0);
        *high = 0;
    } else {
        *low = (*high | *low) != 0;
        *high = 0;
    }
}

// Shifts left until the top bit is set; how far. high:low is not 0.
static inline unsigned soft_normalise(uint64_t *high, uint64_t *low)
{
    unsigned shift = 0;
    if (*high == 0) {
        *high = *low;
        *low = 0;
        shift = 64;
    }
    unsigned n = soft_leading_zeros(*high);
    if (n != 0) {
        *high = *high << n | *low >> (64 - n);
        *low <<= n;
    }
    return shift + n;
}

static inline uint64_t soft_multiply_wide(uint64_t a, uint64_t b, uint64_t *high)
{
    uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    uint64_t middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
    *high = p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
    return middle << 32 | (p00 & 0xffffffff);
}

// One 32-bit digit of a quotient: high:digit / d, d with its top bit set (Knuth 4.3.1, algorithm D).
static inline uint64_t soft_quotient_digit(uint64_t *rest, uint64_t digit, uint64_t d)
{
    uint64_t d1 = d >> 32, d0 = d & 0xffffffff, q = *rest / d1, r = *rest % d1;
    while (q >> 32 || q * d0 > (r << 32 | digit)) {
        q--;
        r += d1;
        if (r >> 32)
            break;
    }
    *rest = (*rest << 32 | digit) - q * d;
    return q;
}

// high:low / d with high < d and the top bit of d set.
static inline uint64_t soft_divide_wide(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest)
{
    uint64_t r = high, q1 = soft_quotient_digit(&r, low >> 32, d), q0 = soft_quotient_digit(&r, low & 0xffffffff, d);
    *rest = r;
    return q1 << 32 | q0;
}

#endif
