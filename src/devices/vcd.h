// Between the files of VCD.
//
// vcd.c       who owns a port, contention, the ports' I/O, messages
// vcd_virt.c  ports that another driver virtualized (VCD_Virtualize_Port): its procedures in place of VCD's
#ifndef VXDKIT_DEVICES_VCD_H
#define VXDKIT_DEVICES_VCD_H

#include "devices/call.h"
#include "devices/common.h"

enum { VCD_PORTS = 2, VCD_REGISTERS = 8 }; // the board's; COM3 and COM4 do not exist

struct vcd_port {
    uint32_t owner; // VM, 0 = nobody
    uint8_t global;
    uint8_t taken; // a driver uses it itself (_VCOMM_Acquire_Port): virtual machines find nothing there
    // Of a virtualized one, else 0:
    uint32_t list; // VCD_ProcList_Struc
    uint32_t com;  // VCD_COM_Struc: the handle
    uint32_t irq_handle;
};

struct vcd {
    struct vcd_port port[VCD_PORTS];
    uint32_t area;
    uint32_t names; // guest address of the names
    uint32_t io_proc;
    uint32_t irq_proc[5]; // in the order of VPICD_IRQ_Descriptor
    uint16_t port_kind, virtualize_kind;
    uint8_t trapped;
};

struct vcd_board_port {
    uint16_t base;
    uint8_t irq;
    char name[9];
};
extern const struct vcd_board_port vcd_board_ports[VCD_PORTS];

extern const struct vmm_device vcd_device;
struct vcd *vcd_state(struct vmm *v);

// vcd.c
void vcd_set_owner(struct vmm *v, unsigned n, uint32_t vm); // nobody is told
void vcd_own_begin(struct vmm *v, unsigned n, uint32_t vm); // who virtualized the port is told
void vcd_trap_begin(struct vmm *v);                         // the board's ports, once
void vcd_trap_port_begin(struct vmm *v, unsigned n);

// vcd_virt.c
bool vcd_virt_create(struct vmm *v) BASE_MUST_USE;
void vcd_virtualize_port_begin(struct vmm *v);
// A procedure of the driver that has the port, by its offset in VCD_ProcList_Struc; 0 = there is none.
uint32_t vcd_procedure(struct vmm *v, unsigned n, uint32_t offset);
uint32_t vcd_io_procedure(struct vmm *v, unsigned n, uint32_t port, bool out);

#endif
