// Processes: program segment prefixes, EXEC and the ways programs end (RBIL table 01378, INT 21h AH=4Bh, 4Ch). The one
// that all others descend from, the shell, is a prefix without a program: what it starts is the VM's program, and when
// that returns to it the VM ends.
#include "dos/defs.h"

#include <string.h>

enum { SHELL_PARAGRAPHS = 0x30, SHELL_STACK = 0x2F0, IF_AND_RESERVED = 0x0202, SAVED = 9 };

// What INT 21h keeps of its caller on the caller's stack while a child runs, from the lowest address up.
static const enum dos_reg saved[SAVED] = {DOS_AX, DOS_BX, DOS_CX, DOS_DX, DOS_SI, DOS_DI, DOS_BP, DOS_DS, DOS_ES};

static uint16_t current(struct dos_call *c)
{
    return dos_read16(c, DOS_DATA, DATA_PSP);
}

static void make_current(struct dos_call *c, uint16_t psp)
{
    dos_write16(c, DOS_DATA, DATA_PSP, psp);
    dos_write32(c, DOS_DATA, DATA_DTA, (uint32_t)psp << 16 | PSP_TAIL);
}

void dos_fill_psp(struct dos_call *c, uint16_t psp, uint16_t top)
{
    uint8_t p[PSP_SIZE] = {0xCD, 0x20};
    base_put16(p + PSP_TOP, top);
    p[PSP_CALL5] = 0x9A; // call F000:FEF0
    base_put32(p + PSP_CALL5 + 1, 0xF000FEF0);
    for (unsigned i = 0; i < 3; i++)
        base_put32(p + PSP_VECTORS + 4 * i, dos_read32(c, 0, 4 * (0x22 + i)));
    base_put16(p + PSP_PARENT, current(c));
    memset(p + PSP_HANDLES, 0xFF, PSP_HANDLES_OWN);
    base_put16(p + PSP_HANDLE_COUNT, PSP_HANDLES_OWN);
    base_put32(p + PSP_HANDLES_AT, (uint32_t)psp << 16 | PSP_HANDLES);
    memset(p + 0x38, 0xFF, 4); // no previous PSP
    p[0x40] = 7;               // version of DOS
    memcpy(p + PSP_INT21, "\xCD\x21\xCB", 3);
    memset(p + PSP_FCB1 + 1, ' ', 11);
    memset(p + PSP_FCB2 + 1, ' ', 11);
    p[PSP_TAIL + 1] = '\r';
    dos_copy_out(c, psp, 0, p, sizeof p);
}

void dos_shell_create(struct dos_call *c)
{
    static const char strings[] = "COMSPEC=C:\\COMMAND.COM\0PATH=C:\\\0PROMPT=$P$G\0TEMP=C:\\\0\0\1\0C:\\COMMAND.COM";
    uint16_t environment = 0, psp = 0, largest;
    if (dos_block_take(c, (sizeof strings + 15) / 16, 8, &environment, &largest) ||
        dos_block_take(c, SHELL_PARAGRAPHS, 8, &psp, &largest))
        return;
    dos_copy_out(c, environment, 0, strings, sizeof strings);
    dos_block_name(c, environment, psp, "");
    dos_block_name(c, psp, psp, "COMMAND");
    dos_write32(c, 0, 4 * 0x22, c->s->trap[DOS_TRAP_EXIT]);
    make_current(c, psp);
    dos_fill_psp(c, psp, (uint16_t)(psp + SHELL_PARAGRAPHS));
    dos_write16(c, psp, PSP_ENVIRONMENT, environment);
    dos_standard_handles(c, psp);
}

// --- EXEC

struct exec {
    struct dos_load load;
    uint32_t back; // where the child returns to
    uint8_t tail[128], fcb[2][16];
};

bool dos_save_caller(struct dos_call *c)
{
    uint16_t ss = dos_get(c, DOS_SS), sp = (uint16_t)(dos_get(c, DOS_SP) - 2 * SAVED);
    if (!dos_probe(c, ss, sp, 2 * SAVED))
        return false;
    for (unsigned i = SAVED; i-- > 0;)
        if (!vmm_v86_push(c->v, dos_get(c, saved[i])))
            return false;
    dos_write32(c, current(c), PSP_STACK, (uint32_t)ss << 16 | sp);
    return !c->faulted;
}

