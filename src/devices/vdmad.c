// VDMAD, the virtual DMA controller (VDAG31 Virtual_DMA_Device): channels and what drivers program into them, and the
// one DMA buffer.
#include "devices/vdmad.h"

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"

enum { USUAL_BUFFER = 4 }; // pages, when nobody asks for more

struct vdmad *vdmad_state(struct vmm *v)
{
    return vmm_device_state(v, &vdmad_device);
}

struct vdmad_channel *vdmad_find_eax(struct vmm *v)
{
    uint32_t handle = vmm_regs(v)[X86_EAX];
    for (unsigned i = 0; handle && i < VDMAD_CHANNELS; i++) {
        if (vdmad_state(v)->channel[i].handle == handle)
            return &vdmad_state(v)->channel[i];
    }
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 VDMAD_Virtualize_Channel",
               "%08X is not the handle of a DMA channel", handle);
    return NULL;
}

unsigned vdmad_number(struct vmm *v, const struct vdmad_channel *c)
{
    return (unsigned)(c - vdmad_state(v)->channel);
}

// ---------------------------------------------------------------------------------------------------------------------
// Channels

static void virtualize_channel(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), n = r[X86_EAX];
    struct vdmad *s = vdmad_state(v);
    devices_carry(v, true);
    if (n >= VDMAD_CHANNELS || n == VDMAD_CASCADE || s->channel[n].handle)
        return;
    s->channel[n].handle = ++s->ids << 4 | n;
    s->channel[n].callback = r[X86_ESI];
    r[X86_EAX] = s->channel[n].handle;
    devices_carry(v, false);
}

static void unvirtualize_channel(struct vmm *v)
{
    struct vdmad_channel *c = vdmad_find_eax(v);
    if (c)
        c->handle = 0;
}

static void get_region_info(struct vmm *v)
{
    const struct vdmad_channel *c = vdmad_find_eax(v);
    uint32_t *r = vmm_regs(v);
    if (!c)
        return;
    r[X86_EBX] = (r[X86_EBX] & 0xFFFF0000) | c->buffer | (uint32_t)c->locked << 8;
    r[X86_ESI] = c->linear;
    r[X86_ECX] = c->bytes;
}

static void set_region_info(struct vmm *v)
{
    struct vdmad_channel *c = vdmad_find_eax(v);
    const uint32_t *r = vmm_regs(v);
    if (!c)
        return;
    c->buffer = (uint8_t)r[X86_EBX];
    c->locked = (uint8_t)(r[X86_EBX] >> 8);
    c->linear = r[X86_ESI];
    c->bytes = r[X86_ECX];
    c->physical = r[X86_EDX];
}

// EAX = channel, EBX = handle: the page names both, and they must be of one channel.
static struct vdmad_channel *eisa_channel(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    struct vdmad_channel *c = r[X86_EAX] < VDMAD_CHANNELS ? &vdmad_state(v)->channel[r[X86_EAX]] : NULL;
    if (c && c->handle && c->handle == r[X86_EBX])
        return c;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 VDMAD_Set_EISA_Adr_Mode",
               "%08X is not the handle of DMA channel %u", r[X86_EBX], r[X86_EAX]);
    return NULL;
}

static void get_eisa_adr_mode(struct vmm *v)
{
    const struct vdmad_channel *c = eisa_channel(v);
    uint32_t *ecx = &vmm_regs(v)[X86_ECX];
    if (c)
        *ecx = (*ecx & ~0xFFu) | c->address_mode;
}

static void set_eisa_adr_mode(struct vmm *v)
{
    struct vdmad_channel *c = eisa_channel(v);
    uint32_t mode = vmm_regs(v)[X86_ECX] & 0xFF;
    if (mode > 3)
        vmm_report(v, "input-range", vmm_cpu(v)->state.eip, "VDAG31 VDMAD_Set_EISA_Adr_Mode", "mode %u", mode);
    else if (c)
        c->address_mode = (uint8_t)mode;
}

// ---------------------------------------------------------------------------------------------------------------------
// The controllers

void vdmad_out(struct vmm *v, uint16_t port, uint32_t value)
{
    if (!pc_port_out(devices_board(v), port, 1, vmm_time(v), value & 0xFF))
        vmm_stop(v, VMM_END_FAULT, "the board has no port %04X", port);
}

// Register n (8237 numbering) of the channel's controller.
static void out_register(struct vmm *v, unsigned channel, unsigned n, uint32_t value)
{
    vdmad_out(v, (uint16_t)(channel < VDMAD_CASCADE ? n : 0xC0 + 2 * n), value);
}

void vdmad_set_mask(struct vmm *v, const struct vdmad_channel *c, bool masked)
{
    unsigned n = vdmad_number(v, c);
    out_register(v, n, 10, (n & 3) | (masked ? 4u : 0));
    devices_board_changed(v); // a device may have waited for it
}

void vdmad_request(struct vmm *v, const struct vdmad_channel *c)
{
    unsigned n = vdmad_number(v, c);
    out_register(v, n, 9, (n & 3) | 4u);
    devices_board_changed(v);
}

