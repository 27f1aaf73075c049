// Rules that the VMM reports in any build: one driver that breaks each, through the public API, and what the report
// names.
#include "driver.h"

struct reports {
    unsigned count;
    char rule[64], device[16], page[64];
};

static void note(void *user, const struct vxd_record *record)
{
    struct reports *r = user;
    if (record->kind != VXD_RECORD_CHECK)
        return;
    if (r->count++)
        return;
    snprintf(r->rule, sizeof r->rule, "%s", record->u.check.rule);
    snprintf(r->device, sizeof r->device, "%s", record->u.check.device);
    snprintf(r->page, sizeof r->page, "%s", record->u.check.page);
}

// Runs a driver for 200 ms and shuts down; the first report, and whether the machine says that rules were broken.
static struct reports run(const struct vxd_bytes *image)
{
    struct reports r = {0};
    struct vxd_machine *m = machine_with(image);
    assert_true(vxd_observe(m, note, &r));
    vxd_boot(m);
    machine_finish(m, 200 * MILLISECOND);
    assert_int_equal(vxd_rules_broken(m), r.count != 0);
    vxd_machine_free(m);
    return r;
}

static void expect(const char *rule, const char *body, const char *more)
{
    struct vxd_bytes image = driver_build(body, more);
    struct reports r = run(&image);
    vxd_bytes_free(&image);
    assert_string_equal(r.rule, rule);
    assert_string_equal(r.device, "TESTDRV");
    assert_true(r.page[0] != '\0');
}

static void nothing_is_reported_of_a_good_driver(void **state)
{
    (void)state;
    struct vxd_bytes image = driver_build("xor ecx, ecx\nVMMCall Begin_Critical_Section\n"
                                          "VMMCall End_Critical_Section\nclc\nret",
                                          "");
    struct reports r = run(&image);
    vxd_bytes_free(&image);
    assert_int_equal(r.count, 0);
}

static void synchronous_service_at_interrupt_time(void **state)
{
    (void)state;
    expect("synchronous-service", "mov eax, 20\nmov esi, OFFSET32 At_Tick\nVMMCall Set_Async_Time_Out\nclc\nret",
           "BeginProc At_Tick\nVMMCall _HeapAllocate, <16, 0>\nret\nEndProc At_Tick\n");
}

static void init_only_service_called_late(void **state)
{
    (void)state;
    expect("init-only", "mov eax, 20\nmov esi, OFFSET32 Later\nVMMCall Set_Global_Time_Out\nclc\nret",
           "BeginProc Later\nVMMCall _Allocate_Global_V86_Data_Area, <16, 0>\nret\nEndProc Later\n");
}

static void discarded_initialisation_data_touched(void **state)
{
    (void)state;
    expect("discarded-init", "mov eax, 20\nmov esi, OFFSET32 Later\nVMMCall Set_Global_Time_Out\nclc\nret",
           "BeginProc Later\nmov eax, Gone\nret\nEndProc Later\nVxD_LOCKED_CODE_ENDS\n"
           "VxD_IDATA_SEG\nGone dd 5\nVxD_IDATA_ENDS\nVxD_LOCKED_CODE_SEG\n");
}

static void critical_section_held_at_exit(void **state)
{
    (void)state;
    expect("critical-section", "xor ecx, ecx\nVMMCall Begin_Critical_Section\nclc\nret", "");
}

static void nested_execution_not_closed(void **state)
{
    (void)state;
    expect("nested-execution", "VMMCall Begin_Nest_Exec\nclc\nret", "");
}

static void stack_pointer_changed_by_a_callback(void **state)
{
    (void)state;
    expect("callback-stack", "mov eax, 20\nmov esi, OFFSET32 Later\nVMMCall Set_Global_Time_Out\nclc\nret",
           "BeginProc Later\npop eax\nsub esp, 8\npush eax\nret\nEndProc Later\n");
}

static void priority_out_of_range(void **state)
{
    (void)state;
    expect("input-range", "VMMCall Get_Cur_VM_Handle\nmov eax, 7FFFFFFFh\nVMMCall Adjust_Exec_Priority\nclc\nret", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_reported_of_a_good_driver), cmocka_unit_test(synchronous_service_at_interrupt_time),
        cmocka_unit_test(init_only_service_called_late),        cmocka_unit_test(discarded_initialisation_data_touched),
        cmocka_unit_test(critical_section_held_at_exit),        cmocka_unit_test(nested_execution_not_closed),
        cmocka_unit_test(stack_pointer_changed_by_a_callback),  cmocka_unit_test(priority_out_of_range),
    };
    return cmocka_run_group_tests_name("api.rules", tests, NULL, NULL);
}
