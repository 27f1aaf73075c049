// The processor and its owner: gates, ports, devices, interrupts, stops, counts, breakpoints, snapshots, changed code.
#include "machine.h"

static void gate_round_trip(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    assert_true(x86_memory_set_kind(m->memory, GATES >> 12, 1, X86_GATES));
    machine_code(m, GATES, "0F 3F 34 12 C3");
    machine_code(m, CODE, "B8 00 00 04 00 FF D0 40 F4"); // mov eax, GATES; call eax; inc eax; hlt
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->gates, 1);
    assert_int_equal(m->last_gate, 0x1234);
    assert_int_equal(m->seen_eip, GATES);
    assert_int_equal(m->seen_count, 2);
    assert_int_equal(m->cpu->state.reg[X86_EAX], GATES + 1);
    assert_int_equal(m->cpu->state.count, 6);
    machine_free(m);
}

static void gate_opcode_elsewhere_is_invalid(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "0F 3F 34 12 F4");
    assert_int_equal(machine_vector_reached(m), 6);
    assert_int_equal(m->gates, 0);
    machine_free(m);
}

static void ports_and_counts(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->answer = 0x11223344;
    machine_code(m, CODE, "90 E5 60 90 66 BA 34 12 66 EF F4"); // nop; in eax,60h; nop; mov dx,1234h; out dx,ax; hlt
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->reads, 1);
    assert_int_equal(m->writes, 1);
    assert_int_equal(m->last_port, 0x1234);
    assert_int_equal(m->last_size, 2);
    assert_int_equal(m->last_value, 0x3344);
    assert_int_equal(m->seen_count, 4);
    assert_int_equal(m->seen_eip, CODE + 8);
    assert_int_equal(m->cpu->state.count, 6);
    machine_free(m);
}

static void budget_is_exact(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "40 40 40 40 40 40 40 EB F7"); // inc eax x 7; jmp start
    for (uint64_t n = 1; n < 40; n += 3) {
        m->cpu->state.eip = CODE;
        m->cpu->state.reg[X86_EAX] = 0;
        m->cpu->state.count = 0;
        assert_int_equal(x86_run(m->cpu, n), X86_STOP_COUNT);
        assert_int_equal(m->cpu->state.count, n);
        assert_int_equal(m->cpu->state.reg[X86_EAX], n - n / 8);
        assert_int_equal(m->cpu->state.eip, CODE + n % 8);
    }
    machine_free(m);
}

static void rep_counts_iterations_and_stops_inside(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "F3 AB 90 F4"); // rep stosd; nop; hlt
    m->cpu->state.reg[X86_ECX] = 100;
    m->cpu->state.reg[X86_EDI] = DATA;
    assert_int_equal(x86_run(m->cpu, 30), X86_STOP_COUNT);
    assert_int_equal(m->cpu->state.reg[X86_ECX], 70);
    assert_int_equal(m->cpu->state.eip, CODE);
    assert_int_equal(x86_run(m->cpu, 1000), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.count, 102);
    machine_free(m);
}

static void interrupt_line(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "FB 90 90 90 F4"); // sti; nops
    x86_set_intr(m->cpu, true);
    assert_int_equal(machine_vector_reached(m), 0x50);
    assert_int_equal(m->vectors, 1);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), CODE + 2); // the instruction after STI still ran
    machine_free(m);
}

static void raise_line(struct machine *m, uint16_t port)
{
    (void)port;
    x86_set_intr(m->cpu, true);
}

static void line_raised_by_a_port_is_taken_at_once(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->on_port = raise_line;
    m->cpu->state.eflags |= X86_IF;
    machine_code(m, CODE, "90 E6 60 40 40 F4");
    assert_int_equal(machine_vector_reached(m), 0x50);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), CODE + 3);
    machine_free(m);
}

static void halt_wakes_by_interrupt(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->cpu->state.eflags |= X86_IF;
    machine_code(m, CODE, "F4 40 F4");
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.count, 1);
    assert_int_equal(m->cpu->state.halted, 1);
    x86_set_intr(m->cpu, true);
    assert_int_equal(machine_vector_reached(m), 0x50);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), CODE + 1);
    machine_free(m);
}

static void devices_in_memory(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    assert_true(x86_memory_set_kind(m->memory, 0x50, 1, X86_MMIO));
    m->answer = 0xa5a5;
    machine_code(m, CODE, "66 A1 10 00 05 00 A2 20 00 05 00 F4"); // mov ax,[50010h]; mov [50020h],al
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->reads, 1);
    assert_int_equal(m->writes, 1);
    assert_int_equal(m->last_address, 0x50020);
    assert_int_equal(m->last_value, 0xa5);
    machine_free(m);
}

