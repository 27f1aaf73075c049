// One instruction as MASM writes it: Zydis decodes and formats, names come from the caller, int 20h is a dynamic link.
#include <Zycore/Format.h>
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

#include "dis/dis.h"
#include "kit/kit.h"

enum { LINK_LENGTH = 6, LINK_JUMP = 0x8000, VMM_ID = 1, MNEMONIC_WIDTH = 8 };

// ---------------------------------------------------------------------------------------------------------------------
// Dynamic links: int 20h, word ordinal, word device (Win95 DDK S31A8)

bool dis_service_name(uint16_t device, uint16_t ordinal, char *text, size_t room)
{
    const struct kit_device *d = kit_device_by_id(device);
    const struct kit_service *s = d ? kit_service_by_ordinal(d, ordinal) : NULL;
    if (s)
        snprintf(text, room, "%s", s->name);
    else if (d)
        snprintf(text, room, "%s service %04xh", d->name, ordinal);
    else
        snprintf(text, room, "device %04xh service %04xh", device, ordinal);
    return s != NULL;
}

static void format_link(const uint8_t *bytes, struct dis_instruction *out)
{
    char name[DIS_TEXT - 16];
    bool jump = (base_get16(bytes + 2) & LINK_JUMP) != 0;
    out->length = LINK_LENGTH;
    out->service = true;
    out->ordinal = (uint16_t)(base_get16(bytes + 2) & ~LINK_JUMP);
    out->device = base_get16(bytes + 4);
    out->flow = jump ? DIS_STOP : DIS_NEXT;
    dis_service_name(out->device, out->ordinal, name, sizeof name);
    snprintf(out->text, sizeof out->text, "%s%s %s", out->device == VMM_ID ? "VMM" : "VxD", jump ? "Jmp " : "Call",
             name);
}

// ---------------------------------------------------------------------------------------------------------------------
// Names in operands

struct request {
    const struct dis_options *options;
    uint32_t address;
};

struct hooked_formatter {
    ZydisFormatter base;
    ZydisFormatterFunc address_abs, disp, imm, pointer;
    ZydisFormatterRegisterFunc reg;
};

// The formatter's own functions, to go on with where no name is known. Zydis hands its hooks no place for them but the
// formatter itself, which is the first member of this.
static const struct hooked_formatter *hooks_of(const ZydisFormatter *f)
{
    return (const void *)f;
}

static bool put_name(ZydisFormatterBuffer *buffer, ZydisFormatterContext *c, enum dis_operand kind, uint32_t field,
                     uint32_t value)
{
    const struct request *r = c->user_data;
    char text[DIS_TEXT / 2];
    ZyanString *string;
    if (!r->options->name || !r->options->name(r->options->user, kind, r->address, field, value, text, sizeof text))
        return false;
    ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_SYMBOL);
    ZydisFormatterBufferGetString(buffer, &string);
    return ZYAN_SUCCESS(ZyanStringAppendFormat(string, "%s%s", kind == DIS_IMMEDIATE ? "offset " : "", text)) != 0;
}

// Which of the at most two immediate fields an operand comes from.
static uint32_t immediate_field(const ZydisFormatterContext *c)
{
    bool second = c->instruction->raw.imm[1].size && c->operand->imm.value.u == c->instruction->raw.imm[1].value.u &&
                  c->operand->imm.value.u != c->instruction->raw.imm[0].value.u;
    return c->instruction->raw.imm[second ? 1 : 0].offset;
}

// Zydis writes ffh and 5h where MASM wants 0ffh and 5. `start` is where its text begins.
static ZyanStatus mend_number(ZyanString *string, ZyanUSize start, ZyanStatus status)
{
    const char *text;
    if (!ZYAN_SUCCESS(status) || !ZYAN_SUCCESS(ZyanStringGetData(string, &text)))
        return status;
    size_t sign = text[start] == '+' || text[start] == '-', digits = strspn(text + start + sign, "0123456789abcdef");
    ZyanStringView zero = ZYAN_DEFINE_STRING_VIEW("0");
    if (text[start + sign] > '9')
        return ZyanStringInsert(string, start + sign, &zero);
    if (digits == 1)
        return ZyanStringTruncate(string, start + sign + 1);
    return status;
}

