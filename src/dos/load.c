// Programs into memory: .COM and MZ .EXE (RBIL table 01594), environments, overlays. What a program is follows from its
// first two bytes, not from its name, as in DOS.
#include "dos/defs.h"

#include <string.h>

enum { COM_MOST = 0xFEFE, ENVIRONMENT_MOST = 0x7FFF, CHUNK = 4096 };

struct image {
    char path[DOS_PATH];
    uint32_t file_size, start, size; // of what is loaded
    bool exe;
    uint16_t relocations, relocations_at, least, most, ss, sp, ip, cs;
};

static enum dos_error read_file(struct dos_call *c, const char *path, uint32_t offset, void *to, uint32_t n)
{
    const struct dos_host *host = dos_host(c);
    uint32_t done = n;
    enum dos_error error = host ? host->read(host->user, path, offset, to, &done) : DOS_BAD_DRIVE;
    return error ? error : done < n ? DOS_BAD_FORMAT : DOS_OK;
}

static enum dos_error read_header(struct dos_call *c, struct image *i)
{
    uint8_t h[0x1C];
    enum dos_error error = i->file_size >= sizeof h ? read_file(c, i->path, 0, h, sizeof h) : DOS_OK;
    i->exe = i->file_size >= sizeof h && !error && (memcmp(h, "MZ", 2) == 0 || memcmp(h, "ZM", 2) == 0);
    i->size = i->file_size;
    if (error || !i->exe)
        return error;
    uint32_t pages = base_get16(h + 4), last = base_get16(h + 2) & 0x1FFu;
    uint32_t end = pages * 512 - (last ? 512 - last : 0);
    i->start = base_get16(h + 8) * 16u;
    if (!pages || end < i->start)
        return DOS_BAD_FORMAT;
    i->size = (end < i->file_size ? end : i->file_size) - i->start; // a shorter file is loaded as far as it goes
    if (i->file_size < i->start)
        return DOS_BAD_FORMAT;
    i->relocations = base_get16(h + 6);
    i->least = base_get16(h + 0x0A);
    i->most = base_get16(h + 0x0C);
    i->ss = base_get16(h + 0x0E);
    i->sp = base_get16(h + 0x10);
    i->ip = base_get16(h + 0x14);
    i->cs = base_get16(h + 0x16);
    i->relocations_at = base_get16(h + 0x18);
    return DOS_OK;
}

static enum dos_error open_image(struct dos_call *c, const char *text, struct image *i)
{
    const struct dos_host *host = dos_host(c);
    struct dos_entry entry;
    *i = (struct image){.size = 0};
    enum dos_error error = dos_resolve(c, text, i->path);
    if (!error && dos_device_named(i->path))
        error = DOS_DENIED;
    if (!error)
        error = host ? host->find(host->user, i->path, &entry) : DOS_BAD_DRIVE;
    if (!error && entry.attributes & DOS_DIRECTORY)
        error = DOS_DENIED;
    if (error)
        return error;
    i->file_size = entry.size;
    return read_header(c, i);
}

static enum dos_error copy_image(struct dos_call *c, const struct image *i, uint16_t segment)
{
    uint8_t bytes[CHUNK];
    for (uint32_t done = 0; done < i->size;) {
        uint32_t n = i->size - done < CHUNK ? i->size - done : CHUNK;
        enum dos_error error = read_file(c, i->path, i->start + done, bytes, n);
        if (error)
            return error;
        if (!dos_copy_out(c, segment, done, bytes, n))
            return DOS_DENIED;
        done += n;
    }
    return DOS_OK;
}

// Each entry of the table names a word of the image that holds a segment. Words behind the image are none of ours.
static enum dos_error relocate_some(struct dos_call *c, const struct image *i, const uint8_t *entry, uint32_t n,
                                    uint16_t segment, uint16_t add)
{
    for (; n--; entry += 4) {
        uint32_t at = base_get16(entry) + base_get16(entry + 2) * 16u;
        if (at + 2 > i->size)
            return DOS_BAD_FORMAT;
        dos_write16(c, segment, at, (uint16_t)(dos_read16(c, segment, at) + add));
    }
    return DOS_OK;
}

static enum dos_error relocate(struct dos_call *c, const struct image *i, uint16_t segment, uint16_t add)
{
    uint8_t bytes[CHUNK];
    enum dos_error error = DOS_OK;
    for (uint32_t done = 0; !error && done < i->relocations;) {
        uint32_t n = i->relocations - done < CHUNK / 4 ? i->relocations - done : CHUNK / 4;
        error = read_file(c, i->path, i->relocations_at + 4 * done, bytes, 4 * n);
        if (!error)
            error = relocate_some(c, i, bytes, n, segment, add);
        done += n;
    }
    return error;
}

// --- environments

