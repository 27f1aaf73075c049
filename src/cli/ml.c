// vxd ml: the assembler with the options of Microsoft's ml, so that a driver's old makefile works unchanged: it
// assembles and, without -c, links. As with ml, values are attached to their option (-Foname, -Idir), or follow it.
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct ml_request {
    struct cli_sources sources;
    struct cli_list files;
    const char *output, *listing;
    bool want_listing, assemble_only, check_only;
    struct cli_link link;
    struct cli_list made; // names of objects that are linked, for freeing
};

static int missing(const char *option, const char *why)
{
    cli_complain("ml: %s is not implemented: %s", option, why);
    return CLI_MISSING;
}

static int set_case(struct ml_request *r, const char *option)
{
    static const struct {
        char letter;
        enum vxd_case map;
    } table[] = {{'u', VXD_CASE_UPPER}, {'x', VXD_CASE_NOT_PUBLIC}, {'p', VXD_CASE_AS_WRITTEN}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (option[2] == table[i].letter && option[3] == '\0') {
            r->sources.options.case_map = table[i].map;
            return CLI_OK;
        }
    }
    return cli_complain("ml: unknown option %s", option);
}

static int set_warnings(struct ml_request *r, const char *option)
{
    if (strcmp(option, "-WX") == 0)
        r->sources.options.warnings_are_errors = true;
    else if (strcmp(option, "-w") == 0)
        r->sources.options.warning_level = 0;
    else if (option[2] >= '0' && option[2] <= '3' && option[3] == '\0')
        r->sources.options.warning_level = (uint8_t)(option[2] - '0');
    else
        return cli_complain("ml: unknown warning level %s: 0 to 3", option);
    return CLI_OK;
}

static int set_pack(struct ml_request *r, const char *option)
{
    char *end;
    unsigned long pack = option[3] ? strtoul(option + 3, &end, 10) : 1;
    if (option[3] && (*end || pack == 0 || pack > 16 || (pack & (pack - 1)) != 0))
        return cli_complain("ml: %s: 1, 2, 4, 8 or 16", option);
    r->sources.options.pack = (uint8_t)pack;
    return CLI_OK;
}

static int set_z(struct ml_request *r, const char *option)
{
    struct vxd_assemble_options *o = &r->sources.options;
    switch (option[2]) {
    case 'd':
        o->line_numbers = true;
        return CLI_OK;
    case 'i':
        o->line_numbers = o->symbols = true;
        return CLI_OK;
    case 'm':
        o->masm51 = true;
        return CLI_OK;
    case 'p':
        return set_pack(r, option);
    case 's':
        r->check_only = true;
        return CLI_OK;
    case 'f':
        return missing(option, "all symbols public");
    default:
        return cli_complain("ml: unknown option %s", option);
    }
}

static int set_convention(struct ml_request *r, const char *option)
{
    static const char letters[] = "cdz";
    static const enum vxd_convention conventions[] = {VXD_CONVENTION_PASCAL, VXD_CONVENTION_C, VXD_CONVENTION_STDCALL};
    const char *letter = option[2] && !option[3] ? strchr(letters, option[2]) : NULL;
    if (!letter)
        return cli_complain("ml: unknown option %s", option);
    r->sources.options.convention = conventions[letter - letters];
    return CLI_OK;
}

static int set_file(struct ml_request *r, const char *option, char *value)
{
    switch (option[2]) {
    case 'o':
        if (!*value)
            return cli_complain("ml: a file name is missing behind -Fo");
        r->output = cli_path_of(value);
        return CLI_OK;
    case 'l':
        r->want_listing = true;
        r->listing = *value ? cli_path_of(value) : NULL;
        return CLI_OK;
    case 'e':
        r->link.output = *value ? cli_path_of(value) : r->link.output;
        return *value ? CLI_OK : cli_complain("ml: a file name is missing behind -Fe");
    case 'm':
        r->link.want_map = true;
        r->link.map = *value ? cli_path_of(value) : NULL;
        return CLI_OK;
    case 'r':
    case 'R':
        return missing(option, "browser information");
    default:
        return cli_complain("ml: unknown option %s", option);
    }
}

