// A machine's beginning and end: memory, processor, the VMM's own device, the System VM.
#include "vmm/defs.h"
#include "vmm/window.h"

#include <string.h>

static const struct vmm_frame_kind *const own_kinds[VMM_FRAME_KINDS] = {
    [VMM_FRAME_EVENT] = &vmm_event_frame,
    [VMM_FRAME_INTERRUPT] = &vmm_interrupt_frame,
    [VMM_FRAME_FAULT] = &vmm_fault_frame,
    [VMM_FRAME_BLOCK] = &vmm_block_frame,
    [VMM_FRAME_SWITCH] = &vmm_switch_frame,
    [VMM_FRAME_NEST] = &vmm_nest_frame,
    [VMM_FRAME_BROADCAST] = &vmm_broadcast_frame,
    [VMM_FRAME_BOOT] = &vmm_boot_frame,
    [VMM_FRAME_CALLBACK] = &vmm_callback_frame,
    [VMM_FRAME_CHAIN] = &vmm_chain_frame,
    [VMM_FRAME_TRAP] = &vmm_trap_frame,
    [VMM_FRAME_PAGE] = &vmm_page_frame,
    [VMM_FRAME_LIFE] = &vmm_life_frame,
    [VMM_FRAME_THREAD] = &vmm_thread_frame,
    [VMM_FRAME_SUSPEND] = &vmm_suspend_frame,
    [VMM_FRAME_CLOSE] = &vmm_close_frame,
    [VMM_FRAME_VXDINT] = &vmm_vxdint_frame,
    [VMM_FRAME_NMI] = &vmm_nmi_frame,
    [VMM_FRAME_WALK] = &vmm_walk_frame,
    [VMM_FRAME_PROVIDER] = &vmm_provider_frame,
    [VMM_FRAME_FREE_PHYS] = &vmm_free_phys_frame,
    [VMM_FRAME_RECLAIM] = &vmm_reclaim_frame,
    [VMM_FRAME_LOG] = &vmm_log_frame,
};

static const struct vmm_chapter *const chapters[VMM_CHAPTERS] = {
#define CHAPTER(name) &vmm_##name##_chapter,
#include "vmm/chapters.h"
#undef CHAPTER
};

static const struct vmm_device vmm_itself = {.id = 1, .version = 0x400};

void vmm_default_config(struct vmm_config *config)
{
    *config = (struct vmm_config){.profile = VMM_PROFILE_95,
                                  .model = X86_PENTIUM,
                                  .ram_megabytes = 16,
                                  .ns_per_instruction = 20,
                                  .ini = "",
                                  .registry = ""};
}

// --- owner of the processor

static uint32_t port_in(void *user, uint16_t port, unsigned size)
{
    struct vmm *v = user;
    const struct vmm_host_range *range = vmm_host_range_at(v, false, port);
    if (range)
        return range->read ? range->read(range->user, port, size) : UINT32_MAX;
    if (v->board && v->board->port_in)
        return v->board->port_in(v, port, size);
    return UINT32_MAX;
}

static void port_out(void *user, uint16_t port, unsigned size, uint32_t value)
{
    struct vmm *v = user;
    const struct vmm_host_range *range = vmm_host_range_at(v, false, port);
    if (range && range->write)
        range->write(range->user, port, size, value);
    if (!range && v->board && v->board->port_out)
        v->board->port_out(v, port, size, value);
}

static uint32_t memory_read(void *user, uint32_t phys, unsigned size)
{
    struct vmm *v = user;
    const struct vmm_host_range *range = vmm_host_range_at(v, true, phys);
    if (range)
        return range->read ? range->read(range->user, phys, size) : UINT32_MAX;
    return v->board && v->board->memory_read ? v->board->memory_read(v, phys, size) : UINT32_MAX;
}

static void memory_write(void *user, uint32_t phys, unsigned size, uint32_t value)
{
    struct vmm *v = user;
    const struct vmm_host_range *range = vmm_host_range_at(v, true, phys);
    if (range && range->write)
        range->write(range->user, phys, size, value);
    if (!range && v->board && v->board->memory_write)
        v->board->memory_write(v, phys, size, value);
}

