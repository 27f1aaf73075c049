// VWIN32 (Win95 DDK S35B6-S35C8, Win98 DDK kernel_4fn9): W32_DeviceIoControl on behalf of a program outside (vwin32.h),
// completion of overlapped requests. What threads wait for is in vwin32_sync.c.
#include "devices/vwin32.h"
#include "devices/vwin32_sync.h"

#include "devices/call.h"
#include "devices/common.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { REQUESTS = 64, HANDLES = 32, MOST_BYTES = 16 << 20 };
enum { DIOC_OPEN = 0 };
static const uint32_t DIOC_CLOSEHANDLE = 0xFFFFFFFFu, DIOC_PENDING = 0xFFFFFFFFu;

// A request's block of guest memory: parameters, OVERLAPPED, count of bytes returned, input, output.
enum { BLOCK_OVERLAPPED = 0x30, BLOCK_RETURNED = 0x50, BLOCK_BUFFERS = 0x100, OVERLAPPED_INTERNAL_HIGH = 4 };

enum request_kind { OPEN = 1, IOCTL, CLOSE };

struct vwin32_request {
    uint32_t id;           // 0: free
    uint32_t ticket;       // of vmm_send_control
    uint32_t block, pages; // guest memory
    uint32_t out, out_size;
    uint32_t handle;
    uint8_t kind; // enum request_kind
    uint8_t overlapped, completed, released, reported;
};

struct vwin32_handle {
    uint32_t id; // 0: free
    char device[9];
    uint8_t open;
};

struct vwin32 {
    struct vwin32_sync sync; // first: see vwin32_sync.c
    struct vwin32_request request[REQUESTS];
    struct vwin32_handle handle[HANDLES];
    uint32_t ids;
    uint32_t process; // the one Win32 process: a block of guest memory whose address stands for it
};

extern const struct vmm_device vwin32_device;

// NULL in Windows 3.1.
static struct vwin32 *state(struct vmm *v)
{
    return vmm_device_state(v, &vwin32_device);
}

static struct vwin32_request *find_request(struct vmm *v, uint32_t id)
{
    for (unsigned i = 0; state(v) && id && i < REQUESTS; i++) {
        if (state(v)->request[i].id == id)
            return &state(v)->request[i];
    }
    return NULL;
}

static struct vwin32_handle *find_handle(struct vmm *v, uint32_t id)
{
    for (unsigned i = 0; state(v) && id && i < HANDLES; i++) {
        if (state(v)->handle[i].id == id)
            return &state(v)->handle[i];
    }
    return NULL;
}

static uint32_t process(struct vmm *v)
{
    if (!state(v)->process)
        state(v)->process = vmm_heap_get(v, 16);
    return state(v)->process;
}

// ---------------------------------------------------------------------------------------------------------------------
// Requests from outside

static bool write_guest(struct vmm *v, uint32_t linear, const void *bytes, uint32_t n)
{
    return x86_write_linear(vmm_cpu(v), linear, bytes, n, X86_WRITE, NULL);
}

static bool fill_block(struct vmm *v, const struct vwin32_request *q, const struct vwin32_call *call)
{
    uint8_t p[KIT_SIZE_DIOCParams] = {0}, internal[4];
    uint32_t in = q->block + BLOCK_BUFFERS;
    base_put32(p + KIT_VMHandle, vmm_system_vm(v));
    base_put32(p + KIT_dwIoControlCode, call->code);
    base_put32(p + KIT_lpvInBuffer, call->in_size ? in : 0);
    base_put32(p + KIT_cbInBuffer, call->in_size);
    base_put32(p + KIT_lpvOutBuffer, call->out_size ? q->out : 0);
    base_put32(p + KIT_cbOutBuffer, call->out_size);
    base_put32(p + KIT_lpcbBytesReturned, q->block + BLOCK_RETURNED);
    base_put32(p + KIT_lpoOverlapped, call->overlapped ? q->block + BLOCK_OVERLAPPED : 0);
    base_put32(p + KIT_hDevice, call->handle);
    base_put32(p + KIT_tagProcess, process(v));
    base_put32(internal, q->block); // what VWIN32_DIOCCompletionRoutine will be given
    return write_guest(v, q->block, p, sizeof p) && write_guest(v, q->block + BLOCK_OVERLAPPED, internal, 4) &&
           (!call->in_size || write_guest(v, in, call->in, call->in_size));
}

static void free_request(struct vmm *v, struct vwin32_request *q)
{
    vmm_give_pages(v, q->block, q->pages);
    q->id = 0;
}

static bool allocate(struct vmm *v, struct vwin32_request *q, const struct vwin32_call *call)
{
    if (call->in_size > MOST_BYTES || call->out_size > MOST_BYTES)
        return false;
    uint32_t out = (BLOCK_BUFFERS + call->in_size + 15u) & ~15u;
    q->pages = (out + call->out_size + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE;
    q->block = vmm_take_pages(v, q->pages);
    q->out = q->block + out;
    q->out_size = call->out_size;
    q->overlapped = call->overlapped;
    return q->block != 0;
}

static uint32_t send(struct vmm *v, enum request_kind kind, const char *device, const struct vwin32_call *call)
{
    struct vwin32 *s = state(v);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct vwin32_request *q = &s->request[i];
        if (q->id)
            continue;
        *q = (struct vwin32_request){.kind = (uint8_t)kind, .handle = call->handle};
        if (!process(v) || !allocate(v, q, call))
            return 0;
        q->id = ++s->ids;
        if (fill_block(v, q, call) && vmm_send_control(v, device, KIT_W32_DeviceIoControl, vmm_system_vm(v),
                                                       call->handle, q->block, 0, &q->ticket))
            return q->id;
        free_request(v, q);
        return 0;
    }
    return 0;
}

