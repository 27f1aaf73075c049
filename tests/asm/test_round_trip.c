// All forms of forms.def in 16 and 32 bits: the sources of instructions16.txt and instructions32.txt are assembled,
// decoded with Zydis, printed in MASM's style and assembled again. The second decoding must print the same text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <Zydis/Zydis.h>

#include "asm/asm.h"
#include "ddk/cases.h"
#include "image/coff.h"

struct bench {
    unsigned bits;
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    size_t instructions, failures;
};

static void bench_init(struct bench *b, unsigned bits)
{
    *b = (struct bench){.bits = bits};
    ZydisDecoderInit(&b->decoder, bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
                     bits == 32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    ZydisFormatterInit(&b->formatter, ZYDIS_FORMATTER_STYLE_INTEL_MASM);
    ZydisFormatterSetProperty(&b->formatter, ZYDIS_FORMATTER_PROP_FORCE_SEGMENT, ZYAN_TRUE);
    ZydisFormatterSetProperty(&b->formatter, ZYDIS_FORMATTER_PROP_ADDR_SIGNEDNESS, ZYDIS_SIGNEDNESS_UNSIGNED);
}

// The bytes of the section CSEG; 0 when the source does not assemble.
static size_t assemble(const char *text, size_t size, uint8_t *bytes, size_t room, struct base_buf *messages)
{
    struct asm_options options = {.alloc = &base_heap};
    struct base_diag diag;
    struct base_buf out;
    struct base_arena arena;
    struct coff_object object;
    size_t n = 0;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&out, &base_heap);
    base_arena_init(&arena, &base_heap);
    if (asm_assemble(&options, "trip.asm", text, size, &diag, &out, NULL) &&
        coff_read(out.data, out.size, "trip", &arena, &diag, &object))
        for (uint32_t i = 0; i < object.section_count; i++)
            if (strcmp(object.sections[i].name, "CSEG") == 0 && object.sections[i].size <= room)
                memcpy(bytes, object.sections[i].data, n = object.sections[i].size);
    base_buf_text(messages, base_buf_cstr(&diag.first));
    base_arena_free(&arena);
    base_buf_free(&out);
    base_diag_free(&diag);
    return n;
}

static bool decode(struct bench *b, const uint8_t *bytes, size_t size, ZydisDecodedInstruction *in,
                   ZydisDecodedOperand *operands)
{
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&b->decoder, bytes, size, in, operands));
}

