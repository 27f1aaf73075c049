// VPICD's virtual side: every VM has a pair of virtual controllers, level triggered (VDAG31 Virtual_PIC_Device), and a
// request per driver and IRQ. A pending request becomes a priority event of the VM that waits for interrupts to be
// enabled; the event lets the VM's handler run through Simulate_Int and notices its IRET through Call_When_VM_Returns.
#include "devices/vpicd.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "vmm/observe.h"

#include <string.h>

// The area in a control block, dword offsets. The controllers come as bytes.
enum {
    AREA_PICS = 0,
    AREA_SCHEDULED = (2 * sizeof(struct pc_pic) + 3) / 4 * 4, // an event is under way
    AREA_IRETS = AREA_SCHEDULED + 4,                          // per IRQ a byte: handlers that have not returned
    AREA_NEXT_VM = AREA_IRETS + PC_IRQS,
    AREA_REQUESTS = AREA_NEXT_VM + 4, // per IRQ: bit n = slot n
    AREA_SIZE = AREA_REQUESTS + 4 * PC_IRQS,
    DEFAULT_IRET_TIME_OUT = 500, // ms
    MOST_IRETS = 0xFF,
};

uint32_t vpicd_area_size(void)
{
    return AREA_SIZE;
}

static uint32_t field(struct vmm *v, uint32_t vm, uint32_t offset)
{
    return vm + vpicd_state(v)->area + offset;
}

