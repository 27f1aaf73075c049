// LE images: a model written and read back is the same model, and no damage to a file does worse than a message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/le.h"

struct reading {
    struct base_arena arena;
    struct base_diag diag;
    struct le_image image;
};

static bool read_bytes(struct reading *r, const uint8_t *bytes, size_t size)
{
    base_arena_init(&r->arena, &base_heap);
    base_diag_init(&r->diag, &base_heap, NULL, NULL);
    return le_read(bytes, size, "t.vxd", &r->arena, &r->diag, &r->image);
}

static void end_reading(struct reading *r)
{
    base_arena_free(&r->arena);
    base_diag_free(&r->diag);
}

static void write_model(const struct le_image *m, struct base_buf *out)
{
    struct base_diag diag;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(out, &base_heap);
    if (!le_write(m, NULL, 0, out, &diag))
        fail_msg("%s", base_buf_cstr(&diag.first));
    base_diag_free(&diag);
}

// ---------------------------------------------------------------------------------------------------------------------
// A driver with everything in it

enum { LOCKED_SIZE = 0x2345, LOCKED_DATA = 0x2100, INIT_SIZE = 0x80 };

static uint8_t locked_data[LOCKED_DATA], init_data[INIT_SIZE];
static struct le_object objects[] = {
    {.name = "LCOD", .flags = 0x2045, .size = LOCKED_SIZE, .data = locked_data, .data_size = LOCKED_DATA},
    {.name = "PDAT", .flags = 0x2023, .size = 0x5000},
    {.name = "ICOD", .flags = 0x2015, .size = INIT_SIZE, .data = init_data, .data_size = INIT_SIZE},
};
static struct le_fixup fixups[] = {
    {0, 0x10, LE_OFFSET32, 0, 0x20},    {0, 0x14, LE_OFFSET32, 0, 0x20},       {0, 0x18, LE_SELF32, 2, 0x8},
    {0, 0x20, LE_OFFSET32, 1, 0x4000},  {0, 0x24, LE_OFFSET32, 1, 0xfffffffc}, {0, 0xffe, LE_OFFSET32, 0, 0x20},
    {0, 0x1ffd, LE_SELF32, 0, 0x12345}, {0, 0x2000 + 1, LE_SELECTOR, 2, 0},    {2, 0, LE_OFFSET32, 0, 0},
};
static struct le_export exports[] = {{"TEST_DDB", 1, 0, 0x100}};
static const char *files[] = {"test.asm", "test.inc"};
static struct le_symbol symbols[] = {
    {0, 0, "Start", false}, {0, 0x100, "TEST_DDB", false}, {2, 0, "Init", false}, {2, INIT_SIZE, "End_Init", true}};
static struct le_line lines[] = {{0, 0, 0, 10}, {0, 5, 1, 7}, {0, 7, 0, 100000}, {2, 0, 0, 3}, {2, 9, 0, 0}};
static const uint8_t resource[] = {16, 0, 1, 0, 9, 9};
static const struct le_image everything = {
    .module_name = "TEST",
    .flags = LE_STATIC_VXD,
    .cpu = 2,
    .os = 4,
    .module_version = 0x10002,
    .device_id = 0x1234,
    .ddk_version = 0x400,
    .objects = objects,
    .object_count = 3,
    .fixups = fixups,
    .fixup_count = 9,
    .exports = exports,
    .export_count = 1,
    .files = files,
    .file_count = 2,
    .symbols = symbols,
    .symbol_count = 4,
    .lines = lines,
    .line_count = 5,
    .version_resource = resource,
    .version_resource_size = sizeof resource,
    .description = "A test",
};

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof locked_data; i++)
        locked_data[i] = (uint8_t)(i * 7);
    memset(init_data, 0x90, sizeof init_data);
    base_put16(locked_data + 0x104, 0x400);
    return 0;
}

static void assert_same_objects(const struct le_image *a, const struct le_image *b)
{
    assert_int_equal(a->object_count, b->object_count);
    for (uint32_t i = 0; i < a->object_count; i++) {
        const struct le_object *x = &a->objects[i], *y = &b->objects[i];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->size, y->size);
        assert_true(y->data_size >= x->data_size); // whole pages, but for the file's last
        if (x->data_size)
            assert_memory_equal(x->data, y->data, x->data_size);
        for (uint32_t k = x->data_size; k < y->data_size; k++)
            assert_int_equal(y->data[k], 0);
    }
}

static void assert_same_fixup(const struct le_fixup *a, const struct le_fixup *b)
{
    assert_int_equal(a->object, b->object);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->source, b->source);
    assert_int_equal(a->target_object, b->target_object);
    assert_int_equal(a->target_offset, b->target_offset);
}