// Options whose value is attached or the next word. -Fl alone has no value. *at moves behind what was taken.
static char *value_of(char *option, size_t name, int argc, char **argv, int *at)
{
    if (option[name] || *at == argc)
        return option + name;
    return argv[(*at)++];
}

static int take_simple(struct ml_request *r, const char *option)
{
    static const char *const ignored[] = {"-nologo", "-coff", "-X", "-Sg", "-Sa", "-Sf", "-Sn", "-Sx", NULL};
    for (size_t i = 0; ignored[i]; i++)
        if (strcmp(option, ignored[i]) == 0)
            return CLI_OK;
    if (strcmp(option, "-c") == 0) {
        r->assemble_only = true;
        return CLI_OK;
    }
    if (strcmp(option, "-omf") == 0)
        return missing(option, "objects are COFF");
    if (strcmp(option, "-EP") == 0)
        return missing(option, "a preprocessed listing");
    return cli_complain("ml: unknown option %s\nTry: vxd ml --help", option);
}

static int add_path(struct cli_list *list, char *path)
{
    return cli_list_add(list, cli_path_of(path)) ? CLI_OK : CLI_BROKEN;
}

static int take_option(struct ml_request *r, char *option, int argc, char **argv, int *at)
{
    switch (option[1]) {
    case 'I':
        return add_path(&r->sources.include_dirs, value_of(option, 2, argc, argv, at));
    case 'D':
        return cli_add_define(&r->sources, value_of(option, 2, argc, argv, at)) ? CLI_OK : CLI_BROKEN;
    case 'F':
        return set_file(r, option,
                        option[2] == 'o' || option[2] == 'e' ? value_of(option, 3, argc, argv, at) : option + 3);
    case 'C':
        return set_case(r, option);
    case 'W':
    case 'w':
        return set_warnings(r, option);
    case 'Z':
        return set_z(r, option);
    case 'G':
        return set_convention(r, option);
    case 'T':
        return add_path(&r->files, value_of(option, 3, argc, argv, at));
    default:
        return take_simple(r, option);
    }
}

// A name that ends with a slash is the directory for a file of the usual name.
static bool names_file(const char *given)
{
    return given && given[strlen(given) - 1] != '/';
}

// "/c" is "-c" to ml, unless there is such a file or directory: /tmp/x.asm is a source.
static bool is_option(char *word)
{
    if (word[0] == '/' && word[1]) {
        char *behind = strchr(word + 1, '/');
        if (behind)
            *behind = '\0';
        bool exists = access(word, F_OK) == 0;
        if (behind)
            *behind = '/';
        if (!exists)
            word[0] = '-';
    }
    return word[0] == '-' && word[1];
}

static bool is_link_word(const char *word)
{
    return strcasecmp(word, "-link") == 0 || strcasecmp(word, "/link") == 0;
}

static int check(const struct ml_request *r)
{
    if (r->files.count == 0)
        return cli_complain("ml: no source file given\nTry: vxd ml --help");
    if (r->files.count > 1 && (names_file(r->output) || names_file(r->listing)))
        return cli_complain("ml: -Fo and -Fl name one file, but %zu sources are given", r->files.count);
    return CLI_OK;
}

// Everything behind -link is the linker's.
static int parse(struct ml_request *r, int argc, char **argv)
{
    for (int at = 1; at < argc;) {
        if (is_link_word(argv[at])) {
            int status = cli_link_parse(&r->link, argc - at, argv + at);
            return status == CLI_OK ? check(r) : status;
        }
        char *word = argv[at++];
        int status = is_option(word) ? take_option(r, word, argc, argv, &at) : add_path(&r->files, word);
        if (status != CLI_OK)
            return status;
    }
    return check(r);
}

// The result's name; to be freed.
static char *result_path(const char *path, const char *given, const char *extension)
{
    if (names_file(given))
        return strdup(given);
    char *derived = cli_derived_name(path, extension);
    char *full = derived ? malloc(strlen(derived) + (given ? strlen(given) : 0) + 1) : NULL;
    if (full)
        strcat(strcpy(full, given ? given : ""), derived);
    free(derived);
    return full;
}

