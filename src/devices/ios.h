// Between the files of IOS, the I/O supervisor: its state.
//
// ios.c            services that are only there, control messages
// ios_blockdev.c   block devices of Windows 3.1: descriptors, chains of commands
#ifndef VXDKIT_DEVICES_IOS_H
#define VXDKIT_DEVICES_IOS_H

#include "devices/call.h"
#include "devices/common.h"

enum { IOS_BLOCK_DEVICES = 32 };

struct ios {
    uint32_t bdd[IOS_BLOCK_DEVICES]; // guest addresses of descriptors in the order of their registration
    uint32_t bdds;
    uint32_t irq_proc;
    uint16_t send_kind, complete_kind, irq_kind;
    uint8_t has_irq; // the disks' interrupt is virtualized
};

extern const struct vmm_device ios_device;
struct ios *ios_state(struct vmm *v);

// ios_blockdev.c
bool ios_blockdev_create(struct vmm *v);
void ios_blockdev_send_begin(struct vmm *v); // EDI = BDD, ESI = chain of commands
extern const struct vmm_binding ios_blockdev_bindings[];

#endif
