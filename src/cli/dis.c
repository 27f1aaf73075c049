// vxd dis: disassemble a driver image.
#include "cli/cli.h"

enum { JSON, DRIVER };

static const struct cli_option options[] = {
    [JSON] = {"--json", CLI_NOTHING}, [DRIVER] = {"--driver", CLI_VALUE}, {NULL, CLI_NOTHING}};

static enum vxd_status look(void *user, const struct vxd_input *image)
{
    return vxd_disassemble(image, *(const bool *)user, cli_messages(), cli_write, stdout);
}

static int run(int argc, char **argv)
{
    struct cli_args a = {.command = &cli_dis, .options = options, .argc = argc, .argv = argv, .at = 1};
    const char *path = NULL, *driver = NULL;
    bool json = false;
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        if (which == CLI_BAD)
            return CLI_USAGE;
        if (which == JSON)
            json = true;
        else if (which == DRIVER)
            driver = a.value;
        else if (path)
            return cli_complain("dis: one file at a time: %s, %s", path, a.value);
        else
            path = a.value;
    }
    if (!path)
        return cli_complain("dis: no file given\nTry: vxd dis --help");
    return cli_look_at(path, driver, look, &json);
}

const struct cli_command cli_dis = {
    "dis",
    "vxd dis [--json] [--driver NAME] FILE.vxd\n",
    "disassemble a driver image",
    "  --json         as JSON\n"
    "  --driver NAME  the driver of that name in a collection (VMM32.VXD, WIN386.EXE)\n",
    run,
};
