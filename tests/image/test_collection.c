// W3 and W4 collections: the codes of the packing one by one, lists, drivers taken out and read again, every damage
// told in one message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "image/collection.h"
#include "image/collection_build.h"
#include "image/le.h"

static void collect(void *user, enum base_severity severity, const char *text)
{
    (void)severity;
    base_buf_text(user, text);
}

// ---------------------------------------------------------------------------------------------------------------------
// Codes

struct unpacked {
    uint8_t bytes[CHUNK_BYTES];
    size_t made;
    const char *problem;
};

static void unpack(struct bit_writer *w, struct unpacked *u)
{
    if (w->count)
        put_bits(w, 0, 8 - w->count);
    u->problem = collection_unpack(w->out->data, w->out->size, u->bytes, sizeof u->bytes, &u->made);
    base_buf_clear(w->out);
}

static struct base_buf stream;

static struct bit_writer begin(void)
{
    base_buf_clear(&stream);
    return (struct bit_writer){.out = &stream};
}

// Written bit by bit after the description, not with the packer.
static void bytes_and_end(void **state)
{
    (void)state;
    struct unpacked u;
    const uint8_t stored[] = {0x06, 0x13, 0x00, 0x00}; // lowest bit first: 01 1000001, 10 0100000, 00 000000
    struct bit_writer w = begin();
    put_bits(&w, 2, 2), put_bits(&w, 'A', 7);
    put_bits(&w, 1, 2), put_bits(&w, 0x01, 7);
    put_bits(&w, 0, 8);
    unpack(&w, &u);
    assert_null(u.problem);
    assert_int_equal(u.made, 2);
    assert_int_equal(u.bytes[0], 'A');
    assert_int_equal(u.bytes[1], 0x81);
    u.problem = collection_unpack(stored, sizeof stored, u.bytes, sizeof u.bytes, &u.made);
    assert_null(u.problem);
    assert_int_equal(u.made, 2);
    assert_int_equal(u.bytes[0], 0x41);
    assert_int_equal(u.bytes[1], 0x82);
}

// A byte, then a copy of it `length` long: what a run looks like.
static void every_length(void **state)
{
    (void)state;
    static const struct {
        uint32_t zeros, bits, length;
    } codes[] = {{0, 0, 2},   {1, 0, 3},   {1, 1, 4},    {2, 0, 5},     {2, 3, 8},   {3, 7, 16},
                 {4, 15, 32}, {5, 31, 64}, {6, 63, 128}, {7, 127, 256}, {8, 0, 257}, {8, 255, 512}};
    for (size_t i = 0; i < BASE_COUNT(codes); i++) {
        struct unpacked u;
        struct bit_writer w = begin();
        put_bits(&w, 2, 2), put_bits(&w, 'x', 7);
        put_bits(&w, 0, 2), put_bits(&w, 1, 6);
        put_bits(&w, 0, codes[i].zeros), put_bits(&w, 1, 1), put_bits(&w, codes[i].bits, codes[i].zeros);
        put_bits(&w, 0, 8);
        unpack(&w, &u);
        assert_null(u.problem);
        assert_int_equal(u.made, 1 + codes[i].length);
        assert_int_equal(u.bytes[codes[i].length], 'x');
    }
}

static void fill(struct bit_writer *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put_byte(w, (uint8_t)(i * 7 + i / 256));
}

static void every_distance(void **state)
{
    (void)state;
    static const struct {
        uint32_t tag, tag_bits, field, field_bits, distance;
    } codes[] = {{0, 2, 1, 6, 1},     {0, 2, 63, 6, 63},  {3, 3, 0, 8, 64},
                 {3, 3, 255, 8, 319}, {7, 3, 0, 12, 320}, {7, 3, 4094, 12, 4414}};
    for (size_t i = 0; i < BASE_COUNT(codes); i++) {
        struct unpacked u;
        struct bit_writer w = begin();
        fill(&w, 4500);
        put_bits(&w, codes[i].tag, codes[i].tag_bits), put_bits(&w, codes[i].field, codes[i].field_bits);
        put_bits(&w, 1, 1);
        put_bits(&w, 0, 8);
        unpack(&w, &u);
        assert_null(u.problem);
        assert_int_equal(u.made, 4502);
        assert_memory_equal(u.bytes + 4500, u.bytes + 4500 - codes[i].distance, codes[i].distance > 1 ? 2 : 1);
    }
}

