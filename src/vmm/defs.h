// The map of the room: every function that crosses files and is not in an outer header, grouped by file.
#ifndef VXDKIT_VMM_DEFS_H
#define VXDKIT_VMM_DEFS_H

#include "vmm/machine.h"
#include "vmm/paging.h"

// paging.c
bool vmm_phys_create(struct vmm *v) BASE_MUST_USE;
bool vmm_pde_set(struct vmm *v, uint32_t linear, uint32_t table_page) BASE_MUST_USE;
bool vmm_map_fresh(struct vmm *v, uint32_t linear, uint32_t pages, uint32_t bits) BASE_MUST_USE;

// layout.c: what lies in guest memory from the beginning
bool vmm_layout_create(struct vmm *v) BASE_MUST_USE; // directory, GDT, IDT, TSS, gates, ROM; switches paging on
bool vmm_gates_map(struct vmm *v, uint32_t count) BASE_MUST_USE; // gate pages for the numbers below count
void vmm_layout_stack(struct vmm *v, uint32_t esp0); // TSS.ESP0

// guest.c
uint32_t vmm_vm_row(struct vmm *v, uint32_t handle);     // 0: not a VM
uint32_t vmm_thread_row(struct vmm *v, uint32_t handle); // 0: not a thread

// report.c
void vmm_announce(struct vmm *v, struct base_record *head, uint32_t kind, uint32_t size); // fills the head in

// gate.c: from the processor to C and back
void vmm_gate_entered(void *user, struct x86 *cpu, uint16_t number);
struct vmm_gate *vmm_gate_of(struct vmm *v, uint32_t number);
uint32_t vmm_gate_add(struct vmm *v, const struct vmm_gate *gate); // its number; 0 = no memory
void vmm_service_done(struct vmm *v, uint32_t gate, uint32_t caller);
bool vmm_return_to(struct vmm *v, uint32_t bytes) BASE_MUST_USE; // near return, removing so many argument bytes

// frame.c
void vmm_frame_returned(struct vmm *v, uint32_t kind);

// vector.c: processor exceptions, interrupts, dynamic links
void vmm_vector_entered(struct vmm *v, uint8_t vector);
void vmm_default_fault(struct vmm *v, uint32_t number);

// client.c: between ring 0 and ring 3
void vmm_client_enter(struct vmm *v);
void vmm_leave_begin(struct vmm *v); // the processing point, then ring 3
uint32_t vmm_client(struct vmm *v);  // current client registers

// module.c
uint32_t vmm_module_of(struct vmm *v, uint32_t linear, uint32_t *object); // 0: nobody's
const char *vmm_module_name(struct vmm *v, uint32_t linear);              // "" = the VMM's own
const char *vmm_symbol_of(struct vmm *v, uint32_t linear);                // nearest symbol, "" = none
uint32_t vmm_module_by_ddb(struct vmm *v, uint32_t ddb);
uint32_t vmm_module_by_name(struct vmm *v, const char *name);
uint32_t vmm_module_by_id(struct vmm *v, uint16_t id);
void vmm_modules_relink(struct vmm *v); // DDB_Next of the guest's list from the table

#endif
