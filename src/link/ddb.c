// The device descriptor block: which symbol it is, and whether what it says can work. A loader would refuse, or run
// into the void with, everything that is an error here. Field offsets: the kit's VxD_Desc_Block.
#include <string.h>

#include "link/defs.h"

enum ddb_field {
    DDB_SDK_VERSION = 0x04,
    DDB_DEVICE_NUMBER = 0x06,
    DDB_NAME = 0x0c,
    DDB_CONTROL_PROC = 0x18,
    DDB_V86_API_PROC = 0x1c,
    DDB_PM_API_PROC = 0x20,
    DDB_SERVICE_TABLE = 0x30,
    DDB_SERVICE_COUNT = 0x34,
    DDB_SIZE_31 = 0x38,
    DDB_SIZE_40 = 0x50,
};

enum { VERSION_40 = 0x400, FIRST_INTERNAL_ID = 0xf000, SEGMENT_LIMIT = 0x10000 };

// ---------------------------------------------------------------------------------------------------------------------
// Finding it

// C compilers put an underscore in front of a name, which no loader expects.
static const char *plain_name(const char *name)
{
    return name[0] == '_' ? name + 1 : name;
}

static bool ends_in_ddb(const char *name)
{
    size_t n = strlen(name);
    if (n < 5)
        return false;
    const char *end = name + n - 4;
    return end[0] == '_' && (end[1] | 0x20) == 'd' && (end[2] | 0x20) == 'd' && (end[3] | 0x20) == 'b';
}

static bool is_defined(const struct link_symbol *s)
{
    return s && s->kind == LINK_DEFINED;
}

static bool find_exported(struct linker *l)
{
    const char *name = l->def.export_name;
    struct base_buf text;
    struct base_place place = {.file = l->def.path, .line = l->def.export_line};
    base_buf_init(&text, l->options->alloc);
    base_buf_printf(&text, "_%s", name);
    l->ddb = link_find_symbol(l, name);
    if (!is_defined(l->ddb))
        l->ddb = link_find_symbol(l, base_buf_cstr(&text));
    base_buf_free(&text);
    if (is_defined(l->ddb))
        return true;
    base_diag_report(l->diag, BASE_ERROR, &place, "no object defines the export '%.99s'", name);
    return false;
}

bool link_find_ddb(struct linker *l)
{
    if (l->def.export_name)
        return find_exported(l);
    for (size_t i = 0; i < l->symbols.count; i++) {
        struct link_symbol *s = l->symbols.entries[i].value;
        if (!is_defined(s) || !ends_in_ddb(s->name))
            continue;
        if (l->ddb) {
            link_error(
                l, "two device descriptor blocks: '%.99s' in %s and '%.99s' in %s; say which in a .def file (EXPORTS)",
                l->ddb->name, l->files[l->ddb->file].path, s->name, l->files[s->file].path);
            return false;
        }
        l->ddb = s;
    }
    if (!l->ddb)
        link_error(
            l, "no device descriptor block: no object has a public symbol NAME_DDB (Declare_Virtual_Device makes it)");
    return l->ddb != NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Checking it

static void refuse(struct linker *l, const char *format, ...) BASE_PRINTF(2, 3);

static void refuse(struct linker *l, const char *format, ...)
{
    struct base_buf text;
    va_list args;
    base_buf_init(&text, l->options->alloc);
    va_start(args, format);
    base_buf_vprintf(&text, format, args);
    va_end(args);
    if (l->ddb->file != LINK_NONE && l->ddb->piece->file != LINK_NONE)
        link_report_at(l, BASE_ERROR, l->ddb->file, l->ddb->piece->section, l->ddb->value, "%.99s: %s", l->ddb->name,
                       base_buf_cstr(&text));
    else
        link_error(l, "%.99s: %s", l->ddb->name, base_buf_cstr(&text));
    base_buf_free(&text);
}

static bool is_locked(const struct link_group *g)
{
    return (g->flags & LE_BIG) && !(g->flags & LE_DISCARDABLE) && (g->flags & (LE_PRELOAD | LE_RESIDENT));
}

static const struct le_fixup *fixup_at(const struct linker *l, uint32_t object, uint32_t offset)
{
    uint32_t low = 0, high = l->image.fixup_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct le_fixup *f = &l->image.fixups[middle];
        if (f->object < object || (f->object == object && f->offset < offset))
            low = middle + 1;
        else
            high = middle;
    }
    const struct le_fixup *f = &l->image.fixups[low];
    return low < l->image.fixup_count && f->object == object && f->offset == offset ? f : NULL;
}

