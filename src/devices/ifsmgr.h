// IFSMgr between its files.
#ifndef VXDKIT_DEVICES_IFSMGR_H
#define VXDKIT_DEVICES_IFSMGR_H

#include "vmm/vmm.h"

// ifsmgr_string.c
extern const struct vmm_binding ifsmgr_string_bindings[];

#endif