bool dos_restore_caller(struct dos_call *c)
{
    if (!dos_probe(c, dos_get(c, DOS_SS), dos_get(c, DOS_SP), 2 * SAVED))
        return false;
    for (unsigned i = 0; i < SAVED; i++) {
        uint16_t value;
        if (!vmm_v86_pop(c->v, &value))
            return false;
        dos_set(c, saved[i], value);
    }
    return true;
}

static void make_child(struct dos_call *c, const struct exec *e)
{
    uint16_t psp = e->load.psp, parent = current(c);
    dos_write32(c, 0, 4 * 0x22, e->back);
    dos_write32(c, psp, PSP_VECTORS, e->back);
    dos_handles_inherit(c, parent, psp);
    dos_copy_out(c, psp, PSP_FCB1, e->fcb[0], 16);
    dos_copy_out(c, psp, PSP_FCB2, e->fcb[1], 16);
    dos_copy_out(c, psp, PSP_TAIL, e->tail, 128);
    make_current(c, psp);
}

// Registers as DOS leaves them to a new program.
static void enter(struct dos_call *c, const struct dos_load *l)
{
    const struct {
        enum dos_reg reg;
        uint16_t value;
    } set[] = {{DOS_AX, l->error_ax}, {DOS_BX, 0},     {DOS_CX, 0xFF},  {DOS_DX, l->psp},
               {DOS_SI, l->ip},       {DOS_DI, l->sp}, {DOS_BP, 0x91C}, {DOS_DS, l->psp},
               {DOS_ES, l->psp},      {DOS_SS, l->ss}, {DOS_SP, l->sp}};
    for (unsigned i = 0; i < BASE_COUNT(set); i++)
        dos_set(c, set[i].reg, set[i].value);
    vmm_client_jump(c->v, l->cs, l->ip);
    vmm_client_flags(c->v, IF_AND_RESERVED, 0xFFFF);
    c->stay = true;
}

// AL, AH: FFh when the first, second FCB names a drive that is not there.
static uint16_t drives_of(const struct exec *e)
{
    bool bad[2];
    for (unsigned i = 0; i < 2; i++)
        bad[i] = e->fcb[i][0] && e->fcb[i][0] != DOS_DRIVE + 1;
    return (uint16_t)((bad[0] ? 0xFF : 0) | (bad[1] ? 0xFF00 : 0));
}

// The VM runs from here when everybody has initialised it.
void dos_start_program(struct dos_call *c)
{
    struct dos_program *p = dos_program_of(c);
    struct exec e = {.back = c->s->trap[DOS_TRAP_EXIT]};
    uint16_t shell = current(c);
    if (!p || p->outcome.progress != DOS_QUEUED) {
        dos_wait(c);
        return;
    }
    memcpy(e.load.path, p->path, strlen(p->path) + 1);
    e.load.environment = dos_read16(c, shell, PSP_ENVIRONMENT);
    e.tail[0] = (uint8_t)strlen(p->tail);
    memcpy(e.tail + 1, p->tail, e.tail[0]);
    e.tail[e.tail[0] + 1] = '\r';
    const char *rest = p->tail;
    for (unsigned i = 0; i < 2; i++)
        (void)dos_parse_fcb(&rest, (char *)e.fcb[i], 1);
    e.load.error_ax = drives_of(&e);
    dos_set(c, DOS_SS, shell);
    dos_set(c, DOS_SP, SHELL_STACK);
    if (!vmm_v86_interrupt(c->v, DOS_ROM, 0) || !dos_save_caller(c))
        return;
    enum dos_error error = dos_load_program(c, &e.load);
    p->outcome.progress = error ? DOS_FAILED : DOS_RUNNING;
    p->outcome.error = error;
    dos_announce_program(c, p);
    x86_stop(vmm_cpu(c->v)); // the timer may be wanted now
    c->stay = true;
    if (error) {
        dos_vm_over_begin(c);
        return;
    }
    make_child(c, &e);
    enter(c, &e.load);
}

static void copy_far(struct dos_call *c, uint32_t from, uint8_t *to, uint32_t n)
{
    dos_copy_in(c, (uint16_t)(from >> 16), from & 0xFFFF, to, n);
}

