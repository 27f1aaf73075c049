// The list of devices that VXDLDR keeps for drivers (vxdldr_list.c).
#ifndef VXDKIT_DEVICES_VXDLDR_LIST_H
#define VXDKIT_DEVICES_VXDLDR_LIST_H

#include "vmm/vmm.h"

enum { VXDLDR_DEVICES = 128 };

struct vxdldr_list {
    struct {
        uint32_t ddb, info; // of a driver and its DeviceInfo; 0 = free
    } device[VXDLDR_DEVICES];
};

// Address of the first DeviceInfo, after the list was brought up to date; 0 = none, or no memory.
uint32_t vxdldr_list_refresh(struct vmm *v, struct vxdldr_list *list);
uint32_t vxdldr_list_info(const struct vxdldr_list *list, uint32_t ddb); // 0 = not in the list

#endif
