// Calls from devices to the VMM (call.h), and what all devices share.
#include "devices/call.h"

#include "devices/common.h"
#include "kit/services.h"
#include "kit/structures.h"
#include "vmm/cbarea.h"

void devices_call_c_begin(struct vmm *v, uint16_t ordinal, unsigned n, const uint32_t *args)
{
    uint32_t target = vmm_service_address(v, 1, ordinal);
    if (target)
        vmm_frame_call_c_begin(v, target, n, args);
    else
        vmm_stop(v, VMM_END_FAULT, "the VMM's service table has no entry %04X any more", ordinal);
}

void devices_call_begin(struct vmm *v, uint16_t ordinal)
{
    devices_call_c_begin(v, ordinal, 0, NULL);
}

static void aside_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_frame_pop_all(v);
}

static const struct vmm_frame_kind aside_kind = {"a service called by a virtual device", aside_resume, NULL};

// Frame: a[0] handler, a[1] port of its range, a[2] range, a[3] ranges, a[4...] the ranges, a[10] the port in question,
// a[11] ports that a driver has are left to it.
enum { TRAP_PORT = 10, TRAP_FREE_ONLY = 11 };

static void trap_resume(struct vmm *v, struct vmm_frame *f)
{
    if (vmm_flag(v, X86_CF) && !f->a[TRAP_FREE_ONLY]) {
        vmm_stop(v, VMM_END_FAULT,
                 "port %Xh of a virtual device cannot be trapped: a driver has it already, or no memory",
                 f->a[TRAP_PORT]);
        return;
    }
    if (f->a[2] == f->a[3]) {
        vmm_frame_pop_all(v);
        devices_carry(v, false);
        return;
    }
    uint32_t range = f->a[4 + f->a[2]];
    vmm_regs(v)[X86_EDX] = f->a[TRAP_PORT] = (range & 0xFFFF) + f->a[1] * (range >> 24);
    vmm_regs(v)[X86_ESI] = f->a[0];
    if (++f->a[1] == (range >> 16 & 0xFF)) {
        f->a[1] = 0;
        f->a[2]++;
    }
    devices_call_begin(v, KIT_Install_IO_Handler);
}

static const struct vmm_frame_kind trap_kind = {"a virtual device trapping its ports", trap_resume, NULL};

static void trap_begin(struct vmm *v, uint32_t proc, unsigned n, const struct devices_ports *ports, bool free_only)
{
    devices_carry(v, false);
    struct vmm_frame *f = vmm_frame_push(v, devices_common(v)->trap_kind);
    if (!f)
        return;
    f->a[0] = proc;
    f->a[1] = f->a[2] = 0;
    f->a[3] = n;
    f->a[TRAP_FREE_ONLY] = free_only;
    for (unsigned i = 0; i < n && i < DEVICES_MOST_PORTS; i++)
        f->a[4 + i] = ports[i].first | (uint32_t)ports[i].count << 16 | (uint32_t)ports[i].step << 24;
    trap_resume(v, f);
}

void devices_trap_begin(struct vmm *v, uint32_t proc, unsigned n, const struct devices_ports *ports)
{
    trap_begin(v, proc, n, ports, false);
}

void devices_trap_free_begin(struct vmm *v, uint32_t proc, unsigned n, const struct devices_ports *ports)
{
    trap_begin(v, proc, n, ports, true);
}

void devices_jump(struct vmm *v, uint32_t target)
{
    vmm_regs(v)[X86_ESP] -= 4; // the return address is still there
    vmm_cpu(v)->state.eip = target;
}

void devices_split_io(struct vmm *v)
{
    devices_jump(v, vmm_service_address(v, 1, KIT_Simulate_IO));
}

bool devices_call_create(struct vmm *v)
{
    devices_common(v)->aside_kind = vmm_frame_kind_add(v, &aside_kind);
    devices_common(v)->trap_kind = vmm_frame_kind_add(v, &trap_kind);
    return true;
}

bool devices_aside_push(struct vmm *v)
{
    return vmm_frame_push(v, devices_common(v)->aside_kind) != NULL;
}

void devices_aside_begin(struct vmm *v, uint16_t ordinal)
{
    devices_call_begin(v, ordinal);
}

bool devices_copy(struct vmm *v, uint32_t to, uint32_t from, uint32_t n)
{
    uint8_t bytes[256];
    for (uint32_t done = 0, step; done < n; done += step) {
        step = n - done < sizeof bytes ? n - done : (uint32_t)sizeof bytes;
        if (!vmm_get(v, from + done, bytes, step) || !vmm_put(v, to + done, bytes, step))
            return false;
    }
    return true;
}

uint32_t devices_cb_area(struct vmm *v, uint32_t bytes)
{
    uint32_t area = vmm_cb_area_take(v, bytes);
    if (!area)
        vmm_stop(v, VMM_END_FAULT, "no room in the control blocks for %u bytes of a virtual device", bytes);
    return area;
}

void devices_api_carry(struct vmm *v, uint32_t crs, bool failed)
{
    uint32_t flags = vmm_peek32(v, crs + KIT_Client_EFlags);
    vmm_poke32(v, crs + KIT_Client_EFlags, failed ? flags | X86_CF : flags & ~(uint32_t)X86_CF);
}

bool devices_vm_or_report(struct vmm *v, uint32_t vm, const char *page)
{
    if (vmm_valid_vm(v, vm))
        return true;
    vmm_report(v, "dead-handle", vmm_cpu(v)->state.eip, page, "%08X is not a virtual machine", vm);
    return false;
}

void devices_announce(struct vmm *v, struct base_record *head, uint32_t kind, uint32_t size)
{
    head->kind = kind;
    head->size = size;
    head->time = vmm_time(v);
    head->count = vmm_cpu(v)->state.count;
    base_sink_announce(vmm_sink(v), head);
}
