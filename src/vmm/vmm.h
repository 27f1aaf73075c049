// The Virtual Machine Manager: the map of the room. One file per chapter of the reference; every function that crosses
// files stands here or in the header of its chapter, grouped by file.
//
// The rules that make snapshots, replay and nested waits possible (docs/architecture.md, "Ring 0"):
//  - C never calls the driver. A service edits the machine and returns to the one run loop. To call driver code and go
//  on
//    afterwards it pushes a frame and points the processor at the driver (frame.h); `*_begin` functions may leave
//    frames behind and stand in tail position only.
//  - All state is plain data: struct vmm_state, tables of rows without host pointers, and guest memory.
//  - When a service function runs, the return to its caller has already been made: EIP and ESP are where the caller
//  goes
//    on, and stay so unless a frame is pushed. Arguments of C services lie at [ESP], those of Std services were popped;
//    vmm_arg reads both.
//  - Guest memory is read or probed before anything changes. vmm_get and vmm_put fail by noting a page fault; the
//  service
//    returns at once, the fault is delivered, and the gate runs again when it was served.
#ifndef VXDKIT_VMM_VMM_H
#define VXDKIT_VMM_VMM_H

#include "base/diag.h"
#include "base/observe.h"
#include "base/table.h"
#include "image/le.h"
#include "kit/kit.h"
#include "x86/x86.h"

// ---------------------------------------------------------------------------------------------------------------------
// From outside: what the public API builds on (machine.c)

enum vmm_profile { VMM_PROFILE_31 = 0x030A, VMM_PROFILE_95 = 0x0400, VMM_PROFILE_98 = 0x040A };

struct vmm_config {
    enum vmm_profile profile;
    enum x86_model model;
    uint32_t ram_megabytes;      // 4-1024, default 16
    uint32_t ns_per_instruction; // virtual time of one count, default 20
    uint64_t seed;               // 0: every free choice takes answer 0
    bool keep_going;             // a missing service is reported and answered with CF = 1 instead of ending the run
    const char *ini;             // SYSTEM.INI text, "" = none
    size_t ini_size;
    const char *registry; // registry text (docs/formats.md), "" = none
    size_t registry_size;
};

enum vmm_end { // why a run is over; the exit status of `vxd run` follows from it
    VMM_RUNNING,
    VMM_END_IDLE,     // nothing runnable, nothing due
    VMM_END_TIME,     // --for reached
    VMM_END_SHUTDOWN, // the system has shut down in documented order
    VMM_END_REFUSED,  // a driver failed to load or refused an init message that ends Windows
    VMM_END_FAULT,    // unhandled fault, fatal error, deadlock, broken VMM structure
    VMM_END_MISSING,  // something is not implemented
    VMM_END_LIMIT,    // instruction limit
    VMM_END_MEMORY,   // the host refused memory
    VMM_END_BREAK,    // a breakpoint of a debugger (x86_break_set); the machine can go on
};

struct vmm;

// Whether a registry text can be read. False: the line and what is wrong with it (line 0: no memory to find out). A
// machine whose configuration holds a wrong text ends with VMM_END_REFUSED and the same words.
bool vmm_registry_text_valid(const struct base_alloc *alloc, const char *text, size_t size, uint32_t *line,
                             const char **problem) BASE_MUST_USE;

void vmm_default_config(struct vmm_config *config);
struct vmm *vmm_new(const struct base_alloc *alloc, const struct vmm_config *config) BASE_MUST_USE; // copies texts
void vmm_free(struct vmm *v);

enum vmm_load { VMM_LOAD_AS_MARKED, VMM_LOAD_STATIC, VMM_LOAD_DYNAMIC };

// Takes a VxD image. Before vmm_boot static drivers are placed into memory and take part in boot; dynamic ones are
// queued and loaded after boot, in order. After boot: dynamic load (static images are refused). `path` is for messages
// and must not outlive the call. False and a message when the file is no VxD.
bool vmm_load_image(struct vmm *v, const char *path, const uint8_t *bytes, size_t size, enum vmm_load how,
                    struct base_diag *diag) BASE_MUST_USE;

