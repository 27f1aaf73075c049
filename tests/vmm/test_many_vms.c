// 1,024 virtual machines at once: each has its window and its memory, costs the host less than 64 KB beyond what it
// touched, and leaves nothing behind.
#include "vmm/defs.h"
#include "vmm/service_driver.h"
#include "vmm/v86mem.h"
#include "vmm/window.h"

enum { MANY = 1023, MEGABYTES = 64, PLACE = 0x50000 };

// Makes as many as asked for, and in each touches a page at its high linear address.
static const char maker[] = ".386p\n"
                            "include vmm.inc\n"
                            "Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID\n"
                            "Begin_Control_Dispatch TEST\n"
                            "Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init\n"
                            "End_Control_Dispatch TEST\n"
                            "VxD_LOCKED_CODE_SEG\n"
                            "BeginProc TEST_Sys_VM_Init\n"
                            "        mov     edi, 1023\n"
                            "Make:   mov     eax, Create_VM\n"
                            "        VMMcall System_Control\n"
                            "        jc      Over\n"
                            "        mov     eax, [ebx].CB_High_Linear\n"
                            "        mov     [eax+50000h], ebx\n"
                            "        dec     edi\n"
                            "        jnz     Make\n"
                            "Over:   clc\n"
                            "        ret\n"
                            "EndProc TEST_Sys_VM_Init\n"
                            "VxD_LOCKED_CODE_ENDS\n"
                            "end\n";

static void *counted(void *user, void *ptr, size_t old_size, size_t new_size)
{
    size_t *held = user;
    *held += new_size - old_size;
    if (new_size)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

static void many(void **state)
{
    (void)state;
    size_t held = 0;
    const struct base_alloc alloc = {counted, &held};
    struct vmm_config config;
    struct base_buf image;
    struct base_diag diag;
    vmm_default_config(&config);
    config.ram_megabytes = MEGABYTES;
    build_driver("many", maker, false, &image);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    struct vmm *v = vmm_new(&alloc, &config);
    assert_non_null(v);
    size_t before = held;
    assert_true(vmm_load_image(v, "many", image.data, image.size, VMM_LOAD_STATIC, &diag));
    vmm_boot(v);
    enum vmm_end end = vmm_run(v, UINT64_C(1000000000), UINT64_C(50000000));
    if (end != VMM_END_IDLE && end != VMM_END_TIME)
        fail_msg("%s", vmm_end_message(v));
    assert_int_equal(vmm_table(v, VMM_TABLE_vm)->live, MANY + 1);
    size_t each = (held - before) / MANY;
    if (each > 65536)
        fail_msg("a virtual machine costs %zu bytes of host memory", each);
    for (uint32_t row = 2; row <= MANY + 1; row++) { // nobody's memory is another's
        uint32_t cb = vmm_vm_at(v, row)->cb, high = vmm_peek32(v, cb + KIT_CB_High_Linear);
        assert_int_equal(high, vmm_window(row));
        assert_int_equal(vmm_peek32(v, high + PLACE), cb);
    }
    vmm_shutdown(v);
    end = vmm_run(v, UINT64_MAX, UINT64_C(200000000));
    if (end != VMM_END_SHUTDOWN)
        fail_msg("%s", vmm_end_message(v));
    assert_int_equal(vmm_table(v, VMM_TABLE_vm)->live, 1);
    vmm_free(v);
    assert_int_equal(held, 0);
    base_diag_free(&diag);
    base_buf_free(&image);
}

// Windows do not overlap each other nor the arenas of others, and are found again by address.
static void windows(void **state)
{
    struct vmm_config config;
    uint32_t page, n = 1;
    (void)state;
    vmm_default_config(&config);
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    for (; vmm_window(n); n++) {
        uint32_t at = vmm_window(n), end = at + VMM_V86_PAGES * X86_PAGE_SIZE;
        bool shared = at >= VMM_HIGH_BASE && end <= VMM_HIGH_END;
        assert_true(shared || (at >= VMM_HIGH_BASE_2 && end <= VMM_SYSTEM_END));
        assert_true(n == 1 || at >= vmm_window(n - 1) + VMM_V86_PAGES * X86_PAGE_SIZE);
    }
    assert_true(n > MANY + 1);
    assert_int_equal(vmm_window_vm(v, VMM_HIGH_BASE + 0x12345, &page), v->s.system_vm);
    assert_int_equal(page, 0x12);
    assert_int_equal(vmm_window_vm(v, 0x10FFFF, &page), v->s.system_vm);
    assert_int_equal(vmm_window_vm(v, 0x110000, &page), 0);
    assert_int_equal(vmm_window_vm(v, vmm_window(2), &page), 0); // no such VM
    vmm_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many), cmocka_unit_test(windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
