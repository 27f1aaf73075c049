// The packing of W4 collections, which is that of DoubleSpace. A chunk is a string of codes, lowest bit first:
//
//   10 xxxxxxx              (tag 1, then seven bits) the byte 80h + x
//   01 xxxxxxx              (tag 2) the byte x
//   00 xxxxxx               a copy from 1 to 63 bytes back; 0: the chunk ends
//   110 xxxxxxxx            a copy from 64 + x bytes back
//   111 xxxxxxxxxxxx        a copy from 320 + x bytes back; 4415: 512 bytes are complete, nothing else
//
// and behind each distance the length: k zeros (at most 8), a one, k bits x: 1 + 2^k + x bytes.
#include "image/collection.h"

enum { SECTOR_BREAK = 4415, LENGTH_ZEROS_MAX = 8 };

struct bits {
    const uint8_t *bytes;
    size_t size, at; // in bits
    bool ended;
};

// The next n bits; 0 and `ended` when there are fewer.
static uint32_t take(struct bits *b, uint32_t n)
{
    uint32_t value = 0;
    if (n > b->size * 8 - b->at) {
        b->ended = true;
        return 0;
    }
    for (uint32_t i = 0; i < n; i++, b->at++)
        value |= (uint32_t)(b->bytes[b->at / 8] >> b->at % 8 & 1) << i;
    return value;
}

static uint32_t take_length(struct bits *b)
{
    uint32_t zeros = 0;
    while (zeros <= LENGTH_ZEROS_MAX && !b->ended && !take(b, 1))
        zeros++;
    return zeros > LENGTH_ZEROS_MAX ? 0 : 1 + (1u << zeros) + take(b, zeros);
}

static uint32_t take_distance(struct bits *b, uint32_t tag)
{
    if (tag == 0)
        return take(b, 6);
    return take(b, 1) ? 320 + take(b, 12) : 64 + take(b, 8);
}

static const char *copy_back(struct bits *b, uint32_t distance, uint8_t *out, size_t room, size_t *made)
{
    uint32_t length = take_length(b);
    if (b->ended)
        return "it ends inside a code";
    if (length == 0)
        return "a length of more than 8 zero bits";
    if (distance > *made)
        return "a copy from before its start";
    if (length > room - *made)
        return "more bytes than a chunk holds";
    for (; length; length--, ++*made)
        out[*made] = out[*made - distance]; // may overlap: that repeats
    return NULL;
}

const char *collection_unpack(const uint8_t *packed, size_t size, uint8_t *out, size_t room, size_t *made)
{
    struct bits b = {.bytes = packed, .size = size};
    const char *problem = NULL;
    *made = 0;
    while (!problem) {
        uint32_t tag = take(&b, 2);
        bool byte = tag == 1 || tag == 2;
        uint32_t value = byte ? take(&b, 7) | (tag == 1 ? 0x80u : 0) : take_distance(&b, tag);
        if (b.ended)
            return "it ends without its end code";
        if (!byte && value == 0)
            return NULL;
        if (!byte && value != SECTOR_BREAK)
            problem = copy_back(&b, value, out, room, made);
        else if (byte && *made == room)
            problem = "more bytes than a chunk holds";
        else if (byte)
            out[(*made)++] = (uint8_t)value;
    }
    return problem;
}
