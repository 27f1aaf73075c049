// The cache of decoded blocks: found by physical address and mode, killed by writes that meet their bytes. A killed
// block leaves the tables at once but keeps its memory until x86_drop_code, which only runs between blocks.
#include "x86/core.h"

enum { CHUNK_BYTES = 64 * 1024, CODE_BYTES_MAX = 32 * 1024 * 1024, HASH_SIZE = 4096 };

struct x86_chunk {
    struct x86_chunk *next;
    uint32_t size;
};

static uint32_t hash_of(uint32_t phys, unsigned mode)
{
    return (phys ^ phys >> 13 ^ mode * 0x9e37u) * 0x9e3779b1u;
}

static struct x86_block **bucket(struct x86_private *c, uint32_t phys, unsigned mode)
{
    return &c->hash[hash_of(phys, mode) >> 8 & (c->hash_size - 1)];
}

static struct x86_code_page **page_place(struct x86_private *c, uint32_t page, bool make)
{
    struct x86_code_page ***leaf = &c->code[page >> 10];
    if (!*leaf && make)
        *leaf = base_alloc_zero(c->alloc, 1024 * sizeof **leaf);
    return *leaf ? &(*leaf)[page & 1023] : NULL;
}

const struct x86_code_page *x86_code_on(const struct x86_private *c, uint32_t page)
{
    struct x86_code_page **leaf = c->code[page >> 10];
    return leaf ? leaf[page & 1023] : NULL;
}

// The first code on a page turns stores to it into checked ones.
static struct x86_code_page *code_page(struct x86_private *c, uint32_t page)
{
    struct x86_code_page **at = page_place(c, page, true);
    if (at && !*at && (*at = base_alloc_zero(c->alloc, sizeof **at)))
        x86_flush_tlb(c);
    return at ? *at : NULL;
}

void x86_new_generation(struct x86_private *c)
{
    if (++c->generation >= 0xffffff) {
        c->generation = 1;
        memset(c->jumps, 0, sizeof c->jumps);
        x86_attend(c); // links in blocks may hold any number: the run loop drops them
        c->wrapped = true;
    }
    x86_update_mode(c);
}

// ---------------------------------------------------------------------------------------------------------------------
// Granules

// How many bytes of a block's first or second part lie on a page, from `first` on; 0: none. Both do where two linear
// pages that an instruction lies on are one physical page.
static uint32_t part_on_page(const struct x86_block *b, unsigned part, uint32_t page, uint32_t *first)
{
    uint32_t room = X86_PAGE_SIZE - (b->phys & X86_PAGE_MASK);
    *first = part ? 0 : b->phys & X86_PAGE_MASK;
    if (part)
        return b->phys2 != X86_ONE_PAGE && page == b->phys2 / X86_PAGE_SIZE && b->size > room ? b->size - room : 0;
    return page != b->phys / X86_PAGE_SIZE ? 0 : b->size < room ? b->size : room;
}

static void cover(struct x86_code_page *p, const struct x86_block *b, uint32_t page)
{
    for (unsigned part = 0; part < 2; part++) {
        uint32_t first, n = part_on_page(b, part, page, &first);
        for (uint32_t g = first / 16; g < (first + n + 15) / 16 && n; g++)
            p->granules[g / 64] |= (uint64_t)1 << (g % 64);
    }
}

