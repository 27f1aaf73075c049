// Applies the relocations of all pieces. What the linker can know becomes a number, the rest a fixup for the loader:
// addresses (type 07) and distances between objects (type 08). Real-mode and 16-bit offsets count from the start of
// their own object, which is their segment, so they are numbers too.
#include <stdlib.h>
#include <string.h>

#include "link/defs.h"

struct site {
    struct linker *l;
    const struct link_piece *piece;
    const struct coff_relocation *r;
    struct link_group *group;
    uint32_t offset; // of the field in the group
    uint8_t *field;
    struct link_target target;
};

static bool refuse(const struct site *s, const char *why)
{
    const struct coff_symbol *c = &s->l->files[s->piece->file].coff.symbols[s->r->symbol];
    link_report_at(s->l, BASE_ERROR, s->piece->file, s->piece->section, s->r->offset, "%s refers to '%.99s': %s",
                   link_describe(s->l, s->piece->file, s->piece->section, s->r->offset), c->name, why);
    return false;
}

static bool is_real_mode(const struct link_group *g)
{
    return !strcmp(g->class_name, "RCODE");
}

static bool add_fixup(const struct site *s, uint8_t source, uint32_t target_offset)
{
    struct le_fixup f = {.object = s->group->object,
                         .offset = s->offset,
                         .source = source,
                         .target_object = s->target.group->object,
                         .target_offset = target_offset};
    if (is_real_mode(s->group))
        return refuse(s, "real-mode code cannot reach other segments of the driver, which are not loaded yet (S230D)");
    if (is_real_mode(s->target.group))
        return refuse(s, "the real-mode segment is gone before other code of the driver runs (S230D)");
    base_put32(s->field, target_offset);
    base_buf_add(&s->l->fixups, &f, sizeof f);
    return true;
}

static bool relocate_address(const struct site *s)
{
    uint32_t value = s->target.value + base_get32(s->field);
    if (s->target.absolute || (is_real_mode(s->group) && s->target.group == s->group)) {
        base_put32(s->field, value);
        return true;
    }
    return add_fixup(s, LE_OFFSET32, value);
}

static bool relocate_distance(const struct site *s)
{
    uint32_t value = s->target.value + base_get32(s->field);
    if (s->target.absolute)
        return refuse(s, "the distance to an absolute address is not known before the driver is loaded");
    if (s->target.group != s->group)
        return add_fixup(s, LE_SELF32, value);
    base_put32(s->field, value - (s->offset + 4));
    return true;
}

static bool relocate_16bit(const struct site *s)
{
    uint32_t addend = base_get16(s->field);
    uint32_t value = s->target.value + (addend & 0x8000 ? addend | 0xffff0000 : addend);
    if (!s->target.absolute && (s->target.group != s->group || (s->group->flags & LE_BIG)))
        return refuse(s, "a 16-bit offset reaches only within one 16-bit segment class");
    if (s->r->type == COFF_REL16) {
        if (s->target.absolute)
            return refuse(s, "the distance to an absolute address is not known before the driver is loaded");
        value -= s->offset + 2;
    }
    if (value > UINT16_MAX && value < 0xffff8000)
        return refuse(s, "the value does not fit into 16 bits");
    base_put16(s->field, (uint16_t)value);
    return true;
}

static uint32_t field_width(uint16_t type)
{
    return type == COFF_DIR16 || type == COFF_REL16 || type == COFF_SECTION ? 2 : 4;
}

static bool relocate_one(struct site *s)
{
    const struct coff_section *c = &s->l->files[s->piece->file].coff.sections[s->piece->section];
    if (s->r->offset > c->size || c->size - s->r->offset < field_width(s->r->type) || !c->data)
        return refuse(s, "the relocation lies outside the section's bytes");
    if (!link_resolve(s->l, s->piece->file, s->piece->section, s->r, &s->target))
        return false;
    s->offset = s->piece->offset + s->r->offset;
    s->field = s->group->data + s->offset;
    switch (s->r->type) {
    case COFF_DIR32:
        return relocate_address(s);
    case COFF_REL32:
        return relocate_distance(s);
    case COFF_DIR16:
    case COFF_REL16:
        return relocate_16bit(s);
    case COFF_SECTION:
        return refuse(s, "a segment address is not known before the driver is loaded, and a driver is flat");
    case COFF_DIR32NB:
    case COFF_SECREL:
        return refuse(s, "an address relative to an image base or section has no meaning in a driver");
    default:
        return refuse(s, "the relocation's type is unknown");
    }
}

static int compare_fixups(const void *a, const void *b)
{
    const struct le_fixup *x = a, *y = b;
    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool sort_fixups(struct linker *l)
{
    struct le_fixup *f = (void *)l->fixups.data;
    uint32_t count = (uint32_t)(l->fixups.size / sizeof *f);
    if (!base_buf_ok(&l->fixups)) {
        link_error(l, "out of memory");
        return false;
    }
    if (count)
        qsort(f, count, sizeof *f, compare_fixups);
    for (uint32_t i = 1; i < count; i++)
        if (f[i].object == f[i - 1].object && f[i].offset - f[i - 1].offset < 4) {
            link_error(l, "two relocations overlap at %xh of the %s object", f[i].offset,
                       l->groups[f[i].object]->class_name);
            return false;
        }
    l->image.fixups = f;
    l->image.fixup_count = count;
    return true;
}

bool link_relocate(struct linker *l)
{
    bool ok = true;
    for (uint32_t i = 0; i < l->piece_count && l->diag->errors < LINK_ERRORS && !base_diag_full(l->diag); i++) {
        const struct link_piece *p = l->pieces[i];
        if (p->file == LINK_NONE)
            continue;
        const struct coff_section *c = &l->files[p->file].coff.sections[p->section];
        for (uint32_t k = 0; k < c->relocation_count && l->diag->errors < LINK_ERRORS; k++) {
            struct site s = {.l = l, .piece = p, .r = &c->relocations[k], .group = p->segment->group};
            ok &= relocate_one(&s);
        }
    }
    return ok && sort_fixups(l);
}
