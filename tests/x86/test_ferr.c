// Errors of the x87 as a PC reports them: FERR#, the instruction that waits, IGNNE#. The owner plays the board.
#include "x86/machine.h"

static struct {
    unsigned rises, falls;
} line;

static void listen(void *user, bool level)
{
    struct machine *m = user;
    line.rises += level;
    line.falls += !level;
    if (level)
        x86_set_intr(m->cpu, true);
    else
        x86_set_ignne(m->cpu, false);
}

enum { MODE_RING0, MODE_RING3, MODE_V86, MODE_REAL, MODES };

// Divides by zero with that error unmasked, runs `rest` behind it.
static struct machine *erring(enum x86_model model, int mode, const char *rest)
{
    struct machine *m = machine_new(model);
    line.rises = line.falls = 0;
    m->owner.coprocessor_error = listen;
    if (mode == MODE_V86)
        machine_v86(m, 3);
    else if (mode == MODE_REAL)
        machine_real(m);
    else
        machine_protected(m, mode == MODE_RING3 ? 3 : 0);
    if (mode == MODE_REAL)
        machine_put32(m, 4 * 0x50, HANDLERS << 12 | 0x500);
    m->cpu->state.eflags |= X86_IF;
    m->cpu->state.cr0 &= ~(uint32_t)0x20;
    m->cpu->state.fcw = 0x37b;
    machine_code(m, machine_code(m, CODE, "D9 E8 D9 EE DE F9 90"), rest);
    return m;
}

enum { BEHIND = 7 }; // bytes of erring's code

static void waiting_instruction_waits_for_an_interrupt_in_every_mode(void **state)
{
    (void)state;
    static const char *const waiting[] = {"9B F4", "D9 E8 F4", "D9 2D 00 00 03 00 F4", "DF E0 9B F4"};
    static const uint8_t at[] = {0, 0, 0, 2}; // FNSTSW AX does not wait
    for (int mode = 0; mode < MODES; mode++)
        for (unsigned i = 0; i < BASE_COUNT(waiting); i++) {
            struct machine *m = erring(X86_486, mode, waiting[i]);
            uint32_t eip = m->cpu->state.eip + BEHIND + at[i];
            assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
            assert_int_equal(m->vectors, 1);
            assert_int_equal(line.rises, 1);
            assert_int_equal(line.falls, 0);
            assert_int_equal(m->cpu->state.ferr, 1);
            assert_int_equal(m->cpu->state.halted, X86_HALT_HLT); // the handler's
            uint32_t sp = m->cpu->state.reg[X86_ESP];
            assert_int_equal(mode == MODE_REAL ? machine_get32(m, 0x20000 + sp) & 0xffff : machine_get32(m, sp), eip);
            machine_free(m);
        }
}

static void nothing_is_raised_before_a_waiting_instruction(void **state)
{
    (void)state;
    struct machine *m = erring(X86_486, MODE_RING0, "DF E0 DB E2 9B F4"); // fnstsw ax, fnclex, fwait
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(line.rises, 0);
    assert_int_equal(m->cpu->state.reg[X86_EAX] & 0x84, 0x84);
    machine_free(m);
}

static void with_interrupts_disabled_it_waits_for_ignne(void **state)
{
    (void)state;
    struct machine *m = erring(X86_P6, MODE_RING0, "D9 EB 9B DB E2 F4"); // fldpi, fwait, fnclex
    m->cpu->state.eflags &= ~(uint32_t)X86_IF;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
        assert_int_equal(m->cpu->state.halted, X86_HALT_X87);
        assert_int_equal(m->cpu->state.eip, CODE + BEHIND);
    }
    assert_int_equal(line.rises, 1);
    unsigned top = m->cpu->state.fsw >> 11 & 7;
    x86_set_ignne(m->cpu, true);
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.halted, X86_HALT_HLT);
    assert_int_equal(m->cpu->state.fsw >> 11 & 7, (top - 1) & 7); // pi came
    assert_int_equal(line.falls, 1);
    assert_int_equal(m->cpu->state.ignne, 0);
    machine_free(m);
}

