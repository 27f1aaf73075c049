// Protected-mode call-backs and interrupt vectors (spec: callbacks; nested-exec, vectors). A call-back is the address
// of a HLT byte in a ring-3 code segment over the ROM: executing it faults, and the fault is the call. The first 256
// such bytes stand for the default vectors, the next one for the break point of nested execution.
#include "vmm/defs.h"
#include "vmm/dpmi.h"

enum { VECTORS = 256, NEST_BREAK = VECTORS, FIRST_CALL_BACK, ANY_VM = 0 };

struct pm_vector { // one that was set; others have the default
    uint32_t vm;   // row; ANY_VM: set before Sys_VM_Init, for all
    uint32_t vector;
    uint32_t level; // of the protected-mode application that ran, 0 = none
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

uint32_t vmm_pm_call_back(struct vmm *v, uint32_t proc, uint32_t reference)
{
    struct pmode_state *s = state_of(v);
    uint32_t row = FIRST_CALL_BACK + s->traps_used < VMM_TRAPS ? vmm_trap_new(v) : 0;
    if (!row)
        return 0;
    uint32_t address = trap_address(FIRST_CALL_BACK + s->traps_used++);
    *vmm_trap_at(v, row) = (struct vmm_trap){
        .address = address, .proc = proc, .reference = reference, .kind = VMM_TRAP_CALL_BACK, .used = 1};
    return address;
}

static void allocate_pm_call_back(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), address = vmm_pm_call_back(v, r[X86_ESI], r[X86_EDX]);
    vmm_set_flag(v, X86_CF, !address);
    if (address)
        r[X86_EAX] = address;
}

bool vmm_is_pm_nest_break(struct vmm *v)
{
    return vmm_peek16(v, vmm_client(v) + KIT_Client_CS) == (VMM_PM_TRAPS | 3) &&
           vmm_peek32(v, vmm_client(v) + KIT_Client_EIP) == VMM_PM_TRAP_OFFSET + NEST_BREAK;
}

void vmm_pm_go_to_nest_break(struct vmm *v)
{
    vmm_poke32(v, vmm_client(v) + KIT_Client_CS, VMM_PM_TRAPS | 3);
    vmm_poke32(v, vmm_client(v) + KIT_Client_EIP, VMM_PM_TRAP_OFFSET + NEST_BREAK);
}

// Somebody came to a default vector with an interrupt's frame: past it, the interrupt is what is left.
static void default_vector_begin(struct vmm *v, uint32_t vector)
{
    uint8_t client[KIT_SIZE_Client_Reg_Struc];
    vmm_client_load(v, client);
    if (vmm_pm_iret(v))
        vmm_pm_default_int_begin(v, vector);
    else
        vmm_pm_no_stack_begin(v);
    if (v->call.faulted) // a page first: the entry runs again
        vmm_client_store(v, client);
}

// A general protection fault of a protected-mode client. False: not one of the traps.
bool vmm_pm_trap_begin(struct vmm *v)
{
    uint32_t cs = vmm_peek16(v, vmm_client(v) + KIT_Client_CS), eip = vmm_peek32(v, vmm_client(v) + KIT_Client_EIP);
    if (cs != (VMM_PM_TRAPS | 3) || eip < VMM_PM_TRAP_OFFSET || eip >= VMM_PM_TRAP_OFFSET + VMM_TRAPS)
        return false;
    if (vmm_is_pm_nest_break(v))
        vmm_nest_reached_begin(v);
    else if (eip - VMM_PM_TRAP_OFFSET < VECTORS)
        default_vector_begin(v, eip - VMM_PM_TRAP_OFFSET);
    else
        return vmm_trap_call_begin(v, cs << 16 | eip);
    return true;
}

// --- vectors

// As the VM's newest application sees it: what it has set, else what those before it have.
static struct pm_vector *find(struct vmm *v, uint32_t vm, uint32_t vector)
{
    struct pm_vector *best = NULL;
    for (uint32_t i = 1; i < vectors(v)->count; i++) {
        struct pm_vector *p = base_table_at(vectors(v), i);
        if (p->live && p->vm == vm && p->vector == vector && (!best || p->level > best->level))
            best = p;
    }
    return best;
}

void vmm_pm_vectors_forget(struct vmm *v, uint32_t vm, uint32_t level)
{
    for (uint32_t i = 1; i < vectors(v)->count; i++) {
        const struct pm_vector *p = base_table_at(vectors(v), i);
        if (p->live && p->vm == vm && p->level >= level)
            base_table_release(vectors(v), i);
    }
}

static uint32_t current_vm(struct vmm *v)
{
    return vmm_thread_at(v, v->s.current)->vm;
}

static void of_vm(struct vmm *v, uint32_t vm, uint32_t vector, uint32_t *selector, uint32_t *offset)
{
    const struct pm_vector *p = vm == ANY_VM ? NULL : find(v, vm, vector);
    if (!p)
        p = find(v, ANY_VM, vector);
    *selector = p ? p->selector : trap_address(vector) >> 16;
    *offset = p ? p->offset : trap_address(vector) & 0xFFFF;
}

void vmm_pm_vector(struct vmm *v, uint32_t vector, uint32_t *selector, uint32_t *offset)
{
    of_vm(v, current_vm(v), vector, selector, offset);
}

