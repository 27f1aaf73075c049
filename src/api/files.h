// Files of the host, read whole: drivers, objects, sources, include files.
#ifndef VXDKIT_API_FILES_H
#define VXDKIT_API_FILES_H

#include "base/buf.h"
#include "base/diag.h"

// A regular file's content; a message and false for anything else, and for files over 1 GB.
bool api_read_file(const char *path, struct base_buf *to, struct base_diag *diag) BASE_MUST_USE;

// The path of `name` below `directory`, each part matched in any case and with \ as /; false: there is no such file.
bool api_find_file(const char *directory, const char *name, struct base_buf *path) BASE_MUST_USE;

#endif
