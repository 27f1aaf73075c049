// Registry services over the hive: handles, and the Win32 contracts of the calls. Win95 DDK S3323-S3337.
#include "vmm/registry.h"
#include "base/buf.h"
#include "kit/services.h"

#include <stdio.h>
#include <string.h>

enum { PATH_LIMIT = VMM_REGISTRY_PATH, DATA_LIMIT = 1 << 20 };

// Beside Win32's results.
enum {
    FAULTED = -1, // a page fault has been noted: no answer, the service runs again
    ASKED = -2,   // the provider of a dynamic key is being called: the answer comes later
};

struct handle { // an open key; the driver sees HANDLE_MARK + serial + row
    uint32_t serial;
    uint32_t key; // 0: has been deleted
};

static const uint32_t HANDLE_MARK = 0xD0000000u;

struct registry_state {
    uint32_t serial;
    uint32_t profile; // 0: never set, the first one
};

static struct vmm_hive hive_of(struct vmm *v)
{
    return (struct vmm_hive){vmm_chapter_table(v, VMM_CHAPTER_registry, 0),
                             vmm_chapter_table(v, VMM_CHAPTER_registry, 1),
                             vmm_chapter_table(v, VMM_CHAPTER_registry, 2)};
}

struct vmm_hive vmm_registry(struct vmm *v)
{
    return hive_of(v);
}

uint32_t vmm_registry_profile(struct vmm *v)
{
    const struct registry_state *state = vmm_chapter_state(v, VMM_CHAPTER_registry);
    return state->profile ? state->profile : 1;
}

void vmm_registry_set_profile(struct vmm *v, uint32_t profile)
{
    ((struct registry_state *)vmm_chapter_state(v, VMM_CHAPTER_registry))->profile = profile;
}

uint32_t vmm_registry_place(struct vmm *v, uint32_t handle, char path[VMM_HIVE_PLACE])
{
    const char *usual;
    uint32_t top = vmm_hive_predefined(handle, &usual);
    if (handle == KIT_HKEY_CURRENT_CONFIG)
        snprintf(path, VMM_HIVE_PLACE, "Config\\%04u", (unsigned)vmm_registry_profile(v));
    else
        snprintf(path, VMM_HIVE_PLACE, "%s", top ? usual : "");
    return top;
}

static struct base_table *handles(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_registry, 3);
}

// --- handles

static uint32_t handle_number(uint32_t serial, uint32_t row)
{
    return HANDLE_MARK | (serial & 0xFFF) << 16 | row;
}

// The row of a live handle, 0 = none.
static uint32_t handle_row(struct vmm *v, uint32_t number)
{
    uint32_t row = number & 0xFFFF;
    if (!row || row >= handles(v)->count)
        return 0;
    const struct handle *h = base_table_at(handles(v), row);
    return h->serial && handle_number(h->serial, row) == number ? row : 0;
}

uint32_t vmm_registry_handle(struct vmm *v, uint32_t key)
{
    struct registry_state *state = vmm_chapter_state(v, VMM_CHAPTER_registry);
    uint32_t row = base_table_new(handles(v));
    if (row > 0xFFFF) {
        base_table_release(handles(v), row);
        return 0;
    }
    if (!row)
        return 0;
    state->serial = state->serial % 0xFFF + 1;
    *(struct handle *)base_table_at(handles(v), row) = (struct handle){state->serial, key};
    return handle_number(state->serial, row);
}

// A predefined key. During initialisation only HKEY_LOCAL_MACHINE and HKEY_DYN_DATA can be reached (S3329, S3332).
static int predefined_key(struct vmm *v, uint32_t number, uint32_t *key)
{
    struct vmm_hive hive = hive_of(v);
    char path[VMM_HIVE_PLACE];
    uint32_t top = vmm_registry_place(v, number, path);
    if (!top || (v->s.phase < KIT_SYSSTATE_VXDINITCOMPLETED && (*path || top == VMM_HIVE_USERS)))
        return KIT_ERROR_BADKEY;
    *key = vmm_hive_create(&hive, top, path);
    return *key ? KIT_ERROR_SUCCESS : KIT_ERROR_OUTOFMEMORY;
}

