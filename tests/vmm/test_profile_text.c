// SYSTEM.INI text and the number converters, without a machine.
#include "vmm/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static const char ini[] = "first=before any section\r\n"
                          "; comment=no\n"
                          "[386Enh]\r\n"
                          "  Device = *vpicd  \r\n"
                          "device=*vtd\n"
                          "empty=\n"
                          "no equals sign\n"
                          "[ boot ]\n"
                          "shell=progman.exe"; // no newline at the end

static void finds_entries_in_order(void **state)
{
    (void)state;
    static const char *const want[][3] = {{"", "first", "before any section"},
                                          {"386enh", "device", "*vpicd"},
                                          {"386ENH", "DEVICE", "*vtd"},
                                          {"386Enh", "empty", ""},
                                          {"boot", "shell", "progman.exe"}};
    struct vmm_ini_entry e = {0};
    uint32_t at = 0, n = 0;
    for (; vmm_ini_next(ini, sizeof ini - 1, &at, &e); n++) {
        assert_true(n < BASE_COUNT(want));
        assert_true(vmm_ini_same(ini, e.section, e.section_size, want[n][0]));
        assert_true(vmm_ini_same(ini, e.key, e.key_size, want[n][1]));
        assert_true(vmm_ini_same(ini, e.value, e.value_size, want[n][2]));
    }
    assert_int_equal(n, BASE_COUNT(want));
}

static void a_name_is_compared_to_its_end(void **state)
{
    (void)state;
    assert_false(vmm_ini_same("ab", 0, 2, "abc"));
    assert_false(vmm_ini_same("abc", 0, 3, "ab"));
    assert_false(vmm_ini_same("a\0", 0, 2, "a")); // a zero in the file must not run past the name
    assert_true(vmm_ini_same("xABx", 1, 2, "ab"));
}

static void converts_numbers(void **state)
{
    (void)state;
    static const struct {
        char kind;
        const char *text;
        uint32_t places, value;
        size_t used;
    } cases[] = {
        {'d', "123", 0, 123, 3},
        {'d', "-5x", 0, (uint32_t)-5, 2},
        {'d', "+7 ", 0, 7, 2},
        {'d', "", 0, 0, 0},
        {'d', "x", 0, 0, 0},
        {'d', "-", 0, 0, 0},
        {'h', "2F8", 0, 0x2F8, 3},
        {'h', "2f8h", 0, 0x2F8, 4},
        {'h', "10H,", 0, 0x10, 3},
        {'h', "g", 0, 0, 0},
        {'h', "h", 0, 0, 0},
        {'f', "1.25", 2, 125, 4},
        {'f', "1.259", 2, 125, 5},
        {'f', "3", 3, 3000, 1},
        {'f', "-.5", 1, (uint32_t)-5, 3},
        {'f', ".", 2, 0, 0},
        {'f', "2", 0xFFFFFFFF, 0, 1},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        uint32_t value;
        size_t used = cases[i].kind == 'd'   ? vmm_convert_decimal(cases[i].text, &value)
                      : cases[i].kind == 'h' ? vmm_convert_hex(cases[i].text, &value)
                                             : vmm_convert_fixed(cases[i].text, cases[i].places, &value);
        assert_int_equal(used, cases[i].used);
        assert_int_equal(value, cases[i].value);
    }
}

static void converts_words_of_yes_and_no(void **state)
{
    (void)state;
    static const char *const yes[] = {"1", "True", "YES", "y", "On"}, *const no[] = {"0", "false", "No", "N", "OFF"};
    uint32_t value;
    for (size_t i = 0; i < BASE_COUNT(yes); i++) {
        assert_true(vmm_convert_boolean(yes[i], strlen(yes[i]), &value));
        assert_int_equal(value, UINT32_MAX);
        assert_true(vmm_convert_boolean(no[i], strlen(no[i]), &value));
        assert_int_equal(value, 0);
    }
    assert_false(vmm_convert_boolean("maybe", 5, &value));
    assert_false(vmm_convert_boolean("", 0, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_entries_in_order),
        cmocka_unit_test(a_name_is_compared_to_its_end),
        cmocka_unit_test(converts_numbers),
        cmocka_unit_test(converts_words_of_yes_and_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