static const uint8_t *ddb_bytes(const struct linker *l)
{
    return l->groups[l->ddb_object]->data + l->ddb_offset;
}

// Where an address field points: NULL when it is zero, or a number that no loader relocates (an error).
static const struct le_fixup *address_field(struct linker *l, enum ddb_field field, const char *name)
{
    const struct le_fixup *f = fixup_at(l, l->ddb_object, l->ddb_offset + field);
    if (!f && base_get32(ddb_bytes(l) + field) != 0)
        refuse(l, "%s is the number %xh, not an address", name, base_get32(ddb_bytes(l) + field));
    if (f && f->target_offset >= l->groups[f->target_object]->size) {
        refuse(l, "%s points outside its segment", name);
        return NULL;
    }
    return f;
}

static bool check_place(struct linker *l)
{
    const struct link_group *g = l->groups[l->ddb_object];
    if (!is_locked(g)) {
        refuse(l, "the device descriptor block lies in class %s; it must be in locked memory (VxD_LOCKED_DATA_SEG)",
               g->class_name);
        return false;
    }
    uint32_t room = l->ddb_offset < g->data_size ? g->data_size - l->ddb_offset : 0;
    uint32_t need =
        room >= DDB_SIZE_31 && base_get16(ddb_bytes(l) + DDB_SDK_VERSION) < VERSION_40 ? DDB_SIZE_31 : DDB_SIZE_40;
    if (room < need)
        refuse(l, "only %xh of the device descriptor block's %xh bytes are there", room, need);
    return room >= need;
}

static bool is_device_name(const uint8_t *name)
{
    bool blank = false;
    for (int i = 0; i < 8; i++) {
        if (name[i] < 0x20 || name[i] > 0x7e || (blank && name[i] != ' '))
            return false;
        blank |= name[i] == ' ';
    }
    return name[0] != ' ';
}

static void check_identity(struct linker *l)
{
    uint16_t version = base_get16(ddb_bytes(l) + DDB_SDK_VERSION), id = base_get16(ddb_bytes(l) + DDB_DEVICE_NUMBER);
    if (version < 0x300 || version > 0x4ff)
        refuse(l, "DDB_SDK_Version is %04xh: is this a device descriptor block?", version);
    if (id >= FIRST_INTERNAL_ID)
        refuse(l,
               "the device id %04xh is one of those (F000h up) that only name-based devices have, inside their sources",
               id);
    if (!is_device_name(ddb_bytes(l) + DDB_NAME))
        refuse(l, "DDB_Name is not eight characters padded with blanks");
    if (l->dynamic && version < VERSION_40)
        refuse(l, "dynamic drivers came with version 4.00, but DDB_SDK_Version is %u.%02u", version >> 8,
               version & 0xff);
    l->image.device_id = id;
    l->image.ddk_version = version;
}

static void check_control_procedure(struct linker *l)
{
    const struct le_fixup *f = address_field(l, DDB_CONTROL_PROC, "DDB_Control_Proc");
    if (!f) {
        if (base_get32(ddb_bytes(l) + DDB_CONTROL_PROC) == 0)
            refuse(l, "there is no control procedure (DDB_Control_Proc is 0)");
        return;
    }
    const struct link_group *g = l->groups[f->target_object];
    if (!is_locked(g))
        refuse(l, "the control procedure lies in class %s; it must be in locked code, since messages come at any time",
               g->class_name);
}

static void check_api_procedures(struct linker *l)
{
    static const struct {
        enum ddb_field field;
        const char *name;
    } fields[] = {{DDB_V86_API_PROC, "DDB_V86_API_Proc"}, {DDB_PM_API_PROC, "DDB_PM_API_Proc"}};
    for (size_t i = 0; i < BASE_COUNT(fields); i++) {
        const struct le_fixup *f = address_field(l, fields[i].field, fields[i].name);
        if (f && (l->groups[f->target_object]->flags & LE_DISCARDABLE))
            refuse(l, "%s lies in class %s, which is gone after initialisation", fields[i].name,
                   l->groups[f->target_object]->class_name);
    }
}

