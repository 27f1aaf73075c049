// VMD, the virtual mouse (VDAG31 Virtual_Mouse_Device; Win95 DDK S2A44-S2A58, where it is called VMOUSE): who has the
// mouse, and what drivers of mice tell of it. It moves when a driver posts a message, or the board's own mouse does
// (vmd_ps2.c). Windows' pointer is not there, so only programs in other VMs see it (vmd_int33.c).
#include "devices/vmd.h"

#include "devices/vpicd.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { ALREADY = 0, NO_INTERRUPT = 1 }; // errors of VMD_Set_Mouse_Type
enum { ON_COM_PORT = 0x80 };

struct vmd *vmd_state(struct vmm *v)
{
    return vmm_device_state(v, &vmd_device);
}

static struct vmd *state(struct vmm *v)
{
    return vmd_state(v);
}

uint32_t vmd_owner(struct vmm *v)
{
    uint32_t owner = state(v)->owner;
    return owner && vmm_valid_vm(v, owner) ? owner : vmm_system_vm(v);
}

static void get_mouse_owner(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] = vmd_owner(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// What kind of mouse it is

// EAX = IRQ, or minus a vector of the VMs; ECX = type, DL = COM port when the type says so.
static void set_mouse_type(struct vmm *v)
{
    struct vmd *s = state(v);
    uint32_t *r = vmm_regs(v), irq = r[X86_EAX];
    if (irq & 0x80000000u) { // the virtual controllers' bases: VPICD_Convert_Int_To_IRQ would say the same
        uint32_t vector = 0u - irq;
        irq = vector - 8 < 8 ? vector - 8 : vector - 0x70 < 8 ? vector - 0x70 + 8 : PC_IRQS;
    }
    devices_carry(v, true);
    if (s->present || irq >= PC_IRQS || irq == VPICD_CASCADE) {
        r[X86_EAX] = s->present ? ALREADY : NO_INTERRUPT;
        return;
    }
    s->type = (uint8_t)(r[X86_ECX] & ~(uint32_t)ON_COM_PORT);
    s->irq = (uint8_t)irq;
    s->port = r[X86_ECX] & ON_COM_PORT ? (uint8_t)r[X86_EDX] : 0;
    s->buttons = 2;
    s->present = 1;
    devices_carry(v, false);
}

// AH = type, AL = IRQ, EBX bit 0 and ECX: a BallPoint and its identifier, DH = buttons, DL = port (S2A51).
static void set_mouse_data(struct vmm *v)
{
    struct vmd *s = state(v);
    const uint32_t *r = vmm_regs(v);
    s->type = (uint8_t)(r[X86_EAX] >> 8);
    s->irq = (uint8_t)r[X86_EAX];
    s->ballpoint = r[X86_EBX] & 1 ? r[X86_ECX] : 0;
    s->buttons = (uint8_t)(r[X86_EDX] >> 8);
    s->port = (uint8_t)r[X86_EDX];
    s->present = 1;
}

static void get_mouse_data(struct vmm *v)
{
    const struct vmd *s = state(v);
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = (uint32_t)s->type << 8 | s->irq;
    r[X86_ECX] = s->ballpoint;
    r[X86_EDX] = (uint32_t)s->buttons << 8 | s->port;
}

// ---------------------------------------------------------------------------------------------------------------------
// The API for programs (Win95 DDK S2A5B-S2A5E). What tells of the mouse is for the System VM alone. The numbers of the
// other functions are not published.

static void mouse_info(struct vmm *v, uint32_t crs)
{
    const struct vmd *s = state(v);
    bool there = s->present && vmm_current_vm(v) == vmm_system_vm(v);
    devices_api_carry(v, crs, !there);
    if (!there)
        return;
    vmm_poke16(v, crs + KIT_Client_EAX, (uint16_t)(s->irq << 8 | s->type));
    vmm_poke16(v, crs + KIT_Client_ECX, s->port);
}

static void api(struct vmm *v)
{
    uint32_t crs = vmm_regs(v)[X86_EBP], function = vmm_peek16(v, crs + KIT_Client_EAX);
    devices_api_carry(v, crs, function != KIT_VMDAPI_GET_VERSION);
    if (function == KIT_VMDAPI_GET_VERSION)
        vmm_poke16(v, crs + KIT_Client_EAX, (uint16_t)vmm_profile(v));
    else if (function == KIT_VMDAPI_GET_MOUSE_INFO)
        mouse_info(v, crs);
}

// ---------------------------------------------------------------------------------------------------------------------
// Movements and buttons. Hooks of two services may change them before they are delivered (S2A45). Frame: a[0] VM, a[1]
// and a[2] mickeys, a[3] status of the buttons.

enum { MANIPULATED, MIDDLE_ASKED };
enum { STATUS_RIGHT = 8, STATUS_LEFT = 0x20, MIDDLE_DOWN = 4 };

static void call_own_begin(struct vmm *v, uint16_t ordinal)
{
    vmm_frame_call_begin(v, vmm_service_address(v, vmd_device.id, ordinal));
}

static void post_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t *r = vmm_regs(v);
    if (f->step == MANIPULATED) {
        f->a[1] = r[X86_ESI];
        f->a[2] = r[X86_EDI];
        f->a[3] = r[X86_EAX] & 0xFF;
        f->step = MIDDLE_ASKED;
        r[X86_EBX] = f->a[3];
        call_own_begin(v, KIT_VMD_Set_Middle_Button);
        return;
    }
    uint32_t vm = f->a[0], dx = f->a[1], dy = f->a[2], status = f->a[3];
    unsigned buttons = (status & STATUS_LEFT ? 1 : 0) | (status & STATUS_RIGHT ? 2 : 0);
    buttons |= r[X86_EBX] >> 8 & MIDDLE_DOWN;
    vmm_frame_pop_all(v);
    devices_carry(v, false);
    if (vm == vmd_owner(v)) // it has not gone meanwhile
        vmd_moved_begin(v, vm, (int32_t)dx, (int32_t)dy, (uint16_t)buttons);
}

