// The map of the assembler: its types. words.h has those of names and tokens, functions.h the functions that files
// share.
//
// Stages, in the order a line passes them: source.c delivers lines (files, macro expansions, generated text); process.c
// looks at the first words; cond.c, macro.c, loop.c and textmacro.c do what the preprocessor does; what remains is cut
// into tokens (lex.c) and becomes a statement (statement.c). Pass 1 does all of that once. Later passes only run the
// statements again, in order, until no address moves (passes.c); the last one writes bytes, fixups and messages.
// object.c hands the result over as COFF.
#ifndef VXDKIT_ASM_DEFS_H
#define VXDKIT_ASM_DEFS_H

#include <setjmp.h>
#include <stdarg.h>

#include "asm/asm.h"
#include "asm/words.h"
#include "base/arena.h"
#include "base/map.h"
#include "image/coff.h"

struct assembler;
struct asm_symbol;
struct asm_segment;
struct asm_macro;
struct asm_proc;
struct asm_form;
struct asm_message;

// ---- limits, all of them reported as errors ----
enum {
    ASM_ERROR_LIMIT = 100,
    ASM_NESTING_LIMIT = 100,  // macro expansions and includes inside each other
    ASM_FUNCTION_LIMIT = 40,  // macro functions inside each other: these recurse in C
    ASM_EXPAND_LIMIT = 60,    // rounds of text-macro replacement on one line
    ASM_LINE_LIMIT = 1 << 16, // characters of one logical line
    ASM_DEPTH_LIMIT = 200,    // parentheses, nested initialisers
    ASM_PASS_LIMIT = 60,
    ASM_SEGMENT_LIMIT = 1 << 26, // bytes in one segment
};

// ---- types (type.c) ----

enum asm_type_kind {
    TYPE_SCALAR,
    TYPE_NEAR,
    TYPE_FAR,
    TYPE_POINTER,
    TYPE_STRUCT,
    TYPE_UNION,
    TYPE_RECORD,
    TYPE_PROTO,
    TYPE_ABS
};

struct asm_field {         // of a structure or union, or bits of a record
    struct asm_name *name; // NULL: unnamed
    const struct asm_type *type;
    uint32_t offset;           // of a record's bits: shift count
    uint32_t width;            // of a record's bits
    uint32_t count;            // elements
    uint32_t first_dup;        // count of the first DUP, what LENGTH gives
    struct asm_token *initial; // default initialiser, TOKEN_END closes; NULL: none
    bool anonymous;            // nested structure whose members are visible one level up
    struct asm_field *next;
};

struct asm_parameter { // of a PROTO or PROC
    struct asm_name *name;
    const struct asm_type *type;
    bool vararg;
    struct asm_parameter *next;
};

struct asm_type {
    uint8_t kind; // enum asm_type_kind
    uint8_t pack; // structures: largest alignment of a field
    bool is_signed, is_real, far, closed;
    uint8_t language;
    uint32_t size;
    uint32_t align;
    struct asm_name *name;
    const struct asm_type *target; // of a pointer
    const struct asm_type *again;  // a structure defined twice: the first one
    struct asm_field *fields, *last_field;
    struct asm_parameter *parameters; // of a PROTO
    uint32_t parameter_bytes;
    bool vararg;
};

extern const struct asm_type asm_type_byte, asm_type_sbyte, asm_type_word, asm_type_sword, asm_type_dword,
    asm_type_sdword, asm_type_fword, asm_type_qword, asm_type_tbyte, asm_type_real4, asm_type_real8, asm_type_real10,
    asm_type_near, asm_type_far, asm_type_near16, asm_type_near32, asm_type_far16, asm_type_far32, asm_type_abs,
    asm_type_oword;

const struct asm_field *asm_type_field(const struct asm_type *type, const struct asm_name *name, uint32_t *offset);
bool asm_is_code_type(const struct asm_type *type);
uint32_t asm_type_size(const struct assembler *a, const struct asm_type *type); // of NEAR, FAR: pointer size

