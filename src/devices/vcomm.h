// VCOMM between its files: ports, port drivers, and the device nodes that it loads port drivers for.
#ifndef VXDKIT_DEVICES_VCOMM_H
#define VXDKIT_DEVICES_VCOMM_H

#include "devices/call.h"
#include "devices/common.h"

enum { VCOMM_PORTS = 32, VCOMM_DRIVERS = 16, VCOMM_NODES = 32, VCOMM_ACQUIRED = 16, VCOMM_NAME = 64 };

struct vcomm_port {
    char name[VCOMM_NAME]; // "": free
    uint32_t text;         // guest copy of the name
    uint32_t open;         // PortOpen
    uint32_t info;         // what it gave; 0: closed
    uint32_t vxd;          // DDB of the driver that PortOpen lies in
    uint32_t node;         // device node that it was added for, 0 = none
    uint8_t opening;
};

struct vcomm_driver {
    uint32_t control; // DriverControl; 0: free
    uint32_t vxd;     // its DDB
    uint8_t loaded;   // by VCOMM, and it goes with its last open port
    uint8_t going;    // being unloaded
};

struct vcomm_acquired {
    uint8_t used;
    uint32_t number, vm;
};

struct vcomm {
    struct vcomm_port port[VCOMM_PORTS];
    struct vcomm_driver driver[VCOMM_DRIVERS];
    uint32_t node[VCOMM_NODES]; // device nodes that were started, 0 = free
    struct vcomm_acquired acquired[VCOMM_ACQUIRED];
    uint32_t error;     // guest memory: a dword for PortOpen's error
    uint32_t node_proc; // the device nodes' handler
    uint16_t register_kind, open_kind, close_kind, node_kind, load_kind, unload_kind;
};

struct vcomm *vcomm_state(struct vmm *v);

// vcomm.c
struct vcomm_port *vcomm_named(struct vmm *v, const char *name); // "": a free one
void vcomm_port_free(struct vmm *v, struct vcomm_port *p);
// Opens it for a service or a frame: the handle, or IE_*, in EAX.
void vcomm_open_begin(struct vmm *v, struct vcomm_port *p, uint32_t vm);

// vcomm_load.c: device nodes and their port drivers
void vcomm_new_node_begin(struct vmm *v); // PNP_New_Devnode
void vcomm_register_begin(struct vmm *v); // _VCOMM_Register_Port_Driver
// Opens the port of a device node by a name that no port has: handle or IE_* in EAX.
void vcomm_open_node_begin(struct vmm *v, const char *name, uint32_t vm);
// Unloads a driver that VCOMM loaded when no port of it is open; `answer` in EAX.
void vcomm_unload_begin(struct vmm *v, uint32_t vxd, uint32_t answer);
bool vcomm_load_create(struct vmm *v) BASE_MUST_USE;

// vcomm_node.c: what the registry says of a device node
void vcomm_node_name(struct vmm *v,
                     uint32_t node); // PortName and FriendlyName from its resources, where they are missing
bool vcomm_node_text(struct vmm *v, uint32_t node, const char *value, char *to, uint32_t size); // of the device's key
// The VxD file that opens it by PortName or by FriendlyName. False: none.
bool vcomm_node_file(struct vmm *v, uint32_t node, bool friendly, char *to, uint32_t size);

#endif
