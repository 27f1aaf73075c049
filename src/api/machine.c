// The machine's life: making it, loading drivers, booting, running, asking how it went.
#include "api/machine.h"

#include "api/files.h"
#include "devices/devices.h"

#include <string.h>

const char *vxd_version(void)
{
    return VXDKIT_VERSION;
}

void vxd_default_config(struct vxd_config *config)
{
    struct vmm_config d;
    vmm_default_config(&d);
    *config = (struct vxd_config){
        .windows = VXD_WINDOWS_95,
        .cpu = (enum vxd_cpu)d.model,
        .ram_megabytes = d.ram_megabytes,
        .ns_per_instruction = d.ns_per_instruction,
    };
}

// The public enumerations have the order of the rooms' own.
static bool convert_config(const struct vxd_config *from, struct vmm_config *to)
{
    static const enum vmm_profile profiles[] = {VMM_PROFILE_31, VMM_PROFILE_95, VMM_PROFILE_98};
    static const enum x86_model models[] = {X86_386, X86_486, X86_PENTIUM, X86_P6};
    if ((unsigned)from->windows >= BASE_COUNT(profiles) || (unsigned)from->cpu >= BASE_COUNT(models))
        return false;
    if (from->ram_megabytes < 4 || from->ram_megabytes > 1024)
        return false;
    if (from->ns_per_instruction < 1 || from->ns_per_instruction > 1000000)
        return false;
    vmm_default_config(to);
    to->profile = profiles[from->windows];
    to->model = models[from->cpu];
    to->ram_megabytes = from->ram_megabytes;
    to->ns_per_instruction = from->ns_per_instruction;
    to->seed = from->seed;
    to->keep_going = from->keep_going;
    to->ini = from->ini ? from->ini : "";
    to->ini_size = from->ini ? from->ini_size : 0;
    to->registry = from->registry ? from->registry : "";
    to->registry_size = from->registry ? from->registry_size : 0;
    return true;
}

struct vxd_machine *vxd_machine_new(const struct vxd_config *config)
{
    struct vxd_config standard;
    vxd_default_config(&standard);
    const struct vxd_config *c = config ? config : &standard;
    struct vmm_config converted;
    if (!convert_config(c, &converted))
        return NULL;
    struct base_alloc alloc = c->allocate ? (struct base_alloc){c->allocate, c->allocate_user} : base_heap;
    struct vxd_machine *m = base_alloc_zero(&alloc, sizeof *m);
    if (!m)
        return NULL;
    m->alloc = alloc;
    m->message = c->message;
    m->message_user = c->message_user;
    base_arena_init(&m->arena, &m->alloc);
    base_buf_init(&m->error, &m->alloc);
    api_directory_init(&m->directory, &m->alloc);
    m->vmm = vmm_new(&m->alloc, &converted);
    if (!m->vmm || !devices_add_all(m->vmm)) {
        vxd_machine_free(m);
        return NULL;
    }
    dos_set_host(m->vmm, &m->directory.host);
    return m;
}

void vxd_machine_free(struct vxd_machine *m)
{
    if (!m)
        return;
    if (m->vmm)
        vmm_free(m->vmm);
    api_watchers_free(m);
    api_directory_free(&m->directory);
    base_buf_free(&m->error);
    base_arena_free(&m->arena);
    struct base_alloc alloc = m->alloc;
    base_alloc_free(&alloc, m, sizeof *m);
}

const char *vxd_last_error(const struct vxd_machine *m)
{
    return m->error.size ? (const char *)m->error.data : "";
}

// The text without the newline at its end, terminated.
static void keep_error(struct vxd_machine *m, const char *text)
{
    size_t n = strlen(text);
    while (n && text[n - 1] == '\n')
        n--;
    base_buf_clear(&m->error);
    base_buf_add(&m->error, text, n);
    base_buf_add8(&m->error, 0);
    if (!base_buf_ok(&m->error))
        base_buf_clear(&m->error);
}

static void pass_on(void *user, enum base_severity severity, const char *text)
{
    struct vxd_machine *m = user;
    (void)severity;
    if (m->message)
        m->message(m->message_user, text);
}

void api_diag_begin(struct vxd_machine *m, struct base_diag *diag)
{
    base_diag_init(diag, &m->alloc, pass_on, m);
}

void api_diag_end(struct vxd_machine *m, struct base_diag *diag)
{
    if (diag->errors)
        keep_error(m, base_buf_cstr(&diag->first));
    base_diag_free(diag);
}

