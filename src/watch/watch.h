// Watching a machine: the trace, the account, the timeline and its pictures, the profile. Each is a listener on a
// machine's sink (base/observe.h) and never changes what happens. This header is the whole interface of the room, which
// knows the records of vmm/observe.h and nothing else of the machine.
#ifndef VXDKIT_WATCH_WATCH_H
#define VXDKIT_WATCH_WATCH_H

#include "base/buf.h"
#include "base/observe.h"

// Receives text in pieces that end with a line's end, unless said otherwise.
typedef void watch_write_fn(void *user, const char *text, size_t size);

struct watch_output {
    watch_write_fn *write;
    void *user;
};

// The trace: one JSON object a line (trace.c).
struct watch_trace;
struct watch_trace *watch_trace_new(const struct base_alloc *alloc, struct watch_output out) BASE_MUST_USE;
void watch_trace_free(struct watch_trace *t);
base_listener watch_trace_listen; // user: the struct watch_trace

// The account: the run told in sentences, each line marked "vxd:"; what drivers print goes through as it is
// (account.c).
struct watch_account;
struct watch_account *watch_account_new(const struct base_alloc *alloc, struct watch_output out,
                                        bool quiet) BASE_MUST_USE; // quiet: only what drivers print
void watch_account_free(struct watch_account *a);
void watch_account_finish(struct watch_account *a); // completes a line that a driver left open; not when quiet
base_listener watch_account_listen;

// The timeline: the lives of events and time-outs, collected (timeline.c).
struct watch_timeline;
struct watch_timeline *watch_timeline_new(const struct base_alloc *alloc) BASE_MUST_USE;
void watch_timeline_free(struct watch_timeline *t);
base_listener watch_timeline_listen;
// The picture in a terminal: one row per event, time to the right, stretches where nothing happens drawn short
// (draw.c). `columns` is the terminal's width, at least 60.
void watch_timeline_draw(const struct watch_timeline *t, uint32_t columns, bool colour, struct base_buf *to);
// The same as a self-contained page of HTML (report.c).
void watch_timeline_report(const struct watch_timeline *t, const char *title, struct base_buf *to);

// The profile: calls and virtual time per service that drivers called, most time first, and calls per procedure of
// debug drivers (profile.c).
struct watch_profile;
// Describes an address of a driver: nearest symbol, file and line.
typedef void watch_describe_fn(void *user, uint32_t address, char *to, size_t size);
struct watch_profile *watch_profile_new(const struct base_alloc *alloc, watch_describe_fn *describe,
                                        void *user) BASE_MUST_USE;
void watch_profile_free(struct watch_profile *p);
base_listener watch_profile_listen;
bool watch_profile_knows_procedures(const struct watch_profile *p); // a debug driver has run
void watch_profile_print(struct watch_profile *p, struct base_buf *to);

#endif
