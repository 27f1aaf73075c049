// Events through the real machine: when they run, what a callback is given, what it must keep, what handles are worth.
#include "puppet.h"

// --- a callback that notes what it was given

static bool note(struct puppet *p, uint32_t step, void *user)
{
    const uint32_t *r = puppet_regs(p);
    (void)step;
    assert_int_equal(r[X86_EBX], vmm_current_vm(p->v));
    assert_int_equal(r[X86_EDI], vmm_current_thread(p->v));
    assert_int_equal(r[X86_EBP], vmm_client(p->v));
    assert_true(vmm_flag(p->v, X86_IF));
    assert_false(vmm_flag(p->v, X86_DF));
    puppet_note(p, "%s%u%s ", (const char *)user, r[X86_EDX], vmm_flag(p->v, X86_CF) ? "!" : "");
    r = NULL;
    for (unsigned i = X86_EAX; i <= X86_EBX; i++) // these may change
        puppet_regs(p)[i] = 0xDEADBEEF;
    puppet_regs(p)[X86_ESI] = puppet_regs(p)[X86_EDI] = 0xDEADBEEF;
    return false;
}

struct fixture {
    const struct puppet_proc *note, *late;
    uint32_t handle[16];
};

// Registers for Call_Restricted_Event with a global scope.
static bool restricted(struct puppet *p, uint32_t flags, uint32_t reference, uint32_t milliseconds)
{
    struct fixture *f = p->user;
    uint32_t *r = puppet_regs(p);
    r[X86_EAX] = r[X86_EBX] = 0;
    r[X86_ECX] = flags;
    r[X86_EDX] = reference;
    r[X86_ESI] = f->note->thunk;
    r[X86_EDI] = milliseconds;
    return puppet_call(p, KIT_Call_Restricted_Event);
}

static void prepare(struct puppet *p)
{
    struct fixture *f = p->user;
    if (!f->note)
        f->note = puppet_proc(p, note, "e");
}

// --- the five ways of the demo

static bool release(struct puppet *p, uint32_t step, void *user)
{
    (void)user;
    if (step)
        return false;
    puppet_note(p, "[release] ");
    return puppet_call(p, KIT_End_Critical_Section);
}

static bool five_ways(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    prepare(p);
    if (step)
        f->handle[step] = r[X86_ESI];
    switch (step) {
    case 0:
        r[X86_ECX] = 0;
        return puppet_call(p, KIT_Begin_Critical_Section);
    case 1:
        return restricted(p, 0, 1, 0);
    case 2:
        assert_int_equal(r[X86_ESI], 0); // done at once
        assert_string_equal(p->text, "e1 ");
        return restricted(p, KIT_PEF_Always_Sched, 2, 0);
    case 3:
        assert_int_not_equal(r[X86_ESI], 0);
        return restricted(p, KIT_PEF_Wait_Not_Crit, 3, 0);
    case 4:
        return restricted(p, KIT_PEF_Wait_Not_Crit | KIT_PEF_Time_Out, 4, 20);
    case 5:
        return restricted(p, KIT_PEF_Wait_Not_Crit, 5, 0);
    case 6:
        return puppet_call(p, KIT_Cancel_Restricted_Event);
    case 7:
        r[X86_EAX] = 100;
        r[X86_ESI] = puppet_proc(p, release, NULL)->thunk;
        return puppet_call(p, KIT_Set_Global_Time_Out);
    default:
        puppet_note(p, "| ");
        return false;
    }
}

static void five_restricted_events(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(five_ways, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "e1 | e2 e4! [release] e3 ");
    assert_int_equal(p->checks, 0);
    puppet_free(p);
}

// --- class order and PEF_Process_Last

static bool classes(struct puppet *p, uint32_t step, void *user)
{
    uint32_t *r = puppet_regs(p);
    (void)user;
    prepare(p);
    r[X86_ESI] = ((struct fixture *)p->user)->note->thunk;
    r[X86_EDX] = step;
    r[X86_EBX] = vmm_current_vm(p->v);
    r[X86_EDI] = vmm_current_thread(p->v);
    switch (step) {
    case 0:
        return puppet_call(p, KIT_Schedule_Thread_Event);
    case 1:
        return restricted(p, KIT_PEF_Always_Sched | KIT_PEF_Process_Last, 1, 0);
    case 2:
        return puppet_call(p, KIT_Schedule_VM_Event);
    case 3:
        return puppet_call(p, KIT_Schedule_Global_Event);
    case 4:
        return puppet_call(p, KIT_Schedule_Global_Event);
    default:
        return false;
    }
}

static void global_then_vm_then_thread_then_last(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(classes, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "e3 e4 e2 e0 e1 ");
    puppet_free(p);
}

// --- breaches of the callback contract: reported, repaired, the run goes on

