#include "cli/cli.h"

#include <string.h>

static int bad(const struct cli_args *a, const char *what, const char *option)
{
    cli_complain("%s: %s %s\nTry: vxd %s --help", a->command->name, what, option, a->command->name);
    return CLI_BAD;
}

// The length of the option's name when `text` is that option, 0 when not. A short option may have its value attached.
static size_t matches(const struct cli_option *o, const char *text)
{
    size_t n = strlen(o->name);
    if (strncmp(o->name, text, n) != 0)
        return 0;
    bool is_short = o->name[1] != '-';
    if (text[n] == '\0' || text[n] == '=' || (is_short && o->takes == CLI_VALUE))
        return n;
    return 0;
}

static int take_option(struct cli_args *a, const char *text)
{
    for (int i = 0; a->options[i].name; i++) {
        const struct cli_option *o = &a->options[i];
        size_t n = matches(o, text);
        if (n == 0)
            continue;
        bool is_short = o->name[1] != '-';
        const char *attached = text[n] == '=' && !is_short ? text + n + 1 : text[n] ? text + n : NULL;
        if (o->takes == CLI_NOTHING && attached)
            return bad(a, "no value belongs to", o->name);
        if (o->takes == CLI_VALUE && !attached) {
            if (a->at == a->argc)
                return bad(a, "a value is missing behind", o->name);
            attached = a->argv[a->at++];
        }
        a->value = attached;
        return i;
    }
    return bad(a, "unknown option", text);
}

int cli_next(struct cli_args *a)
{
    if (a->at == a->argc)
        return CLI_END;
    const char *text = a->argv[a->at++];
    if (!a->operands_only && strcmp(text, "--") == 0) {
        a->operands_only = true;
        return cli_next(a);
    }
    if (a->operands_only || text[0] != '-' || text[1] == '\0') {
        a->value = text;
        return CLI_OPERAND;
    }
    return take_option(a, text);
}
