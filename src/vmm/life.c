// The life of virtual machines and threads, told to all devices (spec: control, orders). A LIFE frame walks through a
// list of messages; what follows each is in the step. Memory of a VM or thread goes last.
#include "vmm/defs.h"

// Steps of a LIFE frame. a: 0 VM row, 1 thread row, 2 flags for VM_Not_Executeable, 3 what to do at the end.
enum {
    VM_CREATED = 1,
    VM_REFUSED,
    VM_START,
    VM_STARTED,
    VM_INITIALISED,
    VM_END,
    VM_TERMINATED,
    VM_STOPPED,
    VM_DESTROYED,
    VM_SUSPENDED,
    VM_RESUMED,
    VM_CLOSE_TOLD,
    TH_CREATED,
    TH_REFUSED,
    TH_START,
    TH_INITIALISED,
    TH_RUNS,
    TH_TERMINATED,
    TH_STOPPED,
    TH_DESTROYED,
};

// Gates of the VMM's own procedures: what becomes of a VM that Close_VM has named.
struct life {
    uint32_t close_event, close_over;
};

enum { NE_CRASHED = 1, NE_CREATE_FAIL = 4, NE_CRIT_INIT_FAIL = 8, NE_INIT_FAIL = 0x10, NE_CLOSED = 0x20 };

static void tell(struct vmm *v, struct vmm_frame *f, uint16_t step, uint32_t message, uint32_t edx)
{
    const struct vmm_vm *vm = vmm_vm_at(v, f->a[0]);
    const struct vmm_thread *t = f->a[1] ? vmm_thread_at(v, f->a[1]) : NULL;
    const uint32_t p[4] = {vm->cb, edx, 0, t ? t->tcb : 0};
    f->step = step;
    vmm_frame_wait(v);
    vmm_broadcast_begin(v, message, p, false);
}

static struct vmm_frame *begin(struct vmm *v, uint32_t vm, uint32_t thread)
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_LIFE);
    if (!f)
        return NULL;
    f->a[0] = vm;
    f->a[1] = thread;
    return f;
}

static void status(struct vmm *v, uint32_t vm, uint32_t set, uint32_t clear)
{
    uint32_t at = vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status;
    vmm_poke32(v, at, (vmm_peek32(v, at) & ~clear) | set);
}

static void finish(struct vmm *v, bool carry)
{
    vmm_frame_pop_all(v);
    vmm_set_flag(v, X86_CF, carry);
    vmm_settle_begin(v);
}

// --- the end of threads

// Undoes what a thread holds. Its frames are unwound from the top.
static void strip_thread(struct vmm *v, uint32_t thread)
{
    if (thread != v->s.current)
        vmm_frames_abandon(v, thread, 0);
    vmm_events_forget(v, true, thread);
    vmm_section_forget(v, thread);
    vmm_mutexes_forget(v, thread);
    struct vmm_thread *t = vmm_thread_at(v, thread);
    while (t->timeouts)
        vmm_timeout_stop(v, t->timeouts);
    while (t->blocks) {
        uint32_t outer = vmm_nest_block_at(v, t->blocks)->outer;
        vmm_nest_block_free(v, t->blocks);
        t->blocks = outer;
    }
    t->dead = thread != v->s.current; // that one still runs the messages
    vmm_poke32(v, t->tcb + KIT_TCB_Flags, vmm_peek32(v, t->tcb + KIT_TCB_Flags) | KIT_THFLAG_NOT_EXECUTEABLE);
}

static void discard_thread(struct vmm *v, uint32_t thread)
{
    vmm_chapters_thread_gone(v, vmm_thread_at(v, thread)->tcb);
    vmm_thread_discard(v, thread);
}

static uint32_t next_thread_of(struct vmm *v, uint32_t vm, uint32_t after)
{
    for (uint32_t i = after + 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++)
        if (vmm_thread_at(v, i)->id && vmm_thread_at(v, i)->vm == vm)
            return i;
    return 0;
}

// --- the end of a VM

static void discard_vm(struct vmm *v, uint32_t vm)
{
    for (uint32_t t = 0; (t = next_thread_of(v, vm, t)) != 0;)
        discard_thread(v, t);
    vmm_chapters_vm_gone(v, vmm_vm_at(v, vm)->cb);
    if (vmm_vm_at(v, vm)->close_timeout)
        vmm_timeout_stop(v, vmm_vm_at(v, vm)->close_timeout);
    if (v->s.focus == vm)
        v->s.focus = v->s.system_vm;
    vmm_vm_discard(v, vm);
}

