// The inside of the processor, shared by this room's files and by nobody else: decoded operations, blocks, the TLB, and
// how handlers run, fail and end. The interface for owners is x86.h.
//
// A block is a run of decoded operations that starts at one physical address. Each operation names its handler; a
// handler ends in X86_NEXT, which tail-calls the next one. While a block runs, state.eip is the EIP of the block's
// start and `left` already has the whole block subtracted: x86_raise and x86_sync put both right when somebody has to
// look.
#ifndef VXDKIT_X86_CORE_H
#define VXDKIT_X86_CORE_H

#include <string.h>

#include "x86/x86.h"

enum {
    X86_PAGE_MASK = X86_PAGE_SIZE - 1,
    X86_JUMPS = 2048,
    X86_FLAT = 8, // pseudo segment: base 0, everything allowed
    X86_SPANS = 9,
    X86_BLOCK_OPS = 48,
    X86_ONE_PAGE = 1,
    X86_CR4_DE = 8,
    X86_ARITHMETIC = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF,
};

// What decoded code depends on beyond its bytes; part of a block's key.
enum x86_mode {
    X86_MODE_CODE32 = 1,    // CS.D
    X86_MODE_STACK32 = 2,   // SS.B
    X86_MODE_FLAT = 4,      // DS, ES, SS: base 0, no limit, writable
    X86_MODE_UNLIMITED = 8, // CS has no limit to check
    X86_MODE_USER = 16,     // CPL 3: pages are looked up with user rights
    X86_MODE_STEP = 32,     // blocks of one instruction
};

// X86_EXIT_WAIT: the instruction has not happened yet; it begins anew after an interrupt.
enum x86_exit { X86_EXIT_NONE, X86_EXIT_FAULT, X86_EXIT_MISSING, X86_EXIT_MEMORY, X86_EXIT_BREAK, X86_EXIT_WAIT };

struct x86_private;
struct x86_op;

// In a build without guaranteed tail calls a handler returns the operation to run next, NULL to leave the chain.
typedef struct x86_op *x86_handler(struct x86_private *c, struct x86_op *op);

struct x86_op {
    x86_handler *run;
    uint32_t disp;       // displacement of the address
    uint32_t imm;        // immediate; branch: target relative to the EIP of the block
    uint8_t dst, src;    // registers (8-bit ones: byte index into reg[]), or numbers an instruction wants
    uint8_t base, index; // address: offset of the register in x86_private, X86_ZERO where there is none
    uint8_t scale;
    uint8_t seg;     // segment of the address, X86_FLAT where no check is needed
    uint8_t length;  // of the instruction in bytes
    uint8_t size;    // operand size in bytes
    uint16_t offset; // of the instruction from the block's start
    uint16_t rest;   // instructions from this one to the end of the block, this one included
    uint32_t mask;   // FFFFh where addresses have 16 bits, else all ones
};

// Where a jump went last time. Valid while the key matches; it takes an operation's place after the jump.
struct x86_link {
    uint64_t key;
    struct x86_block *block;
};

struct x86_block {
    struct x86_block *hash_next;
    struct x86_block *page_next[2]; // of the pages it lies on
    uint32_t phys, phys2;           // first byte; second page (its start) or X86_ONE_PAGE
    uint16_t size;                  // in bytes
    uint16_t count;                 // in instructions
    uint8_t mode;
    bool crosses;       // lies on two physical pages
    struct x86_op *end; // behind the last operation or link
    struct x86_op ops[];
};

// Place of a link key in the jump cache.
#define X86_JUMP_SLOT(key) (((uint32_t)(key) ^ (uint32_t)(key) >> 11) % X86_JUMPS)

// The blocks on one physical page, and which 16-byte granules of it they cover.
struct x86_code_page {
    uint64_t granules[4];
    struct x86_block *blocks;
};

enum { X86_TLB_NONE = 1, X86_TLB_CODE = 2 }; // in tags of nothing, and of pages with code that are written to

struct x86_tlb {
    struct x86_tlb_entry read[X86_TLB_ENTRIES], write[X86_TLB_ENTRIES], fetch[X86_TLB_ENTRIES];
    const struct x86_code_page *code[X86_TLB_ENTRIES]; // of write entries with X86_TLB_CODE
};

// Offsets that a segment allows: first..last. None: first > last. Where the last is 4 GB there is no limit at all:
// accesses wrap, as silicon has it.
struct x86_span {
    uint32_t first;
    uint64_t last;
};

struct x86_private {
    uint32_t zero; // what X86_ZERO points at
    uint32_t res;  // lazy flags, see flags.h
    uint32_t aux;
    uint32_t cs_base;
    struct x86 pub;
    struct x86_tlb *tlb; // of the present privilege
    int64_t left;        // instructions that may still run
    uint64_t key;        // context << 32: what links must match beside the linear address
    struct x86_span read[X86_SPANS], write[X86_SPANS];
    uint32_t base[X86_SPANS];

