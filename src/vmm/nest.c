// Nested execution (spec: nested-exec): a driver lets the client run in the middle of its own code. Resume_Exec keeps
// the driver's registers in a NEST frame and leaves to ring 3; when the client reaches the break point that
// Begin_Nest_Exec put at its CS:IP, the frame is popped and the service returns.
#include "vmm/defs.h"
#include "vmm/pmode.h"
#include "vmm/window.h"

// The break point is the first of the V86 traps (layout.c); protected mode has its own.
bool vmm_is_nest_break(struct vmm *v)
{
    return vmm_peek16(v, vmm_client(v) + KIT_Client_CS) == VMM_IDLE_SEGMENT &&
           (vmm_peek32(v, vmm_client(v) + KIT_Client_EIP) & 0xFFFF) == VMM_TRAP_OFFSET;
}

static void go_to_nest_break(struct vmm *v)
{
    if (!vmm_client_v86(v)) {
        vmm_pm_go_to_nest_break(v);
        return;
    }
    vmm_poke32(v, vmm_client(v) + KIT_Client_EIP, VMM_TRAP_OFFSET);
    vmm_poke32(v, vmm_client(v) + KIT_Client_CS, VMM_IDLE_SEGMENT);
}

// a[] of a NEST frame: the frame around it, its block, whether its thread must complete
enum { N_OUTER, N_BLOCKS, N_MUST_COMPLETE };

static void nest_abandon(struct vmm *v, struct vmm_frame *f)
{
    struct vmm_thread *t = vmm_thread_at(v, f->thread);
    t->nest = f->a[N_OUTER];
    if (f->a[N_MUST_COMPLETE])
        t->must_complete--;
}

// Reached only when the interrupt of Exec_Int has been set up (its hooks are done): now the client runs.
static void nest_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_leave_begin(v);
}

const struct vmm_frame_kind vmm_nest_frame = {"nested execution", nest_resume, nest_abandon};

// The client has come back to the break point.
void vmm_nest_reached_begin(struct vmm *v)
{
    struct vmm_frame *f = vmm_frame_top(v);
    if (!f || f->kind != VMM_FRAME_NEST) {
        if (vmm_client_v86(v))
            vmm_v86_stray_begin(v);
        else
            vmm_pm_dies_begin(v, "it reached the break point of nested execution, but nobody waits for it");
        return;
    }
    bool must_complete = f->a[N_MUST_COMPLETE];
    nest_abandon(v, f);
    vmm_frame_pop_all(v);
    if (must_complete)
        vmm_must_complete_left_begin(v);
}

static struct vmm_frame *nest_push(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (!t->blocks) {
        vmm_report(v, "nested-execution", v->call.caller, "VDAG31 Nested_Execution_Services",
                   "Exec_Int or Resume_Exec outside a block of nested execution");
        return NULL;
    }
    if (v->s.reenter) {
        vmm_stop(v, VMM_END_FAULT, "%s starts nested execution at interrupt time", vmm_module_name(v, v->call.caller));
        return NULL;
    }
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_NEST);
    if (!f)
        return NULL;
    t = vmm_thread_at(v, v->s.current);
    f->a[N_OUTER] = t->nest;
    f->a[N_BLOCKS] = t->blocks;
    t->nest = t->top;
    return f;
}

void vmm_resume_exec_begin(struct vmm *v)
{
    if (nest_push(v))
        vmm_leave_begin(v);
}

// The client runs in a must-complete section: who asks to suspend or end its VM waits until it is back.
static void must_complete(struct vmm *v, struct vmm_frame *f)
{
    f->a[N_MUST_COMPLETE] = 1;
    vmm_thread_at(v, f->thread)->must_complete++;
}

// Win95 DDK S33B2.
static void resume_exec_must_complete(struct vmm *v)
{
    struct vmm_frame *f = nest_push(v);
    if (!f)
        return;
    must_complete(v, f);
    vmm_leave_begin(v);
}

