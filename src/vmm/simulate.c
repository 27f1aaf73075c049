// What would happen to a client if it executed an instruction: pushes, returns, interrupts, in its own registers and
// stack (spec: nested-exec). Changes nothing but the client's state; the client goes on when its VM runs.
#include "vmm/defs.h"
#include "vmm/pmode.h"

static uint32_t client(struct vmm *v, uint32_t offset)
{
    return vmm_peek32(v, vmm_client(v) + offset);
}

static void set_client(struct vmm *v, uint32_t offset, uint32_t value)
{
    vmm_poke32(v, vmm_client(v) + offset, value);
}

bool vmm_client_v86(struct vmm *v)
{
    return client(v, KIT_Client_EFlags) & X86_VM;
}

// The client was idle in HLT: whatever is simulated wakes it.
static void wake(struct vmm *v)
{
    vmm_idle_set(v, v->s.current, false);
}

// --- the V86 stack at SS:SP, wrapping inside the segment

static bool stack_bytes(struct vmm *v, uint32_t sp, void *bytes, uint32_t n, bool push)
{
    uint32_t base = (client(v, KIT_Client_SS) & 0xFFFF) * 16, first = 0x10000 - sp < n ? 0x10000 - sp : n;
    uint8_t *rest = (uint8_t *)bytes + first;
    if (first < n && (!vmm_probe(v, base + sp, first, push) || !vmm_probe(v, base, n - first, push)))
        return false;
    if (push)
        return vmm_put(v, base + sp, bytes, first) && (first == n || vmm_put(v, base, rest, n - first));
    return vmm_get(v, base + sp, bytes, first) && (first == n || vmm_get(v, base, rest, n - first));
}

static bool push_bytes(struct vmm *v, void *bytes, uint32_t n)
{
    uint32_t esp = client(v, KIT_Client_ESP), sp = (esp - n) & 0xFFFF;
    if (!stack_bytes(v, sp, bytes, n, true))
        return false;
    set_client(v, KIT_Client_ESP, (esp & 0xFFFF0000) | sp);
    return true;
}

static bool pop_bytes(struct vmm *v, void *bytes, uint32_t n)
{
    uint32_t esp = client(v, KIT_Client_ESP);
    if (!stack_bytes(v, esp & 0xFFFF, bytes, n, false))
        return false;
    set_client(v, KIT_Client_ESP, (esp & 0xFFFF0000) | ((esp + n) & 0xFFFF));
    return true;
}

bool vmm_v86_push(struct vmm *v, uint16_t value)
{
    uint8_t bytes[2];
    base_put16(bytes, value);
    return push_bytes(v, bytes, 2);
}

bool vmm_v86_pop(struct vmm *v, uint16_t *value)
{
    uint8_t bytes[2] = {0};
    bool ok = pop_bytes(v, bytes, 2);
    *value = base_get16(bytes);
    return ok;
}

bool vmm_v86_push32(struct vmm *v, uint32_t value)
{
    uint8_t bytes[4];
    base_put32(bytes, value);
    return push_bytes(v, bytes, 4);
}

bool vmm_v86_pop32(struct vmm *v, uint32_t *value)
{
    uint8_t bytes[4] = {0};
    bool ok = pop_bytes(v, bytes, 4);
    *value = base_get32(bytes);
    return ok;
}

void vmm_client_jump(struct vmm *v, uint32_t cs, uint32_t eip)
{
    set_client(v, KIT_Client_CS, cs & 0xFFFF);
    set_client(v, KIT_Client_EIP, eip);
    wake(v);
}

// Flags as the client sees and sets them.
static uint16_t flags_image(struct vmm *v)
{
    return (uint16_t)client(v, KIT_Client_EFlags);
}

void vmm_client_flags(struct vmm *v, uint32_t value, uint32_t mask)
{
    mask &= ~(uint32_t)(X86_VM | X86_IOPL | X86_RF);
    uint32_t old = client(v, KIT_Client_EFlags), flags = (old & ~mask) | (value & mask) | 2;
    set_client(v, KIT_Client_EFlags, flags);
    if (flags & X86_IF && !(old & X86_IF))
        vmm_interrupts_enabled(v);
}

