#include "api/files.h"

#include "api/report.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { LARGEST_FILE = 1 << 30 };

static bool refuse(struct base_diag *diag, const char *path, const char *why)
{
    const struct base_place place = {.file = path};
    base_diag_report(diag, BASE_ERROR, &place, "%s", why);
    return false;
}

// Looked at before it is opened: opening a pipe would wait for its other end.
static bool is_readable_file(const char *path, struct base_diag *diag)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return refuse(diag, path, errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISDIR(st.st_mode))
        return refuse(diag, path, "this is a directory, a file is needed");
    if (!S_ISREG(st.st_mode))
        return refuse(diag, path, "this is no regular file");
    if (st.st_size > LARGEST_FILE)
        return refuse(diag, path, "the file is larger than 1 GB");
    return true;
}

static bool read_all(FILE *f, struct base_buf *to)
{
    for (;;) {
        uint8_t *room = base_buf_reserve(to, 1 << 16);
        if (!room || to->size > LARGEST_FILE)
            return false;
        size_t n = fread(room, 1, 1 << 16, f);
        to->size += n;
        if (n == 0)
            return !ferror(f);
    }
}

bool api_read_file(const char *path, struct base_buf *to, struct base_diag *diag)
{
    if (!is_readable_file(path, diag))
        return false;
    FILE *f = fopen(path, "rb");
    if (!f)
        return refuse(diag, path, strerror(errno));
    bool done = read_all(f, to);
    fclose(f);
    return done || refuse(diag, path, "reading failed");
}

// Appends the directory entry that equals `name`, exactly if there is one, else in any case.
static bool match_entry(struct base_buf *path, const char *name, size_t length)
{
    struct stat st;
    size_t start = path->size;
    base_buf_add(path, name, length);
    if (stat(base_buf_cstr(path), &st) == 0)
        return true;
    path->size = start;
    DIR *directory = opendir(start ? base_buf_cstr(path) : ".");
    bool found = false;
    for (struct dirent *e; directory && !found && (e = readdir(directory));) {
        if (strlen(e->d_name) == length && strncasecmp(e->d_name, name, length) == 0) {
            base_buf_add(path, e->d_name, length);
            found = true;
        }
    }
    if (directory)
        closedir(directory);
    return found;
}

bool api_find_file(const char *directory, const char *name, struct base_buf *path)
{
    base_buf_clear(path);
    base_buf_text(path, directory);
    if (path->size && path->data[path->size - 1] != '/')
        base_buf_add8(path, '/');
    while (*name) {
        size_t length = strcspn(name, "/\\");
        if (length && !match_entry(path, name, length))
            return false;
        name += length;
        if (*name) {
            base_buf_add8(path, '/');
            name++;
        }
    }
    struct stat st;
    return base_buf_ok(path) && stat(base_buf_cstr(path), &st) == 0 && S_ISREG(st.st_mode);
}

enum vxd_status vxd_read_file(const char *path, struct vxd_bytes *to, struct vxd_messages messages)
{
    struct api_report report;
    struct base_buf content;
    base_buf_init(&content, &base_heap);
    api_report_begin(&report, messages);
    bool done = api_read_file(path, &content, &report.diag);
    api_bytes_take(to, &content, done);
    return api_report_end(&report, done);
}
