// The service tables as text and as JSON.
#include "api/report.h"

#include "devices/devices.h"
#include "kit/kit.h"

#include <string.h>

struct listing {
    struct base_buf text;
    bool json;
    bool only_missing;
    uint32_t rows, missing;
};

static const char *convention_name(uint8_t convention)
{
    static const char *const names[] = {"registers", "C", "Std", "Fast", "unknown"};
    return names[convention < BASE_COUNT(names) ? convention : KIT_UNKNOWN];
}

static void add_json_text(struct base_buf *to, const char *key, const char *value)
{
    base_buf_printf(to, ",\"%s\":", key);
    base_buf_json(to, value, strlen(value));
}

static void add_json(struct listing *l, const struct kit_device *d, const struct kit_service *s, bool works)
{
    struct base_buf *to = &l->text;
    base_buf_printf(to, "%s\n  {\"device\":\"%s\",\"id\":%u,\"ordinal\":%u", l->rows ? "," : "", d->name, d->id,
                    s->ordinal);
    add_json_text(to, "name", s->name);
    add_json_text(to, "convention", convention_name(s->convention));
    base_buf_printf(to, ",\"arguments\":%d,\"since\":%u,\"async\":%s,\"init_only\":%s,\"unverified\":%s", s->args,
                    s->since, s->flags & KIT_ASYNC ? "true" : "false", s->flags & KIT_INIT_ONLY ? "true" : "false",
                    s->flags & KIT_UNVERIFIED ? "true" : "false");
    add_json_text(to, "in", s->in);
    add_json_text(to, "out", s->out);
    add_json_text(to, "changes", s->uses);
    add_json_text(to, "page", s->page);
    base_buf_printf(to, ",\"used_by\":{\"assembly\":%u,\"c\":%u,\"binaries\":%u},\"implemented\":%s}", s->asm_sets,
                    s->c_sets, s->binaries, works ? "true" : "false");
}

static void add_service(struct listing *l, const struct kit_device *d, const struct kit_service *s)
{
    bool works = devices_service_is_implemented(d->id, s->ordinal);
    if (works && l->only_missing)
        return;
    if (l->json)
        add_json(l, d, s, works);
    else
        base_buf_printf(&l->text, "%04X%04X  %-10s %-36s %s\n", d->id, s->ordinal, d->name, s->name,
                        works ? "works" : "not implemented");
    l->rows++;
    l->missing += !works;
}

static void add_device(struct listing *l, const struct kit_device *d)
{
    for (uint32_t i = 0; i < d->service_count; i++)
        if (d->services[i].name && d->services[i].name[0])
            add_service(l, d, &d->services[i]);
}

static void add_version(struct base_buf *to, uint16_t since)
{
    if (since)
        base_buf_printf(to, "  since      %u.%02u\n", since / 100u, since % 100u);
}

static void add_contract(struct base_buf *to, const struct kit_device *d, const struct kit_service *s)
{
    base_buf_printf(to, "%s\n  service    %04X%04Xh of %s\n", s->name, d->id, s->ordinal, d->name);
    base_buf_printf(to, "  called     with %s", convention_name(s->convention));
    if (s->convention != KIT_REG && s->args >= 0)
        base_buf_printf(to, " convention, %d argument%s", s->args, s->args == 1 ? "" : "s");
    base_buf_printf(to, "%s%s\n", s->flags & KIT_ASYNC ? ", also at hardware-interrupt time" : "",
                    s->flags & KIT_INIT_ONLY ? ", only until Init_Complete" : "");
    base_buf_printf(to, "  in         %s\n  out        %s\n  changes    %s\n", s->in[0] ? s->in : "nothing",
                    s->out[0] ? s->out : "nothing", s->uses[0] ? s->uses : "nothing");
    add_version(to, s->since);
    if (s->page[0])
        base_buf_printf(to, "  documented %s\n", s->page);
    base_buf_printf(to, "  used by    %u assembly and %u C sources, %u binaries of those counted\n", s->asm_sets,
                    s->c_sets, s->binaries);
    if (s->flags & KIT_UNVERIFIED)
        base_buf_text(to, "  parts of this contract are confirmed by no document\n");
    base_buf_printf(to, "  status     %s\n",
                    devices_service_is_implemented(d->id, s->ordinal) ? "works" : "not implemented");
}

// False: no device and no service has that name.
static bool add_named(struct listing *l, const char *name)
{
    const struct kit_device *device = kit_device_by_name(name);
    if (device) {
        add_device(l, device);
        return true;
    }
    const struct kit_service *service = kit_service_by_name(name, &device);
    if (!service)
        return false;
    if (l->json)
        add_service(l, device, service);
    else
        add_contract(&l->text, device, service);
    return true;
}

static bool add_wanted(struct listing *l, const char *name)
{
    if (name)
        return add_named(l, name);
    for (size_t i = 0; i < kit_device_count; i++)
        add_device(l, &kit_devices[i]);
    return true;
}

enum vxd_status vxd_services(const char *name, bool only_missing, bool json, struct vxd_messages messages,
                             vxd_write_fn *write, void *user)
{
    struct listing l = {.json = json, .only_missing = only_missing};
    struct api_report report;
    api_report_begin(&report, messages);
    base_buf_init(&l.text, &base_heap);
    if (json)
        base_buf_text(&l.text, "[");
    bool done = add_wanted(&l, name);
    if (!done)
        base_diag_report(&report.diag, BASE_ERROR, NULL, "no device and no service is called %s", name);
    if (json)
        base_buf_text(&l.text, "\n]\n");
    else if (l.rows)
        base_buf_printf(&l.text, "%u services, %u of them not implemented\n", l.rows, l.missing);
    done = done && base_buf_ok(&l.text);
    if (done && l.text.size)
        write(user, (const char *)l.text.data, l.text.size);
    base_buf_free(&l.text);
    return api_report_end(&report, done);
}
