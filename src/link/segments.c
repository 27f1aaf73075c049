// Segments and classes of the driver kit, and which of them a section belongs to: what the .def file says, else what
// the assembler wrote into the object (-segment:NAME,class=CLASS,...), else the kit's own names and those of C
// compilers.
#include <string.h>

#include "link/defs.h"

enum {
    LOCKED = LE_BIG | LE_PRELOAD | LE_EXECUTE | LE_READ,
    PAGEABLE = LE_BIG | LE_EXECUTE | LE_READ,
    INIT = LE_BIG | LE_DISCARDABLE | LE_EXECUTE | LE_READ,
    RCODE_FLAGS = LE_ALIAS16 | LE_EXECUTE | LE_READ,
};

// In the order of their objects in the image, within the groups that layout.c makes of locked, pageable and init ones.
static const struct link_class classes[] = {
    {"LCODE", LOCKED},
    {"MCODE", LOCKED | LE_IOPL},
    {"DBOCODE", LOCKED | LE_CONFORMING},
    {"SCODE", PAGEABLE | LE_RESIDENT},
    {"PCODE", PAGEABLE},
    {"PDATA", LE_BIG | LE_SHARED | LE_WRITE | LE_READ},
    {"LOCKABLECODE", PAGEABLE},
    {"INT21CODE", PAGEABLE},
    {"SYSEXITCODE", PAGEABLE},
    {"RARECODE", PAGEABLE},
    {"W16CODE", PAGEABLE},
    {"W32CODE", PAGEABLE},
    {"VMCREATECODE", PAGEABLE},
    {"VMDESTROYCODE", PAGEABLE},
    {"THCREATECODE", PAGEABLE},
    {"THDESTROYCODE", PAGEABLE},
    {"VMSUSPENDCODE", PAGEABLE},
    {"VMRESUMECODE", PAGEABLE},
    {"PNPCODE", PAGEABLE},
    {"DOSVMCODE", PAGEABLE},
    {"ICODE", INIT},
    {"16ICODE", LE_ALIAS16 | LE_PRELOAD | LE_DISCARDABLE | LE_EXECUTE | LE_READ},
    {"RCODE", RCODE_FLAGS},
};

// Classes that mean locked memory in sources older than the names above, and in those that say nothing special.
static const char *const plain_classes[] = {"CODE", "DATA", "BSS", "CONST"};

// In the order of the segments in their object: code, data, what is zero.
static const struct link_known_segment known[] = {
    {"_LTEXT", "LCODE"},
    {"_TEXT", "LCODE"},
    {".text", "LCODE"},
    {"_PATHSTART", "LCODE"},
    {"_PATHDATA", "LCODE"},
    {"_PATHEND", "LCODE"},
    {"_LDATA", "LCODE"},
    {"_DATA", "LCODE"},
    {".data", "LCODE"},
    {"CONST", "LCODE"},
    {"_CONST", "LCODE"},
    {".rdata", "LCODE"},
    {"_TLS", "LCODE"},
    {"_BSS", "LCODE"},
    {".bss", "LCODE"},
    {"_PTEXT", "PCODE"},
    {"_PDATA", "PDATA"},
    {"_ITEXT", "ICODE"},
    {"_IDATA", "ICODE"},
    {"_STEXT", "SCODE"},
    {"_SDATA", "SCODE"},
    {"_DBOSTART", "DBOCODE"},
    {"_DBOCODE", "DBOCODE"},
    {"_DBODATA", "DBOCODE"},
    {"_LMSGTABLE", "MCODE"},
    {"_LMSGDATA", "MCODE"},
    {"_IMSGTABLE", "MCODE"},
    {"_IMSGDATA", "MCODE"},
    {"_PMSGTABLE", "MCODE"},
    {"_PMSGDATA", "MCODE"},
    {"LOCKABLE_BEGIN", "LOCKABLECODE"},
    {"LOCKABLE", "LOCKABLECODE"},
    {"LOCKABLE_END", "LOCKABLECODE"},
    {"INT21", "INT21CODE"},
    {"SYSEXIT", "SYSEXITCODE"},
    {"RARE", "RARECODE"},
    {"W16", "W16CODE"},
    {"W32", "W32CODE"},
    {"VMCREATE", "VMCREATECODE"},
    {"VMDESTROY", "VMDESTROYCODE"},
    {"THCREATE", "THCREATECODE"},
    {"THDESTROY", "THDESTROYCODE"},
    {"VMSUSPEND", "VMSUSPENDCODE"},
    {"VMRESUME", "VMRESUMECODE"},
    {"PNP", "PNPCODE"},
    {"DOSVM", "DOSVMCODE"},
    {"_16ICODE", "16ICODE"},
    {"_RCODE", "RCODE"},
};

// Sections that other tools read: debug information, unwind tables, comments. Compared up to the length given.
static const char *const left_out[] = {".debug", ".drectve", ".stab", ".eh_frame", ".comment",  ".llvm",
                                       ".note",  ".sxdata",  ".gnu",  ".ident",    ".rdata$zzz"};

static uint8_t fold(char c)
{
    return (uint8_t)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
}

