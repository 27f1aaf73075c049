// vxd build: sources and objects into one VxD, with nothing written but the result.
#include "cli/cli.h"

#include <stdlib.h>

enum { OUTPUT, INCLUDE, DEFINE, DEBUG, DYNAMIC, STATIC, NAME, MAP, DEF };

static const struct cli_option options[] = {
    [OUTPUT] = {"-o", CLI_VALUE},           [INCLUDE] = {"-I", CLI_VALUE},
    [DEFINE] = {"-D", CLI_VALUE},           [DEBUG] = {"--debug", CLI_NOTHING},
    [DYNAMIC] = {"--dynamic", CLI_NOTHING}, [STATIC] = {"--static", CLI_NOTHING},
    [NAME] = {"--name", CLI_VALUE},         [MAP] = {"-m", CLI_VALUE},
    [DEF] = {"--def", CLI_VALUE},           {NULL, CLI_NOTHING},
};

struct build_request {
    struct cli_sources sources;
    struct cli_link link;
    struct cli_list files;
};

static bool take_option(struct build_request *r, int which, const char *value)
{
    switch (which) {
    case OUTPUT:
        r->link.output = value;
        return true;
    case INCLUDE:
        return cli_list_add(&r->sources.include_dirs, value);
    case DEFINE:
        return cli_add_define(&r->sources, value);
    case DEBUG:
        r->link.options.debug = true;
        return cli_set_debug(&r->sources);
    case DYNAMIC:
        r->link.options.kind = VXD_LOAD_DYNAMIC;
        return true;
    case STATIC:
        r->link.options.kind = VXD_LOAD_STATIC;
        return true;
    case NAME:
        r->link.options.name = value;
        return true;
    case MAP:
        r->link.map = value;
        return true;
    case DEF:
        r->link.def = value;
        return true;
    case CLI_OPERAND:
        return cli_list_add(&r->files, value);
    default:
        return false;
    }
}

static int parse(struct build_request *r, int argc, char **argv)
{
    struct cli_args a = {.command = &cli_build, .options = options, .argc = argc, .argv = argv, .at = 1};
    for (int which; (which = cli_next(&a)) != CLI_END;)
        if (!take_option(r, which, a.value))
            return CLI_USAGE;
    return r->files.count ? CLI_OK : cli_complain("build: no source given\nTry: vxd build --help");
}

static int make_object(const struct build_request *r, const char *path, struct vxd_bytes *object)
{
    if (cli_is_for_linker(path))
        return cli_status_of(vxd_read_file(path, object, cli_messages()));
    return cli_assemble(&r->sources, path, object, NULL);
}

// All sources are assembled even when one has errors: people want to see them all.
static int assemble_and_link(struct build_request *r)
{
    size_t count = r->files.count;
    struct vxd_bytes *objects = calloc(count, sizeof *objects);
    struct vxd_input *inputs = calloc(count, sizeof *inputs);
    int status = objects && inputs ? CLI_OK : cli_status_of(VXD_NO_MEMORY);
    for (size_t i = 0; objects && inputs && i < count; i++) {
        int one = make_object(r, r->files.items[i], &objects[i]);
        status = status == CLI_OK ? one : status;
        inputs[i] = (struct vxd_input){r->files.items[i], objects[i].data, objects[i].size};
    }
    if (status == CLI_OK)
        status = cli_link_inputs(&r->link, inputs, count);
    for (size_t i = 0; objects && i < count; i++)
        vxd_bytes_free(&objects[i]);
    free(objects);
    free(inputs);
    return status;
}

static int run(int argc, char **argv)
{
    struct build_request r = {0};
    char *derived = NULL;
    cli_sources_init(&r.sources);
    int status = parse(&r, argc, argv);
    if (status == CLI_OK && !r.link.output) {
        r.link.output = derived = cli_derived_name(r.files.items[0], ".vxd");
        status = derived ? CLI_OK : CLI_BROKEN;
    }
    if (status == CLI_OK)
        status = assemble_and_link(&r);
    free(derived);
    free(r.files.items);
    cli_sources_free(&r.sources);
    return status;
}

const struct cli_command cli_build = {
    "build",
    "vxd build [-o OUT.vxd] [-I DIR] [-D SYM[=VAL]] [--debug] FILE.asm|FILE.obj|FILE.lib ...\n",
    "assemble and link a driver",
    "  -o OUT.vxd     the driver (default: the first file's name with .vxd, here);\n"
    "                 with the extension .com or .exe a program for DOS\n"
    "  -I DIR         look for include files in DIR too; the kit's own (vmm.inc ...) are always found\n"
    "  -D SYM[=VAL]   define a text macro\n"
    "  --debug        define DEBUG; symbols and line numbers into the driver\n"
    "  --dynamic, --static, --name NAME, -m MAP, --def FILE.def   as of vxd link\n",
    run,
};
