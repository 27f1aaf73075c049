// Pages whose contents are not simply in memory at one place (backing.h).
#include "vmm/backing.h"

#include "vmm/contexts.h"
#include "vmm/defs.h"
#include "vmm/pager.h"

static const uint32_t TOLD = 0x80000000u; // in a page's word: its pager knows that it was written

struct backing_state {
    uint32_t hand; // where the search for a victim goes on
};

static struct base_table *backings(struct vmm *v)
{
    return vmm_chapter_table(v, VMM_CHAPTER_backing, 0);
}

struct vmm_backing *vmm_backing_at(struct vmm *v, uint32_t backing)
{
    return base_table_at(backings(v), backing);
}

uint32_t vmm_backing_of(struct vmm *v, uint32_t page)
{
    uint32_t region = backings(v)->live ? vmm_region_holding(v, page, 1) : 0; // most machines have none
    return region ? *vmm_page_backing(v, region, page) & ~TOLD : 0;
}

static uint32_t new_backing(struct vmm *v)
{
    struct base_table *t = backings(v);
    return t->live < VMM_MOST_ROWS ? base_table_new(t) : 0;
}

// --- committing

static void join(struct vmm *v, uint32_t region, uint32_t page, uint32_t backing, uint16_t state)
{
    *vmm_page_state(v, region, page) = (uint16_t)(state | VMM_PAGE_COMMITTED);
    *vmm_page_backing(v, region, page) = backing;
    vmm_backing_at(v, backing)->refs++;
}

bool vmm_backing_share(struct vmm *v, uint32_t region, uint32_t page, uint32_t backing, uint32_t bits, uint16_t state)
{
    if (!vmm_pte_set(v, page << 12, bits | vmm_region_at(v, region)->type << 9))
        return false;
    join(v, region, page, backing, state);
    if (vmm_backing_at(v, backing)->phys)
        vmm_backing_show(v, page, backing);
    return true;
}

bool vmm_backing_commit(struct vmm *v, uint32_t region, uint32_t page, uint32_t pager, uint32_t data, uint32_t bits,
                        uint16_t state)
{
    uint32_t backing = new_backing(v);
    if (!backing)
        return false;
    vmm_backing_at(v, backing)->pager = pager;
    vmm_backing_at(v, backing)->data = data;
    if (vmm_backing_share(v, region, page, backing, bits, state))
        return true;
    base_table_release(backings(v), backing);
    return false;
}

uint32_t vmm_backing_adopt(struct vmm *v, uint32_t region, uint32_t page)
{
    uint32_t pte, backing = vmm_backing_of(v, page);
    uint16_t *state = vmm_page_state(v, region, page);
    if (backing || !vmm_pte_get(v, page << 12, &pte) || (backing = new_backing(v)) == 0)
        return backing;
    struct vmm_backing *b = vmm_backing_at(v, backing);
    b->phys = pte >> 12;
    b->borrowed = !(*state & VMM_PAGE_OWNED) || !vmm_phys_is_ram(v, pte >> 12);
    join(v, region, page, backing, (uint16_t)(*state & ~(uint32_t)VMM_PAGE_OWNED));
    vmm_backing_show(v, page, backing);
    return backing;
}

static void release(struct vmm *v, uint32_t backing)
{
    const struct vmm_backing *b = vmm_backing_at(v, backing);
    if (b->phys && !b->borrowed)
        vmm_phys_give(v, b->phys, 1);
    base_table_release(backings(v), backing);
}

void vmm_backing_leave(struct vmm *v, uint32_t region, uint32_t page)
{
    uint32_t backing = vmm_backing_of(v, page), pte = 0;
    struct vmm_backing *b = vmm_backing_at(v, backing);
    (void)!vmm_backing_note(v, page, backing);
    (void)!vmm_pte_get(v, page << 12, &pte);
    b->shown -= pte & VMM_PTE_PRESENT;
    *vmm_page_backing(v, region, page) = 0;
    if (--b->refs == 0)
        release(v, backing);
}

// --- presence

void vmm_backing_show(struct vmm *v, uint32_t page, uint32_t backing)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    uint32_t pte;
    if (!vmm_pte_get(v, page << 12, &pte))
        return;
    b->shown += !(pte & VMM_PTE_PRESENT);
    b->context = vmm_context_current(v);
    b->page = page;
    pte = (pte & 0xFFF) | b->phys << 12 | VMM_PTE_PRESENT;
    (void)!vmm_pte_set(v, page << 12, pte); // its table exists: cannot fail
}

