// CONFIGMG: the arbitrators of memory, ports, interrupts and DMA channels that are always there. They fill in the Alloc
// fields of a configuration that is tried (configmg_arbitrate.c says which). Interrupt lines are shared when both sides
// say so; everything else belongs to one device. Get_Alloc_Log_Conf shows the result as a table.
#include "devices/configmg.h"

#include "kit/services.h"
#include "kit/structures.h"

#include <stdio.h>
#include <string.h>

enum { MOST_PARTS = 64, MOST_TRIES = 4096 };

// What the board itself needs: timer, keyboard, cascade, clock and coprocessor; the cascade of the DMA controllers.
enum { BOARD_IRQS = 0x2107, BOARD_DMA = 0x10 };

struct part {                   // a descriptor on its way to an allocation
    uint32_t type, bytes, data; // data: guest address
    uint32_t choice;            // range or number that is tried
    uint32_t first, last;       // what it got; IRQ and DMA: the number twice
    bool shared;
};

struct attempt {
    struct vmm *v;
    uint32_t node, parts, tries;
    uint32_t partner; // a node that gives up what it has
    bool forced;      // whoever else has it
    struct part part[MOST_PARTS];
};

// ---------------------------------------------------------------------------------------------------------------------
// What a descriptor's data says. Too short data has zeros at its end.

static uint32_t field(struct vmm *v, const struct part *p, uint32_t offset, uint32_t bytes)
{
    uint8_t b[4] = {0};
    if (offset + bytes > p->bytes || !x86_read_linear(vmm_cpu(v), p->data + offset, b, bytes, X86_READ, NULL))
        return 0;
    return base_get32(b);
}

static struct part part_of(struct vmm *v, uint32_t descriptor)
{
    const struct configmg_descriptor *d = &configmg_state(v)->descriptor[descriptor];
    struct part p = {.type = d->type, .bytes = d->bytes, .data = d->data, .first = 1, .last = 0};
    if (p.type == KIT_ResType_IRQ)
        p.shared = field(v, &p, KIT_IRQD_Flags, 2) & KIT_fIRQD_Share;
    return p;
}

static bool holds(const struct part *p)
{
    return p->last >= p->first;
}

// The allocated part of a descriptor.
static void read_alloc(struct vmm *v, struct part *p)
{
    switch (p->type) {
    case KIT_ResType_Mem:
        p->first = field(v, p, KIT_MD_Alloc_Base, 4);
        p->last = field(v, p, KIT_MD_Alloc_End, 4);
        break;
    case KIT_ResType_IO:
        p->first = field(v, p, KIT_IOD_Alloc_Base, 2);
        p->last = field(v, p, KIT_IOD_Alloc_End, 2);
        break;
    case KIT_ResType_DMA:
        p->first = p->last = field(v, p, KIT_DD_Alloc_Chan, 1);
        break;
    case KIT_ResType_IRQ:
        p->first = p->last = field(v, p, KIT_IRQD_Alloc_Num, 2);
        break;
    default:
        break;
    }
}

