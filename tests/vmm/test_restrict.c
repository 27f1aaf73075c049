// The restrictions of events: every situation against every flag, in the words of the documentation (spec: events).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/constants.h"
#include "vmm/restrict.h"

static struct vmm_situation situation_of(unsigned bits, int64_t priority)
{
    return (struct vmm_situation){
        .vm_interrupts = bits & 1,
        .thread_interrupts = bits & 2,
        .hardware_interrupt = bits & 4,
        .nested = bits & 8,
        .protected_mode = bits & 16,
        .system_vm = bits & 32,
        .section_free = bits & 64,
        .section_mine = bits & 128,
        .section_outside = bits & 256,
        .priority = priority,
    };
}

static bool met(const struct vmm_situation *s, uint32_t flag)
{
    switch (flag) {
    case KIT_PEF_Wait_For_STI:
        return s->vm_interrupts;
    case KIT_PEF_Wait_For_Thread_STI:
        return s->thread_interrupts;
    case KIT_PEF_Wait_Not_Crit:
        return s->section_free && s->priority < 0x100000;
    case KIT_PEF_Wait_Not_HW_Int:
        return !s->hardware_interrupt && s->priority < 0x400000;
    case KIT_PEF_Wait_Not_Nested_Exec:
        return !s->nested;
    case KIT_PEF_Wait_In_PM:
        return s->protected_mode;
    case KIT_PEF_Wait_Crit:
        return s->section_free || s->section_mine;
    case KIT_PEF_Wait_Crit_VM:
        return s->system_vm && (s->section_free || s->section_mine || s->section_outside);
    default:
        return true;
    }
}

static void every_situation_and_flag(void **state)
{
    (void)state;
    static const int64_t priorities[] = {1, 0xFFFFF, 0x100000, 0x3FFFFF, 0x400000};
    for (unsigned bits = 0; bits < 512; bits++)
        for (size_t p = 0; p < BASE_COUNT(priorities); p++) {
            const struct vmm_situation s = situation_of(bits, priorities[p]);
            uint32_t expected = 0;
            for (unsigned bit = 0; bit < 18; bit++)
                expected |= met(&s, 1u << bit) ? 0 : 1u << bit;
            assert_int_equal(vmm_restrictions_not_met(&s, UINT32_MAX), expected);
            assert_int_equal(vmm_restrictions_not_met(&s, 0), 0);
            for (unsigned bit = 0; bit < 18; bit++)
                assert_int_equal(vmm_restrictions_not_met(&s, 1u << bit), expected & 1u << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_situation_and_flag)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
