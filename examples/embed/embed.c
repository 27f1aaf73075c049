// How a program uses vxdkit as a library: boots a machine with a driver, listens to what the driver prints, gives it a
// procedure of ours to call, looks at its memory, and goes back in time with a snapshot.
//
//   cc -o embed embed.c $(pkg-config --cflags --libs vxdkit) && ./embed DRIVER.vxd
#include <stdio.h>

#include <vxdkit/vxdkit.h>

static const uint64_t MILLISECOND = 1000000; // of virtual time, in ns
static const uint64_t BUDGET = 50000000;     // instructions: no driver keeps us for ever

struct watcher {
    unsigned events, done;
};

static void watch(void *user, const struct vxd_record *record)
{
    struct watcher *w = user;
    if (record->kind == VXD_RECORD_DEBUG)
        fwrite(record->u.debug.text, 1, record->u.debug.length, stdout);
    if (record->kind != VXD_RECORD_EVENT)
        return;
    w->events += record->u.event.state == VXD_EVENT_SCHEDULED;
    w->done += record->u.event.state == VXD_EVENT_DONE;
}

static int fail(const struct vxd_machine *m, const char *what)
{
    fprintf(stderr, "embed: %s: %s\n", what, m ? vxd_last_error(m) : "no memory");
    return 1;
}

static int run_twice(struct vxd_machine *m, struct watcher *w)
{
    // Everything up to here, kept: the driver has booted and waits for the clock.
    vxd_run(m, 10 * MILLISECOND, BUDGET);
    struct vxd_snapshot *snapshot = vxd_snapshot_take(m);
    if (!snapshot)
        return fail(m, "snapshot");

    uint64_t ends[2];
    for (int i = 0; i < 2; i++) {
        if (!vxd_snapshot_restore(m, snapshot))
            return fail(m, "restore");
        if (vxd_run(m, 1000 * MILLISECOND, BUDGET) == VXD_END_FAULT)
            return fail(m, vxd_end_message(m));
        ends[i] = vxd_instructions(m);
    }
    vxd_snapshot_free(snapshot);
    printf("embed: both runs executed %llu instructions, %u events were done\n", (unsigned long long)ends[0], w->done);
    return ends[0] == ends[1] ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct watcher w = {0, 0};
    if (argc != 2) {
        fprintf(stderr, "usage: embed DRIVER.vxd\n");
        return 2;
    }
    struct vxd_machine *m = vxd_machine_new(NULL);
    if (!m)
        return fail(m, "machine");
    if (!vxd_observe(m, watch, &w) || !vxd_load_file(m, argv[1], VXD_LOAD_AS_MARKED))
        return fail(m, argv[1]);
    vxd_boot(m);
    int status = run_twice(m, &w);
    vxd_shutdown(m);
    if (status == 0 && vxd_run(m, VXD_NO_LIMIT, vxd_instructions(m) + BUDGET) != VXD_END_SHUTDOWN)
        status = fail(m, vxd_end_message(m));
    vxd_machine_free(m);
    return status;
}
