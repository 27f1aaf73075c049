// Extended memory (XMS 3.0) as the V86MMGR of Windows gives it to virtual machines: INT 2Fh AX=4300h, 4310h and the
// entry behind it (RBIL INT 2F/AX=4310h). Blocks are pages of the VMM's; they go with their virtual machine. The A20
// line is always on and the high memory area is the same in all virtual machines, so one of them can have it.
#include "dos/defs.h"
#include "vmm/paging.h"

enum xms_error { // BL
    XMS_OK = 0,
    XMS_NOT_THERE = 0x80, // no such function
    XMS_HMA_TAKEN = 0x91,
    XMS_HMA_FREE = 0x93,
    XMS_A20_ON = 0x94,
    XMS_NO_MEMORY = 0xA0,
    XMS_NO_HANDLE = 0xA1,
    XMS_BAD_HANDLE = 0xA2,
    XMS_BAD_SOURCE = 0xA3,
    XMS_BAD_SOURCE_OFFSET = 0xA4,
    XMS_BAD_TARGET = 0xA5,
    XMS_BAD_TARGET_OFFSET = 0xA6,
    XMS_BAD_LENGTH = 0xA7,
    XMS_NOT_LOCKED = 0xAA,
    XMS_LOCKED = 0xAB,
    XMS_LOCKS = 0xAC, // too many
    XMS_NO_UMB = 0xB1,
    XMS_BAD_UMB = 0xB2,
};

enum { RESERVE = 256, CHUNK = 4096, PAGE_KB = 4, FIRST_MB = 0x110000, MOST_LOCKS = 255, MOST = 4 };

typedef enum xms_error xms_fn(struct dos_call *c);

uint32_t dos_memory_left(struct vmm *v)
{
    uint32_t pages = vmm_phys_free_count(v);
    return pages > RESERVE ? (pages - RESERVE) * PAGE_KB : 0;
}

// --- limits of a virtual machine, in DOS's data

void dos_limits_reset(struct dos_call *c)
{
    dos_write32(c, DOS_DATA, DOS_LIMIT_EMS + MOST, UINT32_MAX);
    dos_write32(c, DOS_DATA, DOS_LIMIT_XMS + MOST, UINT32_MAX);
}

struct dos_limits dos_limits(struct vmm *v, uint32_t vm)
{
    struct dos_call c = dos_call_of(v, vm);
    return (struct dos_limits){.least_ems = dos_read32(&c, DOS_DATA, DOS_LIMIT_EMS),
                               .most_ems = dos_read32(&c, DOS_DATA, DOS_LIMIT_EMS + MOST),
                               .least_xms = dos_read32(&c, DOS_DATA, DOS_LIMIT_XMS),
                               .most_xms = dos_read32(&c, DOS_DATA, DOS_LIMIT_XMS + MOST)};
}

bool dos_set_limits(struct vmm *v, uint32_t vm, const struct dos_limits *to)
{
    struct dos_call c = dos_call_of(v, vm);
    uint32_t left = dos_memory_left(v);
    if (to->least_ems > left || to->least_xms > left - to->least_ems)
        return false;
    dos_write32(&c, DOS_DATA, DOS_LIMIT_EMS, to->least_ems);
    dos_write32(&c, DOS_DATA, DOS_LIMIT_EMS + MOST, to->most_ems);
    dos_write32(&c, DOS_DATA, DOS_LIMIT_XMS, to->least_xms);
    dos_write32(&c, DOS_DATA, DOS_LIMIT_XMS + MOST, to->most_xms);
    return true;
}

uint32_t dos_free_memory(struct dos_call *c, uint32_t limit, uint32_t used)
{
    uint32_t most = dos_read32(c, DOS_DATA, limit + MOST), left = dos_memory_left(c->v);
    uint32_t allowed = most > used ? most - used : 0;
    return allowed < left ? allowed : left;
}

static uint32_t used_kb(struct dos_call *c)
{
    uint32_t used = 0;
    for (unsigned i = 0; i < DOS_EMBS; i++)
        used += c->s->emb[i].used && c->s->emb[i].vm == c->vm ? c->s->emb[i].kb : 0;
    return used;
}

static uint32_t free_kb(struct dos_call *c)
{
    return dos_free_memory(c, DOS_LIMIT_XMS, used_kb(c));
}

