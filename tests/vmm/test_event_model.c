// Events against a small model that is obviously right: a list of what is pending and, for each callback that starts,
// the questions whether it may, whether its turn has come, whether its thread's has, and what every VM's execution
// priority must be. Random scopes, flags, boosts, time-outs, cancellations, critical sections, interrupt flags,
// simulated hardware interrupts, nested execution, sleeps and schedulings at interrupt time in three virtual machines.
// Each seed is a run of its own and can be repeated (VXDKIT_SEED=n). Some are cut by a snapshot, continued in another
// machine, and must leave the same trace.
#include "puppet.h"

enum { EVENTS = 400, ROUNDS = 30, VMS = 3, SEEDS = 2000, CUT_SEEDS = 150 };

enum state { UNUSED, PENDING, STARTED, CANCELLED };

struct model_event {
    enum state state;
    uint16_t cancel; // service of its family
    uint32_t flags;
    int level;      // 0 global, 1 VM, 2 thread
    uint32_t scope; // handle
    int32_t boost;
    uint64_t deadline; // ns, 0 = none
    uint32_t handle;
};

struct model {
    struct puppet *p;
    uint64_t random, trace;
    struct model_event events[EVENTS];
    uint32_t count, known;  // events asked for; those that were when the last callback was chosen
    uint32_t owner;         // thread that has the critical section, 0 = free
    uint32_t nested_thread; // thread inside Begin_Nest_Exec, 0 = none (one at a time)
    bool hw_int[VMS + 1], adjusted[VMS + 1];
    int32_t kept[VMS + 1]; // boosts that stay: PEF_Dont_Unboost, Adjust_Exec_Priority
    uint32_t vms, pef_offset;
    int direct; // event that a Call_ service may run at once, -1 = none
    bool direct_ran;
    unsigned rounds;
    const struct puppet_proc *callback, *main, *async;
    uint32_t asked; // event of the service call under way
    int op;
};

static uint32_t pick(struct model *m, uint32_t n)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->random >> 33) % n;
}

// VMs and their initial threads have the same numbers here, 1 to VMS; 1 is the System VM.
static uint32_t thread_handle(struct model *m, uint32_t n)
{
    return vmm_thread_at(m->p->v, n)->tcb;
}

static uint32_t vm_handle(struct model *m, uint32_t n)
{
    return vmm_vm_at(m->p->v, n)->cb;
}

static uint32_t current(struct model *m)
{
    return vmm_thread_row(m->p->v, vmm_current_thread(m->p->v));
}

// --- the model: what is an execution priority, may this event run in thread n?

static bool bears(struct model *m, const struct model_event *e, uint32_t n)
{
    return (e->level == 1 && e->scope == vm_handle(m, n)) || (e->level == 2 && e->scope == thread_handle(m, n));
}

// Its time may be over: the boost goes at the tick that notices it, the callback comes later.
static bool may_be_late(struct model *m, const struct model_event *e)
{
    return e->deadline && e->deadline <= vmm_time(m->p->v);
}

static bool priority_is_certain(struct model *m, uint32_t n)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->events[i].state == PENDING && m->events[i].boost && bears(m, &m->events[i], n) &&
            may_be_late(m, &m->events[i]))
            return false;
    return true;
}

// With the boosts of the first `count` events.
static int64_t priority(struct model *m, uint32_t n, uint32_t count)
{
    int64_t p = KIT_Reserved_Low_Boost + m->kept[n];
    if (m->owner == thread_handle(m, n))
        p += KIT_Critical_Section_Boost;
    for (uint32_t i = 0; i < count; i++)
        if (m->events[i].state == PENDING && bears(m, &m->events[i], n))
            p += m->events[i].boost;
    return p;
}

// What the client registers say: Disable_VM_Ints, the idle loop's STI and simulated interrupts change it.
static bool interrupts_off(struct model *m, uint32_t n)
{
    const struct vmm_thread *t = vmm_thread_at(m->p->v, n);
    return t->shadow || !(vmm_peek32(m->p->v, t->crs + KIT_Client_EFlags) & X86_IF);
}

