// SHELL (VDAG31 Virtual_Shell_Device; Win95 DDK S3572-S358E): message boxes and application-time events. There is no
// Windows shell and no user: a message box is announced (devices/observe.h) and answered at once from the
// configuration; its callback runs later, as an event of the system VM.
#include "devices/shell.h"

#include "devices/call.h"
#include "devices/common.h"
#include "devices/observe.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"

#include <string.h>

enum { TEXT_BYTES = 1024, PENDING = 64, HOOKS = 32, ANSWERS = 32 };
enum { BSF_QUERY = 1, BSM_VXDS = 1 };             // Win32 SDK: BroadcastSystemMessage
enum { MB_BUTTONS = 0x0F, MB_DEFAULT_SHIFT = 8 }; // fields of the flags of a box

enum shell_kind { MESSAGE_BOX = 1, APPLICATION_TIME, POSTED_MESSAGE };

// A callback that waits for its event.
struct shell_pending {
    uint32_t proc, reference;
    uint32_t response; // message box
    uint32_t event;    // handle of the restricted event, 0 = not known yet
    uint32_t generation;
    uint8_t kind; // enum shell_kind, 0 = free
};

// A monitor of system broadcasts (Win95 DDK S358B).
struct shell_hook {
    uint32_t handle; // 0: free
    uint32_t proc, reference, order;
};

struct shell {
    struct shell_pending pending[PENDING];
    struct shell_hook hook[HOOKS];
    uint32_t generation;
    uint8_t answer[ANSWERS], answers, answered;
    uint32_t event_proc;
    uint16_t schedule_kind, callback_kind, broadcast_kind;
    uint8_t appy_time;    // boot is over and shutdown has not begun
    uint8_t in_appy_time; // a callback runs at application time
};

extern const struct vmm_device shell_device;

static struct shell *state(struct vmm *v)
{
    return vmm_device_state(v, &shell_device);
}

bool shell_add_answer(struct vmm *v, uint32_t id)
{
    struct shell *s = state(v);
    if (s->answers == ANSWERS)
        return false;
    s->answer[s->answers++] = (uint8_t)id;
    return true;
}

// The answer for the next box, 0 = its default button.
static uint32_t next_answer(struct shell *s)
{
    uint32_t answer = s->answers ? s->answer[s->answered] : 0;
    if (s->answered + 1 < s->answers)
        s->answered++;
    return answer;
}

// ---------------------------------------------------------------------------------------------------------------------
// Callbacks as events of the system VM. A handle is the row with a generation above it.

static uint32_t handle_of(const struct shell *s, const struct shell_pending *p)
{
    return p->generation << 8 | ((uint32_t)(p - s->pending) + 1);
}

static struct shell_pending *find(struct vmm *v, uint32_t handle)
{
    struct shell *s = state(v);
    uint32_t row = (handle & 0xFF) - 1;
    if (row >= PENDING || !s->pending[row].kind || handle_of(s, &s->pending[row]) != handle)
        return NULL;
    return &s->pending[row];
}

static struct shell_pending *new_pending(struct vmm *v, enum shell_kind kind, uint32_t proc, uint32_t reference)
{
    struct shell *s = state(v);
    for (unsigned i = 0; i < PENDING; i++) {
        struct shell_pending *p = &s->pending[i];
        if (p->kind)
            continue;
        s->generation = s->generation % 0x7FFFFF + 1;
        *p = (struct shell_pending){
            .proc = proc, .reference = reference, .generation = s->generation, .kind = (uint8_t)kind};
        return p;
    }
    return NULL;
}

// Afterwards the caller's registers come back and EAX is the handle: a[0].
static void schedule_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t handle = f->a[0], event = vmm_regs(v)[X86_ESI];
    struct shell_pending *p = find(v, handle);
    if (p)
        p->event = event;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = handle;
    devices_carry(v, false);
}

static const struct vmm_frame_kind schedule_kind = {"scheduling an event for SHELL", schedule_resume, NULL};

static void schedule_begin(struct vmm *v, const struct shell_pending *p, uint32_t restrictions, uint32_t milliseconds)
{
    struct shell *s = state(v);
    struct vmm_frame *f = vmm_frame_push(v, s->schedule_kind);
    if (!f)
        return;
    uint32_t *r = vmm_regs(v);
    f->a[0] = r[X86_EDX] = handle_of(s, p);
    r[X86_EAX] = 0;
    r[X86_EBX] = vmm_system_vm(v);
    r[X86_ECX] = restrictions | KIT_PEF_Always_Sched;
    r[X86_ESI] = s->event_proc;
    r[X86_EDI] = milliseconds;
    devices_call_begin(v, KIT_Call_Restricted_Event);
}

// Frame of a callback: a[0] it runs at application time.
static void callback_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[0])
        state(v)->in_appy_time = 0;
    vmm_frame_pop(v);
}

