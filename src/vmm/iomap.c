// I/O handlers by port, and the I/O permission map: one default map and one for each VM that differs from it. The map
// of the current VM lies in the task state segment, where the processor reads it. Win95 DDK S31F0-S31F8.
#include "vmm/iomap.h"
#include "vmm/defs.h"

#include <string.h>

enum { MAP_BYTES = 0x2000, MAP_OFFSET = 0x68, PAGE_PORTS = 256 };

struct port_page { // handlers of 256 ports
    uint32_t link;
    uint32_t handler[PAGE_PORTS];
};

struct vm_map {
    uint32_t vm;
    uint8_t trapped[MAP_BYTES];
};

struct iomap_state {
    uint32_t page[0x10000 / PAGE_PORTS]; // rows of port_page
    uint32_t current;                    // row of the current VM's map, 0 = the default
    uint8_t trapped[MAP_BYTES];          // the default, also for VMs to come
};

static struct iomap_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_iomap);
}

static struct base_table *pages(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_iomap, 0);
}

static struct base_table *maps(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_iomap, 1);
}

// --- handlers

// Place of the port's handler, its page made when `make`; NULL = none, or no memory.
static uint32_t *handler_place(struct vmm *v, uint16_t port, bool make)
{
    uint32_t *row = &state_of(v)->page[port / PAGE_PORTS];
    if (!*row && make)
        *row = base_table_new(pages(v));
    return *row ? &((struct port_page *)base_table_at(pages(v), 0))[*row].handler[port % PAGE_PORTS] : NULL;
}

uint32_t vmm_io_handler(struct vmm *v, uint16_t port)
{
    const uint32_t *place = handler_place(v, port, false);
    return place ? *place : 0;
}

// --- maps

static struct vm_map *map_at(struct vmm *v, uint32_t row)
{
    return (struct vm_map *)base_table_at(maps(v), 0) + row;
}

static uint32_t map_of(struct vmm *v, uint32_t vm)
{
    for (uint32_t row = 1; row < maps(v)->count; row++)
        if (map_at(v, row)->vm == vm && vm)
            return row;
    return 0;
}

static uint8_t *trapped_now(struct vmm *v)
{
    struct iomap_state *s = state_of(v);
    return s->current ? map_at(v, s->current)->trapped : s->trapped;
}

uint32_t vmm_io_trapped_by(struct vmm *v, uint16_t port)
{
    uint32_t handler = vmm_io_handler(v, port);
    return handler && trapped_now(v)[port / 8] >> port % 8 & 1 ? handler : 0;
}

static void set_bit(uint8_t *map, uint16_t port, bool on)
{
    uint8_t bit = (uint8_t)(1u << port % 8);
    map[port / 8] = (uint8_t)(on ? map[port / 8] | bit : map[port / 8] & ~bit);
}

