// vxd services: the service tables, one device's services, one service's contract.
#include "cli/cli.h"

enum { MISSING, JSON };

static const struct cli_option options[] = {
    [MISSING] = {"--missing", CLI_NOTHING},
    [JSON] = {"--json", CLI_NOTHING},
    {NULL, CLI_NOTHING},
};

static int run(int argc, char **argv)
{
    struct cli_args a = {.command = &cli_services, .options = options, .argc = argc, .argv = argv, .at = 1};
    const char *name = NULL;
    bool missing = false, json = false;
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        if (which == CLI_BAD)
            return CLI_USAGE;
        if (which == MISSING)
            missing = true;
        else if (which == JSON)
            json = true;
        else if (name)
            return cli_complain("services: one name at a time: %s, %s", name, a.value);
        else
            name = a.value;
    }
    return cli_status_of(vxd_services(name, missing, json, cli_messages(), cli_write, stdout));
}

const struct cli_command cli_services = {
    "services",
    "vxd services [--missing] [--json] [DEVICE|SERVICE]\n",
    "the service tables; one service's contract",
    "  --missing      only what is not implemented\n"
    "  --json         as JSON\n",
    run,
};
