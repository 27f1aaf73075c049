// Stands in for libFuzzer where a test is wanted: feeds LLVMFuzzerTestOneInput the seeds and a fixed series of
// mutations of them. The same on every host and every day, so that a failure can be repeated.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 16, MUTATIONS = 400 };

static uint64_t next_random(uint64_t *state) // xorshift64
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// The bytes stand at the end of their own block, so that a sanitizer sees a read behind them.
static void feed(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(1);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void mutate_and_feed(const uint8_t *seed, size_t size, uint64_t *state)
{
    static uint8_t bytes[LARGEST];
    memcpy(bytes, seed, size);
    unsigned changes = 1 + (unsigned)(next_random(state) % 8);
    for (unsigned i = 0; i < changes && size; i++) {
        size_t at = (size_t)(next_random(state) % size);
        switch (next_random(state) % 4) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << next_random(state) % 8);
            break;
        case 1:
            bytes[at] = (uint8_t)next_random(state);
            break;
        case 2: // one of the seed's own stretches somewhere else
            memmove(bytes + at, seed + next_random(state) % (at + 1), (size - at) / 4);
            break;
        default:
            size = at;
            break;
        }
    }
    feed(bytes, size);
}

static unsigned feed_file(const char *path, uint64_t *state)
{
    static uint8_t seed[LARGEST];
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t size = fread(seed, 1, sizeof seed, f);
    fclose(f);
    feed(seed, size);
    for (int i = 0; i < MUTATIONS; i++)
        mutate_and_feed(seed, size, state);
    return 1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    char *names[256];
    size_t count = 0;
    uint64_t state = 0x9E3779B97F4A7C15u;
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    if (!directory) {
        fprintf(stderr, "smoke: a directory with seeds is needed\n");
        return 2;
    }
    for (struct dirent *e; (e = readdir(directory)) && count < 256;) {
        size_t length = strlen(argv[1]) + strlen(e->d_name) + 2;
        if (e->d_name[0] == '.' || !(names[count] = malloc(length)))
            continue;
        snprintf(names[count++], length, "%s/%s", argv[1], e->d_name);
    }
    closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    unsigned fed = 0;
    for (size_t i = 0; i < count; i++) {
        fed += feed_file(names[i], &state);
        free(names[i]);
    }
    printf("smoke: %u seeds, %d mutations of each\n", fed, MUTATIONS);
    return fed ? 0 : 1;
}
