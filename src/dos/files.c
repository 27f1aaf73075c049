// Handles: INT 21h AH=3Ch to 46h, 57h, 5Ah to 5Ch, 67h, 68h, 6Ch. A process has a table of handles in its PSP; each
// entry is the number of a row that says which file of the host it is and where in it one is. The host opens a file
// anew for every access, so that nothing of it has to outlive a snapshot.
#include "dos/defs.h"

#include <string.h>

enum { CLOSED = 0xFF, CHUNK = 4096, MOST_HANDLES = 255, STANDARD = 3 };
enum { READ_ONLY = 0, WRITE_ONLY = 1, NOT_INHERITED = 0x80 };

// --- tables of handles

static uint32_t table_of(struct dos_call *c, uint16_t psp)
{
    return dos_read32(c, psp, PSP_HANDLES_AT);
}

static uint16_t handle_count(struct dos_call *c, uint16_t psp)
{
    uint16_t n = dos_read16(c, psp, PSP_HANDLE_COUNT);
    return n <= MOST_HANDLES ? n : MOST_HANDLES;
}

static uint8_t entry(struct dos_call *c, uint16_t psp, uint16_t handle)
{
    uint32_t at = table_of(c, psp);
    return handle < handle_count(c, psp) ? dos_read8(c, (uint16_t)(at >> 16), (at & 0xFFFF) + handle) : CLOSED;
}

static void set_entry(struct dos_call *c, uint16_t psp, uint16_t handle, uint8_t row)
{
    uint32_t at = table_of(c, psp);
    dos_write8(c, (uint16_t)(at >> 16), (at & 0xFFFF) + handle, row);
}

static uint16_t current(struct dos_call *c)
{
    return dos_read16(c, DOS_DATA, DATA_PSP);
}

// Rows 0 to 2 are AUX, CON and PRN of all virtual machines.
static struct dos_file *row_at(struct dos_call *c, uint8_t number)
{
    if (number < STANDARD)
        return &c->s->file[number];
    for (unsigned i = STANDARD; number < DOS_VM_FILES && i < DOS_FILES; i++) {
        struct dos_file *f = &c->s->file[i];
        if (f->users && f->vm == c->vm && f->number == number)
            return f;
    }
    return NULL;
}

struct dos_file *dos_file_of(struct dos_call *c, uint16_t handle)
{
    return row_at(c, entry(c, current(c), handle));
}

uint32_t dos_handle_entry(struct dos_call *c, uint16_t handle)
{
    uint16_t psp = current(c);
    return handle < handle_count(c, psp) ? table_of(c, psp) + handle : 0;
}

static uint8_t free_number(struct dos_call *c)
{
    for (uint8_t n = STANDARD; n < DOS_VM_FILES; n++)
        if (!row_at(c, n))
            return n;
    return CLOSED;
}

// A new open file. NULL: there is no room for one.
static struct dos_file *new_row(struct dos_call *c, uint8_t mode, uint8_t device, const char *path)
{
    uint8_t number = free_number(c);
    for (unsigned i = STANDARD; number != CLOSED && i < DOS_FILES; i++) {
        struct dos_file *f = &c->s->file[i];
        if (f->users)
            continue;
        *f = (struct dos_file){
            .users = 1, .vm = c->vm, .psp = current(c), .number = number, .mode = mode, .device = device};
        memcpy(f->path, path, strlen(path) + 1);
        dos_file_show(c, f);
        return f;
    }
    return NULL;
}

static void add_users(struct dos_call *c, struct dos_file *f, int by)
{
    if (!f->vm)
        return; // the standard devices stay open
    f->users = (uint32_t)((int)f->users + by);
    dos_file_show(c, f);
}

void dos_files_of_vm(struct dos_state *s, uint32_t vm)
{
    for (unsigned i = 0; i < DOS_FILES; i++)
        if (s->file[i].vm == vm)
            s->file[i].users = 0;
}

// The first five handles of the shell; all processes inherit them.
void dos_standard_handles(struct dos_call *c, uint16_t psp)
{
    static const uint8_t devices[STANDARD] = {DOS_IS_AUX, DOS_IS_CON, DOS_IS_PRN}, handles[] = {1, 1, 1, 0, 2};
    for (uint8_t i = 0; i < STANDARD; i++) {
        c->s->file[i] = (struct dos_file){.users = 1, .number = i, .mode = 2, .device = devices[i]};
        dos_file_show(c, &c->s->file[i]);
    }
    for (uint16_t i = 0; i < BASE_COUNT(handles); i++)
        set_entry(c, psp, i, handles[i]);
}

