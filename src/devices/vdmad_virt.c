// The DMA controllers as a VM sees them: its port accesses change a virtual state in its control block, whoever has
// virtualized the channel is told, and for the other channels the default handler carries out what was programmed.
#include "devices/vdmad.h"

#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum {
    V86_END = 0x110000,
    REG_STATUS = 8,
    REG_REQUEST,
    REG_MASK,
    REG_MODE,
    REG_POINTER,
    REG_CLEAR,
    REG_UNMASK,
    REG_MASKS
};
enum { TRANSFER = 0x0C, WRITE_MEMORY = 0x04, READ_MEMORY = 0x08 }; // the kind of transfer in a mode

static uint32_t state_of(struct vmm *v, uint32_t vm, unsigned channel)
{
    return vm + vdmad_state(v)->area + channel * VDMAD_STATE;
}

static uint32_t pointer_of(struct vmm *v, uint32_t vm, unsigned controller)
{
    return vm + vdmad_state(v)->area + VDMAD_POINTERS + 4 * controller;
}

void vdmad_vm_created(struct vmm *v, uint32_t vm)
{
    for (uint32_t at = 0; at < VDMAD_AREA; at += 4)
        vmm_poke32(v, vm + vdmad_state(v)->area + at, 0);
    for (unsigned n = 0; n < VDMAD_CHANNELS; n++)
        vmm_poke32(v, state_of(v, vm, n) + VDMAD_MODE, KIT_DMA_masked);
}

void vdmad_vm_destroyed(struct vmm *v, uint32_t vm)
{
    struct vdmad *s = vdmad_state(v);
    for (unsigned n = 0; n < VDMAD_CHANNELS; n++) {
        struct vdmad_channel *c = &s->channel[n];
        if (c->shown_to == vm)
            c->shown_to = 0;
        if (c->vm != vm)
            continue;
        vdmad_set_mask(v, c, true);
        if (c->buffer)
            s->taken = 0;
        c->vm = c->buffer = 0;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

// EAX = handle, EBX = VM; 0 when one of them is wrong.
static uint32_t state_argument(struct vmm *v)
{
    const struct vdmad_channel *c = vdmad_find_eax(v);
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!c || !devices_vm_or_report(v, vm, "VDAG31 VDMAD_Get_Virt_State"))
        return 0;
    return state_of(v, vm, vdmad_number(v, c));
}

// Where the region is for ring-0 code: V86 memory by its address that is always good, unless translation is off.
static uint32_t region_address(struct vmm *v, uint32_t vm, uint32_t at)
{
    uint32_t address = vmm_peek32(v, at + VDMAD_ADDRESS);
    bool by_ports = vmm_peek32(v, at + VDMAD_MODE) & VDMAD_BY_PORTS;
    if (by_ports && !vmm_peek32(v, at + VDMAD_DISABLED) && address < V86_END)
        address += vmm_peek32(v, vm + KIT_CB_High_Linear);
    return address;
}

void vdmad_get_virt_state(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), at = state_argument(v);
    if (!at)
        return;
    r[X86_ESI] = region_address(v, r[X86_EBX], at);
    r[X86_ECX] = vmm_peek32(v, at + VDMAD_BYTES);
    r[X86_EDX] = (r[X86_EDX] & 0xFFFF0000) | (vmm_peek32(v, at + VDMAD_MODE) & 0xFFFF);
}

void vdmad_set_virt_state(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t at = state_argument(v);
    if (!at)
        return;
    vmm_poke32(v, at + VDMAD_ADDRESS, r[X86_ESI]);
    vmm_poke32(v, at + VDMAD_BYTES, r[X86_ECX]);
    vmm_poke32(v, at + VDMAD_MODE, r[X86_EDX] & 0xFFFF);
}

uint32_t vdmad_disable_count(struct vmm *v, uint32_t vm, unsigned channel, int change)
{
    uint32_t at = state_of(v, vm, channel) + VDMAD_DISABLED, n = vmm_peek32(v, at) + (uint32_t)change;
    vmm_poke32(v, at, n);
    return n;
}

void vdmad_disable_translation(struct vmm *v)
{
    uint32_t at = state_argument(v);
    devices_carry(v, !at);
    if (at)
        vmm_poke32(v, at + VDMAD_DISABLED, vmm_peek32(v, at + VDMAD_DISABLED) + 1);
}

