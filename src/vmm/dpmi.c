// The DPMI host's door (DPMI 0.9): INT 2Fh AX = 1687h gives the address that takes a V86 program into protected mode,
// INT 31h is served from there on, INT 21h AH = 4Ch ends the application. The functions of INT 31h lie in dpmi_*.c.
#include "vmm/dpmi.h"
#include "vmm/defs.h"
#include "vmm/selectors.h"

#include <string.h>

enum {
    HOST_PARAGRAPHS = 0x200, // of V86 memory for the host: a stack, and copies for INT 21h
    ERROR_NO_SWITCH = 0x8011,
    PSP_ENVIRONMENT = 0x2C,
    DOS_GET_PSP = 0x51,
};

struct dpmi_state {
    uint32_t entry;              // V86 call-back
    uint32_t vendor;             // PM call-back
    uint32_t dos_proc, dos_hook; // of INT 21h in V86 mode, while there are applications: row of the chain
};

static struct dpmi_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_dpmi);
}

// --- registers of the client

uint16_t vmm_dpmi_word(struct vmm *v, uint32_t field)
{
    return vmm_peek16(v, vmm_client(v) + field);
}

uint32_t vmm_dpmi_offset(struct vmm *v, uint32_t field)
{
    return vmm_pm_wide(v) && !vmm_client_v86(v) ? vmm_peek32(v, vmm_client(v) + field) : vmm_dpmi_word(v, field);
}

void vmm_dpmi_set_word(struct vmm *v, uint32_t field, uint32_t value)
{
    vmm_poke16(v, vmm_client(v) + field, (uint16_t)value);
}

void vmm_dpmi_set_offset(struct vmm *v, uint32_t field, uint32_t value)
{
    if (vmm_pm_wide(v) && !vmm_client_v86(v))
        vmm_poke32(v, vmm_client(v) + field, value);
    else
        vmm_dpmi_set_word(v, field, value);
}

uint32_t vmm_dpmi_pair(struct vmm *v, uint32_t high, uint32_t low)
{
    return (uint32_t)vmm_dpmi_word(v, high) << 16 | vmm_dpmi_word(v, low);
}

void vmm_dpmi_set_pair(struct vmm *v, uint32_t high, uint32_t low, uint32_t value)
{
    vmm_dpmi_set_word(v, high, value >> 16);
    vmm_dpmi_set_word(v, low, value);
}

// --- INT 31h

static const struct vmm_dpmi_function *find(const struct vmm_dpmi_function *list, uint32_t number)
{
    while (list->fn && list->number != number)
        list++;
    return list->fn ? list : NULL;
}

static const struct vmm_dpmi_function *function_of(uint32_t number)
{
    static const struct vmm_dpmi_function *const lists[] = {vmm_dpmi_ldt,  vmm_dpmi_dos,    vmm_dpmi_vectors,
                                                            vmm_dpmi_real, vmm_dpmi_memory, vmm_dpmi_watch};
    const struct vmm_dpmi_function *f = NULL;
    for (size_t i = 0; !f && i < BASE_COUNT(lists); i++)
        f = find(lists[i], number);
    return f;
}

static bool int31(struct vmm *v, uint8_t vector)
{
    (void)vector;
    struct vmm_pm_app *app = vmm_pm_app(v);
    if (!app)
        return false;
    const struct vmm_dpmi_function *f = function_of(vmm_dpmi_word(v, KIT_Client_EAX));
    uint32_t error = f ? f->fn(v, app) : (uint32_t)VMM_DPMI_UNSUPPORTED;
    if (v->call.faulted || error == VMM_DPMI_ELSEWHERE)
        return true;
    if (error)
        vmm_dpmi_set_word(v, KIT_Client_EAX, error);
    vmm_client_flags(v, error ? X86_CF : 0, X86_CF);
    return true;
}

// --- INT 2Fh

uint32_t vmm_dpmi_processor(struct vmm *v)
{
    return v->config.model >= X86_PENTIUM ? 5 : v->config.model >= X86_486 ? 4 : 3;
}