// ---- symbols (symbol.c) ----

enum asm_symbol_kind {
    SYMBOL_UNDEFINED, // referenced or made public, not yet defined
    SYMBOL_LABEL,     // address in a segment
    SYMBOL_EQUATE,    // a value: EQU, =
    SYMBOL_TEXT,
    SYMBOL_MACRO,
    SYMBOL_SEGMENT,
    SYMBOL_GROUP,
    SYMBOL_TYPE,
    SYMBOL_FIELD,  // structure field as a global constant (OLDSTRUCTS)
    SYMBOL_BITS,   // field of a record
    SYMBOL_EXTERN, // EXTRN, PROTO, EXTERNDEF of something not defined here
    SYMBOL_COMMUNAL,
    SYMBOL_STACK, // argument or local variable: [ebp+value]
};

enum asm_language {
    LANGUAGE_NONE,
    LANGUAGE_C,
    LANGUAGE_SYSCALL,
    LANGUAGE_STDCALL,
    LANGUAGE_PASCAL,
    LANGUAGE_FORTRAN,
    LANGUAGE_BASIC
};

enum asm_value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_MEMORY, VALUE_REGISTER, VALUE_TYPE, VALUE_REAL, VALUE_STRING };

// What an expression yields. A VALUE_NUMBER with a base is an address used as a number (OFFSET x). A VALUE_MEMORY
// without registers and brackets is a plain label.
struct asm_value {
    uint8_t kind;            // enum asm_value_kind
    int8_t base, index;      // register numbers, -1 = none
    uint8_t scale;           // 0 = no scale written
    uint8_t address_size;    // of base and index: 2 or 4, 0 = none
    int8_t segment_override; // segment register number, -1 = none
    uint8_t size;            // of a register
    uint8_t register_class;
    bool bracket;    // [] was used
    bool short_jump; // SHORT
    bool forward;    // depends on a symbol not yet known
    bool typed;      // PTR, THIS or a type gave the size
    bool is_far;     // FAR PTR
    bool offset;     // came from OFFSET: a dword even if constant
    uint8_t part;    // 0 whole; 'l','h': LOW, HIGH of an address; 'L','H': words; 's': SEG
    int64_t value;
    const struct asm_type *type; // NULL unknown
    struct asm_segment *segment; // relocatable: address in this segment
    struct asm_symbol *external; // relocatable: this EXTRN
    struct asm_symbol *symbol;   // the label or field named last: SIZE, LENGTH look here
    struct asm_symbol *frame;    // group or segment given by FLAT:x, grp:x
    const struct asm_field *field;
    const struct asm_token *token; // of reals and strings
    bool negative;                 // of reals
};

struct asm_symbol {
    struct asm_name *name;
    uint8_t kind; // enum asm_symbol_kind
    uint8_t language;
    bool redefinable; // '=', TEXTEQU
    bool stable;      // its value does not depend on addresses
    bool is_public, used, external_if_undefined, predefined, procedure, data;
    bool announced;        // a segment named by GROUP only
    bool announced_public; // by PUBLIC
    bool only_proto;       // declared by PROTO alone, which does not make what it declares public
    bool is_private;       // PROC PRIVATE: no declaration makes it public
    bool broken;           // its definition was refused; that it is absent is no news
    bool weak_extern;      // EXTERNDEF or PROTO: no extern unless used
    bool local_scope;
    uint32_t pass;             // in which it was last defined
    uint32_t count, first_dup; // elements of a data label
    uint32_t bytes;            // SIZEOF of a data label
    int64_t offset;
    const struct asm_type *type;
    struct asm_segment *segment;
    const char *public_name; // decorated spelling, made when asked for
    int32_t coff_index;      // 1-based, 0 = not in the object
    union {
        struct asm_value *value;       // SYMBOL_EQUATE
        struct asm_text text;          // SYMBOL_TEXT
        struct asm_macro *macro;       // SYMBOL_MACRO
        struct asm_group *group;       // SYMBOL_GROUP
        struct asm_proc *proc;         // SYMBOL_LABEL with procedure
        const struct asm_field *field; // SYMBOL_FIELD, SYMBOL_BITS
    };
    const struct asm_type *prototype; // of procedures
    struct asm_symbol *stand_in;      // of EXTRN a(b): b
    struct asm_symbol *outer;         // the procedure around this one
    const struct asm_type *record;    // SYMBOL_BITS: the record; SYMBOL_FIELD: the structure
    struct asm_symbol *next;          // in order of creation
    uint32_t file, line;              // of the definition
};

