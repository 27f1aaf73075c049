// Random bytes as V86 programs: the VM that runs them crashes, waits or runs on, and nothing else happens to the
// machine: it goes on to an orderly shutdown.
#include "vmm/defs.h"
#include "vmm/service_driver.h"

enum { PROGRAMS = 150, BYTES = 0x1000, PLACE = 0x80000, COUNT = 300000 };

static const char maker[] = ".386p\n"
                            "include vmm.inc\n"
                            "Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID\n"
                            "Begin_Control_Dispatch TEST\n"
                            "Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init\n"
                            "End_Control_Dispatch TEST\n"
                            "VxD_LOCKED_CODE_SEG\n"
                            "BeginProc Handler\n"
                            "        Emulate_Non_Byte_IO\n"
                            "        mov     al, 5Ah\n"
                            "        ret\n"
                            "EndProc Handler\n"
                            "BeginProc Hook\n"
                            "        stc\n"
                            "        ret\n"
                            "EndProc Hook\n"
                            "BeginProc TEST_Sys_VM_Init\n"
                            "        mov     edx, 0\n"
                            "Ports:  mov     esi, OFFSET32 Handler\n"
                            "        VMMcall Install_IO_Handler\n"
                            "        add     edx, 3\n"
                            "        cmp     edx, 400h\n"
                            "        jb      Ports\n"
                            "        mov     eax, 0\n"
                            "Ints:   mov     esi, OFFSET32 Hook\n"
                            "        VMMcall Hook_V86_Int_Chain\n"
                            "        add     eax, 2\n"
                            "        cmp     eax, 100h\n"
                            "        jb      Ints\n"
                            "        mov     eax, Create_VM\n"
                            "        VMMcall System_Control\n"
                            "        jc      Over\n"
                            "        mov     ebp, [ebx].CB_Client_Pointer\n"
                            "        mov     [ebp].Client_CS, 8000h\n"
                            "        mov     [ebp].Client_EIP, 100h\n"
                            "        mov     [ebp].Client_DS, 8000h\n"
                            "        mov     [ebp].Client_ES, 8000h\n"
                            "        mov     [ebp].Client_SS, 8000h\n"
                            "        mov     [ebp].Client_ESP, 0FFFEh\n"
                            "        VMMcall Get_Time_Slice_Priority\n"
                            "        or      eax, VMStat_Background\n"
                            "        VMMcall Set_Time_Slice_Priority\n"
                            "Over:   clc\n"
                            "        ret\n"
                            "EndProc TEST_Sys_VM_Init\n"
                            "VxD_LOCKED_CODE_ENDS\n"
                            "end\n";

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

// What the monitor handles comes often, prefixes and all.
static void fill(uint8_t *program, uint64_t seed)
{
    static const uint8_t often[] = {0x66, 0x67, 0xF3, 0xF2, 0x26, 0x6C, 0x6D, 0x6E, 0x6F, 0x9C, 0x9D, 0xCC, 0xCD,
                                    0xCE, 0xCF, 0xE4, 0xE5, 0xE6, 0xE7, 0xEC, 0xED, 0xEE, 0xEF, 0xF4, 0xFA, 0xFB,
                                    0x63, 0x0F, 0x8E, 0x17, 0x1F, 0xCB, 0xEA, 0x9A, 0xFF, 0xFC, 0xFD, 0x90};
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (uint32_t i = 0; i < BYTES; i++) {
        uint32_t r = next_random(&state);
        program[i] = r & 0x300 ? often[r % sizeof often] : (uint8_t)(r >> 12);
    }
}

static void run_program(const struct base_buf *image, uint64_t seed, unsigned *ends)
{
    struct vmm_config config;
    struct base_diag diag;
    uint8_t program[BYTES];
    vmm_default_config(&config);
    config.seed = seed;
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    assert_true(vmm_load_image(v, "garbage", image->data, image->size, VMM_LOAD_STATIC, &diag));
    vmm_boot(v);
    while (!v->s.booted) // the VM exists, but has not run a single instruction
        if (vmm_run(v, UINT64_MAX, v->cpu->state.count + 1) != VMM_END_LIMIT)
            fail_msg("%s", vmm_end_message(v));
    fill(program, seed);
    assert_true(vmm_store(v, vmm_peek32(v, vmm_vm_at(v, 2)->cb + KIT_CB_High_Linear) + PLACE, program, BYTES));
    enum vmm_end end = vmm_run(v, UINT64_C(1000000000), COUNT);
    ends[end]++;
    if (end == VMM_END_IDLE || end == VMM_END_TIME || end == VMM_END_LIMIT) {
        vmm_shutdown(v);
        end = vmm_run(v, UINT64_MAX, v->cpu->state.count + 20 * COUNT);
        if (end != VMM_END_SHUTDOWN)
            fail_msg("program %llu: no shutdown: %d %s", (unsigned long long)seed, (int)end, vmm_end_message(v));
    } else if (end != VMM_END_MISSING) {
        fail_msg("program %llu: %d %s", (unsigned long long)seed, (int)end, vmm_end_message(v));
    }
    vmm_free(v);
    base_diag_free(&diag);
}

static void garbage(void **state)
{
    struct base_buf image;
    unsigned ends[16] = {0};
    (void)state;
    build_driver("garbage", maker, false, &image);
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++)
        run_program(&image, seed, ends);
    base_buf_free(&image);
    print_message("idle %u, time %u, limit %u, missing %u\n", ends[VMM_END_IDLE], ends[VMM_END_TIME],
                  ends[VMM_END_LIMIT], ends[VMM_END_MISSING]);
    assert_true(ends[VMM_END_IDLE] + ends[VMM_END_TIME] + ends[VMM_END_LIMIT] > PROGRAMS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(garbage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
