// VWIN32 from outside: a Win32 program that opens devices with CreateFile("\\\\.\\NAME"), calls DeviceIoControl and
// closes handles again. A request is queued into the machine and handled while vmm_run goes on; its outcome is fetched
// by number. Everything about it (parameters, OVERLAPPED, buffers) lies in guest memory, as the driver sees it.
#ifndef VXDKIT_DEVICES_VWIN32_H
#define VXDKIT_DEVICES_VWIN32_H

#include "vmm/vmm.h"

enum vwin32_progress {
    VWIN32_UNKNOWN, // no such request
    VWIN32_QUEUED,  // not sent yet, or the driver is at it
    VWIN32_PENDING, // the driver answered -1 and will complete it later
    VWIN32_DONE,
};

struct vwin32_outcome {
    enum vwin32_progress progress;
    uint32_t error;    // of a request that is done: 0, or the Win32 error the driver gave
    uint32_t handle;   // open: the device handle, good for vwin32_ioctl when error is 0
    uint32_t returned; // bytes the driver says it returned
};

struct vwin32_call {
    uint32_t handle;
    uint32_t code; // dwIoControlCode
    const void *in;
    uint32_t in_size, out_size; // up to 16 MB each; 0 = a null pointer for the driver
    bool overlapped;
};

// All give the number of a request, 0 when it cannot be queued: no such device or handle, no memory, too many (64) that
// were not released.
uint32_t vwin32_open(struct vmm *v, const char *device) BASE_MUST_USE;
uint32_t vwin32_ioctl(struct vmm *v, const struct vwin32_call *call) BASE_MUST_USE;
uint32_t vwin32_close(struct vmm *v, uint32_t handle) BASE_MUST_USE;

// What has become of a request; the fields behind `progress` count when it is done. It stays until it is released.
struct vwin32_outcome vwin32_outcome(struct vmm *v, uint32_t request);
// Copies at most `size` bytes of a done request's output buffer; gives how many bytes the driver returned into it.
uint32_t vwin32_output(struct vmm *v, uint32_t request, void *to, uint32_t size);
// Forgets a request; one that is pending stays the driver's until it completes it.
void vwin32_release(struct vmm *v, uint32_t request);

// A Win32 event, as the ring-0 handle that OpenVxDHandle gives; 0 = too many (64). An automatic one is reset by the
// wait that it ends.
uint32_t vwin32_event_new(struct vmm *v, bool signaled, bool automatic) BASE_MUST_USE;
bool vwin32_event_signaled(struct vmm *v, uint32_t event);

#endif
