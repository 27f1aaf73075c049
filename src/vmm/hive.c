// Keys and values of the registry. Children and values are chained in the order of their making, which is the order of
// enumeration.
#include "vmm/hive.h"

#include <string.h>

// --- variable data

static void drop(struct vmm_hive *h, struct vmm_bytes *b)
{
    for (uint32_t cell = b->first; cell;) {
        uint32_t next = ((struct vmm_hive_cell *)base_table_at(h->cells, cell))->next;
        base_table_release(h->cells, cell);
        cell = next;
    }
    *b = (struct vmm_bytes){0};
}

// Makes a chain of the bytes; false when memory is exhausted, nothing is kept then.
static bool store(struct vmm_hive *h, struct vmm_bytes *b, const void *data, uint32_t size)
{
    struct vmm_bytes made = {.size = size};
    uint32_t last = 0;
    for (uint32_t done = 0; done < size; done += sizeof((struct vmm_hive_cell){0}.data)) {
        uint32_t row = base_table_new(h->cells);
        if (!row) {
            drop(h, &made);
            return false;
        }
        struct vmm_hive_cell *cell = base_table_at(h->cells, row);
        uint32_t n = size - done < sizeof cell->data ? size - done : (uint32_t)sizeof cell->data;
        memcpy(cell->data, (const uint8_t *)data + done, n);
        if (last)
            ((struct vmm_hive_cell *)base_table_at(h->cells, last))->next = row;
        else
            made.first = row;
        last = row;
    }
    *b = made;
    return true;
}

static void load(const struct vmm_hive *h, const struct vmm_bytes *b, uint8_t *to, uint32_t size)
{
    uint32_t row = b->first;
    for (uint32_t done = 0; done < size;) {
        const struct vmm_hive_cell *cell = base_table_at(h->cells, row);
        uint32_t n = size - done < sizeof cell->data ? size - done : (uint32_t)sizeof cell->data;
        memcpy(to + done, cell->data, n);
        done += n;
        row = cell->next;
    }
}

void vmm_hive_data(const struct vmm_hive *h, const struct vmm_bytes *data, void *to)
{
    load(h, data, to, data->size);
}

void vmm_hive_name(const struct vmm_hive *h, const struct vmm_bytes *name, char to[VMM_HIVE_NAME])
{
    uint32_t n = name->size < VMM_HIVE_NAME ? name->size : VMM_HIVE_NAME - 1;
    load(h, name, (uint8_t *)to, n);
    to[n] = 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const struct vmm_hive *h, const struct vmm_bytes *name, const char *text, size_t size)
{
    char other[VMM_HIVE_NAME];
    if (name->size != size)
        return false;
    vmm_hive_name(h, name, other);
    for (size_t i = 0; i < size; i++)
        if (lower(other[i]) != lower(text[i]))
            return false;
    return true;
}

// --- keys

// Appends a key with that name to its parent; 0 = no memory.
static uint32_t add_key(struct vmm_hive *h, uint32_t parent, const char *name, size_t size)
{
    uint32_t row = base_table_new(h->keys);
    if (!row || !store(h, &vmm_hive_key_at(h, row)->name, name, (uint32_t)size)) {
        if (row)
            base_table_release(h->keys, row);
        return 0;
    }
    vmm_hive_key_at(h, row)->parent = parent;
    if (!parent)
        return row;
    uint32_t *link = &vmm_hive_key_at(h, parent)->first_key;
    while (*link)
        link = &vmm_hive_key_at(h, *link)->next;
    *link = row;
    return row;
}

bool vmm_hive_init(struct vmm_hive *h)
{
    for (uint32_t top = VMM_HIVE_MACHINE; top <= VMM_HIVE_DYNAMIC; top++)
        if (add_key(h, 0, "", 0) != top)
            return false;
    return true;
}

static uint32_t child(const struct vmm_hive *h, uint32_t key, const char *name, size_t size)
{
    uint32_t row = vmm_hive_key_at(h, key)->first_key;
    while (row && !same_name(h, &vmm_hive_key_at(h, row)->name, name, size))
        row = vmm_hive_key_at(h, row)->next;
    return row;
}

bool vmm_hive_path_valid(const char *path)
{
    while (*path) {
        size_t size = strcspn(path, "\\");
        if (!size || size >= VMM_HIVE_NAME)
            return false;
        path += size;
        path += *path == '\\';
    }
    return true;
}

// Walks a path, making what is absent when `make`.
static uint32_t walk(struct vmm_hive *h, uint32_t key, const char *path, bool make)
{
    while (key && *path) {
        size_t size = strcspn(path, "\\");
        if (!size || size >= VMM_HIVE_NAME)
            return 0;
        uint32_t next = child(h, key, path, size);
        key = next || !make ? next : add_key(h, key, path, size);
        path += size;
        path += *path == '\\';
    }
    return key;
}