// A VM's controllers in one access: they are bytes, without order or padding.
static void no_area(struct vmm *v, uint32_t vm)
{
    vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

void vpicd_load(struct vmm *v, uint32_t vm, struct vpicd_virtual *c)
{
    memset(c, 0, sizeof *c);
    if (!x86_read_linear(vmm_cpu(v), field(v, vm, AREA_PICS), c->pic, sizeof c->pic, X86_READ, NULL))
        no_area(v, vm);
}

static void store(struct vmm *v, uint32_t vm, struct vpicd_virtual *c)
{
    pc_pic_input(&c->pic[0], VPICD_CASCADE, pc_pic_pending(&c->pic[1]) >= 0);
    if (!x86_write_linear(vmm_cpu(v), field(v, vm, AREA_PICS), c->pic, sizeof c->pic, X86_WRITE, NULL))
        no_area(v, vm);
}

static int pending_irq(const struct vpicd_virtual *c)
{
    int line = pc_pic_pending(&c->pic[0]);
    if (line != VPICD_CASCADE)
        return line;
    line = pc_pic_pending(&c->pic[1]);
    return line < 0 ? -1 : line + 8;
}

uint32_t vpicd_requests(struct vmm *v, uint32_t vm, unsigned irq)
{
    return vmm_peek32(v, field(v, vm, AREA_REQUESTS + 4 * irq));
}

static uint32_t irets(struct vmm *v, uint32_t vm, unsigned irq)
{
    return vmm_peek32(v, field(v, vm, AREA_IRETS + irq / 4 * 4)) >> irq % 4 * 8 & MOST_IRETS;
}

uint32_t vpicd_irets_pending(struct vmm *v, uint32_t vm)
{
    uint32_t irqs = 0;
    for (unsigned irq = 0; irq < PC_IRQS; irq++)
        irqs |= (uint32_t)(irets(v, vm, irq) != 0) << irq;
    return irqs;
}

// A handler that enables interrupts after its EOI may be entered again before it returns (Win95 DDK S34B1).
static void count_iret(struct vmm *v, uint32_t vm, unsigned irq, int change)
{
    uint32_t at = field(v, vm, AREA_IRETS + irq / 4 * 4), shift = irq % 4 * 8, all = vmm_peek32(v, at);
    uint32_t n = all >> shift & MOST_IRETS;
    if (change > 0 ? n < MOST_IRETS : n > 0)
        n += (uint32_t)change;
    vmm_poke32(v, at, (all & ~((uint32_t)MOST_IRETS << shift)) | n << shift);
}

void vpicd_request(struct vmm *v, uint32_t vm, unsigned irq, unsigned slot, bool set)
{
    struct vpicd_virtual c;
    uint32_t at = field(v, vm, AREA_REQUESTS + 4 * irq), requests = vmm_peek32(v, at);
    requests = set ? requests | 1u << slot : requests & ~(1u << slot);
    vmm_poke32(v, at, requests);
    vpicd_load(v, vm, &c);
    pc_pic_input(&c.pic[irq >> 3], irq & 7, requests != 0);
    store(v, vm, &c);
}

void vpicd_forget_requests(struct vmm *v, unsigned irq, unsigned slot)
{
    for (uint32_t vm = vpicd_state(v)->first_vm; vm; vm = vmm_peek32(v, field(v, vm, AREA_NEXT_VM)))
        vpicd_request(v, vm, irq, slot, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// VMs

static void count_unmasked(struct vmm *v, uint32_t before, uint32_t after)
{
    struct vpicd *s = vpicd_state(v);
    for (unsigned irq = 0; irq < PC_IRQS; irq++)
        s->irq[irq].unmasked_in += (before >> irq & 1) - (after >> irq & 1);
}

static uint32_t lines_of(int master, int slave)
{
    return (uint32_t)master | (uint32_t)slave << 8;
}

static uint32_t virtual_imr(const struct vpicd_virtual *c)
{
    return lines_of(c->pic[0].imr, c->pic[1].imr);
}

void vpicd_vm_created(struct vmm *v, uint32_t vm)
{
    struct vpicd *s = vpicd_state(v);
    struct vpicd_virtual c;
    memset(&c, 0, sizeof c);
    for (unsigned i = 0; i < 2; i++) {
        c.pic[i].lowest = 7;
        c.pic[i].elcr = 0xFF;
        c.pic[i].base = i ? 0x70 : 0x08;
        c.pic[i].cascade = i ? VPICD_CASCADE : 1u << VPICD_CASCADE;
        c.pic[i].imr = s->fresh_imr[i];
    }
    store(v, vm, &c);
    vmm_poke32(v, field(v, vm, AREA_NEXT_VM), s->first_vm);
    s->first_vm = vm;
    count_unmasked(v, 0xFFFF, virtual_imr(&c));
    vpicd_program_masks(v);
}

void vpicd_vm_destroyed(struct vmm *v, uint32_t vm)
{
    struct vpicd *s = vpicd_state(v);
    struct vpicd_virtual c;
    vpicd_load(v, vm, &c);
    count_unmasked(v, virtual_imr(&c), 0xFFFF);
    vpicd_default_destroyed(v, vm, lines_of(c.pic[0].isr | c.pic[0].irr, c.pic[1].isr | c.pic[1].irr));
    vpicd_program_masks(v);
    uint32_t next = vmm_peek32(v, field(v, vm, AREA_NEXT_VM));
    if (s->first_vm == vm)
        s->first_vm = next;
    for (uint32_t at = s->first_vm; at; at = vmm_peek32(v, field(v, at, AREA_NEXT_VM))) {
        if (vmm_peek32(v, field(v, at, AREA_NEXT_VM)) == vm)
            vmm_poke32(v, field(v, at, AREA_NEXT_VM), next);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Walks: a[0] VM, a[1] IRQs still to do, a[2] next slot, a[3] procedure, a[4] ECX, a[5] CF

static bool walk_call_begin(struct vmm *v, struct vmm_frame *f, unsigned irq, unsigned slot)
{
    uint32_t proc = vpicd_state(v)->irq[irq].owner[slot].proc[f->a[3]];
    if (!proc)
        return false;
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = vpicd_handle(v, irq, slot);
    r[X86_EBX] = f->a[0];
    r[X86_ECX] = f->a[4];
    vmm_set_flag(v, X86_IF, false);
    vmm_set_flag(v, X86_CF, f->a[5]);
    vmm_frame_call_begin(v, proc);
    return true;
}

static bool walk_on_begin(struct vmm *v, struct vmm_frame *f)
{
    for (; f->a[1]; f->a[1] &= f->a[1] - 1, f->a[2] = 0) {
        unsigned irq = 0;
        while (!(f->a[1] >> irq & 1))
            irq++;
        while (irq < PC_IRQS && f->a[2] < vpicd_slots(&vpicd_state(v)->irq[irq])) {
            if (walk_call_begin(v, f, irq, f->a[2]++))
                return true;
        }
    }
    return false;
}

static void walk_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0];
    vpicd_check_kept(v, f);
    if (walk_on_begin(v, f))
        return;
    vmm_frame_pop_all(v);
    vpicd_refresh_begin(v, vm);
}

static const struct vmm_frame_kind walk_kind = {"a procedure of a virtualized IRQ", walk_resume, NULL};

void vpicd_walk_begin(struct vmm *v, enum vpicd_proc proc, uint32_t vm, uint32_t irqs, uint32_t extra, bool carry)
{
    struct vmm_frame *f = vmm_frame_push(v, vpicd_state(v)->walk_kind);
    if (!f)
        return;
    f->a[0] = vm;
    f->a[1] = irqs;
    f->a[2] = 0;
    f->a[3] = proc;
    f->a[4] = extra;
    f->a[5] = carry;
    walk_resume(v, f);
}

// ---------------------------------------------------------------------------------------------------------------------
// From a request to the VM's handler and back

// An event of the VM, boosted so that the VM is chosen soon, waiting until it has interrupts enabled. The boost stays
// until the handler has returned (VDAG31 Virtual_PIC_Device: Time_Critical_Boost while simulating).
void vpicd_refresh_begin(struct vmm *v, uint32_t vm)
{
    struct vpicd_virtual c;
    vpicd_load(v, vm, &c);
    if (pending_irq(&c) < 0 || vmm_peek32(v, field(v, vm, AREA_SCHEDULED)))
        return;
    vmm_poke32(v, field(v, vm, AREA_SCHEDULED), 1);
    if (!devices_aside_push(v))
        return;
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = KIT_Time_Critical_Boost;
    r[X86_EBX] = vm;
    r[X86_ECX] = KIT_PEF_Wait_For_STI | KIT_PEF_Always_Sched | KIT_PEF_Dont_Unboost;
    r[X86_EDX] = 0;
    r[X86_ESI] = vpicd_state(v)->simulate_proc;
    devices_aside_begin(v, KIT_Call_Priority_VM_Event);
}

static void unboost_begin(struct vmm *v, uint32_t vm)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = 0u - KIT_Time_Critical_Boost;
    vmm_regs(v)[X86_EBX] = vm;
    devices_aside_begin(v, KIT_Adjust_Exec_Priority);
}

static void announce(struct vmm *v, unsigned irq, uint8_t what)
{
    struct vmm_irq_record r = {.irq = (uint8_t)irq, .state = what};
    if (base_sink_heard(vmm_sink(v)))
        devices_announce(v, &r.head, VMM_RECORD_IRQ, sizeof r);
}

static void set_hw_int_flag(struct vmm *v, uint32_t vm, bool on)
{
    if (!vpicd_state(v)->provided)
        return; // Windows 3.1
    uint32_t at = vm + vpicd_state(v)->provided, flags = vmm_peek32(v, at);
    vmm_poke32(v, at, on ? flags | KIT_PEF_Wait_Not_HW_Int : flags & ~(uint32_t)KIT_PEF_Wait_Not_HW_Int);
}

// The VM has an interrupt. What VPICD itself had requested for it was an edge; drivers' requests are levels.
static void taken(struct vmm *v, uint32_t vm, unsigned irq)
{
    if (!vpicd_state(v)->irq[irq].owners)
        vpicd_request(v, vm, irq, 0, false);
}

// The controllers' acknowledge cycle; gives the vector.
static uint32_t take_interrupt(struct vmm *v, uint32_t vm, unsigned irq)
{
    struct vpicd_virtual c;
    vpicd_load(v, vm, &c);
    if (irq >= 8)
        pc_pic_acknowledge(&c.pic[0], VPICD_CASCADE);
    pc_pic_acknowledge(&c.pic[irq >> 3], irq & 7);
    uint32_t vector = c.pic[irq >> 3].base + (irq & 7);
    store(v, vm, &c);
    taken(v, vm, irq);
    count_iret(v, vm, irq, 1);
    set_hw_int_flag(v, vm, true);
    announce(v, irq, 2);
    return vector;
}

// The shortest time-out of the drivers that want to know about the IRET.
static uint32_t iret_time_out(struct vmm *v, unsigned irq)
{
    const struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
    uint32_t shortest = 0;
    for (unsigned slot = 0; slot < vpicd_slots(q); slot++) {
        const struct vpicd_owner *o = &q->owner[slot];
        if (o->proc[VPICD_HW_INT] && o->iret_time_out && (!shortest || o->iret_time_out < shortest))
            shortest = o->iret_time_out;
    }
    return shortest ? shortest : DEFAULT_IRET_TIME_OUT;
}

// Frame of one simulation: a[0] VM, a[1] IRQ, a[2] next slot for the virtual-interrupt procedures, a[3] slot called
// last, a[4] vector, a[5] the thread waits: its client runs for the handler alone.
enum { CALLING_DRIVERS, REJECTED, OPENING, WATCHING_RETURN, SIMULATING, RESUMING, CLOSING };

// The interrupt is not to be simulated any more (Win95 DDK S34DA): the driver's request goes, and with the last one
// the simulation. True when nothing is left to simulate.
static bool rejected(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t vm = f->a[0], irq = f->a[1], slot = f->a[3];
    if (!vmm_flag(v, X86_CF) || !(vpicd_state(v)->irq[irq].owner[slot].options & KIT_VPICD_OPT_VIRT_INT_REJECT))
        return false;
    vpicd_request(v, vm, irq, slot, false);
    return !vpicd_requests(v, vm, irq);
}

static void end_simulation_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = REJECTED;
    vmm_regs(v)[X86_EAX] = 0u - KIT_Time_Critical_Boost;
    vmm_regs(v)[X86_EBX] = f->a[0];
    devices_call_begin(v, KIT_Adjust_Exec_Priority);
}

// Call_When_VM_Returns replaces the address that Simulate_Int will push, so it comes first.
static void watch_return_begin(struct vmm *v, struct vmm_frame *f)
{
    f->step = WATCHING_RETURN;
    f->a[4] = take_interrupt(v, f->a[0], f->a[1]);
    vmm_pm_hw_int(v, (uint8_t)f->a[4]);
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = iret_time_out(v, f->a[1]);
    r[X86_EDX] = f->a[1];
    r[X86_ESI] = vpicd_state(v)->returned_proc;
    vmm_set_flag(v, X86_IF, true);
    devices_call_begin(v, KIT_Call_When_VM_Returns);
}

// A thread that services interrupts while it waits does not get to ring 3 otherwise (Block_Svc_Ints; Win95 DDK S32FD).
static void serve_begin(struct vmm *v, struct vmm_frame *f)
{
    f->a[5] = vmm_in_wait(v);
    if (!f->a[5]) {
        watch_return_begin(v, f);
        return;
    }
    f->step = OPENING;
    devices_call_begin(v, KIT_Begin_Non_Serial_Nest_V86_Exec);
}

static void ask_drivers_begin(struct vmm *v, struct vmm_frame *f)
{
    const struct vpicd_irq *q = &vpicd_state(v)->irq[f->a[1]];
    uint32_t requests = vpicd_requests(v, f->a[0], f->a[1]);
    while (f->a[2] < vpicd_slots(q)) {
        uint32_t slot = f->a[2]++, proc = q->owner[slot].proc[VPICD_VIRT_INT];
        if (!proc || !(requests >> slot & 1))
            continue;
        f->a[3] = slot;
        vmm_regs(v)[X86_EAX] = vpicd_handle(v, f->a[1], slot);
        vmm_regs(v)[X86_EBX] = f->a[0];
        vmm_set_flag(v, X86_IF, false);
        vmm_set_flag(v, X86_CF, false);
        vmm_frame_call_begin(v, proc);
        return;
    }
    serve_begin(v, f);
}

static void next_request_begin(struct vmm *v, uint32_t vm)
{
    vmm_frame_pop_all(v);
    vpicd_refresh_begin(v, vm);
}

static void simulate_resume(struct vmm *v, struct vmm_frame *f)
{
    switch (f->step) {
    case CALLING_DRIVERS:
        vpicd_check_kept(v, f);
        if (rejected(v, f))
            end_simulation_begin(v, f);
        else
            ask_drivers_begin(v, f);
        break;
    case WATCHING_RETURN:
        f->step = SIMULATING;
        vmm_regs(v)[X86_EAX] = f->a[4];
        devices_call_begin(v, KIT_Simulate_Int);
        break;
    case REJECTED:
        next_request_begin(v, f->a[0]);
        break;
    case OPENING:
        watch_return_begin(v, f);
        break;
    case SIMULATING:
        if (f->a[5]) {
            f->step = RESUMING;
            devices_call_begin(v, KIT_Resume_Exec);
        } else {
            vmm_frame_pop_all(v);
        }
        break;
    case RESUMING:
        f->step = CLOSING;
        devices_call_begin(v, KIT_End_Nest_Exec);
        break;
    default: // what else is requested waits for the VM's EOI or the handler's return
        vmm_frame_pop_all(v);
    }
}

static const struct vmm_frame_kind simulate_kind = {"a virtual-interrupt procedure", simulate_resume, NULL};

// The event's callback: EBX = the VM, which is current and has interrupts enabled.
static void simulate(void *user, struct vmm *v)
{
    (void)user;
    uint32_t vm = vmm_regs(v)[X86_EBX];
    struct vpicd_virtual c;
    vmm_poke32(v, field(v, vm, AREA_SCHEDULED), 0);
    vpicd_load(v, vm, &c);
    int irq = pending_irq(&c);
    if (irq < 0) { // cleared or masked since
        unboost_begin(v, vm);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, vpicd_state(v)->simulate_kind);
    if (!f)
        return;
    f->a[0] = vm;
    f->a[1] = (uint32_t)irq;
    f->a[2] = 0;
    f->step = CALLING_DRIVERS;
    ask_drivers_begin(v, f);
}

// After the handler's IRET: the boost ends, then the drivers hear of it. a[0] VM, a[1] IRQ, a[2] timed out.
static void returned_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vm = f->a[0], irq = f->a[1];
    bool timed_out = f->a[2];
    vmm_frame_pop_all(v);
    vpicd_walk_begin(v, VPICD_IRET, vm, 1u << irq, 0, timed_out);
}

