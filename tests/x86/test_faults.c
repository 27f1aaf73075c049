// What must fault, how, and where: a table of cases by hand for everything neither silicon captures nor other
// processors can show us. Each case runs until a handler's HLT; frame and registers are then looked at.
#include "machine.h"

enum mode { RING0, RING3, RING3_IOPL3, V86, V86_IOPL3, PAGED0, PAGED0_WP, PAGED3 };
enum { NONE = -1, NO_ERROR = -1, START = 0 };

struct fault_case {
    const char *name;
    enum mode mode;
    const char *code;
    int vector; // NONE: reaches its own HLT
    int error;  // NO_ERROR: no error code is pushed
    int at;     // offset of the pushed EIP from CODE
    uint32_t cr2;
};

static const struct fault_case cases[] = {
    // Segment limits and types; DS is loaded with the selector first (BB imm32; 8E DB) where one is named.
    {"read at the limit", RING3, "66 BB 3B 00 8E DB A0 FF 0F 00 00 CD 30", 0x30, NO_ERROR, 13, 0},
    {"read past the limit", RING3, "66 BB 3B 00 8E DB A0 00 10 00 00", 13, 0, 6, 0},
    {"dword across the limit", RING3, "66 BB 3B 00 8E DB A1 FD 0F 00 00", 13, 0, 6, 0},
    {"word up to the limit", RING3, "66 BB 3B 00 8E DB 66 A1 FE 0F 00 00 CD 30", 0x30, NO_ERROR, 14, 0},
    {"expand-down below", RING3, "66 BB 43 00 8E DB A0 FF 0F 00 00", 13, 0, 6, 0},
    {"expand-down above", RING3, "66 BB 43 00 8E DB A0 00 10 00 00 CD 30", 0x30, NO_ERROR, 13, 0},
    {"write to read-only", RING3, "66 BB 4B 00 8E DB A2 00 00 00 00", 13, 0, 6, 0},
    {"read of execute-only", RING3, "66 BB 6B 00 8E DB", 13, 0x68, 4, 0},
    {"null segment", RING3, "31 DB 8E DB A0 00 00 00 00", 13, 0, 4, 0},
    {"absent segment", RING3, "66 BB 5B 00 8E DB", 11, 0x58, 4, 0},
    {"absent stack", RING3, "66 BB 5B 00 8E D3", 12, 0x58, 4, 0},
    {"null stack", RING3, "31 DB 8E D3", 13, 0, 2, 0},
    {"inner data from ring 3", RING3, "66 BB 10 00 8E DB", 13, 0x10, 4, 0},
    {"selector past the table", RING3, "66 BB FB 1F 8E DB", 13, 0x1ff8, 4, 0},
    {"stack limit", RING3, "66 BB 3B 00 8E D3 BC 00 20 00 00 50", 12, 0, 11, 0},
    {"SS override limit", RING3, "66 BB 3B 00 8E D3 36 A0 00 10 00 00", 12, 0, 6, 0},
    {"write through CS", RING0, "2E A2 00 00 03 00", 13, 0, 0, 0},
    {"jump past the limit", RING0, "EA 00 00 01 00 30 00", 13, 0, 0, 0},
    // Privilege
    {"CLI in ring 3", RING3, "FA", 13, 0, 0, 0},
    {"CLI with IOPL 3", RING3_IOPL3, "FA CD 30", 0x30, NO_ERROR, 3, 0},
    {"HLT in ring 3", RING3, "F4", 13, 0, 0, 0},
    {"MOV CR0 in ring 3", RING3, "0F 20 C0", 13, 0, 0, 0},
    {"LGDT in ring 3", RING3, "0F 01 15 00 00 03 00", 13, 0, 0, 0},
    {"INT of an inner gate", RING3, "CD 0D", 13, 13 * 8 + 2, 0, 0},
    {"INT beyond the table", RING3, "CD FF CD 30", 0xff, NO_ERROR, 2, 0},
    {"INT3", RING3, "CC", 3, NO_ERROR, 1, 0},
    {"INTO", RING3, "B0 7F FE C0 CE", 4, NO_ERROR, 5, 0},
    {"BOUND", RING3, "C7 05 04 00 03 00 02 00 00 00 B8 03 00 00 00 62 05 00 00 03 00", 5, NO_ERROR, 15, 0},
    {"DIV by 0", RING3, "31 C9 F7 F1", 0, NO_ERROR, 2, 0},
    {"UD2", RING3, "0F 0B", 6, NO_ERROR, 0, 0},
    {"LOCK of MOV", RING3, "F0 89 05 00 00 03 00", 6, NO_ERROR, 0, 0},
    {"LOCK of a register", RING3, "F0 01 C0", 6, NO_ERROR, 0, 0},
    {"LES of a register", RING3, "C4 C0", 6, NO_ERROR, 0, 0},
    {"POP with reg 1", RING3, "8F C8", 6, NO_ERROR, 0, 0},
    {"15 bytes", RING3, "26 26 26 26 26 26 26 26 26 26 26 26 26 26 90 CD 30", 0x30, NO_ERROR, 17, 0},
    {"16 bytes", RING3, "26 26 26 26 26 26 26 26 26 26 26 26 26 26 26 90", 13, 0, 0, 0},
    {"port denied by the map", RING3, "E4 80", 13, 0, 0, 0},
    {"port allowed by the map", RING3, "E4 60 CD 30", 0x30, NO_ERROR, 4, 0},
    {"word port half denied", RING3, "66 E5 7F", 13, 0, 0, 0},
    {"port with IOPL 3", RING3_IOPL3, "E4 80 CD 30", 0x30, NO_ERROR, 4, 0},
    {"conforming code keeps ring 3", RING3, "9A 07 90 00 00 50 00", 13, 0, 0x1007, 0},
    {"call of inner code", RING3, "9A 00 90 00 00 08 00", 13, 8, 0, 0},
    {"jump to data", RING3, "EA 00 90 00 00 23 00", 13, 0x20, 0, 0},
    // V86: what IOPL governs
    {"V86 CLI", V86, "FA", 13, 0, 0, 0},
    {"V86 STI", V86, "FB", 13, 0, 0, 0},
    {"V86 PUSHF", V86, "9C", 13, 0, 0, 0},
    {"V86 POPF", V86, "9D", 13, 0, 0, 0},
    {"V86 INT n", V86, "CD 20", 13, 0, 0, 0},
    {"V86 INT3", V86, "CC", 3, NO_ERROR, 1, 0},
    {"V86 IRET", V86, "CF", 13, 0, 0, 0},
    {"V86 HLT", V86, "F4", 13, 0, 0, 0},
    {"V86 port", V86_IOPL3, "E4 80", 13, 0, 0, 0},
    {"V86 INT n with IOPL 3", V86_IOPL3, "CD 30", 0x30, NO_ERROR, 2, 0},
    {"V86 PUSHF with IOPL 3", V86_IOPL3, "9C FA CD 30", 0x30, NO_ERROR, 4, 0},
    {"V86 ARPL", V86, "63 C0", 6, NO_ERROR, 0, 0},
    {"V86 SLDT", V86, "0F 00 C0", 6, NO_ERROR, 0, 0},
    {"V86 LGDT", V86, "0F 01 16 00 00", 13, 0, 0, 0},
    {"V86 word at FFFF", V86, "A1 FF FF", 13, 0, 0, 0},
    {"V86 push at SP 1", V86, "BC 01 00 50", 12, 0, 3, 0},
    // Paging; page 50h is absent, 51h read-only, 52h supervisor
    {"read of an absent page", PAGED0, "A1 10 00 05 00", 14, 0, 0, 0x50010},
    {"write to an absent page", PAGED0, "A3 10 00 05 00", 14, 2, 0, 0x50010},
    {"user read of an absent page", PAGED3, "A1 10 00 05 00", 14, 4, 0, 0x50010},
    {"user write to read-only", PAGED3, "A3 10 10 05 00", 14, 7, 0, 0x51010},
    {"user read of read-only", PAGED3, "A1 10 10 05 00 CD 30", 0x30, NO_ERROR, 7, 0},
    {"user read of supervisor", PAGED3, "A1 10 20 05 00", 14, 5, 0, 0x52010},
    {"supervisor write to read-only", PAGED0, "A3 10 10 05 00 CD 30", 0x30, NO_ERROR, 7, 0},
    {"the same with WP", PAGED0_WP, "A3 10 10 05 00", 14, 3, 0, 0x51010},
    {"dword into an absent page", PAGED0, "A3 FE FF 04 00", 14, 2, 0, 0x50000},
    {"fetch from an absent page", PAGED0, "E9 FB 7F 04 00", 14, 0, 0x48000, 0x50000},
    {"fetch from supervisor code", PAGED3, "E9 FB 9F 04 00", 14, 5, 0x4a000, 0x52000},
    {"XCHG with read-only", PAGED3, "87 05 00 10 05 00", 14, 7, 0, 0x51000},
    {"CMP with read-only", PAGED3, "39 05 00 10 05 00 CD 30", 0x30, NO_ERROR, 8, 0},
};

