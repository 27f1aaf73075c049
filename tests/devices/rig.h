// For the tests of src/devices: a driver in assembly (tests/devices/NAME.asm) in a machine with all devices; what it
// prints is collected, message boxes too.
#ifndef VXDKIT_TESTS_DEVICES_RIG_H
#define VXDKIT_TESTS_DEVICES_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asm/asm.h"
#include "devices/devices.h"
#include "devices/observe.h"
#include "link/link.h"
#include "vmm/guest.h"
#include "vmm/observe.h"

#define MS UINT64_C(1000000)

struct rig {
    struct vmm *v;
    size_t length;
    char out[16384];
    struct base_diag diag;
};

static inline void rig_add(struct rig *r, const char *text, size_t length)
{
    for (size_t i = 0; i < length && r->length + 1 < sizeof r->out; i++) {
        if (text[i] != '\r')
            r->out[r->length++] = text[i];
    }
    r->out[r->length] = 0;
}

static inline void rig_listen(void *user, const struct base_record *record)
{
    struct rig *r = user;
    char line[256];
    if (record->kind == VMM_RECORD_DEBUG) {
        const struct vmm_debug_record *d = (const struct vmm_debug_record *)record;
        rig_add(r, d->text, d->length);
    } else if (record->kind == DEVICES_RECORD_MESSAGE) {
        const struct devices_message_record *m = (const struct devices_message_record *)record;
        snprintf(line, sizeof line, "[%s: %s -> %u]\n", m->caption, m->text, m->response);
        rig_add(r, line, strlen(line));
    } else if (record->kind == VMM_RECORD_CHECK) {
        const struct vmm_check_record *c = (const struct vmm_check_record *)record;
        snprintf(line, sizeof line, "check %s: %s\n", c->rule, c->message);
        rig_add(r, line, strlen(line));
    }
}

static inline uint8_t *rig_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    uint8_t *bytes = malloc(1 << 18);
    *size = fread(bytes, 1, 1 << 18, f);
    fclose(f);
    return bytes;
}

// Include files: next to the source, else ddk/inc. They are kept until the object is made.
struct rig_includes {
    uint8_t *text[16];
    unsigned count;
};

static inline bool rig_include(void *user, const char *name, const char *from, const char **path, const char **text,
                               size_t *size)
{
    struct rig_includes *i = user;
    char file[256];
    (void)from;
    snprintf(file, sizeof file, "tests/devices/%s", name);
    FILE *f = fopen(file, "rb");
    if (f)
        fclose(f);
    else
        snprintf(file, sizeof file, "ddk/inc/%s", name);
    assert_true(i->count < BASE_COUNT(i->text));
    *text = (const char *)(i->text[i->count++] = rig_read(file, size));
    *path = name;
    return true;
}

static inline void rig_object(struct rig *r, const char *name, struct base_buf *object)
{
    char path[256];
    struct rig_includes includes = {.count = 0};
    struct asm_options options = {.alloc = &base_heap, .open_include = rig_include, .include_user = &includes};
    size_t size;
    snprintf(path, sizeof path, "tests/devices/%s.asm", name);
    uint8_t *text = rig_read(path, &size);
    assert_true(asm_assemble(&options, path, (const char *)text, size, &r->diag, object, NULL));
    for (unsigned i = 0; i < includes.count; i++)
        free(includes.text[i]);
    free(text);
}

// Builds tests/devices/NAME.asm into a VxD.
static inline void rig_build(struct rig *r, const char *name, struct base_buf *image)
{
    struct base_buf object;
    base_buf_init(&object, &base_heap);
    base_buf_init(image, &base_heap);
    rig_object(r, name, &object);
    struct link_options options = {.alloc = &base_heap};
    struct link_input input = {name, object.data, object.size};
    assert_true(link_image(&options, &input, 1, &r->diag, image, NULL));
    base_buf_free(&object);
}

static inline void rig_load(struct rig *r, const char *name, enum vmm_load how)
{
    struct base_buf image;
    rig_build(r, name, &image);
    assert_true(vmm_load_image(r->v, name, image.data, image.size, how, &r->diag));
    base_buf_free(&image);
}

static inline struct rig *rig_begin(void)
{
    struct rig *r = calloc(1, sizeof *r);
    struct vmm_config config;
    vmm_default_config(&config);
    base_diag_init(&r->diag, &base_heap, base_diag_to_file, stderr);
    r->v = vmm_new(&base_heap, &config);
    assert_non_null(r->v);
    assert_true(devices_add_all(r->v));
    assert_true(base_sink_listen(vmm_sink(r->v), rig_listen, r));
    return r;
}

static inline struct rig *rig_new(const char *name)
{
    struct rig *r = rig_begin();
    rig_load(r, name, VMM_LOAD_STATIC);
    vmm_boot(r->v);
    return r;
}

static inline void rig_free(struct rig *r)
{
    vmm_free(r->v);
    base_diag_free(&r->diag);
    free(r);
}

// Runs until virtual time `ms` and expects exactly this to have been printed since the last time.
static inline void rig_expect(struct rig *r, uint64_t ms, const char *expected)
{
    enum vmm_end end = vmm_run(r->v, ms * MS, UINT64_MAX);
    if (end != VMM_END_IDLE && end != VMM_END_TIME)
        rig_add(r, vmm_end_message(r->v), strlen(vmm_end_message(r->v)));
    assert_string_equal(r->out, expected);
    r->length = 0;
    r->out[0] = 0;
}

#endif
