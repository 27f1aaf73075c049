// Physical memory: pages with a kind, in leaves of 1024. Leaves and pages are reference counted and shared between
// memories; the first write to something shared copies it. Caches of processors are told when bytes change.
#include <stdatomic.h>

#include "x86/core.h"

enum { LEAF_PAGES = 1024, LEAVES = 1024 };

struct host_page {
    atomic_uint shares; // slots that point here
    uint8_t bytes[X86_PAGE_SIZE];
};

struct slot {
    struct host_page *page; // NULL: all zero
    enum x86_page_kind kind;
};

struct leaf {
    atomic_uint shares; // memories that point here
    struct slot slots[LEAF_PAGES];
};

struct x86_memory {
    struct base_alloc own; // a memory may outlive whoever shares its pages
    const struct base_alloc *alloc;
    struct x86_private *cpu;     // whose caches must follow
    struct leaf *leaves[LEAVES]; // NULL: all X86_NOTHING
};

static const uint8_t zero_page[X86_PAGE_SIZE];

struct x86_memory *x86_memory_new(const struct base_alloc *alloc)
{
    struct x86_memory *m = base_alloc_zero(alloc, sizeof *m);
    if (m) {
        m->own = *alloc;
        m->alloc = &m->own;
    }
    return m;
}

static void drop_page(struct x86_memory *m, struct host_page *page)
{
    if (page && atomic_fetch_sub(&page->shares, 1) == 1)
        base_alloc_free(m->alloc, page, sizeof *page);
}

static void drop_leaf(struct x86_memory *m, struct leaf *leaf)
{
    if (!leaf || atomic_fetch_sub(&leaf->shares, 1) != 1)
        return;
    for (unsigned i = 0; i < LEAF_PAGES; i++)
        drop_page(m, leaf->slots[i].page);
    base_alloc_free(m->alloc, leaf, sizeof *leaf);
}

static void drop_all(struct x86_memory *m)
{
    for (unsigned i = 0; i < LEAVES; i++)
        drop_leaf(m, m->leaves[i]);
}

void x86_memory_free(struct x86_memory *m)
{
    if (!m)
        return;
    drop_all(m);
    const struct base_alloc own = m->own;
    base_alloc_free(&own, m, sizeof *m);
}

void x86_memory_attach(struct x86_memory *m, struct x86_private *c)
{
    m->cpu = c;
}

void x86_memory_detach(struct x86_memory *m, struct x86_private *c)
{
    if (m->cpu == c)
        m->cpu = NULL;
}

// The bytes at host addresses moved, or what may be accessed changed.
static void forget_translations(struct x86_memory *m)
{
    if (m->cpu)
        x86_flush_tlb(m->cpu);
}

// The leaf for changing: made, or copied when shared. NULL: no memory.
static struct leaf *own_leaf(struct x86_memory *m, uint32_t page)
{
    struct leaf **at = &m->leaves[page / LEAF_PAGES], *old = *at;
    if (old && atomic_load(&old->shares) == 1)
        return old;
    struct leaf *leaf = base_alloc_zero(m->alloc, sizeof *leaf);
    if (!leaf)
        return NULL;
    if (old)
        for (unsigned i = 0; i < LEAF_PAGES; i++) {
            leaf->slots[i] = old->slots[i];
            if (leaf->slots[i].page)
                atomic_fetch_add(&leaf->slots[i].page->shares, 1);
        }
    atomic_init(&leaf->shares, 1);
    *at = leaf;
    drop_leaf(m, old);
    return leaf;
}

// The page's bytes for changing, whatever its kind. NULL: no memory.
static uint8_t *own_page(struct x86_memory *m, uint32_t page)
{
    struct leaf *leaf = own_leaf(m, page);
    if (!leaf)
        return NULL;
    struct slot *s = &leaf->slots[page % LEAF_PAGES];
    if (s->page && atomic_load(&s->page->shares) == 1)
        return s->page->bytes;
    struct host_page *copy = base_alloc_get(m->alloc, sizeof *copy);
    if (!copy)
        return NULL;
    atomic_init(&copy->shares, 1);
    memcpy(copy->bytes, s->page ? s->page->bytes : zero_page, X86_PAGE_SIZE);
    drop_page(m, s->page);
    s->page = copy;
    forget_translations(m); // entries that point at the old bytes
    return copy->bytes;
}

static bool plain(enum x86_page_kind kind)
{
    return kind == X86_RAM || kind == X86_ROM || kind == X86_GATES;
}

static bool set_one_kind(struct x86_memory *m, uint32_t page, enum x86_page_kind kind)
{
    if (x86_memory_kind(m, page) == kind)
        return true;
    struct leaf *leaf = own_leaf(m, page);
    if (!leaf)
        return false;
    struct slot *s = &leaf->slots[page % LEAF_PAGES];
    s->kind = kind;
    if (!plain(kind)) {
        drop_page(m, s->page);
        s->page = NULL;
    }
    if (m->cpu)
        x86_code_written(m->cpu, page * X86_PAGE_SIZE, X86_PAGE_SIZE);
    return true;
}

