// The host program's own code in the machine: procedures, services, ports and memory. These are bindings, not state: a
// snapshot does not hold them, and the machine it is restored into has to have the same ones.
#include "vmm/defs.h"

uint32_t vmm_host_proc(struct vmm *v, vmm_host_fn *fn, void *user)
{
    uint32_t gate = vmm_gate_add(v, &(struct vmm_gate){.host = fn, .user = user});
    return gate ? vmm_gate_address(gate) : 0;
}

bool vmm_bind_host(struct vmm *v, uint16_t device, uint16_t ordinal, vmm_host_fn *fn, void *user)
{
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct vmm_device_slot *slot = &v->devices[i];
        if (slot->device->id != device || ordinal >= slot->services)
            continue;
        struct vmm_gate *gate = vmm_gate_of(v, slot->first_gate + ordinal);
        if (!gate->service && ordinal >= slot->device->services)
            return false;
        gate->host = fn;
        gate->user = user;
        vmm_poke32(v, slot->table + 4 * (uint32_t)ordinal, vmm_gate_address(slot->first_gate + ordinal));
        return true;
    }
    return false;
}

const struct vmm_host_range *vmm_host_range_at(const struct vmm *v, bool memory, uint32_t address)
{
    for (uint32_t i = 0; i < v->range_count; i++) {
        const struct vmm_host_range *r = &v->ranges[i];
        if (r->memory == memory && address - r->first < r->count)
            return r;
    }
    return NULL;
}

static bool overlaps(const struct vmm *v, const struct vmm_host_range *range)
{
    for (uint32_t i = 0; i < v->range_count; i++) {
        const struct vmm_host_range *r = &v->ranges[i];
        if (r->memory == range->memory &&
            (range->first - r->first < r->count || r->first - range->first < range->count))
            return true;
    }
    return false;
}

// Whole pages in which nothing lies yet.
static bool take_memory(struct vmm *v, const struct vmm_host_range *range)
{
    uint32_t page = range->first / X86_PAGE_SIZE, pages = range->count / X86_PAGE_SIZE;
    if (range->first % X86_PAGE_SIZE || range->count % X86_PAGE_SIZE)
        return false;
    for (uint32_t i = 0; i < pages; i++)
        if (x86_memory_kind(v->memory, page + i) != X86_NOTHING)
            return false;
    return x86_memory_set_kind(v->memory, page, pages, X86_MMIO);
}

static bool in_bounds(const struct vmm_host_range *range)
{
    uint64_t end = (uint64_t)range->first + range->count;
    return range->count && end <= (range->memory ? UINT64_C(0x100000000) : 0x10000);
}

bool vmm_provide_range(struct vmm *v, const struct vmm_host_range *range)
{
    if (v->s.booted || !in_bounds(range) || overlaps(v, range))
        return false;
    if (v->range_count == v->range_capacity) {
        size_t want = base_alloc_grow(v->range_capacity, v->range_count + 1, sizeof *v->ranges),
               size = sizeof *v->ranges;
        void *more = want ? base_alloc_resize(v->alloc, v->ranges, v->range_capacity * size, want * size) : NULL;
        if (!more)
            return false;
        v->ranges = more;
        v->range_capacity = (uint32_t)want;
    }
    if (range->memory && !take_memory(v, range))
        return false;
    v->ranges[v->range_count++] = *range;
    return true;
}

enum { FIRST_ADAPTER_PAGE = 0xC0, FIRST_BIOS_PAGE = 0xF0 };

void vmm_device_pages(struct vmm *v, uint32_t first, uint32_t pages, bool on)
{
    for (uint32_t page = first; page - first < pages && page < 0x100000; page++) {
        enum x86_page_kind kind = x86_memory_kind(v->memory, page);
        bool adapter = kind == X86_ROM && page >= FIRST_ADAPTER_PAGE && page < FIRST_BIOS_PAGE;
        bool free = kind == X86_NOTHING || adapter;
        if (vmm_host_range_at(v, true, page * X86_PAGE_SIZE) || !(on ? free : kind == X86_MMIO))
            continue;
        if (!x86_memory_set_kind(v->memory, page, 1, on ? X86_MMIO : X86_NOTHING))
            vmm_stop(v, VMM_END_MEMORY, "no host memory for device memory");
    }
}
