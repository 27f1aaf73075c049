// Services as drivers in assembly call them: every tests/vmm/services/*.asm is built as retail and as debug driver and run.
// What it prints must be its ";> " lines and "done"; the rules reported must be its ";! " lines. ";ini " and ";reg " lines
// are SYSTEM.INI and registry of the machine.
#include "vmm/service_driver.h"

#include <dirent.h>

enum { FILES = 64 };

// The rest of every line of the source that begins with `mark`, one a line.
static void collect_lines(const char *source, const char *mark, char *to)
{
    size_t length = 0, n = strlen(mark);
    to[0] = 0;
    for (const char *line = source; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, mark, n) == 0) {
            run_append(to, &length, line + n, strcspn(line + n, "\n"));
            run_append(to, &length, "\n", 1);
        }
}

static void run_file(const char *name, const char *source, bool debug)
{
    static char want[OUTPUT_LIMIT], ini[OUTPUT_LIMIT], registry[OUTPUT_LIMIT];
    static struct service_run run;
    struct vmm_config config;
    struct base_buf image;
    vmm_default_config(&config);
    collect_lines(source, ";ini ", ini);
    collect_lines(source, ";reg ", registry);
    config.ini = ini;
    config.ini_size = strlen(ini);
    config.registry = registry;
    config.registry_size = strlen(registry);
    build_driver(name, source, debug, &image);
    assert_true(run_driver(&base_heap, &config, &image, &run));
    base_buf_free(&image);
    if (run.end != VMM_END_SHUTDOWN)
        fail_msg("%s ended early: %s\n%s", name, run.message, run.printed);
    collect_lines(source, ";> ", want);
    strcat(want, "done\n");
    assert_string_equal(run.printed, want);
    collect_lines(source, ";! ", want);
    assert_string_equal(run.rules, want);
}

static void services(void **state)
{
    const char *name = *state;
    char path[512];
    snprintf(path, sizeof path, "tests/vmm/services/%s", name);
    char *source = read_source(path);
    run_file(name, source, false);
    run_file(name, source, true);
    free(source);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
    static char *names[FILES];
    static struct CMUnitTest tests[FILES];
    size_t count = 0;
    DIR *folder = opendir("tests/vmm/services");
    for (struct dirent *entry; folder && (entry = readdir(folder)) && count < FILES;)
        if (strstr(entry->d_name, ".asm"))
            names[count++] = strdup(entry->d_name);
    if (folder)
        closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){.name = names[i], .test_func = services, .initial_state = names[i]};
    int failed = count ? _cmocka_run_group_tests("services", tests, count, NULL, NULL) : 1;
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    return failed;
}
