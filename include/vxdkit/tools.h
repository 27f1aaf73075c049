// vxdkit's tools as functions: assemble, link, look into driver images, print the service tables. No machine is needed,
// there is no global state, and every byte given may be hostile.
#ifndef VXDKIT_TOOLS_H
#define VXDKIT_TOOLS_H

#include <vxdkit/vxdkit.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vxd_status {
    VXD_OK,
    VXD_BAD_INPUT,       // the file is not what it should be, or contains errors; messages say what and where
    VXD_NOT_IMPLEMENTED, // it asks for something that does not exist yet; a message says what
    VXD_NO_MEMORY,
};

// Where messages go; fn NULL: nowhere. "file:line:column: error: text", source line and caret, newline at the end.
struct vxd_messages {
    vxd_message_fn *fn;
    void *user;
};

// Bytes that a function made; give them back with vxd_bytes_free. Zeroed = empty.
struct vxd_bytes {
    void *data;
    size_t size;
};

void vxd_bytes_free(struct vxd_bytes *b);

// A regular file's content. A missing or unreadable file, a directory or a device is VXD_BAD_INPUT, as is one over 1
// GB.
enum vxd_status vxd_read_file(const char *path, struct vxd_bytes *to, struct vxd_messages messages);

// ---------------------------------------------------------------------------------------------------------------------
// Assembler: the language of Microsoft's MASM 5.1 to 6.15, as far as drivers use it

enum vxd_case { VXD_CASE_UPPER, VXD_CASE_NOT_PUBLIC, VXD_CASE_AS_WRITTEN }; // ml -Cu, -Cx, -Cp

enum vxd_convention { VXD_CONVENTION_NONE, VXD_CONVENTION_PASCAL, VXD_CONVENTION_C, VXD_CONVENTION_STDCALL };

struct vxd_define {
    const char *name, *value; // value NULL or "": defined as empty text
};

struct vxd_assemble_options {
    const char *const *include_dirs; // searched in order, behind the including file's own directory and before the
    size_t include_count;            // library's include files (vmm.inc and others). Names match in any case
    const struct vxd_define *defines;
    size_t define_count;
    bool line_numbers; // in the object, for debuggers and messages
    bool symbols;      // local symbols too
    bool masm51;       // as OPTION M510
    enum vxd_case case_map;
    enum vxd_convention convention; // of procedures that name none (ml -Gc, -Gd, -Gz)
    uint8_t pack;                   // structure alignment: 1, 2, 4, 8 or 16; 1
    uint8_t warning_level;          // 0-3; 2
    bool warnings_are_errors;
};

void vxd_default_assemble_options(struct vxd_assemble_options *options);

// Assembles the text of one source file into a COFF object. `path` names it in messages and gives the directory where
// include files are looked for first. `listing` may be NULL.
enum vxd_status vxd_assemble(const struct vxd_assemble_options *options, const char *path, const char *text,
                             size_t size, struct vxd_messages messages, struct vxd_bytes *object,
                             struct vxd_bytes *listing);

// ---------------------------------------------------------------------------------------------------------------------
// Linker: COFF objects into one VxD (an LE image)

struct vxd_input {
    const char *path; // for messages
    const void *bytes;
    size_t size;
};

struct vxd_link_options {
    enum vxd_load kind;          // VXD_LOAD_AS_MARKED: as the .def file says, else static
    const char *name;            // module name; NULL: the .def file's, else the device descriptor block's
    const struct vxd_input *def; // module definition file; NULL: none
    bool debug;                  // symbols and line numbers into the image
    bool com;                    // a .COM program of DOS instead of a driver; nothing else counts, and there is no map
    bool exe;                    // the same for an .EXE program (MZ) of several segments
};

// `inputs` are COFF objects and libraries of them; of these the members that define what is wanted are taken.
// `map` may be NULL. All unresolved and duplicate symbols are reported at once.
enum vxd_status vxd_link(const struct vxd_link_options *options, const struct vxd_input *inputs, size_t input_count,
                         struct vxd_messages messages, struct vxd_bytes *image, struct vxd_bytes *map);

// ---------------------------------------------------------------------------------------------------------------------
// Looking

// Header, objects, device descriptor block, exported services, services called and how many of them work. Of a
// collection of drivers (the W3 and W4 files in which Windows keeps its own, WIN386.EXE and VMM32.VXD) a list.
enum vxd_status vxd_info(const struct vxd_input *image, bool json, struct vxd_messages messages, vxd_write_fn *write,
                         void *user);
// Disassembly with service, symbol and structure names.
enum vxd_status vxd_disassemble(const struct vxd_input *image, bool json, struct vxd_messages messages,
                                vxd_write_fn *write, void *user);

// One driver of a collection, as a file of its own; the bytes live during the call. Names consist of characters that
// file names may have; no two of one collection are equal in any case.
typedef void vxd_driver_fn(void *user, const char *name, const void *bytes, size_t size);

// Takes a collection apart. `driver` names the one wanted, in any case; NULL: all, in the collection's order. A damaged
// driver is told in a message and makes the answer VXD_BAD_INPUT; the others are handed out.
enum vxd_status vxd_extract(const struct vxd_input *collection, const char *driver, struct vxd_messages messages,
                            vxd_driver_fn *each, void *user);

// The name in the device descriptor block, by which programs open the driver ("" when it has none).
enum vxd_status vxd_driver_name(const struct vxd_input *image, struct vxd_messages messages, char name[9]);

// Whether a registry text (vxd_config.registry, docs/formats.md) can be read; a message says what is wrong and in which
// line.
enum vxd_status vxd_check_registry(const struct vxd_input *text, struct vxd_messages messages);

// The service tables. `name` NULL: all; a device ("VPICD"): its services; a service: its contract. `only_missing`
// leaves out what works. VXD_BAD_INPUT: no such name.
enum vxd_status vxd_services(const char *name, bool only_missing, bool json, struct vxd_messages messages,
                             vxd_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif

#endif
