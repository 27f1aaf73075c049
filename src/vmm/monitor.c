// The V86 monitor: instructions that fault in V86 mode because the interrupt flag is virtual, HLT, trapped ports, and
// the ARPL opcodes that stand for V86 break points, call-backs and the break point of nested execution.
#include "vmm/defs.h"

#include <stdio.h>

enum { LONGEST = 15, WINDOW = LONGEST + 1 }; // and an immediate byte behind the opcode

struct insn {
    uint32_t length; // of prefixes and opcode
    uint8_t opcode, immediate;
    bool wide, address32, rep; // operand-size, address-size, REP prefixes
    uint8_t segment;           // client field of the segment of a string instruction's source
    uint32_t eip, eflags, edx; // the client's when it began
};

static uint16_t client16(struct vmm *v, uint32_t offset)
{
    return vmm_peek16(v, vmm_client(v) + offset);
}

static bool take_prefix(struct insn *i, uint8_t byte)
{
    switch (byte) {
    case 0x66:
        i->wide = true;
        return true;
    case 0x67:
        i->address32 = true;
        return true;
    case 0xF2:
    case 0xF3:
        i->rep = true;
        return true;
    case 0x26:
        i->segment = KIT_Client_ES;
        return true;
    case 0x2E:
        i->segment = KIT_Client_CS;
        return true;
    case 0x36:
        i->segment = KIT_Client_SS;
        return true;
    case 0x3E:
        i->segment = KIT_Client_DS;
        return true;
    case 0x64:
        i->segment = KIT_Client_FS;
        return true;
    case 0x65:
        i->segment = KIT_Client_GS;
        return true;
    default:
        return byte == 0xF0;
    }
}

// The bytes where the client stands; of a page behind them that is not there, none. Returns how many.
static uint32_t look(struct vmm *v, uint32_t linear, uint8_t window[WINDOW])
{
    uint32_t n = 0;
    if (vmm_load(v, linear, window, WINDOW))
        return WINDOW;
    while (n < WINDOW && vmm_load(v, linear + n, window + n, 1))
        n++;
    return n;
}

// False: a page fault has been noted, or there is no end of prefixes.
static bool fetch(struct vmm *v, struct insn *i)
{
    uint8_t copy[WINDOW], registers[VMM_CLIENT_BYTES];
    const uint8_t *client = vmm_client_bytes(v, registers);
    *i = (struct insn){.segment = KIT_Client_DS,
                       .eip = base_get32(client + KIT_Client_EIP),
                       .eflags = base_get32(client + KIT_Client_EFlags),
                       .edx = base_get32(client + KIT_Client_EDX)};
    uint32_t linear = base_get16(client + KIT_Client_CS) * 16u + (i->eip & 0xFFFF), n = 0;
    const uint8_t *window = x86_owner_bytes(v->cpu, linear, WINDOW, false);
    uint32_t there = window ? (uint32_t)WINDOW : look(v, linear, copy);
    window = window ? window : copy;
    while (n < LONGEST && n < there && take_prefix(i, window[n]))
        n++;
    if (n == LONGEST)
        return false;
    bool immediate = n < there && (window[n] == 0xCD || (window[n] >= 0xE4 && window[n] <= 0xE7));
    if (n + immediate >= there)
        return vmm_get(v, linear + there, copy, 1);
    i->length = n + 1;
    i->opcode = window[n];
    i->immediate = window[n + immediate];
    return true;
}

static void skip(struct vmm *v, const struct insn *i, uint32_t bytes)
{
    uint32_t crs = vmm_client(v);
    vmm_poke32(v, crs + KIT_Client_EIP, (i->eip + bytes) & 0xFFFF);
    if (i->eflags & X86_RF) // it was for this instruction, not for a breakpoint behind it
        vmm_poke32(v, crs + KIT_Client_EFlags, vmm_peek32(v, crs + KIT_Client_EFlags) & ~(uint32_t)X86_RF);
}

static bool push_flags(struct vmm *v, const struct insn *i)
{
    uint32_t flags = i->eflags & ~(uint32_t)(X86_VM | X86_RF);
    return i->wide ? vmm_v86_push32(v, flags) : vmm_v86_push(v, (uint16_t)flags);
}

