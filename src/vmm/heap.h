// The heap as the other chapters use it: blocks with a tag that says who owns them, found again by address.
#ifndef VXDKIT_VMM_HEAP_H
#define VXDKIT_VMM_HEAP_H

#include "vmm/machine.h"
#include "vmm/spans.h"

enum vmm_heap_tag {
    VMM_HEAP_DRIVER = 1, // _HeapAllocate; value = bytes asked for
    VMM_HEAP_INIT,       // the same with HEAPINIT: gone after Init_Complete
    VMM_HEAP_SYSTEM,     // vmm_heap_get
    VMM_HEAP_LIST,       // value = row of the list
    VMM_HEAP_NODE,       // value = row of the node
};

// A block of guest memory, not zeroed; 0 = exhausted.
uint32_t vmm_heap_take(struct vmm *v, uint32_t bytes, uint32_t tag, uint32_t value) BASE_MUST_USE;
// The row of the live block with that tag that begins at `linear`; 0 = there is none.
uint32_t vmm_heap_find(struct vmm *v, uint32_t linear, uint32_t tag) BASE_MUST_USE;
uint32_t vmm_heap_value(struct vmm *v, uint32_t row);
void vmm_heap_release(struct vmm *v, uint32_t row);
void vmm_heap_drop_init(struct vmm *v); // after Init_Complete: HEAPINIT blocks go

#endif
