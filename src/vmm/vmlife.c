// The life of virtual machines and threads with its messages (spec: control, orders; scheduling, VM control).
#include "vmm/defs.h"

void vmm_suspend_begin(struct vmm *v, uint32_t vm)
{
    (void)vm;
    vmm_stop(v, VMM_END_MISSING, "suspending a virtual machine is not implemented");
}

// What must not be left behind when the system exits.
void vmm_check_exit(struct vmm *v)
{
    if (v->s.crit_owner)
        vmm_report(v, "critical-section", 0, "VDAG31 Begin_Critical_Section",
                   "thread %u still owns the critical section (%u claims) at exit", vmm_thread_at(v, v->s.crit_owner)->id,
                   v->s.crit_claims);
}
