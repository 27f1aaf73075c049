// The disassembly of a whole image, as text or as JSON: code with labels and who refers to them, the device descriptor
// block and the service table with their fields' names, everything else as data.
#include <stdio.h>
#include <string.h>

#include "dis/map.h"
#include "kit/messages.h"
#include "kit/structures.h"

enum {
    BYTES_WIDTH = 26,
    TEXT_WIDTH = 44,
    DATA_BYTES = 8,
    SHORTEST_TEXT = 4,
    SHORTEST_RUN = 9,
    LONGEST_STRING = 60,
    SHOWN_REFERENCES = 4
};

struct listing {
    const struct dis_map *m;
    struct base_buf *out;
    bool first;     // JSON: no comma yet
    uint32_t line;  // next line record to be shown
    uint32_t label; // next label
    uint32_t reference;
};

struct item {
    struct dis_place at;
    uint32_t size;
    bool code;
    const char *text, *comment;
};

// ---------------------------------------------------------------------------------------------------------------------
// One line

static void put_text_item(struct listing *l, const struct item *i)
{
    const struct le_object *o = &l->m->image->objects[i->at.object];
    char bytes[3 * DIS_LONGEST + 1] = "";
    for (uint32_t k = 0; i->code && k < i->size && k < DIS_LONGEST; k++)
        snprintf(bytes + 3 * k, 4, "%02x ", dis_byte(o, i->at.offset + k));
    base_buf_printf(l->out, "%04x:%08x  %-*s%-*s", i->at.object + 1, i->at.offset, BYTES_WIDTH, bytes,
                    i->comment[0] ? TEXT_WIDTH : 0, i->text);
    if (i->comment[0])
        base_buf_printf(l->out, "; %s", i->comment);
    base_buf_add8(l->out, '\n');
}

static void put_json_string(struct base_buf *b, const char *key, const char *text)
{
    base_buf_printf(b, ",\"%s\":", key);
    base_buf_json(b, text, strlen(text));
}

static void put_json_item(struct listing *l, const struct item *i)
{
    char label[DIS_TEXT];
    uint8_t marks = l->m->marks[i->at.object][i->at.offset];
    base_buf_text(l->out, l->first ? "\n" : ",\n");
    l->first = false;
    base_buf_printf(l->out, "{\"object\":%u,\"offset\":%u,\"size\":%u,\"kind\":\"%s\"", i->at.object + 1, i->at.offset,
                    i->size, i->code ? "code" : "data");
    if ((marks & DIS_LABEL) && !(marks & DIS_BODY)) {
        dis_name_place(l->m, i->at, label, sizeof label);
        put_json_string(l->out, "label", label);
    }
    put_json_string(l->out, "text", i->text);
    if (i->comment[0])
        put_json_string(l->out, "comment", i->comment);
    base_buf_add8(l->out, '}');
}

static void put_item(struct listing *l, const struct item *i)
{
    if (l->m->options->json)
        put_json_item(l, i);
    else
        put_text_item(l, i);
}

// ---------------------------------------------------------------------------------------------------------------------
// Labels with references

static bool behind(struct dis_place a, struct dis_place b)
{
    return a.object != b.object ? a.object > b.object : a.offset > b.offset;
}

static bool same(struct dis_place a, struct dis_place b)
{
    return a.object == b.object && a.offset == b.offset;
}

// "; from 0001:00000010 0001:00000020 and 3 more"
static void put_references(struct listing *l, struct dis_place at)
{
    const struct dis_map *m = l->m;
    uint32_t shown = 0;
    while (l->reference < m->reference_count && behind(at, m->references[l->reference].to))
        l->reference++;
    for (uint32_t i = l->reference; i < m->reference_count && same(m->references[i].to, at); i++, shown++)
        if (shown < SHOWN_REFERENCES)
            base_buf_printf(l->out, "%s %04x:%08x", shown ? "" : "; from", m->references[i].from.object + 1,
                            m->references[i].from.offset);
    if (shown > SHOWN_REFERENCES)
        base_buf_printf(l->out, " and %u more", shown - SHOWN_REFERENCES);
}

// Columns line up behind the label.
static void put_label_line(struct listing *l, struct dis_place at, const char *name, bool with_references)
{
    size_t start = l->out->size;
    base_buf_printf(l->out, "%s:", name);
    size_t width = l->out->size - start, column = 15 + BYTES_WIDTH + TEXT_WIDTH;
    if (with_references) {
        base_buf_fill(l->out, ' ', width < column ? column - width : 1);
        put_references(l, at);
        while (l->out->size && l->out->data[l->out->size - 1] == ' ')
            l->out->size--;
    }
    base_buf_add8(l->out, '\n');
}

