// The map of the room: every function that crosses files and is not in an outer header, grouped by file.
#ifndef VXDKIT_VMM_DEFS_H
#define VXDKIT_VMM_DEFS_H

#include "vmm/machine.h"
#include "vmm/paging.h"
#include "vmm/v86.h"

// paging.c
bool vmm_phys_create(struct vmm *v) BASE_MUST_USE;
bool vmm_pde_set(struct vmm *v, uint32_t linear, uint32_t table_page) BASE_MUST_USE;
bool vmm_map_fresh(struct vmm *v, uint32_t linear, uint32_t pages, uint32_t bits) BASE_MUST_USE;

// layout.c: what lies in guest memory from the beginning
bool vmm_layout_create(struct vmm *v) BASE_MUST_USE; // directory, GDT, IDT, TSS, gates, ROM; switches paging on
bool vmm_gates_map(struct vmm *v, uint32_t count) BASE_MUST_USE; // gate pages for the numbers below count
void vmm_layout_stack(struct vmm *v, uint32_t esp0);             // TSS.ESP0

// guest.c
uint32_t vmm_vm_row(struct vmm *v, uint32_t handle);     // 0: not a VM
uint32_t vmm_thread_row(struct vmm *v, uint32_t handle); // 0: not a thread

// report.c
void vmm_announce(struct vmm *v, struct base_record *head, uint32_t kind, uint32_t size); // fills the head in

// gate.c: from the processor to C and back
void vmm_gate_entered(void *user, struct x86 *cpu, uint16_t number);
bool vmm_v86_fault_entered(void *user, struct x86 *cpu, const struct x86_fault *fault);
struct vmm_gate *vmm_gate_of(struct vmm *v, uint32_t number);
uint32_t vmm_gate_add(struct vmm *v, const struct vmm_gate *gate); // its number; 0 = no memory
void vmm_service_done(struct vmm *v, uint32_t gate, uint32_t caller);
// The registers are as at the call of the service, which runs again when a frame pushed now is popped; outside a
// service nothing changes.
void vmm_service_rewind(struct vmm *v);
bool vmm_return_to(struct vmm *v, uint32_t bytes) BASE_MUST_USE; // near return, removing so many argument bytes

uint32_t vmm_kernel_get(struct vmm *v, uint32_t bytes) BASE_MUST_USE; // for ever; 0 = exhausted

// range.c
void vmm_check_ranges(struct vmm *v, const struct kit_service *s, const struct kit_range *ranges);

// machine.c
uint32_t vmm_row_size(enum vmm_table table);
unsigned vmm_chapter_table_count(unsigned id);
size_t vmm_chapter_state_size(unsigned id);
void vmm_chapters_module_gone(struct vmm *v, uint32_t module);
void vmm_chapters_vm_switched(struct vmm *v, uint32_t from, uint32_t to);
void vmm_chapters_vm_gone(struct vmm *v, uint32_t vm);
void vmm_chapters_thread_gone(struct vmm *v, uint32_t thread);

// frame.c, and the kinds by the file that resumes them
void vmm_frame_returned(struct vmm *v, uint32_t kind);
extern const struct vmm_frame_kind vmm_event_frame, vmm_interrupt_frame, vmm_fault_frame, vmm_block_frame,
    vmm_switch_frame, vmm_nest_frame, vmm_broadcast_frame, vmm_boot_frame, vmm_callback_frame, vmm_chain_frame,
    vmm_trap_frame, vmm_page_frame, vmm_life_frame, vmm_thread_frame, vmm_suspend_frame, vmm_close_frame,
    vmm_vxdint_frame, vmm_nmi_frame, vmm_walk_frame, vmm_provider_frame, vmm_free_phys_frame, vmm_reclaim_frame,
    vmm_log_frame;

// run.c
void vmm_wake_sooner(struct vmm *v);
void vmm_ended(struct vmm *v);   // announces the end
bool vmm_may_go_on(uint8_t end); // the next vmm_run goes on from there

