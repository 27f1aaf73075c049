// A hash map from byte strings or numbers to pointers, open addressing. Keys are not copied: they must live as long as
// the map (an arena's text, say). Iteration order is insertion order, so that output never depends on hashing.
#ifndef VXDKIT_BASE_MAP_H
#define VXDKIT_BASE_MAP_H

#include "base/alloc.h"

struct base_map_entry {
    const char *key; // NULL for a number key
    size_t length;   // of key; for a number key the number itself
    uint32_t hash;
    void *value; // NULL once removed
};

struct base_map {
    const struct base_alloc *alloc;
    struct base_map_entry *entries; // in insertion order, removed ones included
    size_t count, capacity;
    uint32_t *slots; // index + 1 into entries, 0 = free
    size_t slot_count;
    bool ignore_case; // ASCII case of string keys does not matter
};

void base_map_init(struct base_map *m, const struct base_alloc *alloc, bool ignore_case);
void base_map_free(struct base_map *m);

void *base_map_get(const struct base_map *m, const char *key, size_t length) BASE_MUST_USE;       // NULL: absent
bool base_map_set(struct base_map *m, const char *key, size_t length, void *value) BASE_MUST_USE; // false: no memory
void base_map_remove(struct base_map *m, const char *key, size_t length);

void *base_map_get_number(const struct base_map *m, size_t key) BASE_MUST_USE;
bool base_map_set_number(struct base_map *m, size_t key, void *value) BASE_MUST_USE;
void base_map_remove_number(struct base_map *m, size_t key);

#endif
