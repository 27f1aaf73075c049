// Interrupts out of nowhere: a board that raises INTR every few instructions, at random but reproducible places, and a
// handler that leaves every register in disorder. What a correct driver computes must not change. Works on a machine
// that has no other board: inject_begin after vmm_new, before vmm_boot.
#ifndef VXDKIT_TESTS_INJECT_H
#define VXDKIT_TESTS_INJECT_H

#include "vmm/guest.h"

enum { INJECT_VECTOR = 0x60, INJECT_MACHINES = 4 };

struct inject {
    struct vmm *v;
    uint64_t random;
    uint64_t at;   // ns
    uint32_t mean; // instructions from one to the next, on average
    uint32_t left; // interrupts still to come
    uint32_t taken;
    bool up;
};

// A board's functions get the machine alone.
static struct inject inject_of[INJECT_MACHINES];

static inline struct inject *inject_find(struct vmm *v)
{
    struct inject *free_place = NULL;
    for (unsigned i = 0; i < INJECT_MACHINES; i++) {
        if (inject_of[i].v == v)
            return &inject_of[i];
        if (!inject_of[i].v)
            free_place = &inject_of[i];
    }
    return free_place;
}

static inline uint32_t inject_random(struct inject *j)
{
    j->random = j->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(j->random >> 33);
}

static inline uint64_t inject_next(struct vmm *v)
{
    const struct inject *j = inject_find(v);
    return j->left && !j->up ? j->at : UINT64_MAX;
}

static inline void inject_advance(struct vmm *v, uint64_t now)
{
    struct inject *j = inject_find(v);
    if (!j->left || j->up || now < j->at)
        return;
    j->up = true;
    vmm_set_intr(v, true);
}

static inline uint8_t inject_acknowledge(struct vmm *v)
{
    struct inject *j = inject_find(v);
    j->up = false;
    j->left--;
    j->taken++;
    j->at = vmm_time(v) + (1 + inject_random(j) % (2 * j->mean)) * UINT64_C(20); // 20 ns each
    vmm_set_intr(v, false);
    return INJECT_VECTOR;
}

// The interrupted code must not notice.
static inline void inject_handler(struct vmm *v, uint8_t vector)
{
    (void)vector;
    struct inject *j = inject_find(v);
    for (unsigned r = 0; r < 8; r++)
        if (r != X86_ESP)
            vmm_regs(v)[r] = inject_random(j);
    vmm_set_flag(v, X86_CF, inject_random(j) & 1);
    vmm_set_flag(v, X86_ZF, inject_random(j) & 1);
}

static inline void inject_begin(struct vmm *v, uint64_t seed, uint32_t mean, uint32_t interrupts)
{
    static const struct vmm_board board = {
        .next = inject_next, .advance = inject_advance, .acknowledge = inject_acknowledge};
    struct inject *j = inject_find(v);
    *j = (struct inject){.v = v, .random = seed * 2862933555777941757u + 1, .mean = mean, .left = interrupts};
    vmm_set_board(v, &board);
    vmm_on_vector(v, INJECT_VECTOR, inject_handler);
}

// How many there were; the machine may be freed.
static inline uint32_t inject_end(struct vmm *v)
{
    struct inject *j = inject_find(v);
    uint32_t taken = j->taken;
    *j = (struct inject){0};
    return taken;
}

#endif
