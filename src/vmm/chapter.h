// What a chapter of the reference brings with it: services, and state that snapshots must copy.
#ifndef VXDKIT_VMM_CHAPTER_H
#define VXDKIT_VMM_CHAPTER_H

#include "vmm/vmm.h"

struct vmm_chapter {
    const struct vmm_binding *bindings; // ended by fn NULL; NULL = no services
    size_t state_size;                  // plain data, zeroed at creation
    const uint32_t *tables;             // row sizes of base_tables, ended by 0; NULL = none
    bool (*create)(struct vmm *v);      // at machine creation, after memory and descriptor tables exist; may be NULL
    void (*vm_switched)(struct vmm *v, uint32_t from,
                        uint32_t to);                    // control blocks; `to` is mapped already; may be NULL
    void (*module_gone)(struct vmm *v, uint32_t module); // a driver is about to be unloaded: what is still its?
    void (*vm_gone)(struct vmm *v, uint32_t vm);         // control block, about to be freed; may be NULL
    void (*thread_gone)(struct vmm *v, uint32_t thread); // the same for a thread; may be NULL
};

enum vmm_chapter_id {
#define CHAPTER(name) VMM_CHAPTER_##name,
#include "vmm/chapters.h"
#undef CHAPTER
    VMM_CHAPTERS
};

#define CHAPTER(name) extern const struct vmm_chapter vmm_##name##_chapter;
#include "vmm/chapters.h"
#undef CHAPTER

#endif
