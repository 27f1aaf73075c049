// Dynamic keys: a driver makes a key under HKEY_DYN_DATA and answers for its values whenever somebody asks. The tree
// holds their names and types; a PROVIDER frame calls the handler and delivers what it said. Win95 DDK S24CC-S24CE,
// S25AC-S25B0, S3327.
#include "kit/services.h"
#include "vmm/registry.h"

#include <string.h>

enum { MOST_VALUES = 1024, MOST_AT_ONCE = 64, HEAD_BYTES = 4 }; // contexts that fit on a ring-0 stack

struct provider { // of a key
    uint32_t link;
    uint32_t key;
    uint32_t one, all; // handlers; all = 0: values are asked for one by one
    uint32_t flags, context;
};

struct provided { // a value of such a key
    uint32_t link;
    uint32_t length, context;
};

// a[] of a frame. On the stack at its ESP: the dword with the size of the buffer, then a val_context for each value
// asked for. With VALENTS, INDEX of COUNT values is being asked for.
enum { D_KEY, D_VALUE, D_TYPE_AT, D_DATA_AT, D_SIZE_AT, D_ESP, D_VALENTS, D_COUNT, D_INDEX, D_USED };
enum { ONE, ONE_OF_SEVERAL, ALL }; // steps

static struct base_table *providers(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_dynkey, 0);
}

static struct provider *provider_of(struct vmm *v, uint32_t key)
{
    struct vmm_hive hive = vmm_registry(v);
    return base_table_at(providers(v), vmm_hive_key_at(&hive, key)->provider);
}

static struct provided *provided_at(struct vmm *v, uint32_t row)
{
    return base_table_at(vmm_chapter_table(v, VMM_CHAPTER_dynkey, 1), row);
}

uint32_t vmm_provided_length(struct vmm *v, uint32_t provided)
{
    return provided_at(v, provided)->length;
}

static struct provided *provided_of(struct vmm *v, uint32_t value)
{
    struct vmm_hive hive = vmm_registry(v);
    return provided_at(v, vmm_hive_value_at(&hive, value)->provided);
}

static void answer(struct vmm *v, uint32_t error)
{
    vmm_regs(v)[X86_EAX] = error;
}

// --- making and unmaking

// A value as the driver's array describes it. False: a page fault has been noted, or *error says what is wrong.
static bool add_value(struct vmm *v, uint32_t key, const uint8_t described[KIT_SIZE_pvalue], uint32_t *error)
{
    struct vmm_hive hive = vmm_registry(v);
    struct base_table *t = vmm_chapter_table(v, VMM_CHAPTER_dynkey, 1);
    char name[VMM_HIVE_NAME];
    if (!vmm_get_text(v, base_get32(described + KIT_pv_valuename), name, sizeof name))
        return false;
    uint32_t row = base_table_new(t);
    if (!row || !vmm_hive_set(&hive, key, name, base_get32(described + KIT_pv_type), "", 0)) {
        if (row)
            base_table_release(t, row);
        *error = KIT_ERROR_OUTOFMEMORY;
        return false;
    }
    uint32_t value = vmm_hive_find(&hive, key, name);
    if (vmm_hive_value_at(&hive, value)->provided) // named twice: the later one counts
        base_table_release(t, vmm_hive_value_at(&hive, value)->provided);
    vmm_hive_value_at(&hive, value)->provided = row;
    provided_at(v, row)->length = base_get32(described + KIT_pv_valuelen);
    provided_at(v, row)->context = base_get32(described + KIT_pv_value_context);
    return true;
}

static bool add_values(struct vmm *v, uint32_t key, uint32_t array, uint32_t count, uint32_t *error)
{
    uint8_t described[KIT_SIZE_pvalue];
    for (uint32_t i = 0; i < count; i++)
        if (!vmm_get(v, array + i * KIT_SIZE_pvalue, described, sizeof described) ||
            !add_value(v, key, described, error))
            return false;
    return true;
}

void vmm_provided_forget(struct vmm *v, uint32_t key)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t *row = &vmm_hive_key_at(&hive, key)->provider;
    for (uint32_t i = 0, value; (value = vmm_hive_nth_value(&hive, key, i)) != 0; i++)
        if (vmm_hive_value_at(&hive, value)->provided)
            base_table_release(vmm_chapter_table(v, VMM_CHAPTER_dynkey, 1), vmm_hive_value_at(&hive, value)->provided);
    if (*row) {
        provider_of(v, key)->key = 0;
        base_table_release(providers(v), *row);
    }
    *row = 0;
}

