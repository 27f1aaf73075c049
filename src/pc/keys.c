// Keys by name and by character: bytes of scan code set 1 (IBM Technical Reference), US layout.
#include "pc/pc.h"

#include <ctype.h>
#include <string.h>

enum { EXTENDED = 0x100, SHIFT_CODE = 0x2A, BREAK = 0x80 };

static const struct {
    const char *name;
    uint16_t code;
} named_keys[] = {
    {"Esc", 0x01},
    {"Backspace", 0x0E},
    {"Tab", 0x0F},
    {"Enter", 0x1C},
    {"Ctrl", 0x1D},
    {"Shift", 0x2A},
    {"RightShift", 0x36},
    {"Alt", 0x38},
    {"Space", 0x39},
    {"CapsLock", 0x3A},
    {"NumLock", 0x45},
    {"ScrollLock", 0x46},
    {"F1", 0x3B},
    {"F2", 0x3C},
    {"F3", 0x3D},
    {"F4", 0x3E},
    {"F5", 0x3F},
    {"F6", 0x40},
    {"F7", 0x41},
    {"F8", 0x42},
    {"F9", 0x43},
    {"F10", 0x44},
    {"F11", 0x57},
    {"F12", 0x58},
    {"RightCtrl", EXTENDED | 0x1D},
    {"RightAlt", EXTENDED | 0x38},
    {"Home", EXTENDED | 0x47},
    {"Up", EXTENDED | 0x48},
    {"PgUp", EXTENDED | 0x49},
    {"Left", EXTENDED | 0x4B},
    {"Right", EXTENDED | 0x4D},
    {"End", EXTENDED | 0x4F},
    {"Down", EXTENDED | 0x50},
    {"PgDn", EXTENDED | 0x51},
    {"Ins", EXTENDED | 0x52},
    {"Del", EXTENDED | 0x53},
    {"Keypad5", 0x4C},
    {"Keypad-", 0x4A},
    {"Keypad+", 0x4E},
    {"Keypad*", 0x37},
    {"Break", EXTENDED | 0x46}, // with Ctrl
    {"KeypadEnter", EXTENDED | 0x1C},
    {"Keypad/", EXTENDED | 0x35},
};

// Characters in the order of their keys, plain and with Shift; a row begins at the code before its first character.
static const struct {
    uint8_t code;
    const char *plain, *shifted;
} rows[] = {
    {0x02, "1234567890-=", "!@#$%^&*()_+"},
    {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
    {0x1E, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
    {0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
    {0x39, " ", " "},
    {0x1C, "\n", ""},
    {0x0F, "\t", ""},
    {0x0E, "\b", ""},
    {0x01, "\x1B", ""},
};

static unsigned character_key(char c, bool *shift)
{
    for (size_t i = 0; c && i < BASE_COUNT(rows); i++) {
        const char *at = strchr(rows[i].plain, c);
        *shift = !at;
        if (at)
            return rows[i].code + (unsigned)(at - rows[i].plain);
        at = strchr(rows[i].shifted, c);
        if (at)
            return rows[i].code + (unsigned)(at - rows[i].shifted);
    }
    return 0;
}

static bool same_name(const char *name, size_t length, const char *key)
{
    size_t i = 0;
    for (; i < length && key[i]; i++) {
        if (tolower((unsigned char)name[i]) != tolower((unsigned char)key[i]))
            return false;
    }
    return i == length && !key[i];
}

static unsigned named_key(const char *name, size_t length)
{
    bool shift;
    if (length == 1) // a key by its character: the key cap, without Shift
        return character_key((char)tolower((unsigned char)name[0]), &shift);
    for (size_t i = 0; i < BASE_COUNT(named_keys); i++) {
        if (same_name(name, length, named_keys[i].name))
            return named_keys[i].code;
    }
    return 0;
}

static unsigned put_code(uint8_t *to, unsigned n, unsigned code, unsigned up)
{
    if (code & EXTENDED)
        to[n++] = 0xE0;
    to[n++] = (uint8_t)(code | up);
    return n;
}

unsigned pc_key_codes(const char *name, uint8_t codes[16])
{
    unsigned keys[4], count = 0, n = 0;
    for (;;) {
        const char *plus = name[0] ? strchr(name + 1, '+') : NULL; // "+" alone is a key
        size_t length = plus && plus[1] ? (size_t)(plus - name) : strlen(name);
        if (count == BASE_COUNT(keys) || !(keys[count] = named_key(name, length)))
            return 0;
        count++;
        if (!name[length])
            break;
        name += length + 1;
    }
    for (unsigned i = 0; i < count; i++)
        n = put_code(codes, n, keys[i], 0);
    for (unsigned i = count; i-- > 0;)
        n = put_code(codes, n, keys[i], BREAK);
    return n;
}

static bool type_character(struct pc *pc, char c, uint64_t at)
{
    bool shift;
    unsigned code = character_key(c, &shift);
    if (!code)
        return false;
    if (shift && !pc_schedule_key(pc, SHIFT_CODE, at))
        return false;
    return pc_schedule_key(pc, (uint8_t)code, at) && pc_schedule_key(pc, (uint8_t)(code | BREAK), at) &&
           (!shift || pc_schedule_key(pc, SHIFT_CODE | BREAK, at));
}

bool pc_type(struct pc *pc, const char *text, uint64_t at)
{
    for (; *text; text++) {
        if (!type_character(pc, *text, at))
            return false;
    }
    return true;
}
