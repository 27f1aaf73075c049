// What `vxd info` tells: header, objects, device descriptor block, exported services, services called and how many of
// them work here.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dis/map.h"
#include "kit/kit.h"
#include "kit/messages.h"
#include "kit/structures.h"

struct used_service {
    uint16_t device, ordinal;
    uint32_t count;
};

struct info {
    const struct dis_map *m;
    struct base_buf *out;
    struct used_service *used; // by device and ordinal
    uint32_t used_count;
};

void dis_put_flags(struct base_buf *out, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {LE_EXECUTE, "code"},      {LE_WRITE, "writable"}, {LE_PRELOAD, "preload"}, {LE_DISCARDABLE, "discardable"},
        {LE_RESIDENT, "resident"}, {LE_SHARED, "shared"},  {LE_IOPL, "iopl"},       {LE_CONFORMING, "conforming"},
        {LE_BIG, "32-bit"},        {LE_ALIAS16, "16-bit"},
    };
    bool first = true;
    for (size_t i = 0; i < BASE_COUNT(names); i++) {
        if (!(flags & names[i].flag))
            continue;
        base_buf_printf(out, "%s%s", first ? "" : ", ", names[i].name);
        first = false;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Services called

static int compare_used(const void *a, const void *b)
{
    const struct used_service *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static bool count_used(struct info *p)
{
    const struct dis_link *links = (const void *)p->m->links.data;
    uint32_t n = (uint32_t)(p->m->links.size / sizeof *links), kept = 0;
    p->used = base_alloc_zero(p->m->options->alloc, (n + 1) * sizeof *p->used);
    if (!p->used)
        return false;
    for (uint32_t i = 0; i < n; i++)
        p->used[i] = (struct used_service){links[i].device, links[i].ordinal, 1};
    qsort(p->used, n, sizeof *p->used, compare_used);
    for (uint32_t i = 0; i < n; i++) {
        if (kept && compare_used(&p->used[kept - 1], &p->used[i]) == 0)
            p->used[kept - 1].count++;
        else
            p->used[kept++] = p->used[i];
    }
    p->used_count = kept;
    return true;
}

static bool is_implemented(const struct info *p, const struct used_service *s)
{
    return p->m->options->implemented && p->m->options->implemented(p->m->options->user, s->device, s->ordinal);
}

static bool is_known(const struct used_service *s)
{
    char name[DIS_TEXT];
    return dis_service_name(s->device, s->ordinal, name, sizeof name);
}

static uint32_t count_implemented(const struct info *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->used_count; i++)
        n += is_implemented(p, &p->used[i]);
    return n;
}

// ---------------------------------------------------------------------------------------------------------------------
// What both forms print

static uint32_t ddb_value(const struct info *p, uint32_t field, uint32_t size)
{
    uint32_t v = dis_dword(&p->m->image->objects[p->m->ddb.object], p->m->ddb.offset + field);
    return size == 1 ? v & 0xff : size == 2 ? v & 0xffff : v;
}

static void device_name(const struct info *p, char name[9])
{
    const struct le_object *o = &p->m->image->objects[p->m->ddb.object];
    size_t n = 8;
    for (uint32_t i = 0; i < 8; i++)
        name[i] = (char)dis_byte(o, p->m->ddb.offset + KIT_DDB_Name + i);
    while (n && (name[n - 1] == ' ' || !name[n - 1]))
        n--;
    name[n] = 0;
    for (size_t i = 0; i < n; i++)
        if (name[i] < 0x20 || name[i] > 0x7e)
            name[i] = '?';
}

static const char *kind_name(const struct le_image *m)
{
    return (m->flags & LE_DYNAMIC_VXD) == LE_DYNAMIC_VXD ? "dynamic" : "static";
}

struct procedure {
    const char *key, *label;
    uint32_t field;
};

static const struct procedure procedures[] = {
    {"control", "control procedure", KIT_DDB_Control_Proc},
    {"v86_api", "V86 API", KIT_DDB_V86_API_Proc},
    {"pm_api", "protected-mode API", KIT_DDB_PM_API_Proc},
    {"service_table", "service table", KIT_DDB_Service_Table_Ptr},
};

static const struct le_fixup *procedure_fixup(const struct info *p, const struct procedure *q)
{
    return dis_fixup_at(p->m, p->m->ddb.object, p->m->ddb.offset + q->field);
}

static const struct le_fixup *exported_service(const struct info *p, uint32_t ordinal)
{
    return dis_fixup_at(p->m, p->m->table.object, p->m->table.offset + 4 * ordinal);
}

// ---------------------------------------------------------------------------------------------------------------------
// Text

static void text_header(struct info *p)
{
    const struct le_image *m = p->m->image;
    base_buf_printf(p->out, "%s: %s, a %s virtual device driver (flags %08xh)\n", p->m->options->path, m->module_name,
                    kind_name(m), m->flags);
    if (m->description[0])
        base_buf_printf(p->out, "description: %s\n", m->description);
    base_buf_printf(p->out, "header: device id %04xh, version %u.%02u of the kit, cpu %u, module version %xh\n",
                    m->device_id, m->ddk_version >> 8, m->ddk_version & 0xff, m->cpu, m->module_version);
    if (m->symbol_count || m->line_count)
        base_buf_printf(p->out, "debug information: %u symbols, %u lines of %u files\n", m->symbol_count, m->line_count,
                        m->file_count);
    if (m->version_resource_size)
        base_buf_printf(p->out, "version resource: %u bytes\n", m->version_resource_size);
    base_buf_text(p->out, "\nobjects\n");
    for (uint32_t i = 0; i < m->object_count; i++) {
        const struct le_object *o = &m->objects[i];
        base_buf_printf(p->out, "  %-2u %-4s  %8xh bytes, %8xh in the file, flags %04xh: ", i + 1, o->name, o->size,
                        o->data_size, o->flags);
        dis_put_flags(p->out, o->flags);
        base_buf_add8(p->out, '\n');
    }
    base_buf_printf(p->out, "  %u fixups\n", m->fixup_count);
}

static void text_procedures(struct info *p)
{
    char name[DIS_TEXT];
    for (size_t i = 0; i < BASE_COUNT(procedures); i++) {
        const struct le_fixup *f = procedure_fixup(p, &procedures[i]);
        if (!f)
            continue;
        dis_name_place(p->m, (struct dis_place){f->target_object, f->target_offset}, name, sizeof name);
        base_buf_printf(p->out, "  %-20s %04x:%08x %s\n", procedures[i].label, f->target_object + 1, f->target_offset,
                        name);
    }
}

static void text_ddb(struct info *p)
{
    char name[9];
    uint32_t version = ddb_value(p, KIT_DDB_SDK_Version, 2), id = ddb_value(p, KIT_DDB_Req_Device_Number, 2);
    const struct kit_device *known = kit_device_by_id((uint16_t)id);
    device_name(p, name);
    base_buf_printf(p->out, "\ndevice descriptor block at %04x:%08x\n", p->m->ddb.object + 1, p->m->ddb.offset);
    base_buf_printf(p->out, "  %-20s %s\n", "name", name);
    base_buf_printf(p->out, "  %-20s %04xh%s%s%s\n", "device id", id, known ? " (" : "", known ? known->name : "",
                    known ? ")" : "");
    base_buf_printf(p->out, "  %-20s %u.%u\n", "version", ddb_value(p, KIT_DDB_Dev_Major_Version, 1),
                    ddb_value(p, KIT_DDB_Dev_Minor_Version, 1));
    base_buf_printf(p->out, "  %-20s %u.%02u\n", "made for", version >> 8, version & 0xff);
    base_buf_printf(p->out, "  %-20s %08xh\n", "init order", ddb_value(p, KIT_DDB_Init_Order, 4));
    text_procedures(p);
    if (id != p->m->image->device_id || version != p->m->image->ddk_version)
        base_buf_text(p->out, "  the header's device id or version differs: Windows 3.1 refuses such a driver\n");
}

static void text_exported(struct info *p)
{
    uint16_t id = (uint16_t)ddb_value(p, KIT_DDB_Req_Device_Number, 2);
    base_buf_printf(p->out, "\nexported services: %u\n", p->m->service_count);
    for (uint32_t i = 0; i < p->m->service_count; i++) {
        char name[DIS_TEXT], place[DIS_TEXT] = "empty";
        const struct le_fixup *f = exported_service(p, i);
        if (f)
            dis_name_place(p->m, (struct dis_place){f->target_object, f->target_offset}, place, sizeof place);
        bool other = dis_service_name(id, (uint16_t)i, name, sizeof name) && strcmp(name, place) != 0;
        base_buf_printf(p->out, "  %04x  %s%s%s\n", i, place, other ? "  " : "", other ? name : "");
    }
}

static void text_used(struct info *p)
{
    char name[DIS_TEXT];
    bool asked = p->m->options->implemented != NULL;
    base_buf_printf(p->out, "\nservices called: %u", p->used_count);
    if (asked)
        base_buf_printf(p->out, ", of which %u are implemented", count_implemented(p));
    base_buf_add8(p->out, '\n');
    for (uint32_t i = 0; i < p->used_count; i++) {
        const struct used_service *s = &p->used[i];
        const struct kit_device *d = kit_device_by_id(s->device);
        bool known = dis_service_name(s->device, s->ordinal, name, sizeof name);
        base_buf_printf(p->out, "  %-8s %04x  %-36s %4u time%s%s\n", d ? d->name : "?", s->ordinal, name, s->count,
                        s->count == 1 ? "" : "s",
                        !known                           ? ", unknown"
                        : asked && !is_implemented(p, s) ? ", not implemented"
                                                         : "");
    }
}

static void text_messages(struct info *p)
{
    const struct dis_message *messages = (const void *)p->m->messages.data;
    size_t count = p->m->messages.size / sizeof *messages;
    base_buf_printf(p->out, "\ncontrol messages handled: %zu\n", count);
    for (size_t i = 0; i < count; i++) {
        const struct kit_message *message = kit_message(messages[i].value);
        base_buf_printf(p->out, "  %04x  %s\n", messages[i].value, message ? message->name : "?");
    }
}

static void text_argument(struct info *p, const struct dis_argument *a)
{
    char text[DIS_TEXT];
    if (a->is_place)
        dis_name_place(p->m, a->place, text, sizeof text);
    else
        dis_number(a->number, text, sizeof text);
    base_buf_printf(p->out, "  %.*s=%s", (int)a->role_length, a->role, text);
}

static void text_uses(struct info *p)
{
    const struct dis_use *uses = (const void *)p->m->uses.data;
    size_t count = p->m->uses.size / sizeof *uses;
    base_buf_printf(p->out, "\nhooks and traps: %zu\n", count);
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(p->out, "  %04x:%08x  %s", uses[i].at.object + 1, uses[i].at.offset, uses[i].service->name);
        for (uint32_t k = 0; k < uses[i].argument_count; k++)
            text_argument(p, &uses[i].arguments[k]);
        base_buf_add8(p->out, '\n');
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// JSON

static void put_string(struct info *p, const char *key, const char *text)
{
    base_buf_printf(p->out, "\"%s\":", key);
    base_buf_json(p->out, text, strlen(text));
}

static void json_header(struct info *p)
{
    const struct le_image *m = p->m->image;
    base_buf_text(p->out, "{\n");
    put_string(p, "module", m->module_name);
    base_buf_text(p->out, ",");
    put_string(p, "description", m->description);
    base_buf_printf(
        p->out,
        ",\n\"kind\":\"%s\",\"flags\":%u,\"device_id\":%u,\"ddk_version\":%u,\"cpu\":%u,\"module_version\":%u,"
        "\"fixups\":%u,\"symbols\":%u,\"lines\":%u,\"version_resource\":%u,\n\"objects\":[",
        kind_name(m), m->flags, m->device_id, m->ddk_version, m->cpu, m->module_version, m->fixup_count,
        m->symbol_count, m->line_count, m->version_resource_size);
    for (uint32_t i = 0; i < m->object_count; i++) {
        base_buf_text(p->out, i ? ",\n {" : "\n {");
        put_string(p, "name", m->objects[i].name);
        base_buf_printf(p->out, ",\"size\":%u,\"in_file\":%u,\"flags\":%u}", m->objects[i].size,
                        m->objects[i].data_size, m->objects[i].flags);
    }
    base_buf_text(p->out, "]");
}

static void json_place(struct info *p, const struct le_fixup *f)
{
    char name[DIS_TEXT];
    dis_name_place(p->m, (struct dis_place){f->target_object, f->target_offset}, name, sizeof name);
    base_buf_printf(p->out, "{\"object\":%u,\"offset\":%u,", f->target_object + 1, f->target_offset);
    put_string(p, "name", name);
    base_buf_text(p->out, "}");
}

static void json_ddb(struct info *p)
{
    char name[9];
    device_name(p, name);
    base_buf_printf(p->out, ",\n\"ddb\":{\"object\":%u,\"offset\":%u,", p->m->ddb.object + 1, p->m->ddb.offset);
    put_string(p, "name", name);
    base_buf_printf(p->out,
                    ",\"device_id\":%u,\"major\":%u,\"minor\":%u,\"sdk_version\":%u,\"init_order\":%u,\"flags\":%u",
                    ddb_value(p, KIT_DDB_Req_Device_Number, 2), ddb_value(p, KIT_DDB_Dev_Major_Version, 1),
                    ddb_value(p, KIT_DDB_Dev_Minor_Version, 1), ddb_value(p, KIT_DDB_SDK_Version, 2),
                    ddb_value(p, KIT_DDB_Init_Order, 4), ddb_value(p, KIT_DDB_Flags, 2));
    for (size_t i = 0; i < BASE_COUNT(procedures); i++) {
        const struct le_fixup *f = procedure_fixup(p, &procedures[i]);
        if (!f)
            continue;
        base_buf_printf(p->out, ",\"%s\":", procedures[i].key);
        json_place(p, f);
    }
    base_buf_text(p->out, "}");
}

static void json_exported(struct info *p)
{
    char name[DIS_TEXT];
    uint16_t id = (uint16_t)ddb_value(p, KIT_DDB_Req_Device_Number, 2);
    base_buf_text(p->out, ",\n\"services_exported\":[");
    for (uint32_t i = 0; i < p->m->service_count; i++) {
        const struct le_fixup *f = exported_service(p, i);
        base_buf_printf(p->out, "%s{\"ordinal\":%u", i ? ",\n " : "\n ", i);
        if (dis_service_name(id, (uint16_t)i, name, sizeof name)) {
            base_buf_text(p->out, ",");
            put_string(p, "name", name);
        }
        base_buf_text(p->out, ",\"at\":");
        if (f)
            json_place(p, f);
        else
            base_buf_text(p->out, "null");
        base_buf_text(p->out, "}");
    }
    base_buf_text(p->out, "]");
}

static void json_used(struct info *p)
{
    char name[DIS_TEXT];
    if (p->m->options->implemented)
        base_buf_printf(p->out, ",\n\"services_implemented\":%u", count_implemented(p));
    base_buf_text(p->out, ",\n\"services_called\":[");
    for (uint32_t i = 0; i < p->used_count; i++) {
        const struct used_service *s = &p->used[i];
        const struct kit_device *d = kit_device_by_id(s->device);
        base_buf_printf(p->out, "%s{\"device_id\":%u,\"ordinal\":%u,\"count\":%u,\"known\":%s", i ? ",\n " : "\n ",
                        s->device, s->ordinal, s->count, is_known(s) ? "true" : "false");
        if (d) {
            base_buf_text(p->out, ",");
            put_string(p, "device", d->name);
        }
        if (dis_service_name(s->device, s->ordinal, name, sizeof name)) {
            base_buf_text(p->out, ",");
            put_string(p, "name", name);
        }
        if (p->m->options->implemented)
            base_buf_printf(p->out, ",\"implemented\":%s", is_implemented(p, s) ? "true" : "false");
        base_buf_text(p->out, "}");
    }
    base_buf_text(p->out, "]");
}

static void json_messages(struct info *p)
{
    const struct dis_message *messages = (const void *)p->m->messages.data;
    base_buf_text(p->out, ",\n\"control_messages\":[");
    for (size_t i = 0; i < p->m->messages.size / sizeof *messages; i++) {
        const struct kit_message *message = kit_message(messages[i].value);
        base_buf_printf(p->out, "%s{\"value\":%u", i ? ",\n " : "\n ", messages[i].value);
        if (message) {
            base_buf_text(p->out, ",");
            put_string(p, "name", message->name);
        }
        base_buf_text(p->out, "}");
    }
    base_buf_text(p->out, "]");
}

static void json_argument(struct info *p, const struct dis_argument *a)
{
    char text[DIS_TEXT];
    base_buf_json(p->out, a->role, a->role_length);
    if (!a->is_place) {
        base_buf_printf(p->out, ":%u", a->number);
        return;
    }
    dis_name_place(p->m, a->place, text, sizeof text);
    base_buf_text(p->out, ":");
    base_buf_json(p->out, text, strlen(text));
}

static void json_uses(struct info *p)
{
    const struct dis_use *uses = (const void *)p->m->uses.data;
    base_buf_text(p->out, ",\n\"hooks\":[");
    for (size_t i = 0; i < p->m->uses.size / sizeof *uses; i++) {
        base_buf_printf(p->out, "%s{\"object\":%u,\"offset\":%u,", i ? ",\n " : "\n ", uses[i].at.object + 1,
                        uses[i].at.offset);
        put_string(p, "service", uses[i].service->name);
        base_buf_text(p->out, ",\"arguments\":{");
        for (uint32_t k = 0; k < uses[i].argument_count; k++) {
            base_buf_text(p->out, k ? "," : "");
            json_argument(p, &uses[i].arguments[k]);
        }
        base_buf_text(p->out, "}}");
    }
    base_buf_text(p->out, "]");
}

// ---------------------------------------------------------------------------------------------------------------------

static void put_json(struct info *p)
{
    json_header(p);
    if (p->m->has_ddb) {
        json_ddb(p);
        json_exported(p);
        json_messages(p);
    }
    json_used(p);
    json_uses(p);
    base_buf_text(p->out, "\n}\n");
}

static void put_text(struct info *p)
{
    text_header(p);
    if (p->m->has_ddb) {
        text_ddb(p);
        text_exported(p);
        text_messages(p);
    }
    text_used(p);
    text_uses(p);
}

bool dis_info(const struct dis_image_options *options, const struct le_image *image, struct base_buf *out)
{
    struct dis_map m;
    struct info p = {.m = &m, .out = out};
    base_buf_clear(out);
    bool ok = dis_map_make(&m, options, image) && count_used(&p);
    if (ok && options->json)
        put_json(&p);
    else if (ok)
        put_text(&p);
    dis_disarm(out);
    base_alloc_free(options->alloc, p.used, p.used ? (m.links.size / sizeof(struct dis_link) + 1) * sizeof *p.used : 0);
    dis_map_free(&m);
    return ok && base_buf_ok(out);
}
