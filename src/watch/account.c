// The run told in sentences, one line for each thing that happened, the virtual clock in front:
//
//   vxd:     0.003 ms  Device_Init (main initialisation, interrupts are on): VMM, VPICD, VTD
//
// What drivers print passes through unchanged; a line that a driver left open is ended before the account goes on. Two
// kinds of lines wait until it is clear how they end: a control message that goes from device to device, and a service
// call that may print something, which says more than its name.
#include "devices/observe.h"
#include "dos/dos.h"
#include "dos/observe.h"
#include "kit/services.h"
#include "vmm/observe.h"
#include "watch/names.h"
#include "watch/watch.h"

#include <stdio.h>
#include <string.h>

enum { CALLS_KEPT = 32, LONG_CALL_NS = 1000000, VMM_ID = 1 };

struct pending_call {
    uint16_t device, ordinal;
    uint64_t time;
};

struct watch_account {
    const struct base_alloc *alloc;
    struct watch_output out;
    struct base_buf line;
    bool quiet;
    bool line_open;            // a driver printed text without a line end
    struct base_buf broadcast; // a control message's line in the making; empty: none
    uint64_t broadcast_time;
    uint32_t message, message_told; // of the broadcast; the last one whose meaning was told
    char first_device[9];           // of the broadcast: when it comes again, so does the message
    bool devices_told;              // the line names a device already
    uint32_t built_in;              // devices of ours in a row that are still to be told
    char built_in_name[9];          // the last of them
    struct base_buf call;           // a service call's line in the making; empty: none
    uint64_t call_time;
    struct pending_call calls[CALLS_KEPT]; // entered and not done, the newest last
    uint32_t call_count;
};

struct watch_account *watch_account_new(const struct base_alloc *alloc, struct watch_output out, bool quiet)
{
    struct watch_account *a = base_alloc_zero(alloc, sizeof *a);
    if (a) {
        a->alloc = alloc;
        a->out = out;
        a->quiet = quiet;
        a->message_told = UINT32_MAX;
        base_buf_init(&a->line, alloc);
        base_buf_init(&a->broadcast, alloc);
        base_buf_init(&a->call, alloc);
    }
    return a;
}

void watch_account_free(struct watch_account *a)
{
    if (!a)
        return;
    base_buf_free(&a->line);
    base_buf_free(&a->broadcast);
    base_buf_free(&a->call);
    base_alloc_free(a->alloc, a, sizeof *a);
}

void watch_account_finish(struct watch_account *a)
{
    if (a->line_open && !a->quiet)
        a->out.write(a->out.user, "\n", 1);
    a->line_open = false;
}

static struct base_buf *begin_line(struct watch_account *a, uint64_t time)
{
    base_buf_clear(&a->line);
    base_buf_printf(&a->line, "vxd: %5llu.%03llu ms  ", (unsigned long long)(time / 1000000),
                    (unsigned long long)(time / 1000 % 1000));
    return &a->line;
}

static void end_line(struct watch_account *a)
{
    watch_account_finish(a);
    base_buf_text(&a->line, "\n");
    if (base_buf_ok(&a->line))
        a->out.write(a->out.user, (const char *)a->line.data, a->line.size);
}

// Tells a line that has waited, at its own time, and empties it.
static void tell_waiting(struct watch_account *a, struct base_buf *waiting, uint64_t time)
{
    if (waiting->size == 0)
        return;
    base_buf_add(begin_line(a, time), waiting->data, waiting->size);
    end_line(a);
    base_buf_clear(waiting);
}

static void add_device(struct watch_account *a, const char *text)
{
    base_buf_printf(&a->broadcast, "%s%s", a->devices_told ? ", " : ": ", text);
    a->devices_told = true;
}

// Devices of ours count only where they stand between drivers.
static void add_built_in(struct watch_account *a)
{
    char text[40];
    if (a->built_in > 1)
        snprintf(text, sizeof text, "%u built-in devices", a->built_in);
    else
        snprintf(text, sizeof text, "%s", a->built_in_name);
    if (a->built_in)
        add_device(a, text);
    a->built_in = 0;
}

