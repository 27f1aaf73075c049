// The vxd command: finds the subcommand and answers --help and --version.
#include "cli/cli.h"

#include <string.h>

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
    if (asks_for_help(argc, argv)) {
        cli_print_help(command, stdout);
        return CLI_OK;
    }
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        cli_print_help(NULL, stderr);
        return CLI_USAGE;
    }
    int status = CLI_OK;
    const struct cli_command *command = cli_find(argv[1]);
    if (strcmp(argv[1], "--version") == 0)
        printf("vxd %s\n", vxd_version());
    else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        cli_print_help(NULL, stdout);
    else if (!command)
        return cli_complain("there is no command %s\nTry: vxd --help", argv[1]);
    else
        status = run_command(command, argc - 1, argv + 1);
    if (fflush(stdout) != 0 && status == CLI_OK)
        return cli_complain("standard output cannot be written");
    return status;
}