static bool same(const char *name, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!name[i] || fold(name[i]) != fold(text[i]))
            return false;
    return !name[length];
}

const struct link_class *link_find_class(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < BASE_COUNT(plain_classes); i++)
        if (same(plain_classes[i], name, length))
            return &classes[0];
    for (size_t i = 0; i < BASE_COUNT(classes); i++)
        if (same(classes[i].name, name, length))
            return &classes[i];
    return NULL;
}

int link_class_rank(const char *name)
{
    const struct link_class *c = link_find_class(name);
    return c ? (int)(c - classes) : (int)BASE_COUNT(classes);
}

bool link_is_left_out(const struct coff_section *s)
{
    if (s->flags & COFF_REMOVE)
        return true;
    for (size_t i = 0; i < BASE_COUNT(left_out); i++)
        if (!strncmp(s->name, left_out[i], strlen(left_out[i])))
            return true;
    return false;
}

// ".text$mn" and ".text.startup" are parts of ".text"; other names are whole.
static size_t base_length(const char *name)
{
    size_t dollar = strcspn(name, "$");
    if (name[0] != '.')
        return dollar ? dollar : strlen(name);
    size_t dot = 1 + strcspn(name + 1, ".");
    return dot < dollar ? dot : dollar;
}

static const struct link_known_segment *find_known(const char *name, size_t length, uint32_t *rank)
{
    for (uint32_t i = 0; i < BASE_COUNT(known); i++)
        if (same(known[i].name, name, length)) {
            *rank = i;
            return &known[i];
        }
    return NULL;
}

// What compilers call sections of COFF objects, .def files call as segments were called before.
static const char *const other_names[][2] = {
    {".text", "_TEXT"}, {".data", "_DATA"}, {".bss", "_BSS"}, {".rdata", "CONST"}, {".rdata", "_CONST"}};

static const struct link_def_segment *find_in_def(const struct link_def *def, const char *name)
{
    for (uint32_t i = 0; i < def->segment_count; i++)
        if (same(def->segments[i].name, name, strlen(name)))
            return &def->segments[i];
    for (size_t k = 0; k < BASE_COUNT(other_names); k++) {
        const struct link_def_segment *s =
            same(name, other_names[k][0], strlen(other_names[k][0])) ? find_in_def(def, other_names[k][1]) : NULL;
        if (s)
            return s;
    }
    return NULL;
}

// "-segment:_LTEXT,class=LCODE,align=4,use=32": what our assembler tells about a segment that a COFF section cannot
// hold.
static bool note_directive(struct linker *l, struct link_file *f, const char *text, size_t length)
{
    static const char key[] = ",class=";
    const size_t key_length = sizeof key - 1;
    size_t name_length = 0, at = 0;
    while (name_length < length && text[name_length] != ',')
        name_length++;
    for (at = name_length; at + key_length < length && strncmp(text + at, key, key_length) != 0;)
        at++;
    if (at + key_length >= length)
        return true;
    const char *class_name = text + at + key_length;
    size_t class_length = strcspn(class_name, ", ");
    char *copy = base_arena_text(&l->arena, class_name, class_length);
    return copy && base_map_set(&f->classes, text, name_length, copy);
}

// The value of the directive at p when it is `option`, else NULL. Compilers write -defaultlib:X, /DEFAULTLIB:X and
// /DEFAULTLIB:"X".
static const char *directive_value(const char *p, size_t length, const char *option)
{
    size_t n = strlen(option);
    if (length <= n || (p[0] != '-' && p[0] != '/'))
        return NULL;
    for (size_t i = 1; i < n; i++)
        if (fold(p[i]) != fold(option[i]))
            return NULL;
    return p + n;
}

static bool note_library(struct linker *l, const char *name, size_t length)
{
    if (length >= 2 && name[0] == '"' && name[length - 1] == '"')
        name++, length -= 2;
    char *copy = base_arena_text(&l->arena, name, length);
    return copy && base_map_set(&l->default_libraries, copy, length, copy);
}

