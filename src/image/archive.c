// Reads libraries. The bytes are hostile: members and index lie inside the file, and no more is kept than the file is
// long.
#include "image/archive.h"

#include <string.h>

enum { MAGIC_SIZE = 8, HEADER_SIZE = 60, NAME_SIZE = 16, SIZE_AT = 48, SIZE_SIZE = 10, END_AT = 58 };

enum { NAME_MAX_SHOWN = 255 }; // many members may name the same long text

struct reader {
    const uint8_t *bytes;
    size_t size;
    const char *name;
    struct base_arena *arena;
    struct base_diag *diag;
    struct archive *archive;
    struct archive_member first_linker; // the index: offsets and names, bytes NULL = not seen
    struct archive_member long_names;
    uint32_t *places; // of the members' headers, ascending
};

bool archive_is(const uint8_t *bytes, size_t size)
{
    return size >= MAGIC_SIZE && !memcmp(bytes, "!<arch>\n", MAGIC_SIZE);
}

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Digits up to a blank; false when there are none, or something else.
static bool decimal(const uint8_t *p, size_t n, uint64_t *number)
{
    size_t i = 0;
    *number = 0;
    for (; i < n && p[i] >= '0' && p[i] <= '9'; i++)
        *number = *number * 10 + (uint64_t)(p[i] - '0');
    return i > 0 && (i == n || p[i] == ' ');
}

// "name/", "/123" into the table of long names, "name" padded with blanks.
static const char *member_name(struct reader *r, const uint8_t *field)
{
    const uint8_t *text = field, *end = field + NAME_SIZE;
    uint64_t offset;
    if (field[0] == '/' && decimal(field + 1, NAME_SIZE - 1, &offset)) {
        if (!r->long_names.bytes || offset >= r->long_names.size) {
            base_diag_fail(r->diag, r->name, "a member's name lies outside the table of long names, at %llu",
                           (unsigned long long)offset);
            return NULL;
        }
        text = r->long_names.bytes + offset;
        end = r->long_names.bytes + r->long_names.size;
    }
    size_t n = 0;
    while (n < NAME_MAX_SHOWN && text + n < end && text[n] && text[n] != '/' && text[n] != '\n')
        n++;
    while (n && text[n - 1] == ' ')
        n--;
    const char *name = base_arena_text(r->arena, (const char *)text, n);
    if (!name)
        base_diag_fail(r->diag, r->name, "out of memory");
    return name;
}

static bool is_special(const uint8_t *field, const char *name)
{
    size_t n = strlen(name);
    return !memcmp(field, name, n) && field[n] == ' ';
}

// One header at `at`; *next is where the following one begins.
static bool read_member(struct reader *r, size_t at, size_t *next)
{
    const uint8_t *h = r->bytes + at;
    uint64_t size;
    if (r->size - at < HEADER_SIZE || h[END_AT] != '`' || h[END_AT + 1] != '\n' ||
        !decimal(h + SIZE_AT, SIZE_SIZE, &size))
        return base_diag_fail(r->diag, r->name, "no archive member at %zxh", at);
    if (size > r->size - at - HEADER_SIZE)
        return base_diag_fail(r->diag, r->name, "the member at %zxh claims %llu bytes, beyond the end of the file", at,
                              (unsigned long long)size);
    struct archive_member m = {.name = "", .bytes = h + HEADER_SIZE, .size = (size_t)size};
    *next = at + HEADER_SIZE + (size_t)size + (size & 1);
    if (is_special(h, "/")) {
        if (!r->first_linker.bytes) // the second of that name is LIB's sorted copy
            r->first_linker = m;
        return true;
    }
    if (is_special(h, "//")) {
        r->long_names = m;
        return true;
    }
    m.name = member_name(r, h);
    r->places[r->archive->member_count] = (uint32_t)at;
    r->archive->members[r->archive->member_count++] = m;
    return m.name != NULL;
}

static bool read_members(struct reader *r)
{
    size_t most = r->size / HEADER_SIZE + 1;
    r->archive->members = base_arena_zero(r->arena, most * sizeof *r->archive->members);
    r->places = base_arena_zero(r->arena, most * sizeof *r->places);
    if (!r->archive->members || !r->places)
        return base_diag_fail(r->diag, r->name, "out of memory");
    for (size_t at = MAGIC_SIZE, next = 0; at < r->size; at = next)
        if (!read_member(r, at, &next))
            return false;
    return true;
}

static struct archive_member *member_at(struct reader *r, uint32_t place)
{
    uint32_t low = 0, high = r->archive->member_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->places[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < r->archive->member_count && r->places[low] == place;
    return found ? &r->archive->members[low] : NULL;
}

static bool add_to_index(struct reader *r, const char *name, size_t length, uint32_t place)
{
    struct archive_member *m = member_at(r, place);
    if (!m)
        return base_diag_fail(r->diag, r->name, "the index names a member at %xh, where none is", place);
    if (base_map_get(&r->archive->index, name, length))
        return true;
    const char *copy = base_arena_text(r->arena, name, length);
    return (copy && base_map_set(&r->archive->index, copy, length, m)) ||
           base_diag_fail(r->diag, r->name, "out of memory");
}

// The first linker member: a count, that many offsets, that many names, numbers big-endian.
static bool read_index(struct reader *r)
{
    const uint8_t *b = r->first_linker.bytes;
    size_t size = r->first_linker.size;
    if (!b)
        return r->archive->member_count == 0 ||
               base_diag_fail(r->diag, r->name, "the library has no index of its symbols (LIB or ranlib makes one)");
    uint32_t count = size >= 4 ? big32(b) : 0;
    if (size < 4 || count > (size - 4) / 4)
        return base_diag_fail(r->diag, r->name, "the library's index is cut off");
    const char *name = (const char *)b + 4 + (size_t)count * 4, *end = (const char *)b + size;
    for (uint32_t i = 0; i < count; i++) {
        const char *stop = memchr(name, 0, (size_t)(end - name));
        if (!stop)
            return base_diag_fail(r->diag, r->name, "the library's index is cut off");
        if (!add_to_index(r, name, (size_t)(stop - name), big32(b + 4 + (size_t)i * 4)))
            return false;
        name = stop + 1;
    }
    return true;
}

bool archive_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena, struct base_diag *diag,
                  struct archive *archive)
{
    struct reader r = {.bytes = bytes, .size = size, .name = name, .arena = arena, .diag = diag, .archive = archive};
    *archive = (struct archive){0};
    base_map_init(&archive->index, arena->alloc, false);
    if (size > UINT32_MAX)
        return base_diag_fail(r.diag, r.name, "a library of more than 4 GiB");
    return read_members(&r) && read_index(&r);
}
