// vxd link: COFF objects and libraries into a VxD, with our options or those of Microsoft's linkers (link_classic.c).
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool take_option(struct cli_link *l, int which, const char *value)
{
    switch (which) {
    case OUTPUT:
        l->output = value;
        return true;
    case DYNAMIC:
        l->options.kind = VXD_LOAD_DYNAMIC;
        return true;
    case STATIC:
        l->options.kind = VXD_LOAD_STATIC;
        return true;
    case NAME:
        l->options.name = value;
        return true;
    case MAP:
        l->map = value;
        return true;
    case DEF:
        l->def = value;
        return true;
    case DEBUG:
        l->options.debug = true;
        return true;
    default:
        return false;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// LINK386's fields: objects,driver,map,libraries,def;

enum { FIELD_OBJECTS, FIELD_OUTPUT, FIELD_MAP, FIELD_LIBRARIES, FIELD_DEF, FIELDS };

static int take_field_word(struct cli_link *l, char *word)
{
    if (!*word)
        return CLI_OK;
    cli_path_of(word);
    switch (l->field) {
    case FIELD_OUTPUT:
        l->output = word;
        return CLI_OK;
    case FIELD_MAP:
        l->want_map = true;
        l->map = word;
        return CLI_OK;
    case FIELD_DEF:
        l->def = word;
        return CLI_OK;
    case FIELD_OBJECTS:
    case FIELD_LIBRARIES:
        if (cli_has_extension(word, ".def"))
            l->def = word;
        else
            return cli_list_add(&l->objects, word) ? CLI_OK : CLI_BROKEN;
        return CLI_OK;
    default:
        return cli_complain("link: more than %d fields: '%s'", FIELDS, word);
    }
}

// A word that names no file is cut at commas, plus signs and the semicolon that ends everything.
static int take_operand(struct cli_link *l, char *word)
{
    if (!strpbrk(word, ",+;") || access(word, F_OK) == 0)
        return take_field_word(l, word);
    for (char *p = word;; p++) {
        size_t n = strcspn(p, ",+;");
        char mark = p[n];
        p[n] = '\0';
        int status = take_field_word(l, p);
        if (status != CLI_OK || mark == '\0')
            return status;
        l->field += mark == ',';
        p += n;
    }
}

int cli_link_parse(struct cli_link *l, int argc, char **argv)
{
    struct cli_args a = {.command = &cli_link, .options = options, .argc = argc, .argv = argv, .at = 1};
    while (a.at < argc) {
        int status = CLI_OK;
        if (!a.operands_only && cli_is_classic(argv[a.at])) {
            status = cli_link_classic(l, argv[a.at++]);
        } else {
            int which = cli_next(&a);
            if (which == CLI_OPERAND)
                status = take_operand(l, argv[a.at - 1]);
            else if (which != CLI_END && !take_option(l, which, a.value))
                return CLI_USAGE;
        }
        if (status != CLI_OK)
            return status;
    }
    return CLI_OK;
}

// ---------------------------------------------------------------------------------------------------------------------
// Linking

// The file as named, with .obj where it has no extension, or in a directory of -libpath. To be freed.
static char *find_input(const struct cli_link *l, const char *name)
{
    static const char *const extensions[] = {"", ".obj"};
    for (size_t d = 0; d <= l->directories.count; d++)
        for (size_t e = 0; e < 2; e++) {
            const char *directory = d ? l->directories.items[d - 1] : "";
            size_t size = strlen(directory) + strlen(name) + 8;
            char *path = malloc(size);
            if (!path)
                return NULL;
            snprintf(path, size, "%s%s%s%s", directory, d ? "/" : "", name, extensions[e]);
            if (access(path, F_OK) == 0)
                return path;
            free(path);
        }
    return strdup(name); // reading it will say what is wrong
}

static int read_inputs(const struct cli_link *l, struct vxd_bytes *files, struct vxd_input *inputs)
{
    for (size_t i = 0; i < l->objects.count; i++) {
        char *path = find_input(l, l->objects.items[i]);
        if (!path)
            return cli_status_of(VXD_NO_MEMORY);
        inputs[i].path = path;
        enum vxd_status status = vxd_read_file(path, &files[i], cli_messages());
        if (status != VXD_OK)
            return cli_status_of(status);
        inputs[i] = (struct vxd_input){path, files[i].data, files[i].size};
    }
    return CLI_OK;
}

static int read_and_link(struct cli_link *l)
{
    size_t count = l->objects.count;
    struct vxd_bytes *files = calloc(count, sizeof *files);
    struct vxd_input *inputs = calloc(count, sizeof *inputs);
    int status = files && inputs ? read_inputs(l, files, inputs) : cli_status_of(VXD_NO_MEMORY);
    if (status == CLI_OK)
        status = cli_link_inputs(l, inputs, count);
    for (size_t i = 0; files && inputs && i < count; i++) {
        vxd_bytes_free(&files[i]);
        free((void *)inputs[i].path);
    }
    free(files);
    free(inputs);
    return status;
}

// The names nobody gave: the first object's with .vxd, the driver's with .map.
int cli_link_files(struct cli_link *l)
{
    char *output = NULL, *map = NULL;
    if (l->objects.count == 0)
        return cli_complain("link: no object given\nTry: vxd link --help");
    if (!l->output)
        l->output = output = cli_derived_name(l->objects.items[0], ".vxd");
    if (l->output && l->want_map && !l->map)
        l->map = map = cli_derived_name(l->output, ".map");
    bool named = l->output && (!l->want_map || l->map);
    int status = named ? read_and_link(l) : CLI_BROKEN;
    free(output);
    free(map);
    return status;
}

void cli_link_free(struct cli_link *l)
{
    free(l->objects.items);
    free(l->directories.items);
}

static int run(int argc, char **argv)
{
    struct cli_link l = {0};
    struct cli_words words;
    int status = cli_expand_words(&words, argc, argv) ? CLI_OK : CLI_USAGE;
    if (status == CLI_OK)
        status = cli_link_parse(&l, (int)words.words.count, (char **)words.words.items);
    if (status == CLI_OK)
        status = cli_link_files(&l);
    cli_link_free(&l);
    cli_words_free(&words);
    return status;
}

const struct cli_command cli_link = {
    "link",
    "vxd link [-o OUT.vxd] [--dynamic|--static] [--name NAME] [-m MAP] [--def FILE.def] [--debug] OBJ|LIB...\n",
    "link objects and libraries into a VxD",
    "  -o OUT.vxd     the driver (default: the first object's name with .vxd, here);\n"
    "                 with the extension .com or .exe a program for DOS\n"
    "  --dynamic      a driver that is loaded while the system runs\n"
    "  --static       a driver that takes part in boot (default, unless the .def file says otherwise)\n"
    "  --name NAME    module name (default: the .def file's, else the device's)\n"
    "  -m MAP         write a map\n"
    "  --def FILE     module definition file\n"
    "  --debug        symbols and line numbers into the driver\n"
    "  @FILE          more words from FILE\n"
    "  -OUT:F -DEF:F -MAP[:F] -DEBUG -EXETYPE:DYNAMIC -LIBPATH:DIR, also with a slash: as of Microsoft's linker;\n"
    "                 -VXD -NOD -NOI -NOLOGO -MACHINE:IX86 and their like are accepted, without effect\n"
    "  OBJS,OUT,MAP,LIBS,DEF;   the fields of LINK386\n",
    run,
};