static void assert_same_model(const struct le_image *a, const struct le_image *b)
{
    assert_string_equal(a->module_name, b->module_name);
    assert_string_equal(a->description, b->description);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->cpu, b->cpu);
    assert_int_equal(a->os, b->os);
    assert_int_equal(a->module_version, b->module_version);
    assert_int_equal(a->device_id, b->device_id);
    assert_int_equal(a->ddk_version, b->ddk_version);
    assert_same_objects(a, b);
    assert_int_equal(a->fixup_count, b->fixup_count);
    for (uint32_t i = 0; i < a->fixup_count; i++)
        assert_same_fixup(&a->fixups[i], &b->fixups[i]);
    assert_int_equal(a->export_count, b->export_count);
    assert_string_equal(a->exports[0].name, b->exports[0].name);
    assert_int_equal(a->exports[0].offset, b->exports[0].offset);
    assert_int_equal(a->symbol_count, b->symbol_count);
    for (uint32_t i = 0; i < a->symbol_count; i++) {
        assert_int_equal(a->symbols[i].object, b->symbols[i].object);
        assert_int_equal(a->symbols[i].offset, b->symbols[i].offset);
        assert_string_equal(a->symbols[i].name, b->symbols[i].name);
        assert_int_equal(a->symbols[i].label, b->symbols[i].label);
    }
    assert_int_equal(a->line_count, b->line_count);
    assert_memory_equal(a->lines, b->lines, a->line_count * sizeof *a->lines);
    assert_int_equal(a->version_resource_size, b->version_resource_size);
}

static void a_model_survives_writing_and_reading(void **state)
{
    (void)state;
    struct base_buf first, second;
    struct reading r;
    write_model(&everything, &first);
    if (!read_bytes(&r, first.data, first.size))
        fail_msg("%s", base_buf_cstr(&r.diag.first));
    assert_same_model(&everything, &r.image);
    write_model(&r.image, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    end_reading(&r);
    base_buf_free(&first);
    base_buf_free(&second);
}

// Every length short of the whole gives exactly one message.
static void every_truncation_gives_a_message(void **state)
{
    (void)state;
    struct base_buf whole;
    write_model(&everything, &whole);
    for (size_t n = 0; n < whole.size; n++) {
        struct reading r;
        uint8_t *copy = malloc(n ? n : 1); // its own block, so that sanitizers see a read beyond it
        memcpy(copy, whole.data, n);
        assert_false(read_bytes(&r, copy, n));
        assert_int_equal(r.diag.errors, 1);
        end_reading(&r);
        free(copy);
    }
    base_buf_free(&whole);
}

static void touch(const struct le_image *m)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < m->object_count; i++)
        for (uint32_t k = 0; k < m->objects[i].data_size; k += 97)
            sum += m->objects[i].data[k];
    for (uint32_t i = 0; i < m->fixup_count; i++) {
        const struct le_fixup *f = &m->fixups[i];
        assert_true(f->target_object < m->object_count && f->object < m->object_count);
        assert_true(f->offset + le_source_width(f->source) <= m->objects[f->object].size);
        assert_true(i == 0 || f[-1].object < f->object || f[-1].offset < f->offset);
    }
    for (uint32_t i = 0; i < m->export_count; i++)
        assert_true(m->exports[i].offset <= m->objects[m->exports[i].object].size);
    for (uint32_t i = 0; i < m->symbol_count; i++)
        sum += (uint32_t)strlen(m->symbols[i].name) + m->objects[m->symbols[i].object].size;
    for (uint32_t i = 0; i < m->line_count; i++)
        sum += (uint32_t)strlen(m->files[m->lines[i].file]);
    assert_true(sum != UINT32_MAX);
}

static void every_corrupted_byte_gives_a_message_or_a_sound_model(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x02, 0x10, 0x40, 0x80, 0xff};
    struct base_buf whole;
    write_model(&everything, &whole);
    for (size_t i = 0; i < whole.size; i++) {
        if (i == 0x600) // the content of pages is free
            i = whole.size - 0x200;
        for (size_t k = 0; k < BASE_COUNT(changes); k++) {
            struct reading r;
            uint32_t object, offset;
            whole.data[i] ^= changes[k];
            bool ok = read_bytes(&r, whole.data, whole.size);
            assert_int_equal(r.diag.errors, ok ? 0 : 1);
            if (ok) {
                touch(&r.image);
                ok = le_check_vxd(&r.image, "t.vxd", &r.diag, &object, &offset);
                assert_int_equal(r.diag.errors, ok ? 0 : 1);
            }
            whole.data[i] ^= changes[k];
            end_reading(&r);
        }
    }
    base_buf_free(&whole);
}