bool vmm_dpmi_v86_asked(struct vmm *v)
{
    uint32_t entry = state_of(v)->entry;
    if (vmm_dpmi_word(v, KIT_Client_EAX) != 0x1687)
        return false;
    vmm_dpmi_set_word(v, KIT_Client_EAX, 0);
    vmm_dpmi_set_word(v, KIT_Client_EBX, 1); // 32-bit applications are supported
    vmm_dpmi_set_word(v, KIT_Client_ECX, (vmm_dpmi_word(v, KIT_Client_ECX) & 0xFF00u) | vmm_dpmi_processor(v));
    vmm_dpmi_set_word(v, KIT_Client_EDX, VMM_DPMI_VERSION);
    vmm_dpmi_set_word(v, KIT_Client_ESI, HOST_PARAGRAPHS);
    vmm_dpmi_set_word(v, KIT_Client_ES, entry >> 16);
    vmm_dpmi_set_word(v, KIT_Client_EDI, entry);
    return true;
}

// The vendor's entry point: ES:(E)DI for DS:(E)SI -> "MS-DOS", the extension that serves INT 21h in protected mode.
static bool vendor_asked(struct vmm *v)
{
    static const char name[] = "MS-DOS";
    char text[sizeof name] = "";
    uint32_t linear;
    if (!vmm_pm_linear(v, vmm_dpmi_word(v, KIT_Client_DS), vmm_dpmi_offset(v, KIT_Client_ESI), sizeof text, false,
                       &linear) ||
        !vmm_user_get(v, linear, text, sizeof text) || memcmp(text, name, sizeof name) != 0)
        return false;
    vmm_dpmi_set_word(v, KIT_Client_ES, state_of(v)->vendor >> 16);
    vmm_dpmi_set_offset(v, KIT_Client_EDI, state_of(v)->vendor & 0xFFFF);
    return true;
}

bool vmm_dpmi_pm_asked(struct vmm *v)
{
    uint16_t number = vmm_dpmi_word(v, KIT_Client_EAX);
    if (number == 0x1686) {
        vmm_dpmi_set_word(v, KIT_Client_EAX, 0);
        return true;
    }
    if (number != 0x168A || !vmm_pm_app(v))
        return false;
    if (vendor_asked(v))
        vmm_dpmi_set_word(v, KIT_Client_EAX, number & 0xFF00u);
    return true;
}

uint32_t vmm_dpmi_vendor_entry(struct vmm *v, struct vmm_pm_app *app)
{
    (void)app;
    return vendor_asked(v) ? 0 : VMM_DPMI_UNSUPPORTED;
}

// The only function of the vendor's entry: AX = 0100h, the selector of the LDT in AX (RBIL table 02719).
static void vendor_entered(void *user, struct vmm *v)
{
    (void)user;
    vmm_client_far_ret_n(v, 0);
    if (v->call.faulted)
        return;
    bool asked = vmm_dpmi_word(v, KIT_Client_EAX) == 0x0100;
    uint32_t selector = asked ? vmm_ldt_show(v, vmm_current_vm(v)) : 0;
    if (selector)
        vmm_dpmi_set_word(v, KIT_Client_EAX, selector);
    vmm_client_flags(v, selector ? 0 : X86_CF, X86_CF);
}

// --- from V86 to protected mode

// Far call of the entry point: AX bit 0 = 32-bit, ES = HOST_PARAGRAPHS paragraphs for the host. DOS is asked for the
// PSP first, because only it knows.
static void entered(void *user, struct vmm *v)
{
    (void)user;
    uint32_t back = vmm_crossing_return(v, true);
    if (!vmm_v86_stack_there(v, vmm_dpmi_word(v, KIT_Client_SS), vmm_dpmi_word(v, KIT_Client_ESP), 6) ||
        !vmm_cross(v, VMM_CROSS_ENTRY))
        return;
    vmm_dpmi_set_word(v, KIT_Client_EAX, DOS_GET_PSP << 8);
    vmm_dpmi_set_word(v, KIT_Client_EBX, 0);
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    vmm_v86_int_begin(v, 0x21);
}

// BX = PSP, 0 when no DOS answered: then it is the program's own segment. The client goes on behind its far call.
bool vmm_dpmi_entry_over(struct vmm *v, struct vmm_crossing *c)
{
    uint32_t psp = vmm_dpmi_word(v, KIT_Client_EBX), own = base_get16(c->client + KIT_Client_CS);
    if (!vmm_probe(v, ((psp ? psp : own) << 4) + PSP_ENVIRONMENT, 2, true))
        return false;
    vmm_crossing_leave(v);
    vmm_client_store(v, c->client);
    vmm_client_far_ret_n(v, 0);
    vmm_pm_app_new_begin(v, vmm_dpmi_word(v, KIT_Client_EAX) & 1, psp ? psp : vmm_dpmi_word(v, KIT_Client_CS));
    return false;
}

