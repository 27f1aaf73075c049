// What SYSTEM.INI consists of, and the numbers in it. VDAG31 Initialization_Information_Services.
#include "vmm/profile.h"

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t line_end(const char *text, uint32_t size, uint32_t at)
{
    while (at < size && text[at] != '\n')
        at++;
    return at;
}

// Moves both ends inwards over blanks.
static void trim(const char *text, uint32_t *from, uint32_t *to)
{
    while (*from < *to && blank(text[*from]))
        ++*from;
    while (*to > *from && blank(text[*to - 1]))
        --*to;
}

static bool read_section(const char *text, uint32_t from, uint32_t to, struct vmm_ini_entry *entry)
{
    if (text[from] != '[')
        return false;
    uint32_t end = ++from;
    while (end < to && text[end] != ']')
        end++;
    trim(text, &from, &end);
    entry->section = from;
    entry->section_size = end - from;
    return true;
}

static bool read_entry(const char *text, uint32_t from, uint32_t to, struct vmm_ini_entry *entry)
{
    uint32_t equals = from;
    while (equals < to && text[equals] != '=')
        equals++;
    if (equals == to || text[from] == ';')
        return false;
    uint32_t key_end = equals, value = equals + 1, value_end = to;
    trim(text, &from, &key_end);
    trim(text, &value, &value_end);
    entry->key = from;
    entry->key_size = key_end - from;
    entry->value = value;
    entry->value_size = value_end - value;
    return true;
}

bool vmm_ini_next(const char *text, uint32_t size, uint32_t *at, struct vmm_ini_entry *entry)
{
    while (*at < size) {
        uint32_t from = *at, to = line_end(text, size, from);
        *at = to + 1;
        trim(text, &from, &to);
        if (from < to && !read_section(text, from, to, entry) && read_entry(text, from, to, entry))
            return true;
    }
    return false;
}

bool vmm_ini_same(const char *text, uint32_t at, uint32_t size, const char *name)
{
    for (uint32_t i = 0; i < size; i++)
        if (!name[i] || lower(text[at + i]) != lower(name[i]))
            return false;
    return name[size] == 0;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t scan_sign(const char *text, bool *negative)
{
    *negative = *text == '-';
    return *text == '-' || *text == '+';
}

size_t vmm_convert_decimal(const char *text, uint32_t *value)
{
    bool negative;
    size_t start = scan_sign(text, &negative), n = start;
    uint32_t number = 0;
    while (digit(text[n]))
        number = number * 10 + (uint32_t)(text[n++] - '0');
    *value = negative ? 0u - number : number;
    return n > start ? n : 0;
}

static int hex_digit(char c)
{
    if (digit(c))
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t vmm_convert_hex(const char *text, uint32_t *value)
{
    size_t n = 0;
    uint32_t number = 0;
    while (hex_digit(text[n]) >= 0)
        number = number << 4 | (uint32_t)hex_digit(text[n++]);
    *value = number;
    return n && lower(text[n]) == 'h' ? n + 1 : n;
}

size_t vmm_convert_fixed(const char *text, uint32_t places, uint32_t *value)
{
    bool negative;
    size_t start = scan_sign(text, &negative), n = start, digits = 0;
    uint32_t number = 0;
    for (; digit(text[n]); digits++)
        number = number * 10 + (uint32_t)(text[n++] - '0');
    if (text[n] == '.') {
        for (n++; digit(text[n]); n++, digits++) {
            if (places) {
                number = number * 10 + (uint32_t)(text[n] - '0');
                places--;
            }
        }
    }
    for (; places && number; places--)
        number *= 10;
    *value = negative ? 0u - number : number;
    return digits ? n : 0;
}

bool vmm_convert_boolean(const char *text, size_t size, uint32_t *value)
{
    static const struct {
        const char *word;
        bool yes;
    } words[] = {{"0", false}, {"1", true},   {"false", false}, {"true", true}, {"f", false},   {"t", true},
                 {"n", false}, {"no", false}, {"y", true},      {"yes", true},  {"off", false}, {"on", true}};
    for (size_t i = 0; i < BASE_COUNT(words); i++) {
        if (vmm_ini_same(text, 0, (uint32_t)size, words[i].word)) {
            *value = words[i].yes ? UINT32_MAX : 0;
            return true;
        }
    }
    return false;
}