uint32_t vmm_wide_flags(struct vmm *v)
{
    enum x86_model model = v->config.model;
    return 0xFFFF | (model >= X86_486 ? (uint32_t)X86_AC : 0) | (model >= X86_PENTIUM ? (uint32_t)X86_ID : 0);
}

// The flag is on at once, but no interrupt comes before the next instruction: "sti; hlt" sleeps through none.
void vmm_client_sti(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (client(v, KIT_Client_EFlags) & X86_IF)
        return;
    t->shadow = 1;
    t->shadow_at = client(v, KIT_Client_CS) << 16 | (client(v, KIT_Client_EIP) & 0xFFFF);
    vmm_client_flags(v, X86_IF, X86_IF);
}

void vmm_client_wait(struct vmm *v)
{
    vmm_client_flags(v, X86_IF, X86_IF);
    vmm_idle_set(v, v->s.current, true);
}

// The six bytes of an interrupt's frame, then the handler; IF and TF are cleared.
bool vmm_v86_interrupt(struct vmm *v, uint16_t cs, uint32_t ip)
{
    uint8_t frame[6];
    base_put16(frame, (uint16_t)client(v, KIT_Client_EIP));
    base_put16(frame + 2, (uint16_t)client(v, KIT_Client_CS));
    base_put16(frame + 4, flags_image(v));
    if (!push_bytes(v, frame, sizeof frame))
        return false;
    vmm_client_flags(v, 0, X86_IF | X86_TF);
    vmm_client_jump(v, cs, ip & 0xFFFF);
    return true;
}

// Through the interrupt vector table at linear 0 of the current VM.
bool vmm_v86_reflect(struct vmm *v, uint32_t vector)
{
    uint32_t to;
    return vmm_get32(v, (vector & 0xFF) * 4, &to) && vmm_v86_interrupt(v, (uint16_t)(to >> 16), to & 0xFFFF);
}

bool vmm_v86_iret(struct vmm *v)
{
    uint8_t frame[6];
    if (!pop_bytes(v, frame, sizeof frame))
        return false;
    vmm_client_flags(v, base_get16(frame + 4), 0xFFFF);
    vmm_client_jump(v, base_get16(frame + 2), base_get16(frame));
    return true;
}

bool vmm_v86_iret32(struct vmm *v)
{
    uint8_t frame[12];
    if (!pop_bytes(v, frame, sizeof frame))
        return false;
    vmm_client_flags(v, base_get32(frame + 8), vmm_wide_flags(v));
    vmm_client_jump(v, base_get32(frame + 4), base_get32(frame));
    return true;
}

// --- services

// Each does its V86 half here and its protected-mode half in pm_simulate.c. A stack that is not there is the client's
// fault in protected mode.
static void in_pm(struct vmm *v, bool done)
{
    if (!done)
        vmm_pm_no_stack_begin(v);
}

static void simulate_int(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF;
    if (vmm_client_v86(v))
        vmm_v86_int_begin(v, vector);
    else
        in_pm(v, vmm_pm_simulate_int(v, vector));
}

static void simulate_iret(struct vmm *v)
{
    if (vmm_client_v86(v))
        (void)!vmm_v86_iret(v);
    else
        in_pm(v, vmm_pm_iret(v));
}

static void v86_far_call(struct vmm *v, uint32_t cs, uint32_t ip)
{
    uint32_t sp = client(v, KIT_Client_ESP);
    if (!vmm_v86_push(v, (uint16_t)client(v, KIT_Client_CS)))
        return;
    if (!vmm_v86_push(v, (uint16_t)client(v, KIT_Client_EIP))) {
        set_client(v, KIT_Client_ESP, sp);
        return;
    }
    vmm_client_jump(v, cs, ip);
}

static void far_call(struct vmm *v)
{
    uint32_t cs = vmm_regs(v)[X86_ECX] & 0xFFFF, ip = vmm_regs(v)[X86_EDX];
    if (vmm_client_v86(v))
        v86_far_call(v, cs, ip);
    else
        in_pm(v, vmm_pm_far_call(v, cs, ip));
}

static void far_jmp(struct vmm *v)
{
    vmm_client_jump(v, vmm_regs(v)[X86_ECX], vmm_regs(v)[X86_EDX]);
}

