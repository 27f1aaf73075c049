// What the registry's services share: handles of open keys, and keys whose values a driver provides (dynkey.c).
#ifndef VXDKIT_VMM_REGISTRY_H
#define VXDKIT_VMM_REGISTRY_H

#include "vmm/defs.h"
#include "vmm/hive.h"

// registry.c
enum { VMM_ERROR_ACCESS_DENIED = 5, VMM_REGISTRY_PATH = 1024, VMM_VALENT_BYTES = 16 };

uint32_t vmm_registry_handle(struct vmm *v, uint32_t key) BASE_MUST_USE; // a new one for an open key; 0 = no memory
void vmm_registry_delete(struct vmm *v, uint32_t key);                   // its handles are dead then; no subkeys

// dynkey.c. A query of a value, or of several: guest addresses as the driver gave them, 0 = not wanted.
struct vmm_provided_query {
    uint32_t key, value;
    uint32_t type_at, data_at, size_at;
};
void vmm_provided_begin(struct vmm *v, const struct vmm_provided_query *query); // answers in EAX, in the end
// The values of `count` VALENT structures, all of which the key has, into one buffer.
void vmm_provided_all_begin(struct vmm *v, uint32_t key, uint32_t valents, uint32_t count, uint32_t buffer,
                            uint32_t size_at);
uint32_t vmm_provided_length(struct vmm *v, uint32_t provided); // as the provider said when it made the key
void vmm_provided_forget(struct vmm *v, uint32_t key);          // the key is being deleted

#endif
