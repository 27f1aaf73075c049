// An allocator that refuses its n-th request, and counts what is not given back.
#ifndef VXDKIT_TESTS_FAILING_ALLOC_H
#define VXDKIT_TESTS_FAILING_ALLOC_H

#include "base/alloc.h"

struct failing_alloc {
    long left; // requests that are still granted
    size_t held;
    bool refused;
};

static inline void *failing_alloc_fn(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct failing_alloc *f = user;
    if (new_size && f->left-- <= 0) {
        f->refused = true;
        return NULL;
    }
    f->held += new_size - (ptr ? old_size : 0);
    return base_heap.fn(base_heap.user, ptr, old_size, new_size);
}

#endif
