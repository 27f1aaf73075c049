// Linked lists. Nodes are blocks of guest memory; links and membership are kept on the host side, so that neither a
// driver's overrun nor a foreign address can break a list. A node lies in one of the two chains of its list: attached
// or loose (allocated or removed). VDAG31 Linked_List_Services; Win95 DDK S32A4, S32A5, S32A7.
#include "kit/services.h"
#include "vmm/defs.h"
#include "vmm/heap.h"

enum chain { LOOSE, ATTACHED };

struct list {
    uint32_t handle;
    uint32_t node_size, flags;
    uint32_t first[2], last[2]; // rows of nodes, by enum chain
};

struct node {
    uint32_t address;
    uint32_t list;
    uint32_t next, prev;
    uint32_t chain;
};

static const char page[] = "VDAG31 Linked_List_Services";

static struct base_table *lists(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_list, 0);
}

static struct base_table *nodes(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_list, 1);
}

static struct list *list_at(struct vmm *v, uint32_t row)
{
    return base_table_at(lists(v), row);
}

static struct node *node_at(struct vmm *v, uint32_t row)
{
    return base_table_at(nodes(v), row);
}

// --- chains

static void chain_remove(struct vmm *v, uint32_t row)
{
    struct node *n = node_at(v, row);
    struct list *l = list_at(v, n->list);
    *(n->prev ? &node_at(v, n->prev)->next : &l->first[n->chain]) = n->next;
    *(n->next ? &node_at(v, n->next)->prev : &l->last[n->chain]) = n->prev;
    n->next = n->prev = 0;
}

// Puts a node that is in no chain behind `after`, 0 = at the head.
static void chain_insert(struct vmm *v, uint32_t row, uint32_t list, enum chain chain, uint32_t after)
{
    struct node *n = node_at(v, row);
    struct list *l = list_at(v, list);
    n->list = list;
    n->chain = chain;
    n->prev = after;
    n->next = after ? node_at(v, after)->next : l->first[chain];
    *(after ? &node_at(v, after)->next : &l->first[chain]) = row;
    *(n->next ? &node_at(v, n->next)->prev : &l->last[chain]) = row;
}

static void free_node(struct vmm *v, uint32_t row)
{
    uint32_t block = vmm_heap_find(v, node_at(v, row)->address, VMM_HEAP_NODE);
    chain_remove(v, row);
    if (block)
        vmm_heap_release(v, block);
    base_table_release(nodes(v), row);
}

// --- what a driver handed in

// The list that ESI designates; 0 and a report when there is none. The rules of list access are looked at on the way.
static uint32_t list_of_caller(struct vmm *v, const char *service)
{
    uint32_t handle = vmm_regs(v)[X86_ESI], block = vmm_heap_find(v, handle, VMM_HEAP_LIST);
    if (!block) {
        vmm_report(v, "dead-handle", v->call.caller, page, "%s: %08Xh is not the handle of a list", service,
                   (unsigned)handle);
        return 0;
    }
    uint32_t row = vmm_heap_value(v, block);
    if (list_at(v, row)->flags & KIT_LF_Async) {
        if (vmm_flag(v, X86_IF))
            vmm_report(v, "async-list", v->call.caller, page, "%s on an LF_Async list with interrupts enabled",
                       service);
    } else if (v->s.reenter_seen) {
        vmm_report(v, "synchronous-service", v->call.caller, page, "%s at interrupt time on a list without LF_Async",
                   service);
    }
    return row;
}

static uint32_t node_of_caller(struct vmm *v, uint32_t address, const char *service)
{
    uint32_t block = vmm_heap_find(v, address, VMM_HEAP_NODE);
    if (!block)
        vmm_report(v, "dead-handle", v->call.caller, page, "%s: %08Xh is not a list node", service, (unsigned)address);
    return block ? vmm_heap_value(v, block) : 0;
}

