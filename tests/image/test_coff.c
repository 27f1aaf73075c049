// COFF objects: a model written and read back is the same model, other tools' objects are understood, and damaged ones
// are refused with a message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/coff.h"

struct reading {
    struct base_arena arena;
    struct base_diag diag;
    struct coff_object object;
};

static bool read_bytes(struct reading *r, const uint8_t *bytes, size_t size)
{
    base_arena_init(&r->arena, &base_heap);
    base_diag_init(&r->diag, &base_heap, NULL, NULL);
    return coff_read(bytes, size, "t.obj", &r->arena, &r->diag, &r->object);
}

static void end_reading(struct reading *r)
{
    base_arena_free(&r->arena);
    base_diag_free(&r->diag);
}

static void write_model(const struct coff_object *o, struct base_buf *out)
{
    struct base_diag diag;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(out, &base_heap);
    if (!coff_write(o, out, &diag))
        fail_msg("%s", base_buf_cstr(&diag.first));
    base_diag_free(&diag);
}

static void assert_same_section(const struct coff_section *a, const struct coff_section *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->align, b->align);
    assert_int_equal(a->size, b->size);
    assert_int_equal(!a->data, !b->data);
    if (a->data)
        assert_memory_equal(a->data, b->data, a->size);
    assert_int_equal(a->relocation_count, b->relocation_count);
    for (uint32_t i = 0; i < a->relocation_count; i++) {
        assert_int_equal(a->relocations[i].offset, b->relocations[i].offset);
        assert_int_equal(a->relocations[i].symbol, b->relocations[i].symbol);
        assert_int_equal(a->relocations[i].type, b->relocations[i].type);
    }
    assert_int_equal(a->line_count, b->line_count);
    for (uint32_t i = 0; i < a->line_count; i++) {
        assert_int_equal(a->lines[i].offset, b->lines[i].offset);
        assert_int_equal(a->lines[i].line, b->lines[i].line);
        assert_int_equal(a->lines[i].file, b->lines[i].file);
    }
}

static void assert_same_model(const struct coff_object *a, const struct coff_object *b)
{
    assert_int_equal(a->section_count, b->section_count);
    for (uint32_t i = 0; i < a->section_count; i++)
        assert_same_section(&a->sections[i], &b->sections[i]);
    assert_int_equal(a->symbol_count, b->symbol_count);
    for (uint32_t i = 0; i < a->symbol_count; i++) {
        assert_string_equal(a->symbols[i].name, b->symbols[i].name);
        assert_int_equal(a->symbols[i].value, b->symbols[i].value);
        assert_int_equal(a->symbols[i].section, b->symbols[i].section);
        assert_int_equal(a->symbols[i].storage, b->symbols[i].storage);
        assert_int_equal(a->symbols[i].function, b->symbols[i].function);
    }
    assert_int_equal(a->file_count, b->file_count);
    for (uint32_t i = 0; i < a->file_count; i++)
        assert_string_equal(a->files[i], b->files[i]);
    assert_int_equal(a->start, b->start);
    assert_string_equal(a->directives, b->directives);
}