// Prepares the boot chain; vmm_run then executes it.
void vmm_boot(struct vmm *v);
bool vmm_boot_begun(const struct vmm *v);
// Asks for an orderly shutdown; vmm_run then executes it and ends with VMM_END_SHUTDOWN.
void vmm_shutdown(struct vmm *v);
// Sends a control message from outside: to all devices or to the one named. It runs when vmm_run reaches a point where
// the System VM's thread accepts it; the result is kept for vmm_control_result.
bool vmm_send_control(struct vmm *v, const char *device, uint32_t message, uint32_t ebx, uint32_t edx, uint32_t esi,
                      uint32_t edi, uint32_t *ticket) BASE_MUST_USE;
// The same to a device of this room's, ahead of everything that waits already; nobody asks for its result.
bool vmm_send_control_first(struct vmm *v, const char *device, uint32_t message) BASE_MUST_USE;
// True when a device of that name is in the device list: a dynamic driver only after vmm_run has loaded it.
bool vmm_device_present(struct vmm *v, const char *device) BASE_MUST_USE;
bool vmm_control_result(const struct vmm *v, uint32_t ticket, bool *carry, uint32_t *eax) BASE_MUST_USE;

// Runs until virtual time `until_ns`, `until_count` instructions (limits that are not reached: pass UINT64_MAX),
// idleness with nothing due before until_ns, or an end. The machine can go on after IDLE, TIME and LIMIT.
enum vmm_end vmm_run(struct vmm *v, uint64_t until_ns, uint64_t until_count) BASE_MUST_USE;
const char *vmm_end_message(const struct vmm *v); // one line, "" when there is nothing to say
bool vmm_rules_broken(const struct vmm *v);       // a check record was announced, or a driver refused
uint64_t vmm_time(const struct vmm *v);           // virtual nanoseconds
enum vmm_profile vmm_profile(const struct vmm *v);
struct base_sink *vmm_sink(struct vmm *v);
struct x86 *vmm_cpu(struct vmm *v);

// A snapshot is an opaque value; it can be restored into any machine built with the same configuration and the same
// host bindings (devices, host procedures) in the same order, many times.
struct vmm_snapshot;
struct vmm_snapshot *vmm_snapshot_take(struct vmm *v) BASE_MUST_USE;
bool vmm_snapshot_restore(struct vmm *v, const struct vmm_snapshot *s) BASE_MUST_USE;
void vmm_snapshot_free(struct vmm_snapshot *s);

// Host code as a guest procedure: an address that drivers can call (callback, service, hook). `fn` edits registers like
// a service and never runs the machine. 0 when memory is exhausted.
typedef void vmm_host_fn(void *user, struct vmm *v);
uint32_t vmm_host_proc(struct vmm *v, vmm_host_fn *fn, void *user) BASE_MUST_USE;
// Host code as a service of a device of this machine, in place of the built-in one. Before boot. False: the device is
// not there, or has no such service.
bool vmm_bind_host(struct vmm *v, uint16_t device, uint16_t ordinal, vmm_host_fn *fn, void *user) BASE_MUST_USE;

// Host code behind ports, or behind pages of physical memory that hold nothing else; it comes before the board. A NULL
// read gives all ones, a NULL write loses the value. Before boot. False: the range is empty, wraps, or is taken.
struct vmm_host_range {
    bool memory;
    uint32_t first, count; // ports, or bytes in whole pages
    uint32_t (*read)(void *user, uint32_t address, unsigned size);
    void (*write)(void *user, uint32_t address, unsigned size, uint32_t value);
    void *user;
};
bool vmm_provide_range(struct vmm *v, const struct vmm_host_range *range) BASE_MUST_USE;

// "DEVICE(object)+offset" or "symbol+offset" for a ring-0 address; written into `to`, always terminated.
void vmm_describe_address(struct vmm *v, uint32_t linear, char *to, size_t size);