static void enter_mode(struct machine *m, enum mode mode)
{
    if (mode == V86 || mode == V86_IOPL3) {
        machine_v86(m, mode == V86 ? 0 : 3);
        return;
    }
    machine_protected(m, mode == RING3 || mode == RING3_IOPL3 || mode == PAGED3 ? 3 : 0);
    if (mode == RING3_IOPL3)
        m->cpu->state.eflags |= X86_IOPL;
    if (mode < PAGED0)
        return;
    if (mode == PAGED0_WP)
        m->cpu->state.cr0 |= 1 << 16;
    machine_paging(m);
    machine_set_pte(m, 0x50000, 0x50006);
    machine_set_pte(m, 0x51000, 0x51005);
    machine_set_pte(m, 0x52000, 0x52003);
}

static void check(const struct fault_case *k)
{
    struct machine *m = machine_new(X86_486);
    enter_mode(m, k->mode);
    machine_code(m, CODE, k->code);
    machine_code(m, CODE + 0x1000, "90 90 90 90 90 90 90 F4");
    uint32_t base = m->cpu->state.eip == 0 ? 0 : CODE;
    uint32_t registers[8];
    memcpy(registers, m->cpu->state.reg, sizeof registers);
    int vector = machine_vector_reached(m);
    if (vector != k->vector)
        fail_msg("%s: vector %d, expected %d", k->name, vector, k->vector);
    uint32_t esp = m->cpu->state.reg[X86_ESP];
    if (k->error != NO_ERROR) {
        if (machine_get32(m, esp) != (uint32_t)k->error)
            fail_msg("%s: error code %x, expected %x", k->name, machine_get32(m, esp), (unsigned)k->error);
        esp += 4;
    }
    if (machine_get32(m, esp) != base + (uint32_t)k->at)
        fail_msg("%s: EIP %x, expected %x", k->name, machine_get32(m, esp), base + (unsigned)k->at);
    if (k->vector == 14 && m->cpu->state.cr2 != k->cr2)
        fail_msg("%s: CR2 %x, expected %x", k->name, m->cpu->state.cr2, k->cr2);
    machine_free(m);
}