static void assert_round_trip(const struct coff_object *o)
{
    struct base_buf first, second;
    struct reading r;
    write_model(o, &first);
    if (!read_bytes(&r, first.data, first.size))
        fail_msg("%s", base_buf_cstr(&r.diag.first));
    assert_same_model(o, &r.object);
    write_model(&r.object, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    end_reading(&r);
    base_buf_free(&first);
    base_buf_free(&second);
}

// A model with everything in it: short and long names, all kinds of symbols, lines of two files, directives, a start.
static struct coff_relocation relocations[] = {{1, 3, COFF_DIR32}, {6, 4, COFF_REL32}};
static struct coff_line code_lines[] = {{0, 6, 0}, {1, 7, 0}, {2, 7, 0}, {5, 80000, 0},
                                        {6, 3, 1}, {7, 4, 1}, {8, 8, 0}, {10, 9, 0}};
static struct coff_line more_lines[] = {{2, 1, 1}};
static const uint8_t code[12] = {0xb8, 0, 0, 0, 0, 0xe8, 1, 2, 3, 4, 0xc3, 0x90};
static struct coff_section sections[] = {
    {.name = "_LTEXT",
     .flags = COFF_CODE | COFF_EXECUTE | COFF_READ,
     .align = 4,
     .data = code,
     .size = 12,
     .relocations = relocations,
     .relocation_count = 2,
     .lines = code_lines,
     .line_count = 8},
    {.name = "a section with a long name",
     .flags = COFF_DATA | COFF_READ | (uint32_t)COFF_WRITE,
     .align = 8192,
     .data = code,
     .size = 4,
     .lines = more_lines,
     .line_count = 1},
    {.name = "_BSS", .flags = COFF_BSS | COFF_READ | (uint32_t)COFF_WRITE, .align = 1, .size = 1000},
    {.name = "_RCODE", .flags = COFF_CODE | COFF_16BIT, .align = 16},
};
static struct coff_symbol symbols[] = {
    {.name = "_LTEXT", .section = 1, .storage = COFF_STATIC},
    {.name = "_Entry", .section = 1, .storage = COFF_EXTERNAL, .function = true},
    {.name = "A_Second_Procedure", .value = 8, .section = 1, .storage = COFF_STATIC, .function = true},
    {.name = "buffer", .value = 10, .section = 3, .storage = COFF_STATIC},
    {.name = "An_External_Procedure", .section = COFF_UNDEFINED, .storage = COFF_EXTERNAL},
    {.name = "communal", .value = 64, .section = COFF_UNDEFINED, .storage = COFF_EXTERNAL},
    {.name = "constant", .value = 0xfffffff0, .section = COFF_ABSOLUTE, .storage = COFF_EXTERNAL},
    {.name = "label", .value = 3, .section = 1, .storage = COFF_LABEL},
};
static const char *files[] = {"driver.asm", "an/include/file/in/a/folder/with/a/long/name.inc", "unused.inc"};
static struct coff_object everything = {
    .sections = sections,
    .section_count = 4,
    .symbols = symbols,
    .symbol_count = 8,
    .files = files,
    .file_count = 3,
    .start = 2,
    .directives = "-segment:_LTEXT,class=LCODE,align=4,use=32",
};

static void a_model_survives_writing_and_reading(void **state)
{
    (void)state;
    assert_round_trip(&everything);
    struct coff_object empty = {.directives = ""};
    assert_round_trip(&empty);
    struct coff_object only_start = everything;
    only_start.directives = "";
    assert_round_trip(&only_start);
}

static void counts_beyond_sixteen_bits_survive(void **state)
{
    (void)state;
    enum { MANY = 70000 };
    struct coff_relocation *many = calloc(MANY, sizeof *many);
    struct coff_line *lines = calloc(MANY, sizeof *lines);
    uint8_t *data = calloc(MANY, 4);
    for (uint32_t i = 0; i < MANY; i++) {
        many[i] = (struct coff_relocation){i * 4, i % 2, COFF_DIR32};
        lines[i] = (struct coff_line){i * 4, i + 1, 0};
    }
    for (uint32_t count = 65533; count < 65538; count++) {
        struct coff_section s = {.name = "_LDATA",
                                 .flags = COFF_DATA,
                                 .align = 4,
                                 .data = data,
                                 .size = MANY * 4,
                                 .relocations = many,
                                 .relocation_count = count,
                                 .lines = lines,
                                 .line_count = count};
        struct coff_object o = {.sections = &s,
                                .section_count = 1,
                                .symbols = symbols,
                                .symbol_count = 1,
                                .files = files,
                                .file_count = 1,
                                .directives = ""};
        many[1].symbol = 0;
        for (uint32_t i = 0; i < MANY; i++)
            many[i].symbol = 0;
        assert_round_trip(&o);
    }
    free(many);
    free(lines);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_survives_writing_and_reading),
        cmocka_unit_test(counts_beyond_sixteen_bits_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
