// From a trap to C and back. Every interrupt of BIOS and DOS is a V86 call-back: an address in the ROM whose byte
// traps. The handler works on the client's registers and memory; afterwards the client returns as with IRET. A handler
// that has to wait leaves the client where it is: after the next interrupt it traps again, and the call begins anew. So
// nothing of a call is ever kept on the host's stack.
#include "dos/defs.h"

static const struct {
    uint8_t vector; // with internal: enum dos_trap
    bool internal;
    dos_fn *fn;
} entries[] = {
    {DOS_TRAP_START, true, dos_start_program},
    {DOS_TRAP_EXIT, true, dos_program_exits},
    {DOS_TRAP_TICK, true, dos_tick},
    {DOS_TRAP_KEY, true, dos_key_pressed},
    {DOS_TRAP_CPM, true, dos_cpm},
    {DOS_TRAP_CRITICAL, true, dos_critical_answered},
    {DOS_TRAP_XMS, true, dos_xms},
    {DOS_TRAP_BROKEN, true, dos_broken},
    {0x00, false, dos_int00},
    {0x01, false, dos_nothing},
    {0x03, false, dos_nothing},
    {0x04, false, dos_nothing},
    {0x05, false, dos_int05},
    {0x10, false, dos_int10},
    {0x11, false, dos_int11},
    {0x12, false, dos_int12},
    {0x13, false, dos_int13},
    {0x14, false, dos_int14},
    {0x15, false, dos_int15},
    {0x16, false, dos_int16},
    {0x17, false, dos_int17},
    {0x18, false, dos_int18},
    {0x19, false, dos_int19},
    {0x1A, false, dos_int1a},
    {0x1B, false, dos_int1b},
    {0x1C, false, dos_nothing},
    {0x20, false, dos_int20},
    {0x21, false, dos_int21},
    {0x23, false, dos_int20},
    {0x24, false, dos_int24},
    {0x25, false, dos_int25},
    {0x26, false, dos_int25},
    {0x27, false, dos_int27},
    {0x28, false, dos_nothing},
    {0x29, false, dos_int29},
    {0x2A, false, dos_nothing},
    {0x2F, false, dos_int2f},
    {0x33, false, dos_int33},
    {0x67, false, dos_int67},
};

uint32_t dos_vector(uint8_t vector, const struct dos_state *s)
{
    if (vector == 8)
        return s->stub_tick;
    if (vector == 9)
        return s->stub_key;
    for (unsigned i = 0; i < BASE_COUNT(entries); i++)
        if (!entries[i].internal && entries[i].vector == vector)
            return s->trap[i];
    return 0;
}

static void entered(void *user, struct vmm *v)
{
    (void)user;
    uint32_t i = vmm_regs(v)[X86_EDX];
    if (i >= BASE_COUNT(entries) || !vmm_client_v86(v)) {
        vmm_stop(v, VMM_END_MISSING, "a trap of the BIOS was entered in protected mode: not implemented");
        return;
    }
    struct dos_call c = {.v = v,
                         .s = vmm_device_state(v, &dos_resident),
                         .crs = vmm_client(v),
                         .vm = vmm_vm_number(v, vmm_current_vm(v)),
                         .vector = entries[i].internal ? 0 : entries[i].vector};
    if (dos_read8(&c, DOS_DATA, DATA_WAITING)) {
        dos_write8(&c, DOS_DATA, DATA_WAITING, 0);
        dos_write8(&c, DOS_DATA, DATA_IDLE_TOLD, 0);
    }
    entries[i].fn(&c);
    vmm_cpu(v)->state.count += c.work;
    if (!c.stay && !c.faulted)
        (void)!vmm_v86_iret(v);
}

bool dos_entries_create(struct vmm *v)
{
    struct dos_state *s = vmm_device_state(v, &dos_resident);
    uint32_t proc = vmm_host_proc(v, entered, NULL);
    for (uint32_t i = 0; proc && i < BASE_COUNT(entries); i++)
        if (!(s->trap[i] = vmm_v86_call_back(v, proc, i)))
            return false;
    return proc != 0;
}

struct dos_call dos_call_of(struct vmm *v, uint32_t vm)
{
    return (struct dos_call){.v = v,
                             .s = vmm_device_state(v, &dos_resident),
                             .base = vmm_peek32(v, vm + KIT_CB_High_Linear),
                             .crs = vmm_peek32(v, vm + KIT_CB_Client_Pointer),
                             .vm = vmm_vm_number(v, vm)};
}

void dos_wait(struct dos_call *c)
{
    if (c->faulted)
        return;
    vmm_client_wait(c->v);
    dos_write8(c, DOS_DATA, DATA_WAITING, 1);
    c->stay = true;
}

void dos_far_return(struct dos_call *c)
{
    uint16_t ip, cs;
    c->stay = true;
    if (vmm_v86_pop(c->v, &ip) && vmm_v86_pop(c->v, &cs))
        vmm_client_jump(c->v, cs, ip);
}

void dos_again(struct dos_call *c)
{
    uint32_t trap = dos_vector(0x21, c->s);
    c->stay = true;
    vmm_client_jump(c->v, (uint16_t)(trap >> 16), trap & 0xFFFF);
}

bool dos_hooked(struct dos_call *c, uint8_t vector)
{
    return dos_read32(c, 0, vector * 4u) != dos_vector(vector, c->s);
}

bool dos_watched(struct dos_call *c, uint8_t vector)
{
    return dos_hooked(c, vector) || vmm_v86_int_hooked(c->v, vector);
}

void dos_go_on_in_rom(struct dos_call *c, uint16_t offset)
{
    c->stay = true;
    if (!c->faulted)
        vmm_client_jump(c->v, DOS_ROM, offset);
}

void dos_simulate(struct dos_call *c, uint8_t vector)
{
    c->stay = true;
    if (!c->faulted &&
        vmm_probe(c->v, c->base + dos_get(c, DOS_SS) * 16u + (uint16_t)(dos_get(c, DOS_SP) - 6), 6, true))
        vmm_v86_int_begin(c->v, vector);
    else
        c->faulted = true;
}

void dos_missing(struct dos_call *c)
{
    uint16_t ss = dos_get(c, DOS_SS), sp = dos_get(c, DOS_SP);
    uint16_t ip = dos_read16(c, ss, sp), cs = dos_read16(c, ss, (uint16_t)(sp + 2));
    if (c->faulted)
        return;
    if (vmm_keeps_going(c->v)) {
        vmm_report(c->v, "not-implemented", 0, "",
                   "VM %u: INT %02Xh with AX=%04X at %04X:%04X is not implemented; CF=1", (unsigned)c->vm, c->vector,
                   dos_get(c, DOS_AX), cs, (uint16_t)(ip - 2));
        dos_fail(c, DOS_BAD_FUNCTION);
        return;
    }
    vmm_stop(c->v, VMM_END_MISSING, "VM %u calls INT %02Xh with AX=%04X at %04X:%04X: not implemented", (unsigned)c->vm,
             c->vector, dos_get(c, DOS_AX), cs, (uint16_t)(ip - 2));
}
