// See soft.h. The basic operations; conversions and remainders are in soft_convert.c.
#include "x86/soft_wide.h"

const struct x86_float x86_soft_indefinite = {UINT64_C(0xc000000000000000), 0xffff};

struct x86_soft_parts x86_soft_unpack(struct x86_float f)
{
    unsigned biased = f.sign_exponent & 0x7fff;
    struct x86_soft_parts p = {.sign = f.sign_exponent >> 15, .exp = (int32_t)biased - SOFT_BIAS, .m = f.mantissa};
    bool integer_bit = f.mantissa >> 63;
    if (biased == 0x7fff) {
        uint64_t fraction = f.mantissa << 1;
        p.class = !integer_bit ? SOFT_UNSUPPORTED : !fraction ? SOFT_INFINITE : fraction >> 63 ? SOFT_QNAN : SOFT_SNAN;
    } else if (biased != 0) {
        p.class = integer_bit ? SOFT_FINITE : SOFT_UNSUPPORTED;
    } else if (f.mantissa == 0) {
        p.class = SOFT_ZERO;
    } else { // denormal, or pseudo-denormal with the integer bit set
        p.class = SOFT_FINITE;
        p.denormal = true;
        unsigned shift = soft_leading_zeros(p.m);
        p.exp = 1 - SOFT_BIAS - (int32_t)shift;
        p.m <<= shift;
    }
    return p;
}

static struct x86_float pack(bool sign, unsigned biased, uint64_t m)
{
    return (struct x86_float){m, (uint16_t)((sign ? 0x8000u : 0u) | biased)};
}

struct x86_float soft_zero(bool sign)
{
    return pack(sign, 0, 0);
}

struct x86_float soft_infinity(bool sign)
{
    return pack(sign, 0x7fff, (uint64_t)1 << 63);
}

struct x86_float soft_invalid(struct x86_soft *s)
{
    s->flags |= SOFT_IE;
    return x86_soft_indefinite;
}

// ---------------------------------------------------------------------------------------------------------------------
// Rounding

// Whether what lies below the last bit (as a fraction of 2^64) rounds the magnitude up.
static bool rounds_up(const struct x86_soft *s, bool sign, bool odd, uint64_t rest)
{
    switch (s->rounding) {
    case SOFT_NEAREST:
        return rest > (uint64_t)1 << 63 || (rest == (uint64_t)1 << 63 && odd);
    case SOFT_DOWN:
        return sign && rest;
    case SOFT_UP:
        return !sign && rest;
    default:
        return false;
    }
}

// Rounds m:low to `bits` bits of m; true when that carried out of m (m is then the top bit alone).
static bool round_bits(struct x86_soft *s, bool sign, unsigned bits, uint64_t *m, uint64_t low, bool *inexact)
{
    uint64_t rest = low, unit = 1;
    if (bits < 64) {
        rest = *m << bits | (low != 0);
        unit = (uint64_t)1 << (64 - bits);
        *m &= ~(unit - 1);
    }
    *inexact = rest != 0;
    s->up = rounds_up(s, sign, *m & unit, rest);
    if (!s->up)
        return false;
    *m += unit;
    if (*m != 0)
        return false;
    *m = (uint64_t)1 << 63;
    return true;
}

static void overflow(struct x86_soft *s, const struct soft_format *f, struct soft_rounded *r)
{
    s->flags |= SOFT_OE;
    bool masked = s->masks & SOFT_OE, too_far = !masked && r->biased - SOFT_WRAP > f->biased_max; // by FSCALE
    if (!masked && !too_far) {
        r->biased -= SOFT_WRAP;
        return;
    }
    bool infinite = too_far || s->rounding == SOFT_NEAREST || s->rounding == (r->sign ? SOFT_DOWN : SOFT_UP);
    s->flags |= SOFT_PE;
    s->up = infinite;
    r->biased = infinite ? f->biased_max + 1 : f->biased_max;
    r->m = infinite ? (uint64_t)1 << 63 : f->bits == 64 ? UINT64_MAX : ~(((uint64_t)1 << (64 - f->bits)) - 1);
}

