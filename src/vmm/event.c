// Events (spec: events; Win95 DDK S31D2-S31ED): scheduled, called, cancelled, and found when a thread reaches a
// processing point.
//
// Pending events of one scope (all, a VM, a thread) that ask for the same restrictions form a group: all of them are
// eligible or none is. To find the next event one looks at one head per group, so an event that cannot run now costs
// nothing. Inside a scope the oldest eligible event goes first.
#include "vmm/event.h"
#include "vmm/defs.h"

// Flags that make a group: restrictions, and what else decides when its events are looked at.
static const uint32_t GROUP_MASK = VMM_PEF_RESTRICTIONS | KIT_PEF_Process_Last | KIT_PEF_Ring0_Event;

static uint32_t *scope_groups(struct vmm *v, unsigned level, uint32_t scope)
{
    switch (level) {
    case VMM_LEVEL_VM:
        return &vmm_vm_at(v, scope)->events;
    case VMM_LEVEL_THREAD:
        return &vmm_thread_at(v, scope)->events;
    case VMM_LEVEL_LATE:
        return &v->s.late_events;
    default:
        return &v->s.global_events;
    }
}

static uint32_t group_of(struct vmm *v, unsigned level, uint32_t scope, uint32_t mask)
{
    for (uint32_t g = *scope_groups(v, level, scope); g; g = vmm_group_at(v, g)->next)
        if (vmm_group_at(v, g)->mask == mask)
            return g;
    uint32_t row = vmm_group_new(v);
    if (!row)
        return 0;
    struct vmm_group *g = vmm_group_at(v, row);
    uint32_t *first = scope_groups(v, level, scope);
    *g = (struct vmm_group){.next = *first, .mask = mask, .scope = scope, .level = (uint8_t)level};
    *first = row;
    return row;
}

static void append(struct vmm *v, uint32_t group, uint32_t row)
{
    struct vmm_group *g = vmm_group_at(v, group);
    struct vmm_event *e = vmm_event_at(v, row);
    e->group = group;
    e->prev = g->last;
    e->next = 0;
    if (g->last)
        vmm_event_at(v, g->last)->next = row;
    else
        g->first = row;
    g->last = row;
}

static void unlink_event(struct vmm *v, uint32_t row)
{
    struct vmm_event *e = vmm_event_at(v, row);
    struct vmm_group *g = vmm_group_at(v, e->group);
    if (e->prev)
        vmm_event_at(v, e->prev)->next = e->next;
    else
        g->first = e->next;
    if (e->next)
        vmm_event_at(v, e->next)->prev = e->prev;
    else
        g->last = e->prev;
    if (!g->first) {
        uint32_t group = e->group, *link = scope_groups(v, g->level, g->scope);
        while (*link != group)
            link = &vmm_group_at(v, *link)->next;
        *link = g->next;
        vmm_group_free(v, group);
    }
    e->group = e->next = e->prev = 0;
}

void vmm_event_announce(struct vmm *v, const struct vmm_event *e, uint8_t state, uint32_t not_met)
{
    if (!base_sink_heard(&v->sink) || e->of_timeout || e->silent)
        return;
    struct vmm_event_record r = {.id = e->id,
                                 .kind = e->kind,
                                 .state = state,
                                 .callback = e->callback,
                                 .reference = e->reference,
                                 .flags = e->flags,
                                 .not_met = not_met,
                                 .device = vmm_module_name(v, e->callback),
                                 .symbol = vmm_symbol_of(v, e->callback)};
    vmm_announce(v, &r.head, VMM_RECORD_EVENT, sizeof r);
}

// --- boosts (Win95 DDK S31E4)

static int32_t *boosted(struct vmm *v, const struct vmm_event *e)
{
    return e->level == VMM_LEVEL_VM ? &vmm_vm_at(v, e->scope)->boost : &vmm_thread_at(v, e->scope)->boost;
}

static void boost(struct vmm *v, struct vmm_event *e)
{
    if (!e->boost || e->boosted || e->level == VMM_LEVEL_GLOBAL)
        return; // a global event's boost begins immediately before its callback
    *boosted(v, e) += e->boost;
    e->boosted = 1;
    v->s.reschedule = 1;
}

static void unboost(struct vmm *v, struct vmm_event *e)
{
    if (!e->boosted)
        return;
    *boosted(v, e) -= e->boost;
    e->boosted = 0;
    v->s.reschedule = 1;
}

