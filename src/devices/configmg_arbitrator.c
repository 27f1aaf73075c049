// CONFIGMG: who arbitrates a resource, what is free of it, and the order of a node list (Win95 DDK S2547, S2511, S2540,
// S253F, S2557). A driver's arbitrator is global or for what is below its node; the nearest local one comes first, then
// the latest global one, then the four that are always there.
#include "devices/configmg.h"

#include "kit/services.h"
#include "kit/structures.h"

#include <stdlib.h>

enum { MOST_ELEMENTS = 256 };

// ---------------------------------------------------------------------------------------------------------------------
// Finding

static uint32_t local_one(const struct configmg *s, uint32_t node, uint32_t resource)
{
    for (uint32_t i = 1; i < CONFIGMG_ARBITRATORS; i++) {
        const struct configmg_arbitrator *a = &s->arbitrator[i];
        if (a->generation && a->local && a->node == node && a->resource == resource)
            return i;
    }
    return 0;
}

static uint32_t global_one(const struct configmg *s, uint32_t resource)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i < CONFIGMG_ARBITRATORS; i++) {
        const struct configmg_arbitrator *a = &s->arbitrator[i];
        if (a->generation && !a->local && a->resource == resource &&
            (!found || a->serial > s->arbitrator[found].serial))
            found = i;
    }
    return found;
}

// The one for the children of a node, and theirs.
static uint32_t arbitrator_below(const struct configmg *s, uint32_t node, uint32_t resource)
{
    uint32_t found = 0;
    for (; node && !found; node = s->node[node].parent)
        found = local_one(s, node, resource);
    if (!found)
        found = global_one(s, resource);
    if (found)
        return found;
    return resource && resource <= KIT_ResType_Max ? CONFIGMG_BUILT_IN : CONFIGMG_NOBODY;
}

uint32_t configmg_arbitrator_of(struct vmm *v, uint32_t node, uint32_t resource)
{
    const struct configmg *s = configmg_state(v);
    if (resource & KIT_ResType_Ignored_Bit)
        return CONFIGMG_IGNORED;
    return arbitrator_below(s, s->node[node].parent, resource);
}

// ---------------------------------------------------------------------------------------------------------------------
// Register_Arbitrator(pRid, ResourceID, Handler, ulDWordToBePassed, dnArbitratorNode, ulFlags)

static int check_registration(struct vmm *v, uint32_t node)
{
    uint32_t resource = vmm_arg(v, 1), flags = vmm_arg(v, 5);
    if (!vmm_arg(v, 0) || !vmm_arg(v, 2))
        return KIT_CR_INVALID_POINTER;
    if (resource == KIT_ResType_All || resource & KIT_ResType_Ignored_Bit)
        return KIT_CR_INVALID_RESOURCEID;
    if (flags > KIT_ARB_GLOBAL)
        return KIT_CR_INVALID_FLAG;
    if (!node && (vmm_arg(v, 4) || flags == KIT_ARB_LOCAL))
        return KIT_CR_INVALID_DEVNODE;
    if (flags == KIT_ARB_LOCAL && local_one(configmg_state(v), node, resource))
        return KIT_CR_INVALID_ARBITRATOR; // it would never be asked
    return KIT_CR_SUCCESS;
}

static int add_arbitrator(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t row = 1, node = configmg_row(v, CONFIGMG_NODE, vmm_arg(v, 4));
    int error = check_registration(v, node);
    if (error)
        return error;
    if (!vmm_probe(v, vmm_arg(v, 0), 4, true))
        return CONFIGMG_FAULTED;
    while (row < CONFIGMG_ARBITRATORS && s->arbitrator[row].generation)
        row++;
    if (row == CONFIGMG_ARBITRATORS)
        return KIT_CR_OUT_OF_MEMORY;
    s->generation = s->generation % 0xFFF + 1;
    s->arbitrator[row] = (struct configmg_arbitrator){.generation = s->generation,
                                                      .serial = ++s->arbitrators,
                                                      .resource = vmm_arg(v, 1),
                                                      .handler = vmm_arg(v, 2),
                                                      .reference = vmm_arg(v, 3),
                                                      .node = (uint16_t)node,
                                                      .local = vmm_arg(v, 5) == KIT_ARB_LOCAL};
    return configmg_deliver(v, vmm_arg(v, 0), configmg_handle(v, CONFIGMG_ARBITRATOR, row));
}

