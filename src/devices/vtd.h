// Between the files of VTD.
//
// vtd.c       services, the API for programs
// vtd_virt.c  the timer as VMs see it: counter 0 of each, its interrupts
#ifndef VXDKIT_DEVICES_VTD_H
#define VXDKIT_DEVICES_VTD_H

#include "devices/call.h"
#include "devices/common.h"

enum { VTD_SLOWEST = 54 }; // ms, the longest period of the 8254

struct vtd {
    uint16_t requests[VTD_SLOWEST + 1]; // outstanding VTD_Begin_Min_Int_Period per period
    uint32_t area;                      // offset in a control block
    uint32_t first_vm;                  // VMs with a timer, linked through their areas
    uint32_t interrupt_proc, virtual_proc, io_proc;
    uint8_t owns;   // IRQ 0 is virtualized: a DOS program has run
    uint8_t wanted; // and one runs that could notice a timer that stands still
    uint16_t api_kind, tick_kind;
};

struct vtd *vtd_state(struct vmm *v);
extern const struct vmm_device vtd_device;

// vtd_virt.c
bool vtd_virt_create(struct vmm *v) BASE_MUST_USE;
void vtd_virt_init_begin(struct vmm *v); // Sys_Critical_Init
void vtd_vm_created(struct vmm *v, uint32_t vm);
void vtd_vm_destroyed(struct vmm *v, uint32_t vm);
void vtd_disable_trapping_begin(struct vmm *v);
void vtd_enable_trapping_begin(struct vmm *v);

#endif
