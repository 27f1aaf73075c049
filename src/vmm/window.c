// The first megabyte and 64 KB of every VM: seen at 0 while the VM is current, and at CB_High_Linear always. Windows
// lie 110h pages apart, so the two views cannot share a page table: the machine has one table for the low view, which
// holds a copy of the current VM's entries. Everything that changes an entry goes through vmm_window_entry_set,
// accessed and dirty bits are merged when the VM stops being current or somebody asks.
//
// A VM's own pages come at their first touch, from C or from guest code; an entry of 0 says so. Pages with instance
// data are present in one VM at a time (instance.c).
#include "vmm/window.h"
#include "vmm/defs.h"
#include "vmm/v86data.h"
#include "vmm/v86mem.h"

#include <string.h>

enum {
    WINDOW_BYTES = VMM_V86_PAGES * X86_PAGE_SIZE,
    ENTRY_BYTES = VMM_V86_PAGES * 4,
    TABLE_BYTES = 0x400000,
    HMA_PAGE = 0x100
};

static const uint32_t TOUCHED = VMM_PTE_ACCESSED | VMM_PTE_DIRTY;

// --- where windows lie

uint32_t vmm_window(uint32_t vm)
{
    const uint32_t first = (VMM_HIGH_END - VMM_HIGH_BASE) / WINDOW_BYTES;
    const uint32_t second = (VMM_SYSTEM_END - VMM_HIGH_BASE_2) / WINDOW_BYTES;
    uint32_t n = vm - 1;
    if (n < first)
        return VMM_HIGH_BASE + n * WINDOW_BYTES;
    return n - first < second ? VMM_HIGH_BASE_2 + (n - first) * WINDOW_BYTES : 0;
}

uint32_t vmm_window_vm(struct vmm *v, uint32_t linear, uint32_t *page)
{
    const uint32_t first = (VMM_HIGH_END - VMM_HIGH_BASE) / WINDOW_BYTES;
    uint32_t vm = 0, offset = linear;
    if (linear < WINDOW_BYTES) {
        vm = v->s.low_vm;
    } else if (linear >= VMM_HIGH_BASE && linear < VMM_HIGH_END) {
        vm = (linear - VMM_HIGH_BASE) / WINDOW_BYTES + 1;
        offset = (linear - VMM_HIGH_BASE) % WINDOW_BYTES;
    } else if (linear >= VMM_HIGH_BASE_2 && linear < VMM_SYSTEM_END) {
        vm = (linear - VMM_HIGH_BASE_2) / WINDOW_BYTES + 1 + first;
        offset = (linear - VMM_HIGH_BASE_2) % WINDOW_BYTES;
    }
    *page = offset / X86_PAGE_SIZE;
    return vm && vm < vmm_table(v, VMM_TABLE_vm)->count && vmm_vm_at(v, vm)->id ? vm : 0;
}

// --- all entries of a window at once

// Moves entries between a window's page tables and `bytes`. A window may lie in two tables.
static bool transfer(struct vmm *v, uint32_t linear, uint8_t *bytes, bool store)
{
    for (uint32_t done = 0; done < WINDOW_BYTES;) {
        uint32_t at = linear + done, part = TABLE_BYTES - at % TABLE_BYTES, place = vmm_pte_place(v, at);
        part = part < WINDOW_BYTES - done ? part : WINDOW_BYTES - done;
        uint8_t *entries = bytes + done / X86_PAGE_SIZE * 4;
        uint32_t n = part / X86_PAGE_SIZE * 4;
        if (!place ||
            !(store ? x86_memory_store(v->memory, place, entries, n) : x86_memory_load(v->memory, place, entries, n)))
            return false;
        done += part;
    }
    return true;
}

static bool merge_into(uint8_t *to, const uint8_t *from)
{
    bool changed = false;
    for (uint32_t i = 0; i < ENTRY_BYTES; i += 4) {
        uint32_t more = base_get32(from + i) & TOUCHED, old = base_get32(to + i);
        if (more & ~old)
            base_put32(to + i, old | more);
        changed = changed || more & ~old;
    }
    return changed;
}

void vmm_window_merge(struct vmm *v)
{
    uint8_t low[ENTRY_BYTES], high[ENTRY_BYTES];
    if (!v->s.low_vm || !transfer(v, 0, low, false) || !transfer(v, vmm_window(v->s.low_vm), high, false))
        return;
    bool up = merge_into(high, low), down = merge_into(low, high);
    if ((up && !transfer(v, vmm_window(v->s.low_vm), high, true)) || (down && !transfer(v, 0, low, true)))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for page tables");
}

bool vmm_window_show(struct vmm *v, uint32_t vm)
{
    uint8_t old[ENTRY_BYTES], high[ENTRY_BYTES];
    uint32_t before = v->s.low_vm;
    if (before && transfer(v, 0, old, false) && transfer(v, vmm_window(before), high, false) &&
        memcmp(old, high, sizeof old) != 0 && merge_into(high, old) && !transfer(v, vmm_window(before), high, true))
        return false;
    v->s.low_vm = vm;
    bool ok = transfer(v, vmm_window(vm), high, false) && transfer(v, 0, high, true);
    x86_invalidate_below(v->cpu, WINDOW_BYTES);
    return ok;
}

// --- one entry

uint32_t vmm_window_entry(struct vmm *v, uint32_t vm, uint32_t page)
{
    uint32_t pte, low;
    (void)!vmm_pte_get(v, vmm_window(vm) + page * X86_PAGE_SIZE, &pte);
    if (vm == v->s.low_vm && vmm_pte_get(v, page * X86_PAGE_SIZE, &low))
        pte |= low & TOUCHED;
    return pte;
}

