// Every truncation of a valid driver and every byte of it changed in several ways goes through info, dis, load and run:
// never a crash, never a hang, nothing for the sanitizers to say, and a message whenever it is refused.
#include "driver.h"

enum { RUN_BUDGET = 20000 };

static struct vxd_bytes driver;
static unsigned refused, ran;

static int build(void **state)
{
    (void)state;
    driver = driver_build_file("examples/minimal/minimal.asm");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vxd_bytes_free(&driver);
    printf("refused with a message: %u, loaded and ran: %u\n", refused, ran);
    return 0;
}

static void drop(void *user, const char *text, size_t size)
{
    (void)text;
    *(size_t *)user += size;
}

static void count(void *user, const char *text)
{
    (void)text;
    ++*(unsigned *)user;
}

static void look(const struct vxd_input *image)
{
    size_t size = 0;
    unsigned told = 0;
    const struct vxd_messages messages = {count, &told};
    if (vxd_info(image, image->size % 2, messages, drop, &size) != VXD_OK)
        assert_true(told > 0);
    told = 0;
    if (vxd_disassemble(image, false, messages, drop, &size) != VXD_OK)
        assert_true(told > 0);
}

// Gives the number of messages that loading brought.
static unsigned load_and_run(const struct vxd_input *image)
{
    unsigned told = 0;
    struct vxd_config config;
    vxd_default_config(&config);
    config.message = count;
    config.message_user = &told;
    struct vxd_machine *m = vxd_machine_new(&config);
    assert_non_null(m);
    if (vxd_load_memory(m, image->path, image->bytes, image->size, VXD_LOAD_STATIC)) {
        vxd_boot(m);
        enum vxd_end end = vxd_run(m, 100 * MILLISECOND, RUN_BUDGET);
        if (end == VXD_END_FAULT || end == VXD_END_MISSING || end == VXD_END_REFUSED)
            assert_true(vxd_end_message(m)[0]);
        ran++;
    } else {
        assert_true(vxd_last_error(m)[0]);
        refused++;
    }
    vxd_machine_free(m);
    return told;
}

// The bytes stand at the very end of their block, so that a sanitizer sees a read behind them.
static unsigned try_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    const struct vxd_input image = {"corrupt.vxd", copy, size};
    look(&image);
    unsigned told = load_and_run(&image);
    free(copy);
    return told;
}

static void every_truncation(void **state)
{
    (void)state;
    for (size_t size = 0; size < driver.size; size++)
        if (try_bytes(driver.data, size) == 0) // refused, or a warning that only debug information is missing
            fail_msg("cut to %zu bytes: not a word", size);
    assert_true(refused > driver.size / 2);
}

static void every_byte_changed(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(driver.size);
    assert_non_null(bytes);
    memcpy(bytes, driver.data, driver.size);
    for (size_t i = 0; i < driver.size; i++) {
        const uint8_t kept = bytes[i];
        const uint8_t values[] = {0, 0xFF, (uint8_t)(kept ^ 0x80), (uint8_t)(kept + 1), (uint8_t)(kept ^ 0x10)};
        for (size_t k = 0; k < sizeof values; k++) {
            if (values[k] == kept)
                continue;
            bytes[i] = values[k];
            (void)try_bytes(bytes, driver.size);
        }
        bytes[i] = kept;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(every_byte_changed),
    };
    return cmocka_run_group_tests(tests, build, tear_down);
}