static const struct vmm_frame_kind returned_kind = {"the end of a simulated interrupt", returned_resume, NULL};

// Callback of Call_When_VM_Returns: EBX = VM, EDX = IRQ, CF = timed out.
static void returned(void *user, struct vmm *v)
{
    (void)user;
    uint32_t vm = vmm_regs(v)[X86_EBX], irq = vmm_regs(v)[X86_EDX] & 15;
    count_iret(v, vm, irq, -1);
    if (!vpicd_irets_pending(v, vm))
        set_hw_int_flag(v, vm, false);
    bool timed_out = vmm_flag(v, X86_CF);
    struct vmm_frame *f = vmm_frame_push(v, vpicd_state(v)->returned_kind);
    if (!f)
        return;
    f->a[0] = vm;
    f->a[1] = irq;
    f->a[2] = timed_out;
    vmm_regs(v)[X86_EAX] = 0u - KIT_Time_Critical_Boost;
    vmm_regs(v)[X86_EBX] = vm;
    devices_call_begin(v, KIT_Adjust_Exec_Priority);
}

// ---------------------------------------------------------------------------------------------------------------------
// The VM's own port I/O

// IRQs that the VM ended with what it wrote: their drivers are told; without a driver the physical one is ended too.
static void ended_begin(struct vmm *v, uint32_t vm, uint32_t irqs)
{
    for (unsigned irq = 0; irq < PC_IRQS; irq++) {
        if (!(irqs >> irq & 1) || irq == VPICD_CASCADE)
            continue;
        announce(v, irq, 3);
        if (!vpicd_state(v)->irq[irq].owners)
            vpicd_phys_eoi(v, irq);
    }
    vpicd_walk_begin(v, VPICD_EOI, vm, irqs & ~(1u << VPICD_CASCADE), 0, false);
}

