// INT 21h of drivers by Exec_VxD_Int, with pointers (Win95 DDK S3301: what protected-mode programs may call). Drivers
// run on flat segments: DS:EDX and the like are linear addresses. What they show is copied to a page of the VM's own
// below its first V86 page, and what DOS wrote is copied back; nested calls use what is left of the page.
#include "vmm/defs.h"
#include "vmm/int21.h"
#include "vmm/v86data.h"
#include "vmm/vxdint.h"

#include <string.h>

enum { PIECE = 0x800, MOST_TEXT = 0x400, APPENDED = 13, MOST_PARSED = 128 };
enum { REFUSED = VMM_WITH_DTA | VMM_RECORD | VMM_RECORDS }; // drivers have no disk transfer area

struct copy {
    uint8_t bytes[PIECE];
    uint32_t read, room; // to be copied, to be kept free
};

static uint32_t reg_of(const struct vmm_dos_argument *a)
{
    static const uint8_t regs[] = {[KIT_Client_EDI / 4] = X86_EDI, [KIT_Client_ESI / 4] = X86_ESI,
                                   [KIT_Client_EBX / 4] = X86_EBX, [KIT_Client_EDX / 4] = X86_EDX,
                                   [KIT_Client_ECX / 4] = X86_ECX, [KIT_Client_EAX / 4] = X86_EAX};
    return regs[a->offset / 4];
}

static bool counts(const struct vmm_dos_function *t)
{
    return t->arg[0].kind == VMM_IN_COUNT || t->arg[0].kind == VMM_OUT_COUNT;
}

// Up to and with the byte `end` or `other`.
static bool get_text(struct vmm *v, uint32_t from, char end, char other, uint32_t most, struct copy *c)
{
    for (c->read = 0; c->read < most; c->read++) {
        if (!vmm_get(v, from + c->read, c->bytes + c->read, 1))
            return false;
        if (c->bytes[c->read] == (uint8_t)end || c->bytes[c->read] == (uint8_t)other)
            break;
    }
    c->read = c->read < most ? c->read + 1 : most;
    c->bytes[c->read - 1] = (uint8_t)end;
    c->room = c->read;
    return true;
}

static bool get_bytes(struct vmm *v, uint32_t from, uint32_t n, struct copy *c)
{
    c->read = c->room = n;
    return n == 0 || vmm_get(v, from, c->bytes, n);
}

static bool collect(struct vmm *v, const struct vmm_dos_argument *arg, uint32_t from, uint32_t count, struct copy *c)
{
    uint8_t first;
    *c = (struct copy){.room = arg->bytes};
    switch (arg->kind) {
    case VMM_TEXT:
        return get_text(v, from, 0, 0, MOST_TEXT, c);
    case VMM_NEW_TEXT: {
        bool ok = get_text(v, from, 0, 0, MOST_TEXT, c);
        c->room += APPENDED;
        return ok;
    }
    case VMM_DOLLAR:
        return get_text(v, from, '$', '$', MOST_TEXT, c);
    case VMM_PARSED:
        return get_text(v, from, '\r', 0, MOST_PARSED, c);
    case VMM_LINE:
        return vmm_get(v, from, &first, 1) && get_bytes(v, from, first + 2u, c);
    case VMM_FCB:
        return vmm_get(v, from, &first, 1) && get_bytes(v, from, vmm_fcb_bytes(first), c);
    case VMM_BOTH:
        return get_bytes(v, from, arg->bytes, c);
    case VMM_IN_COUNT:
        return get_bytes(v, from, count, c);
    case VMM_OUT_COUNT:
    case VMM_TABLE:
        c->room = count;
        return true;
    default:
        return true;
    }
}

// Where the copies of calls that are under way in this VM end.
static uint32_t free_from(struct vmm *v)
{
    uint32_t end = VMM_DRIVERS_PAGE * X86_PAGE_SIZE, vm = vmm_thread_at(v, v->s.current)->vm;
    for (uint32_t t = 1; t < vmm_table(v, VMM_TABLE_thread)->count; t++)
        for (uint32_t row = vmm_thread_at(v, t)->vm == vm ? vmm_thread_at(v, t)->top : 0; row;
             row = vmm_frame_at(v, row)->below) {
            const struct vmm_frame *f = vmm_frame_at(v, row);
            if (f->kind == VMM_FRAME_VXDINT && f->a[VXDINT_AX] && f->a[VXDINT_END] > end)
                end = f->a[VXDINT_END];
        }
    return end;
}

