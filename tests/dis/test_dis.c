// Disassembly: instructions as MASM writes them, dynamic links by name, and a whole image against golden files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dis/dis.h"
#include "golden.h"

// ---------------------------------------------------------------------------------------------------------------------
// One instruction

enum { WORDS16 = 1, NAMES = 2 };

static const struct {
    const char *bytes, *text;
    unsigned flags;
} cases[] = {
    {"b878563412", "mov     eax, 12345678h", 0},
    {"a1f0000000", "mov     eax, dword ptr [0f0h]", 0},
    {"8b83780000ff", "mov     eax, dword ptr [ebx-0ffff88h]", 0},
    {"8b4508", "mov     eax, dword ptr [ebp+8]", 0},
    {"8b049d78563412", "mov     eax, dword ptr [ebx*4+12345678h]", 0},
    {"e8fbffffff", "call    1000h", 0},
    {"7402", "jz      1004h", 0},
    {"6aff", "push    0ffffffffh", 0},
    {"83e805", "sub     eax, 5", 0},
    {"c20800", "ret     8", 0},
    {"cf", "iretd", 0},
    {"f3a5", "rep     movsd", 0},
    {"64a118000000", "mov     eax, dword ptr fs:[18h]", 0},
    {"0fb64508", "movzx   eax, byte ptr [ebp+8]", 0},
    {"ff1534120000", "call    dword ptr [1234h]", 0},
    {"eaf0ff000000f0", "jmp     far ptr 0f000h:0fff0h", 0},
    {"d8c1", "fadd    st(0), st(1)", 0},
    {"2e8b0500010000", "mov     eax, dword ptr cs:[100h]", 0},
    {"f0870500010000", "lock    xchg dword ptr [100h], eax", 0},
    {"66cf", "iret", 0},
    {"0fff", "db      0fh", 0},
    {"b8", "db      0b8h", 0},
    {"b83412", "mov     ax, 1234h", WORDS16},
    {"66b878563412", "mov     eax, 12345678h", WORDS16},
    {"cd20", "int     20h", WORDS16},
    {"cd2000000100", "int     20h", WORDS16}, // real-mode code ends a DOS program with it
    {"cd2000000100", "VMMCall Get_VMM_Version", 0},
    {"cd2000800100", "VMMJmp  Get_VMM_Version", 0},
    {"cd2000000300", "VxDCall VPICD_Get_Version", 0},
    {"cd2000000500", "VxDCall VTD_Get_Version", 0},
    {"cd20ff7f0100", "VMMCall VMM service 7fffh", 0},
    {"cd2001003412", "VxDCall device 1234h service 0001h", 0},
    {"cd2000", "int     20h", 0},
    {"b800020000", "mov     eax, offset name2", NAMES},
    {"a100020000", "mov     eax, dword ptr [name1]", NAMES},
    {"8b83000200 00", "mov     eax, dword ptr [ebx+name1]", NAMES},
    {"e8fb0f0000", "call    name0", NAMES},
    {"c7050002000000020000", "mov     dword ptr [name1], offset name2", NAMES},
};

static bool name_of(void *user, enum dis_operand kind, uint32_t address, uint32_t field, uint32_t value, char *text,
                    size_t room)
{
    (void)user, (void)field;
    assert_int_equal(address, 0x1000);
    if (value < 0x200)
        return false;
    snprintf(text, room, "name%d", (int)kind);
    return true;
}

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t n = 0;
    unsigned value;
    for (; *hex; hex += 2) {
        hex += *hex == ' ';
        assert_int_equal(sscanf(hex, "%2x", &value), 1);
        bytes[n++] = (uint8_t)value;
    }
    return n;
}

static void instructions_read_as_masm_writes_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        uint8_t bytes[16];
        struct dis_instruction d;
        struct dis_options options = {.code16 = cases[i].flags & WORDS16,
                                      .name = cases[i].flags & NAMES ? name_of : NULL};
        size_t n = from_hex(cases[i].bytes, bytes);
        dis_instruction(&options, bytes, n, 0x1000, &d);
        if (strcmp(d.text, cases[i].text) != 0)
            fail_msg("%s: expected '%s', found '%s'", cases[i].bytes, cases[i].text, d.text);
    }
}

