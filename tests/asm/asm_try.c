// asm-try FILE.asm [-oOBJECT] [-lLISTING] [-IDIR] [-DNAME[=VALUE]] ...: assembles one file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"

static const char *dirs[32];
static int dir_count;

static char *load(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *p = malloc((size_t)n + 1);
    *size = fread(p, 1, (size_t)n, f);
    fclose(f);
    return p;
}

static bool open_include(void *user, const char *name, const char *from, const char **path, const char **text, size_t *size)
{
    (void)user, (void)from;
    for (int i = -1; i < dir_count; i++) {
        char full[1024];
        snprintf(full, sizeof full, "%s%s%s", i < 0 ? "" : dirs[i], i < 0 ? "" : "/", name);
        *text = load(full, size);
        if (!*text) {
            for (char *p = full + strlen(full) - strlen(name); *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                    *p = (char)(*p | 0x20);
            *text = load(full, size);
        }
        if (*text) {
            *path = strdup(full);
            return true;
        }
    }
    return false;
}

static void save(const char *path, const struct base_buf *b)
{
    FILE *f = path ? fopen(path, "wb") : NULL;
    if (f) {
        fwrite(b->data, 1, b->size, f);
        fclose(f);
    }
}

int main(int argc, char **argv)
{
    struct asm_definition definitions[32];
    struct asm_options o = {.alloc = &base_heap, .open_include = open_include, .definitions = definitions, .case_map = ASM_CASE_NOT_PUBLIC, .warning_level = 2};
    const char *source = NULL, *out = NULL, *list = NULL;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-o", 2) == 0)
            out = argv[i] + 2;
        else if (strncmp(argv[i], "-l", 2) == 0)
            list = argv[i] + 2;
        else if (strncmp(argv[i], "-I", 2) == 0)
            dirs[dir_count++] = argv[i] + 2;
        else if (strcmp(argv[i], "-Zm") == 0)
            o.masm51 = true;
        else if (strcmp(argv[i], "-Zd") == 0)
            o.line_numbers = true;
        else if (strcmp(argv[i], "-Cp") == 0)
            o.case_map = ASM_CASE_NONE;
        else if (strncmp(argv[i], "-D", 2) == 0) {
            char *eq = strchr(argv[i], '=');
            if (eq)
                *eq = 0;
            definitions[o.definition_count++] = (struct asm_definition){argv[i] + 2, eq ? eq + 1 : ""};
        } else
            source = argv[i];
    }
    size_t size = 0;
    char *text = source ? load(source, &size) : NULL;
    if (!text)
        return 2;
    struct base_diag diag;
    struct base_buf object, listing;
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    base_buf_init(&object, &base_heap);
    base_buf_init(&listing, &base_heap);
    bool ok = asm_assemble(&o, source, text, size, &diag, &object, list ? &listing : NULL);
    if (ok)
        save(out, &object);
    save(list, &listing);
    base_buf_free(&object);
    base_buf_free(&listing);
    base_diag_free(&diag);
    free(text);
    return !ok;
}
