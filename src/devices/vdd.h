// VDD, the virtual display, between its files: who has the screen, the VGA's registers as each VM sees them, the
// functions of a mini-VDD and when they are called.
#ifndef VXDKIT_DEVICES_VDD_H
#define VXDKIT_DEVICES_VDD_H

#include "devices/call.h"
#include "devices/common.h"
#include "kit/constants.h"
#include "kit/structures.h"

enum {
    VDD_PORTS = PC_VGA_LAST - PC_VGA_FIRST + 1,
    VDD_SELECTORS = 8,        // of VDD_Register_Extra_Screen_Selector (Win95 DDK S2829)
    VDD_MINI_FUNCTIONS = 256, // more than any mini-VDD looks for; known ones: KIT_NBR_MINI_VDD_FUNCTIONS
};

// Of a VM, in its control block.
enum {
    VDD_HIDDEN = 0,
    VDD_WINDOWED = 4,
    VDD_PIF = 8,
    VDD_TRACKS = 12,
    VDD_MODIFIED = 16,  // system time when the screen was last found changed
    VDD_AWARE = 20,     // INT 2Fh AX=4000h was called
    VDD_REGISTERS = 24, // struct pc_vga, while the VM does not have the screen
    VDD_AREA = VDD_REGISTERS + (sizeof(struct pc_vga) + 3) / 4 * 4,
};

enum { VDD_MESSAGE_VM, VDD_PLANAR_VM, VDD_SPECIAL_VMS }; // pseudo-VMs (Win95 DDK S2827)

struct vdd {
    uint32_t area;
    uint32_t message_vm; // Begin_Message_Mode, 0 = none
    uint32_t name;       // guest address of the identifier
    uint32_t mini;       // guest address of the mini-VDD's functions
    uint32_t special[VDD_SPECIAL_VMS];
    uint32_t crtc, memc;   // VMs that have the screen and the memory (Win95 DDK S2816); 0 = the System VM
    uint32_t wanted_focus; // VM that waits for the display driver to finish a transfer
    uint32_t takeover[VDD_PORTS];
    uint32_t selector[VDD_SELECTORS];
    uint32_t selectors;
    uint32_t sleep_flag;          // linear address of a byte, 0 = none; so are the next two
    uint32_t user_flag;           // VDD_SET_USER_FLAGS
    uint32_t busy_flag, busy_bit; // VDD_SET_BUSY_FLAG_ADDR
    uint32_t node;                // device node that VDD loads the driver of
    uint32_t chip_id;
    uint32_t trap_proc, vga_proc, blter_proc, int10_proc, int2f_proc, vesa_proc, introduce_proc, focus_proc,
        notify_proc, node_proc;
    uint16_t sequence_kind, port_kind, api_kind, vesa_kind, load_kind;
    uint8_t foreground, background;
    uint8_t complete;   // Init_Complete is over
    uint8_t introduced; // the mini-VDD has been asked who it is
    uint8_t scheduled;  // ... will be
    uint8_t mini_failed, card_loaded;
};

extern const struct vmm_device vdd_device;
struct vdd *vdd_state(struct vmm *v);

// vdd.c
uint32_t vdd_crtc_owner(struct vmm *v);
uint32_t vdd_memc_owner(struct vmm *v);
void vdd_load_registers(struct vmm *v, uint32_t vm, struct pc_vga *g); // of a VM that does not have the screen
void vdd_store_registers(struct vmm *v, uint32_t vm, const struct pc_vga *g);

// vdd_mini.c
uint32_t vdd_hook(struct vmm *v, unsigned function);        // the mini-VDD's, 0 = it has none
void vdd_mini_call_begin(struct vmm *v, unsigned function); // with the registers of now, on the top frame
void vdd_mini_check(struct vmm *v, const struct vmm_frame *f, uint32_t ebx); // what every function keeps
void vdd_only_init(struct vmm *v, const char *service, const char *page);    // reports a call after Init_Complete
void vdd_introduce_begin(struct vmm *v);
void vdd_focus_begin(struct vmm *v, uint32_t vm);
void vdd_owner_gone_begin(struct vmm *v); // its VM ends: the screen is Windows'
void vdd_message_begin(struct vmm *v, bool begins);
void vdd_save_begin(struct vmm *v, uint32_t vm); // SAVE_REGISTERS
bool vdd_mini_create(struct vmm *v);
extern const struct vmm_binding vdd_mini_bindings[];

// vdd_ports.c
void vdd_trap_ports_begin(struct vmm *v);
bool vdd_ports_create(struct vmm *v);
extern const struct vmm_binding vdd_ports_bindings[];

// vdd_api.c: INT 2Fh AX=1684h BX=000Ah, INT 10h AH=4Fh, INT 2Fh AH=40h
void vdd_api_begin(struct vmm *v);
void vdd_notify_begin(struct vmm *v, uint32_t vm, uint32_t function); // 4001h, 4002h
void vdd_hook_int2f_begin(struct vmm *v);
bool vdd_api_create(struct vmm *v);

// vdd_info.c: what the registry says of the display
void vdd_info(struct vmm *v, uint8_t info[KIT_SIZE_DISPLAYINFO]);
void vdd_node_begin(struct vmm *v); // PNP_New_Devnode
bool vdd_info_create(struct vmm *v);
extern const struct vmm_binding vdd_info_bindings[];

#endif
