// The linker, fed with objects made here: what becomes of sections and relocations, and what it says about each
// mistake.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "image/coff.h"
#include "image/le.h"
#include "link/link.h"

// ---------------------------------------------------------------------------------------------------------------------
// A small driver of two objects, made anew for each test, which may change it before it is linked

enum { LTEXT, LDATA, ITEXT, RCODE, SECTIONS };
enum { S_DDB = 4, S_CONTROL, S_INIT, S_HELPER, S_TABLE, S_COMMUNAL, S_RMSG, SYMBOLS };
enum { DDB_AT = 0x10, TABLE_AT = DDB_AT + 0x50 };

struct driver {
    uint8_t ltext[32], ldata[0x80], itext[16], rcode[16];
    struct coff_relocation ltext_relocations[4], ldata_relocations[4], itext_relocations[4], rcode_relocations[4];
    struct coff_line lines[2];
    struct coff_section sections[SECTIONS];
    struct coff_symbol symbols[SYMBOLS];
    const char *files[1];
    struct coff_object main, helper;
    uint8_t helper_code[12];
    struct coff_relocation helper_relocations[2];
    struct coff_section helper_sections[2];
    struct coff_symbol helper_symbols[4];
    const char *def;
    enum link_kind kind;
    struct base_diag diag;
    struct base_buf image, map;
};

static void fill_ddb(uint8_t *p)
{
    base_put16(p + 4, 0x400);
    base_put16(p + 6, 0x1234);
    p[8] = 1;
    memcpy(p + 0x0c, "TEST    ", 8);
    base_put32(p + 0x14, 0x80000000);
    base_put32(p + 0x34, 2);
    memcpy(p + 0x3c, "verP", 4);
    base_put32(p + 0x40, 0x50);
}

static void section(struct coff_section *s, const char *name, uint32_t align, const uint8_t *data, uint32_t size,
                    struct coff_relocation *relocations, uint32_t count)
{
    *s = (struct coff_section){.name = name,
                               .flags = COFF_CODE,
                               .align = align,
                               .data = data,
                               .size = size,
                               .relocations = relocations,
                               .relocation_count = count};
}

static void make_main(struct driver *d)
{
    static const struct coff_symbol symbols[SYMBOLS] = {
        {.name = "_LTEXT", .section = 1, .storage = COFF_STATIC},
        {.name = "_LDATA", .section = 2, .storage = COFF_STATIC},
        {.name = "_ITEXT", .section = 3, .storage = COFF_STATIC},
        {.name = "_RCODE", .section = 4, .storage = COFF_STATIC},
        {.name = "TEST_DDB", .value = DDB_AT, .section = 2, .storage = COFF_EXTERNAL},
        {.name = "TEST_Control", .value = 4, .section = 1, .storage = COFF_STATIC, .function = true},
        {.name = "TEST_Init", .section = 3, .storage = COFF_EXTERNAL, .function = true},
        {.name = "Helper", .storage = COFF_EXTERNAL},
        {.name = "TEST_Service_Table", .value = TABLE_AT, .section = 2, .storage = COFF_EXTERNAL},
        {.name = "Buffer", .value = 100, .storage = COFF_EXTERNAL},
        {.name = "Real_Message", .value = 9, .section = 4, .storage = COFF_LABEL},
    };
    memcpy(d->symbols, symbols, sizeof symbols);
    fill_ddb(d->ldata + DDB_AT);
    d->ltext[4] = 0xe8;
    d->ltext_relocations[0] = (struct coff_relocation){5, S_HELPER, COFF_REL32};
    d->ltext_relocations[1] = (struct coff_relocation){10, S_INIT, COFF_REL32};
    d->ltext_relocations[2] = (struct coff_relocation){16, S_COMMUNAL, COFF_DIR32};
    base_put32(d->ltext + 16, 8);
    d->ldata_relocations[0] = (struct coff_relocation){DDB_AT + 0x18, S_CONTROL, COFF_DIR32};
    d->ldata_relocations[1] = (struct coff_relocation){DDB_AT + 0x30, S_TABLE, COFF_DIR32};
    d->ldata_relocations[2] = (struct coff_relocation){TABLE_AT, S_HELPER, COFF_DIR32};
    d->itext_relocations[0] = (struct coff_relocation){1, S_HELPER, COFF_REL32};
    d->rcode_relocations[0] = (struct coff_relocation){1, S_RMSG, COFF_DIR16};
    d->lines[0] = (struct coff_line){4, 20, 0};
    d->lines[1] = (struct coff_line){10, 21, 0};
    section(&d->sections[LTEXT], "_LTEXT", 4, d->ltext, 32, d->ltext_relocations, 3);
    section(&d->sections[LDATA], "_LDATA", 4, d->ldata, 0x80, d->ldata_relocations, 3);
    section(&d->sections[ITEXT], "_ITEXT", 4, d->itext, 16, d->itext_relocations, 1);
    section(&d->sections[RCODE], "_RCODE", 2, d->rcode, 16, d->rcode_relocations, 1);
    d->sections[LTEXT].lines = d->lines;
    d->sections[LTEXT].line_count = 2;
    d->files[0] = "test.asm";
    d->main = (struct coff_object){.sections = d->sections,
                                   .section_count = SECTIONS,
                                   .symbols = d->symbols,
                                   .symbol_count = SYMBOLS,
                                   .files = d->files,
                                   .file_count = 1,
                                   .directives = ""};
}

