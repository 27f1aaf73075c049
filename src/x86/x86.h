// The processor and the physical memory it sees. Knows nothing of Windows: gates, ports, memory-mapped devices and
// interrupts reach its owner through struct x86_owner. This header is the whole interface of the room.
//
// A processor is plain data (struct x86_state) plus caches that can be dropped at any time (decoded blocks, TLB).
// Snapshots copy the state and share the pages; the caches of the copy are rebuilt.
#ifndef VXDKIT_X86_X86_H
#define VXDKIT_X86_X86_H

#include "base/alloc.h"

// ---------------------------------------------------------------------------------------------------------------------
// Physical memory

enum { X86_PAGE_SIZE = 4096 };

enum x86_page_kind {
    X86_NOTHING, // reads all ones, writes are lost; announced to the owner as an access to nothing
    X86_RAM,     // zero until first written; host memory is taken on first write
    X86_ROM,     // reads its bytes, writes are lost
    X86_MMIO,    // goes to the owner
    X86_GATES,   // as ROM, and the escape opcode is valid in it
};

struct x86_memory; // physical address space of up to 4 GB in pages; pages may be shared between memories (copy on
                   // write)

struct x86_memory *x86_memory_new(const struct base_alloc *alloc) BASE_MUST_USE; // all X86_NOTHING
void x86_memory_free(struct x86_memory *m);

// Gives `pages` pages from physical page number `first` a kind. ROM and gate pages are filled with x86_memory_store
// before or after; existing content is kept when RAM, ROM and GATES change into each other.
bool x86_memory_set_kind(struct x86_memory *m, uint32_t first, uint32_t pages, enum x86_page_kind kind) BASE_MUST_USE;
enum x86_page_kind x86_memory_kind(const struct x86_memory *m, uint32_t page);

// Copies bytes in or out by physical address whatever the kind (MMIO and NOTHING: all ones / nothing), and keeps the
// caches right. False when host memory is exhausted or the range wraps.
bool x86_memory_load(const struct x86_memory *m, uint32_t phys, void *to, uint32_t n) BASE_MUST_USE;
bool x86_memory_store(struct x86_memory *m, uint32_t phys, const void *from, uint32_t n) BASE_MUST_USE;

// A second memory with the same content; pages are shared until one side writes. Costs a pointer per page touched.
struct x86_memory *x86_memory_share(struct x86_memory *m) BASE_MUST_USE;
// m takes over the content of `from` (its own is dropped); `from` stays valid.
bool x86_memory_restore(struct x86_memory *m, struct x86_memory *from) BASE_MUST_USE;
uint64_t x86_memory_host_bytes(const struct x86_memory *m); // host memory held, shared pages counted once each

// ---------------------------------------------------------------------------------------------------------------------
// Processor state

enum x86_reg { X86_EAX, X86_ECX, X86_EDX, X86_EBX, X86_ESP, X86_EBP, X86_ESI, X86_EDI };
enum x86_seg { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_LDTR, X86_TR, X86_SEGS };

enum x86_flag {
    X86_CF = 1 << 0,
    X86_PF = 1 << 2,
    X86_AF = 1 << 4,
    X86_ZF = 1 << 6,
    X86_SF = 1 << 7,
    X86_TF = 1 << 8,
    X86_IF = 1 << 9,
    X86_DF = 1 << 10,
    X86_OF = 1 << 11,
    X86_IOPL = 3 << 12,
    X86_NT = 1 << 14,
    X86_RF = 1 << 16,
    X86_VM = 1 << 17,
    X86_AC = 1 << 18,
    X86_VIF = 1 << 19,
    X86_VIP = 1 << 20,
    X86_ID = 1 << 21,
};

enum x86_model { X86_386, X86_486, X86_PENTIUM, X86_P6 };

// STI holds back interrupts, loading SS debug exceptions too.
enum x86_inhibit { X86_INHIBIT_NOTHING, X86_INHIBIT_INTERRUPTS, X86_INHIBIT_ALL };

