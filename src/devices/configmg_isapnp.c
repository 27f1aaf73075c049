// CONFIGMG: resource data of an ISA Plug and Play card as logical configurations (ISAPNP_To_CM, Win95 DDK S2536). The
// format is that of the Plug and Play ISA Specification 1.0a, 6.2: small and large items, one after the other.
#include "devices/configmg.h"

#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { // small items by type, large ones with 80h
    LOGICAL_DEVICE = 0x2,
    IRQ = 0x4,
    DMA = 0x5,
    START_DEPENDENT = 0x6,
    END_DEPENDENT = 0x7,
    IO = 0x8,
    FIXED_IO = 0x9,
    END = 0xF,
    MEMORY = 0x81,
    MEMORY32 = 0x85,
    FIXED_MEMORY32 = 0x86,
};

enum { MOST_BYTES = 4096, MOST_ITEMS = 64, ITEM_BYTES = 32, ALWAYS = 0 };

struct item {
    uint8_t type, length, data[ITEM_BYTES];
    uint8_t dependent; // which function it belongs to, from 1; ALWAYS
};

struct card {
    struct vmm *v;
    uint32_t at, offset; // guest address of the data, what comes next
    uint32_t items, functions;
    uint8_t priority[MOST_ITEMS]; // of the functions: 0 good, 1 acceptable, 2 suboptimal
    struct item item[MOST_ITEMS];
};

// ---------------------------------------------------------------------------------------------------------------------
// Reading

// The next item into *i; data beyond what is known of any item is left out. CR_*.
static int next_item(struct card *c, struct item *i)
{
    uint8_t head[3];
    uint32_t length;
    if (c->offset >= MOST_BYTES)
        return KIT_CR_INVALID_DATA;
    if (!vmm_get(c->v, c->at + c->offset, head, 1))
        return CONFIGMG_FAULTED;
    bool large = head[0] & 0x80;
    if (large && !vmm_get(c->v, c->at + c->offset, head, 3))
        return CONFIGMG_FAULTED;
    i->type = large ? head[0] : head[0] >> 3 & 15;
    length = large ? base_get16(head + 1) : head[0] & 7u;
    c->offset += large ? 3 : 1;
    i->length = (uint8_t)(length < ITEM_BYTES ? length : ITEM_BYTES);
    memset(i->data, 0, sizeof i->data);
    if (i->length && !vmm_get(c->v, c->at + c->offset, i->data, i->length))
        return CONFIGMG_FAULTED;
    c->offset += length;
    return KIT_CR_SUCCESS;
}

// To the items of logical device n, from 0. Those before the first one are the card's own.
static int find_device(struct card *c, uint32_t n)
{
    struct item i;
    int error;
    while (!(error = next_item(c, &i)) && i.type != END)
        if (i.type == LOGICAL_DEVICE && !n--)
            return KIT_CR_SUCCESS;
    return error ? error : KIT_CR_NO_SUCH_LOGICAL_DEV;
}

static bool is_resource(const struct item *i)
{
    static const struct {
        uint8_t type, least;
    } known[] = {{IRQ, 2}, {DMA, 2}, {IO, 7}, {FIXED_IO, 3}, {MEMORY, 9}, {MEMORY32, 17}, {FIXED_MEMORY32, 9}};
    for (size_t n = 0; n < BASE_COUNT(known); n++)
        if (known[n].type == i->type)
            return i->length >= known[n].least;
    return false;
}