static void put_labels(struct listing *l, struct dis_place at)
{
    const struct dis_map *m = l->m;
    uint8_t marks = m->marks[at.object][at.offset];
    char name[DIS_TEXT];
    if (m->options->json || !(marks & DIS_LABEL) || (marks & DIS_BODY))
        return;
    if (marks & DIS_CALLED)
        base_buf_add8(l->out, '\n');
    while (l->label < m->label_count && behind(at, m->labels[l->label].place))
        l->label++;
    if (l->label == m->label_count || !same(m->labels[l->label].place, at)) {
        dis_name_place(m, at, name, sizeof name);
        put_label_line(l, at, name, true);
        return;
    }
    for (uint32_t i = l->label; i < m->label_count && same(m->labels[i].place, at); i++)
        if (i == l->label || strcmp(m->labels[i].name, m->labels[i - 1].name) != 0)
            put_label_line(l, at, m->labels[i].name, i == l->label);
}

// ---------------------------------------------------------------------------------------------------------------------
// Code

// What a line of code is about: the control message compared with, the contract of the service called.
static const char *meaning(const struct dis_map *m, struct dis_place at, const struct dis_instruction *d)
{
    const struct kit_device *device = d->service ? kit_device_by_id(d->device) : NULL;
    const struct kit_service *service = device ? kit_service_by_ordinal(device, d->ordinal) : NULL;
    const struct kit_message *message = d->compares_eax ? dis_message_at(m, at) : NULL;
    return message ? message->name : service ? service->in : "";
}

// The source line that begins exactly here.
static bool line_comment(struct listing *l, struct dis_place at, char *text, size_t room)
{
    const struct le_image *image = l->m->image;
    bool found = false;
    for (; l->line < image->line_count; l->line++) {
        const struct le_line *line = &image->lines[l->line];
        struct dis_place p = {line->object, line->offset};
        if (behind(p, at))
            break;
        if (same(p, at) && line->line) {
            snprintf(text, room, "%s:%u", image->files[line->file], line->line);
            found = true;
        }
    }
    return found;
}

static uint32_t put_code(struct listing *l, struct dis_place at)
{
    struct dis_instruction d;
    char line[DIS_TEXT], comment[2 * DIS_TEXT] = "";
    dis_decode(l->m, at, true, &d);
    const char *about = meaning(l->m, at, &d);
    bool has_line = line_comment(l, at, line, sizeof line);
    snprintf(comment, sizeof comment, "%s%s%s", about, about[0] && has_line ? "  " : "", has_line ? line : "");
    put_item(l, &(struct item){at, d.length, true, d.text, comment});
    return d.length;
}

// ---------------------------------------------------------------------------------------------------------------------
// Data

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"';
}

// How far data goes on from here before something else begins: a label, code, a fixup. No farther than one line needs.
static uint32_t stretch(const struct dis_map *m, struct dis_place at, uint32_t end)
{
    uint32_t i = dis_fixup_from(m, at.object, at.offset), stop = end;
    if (stop - at.offset > 2 * LONGEST_STRING)
        stop = at.offset + 2 * LONGEST_STRING;
    if (i < m->image->fixup_count && m->image->fixups[i].object == at.object && m->image->fixups[i].offset < stop)
        stop = m->image->fixups[i].offset;
    for (uint32_t k = at.offset + 1; k < stop; k++)
        if (m->marks[at.object][k] & (DIS_LABEL | DIS_START))
            return k - at.offset;
    return stop - at.offset;
}

// How often the byte here is repeated.
static uint32_t run_length(const struct dis_map *m, struct dis_place at, uint32_t end)
{
    const struct le_object *o = &m->image->objects[at.object];
    uint32_t i = dis_fixup_from(m, at.object, at.offset), n = 1;
    if (i < m->image->fixup_count && m->image->fixups[i].object == at.object && m->image->fixups[i].offset < end)
        end = m->image->fixups[i].offset;
    while (at.offset + n < end && o->data[at.offset + n] == o->data[at.offset] &&
           !(m->marks[at.object][at.offset + n] & (DIS_LABEL | DIS_START)))
        n++;
    return n;
}

static uint32_t put_address(struct listing *l, struct dis_place at, const struct le_fixup *f, const char *comment)
{
    char text[2 * DIS_TEXT], name[DIS_TEXT];
    uint32_t width = le_source_width(f->source);
    dis_name_place(l->m, (struct dis_place){f->target_object, f->target_offset}, name, sizeof name);
    static const char *const forms[] = {"db",
                                        "",
                                        "dw      seg",
                                        "dd      far",
                                        "",
                                        "dw      offset",
                                        "df      far",
                                        "dd      offset",
                                        "dd      relative"};
    snprintf(text, sizeof text, "%s %s", forms[f->source], name);
    put_item(l, &(struct item){at, width, false, text, comment});
    return width;
}

