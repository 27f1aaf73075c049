// SYSTEM.INI services: what `--ini` gave, looked up by section and key, and the string converters. All init only.
// VDAG31 Initialization_Information_Services. Values lie in guest memory as one read-only copy of the file in which
// every value ends with a zero.
#include "vmm/profile.h"
#include "kit/services.h"
#include "vmm/machine.h"

#include <string.h>

struct profile_state {
    uint32_t copy; // guest copy of the text, 0 = not made yet
};

enum { NAME_LIMIT = 256, VALUE_LIMIT = 1024 };

static const char *text_of(struct vmm *v, uint32_t *size)
{
    *size = v->ini ? (uint32_t)v->config.ini_size : 0;
    return v->ini;
}

// --- the guest's copy

static bool write_copy(struct vmm *v, uint32_t linear, const char *text, uint32_t size)
{
    struct vmm_ini_entry e = {0};
    if (!vmm_put(v, linear, text, size))
        return false;
    for (uint32_t at = 0; vmm_ini_next(text, size, &at, &e);)
        if (!vmm_put(v, linear + e.value + e.value_size, "", 1))
            return false;
    return true;
}

// Address of the value in guest memory; the copy is made at the first need. 0 = no memory.
static uint32_t value_address(struct vmm *v, const struct vmm_ini_entry *e)
{
    struct profile_state *state = vmm_chapter_state(v, VMM_CHAPTER_profile);
    uint32_t size;
    const char *text = text_of(v, &size);
    if (!state->copy) {
        uint32_t pages = size / X86_PAGE_SIZE + 1, linear = vmm_take_pages(v, pages);
        if (!linear)
            return 0;
        if (!write_copy(v, linear, text, size)) {
            vmm_give_pages(v, linear, pages);
            return 0;
        }
        state->copy = linear;
    }
    return state->copy + e->value;
}

// --- looking up

struct wanted {
    char section[NAME_LIMIT], key[NAME_LIMIT];
};

// The names in ESI and EDI; ESI = 0 means [386Enh]. False: a page fault has been noted.
static bool read_names(struct vmm *v, struct wanted *w)
{
    uint32_t section = vmm_regs(v)[X86_ESI];
    strcpy(w->section, "386Enh");
    return (!section || vmm_get_text(v, section, w->section, sizeof w->section)) &&
           vmm_get_text(v, vmm_regs(v)[X86_EDI], w->key, sizeof w->key);
}

static bool find_entry(struct vmm *v, const struct wanted *w, struct vmm_ini_entry *e)
{
    uint32_t size;
    const char *text = text_of(v, &size);
    *e = (struct vmm_ini_entry){0};
    for (uint32_t at = 0; vmm_ini_next(text, size, &at, e);)
        if (vmm_ini_same(text, e->section, e->section_size, w->section) &&
            vmm_ini_same(text, e->key, e->key_size, w->key))
            return true;
    return false;
}

static void copy_value(struct vmm *v, const struct vmm_ini_entry *e, char to[VALUE_LIMIT])
{
    uint32_t n = e->value_size < VALUE_LIMIT - 1 ? e->value_size : VALUE_LIMIT - 1;
    memcpy(to, v->ini + e->value, n);
    to[n] = 0;
}

typedef bool reader(struct vmm *v, const char *text, uint32_t *value);

// The common frame: CF = 1 absent or malformed, ZF = 1 key without value (EAX is the default in both), else EAX =
// value.
static void get_number(struct vmm *v, reader *read)
{
    struct wanted w;
    struct vmm_ini_entry e;
    if (!read_names(v, &w))
        return;
    bool found = find_entry(v, &w, &e);
    uint32_t value = 0;
    if (found && e.value_size) {
        char text[VALUE_LIMIT];
        copy_value(v, &e, text);
        found = read(v, text, &value);
        if (found)
            vmm_regs(v)[X86_EAX] = value;
    }
    vmm_set_flag(v, X86_CF, !found);
    vmm_set_flag(v, X86_ZF, found && !e.value_size);
}

static bool read_decimal(struct vmm *v, const char *text, uint32_t *value)
{
    (void)v;
    return vmm_convert_decimal(text, value) != 0;
}

static bool read_hex(struct vmm *v, const char *text, uint32_t *value)
{
    (void)v;
    return vmm_convert_hex(text, value) != 0;
}

static bool read_fixed(struct vmm *v, const char *text, uint32_t *value)
{
    return vmm_convert_fixed(text, vmm_regs(v)[X86_ECX], value) != 0;
}

static bool read_boolean(struct vmm *v, const char *text, uint32_t *value)
{
    (void)v;
    return vmm_convert_boolean(text, strlen(text), value);
}

