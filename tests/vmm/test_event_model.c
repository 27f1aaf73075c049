// Events against a small model that is obviously right: a list of what is pending and, for each callback that starts,
// the question whether it may. Random scopes, flags, boosts, time-outs, cancellations, critical sections, interrupt
// flags and nested execution in three virtual machines; each seed is a run of its own and can be repeated
// (VXDKIT_SEED=n).
#include "puppet.h"

enum { EVENTS = 400, ROUNDS = 30, VMS = 3, SEEDS = 1500 };

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
    uint64_t random;
    struct model_event events[EVENTS];
    uint32_t count;
    uint32_t owner;         // thread that has the critical section, 0 = free
    uint32_t nested_thread; // thread inside Begin_Nest_Exec, 0 = none (one at a time)
    bool ints_off[VMS + 2];
    uint32_t vms;
    int direct; // event that a Call_ service may run at once, -1 = none
    bool direct_ran;
    unsigned rounds;
    const struct puppet_proc *callback, *main;
    uint32_t asked; // event of the service call under way
    int op;
};

static uint32_t pick(struct model *m, uint32_t n)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->random >> 33) % n;
}

static uint32_t vm_number(struct model *m, uint32_t thread)
{
    return vmm_vm_at(m->p->v, vmm_thread_at(m->p->v, vmm_thread_row(m->p->v, thread))->vm)->id;
}

// --- the model: may this event run in the current thread?

static bool eligible(struct model *m, const struct model_event *e)
{
    uint32_t thread = vmm_current_thread(m->p->v), vm = vmm_current_vm(m->p->v);
    if ((e->level == 1 && e->scope != vm) || (e->level == 2 && e->scope != thread))
        return false;
    bool off = m->ints_off[vm_number(m, thread)];
    if (m->nested_thread == thread) // the interrupt that Exec_Int simulates turns them off until its IRET
        off = !(vmm_peek32(m->p->v, vmm_client(m->p->v) + KIT_Client_EFlags) & X86_IF);
    if (e->flags & (KIT_PEF_Wait_For_STI | KIT_PEF_Wait_For_Thread_STI) && off)
        return false;
    if (e->flags & KIT_PEF_Wait_Not_Crit && m->owner)
        return false;
    if (e->flags & KIT_PEF_Wait_Crit && m->owner && m->owner != thread)
        return false;
    if (e->flags & KIT_PEF_Wait_Not_Nested_Exec && m->nested_thread == thread)
        return false;
    return !(e->flags & KIT_PEF_Wait_In_PM);
}

static void assert_in_turn(struct model *m, uint32_t index)
{
    const struct model_event *e = &m->events[index];
    bool last = e->flags & KIT_PEF_Process_Last;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct model_event *o = &m->events[i];
        if (i == index || o->state != PENDING || !eligible(m, o))
            continue;
        bool o_last = o->flags & KIT_PEF_Process_Last;
        if (o_last < last || (o_last == last && o->level < e->level))
            fail_msg("event %u (level %d, flags %X) ran before event %u (level %d, flags %X, deadline %llu)", index,
                     e->level, e->flags, i, o->level, o->flags, (unsigned long long)o->deadline);
    }
}

static bool event_started(struct puppet *p, uint32_t step, void *user)
{
    struct model *m = user;
    uint32_t index = puppet_regs(p)[X86_EDX];
    (void)step;
    assert_true(index < m->count);
    struct model_event *e = &m->events[index];
    assert_int_equal(e->state, PENDING);
    e->state = STARTED;
    if (vmm_flag(p->v, X86_CF)) {
        assert_true(e->deadline && vmm_time(p->v) >= e->deadline);
        return false;
    }
    if (!eligible(m, e))
        fail_msg("event %u ran though its restrictions %X are not met", index, e->flags);
    if (m->direct == (int)index)
        m->direct_ran = true;
    else
        assert_in_turn(m, index);
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
                                      KIT_PEF_Wait_In_PM | KIT_PEF_Time_Out};
    uint32_t flags = choice[pick(m, BASE_COUNT(choice))];
    if (pick(m, 4) == 0)
        flags |= KIT_PEF_Wait_Not_Crit;
    if (pick(m, 3) == 0)
        flags |= KIT_PEF_Time_Out;
    return flags;
}

static uint32_t some_handle(struct model *m, bool thread)
{
    uint32_t row = 1 + pick(m, m->vms); // VMs and their initial threads have the same row numbers here
    return thread ? vmm_thread_at(m->p->v, row)->tcb : vmm_vm_at(m->p->v, row)->cb;
}