static void strip_vm(struct vmm *v, uint32_t vm)
{
    for (uint32_t t = 0; (t = next_thread_of(v, vm, t)) != 0;)
        strip_thread(v, t);
    vmm_events_forget(v, false, vm);
    while (vmm_vm_at(v, vm)->timeouts)
        vmm_timeout_stop(v, vmm_vm_at(v, vm)->timeouts);
    vmm_vm_at(v, vm)->dead = 1;
    status(v, vm, KIT_VMStat_Not_Executeable, 0);
}

// Everybody knows: the VM's memory goes. When it is the current one, the thread that runs this ends with it.
static void vm_destroyed(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0];
    bool own = vmm_thread_at(v, v->s.current)->vm == vm;
    if (!own) {
        bool failed = f->a[2] & (NE_CREATE_FAIL | NE_CRIT_INIT_FAIL | NE_INIT_FAIL);
        finish(v, failed);
        discard_vm(v, vm);
        return;
    }
    vmm_frames_abandon(v, v->s.current, 0);
    strip_thread(v, v->s.current);
    vmm_thread_at(v, v->s.current)->dead = 1;
    v->s.reschedule = 1;
    if (!vmm_reschedule_begin(v))
        vmm_switch_to_begin(v, v->s.system_thread); // waits or idles there
    discard_vm(v, vm);
}

static void vm_end_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    struct vmm_frame *f;
    bool own = vmm_thread_at(v, v->s.current)->vm == vm;
    if (own) { // the thread's own past is over; it lives on for the messages
        vmm_frames_abandon(v, v->s.current, 0);
        v->call.framed = true;
        v->cpu->state.eip = vmm_gate_address(VMM_GATE_LEAVE);
        vmm_regs(v)[X86_ESP] = vmm_client(v);
        v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    }
    if (!(f = begin(v, vm, 0)))
        return;
    f->a[2] = flags;
    vmm_vm_at(v, vm)->ending = 1;
    if (flags & (VMM_NUKED | NE_CRASHED | NE_CREATE_FAIL | NE_CRIT_INIT_FAIL | NE_INIT_FAIL)) {
        strip_vm(v, vm);
        tell(v, f, VM_STOPPED, KIT_VM_Not_Executeable, flags);
    } else {
        tell(v, f, VM_TERMINATED, KIT_VM_Terminate, 0);
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

void vmm_vm_end_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    vm_end_begin(v, vm, flags);
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
    vmm_vm_at(v, vm)->suspended = 1; // until everybody has agreed
    vmm_thread_at(v, thread)->eip = vmm_gate_address(VMM_GATE_START);
    status(v, vm, KIT_VMStat_Creating, 0);
    struct vmm_frame *f = begin(v, vm, 0);
    if (f)
        tell(v, f, VM_CREATED, KIT_Create_VM, 0);
}

static void vm_created(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0];
    if (vmm_flag(v, X86_CF)) {
        f->a[2] = NE_CREATE_FAIL;
        strip_vm(v, vm);
        tell(v, f, VM_STOPPED, KIT_VM_Not_Executeable, NE_CREATE_FAIL);
        return;
    }
    vmm_vm_at(v, vm)->suspended = 0;
    v->s.reschedule = 1;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EBX] = vmm_vm_at(v, vm)->cb;
    vmm_set_flag(v, X86_CF, false);
    vmm_settle_begin(v);
}

// The first thing a new thread does, from its own gate.
void vmm_thread_start_begin(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    bool initial = vmm_vm_at(v, t->vm)->first_thread == v->s.current;
    v->cpu->state.eip = vmm_gate_address(VMM_GATE_LEAVE);
    vmm_regs(v)[X86_ESP] = t->crs;
    struct vmm_frame *f = begin(v, t->vm, initial ? 0 : v->s.current);
    if (!f)
        return;
    if (initial)
        tell(v, f, VM_STARTED, KIT_VM_Critical_Init, 0);
    else
        tell(v, f, TH_INITIALISED, KIT_Thread_Init, 0);
}

static void vm_started(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_flag(v, X86_CF))
        vm_end_begin(v, f->a[0], NE_CRIT_INIT_FAIL);
    else
        tell(v, f, VM_INITIALISED, KIT_VM_Init, 0);
}

static void vm_initialised(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_flag(v, X86_CF)) {
        vm_end_begin(v, f->a[0], NE_INIT_FAIL);
        return;
    }
    status(v, f->a[0], 0, KIT_VMStat_Creating);
    v->s.reschedule = 1; // from now on it runs when the time slicer lets it
    vmm_frame_pop_all(v);
}

