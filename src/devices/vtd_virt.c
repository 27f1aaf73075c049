// The timer as VMs see it. Each VM has a counter 0 of its own, whose output is its IRQ 0; counters 1 and 2 are the
// board's. The board's timer runs as fast as the fastest VM wants, while there is a VM that would notice: one that
// waits in DOS with nobody behind INT 08h and 1Ch would not, and so a machine in which all wait is idle.
#include "devices/vpicd.h"
#include "devices/vtd.h"

#include "dos/dos.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { TIMER_IRQ = 0, COUNTER = 0x40, CONTROL = 0x43 };

// Of a VM, in its control block, as it lies in the host's memory.
struct vtd_timer {
    struct pc_counter counter;
    uint64_t seen;     // virtual time up to which its output was looked at
    uint32_t next;     // VM
    uint32_t disabled; // VTD_Disable_Trapping
};

static void load(struct vmm *v, uint32_t vm, struct vtd_timer *t)
{
    if (!x86_read_linear(vmm_cpu(v), vm + vtd_state(v)->area, t, sizeof *t, X86_READ, NULL))
        vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

static void store(struct vmm *v, uint32_t vm, const struct vtd_timer *t)
{
    if (!x86_write_linear(vmm_cpu(v), vm + vtd_state(v)->area, t, sizeof *t, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

// ---------------------------------------------------------------------------------------------------------------------
// The board's timer

static void board_out(struct vmm *v, uint16_t port, uint32_t value)
{
    if (!pc_port_out(devices_board(v), port, 1, vmm_time(v), value & 0xFF))
        vmm_stop(v, VMM_END_FAULT, "the board has no timer");
}

// As fast as the fastest VM wants.
static void set_rate(struct vmm *v)
{
    uint32_t fastest = 0x10000;
    struct vtd_timer t;
    for (uint32_t vm = vtd_state(v)->first_vm; vm; vm = t.next) {
        memset(&t, 0, sizeof t);
        load(v, vm, &t);
        if (t.counter.reload && t.counter.reload < fastest)
            fastest = t.counter.reload;
    }
    board_out(v, CONTROL, 0x34); // counter 0, both bytes, a pulse each time it has counted down
    board_out(v, COUNTER, fastest);
    board_out(v, COUNTER, fastest >> 8);
}

// ---------------------------------------------------------------------------------------------------------------------
// Interrupts

void vtd_watch(struct vmm *v)
{
    struct vtd *s = vtd_state(v);
    bool wanted = dos_wants_ticks(v);
    if (wanted == s->wanted)
        return;
    if (wanted && !s->owns && vpicd_state(v)->irq[TIMER_IRQ].owners)
        return; // a driver has the timer
    if (wanted && !s->owns) {
        vpicd_own(v, TIMER_IRQ, s->interrupt_proc);
        vpicd_state(v)->irq[TIMER_IRQ].owner[0].proc[VPICD_VIRT_INT] = s->virtual_proc;
        s->owns = 1;
        set_rate(v);
    }
    s->wanted = wanted;
    vpicd_state(v)->irq[TIMER_IRQ].masking = wanted ? VPICD_UNMASKED : VPICD_MASKED;
    vpicd_program_masks(v);
}

// Whether the VM's counter has come round since it was looked at last.
static bool is_due(struct vmm *v, uint32_t vm)
{
    struct vtd_timer t;
    memset(&t, 0, sizeof t);
    load(v, vm, &t);
    bool rose = pc_counter_rose(&t.counter, t.seen, vmm_time(v));
    t.seen = vmm_time(v);
    store(v, vm, &t);
    return rose;
}

// a[0]: next program.
static void tick_resume(struct vmm *v, struct vmm_frame *f)
{
    while (f->a[0] < DOS_MOST_PROGRAMS) {
        uint32_t vm;
        if (!dos_count_ticks(v, f->a[0]++, &vm) || !is_due(v, vm))
            continue;
        vpicd_request(v, vm, TIMER_IRQ, 0, true);
        vmm_frame_wait(v);
        vpicd_refresh_begin(v, vm);
        return;
    }
    vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind tick_kind = {"the timer's tick", tick_resume, NULL};

// The hardware-interrupt procedure of IRQ 0; CF=0: it is ours.
static void timer_interrupt(void *user, struct vmm *v)
{
    (void)user;
    vpicd_phys_eoi(v, TIMER_IRQ);
    devices_carry(v, false);
    struct vmm_frame *f = vmm_frame_push(v, vtd_state(v)->tick_kind);
    if (!f)
        return;
    f->a[0] = 0;
    tick_resume(v, f);
}

// It has been simulated: the request is over, as the 8254's edge is.
static void timer_simulated(void *user, struct vmm *v)
{
    (void)user;
    vpicd_request(v, vmm_regs(v)[X86_EBX], TIMER_IRQ, 0, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// The VM's ports

static uint8_t virtual_in(struct vmm *v, uint32_t vm, unsigned port)
{
    struct vtd_timer t;
    struct pc_counter counters[3];
    memset(&t, 0, sizeof t);
    memset(counters, 0, sizeof counters);
    load(v, vm, &t);
    counters[0] = t.counter;
    uint8_t value = pc_counters_in(counters, port, vmm_time(v));
    t.counter = counters[0];
    store(v, vm, &t);
    return value;
}

// Control words for the other counters go to the board, a read-back command to both.
static void virtual_out(struct vmm *v, uint32_t vm, unsigned port, uint8_t value)
{
    struct vtd_timer t;
    struct pc_counter counters[3];
    bool read_back = port == 3 && value >> 6 == 3, mine = port == 0 || value >> 6 == 0 || (read_back && value & 2);
    if (!mine || (read_back && value & 0x0C))
        board_out(v, CONTROL, read_back ? value & ~2u : value);
    if (!mine)
        return;
    memset(&t, 0, sizeof t);
    memset(counters, 0, sizeof counters);
    load(v, vm, &t);
    counters[0] = t.counter;
    pc_counters_out(counters, port, read_back ? (uint8_t)(value & ~0x0Cu) : value, vmm_time(v));
    t.counter = counters[0];
    t.seen = vmm_time(v);
    store(v, vm, &t);
    set_rate(v);
    devices_board_changed(v);
}

static void port_io(void *user, struct vmm *v)
{
    (void)user;
    uint32_t *r = vmm_regs(v);
    if (r[X86_ECX] == DEVICES_BYTE_IN)
        r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | virtual_in(v, r[X86_EBX], r[X86_EDX] & 3);
    else if (r[X86_ECX] == DEVICES_BYTE_OUT)
        virtual_out(v, r[X86_EBX], r[X86_EDX] & 3, (uint8_t)r[X86_EAX]);
    else
        devices_split_io(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// VTD_Disable_Trapping and its counterpart: the ports of one VM, counted. Both of them, one after the other.

static void trapping_begin(struct vmm *v, uint32_t vm, uint16_t ordinal)
{
    static const uint16_t ports[] = {COUNTER, CONTROL};
    for (unsigned i = 0; i < BASE_COUNT(ports); i++) {
        if (!devices_aside_push(v))
            return;
        vmm_regs(v)[X86_EBX] = vm;
        vmm_regs(v)[X86_EDX] = ports[i];
        devices_aside_begin(v, ordinal);
    }
}

void vtd_disable_trapping_begin(struct vmm *v)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    struct vtd_timer t = {.disabled = 0};
    if (!devices_vm_or_report(v, vm, "VDAG31 VTD_Disable_Trapping"))
        return;
    load(v, vm, &t);
    t.disabled++;
    store(v, vm, &t);
    if (t.disabled == 1)
        trapping_begin(v, vm, KIT_Disable_Local_Trapping);
}

void vtd_enable_trapping_begin(struct vmm *v)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    struct vtd_timer t = {.disabled = 0};
    if (!devices_vm_or_report(v, vm, "VDAG31 VTD_Enable_Trapping"))
        return;
    load(v, vm, &t);
    if (!t.disabled) {
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 VTD_Enable_Trapping",
                   "VTD_Enable_Trapping without VTD_Disable_Trapping");
        return;
    }
    t.disabled--;
    store(v, vm, &t);
    if (!t.disabled)
        trapping_begin(v, vm, KIT_Enable_Local_Trapping);
}

// ---------------------------------------------------------------------------------------------------------------------

// As the BIOS leaves it: a square wave of 18.2 Hz.
static void begin_timer(struct vmm *v, uint32_t vm, uint32_t next)
{
    struct vtd_timer t;
    struct pc_counter counters[3];
    memset(&t, 0, sizeof t);
    memset(counters, 0, sizeof counters);
    counters[0] = (struct pc_counter){.start = PC_NEVER, .gate = 1, .access = 3};
    pc_counters_out(counters, 3, 0x36, vmm_time(v));
    pc_counters_out(counters, 0, 0, vmm_time(v));
    pc_counters_out(counters, 0, 0, vmm_time(v));
    t.counter = counters[0];
    t.seen = vmm_time(v);
    t.next = next;
    store(v, vm, &t);
}

void vtd_vm_created(struct vmm *v, uint32_t vm)
{
    struct vtd *s = vtd_state(v);
    begin_timer(v, vm, s->first_vm);
    s->first_vm = vm;
}

void vtd_vm_destroyed(struct vmm *v, uint32_t vm)
{
    struct vtd *s = vtd_state(v);
    struct vtd_timer gone = {.next = 0}, t = {.next = 0};
    load(v, vm, &gone);
    if (s->first_vm == vm)
        s->first_vm = gone.next;
    for (uint32_t at = s->first_vm; at; at = t.next) {
        load(v, at, &t);
        if (t.next != vm)
            continue;
        t.next = gone.next;
        store(v, at, &t);
    }
}

void vtd_virt_init_begin(struct vmm *v)
{
    static const struct devices_ports ports = {COUNTER, 2, CONTROL - COUNTER};
    struct vtd *s = vtd_state(v);
    s->area = devices_cb_area(v, sizeof(struct vtd_timer));
    vpicd_state(v)->irq[TIMER_IRQ].masking = VPICD_MASKED;
    vpicd_program_masks(v);
    vtd_vm_created(v, vmm_system_vm(v));
    devices_trap_begin(v, s->io_proc, 1, &ports);
}

bool vtd_virt_create(struct vmm *v)
{
    struct vtd *s = vtd_state(v);
    s->tick_kind = vmm_frame_kind_add(v, &tick_kind);
    s->interrupt_proc = vmm_host_proc(v, timer_interrupt, NULL);
    s->virtual_proc = vmm_host_proc(v, timer_simulated, NULL);
    s->io_proc = vmm_host_proc(v, port_io, NULL);
    return s->io_proc != 0;
}
