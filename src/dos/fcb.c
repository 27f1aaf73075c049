// File control blocks: INT 21h AH=0Fh to 17h, 21h to 24h, 27h to 29h (RBIL table 01345). A block says all that is
// needed: the name, and the number of the directory that was current when it was opened.
#include "dos/defs.h"

#include <string.h>

enum {
    FCB_DRIVE = 0,
    FCB_NAME = 1,
    FCB_BLOCK = 0x0C,
    FCB_RECORD_SIZE = 0x0E,
    FCB_FILE_SIZE = 0x10,
    FCB_DATE = 0x14,
    FCB_TIME = 0x16,
    FCB_DIRECTORY = 0x18, // reserved for DOS
    FCB_RECORD = 0x20,
    FCB_RANDOM = 0x21,
    FCB_SIZE = 0x25,
    EXTENDED = 7,  // bytes in front of an extended block: FFh, 5 reserved, attribute
    RECORDS = 128, // of a block
    FAILED = 0xFF,
};

struct fcb {
    uint16_t segment;
    uint32_t offset; // of the drive byte
    uint8_t attributes;
    bool extended;
    uint8_t bytes[FCB_SIZE];
};

static struct fcb get(struct dos_call *c)
{
    struct fcb f = {.segment = dos_get(c, DOS_DS), .offset = dos_get(c, DOS_DX)};
    f.extended = dos_read8(c, f.segment, f.offset) == 0xFF;
    if (f.extended)
        f.attributes = dos_read8(c, f.segment, f.offset + 6);
    f.offset += f.extended ? EXTENDED : 0;
    dos_copy_in(c, f.segment, f.offset, f.bytes, FCB_SIZE);
    return f;
}

static void put(struct dos_call *c, const struct fcb *f, uint32_t size)
{
    dos_copy_out(c, f->segment, f->offset, f->bytes, size);
}

static void result(struct dos_call *c, uint8_t al)
{
    dos_set_low(c, DOS_AX, al);
}

static bool drive_is_there(struct dos_call *c, const struct fcb *f)
{
    uint8_t drive = f->bytes[FCB_DRIVE];
    return dos_host(c) && (drive == 0 || drive == DOS_DRIVE + 1);
}

// The directory that is current now.
static bool here(struct dos_call *c, char path[DOS_PATH])
{
    return dos_resolve(c, "C:.", path) == DOS_OK;
}

static bool join(char path[DOS_PATH], const char name[11])
{
    size_t n = strlen(path);
    if (n + 14 > DOS_PATH)
        return false;
    if (n)
        path[n++] = '\\';
    dos_from_fcb_name(name, path + n);
    return path[n] && !strpbrk(path + n, "*?\\/:\"<>|+,;=[]");
}

static bool path_now(struct dos_call *c, const struct fcb *f, char path[DOS_PATH])
{
    return drive_is_there(c, f) && here(c, path) && join(path, (const char *)f->bytes + FCB_NAME);
}

static bool path_opened(struct dos_call *c, const struct fcb *f, char path[DOS_PATH])
{
    const char *directory = dos_directory_of(c, base_get16(f->bytes + FCB_DIRECTORY));
    memcpy(path, directory, strlen(directory) + 1);
    return dos_host(c) && join(path, (const char *)f->bytes + FCB_NAME);
}

static void fill(struct dos_call *c, struct fcb *f, const struct dos_entry *e)
{
    char directory[DOS_PATH] = "";
    (void)!here(c, directory);
    f->bytes[FCB_DRIVE] = DOS_DRIVE + 1;
    memset(f->bytes + FCB_BLOCK, 0, FCB_RECORD - FCB_BLOCK);
    base_put16(f->bytes + FCB_RECORD_SIZE, 128);
    base_put32(f->bytes + FCB_FILE_SIZE, e->size);
    base_put16(f->bytes + FCB_DATE, e->date);
    base_put16(f->bytes + FCB_TIME, e->time);
    base_put16(f->bytes + FCB_DIRECTORY, dos_directory_number(c, directory));
    put(c, f, FCB_RECORD);
}

