// What happens inside a machine, announced to whoever listens: a sink and a record. Each room declares its own kinds
// and payloads (vmm/observe.h, x86/..., pc/...); `watch` and `check` listen, the public API passes on. Listeners never
// change what happens, nor the clock. Without one an announcement costs one predictable branch.
#ifndef VXDKIT_BASE_OBSERVE_H
#define VXDKIT_BASE_OBSERVE_H

#include "base/status.h"

// The head of every record. Rooms embed it first in their own struct; `kind` says which. A record lives only during the
// call. Kinds of a room start at its base below, so that they never collide.
struct base_record {
    uint32_t kind;
    uint32_t size;  // of the whole record
    uint64_t time;  // virtual nanoseconds since the machine started
    uint64_t count; // instructions executed
};

enum base_record_base {
    BASE_RECORDS_X86 = 0x100,
    BASE_RECORDS_PC = 0x200,
    BASE_RECORDS_VMM = 0x300,
    BASE_RECORDS_DEVICES = 0x400,
    BASE_RECORDS_CHECK = 0x500,
    BASE_RECORDS_DOS = 0x600,
};

typedef void base_listener(void *user, const struct base_record *record);

enum { BASE_LISTENERS = 8 };

struct base_sink {
    uint32_t count; // listeners installed: the branch that an announcement costs
    struct {
        base_listener *fn;
        void *user;
    } listeners[BASE_LISTENERS];
};

// False when all places are taken.
bool base_sink_listen(struct base_sink *s, base_listener *fn, void *user) BASE_MUST_USE;
void base_sink_forget(struct base_sink *s, base_listener *fn, void *user);
void base_sink_announce(const struct base_sink *s, const struct base_record *record);

// True when somebody listens: test before building a record.
static inline bool base_sink_heard(const struct base_sink *s)
{
    return BASE_UNLIKELY(s->count != 0);
}

#endif
