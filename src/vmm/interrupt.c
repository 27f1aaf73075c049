// Interrupt time: the virtual timer's ticks and the board's interrupts. An HWINT frame remembers everything of the code
// it came from; the re-entry count is the number of such frames (and of ring-0 faults).
#include "vmm/defs.h"

void vmm_reenter(struct vmm *v)
{
    v->s.reenter++;
    v->s.reenter_seen++;
}

void vmm_unreenter(struct vmm *v)
{
    v->s.reenter--;
    if (v->s.reenter_seen)
        v->s.reenter_seen--;
}

static void update_intr(struct vmm *v)
{
    x86_set_intr(v->cpu, v->s.tick_pending || v->s.board_intr);
}

void vmm_set_intr(struct vmm *v, bool level)
{
    v->s.board_intr = level;
    update_intr(v);
}

void vmm_set_ignne(struct vmm *v, bool level)
{
    x86_set_ignne(v->cpu, level);
}

void vmm_on_vector(struct vmm *v, uint8_t vector, vmm_vector_fn *fn)
{
    v->vector[vector] = fn;
}

void vmm_set_tick(struct vmm *v, uint32_t milliseconds)
{
    v->s.tick_ns = (milliseconds ? milliseconds : VMM_TICK_MS) * UINT64_C(1000000);
    vmm_wake_sooner(v);
}

uint8_t vmm_acknowledge(void *user)
{
    struct vmm *v = user;
    v->s.waiting = 0; // something runs from here on, though the processor may be stopped before its first gate
    if (v->s.tick_pending) {
        v->s.tick_pending = 0;
        update_intr(v);
        vmm_wake_sooner(v);
        return VMM_TICK_VECTOR;
    }
    return v->board && v->board->acknowledge ? v->board->acknowledge(v) : VMM_TICK_VECTOR;
}

void vmm_tick_raise(struct vmm *v)
{
    v->s.tick_pending = 1;
    update_intr(v);
}

void vmm_interrupt_begin(struct vmm *v, uint8_t vector)
{
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_INTERRUPT);
    if (!f)
        return;
    vmm_reenter(v);
    v->s.waiting = v->s.idle_told = 0;
    vmm_time_show(v);
    v->s.reschedule = 1;
    v->cpu->state.eflags &= ~(uint32_t)(X86_IF | X86_DF | X86_TF | X86_NT);
    f->contract = VMM_DIRECTION_UP;
    vmm_frame_wait(v);
    if (vector == VMM_TICK_VECTOR) {
        vmm_timeouts_tick(v);
        return;
    }
    v->s.idle_asks = 0;
    v->vector[vector](v, vector);
}

static void interrupt_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t callback, reference, late;
    if (vmm_timeout_next_async(v, &callback, &reference, &late)) {
        v->cpu->state.eflags &= ~(uint32_t)(X86_IF | X86_DF);
        vmm_regs(v)[X86_ECX] = late;
        vmm_regs(v)[X86_EDX] = reference;
        f->callee = callback;
        vmm_frame_call_begin(v, callback);
        return;
    }
    vmm_unreenter(v);
    vmm_frame_pop_all(v);
}

static void interrupt_abandon(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_unreenter(v);
}

const struct vmm_frame_kind vmm_interrupt_frame = {"the interrupt procedure", interrupt_resume, interrupt_abandon};

// --- services

static void get_reenter_count(struct vmm *v)
{
    vmm_regs(v)[X86_ECX] = v->s.reenter_seen;
}

static void begin_reentrant_execution(struct vmm *v)
{
    vmm_regs(v)[X86_ECX] = v->s.reenter_seen;
    v->s.reenter_seen = 0;
}

static void end_reentrant_execution(struct vmm *v)
{
    v->s.reenter_seen = vmm_regs(v)[X86_ECX];
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_VMM_Reenter_Count, get_reenter_count},
    {KIT_Begin_Reentrant_Execution, begin_reentrant_execution},
    {KIT_End_Reentrant_Execution, end_reentrant_execution},
    {0, NULL},
};

const struct vmm_chapter vmm_interrupt_chapter = {.bindings = bindings};
