// The registry's plain text form, as registry editors of the time exported it (docs/formats.md):
//   REGEDIT4
//   [HKEY_LOCAL_MACHINE\System\Example]
//   @="default value"
//   "Name"="text"  "Count"=dword:0000000a  "Raw"=hex:01,02,\ (next line) 03  "Other"=hex(7):61,00,00
#include "base/buf.h"
#include "vmm/hive.h"
#include "vmm/vmm.h"

#include <string.h>

enum { LINE_LIMIT = 4096 };

static const char no_memory[] = "memory is exhausted";

struct reading {
    struct vmm_hive *hive;
    struct base_buf data;
    const char *at, *end;
    uint32_t line, key; // key 0: none yet
    const char *problem;
};

static bool fail(struct reading *r, const char *problem)
{
    if (!r->problem)
        r->problem = problem;
    return false;
}

// The next line without its end and without blanks around it. False at the end of the text.
static bool next_line(struct reading *r, char line[LINE_LIMIT])
{
    if (r->at >= r->end)
        return false;
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    const char *from = r->at, *to = stop ? stop : r->end;
    r->at = stop ? stop + 1 : r->end;
    r->line++;
    while (from < to && strchr(" \t\r", *from) && *from)
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
        to--;
    if (to - from >= LINE_LIMIT || memchr(from, 0, (size_t)(to - from)))
        return fail(r, "the line is too long or is no text");
    memcpy(line, from, (size_t)(to - from));
    line[to - from] = 0;
    return true;
}

static bool read_key(struct reading *r, char *line)
{
    size_t size = strlen(line);
    if (line[size - 1] != ']')
        return fail(r, "']' expected at the end of the key");
    line[size - 1] = 0;
    char *name = line + 1, *rest = strchr(name, '\\');
    if (rest)
        *rest++ = 0;
    const char *path;
    uint32_t top = vmm_hive_top(name, &path);
    if (!top)
        return fail(r, "a key begins with the name of a predefined key (HKEY_LOCAL_MACHINE, ...)");
    if (rest && !vmm_hive_path_valid(rest))
        return fail(r, "a part of the key's path is empty or too long");
    uint32_t key = vmm_hive_create(r->hive, top, path);
    r->key = key && rest ? vmm_hive_create(r->hive, key, rest) : key;
    return r->key || fail(r, no_memory);
}

// A quoted text at *at, with \\ and \" in it; *at moves behind the closing quote. Appended to the data buffer.
static bool read_quoted(struct reading *r, const char **at)
{
    const char *c = *at;
    if (*c++ != '"')
        return fail(r, "'\"' expected");
    for (; *c != '"'; c++) {
        if (*c == '\\' && c[1])
            c++;
        if (!*c)
            return fail(r, "the text has no closing '\"'");
        base_buf_add8(&r->data, (uint8_t)*c);
    }
    *at = c + 1;
    return true;
}

static int hex_digit(char c)
{
    const char *set = "0123456789abcdef", *upper = "0123456789ABCDEF";
    const char *found = c ? strchr(set, c) : NULL;
    if (found)
        return (int)(found - set);
    found = c ? strchr(upper, c) : NULL;
    return found ? (int)(found - upper) : -1;
}

static size_t read_hex(const char *at, size_t most, uint32_t *value)
{
    size_t n = 0;
    for (*value = 0; n < most && hex_digit(at[n]) >= 0; n++)
        *value = *value << 4 | (uint32_t)hex_digit(at[n]);
    return n;
}

// hex:01,02,... where a backslash at a line's end continues on the next line.
static bool read_bytes(struct reading *r, const char *at, char line[LINE_LIMIT])
{
    for (;;) {
        uint32_t byte;
        size_t n = read_hex(at, 2, &byte);
        if (n)
            base_buf_add8(&r->data, (uint8_t)byte);
        at += n;
        if (*at == ',')
            at++;
        else if (*at == '\\' && !at[1] && next_line(r, line))
            at = line;
        else
            return !*at || fail(r, "bytes are two hexadecimal digits, separated by commas");
        if (!n && *at != '\\' && at != line)
            return fail(r, "a byte is missing between commas");
    }
}

