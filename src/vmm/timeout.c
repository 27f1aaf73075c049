// Time-outs (spec: timing). Three clocks (real time, a VM's and a thread's execution time), each with a pairing heap of
// rows: setting one costs nothing that grows, cancelling and firing the logarithm. Due ones are collected before any
// callback runs, so that callbacks may set and cancel at will.
#include "vmm/defs.h"
#include "vmm/handle.h"

static const uint64_t NS_PER_MS = 1000000;

// --- the heap. `parent` is the left sibling or, for a first child, the parent.

static bool earlier(struct vmm *v, uint32_t a, uint32_t b)
{
    const struct vmm_timeout *x = vmm_timeout_at(v, a), *y = vmm_timeout_at(v, b);
    return x->due != y->due ? x->due < y->due : x->order < y->order;
}

static uint32_t meld(struct vmm *v, uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    if (earlier(v, b, a)) {
        uint32_t t = a;
        a = b;
        b = t;
    }
    struct vmm_timeout *top = vmm_timeout_at(v, a), *under = vmm_timeout_at(v, b);
    under->parent = a;
    under->sibling = top->child;
    if (top->child)
        vmm_timeout_at(v, top->child)->parent = b;
    top->child = b;
    top->sibling = top->parent = 0;
    return a;
}

// Pairs the children left to right, then melds the pairs right to left; no recursion, any depth.
static uint32_t meld_children(struct vmm *v, uint32_t first)
{
    uint32_t pairs = 0;
    while (first) {
        uint32_t a = first, b = vmm_timeout_at(v, a)->sibling;
        first = b ? vmm_timeout_at(v, b)->sibling : 0;
        vmm_timeout_at(v, a)->sibling = vmm_timeout_at(v, a)->parent = 0;
        if (b)
            vmm_timeout_at(v, b)->sibling = vmm_timeout_at(v, b)->parent = 0;
        uint32_t pair = meld(v, a, b);
        vmm_timeout_at(v, pair)->sibling = pairs;
        pairs = pair;
    }
    uint32_t root = 0;
    while (pairs) {
        uint32_t next = vmm_timeout_at(v, pairs)->sibling;
        vmm_timeout_at(v, pairs)->sibling = 0;
        root = meld(v, root, pairs);
        pairs = next;
    }
    return root;
}

static void heap_remove(struct vmm *v, uint32_t *root, uint32_t row)
{
    struct vmm_timeout *t = vmm_timeout_at(v, row);
    uint32_t children = meld_children(v, t->child);
    if (*root == row) {
        *root = children;
    } else {
        struct vmm_timeout *left = vmm_timeout_at(v, t->parent);
        if (left->child == row)
            left->child = t->sibling;
        else
            left->sibling = t->sibling;
        if (t->sibling)
            vmm_timeout_at(v, t->sibling)->parent = t->parent;
        *root = meld(v, *root, children);
    }
    t->child = t->sibling = t->parent = 0;
}

// --- clocks

static uint64_t run_since_switch(struct vmm *v)
{
    return vmm_time(v) - v->s.switched_at - v->s.waited_ns;
}

uint64_t vmm_vm_run_ns(struct vmm *v, uint32_t vm)
{
    bool current = vmm_thread_at(v, v->s.current)->vm == vm;
    return vmm_vm_at(v, vm)->run_ns + (current ? run_since_switch(v) : 0);
}

uint64_t vmm_thread_run_ns(struct vmm *v, uint32_t thread)
{
    return vmm_thread_at(v, thread)->run_ns + (v->s.current == thread ? run_since_switch(v) : 0);
}

static uint32_t *root_of(struct vmm *v, const struct vmm_timeout *t)
{
    if (t->kind == VMM_TIMEOUT_VM)
        return &vmm_vm_at(v, t->scope)->timeouts;
    if (t->kind == VMM_TIMEOUT_THREAD)
        return &vmm_thread_at(v, t->scope)->timeouts;
    return &v->s.timeouts;
}

