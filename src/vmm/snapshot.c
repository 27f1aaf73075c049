// Snapshots: a copy of the plain state, of the tables and of the devices' states; guest pages are shared and copied on
// the first write after it. Nothing in them is a host pointer, so they fit every machine of the same configuration with
// the same host bindings in the same order.
#include "vmm/defs.h"

#include <string.h>

struct vmm_snapshot {
    struct base_alloc own; // it may outlive its machine
    const struct base_alloc *alloc;
    struct x86_memory *memory;
    struct x86_state cpu;
    struct vmm_state s;
    struct base_table tables[VMM_TABLE_COUNT];
    struct base_table *chapter_tables[VMM_CHAPTERS];
    void *chapter_state[VMM_CHAPTERS];
    void **device_state;
    uint32_t device_count;
    size_t *device_size;
};

static bool copy_table(const struct base_alloc *alloc, struct base_table *to, const struct base_table *from)
{
    base_table_init(to, alloc, from->row_size);
    return base_table_copy(to, from);
}

static void *copy_block(const struct base_alloc *alloc, const void *from, size_t size)
{
    void *to = base_alloc_get(alloc, size);
    return to ? memcpy(to, from, size) : NULL;
}

static bool copy_chapters(struct vmm_snapshot *s, struct vmm *v)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++) {
        unsigned tables = vmm_chapter_table_count(i);
        size_t size = vmm_chapter_state_size(i);
        if (size && !(s->chapter_state[i] = copy_block(s->alloc, v->chapter_state[i], size)))
            return false;
        if (!tables)
            continue;
        s->chapter_tables[i] = base_alloc_zero(s->alloc, tables * sizeof(struct base_table));
        if (!s->chapter_tables[i])
            return false;
        for (unsigned n = 0; n < tables; n++)
            base_table_init(&s->chapter_tables[i][n], s->alloc, v->chapter_tables[i][n].row_size);
        for (unsigned n = 0; n < tables; n++)
            if (!base_table_copy(&s->chapter_tables[i][n], &v->chapter_tables[i][n]))
                return false;
    }
    return true;
}

static bool copy_devices(struct vmm_snapshot *s, struct vmm *v)
{
    s->device_state = base_alloc_zero(s->alloc, (v->device_count + 1) * sizeof *s->device_state);
    s->device_size = base_alloc_zero(s->alloc, (v->device_count + 1) * sizeof *s->device_size);
    s->device_count = v->device_count;
    if (!s->device_state || !s->device_size)
        return false;
    for (uint32_t i = 0; i < v->device_count; i++) {
        size_t size = v->devices[i].device->state_size;
        if (size && !(s->device_state[i] = copy_block(s->alloc, v->devices[i].state, size)))
            return false;
        s->device_size[i] = size;
    }
    return true;
}

struct vmm_snapshot *vmm_snapshot_take(struct vmm *v)
{
    struct vmm_snapshot *s = base_alloc_zero(v->alloc, sizeof *s);
    if (!s)
        return NULL;
    s->own = *v->alloc;
    s->alloc = &s->own;
    s->cpu = v->cpu->state;
    s->s = v->s;
    bool ok = true;
    for (unsigned i = 0; i < VMM_TABLE_COUNT; i++)
        ok = copy_table(s->alloc, &s->tables[i], &v->tables[i]) && ok;
    ok = ok && copy_chapters(s, v) && copy_devices(s, v) && (s->memory = x86_memory_share(v->memory)) != NULL;
    if (ok)
        return s;
    vmm_snapshot_free(s);
    return NULL;
}

// Room for every table first, so that a failure leaves the machine as it was.
static bool make_room(const struct base_alloc *alloc, const struct vmm_snapshot *s, struct base_table *tables)
{
    bool ok = true;
    for (unsigned i = 0; i < VMM_TABLE_COUNT; i++)
        ok = copy_table(alloc, &tables[i], &s->tables[i]) && ok;
    return ok;
}

static bool restore_chapters(struct vmm *v, const struct vmm_snapshot *s)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++) {
        if (s->chapter_state[i])
            memcpy(v->chapter_state[i], s->chapter_state[i], vmm_chapter_state_size(i));
        for (unsigned n = 0; n < vmm_chapter_table_count(i); n++)
            if (!base_table_copy(&v->chapter_tables[i][n], &s->chapter_tables[i][n]))
                return false;
    }
    return true;
}

bool vmm_snapshot_restore(struct vmm *v, const struct vmm_snapshot *s)
{
    struct base_table tables[VMM_TABLE_COUNT];
    if (s->device_count != v->device_count)
        return false;
    if (!make_room(v->alloc, s, tables) || !restore_chapters(v, s) || !x86_memory_restore(v->memory, s->memory)) {
        for (unsigned i = 0; i < VMM_TABLE_COUNT; i++)
            base_table_free(&tables[i]);
        return false;
    }
    for (unsigned i = 0; i < VMM_TABLE_COUNT; i++) {
        base_table_free(&v->tables[i]);
        v->tables[i] = tables[i];
    }
    for (uint32_t i = 0; i < v->device_count; i++)
        if (s->device_size[i])
            memcpy(v->devices[i].state, s->device_state[i], s->device_size[i]);
    v->s = s->s;
    v->cpu->state = s->cpu;
    x86_flush(v->cpu);
    return true;
}

void vmm_snapshot_free(struct vmm_snapshot *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < VMM_TABLE_COUNT; i++)
        if (s->tables[i].alloc)
            base_table_free(&s->tables[i]);
    for (unsigned i = 0; i < VMM_CHAPTERS; i++) {
        unsigned tables = vmm_chapter_table_count(i);
        for (unsigned n = 0; s->chapter_tables[i] && n < tables; n++)
            base_table_free(&s->chapter_tables[i][n]);
        base_alloc_free(s->alloc, s->chapter_tables[i], tables * sizeof(struct base_table));
        base_alloc_free(s->alloc, s->chapter_state[i], vmm_chapter_state_size(i));
    }
    for (uint32_t i = 0; s->device_state && s->device_size && i < s->device_count; i++)
        base_alloc_free(s->alloc, s->device_state[i], s->device_size[i]);
    base_alloc_free(s->alloc, s->device_state, (s->device_count + 1) * sizeof *s->device_state);
    base_alloc_free(s->alloc, s->device_size, (s->device_count + 1) * sizeof *s->device_size);
    if (s->memory)
        x86_memory_free(s->memory);
    const struct base_alloc own = s->own;
    base_alloc_free(&own, s, sizeof *s);
}