static ZyanStatus print_number(ZydisFormatterFunc print, const ZydisFormatter *f, ZydisFormatterBuffer *buffer,
                               ZydisFormatterContext *c)
{
    ZyanString *string;
    ZyanUSize start;
    ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
    ZYAN_CHECK(ZyanStringGetSize(string, &start));
    return mend_number(string, start, print(f, buffer, c));
}

static ZyanStatus print_address(const ZydisFormatter *f, ZydisFormatterBuffer *buffer, ZydisFormatterContext *c)
{
    bool branch = c->operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    uint32_t field = branch ? c->instruction->raw.imm[0].offset : c->instruction->raw.disp.offset;
    ZyanU64 address;
    ZYAN_CHECK(ZydisCalcAbsoluteAddress(c->instruction, c->operand, c->runtime_address, &address));
    if (put_name(buffer, c, branch ? DIS_BRANCH : DIS_MEMORY, field, (uint32_t)address))
        return ZYAN_STATUS_SUCCESS;
    return print_number(hooks_of(f)->address_abs, f, buffer, c);
}

static ZyanStatus print_displacement(const ZydisFormatter *f, ZydisFormatterBuffer *buffer, ZydisFormatterContext *c)
{
    ZyanString *string;
    ZyanUSize length;
    ZydisFormatterBufferGetString(buffer, &string);
    ZyanStringGetSize(string, &length);
    ZyanStringAppendFormat(string, "+");
    if (put_name(buffer, c, DIS_MEMORY, c->instruction->raw.disp.offset, (uint32_t)c->operand->mem.disp.value))
        return ZYAN_STATUS_SUCCESS;
    ZyanStringTruncate(string, length);
    return print_number(hooks_of(f)->disp, f, buffer, c);
}

static ZyanStatus print_immediate(const ZydisFormatter *f, ZydisFormatterBuffer *buffer, ZydisFormatterContext *c)
{
    if (put_name(buffer, c, DIS_IMMEDIATE, immediate_field(c), (uint32_t)c->operand->imm.value.u))
        return ZYAN_STATUS_SUCCESS;
    return print_number(hooks_of(f)->imm, f, buffer, c);
}

// MASM wants far ptr 0f000h:0fff0h where Zydis writes far f000h:fff0h.
static ZyanStatus format_pointer(const ZydisFormatter *f, ZydisFormatterBuffer *buffer, ZydisFormatterContext *c)
{
    ZyanString *string;
    char text[32];
    (void)f;
    ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
    snprintf(text, sizeof text, "ptr 0%xh:0%xh", c->operand->ptr.segment, c->operand->ptr.offset);
    return ZyanStringAppendFormat(string, "%s", text);
}

// st(1), not st1.
static ZyanStatus print_register(const ZydisFormatter *f, ZydisFormatterBuffer *buffer, ZydisFormatterContext *c,
                                 ZydisRegister r)
{
    ZyanString *string;
    if (r < ZYDIS_REGISTER_ST0 || r > ZYDIS_REGISTER_ST7)
        return hooks_of(f)->reg(f, buffer, c, r);
    ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
    return ZyanStringAppendFormat(string, "st(%d)", r - ZYDIS_REGISTER_ST0);
}

