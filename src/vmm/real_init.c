// Real-mode initialisation of static drivers, before Sys_Critical_Init (Win95 DDK S230C-S2318): the 16-bit object of a
// driver is copied to a segment of the System VM's first megabyte and its procedure at offset 0 called in V86 mode, one
// driver after the other in the order of loading. It may use DOS and BIOS, and the loader's services behind the far
// address in ECX. What it returns decides whether the rest of the driver is loaded, which pages and instance data are
// its own, and what its control procedure finds in EDX.
#include "vmm/defs.h"
#include "vmm/profile.h"
#include "vmm/v86data.h"
#include "vmm/v86mem.h"

#include <string.h>

enum {
    SEGMENT = VMM_REAL_INIT_SEGMENT,
    STACK_SEGMENT = 0x8E00,
    STACK_TOP = 0x1FFE,
    ENVIRONMENT_SEGMENT = 0x8D00,
    TEXT_SEGMENT = 0x8000, // values of SYSTEM.INI, each behind four bytes that say which
    TEXT_END = 0xD000,
    LARGEST = 0xFFE0, // bytes of the object
    RETURN_STUB = 0xFFF0,
    MOST_ITEMS = 256,
    EXTENDED_PAGES = 16, // for LDRSRV_COPY_EXTENDED_MEMORY, of each driver
    NAME_LIMIT = 128,
    VALUE_LIMIT = 1024,
    MASK_MASTER = 0x21,
    MASK_SLAVE = 0xA1,
};

enum { GET_STRING, GET_NEXT_STRING, GET_BOOLEAN = 3, GET_DECIMAL, GET_HEX, COPY_EXTENDED, GET_MEMORY_INFO };

struct real_init_state {
    uint32_t module; // whose procedure runs, 0 = none
    uint32_t done;   // modules up to this row have had their turn
    uint32_t proc;   // host code of the loader's services: a binding, the same in every machine
    uint32_t entry;  // seg:off by which they are called, 0 = nobody has needed them yet
    uint32_t text;   // used of the text segment
    uint32_t extended, extended_used;
    uint8_t began;
    uint8_t masks[2];
    uint8_t client[KIT_SIZE_Client_Reg_Struc]; // as it was before
};

static struct real_init_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_real_init);
}

// Objects of 16 bits that are neither preloaded nor discardable: class RCODE. Others are 16-bit code of protected mode.
bool vmm_is_real_init(uint32_t flags)
{
    return !(flags & (LE_BIG | LE_PRELOAD | LE_DISCARDABLE)) && flags & LE_EXECUTE;
}