static bool new_event(struct model *m)
{
    static const struct {
        uint16_t service, cancel;
        int level;
    } kinds[] = {
        {KIT_Schedule_Global_Event, KIT_Cancel_Global_Event, 0},
        {KIT_Schedule_VM_Event, KIT_Cancel_VM_Event, 1},
        {KIT_Schedule_Thread_Event, KIT_Cancel_Thread_Event, 2},
        {KIT_Call_Global_Event, KIT_Cancel_Global_Event, 0},
        {KIT_Call_VM_Event, KIT_Cancel_VM_Event, 1},
        {KIT_Call_Restricted_Event, KIT_Cancel_Restricted_Event, 0},
        {KIT_Call_Restricted_Event, KIT_Cancel_Restricted_Event, 1},
        {KIT_Call_Restricted_Event, KIT_Cancel_Restricted_Event, 2},
    };
    if (m->count == EVENTS)
        return false;
    uint32_t *r = puppet_regs(m->p), k = pick(m, BASE_COUNT(kinds)), index = m->count++;
    struct model_event *e = &m->events[index];
    bool restricted = kinds[k].service == KIT_Call_Restricted_Event;
    *e = (struct model_event){.state = PENDING, .cancel = kinds[k].cancel, .level = kinds[k].level};
    if (restricted)
        e->flags = random_flags(m) | (e->level == 2 ? KIT_PEF_Thread_Event : 0);
    if (restricted && e->level == 0 && pick(m, 5) == 0)
        e->flags |= KIT_PEF_Wait_Crit;
    if (e->level)
        e->scope = some_handle(m, e->level == 2);
    uint32_t ms = 1 + pick(m, 120);
    if (e->flags & KIT_PEF_Time_Out)
        e->deadline = vmm_time(m->p->v) + ms * UINT64_C(1000000);
    e->boost = restricted && pick(m, 2) ? 0x10 : 0;
    r[X86_EAX] = (uint32_t)e->boost;
    r[X86_EBX] = e->level == 0 || !restricted ? 0 : e->scope;
    if (kinds[k].level == 1)
        r[X86_EBX] = e->scope;
    r[X86_ECX] = e->flags;
    r[X86_EDX] = index;
    r[X86_ESI] = m->callback->thunk;
    r[X86_EDI] = kinds[k].service == KIT_Schedule_Thread_Event ? e->scope : ms;
    m->asked = index;
    bool call = kinds[k].service != KIT_Schedule_Global_Event && kinds[k].service != KIT_Schedule_VM_Event &&
                kinds[k].service != KIT_Schedule_Thread_Event;
    bool now = call && !(e->flags & KIT_PEF_Always_Sched) && eligible(m, e);
    m->direct = now ? (int)index : -1;
    m->direct_ran = false;
    return puppet_call(m->p, kinds[k].service);
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
    bool *off = &m->ints_off[vm_number(m, vmm_current_thread(m->p->v))];
    *off = !*off;
    return puppet_call(m->p, *off ? KIT_Disable_VM_Ints : KIT_Enable_VM_Ints);
}

static bool again(struct model *m, uint32_t ms)
{
    puppet_regs(m->p)[X86_EAX] = ms;
    puppet_regs(m->p)[X86_ESI] = m->main->thunk;
    return puppet_call(m->p, KIT_Set_Global_Time_Out);
}

// Puts the world in order again, so that everything that can ever run does.
static bool calm(struct model *m)
{
    uint32_t thread = vmm_current_thread(m->p->v);
    if (m->owner == thread)
        return critical(m);
    if (m->ints_off[vm_number(m, thread)])
        return toggle_interrupts(m);
    return false;
}

enum { OP_NONE, OP_EVENT, OP_OTHER, OP_NEST, OP_EXEC, OP_END, OP_AGAIN };

static bool one_operation(struct model *m)
{
    m->op = OP_OTHER;
    switch (pick(m, 8)) {
    case 0:
        return cancel_one(m);
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
        return new_event(m);
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
    if (step == VMS - 1)
        return again(m, 1);
    return false;
}

static void one_seed(uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->random = seed * 2862933555777941757u + 3037000493u;
    m->direct = -1;
    struct puppet *p = puppet_new(boot, m);
    m->p = p;
    m->callback = puppet_proc(p, event_started, m);
    m->main = puppet_proc(p, main_step, m);
    enum vmm_end end = vmm_run(p->v, UINT64_C(60000000000), 3000000);
    if (end != VMM_END_IDLE)
        fail_msg("ended with %d: %s", end, vmm_end_message(p->v));
    for (uint32_t i = 0; i < m->count; i++)
        if (m->events[i].state == PENDING && eligible(m, &m->events[i]))
            fail_msg("event %u never ran (level %d, flags %X)", i, m->events[i].level, m->events[i].flags);
    for (uint32_t i = 1; i <= VMS; i++) // nobody keeps a boost
        if (!m->owner)
            assert_int_equal(vmm_thread_at(p->v, i)->boost, 0);
    assert_int_equal(p->checks, 0);
    puppet_free(p);
    free(m);
}

static void random_schedules(void **state)
{
    (void)state;
    const char *only = getenv("VXDKIT_SEED");
    uint64_t first = only ? strtoull(only, NULL, 0) : 1, last = only ? first : SEEDS;
    for (uint64_t seed = first; seed <= last; seed++) {
        if (only)
            print_message("seed %llu\n", (unsigned long long)seed);
        one_seed(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_schedules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
