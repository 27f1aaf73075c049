// Frames: pushed, popped, called from and returned to (frame.h).
#include "vmm/defs.h"

uint16_t vmm_frame_kind_add(struct vmm *v, const struct vmm_frame_kind *kind)
{
    // Kinds are the host's bindings: a fixed few. Running out is a mistake in this program, found by any test.
    if (v->kind_count == VMM_MAX_KINDS) {
        vmm_stop(v, VMM_END_MEMORY, "too many kinds of frames");
        return 0;
    }
    v->kinds[v->kind_count] = kind;
    return (uint16_t)v->kind_count++;
}

struct vmm_frame *vmm_frame_push(struct vmm *v, uint16_t kind)
{
    if (vmm_table(v, VMM_TABLE_frame)->live >= VMM_MOST_FRAMES) {
        vmm_stop(v, VMM_END_FAULT,
                 "%u callbacks, waits and nested executions are under way: a driver never returns from them",
                 (unsigned)VMM_MOST_FRAMES);
        return NULL;
    }
    uint32_t row = vmm_frame_new(v);
    if (!row) {
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a frame");
        return NULL;
    }
    struct vmm_thread *t = vmm_current(v);
    struct vmm_frame *f = vmm_frame_at(v, row);
    const struct x86_state *s = &v->cpu->state;
    f->below = t->top;
    f->thread = v->s.current;
    f->kind = kind;
    f->eip = s->eip;
    f->esp = f->expect = s->reg[X86_ESP];
    f->eflags = s->eflags;
    f->fs = s->seg[X86_FS].selector;
    f->gs = s->seg[X86_GS].selector;
    for (unsigned i = 0; i < 8; i++)
        f->reg[i] = s->reg[i];
    if (v->call.gate && !v->call.framed) {
        f->service = v->call.gate;
        f->caller = v->call.caller;
        v->call.framed = true;
    }
    t->top = row;
    return f;
}

static void drop_top(struct vmm *v)
{
    struct vmm_thread *t = vmm_current(v);
    struct vmm_frame *f = vmm_frame_at(v, t->top);
    uint32_t row = t->top, service = f->service, caller = f->caller;
    t->top = f->below;
    vmm_frame_free(v, row);
    if (service)
        vmm_service_done(v, service, caller);
}

static void load_selector(struct vmm *v, enum x86_seg seg, uint16_t selector)
{
    struct x86_fault fault;
    if (v->cpu->state.seg[seg].selector != selector && !x86_load_segment(v->cpu, seg, selector, &fault) &&
        !x86_load_segment(v->cpu, seg, 0, &fault)) // its descriptor has gone meanwhile
        vmm_stop(v, VMM_END_FAULT, "a null selector cannot be loaded");
}

// FS and GS are nobody's by the documentation (Win95 DDK S31A3 names CS, DS, SS and ES), V86MMGR's buffers take FS:ESI:
// what a driver has there outlasts the services it calls, whatever callees and clients do.
static void restore_fs_gs(struct vmm *v, const struct vmm_frame *f)
{
    load_selector(v, X86_FS, f->fs);
    load_selector(v, X86_GS, f->gs);
}

void vmm_frame_pop(struct vmm *v)
{
    const struct vmm_frame *f = vmm_frame_top(v);
    restore_fs_gs(v, f);
    v->cpu->state.eip = f->eip;
    v->cpu->state.reg[X86_ESP] = f->esp;
    drop_top(v);
}

void vmm_frame_pop_all(struct vmm *v)
{
    const struct vmm_frame *f = vmm_frame_top(v);
    struct x86_state *s = &v->cpu->state;
    s->eip = f->eip;
    s->eflags = f->eflags;
    for (unsigned i = 0; i < 8; i++)
        s->reg[i] = f->reg[i];
    s->reg[X86_ESP] = f->esp;
    restore_fs_gs(v, f);
    drop_top(v);
}

void vmm_frame_wait(struct vmm *v)
{
    struct vmm_frame *f = vmm_frame_top(v);
    f->expect = f->esp;
    v->cpu->state.eip = vmm_gate_address(VMM_GATE_RETURN + f->kind);
    v->cpu->state.reg[X86_ESP] = f->expect;
}

void vmm_frame_call_begin(struct vmm *v, uint32_t target)
{
    vmm_frame_call_c_begin(v, target, 0, NULL);
}

