// The instruction encoder's own types: what a row of forms.def becomes. Used by forms.c, match.c and encode.c.
#ifndef VXDKIT_ASM_ENCODE_H
#define VXDKIT_ASM_ENCODE_H

#include "asm/defs.h"

enum asm_operand_class {
    OPERAND_NONE,
    OPERAND_R8,
    OPERAND_R16,
    OPERAND_R32,
    OPERAND_RV,
    OPERAND_RM8,
    OPERAND_RM16,
    OPERAND_RM32,
    OPERAND_RMV,
    OPERAND_M,
    OPERAND_MU,
    OPERAND_M8,
    OPERAND_M16,
    OPERAND_M32,
    OPERAND_M48,
    OPERAND_M64,
    OPERAND_M80,
    OPERAND_MV,
    OPERAND_MP,
    OPERAND_I8,
    OPERAND_I8S,
    OPERAND_I16,
    OPERAND_I32,
    OPERAND_IV,
    OPERAND_1,
    OPERAND_3,
    OPERAND_AL,
    OPERAND_AX,
    OPERAND_EAX,
    OPERAND_AV,
    OPERAND_CL,
    OPERAND_DX,
    OPERAND_S,
    OPERAND_ES,
    OPERAND_CS,
    OPERAND_SS,
    OPERAND_DS,
    OPERAND_FS,
    OPERAND_GS,
    OPERAND_CR,
    OPERAND_DR,
    OPERAND_TR,
    OPERAND_REL8,
    OPERAND_RELV,
    OPERAND_FAR,
    OPERAND_O8,
    OPERAND_OV,
    OPERAND_ST,
    OPERAND_STI,
    OPERAND_MM,
    OPERAND_MMM64,
    OPERAND_MMR,
    OPERAND_XMM,
    OPERAND_XMMR,
    OPERAND_XMMM128,
    OPERAND_XMMM64,
    OPERAND_XMMM32,
    OPERAND_M128,
    OPERAND_CLASSES,
};

enum asm_modrm { MODRM_NONE, MODRM_REGISTER, MODRM_DIGIT, MODRM_SAME }; // SAME: one register in both fields

enum asm_string_use { STRING_NONE, STRING_MOVS, STRING_CMPS, STRING_SOURCE, STRING_DESTINATION, STRING_XLAT };

enum { ASM_FORM_OPERANDS = 3, ASM_FORM_OPCODE = 4 };

struct asm_form {
    uint16_t mnemonic;
    uint16_t cpu; // processor and CPU_* bits
    uint8_t operands[ASM_FORM_OPERANDS];
    uint8_t operand_count;
    uint8_t opcode[ASM_FORM_OPCODE];
    uint8_t opcode_count;
    uint8_t modrm; // enum asm_modrm
    uint8_t digit;
    bool plus_register;
    uint8_t operand_size;  // 0: that of the v operands, else 2 or 4
    uint8_t address_size;  // 0 or 2, 4: a16, a32
    uint8_t immediates[2]; // sizes in the order of the bytes, 0xff = v
    uint8_t immediate_count;
    uint8_t suffix; // an opcode byte behind everything else
    bool has_suffix;
    uint8_t string; // enum asm_string_use
    bool sized;     // has a v operand: a prefix may be needed
};

struct asm_forms {
    struct asm_form *forms;
    uint32_t count;
};

enum { ASM_OPERANDS = 3 };

// One instruction being put together.
struct asm_instruction {
    const struct asm_form *form;
    struct asm_value operands[ASM_OPERANDS];
    const char *at[ASM_OPERANDS];
    int count;
    uint8_t v;   // operand size chosen for the v operands, 0 = none
    bool wild;   // a memory operand without size was matched
    bool pinned; // its size follows from another operand
    bool near_only, short_only;
    uint8_t prefixes[4];
    int prefix_count;
    const char *mnemonic_at;
    uint16_t mnemonic;
    bool mnemonic_jumps; // JMP, CALL, Jcc
};

void asm_check_read_only(struct assembler *a, const struct asm_instruction *i, const struct asm_name *name);
void asm_encode(struct assembler *a, struct asm_instruction *i);
bool asm_long_jump(struct assembler *a, const struct asm_instruction *i);
bool asm_is_target(const struct asm_value *v);
int asm_needed_override(struct assembler *a, const struct asm_value *v, const char *at);

#endif