static void a_sector_break_adds_nothing(void **state)
{
    (void)state;
    struct unpacked u;
    struct bit_writer w = begin();
    fill(&w, 512);
    put_bits(&w, 0x7FFF, 15);
    put_byte(&w, 'z');
    put_bits(&w, 0, 8);
    unpack(&w, &u);
    assert_null(u.problem);
    assert_int_equal(u.made, 513);
    assert_int_equal(u.bytes[512], 'z');
}

static void damaged_codes(void **state)
{
    (void)state;
    struct unpacked u;
    struct bit_writer w = begin();
    unpack(&w, &u);
    assert_string_equal(u.problem, "it ends without its end code");
    w = begin();
    put_bits(&w, 0, 2), put_bits(&w, 1, 6), put_bits(&w, 1, 1);
    unpack(&w, &u);
    assert_string_equal(u.problem, "a copy from before its start");
    w = begin();
    put_byte(&w, 'a');
    put_bits(&w, 0, 2), put_bits(&w, 1, 6), put_bits(&w, 0, 9), put_bits(&w, 1, 8);
    unpack(&w, &u);
    assert_string_equal(u.problem, "a length of more than 8 zero bits");
    w = begin();
    fill(&w, CHUNK_BYTES);
    put_byte(&w, 'a');
    unpack(&w, &u);
    assert_string_equal(u.problem, "more bytes than a chunk holds");
    w = begin();
    fill(&w, CHUNK_BYTES - 1);
    put_distance(&w, 1), put_length(&w, 2);
    unpack(&w, &u);
    assert_string_equal(u.problem, "more bytes than a chunk holds");
}

// ---------------------------------------------------------------------------------------------------------------------
// Files

static const char *const paths[] = {"fuzz/seeds/image/restricted.vxd", "fuzz/seeds/image/three-objects.vxd",
                                    "fuzz/seeds/image/restricted-debug.vxd"};
static const char *const names[] = {"FIRST", "SECOND_2", "THIRD"};
static uint8_t drivers[3][1 << 16];
static struct part parts[3];
static struct base_buf w3, w4;

static int make_files(void **state)
{
    (void)state;
    base_buf_init(&stream, &base_heap);
    base_buf_init(&w3, &base_heap);
    base_buf_init(&w4, &base_heap);
    for (int i = 0; i < 3; i++) {
        FILE *file = fopen(paths[i], "rb");
        if (!file)
            return -1;
        parts[i] = (struct part){names[i], drivers[i], fread(drivers[i], 1, sizeof drivers[i], file)};
        fclose(file);
    }
    make_w3(parts, 3, &w3);
    make_w4(&w3, &w4);
    return 0;
}

static int free_files(void **state)
{
    (void)state;
    base_buf_free(&stream);
    base_buf_free(&w3);
    base_buf_free(&w4);
    return 0;
}

// What the driver's model writes: without the parts that a collection does not keep.
static void rewrite(const uint8_t *bytes, size_t size, struct base_buf *out)
{
    struct base_arena arena;
    struct base_diag diag;
    struct le_image image;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    assert_true(le_read(bytes, size, "driver", &arena, &diag, &image));
    image.description = "";
    image.symbol_count = image.line_count = image.file_count = image.version_resource_size = 0;
    assert_true(le_write(&image, NULL, 0, out, &diag));
    base_arena_free(&arena);
    base_diag_free(&diag);
}

static void check_driver(const struct collection *c, int i, struct base_diag *diag)
{
    struct base_buf file, again, original;
    base_buf_init(&file, &base_heap);
    base_buf_init(&again, &base_heap);
    base_buf_init(&original, &base_heap);
    assert_string_equal(c->drivers[i].name, names[i]);
    assert_true(collection_extract(c, &c->drivers[i], names[i], &file, diag));
    rewrite(file.data, file.size, &again);
    rewrite(parts[i].bytes, parts[i].size, &original);
    assert_int_equal(again.size, original.size);
    assert_memory_equal(again.data, original.data, again.size);
    base_buf_free(&file);
    base_buf_free(&again);
    base_buf_free(&original);
}

