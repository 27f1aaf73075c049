#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("vxd: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return CLI_USAGE;
}

// "file:12:" at the start: editors jump there, so nothing may stand in front of it.
static bool begins_with_place(const char *text)
{
    for (const char *colon = strchr(text, ':'); colon && *colon != '\n'; colon = strchr(colon + 1, ':')) {
        if (colon[1] == ' ')
            return false;
        if (isdigit((unsigned char)colon[1]))
            return colon[1 + strspn(colon + 1, "0123456789")] == ':';
    }
    return false;
}

static void print_message(void *user, const char *text)
{
    (void)user;
    fflush(stdout);
    fprintf(stderr, "%s%s", begins_with_place(text) ? "" : "vxd: ", text);
}

struct vxd_messages cli_messages(void)
{
    return (struct vxd_messages){print_message, NULL};
}

int cli_status_of(enum vxd_status status)
{
    switch (status) {
    case VXD_OK:
        return CLI_OK;
    case VXD_NOT_IMPLEMENTED:
        return CLI_MISSING;
    case VXD_NO_MEMORY:
        cli_complain("out of memory");
        return CLI_BROKEN;
    default:
        return CLI_USAGE;
    }
}

bool cli_write_file(const char *path, const void *data, size_t size)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdout : fopen(path, "wb");
    if (!f) {
        cli_complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool done = size == 0 || fwrite(data, 1, size, f) == size;
    done = (standard ? fflush(f) : fclose(f)) == 0 && done;
    if (!done)
        cli_complain("%s: %s", path, strerror(errno));
    return done;
}

void cli_write(void *user, const char *text, size_t size)
{
    fwrite(text, 1, size, user);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *cli_derived_name(const char *path, const char *extension)
{
    const char *name = file_name(path);
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    size_t size = stem + strlen(extension) + 1;
    char *derived = malloc(size);
    if (!derived) {
        cli_complain("out of memory");
        return NULL;
    }
    snprintf(derived, size, "%.*s%s", (int)stem, name, extension);
    return derived;
}

bool cli_has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(file_name(path), '.');
    return dot && strcasecmp(dot, extension) == 0;
}

bool cli_is_for_linker(const char *path)
{
    static const char *const extensions[] = {".obj", ".o", ".lib", ".clb", ".a"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (cli_has_extension(path, extensions[i]))
            return true;
    return false;
}

bool cli_list_add(struct cli_list *list, const char *item)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 8;
        const char **items = realloc(list->items, capacity * sizeof *items);
        if (!items) {
            cli_complain("out of memory");
            return false;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return true;
}
