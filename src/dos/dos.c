// The room's state and life: adding it to a machine, virtual machines that come and go, programs asked for from
// outside.
#include "dos/defs.h"
#include "dos/observe.h"
#include "vmm/frame.h"
#include "vmm/v86data.h"

#include <string.h>

enum { HOST_WORK = 500 }; // instructions that looking into the host's directory stands for

const struct dos_host *dos_host(struct dos_call *c)
{
    c->work += HOST_WORK;
    return vmm_resident_binding(c->v, &dos_resident);
}

void dos_set_host(struct vmm *v, const struct dos_host *host)
{
    vmm_bind_resident(v, &dos_resident, host);
}

static void announce(struct vmm *v, struct base_record *head, uint32_t kind, uint32_t size)
{
    head->kind = kind;
    head->size = size;
    head->time = vmm_time(v);
    head->count = vmm_cpu(v)->state.count;
    base_sink_announce(vmm_sink(v), head);
}

void dos_announce_output(struct dos_call *c, const char *text, size_t length)
{
    struct dos_output_record r = {.vm = c->vm, .text = text, .length = length};
    if (base_sink_heard(vmm_sink(c->v)) && length)
        announce(c->v, &r.head, DOS_RECORD_OUTPUT, sizeof r);
}

static const char *error_text(enum dos_error error)
{
    switch (error) {
    case DOS_OK:
        return "";
    case DOS_NO_FILE:
    case DOS_NO_PATH:
        return "there is no such file";
    case DOS_NO_MEMORY:
        return "not enough memory";
    case DOS_BAD_FORMAT:
        return "it is no program for DOS, or cut off";
    case DOS_BAD_DRIVE:
        return "there is no such drive";
    default:
        return "it cannot be read";
    }
}

void dos_announce_program(struct dos_call *c, const struct dos_program *p)
{
    struct dos_program_record r = {.vm = p->outcome.vm,
                                   .name = p->path,
                                   .progress = (uint8_t)p->outcome.progress,
                                   .how = (uint8_t)p->outcome.how,
                                   .code = p->outcome.code,
                                   .error = error_text(p->outcome.error)};
    if (base_sink_heard(vmm_sink(c->v)))
        announce(c->v, &r.head, DOS_RECORD_PROGRAM, sizeof r);
}

// --- programs

// Rows that were ever used: they are taken in turn.
static uint32_t rows(const struct dos_state *s)
{
    return s->started < DOS_PROGRAMS ? s->started : (uint32_t)DOS_PROGRAMS;
}

static struct dos_program *program_in(struct dos_state *s, uint32_t vm)
{
    for (uint32_t i = 0; vm && i < rows(s); i++)
        if (s->program[i].vm == vm && s->program[i].outcome.progress)
            return &s->program[i];
    return NULL;
}

struct dos_program *dos_program_of(struct dos_call *c)
{
    return program_in(c->s, vmm_current_vm(c->v));
}

void dos_program_over(struct dos_call *c, enum dos_how how, uint8_t code)
{
    struct dos_program *p = dos_program_of(c);
    p->outcome.progress = DOS_ENDED;
    p->outcome.how = how;
    p->outcome.code = code;
    dos_announce_program(c, p);
}

// A row nobody has used yet, else one whose program has ended and is forgotten now. NULL: all are running.
static struct dos_program *free_row(struct dos_state *s)
{
    for (uint32_t i = 0; i < DOS_PROGRAMS; i++)
        if (!s->program[i].outcome.progress)
            return &s->program[i];
    struct dos_program *oldest = NULL;
    for (uint32_t i = 0; i < DOS_PROGRAMS; i++) {
        struct dos_program *p = &s->program[i];
        bool over = !p->vm && (p->outcome.progress == DOS_ENDED || p->outcome.progress == DOS_FAILED);
        if (over && (!oldest || p->number < oldest->number))
            oldest = p;
    }
    return oldest;
}

static struct dos_program *program_of_number(struct dos_state *s, uint32_t number)
{
    for (uint32_t i = 0; number && i < rows(s); i++)
        if (s->program[i].number == number)
            return &s->program[i];
    return NULL;
}

