// A Win32 program's view of a driver.
#include "api/machine.h"
#include "devices/vwin32.h"

uint32_t vxd_win32_open(struct vxd_machine *m, const char *device)
{
    uint32_t request = vwin32_open(m->vmm, device);
    if (!request)
        api_fail(m, "%s cannot be opened: no such device, or too many requests", device);
    return request;
}

uint32_t vxd_win32_ioctl(struct vxd_machine *m, uint32_t handle, uint32_t code, const void *in, uint32_t in_size,
                         uint32_t out_size, bool overlapped)
{
    const struct vwin32_call call = {handle, code, in, in_size, out_size, overlapped};
    uint32_t request = vwin32_ioctl(m->vmm, &call);
    if (!request)
        api_fail(m, "control code %08Xh cannot be sent: no such handle, too much data or too many requests", code);
    return request;
}

uint32_t vxd_win32_close(struct vxd_machine *m, uint32_t handle)
{
    uint32_t request = vwin32_close(m->vmm, handle);
    if (!request)
        api_fail(m, "handle %u cannot be closed: it is not open", handle);
    return request;
}

struct vxd_win32_outcome vxd_win32_outcome(struct vxd_machine *m, uint32_t request)
{
    struct vwin32_outcome o = vwin32_outcome(m->vmm, request);
    return (struct vxd_win32_outcome){(enum vxd_win32_progress)o.progress, o.error, o.handle, o.returned};
}

uint32_t vxd_win32_output(struct vxd_machine *m, uint32_t request, void *to, uint32_t size)
{
    return vwin32_output(m->vmm, request, to, size);
}

void vxd_win32_release(struct vxd_machine *m, uint32_t request)
{
    vwin32_release(m->vmm, request);
}

uint32_t vxd_win32_event(struct vxd_machine *m, bool signaled, bool automatic)
{
    uint32_t event = vwin32_event_new(m->vmm, signaled, automatic);
    if (!event)
        api_fail(m, "no Win32 event: there are too many, or this Windows has none");
    return event;
}

bool vxd_win32_event_signaled(struct vxd_machine *m, uint32_t event)
{
    return vwin32_event_signaled(m->vmm, event);
}