// The parameter block at ES:BX (RBIL table 01590).
static void read_parameters(struct dos_call *c, struct exec *e)
{
    uint16_t es = dos_get(c, DOS_ES), bx = dos_get(c, DOS_BX);
    uint16_t environment = dos_read16(c, es, bx);
    e->load.environment = environment ? environment : dos_read16(c, current(c), PSP_ENVIRONMENT);
    copy_far(c, dos_read32(c, es, bx + 2u), e->tail, sizeof e->tail);
    copy_far(c, dos_read32(c, es, bx + 6u), e->fcb[0], 12);
    copy_far(c, dos_read32(c, es, bx + 0x0Au), e->fcb[1], 12);
    e->load.error_ax = drives_of(e);
    e->back = dos_read32(c, dos_get(c, DOS_SS), dos_get(c, DOS_SP));
}

static void execute(struct dos_call *c, struct exec *e)
{
    enum dos_error error = dos_load_program(c, &e->load);
    if (error) {
        dos_fail(c, error);
        return;
    }
    if (!dos_save_caller(c))
        return;
    make_child(c, e);
    enter(c, &e->load);
}

// AL = 1, for debuggers: the child is current, its entry and stack are told in the parameter block.
static void load_only(struct dos_call *c, struct exec *e)
{
    uint16_t es = dos_get(c, DOS_ES), bx = dos_get(c, DOS_BX);
    enum dos_error error = dos_load_program(c, &e->load);
    if (error) {
        dos_fail(c, error);
        return;
    }
    make_child(c, e);
    uint16_t sp = (uint16_t)(e->load.sp - 2);
    dos_write16(c, e->load.ss, sp, e->load.error_ax);
    dos_write32(c, es, bx + 0x0Eu, (uint32_t)e->load.ss << 16 | sp);
    dos_write32(c, es, bx + 0x12u, (uint32_t)e->load.cs << 16 | e->load.ip);
    dos_done(c);
}

void dos_exec(struct dos_call *c)
{
    struct exec e = {.back = 0};
    uint8_t function = dos_low(c, DOS_AX);
    uint16_t es = dos_get(c, DOS_ES), bx = dos_get(c, DOS_BX);
    dos_read_text(c, dos_get(c, DOS_DS), dos_get(c, DOS_DX), e.load.path, sizeof e.load.path);
    if (function == 3) {
        dos_answer(c, dos_load_overlay(c, e.load.path, dos_read16(c, es, bx), dos_read16(c, es, bx + 2u)));
        return;
    }
    if (function == 5) { // a loader made a program ready: nothing depends on it here (RBIL INT 21/AX=4B05h)
        dos_set(c, DOS_AX, 0);
        dos_done(c);
        return;
    }
    if (function > 1) {
        dos_fail(c, DOS_BAD_FUNCTION);
        return;
    }
    read_parameters(c, &e);
    if (c->faulted)
        return;
    if (function == 0)
        execute(c, &e);
    else
        load_only(c, &e);
}

// --- the end

// Back to the parent: its stack as it was when it called, its registers, and the address it wanted to be returned to.
static void return_to_parent(struct dos_call *c, uint16_t parent, uint32_t back)
{
    uint32_t stack = dos_read32(c, parent, PSP_STACK);
    dos_write16(c, DOS_DATA, DATA_PSP, parent);
    dos_set(c, DOS_SS, (uint16_t)(stack >> 16));
    dos_set(c, DOS_SP, (uint16_t)stack);
    if (!dos_restore_caller(c))
        return;
    uint16_t ss = dos_get(c, DOS_SS), sp = dos_get(c, DOS_SP);
    dos_write32(c, ss, sp, back);
    dos_write16(c, ss, sp + 4u, IF_AND_RESERVED);
}

static void leave(struct dos_call *c, enum dos_how how, uint8_t code)
{
    uint16_t psp = current(c), parent = dos_read16(c, psp, PSP_PARENT);
    uint32_t back = dos_read32(c, psp, PSP_VECTORS);
    for (unsigned i = 0; i < 3; i++)
        dos_write32(c, 0, 4 * (0x22 + i), dos_read32(c, psp, PSP_VECTORS + 4 * i));
    dos_write16(c, DOS_DATA, DATA_RETURN, (uint16_t)(how << 8 | code));
    dos_write8(c, DOS_DATA, DATA_LAST_KEY, 0);
    dos_write8(c, DOS_DATA, DATA_LINE_STATE, 0);
    if (!c->faulted)
        return_to_parent(c, parent, back);
}

