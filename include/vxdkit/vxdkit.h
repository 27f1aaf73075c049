// vxdkit: a machine that runs the Virtual Machine Manager (VMM) of Windows 3.1, 95 or 98, as a value in your program.
// Load virtual device drivers into it, boot it, run it, look at it, take snapshots of it.
//
// Rules that hold for every function:
//  - A machine belongs to one thread at a time; any number of machines live in one process. There is no global state.
//  - Nothing that a driver or a file contains crashes, hangs or escapes: a run ends with a reason and a message.
//  - Functions that can fail return false, NULL or 0; vxd_last_error has the message. Text pointers that a function
//    returns are valid until the next call on the same machine.
//  - Addresses are ring-0 linear addresses of the guest unless said otherwise. Times are virtual nanoseconds since the
//    machine was made; they do not depend on the host. The same calls in the same order give the same run.
//
// "Win95 DDK Sxxxx" names the page of the Windows 95 Device Driver Kit's reference that a contract comes from.
#ifndef VXDKIT_VXDKIT_H
#define VXDKIT_VXDKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

const char *vxd_version(void); // of the library, "0.1.0"

// ---------------------------------------------------------------------------------------------------------------------
// A machine

struct vxd_machine;

enum vxd_windows { VXD_WINDOWS_31, VXD_WINDOWS_95, VXD_WINDOWS_98 };
enum vxd_cpu { VXD_CPU_386, VXD_CPU_486, VXD_CPU_PENTIUM, VXD_CPU_P6 };

// Receives messages for people, one at a time, newline at the end: what is wrong with a file, say.
typedef void vxd_message_fn(void *user, const char *text);

// Receives text or bytes in pieces.
typedef void vxd_write_fn(void *user, const char *text, size_t size);

struct vxd_config {
    enum vxd_windows windows;    // version numbers, service tables, set of control messages; VXD_WINDOWS_95
    enum vxd_cpu cpu;            // what the processor understands; VXD_CPU_PENTIUM
    uint32_t ram_megabytes;      // 4-1024; 16
    uint32_t ns_per_instruction; // virtual time that one instruction takes, 1-1000000; 20
    uint64_t seed;               // not 0: where the documentation leaves an answer free, another legal one is taken; 0
    bool keep_going;             // a missing service is reported and fails with carry set, instead of ending the run
    const char *ini;             // SYSTEM.INI as text, ini_size bytes; copied; NULL = empty
    size_t ini_size;
    const char *registry; // the registry as text (docs/formats.md), registry_size bytes; copied; NULL = empty
    size_t registry_size;
    vxd_message_fn *message; // NULL: messages are only kept for vxd_last_error
    void *message_user;
    // Host memory. One function does all, as realloc does; it gets the old size too. NULL: the C library's heap.
    void *(*allocate)(void *user, void *ptr, size_t old_size, size_t new_size);
    void *allocate_user;
};

void vxd_default_config(struct vxd_config *config);

// A machine with nothing loaded; `config` NULL means the default. NULL when the host has no memory.
struct vxd_machine *vxd_machine_new(const struct vxd_config *config);
void vxd_machine_free(struct vxd_machine *m); // NULL: nothing

// Why the last function that failed on this machine did; "" when none has. No newline at the end.
const char *vxd_last_error(const struct vxd_machine *m);

// ---------------------------------------------------------------------------------------------------------------------
// Drivers

enum vxd_load {
    VXD_LOAD_AS_MARKED, // as the file says: dynamic when its LE module flags are 00038000h, else static
    VXD_LOAD_STATIC,    // takes part in boot (Sys_Critical_Init, Device_Init, Init_Complete: Win95 DDK S22FD)
    VXD_LOAD_DYNAMIC,   // after boot: Sys_Dynamic_Device_Init (Win95 DDK S3507)
};

// Loads a driver from a file or from memory. Before vxd_boot static drivers are placed and dynamic ones queued, in
// order; afterwards only dynamic ones are accepted, and vxd_run carries the loading out. `name` stands for the file in
// messages. The bytes are not needed after the call. False: no such file, no LE image, no virtual device driver.
bool vxd_load_file(struct vxd_machine *m, const char *path, enum vxd_load how);
bool vxd_load_memory(struct vxd_machine *m, const char *name, const void *bytes, size_t size, enum vxd_load how);

