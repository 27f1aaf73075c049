// --ioctl: opens the last driver as a Win32 program would, sends the control codes one after the other, closes it
// again.
#include "cli/run.h"

#include <inttypes.h>
#include <stdlib.h>

enum { OUTPUT_SIZE = 4096, SHOWN = 32, STEP_NS = 1000000 };

// What the machine has to run for: a request's end, or (request 0) the driver's presence.
static bool reached(struct vxd_machine *m, const struct run_request *q, uint32_t request)
{
    return request ? vxd_win32_outcome(m, request).progress == VXD_WIN32_DONE : vxd_device_present(m, q->last_name);
}

// Lets the machine run until the request is done. False: the run is over, or nothing will ever complete it. An idle
// machine's clock stands still until something is due: then it gets more time at once.
static bool wait_for(struct vxd_machine *m, const struct run_request *q, uint32_t request, enum vxd_end *end)
{
    uint64_t step = STEP_NS;
    while (!reached(m, q, request)) {
        uint64_t before = vxd_time(m), left = q->for_ns > before ? q->for_ns - before : 0;
        if (!left) {
            *end = VXD_END_TIME;
            return false;
        }
        step = step < left ? step : left;
        *end = vxd_run(m, before + step, q->limit);
        if (*end != VXD_END_TIME && *end != VXD_END_IDLE)
            return false;
        if (*end == VXD_END_IDLE && vxd_time(m) == before && step == left)
            return reached(m, q, request);
        bool stands_still = *end == VXD_END_IDLE && vxd_time(m) == before;
        step = !stands_still ? STEP_NS : step > left / 2 ? left : step * 2;
    }
    return true;
}

static void tell(struct vxd_machine *m, const struct run_ioctl *ioctl, uint32_t request)
{
    uint8_t bytes[SHOWN];
    struct vxd_win32_outcome o = vxd_win32_outcome(m, request);
    printf("vxd: control code %08" PRIX32 "h: ", ioctl->code);
    if (o.error)
        printf("error %" PRIu32, o.error);
    else
        printf("done");
    uint32_t returned = vxd_win32_output(m, request, bytes, sizeof bytes);
    printf(", %" PRIu32 " bytes returned", returned);
    for (uint32_t i = 0; i < returned && i < SHOWN; i++)
        printf("%s%02X", i ? " " : ": ", bytes[i]);
    printf(returned > SHOWN ? " ...\n" : "\n");
}

static int send(struct vxd_machine *m, const struct run_request *q, const struct run_ioctl *ioctl, uint32_t handle,
                enum vxd_end *end)
{
    struct vxd_bytes in = {0};
    if (ioctl->input) {
        int status = cli_status_of(vxd_read_file(ioctl->input, &in, cli_messages()));
        if (status != CLI_OK)
            return status;
    }
    uint32_t request = vxd_win32_ioctl(m, handle, ioctl->code, in.data, (uint32_t)in.size, OUTPUT_SIZE, true);
    vxd_bytes_free(&in);
    if (!request)
        return CLI_BROKEN;
    if (wait_for(m, q, request, end) && !q->quiet)
        tell(m, ioctl, request);
    vxd_win32_release(m, request);
    return CLI_OK;
}

static bool goes_on(enum vxd_end end)
{
    return end == VXD_RUNNING || end == VXD_END_IDLE || end == VXD_END_TIME;
}

static int open_driver(struct vxd_machine *m, const struct run_request *q, uint32_t *handle, enum vxd_end *end)
{
    if (!wait_for(m, q, 0, end)) { // a dynamic driver is loaded after boot
        if (goes_on(*end))
            cli_complain("%s has not been loaded: it cannot be opened", q->last_name);
        return goes_on(*end) ? CLI_BROKEN : CLI_OK;
    }
    uint32_t request = vxd_win32_open(m, q->last_name);
    if (!request)
        return CLI_BROKEN;
    if (!wait_for(m, q, request, end))
        return CLI_OK;
    struct vxd_win32_outcome o = vxd_win32_outcome(m, request);
    vxd_win32_release(m, request);
    *handle = o.handle;
    if (!o.error)
        return CLI_OK;
    cli_complain("%s refuses to be opened: error %" PRIu32, q->last_name, o.error);
    return CLI_BROKEN;
}

int run_ioctls(struct vxd_machine *m, const struct run_request *q, enum vxd_end *end)
{
    uint32_t handle = 0;
    int status = open_driver(m, q, &handle, end);
    for (size_t i = 0; status == CLI_OK && handle && goes_on(*end) && i < q->ioctl_count; i++)
        status = send(m, q, &q->ioctls[i], handle, end);
    if (handle && goes_on(*end)) {
        uint32_t request = vxd_win32_close(m, handle);
        if (request)
            wait_for(m, q, request, end);
    }
    return status;
}