static uint64_t clock_of(struct vmm *v, const struct vmm_timeout *t)
{
    if (t->kind == VMM_TIMEOUT_VM)
        return vmm_vm_run_ns(v, t->scope);
    if (t->kind == VMM_TIMEOUT_THREAD)
        return vmm_thread_run_ns(v, t->scope);
    return vmm_time(v);
}

static void announce(struct vmm *v, const struct vmm_timeout *t, uint8_t state, uint32_t lateness)
{
    if (!base_sink_heard(&v->sink) || t->kind > VMM_TIMEOUT_ASYNC)
        return;
    struct vmm_timeout_record r = {.id = t->id,
                                   .kind = t->kind,
                                   .state = state,
                                   .milliseconds = t->milliseconds,
                                   .lateness = lateness,
                                   .callback = t->callback,
                                   .symbol = vmm_symbol_of(v, t->callback)};
    vmm_announce(v, &r.head, VMM_RECORD_TIMEOUT, sizeof r);
}

uint32_t vmm_timeout_start(struct vmm *v, uint8_t kind, uint32_t milliseconds, uint32_t scope, uint32_t callback,
                           uint32_t reference)
{
    uint32_t row = vmm_timeout_new(v);
    if (!row)
        return 0;
    struct vmm_timeout *t = vmm_timeout_at(v, row);
    t->kind = kind;
    t->scope = scope;
    t->callback = callback;
    t->reference = reference;
    t->milliseconds = milliseconds;
    if (kind <= VMM_TIMEOUT_ASYNC)
        t->id = ++v->s.ids_timeout;
    t->order = ++v->s.order;
    t->due = clock_of(v, t) + milliseconds * NS_PER_MS;
    uint32_t *root = root_of(v, t);
    *root = meld(v, *root, row);
    vmm_wake_sooner(v);
    announce(v, t, VMM_EVENT_SCHEDULED, 0);
    return row;
}

void vmm_timeout_stop(struct vmm *v, uint32_t row)
{
    struct vmm_timeout *t = vmm_timeout_at(v, row);
    if (t->event)
        vmm_event_drop(v, t->event);
    else if (t->queued)
        t->queued = VMM_TIMEOUT_CANCELLED; // the tick that collected it throws it away
    else
        heap_remove(v, root_of(v, t), row);
    announce(v, t, VMM_EVENT_CANCELLED, 0);
    if (!t->queued)
        vmm_timeout_free(v, row);
}

static uint32_t lateness(struct vmm *v, const struct vmm_timeout *t)
{
    uint64_t late = (clock_of(v, t) - t->due) / NS_PER_MS;
    return late > UINT32_MAX ? UINT32_MAX : (uint32_t)late;
}

// The callback of a time-out starts: its handle dies. Returns the lateness in ms.
uint32_t vmm_timeout_fired(struct vmm *v, uint32_t row)
{
    struct vmm_timeout *t = vmm_timeout_at(v, row);
    uint32_t late = lateness(v, t);
    announce(v, t, VMM_EVENT_RUN, late);
    v->s.idle_asks = 0;
    vmm_timeout_free(v, row);
    return late;
}

// --- ticks

static void became_due(struct vmm *v, uint32_t row, uint32_t *last_async)
{
    struct vmm_timeout *t = vmm_timeout_at(v, row);
    switch (t->kind) {
    case VMM_TIMEOUT_EVENT: {
        uint32_t event = t->scope;
        vmm_timeout_free(v, row);
        vmm_event_timed_out(v, event);
        break;
    }
    case VMM_TIMEOUT_WAKE: {
        uint32_t thread = t->scope;
        vmm_timeout_free(v, row);
        vmm_sleep_over(v, thread);
        break;
    }
    case VMM_TIMEOUT_ASYNC:
        t->queued = 1;
        if (*last_async)
            vmm_timeout_at(v, *last_async)->sibling = row;
        else
            v->s.async_due = row;
        *last_async = row;
        break;
    default:
        vmm_event_for_timeout(v, row);
    }
}

