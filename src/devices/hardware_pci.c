// Hardware descriptions: PCI functions. Each becomes a configuration space on the board and a device node below the PCI
// bus's, or below that of the bridge that its bus is behind, with the resources that a BIOS would have given it.
#include "devices/hardware_text.h"

#include <stdio.h>
#include <string.h>

static const char bus_id[] = "BIOS\\*PNP0A03\\00";

struct function {
    struct hardware_node node; // what the common statements fill in
    struct pc_pci_function *pci;
    int index;
    uint32_t ids; // subsystem
};

static bool read_id(struct hardware_reader *r, struct function *f, unsigned offset, const char *what)
{
    uint32_t value;
    if (!hw_number(r, 0xFFFF, &value, what))
        return false;
    pc_pci_set(f->pci, offset, 2, value);
    return true;
}

static bool read_vendor(struct hardware_reader *r, void *f)
{
    return read_id(r, f, PC_PCI_VENDOR, "the vendor's number");
}

static bool read_device(struct hardware_reader *r, void *f)
{
    return read_id(r, f, PC_PCI_DEVICE, "the device's number");
}

static bool read_subsystem(struct hardware_reader *r, void *f)
{
    return read_id(r, f, PC_PCI_SUBSYSTEM, "the subsystem's vendor") &&
           read_id(r, f, PC_PCI_SUBSYSTEM + 2, "the subsystem's number");
}

static bool read_revision(struct hardware_reader *r, void *context)
{
    struct function *f = context;
    uint32_t value;
    if (!hw_number(r, 0xFF, &value, "the revision"))
        return false;
    pc_pci_set(f->pci, PC_PCI_REVISION, 1, value);
    return true;
}

// The 24 bits of base class, subclass and programming interface.
static bool read_code(struct hardware_reader *r, void *context)
{
    struct function *f = context;
    uint32_t value;
    if (!hw_number(r, 0xFFFFFF, &value, "the class code"))
        return false;
    pc_pci_set(f->pci, PC_PCI_CLASS, 3, value);
    return true;
}

static bool pin_letter(struct hardware_reader *r, uint32_t *pin)
{
    static const char *const letters[] = {"a", "b", "c", "d"};
    for (*pin = 1; *pin <= 4; ++*pin)
        if (hw_accept(r, letters[*pin - 1]))
            return true;
    return hw_fail(r, "the interrupt pin, A to D, expected");
}

// interrupt A [line N]
static bool read_interrupt(struct hardware_reader *r, void *context)
{
    static const uint8_t lines[] = {11, 10, 9, 5}; // as a BIOS deals them out
    struct function *f = context;
    uint32_t pin, line = lines[(unsigned)f->index % 4];
    if (!pin_letter(r, &pin))
        return false;
    const struct hardware_token where = r->token;
    if (hw_accept(r, "line") && !hw_number(r, 15, &line, "the interrupt line"))
        return false;
    if (line == 2)
        return hw_fail_at(r, &where, "line 2 is the cascade of the interrupt controllers");
    pc_pci_set(f->pci, PC_PCI_PIN, 1, pin);
    pc_pci_set(f->pci, PC_PCI_LINE, 1, line);
    r->to->level_lines |= (uint16_t)(1u << line);
    return true;
}

// config OFFSET BYTES VALUE [mask MASK]: registers beyond the standard ones
static bool read_config(struct hardware_reader *r, void *context)
{
    struct function *f = context;
    uint32_t offset, bytes, value, mask = 0;
    const struct hardware_token where = r->token;
    if (!hw_number(r, 0xFF, &offset, "the offset") || !hw_number(r, 4, &bytes, "the size") ||
        !hw_number(r, UINT32_MAX, &value, "the value") ||
        (hw_accept(r, "mask") && !hw_number(r, UINT32_MAX, &mask, "the mask")))
        return false;
    if (offset < 0x30 || offset + bytes > 0x100)
        return hw_fail_at(r, &where, "registers from 0x30 to 0xFF; those below have statements of their own");
    pc_pci_set(f->pci, offset, bytes, value);
    for (uint32_t i = 0; i < bytes; i++)
        f->pci->writable[offset + i] = (uint8_t)(mask >> 8 * i);
    return true;
}

// Where a BIOS puts the ranges of a bus: those behind the n-th bridge have a part of their own, which its window
// covers.
enum { MEMORY_PART = 0x04000000, IO_PART = 0x1000, MOST_BRIDGES = 7 };

