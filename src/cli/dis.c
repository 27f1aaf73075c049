// vxd dis: disassemble a driver image.
#include "cli/cli.h"

enum { JSON };

static const struct cli_option options[] = {[JSON] = {"--json", CLI_NOTHING}, {NULL, CLI_NOTHING}};

static int run(int argc, char **argv)
{
    struct cli_args a = {.command = &cli_dis, .options = options, .argc = argc, .argv = argv, .at = 1};
    const char *path = NULL;
    bool json = false;
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        if (which == CLI_BAD)
            return CLI_USAGE;
        if (which == JSON)
            json = true;
        else if (path)
            return cli_complain("dis: one file at a time: %s, %s", path, a.value);
        else
            path = a.value;
    }
    if (!path)
        return cli_complain("dis: no file given\nTry: vxd dis --help");
    struct vxd_bytes bytes;
    enum vxd_status status = vxd_read_file(path, &bytes, cli_messages());
    if (status == VXD_OK) {
        const struct vxd_input image = {path, bytes.data, bytes.size};
        status = vxd_disassemble(&image, json, cli_messages(), cli_write, stdout);
        vxd_bytes_free(&bytes);
    }
    return cli_status_of(status);
}

const struct cli_command cli_dis = {
    "dis", "vxd dis [--json] FILE.vxd\n", "disassemble a driver image", "  --json         as JSON\n", run,
};
