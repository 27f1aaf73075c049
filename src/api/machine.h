// What stands behind struct vxd_machine: for the files of this room only.
#ifndef VXDKIT_API_MACHINE_H
#define VXDKIT_API_MACHINE_H

#include <vxdkit/tools.h>

#include "api/directory.h"
#include "base/arena.h"
#include "base/diag.h"
#include "devices/vxdldr.h"
#include "vmm/vmm.h"
#include "watch/watch.h"

struct api_observer {
    vxd_observer_fn *fn; // NULL: free place
    void *user;
};

struct vxd_machine {
    struct base_alloc alloc;
    struct vmm *vmm;
    struct base_arena arena; // what host code brought: lives as long as the machine
    vxd_message_fn *message;
    void *message_user;
    struct base_buf error; // of vxd_last_error, sticky text of the last failure
    struct api_observer observers[BASE_LISTENERS];
    struct watch_trace *traces[BASE_LISTENERS];
    uint32_t trace_count;
    struct watch_account *accounts[BASE_LISTENERS];
    uint32_t account_count;
    struct watch_timeline *timeline; // NULL: not attached
    struct watch_profile *profile;
    vxd_find_driver_fn *find_driver; // for VXDLDR
    void *find_driver_user;
    struct vxdldr_source driver_source;
    struct api_directory directory; // drive C: and standard input of DOS programs
};

// Notes and reports a failure; returns false so that callers can end with it.
bool api_fail(struct vxd_machine *m, const char *format, ...) BASE_PRINTF(2, 3);

// A diagnostics reporter whose messages go to the machine's message function, and afterwards to vxd_last_error.
void api_diag_begin(struct vxd_machine *m, struct base_diag *diag);
void api_diag_end(struct vxd_machine *m, struct base_diag *diag);

void api_watchers_free(struct vxd_machine *m); // watch.c

#endif