static void all_cases(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BASE_COUNT(cases); i++)
        check(&cases[i]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Restart: a faulting instruction leaves every register as it was

static void faulting_instructions_change_nothing(void **state)
{
    (void)state;
    static const char *const code[] = {
        "60",                   // pusha, the stack runs into the absent page
        "C8 10 00 03",          // enter 16,3
        "FF 35 00 00 05 00",    // push [absent]
        "8F 05 00 00 05 00",    // pop [absent]
        "FF 15 00 00 05 00",    // call [absent]
        "0F B1 0D 00 00 05 00", // cmpxchg [absent],ecx
        "0F C1 0D 00 00 05 00", // xadd
        "11 0D 00 00 05 00",    // adc
        "D3 25 00 00 05 00",    // shl
        "A5",                   // movsd to absent
        "0F AB 0D 00 00 05 00", // bts
        "0F 9C 05 00 00 05 00", // setl
        "F7 25 00 00 05 00",    // mul
        "C4 05 00 00 05 00",    // les
    };
    for (unsigned i = 0; i < BASE_COUNT(code); i++) {
        struct machine *m = machine_new(X86_486);
        enter_mode(m, PAGED3);
        machine_set_pte(m, STACK3 - 0x1000, 0); // the stack's next page
        struct x86_state *s = &m->cpu->state;
        s->reg[X86_EAX] = 5, s->reg[X86_ECX] = 3, s->reg[X86_EDI] = 0x50000, s->reg[X86_ESI] = DATA;
        s->reg[X86_ESP] = i < 2 ? STACK3 + 8 : STACK3 + 0x100;
        s->reg[X86_EBP] = STACK3 + 0x200;
        s->eflags |= X86_CF;
        struct x86_state before = *s;
        machine_code(m, CODE, code[i]);
        assert_int_equal(machine_vector_reached(m), 14);
        uint32_t frame = s->reg[X86_ESP];
        for (unsigned r = 0; r < 8; r++)
            if (r != X86_ESP && s->reg[r] != before.reg[r])
                fail_msg("%s: register %u is %x, was %x", code[i], r, s->reg[r], before.reg[r]);
        assert_int_equal(machine_get32(m, frame + 4), CODE);
        assert_int_equal(machine_get32(m, frame + 16), before.reg[X86_ESP]);
        assert_int_equal(machine_get32(m, frame + 12) & ~(uint32_t)X86_RF, before.eflags & ~(uint32_t)X86_RF);
        machine_free(m);
    }
}

static void rep_movs_restarts_where_it_faulted(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    enter_mode(m, PAGED3);
    struct x86_state *s = &m->cpu->state;
    s->reg[X86_ECX] = 100, s->reg[X86_ESI] = DATA, s->reg[X86_EDI] = 0x50000 - 40;
    machine_code(m, CODE, "F3 A5 CD 30");
    assert_int_equal(machine_vector_reached(m), 14);
    assert_int_equal(s->reg[X86_ECX], 90);
    assert_int_equal(s->reg[X86_EDI], 0x50000);
    assert_int_equal(s->reg[X86_ESI], DATA + 40);
    machine_free(m);
}

// ---------------------------------------------------------------------------------------------------------------------
// Frames

static void v86_frame_has_nine_words_and_returns(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_v86(m, 0);
    m->cpu->state.seg[X86_GS].selector = 0x1111;
    machine_code(m, CODE, "CD 20 40 FA");                              // int 20h faults; inc ax; cli faults
    machine_code(m, HANDLERS + 13 * 16, "F4 83 C4 04 83 04 24 02 CF"); // hlt; add esp,4; add dword [esp],2; iretd
    assert_int_equal(machine_vector_reached(m), 13);
    uint32_t esp = m->cpu->state.reg[X86_ESP];
    assert_int_equal(esp, STACK0 - 40);
    assert_int_equal(machine_get32(m, esp + 8), CODE >> 4);
    assert_true(machine_get32(m, esp + 12) & X86_VM);
    assert_int_equal(machine_get32(m, esp + 16), 0x1000);
    assert_int_equal(machine_get32(m, esp + 20), 0x2000);
    assert_int_equal(machine_get32(m, esp + 24), DATA >> 4);
    assert_int_equal(machine_get32(m, esp + 36), 0x1111);
    assert_int_equal(m->cpu->state.seg[X86_DS].selector, 0);
    assert_false(m->cpu->state.eflags & X86_VM);
    m->cpu->state.halted = 0;
    assert_int_equal(machine_vector_reached(m), 13); // goes on behind the INT, then CLI faults
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP] + 4), 3);
    assert_int_equal(m->cpu->state.reg[X86_EAX] & 0xffff, 1);
    machine_free(m);
}

