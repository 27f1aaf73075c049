// Module definition files: VXD NAME [DYNAMIC], DESCRIPTION, SEGMENTS with classes and attributes, EXPORTS. The forms of
// older linkers (LIBRARY NAME, EXETYPE DEV386) are understood, what a driver has no use for is warned about.
#include <string.h>

#include "link/defs.h"

enum list { IN_NOTHING, IN_SEGMENTS, IN_EXPORTS, IN_IGNORED }; // what the lines are items of

struct def_reader {
    struct linker *l;
    const char *path;
    const char *at, *end; // of the rest of the line
    uint32_t line;
    enum list list;
    bool ok;
};

static void report(struct def_reader *r, enum base_severity severity, const char *format, ...) BASE_PRINTF(3, 4);

static void report(struct def_reader *r, enum base_severity severity, const char *format, ...)
{
    struct base_place place = {.file = r->path, .line = r->line};
    va_list args;
    va_start(args, format);
    base_diag_vreport(r->l->diag, severity, &place, format, args);
    va_end(args);
    if (severity >= BASE_ERROR)
        r->ok = false;
}

struct word {
    const char *text;
    size_t length;
    bool quoted;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == 26;
}

// What stands between quotes; a quote inside is written twice.
static struct word quoted_word(struct def_reader *r)
{
    char quote = *r->at++;
    struct word w = {r->at, 0, true};
    char *text = base_arena_get(&r->l->arena, (size_t)(r->end - r->at) + 1);
    if (!text) {
        report(r, BASE_ERROR, "out of memory");
        return w;
    }
    w.text = text;
    for (; r->at < r->end; r->at++) {
        bool twice = *r->at == quote && r->at + 1 < r->end && r->at[1] == quote;
        if (*r->at == quote && !twice) {
            r->at++;
            return w;
        }
        r->at += twice;
        text[w.length++] = *r->at;
    }
    report(r, BASE_ERROR, "the quote is not closed");
    return w;
}

// The next word of the line, quotes taken off; length 0 at its end.
static struct word next_word(struct def_reader *r)
{
    while (r->at < r->end && is_blank(*r->at))
        r->at++;
    struct word w = {r->at, 0, false};
    if (r->at == r->end || *r->at == ';')
        return w;
    if (*r->at == '\'' || *r->at == '"')
        return quoted_word(r);
    bool equals = *r->at == '='; // NAME=INTERNAL needs no blanks
    do
        r->at++;
    while (r->at < r->end && !equals && !is_blank(*r->at) && *r->at != ';' && *r->at != '=');
    w.length = (size_t)(r->at - w.text);
    return w;
}

static bool is_word(struct word w, const char *text)
{
    if (w.quoted || strlen(text) != w.length)
        return false;
    for (size_t i = 0; i < w.length; i++) {
        char c = w.text[i];
        if ((c >= 'a' && c <= 'z' ? c - 0x20 : c) != text[i])
            return false;
    }
    return true;
}

static int shown(struct word w)
{
    return (int)(w.length < 99 ? w.length : 99);
}

static const char *keep(struct def_reader *r, struct word w)
{
    const char *text = base_arena_text(&r->l->arena, w.text, w.length);
    if (!text) {
        report(r, BASE_ERROR, "out of memory");
        return "";
    }
    return text;
}

// ---------------------------------------------------------------------------------------------------------------------
// SEGMENTS

static const struct {
    const char *name;
    uint32_t set, clear;
} attributes[] = {
    {"PRELOAD", LE_PRELOAD, 0},
    {"LOADONCALL", 0, LE_PRELOAD},
    {"DISCARDABLE", LE_DISCARDABLE, 0},
    {"NONDISCARDABLE", 0, LE_DISCARDABLE},
    {"SHARED", LE_SHARED, 0},
    {"NONSHARED", 0, LE_SHARED},
    {"RESIDENT", LE_RESIDENT, 0},
    {"CONFORMING", LE_CONFORMING, 0},
    {"NONCONFORMING", 0, LE_CONFORMING},
    {"IOPL", LE_IOPL, 0},
    {"NOIOPL", 0, LE_IOPL},
    {"READONLY", LE_READ, LE_WRITE},
    {"READWRITE", LE_READ | LE_WRITE, 0},
    {"EXECUTEREAD", LE_EXECUTE | LE_READ, 0},
    {"EXECUTEONLY", LE_EXECUTE, 0},
    {"EXECUTE", LE_EXECUTE, 0},
    {"READ", LE_READ, 0},
    {"WRITE", LE_WRITE, 0},
    {"FIXED", 0, 0},
    {"MOVABLE", 0, 0},
    {"MOVEABLE", 0, 0},
    {"SWAPPABLE", 0, 0},
    {"PERMANENT", LE_RESIDENT, 0},
    {"ALIAS", LE_ALIAS16, 0},
};

static bool read_attribute(struct link_def_segment *s, struct word w)
{
    for (size_t i = 0; i < BASE_COUNT(attributes); i++) {
        if (!is_word(w, attributes[i].name))
            continue;
        s->set = (s->set & ~attributes[i].clear) | attributes[i].set;
        s->clear = (s->clear & ~attributes[i].set) | attributes[i].clear;
        s->has_attributes = true;
        return true;
    }
    return false;
}

static void read_segment(struct def_reader *r, struct word name)
{
    struct link_def *def = &r->l->def;
    if (def->segment_count == LINK_DEF_SEGMENTS) {
        report(r, BASE_ERROR, "more than %d segments", LINK_DEF_SEGMENTS);
        return;
    }
    struct link_def_segment s = {.name = keep(r, name), .class_name = ""};
    for (struct word w = next_word(r); w.length || w.quoted; w = next_word(r)) {
        if (is_word(w, "CLASS"))
            s.class_name = keep(r, next_word(r));
        else if (!read_attribute(&s, w))
            report(r, BASE_ERROR, "segment '%s': unknown attribute '%.*s'", s.name, shown(w), w.text);
    }
    def->segments[def->segment_count++] = s;
}