static bool eligible(struct model *m, const struct model_event *e, uint32_t n)
{
    uint32_t thread = thread_handle(m, n);
    if (e->level && !bears(m, e, n))
        return false;
    if (e->flags & (KIT_PEF_Wait_For_STI | KIT_PEF_Wait_For_Thread_STI) && interrupts_off(m, n))
        return false;
    if (e->flags & KIT_PEF_Wait_Not_Crit && m->owner)
        return false;
    if (e->flags & KIT_PEF_Wait_Crit && m->owner && m->owner != thread)
        return false;
    if (e->flags & KIT_PEF_Wait_Crit_VM && n != 1)
        return false;
    if (e->flags & KIT_PEF_Wait_Not_HW_Int && m->hw_int[n])
        return false;
    if (e->flags & KIT_PEF_Wait_Not_Nested_Exec && m->nested_thread == thread)
        return false;
    return !(e->flags & KIT_PEF_Wait_In_PM);
}

static void assert_in_turn(struct model *m, uint32_t index)
{
    const struct model_event *e = &m->events[index];
    bool last = e->flags & KIT_PEF_Process_Last;
    for (uint32_t i = 0; i < m->known; i++) {
        const struct model_event *o = &m->events[i];
        if (i == index || o->state != PENDING || !eligible(m, o, current(m)))
            continue;
        bool o_last = o->flags & KIT_PEF_Process_Last;
        if (o_last < last || (o_last == last && o->level < e->level))
            fail_msg("event %u (level %d, flags %X) ran before event %u (level %d, flags %X, deadline %llu)", index,
                     e->level, e->flags, i, o->level, o->flags, (unsigned long long)o->deadline);
    }
}

// The scheduler comes first: nobody of higher priority has something to do.
static void assert_thread_in_turn(struct model *m, uint32_t index)
{
    uint32_t own = current(m);
    for (uint32_t n = 1; n <= m->vms; n++) {
        bool certain = priority_is_certain(m, n) && priority_is_certain(m, own);
        if (n == own || !certain || priority(m, n, m->known) <= priority(m, own, m->known))
            continue;
        for (uint32_t i = 0; i < m->known; i++)
            if (i != index && m->events[i].state == PENDING && eligible(m, &m->events[i], n))
                fail_msg("event %u ran in VM %u while VM %u has a higher priority and event %u (level %d, flags %X)",
                         index, own, n, i, m->events[i].level, m->events[i].flags);
    }
}

// Every boost is where it must be. The event that has just started bears its own, unless it timed out.
static void assert_priorities(struct model *m)
{
    for (uint32_t n = 1; n <= m->vms; n++)
        if (priority_is_certain(m, n) && vmm_priority(m->p->v, n) != priority(m, n, m->count))
            fail_msg("VM %u has priority %llX, not %llX", n, (unsigned long long)vmm_priority(m->p->v, n),
                     (unsigned long long)priority(m, n, m->count));
}

static bool event_started(struct puppet *p, uint32_t step, void *user)
{
    struct model *m = user;
    uint32_t index = puppet_regs(p)[X86_EDX], own = current(m);
    (void)step;
    assert_true(index < m->count);
    struct model_event *e = &m->events[index];
    assert_int_equal(e->state, PENDING);
    bool timed_out = vmm_flag(p->v, X86_CF);
    if (!timed_out && !eligible(m, e, own))
        fail_msg("event %u ran though its restrictions %X are not met", index, e->flags);
    if (m->direct == (int)index)
        m->direct_ran = true;
    else if (!timed_out)
        assert_thread_in_turn(m, index);
    e->state = STARTED;
    if (timed_out) {
        assert_true(e->deadline && vmm_time(p->v) >= e->deadline);
    } else if (m->direct != (int)index) {
        assert_in_turn(m, index);
    }
    m->kept[own] += timed_out ? 0 : e->boost; // it is this thread's while the callback runs
    assert_priorities(m);
    if (!(e->flags & KIT_PEF_Dont_Unboost) && !timed_out)
        m->kept[own] -= e->boost;
    return false;
}

