// Files for VXDLDR_LoadDevice: a driver that asks for C:\\WINDOWS\\SYSTEM\\OTHER.VXD gets other.vxd from where it came
// from itself, or from beside another driver or program of the command line.
#include "cli/run.h"

#include <dirent.h>
#include <string.h>
#include <strings.h>

static const char *last_part(const char *path, const char *separators)
{
    const char *name = path;
    for (; *path; path++)
        if (strchr(separators, *path))
            name = path + 1;
    return name;
}

static bool read_entry(struct run_finder *f, const char *directory, const char *entry)
{
    char path[1024];
    int n = snprintf(path, sizeof path, "%s%s", directory, entry);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    vxd_bytes_free(&f->found);
    return vxd_read_file(path, &f->found, cli_messages()) == VXD_OK;
}

// In the directory of the driver at `path`.
static bool find_beside(struct run_finder *f, const char *path, const char *name)
{
    char directory[1024] = "";
    size_t length = (size_t)(last_part(path, "/") - path);
    if (length >= sizeof directory)
        return false;
    memcpy(directory, path, length);
    DIR *d = opendir(length ? directory : ".");
    if (!d)
        return false;
    bool found = false;
    for (const struct dirent *e = readdir(d); e && !found; e = readdir(d))
        found = strcasecmp(e->d_name, name) == 0 && read_entry(f, directory, e->d_name);
    closedir(d);
    return found;
}

// A program's file stands before its arguments.
static bool find_beside_program(struct run_finder *f, const char *program, const char *name)
{
    char path[1024];
    size_t length = strcspn(program, " ");
    if (length >= sizeof path)
        return false;
    memcpy(path, program, length);
    path[length] = 0;
    return find_beside(f, path, name);
}

bool run_find_driver(void *user, const char *name, const void **bytes, size_t *size)
{
    struct run_finder *f = user;
    const char *wanted = last_part(name, "\\/:");
    bool found = false;
    for (size_t i = 0; i < f->drivers->count && !found; i++)
        found = find_beside(f, f->drivers->items[i], wanted);
    for (size_t i = 0; i < f->programs->count && !found; i++)
        found = find_beside_program(f, f->programs->items[i], wanted);
    if (!found)
        return false;
    *bytes = f->found.data;
    *size = f->found.size;
    return true;
}
