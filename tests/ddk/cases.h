// Reads the case files of tests/ddk. A case:
//
//   case NAME
//   -D SYMBOL ...          symbols defined before the source
//   masm6                  the source needs MASM 6's rules for macro arguments; others are tried under MASM 5's, too
//   | source line          the source; .386p, vmm.inc and debug.inc come before it, END after it
//   file PATH              instead: a whole source; what it includes may lie beside it
//   = object line          what object_text.h must say of the object
//   ! message              part of an error that must be reported; then there are no object lines
//
// A case whose name ends in "(not JWasm)" keeps its lines when they are made anew: a remark in front says where they
// are from.
//
// Everything else is a remark. Header only.
#ifndef VXDKIT_TESTS_DDK_CASES_H
#define VXDKIT_TESTS_DDK_CASES_H

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

struct test_case {
    char name[128];
    char symbols[8][32], values[8][32]; // -D NAME=VALUE
    size_t symbol_count;
    bool masm6;
    char file[128];                         // "" = the source is in the case
    struct base_buf source, object, errors; // errors: one expected part a line
};

static void case_init(struct test_case *c)
{
    memset(c, 0, sizeof *c);
    base_buf_init(&c->source, &base_heap);
    base_buf_init(&c->object, &base_heap);
    base_buf_init(&c->errors, &base_heap);
}

static void case_free(struct test_case *c)
{
    base_buf_free(&c->source);
    base_buf_free(&c->object);
    base_buf_free(&c->errors);
}

static void case_symbol(struct test_case *c, const char *word)
{
    size_t length = strcspn(word, "=");
    snprintf(c->symbols[c->symbol_count], sizeof c->symbols[0], "%.*s", (int)length, word);
    snprintf(c->values[c->symbol_count], sizeof c->values[0], "%s", word[length] ? word + length + 1 : "");
    c->symbol_count++;
}

static void case_symbols(struct test_case *c, char *line)
{
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
        if (strcmp(word, "-D") != 0 && c->symbol_count < 8)
            case_symbol(c, word);
}

static void case_file(struct test_case *c, const char *line)
{
    char part[4096];
    snprintf(c->file, sizeof c->file, "%.*s", (int)strcspn(line, "\n"), line);
    FILE *file = fopen(c->file, "r");
    for (size_t n; file && (n = fread(part, 1, sizeof part, file)) > 0;)
        base_buf_add(&c->source, part, n);
    if (file)
        fclose(file);
}

static void case_line(struct test_case *c, char *line)
{
    const char *content = strlen(line) > 2 && line[1] == ' ' ? line + 2 : line + 1;
    if (line[0] == '|')
        base_buf_text(&c->source, content);
    else if (line[0] == '=')
        base_buf_text(&c->object, content);
    else if (line[0] == '!')
        base_buf_text(&c->errors, content);
    else if (strncmp(line, "file ", 5) == 0)
        case_file(c, line + 5);
    else if (strcmp(line, "masm6\n") == 0)
        c->masm6 = true;
    else if (strncmp(line, "-D ", 3) == 0)
        case_symbols(c, line);
}

// Calls `each` for every case of the file; the number of cases.
static size_t for_each_case(const char *path, void (*each)(struct test_case *c, void *user), void *user)
{
    FILE *file = fopen(path, "r");
    struct test_case c;
    size_t count = 0;
    char line[16384];
    case_init(&c);
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "case ", 5) != 0) {
            case_line(&c, line);
            continue;
        }
        if (count++)
            each(&c, user);
        case_free(&c);
        case_init(&c);
        snprintf(c.name, sizeof c.name, "%.*s", (int)strcspn(line + 5, "\n"), line + 5);
    }
    if (count)
        each(&c, user);
    case_free(&c);
    if (file)
        fclose(file);
    return count;
}

#endif
