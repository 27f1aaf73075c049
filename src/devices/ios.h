// Between the files of IOS, the I/O supervisor: its state, and what its chapters do for each other.
//
// ios.c            control messages, services that need no chapter
// ios_blockdev.c   block devices of Windows 3.1: descriptors, chains of commands
// ios_register.c   drivers' registration; the asynchronous events (AEP) that they are told
// ios_load.c       port drivers of device nodes
// ios_service.c    the service routine of a driver's linkage block (ILB): DDBs, DCBs, memory, calldown lists
// ios_request.c    the linkage block's other routines; requests on their way through a calldown list
// ios_timeout.c    requests that take too long
#ifndef VXDKIT_DEVICES_IOS_H
#define VXDKIT_DEVICES_IOS_H

#include "devices/call.h"
#include "devices/common.h"

enum {
    IOS_BLOCK_DEVICES = 32,
    IOS_DRIVERS = 32,
    IOS_DEVICES = 128,  // DCBs
    IOS_REQUESTS = 256, // IOPs
    IOS_LAYERS = 32,
    IOS_NO_LAYER = IOS_LAYERS,
};

// Routines of an ILB: guest addresses of host code.
enum ios_routine {
    IOS_SERVICE,
    IOS_DPRINTF,
    IOS_WAIT_10TH_SEC,
    IOS_INTERNAL_REQUEST,
    IOS_IO_CRITERIA,
    IOS_INT_IO_CRITERIA,
    IOS_ENQUEUE,
    IOS_DEQUEUE,
    IOS_IOP_CALLBACK, // not in an ILB: the bottom of every callback table
    IOS_ROUTINES
};

struct ios_driver {
    uint32_t dvt; // guest address; 0: free
    uint32_t layers;
    uint32_t aer, ilb;
    uint8_t booted; // AEP_BOOT_COMPLETE was sent
};

struct ios_iop {
    uint32_t iop;       // guest address; 0: free
    uint32_t semaphore; // of who waits for the end of a synchronous request
    uint8_t sent;       // by IOS_SendCommand, and not called back yet
    uint8_t late;       // the drivers are to be told that its time is over
};

struct ios {
    uint32_t bdd[IOS_BLOCK_DEVICES]; // guest addresses of descriptors in the order of their registration
    uint32_t bdds;
    uint32_t irq_proc;
    struct ios_driver driver[IOS_DRIVERS];
    uint32_t own_dvt;          // IOS's own, the chain's first
    uint32_t dcb[IOS_DEVICES]; // guest addresses, in the order of the chain
    uint32_t dcbs;
    uint32_t initialising; // the driver that is in AEP_INITIALIZE now: row + 1
    struct ios_iop iop[IOS_REQUESTS];
    uint32_t routine[IOS_ROUTINES];
    uint32_t boot_proc;
    uint32_t node, node_proc; // the device node whose port driver is being initialised; the handler of all
    uint32_t clock_proc, start_proc;
    uint16_t send_kind, complete_kind, irq_kind;
    uint16_t register_kind, tell_kind, request_kind, wait_kind, destroy_kind, node_kind, clock_kind;
    uint8_t has_irq;       // the disks' interrupt is virtualized
    uint8_t clock_goes;    // the time-out of requests is set
    uint8_t initialized;   // the last walk through a driver's initialisation has succeeded
    uint8_t boot_complete; // drivers that register from now on are told at once
};

extern const struct vmm_device ios_device;
struct ios *ios_state(struct vmm *v);
void ios_stop_missing(struct vmm *v, const char *what, const char *page);

// ios_blockdev.c
bool ios_blockdev_create(struct vmm *v);
void ios_blockdev_send_begin(struct vmm *v); // EDI = BDD, ESI = chain of commands
extern const struct vmm_binding ios_blockdev_bindings[];

// ios_register.c
bool ios_register_create(struct vmm *v);
void ios_register_begin(struct vmm *v);
// Tells all drivers the event whose packet is in `aep` (a block of vmm_heap_get, given back at the end), those of the
// lowest layers first. `ddb` is the one that it is about, 0 = none. Whoever waits below has done so with
// vmm_frame_wait.
void ios_tell_all_begin(struct vmm *v, uint32_t aep, uint32_t ddb);
uint32_t ios_aep(struct vmm *v, uint16_t function,
                 uint32_t value); // a packet; its first dword after the header. 0: none
void ios_tell_boot_complete_begin(struct vmm *v);
void ios_initialize_again_begin(struct vmm *v, uint32_t row); // a port driver, for ios.node

// ios_load.c
bool ios_load_create(struct vmm *v);
void ios_new_node_begin(struct vmm *v);

// ios_service.c
bool ios_service_create(struct vmm *v);
uint32_t ios_new_dcb(struct vmm *v, uint32_t size); // zeroed, at the chain's end; 0 = no room
bool ios_is_dcb(struct vmm *v, uint32_t dcb);
void ios_destroy_dcb_begin(struct vmm *v, uint32_t dcb); // the drivers are told
void ios_free_ddb_begin(struct vmm *v, uint32_t ddb);
void ios_forget_ddb(struct vmm *v, uint32_t ddb); // its entries in calldown lists

// ios_request.c
bool ios_request_create(struct vmm *v);
extern const struct vmm_binding ios_request_bindings[];

// ios_timeout.c
bool ios_timeout_create(struct vmm *v);
bool ios_clock_start_begin(struct vmm *v); // for a frame. False: it goes already, nothing was called

#endif
