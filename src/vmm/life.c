// The life of virtual machines, told to all devices (spec: control, orders). A LIFE frame walks through a list of
// messages; what follows each is in the step. A VM that ends from inside leaves the rest to the System VM, because
// drivers still look at it when another one becomes current.
#include "vmm/life.h"
#include "vmm/dpmi.h"
#include "vmm/window.h"

// Steps of a LIFE frame.
enum { VM_CREATED = 1, VM_STARTED, VM_INITIALISED, VM_TERMINATED, APP_ENDED, VM_STOPPED, VM_DESTROYED };

enum { CREATE_FAILED = KIT_VNE_CreateFail | KIT_VNE_CrInitFail | KIT_VNE_InitFail };

// --- what all lives share

struct vmm_frame *vmm_life_push(struct vmm *v, uint16_t kind, uint32_t vm, uint32_t thread)
{
    struct vmm_frame *f = vmm_frame_push(v, kind);
    if (!f)
        return NULL;
    f->a[LIFE_VM] = vm;
    f->a[LIFE_VM_NUMBER] = vmm_vm_at(v, vm)->id;
    f->a[LIFE_THREAD] = thread;
    f->a[LIFE_THREAD_NUMBER] = thread ? vmm_thread_at(v, thread)->id : 0;
    return f;
}

bool vmm_life_stale(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t thread = f->a[LIFE_THREAD];
    return vmm_vm_at(v, f->a[LIFE_VM])->id != f->a[LIFE_VM_NUMBER] ||
           (thread && vmm_thread_at(v, thread)->id != f->a[LIFE_THREAD_NUMBER]);
}

void vmm_life_tell_begin(struct vmm *v, struct vmm_frame *f, uint16_t step, uint32_t message, uint32_t edx)
{
    const struct vmm_vm *vm = vmm_vm_at(v, f->a[LIFE_VM]);
    uint32_t thread = f->a[LIFE_THREAD];
    const uint32_t p[4] = {vm->cb, edx, 0, thread ? vmm_thread_at(v, thread)->tcb : 0};
    f->step = step;
    vmm_frame_wait(v);
    vmm_broadcast_begin(v, message, p, false);
}

void vmm_life_finish_begin(struct vmm *v, bool carry)
{
    vmm_frame_pop_all(v);
    vmm_set_flag(v, X86_CF, carry);
    vmm_settle_begin(v);
}

void vmm_life_status(struct vmm *v, uint32_t vm, uint32_t set, uint32_t clear)
{
    uint32_t at = vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status;
    vmm_poke32(v, at, (vmm_peek32(v, at) & ~clear) | set);
}

uint32_t vmm_vm_thread_next(struct vmm *v, uint32_t vm, uint32_t after)
{
    for (uint32_t i = after + 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++)
        if (vmm_thread_at(v, i)->id && vmm_thread_at(v, i)->vm == vm)
            return i;
    return 0;
}

bool vmm_vm_must_complete(struct vmm *v, uint32_t vm)
{
    for (uint32_t t = 0; (t = vmm_vm_thread_next(v, vm, t)) != 0;)
        if (vmm_thread_at(v, t)->must_complete)
            return true;
    return false;
}

// --- the end

static void strip(struct vmm *v, uint32_t vm)
{
    for (uint32_t t = 0; (t = vmm_vm_thread_next(v, vm, t)) != 0;)
        vmm_thread_strip(v, t);
    vmm_events_forget(v, false, vm);
    while (vmm_vm_at(v, vm)->timeouts)
        vmm_timeout_stop(v, vmm_vm_at(v, vm)->timeouts);
    vmm_close_forget(v, vm);
    vmm_vm_at(v, vm)->dead = 1;
    vmm_life_status(v, vm, KIT_VMStat_Not_Executeable, 0);
}

// Everybody knows: the VM's memory goes, and what drivers have queued for it since it was stripped.
static void discard(struct vmm *v, uint32_t vm)
{
    strip(v, vm);
    for (uint32_t t = 0; (t = vmm_vm_thread_next(v, vm, t)) != 0;)
        vmm_thread_dismiss(v, t);
    vmm_residents_vm_gone(v, vmm_vm_at(v, vm)->cb);
    vmm_chapters_vm_gone(v, vmm_vm_at(v, vm)->cb);
    if (v->s.focus == vm)
        v->s.focus = v->s.system_vm;
    vmm_vm_discard(v, vm);
}

static void destroy_later(struct vmm *v, uint32_t vm)
{
    vmm_vm_at(v, vm)->destroy_due = 1;
    v->s.destroy_due = 1;
}

