// INT 31h, functions 0300h-0306h: an application calls real-mode interrupts and procedures, is called back from real
// mode, and switches modes by itself. Calls are crossings (pm_cross.c); the structure with the V86 registers is the
// application's own memory, read and written with its rights.
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/selectors.h"

#include <string.h>

enum { // the structure
    R_FLAGS = 0x20,
    R_ES = 0x22,
    R_DS = 0x24,
    R_FS = 0x26,
    R_GS = 0x28,
    R_IP = 0x2A,
    R_CS = 0x2C,
    R_SP = 0x2E,
    R_SS = 0x30,
    R_BYTES = 0x32,
    R_GENERAL = 0x20, // the first bytes lie as in the client registers
};
enum { MOST_CALL_BACKS = 32, MOST_WORDS = 0x400, DIRECTION_AND_RESULTS = 0x0CD5 };
enum { RAW_TO_PM, RAW_TO_V86, STATE_V86, STATE_PM, DOORS };

struct call_back {
    uint32_t address;          // V86, for good; 0: row was never used
    uint32_t app;              // row, 0 = free
    uint32_t selector, offset; // the procedure
    uint32_t structure_selector, structure_offset;
    uint32_t stack; // selector that shows the real-mode stack
};

struct real_state {
    uint32_t call_back_proc;
    uint32_t door[DOORS]; // addresses of the raw mode switches and of the procedures that save state
};

static struct real_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_dpmi_real);
}

static struct base_table *call_backs(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_dpmi_real, 0);
}

static const struct {
    uint8_t structure, client;
} segments[] = {{R_ES, KIT_Client_ES}, {R_DS, KIT_Client_DS}, {R_FS, KIT_Client_FS}, {R_GS, KIT_Client_GS}};

static bool read_structure(struct vmm *v, uint32_t selector, uint32_t offset, uint8_t r[R_BYTES])
{
    uint32_t linear;
    return vmm_pm_linear(v, selector, offset, R_BYTES, false, &linear) && vmm_user_get(v, linear, r, R_BYTES);
}

static bool write_structure(struct vmm *v, uint32_t selector, uint32_t offset, const uint8_t r[R_BYTES])
{
    uint32_t linear;
    return vmm_pm_linear(v, selector, offset, R_BYTES, true, &linear) && vmm_user_put(v, linear, r, R_BYTES);
}

