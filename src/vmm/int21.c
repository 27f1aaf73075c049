// The table of INT 21h's functions with pointers (RBIL, INT 21h).
#include "vmm/int21.h"

#define DS_DX(kind, bytes)                                                                                             \
    {                                                                                                                  \
        kind, KIT_Client_DS, KIT_Client_EDX, bytes                                                                     \
    }
#define DS_SI(kind, bytes)                                                                                             \
    {                                                                                                                  \
        kind, KIT_Client_DS, KIT_Client_ESI, bytes                                                                     \
    }
#define ES_DI(kind, bytes)                                                                                             \
    {                                                                                                                  \
        kind, KIT_Client_ES, KIT_Client_EDI, bytes                                                                     \
    }
#define ALL 0x00, 0xFF

static const struct vmm_dos_function functions[] = {
    {0x09, ALL, 0, {DS_DX(VMM_DOLLAR, 0)}},
    {0x0A, ALL, 0, {DS_DX(VMM_LINE, 0)}},
    {0x0F, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x10, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x11, ALL, VMM_WITH_DTA, {DS_DX(VMM_FCB, 0)}},
    {0x12, ALL, VMM_WITH_DTA, {DS_DX(VMM_FCB, 0)}},
    {0x13, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x14, ALL, VMM_RECORD, {DS_DX(VMM_FCB, 0)}},
    {0x15, ALL, VMM_RECORD, {DS_DX(VMM_FCB, 0)}},
    {0x16, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x17, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x1A, ALL, 0, {DS_DX(VMM_NEW_DTA, 0)}},
    {0x1B, ALL, VMM_SEGMENT_IN_DS, {{0}}},
    {0x1C, ALL, VMM_SEGMENT_IN_DS, {{0}}},
    {0x1F, ALL, VMM_SEGMENT_IN_DS, {{0}}},
    {0x21, ALL, VMM_RECORD, {DS_DX(VMM_FCB, 0)}},
    {0x22, ALL, VMM_RECORD, {DS_DX(VMM_FCB, 0)}},
    {0x23, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x24, ALL, 0, {DS_DX(VMM_FCB, 0)}},
    {0x27, ALL, VMM_RECORDS, {DS_DX(VMM_FCB, 0)}},
    {0x28, ALL, VMM_RECORDS, {DS_DX(VMM_FCB, 0)}},
    {0x29, ALL, VMM_SI_MOVES, {DS_SI(VMM_PARSED, 0), ES_DI(VMM_BOTH, 16)}},
    {0x32, ALL, VMM_SEGMENT_IN_DS, {{0}}},
    {0x34, ALL, VMM_SEGMENT_IN_ES, {{0}}},
    {0x38, ALL, 0, {DS_DX(VMM_OUTPUT, 34)}},
    {0x39, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x3A, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x3B, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x3C, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x3D, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x3F, ALL, VMM_IN_PIECES, {DS_DX(VMM_OUT_COUNT, 0)}},
    {0x40, ALL, VMM_IN_PIECES, {DS_DX(VMM_IN_COUNT, 0)}},
    {0x41, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x43, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x44, 0x02, 0x02, 0, {DS_DX(VMM_OUT_COUNT, 0)}},
    {0x44, 0x03, 0x03, 0, {DS_DX(VMM_IN_COUNT, 0)}},
    {0x44, 0x04, 0x04, 0, {DS_DX(VMM_OUT_COUNT, 0)}},
    {0x44, 0x05, 0x05, 0, {DS_DX(VMM_IN_COUNT, 0)}},
    {0x47, ALL, 0, {DS_SI(VMM_OUTPUT, 64)}},
    {0x4B, 0x00, 0x00, 0, {DS_DX(VMM_TEXT, 0), {VMM_PROGRAM, KIT_Client_ES, KIT_Client_EBX, 0}}},
    {0x4E, ALL, VMM_WITH_DTA, {DS_DX(VMM_TEXT, 0)}},
    {0x4F, ALL, VMM_WITH_DTA, {{0}}},
    {0x52, ALL, VMM_SEGMENT_IN_ES, {{0}}},
    {0x56, ALL, 0, {DS_DX(VMM_TEXT, 0), ES_DI(VMM_TEXT, 0)}},
    {0x5A, ALL, 0, {DS_DX(VMM_NEW_TEXT, 0)}},
    {0x5B, ALL, 0, {DS_DX(VMM_TEXT, 0)}},
    {0x60, ALL, 0, {DS_SI(VMM_TEXT, 0), ES_DI(VMM_OUTPUT, 128)}},
    {0x63, ALL, VMM_SEGMENT_IN_DS, {{0}}},
    {0x65, 0x01, 0x07, 0, {ES_DI(VMM_TABLE, 0)}},
    {0x6C, ALL, 0, {DS_SI(VMM_TEXT, 0)}},
};

const struct vmm_dos_function *vmm_dos_function(uint16_t ax)
{
    for (size_t i = 0; i < BASE_COUNT(functions); i++) {
        const struct vmm_dos_function *t = &functions[i];
        if (t->function == ax >> 8 && (ax & 0xFF) >= t->first && (ax & 0xFF) <= t->last)
            return t;
    }
    return NULL;
}

// Extended blocks have more in front.
uint32_t vmm_fcb_bytes(uint8_t first)
{
    return VMM_FCB_BYTES + (first == 0xFF ? VMM_FCB_EXTENDED : 0u);
}
