// Reads forms.def once per assembly: rows of text that a reader can check against the manual become rows that match.c
// and encode.c can use. A row that makes no sense is a bug of the table, found by the first test that runs.
#include <assert.h>
#include <string.h>

#include "asm/encode.h"

static const struct {
    const char *mnemonic, *operands, *encoding;
    uint16_t cpu;
} rows[] = {
#define FORM(mnemonic, operands, encoding, cpu) {mnemonic, operands, encoding, cpu},
#include "asm/forms.def"
#undef FORM
};

static const char *const class_names[OPERAND_CLASSES] = {
    "",    "r8",  "r16",   "r32", "rv",  "rm8",  "rm16",    "rm32",   "rmv",    "m",    "mu",  "m8",
    "m16", "m32", "m48",   "m64", "m80", "mv",   "mp",      "i8",     "i8s",    "i16",  "i32", "iv",
    "1",   "3",   "al",    "ax",  "eax", "av",   "cl",      "dx",     "s",      "es",   "cs",  "ss",
    "ds",  "fs",  "gs",    "cr",  "dr",  "tr",   "rel8",    "relv",   "far",    "o8",   "ov",  "st",
    "sti", "mm",  "mmm64", "mmr", "xmm", "xmmr", "xmmm128", "xmmm64", "xmmm32", "m128",
};

static uint8_t class_of(const char *p, size_t n)
{
    for (int i = 1; i < OPERAND_CLASSES; i++)
        if (strlen(class_names[i]) == n && memcmp(class_names[i], p, n) == 0)
            return (uint8_t)i;
    assert(0 && "unknown operand class in forms.def");
    return 0;
}

static bool is_sized(uint8_t c)
{
    return c == OPERAND_RV || c == OPERAND_RMV || c == OPERAND_MV || c == OPERAND_IV || c == OPERAND_AV ||
           c == OPERAND_OV || c == OPERAND_I8S || c == OPERAND_MP;
}

static void read_operands(struct asm_form *f, const char *p)
{
    while (*p) {
        size_t n = strcspn(p, ",");
        assert(f->operand_count < ASM_FORM_OPERANDS);
        f->operands[f->operand_count] = class_of(p, n);
        f->sized |= is_sized(f->operands[f->operand_count++]);
        p += n + (p[n] == ',');
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void read_modrm(struct asm_form *f, const char *p)
{
    if (p[1] >= '0' && p[1] <= '7') {
        f->modrm = MODRM_DIGIT;
        f->digit = (uint8_t)(p[1] - '0');
    } else {
        f->modrm = p[2] == 'r' ? MODRM_SAME : MODRM_REGISTER;
    }
}

static uint8_t string_use(char c)
{
    return c == 'm'   ? STRING_MOVS
           : c == 'c' ? STRING_CMPS
           : c == 's' ? STRING_SOURCE
           : c == 'd' ? STRING_DESTINATION
                      : STRING_XLAT;
}

// One word of the encoding column.
static void read_word(struct asm_form *f, const char *p, size_t n)
{
    if (n == 2 && hex(p[0]) >= 0 && hex(p[1]) >= 0)
        f->opcode[f->opcode_count++] = (uint8_t)(hex(p[0]) << 4 | hex(p[1]));
    else if (p[0] == '/')
        read_modrm(f, p);
    else if (p[0] == '=')
        f->suffix = (uint8_t)(hex(p[1]) << 4 | hex(p[2])), f->has_suffix = true;
    else if (p[0] == '+')
        f->plus_register = true;
    else if (p[0] == 'i')
        f->immediates[f->immediate_count++] = p[1] == 'b' ? 1 : p[1] == 'w' ? 2 : p[1] == 'd' ? 4 : 0xff;
    else if (n == 3 && p[0] == 'o')
        f->operand_size = p[1] == '1' ? 2 : 4;
    else if (p[0] == 'a')
        f->address_size = p[1] == '1' ? 2 : 4;
    else if (p[0] == 'x')
        f->string = string_use(p[1]);
    else
        assert((p[0] == 'c' || p[0] == 'o') && n == 2); // targets and plain addresses follow from the operands
}

static void read_encoding(struct asm_form *f, const char *p)
{
    while (*p) {
        size_t n = strcspn(p, " ");
        read_word(f, p, n);
        p += n + (p[n] == ' ');
    }
    assert(f->opcode_count > 0 && f->opcode_count <= ASM_FORM_OPCODE);
}

void asm_forms_init(struct assembler *a)
{
    a->forms = asm_get(a, sizeof *a->forms);
    a->forms->forms = asm_get(a, (BASE_COUNT(rows) + 1) * sizeof *a->forms->forms);
    a->forms->count = BASE_COUNT(rows);
    const char *last = "";
    struct asm_name *name = NULL;
    for (uint32_t i = 0; i < BASE_COUNT(rows); i++) {
        struct asm_form *f = &a->forms->forms[i];
        if (strcmp(rows[i].mnemonic, last) != 0) {
            last = rows[i].mnemonic;
            name = asm_name_of(a, last);
            assert(name->mnemonic == 0);
            name->mnemonic = (uint16_t)(i + 1);
        }
        assert(name); // the first row has a mnemonic
        f->mnemonic = name->mnemonic;
        f->cpu = rows[i].cpu;
        read_operands(f, rows[i].operands);
        read_encoding(f, rows[i].encoding);
    }
}
