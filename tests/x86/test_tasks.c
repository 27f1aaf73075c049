// Hardware task switches (SDM 3, chapter 7): what the old task's segment keeps, what the new one brings, links and busy
// bits, and whose fault each wrong thing is.
#include "machine.h"

enum {
    TASK = 0x7000, // the task that is switched to
    OTHER = 0x9000,
    STACK = 0x24000,
    SEL_TASK_GATE = 0x8b,
    SEL_TASK16 = 0x90,
    CARRY = 1,
    NT = 0x4000,
    BUSY = 0x200
};

static uint32_t access_of(struct machine *m, unsigned selector)
{
    return machine_get32(m, GDT + (selector & ~7u) + 4);
}

static void put_task(struct machine *m, unsigned cs, unsigned data, uint32_t eflags)
{
    machine_put32(m, TASK + 0x1c, PAGES);
    machine_put32(m, TASK + 0x20, OTHER);
    machine_put32(m, TASK + 0x24, eflags);
    for (unsigned i = 0; i < 8; i++)
        machine_put32(m, TASK + 0x28 + 4 * i, i == X86_ESP ? STACK : 0x11110000u * (i + 1));
    for (unsigned seg = 0; seg < 6; seg++)
        machine_put32(m, TASK + 0x48 + 4 * seg, seg == X86_CS ? cs : data);
    machine_put32(m, TASK + 0x60, SEL_LDT);
}

static void put_narrow_task(struct machine *m)
{
    const uint16_t words[] = {0, 0, 0,      0, 0, 0, 0,         OTHER,     2 | CARRY, 1,         2,
                              3, 4, 0x4000, 6, 7, 8, SEL_DATA0, SEL_CODE0, SEL_DATA0, SEL_DATA0, SEL_LDT};
    for (unsigned i = 0; i < BASE_COUNT(words); i++)
        machine_put(m, TASK + 2 * i, (uint8_t[]){(uint8_t)words[i], (uint8_t)(words[i] >> 8)}, 2);
}

static struct machine *machine_with_task(unsigned ring)
{
    struct machine *m = machine_new(X86_486);
    machine_descriptor(m, GDT, SEL_TSS2, TASK, 0x67, 0x89, 0);
    machine_descriptor(m, GDT, SEL_TASK16, TASK, 0x2b, 0x81, 0);
    machine_put32(m, GDT + (SEL_TASK_GATE & ~7u), SEL_TSS2 << 16);
    machine_put32(m, GDT + (SEL_TASK_GATE & ~7u) + 4, 0xe500);
    put_task(m, SEL_CODE0, SEL_DATA0, 2 | CARRY);
    machine_protected(m, ring);
    machine_code(m, OTHER, "F4");
    return m;
}

static void runs_to(struct machine *m, uint32_t eip)
{
    assert_int_equal(machine_run(m, 1000), X86_STOP_HALT);
    assert_int_equal(m->cpu->state.eip, eip);
}

static void task_is_there(struct machine *m)
{
    const struct x86_state *s = &m->cpu->state;
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(s->reg[i], i == X86_ESP ? STACK : 0x11110000u * (i + 1));
    assert_int_equal(s->seg[X86_TR].selector, SEL_TSS2);
    assert_int_equal(s->seg[X86_LDTR].selector, SEL_LDT);
    assert_int_equal(s->seg[X86_FS].selector, SEL_DATA0);
    assert_true(s->cr0 & 8);
    assert_true(s->eflags & CARRY);
}

static void jump_leaves_the_old_task_free(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    machine_code(m, CODE, "31 C0 B8 78 56 34 12 EA 00 00 00 00 70 00 F4");
    runs_to(m, OTHER + 1);
    task_is_there(m);
    assert_int_equal(m->cpu->state.cr3, 0); // without paging it stays
    assert_false(m->cpu->state.eflags & NT);
    assert_false(access_of(m, SEL_TSS) & BUSY);
    assert_true(access_of(m, SEL_TSS2) & BUSY);
    assert_int_equal(machine_get32(m, TASK) & 0xffff, 0);
    assert_int_equal(machine_get32(m, TSS + 0x20), CODE + 14);
    assert_int_equal(machine_get32(m, TSS + 0x24), 0x46);
    assert_int_equal(machine_get32(m, TSS + 0x28), 0x12345678);
    assert_int_equal(machine_get32(m, TSS + 0x38), STACK0 - 0x100);
    assert_int_equal(machine_get32(m, TSS + 0x4c), SEL_CODE0);
    assert_int_equal(machine_get32(m, TSS + 0x54), SEL_DATA0);
    machine_free(m);
}

