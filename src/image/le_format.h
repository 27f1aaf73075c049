// The LE header's fields by their offsets, and the reader's state: private to the le_*.c files. Layout as in public
// descriptions of the LE format; what drivers use of it was counted over real images.
#ifndef VXDKIT_IMAGE_LE_FORMAT_H
#define VXDKIT_IMAGE_LE_FORMAT_H

#include "image/le.h"

enum le_header_field {      // offsets from the signature; w = word, the others are dwords
    LE_H_BYTE_ORDER = 0x02, // two bytes
    LE_H_LEVEL = 0x04,
    LE_H_CPU = 0x08, // w
    LE_H_OS = 0x0a,  // w
    LE_H_VERSION = 0x0c,
    LE_H_FLAGS = 0x10,
    LE_H_PAGES = 0x14,
    LE_H_PAGE_SIZE = 0x28,
    LE_H_LAST_PAGE = 0x2c,
    LE_H_FIXUP_SIZE = 0x30,
    LE_H_LOADER_SIZE = 0x38,
    LE_H_OBJECTS = 0x40,
    LE_H_OBJECT_COUNT = 0x44,
    LE_H_PAGE_MAP = 0x48,
    LE_H_RESIDENT = 0x58,
    LE_H_ENTRIES = 0x5c,
    LE_H_FIXUP_PAGES = 0x68,
    LE_H_FIXUPS = 0x6c,
    LE_H_IMPORTS = 0x70,
    LE_H_IMPORT_COUNT = 0x74,
    LE_H_IMPORT_NAMES = 0x78,
    LE_H_DATA = 0x80, // from the start of the file, like all that follow
    LE_H_PRELOAD_PAGES = 0x84,
    LE_H_NONRESIDENT = 0x88,
    LE_H_NONRESIDENT_SIZE = 0x8c,
    LE_H_DEBUG = 0x98,
    LE_H_DEBUG_SIZE = 0x9c,
    LE_H_RESOURCE = 0xb8,
    LE_H_RESOURCE_SIZE = 0xbc,
    LE_H_DEVICE_ID = 0xc0,   // w
    LE_H_DDK_VERSION = 0xc2, // w
    LE_HEADER_SIZE = 0xc4,
};

enum {
    LE_OS_WINDOWS386 = 4,
    LE_PAGE = 0x1000,
    LE_OBJECT_SIZE = 24,
    LE_PAGE_VALID = 0,
    LE_PAGE_ITERATED = 1,
    LE_PAGE_INVALID = 2,
    LE_PAGE_ZERO = 3,
    LE_ENTRY_SKIP = 0,
    LE_ENTRY_16 = 1,
    LE_ENTRY_GATE = 2,
    LE_ENTRY_32 = 3,
    LE_ENTRY_FORWARD = 4,
    LE_ENTRY_EXPORTED = 1,
    LE_SOURCE_MASK = 0x0f,
    LE_SOURCE_ALIAS = 0x10,
    LE_SOURCE_LIST = 0x20,
    LE_TARGET_MASK = 3,
    LE_TARGET_INTERNAL = 0,
    LE_TARGET_ENTRY = 3,
    LE_FIX_ADDITIVE = 0x04,
    LE_FIX_OFFSET32 = 0x10,
    LE_FIX_ADDITIVE32 = 0x20,
    LE_FIX_OBJECT16 = 0x40,
    LE_FIX_ORDINAL8 = 0x80,
};

enum { LE_STUB_SIZE = 0x80, LE_DATA_ALIGN = 0x200 };
extern const uint8_t le_stub[LE_STUB_SIZE]; // an MZ program that says what the file is

struct le_entry { // of the entry table, by ordinal - 1
    uint32_t object, offset;
    bool used, named;
};

struct le_reader {
    const uint8_t *bytes;
    size_t size;
    size_t base; // of the LE signature
    const uint8_t *header;
    const char *name;
    struct base_arena *arena;
    struct base_diag *diag;
    struct le_image *image;
    uint32_t page_count;
    uint32_t *page_object; // by page - 1: its object's index + 1, 0 = none
    uint32_t *page_index;  // by page - 1: which page of that object
    struct le_entry *entries;
    uint32_t entry_count;
};

bool le_fail(struct le_reader *r, const char *format, ...) BASE_PRINTF(2, 3);
bool le_in_file(const struct le_reader *r, uint64_t offset, uint64_t n);
// Zeroed, with one element more than asked for, so that an empty array has an address too.
void *le_array(struct le_reader *r, uint64_t count, size_t size) BASE_MUST_USE;

// The highest number of a page that the file has; 0: none. The page map must lie in the file.
uint32_t le_last_page(const struct le_reader *r);

bool le_read_fixups(struct le_reader *r) BASE_MUST_USE;
bool le_read_entries(struct le_reader *r) BASE_MUST_USE; // before names and fixups
bool le_read_names(struct le_reader *r) BASE_MUST_USE;

// The debug information: see docs/images.md. Reading leaves the image without any when it is of another kind.
bool le_read_debug(struct le_reader *r, const uint8_t *bytes, size_t size) BASE_MUST_USE;
bool le_write_debug(const struct le_image *image, struct base_buf *out, struct base_diag *diag) BASE_MUST_USE;

#endif
