// The registry's tree and its text form, without a machine.
#include "vmm/hive.h"
#include "vmm/vmm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

struct fixture {
    struct base_table keys, values, cells;
    struct vmm_hive hive;
    uint32_t line;
    const char *problem;
};

static void begin(struct fixture *f)
{
    base_table_init(&f->keys, &base_heap, sizeof(struct vmm_hive_key));
    base_table_init(&f->values, &base_heap, sizeof(struct vmm_hive_value));
    base_table_init(&f->cells, &base_heap, sizeof(struct vmm_hive_cell));
    f->hive = (struct vmm_hive){&f->keys, &f->values, &f->cells};
    assert_true(vmm_hive_init(&f->hive));
}

static void end(struct fixture *f)
{
    base_table_free(&f->keys);
    base_table_free(&f->values);
    base_table_free(&f->cells);
}

static bool read(struct fixture *f, const char *text)
{
    return vmm_hive_read(&f->hive, &base_heap, text, strlen(text), &f->line, &f->problem);
}

static void expect(const struct fixture *f, uint32_t key, const char *name, uint32_t type, const void *data,
                   uint32_t size)
{
    uint8_t bytes[256];
    uint32_t value = vmm_hive_find(&f->hive, key, name);
    assert_int_not_equal(value, 0);
    const struct vmm_hive_value *v = vmm_hive_value_at(&f->hive, value);
    assert_int_equal(v->type, type);
    assert_int_equal(v->data.size, size);
    vmm_hive_data(&f->hive, &v->data, bytes);
    assert_memory_equal(bytes, data, size);
}

static void reads_every_kind_of_value(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_true(read(&f, "REGEDIT4\r\n; a comment\r\n[HKEY_LOCAL_MACHINE\\System\\Example Key]\r\n"
                         "@=\"default\"\r\n\"Path\"=\"C:\\\\WINDOWS \\\"x\\\"\"\r\n\"Count\"=dword:0000000a\r\n"
                         "\"Raw\"=hex:01,02,\\\r\n  ff,10\r\n\"Multi\"=hex(7):61,00,00\r\n\"None\"=hex:\r\n"
                         "[HKEY_CURRENT_USER\\Sub]\n\"a\"=\"\""));
    uint32_t key = vmm_hive_open(&f.hive, VMM_HIVE_MACHINE, "SYSTEM\\example key");
    assert_int_not_equal(key, 0);
    expect(&f, key, "", KIT_REG_SZ, "default", 8);
    expect(&f, key, "PATH", KIT_REG_SZ, "C:\\WINDOWS \"x\"", 15);
    expect(&f, key, "Count", KIT_REG_DWORD, "\x0A\0\0\0", 4);
    expect(&f, key, "Raw", KIT_REG_BINARY, "\x01\x02\xFF\x10", 4);
    expect(&f, key, "Multi", 7, "a\0\0", 3);
    expect(&f, key, "None", KIT_REG_BINARY, "", 0);
    expect(&f, vmm_hive_open(&f.hive, VMM_HIVE_USERS, ".Default\\Sub"), "a", KIT_REG_SZ, "", 1);
    end(&f);
}

static void names_the_line_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
    } cases[] = {
        {"\"a\"=\"b\"", 1},
        {"REGEDIT4\n[HKEY_NOWHERE\\x]", 2},
        {"[HKEY_USERS\\x", 1},
        {"[HKEY_USERS\\\\x]", 1},
        {"[HKEY_USERS]\n\"a\"", 2},
        {"[HKEY_USERS]\n\"a=1", 2},
        {"[HKEY_USERS]\n\"a\"=dword:g", 2},
        {"[HKEY_USERS]\n\"a\"=dword:123456789", 2},
        {"[HKEY_USERS]\n\n\"a\"=hex:1,,2", 3},
        {"[HKEY_USERS]\n\"a\"=hex:zz", 2},
        {"[HKEY_USERS]\n\"a\"=\"b\" c", 2},
        {"hello", 1},
        {"[HKEY_USERS]\n[HKEY_USERS\\a]\nREGEDIT4", 3},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        struct fixture f;
        begin(&f);
        assert_false(read(&f, cases[i].text));
        assert_int_equal(f.line, cases[i].line);
        assert_non_null(f.problem);
        uint32_t line;
        assert_false(vmm_registry_text_valid(&base_heap, cases[i].text, strlen(cases[i].text), &line, &f.problem));
        assert_int_equal(line, cases[i].line);
        end(&f);
    }
}

static void deleting_gives_everything_back(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    uint32_t keys = f.keys.live;
    for (int round = 0; round < 3; round++) {
        uint32_t key = vmm_hive_create(&f.hive, VMM_HIVE_DYNAMIC, "One\\Two");
        assert_true(vmm_hive_set(&f.hive, key, "value", KIT_REG_SZ, "0123456789012345678901234567890123456789", 41));
        assert_true(vmm_hive_set(&f.hive, key, "VALUE", KIT_REG_SZ, "shorter", 8));
        assert_int_equal(vmm_hive_nth_value(&f.hive, key, 1), 0);
        vmm_hive_delete(&f.hive, key);
        vmm_hive_delete(&f.hive, vmm_hive_open(&f.hive, VMM_HIVE_DYNAMIC, "one"));
        assert_int_equal(vmm_hive_open(&f.hive, VMM_HIVE_DYNAMIC, "One"), 0);
    }
    assert_int_equal(f.keys.live, keys);
    assert_int_equal(f.values.live, 0);
    assert_int_equal(f.cells.live, 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_value),
        cmocka_unit_test(names_the_line_that_is_wrong),
        cmocka_unit_test(deleting_gives_everything_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
