// Instructions: parses the operands and finds the first row of forms.def that fits them. What bytes result is
// encode.c's business.
#include <string.h>

#include "asm/encode.h"

// ---- does an operand fit a class? ----

static bool is_immediate(const struct asm_value *v)
{
    return v->kind == VALUE_NUMBER || v->kind == VALUE_TYPE;
}

static bool has_address(const struct asm_value *v)
{
    return v->segment || v->external || v->part == 's';
}

// A plain code label (or one not yet known): what jumps can reach directly.
bool asm_is_target(const struct asm_value *v)
{
    return v->kind == VALUE_MEMORY && v->base < 0 && v->index < 0 && v->segment_override < 0 &&
           (v->segment || v->external || v->forward) && (!v->type || asm_is_code_type(v->type));
}

static uint8_t word_size(const struct assembler *a)
{
    return a->segment->word_size;
}

// Fixes the size of the v operands; all of a row must agree.
static bool agree(struct asm_instruction *i, uint32_t size)
{
    if (size != 2 && size != 4)
        return false;
    if (i->v && i->v != size)
        return false;
    i->v = (uint8_t)size;
    return true;
}

static bool fits_memory(const struct assembler *a, struct asm_instruction *i, const struct asm_value *v, uint32_t size)
{
    if (v->kind != VALUE_MEMORY)
        return false;
    uint32_t has = v->type ? asm_type_size(a, v->type) : 0;
    if (has == 0)
        i->wild = true;
    return has == 0 || has == size;
}

static bool fits_memory_v(const struct assembler *a, struct asm_instruction *i, const struct asm_value *v)
{
    if (v->kind != VALUE_MEMORY)
        return false;
    uint32_t has = v->type ? asm_type_size(a, v->type) : 0;
    if (has)
        return agree(i, has);
    i->wild = true;
    return true;
}

static bool fits_far_pointer(const struct assembler *a, struct asm_instruction *i, const struct asm_value *v)
{
    if (v->kind != VALUE_MEMORY)
        return false;
    uint32_t has = v->type ? asm_type_size(a, v->type) : 0;
    if (has)
        return has > 2 && agree(i, has - 2);
    return i->v != 0;
}

// In 16-bit code CALL and JMP through four bytes of memory are far.
static bool is_far_indirect(const struct assembler *a, const struct asm_instruction *i, const struct asm_value *v)
{
    bool jumps = i->mnemonic_jumps && word_size(a) == 2 && v->kind == VALUE_MEMORY && v->type;
    return jumps && asm_type_size(a, v->type) == 4 && v->type != &asm_type_near32;
}

// MASM computes in 32 bits: 0FFFFFFFFh is -1 and fits everywhere.
static bool fits_number(const struct asm_value *v, int64_t low, int64_t high)
{
    bool wraps = v->value > INT32_MAX && v->value <= UINT32_MAX && high < INT32_MAX;
    int64_t value = wraps ? v->value - (INT64_C(1) << 32) : v->value;
    return is_immediate(v) && value >= low && value <= high;
}

// DWORD PTR 5: the size an immediate was given, 0 = none.
static uint32_t given_size(const struct assembler *a, const struct asm_value *v)
{
    return v->typed && v->type ? asm_type_size(a, v->type) : 0;
}

static bool fits_byte(const struct assembler *a, const struct asm_value *v)
{
    return given_size(a, v) <= 1 && !has_address(v) && fits_number(v, -256, 255);
}

static bool fits_word(const struct asm_value *v)
{
    return (has_address(v) && is_immediate(v)) || fits_number(v, -65536, 65535);
}

static bool fits_dword(const struct asm_value *v)
{
    return (has_address(v) && is_immediate(v)) || fits_number(v, -(INT64_C(1) << 32), UINT32_MAX);
}

// One byte that the processor extends to the operand's size.
static bool fits_sign_extended(const struct asm_value *v, uint8_t size)
{
    if (!is_immediate(v) || has_address(v) || v->offset)
        return false;
    int64_t value = size == 2 ? (int16_t)(uint16_t)v->value : (int32_t)(uint32_t)v->value;
    bool in_range = size == 2 ? fits_word(v) : fits_dword(v);
    return in_range && value >= -128 && value <= 127;
}