// ---------------------------------------------------------------------------------------------------------------------
// For the room's own files and for `devices`: guest state

struct vmm_access; // see guest.h

// Virtual devices written in C (VMM itself, VPICD, VTD, SHELL, ...).
typedef void vmm_service_fn(struct vmm *v);

struct vmm_binding { // a service that is implemented; unbound rows of the kit's table are "not implemented"
    uint16_t ordinal;
    vmm_service_fn *fn;
};

struct vmm_device {
    uint16_t id; // the kit's row gives name, init order and service table
    uint16_t version;
    uint16_t services; // its table has at least so many entries; those beyond the kit's rows are reserved until bound
    const struct vmm_binding *bindings; // ended by fn NULL; several lists for a device are possible (vmm_bind)
    // Control messages: registers as the driver would see them, result in CF (and EAX). May be NULL.
    vmm_service_fn *control;
    // State of the device: `state_size` bytes of plain data, zeroed at creation, part of every snapshot.
    size_t state_size;
    // Procedures of drivers that the device would call, n = 0, 1, ...: for the report about what an unloaded driver has
    // left behind. *proc = 0: place n is empty. False: no more places. May be NULL.
    bool (*holds)(struct vmm *v, uint32_t n, uint32_t *proc, const char **what);
    // Somebody reads below HKEY_DYN_DATA: the device's keys there are brought up to date (hive.h). May be NULL.
    void (*publish)(struct vmm *v);
    // The life of virtual machines (handles), before and after any message about it. All may be NULL. vm_started: one
    // that vmm_start_vm (v86.h) asked for with this reference has been created.
    void (*vm_created)(struct vmm *v, uint32_t vm);
    void (*vm_started)(struct vmm *v, uint32_t vm, uint32_t reference);
    void (*vm_gone)(struct vmm *v, uint32_t vm);
    // The API for programs, V86 and protected mode (INT 2Fh AX=1684h): EBX = VM, EBP = client registers. May be NULL.
    vmm_service_fn *api;
};

// Adds a C device before boot: its DDB and service table come to lie in guest memory like any driver's. The struct must
// outlive the machine. False: no memory.
bool vmm_add_device(struct vmm *v, const struct vmm_device *device) BASE_MUST_USE;
bool vmm_has_device(const struct vmm *v, uint16_t id) BASE_MUST_USE; // one written in C
void *vmm_device_state(struct vmm *v, const struct vmm_device *device);
bool vmm_service_is_implemented(uint16_t device, uint16_t ordinal); // VMM's own; devices/devices.h asks for all

