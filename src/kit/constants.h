// Constants that drivers and the system share: flags, boosts, error codes. KIT_<name> and, for single bits,
// KIT_<name>_Bit. Made from constants_*.def.
#ifndef VXDKIT_KIT_CONSTANTS_H
#define VXDKIT_KIT_CONSTANTS_H

#include "kit/kit.h"

enum kit_constant_value {
#define CONSTANT(group, name, value, flags) KIT_##name = value,
#define BIT(group, name, bit, flags)        KIT_##name = 1 << bit, KIT_##name##_Bit = bit,
#define WIDE(group, name, value, flags)
#include "kit/constants.def"
#undef CONSTANT
#undef BIT
#undef WIDE
};

// An enumerator must fit an int; these do not.
#define CONSTANT(group, name, value, flags)
#define BIT(group, name, bit, flags)
#define WIDE(group, name, value, flags) static const uint32_t KIT_##name = value;
#include "kit/constants.def"
#undef CONSTANT
#undef BIT
#undef WIDE

enum { KIT_NO_BIT = 0xFF };

struct kit_constant {
    const char *group, *name;
    uint32_t value;
    uint8_t bit;   // also known as NAME_Bit with this number; KIT_NO_BIT: not a single bit
    uint8_t flags; // enum kit_service_flag: KIT_UNVERIFIED
};

extern const struct kit_constant kit_constants[]; // a group's rows stand together
extern const size_t kit_constant_count;

const struct kit_constant *kit_constant_by_name(const char *name); // any case; NULL: unknown

#endif