static void whatever_clears_the_error_lowers_ferr(void **state)
{
    (void)state;
    static const char *const clearing[] = {
        "DB E2 CF",             // fnclex
        "DB E3 CF",             // fninit
        "D9 35 00 00 03 00 CF", // fnstenv masks all
        "DD 35 00 00 03 00 CF", // fnsave
    };
    for (unsigned i = 0; i < BASE_COUNT(clearing); i++) {
        struct machine *m = erring(X86_PENTIUM, MODE_RING3, "9B 40 CD 60");
        machine_code(m, HANDLERS + 0x500, clearing[i]);
        assert_int_equal(machine_vector_reached(m), 0x60);
        assert_int_equal(m->cpu->state.reg[X86_EAX], 1);
        assert_int_equal(line.rises, 1);
        assert_int_equal(line.falls, 1);
        machine_free(m);
    }
}

static void error_that_stays_is_waited_for_again(void **state)
{
    (void)state;
    struct machine *m = erring(X86_486, MODE_RING0, "9B F4");
    machine_code(m, HANDLERS + 0x500, "43 CF"); // another interrupt than the coprocessor's
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.halted, X86_HALT_X87);
    assert_int_equal(m->cpu->state.eip, CODE + BEHIND);
    assert_int_equal(m->cpu->state.reg[X86_EBX], 1);
    assert_int_equal(line.rises, 1);
    machine_free(m);
}

// The instruction has not happened: no trap is due, and its breakpoint is not taken twice.
static void waiting_is_no_step(void **state)
{
    (void)state;
    struct machine *m = erring(X86_486, MODE_RING0, "9B 90 F4");
    m->cpu->state.eflags &= ~(uint32_t)X86_IF;
    assert_int_equal(machine_run(m, 4), X86_STOP_COUNT);
    m->cpu->state.eflags |= X86_TF | X86_RF;
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.halted, X86_HALT_X87);
    assert_true(m->cpu->state.eflags & X86_RF);
    x86_set_ignne(m->cpu, true);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), CODE + BEHIND + 1);
    machine_free(m);
}

static void copy_of_the_state_goes_on_waiting(void **state)
{
    (void)state;
    struct machine *m = erring(X86_486, MODE_RING0, "9B 40 F4"), *other = machine_new(X86_486);
    m->cpu->state.eflags &= ~(uint32_t)X86_IF;
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_true(x86_memory_restore(other->memory, m->memory));
    other->owner.coprocessor_error = listen;
    other->cpu->state = m->cpu->state;
    x86_flush(other->cpu);
    assert_int_equal(machine_run(other, 100), X86_STOP_HALT);
    assert_int_equal(other->cpu->state.halted, X86_HALT_X87);
    x86_set_ignne(other->cpu, true);
    assert_int_equal(machine_vector_reached(other), -1);
    assert_int_equal(other->cpu->state.reg[X86_EAX], 1);
    assert_int_equal(line.rises, 1);
    machine_free(m);
    machine_free(other);
}

static void other_wirings(void **state)
{
    (void)state;
    struct machine *m = erring(X86_486, MODE_RING3, "9B F4");
    m->cpu->state.cr0 |= 0x20; // NE: the exception
    assert_int_equal(machine_vector_reached(m), 16);
    assert_int_equal(line.rises, 0);
    machine_free(m);
    m = erring(X86_386, MODE_RING3, "9B F4"); // its ERROR# is the coprocessor's
    m->owner.coprocessor_error = NULL;
    assert_int_equal(machine_vector_reached(m), 16);
    machine_free(m);
    m = erring(X86_486, MODE_RING3, "9B F4");
    m->owner.coprocessor_error = NULL;
    assert_int_equal(machine_run(m, 100), X86_STOP_MISSING);
    assert_int_equal(m->cpu->state.eip, CODE + BEHIND);
    machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_instruction_waits_for_an_interrupt_in_every_mode),
        cmocka_unit_test(nothing_is_raised_before_a_waiting_instruction),
        cmocka_unit_test(with_interrupts_disabled_it_waits_for_ignne),
        cmocka_unit_test(whatever_clears_the_error_lowers_ferr),
        cmocka_unit_test(error_that_stays_is_waited_for_again),
        cmocka_unit_test(waiting_is_no_step),
        cmocka_unit_test(copy_of_the_state_goes_on_waiting),
        cmocka_unit_test(other_wirings),
    };
    return cmocka_run_group_tests_name("x86.ferr", tests, NULL, NULL);
}