struct dos_available dos_available(struct vmm *v, uint32_t vm)
{
    struct dos_call c = dos_call_of(v, vm);
    uint32_t ems = dos_ems_free(&c), xms = free_kb(&c);
    return (struct dos_available){
        .free_ems = ems, .all_ems = ems + dos_ems_used(&c), .free_xms = xms, .all_xms = xms + used_kb(&c)};
}

static struct dos_emb *block_of(struct dos_call *c, uint16_t handle)
{
    struct dos_emb *b = handle && handle <= DOS_EMBS ? &c->s->emb[handle - 1] : NULL;
    return b && b->used && b->vm == c->vm ? b : NULL;
}

static struct dos_emb *argument(struct dos_call *c)
{
    return block_of(c, dos_get(c, DOS_DX));
}

static uint32_t pages_of(uint32_t kb)
{
    return (kb + PAGE_KB - 1) / PAGE_KB;
}

// Pages for so many KB, 0 = there are not as many.
static uint32_t take(struct dos_call *c, uint32_t kb)
{
    return kb && kb <= free_kb(c) ? vmm_take_pages(c->v, pages_of(kb)) : 0;
}

static void give(struct vmm *v, struct dos_emb *b)
{
    if (b->linear)
        vmm_give_pages(v, b->linear, pages_of(b->kb));
    *b = (struct dos_emb){.used = 0};
}

void dos_xms_vm_gone(struct vmm *v, struct dos_state *s, uint32_t vm)
{
    for (unsigned i = 0; i < DOS_EMBS; i++)
        if (s->emb[i].used && s->emb[i].vm == vm)
            give(v, &s->emb[i]);
    if (s->hma_vm == vm)
        s->hma_vm = 0;
}

// --- the driver, the high memory area, A20

static enum xms_error version(struct dos_call *c)
{
    dos_set(c, DOS_AX, 0x0300);
    dos_set(c, DOS_BX, 0x035F);
    dos_set(c, DOS_DX, 1); // there is a high memory area
    return XMS_OK;
}

static enum xms_error request_hma(struct dos_call *c)
{
    if (c->s->hma_vm)
        return XMS_HMA_TAKEN;
    c->s->hma_vm = c->vm;
    return XMS_OK;
}

static enum xms_error release_hma(struct dos_call *c)
{
    if (c->s->hma_vm != c->vm)
        return XMS_HMA_FREE;
    c->s->hma_vm = 0;
    return XMS_OK;
}

static enum xms_error enable_a20(struct dos_call *c)
{
    (void)c;
    return XMS_OK;
}

static enum xms_error disable_a20(struct dos_call *c)
{
    (void)c;
    return XMS_A20_ON;
}

// --- blocks

static enum xms_error query_free(struct dos_call *c)
{
    uint32_t kb = free_kb(c);
    kb = kb < UINT16_MAX ? kb : UINT16_MAX;
    dos_set(c, DOS_AX, (uint16_t)kb);
    dos_set(c, DOS_DX, (uint16_t)kb);
    return kb ? XMS_OK : XMS_NO_MEMORY;
}

static enum xms_error query_any_free(struct dos_call *c)
{
    uint32_t kb = free_kb(c);
    vmm_poke32(c->v, c->crs + KIT_Client_EAX, kb);
    vmm_poke32(c->v, c->crs + KIT_Client_EDX, kb);
    vmm_poke32(c->v, c->crs + KIT_Client_ECX, vmm_phys_free_count(c->v) * CHUNK + FIRST_MB - 1);
    return kb ? XMS_OK : XMS_NO_MEMORY;
}

static enum xms_error allocate_kb(struct dos_call *c, uint32_t kb)
{
    uint16_t i = 0;
    while (i < DOS_EMBS && c->s->emb[i].used)
        i++;
    if (i == DOS_EMBS)
        return XMS_NO_HANDLE;
    uint32_t linear = take(c, kb);
    if (kb && !linear)
        return XMS_NO_MEMORY;
    c->s->emb[i] = (struct dos_emb){.used = 1, .vm = c->vm, .kb = kb, .linear = linear};
    dos_set(c, DOS_DX, (uint16_t)(i + 1));
    return XMS_OK;
}

