// Address spans, free and taken ones together, in a treap ordered by address: priorities come from the row's number, so
// that the same requests give the same tree on every host. Each node knows the widest free span below it, which makes
// first fit a descent. Free neighbours are always joined.
#include "vmm/spans.h"

static uint32_t priority(uint32_t row)
{
    uint32_t h = row * 0x9E3779B1u;
    h ^= h >> 15;
    h *= 0x85EBCA77u;
    return h ^ h >> 13;
}

static uint32_t widest(const struct vmm_spans *s, uint32_t row)
{
    return row ? vmm_span_at(s, row)->widest : 0;
}

static void update(struct vmm_spans *s, uint32_t row)
{
    struct vmm_span *n = vmm_span_at(s, row);
    uint32_t w = n->tag == VMM_SPAN_FREE ? n->size : 0;
    if (widest(s, n->left) > w)
        w = widest(s, n->left);
    if (widest(s, n->right) > w)
        w = widest(s, n->right);
    n->widest = w;
}

// Nodes below `start` go to *low, the others to *high.
static void split(struct vmm_spans *s, uint32_t row, uint32_t start, uint32_t *low, uint32_t *high)
{
    if (!row) {
        *low = *high = 0;
        return;
    }
    struct vmm_span *n = vmm_span_at(s, row);
    if (n->start < start) {
        split(s, n->right, start, &n->right, high);
        *low = row;
    } else {
        split(s, n->left, start, low, &n->left);
        *high = row;
    }
    update(s, row);
}

static uint32_t merge(struct vmm_spans *s, uint32_t low, uint32_t high)
{
    if (!low || !high)
        return low ? low : high;
    uint32_t top;
    if (priority(low) > priority(high)) {
        struct vmm_span *n = vmm_span_at(s, low);
        n->right = merge(s, n->right, high);
        top = low;
    } else {
        struct vmm_span *n = vmm_span_at(s, high);
        n->left = merge(s, low, n->left);
        top = high;
    }
    update(s, top);
    return top;
}

static void link_row(struct vmm_spans *s, uint32_t row, uint32_t start, uint32_t size, uint32_t tag)
{
    struct vmm_span *n = vmm_span_at(s, row);
    *n = (struct vmm_span){.start = start, .size = size, .tag = tag};
    update(s, row);
    uint32_t low, high;
    split(s, *s->root, start, &low, &high);
    *s->root = merge(s, merge(s, low, row), high);
}

// Recomputes `widest` from the root down to the node that starts at `start`.
static void refresh(struct vmm_spans *s, uint32_t row, uint32_t start)
{
    struct vmm_span *n = vmm_span_at(s, row);
    if (start < n->start)
        refresh(s, n->left, start);
    else if (start > n->start)
        refresh(s, n->right, start);
    update(s, row);
}

static void unlink_row(struct vmm_spans *s, uint32_t row)
{
    uint32_t low, middle, high, start = vmm_span_at(s, row)->start;
    split(s, *s->root, start, &low, &middle);
    split(s, middle, start + 1, &middle, &high);
    *s->root = merge(s, low, high);
    base_table_release(s->rows, row);
}

uint32_t vmm_spans_find(const struct vmm_spans *s, uint32_t address)
{
    uint32_t row = *s->root;
    while (row) {
        const struct vmm_span *n = vmm_span_at(s, row);
        if (address >= n->start && address - n->start < n->size)
            return row;
        row = address < n->start ? n->left : n->right;
    }
    return 0;
}

uint32_t vmm_spans_after(const struct vmm_spans *s, uint32_t address)
{
    uint32_t best = 0;
    for (uint32_t row = *s->root; row;) {
        const struct vmm_span *n = vmm_span_at(s, row);
        if (n->start >= address)
            best = row;
        row = n->start >= address ? n->left : n->right;
    }
    return best;
}

uint32_t vmm_spans_widest(const struct vmm_spans *s)
{
    return widest(s, *s->root);
}

// The free span that starts where the one in `row` ends, 0 = none.
static uint32_t free_behind(const struct vmm_spans *s, uint32_t row)
{
    const struct vmm_span *n = vmm_span_at(s, row);
    uint32_t next = vmm_spans_find(s, n->start + n->size);
    return next && vmm_span_at(s, next)->tag == VMM_SPAN_FREE ? next : 0;
}

static void join_behind(struct vmm_spans *s, uint32_t row)
{
    uint32_t next = free_behind(s, row);
    if (!next)
        return;
    uint32_t more = vmm_span_at(s, next)->size;
    unlink_row(s, next);
    vmm_span_at(s, row)->size += more;
    refresh(s, *s->root, vmm_span_at(s, row)->start);
}

