// A directory of the host as drive C: (dos/dos.h), and the standard input of its programs.
#ifndef VXDKIT_API_DIRECTORY_H
#define VXDKIT_API_DIRECTORY_H

#include <vxdkit/vxdkit.h>

#include "dos/dos.h"

struct api_directory {
    const struct base_alloc *alloc;
    struct dos_host host; // its user is this struct
    struct vmm *v;        // whose drive it is
    int root;             // descriptor, -1 = no drive
    int open;             // of the file used last, -1 = none
    bool open_writes;
    char open_path[96];
    vxd_input_fn *input;
    void *input_user;
};

// Without directory and without input; api_directory_free closes what was opened.
void api_directory_init(struct api_directory *d, const struct base_alloc *alloc);
void api_directory_free(struct api_directory *d);
bool api_directory_open(struct api_directory *d, struct vmm *v,
                        const char *path) BASE_MUST_USE;                            // false: errno says why
void api_directory_input(struct api_directory *d, vxd_input_fn *input, void *user); // NULL: none

// The DOS path of a file given by the host's names, divided by '/', relative to the directory. False: there is none.
bool api_directory_dos_path(struct api_directory *d, const char *path, char *to, size_t size) BASE_MUST_USE;

#endif
