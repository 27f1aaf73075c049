#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

void cli_sources_init(struct cli_sources *s)
{
    *s = (struct cli_sources){0};
    vxd_default_assemble_options(&s->options);
}

void cli_sources_free(struct cli_sources *s)
{
    for (size_t i = 0; i < s->define_count; i++)
        free((void *)s->defines[i].name);
    free(s->defines);
    free(s->include_dirs.items);
}

bool cli_add_define(struct cli_sources *s, const char *text)
{
    struct vxd_define *defines = realloc(s->defines, (s->define_count + 1) * sizeof *defines);
    if (defines)
        s->defines = defines;
    size_t size = strlen(text) + 1;
    char *copy = defines ? malloc(size) : NULL;
    if (!copy) {
        cli_complain("out of memory");
        return false;
    }
    memcpy(copy, text, size);
    char *value = strchr(copy, '=');
    if (value)
        *value++ = '\0';
    s->defines[s->define_count++] = (struct vxd_define){copy, value};
    return true;
}

bool cli_set_debug(struct cli_sources *s)
{
    s->options.symbols = s->options.line_numbers = true;
    return cli_add_define(s, "DEBUG");
}

int cli_assemble(const struct cli_sources *s, const char *path, struct vxd_bytes *object, struct vxd_bytes *listing)
{
    struct vxd_bytes text;
    enum vxd_status status = vxd_read_file(path, &text, cli_messages());
    if (status == VXD_OK) {
        struct vxd_assemble_options options = s->options;
        options.include_dirs = s->include_dirs.items;
        options.include_count = s->include_dirs.count;
        options.defines = s->defines;
        options.define_count = s->define_count;
        status = vxd_assemble(&options, path, text.data, text.size, cli_messages(), object, listing);
        vxd_bytes_free(&text);
    }
    return cli_status_of(status);
}

static int link_and_write(const struct cli_link *l, const struct vxd_input *inputs, size_t count)
{
    struct vxd_bytes image, map = {0};
    int status = cli_status_of(vxd_link(&l->options, inputs, count, cli_messages(), &image, l->map ? &map : NULL));
    if (status == CLI_OK && !cli_write_file(l->output, image.data, image.size))
        status = CLI_USAGE;
    if (status == CLI_OK && l->map && !cli_write_file(l->map, map.data, map.size))
        status = CLI_USAGE;
    vxd_bytes_free(&image);
    vxd_bytes_free(&map);
    return status;
}

int cli_link_inputs(struct cli_link *l, const struct vxd_input *inputs, size_t count)
{
    struct vxd_bytes def = {0};
    struct vxd_input def_input;
    if (l->def) {
        int status = cli_status_of(vxd_read_file(l->def, &def, cli_messages()));
        if (status != CLI_OK)
            return status;
        def_input = (struct vxd_input){l->def, def.data, def.size};
        l->options.def = &def_input;
    }
    l->options.com = cli_has_extension(l->output, ".com");
    l->options.exe = cli_has_extension(l->output, ".exe");
    int status = link_and_write(l, inputs, count);
    l->options.def = NULL;
    vxd_bytes_free(&def);
    return status;
}
