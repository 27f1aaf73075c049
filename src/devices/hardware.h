// The description of a machine's hardware (docs/hardware.md): read from text into what the board and the configuration
// manager need. Reading knows no machine; devices_provide_hardware puts a description into one.
#ifndef VXDKIT_DEVICES_HARDWARE_H
#define VXDKIT_DEVICES_HARDWARE_H

#include "base/arena.h"
#include "base/diag.h"
#include "pc/pci.h"

enum {
    HARDWARE_NODES = 128,
    HARDWARE_RANGES = 8,    // alternatives of a resource
    HARDWARE_ID = 200,      // bytes of a device identifier with its terminator (MAX_DEVICE_ID_LEN, Win95 DDK S2522)
    HARDWARE_TEXT = 1 << 20 // bytes of a description
};

struct hardware_value { // of the registry
    struct hardware_value *next;
    const char *name;
    bool hardware; // in the device's own key, else in its driver's
    uint32_t type; // KIT_REG_*
    uint32_t size;
    const uint8_t *data;
};

enum hardware_kind { HARDWARE_MEMORY = 1, HARDWARE_IO, HARDWARE_DMA, HARDWARE_IRQ }; // numbered as ResType_*

struct hardware_range {
    uint32_t bytes, first, last, align; // `bytes` somewhere in first-last, at a multiple of align (a power of two)
};

struct hardware_resource {
    struct hardware_resource *next;
    enum hardware_kind kind;
    bool shared;
    uint32_t mask; // IRQ, DMA: the numbers that will do
    uint32_t ranges;
    struct hardware_range range[HARDWARE_RANGES]; // I/O, memory: alternatives, the best one first
};

struct hardware_config { // a logical configuration; several of a kind are alternatives in their order
    struct hardware_config *next;
    bool boot; // as found at boot; else a basic one
    struct hardware_resource *resources;
};

struct hardware_node {
    const char *id, *parent;                                    // parent NULL: the root
    const char *description, *class_name, *loader, *enumerator; // NULL: not given
    struct hardware_value *values;
    struct hardware_config *configs;
    int function; // of PCI, -1 = none
};

struct hardware {
    uint32_t nodes;
    struct hardware_node node[HARDWARE_NODES];
    struct pc_script script;
    struct pc_pci pci;
    uint16_t level_lines; // interrupt lines that are level triggered
};

// Reads a description. Strings and rows live in the arena. False: messages say what is wrong, and where.
bool hardware_read(const char *name, const char *text, size_t size, struct base_arena *arena, struct base_diag *diag,
                   struct hardware *to) BASE_MUST_USE;

bool hardware_same_id(const char *a, const char *b) BASE_MUST_USE; // device identifiers, any case

#endif
