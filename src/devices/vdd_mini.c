// The functions of a mini-VDD (Win95 DDK S2816-S28D8): the table, and what VDD calls when. A mini-VDD fills the table
// while it is initialised. Those functions are never called that are about what this display does not have: pictures in
// four planes, banks, VESA modes (docs/devices.md lists them).
#include "devices/vdd.h"

#include "kit/services.h"
#include "kit/structures.h"

enum { STEP_SWAP = 0x80, STEP_BUSY, STEP_FREE, STEP_HOOKS, STEP_END }; // beside the functions' own numbers

enum {
    SEQUENCE_INTRODUCE,
    SEQUENCE_TO_DOS,
    SEQUENCE_TO_WINDOWS,
    SEQUENCE_BETWEEN,
    SEQUENCE_MEMORY,
    SEQUENCE_SAVE,
    SEQUENCE_MESSAGE,
    SEQUENCE_MESSAGE_END
};

// S28B1, S28AF, S28C7 at the end of initialisation; S28BE for the screen's way between Windows and a VM.
static const uint8_t sequences[][8] = {
    [SEQUENCE_INTRODUCE] = {KIT_GET_CHIP_ID, KIT_ENABLE_TRAPS, KIT_SAVE_MESSAGE_MODE_STATE, KIT_DISABLE_TRAPS,
                            STEP_HOOKS, STEP_END},
    [SEQUENCE_TO_DOS] = {STEP_BUSY, KIT_PRE_HIRES_TO_VGA, KIT_MAKE_HARDWARE_NOT_BUSY, KIT_SAVE_REGISTERS, STEP_SWAP,
                         KIT_RESTORE_REGISTERS, KIT_POST_HIRES_TO_VGA, STEP_END},
    [SEQUENCE_TO_WINDOWS] = {KIT_PRE_VGA_TO_HIRES, KIT_MAKE_HARDWARE_NOT_BUSY, KIT_SAVE_REGISTERS, STEP_SWAP,
                             KIT_RESTORE_REGISTERS, KIT_POST_VGA_TO_HIRES, STEP_FREE, STEP_END},
    [SEQUENCE_BETWEEN] = {KIT_MAKE_HARDWARE_NOT_BUSY, KIT_SAVE_REGISTERS, STEP_SWAP, KIT_RESTORE_REGISTERS, STEP_END},
    [SEQUENCE_MEMORY] = {KIT_MAKE_HARDWARE_NOT_BUSY, STEP_SWAP, KIT_RESTORE_REGISTERS, STEP_END},
    [SEQUENCE_SAVE] = {KIT_SAVE_REGISTERS, STEP_END},
    [SEQUENCE_MESSAGE] = {KIT_SAVE_REGISTERS, KIT_RESTORE_REGISTERS, STEP_END},
    [SEQUENCE_MESSAGE_END] = {KIT_RESTORE_REGISTERS, STEP_END},
};

// a[] of the frame. FROM: whose registers are saved; CRTC, MEMC: whose are restored; EBX of the function under way.
enum { S_SEQUENCE, S_STEP, S_FROM, S_CRTC, S_MEMC, S_EBX, S_EBP = 11 };

static struct vdd *state(struct vmm *v)
{
    return vdd_state(v);
}

uint32_t vdd_hook(struct vmm *v, unsigned function)
{
    return state(v)->mini ? vmm_peek32(v, state(v)->mini + 4 * function) : 0;
}

void vdd_mini_call_begin(struct vmm *v, unsigned function)
{
    struct vmm_frame *f = vmm_frame_top(v);
    f->contract = VMM_KEEP_EBP | VMM_DIRECTION_UP;
    f->a[S_EBP] = vmm_regs(v)[X86_EBP];
    vmm_frame_call_begin(v, vdd_hook(v, function));
}

