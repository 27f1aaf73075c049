// Real constants into IEEE bytes, correctly rounded for each format (MPFR does the decimal part).
#define MPFR_USE_INTMAX_T 1
#include <stdint.h>

#include <mpfr.h>
#include <string.h>

#include "asm/defs.h"

static int digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

// 3F800000r: the bits themselves, most significant digit first.
static bool raw_bits(const struct asm_token *t, uint32_t size, uint8_t *out)
{
    size_t n = t->length - 1;
    const char *p = t->text;
    while (n > 1 && *p == '0' && n > 2 * (size_t)size) {
        p++;
        n--;
    }
    if (n > 2 * (size_t)size)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i / 2] = (uint8_t)(out[i / 2] | digit(p[n - 1 - i]) << (i % 2 ? 4 : 0));
    return true;
}

struct format {
    int precision, exponent_bits;
    bool explicit_one;
};

static struct format format_of(uint32_t size)
{
    return size == 4   ? (struct format){24, 8, false}
           : size == 8 ? (struct format){53, 11, false}
                       : (struct format){64, 15, true};
}

// Bits of a finite number: mantissa scaled to an integer and biased exponent.
static bool pack(mpfr_t x, struct format f, bool negative, uint32_t size, uint8_t *out)
{
    int bias = (1 << (f.exponent_bits - 1)) - 1;
    uint64_t mantissa = 0;
    long exponent = 0;
    if (!mpfr_zero_p(x)) {
        exponent = (long)mpfr_get_exp(x) - 1 + bias; // x = m * 2^exp, 0.5 <= m < 1
        if (exponent >= (1 << f.exponent_bits) - 1)
            return false;
        mpfr_t m;
        mpfr_init2(m, f.precision);
        long shift = f.precision - (long)mpfr_get_exp(x);
        if (exponent <= 0) { // denormal
            shift += exponent - 1;
            exponent = 0;
        }
        mpfr_mul_2si(m, x, shift, MPFR_RNDN);
        mpfr_rint(m, m, MPFR_RNDN);
        mantissa = (uint64_t)mpfr_get_uj(m, MPFR_RNDN);
        mpfr_clear(m);
    }
    if (!f.explicit_one)
        mantissa &= (UINT64_C(1) << (f.precision - 1)) - 1;
    unsigned high = (unsigned)exponent | (negative ? 1u << f.exponent_bits : 0);
    int mantissa_bits = f.explicit_one ? 64 : f.precision - 1;
    for (uint32_t i = 0; i < size; i++) {
        int bit = (int)(8 * i);
        uint64_t low = bit < 64 ? mantissa >> bit : 0;
        int up = mantissa_bits - bit;
        uint64_t top = up >= 0 ? (up < 8 ? (uint64_t)high << up : 0) : (uint64_t)high >> -up;
        out[i] = (uint8_t)((up > 0 && up < 8 ? low & ((1u << up) - 1) : up <= 0 ? 0 : low) | top);
    }
    return true;
}

bool asm_real_bytes(const struct asm_token *t, bool negative, uint32_t size, uint8_t *out)
{
    if ((t->text[t->length - 1] | 0x20) == 'r')
        return raw_bits(t, size, out);
    char text[128];
    if (t->length >= sizeof text)
        return false;
    memcpy(text, t->text, t->length);
    text[t->length] = 0;
    struct format f = format_of(size);
    mpfr_t x;
    mpfr_init2(x, f.precision);
    mpfr_set_str(x, text, 10, MPFR_RNDN);
    bool ok = pack(x, f, negative, size, out);
    mpfr_clear(x);
    return ok;
}