static void coprocessor_error(void *user, bool level)
{
    struct vmm *v = user;
    v->board->coprocessor_error(v, level);
}

void vmm_set_board(struct vmm *v, const struct vmm_board *board)
{
    v->board = board;
    v->owner.coprocessor_error = board && board->coprocessor_error ? coprocessor_error : NULL;
}

uint8_t vmm_board_in(struct vmm *v, uint16_t port)
{
    return v->board && v->board->port_in ? (uint8_t)v->board->port_in(v, port, 1) : 0xFF;
}

void vmm_board_out(struct vmm *v, uint16_t port, uint8_t value)
{
    if (v->board && v->board->port_out)
        v->board->port_out(v, port, 1, value);
}

bool vmm_keeps_going(const struct vmm *v)
{
    return v->config.keep_going;
}

struct base_sink *vmm_sink(struct vmm *v)
{
    return &v->sink;
}

struct x86 *vmm_cpu(struct vmm *v)
{
    return v->cpu;
}

enum vmm_profile vmm_profile(const struct vmm *v)
{
    return v->config.profile;
}

// --- chapters

unsigned vmm_chapter_table_count(unsigned id)
{
    unsigned n = 0;
    while (chapters[id]->tables && chapters[id]->tables[n])
        n++;
    return n;
}

size_t vmm_chapter_state_size(unsigned id)
{
    return chapters[id]->state_size;
}

static bool create_chapters(struct vmm *v)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++) {
        const struct vmm_chapter *c = chapters[i];
        unsigned tables = vmm_chapter_table_count(i);
        if (c->state_size && !(v->chapter_state[i] = base_alloc_zero(v->alloc, c->state_size)))
            return false;
        if (tables && !(v->chapter_tables[i] = base_alloc_zero(v->alloc, tables * sizeof(struct base_table))))
            return false;
        for (unsigned n = 0; n < tables; n++)
            base_table_init(&v->chapter_tables[i][n], v->alloc, c->tables[n]);
    }
    return true;
}

// After the tables of every chapter exist, because one may use another.
static bool start_chapters(struct vmm *v)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++) {
        if (chapters[i]->create && !chapters[i]->create(v))
            return false;
        if (chapters[i]->bindings && !vmm_bind(v, vmm_itself.id, chapters[i]->bindings))
            return false;
    }
    return true;
}

bool vmm_service_is_implemented(uint16_t device, uint16_t ordinal)
{
    for (unsigned i = 0; device == vmm_itself.id && i < VMM_CHAPTERS; i++)
        for (const struct vmm_binding *b = chapters[i]->bindings; b && b->fn; b++)
            if (b->ordinal == ordinal)
                return true;
    return false;
}

void vmm_chapters_vm_gone(struct vmm *v, uint32_t vm)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++)
        if (chapters[i]->vm_gone)
            chapters[i]->vm_gone(v, vm);
}

void vmm_chapters_vm_switched(struct vmm *v, uint32_t from, uint32_t to)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++)
        if (chapters[i]->vm_switched)
            chapters[i]->vm_switched(v, from, to);
}

void vmm_chapters_module_gone(struct vmm *v, uint32_t module)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++)
        if (chapters[i]->module_gone)
            chapters[i]->module_gone(v, module);
}

void vmm_chapters_thread_gone(struct vmm *v, uint32_t thread)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++)
        if (chapters[i]->thread_gone)
            chapters[i]->thread_gone(v, thread);
}

// --- creation

static const uint32_t row_sizes[VMM_TABLE_COUNT] = {
#define T(name) sizeof(struct vmm_##name),
    VMM_TABLES(T)
#undef T
};

uint32_t vmm_row_size(enum vmm_table table)
{
    return row_sizes[table];
}

static char *copy_text(struct vmm *v, const char *text, size_t size)
{
    char *copy = base_alloc_get(v->alloc, size + 1);
    if (copy && size)
        memcpy(copy, text, size);
    if (copy)
        copy[size] = 0;
    return copy;
}

