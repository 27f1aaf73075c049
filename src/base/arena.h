// A bump allocator: many small things that die together (tokens, symbols, parsed images). Nothing is freed one by one.
#ifndef VXDKIT_BASE_ARENA_H
#define VXDKIT_BASE_ARENA_H

#include "base/alloc.h"

struct base_arena_chunk;

struct base_arena {
    const struct base_alloc *alloc;
    struct base_arena_chunk *chunks; // newest first
    uint8_t *next, *end;             // free room in the newest chunk
    size_t total;                    // bytes obtained from the allocator
};

void base_arena_init(struct base_arena *a, const struct base_alloc *alloc);
void base_arena_free(struct base_arena *a); // all at once; the arena may be used again

// Memory aligned for any type, uninitialised; NULL when the allocator refuses.
void *base_arena_get(struct base_arena *a, size_t size) BASE_MUST_USE;
void *base_arena_zero(struct base_arena *a, size_t size) BASE_MUST_USE;

// A NUL-terminated copy of n bytes.
char *base_arena_text(struct base_arena *a, const char *text, size_t n) BASE_MUST_USE;

#endif