static void collect(struct vmm *v, uint32_t *root, uint64_t now, uint32_t *last_async)
{
    while (*root && vmm_timeout_at(v, *root)->due <= now) {
        uint32_t row = *root;
        heap_remove(v, root, row);
        became_due(v, row, last_async);
    }
}

// At a tick of the virtual timer, at interrupt time. Asynchronous ones are left in s.async_due for the interrupt's
// frame.
void vmm_timeouts_tick(struct vmm *v)
{
    uint32_t last = v->s.async_due, vm = vmm_thread_at(v, v->s.current)->vm;
    while (last && vmm_timeout_at(v, last)->sibling)
        last = vmm_timeout_at(v, last)->sibling;
    collect(v, &v->s.timeouts, vmm_time(v), &last);
    collect(v, &vmm_vm_at(v, vm)->timeouts, vmm_vm_run_ns(v, vm), &last);
    collect(v, &vmm_thread_at(v, v->s.current)->timeouts, vmm_thread_run_ns(v, v->s.current), &last);
}

// The next asynchronous time-out that is due, its handle dead; false when there is none.
bool vmm_timeout_next_async(struct vmm *v, uint32_t *callback, uint32_t *reference, uint32_t *late)
{
    while (v->s.async_due) {
        uint32_t row = v->s.async_due;
        struct vmm_timeout *t = vmm_timeout_at(v, row);
        v->s.async_due = t->sibling;
        if (t->queued == VMM_TIMEOUT_CANCELLED) {
            vmm_timeout_free(v, row);
            continue;
        }
        *callback = t->callback;
        *reference = t->reference;
        *late = vmm_timeout_fired(v, row);
        return true;
    }
    return false;
}

// Real time at which the first time-out that can fire while the current thread runs is due; UINT64_MAX = none.
uint64_t vmm_timeouts_next(struct vmm *v)
{
    uint32_t vm = vmm_thread_at(v, v->s.current)->vm;
    const uint32_t roots[3] = {v->s.timeouts, vmm_vm_at(v, vm)->timeouts, vmm_thread_at(v, v->s.current)->timeouts};
    uint64_t next = UINT64_MAX, now = vmm_time(v);
    for (unsigned i = 0; i < 3; i++) {
        if (!roots[i] || (i && vmm_waits(v, v->s.current)))
            continue; // who waits does not run
        const struct vmm_timeout *t = vmm_timeout_at(v, roots[i]);
        uint64_t clock = clock_of(v, t), due = t->due > clock ? now + (t->due - clock) : now;
        if (due < next)
            next = due;
    }
    return next;
}

// --- services

static uint32_t row_of(struct vmm *v, uint32_t handle)
{
    for (unsigned bits = VMM_HANDLE_LEAST; bits <= VMM_HANDLE_MOST; bits++) {
        uint32_t row = vmm_handle_row(handle, bits);
        if (!row || row >= vmm_table(v, VMM_TABLE_timeout)->count)
            continue;
        const struct vmm_timeout *t = vmm_timeout_at(v, row);
        if (t->id && vmm_handle(row, t->id) == handle && t->kind <= VMM_TIMEOUT_ASYNC &&
            t->queued != VMM_TIMEOUT_CANCELLED)
            return row;
    }
    return 0;
}

static void start_service(struct vmm *v, uint8_t kind, uint32_t scope)
{
    uint32_t *r = vmm_regs(v);
    uint32_t row = vmm_timeout_start(v, kind, r[X86_EAX], scope, r[X86_ESI], r[X86_EDX]);
    r[X86_ESI] = row ? vmm_handle(row, vmm_timeout_at(v, row)->id) : 0;
}