void vpicd_virtual_eoi_begin(struct vmm *v, uint32_t vm, unsigned irq)
{
    struct vpicd_virtual c;
    vpicd_load(v, vm, &c);
    if (irq >= 8)
        pc_pic_out(&c.pic[0], 0, 0x60 | VPICD_CASCADE);
    pc_pic_out(&c.pic[irq >> 3], 0, (uint8_t)(0x60 | (irq & 7)));
    store(v, vm, &c);
    ended_begin(v, vm, 1u << irq);
}

// The VM unmasked an IRQ that another one owns: it is terminated (Win95 DDK S34AE).
static void crash_begin(struct vmm *v)
{
    if (devices_aside_push(v))
        devices_aside_begin(v, KIT_Crash_Cur_VM);
}

// A mask register was written: one walk for the masked IRQs would need another for the unmasked ones, but a VM changes
// one way at a time; both are told in the order masked, unmasked by two walks, the second below the first.
static void masks_changed_begin(struct vmm *v, uint32_t vm, uint32_t before, uint32_t after)
{
    uint32_t masked = after & ~before, unmasked = before & ~after;
    count_unmasked(v, before, after);
    vpicd_program_masks(v);
    if (vm == vmm_current_vm(v) && !vpicd_default_unmasked(v, vm, unmasked)) {
        crash_begin(v);
        return;
    }
    if (unmasked)
        vpicd_walk_begin(v, VPICD_MASK_CHANGE, vm, unmasked, 0, false);
    if (masked)
        vpicd_walk_begin(v, VPICD_MASK_CHANGE, vm, masked, 1, false);
}

