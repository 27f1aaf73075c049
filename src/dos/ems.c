// Expanded memory (LIM EMS 4.0) as the V86MMGR of Windows gives it to virtual machines: INT 67h (RBIL INT 67). Blocks
// are pages of the VMM's, which are mapped over the page frame at E0000h; what lies there in each virtual machine is
// noted in DOS's data. The frame is claimed at the first use: who has hardware there has no expanded memory.
#include "dos/defs.h"
#include "vmm/v86mem.h"

#include <string.h>

enum ems_error { // AH
    EMS_OK = 0,
    EMS_BROKEN = 0x80,
    EMS_BAD_HANDLE = 0x83,
    EMS_NOT_THERE = 0x84,
    EMS_NO_HANDLE = 0x85,
    EMS_SAVED = 0x86, // the handle holds a saved map
    EMS_NEVER = 0x87, // more than there is
    EMS_NO_PAGES = 0x88,
    EMS_NONE = 0x89,
    EMS_BAD_PAGE = 0x8A,
    EMS_BAD_PLACE = 0x8B,
    EMS_TWICE = 0x8D,
    EMS_NOT_SAVED = 0x8E,
    EMS_BAD_SUBFUNCTION = 0x8F,
    EMS_BAD_ATTRIBUTE = 0x91,
    EMS_TOO_FAR = 0x93,
    EMS_BAD_OFFSET = 0x95,
    EMS_TOO_LONG = 0x96,
    EMS_OVERLAP = 0x97,
    EMS_BAD_TYPE = 0x98,
    EMS_NO_NAME = 0xA0,
    EMS_NAME_TAKEN = 0xA1,
    EMS_BAD_MAP = 0xA3,
    EMS_DENIED = 0xA4,
};

enum {
    FRAME = 0xE000, // segment
    PLACES = 4,     // of 16 KB
    PAGE = 0x4000,
    PAGE_KB = PAGE / 1024,
    PARTS = PAGE / X86_PAGE_SIZE,
    UNMAPPED = 0xFFFF,
    MAP_BYTES = 4 * PLACES, // handle and page of each place; handle 0: nothing
    NAME = 8,
};

typedef enum ems_error ems_fn(struct dos_call *c);

static struct dos_ems *block_of(struct dos_call *c, uint16_t handle)
{
    struct dos_ems *b = handle && handle <= DOS_EMS_BLOCKS ? &c->s->ems[handle - 1] : NULL;
    return b && b->used && b->vm == c->vm ? b : NULL;
}

static struct dos_ems *argument(struct dos_call *c)
{
    return block_of(c, dos_get(c, DOS_DX));
}

static uint16_t handle_of(const struct dos_call *c, const struct dos_ems *b)
{
    return (uint16_t)(b - c->s->ems + 1);
}

uint32_t dos_ems_used(struct dos_call *c)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < DOS_EMS_BLOCKS; i++)
        n += c->s->ems[i].used && c->s->ems[i].vm == c->vm ? c->s->ems[i].pages : 0;
    return n;
}

uint32_t dos_ems_free(struct dos_call *c)
{
    uint32_t pages = dos_free_memory(c, DOS_LIMIT_EMS, dos_ems_used(c) * PAGE_KB) / PAGE_KB;
    return pages < 0x7FF ? pages : 0x7FF;
}

static bool claim_frame(struct dos_call *c)
{
    for (uint32_t i = 0; !c->s->ems_frame && i < PLACES * PARTS; i++)
        if (!vmm_v86_reserve(c->v, FRAME / 0x100 + i))
            return false;
    c->s->ems_frame = 1;
    return true;
}

// --- the map

static void read_map(struct dos_call *c, uint8_t map[MAP_BYTES])
{
    dos_copy_in(c, DOS_DATA, DATA_EMS_MAP, map, MAP_BYTES);
}

