// What threads wait for at ring 0: Win32 events by their VxD handles, critical sections of Win32 programs, asynchronous
// procedure calls (Win95 DDK S35B6-S35CA). There is no Win32 program that would run such a call: it is announced, and
// ends the alertable waits of its thread.
#include "devices/vwin32_sync.h"

#include "devices/call.h"
#include "devices/common.h"
#include "devices/observe.h"
#include "devices/vwin32.h"
#include "kit/constants.h"
#include "kit/services.h"

// Results of the waits (Win32 SDK: WaitForSingleObject).
enum { WAIT_OBJECT_0 = 0, WAIT_IO_COMPLETION = 0xC0, WAIT_TIMEOUT = 0x102 };
static const uint32_t WAIT_FAILED = 0xFFFFFFFFu, INFINITE = 0xFFFFFFFFu;
static const uint32_t BLOCK_ID = 0x2A000001; // all waits of this file; each looks whether it is meant

// NULL in Windows 3.1.
static struct vwin32_sync *state(struct vmm *v)
{
    return vmm_device_state(v, &vwin32_device);
}

// ---------------------------------------------------------------------------------------------------------------------
// Events

uint32_t vwin32_event_new(struct vmm *v, bool signaled, bool automatic)
{
    struct vwin32_sync *s = state(v);
    for (unsigned i = 0; s && i < VWIN32_EVENTS; i++) {
        if (s->event[i].id)
            continue;
        s->event[i] = (struct vwin32_event){++s->event_ids << 8 | (i + 1), signaled, automatic};
        return s->event[i].id;
    }
    return 0;
}

static struct vwin32_event *find_event(struct vmm *v, uint32_t id)
{
    uint32_t row = (id & 0xFF) - 1;
    struct vwin32_sync *s = state(v);
    return s && id && row < VWIN32_EVENTS && s->event[row].id == id ? &s->event[row] : NULL;
}

bool vwin32_event_signaled(struct vmm *v, uint32_t event)
{
    const struct vwin32_event *e = find_event(v, event);
    return e && e->signaled;
}

// ---------------------------------------------------------------------------------------------------------------------
// Waiters

static bool signaled(struct vmm *v, uint32_t id)
{
    const struct vwin32_event *e = find_event(v, id);
    return e && e->signaled;
}

static void consume(struct vmm *v, uint32_t id)
{
    struct vwin32_event *e = find_event(v, id);
    if (e && e->automatic)
        e->signaled = 0;
}

// Whether what the waiter waits for is there; automatic events are reset then.
static bool satisfy(struct vmm *v, struct vwin32_waiter *w)
{
    uint32_t n = 0;
    while (n < w->count && signaled(v, w->object[n]) == w->all)
        n++;
    if (w->all ? n < w->count : n == w->count)
        return false;
    for (uint32_t i = w->all ? 0 : n; i < (w->all ? w->count : n + 1); i++)
        consume(v, w->object[i]);
    w->result = WAIT_OBJECT_0 + (w->all ? 0 : n);
    w->done = 1;
    return true;
}

static struct vwin32_waiter *first_after(struct vwin32_sync *s, uint32_t order)
{
    struct vwin32_waiter *best = NULL;
    for (unsigned i = 0; i < VWIN32_WAITERS; i++) {
        struct vwin32_waiter *w = &s->waiter[i];
        if (w->order > order && !w->done && (!best || w->order < best->order))
            best = w;
    }
    return best;
}

// In the order in which they began to wait. True: somebody is to be woken.
static bool satisfy_all(struct vmm *v)
{
    bool any = false;
    uint32_t order = 0;
    for (struct vwin32_waiter *w; (w = first_after(state(v), order)) != NULL; order = w->order)
        any |= satisfy(v, w);
    return any;
}

static void wake_begin(struct vmm *v)
{
    if (devices_aside_push(v))
        devices_call_c_begin(v, KIT__SignalID, 1, &BLOCK_ID);
}

// Frame: a[0] row, a[1] time-out handle, a[2] its order, a[3] milliseconds.
enum { TIMER, BLOCKED, CANCELLED };

static void block_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = BLOCKED;
    devices_call_c_begin(v, KIT__BlockOnID, 2,
                         (const uint32_t[]){BLOCK_ID, KIT_Block_Svc_Ints | KIT_Block_Enable_Ints});
}