// --- random operations

static uint32_t random_flags(struct model *m)
{
    static const uint32_t choice[] = {0,
                                      0,
                                      0,
                                      KIT_PEF_Wait_For_STI,
                                      KIT_PEF_Wait_For_Thread_STI,
                                      KIT_PEF_Wait_Not_Crit,
                                      KIT_PEF_Wait_Not_Crit,
                                      KIT_PEF_Wait_Not_Nested_Exec,
                                      KIT_PEF_Process_Last,
                                      KIT_PEF_Always_Sched,
                                      KIT_PEF_Wait_Not_HW_Int,
                                      KIT_PEF_Ring0_Event,
                                      KIT_PEF_Dont_Unboost,
                                      KIT_PEF_Wait_In_PM | KIT_PEF_Time_Out};
    uint32_t flags = choice[pick(m, BASE_COUNT(choice))];
    if (pick(m, 4) == 0)
        flags |= KIT_PEF_Wait_Not_Crit;
    if (pick(m, 3) == 0)
        flags |= KIT_PEF_Time_Out;
    return flags;
}

enum { SCHEDULE, CALL, PRIORITY, RESTRICTED };

static const struct family {
    uint16_t service, cancel;
    int level, how;
} families[] = {
    {KIT_Schedule_Global_Event, KIT_Cancel_Global_Event, 0, SCHEDULE},
    {KIT_Schedule_VM_Event, KIT_Cancel_VM_Event, 1, SCHEDULE},
    {KIT_Schedule_Thread_Event, KIT_Cancel_Thread_Event, 2, SCHEDULE},
    {KIT_Call_Global_Event, KIT_Cancel_Global_Event, 0, CALL},
    {KIT_Call_VM_Event, KIT_Cancel_VM_Event, 1, CALL},
    {KIT_Call_Priority_VM_Event, KIT_Cancel_Priority_VM_Event, 1, PRIORITY},
    {KIT_Call_Priority_Thread_Event, KIT_Cancel_Priority_VM_Event, 2, PRIORITY},
    {KIT_Call_Restricted_Event, KIT_Cancel_Restricted_Event, 0, RESTRICTED},
    {KIT_Call_Restricted_Event, KIT_Cancel_Restricted_Event, 1, RESTRICTED},
    {KIT_Call_Restricted_Event, KIT_Cancel_Restricted_Event, 2, RESTRICTED},
};

static void choose_restrictions(struct model *m, struct model_event *e, const struct family *f)
{
    static const int32_t boosts[] = {0, 0, 0x10, 0x20, 0x1000};
    e->flags = random_flags(m);
    if (f->how == PRIORITY)
        e->flags &= f->level == 2 ? 0x2F : 0x3F; // the thread form has no register for a time-out
    if (f->how == RESTRICTED && e->level == 2)
        e->flags |= KIT_PEF_Thread_Event;
    if (f->how == RESTRICTED && e->level == 0 && pick(m, 5) == 0)
        e->flags |= KIT_PEF_Wait_Crit;
    if (f->how == RESTRICTED && e->scope == vm_handle(m, 1) && e->level == 1 && pick(m, 5) == 0)
        e->flags |= KIT_PEF_Wait_Crit_VM;
    e->boost = boosts[pick(m, BASE_COUNT(boosts))];
}

