// What the linker's parts share: the inputs, the segments and pieces they are cut into, the symbols, the image that
// grows from them. Private to src/link. The order of work stands in link.c; every part reports into `diag` and goes on
// as far as it can, so that all errors of a kind come out at once.
#ifndef VXDKIT_LINK_DEFS_H
#define VXDKIT_LINK_DEFS_H

#include "base/map.h"
#include "image/archive.h"
#include "image/coff.h"
#include "image/le.h"
#include "link/link.h"

enum {
    LINK_GROUPS = 255,
    LINK_DEF_SEGMENTS = 1000,
    LINK_ERRORS = 1000, // after so many nobody reads on
};

#define LINK_NONE UINT32_MAX

// A class of segments: one LE object, as `spec` tables of the driver kit name them.
struct link_class {
    const char *name;
    uint32_t flags; // enum le_object_flag
};

// A segment name whose class is known without being told. Rank orders the segments of one object.
struct link_known_segment {
    const char *name;
    const char *class_name;
};

// SEGMENTS line of a .def file.
struct link_def_segment {
    const char *name;
    const char *class_name; // "" = not said
    uint32_t set, clear;    // object flags it asks for and takes away
    bool has_attributes;
};

struct link_def {
    const char *name, *description, *export_name;
    uint32_t export_line;
    bool dynamic;
    struct link_def_segment *segments;
    uint32_t segment_count;
    const char *path;
};

// Part of the LE image: all segments of one class with equal attributes.
struct link_group {
    const char *class_name;
    uint32_t flags;
    uint32_t appeared; // order of appearance, the last key of sorting
    uint32_t object;   // index in the image once sorted
    uint32_t size, data_size;
    uint8_t *data;
};

struct link_segment {
    const char *name;
    struct link_group *group;
    uint32_t rank, appeared; // order in its object
};

// A section of one object file that goes into the image, or the room of all communals.
struct link_piece {
    uint32_t file; // LINK_NONE: communals
    uint32_t section;
    struct link_segment *segment;
    const char *suffix; // of the section's name, from '$' on: orders the pieces of a segment
    uint32_t size, align;
    uint32_t offset; // in the group once laid out
    uint32_t order;
    bool has_data;
};

struct link_file {
    const char *path;
    struct coff_object coff;
    struct link_piece **pieces; // by section; NULL = left out
    bool *named;                // by section: it has symbols beside its own
    const char **comdat_names;  // by section: its first public symbol
    struct base_map classes;    // by segment name: what the assembler says its class is
};

struct link_library {
    const char *path;
    struct archive archive;
    bool *taken; // by member
};

enum link_symbol_kind { LINK_UNDEFINED, LINK_DEFINED, LINK_ABSOLUTE, LINK_COMMUNAL };

// A public name.
struct link_symbol {
    const char *name;
    enum link_symbol_kind kind;
    uint32_t file, symbol; // who defined it; for a communal, who named it first
    uint32_t value;        // in its piece; a communal's size until it is placed
    struct link_piece *piece;
    uint32_t reported_for;           // file + 1 for which its absence was last reported
    uint32_t weak_file, weak_symbol; // the first weak external of this name: what stands in for it; LINK_NONE = none
};

// Where a symbol lies in the image.
struct link_target {
    bool absolute;
    struct link_group *group;
    uint32_t value;
};

struct linker {
    const struct link_options *options;
    struct base_diag *diag;
    struct base_arena arena;
    struct link_def def;
    struct link_file *files;
    uint32_t file_count;
    struct link_library *libraries;
    uint32_t library_count;
    struct base_map default_libraries; // that objects ask for (INCLUDELIB)
    struct base_map segments;          // name to struct link_segment
    struct link_group *groups[LINK_GROUPS];
    uint32_t group_count;
    struct link_piece **pieces; // in input order, then in image order
    uint32_t piece_count;
    struct base_map symbols; // name to struct link_symbol
    struct base_buf fixups;  // of struct le_fixup
    struct le_image image;
    struct link_symbol *ddb;
    uint32_t ddb_object, ddb_offset;
    bool dynamic;
    bool undefined; // an absent symbol was reported
};

// ---- link.c
void link_error(struct linker *l, const char *format, ...) BASE_PRINTF(2, 3);
void *link_get(struct linker *l, uint64_t count, size_t size) BASE_MUST_USE; // zeroed; NULL and a message

// ---- place.c: where in the source an offset of a section comes from
void link_report_at(struct linker *l, enum base_severity severity, uint32_t file, uint32_t section, uint32_t offset,
                    const char *format, ...) BASE_PRINTF(6, 7);
// "_LTEXT+1ch of a.obj"
const char *link_describe(struct linker *l, uint32_t file, uint32_t section, uint32_t offset);

// ---- def_file.c
bool link_read_def(struct linker *l, const struct link_input *input) BASE_MUST_USE;

// ---- inputs.c: the objects, and the members of libraries that define what is wanted
bool link_read_objects(struct linker *l, const struct link_input *inputs, size_t count) BASE_MUST_USE;
void link_mention_libraries(struct linker *l); // after an absent symbol: the libraries objects ask for
void link_free_inputs(struct linker *l);

// ---- segments.c: which class a section belongs to
bool link_read_directives(struct linker *l, struct link_file *f) BASE_MUST_USE;
const struct link_class *link_find_class(const char *name); // NULL: none of the kit's
int link_class_rank(const char *name);
bool link_is_left_out(const struct coff_section *s);
// NULL and a message when no class is known. NULL without a message: an empty section that nobody needs.
struct link_segment *link_segment_of(struct linker *l, uint32_t file, uint32_t section);
struct link_segment *link_communal_segment(struct linker *l);

// ---- symbols.c
bool link_collect_symbols(struct linker *l) BASE_MUST_USE;
struct link_symbol *link_find_symbol(struct linker *l, const char *name);
// The target of a relocation; false when there is none (reported once for each symbol and file).
bool link_resolve(struct linker *l, uint32_t file, uint32_t section, const struct coff_relocation *r,
                  struct link_target *target) BASE_MUST_USE;
bool link_place_communals(struct linker *l) BASE_MUST_USE;

// ---- layout.c
bool link_make_pieces(struct linker *l) BASE_MUST_USE;
bool link_layout(struct linker *l) BASE_MUST_USE;

// ---- relocate.c
bool link_relocate(struct linker *l) BASE_MUST_USE;

// ---- ddb.c
bool link_find_ddb(struct linker *l) BASE_MUST_USE;
bool link_check_driver(struct linker *l) BASE_MUST_USE;

// ---- debug.c
// All symbols in the image, by place.
bool link_list_symbols(struct linker *l, struct le_symbol **list, uint32_t *count) BASE_MUST_USE;
bool link_add_debug(struct linker *l) BASE_MUST_USE;

// ---- map.c
bool link_write_map(struct linker *l, struct base_buf *map) BASE_MUST_USE;

#endif
