// The hard stacks: nested execution, events, hooks, waits and the end of VMs and threads on top of each other.
#include "puppet.h"

struct fixture {
    const struct puppet_proc *a, *b, *hook, *other;
    uint32_t semaphore, mutex, vm, thread[3];
    int mode;
};

static bool set_hook(struct puppet *p, const struct puppet_proc *hook)
{
    puppet_regs(p)[X86_EAX] = 0x60;
    puppet_regs(p)[X86_ESI] = hook->thunk;
    return puppet_call(p, KIT_Hook_V86_Int_Chain);
}

static bool schedule(struct puppet *p, const struct puppet_proc *proc)
{
    puppet_regs(p)[X86_ESI] = proc->thunk;
    return puppet_call(p, KIT_Schedule_Global_Event);
}

static bool exec_int(struct puppet *p, uint32_t vector)
{
    puppet_regs(p)[X86_EAX] = vector;
    return puppet_call(p, KIT_Exec_Int);
}

// --- Exec_Int inside an event callback inside Resume_Exec inside an interrupt hook

static bool inner_event(struct puppet *p, uint32_t step, void *user)
{
    (void)user;
    switch (step) {
    case 0:
        puppet_note(p, "B{");
        return puppet_call(p, KIT_Begin_Nest_Exec);
    case 1:
        return exec_int(p, 0x21);
    case 2:
        return puppet_call(p, KIT_End_Nest_Exec);
    default:
        puppet_note(p, "}B ");
        return false;
    }
}

static bool int_hook(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    switch (step) {
    case 0:
        assert_int_equal(puppet_regs(p)[X86_EAX], 0x60);
        assert_int_equal(puppet_regs(p)[X86_EBX], vmm_current_vm(p->v));
        puppet_note(p, "hook{");
        return puppet_call(p, KIT_Begin_Nest_Exec);
    case 1:
        return schedule(p, f->b);
    case 2:
        return puppet_call(p, KIT_Resume_Exec);
    case 3:
        puppet_note(p, "resumed ");
        return puppet_call(p, KIT_End_Nest_Exec);
    default:
        puppet_note(p, "}hook ");
        vmm_set_flag(p->v, X86_CF, false); // serviced
        return false;
    }
}

static bool outer_event(struct puppet *p, uint32_t step, void *user)
{
    (void)user;
    switch (step) {
    case 0:
        puppet_note(p, "A{");
        return puppet_call(p, KIT_Begin_Nest_Exec);
    case 1:
        return exec_int(p, 0x60);
    case 2:
        puppet_note(p, "int done ");
        return puppet_call(p, KIT_End_Nest_Exec);
    default:
        puppet_note(p, "}A ");
        return false;
    }
}

static bool boot_nest(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    if (step == 0) {
        f->b = puppet_proc(p, inner_event, f);
        f->a = puppet_proc(p, outer_event, f);
        f->hook = puppet_proc(p, int_hook, f);
        return set_hook(p, f->hook);
    }
    return step == 1 && schedule(p, f->a);
}

static void nested_four_deep(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(boot_nest, &f);
    uint32_t cs = vmm_peek32(p->v, vmm_client(p->v) + KIT_Client_CS),
             ip = vmm_peek32(p->v, vmm_client(p->v) + KIT_Client_EIP);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "A{hook{B{}B resumed }hook int done }A ");
    assert_int_equal(p->checks, 0);
    assert_int_equal(vmm_peek32(p->v, vmm_client(p->v) + KIT_Client_CS), cs);
    assert_true(vmm_peek32(p->v, vmm_client(p->v) + KIT_Client_EIP) - ip <= 2); // in the idle loop, at HLT
    assert_int_equal(vmm_thread_at(p->v, 1)->top, 0);
    puppet_free(p);
}

// --- Exec_VxD_Int: registers in and out, the client untouched

static bool give_version(struct puppet *p, uint32_t step, void *user)
{
    uint32_t crs = vmm_client(p->v);
    (void)step, (void)user;
    assert_int_equal(vmm_peek32(p->v, crs + KIT_Client_EAX), 0x3000);
    assert_int_equal(vmm_peek32(p->v, crs + KIT_Client_EBP), 0xB);
    vmm_poke32(p->v, crs + KIT_Client_EAX, 0x0005);
    vmm_poke32(p->v, crs + KIT_Client_EBX, 0xB0B);
    vmm_set_flag(p->v, X86_CF, false);
    return false;
}

static bool vxd_int(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    switch (step) {
    case 0:
        r[X86_EAX] = 0x3000;
        r[X86_EBP] = 0xB;
        puppet_push(p, 0x60);
        f->mode = (int)vmm_peek32(p->v, vmm_client(p->v) + KIT_Client_EAX);
        return puppet_call(p, KIT_Exec_VxD_Int);
    default:
        puppet_note(p, "eax %X ebx %X", r[X86_EAX], r[X86_EBX]);
        assert_int_equal(vmm_peek32(p->v, vmm_client(p->v) + KIT_Client_EAX), f->mode);
        r[X86_EBP] = vmm_client(p->v);
        return false;
    }
}