// The node at `address` if it is attached to the list.
static uint32_t attached_node(struct vmm *v, uint32_t list, uint32_t address, const char *service)
{
    uint32_t row = node_of_caller(v, address, service);
    if (row && (node_at(v, row)->list != list || node_at(v, row)->chain != ATTACHED)) {
        vmm_report(v, "dead-handle", v->call.caller, page, "%s: node %08Xh is not in this list", service,
                   (unsigned)address);
        return 0;
    }
    return row;
}

// The node at `address` if it may be attached to the list: attached nowhere, same size and flags.
static uint32_t loose_node(struct vmm *v, uint32_t list, uint32_t address, const char *service)
{
    uint32_t row = node_of_caller(v, address, service);
    if (!row)
        return 0;
    if (node_at(v, row)->chain == ATTACHED) {
        vmm_report(v, "dead-handle", v->call.caller, page, "%s: node %08Xh is in a list already", service,
                   (unsigned)address);
        return 0;
    }
    const struct list *to = list_at(v, list), *from = list_at(v, node_at(v, row)->list);
    if (to->node_size != from->node_size || to->flags != from->flags) {
        vmm_report(v, "input-range", v->call.caller, page, "%s: the node's list has another node size or other flags",
                   service);
        return 0;
    }
    return row;
}

// --- services

static bool create_valid(struct vmm *v, uint32_t flags, uint32_t size)
{
    bool valid = size && !(flags & ~(uint32_t)(KIT_LF_Async | KIT_LF_Use_Heap | KIT_LF_Alloc_Error | KIT_LF_Swap)) &&
                 (flags & (KIT_LF_Async | KIT_LF_Use_Heap)) != (KIT_LF_Async | KIT_LF_Use_Heap);
    if (!valid)
        vmm_report(v, "input-range", v->call.caller, page, "List_Create: flags %08Xh with node size %u",
                   (unsigned)flags, (unsigned)size);
    return valid;
}

static void list_create(struct vmm *v)
{
    uint32_t flags = vmm_regs(v)[X86_EAX], size = vmm_regs(v)[X86_ECX];
    vmm_set_flag(v, X86_CF, true);
    uint32_t row = create_valid(v, flags, size) ? base_table_new(lists(v)) : 0;
    if (!row)
        return;
    uint32_t handle = vmm_heap_take(v, 16, VMM_HEAP_LIST, row);
    if (!handle) {
        base_table_release(lists(v), row);
        return;
    }
    *list_at(v, row) = (struct list){.handle = handle, .node_size = size, .flags = flags};
    vmm_regs(v)[X86_ESI] = handle;
    vmm_set_flag(v, X86_CF, false);
}

static void list_destroy(struct vmm *v)
{
    uint32_t row = list_of_caller(v, "List_Destroy");
    if (!row)
        return;
    for (enum chain c = LOOSE; c <= ATTACHED; c++)
        while (list_at(v, row)->first[c])
            free_node(v, list_at(v, row)->first[c]);
    vmm_heap_release(v, vmm_heap_find(v, list_at(v, row)->handle, VMM_HEAP_LIST));
    base_table_release(lists(v), row);
    vmm_regs(v)[X86_ESI] = 0;
}

static uint32_t new_node(struct vmm *v, uint32_t list)
{
    uint32_t row = base_table_new(nodes(v));
    if (!row)
        return 0;
    uint32_t address = vmm_heap_take(v, list_at(v, list)->node_size, VMM_HEAP_NODE, row);
    if (!address) {
        base_table_release(nodes(v), row);
        return 0;
    }
    node_at(v, row)->address = address;
    chain_insert(v, row, list, LOOSE, 0);
    return row;
}

static void list_allocate(struct vmm *v)
{
    uint32_t list = list_of_caller(v, "List_Allocate"), row = list ? new_node(v, list) : 0;
    vmm_regs(v)[X86_EAX] = row ? node_at(v, row)->address : 0;
    vmm_set_flag(v, X86_CF, !row);
    if (list && !row && !(list_at(v, list)->flags & KIT_LF_Alloc_Error))
        vmm_crash_current_begin(v); // who did not ask for the error cannot handle it
}

