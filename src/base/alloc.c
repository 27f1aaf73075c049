#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *heap(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

const struct base_alloc base_heap = {heap, NULL};

void *base_alloc_get(const struct base_alloc *a, size_t size)
{
    return a->fn(a->user, NULL, 0, size ? size : 1);
}

void *base_alloc_zero(const struct base_alloc *a, size_t size)
{
    if (a->fn == heap)
        return calloc(1, size ? size : 1); // what is fresh from the system is not touched
    void *p = base_alloc_get(a, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *base_alloc_resize(const struct base_alloc *a, void *ptr, size_t old_size, size_t new_size)
{
    return a->fn(a->user, ptr, old_size, new_size ? new_size : 1);
}

void base_alloc_free(const struct base_alloc *a, void *ptr, size_t size)
{
    if (ptr)
        a->fn(a->user, ptr, size, 0);
}

size_t base_alloc_grow(size_t have, size_t need, size_t size)
{
    size_t n = have < 8 ? 8 : have;
    while (n < need) {
        if (n > SIZE_MAX / 2)
            return 0;
        n += n / 2;
    }
    return size && n > SIZE_MAX / size ? 0 : n;
}