static void append(char *text, size_t room, const char *more)
{
    size_t n = strlen(text);
    snprintf(text + n, room - n, "%s", more);
}

// A string with what usually ends one: CR, LF, 0.
static uint32_t put_string(struct listing *l, struct dis_place at, uint32_t n, uint32_t most)
{
    const struct le_object *o = &l->m->image->objects[at.object];
    char text[2 * DIS_TEXT];
    snprintf(text, sizeof text, "db      \"%.*s\"", (int)n, (const char *)o->data + at.offset);
    for (int ends = 0; ends < 4 && n < most; ends++, n++) {
        uint8_t c = dis_byte(o, at.offset + n);
        if (c != 13 && c != 10 && c != 0 && c != '$')
            break;
        append(text, sizeof text, c == 13 ? ", 13" : c == 10 ? ", 10" : c == '$' ? ", \"$\"" : ", 0");
        if (c == 0) {
            n++;
            break;
        }
    }
    put_item(l, &(struct item){at, n, false, text, ""});
    return n;
}

static uint32_t put_run(struct listing *l, struct dis_place at, uint32_t n, uint8_t value)
{
    char text[DIS_TEXT], number[16], count[16];
    snprintf(text, sizeof text, "db      %s dup (%s)", dis_number(n, count, sizeof count),
             dis_number(value, number, sizeof number));
    put_item(l, &(struct item){at, n, false, text, ""});
    return n;
}

static uint32_t put_bytes(struct listing *l, struct dis_place at, uint32_t n)
{
    const struct le_object *o = &l->m->image->objects[at.object];
    char text[DIS_TEXT] = "db      ", number[16];
    for (uint32_t i = 0; i < n; i++) {
        append(text, sizeof text, i ? ", " : "");
        append(text, sizeof text, dis_number(dis_byte(o, at.offset + i), number, sizeof number));
    }
    put_item(l, &(struct item){at, n, false, text, ""});
    return n;
}

static uint32_t put_data(struct listing *l, struct dis_place at, uint32_t end)
{
    const struct le_object *o = &l->m->image->objects[at.object];
    const struct le_fixup *f = dis_fixup_at(l->m, at.object, at.offset);
    if (f && !(l->m->marks[at.object][at.offset] & DIS_BODY))
        return put_address(l, at, f, "");
    uint32_t most = stretch(l->m, at, end), run = run_length(l->m, at, end), text = 0;
    while (text < most && text < LONGEST_STRING && is_plain(dis_byte(o, at.offset + text)))
        text++;
    if (text >= SHORTEST_TEXT)
        return put_string(l, at, text, most);
    if (run >= SHORTEST_RUN)
        return put_run(l, at, run, dis_byte(o, at.offset));
    return put_bytes(l, at, most < DATA_BYTES ? most : DATA_BYTES);
}

// What the loader makes and the file does not hold.
static uint32_t put_room(struct listing *l, struct dis_place at, uint32_t end)
{
    char text[DIS_TEXT], count[16];
    uint32_t n = 1;
    while (at.offset + n < end && !(l->m->marks[at.object][at.offset + n] & DIS_LABEL))
        n++;
    snprintf(text, sizeof text, "db      %s dup (?)", dis_number(n, count, sizeof count));
    put_item(l, &(struct item){at, n, false, text, ""});
    return n;
}

// ---------------------------------------------------------------------------------------------------------------------
// Structures