// The current VM has been declared dead: somebody else goes on.
static void leave_for_good(struct vmm *v, uint32_t vm)
{
    vmm_frames_abandon(v, v->s.current, 0);
    vmm_thread_strip(v, v->s.current);
    vmm_thread_at(v, v->s.current)->dead = 1;
    destroy_later(v, vm);
    v->s.reschedule = 1;
    if (!vmm_reschedule_begin(v))
        vmm_switch_to_begin(v, v->s.system_thread); // waits or idles there
}

static void stopped(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM];
    if (vmm_thread_at(v, v->s.current)->vm == vm)
        leave_for_good(v, vm);
    else
        vmm_life_tell_begin(v, f, VM_DESTROYED, KIT_Destroy_VM, 0);
}

// In the System VM: Destroy_VM for one that has ended from inside. False: there is none.
bool vmm_destroy_due_begin(struct vmm *v)
{
    for (uint32_t vm = 1; v->s.destroy_due && vm < vmm_table(v, VMM_TABLE_vm)->count; vm++) {
        if (!vmm_vm_at(v, vm)->id || !vmm_vm_at(v, vm)->destroy_due)
            continue;
        struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_LIFE, vm, 0);
        vmm_vm_at(v, vm)->destroy_due = 0;
        if (f)
            vmm_life_tell_begin(v, f, VM_DESTROYED, KIT_Destroy_VM, 0);
        return true;
    }
    v->s.destroy_due = 0;
    return false;
}

// The VM will not run again: its protected-mode applications end, the newest first, then everybody hears of it.
static void stop_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM], app;
    strip(v, vm);
    while ((app = vmm_pm_app_of(v, vm)) != 0 && vmm_pm_app_at(v, app)->told)
        vmm_pm_app_drop(v, app);
    if (app) {
        f->step = APP_ENDED;
        vmm_frame_wait(v);
        vmm_pm_app_tell_end_begin(v, app);
        return;
    }
    vmm_life_tell_begin(v, f, VM_STOPPED, KIT_VM_Not_Executeable, f->a[LIFE_FLAGS]);
}

void vmm_vm_end_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    if (vmm_vm_at(v, vm)->ending)
        return;
    if (vmm_thread_at(v, v->s.current)->vm == vm) { // the thread's own past is over; it lives on for the messages
        vmm_frames_abandon(v, v->s.current, 0);
        v->call.framed = true;
        v->cpu->state.eip = vmm_gate_address(VMM_GATE_LEAVE);
        vmm_regs(v)[X86_ESP] = vmm_client(v);
        v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    }
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_LIFE, vm, 0);
    if (!f)
        return;
    f->a[LIFE_FLAGS] = flags;
    vmm_vm_at(v, vm)->ending = 1;
    if (flags) {
        stop_begin(v, f);
    } else {
        vmm_life_tell_begin(v, f, VM_TERMINATED, KIT_VM_Terminate, 0);
    }
}

// A VM that still lives beside the System VM; 0 = none.
uint32_t vmm_vm_to_end(struct vmm *v)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_vm)->count; i++)
        if (vmm_vm_at(v, i)->id && i != v->s.system_vm && !vmm_vm_at(v, i)->ending)
            return i;
    return 0;
}

void vmm_end_current_vm_begin(struct vmm *v)
{
    vmm_vm_end_begin(v, vmm_thread_at(v, v->s.current)->vm, 0);
}

// --- creation

// System_Control with Create_VM: a VM with one thread; EBX = its handle.
void vmm_create_vm_begin(struct vmm *v)
{
    uint32_t vm = vmm_vm_create(v), thread = vm ? vmm_thread_create(v, vm) : 0;
    if (vm && !thread)
        vmm_vm_discard(v, vm);
    if (!thread) {
        vmm_set_flag(v, X86_CF, true);
        return;
    }
    vmm_vm_at(v, vm)->interrupts = 1;
    vmm_vm_at(v, vm)->creating = 1; // does not run until everybody has agreed
    vmm_thread_at(v, thread)->eip = vmm_gate_address(VMM_GATE_START);
    vmm_life_status(v, vm, KIT_VMStat_Creating, 0);
    vmm_residents_vm_created(v, vmm_vm_at(v, vm)->cb);
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_LIFE, vm, 0);
    if (f)
        vmm_life_tell_begin(v, f, VM_CREATED, KIT_Create_VM, 0);
}

static void created(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM], cb = vmm_vm_at(v, vm)->cb;
    if (vmm_flag(v, X86_CF)) {
        f->a[LIFE_FLAGS] = KIT_VNE_CreateFail;
        vmm_vm_at(v, vm)->ending = 1;
        strip(v, vm);
        vmm_life_tell_begin(v, f, VM_STOPPED, KIT_VM_Not_Executeable, KIT_VNE_CreateFail);
        return;
    }
    vmm_vm_at(v, vm)->creating = 0;
    v->s.reschedule = 1;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EBX] = cb;
    vmm_set_flag(v, X86_CF, false);
    vmm_settle_begin(v);
}