static void rom_keeps_its_bytes(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_put32(m, 0x50000, 0x12345678);
    assert_true(x86_memory_set_kind(m->memory, 0x50, 1, X86_ROM));
    machine_code(m, CODE, "C7 05 00 00 05 00 00 00 00 00 A1 00 00 05 00 F4");
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x12345678);
    machine_free(m);
}

static void code_changes_the_next_instruction(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    // mov byte [CODE+8], 40h (inc eax); nop; then what was HLT
    machine_code(m, CODE, "C6 05 08 80 00 00 40 90 F4 F4");
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 1);
    assert_int_equal(m->cpu->state.eip, CODE + 10);
    machine_free(m);
}

static void code_across_pages_notices_changes(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    uint32_t at = 0x9000 - 3; // mov eax, imm32 lies on two pages
    machine_code(m, at, "B8 01 00 00 00 C3");
    machine_code(m, CODE, "BB FD 8F 00 00 FF D3 89 C1 C6 05 00 90 00 00 55 FF D3 F4");
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->cpu->state.reg[X86_ECX], 1);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x550001);
    machine_free(m);
}

static void breakpoints_stop_before_the_instruction(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "40 40 40 EB FB"); // inc; inc; inc; jmp CODE
    assert_int_equal(machine_run(m, 50), X86_STOP_COUNT);
    assert_true(x86_break_set(m->cpu, CODE + 2));
    m->cpu->state.eip = CODE;
    uint32_t eax = m->cpu->state.reg[X86_EAX];
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(machine_run(m, 50), X86_STOP_BREAK);
        assert_int_equal(m->cpu->state.eip, CODE + 2);
        assert_int_equal(m->cpu->state.reg[X86_EAX], eax + 3 * i - 1);
    }
    x86_break_clear(m->cpu, CODE + 2);
    assert_int_equal(machine_run(m, 50), X86_STOP_COUNT);
    machine_free(m);
}

static void count_watch(void *user, struct x86 *cpu)
{
    unsigned *n = user;
    (void)cpu;
    ++*n;
}

static void watch_sees_every_instruction(void **state)
{
    (void)state;
    unsigned n = 0;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "40 40 EB FC");
    x86_watch_instructions(m->cpu, count_watch, &n);
    assert_int_equal(machine_run(m, 30), X86_STOP_COUNT);
    assert_int_equal(n, 30);
    x86_watch_instructions(m->cpu, NULL, NULL);
    assert_int_equal(machine_run(m, 30), X86_STOP_COUNT);
    assert_int_equal(n, 30);
    machine_free(m);
}

static void shared_memory_is_copied_on_write(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "FF 05 00 00 03 00 EB F8"); // inc dword [DATA]; jmp CODE
    assert_int_equal(machine_run(m, 20), X86_STOP_COUNT);
    struct x86_state saved = m->cpu->state;
    struct x86_memory *copy = x86_memory_share(m->memory);
    assert_non_null(copy);
    assert_int_equal(machine_run(m, 20), X86_STOP_COUNT);
    assert_int_equal(machine_get32(m, DATA), 20);
    uint8_t then[4];
    assert_true(x86_memory_load(copy, DATA, then, 4));
    assert_int_equal(base_get32(then), 10);
    assert_true(x86_memory_restore(m->memory, copy));
    m->cpu->state = saved;
    x86_flush(m->cpu);
    assert_int_equal(machine_get32(m, DATA), 10);
    assert_int_equal(machine_run(m, 20), X86_STOP_COUNT);
    assert_int_equal(machine_get32(m, DATA), 20);
    assert_true(x86_memory_load(copy, DATA, then, 4));
    assert_int_equal(base_get32(then), 10);
    x86_memory_free(copy);
    machine_free(m);
}

