// Transcendental functions of the x87, correctly rounded by GNU MPFR: the same on every host.
#ifndef VXDKIT_X86_SOFT_MATH_H
#define VXDKIT_X86_SOFT_MATH_H

#include "x86/soft.h"

struct x86_float x86_soft_2xm1(struct x86_soft *s, struct x86_float x);
struct x86_float x86_soft_yl2x(struct x86_soft *s, struct x86_float x, struct x86_float y);
struct x86_float x86_soft_yl2xp1(struct x86_soft *s, struct x86_float x, struct x86_float y);
struct x86_float x86_soft_patan(struct x86_soft *s, struct x86_float x, struct x86_float y); // arc tangent of y / x

enum x86_soft_trig { SOFT_SIN, SOFT_COS, SOFT_TAN };
// *in_range false: the argument is 2^63 or more in magnitude, nothing is computed.
struct x86_float x86_soft_trigonometric(struct x86_soft *s, enum x86_soft_trig which, struct x86_float x,
                                        bool *in_range);

#endif
