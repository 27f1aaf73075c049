// VDMAD, the virtual DMA controller (VDAG31 Virtual_DMA_Device): channels and what drivers program into them, lockable
// regions, and the one DMA buffer. VMs' own accesses to the controllers' ports go to the board, so a virtual state is
// what a driver gave it, and the default handler is never needed.
#include "devices/call.h"
#include "devices/common.h"

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"

enum { CHANNELS = 8, CASCADE = 4, BUFFER_ID = 1 };

// Per VM and channel, in the control block: address, bytes, mode | extended mode << 8, translation disabled (count).
enum { STATE_ADDRESS = 0, STATE_BYTES = 4, STATE_MODE = 8, STATE_DISABLED = 12, STATE_SIZE = 16 };

struct vdmad_channel {
    uint32_t handle; // 0: not virtualized
    uint32_t callback;
    uint32_t linear, bytes, physical; // region
    uint8_t buffer, locked;
};

struct vdmad {
    struct vdmad_channel channel[CHANNELS];
    uint32_t ids;
    uint32_t area;
    uint32_t reserve, reserve_below; // pages asked for, highest address
    uint32_t buffer, buffer_physical, buffer_bytes;
    uint32_t user; // linear address that the buffer stands for while it is taken
    uint8_t taken;
    uint16_t buffer_kind, lock_kind, unlock_kind;
};

extern const struct vmm_device vdmad_device;

static struct vdmad *state(struct vmm *v)
{
    return vmm_device_state(v, &vdmad_device);
}

static struct vdmad_channel *find_eax(struct vmm *v)
{
    uint32_t handle = vmm_regs(v)[X86_EAX];
    for (unsigned i = 0; handle && i < CHANNELS; i++) {
        if (state(v)->channel[i].handle == handle)
            return &state(v)->channel[i];
    }
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, "VDAG31 VDMAD_Virtualize_Channel",
               "%08X is not the handle of a DMA channel", handle);
    return NULL;
}

static unsigned number_of(struct vmm *v, const struct vdmad_channel *c)
{
    return (unsigned)(c - state(v)->channel);
}

// ---------------------------------------------------------------------------------------------------------------------
// Channels

static void virtualize_channel(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), n = r[X86_EAX];
    struct vdmad *s = state(v);
    devices_carry(v, true);
    if (n >= CHANNELS || n == CASCADE || s->channel[n].handle)
        return;
    s->channel[n] = (struct vdmad_channel){.handle = ++s->ids << 4 | n, .callback = r[X86_ESI]};
    r[X86_EAX] = s->channel[n].handle;
    devices_carry(v, false);
}

static void unvirtualize_channel(struct vmm *v)
{
    struct vdmad_channel *c = find_eax(v);
    if (c)
        c->handle = 0;
}

static void get_region_info(struct vmm *v)
{
    const struct vdmad_channel *c = find_eax(v);
    uint32_t *r = vmm_regs(v);
    if (!c)
        return;
    r[X86_EBX] = (r[X86_EBX] & 0xFFFF0000) | c->buffer | (uint32_t)c->locked << 8;
    r[X86_ESI] = c->linear;
    r[X86_ECX] = c->bytes;
}

static void set_region_info(struct vmm *v)
{
    struct vdmad_channel *c = find_eax(v);
    const uint32_t *r = vmm_regs(v);
    if (!c)
        return;
    c->buffer = (uint8_t)r[X86_EBX];
    c->locked = (uint8_t)(r[X86_EBX] >> 8);
    c->linear = r[X86_ESI];
    c->bytes = r[X86_ECX];
    c->physical = r[X86_EDX];
}

// EAX = handle, EBX = VM; 0 when one of them is wrong.
static uint32_t virtual_state(struct vmm *v)
{
    const struct vdmad_channel *c = find_eax(v);
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!c)
        return 0;
    if (!devices_vm_or_report(v, vm, "VDAG31 VDMAD_Get_Virt_State"))
        return 0;
    return vm + state(v)->area + number_of(v, c) * STATE_SIZE;
}

static void get_virt_state(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), at = virtual_state(v);
    if (!at)
        return;
    r[X86_ESI] = vmm_peek32(v, at + STATE_ADDRESS);
    r[X86_ECX] = vmm_peek32(v, at + STATE_BYTES);
    r[X86_EDX] = (r[X86_EDX] & 0xFFFF0000) | (vmm_peek32(v, at + STATE_MODE) & 0xFFFF);
}

static void set_virt_state(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t at = virtual_state(v);
    if (!at)
        return;
    vmm_poke32(v, at + STATE_ADDRESS, r[X86_ESI]);
    vmm_poke32(v, at + STATE_BYTES, r[X86_ECX]);
    vmm_poke32(v, at + STATE_MODE, r[X86_EDX] & 0xFFFF);
}

static void disable_translation(struct vmm *v)
{
    uint32_t at = virtual_state(v);
    devices_carry(v, !at);
    if (at)
        vmm_poke32(v, at + STATE_DISABLED, vmm_peek32(v, at + STATE_DISABLED) + 1);
}