// A C compiler's object: .text and .bss, a reference back.
static void make_helper(struct driver *d)
{
    d->helper_relocations[0] = (struct coff_relocation){1, 1, COFF_DIR32};
    d->helper_relocations[1] = (struct coff_relocation){6, 2, COFF_REL32};
    section(&d->helper_sections[0], ".text", 16, d->helper_code, 12, d->helper_relocations, 2);
    section(&d->helper_sections[1], ".bss", 4, NULL, 0x2000, NULL, 0);
    d->helper_sections[1].flags = COFF_BSS;
    d->helper_symbols[0] =
        (struct coff_symbol){.name = "Helper", .section = 1, .storage = COFF_EXTERNAL, .function = true};
    d->helper_symbols[1] = (struct coff_symbol){.name = "state", .value = 0x10, .section = 2, .storage = COFF_STATIC};
    d->helper_symbols[2] = (struct coff_symbol){.name = "TEST_Init", .storage = COFF_EXTERNAL};
    d->helper = (struct coff_object){.sections = d->helper_sections,
                                     .section_count = 2,
                                     .symbols = d->helper_symbols,
                                     .symbol_count = 3,
                                     .directives = ""};
}

static void begin(struct driver *d)
{
    memset(d, 0, sizeof *d);
    make_main(d);
    make_helper(d);
    base_diag_init(&d->diag, &base_heap, NULL, NULL);
    base_buf_init(&d->image, &base_heap);
    base_buf_init(&d->map, &base_heap);
}

static void end(struct driver *d)
{
    base_diag_free(&d->diag);
    base_buf_free(&d->image);
    base_buf_free(&d->map);
}

static bool link_driver(struct driver *d)
{
    struct base_buf objects[2];
    struct link_input inputs[2] = {{.path = "main.obj"}, {.path = "helper.obj"}};
    const struct coff_object *models[2] = {&d->main, &d->helper};
    struct link_input def = {"test.def", (const uint8_t *)d->def, d->def ? strlen(d->def) : 0};
    struct link_options options = {.alloc = &base_heap, .kind = d->kind, .def = d->def ? &def : NULL, .debug = true};
    for (int i = 0; i < 2; i++) {
        base_buf_init(&objects[i], &base_heap);
        if (!coff_write(models[i], &objects[i], &d->diag))
            fail_msg("%s", base_buf_cstr(&d->diag.first));
        inputs[i].bytes = objects[i].data;
        inputs[i].size = objects[i].size;
    }
    bool ok = link_image(&options, inputs, 2, &d->diag, &d->image, &d->map);
    base_buf_free(&objects[0]);
    base_buf_free(&objects[1]);
    return ok;
}

