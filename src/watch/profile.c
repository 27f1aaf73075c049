// What drivers call: services with their calls and virtual time, and, from what BeginProc adds to debug builds, calls
// of the drivers' own procedures. A service's time includes what it waits for and calls back.
#include "base/arena.h"
#include "base/map.h"
#include "kit/services.h"
#include "vmm/observe.h"
#include "watch/watch.h"

#include <stdlib.h>
#include <string.h>

enum { VMM_ID = 1, NAME_SIZE = 128 };

struct procedure {
    const char *name;
    uint64_t calls;
    uint32_t order; // of first call
};

struct row {
    const char *device, *name;
    uint64_t calls;
    uint64_t time;  // sum of the ends less sum of the starts; calls in progress count until now when it is printed
    uint64_t open;  // calls in progress
    uint32_t order; // of first call: equal rows keep it
};

struct watch_profile {
    const struct base_alloc *alloc;
    watch_describe_fn *describe;
    void *describe_user;
    struct base_arena arena;
    struct base_map rows;       // by device id and ordinal
    struct base_map procedures; // by address
    uint64_t now;               // time of the last record
};

struct watch_profile *watch_profile_new(const struct base_alloc *alloc, watch_describe_fn *describe, void *user)
{
    struct watch_profile *p = base_alloc_zero(alloc, sizeof *p);
    if (p) {
        p->alloc = alloc;
        p->describe = describe;
        p->describe_user = user;
        base_arena_init(&p->arena, alloc);
        base_map_init(&p->rows, alloc, false);
        base_map_init(&p->procedures, alloc, false);
    }
    return p;
}

void watch_profile_free(struct watch_profile *p)
{
    if (!p)
        return;
    base_map_free(&p->rows);
    base_map_free(&p->procedures);
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

// Named at its first call: initialisation code is gone when the run is over. The address lies a few bytes behind the
// procedure's start, "Name+6 (file:line)".
static struct procedure *new_procedure(struct watch_profile *p, uint32_t address)
{
    char name[NAME_SIZE];
    struct procedure *procedure = base_arena_zero(&p->arena, sizeof *procedure);
    p->describe(p->describe_user, address, name, sizeof name);
    if (!procedure || !(procedure->name = base_arena_text(&p->arena, name, strcspn(name, "+ "))))
        return NULL;
    procedure->order = (uint32_t)p->procedures.count;
    return base_map_set_number(&p->procedures, address, procedure) ? procedure : NULL;
}

static void count_procedure(struct watch_profile *p, uint32_t address)
{
    struct procedure *procedure = base_map_get_number(&p->procedures, address);
    if (!procedure)
        procedure = new_procedure(p, address);
    if (procedure)
        procedure->calls++;
}

static void count_service(struct watch_profile *p, const struct vmm_service_record *r)
{
    struct row *row = row_of(p, r);
    if (!row)
        return;
    if (r->phase == VMM_SERVICE_ENTERED) {
        row->calls++;
        row->open++;
        row->time -= r->head.time;
    } else if (row->open) {
        row->open--;
        row->time += r->head.time;
    }
}

void watch_profile_listen(void *user, const struct base_record *record)
{
    struct watch_profile *p = user;
    const struct vmm_service_record *r = (const void *)record;
    p->now = record->time;
    if (record->kind != VMM_RECORD_SERVICE || !r->caller[0])
        return;
    if (r->device != VMM_ID || (r->ordinal != KIT_Log_Proc_Call && r->ordinal != KIT__Debug_Flags_Service))
        count_service(p, r);
    else if (r->ordinal == KIT_Log_Proc_Call && r->phase == VMM_SERVICE_ENTERED)
        count_procedure(p, r->caller_address);
}

bool watch_profile_knows_procedures(const struct watch_profile *p)
{
    return p->procedures.count != 0;
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
    if (a->calls != b->calls)
        return a->calls < b->calls ? 1 : -1;
    return a->order < b->order ? -1 : 1;
}

static int by_calls(const void *left, const void *right)
{
    const struct procedure *a = *(struct procedure *const *)left, *b = *(struct procedure *const *)right;
    if (a->calls != b->calls)
        return a->calls < b->calls ? 1 : -1;
    return a->order < b->order ? -1 : 1;
}

// The map's values in the order of `compare`; NULL: there are none, or no memory.
static void **sorted_values(struct watch_profile *p, const struct base_map *map,
                            int (*compare)(const void *, const void *))
{
    void **sorted = map->count ? base_arena_get(&p->arena, map->count * sizeof *sorted) : NULL;
    for (size_t i = 0; sorted && i < map->count; i++)
        sorted[i] = map->entries[i].value;
    if (sorted)
        qsort(sorted, map->count, sizeof *sorted, compare);
    return sorted;
}

static void print_services(struct watch_profile *p, struct base_buf *to)
{
    for (size_t i = 0; i < p->rows.count; i++)
        close_calls(p->rows.entries[i].value, p->now);
    void **sorted = sorted_values(p, &p->rows, by_time);
    if (sorted)
        base_buf_printf(to, "%10s %12s %10s  %s\n", "calls", "time us", "us a call", "service");
    for (size_t i = 0; sorted && i < p->rows.count; i++) {
        const struct row *row = sorted[i];
        uint64_t tenths = row->time / 100, each = row->calls ? row->time / row->calls / 100 : 0;
        base_buf_printf(to, "%10llu %10llu.%llu %8llu.%llu  %s %s\n", (unsigned long long)row->calls,
                        (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10),
                        (unsigned long long)(each / 10), (unsigned long long)(each % 10), row->device, row->name);
    }
}

void watch_profile_print(struct watch_profile *p, struct base_buf *to)
{
    print_services(p, to);
    if (!watch_profile_knows_procedures(p))
        return;
    void **sorted = sorted_values(p, &p->procedures, by_calls);
    base_buf_printf(to, "%10s %24s%s\n", "calls", "", "procedure");
    for (size_t i = 0; sorted && i < p->procedures.count; i++) {
        const struct procedure *procedure = sorted[i];
        base_buf_printf(to, "%10llu %24s%s\n", (unsigned long long)procedure->calls, "", procedure->name);
    }
}
