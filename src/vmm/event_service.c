// The services that schedule, call and cancel events (spec: events; Win95 DDK S31D2-S31ED).
#include "vmm/event.h"
#include "vmm/handle.h"

// Windows 98 has four more; their names are known, what they restrict is in no published page.
enum { KNOWN_FLAGS = 0x3FFF, FLAGS_OF_98 = 0x3C000 };

// The row of an event that waits; 0: no such handle.
static uint32_t row_of(struct vmm *v, uint32_t handle)
{
    for (unsigned bits = VMM_HANDLE_LEAST; bits <= VMM_HANDLE_MOST; bits++) {
        uint32_t row = vmm_handle_row(handle, bits);
        if (!row || row >= vmm_table(v, VMM_TABLE_event)->count)
            continue;
        const struct vmm_event *e = vmm_event_at(v, row);
        if (e->id && e->group && vmm_handle(row, e->id) == handle)
            return row;
    }
    return 0;
}

// `what` without level and scope; those follow from the kind, the flags and the handle given.
static bool find_scope(struct vmm *v, struct vmm_event *e, uint32_t handle)
{
    const char *page = "Win95 DDK S31D3";
    bool thread = e->kind == VMM_EVENT_THREAD || e->flags & KIT_PEF_Thread_Event;
    if (e->kind == VMM_EVENT_GLOBAL || (e->kind == VMM_EVENT_RESTRICTED && !thread && !handle))
        return true; // level and scope 0
    e->level = thread ? VMM_LEVEL_THREAD : VMM_LEVEL_VM;
    e->scope = thread ? vmm_thread_row_or_report(v, handle, page) : vmm_vm_row_or_report(v, handle, page);
    return e->scope != 0;
}

static bool flags_make_sense(struct vmm *v, const struct vmm_event *e)
{
    const char *why = NULL;
    uint32_t both = KIT_PEF_Wait_For_STI | KIT_PEF_Wait_For_Thread_STI;
    if ((e->flags & both) == both)
        why = "PEF_Wait_For_STI and PEF_Wait_For_Thread_STI exclude each other";
    else if (e->flags & KIT_PEF_Wait_Crit && e->level != VMM_LEVEL_GLOBAL)
        why = "PEF_Wait_Crit is for global events only (EBX=0)";
    else if (e->flags & KIT_PEF_Wait_Crit_VM && (e->level != VMM_LEVEL_VM || e->scope != v->s.system_vm))
        why = "PEF_Wait_Crit_VM is for the system VM only";
    else if (e->flags & KIT_PEF_Wait_Not_Crit && e->boost >= KIT_Critical_Section_Boost)
        why = "PEF_Wait_Not_Crit can never be met with a boost of Critical_Section_Boost or more";
    if (why)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31E8", "%s", why);
    return !why;
}

// A boost that would take the priority out of its range is reported and left out.
static void check_boost(struct vmm *v, struct vmm_event *e)
{
    if (!e->boost)
        return;
    int64_t now = e->level == VMM_LEVEL_VM ? vmm_vm_at(v, e->scope)->boost
                                           : vmm_priority(v, e->level == VMM_LEVEL_THREAD ? e->scope : v->s.current);
    if (!vmm_priority_in_range(v, now + e->boost))
        e->boost = 0;
}

static bool here_and_now(struct vmm *v, const struct vmm_event *e)
{
    const struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (v->s.reenter || e->flags & KIT_PEF_Always_Sched)
        return false;
    if ((e->level == VMM_LEVEL_VM && e->scope != t->vm) || (e->level == VMM_LEVEL_THREAD && e->scope != v->s.current))
        return false;
    struct vmm_situation s;
    vmm_situation_of(v, v->s.current, &s);
    return !vmm_restrictions_not_met(&s, e->flags);
}

// Why a new event waits, for the record that follows its scheduling at once.
static uint32_t why_not_now(struct vmm *v, const struct vmm_event *e)
{
    const struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (e->level == VMM_LEVEL_VM && e->scope != t->vm)
        return VMM_NOT_CURRENT_VM;
    if (e->level == VMM_LEVEL_THREAD && e->scope != v->s.current)
        return VMM_NOT_CURRENT_THREAD;
    struct vmm_situation s;
    vmm_situation_of(v, v->s.current, &s);
    return vmm_restrictions_not_met(&s, e->flags);
}

