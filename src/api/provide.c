// Host code in the machine: procedures, services, ports, memory.
#include "api/machine.h"
#include "devices/devices.h"
#include "vmm/guest.h"

#include <stdlib.h>

enum { MOST_UNNAMED = 512 }; // services of a device that the tables know by number alone

struct host_proc {
    vxd_host_fn *fn;
    void *user;
    struct vxd_machine *machine;
};

static void call_host(void *user, struct vmm *v)
{
    const struct host_proc *p = user;
    (void)v;
    p->fn(p->user, p->machine);
}

static struct host_proc *new_proc(struct vxd_machine *m, vxd_host_fn *fn, void *user)
{
    struct host_proc *p = base_arena_get(&m->arena, sizeof *p);
    if (p)
        *p = (struct host_proc){fn, user, m};
    else
        api_fail(m, "out of memory");
    return p;
}

uint32_t vxd_host_proc(struct vxd_machine *m, vxd_host_fn *fn, void *user)
{
    struct host_proc *p = new_proc(m, fn, user);
    uint32_t address = p ? vmm_host_proc(m->vmm, call_host, p) : 0;
    if (p && !address)
        api_fail(m, "out of memory");
    return address;
}

uint32_t vxd_argument(struct vxd_machine *m, unsigned n)
{
    return vmm_arg(m->vmm, n);
}

// "@12" or "@0x0C".
static bool ordinal_of(const char *service, uint32_t *ordinal)
{
    char *end;
    unsigned long value = service[0] == '@' ? strtoul(service + 1, &end, 0) : MOST_UNNAMED;
    *ordinal = (uint32_t)value;
    return value < MOST_UNNAMED && end != service + 1 && !*end;
}

// The device, from the kit's tables when the machine has none of that id yet.
static bool have_device(struct vxd_machine *m, const struct kit_device *wanted)
{
    if (vmm_has_device(m->vmm, wanted->id))
        return true;
    struct vmm_device *device = base_arena_get(&m->arena, sizeof *device);
    if (!device)
        return api_fail(m, "out of memory");
    *device =
        (struct vmm_device){.id = wanted->id, .version = 0x0400, .services = wanted->service_count ? 0 : MOST_UNNAMED};
    return vmm_add_device(m->vmm, device) || api_fail(m, "no memory for a device %s", wanted->name);
}

bool vxd_provide_service(struct vxd_machine *m, const char *device, const char *service, vxd_host_fn *fn, void *user)
{
    const struct kit_device *owner, *wanted = kit_device_by_name(device);
    const struct kit_service *row = kit_service_by_name(service, &owner);
    uint32_t ordinal = row ? row->ordinal : 0;
    bool known = row ? owner == wanted : wanted && ordinal_of(service, &ordinal);
    if (!wanted || !known)
        return api_fail(m, "there is no service %s of a device %s", service, device);
    struct host_proc *p = have_device(m, wanted) ? new_proc(m, fn, user) : NULL;
    if (!p)
        return false;
    if (vmm_bind_host(m->vmm, wanted->id, (uint16_t)ordinal, call_host, p))
        return true;
    return api_fail(m, "%s of %s cannot be provided: this Windows does not have it", service, wanted->name);
}

struct host_ports {
    vxd_port_in_fn *in;
    vxd_port_out_fn *out;
    void *user;
};

static uint32_t read_port(void *user, uint32_t port, unsigned size)
{
    const struct host_ports *p = user;
    return p->in ? p->in(p->user, (uint16_t)port, size) : UINT32_MAX;
}

static void write_port(void *user, uint32_t port, unsigned size, uint32_t value)
{
    const struct host_ports *p = user;
    if (p->out)
        p->out(p->user, (uint16_t)port, size, value);
}

bool vxd_provide_ports(struct vxd_machine *m, uint16_t first, uint32_t count, vxd_port_in_fn *in, vxd_port_out_fn *out,
                       void *user)
{
    struct host_ports *p = base_arena_get(&m->arena, sizeof *p);
    if (!p)
        return api_fail(m, "out of memory");
    *p = (struct host_ports){in, out, user};
    const struct vmm_host_range range = {
        .first = first, .count = count, .read = read_port, .write = write_port, .user = p};
    return vmm_provide_range(m->vmm, &range) ||
           api_fail(m,
                    "ports %04Xh to %04Xh cannot be provided: the range wraps or is taken, or the machine has booted",
                    first, first + count - 1);
}

bool vxd_provide_memory(struct vxd_machine *m, uint32_t address, uint32_t size, vxd_memory_read_fn *read,
                        vxd_memory_write_fn *write, void *user)
{
    const struct vmm_host_range range = {
        .memory = true, .first = address, .count = size, .read = read, .write = write, .user = user};
    return vmm_provide_range(m->vmm, &range) ||
           api_fail(m, "memory at %08Xh cannot be provided: no whole free pages, or the machine has booted", address);
}

bool vxd_provide_hardware(struct vxd_machine *m, const char *name, const char *text, size_t size)
{
    struct base_diag diag;
    api_diag_begin(m, &diag);
    bool done = devices_provide_hardware(m->vmm, name, text, size, &diag);
    api_diag_end(m, &diag);
    return done;
}