// A full immediate. Where no other operand says its size, it is its own size, that of the address it is, or the word
// size.
static bool fits_full(const struct assembler *a, struct asm_instruction *i, const struct asm_value *v)
{
    uint32_t size = given_size(a, v);
    if (size == 1 || size > 4)
        return false;
    if (i->v == 0 && size)
        i->v = (uint8_t)size;
    else if (i->v == 0 && !i->wild && word_size(a) == 2 &&
             ((v->segment && v->segment->word_size == 4) || !fits_word(v)))
        i->v = 4;
    return (i->v ? i->v : word_size(a)) == 2 ? fits_word(v) : fits_dword(v);
}

static bool fits_plain_address(const struct asm_value *v)
{
    return v->kind == VALUE_MEMORY && v->base < 0 && v->index < 0;
}

static bool same_segment(const struct assembler *a, const struct asm_value *v)
{
    return v->segment == a->segment && !v->external;
}

static bool is_far_target(const struct assembler *a, const struct asm_value *v)
{
    if (!asm_is_target(v) || !v->type || v->type->kind != TYPE_FAR)
        return false;
    return v->typed || !same_segment(a, v);
}

static bool fits_short(const struct assembler *a, const struct asm_instruction *i, const struct asm_value *v)
{
    if (!asm_is_target(v) || is_far_target(a, v))
        return false;
    if (v->short_jump)
        return true;
    if (v->typed || !same_segment(a, v))
        return i->short_only;
    if (i->short_only && !a->option.ljmp)
        return true;
    if (a->statement && a->statement->size_hint)
        return false;
    int64_t distance = v->value - ((int64_t)a->segment->location + 2);
    return distance >= -128 && distance <= 127;
}

static bool fits_near(const struct assembler *a, const struct asm_value *v)
{
    return asm_is_target(v) && !is_far_target(a, v) && !v->short_jump;
}

// What operand classes take: a register of one of these sets, or memory of this size. What else some take is in fits.
struct operand_rule {
    uint16_t registers; // a bit for each enum asm_register_class
    uint8_t only;       // 1 + the number of the one register that fits, 0 = any
    uint8_t memory;     // bytes, 0 = no memory
    bool agrees;        // the register fixes the size of the v operands
};

#define BIT(register_class) (1u << (register_class))
#define GENERAL_V           (BIT(REGISTER_16) | BIT(REGISTER_32))
#define ONE(register_class, number)                                                                                    \
    {                                                                                                                  \
        .registers = BIT(register_class), .only = 1 + (number)                                                         \
    }

static const struct operand_rule rules[OPERAND_CLASSES] = {
    [OPERAND_R8] = {.registers = BIT(REGISTER_8)},
    [OPERAND_R16] = {.registers = BIT(REGISTER_16)},
    [OPERAND_R32] = {.registers = BIT(REGISTER_32)},
    [OPERAND_RV] = {.registers = GENERAL_V, .agrees = true},
    [OPERAND_RM8] = {.registers = BIT(REGISTER_8), .memory = 1},
    [OPERAND_RM16] = {.registers = BIT(REGISTER_16), .memory = 2},
    [OPERAND_RM32] = {.registers = BIT(REGISTER_32), .memory = 4},
    [OPERAND_RMV] = {.registers = GENERAL_V, .agrees = true},
    [OPERAND_M8] = {.memory = 1},
    [OPERAND_M16] = {.memory = 2},
    [OPERAND_M32] = {.memory = 4},
    [OPERAND_M48] = {.memory = 6},
    [OPERAND_M64] = {.memory = 8},
    [OPERAND_M80] = {.memory = 10},
    [OPERAND_M128] = {.memory = 16},
    [OPERAND_AL] = ONE(REGISTER_8, 0),
    [OPERAND_AX] = ONE(REGISTER_16, 0),
    [OPERAND_EAX] = ONE(REGISTER_32, 0),
    [OPERAND_AV] = {.registers = GENERAL_V, .only = 1, .agrees = true},
    [OPERAND_CL] = ONE(REGISTER_8, 1),
    [OPERAND_DX] = ONE(REGISTER_16, 2),
    [OPERAND_S] = {.registers = BIT(REGISTER_SEGMENT)},
    [OPERAND_ES] = ONE(REGISTER_SEGMENT, REGISTER_ES),
    [OPERAND_CS] = ONE(REGISTER_SEGMENT, REGISTER_CS),
    [OPERAND_SS] = ONE(REGISTER_SEGMENT, REGISTER_SS),
    [OPERAND_DS] = ONE(REGISTER_SEGMENT, REGISTER_DS),
    [OPERAND_FS] = ONE(REGISTER_SEGMENT, REGISTER_FS),
    [OPERAND_GS] = ONE(REGISTER_SEGMENT, REGISTER_GS),
    [OPERAND_CR] = {.registers = BIT(REGISTER_CONTROL)},
    [OPERAND_DR] = {.registers = BIT(REGISTER_DEBUG)},
    [OPERAND_TR] = {.registers = BIT(REGISTER_TEST)},
    [OPERAND_ST] = ONE(REGISTER_FLOAT, 0),
    [OPERAND_STI] = {.registers = BIT(REGISTER_FLOAT)},
    [OPERAND_MM] = {.registers = BIT(REGISTER_MMX)},
    [OPERAND_MMR] = {.registers = BIT(REGISTER_MMX)},
    [OPERAND_MMM64] = {.registers = BIT(REGISTER_MMX), .memory = 8},
    [OPERAND_XMM] = {.registers = BIT(REGISTER_XMM)},
    [OPERAND_XMMR] = {.registers = BIT(REGISTER_XMM)},
    [OPERAND_XMMM32] = {.registers = BIT(REGISTER_XMM), .memory = 4},
    [OPERAND_XMMM64] = {.registers = BIT(REGISTER_XMM), .memory = 8},
    [OPERAND_XMMM128] = {.registers = BIT(REGISTER_XMM), .memory = 16},
};