static void open(struct dos_call *c, bool create)
{
    char path[DOS_PATH];
    struct fcb f = get(c);
    struct dos_entry e;
    const struct dos_host *host = dos_host(c);
    bool ok = path_now(c, &f, path) && !dos_device_named(path);
    if (ok && create)
        ok = host->create(host->user, path, false) == DOS_OK;
    ok = ok && host->find(host->user, path, &e) == DOS_OK && !(e.attributes & DOS_DIRECTORY);
    if (ok)
        fill(c, &f, &e);
    result(c, ok ? 0 : FAILED);
}

void dos_fcb_open(struct dos_call *c)
{
    open(c, false);
}

void dos_fcb_create(struct dos_call *c)
{
    open(c, true);
}

void dos_fcb_close(struct dos_call *c)
{
    char path[DOS_PATH];
    struct fcb f = get(c);
    result(c, path_opened(c, &f, path) ? 0 : FAILED);
}

// --- searching: the DTA gets a block with a directory entry (RBIL table 01346)

static void give_entry(struct dos_call *c, const struct fcb *f, const struct dos_entry *e)
{
    uint32_t dta = dos_read32(c, DOS_DATA, DATA_DTA);
    uint8_t bytes[EXTENDED + 33] = {0xFF, 0, 0, 0, 0, 0, f->attributes}, *entry = bytes + EXTENDED;
    entry[0] = DOS_DRIVE + 1;
    dos_fcb_name(e->name, (char *)entry + 1);
    entry[12] = e->attributes;
    base_put16(entry + 1 + 0x16, e->time);
    base_put16(entry + 1 + 0x18, e->date);
    base_put32(entry + 1 + 0x1C, e->size);
    dos_copy_out(c, (uint16_t)(dta >> 16), dta & 0xFFFF, f->extended ? bytes : entry, f->extended ? sizeof bytes : 33);
}

// What was found last is kept in the block: its name behind the directory's number.
static void search(struct dos_call *c, bool first)
{
    struct fcb f = get(c);
    struct dos_entry e;
    char directory[DOS_PATH], last[13] = "";
    bool ok = drive_is_there(c, &f) && here(c, directory);
    if (ok && !first)
        dos_from_fcb_name((const char *)f.bytes + FCB_DIRECTORY - 3, last);
    ok = ok && dos_search(c, directory, (const char *)f.bytes + FCB_NAME, f.attributes, last, &e) == DOS_OK;
    result(c, ok ? 0 : FAILED);
    if (!ok)
        return;
    dos_fcb_name(e.name, (char *)f.bytes + FCB_DIRECTORY - 3);
    put(c, &f, FCB_RECORD);
    give_entry(c, &f, &e);
}

void dos_fcb_find_first(struct dos_call *c)
{
    search(c, true);
}

void dos_fcb_find_next(struct dos_call *c)
{
    search(c, false);
}

void dos_fcb_delete(struct dos_call *c)
{
    struct fcb f = get(c);
    struct dos_entry e;
    char directory[DOS_PATH], path[DOS_PATH], last[13] = "", name[11];
    const struct dos_host *host = dos_host(c);
    bool any = false, ok = drive_is_there(c, &f) && here(c, directory);
    while (ok && dos_search(c, directory, (const char *)f.bytes + FCB_NAME, 0, last, &e) == DOS_OK) {
        memcpy(last, e.name, sizeof last);
        memcpy(path, directory, sizeof path);
        dos_fcb_name(e.name, name);
        any = (join(path, name) && host->remove(host->user, path) == DOS_OK) || any;
    }
    result(c, any ? 0 : FAILED);
}

// The new name lies 10h behind the old one; '?' in it keeps the old character.
void dos_fcb_rename(struct dos_call *c)
{
    struct fcb f = get(c);
    struct dos_entry e;
    char directory[DOS_PATH], from[DOS_PATH], to[DOS_PATH], last[13] = "", name[11], pattern[11];
    const struct dos_host *host = dos_host(c);
    bool any = false, ok = drive_is_there(c, &f) && here(c, directory);
    memcpy(pattern, f.bytes + 0x11, sizeof pattern);
    while (ok && dos_search(c, directory, (const char *)f.bytes + FCB_NAME, 0, last, &e) == DOS_OK) {
        memcpy(last, e.name, sizeof last);
        memcpy(from, directory, sizeof from);
        memcpy(to, directory, sizeof to);
        dos_fcb_name(e.name, name);
        ok = join(from, name);
        for (unsigned i = 0; i < sizeof name; i++)
            name[i] = pattern[i] == '?' ? name[i] : pattern[i];
        ok = ok && join(to, name) && !dos_device_named(to) && host->rename(host->user, from, to) == DOS_OK;
        any = any || ok;
    }
    result(c, any && ok ? 0 : FAILED);
}