struct part {
    uint64_t first, end;
};

static struct part part_of(const struct hardware *h, uint8_t bridge, bool io)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < bridge; i++)
        n += h->pci.function[i].is_bridge;
    if (!n)
        return io ? (struct part){0xE000, 0x10000} : (struct part){0xE0000000u, 0xE0000000u + MEMORY_PART};
    uint64_t first = io ? 0xE000 - n * (uint64_t)IO_PART : 0xE0000000u + n * (uint64_t)MEMORY_PART;
    return (struct part){first, first + (io ? (uint64_t)IO_PART : (uint64_t)MEMORY_PART)};
}

// Above the other functions' ranges of the kind there, aligned to its own size; 0 = no room.
static uint32_t free_base(const struct hardware *h, const struct pc_pci_function *for_one, bool io, uint32_t bytes)
{
    struct part part = part_of(h, for_one->bridge, io);
    uint64_t base = part.first;
    for (uint32_t i = 0; i < h->pci.functions; i++) {
        const struct pc_pci_function *f = &h->pci.function[i];
        for (unsigned bar = 0; bar < PC_PCI_BARS; bar++) {
            uint64_t end = (uint64_t)pc_pci_bar_base(f, bar) + f->bar_bytes[bar];
            if (f->bar_bytes[bar] && f->bar_io[bar] == io && end > base && end <= part.end)
                base = end;
        }
    }
    base = (base + bytes - 1) & ~((uint64_t)bytes - 1);
    return base + bytes <= part.end ? (uint32_t)base : 0;
}

static bool add_space(struct hardware_reader *r, const struct function *f, unsigned bar)
{
    struct pc_space like = {.memory = !f->pci->bar_io[bar],
                            .bytes = f->pci->bar_bytes[bar],
                            .function = (uint8_t)f->index,
                            .bar = (uint8_t)bar,
                            .line = PC_OWN_LINE,
                            .channel = PC_OWN_CHANNEL};
    snprintf(like.name, sizeof like.name, "%u:%u.%u/%u", (f->pci->bus & 0xFFu), f->pci->device & 31u,
             f->pci->function & 7u, bar % PC_PCI_BARS);
    int space = hw_space_new(r, &like);
    return space >= 0 && hw_space_block(r, (unsigned)space);
}

static bool bar_size(struct hardware_reader *r, bool io, uint32_t *bytes)
{
    const struct hardware_token where = r->token;
    if (!hw_number(r, io ? 256 : 1u << 24, bytes, "the size"))
        return false;
    if (*bytes & (*bytes - 1) || *bytes < (io ? 4u : 16u))
        return hw_fail_at(r, &where, "the size is a power of two, at least %u", io ? 4u : 16u);
    return true;
}

static bool bar_base(struct hardware_reader *r, const struct pc_pci_function *f, bool io, uint32_t bytes,
                     uint32_t *base)
{
    const struct hardware_token where = r->token;
    *base = free_base(r->to, f, io, bytes);
    if (hw_accept(r, "at") && !hw_number(r, io ? 0xFFFF : 0xFFFFFFF0u, base, "the base address"))
        return false;
    if (*base & (bytes - 1))
        return hw_fail_at(r, &where, "the base address is a multiple of the size");
    if (*base < (io ? 0x100u : 0x100000u))
        return hw_fail_at(r, &where, io ? "no ports are left for it" : "no room for it above the memory");
    return true;
}

// bar N io|memory SIZE [at BASE] [prefetchable] [{ cells }]
static bool read_bar(struct hardware_reader *r, void *context)
{
    struct function *f = context;
    uint32_t bar, bytes, base;
    const struct hardware_token where = r->token;
    if (!hw_number(r, PC_PCI_BARS - 1, &bar, "the number of the base address register"))
        return false;
    if (f->pci->is_bridge)
        return hw_fail_at(r, &where, "a bridge has no base address registers here");
    if (f->pci->bar_bytes[bar])
        return hw_fail_at(r, &where, "that base address register is described already");
    bool io = hw_accept(r, "io");
    if (!io && !hw_accept(r, "memory"))
        return hw_fail(r, "io or memory expected");
    if (!bar_size(r, io, &bytes) || !bar_base(r, f->pci, io, bytes, &base))
        return false;
    pc_pci_set_bar(f->pci, bar, io, bytes, base, hw_accept(r, "prefetchable"));
    return r->token.kind != HW_OPEN || add_space(r, f, bar);
}