static void init_formatter(struct hooked_formatter *f)
{
    static const struct {
        ZydisFormatterProperty property;
        ZyanUPointer value;
    } properties[] = {
        {ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE},
        {ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE},
        {ZYDIS_FORMATTER_PROP_HEX_PREFIX, ZYAN_FALSE},
        {ZYDIS_FORMATTER_PROP_HEX_SUFFIX, (ZyanUPointer) "h"},
        {ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED},
        {ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED},
        {ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED},
        {ZYDIS_FORMATTER_PROP_IMM_SIGNEDNESS, ZYDIS_SIGNEDNESS_UNSIGNED},
    };
    ZydisFormatterInit(&f->base, ZYDIS_FORMATTER_STYLE_INTEL);
    for (size_t i = 0; i < BASE_COUNT(properties); i++)
        ZydisFormatterSetProperty(&f->base, properties[i].property, properties[i].value);
    f->address_abs = print_address;
    f->disp = print_displacement;
    f->imm = print_immediate;
    f->pointer = format_pointer;
    f->reg = print_register;
    ZydisFormatterSetHook(&f->base, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS, (const void **)&f->address_abs);
    ZydisFormatterSetHook(&f->base, ZYDIS_FORMATTER_FUNC_PRINT_DISP, (const void **)&f->disp);
    ZydisFormatterSetHook(&f->base, ZYDIS_FORMATTER_FUNC_PRINT_IMM, (const void **)&f->imm);
    ZydisFormatterSetHook(&f->base, ZYDIS_FORMATTER_FUNC_FORMAT_OPERAND_PTR, (const void **)&f->pointer);
    ZydisFormatterSetHook(&f->base, ZYDIS_FORMATTER_FUNC_PRINT_REGISTER, (const void **)&f->reg);
}

// ---------------------------------------------------------------------------------------------------------------------
// What an instruction does to the flow

static void find_flow(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o, uint32_t address,
                      struct dis_instruction *out)
{
    ZyanU64 target;
    switch (z->meta.category) {
    case ZYDIS_CATEGORY_CALL:
        out->flow = DIS_CALL;
        break;
    case ZYDIS_CATEGORY_COND_BR:
        out->flow = DIS_BRANCH_MAYBE;
        break;
    case ZYDIS_CATEGORY_UNCOND_BR:
        out->flow = DIS_JUMP;
        break;
    case ZYDIS_CATEGORY_RET:
        out->flow = DIS_STOP;
        return;
    default:
        return;
    }
    out->indirect = o[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    out->has_target = o[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && o[0].imm.is_relative &&
                      ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(z, &o[0], address, &target));
    if (out->has_target)
        out->target = (uint32_t)target;
    else if (out->flow == DIS_JUMP)
        out->flow = DIS_STOP;
}

// Instructions that code of drivers hardly contains, but bytes of data often do.
static bool is_rare(const ZydisDecodedInstruction *z)
{
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_AAA:
    case ZYDIS_MNEMONIC_AAS:
    case ZYDIS_MNEMONIC_AAD:
    case ZYDIS_MNEMONIC_AAM:
    case ZYDIS_MNEMONIC_DAA:
    case ZYDIS_MNEMONIC_DAS:
    case ZYDIS_MNEMONIC_ARPL:
    case ZYDIS_MNEMONIC_BOUND:
    case ZYDIS_MNEMONIC_INTO:
    case ZYDIS_MNEMONIC_SALC:
    case ZYDIS_MNEMONIC_LES:
    case ZYDIS_MNEMONIC_LDS:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSD:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_INT1:
        return true;
    default:
        return z->meta.isa_set != ZYDIS_ISA_SET_INVALID && z->length > 11;
    }
}

// The number of a general register, whichever part of it is meant; 8 for any other register.
static uint8_t general_register(ZydisRegister r)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LEGACY_32, r);
    return whole >= ZYDIS_REGISTER_EAX && whole <= ZYDIS_REGISTER_EDI ? (uint8_t)(whole - ZYDIS_REGISTER_EAX) : 8;
}

