// Exceptions of a protected-mode client that neither drivers nor the VMM want: the first eight but one become
// interrupts of the same number, others end the client (spec: faults-io; DPMI 0.9, exceptions).
#include "vmm/defs.h"
#include "vmm/pmode.h"
#include "vmm/selectors.h"

#include <stdarg.h>
#include <stdio.h>

enum { INVALID_OPCODE = 6, FIRST_FATAL = 8 };

static uint32_t client(struct vmm *v, uint32_t offset)
{
    return vmm_peek32(v, vmm_client(v) + offset);
}

static uint32_t code_address(struct vmm *v)
{
    uint32_t base, cs = client(v, KIT_Client_CS) & 0xFFFF, eip = client(v, KIT_Client_EIP);
    if (vmm_client_v86(v))
        return (cs << 4) + (eip & 0xFFFF);
    return vmm_selector_base(v, vmm_current_vm(v), cs, &base) ? base + eip : eip;
}

// Registers as in the message about a driver's fault.
static void describe(struct vmm *v, char *to, size_t size)
{
    snprintf(to, size,
             "at %04X:%08X; EAX=%08X EBX=%08X ECX=%08X EDX=%08X ESI=%08X EDI=%08X EBP=%08X SS:ESP=%04X:%08X DS=%04X "
             "ES=%04X EFLAGS=%08X",
             client(v, KIT_Client_CS) & 0xFFFF, client(v, KIT_Client_EIP), client(v, KIT_Client_EAX),
             client(v, KIT_Client_EBX), client(v, KIT_Client_ECX), client(v, KIT_Client_EDX), client(v, KIT_Client_ESI),
             client(v, KIT_Client_EDI), client(v, KIT_Client_EBP), client(v, KIT_Client_SS) & 0xFFFF,
             client(v, KIT_Client_ESP), client(v, KIT_Client_DS) & 0xFFFF, client(v, KIT_Client_ES) & 0xFFFF,
             client(v, KIT_Client_EFlags));
}

void vmm_pm_dies_begin(struct vmm *v, const char *format, ...)
{
    char why[160], where[256];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    describe(v, where, sizeof where);
    vmm_report(v, "client-fault", code_address(v), "DPMI 0.9", "the protected-mode client of VM %u is ended: %s, %s",
               (unsigned)vmm_vm_at(v, vmm_thread_at(v, v->s.current)->vm)->id, why, where);
    if (vmm_thread_at(v, v->s.current)->vm != v->s.system_vm)
        vmm_crash_current_begin(v);
    else
        vmm_stop(v, VMM_END_FAULT, "the System VM's protected-mode client cannot go on: %s, %s", why, where);
}

bool vmm_pm_exception_handled_begin(struct vmm *v, uint32_t vector, uint32_t error)
{
    (void)error;
    if (vector >= FIRST_FATAL || vector == INVALID_OPCODE)
        return false;
    vmm_pm_int_begin(v, vector);
    return true;
}

void vmm_pm_exception_begin(struct vmm *v, uint32_t vector, uint32_t error)
{
    if (!vmm_pm_exception_handled_begin(v, vector, error))
        vmm_pm_dies_begin(v, "%s (%u, error %X)", vmm_exception_name(vector), (unsigned)vector, (unsigned)error);
}
