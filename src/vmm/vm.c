// Virtual machines and threads as the kernel keeps them: control blocks, ring-0 stacks, page tables of the first 4 MB,
// and the services that ask about handles (spec: scheduling, handle queries). Life and death with messages: vmlife.c.
#include "vmm/defs.h"
#include "vmm/v86data.h"

enum { FIRST_MB_PAGES = 0x110 };

static const uint32_t CB_SIGNATURE = 0x62634D56; // "VMcb"

uint32_t vmm_vm_row_or_report(struct vmm *v, uint32_t handle, const char *page)
{
    uint32_t row = vmm_vm_row(v, handle);
    if (!row)
        vmm_report(v, "dead-handle", v->call.caller, page, "%08X is not the handle of a virtual machine", handle);
    return row;
}

uint32_t vmm_thread_row_or_report(struct vmm *v, uint32_t handle, const char *page)
{
    uint32_t row = vmm_thread_row(v, handle);
    if (!row)
        vmm_report(v, "dead-handle", v->call.caller, page, "%08X is not the handle of a thread", handle);
    return row;
}

// --- memory of the first megabyte. The page table of a VM's first 4 MB serves at its high linear address always, and
// at 0 while it is current.

static uint32_t high_linear(uint32_t id)
{
    uint32_t at = VMM_HIGH_BASE + id * 0x400000;
    return id && at < VMM_HIGH_END ? at : 0;
}

static bool map_page(struct vmm *v, const struct vmm_vm *vm, uint32_t page, uint32_t phys)
{
    uint8_t pte[4];
    base_put32(pte, phys * X86_PAGE_SIZE | VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER);
    return x86_memory_store(v->memory, vm->table * X86_PAGE_SIZE + page * 4, pte, 4);
}

// The System VM has the machine's own first megabyte. In others page 0 (interrupt vectors, BIOS data) begins as a copy,
// the pages up to the first V86 page and the adapters are the same in all, the rest is fresh.
static uint32_t v86_frame(struct vmm *v, const struct vmm_vm *vm, uint32_t page)
{
    uint8_t bytes[X86_PAGE_SIZE];
    if (vm->system || page >= 0xA0 || (page && page < vmm_first_v86_page(v)))
        return page;
    uint32_t phys = vmm_phys_take_one(v);
    if (page || !phys)
        return phys;
    if (x86_memory_load(v->memory, 0, bytes, sizeof bytes) &&
        x86_memory_store(v->memory, phys * X86_PAGE_SIZE, bytes, sizeof bytes))
        return phys;
    vmm_phys_give(v, phys, 1);
    return 0;
}

static bool create_v86_memory(struct vmm *v, struct vmm_vm *vm)
{
    vm->table = vmm_phys_take_one(v);
    if (!vm->table || !vmm_pde_set(v, high_linear(vm->id), vm->table))
        return false;
    for (uint32_t page = 0; page < FIRST_MB_PAGES; page++) {
        uint32_t phys = v86_frame(v, vm, page);
        if ((!phys && (page || !vm->system)) || !map_page(v, vm, page, phys))
            return false;
    }
    return true;
}

static void free_v86_memory(struct vmm *v, struct vmm_vm *vm)
{
    uint8_t pte[4];
    for (uint32_t page = 0; vm->table && page < 0xA0; page++) {
        if (!x86_memory_load(v->memory, vm->table * X86_PAGE_SIZE + page * 4, pte, 4))
            continue;
        uint32_t phys = base_get32(pte) >> 12;
        if (base_get32(pte) & VMM_PTE_PRESENT && phys >= FIRST_MB_PAGES)
            vmm_phys_give(v, phys, 1);
    }
    (void)!vmm_pde_set(v, high_linear(vm->id), 0);
    if (vm->table)
        vmm_phys_give(v, vm->table, 1);
    vm->table = 0;
}

// A new VM without a thread; 0 = no room.
uint32_t vmm_vm_create(struct vmm *v)
{
    uint32_t row = vmm_vm_new(v);
    if (!row)
        return 0;
    struct vmm_vm *vm = vmm_vm_at(v, row);
    vm->id = ++v->s.ids_vm;
    vm->system = vm->id == 1;
    vm->boost = KIT_Reserved_Low_Boost;
    vmm_timeslice_new_vm(vm);
    vm->cb = high_linear(vm->id) ? vmm_take_pages(v, VMM_CB_BYTES / X86_PAGE_SIZE) : 0;
    if (!vm->cb || !create_v86_memory(v, vm)) {
        vmm_vm_discard(v, row);
        return 0;
    }
    vmm_poke32(v, vm->cb + KIT_CB_High_Linear, high_linear(vm->id));
    vmm_poke32(v, vm->cb + KIT_CB_VMID, vm->id);
    vmm_poke32(v, vm->cb + KIT_CB_Signature, CB_SIGNATURE);
    return row;
}

