// Between the files of `vxd run`: run_options.c reads the command line, run.c carries it out, run_ioctl.c stands for a
// Win32 program.
#ifndef VXDKIT_CLI_RUN_H
#define VXDKIT_CLI_RUN_H

#include "cli/cli.h"

struct run_input {   // something from outside at a time: an interrupt, a key or the mouse
    const char *key; // NULL: another one
    bool nmi, mouse;
    unsigned irq;
    int right, down; // the mouse, with its buttons
    unsigned buttons;
    uint64_t at;
};

struct run_ioctl {
    uint32_t code;
    const char *input; // file with the input buffer; NULL: none
};

struct run_request {
    struct vxd_config config;
    const char *ini, *registry, *hardware; // files
    struct cli_list drivers;
    enum vxd_load how;
    bool quiet;
    uint64_t for_ns, limit;
    bool for_given, limit_given;
    struct run_input *inputs;
    size_t input_count;
    struct run_ioctl *ioctls;
    size_t ioctl_count;
    const char **answers; // to message boxes, in order
    size_t answer_count;
    char last_name[9]; // device name of the last driver, once it is loaded
    const char *trace, *report;
    struct cli_list programs; // --vm: files with arguments, a virtual machine each
    const char *root;         // --root
    bool screen;
};

void run_request_init(struct run_request *r);
void run_request_free(struct run_request *r);
int run_parse(struct run_request *r, int argc, char **argv); // a cli_status

// --vm (run_vm.c): gives the machine its directory and standard input and asks for the programs. A cli_status.
struct run_stdin {
    uint8_t *bytes;
    size_t count, capacity;
    bool ended;
};
int run_start_programs(struct vxd_machine *m, const struct run_request *q, struct run_stdin *input);

// After the run: CLI_USAGE when DOS could not load one of them, with a message.
int run_programs_status(struct vxd_machine *m, const struct run_request *q);

// Opens the last driver, sends all control codes, closes it. *end is the end of the last vxd_run; a cli_status.
int run_ioctls(struct vxd_machine *m, const struct run_request *q, enum vxd_end *end);

// Finds drivers that drivers load: in the directories of those named on the command line, in any case.
struct run_finder {
    const struct cli_list *drivers, *programs;
    struct vxd_bytes found; // the last one
};
vxd_find_driver_fn run_find_driver; // user: struct run_finder

#endif
