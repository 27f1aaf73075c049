// Libraries: archives of COFF objects (PE/COFF specification, "Archive (Library) File Format") as LIB, GNU ar and
// llvm-ar make them. Only their index and their members' places are read here; what a member is, coff.h tells.
#ifndef VXDKIT_IMAGE_ARCHIVE_H
#define VXDKIT_IMAGE_ARCHIVE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"

struct archive_member {
    const char *name;
    const uint8_t *bytes; // in the archive
    size_t size;
};

// Pointers belong to the arena given to archive_read and to the archive's bytes; the map is the caller's to free.
struct archive {
    struct archive_member *members;
    uint32_t member_count;
    struct base_map index; // public name to its struct archive_member; of several the first
};

// Whether bytes begin as a library does; no more is looked at.
bool archive_is(const uint8_t *bytes, size_t size);

// Parses hostile bytes. `name` is used in messages. False and a message when it is no archive with an index. The map is
// initialised either way.
bool archive_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena, struct base_diag *diag,
                  struct archive *archive) BASE_MUST_USE;

#endif