static void put_field(struct listing *l, struct dis_place at, const struct kit_field *field)
{
    const struct le_object *o = &l->m->image->objects[at.object];
    const struct le_fixup *f = dis_fixup_at(l->m, at.object, at.offset);
    uint32_t size = (uint32_t)field->size * field->count, value = dis_dword(o, at.offset);
    char text[DIS_TEXT], number[16];
    if (f) {
        put_address(l, at, f, field->name ? field->name : "");
        return;
    }
    if (field->size == 1 && field->count == 8)
        snprintf(text, sizeof text, "db      \"%.8s\"", (const char *)o->data + at.offset);
    else
        snprintf(text, sizeof text, "d%c      %s",
                 field->size == 1   ? 'b'
                 : field->size == 2 ? 'w'
                                    : 'd',
                 dis_number(field->size == 1   ? value & 0xff
                            : field->size == 2 ? value & 0xffff
                                               : value,
                            number, sizeof number));
    for (char *c = text; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '.';
    put_item(l, &(struct item){at, size, false, text, field->name ? field->name : ""});
}

static uint32_t put_ddb(struct listing *l, struct dis_place at)
{
    const struct kit_structure *s = kit_structure_by_name("VxD_Desc_Block");
    const struct le_object *o = &l->m->image->objects[at.object];
    uint32_t size =
        (dis_dword(o, at.offset + KIT_DDB_SDK_Version) & 0xffff) < 0x400 ? KIT_DDB_Win32_Service_Table : s->size;
    for (size_t i = 0; i < s->field_count && s->fields[i].offset < size; i++)
        if (at.offset + s->fields[i].offset + s->fields[i].size * s->fields[i].count <= o->data_size)
            put_field(l, (struct dis_place){at.object, at.offset + s->fields[i].offset}, &s->fields[i]);
    return size;
}

static uint32_t put_service(struct listing *l, struct dis_place at, uint32_t ordinal)
{
    const struct dis_map *m = l->m;
    uint16_t device = (uint16_t)dis_dword(&m->image->objects[m->ddb.object], m->ddb.offset + KIT_DDB_Req_Device_Number);
    const struct le_fixup *f = dis_fixup_at(m, at.object, at.offset);
    char comment[DIS_TEXT + 16], name[DIS_TEXT];
    dis_service_name(device, (uint16_t)ordinal, name, sizeof name);
    snprintf(comment, sizeof comment, "%04x %s", ordinal, name);
    if (f)
        return put_address(l, at, f, comment);
    char text[DIS_TEXT], number[16];
    snprintf(text, sizeof text, "dd      %s",
             dis_number(dis_dword(&m->image->objects[at.object], at.offset), number, sizeof number));
    put_item(l, &(struct item){at, 4, false, text, comment});
    return 4;
}

// ---------------------------------------------------------------------------------------------------------------------

static uint32_t put_next(struct listing *l, struct dis_place at)
{
    const struct dis_map *m = l->m;
    const struct le_object *o = &m->image->objects[at.object];
    put_labels(l, at);
    if (m->has_ddb && same(at, m->ddb))
        return put_ddb(l, at);
    if (m->has_table && at.object == m->table.object && at.offset >= m->table.offset &&
        (at.offset - m->table.offset) / 4 < m->service_count && (at.offset - m->table.offset) % 4 == 0)
        return put_service(l, at, (at.offset - m->table.offset) / 4);
    if (m->marks[at.object][at.offset] & DIS_START)
        return put_code(l, at);
    return at.offset < o->data_size ? put_data(l, at, o->data_size) : put_room(l, at, o->size);
}

static void put_heading(struct listing *l, uint32_t object)
{
    const struct le_object *o = &l->m->image->objects[object];
    if (l->m->options->json)
        return;
    base_buf_printf(l->out, "\n; Object %u", object + 1);
    if (o->name[0])
        base_buf_printf(l->out, " %s", o->name);
    base_buf_printf(l->out, ": %xh bytes, %xh of them in the file, flags %04xh (", o->size, o->data_size, o->flags);
    dis_put_flags(l->out, o->flags);
    base_buf_text(l->out, ")\n");
}

// Names come from the image: what a terminal would obey must not reach it.
void dis_disarm(struct base_buf *out)
{
    for (size_t i = 0; i < out->size; i++)
        if ((out->data[i] < 0x20 && out->data[i] != '\n') || out->data[i] > 0x7e)
            out->data[i] = '.';
}

static void put_image_heading(struct listing *l)
{
    const struct le_image *m = l->m->image;
    if (l->m->options->json)
        base_buf_text(l->out, "[");
    else
        base_buf_printf(l->out, "; %s: %s, %s driver, %u objects\n", l->m->options->path, m->module_name,
                        (m->flags & LE_DYNAMIC_VXD) == LE_DYNAMIC_VXD ? "dynamic" : "static", m->object_count);
}

static void put_object(struct listing *l, uint32_t object)
{
    const struct le_object *o = &l->m->image->objects[object];
    put_heading(l, object);
    for (struct dis_place at = {object, 0}; at.offset < o->size;)
        at.offset += put_next(l, at);
    put_labels(l, (struct dis_place){object, o->size}); // labels of its end
}

bool dis_image(const struct dis_image_options *options, const struct le_image *image, struct base_buf *out)
{
    struct dis_map m;
    struct listing l = {.m = &m, .out = out, .first = true};
    base_buf_clear(out);
    bool ok = dis_map_make(&m, options, image);
    if (ok) {
        put_image_heading(&l);
        for (uint32_t i = 0; i < image->object_count; i++)
            put_object(&l, i);
        if (options->json)
            base_buf_text(out, "\n]\n");
        dis_disarm(out);
    }
    dis_map_free(&m);
    return ok && base_buf_ok(out);
}
