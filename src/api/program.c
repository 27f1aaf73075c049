// DOS programs in virtual machines, the directory they see, what they read and what they show.
#include "api/machine.h"

#include <errno.h>
#include <string.h>

bool vxd_provide_directory(struct vxd_machine *m, const char *path)
{
    return api_directory_open(&m->directory, m->vmm, path) || api_fail(m, "%s: %s", path, strerror(errno));
}

void vxd_provide_input(struct vxd_machine *m, vxd_input_fn *read, void *user)
{
    api_directory_input(&m->directory, read, user);
}

uint32_t vxd_start_program(struct vxd_machine *m, const char *path, const char *arguments)
{
    char dos_path[128] = "C:\\";
    if (!api_directory_dos_path(&m->directory, path, dos_path + 3, sizeof dos_path - 3)) {
        api_fail(m, "%s: there is no such file in the directory of the programs", path);
        return 0;
    }
    uint32_t program = dos_start(m->vmm, dos_path, arguments ? arguments : "");
    if (!program)
        api_fail(m, "%s cannot be started: path or arguments are too long, 256 programs are running, or no memory",
                 path);
    return program;
}

struct vxd_program_outcome vxd_program_outcome(struct vxd_machine *m, uint32_t program)
{
    struct dos_outcome o = dos_outcome(m->vmm, program);
    return (struct vxd_program_outcome){.progress = (enum vxd_program_progress)o.progress,
                                        .how = (enum vxd_program_end)o.how,
                                        .exit_code = o.code,
                                        .vm = o.vm};
}

bool vxd_write_screen(struct vxd_machine *m, vxd_write_fn *write, void *user)
{
    struct base_buf text;
    base_buf_init(&text, &m->alloc);
    dos_screen(m->vmm, &text);
    bool done = base_buf_ok(&text);
    if (done && text.size)
        write(user, (const char *)text.data, text.size);
    base_buf_free(&text);
    return done || api_fail(m, "out of memory");
}