// The key with its provider and values, or nothing at all. 0: *error, or a page fault has been noted.
static uint32_t make_key(struct vmm *v, const char *path, const uint8_t info[KIT_SIZE_provider_info], uint32_t *error)
{
    struct vmm_hive hive = vmm_registry(v);
    uint32_t key = vmm_hive_create(&hive, VMM_HIVE_DYNAMIC, path), row = key ? base_table_new(providers(v)) : 0;
    *error = KIT_ERROR_OUTOFMEMORY;
    if (row) {
        *(struct provider *)base_table_at(providers(v), row) = (struct provider){
            .key = key,
            .one = base_get32(info + KIT_pi_R0_1val),
            .all = base_get32(info + KIT_pi_R0_allvals),
            .flags = base_get32(info + KIT_pi_flags),
            .context = vmm_arg(v, 1),
        };
        vmm_hive_key_at(&hive, key)->provider = row;
        if (add_values(v, key, vmm_arg(v, 3), vmm_arg(v, 4), error))
            return key;
    }
    if (key)
        vmm_registry_delete(v, key);
    return 0;
}

// Whether the arguments describe a key that can be made; else a Win32 error.
static uint32_t refusal(struct vmm *v, const char *path, const uint8_t info[KIT_SIZE_provider_info])
{
    struct vmm_hive hive = vmm_registry(v);
    if (!*path || !vmm_hive_path_valid(path) || vmm_arg(v, 4) > MOST_VALUES || !base_get32(info + KIT_pi_R0_1val))
        return KIT_ERROR_INVALID_PARAMETER;
    return vmm_hive_open(&hive, VMM_HIVE_DYNAMIC, path) ? KIT_ERROR_CANTOPEN : KIT_ERROR_SUCCESS;
}

// _RegCreateDynKey(pszSubKey, context, pProvider, pValues, count, phKey). Who provides for a key keeps its handle.
static void reg_create_dyn_key(struct vmm *v)
{
    uint8_t info[KIT_SIZE_provider_info];
    char path[VMM_REGISTRY_PATH];
    if (!vmm_get_text(v, vmm_arg(v, 0), path, sizeof path) || !vmm_get(v, vmm_arg(v, 2), info, sizeof info) ||
        !vmm_probe(v, vmm_arg(v, 5), 4, true))
        return;
    uint32_t error = refusal(v, path, info), key = error ? 0 : make_key(v, path, info, &error);
    uint32_t handle = key ? vmm_registry_handle(v, key) : 0;
    if (key && !handle)
        vmm_registry_delete(v, key);
    if (v->call.faulted)
        return;
    answer(v, handle ? KIT_ERROR_SUCCESS : error);
    if (handle)
        (void)!vmm_put32(v, vmm_arg(v, 5), handle);
}

// --- asking

static struct vmm_frame *push(struct vmm *v, uint32_t contexts)
{
    uint32_t esp = vmm_regs(v)[X86_ESP], room = HEAD_BYTES + contexts * KIT_SIZE_val_context;
    if (!vmm_probe(v, esp - room, room, true))
        return NULL;
    vmm_regs(v)[X86_ESP] -= room;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_PROVIDER);
    if (f)
        f->a[D_ESP] = esp;
    return f;
}

static uint32_t context_at(const struct vmm_frame *f, uint32_t n)
{
    return f->esp + HEAD_BYTES + n * KIT_SIZE_val_context;
}

static void describe(struct vmm *v, const struct vmm_frame *f, uint32_t n, uint32_t value)
{
    vmm_poke32(v, context_at(f, n) + KIT_valuelen, provided_of(v, value)->length);
    vmm_poke32(v, context_at(f, n) + KIT_value_context, provided_of(v, value)->context);
    vmm_poke32(v, context_at(f, n) + KIT_val_buff_ptr, 0);
}

static void call_begin(struct vmm *v, struct vmm_frame *f, uint32_t proc, uint32_t count, uint32_t buffer,
                       uint32_t room)
{
    vmm_poke32(v, f->esp, room);
    f->contract = VMM_DIRECTION_UP;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)X86_DF;
    vmm_frame_call_c_begin(
        v, proc, 6,
        (const uint32_t[]){provider_of(v, f->a[D_KEY])->context, context_at(f, 0), count, buffer, f->esp, 0});
}

static void finish(struct vmm *v, const struct vmm_frame *f, uint32_t error)
{
    uint32_t esp = f->a[D_ESP];
    vmm_frame_pop_all(v);
    vmm_regs(v)[X86_ESP] = esp;
    answer(v, error);
}

