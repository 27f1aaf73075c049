// Synchronisation (spec: scheduling; Win95 DDK S339D-S33C1): the critical section, semaphores, mutexes, block ids.
#include "vmm/defs.h"

// --- the critical section: one for the whole system

static void take_section(struct vmm *v, uint32_t thread, uint32_t claims)
{
    if (!v->s.crit_owner) {
        v->s.crit_owner = thread;
        vmm_thread_at(v, thread)->boost += KIT_Critical_Section_Boost;
    }
    v->s.crit_claims += claims;
    v->s.reschedule = 1;
}

static void free_section(struct vmm *v)
{
    vmm_thread_at(v, v->s.crit_owner)->boost -= KIT_Critical_Section_Boost;
    v->s.crit_owner = v->s.crit_claims = 0;
    struct vmm_frame *next = vmm_first_waiter(v, VMM_BLOCK_CRITICAL, 0);
    if (next) {
        take_section(v, next->thread, next->a[VMM_WAIT_EXTRA]);
        vmm_wait_over(v, next);
    }
    v->s.reschedule = 1;
    vmm_section_freed(v);
}

// A thread that waits for a semaphore services events with the section taken, so that none of them can wait for it
// while the thread holds what others need (Win95 DDK S33B8). False: it is not to be taken for this wait.
bool vmm_section_for_events(struct vmm *v, const struct vmm_frame *wait)
{
    if (wait->a[VMM_WAIT_KIND] != VMM_BLOCK_SEMAPHORE || (v->s.crit_owner && v->s.crit_owner != wait->thread))
        return false;
    take_section(v, wait->thread, 1);
    return true;
}

void vmm_section_after_events(struct vmm *v, uint32_t thread)
{
    if (v->s.crit_owner == thread && --v->s.crit_claims == 0)
        free_section(v);
}

// In the System VM the section is claimed with the V86 mutex (Win95 DDK S32FD), the mutex first.
static void claim_begin(struct vmm *v, uint32_t claims, uint32_t flags)
{
    if (!claims || vmm_v86_claim_begin(v, claims, flags & ~(uint32_t)KIT_Block_Poll))
        return;
    v->s.crit_caller = v->call.caller;
    if (!v->s.crit_owner || v->s.crit_owner == v->s.current) {
        take_section(v, v->s.current, claims);
        return;
    }
    vmm_block_begin(v, VMM_BLOCK_CRITICAL, 0, flags & ~(uint32_t)KIT_Block_Poll, claims);
}

static void release_begin(struct vmm *v, uint32_t claims)
{
    if (!claims)
        return;
    if (v->s.crit_owner != v->s.current || claims > v->s.crit_claims) {
        vmm_report(v, "critical-section", v->call.caller, "VDAG31 End_Critical_Section",
                   "%u claim(s) of the critical section released, but the thread owns %u", claims,
                   v->s.crit_owner == v->s.current ? v->s.crit_claims : 0);
        return;
    }
    v->s.crit_claims -= claims;
    vmm_v86_release(v, v->s.current, claims);
    if (!v->s.crit_claims)
        free_section(v);
    vmm_settle_begin(v);
}

static void begin_critical_section(struct vmm *v)
{
    claim_begin(v, 1, vmm_regs(v)[X86_ECX]);
}

static void end_critical_section(struct vmm *v)
{
    release_begin(v, 1);
}

static void claim_critical_section(struct vmm *v)
{
    claim_begin(v, vmm_regs(v)[X86_EAX], vmm_regs(v)[X86_ECX]);
}

static void release_critical_section(struct vmm *v)
{
    release_begin(v, vmm_regs(v)[X86_ECX]);
}

static void end_crit_and_suspend(struct vmm *v)
{
    uint32_t vm = vmm_thread_at(v, v->s.current)->vm;
    bool exactly_one = v->s.crit_owner == v->s.current && v->s.crit_claims == 1;
    bool possible = exactly_one && !vmm_vm_at(v, vm)->system; // the System VM is never suspended
    vmm_set_flag(v, X86_CF, !possible);
    if (!possible)
        return;
    v->s.crit_claims = 0;
    free_section(v);
    vmm_suspend_begin(v, vm);
}

