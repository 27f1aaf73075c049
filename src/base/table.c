#include "base/table.h"

#include <assert.h>
#include <string.h>

void base_table_init(struct base_table *t, const struct base_alloc *alloc, uint32_t row_size)
{
    assert(row_size >= sizeof(uint32_t));
    *t = (struct base_table){.alloc = alloc, .row_size = row_size};
}

void base_table_free(struct base_table *t)
{
    base_alloc_free(t->alloc, t->rows, (size_t)t->capacity * t->row_size);
    base_table_init(t, t->alloc, t->row_size);
}

static bool grow(struct base_table *t, uint32_t need)
{
    size_t want = base_alloc_grow(t->capacity, need, t->row_size);
    if (!want || want > UINT32_MAX)
        return false;
    void *rows = base_alloc_resize(t->alloc, t->rows, (size_t)t->capacity * t->row_size, want * t->row_size);
    if (!rows)
        return false;
    t->rows = rows;
    t->capacity = (uint32_t)want;
    return true;
}

uint32_t base_table_new(struct base_table *t)
{
    uint32_t index = t->free;
    if (index) {
        memcpy(&t->free, base_table_at(t, index), sizeof t->free);
        memset(base_table_at(t, index), 0, sizeof t->free); // the rest is zero since the release
    } else {
        if (t->count == 0)
            t->count = 1;
        if (t->count >= t->capacity && !grow(t, t->count + 1))
            return 0;
        index = t->count++;
        memset(base_table_at(t, index), 0, t->row_size);
    }
    t->live++;
    return index;
}

void base_table_release(struct base_table *t, uint32_t index)
{
    assert(index && index < t->count);
    memset(base_table_at(t, index), 0, t->row_size);
    memcpy(base_table_at(t, index), &t->free, sizeof t->free);
    t->free = index;
    t->live--;
}

bool base_table_copy(struct base_table *dst, const struct base_table *src)
{
    assert(dst->row_size == src->row_size);
    if (dst->capacity < src->count && !grow(dst, src->count))
        return false;
    dst->count = src->count;
    dst->free = src->free;
    dst->live = src->live;
    if (src->count) {
        memset(dst->rows, 0, dst->row_size);
        memcpy(dst->rows + dst->row_size, src->rows + src->row_size, (size_t)(src->count - 1) * src->row_size);
    }
    return true;
}
