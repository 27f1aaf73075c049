// What a debugger that listens does with the machine: drivers see it, can break into it, read what is typed, and their
// queued strings come out on demand.
#include "vmm/debug.h"
#include "vmm/service_driver.h"

static const char driver[] = "include check.inc\n"
                             "Test_Driver\n"
                             "VxD_LOCKED_DATA_SEG\n"
                             "queued db 'queued #EAX #BX', 10, 0\n"
                             "text db 'break', 10, 0\n"
                             "VxD_LOCKED_DATA_ENDS\n"
                             "Begin_Tests\n"
                             " push 1234h\n push 5678ABCDh\n mov esi, OFFSET32 queued\n VMMcall Queue_Debug_String\n"
                             " VMMcall Test_Debug_Installed\n jz None\n Say 'a debugger'\n"
                             "None:\n"
                             " VMMcall Is_Debug_Chr\n jz Nobody\n Say 'somebody types #AL'\n"
                             " VMMcall In_Debug_Chr\n Say 'first #AL'\n"
                             " VMMcall In_Debug_Chr\n Check z, 'Escape does not set ZF'\n Say 'second #AL'\n"
                             "Nobody:\n"
                             " VMMcall In_Debug_Chr\n Check_Eq al, 0, 'a character out of nowhere'\n"
                             " push OFFSET32 text\n VMMcall _Debug_Out_Service\n"
                             "End_Tests\n"
                             "end\n";

static struct service_run run;

static struct vmm *machine(bool debugger)
{
    struct base_buf image;
    struct base_diag diag;
    struct vmm_config config;
    run.length = run.rules_length = 0;
    run.printed[0] = run.rules[0] = 0;
    build_driver("debugger.asm", driver, false, &image);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    vmm_default_config(&config);
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    assert_true(base_sink_listen(vmm_sink(v), run_listen, &run));
    assert_true(vmm_load_image(v, "test", image.data, image.size, VMM_LOAD_STATIC, &diag));
    if (debugger) {
        vmm_debugger_present(v, true);
        vmm_debugger_types(v, (const uint8_t *)"a\x1B", 2);
    }
    vmm_boot(v);
    assert_int_equal(vmm_run(v, 100000000, 10000000), VMM_END_IDLE);
    base_diag_free(&diag);
    base_buf_free(&image);
    return v;
}

static void nobody_listens(void **state)
{
    (void)state;
    struct vmm *v = machine(false);
    assert_string_equal(run.printed, "break\ndone\n");
    assert_false(vmm_debugger_is_present(v));
    assert_false(vmm_debugger_called(v));
    vmm_free(v);
}

static void a_debugger_listens(void **state)
{
    (void)state;
    struct vmm *v = machine(true);
    assert_string_equal(run.printed, "a debugger\nsomebody types 61\nfirst 61\nsecond 1B\nbreak\ndone\n");
    assert_true(vmm_debugger_called(v));
    assert_false(vmm_debugger_called(v)); // told once
    vmm_free(v);
}

static void queued_strings_come_out_once(void **state)
{
    (void)state;
    struct vmm *v = machine(false);
    run.length = 0;
    vmm_print_queued(v);
    assert_string_equal(run.printed, "queued 00001234 ABCD\n");
    run.length = 0;
    run.printed[0] = 0;
    vmm_print_queued(v);
    assert_string_equal(run.printed, "");
    vmm_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_debugger_listens),
        cmocka_unit_test(queued_strings_come_out_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
