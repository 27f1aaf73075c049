// Watchers on a machine: the rooms' records turned into the public ones, and the ready-made observers of `watch`.
#include <vxdkit/watch.h>

#include "api/machine.h"
#include "dos/observe.h"
#include "vmm/observe.h"

static const char *known(const char *text)
{
    return text ? text : "";
}

static void convert_service(const struct vmm_service_record *r, struct vxd_record *to)
{
    to->u.service.done = r->phase == VMM_SERVICE_DONE;
    to->u.service.device_id = r->device;
    to->u.service.ordinal = r->ordinal;
    to->u.service.device = known(r->device_name);
    to->u.service.name = known(r->name);
    to->u.service.caller = known(r->caller);
    to->u.service.caller_address = r->caller_address;
    to->u.service.result = r->result;
    to->u.service.carry = r->carry;
    to->u.service.zero = r->zero;
}

static void convert_event(const struct vmm_event_record *r, struct vxd_record *to)
{
    to->u.event.id = r->id;
    to->u.event.kind = (enum vxd_event_kind)r->kind;
    to->u.event.state = (enum vxd_event_state)r->state;
    to->u.event.callback = r->callback;
    to->u.event.reference = r->reference;
    to->u.event.flags = r->flags;
    to->u.event.not_met = r->not_met;
    to->u.event.device = known(r->device);
    to->u.event.symbol = known(r->symbol);
}

static void convert_timeout(const struct vmm_timeout_record *r, struct vxd_record *to)
{
    to->u.timeout.id = r->id;
    to->u.timeout.kind = r->kind;
    to->u.timeout.state = (enum vxd_event_state)r->state;
    to->u.timeout.milliseconds = r->milliseconds;
    to->u.timeout.lateness = r->lateness;
    to->u.timeout.callback = r->callback;
    to->u.timeout.symbol = known(r->symbol);
}

static void convert_fault(const struct vmm_fault_record *r, struct vxd_record *to)
{
    to->u.fault.vector = r->vector;
    to->u.fault.error = r->error;
    to->u.fault.address = r->address;
    to->u.fault.cs = r->cs;
    to->u.fault.eip = r->eip;
    to->u.fault.where = known(r->where);
    to->u.fault.handled = r->handled;
}

static void convert_check(const struct vmm_check_record *r, struct vxd_record *to)
{
    to->u.check.rule = known(r->rule);
    to->u.check.message = known(r->message);
    to->u.check.device = known(r->device);
    to->u.check.address = r->address;
    to->u.check.where = known(r->where);
    to->u.check.page = known(r->page);
}

static void convert_control(const struct vmm_control_record *r, struct vxd_record *to)
{
    to->u.control.message = r->message;
    to->u.control.name = known(r->name);
    to->u.control.device = known(r->device);
    to->u.control.carry = r->carry;
    to->u.control.eax = r->eax;
}

static void convert_io(const struct vmm_io_record *r, struct vxd_record *to)
{
    to->u.io.port = r->port;
    to->u.io.size = r->size;
    to->u.io.write = r->write;
    to->u.io.value = r->value;
    to->u.io.device = r->device;
    to->u.io.memory = r->memory;
    to->u.io.address = r->address;
}

static void convert_output(const struct dos_output_record *r, struct vxd_record *to)
{
    to->kind = VXD_RECORD_OUTPUT;
    to->u.output.vm = r->vm;
    to->u.output.text = r->text;
    to->u.output.length = r->length;
}

static void convert_program(const struct dos_program_record *r, struct vxd_record *to)
{
    to->kind = VXD_RECORD_PROGRAM;
    to->u.program.vm = r->vm;
    to->u.program.name = r->name;
    to->u.program.progress = (enum vxd_program_progress)r->progress;
    to->u.program.how = (enum vxd_program_end)r->how;
    to->u.program.exit_code = r->code;
    to->u.program.error = r->error;
}

static void convert_switch(const struct vmm_switch_record *r, struct vxd_record *to)
{
    to->u.thread_switch.from = r->from;
    to->u.thread_switch.to = r->to;
}

static void convert_irq(const struct vmm_irq_record *r, struct vxd_record *to)
{
    to->u.irq.line = r->irq;
    to->u.irq.state = r->state;
}

static void convert_debug(const struct vmm_debug_record *r, struct vxd_record *to)
{
    to->u.debug.text = r->text;
    to->u.debug.length = r->length;
}

static void convert_end(const struct vmm_end_record *r, struct vxd_record *to)
{
    to->u.end.reason = (enum vxd_end)r->end;
    to->u.end.message = known(r->message);
}

static bool convert_dos(const struct base_record *record, struct vxd_record *to)
{
    const void *r = record;
    switch ((enum dos_record_kind)record->kind) {
    case DOS_RECORD_OUTPUT:
        convert_output(r, to);
        return true;
    case DOS_RECORD_PROGRAM:
        convert_program(r, to);
        return true;
    }
    return false;
}

static bool convert_vmm(const struct base_record *record, struct vxd_record *to)
{
    const void *r = record;
    to->kind = (enum vxd_record_kind)(record->kind - VMM_RECORD_CONTROL);
    switch ((enum vmm_record_kind)record->kind) {
    case VMM_RECORD_CONTROL:
        convert_control(r, to);
        return true;
    case VMM_RECORD_SERVICE:
        convert_service(r, to);
        return true;
    case VMM_RECORD_EVENT:
        convert_event(r, to);
        return true;
    case VMM_RECORD_TIMEOUT:
        convert_timeout(r, to);
        return true;
    case VMM_RECORD_SWITCH:
        convert_switch(r, to);
        return true;
    case VMM_RECORD_IO:
        convert_io(r, to);
        return true;
    case VMM_RECORD_IRQ:
        convert_irq(r, to);
        return true;
    case VMM_RECORD_FAULT:
        convert_fault(r, to);
        return true;
    case VMM_RECORD_DEBUG:
        convert_debug(r, to);
        return true;
    case VMM_RECORD_CHECK:
        convert_check(r, to);
        return true;
    case VMM_RECORD_END:
        convert_end(r, to);
        return true;
    }
    return false;
}