// --- threads

static void thread_created(struct vmm *v, struct vmm_frame *f)
{
    uint32_t thread = f->a[1];
    if (vmm_flag(v, X86_CF)) {
        vmm_frame_pop_all(v);
        discard_thread(v, thread);
        vmm_regs(v)[X86_EAX] = 0;
        return;
    }
    vmm_thread_at(v, thread)->suspended = 0;
    v->s.reschedule = 1;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = vmm_thread_at(v, thread)->tcb;
    vmm_settle_begin(v);
}

static void thread_initialised(struct vmm *v, struct vmm_frame *f)
{
    const struct vmm_thread *t = vmm_thread_at(v, f->a[1]);
    vmm_poke32(v, t->tcb + KIT_TCB_Flags,
               vmm_peek32(v, t->tcb + KIT_TCB_Flags) & ~(uint32_t)KIT_THFLAG_THREAD_CREATION);
    if (!t->start_proc) {
        vmm_frame_pop_all(v);
        return;
    }
    f->step = TH_RUNS;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EDX] = t->start_reference;
    vmm_regs(v)[X86_EDI] = t->tcb;
    vmm_regs(v)[X86_EBP] = t->crs;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_call_begin(v, t->start_proc);
}

static void thread_destroyed(struct vmm *v, struct vmm_frame *f)
{
    uint32_t thread = f->a[1];
    vmm_frame_pop_all(v);
    discard_thread(v, thread);
    vmm_regs(v)[X86_EAX] = 1;
}

// --- steps

static void suspended(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0];
    finish(v, false);
    if (vmm_thread_at(v, v->s.current)->vm == vm && vmm_vm_at(v, vm)->suspended)
        vmm_block_begin(v, VMM_BLOCK_SUSPENDED, vm, 0, 0);
}

static void resumed(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0];
    bool refused = vmm_flag(v, X86_CF) && !f->a[3];
    if (!refused) {
        struct vmm_frame *waiter;
        vmm_vm_at(v, vm)->suspended = 0;
        status(v, vm, 0, KIT_VMStat_Suspended);
        while ((waiter = vmm_first_waiter(v, VMM_BLOCK_SUSPENDED, vm)) != NULL)
            vmm_wait_over(v, waiter);
        v->s.reschedule = 1;
    }
    finish(v, refused);
}

// From now on the VM may end by itself, until its time is over (VDAG31 Close_VM). Its own thread waits for that end
// unless it has asked to go on.
static void close_told(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0], flags = f->a[2];
    bool timed = vmm_vm_at(v, vm)->close_timeout, own = vmm_thread_at(v, v->s.current)->vm == vm;
    vmm_frame_pop_all(v);
    if (!timed)
        vm_end_begin(v, vm, VMM_NUKED | NE_CLOSED);
    else if (own && !(flags & KIT_CVF_Continue_Exec))
        vmm_block_begin(v, VMM_BLOCK_CLOSED, vm, KIT_Block_Svc_Ints, 0);
}

static void life_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case VM_CREATED:
        vm_created(v, f);
        break;
    case VM_STARTED:
        vm_started(v, f);
        break;
    case VM_INITIALISED:
        vm_initialised(v, f);
        break;
    case VM_TERMINATED:
        strip_vm(v, f->a[0]);
        tell(v, f, VM_STOPPED, KIT_VM_Not_Executeable, f->a[2]);
        break;
    case VM_STOPPED:
        tell(v, f, VM_DESTROYED, KIT_Destroy_VM, 0);
        break;
    case VM_DESTROYED:
        vm_destroyed(v, f);
        break;
    case VM_SUSPENDED:
        suspended(v, f);
        break;
    case VM_RESUMED:
        resumed(v, f);
        break;
    case VM_CLOSE_TOLD:
        close_told(v, f);
        break;
    case TH_CREATED:
        thread_created(v, f);
        break;
    case TH_INITIALISED:
        thread_initialised(v, f);
        break;
    case TH_RUNS:
        vmm_frame_pop_all(v);
        break;
    case TH_TERMINATED:
        strip_thread(v, f->a[1]);
        tell(v, f, TH_STOPPED, KIT_Thread_Not_Executeable, 0);
        break;
    case TH_STOPPED:
        tell(v, f, TH_DESTROYED, KIT_Destroy_Thread, 0);
        break;
    default:
        thread_destroyed(v, f);
    }
}