uint32_t vmm_hive_open(const struct vmm_hive *h, uint32_t key, const char *path)
{
    struct vmm_hive same = *h;
    return walk(&same, key, path, false);
}

uint32_t vmm_hive_create(struct vmm_hive *h, uint32_t key, const char *path)
{
    return walk(h, key, path, true);
}

void vmm_hive_delete(struct vmm_hive *h, uint32_t key)
{
    struct vmm_hive_key *k = vmm_hive_key_at(h, key);
    while (k->first_value)
        vmm_hive_unset(h, key, k->first_value);
    uint32_t *link = &vmm_hive_key_at(h, k->parent)->first_key;
    while (*link != key)
        link = &vmm_hive_key_at(h, *link)->next;
    *link = k->next;
    drop(h, &k->name);
    base_table_release(h->keys, key);
}

uint32_t vmm_hive_nth_key(const struct vmm_hive *h, uint32_t key, uint32_t n)
{
    uint32_t row = vmm_hive_key_at(h, key)->first_key;
    while (row && n--)
        row = vmm_hive_key_at(h, row)->next;
    return row;
}

// --- values

uint32_t vmm_hive_find(const struct vmm_hive *h, uint32_t key, const char *name)
{
    uint32_t row = vmm_hive_key_at(h, key)->first_value;
    while (row && !same_name(h, &vmm_hive_value_at(h, row)->name, name, strlen(name)))
        row = vmm_hive_value_at(h, row)->next;
    return row;
}

static uint32_t add_value(struct vmm_hive *h, uint32_t key, const char *name)
{
    uint32_t row = strlen(name) < VMM_HIVE_NAME ? base_table_new(h->values) : 0;
    if (!row || !store(h, &vmm_hive_value_at(h, row)->name, name, (uint32_t)strlen(name))) {
        if (row)
            base_table_release(h->values, row);
        return 0;
    }
    uint32_t *link = &vmm_hive_key_at(h, key)->first_value;
    while (*link)
        link = &vmm_hive_value_at(h, *link)->next;
    *link = row;
    return row;
}

bool vmm_hive_set(struct vmm_hive *h, uint32_t key, const char *name, uint32_t type, const void *data, uint32_t size)
{
    struct vmm_bytes bytes;
    if (!store(h, &bytes, data, size))
        return false;
    uint32_t row = vmm_hive_find(h, key, name);
    if (!row)
        row = add_value(h, key, name);
    if (!row) {
        drop(h, &bytes);
        return false;
    }
    drop(h, &vmm_hive_value_at(h, row)->data);
    vmm_hive_value_at(h, row)->data = bytes;
    vmm_hive_value_at(h, row)->type = type;
    return true;
}

void vmm_hive_unset(struct vmm_hive *h, uint32_t key, uint32_t value)
{
    uint32_t *link = &vmm_hive_key_at(h, key)->first_value;
    while (*link != value)
        link = &vmm_hive_value_at(h, *link)->next;
    *link = vmm_hive_value_at(h, value)->next;
    drop(h, &vmm_hive_value_at(h, value)->name);
    drop(h, &vmm_hive_value_at(h, value)->data);
    base_table_release(h->values, value);
}

uint32_t vmm_hive_nth_value(const struct vmm_hive *h, uint32_t key, uint32_t n)
{
    uint32_t row = vmm_hive_key_at(h, key)->first_value;
    while (row && n--)
        row = vmm_hive_value_at(h, row)->next;
    return row;
}

// --- predefined keys: three trees, the other names are places in them

static const struct {
    const char *name;
    uint32_t handle, top;
    const char *path;
} predefined[] = {
    {"HKEY_CLASSES_ROOT", 0x80000000, VMM_HIVE_MACHINE, "Software\\Classes"},
    {"HKEY_CURRENT_USER", 0x80000001, VMM_HIVE_USERS, ".Default"},
    {"HKEY_LOCAL_MACHINE", 0x80000002, VMM_HIVE_MACHINE, ""},
    {"HKEY_USERS", 0x80000003, VMM_HIVE_USERS, ""},
    {"HKEY_CURRENT_CONFIG", 0x80000005, VMM_HIVE_MACHINE, "Config\\0001"},
    {"HKEY_DYN_DATA", 0x80000006, VMM_HIVE_DYNAMIC, ""},
};

uint32_t vmm_hive_predefined(uint32_t handle, const char **path)
{
    for (size_t i = 0; i < BASE_COUNT(predefined); i++) {
        if (predefined[i].handle == handle) {
            *path = predefined[i].path;
            return predefined[i].top;
        }
    }
    return 0;
}

uint32_t vmm_hive_top(const char *name, const char **path)
{
    for (size_t i = 0; i < BASE_COUNT(predefined); i++) {
        if (strcmp(name, predefined[i].name) == 0) {
            *path = predefined[i].path;
            return predefined[i].top;
        }
    }
    return 0;
}
