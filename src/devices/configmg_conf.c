// CONFIGMG: logical configurations of a device node and their resource descriptors (Win95 DDK S2506, S2509, S2527 and
// others). A descriptor's data is the driver's own structure (IO_DES, IRQ_DES, ...), kept byte for byte.
#include "devices/configmg.h"

#include "kit/services.h"
#include "kit/structures.h"

// ---------------------------------------------------------------------------------------------------------------------
// Rows

// Kept in order of priority (a small number is a better one).
uint32_t configmg_conf_new(struct vmm *v, uint32_t node, uint32_t type, uint32_t priority, bool before_equals)
{
    struct configmg *s = configmg_state(v);
    uint32_t row = 1;
    while (row < CONFIGMG_CONFS && s->conf[row].generation)
        row++;
    if (row == CONFIGMG_CONFS)
        return 0;
    s->generation = s->generation % 0xFFF + 1;
    s->conf[row] = (struct configmg_conf){
        .generation = s->generation, .priority = priority, .node = (uint16_t)node, .type = (uint8_t)type};
    uint16_t *link = &s->node[node].conf[type];
    while (*link && (before_equals ? s->conf[*link].priority < priority : s->conf[*link].priority <= priority))
        link = &s->conf[*link].next;
    s->conf[row].next = *link;
    *link = (uint16_t)row;
    return row;
}

static void descriptor_free(struct vmm *v, uint32_t descriptor)
{
    struct configmg *s = configmg_state(v);
    struct configmg_descriptor *d = &s->descriptor[descriptor];
    uint16_t *link = &s->conf[d->conf].first;
    while (*link != descriptor)
        link = &s->descriptor[*link].next;
    *link = d->next;
    if (d->data)
        (void)!vmm_heap_give(v, d->data);
    d->generation = 0;
}

void configmg_conf_free(struct vmm *v, uint32_t conf)
{
    struct configmg *s = configmg_state(v);
    struct configmg_conf *c = &s->conf[conf];
    while (c->first)
        descriptor_free(v, c->first);
    uint16_t *link = &s->node[c->node].conf[c->type];
    while (*link != conf)
        link = &s->conf[*link].next;
    *link = c->next;
    c->generation = 0;
}

void configmg_confs_free(struct vmm *v, uint32_t node, uint32_t type)
{
    while (configmg_state(v)->node[node].conf[type])
        configmg_conf_free(v, configmg_state(v)->node[node].conf[type]);
}

// Appended; Add_Res_Des moves its own to the front.
uint32_t configmg_descriptor_new(struct vmm *v, uint32_t conf, uint32_t type, const void *data, uint32_t bytes)
{
    struct configmg *s = configmg_state(v);
    uint32_t row = 1;
    while (row < CONFIGMG_DESCRIPTORS && s->descriptor[row].generation)
        row++;
    uint32_t at = row < CONFIGMG_DESCRIPTORS && bytes ? vmm_heap_get(v, bytes) : 0;
    if (row == CONFIGMG_DESCRIPTORS || (bytes && !at))
        return 0;
    if (bytes && !x86_write_linear(vmm_cpu(v), at, data, bytes, X86_WRITE, NULL))
        return 0;
    s->generation = s->generation % 0xFFF + 1;
    s->descriptor[row] = (struct configmg_descriptor){
        .generation = s->generation, .data = at, .bytes = bytes, .type = type, .conf = (uint16_t)conf};
    uint16_t *link = &s->conf[conf].first;
    while (*link)
        link = &s->descriptor[*link].next;
    *link = (uint16_t)row;
    return row;
}

uint32_t configmg_conf_copy(struct vmm *v, uint32_t conf, uint32_t type)
{
    const struct configmg *s = configmg_state(v);
    uint8_t data[CONFIGMG_DATA];
    uint32_t copy = configmg_conf_new(v, s->conf[conf].node, type, s->conf[conf].priority, false);
    for (uint32_t d = copy ? s->conf[conf].first : 0; d; d = s->descriptor[d].next) {
        const struct configmg_descriptor *from = &s->descriptor[d];
        if ((from->bytes && !x86_read_linear(vmm_cpu(v), from->data, data, from->bytes, X86_READ, NULL)) ||
            !configmg_descriptor_new(v, copy, from->type, data, from->bytes)) {
            configmg_conf_free(v, copy);
            return 0;
        }
    }
    return copy;
}