static bool is_default(uint32_t vector, uint32_t selector, uint32_t offset)
{
    return selector == trap_address(vector) >> 16 && offset == (trap_address(vector) & 0xFFFF);
}

bool vmm_pm_vector_default(struct vmm *v, uint32_t vector)
{
    uint32_t selector, offset;
    vmm_pm_vector(v, vector, &selector, &offset);
    return is_default(vector, selector, offset);
}

bool vmm_pm_vector_set(struct vmm *v, uint32_t vm, uint8_t vector)
{
    uint32_t selector, offset, row = vmm_vm_row(v, vm);
    of_vm(v, row, vector, &selector, &offset);
    return row && !is_default(vector, selector, offset);
}

static void get_pm_int_vector(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vector = r[X86_EAX] & 0xFF, selector, offset;
    vmm_pm_vector(v, vector, &selector, &offset);
    r[X86_ECX] = (r[X86_ECX] & 0xFFFF0000) | selector;
    r[X86_EDX] = offset;
    vmm_set_flag(v, X86_ZF, is_default(vector, selector, offset));
}

static void set(struct vmm *v, uint32_t vm, uint32_t vector, uint32_t selector, uint32_t offset)
{
    uint32_t level = vm == ANY_VM ? 0 : vmm_pm_app_level(v, vm);
    struct pm_vector *p = find(v, vm, vector);
    if (!p || p->level != level) {
        uint32_t row = base_table_new(vectors(v));
        if (!row) {
            vmm_stop(v, VMM_END_MEMORY, "no host memory for an interrupt vector");
            return;
        }
        p = base_table_at(vectors(v), row);
    }
    *p = (struct pm_vector){vm, vector, level, selector & 0xFFFF, offset, 1};
}

void vmm_pm_set_vector(struct vmm *v, uint32_t vector, uint32_t selector, uint32_t offset)
{
    set(v, current_vm(v), vector, selector, offset);
}

static void set_pm_int_vector(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t vm = v->s.phase < KIT_SYSSTATE_VXDINITCOMPLETED ? ANY_VM : current_vm(v);
    set(v, vm, r[X86_EAX] & 0xFF, r[X86_ECX], r[X86_EDX]);
}

static void get_pm_int_type(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF;
    vmm_regs(v)[X86_EDX] = state_of(v)->interrupt_gate[vector / 32] >> (vector % 32) & 1;
}

void vmm_pm_interrupt_gate(struct vmm *v, uint8_t vector)
{
    state_of(v)->interrupt_gate[vector / 32] |= 1u << (vector % 32);
}

static void set_pm_int_type(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF, bit = 1u << (vector % 32),
             *word = &state_of(v)->interrupt_gate[vector / 32];
    *word = vmm_regs(v)[X86_EDX] ? *word | bit : *word & ~bit;
}

// --- interrupts

static bool frame_for(struct vmm *v, uint32_t vector, uint32_t selector, uint32_t offset)
{
    if (!vmm_pm_interrupt(v, selector, offset))
        return false;
    if (state_of(v)->interrupt_gate[vector / 32] >> (vector % 32) & 1)
        vmm_client_flags(v, 0, X86_IF);
    return true;
}

bool vmm_pm_simulate_int(struct vmm *v, uint32_t vector)
{
    uint32_t selector, offset;
    vmm_pm_vector(v, vector, &selector, &offset);
    return frame_for(v, vector, selector, offset);
}

static void int_through_begin(struct vmm *v, uint32_t vm, uint32_t vector)
{
    uint32_t selector, offset;
    of_vm(v, vm, vector, &selector, &offset);
    if (is_default(vector, selector, offset)) // what its trap would do, without the trip through ring 3
        vmm_pm_default_int_begin(v, vector);
    else if (!frame_for(v, vector, selector, offset))
        vmm_pm_no_stack_begin(v);
}

void vmm_pm_int_begin(struct vmm *v, uint32_t vector)
{
    int_through_begin(v, current_vm(v), vector);
}

// Through the vectors that drivers set, not those of the application (Win95 DDK S330C).
void vmm_pm_driver_int_begin(struct vmm *v, uint32_t vector)
{
    int_through_begin(v, ANY_VM, vector);
}

// The client comes back to where it stands, the break point.
void vmm_pm_exec_int_begin(struct vmm *v, uint32_t vector)
{
    if (vmm_pm_simulate_int(v, vector))
        vmm_leave_begin(v);
    else
        vmm_pm_no_stack_begin(v);
}

void vmm_on_pm_int(struct vmm *v, uint8_t vector, vmm_pm_int_fn *fn)
{
    if (v->pm_int_count < BASE_COUNT(v->pm_ints))
        v->pm_ints[v->pm_int_count++] = (struct vmm_pm_int){vector, fn};
}

// The VMM's and its devices' own services, else the VM's V86 side.
void vmm_pm_default_int_begin(struct vmm *v, uint32_t vector)
{
    vmm_idle_set(v, v->s.current, false);
    for (uint32_t i = v->pm_int_count; i > 0; i--)
        if (v->pm_ints[i - 1].vector == vector && v->pm_ints[i - 1].fn(v, (uint8_t)vector))
            return;
    if (!v->call.faulted)
        vmm_pm_reflect_begin(v, vector);
}

static void vm_gone(struct vmm *v, uint32_t cb)
{
    vmm_pm_vectors_forget(v, vmm_vm_row(v, cb), 0);
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
