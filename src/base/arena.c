#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

struct base_arena_chunk {
    struct base_arena_chunk *older;
    size_t size;
    alignas(max_align_t) uint8_t bytes[];
};

void base_arena_init(struct base_arena *a, const struct base_alloc *alloc)
{
    *a = (struct base_arena){.alloc = alloc};
}

void base_arena_free(struct base_arena *a)
{
    while (a->chunks) {
        struct base_arena_chunk *c = a->chunks;
        a->chunks = c->older;
        base_alloc_free(a->alloc, c, sizeof *c + c->size);
    }
    base_arena_init(a, a->alloc);
}

// Chunks double up to a limit so that small users stay small and large ones ask seldom.
static bool add_chunk(struct base_arena *a, size_t need)
{
    size_t size = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < need)
        size = need;
    if (size > SIZE_MAX - sizeof(struct base_arena_chunk))
        return false;
    struct base_arena_chunk *c = base_alloc_get(a->alloc, sizeof *c + size);
    if (!c)
        return false;
    c->older = a->chunks;
    c->size = size;
    a->chunks = c;
    a->next = c->bytes;
    a->end = c->bytes + size;
    a->total += sizeof *c + size;
    return true;
}

void *base_arena_get(struct base_arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    if ((size_t)(a->end - a->next) < size && !add_chunk(a, size))
        return NULL;
    void *p = a->next;
    a->next += size;
    return p;
}

void *base_arena_zero(struct base_arena *a, size_t size)
{
    void *p = base_arena_get(a, size);
    if (p)
        memset(p, 0, size);
    return p;
}

char *base_arena_text(struct base_arena *a, const char *text, size_t n)
{
    char *p = n < SIZE_MAX ? base_arena_get(a, n + 1) : NULL;
    if (p) {
        memcpy(p, text, n);
        p[n] = 0;
    }
    return p;
}