static bool boot_vxd_int(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    if (step == 0)
        return set_hook(p, puppet_proc(p, give_version, f));
    return step == 1 && schedule(p, puppet_proc(p, vxd_int, f));
}

static void exec_vxd_int(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(boot_vxd_int, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "eax 5 ebx B0B");
    assert_int_equal(p->checks, 0);
    puppet_free(p);
}

// --- a wait that services events: the event that signals runs on the waiter's own back

static bool signaller(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    if (step)
        return false;
    puppet_note(p, "signal ");
    puppet_regs(p)[X86_EAX] = f->semaphore;
    return puppet_call(p, KIT_Signal_Semaphore);
}

static bool waiter(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    switch (step) {
    case 0:
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Create_Semaphore);
    case 1:
        f->semaphore = r[X86_EAX];
        return schedule(p, f->b);
    case 2:
        puppet_note(p, "wait ");
        r[X86_EAX] = f->semaphore;
        r[X86_ECX] = f->mode ? KIT_Block_Svc_Ints : 0;
        r[X86_ESI] = 0x51515151;
        return puppet_call(p, KIT_Wait_Semaphore);
    case 3:
        assert_int_equal(r[X86_ESI], 0x51515151);
        puppet_note(p, "goes on ");
        r[X86_EAX] = f->semaphore;
        return puppet_call(p, KIT_Destroy_Semaphore);
    default:
        return false;
    }
}

static bool boot_wait(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    if (step)
        return false;
    f->b = puppet_proc(p, signaller, f);
    return schedule(p, puppet_proc(p, waiter, f));
}

static void a_wait_services_events_when_asked(void **state)
{
    (void)state;
    struct fixture f = {.mode = 1};
    struct puppet *p = puppet_new(boot_wait, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "wait signal goes on ");
    assert_int_equal(p->checks, 0);
    puppet_free(p);
}

static void a_wait_without_events_is_a_deadlock(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(boot_wait, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_FAULT);
    assert_non_null(strstr(vmm_end_message(p->v), "deadlock"));
    assert_non_null(strstr(vmm_end_message(p->v), "thread 1 waits for semaphore"));
    puppet_free(p);
}

// --- threads: created with a start procedure, waiting for each other

static bool worker(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    unsigned number = 0;
    for (unsigned i = 1; i < 3; i++)
        if (vmm_current_thread(p->v) == f->thread[i])
            number = i;
    if (step == 0)
        f->thread[r[X86_EDX]] = vmm_current_thread(p->v), number = r[X86_EDX];
    switch (step) {
    case 0:
        puppet_note(p, "T%u starts ", number);
        return puppet_call_c(p, KIT__EnterMutex, 2, f->mutex, 0);
    case 1:
        puppet_note(p, "T%u in ", number);
        r[X86_EAX] = 0;
        return puppet_call(p, KIT_Time_Slice_Sleep);
    case 2:
        r[X86_EAX] = f->semaphore;
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Wait_Semaphore);
    case 3:
        puppet_note(p, "T%u out ", number);
        return puppet_call_c(p, KIT__LeaveMutex, 1, f->mutex);
    default: // stays for ever
        r[X86_EAX] = f->semaphore;
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Wait_Semaphore);
    }
}

static bool create_thread(struct puppet *p, struct fixture *f, uint32_t number)
{
    return puppet_call_c(p, KIT_VMMCreateThread, 9, 0, 0, 0, 0, 0, 0, 0, f->other->thunk, number);
}

static bool manager(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    switch (step) {
    case 0:
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Create_Semaphore);
    case 1:
        f->semaphore = r[X86_EAX];
        return puppet_call_c(p, KIT__CreateMutex, 2, 0x10, 0);
    case 2:
        f->mutex = r[X86_EAX];
        return create_thread(p, f, 1);
    case 3:
        assert_int_not_equal(r[X86_EAX], 0);
        return create_thread(p, f, 2);
    case 4:
        puppet_note(p, "M ");
        r[X86_EAX] = 40;
        return puppet_call(p, KIT_Time_Slice_Sleep); // they run until both wait
    case 5:
    case 6:
        puppet_note(p, "signal ");
        r[X86_EAX] = f->semaphore;
        return puppet_call(p, KIT_Signal_Semaphore);
    case 7:
        r[X86_EAX] = 40;
        return puppet_call(p, KIT_Time_Slice_Sleep);
    case 8:
    case 10:
        puppet_note(p, "end ");
        puppet_regs(p)[X86_EDI] = f->thread[step == 8 ? 1 : 2];
        return puppet_call(p, KIT_VMMTerminateThread);
    case 9:
    case 11:
        assert_int_equal(r[X86_EAX], 1);
        r[X86_EAX] = f->semaphore;
        return step == 9 ? puppet_call(p, KIT_Get_VMM_Version) : puppet_call(p, KIT_Destroy_Semaphore);
    default:
        return false;
    }
}

