// What the devices share: the board and a few numbers, kept in the state of VPICD, which is always there.
#ifndef VXDKIT_DEVICES_COMMON_H
#define VXDKIT_DEVICES_COMMON_H

#include "devices/devices.h"
#include "vmm/guest.h"

struct devices_pages {
    uint32_t first, pages;
};

struct devices_common {
    struct pc pc;
    struct devices_pages mapped[PC_SPACES]; // device memory as the processor sees it now
    uint64_t promised;                      // next event of the board, as the run loop was told
    uint16_t aside_kind, trap_kind;
    uint8_t described; // hardware was
};

// The machine's; a part of VPICD's state.
struct devices_common *devices_common(struct vmm *v);

// The board as it is at this moment: what nobody waits for, such as a masked line, has happened.
struct pc *devices_board_now(struct vmm *v);

// Fills in a record's head and announces it.
void devices_announce(struct vmm *v, struct base_record *head, uint32_t kind, uint32_t size);

bool vdd_windowed(struct vmm *v, uint32_t vm); // VDD_Set_VMType said so

// A device of this room: what is added at creation, in the order of devices.c. `create` may be NULL.
struct devices_entry {
    const struct vmm_device *device;
    bool (*create)(struct vmm *v);
    bool windows_95;                       // not there in 3.1
    const struct vmm_binding *const *more; // services beyond the device's own list, ended by NULL; NULL = none
};

// The timer's line is open while a DOS program could notice it (vtd.c). For the board, whenever it is asked.
void vtd_watch(struct vmm *v);

// DMA transfers of VMs that have come to their end are completed, before the VM hears of it by an interrupt
// (vdmad_virt.c).
void vdmad_collect(struct vmm *v);

extern const struct devices_entry vpicd_entry, vtd_entry, vxdldr_entry, pageswap_entry, pagefile_entry, vkd_entry,
    vwin32_entry, vdmad_entry, v86mmgr_entry, vdd_entry, vmd_entry, dosmgr_entry, vcd_entry, ifsmgr_entry, shell_entry,
    configmg_entry, vsd_entry, vmcpd_entry, ios_entry, vcomm_entry;

#endif
