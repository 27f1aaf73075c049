// For the tests of the public API: drivers built from source in memory, and machines that collect what happens.
#ifndef VXDKIT_TESTS_API_DRIVER_H
#define VXDKIT_TESTS_API_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vxdkit/tools.h>
#include <vxdkit/watch.h>

static inline void driver_message(void *user, const char *text)
{
    (void)user;
    fputs(text, stderr);
}

static inline struct vxd_bytes driver_build_text(const char *name, const char *text, size_t size, bool debug)
{
    struct vxd_assemble_options options;
    struct vxd_messages messages = {driver_message, NULL};
    struct vxd_bytes object, image;
    vxd_default_assemble_options(&options);
    options.symbols = options.line_numbers = debug;
    assert_int_equal(vxd_assemble(&options, name, text, size, messages, &object, NULL), VXD_OK);
    struct vxd_link_options link = {.debug = debug};
    struct vxd_input input = {name, object.data, object.size};
    assert_int_equal(vxd_link(&link, &input, 1, messages, &image, NULL), VXD_OK);
    vxd_bytes_free(&object);
    return image;
}

static inline struct vxd_bytes driver_build_file(const char *path)
{
    struct vxd_bytes text;
    assert_int_equal(vxd_read_file(path, &text, (struct vxd_messages){driver_message, NULL}), VXD_OK);
    struct vxd_bytes image = driver_build_text(path, text.data, text.size, true);
    vxd_bytes_free(&text);
    return image;
}

// A driver called TESTDRV whose Device_Init is `body`; `more` stands behind it in the same locked code segment.
static inline struct vxd_bytes driver_build(const char *body, const char *more)
{
    char text[8192];
    int n = snprintf(text, sizeof text,
                     ".386p\n"
                     "include vmm.inc\n"
                     "Declare_Virtual_Device TESTDRV, 1, 0, TESTDRV_Control, Undefined_Device_ID, "
                     "Undefined_Init_Order\n"
                     "VxD_LOCKED_CODE_SEG\n"
                     "Begin_Control_Dispatch TESTDRV\n"
                     "Control_Dispatch Device_Init, TESTDRV_Device_Init\n"
                     "End_Control_Dispatch TESTDRV\n"
                     "BeginProc TESTDRV_Device_Init\n%s\nEndProc TESTDRV_Device_Init\n%s\n"
                     "VxD_LOCKED_CODE_ENDS\nEND\n",
                     body, more);
    assert_true(n > 0 && (size_t)n < sizeof text);
    return driver_build_text("testdrv.asm", text, (size_t)n, true);
}

// Text that a machine produces.
struct collected {
    char *text;
    size_t size, capacity;
};

static inline void collect(void *user, const char *text, size_t size)
{
    struct collected *c = user;
    if (c->size + size + 1 > c->capacity) {
        c->capacity = (c->size + size + 1) * 2;
        c->text = realloc(c->text, c->capacity);
        assert_non_null(c->text);
    }
    memcpy(c->text + c->size, text, size);
    c->size += size;
    c->text[c->size] = '\0';
}

static inline void collected_free(struct collected *c)
{
    free(c->text);
    *c = (struct collected){0};
}

static inline struct vxd_machine *machine_with(const struct vxd_bytes *image)
{
    struct vxd_machine *m = vxd_machine_new(NULL);
    assert_non_null(m);
    if (!vxd_load_memory(m, "test.vxd", image->data, image->size, VXD_LOAD_AS_MARKED))
        fail_msg("%s", vxd_last_error(m));
    return m;
}

static const uint64_t MILLISECOND = 1000000;
static const uint64_t BUDGET = 2000000; // instructions

// Boots, runs to the end of what is asked, shuts down.
static inline enum vxd_end machine_finish(struct vxd_machine *m, uint64_t ns)
{
    enum vxd_end end = vxd_run(m, ns, BUDGET);
    if (end != VXD_END_IDLE && end != VXD_END_TIME)
        return end;
    vxd_shutdown(m);
    return vxd_run(m, VXD_NO_LIMIT, BUDGET);
}

#endif