// What the processor waits with: EIP is behind HLT, but at the x87 instruction.
enum x86_halt { X86_NOT_HALTED, X86_HALT_HLT, X86_HALT_X87 };

// A segment register with its hidden part.
struct x86_segment {
    uint16_t selector;
    uint16_t access; // descriptor bits 8-15 in the low byte, bits 20-23 (G, D/B, L, AVL) in bits 12-15; 0 = null
    uint32_t base;
    uint32_t limit; // in bytes, granularity applied
};

struct x86_table { // GDTR, IDTR
    uint32_t base;
    uint16_t limit;
};

// 80-bit register as it lies in memory.
struct x86_float {
    uint64_t mantissa;
    uint16_t sign_exponent;
};

struct x86_state {
    uint32_t reg[8]; // enum x86_reg
    uint32_t eip;
    uint32_t eflags; // always complete when the owner looks (lazy flags are settled first)
    struct x86_segment seg[X86_SEGS];
    struct x86_table gdtr, idtr;
    uint32_t cr0, cr2, cr3, cr4;
    uint32_t dr[8];
    uint64_t msr_sysenter[3];
    struct x86_float st[8]; // physical registers, not relative to TOP
    uint16_t fcw, fsw, ftw, fop, fcs, fds;
    uint32_t fip, fdp;
    uint32_t guard; // writes of supervisor code below this linear address are page faults; 0 = none. After writing
                    // it: x86_flush. The owner's own x86_write_linear is not held up.
    uint64_t count; // instructions executed: an instruction, a REP iteration, a gate each count 1
    uint8_t model;  // enum x86_model
    uint8_t halted; // enum x86_halt: waiting for an interrupt
    uint8_t intr;   // level of the INTR pin
    uint8_t nmi;    // an NMI is pending
    uint8_t nmi_blocked;
    uint8_t inhibit;  // enum x86_inhibit: until one more instruction has run
    uint8_t traps;    // DR6 bits of breakpoints on data and ports that were hit, 80h: a task with T set was entered
    uint8_t a20;      // 1 = A20 enabled
    uint8_t shutdown; // triple fault
    uint8_t ferr;     // level of the FERR# pin (1: asserted)
    uint8_t ignne;    // level of the IGNNE# pin
};

// ---------------------------------------------------------------------------------------------------------------------
// The owner

struct x86_fault {
    uint8_t vector;
    bool has_error;
    uint32_t error;
    uint32_t address; // CR2 for a page fault
};

struct x86;

// All calls come from inside x86_run, between instructions or in the middle of one (ports, memory). In `gate` the owner
// may change everything; in the others it may only raise or lower lines and ask to stop (x86_stop).
struct x86_owner {
    void *user;
    // The escape opcode 0F 3F nn nn was executed in a gate page; EIP still points at it. The owner moves EIP (or the
    // gate runs again, which is how a service is restarted after a page fault).
    void (*gate)(void *user, struct x86 *cpu, uint16_t number);
    // Port I/O of 1, 2 or 4 bytes that the I/O permission map allowed.
    uint32_t (*port_in)(void *user, uint16_t port, unsigned size);
    void (*port_out)(void *user, uint16_t port, unsigned size, uint32_t value);
    uint32_t (*mmio_read)(void *user, uint32_t phys, unsigned size);
    void (*mmio_write)(void *user, uint32_t phys, unsigned size, uint32_t value);
    // INTR is accepted: the vector, 0-255.
    uint8_t (*interrupt_vector)(void *user);
    // A fault of V86 code is about to be delivered; EIP points at the instruction, CR2 is set. The owner may change
    // everything, as in `gate`, and answers true: dealt with. False: deliver it. May be NULL.
    bool (*v86_fault)(void *user, struct x86 *cpu, const struct x86_fault *fault);
    // FERR# changed: with CR0.NE clear, a waiting x87 instruction found an unmasked error of an earlier one, or that
    // error is gone. The instruction waits until an interrupt is taken or IGNNE# is asserted (SDM 1, appendix D). NULL:
    // nothing is wired to the pin, and a processor that comes to it stops with X86_STOP_MISSING (a 386, whose ERROR# is
    // then its coprocessor's own: exception 16).
    void (*coprocessor_error)(void *user, bool level);
};