static void enable_translation(struct vmm *v)
{
    uint32_t at = virtual_state(v);
    if (!at)
        return;
    uint32_t disabled = vmm_peek32(v, at + STATE_DISABLED);
    if (disabled)
        vmm_poke32(v, at + STATE_DISABLED, disabled - 1);
    devices_carry(v, disabled == 0);
    vmm_set_flag(v, X86_ZF, disabled != 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// The controllers

static void out(struct vmm *v, uint16_t port, uint32_t value)
{
    if (!pc_port_out(devices_board(v), port, 1, vmm_time(v), value & 0xFF))
        vmm_stop(v, VMM_END_FAULT, "the board has no port %04X", port);
}

// Register n (8237 numbering) of the channel's controller.
static void out_register(struct vmm *v, unsigned channel, unsigned n, uint32_t value)
{
    out(v, (uint16_t)(channel < CASCADE ? n : 0xC0 + 2 * n), value);
}

static void set_mask(struct vmm *v, const struct vdmad_channel *c, bool masked)
{
    unsigned n = number_of(v, c);
    out_register(v, n, 10, (n & 3) | (masked ? 4u : 0));
}

// Channels 5 to 7 count words, and their pages are 128 KB.
static void set_phys_state(struct vmm *v)
{
    static const uint8_t pages[CHANNELS] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};
    const struct vdmad_channel *c = find_eax(v);
    if (!c)
        return;
    unsigned n = number_of(v, c), words = n > CASCADE;
    uint32_t address = c->physical >> words, count = (c->bytes >> words) - 1;
    out_register(v, n, 12, 0); // from the low byte
    out_register(v, n, 11, (vmm_regs(v)[X86_EDX] & 0xFC) | (n & 3));
    out_register(v, n, 2 * (n & 3), address);
    out_register(v, n, 2 * (n & 3), address >> 8);
    out_register(v, n, 2 * (n & 3) + 1, count);
    out_register(v, n, 2 * (n & 3) + 1, count >> 8);
    out(v, pages[n], c->physical >> 16 & (words ? 0xFE : 0xFF));
}

static void mask_channel(struct vmm *v)
{
    const struct vdmad_channel *c = find_eax(v);
    if (c)
        set_mask(v, c, true);
}

static void unmask_channel(struct vmm *v)
{
    const struct vdmad_channel *c = find_eax(v);
    if (c)
        set_mask(v, c, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// Locking: _LinPageLock, then a look at where the pages lie. Frame: a[0] linear, a[1] bytes, a[2] boundary, a[3] error,
// a[4] bytes that could be locked.

enum { LOCKING, UNLOCKING };

static uint32_t pages_of(uint32_t linear, uint32_t bytes)
{
    return (uint32_t)(((uint64_t)(linear & 0xFFF) + bytes + 0xFFF) >> 12);
}

// Bytes from `linear` on whose physical addresses follow each other and do not cross the boundary; *error says what
// ends them early.
static uint32_t contiguous(struct vmm *v, const struct vmm_frame *f, uint32_t *physical, uint32_t *error)
{
    uint32_t linear = f->a[0], done = 0, at;
    *error = KIT_DMA_Lock_Failed;
    if (!x86_translate(vmm_cpu(v), linear, physical))
        return 0;
    while (done < f->a[1]) {
        uint32_t step = X86_PAGE_SIZE - ((linear + done) & (X86_PAGE_SIZE - 1));
        *error = KIT_DMA_Not_Contiguous;
        if (!x86_translate(vmm_cpu(v), linear + done, &at) || at != *physical + done)
            return done;
        *error = KIT_DMA_Not_Aligned;
        if (done && f->a[2] && at % f->a[2] == 0)
            return done;
        done = step < f->a[1] - done ? done + step : f->a[1];
    }
    *error = 0;
    return done;
}

static void lock_failed(struct vmm *v, uint32_t error, uint32_t bytes)
{
    uint32_t *r = vmm_regs(v);
    vmm_frame_pop_all(v);
    r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | error;
    r[X86_ECX] = bytes;
    devices_carry(v, true);
}

static void lock_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t physical = 0, pages[3] = {f->a[0] >> 12, pages_of(f->a[0], f->a[1]), 0};
    if (f->step == UNLOCKING) {
        lock_failed(v, f->a[3], f->a[4]);
        return;
    }
    if (!vmm_regs(v)[X86_EAX]) {
        lock_failed(v, KIT_DMA_Lock_Failed, 0);
        return;
    }
    f->a[4] = contiguous(v, f, &physical, &f->a[3]);
    if (f->a[3]) {
        f->step = UNLOCKING;
        devices_call_c_begin(v, KIT__LinPageUnLock, 3, pages);
        return;
    }
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_EDX] = physical;
    devices_carry(v, false);
}

static const struct vmm_frame_kind lock_kind = {"locking a DMA region", lock_resume, NULL};

static void lock_dma_region_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t alignment = r[X86_EDX] & 0xFF, linear = r[X86_ESI], bytes = r[X86_ECX];
    struct vmm_frame *f = vmm_frame_push(v, state(v)->lock_kind);
    if (!f)
        return;
    f->a[0] = linear;
    f->a[1] = bytes;
    f->a[2] = alignment == 1 ? 0x10000 : alignment == 2 ? 0x20000 : 0;
    f->step = LOCKING;
    devices_call_c_begin(v, KIT__LinPageLock, 3, (const uint32_t[]){linear >> 12, pages_of(linear, bytes), 0});
}