// The key that argument 0 designates.
static int find_key(struct vmm *v, uint32_t *key)
{
    uint32_t number = vmm_arg(v, 0), row = handle_row(v, number);
    if (number >> 28 == 8)
        return predefined_key(v, number, key);
    if (!row) {
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3323", "registry service: %08Xh is not an open key",
                   (unsigned)number);
        return KIT_ERROR_BADKEY;
    }
    *key = ((struct handle *)base_table_at(handles(v), row))->key;
    return *key ? KIT_ERROR_SUCCESS : KIT_ERROR_KEY_DELETED;
}

static bool is_dynamic(struct vmm *v, uint32_t key)
{
    struct vmm_hive hive = hive_of(v);
    while (vmm_hive_key_at(&hive, key)->parent)
        key = vmm_hive_key_at(&hive, key)->parent;
    return key == VMM_HIVE_DYNAMIC;
}

// Devices keep what lies below HKEY_DYN_DATA up to date; the key itself may go by that.
static int key_of_caller(struct vmm *v, uint32_t *key)
{
    int error = find_key(v, key);
    if (error || !is_dynamic(v, *key))
        return error;
    vmm_residents_publish(v);
    return find_key(v, key);
}

void vmm_registry_delete(struct vmm *v, uint32_t key)
{
    struct vmm_hive hive = hive_of(v);
    vmm_provided_forget(v, key);
    vmm_hive_delete(&hive, key);
    for (uint32_t row = 1; row < handles(v)->count; row++) {
        struct handle *h = base_table_at(handles(v), row);
        if (h->serial && h->key == key)
            h->key = 0;
    }
}

// --- arguments

// A path or name, "" when the pointer is 0.
static int read_text(struct vmm *v, uint32_t linear, char *to, size_t size)
{
    *to = 0;
    return !linear || vmm_get_text(v, linear, to, size) ? KIT_ERROR_SUCCESS : FAULTED;
}

// Runs a service's body and answers in EAX; a fault leaves everything as it was.
static void answer(struct vmm *v, int error)
{
    if (error >= 0)
        vmm_regs(v)[X86_EAX] = (uint32_t)error;
}

// The key in argument 0 and the path in argument 1.
static int key_and_path(struct vmm *v, uint32_t *key, char path[PATH_LIMIT])
{
    int error = key_of_caller(v, key);
    return error ? error : read_text(v, vmm_arg(v, 1), path, PATH_LIMIT);
}

// --- results: a counted buffer as Win32 describes it

struct result {
    uint32_t type_at, data_at, size_at; // guest addresses, 0 = not wanted
};

static int deliver(struct vmm *v, const struct result *r, uint32_t type, const void *data, uint32_t size)
{
    uint32_t room = 0;
    if (r->data_at && !r->size_at)
        return KIT_ERROR_INVALID_PARAMETER;
    if (r->size_at && (!vmm_get32(v, r->size_at, &room) || !vmm_probe(v, r->size_at, 4, true)))
        return FAULTED;
    bool fits = !r->data_at || room >= size;
    if (r->data_at && fits && size && !vmm_put(v, r->data_at, data, size))
        return FAULTED;
    if ((r->type_at && !vmm_put32(v, r->type_at, type)) || (r->size_at && !vmm_put32(v, r->size_at, size)))
        return FAULTED;
    return fits ? KIT_ERROR_SUCCESS : KIT_ERROR_MORE_DATA;
}

// The last thing that a service does: who provides the value may have to be asked.
static int deliver_value(struct vmm *v, const struct result *r, uint32_t key, uint32_t value)
{
    struct vmm_hive hive = hive_of(v);
    const struct vmm_hive_value *found = vmm_hive_value_at(&hive, value);
    if (found->provided) {
        vmm_provided_begin(v, &(struct vmm_provided_query){key, value, r->type_at, r->data_at, r->size_at});
        return ASKED;
    }
    uint8_t *data = base_alloc_get(v->alloc, found->data.size + 1u);
    if (!data)
        return KIT_ERROR_OUTOFMEMORY;
    vmm_hive_data(&hive, &found->data, data);
    int error = deliver(v, r, found->type, data, found->data.size);
    base_alloc_free(v->alloc, data, found->data.size + 1u);
    return error;
}