enum asm_cpu {
    CPU_8086,
    CPU_186,
    CPU_286,
    CPU_386,
    CPU_486,
    CPU_586,
    CPU_686,
    CPU_LEVEL = 0xf,
    CPU_P = 0x10,
    CPU_FPU = 0x20,
    CPU_MMX = 0x40,
    CPU_TR = 0x80,
    CPU_NO87 = 0x100,
    CPU_XMM = 0x200,
    CPU_K3D = 0x400,
};

enum asm_model {
    MODEL_NONE,
    MODEL_TINY,
    MODEL_SMALL,
    MODEL_COMPACT,
    MODEL_MEDIUM,
    MODEL_LARGE,
    MODEL_HUGE,
    MODEL_FLAT
};

enum asm_simple { SIMPLE_CODE, SIMPLE_DATA, SIMPLE_BSS, SIMPLE_CONST, SIMPLE_STACK, SIMPLE_FARDATA, SIMPLE_FARBSS };

enum asm_test {
    TEST_ALWAYS,
    TEST_TRUE,
    TEST_FALSE,
    TEST_DEFINED,
    TEST_UNDEFINED,
    TEST_BLANK,
    TEST_NOT_BLANK,
    TEST_SAME,
    TEST_SAME_IGNORING_CASE,
    TEST_DIFFERENT,
    TEST_DIFFERENT_IGNORING_CASE,
    TEST_PASS1,
    TEST_PASS2,
};

enum asm_hll_kind {
    HLL_IF,
    HLL_ELSEIF,
    HLL_ELSE,
    HLL_ENDIF,
    HLL_WHILE,
    HLL_ENDW,
    HLL_REPEAT,
    HLL_UNTIL,
    HLL_UNTILCXZ,
    HLL_BREAK,
    HLL_CONTINUE,
};

enum asm_listing_switch {
    LISTING_ON,
    LISTING_ALL,
    LISTING_OFF,
    LISTING_MACROS,
    LISTING_NO_MACROS,
    LISTING_CONDITIONS,
    LISTING_NO_CONDITIONS,
    LISTING_TOGGLE_CONDITIONS,
    LISTING_IGNORED,
};

enum asm_warning {
#define WARNING(symbol, id, level, manual) symbol,
#include "asm/warnings.def"
#undef WARNING
};

// ---- segments (segment.c) ----

struct asm_fixup {
    uint32_t offset;
    uint16_t type;               // enum coff_relocation_type
    struct asm_segment *segment; // target, or
    struct asm_symbol *external;
    struct asm_symbol *group; // a group's address
};

enum asm_combine { COMBINE_PRIVATE, COMBINE_PUBLIC, COMBINE_STACK, COMBINE_COMMON, COMBINE_MEMORY, COMBINE_AT };

struct asm_segment {
    struct asm_symbol *symbol;
    const char *class_name;     // "" none
    uint8_t combine, word_size; // 2 or 4
    bool initialised, has_code, flat, readonly, class_given;
    uint32_t align;
    int64_t at; // COMBINE_AT
    struct asm_group *group;
    uint32_t location, size, emitted;
    uint32_t last_size; // at the end of the pass before
    struct base_buf bytes;
    struct asm_fixup *fixups;
    size_t fixup_count, fixup_capacity;
    struct coff_line *lines;
    size_t line_count, line_capacity;
    struct asm_segment *next;
    int32_t number; // section number, 1-based; COFF_ABSOLUTE for AT
};