static void set_in_views(struct vmm *v, uint32_t vm, uint32_t page, uint32_t pte)
{
    bool ok = vmm_pte_set(v, vmm_window(vm) + page * X86_PAGE_SIZE, pte);
    if (vm == v->s.low_vm)
        ok = vmm_pte_set(v, page * X86_PAGE_SIZE, pte) && ok;
    if (!ok)
        vmm_stop(v, VMM_END_MEMORY, "no host memory for page tables");
}

// Without a high memory area the first pages are seen a second time, from 1 MB on.
static bool wrapped(struct vmm *v, uint32_t vm, uint32_t page)
{
    return vmm_vm_at(v, vm)->hma_off && page < VMM_V86_PAGES - HMA_PAGE;
}

void vmm_window_entry_set(struct vmm *v, uint32_t vm, uint32_t page, uint32_t pte)
{
    set_in_views(v, vm, page, pte);
    if (wrapped(v, vm, page))
        set_in_views(v, vm, page + HMA_PAGE, pte);
}

// --- pages at their first touch

static uint32_t present(uint32_t phys)
{
    return phys * X86_PAGE_SIZE | VMM_PTE_PRESENT | VMM_PTE_WRITE | VMM_PTE_USER;
}

// The System VM has the machine's own first megabyte. In others the lowest pages (interrupt vectors, BIOS data) begin
// as copies; those up to the first V86 page and the adapters are the same in all; the rest is fresh.
static uint32_t first_entry(struct vmm *v, uint32_t vm, uint32_t page)
{
    bool private = !vmm_vm_at(v, vm)->system && page <= VMM_LAST_V86_PAGE &&
                   (page < VMM_OWN_LOW_PAGES || page >= vmm_first_v86_page(v));
    if (private)
        return 0;
    return vmm_instance_page(v, page) && !vmm_vm_at(v, vm)->system ? (uint32_t)KIT_PG_INSTANCE << 9 : present(page);
}

static bool fill(struct vmm *v, uint32_t page, uint32_t phys)
{
    uint8_t bytes[X86_PAGE_SIZE];
    if (page >= VMM_OWN_LOW_PAGES)
        return vmm_instance_fill(v, page, phys);
    return x86_memory_load(v->memory, (v->s.low_pattern + page) * X86_PAGE_SIZE, bytes, sizeof bytes) &&
           x86_memory_store(v->memory, phys * X86_PAGE_SIZE, bytes, sizeof bytes);
}

static bool take_page(struct vmm *v, uint32_t vm, uint32_t page)
{
    uint32_t phys = vmm_phys_take_one(v);
    if (!phys) {
        vmm_stop(v, VMM_END_FAULT, "the machine's memory is exhausted: no page for %Xh of virtual machine %u",
                 (unsigned)page, (unsigned)vmm_vm_at(v, vm)->id);
        return false;
    }
    if (!fill(v, page, phys)) {
        vmm_phys_give(v, phys, 1);
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a page of a virtual machine");
        return false;
    }
    vmm_window_entry_set(v, vm, page, present(phys));
    return true;
}

bool vmm_window_touch(struct vmm *v, uint32_t linear)
{
    uint32_t page, vm = vmm_window_vm(v, linear, &page), pte = vm ? vmm_window_entry(v, vm, page) : VMM_PTE_PRESENT;
    if (page >= HMA_PAGE && wrapped(v, vm, page - HMA_PAGE))
        page -= HMA_PAGE;
    if (!pte)
        return take_page(v, vm, page);
    return pte == (uint32_t)KIT_PG_INSTANCE << 9 && vmm_instance_bring(v, vm, page);
}

// The machine's own pages, from page 0, serve until initialisation is over.
void vmm_window_pattern(struct vmm *v)
{
    uint32_t phys = vmm_phys_take(v, VMM_OWN_LOW_PAGES, 1, 0, UINT32_MAX);
    bool ok = phys != 0;
    for (uint32_t page = 0; ok && page < VMM_OWN_LOW_PAGES; page++)
        ok = fill(v, page, phys + page);
    if (ok)
        v->s.low_pattern = phys;
    else
        vmm_stop(v, VMM_END_MEMORY, "no memory for the first pages of new virtual machines");
}

// --- life

bool vmm_window_create(struct vmm *v, uint32_t vm)
{
    uint8_t entries[ENTRY_BYTES];
    uint32_t window = vmm_window(vm);
    for (uint32_t page = 0; page < VMM_V86_PAGES; page++)
        base_put32(entries + 4 * page, first_entry(v, vm, page));
    if (!window || !vmm_table_make(v, 0) || !vmm_table_make(v, window) ||
        !vmm_table_make(v, window + WINDOW_BYTES - X86_PAGE_SIZE))
        return false;
    return transfer(v, window, entries, true);
}

void vmm_window_free(struct vmm *v, uint32_t vm)
{
    uint8_t entries[ENTRY_BYTES];
    uint32_t window = vmm_window(vm);
    if (!window || !transfer(v, window, entries, false))
        return;
    for (uint32_t page = 0; page <= VMM_LAST_V86_PAGE; page++) {
        uint32_t pte = base_get32(entries + 4 * page), phys = pte >> 12;
        if (pte & VMM_PTE_PRESENT && phys >= VMM_V86_PAGES)
            vmm_phys_give(v, phys, 1);
    }
    memset(entries, 0, sizeof entries);
    if (!transfer(v, window, entries, true))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for page tables");
    x86_flush(v->cpu);
}
