// Conventional memory: the chain of memory control blocks as DOS keeps it in memory (RBIL table 01628), INT 21h AH=48h,
// 49h, 4Ah, 58h. A program may destroy the chain: every step is checked.
#include "dos/defs.h"

#include <string.h>

enum { MCB_LAST = 'Z', MCB_MORE = 'M', MCB_OWNER = 1, MCB_SIZE = 3, MCB_NAME = 8, FIRST_FIT = 0, BEST_FIT, LAST_FIT };
enum { MOST_BLOCKS = 0x10000 / 2 };

struct block {
    uint16_t at; // of the MCB; the memory begins a paragraph later
    uint8_t kind;
    uint16_t owner, size;
};

static bool get(struct dos_call *c, uint16_t at, struct block *b)
{
    uint8_t mcb[5];
    if (!dos_copy_in(c, at, 0, mcb, sizeof mcb))
        return false;
    *b = (struct block){at, mcb[0], base_get16(mcb + MCB_OWNER), base_get16(mcb + MCB_SIZE)};
    return b->kind == MCB_LAST || b->kind == MCB_MORE;
}

static void put(struct dos_call *c, const struct block *b)
{
    uint8_t mcb[5] = {b->kind};
    base_put16(mcb + MCB_OWNER, b->owner);
    base_put16(mcb + MCB_SIZE, b->size);
    dos_copy_out(c, b->at, 0, mcb, sizeof mcb);
}

static bool first(struct dos_call *c, struct block *b)
{
    return get(c, dos_read16(c, DOS_DATA, DATA_FIRST_BLOCK), b);
}

// False at the end of the chain, or where it is broken (kind says which).
static bool next(struct dos_call *c, struct block *b)
{
    uint32_t at = b->at + b->size + 1u;
    if (b->kind == MCB_LAST)
        return false;
    b->kind = 0;
    return at <= 0xFFFF && get(c, (uint16_t)at, b);
}

// Free neighbours become one block.
static void join(struct dos_call *c, struct block *b)
{
    struct block other = *b;
    while (!b->owner && b->kind == MCB_MORE && next(c, &other) && !other.owner) {
        b->size = (uint16_t)(b->size + other.size + 1);
        b->kind = other.kind;
        put(c, b);
        other = *b;
    }
}

void dos_memory_create(struct dos_call *c, uint16_t from, uint16_t end)
{
    dos_write16(c, DOS_DATA, DATA_FIRST_BLOCK, from);
    put(c, &(struct block){from, MCB_LAST, 0, (uint16_t)(end - from - 1)});
}

void dos_memory_limit(struct dos_call *c, uint16_t end)
{
    struct block b = {0};
    unsigned steps = 0;
    for (bool more = first(c, &b); more && b.kind == MCB_MORE && steps++ < MOST_BLOCKS;)
        more = next(c, &b);
    if (b.kind != MCB_LAST || b.owner || end <= b.at)
        return;
    b.size = (uint16_t)(end - b.at - 1);
    put(c, &b);
    dos_write16(c, DOS_BDA, BDA_MEMORY, (uint16_t)(end / 64));
}

// Takes `paragraphs` of the free block, from its end when `high`.
static void split(struct dos_call *c, struct block *b, uint16_t paragraphs, uint16_t owner, bool high)
{
    uint16_t rest = (uint16_t)(b->size - paragraphs);
    struct block taken = *b;
    if (rest && high) {
        taken.at = (uint16_t)(b->at + rest);
        taken.size = paragraphs;
        put(c, &(struct block){b->at, MCB_MORE, b->owner, (uint16_t)(rest - 1)});
    } else if (rest) {
        taken.size = paragraphs;
        taken.kind = MCB_MORE;
        put(c, &(struct block){(uint16_t)(b->at + paragraphs + 1), b->kind, 0, (uint16_t)(rest - 1)});
    }
    taken.owner = owner;
    put(c, &taken);
    *b = taken;
}

static bool better(unsigned strategy, const struct block *b, const struct block *best)
{
    return !best->size || strategy == LAST_FIT || (strategy == BEST_FIT && b->size < best->size);
}

