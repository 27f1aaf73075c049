// Protected-mode clients: how the files of this part of the room see one another (docs/architecture.md, "Protected
// mode"). Functions that read or write the client's memory do it with the client's rights: ring 0 lends no reach to a
// wild selector. Where they return false, either a page fault has been noted (v->call.faulted: return at once, the
// caller runs again) or the memory is not the client's.
#ifndef VXDKIT_VMM_PMODE_H
#define VXDKIT_VMM_PMODE_H

#include "vmm/machine.h"

enum { VMM_PM_STACK_BYTES = 0x1000, VMM_PM_MOST_PUSHED = 8 };

// pm_mode.c
void vmm_set_exec_mode(struct vmm *v, bool v86);
void vmm_exec_mode_show(struct vmm *v); // another thread of the VM is current: VMStat_PM_Exec is its mode
void vmm_client_load(struct vmm *v, uint8_t client[KIT_SIZE_Client_Reg_Struc]);
void vmm_client_store(struct vmm *v, const uint8_t client[KIT_SIZE_Client_Reg_Struc]);
bool vmm_pm_app_runs(struct vmm *v); // the current VM has a protected-mode application
bool vmm_pm_wide(struct vmm *v);     // ... a 32-bit one

bool vmm_pm_may_run(struct vmm *v, uint32_t cs, uint32_t eip) BASE_MUST_USE; // the checks of an IRETD to there
bool vmm_pm_may_be_stack(struct vmm *v, uint32_t ss) BASE_MUST_USE;

// pm_stack.c
bool vmm_user_get(struct vmm *v, uint32_t linear, void *to, uint32_t n) BASE_MUST_USE;
bool vmm_user_put(struct vmm *v, uint32_t linear, const void *from, uint32_t n) BASE_MUST_USE;
// Linear address of n bytes of a segment of the current VM; false: the client itself could not reach them all.
bool vmm_pm_linear(struct vmm *v, uint32_t selector, uint32_t offset, uint32_t n, bool write,
                   uint32_t *linear) BASE_MUST_USE;
uint32_t vmm_pm_sp(struct vmm *v); // SP or ESP, whichever addresses the client's stack
void vmm_pm_set_sp(struct vmm *v, uint32_t sp);
// Words or dwords as the client is a 16- or 32-bit one: all or none. values[0] is pushed first, popped first.
bool vmm_pm_push(struct vmm *v, const uint32_t *values, uint32_t count) BASE_MUST_USE;
bool vmm_pm_pop(struct vmm *v, uint32_t *values, uint32_t count) BASE_MUST_USE;
bool vmm_pm_stack_lock(struct vmm *v);   // false: no memory, the run is over
bool vmm_pm_stack_unlock(struct vmm *v); // false: it was not locked

// pm_simulate.c: what simulate.c does for V86 clients
bool vmm_pm_interrupt(struct vmm *v, uint32_t selector, uint32_t offset) BASE_MUST_USE; // flags, CS, EIP; then there
bool vmm_pm_iret(struct vmm *v) BASE_MUST_USE;
bool vmm_pm_far_call(struct vmm *v, uint32_t selector, uint32_t offset) BASE_MUST_USE;
bool vmm_pm_far_ret(struct vmm *v, uint32_t bytes) BASE_MUST_USE;
void vmm_pm_no_stack_begin(struct vmm *v); // one of these was refused: the client gets a stack fault

