// What goes into the image: the objects named, and from libraries those members that define a name which is wanted and
// which nobody defined before. Names are looked for in the order in which they are first wanted, libraries in the order
// in which they are named.
#include <stdio.h>
#include <string.h>

#include "link/defs.h"

enum { WANTED = 1, DEFINED }; // what the map of names knows; as pointers

static void *mark(int what)
{
    return (void *)(uintptr_t)what;
}

static bool out_of_memory(struct linker *l)
{
    link_error(l, "out of memory");
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

static bool read_object(struct linker *l, const char *path, const uint8_t *bytes, size_t size)
{
    struct link_file *f = &l->files[l->file_count++];
    f->path = path;
    base_map_init(&f->classes, l->options->alloc, true);
    return coff_read(bytes, size, path, &l->arena, l->diag, &f->coff) && link_read_directives(l, f);
}

static bool read_library(struct linker *l, const struct link_input *input)
{
    struct link_library *b = &l->libraries[l->library_count++];
    b->path = input->path;
    if (!archive_read(input->bytes, input->size, input->path, &l->arena, l->diag, &b->archive))
        return false;
    b->taken = link_get(l, b->archive.member_count, sizeof *b->taken);
    return b->taken != NULL;
}

static bool read_libraries(struct linker *l, const struct link_input *inputs, size_t count)
{
    bool ok = true;
    l->libraries = link_get(l, count, sizeof *l->libraries);
    if (!l->libraries)
        return false;
    for (size_t i = 0; i < count; i++)
        if (archive_is(inputs[i].bytes, inputs[i].size))
            ok &= read_library(l, &inputs[i]);
    return ok;
}

// Room for all objects and for every member.
static bool allocate_files(struct linker *l, size_t objects)
{
    uint64_t most = objects;
    for (uint32_t i = 0; i < l->library_count; i++)
        most += l->libraries[i].archive.member_count;
    l->files = link_get(l, most, sizeof *l->files);
    return l->files != NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Taking members

static bool note_symbol(struct linker *l, struct base_map *names, const struct coff_symbol *c)
{
    if (c->storage != COFF_EXTERNAL && c->storage != COFF_WEAK)
        return true;
    size_t length = strlen(c->name);
    bool defines = c->section != COFF_UNDEFINED || (c->value && c->storage == COFF_EXTERNAL);
    bool wants = !defines && (c->storage == COFF_EXTERNAL || c->search_libraries);
    if (!defines && (!wants || base_map_get(names, c->name, length)))
        return true;
    return base_map_set(names, c->name, length, mark(defines ? DEFINED : WANTED)) || out_of_memory(l);
}

static bool note_symbols(struct linker *l, struct base_map *names, const struct link_file *f)
{
    for (uint32_t i = 0; i < f->coff.symbol_count; i++)
        if (!note_symbol(l, names, &f->coff.symbols[i]))
            return false;
    return true;
}

static bool take_member(struct linker *l, struct base_map *names, struct link_library *b, struct archive_member *m)
{
    size_t index = (size_t)(m - b->archive.members);
    if (b->taken[index])
        return true; // the index promised more than the member holds
    b->taken[index] = true;
    size_t length = strlen(b->path) + strlen(m->name) + 3;
    char *path = base_arena_get(&l->arena, length);
    if (!path)
        return out_of_memory(l);
    snprintf(path, length, "%s(%s)", b->path, m->name);
    return read_object(l, path, m->bytes, m->size) && note_symbols(l, names, &l->files[l->file_count - 1]);
}

static bool look_for(struct linker *l, struct base_map *names, const char *name, size_t length)
{
    for (uint32_t i = 0; i < l->library_count; i++) {
        struct archive_member *m = base_map_get(&l->libraries[i].archive.index, name, length);
        if (m)
            return take_member(l, names, &l->libraries[i], m);
    }
    return true;
}

// What a member wants is added behind, so that the list grows until nothing new is wanted.
static bool take_members(struct linker *l, struct base_map *names)
{
    for (uint32_t i = 0; i < l->file_count; i++)
        if (!note_symbols(l, names, &l->files[i]))
            return false;
    for (size_t i = 0; i < names->count; i++) {
        const struct base_map_entry e = names->entries[i];
        if (e.value == mark(WANTED) && !look_for(l, names, e.key, e.length))
            return false;
    }
    return true;
}

// All objects are read even if one is damaged: its message should not hide the others'.
bool link_read_objects(struct linker *l, const struct link_input *inputs, size_t count)
{
    bool ok = read_libraries(l, inputs, count) && allocate_files(l, count);
    for (size_t i = 0; l->files && i < count; i++)
        if (!archive_is(inputs[i].bytes, inputs[i].size))
            ok &= read_object(l, inputs[i].path, inputs[i].bytes, inputs[i].size);
    if (ok && l->file_count == 0) {
        link_error(l, "no object to link");
        return false;
    }
    struct base_map names;
    base_map_init(&names, l->options->alloc, false);
    ok = ok && (l->library_count == 0 || take_members(l, &names));
    base_map_free(&names);
    return ok;
}

// ---------------------------------------------------------------------------------------------------------------------

static bool is_named(const struct linker *l, const char *library)
{
    size_t n = strcspn(library, ".");
    for (uint32_t i = 0; i < l->library_count; i++) {
        const char *path = l->libraries[i].path, *slash = strrchr(path, '/');
        const char *file = slash ? slash + 1 : path;
        if (!strncmp(file, library, n) && (file[n] == '.' || !file[n]))
            return true;
    }
    return false;
}

void link_mention_libraries(struct linker *l)
{
    for (size_t i = 0; i < l->default_libraries.count; i++) {
        const char *name = l->default_libraries.entries[i].value;
        if (!is_named(l, name))
            base_diag_report(l->diag, BASE_NOTE, NULL,
                             "an object asks for the library '%.99s'; name it if it is to be searched", name);
    }
}

void link_free_inputs(struct linker *l)
{
    for (uint32_t i = 0; i < l->file_count; i++)
        base_map_free(&l->files[i].classes);
    for (uint32_t i = 0; i < l->library_count; i++)
        base_map_free(&l->libraries[i].archive.index);
}
