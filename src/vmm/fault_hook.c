// Fault hooks (spec: faults-io; Win95 DDK S3310-S3320). Every fault of every origin has two chains of HOOK_PROC
// procedures: one before the VMM's own handler, one behind it for hooks made during Sys_Critical_Init. Their heads lie
// in guest memory and end in gates.
#include "vmm/defs.h"
#include "vmm/hook.h"

#include <string.h>

enum { CHAINS = VMM_FAULT_TABLES * VMM_FAULT_VECTORS };
enum { PAGE_FAULT = 14 };

// a[] of a FAULT frame.
enum { F_VECTOR, F_RING3, F_V86, F_ERROR, F_EIP, F_CS, F_EFLAGS, F_ESP };

// What a ring-0 fault's handler finds at EBP: Client_Reg_Struc up to the flags.
enum { STATE_BYTES = KIT_Client_EFlags + 4 };

static uint32_t head_of(struct vmm *v, uint32_t chain)
{
    return v->s.fault_chains + 4 * chain;
}

static uint32_t end_of(uint32_t chain)
{
    return vmm_gate_address(VMM_GATE_FAULT + chain);
}

bool vmm_fault_chains_create(struct vmm *v)
{
    v->s.fault_chains = vmm_kernel_get(v, 2 * CHAINS * 4);
    for (uint32_t i = 0; v->s.fault_chains && i < 2 * CHAINS; i++)
        vmm_poke32(v, head_of(v, i), end_of(i));
    return v->s.fault_chains != 0;
}

uint32_t vmm_fault_chain_head(struct vmm *v, uint32_t n)
{
    return v->s.fault_hooks && n < 2 * CHAINS ? head_of(v, n) : 0;
}

static uint32_t chain_of(const struct vmm_fault *f, bool late)
{
    unsigned origin = !f->ring3 ? VMM_FAULT_VMM : f->v86 ? VMM_FAULT_V86 : VMM_FAULT_PM;
    return (late ? CHAINS : 0) + origin * VMM_FAULT_VECTORS + f->vector;
}

// The registers at the fault as a structure on the stack, which the handler may change.
static bool push_state(struct vmm *v, const struct vmm_fault *fault)
{
    static const uint8_t order[8] = {X86_EDI, X86_ESI, X86_EBP, X86_ESP, X86_EBX, X86_EDX, X86_ECX, X86_EAX};
    uint32_t *r = vmm_regs(v);
    uint8_t bytes[STATE_BYTES];
    for (unsigned i = 0; i < 8; i++)
        base_put32(bytes + 4 * i, r[order[i]]);
    base_put32(bytes + KIT_Client_Error, fault->error);
    base_put32(bytes + KIT_Client_EIP, fault->eip);
    base_put32(bytes + KIT_Client_CS, fault->cs);
    base_put32(bytes + KIT_Client_EFlags, fault->eflags);
    if (!x86_write_linear(v->cpu, r[X86_ESP] - STATE_BYTES, bytes, sizeof bytes, X86_WRITE, NULL))
        return false;
    r[X86_ESP] -= STATE_BYTES;
    return true;
}

static void pop_state(struct vmm *v, const struct vmm_frame *f)
{
    static const uint8_t order[8] = {X86_EDI, X86_ESI, X86_EBP, X86_ESP, X86_EBX, X86_EDX, X86_ECX, X86_EAX};
    uint32_t at = f->esp, esp = f->a[F_ESP];
    vmm_frame_pop(v);
    for (unsigned i = 0; i < 8; i++)
        vmm_regs(v)[order[i]] = vmm_peek32(v, at + 4 * i);
    vmm_regs(v)[X86_ESP] = esp;
    v->cpu->state.eip = vmm_peek32(v, at + KIT_Client_EIP);
    v->cpu->state.eflags = vmm_peek32(v, at + KIT_Client_EFlags) & ~(uint32_t)X86_VM;
    vmm_unreenter(v);
}

bool vmm_fault_hooks_begin(struct vmm *v, const struct vmm_fault *fault, bool late)
{
    if (!v->s.fault_hooks || fault->vector >= VMM_FAULT_VECTORS)
        return false;
    uint32_t chain = chain_of(fault, late), handler = vmm_peek32(v, head_of(v, chain));
    if (handler == end_of(chain))
        return false;
    uint32_t esp = vmm_regs(v)[X86_ESP];
    if (!fault->ring3 && !push_state(v, fault))
        return false;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_FAULT);
    if (!f)
        return true;
    const uint32_t a[] = {fault->vector, fault->ring3, fault->v86,    fault->error,
                          fault->eip,    fault->cs,    fault->eflags, esp};
    memcpy(f->a, a, sizeof a);
    if (!fault->ring3)
        vmm_reenter(v);
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EBP] = fault->ring3 ? vmm_client(v) : f->esp;
    v->cpu->state.eflags &= ~(uint32_t)(X86_IF | X86_DF | X86_TF | X86_NT);
    vmm_frame_call_begin(v, handler);
    return true;
}

static void fault_over(struct vmm *v, struct vmm_frame *f)
{
    if (f->a[F_RING3])
        vmm_frame_pop_all(v);
    else
        pop_state(v, f);
}

const struct vmm_frame_kind vmm_fault_frame = {"the fault handler", fault_over, NULL};

