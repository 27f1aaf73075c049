// See soft_math.h. Arguments go into MPFR exactly; results come out truncated to 128 bits with everything below made
// visible in the last one, and are rounded once, by soft.c. Silicon reduces arguments with a 66-bit pi and may be one
// unit off in the last place; these are the true values.
#include <mpfr.h>

#include "x86/soft_math.h"
#include "x86/soft_wide.h"

enum { EXACT_BITS = 64, RESULT_BITS = 128, WORK_BITS = 256 };

static void load(mpfr_t to, const struct x86_soft_parts *p)
{
    mpfr_init2(to, EXACT_BITS);
    mpfr_set_ui(to, (unsigned long)(p->m >> 32), MPFR_RNDZ);
    mpfr_mul_2ui(to, to, 32, MPFR_RNDZ);
    mpfr_add_ui(to, to, (unsigned long)(p->m & 0xffffffff), MPFR_RNDZ);
    mpfr_mul_2si(to, to, (long)p->exp - 63, MPFR_RNDZ);
    if (p->class == SOFT_ZERO)
        mpfr_set_zero(to, 1);
    if (p->class == SOFT_INFINITE)
        mpfr_set_inf(to, 1);
    if (p->sign)
        mpfr_neg(to, to, MPFR_RNDZ);
}

// The next 32 bits of v, which is in [0, 2^32) times 2^shift.
static uint64_t take_word(mpfr_t v)
{
    unsigned long word = mpfr_get_ui(v, MPFR_RNDZ);
    mpfr_sub_ui(v, v, word, MPFR_RNDZ);
    mpfr_mul_2ui(v, v, 32, MPFR_RNDZ);
    return word;
}

// Consumes v. `inexact`: something lies below its last bit.
static struct x86_float finish(struct x86_soft *s, mpfr_t v, bool inexact)
{
    struct x86_soft all = *s;
    bool sign = mpfr_signbit(v);
    all.precision = 64; // precision control does not reach these
    struct x86_float r = mpfr_zero_p(v) ? soft_zero(sign) : soft_infinity(sign);
    if (mpfr_regular_p(v)) {
        long exp = (long)mpfr_get_exp(v);
        mpfr_abs(v, v, MPFR_RNDZ);
        mpfr_mul_2si(v, v, 32 - exp, MPFR_RNDZ); // in [2^31, 2^32)
        uint64_t high = take_word(v) << 32, low;
        high |= take_word(v);
        low = take_word(v) << 32;
        low |= take_word(v);
        exp = exp < -100000 ? -100000 : exp > 100000 ? 100000 : exp;
        r = x86_soft_round(&all, sign, (int32_t)exp - 1, high, low | inexact);
    }
    mpfr_clear(v);
    s->flags = all.flags;
    s->up = all.up;
    return r;
}

static bool finite_or_zero(const struct x86_soft_parts *p)
{
    return p->class == SOFT_FINITE || p->class == SOFT_ZERO;
}

struct x86_float x86_soft_trigonometric(struct x86_soft *s, enum x86_soft_trig which, struct x86_float x,
                                        bool *in_range)
{
    static int (*const function[])(mpfr_t, const mpfr_t, mpfr_rnd_t) = {mpfr_sin, mpfr_cos, mpfr_tan};
    struct x86_float r;
    struct x86_soft_parts p = x86_soft_unpack(x);
    *in_range = true;
    if (x86_soft_nan(s, x, x, &r))
        return r;
    if (p.class == SOFT_INFINITE)
        return soft_invalid(s);
    *in_range = p.class == SOFT_ZERO || p.exp < 63;
    if (!*in_range)
        return x;
    if (p.denormal)
        s->flags |= SOFT_DE;
    mpfr_t v, y;
    load(v, &p);
    mpfr_init2(y, RESULT_BITS);
    bool inexact = function[which](y, v, MPFR_RNDZ) != 0;
    mpfr_clear(v);
    return finish(s, y, inexact);
}

// 2^x - 1, documented for -1 <= x <= 1.
struct x86_float x86_soft_2xm1(struct x86_soft *s, struct x86_float x)
{
    struct x86_float r;
    struct x86_soft_parts p = x86_soft_unpack(x);
    if (x86_soft_nan(s, x, x, &r))
        return r;
    if (p.denormal)
        s->flags |= SOFT_DE;
    if (p.class == SOFT_ZERO || (p.class == SOFT_INFINITE && !p.sign))
        return x;
    if (p.class == SOFT_INFINITE)
        return x86_soft_from_int(-1);
    mpfr_t v, t, y;
    load(v, &p);
    bool integer = mpfr_integer_p(v);
    mpfr_init2(t, WORK_BITS);
    mpfr_init2(y, RESULT_BITS);
    mpfr_const_log2(t, MPFR_RNDN);
    mpfr_mul(t, t, v, MPFR_RNDN);
    if (integer && p.exp < 6) { // the only exact results
        mpfr_set_ui_2exp(y, 1, mpfr_get_si(v, MPFR_RNDZ), MPFR_RNDZ);
        mpfr_sub_ui(y, y, 1, MPFR_RNDZ);
    } else {
        mpfr_expm1(y, t, MPFR_RNDZ);
    }
    bool inexact = !(integer && p.exp < 6);
    mpfr_clear(v);
    mpfr_clear(t);
    return finish(s, y, inexact);
}