uint16_t vdmad_page_port(unsigned channel)
{
    static const uint8_t pages[VDMAD_CHANNELS] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};
    return pages[channel];
}

// Channels 5 to 7 count words, and their pages are 128 KB, unless EISA's registers say otherwise.
void vdmad_program(struct vmm *v, struct vdmad_channel *c, uint32_t vm, uint32_t mode)
{
    c->shown_to = vm;
    unsigned n = vdmad_number(v, c), words = c->address_mode == 1;
    uint32_t address = c->physical >> words, count = (c->bytes >> words) - 1;
    out_register(v, n, 12, 0); // from the low byte
    out_register(v, n, 11, (mode & 0xFC) | (n & 3));
    out_register(v, n, 2 * (n & 3), address);
    out_register(v, n, 2 * (n & 3), address >> 8);
    out_register(v, n, 2 * (n & 3) + 1, count);
    out_register(v, n, 2 * (n & 3) + 1, count >> 8);
    vdmad_out(v, vdmad_page_port(n), c->physical >> 16 & (words ? 0xFE : 0xFF));
}

static void set_phys_state(struct vmm *v)
{
    struct vdmad_channel *c = vdmad_find_eax(v);
    if (c)
        vdmad_program(v, c, vmm_regs(v)[X86_EBX], vmm_regs(v)[X86_EDX]);
}

static void mask_channel(struct vmm *v)
{
    const struct vdmad_channel *c = vdmad_find_eax(v);
    if (c)
        vdmad_set_mask(v, c, true);
}

