// LE images laid out by hand: the forms of fixups, entries, names and pages that our own writer does not make but other
// linkers did, and the ways in which they can be wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/le.h"

// Two objects: the first of two pages (1800h bytes), the second of one short page (20h bytes).
struct parts {
    const char *page_map, *resident, *nonresident, *entries, *first,
        *second; // as hex; first, second: records of two pages
};

static const struct parts plain = {
    .page_map = "00000100 00000200 00000300",
    .resident = "04 54455354 0000 08 544553545f444442 0100 00",
    .nonresident = "",
    .entries = "01 03 0100 01 00010000 00",
    .first = "",
    .second = "",
};

static size_t add_hex(struct base_buf *b, const char *hex)
{
    size_t start = b->size;
    unsigned value;
    for (; *hex; hex += 2) {
        hex += strspn(hex, " ");
        if (sscanf(hex, "%2x", &value) != 1)
            break;
        base_buf_add8(b, (uint8_t)value);
    }
    return b->size - start;
}

static void set_here(struct base_buf *b, uint32_t field)
{
    base_buf_put32(b, field, (uint32_t)b->size);
}

static void add_object(struct base_buf *b, uint32_t size, uint32_t page, uint32_t pages)
{
    base_buf_add32(b, size);
    base_buf_add32(b, 0);
    base_buf_add32(b, 0x2045);
    base_buf_add32(b, page);
    base_buf_add32(b, pages);
    base_buf_add32(b, 0);
}

static void make(const struct parts *p, struct base_buf *b)
{
    base_buf_init(b, &base_heap);
    base_buf_text(b, "LE");
    base_buf_fill(b, 0, 0xc4 - 2);
    base_put16(b->data + 8, 2);
    base_put16(b->data + 0x0a, 4);
    base_put32(b->data + 0x14, 3);
    base_put32(b->data + 0x28, 0x1000);
    base_put32(b->data + 0x2c, 0x20);
    set_here(b, 0x40);
    base_buf_put32(b, 0x44, 2);
    add_object(b, 0x1800, 1, 2);
    add_object(b, 0x20, 3, 1);
    set_here(b, 0x48);
    add_hex(b, p->page_map);
    set_here(b, 0x58);
    add_hex(b, p->resident);
    set_here(b, 0x5c);
    add_hex(b, p->entries);
    set_here(b, 0x68);
    size_t table = b->size;
    base_buf_fill(b, 0, 16);
    set_here(b, 0x6c);
    size_t first = add_hex(b, p->first), both = first + add_hex(b, p->second);
    base_buf_put32(b, table + 4, (uint32_t)first);
    base_buf_put32(b, table + 8, (uint32_t)both);
    base_buf_put32(b, table + 12, (uint32_t)both);
    set_here(b, 0x88);
    base_buf_put32(b, 0x8c, (uint32_t)add_hex(b, p->nonresident));
    set_here(b, 0x80);
    for (uint32_t i = 0; i < 0x2020; i++)
        base_buf_add8(b, (uint8_t)(1 + i / 0x1000));
}

// What the reader made of it, or its message.
static void read_as_text(const struct parts *p, char *text, size_t room)
{
    struct base_buf bytes;
    struct base_arena arena;
    struct base_diag diag;
    struct le_image m;
    make(p, &bytes);
    base_arena_init(&arena, &base_heap);
    base_diag_init(&diag, &base_heap, NULL, NULL);
    size_t n = 0;
    text[0] = 0;
    if (!le_read(bytes.data, bytes.size, "t", &arena, &diag, &m)) {
        snprintf(text, room, "%s", base_buf_cstr(&diag.first));
    } else {
        for (uint32_t i = 0; i < m.fixup_count && n < room; i++)
            n += (size_t)snprintf(text + n, room - n, "%u:%x %u->%u:%x ", m.fixups[i].object, m.fixups[i].offset,
                                  m.fixups[i].source, m.fixups[i].target_object, m.fixups[i].target_offset);
        for (uint32_t i = 0; i < m.export_count && n < room; i++)
            n += (size_t)snprintf(text + n, room - n, "@%u %s %u:%x ", m.exports[i].ordinal, m.exports[i].name,
                                  m.exports[i].object, m.exports[i].offset);
        for (uint32_t i = 0; i < m.object_count && n < room; i++)
            n += (size_t)snprintf(text + n, room - n, "[%x %x %x]", m.objects[i].data_size, m.objects[i].data[0],
                                  m.objects[i].data[m.objects[i].data_size - 1]);
    }
    base_buf_free(&bytes);
    base_diag_free(&diag);
    base_arena_free(&arena);
}

static void assert_reads(const struct parts *p, const char *wanted)
{
    char text[1000];
    read_as_text(p, text, sizeof text);
    if (!strstr(text, wanted))
        fail_msg("expected\n%s\nfound\n%s", wanted, text);
}

