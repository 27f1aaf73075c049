// vxd run --vm: the program's file and arguments, the directory it sees, the standard input it reads.
#define _XOPEN_SOURCE 700 // realpath
#include "cli/run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Standard input is read only as far as the program asks for it, and kept: a machine may go back to a snapshot.
static bool read_more(struct run_stdin *in)
{
    enum { STEP = 4096 };
    if (in->capacity - in->count < STEP) {
        uint8_t *more = realloc(in->bytes, in->capacity * 2 + STEP);
        if (!more)
            return false;
        in->bytes = more;
        in->capacity = in->capacity * 2 + STEP;
    }
    ssize_t n = read(STDIN_FILENO, in->bytes + in->count, STEP);
    if (n > 0)
        in->count += (size_t)n;
    in->ended = n == 0 || (n < 0 && errno != EINTR);
    return !in->ended;
}

static size_t take_input(void *user, uint64_t offset, void *to, size_t size)
{
    struct run_stdin *in = user;
    fflush(stdout); // what was printed belongs in front of what is typed
    while (!in->ended && in->count <= offset && read_more(in))
        ;
    if (offset >= in->count)
        return 0;
    size_t n = in->count - (size_t)offset < size ? in->count - (size_t)offset : size;
    memcpy(to, in->bytes + offset, n);
    return n;
}

static bool has_key(const struct run_request *q)
{
    for (size_t i = 0; i < q->input_count; i++)
        if (q->inputs[i].key)
            return true;
    return false;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

// "FILE ARGUMENTS": all of it when that is a file's name, else up to the first blank. The copy is cut there.
static const char *split(char *text)
{
    char *blank = strchr(text, ' ');
    if (!blank || is_file(text))
        return "";
    *blank = 0;
    return blank + 1;
}

// DOS hands a program its arguments with the blank in front of them.
static int start(struct vxd_machine *m, const char *path, const char *arguments)
{
    char tail[128] = "";
    if (arguments[0])
        snprintf(tail, sizeof tail, " %.126s", arguments);
    if (strlen(arguments) > 125)
        return cli_complain("run: the arguments of a DOS program have at most 125 characters");
    return vxd_start_program(m, path, tail) ? CLI_OK : CLI_USAGE;
}

// The program's path below the root, both free of links.
static int place(const struct run_request *q, char *file, const char *root_given, char **root, const char **below)
{
    char *program = realpath(file, NULL);
    if (!program)
        return cli_complain("%s: %s", file, strerror(errno));
    snprintf(file, PATH_MAX, "%s", program);
    free(program);
    (void)q;
    char *slash = strrchr(file, '/');
    if (root_given) {
        *root = realpath(root_given, NULL);
        if (!*root)
            return cli_complain("%s: %s", root_given, strerror(errno));
    } else {
        *slash = 0;
        *root = strdup(slash == file ? "/" : file);
        *slash = '/';
        if (!*root)
            return cli_status_of(VXD_NO_MEMORY);
    }
    size_t n = strlen(*root);
    n = n == 1 ? 0 : n; // "/"
    if (strncmp(file, *root, n) != 0 || file[n] != '/')
        return cli_complain("%s is not below the directory %s", file, *root);
    *below = file + n + 1;
    return CLI_OK;
}

int run_start_program(struct vxd_machine *m, const struct run_request *q, struct run_stdin *input)
{
    char file[PATH_MAX];
    char *root = NULL;
    const char *below = "";
    if (strlen(q->program) >= sizeof file)
        return cli_complain("run: the program's name is too long");
    strcpy(file, q->program);
    const char *arguments = split(file);
    char kept[256];
    snprintf(kept, sizeof kept, "%s", arguments);
    if (!is_file(file))
        return cli_complain("%s: no such file", file);
    int status = place(q, file, q->root, &root, &below);
    if (status == CLI_OK && !vxd_provide_directory(m, root))
        status = CLI_USAGE;
    if (status == CLI_OK && !isatty(STDIN_FILENO) && !has_key(q))
        vxd_provide_input(m, take_input, input);
    if (status == CLI_OK)
        status = start(m, below, kept);
    free(root);
    return status;
}