static void check_collection(const struct base_buf *file, bool packed)
{
    struct base_arena arena;
    struct base_diag diag;
    struct collection c;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, base_diag_to_file, stderr);
    assert_true(collection_signed(file->data, file->size));
    assert_true(collection_read(file->data, file->size, "file", &arena, &diag, &c));
    assert_int_equal(c.packed, packed);
    assert_int_equal(c.version, 0x0400);
    assert_int_equal(c.driver_count, 3);
    assert_int_equal(c.size, w3.size);
    assert_memory_equal(c.bytes + STUB_BYTES, w3.data + STUB_BYTES, w3.size - STUB_BYTES);
    assert_ptr_equal(collection_find(&c, "second_2"), &c.drivers[1]);
    assert_null(collection_find(&c, "SECOND"));
    for (int i = 0; i < 3; i++)
        check_driver(&c, i, &diag);
    base_arena_free(&arena);
    base_diag_free(&diag);
}

static void drivers_of_a_w3(void **state)
{
    (void)state;
    check_collection(&w3, false);
}

static void drivers_of_a_w4(void **state)
{
    (void)state;
    assert_in_range(w4.size, 1, w3.size / 2);
    check_collection(&w4, true);
}

// Reads and takes everything out; what comes of it is told by an error or by none.
static bool try_all(const uint8_t *bytes, size_t size, struct base_buf *messages)
{
    struct base_arena arena;
    struct base_diag diag;
    struct collection c;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, collect, messages);
    bool done = collection_read(bytes, size, "file", &arena, &diag, &c);
    assert_int_equal(done, diag.errors == 0);
    for (uint32_t i = 0; done && i < c.driver_count; i++) {
        struct base_buf file;
        base_buf_init(&file, &base_heap);
        uint32_t before = diag.errors;
        bool extracted = collection_extract(&c, &c.drivers[i], c.drivers[i].name, &file, &diag);
        assert_int_equal(extracted, diag.errors == before);
        base_buf_free(&file);
    }
    done = diag.errors == 0;
    base_arena_free(&arena);
    base_diag_free(&diag);
    return done;
}

// The bytes end where their block ends, so that a sanitizer sees a read behind them.
static bool try_copy(const uint8_t *bytes, size_t size)
{
    struct base_buf messages;
    uint8_t *copy = malloc(size + !size);
    base_buf_init(&messages, &base_heap);
    memcpy(copy, bytes, size);
    bool done = try_all(copy, size, &messages);
    free(copy);
    base_buf_free(&messages);
    return done;
}

static void truncated_anywhere(void **state)
{
    (void)state;
    uint32_t last_entry = STUB_BYTES + TABLE_AT + 2 * 16, last_header = base_get32(w3.data + last_entry + 8);
    for (size_t size = 0; size < w4.size; size++)
        assert_false(try_copy(w4.data, size));
    for (size_t size = 0; size < last_header + 0x100; size += size < 0x200 ? 1 : 61)
        assert_false(try_copy(w3.data, size));
}

static void damaged_anywhere(void **state)
{
    (void)state;
    for (size_t at = 0; at < w4.size; at++) {
        for (unsigned flip = 1; flip < 256; flip = flip * 4 + 3) {
            w4.data[at] ^= (uint8_t)flip;
            (void)try_copy(w4.data, w4.size);
            w4.data[at] ^= (uint8_t)flip;
        }
    }
    for (size_t at = 0; at < w3.size; at += at % 0x1000 < 0x400 ? 1 : 97) {
        w3.data[at] ^= 0xFF;
        (void)try_copy(w3.data, w3.size);
        w3.data[at] ^= 0xFF;
    }
}

// One change, one message.
struct damage {
    bool packed;
    uint32_t at, size;
    const char *bytes, *message;
};