void dos_handles_inherit(struct dos_call *c, uint16_t parent, uint16_t child)
{
    for (uint16_t i = 0; i < PSP_HANDLES_OWN; i++) {
        uint8_t row = entry(c, parent, i);
        struct dos_file *f = row_at(c, row);
        bool passed = f && !(f->mode & NOT_INHERITED);
        set_entry(c, child, i, passed ? row : CLOSED);
        f = passed ? row_at(c, row) : NULL;
        if (f)
            add_users(c, f, 1);
    }
}

// Files that were written get the time of now when nobody has set another.
static enum dos_error close_row(struct dos_call *c, struct dos_file *f)
{
    const struct dos_host *host = f->written ? dos_host(c) : NULL;
    enum dos_error error = DOS_OK;
    if (f->users == 1 && f->written == 1) {
        struct dos_time now = dos_now(c);
        f->time = dos_packed_time(&now);
        f->date = dos_packed_date(&now);
    }
    if (f->users == 1 && f->device == DOS_IS_FILE && host)
        error = host->set_time(host->user, f->path, f->time, f->date);
    add_users(c, f, -1);
    return error;
}

void dos_handles_close(struct dos_call *c, uint16_t psp)
{
    for (uint16_t i = 0, n = handle_count(c, psp); i < n; i++) {
        struct dos_file *f = row_at(c, entry(c, psp, i));
        if (f)
            (void)close_row(c, f);
        set_entry(c, psp, i, CLOSED);
    }
}

// --- opening

uint16_t dos_file_open(struct dos_call *c, const char *path, uint8_t mode, uint8_t device, enum dos_error *error)
{
    uint16_t psp = current(c), n = handle_count(c, psp), handle = 0;
    while (handle < n && entry(c, psp, handle) != CLOSED)
        handle++;
    const struct dos_file *f = handle < n ? new_row(c, mode, device, path) : NULL;
    *error = f ? DOS_OK : DOS_TOO_MANY;
    if (!f)
        return 0;
    set_entry(c, psp, handle, f->number);
    return handle;
}

static enum dos_error resolve_dx(struct dos_call *c, char path[DOS_PATH])
{
    char text[128];
    dos_read_text(c, dos_get(c, DOS_DS), dos_get(c, DOS_DX), text, sizeof text);
    return dos_resolve(c, text, path);
}

static void opened(struct dos_call *c, const char *path, uint8_t mode, enum dos_error error)
{
    uint16_t handle = error ? 0 : dos_file_open(c, path, mode, dos_device_named(path), &error);
    dos_answer(c, error);
    if (!error)
        dos_set(c, DOS_AX, handle);
}

// Whether the file is there and may be opened so.
static enum dos_error may_open(struct dos_call *c, const char *path, uint8_t mode)
{
    const struct dos_host *host = dos_host(c);
    struct dos_entry e;
    if ((mode & 7) > 2)
        return DOS_BAD_ACCESS;
    if (dos_device_named(path))
        return DOS_OK;
    enum dos_error error = host ? host->find(host->user, path, &e) : DOS_BAD_DRIVE;
    if (!error && (e.attributes & DOS_DIRECTORY || (e.attributes & DOS_READ_ONLY && (mode & 7) != READ_ONLY)))
        error = DOS_DENIED;
    return error;
}

static enum dos_error make_file(struct dos_call *c, const char *path, uint16_t attributes, bool must_be_new)
{
    const struct dos_host *host = dos_host(c);
    if (dos_device_named(path))
        return DOS_OK;
    if (!host)
        return DOS_BAD_DRIVE;
    if (!path[0] || strpbrk(path, "*?"))
        return path[0] ? DOS_NO_PATH : DOS_DENIED;
    enum dos_error error = host->create(host->user, path, must_be_new);
    if (!error && attributes & DOS_READ_ONLY)
        error = host->set_read_only(host->user, path, true);
    return error;
}

void dos_open(struct dos_call *c)
{
    char path[DOS_PATH];
    uint8_t mode = dos_low(c, DOS_AX);
    enum dos_error error = resolve_dx(c, path);
    if (!error)
        error = may_open(c, path, mode);
    opened(c, path, mode, error);
}

static void create(struct dos_call *c, bool must_be_new)
{
    char path[DOS_PATH];
    enum dos_error error = resolve_dx(c, path);
    if (!error)
        error = make_file(c, path, dos_get(c, DOS_CX), must_be_new);
    opened(c, path, 2, error);
}

