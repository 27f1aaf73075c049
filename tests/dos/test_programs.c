// DOS programs in assembly (tests/dos/programs), one for each part of BIOS and DOS. They check what they get and print
// what does not hold; all they print is compared with the file of their name. Each also runs with the machine taken
// apart and put together again in the middle, and with an allocator that refuses.
#define _XOPEN_SOURCE 700 // mkdtemp, nftw

#include "dos/program.h"

#include "failing_alloc.h"

static const char *const keys[] = {"a", "F1",    "Shift+b", "Enter", "Up", "x", "Backspace",
                                   "y", "Enter", "Ctrl+z",  "Enter", "q",  NULL};

static const char *const late[] = {"Shift", "Shift", "Shift", "Shift", "k", NULL};

static const char *const breaks[] = {"Ctrl+c", "x", "Ctrl+c", "Ctrl+c", NULL};

static const char *const typed[] = {"a", "x",     "y", "Backspace", "z",      "Enter",
                                    "k", "Enter", "r", "Enter",     "Ctrl+c", NULL};

static const char *const many[] = {"Ctrl+c", "Ctrl+Break", "Ctrl+c", "Ctrl+c", "y", "Ctrl+c", NULL};

static const struct program programs[] = {
    {"irqapi", NULL, false, 0, VXD_PROGRAM_EXIT},       {"irq", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"vds", NULL, false, 0, VXD_PROGRAM_EXIT}, // INT 4Bh
    {"memory", NULL, false, 0, VXD_PROGRAM_EXIT},       {"files", NULL, false, 7, VXD_PROGRAM_EXIT},
    {"dirs", NULL, false, 0, VXD_PROGRAM_EXIT},         {"exec", NULL, false, 3, VXD_PROGRAM_EXIT},
    {"video", NULL, false, 0, VXD_PROGRAM_EXIT},        {"clock", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"vectors", NULL, false, 0xFF, VXD_PROGRAM_ERROR},  {"keys", keys, false, 0, VXD_PROGRAM_EXIT},
    {"input", NULL, true, 0, VXD_PROGRAM_EXIT},         {"fcb", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"resident", NULL, false, 5, VXD_PROGRAM_RESIDENT}, {"break", breaks, false, 0, VXD_PROGRAM_CTRL_C},
    {"output", late, false, 0, VXD_PROGRAM_EXIT},       {"x87", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"x87_pm", NULL, false, 0, VXD_PROGRAM_EXIT},       {"tables", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"ems", NULL, false, 0, VXD_PROGRAM_EXIT},          {"break2", many, false, 0, VXD_PROGRAM_CTRL_C},
    {"xms", NULL, false, 0, VXD_PROGRAM_EXIT},          {"pm_files", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"screen", NULL, false, 0, VXD_PROGRAM_EXIT},       {"critical", NULL, false, 0, VXD_PROGRAM_ERROR},
    {"echo", typed, false, 0, VXD_PROGRAM_EXIT},        {"windows", NULL, false, 0, VXD_PROGRAM_EXIT},
    {"dates", NULL, false, 0, VXD_PROGRAM_EXIT},
};

static void expect(struct rig *r, const struct program *p, enum vxd_end end)
{
    char path[128];
    struct vxd_bytes wanted;
    snprintf(path, sizeof path, "tests/dos/programs/%s.out", p->name);
    if (end != VXD_END_IDLE)
        fail_msg("%s: end %d, %s", p->name, (int)end, vxd_end_message(r->m));
    assert_int_equal(vxd_read_file(path, &wanted, (struct vxd_messages){driver_message, NULL}), VXD_OK);
    if (r->out.size != wanted.size || memcmp(r->out.text, wanted.data, wanted.size) != 0)
        fail_msg("%s printed:\n%s", p->name, r->out.text ? r->out.text : "nothing");
    vxd_bytes_free(&wanted);
    struct vxd_program_outcome o = vxd_program_outcome(r->m, r->program);
    assert_int_equal(o.progress, VXD_PROGRAM_ENDED);
    assert_int_equal(o.how, p->how);
    assert_int_equal(o.exit_code, p->exit_code);
    assert_false(vxd_rules_broken(r->m));
}

static void programs_print_what_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct rig r;
        set_up(&r, &programs[i]);
        assert_true(begin(&r, &programs[i], NULL));
        expect(&r, &programs[i], vxd_run(r.m, 60000 * MS, 20000000));
        tear_down(&r);
    }
}

// Every `step` instructions the machine goes on as a snapshot in another one. Steps grow, so that clock.asm's waiting
// does not take for ever.
static void snapshots_in_the_middle_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct rig r;
        set_up(&r, &programs[i]);
        assert_true(begin(&r, &programs[i], NULL));
        enum vxd_end end = VXD_END_LIMIT;
        for (uint64_t step = 211; end == VXD_END_LIMIT; step += step / 16) {
            struct vxd_snapshot *s = vxd_snapshot_take(r.m);
            assert_non_null(s);
            vxd_machine_free(r.m);
            r.m = machine(&r, NULL);
            assert_non_null(r.m);
            assert_true(vxd_snapshot_restore(r.m, s));
            vxd_snapshot_free(s);
            end = vxd_run(r.m, 60000 * MS, vxd_instructions(r.m) + step);
        }
        expect(&r, &programs[i], end);
        tear_down(&r);
    }
}

static size_t give_zeros(void *user, uint64_t offset, void *to, size_t size)
{
    (void)user;
    (void)offset;
    memset(to, 0, size);
    return size;
}

// AH=0Ah took characters for ever when standard input had neither a line's end nor an end of its own.
static void line_without_end_is_ended_by_the_limit(void **state)
{
    (void)state;
    const struct program p = {.name = "input"};
    struct rig r;
    set_up(&r, &p);
    r.m = machine(&r, NULL);
    vxd_provide_input(r.m, give_zeros, NULL);
    vxd_boot(r.m);
    assert_int_not_equal(vxd_start_program(r.m, "input.com", NULL), 0);
    assert_int_equal(vxd_run(r.m, 60000 * MS, 1000000), VXD_END_LIMIT);
    tear_down(&r);
}

static void *failing(void *user, void *ptr, size_t old_size, size_t new_size)
{
    return failing_alloc_fn(user, ptr, old_size, new_size);
}

// Whatever the n-th request is that the host refuses: the run ends with a reason, and nothing is lost.
static void every_refused_allocation_is_survived(void **state)
{
    (void)state;
    static const struct program *const some[] = {&programs[1], &programs[2], &programs[3]};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct rig r;
        set_up(&r, some[i]);
        bool refused = true;
        for (long n = 0; refused; n += 1 + n / 24) {
            struct failing_alloc f = {.left = n};
            struct vxd_config config;
            vxd_default_config(&config);
            config.allocate = failing;
            config.allocate_user = &f;
            if (begin(&r, some[i], &config))
                (void)vxd_run(r.m, 60000 * MS, 20000000);
            vxd_machine_free(r.m);
            r.m = NULL;
            assert_int_equal(f.held, 0);
            refused = f.refused;
        }
        tear_down(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_print_what_they_should),
        cmocka_unit_test(snapshots_in_the_middle_change_nothing),
        cmocka_unit_test(line_without_end_is_ended_by_the_limit),
        cmocka_unit_test(every_refused_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
