// Programs made byte by byte: .EXE files with relocations and segments of their own, and programs that jump to where
// only the VMM has business.
#define _XOPEN_SOURCE 700 // mkdtemp, nftw

#include "dos/program.h"

enum { HEADER = 0x40, IMAGE = 0x60 };                 // bytes
enum { DATA = 0, CODE = 2, FAR_CODE = 4, STACK = 6 }; // segments in the image: its paragraphs

static void set_up_empty(struct rig *r)
{
    *r = (struct rig){.program = 0};
    strcpy(r->directory, "/tmp/vxdkit-dos-XXXXXX");
    assert_non_null(mkdtemp(r->directory));
}

static enum vxd_end run_file(struct rig *r, const char *name, const void *bytes, size_t size)
{
    write_file(r->directory, name, bytes, size);
    r->m = machine(r, NULL);
    assert_non_null(r->m);
    vxd_boot(r->m);
    r->program = vxd_start_program(r->m, name, NULL);
    assert_int_not_equal(r->program, 0);
    return vxd_run(r->m, 1000 * MS, 1000000);
}

// Four segments: the code loads DS through one relocation, calls far through another and looks at its stack.
static size_t make_exe(uint8_t *file, uint16_t relocations)
{
    static const uint16_t header[] = {
        0x5A4D, (HEADER + IMAGE) % 512, 1, 0, HEADER / 16, 0x20, 0xFFFF, STACK, 0x200, 0, 0, CODE, 0x1C, 0};
    static const uint16_t places[][2] = {{1, CODE}, {0x12, CODE}, {0, FAR_CODE}}; // the last: a word of the far segment
    static const uint8_t code[] = {
        0xB8, DATA, 0,                    // 00 mov ax, DATA: relocated
        0x8E, 0xD8,                       // 03 mov ds, ax
        0xBA, 0,    0,                    // 05 mov dx, 0
        0xB4, 9,    0xCD, 0x21,           // 08 print
        0x83, 0xFC, 0,                    // 0C cmp sp, 0: never
        0x9A, 2,    0,    FAR_CODE,       // 0F call FAR_CODE:2: relocated
        0,                                //
        0xB8, 5,    0x4C, 0xCD,     0x21, // 14 exit code 5
    };
    static const uint8_t far_code[] = {
        CODE, 0,                         // 00 a segment as data
        0x8C, 0xD0,                      // 02 mov ax, ss
        0x2E, 0x2B, 0x06, 0, 0,          // 04 sub ax, cs:[0]
        0x04, '0',                       // 09 add al, '0'
        0x88, 0xC2, 0xB4, 2, 0xCD, 0x21, // 0B print it
        0xCB,                            // 11 retf
    };
    memset(file, 0, HEADER + IMAGE);
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        base_put16(file + 2 * i, header[i]);
    base_put16(file + 6, relocations);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        base_put16(file + 0x1C + 4 * i, places[i][0]);
        base_put16(file + 0x1E + 4 * i, places[i][1]);
    }
    memcpy(file + HEADER, "moved $", 7);
    memcpy(file + HEADER + 16 * CODE, code, sizeof code);
    memcpy(file + HEADER + 16 * FAR_CODE, far_code, sizeof far_code);
    return HEADER + IMAGE;
}

static void relocations_of_an_exe_are_applied(void **state)
{
    struct rig r;
    uint8_t file[HEADER + IMAGE];
    (void)state;
    set_up_empty(&r);
    assert_int_equal(run_file(&r, "moved.exe", file, make_exe(file, 3)), VXD_END_IDLE);
    assert_int_equal(r.out.size, 7);
    assert_memory_equal(r.out.text, "moved 4", 7); // STACK - CODE
    struct vxd_program_outcome o = vxd_program_outcome(r.m, r.program);
    assert_int_equal(o.how, VXD_PROGRAM_EXIT);
    assert_int_equal(o.exit_code, 5);
    tear_down(&r);
}

// The table reaches beyond the file: DOS does not run it.
static void an_exe_without_its_relocations_is_refused(void **state)
{
    struct rig r;
    uint8_t file[HEADER + IMAGE];
    (void)state;
    set_up_empty(&r);
    (void)run_file(&r, "cut.exe", file, make_exe(file, 0x4000));
    assert_int_equal(vxd_program_outcome(r.m, r.program).progress, VXD_PROGRAM_FAILED);
    tear_down(&r);
}

static void expect_end(const void *program, size_t size, enum vxd_program_end how)
{
    struct rig r;
    set_up_empty(&r);
    enum vxd_end end = run_file(&r, "stray.com", program, size);
    if (end != VXD_END_IDLE)
        fail_msg("end %d: %s", (int)end, vxd_end_message(r.m));
    struct vxd_program_outcome o = vxd_program_outcome(r.m, r.program);
    assert_int_equal(o.progress, VXD_PROGRAM_ENDED);
    assert_int_equal(o.how, how);
    assert_true(vxd_rules_broken(r.m)); // and told
    vxd_shutdown(r.m);
    assert_int_equal(vxd_run(r.m, 2000 * MS, 2000000), VXD_END_SHUTDOWN);
    tear_down(&r);
}

// The run ended with every virtual machine when one program jumped to the break point of nested execution.
static void a_jump_to_the_break_point_of_nesting_ends_its_vm(void **state)
{
    static const uint8_t v86[] = {0xEA, 0x00, 0xC0, 0x00, 0xF0}; // jmp F000:C000
    (void)state;
    expect_end(v86, sizeof v86, VXD_PROGRAM_WITH_VM);
}

// As with other faults of protected-mode applications, DOS ends the program.
static void in_protected_mode_it_ends_the_application(void **state)
{
    static const uint8_t client[] = {
        0xB8, 0x87, 0x16, 0xCD, 0x2F,             // ax = 1687h, int 2Fh
        0x89, 0x3E, 0x50, 0x01,                   // mov [150h], di
        0x8C, 0x06, 0x52, 0x01,                   // mov [152h], es
        0x8C, 0xC8, 0x05, 0x00, 0x10, 0x8E, 0xC0, // es = cs + 1000h: the host's memory
        0x31, 0xC0, 0xFF, 0x1E, 0x50, 0x01,       // xor ax, ax; call far [150h]
        0xEA, 0x00, 0xD1, 0x3B, 0x00,             // jmp 3Bh:D100h
    };
    (void)state;
    expect_end(client, sizeof client, VXD_PROGRAM_EXIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relocations_of_an_exe_are_applied),
        cmocka_unit_test(an_exe_without_its_relocations_is_refused),
        cmocka_unit_test(a_jump_to_the_break_point_of_nesting_ends_its_vm),
        cmocka_unit_test(in_protected_mode_it_ends_the_application),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
