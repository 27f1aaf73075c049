// The machine's state: one struct of plain data, tables of rows without host pointers, and guest memory. A snapshot is
// a copy of the three. Only this room includes this header.
#ifndef VXDKIT_VMM_MACHINE_H
#define VXDKIT_VMM_MACHINE_H

#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/chapter.h"
#include "vmm/frame.h"
#include "vmm/guest.h"
#include "vmm/observe.h"
#include "vmm/vmm.h"

// ---------------------------------------------------------------------------------------------------------------------
// Where things lie in the system arena (spec: memory, address space) and in the first megabyte

enum {
    VMM_TICK_VECTOR = 0xEF,
    VMM_TICK_MS = 20,         // the virtual timer (Win95 DDK S32E8: normally 20 ms)
    VMM_STACK_PAGES = 4,      // a thread's ring-0 stack: one guard page below, then these
    VMM_CB_BYTES = 0x1000,    // VM control block with the devices' areas
    VMM_CB_ROW = 0x18,        // its row, checked before it is believed
    VMM_CB_PEF = 0x1C,        // flags of the PEF provider (Register_PEF_Provider)
    VMM_CB_FIRST_AREA = 0x20, // where those begin
    VMM_TCB_BYTES = 0x200,    // thread control block with the data slots, above the client registers
    VMM_TCB_ROW = 0x3C,       // as VMM_CB_ROW
    VMM_TCB_FIRST_SLOT = 0x40,
    VMM_MAX_KINDS = 128,
    VMM_MOST_SERVICES = 0x8000, // of a device: an ordinal has 15 bits
    VMM_MOST_ROWS = 1 << 22,    // of a table: what a driver that asks for ever can make the host hold
    VMM_MOST_FRAMES = 1 << 16,
    VMM_IDLE_SEGMENT = 0xF000, // the System VM's idle loop: sti; hlt; jmp
    VMM_IDLE_OFFSET = 0xE000,
    VMM_IRET_OFFSET = 0xE010,    // where every interrupt vector points until somebody sets it
    VMM_TRAP_OFFSET = 0xC000,    // V86 call-backs and the nested-execution break point: ARPL opcodes, one byte each
    VMM_PM_TRAP_OFFSET = 0xD000, // protected-mode call-backs: HLT opcodes
    VMM_TRAPS = 0x1000,
    VMM_REAL_INIT_SEGMENT = 0x9000, // where code of real-mode initialisation runs: above what DOS hands out so early
    VMM_GUARD_BYTES = 0x400,        // interrupt vectors: ring-0 code writes them through null pointers, not on purpose
};

// The kernel's own part of the system arena; the rest of it and the shared arena belong to the memory chapter.
static const uint32_t VMM_SYSTEM_ARENA = 0xC0000000u, VMM_KERNEL_END = 0xC8000000u, VMM_SYSTEM_END = 0xFF800000u;
// VMs appear in the shared arena, 110h pages each, then at the end of the system arena (window.c): 1,068 in all.
static const uint32_t VMM_HIGH_BASE = 0x80800000u, VMM_HIGH_END = 0xB0000000u, VMM_HIGH_BASE_2 = 0xE8000000u;
static const uint32_t VMM_PAGE_TABLES = 0xFF800000u; // all page tables appear here (the directory maps itself)
static const uint32_t VMM_GATE_BASE = 0xC0100000u;   // gate n lies at VMM_GATE_BASE + 16 n

// Gate numbers. Ranges are fixed so that every machine of a build agrees.
enum {
    VMM_GATE_VECTOR = 0,                              // 256 entries of the interrupt descriptor table
    VMM_GATE_RETURN = 0x100,                          // one per frame kind
    VMM_GATE_LEAVE = VMM_GATE_RETURN + VMM_MAX_KINDS, // go on in ring 3: the processing point of events
    VMM_GATE_WAIT,                                    // the current thread waits: run another one
    VMM_GATE_IRET,                                    // no gate but a real IRETD, for entering ring 3
    VMM_GATE_NMI_END,                                 // end of the chain of NMI handlers
    VMM_GATE_NMI_IRET,                                // where an IRET of such a handler leads
    VMM_GATE_START,                                   // where a new thread begins
    VMM_GATE_FAULT = 0x200, // ends of the chains of fault hooks: before and behind the VMM's own, 3 x 80 each
    VMM_GATE_FAULT_END = VMM_GATE_FAULT + 6 * 80,
    VMM_GATE_SERVICE = 0x400, // services and control procedures of C devices, then host procedures
    VMM_GATES = 0x10000,
};

