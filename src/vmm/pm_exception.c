// Exceptions of a protected-mode client that neither drivers nor the VMM want: the application's handler, called on the
// locked stack; without one the first eight but one become interrupts of the same number, others end the application
// (spec: faults-io; DPMI 0.9, functions 0202h and 0203h).
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/selectors.h"

#include <stdarg.h>
#include <stdio.h>

enum { INVALID_OPCODE = 6, FIRST_FATAL = 8, FAILED = 0xFF };

struct exception_state {
    uint32_t handler_return;             // PM call-back: where handlers return to
    uint32_t default_proc;               // host procedure behind the next
    uint32_t entry[VMM_DPMI_EXCEPTIONS]; // PM call-backs made so far
};

static struct exception_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_pm_exception);
}

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
    if (vmm_pm_app(v))
        vmm_pm_app_end_begin(v, FAILED);
    else if (vmm_thread_at(v, v->s.current)->vm != v->s.system_vm)
        vmm_crash_current_begin(v);
    else
        vmm_stop(v, VMM_END_FAULT, "the System VM's protected-mode client cannot go on: %s, %s", why, where);
}

// --- handlers of the application, on the locked stack

// The frame as its handler finds it, first pushed first; the handler returns to the host and may have changed all but
// its first two dwords.
static bool call_handler(struct vmm *v, uint32_t vector, uint32_t error, uint32_t selector, uint32_t offset)
{
    uint32_t back = state_of(v)->handler_return;
    const uint32_t frame[] = {client(v, KIT_Client_SS) & 0xFFFF,
                              client(v, KIT_Client_ESP),
                              client(v, KIT_Client_EFlags) & ~(uint32_t)(X86_VM | X86_RF),
                              client(v, KIT_Client_CS) & 0xFFFF,
                              client(v, KIT_Client_EIP),
                              error,
                              back >> 16,
                              back & 0xFFFF};
    if (!vmm_pm_stack_lock(v))
        return true;
    if (!vmm_pm_push(v, frame, BASE_COUNT(frame))) {
        (void)vmm_pm_stack_unlock(v);
        if (!v->call.faulted)
            vmm_pm_dies_begin(v, "%s (%u, error %X) with no room left on the locked stack", vmm_exception_name(vector),
                              (unsigned)vector, (unsigned)error);
        return true;
    }
    vmm_client_flags(v, 0, X86_IF | X86_TF);
    vmm_client_jump(v, selector, offset);
    return true;
}

// The rest of the frame, behind the return address.
struct exception {
    uint32_t error, eip, cs, flags, esp, ss;
};

static bool pop_frame(struct vmm *v, struct exception *e)
{
    uint32_t frame[6];
    if (!vmm_pm_pop(v, frame, BASE_COUNT(frame)))
        return false;
    *e = (struct exception){frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]};
    return true;
}

static void go_on(struct vmm *v, const struct exception *e)
{
    uint32_t crs = vmm_client(v);
    (void)vmm_pm_stack_unlock(v);
    vmm_poke32(v, crs + KIT_Client_SS, e->ss & 0xFFFF);
    vmm_poke32(v, crs + KIT_Client_ESP, e->esp);
    vmm_client_flags(v, e->flags, vmm_pm_wide(v) ? 0x003FFFFF : 0xFFFF);
    vmm_client_jump(v, e->cs, e->eip);
}

static void handler_returned(void *user, struct vmm *v)
{
    struct exception e;
    (void)user;
    if (pop_frame(v, &e))
        go_on(v, &e);
    else
        vmm_pm_no_stack_begin(v);
}

// Becomes an interrupt, or ends the client.
static bool is_interrupt(uint32_t vector)
{
    return vector < FIRST_FATAL && vector != INVALID_OPCODE;
}

// The address that function 0202h gives for a vector without a handler: a handler may go on there. EDX = vector.
static void default_entered(void *user, struct vmm *v)
{
    struct exception e;
    uint32_t vector = vmm_regs(v)[X86_EDX], back[2];
    (void)user;
    if (!vmm_pm_pop(v, back, BASE_COUNT(back)) || !pop_frame(v, &e)) {
        vmm_pm_no_stack_begin(v);
        return;
    }
    go_on(v, &e);
    if (is_interrupt(vector))
        vmm_pm_int_begin(v, vector);
    else
        vmm_pm_dies_begin(v, "%s (%u, error %X)", vmm_exception_name(vector), (unsigned)vector, (unsigned)e.error);
}

uint32_t vmm_pm_default_exception(struct vmm *v, uint32_t vector)
{
    struct exception_state *s = state_of(v);
    if (!s->entry[vector] && s->default_proc)
        s->entry[vector] = vmm_pm_call_back(v, s->default_proc, vector);
    return s->entry[vector];
}

bool vmm_pm_exception_handled_begin(struct vmm *v, uint32_t vector, uint32_t error)
{
    const struct vmm_pm_app *app = vmm_pm_app(v);
    bool own = app && vector < VMM_DPMI_EXCEPTIONS && app->exception[vector].selector;
    if (own)
        return call_handler(v, vector, error, app->exception[vector].selector, app->exception[vector].offset);
    if (!is_interrupt(vector))
        return false;
    vmm_pm_int_begin(v, vector);
    return true;
}

void vmm_pm_exception_begin(struct vmm *v, uint32_t vector, uint32_t error)
{
    if (!vmm_pm_exception_handled_begin(v, vector, error))
        vmm_pm_dies_begin(v, "%s (%u, error %X)", vmm_exception_name(vector), (unsigned)vector, (unsigned)error);
}

static bool create(struct vmm *v)
{
    struct exception_state *s = state_of(v);
    uint32_t returned = vmm_host_proc(v, handler_returned, NULL);
    s->default_proc = vmm_host_proc(v, default_entered, NULL);
    s->handler_return = returned ? vmm_pm_call_back(v, returned, 0) : 0;
    return s->default_proc && s->handler_return;
}

const struct vmm_chapter vmm_pm_exception_chapter = {.state_size = sizeof(struct exception_state), .create = create};
