// What a driver leaves behind when it is unloaded is reported: nobody frees it on its behalf (Win95 DDK S3507).
#include "vmm/service_driver.h"

static const char driver[] =
    "include check.inc\n"
    "Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order\n"
    "Begin_Control_Dispatch TEST\n"
    "Control_Dispatch Sys_Dynamic_Device_Init, TEST_Run\n"
    "End_Control_Dispatch TEST\n"
    "VxD_LOCKED_DATA_SEG\n"
    "previous dd 0\n"
    "older dd 0\n"
    "VxD_LOCKED_DATA_ENDS\n"
    "VxD_LOCKED_CODE_SEG\n"
    "Handler: ret\n"
    "BeginProc Hook, HOOK_PROC, previous, LOCKED\n"
    " jmp [previous]\n"
    "EndProc Hook\n"
    "BeginProc Newer, HOOK_PROC, older, LOCKED\n"
    " jmp [older]\n"
    "EndProc Newer\n"
    "BeginProc TEST_Run\n"
    "%s\n"
    " stc\n" // refused: unloaded at once
    " ret\n"
    "EndProc TEST_Run\n"
    "VxD_LOCKED_CODE_ENDS\n"
    "end\n";

// The rules reported when a driver does `body` and refuses to stay.
static void left_behind(const char *body, const char *rules)
{
    static struct service_run run;
    char source[4096];
    struct base_buf image;
    struct base_diag diag;
    struct vmm_config config;
    run.rules_length = run.length = 0;
    run.rules[0] = 0;
    snprintf(source, sizeof source, driver, body);
    build_driver("unload.asm", source, false, &image);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    vmm_default_config(&config);
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    assert_true(base_sink_listen(vmm_sink(v), run_listen, &run));
    assert_true(vmm_load_image(v, "test", image.data, image.size, VMM_LOAD_DYNAMIC, &diag));
    vmm_boot(v);
    assert_int_equal(vmm_run(v, 100000000, 10000000), VMM_END_IDLE);
    assert_string_equal(run.rules, rules);
    vmm_free(v);
    base_diag_free(&diag);
    base_buf_free(&image);
}

static void nothing(void **state)
{
    (void)state;
    left_behind("", "");
    left_behind(" VMMcall _HeapAllocate, <100, 0>\n VMMcall _HeapFree, <eax, 0>\n"
                " VMMcall _PageAllocate, <1, PG_SYS, 0, 0, 0, 0, 0, 0>\n VMMcall _PageFree, <eax, 0>\n"
                " VMMcall _MapPhysToLinear, <0B8000h, 100h, 0>\n",
                "");
}

static void memory(void **state)
{
    (void)state;
    left_behind(" VMMcall _HeapAllocate, <100, 0>\n VMMcall _HeapAllocate, <200, 0>\n", "left-behind\n");
    left_behind(" VMMcall _PageAllocate, <1, PG_SYS, 0, 0, 0, 0, 0, 0>\n", "left-behind\n");
    left_behind(" VMMcall _PageReserve, <PR_SYSTEM, 4, 0>\n", "left-behind\n");
    left_behind(" mov eax, 0\n mov ecx, 8\n VMMcall List_Create\n", "left-behind\n");
    left_behind(" VMMcall _Allocate_Device_CB_Area, <4, 0>\n", "left-behind\n");
}

// Win95 DDK S31A8: a chain is walked through the preambles, so a hook behind another one is found too.
static void hooks_wherever_they_stand(void **state)
{
    (void)state;
    left_behind(" mov eax, 5\n mov esi, OFFSET32 Hook\n VMMcall Hook_V86_Fault\n", "left-behind\n");
    left_behind(
        " GetVxDServiceOrdinal eax, Set_Time_Slice_Granularity\n mov esi, OFFSET32 Hook\n VMMcall Hook_Device_Service\n"
        " GetVxDServiceOrdinal eax, Set_Time_Slice_Granularity\n mov esi, OFFSET32 Newer\n VMMcall "
        "Hook_Device_Service\n",
        "left-behind\nleft-behind\n");
}

static void ways_into_its_code(void **state)
{
    (void)state;
    left_behind(" mov edx, 3E8h\n mov esi, OFFSET32 Handler\n VMMcall Install_IO_Handler\n", "left-behind\n");
    left_behind(" mov eax, 0B0h\n mov esi, OFFSET32 Handler\n VMMcall Hook_V86_Page\n", "left-behind\n");
    left_behind(
        " GetVxDServiceOrdinal eax, Get_Sys_VM_Handle\n mov esi, OFFSET32 Handler\n VMMcall Hook_Device_Service\n",
        "left-behind\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(memory),
        cmocka_unit_test(ways_into_its_code),
        cmocka_unit_test(hooks_wherever_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
