// A driver whose decisions are made in C: every callback is a few bytes of guest code that ask a script in the test
// what to do next, which is to call a service with given registers or to return. Everything goes through the real
// processor, stack and gates; only the thinking is done here.
#ifndef VXDKIT_TESTS_VMM_PUPPET_H
#define VXDKIT_TESTS_VMM_PUPPET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/defs.h"

struct puppet;

// One step of a callback. `step` counts from 0 in each activation. It may ask for one service call (puppet_call) and is
// run again when that has returned; false: the callback returns.
typedef bool puppet_script(struct puppet *p, uint32_t step, void *user);

struct puppet_proc {
    struct puppet *puppet;
    puppet_script *script;
    void *user;
    uint32_t thunk; // guest address that serves as callback
};

enum { PUPPET_PROCS = 32, PUPPET_ACTIVATIONS = 256, PUPPET_LOG = 65536 };

struct puppet {
    struct vmm *v;
    struct puppet_proc procs[PUPPET_PROCS];
    unsigned proc_count;
    struct {
        const struct puppet_proc *proc;
        uint32_t esp, step;
        uint32_t args;            // bytes that it has pushed for the call under way
    } active[PUPPET_ACTIVATIONS]; // one for each running callback
    unsigned active_count;
    uint32_t code, code_used;
    bool called;
    uint32_t args;       // pushed by puppet_call_c
    puppet_script *boot; // run at Sys_VM_Init, in the control procedure
    const struct puppet_proc *boot_proc;
    unsigned checks;       // check records seen
    char last_check[64];   // rule of the last one
    char text[PUPPET_LOG]; // what scripts noted with puppet_note
    void *user;
};

static inline uint32_t *puppet_regs(struct puppet *p)
{
    return vmm_regs(p->v);
}

static inline void puppet_note(struct puppet *p, const char *format, ...)
{
    size_t used = strlen(p->text);
    va_list args;
    va_start(args, format);
    vsnprintf(p->text + used, sizeof p->text - used, format, args);
    va_end(args);
}

static inline uint32_t puppet_service(struct puppet *p, uint16_t device, uint16_t ordinal)
{
    uint32_t module = vmm_module_by_id(p->v, device);
    assert_int_not_equal(module, 0);
    return vmm_peek32(p->v,
                      vmm_peek32(p->v, vmm_module_at(p->v, module)->ddb + KIT_DDB_Service_Table_Ptr) + 4u * ordinal);
}

static inline void puppet_push(struct puppet *p, uint32_t value)
{
    uint32_t *r = puppet_regs(p);
    r[X86_ESP] -= 4;
    vmm_poke32(p->v, r[X86_ESP], value);
}

// From a script: the VMM service runs next, then the script again. Registers are as the script sets them.
static inline bool puppet_call(struct puppet *p, uint16_t ordinal)
{
    p->called = true;
    vmm_cpu(p->v)->state.eip = puppet_service(p, 1, ordinal);
    return true;
}

// The same for a C service; its arguments are pushed and, before the script runs again, removed.
static inline bool puppet_call_c(struct puppet *p, uint16_t ordinal, unsigned n, ...)
{
    uint32_t values[16];
    va_list args;
    va_start(args, n);
    for (unsigned i = 0; i < n; i++)
        values[i] = va_arg(args, uint32_t);
    va_end(args);
    for (unsigned i = n; i-- > 0;)
        puppet_push(p, values[i]);
    p->args = 4 * n;
    return puppet_call(p, ordinal);
}

static inline unsigned puppet_activation(struct puppet *p, const struct puppet_proc *proc, uint32_t esp)
{
    for (unsigned i = 0; i < p->active_count; i++)
        if (p->active[i].proc == proc && p->active[i].esp - p->active[i].args == esp)
            return i;
    assert_true(p->active_count < PUPPET_ACTIVATIONS);
    p->active[p->active_count].proc = proc;
    p->active[p->active_count].esp = esp;
    p->active[p->active_count].step = p->active[p->active_count].args = 0;
    return p->active_count++;
}