// Below the normal range: tininess is detected after rounding as if the exponent had no bound.
static struct soft_rounded round_tiny(struct x86_soft *s, const struct soft_format *f, struct soft_rounded r,
                                      uint64_t low)
{
    uint64_t trial = r.m;
    bool inexact, carried = round_bits(s, r.sign, f->bits, &trial, low, &inexact);
    bool tiny = !(r.biased == 0 && carried);
    if (tiny && !(s->masks & SOFT_UE) && r.biased + SOFT_WRAP > 0) {
        s->flags |= SOFT_UE | (inexact ? SOFT_PE : 0);
        r.m = trial;
        r.biased += SOFT_WRAP + carried;
        return r;
    }
    if (tiny && !(s->masks & SOFT_UE)) { // too far even for the adjusted exponent
        s->flags |= SOFT_UE | SOFT_PE;
        s->up = false;
        return (struct soft_rounded){0, 0, r.sign};
    }
    soft_shift_right_jam(&r.m, &low, (uint32_t)(1 - r.biased));
    (void)round_bits(s, r.sign, f->bits, &r.m, low, &inexact);
    s->flags |= (uint8_t)((inexact ? SOFT_PE : 0) | (inexact && tiny ? SOFT_UE : 0));
    r.biased = r.m >> 63 ? 1 : 0;
    return r;
}

struct soft_rounded soft_round_to(struct x86_soft *s, const struct soft_format *f, bool sign, int32_t exp, uint64_t m,
                                  uint64_t low)
{
    struct soft_rounded r = {m, exp + f->bias, sign};
    bool inexact;
    if (r.biased <= 0)
        return round_tiny(s, f, r, low);
    r.biased += round_bits(s, sign, f->bits, &r.m, low, &inexact);
    if (inexact)
        s->flags |= SOFT_PE;
    if (r.biased > f->biased_max)
        overflow(s, f, &r);
    return r;
}

struct x86_float x86_soft_round(struct x86_soft *s, bool sign, int32_t exp, uint64_t m, uint64_t low)
{
    const struct soft_format f = {s->precision, SOFT_BIAS, 0x7ffe};
    struct soft_rounded r = soft_round_to(s, &f, sign, exp, m, low);
    return pack(sign, (unsigned)r.biased & 0x7fff, r.m);
}

// ---------------------------------------------------------------------------------------------------------------------
// NaNs

static struct x86_float quiet(struct x86_float f)
{
    f.mantissa |= (uint64_t)1 << 62;
    return f;
}

static bool is_nan(const struct x86_soft_parts *p)
{
    return p->class == SOFT_QNAN || p->class == SOFT_SNAN;
}

// Intel SDM 1, table 4-7: a quiet NaN before a signalling one, else the larger significand, else the positive one.
static struct x86_float choose_nan(struct x86_float a, const struct x86_soft_parts *pa, struct x86_float b,
                                   const struct x86_soft_parts *pb)
{
    if (!is_nan(pb) || !is_nan(pa))
        return quiet(is_nan(pa) ? a : b);
    if (pa->class != pb->class)
        return pa->class == SOFT_QNAN ? a : b;
    if (a.mantissa != b.mantissa)
        return quiet(a.mantissa > b.mantissa ? a : b);
    return quiet(pa->sign ? b : a);
}

