// Hardware descriptions: tokens, numbers, statements and blocks, and what may stand at the top of a text.
#include "devices/hardware_text.h"

#include <string.h>

enum { MOST_ERRORS = 20 };

// ---------------------------------------------------------------------------------------------------------------------
// Tokens

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(char c)
{
    return is_blank(c) || c == '\n' || c == '{' || c == '}' || c == '=' || c == '"' || c == '#' || c == ',' || c == ';';
}

static void take(struct hardware_reader *r, enum hardware_token_kind kind, const char *from, size_t width)
{
    r->token = (struct hardware_token){.kind = kind,
                                       .text = from,
                                       .length = width,
                                       .line = r->line,
                                       .column = (uint32_t)(from - r->line_start) + 1,
                                       .width = (uint32_t)(width ? width : 1),
                                       .line_start = r->line_start};
    r->at = from + width;
}

static void take_text(struct hardware_reader *r)
{
    const char *from = r->at, *c = from + 1;
    while (c < r->end && *c != '"' && *c != '\n')
        c++;
    bool closed = c < r->end && *c == '"';
    take(r, HW_TEXT, from, (size_t)(c - from) + closed);
    r->token.text = from + 1;
    r->token.length = (size_t)(c - from) - 1;
    if (!closed)
        hw_fail(r, "the text has no closing '\"' in its line");
}

static void take_word(struct hardware_reader *r)
{
    const char *c = r->at;
    while (c < r->end && !ends_word(*c))
        c++;
    take(r, HW_WORD, r->at, (size_t)(c - r->at));
}

static void skip_blanks(struct hardware_reader *r)
{
    while (r->at < r->end && (is_blank(*r->at) || *r->at == ','))
        r->at++;
    if (r->at < r->end && *r->at == '#') {
        while (r->at < r->end && *r->at != '\n')
            r->at++;
    }
}

void hw_next(struct hardware_reader *r)
{
    skip_blanks(r);
    if (r->at >= r->end) {
        take(r, HW_END, r->end, 0);
        return;
    }
    switch (*r->at) {
    case '\n':
        take(r, HW_LINE, r->at, 1);
        r->line++;
        r->line_start = r->at;
        break;
    case ';': // several statements in a line
        take(r, HW_LINE, r->at, 1);
        break;
    case '{':
        take(r, HW_OPEN, r->at, 1);
        break;
    case '}':
        take(r, HW_CLOSE, r->at, 1);
        break;
    case '=':
        take(r, HW_EQUALS, r->at, 1);
        break;
    case '"':
        take_text(r);
        break;
    default:
        take_word(r);
    }
}

void hw_begin(struct hardware_reader *r)
{
    r->line = 1;
    r->line_start = r->at;
    hw_next(r);
}

static void report(struct hardware_reader *r, const struct hardware_token *t, const char *format, va_list args)
{
    const char *stop = memchr(t->line_start, '\n', (size_t)(r->end - t->line_start));
    const struct base_place place = {.file = r->name,
                                     .line = t->line,
                                     .column = t->column,
                                     .source = t->line_start,
                                     .source_length = (size_t)((stop ? stop : r->end) - t->line_start),
                                     .width = t->width};
    if (r->errors++ < MOST_ERRORS)
        base_diag_vreport(r->diag, BASE_ERROR, &place, format, args);
}

bool hw_fail(struct hardware_reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(r, &r->token, format, args);
    va_end(args);
    return false;
}

