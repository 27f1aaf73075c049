// Trapped ports of V86 clients. The chapter's services and handlers (spec: faults-io) take this file's place.
#include "vmm/defs.h"

void vmm_io_begin(struct vmm *v, uint16_t port, uint32_t type)
{
    (void)type;
    vmm_stop(v, VMM_END_MISSING, "a trapped access to port %04X: I/O trapping is not implemented", port);
}