// Selectors for the segments that the program came with; equal ones share. A 32-bit application's stack counts in ESP:
// from a 16-bit one the processor would bring back ring 0's upper half of ESP, where the program expects 0.
static bool first_selectors(struct vmm *v, struct vmm_pm_app *app, uint32_t selector[3])
{
    static const uint8_t fields[] = {KIT_Client_CS, KIT_Client_SS, KIT_Client_DS};
    const uint32_t kinds[] = {VMM_DPMI_CODE16, app->wide ? VMM_DPMI_DATA32 : VMM_DPMI_DATA16, VMM_DPMI_DATA16};
    for (unsigned i = 0; i < 3; i++) {
        uint32_t segment = vmm_dpmi_word(v, fields[i]);
        selector[i] = i == 2 && segment == vmm_dpmi_word(v, KIT_Client_SS)
                          ? selector[1]
                          : vmm_dpmi_selector_new(v, app, segment << 4, 0xFFFF, kinds[i], 1);
        if (!selector[i])
            return false;
    }
    return true;
}

// ES becomes the PSP, and the PSP's environment word a selector.
static uint32_t psp_selector(struct vmm *v, struct vmm_pm_app *app)
{
    uint32_t psp = app->psp, environment = vmm_peek16(v, (psp << 4) + PSP_ENVIRONMENT), selector;
    if (environment && (selector = vmm_dpmi_selector_new(v, app, environment << 4, 0xFFFF, VMM_DPMI_DATA16, 1)) != 0) {
        app->environment_at = (psp << 4) + PSP_ENVIRONMENT;
        app->environment = environment;
        vmm_poke16(v, app->environment_at, (uint16_t)selector);
    }
    return vmm_dpmi_selector_new(v, app, psp << 4, 0xFF, VMM_DPMI_DATA16, 1);
}