bool hw_fail_at(struct hardware_reader *r, const struct hardware_token *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(r, where, format, args);
    va_end(args);
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Words, numbers, times, strings

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool hw_is(const struct hardware_reader *r, const char *word)
{
    size_t n = strlen(word);
    if (r->token.kind != HW_WORD || r->token.length != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(r->token.text[i]) != word[i])
            return false;
    return true;
}

bool hw_accept(struct hardware_reader *r, const char *word)
{
    if (!hw_is(r, word))
        return false;
    hw_next(r);
    return true;
}

static unsigned digit_of(char c)
{
    c = lower(c);
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

// Digits of a decimal or 0x number from *at on, which moves behind them. False: none, or above 64 bits.
static bool digits(const char **at, const char *end, uint64_t *value)
{
    unsigned base = 10;
    if (end - *at > 2 && (*at)[0] == '0' && lower((*at)[1]) == 'x') {
        base = 16;
        *at += 2;
    }
    const char *from = *at;
    for (*value = 0; *at < end && digit_of(**at) < base; (*at)++) {
        if (*value > (UINT64_MAX - 15) / base)
            return false;
        *value = *value * base + digit_of(**at);
    }
    return *at != from;
}

bool hw_is_number(const struct hardware_reader *r)
{
    return r->token.kind == HW_WORD && r->token.length && digit_of(r->token.text[0]) < 10;
}

bool hw_number(struct hardware_reader *r, uint32_t most, uint32_t *value, const char *what)
{
    const char *at = r->token.text, *end = at + r->token.length;
    uint64_t number = 0;
    if (r->token.kind != HW_WORD || !digits(&at, end, &number) || at != end)
        return hw_fail(r, "%s expected: a number, decimal or 0x", what);
    if (number > most)
        return hw_fail(r, "%s: at most %u (0x%X)", what, (unsigned)most, (unsigned)most);
    *value = (uint32_t)number;
    hw_next(r);
    return true;
}

bool hw_range(struct hardware_reader *r, uint32_t most, uint32_t *first, uint32_t *last)
{
    const char *at = r->token.text, *end = at + r->token.length;
    uint64_t a = 0, b;
    if (r->token.kind != HW_WORD || !digits(&at, end, &a))
        return hw_fail(r, "a range expected, like 0x300-0x307");
    b = a;
    if (at != end && (*at++ != '-' || !digits(&at, end, &b) || at != end))
        return hw_fail(r, "a range expected, like 0x300-0x307");
    if (a > b || b > most)
        return hw_fail(r, "the range must ascend and end at 0x%X", (unsigned)most);
    *first = (uint32_t)a;
    *last = (uint32_t)b;
    hw_next(r);
    return true;
}

bool hw_time(struct hardware_reader *r, uint64_t *ns)
{
    static const struct {
        char unit[3];
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    const char *at = r->token.text, *end = at + r->token.length;
    uint64_t count = 0;
    if (r->token.kind == HW_WORD && digits(&at, end, &count)) {
        for (size_t i = 0; i < BASE_COUNT(units); i++) {
            size_t n = strlen(units[i].unit);
            if ((size_t)(end - at) != n || memcmp(at, units[i].unit, n) || count > UINT64_MAX / 4 / units[i].ns)
                continue;
            *ns = count * units[i].ns;
            hw_next(r);
            return true;
        }
    }
    return hw_fail(r, "a time expected, like 10us, 5ms or 2s");
}

const char *hw_string(struct hardware_reader *r, size_t most, const char *what)
{
    if ((r->token.kind != HW_TEXT && r->token.kind != HW_WORD) || !r->token.length) {
        hw_fail(r, "%s expected", what);
        return NULL;
    }
    if (r->token.length >= most || memchr(r->token.text, 0, r->token.length)) {
        hw_fail(r, "%s: at most %u characters", what, (unsigned)most - 1);
        return NULL;
    }
    const char *copy = base_arena_text(r->arena, r->token.text, r->token.length);
    if (!copy)
        hw_fail(r, "memory is exhausted");
    hw_next(r);
    return copy;
}

// ---------------------------------------------------------------------------------------------------------------------
// Statements and blocks

bool hw_statement_ends(struct hardware_reader *r)
{
    if (r->token.kind == HW_LINE || r->token.kind == HW_END || r->token.kind == HW_CLOSE)
        return true;
    return hw_fail(r, "the statement should end here, with its line or ';'");
}

// Behind a mistake: to the end of the line, and over the block that begins in it.
static void skip_statement(struct hardware_reader *r)
{
    for (unsigned depth = 0; r->token.kind != HW_END; hw_next(r)) {
        if (r->token.kind == HW_OPEN)
            depth++;
        else if (r->token.kind == HW_CLOSE && depth-- == 0)
            return;
        else if (r->token.kind == HW_LINE && !depth)
            return;
    }
}

static bool read_statement(struct hardware_reader *r, const struct hardware_statement *s, void *context)
{
    for (; s->word; s++) {
        if (hw_accept(r, s->word))
            return s->read(r, context) && hw_statement_ends(r);
    }
    return hw_fail(r, "no statement that can stand here");
}

bool hw_statements(struct hardware_reader *r, const struct hardware_statement *statements, void *context, bool block)
{
    bool good = true;
    while (r->token.kind != HW_END && !(block && r->token.kind == HW_CLOSE)) {
        if (r->token.kind == HW_LINE) {
            hw_next(r);
            continue;
        }
        if (read_statement(r, statements, context))
            continue;
        good = false;
        skip_statement(r);
        if (!block && r->token.kind == HW_CLOSE)
            hw_next(r);
    }
    return good;
}

bool hw_block(struct hardware_reader *r, const struct hardware_statement *statements, void *context)
{
    const struct hardware_token open = r->token;
    if (open.kind != HW_OPEN)
        return hw_fail(r, "'{' expected");
    hw_next(r);
    bool good = hw_statements(r, statements, context, true);
    if (r->token.kind != HW_CLOSE)
        return hw_fail_at(r, &open, "the block is not closed by '}'");
    hw_next(r);
    return good;
}

static const struct hardware_statement top[] = {{"device", hw_device}, {"pci", hw_pci}, {"ports", hw_ports},
                                                {"memory", hw_memory}, {"irq", hw_irq}, {NULL, NULL}};

bool hardware_read(const char *name, const char *text, size_t size, struct base_arena *arena, struct base_diag *diag,
                   struct hardware *to)
{
    struct hardware_reader r = {
        .name = name, .at = text, .end = text + size, .arena = arena, .diag = diag, .to = to, .line_start = text};
    memset(to, 0, sizeof *to);
    if (size > HARDWARE_TEXT) {
        base_diag_report(diag, BASE_ERROR, &(struct base_place){.file = name}, "the description is larger than 1 MB");
        return false;
    }
    hw_begin(&r);
    bool good = hw_statements(&r, top, NULL, false);
    return good && !r.errors;
}
