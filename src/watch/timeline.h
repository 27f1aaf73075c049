// The collected lives of events and time-outs: shared by the two pictures (draw.c, report.c) and nobody else.
#ifndef VXDKIT_WATCH_TIMELINE_H
#define VXDKIT_WATCH_TIMELINE_H

#include "base/arena.h"
#include "watch/watch.h"

// A moment in the life of a row: from `time` on it is in `state`.
struct watch_moment {
    uint64_t time;
    uint32_t row;
    uint8_t state; // enum vmm_event_state
    uint32_t not_met;
};

struct watch_row {
    const char *kind;  // "restricted", "global time-out"
    const char *label; // symbol of the callback
    uint32_t id;
    bool timeout; // a time-out, not an event
};

struct watch_timeline {
    const struct base_alloc *alloc;
    struct base_arena texts;
    struct watch_row *rows;
    size_t row_count, row_capacity;
    struct watch_moment *moments; // in order of time
    size_t moment_count, moment_capacity;
    uint64_t end;   // time of the last record heard
    bool truncated; // more happened than is kept
};

enum { WATCH_ROWS_MAX = 2000, WATCH_MOMENTS_MAX = 200000 };

// Places all moments on an axis of `width` units. Gaps in which nothing happens are drawn by the logarithm of their
// length, so that microseconds and milliseconds are both seen. positions[i] belongs to moments[i],
// positions[moment_count] to the end. False: no memory, or nothing to show. The caller frees with
// watch_timeline_unplace.
bool watch_timeline_place(const struct watch_timeline *t, uint32_t width, uint32_t **positions) BASE_MUST_USE;
void watch_timeline_unplace(const struct watch_timeline *t, uint32_t *positions);

#endif