// Asks for an event; `at_once` tells whether there is a chance that it runs at once.
static bool new_event(struct model *m, bool at_once)
{
    if (m->count == EVENTS)
        return false;
    uint32_t *r = puppet_regs(m->p), index = m->count++, n = 1 + pick(m, m->vms);
    const struct family *f = &families[pick(m, BASE_COUNT(families))];
    if (!at_once && f->service == KIT_Call_Priority_Thread_Event)
        f = families; // not documented as asynchronous
    struct model_event *e = &m->events[index];
    *e = (struct model_event){.cancel = f->cancel, .level = f->level};
    if (e->level)
        e->scope = e->level == 2 ? thread_handle(m, n) : vm_handle(m, n);
    if (f->how >= PRIORITY)
        choose_restrictions(m, e, f);
    uint32_t ms = 1 + pick(m, 120);
    if (e->flags & KIT_PEF_Time_Out)
        e->deadline = vmm_time(m->p->v) + ms * UINT64_C(1000000);
    r[X86_EAX] = (uint32_t)e->boost;
    r[X86_EBX] = e->level == 1 || f->how == RESTRICTED ? e->scope : 0;
    r[X86_ECX] = e->flags;
    r[X86_EDX] = index;
    r[X86_ESI] = m->callback->thunk;
    r[X86_EDI] = e->level == 2 && f->how != RESTRICTED ? e->scope : ms;
    m->asked = index;
    bool now = at_once && f->how != SCHEDULE && !(e->flags & KIT_PEF_Always_Sched) && eligible(m, e, current(m));
    m->direct = now ? (int)index : -1;
    m->direct_ran = false;
    e->state = PENDING;
    return puppet_call(m->p, f->service);
}

static void new_event_done(struct model *m)
{
    struct model_event *e = &m->events[m->asked];
    uint32_t handle = puppet_regs(m->p)[X86_ESI];
    assert_int_equal(m->direct >= 0, handle == 0); // ESI = 0 exactly when it ran at once
    assert_int_equal(m->direct >= 0, m->direct_ran);
    e->handle = handle;
    m->direct = -1;
}

static bool cancel_one(struct model *m)
{
    uint32_t start = m->count ? pick(m, m->count) : 0;
    for (uint32_t n = 0; n < m->count; n++) {
        struct model_event *e = &m->events[(start + n) % m->count];
        if (e->state != PENDING)
            continue;
        e->state = CANCELLED;
        puppet_regs(m->p)[X86_ESI] = e->handle;
        puppet_regs(m->p)[X86_EBX] = e->scope;
        puppet_regs(m->p)[X86_EDI] = e->scope;
        return puppet_call(m->p, e->cancel);
    }
    return false;
}

static bool critical(struct model *m)
{
    uint32_t thread = vmm_current_thread(m->p->v);
    if (!m->owner) {
        m->owner = thread;
        puppet_regs(m->p)[X86_ECX] = 0;
        return puppet_call(m->p, KIT_Begin_Critical_Section);
    }
    if (m->owner != thread)
        return false;
    m->owner = 0;
    return puppet_call(m->p, KIT_End_Critical_Section);
}

static bool toggle_interrupts(struct model *m)
{
    return puppet_call(m->p, interrupts_off(m, current(m)) ? KIT_Enable_VM_Ints : KIT_Disable_VM_Ints);
}

static bool again(struct model *m, uint32_t ms)
{
    puppet_regs(m->p)[X86_EAX] = ms;
    puppet_regs(m->p)[X86_ESI] = m->main->thunk;
    return puppet_call(m->p, KIT_Set_Global_Time_Out);
}

static bool adjust(struct model *m)
{
    uint32_t n = 1 + pick(m, m->vms);
    int32_t by = m->adjusted[n] ? -0x40 : 0x40;
    m->adjusted[n] = !m->adjusted[n];
    m->kept[n] += by;
    puppet_regs(m->p)[X86_EAX] = (uint32_t)by;
    puppet_regs(m->p)[X86_EBX] = vm_handle(m, n);
    return puppet_call(m->p, KIT_Adjust_Exec_Priority);
}

static bool sleep(struct model *m)
{
    if (m->owner == vmm_current_thread(m->p->v))
        return false;
    puppet_regs(m->p)[X86_EAX] = 1 + pick(m, 30);
    return puppet_call(m->p, KIT_Time_Slice_Sleep);
}

// As VPICD does it: the bit of the PEF provider.
static void toggle_hw_int(struct model *m)
{
    uint32_t n = 1 + pick(m, m->vms), at = vm_handle(m, n) + m->pef_offset;
    m->hw_int[n] = !m->hw_int[n];
    vmm_poke32(m->p->v, at, m->hw_int[n] ? KIT_PEF_Wait_Not_HW_Int : 0);
    m->p->v->s.reschedule = 1;
}

