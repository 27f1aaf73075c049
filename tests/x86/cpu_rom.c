// cpu-rom IMAGE [--post PORT] [--out PORT]: runs a 64 KB test ROM. The image lies at F0000h and below 4 GB, 1 MB of RAM
// under it; it starts at the reset vector. Each POST code is printed, what is written to the out port goes to standard
// output as it is. Ends on HLT or POST code FFh; exit 0 for FFh alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x86/x86.h"

enum { ROM_BYTES = 65536, RAM_PAGES = 0x1000 };

struct rom {
    struct x86 *cpu;
    uint16_t post, out;
    uint8_t last;
    bool finished, in_text;
};

static uint32_t port_in(void *user, uint16_t port, unsigned size)
{
    (void)user, (void)port;
    return size == 4 ? 0xffffffff : size == 2 ? 0xffff : 0xff;
}

static void port_out(void *user, uint16_t port, unsigned size, uint32_t value)
{
    struct rom *r = user;
    (void)size;
    if (port == r->out) {
        putchar((int)(value & 0xff));
        r->in_text = (value & 0xff) != '\n';
        return;
    }
    if (port != r->post)
        return;
    printf("%sPOST %02X\n", r->in_text ? "\n" : "", (unsigned)(value & 0xff));
    r->in_text = false;
    r->last = (uint8_t)value;
    if (r->last == 0xff) {
        r->finished = true;
        x86_stop(r->cpu);
    }
}

static bool load(const char *path, uint8_t *image)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(image, 1, ROM_BYTES, f) : 0;
    bool whole = f && n == ROM_BYTES && fgetc(f) == EOF;
    if (f)
        fclose(f);
    return whole;
}

static bool map(struct x86_memory *m, const uint8_t *image)
{
    return x86_memory_set_kind(m, 0, RAM_PAGES, X86_RAM) && x86_memory_set_kind(m, 0xf0, 16, X86_ROM) &&
           x86_memory_set_kind(m, 0xffff0, 16, X86_ROM) && x86_memory_store(m, 0xf0000, image, ROM_BYTES) &&
           x86_memory_store(m, 0xffff0000, image, ROM_BYTES);
}

static void report(const struct rom *r, enum x86_stop_reason why)
{
    const struct x86_state *s = &r->cpu->state;
    unsigned cs = s->seg[X86_CS].selector, eip = (unsigned)s->eip;
    if (r->in_text)
        putchar('\n');
    if (why == X86_STOP_HALT)
        printf("halted at %04X:%08X\n", cs, eip);
    else if (why == X86_STOP_SHUTDOWN)
        printf("%s\n", x86_describe_shutdown(r->cpu));
    else if (why == X86_STOP_MISSING)
        printf("not implemented at %04X:%08X: %s\n", cs, eip, x86_missing(r->cpu));
    else if (why == X86_STOP_COUNT)
        printf("instruction budget used up at %04X:%08X\n", cs, eip);
}

static int run(struct rom *r, const uint8_t *image)
{
    struct x86_memory *memory = x86_memory_new(&base_heap);
    struct x86_owner owner = {.user = r, .port_in = port_in, .port_out = port_out};
    r->cpu = memory ? x86_new(&base_heap, memory, &owner, X86_386) : NULL;
    if (!r->cpu || !map(memory, image)) {
        fprintf(stderr, "cpu-rom: no memory\n");
        return 2;
    }
    enum x86_stop_reason why = x86_run(r->cpu, 2000000000);
    if (!r->finished)
        report(r, why);
    x86_free(r->cpu);
    x86_memory_free(memory);
    return r->finished ? 0 : 1;
}

int main(int argc, char **argv)
{
    static uint8_t image[ROM_BYTES];
    struct rom r = {.post = 0x80, .out = 0xe9};
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        bool post = strcmp(argv[i], "--post") == 0, out = strcmp(argv[i], "--out") == 0;
        if ((post || out) && i + 1 < argc)
            *(post ? &r.post : &r.out) = (uint16_t)strtoul(argv[++i], NULL, 0);
        else
            path = path ? "" : argv[i];
    }
    if (!path || !*path) {
        fprintf(stderr, "usage: cpu-rom IMAGE [--post PORT] [--out PORT]\n");
        return 2;
    }
    if (!load(path, image)) {
        fprintf(stderr, "cpu-rom: %s is not a file of 64 KB\n", path);
        return 2;
    }
    return run(&r, image);
}