bool x86_covers_code(const struct x86_code_page *p, uint32_t address, uint32_t n)
{
    uint32_t offset = address & X86_PAGE_MASK;
    for (uint32_t g = offset / 16; g <= (offset + n - 1) / 16; g++)
        if (p->granules[g / 64] >> (g % 64) & 1)
            return true;
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Making and killing

static void link_to_page(struct x86_code_page *p, struct x86_block *b, unsigned which, uint32_t page)
{
    b->page_next[which] = p->blocks;
    p->blocks = b;
    cover(p, b, page);
}

static unsigned which_page(const struct x86_block *b, uint32_t page)
{
    return page == b->phys / X86_PAGE_SIZE ? 0 : 1;
}

static void unlink_from_page(struct x86_private *c, struct x86_block *b, uint32_t page)
{
    struct x86_code_page *p = *page_place(c, page, false);
    struct x86_block **at = &p->blocks;
    while (*at != b)
        at = &(*at)->page_next[which_page(*at, page)];
    *at = b->page_next[which_page(b, page)];
    memset(p->granules, 0, sizeof p->granules);
    for (const struct x86_block *k = p->blocks; k; k = k->page_next[which_page(k, page)])
        cover(p, k, page);
}

static void kill_block(struct x86_private *c, struct x86_block *b)
{
    struct x86_block **at = bucket(c, b->phys, b->mode);
    while (*at != b)
        at = &(*at)->hash_next;
    *at = b->hash_next;
    unlink_from_page(c, b, b->phys / X86_PAGE_SIZE);
    if (b->crosses)
        unlink_from_page(c, b, b->phys2 / X86_PAGE_SIZE);
}

static bool meets(const struct x86_block *b, uint32_t page, uint32_t offset, uint32_t n)
{
    const uint32_t start = b->phys & X86_PAGE_MASK;
    if (b->phys2 == X86_ONE_PAGE)
        return start < offset + n && offset < start + b->size;
    bool met = false;
    for (unsigned part = 0; part < 2; part++) {
        uint32_t first, size = part_on_page(b, part, page, &first);
        met |= size && first < offset + n && offset < first + size;
    }
    return met;
}

static void written_on_page(struct x86_private *c, uint32_t page, uint32_t offset, uint32_t n)
{
    struct x86_code_page **at = page_place(c, page, false);
    if (!at || !*at || !x86_covers_code(*at, offset, n))
        return;
    bool killed = false;
    for (struct x86_block *b = (*at)->blocks, *next; b; b = next) {
        next = b->page_next[which_page(b, page)];
        if (meets(b, page, offset, n)) {
            kill_block(c, b);
            killed = true;
        }
    }
    if (!killed)
        return;
    x86_new_generation(c);
    x86_attend(c); // the running block may be among them: it ends after this instruction
}

void x86_code_written(struct x86_private *c, uint32_t phys, uint32_t n)
{
    while (n != 0) {
        uint32_t room = X86_PAGE_SIZE - (phys & X86_PAGE_MASK), part = n < room ? n : room;
        written_on_page(c, phys / X86_PAGE_SIZE, phys & X86_PAGE_MASK, part);
        phys += part;
        n -= part;
    }
}

static void drop_pages(struct x86_private *c)
{
    for (unsigned i = 0; i < 1024; i++) {
        if (!c->code[i])
            continue;
        for (unsigned k = 0; k < 1024; k++)
            base_alloc_free(c->alloc, c->code[i][k], sizeof **c->code[i]);
        base_alloc_free(c->alloc, c->code[i], 1024 * sizeof *c->code[i]);
        c->code[i] = NULL;
    }
}

void x86_drop_code(struct x86_private *c)
{
    drop_pages(c);
    while (c->chunks) {
        struct x86_chunk *next = c->chunks->next;
        base_alloc_free(c->alloc, c->chunks, c->chunks->size);
        c->chunks = next;
    }
    c->chunk_used = 0;
    c->code_bytes = 0;
    if (c->hash)
        memset(c->hash, 0, c->hash_size * sizeof *c->hash);
    memset(c->jumps, 0, sizeof c->jumps);
    c->op = NULL;
    c->patched = NULL;
    c->wrapped = false;
    x86_flush_tlb(c); // write entries marked as code pages
    x86_new_generation(c);
}

// Room for a block of the longest kind; x86_keep_room then takes what was used.
static void *block_room(struct x86_private *c, size_t size)
{
    if (!c->chunks || c->chunk_used + size > c->chunks->size) {
        struct x86_chunk *chunk = base_alloc_get(c->alloc, CHUNK_BYTES);
        if (!chunk)
            return NULL;
        chunk->next = c->chunks;
        chunk->size = CHUNK_BYTES;
        c->chunks = chunk;
        c->chunk_used = (sizeof *chunk + 15) & ~(uint32_t)15;
        c->code_bytes += CHUNK_BYTES;
    }
    return (char *)c->chunks + c->chunk_used;
}

// Decodes at `linear` and enters the block in the tables. NULL: c->exit says why.
static struct x86_block *make_block(struct x86_private *c, uint32_t linear, uint32_t phys, unsigned mode)
{
    size_t most = sizeof(struct x86_block) + (X86_BLOCK_OPS + 4) * sizeof(struct x86_op);
    if (!c->hash && !(c->hash = base_alloc_zero(c->alloc, HASH_SIZE * sizeof *c->hash)))
        return c->exit = X86_EXIT_MEMORY, NULL;
    c->hash_size = HASH_SIZE;
    struct x86_block *b = block_room(c, most);
    if (!b)
        return c->exit = X86_EXIT_MEMORY, NULL;
    if (!x86_decode_block(c, linear, phys, mode, b))
        return c->exit = X86_EXIT_FAULT, NULL;
    struct x86_code_page *p = code_page(c, phys / X86_PAGE_SIZE);
    struct x86_code_page *q = b->crosses ? code_page(c, b->phys2 / X86_PAGE_SIZE) : p;
    if (!p || !q)
        return c->exit = X86_EXIT_MEMORY, NULL;
    c->chunk_used += (uint32_t)(((char *)b->end - (char *)b + 15) & ~15);
    struct x86_block **at = bucket(c, phys, mode);
    b->hash_next = *at;
    *at = b;
    link_to_page(p, b, 0, phys / X86_PAGE_SIZE);
    if (q != p)
        link_to_page(q, b, 1, b->phys2 / X86_PAGE_SIZE);
    else
        b->crosses = false; // an instruction that ends on an alias of its own page
    return b;
}

// A block on two pages is right only while the second page is where it was.
static bool still_there(struct x86_private *c, const struct x86_block *b, uint32_t linear)
{
    uint32_t phys2, next = (linear & ~(uint32_t)X86_PAGE_MASK) + X86_PAGE_SIZE;
    if (b->phys2 == X86_ONE_PAGE)
        return true;
    return x86_fetch_page(c, next, &phys2) && phys2 == b->phys2;
}

static struct x86_block *cached(struct x86_private *c, uint32_t linear, uint32_t phys, unsigned mode)
{
    if (!c->hash)
        return NULL;
    for (struct x86_block *b = *bucket(c, phys, mode); b; b = b->hash_next)
        if (b->phys == phys && b->mode == mode && still_there(c, b, linear))
            return b;
    return NULL;
}

static bool has_break(const struct x86_private *c, uint32_t linear)
{
    for (uint32_t i = 0; i < c->break_count; i++)
        if (c->breaks[i] == linear)
            return true;
    return false;
}

static bool stops_at_break(struct x86_private *c, uint32_t linear)
{
    if (!c->break_count || !has_break(c, linear))
        return false;
    if (c->broke && c->broke_linear == linear && c->broke_count == c->limit - (uint64_t)c->left)
        return false; // it stopped here last time: now it goes on
    return true;
}

struct x86_block *x86_find_block(struct x86_private *c, unsigned mode)
{
    uint32_t linear = c->pub.state.eip + c->cs_base, phys;
    if (stops_at_break(c, linear))
        return c->exit = X86_EXIT_BREAK, NULL;
    if (!x86_check_fetch(c, 1) || !x86_fetch_page(c, linear, &phys))
        return c->exit = X86_EXIT_FAULT, NULL;
    struct x86_block *b = cached(c, linear, phys, mode);
    if (!b)
        b = make_block(c, linear, phys, mode);
    if (!b || (mode & X86_MODE_UNLIMITED) || x86_check_fetch(c, b->size))
        return b;
    if (b->count > 1) // the limit lies inside: up to it one instruction at a time
        return x86_find_block(c, mode | X86_MODE_STEP);
    return c->exit = X86_EXIT_FAULT, NULL;
}

bool x86_code_is_full(const struct x86_private *c)
{
    return c->wrapped || c->code_bytes > CODE_BYTES_MAX;
}

size_t x86_hash_bytes(const struct x86_private *c)
{
    return c->hash_size * sizeof *c->hash;
}
