// The same inputs give the same trace, byte for byte; a snapshot taken anywhere and restored into a fresh machine gives
// the same rest of it.
#include "driver.h"

static struct vxd_bytes demo; // the driver under test

static int build_demo(void **state)
{
    (void)state;
    demo = driver_build_file("examples/restricted/restricted.asm");
    return 0;
}

static int free_demo(void **state)
{
    (void)state;
    vxd_bytes_free(&demo);
    return 0;
}

static struct vxd_machine *traced_machine(struct collected *trace)
{
    struct vxd_machine *m = machine_with(&demo);
    assert_true(vxd_watch_trace(m, collect, trace));
    vxd_boot(m);
    return m;
}

static void two_runs_are_identical(void **state)
{
    (void)state;
    struct collected first = {0}, second = {0};
    for (int i = 0; i < 2; i++) {
        struct vxd_machine *m = traced_machine(i ? &second : &first);
        assert_int_equal(machine_finish(m, 1000 * MILLISECOND), VXD_END_SHUTDOWN);
        vxd_machine_free(m);
    }
    assert_non_null(strstr(first.text, "\"ev\":\"event\""));
    assert_string_equal(first.text, second.text);
    collected_free(&first);
    collected_free(&second);
}

// Runs in steps; every step is also the start of a fresh machine's whole rest.
static void check_every_step(uint64_t step)
{
    enum { MOST = 400 };
    struct collected whole = {0};
    struct vxd_machine *m = traced_machine(&whole);
    unsigned taken = 0;
    size_t offsets[MOST];
    struct vxd_snapshot *snapshots[MOST];
    enum vxd_end end = VXD_END_LIMIT;
    while (end == VXD_END_LIMIT && taken < MOST) {
        offsets[taken] = whole.size;
        snapshots[taken] = vxd_snapshot_take(m);
        assert_non_null(snapshots[taken++]);
        end = vxd_run(m, 1000 * MILLISECOND, vxd_instructions(m) + step);
    }
    assert_int_equal(end, VXD_END_IDLE);
    assert_true(taken > 10);
    for (unsigned i = 0; i < taken; i++) {
        struct collected rest = {0};
        struct vxd_machine *fresh = vxd_machine_new(NULL);
        assert_true(vxd_watch_trace(fresh, collect, &rest));
        if (!vxd_snapshot_restore(fresh, snapshots[i]))
            fail_msg("snapshot %u: %s", i, vxd_last_error(fresh));
        while (vxd_run(fresh, 1000 * MILLISECOND, vxd_instructions(fresh) + step) == VXD_END_LIMIT)
            continue;
        assert_string_equal(rest.text ? rest.text : "", whole.text + offsets[i]);
        collected_free(&rest);
        vxd_machine_free(fresh);
        vxd_snapshot_free(snapshots[i]);
    }
    vxd_machine_free(m);
    collected_free(&whole);
}

// The demo executes only some hundred instructions; a step of 7 stops it inside callbacks, waits and service calls.
static void demo_goes_on_from_anywhere(void **state)
{
    (void)state;
    check_every_step(7);
}

// A driver that schedules events from events and works in between.
static void busy_driver_goes_on_every_thousand_instructions(void **state)
{
    (void)state;
    struct vxd_bytes kept = demo;
    demo = driver_build("mov edx, 100\n"
                        "mov esi, OFFSET32 Worker\n"
                        "VMMCall Schedule_Global_Event\n"
                        "mov eax, 30\n"
                        "mov esi, OFFSET32 Ticker\n"
                        "VMMCall Set_Global_Time_Out\n"
                        "clc\n"
                        "ret\n",
                        "BeginProc Worker\n"
                        "mov ecx, 200\n"
                        "again: add eax, ecx\n"
                        "dec ecx\n"
                        "jnz again\n"
                        "dec edx\n"
                        "jz done\n"
                        "mov esi, OFFSET32 Worker\n"
                        "VMMCall Schedule_Global_Event\n"
                        "done: ret\n"
                        "EndProc Worker\n"
                        "BeginProc Ticker\n"
                        "mov edx, 5\n"
                        "mov esi, OFFSET32 Worker\n"
                        "VMMCall Schedule_Global_Event\n"
                        "ret\n"
                        "EndProc Ticker\n");
    check_every_step(1000);
    vxd_bytes_free(&demo);
    demo = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_runs_are_identical),
        cmocka_unit_test(demo_goes_on_from_anywhere),
        cmocka_unit_test(busy_driver_goes_on_every_thousand_instructions),
    };
    return cmocka_run_group_tests(tests, build_demo, free_demo);
}