const struct vmm_frame_kind vmm_life_frame = {"the start of a thread", life_resume, NULL};

// What must not be left behind when the system exits.
void vmm_check_exit(struct vmm *v)
{
    if (v->s.crit_owner)
        vmm_report(v, "critical-section", v->s.crit_caller, "VDAG31 Begin_Critical_Section",
                   "thread %u still owns the critical section (%u claims) at exit",
                   vmm_thread_at(v, v->s.crit_owner)->id, v->s.crit_claims);
}

// --- services

static bool must_complete(struct vmm *v, uint32_t vm)
{
    for (uint32_t t = 0; (t = next_thread_of(v, vm, t)) != 0;)
        if (vmm_thread_at(v, t)->must_complete)
            return true;
    return false;
}

void vmm_suspend_begin(struct vmm *v, uint32_t vm)
{
    struct vmm_vm *m = vmm_vm_at(v, vm);
    bool owns = v->s.crit_owner && vmm_thread_at(v, v->s.crit_owner)->vm == vm;
    vmm_set_flag(v, X86_CF, m->system || owns);
    if (m->system || owns)
        return;
    if (must_complete(v, vm)) {
        m->suspend_due++;
        return;
    }
    if (m->suspended++)
        return;
    status(v, vm, KIT_VMStat_Suspended, 0);
    v->s.reschedule = 1;
    struct vmm_frame *f = begin(v, vm, 0);
    if (f)
        tell(v, f, VM_SUSPENDED, KIT_VM_Suspend, 0);
}

// A thread has left a must-complete section: suspensions of its VM that had to wait (Win95 DDK S33BE).
void vmm_must_complete_left_begin(struct vmm *v)
{
    uint32_t vm = vmm_thread_at(v, v->s.current)->vm, due = vmm_vm_at(v, vm)->suspend_due;
    v->s.reschedule = 1;
    if (!due || must_complete(v, vm)) {
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
    struct vmm_frame *f = begin(v, vm, 0);
    if (!f)
        return;
    f->a[3] = no_fail;
    tell(v, f, VM_RESUMED, KIT_VM_Resume, 0);
}

static void resume_vm(struct vmm *v)
{
    resume_begin(v, false);
}

static void no_fail_resume_vm(struct vmm *v)
{
    resume_begin(v, true);
}

static void end_service_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    if (vmm_vm_at(v, vm)->system) {
        vmm_stop(v, VMM_END_FAULT, "%s ended the System VM: Windows exits", vmm_module_name(v, v->call.caller));
        return;
    }
    if (v->s.reenter || must_complete(v, vm))
        vmm_vm_at(v, vm)->end_flags = flags; // at the next return to ring 3
    else
        vm_end_begin(v, vm, flags);
}

static void nuke_vm(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Nuke_VM");
    if (vm)
        end_service_begin(v, vm, VMM_NUKED);
}

void vmm_crash_current_begin(struct vmm *v)
{
    end_service_begin(v, vmm_thread_at(v, v->s.current)->vm, NE_CRASHED);
}

static void close_begin(struct vmm *v, uint32_t vm, uint32_t flags)
{
    struct vmm_frame *f = begin(v, vm, 0);
    if (!f)
        return;
    f->a[2] = flags;
    tell(v, f, VM_CLOSE_TOLD, KIT_Close_VM_Notify, 0);
}

// Called as an event: EDX = the VM. At interrupt time Close_VM could only schedule the closing.
static void close_event(struct vmm *v)
{
    uint32_t vm = vmm_vm_row(v, vmm_regs(v)[X86_EDX]);
    if (vm)
        close_begin(v, vm, KIT_CVF_Continue_Exec);
}

// Called as a time-out: the VM has not ended in time.
static void close_over(struct vmm *v)
{
    uint32_t vm = vmm_vm_row(v, vmm_regs(v)[X86_EDX]);
    if (!vm)
        return;
    vmm_vm_at(v, vm)->close_timeout = 0;
    end_service_begin(v, vm, VMM_NUKED | NE_CLOSED);
}