uint32_t vwin32_open(struct vmm *v, const char *device)
{
    struct vwin32 *s = state(v);
    for (unsigned i = 0; s && i < HANDLES; i++) {
        struct vwin32_handle *h = &s->handle[i];
        if (h->id)
            continue;
        size_t length = strlen(device);
        if (length >= sizeof h->device)
            return 0;
        memcpy(h->device, device, length + 1);
        h->id = 4 * ++s->ids;
        h->open = 0;
        struct vwin32_call call = {.handle = h->id, .code = DIOC_OPEN};
        uint32_t request = send(v, OPEN, device, &call);
        if (!request)
            h->id = 0;
        return request;
    }
    return 0;
}

uint32_t vwin32_ioctl(struct vmm *v, const struct vwin32_call *call)
{
    const struct vwin32_handle *h = find_handle(v, call->handle);
    return h && h->open ? send(v, IOCTL, h->device, call) : 0;
}

uint32_t vwin32_close(struct vmm *v, uint32_t handle)
{
    struct vwin32_handle *h = find_handle(v, handle);
    if (!h || !h->open)
        return 0;
    struct vwin32_call call = {.handle = handle, .code = DIOC_CLOSEHANDLE};
    uint32_t request = send(v, CLOSE, h->device, &call);
    if (request)
        h->id = 0;
    return request;
}

// A device that refused the open has no handle; one that accepted has.
static void opened(struct vmm *v, const struct vwin32_request *q, uint32_t error)
{
    struct vwin32_handle *h = find_handle(v, q->handle);
    if (!h)
        return;
    h->open = error == 0;
    if (error)
        h->id = 0;
}

static uint32_t bytes_returned(struct vmm *v, const struct vwin32_request *q)
{
    uint32_t at = q->completed ? BLOCK_OVERLAPPED + OVERLAPPED_INTERNAL_HIGH : BLOCK_RETURNED;
    return vmm_peek32(v, q->block + at);
}

// Only an overlapped request may be answered with -1 (Win95 DDK W32_DeviceIoControl): others are over, with that error.
static bool wrongly_pending(struct vmm *v, struct vwin32_request *q)
{
    if (q->overlapped)
        return false;
    if (!q->reported)
        vmm_report(v, "ioctl-pending", 0, "Win95 DDK W32_DeviceIoControl",
                   "the driver answered -1 (pending) to a request without OVERLAPPED");
    q->reported = 1;
    return true;
}

struct vwin32_outcome vwin32_outcome(struct vmm *v, uint32_t request)
{
    struct vwin32_request *q = find_request(v, request);
    struct vwin32_outcome o = {.progress = VWIN32_UNKNOWN};
    if (!q)
        return o;
    bool carry;
    uint32_t eax;
    o.progress = VWIN32_QUEUED;
    if (!vmm_control_result(v, q->ticket, &carry, &eax))
        return o;
    if (q->kind == IOCTL && eax == DIOC_PENDING && !q->completed && !wrongly_pending(v, q)) {
        o.progress = VWIN32_PENDING;
        return o;
    }
    o.progress = VWIN32_DONE;
    o.error = q->completed || q->kind == CLOSE ? 0 : eax;
    o.handle = q->handle;
    o.returned = bytes_returned(v, q);
    if (q->kind == OPEN)
        opened(v, q, o.error);
    return o;
}

uint32_t vwin32_output(struct vmm *v, uint32_t request, void *to, uint32_t size)
{
    const struct vwin32_request *q = find_request(v, request);
    if (!q || vwin32_outcome(v, request).progress != VWIN32_DONE)
        return 0;
    uint32_t n = bytes_returned(v, q);
    n = n < q->out_size ? n : q->out_size;
    if (size > n)
        size = n;
    return x86_read_linear(vmm_cpu(v), q->out, to, size, X86_READ, NULL) ? n : 0;
}

void vwin32_release(struct vmm *v, uint32_t request)
{
    struct vwin32_request *q = find_request(v, request);
    if (!q)
        return;
    if (vwin32_outcome(v, request).progress == VWIN32_DONE)
        free_request(v, q);
    else
        q->released = 1;
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

// EBX = OVERLAPPED.Internal of a request that the driver answered with -1, or is about to.
static void completion_routine(struct vmm *v)
{
    uint32_t internal = vmm_regs(v)[X86_EBX];
    struct vwin32 *s = state(v);
    for (unsigned i = 0; internal && i < REQUESTS; i++) {
        struct vwin32_request *q = &s->request[i];
        if (!q->id || q->block != internal || !q->overlapped || q->completed)
            continue;
        q->completed = 1;
        if (q->released)
            free_request(v, q);
        return;
    }
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win98 DDK kernel_4fn9",
               "%08X is not OVERLAPPED.Internal of a pending request", internal);
}

static void get_current_process_handle(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = process(v);
}

static const struct vmm_binding bindings[] = {
    {KIT_VWIN32_Get_Version, devices_version},
    {KIT_VWIN32_DIOCCompletionRoutine, completion_routine},
    {KIT_VWIN32_GetCurrentProcessHandle, get_current_process_handle},
    {0, NULL},
};

const struct vmm_device vwin32_device = {
    .id = 0x2A, .version = 0x0400, .bindings = bindings, .state_size = sizeof(struct vwin32)};

static bool create(struct vmm *v)
{
    return vwin32_sync_create(v);
}

static const struct vmm_binding *const more[] = {vwin32_sync_bindings, NULL};

const struct devices_entry vwin32_entry = {&vwin32_device, create, true, more};