static void enter(struct vmm *v, struct vmm_pm_app *app, const uint32_t selector[3], uint32_t es)
{
    uint32_t crs = vmm_client(v), eip = vmm_dpmi_word(v, KIT_Client_EIP), sp = vmm_dpmi_word(v, KIT_Client_ESP);
    uint32_t host = vmm_dpmi_word(v, KIT_Client_ES);
    if (!x86_read_linear(v->cpu, crs + KIT_Client_EIP, app->v86, sizeof app->v86, X86_READ, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", crs);
    vmm_poke32(v, crs + KIT_Client_SS, host);
    vmm_poke32(v, crs + KIT_Client_ESP, VMM_DPMI_STACK_BYTES);
    app->host_segment = host;
    app->psp_selector = es;
    vmm_set_exec_mode(v, false);
    const uint32_t set[][2] = {{KIT_Client_CS, selector[0]}, {KIT_Client_EIP, eip}, {KIT_Client_SS, selector[1]},
                               {KIT_Client_ESP, sp},         {KIT_Client_ES, es},   {KIT_Client_DS, selector[2]},
                               {KIT_Client_FS, 0},           {KIT_Client_GS, 0}};
    for (size_t i = 0; i < BASE_COUNT(set); i++)
        vmm_poke32(v, crs + set[i][0], set[i][1]);
    vmm_client_flags(v, 0, X86_CF);
}

// The newest hook is asked first: those of drivers see the end of a program once.
static bool watch_dos(struct vmm *v, bool on)
{
    struct dpmi_state *s = state_of(v);
    if (on && !s->dos_hook)
        s->dos_hook = vmm_chain_add(v, VMM_CHAINS_V86_INT + 0x21, s->dos_proc, 0, true);
    if (!on && s->dos_hook) {
        vmm_chain_remove(v, VMM_CHAINS_V86_INT + 0x21, s->dos_hook);
        s->dos_hook = 0;
    }
    return !on || s->dos_hook;
}

void vmm_dpmi_started(struct vmm *v, bool begun)
{
    struct vmm_pm_app *app = begun ? vmm_pm_app(v) : NULL;
    uint32_t selector[3], es = 0;
    bool all = app && watch_dos(v, true) && first_selectors(v, app, selector) && (es = psp_selector(v, app)) != 0;
    if (all) {
        enter(v, app, selector, es);
        return;
    }
    if (app)
        vmm_pm_app_discard(v);
    vmm_dpmi_set_word(v, KIT_Client_EAX, ERROR_NO_SWITCH);
    vmm_client_flags(v, X86_CF, X86_CF);
}

// --- the end

static bool int21(struct vmm *v, uint8_t vector)
{
    (void)vector;
    uint16_t ax = vmm_dpmi_word(v, KIT_Client_EAX);
    if (!vmm_pm_app(v))
        return false;
    if (ax >> 8 != 0x4C && ax >> 8 != 0)
        return vmm_dpmi_int21_begin(v);
    vmm_pm_app_end_begin(v, (uint8_t)(ax >> 8 ? ax : 0));
    return true;
}

// A program may end itself in V86 mode: through function 0300h, or after a raw switch. Whether it is the application or
// a program that it has started, DOS knows: it is asked for the PSP, then its answer decides. EAX = vector; CF = 1:
// pass on.
static void v86_dos_asked(void *user, struct vmm *v)
{
    (void)user;
    struct vmm_pm_app *app = vmm_pm_app(v);
    uint32_t function = vmm_dpmi_word(v, KIT_Client_EAX) >> 8, back = vmm_crossing_return(v, true);
    bool ends = app && (function == 0x4C || function == 0), asked = ends && app->asked;
    vmm_set_flag(v, X86_CF, !ends || asked);
    if (asked)
        app->asked = 0;
    if (!ends || asked ||
        !vmm_v86_stack_there(v, vmm_dpmi_word(v, KIT_Client_SS), vmm_dpmi_word(v, KIT_Client_ESP), 6) ||
        !vmm_cross(v, VMM_CROSS_PSP))
        return;
    vmm_dpmi_set_word(v, KIT_Client_EAX, DOS_GET_PSP << 8);
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    vmm_v86_int_begin(v, 0x21);
}

bool vmm_dpmi_psp_over(struct vmm *v, struct vmm_crossing *c)
{
    uint32_t psp = vmm_dpmi_word(v, KIT_Client_EBX);
    struct vmm_pm_app *app = vmm_pm_app(v);
    vmm_crossing_leave(v);
    vmm_client_store(v, c->client);
    if (app && app->psp == psp) {
        vmm_pm_app_end_begin(v, vmm_dpmi_word(v, KIT_Client_EAX) >> 8 ? (uint8_t)vmm_dpmi_word(v, KIT_Client_EAX) : 0);
        return false;
    }
    if (app)
        app->asked = 1;
    vmm_v86_int_begin(v, 0x21);
    return false;
}

void vmm_dpmi_ended(struct vmm *v, uint32_t row)
{
    const struct vmm_pm_app *app = vmm_pm_app_at(v, row);
    uint32_t vm = vmm_vm_at(v, app->vm)->cb;
    if (app->environment_at && vm == vmm_current_vm(v))
        vmm_poke16(v, app->environment_at, (uint16_t)app->environment);
    if (vmm_pm_app_count(v) == 1)
        (void)watch_dos(v, false);
    vmm_dpmi_dos_forget(v, row);
    vmm_dpmi_real_forget(v, row);
    vmm_dpmi_memory_forget(v, row);
    vmm_dpmi_watch_forget(v, row);
    for (uint32_t i = 1; i < VMM_DPMI_SELECTORS; i++)
        if ((app->own[i / 32] | app->segments[i / 32]) >> (i % 32) & 1)
            vmm_ldt_selector_give(v, vm, i * 8 | 7);
}

static bool create(struct vmm *v)
{
    struct dpmi_state *s = state_of(v);
    uint32_t entry = vmm_host_proc(v, entered, NULL), vendor = vmm_host_proc(v, vendor_entered, NULL);
    s->entry = entry ? vmm_v86_call_back(v, entry, 0) : 0;
    s->vendor = vendor ? vmm_pm_call_back(v, vendor, 0) : 0;
    s->dos_proc = vmm_host_proc(v, v86_dos_asked, NULL);
    vmm_on_pm_int(v, 0x31, int31);
    vmm_on_pm_int(v, 0x21, int21);
    return s->entry && s->vendor && s->dos_proc;
}

const struct vmm_chapter vmm_dpmi_chapter = {.state_size = sizeof(struct dpmi_state), .create = create};