static const ZydisDecodedOperand *relative_target(const ZydisDecodedInstruction *in,
                                                  const ZydisDecodedOperand *operands)
{
    for (unsigned i = 0; i < in->operand_count_visible; i++)
        if (operands[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands[i].imm.is_relative)
            return &operands[i];
    return NULL;
}

// What Zydis spells otherwise than MASM: ST registers, scaled 16-bit registers, far pointers.
static void to_masm(char *text, size_t room)
{
    static const struct {
        const char *from, *to;
    } words[] = {{"si*1]", "si]"},          {"di*1]", "di]"},
                 {"si*1+", "si+"},          {"si*1-", "si-"},
                 {" far fword", " fword"},  {" far dword", " dword"},
                 {"ret far", "retf"},       {"int3", "int 3"},
                 {"feni8087_nop", "fneni"}, {"fdisi8087_nop", "fndisi"},
                 {"287_nop", ""},           {"pfcpit1", "pfrcpit1"},
                 {"pfsqrt", "pfrsqrt"}};
    for (char *p = text; (p = strstr(p, "st")) != NULL; p += 2) {
        bool word =
            (p == text || p[-1] == ' ' || p[-1] == ',') && p[2] >= '0' && p[2] <= '7' && strlen(text) + 3 < room;
        if (word) {
            char digit = p[2];
            memmove(p + 5, p + 3, strlen(p + 3) + 1);
            p[2] = '(', p[3] = digit, p[4] = ')';
        }
    }
    for (size_t i = 0; i < BASE_COUNT(words); i++) {
        char *p = strstr(text, words[i].from);
        if (p && strlen(text) + 8 < room) {
            memmove(p + strlen(words[i].to), p + strlen(words[i].from), strlen(p + strlen(words[i].from)) + 1);
            memcpy(p, words[i].to, strlen(words[i].to));
        }
    }
}

static void print(struct bench *b, const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operands, char *text,
                  size_t room)
{
    const ZydisDecodedOperand *target = relative_target(in, operands);
    if (target) {
        long long distance = (long long)target->imm.value.s + in->length;
        snprintf(text, room, "%s %s$%+lld", ZydisMnemonicGetString(in->mnemonic),
                 target->size == 8 ? "short " : "near ptr ", distance);
        return;
    }
    ZydisFormatterFormatInstruction(&b->formatter, in, operands, in->operand_count_visible, text, room, 0, NULL);
    to_masm(text, room);
    if (b->bits == 32 && in->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE &&
        (strcmp(text, "pusha") == 0 || strcmp(text, "popa") == 0))
        strcat(text, "w");
}

// TEST and XCHG mean the same either way round; MASM and Zydis do not agree which operand comes first.
static bool same_instruction(const char *x, const char *y)
{
    return strcmp(x, y) == 0 ||
           ((strncmp(x, "test ", 5) == 0 || strncmp(x, "xchg ", 5) == 0) && strlen(x) == strlen(y));
}

static void check(struct bench *b, const uint8_t *bytes, const ZydisDecodedInstruction *in,
                  const ZydisDecodedOperand *operands)
{
    char text[256], again[256] = "", source[512];
    uint8_t second[64];
    ZydisDecodedInstruction in2;
    ZydisDecodedOperand operands2[ZYDIS_MAX_OPERAND_COUNT];
    struct base_buf messages;
    print(b, in, operands, text, sizeof text);
    int n = snprintf(source, sizeof source,
                     ".686p\n.k3d\n.xmm\nCSEG segment use%u\nassume cs:CSEG\n%s\nCSEG ends\nend\n", b->bits, text);
    base_buf_init(&messages, &base_heap);
    size_t size = assemble(source, (size_t)n, second, sizeof second, &messages);
    if (size && decode(b, second, size, &in2, operands2))
        print(b, &in2, operands2, again, sizeof again);
    b->instructions++;
    if (!same_instruction(text, again)) {
        print_error("%s (%02X %02X %02X) came back as '%s'\n%s", text, bytes[0], bytes[1], bytes[2], again,
                    base_buf_cstr(&messages));
        b->failures++;
    }
    base_buf_free(&messages);
}

static void round_trip(struct test_case *c, void *user)
{
    static uint8_t bytes[1 << 14];
    struct bench *b = user;
    struct base_buf messages;
    ZydisDecodedInstruction in;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    base_buf_init(&messages, &base_heap);
    base_buf_text(&c->source, "end\n");
    size_t size = assemble((const char *)c->source.data, c->source.size, bytes, sizeof bytes, &messages);
    assert_true(size > 0);
    for (size_t at = 0; at < size && decode(b, bytes + at, size - at, &in, operands); at += in.length)
        if (bytes[at] != 0 || bytes[at + 1] != 0) // the gap in front of a far label
            check(b, bytes + at, &in, operands);
    base_buf_free(&messages);
}

static void run(unsigned bits, const char *path)
{
    struct bench b;
    bench_init(&b, bits);
    for_each_case(path, round_trip, &b);
    print_message("%zu instructions, %zu failures\n", b.instructions, b.failures);
    assert_true(b.instructions > 2000);
    assert_int_equal(b.failures, 0);
}

static void test_32(void **state)
{
    (void)state;
    run(32, "tests/asm/instructions32.txt");
}

static void test_16(void **state)
{
    (void)state;
    run(16, "tests/asm/instructions16.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_32), cmocka_unit_test(test_16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
