// Handles of events and time-outs: the number of the row in the low bits, a count above it. As few bits as the row
// needs are taken for it, 6 at least, so that few rows, which are used again and again, leave most bits to the count.
// The row keeps its handle. A dead one is taken for a living one only when a multiple of 2^(32 - bits) others were made
// since and the last of them got the same row: 67 million with up to 64 at a time, 4096 with a million at a time.
#ifndef VXDKIT_VMM_HANDLE_H
#define VXDKIT_VMM_HANDLE_H

#include "base/status.h"

enum { VMM_HANDLE_LEAST = 6, VMM_HANDLE_MOST = 22 }; // bits of a row; VMM_MOST_ROWS

static inline unsigned vmm_handle_bits(uint32_t row)
{
    unsigned bits = VMM_HANDLE_LEAST;
    while (row >> bits)
        bits++;
    return bits;
}

static inline uint32_t vmm_handle(uint32_t row, uint32_t count)
{
    return row | count << vmm_handle_bits(row);
}

// The row that a handle may stand for when rows take so many bits; 0: none.
static inline uint32_t vmm_handle_row(uint32_t handle, unsigned bits)
{
    uint32_t row = handle & ((UINT32_C(1) << bits) - 1);
    return vmm_handle_bits(row) == bits ? row : 0;
}

#endif
