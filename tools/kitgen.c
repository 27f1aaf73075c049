// Writes the parts of the driver kit that come from src/kit's tables: in every file named, the text between a line
// ";<kit KIND ARGUMENT...>" and the next ";</kit>" is replaced by what KIND says (the table `kinds` below); a file
// ending in .md is the services' reference page and is written whole. With --check nothing is written: the exit status
// is 1 when a file is stale. `ninja kit-generate` runs it over the source tree, a test checks it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "kit/constants.h"
#include "kit/messages.h"
#include "kit/structures.h"

static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "kitgen: %s: %s\n", what, detail);
    exit(2);
}

// A number as MASM reads it: decimal below 10, else hexadecimal with a leading zero where a letter would come first.
static void number(struct base_buf *out, uint32_t value)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%X", value);
    if (value < 10)
        base_buf_text(out, digits);
    else
        base_buf_printf(out, "%s%sh", digits[0] > '9' ? "0" : "", digits);
}

static void equate(struct base_buf *out, const char *prefix, const char *name, const char *suffix, uint32_t value)
{
    base_buf_printf(out, "%s%s%s EQU ", prefix, name, suffix);
    number(out, value);
    base_buf_text(out, "\n");
}

static const struct kit_device *device_named(const char *name)
{
    const struct kit_device *device = kit_device_by_name(name);
    if (!device)
        fail("no such device", name);
    return device;
}

// A service's constant is @@NAME, so that the procedure behind it can be called NAME. 3.1 sources know only NAME.
static void services(struct base_buf *out, const char *argument)
{
    const struct kit_device *device = device_named(argument);
    for (uint32_t i = 0; i < device->service_count; i++)
        equate(out, "@@", device->services[i].name, "", (uint32_t)device->id << 16 | device->services[i].ordinal);
    equate(out, "Num_", device->name, "_Services",
           device->service_count ? device->services[device->service_count - 1].ordinal + 1u : 0);
    base_buf_text(out, "IFDEF WIN31COMPAT\n");
    for (uint32_t i = 0; i < device->service_count; i++)
        if (device->services[i].since && device->services[i].since <= 310)
            base_buf_printf(out, "%s EQU @@%s\n", device->services[i].name, device->services[i].name);
    base_buf_text(out, "ENDIF\n");
}

// ?c_NAME: how many dwords of a call's arguments the service itself removes.
static void conventions(struct base_buf *out, const char *argument)
{
    const struct kit_device *device = device_named(argument);
    for (uint32_t i = 0; i < device->service_count; i++) {
        const struct kit_service *s = &device->services[i];
        if (s->convention == KIT_STD)
            equate(out, "?c_", s->name, "", (uint32_t)s->args);
        else if (s->convention == KIT_FAST)
            equate(out, "?c_", s->name, "", s->args > 2 ? (uint32_t)s->args - 2 : 0);
    }
}

static void messages(struct base_buf *out, const char *argument)
{
    (void)argument;
    for (size_t i = 0; i < KIT_MESSAGE_COUNT; i++)
        equate(out, "", kit_messages[i].name, "", kit_messages[i].value);
}

static void devices(struct base_buf *out, const char *argument)
{
    (void)argument;
    for (size_t i = 0; i < kit_device_count; i++)
        equate(out, "", kit_devices[i].name, "_Device_ID", kit_devices[i].id);
    for (size_t i = 0; i < kit_device_count; i++)
        if (kit_devices[i].init_order != KIT_NO_ORDER)
            equate(out, "", kit_devices[i].name, "_Init_Order", kit_devices[i].init_order);
}

static void constants(struct base_buf *out, const char *argument)
{
    bool found = false;
    for (size_t i = 0; i < kit_constant_count; i++) {
        const struct kit_constant *c = &kit_constants[i];
        if (strcmp(c->group, argument) != 0)
            continue;
        found = true;
        equate(out, "", c->name, "", c->value);
        if (c->bit != KIT_NO_BIT)
            equate(out, "", c->name, "_Bit", c->bit);
    }
    if (!found)
        fail("no such group of constants", argument);
}

static const char *directive(uint8_t size)
{
    return size == 1 ? "DB" : size == 2 ? "DW" : size == 4 ? "DD" : "DQ";
}

// Fields that do not lie on their own size need the byte alignment that a command line's -Zp may have changed.
static bool packed(const struct kit_structure *s)
{
    for (size_t i = 0; i < s->field_count; i++)
        if (s->fields[i].offset % s->fields[i].size)
            return true;
    return false;
}

static void structure(struct base_buf *out, const char *argument)
{
    const struct kit_structure *s = kit_structure_by_name(argument);
    if (!s)
        fail("no such structure", argument);
    base_buf_printf(out, "%s STRUC%s\n", s->name, packed(s) ? " 1" : "");
    for (size_t i = 0; i < s->field_count; i++) {
        const struct kit_field *f = &s->fields[i];
        const char *initial = *f->initial ? f->initial : "?";
        base_buf_printf(out, "%s%s%s ", f->name ? f->name : "", f->name ? " " : "    ", directive(f->size));
        if (f->count > 1 && *initial == '?')
            base_buf_printf(out, "%u DUP (?)\n", f->count);
        else
            base_buf_printf(out, "%s\n", initial);
    }
    base_buf_printf(out, "%s ENDS\n", s->name);
}