static bool boot_threads(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    if (step)
        return false;
    f->other = puppet_proc(p, worker, f);
    return schedule(p, puppet_proc(p, manager, f));
}

static void threads_take_turns_at_a_mutex(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(boot_threads, &f);
    assert_int_equal(puppet_run(p, 2000), VMM_END_IDLE);
    assert_string_equal(p->text, "M T1 starts T1 in T2 starts signal T1 out T2 in signal T2 out end end ");
    assert_int_equal(p->checks, 0);
    assert_int_equal(vmm_table(p->v, VMM_TABLE_thread)->live, 1);
    assert_int_equal(vmm_table(p->v, VMM_TABLE_frame)->live, 0);
    puppet_free(p);
}

// --- a VM closed while three frames deep

static bool deep_hook(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    if (f->mode == 1 && step == 0) { // it waits for what never comes; the System VM nukes it
        puppet_note(p, "deep ");
        r[X86_EAX] = f->semaphore;
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Wait_Semaphore);
    }
    puppet_note(p, "crash ");
    assert_int_equal(step, 0);
    return puppet_call(p, KIT_Crash_Cur_VM); // does not return
}

static bool in_other_vm(struct puppet *p, uint32_t step, void *user)
{
    (void)user;
    assert_true(step < 2);
    if (step == 0)
        return puppet_call(p, KIT_Begin_Nest_Exec);
    return exec_int(p, 0x60);
}

static bool nuke(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    if (step == 0) {
        puppet_note(p, "nuke ");
        r[X86_EBX] = f->vm;
        return f->mode == 1 ? puppet_call(p, KIT_Nuke_VM) : puppet_call(p, KIT_Validate_VM_Handle);
    }
    if (step == 1) {
        r[X86_EBX] = f->vm;
        return puppet_call(p, KIT_Validate_VM_Handle);
    }
    puppet_note(p, vmm_flag(p->v, X86_CF) ? "gone" : "there");
    return false;
}

static bool boot_close(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    switch (step) {
    case 0:
        return set_hook(p, puppet_proc(p, deep_hook, f));
    case 1:
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Create_Semaphore);
    case 2:
        f->semaphore = r[X86_EAX];
        r[X86_EAX] = KIT_Create_VM;
        return puppet_call(p, KIT_System_Control);
    case 3:
        assert_false(vmm_flag(p->v, X86_CF));
        f->vm = r[X86_EBX];
        r[X86_EAX] = 0x10;
        r[X86_ECX] = 0;
        r[X86_ESI] = puppet_proc(p, in_other_vm, f)->thunk;
        return puppet_call(p, KIT_Call_Priority_VM_Event);
    case 4:
        r[X86_EAX] = 100;
        r[X86_ESI] = puppet_proc(p, nuke, f)->thunk;
        return puppet_call(p, KIT_Set_Global_Time_Out);
    default:
        return false;
    }
}

static void a_vm_ends_three_frames_deep(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        struct fixture f = {.mode = mode};
        struct puppet *p = puppet_new(boot_close, &f);
        assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
        assert_string_equal(p->text, mode ? "deep nuke gone" : "crash nuke gone");
        assert_int_equal(p->checks, 0);
        assert_int_equal(vmm_table(p->v, VMM_TABLE_vm)->live, 1);
        assert_int_equal(vmm_table(p->v, VMM_TABLE_thread)->live, 1);
        assert_int_equal(vmm_table(p->v, VMM_TABLE_frame)->live, 0);
        assert_int_equal(vmm_table(p->v, VMM_TABLE_event)->live, 0);
        assert_int_equal(vmm_table(p->v, VMM_TABLE_nest_block)->live, 0);
        puppet_free(p);
    }
}

// --- a block that nobody closed

static bool forgets(struct puppet *p, uint32_t step, void *user)
{
    (void)user;
    return step < 2 && puppet_call(p, KIT_Begin_Nest_Exec);
}

static void an_open_block_is_reported_and_closed(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(forgets, NULL);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_int_equal(p->checks, 1);
    assert_string_equal(p->last_check, "nested-execution");
    assert_int_equal(vmm_table(p->v, VMM_TABLE_nest_block)->live, 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_four_deep),
        cmocka_unit_test(exec_vxd_int),
        cmocka_unit_test(a_wait_services_events_when_asked),
        cmocka_unit_test(a_wait_without_events_is_a_deadlock),
        cmocka_unit_test(threads_take_turns_at_a_mutex),
        cmocka_unit_test(a_vm_ends_three_frames_deep),
        cmocka_unit_test(an_open_block_is_reported_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
