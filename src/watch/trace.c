// One JSON object a line: {"t":NS,"n":INSTRUCTIONS,"ev":KIND,...}. The same run gives the same bytes on every host.
#include "devices/observe.h"
#include "dos/observe.h"
#include "vmm/observe.h"
#include "watch/names.h"
#include "watch/watch.h"

#include <string.h>

struct watch_trace {
    const struct base_alloc *alloc;
    struct watch_output out;
    struct base_buf line;
};

struct watch_trace *watch_trace_new(const struct base_alloc *alloc, struct watch_output out)
{
    struct watch_trace *t = base_alloc_zero(alloc, sizeof *t);
    if (t) {
        t->alloc = alloc;
        t->out = out;
        base_buf_init(&t->line, alloc);
    }
    return t;
}

void watch_trace_free(struct watch_trace *t)
{
    if (!t)
        return;
    base_buf_free(&t->line);
    base_alloc_free(t->alloc, t, sizeof *t);
}

static void put_text(struct base_buf *b, const char *key, const char *value)
{
    base_buf_printf(b, ",\"%s\":", key);
    if (value)
        base_buf_json(b, value, strlen(value));
    else
        base_buf_text(b, "null");
}

static void put_number(struct base_buf *b, const char *key, uint64_t value)
{
    base_buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)value);
}

// Addresses are strings in hexadecimal, as people look for them.
static void put_hex(struct base_buf *b, const char *key, uint32_t value)
{
    base_buf_printf(b, ",\"%s\":\"%08x\"", key, value);
}

static void put_control(struct base_buf *b, const struct vmm_control_record *r)
{
    if (r->name)
        put_text(b, "message", r->name);
    else
        put_number(b, "message", r->message);
    put_text(b, "device", r->device);
    put_text(b, "result", watch_refused(r) ? "refused" : "ok");
    put_number(b, "eax", r->eax);
}

static void put_service(struct base_buf *b, const struct vmm_service_record *r)
{
    put_text(b, "device", r->device_name);
    put_text(b, "name", r->name);
    put_text(b, "caller", r->caller);
    put_hex(b, "from", r->caller_address);
    put_number(b, "result", r->result);
    put_number(b, "carry", r->carry);
    put_number(b, "zero", r->zero);
}

// The nearest symbol, else the address.
static void put_callback(struct base_buf *b, const char *symbol, uint32_t address)
{
    if (symbol && symbol[0])
        put_text(b, "callback", symbol);
    else
        put_hex(b, "callback", address);
    put_hex(b, "address", address);
}

static void put_restrictions(struct base_buf *b, const char *key, uint32_t bits)
{
    const char *comma = "";
    base_buf_printf(b, ",\"%s\":[", key);
    for (unsigned bit = 0; bit < 32; bit++) {
        const char *name = bits >> bit & 1 ? watch_restriction(bit) : NULL;
        if (!name)
            continue;
        base_buf_text(b, comma);
        base_buf_json(b, name, strlen(name));
        comma = ",";
    }
    base_buf_text(b, "]");
}

static void put_event(struct base_buf *b, const struct vmm_event_record *r)
{
    put_number(b, "id", r->id);
    put_text(b, "kind", watch_event_kind(r->kind));
    put_text(b, "state", watch_event_state(r->state));
    put_restrictions(b, "not_met", r->not_met);
    put_restrictions(b, "flags", r->flags);
    put_callback(b, r->symbol, r->callback);
    put_hex(b, "reference", r->reference);
    put_text(b, "device", r->device);
}

static void put_timeout(struct base_buf *b, const struct vmm_timeout_record *r)
{
    put_number(b, "id", r->id);
    put_text(b, "kind", watch_timeout_kind(r->kind));
    put_text(b, "state", watch_event_state(r->state));
    put_number(b, "ms", r->milliseconds);
    put_number(b, "lateness", r->lateness);
    put_callback(b, r->symbol, r->callback);
}

static void put_io(struct base_buf *b, const struct vmm_io_record *r)
{
    if (r->memory)
        put_hex(b, "memory", r->address);
    else
        put_number(b, "port", r->port);
    put_number(b, "size", r->size);
    put_text(b, "direction", r->write ? "out" : "in");
    put_number(b, "value", r->value);
    put_text(b, "device", r->device);
}

static void put_fault(struct base_buf *b, const struct vmm_fault_record *r)
{
    put_number(b, "vector", r->vector);
    put_text(b, "name", watch_exception(r->vector));
    put_number(b, "error", r->error);
    put_hex(b, "address", r->address);
    put_number(b, "cs", r->cs);
    put_hex(b, "eip", r->eip);
    put_text(b, "where", r->where);
    put_number(b, "handled", r->handled);
}

