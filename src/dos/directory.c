// Directories: INT 21h AH=39h to 3Bh, 43h, 47h, 4Eh, 4Fh, 56h, 60h, drives. A search keeps what it needs in the DTA, as
// in DOS: the pattern, the attributes, the number of its directory; the name found last is in the DTA anyway.
#include "dos/defs.h"

#include <string.h>

enum {
    DTA_DRIVE = 0,
    DTA_PATTERN = 1,
    DTA_ATTRIBUTES = 0x0C,
    DTA_DIRECTORY = 0x0D,
    DTA_FOUND = 0x15,
    DTA_NAME = 0x1E,
    DTA_SIZE = 0x2B
};
enum { CURRENT = DATA_DIRECTORIES + 0x58 * DOS_DRIVE };

static enum dos_error resolve(struct dos_call *c, enum dos_reg segment, enum dos_reg offset, char path[DOS_PATH])
{
    char text[128];
    dos_read_text(c, dos_get(c, segment), dos_get(c, offset), text, sizeof text);
    if (c->faulted)
        return DOS_NO_PATH;
    return text[0] ? dos_resolve(c, text, path) : DOS_NO_PATH;
}

// A path for functions that change the directory itself.
static enum dos_error resolve_dx(struct dos_call *c, char path[DOS_PATH])
{
    enum dos_error error = resolve(c, DOS_DS, DOS_DX, path);
    if (!error && !dos_host(c))
        error = DOS_BAD_DRIVE;
    if (!error && (dos_device_named(path) || strpbrk(path, "*?")))
        error = DOS_NO_PATH;
    return error;
}

void dos_make_directory(struct dos_call *c)
{
    char path[DOS_PATH];
    const struct dos_host *host = dos_host(c);
    enum dos_error error = resolve_dx(c, path);
    if (!error)
        error = path[0] ? host->make_directory(host->user, path) : DOS_DENIED;
    dos_answer(c, error == DOS_EXISTS ? DOS_DENIED : error);
}

static bool is_current(struct dos_call *c, const char *path)
{
    char text[0x43];
    dos_copy_in(c, DOS_DATA, CURRENT, text, sizeof text);
    text[sizeof text - 1] = 0;
    return strlen(text) > 3 && strcmp(text + 3, path) == 0;
}

void dos_remove_directory(struct dos_call *c)
{
    char path[DOS_PATH];
    const struct dos_host *host = dos_host(c);
    enum dos_error error = resolve_dx(c, path);
    if (!error && is_current(c, path))
        error = DOS_IS_CURRENT;
    if (!error)
        error = path[0] ? host->remove_directory(host->user, path) : DOS_DENIED;
    dos_answer(c, error);
}

void dos_change_directory(struct dos_call *c)
{
    char path[DOS_PATH], text[0x43] = "C:\\";
    const struct dos_host *host = dos_host(c);
    struct dos_entry e = {.attributes = DOS_DIRECTORY};
    enum dos_error error = resolve_dx(c, path);
    if (!error && path[0])
        error = host->find(host->user, path, &e);
    if (!error && (!(e.attributes & DOS_DIRECTORY) || strlen(path) > 0x42 - 3))
        error = DOS_NO_PATH;
    if (!error) {
        memcpy(text + 3, path, strlen(path) + 1);
        dos_copy_out(c, DOS_DATA, CURRENT, text, sizeof text);
    }
    dos_answer(c, error == DOS_NO_FILE ? DOS_NO_PATH : error);
}

// AH=47h: DL drive, DS:SI for 64 bytes; no drive and no '\' in front.
void dos_current_directory(struct dos_call *c)
{
    char text[0x43];
    uint8_t drive = dos_low(c, DOS_DX);
    if ((drive && drive != DOS_DRIVE + 1) || !dos_host(c)) {
        dos_fail(c, DOS_BAD_DRIVE);
        return;
    }
    dos_copy_in(c, DOS_DATA, CURRENT, text, sizeof text);
    text[sizeof text - 1] = 0;
    const char *path = strlen(text) > 3 ? text + 3 : "";
    dos_copy_out(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), path, (uint32_t)strlen(path) + 1);
    dos_done(c);
    dos_set(c, DOS_AX, 0x0100);
}

void dos_rename(struct dos_call *c)
{
    char from[DOS_PATH], to[DOS_PATH];
    struct dos_entry e;
    const struct dos_host *host = dos_host(c);
    enum dos_error error = resolve_dx(c, from);
    if (!error)
        error = resolve(c, DOS_ES, DOS_DI, to);
    if (!error && (!from[0] || !to[0] || dos_device_named(to) || strpbrk(to, "*?")))
        error = DOS_DENIED;
    if (!error && strcmp(from, to) == 0) // the new name is taken, by itself
        error = host->find(host->user, from, &e) ? DOS_NO_FILE : DOS_DENIED;
    dos_answer(c, error ? error : host->rename(host->user, from, to));
}