enum x86_stop_reason {
    X86_STOP_COUNT,    // state.count reached the limit
    X86_STOP_ASKED,    // x86_stop was called
    X86_STOP_HALT,     // halted and no interrupt is pending (state.halted says by what)
    X86_STOP_SHUTDOWN, // triple fault; x86_describe_shutdown has the three causes
    X86_STOP_MISSING,  // something not implemented (FERR# with nothing behind it, say); x86_missing tells what, EIP
                       // points at it
    X86_STOP_BREAK,    // a breakpoint set with x86_break_set was reached; nothing of that instruction has run
    X86_STOP_MEMORY,   // the host refused memory
};

// cpu->state may be read and written directly whenever x86_run is not executing (inside `gate` too), except: segment
// registers (x86_load_segment, or x86_flush after writing them), CR0/CR3/CR4 (x86_flush), seg[CS] and EFLAGS.VM.
struct x86 {
    struct x86_state state;
    struct x86_memory *memory;
    const struct x86_owner *owner;
    struct x86_private *private;                          // caches
    const struct x86_tlb_entry *owner_read, *owner_write; // of those, for x86_owner_bytes: X86_TLB_ENTRIES each
};

// Where the bytes of a linear page lie in host memory.
struct x86_tlb_entry {
    uint32_t tag;     // its address; with low bits set: none, or a page that needs more than this
    uintptr_t addend; // host address minus linear address; fetch: physical page
};
enum { X86_TLB_ENTRIES = 256 };

struct x86 *x86_new(const struct base_alloc *alloc, struct x86_memory *memory, const struct x86_owner *owner,
                    enum x86_model model) BASE_MUST_USE;
void x86_free(struct x86 *cpu);  // not the memory
void x86_reset(struct x86 *cpu); // power-on state: real mode, CS:EIP = F000:FFF0 with base FFFF0000h
void x86_flush(struct x86 *cpu); // drop TLB and everything derived from CRs and segments; call after restoring a state

// Runs until state.count == limit or another reason to stop.
enum x86_stop_reason x86_run(struct x86 *cpu, uint64_t limit) BASE_MUST_USE;
void x86_stop(struct x86 *cpu); // from a callback: x86_run returns after the current instruction or gate
const char *x86_missing(const struct x86 *cpu);           // what is not implemented, after a stop for that
const char *x86_describe_shutdown(const struct x86 *cpu); // which faults led to it, after a shutdown

void x86_set_intr(struct x86 *cpu, bool level); // the INTR pin; taken where IF and interrupt shadows allow
void x86_pulse_nmi(struct x86 *cpu);            // an edge at the NMI pin; one is remembered while another is handled
// The coprocessor's state as a whole, for an owner that keeps one for each of its threads.
struct x86_fpu {
    struct x86_float st[8]; // as in struct x86_state
    uint16_t fcw, fsw, ftw, fop, fcs, fds;
    uint32_t fip, fdp;
};
void x86_fpu_read(const struct x86 *cpu, struct x86_fpu *to);
void x86_fpu_write(struct x86 *cpu, const struct x86_fpu *from); // NULL: as FNINIT leaves it
void x86_set_ignne(struct x86 *cpu, bool level); // the IGNNE# pin: an x87 instruction that waits for FERR# goes on

// ---------------------------------------------------------------------------------------------------------------------
// For the owner's own work on guest state

enum x86_access { X86_READ = 0, X86_WRITE = 1, X86_USER = 2, X86_FETCH = 4 };

