// VDD, the virtual display (VDAG31 Virtual_Display_Device): message mode on the text screen, what it is told about VMs,
// and the table into which a mini-VDD puts its functions. There is one text screen, which all VMs share, so video
// memory can always be accessed; the functions of a mini-VDD are kept but nothing calls them.
#include "devices/call.h"
#include "devices/common.h"

#include "kit/messages.h"
#include "kit/services.h"

#include <string.h>

enum { SCREEN = 0xB8000, COLUMNS = 80, ROWS = 25, CELL = 2, CRTC = 0x3D4 };
enum { MINI_FUNCTIONS = 256 }; // more than any mini-VDD looks for
// Of a VM, in its control block.
enum { VDD_HIDDEN = 0, VDD_WINDOWED = 4, VDD_PIF = 8, VDD_TRACKS = 12, VDD_AREA = 16 };

struct vdd {
    uint32_t area;
    uint32_t message_vm; // Begin_Message_Mode, 0 = none
    uint32_t name;       // guest address of the identifier
    uint32_t mini;       // guest address of the mini-VDD's functions
    uint8_t foreground, background;
};

extern const struct vmm_device vdd_device;

static struct vdd *state(struct vmm *v)
{
    return vmm_device_state(v, &vdd_device);
}

static void get_version(struct vmm *v)
{
    devices_version(v);
    vmm_regs(v)[X86_ESI] = state(v)->name;
}

// ---------------------------------------------------------------------------------------------------------------------
// What VDD is told about a VM

// Offset of the VM in EBX's field; 0 = no VM.
static uint32_t field(struct vmm *v, uint32_t offset, const char *page)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    return state(v)->area && devices_vm_or_report(v, vm, page) ? vm + state(v)->area + offset : 0;
}

static void pif_state(struct vmm *v)
{
    uint32_t at = field(v, VDD_PIF, "VDAG31 VDD_PIF_State");
    if (at)
        vmm_poke32(v, at, vmm_regs(v)[X86_EAX] & 0xFFFF);
}

static void set_vm_type(struct vmm *v)
{
    uint32_t at = field(v, VDD_WINDOWED, "VDAG31 VDD_Set_VMType");
    if (at)
        vmm_poke32(v, at, vmm_regs(v)[X86_EAX] != 0);
}

bool vdd_windowed(struct vmm *v, uint32_t vm)
{
    return state(v)->area && vmm_peek32(v, vm + state(v)->area + VDD_WINDOWED);
}

// Hides count: as many calls show the cursor again.
static void hide_cursor(struct vmm *v)
{
    uint32_t at = field(v, VDD_HIDDEN, "VDAG31 VDD_Hide_Cursor");
    uint32_t hidden = at ? vmm_peek32(v, at) : 0;
    if (at)
        vmm_poke32(v, at, vmm_regs(v)[X86_EAX] ? hidden + 1 : hidden - (hidden != 0));
}

static void set_hcur_trk(struct vmm *v)
{
    uint32_t at = field(v, VDD_TRACKS, "VDAG31 VDD_Set_HCurTrk");
    if (at)
        vmm_poke32(v, at, 1);
}

