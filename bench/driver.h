// What the benchmarks of emulated drivers share: a driver built for one measurement, and the run that is timed. Used by
// bench_vmm.c and bench_vm.c.
#ifndef VXDKIT_BENCH_DRIVER_H
#define VXDKIT_BENCH_DRIVER_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <vxdkit/tools.h>

enum { BENCH_ROUNDS = 3 };

struct bench_result {
    double ns;   // for each of `count`, the best of a few rounds
    size_t held; // host memory when the measured part begins
};

// Nanoseconds of the host.
static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline void bench_complain(void *user, const char *text)
{
    (void)user;
    fputs(text, stderr);
}

static inline void *bench_counted(void *user, void *ptr, size_t old_size, size_t new_size)
{
    size_t *held = user;
    *held += new_size - old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

// Assembles the file at `path` with these text macros and links it; ends the program when it cannot.
static inline struct vxd_bytes bench_build(const char *path, const struct vxd_define *defines, size_t count)
{
    const struct vxd_messages messages = {bench_complain, NULL};
    struct vxd_assemble_options options;
    vxd_default_assemble_options(&options);
    options.defines = defines;
    options.define_count = count;
    struct vxd_bytes text, object, image;
    if (vxd_read_file(path, &text, messages) != VXD_OK ||
        vxd_assemble(&options, path, text.data, text.size, messages, &object, NULL) != VXD_OK)
        exit(1);
    const struct vxd_input input = {"bench.obj", object.data, object.size};
    if (vxd_link(&(struct vxd_link_options){0}, &input, 1, messages, &image, NULL) != VXD_OK)
        exit(1);
    vxd_bytes_free(&object);
    vxd_bytes_free(&text);
    return image;
}

static inline void bench_run_until(struct vxd_machine *m, uint64_t ns)
{
    enum vxd_end end = vxd_run(m, ns, VXD_NO_LIMIT);
    if (end == VXD_END_IDLE || end == VXD_END_TIME)
        return;
    fprintf(stderr, "bench: %s\n", vxd_end_message(m));
    exit(1);
}

// Drivers prepare until 90 ms of virtual time and begin at 100 ms; what they do from there is timed.
static inline struct bench_result bench_run_once(const struct vxd_bytes *image, unsigned count)
{
    struct bench_result r = {0};
    struct vxd_config config;
    vxd_default_config(&config);
    config.message = bench_complain;
    config.allocate = bench_counted;
    config.allocate_user = &r.held;
    config.ns_per_instruction = 1;
    config.ram_megabytes = 64;
    struct vxd_machine *m = vxd_machine_new(&config);
    if (!m || !vxd_load_memory(m, "bench.vxd", image->data, image->size, VXD_LOAD_AS_MARKED))
        exit(1);
    vxd_boot(m);
    bench_run_until(m, 90000000);
    size_t held = r.held;
    double start = bench_now();
    bench_run_until(m, UINT64_C(1000000000) * 3600 * 24);
    r.ns = (bench_now() - start) / count;
    vxd_machine_free(m);
    r.held = held;
    return r;
}

static inline struct bench_result bench_measure(struct vxd_bytes image, unsigned count)
{
    struct bench_result best = bench_run_once(&image, count);
    for (int i = 1; i < BENCH_ROUNDS; i++) {
        struct bench_result r = bench_run_once(&image, count);
        if (r.ns < best.ns)
            best = r;
    }
    vxd_bytes_free(&image);
    return best;
}

#endif
