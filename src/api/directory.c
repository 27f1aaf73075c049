// A directory of the host as drive C: of the virtual machines (dos/dos.h). Nothing outside of it can be reached: a path
// is walked one component at a time from the directory's own descriptor, links are never followed, and what is neither
// a directory nor a regular file does not exist. DOS's 8.3 names stand for the host's names in any case.
#include "api/directory.h"

#include "api/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum dos_error error_of(int number)
{
    switch (number) {
    case ENOENT:
        return DOS_NO_FILE;
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return DOS_NO_PATH;
    case EEXIST:
        return DOS_EXISTS;
    case EMFILE:
    case ENFILE:
        return DOS_TOO_MANY;
    case ENOMEM:
        return DOS_NO_MEMORY;
    case EROFS:
        return DOS_WRITE_PROTECTED;
    case EIO:
        return DOS_GENERAL_FAILURE;
    default:
        return DOS_DENIED;
    }
}

// --- one directory's names

struct listing {
    const struct base_alloc *alloc;
    struct base_arena arena;
    const char **names;
    char (*shorts)[13];
    size_t count, capacity;
};

static void listing_free(struct listing *l)
{
    base_alloc_free(l->alloc, l->names, l->capacity * sizeof *l->names);
    base_alloc_free(l->alloc, l->shorts, l->count * sizeof *l->shorts);
    base_arena_free(&l->arena);
}