// Which registers an instruction changes, and whether it makes one of them a constant.
static void find_registers(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o, struct dis_instruction *out)
{
    for (int i = 0; i < z->operand_count; i++)
        if (o[i].type == ZYDIS_OPERAND_TYPE_REGISTER && (o[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            out->writes |= (uint8_t)(1 << general_register(o[i].reg.value));
    if (o[0].type != ZYDIS_OPERAND_TYPE_REGISTER || z->operand_count_visible != 2 || o[0].size != 32)
        return;
    bool zeroes = z->mnemonic == ZYDIS_MNEMONIC_XOR && o[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                  o[0].reg.value == o[1].reg.value;
    bool moves = z->mnemonic == ZYDIS_MNEMONIC_MOV && o[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    out->loaded = general_register(o[0].reg.value);
    out->loads = (zeroes || moves) && out->loaded < 8;
}

static void find_fields(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o, struct dis_instruction *out)
{
    out->displacement = z->raw.disp.offset;
    out->displacement_size = (uint8_t)(z->raw.disp.size / 8);
    out->immediate = z->raw.imm[0].offset;
    out->immediate_size = (uint8_t)(z->raw.imm[0].size / 8);
    for (int i = 0; i < z->operand_count_visible; i++)
        out->scaled |=
            o[i].type == ZYDIS_OPERAND_TYPE_MEMORY && o[i].mem.scale == 4 && o[i].mem.base == ZYDIS_REGISTER_NONE;
    out->value = (uint32_t)z->raw.imm[0].value.u;
    out->privileged = is_rare(z);
    out->compares_eax = z->mnemonic == ZYDIS_MNEMONIC_CMP && o[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                        o[0].reg.value == ZYDIS_REGISTER_EAX && o[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

// ---------------------------------------------------------------------------------------------------------------------

static void init_decoder(ZydisDecoder *d, bool code16)
{
    static const ZydisDecoderMode newer[] = {ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET, ZYDIS_DECODER_MODE_LZCNT,
                                             ZYDIS_DECODER_MODE_TZCNT};
    ZydisDecoderInit(d, code16 ? ZYDIS_MACHINE_MODE_LEGACY_16 : ZYDIS_MACHINE_MODE_LEGACY_32,
                     code16 ? ZYDIS_STACK_WIDTH_16 : ZYDIS_STACK_WIDTH_32);
    for (size_t i = 0; i < BASE_COUNT(newer); i++)
        ZydisDecoderEnableMode(d, newer[i], ZYAN_FALSE);
}

// Blanks between mnemonic and operands, so that operands of a listing stand below each other.
static void align_operands(char *text)
{
    size_t n = strcspn(text, " "), length = strlen(text);
    if (n < MNEMONIC_WIDTH - 1 && text[n] && length + MNEMONIC_WIDTH < DIS_TEXT) {
        memmove(text + MNEMONIC_WIDTH, text + n + 1, length - n);
        memset(text + n, ' ', MNEMONIC_WIDTH - n);
    }
}

static void format_byte(const uint8_t *bytes, size_t size, struct dis_instruction *out)
{
    if (size)
        snprintf(out->text, sizeof out->text, "db      %s%02xh", bytes[0] >= 0xa0 ? "0" : "", bytes[0]);
}

void dis_instruction(const struct dis_options *options, const uint8_t *bytes, size_t size, uint32_t address,
                     struct dis_instruction *out)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    struct hooked_formatter formatter;
    struct request request = {options, address};
    *out = (struct dis_instruction){.flow = DIS_NEXT};
    if (size >= LINK_LENGTH && bytes[0] == 0xcd && bytes[1] == 0x20 && !options->code16) {
        format_link(bytes, out);
        return;
    }
    init_decoder(&decoder, options->code16);
    init_formatter(&formatter);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, &z, operands)) ||
        !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter.base, &z, operands, z.operand_count_visible, out->text,
                                                      sizeof out->text, address, &request))) {
        format_byte(bytes, size, out);
        return;
    }
    out->length = z.length;
    align_operands(out->text);
    find_fields(&z, operands, out);
    find_registers(&z, operands, out);
    find_flow(&z, operands, address, out);
}
