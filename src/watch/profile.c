// Calls and virtual time per service. A service's time includes what it waits for and calls back.
#include "vmm/observe.h"
#include "watch/watch.h"

#include "base/arena.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *device, *name;
    uint64_t calls;
    uint64_t time;  // sum of the ends less sum of the starts; calls in progress count until now when it is printed
    uint64_t open;  // calls in progress
    uint32_t order; // of first call: equal rows keep it
};

struct watch_profile {
    const struct base_alloc *alloc;
    struct base_arena arena;
    struct base_map rows; // by device id and ordinal
    uint64_t now;         // time of the last record
};

struct watch_profile *watch_profile_new(const struct base_alloc *alloc)
{
    struct watch_profile *p = base_alloc_zero(alloc, sizeof *p);
    if (p) {
        p->alloc = alloc;
        base_arena_init(&p->arena, alloc);
        base_map_init(&p->rows, alloc, false);
    }
    return p;
}

void watch_profile_free(struct watch_profile *p)
{
    if (!p)
        return;
    base_map_free(&p->rows);
    base_arena_free(&p->arena);
    base_alloc_free(p->alloc, p, sizeof *p);
}

static struct row *row_of(struct watch_profile *p, const struct vmm_service_record *r)
{
    size_t key = (size_t)r->device << 16 | r->ordinal;
    struct row *row = base_map_get_number(&p->rows, key);
    if (row)
        return row;
    row = base_arena_zero(&p->arena, sizeof *row);
    if (!row)
        return NULL;
    row->device = base_arena_text(&p->arena, r->device_name, strlen(r->device_name));
    row->name = base_arena_text(&p->arena, r->name, strlen(r->name));
    row->order = (uint32_t)p->rows.count;
    return row->device && row->name && base_map_set_number(&p->rows, key, row) ? row : NULL;
}

void watch_profile_listen(void *user, const struct base_record *record)
{
    if (record->kind != VMM_RECORD_SERVICE)
        return;
    const struct vmm_service_record *r = (const void *)record;
    struct row *row = row_of(user, r);
    if (!row)
        return;
    if (r->phase == VMM_SERVICE_ENTERED) {
        row->calls++;
        row->open++;
        row->time -= record->time;
    } else if (row->open) {
        row->open--;
        row->time += record->time;
    }
    ((struct watch_profile *)user)->now = record->time;
}

// Calls in progress (a thread that is blocked for ever, say) count until now.
static void close_calls(struct row *row, uint64_t now)
{
    row->time += row->open * now;
    row->open = 0;
}

static int by_time(const void *left, const void *right)
{
    const struct row *a = *(struct row *const *)left, *b = *(struct row *const *)right;
    if (a->time != b->time)
        return a->time < b->time ? 1 : -1;
    return a->order < b->order ? -1 : 1;
}

void watch_profile_print(struct watch_profile *p, struct base_buf *to)
{
    size_t count = p->rows.count;
    struct row **sorted = count ? base_arena_get(&p->arena, count * sizeof *sorted) : NULL;
    if (!sorted)
        return;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if ((sorted[n] = p->rows.entries[i].value))
            close_calls(sorted[n++], p->now);
    qsort(sorted, n, sizeof *sorted, by_time);
    base_buf_printf(to, "%10s %12s %10s  %s\n", "calls", "time us", "us a call", "service");
    for (size_t i = 0; i < n; i++) {
        uint64_t tenths = sorted[i]->time / 100;
        uint64_t each = sorted[i]->calls ? sorted[i]->time / sorted[i]->calls / 100 : 0;
        base_buf_printf(to, "%10llu %10llu.%llu %8llu.%llu  %s %s\n", (unsigned long long)sorted[i]->calls,
                        (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10),
                        (unsigned long long)(each / 10), (unsigned long long)(each % 10), sorted[i]->device,
                        sorted[i]->name);
    }
}