// The initial thread's first turn.
void vmm_vm_start_begin(struct vmm *v, uint32_t vm)
{
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_LIFE, vm, 0);
    if (f)
        vmm_life_tell_begin(v, f, VM_STARTED, KIT_VM_Critical_Init, 0);
}

static void started(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_flag(v, X86_CF))
        vmm_vm_end_begin(v, f->a[LIFE_VM], KIT_VNE_CrInitFail);
    else
        vmm_life_tell_begin(v, f, VM_INITIALISED, KIT_VM_Init, 0);
}

static void initialised(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_flag(v, X86_CF)) {
        vmm_vm_end_begin(v, f->a[LIFE_VM], KIT_VNE_InitFail);
        return;
    }
    vmm_life_status(v, f->a[LIFE_VM], 0, KIT_VMStat_Creating);
    vmm_frame_pop_all(v);
}

// --- steps

static void destroyed(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM], flags = f->a[LIFE_FLAGS];
    vmm_life_finish_begin(v, flags & CREATE_FAILED);
    discard(v, vm);
}

static void life_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_life_stale(v, f)) { // a device has ended it while it heard of it
        vmm_life_finish_begin(v, f->step == VM_CREATED);
        return;
    }
    switch (f->step) {
    case VM_CREATED:
        created(v, f);
        break;
    case VM_STARTED:
        started(v, f);
        break;
    case VM_INITIALISED:
        initialised(v, f);
        break;
    case VM_TERMINATED:
    case APP_ENDED:
        stop_begin(v, f);
        break;
    case VM_STOPPED:
        stopped(v, f);
        break;
    default:
        destroyed(v, f);
    }
}

// The thread that was telling of another VM ends: the System VM finishes what it has begun.
static void life_abandon(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[LIFE_VM];
    if (vmm_life_stale(v, f) || vmm_thread_at(v, f->thread)->vm == vm)
        return;
    vmm_vm_at(v, vm)->ending = 1;
    destroy_later(v, vm);
}

const struct vmm_frame_kind vmm_life_frame = {"the life of a virtual machine", life_resume, life_abandon};

// What must not be left behind when the system exits.
void vmm_check_exit(struct vmm *v)
{
    if (v->s.crit_owner)
        vmm_report(v, "critical-section", v->s.crit_caller, "VDAG31 Begin_Critical_Section",
                   "thread %u still owns the critical section (%u claims) at exit",
                   vmm_thread_at(v, v->s.crit_owner)->id, v->s.crit_claims);
}

// --- services

void vmm_vm_end_asked_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    if (vmm_vm_at(v, vm)->system) {
        vmm_stop(v, VMM_END_FAULT, "%s ended the System VM: Windows exits", vmm_module_name(v, v->call.caller));
        return;
    }
    bool crashed = flags == KIT_VNE_Crashed && vm == vmm_thread_at(v, v->s.current)->vm;
    bool waits = v->s.reenter || vmm_vm_must_complete(v, vm);
    if (waits)
        vmm_vm_at(v, vm)->end_flags = flags; // at the next return to ring 3
    if (waits && crashed && !v->s.reenter && vmm_nest_failed_begin(v))
        return;
    if (!waits)
        vmm_vm_end_begin(v, vm, flags);
}

static void nuke_vm(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Nuke_VM");
    if (vm)
        vmm_vm_end_asked_begin(v, vm, KIT_VNE_Nuked);
}

void vmm_crash_current_begin(struct vmm *v)
{
    vmm_vm_end_asked_begin(v, vmm_thread_at(v, v->s.current)->vm, KIT_VNE_Crashed);
}

// On the way to ring 3: an end that had to wait, the current VM's or one that the System VM has to finish.
bool vmm_postponed_end_begin(struct vmm *v)
{
    uint32_t vm = vmm_thread_at(v, v->s.current)->vm;
    const struct vmm_vm *m = vmm_vm_at(v, vm);
    if (v->s.destroy_due && v->s.current == v->s.system_thread && vmm_destroy_due_begin(v))
        return true;
    if (m->close_due && vmm_close_due_begin(v, vm))
        return true;
    if (!m->end_flags || m->ending || vmm_vm_must_complete(v, vm))
        return false;
    vmm_vm_end_asked_begin(v, vm, m->end_flags);
    return true;
}

static const struct vmm_binding bindings[] = {
    {KIT_Nuke_VM, nuke_vm},
    {KIT_Crash_Cur_VM, vmm_crash_current_begin},
    {0, NULL},
};

const struct vmm_chapter vmm_life_chapter = {.bindings = bindings};
