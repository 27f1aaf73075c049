// How services see the machine they act on (guest.h).
#include "vmm/defs.h"
#include "vmm/window.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_FAULT = 14 };

uint32_t vmm_arg(struct vmm *v, unsigned n)
{
    const struct kit_service *service = v->call.gate ? vmm_gate_of(v, v->call.gate)->service : NULL;
    if (service && service->convention == KIT_FAST) {
        if (n < 2)
            return v->call.reg[n == 0 ? X86_ECX : X86_EDX];
        n -= 2;
    }
    if (n < v->call.arg_count)
        return v->call.arg[n];
    uint32_t value;
    return vmm_get32(v, v->call.args + 4 * n, &value) ? value : 0;
}

// Pages of VMs that nobody has touched yet come in here as they would at an instruction of the guest.
static bool served(struct vmm *v, const struct x86_fault *fault)
{
    return fault->vector == PAGE_FAULT && vmm_window_touch(v, fault->address);
}

static bool read_guest(struct vmm *v, uint32_t linear, void *to, uint32_t n, struct x86_fault *fault)
{
    while (!x86_read_linear(v->cpu, linear, to, n, X86_READ, fault))
        if (!served(v, fault))
            return false;
    return true;
}

static bool write_guest(struct vmm *v, uint32_t linear, const void *from, uint32_t n, struct x86_fault *fault)
{
    while (!x86_write_linear(v->cpu, linear, from, n, X86_WRITE, fault))
        if (!served(v, fault))
            return false;
    return true;
}

bool vmm_load(struct vmm *v, uint32_t linear, void *to, uint32_t n)
{
    struct x86_fault fault;
    return read_guest(v, linear, to, n, &fault);
}

bool vmm_store(struct vmm *v, uint32_t linear, const void *from, uint32_t n)
{
    struct x86_fault fault;
    return write_guest(v, linear, from, n, &fault);
}

bool vmm_get(struct vmm *v, uint32_t linear, void *to, uint32_t n)
{
    struct x86_fault fault;
    if (read_guest(v, linear, to, n, &fault))
        return true;
    memset(to, 0, n);
    if (!v->call.faulted)
        v->call.fault = fault;
    v->call.faulted = true;
    return false;
}

bool vmm_put(struct vmm *v, uint32_t linear, const void *from, uint32_t n)
{
    struct x86_fault fault;
    if (write_guest(v, linear, from, n, &fault))
        return true;
    if (!v->call.faulted)
        v->call.fault = fault;
    v->call.faulted = true;
    return false;
}

bool vmm_probe(struct vmm *v, uint32_t linear, uint32_t n, bool write)
{
    // Every page once. Ring 0 ignores the write bit, so a readable page is a writable one.
    (void)write;
    for (uint32_t done = 0; done < n;) {
        uint8_t byte;
        if (!vmm_get(v, linear + done, &byte, 1))
            return false;
        uint32_t step = X86_PAGE_SIZE - (linear + done) % X86_PAGE_SIZE;
        done = step > n - done ? n : done + step;
    }
    return true;
}

bool vmm_get32(struct vmm *v, uint32_t linear, uint32_t *to)
{
    uint8_t bytes[4];
    bool ok = vmm_get(v, linear, bytes, 4);
    *to = base_get32(bytes);
    return ok;
}

bool vmm_put32(struct vmm *v, uint32_t linear, uint32_t value)
{
    uint8_t bytes[4];
    base_put32(bytes, value);
    return vmm_put(v, linear, bytes, 4);
}

bool vmm_get16(struct vmm *v, uint32_t linear, uint16_t *to)
{
    uint8_t bytes[2];
    bool ok = vmm_get(v, linear, bytes, 2);
    *to = base_get16(bytes);
    return ok;
}

bool vmm_get_text(struct vmm *v, uint32_t linear, char *to, size_t size)
{
    size_t n = 0;
    for (; n + 1 < size; n++) {
        if (!vmm_get(v, linear + (uint32_t)n, to + n, 1)) {
            to[n] = 0;
            return false;
        }
        if (!to[n])
            return true;
    }
    to[n] = 0;
    return true;
}

void vmm_peek_far(struct vmm *v, uint32_t linear, uint8_t *bytes, uint32_t n)
{
    if (vmm_load(v, linear, bytes, n))
        return;
    memset(bytes, 0, n);
    vmm_stop(v, VMM_END_FAULT, "a structure of the VMM at %08X is not mapped any more", linear);
}

void vmm_poke_far(struct vmm *v, uint32_t linear, const uint8_t *bytes, uint32_t n)
{
    if (!vmm_store(v, linear, bytes, n))
        vmm_stop(v, VMM_END_FAULT, "a structure of the VMM at %08X is not mapped any more", linear);
}

uint32_t vmm_system_vm(struct vmm *v)
{
    return vmm_vm_at(v, v->s.system_vm)->cb;
}

uint32_t vmm_vm_number(struct vmm *v, uint32_t vm)
{
    uint32_t row = vmm_vm_row(v, vm);
    return row ? vmm_vm_at(v, row)->id : 0;
}

// A handle is the address of a control block, which knows its row; a driver may have written there, or lie.
static uint32_t row_at(struct vmm *v, uint32_t place)
{
    uint8_t bytes[4];
    return x86_read_linear(v->cpu, place, bytes, 4, X86_READ, NULL) ? base_get32(bytes) : 0;
}

uint32_t vmm_vm_row(struct vmm *v, uint32_t handle)
{
    uint32_t row = handle ? row_at(v, handle + VMM_CB_ROW) : 0;
    bool valid = row && row < vmm_table(v, VMM_TABLE_vm)->count;
    return valid && vmm_vm_at(v, row)->cb == handle && vmm_vm_at(v, row)->id ? row : 0;
}

uint32_t vmm_thread_row(struct vmm *v, uint32_t handle)
{
    uint32_t row = handle ? row_at(v, handle + VMM_TCB_ROW) : 0;
    bool valid = row && row < vmm_table(v, VMM_TABLE_thread)->count;
    return valid && vmm_thread_at(v, row)->tcb == handle && vmm_thread_at(v, row)->id ? row : 0;
}

bool vmm_valid_vm(struct vmm *v, uint32_t handle)
{
    return vmm_vm_row(v, handle) != 0;
}

bool vmm_valid_thread(struct vmm *v, uint32_t handle)
{
    return vmm_thread_row(v, handle) != 0;
}

uint32_t vmm_choose(struct vmm *v, const char *point, uint32_t n)
{
    if (!v->config.seed || n < 2)
        return 0;
    // A choice depends on the seed, the point's name and how many choices came before: reproducible, and independent of
    // where in host memory anything lies.
    uint64_t x = v->config.seed ^ ++v->s.choices * 0x9E3779B97F4A7C15u;
    for (; *point; point++)
        x = (x ^ (uint8_t)*point) * 0x100000001B3u;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    return (uint32_t)((x >> 32) % n);
}
