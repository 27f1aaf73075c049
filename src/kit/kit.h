// The facts of the driver kit as data: devices and their services, and the lists in the sibling headers (messages,
// structures, flags). No code that acts on them. Sources of truth are the .def files; everything else is derived.
#ifndef VXDKIT_KIT_KIT_H
#define VXDKIT_KIT_KIT_H

#include "base/status.h"

// How arguments travel. KIT_REG: in registers. KIT_C: pushed right to left, the caller removes them. KIT_STD: pushed
// right to left, the callee removes them. KIT_FAST: the first two in ECX and EDX, the rest as KIT_STD.
enum kit_convention { KIT_REG, KIT_C, KIT_STD, KIT_FAST, KIT_UNKNOWN };

enum kit_service_flag {
    KIT_ASYNC = 1,      // may be called at hardware-interrupt time
    KIT_INIT_ONLY = 2,  // only until Init_Complete has been processed
    KIT_UNVERIFIED = 4, // the contract has parts that no document confirms
};

// One row of a service table.
struct kit_service {
    uint16_t ordinal;
    uint16_t since; // 300, 310, 400, 403, 410; 0 = not known
    const char *name;
    uint8_t convention;                  // enum kit_convention
    int8_t args;                         // dword arguments; -1 = variable
    uint8_t flags;                       // enum kit_service_flag
    const char *in, *out, *uses;         // the contract in the documentation's register names; "" = nothing
    uint16_t asm_sets, c_sets, binaries; // how many driver sources and images were counted that use it
    const char *page;                    // where it is documented
};

// A documented range of one input of a service of the VMM.
enum kit_range_kind { KIT_RANGE_PROC, KIT_RANGE_MASK, KIT_RANGE_MOST };
// Where it is: a register, or a dword argument, from 0.
enum kit_operand {
    KIT_IN_EAX,
    KIT_IN_ECX,
    KIT_IN_ESI,
    KIT_IN_ARG0,
    KIT_IN_ARG1,
    KIT_IN_ARG2,
    KIT_IN_ARG3,
    KIT_IN_ARG4,
    KIT_IN_ARG5,
    KIT_IN_ARG6
};

struct kit_range {
    uint16_t ordinal;
    uint8_t operand; // enum kit_operand
    uint8_t kind;    // enum kit_range_kind
    uint32_t value;
};

// The ranges of a service lie side by side; the first, or NULL. They end where the ordinal changes.
const struct kit_range *kit_ranges_of(uint16_t ordinal);

#define KIT_NO_ORDER 0x80000000u // Undefined_Init_Order: the device's place is not documented, or any place will do

struct kit_device {
    uint16_t id;
    const char *name;
    uint32_t init_order;                // KIT_NO_ORDER where no other is known
    const struct kit_service *services; // by position; NULL where none is known
    uint32_t service_count;
};

// KIT_<device>_Device_ID
enum kit_device_id {
#define DEVICE(id, name, order, stem) KIT_##name##_Device_ID = id,
#include "kit/devices.def"
#undef DEVICE
};

extern const struct kit_device kit_devices[];
extern const size_t kit_device_count;

const struct kit_device *kit_device_by_id(uint16_t id);        // NULL: unknown
const struct kit_device *kit_device_by_name(const char *name); // any case; NULL: unknown
const struct kit_service *kit_service_by_ordinal(const struct kit_device *device, uint16_t ordinal); // NULL: unknown
// Finds a service by name in any case; *device receives its device. NULL: unknown.
const struct kit_service *kit_service_by_name(const char *name, const struct kit_device **device);

#endif