// --- keys

static int open_key(struct vmm *v, bool make)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key, to = vmm_arg(v, 2);
    char path[PATH_LIMIT];
    int error = key_and_path(v, &key, path);
    if (error)
        return error;
    if (!vmm_probe(v, to, 4, true))
        return FAULTED;
    key = make ? vmm_hive_create(&hive, key, path) : vmm_hive_open(&hive, key, path);
    if (!key)
        return make ? KIT_ERROR_OUTOFMEMORY : KIT_ERROR_FILE_NOT_FOUND;
    uint32_t handle = vmm_registry_handle(v, key);
    return !handle ? KIT_ERROR_OUTOFMEMORY : vmm_put32(v, to, handle) ? KIT_ERROR_SUCCESS : FAULTED;
}

static void reg_open_key(struct vmm *v)
{
    answer(v, open_key(v, false));
}

static void reg_create_key(struct vmm *v)
{
    answer(v, open_key(v, true));
}

static void reg_close_key(struct vmm *v)
{
    uint32_t number = vmm_arg(v, 0), row = handle_row(v, number);
    const char *path;
    if (row)
        base_table_release(handles(v), row);
    else if (!vmm_hive_predefined(number, &path))
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3323", "_RegCloseKey: %08Xh is not an open key",
                   (unsigned)number);
    answer(v, row || vmm_hive_predefined(number, &path) ? KIT_ERROR_SUCCESS : KIT_ERROR_BADKEY);
}

static int delete_key(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t base, key;
    char path[PATH_LIMIT];
    int error = key_and_path(v, &base, path);
    if (error)
        return error;
    key = vmm_hive_open(&hive, base, path);
    if (!key)
        return KIT_ERROR_FILE_NOT_FOUND;
    if (!vmm_hive_key_at(&hive, key)->parent)
        return KIT_ERROR_BADKEY;
    if (vmm_hive_key_at(&hive, key)->first_key) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3329", "_RegDeleteKey: the key %s has subkeys", path);
        return VMM_ERROR_ACCESS_DENIED;
    }
    vmm_registry_delete(v, key);
    return KIT_ERROR_SUCCESS;
}

static void reg_delete_key(struct vmm *v)
{
    answer(v, delete_key(v));
}

static int enum_key(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key;
    char name[VMM_HIVE_NAME];
    int error = key_of_caller(v, &key);
    if (error)
        return error;
    key = vmm_hive_nth_key(&hive, key, vmm_arg(v, 1));
    if (!key)
        return KIT_ERROR_NO_MORE_ITEMS;
    vmm_hive_name(&hive, &vmm_hive_key_at(&hive, key)->name, name);
    if (strlen(name) >= vmm_arg(v, 3))
        return KIT_ERROR_MORE_DATA;
    return vmm_put(v, vmm_arg(v, 2), name, (uint32_t)strlen(name) + 1) ? KIT_ERROR_SUCCESS : FAULTED;
}

static void reg_enum_key(struct vmm *v)
{
    answer(v, enum_key(v));
}

static void reg_flush_key(struct vmm *v)
{
    uint32_t key;
    answer(v, key_of_caller(v, &key)); // nothing to write: the hive lives in memory
}

// --- values

static int query_value_ex(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key;
    char name[PATH_LIMIT];
    int error = key_and_path(v, &key, name);
    if (error)
        return error;
    if (vmm_arg(v, 2))
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3332",
                   "_RegQueryValueEx: the reserved argument must be 0");
    uint32_t value = vmm_hive_find(&hive, key, name);
    struct result result = {.type_at = vmm_arg(v, 3), .data_at = vmm_arg(v, 4), .size_at = vmm_arg(v, 5)};
    return value ? deliver_value(v, &result, key, value) : KIT_ERROR_FILE_NOT_FOUND;
}

static void reg_query_value_ex(struct vmm *v)
{
    answer(v, query_value_ex(v));
}

// --- several values at once: an array of VALENT (name, length, address, type) is filled in, the data lies in one
// buffer

enum { VALENT_BYTES = VMM_VALENT_BYTES, MOST_VALENTS = 1024 };