// Copies through segmentation-free linear addresses and paging, with supervisor rights unless X86_USER is in `access`.
// All pages are probed before the first byte moves: false and *fault (may be NULL) when any is not accessible, nothing
// changed then. MMIO pages are accessed through the owner bytewise.
bool x86_read_linear(struct x86 *cpu, uint32_t linear, void *to, uint32_t n, unsigned access,
                     struct x86_fault *fault) BASE_MUST_USE;
bool x86_write_linear(struct x86 *cpu, uint32_t linear, const void *from, uint32_t n, unsigned access,
                      struct x86_fault *fault) BASE_MUST_USE;
// The bytes themselves, with supervisor rights, where they lie on one page that was accessed before; NULL: go the other
// way. Valid until the guest runs or memory is written in another way.
uint8_t *x86_search_owner_bytes(struct x86 *cpu, uint32_t linear, uint32_t n, bool write);
static inline uint8_t *x86_owner_bytes(struct x86 *cpu, uint32_t linear, uint32_t n, bool write)
{
    const struct x86_tlb_entry *e =
        (write ? cpu->owner_write : cpu->owner_read) + linear / X86_PAGE_SIZE % X86_TLB_ENTRIES;
    if (e->tag == ((linear + n - 1) & ~(uint32_t)(X86_PAGE_SIZE - 1)))
        return (uint8_t *)(e->addend + linear);
    return x86_search_owner_bytes(cpu, linear, n, write);
}
// One dword, as x86_write_linear with supervisor rights.
static inline BASE_MUST_USE bool x86_write_dword(struct x86 *cpu, uint32_t linear, uint32_t value)
{
    uint8_t *at = x86_owner_bytes(cpu, linear, 4, true), bytes[4];
    base_put32(at ? at : bytes, value);
    return at || x86_write_linear(cpu, linear, bytes, 4, X86_WRITE, NULL);
}
// Linear to physical without side effects (no accessed bits). False: not mapped.
bool x86_translate(struct x86 *cpu, uint32_t linear, uint32_t *phys) BASE_MUST_USE;
void x86_invalidate_page(struct x86 *cpu, uint32_t linear);  // as INVLPG
void x86_invalidate_below(struct x86 *cpu, uint32_t linear); // all pages below this address

// Loads a segment register as the processor would in its present mode (real and V86: base = selector * 16; protected:
// from GDT or LDT with all checks). False and *fault when it may not be loaded.
bool x86_load_segment(struct x86 *cpu, enum x86_seg seg, uint16_t selector, struct x86_fault *fault) BASE_MUST_USE;

// Delivers an exception or interrupt now, as if the instruction at CS:EIP had caused it (EIP is the return address).
// False when that led to shutdown.
bool x86_deliver(struct x86 *cpu, const struct x86_fault *fault) BASE_MUST_USE;

// V86 mode without the detour through descriptor tables and stacks, for owners that know what lies there: as the gate
// of an exception would leave it, with these segments in ring 0 (EIP, ESP and the other flags are left to the owner);
// as IRETD in ring 0 would enter it, with this frame.
struct x86_v86_frame {
    uint32_t eip, cs, eflags, esp, ss, es, ds, fs, gs;
};
void x86_v86_leave(struct x86 *cpu, const struct x86_segment *code, const struct x86_segment *data);
void x86_v86_enter(struct x86 *cpu, const struct x86_v86_frame *frame);

// Breakpoints for debuggers, by linear address; unlimited, no cost where none is set.
bool x86_break_set(struct x86 *cpu, uint32_t linear) BASE_MUST_USE;
void x86_break_clear(struct x86 *cpu, uint32_t linear);

// Called before every instruction when set (profilers, coverage, single-step traces); NULL switches it off again, and
// then costs nothing.
void x86_watch_instructions(struct x86 *cpu, void (*fn)(void *user, struct x86 *cpu), void *user);

#endif