void vmm_exec_int_begin(struct vmm *v, uint32_t vector, bool completes)
{
    struct vmm_frame *f = nest_push(v);
    if (!f)
        return;
    if (completes)
        must_complete(v, f);
    if (vmm_client_v86(v)) {
        vmm_frame_wait(v); // the hooks come back to the frame, which then lets the client run
        vmm_v86_int_begin(v, vector);
    } else {
        vmm_pm_exec_int_begin(v, vector);
    }
}

// Win95 DDK S330C: as Exec_Int in protected mode, but past the vectors that the application has set.
static void exec_pm_int(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX] & 0xFF;
    vmm_set_flag(v, X86_CF, false);
    if (vmm_client_v86(v)) { // a block in V86 mode has its break point there
        vmm_exec_int_begin(v, vector, false);
        return;
    }
    if (!nest_push(v)) {
        vmm_set_flag(v, X86_CF, true);
        return;
    }
    vmm_frame_wait(v);
    vmm_pm_driver_int_begin(v, vector);
}

static void exec_int(struct vmm *v)
{
    vmm_exec_int_begin(v, vmm_regs(v)[X86_EAX] & 0xFF, false);
}

// Win95 DDK S33AF.
static void exec_int_must_complete(struct vmm *v)
{
    vmm_exec_int_begin(v, vmm_regs(v)[X86_EAX] & 0xFF, true);
}

// The block's mode: V86, or protected mode on the locked stack for a VM with a protected-mode application, and for a
// client that is in protected mode already.
static void nest_open(struct vmm *v, bool v86, bool serial)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    uint32_t row = vmm_nest_block_new(v), crs = t->crs;
    if (!row) {
        vmm_stop(v, VMM_END_MEMORY, "no host memory for a block of nested execution");
        return;
    }
    bool switched = vmm_client_v86(v) != v86;
    vmm_set_exec_mode(v, v86);
    *vmm_nest_block_at(v, row) = (struct vmm_nest_block){.outer = t->blocks,
                                                         .depth = t->top,
                                                         .eip = vmm_peek32(v, crs + KIT_Client_EIP),
                                                         .cs = vmm_peek32(v, crs + KIT_Client_CS),
                                                         .ss = vmm_peek32(v, crs + KIT_Client_SS),
                                                         .esp = vmm_peek32(v, crs + KIT_Client_ESP),
                                                         .idle = t->idle,
                                                         .v86 = v86,
                                                         .switched = switched,
                                                         .serial = serial,
                                                         .locked = !v86 && vmm_pm_stack_lock(v)};
    t->blocks = row;
    t->idle = 0;
    go_to_nest_break(v);
}

void vmm_nest_open(struct vmm *v)
{
    nest_open(v, vmm_client_v86(v) && !vmm_pm_app_runs(v), false);
}

void vmm_nest_v86_open(struct vmm *v)
{
    nest_open(v, true, vmm_thread_at(v, v->s.current)->vm == v->s.system_vm);
}

static void begin_nest_v86_exec(struct vmm *v)
{
    if (!vmm_v86_claim_begin(v, 1, KIT_Block_Svc_Ints))
        vmm_nest_v86_open(v);
}

static void begin_non_serial_nest_v86_exec(struct vmm *v)
{
    nest_open(v, true, false);
}

static void close_block(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    const struct vmm_nest_block b = *vmm_nest_block_at(v, t->blocks);
    vmm_nest_block_free(v, t->blocks);
    t->blocks = b.outer;
    t->idle = b.idle;
    vmm_set_exec_mode(v, b.v86);
    if (b.locked)
        (void)vmm_pm_stack_unlock(v);
    vmm_poke32(v, t->crs + KIT_Client_EIP, b.eip);
    vmm_poke32(v, t->crs + KIT_Client_CS, b.cs);
    if (b.switched)
        vmm_set_exec_mode(v, !b.v86);
    if (b.serial)
        vmm_v86_release(v, v->s.current, 1);
}