// vector.c: processor exceptions, interrupts, dynamic links
void vmm_vector_entered(struct vmm *v, uint8_t vector);
void vmm_vector_begin(struct vmm *v, const struct vmm_fault *fault); // of V86 code whose registers are stored

// fault.c
void vmm_fault_begin(struct vmm *v, const struct vmm_fault *fault);
void vmm_own_fault_begin(struct vmm *v, const struct vmm_fault *fault); // the VMM's own handlers, and those behind them
bool vmm_exception_handler(struct vmm *v, const struct vmm_fault *fault); // false: none for this place
void vmm_unhandled_fault(struct vmm *v, const struct vmm_fault *fault);
void vmm_report_fault(struct vmm *v, const struct vmm_fault *fault); // of ring 0: the run is over

// fault_report.c
bool vmm_fault_call_out_begin(struct vmm *v, const struct vmm_fault *fault); // false: nobody wants to hear of it
const char *vmm_exception_name(uint32_t vector);

// page_fault.c
bool vmm_page_fault_begin(struct vmm *v, const struct vmm_fault *fault); // false: nobody hooked it

// fault_hook.c
bool vmm_fault_chains_create(struct vmm *v) BASE_MUST_USE;
bool vmm_fault_hooks_begin(struct vmm *v, const struct vmm_fault *fault, bool late); // false: none installed
uint32_t vmm_fault_chain_head(struct vmm *v, uint32_t n); // guest address, 0 = there are no more hooked chains
void vmm_fault_chain_ended(struct vmm *v, uint32_t number);

// interrupt.c
void vmm_interrupt_begin(struct vmm *v, uint8_t vector);
uint8_t vmm_acknowledge(void *user); // the owner's interrupt_vector
void vmm_tick_raise(struct vmm *v);
void vmm_reenter(struct vmm *v);
void vmm_unreenter(struct vmm *v);

// nmi.c
void vmm_nmi_begin(struct vmm *v);
void vmm_nmi_chain_ended(struct vmm *v, bool by_iret);
uint32_t vmm_nmi_handler(struct vmm *v); // the driver's that comes first, 0 = none

// client.c: between ring 0 and ring 3
void vmm_client_enter(struct vmm *v);
void vmm_client_capture(struct vmm *v, uint32_t error);
void vmm_leave_begin(struct vmm *v); // the processing point, then ring 3
bool vmm_stepped(struct vmm *v);     // this single step was the VMM's own
uint32_t vmm_ring0_base(struct vmm *v);

// vm.c
uint32_t vmm_vm_row_or_report(struct vmm *v, uint32_t handle, const char *page);
uint32_t vmm_thread_row_or_report(struct vmm *v, uint32_t handle, const char *page);
uint32_t vmm_vm_create(struct vmm *v) BASE_MUST_USE;
void vmm_vm_discard(struct vmm *v, uint32_t vm);
uint32_t vmm_thread_create(struct vmm *v, uint32_t vm) BASE_MUST_USE;
void vmm_thread_discard(struct vmm *v, uint32_t thread);

// life.c, and beside it
void vmm_create_vm_begin(struct vmm *v);
void vmm_vm_start_begin(struct vmm *v, uint32_t vm);
uint32_t vmm_vm_to_end(struct vmm *v);
bool vmm_destroy_due_begin(struct vmm *v);
void vmm_vm_end_begin(struct vmm *v, uint32_t vm, uint32_t flags);       // flags of VM_Not_Executeable; 0: a normal end
void vmm_vm_end_asked_begin(struct vmm *v, uint32_t vm, uint32_t flags); // as soon as it may be
bool vmm_postponed_end_begin(struct vmm *v);
void vmm_crash_current_begin(struct vmm *v);          // as Crash_Cur_VM
void vmm_thread_start_begin(struct vmm *v);           // thread_life.c
void vmm_suspend_begin(struct vmm *v, uint32_t vm);   // suspend.c
void vmm_must_complete_left_begin(struct vmm *v);     // suspend.c
bool vmm_close_due_begin(struct vmm *v, uint32_t vm); // close.c
void vmm_close_forget(struct vmm *v, uint32_t vm);    // close.c
void vmm_check_exit(struct vmm *v);