// Selectors. The flat ring-0 pair never changes (Win95 DDK S31A3).
enum {
    VMM_CS = 0x28,
    VMM_DS = 0x30,
    VMM_TSS = 0x18,
    VMM_LDT = 0x20,
    VMM_PM_TRAPS = 0x38,
    VMM_FIRST_FREE_SELECTOR = 0x40
};
enum { VMM_FLAT_CODE = 0xC09B, VMM_FLAT_DATA = 0xC093 }; // their access, as struct x86_segment has it

// Frame kinds of the VMM itself, in the order of vmm_frame_kinds (machine.c).
enum {
    VMM_FRAME_EVENT,
    VMM_FRAME_INTERRUPT,
    VMM_FRAME_FAULT,
    VMM_FRAME_BLOCK,
    VMM_FRAME_SWITCH,
    VMM_FRAME_NEST,
    VMM_FRAME_BROADCAST,
    VMM_FRAME_BOOT,
    VMM_FRAME_CALLBACK,
    VMM_FRAME_CHAIN,
    VMM_FRAME_TRAP,
    VMM_FRAME_PAGE,
    VMM_FRAME_LIFE,
    VMM_FRAME_THREAD,
    VMM_FRAME_SUSPEND,
    VMM_FRAME_CLOSE,
    VMM_FRAME_VXDINT,
    VMM_FRAME_NMI,
    VMM_FRAME_WALK,
    VMM_FRAME_PROVIDER,
    VMM_FRAME_FREE_PHYS,
    VMM_FRAME_RECLAIM,
    VMM_FRAME_LOG,
    VMM_FRAME_KINDS
};

// ---------------------------------------------------------------------------------------------------------------------
// Rows

struct vmm_vm {
    uint32_t cb; // control block = handle
    uint32_t id;
    uint32_t first_thread; // initial thread
    uint32_t thread_count;
    uint32_t events;                 // first group of its VM events
    int32_t boost;                   // execution priority shared by its threads
    uint32_t suspended;              // Suspend_VM count
    uint32_t suspend_due;            // suspensions that wait for the end of must-complete sections
    uint32_t timeouts;               // root of the heap of its execution-time time-outs
    uint64_t run_ns;                 // execution time so far, not counting the present run
    uint32_t close_timeout;          // row; then it is closed by force
    uint32_t end_flags;              // of VM_Not_Executeable: its end is wanted and had to wait
    uint16_t foreground, background; // Set_Time_Slice_Priority
    int32_t slice_boost;             // Set_VM_Static_Boost
    uint8_t interrupts;              // virtual IF; the image in the client registers while ring 0 runs
    uint8_t hw_int;                  // hardware interrupts being simulated into it
    uint8_t hma_off;                 // addresses from 1 MB on are those from 0 on
    uint8_t system;
    uint8_t creating; // does not run yet
    uint8_t ending;
    uint8_t close_due;   // Close_VM waits until it may
    uint8_t destroy_due; // the System VM has to tell Destroy_VM
    uint8_t dead;
};

enum vmm_block_kind {
    VMM_BLOCK_CRITICAL = 1,
    VMM_BLOCK_SEMAPHORE,
    VMM_BLOCK_MUTEX,
    VMM_BLOCK_ID,
    VMM_BLOCK_SLEEP,
    VMM_BLOCK_SUSPENDED
};

// a[] of a BLOCK frame.
enum { VMM_WAIT_KIND, VMM_WAIT_OBJECT, VMM_WAIT_FLAGS, VMM_WAIT_OVER, VMM_WAIT_ORDER, VMM_WAIT_OUTER, VMM_WAIT_EXTRA };

