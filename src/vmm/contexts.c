// Memory contexts (Win95 DDK S3223-S3228): each has a private arena of its own, reservations and page tables alike. The
// current one's directory entries lie in the page directory; the others wait in a physical page, whose address is the
// context's handle. Threads do not carry one: who switches contexts between threads is a driver's business.
#include "vmm/contexts.h"

#include "vmm/backing.h"
#include "vmm/defs.h"
#include "vmm/pager.h"

static const uint32_t FIRST_PAGE = 0x400, END_PAGE = 0x80000; // of the private arena
enum { FIRST_ENTRY = 1, ENTRIES = 0x1FF };                    // of the page directory

struct context {
    uint32_t link;    // of released rows
    uint32_t entries; // physical page with its directory entries while it is not current
    uint32_t root;    // its reservations, likewise
    uint8_t live;
    uint8_t emptied; // its private memory is free: it may be destroyed
};

struct contexts_state {
    uint32_t current;
    struct context system; // row 0: the first one, without which Windows is not
};

static struct contexts_state *state_of(struct vmm *v)
{
    return vmm_chapter_state(v, VMM_CHAPTER_contexts);
}

static struct base_table *contexts(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_contexts, 0);
}

static struct context *context_at(struct vmm *v, uint32_t row)
{
    return row ? base_table_at(contexts(v), row) : &state_of(v)->system;
}

uint32_t vmm_context_current(struct vmm *v)
{
    return state_of(v)->current;
}

bool vmm_context_sees(struct vmm *v, uint32_t context, uint32_t page)
{
    return page >= END_PAGE || context == state_of(v)->current;
}

// --- handles

static uint32_t handle_of(struct vmm *v, uint32_t row)
{
    return (row ? context_at(v, row)->entries : v->s.page_directory) << 12;
}

static const uint32_t NONE = UINT32_MAX;

static uint32_t row_of(struct vmm *v, uint32_t handle)
{
    if (handle == handle_of(v, 0))
        return 0;
    for (uint32_t i = 1; i < contexts(v)->count; i++)
        if (context_at(v, i)->live && handle_of(v, i) == handle)
            return i;
    return NONE;
}

static uint32_t row_or_report(struct vmm *v, uint32_t handle, const char *service)
{
    uint32_t row = row_of(v, handle);
    if (row == NONE)
        vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3224", "%s: %08Xh is not a memory context", service,
                   (unsigned)handle);
    return row;
}

// --- changing places

// Between the page directory and a physical page.
static bool move_entries(struct vmm *v, uint32_t from, uint32_t to)
{
    uint8_t entries[ENTRIES * 4];
    return x86_memory_load(v->memory, (from << 12) + FIRST_ENTRY * 4, entries, sizeof entries) &&
           x86_memory_store(v->memory, (to << 12) + FIRST_ENTRY * 4, entries, sizeof entries);
}

// The system's entries get a page when it is left for the first time. False: no memory.
static bool has_entries(struct vmm *v, struct context *c)
{
    if (!c->entries)
        c->entries = vmm_phys_take_one(v);
    return c->entries != 0;
}

static bool switch_to(struct vmm *v, uint32_t row)
{
    struct contexts_state *s = state_of(v);
    struct context *old = context_at(v, s->current), *new = context_at(v, row);
    if (row == s->current)
        return true;
    if (!has_entries(v, old) || !move_entries(v, v->s.page_directory, old->entries) ||
        !move_entries(v, new->entries, v->s.page_directory))
        return false;
    old->root = vmm_regions_private(v, new->root);
    s->current = row;
    x86_flush(v->cpu);
    return true;
}

// --- services

static void answer(struct vmm *v, uint32_t eax)
{
    vmm_regs(v)[X86_EAX] = eax;
}

static uint32_t create_context(struct vmm *v)
{
    uint32_t row = base_table_new(contexts(v)), entries = row ? vmm_phys_take_one(v) : 0;
    uint32_t root = entries ? vmm_regions_private_new(v) : 0;
    if (root) {
        *context_at(v, row) = (struct context){.entries = entries, .root = root, .live = 1};
        return handle_of(v, row);
    }
    if (entries)
        vmm_phys_give(v, entries, 1);
    if (row)
        base_table_release(contexts(v), row);
    return 0;
}

static void context_create(struct vmm *v)
{
    answer(v, create_context(v));
}

static void context_switch(struct vmm *v)
{
    uint32_t row = row_or_report(v, vmm_arg(v, 0), "_ContextSwitch"), outgoing = handle_of(v, state_of(v)->current);
    answer(v, row != NONE && switch_to(v, row) ? outgoing : 0);
}

static void get_current_context(struct vmm *v)
{
    answer(v, handle_of(v, state_of(v)->current));
}