static void host_stack_does_not_grow(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    // A loop with an operation of every kind that does its work in a function; each ends in a tail call or the host's
    // stack grows by hundreds of megabytes.
    uint32_t at = machine_code(m, CODE, "40 8B 0D 00 00 03 00 89 0D 04 00 03 00 50 58");     // inc, mov, mov, push, pop
    at = machine_code(m, at, "D3 E0 C1 05 00 00 03 00 03 0F A5 C8 0F AC 05 00 00 03 00 05"); // shl, rol, shld, shrd
    at = machine_code(m, at, "0F A3 C8 0F AB 0D 00 00 03 00 0F BC C1 0F BD C8");             // bt, bts, bsf, bsr
    at = machine_code(m, at, "0F B1 0D 00 00 03 00 0F C1 0D 00 00 03 00 87 0D 00 00 03 00"); // cmpxchg, xadd, xchg
    at = machine_code(m, at,
                      "F7 E1 F7 2D 00 00 03 00 6B C1 07 0F AF C1 31 D2 B9 03 00 00 00 F7 F1 31 D2 F7 F9"); // mul, div
    at = machine_code(m, at, "0F 94 C0 66 8C D8 8E D8 1E 1F 9C 60 61 83 C4 04"); // setz, segments, pushf, pusha, popa
    at = machine_code(m, at,
                      "C8 10 00 01 C9 FC BE 00 00 03 00 BF 00 01 03 00 A5 AB AD A6 AE 57 5F"); // enter, leave, strings
    at = machine_code(m, at,
                      "B9 03 00 00 00 F3 A4 D9 EE DE C1 DD D8 DB E3 C5 05 20 00 03 00 E4 60 E6 60");  // rep, x87, ports
    at = machine_code(m, at, "A3 FE FF 02 00 A1 FE FF 02 00 01 05 FE FF 02 00 FF 35 FE FF 02 00 58"); // across a page
    at = machine_code(m, at, "A3 00 8F 00 00 66 F7 05 00 00 03 00 01 00");             // a store next to code
    at = machine_code(m, at, "E8 00 00 00 00 58 83 C0 06 FF D0 58 83 C0 06 FF E0 90"); // call, call eax, jmp eax
    at = machine_code(m, at, "E9");
    machine_put32(m, at, CODE - (at + 4));
    machine_put32(m, DATA + 0x20, DATA);
    machine_put32(m, DATA + 0x24, SEL_DATA0);
    assert_int_equal(machine_run(m, 20000000), X86_STOP_COUNT);
    machine_free(m);
}

// One instruction lies on two linear pages that are the same physical page: MOV EAX,imm32 from its end to its
// beginning.
static void instruction_around_one_page_is_decoded_anew(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 3; way++) {
        struct machine *m = machine_new(X86_486);
        machine_protected(m, 0);
        machine_paging(m);
        machine_set_pte(m, DATA + 0x1000, DATA | 7);
        machine_code(m, DATA + 0xffe, "B8 11");
        machine_code(m, DATA, "22 33 44 C6 05 01 00 03 00 99 F4"); // behind it: mov byte [DATA+1],99h; hlt
        for (uint32_t i = 0; i < 2; i++) {
            m->cpu->state.eip = DATA + 0xffe;
            m->cpu->state.halted = X86_NOT_HALTED;
            assert_int_equal(machine_run(m, 1), X86_STOP_COUNT);
            assert_int_equal(m->cpu->state.reg[X86_EAX], i ? 0x44992211 : 0x44332211);
            if (way == 0)
                assert_int_equal(machine_run(m, 10), X86_STOP_HALT);
            else if (way == 1)
                machine_code(m, DATA + 1, "99");
            else
                assert_true(x86_write_linear(m->cpu, DATA + 0x1001, "\x99", 1, X86_WRITE, NULL));
        }
        machine_code(m, DATA + 0xfff, "55"); // the first half
        m->cpu->state.eip = DATA + 0xffe;
        m->cpu->state.halted = X86_NOT_HALTED;
        assert_int_equal(machine_run(m, 1), X86_STOP_COUNT);
        assert_int_equal(m->cpu->state.reg[X86_EAX], 0x44992255);
        machine_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_round_trip),
        cmocka_unit_test(gate_opcode_elsewhere_is_invalid),
        cmocka_unit_test(ports_and_counts),
        cmocka_unit_test(budget_is_exact),
        cmocka_unit_test(rep_counts_iterations_and_stops_inside),
        cmocka_unit_test(interrupt_line),
        cmocka_unit_test(line_raised_by_a_port_is_taken_at_once),
        cmocka_unit_test(halt_wakes_by_interrupt),
        cmocka_unit_test(devices_in_memory),
        cmocka_unit_test(rom_keeps_its_bytes),
        cmocka_unit_test(code_changes_the_next_instruction),
        cmocka_unit_test(code_across_pages_notices_changes),
        cmocka_unit_test(breakpoints_stop_before_the_instruction),
        cmocka_unit_test(watch_sees_every_instruction),
        cmocka_unit_test(shared_memory_is_copied_on_write),
        cmocka_unit_test(host_stack_does_not_grow),
        cmocka_unit_test(instruction_around_one_page_is_decoded_anew),
    };
    return cmocka_run_group_tests_name("x86.machine", tests, NULL, NULL);
}
