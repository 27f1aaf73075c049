// The tables behind messages.h, structures.h and constants.h.
#include <stddef.h>

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/names.h"
#include "kit/structures.h"

#define MESSAGE(value, name, since, flags, second, registers) {value, #name, since, flags, second, registers},
const struct kit_message kit_messages[KIT_MESSAGE_COUNT] = {
#include "kit/messages.def"
};
#undef MESSAGE

#define STRUCTURE(name, size)                                static const struct kit_field fields_##name[] = {
#define FIELD(structure, offset, size, count, name, initial) {offset, size, count, #name, initial},
#define FILL(structure, offset, size, count)                 {offset, size, count, NULL, ""},
// clang-format off
#define ENDS(name) };
// clang-format on
#include "kit/structures.def"
#undef STRUCTURE
#undef FIELD
#undef FILL
#undef ENDS

#define STRUCTURE(name, size) {#name, size, fields_##name, BASE_COUNT(fields_##name)},
#define FIELD(structure, offset, size, count, name, initial)
#define FILL(structure, offset, size, count)
#define ENDS(name)
const struct kit_structure kit_structures[] = {
#include "kit/structures.def"
};
#undef STRUCTURE
#undef FIELD
#undef FILL
#undef ENDS
const size_t kit_structure_count = BASE_COUNT(kit_structures);

#define CONSTANT(group, name, value, flags) {#group, #name, value, KIT_NO_BIT, flags},
#define BIT(group, name, bit, flags)        {#group, #name, (uint32_t)1 << (bit), bit, flags},
#define WIDE                                CONSTANT
const struct kit_constant kit_constants[] = {
#include "kit/constants.def"
};
#undef CONSTANT
#undef BIT
#undef WIDE
const size_t kit_constant_count = BASE_COUNT(kit_constants);

const struct kit_message *kit_message(uint32_t value)
{
    return value < KIT_MESSAGE_COUNT ? &kit_messages[value] : NULL;
}

const struct kit_message *kit_message_by_name(const char *name)
{
    for (size_t i = 0; i < KIT_MESSAGE_COUNT; i++)
        if (kit_same_name(kit_messages[i].name, name))
            return &kit_messages[i];
    return NULL;
}

const struct kit_structure *kit_structure_by_name(const char *name)
{
    for (size_t i = 0; i < kit_structure_count; i++)
        if (kit_same_name(kit_structures[i].name, name))
            return &kit_structures[i];
    return NULL;
}

const struct kit_constant *kit_constant_by_name(const char *name)
{
    for (size_t i = 0; i < kit_constant_count; i++)
        if (kit_same_name(kit_constants[i].name, name))
            return &kit_constants[i];
    return NULL;
}
