// Reads an i386 COFF object into the model of coff.h. The bytes are hostile: every offset and count is checked, and the
// tables of all sections together may not be larger than the file, so that memory stays proportional to it. Objects of
// MASM, JWasm, NASM, GNU and LLVM tools are understood; what a model cannot hold (debug records) is left out.
#include <string.h>

#include "base/map.h"
#include "image/coff.h"
#include "image/coff_format.h"

struct reader {
    const uint8_t *bytes;
    size_t size;
    const char *name;
    struct base_arena *arena;
    struct base_diag *diag;
    struct coff_object *object;
    uint32_t raw_sections;
    const uint8_t *section_table;
    const uint8_t *symbol_table;
    uint32_t raw_symbols;
    const char *strings; // with a NUL behind
    uint32_t strings_size;
    uint64_t claimed;     // bytes of data, relocations and lines so far
    uint32_t *section_of; // by raw section number - 1: model section, 1-based; 0 = left out
    uint32_t *symbol_of;  // by raw symbol index: model symbol + 1; 0 = left out
    uint32_t *file_of;    // by raw symbol index: the file in force
    struct base_map files;
    struct base_buf directives;
};

// One element more than asked for, so that an empty array has an address too.
static void *get_array(struct reader *r, uint64_t count, size_t size)
{
    void *p = count < SIZE_MAX / size - 1 ? base_arena_zero(r->arena, (size_t)(count + 1) * size) : NULL;
    if (!p)
        base_diag_fail(r->diag, r->name, "out of memory");
    return p;
}

static bool in_file(const struct reader *r, uint64_t offset, uint64_t n)
{
    return offset <= r->size && n <= r->size - offset;
}

// ---------------------------------------------------------------------------------------------------------------------
// Header, names

// What else people hand to a linker.
static bool refuse_other_kinds(struct reader *r)
{
    const uint8_t *b = r->bytes;
    if (r->size == 0)
        return base_diag_fail(r->diag, r->name, "the file is empty");
    if (r->size >= 8 && !memcmp(b, "!<arch>\n", 8))
        return base_diag_fail(r->diag, r->name, "a library, not an object");
    if (b[0] == 0xf0 && r->size >= 10)
        return base_diag_fail(r->diag, r->name, "an OMF library: not implemented yet; COFF libraries are read");
    if (r->size >= 4 && !memcmp(b, "\177ELF", 4))
        return base_diag_fail(
            r->diag, r->name,
            "an ELF object: not implemented yet; make a COFF object (-coff, --target=i686-pc-windows-gnu)");
    if (b[0] == 0x80 && r->size >= 4)
        return base_diag_fail(r->diag, r->name, "an OMF object: not implemented yet; assemble with -coff");
    if (r->size >= 2 && b[0] == 'M' && b[1] == 'Z')
        return base_diag_fail(r->diag, r->name, "an executable or driver, not an object");
    if (r->size < COFF_HEADER_SIZE)
        return base_diag_fail(r->diag, r->name, "too short for a COFF object: %zu bytes", r->size);
    if (base_get16(b) == 0 && base_get16(b + 2) == 0xffff)
        return base_diag_fail(r->diag, r->name, "a COFF object of the large or import kind: not implemented yet");
    if (base_get16(b) != COFF_MACHINE_I386)
        return base_diag_fail(r->diag, r->name, "no i386 COFF object: machine type %04xh", base_get16(b));
    return true;
}

// The string table follows the symbols; an object without long names may lack it.
static bool read_strings(struct reader *r)
{
    uint64_t at = base_get32(r->bytes + 8) + (uint64_t)r->raw_symbols * COFF_SYMBOL_SIZE;
    if (!r->raw_symbols || !in_file(r, at, 4))
        return true;
    uint32_t size = base_get32(r->bytes + at);
    if (size < 4)
        return true;
    if (!in_file(r, at, size))
        return base_diag_fail(r->diag, r->name, "the string table claims %u bytes and goes beyond the end of the file",
                              size);
    r->strings = base_arena_text(r->arena, (const char *)r->bytes + at, size);
    r->strings_size = size;
    return r->strings || base_diag_fail(r->diag, r->name, "out of memory");
}

