// See soft.h: comparison, integers and the memory formats, FRNDINT, FSCALE, FPREM.
#include "x86/soft_wide.h"

static const struct soft_format single_format = {24, 127, 0xfe}, double_format = {53, 1023, 0x7fe};

enum x86_soft_order x86_soft_compare(struct x86_soft *s, struct x86_float x, struct x86_float y, bool quiet)
{
    struct x86_soft_parts a = x86_soft_unpack(x), b = x86_soft_unpack(y);
    bool nan = a.class >= SOFT_QNAN || b.class >= SOFT_QNAN;
    if (nan) {
        bool only_quiet = a.class <= SOFT_QNAN && b.class <= SOFT_QNAN;
        if (!quiet || !only_quiet)
            s->flags |= SOFT_IE;
        return SOFT_UNORDERED;
    }
    if (a.denormal || b.denormal)
        s->flags |= SOFT_DE;
    if (a.class == SOFT_ZERO && b.class == SOFT_ZERO)
        return SOFT_EQUAL;
    if (a.class == SOFT_ZERO)
        return b.sign ? SOFT_GREATER : SOFT_LESS;
    if (b.class == SOFT_ZERO || a.sign != b.sign)
        return a.sign ? SOFT_LESS : SOFT_GREATER;
    if (a.exp == b.exp && a.m == b.m)
        return SOFT_EQUAL;
    bool larger = a.exp != b.exp ? a.exp > b.exp : a.m > b.m;
    return larger != a.sign ? SOFT_GREATER : SOFT_LESS;
}

// ---------------------------------------------------------------------------------------------------------------------
// Integers

struct x86_float x86_soft_from_int(int64_t v)
{
    if (v == 0)
        return soft_zero(false);
    bool sign = v < 0;
    uint64_t m = sign ? 0 - (uint64_t)v : (uint64_t)v;
    unsigned shift = soft_leading_zeros(m);
    return (struct x86_float){m << shift, (uint16_t)((sign ? 0x8000u : 0u) | (SOFT_BIAS + 63 - shift))};
}

// Magnitude rounded to an integer; exp < 64. *low is what was below the point.
static uint64_t to_magnitude(struct x86_soft *s, const struct x86_soft_parts *a, bool *inexact, bool *carried)
{
    uint64_t high = a->m, low = 0;
    soft_shift_right_jam(&high, &low, (uint32_t)(63 - a->exp));
    *inexact = low != 0;
    bool half = low == (uint64_t)1 << 63, more = low > (uint64_t)1 << 63;
    s->up = s->rounding == SOFT_NEAREST ? more || (half && (high & 1))
            : s->rounding == SOFT_CHOP  ? false
                                        : *inexact && a->sign == (s->rounding == SOFT_DOWN);
    high += s->up;
    *carried = s->up && high == 0;
    return high;
}

int64_t x86_soft_to_int(struct x86_soft *s, struct x86_float x, unsigned bits)
{
    struct x86_soft_parts a = x86_soft_unpack(x);
    uint64_t most = (uint64_t)1 << (bits - 1);
    int64_t indefinite = -(int64_t)(most - 1) - 1;
    bool inexact = false, carried = false;
    s->up = false;
    if (a.class == SOFT_ZERO)
        return 0;
    uint64_t m = 0;
    bool in_range = a.class == SOFT_FINITE && a.exp < 64;
    if (in_range) {
        m = to_magnitude(s, &a, &inexact, &carried);
        in_range = !carried && (m < most || (a.sign && m == most));
    }
    if (!in_range) {
        s->flags |= SOFT_IE;
        s->up = false;
        return indefinite;
    }
    if (inexact)
        s->flags |= SOFT_PE;
    return a.sign ? (m == most ? indefinite : -(int64_t)m) : (int64_t)m;
}

struct x86_float x86_soft_integral(struct x86_soft *s, struct x86_float x)
{
    struct x86_float r;
    bool inexact, carried;
    if (x86_soft_nan(s, x, x, &r))
        return r;
    struct x86_soft_parts a = x86_soft_unpack(x);
    if (a.denormal)
        s->flags |= SOFT_DE;
    if (a.class != SOFT_FINITE || a.exp >= 63)
        return x;
    uint64_t m = to_magnitude(s, &a, &inexact, &carried);
    if (inexact)
        s->flags |= SOFT_PE;
    if (m == 0)
        return soft_zero(a.sign);
    unsigned shift = soft_leading_zeros(m);
    return (struct x86_float){m << shift, (uint16_t)((a.sign ? 0x8000u : 0u) | (SOFT_BIAS + 63 - shift))};
}