static int find_valent(struct vmm *v, uint32_t key, uint32_t at, uint32_t *value)
{
    struct vmm_hive hive = hive_of(v);
    char name[PATH_LIMIT];
    uint32_t name_at;
    if (!vmm_probe(v, at, VALENT_BYTES, true) || !vmm_get32(v, at, &name_at))
        return FAULTED;
    int error = read_text(v, name_at, name, sizeof name);
    *value = error ? 0 : vmm_hive_find(&hive, key, name);
    return error ? error : *value ? KIT_ERROR_SUCCESS : KIT_ERROR_FILE_NOT_FOUND;
}

// Bytes that all of them need.
static int size_valents(struct vmm *v, uint32_t key, uint32_t count, uint32_t *total)
{
    struct vmm_hive hive = hive_of(v);
    *total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value;
        int error = find_valent(v, key, vmm_arg(v, 1) + i * VALENT_BYTES, &value);
        if (error)
            return error;
        *total += vmm_hive_value_at(&hive, value)->data.size;
    }
    return KIT_ERROR_SUCCESS;
}

static int put_valent(struct vmm *v, uint32_t key, uint32_t at, uint32_t *to)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t value;
    int error = find_valent(v, key, at, &value);
    if (error)
        return error;
    uint32_t size = vmm_hive_value_at(&hive, value)->data.size, type = vmm_hive_value_at(&hive, value)->type;
    if (!vmm_probe(v, *to, size, true))
        return FAULTED;
    struct result result = {.data_at = *to, .size_at = at + 4};
    if (!vmm_put32(v, at + 4, size) || !vmm_put32(v, at + 8, *to) || !vmm_put32(v, at + 12, type))
        return FAULTED;
    *to += size;
    return deliver_value(v, &result, key, value);
}

// _RegQueryMultipleValues(hKey, pValent, count, buffer, pSize): all of them or none (Win95 DDK S3330).
static int query_multiple_values(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key, total, room, count = vmm_arg(v, 2), to = vmm_arg(v, 3);
    int error = key_of_caller(v, &key);
    if (!error && count > MOST_VALENTS)
        error = KIT_ERROR_INVALID_PARAMETER;
    error = error ? error : size_valents(v, key, count, &total);
    if (error)
        return error;
    if (count && vmm_hive_key_at(&hive, key)->provider) {
        vmm_provided_all_begin(v, key, vmm_arg(v, 1), count, to, vmm_arg(v, 4));
        return ASKED;
    }
    if (!vmm_get32(v, vmm_arg(v, 4), &room) || !vmm_put32(v, vmm_arg(v, 4), total))
        return FAULTED;
    if (room < total)
        return KIT_ERROR_MORE_DATA;
    for (uint32_t i = 0; i < count && !error; i++)
        error = put_valent(v, key, vmm_arg(v, 1) + i * VALENT_BYTES, &to);
    return error;
}

static void reg_query_multiple_values(struct vmm *v)
{
    answer(v, query_multiple_values(v));
}

// _RegQueryValue(hKey, pszSubKey, pszValue, pcbValue): the subkey's default text, "" when it has none.
static int query_value(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key;
    char path[PATH_LIMIT];
    int error = key_and_path(v, &key, path);
    if (error)
        return error;
    key = vmm_hive_open(&hive, key, path);
    if (!key)
        return KIT_ERROR_FILE_NOT_FOUND;
    uint32_t value = vmm_hive_find(&hive, key, "");
    struct result result = {.data_at = vmm_arg(v, 2), .size_at = vmm_arg(v, 3)};
    return value ? deliver_value(v, &result, key, value) : deliver(v, &result, KIT_REG_SZ, "", 1);
}

static void reg_query_value(struct vmm *v)
{
    answer(v, query_value(v));
}