enum dos_error dos_block_take(struct dos_call *c, uint16_t paragraphs, uint16_t owner, uint16_t *segment,
                              uint16_t *largest)
{
    unsigned strategy = dos_read8(c, DOS_DATA, DATA_STRATEGY) & 3u, steps = 0;
    struct block b = {0}, best = {0};
    bool found = false;
    *largest = 0;
    for (bool more = first(c, &b); more && steps++ < MOST_BLOCKS; more = next(c, &b)) {
        if (b.owner)
            continue;
        join(c, &b);
        *largest = b.size > *largest ? b.size : *largest;
        if (b.size >= paragraphs && (!found || better(strategy, &b, &best)) && (strategy || !found)) {
            best = b;
            found = true;
        }
    }
    if (b.kind != MCB_LAST)
        return DOS_BAD_CHAIN;
    if (!found)
        return DOS_NO_MEMORY;
    split(c, &best, paragraphs, owner, strategy == LAST_FIT);
    *segment = (uint16_t)(best.at + 1);
    return DOS_OK;
}

static enum dos_error find(struct dos_call *c, uint16_t segment, struct block *b)
{
    return segment && get(c, (uint16_t)(segment - 1), b) ? DOS_OK : DOS_BAD_BLOCK;
}

enum dos_error dos_block_resize(struct dos_call *c, uint16_t segment, uint16_t paragraphs, uint16_t *largest)
{
    struct block b, behind;
    enum dos_error error = find(c, segment, &b);
    *largest = 0;
    if (error)
        return error;
    behind = b;
    if (b.kind == MCB_MORE && !next(c, &behind))
        return DOS_BAD_CHAIN;
    if (behind.at != b.at && !behind.owner) { // take it in, then give back what is too much
        join(c, &behind);
        b.size = (uint16_t)(b.size + behind.size + 1);
        b.kind = behind.kind;
        put(c, &b);
    }
    *largest = b.size;
    if (paragraphs > b.size)
        return DOS_NO_MEMORY; // what there was is the program's now, as DOS does it
    split(c, &b, paragraphs, b.owner, false);
    return DOS_OK;
}

enum dos_error dos_block_give(struct dos_call *c, uint16_t segment)
{
    struct block b;
    enum dos_error error = find(c, segment, &b);
    if (error)
        return error;
    b.owner = 0;
    put(c, &b);
    join(c, &b);
    return DOS_OK;
}

void dos_blocks_give_all(struct dos_call *c, uint16_t owner)
{
    struct block b;
    unsigned steps = 0;
    for (bool more = first(c, &b); more && steps++ < MOST_BLOCKS; more = next(c, &b)) {
        if (b.owner != owner)
            continue;
        b.owner = 0;
        put(c, &b);
    }
}

void dos_block_name(struct dos_call *c, uint16_t segment, uint16_t owner, const char *name)
{
    char text[8] = {0};
    size_t n = strcspn(name, ".");
    memcpy(text, name, n < 8 ? n : 8);
    dos_write16(c, (uint16_t)(segment - 1), MCB_OWNER, owner);
    dos_copy_out(c, (uint16_t)(segment - 1), MCB_NAME, text, sizeof text);
}

// --- INT 21h

void dos_allocate(struct dos_call *c)
{
    uint16_t segment = 0, largest, psp = dos_read16(c, DOS_DATA, DATA_PSP);
    enum dos_error error = dos_block_take(c, dos_get(c, DOS_BX), psp, &segment, &largest);
    dos_answer(c, error);
    if (error)
        dos_set(c, DOS_BX, largest);
    else
        dos_set(c, DOS_AX, segment);
}

void dos_free(struct dos_call *c)
{
    dos_answer(c, dos_block_give(c, dos_get(c, DOS_ES)));
}

void dos_resize(struct dos_call *c)
{
    uint16_t largest;
    enum dos_error error = dos_block_resize(c, dos_get(c, DOS_ES), dos_get(c, DOS_BX), &largest);
    dos_answer(c, error);
    if (error == DOS_NO_MEMORY)
        dos_set(c, DOS_BX, largest);
}

// There are no upper memory blocks: strategies that begin there are taken as without.
void dos_strategy(struct dos_call *c)
{
    switch (dos_low(c, DOS_AX)) {
    case 0:
        dos_set(c, DOS_AX, dos_read8(c, DOS_DATA, DATA_STRATEGY));
        dos_done(c);
        break;
    case 1: // bits 6 and 7: upper memory
        if ((dos_get(c, DOS_BX) & 0xFF3F) > LAST_FIT) {
            dos_fail(c, DOS_BAD_FUNCTION);
            break;
        }
        dos_write8(c, DOS_DATA, DATA_STRATEGY, dos_low(c, DOS_BX));
        dos_done(c);
        break;
    case 2:
        dos_set_low(c, DOS_AX, 0); // not linked
        dos_done(c);
        break;
    default:
        dos_fail(c, DOS_BAD_FUNCTION);
    }
}
