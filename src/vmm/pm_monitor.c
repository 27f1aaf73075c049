// Instructions of a protected-mode client that fault because it runs at IOPL 0 and without gates of its own: CLI, STI,
// HLT, software interrupts and trapped ports. PUSHF, POPF and IRET do not fault in protected mode: as on Windows, they
// do not see the virtual interrupt flag. The V86 half is monitor.c.
#include "vmm/defs.h"
#include "vmm/pmode.h"
#include "vmm/selectors.h"

#include <string.h>

struct insn {
    uint32_t linear; // of its first byte
    uint32_t length; // of prefixes and opcode
    uint8_t opcode;
    bool wide, address32, rep;
    uint8_t segment; // offset of the client's field for a string instruction's source
};

static uint32_t client(struct vmm *v, uint32_t offset)
{
    return vmm_peek32(v, vmm_client(v) + offset);
}

// True: it was a prefix.
static bool take_prefix(struct insn *i, uint8_t byte, bool code32)
{
    static const struct {
        uint8_t byte, field;
    } segments[] = {{0x26, KIT_Client_ES}, {0x2E, KIT_Client_CS}, {0x36, KIT_Client_SS},
                    {0x3E, KIT_Client_DS}, {0x64, KIT_Client_FS}, {0x65, KIT_Client_GS}};
    for (size_t n = 0; n < BASE_COUNT(segments); n++)
        if (segments[n].byte == byte)
            i->segment = segments[n].field;
    i->wide = byte == 0x66 ? !code32 : i->wide;
    i->address32 = byte == 0x67 ? !code32 : i->address32;
    i->rep = i->rep || (byte & 0xFE) == 0xF2;
    return byte == 0x66 || byte == 0x67 || (byte & 0xFE) == 0xF2 || byte == 0xF0 || (byte & 0xE7) == 0x26 ||
           (byte & 0xFE) == 0x64;
}

static bool fetch(struct vmm *v, struct insn *i)
{
    uint32_t high, low, cs = client(v, KIT_Client_CS) & 0xFFFF;
    memset(i, 0, sizeof *i);
    if (!vmm_descriptor(v, vmm_current_vm(v), cs, &high, &low))
        return false;
    bool code32 = high & VMM_DESCRIPTOR_WIDE;
    i->linear = vmm_descriptor_base(high, low) + client(v, KIT_Client_EIP);
    i->wide = i->address32 = code32;
    i->segment = KIT_Client_DS;
    while (i->length < 15) {
        uint8_t byte;
        if (!vmm_user_get(v, i->linear + i->length++, &byte, 1))
            return false;
        i->opcode = byte;
        if (!take_prefix(i, byte, code32))
            return true;
    }
    return false;
}

// RF was for the instruction that faulted, not for a breakpoint behind it.
static void skip(struct vmm *v, uint32_t bytes)
{
    uint32_t crs = vmm_client(v);
    vmm_poke32(v, crs + KIT_Client_EIP, client(v, KIT_Client_EIP) + bytes);
    vmm_poke32(v, crs + KIT_Client_EFlags, client(v, KIT_Client_EFlags) & ~(uint32_t)X86_RF);
}

// INT3 and INTO are exceptions: the application's handler for them comes first (debuggers live by it).
static void software_interrupt_begin(struct vmm *v, const struct insn *i)
{
    uint8_t vector = i->opcode == 0xCE ? 4 : 3;
    if (i->opcode == 0xCD && !vmm_user_get(v, i->linear + i->length, &vector, 1))
        return;
    uint32_t length = i->length + (i->opcode == 0xCD), eip = client(v, KIT_Client_EIP);
    skip(v, length);
    if (i->opcode == 0xCD)
        vmm_pm_int_begin(v, vector);
    else
        vmm_pm_exception_begin(v, vector, 0);
    if (v->call.faulted)
        vmm_poke32(v, vmm_client(v) + KIT_Client_EIP, eip);
}

static uint32_t index_of(struct vmm *v, const struct insn *i, uint32_t field)
{
    return i->address32 ? client(v, field) : client(v, field) & 0xFFFF;
}

// The first element of a string must be in the client's reach: else the fault is its own, at the instruction.
static bool string_there(struct vmm *v, const struct insn *i)
{
    bool out = i->opcode & 2;
    uint32_t size = i->opcode & 1 ? i->wide ? 4 : 2 : 1, linear;
    if (i->rep && !index_of(v, i, KIT_Client_ECX))
        return true;
    return vmm_pm_linear(v, client(v, out ? i->segment : (uint32_t)KIT_Client_ES) & 0xFFFF,
                         index_of(v, i, out ? KIT_Client_ESI : KIT_Client_EDI), size, !out, &linear);
}

static void port_begin(struct vmm *v, const struct insn *i)
{
    uint8_t port8 = 0;
    bool immediate = i->opcode >= 0xE4 && i->opcode <= 0xE7, string = i->opcode >= 0x6C && i->opcode <= 0x6F;
    if (immediate && !vmm_user_get(v, i->linear + i->length, &port8, 1))
        return;
    bool out = i->opcode & 2, word = i->opcode & 1;
    uint32_t type = (out ? KIT_Output : 0) | (word ? i->wide ? KIT_Dword_IO : KIT_Word_IO : 0);
    if (string) {
        type |= KIT_String_IO | (i->rep ? KIT_Rep_IO : 0) | (i->address32 ? KIT_Addr_32_IO : 0);
        type |= client(v, KIT_Client_EFlags) & X86_DF ? KIT_Reverse_IO : 0;
        type |= client(v, out ? i->segment : KIT_Client_ES) << 16;
    }
    skip(v, i->length + immediate);
    vmm_io_begin(v, immediate ? port8 : (uint16_t)client(v, KIT_Client_EDX), type);
}

static bool is_port(uint8_t opcode)
{
    return (opcode & 0xFC) == 0x6C || (opcode & 0xFC) == 0xE4 || (opcode & 0xFC) == 0xEC;
}

static bool emulate_begin(struct vmm *v, const struct insn *i)
{
    if ((i->opcode & 0xFC) == 0x6C && !string_there(v, i))
        return false;
    if (is_port(i->opcode)) {
        port_begin(v, i);
        return true;
    }
    switch (i->opcode) {
    case 0xFA:
    case 0xFB:
        skip(v, i->length);
        vmm_client_flags(v, i->opcode == 0xFB ? X86_IF : 0, X86_IF);
        return true;
    case 0xCC:
    case 0xCD:
    case 0xCE: // faults when there was an overflow
        software_interrupt_begin(v, i);
        return true;
    case 0xF4:
        skip(v, i->length);
        vmm_idle_set(v, v->s.current, true);
        return true;
    default:
        return false;
    }
}

bool vmm_pm_monitor_begin(struct vmm *v)
{
    struct insn i;
    if (!fetch(v, &i))
        return v->call.faulted;
    bool traced = client(v, KIT_Client_EFlags) & X86_TF, interrupt = i.opcode >= 0xCC && i.opcode <= 0xCE;
    if (!emulate_begin(v, &i))
        return false;
    // What the processor would have trapped behind; interrupts begin untraced.
    vmm_thread_at(v, v->s.current)->step_due = traced && !interrupt && !v->call.faulted;
    return true;
}
