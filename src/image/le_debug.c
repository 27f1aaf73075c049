// The debug information of our own images: source files, symbols and line numbers as one compact block that the LE
// header's words 98h/9Ch point at. docs/images.md describes it; other tools' blocks are recognised by their other
// signature and left alone.
#include <string.h>

#include "image/le_format.h"

static const char signature[8] = {'V', 'X', 'D', 'K', 'D', 'B', 'G', '1'};

// ---------------------------------------------------------------------------------------------------------------------
// Writing

// Seven bits a byte, the lowest first, the top bit set where more follow.
static void put_number(struct base_buf *out, uint32_t v)
{
    for (; v >= 0x80; v >>= 7)
        base_buf_add8(out, (uint8_t)(v | 0x80));
    base_buf_add8(out, (uint8_t)v);
}

static void put_string(struct base_buf *out, const char *s)
{
    base_buf_add(out, s, strlen(s) + 1);
}

struct place {
    uint32_t object, offset;
};

// The difference to the place before: the object's (with a mark for the record in its lowest bit), and the offset's
// within one object.
static bool put_place(struct base_buf *out, struct place *last, struct place now, bool mark)
{
    if (now.object < last->object || (now.object == last->object && now.offset < last->offset))
        return false;
    put_number(out, (now.object - last->object) << 1 | mark);
    put_number(out, now.object == last->object ? now.offset - last->offset : now.offset);
    *last = now;
    return true;
}

static bool put_symbols(const struct le_image *m, struct base_buf *out)
{
    struct place last = {0, 0};
    put_number(out, m->symbol_count);
    for (uint32_t i = 0; i < m->symbol_count; i++) {
        const struct le_symbol *s = &m->symbols[i];
        if (!put_place(out, &last, (struct place){s->object, s->offset}, s->label))
            return false;
        put_string(out, s->name);
    }
    return true;
}

static bool put_lines(const struct le_image *m, struct base_buf *out)
{
    struct place last = {0, 0};
    uint32_t last_line = 0;
    put_number(out, m->line_count);
    for (uint32_t i = 0; i < m->line_count; i++) {
        const struct le_line *l = &m->lines[i];
        if (!put_place(out, &last, (struct place){l->object, l->offset}, false))
            return false;
        put_number(out, l->file);
        uint32_t delta = l->line - last_line; // small steps in both directions are short: the sign goes to bit 0
        put_number(out, delta << 1 ^ (delta >> 31 ? UINT32_MAX : 0));
        last_line = l->line;
    }
    return true;
}

bool le_write_debug(const struct le_image *m, struct base_buf *out, struct base_diag *diag)
{
    base_buf_add(out, signature, sizeof signature);
    put_number(out, m->file_count);
    for (uint32_t i = 0; i < m->file_count; i++)
        put_string(out, m->files[i]);
    if (put_symbols(m, out) && put_lines(m, out))
        return true;
    base_diag_report(diag, BASE_ERROR, NULL, "symbols and line numbers must be sorted by object and offset");
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

struct cursor {
    struct le_reader *r;
    const uint8_t *at, *end;
};

static bool damaged(struct cursor *c)
{
    return le_fail(c->r, "the debug information is damaged");
}

static bool take_number(struct cursor *c, uint32_t *v)
{
    *v = 0;
    for (unsigned shift = 0; c->at < c->end && shift < 35; shift += 7) {
        uint8_t b = *c->at++;
        if (shift == 28 && b > 0x0f)
            break;
        *v |= (uint32_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return true;
    }
    return damaged(c);
}

// A string stays where it is: the caller's copy of the block lives as long as the image.
static bool take_string(struct cursor *c, const char **s)
{
    const uint8_t *end = memchr(c->at, 0, (size_t)(c->end - c->at));
    if (!end)
        return damaged(c);
    *s = (const char *)c->at;
    c->at = end + 1;
    return true;
}

// How many records follow; each takes at least `least` bytes, which bounds a lying count.
static bool take_count(struct cursor *c, uint32_t least, uint32_t *count)
{
    if (!take_number(c, count))
        return false;
    return *count <= (size_t)(c->end - c->at) / least || damaged(c);
}

static bool take_place(struct cursor *c, struct place *last, bool *mark)
{
    uint32_t object, offset;
    if (!take_number(c, &object) || !take_number(c, &offset))
        return false;
    *mark = object & 1;
    object >>= 1;
    uint64_t sum = object == 0 ? (uint64_t)last->offset + offset : offset;
    const struct le_image *m = c->r->image;
    if (object >= m->object_count - last->object || sum > m->objects[last->object + object].size)
        return damaged(c);
    last->object += object;
    last->offset = (uint32_t)sum;
    return true;
}

static bool take_files(struct cursor *c)
{
    struct le_image *m = c->r->image;
    uint32_t count;
    if (!take_count(c, 1, &count))
        return false;
    m->files = le_array(c->r, count, sizeof *m->files);
    if (!m->files)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!take_string(c, &m->files[i]))
            return false;
    m->file_count = count;
    return true;
}

static bool take_symbols(struct cursor *c)
{
    struct le_image *m = c->r->image;
    struct place last = {0, 0};
    uint32_t count;
    if (!take_count(c, 3, &count))
        return false;
    m->symbols = le_array(c->r, count, sizeof *m->symbols);
    if (!m->symbols)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_place(c, &last, &m->symbols[i].label) || !take_string(c, &m->symbols[i].name))
            return false;
        m->symbols[i].object = last.object;
        m->symbols[i].offset = last.offset;
    }
    m->symbol_count = count;
    return true;
}

static bool take_lines(struct cursor *c)
{
    struct le_image *m = c->r->image;
    struct place last = {0, 0};
    uint32_t count, file, step, line = 0;
    bool mark;
    if (!take_count(c, 4, &count))
        return false;
    m->lines = le_array(c->r, count, sizeof *m->lines);
    if (!m->lines)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_place(c, &last, &mark) || !take_number(c, &file) || !take_number(c, &step))
            return false;
        if (file >= m->file_count)
            return damaged(c);
        line += step >> 1 ^ (step & 1 ? UINT32_MAX : 0);
        m->lines[i] = (struct le_line){last.object, last.offset, file, line};
    }
    m->line_count = count;
    return true;
}

bool le_read_debug(struct le_reader *r, const uint8_t *bytes, size_t size)
{
    if (size < sizeof signature || memcmp(bytes, signature, sizeof signature) != 0)
        return true;
    uint8_t *copy = le_array(r, size, 1);
    if (!copy)
        return false;
    memcpy(copy, bytes, size);
    struct cursor c = {r, copy + sizeof signature, copy + size};
    return take_files(&c) && take_symbols(&c) && take_lines(&c);
}
