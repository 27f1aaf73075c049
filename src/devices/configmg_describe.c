// CONFIGMG: the tree from a hardware description, as the enumerators of a real machine would have made it.
#include "devices/configmg.h"

#include "kit/structures.h"

#include <string.h>

enum { LARGEST = KIT_SIZE_MEM_DES + HARDWARE_RANGES * KIT_SIZE_MEM_RANGE };

// Only ranges and numbers that stand alone were allocated at boot; an alternative is none.
static uint32_t io_data(const struct hardware_resource *r, bool boot, uint8_t *to)
{
    base_put16(to + KIT_IOD_Count, (uint16_t)r->ranges);
    base_put16(to + KIT_IOD_Type, KIT_SIZE_IO_RANGE);
    base_put16(to + KIT_IOD_Alloc_Base, (uint16_t)(boot ? r->range[0].first : 1));
    base_put16(to + KIT_IOD_Alloc_End, (uint16_t)(boot ? r->range[0].last : 0));
    for (uint32_t i = 0; i < r->ranges; i++) {
        uint8_t *range = to + KIT_SIZE_IO_DES + i * KIT_SIZE_IO_RANGE;
        base_put16(range + KIT_IOR_Align, (uint16_t) ~(r->range[i].align - 1));
        base_put16(range + KIT_IOR_nPorts, (uint16_t)r->range[i].bytes);
        base_put16(range + KIT_IOR_Min, (uint16_t)r->range[i].first);
        base_put16(range + KIT_IOR_Max, (uint16_t)r->range[i].last);
    }
    return KIT_SIZE_IO_DES + r->ranges * KIT_SIZE_IO_RANGE;
}

static uint32_t memory_data(const struct hardware_resource *r, bool boot, uint8_t *to)
{
    base_put16(to + KIT_MD_Count, (uint16_t)r->ranges);
    base_put16(to + KIT_MD_Type, KIT_SIZE_MEM_RANGE);
    base_put32(to + KIT_MD_Alloc_Base, boot ? r->range[0].first : 1);
    base_put32(to + KIT_MD_Alloc_End, boot ? r->range[0].last : 0);
    for (uint32_t i = 0; i < r->ranges; i++) {
        uint8_t *range = to + KIT_SIZE_MEM_DES + i * KIT_SIZE_MEM_RANGE;
        base_put32(range + KIT_MR_Align, ~(r->range[i].align - 1));
        base_put32(range + KIT_MR_nBytes, r->range[i].bytes);
        base_put32(range + KIT_MR_Min, r->range[i].first);
        base_put32(range + KIT_MR_Max, r->range[i].last);
    }
    return KIT_SIZE_MEM_DES + r->ranges * KIT_SIZE_MEM_RANGE;
}

static uint32_t lowest(uint32_t mask)
{
    uint32_t n = 0;
    while (n < 16 && !(mask >> n & 1))
        n++;
    return n;
}

static uint32_t irq_data(const struct hardware_resource *r, bool boot, uint8_t *to)
{
    base_put16(to + KIT_IRQD_Flags, r->shared ? KIT_fIRQD_Share : 0);
    base_put16(to + KIT_IRQD_Req_Mask, (uint16_t)r->mask);
    if (boot) {
        base_put16(to + KIT_IRQD_Alloc_Num, (uint16_t)lowest(r->mask));
        base_put16(to + KIT_IRQD_Alloc_Mask, (uint16_t)(1u << lowest(r->mask)));
    }
    return KIT_SIZE_IRQ_DES;
}

static uint32_t dma_data(const struct hardware_resource *r, bool boot, uint8_t *to)
{
    to[KIT_DD_Flags] = lowest(r->mask) >= 4 ? KIT_fDD_WORD : KIT_fDD_BYTE;
    to[KIT_DD_Req_Mask] = (uint8_t)r->mask;
    to[KIT_DD_Alloc_Chan] = (uint8_t)(boot ? lowest(r->mask) : 0);
    return KIT_SIZE_DMA_DES;
}

static uint32_t data_of(const struct hardware_resource *r, bool boot, uint8_t *to)
{
    switch (r->kind) {
    case HARDWARE_IO:
        return io_data(r, boot, to);
    case HARDWARE_MEMORY:
        return memory_data(r, boot, to);
    case HARDWARE_IRQ:
        return irq_data(r, boot, to);
    default:
        return dma_data(r, boot, to);
    }
}

static bool add_config(struct vmm *v, uint32_t node, const struct hardware_config *c)
{
    uint32_t conf = configmg_conf_new(v, node, c->boot ? KIT_BOOT_LOG_CONF : KIT_BASIC_LOG_CONF,
                                      c->boot ? KIT_LCPRI_BOOTCONFIG : KIT_LCPRI_NORMAL, false);
    for (const struct hardware_resource *r = conf ? c->resources : NULL; r; r = r->next) {
        uint8_t data[LARGEST] = {0};
        if (!configmg_descriptor_new(v, conf, r->kind, data, data_of(r, c->boot, data)))
            return false;
    }
    return conf != 0;
}

// A PCI function's place, as the PCI bus reports it: bus, device and function, a word of zeros.
static bool add_bus_info(struct vmm *v, uint32_t node, const struct pc_pci_function *f)
{
    struct configmg_node *n = &configmg_state(v)->node[node];
    const uint8_t info[4] = {f->bus, (uint8_t)(f->device << 3 | f->function), 0, 0};
    n->bus_type = KIT_BusType_PCI;
    n->bus_info = vmm_heap_get(v, sizeof info);
    n->bus_bytes = sizeof info;
    return n->bus_info && x86_write_linear(vmm_cpu(v), n->bus_info, info, sizeof info, X86_WRITE, NULL);
}

static bool add_node(struct vmm *v, const struct hardware *h, const struct hardware_node *from)
{
    uint32_t parent = from->parent ? configmg_find(v, from->parent) : CONFIGMG_ROOT;
    uint32_t node = parent ? configmg_node_new(v, parent, from->id) : 0;
    if (!node || !configmg_describe_key(v, from))
        return false;
    struct configmg_node *n = &configmg_state(v)->node[node];
    n->status = parent == CONFIGMG_ROOT ? KIT_DN_ROOT_ENUMERATED : KIT_DN_HARDWARE_ENUM;
    n->bus_type = KIT_BusType_ISA;
    n->described = (uint8_t)(from - h->node + 1);
    for (const struct hardware_config *c = from->configs; c; c = c->next)
        if (!add_config(v, node, c))
            return false;
    configmg_place_spaces(v, node, KIT_BOOT_LOG_CONF);
    return from->function < 0 || add_bus_info(v, node, &h->pci.function[from->function]);
}

bool configmg_describe(struct vmm *v, const struct hardware *h)
{
    for (uint32_t i = 0; i < h->nodes; i++)
        if (!add_node(v, h, &h->node[i]))
            return false;
    return true;
}
