// Debug exceptions, held against the manual (Intel SDM 3, "Debug registers" and "Debug exceptions"; the priorities are
// those of "Exceptions and interrupts in order of priority").
#include "x86/machine.h"

enum { RING0, RING3, V86, MODES, B0 = 1, B1 = 2, BD = 1 << 13, BS = 1 << 14, GD = 1 << 13 };
enum { ON_CODE, ON_WRITE, ON_PORT, ON_ACCESS };

// Handlers end in HLT, behind which an IRETD waits; EIP of the code is 0 in V86 mode.
static struct machine *debugged(int mode, const char *code)
{
    struct machine *m = machine_new(X86_PENTIUM);
    if (mode == V86)
        machine_v86(m, 3);
    else
        machine_protected(m, mode == RING3 ? 3 : 0);
    for (unsigned v = 0; v < 256; v++)
        machine_code(m, HANDLERS + 16 * v, "F4 CF");
    machine_code(m, CODE, code);
    m->cpu->state.eflags |= 3 << 12;
    return m;
}

static void arm(struct machine *m, unsigned i, uint32_t address, unsigned kind, unsigned length)
{
    struct x86_state *s = &m->cpu->state;
    s->dr[i] = address;
    s->dr[7] |= 2u << (2 * i) | (kind | (length - 1) << 2) << (16 + 4 * i);
    x86_flush(m->cpu);
}

static uint32_t return_eip(struct machine *m)
{
    uint32_t eip = machine_get32(m, m->cpu->state.reg[X86_ESP]);
    return eip >= CODE ? eip - CODE : eip;
}

// On to the next HLT: out of the handler that stands at one.
static int next_vector(struct machine *m)
{
    m->cpu->state.halted = X86_NOT_HALTED;
    return machine_vector_reached(m);
}

static void code_breakpoint_is_a_fault_that_rf_passes(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        struct machine *m = debugged(mode, "40 40 40 CD 60");
        arm(m, 1, CODE + 1, ON_CODE, 1);
        assert_int_equal(machine_vector_reached(m), 1);
        assert_int_equal(return_eip(m), 1);
        assert_int_equal(m->cpu->state.reg[X86_EAX] & 0xffff, 1);
        assert_int_equal(m->cpu->state.dr[6] & 0xf00f, B1);
        assert_true(machine_get32(m, m->cpu->state.reg[X86_ESP] + 8) & X86_RF);
        assert_int_equal(next_vector(m), 0x60);
        assert_int_equal(m->cpu->state.reg[X86_EAX] & 0xffff, 3);
        assert_false(machine_get32(m, m->cpu->state.reg[X86_ESP] + 8) & X86_RF);
        machine_free(m);
    }
}

static void repeated_instruction_meets_its_breakpoint_once(void **state)
{
    (void)state;
    struct machine *m = debugged(RING0, "F3 A4 CD 60");
    struct x86_state *s = &m->cpu->state;
    s->reg[X86_ECX] = 5, s->reg[X86_ESI] = DATA, s->reg[X86_EDI] = DATA + 0x100;
    arm(m, 0, CODE, ON_CODE, 1);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(s->reg[X86_ECX], 5);
    assert_int_equal(next_vector(m), 0x60);
    assert_int_equal(s->reg[X86_ECX], 0);
    machine_free(m);
    m = debugged(RING0, "EB FE"); // a jump to itself begins anew
    arm(m, 0, CODE, ON_CODE, 1);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(next_vector(m), 1);
    machine_free(m);
}

