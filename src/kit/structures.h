// Structures that drivers share with the system: KIT_<field> is a field's offset, KIT_SIZE_<structure> the size. Made
// from structures.def.
#ifndef VXDKIT_KIT_STRUCTURES_H
#define VXDKIT_KIT_STRUCTURES_H

#include "kit/kit.h"

enum kit_offset {
#define STRUCTURE(name, size)                                KIT_SIZE_##name = size,
#define FIELD(structure, offset, size, count, name, initial) KIT_##name = offset,
#define FILL(structure, offset, size, count)
#define ENDS(name)
#include "kit/structures.def"
#undef STRUCTURE
#undef FIELD
#undef FILL
#undef ENDS
};

struct kit_field {
    uint16_t offset;
    uint8_t size; // of one element
    uint16_t count;
    const char *name;    // NULL: a gap
    const char *initial; // MASM text of the initial value; "" = undefined
};

struct kit_structure {
    const char *name;
    uint16_t size;
    const struct kit_field *fields; // in ascending order, no gap between them
    size_t field_count;
};

extern const struct kit_structure kit_structures[];
extern const size_t kit_structure_count;

const struct kit_structure *kit_structure_by_name(const char *name); // any case; NULL: unknown

#endif