// errors.c
void vmm_vm_error_set(struct vmm *v, uint32_t vm, uint32_t error, uint32_t reference); // as GetSetDetailedVMError

// timeout.c
uint64_t vmm_vm_run_ns(struct vmm *v, uint32_t vm);
uint64_t vmm_thread_run_ns(struct vmm *v, uint32_t thread);
uint32_t vmm_timeout_start(struct vmm *v, uint8_t kind, uint32_t milliseconds, uint32_t scope, uint32_t callback,
                           uint32_t reference) BASE_MUST_USE; // row, 0 = no memory
void vmm_timeout_stop(struct vmm *v, uint32_t timeout);
uint32_t vmm_timeout_fired(struct vmm *v, uint32_t timeout);
void vmm_timeouts_tick(struct vmm *v);
void vmm_time_show(struct vmm *v);
bool vmm_timeout_next_async(struct vmm *v, uint32_t *callback, uint32_t *reference, uint32_t *late) BASE_MUST_USE;
uint64_t vmm_timeouts_next(struct vmm *v);

// event.c
bool vmm_event_begin(struct vmm *v, const struct vmm_frame *wait); // true: a callback is about to run
bool vmm_event_waits_for(struct vmm *v, uint32_t thread, bool ring0_only);
void vmm_event_drop(struct vmm *v, uint32_t event);
uint32_t vmm_claims_for_events(struct vmm *v, uint32_t thread);
void vmm_event_timed_out(struct vmm *v, uint32_t event);
void vmm_event_for_timeout(struct vmm *v, uint32_t timeout);
void vmm_events_forget(struct vmm *v, bool thread, uint32_t scope);

// sched.c
int64_t vmm_priority(struct vmm *v, uint32_t thread);
bool vmm_wait_takes_events(struct vmm *v, uint32_t thread);
bool vmm_reschedule_begin(struct vmm *v); // true: another thread is current
void vmm_switch_to_begin(struct vmm *v, uint32_t thread);
bool vmm_outranked(struct vmm *v);    // another thread must run at once
void vmm_settle_begin(struct vmm *v); // at the end of a service that may have made another thread the first
void vmm_block_begin(struct vmm *v, enum vmm_block_kind kind, uint32_t object, uint32_t flags, uint32_t extra);
void vmm_wait_begin(struct vmm *v);
void vmm_wait_over(struct vmm *v, struct vmm_frame *f);
struct vmm_frame *vmm_first_waiter(struct vmm *v, enum vmm_block_kind kind, uint32_t object);
void vmm_sleep_over(struct vmm *v, uint32_t thread);
void vmm_idle_begin(struct vmm *v);
void vmm_stand_still(struct vmm *v);
bool vmm_deadlocked(struct vmm *v);
bool vmm_section_for_events(struct vmm *v, const struct vmm_frame *wait);
void vmm_section_after_events(struct vmm *v, uint32_t thread);
void vmm_deadlock(struct vmm *v);
bool vmm_priority_in_range(struct vmm *v, int64_t p);
bool vmm_waits(struct vmm *v, uint32_t thread);                // for something that has not happened
uint32_t vmm_waits_for_thread(struct vmm *v, uint32_t thread); // who holds what it waits for, 0 = nobody

void vmm_idle_set(struct vmm *v, uint32_t thread, bool idle);
void vmm_idle_wake(struct vmm *v, uint32_t vm);