static void write_alloc(const struct part *p, uint8_t *data)
{
    switch (p->type) {
    case KIT_ResType_Mem:
        base_put32(data + KIT_MD_Alloc_Base, p->first);
        base_put32(data + KIT_MD_Alloc_End, p->last);
        break;
    case KIT_ResType_IO:
        base_put16(data + KIT_IOD_Alloc_Base, (uint16_t)p->first);
        base_put16(data + KIT_IOD_Alloc_End, (uint16_t)p->last);
        break;
    case KIT_ResType_DMA:
        data[KIT_DD_Alloc_Chan] = (uint8_t)p->first;
        break;
    case KIT_ResType_IRQ:
        base_put16(data + KIT_IRQD_Alloc_Num, (uint16_t)p->first);
        base_put16(data + KIT_IRQD_Alloc_Mask, (uint16_t)(1u << p->first));
        break;
    default:
        break;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Conflicts. *after receives the end of what is in the way.

static bool conflict(const struct part *a, const struct part *b, uint32_t *after)
{
    if (a->type != b->type || !holds(b) || a->last < b->first || b->last < a->first)
        return false;
    if (a->type == KIT_ResType_IRQ && a->shared && b->shared)
        return false;
    *after = b->last;
    return true;
}

static bool board_needs(const struct part *p)
{
    uint32_t mask = p->type == KIT_ResType_IRQ ? BOARD_IRQS : p->type == KIT_ResType_DMA ? BOARD_DMA : 0;
    return mask && p->first < 16 && mask >> p->first & 1;
}

// What a node holds: what is being tried for it, or what it has. One that gives up what it has holds nothing else.
static uint32_t held_by(const struct attempt *a, uint32_t node)
{
    const uint16_t *conf = configmg_state(a->v)->node[node].conf;
    return conf[CONFIGMG_TRIED] || node == a->partner ? conf[CONFIGMG_TRIED] : conf[KIT_ALLOC_LOG_CONF];
}

static bool taken_by_node(const struct attempt *a, uint32_t node, const struct part *p, uint32_t *after)
{
    const struct configmg *s = configmg_state(a->v);
    uint32_t conf = held_by(a, node);
    for (uint32_t d = conf ? s->conf[conf].first : 0; d; d = s->descriptor[d].next) {
        if (s->descriptor[d].type != p->type || configmg_arbitrator_of(a->v, node, p->type) != CONFIGMG_BUILT_IN)
            continue;
        struct part other = part_of(a->v, d);
        read_alloc(a->v, &other);
        if (conflict(p, &other, after))
            return true;
    }
    return false;
}

static bool taken(const struct attempt *a, uint32_t own, const struct part *p, uint32_t *after)
{
    const struct configmg *s = configmg_state(a->v);
    *after = p->first;
    if (a->forced)
        return false;
    if (board_needs(p))
        return true;
    for (uint32_t i = 0; i < own; i++)
        if (conflict(p, &a->part[i], after))
            return true;
    for (uint32_t n = 1; n < CONFIGMG_NODES; n++)
        if (s->node[n].generation && n != a->node && taken_by_node(a, n, p, after))
            return true;
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Choices: a range of the descriptor, or a number of its mask

static bool lowest_free(struct attempt *a, uint32_t own, uint64_t min, uint64_t max, uint64_t bytes, uint64_t step)
{
    struct part *p = &a->part[own];
    uint64_t base = (min + step - 1) & ~(step - 1);
    for (uint32_t after; base + bytes - 1 <= max; base = ((uint64_t)after + step) & ~(step - 1)) {
        p->first = (uint32_t)base;
        p->last = (uint32_t)(base + bytes - 1);
        if (a->tries++ > MOST_TRIES)
            return false;
        if (!taken(a, own, p, &after))
            return true;
    }
    return false;
}

uint64_t configmg_step(uint32_t mask, uint32_t bits)
{
    uint32_t low = ~mask & (bits == 16 ? 0xFFFFu : 0xFFFFFFFFu);
    return low & (low + 1) || low == UINT32_MAX || !mask ? 1 : (uint64_t)low + 1;
}

static bool choose_io(struct attempt *a, uint32_t own)
{
    const struct part *p = &a->part[own];
    uint32_t at = KIT_SIZE_IO_DES + p->choice * KIT_SIZE_IO_RANGE;
    uint32_t ports = field(a->v, p, at + KIT_IOR_nPorts, 2);
    return ports && lowest_free(a, own, field(a->v, p, at + KIT_IOR_Min, 2), field(a->v, p, at + KIT_IOR_Max, 2), ports,
                                configmg_step(field(a->v, p, at + KIT_IOR_Align, 2), 16));
}

static bool choose_memory(struct attempt *a, uint32_t own)
{
    const struct part *p = &a->part[own];
    uint32_t at = KIT_SIZE_MEM_DES + p->choice * KIT_SIZE_MEM_RANGE;
    uint32_t bytes = field(a->v, p, at + KIT_MR_nBytes, 4);
    return bytes && lowest_free(a, own, field(a->v, p, at + KIT_MR_Min, 4), field(a->v, p, at + KIT_MR_Max, 4), bytes,
                                configmg_step(field(a->v, p, at + KIT_MR_Align, 4), 32));
}

static bool choose_number(struct attempt *a, uint32_t own, uint32_t mask)
{
    struct part *p = &a->part[own];
    uint32_t after;
    p->first = p->last = p->choice;
    return mask >> p->choice & 1 && !taken(a, own, p, &after);
}

static unsigned choices(struct vmm *v, const struct part *p)
{
    switch (p->type) {
    case KIT_ResType_Mem:
        return field(v, p, KIT_MD_Count, 2);
    case KIT_ResType_IO:
        return field(v, p, KIT_IOD_Count, 2);
    case KIT_ResType_DMA:
        return 8;
    case KIT_ResType_IRQ:
        return 16;
    default:
        return 1; // private resources have no arbitrator: they are always granted
    }
}

static bool choose(struct attempt *a, uint32_t own)
{
    const struct part *p = &a->part[own];
    switch (p->type) {
    case KIT_ResType_Mem:
        return choose_memory(a, own);
    case KIT_ResType_IO:
        return choose_io(a, own);
    case KIT_ResType_DMA:
        return choose_number(a, own, field(a->v, p, KIT_DD_Req_Mask, 1));
    case KIT_ResType_IRQ:
        return choose_number(a, own, field(a->v, p, KIT_IRQD_Req_Mask, 2));
    default:
        return true;
    }
}

// Goes back to the part before when one has no choice left.
static bool satisfy(struct attempt *a)
{
    uint32_t own = 0;
    if (a->parts)
        a->part[0].choice = 0;
    while (own < a->parts) {
        struct part *p = &a->part[own];
        if (a->tries++ > MOST_TRIES)
            return false;
        if (p->choice >= choices(a->v, p)) {
            if (!own--)
                return false;
            a->part[own].choice++;
        } else if (!choose(a, own)) {
            p->choice++;
        } else if (++own < a->parts) {
            a->part[own].choice = 0;
        }
    }
    return true;
}

static bool keep_part(struct vmm *v, const struct part *p)
{
    uint8_t data[CONFIGMG_DATA];
    if (!p->bytes)
        return true;
    if (!x86_read_linear(vmm_cpu(v), p->data, data, p->bytes, X86_READ, NULL))
        return false;
    write_alloc(p, data);
    return x86_write_linear(vmm_cpu(v), p->data, data, p->bytes, X86_WRITE, NULL);
}

// The descriptors of those resources that no driver arbitrates.
static bool load_parts(struct attempt *a, uint32_t conf)
{
    const struct configmg *s = configmg_state(a->v);
    for (uint32_t d = s->conf[conf].first; d; d = s->descriptor[d].next) {
        if (configmg_arbitrator_of(a->v, a->node, s->descriptor[d].type) != CONFIGMG_BUILT_IN)
            continue;
        if (a->parts == MOST_PARTS)
            return false;
        a->part[a->parts++] = part_of(a->v, d);
    }
    return true;
}

bool configmg_solve(struct vmm *v, uint32_t node, uint32_t partner, bool forced)
{
    struct attempt a = {.v = v, .node = node, .partner = partner, .forced = forced};
    bool done = load_parts(&a, configmg_state(v)->node[node].conf[CONFIGMG_TRIED]) && satisfy(&a);
    for (uint32_t i = 0; done && i < a.parts; i++)
        done = keep_part(v, &a.part[i]);
    return done;
}

// ---------------------------------------------------------------------------------------------------------------------
// What is free

// The lowest range of the kind that somebody has at `from` or above it. False: there is none.
static bool next_taken(struct vmm *v, uint32_t resource, uint32_t from, struct part *to)
{
    const struct configmg *s = configmg_state(v);
    bool found = false;
    for (uint32_t i = 1; i < CONFIGMG_DESCRIPTORS; i++) {
        const struct configmg_descriptor *d = &s->descriptor[i];
        if (!d->generation || d->type != resource || s->conf[d->conf].type != KIT_ALLOC_LOG_CONF ||
            configmg_arbitrator_of(v, s->conf[d->conf].node, resource) != CONFIGMG_BUILT_IN)
            continue;
        struct part p = part_of(v, i);
        read_alloc(v, &p);
        if (!holds(&p) || p.last < from || (found && p.first >= to->first))
            continue;
        *to = p;
        found = true;
    }
    return found;
}

static uint32_t free_numbers(struct vmm *v, uint32_t resource, uint8_t to[CONFIGMG_FREE])
{
    bool irq = resource == KIT_ResType_IRQ;
    uint32_t mask = irq ? 0xFFFF & ~(uint32_t)BOARD_IRQS : 0xFF & ~(uint32_t)BOARD_DMA, from = 0;
    for (struct part p; next_taken(v, resource, from, &p); from = p.first + 1)
        if (p.first < 16)
            mask &= ~(1u << p.first);
    base_put32(to, mask);
    return 4;
}

static uint32_t free_ranges(struct vmm *v, uint32_t resource, uint8_t to[CONFIGMG_FREE])
{
    uint32_t from = 0, n = 0, most = resource == KIT_ResType_IO ? 0xFFFF : UINT32_MAX;
    struct part p;
    bool more = true;
    while (more && n + 8 <= CONFIGMG_FREE) {
        more = next_taken(v, resource, from, &p) && p.first <= most;
        if (!more || p.first > from) {
            base_put32(to + n, from);
            base_put32(to + n + 4, more ? p.first - 1 : most);
            n += 8;
        }
        if (more && p.last >= most)
            break;
        from = more ? p.last + 1 : from;
    }
    return n;
}

uint32_t configmg_free_ones(struct vmm *v, uint32_t resource, uint8_t to[CONFIGMG_FREE])
{
    return resource == KIT_ResType_IRQ || resource == KIT_ResType_DMA ? free_numbers(v, resource, to)
                                                                      : free_ranges(v, resource, to);
}

// ---------------------------------------------------------------------------------------------------------------------
// Scripted ranges of a described device answer where its resources are, and raise its interrupt line

static bool nth_part(struct vmm *v, uint32_t conf, uint32_t type, uint32_t n, struct part *to)
{
    const struct configmg *s = configmg_state(v);
    for (uint32_t d = conf ? s->conf[conf].first : 0; d; d = s->descriptor[d].next) {
        if (s->descriptor[d].type != type || n--)
            continue;
        *to = part_of(v, d);
        read_alloc(v, to);
        return holds(to);
    }
    return false;
}

void configmg_place_spaces(struct vmm *v, uint32_t node, uint32_t type)
{
    const struct configmg_node *n = &configmg_state(v)->node[node];
    struct pc *pc = devices_board(v);
    struct part range, irq, dma;
    for (uint32_t i = 0; n->described && i < pc->script.spaces; i++) {
        struct pc_space *p = &pc->script.space[i];
        if (p->owner != n->described)
            continue;
        p->present = nth_part(v, n->conf[type], p->memory ? KIT_ResType_Mem : KIT_ResType_IO, p->bar, &range);
        p->base = p->present ? range.first : 0;
        p->line = nth_part(v, n->conf[type], KIT_ResType_IRQ, 0, &irq) ? (uint8_t)irq.first : PC_OWN_LINE;
        p->channel = nth_part(v, n->conf[type], KIT_ResType_DMA, 0, &dma) ? (uint8_t)dma.first : PC_OWN_CHANNEL;
        p->lines = 0;
    }
    pc_spaces_changed(pc);
    devices_board_changed(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// CMCONFIG

static void put16(uint8_t *table, unsigned at, uint32_t value)
{
    base_put16(table + at, (uint16_t)value);
}

// A place in one of the table's lists, UINT_MAX when it is full.
static unsigned place(uint8_t *table, unsigned count_at, unsigned room)
{
    unsigned n = base_get16(table + count_at);
    if (n == room)
        return UINT32_MAX;
    put16(table, count_at, n + 1);
    return n;
}

static void add_to_table(struct vmm *v, uint8_t *table, const struct part *p)
{
    unsigned n;
    switch (p->type) {
    case KIT_ResType_Mem:
        if ((n = place(table, KIT_wNumMemWindows, KIT_MAX_MEM_REGISTERS)) == UINT32_MAX)
            return;
        base_put32(table + KIT_dMemBase + 4 * n, p->first);
        base_put32(table + KIT_dMemLength + 4 * n, p->last - p->first + 1);
        put16(table, KIT_wMemAttrib + 2 * n, field(v, p, KIT_MD_Flags, 2));
        break;
    case KIT_ResType_IO:
        if ((n = place(table, KIT_wNumIOPorts, KIT_MAX_IO_PORTS)) == UINT32_MAX)
            return;
        put16(table, KIT_wIOPortBase + 2 * n, p->first);
        put16(table, KIT_wIOPortLength + 2 * n, p->last - p->first + 1);
        break;
    case KIT_ResType_IRQ:
        if ((n = place(table, KIT_wNumIRQs, KIT_MAX_IRQS)) == UINT32_MAX)
            return;
        table[KIT_bIRQRegisters + n] = (uint8_t)p->first;
        table[KIT_bIRQAttrib + n] = (uint8_t)field(v, p, KIT_IRQD_Flags, 1);
        break;
    case KIT_ResType_DMA:
        if ((n = place(table, KIT_wNumDMAs, KIT_MAX_DMA_CHANNELS)) == UINT32_MAX)
            return;
        table[KIT_bDMALst + n] = (uint8_t)p->first;
        put16(table, KIT_wDMAAttrib + 2 * n, field(v, p, KIT_DD_Flags, 1));
        break;
    default:
        break;
    }
}

static void fill_table(struct vmm *v, uint32_t conf, uint8_t *table)
{
    const struct configmg *s = configmg_state(v);
    for (uint32_t d = s->conf[conf].first; d; d = s->descriptor[d].next) {
        struct part p = part_of(v, d);
        read_alloc(v, &p);
        if (holds(&p))
            add_to_table(v, table, &p);
    }
}

// Get_Alloc_Log_Conf(pccBuffer, dnDevNode, ulFlags), Win95 DDK S251B.
static int alloc_log_conf(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 1)), flags = vmm_arg(v, 2), to = vmm_arg(v, 0);
    uint8_t table[KIT_SIZE_CMCONFIG] = {0};
    if (!node)
        return KIT_CR_INVALID_DEVNODE;
    if (flags > KIT_CM_GET_ALLOC_LOG_CONF_BOOT_ALLOC)
        return KIT_CR_INVALID_FLAG;
    if (!to)
        return KIT_CR_INVALID_POINTER;
    uint32_t conf = configmg_state(v)->node[node].conf[flags ? KIT_BOOT_LOG_CONF : KIT_ALLOC_LOG_CONF];
    if (conf)
        fill_table(v, conf, table);
    if (!vmm_put(v, to, table, sizeof table))
        return CONFIGMG_FAULTED;
    return conf ? KIT_CR_SUCCESS : KIT_CR_NO_MORE_LOG_CONF;
}

static void get_alloc_log_conf(struct vmm *v)
{
    configmg_answer(v, alloc_log_conf(v));
}

// What a node has been given, for people.
static void tell_part(const struct part *p, char *to, size_t size)
{
    size_t n = strlen(to);
    if (p->type > KIT_ResType_Max || !holds(p))
        return;
    if (p->type == KIT_ResType_Mem || p->type == KIT_ResType_IO)
        snprintf(to + n, size - n, p->type == KIT_ResType_Mem ? ", memory %X-%X" : ", ports %X-%X", (unsigned)p->first,
                 (unsigned)p->last);
    else
        snprintf(to + n, size - n, p->type == KIT_ResType_IRQ ? ", IRQ %u" : ", DMA %u", (unsigned)p->first);
}

void configmg_announce_started(struct vmm *v, uint32_t node)
{
    const struct configmg *s = configmg_state(v);
    char what[300] = "has been started";
    uint32_t conf = s->node[node].conf[KIT_ALLOC_LOG_CONF];
    for (uint32_t d = conf ? s->conf[conf].first : 0; d; d = s->descriptor[d].next) {
        struct part p = part_of(v, d);
        read_alloc(v, &p);
        tell_part(&p, what, sizeof what);
    }
    configmg_announce(v, node, what);
}

bool configmg_allocated(struct vmm *v, uint32_t node, uint32_t resource, uint32_t *first)
{
    const struct configmg *s = configmg_state(v);
    uint32_t conf = s->node[node].conf[KIT_ALLOC_LOG_CONF];
    for (uint32_t d = conf ? s->conf[conf].first : 0; d; d = s->descriptor[d].next) {
        struct part p = part_of(v, d);
        read_alloc(v, &p);
        if (p.type != resource || !holds(&p))
            continue;
        *first = p.first;
        return true;
    }
    return false;
}

const struct vmm_binding configmg_alloc_bindings[] = {
    {KIT__CONFIGMG_Get_Alloc_Log_Conf, get_alloc_log_conf},
    {0, NULL},
};