    uint8_t cpl, mode;
    bool running;    // inside x86_run: flags are lazy, count is in `left`
    bool wrapped;    // generation numbers start over: links must go
    bool attention;  // something to do before the next instruction
    bool stop;       // x86_stop was called
    uint8_t exit;    // enum x86_exit
    bool host_short; // the host refused memory
    uint32_t generation;
    uint64_t limit;
    struct x86_op *op;      // present operation, for those that may call out
    struct x86_op *patched; // operation whose handler was replaced by x86_op_leave
    x86_handler *patched_run;
    struct x86_fault fault;
    struct x86_tlb tlbs[2]; // supervisor, user
    uint16_t tlb_log[64];   // entries filled since the last flush
    uint32_t tlb_filled;

    const struct base_alloc *alloc;
    struct x86_link jumps[X86_JUMPS];
    struct x86_block **hash;
    uint32_t hash_size;
    struct x86_code_page **code[1024]; // by physical page, two levels
    struct x86_chunk *chunks;
    uint32_t chunk_used;
    size_t code_bytes;

    uint32_t *breaks;
    uint32_t break_count, break_capacity;
    uint64_t broke_count; // where a breakpoint stopped last
    uint32_t broke_linear;
    bool broke;
    bool single_step;   // TF was set when the last instruction began
    bool stepping_into; // it was a transfer through the IDT: no trap in the handler
    bool repeating;     // it stopped between two iterations of REP
    void (*watch)(void *user, struct x86 *cpu);
    void *watch_user;
    char missing[80];
    char shutdown[120];
    uint8_t causes[3];
};

#define X86_WORD(c, offset) (*(uint32_t *)(void *)((char *)(c) + (offset)))
#define X86_ZERO            ((uint8_t)offsetof(struct x86_private, zero))
#define X86_REG_OFFSET(r)   ((uint8_t)(offsetof(struct x86_private, pub.state.reg) + 4 * (unsigned)(r)))

// ---------------------------------------------------------------------------------------------------------------------
// Handlers

// Tail calls: clang promises them; gcc makes them at -O2 (tests/x86 checks that the host stack does not grow).
// Sanitizers and -O0 do not, there a loop in run.c calls one handler after the other.
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define X86_LOOP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define X86_LOOP 1
#endif
#endif
#ifndef X86_LOOP
#define X86_LOOP 0
#endif

#if defined(__clang__) && !X86_LOOP
#define X86_TAIL __attribute__((musttail)) return
#else
#define X86_TAIL return
#endif

#if X86_LOOP
#define X86_GO(o) return (o)
#else
#define X86_GO(o)                                                                                                      \
    do {                                                                                                               \
        struct x86_op *go_ = (o);                                                                                      \
        X86_TAIL go_->run(c, go_);                                                                                     \
    } while (0)
#endif
#define X86_NEXT X86_GO(op + 1)
// For functions that are no handlers: a promised tail call needs the caller's signature. The optimiser makes it anyway.
#if X86_LOOP
#define X86_ENTER(o) return (o)
#else
#define X86_ENTER(o) return (o)->run(c, (o))
#endif

#define X86_OP(name) struct x86_op *name(struct x86_private *c, struct x86_op *op)
#define X86_HOT      static __attribute__((noinline)) X86_OP
#define X86_INLINE   static inline __attribute__((always_inline))
#define X86_COLD     __attribute__((noinline, cold))

// The instruction failed with c->fault (or c->exit): nothing of it has happened. Returns NULL.
X86_COLD X86_OP(x86_raise);
X86_COLD X86_OP(x86_raise_gp0);
X86_COLD X86_OP(x86_raise_segment); // limit or type violation through op->seg: #SS(0) or #GP(0)
X86_OP(x86_op_leave);
X86_OP(x86_op_continue); // the block was cut: goes on behind it
X86_OP(x86_op_gate);
X86_OP(x86_op_invalid);

// Ends the chain after an instruction that set EIP or changed the mode.
X86_INLINE struct x86_op *x86_leave(struct x86_private *c, uint32_t eip)
{
    c->pub.state.eip = eip;
    return NULL;
}
X86_INLINE uint32_t x86_start_eip(const struct x86_private *c, const struct x86_op *op)
{
    return c->pub.state.eip + op->offset;
}
X86_INLINE uint32_t x86_next_eip(const struct x86_private *c, const struct x86_op *op)
{
    return c->pub.state.eip + op->offset + op->length;
}