bool x86_soft_nan(struct x86_soft *s, struct x86_float a, struct x86_float b, struct x86_float *r)
{
    struct x86_soft_parts pa = x86_soft_unpack(a), pb = x86_soft_unpack(b);
    if (pa.class == SOFT_UNSUPPORTED || pb.class == SOFT_UNSUPPORTED) {
        *r = soft_invalid(s);
        return true;
    }
    if (pa.class == SOFT_SNAN || pb.class == SOFT_SNAN)
        s->flags |= SOFT_IE;
    if (!is_nan(&pa) && !is_nan(&pb))
        return false;
    *r = choose_nan(a, &pa, b, &pb);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Addition

static void note_denormals(struct x86_soft *s, const struct x86_soft_parts *a, const struct x86_soft_parts *b)
{
    if (a->denormal || b->denormal)
        s->flags |= SOFT_DE;
}

// a and b are finite, a.exp >= b.exp.
static struct x86_float add_finite(struct x86_soft *s, struct x86_soft_parts a, struct x86_soft_parts b)
{
    uint64_t high = b.m, low = 0, sum, sum_low;
    soft_shift_right_jam(&high, &low, (uint32_t)(a.exp - b.exp));
    if (a.sign == b.sign) {
        sum = a.m + high;
        sum_low = low;
        if (sum < a.m) { // carry: one place to the right
            soft_shift_right_jam(&sum, &sum_low, 1);
            sum |= (uint64_t)1 << 63;
            a.exp++;
        }
        return x86_soft_round(s, a.sign, a.exp, sum, sum_low);
    }
    bool swap = high > a.m || (high == a.m && low != 0);
    sum_low = swap ? low : 0 - low;
    sum = swap ? high - a.m : a.m - high - (low != 0);
    if (!(sum | sum_low))
        return soft_zero(s->rounding == SOFT_DOWN);
    unsigned shift = soft_normalise(&sum, &sum_low);
    return x86_soft_round(s, a.sign ^ swap, a.exp - (int32_t)shift, sum, sum_low);
}

static struct x86_float add_parts(struct x86_soft *s, struct x86_soft_parts a, struct x86_soft_parts b)
{
    if (a.class == SOFT_INFINITE && b.class == SOFT_INFINITE && a.sign != b.sign)
        return soft_invalid(s);
    note_denormals(s, &a, &b);
    if (a.class == SOFT_INFINITE || b.class == SOFT_INFINITE)
        return soft_infinity(a.class == SOFT_INFINITE ? a.sign : b.sign);
    if (a.class == SOFT_ZERO && b.class == SOFT_ZERO)
        return soft_zero(a.sign == b.sign ? a.sign : s->rounding == SOFT_DOWN);
    if (a.class == SOFT_ZERO || b.class == SOFT_ZERO) {
        const struct x86_soft_parts *p = a.class == SOFT_ZERO ? &b : &a;
        return x86_soft_round(s, p->sign, p->exp, p->m, 0);
    }
    return a.exp >= b.exp ? add_finite(s, a, b) : add_finite(s, b, a);
}

struct x86_float x86_soft_add(struct x86_soft *s, struct x86_float a, struct x86_float b)
{
    struct x86_float r;
    if (x86_soft_nan(s, a, b, &r))
        return r;
    return add_parts(s, x86_soft_unpack(a), x86_soft_unpack(b));
}

struct x86_float x86_soft_subtract(struct x86_soft *s, struct x86_float a, struct x86_float b)
{
    struct x86_float r;
    if (x86_soft_nan(s, a, b, &r))
        return r;
    b.sign_exponent ^= 0x8000;
    return add_parts(s, x86_soft_unpack(a), x86_soft_unpack(b));
}

// ---------------------------------------------------------------------------------------------------------------------
// Multiplication, division, square root

struct x86_float x86_soft_multiply(struct x86_soft *s, struct x86_float x, struct x86_float y)
{
    struct x86_float r;
    if (x86_soft_nan(s, x, y, &r))
        return r;
    struct x86_soft_parts a = x86_soft_unpack(x), b = x86_soft_unpack(y);
    bool sign = a.sign != b.sign, zero = a.class == SOFT_ZERO || b.class == SOFT_ZERO;
    bool infinite = a.class == SOFT_INFINITE || b.class == SOFT_INFINITE;
    if (zero && infinite)
        return soft_invalid(s);
    note_denormals(s, &a, &b);
    if (zero || infinite)
        return zero ? soft_zero(sign) : soft_infinity(sign);
    uint64_t high, low = soft_multiply_wide(a.m, b.m, &high);
    int32_t exp = a.exp + b.exp + 1;
    exp -= (int32_t)soft_normalise(&high, &low);
    return x86_soft_round(s, sign, exp, high, low);
}

// m / d with both top bits set: quotient with its top bit set, and what is left as a 64-bit fraction good for rounding.
static uint64_t quotient(uint64_t m, uint64_t d, uint64_t *fraction, bool *below_one)
{
    uint64_t rest, q;
    *below_one = m < d;
    q = *below_one ? soft_divide_wide(m, 0, d, &rest) : soft_divide_wide(m >> 1, m << 63, d, &rest);
    uint64_t half = d - rest; // rest * 2 against d without overflow
    *fraction = rest == 0      ? 0
                : rest > half  ? UINT64_C(0xc000000000000000)
                : rest == half ? UINT64_C(0x8000000000000000)
                               : UINT64_C(0x4000000000000000);
    return q;
}

struct x86_float x86_soft_divide(struct x86_soft *s, struct x86_float x, struct x86_float y)
{
    struct x86_float r;
    if (x86_soft_nan(s, x, y, &r))
        return r;
    struct x86_soft_parts a = x86_soft_unpack(x), b = x86_soft_unpack(y);
    bool sign = a.sign != b.sign, fraction_below;
    if (a.class == b.class && a.class != SOFT_FINITE) // 0/0, infinity/infinity
        return soft_invalid(s);
    if (b.class == SOFT_ZERO && a.class == SOFT_FINITE) {
        s->flags |= SOFT_ZE;
        return soft_infinity(sign);
    }
    note_denormals(s, &a, &b);
    if (a.class == SOFT_INFINITE || b.class == SOFT_ZERO)
        return soft_infinity(sign);
    if (a.class == SOFT_ZERO || b.class == SOFT_INFINITE)
        return soft_zero(sign);
    uint64_t low, q = quotient(a.m, b.m, &low, &fraction_below);
    return x86_soft_round(s, sign, a.exp - b.exp - fraction_below, q, low);
}

// Bit by bit: root of high:low, and whether something is left over and how it compares with half a unit.
static uint64_t root_wide(uint64_t high, uint64_t low, uint64_t *fraction)
{
    uint64_t root = 0, rest = 0, rest_high = 0;
    for (unsigned i = 0; i < 64; i++) {
        rest_high = rest_high << 2 | rest >> 62;
        rest = rest << 2 | high >> 62;
        high = high << 2 | low >> 62;
        low <<= 2;
        uint64_t try_high = root >> 62, try_low = root << 2 | 1;
        root <<= 1;
        if (rest_high > try_high || (rest_high == try_high && rest >= try_low)) {
            rest_high = rest_high - try_high - (rest < try_low);
            rest -= try_low;
            root |= 1;
        }
    }
    // Above the half exactly when the rest exceeds the root: (root + 1/2)^2 = root^2 + root + 1/4.
    bool above = rest_high != 0 || rest > root;
    *fraction = !(rest_high | rest) ? 0 : above ? UINT64_C(0xc000000000000000) : UINT64_C(0x4000000000000000);
    return root;
}

struct x86_float x86_soft_root(struct x86_soft *s, struct x86_float x)
{
    struct x86_float r;
    if (x86_soft_nan(s, x, x, &r))
        return r;
    struct x86_soft_parts a = x86_soft_unpack(x);
    if (a.class == SOFT_ZERO)
        return x;
    if (a.sign)
        return soft_invalid(s);
    if (a.class == SOFT_INFINITE)
        return x;
    note_denormals(s, &a, &a);
    bool odd = a.exp & 1; // an even exponent halves; the significand takes the odd place
    uint64_t low, root = odd ? root_wide(a.m, 0, &low) : root_wide(a.m >> 1, a.m << 63, &low);
    return x86_soft_round(s, false, (a.exp - odd) / 2, root, low);
}
