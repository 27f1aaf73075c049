// Looking into driver images without running them.
#include "api/report.h"

#include "base/arena.h"
#include "devices/devices.h"
#include "dis/dis.h"
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

typedef bool describe_fn(const struct dis_image_options *options, const struct le_image *image, struct base_buf *out);

// Any LE image can be looked at, a virtual device driver or not.
static enum vxd_status describe(describe_fn *fn, const struct vxd_input *image, bool json, struct vxd_messages messages,
                                vxd_write_fn *write, void *user)
{
    const struct dis_image_options options = {
        .alloc = &base_heap, .path = image->path, .json = json, .implemented = is_implemented};
    struct api_report report;
    struct base_arena arena;
    struct base_buf text;
    struct le_image le;
    api_report_begin(&report, messages);
    base_arena_init(&arena, &base_heap);
    base_buf_init(&text, &base_heap);
    bool done = le_read(image->bytes, image->size, image->path, &arena, &report.diag, &le) &&
                fn(&options, &le, &text) && base_buf_ok(&text);
    if (done && text.size)
        write(user, (const char *)text.data, text.size);
    base_buf_free(&text);
    base_arena_free(&arena);
    return api_report_end(&report, done);
}

enum vxd_status vxd_info(const struct vxd_input *image, bool json, struct vxd_messages messages, vxd_write_fn *write,
                         void *user)
{
    return describe(dis_info, image, json, messages, write, user);
}

enum vxd_status vxd_disassemble(const struct vxd_input *image, bool json, struct vxd_messages messages,
                                vxd_write_fn *write, void *user)
{
    return describe(dis_image, image, json, messages, write, user);
}