static const struct vmm_frame_kind post_kind = {"a hook of the mouse's messages", post_resume, NULL};

// ESI, EDI = mickeys, AL = status of the buttons, EDX -> MOUSE_INSTANCE (S2A4F).
static void post_pointer_message_begin(struct vmm *v)
{
    struct vmd *s = state(v);
    devices_carry(v, false);
    s->present = 1;
    struct vmm_frame *f = vmm_frame_push(v, s->post_kind);
    if (!f)
        return;
    f->a[0] = vmd_owner(v);
    f->step = MANIPULATED;
    call_own_begin(v, KIT_VMD_Manipulate_Pointer_Message);
}

// What hooks come before: neither scaled nor rotated, buttons not exchanged.
static void manipulate_pointer_message(struct vmm *v)
{
    (void)v;
}

// VMD does not know where a middle button is (S2A45): BH = 0, it is up.
static void set_middle_button(struct vmm *v)
{
    vmm_regs(v)[X86_EBX] &= ~0xFF00u;
}

// For the pointer of Windows, which is not there; without effect in other VMs (S2A4E).
static void post_absolute_pointer_message(struct vmm *v)
{
    devices_carry(v, false);
}

// EAX = 0: none for the VM in EBX (S2A4C).
static void enable_disable_mouse_events(struct vmm *v)
{
    struct vmd_mouse m;
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!state(v)->area || !devices_vm_or_report(v, vm, "Win95 DDK S2A4C"))
        return;
    vmd_load(v, vm, &m);
    m.disabled = vmm_regs(v)[X86_EAX] == 0;
    vmd_store(v, vm, &m);
}

// ---------------------------------------------------------------------------------------------------------------------
// Drivers that draw the pointer (S2A53-S2A56)

static void set_cursor_proc(struct vmm *v)
{
    struct vmd *s = state(v);
    uint32_t at = vmm_regs(v)[X86_EAX];
    if (!vmm_probe(v, at, KIT_SIZE_CursorProcInfo, false))
        return;
    if (s->cursors < VMD_CURSOR_PROCS)
        s->cursor[s->cursors++] = at;
    else
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "Win95 DDK S2A56",
                   "VMD_Set_Cursor_Proc: there are %u procedures already", (unsigned)VMD_CURSOR_PROCS);
}