// ---------------------------------------------------------------------------------------------------------------------
// Logical configurations

// Add_Empty_Log_Conf(plcLogConf, dnDevNode, Priority, ulFlags)
static int add_empty(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 1)), flags = vmm_arg(v, 3), to = vmm_arg(v, 0);
    uint32_t type = flags & 7;
    if (!node)
        return KIT_CR_INVALID_DEVNODE;
    if (flags & ~(uint32_t)(7 | KIT_PRIORITY_EQUAL_FIRST) || type >= CONFIGMG_TRIED)
        return KIT_CR_INVALID_FLAG;
    if (vmm_arg(v, 2) > 0xFFFF)
        return KIT_CR_INVALID_PRIORITY;
    if (!to)
        return KIT_CR_INVALID_POINTER;
    if (!vmm_probe(v, to, 4, true))
        return CONFIGMG_FAULTED;
    uint32_t conf = configmg_conf_new(v, node, type, vmm_arg(v, 2), flags & KIT_PRIORITY_EQUAL_FIRST);
    return conf ? configmg_deliver(v, to, configmg_handle(v, CONFIGMG_CONF, conf)) : KIT_CR_OUT_OF_MEMORY;
}

static void add_empty_log_conf(struct vmm *v)
{
    configmg_answer(v, add_empty(v));
}

static void free_log_conf(struct vmm *v)
{
    uint32_t conf = configmg_row(v, CONFIGMG_CONF, vmm_arg(v, 0));
    if (conf && !vmm_arg(v, 1))
        configmg_conf_free(v, conf);
    configmg_answer(v, !conf ? KIT_CR_INVALID_LOG_CONF : vmm_arg(v, 1) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS);
}

static int deliver_conf(struct vmm *v, uint32_t conf)
{
    if (!vmm_arg(v, 0))
        return KIT_CR_INVALID_POINTER;
    return conf ? configmg_deliver(v, vmm_arg(v, 0), configmg_handle(v, CONFIGMG_CONF, conf)) : KIT_CR_NO_MORE_LOG_CONF;
}

static void get_first_log_conf(struct vmm *v)
{
    uint32_t node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 1)), type = vmm_arg(v, 2);
    if (!node)
        configmg_answer(v, KIT_CR_INVALID_DEVNODE);
    else
        configmg_answer(v, type < CONFIGMG_TRIED ? deliver_conf(v, configmg_state(v)->node[node].conf[type])
                                                 : KIT_CR_INVALID_FLAG);
}

static void get_next_log_conf(struct vmm *v)
{
    uint32_t conf = configmg_row(v, CONFIGMG_CONF, vmm_arg(v, 1));
    if (!conf)
        configmg_answer(v, KIT_CR_INVALID_LOG_CONF);
    else
        configmg_answer(v, vmm_arg(v, 2) ? KIT_CR_INVALID_FLAG : deliver_conf(v, configmg_state(v)->conf[conf].next));
}

// ---------------------------------------------------------------------------------------------------------------------
// Resource descriptors

static int check_resource(uint32_t type, uint32_t bytes)
{
    static const uint8_t least[] = {[KIT_ResType_Mem] = KIT_SIZE_MEM_DES,
                                    [KIT_ResType_IO] = KIT_SIZE_IO_DES,
                                    [KIT_ResType_DMA] = KIT_SIZE_DMA_DES,
                                    [KIT_ResType_IRQ] = KIT_SIZE_IRQ_DES};
    uint32_t plain = type & ~(uint32_t)KIT_ResType_Ignored_Bit;
    if (!plain)
        return KIT_CR_INVALID_RESOURCEID;
    if (bytes > CONFIGMG_DATA ||
        (type <= KIT_ResType_Max && bytes < least[type])) // others are the arbitrator's business
        return KIT_CR_INVALID_DATA;
    return KIT_CR_SUCCESS;
}