static bool translatable(struct vmm *v, const struct vmm_dos_function *t, uint32_t ax)
{
    bool refused = t->flags & REFUSED;
    for (unsigned i = 0; i < VMM_DOS_PARTS; i++)
        refused = refused || t->arg[i].kind == VMM_NEW_DTA || t->arg[i].kind == VMM_PROGRAM;
    if (refused)
        vmm_stop(v, VMM_END_MISSING, "%s calls INT 21h AX=%04Xh by Exec_VxD_Int: its pointers are not translated",
                 vmm_module_name(v, v->call.caller), (unsigned)ax);
    return !refused;
}

static uint32_t piece_of(const uint32_t a[VXDINT_NUMBERS])
{
    uint32_t left = a[VXDINT_COUNT] - a[VXDINT_DONE];
    return left < PIECE ? left : PIECE;
}

// The copies of both parts, and where they lie. False: a page fault.
static bool copy_in(struct vmm *v, const struct vmm_dos_function *t, uint32_t a[VXDINT_NUMBERS])
{
    const uint32_t end = (VMM_DRIVERS_PAGE + 1) * X86_PAGE_SIZE;
    uint32_t at = a[VXDINT_AT];
    for (unsigned i = 0; i < VMM_DOS_PARTS; i++) {
        struct copy c;
        uint32_t from = a[VXDINT_POINTER + i] + (counts(t) ? a[VXDINT_DONE] : 0);
        if (!t->arg[i].kind)
            break;
        if (!collect(v, &t->arg[i], from, counts(t) ? a[VXDINT_PIECE] : a[VXDINT_COUNT] & 0xFFFF, &c))
            return false;
        if (c.room > end - at || c.room > PIECE) {
            a[VXDINT_END] = 0; // no room
            return true;
        }
        if (c.read && !vmm_put(v, at, c.bytes, c.read))
            return false;
        a[VXDINT_AT + i] = at;
        a[VXDINT_END] = at = (at + c.room + 15) & ~15u;
    }
    return true;
}

bool vmm_vxd_dos_prepare(struct vmm *v, uint32_t vector, uint32_t a[VXDINT_NUMBERS])
{
    const uint32_t *r = vmm_regs(v);
    uint32_t ax = r[X86_EAX] & 0xFFFF;
    const struct vmm_dos_function *t = vector == 0x21 ? vmm_dos_function((uint16_t)ax) : NULL;
    if (!t || !t->arg[0].kind)
        return true;
    if (!translatable(v, t, ax))
        return false;
    a[VXDINT_AX] = ax;
    a[VXDINT_AT] = free_from(v);
    a[VXDINT_COUNT] = r[X86_ECX];
    a[VXDINT_PIECE] = counts(t) ? piece_of(a) : 0;
    for (unsigned i = 0; i < VMM_DOS_PARTS && t->arg[i].kind; i++)
        a[VXDINT_POINTER + i] = r[reg_of(&t->arg[i])];
    return copy_in(v, t, a);
}

void vmm_vxd_dos_enter(struct vmm *v, const uint32_t a[VXDINT_NUMBERS])
{
    const struct vmm_dos_function *t = vmm_dos_function((uint16_t)a[VXDINT_AX]);
    uint32_t crs = vmm_client(v);
    for (unsigned i = 0; i < VMM_DOS_PARTS && t->arg[i].kind; i++) {
        vmm_poke16(v, crs + t->arg[i].segment, (uint16_t)(a[VXDINT_AT + i] >> 4));
        vmm_poke32(v, crs + t->arg[i].offset, a[VXDINT_AT + i] & 15);
    }
    if (counts(t))
        vmm_poke32(v, crs + KIT_Client_ECX, a[VXDINT_PIECE]);
    vmm_poke16(v, crs + KIT_Client_EAX, (uint16_t)a[VXDINT_AX]);
}

