// The vxd command: what its subcommands share. One file per subcommand; everything they do goes through the public API.
#ifndef VXDKIT_CLI_CLI_H
#define VXDKIT_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vxdkit/tools.h>

// Exit statuses of every subcommand.
enum cli_status {
    CLI_OK = 0,
    CLI_BROKEN = 1,  // a driver refused to load, faulted or broke a rule
    CLI_USAGE = 2,   // usage, or a file that is not what it should be
    CLI_MISSING = 3, // not implemented
    CLI_LIMIT = 4,   // --limit or a default limit ended the run
};

struct cli_command {
    const char *name;
    const char *usage;                 // "vxd NAME ..." lines
    const char *summary;               // one line
    const char *help;                  // the options, one a line
    int (*run)(int argc, char **argv); // argv[0] is the subcommand's name
};

extern const struct cli_command cli_build, cli_asm, cli_ml, cli_link, cli_run, cli_info, cli_dis, cli_services,
    cli_help;
extern const struct cli_command *const cli_commands[]; // in the order of the help, ended by NULL
const struct cli_command *cli_find(const char *name);  // NULL: no such subcommand
void cli_print_help(const struct cli_command *command, FILE *to);

// ---------------------------------------------------------------------------------------------------------------------
// Options (options.c): "--name", "--name VALUE", "--name=VALUE", "-x VALUE", "-xVALUE", anywhere between operands; "--"
// ends them.

enum cli_takes { CLI_NOTHING, CLI_VALUE, CLI_OPTIONAL_VALUE }; // an optional value is written with '='

struct cli_option {
    const char *name; // with its dashes
    enum cli_takes takes;
};

enum { CLI_END = -1, CLI_OPERAND = -2, CLI_BAD = -3 };

struct cli_args {
    const struct cli_command *command;
    const struct cli_option *options; // ended by name NULL
    int argc;
    char **argv;
    int at;
    bool operands_only; // behind "--"
    const char *value;  // of the option, or the operand
};

// The index of the next option in `options`, CLI_OPERAND, CLI_END, or CLI_BAD after a message.
int cli_next(struct cli_args *a);

// ---------------------------------------------------------------------------------------------------------------------
// Messages and files (files.c)

// "vxd: text" and a newline on standard error; returns CLI_USAGE.
int cli_complain(const char *format, ...);
// The library's messages: as they are when they begin with file and line, else behind "vxd: ".
struct vxd_messages cli_messages(void);
int cli_status_of(enum vxd_status status);

// Writes a whole file ("-" is standard output); false after a message.
bool cli_write_file(const char *path, const void *data, size_t size);
// Writes to the FILE * given as user.
void cli_write(void *user, const char *text, size_t size);
// The file name of `path` with another extension, in the present directory; to be freed. "x/a.asm", ".obj" -> "a.obj".
char *cli_derived_name(const char *path, const char *extension);
bool cli_has_extension(const char *path, const char *extension);
bool cli_is_for_linker(const char *path); // an object or a library, by its extension

// Reads a file and looks at it, or at one driver of the collection that it is (look.c).
typedef enum vxd_status cli_look_fn(void *user, const struct vxd_input *image);
int cli_look_at(const char *path, const char *driver, cli_look_fn *look, void *user);

// A growable list of texts; aborts nothing: false when out of memory, after a message.
struct cli_list {
    const char **items;
    size_t count, capacity;
};
bool cli_list_add(struct cli_list *list, const char *item);

// ---------------------------------------------------------------------------------------------------------------------
// Assembling and linking, shared by build, asm, ml and link (compile.c)

struct cli_sources { // what the options of the assembler say
    struct vxd_assemble_options options;
    struct cli_list include_dirs;
    struct vxd_define *defines;
    size_t define_count;
};

void cli_sources_init(struct cli_sources *s);
void cli_sources_free(struct cli_sources *s);
bool cli_add_define(struct cli_sources *s, const char *text); // "NAME" or "NAME=VALUE"; keeps a copy
bool cli_set_debug(struct cli_sources *s);
int cli_assemble(const struct cli_sources *s, const char *path, struct vxd_bytes *object, struct vxd_bytes *listing);

struct cli_link { // what the options of the linker say; zeroed to begin with
    struct vxd_link_options options;
    const char *def, *map, *output;
    bool want_map; // under the driver's name when `map` is NULL
    int field;     // of LINK386's, while words are taken
    struct cli_list objects, directories;
};

// Links the inputs and writes image and map.
int cli_link_inputs(struct cli_link *l, const struct vxd_input *inputs, size_t count);

// link.c: the words of a command line, argv[0] left out; then what they name is linked.
int cli_link_parse(struct cli_link *l, int argc, char **argv);
int cli_link_files(struct cli_link *l);
void cli_link_free(struct cli_link *l);
// link_classic.c: options of Microsoft's linkers
bool cli_is_classic(const char *word);
int cli_link_classic(struct cli_link *l, char *word);

// ---------------------------------------------------------------------------------------------------------------------
// Words as old makefiles write them (response.c)

struct cli_words {
    struct cli_list words, texts; // the words point into argv or into the texts, which are this list's
};

// Puts what response files (@FILE) hold in their place. False after a message; to be freed either way.
bool cli_expand_words(struct cli_words *w, int argc, char **argv);
void cli_words_free(struct cli_words *w);
char *cli_path_of(char *text); // backslashes become slashes, unless there is such a file

#endif