// Length of a value as its provider has just said, or as it said when it made the key.
static uint32_t length_of(struct vmm *v, const struct vmm_frame *f, uint32_t n, uint32_t value)
{
    bool keeps = provider_of(v, f->a[D_KEY])->flags & KIT_PROVIDER_KEEPS_VALUE_LENGTH;
    return keeps ? vmm_peek32(v, context_at(f, n) + KIT_valuelen) : provided_of(v, value)->length;
}

static uint32_t type_of(struct vmm *v, uint32_t value)
{
    struct vmm_hive hive = vmm_registry(v);
    return vmm_hive_value_at(&hive, value)->type;
}

// Type and size of one value. False: a page fault has been noted, and the handler's return is looked at again.
static bool tell(struct vmm *v, const struct vmm_provided_query *q, uint32_t length)
{
    return (!q->type_at || vmm_put32(v, q->type_at, type_of(v, q->value))) &&
           (!q->size_at || vmm_put32(v, q->size_at, length));
}

void vmm_provided_begin(struct vmm *v, const struct vmm_provided_query *q)
{
    const struct provider *p = provider_of(v, q->key);
    uint32_t room = 0, length = provided_of(v, q->value)->length;
    bool keeps = p->flags & KIT_PROVIDER_KEEPS_VALUE_LENGTH;
    if (q->data_at && !q->size_at) {
        answer(v, KIT_ERROR_INVALID_PARAMETER);
        return;
    }
    if ((q->size_at && (!vmm_get32(v, q->size_at, &room) || !vmm_probe(v, q->size_at, 4, true))) ||
        (q->type_at && !vmm_probe(v, q->type_at, 4, true)))
        return;
    bool short_of = q->data_at && room < length;
    if (!keeps && (!q->data_at || short_of)) { // the registry knows the length
        if (tell(v, q, length))
            answer(v, short_of ? KIT_ERROR_MORE_DATA : KIT_ERROR_SUCCESS);
        return;
    }
    struct vmm_frame *f = push(v, 1);
    if (!f)
        return;
    memcpy(f->a, (const uint32_t[]){q->key, q->value, q->type_at, q->data_at, q->size_at}, 5 * sizeof *f->a);
    f->step = ONE;
    describe(v, f, 0, q->value);
    call_begin(v, f, p->one, 1, q->data_at, q->data_at ? room : 0);
}

static void one_resume(struct vmm *v, struct vmm_frame *f)
{
    const struct vmm_provided_query q = {f->a[D_KEY], f->a[D_VALUE], f->a[D_TYPE_AT], f->a[D_DATA_AT], f->a[D_SIZE_AT]};
    uint32_t error = vmm_regs(v)[X86_EAX];
    bool only_length = !q.data_at && error == KIT_ERROR_MORE_DATA;
    bool says = error == KIT_ERROR_SUCCESS || error == KIT_ERROR_MORE_DATA;
    if (!says || tell(v, &q, length_of(v, f, 0, q.value)))
        finish(v, f, only_length ? KIT_ERROR_SUCCESS : error);
}

// --- several values at once (_RegQueryMultipleValues)

// The value that VALENT n names; 0: no such value, or a page fault has been noted.
static uint32_t named(struct vmm *v, const struct vmm_frame *f, uint32_t n)
{
    struct vmm_hive hive = vmm_registry(v);
    char name[VMM_HIVE_NAME] = "";
    uint32_t at;
    if (!vmm_get32(v, f->a[D_VALENTS] + n * VMM_VALENT_BYTES + KIT_ve_valuename, &at) ||
        (at && !vmm_get_text(v, at, name, sizeof name)))
        return 0;
    return vmm_hive_find(&hive, f->a[D_KEY], name);
}

static bool fill_valent(struct vmm *v, const struct vmm_frame *f, uint32_t n, uint32_t value, uint32_t length,
                        uint32_t data_at)
{
    uint8_t rest[VMM_VALENT_BYTES - KIT_ve_valuelen];
    base_put32(rest, length);
    base_put32(rest + KIT_ve_valueptr - KIT_ve_valuelen, data_at);
    base_put32(rest + KIT_ve_type - KIT_ve_valuelen, type_of(v, value));
    return vmm_put(v, f->a[D_VALENTS] + n * VMM_VALENT_BYTES + KIT_ve_valuelen, rest, sizeof rest);
}