void dos_create(struct dos_call *c)
{
    create(c, false);
}

void dos_create_new(struct dos_call *c)
{
    create(c, true);
}

// AH=5Ah: DS:DX is a directory, with room for a name behind it. The names come from the time, as DOS's.
void dos_create_temporary(struct dos_call *c)
{
    char text[128], path[DOS_PATH];
    uint16_t ds = dos_get(c, DOS_DS), dx = dos_get(c, DOS_DX);
    dos_read_text(c, ds, dx, text, sizeof text - 13);
    size_t n = strlen(text);
    uint32_t number = (uint32_t)(vmm_time(c->v) / 1000);
    enum dos_error error = DOS_EXISTS;
    if (n && text[n - 1] != '\\' && text[n - 1] != '/' && text[n - 1] != ':')
        text[n++] = '\\';
    for (unsigned tries = 0; error == DOS_EXISTS && tries < 1000; tries++, number++) {
        for (unsigned i = 0; i < 8; i++)
            text[n + i] = (char)('A' + (number >> (4 * i) & 15));
        text[n + 8] = 0;
        error = dos_resolve(c, text, path);
        if (!error)
            error = make_file(c, path, dos_get(c, DOS_CX), true);
    }
    if (!error)
        dos_copy_out(c, ds, dx, text, (uint32_t)n + 9);
    opened(c, path, 2, error);
}

// AH=6Ch: BL mode, CX attributes, DX what to do, DS:SI name; CX = 1 opened, 2 created, 3 replaced.
void dos_extended_open(struct dos_call *c)
{
    char text[128], path[DOS_PATH];
    uint8_t mode = dos_low(c, DOS_BX), action = dos_low(c, DOS_DX);
    uint16_t done = 1;
    dos_read_text(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), text, sizeof text);
    enum dos_error error = dos_resolve(c, text, path);
    if (!error)
        error = may_open(c, path, mode);
    if (!error && (action & 15) == 0)
        error = DOS_EXISTS;
    if (!error && (action & 15) == 2) {
        done = 3;
        error = make_file(c, path, dos_get(c, DOS_CX), false);
    } else if (error == DOS_NO_FILE && action >> 4 == 1) {
        done = 2;
        error = make_file(c, path, dos_get(c, DOS_CX), true);
    }
    opened(c, path, mode, error);
    if (!error)
        dos_set(c, DOS_CX, done);
}

void dos_close(struct dos_call *c)
{
    uint16_t handle = dos_get(c, DOS_BX);
    struct dos_file *f = dos_file_of(c, handle);
    if (f)
        set_entry(c, current(c), handle, CLOSED);
    dos_answer(c, f ? close_row(c, f) : DOS_BAD_HANDLE);
}

// --- standard input of the host

uint32_t dos_take_input(struct dos_call *c, void *to, uint32_t n)
{
    const struct dos_host *host = dos_host(c);
    if (!host || !host->input || !dos_program_of(c))
        return 0;
    uint32_t got = host->input(host->user, c->s->input_taken, to, n);
    c->s->input_taken += got;
    return got;
}

bool dos_reads_input(struct dos_call *c, uint16_t handle)
{
    const struct dos_host *host = dos_host(c);
    const struct dos_file *f = dos_file_of(c, handle);
    return handle == 0 && f && f->device == DOS_IS_CON && host && host->input && dos_program_of(c);
}

// --- reading and writing

static void count(struct dos_call *c, uint32_t n)
{
    dos_done(c);
    dos_set(c, DOS_AX, (uint16_t)n);
}

// The buffer is probed first: the position moves only when the bytes have arrived.
static enum dos_error read_file(struct dos_call *c, struct dos_file *f, uint16_t segment, uint16_t offset, uint32_t n,
                                uint32_t *done)
{
    const struct dos_host *host = dos_host(c);
    uint8_t bytes[CHUNK];
    *done = 0;
    if (!host)
        return DOS_BAD_DRIVE;
    while (*done < n) {
        uint32_t got = n - *done < CHUNK ? n - *done : CHUNK, wanted = got;
        if (got > UINT32_MAX - f->position)
            break;
        enum dos_error error = host->read(host->user, f->path, f->position, bytes, &got);
        if (error)
            return error;
        dos_copy_out(c, segment, offset + *done, bytes, got);
        f->position += got;
        *done += got;
        if (got < wanted)
            break;
    }
    dos_file_moved(c, f);
    return DOS_OK;
}