// ---------------------------------------------------------------------------------------------------------------------
// What it makes

static const struct le_fixup *fixup_at(const struct le_image *m, uint32_t object, uint32_t offset)
{
    for (uint32_t i = 0; i < m->fixup_count; i++)
        if (m->fixups[i].object == object && m->fixups[i].offset == offset)
            return &m->fixups[i];
    fail_msg("no fixup at %u:%x", object, offset);
    return NULL;
}

static void assert_fixup(const struct le_image *m, uint32_t offset, uint8_t source, uint32_t object, uint32_t target)
{
    const struct le_fixup *f = fixup_at(m, 0, offset);
    assert_int_equal(f->source, source);
    assert_int_equal(f->target_object, object);
    assert_int_equal(f->target_offset, target);
}

static void two_objects_become_a_driver(void **state)
{
    (void)state;
    struct driver d;
    struct base_arena arena;
    struct le_image m;
    uint32_t object, offset;
    begin(&d);
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    base_arena_init(&arena, &base_heap);
    assert_true(le_read(d.image.data, d.image.size, "t.vxd", &arena, &d.diag, &m));
    assert_true(le_check_vxd(&m, "t.vxd", &d.diag, &object, &offset));
    assert_int_equal(m.flags, 0x00028000);
    assert_int_equal(m.device_id, 0x1234);
    assert_int_equal(m.ddk_version, 0x400);
    assert_string_equal(m.module_name, "TEST");
    assert_int_equal(m.object_count, 3);
    assert_int_equal(m.objects[0].flags, 0x2045);
    assert_int_equal(m.objects[1].flags, 0x2015);
    assert_int_equal(m.objects[2].flags, 0x1005);
    enum { HELPER = 0x20, DATA = 0x2c, DDB = DATA + DDB_AT, COMMUNAL = 0x20b0 };
    assert_int_equal(object, 0);
    assert_int_equal(offset, DDB);
    const uint8_t *code = m.objects[0].data;
    assert_int_equal(base_get32(code + 5), HELPER - 9);        // a call within the object needs no fixup
    assert_fixup(&m, 10, LE_SELF32, 1, 0);                     // one to another object does
    assert_fixup(&m, 16, LE_OFFSET32, 0, COMMUNAL + 8);        // the addend counts
    assert_fixup(&m, HELPER + 1, LE_OFFSET32, 0, 0xac + 0x10); // .bss follows .text, _LDATA
    assert_fixup(&m, HELPER + 6, LE_SELF32, 1, 0);
    assert_fixup(&m, DDB + 0x18, LE_OFFSET32, 0, 4);
    assert_fixup(&m, DDB + 0x30, LE_OFFSET32, 0, DATA + TABLE_AT);
    assert_fixup(&m, DATA + TABLE_AT, LE_OFFSET32, 0, HELPER);
    assert_int_equal(m.objects[0].size, COMMUNAL + 100);
    assert_int_equal(base_get16(m.objects[2].data + 1), 9); // an offset in the real-mode segment is a number
    assert_string_equal(m.files[m.lines[0].file], "test.asm");
    assert_golden("tests/link/driver.map", base_buf_cstr(&d.map), d.map.size);
    base_arena_free(&arena);
    end(&d);
}

static void equal_inputs_give_equal_images(void **state)
{
    (void)state;
    struct driver a, b;
    begin(&a);
    begin(&b);
    assert_true(link_driver(&a) && link_driver(&b));
    assert_int_equal(a.image.size, b.image.size);
    assert_memory_equal(a.image.data, b.image.data, a.image.size);
    end(&a);
    end(&b);
}

