// The loader: LE objects into guest memory, fixups, symbols; init objects away after Init_Complete; dynamic drivers in
// and out.
#include "vmm/defs.h"

#include <string.h>

static bool loads(const struct le_object *o)
{
    return o->size && (o->flags & LE_BIG || vmm_is_real_init(o->flags)); // not 16-bit code of protected mode
}

static bool place_object(struct vmm *v, const struct le_object *o, uint32_t row)
{
    struct vmm_object *to = vmm_object_at(v, row);
    if (!loads(o))
        return true;
    uint32_t linear = vmm_take_driver_pages(v, (o->size + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE);
    if (!linear)
        return false;
    to->linear = to->old_linear = linear;
    to->size = o->size;
    to->flags = o->flags;
    return !o->data_size || x86_write_linear(v->cpu, linear, o->data, o->data_size, X86_WRITE, NULL);
}

// Rows of a table that must be consecutive. Fresh rows are when nothing was released; the tables of the loader are
// never released row by row while a module lives, and whole runs are taken from the end.
static uint32_t take_rows(struct base_table *t, uint32_t count)
{
    uint32_t first = 0, chain = t->free;
    t->free = 0; // from the end only
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = base_table_new(t);
        if (!row) {
            first = 0;
            break;
        }
        if (i == 0)
            first = row;
    }
    t->free = chain;
    return first;
}

static bool place_objects(struct vmm *v, const struct le_image *image, uint32_t module)
{
    uint32_t first = take_rows(vmm_table(v, VMM_TABLE_object), image->object_count);
    if (!first)
        return false;
    struct vmm_module *m = vmm_module_at(v, module);
    m->first_object = first;
    m->objects = image->object_count;
    for (uint32_t i = 0; i < image->object_count; i++) {
        vmm_object_at(v, first + i)->module = module;
        if (!place_object(v, &image->objects[i], first + i))
            return false;
    }
    return true;
}

static uint32_t address_of(struct vmm *v, const struct vmm_module *m, uint32_t object, uint32_t offset)
{
    uint32_t linear = vmm_object_at(v, m->first_object + object)->linear;
    return linear ? linear + offset : 0;
}

static bool apply_fixup(struct vmm *v, const struct vmm_module *m, const struct le_fixup *f)
{
    uint32_t at = address_of(v, m, f->object, f->offset);
    if (!at)
        return true; // in 16-bit code of protected mode
    uint32_t target = address_of(v, m, f->target_object, 0) + f->target_offset;
    uint8_t bytes[4];
    switch (f->source & 0xF) {
    case LE_OFFSET32:
        base_put32(bytes, target);
        return x86_write_linear(v->cpu, at, bytes, 4, X86_WRITE, NULL);
    case LE_SELF32:
        base_put32(bytes, target - (at + 4));
        return x86_write_linear(v->cpu, at, bytes, 4, X86_WRITE, NULL);
    case LE_OFFSET16:
        base_put16(bytes, (uint16_t)f->target_offset);
        return x86_write_linear(v->cpu, at, bytes, 2, X86_WRITE, NULL);
    case LE_SELECTOR: // its own segment in real-mode initialisation; selectors have no meaning in flat code
        base_put16(bytes, VMM_REAL_INIT_SEGMENT);
        return f->object == f->target_object &&
               vmm_is_real_init(vmm_object_at(v, m->first_object + f->object)->flags) &&
               x86_write_linear(v->cpu, at, bytes, 2, X86_WRITE, NULL);
    default:
        return false;
    }
}

static bool apply_fixups(struct vmm *v, const struct le_image *image, uint32_t module, const char *path,
                         struct base_diag *diag)
{
    const struct vmm_module *m = vmm_module_at(v, module);
    for (uint32_t i = 0; i < image->fixup_count; i++) {
        const struct le_fixup *f = &image->fixups[i];
        if (apply_fixup(v, m, f))
            continue;
        base_diag_report(diag, BASE_ERROR, &(struct base_place){.file = path},
                         "fixup of type %u at object %u, offset %X: not possible in 32-bit code", f->source,
                         f->object + 1, f->offset);
        return false;
    }
    return true;
}

static bool keep_symbols(struct vmm *v, const struct le_image *image, uint32_t module)
{
    struct vmm_module *m = vmm_module_at(v, module);
    uint32_t kept = 0;
    if (!image->symbol_count)
        return true;
    m->first_symbol = take_rows(vmm_table(v, VMM_TABLE_symbol), image->symbol_count);
    if (!m->first_symbol)
        return false;
    for (uint32_t i = 0; i < image->symbol_count; i++) {
        uint32_t at = address_of(v, m, image->symbols[i].object, image->symbols[i].offset);
        if (!at || image->symbols[i].label)
            continue; // a label inside a procedure says less than the procedure's name
        struct vmm_symbol *s = vmm_symbol_at(v, m->first_symbol + kept++);
        s->linear = at;
        strncpy(s->name, image->symbols[i].name, sizeof s->name - 1);
    }
    m->symbols = kept;
    return true;
}