static bool fits_register(struct asm_instruction *i, const struct asm_value *v, const struct operand_rule *rule)
{
    if (!(rule->registers & BIT(v->register_class)) || (rule->only && v->value != rule->only - 1))
        return false;
    return !rule->agrees || agree(i, v->size);
}

static bool fits_immediate(const struct assembler *a, struct asm_instruction *i, const struct asm_value *v, int c)
{
    switch (c) {
    case OPERAND_I8:
        return fits_byte(a, v);
    case OPERAND_I8S:
        return given_size(a, v) == 0 && fits_sign_extended(v, i->v ? i->v : word_size(a));
    case OPERAND_I16:
        return fits_word(v);
    case OPERAND_I32:
        return fits_dword(v);
    case OPERAND_IV:
        return fits_full(a, i, v);
    default: // OPERAND_1, OPERAND_3: shifts and INT 3
        return is_immediate(v) && !has_address(v) && v->value == (c == OPERAND_1 ? 1 : 3);
    }
}

static bool fits(const struct assembler *a, struct asm_instruction *i, const struct asm_value *v, int c)
{
    const struct operand_rule *rule = &rules[c];
    if (v->kind == VALUE_REGISTER)
        return fits_register(i, v, rule);
    if (rule->memory)
        return fits_memory(a, i, v, rule->memory);
    switch (c) {
    case OPERAND_RMV:
        return !is_far_indirect(a, i, v) && fits_memory_v(a, i, v);
    case OPERAND_M:
        return v->kind == VALUE_MEMORY;
    case OPERAND_MU:
        return v->kind == VALUE_MEMORY && !v->type;
    case OPERAND_MV:
        return fits_memory_v(a, i, v);
    case OPERAND_MP:
        return fits_far_pointer(a, i, v);
    case OPERAND_I8:
    case OPERAND_I8S:
    case OPERAND_I16:
    case OPERAND_I32:
    case OPERAND_IV:
    case OPERAND_1:
    case OPERAND_3:
        return fits_immediate(a, i, v, c);
    case OPERAND_REL8:
        return fits_short(a, i, v);
    case OPERAND_RELV:
        return fits_near(a, v);
    case OPERAND_FAR:
        return is_far_target(a, v);
    case OPERAND_O8:
        return fits_plain_address(v) && fits_memory(a, i, v, 1);
    case OPERAND_OV:
        return fits_plain_address(v) && fits_memory_v(a, i, v);
    default:
        return false;
    }
}

// ---- finding the row ----

static bool pins_size(int c)
{
    return c == OPERAND_R8 || c == OPERAND_RV || c == OPERAND_AL || c == OPERAND_AV || c == OPERAND_R32 ||
           c == OPERAND_MM || c == OPERAND_XMM;
}

static bool cpu_allows(const struct assembler *a, const struct asm_form *f)
{
    uint32_t level = f->cpu & CPU_LEVEL, has = a->cpu & CPU_LEVEL;
    uint32_t need = f->cpu & ~(uint32_t)CPU_LEVEL;
    return level <= has && (need & ~a->cpu) == 0;
}

