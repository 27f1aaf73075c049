// Objects that other tools made (tests/image/objects, their sources and commands beside them): what is read of them,
// and that truncated or corrupted ones are refused or give a sound model.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "golden.h"
#include "image/coff.h"

#define FOLDER "tests/image/objects/"

static const char *const objects[] = {"jwasm", "nasm", "clang-gnu", "clang-msvc", "weak", "gas", "wants"};

static void describe_section(const struct coff_object *o, const struct coff_section *s, struct base_buf *out)
{
    base_buf_printf(out, "section %s: flags %08x, align %u, %u bytes%s", s->name, s->flags, s->align, s->size,
                    s->data || !s->size ? "" : " of zero");
    if (s->comdat)
        base_buf_printf(out, ", comdat %u", s->comdat);
    base_buf_text(out, "\n");
    for (uint32_t i = 0; i < s->relocation_count; i++)
        base_buf_printf(out, "  relocation %u at %x to %s\n", s->relocations[i].type, s->relocations[i].offset,
                        o->symbols[s->relocations[i].symbol].name);
    for (uint32_t i = 0; i < s->line_count; i++)
        base_buf_printf(out, "  %x: %s:%u\n", s->lines[i].offset, o->files[s->lines[i].file], s->lines[i].line);
}

static void describe(const struct coff_object *o, struct base_buf *out)
{
    for (uint32_t i = 0; i < o->section_count; i++)
        describe_section(o, &o->sections[i], out);
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        const struct coff_symbol *s = &o->symbols[i];
        base_buf_printf(out, "symbol %s: section %d, value %x, storage %u%s", s->name, s->section, s->value, s->storage,
                        s->function ? ", function" : "");
        if (s->fallback)
            base_buf_printf(out, ", else %s%s", o->symbols[s->fallback - 1].name,
                            s->search_libraries ? ", libraries first" : "");
        base_buf_text(out, "\n");
    }
    base_buf_printf(out, "directives '%s'\n", o->directives);
}

static bool read_bytes(const char *bytes, size_t size, struct base_buf *out)
{
    struct base_arena arena;
    struct base_diag diag;
    struct coff_object object;
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_clear(out);
    bool ok = coff_read((const uint8_t *)bytes, size, "t.obj", &arena, &diag, &object);
    assert_int_equal(diag.errors, ok ? 0 : 1);
    if (ok)
        describe(&object, out); // touches everything
    base_diag_free(&diag);
    base_arena_free(&arena);
    return ok;
}

static char *load(const char *name, const char *end, char *path, size_t room, size_t *size)
{
    snprintf(path, room, FOLDER "%s%s", name, end);
    char *bytes = golden_read(path, size);
    if (!bytes)
        fail_msg("%s is missing", path);
    return bytes;
}

static void objects_of_other_tools_are_understood(void **state)
{
    (void)state;
    struct base_buf out;
    char path[100];
    base_buf_init(&out, &base_heap);
    for (size_t i = 0; i < BASE_COUNT(objects); i++) {
        size_t size;
        char *bytes = load(objects[i], ".obj", path, sizeof path, &size);
        assert_true(read_bytes(bytes, size, &out));
        snprintf(path, sizeof path, FOLDER "%s.txt", objects[i]);
        assert_golden(path, base_buf_cstr(&out), out.size);
        free(bytes);
    }
    base_buf_free(&out);
}

static void every_truncation_and_corrupted_byte_is_survived(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x10};
    struct base_buf out;
    char path[100];
    base_buf_init(&out, &base_heap);
    for (size_t i = 0; i < BASE_COUNT(objects); i++) {
        size_t size;
        char *bytes = load(objects[i], ".obj", path, sizeof path, &size);
        for (size_t n = 0; n < size; n++) {
            char *copy = malloc(n ? n : 1); // its own block, so that sanitizers see a read beyond it
            memcpy(copy, bytes, n);
            (void)read_bytes(copy, n, &out); // without its string table an object may still be whole
            free(copy);
        }
        for (size_t at = 0; at < size; at++)
            for (size_t k = 0; k < BASE_COUNT(changes); k++) {
                bytes[at] = (char)(bytes[at] ^ changes[k]);
                (void)read_bytes(bytes, size, &out);
                bytes[at] = (char)(bytes[at] ^ changes[k]);
            }
        free(bytes);
    }
    base_buf_free(&out);
}

static void other_files_are_told_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } files[] = {
        {"", 0, "empty"},
        {"L", 1, "too short"},
        {"!<arch>\n....", 12, "library"},
        {"\177ELF\1\1\1", 7, "ELF"},
        {"\x80\x05\0abc", 6, "OMF"},
        {"MZ\x90", 3, "executable"},
        {"\x64\x86\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, "machine type 8664h"},
        {"\0\0\xff\xff\0\0\x4c\1\0\0\0\0\0\0\0\0\0\0\0\0", 20, "large or import"},
    };
    for (size_t i = 0; i < BASE_COUNT(files); i++) {
        struct base_arena arena;
        struct base_diag diag;
        struct coff_object object;
        base_arena_init(&arena, &base_heap);
        base_diag_init(&diag, &base_heap, NULL, NULL);
        assert_false(coff_read((const uint8_t *)files[i].bytes, files[i].size, "t.obj", &arena, &diag, &object));
        if (!strstr(base_buf_cstr(&diag.first), files[i].message))
            fail_msg("expected '%s' in: %s", files[i].message, base_buf_cstr(&diag.first));
        base_diag_free(&diag);
        base_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_other_tools_are_understood),
        cmocka_unit_test(every_truncation_and_corrupted_byte_is_survived),
        cmocka_unit_test(other_files_are_told_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
