// Looking into driver images without running them.
#include "api/report.h"

#include "base/arena.h"
#include "devices/devices.h"
#include "dis/dis.h"
#include "image/collection.h"
#include "image/le.h"
#include "vmm/vmm.h"

#include <string.h>

enum { DDB_NAME = 0x0C, DDB_NAME_SIZE = 8 }; // spec of the device descriptor block: DDB_Name, padded with blanks

// Bytes of an object behind its stored data are zero.
static void copy_name(const struct le_object *object, uint32_t offset, char name[DDB_NAME_SIZE + 1])
{
    memset(name, 0, DDB_NAME_SIZE + 1);
    for (uint32_t i = 0; i < DDB_NAME_SIZE && offset + i < object->data_size; i++)
        name[i] = (char)object->data[offset + i];
    for (size_t n = strlen(name); n > 0 && name[n - 1] == ' '; n--)
        name[n - 1] = '\0';
}

enum vxd_status vxd_driver_name(const struct vxd_input *image, struct vxd_messages messages, char name[9])
{
    struct api_report report;
    struct base_arena arena;
    struct le_image le;
    uint32_t object, offset;
    api_report_begin(&report, messages);
    base_arena_init(&arena, &base_heap);
    bool done = le_read(image->bytes, image->size, image->path, &arena, &report.diag, &le) &&
                le_check_vxd(&le, image->path, &report.diag, &object, &offset);
    if (done)
        copy_name(&le.objects[object], offset + DDB_NAME, name);
    base_arena_free(&arena);
    return api_report_end(&report, done);
}

enum vxd_status vxd_check_registry(const struct vxd_input *text, struct vxd_messages messages)
{
    struct api_report report;
    struct base_place place = {.file = text->path};
    const char *problem = "";
    bool valid = vmm_registry_text_valid(&base_heap, text->bytes, text->size, &place.line, &problem);
    api_report_begin(&report, messages);
    if (!valid && place.line)
        base_diag_report(&report.diag, BASE_ERROR, &place, "%s", problem);
    return api_report_end(&report, valid);
}

static bool is_implemented(void *user, uint16_t device, uint16_t ordinal)
{
    (void)user;
    return devices_service_is_implemented(device, ordinal);
}

// One file looked at: everything that lasts as long as that.
struct look {
    const struct vxd_input *file;
    const struct dis_image_options *options;
    struct base_arena *arena;
    struct base_diag *diag;
    struct base_buf *out;
};

// Any LE image can be looked at, a virtual device driver or not.
static bool info(const struct look *l)
{
    struct le_image le;
    return le_read(l->file->bytes, l->file->size, l->file->path, l->arena, l->diag, &le) &&
           dis_info(l->options, &le, l->out);
}

static bool disassembly(const struct look *l)
{
    struct le_image le;
    return le_read(l->file->bytes, l->file->size, l->file->path, l->arena, l->diag, &le) &&
           dis_image(l->options, &le, l->out);
}

static bool list(const struct look *l)
{
    struct collection c;
    return collection_read(l->file->bytes, l->file->size, l->file->path, l->arena, l->diag, &c) &&
           dis_collection(l->options, &c, l->diag, l->out);
}

// A list is written even when one of its drivers is damaged.
static enum vxd_status look(bool (*fn)(const struct look *l), const struct vxd_input *file, bool json,
                            struct vxd_messages messages, vxd_write_fn *write, void *user)
{
    const struct dis_image_options options = {
        .alloc = &base_heap, .path = file->path, .json = json, .implemented = is_implemented};
    struct api_report report;
    struct base_arena arena;
    struct base_buf text;
    api_report_begin(&report, messages);
    base_arena_init(&arena, &base_heap);
    base_buf_init(&text, &base_heap);
    bool done = fn(&(struct look){file, &options, &arena, &report.diag, &text}) && base_buf_ok(&text);
    if (base_buf_ok(&text) && text.size)
        write(user, (const char *)text.data, text.size);
    base_buf_free(&text);
    base_arena_free(&arena);
    return api_report_end(&report, done);
}

static bool hand_out(const struct collection *c, const struct collection_driver *driver, struct base_diag *diag,
                     vxd_driver_fn *each, void *user)
{
    struct base_buf file;
    base_buf_init(&file, &base_heap);
    bool done = collection_extract(c, driver, driver->name, &file, diag);
    if (done)
        each(user, driver->name, file.data, file.size);
    base_buf_free(&file);
    return done;
}

static bool hand_out_all(const struct collection *c, struct base_diag *diag, vxd_driver_fn *each, void *user)
{
    bool done = true;
    for (uint32_t i = 0; i < c->driver_count; i++)
        done &= hand_out(c, &c->drivers[i], diag, each, user);
    return done;
}

static bool hand_out_one(const struct collection *c, const struct vxd_input *file, const char *name,
                         struct base_diag *diag, vxd_driver_fn *each, void *user)
{
    struct base_place place = {.file = file->path};
    const struct collection_driver *driver = collection_find(c, name);
    if (!driver)
        base_diag_report(diag, BASE_ERROR, &place, "no driver is called %s among its %u", name, c->driver_count);
    return driver && hand_out(c, driver, diag, each, user);
}

enum vxd_status vxd_extract(const struct vxd_input *file, const char *name, struct vxd_messages messages,
                            vxd_driver_fn *each, void *user)
{
    struct api_report report;
    struct base_arena arena;
    struct collection c;
    api_report_begin(&report, messages);
    base_arena_init(&arena, &base_heap);
    bool done =
        collection_read(file->bytes, file->size, file->path, &arena, &report.diag, &c) &&
        (name ? hand_out_one(&c, file, name, &report.diag, each, user) : hand_out_all(&c, &report.diag, each, user));
    base_arena_free(&arena);
    return api_report_end(&report, done);
}

enum vxd_status vxd_info(const struct vxd_input *image, bool json, struct vxd_messages messages, vxd_write_fn *write,
                         void *user)
{
    bool many = collection_signed(image->bytes, image->size);
    return look(many ? list : info, image, json, messages, write, user);
}

enum vxd_status vxd_disassemble(const struct vxd_input *image, bool json, struct vxd_messages messages,
                                vxd_write_fn *write, void *user)
{
    return look(disassembly, image, json, messages, write, user);
}