// The board: what answers ports and device memory, and raises INTR. `next` is the virtual time at which it wants to be
// asked again (UINT64_MAX: never); `advance` brings it to `now`. Its state is a device's state (struct vmm_device).
struct vmm_board {
    uint32_t (*port_in)(struct vmm *v, uint16_t port, unsigned size);
    void (*port_out)(struct vmm *v, uint16_t port, unsigned size, uint32_t value);
    uint32_t (*memory_read)(struct vmm *v, uint32_t phys, unsigned size);
    void (*memory_write)(struct vmm *v, uint32_t phys, unsigned size, uint32_t value);
    uint8_t (*acknowledge)(struct vmm *v); // INTR is accepted: the vector
    uint64_t (*next)(struct vmm *v);
    void (*advance)(struct vmm *v, uint64_t now);
    void (*coprocessor_error)(struct vmm *v, bool level); // FERR#; without it no x87 error may stay unmasked
};
void vmm_set_board(struct vmm *v, const struct vmm_board *board); // must outlive the machine; any member may be NULL
void vmm_set_intr(struct vmm *v, bool level);
void vmm_set_ignne(struct vmm *v, bool level); // the board lets x87 instructions pass in spite of an error
void vmm_pulse_nmi(struct vmm *v);             // the processor takes it at the next boundary of instructions
// Pages of physical memory become the board's, or stop being that: where nothing lies, and among the adapters' ROMs.
// RAM, the system's BIOS and what host code answers stay as they are.
void vmm_device_pages(struct vmm *v, uint32_t first, uint32_t pages, bool on);
// Host code for an interrupt vector of the board (VPICD). It runs at interrupt time with an HWINT frame below it, in
// tail position; the interrupted code goes on when no frame is left above.
typedef void vmm_vector_fn(struct vmm *v, uint8_t vector);
void vmm_on_vector(struct vmm *v, uint8_t vector, vmm_vector_fn *fn);
// Host code behind the default entry of a protected-mode interrupt vector, asked before the V86 side. False: not its.
typedef bool vmm_pm_int_fn(struct vmm *v, uint8_t vector);
void vmm_on_pm_int(struct vmm *v, uint8_t vector, vmm_pm_int_fn *fn); // the last one added is asked first
// Whether a protected-mode vector of a VM (its handle) was set by its application or a driver.
bool vmm_pm_vector_set(struct vmm *v, uint32_t vm, uint8_t vector) BASE_MUST_USE;
// For VPICD: an interrupt is about to be simulated into the current VM. If a protected-mode application runs, it comes
// to that application's side, on the locked stack; what was interrupted goes on after the IRET.
void vmm_pm_hw_int(struct vmm *v, uint8_t vector);
bool vmm_in_wait(struct vmm *v);                           // the current thread waits, and services events meanwhile
void vmm_pm_interrupt_gate(struct vmm *v, uint8_t vector); // IF is off behind it, as Set_PM_Int_Type says
// Where a service's slot points now, hooks included: what a C device calls with frame.h. 0: no such device or service.
uint32_t vmm_service_address(struct vmm *v, uint16_t device, uint16_t ordinal);
// The period of the virtual timer at whose ticks time-outs fire (VTD_Begin_Min_Int_Period).
void vmm_set_tick(struct vmm *v, uint32_t milliseconds);
// For VXDLDR: a dynamic driver's image into memory and the device list, no message is sent. Its DDB; 0 and a message.
uint32_t vmm_driver_place(struct vmm *v, const char *path, const uint8_t *bytes, size_t size,
                          struct base_diag *diag) BASE_MUST_USE;
// A driver of that file that waits for its turn after boot: into the device list now, no message is sent. Its DDB; 0.
uint32_t vmm_driver_take(struct vmm *v, const char *file) BASE_MUST_USE;
// A device in the list, by the name of its file or by its own (any case, extension or not); its DDB, 0 = none.
uint32_t vmm_device_named(struct vmm *v, const char *name);
uint32_t vmm_driver_find(struct vmm *v, uint16_t id,
                         const char *name); // DDB of a dynamic driver, name NULL: by id; 0 = none
void vmm_driver_remove(struct vmm *v, uint32_t ddb);
// Driver n (0, 1, ...) of the device list, dynamic or not; false: there are no more. And its object n.
struct vmm_driver {
    uint32_t ddb;
    uint16_t id;
    bool dynamic;
    char name[9];
};
bool vmm_driver_nth(struct vmm *v, uint32_t n, struct vmm_driver *driver) BASE_MUST_USE;
bool vmm_caller_is_dynamic(struct vmm *v) BASE_MUST_USE; // a dynamic driver called the service in progress
struct vmm_driver_object {
    uint32_t linear, size; // linear 0: discarded
    uint32_t flags;        // of the LE object
};
bool vmm_driver_object(struct vmm *v, uint32_t ddb, uint32_t n, struct vmm_driver_object *object) BASE_MUST_USE;
// Guest memory by linear address for tools: no fault is noted. False: some of it is not there, nothing has moved.
bool vmm_load(struct vmm *v, uint32_t linear, void *to, uint32_t n) BASE_MUST_USE;
bool vmm_store(struct vmm *v, uint32_t linear, const void *from, uint32_t n) BASE_MUST_USE;
// Adds a kit device's services beyond those of its struct vmm_device. Before boot.
bool vmm_bind(struct vmm *v, uint16_t device, const struct vmm_binding *bindings) BASE_MUST_USE;

#endif
