// Random instruction sequences for the differential tests. Everything follows from the seed.
#ifndef VXDKIT_TESTS_X86_RANDOM_CODE_H
#define VXDKIT_TESTS_X86_RANDOM_CODE_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

uint32_t random_next(struct random *r);
uint32_t random_below(struct random *r, uint32_t n);
uint32_t random_value(struct random *r); // likes the edges: 0, 1, -1, 7FFFFFFFh, 80h, ...

enum { RANDOM_CODE_MAX = 80 };

struct random_code {
    bool code32;    // default operand and address size
    bool addresses; // memory operands may use any registers; else they are aimed at [target, target + room)
    uint32_t target, room;
    const uint32_t *reg; // registers at the start, for aiming
    uint32_t undefined;  // out: flags that are undefined behind the sequence
    unsigned length;     // out
    uint8_t bytes[RANDOM_CODE_MAX];
};

// One to `most` instructions. Jumps go to the next one or RANDOM_CODE_MAX to
// RANDOM_CODE_MAX + 20 bytes ahead.
void random_integer_code(struct random *r, struct random_code *c, unsigned most);

#endif
