// Boot and shutdown: one ring-0 chain of control messages (Win95 DDK S22FD), and what is asked for from outside while
// the system runs.
#include "vmm/defs.h"
#include "vmm/heap.h"
#include "vmm/v86data.h"
#include "vmm/window.h"

// Steps of a BOOT frame.
enum {
    BOOT_REAL,
    BOOT_CRITICAL,
    BOOT_DEVICE,
    BOOT_COMPLETE,
    BOOT_SYS_VM,
    BOOT_OVER,
    EXIT_VMS,
    EXIT_SYS_VM,
    EXIT_RECLAIM,
    EXIT_SYSTEM,
    EXIT_CRITICAL,
    EXIT_OVER,
    TICKET_DONE,
    LOAD_DONE,
    VM_MADE
};

static void send(struct vmm *v, struct vmm_frame *f, uint32_t message, uint32_t phase, bool with_tail)
{
    const uint32_t p[4] = {vmm_system_vm(v), 0, with_tail ? v->s.command_tail : 0, 0};
    v->s.phase = phase;
    f->step++;
    vmm_frame_wait(v);
    vmm_broadcast_begin(v, message, p, true);
}

void vmm_phase_second(struct vmm *v, uint32_t message)
{
    if (message == KIT_System_Exit)
        v->s.phase = KIT_SYSSTATE_PRESYSTEMEXIT2;
    if (message == KIT_Sys_Critical_Exit)
        v->s.phase = KIT_SYSSTATE_PRESYSCRITEXIT2;
}

static void boot_over(struct vmm *v)
{
    v->s.booted = 1;
    vmm_frame_pop_all(v); // to the LEAVE gate: the System VM begins
}

static void exit_over(struct vmm *v)
{
    v->s.phase = KIT_SYSSTATE_POSTSYSCRITEXIT2;
    vmm_check_exit(v);
    vmm_stop(v, VMM_END_SHUTDOWN, "%s", "");
}

static void ticket_done(struct vmm *v, struct vmm_frame *f)
{
    struct vmm_ticket *t = vmm_ticket_at(v, f->a[0]);
    t->state = 2;
    t->carry = vmm_flag(v, X86_CF);
    t->eax = vmm_regs(v)[X86_EAX];
    vmm_frame_pop_all(v);
}

static void load_done(struct vmm *v, struct vmm_frame *f)
{
    uint32_t module = vmm_ticket_at(v, f->a[0])->module;
    if (vmm_flag(v, X86_CF)) {
        v->s.rules_broken = 1; // the driver refused
        vmm_module_unlist(v, module);
        vmm_module_unload(v, module);
    }
    ticket_done(v, f);
}

// The VM that was asked for gets its program and the focus.
static void vm_made(struct vmm *v, struct vmm_frame *f)
{
    const uint32_t vm = vmm_regs(v)[X86_EBX], p[4] = {vm, 0, 0, 0};
    if (vmm_flag(v, X86_CF)) {
        vmm_residents_vm_started(v, 0, vmm_ticket_at(v, f->a[0])->ebx);
        ticket_done(v, f);
        return;
    }
    vmm_residents_vm_started(v, vm, vmm_ticket_at(v, f->a[0])->ebx);
    v->s.focus = vmm_vm_row(v, vm);
    f->step = TICKET_DONE;
    vmm_frame_wait(v);
    vmm_broadcast_begin(v, KIT_Set_Device_Focus, p, false);
}

static void boot_resume(struct vmm *v, struct vmm_frame *f);

// All other VMs go first, one after the other; then the System VM's own end begins.
static void end_vms(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = vmm_vm_to_end(v);
    vmm_frame_wait(v);
    if (vmm_destroy_due_begin(v))
        return;
    if (vm) {
        vmm_vm_end_begin(v, vm, KIT_VNE_Nuked);
        return;
    }
    f->step = EXIT_SYS_VM;
    boot_resume(v, f);
}

static void real_init(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_real_init_begin(v))
        return; // comes back to this step
    f = vmm_frame_top(v);
    f->step = BOOT_CRITICAL;
    v->cpu->state.eflags = 2; // no interrupts before Device_Init
    boot_resume(v, f);
}

static void begin_sys_vm(struct vmm *v, struct vmm_frame *f)
{
    vmm_discard_init(v);
    vmm_heap_drop_init(v);
    vmm_window_pattern(v);
    vmm_instance_snapshot(v);
    send(v, f, KIT_Sys_VM_Init, KIT_SYSSTATE_VXDINITCOMPLETED, false);
}