void vmm_nest_close(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (!t->blocks) {
        vmm_report(v, "nested-execution", v->call.caller, "VDAG31 End_Nest_Exec",
                   "End_Nest_Exec without a block of nested execution");
        return;
    }
    if (vmm_nest_block_at(v, t->blocks)->depth != t->top)
        vmm_report(v, "nested-execution", v->call.caller, "VDAG31 End_Nest_Exec",
                   "End_Nest_Exec closes a block that another callback has opened");
    close_block(v);
}

// The current VM crashes in a must-complete section that a driver waits for: the driver goes on, with the client's
// carry flag set, and the VM ends when it may (Win95 DDK S33B0). False: there is no such section.
bool vmm_nest_failed_begin(struct vmm *v)
{
    struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    uint32_t row = t->nest;
    while (row && !vmm_frame_at(v, row)->a[N_MUST_COMPLETE])
        row = vmm_frame_at(v, row)->a[N_OUTER];
    if (!row)
        return false;
    vmm_frames_abandon(v, v->s.current, row);
    while (t->blocks && t->blocks != vmm_frame_at(v, row)->a[N_BLOCKS])
        close_block(v);
    vmm_poke32(v, t->crs + KIT_Client_EFlags, vmm_peek32(v, t->crs + KIT_Client_EFlags) | X86_CF);
    vmm_nest_reached_begin(v);
    return true;
}

// A callback has returned: blocks that it left open are reported and closed, so that the client goes on where it was.
void vmm_nest_check(struct vmm *v, uint32_t blocks, uint32_t callee, const char *what)
{
    const struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    if (t->blocks == blocks)
        return;
    vmm_report(v, "nested-execution", callee, "VDAG31 Nested_Execution_Services",
               "%s returned with a block of nested execution open", what);
    while (t->blocks && t->blocks != blocks && vmm_nest_block_at(v, t->blocks)->depth == t->top)
        vmm_nest_close(v);
}

// Get_Nest_Exec_Status (Win95 DDK S3302).
static void get_nest_exec_status(struct vmm *v)
{
    const struct vmm_thread *t = vmm_thread_at(v, v->s.current);
    vmm_set_flag(v, X86_ZF, !t->blocks);
    if (!t->blocks)
        return;
    uint32_t *r = vmm_regs(v);
    const struct vmm_nest_block *b = vmm_nest_block_at(v, t->blocks);
    r[X86_EAX] = b->eip;
    r[X86_EDX] = b->cs;
    r[X86_ESI] = b->ss << 16 | (b->esp & 0xFFFF);
    r[X86_ECX] = vmm_ring0_base(v);
}

// --- Hook_V86_Int_Chain: the newest hook first; CALLBACK frame, a: 0 vector, 1 sequence of the last one called

static void int_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t vector = f->a[0];
    uint32_t row =
        f->callee && !vmm_flag(v, X86_CF) ? UINT32_MAX : vmm_chain_next(v, VMM_CHAINS_V86_INT + vector, f->a[1], false);
    if (row == UINT32_MAX) { // serviced
        vmm_frame_pop_all(v);
        return;
    }
    if (!row) {
        if (vmm_v86_reflect(v, vector))
            vmm_frame_pop_all(v);
        return;
    }
    f->a[1] = vmm_callback_at(v, row)->sequence;
    vmm_regs(v)[X86_EAX] = vector;
    vmm_regs(v)[X86_EBX] = vmm_current_vm(v);
    vmm_regs(v)[X86_EBP] = f->a[11] = vmm_client(v);
    f->contract = VMM_DIRECTION_UP | VMM_INTERRUPTS_ON;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)(X86_DF | X86_CF);
    vmm_frame_call_begin(v, vmm_callback_at(v, row)->proc);
}

const struct vmm_frame_kind vmm_callback_frame = {"the interrupt hook", int_resume, NULL};