static void set_global_time_out(struct vmm *v)
{
    start_service(v, VMM_TIMEOUT_GLOBAL, 0);
}

static void set_async_time_out(struct vmm *v)
{
    start_service(v, VMM_TIMEOUT_ASYNC, 0);
}

static void set_vm_time_out(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Set_VM_Time_Out");
    if (vm)
        start_service(v, VMM_TIMEOUT_VM, vm);
    else
        vmm_regs(v)[X86_ESI] = 0;
}

static void set_thread_time_out(struct vmm *v)
{
    uint32_t thread = vmm_thread_row_or_report(v, vmm_regs(v)[X86_EDI], "Win95 DDK S32F4");
    if (thread)
        start_service(v, VMM_TIMEOUT_THREAD, thread);
    else
        vmm_regs(v)[X86_ESI] = 0;
}

static void cancel_time_out(struct vmm *v)
{
    uint32_t handle = vmm_regs(v)[X86_ESI];
    if (!handle)
        return;
    uint32_t row = row_of(v, handle);
    if (row)
        vmm_timeout_stop(v, row);
    else
        vmm_report(v, "dead-handle", v->call.caller, "VDAG31 Cancel_Time_Out",
                   "Cancel_Time_Out was given %08X, which is no time-out that is still waiting", handle);
}

static void get_system_time(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = (uint32_t)(vmm_time(v) / NS_PER_MS);
}

// The counter behind Get_System_Time_Address is brought up to date with every interrupt, and there is one at every tick
// from then on: somebody may wait for it to change.
void vmm_time_show(struct vmm *v)
{
    if (v->s.time_at)
        vmm_poke32(v, v->s.time_at, (uint32_t)(vmm_time(v) / NS_PER_MS));
}

static void get_system_time_address(struct vmm *v)
{
    if (!v->s.time_at)
        v->s.time_at = vmm_heap_get(v, 4);
    if (!v->s.time_at)
        vmm_stop(v, VMM_END_MEMORY, "no memory for the system time");
    vmm_time_show(v);
    vmm_regs(v)[X86_EAX] = v->s.time_at;
    vmm_wake_sooner(v);
}

static void get_vm_exec_time(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = (uint32_t)(vmm_vm_run_ns(v, vmm_thread_at(v, v->s.current)->vm) / NS_PER_MS);
}

static void get_thread_exec_time(struct vmm *v)
{
    uint32_t thread = vmm_thread_row_or_report(v, vmm_arg(v, 0), "Win95 DDK S32EC");
    vmm_regs(v)[X86_EAX] = thread ? (uint32_t)(vmm_thread_run_ns(v, thread) / NS_PER_MS) : 0;
}

// The clock needs no telling here: virtual time is exact. The service exists for VTD alone.
static void update_system_clock(struct vmm *v)
{
    (void)v;
}

static const struct vmm_binding bindings[] = {
    {KIT_Set_Global_Time_Out, set_global_time_out},
    {KIT_Set_VM_Time_Out, set_vm_time_out},
    {KIT_Set_Thread_Time_Out, set_thread_time_out},
    {KIT_Set_Async_Time_Out, set_async_time_out},
    {KIT_Cancel_Time_Out, cancel_time_out},
    {KIT_Get_System_Time, get_system_time},
    {KIT_Get_System_Time_Address, get_system_time_address},
    {KIT_Get_Last_Updated_System_Time, get_system_time},
    {KIT_Get_VM_Exec_Time, get_vm_exec_time},
    {KIT_Get_Last_Updated_VM_Exec_Time, get_vm_exec_time},
    {KIT__GetThreadExecTime, get_thread_exec_time},
    {KIT__GetLastUpdatedThreadExecTime, get_thread_exec_time},
    {KIT_Update_System_Clock, update_system_clock},
    {0, NULL},
};

const struct vmm_chapter vmm_timeout_chapter = {.bindings = bindings};
