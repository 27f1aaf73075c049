// Address spans against a small, obviously right model: an array with one cell per unit of address.
#include "vmm/spans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

enum { BASE = 1000, UNITS = 400, ROUNDS = 20000 };

struct model {
    uint32_t owner[UNITS]; // row that holds the unit, 0 = free
};

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

// The lowest start that fits, UNITS = none.
static uint32_t expected(const struct model *m, uint32_t size, uint32_t align)
{
    for (uint32_t at = 0; at + size <= UNITS; at++) {
        uint32_t n = 0;
        while (n < size && !m->owner[at + n])
            n++;
        if (n == size && (BASE + at) % align == 0)
            return at;
    }
    return UNITS;
}

static void mark(struct model *m, const struct vmm_span *span, uint32_t owner)
{
    for (uint32_t i = 0; i < span->size; i++)
        m->owner[span->start - BASE + i] = owner;
}

static void compare(const struct vmm_spans *s, const struct model *m)
{
    uint32_t widest = 0, run = 0;
    for (uint32_t i = 0; i < UNITS; i++) {
        uint32_t row = vmm_spans_find(s, BASE + i);
        assert_int_not_equal(row, 0);
        assert_int_equal(vmm_span_at(s, row)->tag == VMM_SPAN_FREE ? 0 : row, m->owner[i]);
        run = m->owner[i] ? 0 : run + 1;
        widest = run > widest ? run : widest;
    }
    assert_int_equal(vmm_spans_widest(s), widest);
    assert_int_equal(vmm_spans_find(s, BASE - 1), 0);
    assert_int_equal(vmm_spans_find(s, BASE + UNITS), 0);
}

static void try_take(struct vmm_spans *s, struct model *m, uint32_t *seed)
{
    uint32_t size = next(seed) % 20 + 1, align = 1u << next(seed) % 4, want = expected(m, size, align);
    uint32_t row = vmm_spans_take(s, size, align, 7);
    assert_int_equal(row != 0, want != UNITS);
    if (!row)
        return;
    assert_int_equal(vmm_span_at(s, row)->start, BASE + want);
    mark(m, vmm_span_at(s, row), row);
}

static void try_change(struct vmm_spans *s, struct model *m, uint32_t *seed)
{
    uint32_t at = next(seed) % UNITS, row = m->owner[at];
    if (!row) {
        uint32_t taken = vmm_spans_take_at(s, BASE + at, 3, 9);
        bool free = at + 3 <= UNITS && !m->owner[at + 1] && !m->owner[at + 2];
        assert_int_equal(taken != 0, free);
        if (taken)
            mark(m, vmm_span_at(s, taken), taken);
        return;
    }
    struct vmm_span old = *vmm_span_at(s, row);
    if (next(seed) % 2) {
        mark(m, &old, 0);
        vmm_spans_release(s, row);
        return;
    }
    uint32_t size = next(seed) % 25 + 1, end = old.start - BASE + old.size, room = 0;
    while (end + room < UNITS && !m->owner[end + room])
        room++;
    assert_int_equal(vmm_spans_resize(s, row, size), size <= old.size + room);
    mark(m, &old, 0);
    mark(m, vmm_span_at(s, row), row);
}

static void behaves_as_the_model(void **state)
{
    (void)state;
    struct base_table rows;
    uint32_t root = 0, seed = 1;
    base_table_init(&rows, &base_heap, sizeof(struct vmm_span));
    struct vmm_spans spans = {&rows, &root};
    struct model model;
    memset(&model, 0, sizeof model);
    assert_true(vmm_spans_open(&spans, BASE, 100)); // in two parts that join
    assert_true(vmm_spans_open(&spans, BASE + 100, UNITS - 100));
    for (int i = 0; i < ROUNDS; i++) {
        if (next(&seed) % 2)
            try_take(&spans, &model, &seed);
        else
            try_change(&spans, &model, &seed);
        if (i % 16 == 0)
            compare(&spans, &model);
    }
    base_table_free(&rows);
}

static void gives_back_what_it_took(void **state)
{
    (void)state;
    struct base_table rows;
    uint32_t root = 0, row[UNITS];
    base_table_init(&rows, &base_heap, sizeof(struct vmm_span));
    struct vmm_spans spans = {&rows, &root};
    assert_true(vmm_spans_open(&spans, BASE, UNITS));
    for (int i = 0; i < UNITS; i++)
        row[i] = vmm_spans_take(&spans, 1, 1, 1);
    assert_int_equal(vmm_spans_take(&spans, 1, 1, 1), 0);
    for (int i = 0; i < UNITS; i++)
        vmm_spans_release(&spans, row[(i * 7) % UNITS]);
    assert_int_equal(rows.live, 1);
    assert_int_equal(vmm_spans_widest(&spans), UNITS);
    base_table_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_as_the_model),
        cmocka_unit_test(gives_back_what_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