static void put_check(struct base_buf *b, const struct vmm_check_record *r)
{
    put_text(b, "rule", r->rule);
    put_text(b, "message", r->message);
    put_text(b, "device", r->device);
    put_hex(b, "address", r->address);
    put_text(b, "where", r->where);
    put_text(b, "page", r->page);
}

static void put_output(struct base_buf *b, const struct dos_output_record *r)
{
    put_number(b, "vm", r->vm);
    base_buf_text(b, ",\"text\":");
    base_buf_json(b, r->text, r->length);
}

static void put_program(struct base_buf *b, const struct dos_program_record *r)
{
    put_number(b, "vm", r->vm);
    put_text(b, "name", r->name);
    put_text(b, "state", watch_program_state(r->progress));
    put_text(b, "how", watch_program_end(r->how));
    put_number(b, "code", r->code);
    put_text(b, "error", r->error);
}

static void put_devnode(struct base_buf *b, const struct devices_devnode_record *r)
{
    put_text(b, "id", r->id);
    put_text(b, "state", r->what);
    put_number(b, "problem", r->problem);
}

static const char *kind_name(uint32_t kind)
{
    if (kind == DOS_RECORD_OUTPUT || kind == DOS_RECORD_PROGRAM)
        return kind == DOS_RECORD_OUTPUT ? "output" : "program";
    if (kind == DEVICES_RECORD_DEVNODE)
        return "devnode";
    static const char *const names[] = {"control", "service", "event", "timeout", "switch", "io",
                                        "irq",     "fault",   "debug", "check",   "end"};
    uint32_t index = kind - VMM_RECORD_CONTROL;
    return index < BASE_COUNT(names) ? names[index] : NULL;
}

static void put_switch(struct base_buf *b, const struct vmm_switch_record *r)
{
    put_number(b, "from", r->from);
    put_number(b, "to", r->to);
}

static void put_irq(struct base_buf *b, const struct vmm_irq_record *r)
{
    put_number(b, "irq", r->irq);
    put_text(b, "state", watch_irq_state(r->state));
}

static void put_debug(struct base_buf *b, const struct vmm_debug_record *r)
{
    base_buf_text(b, ",\"text\":");
    base_buf_json(b, r->text, r->length);
}

static void put_end(struct base_buf *b, const struct vmm_end_record *r)
{
    put_text(b, "reason", watch_end_name(r->end));
    put_text(b, "message", r->message);
}

static void put_vmm(struct base_buf *b, const struct base_record *record)
{
    const void *r = record;
    switch ((enum vmm_record_kind)record->kind) {
    case VMM_RECORD_CONTROL:
        put_control(b, r);
        break;
    case VMM_RECORD_SERVICE:
        put_service(b, r);
        break;
    case VMM_RECORD_EVENT:
        put_event(b, r);
        break;
    case VMM_RECORD_TIMEOUT:
        put_timeout(b, r);
        break;
    case VMM_RECORD_SWITCH:
        put_switch(b, r);
        break;
    case VMM_RECORD_IO:
        put_io(b, r);
        break;
    case VMM_RECORD_IRQ:
        put_irq(b, r);
        break;
    case VMM_RECORD_FAULT:
        put_fault(b, r);
        break;
    case VMM_RECORD_DEBUG:
        put_debug(b, r);
        break;
    case VMM_RECORD_CHECK:
        put_check(b, r);
        break;
    case VMM_RECORD_END:
        put_end(b, r);
        break;
    }
}

static void put_payload(struct base_buf *b, const struct base_record *record)
{
    const void *r = record;
    if (record->kind == DOS_RECORD_OUTPUT)
        put_output(b, r);
    else if (record->kind == DOS_RECORD_PROGRAM)
        put_program(b, r);
    else if (record->kind == DEVICES_RECORD_DEVNODE)
        put_devnode(b, r);
    else
        put_vmm(b, record);
}

// A service call is one line, when it is done: its result belongs to it.
static bool is_entry(const struct base_record *record)
{
    return record->kind == VMM_RECORD_SERVICE &&
           ((const struct vmm_service_record *)(const void *)record)->phase == VMM_SERVICE_ENTERED;
}

void watch_trace_listen(void *user, const struct base_record *record)
{
    struct watch_trace *t = user;
    const char *kind = kind_name(record->kind);
    if (!kind || is_entry(record))
        return;
    struct base_buf *b = &t->line;
    base_buf_clear(b);
    base_buf_printf(b, "{\"t\":%llu,\"n\":%llu,\"ev\":\"%s\"", (unsigned long long)record->time,
                    (unsigned long long)record->count, kind);
    put_payload(b, record);
    base_buf_text(b, "}\n");
    if (base_buf_ok(b))
        t->out.write(t->out.user, (const char *)b->data, b->size);
}
