// Names: paths made absolute, 8.3 names, wildcards, names of devices, and the 8.3 names of the host's files.
#include "dos/defs.h"

#include <stdio.h>
#include <string.h>

char dos_upper(char ch)
{
    return ch >= 'a' && ch <= 'z' ? (char)(ch - 32) : ch;
}

const char *dos_last_name(const char *path)
{
    const char *last = strrchr(path, '\\');
    return last ? last + 1 : path;
}

static bool is_separator(char ch)
{
    return ch == '\\' || ch == '/';
}

// Characters no name can have. '?' and '*' are left to those who know wildcards.
static bool forbidden(char ch)
{
    return (uint8_t)ch <= ' ' || strchr("\"+,:;<=>[]|", ch) != NULL;
}

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

// One component, cut to 8.3 as DOS does. False: a character that cannot be in a name, or nothing before the dot.
static bool add_component(char path[DOS_PATH], const char *name, size_t n)
{
    const char *dot = memchr(name, '.', n);
    size_t base = dot ? (size_t)(dot - name) : n, extension = dot ? n - base - 1 : 0, at = strlen(path);
    if (base == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (forbidden(name[i]) || (name[i] == '.' && name + i != dot))
            return false;
    if (at + 1 + 12 + 1 > DOS_PATH)
        return false;
    if (at)
        path[at++] = '\\';
    for (size_t i = 0; i < shorter(base, 8); i++)
        path[at++] = dos_upper(name[i]);
    if (extension)
        path[at++] = '.';
    for (size_t i = 0; i < shorter(extension, 3); i++)
        path[at++] = dos_upper(name[base + 1 + i]);
    path[at] = 0;
    return true;
}

static void remove_component(char path[DOS_PATH])
{
    char *last = strrchr(path, '\\');
    *(last ? last : path) = 0;
}

static bool walk(char path[DOS_PATH], const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\\/");
        bool done = true;
        if (n == 2 && memcmp(text, "..", 2) == 0)
            remove_component(path); // the root's parent is the root
        else if (n && !(n == 1 && *text == '.'))
            done = add_component(path, text, n);
        if (!done)
            return false;
        text += n;
        while (is_separator(*text))
            text++;
    }
    return true;
}

static void current_directory(struct dos_call *c, char path[DOS_PATH])
{
    char text[0x43];
    dos_copy_in(c, DOS_DATA, DATA_DIRECTORIES + 0x58 * DOS_DRIVE, text, sizeof text);
    text[sizeof text - 1] = 0;
    size_t n = strlen(text);
    path[0] = 0;
    if (n > 3) // behind "C:\"; a program may have written there what it likes
        (void)!walk(path, text + 3);
}

enum dos_error dos_resolve(struct dos_call *c, const char *text, char path[DOS_PATH])
{
    unsigned drive = dos_read8(c, DOS_DATA, DATA_DRIVE);
    path[0] = 0;
    if (text[0] && text[1] == ':') {
        drive = (unsigned)(dos_upper(text[0]) - 'A');
        text += 2;
    }
    if (is_separator(text[0]) && is_separator(text[1]))
        return DOS_NO_PATH; // a network's
    if (!is_separator(text[0]))
        current_directory(c, path);
    while (is_separator(*text))
        text++;
    if (!walk(path, text))
        return DOS_NO_PATH;
    if (dos_device_named(path))
        return DOS_OK; // on any drive
    return drive == DOS_DRIVE ? DOS_OK : DOS_BAD_DRIVE;
}

static const struct {
    const char *name;
    uint8_t device;
} devices[] = {{"CON", DOS_IS_CON},     {"NUL", DOS_IS_NUL},  {"AUX", DOS_IS_AUX},  {"COM1", DOS_IS_AUX},
               {"COM2", DOS_IS_AUX},    {"COM3", DOS_IS_AUX}, {"COM4", DOS_IS_AUX}, {"PRN", DOS_IS_PRN},
               {"LPT1", DOS_IS_PRN},    {"LPT2", DOS_IS_PRN}, {"LPT3", DOS_IS_PRN}, {"CLOCK$", DOS_IS_CLOCK},
               {"EMMXXXX0", DOS_IS_EMS}};

const char *dos_device_name(uint8_t device)
{
    for (size_t i = 0; i < BASE_COUNT(devices); i++)
        if (devices[i].device == device)
            return devices[i].name;
    return "";
}