// AH=43h: only read-only can be set; archive is always on.
void dos_attributes(struct dos_call *c)
{
    char path[DOS_PATH];
    const struct dos_host *host = dos_host(c);
    struct dos_entry e = {.size = 0};
    uint8_t function = dos_low(c, DOS_AX);
    enum dos_error error = function > 1 ? DOS_BAD_FUNCTION : resolve_dx(c, path);
    if (!error)
        error = path[0] ? host->find(host->user, path, &e) : DOS_NO_PATH;
    if (!error && function == 1) {
        uint16_t wanted = dos_get(c, DOS_CX);
        bool allowed = !((wanted ^ e.attributes) & DOS_DIRECTORY) && !(wanted & DOS_LABEL);
        error = allowed ? host->set_read_only(host->user, path, wanted & DOS_READ_ONLY) : DOS_DENIED;
    }
    dos_answer(c, error);
    if (!error && function == 0) {
        dos_set(c, DOS_CX, e.attributes);
        dos_set(c, DOS_AX, e.attributes);
    }
}

// AH=60h: DS:SI to a full path at ES:DI.
void dos_true_name(struct dos_call *c)
{
    char path[DOS_PATH], text[DOS_PATH + 3] = "C:\\";
    enum dos_error error = resolve(c, DOS_DS, DOS_SI, path);
    dos_answer(c, error);
    if (error)
        return;
    memcpy(text + 3, path, strlen(path) + 1);
    dos_copy_out(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), text, (uint32_t)strlen(text) + 1);
}

// --- searching

uint16_t dos_directory_number(struct dos_call *c, const char *directory)
{
    struct dos_state *s = c->s;
    for (uint32_t i = 0; i < DOS_SEARCHES; i++)
        if (i < s->searches && strcmp(s->searched[i], directory) == 0)
            return (uint16_t)i;
    uint32_t i = s->searches++ % DOS_SEARCHES;
    if (s->searches == 2 * DOS_SEARCHES)
        s->searches = DOS_SEARCHES;
    memcpy(s->searched[i], directory, strlen(directory) + 1);
    return (uint16_t)i;
}

const char *dos_directory_of(struct dos_call *c, uint16_t number)
{
    return c->s->searched[number % DOS_SEARCHES];
}

void dos_split_path(char path[DOS_PATH], char pattern[11])
{
    char *last = strrchr(path, '\\');
    dos_fcb_name(last ? last + 1 : path, pattern);
    *(last ? last : path) = 0;
}

// "" leads to ".", "." to "..": in subdirectories only.
static const char *next_dots(const char *directory, const char *after)
{
    if (!directory[0])
        return NULL;
    return !after[0] ? "." : strcmp(after, ".") == 0 ? ".." : NULL;
}

static bool wanted(const struct dos_entry *e, const char pattern[11], uint8_t attributes)
{
    uint8_t special = e->attributes & (DOS_HIDDEN | DOS_SYSTEM | DOS_DIRECTORY);
    return !(special & ~attributes) && dos_matches(pattern, e->name);
}

enum dos_error dos_search(struct dos_call *c, const char *directory, const char pattern[11], uint8_t attributes,
                          const char *after, struct dos_entry *found)
{
    const struct dos_host *host = dos_host(c);
    char last[13];
    size_t n = strlen(after);
    memcpy(last, after, n < 12 ? n : 12);
    last[n < 12 ? n : 12] = 0;
    while (host) {
        const char *dots = next_dots(directory, last);
        enum dos_error error = DOS_OK;
        if (dots)
            *found = (struct dos_entry){.attributes = DOS_DIRECTORY};
        if (dots)
            memcpy(found->name, dots, strlen(dots) + 1);
        else
            error = host->next(host->user, directory, strcmp(last, "..") == 0 ? "" : last, found);
        if (error)
            return error;
        if (wanted(found, pattern, attributes))
            return DOS_OK;
        memcpy(last, found->name, sizeof last);
    }
    return DOS_BAD_DRIVE;
}

static void put_found(struct dos_call *c, const struct dos_entry *e)
{
    uint32_t dta = dos_read32(c, DOS_DATA, DATA_DTA);
    uint8_t bytes[DTA_SIZE - DTA_FOUND] = {e->attributes};
    base_put16(bytes + 1, e->time);
    base_put16(bytes + 3, e->date);
    base_put32(bytes + 5, e->size);
    memcpy(bytes + 9, e->name, 13);
    dos_copy_out(c, (uint16_t)(dta >> 16), (dta & 0xFFFF) + DTA_FOUND, bytes, sizeof bytes);
}

// A device is found in every directory that exists.
static enum dos_error find_device(const char pattern[11], struct dos_entry *e)
{
    char name[13];
    dos_from_fcb_name(pattern, name);
    if (!dos_device_named(name))
        return DOS_NO_MORE;
    *e = (struct dos_entry){.attributes = 0x40};
    memcpy(e->name, name, sizeof name);
    return DOS_OK;
}