static void callback_abandon(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[0])
        state(v)->in_appy_time = 0;
}

static const struct vmm_frame_kind callback_kind = {"a callback of SHELL", callback_resume, callback_abandon};

// The event: EDX = handle, CF = the time-out has elapsed.
static void event_begin(void *user, struct vmm *v)
{
    (void)user;
    bool timed_out = vmm_flag(v, X86_CF);
    struct shell_pending *found = find(v, vmm_regs(v)[X86_EDX]);
    if (!found)
        return;
    struct shell_pending p = *found;
    found->kind = 0;
    struct vmm_frame *f = vmm_frame_push(v, state(v)->callback_kind);
    if (!f)
        return;
    f->a[0] = p.kind == APPLICATION_TIME && !timed_out;
    if (f->a[0])
        state(v)->in_appy_time = 1;
    if (p.kind == POSTED_MESSAGE) {
        vmm_frame_call_c_begin(v, p.proc, 2, (const uint32_t[]){1, p.reference});
        return;
    }
    if (p.kind == APPLICATION_TIME) {
        vmm_frame_call_c_begin(v, p.proc, 2, (const uint32_t[]){p.reference, timed_out ? KIT_CAAFL_TIMEOUT : 0});
        return;
    }
    vmm_regs(v)[X86_EAX] = p.response;
    vmm_regs(v)[X86_EDX] = p.reference;
    vmm_frame_call_begin(v, p.proc);
}

// ---------------------------------------------------------------------------------------------------------------------
// Message boxes

// Buttons of the six kinds of box, from the left (Win32 SDK: MessageBox).
static const uint8_t buttons[6][3] = {{1}, {1, 2}, {3, 4, 5}, {6, 7, 2}, {6, 7}, {4, 2}};

static uint32_t response_to(struct vmm *v, uint32_t flags)
{
    uint32_t kind = flags & MB_BUTTONS, answer = next_answer(state(v)), first = flags >> MB_DEFAULT_SHIFT & 3;
    if (kind >= BASE_COUNT(buttons))
        kind = 0;
    for (unsigned i = 0; answer && i < 3; i++) {
        if (buttons[kind][i] == answer)
            return answer;
    }
    return first < 3 && buttons[kind][first] ? buttons[kind][first] : buttons[kind][0];
}

// Shows the box that EAX, ECX and EDI describe. False: its texts are not there, the service runs again.
static bool show(struct vmm *v, uint32_t *response)
{
    const uint32_t *r = vmm_regs(v);
    char text[TEXT_BYTES], caption[TEXT_BYTES] = "";
    if (!vmm_get_text(v, r[X86_ECX], text, sizeof text) ||
        (r[X86_EDI] && !vmm_get_text(v, r[X86_EDI], caption, sizeof caption)))
        return false;
    *response = response_to(v, r[X86_EAX]);
    if (!base_sink_heard(vmm_sink(v)))
        return true;
    struct devices_message_record record = {.caption = caption,
                                            .text = text,
                                            .flags = r[X86_EAX],
                                            .response = *response,
                                            .system_modal = r[X86_EAX] & KIT_MB_SYSTEMMODAL};
    devices_announce(v, &record.head, DEVICES_RECORD_MESSAGE, sizeof record);
    return true;
}

static void sysmodal_message(struct vmm *v)
{
    uint32_t response;
    if (!(vmm_regs(v)[X86_EAX] & KIT_MB_SYSTEMMODAL))
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "Win95 DDK S357E",
                   "SHELL_SYSMODAL_Message without MB_SYSTEMMODAL");
    if (show(v, &response))
        vmm_regs(v)[X86_EAX] = response;
}

static void message_begin(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), response;
    if (!show(v, &response))
        return;
    devices_carry(v, false);
    if (!r[X86_ESI]) {
        r[X86_EAX] = 1; // no callback, no handle: "nonzero if success" (Win95 DDK S357C)
        return;
    }
    struct shell_pending *p = new_pending(v, MESSAGE_BOX, r[X86_ESI], r[X86_EDX]);
    if (!p) {
        devices_carry(v, true);
        return;
    }
    p->response = response;
    schedule_begin(v, p, 0, 0);
}

// SHELL_Event sends a message to the Windows shell. There is none here, so it "could not be placed" (VDAG31
// SHELL_Event).
static void shell_event(struct vmm *v)
{
    devices_carry(v, true);
}

// EAX = owner, EBX = contender, which is current, ESI -> name of the device. Windows asks the user who is to have it.
static void resolve_contention(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    char name[9] = "";
    if (!vmm_get(v, r[X86_ESI], name, 8))
        return;
    devices_carry(v, true);
    if (!vmm_valid_vm(v, r[X86_EAX]) || !vmm_valid_vm(v, r[X86_EBX]))
        return;
    if (vmm_choose(v, "who wins a contended device", 2) == 0)
        r[X86_EBX] = r[X86_EAX];
    devices_carry(v, false);
}