static void all_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t error = vmm_regs(v)[X86_EAX], total = 0;
    bool says = error == KIT_ERROR_SUCCESS || error == KIT_ERROR_MORE_DATA;
    for (uint32_t i = 0; says && i < f->a[D_COUNT]; i++) {
        uint32_t value = named(v, f, i), length = value ? length_of(v, f, i, value) : 0;
        total += length;
        if (value && !fill_valent(v, f, i, value, length, vmm_peek32(v, context_at(f, i) + KIT_val_buff_ptr)))
            return;
    }
    if (v->call.faulted || (says && !vmm_put32(v, f->a[D_SIZE_AT], total)))
        return;
    finish(v, f, error);
}

// Asks for value INDEX of COUNT, behind those that are in the buffer.
static void next_of_several_begin(struct vmm *v, struct vmm_frame *f)
{
    uint32_t room, value = f->a[D_INDEX] < f->a[D_COUNT] ? named(v, f, f->a[D_INDEX]) : 0;
    if (f->a[D_INDEX] == f->a[D_COUNT] && vmm_put32(v, f->a[D_SIZE_AT], f->a[D_USED]))
        finish(v, f, KIT_ERROR_SUCCESS);
    if (v->call.faulted || f->a[D_INDEX] == f->a[D_COUNT])
        return;
    if (!value || !vmm_get32(v, f->a[D_SIZE_AT], &room)) {
        if (!v->call.faulted)
            finish(v, f, KIT_ERROR_FILE_NOT_FOUND);
        return;
    }
    f->a[D_VALUE] = value;
    describe(v, f, 0, value);
    room = room > f->a[D_USED] ? room - f->a[D_USED] : 0;
    call_begin(v, f, provider_of(v, f->a[D_KEY])->one, 1, f->a[D_DATA_AT] + f->a[D_USED], room);
}

static void one_of_several_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t error = vmm_regs(v)[X86_EAX], length = length_of(v, f, 0, f->a[D_VALUE]);
    if (error) {
        finish(v, f, error);
        return;
    }
    if (!fill_valent(v, f, f->a[D_INDEX], f->a[D_VALUE], length, f->a[D_DATA_AT] + f->a[D_USED]))
        return;
    f->a[D_INDEX]++;
    f->a[D_USED] += length;
    next_of_several_begin(v, f);
}

static void provider_resume(struct vmm *v, struct vmm_frame *f)
{
    if (!provider_of(v, f->a[D_KEY])->key) // its handler deleted the key
        finish(v, f, KIT_ERROR_KEY_DELETED);
    else if (f->step == ALL)
        all_resume(v, f);
    else if (f->step == ONE)
        one_resume(v, f);
    else
        one_of_several_resume(v, f);
}

const struct vmm_frame_kind vmm_provider_frame = {"the provider of a dynamic key", provider_resume, NULL};

void vmm_provided_all_begin(struct vmm *v, uint32_t key, uint32_t valents, uint32_t count, uint32_t buffer,
                            uint32_t size_at)
{
    uint32_t room, all = count <= MOST_AT_ONCE ? provider_of(v, key)->all : 0;
    if (!vmm_get32(v, size_at, &room) || !vmm_probe(v, size_at, 4, true))
        return;
    struct vmm_frame *f = push(v, all ? count : 1);
    if (!f)
        return;
    f->a[D_KEY] = key;
    f->a[D_DATA_AT] = buffer;
    f->a[D_SIZE_AT] = size_at;
    f->a[D_VALENTS] = valents;
    f->a[D_COUNT] = count;
    f->step = all ? ALL : ONE_OF_SEVERAL;
    for (uint32_t i = 0; all && i < count; i++)
        describe(v, f, i, named(v, f, i));
    if (all)
        call_begin(v, f, all, count, buffer, room);
    else
        next_of_several_begin(v, f);
}

static void module_gone(struct vmm *v, uint32_t module)
{
    for (uint32_t i = 1; i < providers(v)->count; i++) {
        const struct provider *p = base_table_at(providers(v), i);
        if (!p->key || vmm_module_of(v, p->one, NULL) != module)
            continue;
        vmm_report(v, "left-behind", p->one, "Win95 DDK S3507",
                   "the driver is unloaded, but it is the provider of a dynamic key");
        vmm_registry_delete(v, p->key);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT__RegCreateDynKey, reg_create_dyn_key},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct provider), sizeof(struct provided), 0};

const struct vmm_chapter vmm_dynkey_chapter = {.bindings = bindings, .tables = tables, .module_gone = module_gone};
