// Between the files of VDMAD.
//
// vdmad.c       channels, the physical controllers, the DMA buffer, messages
// vdmad_virt.c  the controllers as a VM sees them: its ports, what its accesses start
// vdmad_lock.c  memory locked for DMA
// vdmad_vds.c   the services for programs, INT 4Bh
#ifndef VXDKIT_DEVICES_VDMAD_H
#define VXDKIT_DEVICES_VDMAD_H

#include "devices/call.h"
#include "devices/common.h"

enum { VDMAD_CHANNELS = 8, VDMAD_CASCADE = 4, VDMAD_BUFFER_ID = 1 };

// Per VM and channel, in the control block: address, bytes, mode | extended mode << 8 | flags, translation disabled
// (count), the registers as written: address | count << 16, page. Then the byte pointers of the two controllers.
enum {
    VDMAD_ADDRESS = 0,
    VDMAD_BYTES = 4,
    VDMAD_MODE = 8,
    VDMAD_DISABLED = 12,
    VDMAD_REGISTERS = 16,
    VDMAD_PAGE = 20,
    VDMAD_STATE = 24,
    VDMAD_POINTERS = VDMAD_CHANNELS * VDMAD_STATE,
    VDMAD_AREA = VDMAD_POINTERS + 8,
    VDMAD_BY_PORTS = 1 << 16 // flag of the mode: the address is what the VM programmed
};

struct vdmad_channel {
    uint32_t handle; // 0: not virtualized
    uint32_t callback;
    uint32_t linear, bytes, physical; // region
    uint32_t vm;                      // whose transfer the default handler has started, 0 = none
    uint32_t shown_to;                // VM that reads the physical address and count at its own registers, 0 = none
    uint8_t mode;                     // of the default handler's transfer
    uint8_t over;                     // it has come to its end, and the VM has what the device wrote
    uint8_t buffer, locked;
    uint8_t address_mode; // EISA: 0-3 (VDAG31 VDMAD_Set_EISA_Adr_Mode); 1 = words
};

struct vdmad {
    struct vdmad_channel channel[VDMAD_CHANNELS];
    uint32_t ids;
    uint32_t area;
    uint32_t reserve, reserve_below; // pages asked for, highest address
    uint32_t buffer, buffer_physical, buffer_bytes;
    uint32_t user; // linear address that the buffer stands for while it is taken
    uint8_t taken;
    uint32_t vds_vm; // VM that took the buffer by INT 4Bh last
    uint32_t io_proc, vds_proc;
    uint16_t buffer_kind, lock_kind, unlock_kind, scatter_kind, notify_kind, default_kind, vds_kind;
};

struct vdmad *vdmad_state(struct vmm *v);
extern const struct vmm_device vdmad_device;

// vdmad.c
struct vdmad_channel *vdmad_find_eax(struct vmm *v); // reports a wrong handle and gives NULL
unsigned vdmad_number(struct vmm *v, const struct vdmad_channel *c);
void vdmad_set_mask(struct vmm *v, const struct vdmad_channel *c, bool masked);
void vdmad_request(struct vmm *v, const struct vdmad_channel *c); // by software
void vdmad_program(struct vmm *v, struct vdmad_channel *c, uint32_t vm, uint32_t mode);
void vdmad_out(struct vmm *v, uint16_t port, uint32_t value);
uint16_t vdmad_page_port(unsigned channel);
bool vdmad_take_buffer(struct vmm *v, uint32_t linear, uint32_t bytes, uint32_t *error) BASE_MUST_USE;

// vdmad_virt.c
void vdmad_virt_create(struct vmm *v);
void vdmad_vm_created(struct vmm *v, uint32_t vm);
void vdmad_vm_destroyed(struct vmm *v, uint32_t vm);
void vdmad_trap_begin(struct vmm *v);
void vdmad_get_virt_state(struct vmm *v);
void vdmad_set_virt_state(struct vmm *v);
void vdmad_disable_translation(struct vmm *v);
void vdmad_enable_translation(struct vmm *v);
void vdmad_default_handler_begin(struct vmm *v);
// How often translation of a VM's channel is disabled, after a change.
uint32_t vdmad_disable_count(struct vmm *v, uint32_t vm, unsigned channel, int change);

// vdmad_lock.c
void vdmad_lock_create(struct vmm *v);
void vdmad_lock_dma_region_begin(struct vmm *v);
void vdmad_unlock_dma_region_begin(struct vmm *v);
void vdmad_scatter_lock_begin(struct vmm *v);
void vdmad_scatter_unlock_begin(struct vmm *v);

// vdmad_vds.c
bool vdmad_vds_create(struct vmm *v) BASE_MUST_USE;
void vdmad_vds_hook_begin(struct vmm *v);
void vdmad_vds_vm_destroyed(struct vmm *v, uint32_t vm);

#endif
