// What a driver has left behind when its memory goes away: everything in the VMM that would call into it later is named
// (Win95 DDK S3507: the system frees nothing on its behalf).
#include "vmm/defs.h"
#include "vmm/hook.h"

static bool inside(struct vmm *v, uint32_t module, uint32_t proc)
{
    return proc && vmm_module_of(v, proc, NULL) == module;
}

static void report(struct vmm *v, uint32_t proc, const char *what)
{
    vmm_report(v, "left-behind", proc, "Win95 DDK S3507", "the driver is unloaded, but %s still leads into it", what);
}

static void check_events(struct vmm *v, uint32_t module)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_event)->count; i++) {
        const struct vmm_event *e = vmm_event_at(v, i);
        if (e->group && e->id && inside(v, module, e->callback))
            report(v, e->callback, "an event that is still waiting");
    }
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_timeout)->count; i++) {
        const struct vmm_timeout *t = vmm_timeout_at(v, i);
        if (t->id && inside(v, module, t->callback))
            report(v, t->callback, "a time-out that is still waiting");
    }
}

static const char *chain_name(uint32_t chain)
{
    static const char *const names[] = {
        [VMM_CHAIN_TASK_SWITCHED - VMM_CHAIN_TASK_SWITCHED] = "a Call_When_Task_Switched callback",
        [VMM_CHAIN_THREAD_SWITCHED - VMM_CHAIN_TASK_SWITCHED] = "a Call_When_Thread_Switched callback",
        [VMM_CHAIN_IDLE - VMM_CHAIN_TASK_SWITCHED] = "a Call_When_Idle callback",
        [VMM_CHAIN_NOT_CRITICAL - VMM_CHAIN_TASK_SWITCHED] = "a Call_When_Not_Critical callback",
        [VMM_CHAIN_NMI - VMM_CHAIN_TASK_SWITCHED] = "an NMI hook",
        [VMM_CHAIN_INVALID_PAGE - VMM_CHAIN_TASK_SWITCHED] = "a hook of invalid page faults",
        [VMM_CHAIN_EXCEPTION - VMM_CHAIN_TASK_SWITCHED] = "an exception handler",
        [VMM_CHAIN_FREE_PHYS - VMM_CHAIN_TASK_SWITCHED] = "the callback of a free physical region",
    };
    return chain < VMM_CHAIN_TASK_SWITCHED ? "a hook of a V86 interrupt" : names[chain - VMM_CHAIN_TASK_SWITCHED];
}

static void check_chains(struct vmm *v, uint32_t module)
{
    for (uint32_t chain = 0; chain < VMM_CHAINS; chain++)
        for (uint32_t row = v->s.chain[chain]; row; row = vmm_callback_at(v, row)->next)
            if (inside(v, module, vmm_callback_at(v, row)->proc))
                report(v, vmm_callback_at(v, row)->proc, chain_name(chain));
    if (inside(v, module, vmm_nmi_handler(v)))
        report(v, vmm_nmi_handler(v), "the NMI handler");
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_trap)->count; i++)
        if (vmm_trap_at(v, i)->used && inside(v, module, vmm_trap_at(v, i)->proc))
            report(v, vmm_trap_at(v, i)->proc, "a V86 break point or call-back");
}

// Wherever in its chain it stands.
static void check_hooks(struct vmm *v, uint32_t module, uint32_t head, const char *what)
{
    uint32_t link = head;
    for (unsigned n = 0; link && n < VMM_LONGEST_CHAIN; n++) {
        uint32_t proc = vmm_hook_step(v, &link);
        if (inside(v, module, proc))
            report(v, proc, what);
    }
}

// Hooks of somebody else's services.
static void check_services(struct vmm *v, uint32_t module)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_module)->count; i++) {
        const struct vmm_module *m = vmm_module_at(v, i);
        if (i == module || m->state != VMM_MODULE_LISTED)
            continue;
        uint32_t table = vmm_peek32(v, m->ddb + KIT_DDB_Service_Table_Ptr);
        uint32_t count = table ? vmm_peek32(v, m->ddb + KIT_DDB_Service_Table_Size) : 0;
        for (uint32_t s = 0; s < count && s < VMM_MOST_SERVICES; s++)
            check_hooks(v, module, table + 4 * s, "a hook of a service");
    }
}

static void check_fault_hooks(struct vmm *v, uint32_t module)
{
    uint32_t head;
    for (uint32_t n = 0; (head = vmm_fault_chain_head(v, n)) != 0; n++)
        check_hooks(v, module, head, "a fault hook");
}

// What the virtual devices written in C hold: virtualized interrupts, hot keys, ...
static void check_devices(struct vmm *v, uint32_t module)
{
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct vmm_device *d = v->devices[i].device;
        uint32_t proc = 0;
        const char *what = "";
        for (uint32_t n = 0; d->holds && d->holds(v, n, &proc, &what); n++)
            if (inside(v, module, proc))
                report(v, proc, what);
    }
}

void vmm_check_unload(struct vmm *v, uint32_t module)
{
    check_devices(v, module);
    check_events(v, module);
    check_chains(v, module);
    check_services(v, module);
    check_fault_hooks(v, module);
    vmm_chapters_module_gone(v, module);
}