static bool later(struct model *m)
{
    puppet_regs(m->p)[X86_EAX] = 1 + pick(m, 50);
    puppet_regs(m->p)[X86_ESI] = m->async->thunk;
    return puppet_call(m->p, KIT_Set_Async_Time_Out);
}

// At interrupt time, in the middle of whatever it is: nothing runs at once.
static bool interrupt(struct puppet *p, uint32_t step, void *user)
{
    struct model *m = user;
    if (step) {
        m->events[puppet_regs(p)[X86_EDX]].handle = puppet_regs(p)[X86_ESI];
        assert_int_not_equal(puppet_regs(p)[X86_ESI], 0);
        return false;
    }
    uint32_t asked = m->asked;
    int direct = m->direct;
    bool ran = m->direct_ran, called = new_event(m, false);
    m->asked = asked;
    m->direct = direct;
    m->direct_ran = ran;
    return called;
}

// Puts the world in order again, so that everything that can ever run does.
static bool calm(struct model *m)
{
    for (uint32_t n = 1; n <= m->vms; n++) {
        m->hw_int[n] = false;
        vmm_poke32(m->p->v, vm_handle(m, n) + m->pef_offset, 0);
    }
    m->p->v->s.reschedule = 1;
    if (m->owner == vmm_current_thread(m->p->v))
        return critical(m);
    if (interrupts_off(m, current(m)))
        return toggle_interrupts(m);
    return false;
}

enum { OP_NONE, OP_EVENT, OP_OTHER, OP_NEST, OP_EXEC, OP_END, OP_AGAIN };

static bool one_operation(struct model *m)
{
    m->op = OP_OTHER;
    switch (pick(m, 14)) {
    case 0:
        return cancel_one(m);
    case 4:
        return adjust(m);
    case 5:
        return sleep(m);
    case 6:
        return later(m);
    case 7:
        toggle_hw_int(m);
        return false;
    case 1:
        return critical(m);
    case 2:
        return toggle_interrupts(m);
    case 3:
        if (m->nested_thread)
            return false;
        m->nested_thread = vmm_current_thread(m->p->v);
        m->op = OP_NEST;
        return puppet_call(m->p, KIT_Begin_Nest_Exec);
    default:
        m->op = OP_EVENT;
        return new_event(m, true);
    }
}

static bool main_step(struct puppet *p, uint32_t step, void *user)
{
    struct model *m = user;
    (void)step;
    int op = m->op;
    m->op = OP_NONE;
    switch (op) {
    case OP_EVENT:
        new_event_done(m);
        break;
    case OP_NEST:
        m->op = OP_EXEC;
        puppet_regs(p)[X86_EAX] = 0x21;
        return puppet_call(p, KIT_Exec_Int);
    case OP_EXEC:
        m->op = OP_END;
        return puppet_call(p, KIT_End_Nest_Exec);
    case OP_END:
        m->nested_thread = 0;
        break;
    case OP_AGAIN:
        return false;
    default:
        break;
    }
    if (m->rounds >= ROUNDS) {
        m->op = OP_OTHER;
        if (calm(m))
            return true;
    } else {
        for (unsigned tries = 0; tries < 4; tries++)
            if (pick(m, 6) && one_operation(m))
                return true;
    }
    m->op = OP_AGAIN;
    return m->rounds++ < ROUNDS + 8 ? again(m, 1 + pick(m, 40)) : false;
}

static bool boot(struct puppet *p, uint32_t step, void *user)
{
    struct model *m = user;
    if (step < VMS - 1) {
        puppet_regs(p)[X86_EAX] = KIT_Create_VM;
        return puppet_call(p, KIT_System_Control);
    }
    m->vms = VMS;
    if (step == VMS - 1) {
        m->pef_offset = m->p->v->s.pef_hw_int = VMM_CB_PEF; // as after Register_PEF_Provider
        return again(m, 1);
    }
    return false;
}

