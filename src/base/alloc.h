// The one way to get host memory. A room never calls malloc: it is handed an allocator, so that tests can count, poison
// and fail the n-th request (tests/base/failing_alloc.h) and a host program can bring its own.
#ifndef VXDKIT_BASE_ALLOC_H
#define VXDKIT_BASE_ALLOC_H

#include "base/status.h"

// One function does all, as realloc does: ptr NULL allocates, new_size 0 frees and returns NULL. Returns NULL on
// failure and then leaves the old block alone. Blocks are aligned for any type. old_size is the size asked for last.
struct base_alloc {
    void *(*fn)(void *user, void *ptr, size_t old_size, size_t new_size);
    void *user;
};

// The C library's heap.
extern const struct base_alloc base_heap;

void *base_alloc_get(const struct base_alloc *a, size_t size) BASE_MUST_USE;  // uninitialised
void *base_alloc_zero(const struct base_alloc *a, size_t size) BASE_MUST_USE; // zeroed
void *base_alloc_resize(const struct base_alloc *a, void *ptr, size_t old_size, size_t new_size) BASE_MUST_USE;
void base_alloc_free(const struct base_alloc *a, void *ptr, size_t size); // ptr NULL: nothing

// Capacity to grow to when `need` elements of `size` bytes must fit and `have` do now; 0 when that overflows.
size_t base_alloc_grow(size_t have, size_t need, size_t size);

#endif
