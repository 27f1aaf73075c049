// What display drivers and programs ask VDD for: its API (INT 2Fh AX=1684h BX=000Ah; Win95 DDK S2814, S2897-S28A0),
// VESA calls that a mini-VDD serves (S28CE, S28CF), and INT 2Fh AH=40h, with which programs tell that they know of
// windows (S2331-S2338).
#include "devices/vdd.h"

#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/pmode.h"
#include "vmm/v86.h"

#include <string.h>

enum { ROM_SEGMENT = 0xF000, TEXT_MODES_ONLY = 2 };

static struct vdd *state(struct vmm *v)
{
    return vdd_state(v);
}

static uint32_t client(struct vmm *v, uint32_t field)
{
    return vmm_peek32(v, vmm_client(v) + field);
}

static void set_client(struct vmm *v, uint32_t field, uint32_t value)
{
    vmm_poke32(v, vmm_client(v) + field, value);
}

// Linear address of n bytes that the caller gave as segment or selector and offset; false: it could not reach them.
static bool caller_address(struct vmm *v, uint32_t segment, uint32_t offset, uint32_t n, uint32_t *linear)
{
    segment &= 0xFFFF;
    *linear = (segment << 4) + (offset & 0xFFFF);
    return vmm_client_v86(v) || vmm_pm_linear(v, segment, offset, n, true, linear);
}

// A byte of a display driver's data that VDD keeps the address of; 0 = out of its reach.
static uint32_t flag_address(struct vmm *v, uint32_t segment, uint32_t offset)
{
    uint32_t linear;
    if (!caller_address(v, segment, offset & 0xFFFF, 1, &linear))
        return 0;
    return vmm_client_v86(v) ? linear + vmm_peek32(v, vmm_current_vm(v) + KIT_CB_High_Linear) : linear;
}

// ---------------------------------------------------------------------------------------------------------------------
// Functions that end in one of the mini-VDD's. It gets the caller's registers, EBX = VM and EBP = client registers;
// what it answers it puts into the client registers itself. Frame: a[0] = the API's function.

enum { A_FUNCTION, A_EBP = 11, MODE_SET = 0x10, TEXT_MODE = 3 };

static void load_registers(struct vmm *v)
{
    static const struct {
        uint8_t reg, field;
    } passed[] = {{X86_EAX, KIT_Client_EAX},
                  {X86_ECX, KIT_Client_ECX},
                  {X86_EDX, KIT_Client_EDX},
                  {X86_ESI, KIT_Client_ESI},
                  {X86_EDI, KIT_Client_EDI}};
    for (size_t i = 0; i < BASE_COUNT(passed); i++)
        vmm_regs(v)[passed[i].reg] = client(v, passed[i].field);
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EBP] = vmm_client(v);
}

// VDD_DRIVER_REGISTER: memory of the screen and of what VDD needs below it. EDX = ECX: nothing (S28B5).
static void registered(struct vmm *v, uint32_t needs)
{
    uint32_t screen = client(v, KIT_Client_ECX);
    set_client(v, KIT_Client_EAX, needs == screen ? screen : screen + needs);
}

// The interrupt in the current VM, on the top frame. The service removes its argument.
static void exec_int_begin(struct vmm *v, uint32_t vector)
{
    devices_call_c_begin(v, KIT_Exec_VxD_Int, 1, &vector);
    vmm_frame_top(v)->expect += 4;
}

// VDD_DRIVER_UNREGISTER leaves the adapter in text mode.
static void text_mode_begin(struct vmm *v)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = TEXT_MODE;
    exec_int_begin(v, MODE_SET);
}

static void api_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t function = f->a[A_FUNCTION], edx = vmm_regs(v)[X86_EDX];
    vdd_mini_check(v, f, vmm_current_vm(v));
    vmm_frame_pop_all(v);
    if (function == KIT_VDD_DRIVER_REGISTER)
        registered(v, edx);
    else if (function == KIT_VDD_DRIVER_UNREGISTER)
        text_mode_begin(v);
}

static const struct vmm_frame_kind api_kind = {"a function of the mini-VDD", api_resume, NULL};

// False: the mini-VDD has no such function.
static bool mini_begin(struct vmm *v, uint32_t function, unsigned mini)
{
    struct vmm_frame *f = vdd_hook(v, mini) ? vmm_frame_push(v, state(v)->api_kind) : NULL;
    if (!f)
        return false;
    f->a[A_FUNCTION] = function;
    load_registers(v);
    vdd_mini_call_begin(v, mini);
    return true;
}

static void driver_register_begin(struct vmm *v)
{
    bool planes = client(v, KIT_Client_EDX) != UINT32_MAX;
    if (!planes || !mini_begin(v, KIT_VDD_DRIVER_REGISTER, KIT_GET_VDD_BANK))
        registered(v, client(v, KIT_Client_ECX));
}

