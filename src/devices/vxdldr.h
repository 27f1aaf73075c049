// VXDLDR from outside: where drivers that other drivers load come from.
#ifndef VXDKIT_DEVICES_VXDLDR_H
#define VXDKIT_DEVICES_VXDLDR_H

#include "vmm/vmm.h"

// Finds the file that VXDLDR_LoadDevice names: false = there is none. The bytes must stay until the next call. The
// struct must outlive the machine; without a source every load fails with "file open error". Before boot, like other
// bindings.
struct vxdldr_source {
    bool (*find)(void *user, const char *name, const uint8_t **bytes, size_t *size);
    void *user;
};

bool vxdldr_set_source(struct vmm *v, const struct vxdldr_source *source) BASE_MUST_USE;

const char *vxdldr_base_name(const char *path);             // behind the last directory or drive
uint32_t vxdldr_driver_at(struct vmm *v, uint32_t address); // DDB of the driver in whose objects it lies; 0 = none

#endif