static void wait_over(struct vmm *v, const struct vmm_frame *f)
{
    struct vwin32_waiter *w = &state(v)->waiter[f->a[0]];
    uint32_t result = w->result;
    w->order = 0;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = result;
}

static void wait_resume(struct vmm *v, struct vmm_frame *f)
{
    const struct vwin32_waiter *w = &state(v)->waiter[f->a[0]];
    if (f->step == TIMER)
        f->a[1] = vmm_regs(v)[X86_ESI];
    if (f->step == CANCELLED) {
        wait_over(v, f);
    } else if (!w->done) {
        block_begin(v, f);
    } else if (f->a[1] && w->result != WAIT_TIMEOUT) {
        f->step = CANCELLED;
        vmm_regs(v)[X86_ESI] = f->a[1];
        devices_call_begin(v, KIT_Cancel_Time_Out);
    } else {
        wait_over(v, f);
    }
}

static void wait_abandon(struct vmm *v, struct vmm_frame *f)
{
    state(v)->waiter[f->a[0]].order = 0;
}

static const struct vmm_frame_kind wait_kind = {"a wait for Win32 objects", wait_resume, wait_abandon};

// The time-out: EDX = order of the wait.
static void timed_out(void *user, struct vmm *v)
{
    (void)user;
    struct vwin32_sync *s = state(v);
    for (unsigned i = 0; i < VWIN32_WAITERS; i++) {
        struct vwin32_waiter *w = &s->waiter[i];
        if (w->order != vmm_regs(v)[X86_EDX] || w->done)
            continue;
        w->result = WAIT_TIMEOUT;
        w->done = 1;
        wake_begin(v);
        return;
    }
}

static struct vwin32_waiter *new_waiter(struct vmm *v)
{
    struct vwin32_sync *s = state(v);
    for (unsigned i = 0; i < VWIN32_WAITERS; i++) {
        if (s->waiter[i].order)
            continue;
        s->waiter[i] = (struct vwin32_waiter){.order = ++s->order, .thread = vmm_current_thread(v)};
        return &s->waiter[i];
    }
    return NULL;
}

// The waiter has its objects; EAX = result, at once or later.
static void wait_begin(struct vmm *v, struct vwin32_waiter *w, uint32_t milliseconds)
{
    uint32_t *r = vmm_regs(v), row = (uint32_t)(w - state(v)->waiter);
    if (satisfy(v, w) || !milliseconds) {
        r[X86_EAX] = w->done ? w->result : (uint32_t)WAIT_TIMEOUT;
        w->order = 0;
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, state(v)->wait_kind);
    if (!f)
        return;
    f->a[0] = row;
    f->a[1] = 0;
    if (milliseconds == INFINITE) {
        block_begin(v, f);
        return;
    }
    f->step = TIMER;
    r[X86_EAX] = milliseconds;
    r[X86_EDX] = w->order;
    r[X86_ESI] = state(v)->timer_proc;
    devices_call_begin(v, KIT_Set_Global_Time_Out);
}

static bool system_vm_current(struct vmm *v, const char *service)
{
    if (vmm_current_vm(v) == vmm_system_vm(v))
        return true;
    vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "Win95 DDK S35B6", "%s while the system VM is not current",
               service);
    return false;
}

// False and EAX = failure: one of the objects is none. Reads them from ESI, or takes `single`.
static bool take_objects(struct vmm *v, struct vwin32_waiter *w, uint32_t count, uint32_t single)
{
    w->count = count;
    for (uint32_t i = 0; i < count; i++) {
        w->object[i] = single;
        if (!single && !vmm_get32(v, vmm_regs(v)[X86_ESI] + 4 * i, &w->object[i]))
            return false;
        if (find_event(v, w->object[i]))
            continue;
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S35C5", "%08X is not the VxD handle of an event",
                   w->object[i]);
        vmm_regs(v)[X86_EAX] = WAIT_FAILED;
        return false;
    }
    return true;
}

static void wait_for_begin(struct vmm *v, uint32_t count, uint32_t single, bool all, bool alertable)
{
    struct vwin32_waiter *w = count && count <= VWIN32_OBJECTS ? new_waiter(v) : NULL;
    if (!w) {
        vmm_regs(v)[X86_EAX] = WAIT_FAILED;
        return;
    }
    w->all = all;
    w->alertable = alertable;
    if (take_objects(v, w, count, single))
        wait_begin(v, w, vmm_regs(v)[X86_EDX]);
    else
        w->order = 0;
}