// ---------------------------------------------------------------------------------------------------------------------
// Running

enum vxd_end {        // why a run is over
    VXD_RUNNING,      // it is not: the state of a machine that has not run yet
    VXD_END_IDLE,     // nothing runnable, no event eligible, nothing due before until_ns
    VXD_END_TIME,     // until_ns was reached
    VXD_END_SHUTDOWN, // the system has shut down in documented order
    VXD_END_REFUSED,  // a driver failed to load or refused a message that ends Windows
    VXD_END_FAULT,    // unhandled fault, fatal error, deadlock, broken VMM structure
    VXD_END_MISSING,  // something that is not implemented was asked for
    VXD_END_LIMIT,    // until_count was reached
    VXD_END_MEMORY,   // the host refused memory
};

#define VXD_NO_LIMIT UINT64_MAX

// Prepares booting (Win95 DDK S22FD); vxd_run executes it. Call once, after the static drivers were loaded.
void vxd_boot(struct vxd_machine *m);

// Runs until the virtual clock shows until_ns, until_count instructions have been executed since the machine was made,
// nothing is left to do, or something ends the run. VXD_NO_LIMIT switches a bound off, but a driver that loops then
// never comes back: bound one of the two. For a stretch of 10 ms: vxd_run(m, vxd_time(m) + 10000000, VXD_NO_LIMIT).
// After IDLE, TIME and LIMIT the machine can go on; after every other end it stays ended.
enum vxd_end vxd_run(struct vxd_machine *m, uint64_t until_ns, uint64_t until_count);

// What ended the run: driver, place, symbol; "" when it ended as asked.
const char *vxd_end_message(const struct vxd_machine *m);
// True when a driver broke a documented rule that the run survived (records of kind VXD_RECORD_CHECK), or was refused.
bool vxd_rules_broken(const struct vxd_machine *m);

uint64_t vxd_time(const struct vxd_machine *m);         // virtual nanoseconds
uint64_t vxd_instructions(const struct vxd_machine *m); // executed; REP iterations and service calls count 1 each

// Asks for an orderly shutdown (Sys_VM_Terminate, System_Exit, Sys_Critical_Exit); vxd_run executes it and ends with
// VXD_END_SHUTDOWN.
void vxd_shutdown(struct vxd_machine *m);

// True when a device of that name (DDB_Name) is in the VMM's device list. Static drivers get there when they are
// loaded; a dynamic one while vxd_run loads it, unless it refuses.
bool vxd_device_present(struct vxd_machine *m, const char *device);

// Sends a control message, to all devices (device NULL) or to the one whose DDB_Name is given, as it is or in lower
// case. vxd_run delivers it as soon as the System VM's thread accepts it. *ticket (may be NULL) asks for the result
// later. False: no such device, or no memory. Message numbers: Win95 DDK S3425 and following.
bool vxd_send_message(struct vxd_machine *m, const char *device, uint32_t message, uint32_t ebx, uint32_t edx,
                      uint32_t esi, uint32_t edi, uint32_t *ticket);
// The result of a message that was delivered: carry 1 = refused; eax is what directed messages return. False: not yet.
bool vxd_message_result(const struct vxd_machine *m, uint32_t ticket, bool *carry, uint32_t *eax);

// ---------------------------------------------------------------------------------------------------------------------
// Guest memory and registers

// Copies bytes out of or into guest memory through the page tables of the current context. False when any page of the
// range is not accessible; nothing is copied then.
bool vxd_read(struct vxd_machine *m, uint32_t address, void *to, size_t size);
bool vxd_write(struct vxd_machine *m, uint32_t address, const void *from, size_t size);

enum vxd_register {
    VXD_EAX,
    VXD_ECX,
    VXD_EDX,
    VXD_EBX,
    VXD_ESP,
    VXD_EBP,
    VXD_ESI,
    VXD_EDI,
    VXD_EIP,
    VXD_EFLAGS,
    VXD_ES,
    VXD_CS,
    VXD_SS,
    VXD_DS,
    VXD_FS,
    VXD_GS, // selectors; read only
    VXD_CR0,
    VXD_CR2,
    VXD_CR3,
    VXD_CR4, // read only
};

