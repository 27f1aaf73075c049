// What the tables ask of the VMM: services that drivers of the time use work, and every service that works is called by
// a driver in assembly under tests/vmm/services.
#include "vmm/service_driver.h"

#include <dirent.h>

enum { VMM = 1, OFTEN_IN_SETS = 2, OFTEN_IN_BINARIES = 10 };

static void services_in_use_work(void **state)
{
    (void)state;
    const struct kit_device *vmm = kit_device_by_id(VMM);
    unsigned missing = 0;
    for (uint32_t i = 0; i < vmm->service_count; i++) {
        const struct kit_service *s = &vmm->services[i];
        bool often = s->asm_sets + s->c_sets >= OFTEN_IN_SETS || s->binaries >= OFTEN_IN_BINARIES;
        if (!often || vmm_service_is_implemented(VMM, s->ordinal))
            continue;
        print_error("%s is not implemented: %u sources and %u images use it\n", s->name, s->asm_sets + s->c_sets,
                    s->binaries);
        missing++;
    }
    assert_int_equal(missing, 0);
}

static bool called[0x8000];

static void note_call(void *user, const struct base_record *record)
{
    (void)user;
    if (record->kind != VMM_RECORD_SERVICE)
        return;
    const struct vmm_service_record *s = (const struct vmm_service_record *)record;
    if (s->device == VMM)
        called[s->ordinal & 0x7FFF] = true;
}

static void run_one(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "tests/vmm/services/%s", name);
    char *source = read_source(path);
    struct vmm_config config = config_of(source, 0);
    struct base_buf image;
    build_driver(name, source, false, &image);
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    assert_true(base_sink_listen(vmm_sink(v), note_call, NULL));
    struct base_diag diag;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    assert_true(vmm_load_image(v, "test", image.data, image.size, VMM_LOAD_STATIC, &diag));
    vmm_boot(v);
    enum vmm_end end = vmm_run(v, UINT64_C(1000000000), UINT64_C(50000000));
    if (end == VMM_END_IDLE || end == VMM_END_TIME) {
        vmm_shutdown(v);
        (void)!vmm_run(v, UINT64_MAX, UINT64_C(100000000));
    }
    vmm_free(v);
    base_diag_free(&diag);
    base_buf_free(&image);
    free(source);
}

static void every_service_is_called(void **state)
{
    (void)state;
    DIR *folder = opendir("tests/vmm/services");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strstr(entry->d_name, ".asm"))
            run_one(entry->d_name);
    closedir(folder);
    const struct kit_device *vmm = kit_device_by_id(VMM);
    unsigned untested = 0;
    for (uint32_t i = 0; i < vmm->service_count; i++) {
        const struct kit_service *s = &vmm->services[i];
        if (!vmm_service_is_implemented(VMM, s->ordinal) || called[s->ordinal])
            continue;
        print_error("no driver under tests/vmm/services calls %s\n", s->name);
        untested++;
    }
    assert_int_equal(untested, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(services_in_use_work),
                                       cmocka_unit_test(every_service_is_called)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