static bool read_header(struct reader *r)
{
    if (!refuse_other_kinds(r))
        return false;
    const uint8_t *h = r->bytes;
    r->raw_sections = base_get16(h + 2);
    uint64_t table = COFF_HEADER_SIZE + (uint64_t)base_get16(h + 16);
    if (!in_file(r, table, (uint64_t)r->raw_sections * COFF_SECTION_SIZE))
        return base_diag_fail(r->diag, r->name, "%u section headers go beyond the end of the file", r->raw_sections);
    r->section_table = h + table;
    uint32_t symbols = base_get32(h + 8);
    r->raw_symbols = symbols ? base_get32(h + 12) : 0;
    if (!in_file(r, symbols, (uint64_t)r->raw_symbols * COFF_SYMBOL_SIZE))
        return base_diag_fail(r->diag, r->name, "%u symbols go beyond the end of the file", r->raw_symbols);
    r->symbol_table = h + symbols;
    return read_strings(r);
}

static const char *string_at(struct reader *r, uint64_t offset)
{
    if (offset < 4 || offset >= r->strings_size) {
        base_diag_fail(r->diag, r->name, "a name lies outside the string table, at %llxh", (unsigned long long)offset);
        return NULL;
    }
    return r->strings + offset;
}

static const char *short_name(struct reader *r, const uint8_t *field)
{
    const uint8_t *end = memchr(field, 0, 8);
    const char *name = base_arena_text(r->arena, (const char *)field, end ? (size_t)(end - field) : 8);
    if (!name)
        base_diag_fail(r->diag, r->name, "out of memory");
    return name;
}

static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// "/123" is an offset into the string table in decimal, "//AAAAAA" one in base 64; anything else is the name itself.
static const char *section_name(struct reader *r, const uint8_t *field)
{
    uint64_t offset = 0;
    if (field[0] != '/' || !field[1])
        return short_name(r, field);
    bool wide = field[1] == '/';
    for (int i = wide ? 2 : 1; i < 8 && field[i]; i++) {
        int digit = wide ? base64_digit(field[i]) : field[i] >= '0' && field[i] <= '9' ? field[i] - '0' : -1;
        if (digit < 0)
            return short_name(r, field);
        offset = offset * (wide ? 64 : 10) + (uint64_t)digit;
    }
    return string_at(r, offset);
}

static const char *symbol_name(struct reader *r, const uint8_t *record)
{
    if (base_get32(record) == 0 && base_get32(record + 4) != 0)
        return string_at(r, base_get32(record + 4));
    return short_name(r, record);
}

// ---------------------------------------------------------------------------------------------------------------------
// Sections

static bool claim(struct reader *r, const char *what, const char *section, uint64_t offset, uint64_t n)
{
    if (!in_file(r, offset, n))
        return base_diag_fail(r->diag, r->name, "section '%.99s': %s go beyond the end of the file", section, what);
    r->claimed += n;
    if (r->claimed > r->size)
        return base_diag_fail(r->diag, r->name, "section '%.99s': %s overlap those of another section", section, what);
    return true;
}

static bool read_data(struct reader *r, const uint8_t *header, struct coff_section *s)
{
    uint32_t at = base_get32(header + 20);
    s->size = base_get32(header + 16);
    if (!at || (s->flags & COFF_BSS) || !s->size) {
        if (s->size && !(s->flags & COFF_BSS))
            s->flags |= COFF_BSS; // no bytes in the file: zeroes, whatever the flags say
        if (s->flags & COFF_BSS && !s->size)
            s->size = base_get32(header + 8); // some tools use the virtual size
        return true;
    }
    if (!claim(r, "its bytes", s->name, at, s->size))
        return false;
    uint8_t *data = get_array(r, s->size, 1);
    if (!data)
        return false;
    memcpy(data, r->bytes + at, s->size);
    s->data = data;
    return true;
}

static uint32_t alignment(uint32_t flags)
{
    uint32_t code = (flags & COFF_ALIGN_MASK) >> COFF_ALIGN_SHIFT;
    if (code == 0 || code == 15)
        return flags & (COFF_INFO | COFF_REMOVE) ? 1 : 16; // the specification's default
    return UINT32_C(1) << (code - 1);
}

