// vxd asm: one source into a COFF object.
#include "cli/cli.h"

#include <stdlib.h>

enum { OUTPUT, INCLUDE, DEFINE, LISTING, DEBUG };

static const struct cli_option options[] = {
    [OUTPUT] = {"-o", CLI_VALUE},  [INCLUDE] = {"-I", CLI_VALUE},      [DEFINE] = {"-D", CLI_VALUE},
    [LISTING] = {"-l", CLI_VALUE}, [DEBUG] = {"--debug", CLI_NOTHING}, {NULL, CLI_NOTHING},
};

struct asm_request {
    struct cli_sources sources;
    const char *input, *output, *listing;
};

static int parse(struct asm_request *r, int argc, char **argv)
{
    struct cli_args a = {.command = &cli_asm, .options = options, .argc = argc, .argv = argv, .at = 1};
    for (int which; (which = cli_next(&a)) != CLI_END;) {
        bool done = true;
        switch (which) {
        case OUTPUT:
            r->output = a.value;
            break;
        case INCLUDE:
            done = cli_list_add(&r->sources.include_dirs, a.value);
            break;
        case DEFINE:
            done = cli_add_define(&r->sources, a.value);
            break;
        case LISTING:
            r->listing = a.value;
            break;
        case DEBUG:
            done = cli_set_debug(&r->sources);
            break;
        case CLI_OPERAND:
            if (r->input)
                return cli_complain("asm: one source at a time: %s, %s", r->input, a.value);
            r->input = a.value;
            break;
        default:
            return CLI_USAGE;
        }
        if (!done)
            return CLI_USAGE;
    }
    return r->input ? CLI_OK : cli_complain("asm: no source file given\nTry: vxd asm --help");
}

static int assemble_and_write(const struct asm_request *r, const char *output)
{
    struct vxd_bytes object = {0}, listing = {0};
    int status = cli_assemble(&r->sources, r->input, &object, r->listing ? &listing : NULL);
    if (status == CLI_OK && !cli_write_file(output, object.data, object.size))
        status = CLI_USAGE;
    if (r->listing && listing.size && !cli_write_file(r->listing, listing.data, listing.size))
        status = CLI_USAGE;
    vxd_bytes_free(&object);
    vxd_bytes_free(&listing);
    return status;
}

static int run(int argc, char **argv)
{
    struct asm_request r = {0};
    cli_sources_init(&r.sources);
    int status = parse(&r, argc, argv);
    char *derived = NULL;
    if (status == CLI_OK && !r.output)
        status = (derived = cli_derived_name(r.input, ".obj")) ? CLI_OK : CLI_BROKEN;
    if (status == CLI_OK)
        status = assemble_and_write(&r, r.output ? r.output : derived);
    free(derived);
    cli_sources_free(&r.sources);
    return status;
}

const struct cli_command cli_asm = {
    "asm",
    "vxd asm [-o OUT.obj] [-I DIR] [-D SYM[=VAL]] [-l LISTING] [--debug] FILE.asm\n",
    "assemble one source into a COFF object",
    "  -o OUT.obj     the object (default: the source's name with .obj, here)\n"
    "  -I DIR         look for include files in DIR too; the kit's own (vmm.inc ...) are always found\n"
    "  -D SYM[=VAL]   define a text macro\n"
    "  -l LISTING     write a listing\n"
    "  --debug        define DEBUG; symbols and line numbers into the object\n",
    run,
};