// timeslice.c
void vmm_timeslice_new_vm(struct vmm *v, struct vmm_vm *vm);
bool vmm_sliced(struct vmm *v, uint32_t thread); // false: its turn is the primary scheduler's business
bool vmm_slice_refused(struct vmm *v, uint32_t thread);
void vmm_slice_join(struct vmm *v, struct vmm_thread *t);
bool vmm_slice_before(struct vmm *v, uint32_t a, uint32_t b);
void vmm_slice_chosen(struct vmm *v, uint32_t thread);
void vmm_slice_ran(struct vmm *v, uint32_t thread, uint64_t ns);
uint64_t vmm_slice_end(struct vmm *v); // ns
void vmm_slice_over(struct vmm *v);

// win32pri.c
enum { VMM_NORMAL_PRIORITY = 8 };
uint32_t vmm_win32_priority(struct vmm *v, uint32_t thread);
void vmm_priority_decays(struct vmm *v, struct vmm_thread *t);

// sync.c
uint32_t vmm_wait_holder(struct vmm *v, const struct vmm_frame *f); // thread row, 0 = nobody
uint32_t vmm_wait_handle(struct vmm *v, const struct vmm_frame *f);
void vmm_wait_given_up(struct vmm *v, struct vmm_frame *f);
void vmm_section_forget(struct vmm *v, uint32_t thread);
void vmm_mutexes_forget(struct vmm *v, uint32_t thread);
// The V86 mutex of the System VM's threads. True: the current thread waits for it, and the service runs again.
bool vmm_v86_claim_begin(struct vmm *v, uint32_t claims, uint32_t flags);
void vmm_v86_release(struct vmm *v, uint32_t thread, uint32_t claims);

// callwhen.c
uint32_t vmm_chain_add(struct vmm *v, uint32_t chain, uint32_t proc, uint32_t reference, bool first) BASE_MUST_USE;
void vmm_chain_remove(struct vmm *v, uint32_t chain, uint32_t row);
uint32_t vmm_chain_find(struct vmm *v, uint32_t chain, uint32_t proc);
uint32_t vmm_chain_next(struct vmm *v, uint32_t chain, uint32_t sequence, bool up);
void vmm_switched_begin(struct vmm *v, uint32_t from, uint32_t to, bool other_vm);
void vmm_idle_callbacks_begin(struct vmm *v);
bool vmm_not_critical_begin(struct vmm *v);
void vmm_section_freed(struct vmm *v);
void vmm_interrupts_enabled(struct vmm *v); // the client's interrupt flag has come on

// simulate.c, beside v86.h
bool vmm_v86_push32(struct vmm *v, uint32_t value) BASE_MUST_USE;
bool vmm_v86_pop32(struct vmm *v, uint32_t *value) BASE_MUST_USE;
bool vmm_v86_reflect(struct vmm *v, uint32_t vector) BASE_MUST_USE;
bool vmm_v86_iret32(struct vmm *v) BASE_MUST_USE;
uint32_t vmm_wide_flags(struct vmm *v);                   // flags that a 32-bit POPF or IRET of a client sets
void vmm_client_sti(struct vmm *v);                       // as STI behind which CS:IP stands already
void vmm_client_far_ret_n(struct vmm *v, uint32_t bytes); // in either mode

// nest.c
bool vmm_is_nest_break(struct vmm *v);
void vmm_nest_reached_begin(struct vmm *v);
void vmm_nest_open(struct vmm *v);     // Begin_Nest_Exec
void vmm_nest_v86_open(struct vmm *v); // Begin_Nest_V86_Exec, when the V86 mutex has been claimed
void vmm_nest_close(struct vmm *v);
void vmm_nest_check(struct vmm *v, uint32_t blocks, uint32_t callee, const char *what);
void vmm_resume_exec_begin(struct vmm *v); // in a block: until the client is back at the break point
// The same with an interrupt first; `completes`: in a must-complete section.
void vmm_exec_int_begin(struct vmm *v, uint32_t vector, bool completes);
bool vmm_nest_failed_begin(struct vmm *v);