static void v86_far_ret_n(struct vmm *v, uint32_t bytes)
{
    uint16_t ip, cs;
    uint32_t sp = client(v, KIT_Client_ESP);
    if (!vmm_v86_pop(v, &ip))
        return;
    if (!vmm_v86_pop(v, &cs)) {
        set_client(v, KIT_Client_ESP, sp);
        return;
    }
    sp = client(v, KIT_Client_ESP);
    set_client(v, KIT_Client_ESP, (sp & 0xFFFF0000) | ((sp + bytes) & 0xFFFF));
    vmm_client_jump(v, cs, ip);
}

void vmm_client_far_ret_n(struct vmm *v, uint32_t bytes)
{
    if (vmm_client_v86(v))
        v86_far_ret_n(v, bytes);
    else
        in_pm(v, vmm_pm_far_ret(v, bytes));
}

static void far_ret(struct vmm *v)
{
    vmm_client_far_ret_n(v, 0);
}

static void far_ret_with_n(struct vmm *v)
{
    vmm_client_far_ret_n(v, vmm_regs(v)[X86_EAX]);
}

static void build_int_stack_frame(struct vmm *v)
{
    uint32_t cs = vmm_regs(v)[X86_ECX] & 0xFFFF, ip = vmm_regs(v)[X86_EDX];
    if (vmm_client_v86(v)) {
        (void)!vmm_v86_interrupt(v, (uint16_t)cs, ip);
    } else if (vmm_pm_interrupt(v, cs, ip)) {
        vmm_client_flags(v, 0, X86_IF);
    } else {
        vmm_pm_no_stack_begin(v);
    }
}

static void simulate_push(struct vmm *v)
{
    if (vmm_client_v86(v))
        (void)!vmm_v86_push(v, (uint16_t)vmm_regs(v)[X86_EAX]);
    else
        in_pm(v, vmm_pm_push(v, &vmm_regs(v)[X86_EAX], 1));
}

static void simulate_pop(struct vmm *v)
{
    uint16_t value;
    if (!vmm_client_v86(v))
        in_pm(v, vmm_pm_pop(v, &vmm_regs(v)[X86_EAX], 1));
    else if (vmm_v86_pop(v, &value))
        vmm_regs(v)[X86_EAX] = value;
}

static void enable_vm_ints(struct vmm *v)
{
    vmm_client_flags(v, X86_IF, X86_IF);
}

static void disable_vm_ints(struct vmm *v)
{
    vmm_client_flags(v, 0, X86_IF);
}

static void test_vm_ints_enabled(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, !(client(v, KIT_Client_EFlags) & X86_IF));
}

static void save_client_state(struct vmm *v)
{
    uint8_t bytes[KIT_SIZE_Client_Reg_Struc];
    if (vmm_get(v, vmm_client(v), bytes, sizeof bytes))
        (void)!vmm_put(v, vmm_regs(v)[X86_EDI], bytes, sizeof bytes);
}

// May switch the execution mode and make events and callbacks eligible: in tail position.
static void restore_client_state(struct vmm *v)
{
    uint8_t bytes[KIT_SIZE_Client_Reg_Struc];
    if (!vmm_get(v, vmm_regs(v)[X86_ESI], bytes, sizeof bytes))
        return;
    vmm_client_store(v, bytes);
}

static const struct vmm_binding bindings[] = {
    {KIT_Simulate_Int, simulate_int},
    {KIT_Simulate_Iret, simulate_iret},
    {KIT_Simulate_Far_Call, far_call},
    {KIT_Simulate_Far_Jmp, far_jmp},
    {KIT_Simulate_Far_Ret, far_ret},
    {KIT_Simulate_Far_Ret_N, far_ret_with_n},
    {KIT_Build_Int_Stack_Frame, build_int_stack_frame},
    {KIT_Simulate_Push, simulate_push},
    {KIT_Simulate_Pop, simulate_pop},
    {KIT_Enable_VM_Ints, enable_vm_ints},
    {KIT_Disable_VM_Ints, disable_vm_ints},
    {KIT_Test_VM_Ints_Enabled, test_vm_ints_enabled},
    {KIT_Save_Client_State, save_client_state},
    {KIT_Restore_Client_State, restore_client_state},
    {0, NULL},
};

const struct vmm_chapter vmm_simulate_chapter = {.bindings = bindings};