struct vmm_thread {
    uint32_t tcb; // control block = handle
    uint32_t vm;  // row
    uint32_t id;
    uint32_t crs;      // its client registers, at the top of its ring-0 stack
    uint32_t stack;    // lowest linear address of the stack, guard page included
    uint32_t top;      // innermost frame
    uint32_t nest;     // innermost NEST frame
    uint32_t blocks;   // innermost Begin_Nest_Exec block
    uint32_t crossing; // innermost crossing into the other execution mode (pmode.h)
    uint32_t events;   // first group of its thread events
    uint32_t timeouts; // root of the heap of its execution-time time-outs
    // The scheduler asks every thread about the next four, `top` and `events`: they lie together.
    uint8_t idle;   // gave its time slice up (or executed HLT)
    uint8_t queued; // could run when the scheduler looked last
    uint8_t dead;
    uint8_t suspended;
    uint8_t ring3; // the processor owns its client registers
    uint64_t run_ns;
    int32_t boost;
    uint32_t wait; // innermost BLOCK frame
    uint32_t must_complete;
    uint32_t no_block;                    // ENTER_NOBLOCK count
    uint8_t v86_granted;                  // it was given the V86 mutex for a service that is about to run again
    uint32_t event_depth;                 // event callbacks that are running
    uint32_t ring0_depth;                 // of them PEF_Ring0_Event
    uint64_t last_run;                    // sequence number of its last turn, for round robin
    uint64_t slice_tag;                   // time it has had, by weight: among equals the least goes first
    int64_t slice_extra;                  // ns by which its slice is longer (Adjust_Execution_Time)
    int32_t slice_boost, group_boost;     // of its time-slice priority, without decay
    int32_t decay_boost, decay_step;      // Boost_With_Decay
    uint32_t group;                       // of threads boosted together, 0 = none
    uint32_t start_proc, start_reference; // VMMCreateThread's callback
    uint32_t eip, esp, eflags, reg[8];    // where it goes on when it is not current
    uint32_t iopl;                        // of its client, while the real one runs with 0
    uint32_t shadow_at;                   // CS:IP behind the STI
    uint8_t shadow;                       // STI was executed: interrupts wait for the instruction behind it
    uint8_t stepping;                     // that instruction runs with the processor's trap flag
    uint8_t stepped;                      // the processor has come back from it
    uint8_t step_due;                     // an instruction was emulated with the client's trap flag on: INT 1
    uint8_t win32_base;                   // time-slice priority, 0-31
    struct x86_fpu x87;                   // when it is not current and x87_kept; else as FNINIT leaves it
    uint8_t x87_kept;
};

// A block of nested execution: Begin_Nest_Exec to End_Nest_Exec.
struct vmm_nest_block {
    uint32_t outer;
    uint32_t depth;   // frame that was on top when it was opened
    uint32_t eip, cs; // of the client in the block's mode, restored at the end
    uint32_t ss, esp; // of the client when it was opened
    uint8_t idle;     // it was in HLT
    uint8_t v86;      // the mode inside
    uint8_t switched; // the mode outside is the other one
    uint8_t locked;   // it took the client to the locked stack
    uint8_t serial;   // it claimed the V86 mutex
};

struct vmm_event {
    uint32_t next, prev; // in its group
    uint32_t group;      // 0: running or timed out
    uint32_t callback, reference;
    uint32_t flags; // PEF_*
    int32_t boost;
    uint32_t scope;   // VM or thread row, 0 = global
    uint32_t timeout; // that limits it, or (of_timeout) whose callback it is
    uint32_t id;
    uint32_t not_met; // as announced last
    uint64_t order;   // when it was made
    uint8_t kind;     // enum vmm_event_kind
    uint8_t level;    // what scope means: VMM_LEVEL_GLOBAL, _VM, _THREAD
    uint8_t silent;   // no records: the VMM's own use of an event
    uint8_t timed_out;
    uint8_t boosted;    // the boost is on the VM or thread
    uint8_t of_timeout; // it stands for a time-out that is due; id 0
};

// Events of one scope that ask for the same restrictions: all of them are eligible, or none is.
struct vmm_group {
    uint32_t next; // of the same scope
    uint32_t mask;
    uint32_t first, last;
    uint32_t scope;
    uint8_t level; // VMM_LEVEL_*
};

enum vmm_timeout_kind {
    VMM_TIMEOUT_GLOBAL,
    VMM_TIMEOUT_VM,
    VMM_TIMEOUT_THREAD,
    VMM_TIMEOUT_ASYNC,
    VMM_TIMEOUT_EVENT,
    VMM_TIMEOUT_WAKE
};
enum { VMM_TIMEOUT_CANCELLED = 2 };

