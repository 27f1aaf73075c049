// Every service of a virtual device that works is called by some driver in assembly under tests/devices.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ctype.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "kit/kit.h"

enum { VMM = 1, MOST_BYTES = 1 << 20 };

// All sources one after the other, in lower case.
struct sources {
    char *text;
    size_t length;
};

static void add_file(struct sources *s, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    s->length += fread(s->text + s->length, 1, MOST_BYTES - 1 - s->length, f);
    assert_true(s->length < MOST_BYTES - 1);
    s->text[s->length] = 0;
    fclose(f);
}

static void add_folder(struct sources *s, const char *folder)
{
    char path[512];
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (!strstr(entry->d_name, ".asm"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        add_file(s, path);
    }
    closedir(d);
}

// "vxdcall name" with blanks between, the name ending there; or "cm name", the macro of CONFIGMG's tests (cm.inc).
// GetVxDServiceOrdinal and the like do not count.
static bool is_called(const struct sources *s, const char *name)
{
    char word[96];
    size_t n = strlen(name);
    assert_true(n < sizeof word);
    for (size_t i = 0; i <= n; i++)
        word[i] = (char)tolower((unsigned char)name[i]);
    for (const char *at = s->text; (at = strstr(at, word)) != NULL; at += n) {
        const char *before = at;
        while (before > s->text && (before[-1] == ' ' || before[-1] == '\t'))
            before--;
        bool whole = !isalnum((unsigned char)at[n]) && at[n] != '_';
        bool call = before - s->text >= 7 && (!memcmp(before - 7, "vxdcall", 7) || !memcmp(before - 6, "vxdjmp", 6) ||
                                              !memcmp(before - 3, " cm", 3));
        if (whole && call && before != at)
            return true;
    }
    return false;
}

static void every_service_is_called(void **state)
{
    (void)state;
    struct sources s = {malloc(MOST_BYTES), 0};
    assert_non_null(s.text);
    add_folder(&s, "tests/devices");
    add_folder(&s, "tests/devices/services");
    for (size_t i = 0; i < s.length; i++)
        s.text[i] = (char)tolower((unsigned char)s.text[i]);
    unsigned untested = 0, tested = 0;
    for (size_t d = 0; d < kit_device_count; d++) {
        const struct kit_device *device = &kit_devices[d];
        if (device->id == VMM)
            continue;
        for (uint32_t i = 0; i < device->service_count; i++) {
            const struct kit_service *service = &device->services[i];
            if (!devices_service_is_implemented(device->id, service->ordinal))
                continue;
            tested++;
            if (is_called(&s, service->name))
                continue;
            print_error("no driver under tests/devices calls %s\n", service->name);
            untested++;
        }
    }
    free(s.text);
    assert_true(tested > 100);
    assert_int_equal(untested, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_service_is_called)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
