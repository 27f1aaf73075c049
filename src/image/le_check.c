// What a loader demands of a virtual device driver beyond a sound LE image.
#include <string.h>

#include "image/le_format.h"

enum { DDB_SIZE_31 = 0x38, DDB_SIZE_40 = 0x50, SDK_VERSION = 4 };

static bool refuse(struct base_diag *diag, const char *name, const char *format, ...) BASE_PRINTF(3, 4);

static bool refuse(struct base_diag *diag, const char *name, const char *format, ...)
{
    struct base_place place = {.file = name};
    va_list args;
    va_start(args, format);
    base_diag_vreport(diag, BASE_ERROR, &place, format, args);
    va_end(args);
    return false;
}

static bool is_ddb_name(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && !strcmp(name + n - 4, "_DDB");
}

// The export named ..._DDB, else the only export there is.
static const struct le_export *find_ddb(const struct le_image *m, const char *name, struct base_diag *diag)
{
    const struct le_export *found = NULL;
    for (uint32_t i = 0; i < m->export_count; i++) {
        const struct le_export *e = &m->exports[i];
        if (!is_ddb_name(e->name) || (found && found->ordinal == e->ordinal))
            continue;
        if (found) {
            refuse(diag, name, "exports two device descriptor blocks, %s and %s", found->name, e->name);
            return NULL;
        }
        found = e;
    }
    if (!found && m->export_count == 1)
        found = m->exports;
    if (!found)
        refuse(diag, name,
               "an LE image that exports no device descriptor block (NAME_DDB): not a virtual device driver");
    else if (found->ordinal != 1)
        refuse(diag, name, "the device descriptor block %s is export %u; it must be export 1", found->name,
               found->ordinal);
    return found && found->ordinal == 1 ? found : NULL;
}

static bool check_ddb_object(const struct le_image *m, const struct le_export *ddb, const char *name,
                             struct base_diag *diag)
{
    const struct le_object *o = &m->objects[ddb->object];
    if (!(o->flags & LE_BIG))
        return refuse(diag, name, "the device descriptor block lies in object %u, which is 16-bit", ddb->object + 1);
    if ((o->flags & LE_DISCARDABLE) || !(o->flags & (LE_PRELOAD | LE_RESIDENT)))
        return refuse(diag, name,
                      "the device descriptor block lies in object %u, which is %s; it must be in locked memory",
                      ddb->object + 1, o->flags & LE_DISCARDABLE ? "discardable" : "pageable");
    uint32_t need = DDB_SIZE_31;
    if (ddb->offset <= o->data_size && o->data_size - ddb->offset >= SDK_VERSION + 2 &&
        base_get16(o->data + ddb->offset + SDK_VERSION) >= 0x400)
        need = DDB_SIZE_40;
    if (o->size - ddb->offset < need)
        return refuse(diag, name, "the device descriptor block at %xh of object %u is cut off: %xh of %xh bytes",
                      ddb->offset, ddb->object + 1, o->size - ddb->offset, need);
    return true;
}

bool le_check_vxd(const struct le_image *m, const char *name, struct base_diag *diag, uint32_t *ddb_object,
                  uint32_t *ddb_offset)
{
    if (m->os != LE_OS_WINDOWS386)
        return refuse(diag, name, "an LE image for operating system %u, not a virtual device driver (4)", m->os);
    if (m->import_count)
        return refuse(diag, name, "imports from %u other modules; a virtual device driver imports nothing",
                      m->import_count);
    const struct le_export *ddb = find_ddb(m, name, diag);
    if (!ddb || !check_ddb_object(m, ddb, name, diag))
        return false;
    *ddb_object = ddb->object;
    *ddb_offset = ddb->offset;
    return true;
}