static const struct {
    const char *name;
    void (*write)(struct base_buf *out, const char *argument);
} kinds[] = {
    {"services", services}, {"conventions", conventions}, {"messages", messages},
    {"devices", devices},   {"constants", constants},     {"structure", structure},
};

// `line` is what stands between ";<kit " and ">": a kind and its arguments. Several arguments: each in turn.
static void generate(struct base_buf *out, const char *line)
{
    char words[256];
    snprintf(words, sizeof words, "%s", line);
    char *kind = strtok(words, " ");
    for (size_t k = 0; kind && k < BASE_COUNT(kinds); k++) {
        if (strcmp(kind, kinds[k].name) != 0)
            continue;
        char *argument = strtok(NULL, " ");
        do
            kinds[k].write(out, argument ? argument : "");
        while (argument && (argument = strtok(NULL, " ")));
        return;
    }
    fail("no such kind of text", line);
}

static void rewrite_regions(struct base_buf *out, const char *path, const char *text)
{
    static const char open[] = ";<kit ", close[] = ";</kit>";
    for (const char *at = text;;) {
        const char *begin = strstr(at, open);
        if (!begin) {
            base_buf_text(out, at);
            return;
        }
        const char *line_end = strchr(begin, '\n');
        const char *end = strstr(begin, close);
        if (!line_end || !end || line_end[-1] != '>')
            fail("unfinished ;<kit ...> region", path);
        base_buf_add(out, at, (size_t)(line_end + 1 - at));
        char line[256];
        snprintf(line, sizeof line, "%.*s", (int)(line_end - 1 - begin - (ptrdiff_t)strlen(open)),
                 begin + strlen(open));
        generate(out, line);
        at = end;
    }
}

static const char *convention_name(const struct kit_service *s)
{
    static const char *const names[] = {"registers", "C", "StdCall", "FastCall", "not known"};
    return names[s->convention];
}

static void cell(struct base_buf *out, const char *label, const char *text)
{
    if (*text)
        base_buf_printf(out, "%s%s", label, text);
}

static void service_row(struct base_buf *out, const struct kit_service *s)
{
    base_buf_printf(out, "| %04X | %s | ", s->ordinal, s->name);
    if (s->since)
        base_buf_printf(out, "%u.%02u", s->since / 100, s->since % 100);
    base_buf_printf(out, " | %s%s%s | ", convention_name(s), s->flags & KIT_ASYNC ? ", async" : "",
                    s->flags & KIT_INIT_ONLY ? ", init" : "");
    cell(out, "in: ", s->in);
    cell(out, *s->in ? "; out: " : "out: ", s->out);
    cell(out, *s->in || *s->out ? "; changes " : "changes ", s->uses);
    base_buf_printf(out, " | %s%s |\n", s->page, s->flags & KIT_UNVERIFIED ? " (unverified)" : "");
}

static void reference_page(struct base_buf *out)
{
    base_buf_text(out, "# Services\n\n"
                       "Made from the tables in src/kit by `ninja -C build kit-generate`; do not edit.\n\n"
                       "*async*: may be called at hardware-interrupt time. *init*: only until Init_Complete has been "
                       "processed (the rule of Windows 3.1). *changes*: registers a caller must not count on. "
                       "*unverified*: the row has parts that no document confirms.\n");
    for (size_t d = 0; d < kit_device_count; d++) {
        const struct kit_device *device = &kit_devices[d];
        if (!device->service_count)
            continue;
        base_buf_printf(
            out,
            "\n## %s (%04X)\n\n| | service | since | called | contract | documented |\n|---|---|---|---|---|---|\n",
            device->name, device->id);
        for (uint32_t i = 0; i < device->service_count; i++)
            service_row(out, &device->services[i]);
    }
}

static void read_file(struct base_buf *into, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("cannot open", path);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        base_buf_add(into, part, n);
    fclose(file);
}

static void write_file(const struct base_buf *from, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(from->data, 1, from->size, file) != from->size || fclose(file) != 0)
        fail("cannot write", path);
}

static bool is_page(const char *path)
{
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".md") == 0;
}

// True when the file was as it should be.
static bool refresh(const char *path, bool check)
{
    struct base_buf before, after;
    base_buf_init(&before, &base_heap);
    base_buf_init(&after, &base_heap);
    if (!is_page(path) || check)
        read_file(&before, path);
    if (is_page(path))
        reference_page(&after);
    else
        rewrite_regions(&after, path, base_buf_cstr(&before));
    if (!base_buf_ok(&before) || !base_buf_ok(&after))
        fail("out of memory", path);
    bool same = before.size == after.size && (!after.size || memcmp(before.data, after.data, after.size) == 0);
    if (!same && !check)
        write_file(&after, path);
    if (!same && check)
        fprintf(stderr, "kitgen: %s is stale; run ninja kit-generate\n", path);
    base_buf_free(&before);
    base_buf_free(&after);
    return same;
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    bool fresh = true;
    for (int i = check ? 2 : 1; i < argc; i++)
        fresh &= refresh(argv[i], check);
    return check && !fresh;
}