static int read_device(struct card *c)
{
    struct item i;
    uint8_t dependent = ALWAYS;
    int error;
    while (!(error = next_item(c, &i)) && i.type != END && i.type != LOGICAL_DEVICE) {
        if (c->items == MOST_ITEMS || c->functions == MOST_ITEMS - 1)
            return KIT_CR_INVALID_DATA;
        if (i.type == START_DEPENDENT) {
            dependent = (uint8_t)++c->functions;
            c->priority[dependent] = i.length ? i.data[0] : 1;
        } else if (i.type == END_DEPENDENT) {
            dependent = ALWAYS;
        } else if (is_resource(&i)) {
            i.dependent = dependent;
            c->item[c->items++] = i;
        }
    }
    return error;
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing. A boot configuration has the lowest choice as what is allocated.

static uint32_t add_irq(const struct item *i, bool boot, uint8_t *to)
{
    uint32_t mask = base_get16(i->data), line = 0;
    while (line < 16 && !(mask >> line & 1))
        line++;
    bool level = i->length > 2 && i->data[2] & 0x0C; // edge without the third byte (6.2.2.4)
    base_put16(to + KIT_IRQD_Flags, level ? KIT_fIRQD_Share : 0);
    base_put16(to + KIT_IRQD_Req_Mask, (uint16_t)mask);
    base_put16(to + KIT_IRQD_Alloc_Num, (uint16_t)(boot ? line : 0));
    base_put16(to + KIT_IRQD_Alloc_Mask, (uint16_t)(boot ? 1u << line : 0));
    return KIT_SIZE_IRQ_DES;
}

static uint32_t add_dma(const struct item *i, bool boot, uint8_t *to)
{
    uint8_t channel = 0;
    while (channel < 7 && !(i->data[0] >> channel & 1))
        channel++;
    to[KIT_DD_Flags] = (i->data[1] & 3) == 2 ? KIT_fDD_WORD : KIT_fDD_BYTE;
    to[KIT_DD_Req_Mask] = i->data[0];
    to[KIT_DD_Alloc_Chan] = boot ? channel : 0;
    return KIT_SIZE_DMA_DES;
}

// Ports that are decoded with ten address lines have aliases every 400h (S248D: alias 4, decode 3).
static uint32_t add_io(const struct item *i, bool boot, uint8_t *to)
{
    bool fixed = i->type == FIXED_IO;
    uint32_t min = base_get16(i->data + (fixed ? 0 : 1)), max = fixed ? min : base_get16(i->data + 3);
    uint32_t align = fixed ? 1 : i->data[5], bytes = i->data[fixed ? 2 : 6];
    uint8_t *range = to + KIT_SIZE_IO_DES;
    bool ten = fixed || !(i->data[0] & 1);
    base_put16(to + KIT_IOD_Count, 1);
    base_put16(to + KIT_IOD_Type, KIT_SIZE_IO_RANGE);
    base_put16(to + KIT_IOD_Alloc_Base, (uint16_t)(boot ? min : 1));
    base_put16(to + KIT_IOD_Alloc_End, (uint16_t)(boot ? min + bytes - 1 : 0));
    base_put16(range + KIT_IOR_Align, (uint16_t) ~(align ? align - 1 : 0));
    base_put16(range + KIT_IOR_nPorts, (uint16_t)bytes);
    base_put16(range + KIT_IOR_Min, (uint16_t)min);
    base_put16(range + KIT_IOR_Max, (uint16_t)(max + bytes - 1));
    range[KIT_IOR_Alias] = ten ? 4 : 0;
    range[KIT_IOR_Decode] = ten ? 3 : 0;
    return KIT_SIZE_IO_DES + KIT_SIZE_IO_RANGE;
}

static uint32_t add_memory(const struct item *i, bool boot, uint8_t *to)
{
    uint32_t min, max, align, bytes;
    if (i->type == MEMORY) { // address bits 8-23, 64 KB for alignment 0, length in 256 bytes (6.2.3.1)
        min = (uint32_t)base_get16(i->data + 1) << 8;
        max = (uint32_t)base_get16(i->data + 3) << 8;
        align = base_get16(i->data + 5) ? base_get16(i->data + 5) : 0x10000u;
        bytes = (uint32_t)base_get16(i->data + 7) << 8;
    } else if (i->type == MEMORY32) {
        min = base_get32(i->data + 1);
        max = base_get32(i->data + 5);
        align = base_get32(i->data + 9);
        bytes = base_get32(i->data + 13);
    } else {
        min = max = base_get32(i->data + 1);
        align = 1;
        bytes = base_get32(i->data + 5);
    }
    uint8_t *range = to + KIT_SIZE_MEM_DES;
    base_put16(to + KIT_MD_Count, 1);
    base_put16(to + KIT_MD_Type, KIT_SIZE_MEM_RANGE);
    base_put32(to + KIT_MD_Alloc_Base, boot ? min : 1);
    base_put32(to + KIT_MD_Alloc_End, boot ? min + bytes - 1 : 0);
    base_put32(range + KIT_MR_Align, ~(align ? align - 1 : 0));
    base_put32(range + KIT_MR_nBytes, bytes);
    base_put32(range + KIT_MR_Min, min);
    base_put32(range + KIT_MR_Max, max + bytes - 1);
    return KIT_SIZE_MEM_DES + KIT_SIZE_MEM_RANGE;
}

static bool add_item(struct vmm *v, uint32_t conf, const struct item *i, bool boot)
{
    uint8_t data[KIT_SIZE_MEM_DES + KIT_SIZE_MEM_RANGE] = {0};
    switch (i->type) {
    case IRQ:
        return configmg_descriptor_new(v, conf, KIT_ResType_IRQ, data, add_irq(i, boot, data));
    case DMA:
        return configmg_descriptor_new(v, conf, KIT_ResType_DMA, data, add_dma(i, boot, data));
    case IO:
    case FIXED_IO:
        return configmg_descriptor_new(v, conf, KIT_ResType_IO, data, add_io(i, boot, data));
    default:
        return configmg_descriptor_new(v, conf, KIT_ResType_Mem, data, add_memory(i, boot, data));
    }
}

static uint32_t priority_of(const struct card *c, uint32_t function)
{
    static const uint32_t priorities[] = {KIT_LCPRI_DESIRED, KIT_LCPRI_NORMAL, KIT_LCPRI_SUBOPTIMAL};
    uint8_t n = c->priority[function];
    return function ? priorities[n < BASE_COUNT(priorities) ? n : 2] : (uint32_t)KIT_LCPRI_NORMAL;
}

// What the device always needs, and what it needs in one of its functions.
static bool add_conf(const struct card *c, uint32_t node, uint32_t function, uint32_t type)
{
    bool boot = type == KIT_BOOT_LOG_CONF;
    uint32_t conf = configmg_conf_new(c->v, node, type, boot ? KIT_LCPRI_BOOTCONFIG : priority_of(c, function), false);
    for (uint32_t i = 0; conf && i < c->items; i++)
        if ((c->item[i].dependent == ALWAYS || c->item[i].dependent == function) &&
            !add_item(c->v, conf, &c->item[i], boot))
            return false;
    return conf != 0;
}

static int add_confs(const struct card *c, uint32_t node, uint32_t type)
{
    uint32_t function = c->functions ? 1 : 0, last = type == KIT_BOOT_LOG_CONF ? function : c->functions;
    for (; function <= last; function++) {
        if (!add_conf(c, node, function, type)) {
            configmg_confs_free(c->v, node, type);
            return KIT_CR_OUT_OF_MEMORY;
        }
    }
    return KIT_CR_SUCCESS;
}

// ISAPNP_To_CM(pBuffer, dnDevNode, ulLogDev, ulFlags)
static int convert(struct vmm *v)
{
    struct card c = {.v = v, .at = vmm_arg(v, 0)};
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 1)), flags = vmm_arg(v, 3);
    uint32_t type = flags == KIT_CM_ISAPNP_ADD_BOOT_RES_DES ? KIT_BOOT_LOG_CONF : KIT_BASIC_LOG_CONF;
    if (!node)
        return KIT_CR_INVALID_DEVNODE;
    if (flags > KIT_CM_ISAPNP_ADD_BOOT_RES_DES)
        return KIT_CR_INVALID_FLAG;
    if (!c.at)
        return KIT_CR_INVALID_POINTER;
    if (configmg_state(v)->node[node].conf[type])
        return KIT_CR_DEVNODE_HAS_REQS;
    int error = find_device(&c, vmm_arg(v, 2));
    if (!error)
        error = read_device(&c);
    return error ? error : add_confs(&c, node, type);
}

static void isapnp_to_cm(struct vmm *v)
{
    if (vmm_arg(v, 3) == KIT_CM_ISAPNP_SETUP)
        vmm_stop(v, VMM_END_MISSING,
                 "_CONFIGMG_ISAPNP_To_CM with CM_ISAPNP_SETUP: there are no cards with the "
                 "registers of ISA Plug and Play that it would write to");
    else
        configmg_answer(v, convert(v));
}

const struct vmm_binding configmg_isapnp_bindings[] = {
    {KIT__CONFIGMG_ISAPNP_To_CM, isapnp_to_cm},
    {0, NULL},
};