static void call_gate_switches_stacks(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 3);
    machine_code(m, CODE, "6A 11 6A 22 9A 00 00 00 00 63 00 CD 30");   // push 11h; push 22h; call far gate
    machine_code(m, CODE + 0x800, "8B 44 24 08 8B 54 24 0C CA 08 00"); // mov eax,[esp+8]; mov edx,[esp+12]; retf 8
    assert_int_equal(machine_vector_reached(m), 0x30);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x22);
    assert_int_equal(m->cpu->state.reg[X86_EDX], 0x11);
    uint32_t esp = m->cpu->state.reg[X86_ESP];
    assert_int_equal(machine_get32(m, esp + 4), SEL_CODE3);
    assert_int_equal(machine_get32(m, esp + 12), STACK3);
    machine_free(m);
}

static void double_fault(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_idt(m, 13, SEL_ABSENT & ~3, 0, 0x8e); // the handler of #GP faults itself
    machine_code(m, CODE, "66 BB F8 1F 8E DB");
    assert_int_equal(machine_vector_reached(m), 8);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), 0);
    machine_free(m);
}

// The way systems survive a ring-0 stack overflow: vector 8 is a task gate.
static void double_fault_through_a_task_gate(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    const uint32_t tss = TSS + 0x3000;
    machine_idt(m, 8, SEL_TSS2, 0, 0x85);
    machine_put32(m, tss + 0x1c, PAGES);
    machine_put32(m, tss + 0x20, CODE + 0x100);
    machine_put32(m, tss + 0x24, 2);
    machine_put32(m, tss + 0x28, 0x1234);
    machine_put32(m, tss + 0x38, STACK3);
    for (unsigned seg = 0; seg < 6; seg++)
        machine_put32(m, tss + 0x48 + 4 * seg, seg == X86_CS ? SEL_CODE0 : SEL_DATA0);
    machine_code(m, CODE, "66 BB 3B 00 31 C0 BC 00 00 05 00 50"); // push onto ...
    machine_code(m, CODE + 0x100, "F4");
    machine_paging(m);
    machine_set_pte(m, 0x4f000, 0); // ... a page that is absent, so the fault's own frame faults too
    assert_int_equal(machine_run(m, 100), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.eip, CODE + 0x101);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x1234);
    assert_int_equal(m->cpu->state.reg[X86_ESP], STACK3 - 4);
    assert_int_equal(machine_get32(m, STACK3 - 4), 0);
    assert_int_equal(m->cpu->state.seg[X86_TR].selector, SEL_TSS2);
    assert_int_equal(machine_get32(m, tss) & 0xffff, SEL_TSS);
    assert_int_equal(machine_get32(m, TSS + 0x20), CODE + 11); // the old task's EIP and ESP tell what happened
    assert_int_equal(machine_get32(m, TSS + 0x38), 0x50000);
    machine_free(m);
}

