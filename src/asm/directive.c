// The table of directives, and the few that fit nowhere else: COMMENT.
#include "asm/defs.h"

static const struct asm_directive directives[] = {
#define DIRECTIVE(text, stage, name, run, argument) {text, STAGE_##stage, name, run, argument},
#include "asm/directives.def"
#undef DIRECTIVE
};

void asm_directives_init(struct assembler *a)
{
    for (size_t i = 0; i < BASE_COUNT(directives); i++)
        asm_name_of(a, directives[i].text)->directive = &directives[i];
}

static bool contains(struct asm_text t, char c)
{
    for (size_t i = 0; i < t.length; i++)
        if (t.at[i] == c)
            return true;
    return false;
}

// COMMENT ~ ... ~: everything to the end of the line that holds the second delimiter.
void asm_comment(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    struct asm_text t = asm_trim(a->rest.at, a->rest.at + a->rest.length);
    if (t.length == 0) {
        asm_error(a, a->rest.at, "COMMENT needs a delimiter");
        return;
    }
    char delimiter = *t.at;
    struct asm_origin start = asm_lasting_origin(a);
    t.at++;
    t.length--;
    const struct asm_input *stop = asm_input_below(a);
    while (!contains(t, delimiter)) {
        if (!asm_next_line(a, stop, &t)) {
            a->origin = start;
            asm_error(a, NULL, "this COMMENT is never closed");
            return;
        }
        asm_list_line(a);
    }
}