static enum xms_error allocate(struct dos_call *c)
{
    return allocate_kb(c, dos_get(c, DOS_DX));
}

static enum xms_error allocate_any(struct dos_call *c)
{
    return allocate_kb(c, vmm_peek32(c->v, c->crs + KIT_Client_EDX));
}

static enum xms_error release(struct dos_call *c)
{
    struct dos_emb *b = argument(c);
    if (!b || b->locks)
        return b ? XMS_LOCKED : XMS_BAD_HANDLE;
    give(c->v, b);
    return XMS_OK;
}

static enum xms_error lock(struct dos_call *c)
{
    struct dos_emb *b = argument(c);
    if (!b || b->locks == MOST_LOCKS)
        return b ? XMS_LOCKS : XMS_BAD_HANDLE;
    b->locks++;
    dos_set(c, DOS_DX, (uint16_t)(b->linear >> 16));
    dos_set(c, DOS_BX, (uint16_t)b->linear);
    return XMS_OK;
}

static enum xms_error unlock(struct dos_call *c)
{
    struct dos_emb *b = argument(c);
    if (!b || !b->locks)
        return b ? XMS_NOT_LOCKED : XMS_BAD_HANDLE;
    b->locks--;
    return XMS_OK;
}

static uint16_t free_handles(struct dos_call *c)
{
    uint16_t n = 0;
    for (unsigned i = 0; i < DOS_EMBS; i++)
        n = (uint16_t)(n + !c->s->emb[i].used);
    return n;
}

static enum xms_error information(struct dos_call *c)
{
    const struct dos_emb *b = argument(c);
    if (!b)
        return XMS_BAD_HANDLE;
    dos_set(c, DOS_BX, (uint16_t)(b->locks << 8 | free_handles(c)));
    dos_set(c, DOS_DX, (uint16_t)(b->kb < UINT16_MAX ? b->kb : UINT16_MAX));
    return XMS_OK;
}

static enum xms_error any_information(struct dos_call *c)
{
    const struct dos_emb *b = argument(c);
    if (!b)
        return XMS_BAD_HANDLE;
    dos_set_high(c, DOS_BX, b->locks);
    dos_set(c, DOS_CX, free_handles(c));
    vmm_poke32(c->v, c->crs + KIT_Client_EDX, b->kb);
    return XMS_OK;
}

// The block moves: what fits is copied.
static enum xms_error resize(struct dos_call *c, uint32_t kb)
{
    struct dos_emb *b = argument(c);
    uint8_t bytes[CHUNK];
    if (!b || b->locks)
        return b ? XMS_LOCKED : XMS_BAD_HANDLE;
    uint32_t linear = take(c, kb), keep = pages_of(kb < b->kb ? kb : b->kb);
    if (kb && !linear)
        return XMS_NO_MEMORY;
    for (uint32_t i = 0; i < keep; i++)
        if (!vmm_get(c->v, b->linear + i * CHUNK, bytes, CHUNK) || !vmm_put(c->v, linear + i * CHUNK, bytes, CHUNK))
            return XMS_NO_MEMORY;
    give(c->v, b);
    *b = (struct dos_emb){.used = 1, .vm = c->vm, .kb = kb, .linear = linear};
    c->work += keep * CHUNK / 16;
    return XMS_OK;
}

static enum xms_error reallocate(struct dos_call *c)
{
    return resize(c, dos_get(c, DOS_BX));
}

static enum xms_error reallocate_any(struct dos_call *c)
{
    return resize(c, vmm_peek32(c->v, c->crs + KIT_Client_EBX));
}

bool dos_xms_owns(struct dos_call *c, uint32_t linear, uint32_t bytes)
{
    for (unsigned i = 0; i < DOS_EMBS; i++) {
        const struct dos_emb *b = &c->s->emb[i];
        if (b->used && b->vm == c->vm && b->locks && linear >= b->linear && linear - b->linear <= b->kb * 1024 &&
            bytes <= b->kb * 1024 - (linear - b->linear))
            return true;
    }
    return false;
}

// --- moving

struct place {
    uint32_t linear;
    enum xms_error error; // of the handle or the offset
};

