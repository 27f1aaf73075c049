// Control messages: KIT_<message> constants and a table with what each one promises. Made from messages.def.
#ifndef VXDKIT_KIT_MESSAGES_H
#define VXDKIT_KIT_MESSAGES_H

#include "kit/kit.h"

enum kit_message_flag {
    KIT_REFUSABLE = 1,     // a device may answer with CF=1
    KIT_INTS_OFF = 2,      // sent with interrupts disabled; nothing may be simulated
    KIT_MAY_SIMULATE = 4,  // interrupts and nested execution are allowed
    KIT_DIRECTED = 8,      // reaches one device only
    KIT_DESCENDING = 0x10, // sent in descending init order
};

enum kit_message_value {
#define MESSAGE(value, name, ...) KIT_##name = value,
#include "kit/messages.def"
#undef MESSAGE
    KIT_MESSAGE_COUNT,
};

struct kit_message {
    uint32_t value;
    const char *name;
    uint16_t since;        // 300, 310, 400, 403, 410
    uint8_t flags;         // enum kit_message_flag
    uint32_t second;       // the message sent right after this one, to 4.0 devices in descending order; 0 = none
    const char *registers; // parameters beside EAX=message
};

extern const struct kit_message kit_messages[KIT_MESSAGE_COUNT];

const struct kit_message *kit_message(uint32_t value);           // NULL: private or unknown
const struct kit_message *kit_message_by_name(const char *name); // any case; NULL: unknown

#endif