static void crit_status(struct vmm *v)
{
    uint32_t owner = v->s.crit_owner ? v->s.crit_owner : v->s.current;
    vmm_regs(v)[X86_EBX] = vmm_vm_at(v, vmm_thread_at(v, owner)->vm)->cb;
    vmm_regs(v)[X86_ECX] = v->s.crit_claims;
    vmm_set_flag(v, X86_CF, vmm_priority(v, v->s.current) >= KIT_Critical_Section_Boost);
}

static void crit_status_thread(struct vmm *v)
{
    vmm_regs(v)[X86_EDI] = v->s.crit_owner ? vmm_thread_at(v, v->s.crit_owner)->tcb : vmm_current_thread(v);
    vmm_regs(v)[X86_ECX] = v->s.crit_claims;
    vmm_set_flag(v, X86_CF, vmm_priority(v, v->s.current) >= KIT_Critical_Section_Boost);
}

// A thread that goes away leaves the section.
void vmm_section_forget(struct vmm *v, uint32_t thread)
{
    if (v->s.crit_owner == thread)
        free_section(v);
}

// --- handles of semaphores and mutexes: the address of a small block of guest memory, so that they look like what
// drivers expect and no two kinds collide

static uint32_t row_by_handle(struct vmm *v, enum vmm_table table, uint32_t handle)
{
    const struct base_table *t = vmm_table(v, table);
    for (uint32_t i = 1; handle && i < t->count; i++) {
        // `handle` is the second field of both rows; a released row is zeroed behind its link.
        const struct vmm_semaphore *s = base_table_at(t, i);
        if (s->handle == handle)
            return i;
    }
    return 0;
}

static uint32_t row_or_report(struct vmm *v, enum vmm_table table, uint32_t handle, const char *what, const char *page)
{
    uint32_t row = row_by_handle(v, table, handle);
    if (!row)
        vmm_report(v, "dead-handle", v->call.caller, page, "%08X is not a %s", handle, what);
    return row;
}

// --- semaphores

static void create_semaphore(struct vmm *v)
{
    uint32_t row = vmm_semaphore_new(v), handle = row ? vmm_heap_get(v, 8) : 0;
    if (row && !handle)
        vmm_semaphore_free(v, row);
    vmm_set_flag(v, X86_CF, !handle);
    if (!handle)
        return;
    *vmm_semaphore_at(v, row) = (struct vmm_semaphore){.handle = handle, .tokens = (int32_t)vmm_regs(v)[X86_ECX]};
    vmm_regs(v)[X86_EAX] = handle;
}

static void destroy_semaphore(struct vmm *v)
{
    uint32_t row = row_or_report(v, VMM_TABLE_semaphore, vmm_regs(v)[X86_EAX], "semaphore", "VDAG31 Destroy_Semaphore");
    if (!row)
        return;
    if (vmm_first_waiter(v, VMM_BLOCK_SEMAPHORE, row)) {
        vmm_report(v, "dead-handle", v->call.caller, "VDAG31 Destroy_Semaphore",
                   "semaphore %08X is destroyed while a thread waits for it", vmm_regs(v)[X86_EAX]);
        return;
    }
    (void)!vmm_heap_give(v, vmm_semaphore_at(v, row)->handle);
    vmm_semaphore_free(v, row);
}

static void wait_semaphore(struct vmm *v)
{
    uint32_t row = row_or_report(v, VMM_TABLE_semaphore, vmm_regs(v)[X86_EAX], "semaphore", "Win95 DDK S33B8");
    if (!row)
        return;
    if (vmm_semaphore_at(v, row)->tokens-- > 0)
        return;
    vmm_block_begin(v, VMM_BLOCK_SEMAPHORE, row, vmm_regs(v)[X86_ECX], 0);
}