static bool bad_return(struct puppet *p, uint32_t step, void *user)
{
    (void)step;
    switch (*(const int *)user) {
    case 0:
        vmm_set_flag(p->v, X86_IF, false);
        break;
    case 1:
        vmm_set_flag(p->v, X86_DF, true);
        break;
    case 2:
        puppet_regs(p)[X86_EBP]++;
        break;
    default: // a dword left on the stack
        puppet_push(p, vmm_peek32(p->v, puppet_regs(p)[X86_ESP]));
    }
    return false;
}

static bool call_bad(struct puppet *p, uint32_t step, void *user)
{
    uint32_t *r = puppet_regs(p);
    if (step)
        return false;
    r[X86_ESI] = puppet_proc(p, bad_return, user)->thunk;
    r[X86_EBP] = 0x12345678;
    return puppet_call(p, KIT_Call_Global_Event);
}

static void breaches_of_the_contract_are_reported(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct puppet *p = puppet_new(call_bad, &kind);
        assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
        assert_int_equal(p->checks, 1);
        assert_string_equal(p->last_check, kind < 3 ? "callback-contract" : "callback-stack");
        assert_true(vmm_rules_broken(p->v));
        puppet_free(p);
    }
}

// --- handles

static bool handles(struct puppet *p, uint32_t step, void *user)
{
    struct fixture *f = user;
    uint32_t *r = puppet_regs(p);
    prepare(p);
    switch (step) {
    case 0:
        return restricted(p, KIT_PEF_Always_Sched, 1, 0);
    case 1: // the wrong family
        f->handle[0] = r[X86_ESI];
        return puppet_call(p, KIT_Cancel_Global_Event);
    case 2:
        assert_string_equal(p->last_check, "foreign-handle");
        assert_int_equal(p->checks, 1);
        r[X86_ESI] = 0; // accepted and ignored
        return puppet_call(p, KIT_Cancel_Restricted_Event);
    case 3:
        assert_int_equal(p->checks, 1);
        r[X86_ESI] = f->handle[0];
        return puppet_call(p, KIT_Cancel_Restricted_Event);
    case 4: // a second time
        assert_int_equal(p->checks, 1);
        r[X86_ESI] = f->handle[0];
        return puppet_call(p, KIT_Cancel_Restricted_Event);
    case 5:
        assert_int_equal(p->checks, 2);
        assert_string_equal(p->last_check, "dead-handle");
        r[X86_EBX] = 0x1234; // no VM
        r[X86_ESI] = f->note->thunk;
        return puppet_call(p, KIT_Schedule_VM_Event);
    case 6:
        assert_int_equal(p->checks, 3);
        assert_int_equal(r[X86_ESI], 0);
        return restricted(p, KIT_PEF_Always_Sched, 2, 0);
    default:
        f->handle[1] = r[X86_ESI];
        return false;
    }
}

static void handles_die_and_are_told_apart(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(handles, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "e2 ");
    assert_int_not_equal(f.handle[0], f.handle[1]);
    puppet_free(p);
}

// --- nested execution in the middle of an event callback

static bool inside(struct puppet *p, uint32_t step, void *user)
{
    uint32_t *r = puppet_regs(p);
    (void)user;
    switch (step) {
    case 0:
        puppet_note(p, "begin ");
        return puppet_call(p, KIT_Begin_Nest_Exec);
    case 1: // an event that must run before ring 3 is entered
        r[X86_ESI] = ((struct fixture *)p->user)->note->thunk;
        r[X86_EDX] = 7;
        return puppet_call(p, KIT_Schedule_Global_Event);
    case 2:
        r[X86_EAX] = 0x21;
        r[X86_EBX] = 0xB0B0B0B0;
        return puppet_call(p, KIT_Exec_Int);
    case 3:
        assert_int_equal(r[X86_EBX], 0xB0B0B0B0);
        puppet_note(p, "back ");
        return puppet_call(p, KIT_End_Nest_Exec);
    default:
        puppet_note(p, "end ");
        return false;
    }
}

static bool schedule_inside(struct puppet *p, uint32_t step, void *user)
{
    (void)user;
    prepare(p);
    if (step)
        return false;
    puppet_regs(p)[X86_ESI] = puppet_proc(p, inside, NULL)->thunk;
    return puppet_call(p, KIT_Schedule_Global_Event);
}

static void exec_int_from_inside_an_event(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct puppet *p = puppet_new(schedule_inside, &f);
    assert_int_equal(puppet_run(p, 1000), VMM_END_IDLE);
    assert_string_equal(p->text, "begin e7 back end ");
    assert_int_equal(p->checks, 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_restricted_events),
        cmocka_unit_test(global_then_vm_then_thread_then_last),
        cmocka_unit_test(breaches_of_the_contract_are_reported),
        cmocka_unit_test(handles_die_and_are_told_apart),
        cmocka_unit_test(exec_int_from_inside_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