void vdd_mini_check(struct vmm *v, const struct vmm_frame *f, uint32_t ebx)
{
    if (vmm_regs(v)[X86_EBX] != ebx)
        vmm_report(v, "callback-contract", f->callee, "Win95 DDK S28A8",
                   "a function of the mini-VDD changed EBX from %08X to %08X", (unsigned)ebx,
                   (unsigned)vmm_regs(v)[X86_EBX]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Sequences

// Display drivers that registered a flag may not draw while a VM has the screen (S289F, S28A0).
static void set_flags(struct vmm *v, bool busy)
{
    struct vdd *s = state(v);
    uint8_t byte = busy;
    if (s->user_flag && !vmm_store(v, s->user_flag, &byte, 1))
        s->user_flag = 0; // the display driver has gone
    if (!busy || !s->busy_flag || !vmm_load(v, s->busy_flag, &byte, 1))
        return; // the display driver clears its busy bit itself (S28BE)
    byte |= (uint8_t)s->busy_bit;
    if (!vmm_store(v, s->busy_flag, &byte, 1))
        s->busy_flag = 0;
}

// The screen changes hands.
static void swap(struct vmm *v, const struct vmm_frame *f)
{
    struct vdd *s = state(v);
    struct pc_vga *board = &devices_board(v)->vga, saved = *board;
    if (f->a[S_CRTC] != vdd_crtc_owner(v)) {
        vdd_load_registers(v, f->a[S_CRTC], board);
        vdd_store_registers(v, f->a[S_FROM], &saved);
    }
    uint32_t system = vmm_system_vm(v);
    s->crtc = f->a[S_CRTC] == system ? 0 : f->a[S_CRTC];
    s->memc = f->a[S_MEMC] == system ? 0 : f->a[S_MEMC];
}

// The registers that a function is called with.
static void set_registers(struct vmm *v, struct vmm_frame *f, unsigned function)
{
    uint32_t *r = vmm_regs(v), system = vmm_system_vm(v), vm = system;
    r[X86_EBX] = system;
    if (function == KIT_MAKE_HARDWARE_NOT_BUSY) {
        r[X86_EAX] = vdd_crtc_owner(v);
        r[X86_EBX] = vmm_current_vm(v);
        r[X86_ECX] = vdd_memc_owner(v);
        r[X86_EDX] = devices_board(v)->vga.crtc_index;
    } else if (function == KIT_SAVE_REGISTERS) {
        r[X86_EBX] = vm = f->a[S_FROM];
    } else if (function == KIT_RESTORE_REGISTERS) {
        r[X86_ECX] = f->a[S_CRTC];
        r[X86_ESI] = f->a[S_MEMC];
    } else if (function >= KIT_PRE_HIRES_TO_VGA && function <= KIT_POST_VGA_TO_HIRES) {
        r[X86_EBX] = vm = f->a[S_CRTC];
    }
    r[X86_EBP] = vmm_peek32(v, vm + KIT_CB_Client_Pointer);
    f->a[S_EBX] = r[X86_EBX];
}

static void hook_begin(struct vmm *v, struct vmm_frame *f);

// One that is no function; false: something is under way.
static bool own_step(struct vmm *v, struct vmm_frame *f, unsigned step)
{
    switch (step) {
    case STEP_SWAP:
        swap(v, f);
        return true;
    case STEP_BUSY:
    case STEP_FREE:
        set_flags(v, step == STEP_BUSY);
        return true;
    default:
        hook_begin(v, f);
        return false;
    }
}

static void run_steps(struct vmm *v, struct vmm_frame *f)
{
    for (unsigned step; (step = sequences[f->a[S_SEQUENCE]][f->a[S_STEP]]) != STEP_END;) {
        f->a[S_STEP]++;
        if (step >= STEP_SWAP) {
            if (!own_step(v, f, step))
                return;
        } else if (vdd_hook(v, step)) {
            set_registers(v, f, step);
            vdd_mini_call_begin(v, step);
            return;
        }
    }
    vmm_frame_pop_all(v);
}

// The step that has just returned.
static unsigned done_step(const struct vmm_frame *f)
{
    return f->a[S_STEP] ? sequences[f->a[S_SEQUENCE]][f->a[S_STEP] - 1] : (unsigned)STEP_END;
}

static void sequence_resume(struct vmm *v, struct vmm_frame *f)
{
    unsigned done = done_step(f);
    if (done == KIT_GET_CHIP_ID)
        state(v)->chip_id = vmm_regs(v)[X86_EAX];
    if (done < STEP_SWAP)
        vdd_mini_check(v, f, f->a[S_EBX]);
    run_steps(v, f);
}

static const struct vmm_frame_kind sequence_kind = {"a function of the mini-VDD", sequence_resume, NULL};

static void sequence_begin(struct vmm *v, unsigned sequence, uint32_t from, uint32_t crtc, uint32_t memc)
{
    struct vmm_frame *f = vmm_frame_push(v, state(v)->sequence_kind);
    if (!f)
        return;
    f->a[S_SEQUENCE] = sequence;
    f->a[S_STEP] = 0;
    f->a[S_FROM] = from;
    f->a[S_CRTC] = crtc;
    f->a[S_MEMC] = memc;
    run_steps(v, f);
}

// VESA calls are looked at only when the mini-VDD wants to know of them.
static void hook_begin(struct vmm *v, struct vmm_frame *f)
{
    vmm_frame_wait(v);
    if ((!vdd_hook(v, KIT_VESA_SUPPORT) && !vdd_hook(v, KIT_VESA_CALL_POST_PROCESSING)) || !devices_aside_push(v))
        return;
    (void)f;
    vmm_regs(v)[X86_EAX] = 0x10;
    vmm_regs(v)[X86_ESI] = state(v)->int10_proc;
    devices_aside_begin(v, KIT_Hook_V86_Int_Chain);
}

// ---------------------------------------------------------------------------------------------------------------------
// Who has the screen

void vdd_save_begin(struct vmm *v, uint32_t vm)
{
    sequence_begin(v, SEQUENCE_SAVE, vm, vdd_crtc_owner(v), vdd_memc_owner(v));
}

void vdd_message_begin(struct vmm *v, bool begins)
{
    struct vdd *s = state(v);
    if (begins)
        sequence_begin(v, SEQUENCE_MESSAGE, vdd_crtc_owner(v), s->special[VDD_MESSAGE_VM], s->special[VDD_MESSAGE_VM]);
    else
        sequence_begin(v, SEQUENCE_MESSAGE_END, 0, vdd_crtc_owner(v), vdd_memc_owner(v));
}

static void change_owner_begin(struct vmm *v, uint32_t vm)
{
    uint32_t system = vmm_system_vm(v), crtc = vm != system && vdd_windowed(v, vm) ? system : vm;
    uint32_t had = vdd_crtc_owner(v), memory = vdd_memc_owner(v);
    if (crtc == had && vm == memory)
        return;
    unsigned sequence = crtc == had      ? SEQUENCE_MEMORY
                        : had == system  ? SEQUENCE_TO_DOS
                        : crtc == system ? SEQUENCE_TO_WINDOWS
                                         : SEQUENCE_BETWEEN;
    sequence_begin(v, sequence, had, crtc, vm);
}

// The display driver is in the middle of a transfer that may not be disturbed (S282B).
static bool sleeps(struct vmm *v)
{
    struct vdd *s = state(v);
    uint8_t flag = 0;
    if (s->sleep_flag && !vmm_load(v, s->sleep_flag, &flag, 1))
        s->sleep_flag = 0;
    return flag != 0;
}

enum { LOOK_AGAIN = 20 }; // ms

static void wait_begin(struct vmm *v, uint32_t vm)
{
    bool waits = state(v)->wanted_focus != 0;
    state(v)->wanted_focus = vm;
    if (waits || !devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = LOOK_AGAIN;
    vmm_regs(v)[X86_ESI] = state(v)->focus_proc;
    devices_aside_begin(v, KIT_Set_Global_Time_Out);
}

void vdd_focus_begin(struct vmm *v, uint32_t vm)
{
    uint32_t from = vdd_memc_owner(v);
    if (!state(v)->area || !vmm_valid_vm(v, vm))
        return;
    if (sleeps(v)) {
        wait_begin(v, vm);
        return;
    }
    change_owner_begin(v, vm);
    if (from != vm) {
        vdd_notify_begin(v, from, 0x4001);
        vdd_notify_begin(v, vm, 0x4002);
    }
}

void vdd_owner_gone_begin(struct vmm *v)
{
    change_owner_begin(v, vmm_system_vm(v));
}

static void waited(void *user, struct vmm *v)
{
    (void)user;
    uint32_t vm = state(v)->wanted_focus;
    state(v)->wanted_focus = 0;
    if (vm)
        vdd_focus_begin(v, vm);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

void vdd_introduce_begin(struct vmm *v)
{
    struct vdd *s = state(v);
    bool there = false;
    for (unsigned i = 0; i < KIT_NBR_MINI_VDD_FUNCTIONS; i++)
        there |= vdd_hook(v, i) != 0;
    if (!there || s->introduced)
        return;
    s->introduced = 1;
    sequence_begin(v, SEQUENCE_INTRODUCE, vmm_system_vm(v), vmm_system_vm(v), vmm_system_vm(v));
}

static void introduce(void *user, struct vmm *v)
{
    (void)user;
    state(v)->scheduled = 0;
    vdd_introduce_begin(v);
}

// Windows loads mini-VDDs during Device_Init and faults when they call later (S2826). Here dynamic drivers are loaded
// later, and theirs is no breach.
void vdd_only_init(struct vmm *v, const char *service, const char *page)
{
    if (state(v)->complete && !vmm_caller_is_dynamic(v))
        vmm_report(v, "init-only", vmm_cpu(v)->state.eip, page, "%s may only be called until Init_Complete is over",
                   service);
}

// A mini-VDD that came late is looked at by the next event.
static void get_mini_dispatch_table_begin(struct vmm *v)
{
    struct vdd *s = state(v);
    vdd_only_init(v, "VDD_Get_Mini_Dispatch_Table", "Win95 DDK S2826");
    vmm_regs(v)[X86_EDI] = s->mini;
    vmm_regs(v)[X86_ECX] = s->mini ? VDD_MINI_FUNCTIONS : 0;
    if (!s->complete || s->scheduled || s->introduced || !devices_aside_push(v))
        return;
    s->scheduled = 1;
    vmm_regs(v)[X86_ESI] = s->introduce_proc;
    devices_aside_begin(v, KIT_Schedule_Global_Event);
}

static void get_special_vm_ids(struct vmm *v)
{
    vdd_only_init(v, "VDD_Get_Special_VM_IDs", "Win95 DDK S2827");
    vmm_regs(v)[X86_EDI] = state(v)->special[VDD_MESSAGE_VM];
    vmm_regs(v)[X86_ESI] = state(v)->special[VDD_PLANAR_VM];
}

// Selectors through which a display driver draws. They would matter to pictures in planes.
static void register_extra_screen_selector(struct vmm *v)
{
    struct vdd *s = state(v);
    devices_carry(v, s->selectors == VDD_SELECTORS);
    if (s->selectors < VDD_SELECTORS)
        s->selector[s->selectors++] = vmm_regs(v)[X86_EAX] & 0xFFFF;
}

static void set_sleep_flag_addr(struct vmm *v)
{
    uint8_t flag;
    if (vmm_get(v, vmm_regs(v)[X86_EAX], &flag, 1))
        state(v)->sleep_flag = vmm_regs(v)[X86_EAX];
}

const struct vmm_binding vdd_mini_bindings[] = {
    {KIT_VDD_Get_Mini_Dispatch_Table, get_mini_dispatch_table_begin},
    {KIT_VDD_Get_Special_VM_IDs, get_special_vm_ids},
    {KIT_VDD_Register_Extra_Screen_Selector, register_extra_screen_selector},
    {KIT_VDD_Set_Sleep_Flag_Addr, set_sleep_flag_addr},
    {0, NULL},
};

bool vdd_mini_create(struct vmm *v)
{
    struct vdd *s = state(v);
    s->sequence_kind = vmm_frame_kind_add(v, &sequence_kind);
    s->introduce_proc = vmm_host_proc(v, introduce, NULL);
    s->focus_proc = vmm_host_proc(v, waited, NULL);
    return s->introduce_proc && s->focus_proc;
}