static bool add_name(struct listing *l, const char *name)
{
    size_t size = strlen(name) + 1;
    char *copy = base_arena_get(&l->arena, size);
    if (copy && l->count == l->capacity) {
        size_t want = base_alloc_grow(l->capacity, l->count + 1, sizeof *l->names),
               have = l->capacity * sizeof *l->names;
        const char **more = want ? base_alloc_resize(l->alloc, l->names, have, want * sizeof *l->names) : NULL;
        if (!more)
            return false;
        l->names = more;
        l->capacity = want;
    }
    if (!copy)
        return false;
    l->names[l->count++] = memcpy(copy, name, size);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Reads the directory behind `fd`, which stays open.
static enum dos_error listing_read(struct listing *l, const struct base_alloc *alloc, int fd)
{
    *l = (struct listing){.alloc = alloc};
    base_arena_init(&l->arena, alloc);
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (!directory) {
        enum dos_error error = error_of(errno);
        if (copy >= 0)
            close(copy);
        return error;
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(directory));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            ok = add_name(l, e->d_name);
    closedir(directory);
    size_t count = l->count;
    l->count = 0; // for listing_free, until the table below exists
    if (ok && count && !(l->shorts = base_alloc_get(alloc, count * sizeof *l->shorts)))
        ok = false;
    if (!ok)
        return DOS_NO_MEMORY;
    l->count = count;
    if (!count)
        return DOS_OK;
    qsort(l->names, count, sizeof *l->names, by_name);
    dos_short_names(l->names, count, l->shorts);
    return DOS_OK;
}

// --- walking

struct place { // a name in an open directory
    int directory;
    char name[256];
    bool exists;
    struct stat st;
};

static bool look_at(struct place *p)
{
    p->exists = fstatat(p->directory, p->name, &p->st, AT_SYMLINK_NOFOLLOW) == 0 &&
                (S_ISREG(p->st.st_mode) || S_ISDIR(p->st.st_mode));
    return p->exists;
}

// What of the host a DOS name stands for; a name that stands for nothing keeps its spelling.
static enum dos_error find_name(struct api_directory *d, struct place *p, const char *name)
{
    struct listing l;
    enum dos_error error = listing_read(&l, d->alloc, p->directory);
    snprintf(p->name, sizeof p->name, "%s", name);
    p->exists = false;
    for (size_t i = 0; !error && i < l.count; i++) {
        if (strcmp(l.shorts[i], name) != 0 || strlen(l.names[i]) >= sizeof p->name)
            continue;
        snprintf(p->name, sizeof p->name, "%s", l.names[i]);
        if (!look_at(p))
            error = DOS_DENIED; // a link or a device stands there
        break;
    }
    listing_free(&l);
    return error;
}

static enum dos_error enter(struct place *p)
{
    int next = openat(p->directory, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return DOS_NO_PATH;
    close(p->directory);
    p->directory = next;
    return DOS_OK;
}

// Opens the directory that the last name of `path` is in. "" is the root itself, as ".".
static enum dos_error walk(struct api_directory *d, const char *path, struct place *p)
{
    p->directory = d->root < 0 ? -1 : openat(d->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->directory < 0)
        return DOS_BAD_DRIVE;
    enum dos_error error = DOS_OK;
    if (!path[0]) {
        snprintf(p->name, sizeof p->name, ".");
        return look_at(p) ? DOS_OK : DOS_NO_PATH;
    }
    while (!error) {
        char name[16];
        size_t n = strcspn(path, "\\");
        if (n == 0 || n >= sizeof name)
            return DOS_NO_PATH;
        memcpy(name, path, n);
        name[n] = 0;
        error = find_name(d, p, name);
        if (error || !path[n])
            break;
        error = p->exists ? enter(p) : DOS_NO_PATH;
        path += n + 1;
    }
    return error;
}

static void leave(struct place *p)
{
    if (p->directory >= 0)
        close(p->directory);
}

static enum dos_error walk_to_existing(struct api_directory *d, const char *path, struct place *p)
{
    enum dos_error error = walk(d, path, p);
    return error ? error : p->exists ? DOS_OK : DOS_NO_FILE;
}

// --- times: what a run changes has the machine's time, not the host's, or two runs would not see the same

// Days since 1970 of a date of the Gregorian calendar.
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, yoe = y - era * 400, doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool set_time(int fd, uint16_t t, uint16_t date)
{
    int64_t days = days_of(1980 + (date >> 9), date >> 5 & 15, date & 31);
    time_t seconds = (time_t)(days * 86400 + (t >> 11) * 3600 + (t >> 5 & 63) * 60 + (t & 31) * 2);
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    return futimens(fd, times) == 0;
}

// A file system that does not let us keeps its own.
static void stamp(const struct api_directory *d, int fd)
{
    uint32_t now = dos_stamp(d->v);
    (void)set_time(fd, (uint16_t)now, (uint16_t)(now >> 16));
}

// The directory of `path`, in which a name has come or gone. The root is nothing's entry, and the user's.
static void stamp_parent(const struct api_directory *d, const char *path, const struct place *p)
{
    if (strchr(path, '\\'))
        stamp(d, p->directory);
}

// --- the file opened last stays open: programs read and write in small pieces

static void forget(struct api_directory *d)
{
    if (d->open >= 0)
        close(d->open);
    d->open = -1;
}

static enum dos_error open_file(struct api_directory *d, const char *path, bool write)
{
    struct place p;
    if (d->open >= 0 && strcmp(d->open_path, path) == 0 && (d->open_writes || !write))
        return DOS_OK;
    forget(d);
    enum dos_error error = walk_to_existing(d, path, &p);
    if (!error && !S_ISREG(p.st.st_mode))
        error = DOS_DENIED;
    if (!error) {
        d->open = openat(p.directory, p.name, (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (d->open < 0)
            error = error_of(errno);
    }
    leave(&p);
    if (error)
        return error;
    d->open_writes = write;
    snprintf(d->open_path, sizeof d->open_path, "%s", path);
    return DOS_OK;
}

static enum dos_error do_read(void *user, const char *path, uint32_t offset, void *to, uint32_t *n)
{
    struct api_directory *d = user;
    enum dos_error error = open_file(d, path, false);
    ssize_t got = error ? 0 : pread(d->open, to, *n, offset);
    *n = got > 0 ? (uint32_t)got : 0;
    return error ? error : got < 0 ? error_of(errno) : DOS_OK;
}

static enum dos_error do_write(void *user, const char *path, uint32_t offset, const void *from, uint32_t *n)
{
    struct api_directory *d = user;
    enum dos_error error = open_file(d, path, true);
    ssize_t put = error ? 0 : pwrite(d->open, from, *n, offset);
    *n = put > 0 ? (uint32_t)put : 0;
    if (put > 0)
        stamp(d, d->open);
    return error ? error : put < 0 && errno != ENOSPC ? error_of(errno) : DOS_OK;
}

static enum dos_error do_resize(void *user, const char *path, uint32_t size)
{
    struct api_directory *d = user;
    enum dos_error error = open_file(d, path, true);
    if (!error && ftruncate(d->open, size) != 0)
        error = error_of(errno);
    if (!error)
        stamp(d, d->open);
    return error;
}

// --- entries

// UTC, so that a run does not depend on where the host is.
static void dos_time_of(time_t t, struct dos_entry *to)
{
    struct tm tm;
    if (!gmtime_r(&t, &tm) || tm.tm_year < 80 || tm.tm_year > 207)
        return;
    to->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
    to->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
}

static void fill(const struct stat *st, const char *name, struct dos_entry *to)
{
    *to = (struct dos_entry){.date = 1 << 5 | 1};
    snprintf(to->name, sizeof to->name, "%s", name);
    dos_time_of(st->st_mtime, to);
    if (S_ISDIR(st->st_mode)) {
        to->attributes = DOS_DIRECTORY;
        return;
    }
    to->attributes = (uint8_t)(DOS_ARCHIVE | (st->st_mode & 0222 ? 0 : DOS_READ_ONLY));
    to->size = st->st_size > (off_t)UINT32_MAX ? UINT32_MAX : (uint32_t)st->st_size;
}

static enum dos_error do_find(void *user, const char *path, struct dos_entry *to)
{
    struct place p;
    enum dos_error error = walk_to_existing(user, path, &p);
    const char *last = strrchr(path, '\\');
    if (!error)
        fill(&p.st, last ? last + 1 : path, to);
    leave(&p);
    return error;
}

static enum dos_error next_of(struct api_directory *d, struct place *p, const char *after, struct dos_entry *to)
{
    struct listing l;
    enum dos_error error = listing_read(&l, d->alloc, p->directory);
    const char *best = NULL;
    struct stat st;
    for (size_t i = 0; !error && i < l.count; i++) {
        if (strcmp(l.shorts[i], after) <= 0 || (best && strcmp(l.shorts[i], best) >= 0) ||
            strlen(l.names[i]) >= sizeof p->name)
            continue;
        snprintf(p->name, sizeof p->name, "%s", l.names[i]);
        if (!look_at(p))
            continue;
        best = l.shorts[i];
        st = p->st;
    }
    if (best)
        fill(&st, best, to);
    listing_free(&l);
    return error ? error : best ? DOS_OK : DOS_NO_MORE;
}

static enum dos_error do_next(void *user, const char *directory, const char *after, struct dos_entry *to)
{
    struct place p;
    enum dos_error error = walk_to_existing(user, directory, &p);
    if (!error)
        error = enter(&p);
    if (!error)
        error = next_of(user, &p, after, to);
    leave(&p);
    return error == DOS_NO_FILE ? DOS_NO_PATH : error;
}

// --- changes

static enum dos_error do_create(void *user, const char *path, bool must_be_new)
{
    struct api_directory *d = user;
    struct place p;
    enum dos_error error = walk(d, path, &p);
    if (!error && p.exists && must_be_new)
        error = DOS_EXISTS;
    if (!error && p.exists && (!S_ISREG(p.st.st_mode) || !(p.st.st_mode & 0222)))
        error = DOS_DENIED;
    forget(d);
    if (!error) {
        int how = p.exists ? O_TRUNC : O_CREAT | O_EXCL;
        int fd = openat(p.directory, p.name, O_RDWR | how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        error = fd < 0 ? error_of(errno) : DOS_OK;
        if (fd >= 0) {
            stamp(d, fd);
            close(fd);
        }
    }
    if (!error && !p.exists)
        stamp_parent(d, path, &p);
    leave(&p);
    return error;
}

static enum dos_error do_remove(void *user, const char *path)
{
    struct place p;
    enum dos_error error = walk_to_existing(user, path, &p);
    forget(user);
    if (!error && (!S_ISREG(p.st.st_mode) || !(p.st.st_mode & 0222)))
        error = DOS_DENIED;
    if (!error && unlinkat(p.directory, p.name, 0) != 0)
        error = error_of(errno);
    if (!error)
        stamp_parent(user, path, &p);
    leave(&p);
    return error;
}

static enum dos_error do_rename(void *user, const char *path, const char *to)
{
    struct place p, q = {.directory = -1};
    enum dos_error error = walk_to_existing(user, path, &p);
    forget(user);
    if (!error)
        error = walk(user, to, &q);
    if (!error && q.exists && (q.st.st_ino != p.st.st_ino || q.st.st_dev != p.st.st_dev))
        error = DOS_DENIED;
    if (!error && renameat(p.directory, p.name, q.directory, q.name) != 0)
        error = error_of(errno);
    if (!error) {
        stamp_parent(user, path, &p);
        stamp_parent(user, to, &q);
    }
    leave(&p);
    leave(&q);
    return error;
}

static enum dos_error do_make_directory(void *user, const char *path)
{
    struct place p;
    enum dos_error error = walk(user, path, &p);
    if (!error && p.exists)
        error = DOS_EXISTS;
    if (!error && mkdirat(p.directory, p.name, 0777) != 0)
        error = error_of(errno);
    if (!error) {
        stamp_parent(user, path, &p);
        if (enter(&p) == DOS_OK)
            stamp(user, p.directory);
    }
    leave(&p);
    return error;
}

static enum dos_error do_remove_directory(void *user, const char *path)
{
    struct place p;
    enum dos_error error = walk_to_existing(user, path, &p);
    if (!error && !S_ISDIR(p.st.st_mode))
        error = DOS_NO_PATH;
    if (!error && unlinkat(p.directory, p.name, AT_REMOVEDIR) != 0)
        error = error_of(errno);
    if (!error)
        stamp_parent(user, path, &p);
    leave(&p);
    return error == DOS_NO_FILE ? DOS_NO_PATH : error;
}

static enum dos_error do_set_time(void *user, const char *path, uint16_t t, uint16_t date)
{
    struct api_directory *d = user;
    enum dos_error error = open_file(d, path, true);
    if (!error && !set_time(d->open, t, date))
        error = error_of(errno);
    return error;
}

static enum dos_error do_set_read_only(void *user, const char *path, bool on)
{
    struct api_directory *d = user;
    enum dos_error error = open_file(d, path, false);
    struct stat st;
    if (!error && fstat(d->open, &st) != 0)
        error = error_of(errno);
    mode_t mode = on ? st.st_mode & 07555 : (st.st_mode & 07777) | 0200;
    if (!error && fchmod(d->open, mode) != 0)
        error = error_of(errno);
    forget(d);
    return error;
}

static uint32_t do_input(void *user, uint64_t offset, void *to, uint32_t n)
{
    const struct api_directory *d = user;
    return (uint32_t)d->input(d->input_user, offset, to, n);
}

void api_directory_init(struct api_directory *d, const struct base_alloc *alloc)
{
    *d = (struct api_directory){.alloc = alloc, .root = -1, .open = -1};
    d->host = (struct dos_host){.user = d,
                                .find = do_find,
                                .next = do_next,
                                .read = do_read,
                                .write = do_write,
                                .resize = do_resize,
                                .create = do_create,
                                .remove = do_remove,
                                .rename = do_rename,
                                .make_directory = do_make_directory,
                                .remove_directory = do_remove_directory,
                                .set_time = do_set_time,
                                .set_read_only = do_set_read_only};
}

void api_directory_free(struct api_directory *d)
{
    forget(d);
    if (d->root >= 0)
        close(d->root);
    d->root = -1;
}

bool api_directory_open(struct api_directory *d, struct vmm *v, const char *path)
{
    api_directory_free(d);
    d->v = v;
    d->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return d->root >= 0;
}

void api_directory_input(struct api_directory *d, vxd_input_fn *input, void *user)
{
    d->input = input;
    d->input_user = user;
    d->host.input = input ? do_input : NULL;
}

// --- the host's own paths

static bool short_name_of(struct api_directory *d, struct place *p, const char *name, char to[13])
{
    struct listing l;
    bool found = false;
    if (listing_read(&l, d->alloc, p->directory) == DOS_OK)
        for (size_t i = 0; !found && i < l.count; i++) {
            found = strcmp(l.names[i], name) == 0;
            if (found)
                memcpy(to, l.shorts[i], 13);
        }
    listing_free(&l);
    snprintf(p->name, sizeof p->name, "%s", name);
    return found && look_at(p);
}

bool api_directory_dos_path(struct api_directory *d, const char *path, char *to, size_t size)
{
    struct place p;
    bool ok = walk(d, "", &p) == DOS_OK;
    to[0] = 0;
    while (ok && *path) {
        char name[256], dos[13];
        size_t n = strcspn(path, "/"), at = strlen(to);
        ok = n < sizeof name && at + 14 < size;
        if (!ok)
            break;
        memcpy(name, path, n);
        name[n] = 0;
        path += n;
        while (*path == '/')
            path++;
        ok = short_name_of(d, &p, name, dos) && (!*path || enter(&p) == DOS_OK);
        if (ok)
            snprintf(to + at, size - at, "%s%s", at ? "\\" : "", dos);
    }
    leave(&p);
    return ok;
}