// False: a kind that the public API does not pass on.
static bool convert(const struct base_record *record, struct vxd_record *to)
{
    *to = (struct vxd_record){.time = record->time, .instructions = record->count};
    return convert_dos(record, to) || convert_vmm(record, to);
}

static void observe(void *user, const struct base_record *record)
{
    const struct api_observer *o = user;
    struct vxd_record converted;
    if (convert(record, &converted))
        o->fn(o->user, &converted);
}

bool vxd_observe(struct vxd_machine *m, vxd_observer_fn *fn, void *user)
{
    for (size_t i = 0; i < BASE_COUNT(m->observers); i++) {
        struct api_observer *o = &m->observers[i];
        if (o->fn)
            continue;
        *o = (struct api_observer){fn, user};
        if (base_sink_listen(vmm_sink(m->vmm), observe, o))
            return true;
        o->fn = NULL;
        break;
    }
    return api_fail(m, "too many observers");
}

void vxd_observe_end(struct vxd_machine *m, vxd_observer_fn *fn, void *user)
{
    for (size_t i = 0; i < BASE_COUNT(m->observers); i++) {
        struct api_observer *o = &m->observers[i];
        if (o->fn != fn || o->user != user)
            continue;
        base_sink_forget(vmm_sink(m->vmm), observe, o);
        o->fn = NULL;
        return;
    }
}

static bool listen(struct vxd_machine *m, base_listener *fn, void *watcher)
{
    if (watcher && base_sink_listen(vmm_sink(m->vmm), fn, watcher))
        return true;
    return api_fail(m, watcher ? "too many watchers" : "out of memory");
}

bool vxd_watch_trace(struct vxd_machine *m, vxd_write_fn *write, void *user)
{
    if (m->trace_count == BASE_COUNT(m->traces))
        return api_fail(m, "too many watchers");
    struct watch_trace *t = watch_trace_new(&m->alloc, (struct watch_output){write, user});
    if (t)
        m->traces[m->trace_count++] = t;
    return listen(m, watch_trace_listen, t);
}

bool vxd_watch_account(struct vxd_machine *m, bool quiet, vxd_write_fn *write, void *user)
{
    if (m->account_count == BASE_COUNT(m->accounts))
        return api_fail(m, "too many watchers");
    struct watch_account *a = watch_account_new(&m->alloc, (struct watch_output){write, user}, quiet);
    if (a)
        m->accounts[m->account_count++] = a;
    return listen(m, watch_account_listen, a);
}

bool vxd_watch_timeline(struct vxd_machine *m)
{
    if (m->timeline)
        return true;
    m->timeline = watch_timeline_new(&m->alloc);
    return listen(m, watch_timeline_listen, m->timeline);
}

static void describe(void *user, uint32_t address, char *to, size_t size)
{
    vmm_describe_address(user, address, to, size);
}

bool vxd_watch_profile(struct vxd_machine *m)
{
    if (m->profile)
        return true;
    m->profile = watch_profile_new(&m->alloc, describe, m->vmm);
    return listen(m, watch_profile_listen, m->profile);
}

void api_watchers_free(struct vxd_machine *m)
{
    for (uint32_t i = 0; i < m->trace_count; i++)
        watch_trace_free(m->traces[i]);
    for (uint32_t i = 0; i < m->account_count; i++)
        watch_account_free(m->accounts[i]);
    watch_timeline_free(m->timeline);
    watch_profile_free(m->profile);
}

static bool write_out(struct vxd_machine *m, struct base_buf *text, vxd_write_fn *write, void *user)
{
    bool done = base_buf_ok(text);
    if (done && text->size)
        write(user, (const char *)text->data, text->size);
    base_buf_free(text);
    return done || api_fail(m, "out of memory");
}

bool vxd_draw_timeline(struct vxd_machine *m, uint32_t columns, bool colour, vxd_write_fn *write, void *user)
{
    struct base_buf text;
    if (!m->timeline)
        return api_fail(m, "no timeline was watched");
    base_buf_init(&text, &m->alloc);
    watch_timeline_draw(m->timeline, columns, colour, &text);
    return write_out(m, &text, write, user);
}

bool vxd_write_report(struct vxd_machine *m, const char *title, vxd_write_fn *write, void *user)
{
    struct base_buf text;
    if (!m->timeline)
        return api_fail(m, "no timeline was watched");
    base_buf_init(&text, &m->alloc);
    watch_timeline_report(m->timeline, title, &text);
    return write_out(m, &text, write, user);
}

bool vxd_profile_knows_procedures(const struct vxd_machine *m)
{
    return m->profile && watch_profile_knows_procedures(m->profile);
}

bool vxd_write_profile(struct vxd_machine *m, vxd_write_fn *write, void *user)
{
    struct base_buf text;
    if (!m->profile)
        return api_fail(m, "no profile was watched");
    base_buf_init(&text, &m->alloc);
    watch_profile_print(m->profile, &text);
    return write_out(m, &text, write, user);
}