// --- making and ending

uint32_t vmm_event_create(struct vmm *v, const struct vmm_event *what)
{
    uint32_t row = vmm_event_new(v);
    if (!row)
        return 0;
    struct vmm_event *e = vmm_event_at(v, row);
    *e = *what;
    e->group = e->next = e->prev = 0;
    if (!e->of_timeout)
        e->id = ++v->s.ids_event;
    e->order = ++v->s.order;
    return row;
}

bool vmm_event_enqueue(struct vmm *v, uint32_t row, uint32_t milliseconds)
{
    struct vmm_event *e = vmm_event_at(v, row);
    uint32_t group = group_of(v, e->level, e->scope, e->flags & GROUP_MASK);
    if (!group)
        return false;
    append(v, group, row);
    if (e->flags & KIT_PEF_Time_Out) {
        uint32_t timeout = vmm_timeout_start(v, VMM_TIMEOUT_EVENT, milliseconds, row, 0, 0);
        if (!timeout) {
            unlink_event(v, row);
            return false;
        }
        e->timeout = timeout;
    }
    boost(v, e);
    v->s.reschedule = 1;
    vmm_event_announce(v, e, VMM_EVENT_SCHEDULED, 0);
    return true;
}

void vmm_event_drop(struct vmm *v, uint32_t row)
{
    struct vmm_event *e = vmm_event_at(v, row);
    unboost(v, e);
    if (e->group)
        unlink_event(v, row);
    if (e->timeout && !e->of_timeout)
        vmm_timeout_stop(v, e->timeout);
    vmm_event_free(v, row);
}

// Its restrictions were not met in time: it waits for no more than a processing point, anywhere.
void vmm_event_timed_out(struct vmm *v, uint32_t row)
{
    struct vmm_event *e = vmm_event_at(v, row);
    unboost(v, e); // always, PEF_Dont_Unboost or not (RestrictedEventCallback)
    unlink_event(v, row);
    e->timeout = 0;
    e->timed_out = 1;
    uint32_t group = group_of(v, VMM_LEVEL_LATE, 0, 0);
    if (group)
        append(v, group, row);
    else
        vmm_stop(v, VMM_END_MEMORY, "no host memory for an event that has timed out");
    v->s.reschedule = 1;
}

// A global, VM or thread time-out is due: its callback runs as an event of that scope.
void vmm_event_for_timeout(struct vmm *v, uint32_t timeout)
{
    const struct vmm_timeout *t = vmm_timeout_at(v, timeout);
    static const uint8_t level[] = {VMM_LEVEL_GLOBAL, VMM_LEVEL_VM, VMM_LEVEL_THREAD};
    const struct vmm_event e = {.callback = t->callback,
                                .reference = t->reference,
                                .scope = t->scope,
                                .timeout = timeout,
                                .level = level[t->kind],
                                .of_timeout = 1};
    uint32_t row = vmm_event_create(v, &e), group = row ? group_of(v, e.level, e.scope, 0) : 0;
    if (!group) {
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a time-out that is due");
        return;
    }
    vmm_timeout_at(v, timeout)->event = row;
    append(v, group, row);
    v->s.reschedule = 1;
}

// A VM or thread is going away with what waits for it (scope as in a group).
void vmm_events_forget(struct vmm *v, bool thread, uint32_t scope)
{
    uint32_t *groups = scope_groups(v, thread ? VMM_LEVEL_THREAD : VMM_LEVEL_VM, scope);
    while (*groups) {
        uint32_t row = vmm_group_at(v, *groups)->first;
        const struct vmm_event *e = vmm_event_at(v, row);
        vmm_event_announce(v, e, VMM_EVENT_CANCELLED, 0);
        if (e->of_timeout)
            vmm_timeout_stop(v, e->timeout);
        else
            vmm_event_drop(v, row);
    }
}

// --- finding

// Block_Enable_Ints: while it waits, the VM's interrupts count as enabled (Win95 DDK S33B8).
static bool interrupts_on(struct vmm *v, const struct vmm_thread *t)
{
    bool on = vmm_peek32(v, t->crs + KIT_Client_EFlags) & X86_IF && !t->shadow;
    return on || (t->wait && vmm_frame_at(v, t->wait)->a[VMM_WAIT_FLAGS] & KIT_Block_Enable_Ints);
}

