// What the Virtual Machine Manager announces (base/observe.h): kinds and payloads. `watch` turns them into trace lines
// and pictures. Texts and names live only during the call.
#ifndef VXDKIT_VMM_OBSERVE_H
#define VXDKIT_VMM_OBSERVE_H

#include "base/observe.h"

enum vmm_record_kind {
    VMM_RECORD_CONTROL = BASE_RECORDS_VMM, // struct vmm_control_record
    VMM_RECORD_SERVICE,                    // struct vmm_service_record
    VMM_RECORD_EVENT,                      // struct vmm_event_record
    VMM_RECORD_TIMEOUT,                    // struct vmm_timeout_record
    VMM_RECORD_SWITCH,                     // struct vmm_switch_record
    VMM_RECORD_IO,                         // struct vmm_io_record
    VMM_RECORD_IRQ,                        // struct vmm_irq_record
    VMM_RECORD_FAULT,                      // struct vmm_fault_record
    VMM_RECORD_DEBUG,                      // struct vmm_debug_record: what a driver printed
    VMM_RECORD_CHECK,                      // struct vmm_check_record
    VMM_RECORD_END,                        // struct vmm_end_record
};

// One device has finished with one control message.
struct vmm_control_record {
    struct base_record head;
    uint32_t message;
    const char *name;   // "Device_Init"; NULL for private messages
    const char *device; // DDB_Name without blanks
    bool built_in;      // a device of ours, no driver
    bool carry;         // 1 = refused or failed
    uint32_t eax;       // result of directed messages
};

enum vmm_service_phase { VMM_SERVICE_ENTERED, VMM_SERVICE_DONE };

struct vmm_service_record {
    struct base_record head;
    uint8_t phase; // enum vmm_service_phase; a service that blocks or calls back is done later than entered
    uint16_t device, ordinal;
    const char *device_name, *name;
    const char *caller;      // device name of the calling driver, "" = the VMM itself
    uint32_t caller_address; // of the instruction after the call
    uint32_t result;         // EAX when done
    bool carry, zero;        // when done
};

enum vmm_event_kind { VMM_EVENT_GLOBAL, VMM_EVENT_VM, VMM_EVENT_THREAD, VMM_EVENT_PRIORITY, VMM_EVENT_RESTRICTED };

enum vmm_event_state {
    VMM_EVENT_SCHEDULED, // queued, handle given out
    VMM_EVENT_WAITING,   // looked at and not eligible: not_met says why; announced when not_met changes
    VMM_EVENT_RUN,       // callback entered
    VMM_EVENT_DONE,      // callback returned
    VMM_EVENT_TIMED_OUT, // callback entered because time ran out
    VMM_EVENT_CANCELLED,
};

enum { VMM_NOT_CURRENT_VM = 0x40000000, VMM_NOT_CURRENT_THREAD = 0x20000000 }; // beside PEF bits in not_met

struct vmm_event_record {
    struct base_record head;
    uint32_t id;   // counts from 1 in a run, also for events that ran at once and never had a handle
    uint8_t kind;  // enum vmm_event_kind
    uint8_t state; // enum vmm_event_state
    uint32_t callback, reference;
    uint32_t flags;     // PEF flags asked for
    uint32_t not_met;   // PEF restriction bits, VMM_NOT_CURRENT_*
    const char *device; // driver that owns the callback
    const char *symbol; // nearest symbol of the callback, "" = none
};

struct vmm_timeout_record {
    struct base_record head;
    uint32_t id;
    uint8_t kind;  // 0 global, 1 VM, 2 thread, 3 async
    uint8_t state; // enum vmm_event_state: SCHEDULED, RUN, DONE, CANCELLED
    uint32_t milliseconds, lateness;
    uint32_t callback;
    const char *symbol;
};

struct vmm_switch_record {
    struct base_record head;
    uint32_t from, to; // thread ids, 0 = none
};

struct vmm_io_record {
    struct base_record head;
    uint16_t port;
    uint8_t size;
    bool write;
    uint32_t value;
    const char *device; // that handled it; "" = the board, NULL = nobody; a described range's name
    bool memory;        // device memory, no port
    uint32_t address;   // physical address of device memory
};

struct vmm_irq_record {
    struct base_record head;
    uint8_t irq;
    uint8_t state; // 0 line raised, 1 delivered to the VMM, 2 simulated into a VM, 3 EOI
};

struct vmm_fault_record {
    struct base_record head;
    uint8_t vector;
    uint32_t error, address; // CR2 for page faults
    uint16_t cs;
    uint32_t eip;
    const char *where; // nearest symbol
    bool handled;
};

struct vmm_debug_record {
    struct base_record head;
    const char *text;
    size_t length;
};

struct vmm_check_record {
    struct base_record head;
    const char *rule; // stable id, e.g. "callback-stack"
    const char *message;
    const char *device; // driver at fault
    uint32_t address;
    const char *where; // nearest symbol
    const char *page;  // documentation
};

struct vmm_end_record {
    struct base_record head;
    uint8_t end; // enum vmm_end
    const char *message;
};

#endif