enum vxd_flag { VXD_CARRY = 1 << 0, VXD_ZERO = 1 << 6, VXD_INTERRUPTS = 1 << 9, VXD_DIRECTION = 1 << 10 };

// The processor's registers as they are now; inside a host procedure those of the calling code.
uint32_t vxd_get_register(const struct vxd_machine *m, enum vxd_register which);
// False for a register that is read only. In EFLAGS the VM and IOPL bits keep their values.
bool vxd_set_register(struct vxd_machine *m, enum vxd_register which, uint32_t value);

// "DEVICE(object)+offset" or "symbol+offset" for a ring-0 address: as messages name places. `to` is always terminated.
void vxd_describe_address(struct vxd_machine *m, uint32_t address, char *to, size_t size);

// Where the processor is, as text: registers, the instruction's nearest symbol, and the return addresses on its stack.
void vxd_describe_state(struct vxd_machine *m, vxd_write_fn *write, void *user);

// ---------------------------------------------------------------------------------------------------------------------
// Host code in the machine

// Host code that a driver calls. It reads and writes registers and memory like a service written in C and returns; the
// driver then goes on behind its call. It must not call vxd_run, vxd_boot, vxd_snapshot_restore or vxd_machine_free.
typedef void vxd_host_fn(void *user, struct vxd_machine *m);

// An address that serves wherever a driver's procedure would: as a callback, an event, a hook, an entry in a service
// table. Registers on entry are those the documentation gives for that purpose. 0: no memory.
uint32_t vxd_host_proc(struct vxd_machine *m, vxd_host_fn *fn, void *user);

// Inside a host procedure: dword argument n (from 0) that the caller pushed (services of the C and Std conventions).
uint32_t vxd_argument(struct vxd_machine *m, unsigned n);

// Answers a service of a device with host code, whether the library implements it or not. `device` and `service` as in
// the tables (vxd services), any case. A device that the machine does not have comes into being with the first service
// provided; its other services are missing as any that is not implemented. Services that the tables do not name are
// given by ordinal, "@3" or "@0x1F" (NDIS and others; below 512). Call before vxd_boot. False: there is no such device
// or service, or no memory.
bool vxd_provide_service(struct vxd_machine *m, const char *device, const char *service, vxd_host_fn *fn, void *user);

// Answers `count` I/O ports from `first` on, ahead of the machine's own board. size is 1, 2 or 4 bytes. Either function
// may be NULL: reads give all ones, writes are lost. Call before vxd_boot. False: the range wraps or is taken, or no
// memory.
typedef uint32_t vxd_port_in_fn(void *user, uint16_t port, unsigned size);
typedef void vxd_port_out_fn(void *user, uint16_t port, unsigned size, uint32_t value);
bool vxd_provide_ports(struct vxd_machine *m, uint16_t first, uint32_t count, vxd_port_in_fn *in, vxd_port_out_fn *out,
                       void *user);

// Answers physical memory: `address` and `size` are multiples of 4096 and lie above RAM. Functions get physical
// addresses. Call before vxd_boot. False: not aligned, in RAM, taken, or no memory.
typedef uint32_t vxd_memory_read_fn(void *user, uint32_t address, unsigned size);
typedef void vxd_memory_write_fn(void *user, uint32_t address, unsigned size, uint32_t value);
bool vxd_provide_memory(struct vxd_machine *m, uint32_t address, uint32_t size, vxd_memory_read_fn *read,
                        vxd_memory_write_fn *write, void *user);

// Hardware as a text describes it (docs/hardware.md): device nodes, PCI functions, scripted ports and memory, interrupt
// lines. `name` is for messages (file:line:column). Once, before vxd_boot. False: a message says what is wrong with the
// text; or the machine has hardware already, has booted, or there is no memory.
bool vxd_provide_hardware(struct vxd_machine *m, const char *name, const char *text, size_t size);

// Where the drivers come from that a driver loads with VXDLDR_LoadDevice: `name` is what it asked for. False: no such
// file. The bytes must stay until the next call. Call before vxd_boot; without it every such load fails. False: no
// memory.
typedef bool vxd_find_driver_fn(void *user, const char *name, const void **bytes, size_t *size);
bool vxd_provide_drivers(struct vxd_machine *m, vxd_find_driver_fn *find, void *user);