// The thunk's only instruction calls this; its own return has been made, so the stack is that of the callback.
static inline void puppet_step(void *user, struct vmm *v)
{
    const struct puppet_proc *proc = user;
    struct puppet *p = proc->puppet;
    uint32_t esp = vmm_regs(v)[X86_ESP];
    unsigned i = puppet_activation(p, proc, esp);
    uint32_t step = p->active[i].step++;
    vmm_regs(v)[X86_ESP] = esp += p->active[i].args;
    p->active[i].args = p->args = 0;
    p->called = false;
    if (proc->script(p, step, proc->user)) {
        assert_true(p->called);
        p->active[puppet_activation(p, proc, esp)].args = p->args;
        puppet_push(p, proc->thunk);
        return;
    }
    i = puppet_activation(p, proc, esp);
    p->active[i] = p->active[--p->active_count];
    assert_true(vmm_return_to(v, 0));
}

static inline const struct puppet_proc *puppet_proc(struct puppet *p, puppet_script *script, void *user)
{
    assert_true(p->proc_count < PUPPET_PROCS);
    struct puppet_proc *proc = &p->procs[p->proc_count++];
    *proc = (struct puppet_proc){p, script, user, p->code + p->code_used};
    uint32_t variable = p->code + p->code_used + 8, host = vmm_host_proc(p->v, puppet_step, proc);
    const uint8_t call[6] = {
        0xFF, 0x15, (uint8_t)variable, (uint8_t)(variable >> 8), (uint8_t)(variable >> 16), (uint8_t)(variable >> 24)};
    assert_true(x86_write_linear(vmm_cpu(p->v), proc->thunk, call, sizeof call, X86_WRITE, NULL));
    vmm_poke32(p->v, variable, host);
    p->code_used += 16;
    return proc;
}

static struct puppet *puppet_booting; // the control procedure has no user pointer; tests run one machine at a time

static inline void puppet_control(struct vmm *v)
{
    bool mine = vmm_regs(v)[X86_EAX] == KIT_Sys_VM_Init && puppet_booting && puppet_booting->v == v &&
                puppet_booting->boot_proc;
    vmm_set_flag(v, X86_CF, false);
    if (!mine)
        return;
    puppet_push(puppet_booting, vmm_cpu(v)->state.eip); // return there through the script
    vmm_cpu(v)->state.eip = puppet_booting->boot_proc->thunk;
}

static inline void puppet_listen(void *user, const struct base_record *record)
{
    struct puppet *p = user;
    if (record->kind != VMM_RECORD_CHECK)
        return;
    const struct vmm_check_record *check = (const struct vmm_check_record *)record;
    p->checks++;
    snprintf(p->last_check, sizeof p->last_check, "%s", check->rule);
}

// Boots a machine; `boot` runs as the device's Sys_VM_Init handler.
static inline struct puppet *puppet_new(puppet_script *boot, void *user)
{
    static const struct vmm_device device = {.id = KIT_PERF_Device_ID, .version = 0x100, .control = puppet_control};
    struct puppet *p = calloc(1, sizeof *p);
    struct vmm_config config;
    vmm_default_config(&config);
    assert_non_null(p);
    p->v = vmm_new(&base_heap, &config);
    assert_non_null(p->v);
    p->user = user;
    p->code = vmm_take_pages(p->v, 1);
    assert_int_not_equal(p->code, 0);
    assert_true(vmm_add_device(p->v, &device));
    if (boot)
        p->boot_proc = puppet_proc(p, boot, user);
    assert_true(base_sink_listen(vmm_sink(p->v), puppet_listen, p));
    puppet_booting = p;
    vmm_boot(p->v);
    return p;
}

// After a snapshot of one machine was restored into another, whose procedures were made in the same order.
static inline void puppet_move(const struct puppet *from, struct puppet *to)
{
    memcpy(to->active, from->active, sizeof to->active);
    for (unsigned i = 0; i < from->active_count; i++)
        to->active[i].proc = &to->procs[from->active[i].proc - from->procs];
    to->active_count = from->active_count;
    to->called = from->called;
    to->args = from->args;
    to->checks = from->checks;
    memcpy(to->last_check, from->last_check, sizeof to->last_check);
    memcpy(to->text, from->text, sizeof to->text);
}

static inline void puppet_free(struct puppet *p)
{
    vmm_free(p->v);
    free(p);
    puppet_booting = NULL;
}

// The message of an end that is not idleness is shown.
static inline enum vmm_end puppet_run(struct puppet *p, uint64_t milliseconds)
{
    enum vmm_end end = vmm_run(p->v, milliseconds * 1000000, UINT64_MAX);
    if (*vmm_end_message(p->v))
        print_message("%s\n", vmm_end_message(p->v));
    return end;
}

#endif