static void query_access(struct vmm *v)
{
    devices_carry(v, !devices_vm_or_report(v, vmm_regs(v)[X86_EBX], "VDAG31 VDD_Query_Access"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Message mode

static bool message_mode(struct vmm *v, const char *service)
{
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!devices_vm_or_report(v, vm, "VDAG31 VDD_Msg_ClrScrn"))
        return false;
    if (state(v)->message_vm == vm)
        return true;
    vmm_report(v, "not-message-mode", vmm_cpu(v)->state.eip, "VDAG31 VDD_Msg_ClrScrn",
               "%s before Begin_Message_Mode was sent for this virtual machine", service);
    return false;
}

static void put_cell(struct vmm *v, uint32_t row, uint32_t column, uint8_t character)
{
    const struct vdd *s = state(v);
    const uint8_t cell[CELL] = {character, (uint8_t)(s->background << 4 | s->foreground)};
    if (row < ROWS && column < COLUMNS &&
        !x86_memory_store(vmm_cpu(v)->memory, SCREEN + (row * COLUMNS + column) * CELL, cell, CELL))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for the screen");
}

static void msg_clr_scrn(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    if (!message_mode(v, "VDD_Msg_ClrScrn"))
        return;
    state(v)->background = r[X86_EAX] & 0x0F;
    for (uint32_t i = 0; i < ROWS * COLUMNS; i++)
        put_cell(v, i / COLUMNS, i % COLUMNS, ' ');
    r[X86_EAX] = COLUMNS;
    r[X86_EDX] = ROWS;
}

static void msg_for_color(struct vmm *v)
{
    if (message_mode(v, "VDD_Msg_ForColor"))
        state(v)->foreground = vmm_regs(v)[X86_EAX] & 0x0F;
}

static void msg_bak_color(struct vmm *v)
{
    if (message_mode(v, "VDD_Msg_BakColor"))
        state(v)->background = vmm_regs(v)[X86_EAX] & 0x0F;
}

// ESI, ECX = text, EAX = row, EDX = column. What is beyond the edge is not seen.
static void msg_text_out(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t room = r[X86_EDX] < COLUMNS ? COLUMNS - r[X86_EDX] : 0, n = r[X86_ECX] < room ? r[X86_ECX] : room;
    uint8_t text[COLUMNS];
    if (!message_mode(v, "VDD_Msg_TextOut") || !vmm_get(v, r[X86_ESI], text, n))
        return;
    for (uint32_t i = 0; i < n; i++)
        put_cell(v, r[X86_EAX], r[X86_EDX] + i, text[i]);
}

static void msg_set_curs_pos(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    if (!message_mode(v, "VDD_Msg_SetCursPos"))
        return;
    const uint8_t position[2] = {(uint8_t)r[X86_EDX], (uint8_t)r[X86_EAX]}; // the BIOS's: column, row of page 0
    if (!x86_memory_store(vmm_cpu(v)->memory, 0x450, position, sizeof position))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for the screen");
}

// ---------------------------------------------------------------------------------------------------------------------

// EDI -> functions, ECX = how many (Win98 DDK display_1fck; which register holds which is not documented).
static void get_mini_dispatch_table(struct vmm *v)
{
    vmm_regs(v)[X86_EDI] = state(v)->mini;
    vmm_regs(v)[X86_ECX] = state(v)->mini ? MINI_FUNCTIONS : 0;
}

static void sys_critical_init(struct vmm *v)
{
    struct vdd *s = state(v);
    s->area = devices_cb_area(v, VDD_AREA);
    s->name = vmm_heap_get(v, 8);
    s->mini = vmm_heap_get(v, 4 * MINI_FUNCTIONS);
    s->foreground = 7;
    if (!s->name || !s->mini)
        vmm_stop(v, VMM_END_FAULT, "no memory for VDD");
    else
        (void)!vmm_put(v, s->name, "VXDKIT  ", 8);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    if (r[X86_EAX] == KIT_Sys_Critical_Init)
        sys_critical_init(v);
    else if (r[X86_EAX] == KIT_Begin_Message_Mode)
        state(v)->message_vm = r[X86_EBX];
    else if (r[X86_EAX] == KIT_End_Message_Mode)
        state(v)->message_vm = 0;
}

static const struct vmm_binding bindings[] = {
    {KIT_VDD_Get_Version, get_version},
    {KIT_VDD_PIF_State, pif_state},
    {KIT_VDD_Hide_Cursor, hide_cursor},
    {KIT_VDD_Set_VMType, set_vm_type},
    {KIT_VDD_Set_HCurTrk, set_hcur_trk},
    {KIT_VDD_Msg_ClrScrn, msg_clr_scrn},
    {KIT_VDD_Msg_ForColor, msg_for_color},
    {KIT_VDD_Msg_BakColor, msg_bak_color},
    {KIT_VDD_Msg_TextOut, msg_text_out},
    {KIT_VDD_Msg_SetCursPos, msg_set_curs_pos},
    {KIT_VDD_Query_Access, query_access},
    {KIT_VDD_Get_Mini_Dispatch_Table, get_mini_dispatch_table},
    {0, NULL},
};

const struct vmm_device vdd_device = {
    .id = 0x0A, .version = 0x0400, .bindings = bindings, .control = control, .state_size = sizeof(struct vdd)};

const struct devices_entry vdd_entry = {&vdd_device, NULL, false, NULL};
