// CONFIGMG: range lists, which arbitrators keep their ports and addresses in (Win95 DDK S2492): sorted, without
// overlaps; neighbours that only touch stay two ranges. Rows of plain numbers like the rest of the state.
#include "devices/configmg.h"

#include "kit/services.h"
#include "vmm/debug.h"

#include <stdio.h>

// ---------------------------------------------------------------------------------------------------------------------
// Chains of ranges

static uint32_t range_new(struct configmg *s, uint32_t start, uint32_t end)
{
    uint32_t row = 1;
    while (row < CONFIGMG_RANGES && s->range[row].generation)
        row++;
    if (row == CONFIGMG_RANGES)
        return 0;
    s->generation = s->generation % 0xFFF + 1;
    s->range[row] = (struct configmg_range){.generation = s->generation, .start = start, .end = end};
    return row;
}

// Takes the range that a link leads to out of its chain.
static void range_free(struct configmg *s, uint16_t *link)
{
    struct configmg_range *r = &s->range[*link];
    *link = r->next;
    r->generation = 0;
}

static void chain_free(struct configmg *s, uint16_t *first)
{
    while (*first)
        range_free(s, first);
}

// Behind the last range of a chain that is being built. False: no room.
static bool append(struct configmg *s, uint16_t *first, uint32_t start, uint32_t end)
{
    uint32_t row = range_new(s, start, end);
    while (*first)
        first = &s->range[*first].next;
    *first = (uint16_t)row;
    return row != 0;
}

static bool overlaps(const struct configmg_range *r, uint32_t start, uint32_t end)
{
    return r->start <= end && start <= r->end;
}

// The link to the first range that ends at `start` or above it.
static uint16_t *from(struct configmg *s, uint32_t list, uint32_t start)
{
    uint16_t *link = &s->list[list].first;
    while (*link && s->range[*link].end < start)
        link = &s->range[*link].next;
    return link;
}

static bool is_free(struct configmg *s, uint32_t list, uint32_t start, uint32_t end)
{
    uint32_t next = *from(s, list, start);
    return !next || !overlaps(&s->range[next], start, end);
}

// ---------------------------------------------------------------------------------------------------------------------
// Creating, copying, freeing

// A list argument, and that the flags behind it are 0.
static int list_argument(struct vmm *v, unsigned n, unsigned flags, uint32_t *list)
{
    *list = configmg_row(v, CONFIGMG_LIST, vmm_arg(v, n));
    if (!*list)
        return KIT_CR_INVALID_RANGE_LIST;
    return vmm_arg(v, flags) ? KIT_CR_INVALID_FLAG : KIT_CR_SUCCESS;
}

// Create_Range_List(prlh, ulFlags), S250F.
static int create_list(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t row = 1, to = vmm_arg(v, 0);
    if (vmm_arg(v, 1))
        return KIT_CR_INVALID_FLAG;
    if (!to)
        return KIT_CR_INVALID_POINTER;
    if (!vmm_probe(v, to, 4, true))
        return CONFIGMG_FAULTED;
    while (row < CONFIGMG_LISTS && s->list[row].generation)
        row++;
    if (row == CONFIGMG_LISTS)
        return KIT_CR_OUT_OF_MEMORY;
    s->generation = s->generation % 0xFFF + 1;
    s->list[row] = (struct configmg_list){.generation = s->generation};
    return configmg_deliver(v, to, configmg_handle(v, CONFIGMG_LIST, row));
}

static void create_range_list(struct vmm *v)
{
    configmg_answer(v, create_list(v));
}

// Free_Range_List(rlh, ulFlags), S2519.
static void free_range_list(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t list;
    int error = list_argument(v, 0, 1, &list);
    if (!error) {
        chain_free(s, &s->list[list].first);
        s->list[list].generation = 0;
    }
    configmg_answer(v, error);
}

// The list becomes what was built, which may have been made from its own ranges; empty when memory was short (S2534,
// S2535).
static int replace(struct configmg *s, uint32_t list, uint16_t built, bool whole)
{
    if (!whole)
        chain_free(s, &built);
    chain_free(s, &s->list[list].first);
    s->list[list].first = built;
    return whole ? KIT_CR_SUCCESS : KIT_CR_OUT_OF_MEMORY;
}