static bool keep_lines(struct vmm *v, const struct le_image *image, uint32_t module)
{
    struct vmm_module *m = vmm_module_at(v, module);
    if (!image->line_count || !image->file_count)
        return true;
    uint32_t files = take_rows(vmm_table(v, VMM_TABLE_name), image->file_count);
    m->first_line = take_rows(vmm_table(v, VMM_TABLE_line), image->line_count);
    if (!files || !m->first_line)
        return false;
    for (uint32_t i = 0; i < image->file_count; i++)
        strncpy(vmm_name_at(v, files + i)->text, image->files[i], sizeof vmm_name_at(v, files)->text - 1);
    for (uint32_t i = 0; i < image->line_count; i++) {
        const struct le_line *l = &image->lines[i];
        uint32_t at = address_of(v, m, l->object, l->offset);
        if (at && l->file < image->file_count)
            *vmm_line_at(v, m->first_line + m->lines++) =
                (struct vmm_line){.linear = at, .line = l->line, .file = files + l->file};
    }
    return true;
}

static void remove_pages(struct vmm *v, uint32_t linear, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += X86_PAGE_SIZE) {
        uint32_t pte;
        if (vmm_pte_get(v, linear + i, &pte) && pte & VMM_PTE_PRESENT) {
            vmm_phys_give(v, pte >> 12, 1);
            (void)!vmm_pte_set(v, linear + i, 0);
        }
    }
}

// Takes a module's memory away. Its addresses stay reserved when `keep`, so that a late touch is recognised.
static void unload_objects(struct vmm *v, uint32_t module, uint32_t flags, bool keep)
{
    const struct vmm_module *m = vmm_module_at(v, module);
    for (uint32_t i = 0; i < m->objects; i++) {
        struct vmm_object *o = vmm_object_at(v, m->first_object + i);
        if (!o->linear || (flags && !(o->flags & flags)))
            continue;
        remove_pages(v, o->linear, o->size);
        if (!keep)
            vmm_range_give(v, vmm_range_find(v, o->linear >> 12));
        o->linear = 0;
        if (!keep)
            o->old_linear = o->size = 0;
    }
}

void vmm_object_drop(struct vmm *v, uint32_t object)
{
    struct vmm_object *o = vmm_object_at(v, object);
    if (!object || !o->linear)
        return;
    remove_pages(v, o->linear, o->size);
    vmm_range_give(v, vmm_range_find(v, o->linear >> 12));
    o->linear = o->old_linear = o->size = 0;
}

// Real-mode initialisation does not apply to dynamic drivers (Win95 DDK S230C).
static void drop_real_init(struct vmm *v, uint32_t module)
{
    const struct vmm_module *m = vmm_module_at(v, module);
    for (uint32_t i = 0; i < m->objects; i++)
        if (vmm_is_real_init(vmm_object_at(v, m->first_object + i)->flags))
            vmm_object_drop(v, m->first_object + i);
}

// After Init_Complete (Win95 DDK S22FD). Dynamic drivers have their initialisation still before them.
void vmm_discard_init(struct vmm *v)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_module)->count; i++) {
        const struct vmm_module *m = vmm_module_at(v, i);
        if (m->state != VMM_MODULE_FREE && !m->is_c && !m->dynamic)
            unload_objects(v, i, LE_DISCARDABLE, true);
    }
}

void vmm_module_unload(struct vmm *v, uint32_t module)
{
    vmm_check_unload(v, module);
    unload_objects(v, module, 0, false);
    vmm_module_at(v, module)->state = VMM_MODULE_GONE;
}

// An image into memory; its module row, 0 and a message otherwise.
static uint32_t load(struct vmm *v, const char *path, const struct le_image *image, uint32_t ddb_object,
                     uint32_t ddb_offset, struct base_diag *diag)
{
    uint32_t module = vmm_module_new(v);
    if (module && place_objects(v, image, module) && keep_symbols(v, image, module) && keep_lines(v, image, module)) {
        if (!apply_fixups(v, image, module, path, diag))
            return 0;
        struct vmm_module *m = vmm_module_at(v, module);
        m->ddb = address_of(v, m, ddb_object, ddb_offset);
        m->state = VMM_MODULE_LOADED;
        strncpy(m->name, image->module_name, sizeof m->name - 1);
        return module;
    }
    base_diag_report(diag, BASE_ERROR, &(struct base_place){.file = path},
                     "the driver does not fit into the machine's memory");
    return 0;
}

// Upper case, without directories and extension.
static void file_name(const char *path, char to[16])
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '\\' || *path == '/' || *path == ':')
            name = path + 1;
    size_t n = strcspn(name, ".");
    n = n < 15 ? n : 15;
    for (size_t i = 0; i < n; i++)
        to[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    to[n] = 0;
}

