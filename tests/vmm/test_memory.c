// Host memory refused at every single request, from the machine's creation to its shutdown: the run ends with a
// message, nothing leaks, nothing crashes. Guest memory refused is the services' own matter (tests/vmm/services).
#include "puppet.h"

struct counter {
    unsigned requests, fail_at; // the n-th request for more memory fails, 0 = none
    long live;
};

static void *failing(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct counter *c = user;
    bool more = new_size > (ptr ? old_size : 0);
    if (more && ++c->requests == c->fail_at)
        return NULL;
    if (!ptr && new_size)
        c->live++;
    if (ptr && !new_size)
        c->live--;
    if (!new_size) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

// A machine without drivers that boots, runs idle for a while, is copied and shuts down.
static void life(const struct base_alloc *alloc)
{
    struct vmm_config config;
    vmm_default_config(&config);
    struct vmm *v = vmm_new(alloc, &config);
    if (!v)
        return;
    vmm_boot(v);
    enum vmm_end end = vmm_run(v, 100000000, 100000);
    struct vmm_snapshot *s = vmm_snapshot_take(v);
    if (s) {
        bool restored = vmm_snapshot_restore(v, s);
        vmm_snapshot_free(s);
        if (restored && end == VMM_END_IDLE) {
            vmm_shutdown(v);
            end = vmm_run(v, UINT64_MAX, 200000);
            if (end != VMM_END_SHUTDOWN && end != VMM_END_MEMORY)
                fail_msg("ended with %d: %s", end, vmm_end_message(v));
        }
    }
    assert_true(end == VMM_END_IDLE || end == VMM_END_SHUTDOWN || end == VMM_END_MEMORY || end == VMM_END_FAULT);
    vmm_free(v);
}

static void every_request_refused_once(void **state)
{
    (void)state;
    struct counter c = {0};
    const struct base_alloc alloc = {failing, &c};
    life(&alloc);
    assert_int_equal(c.live, 0);
    unsigned all = c.requests;
    assert_true(all > 20);
    for (unsigned n = 1; n <= all; n++) {
        c = (struct counter){.fail_at = n};
        life(&alloc);
        if (c.live)
            fail_msg("%ld blocks leaked after request %u of %u was refused", c.live, n, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_request_refused_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