// The procedure with the highest priority; false: a page fault was noted.
static bool best_cursor(struct vmm *v, uint32_t *procedure)
{
    const struct vmd *s = state(v);
    int best = -1;
    *procedure = 0;
    for (uint32_t i = 0; i < s->cursors; i++) {
        uint8_t info[KIT_SIZE_CursorProcInfo];
        if (!vmm_get(v, s->cursor[i], info, sizeof info))
            return false;
        if (info[KIT_CPI_Priority] > best) {
            best = info[KIT_CPI_Priority];
            *procedure = base_get32(info + KIT_CursorProcAddress);
        }
    }
    return true;
}

// CF = 1: not supported.
static void cursor_resume(struct vmm *v, struct vmm_frame *f)
{
    bool failed = vmm_flag(v, X86_CF);
    uint32_t eax = vmm_regs(v)[X86_EAX];
    (void)f;
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EAX] = eax;
    devices_carry(v, failed);
}

static const struct vmm_frame_kind cursor_kind = {"the procedure that draws the pointer", cursor_resume, NULL};

// EAX = function, EBX = VM.
static void call_cursor_proc_begin(struct vmm *v)
{
    uint32_t procedure;
    if (!best_cursor(v, &procedure))
        return;
    devices_carry(v, true);
    if (procedure && vmm_frame_push(v, state(v)->cursor_kind))
        vmm_frame_call_begin(v, procedure);
}

// ---------------------------------------------------------------------------------------------------------------------

static void vm_created(struct vmm *v, uint32_t vm)
{
    struct vmd_mouse m = {.scheduled = 0, .disabled = 0};
    vmd_reset(&m);
    vmd_store(v, vm, &m);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        state(v)->area = devices_cb_area(v, sizeof(struct vmd_mouse));
        break;
    case KIT_Device_Init:
        vm_created(v, vmm_system_vm(v));
        vmd_hook_begin(v);
        break;
    case KIT_Init_Complete:
        vmd_ps2_begin(v);
        break;
    case KIT_Create_VM:
        vm_created(v, r[X86_EBX]);
        break;
    case KIT_Set_Device_Focus:
        if (r[X86_EDX] == 0 || r[X86_EDX] == vmd_device.id)
            state(v)->owner = r[X86_EBX];
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VMD_Get_Version, devices_version},
    {KIT_VMD_Set_Mouse_Type, set_mouse_type},
    {KIT_VMD_Get_Mouse_Owner, get_mouse_owner},
    {KIT_VMD_Post_Pointer_Message, post_pointer_message_begin},
    {KIT_VMD_Set_Cursor_Proc, set_cursor_proc},
    {KIT_VMD_Call_Cursor_Proc, call_cursor_proc_begin},
    {KIT_VMD_Set_Mouse_Data, set_mouse_data},
    {KIT_VMD_Get_Mouse_Data, get_mouse_data},
    {KIT_VMD_Manipulate_Pointer_Message, manipulate_pointer_message},
    {KIT_VMD_Set_Middle_Button, set_middle_button},
    {KIT_VMD_Enable_Disable_Mouse_Events, enable_disable_mouse_events},
    {KIT_VMD_Post_Absolute_Pointer_Message, post_absolute_pointer_message},
    {0, NULL},
};

// Procedures that draw the pointer: the structure's address tells whose it is.
static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    if (n >= state(v)->cursors)
        return false;
    *proc = state(v)->cursor[n];
    *what = "VMD's list of procedures that draw the pointer";
    return true;
}

const struct vmm_device vmd_device = {.id = 0x0C,
                                      .version = 0x0400,
                                      .bindings = bindings,
                                      .control = control,
                                      .state_size = sizeof(struct vmd),
                                      .api = api,
                                      .holds = holds};

static bool create(struct vmm *v)
{
    state(v)->post_kind = vmm_frame_kind_add(v, &post_kind);
    state(v)->cursor_kind = vmm_frame_kind_add(v, &cursor_kind);
    return vmd_int33_create(v) && vmd_ps2_create(v);
}

const struct devices_entry vmd_entry = {&vmd_device, create, false, NULL};
