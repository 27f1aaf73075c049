// Functions of INT 21h that take pointers, for those who call DOS from elsewhere than V86 mode: what each pointer shows
// (int21.c has the table; protected-mode applications: dpmi_int21.c, drivers: vxdint_dos.c).
#ifndef VXDKIT_VMM_INT21_H
#define VXDKIT_VMM_INT21_H

#include "vmm/machine.h"

enum vmm_dos_argument_kind {
    VMM_NOTHING,
    VMM_TEXT,     // ends with 0
    VMM_NEW_TEXT, // the same, DOS appends a name of up to 12 characters
    VMM_DOLLAR,   // ends with $
    VMM_LINE,     // of function 0Ah: its first byte is its size
    VMM_OUTPUT,   // a certain size, DOS writes it
    VMM_NEW_DTA,  // where DOS shall put what it finds
    VMM_PROGRAM,  // the parameter block of EXEC, with what it points to
    VMM_IN_COUNT, // (E)CX bytes, DOS reads them
    VMM_OUT_COUNT,
    VMM_BOTH,   // a certain size, DOS reads and writes it
    VMM_FCB,    // a file control block, extended or not: the same
    VMM_PARSED, // a line for function 29h: ends with 0 or CR, or where the segment does
    VMM_TABLE,  // CX bytes that DOS writes; with a far pointer behind the first where AL is not 1
};
// Of a row: DOS writes the DTA; long ones; ES, DS is a segment; DOS moves SI along the first part; records in the DTA,
// one or CX of them.
enum {
    VMM_WITH_DTA = 1,
    VMM_IN_PIECES = 2,
    VMM_SEGMENT_IN_ES = 4,
    VMM_SEGMENT_IN_DS = 8,
    VMM_SI_MOVES = 16,
    VMM_RECORD = 32,
    VMM_RECORDS = 64
};

enum { VMM_DOS_PARTS = 2, VMM_FCB_BYTES = 37, VMM_FCB_EXTENDED = 7 };

struct vmm_dos_argument {
    uint8_t kind; // enum vmm_dos_argument_kind
    uint8_t segment, offset;
    uint8_t bytes;
};

struct vmm_dos_function {
    uint8_t function, first, last; // AH, AL
    uint8_t flags;
    struct vmm_dos_argument arg[VMM_DOS_PARTS];
};

const struct vmm_dos_function *vmm_dos_function(uint16_t ax); // NULL: no pointers, or not translated
uint32_t vmm_fcb_bytes(uint8_t first);                        // of the block that begins with this byte

#endif