static void data_breakpoints_are_traps(void **state)
{
    (void)state;
    static const struct {
        unsigned kind, length;
        uint32_t at;
        const char *code; // DATA is 30000h; in V86 mode DS:0
        int hit;
    } rows[] = {
        {ON_WRITE, 4, 4, "A3 04 00", 1},       {ON_WRITE, 4, 4, "A1 04 00", 0},
        {ON_ACCESS, 4, 4, "A1 04 00", 1},      {ON_WRITE, 1, 4, "A3 03 00", 1},
        {ON_WRITE, 1, 4, "A3 05 00", 0},       {ON_WRITE, 2, 5, "A2 04 00", 1},
        {ON_WRITE, 2, 5, "A2 06 00", 0},       {ON_WRITE, 4, 7, "A2 04 00", 1},
        {ON_WRITE, 1, 4, "FF 06 04 00", 1},    {ON_ACCESS, 1, 0x1000, "A3 FF 0F", 1},
        {ON_ACCESS, 1, 0x1001, "A3 FF 0F", 0}, {ON_PORT, 4, 4, "A3 04 00", 0},
    };
    for (unsigned i = 0; i < BASE_COUNT(rows); i++) {
        struct machine *m = debugged(V86, rows[i].code);
        uint32_t length = (uint32_t)(strlen(rows[i].code) + 1) / 3;
        machine_code(m, CODE + length, "40 CD 60");
        arm(m, 0, DATA + rows[i].at, rows[i].kind, rows[i].length);
        if (machine_vector_reached(m) != (rows[i].hit ? 1 : 0x60))
            fail_msg("row %u", i);
        if (rows[i].hit) {
            assert_int_equal(return_eip(m), length);
            assert_int_equal(m->cpu->state.dr[6] & 0xf00f, B0);
            assert_false(machine_get32(m, m->cpu->state.reg[X86_ESP] + 8) & X86_RF);
            assert_int_equal(next_vector(m), 0x60);
        }
        machine_free(m);
    }
}

static void string_and_x87_accesses_are_seen(void **state)
{
    (void)state;
    struct machine *m = debugged(RING3, "F3 AA DD 1D 00 00 03 00 CD 60"); // rep stosb; fstp qword [DATA]
    struct x86_state *s = &m->cpu->state;
    s->reg[X86_ECX] = 16, s->reg[X86_EDI] = DATA;
    arm(m, 2, DATA + 6, ON_WRITE, 1);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(s->reg[X86_ECX], 9);
    assert_int_equal(return_eip(m), 0); // between two iterations
    assert_int_equal(next_vector(m), 1);
    assert_int_equal(s->reg[X86_ECX], 0);
    assert_int_equal(return_eip(m), 8);
    assert_int_equal(next_vector(m), 0x60);
    machine_free(m);
}

static void what_fails_does_not_trap(void **state)
{
    (void)state;
    struct machine *m = debugged(RING3, "FF 35 00 00 03 00"); // push dword [DATA] without a stack
    machine_paging(m);
    machine_set_pte(m, DATA + 0x1000, 0);
    m->cpu->state.reg[X86_ESP] = DATA + 0x1f00;
    arm(m, 0, DATA, ON_ACCESS, 4);
    assert_int_equal(machine_vector_reached(m), 14);
    assert_int_equal(m->cpu->state.eip, HANDLERS + 16 * 14 + 1);
    assert_int_equal(m->cpu->state.dr[6] & 0xf00f, 0);
    assert_int_equal(m->cpu->state.traps, 0);
    machine_free(m);
}

static void breakpoints_on_ports_need_de(void **state)
{
    (void)state;
    static const char *const codes[] = {"E4 60 CD 60", "E7 5E CD 60", "6C CD 60"}; // in, out of 4 bytes, insb
    for (unsigned i = 0; i < BASE_COUNT(codes); i++)
        for (unsigned de = 0; de < 2; de++) {
            struct machine *m = debugged(RING3, codes[i]);
            m->cpu->state.reg[X86_EDX] = 0x60, m->cpu->state.reg[X86_EDI] = DATA;
            m->cpu->state.cr4 = de << 3;
            arm(m, 3, 0x60, ON_PORT, 1);
            assert_int_equal(machine_vector_reached(m), de ? 1 : 0x60);
            assert_int_equal(m->cpu->state.dr[6] & 0xf00f, de << 3);
            assert_int_equal(m->reads + m->writes, 1);
            if (de)
                assert_int_equal(next_vector(m), 0x60);
            machine_free(m);
        }
}