// VMs here have no PIF: nothing is reserved or locked, nothing closes on exit. VDD knows who has a window.
static void get_vm_info(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    bool windowed = devices_vm_or_report(v, r[X86_EBX], "VDAG31 SHELL_GetVMInfo") && vdd_windowed(v, r[X86_EBX]);
    r[X86_EAX] = windowed ? KIT_SGVMI_Windowed : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Application time: the system VM at rest, outside critical sections and nested execution

static void call_at_appy_time_begin(struct vmm *v)
{
    uint32_t proc = vmm_arg(v, 0), reference = vmm_arg(v, 1), flags = vmm_arg(v, 2), timeout = vmm_arg(v, 3);
    struct shell_pending *p = new_pending(v, APPLICATION_TIME, proc, reference);
    if (!p) {
        vmm_regs(v)[X86_EAX] = 0;
        return;
    }
    uint32_t restrictions = KIT_PEF_Wait_Not_Crit | KIT_PEF_Wait_Not_Nested_Exec | KIT_PEF_Wait_For_STI;
    schedule_begin(v, p, restrictions | (flags & KIT_CAAFL_TIMEOUT ? KIT_PEF_Time_Out : 0), timeout);
}

static void cancel_appy_time_event_begin(struct vmm *v)
{
    struct shell_pending *p = find(v, vmm_arg(v, 0));
    if (!p || p->kind != APPLICATION_TIME) {
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S3572", "%08X is not an application-time event",
                   vmm_arg(v, 0));
        return;
    }
    uint32_t event = p->event;
    p->kind = 0;
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_ESI] = event;
    devices_aside_begin(v, KIT_Cancel_Restricted_Event);
}

static void query_appy_time_available(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = state(v)->appy_time;
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages to windows and broadcasts. There are no windows: a posted message is announced, and so it counts as posted.

// To the shell's window, which is none either (Win95 DDK S358D). Which message that is the page does not say.
static void post_shell_message(struct vmm *v)
{
    struct devices_post_record record = {.wparam = vmm_arg(v, 0) & 0xFFFF, .lparam = vmm_arg(v, 1)};
    if (base_sink_heard(vmm_sink(v)))
        devices_announce(v, &record.head, DEVICES_RECORD_POST, sizeof record);
}

static void post_message_begin(struct vmm *v)
{
    uint32_t proc = vmm_arg(v, 4), reference = vmm_arg(v, 5);
    struct devices_post_record record = {.window = vmm_arg(v, 0),
                                         .message = vmm_arg(v, 1) & 0xFFFF,
                                         .wparam = vmm_arg(v, 2) & 0xFFFF,
                                         .lparam = vmm_arg(v, 3)};
    if (record.message && base_sink_heard(vmm_sink(v)))
        devices_announce(v, &record.head, DEVICES_RECORD_POST, sizeof record);
    vmm_regs(v)[X86_EAX] = 1;
    if (!proc)
        return;
    struct shell_pending *p = new_pending(v, POSTED_MESSAGE, proc, reference);
    if (p)
        schedule_begin(v, p, KIT_PEF_Wait_Not_Crit, 0);
    else
        vmm_regs(v)[X86_EAX] = 0;
}

static void hook_system_broadcast(struct vmm *v)
{
    struct shell *s = state(v);
    uint32_t hook[3] = {vmm_arg(v, 0), vmm_arg(v, 1), vmm_arg(v, 2)};
    vmm_regs(v)[X86_EAX] = 0;
    for (unsigned i = 0; i < HOOKS; i++) {
        if (s->hook[i].handle)
            continue;
        s->generation = s->generation % 0x7FFFFF + 1;
        s->hook[i] = (struct shell_hook){s->generation << 8 | (i + 1), hook[0], hook[1], hook[2]};
        vmm_regs(v)[X86_EAX] = s->hook[i].handle;
        return;
    }
}

static void unhook_system_broadcast(struct vmm *v)
{
    uint32_t handle = vmm_arg(v, 0);
    for (unsigned i = 0; handle && i < HOOKS; i++) {
        if (state(v)->hook[i].handle != handle)
            continue;
        state(v)->hook[i].handle = 0;
        return;
    }
    if (handle)
        vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "Win95 DDK S358E",
                   "%08X is not a hook of system broadcasts", handle);
}

// The hook after the one with this order and row; rows decide between equal orders.
static const struct shell_hook *next_hook(struct vmm *v, uint64_t after, uint64_t *key)
{
    const struct shell_hook *best = NULL;
    for (unsigned i = 0; i < HOOKS; i++) {
        const struct shell_hook *h = &state(v)->hook[i];
        uint64_t k = (uint64_t)h->order << 8 | (i + 1);
        if (!h->handle || k <= after || (best && k >= *key))
            continue;
        best = h;
        *key = k;
    }
    return best;
}

