// Between the files of VKD.
//
// vkd.c       the keyboard's interrupt, hot keys, the owner's port
// vkd_type.c  keys that drivers type: forced, reflected, pasted; keys of message mode
#ifndef VXDKIT_DEVICES_VKD_H
#define VXDKIT_DEVICES_VKD_H

#include "devices/call.h"
#include "devices/vpicd.h"

enum { VKD_HOT_KEYS = 48, VKD_DISABLED = 64, VKD_QUEUE = 64, VKD_NOTICES = 16, VKD_MESSAGE_KEYS = 16 };
enum { VKD_IRQ = 1, VKD_PREFIX = 0xE0, VKD_RELEASED = 0x80 };

struct vkd_hot_key {
    uint32_t handle; // 0: free
    uint32_t callback, reference;
    uint16_t mask, compare;
    uint8_t scan, kind, flags;
};

// A callback to be made: as an event, one at a time.
struct vkd_notice {
    uint32_t handle, shift;
    uint64_t at;
    uint8_t scan, what;
};

// What VKD_Start_Paste was given.
struct vkd_paste {
    uint32_t vm;                  // 0: nothing is pasted
    uint32_t buffer, count, next; // keys, in guest memory of ours
    uint32_t callback, reference;
    uint32_t ended; // 1 + completion flags: the callback is to be made
};

struct vkd {
    struct vkd_hot_key key[VKD_HOT_KEYS];
    struct {
        uint32_t handle, vm;
    } disabled[VKD_DISABLED];
    struct vkd_notice notice[VKD_NOTICES];
    uint32_t ids, notices;
    uint32_t holding; // hot key whose state has not ended
    uint32_t owner;   // VM with the keyboard, 0 = the system VM
    uint16_t shift;
    uint8_t prefix;
    uint8_t queue[VKD_QUEUE], queued; // bytes for the owner
    uint32_t message_vm;              // whose messages are shown, 0 = none
    struct {
        uint8_t scan, modifiers;
    } message_key[VKD_MESSAGE_KEYS];
    uint32_t message_keys;
    struct vkd_paste paste;
    uint32_t interrupt_proc, notify_proc, io_proc, pasted_proc;
    uint16_t notify_kind;
};

struct vkd *vkd_state(struct vmm *v);
extern const struct vmm_device vkd_device;

// vkd.c
uint32_t vkd_owner(struct vmm *v);               // VM with the keyboard
struct vkd_hot_key *vkd_find_eax(struct vmm *v); // reports a wrong handle and gives NULL
void vkd_end_hold(struct vmm *v);
void vkd_notify_begin(struct vmm *v); // the callbacks that are due
bool vkd_is_modifier(uint8_t code, bool extended);

// vkd_type.c
extern const struct vmm_binding vkd_type_bindings[];
bool vkd_type_create(struct vmm *v) BASE_MUST_USE;
void vkd_message_key(struct vkd *s, uint8_t code, bool extended);
void vkd_queue_emptied(struct vmm *v); // more of a paste, or its end
void vkd_pasted_begin(struct vmm *v);  // its callback, if it is due
void vkd_paste_vm_gone_begin(struct vmm *v, uint32_t vm);

#endif
