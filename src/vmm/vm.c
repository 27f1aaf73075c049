// Virtual machines and threads as the kernel keeps them: control blocks, ring-0 stacks, and the services that ask about
// handles (spec: scheduling, handle queries). Life and death with messages: life.c; V86 memory: window.c.
#include "vmm/defs.h"
#include "vmm/window.h"

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
    vm->cb = vmm_window(row) ? vmm_take_driver_pages(v, VMM_CB_BYTES / X86_PAGE_SIZE) : 0;
    if (!vm->cb || !vmm_window_create(v, row)) {
        vmm_vm_discard(v, row);
        return 0;
    }
    vmm_poke32(v, vm->cb + KIT_CB_High_Linear, vmm_window(row));
    vmm_poke32(v, vm->cb + VMM_CB_ROW, row);
    vmm_poke32(v, vm->cb + KIT_CB_VMID, vm->id);
    vmm_poke32(v, vm->cb + KIT_CB_Signature, CB_SIGNATURE);
    vmm_timeslice_new_vm(v, vm);
    return row;
}

void vmm_vm_discard(struct vmm *v, uint32_t row)
{
    const struct vmm_vm *vm = vmm_vm_at(v, row);
    vmm_window_free(v, row);
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
    vmm_poke32(v, t->crs + KIT_Client_EFlags, X86_VM | X86_IOPL | X86_IF | 2); // as Windows shows it to V86 code
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
    t->win32_base = VMM_NORMAL_PRIORITY;
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
    vmm_poke32(v, t->tcb + VMM_TCB_ROW, row);
    vmm_poke32(v, t->tcb + KIT_TCB_ClientPtr, t->crs);
    vmm_poke32(v, t->tcb + KIT_TCB_VMHandle, vmm_vm_at(v, vm)->cb);
    vmm_poke16(v, t->tcb + KIT_TCB_ThreadId, (uint16_t)t->id);
    struct vmm_vm *m = vmm_vm_at(v, vm);
    m->thread_count++;
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
    vmm_vm_at(v, t->vm)->thread_count--;
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
