// Page faults (spec: faults-io, page faults; memory, Hook_V86_Page): pages of pagers first, then hooked V86 pages, then
// the chain of Hook_Invalid_Page_Fault. Whoever corrects the mapping makes the access run again.
#include "vmm/defs.h"
#include "vmm/pager.h"
#include "vmm/pmode.h"
#include "vmm/v86mem.h"
#include "vmm/window.h"

#include <string.h>

enum { PAGE_FAULT = 14 };

// a[] of a PAGE frame.
enum { P_STAGE, P_SEQUENCE, P_RING3, P_V86, P_ERROR, P_EIP, P_CS, P_EFLAGS, P_ADDRESS, P_ESP };
enum { STAGE_HOOK, STAGE_CHAIN };

// The V86 page that an address belongs to, UINT32_MAX = none, and its VM: the current one for other addresses.
static uint32_t v86_page(struct vmm *v, uint32_t linear, uint32_t *vm)
{
    uint32_t page;
    *vm = vmm_window_vm(v, linear, &page);
    if (*vm)
        return page;
    *vm = vmm_thread_at(v, v->s.current)->vm;
    return UINT32_MAX;
}

static struct vmm_frame *push(struct vmm *v, const struct vmm_fault *fault, uint32_t stage)
{
    uint32_t esp = vmm_regs(v)[X86_ESP], address = v->cpu->state.cr2;
    vmm_regs(v)[X86_ESP] -= KIT_SIZE_IPF_Data;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_PAGE);
    if (!f)
        return NULL;
    const uint32_t a[] = {stage,      UINT32_MAX, fault->ring3,  fault->v86, fault->error,
                          fault->eip, fault->cs,  fault->eflags, address,    esp};
    memcpy(f->a, a, sizeof a);
    f->contract = VMM_DIRECTION_UP;
    return f;
}

static void pop(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t esp = f->a[P_ESP];
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_ESP] = esp;
}

static void call_hook_begin(struct vmm *v, uint32_t page, uint32_t vm, uint32_t hook)
{
    vmm_regs(v)[X86_EAX] = page;
    vmm_regs(v)[X86_EBX] = vmm_vm_at(v, vm)->cb;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_call_begin(v, hook);
}

// IPF_Data on the stack, below what the frame remembers.
static bool describe(struct vmm *v, const struct vmm_frame *f)
{
    uint32_t linear = f->a[P_ADDRESS], vm, page = v86_page(v, linear, &vm), pte = 0, flags = 0;
    bool table = vmm_pte_get(v, linear, &pte), low = linear < VMM_V86_PAGES * X86_PAGE_SIZE;
    flags |= table ? 0 : KIT_IPF_PgDir;
    if (page != UINT32_MAX)
        flags |= low ? KIT_IPF_V86Pg : KIT_IPF_V86PgH;
    flags |= !f->a[P_RING3] ? KIT_IPF_VMM : f->a[P_V86] ? KIT_IPF_V86 : KIT_IPF_PM;
    uint8_t bytes[KIT_SIZE_IPF_Data];
    base_put32(bytes + KIT_IPF_LinAddr, linear);
    base_put32(bytes + KIT_IPF_MapPageNum, page != UINT32_MAX ? page : linear >> 12);
    base_put32(bytes + KIT_IPF_PTEEntry, pte);
    base_put32(bytes + KIT_IPF_FaultingVM, vmm_vm_at(v, vm)->cb);
    base_put32(bytes + KIT_IPF_Flags, flags);
    return x86_write_linear(v->cpu, f->esp, bytes, sizeof bytes, X86_WRITE, NULL);
}

static void give_up(struct vmm *v, struct vmm_frame *f)
{
    const struct vmm_fault fault = {PAGE_FAULT,  f->a[P_RING3],        f->a[P_V86],   f->a[P_ERROR],
                                    f->a[P_EIP], (uint16_t)f->a[P_CS], f->a[P_EFLAGS]};
    v->cpu->state.cr2 = f->a[P_ADDRESS];
    pop(v, f);
    bool own = fault.ring3 ? !fault.v86 && vmm_pm_exception_handled_begin(v, PAGE_FAULT, fault.error)
                           : vmm_exception_handler(v, &fault);
    if (!own)
        if (!vmm_fault_hooks_begin(v, &fault, true))
            vmm_unhandled_fault(v, &fault);
}

static void chain_step(struct vmm *v, struct vmm_frame *f)
{
    uint32_t row = vmm_chain_next(v, VMM_CHAIN_INVALID_PAGE, f->a[P_SEQUENCE], false);
    if (!row || !describe(v, f)) {
        give_up(v, f);
        return;
    }
    f->a[P_SEQUENCE] = vmm_callback_at(v, row)->sequence;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EDI] = f->esp;
    vmm_regs(v)[X86_EBP] = vmm_client(v);
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_call_begin(v, vmm_callback_at(v, row)->proc);
}

static void page_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t pte;
    bool mapped = vmm_pte_get(v, f->a[P_ADDRESS], &pte) && pte & VMM_PTE_PRESENT;
    if (f->a[P_STAGE] == STAGE_HOOK && !mapped) { // it had to map something (or end the VM)
        f->a[P_STAGE] = STAGE_CHAIN;
        chain_step(v, f);
    } else if (f->a[P_STAGE] == STAGE_HOOK || !vmm_flag(v, X86_CF)) {
        pop(v, f);
    } else {
        chain_step(v, f);
    }
}

const struct vmm_frame_kind vmm_page_frame = {"the page-fault hook", page_resume, NULL};

// False: nobody hooked this page and there is no chain.
bool vmm_page_fault_begin(struct vmm *v, const struct vmm_fault *fault)
{
    uint32_t vm, page = v86_page(v, v->cpu->state.cr2, &vm),
                 hook = page < VMM_V86_PAGES ? vmm_v86_page_hook(v, page) : 0;
    if (vmm_pager_fault_begin(v, fault))
        return true;
    if (!hook && !v->s.chain[VMM_CHAIN_INVALID_PAGE])
        return false;
    struct vmm_frame *f = push(v, fault, hook ? STAGE_HOOK : STAGE_CHAIN);
    if (!f)
        return true;
    if (hook)
        call_hook_begin(v, page, vm, hook);
    else
        chain_step(v, f);
    return true;
}

// --- services

static void hook_invalid_page_fault(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, !vmm_chain_add(v, VMM_CHAIN_INVALID_PAGE, vmm_regs(v)[X86_ESI], 0, true));
}

static void unhook_invalid_page_fault(struct vmm *v)
{
    uint32_t row = vmm_chain_find(v, VMM_CHAIN_INVALID_PAGE, vmm_regs(v)[X86_ESI]);
    if (row)
        vmm_chain_remove(v, VMM_CHAIN_INVALID_PAGE, row);
    vmm_set_flag(v, X86_CF, !row);
}

static const struct vmm_binding bindings[] = {
    {KIT_Hook_Invalid_Page_Fault, hook_invalid_page_fault},
    {KIT_Unhook_Invalid_Page_Fault, unhook_invalid_page_fault},
    {0, NULL},
};

const struct vmm_chapter vmm_page_fault_chapter = {.bindings = bindings};