static void sys_vm_begun(struct vmm *v)
{
    if (vmm_flag(v, X86_CF))
        vmm_stop(v, VMM_END_REFUSED, "a driver refused Sys_VM_Init: Windows does not start");
    else
        boot_over(v);
}

static void boot_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case BOOT_REAL:
        real_init(v, f);
        break;
    case BOOT_CRITICAL:
        send(v, f, KIT_Sys_Critical_Init, KIT_SYSSTATE_PRESYSCRITINIT, true);
        break;
    case BOOT_DEVICE:
        send(v, f, KIT_Device_Init, KIT_SYSSTATE_PREDEVICEINIT, true);
        break;
    case BOOT_COMPLETE:
        send(v, f, KIT_Init_Complete, KIT_SYSSTATE_PREINITCOMPLETE, true);
        break;
    case BOOT_SYS_VM:
        begin_sys_vm(v, f);
        break;
    case BOOT_OVER:
        sys_vm_begun(v);
        break;
    case EXIT_VMS:
        end_vms(v, f);
        break;
    case EXIT_SYS_VM:
        send(v, f, KIT_Sys_VM_Terminate, KIT_SYSSTATE_PRESYSVMTERMINATE, false);
        break;
    case EXIT_RECLAIM:
        f->step++;
        vmm_frame_wait(v);
        vmm_reclaim_begin(v);
        break;
    case EXIT_SYSTEM:
        send(v, f, KIT_System_Exit, KIT_SYSSTATE_PRESYSTEMEXIT, false);
        break;
    case EXIT_CRITICAL:
        send(v, f, KIT_Sys_Critical_Exit, KIT_SYSSTATE_PRESYSCRITEXIT, false);
        break;
    case EXIT_OVER:
        exit_over(v);
        break;
    case TICKET_DONE:
        ticket_done(v, f);
        break;
    case VM_MADE:
        vm_made(v, f);
        break;
    default:
        load_done(v, f);
    }
}

const struct vmm_frame_kind vmm_boot_frame = {"the boot chain", boot_resume, NULL};

static void chain_begin(struct vmm *v, uint16_t step, uint32_t ticket)
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_BOOT);
    if (!f)
        return;
    f->step = step;
    f->a[0] = ticket;
    vmm_frame_wait(v); // the processor runs it from its gate
}

void vmm_boot(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    struct x86_state *s = &v->cpu->state;
    v->s.boot_begun = 1;
    s->eip = vmm_gate_address(VMM_GATE_LEAVE);
    s->reg[X86_ESP] = t->crs;
    s->eflags = 2;
    chain_begin(v, BOOT_REAL, 0);
    v->cpu->state.eflags = 2;               // no interrupts before Device_Init
    struct vmm_frame *f = vmm_frame_top(v); // NULL: no host memory, the run has ended
    if (f)
        f->eflags = X86_IF | 2;
}

bool vmm_boot_begun(const struct vmm *v)
{
    return v->s.boot_begun;
}

// --- from outside: done by the System VM's thread, which has to run for it, whoever else wants the processor

static void call_system_thread(struct vmm *v)
{
    v->s.tickets_due = 1;
    v->s.reschedule = 1;
    if (v->s.system_thread)
        vmm_idle_set(v, v->s.system_thread, false);
}

static uint32_t ask_first(struct vmm *v, const struct vmm_ticket *what)
{
    uint32_t row = vmm_ticket_new(v);
    if (!row)
        return 0;
    *vmm_ticket_at(v, row) = *what;
    vmm_ticket_at(v, row)->next = v->s.first_ticket;
    v->s.first_ticket = row;
    if (!v->s.last_ticket)
        v->s.last_ticket = row;
    call_system_thread(v);
    return row;
}

static uint32_t ask(struct vmm *v, const struct vmm_ticket *what)
{
    uint32_t row = vmm_ticket_new(v);
    if (!row)
        return 0;
    *vmm_ticket_at(v, row) = *what;
    if (v->s.last_ticket)
        vmm_ticket_at(v, v->s.last_ticket)->next = row;
    else
        v->s.first_ticket = row;
    v->s.last_ticket = row;
    call_system_thread(v);
    return row;
}

void vmm_shutdown(struct vmm *v)
{
    if (!ask(v, &(struct vmm_ticket){.kind = VMM_TICKET_SHUTDOWN}))
        vmm_stop(v, VMM_END_MEMORY, "no host memory to shut down");
}

void vmm_load_queue(struct vmm *v, uint32_t module)
{
    vmm_module_at(v, module)->state = VMM_MODULE_QUEUED;
    if (!ask(v, &(struct vmm_ticket){.kind = VMM_TICKET_LOAD, .module = module}))
        vmm_stop(v, VMM_END_MEMORY, "no host memory to load a driver");
}