// The processor's copy of one byte of the current VM's map.
static void load_byte(struct vmm *v, uint16_t port)
{
    uint32_t at = v->s.tss + MAP_OFFSET + port / 8;
    if (!x86_write_linear(v->cpu, at, &trapped_now(v)[port / 8], 1, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the I/O permission map at %08Xh is not mapped any more", (unsigned)at);
}

static void load_map(struct vmm *v)
{
    if (!x86_write_linear(v->cpu, v->s.tss + MAP_OFFSET, trapped_now(v), MAP_BYTES, X86_WRITE, NULL))
        vmm_stop(v, VMM_END_FAULT, "the I/O permission map is not mapped any more");
}

static void set_global(struct vmm *v, uint16_t port, bool on)
{
    set_bit(state_of(v)->trapped, port, on);
    for (uint32_t row = 1; row < maps(v)->count; row++)
        set_bit(map_at(v, row)->trapped, port, on);
    load_byte(v, port);
}

// A VM gets a map of its own when it first differs. False: no memory.
static bool set_local(struct vmm *v, uint32_t vm, uint16_t port, bool on)
{
    uint32_t row = map_of(v, vm);
    if (!row) {
        row = base_table_new(maps(v));
        if (!row)
            return false;
        map_at(v, row)->vm = vm;
        memcpy(map_at(v, row)->trapped, state_of(v)->trapped, MAP_BYTES);
    }
    if (vm == vmm_current_vm(v))
        state_of(v)->current = row;
    set_bit(map_at(v, row)->trapped, port, on);
    load_byte(v, port);
    return true;
}

static void vm_switched(struct vmm *v, uint32_t from, uint32_t to)
{
    struct iomap_state *s = state_of(v);
    uint32_t before = s->current;
    (void)from;
    s->current = map_of(v, to);
    if (s->current != before)
        load_map(v);
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    uint32_t row = map_of(v, vm);
    if (!row)
        return;
    base_table_release(maps(v), row);
    if (state_of(v)->current != row)
        return;
    state_of(v)->current = 0;
    load_map(v);
}

static void module_gone(struct vmm *v, uint32_t module)
{
    for (uint32_t port = 0; port <= 0xFFFF; port++) {
        uint32_t handler = state_of(v)->page[port / PAGE_PORTS] ? vmm_io_handler(v, (uint16_t)port) : 0;
        if (handler && vmm_module_of(v, handler, NULL) == module)
            vmm_report(v, "left-behind", handler, "Win95 DDK S3507",
                       "the driver is unloaded, but the handler of port %Xh still leads into it", (unsigned)port);
    }
}

// --- services: installing

static bool install(struct vmm *v, uint32_t port, uint32_t handler)
{
    if (port > 0xFFFF || !handler) {
        vmm_report(v, "input-range", v->call.caller, "VDAG31 Install_IO_Handler", "I/O port %Xh with handler %08Xh",
                   (unsigned)port, (unsigned)handler);
        return false;
    }
    uint32_t *place = handler_place(v, (uint16_t)port, true);
    if (!place || *place)
        return false;
    *place = handler;
    set_global(v, (uint16_t)port, true);
    return true;
}

static bool remove_handler(struct vmm *v, uint32_t port)
{
    uint32_t *place = port <= 0xFFFF ? handler_place(v, (uint16_t)port, false) : NULL;
    if (!place || !*place)
        return false;
    *place = 0;
    set_global(v, (uint16_t)port, false);
    return true;
}

static void install_io_handler(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, !install(v, vmm_regs(v)[X86_EDX], vmm_regs(v)[X86_ESI]));
}

static void remove_io_handler(struct vmm *v)
{
    vmm_set_flag(v, X86_CF, !remove_handler(v, vmm_regs(v)[X86_EDX]));
}

// The table at EDI: count word, then port word and handler dword each. Entries before the first that fails stay.
static void for_each_entry(struct vmm *v, bool (*fn)(struct vmm *v, uint32_t port, uint32_t handler))
{
    uint32_t table = vmm_regs(v)[X86_EDI], handler;
    uint16_t count, port;
    if (!vmm_get16(v, table, &count) || !vmm_probe(v, table, 2 + 6u * count, false))
        return;
    vmm_set_flag(v, X86_CF, false);
    for (uint32_t i = 0; i < count; i++) {
        if (!vmm_get16(v, table + 2 + 6 * i, &port) || !vmm_get32(v, table + 4 + 6 * i, &handler))
            return;
        if (fn(v, port, handler))
            continue;
        vmm_regs(v)[X86_EDX] = port;
        vmm_set_flag(v, X86_CF, true);
        return;
    }
}

static bool remove_entry(struct vmm *v, uint32_t port, uint32_t handler)
{
    (void)handler;
    return remove_handler(v, port);
}

static void install_mult_io_handlers(struct vmm *v)
{
    for_each_entry(v, install);
}

static void remove_mult_io_handlers(struct vmm *v)
{
    for_each_entry(v, remove_entry);
}

// --- services: trapping

// The port in EDX; only ports with a handler may be switched (S31F4).
static bool port_of_caller(struct vmm *v, uint16_t *port, const char *service)
{
    uint32_t edx = vmm_regs(v)[X86_EDX];
    *port = (uint16_t)edx;
    if (edx <= 0xFFFF && vmm_io_handler(v, *port))
        return true;
    vmm_report(v, "input-range", v->call.caller, "Win95 DDK S31F4", "%s: port %Xh has no handler", service,
               (unsigned)edx);
    return false;
}

static void switch_global(struct vmm *v, bool on, const char *service)
{
    uint16_t port;
    if (port_of_caller(v, &port, service))
        set_global(v, port, on);
}

static void switch_local(struct vmm *v, bool on, const char *service)
{
    uint16_t port;
    uint32_t vm = vmm_regs(v)[X86_EBX];
    if (!port_of_caller(v, &port, service))
        return;
    if (!vmm_valid_vm(v, vm))
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S31F4",
                   "%s: %08Xh is not the handle of a virtual machine", service, (unsigned)vm);
    else if (!set_local(v, vm, port, on))
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a VM's I/O permission map");
}

static void enable_global_trapping(struct vmm *v)
{
    switch_global(v, true, "Enable_Global_Trapping");
}

static void disable_global_trapping(struct vmm *v)
{
    switch_global(v, false, "Disable_Global_Trapping");
}

static void enable_local_trapping(struct vmm *v)
{
    switch_local(v, true, "Enable_Local_Trapping");
}

static void disable_local_trapping(struct vmm *v)
{
    switch_local(v, false, "Disable_Local_Trapping");
}

static const struct vmm_binding bindings[] = {
    {KIT_Install_IO_Handler, install_io_handler},
    {KIT_Install_Mult_IO_Handlers, install_mult_io_handlers},
    {KIT_Remove_IO_Handler, remove_io_handler},
    {KIT_Remove_Mult_IO_Handlers, remove_mult_io_handlers},
    {KIT_Enable_Global_Trapping, enable_global_trapping},
    {KIT_Disable_Global_Trapping, disable_global_trapping},
    {KIT_Enable_Local_Trapping, enable_local_trapping},
    {KIT_Disable_Local_Trapping, disable_local_trapping},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct port_page), sizeof(struct vm_map), 0};

const struct vmm_chapter vmm_iomap_chapter = {.bindings = bindings,
                                              .state_size = sizeof(struct iomap_state),
                                              .tables = tables,
                                              .vm_gone = vm_gone,
                                              .module_gone = module_gone,
                                              .vm_switched = vm_switched};
