// The heap: dword-aligned blocks at fixed addresses in the system arena. Bookkeeping lies on the host side, a driver
// that writes past its block spoils its neighbour's data and nothing else. Memory of the heap stays with the heap.
// Win95 DDK S3216-S3219.
#include "vmm/heap.h"
#include "kit/services.h"
#include "vmm/defs.h"

#include <string.h>

enum {
    HEAP_STEP = 16 * X86_PAGE_SIZE, // the heap grows by at least so much
    HEAP_LARGEST = 0x10000000,
    HEAP_KINDS = KIT_HEAPLOCKEDIFDP | KIT_HEAPSWAP | KIT_HEAPINIT,
};

struct heap_state {
    uint32_t root;
};

static struct vmm_spans heap_of(struct vmm *v)
{
    struct heap_state *state = vmm_chapter_state(v, VMM_CHAPTER_heap);
    return (struct vmm_spans){vmm_chapter_table(v, VMM_CHAPTER_heap, 0), &state->root};
}

// Block sizes are whole paragraphs, or whole dwords: the documentation promises no more alignment than that.
static uint32_t rounded(struct vmm *v, uint32_t bytes)
{
    uint32_t grain = vmm_choose(v, "heap-alignment", 2) ? 4 : 16;
    return (bytes + grain - 1) & ~(grain - 1);
}

