// A COFF object as text, one fact a line, for comparing objects of different assemblers: the bytes of every section
// that has any, with the places that relocations fill shown as what they refer to, and the public names. Header only.
#ifndef VXDKIT_TESTS_DDK_OBJECT_TEXT_H
#define VXDKIT_TESTS_DDK_OBJECT_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "image/coff.h"

static const struct coff_relocation *relocation_at(const struct coff_section *section, uint32_t offset)
{
    for (uint32_t i = 0; i < section->relocation_count; i++)
        if (section->relocations[i].offset == offset)
            return &section->relocations[i];
    return NULL;
}

static bool is_word(const struct coff_relocation *r)
{
    return r->type == COFF_DIR16 || r->type == COFF_REL16 || r->type == COFF_SECTION;
}

// Assemblers differ in naming a target by its own symbol or by its section's: both come out as SECTION+offset.
static void target_text(const struct coff_object *object, const struct coff_section *section,
                        const struct coff_relocation *r, struct base_buf *out)
{
    const struct coff_symbol *symbol = &object->symbols[r->symbol];
    bool wide = !is_word(r);
    uint32_t addend = wide ? base_get32(section->data + r->offset) : base_get16(section->data + r->offset);
    const char *kind = r->type == COFF_REL32 || r->type == COFF_REL16 ? "rel " : "";
    if (symbol->section > 0)
        base_buf_printf(out, " <%s%s+%X>", kind, object->sections[symbol->section - 1].name, symbol->value + addend);
    else
        base_buf_printf(out, " <%s%s+%X>", kind, symbol->name, addend);
}

static void section_text(const struct coff_object *object, const struct coff_section *section, struct base_buf *out)
{
    base_buf_text(out, section->name);
    for (uint32_t at = 0; at < section->size;) {
        const struct coff_relocation *r = relocation_at(section, at);
        if (r) {
            target_text(object, section, r, out);
            at += is_word(r) ? 2 : 4;
        } else {
            base_buf_printf(out, " %02X", section->data[at++]);
        }
    }
    base_buf_text(out, "\n");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct coff_symbol *)a)->name, ((const struct coff_symbol *)b)->name);
}

// Sorts object->symbols: relocations have to be printed before.
static void public_text(const struct coff_object *object, struct base_buf *out)
{
    for (uint32_t i = 0; i < object->symbol_count; i++)
        if (object->symbols[i].storage == COFF_WEAK)
            base_buf_printf(out, "weak %s else %s\n", object->symbols[i].name,
                            object->symbols[object->symbols[i].fallback - 1].name);
    qsort(object->symbols, object->symbol_count, sizeof *object->symbols, by_name);
    for (uint32_t i = 0; i < object->symbol_count; i++) {
        const struct coff_symbol *s = &object->symbols[i];
        if (s->storage != COFF_EXTERNAL)
            continue;
        if (s->section > 0)
            base_buf_printf(out, "public %s %s+%X\n", s->name, object->sections[s->section - 1].name, s->value);
        else
            base_buf_printf(out, "extern %s\n", s->name);
    }
}

// Some assemblers call the segments of .CODE and .DATA in objects what C compilers call them.
static const char *segment_name(const char *section)
{
    static const char *const names[][2] = {
        {".text", "_TEXT"}, {".data", "_DATA"}, {".bss", "_BSS"}, {".rdata", "CONST"}};
    for (size_t i = 0; i < BASE_COUNT(names); i++)
        if (strcmp(section, names[i][0]) == 0)
            return names[i][1];
    return section;
}

// The assembler's own sections (symbols for debuggers, directives for the linker) are left out.
static bool object_text(const uint8_t *bytes, size_t size, struct base_diag *diag, struct base_buf *out)
{
    struct base_arena arena;
    struct coff_object object;
    base_arena_init(&arena, &base_heap);
    bool good = coff_read(bytes, size, "object", &arena, diag, &object);
    for (uint32_t i = 0; good && i < object.section_count; i++)
        object.sections[i].name = segment_name(object.sections[i].name);
    for (uint32_t i = 0; good && i < object.section_count; i++)
        if (object.sections[i].size && object.sections[i].data && object.sections[i].name[0] != '.')
            section_text(&object, &object.sections[i], out);
    if (good)
        public_text(&object, out);
    base_arena_free(&arena);
    return good;
}

#endif
