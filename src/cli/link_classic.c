// The options of Microsoft's linkers as makefiles of drivers use them: -OPTION[:VALUE] or /OPTION[:VALUE] in any case,
// the abbreviations of LINK386 among them. What means nothing for a driver is accepted.
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum classic {
    CLASSIC_IGNORED,
    CLASSIC_DEF,
    CLASSIC_OUT,
    CLASSIC_MAP,
    CLASSIC_DEBUG,
    CLASSIC_EXETYPE,
    CLASSIC_LIBPATH,
    CLASSIC_MISSING,
    CLASSIC_WRONG,
};

static const struct {
    const char *name;
    uint8_t meaning;
    bool value; // has to have one
    const char *why;
} table[] = {
    {"vxd", CLASSIC_IGNORED, false, NULL},
    {"nologo", CLASSIC_IGNORED, false, NULL},
    {"nod", CLASSIC_IGNORED, false, NULL},
    {"nodefaultlib", CLASSIC_IGNORED, false, NULL},
    {"nodefaultlibrarysearch", CLASSIC_IGNORED, false, NULL},
    {"noi", CLASSIC_IGNORED, false, NULL},
    {"noignorecase", CLASSIC_IGNORED, false, NULL},
    {"noe", CLASSIC_IGNORED, false, NULL},
    {"noextdictionary", CLASSIC_IGNORED, false, NULL},
    {"nop", CLASSIC_IGNORED, false, NULL},
    {"nopackcode", CLASSIC_IGNORED, false, NULL},
    {"packcode", CLASSIC_IGNORED, false, NULL},
    {"far", CLASSIC_IGNORED, false, NULL},
    {"nofarcalltranslation", CLASSIC_IGNORED, false, NULL},
    {"al", CLASSIC_IGNORED, false, NULL},
    {"align", CLASSIC_IGNORED, false, NULL},
    {"alignment", CLASSIC_IGNORED, false, NULL},
    {"machine", CLASSIC_IGNORED, false, NULL},
    {"ignore", CLASSIC_IGNORED, false, NULL},
    {"warn", CLASSIC_IGNORED, false, NULL},
    {"verbose", CLASSIC_IGNORED, false, NULL},
    {"incremental", CLASSIC_IGNORED, false, NULL},
    {"opt", CLASSIC_IGNORED, false, NULL},
    {"pdb", CLASSIC_IGNORED, false, NULL},
    {"debugtype", CLASSIC_IGNORED, false, NULL},
    {"comment", CLASSIC_IGNORED, false, NULL},
    {"fullbuild", CLASSIC_IGNORED, false, NULL},
    {"release", CLASSIC_IGNORED, false, NULL},
    {"fixed", CLASSIC_IGNORED, false, NULL},
    {"base", CLASSIC_IGNORED, false, NULL},
    {"stub", CLASSIC_IGNORED, false, NULL},
    {"implib", CLASSIC_IGNORED, false, NULL},
    {"batch", CLASSIC_IGNORED, false, NULL},
    {"def", CLASSIC_DEF, true, NULL},
    {"out", CLASSIC_OUT, true, NULL},
    {"m", CLASSIC_MAP, false, NULL},
    {"map", CLASSIC_MAP, false, NULL},
    {"co", CLASSIC_DEBUG, false, NULL},
    {"codeview", CLASSIC_DEBUG, false, NULL},
    {"debug", CLASSIC_DEBUG, false, NULL},
    {"li", CLASSIC_DEBUG, false, NULL},
    {"linenumbers", CLASSIC_DEBUG, false, NULL},
    {"exetype", CLASSIC_EXETYPE, true, NULL},
    {"libpath", CLASSIC_LIBPATH, true, NULL},
    {"stack", CLASSIC_MISSING, false, "a program's stack is a segment of its sources"},
    {"st", CLASSIC_MISSING, false, "a program's stack is a segment of its sources"},
    {"tiny", CLASSIC_MISSING, false, "an output with the extension .com is a .COM program"},
    {"t", CLASSIC_MISSING, false, "an output with the extension .com is a .COM program"},
    {"merge", CLASSIC_MISSING, true, "classes in the .def file say what belongs together"},
    {"section", CLASSIC_MISSING, true, "the .def file's SEGMENTS say what attributes a segment has"},
    {"export", CLASSIC_WRONG, true, "a driver exports its device descriptor block and nothing else"},
    {"entry", CLASSIC_WRONG, true, "a driver's entry is its device descriptor block"},
    {"dll", CLASSIC_WRONG, false, "a virtual device driver is what is made here"},
    {"subsystem", CLASSIC_WRONG, true, "a virtual device driver is what is made here"},
};

static size_t find(const char *word)
{
    size_t n = strcspn(word + 1, ":");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strlen(table[i].name) == n && strncasecmp(table[i].name, word + 1, n) == 0)
            return i;
    return sizeof table / sizeof *table;
}

static int set_exetype(struct cli_link *l, const char *value)
{
    if (strcasecmp(value, "dynamic") == 0)
        l->options.kind = VXD_LOAD_DYNAMIC;
    else if (strcasecmp(value, "dev386") != 0)
        return cli_complain("link: -exetype:%s: DEV386 or DYNAMIC", value);
    return CLI_OK;
}

static int apply(struct cli_link *l, size_t i, char *value)
{
    switch (table[i].meaning) {
    case CLASSIC_DEF:
        l->def = cli_path_of(value);
        return CLI_OK;
    case CLASSIC_OUT:
        l->output = cli_path_of(value);
        return CLI_OK;
    case CLASSIC_MAP:
        l->want_map = true;
        l->map = value && *value ? cli_path_of(value) : l->map;
        return CLI_OK;
    case CLASSIC_DEBUG:
        l->options.debug = true;
        return CLI_OK;
    case CLASSIC_EXETYPE:
        return set_exetype(l, value);
    case CLASSIC_LIBPATH:
        return cli_list_add(&l->directories, cli_path_of(value)) ? CLI_OK : CLI_BROKEN;
    case CLASSIC_MISSING:
        cli_complain("link: -%s is not implemented: %s", table[i].name, table[i].why);
        return CLI_MISSING;
    case CLASSIC_WRONG:
        return cli_complain("link: -%s: %s", table[i].name, table[i].why);
    default:
        return CLI_OK;
    }
}

bool cli_is_classic(const char *word)
{
    if (word[0] != '-' && word[0] != '/')
        return false;
    if (strcmp(word, "-m") == 0 || (word[0] == '/' && access(word, F_OK) == 0))
        return false; // our own -m MAP; a file
    return find(word) < sizeof table / sizeof *table;
}

int cli_link_classic(struct cli_link *l, char *word)
{
    size_t i = find(word);
    char *colon = strchr(word, ':');
    if (table[i].value && (!colon || !colon[1]))
        return cli_complain("link: a value is missing behind %s", word);
    return apply(l, i, colon ? colon + 1 : NULL);
}
