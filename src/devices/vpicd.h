// Between the files of VPICD: its state, the virtual controllers of a VM, and the walk over the drivers of an IRQ.
//
// vpicd.c       services and control messages
// vpicd_phys.c  the physical controllers: masks, interrupts, their way to the drivers
// vpicd_virt.c  the virtual controllers: requests, simulated interrupts, the VM's own port I/O
#ifndef VXDKIT_DEVICES_VPICD_H
#define VXDKIT_DEVICES_VPICD_H

#include "devices/call.h"
#include "devices/common.h"

enum {
    VPICD_SHARERS = 32, // of one IRQ (Win95 DDK S34CB)
    VPICD_CASCADE = 2,
    VPICD_VECTOR = 0x50, // of IRQ 0 on the physical controllers, clear of processor faults and dynamic links
};

// Callbacks of a driver that are told about a virtualized IRQ (Win95 DDK S34B0), and other errands of a walk.
enum vpicd_proc { VPICD_HW_INT, VPICD_VIRT_INT, VPICD_EOI, VPICD_MASK_CHANGE, VPICD_IRET, VPICD_PROCS };

// A driver that has virtualized an IRQ; slot n of the IRQ.
struct vpicd_owner {
    uint32_t proc[VPICD_PROCS]; // hw_int 0: slot is free
    uint32_t iret_time_out;     // ms
    uint32_t reference;
    uint32_t generation; // of the handle
    uint16_t options;
};

enum vpicd_masking { VPICD_AUTO, VPICD_MASKED, VPICD_UNMASKED };

struct vpicd_irq {
    struct vpicd_owner owner[VPICD_SHARERS];
    uint32_t owners;
    uint32_t default_vm;  // VM that gets a non-virtualized IRQ, 0 = whichever is current
    uint8_t global;       // no VM comes to own it by unmasking it
    uint8_t arbitrated;   // VCD looks after who gets it
    uint32_t unmasked_in; // VMs that have not masked it
    uint8_t masking;      // enum vpicd_masking
    uint8_t in_service;   // physically, until Phys_EOI
    uint32_t declined;    // interrupts that no driver wanted
};

struct vpicd {
    struct devices_common common; // first: see devices_common
    struct vpicd_irq irq[PC_IRQS];
    uint32_t generation;
    uint32_t hw_chain, hw_chain_end; // VPICD_Call_When_Hw_Int: first callback; end of the chain
    uint32_t area;                   // offset of the virtual controllers in a control block
    uint32_t provided;               // offset of the PEF provider's dword
    uint32_t first_vm;               // all VMs, linked through their areas
    uint32_t simulate_proc, returned_proc, io_proc;
    uint8_t fresh_imr[2]; // masks that new VMs begin with
    uint16_t walk_kind, hw_kind, simulate_kind, returned_kind, init_kind;
};

struct vpicd *vpicd_state(struct vmm *v);
extern const struct vmm_device vpicd_device;

// vpicd.c
uint32_t vpicd_handle(struct vmm *v, unsigned irq, unsigned slot);
// For devices of this room: the IRQ as virtualized by them; `hw_int` is a guest address (vmm_host_proc).
void vpicd_own(struct vmm *v, unsigned irq, uint32_t hw_int);
// Reports a handle that is not (or no longer) valid and gives false.
bool vpicd_find(struct vmm *v, uint32_t handle, unsigned *irq, unsigned *slot) BASE_MUST_USE;

// A driver's procedure has come back: it may have changed EAX, EBX, ECX, EDX, ESI and flags only (Win95 DDK S34B0).
void vpicd_check_kept(struct vmm *v, const struct vmm_frame *f);

// vpicd_phys.c
void vpicd_program_masks(struct vmm *v);
void vpicd_phys_create(struct vmm *v);
void vpicd_phys_init(struct vmm *v); // Sys_Critical_Init: moves the controllers to VPICD_VECTOR
void vpicd_phys_eoi(struct vmm *v, unsigned irq);
bool vpicd_phys_masked(struct vmm *v, unsigned irq);
// A VM unmasked IRQs: those that nobody looks after may be its own from now on. False: another VM has one of them.
bool vpicd_default_unmasked(struct vmm *v, uint32_t vm, uint32_t irqs) BASE_MUST_USE;
// The VM has gone, with these IRQs (a bit mask) requested or in service.
void vpicd_default_destroyed(struct vmm *v, uint32_t vm, uint32_t irqs);

// vpicd_virt.c: a VM's virtual controllers lie in its control block
struct vpicd_virtual {
    struct pc_pic pic[2];
};
void vpicd_virt_create(struct vmm *v);
uint32_t vpicd_area_size(void);
void vpicd_vm_created(struct vmm *v, uint32_t vm);
void vpicd_vm_destroyed(struct vmm *v, uint32_t vm);
void vpicd_load(struct vmm *v, uint32_t vm, struct vpicd_virtual *c);
uint32_t vpicd_requests(struct vmm *v, uint32_t vm, unsigned irq); // bit n: slot n has a request
uint32_t vpicd_irets_pending(struct vmm *v, uint32_t vm);          // bit n: IRQ n
void vpicd_request(struct vmm *v, uint32_t vm, unsigned irq, unsigned slot, bool set);
void vpicd_forget_requests(struct vmm *v, unsigned irq, unsigned slot); // in all VMs
// Schedules the simulation of what is pending in the VM, if anything is. Tail position.
void vpicd_refresh_begin(struct vmm *v, uint32_t vm);
void vpicd_virtual_eoi_begin(struct vmm *v, uint32_t vm, unsigned irq);

// Calls `proc` of every driver of the IRQs in the bit mask, one after the other, registers and flags preserved, and
// then vpicd_refresh_begin for the VM. ECX = extra, CF = carry. Tail position.
void vpicd_walk_begin(struct vmm *v, enum vpicd_proc proc, uint32_t vm, uint32_t irqs, uint32_t extra, bool carry);

static inline unsigned vpicd_slots(const struct vpicd_irq *q)
{
    return q->owners ? VPICD_SHARERS : 0;
}

#endif
