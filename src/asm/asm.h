// The assembler, MASM dialect: one source into one COFF object. This header is the whole interface of the room.
#ifndef VXDKIT_ASM_ASM_H
#define VXDKIT_ASM_ASM_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"

// Finds an include file: `name` as written, `from` the path of the file that includes it. On success sets *path (shown
// in messages) and *text, *size; all must stay valid until asm_assemble returns. False: not found.
typedef bool asm_open_include(void *user, const char *name, const char *from, const char **path, const char **text,
                              size_t *size);

enum asm_case { ASM_CASE_ALL, ASM_CASE_NOT_PUBLIC, ASM_CASE_NONE }; // -Cu, -Cx, -Cp

enum asm_convention { ASM_NO_CONVENTION, ASM_PASCAL, ASM_C, ASM_STDCALL }; // -Gc, -Gd, -Gz

struct asm_definition {
    const char *name;
    const char *value; // NULL or "": defined as empty text, as ml does
};

struct asm_options {
    const struct base_alloc *alloc;
    asm_open_include *open_include;
    void *include_user;
    const struct asm_definition *definitions;
    size_t definition_count;
    enum asm_case case_map;         // default for OPTION CASEMAP
    enum asm_convention convention; // default for OPTION LANGUAGE
    bool line_numbers;              // -Zd: line numbers in the object
    bool symbols;                   // -Zi, --debug: also local symbols
    bool masm51;                    // -Zm: OPTION M510
    uint8_t pack;                   // -Zp: structure alignment, 1 default
    uint8_t warning_level;          // -W
    bool warnings_are_errors;       // -WX
    uint64_t work_limit;            // bound on lines processed, macro expansions included; 0 = a generous default
    size_t memory_limit;            // bound on host memory; 0 = a generous default
    void (*echo)(void *user, const char *text); // %OUT, ECHO; NULL = standard error's sink (diag notes)
    void *echo_user;
};

// Assembles `text` (file name `path` for messages). The object goes to `object`, the listing to `listing` unless NULL.
// False when there were errors; all of them are in `diag` then.
bool asm_assemble(const struct asm_options *options, const char *path, const char *text, size_t size,
                  struct base_diag *diag, struct base_buf *object, struct base_buf *listing) BASE_MUST_USE;

#endif