static bool pop_flags(struct vmm *v, const struct insn *i)
{
    uint32_t value;
    uint16_t low;
    if (i->wide ? !vmm_v86_pop32(v, &value) : !vmm_v86_pop(v, &low))
        return false;
    vmm_client_flags(v, i->wide ? value : low, i->wide ? vmm_wide_flags(v) : 0xFFFF);
    return true;
}

// Nothing happens before an interrupt; STI's shadow ends here.
static void halt(struct vmm *v, const struct insn *i)
{
    skip(v, i, i->length);
    vmm_idle_set(v, v->s.current, true);
}

static void software_interrupt_begin(struct vmm *v, const struct insn *i)
{
    uint8_t vector = i->opcode == 0xCD ? i->immediate : i->opcode == 0xCE ? 4 : 3;
    uint32_t length = i->length + (i->opcode == 0xCD);
    skip(v, i, length);
    vmm_v86_int_begin(v, vector);
    if (v->call.faulted) // no room on its stack: it begins again when there is
        skip(v, i, 0);
}

// IN, OUT, INS, OUTS on a port that is trapped: the I/O chapter's handlers.
static void port_begin(struct vmm *v, const struct insn *i)
{
    bool fixed = i->opcode >= 0xE4 && i->opcode <= 0xE7, string = i->opcode >= 0x6C && i->opcode <= 0x6F;
    bool out = i->opcode & 2, word = i->opcode & 1;
    uint32_t type = (out ? KIT_Output : 0) | (word ? i->wide ? KIT_Dword_IO : KIT_Word_IO : 0);
    if (string) {
        type |= KIT_String_IO | (i->rep ? KIT_Rep_IO : 0) | (i->address32 ? KIT_Addr_32_IO : 0);
        type |= i->eflags & X86_DF ? KIT_Reverse_IO : 0;
        type |= (uint32_t)client16(v, out ? i->segment : KIT_Client_ES) << 16;
    }
    skip(v, i, i->length + fixed);
    vmm_io_begin(v, fixed ? i->immediate : (uint16_t)i->edx, type);
}

static bool emulate_begin(struct vmm *v, const struct insn *i)
{
    switch (i->opcode) {
    case 0xFA:
        skip(v, i, i->length);
        vmm_client_flags(v, 0, X86_IF);
        break;
    case 0xFB:
        skip(v, i, i->length);
        vmm_client_sti(v);
        break;
    case 0x9C:
        if (push_flags(v, i))
            skip(v, i, i->length);
        break;
    case 0x9D:
        if (pop_flags(v, i))
            skip(v, i, i->length);
        break;
    case 0xCC:
    case 0xCD:
    case 0xCE:
        software_interrupt_begin(v, i);
        break;
    case 0xCF:
        (void)!(i->wide ? vmm_v86_iret32(v) : vmm_v86_iret(v));
        break;
    case 0xF4:
        halt(v, i);
        break;
    case 0x6C:
    case 0x6D:
    case 0x6E:
    case 0x6F:
    case 0xE4:
    case 0xE5:
    case 0xE6:
    case 0xE7:
    case 0xEC:
    case 0xED:
    case 0xEE:
    case 0xEF:
        port_begin(v, i);
        break;
    default:
        return false;
    }
    return true;
}

// A general protection fault of a V86 client. False: not one of the monitor's.
bool vmm_monitor_begin(struct vmm *v)
{
    struct insn i;
    if (!fetch(v, &i))
        return v->call.faulted;
    bool traced = i.eflags & X86_TF;
    vmm_current(v)->shadow = 0; // this is the instruction behind STI
    if (!emulate_begin(v, &i))
        return false;
    // What the processor would have trapped behind; interrupts begin untraced.
    bool interrupt = i.opcode >= 0xCC && i.opcode <= 0xCE;
    vmm_current(v)->step_due = traced && !interrupt && !v->call.faulted;
    return true;
}

// --- the end of programs that do what nobody handles