// --- records

static uint32_t record_size(const struct fcb *f)
{
    uint32_t size = base_get16(f->bytes + FCB_RECORD_SIZE);
    return size ? size : 128;
}

static uint32_t sequential(const struct fcb *f)
{
    return base_get16(f->bytes + FCB_BLOCK) * (uint32_t)RECORDS + f->bytes[FCB_RECORD];
}

static void set_sequential(struct fcb *f, uint32_t record)
{
    base_put16(f->bytes + FCB_BLOCK, (uint16_t)(record / RECORDS));
    f->bytes[FCB_RECORD] = record % RECORDS;
}

static uint32_t random_record(const struct fcb *f) // with records under 64 bytes it has four bytes
{
    uint32_t n = base_get32(f->bytes + FCB_RANDOM);
    return record_size(f) < 64 ? n : n & 0xFFFFFF;
}

// One record between file and DTA + at. What AL says: 0 done, 1 end of file (or disk full), 3 a part, filled with
// zeros.
static uint8_t transfer(struct dos_call *c, struct fcb *f, uint32_t record, uint32_t at, bool write)
{
    char path[DOS_PATH];
    const struct dos_host *host = dos_host(c);
    uint32_t size = record_size(f), dta = dos_read32(c, DOS_DATA, DATA_DTA), n;
    uint64_t offset = (uint64_t)record * size;
    if (!path_opened(c, f, path) || offset + size > UINT32_MAX)
        return 1;
    for (uint32_t done = 0; done < size; done += n) {
        uint8_t bytes[512] = {0};
        uint32_t part = n = size - done < sizeof bytes ? size - done : (uint32_t)sizeof bytes;
        uint32_t to = (dta & 0xFFFF) + at + done;
        if (write)
            dos_copy_in(c, (uint16_t)(dta >> 16), to, bytes, n);
        if (write ? host->write(host->user, path, (uint32_t)offset + done, bytes, &part)
                  : host->read(host->user, path, (uint32_t)offset + done, bytes, &part))
            return 1;
        if (!write && part == 0 && done == 0)
            return 1;
        if (!write)
            dos_copy_out(c, (uint16_t)(dta >> 16), to, bytes, n);
        if (part < n)
            return write ? 1 : 3;
    }
    if (write && offset + size > base_get32(f->bytes + FCB_FILE_SIZE))
        base_put32(f->bytes + FCB_FILE_SIZE, (uint32_t)offset + size);
    return 0;
}

static void sequential_transfer(struct dos_call *c, bool write)
{
    struct fcb f = get(c);
    uint32_t record = sequential(&f);
    uint8_t al = transfer(c, &f, record, 0, write);
    if (al != 1)
        set_sequential(&f, record + 1);
    put(c, &f, FCB_RECORD + 1);
    result(c, al);
}

void dos_fcb_read(struct dos_call *c)
{
    sequential_transfer(c, false);
}

void dos_fcb_write(struct dos_call *c)
{
    sequential_transfer(c, true);
}

static void random_transfer(struct dos_call *c, bool write)
{
    struct fcb f = get(c);
    set_sequential(&f, random_record(&f));
    uint8_t al = transfer(c, &f, random_record(&f), 0, write);
    put(c, &f, FCB_RECORD + 1);
    result(c, al);
}

void dos_fcb_random_read(struct dos_call *c)
{
    random_transfer(c, false);
}

void dos_fcb_random_write(struct dos_call *c)
{
    random_transfer(c, true);
}

