// What programs ask the VMM itself through INT 2Fh (VDAG31, "Windows INT 2Fh services"): is Windows here and which, the
// number of their VM, their time slice given up, the critical section, and a procedure called in another VM. The APIs
// of devices are in device_api.c, the DPMI host's answers in dpmi.c.
#include "vmm/defs.h"
#include "vmm/event.h"
#include "vmm/pmode.h"
#include "vmm/restrict.h"

enum { FIRST = 0x1600, ENHANCED = 3 };
enum { DONE, BAD_VM, BAD_BOOST, BAD_FLAGS }; // answers of 1685h
enum { WAIT_ENABLED = 1, WAIT_UNOWNED = 2 }; // CX of 1685h
enum { MOST_SWITCHES = 256 };

struct procedure {   // to be called in another VM
    uint32_t cs, ip; // 0:0 is none
    uint32_t used;
};

struct multiplex_state {
    uint32_t called_proc, entered_proc;
    uint32_t entry; // of Windows/386 2.x, segment:offset, 0 = nobody asked
};

static struct base_table *procedures(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_multiplex, 0);
}

static uint16_t client16(struct vmm *v, uint32_t field)
{
    return vmm_peek16(v, vmm_client(v) + field);
}

static void set_client16(struct vmm *v, uint32_t field, uint32_t value)
{
    vmm_poke16(v, vmm_client(v) + field, (uint16_t)value);
}

// 1600h: AL = major, AH = minor version.
static bool installed(struct vmm *v)
{
    uint32_t version = (uint32_t)v->config.profile;
    set_client16(v, KIT_Client_EAX, version >> 8 | (version & 0xFF) << 8);
    return true;
}

// 1683h: BX = number.
static bool vm_number(struct vmm *v)
{
    set_client16(v, KIT_Client_EBX, vmm_peek32(v, vmm_current_vm(v) + KIT_CB_VMID));
    return true;
}

// 1602h: ES:DI = what programs of Windows/386 2.x jump to, the same in all VMs (Windows 3.1 DDK: Interrupt 2Fh
// Function 1602h).
static bool old_entry(struct vmm *v)
{
    struct multiplex_state *s = vmm_chapter_state(v, VMM_CHAPTER_multiplex);
    if (!s->entry)
        s->entry = vmm_v86_call_back(v, s->entered_proc, 0);
    if (!s->entry)
        return false;
    set_client16(v, KIT_Client_ES, s->entry >> 16);
    set_client16(v, KIT_Client_EDI, s->entry & 0xFFFF);
    return true;
}

// The client jumped there and goes on at ES:DI. AX = 0 is the only function that is documented: BX = number of the VM.
static void entered(void *user, struct vmm *v)
{
    (void)user;
    if (client16(v, KIT_Client_EAX) == 0)
        vm_number(v);
    vmm_client_jump(v, client16(v, KIT_Client_ES), client16(v, KIT_Client_EDI));
}

// 160Ah: AX = 0, BX = version, CX = mode.
static bool identify(struct vmm *v)
{
    set_client16(v, KIT_Client_EAX, 0);
    set_client16(v, KIT_Client_EBX, (uint32_t)v->config.profile);
    set_client16(v, KIT_Client_ECX, ENHANCED);
    return true;
}

// 1680h: AL = 0. The VM sleeps for a slice, or until an interrupt.
static bool release_slice(struct vmm *v)
{
    uint32_t eax = client16(v, KIT_Client_EAX);
    if (!vmm_timeout_start(v, VMM_TIMEOUT_WAKE, v->s.slice_ms, v->s.current, 0, 0))
        return false;
    set_client16(v, KIT_Client_EAX, eax & 0xFF00);
    vmm_idle_set(v, v->s.current, true);
    return true;
}

// Goes on in a service with the return address of now; CF is clear then.
static bool go_on_in(struct vmm *v, uint16_t service)
{
    vmm_set_flag(v, X86_CF, false);
    vmm_regs(v)[X86_ESP] -= 4;
    v->cpu->state.eip = vmm_service_address(v, 1, service);
    return true;
}

// 1681h: waits until the section is free.
static bool begin_section(struct vmm *v)
{
    vmm_regs(v)[X86_ECX] = KIT_Block_Svc_Ints;
    return go_on_in(v, KIT_Begin_Critical_Section);
}

static bool end_section(struct vmm *v)
{
    bool own = v->s.crit_owner && vmm_thread_at(v, v->s.crit_owner)->vm == vmm_thread_at(v, v->s.current)->vm;
    return !own || go_on_in(v, KIT_End_Critical_Section);
}