// Dup_Range_List(rlhOld, rlhNew, ulFlags), S2514.
static int dup_list(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t old, to;
    uint16_t built = 0;
    bool whole = true;
    int error = list_argument(v, 0, 2, &old);
    if (!error)
        error = list_argument(v, 1, 2, &to);
    if (error)
        return error;
    for (uint32_t r = s->list[old].first; r && whole; r = s->range[r].next)
        whole = append(s, &built, s->range[r].start, s->range[r].end);
    return replace(s, to, built, whole);
}

static void dup_range_list(struct vmm *v)
{
    configmg_answer(v, dup_list(v));
}

// ---------------------------------------------------------------------------------------------------------------------
// Adding, deleting, testing: (ulStartValue, ulEndValue, rlh, ulFlags)

static int range_arguments(struct vmm *v, uint32_t *list)
{
    *list = configmg_row(v, CONFIGMG_LIST, vmm_arg(v, 2));
    if (!*list)
        return KIT_CR_INVALID_RANGE_LIST;
    return vmm_arg(v, 0) > vmm_arg(v, 1) ? KIT_CR_INVALID_RANGE : KIT_CR_SUCCESS;
}

// The first range in the way takes in the new one and all others: that needs no memory.
static void merge(struct configmg *s, uint16_t *link, uint32_t start, uint32_t end)
{
    struct configmg_range *r = &s->range[*link];
    uint16_t *next = &r->next;
    r->start = start < r->start ? start : r->start;
    while (*next && overlaps(&s->range[*next], start, end)) {
        r->end = s->range[*next].end;
        range_free(s, next);
    }
    r->end = end > r->end ? end : r->end;
}

// S2508.
static int add(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t list, start = vmm_arg(v, 0), end = vmm_arg(v, 1), flags = vmm_arg(v, 3);
    int error = range_arguments(v, &list);
    if (!error && flags > KIT_CM_ADD_RANGE_DONOTADDIFCONFLICT)
        error = KIT_CR_INVALID_FLAG;
    if (error)
        return error;
    uint16_t *link = from(s, list, start);
    if (!is_free(s, list, start, end)) {
        if (flags == KIT_CM_ADD_RANGE_DONOTADDIFCONFLICT)
            return KIT_CR_FAILURE;
        merge(s, link, start, end);
        return KIT_CR_SUCCESS;
    }
    uint32_t row = range_new(s, start, end);
    if (!row)
        return KIT_CR_OUT_OF_MEMORY;
    s->range[row].next = *link;
    *link = (uint16_t)row;
    return KIT_CR_SUCCESS;
}

static void add_range(struct vmm *v)
{
    configmg_answer(v, add(v));
}

// What is left of a range on both sides of a hole; only then a new one is needed.
static int split(struct configmg *s, struct configmg_range *r, uint32_t start, uint32_t end)
{
    uint32_t row = range_new(s, end + 1, r->end);
    if (!row)
        return KIT_CR_OUT_OF_MEMORY;
    s->range[row].next = r->next;
    r->next = (uint16_t)row;
    r->end = start - 1;
    return KIT_CR_SUCCESS;
}

// S2510. The page does not say when it fails; here when nothing of the range is in the list.
static int delete (struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t list, start = vmm_arg(v, 0), end = vmm_arg(v, 1);
    int error = range_arguments(v, &list);
    if (!error && vmm_arg(v, 3))
        error = KIT_CR_INVALID_FLAG;
    bool all = start == 0 && end == UINT32_MAX;
    if (error || (!all && is_free(s, list, start, end)))
        return error ? error : KIT_CR_FAILURE;
    for (uint16_t *link = from(s, list, start); *link && overlaps(&s->range[*link], start, end);) {
        struct configmg_range *r = &s->range[*link];
        if (r->start < start && r->end > end)
            return split(s, r, start, end);
        if (r->start >= start && r->end <= end) {
            range_free(s, link);
            continue;
        }
        if (r->start < start)
            r->end = start - 1;
        else
            r->start = end + 1;
        link = &r->next;
    }
    return KIT_CR_SUCCESS;
}

