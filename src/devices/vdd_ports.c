// The VGA's ports as VDD traps them in all VMs (Win95 DDK S282C, S28D1): the VM that has the screen reaches the board,
// every other one finds the registers as it left them. A mini-VDD may take a port over, look at the accesses of a group
// of registers first, or have ports of its own adapter watched (S282A, S28D0).
#include "devices/vdd.h"

#include "kit/services.h"
#include "kit/structures.h"

static struct vdd *state(struct vmm *v)
{
    return vdd_state(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Accesses that nobody else wants

static uint32_t size_of(uint32_t kind)
{
    return kind & KIT_Dword_IO ? 4 : kind & KIT_Word_IO ? 2 : 1;
}

static uint32_t merged(uint32_t eax, uint32_t value, uint32_t size)
{
    uint32_t mask = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
    return (eax & ~mask) | (value & mask);
}

// At the hardware; what the embedding program provides comes before the board. Strings go through Simulate_IO, an
// element at a time.
static void physical_begin(struct vmm *v)
{
    const struct x86_owner *bus = vmm_cpu(v)->owner;
    uint32_t *r = vmm_regs(v), kind = r[X86_ECX], size = size_of(kind);
    uint16_t port = (uint16_t)r[X86_EDX];
    if (kind & KIT_String_IO)
        devices_split_io(v);
    else if (kind & KIT_Output)
        bus->port_out(bus->user, port, size, r[X86_EAX]);
    else
        r[X86_EAX] = merged(r[X86_EAX], bus->port_in(bus->user, port, size), size);
}

static void virtual_byte(struct vmm *v)
{
    uint32_t *r = vmm_regs(v);
    uint16_t port = (uint16_t)r[X86_EDX];
    struct pc_vga g;
    vdd_load_registers(v, r[X86_EBX], &g);
    if (r[X86_ECX] & KIT_Output)
        pc_vga_out(&g, port, (uint8_t)r[X86_EAX]);
    else
        r[X86_EAX] = merged(r[X86_EAX], pc_vga_in(&g, port, vmm_time(v)), 1);
    vdd_store_registers(v, r[X86_EBX], &g);
}

static void default_begin(struct vmm *v)
{
    if (vmm_regs(v)[X86_EBX] == vdd_crtc_owner(v) || !vmm_valid_vm(v, vmm_regs(v)[X86_EBX]))
        physical_begin(v);
    else
        virtual_byte(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// The mini-VDD is asked first. Frame: a[0] = an adapter's own port; CF on return: the mini-VDD has done it, with the
// value of an input in EAX; otherwise the registers are what they were (S28D1).

enum { P_OWN_PORT = 0, P_EBP = 11 };

static void port_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t value = vmm_regs(v)[X86_EAX], kind = f->reg[X86_ECX];
    bool done = vmm_flag(v, X86_CF), own = f->a[P_OWN_PORT];
    vdd_mini_check(v, f, f->reg[X86_EBX]);
    vmm_frame_pop_all(v);
    if (!done && own)
        physical_begin(v);
    else if (!done)
        default_begin(v);
    else if (!(kind & KIT_Output))
        vmm_regs(v)[X86_EAX] = merged(vmm_regs(v)[X86_EAX], value, size_of(kind));
}

static const struct vmm_frame_kind port_kind = {"the mini-VDD's port procedure", port_resume, NULL};

static void ask_begin(struct vmm *v, unsigned function, bool own)
{
    struct vmm_frame *f = vmm_frame_push(v, state(v)->port_kind);
    if (!f)
        return;
    f->a[P_OWN_PORT] = own;
    vdd_mini_call_begin(v, function);
}

// The function for a group of registers; 0 is none of them.
static unsigned group_function(uint32_t port, bool output)
{
    switch (port) {
    case 0x3C4:
    case 0x3C5:
        return output ? KIT_VIRTUALIZE_SEQUENCER_OUT : KIT_VIRTUALIZE_SEQUENCER_IN;
    case 0x3C6:
    case 0x3C7:
    case 0x3C8:
    case 0x3C9:
        return output ? KIT_VIRTUALIZE_DAC_OUT : KIT_VIRTUALIZE_DAC_IN;
    case 0x3CE:
    case 0x3CF:
        return output ? KIT_VIRTUALIZE_GCR_OUT : KIT_VIRTUALIZE_GCR_IN;
    case 0x3D4:
    case 0x3D5:
        return output ? KIT_VIRTUALIZE_CRTC_OUT : KIT_VIRTUALIZE_CRTC_IN;
    default:
        return 0;
    }
}

// What VDD_Takeover_VGA_Port gives as the old procedure, too: EAX = value, EBX = VM, ECX = kind of access, EDX = port,
// EBP = client registers.
static void vga_io_begin(void *user, struct vmm *v)
{
    (void)user;
    const uint32_t *r = vmm_regs(v);
    if (r[X86_ECX] != DEVICES_BYTE_IN && r[X86_ECX] != DEVICES_BYTE_OUT) {
        devices_split_io(v);
        return;
    }
    unsigned function = group_function(r[X86_EDX], r[X86_ECX] == DEVICES_BYTE_OUT);
    if (function && vdd_hook(v, function))
        ask_begin(v, function, false);
    else
        default_begin(v);
}

// As the jump at the end of a procedure: the caller's return address is still on the stack.
static void jump(struct vmm *v, uint32_t procedure)
{
    vmm_regs(v)[X86_ESP] -= 4;
    vmm_cpu(v)->state.eip = procedure;
}

static void trap_begin(void *user, struct vmm *v)
{
    uint32_t port = vmm_regs(v)[X86_EDX] - PC_VGA_FIRST, procedure = port < VDD_PORTS ? state(v)->takeover[port] : 0;
    if (procedure)
        jump(v, procedure);
    else
        vga_io_begin(user, v);
}

static void blter_io_begin(void *user, struct vmm *v)
{
    (void)user;
    if (vdd_hook(v, KIT_VIRTUALIZE_BLTER_IO))
        ask_begin(v, KIT_VIRTUALIZE_BLTER_IO, true);
    else
        physical_begin(v);
}

// ---------------------------------------------------------------------------------------------------------------------
// Services

static void takeover_vga_port(struct vmm *v)
{
    struct vdd *s = state(v);
    uint32_t *r = vmm_regs(v), port = r[X86_EDX] - PC_VGA_FIRST, procedure = r[X86_ECX];
    devices_carry(v, port >= VDD_PORTS);
    if (port >= VDD_PORTS)
        return;
    r[X86_ECX] = s->takeover[port] ? s->takeover[port] : s->vga_proc;
    s->takeover[port] = procedure == s->vga_proc ? 0 : procedure;
}

// The ports get VDD's procedure; trapping stays off until the mini-VDD's ENABLE_TRAPS switches it on (S28AF).
static void register_one_begin(struct vmm *v, uint32_t port)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EDX] = port;
    vmm_regs(v)[X86_ESI] = state(v)->blter_proc;
    devices_aside_begin(v, KIT_Install_IO_Handler);
}

// The ports' trapping is switched off behind their installation. Asides run in the reverse order of their pushes.
static void untrap_begin(struct vmm *v, uint32_t port)
{
    if (!devices_aside_push(v))
        return;
    vmm_regs(v)[X86_EDX] = port;
    devices_aside_begin(v, KIT_Disable_Global_Trapping);
}

static void register_virtual_port_begin(struct vmm *v)
{
    vdd_only_init(v, "VDD_Register_Virtual_Port", "Win95 DDK S282A");
    uint32_t port = vmm_regs(v)[X86_EDX] & 0xFFFF, ports = (vmm_regs(v)[X86_ECX] & 0xFF) >= KIT_WORD_LENGTHED ? 2 : 1;
    for (uint32_t i = 0; i < ports && port + i <= 0xFFFF; i++) {
        untrap_begin(v, port + i);
        register_one_begin(v, port + i);
    }
}

const struct vmm_binding vdd_ports_bindings[] = {
    {KIT_VDD_Register_Virtual_Port, register_virtual_port_begin},
    {KIT_VDD_Takeover_VGA_Port, takeover_vga_port},
    {KIT_VDD_Do_Physical_IO, physical_begin},
    {0, NULL},
};

// Ports that an earlier driver has are left to it.
void vdd_trap_ports_begin(struct vmm *v)
{
    static const struct devices_ports ports = {PC_VGA_FIRST, VDD_PORTS, 1};
    struct pc_vga g;
    pc_vga_init(&g);
    vdd_store_registers(v, vmm_system_vm(v), &g);
    devices_trap_free_begin(v, state(v)->trap_proc, 1, &ports);
}

bool vdd_ports_create(struct vmm *v)
{
    struct vdd *s = state(v);
    s->port_kind = vmm_frame_kind_add(v, &port_kind);
    s->trap_proc = vmm_host_proc(v, trap_begin, NULL);
    s->vga_proc = vmm_host_proc(v, vga_io_begin, NULL);
    s->blter_proc = vmm_host_proc(v, blter_io_begin, NULL);
    return s->trap_proc && s->vga_proc && s->blter_proc;
}