// ---------------------------------------------------------------------------------------------------------------------
// The outside world, at recorded points of virtual time

// Raises a hardware interrupt line (0-15, not 2) at `at_ns` until the processor acknowledges it. False: no such line,
// or too many interrupts wait.
bool vxd_schedule_irq(struct vxd_machine *m, unsigned line, uint64_t at_ns);
// Raises the non-maskable interrupt at `at_ns`, or when bit 7 of port 70h next lets it through. False: too many wait.
bool vxd_schedule_nmi(struct vxd_machine *m, uint64_t at_ns);
// Presses and releases a key at `at_ns`: "a", "Enter", "F1", "Ctrl+Alt+Del". False: no such key, or too many wait.
bool vxd_schedule_key(struct vxd_machine *m, const char *key, uint64_t at_ns);
// Moves the mouse at `at_ns` by so many mickeys (at most 32767) to the right and down; `buttons` are the ones that are
// down from then on: bit 0 left, 1 right, 2 middle. The first call puts a PS/2 mouse on the board, before vxd_boot.
// False: too far, no such button, too many wait (256), or the machine has booted without a mouse.
bool vxd_schedule_mouse(struct vxd_machine *m, int right, int down, unsigned buttons, uint64_t at_ns);
// How the user answers a message box (SHELL_Message, SHELL_SYSMODAL_Message): "ok", "cancel", "abort", "retry",
// "ignore", "yes" or "no". Called several times, box after box takes the next answer, and the last stays for all that
// follow. A box without that button, and every box without an answer, gets its default button. False: no such button,
// or too many (32).
bool vxd_answer_message(struct vxd_machine *m, const char *button);

// ---------------------------------------------------------------------------------------------------------------------
// DOS programs in virtual machines (docs/dos.md says which functions of BIOS and DOS there are)

// The directory of the host that is drive C: of all virtual machines. Programs read and write below it and nowhere
// else: links are not followed and what is no regular file or directory does not exist for them. Names are mapped
// to 8.3 in any case. Without it there is no drive. Not part of a snapshot. False: it cannot be opened.
bool vxd_provide_directory(struct vxd_machine *m, const char *path);
// Standard input of the programs: at most `size` bytes from `offset` on, which never goes back but where a snapshot was
// restored; 0: it ends there. Their functions for handle 0 and, when no key waits, for the keyboard read it. Without
// it, or with NULL, keys come from vxd_schedule_key alone.
typedef size_t vxd_input_fn(void *user, uint64_t offset, void *to, size_t size);
void vxd_provide_input(struct vxd_machine *m, vxd_input_fn *read, void *user);

// Starts a .COM or .EXE program in a virtual machine of its own, which gets the focus; vxd_run carries it out
// (Create_VM, VM_Critical_Init, VM_Init: Win95 DDK S3425 and following), and ends the virtual machine with the program.
// Gives the program's number for vxd_program_outcome. `path` is relative to the directory given, in the host's
// spelling; `arguments` may be NULL. 0: no such file, arguments longer than 126 bytes, more than 256 programs at a time
// in a machine's life, or no memory.
uint32_t vxd_start_program(struct vxd_machine *m, const char *path, const char *arguments);

enum vxd_program_progress {
    VXD_PROGRAM_UNKNOWN, // no such program
    VXD_PROGRAM_QUEUED,  // its virtual machine is being made
    VXD_PROGRAM_RUNNING,
    VXD_PROGRAM_ENDED,
    VXD_PROGRAM_FAILED, // it could not be loaded, or a driver refused the virtual machine
};
enum vxd_program_end { // how it ended
    VXD_PROGRAM_EXIT,
    VXD_PROGRAM_CTRL_C,
    VXD_PROGRAM_ERROR,    // after a division by zero
    VXD_PROGRAM_RESIDENT, // it lives on in its interrupts
    VXD_PROGRAM_WITH_VM,  // it was still running when its virtual machine ended
};
struct vxd_program_outcome {
    enum vxd_program_progress progress;
    enum vxd_program_end how;
    uint8_t exit_code;
    uint32_t vm; // number of its virtual machine, 1 is the System VM; 0 = none yet
};
// What has become of a program; `how` and `exit_code` count once it has ended.
struct vxd_program_outcome vxd_program_outcome(struct vxd_machine *m, uint32_t program);

