// The board's mouse (src/pc/mouse.c), when no driver has virtualized its interrupt by the end of initialisation: VMD
// switches it on, takes IRQ 12 and posts what it reports, as a driver of a mouse does (Win95 DDK S2A44, S2A45).
#include "devices/vmd.h"

#include "devices/vpicd.h"
#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

enum { MOUSE_IRQ = 12, DATA = 0x60, COMMAND = 0x64, ACK = 0xFA };
enum { PACKET_LEFT = 1, PACKET_RIGHT = 2, PACKET_MIDDLE = 4, PACKET_ALWAYS = 8 };
enum { STATUS_RIGHT = 8, STATUS_MIDDLE = 0x10, STATUS_LEFT = 0x20 }; // S2A4F

static struct vmd *state(struct vmm *v)
{
    return vmd_state(v);
}

static void out(struct vmm *v, uint16_t port, uint8_t value)
{
    if (!pc_port_out(devices_board(v), port, 1, vmm_time(v), value))
        vmm_stop(v, VMM_END_FAULT, "the board has no keyboard controller");
}

// ESI, EDI, AL, EDX as the service wants them.
static void post_begin(struct vmm *v, const uint8_t packet[3])
{
    uint32_t *r = vmm_regs(v), first = packet[0];
    int32_t dx = packet[1] - (first & 0x10 ? 256 : 0), up = packet[2] - (first & 0x20 ? 256 : 0);
    r[X86_EAX] = (first & PACKET_LEFT ? STATUS_LEFT : 0u) | (first & PACKET_RIGHT ? STATUS_RIGHT : 0u) |
                 (first & PACKET_MIDDLE ? STATUS_MIDDLE : 0u);
    r[X86_ESI] = (uint32_t)dx;
    r[X86_EDI] = (uint32_t)-up;
    r[X86_EDX] = state(v)->instance;
    vmm_frame_call_begin(v, vmm_service_address(v, vmd_device.id, KIT_VMD_Post_Pointer_Message));
}

// True: a packet is complete. Its first byte has a bit that is always set.
static bool take_byte(struct vmd *s, uint8_t byte)
{
    if (s->acknowledges && byte == ACK) {
        s->acknowledges--;
        return false;
    }
    if (s->packed == 0 && !(byte & PACKET_ALWAYS))
        return false;
    s->packet[s->packed++] = byte;
    s->packed %= sizeof s->packet;
    return s->packed == 0;
}

// The hardware-interrupt procedure of IRQ 12; CF=0: it is ours.
static void mouse_interrupt(void *user, struct vmm *v)
{
    (void)user;
    uint32_t value;
    struct vmd *s = state(v);
    bool complete = pc_port_in(devices_board(v), DATA, 1, vmm_time(v), &value) && take_byte(s, (uint8_t)value);
    devices_board_changed(v);
    vpicd_phys_eoi(v, MOUSE_IRQ);
    devices_carry(v, false);
    if (complete && devices_aside_push(v))
        post_begin(v, s->packet);
}

void vmd_ps2_begin(struct vmm *v)
{
    struct vmd *s = state(v);
    if (!devices_board(v)->mouse.present || vpicd_state(v)->irq[MOUSE_IRQ].owners)
        return;
    s->instance = vmm_heap_get(v, KIT_SIZE_Mouse_Instance);
    if (!s->instance)
        return;
    vmm_poke16(v, s->instance + KIT_MI_MouseType, KIT_VMD_Type_PS2);
    vmm_poke16(v, s->instance + KIT_MI_IRQNumber, MOUSE_IRQ);
    if (!s->present) { // no driver has told of another one
        s->type = KIT_VMD_Type_PS2;
        s->irq = MOUSE_IRQ;
        s->buttons = 2;
    }
    s->present = 1;
    s->acknowledges = 1;
    vpicd_own(v, MOUSE_IRQ, s->interrupt_proc);
    vpicd_state(v)->irq[MOUSE_IRQ].masking = VPICD_UNMASKED;
    vpicd_program_masks(v);
    out(v, COMMAND, 0x60);
    out(v, DATA, 0x47); // both interrupts on, both wires
    out(v, COMMAND, 0xD4);
    out(v, DATA, 0xF4); // report
    devices_board_changed(v);
}

bool vmd_ps2_create(struct vmm *v)
{
    state(v)->interrupt_proc = vmm_host_proc(v, mouse_interrupt, NULL);
    return state(v)->interrupt_proc != 0;
}