static void close_vm(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = vmm_vm_row_or_report(v, r[X86_EBX], "VDAG31 Close_VM"), flags = r[X86_ECX];
    const struct life *own = vmm_chapter_state(v, VMM_CHAPTER_life);
    if (!vm)
        return;
    if (flags & ~(uint32_t)KIT_CVF_Continue_Exec)
        vmm_report(v, "input-range", v->call.caller, "VDAG31 Close_VM", "Close_VM with reserved flags %08X", flags);
    if (vmm_vm_at(v, vm)->system) {
        end_service_begin(v, vm, VMM_NUKED);
        return;
    }
    uint32_t at = r[X86_EBX] + KIT_CB_VM_Status;
    if (vmm_peek32(v, at) & KIT_VMStat_Closing)
        return; // it is being closed already
    status(v, vm, KIT_VMStat_Closing, 0);
    uint32_t timeout = 0;
    if (r[X86_EAX])
        timeout =
            vmm_timeout_start(v, VMM_TIMEOUT_GLOBAL, r[X86_EAX], 0, vmm_gate_address(own->close_over), r[X86_EBX]);
    vmm_vm_at(v, vm)->close_timeout = timeout;
    if (!v->s.reenter)
        close_begin(v, vm, flags);
    else if (!vmm_event_for_own_proc(v, vmm_gate_address(own->close_event), r[X86_EBX]))
        vmm_stop(v, VMM_END_MEMORY, "no host memory to close a virtual machine");
}

// A VM whose end had to wait: true when it ends now.
bool vmm_postponed_end_begin(struct vmm *v)
{
    uint32_t vm = vmm_thread_at(v, v->s.current)->vm;
    const struct vmm_vm *m = vmm_vm_at(v, vm);
    if (!m->end_flags || m->ending || must_complete(v, vm))
        return false;
    end_service_begin(v, vm, m->end_flags);
    return true;
}

static void create_thread(struct vmm *v)
{
    uint32_t thread = vmm_thread_create(v, v->s.system_vm);
    vmm_regs(v)[X86_EAX] = 0;
    if (!thread)
        return;
    struct vmm_thread *t = vmm_thread_at(v, thread);
    static const struct {
        uint8_t arg, offset;
    } regs[] = {{0, KIT_Client_SS},  {1, KIT_Client_ESP}, {2, KIT_Client_CS},
                {3, KIT_Client_EIP}, {4, KIT_Client_DS},  {5, KIT_Client_ES}};
    for (unsigned i = 0; i < BASE_COUNT(regs); i++)
        vmm_poke32(v, t->crs + regs[i].offset, vmm_arg(v, regs[i].arg));
    vmm_poke32(v, t->crs + KIT_Client_EFlags, X86_IF | 2);
    vmm_poke32(v, t->tcb + KIT_TCB_ThreadType, vmm_arg(v, 6));
    vmm_poke32(v, t->tcb + KIT_TCB_Flags, KIT_THFLAG_THREAD_CREATION);
    t->start_proc = vmm_arg(v, 7);
    t->start_reference = vmm_arg(v, 8);
    t->suspended = 1;
    t->eip = vmm_gate_address(VMM_GATE_START);
    struct vmm_frame *f = begin(v, v->s.system_vm, thread);
    if (f)
        tell(v, f, TH_CREATED, KIT_Create_Thread, 0);
}

static void terminate_thread(struct vmm *v)
{
    uint32_t thread = vmm_thread_row_or_report(v, vmm_regs(v)[X86_EDI], "Win95 DDK S3345");
    vmm_regs(v)[X86_EAX] = 0;
    if (!thread)
        return;
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    if (thread == v->s.current || vmm_vm_at(v, t->vm)->first_thread == thread) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S333B",
                   "VMMTerminateThread of the current or an initial thread");
        return;
    }
    struct vmm_frame *f = begin(v, t->vm, thread);
    if (f)
        tell(v, f, TH_TERMINATED, KIT_Terminate_Thread, 0);
}

static const struct vmm_binding bindings[] = {
    {KIT_Suspend_VM, suspend_vm},
    {KIT_Resume_VM, resume_vm},
    {KIT_No_Fail_Resume_VM, no_fail_resume_vm},
    {KIT_Nuke_VM, nuke_vm},
    {KIT_Crash_Cur_VM, vmm_crash_current_begin},
    {KIT_Close_VM, close_vm},
    {KIT_VMMCreateThread, create_thread},
    {KIT_VMMTerminateThread, terminate_thread},
    {0, NULL},
};

static bool create(struct vmm *v)
{
    struct life *own = vmm_chapter_state(v, VMM_CHAPTER_life);
    own->close_event = vmm_gate_add(v, &(struct vmm_gate){.fn = close_event});
    own->close_over = vmm_gate_add(v, &(struct vmm_gate){.fn = close_over});
    return own->close_event && own->close_over;
}

const struct vmm_chapter vmm_life_chapter = {.bindings = bindings, .state_size = sizeof(struct life), .create = create};