static void read_directives(struct reader *r, const struct coff_section *s)
{
    if (!s->data)
        return;
    if (r->directives.size)
        base_buf_add8(&r->directives, ' ');
    base_buf_add(&r->directives, s->data, strnlen((const char *)s->data, s->size));
}

static bool read_section(struct reader *r, uint32_t index)
{
    const uint8_t *header = r->section_table + (size_t)index * COFF_SECTION_SIZE;
    uint32_t flags = base_get32(header + 36);
    struct coff_section s = {.align = alignment(flags), .name = section_name(r, header)};
    s.flags = flags & ~(uint32_t)(COFF_ALIGN_MASK | COFF_MANY_RELOCATIONS);
    if (!s.name || !read_data(r, header, &s))
        return false;
    if (!strcmp(s.name, ".note.GNU-stack"))
        return base_diag_fail(
            r->diag, r->name,
            "converted from ELF: its relocations still have ELF's numbers, which mean others here; let the "
            "compiler make COFF (i686-w64-mingw32-gcc, clang --target=i686-pc-windows-gnu)");
    if (!strcmp(s.name, COFF_DIRECTIVES)) {
        read_directives(r, &s);
        return true;
    }
    r->object->sections[r->object->section_count++] = s;
    r->section_of[index] = r->object->section_count;
    return true;
}

static bool read_sections(struct reader *r)
{
    r->object->sections = get_array(r, r->raw_sections, sizeof *r->object->sections);
    r->section_of = get_array(r, r->raw_sections, sizeof *r->section_of);
    if (!r->object->sections || !r->section_of)
        return false;
    for (uint32_t i = 0; i < r->raw_sections; i++)
        if (!read_section(r, i))
            return false;
    r->object->directives = base_arena_text(r->arena, base_buf_cstr(&r->directives), r->directives.size);
    return (r->object->directives && base_buf_ok(&r->directives)) || base_diag_fail(r->diag, r->name, "out of memory");
}

// ---------------------------------------------------------------------------------------------------------------------
// Symbols

static const uint8_t *raw_symbol(const struct reader *r, uint32_t index)
{
    return r->symbol_table + (size_t)index * COFF_SYMBOL_SIZE;
}

// A .file record: its name fills the auxiliary records. Sets the file in force.
static bool read_file(struct reader *r, uint32_t index, uint32_t aux_count, uint32_t *file)
{
    const char *field = (const char *)raw_symbol(r, index + 1);
    size_t length = strnlen(field, (size_t)aux_count * COFF_SYMBOL_SIZE);
    size_t known = (size_t)(uintptr_t)base_map_get(&r->files, field, length);
    if (!known) {
        const char *name = base_arena_text(r->arena, field, length);
        known = (size_t)r->object->file_count + 1;
        if (!name || !base_map_set(&r->files, field, length, (void *)(uintptr_t)known))
            return base_diag_fail(r->diag, r->name, "out of memory");
        r->object->files[r->object->file_count++] = name;
    }
    *file = (uint32_t)known - 1;
    return true;
}

// Symbols of other classes describe types and frames for debuggers of the time.
static bool is_model_class(uint8_t storage)
{
    return storage == COFF_EXTERNAL || storage == COFF_STATIC || storage == COFF_LABEL || storage == COFF_WEAK ||
           storage == COFF_CLASS_SECTION;
}

static bool resolve_section(struct reader *r, const uint8_t *record, struct coff_symbol *s, bool *keep)
{
    int32_t raw = (int16_t)base_get16(record + 12);
    *keep = raw != COFF_SECTION_DEBUG;
    s->section = raw;
    if (raw <= 0)
        return raw >= COFF_SECTION_DEBUG ||
               base_diag_fail(r->diag, r->name, "symbol '%.99s' is in section %d", s->name, raw);
    if ((uint32_t)raw > r->raw_sections)
        return base_diag_fail(r->diag, r->name, "symbol '%.99s' is in section %d of %u", s->name, raw, r->raw_sections);
    s->section = (int32_t)r->section_of[raw - 1];
    *keep = s->section != 0;
    return true;
}