bool vmm_send_control(struct vmm *v, const char *device, uint32_t message, uint32_t ebx, uint32_t edx, uint32_t esi,
                      uint32_t edi, uint32_t *ticket)
{
    uint32_t module = device ? vmm_module_by_name(v, device) : 0;
    if (device && !module)
        return false;
    *ticket = ask(v, &(struct vmm_ticket){.kind = VMM_TICKET_CONTROL,
                                          .module = module,
                                          .message = message,
                                          .ebx = ebx,
                                          .edx = edx,
                                          .esi = esi,
                                          .edi = edi});
    return *ticket != 0;
}

bool vmm_start_vm(struct vmm *v, uint32_t reference)
{
    return ask(v, &(struct vmm_ticket){.kind = VMM_TICKET_VM, .ebx = reference}) != 0;
}

bool vmm_send_control_first(struct vmm *v, const char *device, uint32_t message)
{
    uint32_t module = vmm_module_by_name(v, device);
    return module &&
           ask_first(v, &(struct vmm_ticket){
                            .kind = VMM_TICKET_CONTROL, .module = module, .message = message, .ebx = vmm_system_vm(v)});
}

bool vmm_device_present(struct vmm *v, const char *device)
{
    return vmm_module_by_name(v, device) != 0;
}

bool vmm_control_result(const struct vmm *v, uint32_t ticket, bool *carry, uint32_t *eax)
{
    if (ticket == 0 || ticket >= v->tables[VMM_TABLE_ticket].count)
        return false;
    const struct vmm_ticket *t = vmm_ticket_at(v, ticket);
    *carry = t->carry;
    *eax = t->eax;
    return t->state == 2;
}

static void load_begin(struct vmm *v, uint32_t ticket)
{
    uint32_t module = vmm_ticket_at(v, ticket)->module;
    vmm_module_list(v, module);
    uint32_t flags = vmm_module_at(v, module)->ddb + KIT_DDB_Flags;
    vmm_poke16(v, flags, (uint16_t)(vmm_peek16(v, flags) | KIT_DDB_Dynamic_VxD));
    chain_begin(v, LOAD_DONE, ticket);
    vmm_directed_begin(v, module, KIT_Sys_Dynamic_Device_Init,
                       (const uint32_t[4]){vmm_system_vm(v), 0, v->s.command_tail, 0});
}

static void control_begin(struct vmm *v, uint32_t ticket)
{
    const struct vmm_ticket t = *vmm_ticket_at(v, ticket);
    const uint32_t p[4] = {t.ebx, t.edx, t.esi, t.edi};
    chain_begin(v, TICKET_DONE, ticket);
    if (t.module)
        vmm_directed_begin(v, t.module, t.message, p);
    else
        vmm_broadcast_begin(v, t.message, p, false);
}

static uint32_t take_ticket(struct vmm *v)
{
    uint32_t ticket = v->s.first_ticket;
    if (ticket)
        v->s.first_ticket = vmm_ticket_at(v, ticket)->next;
    if (!v->s.first_ticket)
        v->s.last_ticket = 0;
    return ticket;
}

// A driver that VXDLDR has loaded in the meantime.
static bool is_done(struct vmm *v, uint32_t ticket)
{
    struct vmm_ticket *t = vmm_ticket_at(v, ticket);
    bool done = t->kind == VMM_TICKET_LOAD && vmm_module_at(v, t->module)->state != VMM_MODULE_QUEUED;
    t->state = done ? 2 : t->state;
    return done;
}

// On the way to ring 3: the next thing asked for from outside. Only the System VM's thread does such things.
bool vmm_ticket_begin(struct vmm *v)
{
    if (v->s.current != v->s.system_thread || vmm_frame_top(v))
        return false;
    uint32_t ticket;
    do {
        ticket = take_ticket(v);
        if (!ticket) {
            v->s.tickets_due = 0;
            return false;
        }
    } while (is_done(v, ticket));
    vmm_ticket_at(v, ticket)->state = 1;
    v->s.ticket_woke = 0;
    v->s.idle_told = 0;
    v->s.idle_asks = 0;
    switch (vmm_ticket_at(v, ticket)->kind) {
    case VMM_TICKET_SHUTDOWN:
        v->s.shutting_down = 1;
        chain_begin(v, EXIT_VMS, ticket);
        break;
    case VMM_TICKET_LOAD:
        load_begin(v, ticket);
        break;
    case VMM_TICKET_VM:
        chain_begin(v, VM_MADE, ticket);
        vmm_create_vm_begin(v);
        break;
    default:
        control_begin(v, ticket);
    }
    return true;
}
