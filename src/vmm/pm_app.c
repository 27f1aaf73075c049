// Protected-mode applications: their control blocks with the areas of devices, the messages about their life, and what
// the VM is when none is left (Win95 DDK S3309; VDAG31 Begin_PM_App, End_PM_App, Allocate_PM_App_CB_Area,
// Get_Cur_PM_App_CB).
#include "vmm/defs.h"
#include "vmm/dpmi.h"

#include <string.h>

enum { ACB_FIRST_AREA = KIT_PMCB_Parent + 4, ACB_MOST = 0x1000, DOS_TERMINATE = 0x4C00 };
enum { A_ROW, A_CODE }; // a[] of the frame
enum { BEGIN_TOLD = 1, END_TOLD };

struct pm_app_state {
    uint32_t acb_bytes; // of control blocks so far, 0: none asked for
    uint16_t frame_kind;
};

static struct pm_app_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_pm_app);
}

static struct base_table *apps(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_pm_app, 0);
}

struct vmm_pm_app *vmm_pm_app_at(struct vmm *v, uint32_t row)
{
    return base_table_at(apps(v), row);
}

uint32_t vmm_pm_app_count(struct vmm *v)
{
    return apps(v)->live;
}

// The newest one of a VM.
static uint32_t newest(struct vmm *v, uint32_t vm)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i < apps(v)->count; i++) {
        const struct vmm_pm_app *a = vmm_pm_app_at(v, i);
        if (a->vm == vm && a->level && (!found || a->level > vmm_pm_app_at(v, found)->level))
            found = i;
    }
    return found;
}

uint32_t vmm_pm_app_row(struct vmm *v)
{
    return newest(v, vmm_thread_at(v, v->s.current)->vm);
}

struct vmm_pm_app *vmm_pm_app(struct vmm *v)
{
    uint32_t row = vmm_pm_app_row(v);
    return row ? vmm_pm_app_at(v, row) : NULL;
}

uint32_t vmm_pm_app_level(struct vmm *v, uint32_t vm)
{
    uint32_t row = newest(v, vm);
    return row ? vmm_pm_app_at(v, row)->level : 0;
}

// CB_VM_Status says what the newest application is.
static void show(struct vmm *v, uint32_t vm)
{
    uint32_t row = newest(v, vm), at = vmm_vm_at(v, vm)->cb + KIT_CB_VM_Status;
    uint32_t status = vmm_peek32(v, at) & ~(uint32_t)(KIT_VMStat_PM_App | KIT_VMStat_PM_Use32);
    if (row)
        status |= KIT_VMStat_PM_App | (vmm_pm_app_at(v, row)->wide ? KIT_VMStat_PM_Use32 : 0);
    vmm_poke32(v, at, status);
}

static void discard(struct vmm *v, uint32_t row)
{
    struct vmm_pm_app *a = vmm_pm_app_at(v, row);
    uint32_t vm = a->vm;
    vmm_dpmi_ended(v, row);
    vmm_pm_vectors_forget(v, vm, a->level);
    if (a->acb)
        (void)!vmm_heap_give(v, a->acb);
    base_table_release(apps(v), row);
    show(v, vm);
}

static void broadcast_begin(struct vmm *v, uint32_t row, uint32_t message)
{
    struct vmm_pm_app *a = vmm_pm_app_at(v, row);
    const uint32_t p[4] = {vmm_vm_at(v, a->vm)->cb, a->wide ? KIT_BPA_32_Bit : 0, 0, a->acb};
    a->told = message == KIT_End_PM_App;
    vmm_broadcast_begin(v, message, p, false);
}

static void tell(struct vmm *v, struct vmm_frame *f, uint16_t step, uint32_t message)
{
    uint32_t row = f->a[A_ROW];
    f->step = step;
    vmm_frame_wait(v);
    broadcast_begin(v, row, message);
}

uint32_t vmm_pm_app_of(struct vmm *v, uint32_t vm)
{
    return newest(v, vm);
}

void vmm_pm_app_drop(struct vmm *v, uint32_t app)
{
    discard(v, app);
}

void vmm_pm_app_tell_end_begin(struct vmm *v, uint32_t app)
{
    broadcast_begin(v, app, KIT_End_PM_App);
}

void vmm_pm_app_discard(struct vmm *v)
{
    discard(v, vmm_pm_app_row(v));
}

// The frame that stays when the call-back in which the application begins is over.
static uint32_t frame_below_trap(struct vmm *v)
{
    const struct vmm_frame *f = vmm_frame_top(v);
    uint32_t top = vmm_thread_at(v, v->s.current)->top;
    return f && f->kind == VMM_FRAME_TRAP ? f->below : top;
}

static uint32_t make(struct vmm *v, bool wide, uint32_t psp)
{
    uint32_t parent = vmm_pm_app_row(v), row = base_table_new(apps(v)), bytes = state_of(v)->acb_bytes;
    uint32_t acb = row ? vmm_heap_get(v, bytes > ACB_FIRST_AREA ? bytes : ACB_FIRST_AREA) : 0;
    if (!acb) {
        if (row)
            base_table_release(apps(v), row);
        return 0;
    }
    const struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    struct vmm_pm_app *a = vmm_pm_app_at(v, row);
    a->vm = t->vm;
    a->thread = v->s.current;
    a->parent = parent;
    a->level = parent ? vmm_pm_app_at(v, parent)->level + 1 : 1;
    a->wide = wide;
    a->psp = psp;
    a->acb = acb;
    a->frame = frame_below_trap(v);
    a->blocks = t->blocks;
    a->crossing = t->crossing;
    a->locked = vmm_peek32(v, t->tcb + KIT_TCB_PMLockStackCount);
    vmm_poke32(v, acb + KIT_PMCB_Flags, wide ? KIT_BPA_32_Bit : 0);
    vmm_poke32(v, acb + KIT_PMCB_Parent, parent ? vmm_pm_app_at(v, parent)->acb : 0);
    show(v, a->vm);
    return row;
}

