// The life of threads, told to the devices that are made for 4.0 (spec: control, orders; Win95 DDK S3342-S3345). The
// initial thread of a VM lives and dies with it and is in no message.
#include "vmm/life.h"

// Steps of a THREAD frame.
enum { TH_CREATED = 1, TH_INITIALISED, TH_RUNS, TH_TERMINATED, TH_STOPPED, TH_DESTROYED };

void vmm_thread_strip(struct vmm *v, uint32_t thread)
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

void vmm_thread_dismiss(struct vmm *v, uint32_t thread)
{
    vmm_chapters_thread_gone(v, vmm_thread_at(v, thread)->tcb);
    vmm_thread_discard(v, thread);
}

// The first thing a new thread does, from its own gate.
void vmm_thread_start_begin(struct vmm *v)
{
    const struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    v->cpu->state.eip = vmm_gate_address(VMM_GATE_LEAVE);
    vmm_regs(v)[X86_ESP] = t->crs;
    if (vmm_vm_at(v, t->vm)->first_thread == v->s.current) {
        vmm_vm_start_begin(v, t->vm);
        return;
    }
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_THREAD, t->vm, v->s.current);
    if (f)
        vmm_life_tell_begin(v, f, TH_INITIALISED, KIT_Thread_Init, 0);
}

// --- steps

static void thread_created(struct vmm *v, struct vmm_frame *f)
{
    uint32_t thread = f->a[LIFE_THREAD];
    if (vmm_flag(v, X86_CF)) {
        vmm_frame_pop_all(v);
        vmm_thread_dismiss(v, thread);
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
    const struct vmm_thread *t = vmm_thread_at(v, f->a[LIFE_THREAD]);
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
    uint32_t thread = f->a[LIFE_THREAD];
    vmm_frame_pop_all(v);
    vmm_thread_dismiss(v, thread);
    vmm_regs(v)[X86_EAX] = 1;
}

static void thread_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_life_stale(v, f)) { // a device has ended it while it heard of it
        vmm_frame_pop_all(v);
        vmm_regs(v)[X86_EAX] = 0;
        return;
    }
    switch (f->step) {
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
        vmm_thread_strip(v, f->a[LIFE_THREAD]);
        vmm_life_tell_begin(v, f, TH_STOPPED, KIT_Thread_Not_Executeable, 0);
        break;
    case TH_STOPPED:
        vmm_life_tell_begin(v, f, TH_DESTROYED, KIT_Destroy_Thread, 0);
        break;
    default:
        thread_destroyed(v, f);
    }
}

const struct vmm_frame_kind vmm_thread_frame = {"the life of a thread", thread_resume, NULL};

// --- services

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
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_THREAD, v->s.system_vm, thread);
    if (f)
        vmm_life_tell_begin(v, f, TH_CREATED, KIT_Create_Thread, 0);
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
    struct vmm_frame *f = vmm_life_push(v, VMM_FRAME_THREAD, t->vm, thread);
    if (f)
        vmm_life_tell_begin(v, f, TH_TERMINATED, KIT_Terminate_Thread, 0);
}

static const struct vmm_binding bindings[] = {
    {KIT_VMMCreateThread, create_thread},
    {KIT_VMMTerminateThread, terminate_thread},
    {0, NULL},
};

const struct vmm_chapter vmm_thread_life_chapter = {.bindings = bindings};
