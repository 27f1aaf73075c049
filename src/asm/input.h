// Where lines come from: a stack of files, macro expansions, loops and generated text. Used by source.c, macro.c,
// loop.c.
#ifndef VXDKIT_ASM_INPUT_H
#define VXDKIT_ASM_INPUT_H

#include "asm/defs.h"

// A macro's or loop's body, cut where parameters are to be put in.
struct asm_piece {
    const char *text;
    uint32_t length;
    int32_t parameter; // -1: the text
};

struct asm_body_line {
    uint32_t first, count; // pieces
    uint32_t file, line;
};

struct asm_body {
    struct asm_piece *pieces;
    size_t piece_count, piece_capacity;
    struct asm_body_line *lines;
    size_t line_count, line_capacity;
};

struct asm_macro_parameter {
    struct asm_name *name;
    bool required, vararg, label;
    struct asm_text value; // default
    bool has_default;
};

typedef void asm_builtin(struct assembler *a, const struct asm_text *arguments, size_t count, struct base_buf *result);

struct asm_macro {
    struct asm_name *name;
    struct asm_macro_parameter *parameters;
    uint32_t parameter_count, local_count; // locals are numbered behind the parameters
    struct asm_body body;
    bool is_function;     // some EXITM has a text
    asm_builtin *builtin; // @CatStr and the like
};

enum asm_loop_kind { LOOP_NONE, LOOP_REPEAT, LOOP_FOR, LOOP_FORC, LOOP_WHILE };

struct asm_input {
    uint8_t kind; // enum asm_input_kind
    struct asm_input *below;
    const char *start, *p, *end; // files: the whole, and what is left
    uint32_t file, line;
    const struct asm_macro *macro; // macros and loops
    size_t next_line;
    struct asm_text *arguments; // parameters, then locals
    uint32_t depth;             // of the stack
    struct asm_expansion *expansion;
    size_t conditionals; // open when this input began
    uint8_t loop;        // enum asm_loop_kind
    uint64_t rounds_left;
    struct asm_text *items; // FOR
    struct asm_text text;   // FORC: characters left; WHILE: the condition
    struct base_buf buffer; // the line being delivered
    struct asm_input *below_all;
};

struct asm_input *asm_push_input(struct assembler *a, int kind);
void asm_pop_input(struct assembler *a);
bool asm_loop_again(struct assembler *a, struct asm_input *in); // loop.c: starts the next round or says no

bool asm_read_body(struct assembler *a, struct asm_macro *m);
struct asm_text *asm_new_arguments(struct assembler *a, const struct asm_macro *m);
void asm_new_locals(struct assembler *a, const struct asm_macro *m, struct asm_text *arguments);

// One macro argument from *p on, up to a separator; the buffer receives it. False at the end of the line.
struct asm_argument_rules {
    bool function; // ends at an unmatched ')'
    bool old;      // OPTION OLDMACROS: blanks separate
};
bool asm_read_argument(struct assembler *a, const char **p, const char *end, struct asm_argument_rules rules,
                       struct base_buf *out);

#endif
