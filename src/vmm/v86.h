// For the room above that is the system in the virtual machines, BIOS and DOS (src/dos): the current client seen from
// its own code, traps that V86 code runs into, and virtual machines that are started and ended from outside.
#ifndef VXDKIT_VMM_V86_H
#define VXDKIT_VMM_V86_H

#include "vmm/guest.h"

// The current client (simulate.c, client.c). What pushes or pops returns false when a page fault has been noted.
uint32_t vmm_client(struct vmm *v); // address of its registers
bool vmm_client_v86(struct vmm *v);
bool vmm_v86_push(struct vmm *v, uint16_t value) BASE_MUST_USE;
bool vmm_v86_pop(struct vmm *v, uint16_t *value) BASE_MUST_USE;
bool vmm_v86_interrupt(struct vmm *v, uint16_t cs, uint32_t ip) BASE_MUST_USE;
bool vmm_v86_iret(struct vmm *v) BASE_MUST_USE;
void vmm_client_jump(struct vmm *v, uint32_t cs, uint32_t eip);
void vmm_client_flags(struct vmm *v, uint32_t value, uint32_t mask);
// As an interrupt instruction of the current client: hooks, then its own vector. Tail position.
void vmm_v86_int_begin(struct vmm *v, uint32_t vector);
bool vmm_v86_int_hooked(const struct vmm *v, uint8_t vector); // by a driver, with Hook_V86_Int_Chain
// The client waits with interrupts enabled, where it is, until one is simulated into it. No wake-up is lost in between,
// as could happen to code that enables interrupts and then halts.
void vmm_client_wait(struct vmm *v);
bool vmm_client_wake_in(struct vmm *v, uint32_t milliseconds) BASE_MUST_USE; // or when so much time has passed

// Ends the idleness of a VM (handle), as an interrupt would.
void vmm_vm_wake(struct vmm *v, uint32_t vm);

// An address of the ROM that V86 code calls or interrupts to: `proc` runs as for Allocate_V86_Call_Back (EBX = VM,
// EDX = reference, EBP = client registers). 0: there are no more.
uint32_t vmm_v86_call_back(struct vmm *v, uint32_t proc, uint32_t reference);

// A byte port of the board, past all traps.
uint8_t vmm_board_in(struct vmm *v, uint16_t port);
void vmm_board_out(struct vmm *v, uint16_t port, uint8_t value);
// --keep-going: what is missing fails instead of ending the run.
bool vmm_keeps_going(const struct vmm *v);

// Bytes of the ROM, F0000h + offset. False: no memory.
bool vmm_rom_put(struct vmm *v, uint16_t offset, const void *bytes, uint32_t n) BASE_MUST_USE;

// State that is no device's: as vmm_add_device, but without a descriptor block; id, bindings and control are not looked
// at.
bool vmm_add_resident(struct vmm *v, const struct vmm_device *resident) BASE_MUST_USE;
// A binding of the host that belongs to a device or resident: no state, in no snapshot.
void vmm_bind_resident(struct vmm *v, const struct vmm_device *device, const void *host);
const void *vmm_resident_binding(struct vmm *v, const struct vmm_device *device);

// Asks for a virtual machine with the focus. When vmm_run has created it, the residents' vm_started is called with the
// reference. False: no memory.
bool vmm_start_vm(struct vmm *v, uint32_t reference) BASE_MUST_USE;
// The program of the current VM is over: VM_Terminate and what follows. Tail position.
void vmm_end_current_vm_begin(struct vmm *v);
// Of the VMs' handles: the number it is known by (CB_VMID), 1 = the System VM.
uint32_t vmm_vm_number(struct vmm *v, uint32_t vm);

#endif