// ---------------------------------------------------------------------------------------------------------------------
// Another stub

static void any_mz_program_with_room_for_the_new_header_may_be_the_stub(void **state)
{
    (void)state;
    uint8_t stub[0x45] = {'M', 'Z', [0x18] = 0x40, [0x44] = 0xc3};
    struct base_diag diag;
    struct base_buf out;
    struct reading r;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&out, &base_heap);
    assert_true(le_write(&everything, stub, sizeof stub, &out, &diag));
    assert_int_equal(out.data[0x44], 0xc3);
    assert_int_equal(base_get32(out.data + 0x3c), 0x50);
    assert_true(read_bytes(&r, out.data, out.size));
    assert_same_model(&everything, &r.image);
    end_reading(&r);
    stub[0x18] = 0x1c; // its relocations lie where the new header's address would be
    assert_false(le_write(&everything, stub, sizeof stub, &out, &diag));
    assert_non_null(strstr(base_buf_cstr(&diag.first), "the stub is no MZ program"));
    base_buf_free(&out);
    base_diag_free(&diag);
}

// ---------------------------------------------------------------------------------------------------------------------
// What other files are told

static void assert_refused(const void *bytes, size_t size, const char *message)
{
    struct reading r;
    assert_false(read_bytes(&r, bytes, size));
    assert_non_null(strstr(base_buf_cstr(&r.diag.first), message));
    end_reading(&r);
}

static void other_files_are_told_what_they_are(void **state)
{
    (void)state;
    static uint8_t program[0x100] = {'M', 'Z', [0x3c] = 0x80};
    static const char *const kinds[][2] = {{"PE", "Win32"},         {"NE", "16-bit Windows"}, {"LX", "OS/2"},
                                           {"W3", "W3 collection"}, {"W4", "W4 collection"},  {"zz", "no LE image"}};
    assert_refused("", 0, "empty");
    assert_refused("M", 1, "one byte");
    assert_refused("hello, world", 12, "no LE image");
    for (size_t i = 0; i < BASE_COUNT(kinds); i++) {
        memcpy(program + 0x80, kinds[i][0], 2);
        assert_refused(program, sizeof program, kinds[i][1]);
    }
    base_put32(program + 0x3c, 0xfffffff0);
    assert_refused(program, sizeof program, "beyond the end");
}

static void assert_no_driver(const struct le_image *m, const char *message)
{
    struct base_diag diag;
    uint32_t object, offset;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    assert_false(le_check_vxd(m, "t.vxd", &diag, &object, &offset));
    if (!strstr(base_buf_cstr(&diag.first), message))
        fail_msg("expected '%s' in: %s", message, base_buf_cstr(&diag.first));
    base_diag_free(&diag);
}

static void a_driver_is_told_what_it_lacks(void **state)
{
    (void)state;
    struct le_image m = everything;
    struct le_object o[3];
    struct le_export two[2] = {exports[0], {"OTHER_DDB", 2, 0, 0}};
    memcpy(o, objects, sizeof o);
    m.objects = o;
    m.os = 1;
    assert_no_driver(&m, "operating system 1");
    m.os = 4;
    m.import_count = 1;
    assert_no_driver(&m, "imports");
    m.import_count = 0;
    m.export_count = 0;
    assert_no_driver(&m, "exports no device descriptor block");
    m.export_count = 2;
    m.exports = two;
    assert_no_driver(&m, "two device descriptor blocks");
    two[1].name = "Other";
    two[0].ordinal = 2;
    assert_no_driver(&m, "must be export 1");
    two[0].ordinal = 1;
    o[0].flags = 0x2015;
    assert_no_driver(&m, "discardable");
    o[0].flags = 0x2005;
    assert_no_driver(&m, "pageable");
    o[0].flags = 0x45;
    assert_no_driver(&m, "16-bit");
    o[0].flags = 0x2045;
    o[0].size = 0x100 + 0x4f;
    assert_no_driver(&m, "cut off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_survives_writing_and_reading),
        cmocka_unit_test(every_truncation_gives_a_message),
        cmocka_unit_test(every_corrupted_byte_gives_a_message_or_a_sound_model),
        cmocka_unit_test(any_mz_program_with_room_for_the_new_header_may_be_the_stub),
        cmocka_unit_test(other_files_are_told_what_they_are),
        cmocka_unit_test(a_driver_is_told_what_it_lacks),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
