// Drivers as the VMM knows them: the device list, and whose code an address is.
#include "vmm/defs.h"

#include <stdio.h>
#include <string.h>

static bool listed(const struct vmm_module *m)
{
    return m->state == VMM_MODULE_LISTED;
}

static bool in_object(const struct vmm_object *o, uint32_t linear)
{
    uint32_t base = o->linear ? o->linear : o->old_linear;
    return base && linear >= base && linear - base < o->size;
}

uint32_t vmm_module_of(struct vmm *v, uint32_t linear, uint32_t *object)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_object)->count; i++) {
        const struct vmm_object *o = vmm_object_at(v, i);
        if (!o->size || !in_object(o, linear))
            continue;
        if (object)
            *object = i;
        return o->module;
    }
    return 0;
}

uint32_t vmm_module_calling(struct vmm *v)
{
    return v->call.gate ? vmm_module_of(v, v->call.caller, NULL) : 0;
}

bool vmm_caller_is_dynamic(struct vmm *v)
{
    uint32_t module = vmm_module_calling(v);
    return module && vmm_module_at(v, module)->dynamic;
}

const char *vmm_module_name(struct vmm *v, uint32_t linear)
{
    uint32_t m = vmm_module_of(v, linear, NULL);
    return m ? vmm_module_at(v, m)->name : "";
}

static uint32_t nearest_symbol(struct vmm *v, uint32_t module, uint32_t linear)
{
    const struct vmm_module *m = vmm_module_at(v, module);
    uint32_t low = 0, high = m->symbols;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (vmm_symbol_at(v, m->first_symbol + mid)->linear <= linear)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? m->first_symbol + low - 1 : 0;
}

// The nearest symbol at or below the address in the same object; 0 = none.
static uint32_t symbol_row(struct vmm *v, uint32_t linear)
{
    uint32_t object, module = vmm_module_of(v, linear, &object);
    uint32_t row = module ? nearest_symbol(v, module, linear) : 0;
    if (!row)
        return 0;
    const struct vmm_object *o = vmm_object_at(v, object);
    return vmm_symbol_at(v, row)->linear >= (o->linear ? o->linear : o->old_linear) ? row : 0;
}

const char *vmm_symbol_of(struct vmm *v, uint32_t linear)
{
    uint32_t row = symbol_row(v, linear);
    return row ? vmm_symbol_at(v, row)->name : "";
}

static void add_line(struct vmm *v, uint32_t module, uint32_t linear, char *to, size_t size)
{
    const struct vmm_module *m = vmm_module_at(v, module);
    const struct vmm_line *best = NULL;
    for (uint32_t i = 0; i < m->lines; i++) {
        const struct vmm_line *l = vmm_line_at(v, m->first_line + i);
        if (l->linear <= linear && (!best || l->linear >= best->linear))
            best = l;
    }
    size_t used = strlen(to);
    if (best && best->line && used < size) // line 0: behind the last line of its file
        snprintf(to + used, size - used, " (%s:%u)", vmm_name_at(v, best->file)->text, best->line);
}

void vmm_describe_address(struct vmm *v, uint32_t linear, char *to, size_t size)
{
    uint32_t object = 0, module = vmm_module_of(v, linear, &object), row = symbol_row(v, linear);
    if (!module) {
        if (linear >= VMM_GATE_BASE && linear < VMM_GATE_BASE + VMM_GATES * 16) {
            uint32_t n = (linear - VMM_GATE_BASE) / 16;
            const struct kit_service *s =
                n >= VMM_GATE_SERVICE && n - VMM_GATE_SERVICE < v->gate_count ? vmm_gate_of(v, n)->service : NULL;
            snprintf(to, size, "VMM %s", s ? s->name : "internal code");
        } else {
            snprintf(to, size, "%08X", linear);
        }
        return;
    }
    if (row) {
        const struct vmm_symbol *s = vmm_symbol_at(v, row);
        snprintf(to, size, linear == s->linear ? "%s" : "%s+%X", s->name, linear - s->linear);
    } else {
        const struct vmm_object *o = vmm_object_at(v, object);
        const struct vmm_module *m = vmm_module_at(v, module);
        snprintf(to, size, "%s(%u)+%X", m->name, object - m->first_object + 1,
                 linear - (o->linear ? o->linear : o->old_linear));
    }
    add_line(v, module, linear, to, size);
}

// --- the device list

static uint32_t find_listed(struct vmm *v, uint32_t ddb, const char *name, uint32_t id)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_module)->count; i++) {
        const struct vmm_module *m = vmm_module_at(v, i);
        if (listed(m) && ((ddb && m->ddb == ddb) || (name && !strcmp(m->name, name)) || (id && m->id == id)))
            return i;
    }
    return 0;
}

uint32_t vmm_module_by_ddb(struct vmm *v, uint32_t ddb)
{
    return find_listed(v, ddb, NULL, 0);
}

uint32_t vmm_module_by_name(struct vmm *v, const char *name)
{
    return find_listed(v, 0, name, 0);
}

