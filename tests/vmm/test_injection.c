// Interrupts at random boundaries of instructions, as dense as every other one, change nothing of what the service
// drivers compute (tests/inject.h). VXDKIT_SEED=n repeats one seed.
#include "inject.h"

static uint64_t injection_seed;
static uint32_t mean, injected;

static bool begin_injecting(struct vmm *v)
{
    inject_begin(v, injection_seed, mean, 20000);
    return true;
}

#define SERVICE_DEVICES(v)  begin_injecting(v)
#define SERVICE_RUN_OVER(v) (injected += inject_end(v))
#include "vmm/service_driver.h"

#include <dirent.h>

static void run_one(const char *name)
{
    static char want[OUTPUT_LIMIT];
    static struct service_run run;
    char path[512];
    snprintf(path, sizeof path, "tests/vmm/services/%s", name);
    char *source = read_source(path);
    const struct vmm_config config = config_of(source, 0);
    struct base_buf image;
    build_driver(name, source, injection_seed % 2, &image);
    assert_true(run_driver(&base_heap, &config, &image, &run));
    base_buf_free(&image);
    collect_lines(source, ";end ", want);
    want[strcspn(want, "\n")] = 0;
    if (run.end != (*want ? VMM_END_FAULT : VMM_END_SHUTDOWN) || !strstr(run.message, want))
        fail_msg("%s, seed %llu, every %u: ended otherwise: %s\n%s", name, (unsigned long long)injection_seed, mean,
                 run.message, run.printed);
    bool ends = *want;
    collect_lines(source, ";> ", want);
    strcat(want, ends ? "" : "done\n");
    if (strcmp(run.printed, want) != 0)
        fail_msg("%s, seed %llu, every %u: printed\n%s", name, (unsigned long long)injection_seed, mean, run.printed);
    collect_lines(source, ";! ", want);
    if (strcmp(run.rules, want) != 0)
        fail_msg("%s, seed %llu, every %u: rules\n%s", name, (unsigned long long)injection_seed, mean, run.rules);
    free(source);
}

static void interrupts_change_nothing(void **state)
{
    (void)state;
    static const uint32_t means[] = {1, 3, 40};
    const char *only = getenv("VXDKIT_SEED");
    DIR *folder = opendir("tests/vmm/services");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!strstr(entry->d_name, ".asm"))
            continue;
        for (unsigned i = 0; i < BASE_COUNT(means); i++) {
            injection_seed = only ? strtoull(only, NULL, 0) : i + 1;
            mean = means[i];
            run_one(entry->d_name);
        }
    }
    closedir(folder);
    print_message("%u interrupts\n", injected);
    assert_true(injected > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(interrupts_change_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