static void general_detect(void **state)
{
    (void)state;
    static const char *const codes[] = {"0F 23 C0 CD 60", "0F 21 C0 CD 60", "0F 23 F8 CD 60"}; // dr0, dr7
    for (unsigned i = 0; i < BASE_COUNT(codes); i++) {
        struct machine *m = debugged(RING0, codes[i]);
        m->cpu->state.dr[7] |= GD;
        assert_int_equal(machine_vector_reached(m), 1);
        assert_int_equal(return_eip(m), 0);
        assert_int_equal(m->cpu->state.dr[6] & 0xf00f, BD);
        assert_false(m->cpu->state.dr[7] & GD);
        assert_int_equal(next_vector(m), 0x60);
        machine_free(m);
        m = debugged(RING3, codes[i]);
        m->cpu->state.dr[7] |= GD;
        assert_int_equal(machine_vector_reached(m), 13);
        machine_free(m);
    }
    struct machine *m = debugged(RING0, "90 90"); // every debug exception lets its handler at the registers
    m->cpu->state.dr[7] |= GD;
    arm(m, 0, CODE + 1, ON_CODE, 1);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_false(m->cpu->state.dr[7] & GD);
    machine_free(m);
}

static void debug_registers_4_and_5(void **state)
{
    (void)state;
    struct machine *m = debugged(RING0, "0F 21 E0 CD 60"); // mov eax,dr4
    m->cpu->state.dr[6] |= BS;
    assert_int_equal(machine_vector_reached(m), 0x60);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0xffff4ff0);
    machine_free(m);
    m = debugged(RING0, "0F 21 E0 CD 60");
    m->cpu->state.cr4 = 8;
    assert_int_equal(machine_vector_reached(m), 6);
    machine_free(m);
    m = debugged(RING0, "83 C8 FF 0F 23 F0 0F 21 F0 CD 60"); // or eax,-1; mov dr6,eax; mov eax,dr6
    assert_int_equal(machine_vector_reached(m), 0x60);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0xffffefff);
    machine_free(m);
}

static void loading_ss_holds_debug_exceptions_back(void **state)
{
    (void)state;
    struct machine *m = debugged(RING0, "8E D3 40 40 CD 60"); // mov ss,ebx
    m->cpu->state.reg[X86_EBX] = SEL_DATA0;
    m->cpu->state.eflags |= X86_TF;
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(return_eip(m), 3);
    machine_free(m);
    m = debugged(RING0, "8E D3 40 40 CD 60");
    m->cpu->state.reg[X86_EBX] = SEL_DATA0;
    arm(m, 0, CODE + 2, ON_CODE, 1);
    assert_int_equal(machine_vector_reached(m), 0x60);
    machine_free(m);
    m = debugged(RING0, "8E 15 00 00 03 00 40 40 CD 60"); // mov ss,[DATA]
    machine_put32(m, DATA, SEL_DATA0);
    arm(m, 0, DATA, ON_ACCESS, 2);
    assert_int_equal(machine_run(m, 1), X86_STOP_COUNT); // the trap is part of the state until it comes
    assert_int_equal(m->cpu->state.traps, B0);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(return_eip(m), 7);
    assert_int_equal(m->cpu->state.dr[6] & 0xf00f, B0);
    machine_free(m);
}

static void sti_and_hlt_are_stepped(void **state)
{
    (void)state;
    struct machine *m = debugged(RING0, "FB 40 CD 60");
    m->cpu->state.eflags |= X86_TF;
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(return_eip(m), 1);
    machine_free(m);
    m = debugged(RING0, "F4 40 CD 60");
    m->cpu->state.eflags |= X86_TF;
    machine_code(m, HANDLERS + 16, "43 F4");
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(m->cpu->state.reg[X86_EBX], 1); // the handler runs, the processor is awake
    assert_int_equal(return_eip(m), 1);
    machine_free(m);
}

