// Frames: how the VMM goes on after it has called a driver, or waits. A frame is a row on the current thread's frame
// stack: numbers and guest addresses only. Each kind has a return gate; when the driver returns through it, `resume`
// runs.
#ifndef VXDKIT_VMM_FRAME_H
#define VXDKIT_VMM_FRAME_H

#include "vmm/guest.h"

struct vmm_frame {
    uint32_t below;  // the frame under it on the same thread, 0 = bottom
    uint32_t thread; // index of the owning thread
    uint16_t kind;
    uint16_t step;             // belongs to the kind
    uint32_t eip, esp, eflags; // where the interrupted code goes on; ESP is also what a callee must come back with
    uint32_t reg[8];           // registers at the push
    uint32_t a[12];            // belongs to the kind; with VMM_KEEP_EBP a[11] is the EBP given
    uint32_t expect;           // ESP with which the callee must come back
    uint32_t callee;           // whom the frame called last, for messages
    uint32_t service, caller;  // gate number of the service that pushed it, 0 = none; its return address
    uint16_t contract;         // what the callee must keep, enum vmm_contract
    uint16_t fs, gs;           // the interrupted code's: a driver may have others than the flat selector there
};

enum vmm_contract { // beside ESP
    VMM_KEEP_EBP = 1,
    VMM_INTERRUPTS_ON = 2,
    VMM_DIRECTION_UP = 4,
    VMM_EVENT_CONTRACT = VMM_KEEP_EBP | VMM_INTERRUPTS_ON | VMM_DIRECTION_UP, // Win95 DDK S31DA
};

struct vmm_frame_kind {
    const char *name;                                   // for messages
    void (*resume)(struct vmm *v, struct vmm_frame *f); // the callee has returned, registers are its results
    void (*abandon)(struct vmm *v,
                    struct vmm_frame *f); // undone from the top: VM crashed, thread gone, handler jumped out
};

// Kinds of the VMM; a device adds its own with vmm_frame_kind_add before boot (same order in every machine).
uint16_t vmm_frame_kind_add(struct vmm *v, const struct vmm_frame_kind *kind);

// Pushes a frame that remembers EIP, ESP, EFLAGS and the registers of now. NULL (run ended, out of memory) rarely. The
// pointer is valid until the next push.
struct vmm_frame *vmm_frame_push(struct vmm *v, uint16_t kind) BASE_MUST_USE;
struct vmm_frame *vmm_frame_top(struct vmm *v);
// Pops the top frame; EIP and ESP go back to what it remembers, other registers and flags stay as they are.
void vmm_frame_pop(struct vmm *v);
// As vmm_frame_pop, and the eight registers and EFLAGS go back too (interrupted code that must not notice).
void vmm_frame_pop_all(struct vmm *v);

// Points the processor at `target` with the top frame's return gate as return address. The caller sets the other
// registers and flags. Tail position.
void vmm_frame_call_begin(struct vmm *v, uint32_t target);
// The same for a C function: the arguments are pushed first (right to left) and removed when it returns.
void vmm_frame_call_c_begin(struct vmm *v, uint32_t target, unsigned n, const uint32_t *args);
// Whatever is pushed next comes back to the top frame: its `resume` runs when EIP gets there.
void vmm_frame_wait(struct vmm *v);
// Undoes the frames of a thread above `keep` (0 = all), from the top. Registers are not touched.
void vmm_frames_abandon(struct vmm *v, uint32_t thread, uint32_t keep);

#endif