void vmm_backing_hide(struct vmm *v, uint32_t page, uint32_t backing)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    uint32_t pte;
    if (!vmm_pte_get(v, page << 12, &pte) || !(pte & VMM_PTE_PRESENT))
        return;
    b->shown--;
    (void)!vmm_pte_set(v, page << 12, pte & 0xFFF & ~(uint32_t)(VMM_PTE_PRESENT | VMM_PTE_ACCESSED | VMM_PTE_DIRTY));
    if (b->shown)
        return;
    if (!b->borrowed)
        vmm_phys_give(v, b->phys, 1);
    b->phys = b->dirty = b->borrowed = 0;
}

bool vmm_backing_note(struct vmm *v, uint32_t page, uint32_t backing)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    uint32_t pte, region = vmm_region_holding(v, page, 1), *word = vmm_page_backing(v, region, page);
    if (!vmm_pte_get(v, page << 12, &pte) ||
        (pte & (VMM_PTE_PRESENT | VMM_PTE_DIRTY)) != (VMM_PTE_PRESENT | VMM_PTE_DIRTY))
        return false;
    bool told = *word & TOLD;
    *word |= TOLD;
    b->dirty = b->tainted = 1;
    return !told;
}

void vmm_backing_clean(struct vmm *v, uint32_t page, uint32_t backing)
{
    uint32_t pte, region = vmm_region_holding(v, page, 1);
    *vmm_page_backing(v, region, page) &= ~TOLD;
    vmm_backing_at(v, backing)->dirty = 0;
    if (vmm_pte_get(v, page << 12, &pte))
        (void)!vmm_pte_set(v, page << 12, pte & ~(uint32_t)VMM_PTE_DIRTY);
}

void vmm_backing_discard(struct vmm *v, uint32_t page, uint32_t backing)
{
    struct vmm_backing *b = vmm_backing_at(v, backing);
    bool present = b->phys && b->shown == 1 && b->refs == 1 && !b->busy;
    if (!present || vmm_pager_keeps(v, b->pager))
        return;
    vmm_backing_clean(v, page, backing);
    vmm_backing_hide(v, page, backing);
    b->tainted = 0;
}

// --- who could leave

// At one place, which can be reached from here, and nobody holds it there.
static bool can_leave(struct vmm *v, const struct vmm_backing *b)
{
    bool idle = b->refs == 1 && b->shown == 1 && !b->busy && !b->stuck && !b->borrowed;
    if (!idle || !b->pager || vmm_pager_keeps(v, b->pager) || !vmm_context_sees(v, b->context, b->page))
        return false;
    uint32_t region = vmm_region_holding(v, b->page, 1);
    return region && !(*vmm_page_state(v, region, b->page) & (VMM_PAGE_LOCKS | VMM_PAGE_FIXED));
}

// Whether it was used since it was asked about last.
static bool accessed(struct vmm *v, uint32_t page)
{
    uint32_t pte;
    if (!vmm_pte_get(v, page << 12, &pte) || !(pte & VMM_PTE_ACCESSED))
        return false;
    (void)!vmm_pte_set(v, page << 12, pte & ~(uint32_t)VMM_PTE_ACCESSED);
    return true;
}

uint32_t vmm_backing_victim(struct vmm *v)
{
    struct backing_state *s = vmm_chapter_state(v, VMM_CHAPTER_backing);
    uint32_t count = backings(v)->count;
    for (uint32_t i = 0; i < 2 * count; i++) {
        s->hand = s->hand + 1 < count ? s->hand + 1 : 1;
        const struct vmm_backing *b = vmm_backing_at(v, s->hand);
        if (s->hand < count && b->refs && can_leave(v, b) && !accessed(v, b->page))
            return s->hand;
    }
    return 0;
}

bool vmm_backing_used(struct vmm *v, uint32_t pager)
{
    for (uint32_t i = 1; i < backings(v)->count; i++)
        if (vmm_backing_at(v, i)->refs && vmm_backing_at(v, i)->pager == pager)
            return true;
    return false;
}

static const uint32_t tables[] = {sizeof(struct vmm_backing), 0};

const struct vmm_chapter vmm_backing_chapter = {.state_size = sizeof(struct backing_state), .tables = tables};
