// Exec_VxD_Int: what its two files share. A driver's pointers for DOS are linear addresses of ring 0; DOS sees copies.
#ifndef VXDKIT_VMM_VXDINT_H
#define VXDKIT_VMM_VXDINT_H

#include "vmm/machine.h"

// a[] of a VXDINT frame. With AX = 0 nothing is translated; else the copies lie from AT to END, the second one at
// SECOND.
enum {
    VXDINT_ESP, // behind the argument
    VXDINT_COMPLETES,
    VXDINT_AX,
    VXDINT_AT,
    VXDINT_SECOND,
    VXDINT_END,
    VXDINT_DONE, // bytes of a long read or write
    VXDINT_PIECE,
    VXDINT_COUNT,    // ECX
    VXDINT_POINTER,  // of the first part, as the driver gave it
    VXDINT_POINTER2, // of the second
    VXDINT_NUMBERS
};

// Copies what the driver's registers point at. False: a page fault was noted, or the run is over; nothing has changed.
bool vmm_vxd_dos_prepare(struct vmm *v, uint32_t vector, uint32_t a[VXDINT_NUMBERS]) BASE_MUST_USE;
void vmm_vxd_dos_enter(struct vmm *v, const uint32_t a[VXDINT_NUMBERS]); // the client's registers: the copies
// DOS is done: what it wrote goes to the driver. False: a page fault was noted. *again: the next piece has been set up.
bool vmm_vxd_dos_over(struct vmm *v, uint32_t a[VXDINT_NUMBERS], bool *again) BASE_MUST_USE;
void vmm_vxd_dos_results(const uint32_t a[VXDINT_NUMBERS], uint32_t *reg, uint32_t *flags); // enum x86_reg

#endif