static void delete_range(struct vmm *v)
{
    configmg_answer(v, delete (v));
}

// S2558.
static void test_range_available(struct vmm *v)
{
    uint32_t list;
    int error = range_arguments(v, &list);
    if (!error && vmm_arg(v, 3))
        error = KIT_CR_INVALID_FLAG;
    if (!error && !is_free(configmg_state(v), list, vmm_arg(v, 0), vmm_arg(v, 1)))
        error = KIT_CR_FAILURE;
    configmg_answer(v, error);
}

// Find_Range(pulStart, ulStart, ulLength, ulAlignment, ulEnd, rlh, ulFlags) [unverified]: the lowest free range of a
// length between two addresses. The alignment is a mask as in IOR_Align and MR_Align; no page describes the service.
static int find(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t to = vmm_arg(v, 0), length = vmm_arg(v, 2), list = configmg_row(v, CONFIGMG_LIST, vmm_arg(v, 5));
    uint64_t step = configmg_step(vmm_arg(v, 3), 32), end = vmm_arg(v, 4), base = vmm_arg(v, 1);
    if (!list || !to || vmm_arg(v, 6) || !length)
        return !list           ? KIT_CR_INVALID_RANGE_LIST
               : !to           ? KIT_CR_INVALID_POINTER
               : vmm_arg(v, 6) ? KIT_CR_INVALID_FLAG
                               : KIT_CR_INVALID_RANGE;
    base = (base + step - 1) & ~(step - 1);
    for (uint32_t r = s->list[list].first; r; r = s->range[r].next) {
        if (base + length <= s->range[r].start)
            break;
        if (base <= s->range[r].end)
            base = (s->range[r].end + step) & ~(step - 1);
    }
    return base + length - 1 <= end ? configmg_deliver(v, to, (uint32_t)base) : KIT_CR_FAILURE;
}

static void find_range(struct vmm *v)
{
    configmg_answer(v, find(v));
}

// ---------------------------------------------------------------------------------------------------------------------
// Lists from lists

// Invert_Range_List(rlhOld, rlhNew, ulMaxValue, ulFlags), S2535: what is not in the old list up to the value.
static int invert(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t old, to;
    uint64_t free_from = 0, end = (uint64_t)vmm_arg(v, 2) + 1;
    uint16_t built = 0;
    bool whole = true;
    int error = list_argument(v, 0, 3, &old);
    if (!error)
        error = list_argument(v, 1, 3, &to);
    if (error)
        return error;
    for (uint32_t r = s->list[old].first; r && whole && s->range[r].start < end; r = s->range[r].next) {
        if (s->range[r].start > free_from)
            whole = append(s, &built, (uint32_t)free_from, s->range[r].start - 1);
        free_from = (uint64_t)s->range[r].end + 1;
    }
    if (whole && free_from < end)
        whole = append(s, &built, (uint32_t)free_from, (uint32_t)(end - 1));
    return replace(s, to, built, whole);
}

static void invert_range_list(struct vmm *v)
{
    configmg_answer(v, invert(v));
}

// Intersect_Range_List(rlhOld1, rlhOld2, rlhNew, ulFlags), S2534.
static int intersect(struct vmm *v)
{
    struct configmg *s = configmg_state(v);
    uint32_t one, two, to;
    uint16_t built = 0;
    bool whole = true;
    int error = list_argument(v, 0, 3, &one);
    if (!error)
        error = list_argument(v, 1, 3, &two);
    if (!error)
        error = list_argument(v, 2, 3, &to);
    if (error)
        return error;
    uint32_t a = s->list[one].first, b = s->list[two].first;
    while (a && b && whole) {
        const struct configmg_range *x = &s->range[a], *y = &s->range[b];
        if (overlaps(x, y->start, y->end))
            whole = append(s, &built, x->start > y->start ? x->start : y->start, x->end < y->end ? x->end : y->end);
        if (x->end < y->end)
            a = x->next;
        else
            b = y->next;
    }
    return replace(s, to, built, whole);
}