static uint32_t error_of(const struct vmm_fault *fault, const uint8_t *code)
{
    switch (fault->vector) {
    case 6:
        return KIT_GSDVME_InvalInst;
    case 13:
        return code[0] == 0x0F ? KIT_GSDVME_PrivInst : KIT_GSDVME_InvalGpFlt;
    case 14:
        return KIT_GSDVME_InvalPgFlt;
    default:
        return KIT_GSDVME_InvalFlt;
    }
}

// Its VM crashes and the others go on; without the System VM nothing does (VDAG31 GetSetDetailedVMError, Crash_Cur_VM).
static void crash_begin(struct vmm *v, uint32_t error, uint32_t linear, const char *what)
{
    const struct vmm_vm *vm = vmm_vm_at(v, vmm_current(v)->vm);
    vmm_vm_error_set(v, vm->cb, error, linear);
    if (vm->system) {
        vmm_stop(v, VMM_END_FAULT, "the System VM's V86 code cannot go on: %s", what);
        return;
    }
    vmm_report(v, "client-fault", linear, "VDAG31 GetSetDetailedVMError",
               "the program of virtual machine %u is ended: %s", (unsigned)vm->id, what);
    vmm_crash_current_begin(v);
}

void vmm_v86_dies_begin(struct vmm *v, const struct vmm_fault *fault)
{
    uint8_t code[4] = {0};
    uint32_t linear = fault->cs * 16u + fault->eip;
    char what[120];
    (void)!vmm_load(v, linear, code, sizeof code);
    snprintf(what, sizeof what, "%s (%u, error %X) at %04X:%04X, code %02X %02X %02X %02X",
             vmm_exception_name(fault->vector), fault->vector, (unsigned)fault->error, fault->cs, (unsigned)fault->eip,
             code[0], code[1], code[2], code[3]);
    crash_begin(v, error_of(fault, code), linear, what);
}

// Nested execution of nobody can end here: the program has jumped to the ROM, or run into it.
void vmm_v86_stray_begin(struct vmm *v)
{
    crash_begin(v, KIT_GSDVME_InvalInst, VMM_IDLE_SEGMENT * 16u + VMM_TRAP_OFFSET,
                "it reached the break point of nested execution, but nobody waits for it");
}

// --- traps: ARPL opcodes in V86 mode

static uint32_t client_address(struct vmm *v)
{
    return (uint32_t)client16(v, KIT_Client_CS) << 16 | client16(v, KIT_Client_EIP);
}

uint32_t vmm_trap_find(struct vmm *v, uint32_t address)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_trap)->count; i++)
        if (vmm_trap_at(v, i)->used && vmm_trap_at(v, i)->address == address)
            return i;
    return 0;
}

// An invalid opcode of a V86 client. False: not one of the VMM's traps.
bool vmm_trap_begin(struct vmm *v)
{
    if (vmm_is_nest_break(v)) {
        vmm_nest_reached_begin(v);
        return true;
    }
    return vmm_trap_call_begin(v, client_address(v));
}

// Calls the procedure behind a trap. False: there is none at this seg:off or sel:off.
bool vmm_trap_call_begin(struct vmm *v, uint32_t address)
{
    uint32_t row = vmm_trap_find(v, address);
    if (!row)
        return false;
    if (vmm_trap_at(v, row)->kind == VMM_TRAP_API && !vmm_device_api_entered_begin(v, vmm_trap_at(v, row)->reference))
        return true;
    struct vmm_frame *f = vmm_frame_push(v, VMM_FRAME_TRAP);
    if (!f)
        return true;
    const struct vmm_trap *t = vmm_trap_at(v, row);
    uint32_t *r = vmm_regs(v), proc = t->kind == VMM_TRAP_API ? vmm_device_api_of(v, t->reference) : t->proc;
    if (t->kind == VMM_TRAP_BREAK) {
        r[X86_EAX] = t->address;
        r[X86_ESI] = (t->address >> 16) * 16 + (t->address & 0xFFFF);
    }
    r[X86_EBX] = vmm_current_vm(v);
    r[X86_EDX] = t->reference;
    r[X86_EBP] = f->a[11] = vmm_client(v);
    f->contract = VMM_INTERRUPTS_ON | VMM_DIRECTION_UP;
    v->cpu->state.eflags = (v->cpu->state.eflags | X86_IF) & ~(uint32_t)(X86_DF | X86_CF);
    vmm_frame_call_begin(v, proc);
    return true;
}