static void paging_changes_with_the_task(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    machine_paging(m);
    machine_put32(m, PAGES + 0x2000, (PAGES + 0x1000) | 7);
    machine_put32(m, TASK + 0x1c, PAGES + 0x2000);
    machine_code(m, CODE, "EA 00 00 00 00 70 00");
    runs_to(m, OTHER + 1);
    assert_int_equal(m->cpu->state.cr3, PAGES + 0x2000);
    machine_free(m);
}

static void call_and_iret(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    machine_code(m, CODE, "BB 05 00 00 00 F9 9A 00 00 00 00 70 00 F4"); // stc; call
    machine_code(m, OTHER, "B8 01 00 00 00 9C 5A CF 41 F4");            // pushf; pop edx; iret; inc ecx; hlt
    runs_to(m, CODE + 14);
    const struct x86_state *s = &m->cpu->state;
    assert_int_equal(s->reg[X86_EBX], 5);
    assert_int_equal(s->reg[X86_ESP], STACK0 - 0x100);
    assert_true(s->eflags & CARRY);
    assert_int_equal(s->seg[X86_TR].selector, SEL_TSS);
    assert_true(access_of(m, SEL_TSS) & BUSY);
    assert_false(access_of(m, SEL_TSS2) & BUSY);
    assert_int_equal(machine_get32(m, TASK) & 0xffff, SEL_TSS);
    assert_int_equal(machine_get32(m, TASK + 0x20), OTHER + 8); // where the next call goes on
    assert_int_equal(machine_get32(m, TASK + 0x28), 1);
    assert_true(machine_get32(m, TASK + 0x30) & NT);
    assert_false(machine_get32(m, TASK + 0x24) & NT);
    machine_free(m);
}

static void gate_from_ring_3(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(3);
    machine_code(m, CODE, "9A 00 00 00 00 8B 00 CD 30");
    machine_code(m, OTHER, "CF");
    assert_int_equal(machine_vector_reached(m), 0x30);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP] + 4), SEL_CODE3);
    machine_free(m);
}

static void interrupt_through_a_gate(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(3);
    machine_idt(m, 0x41, SEL_TSS2, 0, 0xe5);
    machine_code(m, CODE, "31 C0 CD 41 CD 30");
    machine_code(m, OTHER, "83 3C 24 00 CF"); // reads its own stack: no error code
    machine_put32(m, STACK, 0x77);
    assert_int_equal(machine_vector_reached(m), 0x30);
    assert_int_equal(machine_get32(m, TASK + 0x38), STACK);
    assert_true(m->cpu->state.eflags & 0x40); // ZF of the old task
    machine_free(m);
}

// A fault is restarted, so its image has RF set; the error code is on the new task's stack.
static void fault_through_a_gate(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(3);
    machine_idt(m, 13, SEL_TSS2, 0, 0x85);
    machine_code(m, CODE, "66 BB 10 00 8E DB");
    runs_to(m, OTHER + 1);
    assert_int_equal(machine_get32(m, STACK - 4), 0x10);
    assert_int_equal(m->cpu->state.reg[X86_ESP], STACK - 4);
    assert_int_equal(machine_get32(m, TSS + 0x20), CODE + 4);
    assert_true(machine_get32(m, TSS + 0x24) & X86_RF);
    machine_free(m);
}

static void narrow_segment(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    put_narrow_task(m);
    machine_code(m, CODE, "BB 05 00 01 00 9A 00 00 00 00 90 00 F4");
    machine_code(m, OTHER, "40 F4 CF");
    runs_to(m, OTHER + 2);
    const struct x86_state *s = &m->cpu->state;
    assert_int_equal(s->reg[X86_EAX], 0xffff0002);
    assert_int_equal(s->reg[X86_EDI], 0xffff0008);
    assert_int_equal(s->seg[X86_FS].selector, 0);
    assert_int_equal(s->eflags & (NT | CARRY), NT | CARRY);
    m->cpu->state.halted = 0;
    runs_to(m, CODE + 13);
    assert_int_equal(m->cpu->state.reg[X86_EBX], 0x10005); // the 386 segment kept it whole
    assert_int_equal(machine_get32(m, TASK + 0x0e) & 0xffff, OTHER + 3);
    assert_int_equal(machine_get32(m, TASK + 0x12) & 0xffff, 2);
    assert_int_equal(machine_get32(m, TASK) & 0xffff, SEL_TSS);
    assert_int_equal(access_of(m, SEL_TASK16) & 0x1f00, 0x100);
    machine_free(m);
}

