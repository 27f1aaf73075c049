// Whole drivers: whatever a file contains, loading refuses it with a message or the run ends with a reason; two runs of
// the same file are the same.
#include <stdlib.h>

#include <vxdkit/vxdkit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUDGET = 20000, MILLISECONDS_100 = 100000000 };

struct outcome {
    enum vxd_end end;
    uint64_t time, instructions;
};

static struct outcome run(const uint8_t *data, size_t size, enum vxd_load how)
{
    struct outcome o = {VXD_RUNNING, 0, 0};
    struct vxd_machine *m = vxd_machine_new(NULL);
    if (!m)
        return o;
    if (vxd_load_memory(m, "fuzz.vxd", data, size, how)) {
        vxd_boot(m);
        o.end = vxd_run(m, MILLISECONDS_100, BUDGET);
        o.time = vxd_time(m);
        o.instructions = vxd_instructions(m);
    } else if (!vxd_last_error(m)[0]) {
        abort();
    }
    vxd_machine_free(m);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome first = run(data, size, VXD_LOAD_AS_MARKED), second = run(data, size, VXD_LOAD_AS_MARKED);
    if (first.end != second.end || first.time != second.time || first.instructions != second.instructions)
        abort();
    return 0;
}
