// How a device written in C calls the VMM: as a driver does, through the service table, so that hooks see it and
// nothing of the kernel is done twice. A frame stands below the call and goes on when it is back.
#ifndef VXDKIT_DEVICES_CALL_H
#define VXDKIT_DEVICES_CALL_H

#include "vmm/frame.h"

// Calls a service of the VMM with the registers of now; the top frame's `resume` runs when it has returned. Tail
// position.
void devices_call_begin(struct vmm *v, uint16_t ordinal);
void devices_call_c_begin(struct vmm *v, uint16_t ordinal, unsigned n, const uint32_t *args);

// Calls a service whose results nobody needs: afterwards the present registers and flags come back. The registers for
// the call are set between the two. Tail position.
bool devices_aside_push(struct vmm *v) BASE_MUST_USE;
void devices_aside_begin(struct vmm *v, uint16_t ordinal);

// Moves bytes between two places of guest memory that were probed or cannot be missing. False: a page fault was noted.
bool devices_copy(struct vmm *v, uint32_t to, uint32_t from, uint32_t n) BASE_MUST_USE;

// Offset of an area in every VM's control block, for Sys_Critical_Init; the run ends when there is no room.
uint32_t devices_cb_area(struct vmm *v, uint32_t bytes);

// Reports a handle that is no virtual machine's and gives false; `page` documents the service.
bool devices_vm_or_report(struct vmm *v, uint32_t vm, const char *page) BASE_MUST_USE;

// CF of a program that called a device's API; `crs` are its client registers.
void devices_api_carry(struct vmm *v, uint32_t crs, bool failed);

// Ports that a device traps in all VMs: `count` of them, `step` apart.
struct devices_ports {
    uint16_t first;
    uint8_t count, step;
};
enum { DEVICES_MOST_PORTS = 6 };
// Installs the handler `proc` (vmm_host_proc) for the ports; the run ends when one of them has a handler already. Tail
// position.
void devices_trap_begin(struct vmm *v, uint32_t proc, unsigned n, const struct devices_ports *ports);
// The same, but ports that a driver has are left to it.
void devices_trap_free_begin(struct vmm *v, uint32_t proc, unsigned n, const struct devices_ports *ports);
// In host code that was called (vmm_host_proc) and has pushed no frame: goes on at `target`, which returns to the
// caller.
void devices_jump(struct vmm *v, uint32_t target);
// In a handler: the access is wider than a byte and goes to Simulate_IO as it is (VDAG31: VMMJmp Simulate_IO).
void devices_split_io(struct vmm *v);
enum { DEVICES_BYTE_IN = 0, DEVICES_BYTE_OUT = 4 }; // kinds of access in ECX

// Adds the frame kinds behind devices_aside_* and devices_trap_begin; once per machine.
bool devices_call_create(struct vmm *v) BASE_MUST_USE;

// What a device's Get_Version answers in EAX, with CF=0: devices have the version of the system they came with.
static inline void devices_version(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_profile(v);
    vmm_set_flag(v, X86_CF, false);
}

static inline void devices_carry(struct vmm *v, bool failed)
{
    vmm_set_flag(v, X86_CF, failed);
}

#endif