void vmm_frame_call_c_begin(struct vmm *v, uint32_t target, unsigned n, const uint32_t *args)
{
    struct vmm_frame *f = vmm_frame_top(v);
    uint8_t copy[4 * 17];
    f->expect = f->esp - 4 * n;
    f->callee = target;
    uint32_t esp = f->expect - 4;
    uint8_t *place = x86_owner_bytes(v->cpu, esp, 4 * (n + 1), true), *bytes = place ? place : copy;
    base_put32(bytes, vmm_gate_address(VMM_GATE_RETURN + f->kind));
    for (unsigned i = 0; i < n && i < 16; i++)
        base_put32(bytes + 4 * (i + 1), args[i]);
    if (!place && !x86_write_linear(v->cpu, esp, copy, 4 * (n + 1), X86_WRITE, NULL)) {
        char where[96];
        vmm_describe_address(v, f->eip, where, sizeof where);
        vmm_stop(v, VMM_END_FAULT, "the ring-0 stack is exhausted (ESP=%08X, called from %s)", esp, where);
        return;
    }
    v->cpu->state.reg[X86_ESP] = esp;
    v->cpu->state.eip = target;
}

void vmm_frames_abandon(struct vmm *v, uint32_t thread, uint32_t keep)
{
    struct vmm_thread *t = vmm_thread_at(v, thread);
    while (t->top && t->top != keep) {
        struct vmm_frame *f = vmm_frame_at(v, t->top);
        if (v->kinds[f->kind]->abandon)
            v->kinds[f->kind]->abandon(v, f);
        t = vmm_thread_at(v, thread);
        uint32_t row = t->top;
        t->top = vmm_frame_at(v, row)->below;
        vmm_frame_free(v, row);
    }
}

static void check_segments(struct vmm *v, const struct vmm_frame *f)
{
    static const struct {
        uint8_t seg;
        char name[3];
    } data[] = {{X86_DS, "DS"}, {X86_ES, "ES"}};
    for (size_t i = 0; i < BASE_COUNT(data); i++) {
        unsigned selector = v->cpu->state.seg[data[i].seg].selector;
        if (selector == VMM_DS)
            continue;
        vmm_report(v, "callback-contract", f->callee, "Win95 DDK S31A3", "%s changed %s from %04X to %04X",
                   v->kinds[f->kind]->name, data[i].name, VMM_DS, selector);
        struct x86_fault fault;
        if (!x86_load_segment(v->cpu, data[i].seg, VMM_DS, &fault))
            vmm_stop(v, VMM_END_FAULT, "the flat data selector cannot be loaded any more");
    }
}

// Reports what the callee did not keep and repairs it: the run goes on as the VMM would.
static void check_contract(struct vmm *v, struct vmm_frame *f)
{
    struct x86_state *s = &v->cpu->state;
    check_segments(v, f);
    if (s->reg[X86_ESP] != f->expect) {
        vmm_report(v, "callback-stack", f->callee, "Win95 DDK S31A3", "%s came back with ESP %08X instead of %08X",
                   v->kinds[f->kind]->name, s->reg[X86_ESP], f->expect);
        s->reg[X86_ESP] = f->expect;
    }
    if (f->contract & VMM_KEEP_EBP && s->reg[X86_EBP] != f->a[11]) {
        vmm_report(v, "callback-contract", f->callee, "Win95 DDK S31DA", "%s changed EBP from %08X to %08X",
                   v->kinds[f->kind]->name, f->a[11], s->reg[X86_EBP]);
        s->reg[X86_EBP] = f->a[11];
    }
    if (f->contract & VMM_INTERRUPTS_ON && !(s->eflags & X86_IF)) {
        vmm_report(v, "callback-contract", f->callee, "Win95 DDK S31DA", "%s returned with interrupts disabled",
                   v->kinds[f->kind]->name);
        s->eflags |= X86_IF;
    }
    if (f->contract & VMM_DIRECTION_UP && s->eflags & X86_DF) {
        vmm_report(v, "callback-contract", f->callee, "Win95 DDK S31DA", "%s returned with the direction flag set",
                   v->kinds[f->kind]->name);
        s->eflags &= ~(uint32_t)X86_DF;
    }
}

void vmm_frame_returned(struct vmm *v, uint32_t kind)
{
    struct vmm_frame *f = vmm_frame_top(v);
    if (!f || f->kind != kind) {
        vmm_stop(v, VMM_END_FAULT, "code returned through the gate of %s, but %s is what the thread waits for",
                 kind < v->kind_count ? v->kinds[kind]->name : "nothing", f ? v->kinds[f->kind]->name : "nothing");
        return;
    }
    if (f->callee)
        check_contract(v, f);
    v->kinds[kind]->resume(v, f);
}