// The text screen as lines of ASCII, without blanks at their ends and empty lines at its end. False: no memory.
bool vxd_write_screen(struct vxd_machine *m, vxd_write_fn *write, void *user);

// ---------------------------------------------------------------------------------------------------------------------
// A Win32 program's view of a driver (CreateFile, DeviceIoControl, CloseHandle: Win95 DDK, W32_DeviceIoControl)

enum vxd_win32_progress {
    VXD_WIN32_UNKNOWN, // no such request
    VXD_WIN32_QUEUED,  // not sent yet, or the driver is at it: let the machine run
    VXD_WIN32_PENDING, // the driver answered -1 and completes it later
    VXD_WIN32_DONE,
};

struct vxd_win32_outcome {
    enum vxd_win32_progress progress;
    uint32_t error;    // when done: 0, or the Win32 error number the driver gave
    uint32_t handle;   // of an open that is done without an error
    uint32_t returned; // bytes the driver says it put into the output buffer
};

// Each queues a request that vxd_run carries out, and gives its number; 0 when it cannot be queued (no such device or
// handle, no memory, 64 requests not released). `device` is the DDB_Name. The input is copied; sizes up to
// 16 MB, 0 gives the driver a null pointer. `overlapped`: the driver may answer "pending".
uint32_t vxd_win32_open(struct vxd_machine *m, const char *device);
uint32_t vxd_win32_ioctl(struct vxd_machine *m, uint32_t handle, uint32_t code, const void *in, uint32_t in_size,
                         uint32_t out_size, bool overlapped);
uint32_t vxd_win32_close(struct vxd_machine *m, uint32_t handle);

// What has become of a request; it is known until it is released.
struct vxd_win32_outcome vxd_win32_outcome(struct vxd_machine *m, uint32_t request);
// Copies at most `size` bytes of a done request's output; gives how many bytes the driver returned.
uint32_t vxd_win32_output(struct vxd_machine *m, uint32_t request, void *to, uint32_t size);
void vxd_win32_release(struct vxd_machine *m, uint32_t request); // forgets it

// A Win32 event, by the VxD handle that OpenVxDHandle would give a program to pass on to its driver; 0: too many (64).
// An automatic one is reset by the wait that it ends. _VWIN32_CloseVxDHandle ends its life.
uint32_t vxd_win32_event(struct vxd_machine *m, bool signaled, bool automatic);
// Whether it is signaled now; false also for what is no event, or no longer one.
bool vxd_win32_event_signaled(struct vxd_machine *m, uint32_t event);

// ---------------------------------------------------------------------------------------------------------------------
// Snapshots

struct vxd_snapshot;

// The machine's whole state between two runs: memory, processor, VMM, devices, clock. Guest pages are shared and copied
// on the first write afterwards. NULL: no memory. It may outlive its machine.
struct vxd_snapshot *vxd_snapshot_take(struct vxd_machine *m);
// The machine goes on from there; possible many times, and in another machine that was made with the same configuration
// and to which the same host procedures, services, ports and memory were given in the same order. False: no memory, or
// the machine does not fit.
bool vxd_snapshot_restore(struct vxd_machine *m, const struct vxd_snapshot *s);
void vxd_snapshot_free(struct vxd_snapshot *s); // NULL: nothing

// ---------------------------------------------------------------------------------------------------------------------
// Watching

enum vxd_record_kind {
    VXD_RECORD_CONTROL, // a device has finished with a control message
    VXD_RECORD_SERVICE, // a service was called, or is done
    VXD_RECORD_EVENT,   // an event's life
    VXD_RECORD_TIMEOUT, // a time-out's life
    VXD_RECORD_SWITCH,  // another thread runs
    VXD_RECORD_IO,      // a port, or described device memory, was accessed
    VXD_RECORD_IRQ,     // a hardware interrupt's life
    VXD_RECORD_FAULT,   // a processor exception
    VXD_RECORD_DEBUG,   // a driver printed something
    VXD_RECORD_CHECK,   // a documented rule was broken
    VXD_RECORD_END,     // the run is over
    VXD_RECORD_OUTPUT,  // a program printed something
    VXD_RECORD_PROGRAM, // a program began, ended, or could not be loaded
};

