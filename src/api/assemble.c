// The assembler and the linker behind the public API; what this file adds is where include files come from.
#include "api/files.h"
#include "api/report.h"

#include "asm/asm.h"
#include "base/arena.h"
#include "kit/ddk.h"
#include "link/link.h"

#include <string.h>

void vxd_default_assemble_options(struct vxd_assemble_options *options)
{
    *options = (struct vxd_assemble_options){.case_map = VXD_CASE_NOT_PUBLIC, .pack = 1, .warning_level = 2};
}

struct include_search {
    const struct vxd_assemble_options *options;
    struct base_arena arena; // texts and paths live until the assembler is done
    struct base_buf path;
    struct base_diag *diag;
};

static bool read_include(struct include_search *s, const char **path, const char **text, size_t *size)
{
    struct base_buf content;
    base_buf_init(&content, s->arena.alloc);
    const char *found = base_buf_cstr(&s->path);
    bool done = api_read_file(found, &content, s->diag);
    *path = done ? base_arena_text(&s->arena, found, strlen(found)) : NULL;
    *text = done ? base_arena_text(&s->arena, (const char *)content.data, content.size) : NULL;
    *size = content.size;
    base_buf_free(&content);
    return *path && *text;
}

// Beside the including file.
static bool find_beside(struct include_search *s, const char *from, const char *name)
{
    size_t length = strlen(from);
    while (length && from[length - 1] != '/' && from[length - 1] != '\\')
        length--;
    const char *directory = base_arena_text(&s->arena, from, length);
    return directory && api_find_file(directory, name, &s->path);
}

static bool find_include(struct include_search *s, const char *from, const char *name)
{
    if (name[0] == '/')
        return api_find_file("", name, &s->path);
    if (find_beside(s, from, name))
        return true;
    for (size_t i = 0; i < s->options->include_count; i++)
        if (api_find_file(s->options->include_dirs[i], name, &s->path))
            return true;
    return false;
}

static bool open_include(void *user, const char *name, const char *from, const char **path, const char **text,
                         size_t *size)
{
    struct include_search *s = user;
    if (find_include(s, from, name))
        return read_include(s, path, text, size);
    const char *last = name + strlen(name);
    while (last > name && last[-1] != '/' && last[-1] != '\\')
        last--;
    const struct kit_file *own = kit_ddk_file(last);
    if (!own)
        return false;
    *path = own->name;
    *text = own->text;
    *size = own->size;
    return true;
}

// The command's --debug is the caller's business: it adds DEBUG to the definitions and asks for symbols.
static bool convert_options(const struct vxd_assemble_options *from, struct include_search *search,
                            struct asm_options *to)
{
    static const enum asm_case cases[] = {ASM_CASE_ALL, ASM_CASE_NOT_PUBLIC, ASM_CASE_NONE};
    static const enum asm_convention conventions[] = {ASM_NO_CONVENTION, ASM_PASCAL, ASM_C, ASM_STDCALL};
    struct asm_definition *definitions = base_arena_get(&search->arena, (from->define_count + 1) * sizeof *definitions);
    if (!definitions || (unsigned)from->case_map >= BASE_COUNT(cases) ||
        (unsigned)from->convention >= BASE_COUNT(conventions))
        return false;
    for (size_t i = 0; i < from->define_count; i++)
        definitions[i] = (struct asm_definition){from->defines[i].name, from->defines[i].value};
    *to = (struct asm_options){
        .alloc = &base_heap,
        .open_include = open_include,
        .include_user = search,
        .definitions = definitions,
        .definition_count = from->define_count,
        .case_map = cases[from->case_map],
        .convention = conventions[from->convention],
        .line_numbers = from->line_numbers,
        .symbols = from->symbols,
        .masm51 = from->masm51,
        .pack = from->pack,
        .warning_level = from->warning_level,
        .warnings_are_errors = from->warnings_are_errors,
    };
    return true;
}

enum vxd_status vxd_assemble(const struct vxd_assemble_options *options, const char *path, const char *text,
                             size_t size, struct vxd_messages messages, struct vxd_bytes *object,
                             struct vxd_bytes *listing)
{
    struct api_report report;
    struct base_buf object_buf, listing_buf;
    struct asm_options converted;
    api_report_begin(&report, messages);
    struct include_search search = {.options = options, .diag = &report.diag};
    base_arena_init(&search.arena, &base_heap);
    base_buf_init(&search.path, &base_heap);
    base_buf_init(&object_buf, &base_heap);
    base_buf_init(&listing_buf, &base_heap);
    bool done = convert_options(options, &search, &converted) &&
                asm_assemble(&converted, path, text, size, &report.diag, &object_buf, listing ? &listing_buf : NULL);
    api_bytes_take(object, &object_buf, done);
    api_bytes_take(listing, &listing_buf, listing != NULL); // a listing shows the errors too
    base_buf_free(&search.path);
    base_arena_free(&search.arena);
    return api_report_end(&report, done);
}

static struct link_input convert_input(const struct vxd_input *from)
{
    return (struct link_input){from->path, from->bytes, from->size};
}

static bool link_inputs(const struct link_options *options, const struct vxd_link_options *asked,
                        const struct vxd_input *inputs, size_t count, struct base_diag *diag, struct base_buf *image,
                        struct base_buf *map)
{
    size_t size = (count + 1) * sizeof(struct link_input);
    struct link_input *converted = base_alloc_get(&base_heap, size);
    if (!converted)
        return false;
    for (size_t i = 0; i < count; i++)
        converted[i] = convert_input(&inputs[i]);
    bool done = asked->com   ? link_com(options, converted, count, diag, image)
                : asked->exe ? link_exe(options, converted, count, diag, image)
                             : link_image(options, converted, count, diag, image, map);
    base_alloc_free(&base_heap, converted, size);
    return done;
}

enum vxd_status vxd_link(const struct vxd_link_options *options, const struct vxd_input *inputs, size_t input_count,
                         struct vxd_messages messages, struct vxd_bytes *image, struct vxd_bytes *map)
{
    static const enum link_kind kinds[] = {LINK_KIND_DEFAULT, LINK_KIND_STATIC, LINK_KIND_DYNAMIC};
    struct api_report report;
    struct base_buf image_buf, map_buf;
    struct link_input def = options->def ? convert_input(options->def) : (struct link_input){0};
    const struct link_options converted = {
        .alloc = &base_heap,
        .kind = kinds[(unsigned)options->kind < BASE_COUNT(kinds) ? options->kind : 0],
        .name = options->name,
        .def = options->def ? &def : NULL,
        .debug = options->debug,
    };
    api_report_begin(&report, messages);
    base_buf_init(&image_buf, &base_heap);
    base_buf_init(&map_buf, &base_heap);
    bool done = link_inputs(&converted, options, inputs, input_count, &report.diag, &image_buf, map ? &map_buf : NULL);
    api_bytes_take(image, &image_buf, done);
    api_bytes_take(map, &map_buf, done);
    return api_report_end(&report, done);
}
