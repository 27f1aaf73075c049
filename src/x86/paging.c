// Linear memory: the page walk, the TLB's slow side, and every access that is not a hit in a handler. Misses, accesses
// across pages, devices, ROM, pages with code and data breakpoints all end here.
#include "x86/flags.h"

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40, PDE_PS = 0x80 };
enum { CR0_WP = 1 << 16, CR4_PSE = 1 << 4 };
enum { LOG_ENTRIES = 64, KIND_READ = 0, KIND_WRITE = 1, KIND_FETCH = 2 };
enum { OWNER = 0x100 }; // beside enum x86_access: not an instruction's access

static struct x86_tlb_entry *entry_of(struct x86_tlb *t, unsigned kind, uint32_t linear)
{
    struct x86_tlb_entry *row = kind == KIND_READ ? t->read : kind == KIND_WRITE ? t->write : t->fetch;
    return &row[linear / X86_PAGE_SIZE % X86_TLB_ENTRIES];
}

static void fill(struct x86_private *c, bool user, unsigned kind, uint32_t linear, uint32_t tag, uintptr_t addend)
{
    struct x86_tlb_entry *e = entry_of(&c->tlbs[user], kind, linear);
    if (e->tag == tag && e->addend == addend)
        return;
    e->tag = tag;
    e->addend = addend;
    if (c->tlb_filled < LOG_ENTRIES)
        c->tlb_log[c->tlb_filled] =
            (uint16_t)((user ? 0x400u : 0u) | kind << 8 | (linear / X86_PAGE_SIZE % X86_TLB_ENTRIES));
    c->tlb_filled++;
}

static void clear_all(struct x86_private *c)
{
    for (unsigned user = 0; user < 2; user++)
        for (unsigned i = 0; i < X86_TLB_ENTRIES; i++) {
            c->tlbs[user].read[i].tag = X86_TLB_NONE;
            c->tlbs[user].write[i].tag = X86_TLB_NONE;
            c->tlbs[user].fetch[i].tag = X86_TLB_NONE;
        }
}

