// What threads wait for in VWIN32: its state, kept at the head of the device's.
#ifndef VXDKIT_DEVICES_VWIN32_SYNC_H
#define VXDKIT_DEVICES_VWIN32_SYNC_H

#include "vmm/vmm.h"

enum { VWIN32_EVENTS = 64, VWIN32_WAITERS = 32, VWIN32_OBJECTS = 64, VWIN32_SECTIONS = 32 };

struct vwin32_event {
    uint32_t id; // 0: free
    uint8_t signaled, automatic;
};

struct vwin32_waiter {
    uint32_t order; // when it began to wait, 0 = free
    uint32_t thread;
    uint32_t count, object[VWIN32_OBJECTS];
    uint32_t result;
    uint8_t all, alertable, done;
};

struct vwin32_section {
    uint32_t address; // of the object, 0 = free
    uint32_t mutex;
};

struct vwin32_sync {
    struct vwin32_event event[VWIN32_EVENTS];
    struct vwin32_waiter waiter[VWIN32_WAITERS];
    struct vwin32_section section[VWIN32_SECTIONS];
    uint32_t order, event_ids;
    uint32_t timer_proc;
    uint16_t wait_kind, section_kind;
};

extern const struct vmm_device vwin32_device;
extern const struct vmm_binding vwin32_sync_bindings[];
bool vwin32_sync_create(struct vmm *v) BASE_MUST_USE;

#endif
