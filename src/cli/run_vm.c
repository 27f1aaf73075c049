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

// Drive C: the directory given, or that of the first program. NULL with a message.
static char *find_root(const struct run_request *q, const char *file)
{
    char *root = realpath(q->root ? q->root : file, NULL);
    if (!root) {
        cli_complain("%s: %s", q->root ? q->root : file, strerror(errno));
        return NULL;
    }
    char *slash = q->root ? NULL : strrchr(root, '/');
    if (slash)
        slash[slash == root] = 0;
    return root;
}

// The program's path below the root, both free of links.
static int start_below(struct vxd_machine *m, const char *root, const char *file, const char *arguments)
{
    char *program = realpath(file, NULL);
    if (!program)
        return cli_complain("%s: %s", file, strerror(errno));
    size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool below = strncmp(program, root, n) == 0 && program[n] == '/';
    int status =
        below ? start(m, program + n + 1, arguments) : cli_complain("%s is not below the directory %s", program, root);
    free(program);
    return status;
}

static int start_one(struct vxd_machine *m, const struct run_request *q, const char *text, char **root)
{
    char file[PATH_MAX];
    if (strlen(text) >= sizeof file)
        return cli_complain("run: the program's name is too long");
    strcpy(file, text);
    const char *arguments = split(file);
    if (!is_file(file))
        return cli_complain("%s: no such file", file);
    if (!*root) {
        *root = find_root(q, file);
        if (!*root || !vxd_provide_directory(m, *root))
            return CLI_USAGE;
    }
    return start_below(m, *root, file, arguments);
}

int run_start_programs(struct vxd_machine *m, const struct run_request *q, struct run_stdin *input)
{
    char *root = NULL;
    int status = CLI_OK;
    if (!isatty(STDIN_FILENO) && !has_key(q))
        vxd_provide_input(m, take_input, input);
    for (size_t i = 0; i < q->programs.count && status == CLI_OK; i++)
        status = start_one(m, q, q->programs.items[i], &root);
    free(root);
    return status;
}

// The programs of the command line are the machine's first: their numbers count from 1.
int run_programs_status(struct vxd_machine *m, const struct run_request *q)
{
    int status = CLI_OK;
    for (uint32_t i = 0; i < q->programs.count; i++) {
        struct vxd_program_outcome outcome = vxd_program_outcome(m, i + 1);
        if (outcome.progress != VXD_PROGRAM_FAILED || !outcome.vm) // without a VM a driver refused it
            continue;
        cli_complain("%s: DOS cannot load this program", q->programs.items[i]);
        status = CLI_USAGE;
    }
    return status;
}