static bool read_dword(struct reading *r, const char *at)
{
    uint32_t value;
    size_t n = read_hex(at, 8, &value);
    base_buf_add32(&r->data, value);
    return (n && !at[n]) || fail(r, "dword: takes one to eight hexadecimal digits");
}

static bool read_data(struct reading *r, char *line, const char *at, uint32_t *type)
{
    base_buf_clear(&r->data);
    *type = KIT_REG_SZ;
    if (*at == '"') {
        bool read = read_quoted(r, &at);
        base_buf_add8(&r->data, 0);
        return read && (!*at || fail(r, "nothing may follow the closing '\"'"));
    }
    if (strncmp(at, "dword:", 6) == 0) {
        *type = KIT_REG_DWORD;
        return read_dword(r, at + 6);
    }
    *type = KIT_REG_BINARY;
    if (strncmp(at, "hex:", 4) == 0)
        return read_bytes(r, at + 4, line);
    if (strncmp(at, "hex(", 4) == 0) {
        size_t n = read_hex(at + 4, 8, type);
        if (n && strncmp(at + 4 + n, "):", 2) == 0)
            return read_bytes(r, at + 4 + n + 2, line);
    }
    return fail(r, "a value is \"text\", dword:, hex: or hex(n):");
}

static bool read_value(struct reading *r, char *line)
{
    char name[VMM_HIVE_NAME] = "";
    const char *at = line;
    base_buf_clear(&r->data);
    if (*at == '@')
        at++;
    else if (!read_quoted(r, &at))
        return false;
    if (r->data.size >= sizeof name)
        return fail(r, "the value's name is too long");
    if (r->data.size)
        memcpy(name, r->data.data, r->data.size);
    name[r->data.size] = 0;
    if (*at++ != '=')
        return fail(r, "'=' expected");
    if (!r->key)
        return fail(r, "a value stands before the first key");
    uint32_t type;
    if (!read_data(r, line, at, &type))
        return false;
    return (base_buf_ok(&r->data) && vmm_hive_set(r->hive, r->key, name, type, r->data.data, (uint32_t)r->data.size)) ||
           fail(r, no_memory);
}

static bool read_line(struct reading *r, char *line)
{
    if (!*line || *line == ';')
        return true;
    if (*line == '[')
        return read_key(r, line);
    if (*line == '"' || *line == '@')
        return read_value(r, line);
    return fail(r, "a line is a [key], a value, a ; comment or empty");
}

bool vmm_hive_read(struct vmm_hive *h, const struct base_alloc *alloc, const char *text, size_t size, uint32_t *line,
                   const char **problem)
{
    struct reading r = {.hive = h, .at = text, .end = text + size};
    char buffer[LINE_LIMIT];
    base_buf_init(&r.data, alloc);
    bool header = false;
    while (!r.problem && next_line(&r, buffer)) {
        if (!header && strcmp(buffer, "REGEDIT4") == 0)
            header = true;
        else if (read_line(&r, buffer) && *buffer && *buffer != ';')
            header = true; // only the first line that says anything may be the mark
    }
    base_buf_free(&r.data);
    *line = r.problem == no_memory ? 0 : r.line;
    *problem = r.problem;
    return !r.problem;
}

bool vmm_registry_text_valid(const struct base_alloc *alloc, const char *text, size_t size, uint32_t *line,
                             const char **problem)
{
    struct base_table keys, values, cells;
    base_table_init(&keys, alloc, sizeof(struct vmm_hive_key));
    base_table_init(&values, alloc, sizeof(struct vmm_hive_value));
    base_table_init(&cells, alloc, sizeof(struct vmm_hive_cell));
    struct vmm_hive hive = {&keys, &values, &cells};
    *line = 0;
    *problem = no_memory;
    bool valid = vmm_hive_init(&hive) && vmm_hive_read(&hive, alloc, text, size, line, problem);
    base_table_free(&keys);
    base_table_free(&values);
    base_table_free(&cells);
    return valid;
}
