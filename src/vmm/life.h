// What the files about the life of virtual machines and threads share: life.c, thread_life.c, suspend.c, close.c.
#ifndef VXDKIT_VMM_LIFE_H
#define VXDKIT_VMM_LIFE_H

#include "vmm/defs.h"

// a[] of their frames. Numbers tell a row that was used again from the one that was meant.
enum { LIFE_VM, LIFE_THREAD, LIFE_FLAGS, LIFE_VM_NUMBER, LIFE_THREAD_NUMBER };

// A frame about this VM and thread (rows). NULL (run ended, out of memory) rarely.
struct vmm_frame *vmm_life_push(struct vmm *v, uint16_t kind, uint32_t vm, uint32_t thread) BASE_MUST_USE;
bool vmm_life_stale(struct vmm *v, const struct vmm_frame *f); // its VM or thread has gone meanwhile
// Tells all devices; then the frame's resume runs with this step.
void vmm_life_tell_begin(struct vmm *v, struct vmm_frame *f, uint16_t step, uint32_t message, uint32_t edx);
void vmm_life_finish_begin(struct vmm *v, bool carry);                          // back to the caller, with CF
void vmm_life_status(struct vmm *v, uint32_t vm, uint32_t set, uint32_t clear); // CB_VM_Status

uint32_t vmm_vm_thread_next(struct vmm *v, uint32_t vm, uint32_t after); // 0 = no more
bool vmm_vm_must_complete(struct vmm *v, uint32_t vm);
void vmm_thread_strip(struct vmm *v, uint32_t thread);   // undoes what it holds; its frames from the top
void vmm_thread_dismiss(struct vmm *v, uint32_t thread); // and frees it

#endif