// Few entries are filled between two flushes as a rule: those are in the log.
void x86_flush_tlb(struct x86_private *c)
{
    if (c->tlb_filled > LOG_ENTRIES)
        clear_all(c);
    else
        for (uint32_t i = 0; i < c->tlb_filled; i++) {
            unsigned at = c->tlb_log[i];
            entry_of(&c->tlbs[at >> 10], at >> 8 & 3, (at & 0xff) * X86_PAGE_SIZE)->tag = X86_TLB_NONE;
        }
    c->tlb_filled = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// The walk

static uint32_t load_table(struct x86_private *c, uint32_t phys)
{
    phys = x86_a20(c, phys);
    const uint8_t *page = x86_memory_read_page(c->pub.memory, phys / X86_PAGE_SIZE);
    return page ? base_get32(page + (phys & X86_PAGE_MASK)) : 0xffffffff;
}

static void store_table(struct x86_private *c, uint32_t phys, uint32_t v)
{
    phys = x86_a20(c, phys);
    uint8_t *page = x86_memory_write_page(c->pub.memory, phys / X86_PAGE_SIZE);
    if (!page)
        return;
    base_put32(page + (phys & X86_PAGE_MASK), v);
    x86_code_written(c, phys, 4);
}

static bool page_fault(struct x86_private *c, uint32_t linear, unsigned access, bool present)
{
    c->fault = (struct x86_fault){.vector = 14,
                                  .has_error = true,
                                  .address = linear,
                                  .error = (present ? 1u : 0u) | (access & X86_WRITE ? 2u : 0u) |
                                           (access & X86_USER ? 4u : 0u)};
    return false;
}

// Rights of both levels together (Intel 386 manual 6.4.3; CR0.WP since the 486).
static bool allowed(const struct x86_private *c, uint32_t rights, unsigned access)
{
    if ((access & X86_USER) && !(rights & PTE_U))
        return false;
    if (!(access & X86_WRITE) || (rights & PTE_W))
        return true;
    return !(access & X86_USER) && !(c->pub.state.cr0 & CR0_WP);
}

// Null pointers of supervisor code, where linear address 0 is mapped.
static bool guarded(const struct x86_private *c, uint32_t linear, unsigned access)
{
    return (access & (X86_WRITE | X86_USER | OWNER)) == X86_WRITE && linear < c->pub.state.guard;
}

static void mark(struct x86_private *c, uint32_t at, uint32_t entry, uint32_t bits)
{
    if ((entry & bits) != bits)
        store_table(c, at, entry | bits);
}

// Physical address of a linear one. With `quiet` no accessed and dirty bits are set. False: c->fault is a page fault.
static bool walk(struct x86_private *c, uint32_t linear, unsigned access, bool quiet, uint32_t *phys)
{
    const struct x86_state *s = &c->pub.state;
    if (!(s->cr0 & 0x80000000u)) {
        *phys = x86_a20(c, linear);
        return true;
    }
    if (guarded(c, linear, access))
        return page_fault(c, linear, access, true);
    uint32_t pde_at = (s->cr3 & ~(uint32_t)X86_PAGE_MASK) + (linear >> 22) * 4, pde = load_table(c, pde_at);
    uint32_t dirty = access & X86_WRITE ? PTE_D : 0;
    if (!(pde & PTE_P))
        return page_fault(c, linear, access, false);
    if ((pde & PDE_PS) && (s->cr4 & CR4_PSE)) {
        if (!allowed(c, pde, access))
            return page_fault(c, linear, access, true);
        if (!quiet)
            mark(c, pde_at, pde, PTE_A | dirty);
        *phys = x86_a20(c, (pde & 0xffc00000) | (linear & 0x3fffff));
        return true;
    }
    uint32_t pte_at = (pde & ~(uint32_t)X86_PAGE_MASK) + (linear >> 12 & 0x3ff) * 4, pte = load_table(c, pte_at);
    if (!(pte & PTE_P))
        return page_fault(c, linear, access, false);
    if (!allowed(c, pde & pte, access))
        return page_fault(c, linear, access, true);
    if (!quiet) {
        mark(c, pde_at, pde, PTE_A);
        mark(c, pte_at, pte, PTE_A | dirty);
    }
    *phys = x86_a20(c, (pte & ~(uint32_t)X86_PAGE_MASK) | (linear & X86_PAGE_MASK));
    return true;
}

bool x86_fetch_page(struct x86_private *c, uint32_t linear, uint32_t *phys)
{
    struct x86_tlb_entry *e = entry_of(c->tlb, KIND_FETCH, linear);
    if (e->tag != (linear & ~(uint32_t)X86_PAGE_MASK)) {
        bool user = c->cpl == 3;
        uint32_t at;
        if (!walk(c, linear, X86_FETCH | (user ? X86_USER : 0), false, &at))
            return false;
        fill(c, user, KIND_FETCH, linear, linear & ~(uint32_t)X86_PAGE_MASK, at & ~(uint32_t)X86_PAGE_MASK);
    }
    *phys = (uint32_t)e->addend | (linear & X86_PAGE_MASK);
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Breakpoints on data and ports (DR0-3, DR7)

// Kinds of access, by the number of the R/W field that means it alone; 3 means the first two of these.
enum { ON_WRITE = 1 << 1 | 1 << 3, ON_READ = 1 << 3, ON_PORT = 1 << 2 };

static bool break_covers(const struct x86_state *s, unsigned i, uint32_t linear, unsigned size, unsigned kinds)
{
    unsigned kind = s->dr[7] >> (16 + 4 * i) & 3, length = (s->dr[7] >> (18 + 4 * i) & 3) + 1;
    if (!(s->dr[7] >> (2 * i) & 3) || !(kinds >> kind & 1))
        return false;
    uint32_t at = s->dr[i] & ~(length - 1);
    return linear < at + length && at < linear + size;
}

static void note_breaks(struct x86_private *c, uint32_t linear, unsigned size, unsigned kinds)
{
    for (unsigned i = 0; i < 4; i++)
        if (break_covers(&c->pub.state, i, linear, size, kinds)) {
            c->pub.state.traps |= (uint8_t)(1u << i);
            x86_attend(c);
        }
}

void x86_note_port(struct x86_private *c, uint16_t port, unsigned size)
{
    if ((c->pub.state.dr[7] & 0xff) && (c->pub.state.cr4 & X86_CR4_DE))
        note_breaks(c, port, size, ON_PORT);
}

static bool page_has_break(const struct x86_private *c, uint32_t linear)
{
    const struct x86_state *s = &c->pub.state;
    for (unsigned i = 0; i < 4; i++)
        if ((s->dr[7] >> (2 * i) & 3) && (s->dr[7] >> (16 + 4 * i) & 1) && ((s->dr[i] ^ linear) >> 12) == 0)
            return true;
    return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Physical accesses that never cross a page

static uint32_t from_bytes(const uint8_t *p, unsigned size)
{
    return size == 4 ? x86_host_load_32(p) : size == 2 ? x86_host_load_16(p) : *p;
}

static void to_bytes(uint8_t *p, unsigned size, uint32_t v)
{
    if (size == 4)
        x86_host_store_32(p, v);
    else if (size == 2)
        x86_host_store_16(p, v);
    else
        *p = (uint8_t)v;
}

static uint32_t ones(unsigned size)
{
    return size == 4 ? 0xffffffff : size == 2 ? 0xffff : 0xff;
}

// The owner hears of accesses to nothing too; what it answers to those does not count.
static uint32_t load_device(struct x86_private *c, uint32_t phys, unsigned size)
{
    uint32_t v = ones(size);
    if (c->pub.owner && c->pub.owner->mmio_read) {
        uint32_t eip = x86_sync(c);
        uint32_t answer = c->pub.owner->mmio_read(c->pub.owner->user, phys, size);
        x86_unsync(c, eip);
        if (x86_memory_kind(c->pub.memory, phys / X86_PAGE_SIZE) == X86_MMIO)
            v = answer & ones(size);
    }
    return v;
}

static void store_device(struct x86_private *c, uint32_t phys, unsigned size, uint32_t v)
{
    if (!c->pub.owner || !c->pub.owner->mmio_write)
        return;
    uint32_t eip = x86_sync(c);
    c->pub.owner->mmio_write(c->pub.owner->user, phys, size, v & ones(size));
    x86_unsync(c, eip);
}

static uint32_t load_phys(struct x86_private *c, uint32_t phys, unsigned size)
{
    const uint8_t *page = x86_memory_read_page(c->pub.memory, phys / X86_PAGE_SIZE);
    return page ? from_bytes(page + (phys & X86_PAGE_MASK), size) : load_device(c, phys, size);
}

static void store_phys(struct x86_private *c, uint32_t phys, unsigned size, uint32_t v)
{
    enum x86_page_kind kind = x86_memory_kind(c->pub.memory, phys / X86_PAGE_SIZE);
    if (kind == X86_MMIO || kind == X86_NOTHING) {
        store_device(c, phys, size, v);
        return;
    }
    if (kind != X86_RAM)
        return;
    uint8_t *page = x86_memory_write_page(c->pub.memory, phys / X86_PAGE_SIZE);
    if (!page) {
        c->host_short = true;
        x86_attend(c);
        return;
    }
    to_bytes(page + (phys & X86_PAGE_MASK), size, v);
    x86_code_written(c, phys, size);
}

// ---------------------------------------------------------------------------------------------------------------------
// Linear accesses

static bool crosses(uint32_t linear, unsigned size)
{
    return (linear & X86_PAGE_MASK) + size > X86_PAGE_SIZE;
}

static void fill_data(struct x86_private *c, uint32_t linear, uint32_t phys, bool user, bool write)
{
    uint32_t page = phys / X86_PAGE_SIZE, start = linear & ~(uint32_t)X86_PAGE_MASK;
    if ((c->pub.state.dr[7] & 0xff) && page_has_break(c, linear))
        return;
    if (write && !user && start < c->pub.state.guard)
        return;
    // A write entry's pointer may be moved by copy on write: write_page does that before the entry is made.
    const uint8_t *bytes =
        write ? x86_memory_write_page(c->pub.memory, page) : x86_memory_read_page(c->pub.memory, page);
    if (!bytes)
        return;
    const struct x86_code_page *code = write ? x86_code_on(c, page) : NULL;
    fill(c, user, write ? KIND_WRITE : KIND_READ, linear, start | (code ? X86_TLB_CODE : 0u), (uintptr_t)bytes - start);
    if (code)
        c->tlbs[user].code[linear / X86_PAGE_SIZE % X86_TLB_ENTRIES] = code;
}

static bool locate(struct x86_private *c, uint32_t linear, unsigned access, uint32_t *phys)
{
    if (!walk(c, linear, access, false, phys))
        return false;
    fill_data(c, linear, *phys, access & X86_USER, access & X86_WRITE);
    return true;
}

static uint64_t load_crossing(struct x86_private *c, uint32_t linear, unsigned size, unsigned access)
{
    uint32_t first, second, v = 0, room = X86_PAGE_SIZE - (linear & X86_PAGE_MASK);
    if (!walk(c, linear, access, false, &first) || !walk(c, linear + room, access, false, &second))
        return X86_BAD;
    for (unsigned i = 0; i < size; i++)
        v |= load_phys(c, i < room ? first + i : second + (i - room), 1) << (8 * i);
    return v;
}

static uint64_t load_as(struct x86_private *c, uint32_t linear, unsigned size, unsigned access)
{
    uint32_t phys;
    if (c->pub.state.dr[7] & 0xff)
        note_breaks(c, linear, size, ON_READ);
    if (crosses(linear, size))
        return load_crossing(c, linear, size, access);
    return locate(c, linear, access, &phys) ? load_phys(c, phys, size) : X86_BAD;
}

static bool store_crossing(struct x86_private *c, uint32_t linear, unsigned size, uint32_t v, unsigned access)
{
    uint32_t first, second, room = X86_PAGE_SIZE - (linear & X86_PAGE_MASK);
    if (!walk(c, linear, access, false, &first) || !walk(c, linear + room, access, false, &second))
        return false;
    for (unsigned i = 0; i < size; i++)
        store_phys(c, i < room ? first + i : second + (i - room), 1, v >> (8 * i));
    return true;
}

static bool store_as(struct x86_private *c, uint32_t linear, unsigned size, uint32_t v, unsigned access)
{
    uint32_t phys;
    if (c->pub.state.dr[7] & 0xff)
        note_breaks(c, linear, size, ON_WRITE);
    if (crosses(linear, size))
        return store_crossing(c, linear, size, v, access | X86_WRITE);
    if (!locate(c, linear, access | X86_WRITE, &phys))
        return false;
    store_phys(c, phys, size, v);
    return true;
}

static unsigned user_access(const struct x86_private *c)
{
    return c->cpl == 3 ? X86_USER : 0;
}

static bool hits(const struct x86_tlb_entry *e, uint32_t linear, unsigned size)
{
    return e->tag == ((linear + size - 1) & ~(uint32_t)X86_PAGE_MASK);
}

uint64_t x86_load(struct x86_private *c, uint32_t linear, unsigned size)
{
    const struct x86_tlb_entry *e = entry_of(c->tlb, KIND_READ, linear);
    if (hits(e, linear, size))
        return from_bytes((const uint8_t *)(e->addend + linear), size);
    return load_as(c, linear, size, user_access(c));
}

uint64_t x86_load_to_write(struct x86_private *c, uint32_t linear, unsigned size)
{
    if (!x86_probe(c, linear, size, user_access(c) | X86_WRITE))
        return X86_BAD;
    return x86_load(c, linear, size);
}

static const struct x86_code_page *code_at(const struct x86_private *c, uint32_t linear)
{
    return c->tlb->code[linear / X86_PAGE_SIZE % X86_TLB_ENTRIES];
}

// Pages with code: the store goes straight to memory unless it meets a granule that holds decoded code.
bool x86_store(struct x86_private *c, uint32_t linear, unsigned size, uint32_t v)
{
    const struct x86_tlb_entry *e = entry_of(c->tlb, KIND_WRITE, linear);
    uint32_t page = (linear + size - 1) & ~(uint32_t)X86_PAGE_MASK;
    if (e->tag == page || (e->tag == (page | X86_TLB_CODE) && !x86_covers_code(code_at(c, linear), linear, size))) {
        to_bytes((uint8_t *)(e->addend + linear), size, v);
        return true;
    }
    return store_as(c, linear, size, v, user_access(c));
}

uint64_t x86_load_system(struct x86_private *c, uint32_t linear, unsigned size)
{
    const struct x86_tlb_entry *e = entry_of(&c->tlbs[0], KIND_READ, linear);
    if (hits(e, linear, size))
        return from_bytes((const uint8_t *)(e->addend + linear), size);
    return load_as(c, linear, size, 0);
}

bool x86_store_system(struct x86_private *c, uint32_t linear, unsigned size, uint32_t v)
{
    const struct x86_tlb_entry *e = entry_of(&c->tlbs[0], KIND_WRITE, linear);
    if (hits(e, linear, size)) {
        to_bytes((uint8_t *)(e->addend + linear), size, v);
        return true;
    }
    return store_as(c, linear, size, v, 0);
}

// The TLB's answer where it has one: everything accessible and nothing more to mark. Write entries may belong to code.
static const struct x86_tlb_entry *hit_for(const struct x86_private *c, uint32_t linear, uint32_t n, unsigned access)
{
    const struct x86_tlb *t = &c->tlbs[(access & X86_USER) != 0];
    const struct x86_tlb_entry *row = access & X86_WRITE ? t->write : t->read;
    const struct x86_tlb_entry *e = &row[linear / X86_PAGE_SIZE % X86_TLB_ENTRIES];
    uint32_t page = linear & ~(uint32_t)X86_PAGE_MASK;
    bool inside = (linear & X86_PAGE_MASK) + (uint64_t)n <= X86_PAGE_SIZE;
    return inside && (e->tag & ~(uint32_t)X86_TLB_CODE) == page ? e : NULL;
}

bool x86_probe(struct x86_private *c, uint32_t linear, uint32_t n, unsigned access)
{
    if (n == 0 || hit_for(c, linear, n, access))
        return true;
    uint32_t last = (linear + (n - 1)) & ~(uint32_t)X86_PAGE_MASK;
    for (uint32_t at = linear;; at = (at & ~(uint32_t)X86_PAGE_MASK) + X86_PAGE_SIZE) {
        uint32_t phys;
        if (!walk(c, at, access, false, &phys))
            return false;
        if ((at & ~(uint32_t)X86_PAGE_MASK) == last)
            return true;
    }
}

uint8_t *x86_direct(struct x86_private *c, uint32_t linear, uint32_t n, bool write)
{
    const struct x86_tlb_entry *e = entry_of(c->tlb, write ? KIND_WRITE : KIND_READ, linear);
    if (e->tag != (linear & ~(uint32_t)X86_PAGE_MASK) || crosses(linear, n))
        return NULL;
    return (uint8_t *)(e->addend + linear);
}

// ---------------------------------------------------------------------------------------------------------------------
// Segmented operands

bool x86_check_span(struct x86_private *c, unsigned seg, uint32_t offset, uint32_t size, bool write)
{
    const struct x86_span *s = write ? &c->write[seg] : &c->read[seg];
    if (offset >= s->first && (uint64_t)offset + size - 1 <= s->last)
        return true;
    return x86_fail_code(c, seg == X86_SS ? 12 : 13, 0);
}

bool x86_address(struct x86_private *c, struct x86_op *op, unsigned size, bool write, uint32_t *linear)
{
    uint32_t offset = x86_offset(c, op);
    *linear = offset + c->base[op->seg];
    return x86_check_span(c, op->seg, offset, size, write);
}

// ---------------------------------------------------------------------------------------------------------------------
// For the owner

static bool probe_for_owner(struct x86_private *c, uint32_t linear, uint32_t n, unsigned access,
                            struct x86_fault *fault)
{
    struct x86_fault saved = c->fault;
    bool ok = x86_probe(c, linear, n, access);
    if (!ok && fault)
        *fault = c->fault;
    c->fault = saved;
    return ok;
}

static uint32_t part_of_page(uint32_t linear, uint32_t n)
{
    uint32_t room = X86_PAGE_SIZE - (linear & X86_PAGE_MASK);
    return n < room ? n : room;
}

// Bytes of a TLB entry that may be accessed directly: writes only beside decoded code.
static uint8_t *hit_in(const struct x86_tlb *t, unsigned kind, uint32_t linear, uint32_t n)
{
    unsigned row = linear / X86_PAGE_SIZE % X86_TLB_ENTRIES;
    const struct x86_tlb_entry *e = kind == KIND_READ ? &t->read[row] : &t->write[row];
    uint32_t page = linear & ~(uint32_t)X86_PAGE_MASK;
    bool code = kind == KIND_WRITE && e->tag == (page | X86_TLB_CODE);
    if ((e->tag != page && !code) || crosses(linear, n) || (code && x86_covers_code(t->code[row], linear, n)))
        return NULL;
    return (uint8_t *)(e->addend + linear);
}

// The owner looks at the same few pages all the time: control blocks, client registers, stacks; and at what ring-3 code
// has just touched, which is accessible to it, too.
static uint8_t *owner_hit(struct x86_private *c, unsigned kind, uint32_t linear, uint32_t n, unsigned access)
{
    uint8_t *hit = access & X86_USER ? NULL : hit_in(&c->tlbs[0], kind, linear, n);
    return hit || access & X86_USER ? hit : hit_in(&c->tlbs[1], kind, linear, n);
}

bool x86_read_linear(struct x86 *cpu, uint32_t linear, void *to, uint32_t n, unsigned access, struct x86_fault *fault)
{
    struct x86_private *c = cpu->private;
    const uint8_t *hit = owner_hit(c, KIND_READ, linear, n, access);
    if (hit) {
        memcpy(to, hit, n);
        return true;
    }
    if (!probe_for_owner(c, linear, n, access & ~(unsigned)X86_WRITE, fault))
        return false;
    for (uint8_t *out = to; n != 0;) {
        uint32_t phys = 0, part = part_of_page(linear, n);
        if (!walk(c, linear, access & ~(unsigned)X86_WRITE, true, &phys))
            return false;
        if (!(access & X86_USER)) // the probe has set the accessed bits
            fill_data(c, linear, phys, false, false);
        const uint8_t *page = x86_memory_read_page(cpu->memory, phys / X86_PAGE_SIZE);
        if (page)
            memcpy(out, page + (phys & X86_PAGE_MASK), part);
        else
            for (uint32_t i = 0; i < part; i++)
                out[i] = (uint8_t)load_device(c, phys + i, 1);
        out += part, linear += part, n -= part;
    }
    return true;
}

uint8_t *x86_search_owner_bytes(struct x86 *cpu, uint32_t linear, uint32_t n, bool write)
{
    return owner_hit(cpu->private, write ? KIND_WRITE : KIND_READ, linear, n, write ? X86_WRITE : X86_READ);
}

static void write_part(struct x86_private *c, uint32_t phys, const uint8_t *in, uint32_t n)
{
    uint8_t *page = x86_memory_write_page(c->pub.memory, phys / X86_PAGE_SIZE);
    if (page) {
        memcpy(page + (phys & X86_PAGE_MASK), in, n);
        x86_code_written(c, phys, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        store_phys(c, phys + i, 1, in[i]);
}

bool x86_write_linear(struct x86 *cpu, uint32_t linear, const void *from, uint32_t n, unsigned access,
                      struct x86_fault *fault)
{
    struct x86_private *c = cpu->private;
    uint8_t *hit = owner_hit(c, KIND_WRITE, linear, n, access);
    if (hit) {
        memcpy(hit, from, n);
        return true;
    }
    if (!probe_for_owner(c, linear, n, access | X86_WRITE | OWNER, fault))
        return false;
    for (const uint8_t *in = from; n != 0;) {
        uint32_t phys = 0, part = part_of_page(linear, n);
        if (!walk(c, linear, access | X86_WRITE | OWNER, true, &phys))
            return false;
        if (!(access & X86_USER))
            fill_data(c, linear, phys, false, true);
        write_part(c, phys, in, part);
        in += part, linear += part, n -= part;
    }
    return true;
}

bool x86_translate(struct x86 *cpu, uint32_t linear, uint32_t *phys)
{
    struct x86_fault saved = cpu->private->fault;
    bool ok = walk(cpu->private, linear, X86_READ, true, phys);
    cpu->private->fault = saved;
    return ok;
}

// Entries in the log; too many were filled: all.
void x86_invalidate_below(struct x86 *cpu, uint32_t linear)
{
    struct x86_private *c = cpu->private;
    if (c->tlb_filled > LOG_ENTRIES)
        x86_flush_tlb(c);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->tlb_filled; i++) {
        unsigned at = c->tlb_log[i];
        struct x86_tlb_entry *e = entry_of(&c->tlbs[at >> 10], at >> 8 & 3, (at & 0xff) * X86_PAGE_SIZE);
        if (e->tag < linear)
            e->tag = X86_TLB_NONE;
        else
            c->tlb_log[kept++] = (uint16_t)at;
    }
    c->tlb_filled = kept;
    x86_new_generation(c);
}

void x86_invalidate_page(struct x86 *cpu, uint32_t linear)
{
    struct x86_private *c = cpu->private;
    for (unsigned user = 0; user < 2; user++)
        for (unsigned kind = 0; kind < 3; kind++)
            entry_of(&c->tlbs[user], kind, linear)->tag = X86_TLB_NONE;
    x86_new_generation(c); // links across pages rest on the translation
}
