// The restrictions of events as a pure function of a situation (spec: events, PEF flags), so that tests can walk
// through all of it.
#ifndef VXDKIT_VMM_RESTRICT_H
#define VXDKIT_VMM_RESTRICT_H

#include "base/status.h"

struct vmm_situation {
    bool vm_interrupts;      // ring-3 interrupts are enabled in all threads of the VM
    bool thread_interrupts;  // and in the thread
    bool hardware_interrupt; // one is being simulated into the VM (the PEF provider's bit)
    bool nested;             // inside a block of nested execution
    bool protected_mode;
    bool system_vm;
    bool section_free, section_mine,
        section_outside; // critical section: free, owned by this thread, owned by another VM
    int64_t priority;    // execution priority of the thread
};

// The restrictions among `flags` (PEF_*) that are not met.
uint32_t vmm_restrictions_not_met(const struct vmm_situation *s, uint32_t flags);

enum { VMM_PEF_RESTRICTIONS = 0x1AE3 }; // bits that restrict: 0, 1, 5, 6, 7, 9, 11, 12

#endif