static void triple_fault_shuts_down(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->cpu->state.idtr.limit = 0;
    machine_code(m, CODE, "0F 0B");
    assert_int_equal(machine_run(m, 100), X86_STOP_SHUTDOWN);
    assert_non_null(strstr(x86_describe_shutdown(m->cpu), "exception 6"));
    assert_int_equal(machine_run(m, 100), X86_STOP_SHUTDOWN);
    machine_free(m);
}

// Ring-3 code can set NT: its IRET then asks for a task that the task state segment does not name.
static void iret_to_no_task_is_its_own_fault(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    machine_code(m, CODE, "9C 81 0C 24 00 40 00 00 9D CF");
    assert_int_equal(machine_vector_reached(m), 10);
    machine_free(m);
}

// ---------------------------------------------------------------------------------------------------------------------
// Paging bits, debug registers, single step, A20, models

static void accessed_and_dirty_bits(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    enter_mode(m, PAGED0);
    machine_code(m, CODE, "A1 00 00 06 00 A3 00 10 06 00 F4");
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(machine_pte(m, 0x60000) & 0x60, 0x20);
    assert_int_equal(machine_pte(m, 0x61000) & 0x60, 0x60);
    assert_int_equal(machine_pte(m, 0x62000) & 0x60, 0);
    assert_int_equal(machine_get32(m, PAGES) & 0x60, 0x20);
    machine_free(m);
}