// The driver's data becomes a descriptor at a place of the list.
static int add(struct vmm *v, uint32_t conf, uint16_t *place, uint32_t type, uint32_t at, uint32_t bytes)
{
    struct configmg *s = configmg_state(v);
    uint8_t data[CONFIGMG_DATA];
    int error = check_resource(type, bytes);
    if (error)
        return error;
    if (!at || !vmm_arg(v, 0))
        return KIT_CR_INVALID_POINTER;
    if (!vmm_get(v, at, data, bytes) || !vmm_probe(v, vmm_arg(v, 0), 4, true))
        return CONFIGMG_FAULTED;
    uint32_t row = configmg_descriptor_new(v, conf, type, data, bytes);
    if (!row)
        return KIT_CR_OUT_OF_MEMORY;
    uint16_t *link = &s->conf[conf].first;
    while (*link != row)
        link = &s->descriptor[*link].next;
    *link = 0;
    s->descriptor[row].next = *place;
    *place = (uint16_t)row;
    return configmg_deliver(v, vmm_arg(v, 0), configmg_handle(v, CONFIGMG_DESCRIPTOR, row));
}

// Add_Res_Des(prdResDes, lcLogConf, ResourceID, ResourceData, ResourceLen, ulFlags)
static void add_res_des(struct vmm *v)
{
    uint32_t conf = configmg_row(v, CONFIGMG_CONF, vmm_arg(v, 1));
    if (!conf)
        configmg_answer(v, KIT_CR_INVALID_LOG_CONF);
    else if (vmm_arg(v, 5))
        configmg_answer(v, KIT_CR_INVALID_FLAG);
    else
        configmg_answer(v, add(v, conf, &configmg_state(v)->conf[conf].first, vmm_arg(v, 2), vmm_arg(v, 3),
                               vmm_arg(v, 4))); // at the front (S2509)
}

// Modify_Res_Des(prdResDes, rdResDes, ResourceID, ResourceData, ResourceLen, ulFlags): ResType_All keeps the type
// (S253B).
static int modify(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t old = configmg_row(v, CONFIGMG_DESCRIPTOR, vmm_arg(v, 1));
    if (!old)
        return KIT_CR_INVALID_RES_DES;
    if (vmm_arg(v, 5))
        return KIT_CR_INVALID_FLAG;
    uint32_t type = vmm_arg(v, 2) == KIT_ResType_All ? s->descriptor[old].type : vmm_arg(v, 2);
    int error = add(v, s->descriptor[old].conf, &s->descriptor[old].next, type, vmm_arg(v, 3), vmm_arg(v, 4));
    if (!error)
        descriptor_free(v, old);
    return error;
}

static void modify_res_des(struct vmm *v)
{
    configmg_answer(v, modify(v));
}

// Free_Res_Des(prdResDes, rdResDes, ulFlags): the handle of the one before it, or of the configuration.
static int free_descriptor(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t row = configmg_row(v, CONFIGMG_DESCRIPTOR, vmm_arg(v, 1)), to = vmm_arg(v, 0), before = 0;
    if (!row)
        return KIT_CR_INVALID_RES_DES;
    if (vmm_arg(v, 2))
        return KIT_CR_INVALID_FLAG;
    uint32_t conf = s->descriptor[row].conf;
    for (uint32_t d = s->conf[conf].first; d != row; d = s->descriptor[d].next)
        before = d;
    uint32_t handle =
        before ? configmg_handle(v, CONFIGMG_DESCRIPTOR, before) : configmg_handle(v, CONFIGMG_CONF, conf);
    if (to && !vmm_put32(v, to, handle))
        return CONFIGMG_FAULTED;
    descriptor_free(v, row);
    return KIT_CR_SUCCESS;
}

static void free_res_des(struct vmm *v)
{
    configmg_answer(v, free_descriptor(v));
}