static int write_listing(const struct ml_request *r, const char *path, const struct vxd_bytes *listing)
{
    char *name = result_path(path, r->listing, ".lst");
    bool done = name && cli_write_file(name, listing->data, listing->size);
    free(name);
    return done ? CLI_OK : CLI_USAGE;
}

// The object's name goes to the linker's list.
static int write_object(struct ml_request *r, const char *path, const struct vxd_bytes *object)
{
    char *name = result_path(path, r->output, ".obj");
    bool done = name && cli_write_file(name, object->data, object->size);
    if (!done || !cli_list_add(&r->made, name)) {
        free(name);
        return CLI_USAGE;
    }
    return cli_list_add(&r->link.objects, name) ? CLI_OK : CLI_BROKEN;
}

static int assemble_one(struct ml_request *r, const char *path)
{
    struct vxd_bytes object = {0}, listing = {0};
    int status = cli_assemble(&r->sources, path, &object, r->want_listing ? &listing : NULL);
    if (r->want_listing && listing.size)
        write_listing(r, path, &listing);
    if (status == CLI_OK && !r->check_only)
        status = write_object(r, path, &object);
    vxd_bytes_free(&object);
    vxd_bytes_free(&listing);
    return status;
}

static int make(struct ml_request *r)
{
    int status = CLI_OK;
    for (size_t i = 0; status == CLI_OK && i < r->files.count; i++)
        if (!cli_is_for_linker(r->files.items[i]))
            status = assemble_one(r, r->files.items[i]);
        else if (!cli_list_add(&r->link.objects, r->files.items[i]))
            status = CLI_BROKEN;
    bool linking = !r->assemble_only && !r->check_only;
    r->link.options.debug |= r->sources.options.symbols;
    return status == CLI_OK && linking ? cli_link_files(&r->link) : status;
}

static int run(int argc, char **argv)
{
    struct ml_request r = {0};
    struct cli_words words;
    cli_sources_init(&r.sources);
    int status = cli_expand_words(&words, argc, argv) ? CLI_OK : CLI_USAGE;
    if (status == CLI_OK)
        status = parse(&r, (int)words.words.count, (char **)words.words.items);
    if (status == CLI_OK)
        status = make(&r);
    for (size_t i = 0; i < r.made.count; i++)
        free((void *)r.made.items[i]);
    free(r.made.items);
    free(r.files.items);
    cli_link_free(&r.link);
    cli_sources_free(&r.sources);
    cli_words_free(&words);
    return status;
}

const struct cli_command cli_ml = {
    "ml",
    "vxd ml [-c] [-coff] [-FoOBJECT] [-Fl[LISTING]] [-IDIR] [-DSYM[=VAL]] ... FILE.asm ... [-link ...]\n",
    "the assembler with the options of Microsoft's ml",
    "  -c             assemble only; without it the objects are linked into a driver\n"
    "  -Fe -Fm        the driver, a map\n"
    "  -link ...      options of vxd link, up to the end\n"
    "  -coff          COFF objects, the only kind (-omf is not implemented)\n"
    "  -Fo -Fl        object, listing, or a directory for it with a slash; attached or, for -Fo, the next word\n"
    "  -I -D          include directory, text macro; attached or the next word\n"
    "  -Cu -Cx -Cp    case of names: upper, not of publics and externals (-Cx), as written (-Cp)\n"
    "  -W0 ... -W3 -w -WX   warnings: level, none, as errors\n"
    "  -Zd -Zi        line numbers; line numbers and symbols\n"
    "  -Gc -Gd -Gz    calling convention of procedures that name none: Pascal, C, StdCall\n"
    "  -Zm -Zp[N] -Zs MASM 5.1 compatibility; structure alignment; check only\n"
    "  -Ta FILE       a source with any extension\n"
    "  -nologo -X -Sa -Sf -Sg -Sn -Sx   accepted, without effect\n",
    run,
};