struct vmm_timeout {
    uint32_t child, sibling, parent; // pairing heap; parent = left neighbour or parent
    uint32_t callback, reference;
    uint32_t scope; // VM or thread row; event row for VMM_TIMEOUT_EVENT
    uint64_t due;   // ns of real or execution time
    uint64_t order; // equal deadlines fire in the order they were set
    uint32_t id;
    uint32_t milliseconds;
    uint32_t event; // once due: the event that will call it
    uint8_t kind;
    uint8_t queued; // in s.async_due; VMM_TIMEOUT_CANCELLED: to be thrown away there
};

struct vmm_range {
    uint32_t next; // by address
    uint32_t page, pages;
};

struct vmm_phys { // 32 physical pages
    uint32_t taken;
};

// A driver's image in memory, or a C device.
struct vmm_module {
    char name[9];  // DDB name without blanks, "" until known
    char file[16]; // of its file, without directories and extension; cut
    uint8_t state; // enum vmm_module_state
    uint8_t dynamic;
    uint8_t is_c;
    uint32_t ddb;
    uint32_t order;                 // init order
    uint32_t sequence;              // ties of the init order: by time of entry
    uint32_t first_object, objects; // rows, consecutive
    uint32_t first_symbol, symbols; // sorted by address
    uint32_t first_line, lines;
    uint16_t id;
};
enum vmm_module_state { VMM_MODULE_FREE, VMM_MODULE_LOADED, VMM_MODULE_LISTED, VMM_MODULE_QUEUED, VMM_MODULE_GONE };

struct vmm_object {
    uint32_t linear, size; // linear 0: discarded
    uint32_t old_linear;   // where it was
    uint32_t flags;        // LE object flags
    uint32_t module;
};

struct vmm_symbol {
    uint32_t linear;
    char name[60];
};

struct vmm_line {
    uint32_t linear, line;
    uint32_t file; // row of vmm_name
};

struct vmm_name {
    char text[128];
};

// A waiter's place, and what is waited for.
struct vmm_semaphore {
    uint32_t free_link; // of released rows; keeps `handle` where released rows are zero
    uint32_t handle;
    int32_t tokens;
};

struct vmm_mutex {
    uint32_t free_link, handle; // as in struct vmm_semaphore
    uint32_t owner;             // thread row
    uint32_t count;
    int32_t boost;
    uint32_t flags;
};

// An entry of one of the chains of callbacks (Call_When_*, hooks): in the order in which they are called.
struct vmm_callback {
    uint32_t next;
    uint32_t proc, reference;
    uint32_t sequence;
    uint32_t a; // timeout, vector, ...
};

// V86 and PM call-backs, V86 break points.
enum vmm_trap_kind { VMM_TRAP_BREAK, VMM_TRAP_CALL_BACK, VMM_TRAP_API };
struct vmm_trap {
    uint32_t address; // seg:off
    uint32_t proc, reference;
    uint8_t kind; // enum vmm_trap_kind
    uint8_t original;
    uint8_t used;
};

// Something asked for from outside, done when the System VM's thread is on its way to ring 3.
enum vmm_ticket_kind { VMM_TICKET_CONTROL, VMM_TICKET_LOAD, VMM_TICKET_SHUTDOWN, VMM_TICKET_VM };
struct vmm_ticket {
    uint32_t next;
    uint32_t module, message; // module 0: all devices
    uint32_t ebx, edx, esi, edi, eax;
    uint8_t kind;  // enum vmm_ticket_kind
    uint8_t state; // 0 waiting, 1 running, 2 done
    uint8_t carry;
};

// clang-format off
#define VMM_TABLES(T)                                                                                                  \
    T(frame) T(thread) T(vm) T(nest_block) T(event) T(group) T(timeout) T(range) T(phys) T(module) T(object)           \
    T(symbol) T(line) T(name) T(semaphore) T(mutex) T(callback) T(trap) T(ticket)
// clang-format on

enum vmm_table {
#define T(name) VMM_TABLE_##name,
    VMM_TABLES(T)
#undef T
        VMM_TABLE_COUNT
};

// A fault as the processor reported it.
struct vmm_fault {
    uint8_t vector;
    bool ring3, v86;
    uint32_t error, eip;
    uint16_t cs;
    uint32_t eflags;
};

// ---------------------------------------------------------------------------------------------------------------------
// The rest of the plain state