uint32_t dos_start(struct vmm *v, const char *path, const char *tail)
{
    struct dos_state *s = vmm_device_state(v, &dos_resident);
    struct dos_program *p = free_row(s);
    if (!p || strlen(path) >= sizeof p->path || strlen(tail) > 126 || !vmm_start_vm(v, s->started + 1))
        return 0;
    *p = (struct dos_program){.number = ++s->started, .outcome.progress = DOS_QUEUED};
    memcpy(p->path, path, strlen(path) + 1);
    memcpy(p->tail, tail, strlen(tail) + 1);
    return p->number;
}

struct dos_outcome dos_outcome(struct vmm *v, uint32_t program)
{
    const struct dos_program *p = program_of_number(vmm_device_state(v, &dos_resident), program);
    return p ? p->outcome : (struct dos_outcome){.progress = DOS_UNKNOWN};
}

// --- programs that drivers start

bool dos_set_exec(struct vmm *v, uint32_t vm, const char *path, const char *tail, const char *directory)
{
    struct dos_call c = dos_call_of(v, vm);
    struct dos_program *known = program_in(c.s, vm), *p = known ? known : free_row(c.s);
    char where[DOS_PATH], text[DOS_PATH + 3] = "C:\\";
    if (!p || strlen(path) >= sizeof p->path || strlen(tail) > 126)
        return false;
    if (!known)
        *p = (struct dos_program){.number = ++c.s->started, .vm = vm, .outcome.vm = c.vm};
    p->outcome.progress = DOS_QUEUED;
    memcpy(p->path, path, strlen(path) + 1);
    memcpy(p->tail, tail, strlen(tail) + 1);
    if (directory && dos_resolve(&c, directory, where) == DOS_OK && strlen(where) < DOS_DIRECTORY_MOST) {
        memcpy(text + 3, where, strlen(where) + 1);
        dos_copy_out(&c, DOS_DATA, DATA_DIRECTORIES + 0x58 * DOS_DRIVE, text, (uint32_t)strlen(text) + 1);
    }
    return true;
}

static void run_from_start(struct dos_call *c)
{
    uint32_t start = c->s->trap[DOS_TRAP_START];
    dos_set(c, DOS_CS, (uint16_t)(start >> 16));
    dos_set(c, DOS_IP, (uint16_t)start);
}

bool dos_exec_vm(struct vmm *v, uint32_t vm, uint32_t pages, uint32_t callback, uint32_t reference)
{
    struct dos_call c = dos_call_of(v, vm);
    struct dos_program *p = program_in(c.s, vm);
    uint32_t end = vmm_first_v86_page(v) + pages;
    if (!p || p->outcome.progress != DOS_QUEUED)
        return false;
    if (pages && end < DOS_END_OF_MEMORY >> 8)
        dos_memory_limit(&c, (uint16_t)(end << 8));
    p->callback = callback;
    p->reference = reference;
    run_from_start(&c);
    return true;
}

static void end_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_frame_pop_all(v);
    vmm_end_current_vm_begin(v);
}

static const struct vmm_frame_kind end_kind = {"the callback of _DOSMGR_Exec_VM", end_resume, NULL};

void dos_vm_over_begin(struct dos_call *c)
{
    const struct dos_program *p = dos_program_of(c);
    uint32_t callback = p ? p->callback : 0, *r = vmm_regs(c->v);
    if (!callback) {
        vmm_end_current_vm_begin(c->v);
        return;
    }
    if (!vmm_frame_push(c->v, c->s->end_kind))
        return;
    r[X86_EBX] = vmm_current_vm(c->v);
    r[X86_EBP] = vmm_client(c->v);
    r[X86_EDX] = p->reference;
    vmm_frame_call_begin(c->v, callback);
}

// --- virtual machines

static void reset_memory(struct vmm *v, uint32_t vm, uint16_t first)
{
    struct dos_call c = dos_call_of(v, vm);
    dos_memory_reset(&c, first);
}

static void vm_created(struct vmm *v, uint32_t vm)
{
    reset_memory(v, vm, (uint16_t)(vmm_first_v86_page(v) << 8));
}

static void vm_started(struct vmm *v, uint32_t vm, uint32_t reference)
{
    struct dos_call c = dos_call_of(v, vm ? vm : vmm_system_vm(v));
    struct dos_program *p = program_of_number(c.s, reference);
    if (!p)
        return;
    p->vm = vm;
    p->outcome.vm = vm ? c.vm : 0;
    if (!vm) { // a driver refused the virtual machine
        p->outcome.progress = DOS_FAILED;
        p->outcome.error = DOS_DENIED;
        dos_announce_program(&c, p);
        return;
    }
    run_from_start(&c);
}