// One token more; releases exactly one waiter, the one of highest priority.
static bool signal_semaphore_row(struct vmm *v)
{
    uint32_t row = row_or_report(v, VMM_TABLE_semaphore, vmm_regs(v)[X86_EAX], "semaphore", "Win95 DDK S33BC");
    if (!row)
        return false;
    vmm_semaphore_at(v, row)->tokens++;
    struct vmm_frame *waiter = vmm_first_waiter(v, VMM_BLOCK_SEMAPHORE, row);
    if (waiter)
        vmm_wait_over(v, waiter);
    return waiter != NULL;
}

static void signal_semaphore(struct vmm *v)
{
    bool released = signal_semaphore_row(v);
    if (v->s.reenter)
        return;
    vmm_set_flag(v, X86_IF, true); // Win95 DDK S33BC: returns with interrupts enabled
    if (released)
        vmm_settle_begin(v);
}

static void signal_semaphore_no_switch(struct vmm *v)
{
    (void)signal_semaphore_row(v);
}

// --- mutexes

static void create_mutex(struct vmm *v)
{
    uint32_t row = vmm_mutex_new(v), handle = row ? vmm_heap_get(v, 8) : 0;
    if (row && !handle)
        vmm_mutex_free(v, row);
    vmm_regs(v)[X86_EAX] = handle;
    if (handle)
        *vmm_mutex_at(v, row) =
            (struct vmm_mutex){.handle = handle, .boost = (int32_t)vmm_arg(v, 0), .flags = vmm_arg(v, 1)};
}

static uint32_t mutex_arg(struct vmm *v)
{
    return row_or_report(v, VMM_TABLE_mutex, vmm_arg(v, 0), "mutex", "Win95 DDK S33BA");
}

static void destroy_mutex(struct vmm *v)
{
    uint32_t row = mutex_arg(v);
    bool in_use = row && vmm_mutex_at(v, row)->owner;
    vmm_regs(v)[X86_EAX] = row && !in_use;
    if (in_use)
        vmm_report(v, "mutex", v->call.caller, "Win95 DDK S33BB", "_DestroyMutex of %08X, which thread %u owns",
                   vmm_mutex_at(v, row)->handle, vmm_thread_at(v, vmm_mutex_at(v, row)->owner)->id);
    if (!row || in_use)
        return;
    (void)!vmm_heap_give(v, vmm_mutex_at(v, row)->handle);
    vmm_mutex_free(v, row);
}

static void own_mutex(struct vmm *v, struct vmm_mutex *m, uint32_t thread)
{
    struct vmm_thread *t = vmm_thread_at(v, thread);
    if (!m->owner) {
        m->owner = thread;
        t->boost += m->boost;
    }
    m->count++;
    if (m->flags & KIT_MUTEX_MUST_COMPLETE)
        t->must_complete++;
    v->s.reschedule = 1;
}

static void enter_mutex(struct vmm *v)
{
    uint32_t row = mutex_arg(v);
    if (!row)
        return;
    struct vmm_mutex *m = vmm_mutex_at(v, row);
    if (!m->owner || m->owner == v->s.current) {
        own_mutex(v, m, v->s.current);
        return;
    }
    vmm_thread_at(v, v->s.current)->boost += m->boost / 2; // a blocked waiter has half of it
    vmm_block_begin(v, VMM_BLOCK_MUTEX, row, vmm_arg(v, 1), 0);
}

static void drop_mutex(struct vmm *v, uint32_t row)
{
    struct vmm_mutex *m = vmm_mutex_at(v, row);
    vmm_thread_at(v, m->owner)->boost -= m->boost;
    m->owner = 0;
    v->s.reschedule = 1;
    struct vmm_frame *next = vmm_first_waiter(v, VMM_BLOCK_MUTEX, row);
    if (!next)
        return;
    vmm_thread_at(v, next->thread)->boost -= m->boost / 2;
    own_mutex(v, m, next->thread);
    vmm_wait_over(v, next);
}