static struct vmm_fault fault_of(const struct vmm_frame *f)
{
    return (struct vmm_fault){(uint8_t)f->a[F_VECTOR], f->a[F_RING3], f->a[F_V86], f->a[F_ERROR], f->a[F_EIP],
                              (uint16_t)f->a[F_CS],    f->a[F_EFLAGS]};
}

// No hook of a chain wanted the fault: everything as it was, then the next in line.
void vmm_fault_chain_ended(struct vmm *v, uint32_t number)
{
    struct vmm_frame *f = vmm_frame_top(v);
    if (!f || f->kind != VMM_FRAME_FAULT) {
        vmm_stop(v, VMM_END_FAULT, "the VMM's own fault handler was called without a fault");
        return;
    }
    const struct vmm_fault fault = fault_of(f);
    fault_over(v, f);
    if (number < CHAINS)
        vmm_own_fault_begin(v, &fault);
    else
        vmm_unhandled_fault(v, &fault);
}

// --- services

static bool bad_vector(uint32_t vector)
{
    return vector >= VMM_FAULT_VECTORS || vector == 2;
}

static uint32_t shown(uint32_t chain, uint32_t handler)
{
    return handler == end_of(chain) ? 0 : handler;
}

// The VMM's handlers of clients' faults are previous ones, too (Win95 DDK S3317): a driver without a hook variable
// chains through ESI, and a divide error or an instruction that the monitor carries out would come for ever if that led
// nowhere.
static bool served_by_vmm(unsigned origin, uint32_t vector)
{
    static const uint32_t served[VMM_FAULT_TABLES] = {
        [VMM_FAULT_V86] = 0x603B, // 0, 1, 3, 4, 5, 0Dh, 0Eh
        [VMM_FAULT_PM] = 0x7FFB,  // every exception goes to the application
    };
    return vector < 32 && served[origin] >> vector & 1;
}

static void hook(struct vmm *v, unsigned origin)
{
    uint32_t vector = vmm_regs(v)[X86_EAX], previous;
    vmm_set_flag(v, X86_CF, bad_vector(vector));
    if (bad_vector(vector))
        return;
    bool late = v->s.boot_begun && v->s.phase == KIT_SYSSTATE_PRESYSCRITINIT;
    uint32_t chain = (late ? CHAINS : 0) + origin * VMM_FAULT_VECTORS + vector;
    if (vmm_hook_present(v, head_of(v, chain), vmm_regs(v)[X86_ESI])) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31A8", "%08X hooks fault %02X already",
                   vmm_regs(v)[X86_ESI], vector);
        vmm_set_flag(v, X86_CF, true);
        return;
    }
    if (!vmm_hook_insert(v, head_of(v, chain), vmm_regs(v)[X86_ESI], &previous))
        return;
    v->s.fault_hooks++;
    vmm_regs(v)[X86_ESI] = !late && served_by_vmm(origin, vector) ? previous : shown(chain, previous);
}

static void unhook(struct vmm *v, unsigned origin)
{
    uint32_t vector = vmm_regs(v)[X86_EAX], proc = vmm_regs(v)[X86_ESI];
    enum vmm_unhook done = VMM_UNHOOK_REFUSED;
    for (unsigned late = 0; late < 2 && !bad_vector(vector) && done == VMM_UNHOOK_REFUSED; late++)
        done = vmm_hook_remove(v, head_of(v, late * CHAINS + origin * VMM_FAULT_VECTORS + vector), proc);
    if (done != VMM_UNHOOK_FAULT)
        vmm_set_flag(v, X86_CF, done == VMM_UNHOOK_REFUSED);
}

static void hook_v86_fault(struct vmm *v)
{
    hook(v, VMM_FAULT_V86);
}

static void hook_pm_fault(struct vmm *v)
{
    hook(v, VMM_FAULT_PM);
}

static void hook_vmm_fault(struct vmm *v)
{
    hook(v, VMM_FAULT_VMM);
}

static void unhook_v86_fault(struct vmm *v)
{
    unhook(v, VMM_FAULT_V86);
}

static void unhook_pm_fault(struct vmm *v)
{
    unhook(v, VMM_FAULT_PM);
}

static void unhook_vmm_fault(struct vmm *v)
{
    unhook(v, VMM_FAULT_VMM);
}

static void get_fault_hook_addrs(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vector = r[X86_EAX];
    vmm_set_flag(v, X86_CF, bad_vector(vector));
    if (bad_vector(vector))
        return;
    static const uint8_t to[VMM_FAULT_TABLES] = {X86_EDX, X86_ESI, X86_EDI};
    for (unsigned origin = 0; origin < VMM_FAULT_TABLES; origin++) {
        uint32_t chain = origin * VMM_FAULT_VECTORS + vector;
        r[to[origin]] = shown(chain, vmm_peek32(v, head_of(v, chain)));
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_Hook_V86_Fault, hook_v86_fault},
    {KIT_Hook_PM_Fault, hook_pm_fault},
    {KIT_Hook_VMM_Fault, hook_vmm_fault},
    {KIT_Unhook_V86_Fault, unhook_v86_fault},
    {KIT_Unhook_PM_Fault, unhook_pm_fault},
    {KIT_Unhook_VMM_Fault, unhook_vmm_fault},
    {KIT_Get_Fault_Hook_Addrs, get_fault_hook_addrs},
    {0, NULL},
};

const struct vmm_chapter vmm_fault_hook_chapter = {.bindings = bindings};