// The auxiliary record of a section's own symbol tells how copies of the section are treated.
static void read_comdat(struct reader *r, const struct coff_symbol *s, const uint8_t *aux)
{
    struct coff_section *section = &r->object->sections[s->section - 1];
    if (!(section->flags & COFF_COMDAT) || section->comdat || s->value || s->storage != COFF_STATIC)
        return;
    uint32_t raw = base_get16(aux + 12);
    section->comdat = aux[14];
    section->associate = raw && raw <= r->raw_sections ? r->section_of[raw - 1] : 0;
}

// A weak external's auxiliary record names its stand-in, here still by raw index. One that has a section is a plain
// definition.
static bool read_weak(struct reader *r, struct coff_symbol *s, const uint8_t *aux, uint32_t aux_count)
{
    if (s->section != COFF_UNDEFINED) {
        s->storage = COFF_EXTERNAL;
        return true;
    }
    if (!aux_count)
        return true;
    s->fallback = base_get32(aux);
    s->search_libraries = base_get32(aux + 4) == COFF_WEAK_LIBRARY;
    if (s->fallback >= r->raw_symbols)
        return base_diag_fail(r->diag, r->name, "the weak external '%.99s' names symbol %u, which does not exist",
                              s->name, s->fallback);
    s->fallback++;
    return true;
}

static bool read_symbol(struct reader *r, uint32_t index, uint32_t aux_count)
{
    const uint8_t *record = raw_symbol(r, index);
    struct coff_symbol s = {.name = symbol_name(r, record), .value = base_get32(record + 8), .storage = record[16]};
    bool keep;
    if (!s.name || !resolve_section(r, record, &s, &keep))
        return false;
    if (!keep || (s.storage == COFF_STATIC && !strcmp(s.name, COFF_LINE_OWNER)))
        return true;
    s.function = base_get16(record + 14) == COFF_TYPE_FUNCTION;
    if (s.storage == COFF_CLASS_SECTION)
        s.storage = COFF_STATIC;
    if (s.storage == COFF_WEAK && !read_weak(r, &s, record + COFF_SYMBOL_SIZE, aux_count))
        return false;
    if (aux_count && s.section > 0 && !s.function)
        read_comdat(r, &s, record + COFF_SYMBOL_SIZE);
    r->object->symbols[r->object->symbol_count++] = s;
    r->symbol_of[index] = r->object->symbol_count;
    return true;
}

static bool allocate_symbols(struct reader *r)
{
    uint32_t n = r->raw_symbols, files = 0;
    for (uint32_t i = 0; i < n; i++)
        files += raw_symbol(r, i)[16] == COFF_CLASS_FILE;
    r->object->symbols = get_array(r, n, sizeof *r->object->symbols);
    r->symbol_of = get_array(r, n, sizeof *r->symbol_of);
    r->file_of = get_array(r, n, sizeof *r->file_of);
    r->object->files = get_array(r, (uint64_t)files + 1, sizeof *r->object->files);
    return r->object->symbols && r->symbol_of && r->file_of && r->object->files;
}

// A weak external may stand in front of what it falls back on.
static bool settle_weak(struct reader *r)
{
    for (uint32_t i = 0; i < r->object->symbol_count; i++) {
        struct coff_symbol *s = &r->object->symbols[i];
        if (s->storage != COFF_WEAK || !s->fallback)
            continue;
        s->fallback = r->symbol_of[s->fallback - 1];
        if (!s->fallback)
            return base_diag_fail(r->diag, r->name, "the weak external '%.99s' names no usable symbol", s->name);
    }
    return true;
}

static bool read_symbols(struct reader *r)
{
    uint32_t file = 0;
    if (!allocate_symbols(r))
        return false;
    for (uint32_t i = 0; i < r->raw_symbols;) {
        uint8_t storage = raw_symbol(r, i)[16];
        uint32_t aux = raw_symbol(r, i)[17];
        if (aux >= r->raw_symbols - i)
            return base_diag_fail(r->diag, r->name, "symbol %u claims %u auxiliary records beyond the table", i, aux);
        if (storage == COFF_CLASS_FILE ? !read_file(r, i, aux, &file)
                                       : is_model_class(storage) && !read_symbol(r, i, aux))
            return false;
        r->file_of[i] = file;
        i += aux + 1;
    }
    return settle_weak(r);
}