static void a_def_file_rules(void **state)
{
    (void)state;
    struct driver d;
    struct base_arena arena;
    struct le_image m;
    begin(&d);
    d.def = "; a driver\r\nVXD OTHER DYNAMIC\nDESCRIPTION 'What it is'\nSEGMENTS\n"
            " _ITEXT CLASS 'PCODE' NONDISCARDABLE\n _MINE CLASS 'XCODE' PRELOAD IOPL\nEXPORTS\n TEST_DDB @1\n";
    d.main.section_count = 3; // a dynamic driver has no real mode
    d.main.symbol_count = SYMBOLS - 1;
    for (int i = 3; i < SYMBOLS - 1; i++)
        if (d.symbols[i].section == 4)
            d.symbols[i].section = 3;
    section(&d.sections[ITEXT], "_MINE", 4, d.itext, 16, d.itext_relocations, 1);
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    base_arena_init(&arena, &base_heap);
    assert_true(le_read(d.image.data, d.image.size, "t.vxd", &arena, &d.diag, &m));
    assert_int_equal(m.flags, 0x00038000);
    assert_string_equal(m.module_name, "OTHER");
    assert_string_equal(m.description, "What it is");
    assert_int_equal(m.objects[1].flags, 0xa045);
    base_arena_free(&arena);
    d.kind = LINK_KIND_STATIC; // the option wins
    assert_true(link_driver(&d));
    end(&d);
}

static void the_assembler_tells_a_segments_class(void **state)
{
    (void)state;
    struct driver d;
    begin(&d);
    d.sections[ITEXT].name = "MYSEG";
    d.main.directives = "-segment:_LTEXT,class=LCODE,align=4,use=32 -segment:MYSEG,align=4,class=PCODE,use=32";
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    assert_non_null(strstr(base_buf_cstr(&d.map), "00002005  PCODE"));
    end(&d);
}

static void offsets_within_16bit_code_are_numbers(void **state)
{
    (void)state;
    struct driver d;
    struct base_arena arena;
    struct le_image m;
    begin(&d);
    d.rcode_relocations[1] = (struct coff_relocation){4, S_RMSG, COFF_REL16};
    d.rcode_relocations[2] = (struct coff_relocation){6, S_RMSG, COFF_DIR32};
    d.sections[RCODE].relocation_count = 3;
    base_put16(d.rcode + 1, 0xffff); // Real_Message-1
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    base_arena_init(&arena, &base_heap);
    assert_true(le_read(d.image.data, d.image.size, "t.vxd", &arena, &d.diag, &m));
    assert_int_equal(base_get16(m.objects[2].data + 1), 8);
    assert_int_equal(base_get16(m.objects[2].data + 4), 9 - 6);
    assert_int_equal(base_get32(m.objects[2].data + 6), 9);
    for (uint32_t i = 0; i < m.fixup_count; i++)
        assert_int_not_equal(m.fixups[i].object, 2);
    base_arena_free(&arena);
    end(&d);
}

static void a_class_of_ones_own_may_be_16bit(void **state)
{
    (void)state;
    struct driver d;
    begin(&d);
    d.def = "SEGMENTS MYSEG CLASS 'MY16' PRELOAD";
    d.sections[RCODE].name = "MYSEG";
    d.sections[RCODE].flags |= COFF_16BIT;
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    assert_non_null(strstr(base_buf_cstr(&d.map), "00001045  MY16"));
    end(&d);
}

// What .def files of drivers in C say of _TEXT and its like means the compiler's .text; quotes are doubled; the export
// may be called otherwise inside.
static void def_files_speak_of_compilers_sections(void **state)
{
    (void)state;
    struct driver d;
    struct base_arena arena;
    struct le_image m;
    begin(&d);
    d.def = "VXD TEST\nDESCRIPTION 'It''s a driver'\nSECTIONS\n_TEXT CLASS 'PCODE' NONDISCARDABLE\n"
            "_BSS CLASS 'PDATA' READ WRITE SHARED\nEXPORTS The_DDB=TEST_DDB @1 PRIVATE\n";
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    base_arena_init(&arena, &base_heap);
    assert_true(le_read(d.image.data, d.image.size, "t.vxd", &arena, &d.diag, &m));
    assert_string_equal(m.description, "It's a driver");
    assert_non_null(strstr(base_buf_cstr(&d.map), "00002005  PCODE"));
    assert_non_null(strstr(base_buf_cstr(&d.map), "00002023  PDATA"));
    base_arena_free(&arena);
    end(&d);
}

