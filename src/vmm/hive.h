// The registry's tree of keys and values, apart from handles and services (hive.c), and its plain text form
// (hive_text.c, docs/formats.md). Everything lies in tables of numbers, so that a snapshot copies it.
#ifndef VXDKIT_VMM_HIVE_H
#define VXDKIT_VMM_HIVE_H

#include "base/table.h"
#include "kit/constants.h"

enum { VMM_HIVE_NAME = 256 }; // bytes of a name with its terminator

enum vmm_hive_root { VMM_HIVE_MACHINE = 1, VMM_HIVE_USERS, VMM_HIVE_DYNAMIC }; // rows of the top keys

struct vmm_bytes { // variable data: a chain of cells
    uint32_t first, size;
};

struct vmm_hive_cell {
    uint32_t next;
    uint8_t data[28];
};

struct vmm_hive_key {
    uint32_t next; // sibling
    uint32_t parent;
    uint32_t first_key, first_value;
    uint32_t provider; // row of who answers for its values (dynkey.c), 0 = nobody: they lie here
    struct vmm_bytes name;
};

struct vmm_hive_value {
    uint32_t next;
    uint32_t type;
    uint32_t provided; // row of what the key's provider knows it by, 0 = the data lies here
    struct vmm_bytes name, data;
};

struct vmm_hive {
    struct base_table *keys, *values, *cells;
};

bool vmm_hive_init(struct vmm_hive *h) BASE_MUST_USE; // the three top keys

static inline struct vmm_hive_key *vmm_hive_key_at(const struct vmm_hive *h, uint32_t key)
{
    return base_table_at(h->keys, key);
}
static inline struct vmm_hive_value *vmm_hive_value_at(const struct vmm_hive *h, uint32_t value)
{
    return base_table_at(h->values, value);
}

// Keys by path ("System\\CurrentControlSet"), names in any case; "" is the key itself. 0 = absent (open), or no memory
// or a name that is empty or too long (create).
uint32_t vmm_hive_open(const struct vmm_hive *h, uint32_t key, const char *path) BASE_MUST_USE;
uint32_t vmm_hive_create(struct vmm_hive *h, uint32_t key, const char *path) BASE_MUST_USE;
void vmm_hive_delete(struct vmm_hive *h, uint32_t key); // with its values; it has no subkeys and is no top key
uint32_t vmm_hive_nth_key(const struct vmm_hive *h, uint32_t key, uint32_t n) BASE_MUST_USE; // from 0; 0 = no more

// Values by name, "" = the default value.
uint32_t vmm_hive_find(const struct vmm_hive *h, uint32_t key, const char *name) BASE_MUST_USE; // 0 = absent
bool vmm_hive_set(struct vmm_hive *h, uint32_t key, const char *name, uint32_t type, const void *data,
                  uint32_t size) BASE_MUST_USE;
void vmm_hive_unset(struct vmm_hive *h, uint32_t key, uint32_t value);
uint32_t vmm_hive_nth_value(const struct vmm_hive *h, uint32_t key, uint32_t n) BASE_MUST_USE;

// Copies a name with a NUL behind it; one that is too long is cut.
void vmm_hive_name(const struct vmm_hive *h, const struct vmm_bytes *name, char to[VMM_HIVE_NAME]);
void vmm_hive_data(const struct vmm_hive *h, const struct vmm_bytes *data, void *to); // all data->size bytes

bool vmm_hive_path_valid(const char *path) BASE_MUST_USE; // no part of it is empty or too long

struct vmm;
struct vmm_hive vmm_registry(struct vmm *v); // the machine's

// The hardware profile that HKEY_CURRENT_CONFIG is, from 1. The top key and the path that a predefined handle
// designates under it; 0 = no such handle.
uint32_t vmm_registry_profile(struct vmm *v);
void vmm_registry_set_profile(struct vmm *v, uint32_t profile);
enum { VMM_HIVE_PLACE = 32 }; // bytes of such a path
uint32_t vmm_registry_place(struct vmm *v, uint32_t handle, char path[VMM_HIVE_PLACE]) BASE_MUST_USE;

// Reads the plain text form into the hive. False: *line and *problem say what is wrong; line 0 = memory is exhausted.
bool vmm_hive_read(struct vmm_hive *h, const struct base_alloc *alloc, const char *text, size_t size, uint32_t *line,
                   const char **problem) BASE_MUST_USE;
// The top key and the path below it that a full name designates ("HKEY_USERS\\.Default"); 0 = no such top key.
uint32_t vmm_hive_top(const char *name, const char **path);
// The same for a predefined handle (80000000h ...): the path below the top key.
uint32_t vmm_hive_predefined(uint32_t handle, const char **path);

#endif