// In all threads of a VM (Win95 DDK S31E8).
static bool all_interrupts_on(struct vmm *v, uint32_t vm)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_thread)->count; i++) {
        const struct vmm_thread *t = vmm_thread_at(v, i);
        if (t->id && t->vm == vm && !t->dead && !interrupts_on(v, t))
            return false;
    }
    return true;
}

void vmm_situation_of(struct vmm *v, uint32_t thread, struct vmm_situation *s)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    const struct vmm_vm *vm = vmm_vm_at(v, t->vm);
    uint32_t flags = vmm_peek32(v, t->crs + KIT_Client_EFlags);
    uint32_t owner = v->s.crit_owner;
    bool on = interrupts_on(v, t), one_each = vmm_table(v, VMM_TABLE_thread)->live == vmm_table(v, VMM_TABLE_vm)->live;
    bool hardware = v->s.pef_hw_int && vmm_peek32(v, vm->cb + v->s.pef_hw_int) & KIT_PEF_Wait_Not_HW_Int;
    *s = (struct vmm_situation){
        .vm_interrupts = on && (one_each || all_interrupts_on(v, t->vm)),
        .thread_interrupts = on,
        .hardware_interrupt = hardware || vm->hw_int,
        .nested = t->blocks != 0,
        .protected_mode = !(flags & X86_VM),
        .system_vm = vm->system,
        .section_free = !owner,
        .section_mine = owner == thread,
        .section_outside = owner && !vmm_vm_at(v, vmm_thread_at(v, owner)->vm)->system,
        .priority = vmm_priority(v, thread),
    };
}

// Says why events wait, once per reason (records only).
static void announce_waiting(struct vmm *v, const struct vmm_group *g, uint32_t not_met)
{
    if (!base_sink_heard(&v->sink) || !not_met)
        return;
    for (uint32_t row = g->last; row; row = vmm_event_at(v, row)->prev) {
        struct vmm_event *e = vmm_event_at(v, row);
        if (e->not_met == not_met)
            break; // older ones have been told
        e->not_met = not_met;
        vmm_event_announce(v, e, VMM_EVENT_WAITING, not_met);
    }
}

struct search {
    const struct vmm_situation *situation;
    bool ring0_only; // the thread accepts no events but those
    bool last;       // second pass: PEF_Process_Last
    bool quiet;      // only asked whether there is one
};

static uint32_t first_eligible(struct vmm *v, uint32_t groups, const struct search *s)
{
    uint32_t found = 0;
    for (uint32_t g = groups; g; g = vmm_group_at(v, g)->next) {
        const struct vmm_group *group = vmm_group_at(v, g);
        if (((group->mask & KIT_PEF_Process_Last) != 0) != s->last)
            continue;
        if (s->ring0_only && !(group->mask & KIT_PEF_Ring0_Event))
            continue;
        uint32_t not_met = vmm_restrictions_not_met(s->situation, group->mask);
        if (not_met) {
            if (!s->quiet)
                announce_waiting(v, group, not_met);
            continue;
        }
        if (!found || vmm_event_at(v, group->first)->order < vmm_event_at(v, found)->order)
            found = group->first;
    }
    return found;
}

static uint32_t find(struct vmm *v, uint32_t thread, bool ring0_only, bool quiet)
{
    const struct vmm_thread *t = vmm_thread_at(v, thread);
    const uint32_t vm_events = vmm_vm_at(v, t->vm)->events, own = t->events;
    if (!v->s.late_events && !v->s.global_events && !vm_events && !own)
        return 0;
    struct vmm_situation situation;
    vmm_situation_of(v, thread, &situation);
    struct search s = {&situation, ring0_only, false, quiet};
    for (unsigned pass = 0; pass < 2; pass++, s.last = true) {
        uint32_t found = ring0_only ? 0 : first_eligible(v, v->s.late_events, &s);
        if (!found)
            found = first_eligible(v, v->s.global_events, &s);
        if (!found)
            found = first_eligible(v, vm_events, &s);
        if (!found)
            found = first_eligible(v, own, &s);
        if (found)
            return found;
    }
    return 0;
}

bool vmm_event_waits_for(struct vmm *v, uint32_t thread, bool ring0_only)
{
    return find(v, thread, ring0_only, true) != 0;
}

// --- running