// MASM passes END's label on as -entry:LABEL, often without the underscore of its calling convention.
static uint32_t find_start(const struct coff_object *o, const char *name, size_t n)
{
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        const char *s = o->symbols[i].name;
        if (o->symbols[i].section > 0 && strlen(s) == n && !memcmp(s, name, n))
            return i + 1;
    }
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        const char *s = o->symbols[i].name;
        if (o->symbols[i].section > 0 && s[0] == '_' && strlen(s + 1) == n && !memcmp(s + 1, name, n))
            return i + 1;
    }
    return 0;
}

static bool is_entry_option(const char *text)
{
    static const char entry[] = "entry:";
    if (text[0] != '-' && text[0] != '/')
        return false;
    for (size_t i = 0; entry[i]; i++)
        if ((text[1 + i] | 0x20) != (entry[i] | 0x20))
            return false;
    return true;
}

// Takes the entry option out of the directives and turns it into the start symbol.
static bool read_start(struct reader *r)
{
    const char *text = r->object->directives;
    for (size_t at = 0; text[at]; at++) {
        if ((at && text[at - 1] != ' ') || !is_entry_option(text + at))
            continue;
        size_t name = at + strlen("-entry:"), n = strcspn(text + name, " ");
        r->object->start = find_start(r->object, text + name, n);
        if (!r->object->start)
            return true;
        size_t before = at ? at - 1 : 0, behind = name + n + (at == 0 && text[name + n] == ' ');
        size_t length = strlen(text + behind);
        char *rest = base_arena_get(r->arena, before + length + 1);
        if (!rest)
            return base_diag_fail(r->diag, r->name, "out of memory");
        memcpy(rest, text, before);
        memcpy(rest + before, text + behind, length + 1);
        r->object->directives = rest;
        return true;
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Relocations and lines, which refer to symbols

static bool relocation_count(struct reader *r, const uint8_t *header, const char *section, uint32_t *count,
                             uint32_t *at)
{
    *at = base_get32(header + 24);
    *count = base_get16(header + 32);
    if (!(base_get32(header + 36) & COFF_MANY_RELOCATIONS) || *count != COFF_COUNT_MAX)
        return true;
    if (!in_file(r, *at, COFF_RELOCATION_SIZE) || base_get32(r->bytes + *at) == 0)
        return base_diag_fail(r->diag, r->name, "section '%.99s': the extended count of relocations is missing",
                              section);
    *count = base_get32(r->bytes + *at) - 1;
    *at += COFF_RELOCATION_SIZE;
    return true;
}

static bool read_relocation(struct reader *r, const struct coff_section *s, const uint8_t *p,
                            struct coff_relocation *out)
{
    uint32_t raw = base_get32(p + 4);
    if (raw >= r->raw_symbols || !r->symbol_of[raw])
        return base_diag_fail(r->diag, r->name, "section '%.99s': the relocation at %xh names no usable symbol (%u)",
                              s->name, base_get32(p), raw);
    *out = (struct coff_relocation){base_get32(p), r->symbol_of[raw] - 1, base_get16(p + 8)};
    if (out->offset >= s->size)
        return base_diag_fail(r->diag, r->name, "section '%.99s': a relocation at %xh lies outside its %xh bytes",
                              s->name, out->offset, s->size);
    return true;
}

static bool read_relocations(struct reader *r, const uint8_t *header, struct coff_section *s)
{
    uint32_t count, at;
    if (!relocation_count(r, header, s->name, &count, &at))
        return false;
    if (!claim(r, "its relocations", s->name, at, (uint64_t)count * COFF_RELOCATION_SIZE))
        return false;
    s->relocations = get_array(r, count, sizeof *s->relocations);
    if (!s->relocations)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!read_relocation(r, s, r->bytes + at + (size_t)i * COFF_RELOCATION_SIZE, &s->relocations[i]))
            return false;
    s->relocation_count = count;
    return true;
}

// The .bf record that belongs to a function symbol: where its record says, else among those right behind it.
static const uint8_t *find_bf(const struct reader *r, uint32_t owner)
{
    const uint8_t *record = raw_symbol(r, owner);
    uint32_t guess = record[17] && owner + 1 < r->raw_symbols ? base_get32(record + COFF_SYMBOL_SIZE) : 0;
    for (int i = 0; i < 2; i++, guess = owner + 1 + record[17]) {
        if (guess >= r->raw_symbols || r->raw_symbols - guess < 3)
            continue;
        const uint8_t *bf = raw_symbol(r, guess);
        if (bf[16] == COFF_CLASS_FUNCTION && !memcmp(bf, ".bf", 4) && bf[17])
            return bf;
    }
    return NULL;
}

// A section's count saturates at 65535; the .lf records of its functions tell the rest.
static uint64_t line_count(const struct reader *r, const uint8_t *header, uint32_t raw_section)
{
    uint64_t total = 0, count = base_get16(header + 34);
    if (count != COFF_COUNT_MAX)
        return count;
    for (uint32_t i = 0; i < r->raw_symbols; i += raw_symbol(r, i)[17] + UINT32_C(1)) {
        const uint8_t *s = raw_symbol(r, i);
        if (s[16] == COFF_CLASS_FUNCTION && !memcmp(s, ".lf", 4) && base_get16(s + 12) == raw_section + 1)
            total += base_get32(s + 8);
    }
    return total < count ? count : total;
}

struct line_state {
    uint32_t base, file;
};

static bool enter_group(struct reader *r, const struct coff_section *s, uint32_t owner, struct line_state *state)
{
    if (owner >= r->raw_symbols)
        return base_diag_fail(r->diag, r->name, "section '%.99s': line numbers of symbol %u, which does not exist",
                              s->name, owner);
    const uint8_t *bf = find_bf(r, owner);
    state->base = bf ? base_get32(bf + COFF_SYMBOL_SIZE + 4) : 0;
    state->file = r->file_of[owner];
    return true;
}

static bool read_lines(struct reader *r, const uint8_t *header, uint32_t raw_section, struct coff_section *s)
{
    uint32_t at = base_get32(header + 28);
    uint64_t count = line_count(r, header, raw_section);
    struct line_state state = {0, 0};
    if (!claim(r, "its line numbers", s->name, at, count * COFF_LINE_SIZE))
        return false;
    s->lines = get_array(r, count, sizeof *s->lines);
    if (!s->lines)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *p = r->bytes + at + (size_t)i * COFF_LINE_SIZE;
        uint32_t line = base_get16(p + 4), value = base_get32(p);
        if (line == 0 && !enter_group(r, s, value, &state))
            return false;
        if (line == 0 || value >= s->size || state.file >= r->object->file_count)
            continue; // a line of no byte or no file tells nobody anything
        line = state.base + (line == COFF_LINE_SAME ? 0 : line);
        if (line)
            s->lines[s->line_count++] = (struct coff_line){value, line, state.file};
    }
    return true;
}

static bool read_tables(struct reader *r)
{
    for (uint32_t i = 0; i < r->raw_sections; i++) {
        const uint8_t *header = r->section_table + (size_t)i * COFF_SECTION_SIZE;
        if (!r->section_of[i])
            continue;
        struct coff_section *s = &r->object->sections[r->section_of[i] - 1];
        if (!read_relocations(r, header, s) || !read_lines(r, header, i, s))
            return false;
    }
    return true;
}

bool coff_read(const uint8_t *bytes, size_t size, const char *name, struct base_arena *arena, struct base_diag *diag,
               struct coff_object *object)
{
    struct reader r = {.bytes = bytes, .size = size, .name = name, .arena = arena, .diag = diag, .object = object};
    *object = (struct coff_object){.directives = ""};
    base_map_init(&r.files, arena->alloc, false);
    base_buf_init(&r.directives, arena->alloc);
    bool ok = read_header(&r) && read_sections(&r) && read_symbols(&r) && read_start(&r) && read_tables(&r);
    base_map_free(&r.files);
    base_buf_free(&r.directives);
    return ok;
}