static void check_damage(const struct damage *d)
{
    struct base_buf copy, messages;
    const struct base_buf *file = d->packed ? &w4 : &w3;
    base_buf_init(&copy, &base_heap);
    base_buf_init(&messages, &base_heap);
    base_buf_add(&copy, file->data, file->size);
    memcpy(copy.data + d->at, d->bytes, d->size);
    assert_false(try_all(copy.data, copy.size, &messages));
    if (!strstr(base_buf_cstr(&messages), d->message)) {
        fprintf(stderr, "expected \"%s\", found:\n%s", d->message, base_buf_cstr(&messages));
        fail();
    }
    base_buf_free(&copy);
    base_buf_free(&messages);
}

static void every_damage_has_its_message(void **state)
{
    (void)state;
    enum { H = STUB_BYTES, T = STUB_BYTES + TABLE_AT };
    static const struct damage list[] = {
        {false, 0x3C, 4, "\xFF\xFF\xFF\x7F", "no W3 or W4 collection"},
        {false, H + 1, 1, "5", "no W3 or W4 collection"},
        {false, H + 4, 2, "\xFF\xFF", "65535 drivers, the limit is 1024"},
        {false, T, 8, "        ", "driver 1 has no name"},
        {false, T, 8, "../up   ", "driver 1: its name has the character 2eh"},
        {false, T, 8, "second_2", "two drivers are called SECOND_2"},
        {false, T + 8, 4, "\xFF\xFF\xFF\xFF", "FIRST: a header of"},
        {false, T + 12, 4, "\xFF\xFF\xFF\xFF", "FIRST: a header of ffffffffh bytes"},
        {false, T + 12, 4, "\x10\0\0\0", "no LE header of 10h bytes"},
        {false, T + 12, 4, "\xC8\0\0\0", "is not inside its header of c8h bytes"},
        {true, H + 8, 2, "XX", "packed by the method 58h 58h, not DS: not implemented"},
        {true, H + 4, 2, "\0\x10", "a chunk size of 1000h, expected 2000h"},
        {true, H + 6, 2, "\0\0", "0 chunks, expected 1 to 1023"},
        {true, H + 6, 2, "\0\x04", "1024 chunks, expected 1 to 1023"},
        {true, H + 6, 2, "\xFF\x03", "chunk"},
        {true, T, 4, "\xFF\xFF\xFF\xFF", "chunk 1 lies from ffffffffh"},
        {true, T + 4, 4, "\xFF\xFF\xFF\xFF", "chunk 1 lies from"},
    };
    for (size_t i = 0; i < BASE_COUNT(list); i++)
        check_damage(&list[i]);
}

// A chunk as long as its content may be stored as it is; no description says so.
static void a_chunk_that_is_not_packed(void **state)
{
    (void)state;
    struct base_buf file, messages;
    base_buf_init(&file, &base_heap);
    base_buf_init(&messages, &base_heap);
    put_head(&file, "W4", CHUNK_BYTES, 1, "DS");
    base_buf_add32(&file, STUB_BYTES + TABLE_AT + 4);
    base_buf_text(&file, "W3");
    base_buf_fill(&file, 0xAA, CHUNK_BYTES - 2);
    assert_false(try_all(file.data, file.size, &messages));
    assert_non_null(strstr(base_buf_cstr(&messages), "chunk 1 is as long as what it holds and not packed"));
    assert_non_null(strstr(base_buf_cstr(&messages), "not implemented"));
    base_buf_free(&file);
    base_buf_free(&messages);
}

static void other_files_are_not_signed(void **state)
{
    (void)state;
    assert_false(collection_signed(parts[0].bytes, parts[0].size));
    assert_false(collection_signed((const uint8_t *)"W3", 2));
    assert_false(collection_signed(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_end),
        cmocka_unit_test(every_length),
        cmocka_unit_test(every_distance),
        cmocka_unit_test(a_sector_break_adds_nothing),
        cmocka_unit_test(damaged_codes),
        cmocka_unit_test(drivers_of_a_w3),
        cmocka_unit_test(drivers_of_a_w4),
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(damaged_anywhere),
        cmocka_unit_test(every_damage_has_its_message),
        cmocka_unit_test(a_chunk_that_is_not_packed),
        cmocka_unit_test(other_files_are_not_signed),
    };
    return cmocka_run_group_tests(tests, make_files, free_files);
}