// handle 0 or page FFFFh: nothing.
static enum ems_error map_place(struct dos_call *c, unsigned place, uint16_t handle, uint16_t page)
{
    const struct dos_ems *b = block_of(c, handle);
    bool nothing = page == UNMAPPED || handle == 0;
    if (place >= PLACES)
        return EMS_BAD_PLACE;
    if (!nothing && (!b || page >= b->pages))
        return b ? EMS_BAD_PAGE : EMS_BAD_HANDLE;
    for (uint32_t i = 0; i < PARTS; i++) {
        uint32_t from = nothing ? 0 : b->linear + page * (uint32_t)PAGE + i * X86_PAGE_SIZE;
        if (!vmm_v86_map(c->v, vmm_current_vm(c->v), FRAME / 0x100 + place * PARTS + i, from))
            return EMS_BROKEN;
    }
    dos_write32(c, DOS_DATA, DATA_EMS_MAP + 4 * place, nothing ? 0 : (uint32_t)page << 16 | handle);
    return EMS_OK;
}

static enum ems_error load_map(struct dos_call *c, const uint8_t map[MAP_BYTES])
{
    for (unsigned i = 0; i < PLACES; i++) {
        uint16_t handle = base_get16(map + 4 * i), page = base_get16(map + 4 * i + 2);
        const struct dos_ems *b = block_of(c, handle);
        if (handle && (!b || page >= b->pages))
            return EMS_BAD_MAP;
    }
    for (unsigned i = 0; i < PLACES; i++)
        (void)map_place(c, i, base_get16(map + 4 * i), base_get16(map + 4 * i + 2));
    return EMS_OK;
}

static void unmap_block(struct dos_call *c, uint16_t handle)
{
    uint8_t map[MAP_BYTES];
    read_map(c, map);
    for (unsigned i = 0; i < PLACES; i++)
        if (base_get16(map + 4 * i) == handle)
            (void)map_place(c, i, 0, UNMAPPED);
}

static enum ems_error map_page(struct dos_call *c)
{
    uint16_t handle = dos_get(c, DOS_DX);
    return block_of(c, handle) ? map_place(c, dos_low(c, DOS_AX), handle, dos_get(c, DOS_BX)) : EMS_BAD_HANDLE;
}

static enum ems_error save_map(struct dos_call *c)
{
    struct dos_ems *b = argument(c);
    if (!b || b->saved)
        return b ? EMS_TWICE : EMS_BAD_HANDLE;
    read_map(c, b->map);
    b->saved = 1;
    return EMS_OK;
}

static enum ems_error restore_map(struct dos_call *c)
{
    struct dos_ems *b = argument(c);
    if (!b || !b->saved)
        return b ? EMS_NOT_SAVED : EMS_BAD_HANDLE;
    b->saved = 0;
    return load_map(c, b->map);
}

// AH=4Eh: AL=0 get at ES:DI, 1 set from DS:SI, 2 both, 3 how large.
static enum ems_error whole_map(struct dos_call *c)
{
    uint8_t now[MAP_BYTES], wanted[MAP_BYTES], function = dos_low(c, DOS_AX);
    if (function > 3)
        return EMS_BAD_SUBFUNCTION;
    if (function == 3) {
        dos_set_low(c, DOS_AX, MAP_BYTES);
        return EMS_OK;
    }
    read_map(c, now);
    if (function && !dos_copy_in(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), wanted, MAP_BYTES))
        return EMS_OK;
    if (function != 1 && !dos_copy_out(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), now, MAP_BYTES))
        return EMS_OK;
    return function ? load_map(c, wanted) : EMS_OK;
}

static unsigned place_at(uint16_t segment)
{
    unsigned place = (unsigned)(segment - FRAME) / (PAGE / 16);
    return segment >= FRAME && segment % (PAGE / 16) == 0 ? place : PLACES;
}

