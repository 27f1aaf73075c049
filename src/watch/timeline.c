#include "watch/timeline.h"

#include "vmm/observe.h"
#include "watch/names.h"

#include <stdio.h>
#include <string.h>

struct watch_timeline *watch_timeline_new(const struct base_alloc *alloc)
{
    struct watch_timeline *t = base_alloc_zero(alloc, sizeof *t);
    if (t) {
        t->alloc = alloc;
        base_arena_init(&t->texts, alloc);
    }
    return t;
}

void watch_timeline_free(struct watch_timeline *t)
{
    if (!t)
        return;
    base_arena_free(&t->texts);
    base_alloc_free(t->alloc, t->rows, t->row_capacity * sizeof *t->rows);
    base_alloc_free(t->alloc, t->moments, t->moment_capacity * sizeof *t->moments);
    base_alloc_free(t->alloc, t, sizeof *t);
}

// Makes room for one more element; false when there is none or the limit is reached.
static bool grow(struct watch_timeline *t, void **rows, size_t *capacity, size_t count, size_t size, size_t limit)
{
    if (count < *capacity)
        return true;
    size_t want = count < limit ? base_alloc_grow(*capacity, count + 1, size) : 0;
    void *more = want ? base_alloc_resize(t->alloc, *rows, *capacity * size, want * size) : NULL;
    if (!more)
        return false;
    *rows = more;
    *capacity = want;
    return true;
}

// The row of an event or time-out, found from the newest backwards since those are the live ones.
static bool find_row(struct watch_timeline *t, uint32_t id, bool timeout, uint32_t *row)
{
    for (size_t i = t->row_count; i-- > 0;) {
        if (t->rows[i].id == id && t->rows[i].timeout == timeout) {
            *row = (uint32_t)i;
            return true;
        }
    }
    return false;
}

static bool add_row(struct watch_timeline *t, uint32_t id, bool timeout, const char *kind, const char *label,
                    uint32_t *row)
{
    void *rows = t->rows;
    if (!grow(t, &rows, &t->row_capacity, t->row_count, sizeof *t->rows, WATCH_ROWS_MAX))
        return false;
    t->rows = rows;
    const char *copy = base_arena_text(&t->texts, label, strlen(label));
    if (!copy)
        return false;
    *row = (uint32_t)t->row_count++;
    t->rows[*row] = (struct watch_row){.kind = kind, .label = copy, .id = id, .timeout = timeout};
    return true;
}

static bool add_moment(struct watch_timeline *t, struct watch_moment moment)
{
    void *moments = t->moments;
    if (!grow(t, &moments, &t->moment_capacity, t->moment_count, sizeof *t->moments, WATCH_MOMENTS_MAX))
        return false;
    t->moments = moments;
    t->moments[t->moment_count++] = moment;
    return true;
}

// Many events share a callback; what tells them apart is its EDX.
static void hear_event(struct watch_timeline *t, const struct vmm_event_record *r)
{
    uint32_t row;
    char label[96] = "";
    if (r->symbol && r->symbol[0])
        snprintf(label, sizeof label, "%s EDX=%X", r->symbol, r->reference);
    if ((!find_row(t, r->id, false, &row) && !add_row(t, r->id, false, watch_event_kind(r->kind), label, &row)) ||
        !add_moment(t, (struct watch_moment){r->head.time, row, r->state, r->not_met}))
        t->truncated = true;
}

static void hear_timeout(struct watch_timeline *t, const struct vmm_timeout_record *r)
{
    uint32_t row;
    if ((!find_row(t, r->id, true, &row) &&
         !add_row(t, r->id, true, watch_timeout_kind(r->kind), r->symbol ? r->symbol : "", &row)) ||
        !add_moment(t, (struct watch_moment){r->head.time, row, r->state, 0}))
        t->truncated = true;
}

void watch_timeline_listen(void *user, const struct base_record *record)
{
    struct watch_timeline *t = user;
    t->end = record->time;
    if (t->truncated)
        return;
    if (record->kind == VMM_RECORD_EVENT)
        hear_event(t, (const void *)record);
    else if (record->kind == VMM_RECORD_TIMEOUT)
        hear_timeout(t, (const void *)record);
}

// Length of a gap on the axis: 0 for none, then one unit per doubling from half a microsecond on. Integers only: the
// picture must be the same on every host.
static uint32_t gap_length(uint64_t ns)
{
    uint32_t length = 0;
    for (uint64_t left = ns / 500; left; left /= 2)
        length++;
    return ns ? length + 1 : 0;
}

bool watch_timeline_place(const struct watch_timeline *t, uint32_t width, uint32_t **positions)
{
    if (t->moment_count == 0)
        return false;
    uint32_t *at = base_alloc_get(t->alloc, (t->moment_count + 1) * sizeof *at);
    if (!at)
        return false;
    at[0] = 0;
    for (size_t i = 1; i <= t->moment_count; i++) {
        uint64_t time = i < t->moment_count ? t->moments[i].time : t->end;
        at[i] = at[i - 1] + gap_length(time > t->moments[i - 1].time ? time - t->moments[i - 1].time : 0);
    }
    uint64_t total = at[t->moment_count] ? at[t->moment_count] : 1;
    for (size_t i = 0; i <= t->moment_count; i++)
        at[i] = (uint32_t)(at[i] * (uint64_t)(width - 1) / total);
    *positions = at;
    return true;
}

void watch_timeline_unplace(const struct watch_timeline *t, uint32_t *positions)
{
    base_alloc_free(t->alloc, positions, (t->moment_count + 1) * sizeof *positions);
}