// A software interrupt of the current V86 client: hooks, then its own vector. EIP, ESP go on where they are.
void vmm_v86_int_begin(struct vmm *v, uint32_t vector)
{
    vmm_idle_set(v, v->s.current, false);
    if (!v->s.chain[VMM_CHAINS_V86_INT + vector]) {
        (void)!vmm_v86_reflect(v, vector);
        return;
    }
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_CALLBACK);
    if (!f)
        return;
    f->a[0] = vector;
    f->a[1] = UINT32_MAX;
    vmm_frame_wait(v);
}

bool vmm_v86_int_hooked(const struct vmm *v, uint8_t vector)
{
    return v->s.chain[VMM_CHAINS_V86_INT + vector] != 0;
}

static void hook_v86_int_chain(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX];
    bool ok = vector < 256 && vmm_chain_add(v, VMM_CHAINS_V86_INT + vector, vmm_regs(v)[X86_ESI], 0, true);
    vmm_set_flag(v, X86_CF, !ok);
}

static void unhook_v86_int_chain(struct vmm *v)
{
    uint32_t vector = vmm_regs(v)[X86_EAX];
    uint32_t row = vector < 256 ? vmm_chain_find(v, VMM_CHAINS_V86_INT + vector, vmm_regs(v)[X86_ESI]) : 0;
    if (row)
        vmm_chain_remove(v, VMM_CHAINS_V86_INT + vector, row);
    vmm_set_flag(v, X86_CF, !row);
}

static void get_v86_int_vector(struct vmm *v)
{
    uint32_t vector;
    if (!vmm_get32(v, (vmm_regs(v)[X86_EAX] & 0xFF) * 4, &vector))
        return;
    vmm_regs(v)[X86_ECX] = (vmm_regs(v)[X86_ECX] & 0xFFFF0000) | vector >> 16;
    vmm_regs(v)[X86_EDX] = vector & 0xFFFF;
}

// EAX = vector, EBX = VM: EAX = seg:off from that VM's table, 0 on error (Win95 DDK S33C9).
static void get_instanced_v86_int_vector(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), vm = vmm_vm_row_or_report(v, r[X86_EBX], "Win95 DDK S33C9"), vector = 0;
    if (vm && !vmm_get32(v, vmm_window(vm) + (r[X86_EAX] & 0xFF) * 4, &vector))
        return;
    r[X86_EAX] = vector;
}

// Before Sys_VM_Init the first megabyte is the System VM's and the pattern of all others.
static void set_v86_int_vector(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    (void)!vmm_put32(v, (r[X86_EAX] & 0xFF) * 4, r[X86_ECX] << 16 | (r[X86_EDX] & 0xFFFF));
}

static const struct vmm_binding bindings[] = {
    {KIT_Begin_Nest_Exec, vmm_nest_open},
    {KIT_Begin_Nest_V86_Exec, begin_nest_v86_exec},
    {KIT_Begin_Non_Serial_Nest_V86_Exec, begin_non_serial_nest_v86_exec},
    {KIT_End_Nest_Exec, vmm_nest_close},
    {KIT_Exec_Int, exec_int},
    {KIT_Exec_PM_Int, exec_pm_int},
    {KIT_Resume_Exec, vmm_resume_exec_begin},
    {KIT__ExecIntMustComplete, exec_int_must_complete},
    {KIT__ResumeExecMustComplete, resume_exec_must_complete},
    {KIT_Get_Nest_Exec_Status, get_nest_exec_status},
    {KIT_Hook_V86_Int_Chain, hook_v86_int_chain},
    {KIT_Unhook_V86_Int_Chain, unhook_v86_int_chain},
    {KIT_Get_V86_Int_Vector, get_v86_int_vector},
    {KIT_Get_Instanced_V86_Int_Vector, get_instanced_v86_int_vector},
    {KIT_Set_V86_Int_Vector, set_v86_int_vector},
    {0, NULL},
};

const struct vmm_chapter vmm_nest_chapter = {.bindings = bindings};
