// I/O trapping: who handles a port, and in which VMs it is trapped (iomap.c); what a trapped access becomes (iotrap.c).
#ifndef VXDKIT_VMM_IOMAP_H
#define VXDKIT_VMM_IOMAP_H

#include "vmm/guest.h"

uint32_t vmm_io_handler(struct vmm *v, uint16_t port);    // address of the handler, 0 = none
uint32_t vmm_io_trapped_by(struct vmm *v, uint16_t port); // the same, 0 also where the current VM is not trapped

#endif