static void leave_mutex(struct vmm *v)
{
    uint32_t row = mutex_arg(v);
    if (!row)
        return;
    struct vmm_mutex *m = vmm_mutex_at(v, row);
    if (m->owner != v->s.current) {
        vmm_report(v, "mutex", v->call.caller, "Win95 DDK S33BA", "_LeaveMutex of %08X, which the thread does not own",
                   m->handle);
        return;
    }
    if (m->flags & KIT_MUTEX_MUST_COMPLETE)
        vmm_thread_at(v, v->s.current)->must_complete--;
    if (--m->count == 0)
        drop_mutex(v, row);
    vmm_must_complete_left_begin(v);
}

// --- the V86 mutex: one thread of the System VM at a time has its V86 mode (Win95 DDK S32FD, S32FF)

// Made when it is first claimed; NULL = no memory.
static struct vmm_mutex *v86_mutex(struct vmm *v)
{
    if (!v->s.v86_mutex) {
        uint32_t row = vmm_mutex_new(v), handle = row ? vmm_heap_get(v, 8) : 0;
        if (!handle) {
            if (row)
                vmm_mutex_free(v, row);
            vmm_stop(v, VMM_END_MEMORY, "no memory for the V86 mutex");
            return NULL;
        }
        *vmm_mutex_at(v, row) = (struct vmm_mutex){.handle = handle};
        v->s.v86_mutex = row;
    }
    return vmm_mutex_at(v, v->s.v86_mutex);
}

bool vmm_v86_claim_begin(struct vmm *v, uint32_t claims, uint32_t flags)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (t->vm != v->s.system_vm)
        return false;
    struct vmm_mutex *m = v86_mutex(v);
    bool granted = t->v86_granted;
    if (!m)
        return true;
    t->v86_granted = 0;
    if (!m->owner || m->owner == v->s.current) {
        bool counted = granted && m->owner;
        if (!counted)
            own_mutex(v, m, v->s.current);
        m->count += claims - 1;
        return false;
    }
    t->v86_granted = 1;
    vmm_service_rewind(v);
    vmm_block_begin(v, VMM_BLOCK_MUTEX, v->s.v86_mutex, flags, 0);
    return true;
}

void vmm_v86_release(struct vmm *v, uint32_t thread, uint32_t claims)
{
    struct vmm_mutex *m = v->s.v86_mutex ? vmm_mutex_at(v, v->s.v86_mutex) : NULL;
    if (!m || m->owner != thread)
        return;
    m->count -= claims < m->count ? claims : m->count;
    if (!m->count)
        drop_mutex(v, v->s.v86_mutex);
}

static void begin_v86_serialization(struct vmm *v)
{
    (void)vmm_v86_claim_begin(v, 1, vmm_regs(v)[X86_ECX]);
}

static void end_v86_serialization(struct vmm *v)
{
    const struct vmm_mutex *m = v->s.v86_mutex ? vmm_mutex_at(v, v->s.v86_mutex) : NULL;
    if (vmm_thread_at(v, v->s.current)->vm != v->s.system_vm)
        return;
    if (!m || m->owner != v->s.current)
        vmm_report(v, "mutex", v->call.caller, "Win95 DDK S32FF",
                   "End_V86_Serialization by a thread that does not own the V86 mutex");
    vmm_v86_release(v, v->s.current, 1);
    vmm_settle_begin(v);
}

static void get_mutex_owner(struct vmm *v)
{
    uint32_t row = mutex_arg(v), owner = row ? vmm_mutex_at(v, row)->owner : 0;
    vmm_regs(v)[X86_EAX] = owner ? vmm_thread_at(v, owner)->tcb : 0;
}

void vmm_mutexes_forget(struct vmm *v, uint32_t thread)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_mutex)->count; i++)
        if (vmm_mutex_at(v, i)->handle && vmm_mutex_at(v, i)->owner == thread) {
            vmm_mutex_at(v, i)->count = 0;
            drop_mutex(v, i);
        }
}

// --- block ids