static void every_start_of_an_instruction_is_safe(void **state)
{
    (void)state;
    struct dis_options options = {.code16 = false};
    struct dis_instruction d;
    uint32_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[DIS_LONGEST];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
        size_t n = (seed >> 8) % (sizeof bytes + 1);
        options.code16 = i & 1;
        dis_instruction(&options, bytes, n, seed, &d);
        assert_true(d.length <= n && strlen(d.text) < DIS_TEXT);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A whole image: code behind every kind of entry, tables, strings, room without bytes

enum { CODE_SIZE = 0x1b0, SIZE = 0x1d0, DDB = 0x100, TABLE = 0x150, JUMPS = 0x160 };

static const char *const parts[][2] = {
    {"000", "83f801 0f8500000000 e900000000 f8c3"}, // Control_Proc: cmp eax,Device_Init; jne; jmp to init
    {"020", "cd2003000100 e801000000 c3 eb06ff2500000000 50 ff1500000000 58 c3"}, // service 0; hook at 34h
    {"040", "83f803 7707 ff248500000000 b800000000 c3 90 33c0 c3 40 c3"},         // jump table
    {"060", "be00000000 ba30030000 cd2096000100 cd2000040100 cd2000800300"},
    {"080", "0d0a48656c6c6f2c20776f726c6400 b8"},
    {"090", "5657 33c0 5f5e c3"}, // found by its address only
    {"160", "00000000 00000000 00000000"},
    {"16c", "ffffffff 00000000 00000000 00000000 00000000 00"},
};

static struct le_fixup fixups[] = {
    {0, 0x0a, LE_SELF32, 1, 0},
    {0, 0x30, LE_OFFSET32, 0, 0x1a8}, // the hook's variable
    {0, 0x37, LE_OFFSET32, 0, 0x1a8},
    {0, 0x48, LE_OFFSET32, 0, JUMPS},
    {0, 0x4d, LE_OFFSET32, 0, 0x90},
    {0, 0x61, LE_OFFSET32, 0, 0x82},
    {0, DDB + 0x18, LE_OFFSET32, 0, 0},
    {0, DDB + 0x1c, LE_OFFSET32, 0, 0x60},
    {0, DDB + 0x30, LE_OFFSET32, 0, TABLE},
    {0, TABLE, LE_OFFSET32, 0, 0x20},
    {0, TABLE + 8, LE_OFFSET32, 0, 0x40},
    {0, JUMPS, LE_OFFSET32, 0, 0x4c},
    {0, JUMPS + 4, LE_OFFSET32, 0, 0x53},
    {0, JUMPS + 8, LE_OFFSET32, 0, 0x56},
};

static void make_image(uint8_t *code, struct le_image *m, struct le_object *objects)
{
    static const uint8_t init[] = {0xf8, 0xc3}, real[] = {0x33, 0xc0, 0xc3, 'n', 'o', 't', 'e', '$'};
    static struct le_export exports[] = {{"DEMO_DDB", 1, 0, DDB}};
    memset(code, 0, CODE_SIZE);
    for (size_t i = 0; i < BASE_COUNT(parts); i++)
        from_hex(parts[i][1], code + strtoul(parts[i][0], NULL, 16));
    base_put32(code + 5, 6);
    base_put32(code + 0x27, 9); // the call meets the hook procedure behind its preamble
    base_put16(code + DDB + 4, 0x400);
    base_put16(code + DDB + 6, 0x0005); // VTD
    memcpy(code + DDB + 0x0c, "DEMO    ", 8);
    base_put32(code + DDB + 0x34, 3);
    objects[0] =
        (struct le_object){.name = "LCOD", .flags = 0x2045, .size = SIZE, .data = code, .data_size = CODE_SIZE};
    objects[1] = (struct le_object){.name = "ICOD", .flags = 0x2015, .size = 2, .data = init, .data_size = 2};
    objects[2] = (struct le_object){.name = "RCOD", .flags = 0x1005, .size = 8, .data = real, .data_size = 8};
    *m = (struct le_image){.module_name = "DEMO",
                           .description = "A demonstration",
                           .flags = LE_STATIC_VXD,
                           .cpu = 2,
                           .os = 4,
                           .device_id = 5,
                           .ddk_version = 0x400,
                           .objects = objects,
                           .object_count = 3,
                           .fixups = fixups,
                           .fixup_count = BASE_COUNT(fixups),
                           .exports = exports,
                           .export_count = 1};
}

static bool is_implemented(void *user, uint16_t device, uint16_t ordinal)
{
    (void)user;
    return device == 1 && ordinal == 3;
}

static void assert_output(const char *golden, bool info, bool json, const struct le_image *m)
{
    struct base_buf out;
    struct dis_image_options options = {
        .alloc = &base_heap, .path = "demo.vxd", .json = json, .implemented = is_implemented};
    base_buf_init(&out, &base_heap);
    assert_true(info ? dis_info(&options, m, &out) : dis_image(&options, m, &out));
    assert_golden(golden, base_buf_cstr(&out), out.size);
    base_buf_free(&out);
}

static void an_image_reads_as_the_golden_files(void **state)
{
    (void)state;
    static struct le_symbol symbols[] = {
        {0, 0, "DEMO_Control", false}, {0, 0x20, "VTD_Get_Version", false}, {0, 0x82, "Greeting", false}};
    static struct le_line lines[] = {{0, 0, 0, 12}, {0, 3, 0, 13}, {1, 0, 0, 40}};
    static const char *files[] = {"demo.asm"};
    uint8_t code[CODE_SIZE];
    struct le_image m;
    struct le_object objects[3];
    make_image(code, &m, objects);
    assert_output("tests/dis/bare.lst", false, false, &m);
    assert_output("tests/dis/info.txt", true, false, &m);
    assert_output("tests/dis/info.json", true, true, &m);
    m.symbols = symbols;
    m.symbol_count = BASE_COUNT(symbols);
    m.lines = lines;
    m.line_count = BASE_COUNT(lines);
    m.files = files;
    m.file_count = 1;
    assert_output("tests/dis/symbols.lst", false, false, &m);
    assert_output("tests/dis/symbols.json", false, true, &m);
}

static void an_image_without_a_ddb_is_listed_too(void **state)
{
    (void)state;
    uint8_t code[CODE_SIZE];
    struct le_image m;
    struct le_object objects[3];
    struct base_buf out;
    struct dis_image_options options = {.alloc = &base_heap, .path = "demo.vxd"};
    make_image(code, &m, objects);
    m.export_count = 0;
    base_buf_init(&out, &base_heap);
    assert_true(dis_image(&options, &m, &out));
    assert_null(strstr(base_buf_cstr(&out), "DDB_Next"));
    assert_true(dis_info(&options, &m, &out));
    base_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_read_as_masm_writes_them),
        cmocka_unit_test(every_start_of_an_instruction_is_safe),
        cmocka_unit_test(an_image_reads_as_the_golden_files),
        cmocka_unit_test(an_image_without_a_ddb_is_listed_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
