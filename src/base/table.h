// A growable table of plain records addressed by index: how a machine keeps its host-side state (threads, frames,
// events, time-outs). No record holds a host pointer, so copying a table copies the state: that is what snapshots rest
// on. Index 0 is never handed out and means "none".
#ifndef VXDKIT_BASE_TABLE_H
#define VXDKIT_BASE_TABLE_H

#include "base/alloc.h"

struct base_table {
    const struct base_alloc *alloc;
    uint8_t *rows;
    uint32_t row_size;
    uint32_t count;    // rows ever used, row 0 included
    uint32_t capacity; // rows allocated
    uint32_t free;     // head of the chain of freed rows (their first 4 bytes link), 0 = none
    uint32_t live;     // rows handed out and not freed
};

// row_size >= 4. Allocates nothing yet.
void base_table_init(struct base_table *t, const struct base_alloc *alloc, uint32_t row_size);
void base_table_free(struct base_table *t);

// A zeroed row; 0 when memory is exhausted. Pointers to rows are valid until the next base_table_new.
uint32_t base_table_new(struct base_table *t) BASE_MUST_USE;
void base_table_release(struct base_table *t, uint32_t index);

static inline void *base_table_at(const struct base_table *t, uint32_t index)
{
    return t->rows + (size_t)index * t->row_size;
}

// dst becomes an independent copy (dst initialised before, same row size). False: no memory, dst as it was.
bool base_table_copy(struct base_table *dst, const struct base_table *src) BASE_MUST_USE;

#endif