void dos_find_first(struct dos_call *c)
{
    char path[DOS_PATH], pattern[11];
    uint8_t area[DTA_FOUND] = {DOS_DRIVE + 1}, attributes = dos_low(c, DOS_CX);
    uint32_t dta = dos_read32(c, DOS_DATA, DATA_DTA);
    struct dos_entry e = {.size = 0};
    enum dos_error error = resolve(c, DOS_DS, DOS_DX, path);
    if (!error && attributes == DOS_LABEL)
        error = DOS_NO_MORE; // the drive has none
    if (!error) {
        dos_split_path(path, pattern);
        error = find_device(pattern, &e);
        if (error)
            error = dos_search(c, path, pattern, attributes, "", &e);
    }
    if (error) {
        dos_fail(c, error == DOS_NO_FILE ? DOS_NO_PATH : error);
        return;
    }
    memcpy(area + DTA_PATTERN, pattern, 11);
    area[DTA_ATTRIBUTES] = attributes;
    base_put16(area + DTA_DIRECTORY, dos_directory_number(c, path));
    dos_copy_out(c, (uint16_t)(dta >> 16), dta & 0xFFFF, area, sizeof area);
    put_found(c, &e);
    dos_done(c);
    dos_set(c, DOS_AX, 0);
}

void dos_find_next(struct dos_call *c)
{
    char last[13], pattern[11];
    uint8_t area[DTA_FOUND];
    uint32_t dta = dos_read32(c, DOS_DATA, DATA_DTA);
    struct dos_entry e;
    dos_copy_in(c, (uint16_t)(dta >> 16), dta & 0xFFFF, area, sizeof area);
    dos_copy_in(c, (uint16_t)(dta >> 16), (dta & 0xFFFF) + DTA_NAME, last, sizeof last);
    last[sizeof last - 1] = 0;
    memcpy(pattern, area + DTA_PATTERN, sizeof pattern);
    enum dos_error error = DOS_NO_MORE;
    if (last[0] && !dos_device_named(last))
        error = dos_search(c, dos_directory_of(c, base_get16(area + DTA_DIRECTORY)), pattern, area[DTA_ATTRIBUTES],
                           last, &e);
    if (error) {
        dos_fail(c, DOS_NO_MORE);
        return;
    }
    put_found(c, &e);
    dos_done(c);
    dos_set(c, DOS_AX, 0);
}

// --- drives

void dos_select_drive(struct dos_call *c)
{
    if (dos_low(c, DOS_DX) == DOS_DRIVE)
        dos_write8(c, DOS_DATA, DATA_DRIVE, DOS_DRIVE);
    dos_set_low(c, DOS_AX, DOS_DRIVE + 1); // LASTDRIVE
}

void dos_current_drive(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, dos_read8(c, DOS_DATA, DATA_DRIVE));
}

static bool has_drive(struct dos_call *c)
{
    uint8_t drive = dos_low(c, DOS_DX);
    return dos_host(c) && (drive == 0 || drive == DOS_DRIVE + 1);
}

// The size is not the host's but always the same, as everything in a run: 512 MB, half of it free.
void dos_free_space(struct dos_call *c)
{
    if (!has_drive(c)) {
        dos_set(c, DOS_AX, 0xFFFF);
        return;
    }
    dos_set(c, DOS_AX, DOS_SECTORS);
    dos_set(c, DOS_BX, DOS_CLUSTERS / 2);
    dos_set(c, DOS_CX, DOS_SECTOR);
    dos_set(c, DOS_DX, DOS_CLUSTERS);
}

void dos_drive_data(struct dos_call *c) // AH=1Bh, 1Ch
{
    bool present = dos_high(c, DOS_AX) == 0x1B ? dos_host(c) != NULL : has_drive(c);
    if (!present) {
        dos_set_low(c, DOS_AX, 0xFF);
        return;
    }
    dos_set_low(c, DOS_AX, DOS_SECTORS);
    dos_set(c, DOS_CX, DOS_SECTOR);
    dos_set(c, DOS_DX, DOS_CLUSTERS);
    dos_write8(c, DOS_DATA, DATA_MEDIA, DOS_MEDIA);
    dos_set(c, DOS_DS, DOS_DATA);
    dos_set(c, DOS_BX, DATA_MEDIA);
}

void dos_drive_parameters(struct dos_call *c) // AH=1Fh, 32h
{
    bool present = dos_high(c, DOS_AX) == 0x1F ? dos_host(c) != NULL : has_drive(c);
    dos_set_low(c, DOS_AX, present ? 0 : 0xFF);
    if (!present)
        return;
    dos_set(c, DOS_DS, DOS_DATA);
    dos_set(c, DOS_BX, DATA_DPB);
}
