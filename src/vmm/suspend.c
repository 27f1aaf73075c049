// Suspend_VM and Resume_VM: a count, and the messages when it leaves or reaches 0 (Win95 DDK S334A-S334D).
#include "vmm/life.h"

enum { SUSPENDED = 1, RESUMED, RESUMED_NO_FAIL }; // steps of a SUSPEND frame

static void suspended(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM];
    vmm_life_finish_begin(v, false);
    if (vmm_thread_at(v, v->s.current)->vm == vm && vmm_vm_at(v, vm)->suspended)
        vmm_block_begin(v, VMM_BLOCK_SUSPENDED, vm, 0, 0);
}

static void resumed(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM];
    bool refused = vmm_flag(v, X86_CF) && f->step == RESUMED;
    if (!refused) {
        struct vmm_frame *waiter;
        vmm_vm_at(v, vm)->suspended = 0;
        vmm_life_status(v, vm, 0, KIT_VMStat_Suspended);
        while ((waiter = vmm_first_waiter(v, VMM_BLOCK_SUSPENDED, vm)) != NULL)
            vmm_wait_over(v, waiter);
        v->s.reschedule = 1;
    }
    vmm_life_finish_begin(v, refused);
}

static void suspend_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_life_stale(v, f))
        vmm_life_finish_begin(v, true);
    else if (f->step == SUSPENDED)
        suspended(v, f);
    else
        resumed(v, f);
}

const struct vmm_frame_kind vmm_suspend_frame = {"the suspension of a virtual machine", suspend_resume, NULL};

// --- services

void vmm_suspend_begin(struct vmm *v, uint32_t vm)
{
    struct vmm_vm *m = vmm_vm_at(v, vm);
    bool owns = v->s.crit_owner && vmm_thread_at(v, v->s.crit_owner)->vm == vm;
    vmm_set_flag(v, X86_CF, m->system || owns);
    if (m->system || owns)
        return;
    if (vmm_vm_must_complete(v, vm)) {
        m->suspend_due++;
        return;
    }
    if (m->suspended++)
        return;
    vmm_life_status(v, vm, KIT_VMStat_Suspended, 0);
    v->s.reschedule = 1;
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_SUSPEND, vm, 0);
    if (f)
        vmm_life_tell_begin(v, f, SUSPENDED, KIT_VM_Suspend, 0);
}

// A thread has left a must-complete section: suspensions of its VM that had to wait (Win95 DDK S33BE).
void vmm_must_complete_left_begin(struct vmm *v)
{
    uint32_t vm = vmm_thread_at(v, v->s.current)->vm, due = vmm_vm_at(v, vm)->suspend_due;
    v->s.reschedule = 1;
    if (!due || vmm_vm_must_complete(v, vm)) {
        vmm_settle_begin(v);
        return;
    }
    vmm_vm_at(v, vm)->suspend_due = 0;
    vmm_suspend_begin(v, vm);
    if (vmm_vm_at(v, vm)->suspended)
        vmm_vm_at(v, vm)->suspended += due - 1;
}

static void suspend_vm(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Suspend_VM");
    vmm_set_flag(v, X86_CF, true);
    if (vm)
        vmm_suspend_begin(v, vm);
}

static void resume_begin(struct vmm *v, bool no_fail)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Resume_VM");
    struct vmm_vm *m = vm ? vmm_vm_at(v, vm) : NULL;
    vmm_set_flag(v, X86_CF, !m || !(m->suspended || m->suspend_due));
    if (m && m->suspend_due) {
        m->suspend_due--;
        return;
    }
    if (!m || !m->suspended)
        return;
    if (m->suspended > 1) {
        m->suspended--;
        return;
    }
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_SUSPEND, vm, 0);
    if (!f)
        return;
    vmm_life_tell_begin(v, f, no_fail ? RESUMED_NO_FAIL : RESUMED, KIT_VM_Resume, 0);
}

static void resume_vm(struct vmm *v)
{
    resume_begin(v, false);
}

static void no_fail_resume_vm(struct vmm *v)
{
    resume_begin(v, true);
}

static const struct vmm_binding bindings[] = {
    {KIT_Suspend_VM, suspend_vm},
    {KIT_Resume_VM, resume_vm},
    {KIT_No_Fail_Resume_VM, no_fail_resume_vm},
    {0, NULL},
};

const struct vmm_chapter vmm_suspend_chapter = {.bindings = bindings};