void dos_end_process(struct dos_call *c, enum dos_how how, uint8_t code)
{
    uint16_t psp = current(c);
    if (dos_read16(c, psp, PSP_PARENT) == psp || !dos_program_of(c)) {
        vmm_stop(c->v, VMM_END_FAULT, "VM %u ends a program, but none was started in it", (unsigned)c->vm);
        return;
    }
    dos_handles_close(c, psp);
    dos_blocks_give_all(c, psp);
    leave(c, how, code);
}

// The VM's own program has returned to the shell.
void dos_program_exits(struct dos_call *c)
{
    const struct dos_program *p = dos_program_of(c);
    uint16_t code = dos_read16(c, DOS_DATA, DATA_RETURN);
    c->stay = true;
    if (p && p->outcome.progress == DOS_RUNNING)
        dos_program_over(c, (enum dos_how)(code >> 8), (uint8_t)code);
    if (code >> 8 == DOS_RESIDENT)
        dos_wait(c); // it lives on in its interrupts
    else
        dos_vm_over_begin(c);
}

void dos_exit(struct dos_call *c)
{
    dos_end_process(c, DOS_BY_EXIT, dos_low(c, DOS_AX));
}

void dos_terminate(struct dos_call *c)
{
    dos_end_process(c, DOS_BY_EXIT, 0);
}

static void keep(struct dos_call *c, uint16_t paragraphs, uint8_t code)
{
    uint16_t largest, psp = current(c);
    if (!dos_program_of(c)) {
        dos_missing(c);
        return;
    }
    (void)dos_block_resize(c, psp, paragraphs < 6 ? 6 : paragraphs, &largest);
    leave(c, DOS_RESIDENT, code);
}

void dos_keep(struct dos_call *c)
{
    keep(c, dos_get(c, DOS_DX), dos_low(c, DOS_AX));
}

void dos_int27(struct dos_call *c)
{
    keep(c, (uint16_t)((dos_get(c, DOS_DX) + 15u) / 16), 0);
}

void dos_int20(struct dos_call *c) // and INT 23h, which nobody has hooked
{
    dos_end_process(c, c->vector == 0x23 ? DOS_BY_CTRL_C : DOS_BY_EXIT, 0);
}

// --- prefixes

void dos_get_return(struct dos_call *c)
{
    dos_set(c, DOS_AX, dos_read16(c, DOS_DATA, DATA_RETURN));
    dos_write16(c, DOS_DATA, DATA_RETURN, 0);
    dos_done(c);
}

void dos_set_psp(struct dos_call *c)
{
    dos_write16(c, DOS_DATA, DATA_PSP, dos_get(c, DOS_BX));
}

void dos_get_psp(struct dos_call *c)
{
    dos_set(c, DOS_BX, current(c));
}

// AH=26h: a copy of the caller's.
void dos_make_psp(struct dos_call *c)
{
    uint8_t bytes[PSP_SIZE];
    uint16_t psp = dos_get(c, DOS_DX);
    if (!dos_copy_in(c, current(c), 0, bytes, sizeof bytes))
        return;
    for (unsigned i = 0; i < 3; i++)
        base_put32(bytes + PSP_VECTORS + 4 * i, dos_read32(c, 0, 4 * (0x22 + i)));
    dos_copy_out(c, psp, 0, bytes, sizeof bytes);
}

// AH=55h: a child's, which becomes current; SI = its end of memory.
void dos_child_psp(struct dos_call *c)
{
    uint16_t psp = dos_get(c, DOS_DX), parent = current(c);
    dos_fill_psp(c, psp, dos_get(c, DOS_SI));
    dos_write16(c, psp, PSP_ENVIRONMENT, dos_read16(c, parent, PSP_ENVIRONMENT));
    dos_handles_inherit(c, parent, psp);
    dos_write16(c, DOS_DATA, DATA_PSP, psp);
}