static uint32_t object_of(struct vmm *v, uint32_t module)
{
    const struct vmm_module *m = vmm_module_at(v, module);
    for (uint32_t i = 0; i < m->objects; i++) {
        const struct vmm_object *o = vmm_object_at(v, m->first_object + i);
        if (o->linear && vmm_is_real_init(o->flags))
            return m->first_object + i;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Loader services. A far call; the client's registers are the arguments.

static uint32_t client32(struct vmm *v, uint32_t field)
{
    return vmm_peek32(v, vmm_client(v) + field);
}

static void set_client_flags(struct vmm *v, bool carry, bool zero)
{
    vmm_client_flags(v, (carry ? X86_CF : 0) | (zero ? X86_ZF : 0), X86_CF | X86_ZF);
}

// A text at segment:offset of the client, "" when it cannot be read.
static void client_text(struct vmm *v, uint32_t segment, uint32_t offset, char *to, size_t size)
{
    uint32_t at = ((uint32_t)vmm_peek16(v, vmm_client(v) + segment) << 4) + (client32(v, offset) & 0xFFFF);
    size_t n = 0;
    for (; n + 1 < size; n++)
        if (!x86_read_linear(v->cpu, at + (uint32_t)n, to + n, 1, X86_READ, NULL) || !to[n])
            break;
    to[n] = 0;
}

// The entry of SYSTEM.INI that DS:SI (section, SI = 0: [386Enh]) and DS:DI name, behind `after` (an offset in the
// text).
static bool find_entry(struct vmm *v, uint32_t after, struct vmm_ini_entry *e)
{
    char section[NAME_LIMIT] = "386Enh", key[NAME_LIMIT];
    if (client32(v, KIT_Client_ESI) & 0xFFFF)
        client_text(v, KIT_Client_DS, KIT_Client_ESI, section, sizeof section);
    client_text(v, KIT_Client_DS, KIT_Client_EDI, key, sizeof key);
    *e = (struct vmm_ini_entry){0};
    for (uint32_t at = 0; vmm_ini_next(v->ini, (uint32_t)v->config.ini_size, &at, e);)
        if (e->value >= after && vmm_ini_same(v->ini, e->key, e->key_size, key) &&
            vmm_ini_same(v->ini, e->section, e->section_size, section))
            return true;
    return false;
}

static void value_of(struct vmm *v, const struct vmm_ini_entry *e, char to[VALUE_LIMIT])
{
    uint32_t n = e->value_size < VALUE_LIMIT - 1 ? e->value_size : VALUE_LIMIT - 1;
    memcpy(to, v->ini + e->value, n);
    to[n] = 0;
}

// ES:DX -> a copy of the value. False: there is no room left.
static bool give_string(struct vmm *v, const struct vmm_ini_entry *e)
{
    struct real_init_state *s = state_of(v);
    uint8_t bytes[4 + VALUE_LIMIT];
    base_put32(bytes, e->value);
    value_of(v, e, (char *)bytes + 4);
    uint32_t n = 4 + (uint32_t)strlen((char *)bytes + 4) + 1, at = s->text;
    if (n > TEXT_END - at || !x86_write_linear(v->cpu, (TEXT_SEGMENT << 4) + at, bytes, n, X86_WRITE, NULL))
        return false;
    s->text += n;
    vmm_poke16(v, vmm_client(v) + KIT_Client_ES, TEXT_SEGMENT);
    vmm_poke32(v, vmm_client(v) + KIT_Client_EDX, (client32(v, KIT_Client_EDX) & 0xFFFF0000u) | (at + 4));
    return true;
}

static void get_string(struct vmm *v)
{
    struct vmm_ini_entry e;
    bool found = find_entry(v, 0, &e) && give_string(v, &e);
    set_client_flags(v, !found, false);
}

// ES:DX is what a call before has given: which value that was stands before it.
static void get_next_string(struct vmm *v)
{
    struct vmm_ini_entry e;
    uint32_t offset = client32(v, KIT_Client_EDX) & 0xFFFF, before = 0;
    bool ours = vmm_peek16(v, vmm_client(v) + KIT_Client_ES) == TEXT_SEGMENT && offset >= 4;
    if (ours)
        before = vmm_peek32(v, (TEXT_SEGMENT << 4) + offset - 4);
    bool found = ours && before < UINT32_MAX && find_entry(v, before + 1, &e) && give_string(v, &e);
    set_client_flags(v, !found, false);
}

static bool convert(uint32_t service, const char *text, uint32_t *value)
{
    switch (service) {
    case GET_BOOLEAN:
        return vmm_convert_boolean(text, strlen(text), value);
    case GET_DECIMAL:
        return vmm_convert_decimal(text, value) != 0;
    default:
        return vmm_convert_hex(text, value) != 0;
    }
}

// ECX = default in, value out. Carry alone: no such setting; carry and zero: it has no value (S2315).
static void get_number(struct vmm *v, uint32_t service)
{
    struct vmm_ini_entry e;
    char text[VALUE_LIMIT];
    uint32_t value = 0;
    if (!find_entry(v, 0, &e)) {
        set_client_flags(v, true, false);
        return;
    }
    value_of(v, &e, text);
    bool good = e.value_size && convert(service, text, &value);
    if (good)
        vmm_poke32(v, vmm_client(v) + KIT_Client_ECX, value);
    set_client_flags(v, !good, !good);
}

// CX bytes at DS:SI into memory that the protected-mode part will find; the blocks of a driver are contiguous (S2312).
static void copy_extended(struct vmm *v)
{
    struct real_init_state *s = state_of(v);
    uint32_t bytes = client32(v, KIT_Client_ECX) & 0xFFFF, room = (bytes + 3) & ~3u;
    uint32_t from =
        ((uint32_t)vmm_peek16(v, vmm_client(v) + KIT_Client_DS) << 4) + (client32(v, KIT_Client_ESI) & 0xFFFF);
    if (!s->extended)
        s->extended = vmm_take_pages(v, EXTENDED_PAGES);
    bool good = s->extended && room <= EXTENDED_PAGES * X86_PAGE_SIZE - s->extended_used;
    uint32_t to = s->extended + s->extended_used;
    for (uint32_t i = 0; good && i < bytes; i++) {
        uint8_t b;
        good = x86_read_linear(v->cpu, from + i, &b, 1, X86_READ, NULL) &&
               x86_write_linear(v->cpu, to + i, &b, 1, X86_WRITE, NULL);
    }
    if (good) {
        s->extended_used += room;
        vmm_poke32(v, vmm_client(v) + KIT_Client_EAX, to);
    }
    set_client_flags(v, !good, false);
}

static void far_return(struct vmm *v)
{
    uint16_t ip, cs;
    if (vmm_v86_pop(v, &ip) && vmm_v86_pop(v, &cs))
        vmm_client_jump(v, cs, ip);
}

static void loader_service(void *user, struct vmm *v)
{
    uint32_t service = client32(v, KIT_Client_EAX) & 0xFFFF;
    (void)user;
    if (service == GET_STRING)
        get_string(v);
    else if (service == GET_NEXT_STRING)
        get_next_string(v);
    else if (service >= GET_BOOLEAN && service <= GET_HEX)
        get_number(v, service);
    else if (service == COPY_EXTENDED)
        copy_extended(v);
    else
        vmm_stop(v, VMM_END_MISSING, "%s: the loader service AX=%04Xh of real-mode initialisation is not implemented%s",
                 vmm_module_at(v, state_of(v)->module)->name, (unsigned)service,
                 service == GET_MEMORY_INFO ? " (its results are not documented)" : "");
    far_return(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// The call

static bool prepare(struct vmm *v)
{
    struct real_init_state *s = state_of(v);
    uint8_t environment[0x1000];
    uint32_t n = vmm_environment_block(environment, sizeof environment);
    s->began = 1;
    s->entry = vmm_v86_call_back(v, s->proc, 0);
    s->masks[0] = (uint8_t)v->owner.port_in(v->owner.user, MASK_MASTER, 1);
    s->masks[1] = (uint8_t)v->owner.port_in(v->owner.user, MASK_SLAVE, 1);
    v->owner.port_out(v->owner.user, MASK_MASTER, 1, 0xFF); // no handler is there yet
    v->owner.port_out(v->owner.user, MASK_SLAVE, 1, 0xFF);
    return s->entry && x86_write_linear(v->cpu, ENVIRONMENT_SEGMENT << 4, environment, n, X86_WRITE, NULL);
}

static void finish(struct vmm *v)
{
    struct real_init_state *s = state_of(v);
    if (!s->began)
        return;
    s->began = 0;
    v->owner.port_out(v->owner.user, MASK_MASTER, 1, s->masks[0]);
    v->owner.port_out(v->owner.user, MASK_SLAVE, 1, s->masks[1]);
}

// Another driver of that id that was loaded before.
static bool is_duplicate(struct vmm *v, uint32_t module)
{
    uint16_t id = vmm_module_at(v, module)->id;
    for (uint32_t i = 1; id && i < module; i++) {
        const struct vmm_module *m = vmm_module_at(v, i);
        if (m->state == VMM_MODULE_LISTED && !m->is_c && m->id == id)
            return true;
    }
    return false;
}

static bool put_object(struct vmm *v, const struct vmm_object *o)
{
    uint8_t stub[5] = {0xEA}; // jmp far, to the break point of nested execution
    base_put16(stub + 1, VMM_TRAP_OFFSET);
    base_put16(stub + 3, VMM_IDLE_SEGMENT);
    for (uint32_t i = 0; i < o->size; i++) {
        uint8_t b;
        if (!x86_read_linear(v->cpu, o->linear + i, &b, 1, X86_READ, NULL) ||
            !x86_write_linear(v->cpu, (SEGMENT << 4) + i, &b, 1, X86_WRITE, NULL))
            return false;
    }
    return x86_write_linear(v->cpu, (SEGMENT << 4) + RETURN_STUB, stub, sizeof stub, X86_WRITE, NULL);
}

static void set_registers(struct vmm *v, uint32_t module)
{
    const struct {
        uint32_t field, value;
    } r[] = {
        {KIT_Client_EAX, v->config.profile},
        {KIT_Client_EBX, is_duplicate(v, module) ? KIT_Duplicate_Device_ID : 0},
        {KIT_Client_ECX, state_of(v)->entry},
        {KIT_Client_EDX, 0},
        {KIT_Client_ESI, ENVIRONMENT_SEGMENT},
        {KIT_Client_EDI, 0},
        {KIT_Client_EBP, 0},
        {KIT_Client_DS, SEGMENT},
        {KIT_Client_ES, SEGMENT},
        {KIT_Client_SS, STACK_SEGMENT},
        {KIT_Client_ESP, STACK_TOP},
    };
    for (size_t i = 0; i < BASE_COUNT(r); i++)
        vmm_poke32(v, vmm_client(v) + r[i].field, r[i].value);
    vmm_client_jump(v, SEGMENT, 0);
}

static void call_begin(struct vmm *v, uint32_t module, uint32_t object)
{
    struct real_init_state *s = state_of(v);
    const struct vmm_object *o = vmm_object_at(v, object);
    if (o->size > LARGEST || !put_object(v, o) ||
        !x86_read_linear(v->cpu, vmm_client(v), s->client, sizeof s->client, X86_READ, NULL)) {
        vmm_stop(v, VMM_END_REFUSED, "%s: the code of real-mode initialisation does not fit into a segment",
                 vmm_module_at(v, module)->name);
        return;
    }
    s->module = module;
    s->text = s->extended = s->extended_used = 0;
    vmm_frame_wait(v);
    if (vmm_v86_claim_begin(v, 1, 0)) // there is one thread: only the host's memory can be short
        return;
    vmm_nest_v86_open(v);
    set_registers(v, module);
    if (vmm_v86_push(v, RETURN_STUB))
        vmm_resume_exec_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// What it returned

static void reserve_pages(struct vmm *v, uint32_t list)
{
    for (uint32_t i = 0; list && i < MOST_ITEMS; i++) {
        uint32_t page = vmm_peek16(v, (SEGMENT << 4) + ((list + 2 * i) & 0xFFFF));
        if (!page)
            return;
        if (!vmm_v86_reserve(v, page))
            vmm_report(v, "input-range", vmm_module_at(v, state_of(v)->module)->ddb, "Win95 DDK S230F",
                       "real-mode initialisation reserves page %Xh: it is taken, or in use by DOS", (unsigned)page);
    }
}

static void add_instances(struct vmm *v, uint32_t list)
{
    for (uint32_t i = 0; list && i < MOST_ITEMS; i++) {
        uint32_t at = (SEGMENT << 4) + ((list + 6 * i) & 0xFFFF), far = vmm_peek32(v, at);
        uint32_t bytes = vmm_peek16(v, at + 4), linear = (far >> 16 << 4) + (far & 0xFFFF);
        if (!far)
            return;
        bool vectors = linear < 0x400; // the VMM's own affair
        if (!bytes || vectors || !vmm_instance_add(v, linear, bytes, KIT_ALWAYS_Field))
            vmm_report(v, "input-range", vmm_module_at(v, state_of(v)->module)->ddb, "Win95 DDK S230F",
                       "real-mode initialisation instances %u bytes at %05X", (unsigned)bytes, (unsigned)linear);
    }
}

static void drop_module(struct vmm *v, uint32_t module)
{
    vmm_module_unlist(v, module);
    vmm_module_unload(v, module);
}

static void decide(struct vmm *v, uint32_t module, uint32_t result)
{
    const char *name = vmm_module_at(v, module)->name;
    bool silent = result & KIT_No_Fail_Message;
    switch (result & ~(uint32_t)KIT_No_Fail_Message) {
    case KIT_Device_Load_Ok:
        return;
    case KIT_Abort_Win386_Load:
        vmm_stop(v, VMM_END_REFUSED, "%s: its real-mode initialisation ends the start of Windows", name);
        return;
    case KIT_Abort_Device_Load:
        if (!silent)
            vmm_report(v, "load-refused", vmm_module_at(v, module)->ddb, "Win95 DDK S230F",
                       "the real-mode initialisation of %s does not let it be loaded", name);
        break;
    case KIT_Device_Not_Needed:
        break;
    default:
        vmm_report(v, "input-range", vmm_module_at(v, module)->ddb, "Win95 DDK S230F",
                   "the real-mode initialisation of %s returns %04Xh", name, (unsigned)result);
    }
    drop_module(v, module);
}

// The procedure has come back to its stub.
static void returned(struct vmm *v)
{
    struct real_init_state *s = state_of(v);
    uint32_t module = s->module, result = client32(v, KIT_Client_EAX) & 0xFFFF;
    uint32_t pages = client32(v, KIT_Client_EBX) & 0xFFFF, items = client32(v, KIT_Client_ESI) & 0xFFFF;
    uint32_t reference = client32(v, KIT_Client_EDX);
    if (vmm_peek16(v, vmm_client(v) + KIT_Client_SS) != STACK_SEGMENT ||
        (client32(v, KIT_Client_ESP) & 0xFFFF) != STACK_TOP)
        vmm_report(v, "callback-stack", vmm_module_at(v, module)->ddb, "Win95 DDK S230D",
                   "real-mode initialisation returned with another stack");
    vmm_nest_close(v);
    if (!x86_write_linear(v->cpu, vmm_client(v), s->client, sizeof s->client, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers cannot be written");
    reserve_pages(v, pages);
    add_instances(v, items);
    vmm_poke32(v, vmm_module_at(v, module)->ddb + KIT_DDB_Reference_Data, reference);
    decide(v, module, result);
    vmm_object_drop(v, object_of(v, module));
    s->module = 0;
}

bool vmm_real_init_begin(struct vmm *v)
{
    struct real_init_state *s = state_of(v);
    if (s->module)
        returned(v);
    while (!v->s.end && ++s->done < vmm_table(v, VMM_TABLE_module)->count) {
        const struct vmm_module *m = vmm_module_at(v, s->done);
        uint32_t object = m->state == VMM_MODULE_LISTED && !m->dynamic && !m->is_c ? object_of(v, s->done) : 0;
        if (!object)
            continue;
        if (!s->began && !prepare(v)) {
            vmm_stop(v, VMM_END_MEMORY, "no memory for real-mode initialisation");
            return true;
        }
        call_begin(v, s->done, object);
        return true;
    }
    finish(v);
    return v->s.end != VMM_RUNNING;
}

static bool create(struct vmm *v)
{
    state_of(v)->proc = vmm_host_proc(v, loader_service, NULL);
    return state_of(v)->proc != 0;
}

const struct vmm_chapter vmm_real_init_chapter = {.state_size = sizeof(struct real_init_state), .create = create};
