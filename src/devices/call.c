// Calls from devices to the VMM (call.h), and what all devices share.
#include "devices/call.h"

#include "devices/common.h"
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

bool devices_call_create(struct vmm *v)
{
    devices_common(v)->aside_kind = vmm_frame_kind_add(v, &aside_kind);
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