static void attach(struct vmm *v, const char *service, bool tail)
{
    uint32_t list = list_of_caller(v, service), row = list ? loose_node(v, list, vmm_regs(v)[X86_EAX], service) : 0;
    if (!row)
        return;
    chain_remove(v, row);
    chain_insert(v, row, list, ATTACHED, tail ? list_at(v, list)->last[ATTACHED] : 0);
}

static void list_attach(struct vmm *v)
{
    attach(v, "List_Attach", false);
}

static void list_attach_tail(struct vmm *v)
{
    attach(v, "List_Attach_Tail", true);
}

static void list_insert(struct vmm *v)
{
    uint32_t list = list_of_caller(v, "List_Insert"), address = vmm_regs(v)[X86_ECX];
    uint32_t after = list && address ? attached_node(v, list, address, "List_Insert") : 0;
    uint32_t row = list && (after || !address) ? loose_node(v, list, vmm_regs(v)[X86_EAX], "List_Insert") : 0;
    if (!row)
        return;
    chain_remove(v, row);
    chain_insert(v, row, list, ATTACHED, after);
}

// A node that is not in the list is an answer (CF = 1), not a mistake; an address that is no node is one.
static void list_remove(struct vmm *v)
{
    uint32_t list = list_of_caller(v, "List_Remove");
    uint32_t row = list ? node_of_caller(v, vmm_regs(v)[X86_EAX], "List_Remove") : 0;
    bool member = row && node_at(v, row)->list == list && node_at(v, row)->chain == ATTACHED;
    if (member) {
        chain_remove(v, row);
        chain_insert(v, row, list, LOOSE, 0);
    }
    vmm_set_flag(v, X86_CF, !member);
}

static void list_deallocate(struct vmm *v)
{
    uint32_t address = vmm_regs(v)[X86_EAX], list = list_of_caller(v, "List_Deallocate");
    uint32_t row = list ? node_of_caller(v, address, "List_Deallocate") : 0;
    if (!row)
        return;
    if (node_at(v, row)->chain == ATTACHED)
        vmm_report(v, "dead-handle", v->call.caller, page, "List_Deallocate: node %08Xh is still in a list",
                   (unsigned)address);
    free_node(v, row);
}

static void answer_node(struct vmm *v, uint32_t row)
{
    vmm_regs(v)[X86_EAX] = row ? node_at(v, row)->address : 0;
    vmm_set_flag(v, X86_ZF, !row);
}

static void list_get_first(struct vmm *v)
{
    uint32_t list = list_of_caller(v, "List_Get_First");
    answer_node(v, list ? list_at(v, list)->first[ATTACHED] : 0);
}

static void list_get_next(struct vmm *v)
{
    uint32_t list = list_of_caller(v, "List_Get_Next");
    uint32_t row = list ? attached_node(v, list, vmm_regs(v)[X86_EAX], "List_Get_Next") : 0;
    answer_node(v, row ? node_at(v, row)->next : 0);
}

static void list_remove_first(struct vmm *v)
{
    uint32_t list = list_of_caller(v, "List_Remove_First"), row = list ? list_at(v, list)->first[ATTACHED] : 0;
    answer_node(v, row);
    if (row) {
        chain_remove(v, row);
        chain_insert(v, row, list, LOOSE, 0);
    }
}

static const struct vmm_binding bindings[] = {
    {KIT_List_Create, list_create},
    {KIT_List_Destroy, list_destroy},
    {KIT_List_Allocate, list_allocate},
    {KIT_List_Attach, list_attach},
    {KIT_List_Attach_Tail, list_attach_tail},
    {KIT_List_Insert, list_insert},
    {KIT_List_Remove, list_remove},
    {KIT_List_Deallocate, list_deallocate},
    {KIT_List_Get_First, list_get_first},
    {KIT_List_Get_Next, list_get_next},
    {KIT_List_Remove_First, list_remove_first},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct list), sizeof(struct node), 0};

const struct vmm_chapter vmm_list_chapter = {.bindings = bindings, .tables = tables};