// pmode.c: call-backs, vectors
void vmm_pm_vector(struct vmm *v, uint32_t vector, uint32_t *selector, uint32_t *offset);
void vmm_pm_set_vector(struct vmm *v, uint32_t vector, uint32_t selector, uint32_t offset);
void vmm_pm_vectors_forget(struct vmm *v, uint32_t vm, uint32_t level); // that applications from this level on set
bool vmm_pm_vector_default(struct vmm *v, uint32_t vector);             // it stands for the VMM's own handler
void vmm_pm_int_begin(struct vmm *v, uint32_t vector);                  // as if the client had executed INT
bool vmm_pm_simulate_int(struct vmm *v, uint32_t vector) BASE_MUST_USE; // the frame only: nothing runs yet
void vmm_pm_exec_int_begin(struct vmm *v, uint32_t vector);    // below a NEST frame: the client runs until it is back
void vmm_pm_driver_int_begin(struct vmm *v, uint32_t vector);  // past what the application has set
void vmm_pm_default_int_begin(struct vmm *v, uint32_t vector); // past everything that was set
uint32_t vmm_pm_call_back(struct vmm *v, uint32_t proc, uint32_t reference) BASE_MUST_USE; // 0: none is left
bool vmm_is_pm_nest_break(struct vmm *v);
void vmm_pm_go_to_nest_break(struct vmm *v);

// dpmi_watch.c: the debug registers are the client's while it runs
void vmm_dpmi_watch_enter(struct vmm *v); // ring 3
void vmm_dpmi_watch_leave(struct vmm *v);

// pm_exception.c
uint32_t vmm_pm_default_exception(struct vmm *v, uint32_t vector); // sel:off where handlers pass on to
void vmm_pm_exception_begin(struct vmm *v, uint32_t vector, uint32_t error);
bool vmm_pm_exception_handled_begin(struct vmm *v, uint32_t vector, uint32_t error); // false: nobody has a handler
void vmm_pm_dies_begin(struct vmm *v, const char *format, ...) BASE_PRINTF(2, 3);    // the client cannot go on

// pm_cross.c: from one mode into the other and back. A crossing keeps the client's whole state; it is left when the
// client comes to the address of its mode that stands for the return.
enum vmm_crossing_kind {
    VMM_CROSS_INTERRUPT = 1,
    VMM_CROSS_REAL_CALL,
    VMM_CROSS_CALL_BACK,
    VMM_CROSS_DOS,
    VMM_CROSS_ENTRY,
    VMM_CROSS_HW_INT,
    VMM_CROSS_V86_CALL,
    VMM_CROSS_INT21,
    VMM_CROSS_PSP,
    VMM_CROSS_KINDS
};
struct vmm_crossing {
    uint32_t free_link;                        // of released rows; all else is zero there
    uint32_t thread;                           // row
    uint32_t below;                            // the crossing before it of the same thread
    uint32_t kind;                             // enum vmm_crossing_kind
    uint32_t selector, offset;                 // of the structure with the V86 registers
    uint32_t a[2];                             // belongs to the kind
    uint8_t client[KIT_SIZE_Client_Reg_Struc]; // as it was
};
// The client has come back. True: the crossing is over; `c` is a copy. A noted page fault makes it come back again.
typedef bool vmm_crossed_fn(struct vmm *v, struct vmm_crossing *c);
// Pointer valid until the next crossing; NULL: too many, the client is dead.
struct vmm_crossing *vmm_cross(struct vmm *v, enum vmm_crossing_kind kind) BASE_MUST_USE;
struct vmm_crossing *vmm_crossing_top(struct vmm *v); // the row itself; there is one
void vmm_crossing_leave(struct vmm *v);               // the top one, for one that goes before it is over
void vmm_crossings_forget(struct vmm *v, uint32_t thread, uint32_t keep); // those above `keep`, 0 = all
uint32_t vmm_crossing_return(struct vmm *v, bool v86);                    // seg:off or sel:off
bool vmm_v86_stack_there(struct vmm *v, uint32_t segment, uint32_t sp, uint32_t bytes) BASE_MUST_USE;
void vmm_pm_reflect_begin(struct vmm *v, uint32_t vector); // the VM's V86 side serves it
// A procedure of V86 mode that ends in IRET, as a hardware interrupt would call it. False: a page fault was noted, or
// the client is dead.
bool vmm_pm_call_v86(struct vmm *v, uint32_t segment, uint32_t offset) BASE_MUST_USE;

// pm_monitor.c
bool vmm_pm_monitor_begin(struct vmm *v); // a general protection fault; false: the client's own

#endif