// General registers, flags but the interrupt flag, and data segments, for a client in V86 mode.
static void load_registers(struct vmm *v, const uint8_t r[R_BYTES])
{
    if (!x86_write_linear(v->cpu, vmm_client(v), r, R_GENERAL, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
    for (size_t i = 0; i < BASE_COUNT(segments); i++)
        vmm_dpmi_set_word(v, segments[i].client, base_get16(r + segments[i].structure));
    vmm_client_flags(v, base_get16(r + R_FLAGS), DIRECTION_AND_RESULTS);
}

static void store_registers(struct vmm *v, uint8_t r[R_BYTES])
{
    uint8_t client[KIT_SIZE_Client_Reg_Struc];
    vmm_client_load(v, client);
    memcpy(r, client, R_GENERAL);
    for (size_t i = 0; i < BASE_COUNT(segments); i++)
        base_put16(r + segments[i].structure, base_get16(client + segments[i].client));
    base_put16(r + R_FLAGS, base_get16(client + KIT_Client_EFlags));
}

// --- 0300h-0302h: into V86 mode with the registers of the structure

struct call {
    uint8_t r[R_BYTES];
    uint8_t words[2 * MOST_WORDS];
    uint32_t count;  // of words to copy
    uint32_t ss, sp; // V86 stack
};

// Everything is read before anything changes. 0: it can be done.
static uint32_t prepare(struct vmm *v, struct call *c)
{
    uint32_t linear;
    c->count = vmm_dpmi_word(v, KIT_Client_ECX);
    if (c->count > MOST_WORDS)
        return VMM_DPMI_INVALID_VALUE;
    if (!read_structure(v, vmm_dpmi_word(v, KIT_Client_ES), vmm_dpmi_offset(v, KIT_Client_EDI), c->r))
        return VMM_DPMI_INVALID_LINEAR;
    if (c->count && (!vmm_pm_linear(v, vmm_dpmi_word(v, KIT_Client_SS), vmm_pm_sp(v), 2 * c->count, false, &linear) ||
                     !vmm_user_get(v, linear, c->words, 2 * c->count)))
        return VMM_DPMI_INVALID_LINEAR;
    c->ss = base_get16(c->r + R_SS);
    c->sp = base_get16(c->r + R_SP);
    if (!c->ss && !c->sp) { // the host's stack
        c->ss = vmm_dpmi_word(v, KIT_Client_Alt_SS);
        c->sp = vmm_dpmi_word(v, KIT_Client_Alt_ESP);
    }
    return vmm_v86_stack_there(v, c->ss, c->sp, 2 * c->count + 6) ? 0 : VMM_DPMI_ELSEWHERE;
}

static void push(struct vmm *v, uint32_t value)
{
    (void)!vmm_v86_push(v, (uint16_t)value); // the stack was looked at
}

// The client stands in V86 mode at the address of return, the words on its stack.
static bool cross(struct vmm *v, const struct call *c)
{
    uint32_t back = vmm_crossing_return(v, true);
    struct vmm_crossing *crossing = vmm_cross(v, VMM_CROSS_REAL_CALL);
    if (!crossing)
        return false;
    crossing->selector = vmm_dpmi_word(v, KIT_Client_ES);
    crossing->offset = vmm_dpmi_offset(v, KIT_Client_EDI);
    vmm_set_exec_mode(v, true);
    load_registers(v, c->r);
    vmm_dpmi_set_word(v, KIT_Client_SS, c->ss);
    vmm_poke32(v, vmm_client(v) + KIT_Client_ESP, c->sp);
    for (uint32_t i = c->count; i > 0; i--)
        push(v, base_get16(c->words + 2 * (i - 1)));
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    return true;
}

static uint32_t simulate_interrupt(struct vmm *v, struct vmm_pm_app *app)
{
    struct call c;
    uint32_t vector = vmm_dpmi_word(v, KIT_Client_EBX) & 0xFF, error = prepare(v, &c);
    (void)app;
    if (error || !vmm_probe(v, 4 * vector, 4, false))
        return error;
    if (cross(v, &c))
        vmm_v86_int_begin(v, vector);
    return VMM_DPMI_ELSEWHERE;
}

static uint32_t call_procedure(struct vmm *v, bool interrupt_frame)
{
    struct call c;
    uint32_t error = prepare(v, &c), back = vmm_crossing_return(v, true);
    if (error || !cross(v, &c))
        return error ? error : VMM_DPMI_ELSEWHERE;
    if (interrupt_frame) {
        push(v, vmm_peek32(v, vmm_client(v) + KIT_Client_EFlags));
        vmm_client_flags(v, 0, X86_IF | X86_TF);
    }
    push(v, back >> 16);
    push(v, back & 0xFFFF);
    vmm_client_jump(v, base_get16(c.r + R_CS), base_get16(c.r + R_IP));
    return VMM_DPMI_ELSEWHERE;
}

static uint32_t call_far(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    return call_procedure(v, false);
}

static uint32_t call_iret(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    return call_procedure(v, true);
}

bool vmm_dpmi_real_call_over(struct vmm *v, struct vmm_crossing *c)
{
    uint8_t r[R_BYTES] = {0};
    bool there = read_structure(v, c->selector, c->offset, r);
    store_registers(v, r);
    there = there && write_structure(v, c->selector, c->offset, r);
    if (v->call.faulted)
        return false;
    vmm_client_store(v, c->client);
    vmm_client_flags(v, there ? 0 : X86_CF, X86_CF);
    if (!there)
        vmm_dpmi_set_word(v, KIT_Client_EAX, VMM_DPMI_INVALID_LINEAR);
    return true;
}

// --- 0303h, 0304h: call-backs

static struct call_back *free_call_back(struct vmm *v, uint32_t app)
{
    uint32_t held = 0;
    struct call_back *unused = NULL;
    for (uint32_t i = 1; i < call_backs(v)->count; i++) {
        struct call_back *b = base_table_at(call_backs(v), i);
        held += b->app == app;
        unused = b->app ? unused : b;
    }
    if (unused || held >= MOST_CALL_BACKS)
        return held < MOST_CALL_BACKS ? unused : NULL;
    uint32_t row = base_table_new(call_backs(v)),
             address = row ? vmm_v86_call_back(v, state_of(v)->call_back_proc, row) : 0;
    if (!address) {
        if (row)
            base_table_release(call_backs(v), row);
        return NULL;
    }
    unused = base_table_at(call_backs(v), row);
    unused->address = address;
    return unused;
}

static uint32_t allocate_call_back(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t row = vmm_pm_app_row(v);
    struct call_back *b = free_call_back(v, row);
    uint32_t stack = b ? vmm_dpmi_selector_new(v, app, 0, 0xFFFF, VMM_DPMI_DATA16, 1) : 0;
    if (!stack)
        return VMM_DPMI_NO_CALL_BACK;
    *b = (struct call_back){b->address,
                            row,
                            vmm_dpmi_word(v, KIT_Client_DS),
                            vmm_dpmi_offset(v, KIT_Client_ESI),
                            vmm_dpmi_word(v, KIT_Client_ES),
                            vmm_dpmi_offset(v, KIT_Client_EDI),
                            stack};
    vmm_dpmi_set_pair(v, KIT_Client_ECX, KIT_Client_EDX, b->address);
    return 0;
}

static uint32_t free_call_back_at(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t row = vmm_pm_app_row(v), address = vmm_dpmi_pair(v, KIT_Client_ECX, KIT_Client_EDX);
    for (uint32_t i = 1; i < call_backs(v)->count; i++) {
        struct call_back *b = base_table_at(call_backs(v), i);
        if (b->app != row || b->address != address)
            continue;
        vmm_dpmi_selector_free(v, app, b->stack);
        *b = (struct call_back){.address = address};
        return 0;
    }
    return VMM_DPMI_INVALID_CALL_BACK;
}

// The structure as the procedure gets it: the registers of the caller, whose CS:IP is that of the call-back.
static void registers_of_caller(struct vmm *v, uint8_t r[R_BYTES])
{
    memset(r, 0, R_BYTES);
    store_registers(v, r);
    base_put16(r + R_IP, vmm_dpmi_word(v, KIT_Client_EIP));
    base_put16(r + R_CS, vmm_dpmi_word(v, KIT_Client_CS));
    base_put16(r + R_SP, vmm_dpmi_word(v, KIT_Client_ESP));
    base_put16(r + R_SS, vmm_dpmi_word(v, KIT_Client_SS));
}

// In protected mode on the locked stack: DS:(E)SI = real-mode stack, ES:(E)DI = structure, an IRET leads back.
static void call_application(struct vmm *v, const struct call_back *b, uint32_t ss, uint32_t sp)
{
    uint32_t high, low, back = vmm_crossing_return(v, false);
    vmm_data_descriptor(ss << 4, 0xFFFF, &high, &low);
    (void)!vmm_descriptor_set(v, vmm_current_vm(v), b->stack, high & ~(uint32_t)VMM_DESCRIPTOR_WIDE, low);
    vmm_set_exec_mode(v, false);
    if (!vmm_pm_stack_lock(v))
        return;
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    if (!vmm_pm_interrupt(v, b->selector | 3u, b->offset)) {
        vmm_pm_dies_begin(v, "a real-mode call-back with no room left on the locked stack");
        return;
    }
    vmm_client_flags(v, 0, X86_IF);
    vmm_poke32(v, vmm_client(v) + KIT_Client_DS, b->stack);
    vmm_poke32(v, vmm_client(v) + KIT_Client_ESI, sp);
    vmm_poke32(v, vmm_client(v) + KIT_Client_ES, b->structure_selector);
    vmm_poke32(v, vmm_client(v) + KIT_Client_EDI, b->structure_offset);
    vmm_poke32(v, vmm_client(v) + KIT_Client_FS, 0);
    vmm_poke32(v, vmm_client(v) + KIT_Client_GS, 0);
}

// V86 code has called an address of function 0303h. EDX = row.
static void called_back(void *user, struct vmm *v)
{
    uint32_t row = vmm_regs(v)[X86_EDX];
    uint8_t r[R_BYTES];
    (void)user;
    const struct call_back b = *(struct call_back *)base_table_at(call_backs(v), row);
    if (!b.app || b.app != vmm_pm_app_row(v)) {
        vmm_pm_dies_begin(v, "a real-mode call-back was called that is free, or another application's");
        return;
    }
    uint32_t ss = vmm_dpmi_word(v, KIT_Client_SS), sp = vmm_dpmi_word(v, KIT_Client_ESP);
    registers_of_caller(v, r);
    if (!write_structure(v, b.structure_selector, b.structure_offset, r)) {
        if (!v->call.faulted)
            vmm_pm_dies_begin(v, "the structure of a real-mode call-back is out of its reach");
        return;
    }
    if (vmm_cross(v, VMM_CROSS_CALL_BACK))
        call_application(v, &b, ss, sp);
}

// The procedure has returned: ES:(E)DI -> the registers with which real mode goes on.
bool vmm_dpmi_call_back_over(struct vmm *v, struct vmm_crossing *c)
{
    uint8_t r[R_BYTES];
    bool there = read_structure(v, vmm_dpmi_word(v, KIT_Client_ES), vmm_dpmi_offset(v, KIT_Client_EDI), r);
    if (v->call.faulted)
        return false;
    (void)vmm_pm_stack_unlock(v);
    vmm_client_store(v, c->client);
    if (!there) {
        vmm_pm_dies_begin(v, "its real-mode call-back returned without a structure");
        return false;
    }
    load_registers(v, r);
    vmm_client_flags(v, base_get16(r + R_FLAGS), X86_IF);
    vmm_dpmi_set_word(v, KIT_Client_SS, base_get16(r + R_SS));
    vmm_poke32(v, vmm_client(v) + KIT_Client_ESP, base_get16(r + R_SP));
    vmm_client_jump(v, base_get16(r + R_CS), base_get16(r + R_IP));
    return true;
}

void vmm_dpmi_real_forget(struct vmm *v, uint32_t app)
{
    for (uint32_t i = 1; i < call_backs(v)->count; i++) {
        struct call_back *b = base_table_at(call_backs(v), i);
        if (b->app == app)
            *b = (struct call_back){.address = b->address};
    }
}

// --- 0305h, 0306h: raw mode switches. Nothing has to be saved for them: the procedures only return.

static uint32_t save_state_addresses(struct vmm *v, struct vmm_pm_app *app)
{
    const uint32_t *door = state_of(v)->door;
    (void)app;
    vmm_dpmi_set_word(v, KIT_Client_EAX, 0);
    vmm_dpmi_set_pair(v, KIT_Client_EBX, KIT_Client_ECX, door[STATE_V86]);
    vmm_dpmi_set_word(v, KIT_Client_ESI, door[STATE_PM] >> 16);
    vmm_dpmi_set_offset(v, KIT_Client_EDI, door[STATE_PM] & 0xFFFF);
    return 0;
}

static uint32_t raw_switch_addresses(struct vmm *v, struct vmm_pm_app *app)
{
    const uint32_t *door = state_of(v)->door;
    (void)app;
    vmm_dpmi_set_pair(v, KIT_Client_EBX, KIT_Client_ECX, door[RAW_TO_PM]);
    vmm_dpmi_set_word(v, KIT_Client_ESI, door[RAW_TO_V86] >> 16);
    vmm_dpmi_set_offset(v, KIT_Client_EDI, door[RAW_TO_V86] & 0xFFFF);
    return 0;
}

static void state_saved(void *user, struct vmm *v)
{
    (void)user;
    vmm_client_far_ret_n(v, 0);
}

// AX = DS, CX = ES, DX = SS, (E)BX = (E)SP, SI:(E)DI = CS:(E)IP of the other mode; FS and GS are 0.
static void raw_switch(void *user, struct vmm *v)
{
    struct vmm_pm_app *app = vmm_pm_app(v);
    bool to_v86 = !vmm_client_v86(v);
    uint32_t crs = vmm_client(v), mask = app && app->wide ? UINT32_MAX : 0xFFFF, esp, eip;
    (void)user;
    if (!app) {
        vmm_pm_dies_begin(v, "a raw mode switch without a protected-mode application");
        return;
    }
    esp = vmm_peek32(v, crs + KIT_Client_EBX) & mask;
    eip = vmm_peek32(v, crs + KIT_Client_EDI) & mask;
    if (to_v86) {
        app->raw_ss = vmm_dpmi_word(v, KIT_Client_Alt_SS);
        app->raw_sp = vmm_dpmi_word(v, KIT_Client_Alt_ESP);
    }
    vmm_set_exec_mode(v, to_v86);
    const uint32_t set[][2] = {{KIT_Client_DS, vmm_dpmi_word(v, KIT_Client_EAX)},
                               {KIT_Client_ES, vmm_dpmi_word(v, KIT_Client_ECX)},
                               {KIT_Client_SS, vmm_dpmi_word(v, KIT_Client_EDX)},
                               {KIT_Client_ESP, to_v86 ? esp & 0xFFFF : esp},
                               {KIT_Client_CS, vmm_dpmi_word(v, KIT_Client_ESI)},
                               {KIT_Client_EIP, to_v86 ? eip & 0xFFFF : eip},
                               {KIT_Client_FS, 0},
                               {KIT_Client_GS, 0}};
    for (size_t i = 0; i < BASE_COUNT(set); i++)
        vmm_poke32(v, crs + set[i][0], set[i][1]);
    if (!to_v86 && app->raw_ss) { // interrupts are reflected on the host's stack again
        vmm_dpmi_set_word(v, KIT_Client_Alt_SS, app->raw_ss);
        vmm_poke32(v, crs + KIT_Client_Alt_ESP, app->raw_sp);
    }
}

const struct vmm_dpmi_function vmm_dpmi_real[] = {
    {0x0300, simulate_interrupt},
    {0x0301, call_far},
    {0x0302, call_iret},
    {0x0303, allocate_call_back},
    {0x0304, free_call_back_at},
    {0x0305, save_state_addresses},
    {0x0306, raw_switch_addresses},
    {0, NULL},
};

static bool create(struct vmm *v)
{
    struct real_state *s = state_of(v);
    uint32_t raw = vmm_host_proc(v, raw_switch, NULL), saved = vmm_host_proc(v, state_saved, NULL);
    s->call_back_proc = vmm_host_proc(v, called_back, NULL);
    if (!raw || !saved || !s->call_back_proc)
        return false;
    s->door[RAW_TO_PM] = vmm_v86_call_back(v, raw, 0);
    s->door[STATE_V86] = vmm_v86_call_back(v, saved, 0);
    s->door[RAW_TO_V86] = vmm_pm_call_back(v, raw, 0);
    s->door[STATE_PM] = vmm_pm_call_back(v, saved, 0);
    return s->door[RAW_TO_PM] && s->door[STATE_V86] && s->door[RAW_TO_V86] && s->door[STATE_PM];
}

static const uint32_t tables[] = {sizeof(struct call_back), 0};

const struct vmm_chapter vmm_dpmi_real_chapter = {
    .state_size = sizeof(struct real_state), .tables = tables, .create = create};