// Reads the driver's data and makes it the value's; *key is a live key.
static int set_value(struct vmm *v, uint32_t key, const char *name, uint32_t type, uint32_t data_at, uint32_t size)
{
    struct vmm_hive hive = hive_of(v);
    if (size > DATA_LIMIT || strlen(name) >= VMM_HIVE_NAME)
        return KIT_ERROR_INVALID_PARAMETER;
    if (vmm_hive_key_at(&hive, key)->provider)
        return VMM_ERROR_ACCESS_DENIED; // its values are the provider's
    uint8_t *data = base_alloc_get(v->alloc, size + 1u);
    if (!data)
        return KIT_ERROR_OUTOFMEMORY;
    int error = FAULTED;
    if (!size || vmm_get(v, data_at, data, size))
        error = vmm_hive_set(&hive, key, name, type, data, size) ? KIT_ERROR_SUCCESS : KIT_ERROR_OUTOFMEMORY;
    base_alloc_free(v->alloc, data, size + 1u);
    return error;
}

static int set_value_ex(struct vmm *v)
{
    uint32_t key;
    char name[PATH_LIMIT];
    int error = key_and_path(v, &key, name);
    return error ? error : set_value(v, key, name, vmm_arg(v, 3), vmm_arg(v, 4), vmm_arg(v, 5));
}

static void reg_set_value_ex(struct vmm *v)
{
    answer(v, set_value_ex(v));
}

// _RegSetValue(hKey, pszSubKey, dwType, pszData, cbData): the subkey's default text; the length is the text's own.
static int set_default(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key;
    char path[PATH_LIMIT], text[PATH_LIMIT];
    int error = key_and_path(v, &key, path);
    if (error)
        return error;
    if (vmm_arg(v, 2) != KIT_REG_SZ)
        return KIT_ERROR_INVALID_PARAMETER;
    if (read_text(v, vmm_arg(v, 3), text, sizeof text))
        return FAULTED;
    key = vmm_hive_create(&hive, key, path);
    if (key && vmm_hive_key_at(&hive, key)->provider)
        return VMM_ERROR_ACCESS_DENIED;
    if (!key || !vmm_hive_set(&hive, key, "", KIT_REG_SZ, text, (uint32_t)strlen(text) + 1))
        return KIT_ERROR_OUTOFMEMORY;
    return KIT_ERROR_SUCCESS;
}

static void reg_set_value(struct vmm *v)
{
    answer(v, set_default(v));
}

static int delete_value(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key;
    char name[PATH_LIMIT];
    int error = key_and_path(v, &key, name);
    if (error)
        return error;
    uint32_t value = vmm_hive_find(&hive, key, name);
    if (!value)
        return KIT_ERROR_FILE_NOT_FOUND;
    if (vmm_hive_value_at(&hive, value)->provided)
        return VMM_ERROR_ACCESS_DENIED;
    vmm_hive_unset(&hive, key, value);
    return KIT_ERROR_SUCCESS;
}

static void reg_delete_value(struct vmm *v)
{
    answer(v, delete_value(v));
}

// _RegEnumValue(hKey, i, pszValue, pcbValue, reserved, pType, pData, pcbData): name and data; the name's length comes
// back without its terminator.
static int enum_value(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t key, room;
    char name[VMM_HIVE_NAME];
    int error = key_of_caller(v, &key);
    if (error)
        return error;
    uint32_t value = vmm_hive_nth_value(&hive, key, vmm_arg(v, 1));
    if (!value)
        return KIT_ERROR_NO_MORE_ITEMS;
    vmm_hive_name(&hive, &vmm_hive_value_at(&hive, value)->name, name);
    uint32_t length = (uint32_t)strlen(name);
    if (!vmm_get32(v, vmm_arg(v, 3), &room) || !vmm_probe(v, vmm_arg(v, 3), 4, true))
        return FAULTED;
    if (room <= length)
        return KIT_ERROR_MORE_DATA;
    struct result result = {.type_at = vmm_arg(v, 5), .data_at = vmm_arg(v, 6), .size_at = vmm_arg(v, 7)};
    if (!vmm_probe(v, vmm_arg(v, 2), length + 1, true))
        return FAULTED;
    if (!vmm_put(v, vmm_arg(v, 2), name, length + 1) || !vmm_put32(v, vmm_arg(v, 3), length))
        return FAULTED;
    return deliver_value(v, &result, key, value);
}

static void reg_enum_value(struct vmm *v)
{
    answer(v, enum_value(v));
}