static void unlock_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    bool failed = vmm_regs(v)[X86_EAX] == 0;
    vmm_frame_pop_all(v);
    devices_carry(v, failed);
}

static const struct vmm_frame_kind unlock_kind = {"unlocking a DMA region", unlock_resume, NULL};

static void unlock_dma_region_begin(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t linear = r[X86_ESI], bytes = r[X86_ECX];
    if (vmm_frame_push(v, state(v)->unlock_kind))
        devices_call_c_begin(v, KIT__LinPageUnLock, 3, (const uint32_t[]){linear >> 12, pages_of(linear, bytes), 0});
}

// ---------------------------------------------------------------------------------------------------------------------
// The buffer: contiguous pages below 16 MB, taken at Init_Complete for who reserved them

static void reserve_buffer_space(struct vmm *v)
{
    struct vdmad *s = state(v);
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

static void request_buffer(struct vmm *v)
{
    struct vdmad *s = state(v);
    uint32_t *r = vmm_regs(v);
    if (s->taken) {
        buffer_error(v, KIT_DMA_Buffer_In_Use);
    } else if (r[X86_ECX] > s->buffer_bytes) {
        buffer_error(v, KIT_DMA_Buffer_Too_Small);
    } else {
        s->taken = 1;
        s->user = r[X86_ESI];
        r[X86_EBX] = BUFFER_ID;
        r[X86_EDX] = s->buffer_physical;
        devices_carry(v, false);
    }
}

static bool buffer_taken(struct vmm *v)
{
    if (vmm_regs(v)[X86_EBX] == BUFFER_ID && state(v)->taken)
        return true;
    buffer_error(v, KIT_DMA_Invalid_Buffer);
    return false;
}

static void release_buffer(struct vmm *v)
{
    if (!buffer_taken(v))
        return;
    state(v)->taken = 0;
    devices_carry(v, false);
}

// EBX = id, ESI = memory, EDI = offset in the buffer, ECX = bytes. All of it is probed before the first byte moves.
static void copy(struct vmm *v, bool to_buffer)
{
    const uint32_t *r = vmm_regs(v);
    const struct vdmad *s = state(v);
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
    struct vdmad *s = state(v);
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
    const struct vdmad *s = state(v);
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
        state(v)->area = devices_cb_area(v, CHANNELS * STATE_SIZE);
        break;
    case KIT_Init_Complete:
        if (state(v)->reserve)
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
    {KIT_VDMAD_Get_Virt_State, get_virt_state},
    {KIT_VDMAD_Set_Virt_State, set_virt_state},
    {KIT_VDMAD_Set_Phys_State, set_phys_state},
    {KIT_VDMAD_Mask_Channel, mask_channel},
    {KIT_VDMAD_UnMask_Channel, unmask_channel},
    {KIT_VDMAD_Phys_Mask_Channel, mask_channel},
    {KIT_VDMAD_Phys_Unmask_Channel, unmask_channel},
    {KIT_VDMAD_Lock_DMA_Region, lock_dma_region_begin},
    {KIT_VDMAD_Unlock_DMA_Region, unlock_dma_region_begin},
    {KIT_VDMAD_Unlock_DMA_Region_No_Dirty, unlock_dma_region_begin},
    {KIT_VDMAD_Reserve_Buffer_Space, reserve_buffer_space},
    {KIT_VDMAD_Request_Buffer, request_buffer},
    {KIT_VDMAD_Release_Buffer, release_buffer},
    {KIT_VDMAD_Copy_To_Buffer, copy_to_buffer},
    {KIT_VDMAD_Copy_From_Buffer, copy_from_buffer},
    {KIT_VDMAD_Disable_Translation, disable_translation},
    {KIT_VDMAD_Enable_Translation, enable_translation},
    {0, NULL},
};

static bool holds(struct vmm *v, uint32_t n, uint32_t *proc, const char **what)
{
    if (n >= CHANNELS)
        return false;
    const struct vdmad_channel *c = &state(v)->channel[n];
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
    struct vdmad *s = state(v);
    s->buffer_kind = vmm_frame_kind_add(v, &buffer_kind);
    s->lock_kind = vmm_frame_kind_add(v, &lock_kind);
    s->unlock_kind = vmm_frame_kind_add(v, &unlock_kind);
    return true;
}

const struct devices_entry vdmad_entry = {&vdmad_device, create, false};
