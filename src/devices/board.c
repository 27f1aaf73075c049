// The board in the machine: ports, time and interrupts between src/pc and the VMM.
#include "devices/common.h"
#include "vmm/observe.h"

struct pc *devices_board(struct vmm *v)
{
    return &devices_common(v)->pc;
}

static void announce_raised(struct vmm *v)
{
    uint16_t raised = pc_take_raised(devices_board(v));
    for (uint8_t irq = 0; raised && base_sink_heard(vmm_sink(v)) && irq < PC_IRQS; irq++) {
        struct vmm_irq_record r = {.irq = irq, .state = 0};
        if (raised >> irq & 1)
            devices_announce(v, &r.head, VMM_RECORD_IRQ, sizeof r);
    }
}

void devices_board_changed(struct vmm *v)
{
    struct devices_common *c = devices_common(v);
    announce_raised(v);
    vmm_set_intr(v, pc_intr(&c->pc));
    if (pc_next_event(&c->pc) < c->promised)
        x86_stop(vmm_cpu(v)); // earlier than the run loop was told: it has to look again
}

static uint32_t port_in(struct vmm *v, uint16_t port, unsigned size)
{
    uint32_t value;
    bool owned = pc_port_in(devices_board(v), port, size, vmm_time(v), &value);
    (void)owned; // all ones is what an empty bus gives
    devices_board_changed(v);
    return value;
}

static void port_out(struct vmm *v, uint16_t port, unsigned size, uint32_t value)
{
    bool owned = pc_port_out(devices_board(v), port, size, vmm_time(v), value);
    (void)owned;
    devices_board_changed(v);
}

static uint8_t acknowledge(struct vmm *v)
{
    struct pc *pc = devices_board(v);
    pc_advance(pc, vmm_time(v));
    uint8_t vector = pc_acknowledge(pc);
    devices_board_changed(v);
    return vector;
}

static uint64_t next(struct vmm *v)
{
    struct devices_common *c = devices_common(v);
    c->promised = pc_next_event(&c->pc);
    return c->promised;
}

static void advance(struct vmm *v, uint64_t now)
{
    pc_advance(devices_board(v), now);
    devices_board_changed(v);
}

const struct vmm_board devices_vmm_board = {
    .port_in = port_in, .port_out = port_out, .acknowledge = acknowledge, .next = next, .advance = advance};