// Copies the strings of `from` (0 = none) into a block of its own, with the program's name behind them.
static enum dos_error make_environment(struct dos_call *c, uint16_t from, const char *name, uint16_t *segment)
{
    uint8_t text[2] = {0};
    uint32_t n = 0;
    uint16_t largest;
    for (; from && n < ENVIRONMENT_MOST && dos_copy_in(c, from, n, text, 2) && base_get16(text); n++)
        ;
    if (n == ENVIRONMENT_MOST || c->faulted)
        return DOS_BAD_ENVIRONMENT;
    n += n ? 1 : 0; // the last string's own zero
    uint32_t size = n + 1 + 2 + (uint32_t)strlen(name) + 1 + (n ? 0 : 1);
    enum dos_error error = dos_block_take(c, (uint16_t)((size + 15) / 16), 8, segment, &largest);
    if (error)
        return error;
    for (uint32_t i = 0; i < n; i++)
        dos_write8(c, *segment, i, dos_read8(c, from, i));
    uint32_t at = n;
    dos_write8(c, *segment, at++, 0);
    if (!n)
        dos_write8(c, *segment, at++, 0);
    dos_write16(c, *segment, at, 1);
    dos_copy_out(c, *segment, at + 2, name, (uint32_t)strlen(name) + 1);
    return DOS_OK;
}

// --- the block of the program

static enum dos_error take_exe(struct dos_call *c, const struct image *i, uint16_t *psp, uint16_t *size)
{
    uint32_t need = (i->size + 15) / 16 + PSP_SIZE / 16, least = need + i->least;
    uint32_t most = i->most ? need + i->most : 0xFFFF; // 0: into all there is
    uint16_t largest;
    if (least > 0xFFFF)
        return DOS_NO_MEMORY;
    enum dos_error error = dos_block_take(c, 0xFFFF, 8, psp, &largest);
    if (error != DOS_NO_MEMORY || largest < least)
        return error ? error : DOS_NO_MEMORY;
    most = most > least ? most : least;
    *size = (uint16_t)(most < largest ? most : largest);
    return dos_block_take(c, *size, 8, psp, &largest);
}

static enum dos_error take_com(struct dos_call *c, const struct image *i, uint16_t *psp, uint16_t *size)
{
    uint16_t least = (uint16_t)((i->size + PSP_SIZE + 0x100 + 15) / 16);
    if (i->size > COM_MOST)
        return DOS_BAD_FORMAT;
    enum dos_error error = dos_block_take(c, 0xFFFF, 8, psp, size);
    if (error != DOS_NO_MEMORY || *size < least)
        return error ? error : DOS_NO_MEMORY;
    uint16_t largest;
    return dos_block_take(c, *size, 8, psp, &largest);
}

static void enter_exe(struct dos_load *l, const struct image *i)
{
    uint16_t segment = (uint16_t)(l->psp + PSP_SIZE / 16);
    l->cs = (uint16_t)(segment + i->cs);
    l->ip = i->ip;
    l->ss = (uint16_t)(segment + i->ss);
    l->sp = i->sp;
}

static void enter_com(struct dos_call *c, struct dos_load *l, uint16_t size)
{
    uint32_t top = size * 16u < 0x10000 ? size * 16u : 0x10000;
    l->cs = l->ss = l->psp;
    l->ip = PSP_SIZE;
    l->sp = (uint16_t)(top - 2);
    dos_write16(c, l->ss, l->sp, 0); // a near return leads to PSP:0
}

enum dos_error dos_load_program(struct dos_call *c, struct dos_load *l)
{
    struct image i;
    uint16_t environment = 0, size = 0;
    char name[DOS_PATH + 4] = "C:\\";
    enum dos_error error = open_image(c, l->path, &i);
    if (error)
        return error;
    memcpy(name + 3, i.path, strlen(i.path) + 1);
    error = make_environment(c, l->environment, name, &environment);
    if (error)
        return error;
    error = i.exe ? take_exe(c, &i, &l->psp, &size) : take_com(c, &i, &l->psp, &size);
    if (error) {
        (void)dos_block_give(c, environment);
        return error;
    }
    uint16_t segment = (uint16_t)(l->psp + PSP_SIZE / 16);
    error = copy_image(c, &i, segment);
    if (!error)
        error = relocate(c, &i, segment, segment);
    if (error) {
        (void)dos_block_give(c, l->psp);
        (void)dos_block_give(c, environment);
        return error;
    }
    dos_block_name(c, l->psp, l->psp, dos_last_name(i.path));
    dos_block_name(c, environment, l->psp, "");
    dos_fill_psp(c, l->psp, (uint16_t)(l->psp + size));
    dos_write16(c, l->psp, PSP_ENVIRONMENT, environment);
    if (i.exe)
        enter_exe(l, &i);
    else
        enter_com(c, l, size);
    return DOS_OK;
}

enum dos_error dos_load_overlay(struct dos_call *c, const char *path, uint16_t segment, uint16_t relocation)
{
    struct image i;
    enum dos_error error = open_image(c, path, &i);
    if (!error)
        error = copy_image(c, &i, segment);
    return error ? error : relocate(c, &i, segment, relocation);
}
