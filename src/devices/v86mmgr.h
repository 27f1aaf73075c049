// Between the files of V86MMGR.
//
// v86mmgr.c       messages, pages of the adapter area that it takes, what it answers about memory
// v86mmgr_buffer.c  the translation buffer of a VM
// v86mmgr_map.c   memory mapped into all VMs at one address
// v86mmgr_xlat.c  scripts that translate an API's pointers
#ifndef VXDKIT_DEVICES_V86MMGR_H
#define VXDKIT_DEVICES_V86MMGR_H

#include "devices/call.h"
#include "devices/common.h"

enum { V86MMGR_REGIONS = 16, V86MMGR_PAGES = 32, V86MMGR_PIECES = 64, V86MMGR_V86_PAGES = 0x100 };

// Of a VM, in its control block. The linear address is that of the pages behind its own buffer, 0 = not needed yet; the
// next three describe the buffer in use, which may be another one (V86MMGR_Set_Xlat_Buff_State). Then the selector of
// V86MMGR_Get_VM_Flat_Sel, 0 = nobody asked.
enum {
    V86MMGR_MEMORY = 0,
    V86MMGR_SEGMENT = 4,
    V86MMGR_FREE = 8,
    V86MMGR_SIZE = 12,
    V86MMGR_FLAT = 16,
    V86MMGR_AREA = 20
};

struct v86mmgr_region { // of V86MMGR_Map_Pages; pages 0: free
    uint8_t first, pages;
    uint32_t generation;
    uint32_t linear; // what is mapped there, 0 = reserved only
};

// A pointer of the client that a translation script has translated (bytes > 0), or will bring back (bytes 0).
struct v86mmgr_piece {
    uint32_t script; // number of the script that runs, 0 = free
    uint32_t thread;
    uint32_t linear, bytes; // the client's memory
    uint32_t buffer;        // its copy, by an address that is always good
    uint32_t v86;           // segment:offset of the copy, or of what the interrupt answered
    uint32_t offset;        // what the client's registers held
    uint16_t segment;
    uint8_t operation, offset_field, segment_field;
};

struct v86mmgr {
    uint32_t area;                                         // offset in a control block
    uint8_t least_buffer, most_buffer;                     // pages that drivers asked for
    uint8_t private_map, shared_map, most_map;             // the same for the mapping region
    uint8_t first_page, buffer_pages, map_page, map_pages; // what there is
    uint8_t ready;                                         // Device_Init is over
    uint32_t nul_page;                                     // handle
    struct v86mmgr_region region[V86MMGR_REGIONS];
    struct v86mmgr_piece piece[V86MMGR_PIECES];
    uint32_t given[V86MMGR_V86_PAGES / 32]; // bit map of the pages that drivers gave to the mapping region
    uint32_t generation;                    // of regions and scripts
    uint16_t init_kind, buffer_kind, map_kind, give_kind, flat_kind, xlat_kind;
};

struct v86mmgr *v86mmgr_state(struct vmm *v);
extern const struct vmm_device v86mmgr_device;

// v86mmgr_buffer.c
void v86mmgr_allocate_buffer_begin(struct vmm *v);
void v86mmgr_free_buffer(struct vmm *v);
void v86mmgr_xlat_api_begin(struct vmm *v);
void v86mmgr_load_client_ptr(struct vmm *v);
void v86mmgr_get_xlat_buff_state_begin(struct vmm *v);
void v86mmgr_set_xlat_buff_state(struct vmm *v);
void v86mmgr_vm_created(struct vmm *v, uint32_t vm);
void v86mmgr_vm_destroyed_begin(struct vmm *v, uint32_t vm);
void v86mmgr_buffer_create(struct vmm *v);

// v86mmgr_xlat.c
void v86mmgr_run_script_begin(struct vmm *v, uint32_t vm); // its buffer has memory
void v86mmgr_xlat_create(struct vmm *v);

// v86mmgr_map.c
void v86mmgr_map_pages_begin(struct vmm *v);
void v86mmgr_free_page_map_region_begin(struct vmm *v);
void v86mmgr_map_all_begin(struct vmm *v, uint32_t vm); // a new VM gets what the others have
void v86mmgr_map_create(struct vmm *v);
uint32_t v86mmgr_map_used(struct vmm *v);                       // pages
bool v86mmgr_in_buffer(const struct v86mmgr *s, uint32_t page); // of each VM
uint32_t v86mmgr_map_total(const struct v86mmgr *s);            // pages
bool v86mmgr_mappable(const struct v86mmgr *s, uint32_t page);  // belongs to the mapping region
void v86mmgr_set_avail_map_pgs_begin(struct vmm *v);

#endif
