// VXDLDR's API for programs; called by vxdldr.c.
#ifndef VXDKIT_DEVICES_VXDLDR_API_H
#define VXDKIT_DEVICES_VXDLDR_API_H

#include "vmm/frame.h"

uint16_t vxdldr_api_create(struct vmm *v); // its kind of frame
void vxdldr_api_begin(struct vmm *v, uint16_t kind);

#endif