// Reserved bits are reported and left out. False: the run is over.
static bool known_flags(struct vmm *v, struct vmm_event *what)
{
    uint32_t unknown = what->flags & ~(uint32_t)KNOWN_FLAGS;
    if (unknown & FLAGS_OF_98 && v->config.profile == VMM_PROFILE_98) {
        vmm_stop(
            v, VMM_END_MISSING,
            "%s asks for an event with flags %08X: what bits 14 to 17 of Windows 98 restrict (PEF_Wait_Preemptable, "
            "PEF_Wait_For_Passive, PEF_Wait_For_Appy, PEF_Wait_For_Worker) is not documented",
            vmm_module_name(v, v->call.caller), what->flags);
        return false;
    }
    if (unknown)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31E8", "an event with reserved flags %08X", unknown);
    what->flags &= KNOWN_FLAGS;
    return true;
}

static void schedule(struct vmm *v, struct vmm_event *what, uint32_t scope, bool call)
{
    uint32_t *r = vmm_regs(v);
    what->callback = r[X86_ESI];
    what->reference = r[X86_EDX];
    r[X86_ESI] = 0;
    if (!find_scope(v, what, scope))
        return;
    if (!known_flags(v, what))
        return;
    check_boost(v, what);
    (void)flags_make_sense(v, what); // reported; it waits as the flags say
    uint32_t milliseconds = r[X86_EDI], row = vmm_event_create(v, what);
    if (!row) {
        vmm_stop(v, VMM_END_MEMORY, "no host memory for an event");
        return;
    }
    if (call && here_and_now(v, what)) {
        vmm_event_run_begin(v, row, true);
        return;
    }
    if (!vmm_event_enqueue(v, row, milliseconds)) {
        vmm_event_free(v, row);
        vmm_stop(v, VMM_END_MEMORY, "no host memory for an event");
        return;
    }
    uint32_t not_met = base_sink_heard(&v->sink) ? why_not_now(v, what) : 0;
    if (not_met) {
        vmm_event_at(v, row)->not_met = not_met;
        vmm_event_announce(v, vmm_event_at(v, row), VMM_EVENT_WAITING, not_met);
    }
    r[X86_ESI] = vmm_handle(row, vmm_event_at(v, row)->id);
}

static void schedule_global_event(struct vmm *v)
{
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_GLOBAL}, 0, false);
}

static void schedule_vm_event(struct vmm *v)
{
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_VM}, vmm_regs(v)[X86_EBX], false);
}

static void schedule_thread_event(struct vmm *v)
{
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_THREAD}, vmm_regs(v)[X86_EDI], false);
}

static void call_global_event(struct vmm *v)
{
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_GLOBAL}, 0, true);
}

static void call_vm_event(struct vmm *v)
{
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_VM}, vmm_regs(v)[X86_EBX], true);
}

static void call_priority_vm_event(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    schedule(v,
             &(struct vmm_event){.kind = VMM_EVENT_PRIORITY, .flags = r[X86_ECX] & 0x3F, .boost = (int32_t)r[X86_EAX]},
             r[X86_EBX], true);
}

static void call_priority_thread_event(struct vmm *v)
{
    // The thread is in EDI, so a time-out has no register: PEF_Time_Out is not honoured here [unverified].
    uint32_t *r = vmm_regs(v);
    uint32_t flags = (r[X86_ECX] & 0x3F & ~(uint32_t)KIT_PEF_Time_Out) | KIT_PEF_Thread_Event;
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_PRIORITY, .flags = flags, .boost = (int32_t)r[X86_EAX]},
             r[X86_EDI], true);
}

static void call_restricted_event(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    schedule(v, &(struct vmm_event){.kind = VMM_EVENT_RESTRICTED, .flags = r[X86_ECX], .boost = (int32_t)r[X86_EAX]},
             r[X86_EBX], true);
}

static const char *const family[] = {"Global", "VM", "Thread", "Priority_VM", "Restricted"};