// The client is at the place where it goes on in V86 mode.
void vmm_pm_app_new_begin(struct vmm *v, bool wide, uint32_t psp)
{
    uint32_t row = make(v, wide, psp);
    if (!row) {
        vmm_dpmi_started(v, false);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, state_of(v)->frame_kind);
    if (!f)
        return;
    f->a[A_ROW] = row;
    tell(v, f, BEGIN_TOLD, KIT_Begin_PM_App);
}

// What the application left unfinished: frames, blocks and crossings of its thread above those it found.
static void unwind(struct vmm *v, const struct vmm_pm_app *a)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    uint32_t below = t->top;
    while (below && below != a->frame)
        below = vmm_frame_at(v, below)->below;
    if (below == a->frame)
        vmm_frames_abandon(v, v->s.current, a->frame);
    while (t->blocks && t->blocks != a->blocks) {
        uint32_t outer = vmm_nest_block_at(v, t->blocks)->outer;
        vmm_v86_release(v, v->s.current, vmm_nest_block_at(v, t->blocks)->serial);
        vmm_nest_block_free(v, t->blocks);
        t->blocks = outer;
    }
    vmm_crossings_forget(v, v->s.current, a->crossing);
    vmm_poke32(v, t->tcb + KIT_TCB_PMLockStackCount, a->locked);
}

void vmm_pm_app_end_begin(struct vmm *v, uint8_t code)
{
    uint32_t row = vmm_pm_app_row(v);
    struct vmm_pm_app a = *vmm_pm_app_at(v, row);
    unwind(v, &a);
    v->cpu->state.eip = vmm_gate_address(VMM_GATE_LEAVE);
    vmm_regs(v)[X86_ESP] = vmm_ring0_base(v);
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    struct vmm_frame *f = vmm_frame_push(v, state_of(v)->frame_kind);
    if (!f)
        return;
    f->a[A_ROW] = row;
    f->a[A_CODE] = code;
    tell(v, f, END_TOLD, KIT_End_PM_App);
}

// Nobody is left: DOS ends the program that was the application.
static void ended(struct vmm *v, uint32_t row, uint32_t code)
{
    uint8_t set[KIT_Client_Alt_EIP - KIT_Client_EIP];
    const struct vmm_pm_app *a = vmm_pm_app_at(v, row);
    memcpy(set, a->v86, sizeof set);
    discard(v, row);
    vmm_set_exec_mode(v, true);
    if (!x86_write_linear(v->cpu, vmm_client(v) + KIT_Client_EIP, set, sizeof set, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the client registers at %08X are not mapped", vmm_client(v));
    vmm_client_flags(v, X86_IF, X86_IF | X86_DF | X86_TF);
    vmm_poke32(v, vmm_client(v) + KIT_Client_EAX, DOS_TERMINATE | code);
    vmm_v86_int_begin(v, 0x21);
}

static void app_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t row = f->a[A_ROW], code = f->a[A_CODE];
    bool begin = f->step == BEGIN_TOLD, refused = vmm_flag(v, X86_CF);
    vmm_frame_pop_all(v);
    if (!begin) {
        ended(v, row, code);
        return;
    }
    if (refused)
        discard(v, row);
    vmm_dpmi_started(v, !refused);
}

static const struct vmm_frame_kind app_frame = {"a device told about a protected-mode application", app_resume, NULL};

static void vm_gone(struct vmm *v, uint32_t cb)
{
    uint32_t vm = vmm_vm_row(v, cb), row;
    while ((row = newest(v, vm)) != 0)
        discard(v, row);
}

static bool create(struct vmm *v)
{
    state_of(v)->frame_kind = vmm_frame_kind_add(v, &app_frame);
    return true;
}

// --- services

// Offsets are given out for good; blocks made from now on have the room.
static void allocate_pm_app_cb_area(struct vmm *v)
{
    struct pm_app_state *s = state_of(v);
    uint32_t bytes = (vmm_regs(v)[X86_ECX] + 3) & ~3u, at = s->acb_bytes ? s->acb_bytes : ACB_FIRST_AREA;
    bool room = vmm_regs(v)[X86_ECX] <= ACB_MOST && bytes <= ACB_MOST - at;
    if (!room)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3309",
                   "Allocate_PM_App_CB_Area: %u bytes, %u are left", (unsigned)vmm_regs(v)[X86_ECX],
                   (unsigned)(ACB_MOST - at));
    if (room)
        s->acb_bytes = at + bytes;
    vmm_regs(v)[X86_EAX] = room ? at : 0;
}

static void get_cur_pm_app_cb(struct vmm *v)
{
    uint32_t vm = vmm_vm_row_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 Get_Cur_PM_App_CB"),
             row = vm ? newest(v, vm) : 0;
    if (vm && !row)
        vmm_report(v, "execution-mode", v->call.caller, "Win95 DDK S330D",
                   "Get_Cur_PM_App_CB: the virtual machine runs no protected-mode application");
    vmm_regs(v)[X86_EDI] = row ? vmm_pm_app_at(v, row)->acb : 0;
}

static const struct vmm_binding bindings[] = {
    {KIT_Allocate_PM_App_CB_Area, allocate_pm_app_cb_area},
    {KIT_Get_Cur_PM_App_CB, get_cur_pm_app_cb},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct vmm_pm_app), 0};

const struct vmm_chapter vmm_pm_app_chapter = {.bindings = bindings,
                                               .state_size = sizeof(struct pm_app_state),
                                               .tables = tables,
                                               .create = create,
                                               .vm_gone = vm_gone};