void vmm_vm_discard(struct vmm *v, uint32_t row)
{
    struct vmm_vm *vm = vmm_vm_at(v, row);
    free_v86_memory(v, vm);
    if (vm->cb)
        vmm_give_pages(v, vm->cb, VMM_CB_BYTES / X86_PAGE_SIZE);
    vmm_vm_free(v, row);
}

// --- threads. Stack from below: guard page, stack, client registers, thread control block.

enum { STACK_PAGES = VMM_STACK_PAGES + 1 };

static bool create_stack(struct vmm *v, struct vmm_thread *t)
{
    uint32_t range = vmm_range_take(v, VMM_SYSTEM_ARENA >> 12, VMM_KERNEL_END >> 12, STACK_PAGES, 1);
    if (!range)
        return false;
    t->stack = vmm_range_at(v, range)->page * X86_PAGE_SIZE;
    if (!vmm_map_fresh(v, t->stack + X86_PAGE_SIZE, VMM_STACK_PAGES, VMM_PTE_WRITE)) {
        vmm_range_give(v, range);
        return false;
    }
    t->tcb = t->stack + STACK_PAGES * X86_PAGE_SIZE - VMM_TCB_BYTES;
    t->crs = t->tcb - KIT_SIZE_Client_Reg_Struc;
    return true;
}

// Client registers of code that runs the idle loop in V86 mode until somebody sets others.
static void create_client(struct vmm *v, const struct vmm_thread *t)
{
    vmm_poke32(v, t->crs + KIT_Client_EIP, VMM_IDLE_OFFSET);
    vmm_poke32(v, t->crs + KIT_Client_CS, VMM_IDLE_SEGMENT);
    vmm_poke32(v, t->crs + KIT_Client_EFlags, X86_VM | X86_IF | 2);
    vmm_poke32(v, t->crs + KIT_Client_SS, 0x80);
    vmm_poke32(v, t->crs + KIT_Client_ESP, 0x400);
    vmm_poke32(v, t->crs + KIT_Client_Alt_EFlags, X86_IF | 2);
}

uint32_t vmm_thread_create(struct vmm *v, uint32_t vm)
{
    uint32_t row = vmm_thread_new(v);
    if (!row)
        return 0;
    struct vmm_thread *t = vmm_thread_at(v, row);
    t->vm = vm;
    t->id = ++v->s.ids_thread;
    if (!create_stack(v, t)) {
        vmm_thread_free(v, row);
        return 0;
    }
    create_client(v, t);
    t->esp = t->crs;
    t->eip = vmm_gate_address(VMM_GATE_LEAVE);
    t->eflags = X86_IF | 2;
    vmm_poke32(v, t->tcb + KIT_TCB_Signature, KIT_SCHED_OBJ_ID_THREAD);
    vmm_poke32(v, t->tcb + KIT_TCB_ClientPtr, t->crs);
    vmm_poke32(v, t->tcb + KIT_TCB_VMHandle, vmm_vm_at(v, vm)->cb);
    vmm_poke16(v, t->tcb + KIT_TCB_ThreadId, (uint16_t)t->id);
    struct vmm_vm *m = vmm_vm_at(v, vm);
    if (!m->first_thread) {
        m->first_thread = row;
        vmm_poke32(v, m->cb + KIT_CB_Client_Pointer, t->crs);
    }
    return row;
}

void vmm_thread_discard(struct vmm *v, uint32_t row)
{
    struct vmm_thread *t = vmm_thread_at(v, row);
    uint32_t range = vmm_range_find(v, t->stack >> 12);
    for (uint32_t i = 1; i < STACK_PAGES; i++) {
        uint32_t pte;
        if (vmm_pte_get(v, t->stack + i * X86_PAGE_SIZE, &pte) && pte & VMM_PTE_PRESENT)
            vmm_phys_give(v, pte >> 12, 1);
        (void)!vmm_pte_set(v, t->stack + i * X86_PAGE_SIZE, 0);
    }
    vmm_range_give(v, range);
    vmm_thread_free(v, row);
}

// --- services

static void get_vmm_version(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = (uint32_t)v->config.profile;
    vmm_regs(v)[X86_ECX] = 0;
    vmm_set_flag(v, X86_CF, false);
}

static void get_cur_vm_handle(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
}

static void test_cur_vm_handle(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, vmm_regs(v)[X86_EBX] == vmm_current_vm(v));
}

static void get_sys_vm_handle(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] = vmm_system_vm(v);
}

static void test_sys_vm_handle(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, vmm_regs(v)[X86_EBX] == vmm_system_vm(v));
}

static void validate_vm_handle(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, !vmm_valid_vm(v, vmm_regs(v)[X86_EBX]));
}

// Rows in order make a circle; every live one once.
static uint32_t next_live(struct vmm *v, enum vmm_table table, uint32_t row)
{
    uint32_t count = vmm_table(v, table)->count;
    do {
        row = row + 1 < count ? row + 1 : 1;
    } while (!(table == VMM_TABLE_vm ? vmm_vm_at(v, row)->id : vmm_thread_at(v, row)->id));
    return row;
}

