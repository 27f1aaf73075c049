// Processor faults by origin (spec: faults-io; Win95 DDK S22EC, S3310-S3320): hooks, the VMM's own handlers, exception
// handlers, and what happens when nobody wants one.
#include "vmm/defs.h"
#include "vmm/pmode.h"

#include <stdio.h>

enum { V86_MEMORY = 0x110000 };
enum { SINGLE_STEP = 1, INVALID_OPCODE = 6, NO_COPROCESSOR = 7, GENERAL_PROTECTION = 13, PAGE_FAULT = 14 };

static void announce(struct vmm *v, const struct vmm_fault *fault, bool handled)
{
    if (!base_sink_heard(&v->sink))
        return;
    char where[96];
    uint32_t linear = fault->v86 ? fault->cs * 16u + fault->eip : fault->eip;
    vmm_describe_address(v, linear, where, sizeof where);
    struct vmm_fault_record r = {.vector = fault->vector,
                                 .error = fault->error,
                                 .cs = fault->cs,
                                 .eip = fault->eip,
                                 .address = fault->vector == PAGE_FAULT ? v->cpu->state.cr2 : 0,
                                 .where = where,
                                 .handled = handled};
    vmm_announce(v, &r.head, VMM_RECORD_FAULT, sizeof r);
}

// --- unhandled

static const char *const vector_names[] = {"divide error",
                                           "single step",
                                           "NMI",
                                           "breakpoint",
                                           "overflow",
                                           "bound check",
                                           "invalid opcode",
                                           "no coprocessor",
                                           "double fault",
                                           "coprocessor overrun",
                                           "invalid TSS",
                                           "segment not present",
                                           "stack fault",
                                           "general protection fault",
                                           "page fault",
                                           "reserved",
                                           "coprocessor error",
                                           "alignment check"};

const char *vmm_exception_name(uint32_t vector)
{
    return vector < BASE_COUNT(vector_names) ? vector_names[vector] : "interrupt";
}

// Dwords on the stack that lie in drivers' code, as return addresses do.
static size_t stack_trace(struct vmm *v, uint32_t esp, char *to, size_t size)
{
    size_t used = 0, shown = 0;
    for (uint32_t i = 0; i < 256 && shown < 4; i++) {
        uint8_t bytes[4];
        if (!x86_read_linear(v->cpu, esp + 4 * i, bytes, 4, X86_READ, NULL))
            break;
        uint32_t object, module = vmm_module_of(v, base_get32(bytes), &object);
        if (!module || !(vmm_object_at(v, object)->flags & LE_EXECUTE))
            continue;
        char where[96];
        vmm_describe_address(v, base_get32(bytes), where, sizeof where);
        int n = snprintf(to + used, size - used, "%s%s", shown ? ", " : "; stack: ", where);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
        shown++;
    }
    return used;
}

// Code or data that went away after Init_Complete.
static bool was_discarded(struct vmm *v, uint32_t linear)
{
    uint32_t object;
    return vmm_module_of(v, linear, &object) && !vmm_object_at(v, object)->linear;
}

// Whose code faulted. Who called a null pointer runs through the interrupt vectors until something faults: then it is
// who left his return address on the stack.
static const char *culprit_of(struct vmm *v, const struct vmm_fault *fault)
{
    uint8_t bytes[4];
    const uint32_t esp = v->cpu->state.reg[X86_ESP];
    if (!fault->ring3 && fault->eip < V86_MEMORY && x86_read_linear(v->cpu, esp, bytes, 4, X86_READ, NULL))
        return vmm_module_name(v, base_get32(bytes));
    return vmm_module_name(v, fault->eip);
}

void vmm_report_fault(struct vmm *v, const struct vmm_fault *fault)
{
    char where[96], trace[220] = "", address[40] = "";
    const uint32_t *r = v->cpu->state.reg;
    const char *culprit = culprit_of(v, fault);
    uint32_t cr2 = v->cpu->state.cr2;
    vmm_describe_address(v, fault->eip, where, sizeof where);
    if (fault->vector == PAGE_FAULT)
        snprintf(address, sizeof address, " at %08X%s", cr2, cr2 < v->cpu->state.guard ? " (null pointer)" : "");
    if (fault->vector == PAGE_FAULT && was_discarded(v, cr2))
        vmm_report(v, "discarded-init", fault->eip, "Win95 DDK S22FD",
                   "initialisation code or data at %08X was touched after Init_Complete", cr2);
    stack_trace(v, r[X86_ESP], trace, sizeof trace);
    vmm_stop(v, VMM_END_FAULT,
             "%s: %s (%u, error %X)%s in %s; EAX=%08X EBX=%08X ECX=%08X EDX=%08X ESI=%08X EDI=%08X EBP=%08X ESP=%08X "
             "EIP=%08X EFLAGS=%08X%s",
             culprit[0] ? culprit : "ring-0 code outside all drivers", vmm_exception_name(fault->vector), fault->vector,
             fault->error, address, where, r[X86_EAX], r[X86_EBX], r[X86_ECX], r[X86_EDX], r[X86_ESI], r[X86_EDI],
             r[X86_EBP], r[X86_ESP], fault->eip, fault->eflags, trace);
}

