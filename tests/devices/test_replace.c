// A driver with the id of a virtual device written in C takes its place.
#include "devices/rig.h"

static void the_driver_answers_instead(void **state)
{
    (void)state;
    struct rig *r = rig_new("replace");
    rig_expect(r, 10, "version 0501\n");
    vmm_shutdown(r->v);
    assert_int_equal(vmm_run(r->v, 100 * MS, UINT64_MAX), VMM_END_SHUTDOWN);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_driver_answers_instead)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
