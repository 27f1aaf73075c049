// make_collection W3|W4 OUT NAME=FILE...: a collection of drivers, for tests of the command.
#include <stdio.h>
#include <stdlib.h>

#include "image/collection_build.h"

enum { PARTS = 16 };

static void read_part(struct part *p, char *word)
{
    static uint8_t space[PARTS][1 << 18];
    static int used;
    char *equals = strchr(word, '=');
    FILE *file = equals && used < PARTS ? fopen(equals + 1, "rb") : NULL;
    if (!file)
        exit(2);
    *equals = '\0';
    *p = (struct part){.name = word, .bytes = space[used], .size = fread(space[used], 1, sizeof space[0], file)};
    used++;
    fclose(file);
}

int main(int argc, char **argv)
{
    struct part parts[PARTS];
    struct base_buf w3, w4;
    if (argc < 4 || argc - 3 > PARTS)
        return 2;
    for (int i = 3; i < argc; i++)
        read_part(&parts[i - 3], argv[i]);
    base_buf_init(&w3, &base_heap);
    base_buf_init(&w4, &base_heap);
    make_w3(parts, (uint16_t)(argc - 3), &w3);
    make_w4(&w3, &w4);
    const struct base_buf *out = strcmp(argv[1], "W4") == 0 ? &w4 : &w3;
    FILE *file = fopen(argv[2], "wb");
    bool done = file && fwrite(out->data, 1, out->size, file) == out->size && fclose(file) == 0;
    base_buf_free(&w3);
    base_buf_free(&w4);
    return done ? 0 : 1;
}
