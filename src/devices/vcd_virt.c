// Ports that another driver virtualized: VCD traps them and has their interrupt, and the driver's procedures say what
// comes of it (VDAG31 VCD_Virtualize_Port). What is not there: bytes of VCD_CB_Struc, since where they lie is not
// documented.
#include "devices/vcd.h"

#include "devices/vpicd.h"
#include "kit/constants.h"
#include "kit/services.h"
#include "kit/structures.h"

#include <string.h>

enum { NO_SUCH_PORT = 0, ALREADY = 1, MOST_BYTES = 1 << 20 };

uint32_t vcd_procedure(struct vmm *v, unsigned n, uint32_t offset)
{
    uint8_t bytes[4];
    uint32_t list = vcd_state(v)->port[n].list;
    if (!list || !x86_read_linear(vmm_cpu(v), list + offset, bytes, 4, X86_READ, NULL))
        return 0;
    return base_get32(bytes);
}

// RxTxB to MSR; the scratch register has no procedures.
uint32_t vcd_io_procedure(struct vmm *v, unsigned n, uint32_t port, bool out)
{
    uint32_t reg = port - vcd_board_ports[n].base;
    return reg < VCD_REGISTERS - 1 ? vcd_procedure(v, n, KIT_VPS_In_RxTxB + 8 * reg + (out ? 4 : 0)) : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// The interrupt: VPICD calls these, which go on in the driver's procedure or do what VCD does without one

static void default_hw_int_begin(struct vmm *v, unsigned n)
{
    unsigned irq, slot;
    uint32_t vm = vcd_state(v)->port[n].owner;
    if (!vpicd_find(v, vcd_state(v)->port[n].irq_handle, &irq, &slot))
        return;
    if (!vm)
        vcd_own_begin(v, n, vm = vmm_current_vm(v));
    vpicd_request(v, vm, irq, slot, true);
    vpicd_refresh_begin(v, vm);
}

static void default_eoi_begin(struct vmm *v, unsigned n)
{
    unsigned irq, slot;
    if (!vpicd_find(v, vcd_state(v)->port[n].irq_handle, &irq, &slot))
        return;
    vpicd_request(v, vmm_regs(v)[X86_EBX], irq, slot, false);
    vpicd_phys_eoi(v, irq);
}

static void default_mask_change_begin(struct vmm *v, unsigned n)
{
    if (!vcd_state(v)->port[n].owner && vmm_regs(v)[X86_ECX] == 0)
        vcd_own_begin(v, n, vmm_regs(v)[X86_EBX]);
}

// In the order of VPICD_IRQ_Descriptor.
static struct irq_event {
    uint32_t procedure; // in VCD_ProcList_Struc
    void (*otherwise_begin)(struct vmm *v, unsigned n);
} const irq_events[BASE_COUNT(((struct vcd *)0)->irq_proc)] = {
    {KIT_VPS_Hw_Int_Proc, default_hw_int_begin},
    {KIT_VPS_Virt_Int_Proc, NULL},
    {KIT_VPS_EOI_Proc, default_eoi_begin},
    {KIT_VPS_Mask_Change_Proc, default_mask_change_begin},
    {KIT_VPS_IRET_Proc, NULL},
};

static unsigned port_of_handle(struct vmm *v, uint32_t handle)
{
    unsigned n = 0;
    while (n < VCD_PORTS && vcd_state(v)->port[n].irq_handle != handle)
        n++;
    return n;
}

static void irq_event_begin(void *user, struct vmm *v)
{
    const struct irq_event *e = user;
    unsigned n = port_of_handle(v, vmm_regs(v)[X86_EAX]);
    uint32_t proc = n < VCD_PORTS ? vcd_procedure(v, n, e->procedure) : 0;
    if (proc) {
        vmm_regs(v)[X86_ESI] = vcd_state(v)->port[n].com;
        devices_jump(v, proc);
        return;
    }
    devices_carry(v, n == VCD_PORTS);
    if (n < VCD_PORTS && e->otherwise_begin)
        e->otherwise_begin(v, n);
}

// ---------------------------------------------------------------------------------------------------------------------
// VCD_Virtualize_Port. Frame: a[0] port, a[1] list, a[2] VCD_COM_Struc, in which the IRQ's descriptor stands meanwhile.

static void failed(struct vmm *v, uint32_t error)
{
    vmm_regs(v)[X86_EAX] = error;
    devices_carry(v, true);
}

static void virtualize_resume(struct vmm *v, struct vmm_frame *f)
{
    unsigned n = f->a[0];
    bool refused = vmm_flag(v, X86_CF);
    struct vcd_port port = {.list = f->a[1], .com = f->a[2], .irq_handle = vmm_regs(v)[X86_EAX]};
    static const uint8_t nothing[KIT_SIZE_VCD_COM_Struc];
    vmm_frame_pop_all(v);
    if (refused || !vmm_put(v, port.com, nothing, sizeof nothing)) {
        failed(v, ALREADY);
        return;
    }
    vcd_state(v)->port[n] = port;
    vmm_regs(v)[X86_EAX] = port.com;
    vcd_trap_port_begin(v, n);
}

static const struct vmm_frame_kind virtualize_kind = {"VCD_Virtualize_Port", virtualize_resume, NULL};

// False: a page fault was noted.
static bool write_descriptor(struct vmm *v, uint32_t at, unsigned n, bool shared)
{
    uint8_t d[KIT_SIZE_VPICD_IRQ_Descriptor] = {0};
    base_put16(d + KIT_VID_IRQ_Number, vcd_board_ports[n].irq);
    base_put16(d + KIT_VID_Options, shared ? KIT_VPICD_OPT_CAN_SHARE : 0);
    for (unsigned i = 0; i < BASE_COUNT(irq_events); i++)
        base_put32(d + KIT_VID_Hw_Int_Proc + 4 * i, vcd_state(v)->irq_proc[i]);
    return vmm_put(v, at, d, sizeof d);
}

void vcd_virtualize_port_begin(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), n = r[X86_EAX] - 1;
    if (n >= VCD_PORTS || r[X86_ECX] > MOST_BYTES) {
        failed(v, NO_SUCH_PORT);
        return;
    }
    if (vcd_state(v)->port[n].list) {
        failed(v, ALREADY);
        return;
    }
    if (r[X86_EDX]) {
        vmm_stop(v, VMM_END_MISSING, "VCD_Virtualize_Port with bytes for VCD_CB_Struc is not implemented");
        return;
    }
    uint32_t com = vmm_heap_get(v, KIT_SIZE_VCD_COM_Struc + r[X86_ECX]);
    struct vmm_frame *f = com ? vmm_frame_push(v, vcd_state(v)->virtualize_kind) : NULL;
    if (!f || !write_descriptor(v, com, n, r[X86_EBX] & 1))
        return;
    f->a[0] = n;
    f->a[1] = r[X86_ESI];
    f->a[2] = com;
    r[X86_EDI] = com;
    vmm_frame_call_begin(v, vmm_service_address(v, vpicd_device.id, KIT_VPICD_Virtualize_IRQ));
}

bool vcd_virt_create(struct vmm *v)
{
    struct vcd *s = vcd_state(v);
    s->virtualize_kind = vmm_frame_kind_add(v, &virtualize_kind);
    for (unsigned i = 0; i < BASE_COUNT(irq_events); i++) {
        s->irq_proc[i] = vmm_host_proc(v, irq_event_begin, (void *)&irq_events[i]);
        if (!s->irq_proc[i])
            return false;
    }
    return true;
}
