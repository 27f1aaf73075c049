// vxd link: COFF objects into a VxD.
#include "cli/cli.h"

#include <stdlib.h>

enum { OUTPUT, DYNAMIC, STATIC, NAME, MAP, DEF, DEBUG };

static const struct cli_option options[] = {
    [OUTPUT] = {"-o", CLI_VALUE},
    [DYNAMIC] = {"--dynamic", CLI_NOTHING},
    [STATIC] = {"--static", CLI_NOTHING},
    [NAME] = {"--name", CLI_VALUE},
    [MAP] = {"-m", CLI_VALUE},
    [DEF] = {"--def", CLI_VALUE},
    [DEBUG] = {"--debug", CLI_NOTHING},
    {NULL, CLI_NOTHING},
};

static int parse(struct cli_link *l, struct cli_list *objects, int argc, char **argv)
{
    struct cli_args a = {.command = &cli_link, .options = options, .argc = argc, .argv = argv, .at = 1};
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        switch (which) {
        case OUTPUT:
            l->output = a.value;
            break;
        case DYNAMIC:
            l->options.kind = VXD_LOAD_DYNAMIC;
            break;
        case STATIC:
            l->options.kind = VXD_LOAD_STATIC;
            break;
        case NAME:
            l->options.name = a.value;
            break;
        case MAP:
            l->map = a.value;
            break;
        case DEF:
            l->def = a.value;
            break;
        case DEBUG:
            l->options.debug = true;
            break;
        case CLI_OPERAND:
            if (!cli_list_add(objects, a.value))
                return CLI_BROKEN;
            break;
        default:
            return CLI_USAGE;
        }
    }
    return objects->count ? CLI_OK : cli_complain("link: no object given\nTry: vxd link --help");
}

static int read_inputs(const struct cli_list *objects, struct vxd_bytes *files, struct vxd_input *inputs)
{
    for (size_t i = 0; i < objects->count; i++) {
        enum vxd_status status = vxd_read_file(objects->items[i], &files[i], cli_messages());
        if (status != VXD_OK)
            return cli_status_of(status);
        inputs[i] = (struct vxd_input){objects->items[i], files[i].data, files[i].size};
    }
    return CLI_OK;
}

static int read_and_link(struct cli_link *l, const struct cli_list *objects)
{
    struct vxd_bytes *files = calloc(objects->count, sizeof *files);
    struct vxd_input *inputs = calloc(objects->count, sizeof *inputs);
    int status = files && inputs ? read_inputs(objects, files, inputs) : cli_status_of(VXD_NO_MEMORY);
    if (status == CLI_OK)
        status = cli_link_inputs(l, inputs, objects->count);
    for (size_t i = 0; files && i < objects->count; i++)
        vxd_bytes_free(&files[i]);
    free(files);
    free(inputs);
    return status;
}

static int run(int argc, char **argv)
{
    struct cli_link l = {0};
    struct cli_list objects = {0};
    char *derived = NULL;
    int status = parse(&l, &objects, argc, argv);
    if (status == CLI_OK && !l.output) {
        l.output = derived = cli_derived_name(objects.items[0], ".vxd");
        status = derived ? CLI_OK : CLI_BROKEN;
    }
    if (status == CLI_OK)
        status = read_and_link(&l, &objects);
    free(derived);
    free(objects.items);
    return status;
}

const struct cli_command cli_link = {
    "link",
    "vxd link [-o OUT.vxd] [--dynamic|--static] [--name NAME] [-m MAP] [--def FILE.def] [--debug] OBJ...\n",
    "link objects into a VxD",
    "  -o OUT.vxd     the driver (default: the first object's name with .vxd, here)\n"
    "  --dynamic      a driver that is loaded while the system runs\n"
    "  --static       a driver that takes part in boot (default, unless the .def file says otherwise)\n"
    "  --name NAME    module name (default: the .def file's, else the device's)\n"
    "  -m MAP         write a map\n"
    "  --def FILE     module definition file\n"
    "  --debug        symbols and line numbers into the driver\n",
    run,
};
