#include "base/map.h"

#include <string.h>

static uint8_t fold(const struct base_map *m, uint8_t c)
{
    return m->ignore_case && c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static uint32_t hash_of(const struct base_map *m, const char *key, size_t length)
{
    if (!key)
        return (uint32_t)((length * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    uint32_t h = 2166136261u; // FNV-1a
    for (size_t i = 0; i < length; i++)
        h = (h ^ fold(m, (uint8_t)key[i])) * 16777619u;
    return h ^ h >> 15;
}

static bool same_key(const struct base_map *m, const struct base_map_entry *e, const char *key, size_t length)
{
    if (e->length != length || !e->key != !key)
        return false;
    for (size_t i = 0; key && i < length; i++)
        if (fold(m, (uint8_t)e->key[i]) != fold(m, (uint8_t)key[i]))
            return false;
    return true;
}

static struct base_map_entry *find(const struct base_map *m, const char *key, size_t length)
{
    if (m->slot_count == 0)
        return NULL;
    uint32_t h = hash_of(m, key, length);
    for (size_t i = h & (m->slot_count - 1);; i = (i + 1) & (m->slot_count - 1)) {
        if (m->slots[i] == 0)
            return NULL;
        struct base_map_entry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == h && same_key(m, e, key, length))
            return e;
    }
}

static void place(struct base_map *m, size_t index)
{
    size_t i = m->entries[index].hash & (m->slot_count - 1);
    while (m->slots[i])
        i = (i + 1) & (m->slot_count - 1);
    m->slots[i] = (uint32_t)(index + 1);
}

static bool grow(struct base_map *m)
{
    if (m->count == m->capacity) {
        size_t want = base_alloc_grow(m->capacity, m->count + 1, sizeof *m->entries);
        if (!want || want >= UINT32_MAX)
            return false;
        void *p = base_alloc_resize(m->alloc, m->entries, m->capacity * sizeof *m->entries, want * sizeof *m->entries);
        if (!p)
            return false;
        m->entries = p;
        m->capacity = want;
    }
    if (m->count * 2 < m->slot_count)
        return true;
    size_t slots = m->slot_count ? m->slot_count * 2 : 16;
    uint32_t *p = base_alloc_zero(m->alloc, slots * sizeof *p);
    if (!p)
        return false;
    base_alloc_free(m->alloc, m->slots, m->slot_count * sizeof *p);
    m->slots = p;
    m->slot_count = slots;
    for (size_t i = 0; i < m->count; i++)
        place(m, i);
    return true;
}

static bool set(struct base_map *m, const char *key, size_t length, void *value)
{
    struct base_map_entry *e = find(m, key, length);
    if (e) {
        e->value = value;
        return true;
    }
    if (!grow(m))
        return false;
    m->entries[m->count] = (struct base_map_entry){key, length, hash_of(m, key, length), value};
    place(m, m->count++);
    return true;
}

void base_map_init(struct base_map *m, const struct base_alloc *alloc, bool ignore_case)
{
    *m = (struct base_map){.alloc = alloc, .ignore_case = ignore_case};
}

void base_map_free(struct base_map *m)
{
    base_alloc_free(m->alloc, m->entries, m->capacity * sizeof *m->entries);
    base_alloc_free(m->alloc, m->slots, m->slot_count * sizeof *m->slots);
    base_map_init(m, m->alloc, m->ignore_case);
}

void *base_map_get(const struct base_map *m, const char *key, size_t length)
{
    const struct base_map_entry *e = find(m, key ? key : "", length);
    return e ? e->value : NULL;
}

bool base_map_set(struct base_map *m, const char *key, size_t length, void *value)
{
    return set(m, key ? key : "", length, value);
}

// A removed entry keeps its place (and its key's order, should it come back) with a NULL value.
void base_map_remove(struct base_map *m, const char *key, size_t length)
{
    struct base_map_entry *e = find(m, key ? key : "", length);
    if (e)
        e->value = NULL;
}

void *base_map_get_number(const struct base_map *m, size_t key)
{
    const struct base_map_entry *e = find(m, NULL, key);
    return e ? e->value : NULL;
}

bool base_map_set_number(struct base_map *m, size_t key, void *value)
{
    return set(m, NULL, key, value);
}

void base_map_remove_number(struct base_map *m, size_t key)
{
    struct base_map_entry *e = find(m, NULL, key);
    if (e)
        e->value = NULL;
}
