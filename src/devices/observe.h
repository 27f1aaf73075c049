// What the devices announce (base/observe.h). Texts live only during the call.
#ifndef VXDKIT_DEVICES_OBSERVE_H
#define VXDKIT_DEVICES_OBSERVE_H

#include "base/observe.h"

enum devices_record_kind {
    DEVICES_RECORD_MESSAGE = BASE_RECORDS_DEVICES, // struct devices_message_record
    DEVICES_RECORD_POST,                           // struct devices_post_record
    DEVICES_RECORD_UNHEARD,                        // struct devices_unheard_record
    DEVICES_RECORD_APC,                            // struct devices_apc_record
    DEVICES_RECORD_DEVNODE,                        // struct devices_devnode_record
};

// A message box that a driver asked SHELL for.
struct devices_message_record {
    struct base_record head;
    const char *caption, *text; // caption "" = none or the standard one
    uint32_t flags;             // MB_*
    uint32_t response;          // ID_*: what the user is taken to have answered
    bool system_modal;
};

// A message that a driver posted to a window of a Win32 program (Win95 DDK S358C).
struct devices_post_record {
    struct base_record head;
    uint32_t window, message, wparam, lparam;
};

// An asynchronous procedure call that a driver queued for a Win32 thread (Win95 DDK S35BF). Nobody runs it.
struct devices_apc_record {
    struct base_record head;
    uint32_t procedure, parameter;
};

// At the end of a run: an interrupt from outside that never came in, because its line is masked.
struct devices_unheard_record {
    struct base_record head;
    uint8_t irq;
};

enum { DEVICES_MESSAGE_TREE = 0x7C4D0001 }; // to CONFIGMG: device nodes are loaded and started. Private

// The life of a device node.
struct devices_devnode_record {
    struct base_record head;
    const char *id;   // "ROOT\\CARD\\0000"
    const char *what; // "has been started, IRQ 5"
    uint32_t problem; // CM_PROB_*, 0 = none
};

#endif