static void driver_unregister_begin(struct vmm *v)
{
    if (!mini_begin(v, KIT_VDD_DRIVER_UNREGISTER, KIT_DISPLAY_DRIVER_DISABLING))
        text_mode_begin(v);
}

static void get_display_config(struct vmm *v)
{
    uint8_t info[KIT_SIZE_DISPLAYINFO];
    uint32_t at, room = client(v, KIT_Client_ECX), n = room < sizeof info ? room : (uint32_t)sizeof info;
    bool there = n >= 4 && caller_address(v, client(v, KIT_Client_ES), client(v, KIT_Client_EDI), n, &at);
    vdd_info(v, info);
    bool done = there && vmm_user_put(v, at, info, n);
    set_client(v, KIT_Client_EAX, done ? 0 : UINT32_MAX);
}

static void set_user_flags(struct vmm *v)
{
    uint32_t at = flag_address(v, client(v, KIT_Client_EDX), client(v, KIT_Client_ECX));
    state(v)->user_flag = at;
    vmm_poke16(v, vmm_client(v) + KIT_Client_EAX, at ? 0 : 0xFFFF);
}

static void set_busy_flag_addr(struct vmm *v)
{
    state(v)->busy_flag = flag_address(v, client(v, KIT_Client_ESI), client(v, KIT_Client_EDI));
    state(v)->busy_bit = client(v, KIT_Client_ECX) & 0xFF;
}

static void get_version(struct vmm *v)
{
    set_client(v, KIT_Client_EFlags, client(v, KIT_Client_EFlags) & ~(uint32_t)X86_CF);
    vmm_poke16(v, vmm_client(v) + KIT_Client_EAX, (uint16_t)vmm_profile(v));
}

// What the grabber of a window asks, 1 to 9, has no documented numbers.
static void unknown(struct vmm *v, uint32_t function)
{
    if (function > 9 || vmm_keeps_going(v))
        return; // nothing is returned (RBIL INT 2F/AX=1684h BX=000Ah)
    vmm_stop(v, VMM_END_MISSING, "VM %u calls function %u of VDD's API: not implemented",
             vmm_vm_number(v, vmm_current_vm(v)), (unsigned)function);
}