static void page_table_changes_need_invlpg(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    enter_mode(m, PAGED0);
    machine_put32(m, 0x60000, 1);
    machine_put32(m, 0x61000, 2);
    // mov eax,[60000h]; mov dword [PTE of 60000h], 61007h; invlpg [60000h]; mov ecx,[60000h]; hlt
    machine_code(m, CODE, "A1 00 00 06 00 C7 05 80 11 10 00 07 10 06 00 0F 01 3D 00 00 06 00 8B 0D 00 00 06 00 F4");
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 1);
    assert_int_equal(m->cpu->state.reg[X86_ECX], 2);
    machine_free(m);
}

static void four_megabyte_pages(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_PENTIUM);
    enter_mode(m, PAGED0);
    machine_put32(m, PAGES + 4, 0x00000083); // 4 MB at 400000h are the first 4 MB again
    machine_put32(m, DATA, 0x1234);
    m->cpu->state.cr4 = 0x10;
    x86_flush(m->cpu);
    machine_code(m, CODE, "A1 00 00 43 00 F4");
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x1234);
    assert_int_equal(machine_get32(m, PAGES + 4) & 0x60, 0x20);
    machine_free(m);
}

// x86_state.guard: supervisor code may read below it and write from it on; its owner may write all of it.
static void guarded_addresses_cannot_be_written(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    enter_mode(m, PAGED0);
    m->cpu->state.guard = 0x400;
    x86_flush(m->cpu);
    const uint8_t seven[] = {7, 0, 0, 0};
    assert_true(x86_write_linear(m->cpu, 0, seven, 4, X86_WRITE, NULL));
    // mov eax,[0]; mov [400h],eax; mov [3FFh],eax; hlt
    machine_code(m, CODE, "A1 00 00 00 00 A3 00 04 00 00 A3 FF 03 00 00 F4");
    assert_int_equal(machine_vector_reached(m), 14);
    assert_int_equal(m->cpu->state.cr2, 0x3FF);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 7);
    assert_int_equal(machine_get32(m, 0x400), 7);
    machine_free(m);
}

static void single_step_traps_after_each_instruction(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->cpu->state.eflags |= X86_TF;
    machine_code(m, CODE, "40 40 F4");
    assert_int_equal(machine_vector_reached(m), 1);
    uint32_t esp = m->cpu->state.reg[X86_ESP];
    assert_int_equal(machine_get32(m, esp), CODE + 1);
    assert_true(m->cpu->state.dr[6] & 0x4000);
    assert_false(m->cpu->state.eflags & X86_TF);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 1);
    machine_free(m);
}

static void data_breakpoint_traps_after_the_write(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->cpu->state.dr[0] = DATA + 4;
    m->cpu->state.dr[7] = 0x000d0402; // global, write, 4 bytes
    x86_flush(m->cpu);
    machine_code(m, CODE, "A3 00 00 03 00 A1 04 00 03 00 A2 06 00 03 00 40 F4");
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), CODE + 15);
    assert_int_equal(m->cpu->state.dr[6] & 15, 1);
    machine_free(m);
}