bool api_fail(struct vxd_machine *m, const char *format, ...)
{
    struct base_diag diag;
    va_list args;
    api_diag_begin(m, &diag);
    va_start(args, format);
    base_diag_vreport(&diag, BASE_ERROR, NULL, format, args);
    va_end(args);
    api_diag_end(m, &diag);
    return false;
}

bool vxd_load_memory(struct vxd_machine *m, const char *name, const void *bytes, size_t size, enum vxd_load how)
{
    static const enum vmm_load kinds[] = {VMM_LOAD_AS_MARKED, VMM_LOAD_STATIC, VMM_LOAD_DYNAMIC};
    if ((unsigned)how >= BASE_COUNT(kinds))
        return api_fail(m, "%s: no such way to load a driver", name);
    struct base_diag diag;
    api_diag_begin(m, &diag);
    bool done = vmm_load_image(m->vmm, name, bytes, size, kinds[how], &diag);
    if (!done && !diag.errors)
        base_diag_report(&diag, BASE_ERROR, NULL, "%s: out of memory", name);
    api_diag_end(m, &diag);
    return done;
}

bool vxd_load_file(struct vxd_machine *m, const char *path, enum vxd_load how)
{
    struct base_diag diag;
    struct base_buf content;
    base_buf_init(&content, &m->alloc);
    api_diag_begin(m, &diag);
    bool done = api_read_file(path, &content, &diag);
    api_diag_end(m, &diag);
    if (done)
        done = vxd_load_memory(m, path, content.data, content.size, how);
    base_buf_free(&content);
    return done;
}

void vxd_boot(struct vxd_machine *m)
{
    vmm_boot(m->vmm);
}

void vxd_shutdown(struct vxd_machine *m)
{
    vmm_shutdown(m->vmm);
}

enum vxd_end vxd_run(struct vxd_machine *m, uint64_t until_ns, uint64_t until_count)
{
    return (enum vxd_end)vmm_run(m->vmm, until_ns, until_count);
}

const char *vxd_end_message(const struct vxd_machine *m)
{
    return vmm_end_message(m->vmm);
}

bool vxd_rules_broken(const struct vxd_machine *m)
{
    return vmm_rules_broken(m->vmm);
}

uint64_t vxd_time(const struct vxd_machine *m)
{
    return vmm_time(m->vmm);
}

uint64_t vxd_instructions(const struct vxd_machine *m)
{
    return vmm_cpu(m->vmm)->state.count;
}

// Names in device descriptor blocks are upper case, nearly always.
static void upper_name(const char *name, char upper[16])
{
    size_t n = 0;
    for (; n < 15 && name[n]; n++)
        upper[n] = name[n] >= 'a' && name[n] <= 'z' ? (char)(name[n] - 'a' + 'A') : name[n];
    upper[n] = '\0';
}

bool vxd_send_message(struct vxd_machine *m, const char *device, uint32_t message, uint32_t ebx, uint32_t edx,
                      uint32_t esi, uint32_t edi, uint32_t *ticket)
{
    uint32_t ignored = 0, *to = ticket ? ticket : &ignored;
    char upper[16];
    if (vmm_send_control(m->vmm, device, message, ebx, edx, esi, edi, to))
        return true;
    if (device)
        upper_name(device, upper);
    if (device && vmm_send_control(m->vmm, upper, message, ebx, edx, esi, edi, to))
        return true;
    return api_fail(m, "message %08Xh cannot be sent to %s: no such device, or no memory", message,
                    device ? device : "all devices");
}

bool vxd_device_present(struct vxd_machine *m, const char *device)
{
    return vmm_device_present(m->vmm, device);
}

bool vxd_message_result(const struct vxd_machine *m, uint32_t ticket, bool *carry, uint32_t *eax)
{
    return vmm_control_result(m->vmm, ticket, carry, eax);
}

struct vxd_snapshot *vxd_snapshot_take(struct vxd_machine *m)
{
    return (struct vxd_snapshot *)vmm_snapshot_take(m->vmm);
}

bool vxd_snapshot_restore(struct vxd_machine *m, const struct vxd_snapshot *s)
{
    if (vmm_snapshot_restore(m->vmm, (const struct vmm_snapshot *)s))
        return true;
    return api_fail(m, "the snapshot does not fit this machine, or no memory");
}

void vxd_snapshot_free(struct vxd_snapshot *s)
{
    if (s)
        vmm_snapshot_free((struct vmm_snapshot *)s);
}