static void register_arbitrator(struct vmm *v)
{
    configmg_answer(v, add_arbitrator(v));
}

static void deregister_arbitrator(struct vmm *v)
{
    uint32_t row = configmg_row(v, CONFIGMG_ARBITRATOR, vmm_arg(v, 0));
    if (row && !vmm_arg(v, 1))
        configmg_state(v)->arbitrator[row].generation = 0;
    configmg_answer(v, !row ? KIT_CR_INVALID_ARBITRATOR : vmm_arg(v, 1) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS);
}

// ---------------------------------------------------------------------------------------------------------------------
// What is free: a driver's arbitrator is asked with ARB_QUERY_FREE and an ARBITFREE_S; the ones that are always there
// give a mask of interrupt lines or channels, or pairs of first and last address (what Windows' own give is not
// documented). Frame: a[0] guest address of the structure, a[1] where to, a[2] room for the data, or SIZE.

static const uint32_t SIZE = UINT32_MAX;

static int answer_free(struct vmm *v, uint32_t from, uint32_t bytes, uint32_t to, uint32_t room)
{
    uint32_t n = bytes < room ? bytes : room;
    if (room == SIZE)
        return configmg_deliver(v, to, bytes);
    if (n && !devices_copy(v, to, from, n))
        return CONFIGMG_FAULTED;
    return bytes > room ? KIT_CR_BUFFER_SMALL : KIT_CR_SUCCESS;
}

static void query_resume(struct vmm *v, struct vmm_frame *f)
{
    uint32_t at = f->a[0], to = f->a[1], room = f->a[2], result = vmm_regs(v)[X86_EAX];
    uint32_t from = vmm_peek32(v, at + KIT_af_PointerToInfo), bytes = vmm_peek32(v, at + KIT_af_SizeOfInfo);
    (void)!vmm_heap_give(v, at);
    vmm_frame_pop_all(v);
    int error = result == KIT_CR_DEFAULT ? KIT_CR_FAILURE : (int)result;
    configmg_answer(v, error ? error : answer_free(v, from, bytes, to, room));
}

static void query_abandon(struct vmm *v, struct vmm_frame *f)
{
    (void)!vmm_heap_give(v, f->a[0]);
}

static const struct vmm_frame_kind query_kind = {"an arbitrator", query_resume, query_abandon};

static void ask_begin(struct vmm *v, uint32_t arbitrator, uint32_t to, uint32_t room)
{
    const struct configmg_arbitrator *a = &configmg_state(v)->arbitrator[arbitrator];
    uint32_t at = vmm_heap_get(v, KIT_SIZE_ARBITFREE_S);
    struct vmm_frame *f = at ? vmm_frame_push(v, configmg_state(v)->query_kind) : NULL;
    if (!f) {
        configmg_answer(v, KIT_CR_OUT_OF_MEMORY);
        return;
    }
    f->a[0] = at;
    f->a[1] = to;
    f->a[2] = room;
    vmm_frame_call_c_begin(
        v, a->handler, 4,
        (const uint32_t[]){KIT_ARB_QUERY_FREE, a->reference, configmg_handle(v, CONFIGMG_NODE, a->node), at});
}

static int built_in_free(struct vmm *v, uint32_t resource, uint32_t to, uint32_t room)
{
    uint8_t data[CONFIGMG_FREE];
    uint32_t bytes = configmg_free_ones(v, resource, data), n = bytes < room ? bytes : room;
    if (room == SIZE)
        return configmg_deliver(v, to, bytes);
    if (n && !vmm_put(v, to, data, n))
        return CONFIGMG_FAULTED;
    return bytes > room ? KIT_CR_BUFFER_SMALL : KIT_CR_SUCCESS;
}