bool x86_fail(struct x86_private *c, uint8_t vector); // sets c->fault; false, for `return x86_fail(...)`
bool x86_fail_code(struct x86_private *c, uint8_t vector, uint32_t error);
bool x86_fail_missing(struct x86_private *c, const char *what);
void x86_attend(struct x86_private *c); // look at interrupts and stops right after this instruction
// state.eip and state.count as the owner must see them during the present instruction; x86_unsync afterwards.
uint32_t x86_sync(struct x86_private *c);
void x86_unsync(struct x86_private *c, uint32_t block_eip);

// ---------------------------------------------------------------------------------------------------------------------
// Flags: see flags.h
void x86_settle_flags(struct x86_private *c); // lazy -> eflags
void x86_adopt_flags(struct x86_private *c);  // eflags -> lazy

// ---------------------------------------------------------------------------------------------------------------------
// Memory by linear address (paging.c). On failure c->fault is set.

#define X86_BAD ((uint64_t)1 << 63)

uint64_t x86_load(struct x86_private *c, uint32_t linear, unsigned size);          // size 1, 2, 4; X86_BAD on fault
uint64_t x86_load_to_write(struct x86_private *c, uint32_t linear, unsigned size); // write access is probed first
bool x86_store(struct x86_private *c, uint32_t linear, unsigned size, uint32_t v);
bool x86_probe(struct x86_private *c, uint32_t linear, uint32_t n, unsigned access); // enum x86_access
uint64_t x86_load_system(struct x86_private *c, uint32_t linear, unsigned size);     // supervisor rights
bool x86_store_system(struct x86_private *c, uint32_t linear, unsigned size, uint32_t v);
bool x86_fetch_page(struct x86_private *c, uint32_t linear, uint32_t *phys);
void x86_note_port(struct x86_private *c, uint16_t port, unsigned size); // for breakpoints on ports
// A host pointer to [linear, linear + n), all on one page of plain memory; NULL: go the slow way. No fault is set.
uint8_t *x86_direct(struct x86_private *c, uint32_t linear, uint32_t n, bool write);
void x86_flush_tlb(struct x86_private *c);
void x86_new_generation(struct x86_private *c); // links and remembered jumps are looked up anew

// Operand of the present operation: offset, limits, base. False: fault.
bool x86_address(struct x86_private *c, struct x86_op *op, unsigned size, bool write, uint32_t *linear);
bool x86_check_span(struct x86_private *c, unsigned seg, uint32_t offset, uint32_t size, bool write);
X86_INLINE uint32_t x86_offset(struct x86_private *c, const struct x86_op *op)
{
    return ((X86_WORD(c, op->base) + (X86_WORD(c, op->index) << op->scale) + op->disp)) & op->mask;
}

// Physical memory (memory.c)
const uint8_t *x86_memory_read_page(const struct x86_memory *m,
                                    uint32_t page);                  // NULL: not plain; may be the shared zero page
uint8_t *x86_memory_write_page(struct x86_memory *m, uint32_t page); // own copy; NULL: not writable or no memory
void x86_memory_attach(struct x86_memory *m, struct x86_private *c);
void x86_memory_detach(struct x86_memory *m, struct x86_private *c);
struct x86_private *x86_memory_next_cpu(struct x86_private *c);
X86_INLINE uint32_t x86_a20(const struct x86_private *c, uint32_t phys)
{
    return c->pub.state.a20 ? phys : phys & ~0x100000u;
}

// ---------------------------------------------------------------------------------------------------------------------
// Code (block.c, decode.c)

struct x86_block *x86_find_block(struct x86_private *c, unsigned mode); // at CS:EIP; NULL: c->exit or attention
struct x86_block *x86_decode_block(struct x86_private *c, uint32_t linear, uint32_t phys, unsigned mode,
                                   struct x86_block *into);
void x86_code_written(struct x86_private *c, uint32_t phys, uint32_t n);             // physical bytes changed
const struct x86_code_page *x86_code_on(const struct x86_private *c, uint32_t page); // NULL: no code on that page
bool x86_covers_code(const struct x86_code_page *p, uint32_t address, uint32_t n);   // by granules, within a page
void x86_drop_code(struct x86_private *c);                                           // all blocks; not while one runs
bool x86_code_is_full(const struct x86_private *c);                                  // time to drop all
size_t x86_hash_bytes(const struct x86_private *c);
X86_OP(x86_follow); // c->pub.state.eip is set: goes on there, remembering the block in the link at op + 1
X86_OP(x86_follow_second);
X86_OP(x86_follow_jump); // the same without a link, through the jump cache