// ---------------------------------------------------------------------------------------------------------------------
// Single and double

// A memory format taken apart: exponent and fraction, the fraction at the top of 64 bits without its integer bit.
static struct x86_float widen(struct x86_soft *s, bool sign, int32_t biased, int32_t biased_nan, int32_t bias,
                              uint64_t fraction)
{
    uint16_t top = sign ? 0x8000 : 0;
    uint64_t one = (uint64_t)1 << 63;
    if (biased == biased_nan) {
        struct x86_float f = {one | fraction >> 1, (uint16_t)(top | 0x7fff)};
        if (fraction && !(fraction >> 63)) { // signalling
            s->flags |= SOFT_IE;
            f.mantissa |= one >> 1;
        }
        return f;
    }
    if (biased != 0)
        return (struct x86_float){one | fraction >> 1, (uint16_t)(top | (uint32_t)(biased - bias + SOFT_BIAS))};
    if (fraction == 0)
        return soft_zero(sign);
    s->flags |= SOFT_DE;
    unsigned shift = soft_leading_zeros(fraction);
    return (struct x86_float){fraction << shift, (uint16_t)(top | (uint32_t)(SOFT_BIAS - bias - (int32_t)shift))};
}

struct x86_float x86_soft_from_32(struct x86_soft *s, uint32_t v)
{
    return widen(s, v >> 31, v >> 23 & 0xff, 0xff, 127, (uint64_t)v << 41);
}

struct x86_float x86_soft_from_64(struct x86_soft *s, uint64_t v)
{
    return widen(s, v >> 63, v >> 52 & 0x7ff, 0x7ff, 1023, v << 12);
}

// Sign, exponent and significand in a narrower format, the significand's top bit at bit 63.
static bool narrow(struct x86_soft *s, struct x86_float x, const struct soft_format *f, struct soft_rounded *r)
{
    struct x86_soft_parts a = x86_soft_unpack(x);
    struct x86_float nan;
    s->up = false;
    if (x86_soft_nan(s, x, x, &nan)) {
        *r = (struct soft_rounded){nan.mantissa, f->biased_max + 1, nan.sign_exponent >> 15};
        return true;
    }
    if (a.class == SOFT_ZERO || a.class == SOFT_INFINITE) {
        *r = (struct soft_rounded){a.m, a.class == SOFT_ZERO ? 0 : f->biased_max + 1, a.sign};
        return true;
    }
    *r = soft_round_to(s, f, a.sign, a.exp, a.m, 0); // stores of denormals do not signal
    return true;
}

uint64_t x86_soft_to_64(struct x86_soft *s, struct x86_float x)
{
    struct soft_rounded r;
    (void)narrow(s, x, &double_format, &r);
    return (uint64_t)r.sign << 63 | ((uint64_t)r.biased & 0x7ff) << 52 | (r.m << 1 >> 12);
}

uint32_t x86_soft_to_32(struct x86_soft *s, struct x86_float x)
{
    struct soft_rounded r;
    (void)narrow(s, x, &single_format, &r);
    return (uint32_t)r.sign << 31 | ((uint32_t)r.biased & 0xff) << 23 | (uint32_t)(r.m << 1 >> 41);
}

// ---------------------------------------------------------------------------------------------------------------------
// FSCALE and FPREM

struct x86_float x86_soft_scale(struct x86_soft *s, struct x86_float x, struct x86_float y)
{
    struct x86_float r;
    if (x86_soft_nan(s, x, y, &r))
        return r;
    struct x86_soft_parts a = x86_soft_unpack(x), b = x86_soft_unpack(y);
    if (b.class == SOFT_INFINITE) {
        if ((a.class == SOFT_INFINITE && b.sign) || (a.class == SOFT_ZERO && !b.sign))
            return soft_invalid(s);
        if (a.denormal)
            s->flags |= SOFT_DE;
        return a.class == SOFT_INFINITE || (a.class == SOFT_FINITE && !b.sign) ? soft_infinity(a.sign)
                                                                               : soft_zero(a.sign);
    }
    if (a.denormal || b.denormal)
        s->flags |= SOFT_DE;
    if (a.class != SOFT_FINITE)
        return x;
    int32_t by = 0;
    if (b.class == SOFT_FINITE && b.exp >= 0)
        by = b.exp > 15 ? 0x10000 : (int32_t)(b.m >> (63 - b.exp));
    struct x86_soft all = *s;
    all.precision = 64; // FSCALE is exact but for range
    r = x86_soft_round(&all, a.sign, a.exp + (b.sign ? -by : by), a.m, 0);
    s->flags = all.flags;
    s->up = all.up;
    return r;
}