void vmm_unhandled_fault(struct vmm *v, const struct vmm_fault *fault)
{
    announce(v, fault, false);
    if (fault->ring3 && !fault->v86)
        vmm_pm_dies_begin(v, "%s (%u, error %X)", vmm_exception_name(fault->vector), fault->vector, fault->error);
    else if (fault->ring3)
        vmm_v86_dies_begin(v, fault);
    else if (!vmm_fault_call_out_begin(v, fault))
        vmm_report_fault(v, fault);
}

// --- the VMM's own handlers

static bool own_pm_begin(struct vmm *v, const struct vmm_fault *fault)
{
    if (fault->vector == GENERAL_PROTECTION && vmm_pm_monitor_begin(v))
        return true;
    return vmm_pm_exception_handled_begin(v, fault->vector, fault->error);
}

static bool own_ring3_begin(struct vmm *v, const struct vmm_fault *fault)
{
    if (!fault->v86)
        return own_pm_begin(v, fault);
    if (fault->vector == GENERAL_PROTECTION)
        return vmm_monitor_begin(v);
    if ((fault->vector <= 5 && fault->vector != 2) || fault->vector == NO_COPROCESSOR) {
        // the program's own business, as on a real-mode machine
        vmm_v86_int_begin(v, fault->vector);
        return true;
    }
    return false;
}

// Install_Exception_Handler: execution goes on at the handler with everything else as at the fault.
bool vmm_exception_handler(struct vmm *v, const struct vmm_fault *fault)
{
    for (uint32_t row = v->s.chain[VMM_CHAIN_EXCEPTION]; row; row = vmm_callback_at(v, row)->next) {
        uint32_t at = vmm_callback_at(v, row)->proc;
        if (fault->eip < vmm_peek32(v, at + KIT_EH_Start_EIP) || fault->eip > vmm_peek32(v, at + KIT_EH_End_EIP))
            continue;
        v->cpu->state.eip = vmm_peek32(v, at + KIT_EH_Handler);
        return true;
    }
    return false;
}

void vmm_own_fault_begin(struct vmm *v, const struct vmm_fault *fault)
{
    bool done = fault->vector == PAGE_FAULT && vmm_page_fault_begin(v, fault);
    if (!done)
        done = fault->ring3 ? own_ring3_begin(v, fault) : vmm_exception_handler(v, fault);
    if (!done && !vmm_fault_hooks_begin(v, fault, true))
        vmm_unhandled_fault(v, fault);
}

// The VMM's own opcodes in a client's code (break points, call-backs, the end of nested execution, BIOS and DOS) are
// calls and no faults of the client: a hook that takes every invalid opcode for the program's own must not get them.
static bool client_trap_begin(struct vmm *v, const struct vmm_fault *fault)
{
    if (!fault->ring3)
        return false;
    if (fault->v86)
        return fault->vector == INVALID_OPCODE && vmm_trap_begin(v);
    return fault->vector == GENERAL_PROTECTION && vmm_pm_trap_begin(v);
}

void vmm_fault_begin(struct vmm *v, const struct vmm_fault *fault)
{
    if (fault->ring3 && fault->vector == SINGLE_STEP && vmm_stepped(v))
        return; // to the client, by way of what waited
    if (!client_trap_begin(v, fault) && !vmm_fault_hooks_begin(v, fault, false))
        vmm_own_fault_begin(v, fault);
}

// --- services

static void install_exception_handler(struct vmm *v)
{
    uint32_t at = vmm_regs(v)[X86_ESI];
    bool ok = vmm_probe(v, at, KIT_SIZE_Exception_Handler_Struc, false);
    if (v->call.faulted)
        return;
    ok = ok && vmm_chain_add(v, VMM_CHAIN_EXCEPTION, at, 0, true);
    vmm_set_flag(v, X86_CF, !ok);
}

static void remove_exception_handler(struct vmm *v)
{
    uint32_t row = vmm_chain_find(v, VMM_CHAIN_EXCEPTION, vmm_regs(v)[X86_ESI]);
    if (row)
        vmm_chain_remove(v, VMM_CHAIN_EXCEPTION, row);
    vmm_set_flag(v, X86_CF, !row);
}

static const struct vmm_binding bindings[] = {
    {KIT_Install_Exception_Handler, install_exception_handler},
    {KIT_Remove_Exception_Handler, remove_exception_handler},
    {0, NULL},
};

const struct vmm_chapter vmm_fault_chapter = {.bindings = bindings};