void vdd_api_begin(struct vmm *v)
{
    uint32_t function = client(v, KIT_Client_EAX) & 0xFFFF;
    switch (function) {
    case 0:
        get_version(v);
        break;
    case KIT_VDD_DRIVER_REGISTER:
        driver_register_begin(v);
        break;
    case KIT_VDD_DRIVER_UNREGISTER:
        driver_unregister_begin(v);
        break;
    case KIT_VDD_SAVE_DRIVER_STATE:
        vdd_save_begin(v, vmm_current_vm(v));
        break;
    case KIT_VDD_REGISTER_DISPLAY_DRIVER_INFO:
        (void)mini_begin(v, function, KIT_REGISTER_DISPLAY_DRIVER);
        break;
    case KIT_VDD_REGISTER_SSB_FLAGS: // VDD uses no memory that SaveScreenBitmap could have
        break;
    case KIT_VDD_GET_DISPLAY_CONFIG:
        get_display_config(v);
        break;
    case KIT_VDD_PRE_CRTC_MODE_CHANGE:
    case KIT_VDD_POST_CRTC_MODE_CHANGE:
        (void)mini_begin(v, function,
                         function == KIT_VDD_PRE_CRTC_MODE_CHANGE ? KIT_PRE_CRTC_MODE_CHANGE
                                                                  : KIT_POST_CRTC_MODE_CHANGE);
        break;
    case KIT_VDD_SET_USER_FLAGS:
        set_user_flags(v);
        break;
    case KIT_VDD_SET_BUSY_FLAG_ADDR:
        set_busy_flag_addr(v);
        break;
    default:
        unknown(v, function);
        break;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// VESA calls (INT 10h AH=4Fh). Frame of VESA_SUPPORT: a[0] = function and mode. It may serve the call; when the BIOS
// does, VESA_CALL_POST_PROCESSING comes after it.

enum { V_CALL, V_SUPPORT, VESA = 0x4F, VESA_SET_MODE = 0x4F02 };

// The BIOS's turn; afterwards, when the mini-VDD wants to know.
static void bios_begin(struct vmm *v, uint32_t call)
{
    devices_carry(v, true);
    if (!vdd_hook(v, KIT_VESA_CALL_POST_PROCESSING) || !devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = 0;
    vmm_regs(v)[X86_EDX] = call;
    vmm_regs(v)[X86_ESI] = state(v)->vesa_proc;
    devices_aside_begin(v, KIT_Call_When_VM_Returns);
}

static void vesa_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t call = f->a[V_CALL];
    bool served = vmm_flag(v, X86_CF), support = f->a[V_SUPPORT];
    vdd_mini_check(v, f, f->reg[X86_EBX]);
    vmm_frame_pop_all(v);
    if (!support)
        return;
    if (served)
        devices_carry(v, false); // nobody else's
    else
        bios_begin(v, call);
}

static const struct vmm_frame_kind vesa_kind = {"the mini-VDD's VESA procedure", vesa_resume, NULL};

static void vesa_begin(struct vmm *v, unsigned function, uint32_t call)
{
    struct vmm_frame *f = vmm_frame_push(v, state(v)->vesa_kind);
    if (!f)
        return;
    f->a[V_CALL] = call;
    f->a[V_SUPPORT] = function == KIT_VESA_SUPPORT;
    vdd_mini_call_begin(v, function);
}

// Hook of INT 10h: EBX = VM, EBP = client registers; CF = 1: not served.
static void int10_begin(void *user, struct vmm *v)
{
    (void)user;
    uint32_t ax = client(v, KIT_Client_EAX) & 0xFFFF;
    uint32_t mode = ax == VESA_SET_MODE ? client(v, KIT_Client_EBX) & 0xFFFF : 0;
    devices_carry(v, true);
    if (ax >> 8 != VESA)
        return;
    if (vdd_hook(v, KIT_VESA_SUPPORT))
        vesa_begin(v, KIT_VESA_SUPPORT, mode << 16 | ax);
    else
        bios_begin(v, mode << 16 | ax);
}

// The BIOS has returned: EBX = VM, EDX = function and mode, EBP = client registers.
static void vesa_done_begin(void *user, struct vmm *v)
{
    (void)user;
    if (vdd_hook(v, KIT_VESA_CALL_POST_PROCESSING))
        vesa_begin(v, KIT_VESA_CALL_POST_PROCESSING, vmm_regs(v)[X86_EDX]);
}

// ---------------------------------------------------------------------------------------------------------------------
// INT 2Fh AH=40h. Nothing has to be saved or restored while a program looks away, so only the switches are told.

static void int2f(void *user, struct vmm *v)
{
    (void)user;
    uint32_t ax = client(v, KIT_Client_EAX) & 0xFFFF, at = vmm_current_vm(v) + state(v)->area + VDD_AWARE;
    devices_carry(v, ax != 0x4000 && ax != 0x4007 && ax != 0x4003 && ax != 0x4004);
    if (ax == 0x4000)
        vmm_poke16(v, vmm_client(v) + KIT_Client_EAX, 0x4000 | TEXT_MODES_ONLY);
    if (ax == 0x4000 || ax == 0x4007)
        vmm_poke32(v, at, ax == 0x4000);
}

// The event: the current VM hears EDX.
static void notify_begin(void *user, struct vmm *v)
{
    (void)user;
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = vmm_regs(v)[X86_EDX];
    exec_int_begin(v, 0x2F);
}

// A VM whose INT 2Fh is still the ROM's has nobody who would listen.
static bool listens(struct vmm *v, uint32_t vm)
{
    uint8_t vector[4] = {0};
    if (!vmm_load(v, vmm_peek32(v, vm + KIT_CB_High_Linear) + 4 * 0x2F, vector, sizeof vector))
        return false;
    uint32_t segment = base_get16(vector + 2);
    return vmm_peek32(v, vm + state(v)->area + VDD_AWARE) || (segment && segment < ROM_SEGMENT);
}

void vdd_notify_begin(struct vmm *v, uint32_t vm, uint32_t function)
{
    if (!vmm_valid_vm(v, vm) || !listens(v, vm) || !devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EBX] = vm;
    vmm_regs(v)[X86_EDX] = function;
    vmm_regs(v)[X86_ESI] = state(v)->notify_proc;
    devices_aside_begin(v, KIT_Schedule_VM_Event);
}

void vdd_hook_int2f_begin(struct vmm *v)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EAX] = 0x2F;
    vmm_regs(v)[X86_ESI] = state(v)->int2f_proc;
    devices_aside_begin(v, KIT_Hook_V86_Int_Chain);
}

bool vdd_api_create(struct vmm *v)
{
    struct vdd *s = state(v);
    s->api_kind = vmm_frame_kind_add(v, &api_kind);
    s->vesa_kind = vmm_frame_kind_add(v, &vesa_kind);
    s->int10_proc = vmm_host_proc(v, int10_begin, NULL);
    s->vesa_proc = vmm_host_proc(v, vesa_done_begin, NULL);
    s->int2f_proc = vmm_host_proc(v, int2f, NULL);
    s->notify_proc = vmm_host_proc(v, notify_begin, NULL);
    return s->int10_proc && s->vesa_proc && s->int2f_proc && s->notify_proc;
}