// monitor.c
bool vmm_monitor_begin(struct vmm *v); // false: not the monitor's fault
bool vmm_trap_begin(struct vmm *v);
void vmm_v86_dies_begin(struct vmm *v, const struct vmm_fault *fault); // nobody handles this fault of a V86 client
void vmm_v86_stray_begin(struct vmm *v); // a V86 client at the break point of nested execution that nobody waits for
uint32_t vmm_trap_find(struct vmm *v, uint32_t address); // row, 0 = none
bool vmm_trap_call_begin(struct vmm *v, uint32_t address);

// device_api.c: the APIs of devices for programs in VMs
bool vmm_device_api_entered_begin(struct vmm *v, uint32_t ddb); // false: no procedure is to be called
uint32_t vmm_device_api_of(struct vmm *v, uint32_t ddb);

// pmode.c
bool vmm_pm_trap_begin(struct vmm *v); // false: not a trap of a protected-mode client

// iotrap.c: a trapped port of the current client; type as a handler gets it in ECX
void vmm_io_begin(struct vmm *v, uint16_t port, uint32_t type);

// module.c
uint32_t vmm_module_of(struct vmm *v, uint32_t linear, uint32_t *object); // 0: nobody's
const char *vmm_module_name(struct vmm *v, uint32_t linear);              // "" = the VMM's own
const char *vmm_symbol_of(struct vmm *v, uint32_t linear);                // nearest symbol, "" = none
uint32_t vmm_module_calling(struct vmm *v); // that called the service in progress, 0 = none
uint32_t vmm_module_by_ddb(struct vmm *v, uint32_t ddb);
uint32_t vmm_module_by_name(struct vmm *v, const char *name);
uint32_t vmm_module_by_id(struct vmm *v, uint16_t id);
uint32_t vmm_module_next(struct vmm *v, bool up, uint32_t order, uint32_t sequence);
void vmm_modules_relink(struct vmm *v); // DDB_Next of the guest's list from the table
void vmm_module_list(struct vmm *v, uint32_t module);
void vmm_module_unlist(struct vmm *v, uint32_t module);

// leftover.c
void vmm_check_unload(struct vmm *v, uint32_t module);

// load.c
void vmm_discard_init(struct vmm *v);
void vmm_object_drop(struct vmm *v, uint32_t object); // its memory; 0: nothing
void vmm_module_unload(struct vmm *v, uint32_t module);

// control.c
void vmm_broadcast_begin(struct vmm *v, uint32_t message, const uint32_t p[4], bool boot); // p: EBX, EDX, ESI, EDI
void vmm_directed_begin(struct vmm *v, uint32_t module, uint32_t message, const uint32_t p[4]);

// real_init.c
bool vmm_is_real_init(uint32_t flags);   // of an object: code of real-mode initialisation
bool vmm_real_init_begin(struct vmm *v); // false: all drivers have had their turn

// environment.c: the variables as DOS keeps them
uint32_t vmm_environment_block(uint8_t *to, uint32_t size); // bytes used

// boot.c
void vmm_phase_second(struct vmm *v, uint32_t message);
void vmm_load_queue(struct vmm *v, uint32_t module);
bool vmm_ticket_begin(struct vmm *v);

// device.c
void vmm_residents_vm_created(struct vmm *v, uint32_t vm);
void vmm_residents_vm_gone(struct vmm *v, uint32_t vm);
void vmm_residents_publish(struct vmm *v); // what lies below HKEY_DYN_DATA
void vmm_residents_vm_started(struct vmm *v, uint32_t vm, uint32_t reference);

// free_phys.c
uint32_t vmm_free_phys_allocate(struct vmm *v, uint32_t pages) BASE_MUST_USE; // region, 0 = no room
bool vmm_free_phys_needed_begin(struct vmm *v, uint32_t pages);               // true: the service runs again
void vmm_free_phys_available_begin(struct vmm *v);                            // pages have come to the free list

// reclaim.c
void vmm_reclaim_begin(struct vmm *v); // Windows is about to exit

// host.c
const struct vmm_host_range *vmm_host_range_at(const struct vmm *v, bool memory, uint32_t address); // NULL: none

#endif