static void block_on_id(struct vmm *v)
{
    vmm_block_begin(v, VMM_BLOCK_ID, vmm_arg(v, 0), vmm_arg(v, 1), 0);
}

static void signal_id(struct vmm *v)
{
    struct vmm_frame *f;
    while ((f = vmm_first_waiter(v, VMM_BLOCK_ID, vmm_arg(v, 0))) != NULL)
        vmm_wait_over(v, f); // no switch: they go on when events are next serviced (Win95 DDK S33C0)
}

// --- must complete

static void enter_must_complete(struct vmm *v)
{
    vmm_thread_at(v, v->s.current)->must_complete++;
}

static void leave_must_complete(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (t->must_complete)
        t->must_complete--;
    else
        vmm_report(v, "must-complete", v->call.caller, "Win95 DDK S33BE",
                   "_LeaveMustComplete without _EnterMustComplete");
    vmm_must_complete_left_begin(v);
}

// --- what the scheduler asks about a wait

uint32_t vmm_wait_holder(struct vmm *v, const struct vmm_frame *f)
{
    if (f->a[VMM_WAIT_KIND] == VMM_BLOCK_CRITICAL)
        return v->s.crit_owner;
    return f->a[VMM_WAIT_KIND] == VMM_BLOCK_MUTEX ? vmm_mutex_at(v, f->a[VMM_WAIT_OBJECT])->owner : 0;
}

uint32_t vmm_wait_handle(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t object = f->a[VMM_WAIT_OBJECT];
    if (f->a[VMM_WAIT_KIND] == VMM_BLOCK_SEMAPHORE)
        return vmm_semaphore_at(v, object)->handle;
    return f->a[VMM_WAIT_KIND] == VMM_BLOCK_MUTEX ? vmm_mutex_at(v, object)->handle : object;
}

// Its thread is being unwound while it waits.
void vmm_wait_given_up(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[VMM_WAIT_KIND] == VMM_BLOCK_SEMAPHORE && !f->a[VMM_WAIT_OVER])
        vmm_semaphore_at(v, f->a[VMM_WAIT_OBJECT])->tokens++;
    if (f->a[VMM_WAIT_KIND] == VMM_BLOCK_MUTEX && !f->a[VMM_WAIT_OVER])
        vmm_thread_at(v, f->thread)->boost -= vmm_mutex_at(v, f->a[VMM_WAIT_OBJECT])->boost / 2;
}

static const struct vmm_binding bindings[] = {
    {KIT_Begin_Critical_Section, begin_critical_section},
    {KIT_End_Critical_Section, end_critical_section},
    {KIT_End_Crit_And_Suspend, end_crit_and_suspend},
    {KIT_Claim_Critical_Section, claim_critical_section},
    {KIT_Release_Critical_Section, release_critical_section},
    {KIT_Get_Crit_Section_Status, crit_status},
    {KIT_Get_Crit_Status_No_Block, crit_status},
    {KIT_Get_Crit_Status_Thread, crit_status_thread},
    {KIT_Create_Semaphore, create_semaphore},
    {KIT_Destroy_Semaphore, destroy_semaphore},
    {KIT_Wait_Semaphore, wait_semaphore},
    {KIT_Signal_Semaphore, signal_semaphore},
    {KIT_Signal_Semaphore_No_Switch, signal_semaphore_no_switch},
    {KIT__CreateMutex, create_mutex},
    {KIT__DestroyMutex, destroy_mutex},
    {KIT__EnterMutex, enter_mutex},
    {KIT__LeaveMutex, leave_mutex},
    {KIT__GetMutexOwner, get_mutex_owner},
    {KIT__BlockOnID, block_on_id},
    {KIT__SignalID, signal_id},
    {KIT_Begin_V86_Serialization, begin_v86_serialization},
    {KIT_End_V86_Serialization, end_v86_serialization},
    {KIT__EnterMustComplete, enter_must_complete},
    {KIT__LeaveMustComplete, leave_must_complete},
    {0, NULL},
};

const struct vmm_chapter vmm_sync_chapter = {.bindings = bindings};