static void get_next_vm_handle(struct vmm *v)
{
    uint32_t row = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Get_Next_VM_Handle");
    if (row)
        vmm_regs(v)[X86_EBX] = vmm_vm_at(v, next_live(v, VMM_TABLE_vm, row))->cb;
}

static void get_cur_thread_handle(struct vmm *v)
{
    vmm_regs(v)[X86_EDI] = vmm_current_thread(v);
}

static void test_cur_thread_handle(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, vmm_regs(v)[X86_EDI] == vmm_current_thread(v));
}

static void get_sys_thread_handle(struct vmm *v)
{
    vmm_regs(v)[X86_EDI] = vmm_thread_at(v, v->s.system_thread)->tcb;
}

static void test_sys_thread_handle(struct vmm *v)
{
    vmm_set_flag(v, X86_ZF, vmm_regs(v)[X86_EDI] == vmm_thread_at(v, v->s.system_thread)->tcb);
}

static void validate_thread_handle(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, !vmm_valid_thread(v, vmm_regs(v)[X86_EDI]));
}

static void get_initial_thread_handle(struct vmm *v)
{
    uint32_t row = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "Get_Initial_Thread_Handle");
    if (row)
        vmm_regs(v)[X86_EDI] = vmm_thread_at(v, vmm_vm_at(v, row)->first_thread)->tcb;
}

static void test_initial_thread_handle(struct vmm *v)
{
    uint32_t row = vmm_thread_row_or_report(v, vmm_regs(v)[X86_EDI], "Test_Initial_Thread_Handle");
    vmm_set_flag(v, X86_ZF, row && vmm_vm_at(v, vmm_thread_at(v, row)->vm)->first_thread == row);
}

static void get_next_thread_handle(struct vmm *v)
{
    uint32_t row = vmm_thread_row_or_report(v, vmm_regs(v)[X86_EDI], "Get_Next_Thread_Handle");
    if (row)
        vmm_regs(v)[X86_EDI] = vmm_thread_at(v, next_live(v, VMM_TABLE_thread, row))->tcb;
}

static void get_execution_focus(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] = vmm_vm_at(v, v->s.focus)->cb;
}

static void get_init_state(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = v->s.phase;
}

// --- thread data slots: dwords of the thread control block

enum { SLOTS = (VMM_TCB_BYTES - VMM_TCB_FIRST_SLOT) / 4 };

static void allocate_thread_data_slot(struct vmm *v)
{
    vmm_regs(v)[X86_EAX] = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t *word = &v->s.slots[i / 32];
        if (*word >> (i % 32) & 1)
            continue;
        *word |= 1u << (i % 32);
        vmm_regs(v)[X86_EAX] = VMM_TCB_FIRST_SLOT + 4 * i;
        return;
    }
}

static void free_thread_data_slot(struct vmm *v)
{
    uint32_t offset = vmm_arg(v, 0), i = (offset - VMM_TCB_FIRST_SLOT) / 4;
    if (offset < VMM_TCB_FIRST_SLOT || offset % 4 || i >= SLOTS || !(v->s.slots[i / 32] >> (i % 32) & 1)) {
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3360", "%08X is no thread data slot in use", offset);
        return;
    }
    v->s.slots[i / 32] &= ~(1u << (i % 32));
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_VMM_Version, get_vmm_version},
    {KIT_Get_Cur_VM_Handle, get_cur_vm_handle},
    {KIT_Test_Cur_VM_Handle, test_cur_vm_handle},
    {KIT_Get_Sys_VM_Handle, get_sys_vm_handle},
    {KIT_Test_Sys_VM_Handle, test_sys_vm_handle},
    {KIT_Validate_VM_Handle, validate_vm_handle},
    {KIT_Get_Next_VM_Handle, get_next_vm_handle},
    {KIT_Get_Cur_Thread_Handle, get_cur_thread_handle},
    {KIT_Test_Cur_Thread_Handle, test_cur_thread_handle},
    {KIT_Get_Sys_Thread_Handle, get_sys_thread_handle},
    {KIT_Test_Sys_Thread_Handle, test_sys_thread_handle},
    {KIT_Validate_Thread_Handle, validate_thread_handle},
    {KIT_Get_Initial_Thread_Handle, get_initial_thread_handle},
    {KIT_Test_Initial_Thread_Handle, test_initial_thread_handle},
    {KIT_Get_Next_Thread_Handle, get_next_thread_handle},
    {KIT_Get_Execution_Focus, get_execution_focus},
    {KIT_VMM_GetSystemInitState, get_init_state},
    {KIT__AllocateThreadDataSlot, allocate_thread_data_slot},
    {KIT__FreeThreadDataSlot, free_thread_data_slot},
    {0, NULL},
};

const struct vmm_chapter vmm_vm_chapter = {.bindings = bindings};
