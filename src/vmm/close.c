// Close_VM: the VM is told to everybody as closing in its own time, when it owns no critical section and must complete
// nothing, and by force when the time is over (Win95 DDK S3349, S3429).
#include "vmm/life.h"

struct close_state {
    uint32_t forced_proc;
};

static struct close_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_close);
}

// Claimed by somebody, that is: not taken by the VMM itself for an event that is serviced in a wait.
static bool owns_section(struct vmm *v, uint32_t vm)
{
    uint32_t owner = v->s.crit_owner;
    return owner && vmm_thread_at(v, owner)->vm == vm && v->s.crit_claims > vmm_claims_for_events(v, owner);
}

static bool may_close(struct vmm *v, uint32_t vm)
{
    return !v->s.reenter && !owns_section(v, vm) && !vmm_vm_must_complete(v, vm);
}

// Close_VM_Notify, then the end.
static void notify_begin(struct vmm *v, uint32_t vm)
{
    vmm_close_forget(v, vm);
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_CLOSE, vm, 0);
    if (f)
        vmm_life_tell_begin(v, f, 1, KIT_Close_VM_Notify, owns_section(v, vm) ? KIT_CVNF_Crit_Close : 0);
}

static void close_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM];
    bool stale = vmm_life_stale(v, f);
    vmm_frame_pop_all(v);
    if (!stale)
        vmm_vm_end_begin(v, vm, KIT_VNE_Nuked | KIT_VNE_Closed);
}

const struct vmm_frame_kind vmm_close_frame = {"the closing of a virtual machine", close_resume, NULL};

bool vmm_close_due_begin(struct vmm *v, uint32_t vm)
{
    if (vmm_vm_at(v, vm)->ending || !may_close(v, vm))
        return false;
    notify_begin(v, vm);
    return true;
}

void vmm_close_forget(struct vmm *v, uint32_t vm)
{
    struct vmm_vm *m = vmm_vm_at(v, vm);
    if (m->close_timeout)
        vmm_timeout_stop(v, m->close_timeout);
    m->close_timeout = m->close_due = 0;
}

// The time is over. EDX = number of the VM.
static void forced(void *user, struct vmm *v)
{
    (void)user;
    uint32_t number = vmm_regs(v)[X86_EDX], vm = 1, count = vmm_table(v, VMM_TABLE_vm)->count;
    while (vm < count && vmm_vm_at(v, vm)->id != number)
        vm++;
    if (vm == count || vmm_vm_at(v, vm)->ending)
        return;
    vmm_vm_at(v, vm)->close_timeout = 0;
    if (vmm_vm_must_complete(v, vm))
        vmm_vm_at(v, vm)->end_flags = KIT_VNE_Nuked | KIT_VNE_Closed;
    else
        notify_begin(v, vm);
}

static void wake(struct vmm *v, uint32_t vm)
{
    for (uint32_t t = 0; (t = vmm_vm_thread_next(v, vm, t)) != 0;)
        vmm_thread_at(v, t)->idle = 0;
    v->s.reschedule = 1;
}

// EAX = milliseconds, EBX = VM, ECX = flags. Without CVF_Continue_Exec the current VM does not come back.
static void close_vm(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = vmm_vm_row_or_report(v, r[X86_EBX], "Win95 DDK S3349"), milliseconds = r[X86_EAX];
    struct vmm_vm *m = vm ? vmm_vm_at(v, vm) : NULL;
    if (r[X86_ECX] & ~(uint32_t)KIT_CVF_Continue_Exec)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3349", "Close_VM with reserved flags %08X",
                   (unsigned)r[X86_ECX]);
    if (!m || m->ending || m->close_due)
        return;
    if (m->system) {
        vmm_vm_end_asked_begin(v, vm, KIT_VNE_Closed);
        return;
    }
    bool current = vmm_thread_at(v, v->s.current)->vm == vm;
    vmm_life_status(v, vm, KIT_VMStat_Closing, 0);
    if (!v->s.reenter && (current ? !(r[X86_ECX] & KIT_CVF_Continue_Exec) && may_close(v, vm) : !milliseconds)) {
        notify_begin(v, vm);
        return;
    }
    m->close_due = 1;
    m->close_timeout =
        vmm_timeout_start(v, VMM_TIMEOUT_GLOBAL, milliseconds ? milliseconds : 1, 0, state_of(v)->forced_proc, m->id);
    if (!m->close_timeout)
        vmm_stop(v, VMM_END_MEMORY, "no host memory to close a virtual machine");
    wake(v, vm);
}

static bool create(struct vmm *v)
{
    state_of(v)->forced_proc = vmm_host_proc(v, forced, NULL);
    return state_of(v)->forced_proc != 0;
}

static const struct vmm_binding bindings[] = {
    {KIT_Close_VM, close_vm},
    {0, NULL},
};

const struct vmm_chapter vmm_close_chapter = {
    .bindings = bindings, .state_size = sizeof(struct close_state), .create = create};
