// VMD, the virtual mouse, between its files: what drivers tell it (vmd.c) and what it tells programs (vmd_int33.c).
#ifndef VXDKIT_DEVICES_VMD_H
#define VXDKIT_DEVICES_VMD_H

#include "devices/call.h"
#include "devices/common.h"

enum { VMD_BUTTONS = 3, VMD_CURSOR_PROCS = 8 }; // buttons of INT 33h: left, right, middle

struct vmd_clicks {
    uint16_t count, x, y; // since they were asked for; where the last one was
};

// The mouse as a VM sees it, in its control block as it lies in the host's memory.
struct vmd_mouse {
    int32_t x, y;                               // of a screen of 640 x 200
    int32_t rest_x, rest_y;                     // mickeys that were not enough for a step yet
    int32_t mickey_x, mickey_y;                 // since AX=000Bh
    int32_t least_x, most_x, least_y, most_y;   // AX=0007h, 0008h
    uint16_t ratio_x, ratio_y;                  // mickeys for 8 steps
    uint16_t threshold, speed_x, speed_y;       // kept, without effect
    uint16_t buttons;                           // bit n: button n is down
    uint16_t wanted, segment, offset, happened; // AX=000Ch: conditions, procedure; what it has not been told yet
    uint16_t screen_mask, cursor_mask;          // of the cursor
    int16_t shown;                              // 0: the cursor is there
    uint16_t drawn_at, drawn, covered;          // offset of its cell, what it shows and hides
    uint8_t is_drawn;
    uint8_t scheduled; // the event that calls the procedure
    uint8_t disabled;  // VMD_Enable_Disable_Mouse_Events
    struct vmd_clicks press[VMD_BUTTONS], release[VMD_BUTTONS];
};

struct vmd {
    uint32_t owner; // VM, 0 = the System VM
    uint32_t area;
    uint32_t ballpoint;
    uint32_t cursor[VMD_CURSOR_PROCS]; // addresses of CursorProcInfo
    uint32_t cursors;
    uint32_t int33_proc, handler_proc, interrupt_proc;
    uint32_t instance; // guest address of the board's mouse as a Mouse_Instance
    uint16_t post_kind, cursor_kind, handler_kind;
    uint8_t packet[3], packed; // of the board's mouse: bytes that have come
    uint8_t acknowledges;      // it still has to answer a command
    uint8_t type, irq, port, buttons;
    uint8_t present; // somebody told of a mouse, or it moved
};

extern const struct vmm_device vmd_device;
struct vmd *vmd_state(struct vmm *v);
uint32_t vmd_owner(struct vmm *v);

// vmd_ps2.c: the board's own mouse, when nobody else looks after it
void vmd_ps2_begin(struct vmm *v);
bool vmd_ps2_create(struct vmm *v);

// vmd_int33.c
void vmd_load(struct vmm *v, uint32_t vm, struct vmd_mouse *m);
void vmd_store(struct vmm *v, uint32_t vm, const struct vmd_mouse *m);
void vmd_reset(struct vmd_mouse *m);
void vmd_moved_begin(struct vmm *v, uint32_t vm, int32_t dx, int32_t dy, uint16_t buttons); // mickeys
void vmd_hook_begin(struct vmm *v);
bool vmd_int33_create(struct vmm *v);

#endif