static void event_ended(struct vmm *v, struct vmm_frame *f)
{
    uint32_t row = f->a[0];
    struct vmm_event *e = vmm_event_at(v, row);
    struct vmm_thread *t = vmm_thread_at(v, f->thread);
    t->event_depth--;
    if (e->flags & KIT_PEF_Ring0_Event)
        t->ring0_depth--;
    if (f->a[4])
        vmm_section_after_events(v, f->thread);
    if (f->a[1]) { // a boost that was given to the thread for the callback
        t->boost -= e->boost;
        v->s.reschedule = 1;
    }
    vmm_event_free(v, row);
}

// Claims of the critical section that were made because the thread services events while it waits.
uint32_t vmm_claims_for_events(struct vmm *v, uint32_t thread)
{
    uint32_t claims = 0;
    for (uint32_t row = vmm_thread_at(v, thread)->top; row; row = vmm_frame_at(v, row)->below)
        claims += vmm_frame_at(v, row)->kind == VMM_FRAME_EVENT && vmm_frame_at(v, row)->a[4];
    return claims;
}

static void event_resume(struct vmm *v, struct vmm_frame *f)
{
    bool called = f->a[2];
    vmm_event_announce(v, vmm_event_at(v, f->a[0]), VMM_EVENT_DONE, 0);
    vmm_nest_check(v, f->a[3], f->callee, "the event callback");
    event_ended(v, f);
    vmm_frame_pop_all(v);
    if (called)
        vmm_regs(v)[X86_ESI] = 0; // done, no handle
}

static void event_abandon(struct vmm *v, struct vmm_frame *f)
{
    event_ended(v, f);
}

const struct vmm_frame_kind vmm_event_frame = {"the event callback", event_resume, event_abandon};

// The boost while the callback runs: what the VM had moves to the thread, unless PEF_Dont_Unboost keeps it there.
static void boost_callback(struct vmm *v, struct vmm_event *e, struct vmm_frame *f)
{
    if (!e->boost || e->timed_out)
        return;
    if (e->flags & KIT_PEF_Dont_Unboost) {
        if (e->level == VMM_LEVEL_GLOBAL)
            vmm_thread_at(v, v->s.current)->boost += e->boost;
        boost(v, e);    // when it was called at once, it has none yet
        e->boosted = 0; // it stays
        return;
    }
    unboost(v, e);
    vmm_thread_at(v, v->s.current)->boost += e->boost;
    f->a[1] = 1;
}

void vmm_event_run_begin(struct vmm *v, uint32_t row, bool called)
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_EVENT);
    if (!f)
        return;
    struct vmm_event *e = vmm_event_at(v, row);
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    v->s.idle_asks = 0;
    f->a[0] = row;
    f->a[2] = called;
    f->a[3] = t->blocks;
    if (e->group)
        unlink_event(v, row);
    uint32_t late = 0;
    if (e->of_timeout)
        late = vmm_timeout_fired(v, e->timeout);
    else if (e->timeout)
        vmm_timeout_stop(v, e->timeout);
    e->timeout = 0;
    boost_callback(v, e, f);
    t->event_depth++;
    if (e->flags & KIT_PEF_Ring0_Event)
        t->ring0_depth++;
    vmm_event_announce(v, e, e->timed_out ? VMM_EVENT_TIMED_OUT : VMM_EVENT_RUN, 0);
    uint32_t *r = vmm_regs(v);
    r[X86_EBX] = vmm_current_vm(v);
    r[X86_EDI] = t->tcb;
    r[X86_EDX] = e->reference;
    r[X86_EBP] = f->a[11] = t->crs;
    if (e->of_timeout)
        r[X86_ECX] = late;
    v->cpu->state.eflags = (v->cpu->state.eflags & ~(uint32_t)(X86_CF | X86_DF)) | X86_IF | (e->timed_out ? X86_CF : 0);
    f->contract = VMM_EVENT_CONTRACT;
    vmm_frame_call_begin(v, e->callback);
}

// A processing point. `wait` is the BLOCK frame of a thread that waits, NULL on the way to ring 3. True: an event's
// callback is about to run, EIP will come back to where it is now.
bool vmm_event_begin(struct vmm *v, const struct vmm_frame *wait)
{
    bool ring0_only = wait && !vmm_wait_takes_events(v, v->s.current);
    uint32_t row = find(v, v->s.current, ring0_only, false);
    if (!row)
        return false;
    bool section = wait && !ring0_only && vmm_section_for_events(v, wait);
    vmm_event_run_begin(v, row, false);
    if (!v->s.end)
        vmm_frame_top(v)->a[4] = section;
    return true;
}