void dos_read(struct dos_call *c)
{
    uint16_t handle = dos_get(c, DOS_BX), segment = dos_get(c, DOS_DS), offset = dos_get(c, DOS_DX);
    uint32_t n = dos_get(c, DOS_CX), done = 0;
    struct dos_file *f = dos_file_of(c, handle);
    if (!f || (f->mode & 7) == WRITE_ONLY) {
        dos_fail(c, f ? DOS_DENIED : DOS_BAD_HANDLE);
        return;
    }
    if (!dos_probe(c, segment, offset, n))
        return;
    enum dos_error error = DOS_OK;
    if (f->device == DOS_IS_FILE)
        error = read_file(c, f, segment, offset, n, &done);
    else if (f->device == DOS_IS_CON && !dos_con_read(c, segment, offset, n, &done))
        return;
    if (error)
        dos_fail(c, error);
    else
        count(c, done);
    if (f->device == DOS_IS_CON)
        dos_con_leave(c);
}

static enum dos_error cut_file(struct dos_call *c, const struct dos_host *host, struct dos_file *f)
{
    enum dos_error error = host->resize(host->user, f->path, f->position);
    dos_file_show(c, f);
    return error;
}

// Writing nothing cuts the file here, or makes it so long.
static enum dos_error write_file(struct dos_call *c, struct dos_file *f, uint16_t segment, uint16_t offset, uint32_t n,
                                 uint32_t *done)
{
    const struct dos_host *host = dos_host(c);
    uint8_t bytes[CHUNK];
    *done = 0;
    if (!host)
        return DOS_BAD_DRIVE;
    if (!f->written)
        f->written = 1;
    if (n == 0)
        return cut_file(c, host, f);
    while (*done < n) {
        uint32_t part = n - *done < CHUNK ? n - *done : CHUNK, wanted = part;
        if (part > UINT32_MAX - f->position)
            break;
        dos_copy_in(c, segment, offset + *done, bytes, part);
        enum dos_error error = host->write(host->user, f->path, f->position, bytes, &part);
        if (error)
            return error;
        f->position += part;
        *done += part;
        if (part < wanted)
            break; // the disk is full
    }
    dos_file_show(c, f);
    return DOS_OK;
}

static void print(struct dos_call *c, uint16_t segment, uint16_t offset, uint32_t n)
{
    char text[CHUNK];
    for (uint32_t done = 0; done < n;) {
        uint32_t part = n - done < CHUNK ? n - done : CHUNK;
        if (!dos_copy_in(c, segment, offset + done, text, part))
            return;
        dos_con_print(c, text, part);
        done += part;
    }
}

void dos_write(struct dos_call *c)
{
    uint16_t segment = dos_get(c, DOS_DS), offset = dos_get(c, DOS_DX);
    uint32_t n = dos_get(c, DOS_CX), done = n;
    struct dos_file *f = dos_file_of(c, dos_get(c, DOS_BX));
    enum dos_error error = !f                                                       ? DOS_BAD_HANDLE
                           : (f->mode & 7) == READ_ONLY && f->device == DOS_IS_FILE ? DOS_DENIED
                                                                                    : DOS_OK;
    if (!error && !dos_probe(c, segment, offset, n))
        return;
    if (!error && f->device == DOS_IS_CON && dos_con_watched(c)) {
        dos_go_on_in_rom(c, c->s->stub_write);
        return;
    }
    if (!error && f->device == DOS_IS_FILE)
        error = write_file(c, f, segment, offset, n, &done);
    else if (!error && f->device == DOS_IS_CON)
        print(c, segment, offset, n);
    else if (!error && f->device == DOS_IS_PRN)
        error = DOS_WRITE_FAULT; // no printer
    c->device = f ? f->device : DOS_IS_FILE;
    if (error)
        dos_fail(c, error);
    else
        count(c, done);
}

enum dos_error dos_file_size(struct dos_call *c, const struct dos_file *f, uint32_t *size)
{
    const struct dos_host *host = dos_host(c);
    struct dos_entry e;
    enum dos_error error = host ? host->find(host->user, f->path, &e) : DOS_BAD_DRIVE;
    *size = error ? 0 : e.size;
    return error;
}