bool link_read_directives(struct linker *l, struct link_file *f)
{
    const char *p = f->coff.directives;
    for (p += strspn(p, " "); *p; p += strspn(p, " ")) {
        size_t length = strcspn(p, " ");
        const char *segment = directive_value(p, length, "-segment:");
        const char *library = directive_value(p, length, "-defaultlib:");
        if ((segment && !note_directive(l, f, segment, (size_t)(p + length - segment))) ||
            (library && !note_library(l, library, (size_t)(p + length - library)))) {
            link_error(l, "out of memory");
            return false;
        }
        p += length;
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Making a segment

static struct link_group *group_of(struct linker *l, const char *class_name, uint32_t flags)
{
    for (uint32_t i = 0; i < l->group_count; i++)
        if (l->groups[i]->flags == flags && !strcmp(l->groups[i]->class_name, class_name))
            return l->groups[i];
    if (l->group_count == LINK_GROUPS) {
        link_error(l, "more than %d classes of segments", LINK_GROUPS);
        return NULL;
    }
    struct link_group *g = link_get(l, 1, sizeof *g);
    if (!g)
        return NULL;
    *g = (struct link_group){.class_name = class_name, .flags = flags, .appeared = l->group_count};
    return l->groups[l->group_count++] = g;
}

// The message tables of init and pageable code differ from MCODE's locked ones.
static uint32_t message_flags(const char *name, uint32_t flags)
{
    if (!strncmp(name, "_IMSG", 5))
        return INIT | LE_PRELOAD | LE_IOPL;
    return !strncmp(name, "_PMSG", 5) ? (uint32_t)(PAGEABLE | LE_IOPL) : flags;
}

struct choice {
    const char *class_name; // NULL: nobody said
    uint32_t rank;
    const struct link_def_segment *def;
};

static struct choice choose(const struct linker *l, const struct link_file *f, const char *name)
{
    struct choice c = {.rank = BASE_COUNT(known)};
    const struct link_known_segment *k = find_known(name, strlen(name), &c.rank);
    c.def = find_in_def(&l->def, name);
    c.class_name = base_map_get(&f->classes, name, strlen(name));
    if (!c.class_name && k)
        c.class_name = k->class_name;
    if (c.def && c.def->class_name[0])
        c.class_name = c.def->class_name;
    if (c.def && !c.class_name)
        c.class_name = name; // attributes alone make a class of its own
    return c;
}

static bool report_unknown(struct linker *l, uint32_t file, const char *name, const struct choice *c)
{
    struct base_place place = {.file = l->files[file].path};
    if (!c->class_name)
        base_diag_report(
            l->diag, BASE_ERROR, &place,
            "the section '%.99s' is of no known class; name its class in a .def file (SEGMENTS %.99s CLASS "
            "'LCODE' PRELOAD NONDISCARDABLE, say)",
            name, name);
    else
        base_diag_report(
            l->diag, BASE_ERROR, &place,
            "the segment '%.99s' has the class '%.99s', which is none of the driver kit's; give it attributes in "
            "a .def file",
            name, c->class_name);
    return false;
}

static bool set_group(struct linker *l, uint32_t file, struct link_segment *s, const struct choice *c, bool code16)
{
    const struct link_class *class = c->class_name ? link_find_class(c->class_name) : NULL;
    if (!class && !(c->def && c->def->has_attributes))
        return report_unknown(l, file, s->name, c);
    uint32_t flags = class ? message_flags(s->name, class->flags) : PAGEABLE;
    if (!class && code16)
        flags = (flags & ~(uint32_t)LE_BIG) | LE_ALIAS16;
    if (c->def && c->def->has_attributes)
        flags = (flags & ~c->def->clear) | c->def->set;
    s->group = group_of(l, class ? class->name : c->class_name, flags);
    return s->group != NULL;
}

static struct link_segment *new_segment(struct linker *l, uint32_t file, const char *name, size_t length, bool code16)
{
    struct link_segment *s = link_get(l, 1, sizeof *s);
    if (!s)
        return NULL;
    s->name = base_arena_text(&l->arena, name, length);
    if (!s->name || !base_map_set(&l->segments, s->name, length, s)) {
        link_error(l, "out of memory");
        return NULL;
    }
    struct choice c = choose(l, &l->files[file], s->name);
    s->rank = c.rank;
    s->appeared = (uint32_t)l->segments.count;
    return set_group(l, file, s, &c, code16) ? s : NULL;
}

// Two objects must agree on a segment's class.
static bool check_class(struct linker *l, uint32_t file, const struct link_segment *s)
{
    const char *name = base_map_get(&l->files[file].classes, s->name, strlen(s->name));
    const struct link_def_segment *def = find_in_def(&l->def, s->name);
    if (!name || (def && def->class_name[0]))
        return true;
    const struct link_class *c = link_find_class(name);
    if (same(s->group->class_name, c ? c->name : name, strlen(c ? c->name : name)))
        return true;
    struct base_place place = {.file = l->files[file].path};
    base_diag_report(l->diag, BASE_ERROR, &place,
                     "the segment '%.99s' has the class '%.99s' here and '%.99s' in an object before", s->name, name,
                     s->group->class_name);
    return false;
}

struct link_segment *link_segment_of(struct linker *l, uint32_t file, uint32_t section)
{
    const struct coff_object *o = &l->files[file].coff;
    const char *name = o->sections[section].name;
    uint32_t rank;
    size_t length = base_length(name);
    if (!find_known(name, length, &rank))
        length = strlen(name);
    if (o->sections[section].size == 0 && !l->files[file].named[section])
        return NULL;
    struct link_segment *s = base_map_get(&l->segments, name, length);
    if (!s)
        return new_segment(l, file, name, length, (o->sections[section].flags & COFF_16BIT) != 0);
    return s->group && check_class(l, file, s) ? s : NULL; // without a group it was reported before
}

// Communals have no section: they lie behind everything else in locked memory.
struct link_segment *link_communal_segment(struct linker *l)
{
    struct link_segment *s = link_get(l, 1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct link_segment){.name = "(communal)", .rank = UINT32_MAX, .group = group_of(l, "LCODE", LOCKED)};
    return s->group ? s : NULL;
}
