// Golden files: what a test makes is compared with a file of the tree. VXDKIT_ACCEPT=1 in the environment writes the
// file instead (look at the difference in git before committing it).
#ifndef VXDKIT_TESTS_GOLDEN_H
#define VXDKIT_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline char *golden_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    *size = 0;
    if (!f)
        return NULL;
    for (size_t room = 0, n = 1; n;) {
        if (*size + 1 >= room)
            text = realloc(text, room = room * 2 + 4096);
        n = fread(text + *size, 1, room - *size - 1, f);
        *size += n;
    }
    fclose(f);
    text[*size] = 0;
    return text;
}

// Fails at the first line that differs and shows it.
static inline void assert_golden(const char *path, const char *text, size_t size)
{
    if (getenv("VXDKIT_ACCEPT")) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, size, f), size);
        fclose(f);
        return;
    }
    size_t wanted_size, at = 0, line = 1, start = 0;
    char *wanted = golden_read(path, &wanted_size);
    if (!wanted)
        fail_msg("%s is missing; VXDKIT_ACCEPT=1 makes it", path);
    for (; at < size && at < wanted_size && text[at] == wanted[at]; at++)
        if (text[at] == '\n') {
            line++;
            start = at + 1;
        }
    if (at != size || at != wanted_size)
        fail_msg("%s:%zu: expected\n%.*s\nfound\n%.*s\n", path, line, (int)strcspn(wanted + start, "\n"),
                 wanted + start, (int)strcspn(text + start, "\n"), text + start);
    free(wanted);
}

#endif