// (to, room) and from argument `first` on: dnDevNode, ResourceID, ulFlags.
static void query_begin(struct vmm *v, uint32_t to, uint32_t room, unsigned first)
{
    uint32_t handle = vmm_arg(v, first), resource = vmm_arg(v, first + 1);
    uint32_t node = handle ? configmg_row(v, CONFIGMG_NODE, handle) : CONFIGMG_ROOT;
    int error = !node                                                               ? KIT_CR_INVALID_DEVNODE
                : vmm_arg(v, first + 2)                                             ? KIT_CR_INVALID_FLAG
                : !to                                                               ? KIT_CR_INVALID_POINTER
                : resource == KIT_ResType_All || resource & KIT_ResType_Ignored_Bit ? KIT_CR_INVALID_RESOURCEID
                                                                                    : KIT_CR_SUCCESS;
    uint32_t arbitrator = arbitrator_below(configmg_state(v), node, resource);
    if (error || arbitrator == CONFIGMG_NOBODY)
        configmg_answer(v, error ? error : KIT_CR_NO_ARBITRATOR);
    else if (arbitrator == CONFIGMG_BUILT_IN)
        configmg_answer(v, built_in_free(v, resource, to, room));
    else
        ask_begin(v, arbitrator, to, room);
}

static void query_free_size_begin(struct vmm *v)
{
    query_begin(v, vmm_arg(v, 0), SIZE, 1);
}

static void query_free_data_begin(struct vmm *v)
{
    uint32_t room = vmm_arg(v, 1);
    query_begin(v, vmm_arg(v, 0), room == SIZE ? SIZE - 1 : room, 2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Sort_NodeList(nlhNodeListHeader, ulFlags): by nl_ulSortDWord, the lower the earlier; equals stay in order

struct element {
    uint32_t at, key, place;
};

static int compare(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

// The elements of a list that ends, CR_* when it does not.
static int read_elements(struct vmm *v, uint32_t header, struct element *to, uint32_t *n)
{
    uint32_t at;
    if (!vmm_probe(v, header, KIT_SIZE_NODELISTHEADER_S, true) || !vmm_get32(v, header + KIT_nlh_Head, &at))
        return CONFIGMG_FAULTED;
    for (*n = 0; at; ++*n) {
        if (*n == MOST_ELEMENTS)
            return KIT_CR_INVALID_NODELIST;
        to[*n] = (struct element){.at = at, .place = *n};
        if (!vmm_probe(v, at, KIT_SIZE_NODELIST_S, true) || !vmm_get32(v, at + KIT_nl_ulSortDWord, &to[*n].key) ||
            !vmm_get32(v, at + KIT_nl_Next, &at))
            return CONFIGMG_FAULTED;
    }
    return KIT_CR_SUCCESS;
}

static bool write_links(struct vmm *v, uint32_t header, const struct element *e, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!vmm_put32(v, e[i].at + KIT_nl_Next, i + 1 < n ? e[i + 1].at : 0) ||
            !vmm_put32(v, e[i].at + KIT_nl_Previous, i ? e[i - 1].at : 0))
            return false;
    return vmm_put32(v, header + KIT_nlh_Head, n ? e[0].at : 0) &&
           vmm_put32(v, header + KIT_nlh_Tail, n ? e[n - 1].at : 0);
}

static int sort(struct vmm *v)
{
    struct element e[MOST_ELEMENTS];
    uint32_t n, header = vmm_arg(v, 0);
    if (vmm_arg(v, 1))
        return KIT_CR_INVALID_FLAG;
    if (!header)
        return KIT_CR_INVALID_NODELIST;
    int error = read_elements(v, header, e, &n);
    if (error)
        return error;
    qsort(e, n, sizeof e[0], compare);
    return write_links(v, header, e, n) ? KIT_CR_SUCCESS : CONFIGMG_FAULTED;
}

static void sort_nodelist(struct vmm *v)
{
    configmg_answer(v, sort(v));
}

// ---------------------------------------------------------------------------------------------------------------------

void configmg_arbitrator_create(struct vmm *v)
{
    configmg_state(v)->query_kind = vmm_frame_kind_add(v, &query_kind);
}

const struct vmm_binding configmg_arbitrator_bindings[] = {
    {KIT__CONFIGMG_Register_Arbitrator, register_arbitrator},
    {KIT__CONFIGMG_Deregister_Arbitrator, deregister_arbitrator},
    {KIT__CONFIGMG_Query_Arbitrator_Free_Size, query_free_size_begin},
    {KIT__CONFIGMG_Query_Arbitrator_Free_Data, query_free_data_begin},
    {KIT__CONFIGMG_Sort_NodeList, sort_nodelist},
    {0, NULL},
};
