// The time-slice scheduler's settings (spec: scheduling). Slicing itself is round robin among threads of equal
// execution priority (sched.c); the weights that drivers set are kept and given back.
#include "vmm/defs.h"

enum { DEFAULT_FOREGROUND = 100, DEFAULT_BACKGROUND = 50 };

static const uint32_t SLICE_FLAGS = KIT_VMStat_Exclusive | KIT_VMStat_Background | KIT_VMStat_High_Pri_Back;

void vmm_timeslice_new_vm(struct vmm_vm *vm)
{
    vm->foreground = DEFAULT_FOREGROUND;
    vm->background = DEFAULT_BACKGROUND;
}

static uint32_t percent_of(struct vmm *v, uint32_t vm)
{
    uint64_t all = vmm_time(v);
    return all ? (uint32_t)(vmm_vm_run_ns(v, vm) * 100 / all) : 0;
}

static void get_time_slice_priority(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = vmm_vm_row_or_report(v, r[X86_EBX], "VDAG31 Get_Time_Slice_Priority");
    if (!vm)
        return;
    r[X86_EAX] = vmm_peek32(v, vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status) & SLICE_FLAGS;
    r[X86_ECX] = vmm_vm_at(v, vm)->foreground;
    r[X86_EDX] = vmm_vm_at(v, vm)->background;
    r[X86_ESI] = percent_of(v, vm);
}

static void set_time_slice_priority(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = vmm_vm_row_or_report(v, r[X86_EBX], "VDAG31 Set_Time_Slice_Priority");
    bool ok = vm && !(r[X86_EAX] & ~SLICE_FLAGS) && r[X86_ECX] <= 0xFFFF && r[X86_EDX] <= 0xFFFF;
    vmm_set_flag(v, X86_CF, !ok);
    if (!ok)
        return;
    uint32_t at = vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status;
    vmm_poke32(v, at, (vmm_peek32(v, at) & ~SLICE_FLAGS) | r[X86_EAX]);
    vmm_vm_at(v, vm)->foreground = (uint16_t)r[X86_ECX];
    vmm_vm_at(v, vm)->background = (uint16_t)r[X86_EDX];
}

// More (or less) of the present slice.
static void adjust_execution_time(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Adjust_Execution_Time");
    if (vm && vmm_thread_at(v, v->s.current)->vm == vm)
        v->s.turn_at += (uint64_t)((int64_t)(int32_t)vmm_regs(v)[X86_EAX] * 1000000);
}

static void get_time_slice_info(struct vmm *v)
{
    uint32_t scheduled = 0, idle = 0;
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_vm)->count; i++) {
        const struct vmm_vm *vm = vmm_vm_at(v, i);
        if (!vm->id || vm->suspended || vm->dead)
            continue;
        scheduled++;
        idle += vmm_thread_at(v, vm->first_thread)->idle;
    }
    vmm_regs(v)[X86_EAX] = scheduled;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_ECX] = idle;
}

// A VM other than the System VM may only name itself.
static void set_execution_focus(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Set_Execution_Focus");
    uint32_t own = vmm_thread_at(v, v->s.current)->vm;
    bool ok = vm && (vmm_vm_at(v, own)->system || vm == own);
    vmm_set_flag(v, X86_CF, !ok);
    if (ok)
        v->s.focus = vm;
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_Time_Slice_Priority, get_time_slice_priority}, {KIT_Set_Time_Slice_Priority, set_time_slice_priority},
    {KIT_Adjust_Execution_Time, adjust_execution_time},     {KIT_Get_Time_Slice_Info, get_time_slice_info},
    {KIT_Set_Execution_Focus, set_execution_focus},         {0, NULL},
};

const struct vmm_chapter vmm_timeslice_chapter = {.bindings = bindings};
