// Drivers that do what must not be done: the run ends with the reason, the place and the registers.
#include "driver.h"

struct outcome {
    enum vxd_end end;
    char message[512];
    struct collected state;
};

static struct outcome run_body(const char *body)
{
    struct outcome o = {0};
    struct vxd_bytes image = driver_build(body, "");
    struct vxd_machine *m = machine_with(&image);
    vxd_boot(m);
    o.end = vxd_run(m, 1000 * MILLISECOND, BUDGET);
    snprintf(o.message, sizeof o.message, "%s", vxd_end_message(m));
    vxd_describe_state(m, collect, &o.state);
    vxd_machine_free(m);
    vxd_bytes_free(&image);
    return o;
}

static void expect_fault_in_device_init(const char *body, const char *fault)
{
    struct outcome o = run_body(body);
    print_message("%s\n%s", o.message, o.state.text);
    assert_int_equal(o.end, VXD_END_FAULT);
    assert_non_null(strstr(o.message, fault));
    assert_non_null(strstr(o.message, "TESTDRV"));
    collected_free(&o.state);
}

static void endless_loop_ends_at_the_limit(void **state)
{
    (void)state;
    struct outcome o = run_body("again: jmp again");
    assert_int_equal(o.end, VXD_END_LIMIT);
    assert_non_null(strstr(o.message, "TESTDRV_Device_Init (testdrv.asm:9)")); // nearest symbol, file and line
    assert_non_null(strstr(o.state.text, "EIP="));
    collected_free(&o.state);
}

static void division_by_zero(void **state)
{
    (void)state;
    expect_fault_in_device_init("xor ecx, ecx\nxor edx, edx\ndiv ecx\nret", "divide");
}

static void write_through_null(void **state)
{
    (void)state;
    expect_fault_in_device_init("mov dword ptr ds:[0FFFFFFF0h], 1\nret", "page fault");
}

// Linear address 0 is mapped: the interrupt vectors of the current VM. A driver that means them says so.
static void write_through_a_zero_pointer(void **state)
{
    (void)state;
    expect_fault_in_device_init("xor eax, eax\nmov [eax+1Ch], eax\nret", "null pointer");
}

static void jump_to_nowhere(void **state)
{
    (void)state;
    struct outcome o = run_body("mov eax, 0DEAD0000h\ncall eax\nret");
    print_message("%s\n%s", o.message, o.state.text);
    assert_int_equal(o.end, VXD_END_FAULT);
    assert_non_null(strstr(o.message, "page fault"));
    collected_free(&o.state);
}

static void stack_overflow(void **state)
{
    (void)state;
    struct outcome o = run_body("again: push eax\njmp again");
    print_message("%s\n", o.message);
    assert_int_equal(o.end, VXD_END_FAULT);
    collected_free(&o.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_loop_ends_at_the_limit),
        cmocka_unit_test(division_by_zero),
        cmocka_unit_test(write_through_null),
        cmocka_unit_test(write_through_a_zero_pointer),
        cmocka_unit_test(jump_to_nowhere),
        cmocka_unit_test(stack_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
