// vxd help, and the help that every subcommand has.
#include "cli/cli.h"

#include <string.h>

const struct cli_command *const cli_commands[] = {
    &cli_build, &cli_run, &cli_asm, &cli_ml, &cli_link, &cli_info, &cli_dis, &cli_services, &cli_help, NULL,
};

const struct cli_command *cli_find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

static void print_overview(FILE *to)
{
    fprintf(to, "vxd builds, runs and inspects virtual device drivers (VxDs) of Windows 3.1, 95 and 98.\n\n"
                "usage: vxd COMMAND ...\n\n");
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(to, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fprintf(to,
            "\n  vxd COMMAND --help   the command's options\n"
            "  vxd --version\n\n"
            "exit status: 0 as asked; 1 a driver refused to load, faulted or broke a rule; 2 usage, or a file that\n"
            "is not what it should be; 3 something is not implemented; 4 a limit ended the run\n");
}

void cli_print_help(const struct cli_command *command, FILE *to)
{
    if (!command) {
        print_overview(to);
        return;
    }
    fprintf(to, "%s: %s\n\nusage: %s\n%s", command->name, command->summary, command->usage, command->help);
}

static int run(int argc, char **argv)
{
    const struct cli_command *command = argc > 1 ? cli_find(argv[1]) : NULL;
    if (argc > 1 && !command)
        return cli_complain("there is no command %s\nTry: vxd --help", argv[1]);
    cli_print_help(command, stdout);
    return CLI_OK;
}

const struct cli_command cli_help = {
    "help", "vxd help [COMMAND]\n", "this overview, or one command's options", "", run,
};