static void trap_resume(struct vmm *v, struct vmm_frame *f)
{
    (void)f;
    vmm_frame_pop_all(v);
}

const struct vmm_frame_kind vmm_trap_frame = {"the V86 callback", trap_resume, NULL};

// --- services

static uint32_t linear_of(uint32_t address)
{
    return (address >> 16) * 16 + (address & 0xFFFF);
}

// Another break point on the same byte, under another segment; 0 = none. Both know what the byte was.
static uint32_t same_byte(struct vmm *v, uint32_t address)
{
    for (uint32_t i = 1; i < vmm_table(v, VMM_TABLE_trap)->count; i++) {
        const struct vmm_trap *t = vmm_trap_at(v, i);
        if (t->used && t->kind == VMM_TRAP_BREAK && t->address != address &&
            linear_of(t->address) == linear_of(address))
            return i;
    }
    return 0;
}

// Carry: there is one, or no memory that can be changed.
static void install_break_point(struct vmm *v)
{
    const uint32_t *r = vmm_regs(v);
    uint32_t linear = linear_of(r[X86_EAX]), same = same_byte(v, r[X86_EAX]);
    uint8_t original, now = 0;
    const uint8_t arpl = 0x63;
    vmm_set_flag(v, X86_CF, true);
    if (vmm_trap_find(v, r[X86_EAX]) || !vmm_get(v, linear, &original, 1) || !vmm_put(v, linear, &arpl, 1) ||
        !vmm_get(v, linear, &now, 1) || now != arpl)
        return;
    if (same)
        original = vmm_trap_at(v, same)->original;
    uint32_t row = vmm_trap_new(v);
    if (row)
        *vmm_trap_at(v, row) = (struct vmm_trap){.address = r[X86_EAX],
                                                 .proc = r[X86_ESI],
                                                 .reference = r[X86_EDX],
                                                 .kind = VMM_TRAP_BREAK,
                                                 .original = original,
                                                 .used = 1};
    vmm_set_flag(v, X86_CF, !row);
}

static void remove_break_point(struct vmm *v)
{
    uint32_t address = vmm_regs(v)[X86_EAX], row = vmm_trap_find(v, address);
    bool found = row && vmm_trap_at(v, row)->kind == VMM_TRAP_BREAK;
    if (found && !same_byte(v, address) && !vmm_put(v, linear_of(address), &vmm_trap_at(v, row)->original, 1))
        return;
    if (found)
        vmm_trap_free(v, row);
    vmm_set_flag(v, X86_CF, !found);
}

// The next ARPL byte of the ROM becomes an address that V86 code can call.
uint32_t vmm_v86_call_back(struct vmm *v, uint32_t proc, uint32_t reference)
{
    if (v->s.traps_used + 1 >= VMM_TRAPS)
        return 0;
    uint32_t row = vmm_trap_new(v);
    if (!row)
        return 0;
    uint32_t address = (uint32_t)VMM_IDLE_SEGMENT << 16 | (VMM_TRAP_OFFSET + ++v->s.traps_used);
    *vmm_trap_at(v, row) = (struct vmm_trap){
        .address = address, .proc = proc, .reference = reference, .kind = VMM_TRAP_CALL_BACK, .used = 1};
    return address;
}

static void allocate_v86_call_back(struct vmm *v)
{
    uint32_t *r = vmm_regs(v), address = vmm_v86_call_back(v, r[X86_ESI], r[X86_EDX]);
    vmm_set_flag(v, X86_CF, !address);
    if (address)
        r[X86_EAX] = address;
}

static const struct vmm_binding bindings[] = {
    {KIT_Install_V86_Break_Point, install_break_point},
    {KIT_Remove_V86_Break_Point, remove_break_point},
    {KIT_Allocate_V86_Call_Back, allocate_v86_call_back},
    {0, NULL},
};

const struct vmm_chapter vmm_monitor_chapter = {.bindings = bindings};
