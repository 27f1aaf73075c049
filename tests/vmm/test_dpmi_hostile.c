// Hostile DPMI clients (tests/vmm/services/dpmi_fuzz.inc): random functions of INT 31h with random registers, random
// bytes as code, a flat selector at work. The run ends in one of the ways a run may end, the VMM's own memory is never
// written, and the sanitizers watch.
#include "vmm/service_driver.h"

#include <string.h>

enum { SEEDS = 48, LIMIT = 400000 };

static enum vmm_end run_client(const struct base_buf *image, const char **message)
{
    static char text[512];
    struct vmm_config config;
    struct base_diag diag;
    vmm_default_config(&config);
    struct vmm *v = vmm_new(&base_heap, &config);
    assert_non_null(v);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    assert_true(vmm_load_image(v, "test", image->data, image->size, VMM_LOAD_STATIC, &diag));
    vmm_boot(v);
    enum vmm_end end = vmm_run(v, UINT64_C(1000000000), LIMIT);
    snprintf(text, sizeof text, "%s", vmm_end_message(v));
    *message = text;
    base_diag_free(&diag);
    vmm_free(v);
    return end;
}

// V86 code that runs wild ends the System VM, a coprocessor error needs what the board has not: both are the client's
// doing. A fault of ring 0, or a structure of the VMM that is gone, would be ours.
static bool allowed(enum vmm_end end, const char *message)
{
    return end == VMM_END_IDLE || end == VMM_END_LIMIT ||
           (end == VMM_END_FAULT && strstr(message, "V86 code cannot go on")) ||
           (end == VMM_END_MISSING && strstr(message, "coprocessor error"));
}

static void hostile_clients(void **state)
{
    unsigned idle = 0;
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        char source[200];
        const char *message;
        struct base_buf image;
        snprintf(source, sizeof source, "SEED equ %u\nCLIENT32 equ %u\ninclude dpmi_fuzz.inc\nend\n",
                 seed * 2654435761u, seed & 1);
        build_driver("dpmi_fuzz.asm", source, false, &image);
        enum vmm_end end = run_client(&image, &message);
        base_buf_free(&image);
        if (!allowed(end, message))
            fail_msg("seed %u: ended with %d: %s", seed, end, message);
        idle += end == VMM_END_IDLE;
    }
    assert_true(idle > SEEDS / 6); // the driver went on after its client
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hostile_clients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