static void virtual_out_begin(struct vmm *v, uint32_t vm, unsigned which, unsigned port, uint8_t value)
{
    struct vpicd_virtual c;
    vpicd_load(v, vm, &c);
    uint32_t isr = c.pic[which].isr, imr = virtual_imr(&c);
    pc_pic_out(&c.pic[which], port, value);
    c.pic[which].elcr = 0xFF;
    store(v, vm, &c);
    uint32_t ended = (isr & ~(uint32_t)c.pic[which].isr) << (8 * which);
    if (virtual_imr(&c) != imr)
        masks_changed_begin(v, vm, imr, virtual_imr(&c));
    else if (ended)
        ended_begin(v, vm, ended);
    else
        vpicd_refresh_begin(v, vm);
}

// VPICD_OPT_READ_HW_IRR: the VM sees the physical requests of such an IRQ too.
static uint8_t hardware_requests(struct vmm *v, unsigned which)
{
    unsigned lines = 0;
    for (unsigned irq = 8 * which; irq < 8 * which + 8; irq++) {
        const struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
        for (unsigned slot = 0; slot < vpicd_slots(q); slot++)
            if (q->owner[slot].options & KIT_VPICD_OPT_READ_HW_IRR && pc_irq_requested(devices_board_now(v), irq))
                lines |= 1u << (irq & 7);
    }
    return (uint8_t)lines;
}