static void get_profile_decimal_int(struct vmm *v)
{
    get_number(v, read_decimal);
}

static void get_profile_hex_int(struct vmm *v)
{
    get_number(v, read_hex);
}

static void get_profile_fixed_point(struct vmm *v)
{
    get_number(v, read_fixed);
}

static void get_profile_boolean(struct vmm *v)
{
    get_number(v, read_boolean);
}

static void get_profile_string(struct vmm *v)
{
    struct wanted w;
    struct vmm_ini_entry e;
    if (!read_names(v, &w))
        return;
    bool found = find_entry(v, &w, &e);
    uint32_t address = found && e.value_size ? value_address(v, &e) : 0;
    if (address)
        vmm_regs(v)[X86_EDX] = address;
    vmm_set_flag(v, X86_CF, !found);
    vmm_set_flag(v, X86_ZF, found && !e.value_size);
}

// EDX = value found before, EDI = key: the next entry of the same section with that key.
static void get_next_profile_string(struct vmm *v)
{
    struct profile_state *state = vmm_chapter_state(v, VMM_CHAPTER_profile);
    char key[NAME_LIMIT];
    uint32_t size, previous = vmm_regs(v)[X86_EDX] - state->copy;
    const char *text = text_of(v, &size);
    if (!vmm_get_text(v, vmm_regs(v)[X86_EDI], key, sizeof key))
        return;
    struct vmm_ini_entry e = {0}, from = {0};
    vmm_set_flag(v, X86_CF, true);
    for (uint32_t at = 0; state->copy && vmm_ini_next(text, size, &at, &e);) {
        if (e.value == previous)
            from = e;
        else if (from.value && e.section == from.section && vmm_ini_same(text, e.key, e.key_size, key)) {
            vmm_regs(v)[X86_EDX] = value_address(v, &e);
            vmm_set_flag(v, X86_CF, false);
            return;
        }
    }
}

// --- converters: EDX points at the text, and then behind the number; no number: EAX = 0, EDX as it was

static bool get_convertible(struct vmm *v, char text[VALUE_LIMIT])
{
    return vmm_get_text(v, vmm_regs(v)[X86_EDX], text, VALUE_LIMIT);
}

static void answer_converted(struct vmm *v, size_t used, uint32_t value)
{
    vmm_regs(v)[X86_EAX] = used ? value : 0;
    vmm_regs(v)[X86_EDX] += (uint32_t)used;
}

static void convert_decimal_string(struct vmm *v)
{
    char text[VALUE_LIMIT];
    uint32_t value = 0;
    size_t used = get_convertible(v, text) ? vmm_convert_decimal(text, &value) : 0;
    if (!v->call.faulted)
        answer_converted(v, used, value);
}

static void convert_hex_string(struct vmm *v)
{
    char text[VALUE_LIMIT];
    uint32_t value = 0;
    size_t used = get_convertible(v, text) ? vmm_convert_hex(text, &value) : 0;
    if (!v->call.faulted)
        answer_converted(v, used, value);
}

static void convert_fixed_point_string(struct vmm *v)
{
    char text[VALUE_LIMIT];
    uint32_t value = 0;
    size_t used = get_convertible(v, text) ? vmm_convert_fixed(text, vmm_regs(v)[X86_ECX], &value) : 0;
    if (!v->call.faulted)
        answer_converted(v, used, value);
}

static void convert_boolean_string(struct vmm *v)
{
    char text[VALUE_LIMIT];
    uint32_t value = 0;
    if (!get_convertible(v, text))
        return;
    bool valid = vmm_convert_boolean(text, strlen(text), &value);
    if (valid)
        vmm_regs(v)[X86_EAX] = value;
    vmm_set_flag(v, X86_CF, !valid);
}

static const struct vmm_binding bindings[] = {
    {KIT_Get_Profile_Decimal_Int, get_profile_decimal_int},
    {KIT_Convert_Decimal_String, convert_decimal_string},
    {KIT_Get_Profile_Fixed_Point, get_profile_fixed_point},
    {KIT_Convert_Fixed_Point_String, convert_fixed_point_string},
    {KIT_Get_Profile_Hex_Int, get_profile_hex_int},
    {KIT_Convert_Hex_String, convert_hex_string},
    {KIT_Get_Profile_Boolean, get_profile_boolean},
    {KIT_Convert_Boolean_String, convert_boolean_string},
    {KIT_Get_Profile_String, get_profile_string},
    {KIT_Get_Next_Profile_String, get_next_profile_string},
    {0, NULL},
};

const struct vmm_chapter vmm_profile_chapter = {.bindings = bindings, .state_size = sizeof(struct profile_state)};
