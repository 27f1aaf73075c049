// Protected-mode call-backs and interrupt vectors (spec: callbacks; nested-exec, vectors). A call-back is the address
// of a HLT byte in a ring-3 code segment over the ROM: executing it faults, and the fault is the call. The first 256
// such bytes stand for the default vectors, which reflect to V86 mode.
#include "vmm/defs.h"

enum { VECTORS = 256, ANY_VM = 0 };

struct pm_vector { // one that was set; others have the default
    uint32_t vm;   // row; ANY_VM: set before Sys_VM_Init, for all
    uint32_t vector;
    uint32_t selector, offset;
    uint32_t live;
};

struct pmode_state {
    uint32_t traps_used;
    uint32_t interrupt_gate[VECTORS / 32]; // bit set: IF is cleared on the way in
};

static struct pmode_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_pmode);
}

static struct base_table *vectors(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_pmode, 0);
}

static uint32_t trap_address(uint32_t n)
{
    return (uint32_t)(VMM_PM_TRAPS | 3) << 16 | (VMM_PM_TRAP_OFFSET + n);
}

// --- call-backs

static void allocate_pm_call_back(struct vmm *v)
{
    struct pmode_state *s = state_of(v);
    uint32_t row = VECTORS + s->traps_used < VMM_TRAPS ? vmm_trap_new(v) : 0;
    vmm_set_flag(v, X86_CF, !row);
    if (!row)
        return;
    uint32_t address = trap_address(VECTORS + s->traps_used++);
    *vmm_trap_at(v, row) = (struct vmm_trap){.address = address,
                                             .proc = vmm_regs(v)[X86_ESI],
                                             .reference = vmm_regs(v)[X86_EDX],
                                             .kind = VMM_TRAP_CALL_BACK,
                                             .used = 1};
    vmm_regs(v)[X86_EAX] = address;
}

// A general protection fault of a protected-mode client. False: not one of the traps.
bool vmm_pm_trap_begin(struct vmm *v)
{
    uint32_t cs = vmm_peek16(v, vmm_client(v) + KIT_Client_CS), eip = vmm_peek32(v, vmm_client(v) + KIT_Client_EIP);
    if (cs != (VMM_PM_TRAPS | 3) || eip < VMM_PM_TRAP_OFFSET)
        return false;
    if (eip - VMM_PM_TRAP_OFFSET >= VECTORS)
        return vmm_trap_call_begin(v, cs << 16 | eip);
    vmm_stop(v, VMM_END_MISSING,
             "interrupt %02X of a protected-mode client is not handled: reflecting it to V86 mode is not implemented",
             eip - VMM_PM_TRAP_OFFSET);
    return true;
}

// --- vectors

static struct pm_vector *find(struct vmm *v, uint32_t vm, uint32_t vector)
{
    for (uint32_t i = 1; i < vectors(v)->count; i++) {
        struct pm_vector *p = base_table_at(vectors(v), i);
        if (p->live && p->vm == vm && p->vector == vector)
            return p;
    }
    return NULL;
}

static uint32_t current_vm(struct vmm *v)
{
    return vmm_thread_at(v, v->s.current)->vm;
}

static void get_pm_int_vector(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vector = r[X86_EAX] & 0xFF, standard = trap_address(vector);
    const struct pm_vector *p = find(v, current_vm(v), vector);
    if (!p)
        p = find(v, ANY_VM, vector);
    bool is_default = !p || (p->selector == standard >> 16 && p->offset == (standard & 0xFFFF));
    r[X86_ECX] = (r[X86_ECX] & 0xFFFF0000) | (p ? p->selector : standard >> 16);
    r[X86_EDX] = p ? p->offset : standard & 0xFFFF;
    vmm_set_flag(v, X86_ZF, is_default);
}

static void set_pm_int_vector(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = v->s.phase < KIT_SYSSTATE_VXDINITCOMPLETED ? ANY_VM : current_vm(v), vector = r[X86_EAX] & 0xFF;
    struct pm_vector *p = find(v, vm, vector);
    if (!p) {
        uint32_t row = base_table_new(vectors(v));
        if (!row) {
            vmm_stop(v, VMM_END_MEMORY, "no host memory for an interrupt vector");
            return;
        }
        p = base_table_at(vectors(v), row);
    }
    *p = (struct pm_vector){vm, vector, r[X86_ECX] & 0xFFFF, r[X86_EDX], 1};
}

static void get_pm_int_type(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF;
    vmm_regs(v)[X86_EDX] = state_of(v)->interrupt_gate[vector / 32] >> (vector % 32) & 1;
}

static void set_pm_int_type(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF, bit = 1u << (vector % 32),
             *word = &state_of(v)->interrupt_gate[vector / 32];
    *word = vmm_regs(v)[X86_EDX] ? *word | bit : *word & ~bit;
}

static void vm_gone(struct vmm *v, uint32_t cb)
{
    uint32_t vm = vmm_vm_row(v, cb);
    for (uint32_t i = 1; i < vectors(v)->count; i++) {
        const struct pm_vector *p = base_table_at(vectors(v), i);
        if (p->live && p->vm == vm)
            base_table_release(vectors(v), i);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_Allocate_PM_Call_Back, allocate_pm_call_back},
    {KIT_Get_PM_Int_Vector, get_pm_int_vector},
    {KIT_Set_PM_Int_Vector, set_pm_int_vector},
    {KIT_Get_PM_Int_Type, get_pm_int_type},
    {KIT_Set_PM_Int_Type, set_pm_int_type},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct pm_vector), 0};

const struct vmm_chapter vmm_pmode_chapter = {
    .bindings = bindings, .state_size = sizeof(struct pmode_state), .tables = tables, .vm_gone = vm_gone};