static void tell_broadcast(struct watch_account *a)
{
    add_built_in(a);
    tell_waiting(a, &a->broadcast, a->broadcast_time);
}

static void tell_all_waiting(struct watch_account *a)
{
    tell_broadcast(a);
    tell_waiting(a, &a->call, a->call_time);
}

// What a driver or a program printed.
static void tell_printed(struct watch_account *a, const char *text, size_t length)
{
    if (length == 0)
        return;
    if (!a->quiet) {
        tell_broadcast(a);
        base_buf_clear(&a->call);
    }
    a->out.write(a->out.user, text, length);
    a->line_open = text[length - 1] != '\n';
}

static void begin_call(struct watch_account *a, const struct vmm_service_record *r)
{
    tell_all_waiting(a);
    base_buf_printf(&a->call, "%s calls %s%s%s", r->caller, strcmp(r->device_name, "VMM") == 0 ? "" : r->device_name,
                    strcmp(r->device_name, "VMM") == 0 ? "" : " ", r->name);
    a->call_time = r->head.time;
    if (a->call_count < CALLS_KEPT)
        a->calls[a->call_count++] = (struct pending_call){r->device, r->ordinal, r->head.time};
}

// Only what took long is told: the thread was blocked, or much happened.
static void end_call(struct watch_account *a, const struct vmm_service_record *r)
{
    uint32_t i = a->call_count;
    while (i > 0 && (a->calls[i - 1].device != r->device || a->calls[i - 1].ordinal != r->ordinal))
        i--;
    tell_waiting(a, &a->call, a->call_time);
    if (i == 0)
        return;
    uint64_t entered = a->calls[i - 1].time;
    memmove(&a->calls[i - 1], &a->calls[i], (a->call_count - i) * sizeof *a->calls);
    a->call_count--;
    if (r->head.time - entered < LONG_CALL_NS)
        return;
    base_buf_printf(begin_line(a, r->head.time), "%s is back from %s", r->caller, r->name);
    end_line(a);
}

// What BeginProc adds to procedures of debug builds.
static bool is_bookkeeping(const struct vmm_service_record *r)
{
    return r->device == VMM_ID && (r->ordinal == KIT_Log_Proc_Call || r->ordinal == KIT__Debug_Flags_Service);
}

// Only calls of drivers are told; the system's own are in the trace.
static void tell_service(struct watch_account *a, const struct vmm_service_record *r)
{
    if (!r->caller[0] || is_bookkeeping(r))
        return;
    if (r->phase == VMM_SERVICE_ENTERED)
        begin_call(a, r);
    else
        end_call(a, r);
}

static void begin_broadcast(struct watch_account *a, const struct vmm_control_record *r)
{
    tell_broadcast(a);
    const char *words = a->message_told == r->message ? NULL : watch_message_words(r->message);
    if (r->name)
        base_buf_text(&a->broadcast, r->name);
    else
        base_buf_printf(&a->broadcast, "message %08Xh", r->message);
    if (words)
        base_buf_printf(&a->broadcast, " (%s)", words);
    a->message = a->message_told = r->message;
    snprintf(a->first_device, sizeof a->first_device, "%s", r->device);
    a->broadcast_time = r->head.time;
    a->devices_told = false;
}

static void tell_control(struct watch_account *a, const struct vmm_control_record *r)
{
    if (r->message == DEVICES_MESSAGE_TREE)
        return; // what comes of it is told
    tell_waiting(a, &a->call, a->call_time);
    bool first = a->broadcast.size == 0 || a->message != r->message || strcmp(a->first_device, r->device) == 0;
    if (first)
        begin_broadcast(a, r);
    if (r->built_in && !watch_refused(r)) {
        a->built_in++;
        snprintf(a->built_in_name, sizeof a->built_in_name, "%s", r->device);
        return;
    }
    add_built_in(a);
    add_device(a, r->device);
    if (watch_refused(r))
        base_buf_text(&a->broadcast, " REFUSES");
}