static void task_of_v86_mode(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    put_task(m, OTHER >> 4, 0x2000, 2 | X86_VM);
    machine_put32(m, TASK + 0x20, 0);
    machine_put32(m, TASK + 0x38, 0x1000);
    machine_put32(m, TASK + 4, STACK0);
    machine_put32(m, TASK + 8, SEL_DATA0);
    machine_code(m, CODE, "EA 00 00 00 00 70 00");
    machine_code(m, OTHER, "FA"); // cli is the monitor's
    assert_int_equal(machine_vector_reached(m), 13);
    assert_int_equal(machine_get32(m, STACK0 - 4), 0x2000); // GS
    assert_int_equal(machine_get32(m, STACK0 - 32), OTHER >> 4);
    assert_int_equal(machine_get32(m, STACK0 - 36), 0);
    machine_free(m);
}

static void debug_trap_of_the_new_task(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    machine_put32(m, TASK + 0x64, 1);
    m->cpu->state.dr[7] = 0x3aa | 0x155;
    machine_code(m, CODE, "EA 00 00 00 00 70 00");
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), OTHER); // before its first instruction
    assert_int_equal(m->cpu->state.dr[6] & 0xe00f, 0x8000);
    assert_int_equal(m->cpu->state.dr[7] & 0x3ff, 0x2aa); // local breakpoints are the old task's
    machine_free(m);
}

static void single_step_is_the_new_tasks(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    put_task(m, SEL_CODE0, SEL_DATA0, 2 | X86_TF);
    machine_code(m, CODE, "EA 00 00 00 00 70 00");
    machine_code(m, OTHER, "90 90 F4");
    assert_int_equal(machine_vector_reached(m), 1);
    assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), OTHER + 1);
    machine_free(m);
}

// --- faults

enum whose { OLD, NEW };
struct wrong {
    const char *name;
    void (*change)(struct machine *m);
    int vector, error;
    enum whose whose;
    const char *code; // NULL: CALL SEL_TSS2
};

static void busy(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_TSS2, TASK, 0x67, 0x8b, 0);
}
static void absent(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_TSS2, TASK, 0x67, 0x09, 0);
}
static void too_short(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_TSS2, TASK, 0x66, 0x89, 0);
}
static void too_short16(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_TASK16, TASK, 0x2a, 0x81, 0);
}
static void bad_link(struct machine *m)
{
    machine_put32(m, TSS, SEL_TSS2);
    m->cpu->state.eflags |= NT;
}
static void gate_to_ldt(struct machine *m)
{
    machine_put32(m, GDT + (SEL_TASK_GATE & ~7u), (SEL_TSS2 | 4u) << 16);
}
static void absent_gate(struct machine *m)
{
    machine_put32(m, GDT + (SEL_TASK_GATE & ~7u) + 4, 0x6500);
}
static void old_too_short(struct machine *m)
{
    m->cpu->state.seg[X86_TR].limit = 0x50;
}
static void ring3_code(struct machine *m)
{
    machine_put32(m, TASK + 0x4c, SEL_CODE3 & ~3u);
}
static void data_as_code(struct machine *m)
{
    machine_put32(m, TASK + 0x4c, SEL_DATA0);
}
static void null_stack(struct machine *m)
{
    machine_put32(m, TASK + 0x50, 0);
}
static void absent_stack(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_ABSENT & ~3, DATA, 0xfff, 0x13, 4);
    machine_put32(m, TASK + 0x50, SEL_ABSENT & ~3);
}
static void absent_data(struct machine *m)
{
    machine_put32(m, TASK + 0x54, SEL_ABSENT & ~3);
}
static void bad_data(struct machine *m)
{
    machine_put32(m, TASK + 0x5c, 0x1ff8);
}
static void bad_ldt(struct machine *m)
{
    machine_put32(m, TASK + 0x60, SEL_DATA0);
}
static void absent_ldt(struct machine *m)
{
    machine_descriptor(m, GDT, SEL_LDT, GDT + 0x800, 0x7f, 0x02, 0);
}
static void eip_past_limit(struct machine *m)
{
    machine_put32(m, TASK + 0x4c, SEL_CODE16);
    machine_put32(m, TASK + 0x20, 0x10000);
}

