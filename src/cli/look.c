// What `vxd info` and `vxd dis` share: the file, and which driver of a collection is meant.
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

struct wanted {
    cli_look_fn *look;
    void *user;
    const char *path;
    enum vxd_status status;
};

// The driver under the name it has in messages: FILE(NAME).
static void look_at_driver(void *user, const char *name, const void *bytes, size_t size)
{
    struct wanted *w = user;
    size_t room = strlen(w->path) + strlen(name) + 3;
    char *path = malloc(room);
    if (!path) {
        w->status = VXD_NO_MEMORY;
        return;
    }
    snprintf(path, room, "%s(%s)", w->path, name);
    const struct vxd_input image = {path, bytes, size};
    w->status = w->look(w->user, &image);
    free(path);
}

int cli_look_at(const char *path, const char *driver, cli_look_fn *look, void *user)
{
    struct vxd_bytes bytes;
    enum vxd_status status = vxd_read_file(path, &bytes, cli_messages());
    if (status != VXD_OK)
        return cli_status_of(status);
    const struct vxd_input file = {path, bytes.data, bytes.size};
    struct wanted w = {.look = look, .user = user, .path = path};
    if (driver) {
        status = vxd_extract(&file, driver, cli_messages(), look_at_driver, &w);
        status = status == VXD_OK ? w.status : status;
    } else {
        status = look(user, &file);
    }
    vxd_bytes_free(&bytes);
    return cli_status_of(status);
}