static bool is_size_extension(const struct asm_form *f)
{
    return f->opcode_count > 1 && f->opcode[0] == 0x0f && (f->opcode[1] & 0xf6) == 0xb6; // MOVZX, MOVSX
}

// OPTION NOSIGNEXTEND: AND, OR and XOR take full immediates.
static bool is_kept_wide(const struct assembler *a, const struct asm_form *f)
{
    return a->option.no_sign_extend && f->opcode[0] == 0x83 && (f->digit == 1 || f->digit == 4 || f->digit == 6);
}

// An immediate that says its size: WORD PTR 5, or an address in 32-bit code.
static bool tells_size(const struct assembler *a, const struct asm_value *v)
{
    return is_immediate(v) && (given_size(a, v) || (has_address(v) && word_size(a) == 4));
}

static bool row_fits(struct assembler *a, struct asm_instruction *i, const struct asm_form *f)
{
    if (f->operand_count != i->count || is_kept_wide(a, f))
        return false;
    i->v = f->operand_size && f->sized ? f->operand_size : 0;
    i->wild = false;
    i->pinned = false;
    for (int k = 0; k < i->count; k++) {
        if (!fits(a, i, &i->operands[k], f->operands[k]))
            return false;
        i->pinned |= pins_size(f->operands[k]) ? !is_size_extension(f) : tells_size(a, &i->operands[k]);
    }
    return true;
}

// CALL, JMP, PUSH and POP take the segment's word size for memory whose size nobody gave.
static bool has_default_size(const struct asm_form *f)
{
    return (f->opcode[0] == 0xff && f->digit >= 2) || f->opcode[0] == 0x8f;
}

static bool size_unclear(struct assembler *a, const struct asm_instruction *i)
{
    if (!i->wild || i->pinned || has_default_size(i->form))
        return false;
    for (const struct asm_form *f = i->form + 1; f->mnemonic == i->form->mnemonic; f++) {
        struct asm_instruction other = *i;
        if (cpu_allows(a, f) && row_fits(a, &other, f) && other.wild && !other.pinned)
            return true;
    }
    return i->form->sized && i->v == 0;
}

static const struct asm_form *find_row(struct assembler *a, struct asm_instruction *i, uint16_t mnemonic,
                                       bool *other_cpu)
{
    *other_cpu = false;
    for (const struct asm_form *f = &a->forms->forms[mnemonic - 1]; f->mnemonic == mnemonic; f++) {
        if (!row_fits(a, i, f))
            continue;
        if (cpu_allows(a, f))
            return f;
        *other_cpu = true;
    }
    return NULL;
}

// ---- messages ----

static bool too_large(const struct asm_value *v, uint32_t size)
{
    if (size >= 8 || !is_immediate(v) || has_address(v))
        return false;
    int64_t limit = INT64_C(1) << 8 * size;
    return !fits_number(v, -limit, limit - 1);
}

static void explain(struct assembler *a, const struct asm_instruction *i, bool other_cpu)
{
    if (other_cpu) {
        asm_error(a, i->mnemonic_at,
                  "this instruction needs another processor or coprocessor directive (.386p, .686p, .mmx ...)");
        return;
    }
    for (int k = 0; k < i->count; k++)
        if (i->operands[k].short_jump || (i->short_only && asm_is_target(&i->operands[k]))) {
            asm_error(a, i->at[k], "the target cannot be reached by a short jump");
            return;
        }
    uint32_t x = i->count ? asm_value_size(a, &i->operands[0]) : 0;
    uint32_t y = i->count > 1 ? asm_value_size(a, &i->operands[1]) : 0;
    if (i->count == 2 && x && y && x != y && !is_immediate(&i->operands[1]))
        asm_error(a, i->at[1], "the operands have different sizes (%u and %u bytes)", x, y);
    else if (i->count == 2 && x && too_large(&i->operands[1], x) && i->operands[0].kind != VALUE_NUMBER)
        asm_error(a, i->at[1], "the constant does not fit %u byte%s", x, x == 1 ? "" : "s");
    else
        asm_error(a, i->mnemonic_at, "this instruction does not take such operands");
}

// ---- parsing ----