static void intersect_range_list(struct vmm *v)
{
    configmg_answer(v, intersect(v));
}

// ---------------------------------------------------------------------------------------------------------------------
// Walking: the element that is handed out is the one that comes next

static int deliver_range(struct vmm *v, uint32_t row, uint32_t start_to, uint32_t end_to, uint32_t element_to)
{
    const struct configmg_range *r = &configmg_state(v)->range[row];
    if (!vmm_probe(v, start_to, 4, true) || !vmm_probe(v, end_to, 4, true) || !vmm_probe(v, element_to, 4, true))
        return CONFIGMG_FAULTED;
    return vmm_put32(v, start_to, r->start) && vmm_put32(v, end_to, r->end) &&
                   vmm_put32(v, element_to, configmg_handle(v, CONFIGMG_RANGE, r->next))
               ? KIT_CR_SUCCESS
               : CONFIGMG_FAULTED;
}

// First_Range(rlh, pulStart, pulEnd, preElement, ulFlags), S2517.
static int first(struct vmm *v)
{
    uint32_t list;
    int error = list_argument(v, 0, 4, &list);
    if (error)
        return error;
    if (!vmm_arg(v, 1) || !vmm_arg(v, 2) || !vmm_arg(v, 3))
        return KIT_CR_INVALID_POINTER;
    uint32_t row = configmg_state(v)->list[list].first;
    return row ? deliver_range(v, row, vmm_arg(v, 1), vmm_arg(v, 2), vmm_arg(v, 3)) : KIT_CR_FAILURE;
}

static void first_range(struct vmm *v)
{
    configmg_answer(v, first(v));
}

// Next_Range(preElement, pulStart, pulEnd, ulFlags), S253D.
static int next(struct vmm *v)
{
    uint32_t element;
    if (vmm_arg(v, 3))
        return KIT_CR_INVALID_FLAG;
    if (!vmm_arg(v, 0) || !vmm_arg(v, 1) || !vmm_arg(v, 2))
        return KIT_CR_INVALID_POINTER;
    if (!vmm_get32(v, vmm_arg(v, 0), &element))
        return CONFIGMG_FAULTED;
    uint32_t row = configmg_row(v, CONFIGMG_RANGE, element);
    if (!row)
        return element ? KIT_CR_INVALID_RANGE : KIT_CR_FAILURE;
    return deliver_range(v, row, vmm_arg(v, 1), vmm_arg(v, 2), vmm_arg(v, 0));
}

static void next_range(struct vmm *v)
{
    configmg_answer(v, next(v));
}

// Dump_Range_List(rlh, ulFlags), S2513: on the debugging terminal, where drivers print.
static void dump_range_list(struct vmm *v)
{
    const struct configmg *s = configmg_state(v);
    uint32_t list;
    int error = list_argument(v, 0, 1, &list);
    char line[64];
    for (uint32_t r = error ? 0 : s->list[list].first; r; r = s->range[r].next) {
        int n = snprintf(line, sizeof line, "range %08Xh-%08Xh\r\n", (unsigned)s->range[r].start,
                         (unsigned)s->range[r].end);
        vmm_print(v, line, (size_t)n);
    }
    configmg_answer(v, error);
}

const struct vmm_binding configmg_range_bindings[] = {
    {KIT__CONFIGMG_Create_Range_List, create_range_list},
    {KIT__CONFIGMG_Add_Range, add_range},
    {KIT__CONFIGMG_Delete_Range, delete_range},
    {KIT__CONFIGMG_Test_Range_Available, test_range_available},
    {KIT__CONFIGMG_Dup_Range_List, dup_range_list},
    {KIT__CONFIGMG_Free_Range_List, free_range_list},
    {KIT__CONFIGMG_Invert_Range_List, invert_range_list},
    {KIT__CONFIGMG_Intersect_Range_List, intersect_range_list},
    {KIT__CONFIGMG_First_Range, first_range},
    {KIT__CONFIGMG_Next_Range, next_range},
    {KIT__CONFIGMG_Dump_Range_List, dump_range_list},
    {KIT__CONFIGMG_Find_Range, find_range},
    {0, NULL},
};
