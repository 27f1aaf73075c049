// Names of what the VMM announces: as trace lines spell them, and in words for people.
#ifndef VXDKIT_WATCH_NAMES_H
#define VXDKIT_WATCH_NAMES_H

#include "base/status.h"
#include "vmm/observe.h"

const char *watch_event_kind(uint8_t kind);         // "restricted"
const char *watch_event_state(uint8_t state);       // "scheduled"
const char *watch_timeout_kind(uint8_t kind);       // "global"
const char *watch_irq_state(uint8_t state);         // "raised"
const char *watch_program_state(uint8_t progress);  // enum dos_progress
const char *watch_program_end(uint8_t how);         // enum dos_how
const char *watch_end_name(uint8_t end);            // "idle"
const char *watch_exception(uint8_t vector);        // "page fault"
const char *watch_device_problem(uint32_t problem); // CM_PROB_*: "the resources are taken"
const char *watch_message_words(uint32_t message);  // what a control message is for; NULL: nothing to say

// A restriction by bit of vmm_event_record.not_met. Name: "PEF_Wait_Not_Crit" or "not current VM"; NULL: no such bit.
// Words: why an event with it waits.
const char *watch_restriction(unsigned bit);
const char *watch_restriction_words(unsigned bit);

// Carry is a refusal only where the message can be refused; W32_DeviceIoControl answers in EAX, others not at all.
bool watch_refused(const struct vmm_control_record *r);

#endif