static bool create_processor(struct vmm *v)
{
    v->owner = (struct x86_owner){.user = v,
                                  .gate = vmm_gate_entered,
                                  .port_in = port_in,
                                  .port_out = port_out,
                                  .mmio_read = memory_read,
                                  .mmio_write = memory_write,
                                  .interrupt_vector = vmm_acknowledge,
                                  .v86_fault = vmm_v86_fault_entered};
    v->memory = x86_memory_new(v->alloc);
    v->cpu = v->memory ? x86_new(v->alloc, v->memory, &v->owner, v->config.model) : NULL;
    return v->cpu != NULL;
}

static bool create_system_vm(struct vmm *v)
{
    v->s.system_vm = vmm_vm_create(v);
    v->s.focus = v->s.system_vm;
    v->s.system_thread = v->s.system_vm ? vmm_thread_create(v, v->s.system_vm) : 0;
    v->s.current = v->s.system_thread;
    if (!v->s.system_thread)
        return false;
    vmm_vm_at(v, v->s.system_vm)->boost = KIT_Reserved_Low_Boost;
    vmm_vm_at(v, v->s.system_vm)->interrupts = 1;
    return vmm_window_show(v, v->s.system_vm);
}

static bool create(struct vmm *v)
{
    v->ini = copy_text(v, v->config.ini, v->config.ini_size);
    v->registry = copy_text(v, v->config.registry, v->config.registry_size);
    v->config.ini = v->ini;
    v->config.registry = v->registry;
    vmm_set_tick(v, VMM_TICK_MS);
    v->s.slice_ms = VMM_TICK_MS;
    if (!v->ini || !v->registry || !create_processor(v) || !vmm_phys_create(v) || !vmm_layout_create(v))
        return false;
    v->s.command_tail = vmm_kernel_get(v, 16);
    return v->s.command_tail && create_chapters(v) && create_system_vm(v) && vmm_add_device(v, &vmm_itself) &&
           start_chapters(v);
}

struct vmm *vmm_new(const struct base_alloc *alloc, const struct vmm_config *config)
{
    struct vmm *v = base_alloc_zero(alloc, sizeof *v);
    if (!v)
        return NULL;
    v->alloc = alloc;
    v->config = *config;
    for (unsigned i = 0; i < VMM_TABLE_COUNT; i++)
        base_table_init(&v->tables[i], alloc, row_sizes[i]);
    for (unsigned i = 0; i < VMM_FRAME_KINDS; i++)
        vmm_frame_kind_add(v, own_kinds[i]);
    if (create(v))
        return v;
    vmm_free(v);
    return NULL;
}

static void free_chapters(struct vmm *v)
{
    for (unsigned i = 0; i < VMM_CHAPTERS; i++) {
        unsigned tables = vmm_chapter_table_count(i);
        for (unsigned n = 0; v->chapter_tables[i] && n < tables; n++)
            base_table_free(&v->chapter_tables[i][n]);
        base_alloc_free(v->alloc, v->chapter_tables[i], tables * sizeof(struct base_table));
        base_alloc_free(v->alloc, v->chapter_state[i], chapters[i]->state_size);
    }
}

void vmm_free(struct vmm *v)
{
    if (!v)
        return;
    const struct base_alloc *alloc = v->alloc;
    free_chapters(v);
    for (uint32_t i = 0; i < v->device_count; i++)
        base_alloc_free(alloc, v->devices[i].state, v->devices[i].device->state_size);
    base_alloc_free(alloc, v->devices, v->device_capacity * sizeof *v->devices);
    base_alloc_free(alloc, v->gates, v->gate_capacity * sizeof *v->gates);
    base_alloc_free(alloc, v->ranges, v->range_capacity * sizeof *v->ranges);
    for (unsigned i = 0; i < VMM_TABLE_COUNT; i++)
        base_table_free(&v->tables[i]);
    if (v->cpu)
        x86_free(v->cpu);
    if (v->memory)
        x86_memory_free(v->memory);
    base_alloc_free(alloc, v->ini, v->config.ini_size + 1);
    base_alloc_free(alloc, v->registry, v->config.registry_size + 1);
    base_alloc_free(alloc, v, sizeof *v);
}
