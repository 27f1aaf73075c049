// DOS programs of random bytes: no crash, no hang, nothing outside of their directory changes, and two runs are the
// same. Even sizes run as .COM, odd ones behind the header of an .EXE that fits.
#define _XOPEN_SOURCE 700 // mkdtemp, nftw
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vxdkit/vxdkit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUDGET = 20000, MILLISECONDS_200 = 200000000, LARGEST = 60000 };

struct outcome {
    enum vxd_end end;
    uint64_t time, instructions, printed;
};

static void listen(void *user, const struct vxd_record *r)
{
    uint64_t *sum = user;
    for (size_t i = 0; r->kind == VXD_RECORD_OUTPUT && i < r->u.output.length; i++)
        *sum = *sum * 31 + (uint8_t)r->u.output.text[i];
}

static size_t input(void *user, uint64_t offset, void *to, size_t size)
{
    static const char text[] = "typed\n";
    (void)user;
    size_t n = offset < sizeof text - 1 ? sizeof text - 1 - (size_t)offset : 0;
    n = n < size ? n : size;
    memcpy(to, text + (n ? offset : 0), n);
    return n;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    chmod(path, 0700);
    return remove(path);
}

static void write_program(const char *path, const uint8_t *data, size_t size)
{
    uint8_t header[32] = {'M', 'Z'};
    FILE *f = fopen(path, "wb");
    if (!f)
        abort();
    if (size % 2) {
        size_t all = size + sizeof header;
        header[2] = (uint8_t)(all % 512);
        header[3] = (uint8_t)(all % 512 >> 8);
        header[4] = (uint8_t)((all + 511) / 512);
        header[8] = sizeof header / 16;
        header[12] = 0x10; // paragraphs behind it, at most and at least
        header[17] = 0xF0; // SP
        fwrite(header, 1, sizeof header, f);
    }
    fwrite(data, 1, size, f);
    fclose(f);
    const struct timespec noon[2] = {{.tv_sec = 898776000}, {.tv_sec = 898776000}}; // the same for every run
    if (utimensat(AT_FDCWD, path, noon, 0) != 0)
        abort();
}

static struct outcome run(const char *directory, const char *program)
{
    struct outcome o = {.end = VXD_RUNNING};
    struct vxd_machine *m = vxd_machine_new(NULL);
    if (!m)
        return o;
    if (!vxd_provide_directory(m, directory) || !vxd_observe(m, listen, &o.printed))
        abort();
    vxd_provide_input(m, input, NULL);
    vxd_boot(m);
    if (vxd_start_program(m, program, " some arguments"))
        o.end = vxd_run(m, MILLISECONDS_200, BUDGET);
    else if (!vxd_last_error(m)[0])
        abort();
    o.time = vxd_time(m);
    o.instructions = vxd_instructions(m);
    vxd_machine_free(m);
    return o;
}

// A directory of its own in a directory of its own, where nothing else may ever appear.
static struct outcome run_in_fresh_directory(const uint8_t *data, size_t size)
{
    char outer[] = "/tmp/vxdkit-fuzz-XXXXXX", inner[64], program[96];
    if (!mkdtemp(outer))
        abort();
    snprintf(inner, sizeof inner, "%s/root", outer);
    snprintf(program, sizeof program, "%s/p.com", inner);
    if (mkdir(inner, 0700) != 0)
        abort();
    write_program(program, data, size < LARGEST ? size : LARGEST);
    struct outcome o = run(inner, "p.com");
    nftw(inner, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (rmdir(outer) != 0)
        abort(); // something was left beside the directory
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome first = run_in_fresh_directory(data, size);
    if (size % 4)
        return 0; // every fourth twice
    struct outcome second = run_in_fresh_directory(data, size);
    if (first.end != second.end || first.time != second.time || first.instructions != second.instructions ||
        first.printed != second.printed)
        abort();
    return 0;
}