// Reads the file and loads it; its module row, 0 and a message otherwise.
static uint32_t load_file(struct vmm *v, const char *path, const uint8_t *bytes, size_t size, enum vmm_load how,
                          struct base_diag *diag)
{
    struct base_arena arena;
    struct le_image image;
    uint32_t ddb_object, ddb_offset, module = 0;
    base_arena_init(&arena, v->alloc);
    if (le_read(bytes, size, path, &arena, diag, &image) &&
        le_check_vxd(&image, path, diag, &ddb_object, &ddb_offset)) {
        bool dynamic =
            how == VMM_LOAD_DYNAMIC || (how == VMM_LOAD_AS_MARKED && (image.flags & LE_DYNAMIC_VXD) == LE_DYNAMIC_VXD);
        if (v->s.boot_begun && !dynamic)
            base_diag_report(diag, BASE_ERROR, &(struct base_place){.file = path},
                             "a static driver takes part in boot; it cannot be loaded later");
        else
            module = load(v, path, &image, ddb_object, ddb_offset, diag);
        if (module) {
            vmm_module_at(v, module)->dynamic = dynamic;
            if (dynamic)
                drop_real_init(v, module);
            file_name(path, vmm_module_at(v, module)->file);
        }
    }
    base_arena_free(&arena);
    return module;
}

// A driver with the id of a device written in C takes its place, as `device=file` in SYSTEM.INI instead of
// `device=*name`. VMM and VPICD stay: the rest stands on them.
static void list_static(struct vmm *v, uint32_t module)
{
    vmm_module_list(v, module);
    uint16_t id = vmm_module_at(v, module)->id;
    uint32_t other = id && id != KIT_VMM_Device_ID && id != KIT_VPICD_Device_ID ? vmm_module_by_id(v, id) : 0;
    if (other && vmm_module_at(v, other)->is_c)
        vmm_module_unlist(v, other);
}

bool vmm_load_image(struct vmm *v, const char *path, const uint8_t *bytes, size_t size, enum vmm_load how,
                    struct base_diag *diag)
{
    uint32_t module = load_file(v, path, bytes, size, how, diag);
    if (!module)
        return false;
    if (vmm_module_at(v, module)->dynamic)
        vmm_load_queue(v, module);
    else
        list_static(v, module);
    return true;
}

// --- for VXDLDR

// The module of that name and in that state; 0 = none.
static uint32_t named(struct vmm *v, const char *name, enum vmm_module_state state)
{
    char file[16];
    file_name(name, file);
    for (uint32_t i = 1; file[0] && i < vmm_table(v, VMM_TABLE_module)->count; i++) {
        const struct vmm_module *m = vmm_module_at(v, i);
        if (m->state == state && (strcmp(m->file, file) == 0 || strcmp(m->name, file) == 0))
            return i;
    }
    return 0;
}

static uint32_t list_dynamic(struct vmm *v, uint32_t module)
{
    vmm_module_list(v, module);
    uint32_t ddb = vmm_module_at(v, module)->ddb, flags = ddb + KIT_DDB_Flags;
    vmm_poke16(v, flags, (uint16_t)(vmm_peek16(v, flags) | KIT_DDB_Dynamic_VxD));
    return ddb;
}

uint32_t vmm_driver_place(struct vmm *v, const char *path, const uint8_t *bytes, size_t size, struct base_diag *diag)
{
    uint32_t module = load_file(v, path, bytes, size, VMM_LOAD_DYNAMIC, diag);
    return module ? list_dynamic(v, module) : 0;
}

uint32_t vmm_driver_take(struct vmm *v, const char *file)
{
    uint32_t module = named(v, file, VMM_MODULE_QUEUED);
    return module ? list_dynamic(v, module) : 0;
}

uint32_t vmm_device_named(struct vmm *v, const char *name)
{
    uint32_t module = named(v, name, VMM_MODULE_LISTED);
    return module ? vmm_module_at(v, module)->ddb : 0;
}

uint32_t vmm_driver_find(struct vmm *v, uint16_t id, const char *name)
{
    uint32_t module = name ? vmm_module_by_name(v, name) : vmm_module_by_id(v, id);
    return module && vmm_module_at(v, module)->dynamic ? vmm_module_at(v, module)->ddb : 0;
}

void vmm_driver_remove(struct vmm *v, uint32_t ddb)
{
    uint32_t module = vmm_module_by_ddb(v, ddb);
    if (!module)
        return;
    vmm_module_unlist(v, module);
    vmm_module_unload(v, module);
}

bool vmm_driver_nth(struct vmm *v, uint32_t n, struct vmm_driver *driver)
{
    uint32_t order = 0, sequence = 0;
    for (uint32_t m; (m = vmm_module_next(v, true, order, sequence)) != 0;) {
        const struct vmm_module *module = vmm_module_at(v, m);
        order = module->order;
        sequence = module->sequence;
        if (module->is_c || n-- > 0)
            continue;
        *driver = (struct vmm_driver){.ddb = module->ddb, .id = module->id, .dynamic = module->dynamic};
        memcpy(driver->name, module->name, sizeof driver->name);
        return true;
    }
    return false;
}

bool vmm_driver_object(struct vmm *v, uint32_t ddb, uint32_t n, struct vmm_driver_object *object)
{
    uint32_t m = vmm_module_by_ddb(v, ddb);
    if (!m || n >= vmm_module_at(v, m)->objects)
        return false;
    const struct vmm_object *o = vmm_object_at(v, vmm_module_at(v, m)->first_object + n);
    *object = (struct vmm_driver_object){o->linear, o->size, o->flags};
    return true;
}