// AH=27h, 28h: CX records, as many as it were come back in CX. Writing none sets the file's size.
static void block_transfer(struct dos_call *c, bool write)
{
    struct fcb f = get(c);
    char path[DOS_PATH];
    const struct dos_host *host = dos_host(c);
    uint32_t record = random_record(&f), wanted = dos_get(c, DOS_CX), n = 0;
    uint8_t al = 0;
    if (write && wanted == 0 && path_opened(c, &f, path))
        al = host->resize(host->user, path, record * record_size(&f)) ? 1 : 0;
    for (; n < wanted && al == 0; n++) {
        if ((n + 1) * record_size(&f) > 0x10000)
            al = 2; // past the segment's end
        else
            al = transfer(c, &f, record + n, n * record_size(&f), write);
        if (al == 1 || al == 2)
            break;
    }
    set_sequential(&f, record + n);
    uint32_t next = record + n;
    memcpy(f.bytes + FCB_RANDOM, (uint8_t[3]){(uint8_t)next, (uint8_t)(next >> 8), (uint8_t)(next >> 16)}, 3);
    if (record_size(&f) < 64)
        f.bytes[FCB_RANDOM + 3] = (uint8_t)(next >> 24);
    put(c, &f, FCB_SIZE);
    dos_set(c, DOS_CX, (uint16_t)n);
    result(c, al);
}

void dos_fcb_block_read(struct dos_call *c)
{
    block_transfer(c, false);
}

void dos_fcb_block_write(struct dos_call *c)
{
    block_transfer(c, true);
}

void dos_fcb_size(struct dos_call *c)
{
    struct fcb f = get(c);
    char path[DOS_PATH];
    struct dos_entry e;
    const struct dos_host *host = dos_host(c);
    bool ok = path_now(c, &f, path) && host->find(host->user, path, &e) == DOS_OK;
    if (ok)
        base_put32(f.bytes + FCB_RANDOM, (uint32_t)(((uint64_t)e.size + record_size(&f) - 1) / record_size(&f)));
    if (ok)
        put(c, &f, record_size(&f) < 64 ? FCB_SIZE : FCB_SIZE - 1);
    result(c, ok ? 0 : FAILED);
}

void dos_fcb_set_random(struct dos_call *c)
{
    struct fcb f = get(c);
    base_put32(f.bytes + FCB_RANDOM, sequential(&f));
    put(c, &f, record_size(&f) < 64 ? FCB_SIZE : FCB_SIZE - 1);
}

// --- AH=29h

static bool separates(char ch)
{
    return ch && strchr(":.;,=+ \t/\"[]<>|", ch) != NULL;
}

static bool ends_name(char ch)
{
    return (uint8_t)ch < ' ' || separates(ch);
}

static const char *parse_part(const char *at, char *to, unsigned width, bool *wild)
{
    unsigned n = 0;
    memset(to, ' ', width);
    for (; !ends_name(*at); at++) {
        if (*at == '*')
            while (n < width)
                to[n++] = '?';
        else if (n < width)
            to[n++] = dos_upper(*at);
        *wild = *wild || *at == '*' || *at == '?';
    }
    return at;
}

// options: 1 skip separators, 2 keep the drive when there is none, 4 keep the name, 8 keep the extension.
bool dos_parse_fcb(const char **text, char fcb[12], uint8_t options)
{
    const char *at = *text;
    bool wild = false;
    while (*at == ' ' || *at == '\t' || (options & 1 && *at && strchr(":;,=+", *at)))
        at++;
    if (at[0] && at[1] == ':') {
        fcb[0] = (char)(dos_upper(at[0]) - 'A' + 1);
        at += 2;
    } else if (!(options & 2)) {
        fcb[0] = 0;
    }
    if (!ends_name(*at) || !(options & 4))
        at = parse_part(at, fcb + 1, 8, &wild);
    if (*at == '.')
        at = parse_part(at + 1, fcb + 9, 3, &wild);
    else if (!(options & 8))
        memset(fcb + 9, ' ', 3);
    *text = at;
    return wild;
}

void dos_fcb_parse(struct dos_call *c)
{
    char text[128], fcb[16] = {0};
    const char *at = text;
    uint16_t si = dos_get(c, DOS_SI), es = dos_get(c, DOS_ES), di = dos_get(c, DOS_DI);
    dos_read_text(c, dos_get(c, DOS_DS), si, text, sizeof text);
    dos_copy_in(c, es, di, fcb, 12);
    bool wild = dos_parse_fcb(&at, fcb, dos_low(c, DOS_AX));
    dos_copy_out(c, es, di, fcb, 12);
    dos_write32(c, es, di + 12u, 0);
    dos_set(c, DOS_SI, (uint16_t)(si + (at - text)));
    result(c, fcb[0] && fcb[0] != DOS_DRIVE + 1 ? FAILED : wild);
}
