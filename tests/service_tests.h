// Services as drivers in assembly call them: every FOLDER/*.asm is built as retail and as debug driver and
// run, under several seeds too. Lines of the source say what is expected: ";> " is printed (before "done"), ";! " is a
// rule reported, ";end " is part of the message when the driver ends the run; service_driver.h
// has the rest. Then every driver runs with each host allocation refused in turn, and cut by a snapshot.
// The program that includes this says SERVICE_FOLDER, and SERVICE_DEVICES when its machines have more than the VMM.
#ifndef VXDKIT_TESTS_SERVICE_TESTS_H
#define VXDKIT_TESTS_SERVICE_TESTS_H

#include "vmm/service_driver.h"

#include <dirent.h>

enum { FILES = 128, SEEDS = 6 };

static void run_file(const char *name, const char *source, bool debug, uint64_t seed)
{
    static char want[OUTPUT_LIMIT];
    static struct service_run run;
    const struct vmm_config config = config_of(source, seed);
    struct base_buf image;
    build_driver(name, source, debug, &image);
    assert_true(run_driver(&base_heap, &config, &image, &run));
    base_buf_free(&image);
    collect_lines(source, ";end ", want);
    want[strcspn(want, "\n")] = 0;
    if (run.end != (*want ? VMM_END_FAULT : VMM_END_SHUTDOWN) || !strstr(run.message, want))
        fail_msg("%s ended otherwise: %s\n%s", name, run.message, run.printed);
    bool ends = *want;
    collect_lines(source, ";> ", want);
    strcat(want, ends ? "" : "done\n");
    assert_string_equal(run.printed, want);
    collect_lines(source, ";! ", want);
    assert_string_equal(run.rules, want);
}

static void services(void **state)
{
    const char *name = *state;
    char path[512];
    snprintf(path, sizeof path, SERVICE_FOLDER "/%s", name);
    char *source = read_source(path);
    run_file(name, source, false, 0);
    run_file(name, source, true, 0);
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_file(name, source, seed % 2, seed); // other answers where the documentation leaves them free
    free(source);
}

// --- a snapshot in the middle, continued in another machine

static void listen_again(struct vmm *v, struct service_run *run)
{
    assert_non_null(v);
    assert_true(base_sink_listen(vmm_sink(v), run_listen, run));
}

// What the driver prints and breaks when the run is cut after `count` instructions and goes on elsewhere.
static void run_in_two(const struct vmm_config *config, const struct base_buf *image, uint64_t count,
                       struct service_run *run)
{
    struct base_diag diag;
    struct vmm *first = vmm_new(&base_heap, config), *second = vmm_new(&base_heap, config);
    assert_true(first && second && SERVICE_DEVICES(first) && SERVICE_DEVICES(second));
    run->length = run->rules_length = 0;
    run->printed[0] = run->rules[0] = 0;
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    listen_again(first, run);
    listen_again(second, run);
    assert_true(vmm_load_image(first, "test", image->data, image->size, VMM_LOAD_STATIC, &diag));
    vmm_boot(first);
    enum vmm_end end = vmm_run(first, UINT64_C(1000000000), count);
    struct vmm_snapshot *snapshot = vmm_snapshot_take(first);
    assert_non_null(snapshot);
    assert_true(vmm_snapshot_restore(second, snapshot));
    vmm_snapshot_free(snapshot);
    vmm_free(first);
    if (end == VMM_END_LIMIT)
        end = vmm_run(second, UINT64_C(1000000000), UINT64_C(50000000));
    vmm_free(second);
    base_diag_free(&diag);
}

static void snapshots(void **state)
{
    static struct service_run whole, parts;
    const char *name = *state;
    char path[512];
    snprintf(path, sizeof path, SERVICE_FOLDER "/%s", name);
    char *source = read_source(path);
    struct vmm_config config = config_of(source, 0);
    struct base_buf image;
    build_driver(name, source, false, &image);
    run_in_two(&config, &image, UINT64_C(50000000), &whole);
    for (uint64_t count = 50; count < 1000; count += 137) {
        run_in_two(&config, &image, count, &parts);
        assert_string_equal(parts.printed, whole.printed);
        assert_string_equal(parts.rules, whole.rules);
    }
    base_buf_free(&image);
    free(source);
}

// --- host memory refused at every request in turn

struct counter {
    unsigned requests, fail_at; // the n-th request for more memory fails, 0 = none
    long live;
};

static void *failing(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct counter *c = user;
    if (new_size > (ptr ? old_size : 0) && ++c->requests == c->fail_at)
        return NULL;
    c->live += (!ptr && new_size) - (ptr && !new_size);
    if (new_size)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

static void memory_refused(void **state)
{
    static struct service_run run;
    const char *name = *state;
    char path[512];
    snprintf(path, sizeof path, SERVICE_FOLDER "/%s", name);
    char *source = read_source(path);
    struct vmm_config config = config_of(source, 0);
    struct base_buf image;
    build_driver(name, source, false, &image);
    struct counter c = {0};
    const struct base_alloc alloc = {failing, &c};
    assert_true(run_driver(&alloc, &config, &image, &run));
    for (unsigned n = 1, all = c.requests; n <= all; n++) {
        c = (struct counter){.fail_at = n};
        (void)run_driver(&alloc, &config, &image, &run);
        if (c.live)
            fail_msg("%ld blocks leaked after request %u of %u was refused", c.live, n, all);
        bool device_gone = run.end == VMM_END_MISSING && strstr(run.message, "the device is not loaded"); // it refused
        if (run.end != VMM_END_SHUTDOWN && run.end != VMM_END_MEMORY && run.end != VMM_END_FAULT && !device_gone)
            fail_msg("request %u of %u refused: ended with %d: %s", n, all, run.end, run.message);
    }
    base_buf_free(&image);
    free(source);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int service_tests(void)
{
    static char *names[FILES];
    static struct CMUnitTest tests[3 * FILES];
    size_t count = 0;
    DIR *folder = opendir(SERVICE_FOLDER);
    for (struct dirent *entry; folder && (entry = readdir(folder)) && count < FILES;)
        if (strstr(entry->d_name, ".asm"))
            names[count++] = strdup(entry->d_name);
    if (folder)
        closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        tests[i] = (struct CMUnitTest){.name = names[i], .test_func = services, .initial_state = names[i]};
        tests[count + i] =
            (struct CMUnitTest){.name = names[i], .test_func = memory_refused, .initial_state = names[i]};
        tests[2 * count + i] = (struct CMUnitTest){.name = names[i], .test_func = snapshots, .initial_state = names[i]};
    }
    int failed = count && count < FILES ? _cmocka_run_group_tests("services", tests, 3 * count, NULL, NULL) : 1;
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    return failed;
}

#endif