static const struct wrong wrongs[] = {
    {"busy", busy, 13, SEL_TSS2, OLD, NULL},
    {"absent", absent, 11, SEL_TSS2, OLD, NULL},
    {"short", too_short, 10, SEL_TSS2, OLD, NULL},
    {"short 286", too_short16, 10, SEL_TASK16, OLD, "9A 00 00 00 00 90 00"},
    {"old one short", old_too_short, 10, SEL_TSS, OLD, NULL},
    {"link to a free task", bad_link, 10, SEL_TSS2, OLD, "CF"},
    {"gate to the LDT", gate_to_ldt, 13, SEL_TSS2 | 4, OLD, "9A 00 00 00 00 8B 00"},
    {"absent gate", absent_gate, 11, SEL_TASK_GATE & ~3, OLD, "EA 00 00 00 00 8B 00"},
    {"RPL too high", absent_gate, 13, SEL_TSS2, OLD, "9A 00 00 00 00 73 00"},
    {"code of another ring", ring3_code, 10, SEL_CODE3 & ~3, NEW, NULL},
    {"data as code", data_as_code, 10, SEL_DATA0, NEW, NULL},
    {"data absent", absent_data, 11, SEL_ABSENT & ~3, NEW, NULL},
    {"data past the table", bad_data, 10, 0x1ff8, NEW, NULL},
    {"LDT no LDT", bad_ldt, 10, SEL_DATA0, NEW, NULL},
    {"LDT absent", absent_ldt, 10, SEL_LDT, NEW, NULL},
    {"EIP past the limit", eip_past_limit, 13, 0, NEW, NULL},
    {"null stack", null_stack, 10, 0, NEW, NULL},
    {"absent stack", absent_stack, 12, SEL_ABSENT & ~3, NEW, NULL},
};

// The handlers of what a new task does wrong are a task of their own: there may be no stack to push to.
static void check(const struct wrong *w)
{
    const uint32_t tss = 0x6000;
    struct machine *m = machine_with_task(0);
    w->change(m);
    machine_code(m, CODE, w->code ? w->code : "9A 00 00 00 00 70 00");
    if (w->whose == OLD) {
        if (machine_vector_reached(m) != w->vector)
            fail_msg("%s: another vector", w->name);
        assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP]), w->error);
        assert_int_equal(machine_get32(m, m->cpu->state.reg[X86_ESP] + 4), CODE);
        assert_int_equal(m->cpu->state.seg[X86_TR].selector, SEL_TSS);
        machine_free(m);
        return;
    }
    machine_descriptor(m, GDT, 0xa0, tss, 0x67, 0x89, 0);
    machine_idt(m, (unsigned)w->vector, 0xa0, 0, 0x85);
    machine_put32(m, tss + 0x20, OTHER + 0x100);
    machine_put32(m, tss + 0x38, STACK + 0x1000);
    for (unsigned seg = 0; seg < 6; seg++)
        machine_put32(m, tss + 0x48 + 4 * seg, seg == X86_CS ? SEL_CODE0 : SEL_DATA0);
    machine_code(m, OTHER + 0x100, "F4");
    if (machine_run(m, 100) != X86_STOP_HALT || m->cpu->state.eip != OTHER + 0x101)
        fail_msg("%s: at %x", w->name, (unsigned)m->cpu->state.eip);
    if (machine_get32(m, STACK + 0xffc) != (uint32_t)w->error)
        fail_msg("%s: error %x", w->name, machine_get32(m, STACK + 0xffc));
    assert_int_equal(machine_get32(m, tss) & 0xffff, SEL_TSS2); // it happened in the new task
    assert_int_equal(machine_get32(m, TASK + 0x20), w->change == eip_past_limit ? 0x10000 : OTHER);
    machine_free(m);
}

static void wrong_tasks(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(wrongs); i++)
        check(&wrongs[i]);
}

// A page of the new segment that is absent: nothing has been saved yet, and the switch can be repeated.
static void page_fault_comes_before_anything(void **state)
{
    (void)state;
    struct machine *m = machine_with_task(0);
    machine_paging(m);
    machine_set_pte(m, TASK, 0);
    machine_code(m, CODE, "9A 00 00 00 00 70 00 F4");
    machine_code(m, HANDLERS + 16 * 14, "0F 0B");
    machine_code(m, HANDLERS + 16 * 6, "F4");
    assert_int_equal(machine_vector_reached(m), 6);
    assert_int_equal(m->cpu->state.cr2, TASK + 0x20);
    assert_int_equal(m->cpu->state.seg[X86_TR].selector, SEL_TSS);
    assert_int_equal(machine_get32(m, TSS + 0x20), 0);
    assert_false(access_of(m, SEL_TSS2) & BUSY);
    machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jump_leaves_the_old_task_free),
        cmocka_unit_test(paging_changes_with_the_task),
        cmocka_unit_test(call_and_iret),
        cmocka_unit_test(gate_from_ring_3),
        cmocka_unit_test(interrupt_through_a_gate),
        cmocka_unit_test(fault_through_a_gate),
        cmocka_unit_test(narrow_segment),
        cmocka_unit_test(task_of_v86_mode),
        cmocka_unit_test(debug_trap_of_the_new_task),
        cmocka_unit_test(single_step_is_the_new_tasks),
        cmocka_unit_test(wrong_tasks),
        cmocka_unit_test(page_fault_comes_before_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
