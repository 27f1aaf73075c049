// VPICD's physical side. An interrupt is masked and ended at the controller as soon as it comes in; VPICD_Phys_EOI
// lifts that mask. So an IRQ may stay "in service" for any time without holding back others (VDAG31
// Virtual_PIC_Device).
#include "devices/vpicd.h"
#include "kit/constants.h"
#include "vmm/observe.h"

static void out(struct vmm *v, uint16_t port, uint8_t value)
{
    struct pc *pc = devices_board(v);
    if (!pc_port_out(pc, port, 1, vmm_time(v), value))
        vmm_stop(v, VMM_END_FAULT, "the board has no port %04X", port);
}

static bool masked(const struct vpicd *s, unsigned irq)
{
    const struct vpicd_irq *q = &s->irq[irq];
    if (irq == VPICD_CASCADE)
        return false;
    return q->masking == VPICD_AUTO ? q->unmasked_in == 0 : q->masking == VPICD_MASKED;
}

bool vpicd_phys_masked(struct vmm *v, unsigned irq)
{
    return masked(vpicd_state(v), irq);
}

void vpicd_program_masks(struct vmm *v)
{
    const struct pc *pc = devices_board(v);
    const struct vpicd *s = vpicd_state(v);
    uint32_t masks = 0;
    for (unsigned irq = 0; irq < PC_IRQS; irq++)
        masks |= masked(s, irq) || s->irq[irq].in_service ? 1u << irq : 0;
    if (pc->pic[0].imr != (uint8_t)masks)
        out(v, 0x21, (uint8_t)masks);
    if (pc->pic[1].imr != (uint8_t)(masks >> 8))
        out(v, 0xA1, (uint8_t)(masks >> 8));
    devices_board_changed(v);
}

void vpicd_phys_eoi(struct vmm *v, unsigned irq)
{
    vpicd_state(v)->irq[irq].in_service = 0;
    vpicd_program_masks(v);
}

// Vectors 08h-0Fh collide with processor faults: the controllers move to VPICD_VECTOR for the time of Windows.
void vpicd_phys_init(struct vmm *v)
{
    struct vpicd *s = vpicd_state(v);
    for (unsigned i = 0; i < 2; i++) {
        uint16_t port = i ? 0xA0 : 0x20;
        s->fresh_imr[i] = devices_board(v)->pic[i].imr;
        for (unsigned line = 0; line < 8; line++)
            s->irq[8 * i + line].global = !(s->fresh_imr[i] >> line & 1);
        out(v, port, 0x11);
        out(v, (uint16_t)(port + 1), (uint8_t)(VPICD_VECTOR + 8 * i));
        out(v, (uint16_t)(port + 1), i ? VPICD_CASCADE : 1u << VPICD_CASCADE);
        out(v, (uint16_t)(port + 1), 0x01);
        out(v, (uint16_t)(port + 1), 0xFF);
    }
}

static void acknowledge_at_controller(struct vmm *v, unsigned irq)
{
    if (irq >= 8) {
        out(v, 0xA0, (uint8_t)(0x60 | (irq & 7)));
        irq = VPICD_CASCADE;
    }
    out(v, 0x20, (uint8_t)(0x60 | irq));
}

static void announce(struct vmm *v, unsigned irq, uint8_t what)
{
    struct vmm_irq_record r = {.irq = (uint8_t)irq, .state = what};
    if (base_sink_heard(vmm_sink(v)))
        devices_announce(v, &r.head, VMM_RECORD_IRQ, sizeof r);
}

// ---------------------------------------------------------------------------------------------------------------------
// Default handling of IRQs that no driver virtualized (Win95 DDK S34AE): one that was unmasked when Windows started is
// global, any other is owned by the VM that unmasks it first.

bool vpicd_default_unmasked(struct vmm *v, uint32_t vm, uint32_t irqs)
{
    bool conflict = false;
    for (unsigned irq = 0; irq < PC_IRQS; irq++) {
        struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
        if (!(irqs >> irq & 1) || q->owners || q->global || q->arbitrated)
            continue;
        if (!q->default_vm)
            q->default_vm = vm;
        conflict |= q->default_vm != vm;
    }
    return !conflict;
}