static void steps_go_over_interrupts_and_begin_behind_what_sets_tf(void **state)
{
    (void)state;
    struct machine *m = debugged(RING3, "CD 60 40 40");
    machine_code(m, HANDLERS + 16 * 0x60, "43 CF");
    m->cpu->state.eflags |= X86_TF;
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(return_eip(m), 3); // IRETD set TF: the trap is behind the instruction after it
    assert_int_equal(m->cpu->state.reg[X86_EBX], 1);
    machine_free(m);
    m = debugged(RING0, "68 02 01 00 00 9D 40 68 02 00 00 00 9D 40 CD 60"); // popfd sets, later clears it
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(return_eip(m), 7);
    assert_int_equal(next_vector(m), 1);
    assert_int_equal(return_eip(m), 12);
    assert_int_equal(next_vector(m), 1);
    assert_int_equal(return_eip(m), 13); // it was set when that POPFD began
    assert_int_equal(next_vector(m), 0x60);
    machine_free(m);
}

// Trap of the last instruction, interrupt, breakpoint on the next one.
static void order_of_events(void **state)
{
    (void)state;
    struct machine *m = debugged(RING3, "A3 00 00 03 00 40 CD 60");
    m->cpu->state.eflags |= X86_TF | X86_IF;
    arm(m, 0, CODE + 5, ON_CODE, 1);
    arm(m, 1, DATA, ON_WRITE, 4);
    m->cpu->state.inhibit = X86_INHIBIT_INTERRUPTS; // so that it comes behind the first instruction
    x86_set_intr(m->cpu, true);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(m->cpu->state.dr[6] & 0xf00f, B1 | BS);
    assert_int_equal(return_eip(m), 5);
    uint32_t flags = m->cpu->state.reg[X86_ESP] + 8;
    machine_put32(m, flags, machine_get32(m, flags) & ~(uint32_t)X86_TF);
    m->cpu->state.dr[6] = 0xffff0ff0;
    assert_int_equal(next_vector(m), 0x50);
    assert_int_equal(return_eip(m), 5);
    assert_int_equal(next_vector(m), 1);
    assert_int_equal(m->cpu->state.dr[6] & 0xf00f, B0);
    assert_int_equal(return_eip(m), 5);
    assert_int_equal(next_vector(m), 0x60);
    machine_free(m);
}

// A breakpoint on an instruction whose bytes cannot be fetched comes before the page fault.
static void breakpoint_comes_before_the_fetch(void **state)
{
    (void)state;
    struct machine *m = debugged(RING0, "90");
    machine_paging(m);
    machine_set_pte(m, DATA, 0);
    m->cpu->state.eip = DATA;
    arm(m, 0, DATA, ON_CODE, 1);
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(next_vector(m), 14);
    machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_breakpoint_is_a_fault_that_rf_passes),
        cmocka_unit_test(repeated_instruction_meets_its_breakpoint_once),
        cmocka_unit_test(data_breakpoints_are_traps),
        cmocka_unit_test(string_and_x87_accesses_are_seen),
        cmocka_unit_test(what_fails_does_not_trap),
        cmocka_unit_test(breakpoints_on_ports_need_de),
        cmocka_unit_test(general_detect),
        cmocka_unit_test(debug_registers_4_and_5),
        cmocka_unit_test(loading_ss_holds_debug_exceptions_back),
        cmocka_unit_test(sti_and_hlt_are_stepped),
        cmocka_unit_test(steps_go_over_interrupts_and_begin_behind_what_sets_tf),
        cmocka_unit_test(order_of_events),
        cmocka_unit_test(breakpoint_comes_before_the_fetch),
    };
    return cmocka_run_group_tests_name("x86.debug", tests, NULL, NULL);
}
