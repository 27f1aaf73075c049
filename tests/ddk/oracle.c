// ddk_oracle JWASM CASES: prints the case file with every "=" line replaced by what another assembler makes of the
// case's source, so that expectations never come from our own output. Cases that expect errors are checked to fail
// there too.
#include <stdio.h>
#include <stdlib.h>

#include "ddk/cases.h"
#include "ddk/object_text.h"

static const char *assembler;
static int failures;

static void write_source(const struct test_case *c, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        exit(2);
    fprintf(file, "%s%.*s%s", *c->file ? "" : ".386p\ninclude vmm.inc\ninclude debug.inc\n", (int)c->source.size,
            (const char *)c->source.data, *c->file ? "" : "END\n");
    fclose(file);
}

static bool assemble(const struct test_case *c)
{
    char command[1024] = "";
    size_t n = (size_t)snprintf(
        command, sizeof command,
        "%s -q -eq -coff -Cx -Zg -Iddk/inc -Itests/ddk/sources -Fw/dev/null -Fo/tmp/ddk_oracle.obj", assembler);
    for (size_t i = 0; i < c->symbol_count; i++)
        n += (size_t)snprintf(command + n, sizeof command - n, " -D%s=%s", c->symbols[i], c->values[i]);
    snprintf(command + n, sizeof command - n, " /tmp/ddk_oracle.asm >/tmp/ddk_oracle.log 2>&1");
    write_source(c, "/tmp/ddk_oracle.asm");
    remove("/tmp/ddk_oracle.obj");
    return system(command) == 0;
}

static void print_object(void)
{
    static uint8_t bytes[1 << 20];
    struct base_buf text;
    struct base_diag diag;
    FILE *file = fopen("/tmp/ddk_oracle.obj", "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    base_buf_init(&text, &base_heap);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    if (object_text(bytes, size, &diag, &text))
        for (char *line = strtok((char *)base_buf_cstr(&text), "\n"); line; line = strtok(NULL, "\n"))
            printf("= %s\n", line);
    base_buf_free(&text);
    base_diag_free(&diag);
}

static void print_lines(const char *prefix, struct base_buf *lines)
{
    char *text = (char *)base_buf_cstr(lines);
    for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        printf("%s%s%.*s\n", prefix, end > text ? " " : "", (int)(end - text), text);
}

static void answer(struct test_case *c, void *user)
{
    (void)user;
    bool ours = strstr(c->name, "(not JWasm)") != NULL;
    bool good = !ours && assemble(c);
    bool expected = c->errors.size == 0;
    printf("\ncase %s\n", c->name);
    for (size_t i = 0; i < c->symbol_count; i++)
        printf("%s%s%s%s%s", i ? " " : "-D ", c->symbols[i], *c->values[i] ? "=" : "", c->values[i],
               i + 1 == c->symbol_count ? "\n" : "");
    if (c->masm6)
        printf("masm6\n");
    if (*c->file)
        printf("file %s\n", c->file);
    else
        print_lines("|", &c->source);
    print_lines("!", &c->errors);
    if (ours)
        print_lines("=", &c->object);
    else if (good != expected) {
        fprintf(stderr, "%s: %s\n", c->name, good ? "no error" : "does not assemble");
        failures++;
        if (!good && system("grep -m3 Error /tmp/ddk_oracle.log >&2") != 0)
            fprintf(stderr, "(no message)\n");
    } else if (good) {
        print_object();
    }
}

// The remarks at the top of the file stay.
static void print_head(const char *path)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file) && line[0] == '#')
        fputs(line, stdout);
    if (file)
        fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    assembler = argv[1];
    print_head(argv[2]);
    size_t count = for_each_case(argv[2], answer, NULL);
    fprintf(stderr, "%zu cases, %d failures\n", count, failures);
    return failures != 0;
}
