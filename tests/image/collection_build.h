// Makes collections of drivers for tests: W3 files from driver images, W4 files from W3 files. The packing looks for
// the longest copy, ends copies at 512-byte boundaries and marks these, as the documentation of VxDLIB describes it.
// Header only.
#ifndef VXDKIT_TESTS_COLLECTION_BUILD_H
#define VXDKIT_TESTS_COLLECTION_BUILD_H

#include <string.h>

#include "base/buf.h"

enum { CHUNK_BYTES = 0x2000, SECTOR_BYTES = 512, STUB_BYTES = 0x80, TABLE_AT = 0x10 };

// ---------------------------------------------------------------------------------------------------------------------
// Packing

struct bit_writer {
    struct base_buf *out;
    uint32_t held, count;
};

static void put_bits(struct bit_writer *w, uint32_t value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        w->held |= (value >> i & 1) << w->count++;
        if (w->count == 8) {
            base_buf_add8(w->out, (uint8_t)w->held);
            w->held = w->count = 0;
        }
    }
}

static void put_byte(struct bit_writer *w, uint8_t byte)
{
    put_bits(w, byte & 0x80 ? 1 : 2, 2);
    put_bits(w, byte & 0x7F, 7);
}

static void put_distance(struct bit_writer *w, uint32_t distance)
{
    if (distance < 64) {
        put_bits(w, 0, 2);
        put_bits(w, distance, 6);
    } else if (distance < 320) {
        put_bits(w, 3, 3);
        put_bits(w, distance - 64, 8);
    } else {
        put_bits(w, 7, 3);
        put_bits(w, distance - 320, 12);
    }
}

static void put_length(struct bit_writer *w, uint32_t length) // 2 to 512
{
    uint32_t zeros = 0;
    while (length > 1 + (2u << zeros) - 1)
        zeros++;
    put_bits(w, 1u << zeros, zeros + 1);
    put_bits(w, length - 1 - (1u << zeros), zeros);
}

static void put_end(struct bit_writer *w)
{
    put_distance(w, 0);
    put_bits(w, 0, (0 - w->count) & 7);
}

static uint32_t match(const uint8_t *bytes, uint32_t at, uint32_t distance, uint32_t most)
{
    uint32_t n = 0;
    while (n < most && bytes[at + n] == bytes[at + n - distance])
        n++;
    return n;
}

static void pack_chunk(const uint8_t *bytes, uint32_t size, struct base_buf *out)
{
    struct bit_writer w = {.out = out};
    for (uint32_t at = 0; at < size;) {
        uint32_t most = SECTOR_BYTES - at % SECTOR_BYTES, best = 0, distance = 0;
        if (most > size - at)
            most = size - at;
        if (at && at % SECTOR_BYTES == 0)
            put_distance(&w, 4415);
        for (uint32_t d = 1; d <= at && d < 4415 && best < most; d++) {
            uint32_t n = match(bytes, at, d, most);
            if (n > best) {
                best = n;
                distance = d;
            }
        }
        if (best >= 2) {
            put_distance(&w, distance);
            put_length(&w, best);
            at += best;
        } else {
            put_byte(&w, bytes[at++]);
        }
    }
    put_end(&w);
}

// ---------------------------------------------------------------------------------------------------------------------
// Files

static void put_head(struct base_buf *out, const char *signature, uint16_t at4, uint16_t at6, const char *method)
{
    static const uint8_t mz[] = {'M', 'Z'};
    base_buf_add(out, mz, sizeof mz);
    base_buf_fill(out, 0, 0x3C - sizeof mz);
    base_buf_add32(out, STUB_BYTES);
    base_buf_fill(out, 0x90, STUB_BYTES - 0x40);
    base_buf_add(out, signature, 2);
    base_buf_add16(out, 0x0400);
    base_buf_add16(out, at4);
    base_buf_add16(out, at6);
    base_buf_add(out, method, 2);
    base_buf_fill(out, 0, 6);
}

struct part {
    const char *name;
    const uint8_t *bytes; // a driver file
    size_t size;
};

static void put_driver(struct base_buf *out, const struct part *p, uint32_t index)
{
    const uint8_t *header = p->bytes + base_get32(p->bytes + 0x3C);
    uint32_t tables = base_get32(header + 0x80) - base_get32(p->bytes + 0x3C);
    uint32_t pages = base_get32(header + 0x14), data = pages ? (pages - 1) * 0x1000 + base_get32(header + 0x2C) : 0;
    uint32_t entry = STUB_BYTES + TABLE_AT + index * 16, at = (uint32_t)out->size;
    base_buf_add(out, header, tables);
    base_buf_fill(out, 0, (0 - out->size) & 0xFFF);
    base_buf_put32(out, at + 0x80, (uint32_t)out->size);
    base_buf_add(out, p->bytes + base_get32(header + 0x80), data);
    base_buf_fill(out, 0, (0 - out->size) & 0xFFF);
    base_buf_put32(out, entry + 8, at);
    base_buf_put32(out, entry + 12, tables);
}

static void make_w3(const struct part *parts, uint16_t count, struct base_buf *out)
{
    put_head(out, "W3", count, 0, "\0\0");
    for (uint32_t i = 0; i < count; i++) {
        base_buf_add(out, parts[i].name, strlen(parts[i].name));
        base_buf_fill(out, ' ', 8 - strlen(parts[i].name));
        base_buf_fill(out, 0, 8);
    }
    for (uint32_t i = 0; i < count; i++)
        put_driver(out, &parts[i], i);
}

static void make_w4(const struct base_buf *w3, struct base_buf *out)
{
    uint32_t size = (uint32_t)w3->size - STUB_BYTES, chunks = (size + CHUNK_BYTES - 1) / CHUNK_BYTES;
    put_head(out, "W4", CHUNK_BYTES, (uint16_t)chunks, "DS");
    base_buf_fill(out, 0, chunks * 4);
    for (uint32_t i = 0; i < chunks; i++) {
        uint32_t at = i * CHUNK_BYTES, rest = size - at;
        base_buf_put32(out, STUB_BYTES + TABLE_AT + i * 4, (uint32_t)out->size);
        pack_chunk(w3->data + STUB_BYTES + at, rest < CHUNK_BYTES ? rest : CHUNK_BYTES, out);
    }
}

#endif