// --- the whole key at once

struct counts {
    uint32_t keys, longest_key, values, longest_name, longest_data;
};

static void raise(uint32_t *most, uint32_t n)
{
    if (n > *most)
        *most = n;
}

static struct counts count(struct vmm *v, uint32_t key)
{
    struct vmm_hive hive = hive_of(v);
    struct counts c = {0};
    for (uint32_t row = vmm_hive_nth_key(&hive, key, 0); row; row = vmm_hive_key_at(&hive, row)->next, c.keys++)
        raise(&c.longest_key, vmm_hive_key_at(&hive, row)->name.size);
    for (uint32_t row = vmm_hive_nth_value(&hive, key, 0); row; row = vmm_hive_value_at(&hive, row)->next, c.values++) {
        raise(&c.longest_name, vmm_hive_value_at(&hive, row)->name.size);
        const struct vmm_hive_value *value = vmm_hive_value_at(&hive, row);
        raise(&c.longest_data, value->provided ? vmm_provided_length(v, value->provided) : value->data.size);
    }
    return c;
}

// _RegQueryInfoKey(hKey, pszClass, pcbClass, reserved, pcSubKeys, pcbMaxSubKey, pcbMaxClass, pcValues, pcbMaxName,
// pcbMaxData, pcbSecurity, pftLastWrite): there are no classes, no security and no times; those pointers are left
// alone.
static int query_info_key(struct vmm *v)
{
    uint32_t key;
    int error = key_of_caller(v, &key);
    if (error)
        return error;
    struct counts c = count(v, key);
    const struct {
        unsigned argument;
        uint32_t value;
    } answers[] = {{4, c.keys}, {5, c.longest_key}, {7, c.values}, {8, c.longest_name}, {9, c.longest_data}};
    for (size_t i = 0; i < BASE_COUNT(answers); i++)
        if (vmm_arg(v, answers[i].argument) && !vmm_probe(v, vmm_arg(v, answers[i].argument), 4, true))
            return FAULTED;
    for (size_t i = 0; i < BASE_COUNT(answers); i++)
        if (vmm_arg(v, answers[i].argument) && !vmm_put32(v, vmm_arg(v, answers[i].argument), answers[i].value))
            return FAULTED;
    return KIT_ERROR_SUCCESS;
}

static void reg_query_info_key(struct vmm *v)
{
    answer(v, query_info_key(v));
}

// The machine's registry is what the configuration's text says; a text with a mistake ends the run before it begins.
static bool create(struct vmm *v)
{
    struct vmm_hive hive = hive_of(v);
    uint32_t line;
    const char *problem;
    if (!vmm_hive_init(&hive))
        return false;
    if (!v->registry || vmm_hive_read(&hive, v->alloc, v->registry, v->config.registry_size, &line, &problem))
        return true;
    if (line)
        vmm_stop(v, VMM_END_REFUSED, "registry:%u: error: %s", (unsigned)line, problem);
    return line != 0;
}

static const struct vmm_binding bindings[] = {
    {KIT__RegOpenKey, reg_open_key},
    {KIT__RegCloseKey, reg_close_key},
    {KIT__RegCreateKey, reg_create_key},
    {KIT__RegDeleteKey, reg_delete_key},
    {KIT__RegEnumKey, reg_enum_key},
    {KIT__RegQueryValue, reg_query_value},
    {KIT__RegSetValue, reg_set_value},
    {KIT__RegDeleteValue, reg_delete_value},
    {KIT__RegEnumValue, reg_enum_value},
    {KIT__RegQueryValueEx, reg_query_value_ex},
    {KIT__RegQueryMultipleValues, reg_query_multiple_values},
    {KIT__RegSetValueEx, reg_set_value_ex},
    {KIT__RegFlushKey, reg_flush_key},
    {KIT__RegQueryInfoKey, reg_query_info_key},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct vmm_hive_key), sizeof(struct vmm_hive_value),
                                  sizeof(struct vmm_hive_cell), sizeof(struct handle), 0};

const struct vmm_chapter vmm_registry_chapter = {
    .bindings = bindings, .state_size = sizeof(struct registry_state), .tables = tables, .create = create};