// m, shifted left bit by bit, modulo d; the quotient's low bits.
static uint64_t reduce(uint64_t m, uint64_t d, uint32_t steps, uint64_t *q)
{
    *q = 0;
    for (uint32_t i = 0;; i++) {
        bool carry = false;
        if (i > 0) {
            carry = m >> 63;
            m <<= 1;
            *q <<= 1;
        }
        if (carry || m >= d) {
            m -= d;
            *q |= 1;
        }
        if (i == steps)
            return m;
    }
}

static struct x86_float remainder_of(struct x86_soft *s, const struct x86_soft_parts *a, const struct x86_soft_parts *b,
                                     bool nearest, unsigned *quotient)
{
    uint64_t q, m = reduce(a->m, b->m, (uint32_t)(a->exp - b->exp), &q);
    bool sign = a->sign;
    if (nearest) {
        uint64_t rest = b->m - m;
        if (m > rest || (m == rest && (q & 1))) {
            m = rest;
            sign = !sign;
            q++;
        }
    }
    *quotient = (unsigned)(q & 7);
    if (m == 0)
        return soft_zero(a->sign);
    unsigned shift = soft_leading_zeros(m);
    return x86_soft_round(s, sign, b->exp - (int32_t)shift, m << shift, 0);
}

struct x86_float x86_soft_remainder(struct x86_soft *s, struct x86_float x, struct x86_float y, bool nearest,
                                    bool *complete, unsigned *quotient)
{
    struct x86_float r;
    *complete = true;
    *quotient = 0;
    if (x86_soft_nan(s, x, y, &r))
        return r;
    struct x86_soft_parts a = x86_soft_unpack(x), b = x86_soft_unpack(y);
    if (a.class == SOFT_INFINITE || b.class == SOFT_ZERO)
        return soft_invalid(s);
    if (a.denormal || b.denormal)
        s->flags |= SOFT_DE;
    if (a.class == SOFT_ZERO || b.class == SOFT_INFINITE)
        return x;
    int32_t d = a.exp - b.exp;
    struct x86_soft exact = {.rounding = SOFT_CHOP, .precision = 64, .masks = s->masks};
    if (d >= 64) { // a partial remainder: the exponent comes down by 32 to 63
        int32_t n = (d & 31) | 32;
        uint64_t q, m = reduce(a.m, b.m, (uint32_t)n, &q);
        *complete = false;
        if (m == 0)
            return soft_zero(a.sign);
        unsigned shift = soft_leading_zeros(m);
        r = x86_soft_round(&exact, a.sign, b.exp + d - n - (int32_t)shift, m << shift, 0);
    } else if (d < -1 || (d < 0 && !nearest)) {
        r = x86_soft_round(&exact, a.sign, a.exp, a.m, 0);
    } else if (d < 0) { // |a| < |b|: the nearest quotient is 0 or 1
        struct x86_soft_parts scaled = a;
        uint64_t half = b.m; // a against b / 2: exponents are one apart
        if (a.m > half) {
            struct x86_soft_parts t = b;
            uint64_t m = b.m - (scaled.m >> 1) - (scaled.m & 1), low = scaled.m & 1 ? (uint64_t)1 << 63 : 0;
            unsigned shift = soft_normalise(&m, &low);
            r = x86_soft_round(&exact, !a.sign, t.exp - (int32_t)shift, m, low);
            *quotient = 1;
        } else {
            r = x86_soft_round(&exact, a.sign, a.exp, a.m, 0);
        }
    } else {
        r = remainder_of(&exact, &a, &b, nearest, quotient);
    }
    s->flags |= exact.flags;
    return r;
}