struct asm_group {
    struct asm_symbol *symbol;
    bool flat;
};

// What ASSUME says about a register.
struct asm_assume {
    struct asm_segment *segment;
    struct asm_symbol *group;
    const struct asm_type *type; // ASSUME EBX:PTR Node
    bool error;                  // ASSUME reg:ERROR
};

// ---- statements (statement.c): what later passes run again ----

enum asm_statement_kind {
    STATEMENT_BYTES,  // final bytes
    STATEMENT_LABEL,  // symbol = here
    STATEMENT_ASSIGN, // symbol = value
    STATEMENT_EQUATE, // symbol = tokens
    STATEMENT_LINE,   // tokens to be run again
};

struct asm_expansion {   // where a line came from beyond its file: one macro call, loop or generated text
    const char *what;    // name shown in messages
    uint32_t file, line; // of the call
    uint32_t depth;
    struct asm_expansion *outer;
};

struct asm_origin {
    uint32_t file, line;
    struct asm_expansion *expansion;
    struct asm_text text;
};

struct asm_statement {
    uint8_t kind;
    uint8_t size_hint;        // jumps: 0 short, 1 near; only grows
    bool anonymous;           // a label @@
    bool code;                // bytes of instructions
    struct asm_text line;     // what the tokens point into, text macros replaced
    uint32_t list;            // listing entry + 1
    uint32_t count, capacity; // bytes
    uint32_t location;        // where it stood in the pass before
    struct asm_origin origin;
    union {
        uint8_t *buffer;
        struct asm_token *tokens;
        struct asm_value *value;
    };
    struct asm_symbol *symbol;
};

// ---- input (source.c) ----

struct asm_file { // one inclusion of a file
    const char *path;
    uint32_t from_file, from_line; // who included it; file 0 = the main file
    uint32_t coff_file;
};

enum asm_input_kind { INPUT_FILE, INPUT_MACRO, INPUT_LOOP, INPUT_GENERATED };

struct asm_input;

struct asm_option_set { // what OPTION and command line choose; saved by PUSHCONTEXT
    bool old_structs, old_macros, dotname, scoped, ljmp, setif2, no_sign_extend, m510, emulator, readonly;
    bool expr16, expr32;             // as OPTION says; else M510 and the processor decide
    bool case_sensitive, case_upper; // CASEMAP:NONE, CASEMAP:ALL
    uint8_t proc_visibility;         // 0 public, 1 private, 2 export
    uint8_t segment_word;            // 0 not given, 2, 4
    bool segment_flat;
    uint8_t offset_mode; // 0 group, 1 segment, 2 flat
    uint8_t language;
    uint8_t pack;
    bool prologue_none, epilogue_none;
    struct asm_name *prologue, *epilogue; // macros, NULL = the default ones
};

// ---- the assembler ----

struct asm_line_room { // buffers for one level of line processing
    struct base_buf text, spare;
    struct asm_token *tokens;
    size_t token_capacity;
};

struct asm_conditional {
    bool taken;  // a branch has been assembled
    bool active; // this branch is being assembled
    bool in_else;
    struct asm_origin origin;
};

struct asm_list_entry;

struct asm_line_state { // of the line in work, put aside while another is run
    struct asm_origin origin;
    struct asm_text line, rest;
    const struct asm_token *token;
    bool forward_seen, unstable_seen, line_failed;
    uint32_t depth;
    uint32_t list_current;
};

struct asm_data { // a list of initialisers being read
    const struct asm_type *type;
    uint32_t size;     // of an element
    bool dry;          // only count
    bool inside_field; // of a structure: {1,2} is a list
    bool dup_seen;     // an item has been read already
    uint64_t count;
    uint32_t first_dup;
};

