// The virtual devices that drivers expect beside the Virtual Machine Manager, one file each. They are drivers written
// in C: they run behind gates, call the VMM through its service table and keep their state as plain data.
#ifndef VXDKIT_DEVICES_DEVICES_H
#define VXDKIT_DEVICES_DEVICES_H

#include "pc/pc.h"
#include "vmm/vmm.h"

// Adds all devices of the machine's profile and the board, in a fixed order, before boot. False: no memory.
bool devices_add_all(struct vmm *v) BASE_MUST_USE;

// Whether a service is implemented, by the VMM or by a device of this room.
bool devices_service_is_implemented(uint16_t device, uint16_t ordinal) BASE_MUST_USE;

// The machine's board: interrupts and keys are scheduled and screens read through it (pc/pc.h). Lines that change are
// seen by the processor after devices_board_changed.
struct pc *devices_board(struct vmm *v);
void devices_board_changed(struct vmm *v);

// Hardware as a text describes it (docs/hardware.md), once, before boot. `name` is for messages. False: messages say
// what is wrong with the text, or there is no memory, or the machine has described hardware or has booted.
bool devices_provide_hardware(struct vmm *v, const char *name, const char *text, size_t size,
                              struct base_diag *diag) BASE_MUST_USE;

#endif
