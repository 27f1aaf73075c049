// Configuration spaces and configuration mechanism 1 (PCI Local Bus Specification 2.1, 3.7.4.1 and 6.2.5).
#include "pc/pci.h"

#include <string.h>

enum { ADDRESS_PORT = 0xCF8, DATA_PORT = 0xCFC };
static const uint32_t ENABLE = 0x80000000u;

void pc_pci_set(struct pc_pci_function *f, unsigned offset, unsigned bytes, uint32_t value)
{
    for (unsigned i = 0; i < bytes && offset + i < sizeof f->config; i++)
        f->config[offset + i] = (uint8_t)(value >> 8 * i);
}

uint32_t pc_pci_get(const struct pc_pci_function *f, unsigned offset, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes && offset + i < sizeof f->config; i++)
        value |= (uint32_t)f->config[offset + i] << 8 * i;
    return value;
}

static const struct pc_pci_function *bridge_of(const struct pc_pci *p, const struct pc_pci_function *f)
{
    return f->bridge ? &p->function[f->bridge - 1] : NULL;
}

// Whether a configuration cycle for a bus gets to this function: all bridges on the way pass it on, the last one to its
// secondary bus.
static bool is_on(const struct pc_pci *p, const struct pc_pci_function *f, unsigned bus)
{
    const struct pc_pci_function *b = bridge_of(p, f);
    if (bus != (b ? b->config[PC_PCI_SECONDARY] : f->bus))
        return false;
    for (; b; b = bridge_of(p, b))
        if (bus < b->config[PC_PCI_SECONDARY] || bus > b->config[PC_PCI_SUBORDINATE])
            return false;
    return true;
}

static int find(const struct pc_pci *p, unsigned bus, unsigned device, unsigned function)
{
    for (uint32_t i = 0; i < p->functions; i++) {
        const struct pc_pci_function *f = &p->function[i];
        if (f->device == device && f->function == function && is_on(p, f, bus))
            return (int)i;
    }
    return -1;
}

// The bridge behind which a bus is, as index + 1; 0 = none.
static uint8_t bridge_to(const struct pc_pci *p, unsigned bus)
{
    for (uint32_t i = 0; i < p->functions; i++)
        if (p->function[i].is_bridge && p->function[i].config[PC_PCI_SECONDARY] == bus)
            return (uint8_t)(i + 1);
    return 0;
}

int pc_pci_add(struct pc_pci *p, unsigned bus, unsigned device, unsigned function)
{
    if (p->functions == PC_PCI_FUNCTIONS || find(p, bus, device, function) >= 0)
        return -1;
    struct pc_pci_function *f = &p->function[p->functions];
    memset(f, 0, sizeof *f);
    f->bus = (uint8_t)bus;
    f->device = (uint8_t)device;
    f->function = (uint8_t)function;
    f->bridge = bridge_to(p, bus);
    f->writable[PC_PCI_COMMAND] = 0x47;
    f->writable[PC_PCI_COMMAND + 1] = 0x01;
    f->writable[0x0C] = f->writable[0x0D] = 0xFF; // cache line size, latency timer
    f->writable[PC_PCI_LINE] = 0xFF;
    return (int)p->functions++;
}

// Register bits below the size cannot be written: that is how software finds the size out (6.2.5.1).
void pc_pci_set_bar(struct pc_pci_function *f, unsigned bar, bool io, uint32_t bytes, uint32_t base, bool prefetchable)
{
    unsigned at = PC_PCI_BAR0 + 4 * bar;
    f->bar_io[bar] = io;
    f->bar_bytes[bar] = bytes;
    pc_pci_set(f, at, 4, (base & ~(bytes - 1)) | (io ? 1u : prefetchable ? 8u : 0u));
    uint32_t mask = ~(bytes - 1) & (io ? ~(uint32_t)3 : ~(uint32_t)15);
    for (unsigned i = 0; i < 4; i++)
        f->writable[at + i] = (uint8_t)(mask >> 8 * i);
    pc_pci_set(f, PC_PCI_COMMAND, 2, pc_pci_get(f, PC_PCI_COMMAND, 2) | (io ? 1u : 2u));
}

uint32_t pc_pci_bar_base(const struct pc_pci_function *f, unsigned bar)
{
    return pc_pci_get(f, PC_PCI_BAR0 + 4 * bar, 4) & ~(f->bar_bytes[bar] - 1);
}

// The function that CONFIG_ADDRESS selects, NULL = none answers.
static struct pc_pci_function *selected(struct pc_pci *p)
{
    int i = p->address & ENABLE ? find(p, p->address >> 16 & 0xFF, p->address >> 11 & 31, p->address >> 8 & 7) : -1;
    return i < 0 ? NULL : &p->function[i];
}

static bool is_data(uint16_t port, unsigned size)
{
    return port >= DATA_PORT && port + size <= DATA_PORT + 4u;
}

bool pc_pci_in(struct pc_pci *p, uint16_t port, unsigned size, uint32_t *value)
{
    if (!p->functions || (!is_data(port, size) && (port != ADDRESS_PORT || size != 4)))
        return false;
    *value = p->address;
    if (port == ADDRESS_PORT)
        return true;
    const struct pc_pci_function *f = selected(p);
    *value = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1; // nobody answers: the bridge aborts the cycle
    if (f)
        *value = pc_pci_get(f, (p->address & 0xFC) + (port & 3u), size);
    return true;
}