// --- one run

static void mix(struct model *m, uint64_t value)
{
    m->trace = (m->trace ^ value) * UINT64_C(1099511628211);
}

static void listen(void *user, const struct base_record *record)
{
    struct model *m = user;
    mix(m, record->kind);
    mix(m, record->time);
    mix(m, record->count);
    if (record->kind == VMM_RECORD_EVENT) {
        const struct vmm_event_record *e = (const struct vmm_event_record *)record;
        mix(m, e->id * 16 + e->state);
        if (e->state == VMM_EVENT_RUN) // an interrupt may come in before the callback's first instruction
            m->known = m->count;
    }
    if (record->kind == VMM_RECORD_SWITCH)
        mix(m, ((const struct vmm_switch_record *)record)->to);
}

static struct model *model_new(uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->random = seed * 2862933555777941757u + 3037000493u;
    m->direct = -1;
    struct puppet *p = puppet_new(boot, m);
    m->p = p;
    m->callback = puppet_proc(p, event_started, m);
    m->main = puppet_proc(p, main_step, m);
    m->async = puppet_proc(p, interrupt, m);
    assert_true(base_sink_listen(vmm_sink(p->v), listen, m));
    return m;
}

static void model_free(struct model *m)
{
    puppet_free(m->p);
    free(m);
}

// The same model and machine elsewhere.
static struct model *model_move(struct model *from, uint64_t seed)
{
    struct model *to = model_new(seed);
    struct vmm_snapshot *snapshot = vmm_snapshot_take(from->p->v);
    const struct model own = *to;
    assert_non_null(snapshot);
    assert_true(vmm_snapshot_restore(to->p->v, snapshot));
    vmm_snapshot_free(snapshot);
    *to = *from;
    to->p = own.p;
    to->callback = own.callback;
    to->main = own.main;
    to->async = own.async;
    puppet_move(from->p, to->p);
    model_free(from);
    return to;
}

static void run_over(struct model *m)
{
    struct puppet *p = m->p;
    enum vmm_end end = vmm_run(p->v, UINT64_C(60000000000), 3000000);
    if (end != VMM_END_IDLE)
        fail_msg("ended with %d: %s", end, vmm_end_message(p->v));
    for (uint32_t i = 0; i < m->count; i++)
        for (uint32_t n = 1; n <= VMS; n++)
            if (m->events[i].state == PENDING && eligible(m, &m->events[i], n))
                fail_msg("event %u never ran (level %d, flags %X)", i, m->events[i].level, m->events[i].flags);
    assert_priorities(m);
    if (p->checks)
        fail_msg("%u rules reported, %s", p->checks, p->last_check);
}

static void one_seed(uint64_t seed)
{
    struct model *m = model_new(seed);
    run_over(m);
    model_free(m);
}

static void random_schedules(void **state)
{
    (void)state;
    const char *only = getenv("VXDKIT_SEED");
    uint64_t first = only ? strtoull(only, NULL, 0) : 1, last = only ? first : SEEDS;
    for (uint64_t seed = first; seed <= last; seed++) {
        if (only || getenv("VXDKIT_SEEDS"))
            print_message("seed %llu\n", (unsigned long long)seed);
        one_seed(seed);
    }
}

static void continued_elsewhere(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CUT_SEEDS; seed++) {
        struct model *m = model_new(seed);
        run_over(m);
        uint64_t whole = m->trace, total = vmm_cpu(m->p->v)->state.count;
        model_free(m);
        m = model_new(seed);
        uint64_t cut = 500 + (seed * 7919) % (total - 500);
        if (vmm_run(m->p->v, UINT64_C(60000000000), cut) == VMM_END_LIMIT)
            m = model_move(m, seed);
        run_over(m);
        if (m->trace != whole)
            fail_msg("seed %llu, cut after %llu instructions: another trace", (unsigned long long)seed,
                     (unsigned long long)cut);
        model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_schedules), cmocka_unit_test(continued_elsewhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
