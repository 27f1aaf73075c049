// The linker: COFF objects into one VxD (LE image) or into a program of DOS. This header is the whole interface of the
// room.
#ifndef VXDKIT_LINK_LINK_H
#define VXDKIT_LINK_LINK_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"

struct link_input {
    const char *path; // for messages
    const uint8_t *bytes;
    size_t size;
};

enum link_kind { LINK_KIND_DEFAULT, LINK_KIND_STATIC, LINK_KIND_DYNAMIC }; // DEFAULT: the .def file says, else static

struct link_options {
    const struct base_alloc *alloc;
    enum link_kind kind;
    const char *name;             // module name; NULL: the .def file's, else the DDB's
    const struct link_input *def; // module definition file or NULL
    bool debug;                   // symbols and line numbers into the image's debug information
};

// Links objects and what they want from libraries; the image goes to `image`, the map to `map` unless NULL. All
// unresolved and duplicate symbols are reported at once, each with the object (and line, when known) that wants it.
// False when there were errors.
bool link_image(const struct link_options *options, const struct link_input *inputs, size_t input_count,
                struct base_diag *diag, struct base_buf *image, struct base_buf *map) BASE_MUST_USE;

// Links a .COM program of DOS instead: one segment, entered at 100h. Of the options only `alloc` counts.
bool link_com(const struct link_options *options, const struct link_input *inputs, size_t input_count,
              struct base_diag *diag, struct base_buf *image) BASE_MUST_USE;

// Links an .EXE program of DOS: segments, groups, a stack, an entry named by END. Without a stack there is a warning.
bool link_exe(const struct link_options *options, const struct link_input *inputs, size_t input_count,
              struct base_diag *diag, struct base_buf *image) BASE_MUST_USE;

#endif