struct assembler {
    const struct asm_options *options;
    struct base_diag *diag;
    struct base_alloc limited; // counts and bounds host memory; everything comes from here
    size_t memory_used, memory_limit;
    struct asm_block *blocks; // all memory
    struct base_arena arena;
    jmp_buf fatal;

    // names and symbols
    struct asm_name **name_slots;
    size_t name_slot_count, name_count;
    struct asm_symbol *symbols, **symbol_tail;
    uint32_t next_local; // ??0000
    struct asm_symbol *line_symbol, *curseg_symbol, *wordsize_symbol, *cpu_symbol;
    struct asm_symbol **anonymous; // @@ labels in order
    size_t anonymous_known, anonymous_capacity;

    // input
    struct asm_input *input;
    struct asm_input *free_inputs, *all_inputs;
    struct asm_file *files;
    size_t file_count, file_capacity;
    uint64_t work, work_limit;
    bool ended; // END was seen
    struct asm_line_room *rooms[ASM_FUNCTION_LIMIT + 2];
    uint32_t room_depth;

    // preprocessor
    struct asm_conditional *conditionals;
    size_t conditional_count, conditional_capacity;
    uint32_t skipping; // depth of IFs inside a branch that is not assembled, plus 1
    uint8_t radix;
    struct base_buf result; // of the macro function that has just ended
    bool has_result;

    // the current line
    struct asm_origin origin;
    struct asm_text rest;            // of the line, for directives of STAGE_TEXT
    struct asm_text line;            // text the tokens point into, for carets
    const struct asm_token *token;   // cursor
    struct asm_statement *statement; // being run again, NULL in pass 1
    bool forward_seen, unstable_seen;
    uint32_t depth; // of expression and initialiser recursion
    uint32_t here;  // what $ means
    int64_t drift;  // how far this statement has moved since the pass before
    size_t emitted; // bytes emitted so far
    uint32_t quiet; // above 0: failures are answers, not errors
    uint32_t expand_rounds;
    struct asm_symbol *data_label; // in front of the data being read

    // passes
    uint32_t pass;
    bool final; // bytes and messages count
    struct asm_option_set first_option;
    uint32_t first_cpu;
    uint8_t last_model;
    bool moved; // some address or value differs from the pass before
    bool line_failed;
    bool outside_reported; // that something stands outside of any segment
    uint32_t error_count;
    struct asm_message *messages; // that wait
    size_t message_count, message_capacity;
    struct asm_statement *statements;
    size_t statement_count, statement_capacity;

    // code generation state
    struct asm_option_set option;
    uint32_t cpu;                                           // enum asm_cpu bits
    struct asm_segment *segments, **segment_tail, *segment; // current, NULL outside
    struct asm_segment **segment_stack;
    size_t segment_stack_count, segment_stack_capacity;
    struct asm_symbol *flat;
    struct asm_assume assume[6]; // by segment register number
    struct asm_assume assume_general[8];
    uint8_t model; // enum asm_model
    bool flat_assumed;
    bool far_stack;             // .MODEL ..., FARSTACK
    bool dosseg;                // DOSSEG: the linker orders the segments
    struct asm_symbol *startup; // @Startup once .STARTUP was seen
    uint32_t anonymous_count;   // @@ labels seen so far in this pass
    struct asm_symbol *start;
    struct base_buf directives; // libraries and segment classes for the linker
    struct asm_forms *forms;

    // open constructs
    struct asm_type *structure; // STRUC being defined
    struct asm_structure_frame *structure_frames;
    struct asm_proc *proc;
    struct asm_symbol *proc_symbol;
    struct asm_hll *hll;
    uint32_t hll_labels;
    struct asm_context *contexts;

    // listing
    struct base_buf *listing;
    struct asm_list_entry *list;
    size_t list_count, list_capacity;
    uint32_t list_current;
    bool listing_off, listing_no_macros, listing_conditions;
    struct asm_text title;
};

#include "asm/functions.h"

#endif
