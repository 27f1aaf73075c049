// Ready-made observers: the trace, the account, the timeline with its two pictures, the profile.
#ifndef VXDKIT_WATCH_H
#define VXDKIT_WATCH_H

#include <vxdkit/tools.h>

#ifdef __cplusplus
extern "C" {
#endif

// Each attaches a watcher that lives until the machine is freed. False: no memory, or too many watchers.
// The trace: one JSON object a line, {"t":NS,"n":INSTRUCTIONS,"ev":KIND,...}; the same for the same run on every host.
bool vxd_watch_trace(struct vxd_machine *m, vxd_write_fn *write, void *user);
// What drivers print and, unless quiet, the run told in sentences, each line marked "vxd:".
bool vxd_watch_account(struct vxd_machine *m, bool quiet, vxd_write_fn *write, void *user);
// Collects the lives of events and time-outs for the two pictures.
bool vxd_watch_timeline(struct vxd_machine *m);
// Counts what drivers call: services with their virtual time and, in debug builds, their own procedures.
bool vxd_watch_profile(struct vxd_machine *m);

// What the watchers have collected, as text. False: no such watcher was attached, or no memory. `columns`: width of the
// terminal, 60 at least.
bool vxd_draw_timeline(struct vxd_machine *m, uint32_t columns, bool colour, vxd_write_fn *write, void *user);
bool vxd_write_report(struct vxd_machine *m, const char *title, vxd_write_fn *write, void *user); // HTML
bool vxd_profile_knows_procedures(const struct vxd_machine *m); // a debug build of a driver has run
bool vxd_write_profile(struct vxd_machine *m, vxd_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif

#endif