// EBX = handle, EDX = milliseconds, EAX = alertable.
static void wait_single_object_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    (void)system_vm_current(v, "_VWIN32_WaitSingleObject");
    wait_for_begin(v, 1, r[X86_EBX] ? r[X86_EBX] : 1, false, r[X86_EAX] != 0);
}

// ECX = count, ESI -> handles, EDX = milliseconds, AH = -1 all of them, AL = alertable.
static void wait_multiple_objects_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    (void)system_vm_current(v, "_VWIN32_WaitMultipleObjects");
    wait_for_begin(v, r[X86_ECX], 0, (r[X86_EAX] >> 8 & 0xFF) == 0xFF, r[X86_EAX] & 0xFF);
}

// ---------------------------------------------------------------------------------------------------------------------
// Setting events

// EAX = handle -> EAX = 0 when it is none.
static struct vwin32_event *event_argument(struct vmm *v, const char *service)
{
    (void)system_vm_current(v, service);
    struct vwin32_event *e = find_event(v, vmm_regs(v)[X86_EAX]);
    vmm_regs(v)[X86_EAX] = e != NULL;
    return e;
}

static void set_win32_event_begin(struct vmm *v)
{
    struct vwin32_event *e = event_argument(v, "_VWIN32_SetWin32Event");
    if (!e)
        return;
    e->signaled = 1;
    if (satisfy_all(v))
        wake_begin(v);
}

// Whoever waits for it goes on, and it is reset again.
static void pulse_win32_event_begin(struct vmm *v)
{
    struct vwin32_event *e = event_argument(v, "_VWIN32_PulseWin32Event");
    if (!e)
        return;
    e->signaled = 1;
    bool any = satisfy_all(v);
    e->signaled = 0;
    if (any)
        wake_begin(v);
}

static void reset_win32_event(struct vmm *v)
{
    struct vwin32_event *e = event_argument(v, "_VWIN32_ResetWin32Event");
    if (e)
        e->signaled = 0;
}