void vpicd_default_destroyed(struct vmm *v, uint32_t vm, uint32_t irqs)
{
    for (unsigned irq = 0; irq < PC_IRQS; irq++) {
        struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
        if (q->default_vm == vm)
            q->default_vm = 0;
        if (!q->owners && irqs >> irq & 1)
            q->in_service = 0; // nobody is left who could end it
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The way of an interrupt: callbacks for every hardware interrupt, then the drivers of the IRQ until one says "mine"
// (CF=0). Frame: a[0] IRQ, a[1] next position among the sharers, a[2] order.

enum { AFTER_CHAIN, AFTER_DRIVER };

// The order of sharers is not documented.
static unsigned sharer(const struct vmm_frame *f, unsigned position)
{
    return f->a[2] ? VPICD_SHARERS - 1 - position : position;
}

// A virtualized IRQ that nobody wanted: a spurious interrupt or a driver that is wrong about its device.
static void declined(struct vmm *v, unsigned irq)
{
    vpicd_state(v)->irq[irq].declined++;
    vpicd_phys_eoi(v, irq);
    vmm_frame_pop_all(v);
}

// Not virtualized: simulated into the VM that owns it, else into the current one.
static void default_begin(struct vmm *v, unsigned irq)
{
    const struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
    uint32_t vm = q->default_vm && vmm_valid_vm(v, q->default_vm) ? q->default_vm : vmm_current_vm(v);
    vmm_frame_pop_all(v);
    vpicd_request(v, vm, irq, 0, true);
    vpicd_refresh_begin(v, vm);
}

static void next_driver_begin(struct vmm *v, struct vmm_frame *f)
{
    unsigned irq = f->a[0];
    const struct vpicd_irq *q = &vpicd_state(v)->irq[irq];
    f->step = AFTER_DRIVER;
    while (q->owners && f->a[1] < VPICD_SHARERS) {
        unsigned slot = sharer(f, f->a[1]++);
        const struct vpicd_owner *o = &q->owner[slot];
        if (!o->proc[VPICD_HW_INT])
            continue;
        uint32_t *r = vmm_regs(v);
        r[X86_EAX] = vpicd_handle(v, irq, slot);
        r[X86_EBX] = vmm_current_vm(v);
        if (o->options & KIT_VPICD_OPT_REF_DATA)
            r[X86_EDX] = o->reference;
        vmm_set_flag(v, X86_IF, false);
        vmm_frame_call_begin(v, o->proc[VPICD_HW_INT]);
        return;
    }
    if (q->owners)
        declined(v, irq);
    else
        default_begin(v, irq);
}

static void hw_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == AFTER_DRIVER)
        vpicd_check_kept(v, f);
    if (f->step == AFTER_DRIVER && !vmm_flag(v, X86_CF))
        vmm_frame_pop_all(v);
    else
        next_driver_begin(v, f);
}

static const struct vmm_frame_kind hw_kind = {"a hardware-interrupt procedure", hw_resume, NULL};

// The request went away before the processor asked for it: the controller gives its line 7 without being in service
// (8259A data sheet, "default IR7"). Behind the slave's the master is.
static bool spurious(struct vmm *v, unsigned irq)
{
    if ((irq & 7) != 7 || pc_irq_in_service(devices_board(v), irq))
        return false;
    if (irq >= 8)
        out(v, 0x20, 0x60 | VPICD_CASCADE);
    return true;
}

static void interrupt_begin(struct vmm *v, unsigned irq)
{
    struct vpicd *s = vpicd_state(v);
    if (spurious(v, irq))
        return;
    acknowledge_at_controller(v, irq);
    s->irq[irq].in_service = 1;
    vpicd_program_masks(v);
    announce(v, irq, 1);
    vdmad_collect(v);
    struct vmm_frame *f = vmm_frame_push(v, s->hw_kind);
    if (!f)
        return;
    f->a[0] = irq;
    f->a[1] = 0;
    f->a[2] = vmm_choose(v, "order of drivers that share an IRQ", 2);
    f->step = AFTER_CHAIN;
    if (s->hw_chain == s->hw_chain_end) {
        next_driver_begin(v, f);
        return;
    }
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_set_flag(v, X86_IF, false);
    vmm_frame_call_begin(v, s->hw_chain);
}

static void interrupted(struct vmm *v, uint8_t vector)
{
    interrupt_begin(v, vector - (unsigned)VPICD_VECTOR);
}

// Where the chain of VPICD_Call_When_Hw_Int ends: its last member jumps here, and the return leads back to the frame.
static void chain_end(void *user, struct vmm *v)
{
    (void)user;
    (void)v;
}

void vpicd_phys_create(struct vmm *v)
{
    struct vpicd *s = vpicd_state(v);
    s->hw_kind = vmm_frame_kind_add(v, &hw_kind);
    s->hw_chain = s->hw_chain_end = vmm_host_proc(v, chain_end, NULL);
    for (unsigned irq = 0; irq < PC_IRQS; irq++)
        vmm_on_vector(v, (uint8_t)(VPICD_VECTOR + irq), interrupted);
}