// y * log2(x): the cases without a finite logarithm. True: *r is the answer.
static bool special_logarithm(struct x86_soft *s, const struct x86_soft_parts *x, const struct x86_soft_parts *y,
                              int sign_of_log, bool log_is_infinite, struct x86_float *r)
{
    bool sign = y->sign != (sign_of_log < 0);
    if (log_is_infinite) {
        if (y->class == SOFT_ZERO)
            *r = soft_invalid(s);
        else {
            if (x->class == SOFT_ZERO && y->class == SOFT_FINITE)
                s->flags |= SOFT_ZE;
            *r = soft_infinity(sign);
        }
        return true;
    }
    if (y->class == SOFT_INFINITE) {
        *r = sign_of_log == 0 ? soft_invalid(s) : soft_infinity(sign);
        return true;
    }
    return false;
}

static void note_denormals(struct x86_soft *s, const struct x86_soft_parts *x, const struct x86_soft_parts *y)
{
    if (x->denormal || y->denormal)
        s->flags |= SOFT_DE;
}

struct x86_float x86_soft_yl2x(struct x86_soft *s, struct x86_float x, struct x86_float y)
{
    struct x86_float r;
    struct x86_soft_parts px = x86_soft_unpack(x), py = x86_soft_unpack(y);
    if (x86_soft_nan(s, x, y, &r))
        return r;
    if (px.sign && px.class != SOFT_ZERO)
        return soft_invalid(s);
    bool one = px.class == SOFT_FINITE && px.exp == 0 && px.m == (uint64_t)1 << 63;
    int sign = px.class == SOFT_ZERO || (px.class == SOFT_FINITE && px.exp < 0) ? -1 : one ? 0 : 1;
    if (special_logarithm(s, &px, &py, sign, px.class != SOFT_FINITE, &r)) {
        if (!(s->flags & (SOFT_IE | SOFT_ZE)))
            note_denormals(s, &px, &py);
        return r;
    }
    note_denormals(s, &px, &py);
    mpfr_t vx, vy, t, z;
    load(vx, &px);
    load(vy, &py);
    mpfr_init2(t, WORK_BITS);
    mpfr_init2(z, RESULT_BITS);
    bool inexact = mpfr_log2(t, vx, MPFR_RNDN) != 0;
    inexact |= mpfr_mul(z, t, vy, MPFR_RNDZ) != 0;
    inexact = inexact && !mpfr_zero_p(z);
    mpfr_clear(vx);
    mpfr_clear(vy);
    mpfr_clear(t);
    return finish(s, z, inexact);
}

// y * log2(x + 1), documented for |x| < 1 - sqrt(1/2).
struct x86_float x86_soft_yl2xp1(struct x86_soft *s, struct x86_float x, struct x86_float y)
{
    struct x86_float r;
    struct x86_soft_parts px = x86_soft_unpack(x), py = x86_soft_unpack(y);
    if (x86_soft_nan(s, x, y, &r))
        return r;
    bool below = px.sign && (px.class == SOFT_INFINITE || (px.class == SOFT_FINITE && px.exp >= 0));
    if (below) // the logarithm of nothing positive
        return soft_invalid(s);
    int sign = px.class == SOFT_ZERO ? 0 : px.sign ? -1 : 1;
    if (special_logarithm(s, &px, &py, sign, px.class == SOFT_INFINITE, &r))
        return r;
    note_denormals(s, &px, &py);
    if (px.class == SOFT_ZERO || py.class == SOFT_ZERO)
        return soft_zero(px.sign != py.sign);
    mpfr_t vx, vy, t, ln2, z;
    load(vx, &px);
    load(vy, &py);
    mpfr_init2(t, WORK_BITS);
    mpfr_init2(ln2, WORK_BITS);
    mpfr_init2(z, RESULT_BITS);
    mpfr_log1p(t, vx, MPFR_RNDN);
    mpfr_const_log2(ln2, MPFR_RNDN);
    mpfr_div(t, t, ln2, MPFR_RNDN);
    mpfr_mul(z, t, vy, MPFR_RNDZ);
    mpfr_clear(vx);
    mpfr_clear(vy);
    mpfr_clear(t);
    mpfr_clear(ln2);
    return finish(s, z, true);
}

struct x86_float x86_soft_patan(struct x86_soft *s, struct x86_float x, struct x86_float y)
{
    struct x86_float r;
    struct x86_soft_parts px = x86_soft_unpack(x), py = x86_soft_unpack(y);
    if (x86_soft_nan(s, x, y, &r))
        return r;
    if (finite_or_zero(&px) || finite_or_zero(&py))
        note_denormals(s, &px, &py);
    mpfr_t vx, vy, z;
    load(vx, &px);
    load(vy, &py);
    mpfr_init2(z, RESULT_BITS);
    bool inexact = mpfr_atan2(z, vy, vx, MPFR_RNDZ) != 0;
    mpfr_clear(vx);
    mpfr_clear(vy);
    return finish(s, z, inexact);
}
