// One place that says what went wrong: check records, the end of a run, and the heads of all records.
#include "vmm/defs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vmm_announce(struct vmm *v, struct base_record *head, uint32_t kind, uint32_t size)
{
    head->kind = kind;
    head->size = size;
    head->time = vmm_time(v);
    head->count = v->cpu->state.count;
    base_sink_announce(&v->sink, head);
}

void vmm_report(struct vmm *v, const char *rule, uint32_t address, const char *page, const char *format, ...)
{
    v->s.rules_broken = 1;
    if (!base_sink_heard(&v->sink))
        return;
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    char where[96];
    vmm_describe_address(v, address, where, sizeof where);
    struct vmm_check_record r = {.rule = rule,
                                 .message = message,
                                 .device = vmm_module_name(v, address),
                                 .address = address,
                                 .where = where,
                                 .page = page};
    vmm_announce(v, &r.head, VMM_RECORD_CHECK, sizeof r);
}

void vmm_stop(struct vmm *v, enum vmm_end end, const char *format, ...)
{
    if (v->s.end && !vmm_may_go_on(v->s.end))
        return; // the first reason is the true one
    v->s.end = (uint8_t)end;
    va_list args;
    va_start(args, format);
    vsnprintf(v->s.message, sizeof v->s.message, format, args);
    va_end(args);
    if (v->cpu)
        x86_stop(v->cpu);
}