static void add_reasons(struct base_buf *b, uint32_t not_met)
{
    const char *between = ": ";
    for (unsigned bit = 0; bit < 32; bit++) {
        if (!(not_met >> bit & 1))
            continue;
        base_buf_printf(b, "%s%s", between, watch_restriction_words(bit));
        const char *name = watch_restriction(bit);
        if (name && strncmp(name, "PEF_", 4) == 0)
            base_buf_printf(b, " (%s)", name);
        between = ", ";
    }
}

static void tell_event(struct watch_account *a, const struct vmm_event_record *r)
{
    static const char *const verbs[] = {"is scheduled", "has to wait", "runs", "is done", "has waited too long, runs",
                                        "is cancelled"};
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "%s event %u", watch_event_kind(r->kind), r->id);
    if (r->symbol && r->symbol[0])
        base_buf_printf(b, " (%s, EDX=%X)", r->symbol, r->reference);
    base_buf_printf(b, " %s", r->state < BASE_COUNT(verbs) ? verbs[r->state] : "?");
    if (r->state == VMM_EVENT_WAITING)
        add_reasons(b, r->not_met);
    end_line(a);
}

static void tell_timeout(struct watch_account *a, const struct vmm_timeout_record *r)
{
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "%s time-out %u", watch_timeout_kind(r->kind), r->id);
    if (r->symbol && r->symbol[0])
        base_buf_printf(b, " (%s)", r->symbol);
    switch (r->state) {
    case VMM_EVENT_SCHEDULED:
        base_buf_printf(b, " is set for %u ms from now", r->milliseconds);
        break;
    case VMM_EVENT_RUN:
        base_buf_printf(b, " fires, %u ms late", r->lateness);
        break;
    default:
        base_buf_printf(b, " is %s", watch_event_state(r->state));
        break;
    }
    end_line(a);
}

static void tell_fault(struct watch_account *a, const struct vmm_fault_record *r)
{
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "%s at %04X:%08X", watch_exception(r->vector), r->cs, r->eip);
    if (r->where && r->where[0])
        base_buf_printf(b, " (%s)", r->where);
    if (r->vector == 14)
        base_buf_printf(b, ", address %08X", r->address);
    base_buf_text(b, r->handled ? ": handled" : ": nobody handles it");
    end_line(a);
}

static void tell_check(struct watch_account *a, const struct vmm_check_record *r)
{
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "RULE BROKEN [%s] %s: %s", r->rule, r->device ? r->device : "", r->message);
    if (r->where && r->where[0])
        base_buf_printf(b, ", at %s", r->where);
    if (r->page && r->page[0])
        base_buf_printf(b, " (documented on page %s)", r->page);
    end_line(a);
}

static void tell_message_box(struct watch_account *a, const struct devices_message_record *r)
{
    static const char *const answers[] = {"", "OK", "Cancel", "Abort", "Retry", "Ignore", "Yes", "No"};
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "message box \"%s\": \"%s\"", r->caption, r->text);
    if (r->response < BASE_COUNT(answers))
        base_buf_printf(b, ", answered with %s", answers[r->response]);
    end_line(a);
}

static void tell_post(struct watch_account *a, const struct devices_post_record *r)
{
    base_buf_printf(begin_line(a, r->head.time), "message %04X (%04X, %08X) is posted to window %04X", r->message,
                    r->wparam, r->lparam, r->window);
    end_line(a);
}

static void tell_apc(struct watch_account *a, const struct devices_apc_record *r)
{
    base_buf_printf(begin_line(a, r->head.time), "procedure call %08X (%08X) is queued for a Win32 thread",
                    r->procedure, r->parameter);
    end_line(a);
}

static void tell_unheard(struct watch_account *a, const struct devices_unheard_record *r)
{
    base_buf_printf(begin_line(a, r->head.time), "interrupt line %u was to be raised, but it is masked", r->irq);
    end_line(a);
}

