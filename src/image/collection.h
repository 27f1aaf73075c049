// Collections of drivers: the W3 files in which Windows keeps its own (WIN386.EXE), and W4 files, which are W3 files
// packed in chunks (VMM32.VXD). `vxd info` and `vxd dis` open, list and take them apart. Everything read is hostile.
// Layout and packing as in the documentation of Clive Turvey's VxDLIB 1.01 (1996).
#ifndef VXDKIT_IMAGE_COLLECTION_H
#define VXDKIT_IMAGE_COLLECTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

struct collection_driver {
    char name[9];         // of characters that file names may have, "/" and "." not among them
    uint32_t offset;      // of its LE header, from the start of the unpacked file
    uint32_t header_size; // of the header and the tables behind it
};

struct collection {
    bool packed;          // a W4 file
    uint16_t version;     // of Windows: 0400h
    uint32_t chunk_count; // of a W4 file
    const uint8_t *bytes; // the W3 file, unpacked if need be
    size_t size;
    struct collection_driver *drivers; // in the order of the file, each name once
    uint32_t driver_count;
};

// Whether the bytes are such a file by their signature; the rest may still be damaged.
bool collection_signed(const uint8_t *bytes, size_t size);

// Reads the list of drivers, unpacking everything. `bytes` must stay as long as the collection is in use. False and one
// message when the file is none, or damaged.
bool collection_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena,
                     struct base_diag *diag, struct collection *c) BASE_MUST_USE;

// NULL: no driver of that name, in any case.
const struct collection_driver *collection_find(const struct collection *c, const char *name);

// One driver as an LE file of its own, into the empty `out`. False and a message when its header or pages are not
// there.
bool collection_extract(const struct collection *c, const struct collection_driver *driver, const char *name,
                        struct base_buf *out, struct base_diag *diag) BASE_MUST_USE;

// Unpacks one chunk: bits from the lowest of each byte up, codes for bytes and for copies of what came before. Returns
// NULL, or what is wrong with it. *made: bytes written to `out`, at most `room`.
const char *collection_unpack(const uint8_t *packed, size_t size, uint8_t *out, size_t room, size_t *made);

#endif