// AH=4Fh, the map of some places: AL=0 DS:SI number and segments, ES:DI gets number, then place and entry of each; 1
// DS:SI has them; 2 how large it is for BX places.
static enum ems_error partial_map(struct dos_call *c)
{
    uint16_t ds = dos_get(c, DOS_DS), si = dos_get(c, DOS_SI), es = dos_get(c, DOS_ES), di = dos_get(c, DOS_DI);
    uint8_t function = dos_low(c, DOS_AX);
    uint16_t n = function == 2 ? dos_get(c, DOS_BX) : dos_read16(c, ds, si);
    enum ems_error error = function > 2 ? EMS_BAD_SUBFUNCTION : n > PLACES ? EMS_BAD_PLACE : EMS_OK;
    for (unsigned i = 0; !error && function < 2 && i < n; i++) {
        uint32_t at = 2 + (function ? 6 : 2) * i;
        unsigned place = function ? dos_read16(c, ds, si + at) : place_at(dos_read16(c, ds, si + at));
        if (place >= PLACES)
            return function ? EMS_BAD_MAP : EMS_BAD_PLACE;
        if (function)
            error = map_place(c, place, dos_read16(c, ds, si + at + 2), dos_read16(c, ds, si + at + 4));
        else {
            dos_write16(c, es, di + 2 + 6 * i, (uint16_t)place);
            dos_write32(c, es, di + 4 + 6 * i, dos_read32(c, DOS_DATA, DATA_EMS_MAP + 4 * place));
        }
    }
    if (!error && function == 0)
        dos_write16(c, es, di, n);
    if (!error && function == 2)
        dos_set_low(c, DOS_AX, (uint8_t)(2 + 6 * n));
    return error;
}

// AH=50h: CX pairs of page and place (AL=0) or segment (AL=1) at DS:SI.
static enum ems_error map_some(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    uint16_t handle = dos_get(c, DOS_DX), ds = dos_get(c, DOS_DS), si = dos_get(c, DOS_SI), n = dos_get(c, DOS_CX);
    enum ems_error error = function > 1 ? EMS_BAD_SUBFUNCTION : block_of(c, handle) ? EMS_OK : EMS_BAD_HANDLE;
    for (uint32_t i = 0; !error && i < n && i < 0x100; i++) {
        uint16_t page = dos_read16(c, ds, si + 4 * i), where = dos_read16(c, ds, si + 4 * i + 2);
        error = map_place(c, function ? place_at(where) : where, handle, page);
    }
    return error;
}

// --- blocks

static enum ems_error status(struct dos_call *c)
{
    return claim_frame(c) ? EMS_OK : EMS_BROKEN;
}

static enum ems_error frame(struct dos_call *c)
{
    if (!claim_frame(c))
        return EMS_BROKEN;
    dos_set(c, DOS_BX, FRAME);
    return EMS_OK;
}

static enum ems_error count_pages(struct dos_call *c)
{
    uint32_t unused = dos_ems_free(c);
    dos_set(c, DOS_BX, (uint16_t)unused);
    dos_set(c, DOS_DX, (uint16_t)(unused + dos_ems_used(c)));
    return EMS_OK;
}

static enum ems_error take(struct dos_call *c, uint32_t pages, uint32_t *linear)
{
    *linear = 0;
    if (pages > dos_ems_free(c))
        return pages > dos_ems_free(c) + dos_ems_used(c) ? EMS_NEVER : EMS_NO_PAGES;
    if (pages)
        *linear = vmm_take_pages(c->v, pages * PARTS);
    return !pages || *linear ? EMS_OK : EMS_NO_PAGES;
}

static void give_pages(struct vmm *v, const struct dos_ems *b)
{
    if (b->linear)
        vmm_give_pages(v, b->linear, b->pages * (uint32_t)PARTS);
}

static enum ems_error allocate_any(struct dos_call *c)
{
    uint16_t pages = dos_get(c, DOS_BX);
    unsigned i = 0;
    uint32_t linear;
    while (i < DOS_EMS_BLOCKS && c->s->ems[i].used)
        i++;
    if (i == DOS_EMS_BLOCKS || !claim_frame(c))
        return i == DOS_EMS_BLOCKS ? EMS_NO_HANDLE : EMS_BROKEN;
    enum ems_error error = take(c, pages, &linear);
    if (error)
        return error;
    c->s->ems[i] = (struct dos_ems){.used = 1, .vm = c->vm, .linear = linear, .pages = pages};
    dos_set(c, DOS_DX, (uint16_t)(i + 1));
    return EMS_OK;
}

