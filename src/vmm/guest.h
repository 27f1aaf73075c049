// How services and C devices see the machine they act on: registers, flags, arguments, guest memory. Small on purpose:
// everything that a service may do to a driver goes through here, frame.h or the chapters' own headers.
#ifndef VXDKIT_VMM_GUEST_H
#define VXDKIT_VMM_GUEST_H

#include "vmm/vmm.h"

// The eight registers of the calling code; index with enum x86_reg.
uint32_t *vmm_regs(struct vmm *v);
void vmm_set_flag(struct vmm *v, uint32_t flag, bool on); // X86_CF, X86_ZF, ... of the calling code
bool vmm_flag(struct vmm *v, uint32_t flag) BASE_MUST_USE;

// Dword argument n (from 0) of a C, Std or Fast service.
uint32_t vmm_arg(struct vmm *v, unsigned n);

// Guest memory of the driver, by ring-0 linear address. False: a page fault has been noted, the service returns at once
// with nothing changed. vmm_probe checks a range for a later write.
bool vmm_get(struct vmm *v, uint32_t linear, void *to, uint32_t n) BASE_MUST_USE;
bool vmm_put(struct vmm *v, uint32_t linear, const void *from, uint32_t n) BASE_MUST_USE;
bool vmm_probe(struct vmm *v, uint32_t linear, uint32_t n, bool write) BASE_MUST_USE;
bool vmm_get32(struct vmm *v, uint32_t linear, uint32_t *to) BASE_MUST_USE;
bool vmm_put32(struct vmm *v, uint32_t linear, uint32_t value) BASE_MUST_USE;
bool vmm_get16(struct vmm *v, uint32_t linear, uint16_t *to) BASE_MUST_USE;
// A zero-terminated string of at most size - 1 bytes; longer ones are cut.
bool vmm_get_text(struct vmm *v, uint32_t linear, char *to, size_t size) BASE_MUST_USE;

// Structures that the VMM itself laid out in guest memory and that are always present (control blocks, DDBs, client
// registers). A driver that broke their mapping ends the run with a message; the value is 0 then.
uint32_t vmm_peek32(struct vmm *v, uint32_t linear);
void vmm_poke32(struct vmm *v, uint32_t linear, uint32_t value);
uint16_t vmm_peek16(struct vmm *v, uint32_t linear);
void vmm_poke16(struct vmm *v, uint32_t linear, uint16_t value);

// A breach of contract that the VMM survives: announced as a check record, the run ends with status 1.
void vmm_report(struct vmm *v, const char *rule, uint32_t address, const char *page, const char *format, ...)
    BASE_PRINTF(5, 6);
// The run is over (reason VMM_END_FAULT, VMM_END_MISSING, ...) with this message.
void vmm_stop(struct vmm *v, enum vmm_end end, const char *format, ...) BASE_PRINTF(3, 4);

// Where the documentation leaves an answer free: 0 by default, another one of n legal answers under a seed.
uint32_t vmm_choose(struct vmm *v, const char *point, uint32_t n);

// Handles the driver sees.
uint32_t vmm_current_vm(struct vmm *v);     // control block address
uint32_t vmm_current_thread(struct vmm *v); // thread control block address
uint32_t vmm_system_vm(struct vmm *v);
bool vmm_valid_vm(struct vmm *v, uint32_t handle) BASE_MUST_USE;
bool vmm_valid_thread(struct vmm *v, uint32_t handle) BASE_MUST_USE;

// Pages of the system arena for the VMM's own use (page-aligned linear address, zeroed, locked); 0 = exhausted.
uint32_t vmm_take_pages(struct vmm *v, uint32_t pages) BASE_MUST_USE;

// The same for what drivers see (images, heap, control blocks): protected-mode applications reach it through selectors
// that drivers make, and read it through _GetAppFlatDSAlias (VDAG31).
uint32_t vmm_take_driver_pages(struct vmm *v, uint32_t pages) BASE_MUST_USE;
void vmm_give_pages(struct vmm *v, uint32_t linear, uint32_t pages);

// A small block of locked guest memory (dword aligned, zeroed) for structures of VMM and devices; 0 = exhausted.
uint32_t vmm_heap_get(struct vmm *v, uint32_t bytes) BASE_MUST_USE;
bool vmm_heap_give(struct vmm *v, uint32_t linear) BASE_MUST_USE; // false: not a live block

#endif
