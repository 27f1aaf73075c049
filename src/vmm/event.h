// Events between the file that keeps and runs them (event.c) and the one that makes them for drivers (event_service.c).
#ifndef VXDKIT_VMM_EVENT_H
#define VXDKIT_VMM_EVENT_H

#include "vmm/defs.h"
#include "vmm/restrict.h"

// What `scope` of an event or group means. Late ones have timed out.
enum { VMM_LEVEL_GLOBAL, VMM_LEVEL_VM, VMM_LEVEL_THREAD, VMM_LEVEL_LATE };

uint32_t vmm_event_create(struct vmm *v, const struct vmm_event *what) BASE_MUST_USE;       // row, 0 = no memory
bool vmm_event_enqueue(struct vmm *v, uint32_t event, uint32_t milliseconds) BASE_MUST_USE; // false: no memory
// Its callback runs in the current thread. `called`: from a Call_ service, which then returns ESI = 0.
void vmm_event_run_begin(struct vmm *v, uint32_t event, bool called);
void vmm_event_announce(struct vmm *v, const struct vmm_event *e, uint8_t state, uint32_t not_met);
void vmm_situation_of(struct vmm *v, uint32_t thread, struct vmm_situation *s);

#endif