static enum ems_error allocate(struct dos_call *c)
{
    return dos_get(c, DOS_BX) ? allocate_any(c) : EMS_NONE;
}

static enum ems_error allocate_standard(struct dos_call *c)
{
    return dos_low(c, DOS_AX) > 1 ? EMS_BAD_SUBFUNCTION : allocate_any(c);
}

static enum ems_error release(struct dos_call *c)
{
    struct dos_ems *b = argument(c);
    if (!b || b->saved)
        return b ? EMS_SAVED : EMS_BAD_HANDLE;
    unmap_block(c, handle_of(c, b));
    give_pages(c->v, b);
    *b = (struct dos_ems){.used = 0};
    return EMS_OK;
}

// The pages move; what fits is copied, and nothing of the block stays mapped.
static enum ems_error resize(struct dos_call *c)
{
    struct dos_ems *b = argument(c);
    uint32_t linear, pages = dos_get(c, DOS_BX);
    uint8_t bytes[X86_PAGE_SIZE];
    if (!b)
        return EMS_BAD_HANDLE;
    enum ems_error error = take(c, pages, &linear);
    for (uint32_t i = 0; !error && i < PARTS * (pages < b->pages ? pages : b->pages); i++)
        if (!vmm_get(c->v, b->linear + i * X86_PAGE_SIZE, bytes, sizeof bytes) ||
            !vmm_put(c->v, linear + i * X86_PAGE_SIZE, bytes, sizeof bytes))
            return EMS_BROKEN;
    if (error)
        return error;
    unmap_block(c, handle_of(c, b));
    give_pages(c->v, b);
    b->linear = linear;
    b->pages = (uint16_t)pages;
    c->work += pages * PAGE / 16;
    return EMS_OK;
}

void dos_ems_vm_gone(struct vmm *v, struct dos_state *s, uint32_t vm)
{
    for (unsigned i = 0; i < DOS_EMS_BLOCKS; i++) {
        if (!s->ems[i].used || s->ems[i].vm != vm)
            continue;
        give_pages(v, &s->ems[i]);
        s->ems[i] = (struct dos_ems){.used = 0};
    }
}

// --- what there is

static enum ems_error version(struct dos_call *c)
{
    dos_set_low(c, DOS_AX, 0x40);
    return EMS_OK;
}

// With the operating system's handle, 0, which has no pages.
static enum ems_error count_handles(struct dos_call *c)
{
    uint16_t n = 1;
    for (uint16_t h = 1; h <= DOS_EMS_BLOCKS; h++)
        n = (uint16_t)(n + (block_of(c, h) != NULL));
    dos_set(c, DOS_BX, n);
    return EMS_OK;
}

static enum ems_error pages_of_handle(struct dos_call *c)
{
    const struct dos_ems *b = argument(c);
    dos_set(c, DOS_BX, b ? b->pages : 0);
    return b || dos_get(c, DOS_DX) == 0 ? EMS_OK : EMS_BAD_HANDLE;
}

static enum ems_error pages_of_all(struct dos_call *c)
{
    uint16_t es = dos_get(c, DOS_ES), n = 0;
    uint32_t di = dos_get(c, DOS_DI);
    for (uint16_t h = 0; h <= DOS_EMS_BLOCKS; h++) {
        const struct dos_ems *b = block_of(c, h);
        if (h && !b)
            continue;
        dos_write16(c, es, di + 4u * n, h);
        dos_write16(c, es, di + 4u * n + 2, b ? b->pages : 0);
        n++;
    }
    dos_set(c, DOS_BX, n);
    return EMS_OK;
}