static void make_free(struct vmm_spans *s, uint32_t row)
{
    struct vmm_span *n = vmm_span_at(s, row);
    n->tag = VMM_SPAN_FREE;
    n->value = n->module = 0;
    refresh(s, *s->root, n->start);
    join_behind(s, row);
    uint32_t before = vmm_spans_find(s, vmm_span_at(s, row)->start - 1);
    if (before && vmm_span_at(s, before)->tag == VMM_SPAN_FREE)
        join_behind(s, before);
}

bool vmm_spans_open(struct vmm_spans *s, uint32_t start, uint32_t size)
{
    uint32_t row = base_table_new(s->rows);
    if (!row)
        return false;
    link_row(s, row, start, size, VMM_SPAN_FREE);
    make_free(s, row);
    return true;
}

// Turns [start, start + size) inside the free span `row` into a taken one; what is left over stays free.
static uint32_t carve(struct vmm_spans *s, uint32_t row, uint32_t start, uint32_t size, uint32_t tag)
{
    uint32_t from = vmm_span_at(s, row)->start, end = from + vmm_span_at(s, row)->size;
    uint32_t head = start > from ? base_table_new(s->rows) : 0;
    uint32_t tail = start + size < end ? base_table_new(s->rows) : 0;
    if ((start > from && !head) || (start + size < end && !tail)) {
        if (head)
            base_table_release(s->rows, head);
        if (tail)
            base_table_release(s->rows, tail);
        return 0;
    }
    struct vmm_span *n = vmm_span_at(s, row);
    n->tag = tag;
    n->start = start; // order is kept: nobody lies between `from` and `end`
    n->size = size;
    refresh(s, *s->root, start);
    if (head)
        link_row(s, head, from, start - from, VMM_SPAN_FREE);
    if (tail)
        link_row(s, tail, start + size, end - start - size, VMM_SPAN_FREE);
    return row;
}

static bool fits(const struct vmm_span *n, uint32_t size, uint32_t align, uint32_t *start)
{
    uint32_t skip = (0u - n->start) & (align - 1);
    *start = n->start + skip;
    return n->tag == VMM_SPAN_FREE && n->size >= size && n->size - size >= skip;
}

static uint32_t lowest_fit(const struct vmm_spans *s, uint32_t row, uint32_t size, uint32_t align, uint32_t *start)
{
    if (widest(s, row) < size || !row)
        return 0;
    const struct vmm_span *n = vmm_span_at(s, row);
    uint32_t found = lowest_fit(s, n->left, size, align, start);
    if (found)
        return found;
    if (fits(n, size, align, start))
        return row;
    return lowest_fit(s, n->right, size, align, start);
}

uint32_t vmm_spans_take(struct vmm_spans *s, uint32_t size, uint32_t align, uint32_t tag)
{
    uint32_t start = 0;
    uint32_t row = size ? lowest_fit(s, *s->root, size, align, &start) : 0;
    return row ? carve(s, row, start, size, tag) : 0;
}

uint32_t vmm_spans_take_at(struct vmm_spans *s, uint32_t start, uint32_t size, uint32_t tag)
{
    uint32_t row = size ? vmm_spans_find(s, start) : 0;
    if (!row)
        return 0;
    const struct vmm_span *n = vmm_span_at(s, row);
    if (n->tag != VMM_SPAN_FREE || n->size - (start - n->start) < size)
        return 0;
    return carve(s, row, start, size, tag);
}

void vmm_spans_release(struct vmm_spans *s, uint32_t row)
{
    make_free(s, row);
}

static bool shrink(struct vmm_spans *s, uint32_t row, uint32_t size)
{
    uint32_t rest = base_table_new(s->rows);
    if (!rest)
        return false;
    struct vmm_span *n = vmm_span_at(s, row);
    uint32_t start = n->start + size, less = n->size - size;
    n->size = size;
    refresh(s, *s->root, n->start);
    link_row(s, rest, start, less, VMM_SPAN_FREE);
    make_free(s, rest);
    return true;
}

bool vmm_spans_resize(struct vmm_spans *s, uint32_t row, uint32_t size)
{
    struct vmm_span *n = vmm_span_at(s, row);
    if (size <= n->size)
        return size == n->size || shrink(s, row, size);
    uint32_t more = size - n->size, next = free_behind(s, row);
    if (!next || vmm_span_at(s, next)->size < more)
        return false;
    if (vmm_span_at(s, next)->size == more) {
        unlink_row(s, next);
    } else { // the free one moves up: its place in the order stays
        vmm_span_at(s, next)->start += more;
        vmm_span_at(s, next)->size -= more;
        refresh(s, *s->root, vmm_span_at(s, next)->start);
    }
    vmm_span_at(s, row)->size = size;
    refresh(s, *s->root, n->start);
    return true;
}
