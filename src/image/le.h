// LE images of virtual device drivers as a model in memory, and its reader and writer. The loader in `vmm`, `vxd info`
// and the disassembler read; the linker writes. Everything read is hostile: a model that le_read returned is consistent
// (objects, places of fixups, exports, symbols and lines in range), so its users need no checks of their own. One thing
// is free: a fixup's target offset may lie outside its object, since code addresses tables by TABLE-4 and the like.
#ifndef VXDKIT_IMAGE_LE_H
#define VXDKIT_IMAGE_LE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

enum le_object_flag {
    LE_READ = 1,
    LE_WRITE = 2,
    LE_EXECUTE = 4,
    LE_RESOURCE = 8,
    LE_DISCARDABLE = 0x10,
    LE_SHARED = 0x20,
    LE_PRELOAD = 0x40,
    LE_INVALID = 0x80,
    LE_SWAPPABLE = 0x100,
    LE_RESIDENT = 0x200,
    LE_LOCKABLE = 0x400,
    LE_ALIAS16 = 0x1000,
    LE_BIG = 0x2000,
    LE_CONFORMING = 0x4000,
    LE_IOPL = 0x8000,
};

enum le_module_flag { LE_STATIC_VXD = 0x00028000, LE_DYNAMIC_VXD = 0x00038000, LE_VXD_31 = 0x00008020 };

enum le_source { // low nibble of a fixup's source type
    LE_BYTE = 0,
    LE_SELECTOR = 2,
    LE_FAR16 = 3,
    LE_OFFSET16 = 5,
    LE_FAR32 = 6,
    LE_OFFSET32 = 7,
    LE_SELF32 = 8,
};

struct le_fixup {
    uint32_t object;        // index of the object to be patched
    uint32_t offset;        // in that object, the whole field inside its size (not necessarily inside data_size)
    uint8_t source;         // enum le_source
    uint32_t target_object; // index
    uint32_t target_offset;
};

struct le_object {
    char name[5];        // the 4 characters many linkers store, "" = none
    uint32_t flags;      // enum le_object_flag
    uint32_t size;       // virtual size
    const uint8_t *data; // data_size bytes; the rest up to size is zero
    uint32_t data_size;
};

struct le_export {
    const char *name; // "" = none
    uint16_t ordinal;
    uint32_t object, offset; // offset <= the object's size
};

struct le_symbol { // from the image's debug information, sorted by object and offset; offset <= the object's size
    uint32_t object, offset;
    const char *name;
    bool label; // inside a procedure: not what a stack trace should name
};

struct le_line { // sorted by object and offset; line 0: no line belongs to the bytes from here on
    uint32_t object, offset;
    uint32_t file; // index into files
    uint32_t line;
};

struct le_image {
    const char *module_name;
    uint32_t flags; // enum le_module_flag and others as found
    uint16_t cpu, os;
    uint32_t module_version;
    uint16_t device_id, ddk_version; // header words C0h and C2h
    uint32_t import_count;           // modules it imports from; a driver has none
    struct le_object *objects;
    uint32_t object_count;
    struct le_fixup *fixups; // in order of object and offset
    uint32_t fixup_count;
    struct le_export *exports; // by ordinal
    uint32_t export_count;
    const char **files; // source files of the debug information
    uint32_t file_count;
    struct le_symbol *symbols;
    uint32_t symbol_count;
    struct le_line *lines;
    uint32_t line_count;
    const uint8_t *version_resource;
    uint32_t version_resource_size;
    const char *description; // first non-resident name, "" = none
};

// Bytes that a fixup of this source type patches.
uint32_t le_source_width(uint8_t source);

enum { LE_SIZE_LIMIT = 64 << 20 }; // of all objects together; larger images are refused

// Reads an LE image behind an MZ stub (or alone). False and one clear message when it is not one, or is damaged.
bool le_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena, struct base_diag *diag,
             struct le_image *image) BASE_MUST_USE;

// Finds the DDB and checks what a loader demands of a virtual device driver (OS = 4, one DDB export inside a locked
// object and large enough, no imports). False and a message otherwise.
bool le_check_vxd(const struct le_image *image, const char *name, struct base_diag *diag, uint32_t *ddb_object,
                  uint32_t *ddb_offset) BASE_MUST_USE;

// Serialises; identical models give identical bytes. `stub` NULL: a small MZ stub that prints a message.
bool le_write(const struct le_image *image, const uint8_t *stub, size_t stub_size, struct base_buf *out,
              struct base_diag *diag) BASE_MUST_USE;

// An image that lies inside a collection (image/collection.h), its LE header with all tables at `header`, as a file of
// its own, into the empty `out`. False and a message when header, page map or pages are not there.
bool le_extract(const uint8_t *bytes, size_t size, uint64_t header, uint64_t header_size, const char *name,
                struct base_buf *out, struct base_diag *diag) BASE_MUST_USE;

#endif