// AH=52h: no block outlives a warm start.
static enum ems_error attribute(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    if (function > 2)
        return EMS_BAD_SUBFUNCTION;
    if (function < 2 && !argument(c) && dos_get(c, DOS_DX))
        return EMS_BAD_HANDLE;
    if (function == 1)
        return dos_low(c, DOS_BX) ? EMS_BAD_ATTRIBUTE : EMS_OK;
    dos_set_low(c, DOS_AX, 0);
    return EMS_OK;
}

static const struct dos_ems *block_named(struct dos_call *c, const char name[NAME])
{
    static const char none[NAME] = {0};
    for (uint16_t h = 1; h <= DOS_EMS_BLOCKS && memcmp(name, none, NAME) != 0; h++) {
        const struct dos_ems *b = block_of(c, h);
        if (b && memcmp(b->name, name, NAME) == 0)
            return b;
    }
    return NULL;
}

// AH=53h: AL=0 get at ES:DI, 1 set from DS:SI.
static enum ems_error name_of_handle(struct dos_call *c)
{
    struct dos_ems *b = argument(c);
    uint8_t function = dos_low(c, DOS_AX);
    char name[NAME];
    if (function > 1 || !b)
        return b ? EMS_BAD_SUBFUNCTION : EMS_BAD_HANDLE;
    if (function == 0) {
        dos_copy_out(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), b->name, NAME);
        return EMS_OK;
    }
    if (!dos_copy_in(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), name, NAME))
        return EMS_OK;
    const struct dos_ems *other = block_named(c, name);
    if (other && other != b)
        return EMS_NAME_TAKEN;
    memcpy(b->name, name, NAME);
    return EMS_OK;
}

static uint8_t give_directory(struct dos_call *c)
{
    uint8_t n = 0;
    for (uint16_t h = 0; h <= DOS_EMS_BLOCKS; h++) {
        static const char none[NAME] = {0};
        const struct dos_ems *b = block_of(c, h);
        uint32_t at = dos_get(c, DOS_DI) + (2u + NAME) * n;
        if (h && !b)
            continue;
        dos_write16(c, dos_get(c, DOS_ES), at, h);
        dos_copy_out(c, dos_get(c, DOS_ES), at + 2, b ? b->name : none, NAME);
        n++;
    }
    return n;
}

// AH=54h: AL=0 all handles and names at ES:DI, 1 the handle of the name at DS:SI, 2 how many there can be.
static enum ems_error directory(struct dos_call *c)
{
    char name[NAME];
    switch (dos_low(c, DOS_AX)) {
    case 0:
        dos_set_low(c, DOS_AX, give_directory(c));
        return EMS_OK;
    case 1:
        if (!dos_copy_in(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), name, NAME))
            return EMS_OK;
        const struct dos_ems *b = block_named(c, name);
        dos_set(c, DOS_DX, b ? handle_of(c, b) : dos_get(c, DOS_DX));
        return b ? EMS_OK : EMS_NO_NAME;
    case 2:
        dos_set(c, DOS_BX, DOS_EMS_BLOCKS + 1);
        return EMS_OK;
    default:
        return EMS_BAD_SUBFUNCTION;
    }
}

static enum ems_error places(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    for (uint32_t i = 0; function == 0 && i < PLACES; i++)
        dos_write32(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI) + 4 * i, i << 16 | (FRAME + i * (PAGE / 16)));
    dos_set(c, DOS_CX, PLACES);
    return function > 1 ? EMS_BAD_SUBFUNCTION : EMS_OK;
}

static enum ems_error hardware(struct dos_call *c)
{
    uint8_t b[10] = {0}, function = dos_low(c, DOS_AX);
    base_put16(b, PAGE / 16);
    base_put16(b + 4, MAP_BYTES);
    if (function == 0)
        dos_copy_out(c, dos_get(c, DOS_ES), dos_get(c, DOS_DI), b, sizeof b);
    return function == 1 ? count_pages(c) : function ? EMS_BAD_SUBFUNCTION : EMS_OK;
}

// --- moving and exchanging

struct region {
    uint32_t linear;
    enum ems_error error;
};