enum vxd_event_kind { VXD_EVENT_GLOBAL, VXD_EVENT_VM, VXD_EVENT_THREAD, VXD_EVENT_PRIORITY, VXD_EVENT_RESTRICTED };

enum vxd_event_state {   // of events; time-outs have all but WAITING and TIMED_OUT
    VXD_EVENT_SCHEDULED, // queued
    VXD_EVENT_WAITING,   // looked at and not eligible; `not_met` says why
    VXD_EVENT_RUN,       // callback entered
    VXD_EVENT_DONE,      // callback returned
    VXD_EVENT_TIMED_OUT, // callback entered because its time ran out (carry set)
    VXD_EVENT_CANCELLED,
};

// Bits of not_met beside the PEF_ restriction flags of Call_Restricted_Event.
enum { VXD_NOT_CURRENT_VM = 0x40000000, VXD_NOT_CURRENT_THREAD = 0x20000000 };

// What happened. A record and its texts live only during the call; names that are not known are "".
struct vxd_record {
    enum vxd_record_kind kind;
    uint64_t time;         // virtual nanoseconds
    uint64_t instructions; // executed so far
    union {
        struct {
            uint32_t message;
            const char *name, *device; // "Device_Init", DDB_Name
            bool carry;                // refused
            uint32_t eax;              // result of directed messages
        } control;
        struct {
            bool done; // false: entered; a service that blocks or calls back is done later
            uint16_t device_id, ordinal;
            const char *device, *name, *caller; // caller: device that called, "" = the VMM itself
            uint32_t caller_address;            // of the instruction behind the call
            uint32_t result;                    // EAX when done
            bool carry, zero;                   // flags when done
        } service;
        struct {
            uint32_t id; // counts from 1
            enum vxd_event_kind kind;
            enum vxd_event_state state;
            uint32_t callback, reference; // address; EDX of the callback
            uint32_t flags, not_met;      // PEF_ flags asked for; restrictions not met
            const char *device, *symbol;  // owner of the callback; its nearest symbol
        } event;
        struct {
            uint32_t id;
            uint8_t kind; // 0 global, 1 VM, 2 thread, 3 asynchronous
            enum vxd_event_state state;
            uint32_t milliseconds, lateness;
            uint32_t callback;
            const char *symbol;
        } timeout;
        struct {
            uint32_t from, to; // threads, counted from 1; 0 = none
        } thread_switch;
        struct {
            uint16_t port;
            uint8_t size;
            bool write;
            uint32_t value;
            const char *device; // that answered; "" = the board, NULL = nobody; a described range's name
            bool memory;        // device memory of described hardware at `address`, no port
            uint32_t address;   // physical
        } io;
        struct {
            uint8_t line;
            uint8_t state; // 0 raised, 1 delivered to the VMM, 2 simulated into a VM, 3 end of interrupt
        } irq;
        struct {
            uint8_t vector;
            uint32_t error, address; // error code; CR2 for page faults
            uint16_t cs;
            uint32_t eip;
            const char *where; // nearest symbol
            bool handled;
        } fault;
        struct {
            const char *text; // not terminated
            size_t length;
        } debug;
        struct {
            const char *rule, *message, *device; // stable id; one line; driver at fault
            uint32_t address;
            const char *where, *page; // nearest symbol; documentation page
        } check;
        struct {
            enum vxd_end reason;
            const char *message;
        } end;
        struct {
            uint32_t vm;      // number
            const char *text; // not terminated
            size_t length;
        } output;
        struct {
            uint32_t vm;
            const char *name; // path on drive C:
            enum vxd_program_progress progress;
            enum vxd_program_end how;
            uint8_t exit_code;
            const char *error; // why it could not be loaded, else ""
        } program;
    } u;
};

typedef void vxd_observer_fn(void *user, const struct vxd_record *record);

// Calls fn for everything that happens from now on. An observer may read the machine and must not change it. False: all
// eight places are taken.
bool vxd_observe(struct vxd_machine *m, vxd_observer_fn *fn, void *user);
void vxd_observe_end(struct vxd_machine *m, vxd_observer_fn *fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
