// 80-bit arithmetic in integers, as the x87 does it: every rounding mode and precision, every exception, and whether
// the result was rounded up. One implementation for all hosts, so results are the same everywhere; the tests hold it
// against the x87 of hosts that have one. Knows nothing of the register stack.
#ifndef VXDKIT_X86_SOFT_H
#define VXDKIT_X86_SOFT_H

#include "x86/x86.h"

enum x86_soft_flag { SOFT_IE = 1, SOFT_DE = 2, SOFT_ZE = 4, SOFT_OE = 8, SOFT_UE = 16, SOFT_PE = 32 };
enum x86_soft_rounding { SOFT_NEAREST, SOFT_DOWN, SOFT_UP, SOFT_CHOP };

struct x86_soft {
    uint8_t rounding;  // enum x86_soft_rounding
    uint8_t precision; // bits of the significand: 24, 53 or 64
    uint8_t masks;     // masked exceptions, as in the control word
    uint8_t flags;     // raised since cleared
    bool up;           // the last rounding increased the magnitude
};

enum x86_soft_class { SOFT_ZERO, SOFT_FINITE, SOFT_INFINITE, SOFT_QNAN, SOFT_SNAN, SOFT_UNSUPPORTED };

// A number taken apart: m * 2^(exp - 63), the top bit of m set when finite.
struct x86_soft_parts {
    enum x86_soft_class class;
    bool sign, denormal;
    int32_t exp;
    uint64_t m;
};

extern const struct x86_float x86_soft_indefinite; // the quiet NaN that masked invalid operations give

struct x86_soft_parts x86_soft_unpack(struct x86_float f);
// Rounds m:low * 2^(exp - 63) to the precision and range of a register.
struct x86_float x86_soft_round(struct x86_soft *s, bool sign, int32_t exp, uint64_t m, uint64_t low);
// The NaN that an operation with a NaN among its operands gives, SOFT_IE raised where one signals. False: there is
// none.
bool x86_soft_nan(struct x86_soft *s, struct x86_float a, struct x86_float b, struct x86_float *r);

struct x86_float x86_soft_add(struct x86_soft *s, struct x86_float a, struct x86_float b);
struct x86_float x86_soft_subtract(struct x86_soft *s, struct x86_float a, struct x86_float b);
struct x86_float x86_soft_multiply(struct x86_soft *s, struct x86_float a, struct x86_float b);
struct x86_float x86_soft_divide(struct x86_soft *s, struct x86_float a, struct x86_float b);
struct x86_float x86_soft_root(struct x86_soft *s, struct x86_float a);
struct x86_float x86_soft_integral(struct x86_soft *s, struct x86_float a); // FRNDINT
struct x86_float x86_soft_scale(struct x86_soft *s, struct x86_float a, struct x86_float b);
// FPREM (nearest false) and FPREM1; *complete and the low three quotient bits.
struct x86_float x86_soft_remainder(struct x86_soft *s, struct x86_float a, struct x86_float b, bool nearest,
                                    bool *complete, unsigned *quotient);

enum x86_soft_order { SOFT_GREATER, SOFT_LESS, SOFT_EQUAL, SOFT_UNORDERED };
enum x86_soft_order x86_soft_compare(struct x86_soft *s, struct x86_float a, struct x86_float b, bool quiet);

struct x86_float x86_soft_from_int(int64_t v);
struct x86_float x86_soft_from_32(struct x86_soft *s, uint32_t v);
struct x86_float x86_soft_from_64(struct x86_soft *s, uint64_t v);
// To memory formats. `bits` 16, 32 or 64; out of range gives the integer indefinite and SOFT_IE.
int64_t x86_soft_to_int(struct x86_soft *s, struct x86_float a, unsigned bits);
uint64_t x86_soft_to_64(struct x86_soft *s, struct x86_float a);
uint32_t x86_soft_to_32(struct x86_soft *s, struct x86_float a);

#endif