bool x86_memory_set_kind(struct x86_memory *m, uint32_t first, uint32_t pages, enum x86_page_kind kind)
{
    if (first > LEAVES * LEAF_PAGES || pages > LEAVES * LEAF_PAGES - first)
        return false;
    for (uint32_t i = 0; i < pages; i++)
        if (!set_one_kind(m, first + i, kind))
            return false;
    forget_translations(m);
    return true;
}

static const struct slot *slot_of(const struct x86_memory *m, uint32_t page)
{
    const struct leaf *leaf = page < LEAVES * LEAF_PAGES ? m->leaves[page / LEAF_PAGES] : NULL;
    return leaf ? &leaf->slots[page % LEAF_PAGES] : NULL;
}

enum x86_page_kind x86_memory_kind(const struct x86_memory *m, uint32_t page)
{
    const struct slot *s = slot_of(m, page);
    return s ? s->kind : X86_NOTHING;
}

const uint8_t *x86_memory_read_page(const struct x86_memory *m, uint32_t page)
{
    const struct slot *s = slot_of(m, page);
    if (!s || !plain(s->kind))
        return NULL;
    return s->page ? s->page->bytes : zero_page;
}

uint8_t *x86_memory_write_page(struct x86_memory *m, uint32_t page)
{
    if (x86_memory_kind(m, page) != X86_RAM)
        return NULL;
    return own_page(m, page);
}

static bool wraps(uint32_t phys, uint32_t n)
{
    return n != 0 && phys + (n - 1) < phys;
}

static uint32_t to_page_end(uint32_t phys, uint32_t n)
{
    uint32_t room = X86_PAGE_SIZE - (phys & X86_PAGE_MASK);
    return n < room ? n : room;
}

bool x86_memory_load(const struct x86_memory *m, uint32_t phys, void *to, uint32_t n)
{
    if (wraps(phys, n))
        return false;
    for (uint8_t *out = to; n != 0;) {
        uint32_t part = to_page_end(phys, n);
        const uint8_t *bytes = x86_memory_read_page(m, phys / X86_PAGE_SIZE);
        if (bytes)
            memcpy(out, bytes + (phys & X86_PAGE_MASK), part);
        else
            memset(out, 0xff, part);
        out += part, phys += part, n -= part;
    }
    return true;
}

bool x86_memory_store(struct x86_memory *m, uint32_t phys, const void *from, uint32_t n)
{
    if (wraps(phys, n))
        return false;
    for (const uint8_t *in = from; n != 0;) {
        uint32_t part = to_page_end(phys, n), page = phys / X86_PAGE_SIZE;
        if (plain(x86_memory_kind(m, page))) {
            uint8_t *bytes = own_page(m, page);
            if (!bytes)
                return false;
            memcpy(bytes + (phys & X86_PAGE_MASK), in, part);
            if (m->cpu)
                x86_code_written(m->cpu, phys, part);
        }
        in += part, phys += part, n -= part;
    }
    return true;
}

struct x86_memory *x86_memory_share(struct x86_memory *m)
{
    struct x86_memory *copy = x86_memory_new(m->alloc);
    if (!copy)
        return NULL;
    for (unsigned i = 0; i < LEAVES; i++)
        if (m->leaves[i]) {
            atomic_fetch_add(&m->leaves[i]->shares, 1);
            copy->leaves[i] = m->leaves[i];
        }
    forget_translations(m); // pages that were ours alone may be written directly no more
    return copy;
}

bool x86_memory_restore(struct x86_memory *m, struct x86_memory *from)
{
    for (unsigned i = 0; i < LEAVES; i++) {
        if (m->leaves[i] == from->leaves[i])
            continue;
        if (from->leaves[i])
            atomic_fetch_add(&from->leaves[i]->shares, 1);
        drop_leaf(m, m->leaves[i]);
        m->leaves[i] = from->leaves[i];
    }
    forget_translations(m);
    forget_translations(from);
    if (m->cpu)
        x86_drop_code(m->cpu);
    return true;
}

uint64_t x86_memory_host_bytes(const struct x86_memory *m)
{
    uint64_t bytes = sizeof *m;
    for (unsigned i = 0; i < LEAVES; i++) {
        const struct leaf *leaf = m->leaves[i];
        if (!leaf)
            continue;
        bytes += sizeof *leaf;
        for (unsigned k = 0; k < LEAF_PAGES; k++)
            bytes += leaf->slots[k].page ? sizeof(struct host_page) : 0;
    }
    return bytes;
}
