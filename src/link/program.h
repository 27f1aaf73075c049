// What the linkers of DOS programs (com.c, exe.c) share: the objects, where their sections lie, what symbols stand for
// and how fields are filled in. Private to src/link.
#ifndef VXDKIT_LINK_PROGRAM_H
#define VXDKIT_LINK_PROGRAM_H

#include "image/coff.h"
#include "link/link.h"

// A segment of the program: sections of one name from all objects. `frame` is the paragraph that offsets count from.
struct program_segment {
    const char *name, *class_name;
    uint32_t group; // index + 1, 0 = none
    uint32_t start, end, frame;
    uint8_t combine; // enum program_combine
    bool code, zero; // has code; has no content
};

enum program_combine { PROGRAM_PUBLIC, PROGRAM_PRIVATE, PROGRAM_STACK, PROGRAM_COMMON };

struct program_group {
    const char *name;
    uint32_t frame, end;
};

struct program_section {
    uint32_t file, section;
    uint32_t at; // in the image
    uint32_t segment;
};

struct program {
    struct base_arena arena;
    struct base_diag *diag;
    const struct link_input *inputs;
    struct coff_object *files;
    size_t file_count;
    struct program_section *sections;
    uint32_t section_count;
    struct program_segment *segments;
    uint32_t segment_count;
    struct program_group *groups;
    uint32_t group_count;
    uint32_t data_end, end; // behind the last byte of code and data, and of memory without content
    uint8_t *image;
    uint32_t *fixups, fixup_count; // places in the image that hold the number of a paragraph
    bool relocatable;              // such places are allowed
};

enum { PROGRAM_PARAGRAPH = 16, PROGRAM_SEGMENT_MOST = 0x10000 };

// A message that names a file, and false.
bool program_complain(const struct program *p, uint32_t file, const char *format, const char *name);
void program_begin(struct program *p, const struct link_options *options, const struct link_input *inputs, size_t count,
                   struct base_diag *diag);
bool program_read(struct program *p) BASE_MUST_USE; // objects and a list of the sections that count
const struct coff_section *program_section_of(const struct program *p, uint32_t section);
// Fills the image once the sections are placed.
bool program_fill(struct program *p) BASE_MUST_USE;
// Where END's label is; false after a message, when no file names one.
bool program_entry(const struct program *p, uint32_t *frame, uint32_t *offset, uint32_t *file) BASE_MUST_USE;
// True when all went well; an error nobody reported was want of memory.
bool program_end(struct program *p, bool ok, uint32_t errors_before);

#endif