static bool grow(struct vmm *v, uint32_t bytes)
{
    struct vmm_spans heap = heap_of(v);
    uint32_t pages = ((bytes > HEAP_STEP ? bytes : HEAP_STEP) + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE;
    uint32_t linear = vmm_take_driver_pages(v, pages);
    if (!linear && bytes < HEAP_STEP) { // nearly out of memory: just what is needed
        pages = (bytes + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE;
        linear = vmm_take_driver_pages(v, pages);
    }
    if (!linear)
        return false;
    if (vmm_spans_open(&heap, linear, pages * X86_PAGE_SIZE))
        return true;
    vmm_give_pages(v, linear, pages);
    return false;
}

uint32_t vmm_heap_take(struct vmm *v, uint32_t bytes, uint32_t tag, uint32_t value)
{
    struct vmm_spans heap = heap_of(v);
    if (!bytes || bytes > HEAP_LARGEST)
        return 0;
    uint32_t size = rounded(v, bytes), row = vmm_spans_take(&heap, size, 4, tag);
    if (!row && vmm_spans_widest(&heap) < size && grow(v, size))
        row = vmm_spans_take(&heap, size, 4, tag);
    if (!row)
        return 0;
    vmm_span_at(&heap, row)->value = value;
    vmm_span_at(&heap, row)->module = vmm_module_calling(v);
    return vmm_span_at(&heap, row)->start;
}

uint32_t vmm_heap_find(struct vmm *v, uint32_t linear, uint32_t tag)
{
    struct vmm_spans heap = heap_of(v);
    uint32_t row = vmm_spans_find(&heap, linear);
    if (!row || vmm_span_at(&heap, row)->start != linear || vmm_span_at(&heap, row)->tag != tag)
        return 0;
    return row;
}

uint32_t vmm_heap_value(struct vmm *v, uint32_t row)
{
    struct vmm_spans heap = heap_of(v);
    return vmm_span_at(&heap, row)->value;
}

void vmm_heap_release(struct vmm *v, uint32_t row)
{
    struct vmm_spans heap = heap_of(v);
    vmm_spans_release(&heap, row);
}

void vmm_heap_drop_init(struct vmm *v)
{
    struct vmm_spans heap = heap_of(v);
    uint32_t row = vmm_spans_after(&heap, 0);
    while (row) {
        uint32_t next = vmm_span_at(&heap, row)->start + vmm_span_at(&heap, row)->size;
        if (vmm_span_at(&heap, row)->tag == VMM_HEAP_INIT)
            vmm_spans_release(&heap, row);
        row = vmm_spans_after(&heap, next);
    }
}

// Fills guest memory that is known to be present; false when the driver broke its mapping (a fault has been noted).
static bool fill(struct vmm *v, uint32_t linear, uint32_t bytes, uint8_t value)
{
    uint8_t block[256];
    memset(block, value, sizeof block);
    while (bytes) {
        uint32_t n = bytes < sizeof block ? bytes : (uint32_t)sizeof block;
        if (!vmm_put(v, linear, block, n))
            return false;
        linear += n;
        bytes -= n;
    }
    return true;
}

// Contents of fresh memory are free: left as they are, or filled with a pattern that no driver expects.
static bool prepare(struct vmm *v, uint32_t linear, uint32_t bytes, bool zero)
{
    if (zero)
        return fill(v, linear, bytes, 0);
    return vmm_choose(v, "heap-contents", 2) == 0 || fill(v, linear, bytes, 0xA5);
}

uint32_t vmm_heap_get(struct vmm *v, uint32_t bytes)
{
    uint32_t linear = vmm_heap_take(v, bytes, VMM_HEAP_SYSTEM, bytes);
    if (linear && !fill(v, linear, bytes, 0))
        return 0;
    return linear;
}

bool vmm_heap_give(struct vmm *v, uint32_t linear)
{
    uint32_t row = vmm_heap_find(v, linear, VMM_HEAP_SYSTEM);
    if (row)
        vmm_heap_release(v, row);
    return row != 0;
}

static uint32_t driver_block(struct vmm *v, uint32_t linear)
{
    uint32_t row = vmm_heap_find(v, linear, VMM_HEAP_DRIVER);
    return row ? row : vmm_heap_find(v, linear, VMM_HEAP_INIT);
}

static bool flags_valid(struct vmm *v, uint32_t flags, uint32_t allowed, const char *service)
{
    uint32_t kind = flags & HEAP_KINDS;
    bool one_kind = !(kind & (kind - 1));
    if ((flags & ~allowed) || !one_kind)
        vmm_report(v, "input-range", v->call.caller, "Win95 DDK S3216",
                   "%s: flags %08Xh are not a documented combination", service, (unsigned)flags);
    return one_kind; // bits that mean nothing change nothing
}

static void heap_allocate(struct vmm *v)
{
    uint32_t bytes = vmm_arg(v, 0), flags = vmm_arg(v, 1), *eax = &vmm_regs(v)[X86_EAX];
    *eax = 0;
    if (!flags_valid(v, flags, KIT_HEAPZEROINIT | HEAP_KINDS, "_HeapAllocate"))
        return;
    uint32_t linear = vmm_heap_take(v, bytes, flags & KIT_HEAPINIT ? VMM_HEAP_INIT : VMM_HEAP_DRIVER, bytes);
    if (linear && prepare(v, linear, bytes, flags & KIT_HEAPZEROINIT))
        *eax = linear;
}

static void report_dead(struct vmm *v, const char *service, uint32_t linear)
{
    vmm_report(v, "dead-handle", v->call.caller, "Win95 DDK S3217", "%s: %08Xh is not the address of a live heap block",
               service, (unsigned)linear);
}

static void heap_free(struct vmm *v)
{
    uint32_t linear = vmm_arg(v, 0), row = driver_block(v, linear);
    if (row)
        vmm_heap_release(v, row);
    else
        report_dead(v, "_HeapFree", linear);
    vmm_regs(v)[X86_EAX] = row != 0;
}

static void heap_get_size(struct vmm *v)
{
    uint32_t linear = vmm_arg(v, 0), row = driver_block(v, linear);
    if (!row)
        report_dead(v, "_HeapGetSize", linear);
    vmm_regs(v)[X86_EAX] = row ? vmm_heap_value(v, row) : 0;
}

static bool copy(struct vmm *v, uint32_t to, uint32_t from, uint32_t bytes)
{
    uint8_t block[256];
    while (bytes) {
        uint32_t n = bytes < sizeof block ? bytes : (uint32_t)sizeof block;
        if (!vmm_get(v, from, block, n) || !vmm_put(v, to, block, n))
            return false;
        to += n;
        from += n;
        bytes -= n;
    }
    return true;
}

// The block in place when it can grow there, else a new one with the old content; 0 = neither.
static uint32_t resized(struct vmm *v, uint32_t row, uint32_t bytes, uint32_t flags)
{
    struct vmm_spans heap = heap_of(v);
    uint32_t old = vmm_span_at(&heap, row)->start, had = vmm_span_at(&heap, row)->value,
             tag = vmm_span_at(&heap, row)->tag;
    if (vmm_choose(v, "heap-realloc-moves", 2) == 0 && vmm_spans_resize(&heap, row, rounded(v, bytes))) {
        vmm_span_at(&heap, row)->value = bytes;
        return old;
    }
    uint32_t linear = vmm_heap_take(v, bytes, tag, bytes);
    if (!linear)
        return 0;
    bool copied = flags & (KIT_HEAPNOCOPY | KIT_HEAPZEROREINIT) || copy(v, linear, old, had < bytes ? had : bytes);
    vmm_heap_release(v, vmm_heap_find(v, copied ? old : linear, tag));
    return copied ? linear : 0;
}

static void heap_reallocate(struct vmm *v)
{
    uint32_t linear = vmm_arg(v, 0), bytes = vmm_arg(v, 1), flags = vmm_arg(v, 2), *eax = &vmm_regs(v)[X86_EAX];
    uint32_t row = driver_block(v, linear);
    *eax = 0;
    if (!row)
        report_dead(v, "_HeapReAllocate", linear);
    if (!row || !bytes || bytes > HEAP_LARGEST ||
        !flags_valid(v, flags, KIT_HEAPZEROINIT | KIT_HEAPZEROREINIT | KIT_HEAPNOCOPY | HEAP_KINDS, "_HeapReAllocate"))
        return;
    uint32_t had = vmm_heap_value(v, row);
    uint32_t now = resized(v, row, bytes, flags), keep = flags & KIT_HEAPZEROREINIT ? 0 : had;
    if (now && bytes > keep && !prepare(v, now + keep, bytes - keep, flags & (KIT_HEAPZEROINIT | KIT_HEAPZEROREINIT)))
        return;
    *eax = now;
}

// Blocks and lists that an unloaded driver did not give back: nobody will (Win95 DDK S3507).
static void module_gone(struct vmm *v, uint32_t module)
{
    struct vmm_spans heap = heap_of(v);
    uint32_t blocks = 0, bytes = 0, lists = 0;
    for (uint32_t row = vmm_spans_after(&heap, 0); row;) {
        const struct vmm_span *s = vmm_span_at(&heap, row);
        bool its = s->tag != VMM_SPAN_FREE && s->module == module;
        blocks += its && s->tag == VMM_HEAP_DRIVER;
        bytes += its && s->tag == VMM_HEAP_DRIVER ? s->value : 0;
        lists += its && s->tag == VMM_HEAP_LIST;
        row = vmm_spans_after(&heap, s->start + s->size);
    }
    uint32_t at = vmm_module_at(v, module)->ddb;
    if (blocks)
        vmm_report(v, "left-behind", at, "Win95 DDK S3507",
                   "the driver is unloaded, but %u heap blocks (%u bytes) are its", (unsigned)blocks, (unsigned)bytes);
    if (lists)
        vmm_report(v, "left-behind", at, "Win95 DDK S3507", "the driver is unloaded, but %u lists are its",
                   (unsigned)lists);
}

static const struct vmm_binding bindings[] = {
    {KIT__HeapAllocate, heap_allocate},
    {KIT__HeapReAllocate, heap_reallocate},
    {KIT__HeapFree, heap_free},
    {KIT__HeapGetSize, heap_get_size},
    {0, NULL},
};

static const uint32_t tables[] = {sizeof(struct vmm_span), 0};

const struct vmm_chapter vmm_heap_chapter = {
    .bindings = bindings, .state_size = sizeof(struct heap_state), .tables = tables, .module_gone = module_gone};