static void def_files_of_windows_31_are_understood(void **state)
{
    (void)state;
    struct driver d;
    begin(&d);
    d.def = "LIBRARY VTESTD ; the name\nDESCRIPTION 'Win386 VTESTD Device (Version 3.0)'\nEXETYPE DEV386\nSEGMENTS\n"
            "_LTEXT PRELOAD NONDISCARDABLE\n_LDATA PRELOAD NONDISCARDABLE\n_ITEXT CLASS 'ICODE' DISCARDABLE\n"
            "'_TEXT' CLASS 'PCODE' NONDISCARDABLE\nSTUB 'WINSTUB.EXE'\nEXPORTS\nTEST_DDB @1\n";
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    assert_non_null(strstr(base_buf_cstr(&d.map), "VTESTD: static driver"));
    assert_non_null(strstr(base_buf_cstr(&d.map), "00002045  LCODE"));
    assert_int_equal(d.diag.warnings, 1); // the stub
    end(&d);
}

static void parts_of_text_are_sorted_by_their_suffix(void **state)
{
    (void)state;
    struct driver d;
    begin(&d);
    d.sections[ITEXT].name = ".text$z";
    d.sections[LTEXT].name = ".text$a";
    d.symbols[0].name = ".text$a";
    if (!link_driver(&d))
        fail_msg("%s", base_buf_cstr(&d.diag.first));
    const char *map = base_buf_cstr(&d.map);
    const char *plain = strstr(map, ".text  "), *a = strstr(map, ".text$a"), *z = strstr(map, ".text$z");
    assert_true(plain && a && z && plain < a && a < z);
    end(&d);
}

// ---------------------------------------------------------------------------------------------------------------------
// What it refuses

typedef void change(struct driver *d);

