// vxd info: header, objects, device, services of a driver image; the drivers of a collection, listed or taken apart.
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { JSON, DRIVER, EXTRACT };

static const struct cli_option options[] = {[JSON] = {"--json", CLI_NOTHING},
                                            [DRIVER] = {"--driver", CLI_VALUE},
                                            [EXTRACT] = {"--extract", CLI_VALUE},
                                            {NULL, CLI_NOTHING}};

struct request {
    const char *path, *driver, *directory;
    bool json;
    bool unwritten; // a file could not be written
};

static enum vxd_status look(void *user, const struct vxd_input *image)
{
    const struct request *q = user;
    return vxd_info(image, q->json, cli_messages(), cli_write, stdout);
}

// DIRECTORY/name.vxd; the library vouches that the name is one a file may have.
static void write_driver(void *user, const char *name, const void *bytes, size_t size)
{
    struct request *q = user;
    size_t room = strlen(q->directory) + strlen(name) + 6;
    char *path = malloc(room);
    if (!path) {
        q->unwritten = true;
        return;
    }
    size_t at = (size_t)snprintf(path, room, "%s/", q->directory);
    for (const char *p = name; *p; p++)
        path[at++] = (char)tolower((unsigned char)*p);
    snprintf(path + at, room - at, ".vxd");
    q->unwritten |= !cli_write_file(path, bytes, size);
    free(path);
}

static enum vxd_status extract(void *user, const struct vxd_input *file)
{
    struct request *q = user;
    enum vxd_status status = vxd_extract(file, q->driver, cli_messages(), write_driver, q);
    return status == VXD_OK && q->unwritten ? VXD_BAD_INPUT : status;
}

static bool make_directory(const char *path)
{
    struct stat s;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &s) == 0 && S_ISDIR(s.st_mode)))
        return true;
    cli_complain("%s: %s", path, strerror(errno == EEXIST ? ENOTDIR : errno));
    return false;
}

// CLI_OK, or what is wrong with the command line.
static int read_options(int argc, char **argv, struct request *q)
{
    struct cli_args a = {.command = &cli_info, .options = options, .argc = argc, .argv = argv, .at = 1};
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        if (which == CLI_BAD)
            return CLI_USAGE;
        if (which == JSON)
            q->json = true;
        else if (which == DRIVER)
            q->driver = a.value;
        else if (which == EXTRACT)
            q->directory = a.value;
        else if (q->path)
            return cli_complain("info: one file at a time: %s, %s", q->path, a.value);
        else
            q->path = a.value;
    }
    return q->path ? CLI_OK : cli_complain("info: no file given\nTry: vxd info --help");
}

static int run(int argc, char **argv)
{
    struct request q = {.path = NULL};
    int status = read_options(argc, argv, &q);
    if (status != CLI_OK)
        return status;
    if (!q.directory)
        return cli_look_at(q.path, q.driver, look, &q);
    return make_directory(q.directory) ? cli_look_at(q.path, NULL, extract, &q) : CLI_USAGE;
}

const struct cli_command cli_info = {
    "info",
    "vxd info [--json] [--driver NAME] [--extract DIR] FILE.vxd\n",
    "header, objects, device, services of a driver image",
    "  --json         as JSON\n"
    "  --driver NAME  the driver of that name in a collection (VMM32.VXD, WIN386.EXE)\n"
    "  --extract DIR  write the drivers of a collection, or the one named, into DIR\n",
    run,
};