static void vm_gone(struct vmm *v, uint32_t vm)
{
    struct dos_call c = dos_call_of(v, vm);
    struct dos_program *p = program_in(c.s, vm);
    dos_files_of_vm(c.s, c.vm);
    dos_xms_vm_gone(v, c.s, c.vm);
    dos_ems_vm_gone(v, c.s, c.vm);
    if (!p)
        return;
    p->vm = 0;
    if (p->outcome.progress != DOS_RUNNING && p->outcome.progress != DOS_QUEUED)
        return;
    p->outcome.progress = DOS_ENDED;
    p->outcome.how = DOS_WITH_VM;
    dos_announce_program(&c, p);
}

// --- the timer

// In either mode.
static bool hooks_timer(struct dos_call *c, uint32_t vm)
{
    bool idles = dos_read8(c, DOS_DATA, DATA_IDLE_TOLD) && dos_hooked(c, 0x28);
    return idles || dos_hooked(c, 0x08) || dos_hooked(c, 0x1C) || vmm_pm_vector_set(c->v, vm, 0x08) ||
           vmm_pm_vector_set(c->v, vm, 0x1C);
}

static bool is_running(const struct dos_program *p)
{
    return p->vm && (p->outcome.progress == DOS_RUNNING || p->outcome.how == DOS_RESIDENT);
}

bool dos_wants_ticks(struct vmm *v)
{
    struct dos_state *s = vmm_device_state(v, &dos_resident);
    for (uint32_t i = 0; i < rows(s); i++) {
        if (!is_running(&s->program[i]))
            continue;
        struct dos_call c = dos_call_of(v, s->program[i].vm);
        if (!dos_read8(&c, DOS_DATA, DATA_WAITING) || hooks_timer(&c, s->program[i].vm))
            return true;
    }
    return false;
}

bool dos_count_ticks(struct vmm *v, uint32_t n, uint32_t *vm)
{
    struct dos_state *s = vmm_device_state(v, &dos_resident);
    *vm = is_running(&s->program[n]) ? s->program[n].vm : 0;
    if (!*vm)
        return false;
    struct dos_call c = dos_call_of(v, *vm);
    if (hooks_timer(&c, *vm))
        return true;
    (void)dos_pass_ticks(&c);
    if (!dos_read8(&c, DOS_DATA, DATA_WAITING))
        vmm_vm_wake(v, *vm); // out of HLT
    return false;
}

const struct vmm_device dos_resident = {
    .state_size = sizeof(struct dos_state), .vm_created = vm_created, .vm_started = vm_started, .vm_gone = vm_gone};

const struct dos_host *dos_drive(struct vmm *v)
{
    return vmm_resident_binding(v, &dos_resident);
}

enum dos_error dos_host_path(struct vmm *v, const char *text, char path[DOS_LONGEST_PATH])
{
    struct dos_call c = dos_call_of(v, vmm_system_vm(v));
    enum dos_error error = dos_resolve(&c, text, path);
    return error == DOS_OK && dos_device_named(path) ? DOS_DENIED : error;
}

uint32_t dos_flags_address(void)
{
    return DOS_DATA * 16 + DATA_CRITICAL;
}

uint32_t dos_first_device(void)
{
    return DOS_DATA * 16 + DATA_NUL;
}

void dos_copy_directories(struct vmm *v, uint32_t to, uint32_t from)
{
    uint8_t bytes[DATA_CON - DATA_DIRECTORIES];
    struct dos_call source = dos_call_of(v, from), target = dos_call_of(v, to);
    if (dos_copy_in(&source, DOS_DATA, DATA_DIRECTORIES, bytes, sizeof bytes))
        (void)dos_copy_out(&target, DOS_DATA, DATA_DIRECTORIES, bytes, sizeof bytes);
}

bool dos_add(struct vmm *v)
{
    if (!vmm_add_resident(v, &dos_resident) || !dos_entries_create(v))
        return false;
    struct dos_call c = dos_call_of(v, vmm_system_vm(v));
    c.s->end_kind = vmm_frame_kind_add(v, &end_kind);
    dos_rom_create(&c);
    // Before initialisation is over nobody knows where the System VM's memory for programs will begin.
    dos_memory_reset(&c, VMM_HIGHEST_FIRST_PAGE << 8);
    return !c.faulted;
}
