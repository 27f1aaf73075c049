// W32_DeviceIoControl on behalf of a program outside: open, call, refusal, overlapped completion, close.
#include "devices/rig.h"
#include "devices/vwin32.h"

static struct vwin32_outcome finish(struct rig *r, uint32_t request, uint64_t ms)
{
    assert_int_not_equal(request, 0);
    assert_int_equal(vmm_run(r->v, ms * MS, UINT64_MAX), VMM_END_IDLE);
    return vwin32_outcome(r->v, request);
}

static uint32_t open_device(struct rig *r)
{
    struct vwin32_outcome o = finish(r, vwin32_open(r->v, "IOCTLDEV"), 5);
    assert_int_equal(o.progress, VWIN32_DONE);
    assert_int_equal(o.error, 0);
    return o.handle;
}

static void call_copies_in_and_out(void **state)
{
    (void)state;
    struct rig *r = rig_new("ioctl");
    uint32_t handle = open_device(r);
    struct vwin32_call call = {.handle = handle, .code = 1, .in = "HAL", .in_size = 3, .out_size = 8};
    uint32_t request = vwin32_ioctl(r->v, &call);
    struct vwin32_outcome o = finish(r, request, 6);
    assert_int_equal(o.progress, VWIN32_DONE);
    assert_int_equal(o.error, 0);
    assert_int_equal(o.returned, 3);
    char out[8] = "";
    assert_int_equal(vwin32_output(r->v, request, out, sizeof out), 3);
    assert_memory_equal(out, "IBM", 3);
    vwin32_release(r->v, request);
    assert_int_equal(vwin32_outcome(r->v, request).progress, VWIN32_UNKNOWN);
    rig_expect(r, 7, "ioctl 00000000\nioctl 00000001\n");
    rig_free(r);
}

static void refused_call_gives_the_drivers_error(void **state)
{
    (void)state;
    struct rig *r = rig_new("ioctl");
    struct vwin32_call call = {.handle = open_device(r), .code = 2};
    struct vwin32_outcome o = finish(r, vwin32_ioctl(r->v, &call), 6);
    assert_int_equal(o.progress, VWIN32_DONE);
    assert_int_equal(o.error, 50);
    rig_free(r);
}

static void overlapped_call_is_pending_until_completed(void **state)
{
    (void)state;
    struct rig *r = rig_new("ioctl");
    struct vwin32_call call = {.handle = open_device(r), .code = 3, .out_size = 16, .overlapped = true};
    uint32_t request = vwin32_ioctl(r->v, &call);
    assert_int_equal(finish(r, request, 10).progress, VWIN32_PENDING);
    struct vwin32_outcome o = finish(r, request, 100);
    assert_int_equal(o.progress, VWIN32_DONE);
    assert_int_equal(o.returned, 4);
    char out[4];
    assert_int_equal(vwin32_output(r->v, request, out, sizeof out), 4);
    assert_memory_equal(out, "data", 4);
    rig_expect(r, 101, "ioctl 00000000\nioctl 00000003\ncompleted\n");
    rig_free(r);
}

static void closed_handle_is_dead(void **state)
{
    (void)state;
    struct rig *r = rig_new("ioctl");
    uint32_t handle = open_device(r);
    assert_int_equal(finish(r, vwin32_close(r->v, handle), 6).progress, VWIN32_DONE);
    struct vwin32_call call = {.handle = handle, .code = 1};
    assert_int_equal(vwin32_ioctl(r->v, &call), 0);
    assert_int_equal(vwin32_close(r->v, handle), 0);
    assert_int_equal(vwin32_open(r->v, "NOSUCH"), 0);
    rig_expect(r, 7, "ioctl 00000000\nioctl FFFFFFFF\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_copies_in_and_out),
        cmocka_unit_test(refused_call_gives_the_drivers_error),
        cmocka_unit_test(overlapped_call_is_pending_until_completed),
        cmocka_unit_test(closed_handle_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
