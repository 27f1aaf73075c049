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

// Accesses to cells that are to be logged.
static void announce_logged(struct vmm *v)
{
    struct pc_script *s = &devices_board(v)->script;
    uint32_t logged = s->logged;
    s->logged = 0;
    for (uint32_t i = 0; i < logged && base_sink_heard(vmm_sink(v)); i++) {
        const struct pc_logged *l = &s->log[i];
        struct vmm_io_record r = {.port = (uint16_t)l->address,
                                  .address = l->address,
                                  .memory = s->space[l->space].memory,
                                  .size = l->size,
                                  .write = l->write,
                                  .value = l->value,
                                  .device = s->space[l->space].name};
        devices_announce(v, &r.head, VMM_RECORD_IO, sizeof r);
    }
}

// The pages of a space of device memory in which something answers.
static struct devices_pages pages_of(const struct pc_script *s, uint32_t space)
{
    const struct pc_space *p = &s->space[space];
    uint32_t end = 0;
    for (uint32_t i = 0; p->memory && p->present && i < s->cells; i++)
        if (s->cell[i].space == space && s->cell[i].offset + s->cell[i].bytes > end)
            end = s->cell[i].offset + s->cell[i].bytes;
    if (!end)
        return (struct devices_pages){0, 0};
    uint32_t first = p->base / X86_PAGE_SIZE, last = (p->base + (end - 1)) / X86_PAGE_SIZE;
    return (struct devices_pages){first, last - first + 1};
}

// Device memory may have been placed elsewhere (a base address register was written).
static void map_moved(struct vmm *v)
{
    struct devices_common *c = devices_common(v);
    if (!pc_take_moved(&c->pc))
        return;
    for (uint32_t i = 0; i < PC_SPACES; i++)
        vmm_device_pages(v, c->mapped[i].first, c->mapped[i].pages, false);
    for (uint32_t i = 0; i < c->pc.script.spaces; i++) {
        c->mapped[i] = pages_of(&c->pc.script, i);
        vmm_device_pages(v, c->mapped[i].first, c->mapped[i].pages, true);
    }
}

// What a DMA controller's cycle wants of memory. Where no RAM is it reads ones, and what it writes is lost.
static bool move(struct vmm *v, struct pc_dma_cycle *c)
{
    struct x86_memory *m = vmm_cpu(v)->memory;
    uint8_t bytes[2] = {(uint8_t)c->value, (uint8_t)(c->value >> 8)};
    if (c->kind == PC_DMA_VERIFY)
        return true;
    if (c->kind != PC_DMA_WRITE && !x86_memory_load(m, c->kind == PC_DMA_COPY ? c->from : c->address, bytes, c->bytes))
        return false;
    c->value = bytes[0] | (c->bytes == 2 ? (uint32_t)bytes[1] << 8 : 0);
    if (c->kind == PC_DMA_READ || x86_memory_kind(m, c->address / X86_PAGE_SIZE) != X86_RAM)
        return true;
    return x86_memory_store(m, c->address, bytes, c->bytes);
}

static void move_by_dma(struct vmm *v)
{
    struct pc *pc = devices_board(v);
    struct pc_dma_cycle cycle;
    while (pc_dma_next_cycle(pc, &cycle)) {
        if (!move(v, &cycle)) {
            vmm_stop(v, VMM_END_MEMORY, "no memory for a DMA transfer");
            return;
        }
        pc_dma_end_cycle(pc, &cycle);
        announce_logged(v);
    }
}

void devices_board_changed(struct vmm *v)
{
    struct devices_common *c = devices_common(v);
    announce_logged(v);
    move_by_dma(v);
    announce_raised(v);
    map_moved(v);
    vmm_set_intr(v, pc_intr(&c->pc));
    vmm_set_ignne(v, pc_ignne(&c->pc));
    if (pc_take_nmi(&c->pc))
        vmm_pulse_nmi(v);
    if (pc_next_event(&c->pc) < c->promised)
        x86_stop(vmm_cpu(v)); // earlier than the run loop was told: it has to look again
}

struct pc *devices_board_now(struct vmm *v)
{
    pc_advance(devices_board(v), vmm_time(v));
    devices_board_changed(v);
    return devices_board(v);
}

// A port at which nothing answers: all ones is what an empty bus gives, and who listens is told.
static void announce_empty(struct vmm *v, uint16_t port, unsigned size, bool write, uint32_t value)
{
    struct vmm_io_record r = {.port = port, .size = (uint8_t)size, .write = write, .value = value, .device = "nothing"};
    if (base_sink_heard(vmm_sink(v)))
        devices_announce(v, &r.head, VMM_RECORD_IO, sizeof r);
}

static uint32_t port_in(struct vmm *v, uint16_t port, unsigned size)
{
    uint32_t value;
    if (!pc_port_in(devices_board(v), port, size, vmm_time(v), &value))
        announce_empty(v, port, size, false, value);
    devices_board_changed(v);
    return value;
}

static void port_out(struct vmm *v, uint16_t port, unsigned size, uint32_t value)
{
    if (!pc_port_out(devices_board(v), port, size, vmm_time(v), value))
        announce_empty(v, port, size, true, value);
    devices_board_changed(v);
}

static uint32_t memory_read(struct vmm *v, uint32_t phys, unsigned size)
{
    uint32_t value;
    bool owned = pc_memory_read(devices_board(v), phys, size, vmm_time(v), &value);
    (void)owned;
    devices_board_changed(v);
    return value;
}

static void memory_write(struct vmm *v, uint32_t phys, unsigned size, uint32_t value)
{
    bool owned = pc_memory_write(devices_board(v), phys, size, vmm_time(v), value);
    (void)owned;
    devices_board_changed(v);
}

static void coprocessor_error(struct vmm *v, bool level)
{
    pc_coprocessor_error(devices_board(v), level);
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
    vtd_watch(v);
    c->promised = pc_next_event(&c->pc);
    return c->promised;
}

static void advance(struct vmm *v, uint64_t now)
{
    pc_advance(devices_board(v), now);
    devices_board_changed(v);
}

const struct vmm_board devices_vmm_board = {.port_in = port_in,
                                            .port_out = port_out,
                                            .memory_read = memory_read,
                                            .memory_write = memory_write,
                                            .acknowledge = acknowledge,
                                            .next = next,
                                            .advance = advance,
                                            .coprocessor_error = coprocessor_error};