// Frame: a[0] flags, a[1-3] message, a[4-5] key of the hook called last.
static void broadcast_next_begin(struct vmm *v, struct vmm_frame *f)
{
    uint64_t key = 0;
    const struct shell_hook *h = next_hook(v, f->a[4] | (uint64_t)f->a[5] << 32, &key);
    if (!h) {
        vmm_frame_pop_all(v);
        vmm_regs(v)[X86_EAX] = 1;
        return;
    }
    f->a[4] = (uint32_t)key;
    f->a[5] = (uint32_t)(key >> 32);
    vmm_frame_call_c_begin(v, h->proc, 4, (const uint32_t[]){f->a[1], f->a[2], f->a[3], h->reference});
}

static void broadcast_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[0] & BSF_QUERY && !vmm_regs(v)[X86_EAX]) {
        vmm_frame_pop_all(v); // one of them says no: the others are not asked
        vmm_regs(v)[X86_EAX] = 0;
        return;
    }
    broadcast_next_begin(v, f);
}

static const struct vmm_frame_kind broadcast_kind = {"a broadcast procedure", broadcast_resume, NULL};

static void broadcast_begin(struct vmm *v)
{
    struct shell *s = state(v);
    uint32_t recipients = 0, flags = vmm_arg(v, 0), list = vmm_arg(v, 1);
    uint32_t message[3] = {vmm_arg(v, 2), vmm_arg(v, 3), vmm_arg(v, 4)};
    if (list && !vmm_get32(v, list, &recipients))
        return;
    if (s->appy_time && !s->in_appy_time)
        vmm_report(v, "not-application-time", vmm_cpu(v)->state.eip, "Win95 DDK S358A",
                   "_SHELL_BroadcastSystemMessage outside of application time");
    if (recipients && !(recipients & BSM_VXDS)) { // nobody but devices is here
        vmm_regs(v)[X86_EAX] = 1;
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, s->broadcast_kind);
    if (!f)
        return;
    f->a[0] = flags;
    memcpy(&f->a[1], message, sizeof message);
    f->a[4] = f->a[5] = 0;
    broadcast_next_begin(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------

static void control(struct vmm *v)
{
    devices_carry(v, false);
    switch (vmm_regs(v)[X86_EAX]) {
    case KIT_Init_Complete:
        state(v)->appy_time = 1;
        break;
    case KIT_Sys_VM_Terminate:
        state(v)->appy_time = 0;
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_SHELL_Get_Version, devices_version},
    {KIT_SHELL_Resolve_Contention, resolve_contention},
    {KIT_SHELL_Event, shell_event},
    {KIT_SHELL_GetVMInfo, get_vm_info},
    {KIT_SHELL_SYSMODAL_Message, sysmodal_message},
    {KIT_SHELL_Message, message_begin},
    {KIT__SHELL_PostMessage, post_message_begin},
    {KIT__SHELL_PostShellMessage, post_shell_message},
    {KIT__SHELL_BroadcastSystemMessage, broadcast_begin},
    {KIT__SHELL_HookSystemBroadcast, hook_system_broadcast},
    {KIT__SHELL_UnhookSystemBroadcast, unhook_system_broadcast},
    {KIT__SHELL_QueryAppyTimeAvailable, query_appy_time_available},
    {KIT__SHELL_CallAtAppyTime, call_at_appy_time_begin},
    {KIT__SHELL_CancelAppyTimeEvent, cancel_appy_time_event_begin},
    {0, NULL},
};

static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    const struct shell *s = state(v);
    if (n >= PENDING + HOOKS)
        return false;
    if (n < PENDING) {
        *proc = s->pending[n].kind ? s->pending[n].proc : 0;
        *what = "a callback that SHELL has promised";
    } else {
        *proc = s->hook[n - PENDING].handle ? s->hook[n - PENDING].proc : 0;
        *what = "a hook of system broadcasts";
    }
    return true;
}

const struct vmm_device shell_device = {.id = 0x17,
                                        .version = 0x0400,
                                        .bindings = bindings,
                                        .control = control,
                                        .state_size = sizeof(struct shell),
                                        .holds = holds};

static bool create(struct vmm *v)
{
    struct shell *s = state(v);
    s->schedule_kind = vmm_frame_kind_add(v, &schedule_kind);
    s->callback_kind = vmm_frame_kind_add(v, &callback_kind);
    s->broadcast_kind = vmm_frame_kind_add(v, &broadcast_kind);
    s->event_proc = vmm_host_proc(v, event_begin, NULL);
    return s->event_proc != 0;
}

const struct devices_entry shell_entry = {&shell_device, create, false, NULL};