// Get_Next_Res_Des(prdResDes, rdResDes, ForResource, pResourceID, ulFlags): rdResDes is a descriptor, or the
// configuration to begin with; ResType_All takes any and tells which.
static int next_descriptor(struct vmm *v)
{
    const struct configmg *s = configmg_state(v);
    uint32_t handle = vmm_arg(v, 1), wanted = vmm_arg(v, 2), type_to = vmm_arg(v, 3);
    uint32_t conf = configmg_row(v, CONFIGMG_CONF, handle), row = configmg_row(v, CONFIGMG_DESCRIPTOR, handle);
    if (!conf && !row)
        return KIT_CR_INVALID_RES_DES;
    if (vmm_arg(v, 4))
        return KIT_CR_INVALID_FLAG;
    if (!vmm_arg(v, 0) || (wanted == KIT_ResType_All && !type_to))
        return KIT_CR_INVALID_POINTER;
    row = conf ? s->conf[conf].first : s->descriptor[row].next;
    while (row && wanted != KIT_ResType_All && s->descriptor[row].type != wanted)
        row = s->descriptor[row].next;
    if (!row)
        return KIT_CR_NO_MORE_RES_DES;
    if (wanted == KIT_ResType_All && !vmm_put32(v, type_to, s->descriptor[row].type))
        return CONFIGMG_FAULTED;
    return configmg_deliver(v, vmm_arg(v, 0), configmg_handle(v, CONFIGMG_DESCRIPTOR, row));
}

static void get_next_res_des(struct vmm *v)
{
    configmg_answer(v, next_descriptor(v));
}

// Get_Res_Des_Data_Size(pulSize, rdResDes, ulFlags)
static void get_res_des_data_size(struct vmm *v)
{
    uint32_t row = configmg_row(v, CONFIGMG_DESCRIPTOR, vmm_arg(v, 1));
    if (!row)
        configmg_answer(v, KIT_CR_INVALID_RES_DES);
    else
        configmg_answer(v, vmm_arg(v, 2)
                               ? KIT_CR_INVALID_FLAG
                               : configmg_deliver(v, vmm_arg(v, 0), configmg_state(v)->descriptor[row].bytes));
}

// Get_Res_Des_Data(rdResDes, Buffer, BufferLen, ulFlags)
static int data_of(struct vmm *v)
{
    uint32_t row = configmg_row(v, CONFIGMG_DESCRIPTOR, vmm_arg(v, 0)), room = vmm_arg(v, 2);
    uint8_t data[CONFIGMG_DATA];
    if (!row)
        return KIT_CR_INVALID_RES_DES;
    if (vmm_arg(v, 3))
        return KIT_CR_INVALID_FLAG;
    if (!vmm_arg(v, 1))
        return KIT_CR_INVALID_POINTER;
    const struct configmg_descriptor *d = &configmg_state(v)->descriptor[row];
    uint32_t n = room < d->bytes ? room : d->bytes;
    if (n && (!vmm_get(v, d->data, data, n) || !vmm_put(v, vmm_arg(v, 1), data, n)))
        return CONFIGMG_FAULTED;
    return room < d->bytes ? KIT_CR_BUFFER_SMALL : KIT_CR_SUCCESS;
}

static void get_res_des_data(struct vmm *v)
{
    configmg_answer(v, data_of(v));
}

const struct vmm_binding configmg_conf_bindings[] = {
    {KIT__CONFIGMG_Add_Empty_Log_Conf, add_empty_log_conf},
    {KIT__CONFIGMG_Free_Log_Conf, free_log_conf},
    {KIT__CONFIGMG_Get_First_Log_Conf, get_first_log_conf},
    {KIT__CONFIGMG_Get_Next_Log_Conf, get_next_log_conf},
    {KIT__CONFIGMG_Add_Res_Des, add_res_des},
    {KIT__CONFIGMG_Modify_Res_Des, modify_res_des},
    {KIT__CONFIGMG_Free_Res_Des, free_res_des},
    {KIT__CONFIGMG_Get_Next_Res_Des, get_next_res_des},
    {KIT__CONFIGMG_Get_Res_Des_Data_Size, get_res_des_data_size},
    {KIT__CONFIGMG_Get_Res_Des_Data, get_res_des_data},
    {0, NULL},
};
