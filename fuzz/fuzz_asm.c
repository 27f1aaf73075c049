// Any text as a source: an object or messages, never a crash, a hang or unbounded memory. The first byte chooses the
// options. A source may include itself and a small file of macros.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"

struct sources {
    const char *text;
    size_t size;
};

static bool open_include(void *user, const char *name, const char *from, const char **path, const char **text,
                         size_t *size)
{
    static const char macros[] = "option oldstructs\nS struc\nf1 dd 0\nf2 db 4 dup (?)\nS ends\nm macro a, b:=<1>, "
                                 "c:vararg\nlocal l\nl: mov a, b\nendm\n";
    const struct sources *s = user;
    (void)from;
    *path = name;
    *text = strcmp(name, "self") == 0 ? s->text : macros;
    *size = strcmp(name, "self") == 0 ? s->size : sizeof macros - 1;
    return strcmp(name, "self") == 0 || strcmp(name, "m.inc") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct sources s = {(const char *)data + 1, size - 1};
    struct asm_options o = {.alloc = &base_heap,
                            .open_include = open_include,
                            .include_user = &s,
                            .work_limit = 20000,
                            .memory_limit = 64 << 20,
                            .masm51 = data[0] & 1,
                            .line_numbers = data[0] & 2,
                            .symbols = data[0] & 4,
                            .warning_level = data[0] >> 4 & 3,
                            .case_map = data[0] & 8 ? ASM_CASE_NONE : ASM_CASE_NOT_PUBLIC};
    struct base_diag diag;
    struct base_buf object, listing;
    base_diag_init(&diag, &base_heap, NULL, NULL);
    base_buf_init(&object, &base_heap);
    base_buf_init(&listing, &base_heap);
    if (asm_assemble(&o, "fuzz.asm", s.text, s.size, &diag, &object, data[0] & 64 ? &listing : NULL) && diag.errors)
        abort(); // success with errors
    base_buf_free(&object);
    base_buf_free(&listing);
    base_diag_free(&diag);
    return 0;
}