// --- and back

static uint32_t written(const struct vmm_dos_argument *arg, const uint8_t *bytes, const uint32_t a[VXDINT_NUMBERS],
                        uint32_t ax)
{
    switch (arg->kind) {
    case VMM_OUTPUT:
    case VMM_BOTH:
        return arg->bytes;
    case VMM_LINE:
        return bytes[0] + 2u;
    case VMM_FCB:
        return vmm_fcb_bytes(bytes[0]);
    case VMM_NEW_TEXT:
        return (uint32_t)strnlen((const char *)bytes, MOST_TEXT) + 1;
    case VMM_OUT_COUNT:
        return ax < a[VXDINT_PIECE] ? ax : a[VXDINT_PIECE];
    case VMM_TABLE:
        return a[VXDINT_COUNT] & 0xFFFF;
    default:
        return 0;
    }
}

static bool deliver(struct vmm *v, const struct vmm_dos_function *t, const uint32_t a[VXDINT_NUMBERS], uint32_t ax)
{
    for (unsigned i = 0; i < VMM_DOS_PARTS && t->arg[i].kind; i++) {
        uint8_t bytes[PIECE];
        uint32_t end = (VMM_DRIVERS_PAGE + 1) * X86_PAGE_SIZE, room = end - a[VXDINT_AT + i];
        if (!vmm_get(v, a[VXDINT_AT + i], bytes, room < PIECE ? room : PIECE))
            return false;
        uint32_t n = written(&t->arg[i], bytes, a, ax), to = a[VXDINT_POINTER + i] + (counts(t) ? a[VXDINT_DONE] : 0);
        if (n && !vmm_put(v, to, bytes, n < PIECE ? n : PIECE))
            return false;
    }
    return true;
}

bool vmm_vxd_dos_over(struct vmm *v, uint32_t a[VXDINT_NUMBERS], bool *again)
{
    const struct vmm_dos_function *t = vmm_dos_function((uint16_t)a[VXDINT_AX]);
    uint32_t ax = vmm_peek16(v, vmm_client(v) + KIT_Client_EAX);
    bool failed = vmm_peek32(v, vmm_client(v) + KIT_Client_EFlags) & X86_CF;
    *again = false;
    if (failed)
        return true;
    if (!deliver(v, t, a, ax))
        return false;
    if (!counts(t) || !(t->flags & VMM_IN_PIECES))
        return true;
    uint32_t next[VXDINT_NUMBERS];
    memcpy(next, a, sizeof next);
    next[VXDINT_DONE] += ax < a[VXDINT_PIECE] ? ax : a[VXDINT_PIECE];
    next[VXDINT_PIECE] = piece_of(next);
    *again = ax == a[VXDINT_PIECE] && next[VXDINT_PIECE];
    if (*again && !copy_in(v, t, next))
        return false;
    memcpy(a, next, sizeof next);
    if (*again)
        vmm_vxd_dos_enter(v, a);
    return true;
}

// An error behind the first piece of a long read or write: what was done counts.
void vmm_vxd_dos_results(const uint32_t a[VXDINT_NUMBERS], uint32_t *reg, uint32_t *flags)
{
    const struct vmm_dos_function *t = vmm_dos_function((uint16_t)a[VXDINT_AX]);
    for (unsigned i = 0; i < VMM_DOS_PARTS && t->arg[i].kind; i++) {
        uint32_t r = reg_of(&t->arg[i]), moved = i == 0 && t->flags & VMM_SI_MOVES ? reg[r] - (a[VXDINT_AT] & 15) : 0;
        reg[r] = a[VXDINT_POINTER + i] + moved;
    }
    if (counts(t))
        reg[X86_ECX] = a[VXDINT_COUNT];
    if (t->flags & VMM_IN_PIECES && (a[VXDINT_DONE] || !(*flags & X86_CF))) {
        reg[X86_EAX] = a[VXDINT_DONE];
        *flags &= ~(uint32_t)X86_CF;
    }
}