// --- 1685h: BX = VM, CX = what to wait for, DX:SI = boost, ES:DI = procedure that ends in IRET

static uint32_t vm_of_number(struct vmm *v, uint16_t number)
{
    for (uint32_t vm = 1; vm < vmm_table(v, VMM_TABLE_vm)->count; vm++)
        if (vmm_vm_at(v, vm)->id == number && number && !vmm_vm_at(v, vm)->ending)
            return vm;
    return 0;
}

static uint32_t schedule(struct vmm *v, uint32_t vm, uint16_t flags, int32_t boost)
{
    const struct multiplex_state *s = vmm_chapter_state(v, VMM_CHAPTER_multiplex);
    uint32_t row = procedures(v)->live < MOST_SWITCHES ? base_table_new(procedures(v)) : 0;
    if (!row)
        return 0;
    *(struct procedure *)base_table_at(procedures(v), row) =
        (struct procedure){client16(v, KIT_Client_ES), client16(v, KIT_Client_EDI), 1};
    const struct vmm_event what = {.callback = s->called_proc,
                                   .reference = row,
                                   .flags = (flags & WAIT_ENABLED ? KIT_PEF_Wait_For_STI : 0u) |
                                            (flags & WAIT_UNOWNED ? KIT_PEF_Wait_Not_Crit : 0u),
                                   .boost = boost,
                                   .scope = vm,
                                   .level = VMM_LEVEL_VM,
                                   .silent = 1};
    uint32_t event = vmm_event_create(v, &what);
    if (event && vmm_event_enqueue(v, event, 0))
        return event;
    if (event)
        vmm_event_free(v, event);
    base_table_release(procedures(v), row);
    return 0;
}

static bool switch_to_vm(struct vmm *v)
{
    uint32_t vm = vm_of_number(v, client16(v, KIT_Client_EBX)), error = DONE;
    uint16_t flags = client16(v, KIT_Client_ECX);
    int32_t boost = (int32_t)((uint32_t)client16(v, KIT_Client_EDX) << 16 | client16(v, KIT_Client_ESI));
    if (!vm)
        error = BAD_VM;
    else if (boost < 0 || vmm_vm_at(v, vm)->boost + (int64_t)boost > KIT_Reserved_High_Boost)
        error = BAD_BOOST;
    else if (flags & ~(WAIT_ENABLED | WAIT_UNOWNED))
        error = BAD_FLAGS;
    else if (!schedule(v, vm, flags, boost))
        return false;
    set_client16(v, KIT_Client_EAX, error);
    vmm_client_flags(v, error ? X86_CF : 0, X86_CF);
    return true;
}

// In the other VM. EDX = row.
static void called(void *user, struct vmm *v)
{
    (void)user;
    uint32_t row = vmm_regs(v)[X86_EDX];
    const struct procedure p = *(const struct procedure *)base_table_at(procedures(v), row);
    bool there = vmm_client_v86(v) ? vmm_v86_interrupt(v, (uint16_t)p.cs, p.ip) : vmm_pm_call_v86(v, p.cs, p.ip);
    if (there)
        base_table_release(procedures(v), row);
}

// ---

static bool answer(struct vmm *v)
{
    static bool (*const answers[])(struct vmm *) = {
        [0x00] = installed,     [0x02] = old_entry,   [0x0A] = identify,  [0x80] = release_slice,
        [0x81] = begin_section, [0x82] = end_section, [0x83] = vm_number, [0x85] = switch_to_vm,
    };
    uint32_t function = client16(v, KIT_Client_EAX) - (uint32_t)FIRST;
    return function < BASE_COUNT(answers) && answers[function] && answers[function](v);
}

// A hook of INT 2Fh, among the last ones asked. CF = 1: not its question.
static void asked(void *user, struct vmm *v)
{
    (void)user;
    if (!answer(v))
        vmm_set_flag(v, X86_CF, true);
    else if (!v->call.framed)
        vmm_set_flag(v, X86_CF, false);
}

static bool create(struct vmm *v)
{
    struct multiplex_state *s = vmm_chapter_state(v, VMM_CHAPTER_multiplex);
    uint32_t proc = vmm_host_proc(v, asked, NULL);
    s->called_proc = vmm_host_proc(v, called, NULL);
    s->entered_proc = vmm_host_proc(v, entered, NULL);
    return proc && s->called_proc && s->entered_proc && vmm_chain_add(v, VMM_CHAINS_V86_INT + 0x2F, proc, 0, true);
}

static const uint32_t tables[] = {sizeof(struct procedure), 0};

const struct vmm_chapter vmm_multiplex_chapter = {
    .state_size = sizeof(struct multiplex_state), .tables = tables, .create = create};
