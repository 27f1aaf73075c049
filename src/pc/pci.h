// PCI: configuration spaces of the functions on the board's buses, reached by configuration mechanism 1 (ports 0CF8h
// and 0CFCh). Base address registers answer with their size, and place the functions' scripted spaces (script.h) when
// the command register enables them. Behind a bridge (PCI to PCI Bridge Architecture Specification 1.0) a bus has the
// number that the bridge's registers give it, and a range is decoded as far as the bridge's windows let it through.
// Plain data.
#ifndef VXDKIT_PC_PCI_H
#define VXDKIT_PC_PCI_H

#include "pc/script.h"

enum { PC_PCI_FUNCTIONS = 32, PC_PCI_BARS = 6 };

enum { // offsets of the standard header (PCI Local Bus Specification 2.1, 6.1)
    PC_PCI_VENDOR = 0x00,
    PC_PCI_DEVICE = 0x02,
    PC_PCI_COMMAND = 0x04,
    PC_PCI_STATUS = 0x06,
    PC_PCI_REVISION = 0x08,
    PC_PCI_CLASS = 0x09,
    PC_PCI_HEADER = 0x0E,
    PC_PCI_BAR0 = 0x10,
    PC_PCI_PRIMARY = 0x18, // of bridges: numbers of the buses, windows
    PC_PCI_SECONDARY = 0x19,
    PC_PCI_SUBORDINATE = 0x1A,
    PC_PCI_IO_BASE = 0x1C,
    PC_PCI_IO_LIMIT = 0x1D,
    PC_PCI_MEMORY_BASE = 0x20,
    PC_PCI_MEMORY_LIMIT = 0x22,
    PC_PCI_PREFETCH_BASE = 0x24,
    PC_PCI_BRIDGE_CONTROL = 0x3E,
    PC_PCI_SUBSYSTEM = 0x2C,
    PC_PCI_LINE = 0x3C,
    PC_PCI_PIN = 0x3D,
};
enum { PC_PCI_IO_ENABLE = 1, PC_PCI_MEMORY_ENABLE = 2 };

struct pc_pci_function {
    uint8_t bus, device, function;
    uint8_t bridge; // index + 1 of the bridge that its bus is behind, 0 = none
    uint8_t is_bridge;
    uint8_t bar_io[PC_PCI_BARS];     // else memory
    uint32_t bar_bytes[PC_PCI_BARS]; // a power of two, 0 = no such register
    uint8_t config[256];
    uint8_t writable[256]; // mask of bits that a write changes
};

struct pc_pci {
    uint32_t functions;
    uint32_t address; // CONFIG_ADDRESS
    struct pc_pci_function function[PC_PCI_FUNCTIONS];
};

// A function with an empty standard header: command and interrupt line can be written. -1: no room, or it is there.
int pc_pci_add(struct pc_pci *p, unsigned bus, unsigned device, unsigned function);
void pc_pci_set(struct pc_pci_function *f, unsigned offset, unsigned bytes, uint32_t value);
uint32_t pc_pci_get(const struct pc_pci_function *f, unsigned offset, unsigned bytes);
void pc_pci_set_bar(struct pc_pci_function *f, unsigned bar, bool io, uint32_t bytes, uint32_t base, bool prefetchable);
uint32_t pc_pci_bar_base(const struct pc_pci_function *f, unsigned bar);

// A function becomes a bridge: header type 1, its windows are closed. The bus behind it and the last one below that.
void pc_pci_make_bridge(struct pc_pci_function *f, unsigned bus, unsigned last);
// Opens the windows of the bridges above a function as far as its ranges need.
void pc_pci_open_windows(struct pc_pci *p, unsigned function);

// Ports 0CF8h-0CFFh. False: not a configuration access.
bool pc_pci_in(struct pc_pci *p, uint16_t port, unsigned size, uint32_t *value) BASE_MUST_USE;
bool pc_pci_out(struct pc_pci *p, uint16_t port, unsigned size, uint32_t value) BASE_MUST_USE;

// Puts the spaces of all functions where their registers say. True: one has moved, appeared or gone.
bool pc_pci_place(const struct pc_pci *p, struct pc_script *s);

#endif