// The first call, from inside: all private memory goes.
static void empty_begin(struct vmm *v)
{
    uint32_t row;
    if (!state_of(v)->current) {
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3225", "_ContextDestroy(0) in the system's context");
        answer(v, 0);
        return;
    }
    while ((row = vmm_region_next(v, VMM_ARENA_PRIVATE, 0)) != 0) {
        if (vmm_pager_frees_begin(v, vmm_region_at(v, row)->page, vmm_region_at(v, row)->pages))
            return;
        vmm_region_drop(v, row);
    }
    context_at(v, state_of(v)->current)->emptied = 1;
    answer(v, 1);
}

// What a driver reserved behind the first call goes unseen by its pagers.
static void drop_all(struct vmm *v, uint32_t row)
{
    uint32_t home = state_of(v)->current, region;
    if (!switch_to(v, row))
        return;
    while ((region = vmm_region_next(v, VMM_ARENA_PRIVATE, 0)) != 0)
        vmm_region_drop(v, region);
    (void)!switch_to(v, home);
}

static void release(struct vmm *v, uint32_t row)
{
    drop_all(v, row);
    struct context *c = context_at(v, row);
    uint8_t entries[X86_PAGE_SIZE];
    if (x86_memory_load(v->memory, c->entries << 12, entries, sizeof entries))
        for (unsigned i = FIRST_ENTRY; i < FIRST_ENTRY + ENTRIES; i++)
            if (base_get32(entries + 4 * i) & VMM_PTE_PRESENT)
                vmm_phys_give(v, base_get32(entries + 4 * i) >> 12, 1);
    vmm_phys_give(v, c->entries, 1);
    vmm_regions_private_drop(v, c->root);
    *c = (struct context){0};
    base_table_release(contexts(v), row);
}

static void context_destroy(struct vmm *v)
{
    uint32_t handle = vmm_arg(v, 0);
    if (!handle) {
        empty_begin(v);
        return;
    }
    uint32_t row = row_or_report(v, handle, "_ContextDestroy");
    bool may = row != NONE && row && row != state_of(v)->current && context_at(v, row)->emptied;
    if (row != NONE && !may)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3225",
                   "_ContextDestroy: the context is current, or its memory was not freed from inside");
    if (may)
        release(v, row);
    answer(v, may);
}

// --- _PageAttach

struct page_facts {
    uint32_t backing, bits;
    uint16_t state;
};

// A committed page of the current context, as others may share it. False: not committed, or no memory.
static bool offer(struct vmm *v, uint32_t page, struct page_facts *p)
{
    uint32_t region = vmm_region_holding(v, page, 1), pte = 0;
    if (!region || !(*vmm_page_state(v, region, page) & VMM_PAGE_COMMITTED))
        return false;
    p->backing = vmm_backing_adopt(v, region, page);
    (void)!vmm_pte_get(v, page << 12, &pte);
    p->bits = pte & (VMM_PTE_WRITE | VMM_PTE_USER);
    p->state = *vmm_page_state(v, region, page) & (VMM_PAGE_FIXED | VMM_PAGE_STATIC);
    return p->backing != 0;
}

static bool attach_page(struct vmm *v, uint32_t page, uint32_t source)
{
    struct page_facts p;
    uint32_t home = state_of(v)->current, region = vmm_region_holding(v, page, 1);
    bool there = switch_to(v, source), found = there && offer(v, page, &p);
    return switch_to(v, home) && found && vmm_backing_share(v, region, page, p.backing, p.bits, p.state);
}

static bool reserved_only(struct vmm *v, uint32_t first, uint32_t pages)
{
    uint32_t region = first >= FIRST_PAGE && first < END_PAGE ? vmm_region_holding(v, first, pages) : 0;
    for (uint32_t i = 0; region && i < pages; i++)
        if (*vmm_page_state(v, region, first + i) & VMM_PAGE_COMMITTED)
            return false;
    return region != 0;
}

// _PageAttach(page, hcontextsrc, npages): S3228.
static void page_attach(struct vmm *v)
{
    uint32_t first = vmm_arg(v, 0), source = row_or_report(v, vmm_arg(v, 1), "_PageAttach"), pages = vmm_arg(v, 2),
             done = 0;
    bool valid = source != NONE && source != state_of(v)->current && reserved_only(v, first, pages);
    if (source != NONE && !valid)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3228",
                   "_PageAttach: pages %05Xh + %u are not reserved and uncommitted here, or the source is this context",
                   (unsigned)first, (unsigned)pages);
    while (valid && done < pages && attach_page(v, first + done, source))
        done++;
    bool whole = valid && done == pages;
    while (!whole && done)
        vmm_page_decommit(v, vmm_region_holding(v, first, pages), first + --done);
    answer(v, whole);
}

static const struct vmm_binding bindings[] = {
    {KIT__ContextCreate, context_create}, {KIT__ContextDestroy, context_destroy},
    {KIT__ContextSwitch, context_switch}, {KIT__GetCurrentContext, get_current_context},
    {KIT__PageAttach, page_attach},       {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct context), 0};

const struct vmm_chapter vmm_contexts_chapter = {
    .bindings = bindings, .state_size = sizeof(struct contexts_state), .tables = tables};
