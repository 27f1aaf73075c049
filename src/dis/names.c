// Names of places: what the debug information says, else what the device descriptor block makes of them, else made up
// from what they are (sub_, loc_, dat_ with object and offset).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dis/map.h"

const char *dis_number(uint32_t value, char *text, size_t room)
{
    char digits[12];
    snprintf(digits, sizeof digits, "%x", value);
    if (value < 10)
        snprintf(text, room, "%u", value);
    else
        snprintf(text, room, "%s%sh", digits[0] > '9' ? "0" : "", digits);
    return text;
}

// ---------------------------------------------------------------------------------------------------------------------
// Names that are there

bool dis_add_label(struct dis_map *m, struct dis_place at, const char *name, uint32_t order)
{
    if (at.object >= m->image->object_count || at.offset > m->image->objects[at.object].size)
        return true;
    m->marks[at.object][at.offset] |= DIS_LABEL;
    char *copy = base_arena_text(&m->arena, name, strlen(name));
    struct dis_label label = {at, copy, order};
    if (copy)
        base_buf_add(&m->found_labels, &label, sizeof label);
    return copy != NULL;
}

static int compare_labels(const void *a, const void *b)
{
    const struct dis_label *x = a, *y = b;
    if (x->place.object != y->place.object)
        return x->place.object < y->place.object ? -1 : 1;
    if (x->place.offset != y->place.offset)
        return x->place.offset < y->place.offset ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return strcmp(x->name, y->name);
}

bool dis_name_labels(struct dis_map *m)
{
    m->label_count = (uint32_t)(m->found_labels.size / sizeof *m->labels);
    m->labels = (void *)m->found_labels.data;
    if (m->label_count)
        qsort(m->found_labels.data, m->label_count, sizeof *m->labels, compare_labels);
    return base_buf_ok(&m->found_labels);
}

// The first label at or behind a place.
static uint32_t label_from(const struct dis_map *m, struct dis_place at)
{
    uint32_t low = 0, high = m->label_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct dis_place p = m->labels[middle].place;
        if (p.object < at.object || (p.object == at.object && p.offset < at.offset))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *dis_label_at(const struct dis_map *m, struct dis_place at)
{
    uint32_t i = label_from(m, at);
    bool found = i < m->label_count && m->labels[i].place.object == at.object && m->labels[i].place.offset == at.offset;
    return found ? m->labels[i].name : NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Any place

static bool make_up(const struct dis_map *m, struct dis_place at, char *text, size_t room)
{
    if (at.offset > m->image->objects[at.object].size)
        return false;
    uint8_t marks = m->marks[at.object][at.offset];
    if (!(marks & DIS_LABEL))
        return false;
    const char *name = dis_label_at(m, at);
    if (name)
        snprintf(text, room, "%s", name);
    else if (marks & DIS_BODY)
        return false;
    else
        snprintf(text, room, "%s_%x_%04x",
                 marks & DIS_CALLED  ? "sub"
                 : marks & DIS_START ? "loc"
                                     : "dat",
                 at.object + 1, at.offset);
    return true;
}

void dis_name_place(const struct dis_map *m, struct dis_place at, char *text, size_t room)
{
    enum { FAR = 0x1000 }; // from a label, nobody means it any more
    char base[DIS_TEXT], number[16];
    if (make_up(m, at, text, room))
        return;
    for (uint32_t distance = 1; distance < FAR && distance <= at.offset; distance++)
        if (make_up(m, (struct dis_place){at.object, at.offset - distance}, base, sizeof base)) {
            snprintf(text, room, "%s+%s", base, dis_number(distance, number, sizeof number));
            return;
        }
    bool before = at.offset > UINT32_MAX - FAR;
    snprintf(text, room, "object%u%c%s", at.object + 1, before ? '-' : '+',
             dis_number(before ? 0 - at.offset : at.offset, number, sizeof number));
}

bool dis_operand_name(void *user, enum dis_operand kind, uint32_t address, uint32_t field, uint32_t value, char *text,
                      size_t room)
{
    const struct dis_operand_context *c = user;
    const struct le_fixup *f = dis_fixup_at(c->map, c->object, address + field);
    struct dis_place at = {c->object, value};
    if (f)
        at = (struct dis_place){f->target_object, f->target_offset};
    else if (kind == DIS_IMMEDIATE || (kind == DIS_MEMORY && !dis_is_code16(&c->map->image->objects[c->object])))
        return false;
    else if (value > c->map->image->objects[c->object].size || (kind == DIS_MEMORY && !dis_label_at(c->map, at)))
        return false;
    dis_name_place(c->map, at, text, room);
    return true;
}