// Each entry is an address or 0; a number there would be called.
static void check_service(struct linker *l, const struct link_group *g, uint32_t offset, uint32_t ordinal)
{
    bool has_bytes = offset < g->data_size && g->data_size - offset >= 4;
    const struct le_fixup *f = fixup_at(l, g->object, offset);
    if (!f && has_bytes && base_get32(g->data + offset) != 0)
        refuse(l, "service %u in the service table is the number %xh, not an address", ordinal,
               base_get32(g->data + offset));
    if (f && (l->groups[f->target_object]->flags & LE_DISCARDABLE))
        refuse(l, "service %u lies in class %s, which is gone after initialisation", ordinal,
               l->groups[f->target_object]->class_name);
}

static void check_services(struct linker *l)
{
    const struct le_fixup *f = address_field(l, DDB_SERVICE_TABLE, "DDB_Service_Table_Ptr");
    uint32_t count = base_get32(ddb_bytes(l) + DDB_SERVICE_COUNT);
    if (!f) {
        if (count && base_get32(ddb_bytes(l) + DDB_SERVICE_TABLE) == 0)
            refuse(l, "DDB_Service_Table_Size is %u, but there is no service table", count);
        return;
    }
    const struct link_group *g = l->groups[f->target_object];
    if (!is_locked(g)) {
        refuse(l, "the service table lies in class %s; dynamic links read it at any time, so it must be locked",
               g->class_name);
        return;
    }
    if (count > (g->size - f->target_offset) / 4) {
        refuse(l, "the service table's %u entries go beyond its segment", count);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        check_service(l, g, f->target_offset + 4 * i, i);
}

// ---------------------------------------------------------------------------------------------------------------------
// 16-bit objects

static void check_start(struct linker *l, uint32_t file)
{
    const struct coff_object *o = &l->files[file].coff;
    if (!o->start)
        return;
    const struct coff_symbol *s = &o->symbols[o->start - 1];
    const struct link_piece *p = s->section > 0 ? l->files[file].pieces[s->section - 1] : NULL;
    if (!p)
        return;
    if (strcmp(p->segment->group->class_name, "RCODE") != 0)
        link_report_at(
            l, BASE_WARNING, file, p->section, s->value,
            "END names '%.99s', which is no real-mode initialisation; a driver starts through its control procedure",
            s->name);
    else if (p->offset + s->value != 0)
        link_report_at(l, BASE_ERROR, file, p->section, s->value,
                       "the real-mode initialisation '%.99s' is at offset %xh; it must start its segment (S230D)",
                       s->name, p->offset + s->value);
}

static void check_16bit(struct linker *l)
{
    for (uint32_t i = 0; i < l->group_count; i++) {
        const struct link_group *g = l->groups[i];
        if (!(g->flags & LE_BIG) && g->size > SEGMENT_LIMIT)
            link_error(l, "the 16-bit segments of class %s take %xh bytes, more than 64 KB", g->class_name, g->size);
        if (l->dynamic && !strcmp(g->class_name, "RCODE"))
            link_error(l, "a dynamic driver has no real-mode initialisation (S230C): link it static or leave out "
                          "VxD_REAL_INIT_SEG");
    }
    for (uint32_t i = 0; i < l->file_count; i++)
        check_start(l, i);
}

bool link_check_driver(struct linker *l)
{
    uint32_t before = l->diag->errors;
    l->ddb_object = l->ddb->piece->segment->group->object;
    l->ddb_offset = l->ddb->piece->offset + l->ddb->value;
    check_16bit(l);
    if (!check_place(l))
        return false;
    check_identity(l);
    check_control_procedure(l);
    check_api_procedures(l);
    check_services(l);
    struct le_export *export = link_get(l, 1, sizeof *export);
    if (!export)
        return false;
    *export = (struct le_export){plain_name(l->ddb->name), 1, l->ddb_object, l->ddb_offset};
    l->image.exports = export;
    l->image.export_count = 1;
    return l->diag->errors == before;
}
