// VDD, the virtual display (VDAG31 Virtual_Display_Device; Win95 DDK S2813-S28D8): message mode on the text screen,
// what it is told about VMs, who has the screen. All VMs show on one text screen, so video memory can always be
// accessed; the VGA's registers are each VM's own (vdd_ports.c). A mini-VDD's functions are called by vdd_mini.c.
#include "devices/vdd.h"

#include "kit/messages.h"
#include "kit/services.h"
#include "vmm/v86mem.h"

#include <string.h>

enum { SCREEN = 0xB8000, COLUMNS = 80, ROWS = 25, CELL = 2, CRTC = 0x3D4 };
enum { FIRST_PAGE = 0xB8, END_PAGE = 0xC0 }; // of the text screen

struct vdd *vdd_state(struct vmm *v)
{
    return vmm_device_state(v, &vdd_device);
}

static struct vdd *state(struct vmm *v)
{
    return vdd_state(v);
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

// The pages of video memory are the same in all VMs, but each VM's page tables know what it wrote.
static bool look_for_changes(struct vmm *v, uint32_t vm)
{
    bool changed = false;
    for (uint32_t page = FIRST_PAGE; page < END_PAGE; page++)
        changed |= vmm_v86_page_written(v, vm, page);
    if (changed)
        vmm_poke32(v, vm + state(v)->area + VDD_MODIFIED, (uint32_t)(vmm_time(v) / 1000000));
    return changed;
}

static void check_update_soon(struct vmm *v)
{
    if (field(v, VDD_MODIFIED, "Win95 DDK S282E"))
        (void)look_for_changes(v, vmm_regs(v)[X86_EBX]);
}

// As exact as VDD's looking: changes since the last look are changes of now.
static void get_mod_time(struct vmm *v)
{
    uint32_t at = field(v, VDD_MODIFIED, "VDAG31 VDD_Get_ModTime");
    if (!at)
        return;
    (void)look_for_changes(v, vmm_regs(v)[X86_EBX]);
    vmm_regs(v)[X86_EAX] = vmm_peek32(v, at);
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

// Who has the screen

uint32_t vdd_crtc_owner(struct vmm *v)
{
    return state(v)->crtc ? state(v)->crtc : vmm_system_vm(v);
}

uint32_t vdd_memc_owner(struct vmm *v)
{
    return state(v)->memc ? state(v)->memc : vmm_system_vm(v);
}

static void get_vm_info(struct vmm *v)
{
    vmm_regs(v)[X86_EDI] = vdd_crtc_owner(v);
    vmm_regs(v)[X86_ESI] = vdd_memc_owner(v);
}

void vdd_load_registers(struct vmm *v, uint32_t vm, struct pc_vga *g)
{
    memset(g, 0, sizeof *g);
    if (!x86_read_linear(vmm_cpu(v), vm + state(v)->area + VDD_REGISTERS, g, sizeof *g, X86_READ, NULL))
        vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

void vdd_store_registers(struct vmm *v, uint32_t vm, const struct pc_vga *g)
{
    if (!x86_write_linear(vmm_cpu(v), vm + state(v)->area + VDD_REGISTERS, g, sizeof *g, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the control block at %08X is not mapped any more", vm);
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages

// Pseudo-VMs are handles that nobody can use but to compare them; a page each, so that a driver that adds the offset of
// its area finds memory there.
static void sys_critical_init_begin(struct vmm *v)
{
    struct vdd *s = state(v);
    s->area = devices_cb_area(v, VDD_AREA);
    s->name = vmm_heap_get(v, 8);
    s->mini = vmm_heap_get(v, 4 * VDD_MINI_FUNCTIONS);
    s->special[VDD_MESSAGE_VM] = vmm_take_pages(v, 1);
    s->special[VDD_PLANAR_VM] = vmm_take_pages(v, 1);
    s->foreground = 7;
    if (!s->area || !s->name || !s->mini || !s->special[VDD_MESSAGE_VM] || !s->special[VDD_PLANAR_VM]) {
        vmm_stop(v, VMM_END_FAULT, "no memory for VDD");
        return;
    }
    (void)!vmm_put(v, s->name, "VXDKIT  ", 8);
}

static void vm_created(struct vmm *v, uint32_t vm)
{
    struct pc_vga g;
    pc_vga_init(&g);
    vdd_store_registers(v, vm, &g);
}

static void control_vm(struct vmm *v, uint32_t message, uint32_t vm, uint32_t device)
{
    if (message == KIT_Create_VM)
        vm_created(v, vm);
    else if (message == KIT_Destroy_VM && (vdd_crtc_owner(v) == vm || vdd_memc_owner(v) == vm))
        vdd_owner_gone_begin(v);
    else if (message == KIT_Set_Device_Focus && (device == 0 || device == vdd_device.id))
        vdd_focus_begin(v, vm);
}

static void control(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    devices_carry(v, false);
    switch (r[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        sys_critical_init_begin(v);
        break;
    case KIT_Device_Init:
        vdd_trap_ports_begin(v);
        vdd_hook_int2f_begin(v);
        break;
    case KIT_Init_Complete:
        state(v)->complete = 1;
        vdd_introduce_begin(v);
        break;
    case KIT_Begin_Message_Mode:
    case KIT_End_Message_Mode:
        state(v)->message_vm = r[X86_EAX] == KIT_Begin_Message_Mode ? r[X86_EBX] : 0;
        vdd_message_begin(v, r[X86_EAX] == KIT_Begin_Message_Mode);
        break;
    case KIT_PNP_New_Devnode:
        vdd_node_begin(v);
        break;
    default:
        control_vm(v, r[X86_EAX], r[X86_EBX], r[X86_EDX]);
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VDD_Get_Version, get_version},
    {KIT_VDD_PIF_State, pif_state},
    {KIT_VDD_Hide_Cursor, hide_cursor},
    {KIT_VDD_Set_VMType, set_vm_type},
    {KIT_VDD_Get_ModTime, get_mod_time},
    {KIT_VDD_Set_HCurTrk, set_hcur_trk},
    {KIT_VDD_Msg_ClrScrn, msg_clr_scrn},
    {KIT_VDD_Msg_ForColor, msg_for_color},
    {KIT_VDD_Msg_BakColor, msg_bak_color},
    {KIT_VDD_Msg_TextOut, msg_text_out},
    {KIT_VDD_Msg_SetCursPos, msg_set_curs_pos},
    {KIT_VDD_Query_Access, query_access},
    {KIT_VDD_Check_Update_Soon, check_update_soon},
    {KIT_VDD_Get_VM_Info, get_vm_info},
    {0, NULL},
};

// A mini-VDD's functions, then the ports it took over.
static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    const struct vdd *s = state(v);
    bool function = n < VDD_MINI_FUNCTIONS;
    if (n >= VDD_MINI_FUNCTIONS + VDD_PORTS)
        return false;
    *proc = function ? vdd_hook(v, n) : s->takeover[n - VDD_MINI_FUNCTIONS];
    *what = function ? "VDD's table of a mini-VDD's functions" : "a port of the VGA";
    return true;
}

const struct vmm_device vdd_device = {.id = 0x0A,
                                      .version = 0x0400,
                                      .bindings = bindings,
                                      .control = control,
                                      .state_size = sizeof(struct vdd),
                                      .holds = holds,
                                      .api = vdd_api_begin};

static bool create(struct vmm *v)
{
    return vdd_mini_create(v) && vdd_ports_create(v) && vdd_api_create(v) && vdd_info_create(v);
}

static const struct vmm_binding *const more[] = {vdd_mini_bindings, vdd_ports_bindings, vdd_info_bindings, NULL};

const struct devices_entry vdd_entry = {&vdd_device, create, false, more};