// ---------------------------------------------------------------------------------------------------------------------
// EXPORTS: one line, the device descriptor block, at ordinal 1

static void read_export(struct def_reader *r, struct word name)
{
    struct link_def *def = &r->l->def;
    if (def->export_name) {
        report(r, BASE_ERROR, "a second export, '%.*s': a driver exports its device descriptor block and nothing else",
               shown(name), name.text);
        return;
    }
    def->export_name = keep(r, name);
    def->export_line = r->line;
    for (struct word w = next_word(r); w.length; w = next_word(r)) {
        if (is_word(w, "=")) // the block's name in the objects
            def->export_name = keep(r, next_word(r));
        else if (w.text[0] == '@' && !(w.length == 2 && w.text[1] == '1'))
            report(r, BASE_ERROR, "'%s' has the ordinal %.*s: loaders look for the device descriptor block at @1",
                   def->export_name, shown(w), w.text);
        else if (w.text[0] != '@' && !is_word(w, "RESIDENTNAME") && !is_word(w, "NONAME") && !is_word(w, "NODATA") &&
                 !is_word(w, "DATA") && !is_word(w, "PRIVATE"))
            report(r, BASE_ERROR, "export '%s': unknown attribute '%.*s'", def->export_name, shown(w), w.text);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Statements

static void read_module(struct def_reader *r)
{
    for (struct word w = next_word(r); w.length; w = next_word(r)) {
        if (is_word(w, "DYNAMIC"))
            r->l->def.dynamic = true;
        else if (is_word(w, "DEV386") || is_word(w, "STATIC") || is_word(w, "INITGLOBAL") ||
                 is_word(w, "INITINSTANCE") || is_word(w, "TERMGLOBAL") || is_word(w, "TERMINSTANCE") ||
                 is_word(w, "INITIALIZE"))
            continue;
        else if (r->l->def.name)
            report(r, BASE_ERROR, "'%.*s' is not understood after the module's name", shown(w), w.text);
        else
            r->l->def.name = keep(r, w);
    }
}

static void read_old_module(struct def_reader *r, struct word statement)
{
    report(r, BASE_NOTE, "%.*s is the old form of VXD NAME [DYNAMIC]", shown(statement), statement.text);
    read_module(r);
}

static void read_exetype(struct def_reader *r)
{
    struct word w = next_word(r);
    if (is_word(w, "DYNAMIC"))
        r->l->def.dynamic = true;
    else if (!is_word(w, "DEV386"))
        report(r, BASE_ERROR, "EXETYPE %.*s: only DEV386, a virtual device driver, can be made", shown(w), w.text);
}

static bool read_statement(struct def_reader *r, struct word w)
{
    static const char *const ignored[] = {"STUB",     "CODE",     "DATA", "HEAPSIZE", "STACKSIZE",
                                          "PROTMODE", "REALMODE", "OLD",  "VERSION",  "BASE"};
    r->list = IN_NOTHING;
    if (is_word(w, "VXD"))
        read_module(r);
    else if (is_word(w, "LIBRARY") || is_word(w, "NAME"))
        read_old_module(r, w);
    else if (is_word(w, "DESCRIPTION"))
        r->l->def.description = keep(r, next_word(r));
    else if (is_word(w, "EXETYPE"))
        read_exetype(r);
    else if (is_word(w, "SEGMENTS") || is_word(w, "SECTIONS"))
        r->list = IN_SEGMENTS;
    else if (is_word(w, "EXPORTS"))
        r->list = IN_EXPORTS;
    else if (is_word(w, "IMPORTS"))
        report(r, BASE_ERROR, "IMPORTS: a virtual device driver imports nothing; it calls services through int 20h");
    else {
        for (size_t i = 0; i < BASE_COUNT(ignored); i++)
            if (is_word(w, ignored[i])) {
                report(r, BASE_WARNING, "%s has no effect on a virtual device driver", ignored[i]);
                r->list = IN_IGNORED;
                return true;
            }
        return false;
    }
    return true;
}

// SEGMENTS and EXPORTS may have their first item on the same line.
static void read_line(struct def_reader *r)
{
    enum list list = r->list;
    struct word w = next_word(r);
    if (w.length == 0)
        return;
    if (!w.quoted && read_statement(r, w)) {
        if (r->list != IN_SEGMENTS && r->list != IN_EXPORTS)
            return;
        list = r->list;
        w = next_word(r);
        if (w.length == 0)
            return;
    }
    r->list = list;
    if (list == IN_SEGMENTS)
        read_segment(r, w);
    else if (list == IN_EXPORTS)
        read_export(r, w);
    else if (list == IN_NOTHING)
        report(r, BASE_ERROR, "unknown statement '%.*s'", shown(w), w.text);
}

bool link_read_def(struct linker *l, const struct link_input *input)
{
    struct def_reader r = {.l = l, .path = input->path, .ok = true};
    l->def.path = input->path;
    l->def.segments = link_get(l, LINK_DEF_SEGMENTS, sizeof *l->def.segments);
    if (!l->def.segments)
        return false;
    const char *at = (const char *)input->bytes, *end = at + input->size;
    while (at < end && !base_diag_full(l->diag)) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        r.at = at;
        r.end = stop ? stop : end;
        r.line++;
        read_line(&r);
        at = stop ? stop + 1 : end;
    }
    return r.ok;
}
