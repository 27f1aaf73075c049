// Assembles one case of a case file (tests/ddk/cases.h): the object, and all that was said. Header only.
#ifndef VXDKIT_TESTS_ASM_RUN_CASE_H
#define VXDKIT_TESTS_ASM_RUN_CASE_H

#include "asm/asm.h"
#include "ddk/cases.h"

static void collect_message(void *user, enum base_severity severity, const char *text)
{
    (void)severity;
    base_buf_text(user, text);
}

// The one file beside the cases.
static bool open_value(void *user, const char *name, const char *from, const char **path, const char **text,
                       size_t *size)
{
    static const char value[] = "VALUE equ 5\n";
    (void)user, (void)from;
    *path = "value.inc";
    *text = value;
    *size = sizeof value - 1;
    return strcmp(name, "value.inc") == 0;
}

// Symbols of a case are definitions, or -Zm and -Cp as of ml.
static void case_options(struct test_case *c, struct asm_options *options, struct asm_definition *definitions)
{
    *options = (struct asm_options){.alloc = &base_heap,
                                    .definitions = definitions,
                                    .case_map = ASM_CASE_NOT_PUBLIC,
                                    .warning_level = 3,
                                    .open_include = open_value};
    for (size_t i = 0; i < c->symbol_count; i++) {
        char *value = strchr(c->symbols[i], '=');
        if (strcmp(c->symbols[i], "-Zm") == 0)
            options->masm51 = true;
        else if (strcmp(c->symbols[i], "-Cp") == 0)
            options->case_map = ASM_CASE_NONE;
        else {
            if (value)
                *value++ = 0;
            definitions[options->definition_count++] = (struct asm_definition){c->symbols[i], value};
        }
    }
}

// The source gets its END here. The number of errors is added to the messages: "(2 errors)".
static bool assemble_case(struct test_case *c, struct base_diag *diag, struct base_buf *messages,
                          struct base_buf *object)
{
    struct asm_definition definitions[8];
    struct asm_options options;
    case_options(c, &options, definitions);
    base_diag_init(diag, &base_heap, collect_message, messages);
    base_buf_text(&c->source, "end\n");
    bool ok = asm_assemble(&options, "case.asm", (const char *)c->source.data, c->source.size, diag, object, NULL);
    base_buf_printf(messages, "(%u errors)\n", diag->errors);
    return ok;
}

#endif