static uint8_t virtual_in(struct vmm *v, uint32_t vm, unsigned which, unsigned port)
{
    struct vpicd_virtual c;
    int polled;
    vpicd_load(v, vm, &c);
    bool requests = !port && !c.pic[which].poll && !c.pic[which].read_isr;
    uint8_t value = pc_pic_in(&c.pic[which], port, &polled);
    store(v, vm, &c);
    if (polled >= 0)
        taken(v, vm, (unsigned)polled + 8 * which);
    return requests ? value | hardware_requests(v, which) : value;
}

// Handler of ports 20h, 21h, A0h, A1h: EBX = VM, ECX = kind of access, EDX = port, EAX = data.
static void port_io(void *user, struct vmm *v)
{
    (void)user;
    uint32_t *r = vmm_regs(v);
    unsigned which = r[X86_EDX] >= 0xA0, port = r[X86_EDX] & 1;
    switch (r[X86_ECX]) {
    case DEVICES_BYTE_IN:
        r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | virtual_in(v, r[X86_EBX], which, port);
        break;
    case DEVICES_BYTE_OUT:
        virtual_out_begin(v, r[X86_EBX], which, port, (uint8_t)r[X86_EAX]);
        break;
    default:
        devices_split_io(v);
    }
}

void vpicd_virt_create(struct vmm *v)
{
    struct vpicd *s = vpicd_state(v);
    s->walk_kind = vmm_frame_kind_add(v, &walk_kind);
    s->simulate_kind = vmm_frame_kind_add(v, &simulate_kind);
    s->returned_kind = vmm_frame_kind_add(v, &returned_kind);
    s->simulate_proc = vmm_host_proc(v, simulate, NULL);
    s->returned_proc = vmm_host_proc(v, returned, NULL);
    s->io_proc = vmm_host_proc(v, port_io, NULL);
}