static void undefined(struct driver *d)
{
    d->helper_symbols[0].name = "_Helper";
}
static void duplicate(struct driver *d)
{
    d->helper_symbols[2] =
        (struct coff_symbol){.name = "TEST_Init", .value = 2, .section = 1, .storage = COFF_EXTERNAL};
}
static void unknown_section(struct driver *d)
{
    d->sections[ITEXT].name = "MYSEG";
}
static void unknown_class(struct driver *d)
{
    unknown_section(d);
    d->main.directives = "-segment:MYSEG,class=FUNNY";
}
static void other_class(struct driver *d)
{
    d->helper.directives = "-segment:_LTEXT,class=PCODE";
    d->helper_sections[0].name = "_LTEXT";
    d->main.directives = "-segment:_LTEXT,class=LCODE";
}
static void unknown_relocation(struct driver *d)
{
    static struct coff_relocation r = {1, 1, 99};
    d->helper_sections[0].relocations = &r;
    d->helper_sections[0].relocation_count = 1;
}
static void real_mode_reaches_out(struct driver *d)
{
    d->rcode_relocations[0] = (struct coff_relocation){1, S_TABLE, COFF_DIR32};
}
static void real_mode_is_reached(struct driver *d)
{
    d->ltext_relocations[2].symbol = S_RMSG;
}
static void word_in_flat_code(struct driver *d)
{
    d->ltext_relocations[2].type = COFF_DIR16;
}
static void segment_address(struct driver *d)
{
    d->ltext_relocations[2].type = COFF_SECTION;
}
static void outside(struct driver *d)
{
    d->ltext_relocations[2].offset = 30;
}
static void overlap(struct driver *d)
{
    d->ltext_relocations[2].offset = 11;
}
static void no_ddb(struct driver *d)
{
    d->symbols[S_DDB].name = "TEST_DB";
}
static void two_ddbs(struct driver *d)
{
    d->symbols[S_INIT].name = "_INIT_ddb";
    d->helper_symbols[2].name = "_INIT_ddb";
}
static void ddb_in_init(struct driver *d)
{
    d->sections[LDATA].name = "_IDATA";
}
static void ddb_cut_off(struct driver *d)
{
    d->symbols[S_DDB].value = 0x80 - 0x4f;
    base_put16(d->ldata + 0x80 - 0x4f + 4, 0x400);
}
static void no_version(struct driver *d)
{
    base_put16(d->ldata + DDB_AT + 4, 0);
}
static void internal_id(struct driver *d)
{
    base_put16(d->ldata + DDB_AT + 6, 0xf001);
}
static void bad_name(struct driver *d)
{
    memcpy(d->ldata + DDB_AT + 12, "A B", 3);
}
static void no_control(struct driver *d)
{
    d->ldata_relocations[0] = d->ldata_relocations[1];
    d->ldata_relocations[0].offset = 0;
}
static void control_is_a_number(struct driver *d)
{
    no_control(d);
    base_put32(d->ldata + DDB_AT + 0x18, 0x1234);
}
static void control_in_init(struct driver *d)
{
    d->ldata_relocations[0].symbol = S_INIT;
}
static void too_many_services(struct driver *d)
{
    base_put32(d->ldata + DDB_AT + 0x34, 0x1000);
}
static void service_in_init(struct driver *d)
{
    d->ldata_relocations[2].symbol = S_INIT;
}
static void service_is_a_number(struct driver *d)
{
    base_put32(d->ldata + TABLE_AT + 4, 5);
}
static void api_in_init(struct driver *d)
{
    d->ldata_relocations[3] = (struct coff_relocation){DDB_AT + 0x1c, S_INIT, COFF_DIR32};
    d->sections[LDATA].relocation_count = 4;
}
static void no_table(struct driver *d)
{
    d->ldata_relocations[1].offset = 0;
}
static void dynamic_with_real_mode(struct driver *d)
{
    d->kind = LINK_KIND_DYNAMIC;
}
static void dynamic_of_31(struct driver *d)
{
    d->kind = LINK_KIND_DYNAMIC;
    base_put16(d->ldata + DDB_AT + 4, 0x30a);
}
static void late_real_mode_entry(struct driver *d)
{
    d->main.start = S_RMSG + 1;
}
static void huge(struct driver *d)
{
    d->helper_sections[1].size = 0x7fffffff;
}
static void aligned(struct driver *d)
{
    d->sections[LDATA].align = 8192;
}
static void second_export(struct driver *d)
{
    d->def = "VXD X\nEXPORTS\n TEST_DDB @1\n Other @2\n";
}
static void other_ordinal(struct driver *d)
{
    d->def = "EXPORTS TEST_DDB @2";
}
static void no_such_export(struct driver *d)
{
    d->def = "VXD X\n\nEXPORTS X_DDB @1";
}
static void imports(struct driver *d)
{
    d->def = "IMPORTS KERNEL.1";
}
static void unknown_statement(struct driver *d)
{
    d->def = "VXD A\nHELLO";
}
static void unknown_attribute(struct driver *d)
{
    d->def = "SEGMENTS _LTEXT CLASS 'LCODE' FAST";
}

