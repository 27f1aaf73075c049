// Crossings: a client that is served in its other execution mode and comes back. An interrupt of a protected-mode
// client that nobody serves there is reflected to V86 mode with its general registers (spec: nested-exec, vectors); the
// DPMI host's calls into real mode and its real-mode call-backs are the other two kinds (dpmi_real.c).
#include "vmm/defs.h"
#include "vmm/dpmi.h"
#include "vmm/pmode.h"

#include <string.h>

enum { MOST_CROSSINGS = 1024 }; // of one client: one that never comes back

struct cross_state {
    uint32_t v86_return, pm_return; // addresses
};

static struct cross_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_pm_cross);
}

static struct base_table *table(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_pm_cross, 0);
}

uint32_t vmm_crossing_return(struct vmm *v, bool v86)
{
    return v86 ? state_of(v)->v86_return : state_of(v)->pm_return;
}

struct vmm_crossing *vmm_cross(struct vmm *v, enum vmm_crossing_kind kind)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    uint32_t row = table(v)->live < MOST_CROSSINGS ? base_table_new(table(v)) : 0;
    if (!row) {
        vmm_pm_dies_begin(v, "it crossed between real and protected mode %u times without coming back",
                          (unsigned)table(v)->live);
        return NULL;
    }
    struct vmm_crossing *c = base_table_at(table(v), row);
    *c = (struct vmm_crossing){.thread = v->s.current, .below = t->crossing, .kind = kind};
    vmm_client_load(v, c->client);
    t->crossing = row;
    return c;
}

static void drop(struct vmm *v, uint32_t thread)
{
    struct vmm_thread *t = vmm_thread_at(v, thread);
    uint32_t row = t->crossing;
    t->crossing = ((struct vmm_crossing *)base_table_at(table(v), row))->below;
    base_table_release(table(v), row);
}

struct vmm_crossing *vmm_crossing_top(struct vmm *v)
{
    return base_table_at(table(v), vmm_thread_at(v, v->s.current)->crossing);
}

void vmm_crossing_leave(struct vmm *v)
{
    drop(v, v->s.current);
}

void vmm_crossings_forget(struct vmm *v, uint32_t thread, uint32_t keep)
{
    while (vmm_thread_at(v, thread)->crossing && vmm_thread_at(v, thread)->crossing != keep)
        drop(v, thread);
}

// --- interrupts

bool vmm_v86_stack_there(struct vmm *v, uint32_t segment, uint32_t sp, uint32_t bytes)
{
    uint32_t first = (sp - bytes) & 0xFFFF;
    if (first + bytes > 0x10000)
        return vmm_probe(v, segment << 4, 0x10000, true);
    return vmm_probe(v, (segment << 4) + first, bytes, true);
}

// Everything that may fault is looked at before the client changes: the gate may run twice.
void vmm_pm_reflect_begin(struct vmm *v, uint32_t vector)
{
    struct vmm_crossing *c = NULL;
    uint32_t crs = vmm_client(v), ss = vmm_peek16(v, crs + KIT_Client_Alt_SS),
             sp = vmm_peek16(v, crs + KIT_Client_Alt_ESP), back = state_of(v)->v86_return;
    if (vmm_v86_stack_there(v, ss, sp, 6) && vmm_probe(v, 4 * (vector & 0xFF), 4, false))
        c = vmm_cross(v, VMM_CROSS_INTERRUPT);
    if (!c)
        return;
    c->a[0] = vector;
    vmm_set_exec_mode(v, true);
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    vmm_v86_int_begin(v, vector);
}

// General registers and flags are results; everything else is as it was.
static bool interrupt_over(struct vmm *v, struct vmm_crossing *c)
{
    uint8_t now[KIT_SIZE_Client_Reg_Struc];
    vmm_client_load(v, now);
    uint32_t flags = base_get32(now + KIT_Client_EFlags) & ~(uint32_t)X86_VM;
    memcpy(c->client, now, KIT_Client_EIP);
    base_put32(c->client + KIT_Client_EFlags, flags);
    vmm_client_store(v, c->client);
    return true;
}

// --- hardware interrupts: the application's handlers come first, in whatever mode the client is

void vmm_pm_hw_int(struct vmm *v, uint8_t vector)
{
    uint32_t back = state_of(v)->pm_return;
    bool v86 = vmm_client_v86(v);
    if (!vmm_pm_app_runs(v) || (v86 && vmm_pm_vector_default(v, vector)) || !vmm_cross(v, VMM_CROSS_HW_INT))
        return;
    vmm_set_exec_mode(v, false);
    if (vmm_pm_stack_lock(v))
        vmm_client_jump(v, back >> 16, back & 0xFFFF);
}

// Flags too are as they were: IRET did not give the interrupt flag back.
static bool hw_int_over(struct vmm *v, struct vmm_crossing *c)
{
    uint8_t now[KIT_SIZE_Client_Reg_Struc];
    vmm_client_load(v, now);
    memcpy(c->client, now, KIT_Client_EIP);
    (void)vmm_pm_stack_unlock(v);
    vmm_client_store(v, c->client);
    return true;
}