static bool parse_operands(struct assembler *a, struct asm_instruction *i)
{
    if (a->token->kind == TOKEN_END)
        return true;
    do {
        if (i->count == ASM_OPERANDS) {
            asm_error(a, a->token->text, "too many operands");
            return false;
        }
        i->at[i->count] = a->token->text;
        if (!asm_expression(a, &i->operands[i->count]))
            return false;
        i->count++;
    } while (asm_accept(a, ','));
    if (a->token->kind != TOKEN_END) {
        asm_error(a, a->token->text, "unexpected '%.*s' in an operand", (int)a->token->length, a->token->text);
        return false;
    }
    return true;
}

static bool is_prefix(const struct asm_token *t)
{
    return t->kind == TOKEN_NAME && t->name->keyword.keyword_class == KEYWORD_PREFIX;
}

// RET means RETF inside a FAR procedure; after an epilogue it is spelled RETN or RETF already.
static uint16_t effective_mnemonic(struct assembler *a, const struct asm_name *name)
{
    if (a->proc_symbol && a->proc_symbol->type->kind == TYPE_FAR &&
        asm_same_text(name->text, name->length, "ret", 3, false))
        return asm_name_of(a, "retf")->mnemonic;
    return name->mnemonic;
}

// CALL of a FAR procedure in this very segment: push CS and call near, shorter and without a segment fixup.
static bool near_call_of_far(struct assembler *a, const struct asm_instruction *i)
{
    const struct asm_value *v = &i->operands[0];
    return i->form->opcode[0] == 0xe8 && i->count == 1 && v->type && v->type->kind == TYPE_FAR && same_segment(a, v);
}

// A code label where no jump wants it stands for its offset: mov eax, Handler.
static void labels_to_offsets(struct asm_instruction *i)
{
    for (int k = 0; k < i->count; k++) {
        struct asm_value *v = &i->operands[k];
        if (!asm_is_target(v) || !v->type || v->typed || v->bracket)
            continue;
        v->kind = VALUE_NUMBER;
        v->type = NULL;
        v->offset = true;
    }
}

static void assemble(struct assembler *a, struct asm_instruction *i, const struct asm_name *name)
{
    bool other_cpu;
    uint16_t mnemonic = effective_mnemonic(a, name);
    i->mnemonic = mnemonic;
    const struct asm_form *first = &a->forms->forms[mnemonic - 1];
    i->mnemonic_jumps = first->operands[0] == OPERAND_REL8 || first->operands[0] == OPERAND_RELV;
    i->short_only = first->operand_count == 1 && first->operands[0] == OPERAND_REL8 &&
                    (first[1].mnemonic != mnemonic || !cpu_allows(a, first + 1));
    if (!i->mnemonic_jumps && first->operands[1] != OPERAND_M)
        labels_to_offsets(i);
    i->form = find_row(a, i, mnemonic, &other_cpu);
    if (!i->form) {
        if (!asm_long_jump(a, i))
            explain(a, i, other_cpu);
        return;
    }
    if (size_unclear(a, i)) {
        asm_error(a, i->at[0], "the size of the operand is not known; use BYTE PTR, WORD PTR or DWORD PTR");
        return;
    }
    if (a->option.emulator && (i->form->cpu & CPU_FPU)) {
        asm_error(a, i->mnemonic_at, "an emulator's fixups exist in OMF objects only; use OPTION NOEMULATOR");
        return;
    }
    asm_check_read_only(a, i, name);
    if (near_call_of_far(a, i))
        asm_emit(a, "\x0e", 1);
    asm_encode(a, i);
}

void asm_instruction(struct assembler *a)
{
    struct asm_instruction i = {.mnemonic_at = a->token->text};
    while (is_prefix(a->token) && i.prefix_count < 4)
        i.prefixes[i.prefix_count++] = (uint8_t)(a->token++)->name->keyword.value;
    if (a->structure) {
        asm_error(a, i.mnemonic_at, "an instruction stands inside a structure");
        return;
    }
    if (!a->segment) {
        asm_error_outside(a, i.mnemonic_at, "an instruction stands outside of any segment");
        return;
    }
    a->segment->has_code = true;
    if (i.prefix_count && a->token->kind == TOKEN_END) {
        asm_emit(a, i.prefixes, (size_t)i.prefix_count);
        return;
    }
    const struct asm_token *t = a->token;
    if (t->kind != TOKEN_NAME || !t->name->mnemonic) {
        asm_error(a, t->text, "instruction expected");
        return;
    }
    a->token++;
    i.mnemonic_at = t->text;
    if (parse_operands(a, &i))
        assemble(a, &i, t->name);
}