static void cancel(struct vmm *v, uint8_t kind, const char *page)
{
    uint32_t handle = vmm_regs(v)[X86_ESI];
    if (!handle)
        return;
    uint32_t row = row_of(v, handle);
    if (!row) {
        vmm_report(v, "dead-handle", v->call.caller, page,
                   "Cancel_%s_Event was given %08X, which is no event that is still waiting", family[kind], handle);
        return;
    }
    const struct vmm_event *e = vmm_event_at(v, row);
    if (e->kind != kind || e->of_timeout) {
        vmm_report(v, "foreign-handle", v->call.caller, page,
                   "Cancel_%s_Event was given %08X, the handle of a %s event", family[kind], handle, family[e->kind]);
        return;
    }
    vmm_event_announce(v, e, VMM_EVENT_CANCELLED, 0);
    vmm_event_drop(v, row);
}

static void cancel_global_event(struct vmm *v)
{
    cancel(v, VMM_EVENT_GLOBAL, "Win95 DDK S31D9");
}

static void cancel_vm_event(struct vmm *v)
{
    cancel(v, VMM_EVENT_VM, "Win95 DDK S31D3");
}

static void cancel_thread_event(struct vmm *v)
{
    cancel(v, VMM_EVENT_THREAD, "Win95 DDK S31D3");
}

static void cancel_priority_vm_event(struct vmm *v)
{
    cancel(v, VMM_EVENT_PRIORITY, "Win95 DDK S31D3");
    vmm_regs(v)[X86_ESI] = 0;
}

static void cancel_restricted_event(struct vmm *v)
{
    cancel(v, VMM_EVENT_RESTRICTED, "Win95 DDK S31E9");
    vmm_regs(v)[X86_ESI] = 0;
}

// Call_When_VM_Ints_Enabled: at once when the current VM's interrupts are on, else once they come on (VDAG31).
static void call_when_vm_ints_enabled(struct vmm *v)
{
    const struct vmm_event what = {.kind = VMM_EVENT_VM,
                                   .level = VMM_LEVEL_VM,
                                   .silent = 1,
                                   .flags = KIT_PEF_Wait_For_STI,
                                   .scope = vmm_thread_at(v, v->s.current)->vm,
                                   .callback = vmm_regs(v)[X86_ESI],
                                   .reference = vmm_regs(v)[X86_EDX]};
    uint32_t row = vmm_event_create(v, &what);
    if (row && here_and_now(v, &what))
        vmm_event_run_begin(v, row, false);
    else if (!row || !vmm_event_enqueue(v, row, 0))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a callback");
}

static void at_event_time(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = vmm_thread_at(v, v->s.current)->event_depth != 0;
}

// VPICD tells where it keeps the bit that says a hardware interrupt is being simulated (Win95 DDK S31ED).
static void register_pef_provider(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    bool bad = r[X86_EAX] != KIT_PEF_Wait_Not_HW_Int_Bit || r[X86_ECX] != 0;
    if (!bad) {
        if (!v->s.pef_hw_int)
            v->s.pef_hw_int = VMM_CB_PEF;
        r[X86_EAX] = v->s.pef_hw_int;
    }
    vmm_set_flag(v, X86_CF, bad);
}

static const struct vmm_binding bindings[] = {
    {KIT_Schedule_Global_Event, schedule_global_event},
    {KIT_Schedule_VM_Event, schedule_vm_event},
    {KIT_Schedule_Thread_Event, schedule_thread_event},
    {KIT_Call_Global_Event, call_global_event},
    {KIT_Call_VM_Event, call_vm_event},
    {KIT_Call_Priority_VM_Event, call_priority_vm_event},
    {KIT_Call_Priority_Thread_Event, call_priority_thread_event},
    {KIT_Call_Restricted_Event, call_restricted_event},
    {KIT_Cancel_Global_Event, cancel_global_event},
    {KIT_Cancel_VM_Event, cancel_vm_event},
    {KIT_Cancel_Thread_Event, cancel_thread_event},
    {KIT_Cancel_Priority_VM_Event, cancel_priority_vm_event},
    {KIT_Cancel_Restricted_Event, cancel_restricted_event},
    {KIT_Call_When_VM_Ints_Enabled, call_when_vm_ints_enabled},
    {KIT__AtEventTime, at_event_time},
    {KIT_Register_PEF_Provider, register_pef_provider},
    {0, NULL},
};

const struct vmm_chapter vmm_event_chapter = {.bindings = bindings};