uint32_t vmm_module_by_id(struct vmm *v, uint16_t id)
{
    return find_listed(v, 0, NULL, id);
}

static bool before(const struct vmm_module *a, uint32_t order, uint32_t sequence)
{
    return a->order != order ? a->order < order : a->sequence < sequence;
}

// The module that follows a place in the list, upwards or downwards; 0 = the end. Places, not rows, so that devices may
// come and go while somebody walks.
uint32_t vmm_module_next(struct vmm *v, bool up, uint32_t order, uint32_t sequence)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_module)->count; i++) {
        const struct vmm_module *m = vmm_module_at(v, i);
        if (!listed(m) || (m->order == order && m->sequence == sequence) || before(m, order, sequence) == up)
            continue;
        const struct vmm_module *b = best ? vmm_module_at(v, best) : NULL;
        if (!b || before(m, b->order, b->sequence) == up)
            best = i;
    }
    return best;
}

// Writes DDB_Next of every device in the order of the table.
void vmm_modules_relink(struct vmm *v)
{
    uint32_t order = 0, sequence = 0, previous = 0;
    v->s.first_ddb = 0;
    for (uint32_t m; (m = vmm_module_next(v, true, order, sequence)) != 0;) {
        uint32_t ddb = vmm_module_at(v, m)->ddb;
        if (previous)
            vmm_poke32(v, previous + KIT_DDB_Next, ddb);
        else
            v->s.first_ddb = ddb;
        vmm_poke32(v, ddb + KIT_DDB_Next, 0);
        previous = ddb;
        order = vmm_module_at(v, m)->order;
        sequence = vmm_module_at(v, m)->sequence;
    }
}

static void read_ddb_name(struct vmm *v, uint32_t ddb, char name[9])
{
    uint8_t bytes[8] = {0};
    (void)!x86_read_linear(v->cpu, ddb + KIT_DDB_Name, bytes, 8, X86_READ, NULL);
    size_t n = 8;
    while (n && (bytes[n - 1] == ' ' || !bytes[n - 1]))
        n--;
    memcpy(name, bytes, n);
    name[n] = 0;
}

// Puts the DDB of a module into the list.
void vmm_module_list(struct vmm *v, uint32_t module)
{
    struct vmm_module *m = vmm_module_at(v, module);
    read_ddb_name(v, m->ddb, m->name);
    m->id = vmm_peek16(v, m->ddb + KIT_DDB_Req_Device_Number);
    m->order = vmm_peek32(v, m->ddb + KIT_DDB_Init_Order);
    m->sequence = ++v->s.modules_sequence;
    m->state = VMM_MODULE_LISTED;
    vmm_modules_relink(v);
}

void vmm_module_unlist(struct vmm *v, uint32_t module)
{
    vmm_module_at(v, module)->state = VMM_MODULE_LOADED;
    vmm_modules_relink(v);
}

// --- services

static void get_ddb_list(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = v->s.first_ddb;
}

static void get_ddb(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), m = 0;
    if (r[X86_EAX] & 0xFFFF) {
        m = vmm_module_by_id(v, (uint16_t)r[X86_EAX]);
    } else {
        char name[9];
        uint8_t bytes[8];
        if (!vmm_get(v, r[X86_EDI], bytes, 8))
            return;
        memcpy(name, bytes, 8);
        name[8] = 0;
        for (size_t n = 8; n && name[n - 1] == ' '; n--)
            name[n - 1] = 0;
        m = vmm_module_by_name(v, name);
    }
    r[X86_ECX] = m ? vmm_module_at(v, m)->ddb : 0;
}

static void add_ddb(struct vmm *v)
{
    uint32_t ddb = vmm_regs(v)[X86_EDI];
    bool known = vmm_module_by_ddb(v, ddb) != 0;
    vmm_set_flag(v, X86_CF, known);
    uint8_t probe[KIT_SIZE_VxD_Desc_Block];
    if (known || !vmm_get(v, ddb, probe, KIT_DDB_Service_Table_Size + 4))
        return;
    uint32_t module = vmm_module_of(v, ddb, NULL);
    if (!module || vmm_module_at(v, module)->ddb != ddb) { // a driver may declare more than one device
        module = vmm_module_new(v);
        if (!module) {
            vmm_stop(v, VMM_END_MEMORY, "no host memory for a device");
            return;
        }
        vmm_module_at(v, module)->ddb = ddb;
    }
    vmm_module_list(v, module);
}

static void remove_ddb(struct vmm *v)
{
    uint32_t m = vmm_module_by_ddb(v, vmm_regs(v)[X86_EDI]);
    vmm_set_flag(v, X86_CF, !m);
    if (m)
        vmm_module_unlist(v, m);
}

static const struct vmm_binding bindings[] = {
    {KIT_VMM_GetDDBList, get_ddb_list},
    {KIT_Get_DDB, get_ddb},
    {KIT_VMM_Add_DDB, add_ddb},
    {KIT_VMM_Remove_DDB, remove_ddb},
    {0, NULL},
};

const struct vmm_chapter vmm_module_chapter = {.bindings = bindings};