bool x86_check_fetch(struct x86_private *c, uint32_t n);      // n bytes at EIP against CS's limit
void x86_update_segment(struct x86_private *c, unsigned seg); // spans and base from state.seg
void x86_update_mode(struct x86_private *c);    // CPL, mode, TLB and key, after segments, CRs or VM changed
#define X86_NO_KEY ((uint64_t)0xffffffff << 32) // a key that no link has
X86_INLINE void x86_known_mode(struct x86_private *c, unsigned cpl, unsigned mode) // the same where they are known
{
    c->cpl = (uint8_t)cpl;
    c->mode = (uint8_t)mode;
    c->tlb = &c->tlbs[cpl == 3];
    c->key = c->attention ? X86_NO_KEY : (uint64_t)(c->generation << 8 | mode) << 32;
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments, stack, transfers

bool x86_load_for_owner(struct x86_private *c, unsigned seg,
                        uint16_t selector); // any segment, without CPL checks for CS
bool x86_load_data_segment(struct x86_private *c, unsigned seg, uint16_t selector);
bool x86_read_descriptor(struct x86_private *c, uint16_t selector, uint32_t d[2], uint32_t *at, uint8_t vector);
void x86_fill_segment(struct x86_segment *s, uint16_t selector, const uint32_t d[2]);
void x86_set_segment(struct x86_private *c, unsigned seg, uint16_t selector, const uint32_t d[2]);
void x86_set_real_segment(struct x86_private *c, unsigned seg, uint16_t selector);
bool x86_mark_accessed(struct x86_private *c, uint32_t at, uint32_t d[2]);
bool x86_inspect(struct x86_private *c, uint16_t selector, bool limit, bool *ok, uint32_t *result); // LAR, LSL
bool x86_verify(struct x86_private *c, uint16_t selector, bool write, bool *ok);                    // VERR, VERW
X86_INLINE bool x86_protected(const struct x86_private *c)
{
    return (c->pub.state.cr0 & 1) && !(c->pub.state.eflags & X86_VM);
}
X86_INLINE uint32_t x86_stack_mask(const struct x86_private *c)
{
    return c->pub.state.seg[X86_SS].access & 0x4000 ? 0xffffffff : 0xffff;
}
X86_INLINE void x86_set_esp(struct x86_private *c, uint32_t esp)
{
    uint32_t mask = x86_stack_mask(c);
    c->pub.state.reg[X86_ESP] = (c->pub.state.reg[X86_ESP] & ~mask) | (esp & mask);
}
// Push and pop at *esp, which moves; the register changes only when the instruction commits with x86_set_esp.
bool x86_push_at(struct x86_private *c, uint32_t *esp, unsigned size, uint32_t v);
bool x86_pop_at(struct x86_private *c, uint32_t *esp, unsigned size, uint32_t *v);

bool x86_far_jump(struct x86_private *c, uint16_t selector, uint32_t eip, unsigned size, uint32_t next_eip);
bool x86_far_call(struct x86_private *c, uint16_t selector, uint32_t eip, unsigned size, uint32_t return_eip);
bool x86_far_return(struct x86_private *c, unsigned size, uint32_t release);
bool x86_interrupt_return(struct x86_private *c, unsigned size, uint32_t next_eip);
enum x86_event { X86_EVENT_FAULT, X86_EVENT_EXTERNAL, X86_EVENT_SOFTWARE, X86_EVENT_TRAP };
// Delivers through the IDT; state.eip is what is pushed. False: c->fault, nothing changed but memory below the stack.
bool x86_interrupt(struct x86_private *c, uint8_t vector, enum x86_event event, bool has_error, uint32_t error);
// Delivers c->fault with double and triple faults. False: shut down or missing.
bool x86_exception(struct x86_private *c);
// Task switches (task.c). True: the new task has begun, or its first fault waits in c->exit.
enum { X86_TRAP_TASK = 0x80 }; // in state.traps: the T bit of the new task's segment, bit 15 of DR6
bool x86_task_gate(struct x86_private *c, uint16_t selector, enum x86_event event, bool has_error, uint32_t error);
bool x86_task_far(struct x86_private *c, uint16_t selector, const uint32_t d[2], bool call, uint32_t next_eip);
bool x86_task_return(struct x86_private *c, uint32_t next_eip); // IRET with NT set

// A stack about to be switched to: filled from the TSS, pushed to, then adopted.
struct x86_stack {
    struct x86_segment seg;
    uint32_t d[2], at, esp, mask;
    unsigned ring;
    uint16_t selector;
};
bool x86_inner_stack(struct x86_private *c, unsigned ring, struct x86_stack *to, uint16_t target);
bool x86_push_to(struct x86_private *c, struct x86_stack *to, unsigned size, uint32_t v);
void x86_adopt_stack(struct x86_private *c, const struct x86_stack *to);

bool x86_io_allowed(struct x86_private *c, uint16_t port, unsigned size); // false: fault set
uint32_t x86_port_in(struct x86_private *c, uint16_t port, unsigned size);
void x86_port_out(struct x86_private *c, uint16_t port, unsigned size, uint32_t v);
uint32_t x86_set_eflags_mask(const struct x86_private *c, unsigned size); // bits POPF may change now
uint32_t x86_known_eflags(const struct x86_private *c);                   // bits the model has

#endif