// --- procedures of V86 mode, at any time

bool vmm_pm_call_v86(struct vmm *v, uint32_t segment, uint32_t offset)
{
    uint32_t crs = vmm_client(v), back = state_of(v)->v86_return;
    if (!vmm_v86_stack_there(v, vmm_peek16(v, crs + KIT_Client_Alt_SS), vmm_peek16(v, crs + KIT_Client_Alt_ESP), 6) ||
        !vmm_cross(v, VMM_CROSS_V86_CALL))
        return false;
    vmm_set_exec_mode(v, true);
    vmm_client_jump(v, back >> 16, back & 0xFFFF);
    return vmm_v86_interrupt(v, (uint16_t)segment, offset);
}

// Whatever it left in registers, the client goes on with its own.
static bool v86_call_over(struct vmm *v, struct vmm_crossing *c)
{
    vmm_client_store(v, c->client);
    return true;
}

// --- coming back

// A hook of the interrupts that DOS and BIOS make in V86 mode for programs: the application's handlers come first (DPMI
// 0.9: 1Ch, 23h, 24h). Not when it was the application that passed them on. EAX = vector; CF = 1: not here.
static void for_programs(void *user, struct vmm *v)
{
    (void)user;
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF, row = vmm_thread_at(v, v->s.current)->crossing;
    const struct vmm_crossing *c = row ? base_table_at(table(v), row) : NULL;
    bool passed_on = c && c->kind == VMM_CROSS_INTERRUPT && c->a[0] == vector;
    bool wanted = !passed_on && vmm_pm_app(v) && !vmm_pm_vector_default(v, vector);
    vmm_set_flag(v, X86_CF, !wanted);
    if (!wanted)
        return;
    vmm_pm_hw_int(v, (uint8_t)vector);
    if (!vmm_client_v86(v) && !vmm_pm_simulate_int(v, vector))
        vmm_pm_dies_begin(v, "interrupt %02Xh with no room left on the locked stack", (unsigned)vector);
}

static bool returns_in_pm(uint32_t kind)
{
    return kind == VMM_CROSS_CALL_BACK || kind == VMM_CROSS_HW_INT;
}

static vmm_crossed_fn *const over[VMM_CROSS_KINDS] = {[VMM_CROSS_INTERRUPT] = interrupt_over,
                                                      [VMM_CROSS_HW_INT] = hw_int_over,
                                                      [VMM_CROSS_V86_CALL] = v86_call_over,
                                                      [VMM_CROSS_PSP] = vmm_dpmi_psp_over,
                                                      [VMM_CROSS_INT21] = vmm_dpmi_int21_over,
                                                      [VMM_CROSS_ENTRY] = vmm_dpmi_entry_over,
                                                      [VMM_CROSS_REAL_CALL] = vmm_dpmi_real_call_over,
                                                      [VMM_CROSS_CALL_BACK] = vmm_dpmi_call_back_over,
                                                      [VMM_CROSS_DOS] = vmm_dpmi_dos_over};

// The client has come to an address of return.
static void came_back(void *user, struct vmm *v)
{
    (void)user;
    bool v86 = vmm_client_v86(v);
    uint32_t row = vmm_thread_at(v, v->s.current)->crossing;
    struct vmm_crossing *c = row ? base_table_at(table(v), row) : NULL;
    if (!c || v86 == returns_in_pm(c->kind)) {
        vmm_pm_dies_begin(v, "it returned to the %s address of a call that is over", v86 ? "real-mode" : "DPMI host's");
        return;
    }
    struct vmm_crossing copy = *c;
    if (over[copy.kind](v, &copy) && !v->call.faulted)
        vmm_crossing_leave(v);
}

static bool create(struct vmm *v)
{
    struct cross_state *s = state_of(v);
    uint32_t proc = vmm_host_proc(v, came_back, NULL);
    s->v86_return = proc ? vmm_v86_call_back(v, proc, 0) : 0;
    s->pm_return = proc ? vmm_pm_call_back(v, proc, 0) : 0;
    static const uint8_t vectors[] = {0x1C, 0x23, 0x24};
    uint32_t hook = vmm_host_proc(v, for_programs, NULL);
    for (size_t i = 0; i < BASE_COUNT(vectors); i++)
        if (!hook || !vmm_chain_add(v, VMM_CHAINS_V86_INT + vectors[i], hook, 0, true))
            return false;
    return s->v86_return && s->pm_return;
}

static void thread_gone(struct vmm *v, uint32_t tcb)
{
    uint32_t thread = vmm_thread_row(v, tcb);
    if (thread)
        vmm_crossings_forget(v, thread, 0);
}

static const uint32_t tables[] = {sizeof(struct vmm_crossing), 0};

const struct vmm_chapter vmm_pm_cross_chapter = {
    .state_size = sizeof(struct cross_state), .tables = tables, .create = create, .thread_gone = thread_gone};