void vdmad_enable_translation(struct vmm *v)
{
    uint32_t at = state_argument(v);
    if (!at)
        return;
    uint32_t disabled = vmm_peek32(v, at + VDMAD_DISABLED);
    if (disabled)
        vmm_poke32(v, at + VDMAD_DISABLED, disabled - 1);
    devices_carry(v, disabled == 0);
    vmm_set_flag(v, X86_ZF, disabled != 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// The default handler: what the VM programmed is carried out. Frame: a[0] channel, a[1] VM, a[2] mode, a[3] linear
// address, a[4] bytes.

enum { STARTING, STOPPING };

static void handler_over(struct vmm *v)
{
    vmm_frame_pop_all(v);
}

static void start(struct vmm *v, const struct vmm_frame *f, uint32_t physical, bool buffer, bool locked)
{
    struct vdmad_channel *c = &vdmad_state(v)->channel[f->a[0]];
    c->linear = f->a[3];
    c->bytes = f->a[4];
    c->physical = physical;
    c->buffer = buffer ? VDMAD_BUFFER_ID : 0;
    c->locked = locked;
    c->vm = f->a[1];
    c->mode = (uint8_t)f->a[2];
    c->over = 0;
    vdmad_program(v, c, f->a[1], f->a[2]);
    vdmad_set_mask(v, c, f->a[2] & KIT_DMA_masked);
    if (f->a[2] & KIT_DMA_requested)
        vdmad_request(v, c);
    handler_over(v);
}

// The region cannot be used as it lies: through the buffer.
static void start_buffered(struct vmm *v, const struct vmm_frame *f)
{
    const struct vdmad *s = vdmad_state(v);
    uint32_t error;
    if (!vdmad_take_buffer(v, f->a[3], f->a[4], &error)) {
        vmm_report(v, "input-range", 0, "VDAG31 VDMAD_Request_Buffer",
                   "a virtual machine's DMA transfer of %u bytes does not find room in the DMA buffer (%u bytes)",
                   f->a[4], s->buffer_bytes);
        handler_over(v);
        return;
    }
    if ((f->a[2] & TRANSFER) == READ_MEMORY && !devices_copy(v, s->buffer, f->a[3], f->a[4]))
        return;
    if ((f->a[2] & TRANSFER) == WRITE_MEMORY && !vmm_probe(v, f->a[3], f->a[4], true))
        return; // present from now on: it may be written at interrupt time
    start(v, f, s->buffer_physical, true, false);
}

// What the device wrote into the buffer goes where the VM wanted it, without faults.
static void copy_from_buffer(struct vmm *v, const struct vdmad_channel *c)
{
    uint8_t bytes[256];
    uint32_t physical;
    if ((c->mode & TRANSFER) != WRITE_MEMORY)
        return;
    for (uint32_t done = 0, step; done < c->bytes; done += step) {
        step = (uint32_t)sizeof bytes - ((c->linear + done) & (sizeof bytes - 1));
        if (step > c->bytes - done)
            step = c->bytes - done;
        if (!x86_translate(vmm_cpu(v), c->linear + done, &physical))
            continue; // the VM has given it back meanwhile
        if (!x86_memory_load(vmm_cpu(v)->memory, c->physical + done, bytes, step) ||
            !x86_memory_store(vmm_cpu(v)->memory, physical, bytes, step))
            vmm_stop(v, VMM_END_MEMORY, "no memory for a DMA transfer");
    }
}

// The count of a VM's transfer is over: as the controller does, its channel is masked. Who owns the channel is not
// told.
void vdmad_collect(struct vmm *v)
{
    for (unsigned n = 0; n < VDMAD_CHANNELS; n++) {
        struct vdmad_channel *c = &vdmad_state(v)->channel[n];
        if (!c->vm || c->over || !pc_dma_done(devices_board_now(v), n))
            continue;
        c->over = 1;
        if (c->buffer)
            copy_from_buffer(v, c);
        uint32_t at = state_of(v, c->vm, n) + VDMAD_MODE;
        vmm_poke32(v, at, (vmm_peek32(v, at) & ~(uint32_t)KIT_DMA_requested) | KIT_DMA_masked);
    }
}

// The VM has masked the channel: what is in the buffer goes where the VM wants it.
static void stop_begin(struct vmm *v, struct vmm_frame *f)
{
    struct vdmad *s = vdmad_state(v);
    struct vdmad_channel *c = &s->channel[f->a[0]];
    vdmad_set_mask(v, c, true);
    if (c->buffer) {
        if (!c->over)
            copy_from_buffer(v, c);
        s->taken = 0;
    }
    bool locked = c->locked;
    c->vm = c->buffer = c->locked = 0;
    if (!locked) {
        handler_over(v);
        return;
    }
    f->step = STOPPING;
    vmm_regs(v)[X86_ESI] = c->linear;
    vmm_regs(v)[X86_ECX] = c->bytes;
    vmm_frame_call_begin(v, vmm_service_address(v, vdmad_device.id, KIT_VDMAD_Unlock_DMA_Region));
}

static void start_begin(struct vmm *v, struct vmm_frame *f, bool translated)
{
    const struct vdmad_channel *c = &vdmad_state(v)->channel[f->a[0]];
    if (!translated) {
        start(v, f, f->a[3], false, false);
        return;
    }
    f->step = STARTING;
    vmm_regs(v)[X86_ESI] = f->a[3];
    vmm_regs(v)[X86_ECX] = f->a[4];
    vmm_regs(v)[X86_EDX] = c->address_mode == 1 ? 2 : 1; // pages of 128 or 64 KB
    vmm_frame_call_begin(v, vmm_service_address(v, vdmad_device.id, KIT_VDMAD_Lock_DMA_Region));
}

static void default_resume(struct vmm *v, struct vmm_frame *f)
{
    if (f->step == STOPPING)
        handler_over(v);
    else if (vmm_flag(v, X86_CF))
        start_buffered(v, f);
    else
        start(v, f, vmm_regs(v)[X86_EDX], false, true);
}

static const struct vmm_frame_kind default_kind = {"VDMAD_Default_Handler", default_resume, NULL};

static void carry_out_begin(struct vmm *v, unsigned channel, uint32_t vm)
{
    struct vdmad_channel *c = &vdmad_state(v)->channel[channel];
    uint32_t at = state_of(v, vm, channel), mode = vmm_peek32(v, at + VDMAD_MODE);
    bool masked = (mode & KIT_DMA_masked) && !(mode & KIT_DMA_requested);
    if (channel == VDMAD_CASCADE || (masked ? c->vm != vm : c->vm != 0))
        return; // nothing of this VM to end; or a transfer that runs
    if (!masked && !vmm_peek32(v, at + VDMAD_BYTES))
        return; // nobody has programmed it
    struct vmm_frame *f = vmm_frame_push(v, vdmad_state(v)->default_kind);
    if (!f)
        return;
    f->a[0] = channel;
    f->a[1] = vm;
    f->a[2] = mode;
    f->a[3] = region_address(v, vm, at);
    f->a[4] = vmm_peek32(v, at + VDMAD_BYTES);
    if (masked)
        stop_begin(v, f);
    else
        start_begin(v, f, !vmm_peek32(v, at + VDMAD_DISABLED));
}

void vdmad_default_handler_begin(struct vmm *v)
{
    const struct vdmad_channel *c = vdmad_find_eax(v);
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (c && devices_vm_or_report(v, vm, "VDAG31 VDMAD_Default_Handler"))
        carry_out_begin(v, vdmad_number(v, c), vm);
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports

static const struct devices_ports trapped[] = {
    {0x00, 16, 1}, {0xC0, 16, 2}, {0x81, 3, 1}, {0x87, 1, 1}, {0x89, 3, 1}, {0x8F, 1, 1},
};

void vdmad_trap_begin(struct vmm *v)
{
    devices_trap_begin(v, vdmad_state(v)->io_proc, BASE_COUNT(trapped), trapped);
}

// The channel whose page register this is, VDMAD_CHANNELS = none: then controller and register.
static unsigned decode(uint32_t port, unsigned *controller, unsigned *reg)
{
    for (unsigned n = 0; n < VDMAD_CHANNELS; n++)
        if (vdmad_page_port(n) == port)
            return n;
    *controller = port >= 0xC0;
    *reg = *controller ? (port - 0xC0) / 2 : port;
    return VDMAD_CHANNELS;
}

// Which half of a 16-bit register is next; the pointer moves on.
static unsigned shift_of_half(struct vmm *v, uint32_t vm, unsigned controller)
{
    uint32_t at = pointer_of(v, vm, controller), high = vmm_peek32(v, at);
    vmm_poke32(v, at, !high);
    return high ? 8 : 0;
}

static uint8_t masks_of(struct vmm *v, uint32_t vm, unsigned controller)
{
    uint8_t masks = 0;
    for (unsigned i = 0; i < 4; i++)
        if (vmm_peek32(v, state_of(v, vm, 4 * controller + i) + VDMAD_MODE) & KIT_DMA_masked)
            masks = (uint8_t)(masks | 1u << i);
    return masks;
}

// Address and count as the VM programmed them, and as far as its transfer has moved them on.
static uint32_t registers_of(struct vmm *v, uint32_t vm, unsigned channel)
{
    const struct vdmad_channel *c = &vdmad_state(v)->channel[channel];
    const struct pc_dma_channel *p = &devices_board_now(v)->dma[channel / 4].channel[channel % 4];
    uint32_t programmed = vmm_peek32(v, state_of(v, vm, channel) + VDMAD_REGISTERS);
    if (c->shown_to != vm)
        return programmed;
    return ((programmed + p->address - p->base_address) & 0xFFFF) | (uint32_t)p->count << 16;
}

// Terminal counts are the physical controller's; nothing else can be read on the first boards.
static uint8_t virtual_in(struct vmm *v, uint32_t vm, uint32_t port)
{
    unsigned controller, reg, channel = decode(port, &controller, &reg);
    uint32_t value;
    if (channel < VDMAD_CHANNELS)
        return (uint8_t)vmm_peek32(v, state_of(v, vm, channel) + VDMAD_PAGE);
    if (reg == REG_STATUS)
        vdmad_collect(v);
    if (reg == REG_STATUS)
        return pc_port_in(devices_board(v), (uint16_t)port, 1, vmm_time(v), &value) ? (uint8_t)value : 0;
    if (reg == REG_MASKS)
        return masks_of(v, vm, controller);
    if (reg > 7)
        return 0;
    value = registers_of(v, vm, 4 * controller + reg / 2) >> (reg & 1 ? 16 : 0);
    return (uint8_t)(value >> shift_of_half(v, vm, controller));
}

// Address and length of the region follow from the registers.
static void registers_changed(struct vmm *v, uint32_t vm, unsigned channel)
{
    const struct vdmad_channel *c = &vdmad_state(v)->channel[channel];
    uint32_t at = state_of(v, vm, channel), registers = vmm_peek32(v, at + VDMAD_REGISTERS);
    unsigned words = c->address_mode == 1;
    uint32_t page = vmm_peek32(v, at + VDMAD_PAGE) & (words ? 0xFE : 0xFF);
    vmm_poke32(v, at + VDMAD_ADDRESS, page << 16 | (registers & 0xFFFF) << words);
    vmm_poke32(v, at + VDMAD_BYTES, ((registers >> 16) + 1) << words);
    vmm_poke32(v, at + VDMAD_MODE, vmm_peek32(v, at + VDMAD_MODE) | VDMAD_BY_PORTS);
}

// Changes bits of a channel's mode; the channel's bit when that made a difference.
static uint32_t set_mode(struct vmm *v, uint32_t vm, unsigned channel, uint32_t bits, uint32_t mask)
{
    uint32_t at = state_of(v, vm, channel) + VDMAD_MODE, old = vmm_peek32(v, at), mode = (old & ~mask) | bits;
    vmm_poke32(v, at, mode);
    return mode != old ? 1u << channel : 0;
}

static uint32_t write_half(struct vmm *v, uint32_t vm, unsigned controller, unsigned reg, uint8_t value)
{
    unsigned channel = 4 * controller + reg / 2, half = shift_of_half(v, vm, controller);
    unsigned shift = half + (reg & 1 ? 16 : 0);
    struct vdmad_channel *c = &vdmad_state(v)->channel[channel];
    if (c->shown_to == vm)
        c->shown_to = 0;
    uint32_t at = state_of(v, vm, channel) + VDMAD_REGISTERS, old = vmm_peek32(v, at);
    vmm_poke32(v, at, (old & ~(0xFFu << shift)) | (uint32_t)value << shift);
    if (!half)
        return 0; // the state changes with the second byte
    registers_changed(v, vm, channel);
    return 1u << channel;
}

static uint32_t set_masks(struct vmm *v, uint32_t vm, unsigned controller, uint8_t masks)
{
    uint32_t changed = 0;
    for (unsigned i = 0; i < 4; i++)
        changed |= set_mode(v, vm, 4 * controller + i, masks >> i & 1 ? KIT_DMA_masked : 0, KIT_DMA_masked);
    return changed;
}

// The channels whose virtual state the write changed.
static uint32_t virtual_out(struct vmm *v, uint32_t vm, uint32_t port, uint8_t value)
{
    unsigned controller, reg, page = decode(port, &controller, &reg);
    if (page < VDMAD_CHANNELS) {
        vmm_poke32(v, state_of(v, vm, page) + VDMAD_PAGE, value);
        registers_changed(v, vm, page);
        return 1u << page;
    }
    unsigned channel = 4 * controller + (value & 3);
    switch (reg) {
    case REG_STATUS: // the command register: one VM does not switch the controller off for all
        return 0;
    case REG_REQUEST:
        return set_mode(v, vm, channel, value & 4 ? KIT_DMA_requested : 0, KIT_DMA_requested);
    case REG_MASK:
        return set_mode(v, vm, channel, value & 4 ? KIT_DMA_masked : 0, KIT_DMA_masked);
    case REG_MODE:
        return set_mode(v, vm, channel, value & 0xFC, 0xFC);
    case REG_CLEAR:
    case REG_POINTER:
        vmm_poke32(v, pointer_of(v, vm, controller), 0);
        return reg == REG_CLEAR ? set_masks(v, vm, controller, 15) : 0;
    case REG_UNMASK:
        return set_masks(v, vm, controller, 0);
    case REG_MASKS:
        return set_masks(v, vm, controller, value);
    default:
        return write_half(v, vm, controller, reg, value);
    }
}

// Frame: a[0] VM, a[1] channels whose owners have not been told yet.
static void notify_next_begin(struct vmm *v, struct vmm_frame *f)
{
    while (f->a[1]) {
        unsigned n = 0;
        while (!(f->a[1] >> n & 1))
            n++;
        f->a[1] &= f->a[1] - 1;
        const struct vdmad_channel *c = &vdmad_state(v)->channel[n];
        if (c->handle && !c->callback)
            continue; // "never changes the physical state" (VDAG31 VDMAD_Virtualize_Channel)
        vmm_frame_wait(v);
        if (!c->handle) {
            carry_out_begin(v, n, f->a[0]);
            return;
        }
        vmm_regs(v)[X86_EAX] = c->handle;
        vmm_regs(v)[X86_EBX] = f->a[0];
        vmm_frame_call_begin(v, c->callback);
        return;
    }
    vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind notify_kind = {"a DMA channel's callback", notify_next_begin, NULL};

static void port_io(void *user, struct vmm *v)
{
    (void)user;
    uint32_t *r = vmm_regs(v);
    if (r[X86_ECX] == DEVICES_BYTE_IN) {
        r[X86_EAX] = (r[X86_EAX] & ~0xFFu) | virtual_in(v, r[X86_EBX], r[X86_EDX]);
    } else if (r[X86_ECX] == DEVICES_BYTE_OUT) {
        uint32_t vm = r[X86_EBX], changed = virtual_out(v, vm, r[X86_EDX], (uint8_t)r[X86_EAX]);
        struct vmm_frame *f = changed ? vmm_frame_push(v, vdmad_state(v)->notify_kind) : NULL;
        if (!f)
            return;
        f->a[0] = vm;
        f->a[1] = changed;
        notify_next_begin(v, f);
    } else {
        devices_split_io(v);
    }
}

void vdmad_virt_create(struct vmm *v)
{
    struct vdmad *s = vdmad_state(v);
    s->notify_kind = vmm_frame_kind_add(v, &notify_kind);
    s->default_kind = vmm_frame_kind_add(v, &default_kind);
    s->io_proc = vmm_host_proc(v, port_io, NULL);
}
