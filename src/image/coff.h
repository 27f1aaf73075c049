// COFF objects (i386) as a model in memory, and its reader and writer. The assembler fills the model and writes it, the
// linker reads it. One model for both directions, so that a round trip is an identity.
#ifndef VXDKIT_IMAGE_COFF_H
#define VXDKIT_IMAGE_COFF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

enum coff_relocation_type { // IMAGE_REL_I386_*
    COFF_DIR16 = 1,
    COFF_REL16 = 2,
    COFF_DIR32 = 6,
    COFF_DIR32NB = 7,
    COFF_SECTION = 10,
    COFF_SECREL = 11,
    COFF_REL32 = 20,
};

// Storage classes a model may hold.
enum coff_storage { COFF_EXTERNAL = 2, COFF_STATIC = 3, COFF_LABEL = 6, COFF_WEAK = 105 };

enum coff_section_flag {
    COFF_CODE = 0x20,
    COFF_DATA = 0x40,
    COFF_BSS = 0x80,
    COFF_INFO = 0x200,
    COFF_REMOVE = 0x800,
    COFF_COMDAT = 0x1000,
    COFF_16BIT = 0x20000, // code of a 16-bit segment
    COFF_DISCARDABLE = 0x02000000,
    COFF_SHARED = 0x10000000,
    COFF_EXECUTE = 0x20000000,
    COFF_READ = 0x40000000,
    COFF_WRITE = INT32_MIN,
};

struct coff_relocation {
    uint32_t offset; // in the section
    uint32_t symbol; // index into coff_object.symbols
    uint16_t type;   // enum coff_relocation_type
};

struct coff_line {
    uint32_t offset; // in the section
    uint32_t line;   // from 1, in the object's source file `file`
    uint32_t file;   // index into coff_object.files
};

struct coff_section {
    const char *name;
    uint32_t flags; // enum coff_section_flag; alignment is not in it
    uint8_t
        comdat; // 0 = none, else how to treat copies (IMAGE_COMDAT_SELECT_*: 1 none allowed, 2 any, ..., 5 associative)
    uint32_t associate;  // 1-based section that an associative COMDAT lives and dies with
    uint32_t align;      // bytes, a power of two up to 8192
    const uint8_t *data; // NULL for BSS and for no bytes
    uint32_t size;
    struct coff_relocation *relocations;
    uint32_t relocation_count;
    struct coff_line *lines;
    uint32_t line_count;
};

enum { COFF_UNDEFINED = 0, COFF_ABSOLUTE = -1 };

struct coff_symbol {
    const char *name;
    uint32_t value;
    int32_t section; // 1-based; COFF_UNDEFINED with value != 0 is a communal of that size; COFF_ABSOLUTE
    uint8_t storage; // enum coff_storage
    bool function;
    bool search_libraries; // COFF_WEAK: libraries are asked for it too
    uint32_t fallback; // COFF_WEAK: index + 1 of the symbol that stands in when nobody defines it; 0 = nothing, zero
};

// All pointers belong to the arena given to coff_read, or to whoever filled the model.
struct coff_object {
    struct coff_section *sections;
    uint32_t section_count;
    struct coff_symbol *symbols;
    uint32_t symbol_count;
    const char **files; // source files, the main one first
    uint32_t file_count;
    uint32_t start;         // symbol index + 1 named by END, 0 = none
    const char *directives; // content of .drectve, "" = none
};

// Serialises; identical models give identical bytes (the time stamp is 0). Line numbers beyond 65535, several files and
// names of any length are representable. False and a message when the model cannot be expressed.
bool coff_write(const struct coff_object *object, struct base_buf *out, struct base_diag *diag) BASE_MUST_USE;

// Parses hostile bytes. `name` is used in messages. False and a message when it is no i386 COFF object.
bool coff_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena, struct base_diag *diag,
               struct coff_object *object) BASE_MUST_USE;

#endif