static void fixups_of_all_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *wanted;
    } cases[] = {
        {"07 00 1000 02 0400", "", "0:10 7->1:4 @"},
        {"07 10 1000 02 04000100", "", "0:10 7->1:10004 @"},
        {"07 40 1000 0200 0400", "", "0:10 7->1:4 @"},
        {"08 00 1000 02 0400", "", "0:10 8->1:4 @"},
        {"27 00 03 01 0001 1000 2000 3000", "", "0:10 7->0:100 0:20 7->0:100 0:30 7->0:100 @"},
        {"28 10 02 02 01000000 1000 2000", "", "0:10 8->1:1 0:20 8->1:1 @"},
        {"02 00 1000 02", "", "0:10 2->1:0 @"},
        {"03 00 1000 02 0500", "", "0:10 3->1:5 @"},
        {"05 00 1000 02 0500", "", "0:10 5->1:5 @"},
        {"06 10 1000 02 05000000", "", "0:10 6->1:5 @"},
        {"07 83 1000 01", "", "0:10 7->0:100 @"},         // by the entry's ordinal, one byte
        {"07 03 1000 0100", "", "0:10 7->0:100 @"},       // two bytes
        {"07 04 1000 02 0400 0600", "", "0:10 7->1:a @"}, // additive
        {"07 24 1000 02 0400 00000100", "", "0:10 7->1:10004 @"},
        {"07 00 fe0f 02 0400", "07 00 feff 02 0400", "0:ffe 7->1:4 @"}, // crosses a page, listed on both
        {"", "07 00 feff 02 0400", "0:ffe 7->1:4 @"},                   // listed on the second only
        {"", "07 00 1000 02 0400", "0:1010 7->1:4 @"},
        {"07 00 2000 02 0400 07 00 1000 02 0400", "", "0:10 7->1:4 0:20 7->1:4 @"}, // sorted
        {"07 00 1000 02 0400 07 00 1000 02 0500", "", "two different fixups at 10h"},
        {"07 00 1000 03 0400", "", "a fixup to object 3 of 2"},
        {"07 00 1000 00 0400", "", "a fixup to object 0 of 2"},
        {"07 83 1000 02", "", "a fixup to entry 2, which does not exist"},
        {"07 01 1000 01 01", "", "a fixup to another module"},
        {"07 02 1000 01 0000", "", "a fixup to another module"},
        {"07 00 fcff 02 0400", "", "a fixup at -4, outside the page"},
        {"07 00 feff 02 0400", "", "a fixup at -2, outside the page"}, // nothing comes before the first page
        {"07 00 0010 02 0400", "", "a fixup at 4096, outside the page"},
        {"", "07 00 fe07 02 0400", "a fixup at 17feh goes beyond object 1"},
        {"01 00 1000 02 0400", "", "unknown source type 01h"},
        {"17 00 1000 02 0400", "", "unknown source type 17h"},
        {"07 00 1000 02 04", "", "goes beyond the page's records"},
        {"27 00 03 01 0001 1000 2000", "", "goes beyond the page's records"},
        {"07", "", "goes beyond the page's records"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        struct parts p = plain;
        p.first = cases[i].first;
        p.second = cases[i].second;
        assert_reads(&p, cases[i].wanted);
    }
}

static void entries_and_names_of_all_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *entries, *resident, *nonresident, *wanted;
    } cases[] = {
        {"01 03 0100 01 00010000 00", NULL, "", "@1 TEST_DDB 0:100 ["},
        {"01 01 0200 01 1000 00", NULL, "", "@1 TEST_DDB 1:10 ["}, // 16-bit entry
        {"01 03 0100 01 00010000 02 00 01 03 0200 01 04000000 00", NULL, "",
         "@1 TEST_DDB 0:100 @4  1:4 ["}, // two skipped
        {"02 03 0100 01 00010000 01 00020000 00", NULL, "0141 0200 00", "@1 TEST_DDB 0:100 @2 A 0:200 ["},
        {"01 03 0100 01 00010000 00", "04 54455354 0000 00", "01 44 0000 08 544553545f444442 0100 00",
         "@1 TEST_DDB 0:100 ["},
        {"01 03 0100 01 00010000 00", "04 54455354 0000 08 544553545f444442 0000 00", "",
         "@1 TEST_DDB 0:100 ["}, // ordinal 0
        {"00", "00", "", "[1800 1 2][20 3 3]"},
        {"01 03 0100 01 00010000 00", "04 54455354 0000 08 544553545f444442 0200 00", "", "'TEST_DDB' has ordinal 2"},
        {"01 03 0300 01 00010000 00", NULL, "", "entry 1 lies in object 3 of 2"},
        {"01 03 0200 01 21000000 00", NULL, "", "entry 1 lies at 21h, outside object 2"},
        {"01 04 0100 01 0000 00000000 00", NULL, "", "a forwarder to another module: not implemented"},
        {"01 02 0100 01 0000 0000 00", NULL, "", "a call gate: not implemented"},
        {"01 05 0100 00", NULL, "", "unknown kind 5"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        struct parts p = plain;
        p.entries = cases[i].entries;
        p.resident = cases[i].resident ? cases[i].resident : plain.resident;
        p.nonresident = cases[i].nonresident;
        assert_reads(&p, cases[i].wanted);
    }
}

static void page_maps_of_all_forms_are_read(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"00000100 00000200 00000300", "[1800 1 2][20 3 3]"},
        {"00000200 00000100 00000300", "[1800 2 1][20 3 3]"}, // pages in another order
        {"00000100 00000003 00000200", "[1800 1 0][20 2 2]"}, // a page of zeroes
        {"00000100 00000002 00000200", "[1800 1 0][20 2 2]"}, // an invalid page reads as zeroes
        {"00000100 00000100 00000100", "uses 3 pages, but numbers only 1"},
        {"00000100 00000001 00000200", "compressed (iterated): not implemented"},
        {"00000100 00000000 00000300", "number 0, kind 0"},
        {"00000100 00000204 00000300", "number 2, kind 4"},
        {"00000100 00000200 00100000", "beyond the end of the file"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        struct parts p = plain;
        p.page_map = cases[i][0];
        assert_reads(&p, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixups_of_all_forms_are_read),
        cmocka_unit_test(entries_and_names_of_all_forms_are_read),
        cmocka_unit_test(page_maps_of_all_forms_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