void dos_seek(struct dos_call *c)
{
    struct dos_file *f = dos_file_of(c, dos_get(c, DOS_BX));
    uint32_t by = (uint32_t)dos_get(c, DOS_CX) << 16 | dos_get(c, DOS_DX), from = 0;
    uint8_t whence = dos_low(c, DOS_AX);
    enum dos_error error = !f ? DOS_BAD_HANDLE : whence > 2 ? DOS_BAD_FUNCTION : DOS_OK;
    if (!error && f->device == DOS_IS_FILE && whence == 2)
        error = dos_file_size(c, f, &from);
    dos_answer(c, error);
    if (error)
        return;
    if (f->device == DOS_IS_FILE)
        f->position = (whence == 1 ? f->position : from) + by;
    if (f->device == DOS_IS_FILE)
        dos_file_moved(c, f);
    dos_set(c, DOS_AX, (uint16_t)f->position);
    dos_set(c, DOS_DX, (uint16_t)(f->position >> 16));
}

void dos_delete(struct dos_call *c)
{
    char path[DOS_PATH];
    const struct dos_host *host = dos_host(c);
    enum dos_error error = resolve_dx(c, path);
    if (!error && (!host || dos_device_named(path)))
        error = DOS_DENIED;
    dos_answer(c, error ? error : host->remove(host->user, path));
}

// --- the table

void dos_duplicate(struct dos_call *c)
{
    uint16_t psp = current(c), n = handle_count(c, psp), handle = 0;
    uint8_t row = entry(c, psp, dos_get(c, DOS_BX));
    struct dos_file *f = row_at(c, row);
    while (handle < n && entry(c, psp, handle) != CLOSED)
        handle++;
    enum dos_error error = !f ? DOS_BAD_HANDLE : handle == n ? DOS_TOO_MANY : DOS_OK;
    dos_answer(c, error);
    if (error)
        return;
    set_entry(c, psp, handle, row);
    add_users(c, f, 1);
    dos_set(c, DOS_AX, handle);
}

void dos_duplicate_to(struct dos_call *c)
{
    uint16_t psp = current(c), to = dos_get(c, DOS_CX);
    uint8_t row = entry(c, psp, dos_get(c, DOS_BX));
    struct dos_file *f = row_at(c, row), *old = row_at(c, entry(c, psp, to));
    if (!f || to >= handle_count(c, psp)) {
        dos_fail(c, DOS_BAD_HANDLE);
        return;
    }
    add_users(c, f, 1);
    if (old)
        (void)close_row(c, old);
    set_entry(c, psp, to, row);
    dos_done(c);
}

void dos_file_time(struct dos_call *c)
{
    const struct dos_host *host = dos_host(c);
    struct dos_file *f = dos_file_of(c, dos_get(c, DOS_BX));
    struct dos_entry e = {.size = 0};
    bool set = dos_low(c, DOS_AX) == 1;
    enum dos_error error = !f ? DOS_BAD_HANDLE : dos_low(c, DOS_AX) > 1 ? DOS_BAD_FUNCTION : DOS_OK;
    if (!error && f->device == DOS_IS_FILE)
        error = host ? host->find(host->user, f->path, &e) : DOS_BAD_DRIVE;
    dos_answer(c, error);
    if (error)
        return;
    if (set) {
        f->time = dos_get(c, DOS_CX);
        f->date = dos_get(c, DOS_DX);
        f->written = 2; // it gets them when it is closed
        return;
    }
    dos_set(c, DOS_CX, f->written == 2 ? f->time : e.time);
    dos_set(c, DOS_DX, f->written == 2 ? f->date : e.date);
}

void dos_lock(struct dos_call *c) // without SHARE
{
    dos_answer(c, dos_file_of(c, dos_get(c, DOS_BX)) ? DOS_BAD_FUNCTION : DOS_BAD_HANDLE);
}

// AH=67h: a longer table in a block of its own.
void dos_handle_count(struct dos_call *c)
{
    uint16_t psp = current(c), n = dos_get(c, DOS_BX), have = handle_count(c, psp), segment = 0, largest;
    if (n <= have || n > MOST_HANDLES) {
        dos_answer(c, n > MOST_HANDLES ? DOS_TOO_MANY : DOS_OK);
        return;
    }
    enum dos_error error = dos_block_take(c, (uint16_t)((n + 15) / 16), psp, &segment, &largest);
    for (uint16_t i = 0; !error && i < n; i++)
        dos_write8(c, segment, i, i < have ? entry(c, psp, i) : CLOSED);
    if (!error) {
        dos_write16(c, psp, PSP_HANDLE_COUNT, n);
        dos_write32(c, psp, PSP_HANDLES_AT, (uint32_t)segment << 16);
    }
    dos_answer(c, error);
}

void dos_commit(struct dos_call *c) // everything is written at once
{
    dos_answer(c, dos_file_of(c, dos_get(c, DOS_BX)) ? DOS_OK : DOS_BAD_HANDLE);
}
