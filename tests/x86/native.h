// What the differential test and its 32-bit helper share: a file mapped by both that holds a batch of cases. The helper
// runs each on the host's own processor and writes the outcome into the same place.
#ifndef VXDKIT_TESTS_X86_NATIVE_H
#define VXDKIT_TESTS_X86_NATIVE_H

#include <stdint.h>

enum {
    NATIVE_BATCH = 128,
    NATIVE_CODE_BYTES = 256,
    NATIVE_DATA_BYTES = 4096,
    NATIVE_CODE = 0x10000000,
    NATIVE_DATA = 0x20000000, // linear addresses
    // Selectors of the LDT that the helper makes and the test copies
    NATIVE_SMALL = 0x07,
    NATIVE_DOWN = 0x0f,
    NATIVE_READONLY = 0x17,
    NATIVE_CODE16 = 0x1f,
    NATIVE_STACK16 = 0x27,
    NATIVE_FLAT_CODE = 0x23,
    NATIVE_FLAT_DATA = 0x2b, // as a 64-bit Linux has them
};

struct native_case {
    uint32_t reg[8], eip, eflags;
    uint32_t seg[6];                 // ES, CS, SS, DS, FS, GS
    uint32_t vector, error, address; // outcome: 3 = ran to the INT3 behind the code
    uint8_t code[NATIVE_CODE_BYTES];
    uint8_t data[NATIVE_DATA_BYTES]; // the page at NATIVE_DATA
};

#endif