static void unmask_channel(struct vmm *v)
{
    const struct vdmad_channel *c = vdmad_find_eax(v);
    if (c)
        vdmad_set_mask(v, c, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// The buffer: contiguous pages below 16 MB, taken at Init_Complete for who reserved them

static void reserve_buffer_space(struct vmm *v)
{
    struct vdmad *s = vdmad_state(v);
    const uint32_t *r = vmm_regs(v);
    if (r[X86_EAX] > s->reserve)
        s->reserve = r[X86_EAX];
    if (r[X86_ECX] && (!s->reserve_below || r[X86_ECX] < s->reserve_below))
        s->reserve_below = r[X86_ECX];
}

static void buffer_error(struct vmm *v, uint32_t error)
{
    uint32_t *r = vmm_regs(v);
    r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | error;
    devices_carry(v, true);
}

bool vdmad_take_buffer(struct vmm *v, uint32_t linear, uint32_t bytes, uint32_t *error)
{
    struct vdmad *s = vdmad_state(v);
    *error = s->taken ? KIT_DMA_Buffer_In_Use : bytes > s->buffer_bytes ? KIT_DMA_Buffer_Too_Small : 0;
    if (*error)
        return false;
    s->taken = 1;
    s->user = linear;
    return true;
}

static void request_buffer(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), error;
    if (!vdmad_take_buffer(v, r[X86_ESI], r[X86_ECX], &error)) {
        buffer_error(v, error);
        return;
    }
    r[X86_EBX] = VDMAD_BUFFER_ID;
    r[X86_EDX] = vdmad_state(v)->buffer_physical;
    devices_carry(v, false);
}

static bool buffer_taken(struct vmm *v)
{
    if (vmm_regs(v)[X86_EBX] == VDMAD_BUFFER_ID && vdmad_state(v)->taken)
        return true;
    buffer_error(v, KIT_DMA_Invalid_Buffer);
    return false;
}

static void release_buffer(struct vmm *v)
{
    if (!buffer_taken(v))
        return;
    vdmad_state(v)->taken = 0;
    devices_carry(v, false);
}

// EBX = id, ESI = memory, EDI = offset in the buffer, ECX = bytes. All of it is probed before the first byte moves.
static void copy(struct vmm *v, bool to_buffer)
{
    const uint32_t *r = vmm_regs(v);
    const struct vdmad *s = vdmad_state(v);
    if (!buffer_taken(v))
        return;
    if (r[X86_EDI] > s->buffer_bytes || r[X86_ECX] > s->buffer_bytes - r[X86_EDI]) {
        buffer_error(v, KIT_DMA_Copy_Out_Range);
        return;
    }
    uint32_t buffer = s->buffer + r[X86_EDI], from = to_buffer ? r[X86_ESI] : buffer,
             to = to_buffer ? buffer : r[X86_ESI];
    if (!vmm_probe(v, from, r[X86_ECX], false) || !vmm_probe(v, to, r[X86_ECX], true))
        return;
    if (devices_copy(v, to, from, r[X86_ECX]))
        devices_carry(v, false);
}

static void copy_to_buffer(struct vmm *v)
{
    copy(v, true);
}

static void copy_from_buffer(struct vmm *v)
{
    copy(v, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages

static void buffer_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    struct vdmad *s = vdmad_state(v);
    uint32_t linear = vmm_regs(v)[X86_EAX];
    vmm_frame_pop_all(v);
    devices_carry(v, false);
    s->buffer = linear;
    if (linear && x86_translate(vmm_cpu(v), linear, &s->buffer_physical))
        s->buffer_bytes = s->reserve * X86_PAGE_SIZE;
}

static const struct vmm_frame_kind buffer_kind = {"VDMAD's buffer", buffer_resume, NULL};

// _PageAllocate(nPages, PG_SYS, VM, alignment, lowest, highest physical page, &physical, flags)
static void take_buffer_begin(struct vmm *v)
{
    const struct vdmad *s = vdmad_state(v);
    uint32_t highest = s->reserve_below ? s->reserve_below >> 12 : 0x1000;
    const uint32_t args[8] = {
        s->reserve, KIT_PG_SYS,  0, 0x0F,
        0,          highest - 1, 0, KIT_PAGEUSEALIGN | KIT_PAGECONTIG | KIT_PAGEFIXED | KIT_PAGEZEROINIT};
    if (vmm_frame_push(v, s->buffer_kind))
        devices_call_c_begin(v, KIT__PageAllocate, 8, args);
}

static void control(struct vmm *v)
{
    devices_carry(v, false);
    switch (vmm_regs(v)[X86_EAX]) {
    case KIT_Sys_Critical_Init:
        vdmad_state(v)->area = devices_cb_area(v, VDMAD_AREA);
        vdmad_vm_created(v, vmm_system_vm(v));
        break;
    case KIT_Device_Init:
        vdmad_trap_begin(v);
        vdmad_vds_hook_begin(v);
        break;
    case KIT_Create_VM:
        vdmad_vm_created(v, vmm_regs(v)[X86_EBX]);
        break;
    case KIT_Destroy_VM:
        vdmad_vm_destroyed(v, vmm_regs(v)[X86_EBX]);
        vdmad_vds_vm_destroyed(v, vmm_regs(v)[X86_EBX]);
        break;
    case KIT_Init_Complete:
        if (!vdmad_state(v)->reserve)
            vdmad_state(v)->reserve = USUAL_BUFFER;
        take_buffer_begin(v);
        break;
    default:
        break;
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_VDMAD_Get_Version, devices_version},
    {KIT_VDMAD_Virtualize_Channel, virtualize_channel},
    {KIT_VDMAD_Unvirtualize_Channel, unvirtualize_channel},
    {KIT_VDMAD_Get_Region_Info, get_region_info},
    {KIT_VDMAD_Set_Region_Info, set_region_info},
    {KIT_VDMAD_Get_Virt_State, vdmad_get_virt_state},
    {KIT_VDMAD_Set_Virt_State, vdmad_set_virt_state},
    {KIT_VDMAD_Set_Phys_State, set_phys_state},
    {KIT_VDMAD_Mask_Channel, mask_channel},
    {KIT_VDMAD_UnMask_Channel, unmask_channel},
    {KIT_VDMAD_Phys_Mask_Channel, mask_channel},
    {KIT_VDMAD_Phys_Unmask_Channel, unmask_channel},
    {KIT_VDMAD_Lock_DMA_Region, vdmad_lock_dma_region_begin},
    {KIT_VDMAD_Unlock_DMA_Region, vdmad_unlock_dma_region_begin},
    {KIT_VDMAD_Unlock_DMA_Region_No_Dirty, vdmad_unlock_dma_region_begin},
    {KIT_VDMAD_Scatter_Lock, vdmad_scatter_lock_begin},
    {KIT_VDMAD_Scatter_Unlock, vdmad_scatter_unlock_begin},
    {KIT_VDMAD_Default_Handler, vdmad_default_handler_begin},
    {KIT_VDMAD_Get_EISA_Adr_Mode, get_eisa_adr_mode},
    {KIT_VDMAD_Set_EISA_Adr_Mode, set_eisa_adr_mode},
    {KIT_VDMAD_Reserve_Buffer_Space, reserve_buffer_space},
    {KIT_VDMAD_Request_Buffer, request_buffer},
    {KIT_VDMAD_Release_Buffer, release_buffer},
    {KIT_VDMAD_Copy_To_Buffer, copy_to_buffer},
    {KIT_VDMAD_Copy_From_Buffer, copy_from_buffer},
    {KIT_VDMAD_Disable_Translation, vdmad_disable_translation},
    {KIT_VDMAD_Enable_Translation, vdmad_enable_translation},
    {0, NULL},
};

static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    if (n >= VDMAD_CHANNELS)
        return false;
    const struct vdmad_channel *c = &vdmad_state(v)->channel[n];
    *proc = c->handle ? c->callback : 0;
    *what = "a virtualized DMA channel";
    return true;
}

const struct vmm_device vdmad_device = {.id = 4,
                                        .version = 0x0400,
                                        .bindings = bindings,
                                        .control = control,
                                        .state_size = sizeof(struct vdmad),
                                        .holds = holds};

static bool create(struct vmm *v)
{
    struct vdmad *s = vdmad_state(v);
    s->buffer_kind = vmm_frame_kind_add(v, &buffer_kind);
    for (unsigned n = 0; n < VDMAD_CHANNELS; n++)
        s->channel[n].address_mode = n > VDMAD_CASCADE;
    vdmad_lock_create(v);
    vdmad_virt_create(v);
    return vdmad_vds_create(v);
}

const struct devices_entry vdmad_entry = {&vdmad_device, create, false, NULL};