static void close_vxd_handle(struct vmm *v)
{
    struct vwin32_event *e = event_argument(v, "_VWIN32_CloseVxDHandle");
    if (e)
        e->id = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Asynchronous procedure calls

// (procedure, parameter, thread or -1): ends the alertable waits of the thread.
static void queue_user_apc_begin(struct vmm *v)
{
    uint32_t thread = vmm_arg(v, 2);
    bool valid = thread == UINT32_MAX || vmm_valid_thread(v, thread), any = false;
    vmm_regs(v)[X86_EAX] = valid;
    vmm_set_flag(v, X86_ZF, !valid);
    if (!valid) {
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S35BF", "%08X is not a thread", thread);
        return;
    }
    struct devices_apc_record record = {.procedure = vmm_arg(v, 0), .parameter = vmm_arg(v, 1)};
    if (record.procedure && base_sink_heard(vmm_sink(v)))
        devices_announce(v, &record.head, DEVICES_RECORD_APC, sizeof record);
    for (unsigned i = 0; i < VWIN32_WAITERS; i++) {
        struct vwin32_waiter *w = &state(v)->waiter[i];
        if (!w->order || w->done || !w->alertable || w->thread != thread)
            continue;
        w->result = WAIT_IO_COMPLETION;
        w->done = 1;
        any = true;
    }
    if (any)
        wake_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Critical sections: a mutex of the VMM for each object that is in use. Frame: a[0] row.

static struct vwin32_section *section_of(struct vmm *v, uint32_t address, bool make)
{
    struct vwin32_sync *s = state(v);
    struct vwin32_section *unused = NULL;
    for (unsigned i = 0; i < VWIN32_SECTIONS; i++) {
        if (s->section[i].address == address)
            return &s->section[i];
        if (!s->section[i].address && !unused)
            unused = &s->section[i];
    }
    if (!make || !unused)
        return NULL;
    *unused = (struct vwin32_section){.address = address};
    return unused;
}

enum { CREATED, ENTERED };

static void section_resume(struct vmm *v, struct vmm_frame *f)
{
    struct vwin32_section *c = &state(v)->section[f->a[0]];
    uint32_t eax = vmm_regs(v)[X86_EAX];
    if (f->step == CREATED && !eax)
        c->address = 0;
    if (f->step == CREATED && eax) {
        c->mutex = eax;
        f->step = ENTERED;
        devices_call_c_begin(v, KIT__EnterMutex, 2, (const uint32_t[]){eax, KIT_Block_Svc_Ints});
        return;
    }
    bool failed = f->step == CREATED;
    vmm_frame_pop_all(v);
    devices_carry(v, failed);
}

static const struct vmm_frame_kind section_kind = {"entering a critical section", section_resume, NULL};

static bool accessible(struct vmm *v, uint32_t address)
{
    uint8_t byte;
    return address && x86_read_linear(vmm_cpu(v), address, &byte, 1, X86_READ, NULL);
}

// EDX = the object -> CF = it cannot be accessed.
static void enter_crst_r0_begin(struct vmm *v)
{
    uint32_t address = vmm_regs(v)[X86_EDX];
    devices_carry(v, true);
    if (!accessible(v, address))
        return;
    struct vwin32_section *c = section_of(v, address, true);
    if (!c) {
        vmm_stop(v, VMM_END_MISSING, "more than %u critical sections of Win32 programs in use", VWIN32_SECTIONS);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, state(v)->section_kind);
    if (!f)
        return;
    f->a[0] = (uint32_t)(c - state(v)->section);
    f->step = c->mutex ? ENTERED : CREATED;
    if (c->mutex)
        devices_call_c_begin(v, KIT__EnterMutex, 2, (const uint32_t[]){c->mutex, KIT_Block_Svc_Ints});
    else
        devices_call_c_begin(v, KIT__CreateMutex, 2, (const uint32_t[]){0, 0});
}

static void leave_crst_r0_begin(struct vmm *v)
{
    uint32_t address = vmm_regs(v)[X86_EDX];
    const struct vwin32_section *c = accessible(v, address) ? section_of(v, address, false) : NULL;
    devices_carry(v, !c);
    if (c && devices_aside_push(v))
        devices_call_c_begin(v, KIT__LeaveMutex, 1, &c->mutex);
}

// ---------------------------------------------------------------------------------------------------------------------

// (source, destination, bytes, &done or 0): as far as both can be accessed; no fault is raised.
static void copy_mem(struct vmm *v)
{
    uint32_t from = vmm_arg(v, 0), to = vmm_arg(v, 1), n = vmm_arg(v, 2), report = vmm_arg(v, 3), done = 0;
    for (uint8_t byte; done < n; done++)
        if (!x86_read_linear(vmm_cpu(v), from + done, &byte, 1, X86_READ, NULL) ||
            !x86_write_linear(vmm_cpu(v), to + done, &byte, 1, X86_WRITE, NULL))
            break;
    uint8_t count[4];
    base_put32(count, done);
    bool told = !report || x86_write_linear(vmm_cpu(v), report, count, 4, X86_WRITE, NULL);
    vmm_regs(v)[X86_EAX] = told && done == n;
}

// A hook point: drivers that want to hear of it hook it and chain on to here (Win95 DDK S35C6).
static void active_time_bias_set(struct vmm *v)
{
    devices_carry(v, false);
}

const struct vmm_binding vwin32_sync_bindings[] = {
    {KIT__VWIN32_QueueUserApc, queue_user_apc_begin},
    {KIT__VWIN32_CopyMem, copy_mem},
    {KIT_VWIN32_EnterCrstR0, enter_crst_r0_begin},
    {KIT_VWIN32_LeaveCrstR0, leave_crst_r0_begin},
    {KIT__VWIN32_SetWin32Event, set_win32_event_begin},
    {KIT__VWIN32_PulseWin32Event, pulse_win32_event_begin},
    {KIT__VWIN32_ResetWin32Event, reset_win32_event},
    {KIT__VWIN32_WaitSingleObject, wait_single_object_begin},
    {KIT__VWIN32_WaitMultipleObjects, wait_multiple_objects_begin},
    {KIT__VWIN32_CloseVxDHandle, close_vxd_handle},
    {KIT_VWIN32_ActiveTimeBiasSet, active_time_bias_set},
    {0, NULL},
};

bool vwin32_sync_create(struct vmm *v)
{
    struct vwin32_sync *s = state(v);
    s->wait_kind = vmm_frame_kind_add(v, &wait_kind);
    s->section_kind = vmm_frame_kind_add(v, &section_kind);
    s->timer_proc = vmm_host_proc(v, timed_out, NULL);
    return s->timer_proc != 0;
}
