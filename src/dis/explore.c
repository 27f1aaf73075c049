// Finds the code of an image. Sure entries first: what the device descriptor block names, real-mode initialisation,
// line numbers; from there along calls, branches and jump tables. Then guesses: addresses taken in code or stored in
// data that look like code when decoded. What is left is data.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dis/map.h"
#include "kit/structures.h"

// ---------------------------------------------------------------------------------------------------------------------
// Reading the image

bool dis_is_code16(const struct le_object *o)
{
    return !(o->flags & LE_BIG);
}

uint8_t dis_byte(const struct le_object *o, uint32_t offset)
{
    return offset < o->data_size ? o->data[offset] : 0;
}

uint32_t dis_dword(const struct le_object *o, uint32_t offset)
{
    uint8_t b[4];
    for (uint32_t i = 0; i < 4; i++)
        b[i] = dis_byte(o, offset + i);
    return base_get32(b);
}

uint32_t dis_fixup_from(const struct dis_map *m, uint32_t object, uint32_t offset)
{
    uint32_t low = 0, high = m->image->fixup_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct le_fixup *f = &m->image->fixups[middle];
        if (f->object < object || (f->object == object && f->offset < offset))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct le_fixup *dis_fixup_at(const struct dis_map *m, uint32_t object, uint32_t offset)
{
    uint32_t i = dis_fixup_from(m, object, offset);
    const struct le_fixup *f = &m->image->fixups[i];
    return i < m->image->fixup_count && f->object == object && f->offset == offset ? f : NULL;
}

// Linkers may leave a field that the loader fills at zero, and a displacement of zero would not be printed: what stands
// there does not matter, only that it is something.
static void fill_fields(const struct dis_map *m, struct dis_place at, uint8_t *bytes, uint32_t n)
{
    for (uint32_t i = dis_fixup_from(m, at.object, at.offset); i < m->image->fixup_count; i++) {
        const struct le_fixup *f = &m->image->fixups[i];
        if (f->object != at.object || f->offset >= at.offset + n)
            break;
        if (f->source == LE_OFFSET32 && f->offset - at.offset + 4 <= n)
            base_put32(bytes + (f->offset - at.offset), 0x11111111);
    }
}

void dis_decode(const struct dis_map *m, struct dis_place at, bool with_names, struct dis_instruction *out)
{
    const struct le_object *o = &m->image->objects[at.object];
    struct dis_operand_context context = {m, at.object};
    struct dis_options options = {
        .code16 = dis_is_code16(o), .name = with_names ? dis_operand_name : NULL, .user = &context};
    uint32_t left = o->data_size - at.offset, n = left < DIS_LONGEST ? left : DIS_LONGEST;
    uint8_t bytes[DIS_LONGEST];
    memcpy(bytes, o->data + at.offset, n);
    fill_fields(m, at, bytes, n);
    dis_instruction(&options, bytes, n, at.offset, out);
}

// ---------------------------------------------------------------------------------------------------------------------
// Marks

static bool in_data(const struct dis_map *m, struct dis_place at)
{
    return at.object < m->image->object_count && at.offset < m->image->objects[at.object].data_size;
}

static void mark(struct dis_map *m, struct dis_place at, uint8_t marks)
{
    if (at.object < m->image->object_count && at.offset <= m->image->objects[at.object].size)
        m->marks[at.object][at.offset] |= marks;
}

static void mark_data(struct dis_map *m, struct dis_place at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (in_data(m, (struct dis_place){at.object, at.offset + i}))
            m->marks[at.object][at.offset + i] |= DIS_DATA;
}

static void refer(struct dis_map *m, struct dis_place to, struct dis_place from)
{
    struct dis_reference r = {to, from};
    mark(m, to, DIS_LABEL);
    base_buf_add(&m->found_references, &r, sizeof r);
}

// Code begins here for sure; it is followed later.
static void enter(struct dis_map *m, struct dis_place at, uint8_t marks)
{
    if (!in_data(m, at) || !(m->image->objects[at.object].flags & LE_EXECUTE))
        return;
    mark(m, at, marks);
    if (!(m->marks[at.object][at.offset] & (DIS_START | DIS_BODY | DIS_DATA)))
        base_buf_add(&m->work, &at, sizeof at);
}

static bool is_free(const struct dis_map *m, struct dis_place at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (m->marks[at.object][at.offset + i] & (DIS_START | DIS_BODY | DIS_DATA))
            return false;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Following code

// A table of addresses that a jump or call indexes: entries as long as there are fixups to code, up to the next label.
static void follow_table(struct dis_map *m, struct dis_place table, uint8_t marks)
{
    const struct le_fixup *f;
    enum { BIAS = 4 }; // an index that begins at 1 makes code name a place in front of its table
    for (uint32_t i = 0; i < BIAS && !dis_fixup_at(m, table.object, table.offset); i++)
        table.offset += 4;
    for (uint32_t at = table.offset; (f = dis_fixup_at(m, table.object, at)) != NULL && f->source == LE_OFFSET32;
         at += 4) {
        struct dis_place entry = {table.object, at}, target = {f->target_object, f->target_offset};
        if (at != table.offset && (m->marks[table.object][at] & DIS_LABEL))
            break;
        if (!is_free(m, entry, 4) || !in_data(m, target) || !(m->image->objects[target.object].flags & LE_EXECUTE))
            break;
        mark_data(m, entry, 4);
        enter(m, target, (uint8_t)(marks | DIS_LABEL));
    }
}

static bool is_number_of(const struct dis_instruction *d, uint32_t field)
{
    return (d->displacement_size && field == d->displacement) || (d->immediate_size && field == d->immediate);
}

// Where the operands of an instruction point, by its fixups.
static void follow_fixups(struct dis_map *m, struct dis_place at, const struct dis_instruction *d)
{
    for (uint32_t i = dis_fixup_from(m, at.object, at.offset); i < m->image->fixup_count; i++) {
        const struct le_fixup *f = &m->image->fixups[i];
        if (f->object != at.object || f->offset >= at.offset + d->length)
            break;
        struct dis_place to = {f->target_object, f->target_offset};
        refer(m, to, at);
        bool displacement = d->displacement_size && f->offset - at.offset == d->displacement;
        if (f->source == LE_SELF32 && d->has_target)
            enter(m, to, d->flow == DIS_CALL ? DIS_LABEL | DIS_CALLED : DIS_LABEL);
        else if (displacement && d->indirect && d->scaled)
            follow_table(m, to, d->flow == DIS_CALL ? DIS_CALLED : 0);
    }
}

static void follow_target(struct dis_map *m, struct dis_place at, const struct dis_instruction *d)
{
    struct dis_place to = {at.object, d->target};
    if (!d->has_target || dis_fixup_at(m, at.object, at.offset + d->immediate))
        return;
    refer(m, to, at);
    enter(m, to, d->flow == DIS_CALL ? DIS_LABEL | DIS_CALLED : DIS_LABEL);
}

static void follow(struct dis_map *m, struct dis_place at)
{
    for (struct dis_instruction d; in_data(m, at); at.offset += d.length) {
        dis_decode(m, at, false, &d);
        if (d.length == 0 || !is_free(m, at, d.length))
            return;
        m->marks[at.object][at.offset] |= DIS_START;
        for (uint32_t i = 1; i < d.length; i++)
            m->marks[at.object][at.offset + i] |= DIS_BODY;
        if (d.service) {
            struct dis_link link = {d.device, d.ordinal};
            base_buf_add(&m->links, &link, sizeof link);
        }
        follow_fixups(m, at, &d);
        follow_target(m, at, &d);
        if (d.flow == DIS_STOP || d.flow == DIS_JUMP)
            return;
    }
}

static void follow_all(struct dis_map *m)
{
    while (m->work.size && base_buf_ok(&m->work)) {
        struct dis_place at;
        m->work.size -= sizeof at;
        memcpy(&at, m->work.data + m->work.size, sizeof at);
        follow(m, at);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Sure entries

static bool field_target(const struct dis_map *m, uint32_t field, struct dis_place *to)
{
    const struct le_fixup *f = dis_fixup_at(m, m->ddb.object, m->ddb.offset + field);
    if (f)
        *to = (struct dis_place){f->target_object, f->target_offset};
    return f && to->offset <= m->image->objects[to->object].size;
}

static void enter_field(struct dis_map *m, uint32_t field, const char *name)
{
    struct dis_place to;
    if (!field_target(m, field, &to))
        return;
    enter(m, to, DIS_LABEL | DIS_CALLED);
    dis_add_label(m, to, name, 2);
}

static void enter_services(struct dis_map *m)
{
    uint16_t device = (uint16_t)dis_dword(&m->image->objects[m->ddb.object], m->ddb.offset + KIT_DDB_Req_Device_Number);
    uint32_t most = (m->image->objects[m->table.object].size - m->table.offset) / 4;
    if (m->service_count > most)
        m->service_count = most;
    for (uint32_t i = 0; i < m->service_count; i++) {
        struct dis_place slot = {m->table.object, m->table.offset + 4 * i};
        const struct le_fixup *f = dis_fixup_at(m, slot.object, slot.offset);
        mark_data(m, slot, 4);
        if (!f)
            continue;
        char name[DIS_TEXT];
        struct dis_place to = {f->target_object, f->target_offset};
        enter(m, to, DIS_LABEL | DIS_CALLED);
        bool known = dis_service_name(device, (uint16_t)i, name, sizeof name);
        if (!known)
            snprintf(name, sizeof name, "Service_%04x", i);
        dis_add_label(m, to, name, known ? 2 : 3);
    }
}

static void enter_ddb(struct dis_map *m)
{
    const struct le_object *o = &m->image->objects[m->ddb.object];
    bool old = (dis_dword(o, m->ddb.offset + KIT_DDB_SDK_Version) & 0xffff) < 0x400;
    mark_data(m, m->ddb, old ? KIT_DDB_Win32_Service_Table : KIT_SIZE_VxD_Desc_Block);
    mark(m, m->ddb, DIS_LABEL);
    m->has_control = field_target(m, KIT_DDB_Control_Proc, &m->control);
    m->has_table = field_target(m, KIT_DDB_Service_Table_Ptr, &m->table);
    m->service_count = m->has_table ? dis_dword(o, m->ddb.offset + KIT_DDB_Service_Table_Size) : 0;
    enter_field(m, KIT_DDB_Control_Proc, "Control_Proc");
    enter_field(m, KIT_DDB_V86_API_Proc, "V86_API_Proc");
    enter_field(m, KIT_DDB_PM_API_Proc, "PM_API_Proc");
    if (m->has_table) {
        mark(m, m->table, DIS_LABEL);
        dis_add_label(m, m->table, "Service_Table", 2);
        enter_services(m);
    }
}

static void find_ddb(struct dis_map *m)
{
    struct base_diag quiet;
    base_diag_init(&quiet, m->options->alloc, NULL, NULL);
    m->has_ddb = le_check_vxd(m->image, m->options->path, &quiet, &m->ddb.object, &m->ddb.offset);
    base_diag_free(&quiet);
}

static void enter_sure(struct dis_map *m)
{
    const struct le_image *image = m->image;
    find_ddb(m);
    if (m->has_ddb)
        enter_ddb(m);
    for (uint32_t i = 0; i < image->export_count; i++) {
        struct dis_place at = {image->exports[i].object, image->exports[i].offset};
        mark(m, at, DIS_LABEL);
        if (image->exports[i].name[0])
            dis_add_label(m, at, image->exports[i].name, 0);
        if (!m->has_ddb || at.object != m->ddb.object || at.offset != m->ddb.offset)
            enter(m, at, DIS_CALLED);
    }
    for (uint32_t i = 0; i < image->symbol_count; i++) {
        struct dis_place at = {image->symbols[i].object, image->symbols[i].offset};
        mark(m, at, DIS_LABEL);
        dis_add_label(m, at, image->symbols[i].name, 1);
    }
    for (uint32_t i = 0; i < image->object_count; i++)
        if (dis_is_code16(&image->objects[i]) && !(image->objects[i].flags & LE_PRELOAD)) {
            enter(m, (struct dis_place){i, 0}, DIS_LABEL | DIS_CALLED); // real-mode initialisation starts at 0 (S230D)
            dis_add_label(m, (struct dis_place){i, 0}, "Real_Mode_Init", 2);
        }
}

// ---------------------------------------------------------------------------------------------------------------------
// Guesses

// Text looks like code more often than not.
static bool is_text(const struct dis_map *m, struct dis_place at)
{
    const struct le_object *o = &m->image->objects[at.object];
    uint32_t n = 0;
    while (n < 64 && dis_byte(o, at.offset + n) >= 0x20 && dis_byte(o, at.offset + n) < 0x7f)
        n++;
    uint8_t end = dis_byte(o, at.offset + n);
    return n >= 5 && (n == 64 || end == 0 || end == 13 || end == 10);
}

// Every fixup inside an instruction must be one of its numbers.
static bool fixups_fit(const struct dis_map *m, struct dis_place at, const struct dis_instruction *d)
{
    for (uint32_t i = dis_fixup_from(m, at.object, at.offset); i < m->image->fixup_count; i++) {
        const struct le_fixup *f = &m->image->fixups[i];
        if (f->object != at.object || f->offset >= at.offset + d->length)
            break;
        if (!is_number_of(d, f->offset - at.offset))
            return false;
    }
    return true;
}

// One step of a guess: whether the instruction here is one that code of drivers may have.
static bool is_likely(const struct dis_map *m, struct dis_place at, const struct dis_instruction *d)
{
    const struct le_object *o = &m->image->objects[at.object];
    bool zeroes = dis_byte(o, at.offset) == 0 && dis_byte(o, at.offset + 1) == 0;
    if (d->length == 0 || d->privileged || zeroes || !is_free(m, at, d->length) || !fixups_fit(m, at, d))
        return false;
    return !d->has_target || dis_fixup_at(m, at.object, at.offset + d->immediate) || d->target < o->data_size;
}

// Whether what begins here decodes as code up to its end, without anything that code of drivers does not do. When not,
// the whole way is denied, so that no other guess walks it again.
static bool looks_like_code(struct dis_map *m, struct dis_place start)
{
    enum { LONGEST = 1000 };
    struct dis_instruction d;
    struct dis_place at = start;
    uint16_t way[LONGEST]; // lengths
    uint32_t steps = 0;
    bool likely = !is_text(m, start);
    for (; likely && steps < LONGEST; at.offset += d.length) {
        uint8_t marks = in_data(m, at) ? m->marks[at.object][at.offset] : DIS_DENIED;
        if (marks & DIS_START)
            return steps != 0;
        if (marks & DIS_DENIED)
            break;
        dis_decode(m, at, false, &d);
        likely = is_likely(m, at, &d);
        way[steps++] = (uint16_t)d.length;
        if (likely && (d.flow == DIS_STOP || d.flow == DIS_JUMP))
            return true;
    }
    for (uint32_t i = 0; i < steps; start.offset += way[i++])
        m->marks[start.object][start.offset] |= DIS_DENIED;
    return false;
}

static void guess(struct dis_map *m, struct dis_place at)
{
    if (!in_data(m, at) || !(m->image->objects[at.object].flags & LE_EXECUTE))
        return;
    if (m->marks[at.object][at.offset] & (DIS_START | DIS_BODY | DIS_DATA | DIS_DENIED))
        return;
    if (!looks_like_code(m, at))
        return;
    enter(m, at, DIS_LABEL);
    follow_all(m);
}

// Not an address that code uses as the displacement of a memory operand: that is data.
static bool may_be_code_address(const struct dis_map *m, const struct le_fixup *f)
{
    uint32_t at = f->offset;
    if (!(m->marks[f->object][at] & (DIS_START | DIS_BODY)))
        return true;
    while (at && !(m->marks[f->object][at] & DIS_START))
        at--;
    struct dis_instruction d;
    dis_decode(m, (struct dis_place){f->object, at}, false, &d);
    return d.immediate_size && f->offset - at == d.immediate;
}

// Hooks and debug builds put a jump over a pointer or counter in front of a procedure (the include files' BeginProc).
static void enter_preamble(struct dis_map *m, struct dis_place procedure)
{
    static const uint32_t distances[] = {8, 12, 6};
    const struct le_object *o = &m->image->objects[procedure.object];
    for (size_t i = 0; i < BASE_COUNT(distances); i++) {
        uint32_t n = distances[i];
        struct dis_place at = {procedure.object, procedure.offset - n};
        if (procedure.offset < n || dis_byte(o, at.offset) != 0xeb || dis_byte(o, at.offset + 1) != n - 2)
            continue;
        bool hook = n != 6;
        if (hook && (dis_byte(o, at.offset + 2) != 0xff || dis_byte(o, at.offset + 3) != 0x25 ||
                     !dis_fixup_at(m, at.object, at.offset + 4)))
            continue;
        if (!is_free(m, at, n))
            continue;
        enter(m, at, DIS_LABEL);
        if (hook)
            enter(m, (struct dis_place){at.object, at.offset + 2}, 0);
        follow_all(m);
        return;
    }
}

static void enter_preambles(struct dis_map *m)
{
    for (uint32_t object = 0; object < m->image->object_count; object++)
        for (uint32_t at = 0; at < m->image->objects[object].data_size; at++)
            if ((m->marks[object][at] & (DIS_START | DIS_LABEL)) == (DIS_START | DIS_LABEL))
                enter_preamble(m, (struct dis_place){object, at});
}

// Lines belong to data as well in some objects: what is surer goes first.
static void enter_lines(struct dis_map *m)
{
    const struct le_image *image = m->image;
    for (uint32_t i = 0; i < image->line_count; i++)
        if (image->lines[i].line)
            enter(m, (struct dis_place){image->lines[i].object, image->lines[i].offset}, 0);
    follow_all(m);
}

static void enter_guesses(struct dis_map *m)
{
    const struct le_image *image = m->image;
    for (uint32_t i = 0; i < image->fixup_count; i++)
        if (may_be_code_address(m, &image->fixups[i]))
            guess(m, (struct dis_place){image->fixups[i].target_object, image->fixups[i].target_offset});
    for (uint32_t i = 0; i < image->symbol_count; i++)
        guess(m, (struct dis_place){image->symbols[i].object, image->symbols[i].offset});
}

// Addresses stored in data are references too.
static void refer_from_data(struct dis_map *m)
{
    for (uint32_t i = 0; i < m->image->fixup_count; i++) {
        const struct le_fixup *f = &m->image->fixups[i];
        struct dis_place from = {f->object, f->offset}, to = {f->target_object, f->target_offset};
        if (!(m->marks[f->object][f->offset] & (DIS_START | DIS_BODY)))
            refer(m, to, from);
    }
}

// ---------------------------------------------------------------------------------------------------------------------

static int compare_places(struct dis_place a, struct dis_place b)
{
    if (a.object != b.object)
        return a.object < b.object ? -1 : 1;
    return (a.offset > b.offset) - (a.offset < b.offset);
}

static int compare_references(const void *a, const void *b)
{
    const struct dis_reference *x = a, *y = b;
    int c = compare_places(x->to, y->to);
    return c ? c : compare_places(x->from, y->from);
}

static bool make_marks(struct dis_map *m)
{
    const struct le_image *image = m->image;
    m->marks = base_arena_zero(&m->arena, (image->object_count + 1) * sizeof *m->marks);
    for (uint32_t i = 0; m->marks && i < image->object_count; i++) {
        m->marks[i] = base_arena_zero(&m->arena, (size_t)image->objects[i].size + 1);
        if (!m->marks[i])
            return false;
    }
    return m->marks != NULL;
}

bool dis_map_make(struct dis_map *m, const struct dis_image_options *options, const struct le_image *image)
{
    *m = (struct dis_map){.options = options, .image = image};
    base_arena_init(&m->arena, options->alloc);
    struct base_buf *all[] = {&m->work, &m->found_references, &m->found_labels, &m->links, &m->uses, &m->messages};
    for (size_t i = 0; i < BASE_COUNT(all); i++)
        base_buf_init(all[i], options->alloc);
    if (!make_marks(m))
        return false;
    enter_sure(m);
    follow_all(m);
    enter_lines(m);
    enter_guesses(m);
    enter_preambles(m);
    refer_from_data(m);
    dis_survey(m);
    for (size_t i = 0; i < BASE_COUNT(all); i++)
        if (!base_buf_ok(all[i]))
            return false;
    m->reference_count = (uint32_t)(m->found_references.size / sizeof(struct dis_reference));
    m->references = (void *)m->found_references.data;
    if (m->reference_count)
        qsort(m->found_references.data, m->reference_count, sizeof(struct dis_reference), compare_references);
    return dis_name_labels(m);
}

void dis_map_free(struct dis_map *m)
{
    base_buf_free(&m->work);
    base_buf_free(&m->found_references);
    base_buf_free(&m->found_labels);
    base_buf_free(&m->links);
    base_buf_free(&m->uses);
    base_buf_free(&m->messages);
    base_arena_free(&m->arena);
}
