// The words of the language: what a name may mean by itself (register, operator, directive, mnemonic), and tokens.
// Names are name.c's, tokens lex.c's; the tables behind the words are keywords.def and directives.def. A part of
// defs.h.
#ifndef VXDKIT_ASM_WORDS_H
#define VXDKIT_ASM_WORDS_H

#include "asm/asm.h"

struct assembler;
struct asm_symbol;
struct asm_type;

enum asm_keyword_class {
    KEYWORD_REGISTER = 1,
    KEYWORD_OPERATOR,
    KEYWORD_TYPE,
    KEYWORD_PREFIX,
    KEYWORD_LANGUAGE,
};

enum asm_register_class {
    REGISTER_8,
    REGISTER_16,
    REGISTER_32,
    REGISTER_SEGMENT,
    REGISTER_CONTROL,
    REGISTER_DEBUG,
    REGISTER_TEST,
    REGISTER_FLOAT,
    REGISTER_MMX,
    REGISTER_XMM,
};

enum { REGISTER_ES, REGISTER_CS, REGISTER_SS, REGISTER_DS, REGISTER_FS, REGISTER_GS };

enum asm_operator {
    OPERATOR_HERE = 256,
    OPERATOR_QUESTION,
    OPERATOR_LENGTH,
    OPERATOR_SIZE,
    OPERATOR_LENGTHOF,
    OPERATOR_SIZEOF,
    OPERATOR_WIDTH,
    OPERATOR_MASK,
    OPERATOR_PTR,
    OPERATOR_OFFSET,
    OPERATOR_IMAGEREL,
    OPERATOR_SECTIONREL,
    OPERATOR_SEG,
    OPERATOR_THIS,
    OPERATOR_TYPE,
    OPERATOR_HIGH,
    OPERATOR_LOW,
    OPERATOR_HIGHWORD,
    OPERATOR_LOWWORD,
    OPERATOR_MOD,
    OPERATOR_SHL,
    OPERATOR_SHR,
    OPERATOR_EQ,
    OPERATOR_NE,
    OPERATOR_LT,
    OPERATOR_LE,
    OPERATOR_GT,
    OPERATOR_GE,
    OPERATOR_NOT,
    OPERATOR_AND,
    OPERATOR_OR,
    OPERATOR_XOR,
    OPERATOR_SHORT,
    OPERATOR_OPATTR,
    OPERATOR_DUP,
    OPERATOR_FLAT,
    OPERATOR_ADDR,
};

struct asm_keyword { // a word with a meaning inside operands
    const char *text;
    uint8_t keyword_class;  // enum asm_keyword_class
    uint8_t register_class; // enum asm_register_class
    uint16_t value;         // operator, register number, prefix byte, language
    const struct asm_type *type;
};

// Every identifier of the source exists once; tokens point here, so that looking a symbol up costs nothing.
struct asm_name {
    const char *text;
    uint32_t length, hash;
    struct asm_name *next;      // in the hash chain
    struct asm_keyword keyword; // keyword_class 0: none
    uint16_t mnemonic;          // index + 1 of the instruction's forms, 0 = no instruction
    const struct asm_directive *directive;
    struct asm_symbol *symbol; // global meaning
    struct asm_symbol *local;  // meaning inside the current procedure, hides the global one
};

enum asm_token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_REAL, TOKEN_STRING, TOKEN_PUNCT };

struct asm_token {
    uint8_t kind;  // enum asm_token_kind
    uint8_t punct; // the character of a TOKEN_PUNCT
    bool blank;    // white space stands before it
    uint32_t length;
    const char *text;
    union {
        struct asm_name *name;
        uint64_t number; // low 64 bits
    };
};

typedef void asm_directive_function(struct assembler *a, struct asm_name *name, int argument);

enum asm_stage {
    STAGE_TEXT, // sees the raw text behind the word in a->rest, pass 1 only
    STAGE_ONCE, // sees tokens, pass 1 only
    STAGE_EACH, // sees tokens in every pass
};

struct asm_directive {
    const char *text;
    uint8_t stage; // enum asm_stage
    uint8_t name;  // 0 no name before it, 1 may have one, 2 must have one
    asm_directive_function *run;
    int argument;
};

enum { ASM_BLANK = 1, ASM_DIGIT = 2, ASM_NAME = 4, ASM_NAME_FIRST = 8 };
extern const uint8_t asm_char_class[256];

static inline bool asm_is_name_char(char c)
{
    return asm_char_class[(uint8_t)c] & ASM_NAME;
}

static inline bool asm_is_name_first(char c)
{
    return asm_char_class[(uint8_t)c] & ASM_NAME_FIRST;
}

static inline bool asm_is_blank(char c)
{
    return asm_char_class[(uint8_t)c] & ASM_BLANK;
}

static inline const char *asm_skip_blanks(const char *p, const char *end)
{
    while (p < end && asm_is_blank(*p))
        p++;
    return p;
}

static inline const char *asm_skip_name(const char *p, const char *end)
{
    while (p < end && asm_is_name_char(*p))
        p++;
    return p;
}

static inline bool asm_is_punct(const struct asm_token *t, char c)
{
    return t->kind == TOKEN_PUNCT && t->punct == (uint8_t)c;
}

struct asm_text { // a stretch of characters owned by somebody else
    const char *at;
    size_t length;
};

#endif