static const struct {
    change *change;
    const char *message;
} refusals[] = {
    {undefined, "test.asm:20: error: undefined symbol 'Helper', wanted by _LTEXT+5h of main.obj; there is a '_Helper'"},
    {duplicate,
     "helper.obj: error: the symbol 'TEST_Init' in .text+2h of helper.obj is already defined in _ITEXT+0h of main.obj"},
    {unknown_section, "main.obj: error: the section 'MYSEG' is of no known class"},
    {unknown_class, "main.obj: error: the segment 'MYSEG' has the class 'FUNNY'"},
    {other_class, "helper.obj: error: the segment '_LTEXT' has the class 'PCODE' here and 'LCODE'"},
    {unknown_relocation, "the relocation's type is unknown"},
    {real_mode_reaches_out, "real-mode code cannot reach"},
    {real_mode_is_reached,
     "test.asm:21: error: _LTEXT+10h of main.obj refers to 'Real_Message': the real-mode segment is gone"},
    {word_in_flat_code, "a 16-bit offset reaches only"},
    {segment_address, "a segment address is not known"},
    {outside, "lies outside the section's bytes"},
    {overlap, "two relocations overlap at bh of the LCODE object"},
    {no_ddb, "no device descriptor block"},
    {two_ddbs, "two device descriptor blocks: 'TEST_DDB' in main.obj and '_INIT_ddb' in main.obj"},
    {ddb_in_init, "the device descriptor block lies in class ICODE"},
    {ddb_cut_off, "only 4fh of the device descriptor block's 50h bytes"},
    {no_version, "DDB_SDK_Version is 0000h"},
    {internal_id, "the device id f001h"},
    {bad_name, "DDB_Name is not eight characters"},
    {no_control, "there is no control procedure"},
    {control_is_a_number, "DDB_Control_Proc is the number 1234h, not an address"},
    {control_in_init, "the control procedure lies in class ICODE"},
    {too_many_services, "the service table's 4096 entries go beyond"},
    {service_in_init, "service 0 lies in class ICODE"},
    {service_is_a_number, "service 1 in the service table is the number 5h"},
    {api_in_init, "DDB_V86_API_Proc lies in class ICODE"},
    {no_table, "DDB_Service_Table_Size is 2, but there is no service table"},
    {dynamic_with_real_mode, "a dynamic driver has no real-mode initialisation"},
    {dynamic_of_31, "a dynamic driver has no real-mode initialisation"},
    {late_real_mode_entry, "the real-mode initialisation 'Real_Message' is at offset 9h; it must start its segment"},
    {huge, "take more than 64 MB"},
    {aligned, "an alignment of 8192 cannot be kept"},
    {second_export, "test.def:4: error: a second export, 'Other'"},
    {other_ordinal, "test.def:1: error: 'TEST_DDB' has the ordinal @2"},
    {no_such_export, "test.def:3: error: no object defines the export 'X_DDB'"},
    {imports, "test.def:1: error: IMPORTS"},
    {unknown_statement, "test.def:2: error: unknown statement 'HELLO'"},
    {unknown_attribute, "test.def:1: error: segment '_LTEXT': unknown attribute 'FAST'"},
};

static void every_mistake_has_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(refusals); i++) {
        struct driver d;
        begin(&d);
        refusals[i].change(&d);
        assert_false(link_driver(&d));
        if (!strstr(base_buf_cstr(&d.diag.first), refusals[i].message))
            fail_msg("expected\n%s\nfound\n%s", refusals[i].message, base_buf_cstr(&d.diag.first));
        assert_int_equal(d.image.size, 0);
        end(&d);
    }
}

// Each name once for each object that wants it, and duplicates with them.
static void all_missing_and_double_names_come_out_at_once(void **state)
{
    (void)state;
    struct driver d;
    begin(&d);
    d.symbols[S_INIT] = (struct coff_symbol){.name = "Missing", .storage = COFF_EXTERNAL};
    d.helper_symbols[2].name = "Missing";
    d.helper_symbols[0] = (struct coff_symbol){.name = "TEST_Service_Table", .section = 1, .storage = COFF_EXTERNAL};
    assert_false(link_driver(&d));
    assert_int_equal(d.diag.errors,
                     4); // TEST_Service_Table is there twice, Helper is missing, Missing for both objects
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_objects_become_a_driver),
        cmocka_unit_test(equal_inputs_give_equal_images),
        cmocka_unit_test(a_def_file_rules),
        cmocka_unit_test(the_assembler_tells_a_segments_class),
        cmocka_unit_test(offsets_within_16bit_code_are_numbers),
        cmocka_unit_test(a_class_of_ones_own_may_be_16bit),
        cmocka_unit_test(def_files_of_windows_31_are_understood),
        cmocka_unit_test(def_files_speak_of_compilers_sections),
        cmocka_unit_test(parts_of_text_are_sorted_by_their_suffix),
        cmocka_unit_test(every_mistake_has_its_message),
        cmocka_unit_test(all_missing_and_double_names_come_out_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
