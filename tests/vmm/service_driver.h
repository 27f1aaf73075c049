// For the service tests: a driver from assembly source, run to the end of the system; what it printed and which rules
// the VMM reported is kept.
#ifndef VXDKIT_TESTS_VMM_SERVICE_DRIVER_H
#define VXDKIT_TESTS_VMM_SERVICE_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asm/asm.h"
#include "kit/ddk.h"
#include "link/link.h"
#include "vmm/observe.h"
#include "vmm/vmm.h"

#ifndef SERVICE_RUN_OVER
#define SERVICE_RUN_OVER(v) 0 // what a test does before the machine goes
#endif
#ifndef SERVICE_DEVICES
#define SERVICE_DEVICES(v) true // a machine of the VMM alone
#endif

enum { OUTPUT_LIMIT = 1 << 16, SOURCE_LIMIT = 1 << 20 };

struct service_run {
    char printed[OUTPUT_LIMIT]; // without carriage returns
    size_t length;
    char rules[OUTPUT_LIMIT]; // ids, one a line
    size_t rules_length;
    enum vmm_end end;
    char message[600];
};

static inline void run_append(char *to, size_t *length, const char *text, size_t n)
{
    for (size_t i = 0; i < n && *length + 1 < OUTPUT_LIMIT; i++)
        if (text[i] != '\r')
            to[(*length)++] = text[i];
    to[*length] = 0;
}

static inline void run_listen(void *user, const struct base_record *record)
{
    struct service_run *r = user;
    if (record->kind == VMM_RECORD_DEBUG) {
        const struct vmm_debug_record *d = (const struct vmm_debug_record *)record;
        run_append(r->printed, &r->length, d->text, d->length);
    } else if (record->kind == VMM_RECORD_CHECK) {
        const struct vmm_check_record *c = (const struct vmm_check_record *)record;
        run_append(r->rules, &r->rules_length, c->rule, strlen(c->rule));
        run_append(r->rules, &r->rules_length, "\n", 1);
    }
}

// The rest of every line of the source that begins with `mark`, one a line.
static inline void collect_lines(const char *source, const char *mark, char *to)
{
    size_t length = 0, n = strlen(mark);
    to[0] = 0;
    for (const char *line = source; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, mark, n) == 0) {
            run_append(to, &length, line + n, strcspn(line + n, "\n"));
            run_append(to, &length, "\n", 1);
        }
}

// The machine that the source's lines describe: ";ini " and ";reg " are SYSTEM.INI and registry, ";windows 3.1" or 98
// the system. Its texts live until the next call.
static inline struct vmm_config config_of(const char *source, uint64_t seed)
{
    static char ini[OUTPUT_LIMIT], registry[OUTPUT_LIMIT];
    struct vmm_config config;
    vmm_default_config(&config);
    collect_lines(source, ";ini ", ini);
    collect_lines(source, ";reg ", registry);
    config.ini = ini;
    config.ini_size = strlen(ini);
    config.registry = registry;
    config.registry_size = strlen(registry);
    config.seed = seed;
    char windows[OUTPUT_LIMIT];
    collect_lines(source, ";windows ", windows);
    if (*windows)
        config.profile = strncmp(windows, "3.1", 3) == 0 ? VMM_PROFILE_31 : VMM_PROFILE_98;
    return config;
}

static inline char *read_source(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    char *text = malloc(SOURCE_LIMIT);
    text[fread(text, 1, SOURCE_LIMIT - 1, f)] = 0;
    fclose(f);
    return text;
}

// The kit's include files, and what the service tests share.
struct includes {
    char *text[4];
    size_t count;
};

static inline bool include_file(void *user, const char *name, const char *from, const char **path, const char **text,
                                size_t *size)
{
    const struct kit_file *kit = kit_ddk_file(name);
    struct includes *own = user;
    char file[256];
    (void)from;
    *path = name;
    if (kit) {
        *text = kit->text;
        *size = kit->size;
        return true;
    }
    snprintf(file, sizeof file, "tests/vmm/services/%s", name);
    if (own->count == sizeof own->text / sizeof *own->text)
        return false;
    *text = own->text[own->count++] = read_source(file);
    *size = strlen(*text);
    return true;
}

// An image from source; fails the test when it cannot be built.
static inline void build_driver(const char *name, const char *source, bool debug, struct base_buf *image)
{
    struct includes includes = {.count = 0};
    struct asm_definition definition = {"DEBUG", ""};
    struct asm_options options = {.alloc = &base_heap,
                                  .open_include = include_file,
                                  .include_user = &includes,
                                  .definitions = &definition,
                                  .definition_count = debug};
    struct base_diag diag;
    struct base_buf object;
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    base_buf_init(&object, &base_heap);
    base_buf_init(image, &base_heap);
    assert_true(asm_assemble(&options, name, source, strlen(source), &diag, &object, NULL));
    struct link_options link = {.alloc = &base_heap, .debug = true};
    struct link_input input = {name, object.data, object.size};
    assert_true(link_image(&link, &input, 1, &diag, image, NULL));
    base_buf_free(&object);
    base_diag_free(&diag);
    while (includes.count)
        free(includes.text[--includes.count]);
}

// Boots a machine with the driver, lets it run until idle and shuts it down. False: memory was refused before the run.
static inline bool run_driver(const struct base_alloc *alloc, const struct vmm_config *config,
                              const struct base_buf *image, struct service_run *run)
{
    struct base_diag diag;
    struct vmm *v = vmm_new(alloc, config);
    run->length = run->rules_length = 0;
    run->printed[0] = run->rules[0] = run->message[0] = 0;
    run->end = VMM_END_MEMORY;
    if (!v || !SERVICE_DEVICES(v)) {
        vmm_free(v);
        return false;
    }
    base_diag_init(&diag, &base_heap, NULL, NULL);
    assert_true(base_sink_listen(vmm_sink(v), run_listen, run));
    bool loaded = vmm_load_image(v, "test", image->data, image->size, VMM_LOAD_STATIC, &diag);
    if (loaded) {
        vmm_boot(v);
        run->end = vmm_run(v, UINT64_C(1000000000), UINT64_C(50000000));
        if (run->end == VMM_END_IDLE || run->end == VMM_END_TIME) {
            vmm_shutdown(v);
            run->end = vmm_run(v, UINT64_MAX, UINT64_C(100000000));
        }
        snprintf(run->message, sizeof run->message, "%s", vmm_end_message(v));
    }
    base_diag_free(&diag);
    (void)SERVICE_RUN_OVER(v);
    vmm_free(v);
    return loaded;
}

#endif