enum {
    VMM_CHAINS_V86_INT = 0,
    VMM_CHAIN_TASK_SWITCHED = 256,
    VMM_CHAIN_THREAD_SWITCHED,
    VMM_CHAIN_IDLE,
    VMM_CHAIN_NOT_CRITICAL,
    VMM_CHAIN_NMI,
    VMM_CHAIN_INVALID_PAGE,
    VMM_CHAIN_EXCEPTION,
    VMM_CHAIN_FREE_PHYS,
    VMM_CHAINS
};

enum { VMM_FAULT_V86, VMM_FAULT_PM, VMM_FAULT_VMM, VMM_FAULT_TABLES, VMM_FAULT_VECTORS = 0x50 };

struct vmm_state {
    uint64_t skipped_ns; // time jumped over while idle
    uint64_t order;      // counts schedulings, deadlines, turns
    uint64_t tick_ns;
    uint64_t last_tick;   // ns
    uint64_t switched_at; // ns when the current thread began its turn
    uint64_t turn_at;     // ns when its time slice began
    uint64_t still_ns;    // since the current thread was accounted: time in which nothing ran
    uint64_t waited_ns;   // of that, time in which the thread waited for something: its VM did not run
    uint64_t slice_clock; // slice_tag of the thread that was chosen last
    uint32_t current;     // thread row
    uint32_t system_thread, system_vm;
    uint32_t low_vm;      // row of the VM whose memory is seen at 0
    uint32_t low_pattern; // first physical page of what new VMs' lowest pages are copies of
    uint32_t phase;       // KIT_SYSSTATE_*
    uint32_t ids_event, ids_timeout, ids_thread, ids_vm;
    uint32_t reenter;        // real re-entry count
    uint32_t reenter_seen;   // the adjustable one
    uint32_t page_directory; // physical page
    uint32_t gdt, idt, tss;  // linear
    uint32_t esp0;           // in the TSS
    uint32_t phys_free, phys_hint, phys_pages;
    uint32_t first_range;
    uint32_t global_events, late_events; // first groups
    uint32_t timeouts;                   // root: real time
    uint32_t time_at;                    // guest address of a millisecond counter that drivers read, 0 = none
    uint32_t async_due;                  // asynchronous time-outs that a tick has collected
    uint32_t crit_owner, crit_claims;    // thread row
    uint32_t crit_caller;                // who claimed it last, for the report at exit
    uint32_t v86_mutex;                  // row, 0 = nobody has asked yet
    uint32_t chain[VMM_CHAINS];
    uint32_t chain_sequence;
    uint32_t fault_chains; // guest address of the heads of the chains of fault hooks: 2 x 3 x 80 dwords
    uint32_t fault_hooks;  // how often a fault was hooked; 0: the chains need not be looked at
    uint32_t traps_used;   // V86 call-backs handed out
    uint32_t first_ddb;
    uint32_t modules_sequence;
    uint32_t slots[4];                 // bit map of thread data slots in use
    uint32_t kernel_page, kernel_used; // where vmm_kernel_get takes from
    uint32_t gates_mapped;             // gate pages present
    uint32_t idle_asks;                // how often idle callbacks have found work since anything else happened
    uint32_t focus;                    // VM row with execution focus
    uint32_t slice_ms;
    uint32_t ids_inversion, ids_group;
    uint32_t pef_hw_int; // control-block offset of the PEF provider's dword, 0 = none
    uint32_t first_ticket, last_ticket;
    uint32_t command_tail; // guest address, length byte first
    uint64_t choices;      // answers given by vmm_choose
    uint32_t exit_code;
    uint8_t boot_begun, booted, shutting_down;
    uint8_t reschedule; // something changed that the scheduler must look at
    uint8_t tickets_due, not_critical;
    uint8_t ticket_woke;              // the System VM was woken for the ticket that is first
    uint8_t destroy_due;              // some VM waits for Destroy_VM
    uint8_t yield;                    // the current thread lets its equals go first
    uint8_t uneven;                   // time-slice priorities differ or have differed
    uint8_t idle_told;                // the idle callbacks have run since something happened last
    uint8_t tick_pending, board_intr; // who holds INTR up
    uint8_t asked_in_vain;            // callbacks of free physical regions had no page to give
    uint8_t in_nmi;                   // a raw NMI handler runs: no services
    uint8_t rules_broken;
    uint8_t end; // enum vmm_end
    uint8_t end_told;
    uint8_t waiting; // nothing runs until the clock moves
    char message[512];
};