static void code_breakpoint_faults_once(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_protected(m, 0);
    m->cpu->state.dr[1] = CODE + 1;
    m->cpu->state.dr[7] = 0x0408;
    machine_code(m, CODE, "40 40 F4");
    machine_code(m, HANDLERS + 16, "F4 CF");
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), CODE + 1);
    assert_true(machine_get32(m, m->cpu->state.reg[X86_ESP] + 8) & X86_RF);
    m->cpu->state.halted = 0;
    assert_int_equal(machine_vector_reached(m), -1);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 2);
    machine_free(m);
}

static void a20_wraps(void **state)
{
    (void)state;
    struct machine *m = machine_new(X86_486);
    machine_real(m);
    machine_put32(m, 0x10, 0x11);
    machine_put32(m, 0x100010, 0x22);
    machine_segment(m, X86_DS, 0xffff);
    machine_code(m, CODE, "66 A1 20 00 F4"); // mov eax,[20h]: FFFF:0020 = 100010h
    assert_int_equal(machine_run(m, 10), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x22);
    m->cpu->state.a20 = 0;
    m->cpu->state.halted = 0;
    m->cpu->state.eip = 0;
    x86_flush(m->cpu);
    assert_int_equal(machine_run(m, 10), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.reg[X86_EAX], 0x11);
    machine_free(m);
}

static void models_lack_what_they_lack(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        enum x86_model since;
    } rows[] = {
        {"0F C8", X86_486},                    // bswap eax
        {"0F B1 C8", X86_486},                 // cmpxchg
        {"0F C1 C8", X86_486},                 // xadd
        {"0F 01 3D 00 00 00 00", X86_486},     // invlpg
        {"0F A2", X86_486},                    // cpuid
        {"0F 31", X86_PENTIUM},                // rdtsc
        {"0F 20 E0", X86_PENTIUM},             // mov eax,cr4
        {"0F C7 0D 00 00 03 00", X86_PENTIUM}, // cmpxchg8b
        {"0F 44 C1", X86_P6},                  // cmovz
    };
    for (unsigned i = 0; i < BASE_COUNT(rows); i++)
        for (unsigned model = X86_386; model <= X86_P6; model++) {
            struct machine *m = machine_new((enum x86_model)model);
            machine_protected(m, 0);
            uint32_t end = machine_code(m, CODE, rows[i].code);
            machine_code(m, end, "F4");
            int want = model < rows[i].since ? 6 : -1;
            if (machine_vector_reached(m) != want)
                fail_msg("%s on model %u", rows[i].code, model);
            machine_free(m);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases),
        cmocka_unit_test(faulting_instructions_change_nothing),
        cmocka_unit_test(rep_movs_restarts_where_it_faulted),
        cmocka_unit_test(v86_frame_has_nine_words_and_returns),
        cmocka_unit_test(call_gate_switches_stacks),
        cmocka_unit_test(double_fault),
        cmocka_unit_test(double_fault_through_a_task_gate),
        cmocka_unit_test(triple_fault_shuts_down),
        cmocka_unit_test(iret_to_no_task_is_its_own_fault),
        cmocka_unit_test(accessed_and_dirty_bits),
        cmocka_unit_test(page_table_changes_need_invlpg),
        cmocka_unit_test(four_megabyte_pages),
        cmocka_unit_test(guarded_addresses_cannot_be_written),
        cmocka_unit_test(single_step_traps_after_each_instruction),
        cmocka_unit_test(data_breakpoint_traps_after_the_write),
        cmocka_unit_test(code_breakpoint_faults_once),
        cmocka_unit_test(a20_wraps),
        cmocka_unit_test(models_lack_what_they_lack),
    };
    return cmocka_run_group_tests_name("x86.faults", tests, NULL, NULL);
}