// bridge BUS [to LAST]: to the bus behind it, and those that are behind bridges there
static bool read_bridge(struct hardware_reader *r, void *context)
{
    struct function *f = context;
    uint32_t bus, last, bridges = 0;
    const struct hardware_token where = r->token;
    if (!hw_number(r, 255, &bus, "the number of the bus behind the bridge"))
        return false;
    last = bus;
    if (hw_accept(r, "to") && !hw_number(r, 255, &last, "the number of the last bus behind it"))
        return false;
    for (uint32_t i = 0; i < r->to->pci.functions; i++) {
        const struct pc_pci_function *o = &r->to->pci.function[i];
        bridges += o->is_bridge;
        if (bus == o->bus || (o->is_bridge && bus == o->config[PC_PCI_SECONDARY]))
            return hw_fail_at(r, &where, "there is a bus of that number already");
    }
    if (bus <= f->pci->bus || last < bus)
        return hw_fail_at(r, &where, "buses behind a bridge have higher numbers than its own, and they ascend");
    if (bridges == MOST_BRIDGES || f->pci->is_bridge)
        return hw_fail_at(r, &where, f->pci->is_bridge ? "that is a bridge already" : "at most %u bridges",
                          (unsigned)MOST_BRIDGES);
    for (unsigned bar = 0; bar < PC_PCI_BARS; bar++)
        if (f->pci->bar_bytes[bar])
            return hw_fail_at(r, &where, "a bridge has no base address registers here");
    pc_pci_make_bridge(f->pci, bus, last);
    return true;
}

static bool common(bool (*read)(struct hardware_reader *r, void *node), struct hardware_reader *r, void *context)
{
    return read(r, &((struct function *)context)->node);
}

static bool read_description(struct hardware_reader *r, void *f)
{
    return common(hw_description, r, f);
}

static bool read_class(struct hardware_reader *r, void *f)
{
    return common(hw_class, r, f);
}

static bool read_loader(struct hardware_reader *r, void *f)
{
    return common(hw_loader, r, f);
}

static bool read_enumerator(struct hardware_reader *r, void *f)
{
    return common(hw_enumerator, r, f);
}

static bool read_value(struct hardware_reader *r, void *f)
{
    return common(hw_value, r, f);
}

static bool read_hardware_value(struct hardware_reader *r, void *f)
{
    return common(hw_hardware_value, r, f);
}

static const struct hardware_statement statements[] = {{"vendor", read_vendor},
                                                       {"device", read_device},
                                                       {"subsystem", read_subsystem},
                                                       {"revision", read_revision},
                                                       {"code", read_code},
                                                       {"interrupt", read_interrupt},
                                                       {"bar", read_bar},
                                                       {"config", read_config},
                                                       {"bridge", read_bridge},
                                                       {"description", read_description},
                                                       {"class", read_class},
                                                       {"loader", read_loader},
                                                       {"enumerator", read_enumerator},
                                                       {"value", read_value},
                                                       {"hardware-value", read_hardware_value},
                                                       {NULL, NULL}};

// BUS:DEVICE.FUNCTION
static bool read_address(struct hardware_reader *r, uint32_t part[3])
{
    static const uint32_t most[3] = {255, 31, 7};
    const char *c = r->token.text, *end = c + r->token.length;
    bool good = r->token.kind == HW_WORD;
    for (unsigned i = 0; good && i < 3; i++) {
        const char *from = c;
        for (part[i] = 0; c < end && *c >= '0' && *c <= '9' && part[i] <= most[i]; c++)
            part[i] = part[i] * 10 + (uint32_t)(*c - '0');
        good = c > from && part[i] <= most[i] && (i == 2 ? c == end : c < end && *c++ == ":."[i]);
    }
    return good || hw_fail(r, "the function's place expected, like 0:3.0");
}