// A gate's meaning: bindings of the host, the same in every machine of a build.
struct vmm_gate {
    vmm_service_fn *fn;
    vmm_host_fn *host;
    void *user;
    const struct kit_device *device;
    const struct kit_range *ranges;    // of its inputs, NULL: none are known
    const struct kit_service *service; // NULL: a control procedure or host procedure
};

// A service call in progress (between the gate and the return of its C function).
struct vmm_call {
    uint32_t gate;                     // 0: none
    uint32_t args;                     // address of argument 0
    uint32_t eip, esp, eflags, reg[8]; // at the gate
    uint32_t caller;                   // return address
    uint32_t arg[16], arg_count;       // read with the return address
    bool faulted;
    bool framed;  // left a frame behind
    uint32_t top; // frame that was on top
    struct x86_fault fault;
};

struct vmm_device_slot {
    const struct vmm_device *device;
    const void *host; // vmm_bind_resident
    void *state;
    uint32_t first_gate; // of its services, by ordinal
    uint32_t services;
    uint32_t table; // guest address of its service table
};

struct vmm_pm_int {
    uint8_t vector;
    vmm_pm_int_fn *fn;
};

struct vmm {
    const struct base_alloc *alloc;
    struct vmm_config config;
    char *ini, *registry;
    struct base_sink sink;
    struct x86_memory *memory;
    struct x86 *cpu;
    struct x86_owner owner;
    struct vmm_state s;
    struct base_table tables[VMM_TABLE_COUNT];
    void *chapter_state[VMM_CHAPTERS];
    struct base_table *chapter_tables[VMM_CHAPTERS];
    struct vmm_gate *gates; // from VMM_GATE_SERVICE on
    uint32_t gate_count, gate_capacity;
    const struct vmm_frame_kind *kinds[VMM_MAX_KINDS];
    uint32_t kind_count;
    struct vmm_device_slot *devices;
    uint32_t device_count, device_capacity;
    uint32_t device_hint[64];      // where a device was found last, by its address
    struct vmm_host_range *ranges; // host code behind ports and memory
    uint32_t range_count, range_capacity;
    const struct vmm_board *board;
    vmm_vector_fn *vector[256]; // of the board's interrupts
    struct vmm_pm_int pm_ints[8];
    uint32_t pm_int_count;
    struct vmm_call call;
    uint64_t until_ns, until_count;
    uint64_t board_due; // when the board wants to be asked, as it said last
    uint64_t wake_ns;   // the processor runs until then, 0: it does not run
};

static inline struct base_table *vmm_table(struct vmm *v, enum vmm_table t)
{
    return &v->tables[t];
}
#define T(name)                                                                                                        \
    static inline struct vmm_##name *vmm_##name##_at(const struct vmm *v, uint32_t index)                              \
    {                                                                                                                  \
        return (struct vmm_##name *)(void *)v->tables[VMM_TABLE_##name].rows + index;                                  \
    }                                                                                                                  \
    static inline uint32_t vmm_##name##_new(struct vmm *v)                                                             \
    {                                                                                                                  \
        struct base_table *t = &v->tables[VMM_TABLE_##name];                                                           \
        return t->live < VMM_MOST_ROWS ? base_table_new(t) : 0;                                                        \
    }                                                                                                                  \
    static inline void vmm_##name##_free(struct vmm *v, uint32_t index)                                                \
    {                                                                                                                  \
        base_table_release(&v->tables[VMM_TABLE_##name], index);                                                       \
    }
VMM_TABLES(T)
#undef T

static inline uint32_t vmm_gate_address(uint32_t number)
{
    return VMM_GATE_BASE + number * 16;
}

static inline struct vmm_thread *vmm_current(const struct vmm *v)
{
    return vmm_thread_at(v, v->s.current);
}

static inline void *vmm_chapter_state(struct vmm *v, enum vmm_chapter_id id)
{
    return v->chapter_state[id];
}

static inline struct base_table *vmm_chapter_table(struct vmm *v, enum vmm_chapter_id id, unsigned n)
{
    return &v->chapter_tables[id][n];
}

#include "vmm/inline.h"

#endif
