// What the devices announce (base/observe.h). Texts live only during the call.
#ifndef VXDKIT_DEVICES_OBSERVE_H
#define VXDKIT_DEVICES_OBSERVE_H

#include "base/observe.h"

enum devices_record_kind {
    DEVICES_RECORD_MESSAGE = BASE_RECORDS_DEVICES, // struct devices_message_record
};

// A message box that a driver asked SHELL for.
struct devices_message_record {
    struct base_record head;
    const char *caption, *text; // caption "" = none or the standard one
    uint32_t flags;             // MB_*
    uint32_t response;          // ID_*: what the user is taken to have answered
    bool system_modal;
};

#endif