static void tell_program(struct watch_account *a, const struct dos_program_record *r)
{
    static const char *const ends[] = {"ended", "was ended by Ctrl-C", "was ended by an error", "stays resident"};
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "VM %u: %s ", r->vm, r->name);
    if (r->progress == DOS_RUNNING)
        base_buf_text(b, "starts");
    else if (r->progress == DOS_ENDED && r->how == DOS_WITH_VM)
        base_buf_text(b, "was still running when its virtual machine ended");
    else if (r->progress == DOS_ENDED)
        base_buf_printf(b, "%s with exit code %u", r->how < BASE_COUNT(ends) ? ends[r->how] : "?", r->code);
    else
        base_buf_printf(b, "cannot be started: %s", r->error);
    end_line(a);
}

static void tell_devnode(struct watch_account *a, const struct devices_devnode_record *r)
{
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "device %s %s", r->id, r->what);
    if (r->problem)
        base_buf_printf(b, " %u: %s", r->problem, watch_device_problem(r->problem));
    end_line(a);
}

static void tell_end(struct watch_account *a, const struct vmm_end_record *r)
{
    struct base_buf *b = begin_line(a, r->head.time);
    base_buf_printf(b, "the run is over: %s", watch_end_name(r->end));
    if (r->message && r->message[0])
        base_buf_printf(b, ": %s", r->message);
    end_line(a);
}

static void listen_debug(struct watch_account *a, const void *record)
{
    const struct vmm_debug_record *r = record;
    tell_printed(a, r->text, r->length);
}

static void listen_output(struct watch_account *a, const void *record)
{
    const struct dos_output_record *r = record;
    tell_printed(a, r->text, r->length);
}

#define LISTENER(name)                                                                                                 \
    static void listen_##name(struct watch_account *a, const void *record)                                             \
    {                                                                                                                  \
        tell_##name(a, record);                                                                                        \
    }
LISTENER(service)
LISTENER(control)
LISTENER(event)
LISTENER(timeout)
LISTENER(fault)
LISTENER(check)
LISTENER(end)
LISTENER(message_box)
LISTENER(post)
LISTENER(apc)
LISTENER(unheard)
LISTENER(devnode)
LISTENER(program)
#undef LISTENER

// What is not here (ports, interrupts, switches) is in the trace and too much for an account.
static const struct {
    uint32_t kind;
    bool when_quiet; // part of what the drivers and programs print
    bool joins;      // may become part of a line that waits
    void (*listen)(struct watch_account *a, const void *record);
} listeners[] = {
    {VMM_RECORD_DEBUG, true, true, listen_debug},
    {DOS_RECORD_OUTPUT, true, true, listen_output},
    {VMM_RECORD_SERVICE, false, true, listen_service},
    {VMM_RECORD_CONTROL, false, true, listen_control},
    {VMM_RECORD_EVENT, false, false, listen_event},
    {VMM_RECORD_TIMEOUT, false, false, listen_timeout},
    {VMM_RECORD_FAULT, false, false, listen_fault},
    {VMM_RECORD_CHECK, false, false, listen_check},
    {VMM_RECORD_END, false, false, listen_end},
    {DEVICES_RECORD_MESSAGE, false, false, listen_message_box},
    {DEVICES_RECORD_POST, false, false, listen_post},
    {DEVICES_RECORD_APC, false, false, listen_apc},
    {DEVICES_RECORD_UNHEARD, false, false, listen_unheard},
    {DEVICES_RECORD_DEVNODE, false, false, listen_devnode},
    {DOS_RECORD_PROGRAM, false, false, listen_program},
};

void watch_account_listen(void *user, const struct base_record *record)
{
    struct watch_account *a = user;
    for (size_t i = 0; i < BASE_COUNT(listeners); i++) {
        if (listeners[i].kind != record->kind || (a->quiet && !listeners[i].when_quiet))
            continue;
        if (!listeners[i].joins)
            tell_all_waiting(a);
        listeners[i].listen(a, record);
        return;
    }
}