// What the base address registers and the interrupt line say, as one configuration.
static bool add_config(struct hardware_reader *r, struct hardware_node *node, const struct pc_pci_function *f,
                       bool boot)
{
    struct hardware_config *c = hw_config_new(r, node, boot);
    for (unsigned bar = 0; c && bar < PC_PCI_BARS; bar++) {
        uint32_t base = pc_pci_bar_base(f, bar), bytes = f->bar_bytes[bar];
        struct hardware_resource *s =
            bytes ? hw_resource_new(r, c, f->bar_io[bar] ? HARDWARE_IO : HARDWARE_MEMORY) : NULL;
        if (bytes && !s)
            return false;
        if (s)
            s->range[s->ranges++] = (struct hardware_range){bytes, base, base + bytes - 1, bytes};
    }
    struct hardware_resource *s = c && f->config[PC_PCI_PIN] ? hw_resource_new(r, c, HARDWARE_IRQ) : NULL;
    if (s) {
        s->mask = 1u << f->config[PC_PCI_LINE];
        s->shared = true;
    }
    return c && (s || !f->config[PC_PCI_PIN]);
}

static const char *make_id(struct hardware_reader *r, const struct pc_pci_function *f)
{
    char id[HARDWARE_ID];
    int n = snprintf(id, sizeof id, "PCI\\VEN_%04X&DEV_%04X&SUBSYS_%08X&REV_%02X\\BUS_%02X&DEV_%02X&FUNC_%02X",
                     pc_pci_get(f, PC_PCI_VENDOR, 2), pc_pci_get(f, PC_PCI_DEVICE, 2),
                     pc_pci_get(f, PC_PCI_SUBSYSTEM, 2) | pc_pci_get(f, PC_PCI_SUBSYSTEM + 2, 2) << 16,
                     f->config[PC_PCI_REVISION], f->bus, f->device, f->function);
    const char *copy = base_arena_text(r->arena, id, (size_t)n);
    if (!copy)
        hw_fail(r, "memory is exhausted");
    return copy;
}

// The bus stands above the first function.
static bool add_bus(struct hardware_reader *r, const struct hardware_token *where)
{
    for (uint32_t i = 0; i < r->to->nodes; i++)
        if (strcmp(r->to->node[i].id, bus_id) == 0)
            return true;
    struct hardware_node *bus = hw_node_new(r, where, bus_id);
    if (!bus)
        return false;
    bus->description = "PCI bus";
    bus->class_name = "System";
    return true;
}

// Function 0 says that there are others.
static void mark_others(struct hardware *h, const struct pc_pci_function *f)
{
    for (uint32_t i = 0; f->function && i < h->pci.functions; i++) {
        struct pc_pci_function *first = &h->pci.function[i];
        if (first->bus == f->bus && first->device == f->device && !first->function)
            first->config[PC_PCI_HEADER] |= 0x80;
    }
}

// The bridge's node; they stand in the order of the functions.
static const char *parent_of(const struct hardware *h, const struct pc_pci_function *f)
{
    for (uint32_t i = 0; f->bridge && i < h->nodes; i++)
        if (h->node[i].function == f->bridge - 1)
            return h->node[i].id;
    return bus_id;
}

static bool add_node(struct hardware_reader *r, const struct hardware_token *where, const struct function *f)
{
    const char *id = make_id(r, f->pci), *parent = parent_of(r->to, f->pci);
    struct hardware_node *node = id && add_bus(r, where) ? hw_node_new(r, where, id) : NULL;
    if (!node)
        return false;
    *node = f->node;
    node->id = id;
    node->parent = parent;
    node->function = f->index;
    return add_config(r, node, f->pci, true) && add_config(r, node, f->pci, false);
}

// pci BUS:DEVICE.FUNCTION { ... }
bool hw_pci(struct hardware_reader *r, void *context)
{
    uint32_t at[3] = {0};
    const struct hardware_token where = r->token;
    (void)context;
    if (!read_address(r, at))
        return false;
    int index = pc_pci_add(&r->to->pci, at[0], at[1], at[2]);
    if (index < 0)
        return hw_fail(r, "that function is described already, or there are more than %u", (unsigned)PC_PCI_FUNCTIONS);
    hw_next(r);
    struct function f = {.pci = &r->to->pci.function[index], .index = index};
    pc_pci_set(f.pci, PC_PCI_VENDOR, 4, 0xFFFFFFFFu);
    if (!hw_block(r, statements, &f))
        return false;
    if (f.pci->config[PC_PCI_VENDOR + 1] == 0xFF || f.pci->config[PC_PCI_DEVICE + 1] == 0xFF)
        return hw_fail_at(r, &where, "a function has a vendor and a device number");
    pc_pci_open_windows(&r->to->pci, (unsigned)index);
    mark_others(r->to, f.pci);
    return add_node(r, &where, &f);
}