bool pc_pci_out(struct pc_pci *p, uint16_t port, unsigned size, uint32_t value)
{
    if (!p->functions || (!is_data(port, size) && (port != ADDRESS_PORT || size != 4)))
        return false;
    if (port == ADDRESS_PORT) {
        p->address = value & 0x80FFFFFCu;
        return true;
    }
    struct pc_pci_function *f = selected(p);
    for (unsigned i = 0; f && i < size; i++) {
        unsigned at = (p->address & 0xFC) + (port & 3u) + i;
        f->config[at] = (uint8_t)((f->config[at] & ~f->writable[at]) | (value >> 8 * i & f->writable[at]));
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Bridges

void pc_pci_make_bridge(struct pc_pci_function *f, unsigned bus, unsigned last)
{
    static const uint8_t masks[][2] = {
        {PC_PCI_PRIMARY, 0xFF},          {PC_PCI_SECONDARY, 0xFF},       {PC_PCI_SUBORDINATE, 0xFF},
        {PC_PCI_SUBORDINATE + 1, 0xFF},  {PC_PCI_IO_BASE, 0xF0},         {PC_PCI_IO_LIMIT, 0xF0},
        {PC_PCI_MEMORY_BASE, 0xF0},      {PC_PCI_MEMORY_BASE + 1, 0xFF}, {PC_PCI_MEMORY_LIMIT, 0xF0},
        {PC_PCI_MEMORY_LIMIT + 1, 0xFF}, {PC_PCI_BRIDGE_CONTROL, 0xEF}};
    for (size_t i = 0; i < BASE_COUNT(masks); i++)
        f->writable[masks[i][0]] = masks[i][1];
    f->is_bridge = 1;
    f->config[PC_PCI_HEADER] |= 1;
    pc_pci_set(f, PC_PCI_CLASS, 3, 0x060400); // PCI to PCI bridge
    pc_pci_set(f, PC_PCI_COMMAND, 2, PC_PCI_IO_ENABLE | PC_PCI_MEMORY_ENABLE | 4);
    f->config[PC_PCI_PRIMARY] = f->bus;
    f->config[PC_PCI_SECONDARY] = (uint8_t)bus;
    f->config[PC_PCI_SUBORDINATE] = (uint8_t)last;
    f->config[PC_PCI_IO_BASE] = 0xF0; // a base above its limit: closed
    pc_pci_set(f, PC_PCI_MEMORY_BASE, 2, 0xFFF0);
}

struct window {
    uint32_t first, last;
};

static struct window window_of(const struct pc_pci_function *b, bool io)
{
    if (io)
        return (struct window){(b->config[PC_PCI_IO_BASE] & 0xF0u) << 8,
                               (b->config[PC_PCI_IO_LIMIT] & 0xF0u) << 8 | 0xFFF};
    return (struct window){pc_pci_get(b, PC_PCI_MEMORY_BASE, 2) << 16 & 0xFFF00000u,
                           pc_pci_get(b, PC_PCI_MEMORY_LIMIT, 2) << 16 | 0xFFFFFu};
}

// Windows have 4 KB of ports and 1 MB of memory as their units.
static void open_window(struct pc_pci_function *b, bool io, uint32_t base, uint32_t bytes)
{
    struct window w = window_of(b, io);
    uint32_t last = base + bytes - 1;
    bool closed = w.first > w.last;
    w.first = closed || base < w.first ? base : w.first;
    w.last = closed || last > w.last ? last : w.last;
    if (io) {
        b->config[PC_PCI_IO_BASE] = (uint8_t)(w.first >> 8 & 0xF0);
        b->config[PC_PCI_IO_LIMIT] = (uint8_t)(w.last >> 8 & 0xF0);
    } else {
        pc_pci_set(b, PC_PCI_MEMORY_BASE, 2, w.first >> 16 & 0xFFF0);
        pc_pci_set(b, PC_PCI_MEMORY_LIMIT, 2, w.last >> 16 & 0xFFF0);
    }
}

void pc_pci_open_windows(struct pc_pci *p, unsigned function)
{
    const struct pc_pci_function *f = &p->function[function];
    for (uint8_t b = f->bridge; b; b = p->function[b - 1].bridge)
        for (unsigned bar = 0; bar < PC_PCI_BARS; bar++)
            if (f->bar_bytes[bar])
                open_window(&p->function[b - 1], f->bar_io[bar], pc_pci_bar_base(f, bar), f->bar_bytes[bar]);
}

static bool passes(const struct pc_pci *p, const struct pc_pci_function *f, bool io, uint32_t base, uint32_t bytes)
{
    unsigned enable = io ? PC_PCI_IO_ENABLE : PC_PCI_MEMORY_ENABLE;
    for (const struct pc_pci_function *b = bridge_of(p, f); b; b = bridge_of(p, b)) {
        struct window w = window_of(b, io);
        if (!(pc_pci_get(b, PC_PCI_COMMAND, 2) & enable) || base < w.first || base + (bytes - 1) > w.last)
            return false;
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------

static bool place(const struct pc_pci *p, const struct pc_pci_function *f, struct pc_space *s)
{
    uint32_t base = pc_pci_bar_base(f, s->bar);
    unsigned enable = f->bar_io[s->bar] ? PC_PCI_IO_ENABLE : PC_PCI_MEMORY_ENABLE;
    bool present = pc_pci_get(f, PC_PCI_COMMAND, 2) & enable && base && // 0: not placed yet
                   passes(p, f, f->bar_io[s->bar], base, f->bar_bytes[s->bar]);
    bool moved = s->present != present || s->base != base;
    s->present = present;
    s->base = base;
    s->line = f->config[PC_PCI_LINE];
    return moved;
}

bool pc_pci_place(const struct pc_pci *p, struct pc_script *s)
{
    bool moved = false;
    for (uint32_t i = 0; i < s->spaces; i++) {
        if (s->space[i].function < p->functions)
            moved |= place(p, &p->function[s->space[i].function], &s->space[i]);
    }
    return moved;
}