// Type (1 = expanded), handle, offset, segment or page.
static struct region region_of(struct dos_call *c, const uint8_t *r, uint32_t length)
{
    const struct dos_ems *b = block_of(c, base_get16(r + 1));
    uint32_t offset = base_get16(r + 3), at = base_get16(r + 5);
    if (r[0] > 1)
        return (struct region){0, EMS_BAD_TYPE};
    if (r[0] == 0)
        return (struct region){c->base + at * 16 + offset,
                               at * 16 + offset + length > 0x110000 ? EMS_TOO_LONG : EMS_OK};
    if (!b || at >= b->pages || offset >= PAGE)
        return (struct region){0, !b ? EMS_BAD_HANDLE : offset >= PAGE ? EMS_BAD_OFFSET : EMS_BAD_PAGE};
    bool fits = at * PAGE + offset + length <= b->pages * (uint32_t)PAGE;
    return (struct region){b->linear + at * PAGE + offset, fits ? EMS_OK : EMS_TOO_FAR};
}

static bool move_part(struct dos_call *c, uint32_t from, uint32_t to, uint32_t n, bool exchange)
{
    uint8_t a[X86_PAGE_SIZE], b[X86_PAGE_SIZE];
    return vmm_get(c->v, from, a, n) && (!exchange || vmm_get(c->v, to, b, n)) && vmm_put(c->v, to, a, n) &&
           (!exchange || vmm_put(c->v, from, b, n));
}

static enum ems_error move(struct dos_call *c)
{
    uint8_t m[18], function = dos_low(c, DOS_AX);
    if (function > 1 || !dos_copy_in(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), m, sizeof m))
        return EMS_BAD_SUBFUNCTION;
    uint32_t length = base_get32(m);
    if (length > 0x100000)
        return EMS_TOO_LONG;
    struct region from = region_of(c, m + 4, length), to = region_of(c, m + 11, length);
    if (from.error || to.error)
        return from.error ? from.error : to.error;
    bool overlap = from.linear < to.linear + length && to.linear < from.linear + length;
    if (function && overlap && length)
        return EMS_OVERLAP;
    if (length && (!vmm_probe(c->v, to.linear, length, true) || !vmm_probe(c->v, from.linear, length, function == 1))) {
        c->faulted = true;
        return EMS_OK;
    }
    for (uint32_t done = 0; done < length;) {
        uint32_t n = length - done < X86_PAGE_SIZE ? length - done : X86_PAGE_SIZE;
        uint32_t at = to.linear > from.linear ? length - done - n : done;
        if (!move_part(c, from.linear + at, to.linear + at, n, function == 1))
            return EMS_BROKEN;
        done += n;
    }
    c->work += length / 16;
    return EMS_OK;
}

static enum ems_error denied(struct dos_call *c)
{
    (void)c;
    return EMS_DENIED;
}

static enum ems_error nothing(struct dos_call *c)
{
    (void)c;
    return EMS_OK;
}

static ems_fn *const functions[] = {
    [0x00] = status,      [0x01] = frame,          [0x02] = count_pages,       [0x03] = allocate,
    [0x04] = map_page,    [0x05] = release,        [0x06] = version,           [0x07] = save_map,
    [0x08] = restore_map, [0x0B] = count_handles,  [0x0C] = pages_of_handle,   [0x0D] = pages_of_all,
    [0x0E] = whole_map,   [0x0F] = partial_map,    [0x10] = map_some,          [0x11] = resize,
    [0x12] = attribute,   [0x13] = name_of_handle, [0x14] = directory,         [0x17] = move,
    [0x18] = places,      [0x19] = hardware,       [0x1A] = allocate_standard, [0x1B] = denied,
    [0x1C] = nothing,     [0x1D] = denied,
};

void dos_int67(struct dos_call *c)
{
    uint32_t function = dos_high(c, DOS_AX) - 0x40u;
    ems_fn *fn = function < BASE_COUNT(functions) ? functions[function] : NULL;
    enum ems_error error = fn ? fn(c) : EMS_NOT_THERE;
    if (!c->faulted)
        dos_set_high(c, DOS_AX, (uint8_t)error);
}