uint8_t dos_device_named(const char *path)
{
    const char *name = dos_last_name(path);
    size_t n = strcspn(name, ".");
    for (size_t i = 0; i < BASE_COUNT(devices); i++)
        if (n == strlen(devices[i].name) && memcmp(name, devices[i].name, n) == 0)
            return devices[i].device;
    return DOS_IS_FILE;
}

// --- names of 11 characters

// Copies up to `width` characters of a part; '*' stands for '?' to the end.
static const char *fcb_part(const char *name, char *to, size_t width)
{
    size_t n = 0;
    for (; *name && *name != '.'; name++) {
        if (*name == '*')
            while (n < width)
                to[n++] = '?';
        else if (n < width)
            to[n++] = dos_upper(*name);
    }
    return name;
}

void dos_fcb_name(const char *name, char fcb[11])
{
    memset(fcb, ' ', 11);
    if (name[0] == '.') { // "." and ".."
        memcpy(fcb, name, strlen(name) < 2 ? 1 : 2);
        return;
    }
    name = fcb_part(name, fcb, 8);
    if (*name == '.')
        fcb_part(name + 1, fcb + 8, 3);
}

void dos_from_fcb_name(const char fcb[11], char name[13])
{
    size_t n = 0;
    for (size_t i = 0; i < 8 && fcb[i] != ' '; i++)
        name[n++] = dos_upper(fcb[i]);
    if (fcb[8] != ' ')
        name[n++] = '.';
    for (size_t i = 8; i < 11 && fcb[i] != ' '; i++)
        name[n++] = dos_upper(fcb[i]);
    name[n] = 0;
}

bool dos_matches(const char pattern[11], const char *name)
{
    char fcb[11];
    dos_fcb_name(name, fcb);
    for (size_t i = 0; i < 11; i++)
        if (pattern[i] != '?' && pattern[i] != fcb[i])
            return false;
    return true;
}

// --- names of the host's files

static bool fits(const char *name, char to[13])
{
    const char *dot = strchr(name, '.');
    size_t n = strlen(name), base = dot ? (size_t)(dot - name) : n;
    if (base == 0 || base > 8 || n > 12 || (dot && (strchr(dot + 1, '.') || n - base - 1 > 3 || !dot[1])))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (forbidden(name[i]) || (uint8_t)name[i] >= 0x7F || strchr("*?\\/", name[i]))
            return false;
        to[i] = dos_upper(name[i]);
    }
    to[n] = 0;
    return dos_device_named(to) == DOS_IS_FILE;
}

static size_t squeeze(const char *from, size_t length, char *to, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < length && n < most; i++) {
        if (from[i] == '.' || from[i] == ' ')
            continue;
        bool bad = forbidden(from[i]) || (uint8_t)from[i] >= 0x7F || strchr("*?\\/", from[i]);
        to[n++] = bad ? '_' : dos_upper(from[i]);
    }
    to[n] = 0;
    return n;
}

static void with_number(const char *name, unsigned number, char to[13])
{
    const char *dot = strrchr(name, '.');
    char base[9], extension[4], digits[8];
    if (dot == name)
        dot = NULL;
    squeeze(name, dot ? (size_t)(dot - name) : strlen(name), base, 8);
    squeeze(dot ? dot + 1 : "", dot ? strlen(dot + 1) : 0, extension, 3);
    int width = snprintf(digits, sizeof digits, "~%u", number % 1000000);
    base[shorter(strlen(base), 8 - (size_t)width)] = 0;
    snprintf(to, 13, "%s%s%s%s", base, digits, extension[0] ? "." : "", extension);
}

static bool taken(char (*names)[13], size_t count, size_t but, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (i != but && strcmp(names[i], name) == 0)
            return true;
    return false;
}

void dos_short_names(const char *const *names, size_t count, char (*to)[13])
{
    for (size_t i = 0; i < count; i++)
        if (!fits(names[i], to[i]) || taken(to, i, i, to[i]))
            to[i][0] = 0;
    for (size_t i = 0; i < count; i++) {
        if (to[i][0])
            continue;
        char name[13];
        unsigned number = 1;
        do
            with_number(names[i], number++, name);
        while (taken(to, count, i, name));
        memcpy(to[i], name, sizeof name);
    }
}