// Handle 0: the offset is segment:offset of conventional memory.
static struct place place_of(struct dos_call *c, const uint8_t *pair, uint32_t length, enum xms_error bad_handle)
{
    uint16_t handle = base_get16(pair);
    uint32_t offset = base_get32(pair + 2), size = FIRST_MB, from = c->base;
    const struct dos_emb *b = block_of(c, handle);
    if (handle && !b)
        return (struct place){0, bad_handle};
    if (handle) {
        size = b->kb * 1024;
        from = b->linear;
    } else {
        offset = (offset >> 16) * 16 + (offset & 0xFFFF);
    }
    if (offset > size || length > size - offset)
        return (struct place){0, offset > size ? (enum xms_error)(bad_handle + 1) : XMS_BAD_LENGTH};
    return (struct place){from + offset, XMS_OK};
}

// Backwards where the target begins inside the source.
static bool copy(struct dos_call *c, uint32_t from, uint32_t to, uint32_t n)
{
    uint8_t bytes[CHUNK];
    bool back = to > from && to - from < n;
    for (uint32_t done = 0; done < n;) {
        uint32_t part = n - done < CHUNK ? n - done : CHUNK, at = back ? n - done - part : done;
        if (!vmm_get(c->v, from + at, bytes, part) || !vmm_put(c->v, to + at, bytes, part))
            return false;
        done += part;
    }
    c->work += n / 16;
    return true;
}

// DS:SI: length, source handle and offset, target handle and offset.
static enum xms_error move(struct dos_call *c)
{
    uint8_t m[16];
    if (!dos_copy_in(c, dos_get(c, DOS_DS), dos_get(c, DOS_SI), m, sizeof m))
        return XMS_OK;
    uint32_t length = base_get32(m);
    struct place from = place_of(c, m + 4, length, XMS_BAD_SOURCE), to = place_of(c, m + 10, length, XMS_BAD_TARGET);
    if (length & 1)
        return XMS_BAD_LENGTH;
    if (from.error || to.error)
        return from.error ? from.error : to.error;
    if (length && (!vmm_probe(c->v, to.linear, length, true) || !copy(c, from.linear, to.linear, length)))
        c->faulted = true;
    return XMS_OK;
}

// --- upper memory: there is none

static enum xms_error request_umb(struct dos_call *c)
{
    dos_set(c, DOS_DX, 0);
    return XMS_NO_UMB;
}

static enum xms_error no_umb(struct dos_call *c)
{
    (void)c;
    return XMS_BAD_UMB;
}

static const struct {
    uint8_t function;
    bool plain; // AX is a result of its own
    xms_fn *fn;
} functions[] = {
    {0x00, true, version},         {0x01, false, request_hma},
    {0x02, false, release_hma},    {0x03, false, enable_a20},
    {0x04, false, disable_a20},    {0x05, false, enable_a20},
    {0x06, false, disable_a20},    {0x07, false, enable_a20},
    {0x08, true, query_free},      {0x09, false, allocate},
    {0x0A, false, release},        {0x0B, false, move},
    {0x0C, false, lock},           {0x0D, false, unlock},
    {0x0E, false, information},    {0x0F, false, reallocate},
    {0x10, false, request_umb},    {0x11, false, no_umb},
    {0x12, false, no_umb},         {0x88, true, query_any_free},
    {0x89, false, allocate_any},   {0x8E, false, any_information},
    {0x8F, false, reallocate_any},
};

// AX = 1, or 0 and why in BL. AH=07h and those with results in AX put 0 into BL when all is well.
static void answer(struct dos_call *c, uint8_t function, bool plain, enum xms_error error)
{
    if (!plain)
        dos_set(c, DOS_AX, error == XMS_OK);
    if (error)
        dos_set_low(c, DOS_BX, (uint8_t)error);
    else if (function == 0x07 || function == 0x08 || function == 0x88)
        dos_set_low(c, DOS_BX, 0);
}

void dos_xms(struct dos_call *c)
{
    uint8_t function = dos_high(c, DOS_AX);
    enum xms_error error = XMS_NOT_THERE;
    bool plain = false;
    for (size_t i = 0; i < BASE_COUNT(functions); i++) {
        if (functions[i].function != function)
            continue;
        error = functions[i].fn(c);
        plain = functions[i].plain;
    }
    if (c->faulted)
        return;
    answer(c, function, plain, error);
    dos_far_return(c);
}
