// For the tests of src/dos: a program in assembly (tests/dos/programs) in a machine with a directory of its own. The
// file that includes this asks for POSIX with XSI (_XOPEN_SOURCE 700) first.
#ifndef VXDKIT_TESTS_DOS_PROGRAM_H
#define VXDKIT_TESTS_DOS_PROGRAM_H

#include "api/driver.h"
#include "dos/dos.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

struct program {
    const char *name;
    const char *const *keys; // pressed 10 ms apart; NULL: none
    bool input;              // NAME.in is standard input
    int exit_code;
    enum vxd_program_end how;
};

struct rig {
    char directory[64];
    struct vxd_machine *m;
    struct collected out;
    struct vxd_bytes input;
    uint32_t program;
};

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void write_file(const char *directory, const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static inline struct vxd_bytes build(const char *name)
{
    char path[256];
    struct vxd_bytes text, object, image;
    struct vxd_assemble_options options;
    struct vxd_messages messages = {driver_message, NULL};
    snprintf(path, sizeof path, "tests/dos/programs/%s.asm", name);
    vxd_default_assemble_options(&options);
    assert_int_equal(vxd_read_file(path, &text, messages), VXD_OK);
    assert_int_equal(vxd_assemble(&options, path, text.data, text.size, messages, &object, NULL), VXD_OK);
    struct vxd_input input = {path, object.data, object.size};
    struct vxd_link_options link = {.com = true};
    assert_int_equal(vxd_link(&link, &input, 1, messages, &image, NULL), VXD_OK);
    vxd_bytes_free(&text);
    vxd_bytes_free(&object);
    return image;
}

static inline void place(const char *directory, const char *name)
{
    char file[64];
    struct vxd_bytes image = build(name);
    snprintf(file, sizeof file, "%s.com", name);
    write_file(directory, file, image.data, image.size);
    vxd_bytes_free(&image);
}

static inline void listen(void *user, const struct vxd_record *r)
{
    if (r->kind == VXD_RECORD_OUTPUT)
        collect(user, r->u.output.text, r->u.output.length);
}

static inline size_t give_input(void *user, uint64_t offset, void *to, size_t size)
{
    const struct vxd_bytes *in = user;
    size_t n = offset < in->size ? in->size - (size_t)offset : 0;
    n = n < size ? n : size;
    memcpy(to, (const char *)in->data + (n ? offset : 0), n);
    return n;
}

static inline struct vxd_machine *machine(struct rig *r, const struct vxd_config *config)
{
    struct vxd_machine *m = vxd_machine_new(config);
    if (!m)
        return NULL;
    assert_true(vxd_provide_directory(m, r->directory));
    if (r->input.data)
        vxd_provide_input(m, give_input, &r->input);
    assert_true(vxd_observe(m, listen, &r->out));
    return m;
}

static inline bool begin(struct rig *r, const struct program *p, const struct vxd_config *config)
{
    char file[64];
    r->m = machine(r, config);
    if (!r->m)
        return false;
    snprintf(file, sizeof file, "%s.com", p->name);
    for (unsigned i = 0; p->keys && p->keys[i]; i++)
        assert_true(vxd_schedule_key(r->m, p->keys[i], (i + 1) * 10 * MS));
    vxd_boot(r->m);
    r->program = vxd_start_program(r->m, file, NULL);
    return r->program != 0;
}

static inline void set_up(struct rig *r, const struct program *p)
{
    char path[128];
    *r = (struct rig){.program = 0};
    strcpy(r->directory, "/tmp/vxdkit-dos-XXXXXX");
    assert_non_null(mkdtemp(r->directory));
    place(r->directory, p->name);
    place(r->directory, "child");
    snprintf(path, sizeof path, "tests/dos/programs/%s.in", p->name);
    if (p->input)
        assert_int_equal(vxd_read_file(path, &r->input, (struct vxd_messages){driver_message, NULL}), VXD_OK);
}

static inline void tear_down(struct rig *r)
{
    vxd_machine_free(r->m);
    collected_free(&r->out);
    vxd_bytes_free(&r->input);
    nftw(r->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
