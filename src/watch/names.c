#include "watch/names.h"

#include "dos/dos.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "vmm/observe.h"
#include "vmm/vmm.h"

#define NAME_IN(table, index) ((index) < BASE_COUNT(table) && (table)[index] ? (table)[index] : "unknown")

const char *watch_event_kind(uint8_t kind)
{
    static const char *const names[] = {"global", "vm", "thread", "priority", "restricted"};
    return NAME_IN(names, kind);
}

const char *watch_event_state(uint8_t state)
{
    static const char *const names[] = {"scheduled", "waiting", "run", "done", "timeout", "cancelled"};
    return NAME_IN(names, state);
}

const char *watch_timeout_kind(uint8_t kind)
{
    static const char *const names[] = {"global", "vm", "thread", "async"};
    return NAME_IN(names, kind);
}

const char *watch_irq_state(uint8_t state)
{
    static const char *const names[] = {"raised", "delivered", "simulated", "eoi"};
    return NAME_IN(names, state);
}

const char *watch_program_state(uint8_t progress)
{
    static const char *const names[] = {
        [DOS_QUEUED] = "queued", [DOS_RUNNING] = "running", [DOS_ENDED] = "ended", [DOS_FAILED] = "failed"};
    return NAME_IN(names, progress);
}

const char *watch_program_end(uint8_t how)
{
    static const char *const names[] = {[DOS_BY_EXIT] = "exit",
                                        [DOS_BY_CTRL_C] = "ctrl-c",
                                        [DOS_BY_ERROR] = "error",
                                        [DOS_RESIDENT] = "resident",
                                        [DOS_WITH_VM] = "vm"};
    return NAME_IN(names, how);
}

const char *watch_end_name(uint8_t end)
{
    static const char *const names[] = {
        [VMM_RUNNING] = "running",       [VMM_END_IDLE] = "idle",       [VMM_END_TIME] = "time",
        [VMM_END_SHUTDOWN] = "shutdown", [VMM_END_REFUSED] = "refused", [VMM_END_FAULT] = "fault",
        [VMM_END_MISSING] = "missing",   [VMM_END_LIMIT] = "limit",     [VMM_END_MEMORY] = "memory",
    };
    return NAME_IN(names, end);
}

const char *watch_device_problem(uint32_t problem)
{
    static const char *const words[] = {
        [KIT_CM_PROB_NOT_CONFIGURED] = "no driver is named for it",
        [KIT_CM_PROB_DEVLOADER_FAILED] = "its loader has failed",
        [KIT_CM_PROB_OUT_OF_MEMORY] = "out of memory",
        [KIT_CM_PROB_FAILED_FILTER] = "a handler refuses its configurations",
        [KIT_CM_PROB_DEVLOADER_NOT_FOUND] = "its loader is not there",
        [KIT_CM_PROB_FAILED_START] = "its driver does not start it",
        [KIT_CM_PROB_NORMAL_CONFLICT] = "the resources it needs are taken",
        [KIT_CM_PROB_DISABLED] = "it is disabled",
        [KIT_CM_PROB_DEVLOADER_NOT_READY] = "its loader is not ready",
    };
    return NAME_IN(words, problem);
}

const char *watch_exception(uint8_t vector)
{
    static const char *const names[] = {
        "divide error",
        "debug exception",
        "NMI",
        "breakpoint",
        "overflow",
        "bound range exceeded",
        "invalid instruction",
        "no coprocessor",
        "double fault",
        "coprocessor segment",
        "invalid TSS",
        "segment not present",
        "stack fault",
        "general protection",
        "page fault",
        NULL,
        "coprocessor error",
        "alignment check",
    };
    return NAME_IN(names, vector);
}

const char *watch_message_words(uint32_t message)
{
    static const struct {
        uint32_t message;
        const char *words;
    } table[] = {
        {KIT_Sys_Critical_Init, "first message of boot, interrupts are off"},
        {KIT_Device_Init, "main initialisation, interrupts are on"},
        {KIT_Init_Complete, "initialisation is over, init-only code goes away"},
        {KIT_Sys_VM_Init, "the System VM starts"},
        {KIT_Sys_VM_Terminate, "the System VM ends"},
        {KIT_Sys_VM_Terminate2, "the same, last device first"},
        {KIT_System_Exit, "shutdown, interrupts are on"},
        {KIT_System_Exit2, "the same, last device first"},
        {KIT_Sys_Critical_Exit, "last message, interrupts are off"},
        {KIT_Sys_Critical_Exit2, "the same, last device first"},
        {KIT_Create_VM, "a virtual machine is made"},
        {KIT_VM_Critical_Init, "a new virtual machine, interrupts are off"},
        {KIT_VM_Init, "a new virtual machine starts"},
        {KIT_VM_Terminate, "a virtual machine ends"},
        {KIT_VM_Not_Executeable, "a virtual machine will not run again"},
        {KIT_Destroy_VM, "a virtual machine goes away"},
        {KIT_Sys_Dynamic_Device_Init, "the driver was loaded into the running system"},
        {KIT_Sys_Dynamic_Device_Exit, "the driver is about to be unloaded"},
        {KIT_Create_Thread, "a thread is made"},
        {KIT_Thread_Init, "a new thread starts"},
        {KIT_Terminate_Thread, "a thread ends"},
        {KIT_W32_DeviceIoControl, "a Win32 program calls"},
    };
    for (size_t i = 0; i < BASE_COUNT(table); i++)
        if (table[i].message == message)
            return table[i].words;
    return NULL;
}

const char *watch_restriction(unsigned bit)
{
    if (1u << bit == VMM_NOT_CURRENT_VM)
        return "not current VM";
    if (1u << bit == VMM_NOT_CURRENT_THREAD)
        return "not current thread";
    for (size_t i = 0; i < kit_constant_count; i++) {
        const struct kit_constant *c = &kit_constants[i];
        if (c->bit == bit && c->group[0] == 'P' && c->group[1] == 'E' && c->group[2] == 'F' && !c->group[3])
            return c->name;
    }
    return NULL;
}

const char *watch_restriction_words(unsigned bit)
{
    static const struct {
        uint32_t flag;
        const char *words;
    } table[] = {
        {KIT_PEF_Wait_For_STI, "the virtual machine has interrupts off"},
        {KIT_PEF_Wait_Not_Crit, "the critical section is taken"},
        {KIT_PEF_Wait_Not_HW_Int, "a hardware interrupt is being handled"},
        {KIT_PEF_Wait_Not_Nested_Exec, "nested execution is going on"},
        {KIT_PEF_Wait_In_PM, "the virtual machine is not in protected mode"},
        {KIT_PEF_Wait_For_Thread_STI, "the thread has interrupts off"},
        {KIT_PEF_Wait_Crit, "somebody else has the critical section"},
        {KIT_PEF_Wait_Crit_VM, "somebody else in the System VM has the critical section"},
        {KIT_PEF_Always_Sched, "it was asked not to run at once"},
        {KIT_PEF_Process_Last, "others go first"},
        {VMM_NOT_CURRENT_VM, "another virtual machine is running"},
        {VMM_NOT_CURRENT_THREAD, "another thread is running"},
    };
    for (size_t i = 0; i < BASE_COUNT(table); i++)
        if (table[i].flag == 1u << bit)
            return table[i].words;
    return "a restriction is not met";
}

bool watch_refused(const struct vmm_control_record *r)
{
    const struct kit_message *m = kit_message(r->message);
    return r->carry && (!m || m->flags & KIT_REFUSABLE);
}
