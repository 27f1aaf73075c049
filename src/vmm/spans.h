// Which parts of an address range are taken: the bookkeeping behind the heap, the linear arenas and the V86 data areas.
// It lives on the host side on purpose, so that a driver that overruns its block cannot harm it. Spans are numbers in a
// table: copying the table copies the state. Finding, taking and releasing cost the logarithm of the number of spans.
#ifndef VXDKIT_VMM_SPANS_H
#define VXDKIT_VMM_SPANS_H

#include "base/table.h"

enum { VMM_SPAN_FREE = 0 }; // tag of a span that nobody owns

struct vmm_span {
    uint32_t start, size;
    uint32_t left, right; // rows of the search tree, by address
    uint32_t widest;      // size of the widest free span in this subtree
    uint32_t tag;         // VMM_SPAN_FREE or what the owner of the range calls it
    uint32_t value;       // belongs to the owner
    uint32_t module;      // driver that asked for it, 0 = none
};

// A view of one range's bookkeeping; the chapter that owns the range keeps the two.
struct vmm_spans {
    struct base_table *rows; // struct vmm_span
    uint32_t *root;          // 0 at first
};

// Opens [start, start + size) for taking; it must not be known yet. It joins free neighbours. False: no memory.
bool vmm_spans_open(struct vmm_spans *s, uint32_t start, uint32_t size) BASE_MUST_USE;

// Takes the lowest place of `size` bytes at a multiple of `align` (a power of two). The row, or 0: no room, no memory.
uint32_t vmm_spans_take(struct vmm_spans *s, uint32_t size, uint32_t align, uint32_t tag) BASE_MUST_USE;
// Takes exactly [start, start + size), which must be free.
uint32_t vmm_spans_take_at(struct vmm_spans *s, uint32_t start, uint32_t size, uint32_t tag) BASE_MUST_USE;
void vmm_spans_release(struct vmm_spans *s, uint32_t row);
// Grows into free room behind the span or gives its end back. False: no room or no memory, nothing changed.
bool vmm_spans_resize(struct vmm_spans *s, uint32_t row, uint32_t size) BASE_MUST_USE;

uint32_t vmm_spans_find(const struct vmm_spans *s, uint32_t address) BASE_MUST_USE;  // row that contains it, 0 = none
uint32_t vmm_spans_after(const struct vmm_spans *s, uint32_t address) BASE_MUST_USE; // first that starts at or after it
uint32_t vmm_spans_widest(const struct vmm_spans *s);                                // size of the widest free span

static inline struct vmm_span *vmm_span_at(const struct vmm_spans *s, uint32_t row)
{
    return base_table_at(s->rows, row);
}

#endif
